//! The reader of KQL: what a text means, where its mistakes are, and that no text whatever stops it.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test: what cannot be read fails it"
)]

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;
use quarterdeck::kql::syntax::{Expr, ExprKind, Literal, Named, OperatorKind, Query, Statement};
use quarterdeck::kql::value::text::to_text;
use quarterdeck::kql::{KqlError, parse};

/// A scalar expression and how it is grouped.
const EXPRESSIONS: &[(&str, &str)] = &[
    ("1 + 2 * 3", "(1 + (2 * 3))"),
    ("1 - 2 - 3", "((1 - 2) - 3)"),
    ("-x + 1", "((- x) + 1)"),
    ("-9223372036854775808", "-9223372036854775808"),
    ("0x1F", "31"),
    ("1e3 + 1.5E-1", "(1000.0 + 0.15)"),
    ("a or b and c", "(a or (b and c))"),
    ("a and b and c and d", "((a and b) and (c and d))"),
    ("a == 1 and b <> 2", "((a == 1) and (b != 2))"),
    ("a < b == c", "((a < b) == c)"),
    ("a has b + c", "((a has b) + c)"),
    ("a !contains_cs 'x'", "(a !contains_cs 'x')"),
    ("a !~ \"x\"", "(a !=~ 'x')"),
    ("a matches regex @'\\d+'", "(a matches regex_cs '\\d+')"),
    ("a in~ (1, 2)", "(in~ a [1 2])"),
    ("a !in ((T | take 1))", "(!in a [T|take])"),
    ("a has_any (dynamic([1]))", "(has_any a [[1]])"),
    ("a between (1 .. 5)", "(between a 1 5)"),
    ("a !between(1..5)", "(!between a 1 5)"),
    ("a between (now() .. 1d)", "(between a now() 1.00:00:00)"),
    ("a.b[\"c\"][0].['d e']", "a.b['c'][0].d e"),
    ("['a b'] + [\"c\"]", "(a b + c)"),
    ("f(x, y = 2, *)", "f(x, y=2, *)"),
    ("iff(a, 'b' 'c', \"d\")", "iff(a, 'bc', 'd')"),
    ("@'a''b\\' h\"c\\td\" ```e\n\"f```", "'a'b\\c\td\n'"),
    ("'\\u00e9\\x41\\101\\\\'", "'éAA\\'"),
    (
        "datetime(2020-01-02 03:04:05)",
        "2020-01-02T03:04:05.0000000Z",
    ),
    ("timespan(1.02:00:00) + 90m", "(1.02:00:00 + 01:30:00)"),
    ("int(null)", "null"),
    (
        "guid(74be27de-1e4e-49d9-b579-fe0b331d3642)",
        "74be27de-1e4e-49d9-b579-fe0b331d3642",
    ),
    (
        "dynamic({\"a\": \")\", 'b': [1]})",
        "{\"a\":\")\",\"b\":[1]}",
    ),
    ("TRUE and false", "(True and False)"),
    (
        "kind + count + type + with + by + timestamp",
        "(((((kind + count) + type) + with) + by) + timestamp)",
    ),
    ("$left.a == $right.b", "($left.a == $right.b)"),
    ("toscalar(T | count)", "toscalar(T|count)"),
    ("typeof(long)", "typeof(long)"),
    ("(1 + 2) // three\n * 3", "((1 + 2) * 3)"),
    ("search : \"x\"", "(search : 'x')"),
];

#[test]
fn expressions_are_grouped_as_kusto_does() {
    for (text, expected) in EXPRESSIONS {
        let (query, errors) = parse(&format!("let x = {text};"));
        assert!(errors.is_empty(), "{text}: {errors:?}");
        let [Statement::Let { value, .. }] = query.statements.as_slice() else {
            panic!("{text}");
        };
        assert_eq!(
            shape(value).replace("e\n\"f", "\n"),
            expected.to_owned(),
            "{text}"
        );
    }
}

