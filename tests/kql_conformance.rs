//! Every query of `fixtures/kql/emulator.jsonl` through the engine, against the answer that Microsoft's Kusto engine gave.
//!
//! `KQL_SHOW=family` (or an id, or `all`) prints each query that fails with what was expected and what came; `KQL_SHOW=wrong` those that were answered wrongly.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test: what cannot be read fails it"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Instant;

use quarterdeck::kql::syntax::{ExprKind, Operator, OperatorKind, SortKey, Statement};
use quarterdeck::kql::{self, Answer, Limits, Memory, Options, Run, Type, Value};

/// The share of queries that were answered exactly when this was last changed, in tenths of a percent. It may only rise.
const SHARE_RECORDED: usize = 997;
/// The least share of a family of at least [`FAMILY_MIN`] queries, in percent.
const FAMILY_SHARE: usize = 85;
const FAMILY_MIN: usize = 10;
/// A query that takes longer is stopped: it is a fault of its own, not a hang of the test.
const SECONDS_MAX: u64 = 20;

/// A query and what the real engine answered.
struct Case {
    id: String,
    family: String,
    kql: String,
    columns: Vec<(String, String)>,
    row_count: usize,
    rows: Vec<String>,
}

/// How a query went.
enum Outcome {
    Exact,
    /// It has an error: nobody was misled.
    Refused(String),
    /// It has an answer, and not the right one.
    Wrong(String),
}

#[test]
fn the_engine_answers_as_kusto_does() {
    let cases = cases();
    let known = known_differences();
    let show = std::env::var("KQL_SHOW").unwrap_or_default();
    // Some ids stand over two queries: such an id is right when both are.
    let mut failed = BTreeSet::new();
    let mut families: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    let mut faults = Vec::new();
    for case in &cases {
        let outcome = outcome(case);
        let counts = families.entry(&case.family).or_default();
        let (at, text) = match &outcome {
            Outcome::Exact => (0, ""),
            Outcome::Refused(why) => (1, why.as_str()),
            Outcome::Wrong(why) => (2, why.as_str()),
        };
        counts[at] += 1;
        let shown =
            show == "all" || show == case.family || show == case.id || (show == "wrong" && at == 2);
        if at > 0 && shown {
            let how = ["", "refused", "WRONG"][at];
            println!(
                "{} [{}] {how}\n{}\n{text}\n",
                case.id, case.family, case.kql
            );
        }
        if at > 0 {
            failed.insert(case.id.as_str());
            if !known.contains(&case.id) {
                let first = text.lines().next().unwrap_or("");
                faults.push(format!(
                    "{} fails and is not in known_differences.toml: {first}",
                    case.id
                ));
            }
        }
    }
    let ids: BTreeSet<&str> = cases.iter().map(|case| case.id.as_str()).collect();
    for id in &known {
        if !ids.contains(id.as_str()) {
            faults.push(format!(
                "known_differences.toml names {id}, which is no query"
            ));
        } else if !failed.contains(id.as_str()) {
            faults.push(format!(
                "{id} is exact now: take it out of known_differences.toml"
            ));
        }
    }
    let mut all = [0; 3];
    println!(
        "{:<28} {:>5} {:>7} {:>7} {:>6}",
        "family", "exact", "refused", "wrong", "share"
    );
    for (family, counts) in &families {
        print_line(family, counts);
        for (sum, count) in all.iter_mut().zip(counts) {
            *sum += count;
        }
        let of = counts.iter().sum::<usize>();
        if of >= FAMILY_MIN && counts[0] * 100 < of * FAMILY_SHARE {
            faults.push(format!("the family {family} is under {FAMILY_SHARE} %"));
        }
    }
    print_line("all", &all);
    if all[0] * 1000 < SHARE_RECORDED * cases.len() {
        faults.push(format!(
            "the share fell under {}.{} %",
            SHARE_RECORDED / 10,
            SHARE_RECORDED % 10
        ));
    }
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

fn print_line(family: &str, [exact, refused, wrong]: &[usize; 3]) {
    let of = exact + refused + wrong;
    let tenths = exact * 1000 / of.max(1);
    println!(
        "{family:<28} {exact:>5} {refused:>7} {wrong:>7} {:>4}.{} %",
        tenths / 10,
        tenths % 10
    );
}

fn fixture(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/kql");
    fs::read_to_string(folder.join(name)).unwrap()
}

fn cases() -> Vec<Case> {
    let text = fixture("emulator.jsonl");
    text.lines()
        .map(|line| {
            let case: serde_json::Value = serde_json::from_str(line).unwrap();
            let text = |key: &str| case[key].as_str().unwrap().to_owned();
            let texts = |key: &str| -> Vec<String> {
                let items = case[key].as_array().unwrap();
                items
                    .iter()
                    .map(|item| item.as_str().unwrap().to_owned())
                    .collect()
            };
            Case {
                id: text("id"),
                family: text("family"),
                kql: text("kql"),
                columns: texts("columns")
                    .iter()
                    .map(|column| column.rsplit_once(':').unwrap())
                    .map(|(name, ty)| (name.to_owned(), ty.to_owned()))
                    .collect(),
                row_count: usize::try_from(case["row_count"].as_u64().unwrap()).unwrap(),
                rows: texts("rows"),
            }
        })
        .collect()
}

/// The queries that are known to fail: lines of `"id" = "why"`.
fn known_differences() -> BTreeSet<String> {
    fixture("known_differences.toml")
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            let (id, why) = line.split_once(" = ").unwrap();
            assert!(why.len() > 12, "{id} has no reason");
            id.trim_matches('"').to_owned()
        })
        .collect()
}

