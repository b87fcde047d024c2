//! The KQL engine over queries that nobody would write: it answers or refuses, and never panics, hangs or takes more memory than it may.

#![expect(clippy::unwrap_used, reason = "a test: what cannot be read fails it")]

use std::cell::Cell;

use proptest::prelude::*;
use proptest::sample::select;
use quarterdeck::kql::{
    self, Answer, ErrorKind, KqlError, Limits, Memory, Options, Run, aggregates, functions,
};

/// A table with every type, with missing and extreme values.
const TABLE: &str = "datatable(a:long, i:int, b:real, f:bool, s:string, t:datetime, p:timespan, d:dynamic, g:guid, m:decimal)[\
    1, 2, 1.5, true, 'alpha beta', datetime(2024-01-31 10:00:00), 1h, dynamic({'x': 1, 'y': [1, 2]}), guid(74be27de-1e4e-49d9-b579-fe0b331d3642), decimal(1.5),\
    9223372036854775807, 2147483647, 1e308, false, 'é😀', datetime(9999-12-31 23:59:59.9999999), time(10675199.02:48:05.4775807), dynamic([1, 'x', null, [2]]), guid(null), decimal(79228162514264337593543950335),\
    long(-9223372036854775808), int(-2147483648), real(-inf), bool(null), '', datetime(0001-01-01), time(-10675199.02:48:05.4775807), dynamic(null), guid(00000000-0000-0000-0000-000000000000), decimal(null),\
    long(null), int(null), real(nan), true, '{\"k\": [1.5, true]}', datetime(null), timespan(null), dynamic('text'), guid(null), decimal(-0.000001),\
    0, 0, 0.0, false, '10', datetime(1970-01-01), 0s, dynamic(3.5), guid(null), decimal(0)]";

const SCALARS: &[&str] = &[
    "a",
    "i",
    "b",
    "f",
    "s",
    "t",
    "p",
    "d",
    "g",
    "m",
    "d.x",
    "d[0]",
    "d.y[-1]",
    "0",
    "1",
    "-1",
    "2",
    "1.5",
    "-0.0",
    "''",
    "'x'",
    "'[a-'",
    "'(a)(b)?'",
    "'yyyy-MM-dd'",
    "'day'",
    "true",
    "long(null)",
    "real(nan)",
    "1d",
    "-1tick",
    "datetime(2024-02-29)",
    "dynamic([3, 1, 2])",
    "dynamic([])",
    "dynamic({'a': {'b': 1}})",
    "dynamic(null)",
    "9223372036854775807",
    "-9223372036854775808",
    "1000000000",
    "typeof(long)",
    "int(5)",
    "decimal(2.5)",
    "guid(null)",
    "tostring(d)",
    "-a",
    "a + 1",
    "a * a",
    "b / 0",
    "i % 3",
    "t - 1d",
    "t + p",
    "p / 2",
    "p * 1e9",
    "s has 'beta'",
    "s =~ 'ALPHA BETA'",
    "a in (1, 2)",
    "t between (datetime(2020-01-01) .. 5000d)",
    "not(f)",
    "a == d.x",
    "s matches regex 'a.*'",
    "m * m",
    "a / i",
];

const COLUMNS: &[&str] = &["a", "i", "b", "f", "s", "t", "p", "d", "g", "m", "nothing"];

fn scalar() -> impl Strategy<Value = String> {
    let leaf = select(SCALARS).prop_map(str::to_owned);
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            (
                select(vec![
                    "+", "-", "*", "/", "%", "==", "<", ">=", "has", "contains", "and", "or", "!="
                ]),
                inner.clone(),
                inner.clone()
            )
                .prop_map(|(op, left, right)| format!("({left}) {op} ({right})")),
            call(
                names(
                    functions::TABLE
                        .iter()
                        .flat_map(|area| area.iter())
                        .map(|function| function.name)
                ),
                inner
            ),
        ]
    })
}