/// A query, the operators of its last statement, and a part of what it means.
const QUERIES: &[(&str, &str, &str)] = &[
    ("T", "", "Name(\"T\")"),
    ("T | where a == 1 | filter b", "where where", ""),
    ("T|project a,b=c,['d e']", "project", "\"d e\""),
    (
        "T | project-away a*, *b, ['c d'] | project-keep x | project-rename n = o | project-reorder z*, a granny-desc",
        "project-away project-keep project-rename project-reorder",
        "GrannyDescending",
    ),
    (
        "T | summarize count(), x = sum(a) by bin(t, 5m), k",
        "summarize",
        "",
    ),
    ("T | summarize by k", "summarize", "aggregates: []"),
    (
        "T | summarize hint.strategy=shuffle by = count() by by",
        "summarize",
        "\"hint.strategy\"",
    ),
    (
        "T | order by a asc nulls last, b | sort by c desc | top 3 by d | limit 4",
        "sort sort top take",
        "nulls_first: Some(false)",
    ),
    (
        "T | join kind=leftouter hint.strategy=broadcast (U | where x) on a, $left.b == $right.c",
        "join",
        "\"kind\"",
    ),
    ("T | lookup kind=inner U on a", "lookup", ""),
    (
        "T | union kind=outer withsource=S (U), V*, database('d').W",
        "union",
        "\"V*\"",
    ),
    ("union isfuzzy=true A, B | count as N", "union count", ""),
    (
        "T | mv-expand kind=array with_itemindex=i a = b to typeof(long), c limit 5",
        "mv-expand",
        "Some(Long)",
    ),
    (
        "T | mvexpand a | mv-apply a to typeof(int) on (where a > 1 | summarize count())",
        "mv-expand mv-apply",
        "",
    ),
    (
        "T | parse kind=regex flags=Ui m with * 'a' x:long 'b' ['y z'] *",
        "parse",
        "Column(Name { text: \"x\"",
    ),
    (
        "T | parse-where m with 'a' x",
        "parse",
        "only_matches: true",
    ),
    (
        "T | parse-kv m as (a: string, b: long) with (pair_delimiter=';', kv_delimiter='=')",
        "parse-kv",
        "",
    ),
    ("print a = 1, -2, 'x'", "print", ""),
    (
        "datatable(a: long, ['b c']: string)[1, 'x', -2, ''] | count",
        "datatable count",
        "",
    ),
    ("range x from 1 to 10 step 2", "range", ""),
    ("range(1, 2)", "", "Call"),
    (
        "T | make-series kind=nonempty s = sum(v) default = 0, count() on t from a to b step 1d by k",
        "make-series",
        "nonempty",
    ),
    (
        "T | make-series sum(v) on t in range(a, b, 1d)",
        "make-series",
        "\"in range\"",
    ),
    (
        "T | scan with_match_id=m order by t asc partition by k declare (n: long = 0) with (step s1 output=all: x => n = s1.n + 1; step s2: y)",
        "scan",
        "Some(Name { text: \"all\"",
    ),
    (
        "T | top-nested 3 of a with others = 'rest' by count() desc, top-nested of b by max(c)",
        "top-nested",
        "",
    ),
    (
        "T | top-hitters 3 of a by b | sample 5 | sample-distinct 6 of c",
        "top-hitters sample sample-distinct",
        "",
    ),
    (
        "T | partition hint.strategy=native by k (top 1 by v)",
        "partition",
        "",
    ),
    (
        "T | render timechart with (title = 'a', ycolumns = x, y, kind = stacked)",
        "render",
        "String(\"x,y\")",
    ),
    (
        "T | invoke f(1) | as hint.materialized=true U | getschema",
        "invoke as getschema",
        "",
    ),
    (
        "T | serialize n = row_number() | serialize",
        "serialize serialize",
        "",
    ),
    (
        "T | evaluate hint.distribution=single pivot(a, sum(b)) : (*, x: long)",
        "evaluate",
        "\"*\"",
    ),
    (
        "search kind=case_sensitive in (T, U*) 'x' and a: 'y'",
        "search",
        "Term",
    ),
    ("T | search *", "search", "Star"),
    (
        "find withsource=S in (T) where a == 1 project a, b: string, pack(*)",
        "find",
        "pack(*)",
    ),
    ("find 'x' project-smart", "find", "project-smart"),
    (
        "T | distinct * | distinct a, tolower(b)",
        "distinct distinct",
        "",
    ),
    (
        "let f = (t: (a: long, b: string), u: (*), n: long = 5) { let k = n; t | take k }; f(T, U)",
        "",
        "Call",
    ),
    ("let f = view () { T }; f", "", ""),
    (
        "declare query_parameters(a: long, b: string = 'x'); set notruncation; T | take a",
        "take",
        "",
    ),
    ("let a = 1; let b = materialize(T | where x); b", "", ""),
    ("(T | where a) | count", "count", ""),
    (
        "T | where a in (U | project b) | where toscalar(V | count) > 1",
        "where where",
        "",
    ),
    ("T | fork (count) (take 1)", "other", "Other"),
    (
        "T | where search == 1 and find has 'x' and print != 2",
        "where",
        "",
    ),
    ("search | count", "count", "Name(\"search\")"),
    (";;T;;", "", ""),
];

