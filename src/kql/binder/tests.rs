//! What names, types and functions mean, by queries over the whole engine.

use crate::kql::catalog::{Catalog, Memory};
use crate::kql::error::KqlError;
use crate::kql::relation::Run;
use crate::kql::value::Value;
use crate::kql::value::text::to_text;
use crate::kql::{self, ErrorKind, Limits, Options};

mod corpus;
mod reading;

fn options() -> Options {
    Options {
        now: 637_134_336_000_000_000,
        parameters: vec![("given".to_owned(), Value::Long(7))],
    }
}

fn tables() -> Memory {
    let mut tables = Memory::default();
    for (name, text) in [
        (
            "Logs",
            "datatable(Time:datetime, Level:string, Code:int, Props:dynamic)[
                datetime(2024-01-01 10:00), 'Error', 5, dynamic({'a': {'b': 1}, 'list': [1, 2]}),
                datetime(2024-01-01 11:00), 'Info', 0, dynamic(null)]",
        ),
        ("AppA", "datatable(x:long, s:string)[1, 'a']"),
        ("AppB", "datatable(x:string, t:real)['q', 2.5]"),
    ] {
        let answer = answers(text, &Memory::default()).unwrap().remove(0);
        tables.insert(name, answer.schema, answer.batches);
    }
    tables
}

fn answers(text: &str, catalog: &dyn Catalog) -> Result<Vec<kql::Answer>, KqlError> {
    let never = || false;
    kql::run(
        text,
        catalog,
        &options(),
        &Run::new(Limits::default(), &never),
    )
}

/// The answer as `names | row | row`, cells parted by commas.
fn told(text: &str) -> String {
    let answer = answers(text, &tables())
        .unwrap_or_else(|error| panic_with(text, &error))
        .pop()
        .unwrap();
    let names: Vec<&str> = answer
        .schema
        .fields
        .iter()
        .map(|field| &*field.name)
        .collect();
    let mut lines = vec![names.join(",")];
    lines.extend(answer.values().map(|row| {
        row.iter()
            .map(|value| match value {
                Value::Null => "null".to_owned(),
                value => to_text(value),
            })
            .collect::<Vec<_>>()
            .join(",")
    }));
    lines.join(" | ")
}

fn panic_with(text: &str, error: &KqlError) -> Vec<kql::Answer> {
    panic!("{text}: {error}")
}

/// What the first error says, and the text it points at.
fn refused(text: &str) -> (String, String) {
    let error = answers(text, &tables()).map(|_| ()).unwrap_err();
    let checked = kql::check(text, &tables(), &options());
    assert_eq!(
        checked.first(),
        Some(&error),
        "check and run disagree on {text}"
    );
    let place = text.get(error.span.start..error.span.end).unwrap();
    (error.to_string(), place.to_owned())
}

#[test]
fn columns_are_named_as_kusto_names_them() {
    for (query, names) in [
        (
            "Logs | project Props.a.b, Props['list'][0]",
            "Props_a_b,Props_list_0",
        ),
        (
            "Logs | project Code + 1, Level, -Code",
            "Column1,Level,Column2",
        ),
        ("print 1, x = 2, strcat('a', 'b')", "print_0,x,print_2"),
        (
            "Logs | extend Code = 1 | project-away Time, Props",
            "Level,Code",
        ),
        ("Logs | project Code | extend Code", "Code,Code1"),
        ("Logs | project Code, tostring(Code)", "Code,Code1"),
        (
            "Logs | project-reorder Props, *, Level",
            "Props,Time,Code,Level",
        ),
        ("Logs | project-keep T*, C*", "Time,Code"),
        (
            "Logs | project-rename Severity = Level | project Severity",
            "Severity",
        ),
        ("Logs | project-reorder * desc", "Time,Props,Level,Code"),
        (
            "datatable(a100:long, a20:long, a3:long)[] | project-reorder * granny-asc",
            "a3,a20,a100",
        ),
    ] {
        let told = told(query);
        assert_eq!(told.split(" | ").next(), Some(names), "{query}");
    }
}

#[test]
fn an_extend_sees_the_columns_as_they_were() {
    assert_eq!(told("print a = 1 | extend a = a + 1, b = a"), "a,b | 2,1");
}