fn names(names: impl Iterator<Item = &'static str>) -> Vec<&'static str> {
    names.collect()
}

fn call(
    names: Vec<&'static str>,
    argument: impl Strategy<Value = String>,
) -> impl Strategy<Value = String> {
    (select(names), prop::collection::vec(argument, 0..4))
        .prop_map(|(name, arguments)| format!("{name}({})", arguments.join(", ")))
}

fn aggregate() -> impl Strategy<Value = String> {
    call(
        names(
            aggregates::TABLE
                .iter()
                .flat_map(|area| area.iter())
                .map(|aggregate| aggregate.name),
        ),
        select(SCALARS).prop_map(str::to_owned),
    )
}

fn operator() -> impl Strategy<Value = String> {
    let column = || select(COLUMNS);
    prop_oneof![
        scalar().prop_map(|x| format!("where {x}")),
        scalar().prop_map(|x| format!("extend n = {x}")),
        (scalar(), scalar()).prop_map(|(x, y)| format!("project a, s, t, d, x = {x}, {y}")),
        (aggregate(), scalar()).prop_map(|(x, y)| format!("summarize {x} by {y}")),
        (aggregate(), aggregate()).prop_map(|(x, y)| format!("summarize a = {x}, {y}")),
        (scalar(), scalar()).prop_map(|(x, y)| format!("sort by {x} asc, {y} nulls first")),
        (column(), scalar()).prop_map(|(n, x)| format!("top 3 by {n} | serialize r = row_number(), x = prev({x})")),
        (scalar(), column()).prop_map(|(x, n)| format!("mv-expand x = {x} to typeof(string), {n} limit 100")),
        scalar().prop_map(|x| format!("mv-apply e = {x} on (where e > 1 | summarize count())")),
        (select(vec!["inner", "leftouter", "rightanti", "fullouter", "innerunique", "leftsemi"]), column())
            .prop_map(|(kind, n)| format!("join kind={kind} ({TABLE} | take 3) on {n}")),
        column().prop_map(|n| format!("lookup ({TABLE} | distinct {n}, s) on {n}")),
        (aggregate(), scalar()).prop_map(|(x, y)| format!("make-series v = {x} default = {y} on t from datetime(2024-01-01) to datetime(2024-03-01) step 1d by s")),
        (aggregate(), scalar()).prop_map(|(x, y)| format!("make-series {x} on a step {y}")),
        scalar().prop_map(|x| format!("parse s with * 'a' rest:long '{}' *", x.replace('\'', ""))),
        scalar().prop_map(|x| format!("distinct {x}")),
        column().prop_map(|n| format!("union withsource=src ({TABLE}) | project-away {n}")),
        (column(), column()).prop_map(|(n, k)| format!("project-reorder {n}*, {k} asc | project-keep *{n}*, s, a, t")),
        (aggregate(), column()).prop_map(|(x, n)| format!("top-nested 2 of {n} by {x}")),
        column().prop_map(|n| format!("top-hitters 2 of {n} | getschema")),
        (column(), column()).prop_map(|(n, k)| format!("evaluate pivot({n}, count(), {k})")),
        Just("evaluate bag_unpack(d)".to_owned()),
        column().prop_map(|n| format!("partition by {n} (top 1 by a)")),
        scalar().prop_map(|x| format!("sort by a | scan declare (n:long = 0) with (step one: {x} => n = one.n + 1;)")),
        scalar().prop_map(|x| format!("search {x}")),
        column().prop_map(|n| format!("sample-distinct 2 of {n}")),
        Just("parse-kv s as (k: long, v: string) with (pair_delimiter=' ', kv_delimiter='=')".to_owned()),
        Just("as X | union X, X".to_owned()),
        Just("count".to_owned()),
    ]
}

const BYTES: usize = 64 << 20;

/// Runs a query within small limits. What is refused is refused with a place in the text.
fn run(query: &str) -> Result<Vec<Answer>, KqlError> {
    let shown = query.replace(TABLE, "TABLE");
    let asked = Cell::new(0_u32);
    let stop = || {
        asked.set(asked.get() + 1);
        asked.get() > 20_000
    };
    let limits = Limits {
        rows: 200_000,
        bytes: BYTES,
    };
    let options = Options {
        now: 638_396_640_000_000_000,
        parameters: Vec::new(),
    };
    let answered = kql::run(
        query,
        &Memory::default(),
        &options,
        &Run::new(limits, &stop),
    );
    match &answered {
        Ok(answers) => {
            for answer in answers {
                for batch in &answer.batches {
                    assert_eq!(batch.columns.len(), answer.schema.fields.len(), "{shown}");
                    for (column, field) in batch.columns.iter().zip(&answer.schema.fields) {
                        assert_eq!(column.len(), batch.rows, "{shown}: {}", field.name);
                        assert_eq!(column.ty(), field.ty, "{shown}: {}", field.name);
                    }
                    assert!(batch.bytes() <= BYTES * 2, "{shown}");
                }
            }
        }
        Err(error) => {
            assert!(
                query.get(error.span.start..error.span.end).is_some(),
                "{shown}: {error:?}"
            );
            assert!(!error.message.is_empty());
            // What the generator writes is always in the language.
            assert_ne!(error.kind, ErrorKind::Syntax, "{shown}: {error:?}");
        }
    }
    answered
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_pipe_over_any_rows_ends(operators in prop::collection::vec(operator(), 1..5)) {
        let _ = run(&format!("{TABLE} | {}", operators.join(" | ")));
    }

    #[test]
    fn any_function_takes_any_argument(expression in scalar()) {
        let _ = run(&format!("{TABLE} | extend x = {expression}"));
        let _ = run(&format!("print x = {expression}"));
    }
}

/// Every function and aggregate with values of every type, alone and next to others: with constants and over columns.
#[test]
fn every_function_takes_every_value() {
    let (mut answered, mut refused) = (0, 0);
    let mut count = |query: &str| match run(query) {
        Ok(_) => answered += 1,
        Err(_) => refused += 1,
    };
    for function in functions::TABLE.iter().flat_map(|area| area.iter()) {
        every_argument(function.name, function.arity, |call| {
            count(&format!("{TABLE} | serialize x = {call}"));
        });
    }
    for aggregate in aggregates::TABLE.iter().flat_map(|area| area.iter()) {
        every_argument(aggregate.name, aggregate.arity, |call| {
            count(&format!("{TABLE} | summarize {call}"));
            count(&format!("{TABLE} | where a > 5 | summarize {call} by s"));
        });
    }
    // If nearly all were refused, nothing would have been tried.
    assert!(
        answered * 5 > refused,
        "{answered} answered, {refused} refused"
    );
}

fn every_argument(name: &str, (fewest, most): (usize, usize), mut each: impl FnMut(&str)) {
    for count in fewest..=most.min(4) {
        if count == 0 {
            each(&format!("{name}()"));
        }
        for turn in (0..if count == 0 { 0 } else { SCALARS.len() }).step_by(3) {
            // Steps that share no factor with the number of values reach many different neighbours.
            let arguments: Vec<&str> = (0..count)
                .map(|place| {
                    let index = (turn + place * (7 + 2 * turn)) % SCALARS.len();
                    SCALARS.get(index).copied().unwrap()
                })
                .collect();
            each(&format!("{name}({})", arguments.join(", ")));
        }
    }
}

#[test]
fn a_query_that_grows_without_end_meets_its_limit() {
    for query in [
        "range x from 1 to 10000000000 step 1",
        "range x from 1 to 3000 step 1 | extend k = 1 | join kind=inner (range y from 1 to 3000 step 1 | extend k = 1) on k",
        "range x from 1 to 100000 step 1 | mv-expand y = range(1, 1000, 1)",
        "range x from 1 to 100000 step 1 | summarize make_list(strcat(x, strrep('x', 1000)))",
        "print x = strrep('x', 1000000000)",
        "print x = range(1, 10000000000, 1)",
        "print x = 1 | make-series count() on x from 0 to 10000000000 step 1",
        "range x from 1 to 1000000 step 1 | sort by x",
        "let t = range x from 1 to 1000000 step 1; union t, t, t, t | summarize by x",
    ] {
        match run(query) {
            Err(error) => assert!(
                matches!(
                    error.kind,
                    ErrorKind::Limit | ErrorKind::Stopped | ErrorKind::Semantic
                ),
                "{query}: {error:?}"
            ),
            Ok(answers) => {
                let rows: usize = answers.iter().map(Answer::rows).sum();
                assert!(rows <= 1, "{query}: {rows} rows");
            }
        }
    }
}

#[test]
fn what_is_read_as_deep_as_may_be_also_runs() {
    for (open, close) in [
        ("1 + ", ""),
        ("-", ""),
        ("(", ")"),
        ("iff(true, 1, ", ")"),
        ("toscalar(print ", ")"),
        ("a.", ""),
    ] {
        // The deepest that is still read.
        let text = |times: usize| {
            format!(
                "print a = dynamic(null) | extend x = {}a{}",
                open.repeat(times),
                close.repeat(times)
            )
        };
        let deepest = (1..200)
            .rev()
            .find(|times| kql::parse(&text(*times)).1.is_empty())
            .unwrap();
        assert!(deepest > 20, "{open}: {deepest}");
        let _ = run(&text(deepest));
    }
    let conditions = format!(
        "print a = 1 | where {} true",
        "a == 1 or a == 2 and ".repeat(3_000)
    );
    assert_eq!(run(&conditions).unwrap().len(), 1);
}