#[test]
fn every_operator_is_read() {
    for (text, operators, part) in QUERIES {
        let (query, errors) = parse(text);
        assert!(errors.is_empty(), "{text}: {errors:?}");
        let Some(Statement::Expression(last)) = query.statements.last() else {
            panic!("{text}: no query");
        };
        assert_eq!(names(last), *operators, "{text}");
        let tree = format!("{query:?}");
        assert!(tree.contains(part), "{text}: {tree}");
    }
}

/// A text with one mistake, where it is, and what is said about it.
const MISTAKES: &[(&str, (usize, usize), &str)] = &[
    ("", (1, 1), "expected a query"),
    ("T | wher a", (1, 5), "did you mean `where`?"),
    (
        "T | sumarize count()",
        (1, 5),
        "found `sumarize`; did you mean `summarize`?",
    ),
    (
        "T |",
        (1, 4),
        "expected an operator such as where, summarize or project, found the end of the query",
    ),
    ("T | where", (1, 10), "expected a value"),
    (
        "T | where a ==",
        (1, 15),
        "expected a value, a column or a function, found the end of the query",
    ),
    ("T | where (a == ) | count", (1, 17), "found `)`"),
    ("T | where a == 1 and | count", (1, 22), "found `|`"),
    ("T | where f(a | count", (1, 22), "expected `,` or `)`"),
    (
        "T\n| where a contians 'x'\n| count",
        (2, 11),
        "did you mean `contains`?",
    ),
    (
        "T | project a b",
        (1, 15),
        "expected an operator, `,`, `|` or the end of the query, found `b`",
    ),
    ("T | order a", (1, 11), "expected `by`, found `a`"),
    ("T | where a = 1", (1, 13), "found `=`"),
    ("T | join (U)", (1, 13), "expected `on`"),
    ("T | top 5", (1, 10), "expected `by`"),
    ("T | where a == 'x", (1, 16), "not closed"),
    ("T | where a == \"x\\q\"", (1, 18), "is no escape"),
    ("T | where a == “x”", (1, 16), "straight quotes"),
    (
        "T | where a == datetime(2020-13-45)",
        (1, 25),
        "datetime(…) holds a literal",
    ),
    ("T | extend a = long(b)", (1, 21), "tolong(…)"),
    (
        "T | where a > 99999999999999999999",
        (1, 15),
        "too large for a long",
    ),
    ("T | where a > datetime(2020", (1, 23), "expected `)`"),
    ("T) | count", (1, 2), "no bracket opens"),
    ("let a = ; T", (1, 9), "found `;`"),
    ("let = 5; T", (1, 5), "expected a name"),
    ("T | extend a = 1.5x", (1, 19), "unit of time"),
    (
        "T | mv-expand a to typeof(strin)",
        (1, 27),
        "did you mean `string`?",
    ),
    ("datatable(a: lnog)[1]", (1, 14), "did you mean `long`?"),
    ("T | print 1", (1, 5), "which begins a query"),
    (
        "declare pattern p; T",
        (1, 1),
        "`declare pattern` is not supported",
    ),
    ("T | where database('x').f(1)", (1, 25), "not supported"),
    (
        "T | sort by a nulls frist",
        (1, 21),
        "did you mean `first`?",
    ),
    ("T | where # a", (1, 11), "a comment begins with //"),
    ("T | where a && b", (1, 13), "write and"),
];