#[test]
fn functions_take_values_tables_defaults_and_names() {
    for (query, answer) in [
        (
            "let f = (a:long, b:long = 10) { a + b }; print f(1), f(1, 2), f(b=1, a=2)",
            "print_0,print_1,print_2 | 11,3,3",
        ),
        (
            "let g = (t:(x:long), m:long) { t | where x >= m }; g(range x from 1 to 3 step 1, 3)",
            "x | 3",
        ),
        (
            "let g = (t:(*), m:long) { t | where x >= m }; range x from 1 to 3 step 1 | invoke g(3)",
            "x | 3",
        ),
        (
            "let n = 2; let f = (x:long) { let y = x * n; y + 1 }; range x from 1 to 2 step 1 | extend z = f(x)",
            "x,z | 1,3 | 2,5",
        ),
        (
            "let x = 1; let f = () { x }; let x = 2; print f(), x",
            "print_0,print_1 | 1,2",
        ),
        ("let T = () { print x = 1 }; T | union (T())", "x | 1 | 1"),
        (
            "declare query_parameters(given:long = 1, other:string = 'z'); print given, other",
            "print_0,print_1 | 7,z",
        ),
    ] {
        assert_eq!(told(query), answer, "{query}");
    }
}

#[test]
fn a_column_hides_a_variable_and_a_variable_a_table() {
    assert_eq!(told("let x = 5; print x = 1 | extend y = x"), "x,y | 1,1");
    assert_eq!(told("let AppA = print x = 2; AppA"), "x | 2");
}

#[test]
fn nulls_compare_as_kusto_has_it() {
    for (expression, answer) in [
        ("int(null) == 1", "false"),
        ("int(null) != 1", "true"),
        ("int(null) == int(null)", "null"),
        ("int(null) < 1", "null"),
        ("bool(null) or true", "true"),
        ("bool(null) and true", "null"),
        ("bool(null) and false", "false"),
        ("not(bool(null))", "null"),
        ("int(null) in (1)", "false"),
        ("int(null) !in (1)", "true"),
        ("real(nan) == real(nan)", "false"),
        ("real(nan) != real(nan)", "true"),
        ("dynamic({'a': 1}).missing == ''", "true"),
        ("dynamic(null) == 5", "false"),
    ] {
        // Over a constant, and over a column, which another kernel works out.
        for query in [
            format!("print v = {expression}"),
            format!("range i from 1 to 1 step 1 | project v = {expression}"),
        ] {
            let answer_here = told(&query).to_lowercase();
            assert_eq!(answer_here, format!("v | {answer}"), "{query}");
        }
    }
    let over_columns =
        "datatable(a:long, b:long)[1, 1, 1, 2, 1, long(null), long(null), long(null)]
        | project eq = a == b, ne = a != b, lt = a <= b, s = a + b, d = a / (b - b)";
    assert_eq!(
        told(over_columns).to_lowercase(),
        "eq,ne,lt,s,d | true,false,true,2,null | false,true,true,3,null | false,true,null,null,null | null,null,null,null,null"
    );
}

#[test]
fn arithmetic_keeps_to_kustos_types() {
    for (expression, answer) in [
        ("gettype(int(1) + int(1))", "long"),
        ("gettype(1 + 1.0)", "real"),
        ("gettype(decimal(1) + 1)", "decimal"),
        ("7 / 2", "3"),
        ("-7 % 3", "2"),
        ("1 / 0", "null"),
        ("1.0 / 0", "Infinity"),
        ("9223372036854775807 + 1", "-9223372036854775808"),
        ("datetime(2024-01-02) - datetime(2024-01-01)", "1.00:00:00"),
        ("1d / 1h", "24.0"),
        ("1h * 1.5", "01:30:00"),
        ("90m % 1h", "00:30:00"),
        ("datetime(9999-12-31 23:59:59.9999999) + 1tick", "null"),
        ("dynamic(5) + 1", "6"),
        ("dynamic('a') + 1", "null"),
    ] {
        assert_eq!(
            told(&format!("print v = {expression}")),
            format!("v | {answer}"),
            "{expression}"
        );
    }
}