fn outcome(case: &Case) -> Outcome {
    let begun = Instant::now();
    let stop = || begun.elapsed().as_secs() > SECONDS_MAX;
    let run = Run::new(Limits::default(), &stop);
    let options = Options {
        now: 638_396_640_000_000_000,
        parameters: Vec::new(),
    };
    let catalog = Memory::default();
    let answered = catch_unwind(AssertUnwindSafe(|| {
        kql::run(&case.kql, &catalog, &options, &run)
    }));
    let answers = match answered {
        Err(_) => return Outcome::Wrong("it panicked".to_owned()),
        Ok(Err(error)) => {
            let (line, column) = error.span.line_column(&case.kql);
            return Outcome::Refused(format!("{line}:{column}: {error}"));
        }
        Ok(Ok(answers)) => answers,
    };
    let Some(answer) = answers.last() else {
        return Outcome::Wrong("no table came".to_owned());
    };
    match difference(case, answer) {
        None => Outcome::Exact,
        Some(difference) => Outcome::Wrong(difference),
    }
}

/// What is not as it should be.
fn difference(case: &Case, answer: &Answer) -> Option<String> {
    let columns: Vec<(String, String)> = answer
        .schema
        .fields
        .iter()
        .map(|field| (field.name.to_string(), type_name(field.ty).to_owned()))
        .collect();
    if columns != case.columns {
        return Some(format!(
            "columns: expected {:?}\n         found    {:?}",
            case.columns, columns
        ));
    }
    let rows: Vec<Vec<Value>> = answer.values().collect();
    let types: Vec<Type> = answer.schema.fields.iter().map(|field| field.ty).collect();
    let shown = || {
        let mut text = format!("expected {} rows:\n", case.row_count);
        for row in &case.rows {
            let _ = writeln!(text, "  {}", row.replace('\n', "⏎"));
        }
        let _ = writeln!(text, "found {} rows:", rows.len());
        for row in rows.iter().take(8) {
            let cells: Vec<String> = row
                .iter()
                .zip(&types)
                .map(|(cell, ty)| show(cell, *ty))
                .collect();
            let _ = writeln!(text, "  ({})", cells.join(", "));
        }
        text
    };
    if rows.len() != case.row_count {
        return Some(shown());
    }
    // Which of ours each of theirs is.
    let mut taken = vec![false; rows.len()];
    let mut places = Vec::new();
    for (at, expected) in case.rows.iter().enumerate() {
        let free = |index: &usize| !taken[*index] && row_matches(expected, &rows[*index], &types);
        let place = Some(at).filter(free).or_else(|| (0..rows.len()).find(free));
        let Some(place) = place else {
            return Some(shown());
        };
        taken[place] = true;
        places.push(place);
    }
    let keys = order(&case.kql)?;
    let in_order = places.iter().enumerate().all(|(at, place)| at == *place);
    if in_order {
        return None;
    }
    // Rows that are equal in all keys may change places.
    let indexes: Option<Vec<usize>> = keys
        .iter()
        .map(|key| key.as_ref().and_then(|name| answer.schema.index(name)))
        .collect();
    let tied = indexes.is_some_and(|indexes| {
        places.iter().enumerate().all(|(at, place)| {
            indexes.iter().all(|index| {
                show(&rows[at][*index], types[*index]) == show(&rows[*place][*index], types[*index])
            })
        })
    });
    (!tied).then(|| format!("the order differs\n{}", shown()))
}

/// The keys of the operator that fixes the order of the rows, each with its name where it is a column; `None` when nothing does.
fn order(text: &str) -> Option<Vec<Option<String>>> {
    let (query, _) = kql::parse(text);
    let Some(Statement::Expression(last)) = query.statements.last() else {
        return None;
    };
    let ExprKind::Pipe(_, operators) = &last.kind else {
        return None;
    };
    for Operator { kind, .. } in operators.iter().rev() {
        match kind {
            OperatorKind::Sort(keys) | OperatorKind::Top(_, keys) => {
                return Some(keys.iter().map(key_name).collect());
            }
            OperatorKind::Where(_)
            | OperatorKind::Project(_)
            | OperatorKind::Extend(_)
            | OperatorKind::ProjectAway(_)
            | OperatorKind::ProjectKeep(_)
            | OperatorKind::ProjectRename(_)
            | OperatorKind::ProjectReorder(_)
            | OperatorKind::Take(_)
            | OperatorKind::As(..)
            | OperatorKind::Serialize(_) => {}
            _ => return None,
        }
    }
    None
}