#[test]
fn one_mistake_gives_one_error_with_its_place() {
    for (text, place, part) in MISTAKES {
        let (_, errors) = parse(text);
        let shown: Vec<String> = errors.iter().map(ToString::to_string).collect();
        let doubled = text.contains('“') || text.contains("&&");
        assert_eq!(
            errors.len(),
            if doubled { 2 } else { 1 },
            "{text}: {shown:?}"
        );
        assert_eq!(
            errors[0].span.line_column(text),
            *place,
            "{text}: {shown:?}"
        );
        assert!(shown[0].contains(part), "{text}: {shown:?}");
    }
}

#[test]
fn reading_goes_on_at_the_next_operator_and_the_next_statement() {
    let text = "T | wher a | project b c | take; let x = ; U | where (y | count; print 1";
    let (query, errors) = parse(text);
    let places: Vec<usize> = errors.iter().map(|error| error.span.start).collect();
    assert_eq!(places, [4, 23, 31, 41, 63], "{errors:?}");
    assert!(matches!(
        query.statements.last(),
        Some(Statement::Expression(_))
    ));
}

#[test]
fn the_queries_of_the_runbook_are_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/seeds");
    let text = fs::read_to_string(folder.join("org-isolation-breach.md")).unwrap();
    let queries: Vec<&str> = text
        .split("```kql\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    let operators: Vec<String> = queries
        .iter()
        .map(|query| {
            let (read, errors) = parse(query);
            assert!(errors.is_empty(), "{query}: {errors:?}");
            let Some(Statement::Expression(last)) = read.statements.last() else {
                panic!("{query}");
            };
            names(last)
        })
        .collect();
    assert_eq!(
        operators,
        ["where summarize sort take", "where project sort take"]
    );
}

#[test]
fn depth_is_bounded() {
    for (open, close) in [
        ("(", ")"),
        ("-", ""),
        ("f(", ")"),
        ("a[", "]"),
        ("not(", ")"),
        ("T | where toscalar(", ")"),
        ("T | join (", ") on a"),
        ("a in (", ")"),
        ("a | mv-apply a on (where ", ")"),
        ("a + ", ""),
        ("a.", ""),
        ("a has ", ""),
        ("a == ", ""),
    ] {
        for times in [100_000, 300] {
            let text = format!("T | where {}x{}", open.repeat(times), close.repeat(times));
            let (_, errors) = parse(&text);
            assert!(
                errors
                    .iter()
                    .any(|error| error.message.contains("nested deeper")),
                "{open}: {errors:?}"
            );
        }
        let text = format!("T | where {}x{}", open.repeat(20), close.repeat(20));
        let (_, errors) = parse(&text);
        assert!(errors.is_empty(), "{open}: {errors:?}");
    }
    let text = format!(
        "let f = {}T{}; f",
        "() { ".repeat(90_000),
        " }".repeat(90_000)
    );
    assert!(!parse(&text).1.is_empty());
}

#[test]
fn long_lists_and_conditions_are_no_depth() {
    for part in ["a == 1 or ", "a == 1 and ", "a == 1 or b == 2 and "] {
        let (_, errors) = parse(&format!("T | where {}x", part.repeat(5_000)));
        assert!(errors.is_empty(), "{part}: {errors:?}");
    }
    let (_, errors) = parse(&format!("T | where a in ({}1)", "1, ".repeat(50_000)));
    assert!(errors.is_empty(), "{errors:?}");
    let (_, errors) = parse(&format!("T {}", "| where a ".repeat(20_000)));
    assert!(errors.is_empty(), "{errors:?}");
}