#[test]
fn text_is_tested_as_kusto_tests_it() {
    for (expression, answer) in [
        ("'foo_bar' has 'foo'", true),
        ("'xa-b' has 'a-b'", false),
        ("'aa-a a-a' has 'a-a'", true),
        ("'hello' has ''", true),
        ("'a' !has ''", false),
        ("'ÄÖ' contains 'äö'", true),
        ("'ÄÖ' contains_cs 'äö'", false),
        ("'\u{212a}' =~ 'k'", false),
        ("'abc' startswith 'AB'", true),
        ("'abc' endswith_cs 'BC'", false),
        ("'the end.' hassuffix 'END'", true),
        ("'category' hasprefix 'cat'", true),
        ("'scatter' hasprefix 'cat'", false),
        ("'a b c' has_all ('a', 'C')", true),
        ("'a b c' has_any (dynamic(['x', 'y']))", false),
        ("'x' in~ ('X')", true),
        ("'x' !in ('X')", true),
        ("'abc' matches regex '^a.c$'", true),
        ("dynamic('a b') has 'b'", true),
    ] {
        for query in [
            format!("print v = {expression}"),
            format!("range i from 1 to 1 step 1 | project v = {expression}"),
        ] {
            assert_eq!(
                told(&query).to_lowercase(),
                format!("v | {answer}"),
                "{query}"
            );
        }
    }
    // The pattern from a column, and a regular expression that does not read there.
    assert_eq!(
        told("datatable(s:string, p:string)['abc', 'B', 'xyz', 'b'] | project v = s contains p, n = s !contains p").to_lowercase(),
        "v,n | true,false | false,true"
    );
    assert_eq!(
        told(
            "datatable(s:string, p:string)['abc', '^a', 'abc', '('] | project v = s matches regex p"
        )
        .to_lowercase(),
        "v | true | null"
    );
}

#[test]
fn lists_may_be_values_arrays_tables_and_columns() {
    for (predicate, rows) in [
        ("x in (1, 3)", "1 | 3"),
        ("x in (dynamic([2, 3]))", "2 | 3"),
        ("x in ((range y from 2 to 9 step 1))", "2 | 3"),
        ("x !in (1, 2.0)", "3"),
        ("x in (y, 3)", "1 | 3"),
        ("x in (d)", "2"),
        ("x between (2 .. 3)", "2 | 3"),
        ("x !between (2 .. 3)", "1"),
        ("x > toscalar(range z from 2 to 5 step 1)", "3"),
    ] {
        let query = format!(
            "datatable(x:long, y:long, d:dynamic)[1, 1, dynamic([5]), 2, 5, dynamic([2, 7]), 3, 9, dynamic(null)] | where {predicate} | project x"
        );
        assert_eq!(told(&query), format!("x | {rows}"), "{predicate}");
    }
}

#[test]
fn a_union_keeps_types_apart_and_names_its_sources() {
    assert_eq!(
        told("union App*"),
        "x_long,s,x_string,t | 1,a,,null | null,,q,2.5"
    );
    assert_eq!(
        told("union withsource=From AppA, (print x = 5)"),
        "From,x,s | AppA,1,a | union_arg1,5,"
    );
    assert_eq!(told("union isfuzzy=true AppA, Nowhere"), "x,s | 1,a");
    assert_eq!(
        told("AppA | union kind=inner (print x = 2, z = 1)"),
        "x | 1 | 2"
    );
    let (message, place) = refused("union AppA, Nowhere");
    assert_eq!(
        (message.as_str(), place.as_str()),
        ("the table `Nowhere` is not known", "Nowhere")
    );
}