fn key_name(key: &SortKey) -> Option<String> {
    match &key.value.value.kind {
        ExprKind::Name(name) => Some(name.clone()),
        _ => None,
    }
}

fn type_name(ty: Type) -> &'static str {
    match ty {
        Type::Bool => "Bool",
        Type::Int | Type::Long => "Int",
        Type::Real | Type::Decimal => "Real",
        Type::String => "String",
        Type::DateTime => "DateTime",
        Type::Timespan => "TimeSpan",
        Type::Guid => "Guid",
        Type::Dynamic => "Dynamic",
    }
}

/// Whether `row` is what `expected` says: `('text', 1, null, 2020-01-01T00:00:00.0000000Z)`. The cells say how far each of them reaches.
fn row_matches(expected: &str, row: &[Value], types: &[Type]) -> bool {
    let Some(mut rest) = expected
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'))
    else {
        return false;
    };
    for (index, (value, ty)) in row.iter().zip(types).enumerate() {
        if index > 0 {
            let Some(after) = rest.strip_prefix(", ") else {
                return false;
            };
            rest = after;
        }
        let Some(after) = cell_matches(rest, value, *ty) else {
            return false;
        };
        rest = after;
    }
    rest.is_empty()
}

/// What follows the cell at the start of `expected`, if it is `value`.
fn cell_matches<'a>(expected: &'a str, value: &Value, ty: Type) -> Option<&'a str> {
    match value {
        Value::Real(_) | Value::Decimal(_) => {
            let length = expected.find(',').unwrap_or(expected.len());
            let number = number(&expected[..length])?;
            near(number, value.as_real()?).then_some(&expected[length..])
        }
        Value::Dynamic(dynamic) => {
            let ours = kql::dynamic::json::print(dynamic);
            let ours: serde_json::Value = serde_json::from_str(&ours).ok()?;
            if let serde_json::Value::Bool(ours) = ours {
                return expected
                    .strip_prefix(if ours { "true" } else { "false" })
                    .or_else(|| expected.strip_prefix(if ours { "True" } else { "False" }));
            }
            let mut stream = serde_json::Deserializer::from_str(expected).into_iter();
            let theirs: serde_json::Value = stream.next()?.ok()?;
            let length = stream.byte_offset();
            json_near(&theirs, &ours).then_some(&expected[length..])
        }
        _ => expected.strip_prefix(show(value, ty).as_str()),
    }
}

/// A value as the fixture prints it.
fn show(value: &Value, ty: Type) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::String(text) => format!("'{text}'"),
        Value::Guid(_) => format!("'{}'", kql::value::text::to_text(value)),
        Value::Dynamic(dynamic) => kql::dynamic::json::print(dynamic),
        Value::Real(number) => format!("{number}"),
        _ => {
            let _ = ty;
            kql::value::text::to_text(value)
        }
    }
}

fn number(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => text.parse().ok(),
    }
}

/// Equal to 9 significant digits.
fn near(left: f64, right: f64) -> bool {
    if left.is_nan() || right.is_nan() {
        return left.is_nan() && right.is_nan();
    }
    if left.is_infinite() || right.is_infinite() {
        return left.is_infinite() && right.is_infinite() && left.signum() == right.signum();
    }
    (left - right).abs() <= 1e-9 * left.abs().max(right.abs()) || (left - right).abs() < 1e-300
}

fn json_near(left: &serde_json::Value, right: &serde_json::Value) -> bool {
    use serde_json::Value as Json;
    match (left, right) {
        (Json::Number(left), Json::Number(right)) => match (left.as_i64(), right.as_i64()) {
            (Some(left), Some(right)) => left == right,
            _ => near(left.as_f64().unwrap(), right.as_f64().unwrap()),
        },
        (Json::Array(left), Json::Array(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|(left, right)| json_near(left, right))
        }
        (Json::Object(left), Json::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(key, value)| right.get(key).is_some_and(|other| json_near(value, other)))
        }
        _ => left == right,
    }
}

#[test]
fn the_comparison_tells_rows_apart() {
    let types = [Type::String, Type::Long, Type::Real, Type::Dynamic];
    let dynamic = kql::dynamic::json::parse("[1, 2]").into_value();
    let row = [
        Value::String("a', 'b".into()),
        Value::Long(1),
        Value::Real(0.1 + 0.2),
        dynamic,
    ];
    let text = "('a', 'b', 1, 0.3, [\n  1,\n  2\n])";
    assert!(row_matches(text, &row, &types));
    for (from, to) in [
        ("'b'", "'c'"),
        (" 1,", " 2,"),
        ("0.3", "0.31"),
        ("  2", "  3"),
        ("])", "], 1)"),
    ] {
        let other = text.replacen(from, to, 1);
        assert!(!row_matches(&other, &row, &types), "{other}");
    }
    assert_eq!(
        order("T | sort by a asc, b+1 | project a"),
        Some(vec![Some("a".to_owned()), None])
    );
    assert_eq!(order("T | sort by a | summarize count() by a"), None);
}