/// What would take long if a part of the text were read again and again.
#[test]
fn long_nonsense_is_read_once() {
    for part in [
        "int(",
        "int(\n",
        "dynamic(",
        "'",
        "\"\\",
        "@'",
        "```",
        "(",
        "(a,",
        "[",
        "[\"a\"],(",
        "|",
        ";",
        "!",
        "a=",
        "let f = (",
        "let f = (a:",
        "1e",
        "0x",
        ".",
        "..",
        "in",
        "project-",
        "-",
        "“",
        "h'",
        "T | parse a with ",
        "datatable(",
        "dynamic('\\'",
        "{",
        "}",
        ")",
        "/",
        "//",
        "\u{feff}",
        "$",
    ] {
        let text = part.repeat(10_000);
        let (_, errors) = parse(&text);
        check_errors(&text, &errors);
        let text = format!("T | where {text}");
        let (_, errors) = parse(&text);
        check_errors(&text, &errors);
    }
}

/// No word of a query is passed over: a word put in anywhere changes what the query means, or is an error.
#[test]
fn no_text_is_ignored() {
    for query in CORPUS.iter().step_by(3) {
        let (tree, errors) = parse(query);
        assert!(errors.is_empty(), "{query}: {errors:?}");
        let tree = without_places(&tree);
        let mut quote = None;
        for (at, c) in query.char_indices() {
            match quote {
                Some(q) if c == q => quote = None,
                None if matches!(c, '"' | '\'') => quote = Some(c),
                _ => {}
            }
            if c != ' ' || quote.is_some() {
                continue;
            }
            let changed = format!("{} zzz{}", &query[..at], &query[at..]);
            let (other, errors) = parse(&changed);
            assert!(
                !errors.is_empty() || without_places(&other) != tree,
                "{changed}"
            );
        }
    }
}

static CORPUS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/kql");
    let text = fs::read_to_string(folder.join("emulator.jsonl")).unwrap();
    text.lines()
        .map(|line| {
            let case: serde_json::Value = serde_json::from_str(line).unwrap();
            case["kql"].as_str().unwrap().to_owned()
        })
        .collect()
});

const WORDS: &[&str] = &[
    "T",
    "where",
    "|",
    ";",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    "=",
    "==",
    "=~",
    "!~",
    "=>",
    "..",
    ".",
    ":",
    "*",
    "-",
    "+",
    "/",
    "%",
    "<",
    "<=",
    "<>",
    "a",
    "['b c']",
    "$left",
    "count",
    "by",
    "on",
    "project",
    "project-away",
    "extend",
    "summarize",
    "sort",
    "top",
    "take",
    "join",
    "kind",
    "union",
    "mv-expand",
    "mv-apply",
    "to",
    "typeof",
    "long",
    "parse",
    "with",
    "parse-kv",
    "as",
    "print",
    "range",
    "from",
    "step",
    "datatable",
    "make-series",
    "default",
    "in range",
    "scan",
    "step s:",
    "declare",
    "partition",
    "top-nested",
    "of",
    "others",
    "top-hitters",
    "sample-distinct",
    "render",
    "search",
    "find",
    "evaluate",
    "pivot",
    "invoke",
    "let",
    "f",
    "set",
    "declare query_parameters",
    "in",
    "in~",
    "!in",
    "between",
    "has",
    "!has",
    "has_any",
    "contains",
    "matches regex",
    "and",
    "or",
    "not",
    "1",
    "1.5",
    "0x1F",
    "5m",
    "1d",
    "'x'",
    "\"y\"",
    "@'z'",
    "```w```",
    "h'v'",
    "datetime(2020-01-01)",
    "dynamic({\"a\":[1]})",
    "int(null)",
    "timespan(",
    "true",
    "nulls first",
    "asc",
    "desc",
    "limit",
    "hint.strategy",
    "// c\n",
    "\n",
    "fork",
    "view",
    "toscalar",
    "database('d').T",
];

fn check_errors(text: &str, errors: &[KqlError]) {
    for error in errors {
        let span = error.span;
        assert!(
            text.get(span.start..span.end).is_some(),
            "{error:?} in {text:?}"
        );
        assert!(!error.message.is_empty());
    }
    assert!(errors.len() <= 100_000);
}