#[test]
fn window_functions_want_an_order() {
    let (message, place) = refused("AppA | extend r = row_number()");
    assert_eq!(place, "row_number()");
    assert!(
        message.ends_with("put sort or serialize before it"),
        "{message}"
    );
    assert_eq!(
        told("datatable(x:long)[3, 1, 2] | order by x asc
            | extend p = prev(x, 1, -1), n = next(x), c = row_cumsum(x), r = row_number(5), d = row_rank_dense(x / 2)
            | where prev(x) >= 1 or r == 5"),
        "x,p,n,c,r,d | 1,-1,2,1,5,1 | 2,1,3,3,6,2 | 3,2,null,6,7,2"
    );
    assert_eq!(
        told("datatable(t:datetime)[datetime(2024-01-01), datetime(2024-01-01 00:05), datetime(2024-01-01 02:00)]
            | sort by t asc | extend s = row_window_session(t, 1h, 10m) | summarize count() by s | project count_"),
        "count_ | 2 | 1"
    );
}

#[test]
fn an_error_says_what_where_and_what_to_do() {
    for (query, message, place) in [
        (
            "Log | count",
            "the table `Log` is not known; did you mean `Logs`?",
            "Log",
        ),
        (
            "Logs | where level == 'x'",
            "the column `level` is not known; did you mean `Level`?",
            "level",
        ),
        (
            "print strlne('x')",
            "the function `strlne` is not known; did you mean `strlen`?",
            "strlne",
        ),
        (
            "Logs | extend count()",
            "`count()` works over many rows and stands only in summarize; write: summarize count(…)",
            "count",
        ),
        (
            "Logs | where Code > '5'",
            "values of types int and string do not compare; convert one side: toint(…) or tostring(…)",
            "Code > '5'",
        ),
        (
            "Logs | where Time > '2024-01-01'",
            "values of types datetime and string do not compare; write datetime(…), or todatetime(…) for a text in a column",
            "Time > '2024-01-01'",
        ),
        (
            "print 'a' + 'b'",
            "`+` cannot stand between string and string; strcat(…) joins texts; tolong(…) and todouble(…) read numbers",
            "'a' + 'b'",
        ),
        (
            "Logs | where Level",
            "expected a condition (bool), found a value of type string; compare it with something",
            "Level",
        ),
        (
            "Logs | where Level.x == 1",
            "only a dynamic value has members, and this is of type string; parse_json(…) reads the text as JSON first",
            "Level",
        ),
        (
            "print strlen()",
            "`strlen()` takes 1 argument, found 0; it is written strlen(text)",
            "strlen()",
        ),
        (
            "print x = AppA",
            "expected a value, and `AppA` is a table; toscalar(AppA) takes the first cell of it",
            "AppA",
        ),
        (
            "let f = (a:long) { a }; print f(1, 2)",
            "`f()` takes 1 argument, found 2",
            "2",
        ),
        (
            "let f = (a:long) { f(a) }; print f(1)",
            "the function `f` is not known",
            "f",
        ),
        (
            "print 'x' matches regex '('",
            "the regular expression does not read: unclosed group",
            "'('",
        ),
        (
            "Logs | take -1",
            "expected a number of rows: a whole number from 0 up",
            "-1",
        ),
        (
            "range x from 1 to 2 step 0",
            "the step of a range cannot be 0",
            "0",
        ),
        (
            "Logs | render timchart",
            "the visualization `timchart` is not known; did you mean `timechart`?",
            "timchart",
        ),
        (
            "Logs | project a = 1, a = 2",
            "the column `a` is there twice; give one of them another name",
            "a",
        ),
    ] {
        let found = refused(query);
        assert_eq!(
            (found.0.as_str(), found.1.as_str()),
            (message, place),
            "{query}"
        );
    }
}

#[test]
fn a_function_gets_tables_that_have_its_columns() {
    let (message, place) = refused("let f = (T:(Missing:int)) { T | count }; f(Logs)");
    assert_eq!(
        (message.as_str(), place.as_str()),
        ("the column `Missing` is not known", "Logs")
    );
    let (message, _) = refused("let f = (T:(Code:string)) { T | count }; f(Logs)");
    assert_eq!(
        message,
        "the column `Code` is of type int, and the function takes string"
    );
}

#[test]
fn what_is_too_much_is_refused_before_it_is_run() {
    let doubling = (1..30).fold("let t0 = print x = 1; ".to_owned(), |text, n| {
        format!(
            "{text}let t{n} = union t{before}, t{before}; ",
            before = n - 1
        )
    });
    let long = format!("print x = 1{}", " | extend y = 1".repeat(5_000));
    for query in [format!("{doubling} t29 | count"), long] {
        let error = answers(&query, &tables()).map(|_| ()).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Limit, "{error}");
    }
}