/// Every place in the tree lies in the text.
fn check_tree(text: &str, query: &Query) {
    let tree = format!("{query:?}");
    for part in tree.split("Span { start: ").skip(1) {
        let (start, rest) = part.split_once(", end: ").unwrap();
        let end = rest.split_once(' ').unwrap().0;
        let place = start.parse().unwrap()..end.parse().unwrap();
        assert!(text.get(place.clone()).is_some(), "{place:?} in {text:?}");
    }
}

fn without_places(query: &Query) -> String {
    let tree = format!("{query:?}");
    let mut parts = tree.split("Span { start: ");
    let mut text = parts.next().unwrap().to_owned();
    for part in parts {
        text.push_str(part.split_once('}').unwrap().1);
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read(text in ".{0,200}") {
        let (query, errors) = parse(&text);
        check_errors(&text, &errors);
        check_tree(&text, &query);
    }

    #[test]
    fn any_words_are_read(words in prop::collection::vec(prop::sample::select(WORDS), 0..60), glue in prop::sample::select(&[" ", ""][..])) {
        let text = words.join(glue);
        let (query, errors) = parse(&text);
        check_errors(&text, &errors);
        check_tree(&text, &query);
    }

    #[test]
    fn a_query_with_a_piece_cut_out_is_read(pick in any::<prop::sample::Index>(), from in any::<prop::sample::Index>(), length in 1_usize..30) {
        let query = pick.get(&CORPUS);
        let characters: Vec<char> = query.chars().collect();
        let from = from.index(characters.len());
        let text: String = characters[..from].iter().chain(characters[from..].iter().skip(length)).collect();
        let (tree, errors) = parse(&text);
        check_errors(&text, &errors);
        check_tree(&text, &tree);
    }
}

// What a tree looks like on one line.

fn shape(expr: &Expr) -> String {
    let shapes = |items: &[Expr], between: &str| -> String {
        items.iter().map(shape).collect::<Vec<_>>().join(between)
    };
    match &expr.kind {
        ExprKind::Literal(_, Literal(value)) if value.is_null() => "null".to_owned(),
        ExprKind::Literal(_, Literal(value)) => match value.as_str() {
            Some(text) => format!("'{text}'"),
            None => to_text(value),
        },
        ExprKind::Name(name) => name.clone(),
        ExprKind::Member(base, name) => format!("{}.{}", shape(base), name.text),
        ExprKind::Index(base, index) => format!("{}[{}]", shape(base), shape(index)),
        ExprKind::Call(name, arguments) => {
            let arguments: Vec<String> = arguments.iter().map(named).collect();
            format!("{}({})", name.text, arguments.join(", "))
        }
        ExprKind::Unary(_, value) => format!("(- {})", shape(value)),
        ExprKind::Binary(op, left, right) => {
            let op = format!("{op:?}");
            let op = match op.as_str() {
                "Or" => "or".to_owned(),
                "And" => "and".to_owned(),
                "Equal" => "==".to_owned(),
                "NotEqual" => "!=".to_owned(),
                "Less" => "<".to_owned(),
                "Add" => "+".to_owned(),
                "Subtract" => "-".to_owned(),
                "Multiply" => "*".to_owned(),
                text => text_op(text),
            };
            format!("({} {op} {})", shape(left), shape(right))
        }
        ExprKind::In(op, value, items) => {
            let op = format!("{op:?}");
            let op = match (
                op.as_str(),
                op.contains("negated: true"),
                op.contains("sensitive: true"),
            ) {
                ("HasAny", ..) => "has_any",
                ("HasAll", ..) => "has_all",
                (_, false, true) => "in",
                (_, false, false) => "in~",
                (_, true, true) => "!in",
                (_, true, false) => "!in~",
            };
            format!("({op} {} [{}])", shape(value), shapes(items, " "))
        }
        ExprKind::Between(negated, value, low, high) => {
            let not = if *negated { "!" } else { "" };
            format!(
                "({not}between {} {} {})",
                shape(value),
                shape(low),
                shape(high)
            )
        }
        ExprKind::Star => "*".to_owned(),
        ExprKind::TypeOf(ty) => format!("typeof({})", ty.name()),
        ExprKind::Pipe(source, _) => format!("{}|{}", shape(source), names(expr)),
        other => format!("{other:?}"),
    }
}

fn text_op(debug: &str) -> String {
    let not = if debug.contains("negated: true") {
        "!"
    } else {
        ""
    };
    let sensitive = if debug.contains("sensitive: true") {
        "_cs"
    } else {
        ""
    };
    let name = match debug.trim_start_matches("Text(").split(',').next().unwrap() {
        "EqualsIgnoringCase" => "=~",
        "Contains" => "contains",
        "Has" => "has",
        "MatchesRegex" => "matches regex",
        "Term" => ":",
        other => other,
    };
    format!("{not}{name}{sensitive}")
}

fn named(named: &Named) -> String {
    let given: Vec<&str> = named.names.iter().map(|name| name.text.as_str()).collect();
    match given.as_slice() {
        [] => shape(&named.value),
        given => format!("{}={}", given.join(","), shape(&named.value)),
    }
}

/// The operators of a query, in order.
fn names(expr: &Expr) -> String {
    let mut names = Vec::new();
    let (source, operators) = match &expr.kind {
        ExprKind::Pipe(source, operators) => (&**source, operators.as_slice()),
        _ => (expr, &[][..]),
    };
    if let ExprKind::Source(operator) = &source.kind {
        names.push(name(&operator.kind));
    }
    names.extend(operators.iter().map(|operator| name(&operator.kind)));
    names.join(" ")
}

fn name(kind: &OperatorKind) -> &'static str {
    match kind {
        OperatorKind::Where(_) => "where",
        OperatorKind::Project(_) => "project",
        OperatorKind::ProjectAway(_) => "project-away",
        OperatorKind::ProjectKeep(_) => "project-keep",
        OperatorKind::ProjectRename(_) => "project-rename",
        OperatorKind::ProjectReorder(_) => "project-reorder",
        OperatorKind::Extend(_) => "extend",
        OperatorKind::Summarize { .. } => "summarize",
        OperatorKind::Distinct(_) => "distinct",
        OperatorKind::Sort(_) => "sort",
        OperatorKind::Top(..) => "top",
        OperatorKind::Take(_) => "take",
        OperatorKind::Count(_) => "count",
        OperatorKind::Join { .. } => "join",
        OperatorKind::Lookup { .. } => "lookup",
        OperatorKind::Union { .. } => "union",
        OperatorKind::MvExpand { .. } => "mv-expand",
        OperatorKind::MvApply { .. } => "mv-apply",
        OperatorKind::Parse { .. } => "parse",
        OperatorKind::ParseKv { .. } => "parse-kv",
        OperatorKind::Print(_) => "print",
        OperatorKind::DataTable(..) => "datatable",
        OperatorKind::Range { .. } => "range",
        OperatorKind::As(..) => "as",
        OperatorKind::Invoke(..) => "invoke",
        OperatorKind::Evaluate { .. } => "evaluate",
        OperatorKind::MakeSeries { .. } => "make-series",
        OperatorKind::Search { .. } => "search",
        OperatorKind::Find { .. } => "find",
        OperatorKind::Serialize(_) => "serialize",
        OperatorKind::TopNested(_) => "top-nested",
        OperatorKind::TopHitters(..) => "top-hitters",
        OperatorKind::Sample(_) => "sample",
        OperatorKind::SampleDistinct(..) => "sample-distinct",
        OperatorKind::Render(..) => "render",
        OperatorKind::GetSchema => "getschema",
        OperatorKind::Scan(_) => "scan",
        OperatorKind::Partition { .. } => "partition",
        OperatorKind::Other(_) => "other",
        OperatorKind::Consume => "consume",
        OperatorKind::Reduce(_) => "reduce",
        OperatorKind::AssertSchema(_) => "assert-schema",
    }
}
