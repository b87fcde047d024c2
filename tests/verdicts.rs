//! Verdicts and suggestions over results: each line of the tables is a result, expressions, and what comes of them.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use quarterdeck::model::answer::{Answer, AnswerBody};
use quarterdeck::model::ids::ActionId;
use quarterdeck::model::playbook::{Choice, Expression, Judge};
use quarterdeck::model::request::Outcome;
use quarterdeck::model::table::{Column, ColumnKind, Row, RowStore, Rows, Sample, Series};
use quarterdeck::model::verdict::{Judgement, Verdict};
use quarterdeck::model::{Mode, Timestamp};
use quarterdeck::record::entry::Hash;
use quarterdeck::verdict::{
    Facts, Proof, Question, Reference, SuggestionQuestion, judge, not_ended, suggest, with_doubt,
};

use Verdict::{Fail, Inconclusive, Pass};

fn now() -> Timestamp {
    "2026-01-31T03:30:00Z".parse().unwrap()
}

fn minutes_ago(minutes: i64) -> Timestamp {
    now() - jiff::SignedDuration::from_mins(minutes)
}

fn answer(body: AnswerBody) -> Answer {
    Answer {
        outcome: Outcome::default(),
        started_at: now(),
        ended_at: now(),
        body,
    }
}

/// A table from `name:kind` words and rows of cells; `∅` is NULL.
fn table(columns: &str, rows: &[&str]) -> Answer {
    let columns = columns.split_whitespace().map(|word| {
        let (name, kind) = word.split_once(':').unwrap();
        Column {
            name: name.into(),
            kind: match kind {
                "int" => ColumnKind::Integer,
                "num" => ColumnKind::Number,
                "bool" => ColumnKind::Bool,
                "time" => ColumnKind::Timestamp,
                "span" => ColumnKind::Interval,
                "json" => ColumnKind::Json,
                _ => ColumnKind::Text,
            },
            type_name: kind.into(),
        }
    });
    let row = |cells: &&str| -> Row {
        let cells = cells.split('|');
        cells
            .map(|cell| (cell != "∅").then(|| cell.into()))
            .collect()
    };
    answer(AnswerBody::Table {
        columns: columns.collect(),
        rows: Rows::from_vec(rows.iter().map(row).collect()),
    })
}

/// Cross-org entries: mismatched, unknown, checked.
fn audit(row: &str) -> Answer {
    table("mismatched:int unknown:int checked:int", &[row])
}

/// A line of a chart: a value each minute, the last one now; `_` is a minute without a sample.
fn line(label: &str, values: &str) -> Series {
    let values: Vec<&str> = values.split_whitespace().collect();
    let last = values.len() as i64 - 1;
    let samples = values.iter().zip(0..).filter(|(value, _)| **value != "_");
    Series {
        label: label.into(),
        samples: samples
            .map(|(value, at)| Sample {
                at: minutes_ago(last - at),
                value: value.parse().unwrap(),
            })
            .collect(),
    }
}

fn chart(values: &str) -> Answer {
    answer(AnswerBody::Chart(vec![line("", values)]))
}

fn output(stdout: &str) -> Answer {
    answer(AnswerBody::Output {
        stdout: stdout.into(),
        stderr: String::new(),
    })
}

fn with_outcome(mut answer: Answer, change: impl FnOnce(&mut Outcome)) -> Answer {
    change(&mut answer.outcome);
    answer
}

fn facts() -> Facts {
    let map = |pairs: &[(&str, &str, &str)]| {
        let pairs = pairs.iter();
        pairs
            .map(|(id, kind, text)| ((*id).to_owned(), ((*kind).to_owned(), (*text).to_owned())))
            .collect()
    };
    Facts {
        now: now(),
        mode: Mode::Live,
        incident_id: "0195-7f3a".into(),
        operator: "alice".into(),
        severity: Some("P1".into()),
        inputs: map(&[
            ("actor_id", "text", "u-1"),
            ("most", "integer", "5"),
            ("window", "lookback", "15m"),
        ]),
        decisions: BTreeMap::from([
            ("pattern".into(), vec!["attack".into()]),
            ("systems".into(), vec!["api".into(), "jobs".into()]),
        ]),
        many: vec!["systems".into()],
        milestones: vec!["aware".into(), "confirmed".into()],
    }
}

fn question(answer: Answer, expect: &str, doubt: &str) -> Question {
    let expression = |text: &str| {
        (!text.is_empty()).then(|| Expression {
            text: text.into(),
            span: 0..0,
        })
    };
    Question {
        action: "check".into(),
        judge: Judge {
            expect: expression(expect),
            doubt: expression(doubt),
            ..Judge::default()
        },
        answer,
        own_limit: None,
        stale_after: None,
        others: BTreeMap::new(),
        proofs: Vec::new(),
        held_since: None,
        facts: facts(),
    }
}

fn check(question: &Question, verdict: Verdict, reason: &str) -> Judgement {
    let judgement = judge(question);
    let expect = &question.judge.expect.as_ref().unwrap().text;
    assert_eq!(judgement.verdict, verdict, "{expect}: {judgement:#?}");
    let reasons = judgement.reasons.join("\n");
    assert!(
        reasons.contains(reason),
        "{expect}: {reason:?} not in {reasons}"
    );
    judgement
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of data")]
fn expressions_over_results_and_facts() {
    let typed = || {
        table(
            "n:int x:num ok:bool at:time age:span doc:json who:text",
            &[
                "3|0.25|t|2026-01-31 04:12:44+01|00:15:00|{\"org\": \"a\"}|u-1",
                "∅|∅|∅|∅|∅|∅|∅",
            ],
        )
    };
    let script = || {
        with_outcome(output("pod-1 up\npod-2 down\n"), |of| {
            of.exit_code = Some(1);
        })
    };
    let silent = || {
        with_outcome(answer(AnswerBody::Nothing), |outcome| {
            outcome.exit_code = Some(0);
        })
    };
    let reply = || with_outcome(output("{\"status\":\"UP\"}"), |of| of.status = Some(200));
    let touched = || with_outcome(answer(AnswerBody::Nothing), |of| of.rows = Some(4));
    for (answer, expect, verdict, reason) in [
        // Types.
        (
            typed(),
            "rows[0].n == 3 && rows[0].x == 0.25 && rows[0].ok",
            Pass,
            "rows[0].x is 0.25",
        ),
        (
            typed(),
            "rows[0].at == '2026-01-31T03:12:44.000Z'",
            Pass,
            "as expected",
        ),
        (
            typed(),
            "rows[0].age == 900 && rows[0].age == inputs.window",
            Pass,
            "rows[0].age is 900",
        ),
        (
            typed(),
            "rows[0].doc.org == 'a'",
            Pass,
            "rows[0].doc.org is \"a\"",
        ),
        (
            typed(),
            "rows[0].who == inputs.actor_id && rows[0].n < inputs.most",
            Pass,
            "",
        ),
        (
            typed(),
            "count == 2 && distinct(rows, 'who') == 1",
            Pass,
            "count is 2",
        ),
        // Facts.
        (
            typed(),
            "severity == 'P1' && mode == 'live' && operator == 'alice'",
            Pass,
            "",
        ),
        (
            typed(),
            "decision['pattern'] == 'attack' && 'jobs' in decision['systems']",
            Pass,
            "",
        ),
        (
            typed(),
            "'confirmed' in milestone && incident_id == '0195-7f3a'",
            Pass,
            "",
        ),
        // Scripts and HTTP.
        (
            script(),
            "exit == 1 && lines[1].endsWith('down') && size(lines) == 2",
            Pass,
            "exit is 1",
        ),
        (
            script(),
            "stdout.contains('error')",
            Fail,
            "stdout.contains('error') is false",
        ),
        (
            silent(),
            "exit == 0 && stdout == '' && size(lines) == 0",
            Pass,
            "stdout is \"\"",
        ),
        (
            reply(),
            "status == 200 && body.contains('UP')",
            Pass,
            "status is 200",
        ),
        (touched(), "count == 4", Pass, "count is 4"),
        // What does not hold.
        (
            typed(),
            "rows[0].n == 4",
            Fail,
            "rows[0].n is 3; expected rows[0].n == 4",
        ),
        (typed(), "false", Fail, "it does not hold: false"),
        // Errors are never false: unknown names, missing columns, wrong types, NULL.
        (
            typed(),
            "rows[0].missing == 0",
            Inconclusive,
            "nothing here is named missing",
        ),
        (
            typed(),
            "rows[7].n == 0",
            Inconclusive,
            "no row of that number",
        ),
        (
            typed(),
            "rows[0].who == 1",
            Inconclusive,
            "cannot be compared",
        ),
        (
            typed(),
            "rows[0].who > 1",
            Inconclusive,
            "cannot be compared",
        ),
        (typed(), "rows[1].n == 0", Inconclusive, "NULL"),
        (typed(), "rows[1].n != 0", Inconclusive, "NULL"),
        (typed(), "rows[1].n > 0", Inconclusive, "compared"),
        (typed(), "rows[1].n == null", Pass, "rows[1].n is NULL"),
        (typed(), "rows[1].n == null || rows[1].n == 0", Pass, ""),
        (typed(), "rows.exists(r, r.who == 'u-1')", Pass, ""),
        (typed(), "count", Inconclusive, "expected true or false"),
        (
            typed(),
            "count == == 2",
            Inconclusive,
            "the expectation could not be evaluated",
        ),
        (
            typed(),
            "exit == 0",
            Inconclusive,
            "this result has no exit",
        ),
        (
            typed(),
            "last == 0",
            Inconclusive,
            "last belongs to a chart",
        ),
        (
            typed(),
            "decision['plan'] == 'a'",
            Inconclusive,
            "the decision plan was not made yet",
        ),
        (
            typed(),
            "inputs.table == 'a'",
            Inconclusive,
            "the input table has no value",
        ),
        (
            chart("0 0"),
            "rows[0].n == 0",
            Inconclusive,
            "this result is a chart",
        ),
        (
            reply(),
            "exit == 0",
            Inconclusive,
            "this result has no exit",
        ),
        // Two columns of one name: neither is meant.
        (
            table("n:int n:int", &["0|1"]),
            "rows[0].n == 1",
            Inconclusive,
            "several columns are named n",
        ),
        (
            table("n:int n:int k:int", &["0|1|2"]),
            "rows[0].k == 2",
            Pass,
            "",
        ),
    ] {
        check(&question(answer, expect, ""), verdict, reason);
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of data")]
fn what_held_but_cannot_be_believed_is_inconclusive() {
    let good = || audit("0|0|120");
    let bad = || audit("3|0|120");
    let clean = "rows[0].mismatched == 0";
    let doubt = "rows[0].unknown > 0 || rows[0].checked == 0";
    let cut = |answer| with_outcome(answer, |of| of.truncated = Some("row cap: only 100".into()));
    let partial = |answer| with_outcome(answer, |of| of.partial = Some("1 shard of 3".into()));
    let blind = |answer| with_outcome(answer, |of| of.blind = Some("row-level security".into()));
    let stale = |answer| with_outcome(answer, |of| of.newest = Some(minutes_ago(12)));
    let empty = || table("n:int", &[]);
    for (answer, expect, doubt, verdict, reason) in [
        (
            good(),
            clean,
            doubt,
            Pass,
            "as expected: rows[0].mismatched is 0",
        ),
        (bad(), clean, doubt, Fail, "rows[0].mismatched is 3"),
        (
            audit("0|2|120"),
            clean,
            doubt,
            Inconclusive,
            "in doubt: rows[0].unknown is 2",
        ),
        (
            audit("0|0|0"),
            clean,
            doubt,
            Inconclusive,
            "rows[0].checked is 0",
        ),
        (audit("3|2|120"), clean, doubt, Fail, "in doubt"),
        (
            good(),
            clean,
            "rows[0].missing > 0",
            Inconclusive,
            "the doubt could not be evaluated",
        ),
        (
            bad(),
            clean,
            "rows[0].missing > 0",
            Inconclusive,
            "rows[0].mismatched is 3",
        ),
        (audit("0|∅|120"), clean, doubt, Inconclusive, "compared"),
        (
            cut(good()),
            clean,
            doubt,
            Inconclusive,
            "incomplete: row cap: only 100",
        ),
        (
            cut(bad()),
            clean,
            doubt,
            Fail,
            "incomplete: row cap: only 100",
        ),
        (
            partial(good()),
            clean,
            doubt,
            Inconclusive,
            "a part is missing: 1 shard of 3",
        ),
        (partial(bad()), clean, doubt, Fail, "a part is missing"),
        (
            blind(good()),
            clean,
            doubt,
            Inconclusive,
            "row-level security",
        ),
        (blind(bad()), clean, doubt, Fail, "row-level security"),
        (
            stale(good()),
            clean,
            doubt,
            Inconclusive,
            "the newest sample is 12m old, at most 5m",
        ),
        (stale(bad()), clean, doubt, Fail, "12m old"),
        (
            empty(),
            "count == 0",
            "",
            Inconclusive,
            "nothing was found, and nothing says",
        ),
        (
            empty(),
            "rows.all(r, r.n == 0)",
            "",
            Inconclusive,
            "nothing was found",
        ),
        (empty(), "count == 0", "count > 10", Pass, "count is 0"),
        (empty(), "count > 0", "", Fail, "count is 0"),
        (
            empty(),
            "rows[0].n == 0",
            "",
            Inconclusive,
            "no row of that number",
        ),
        (
            answer(AnswerBody::Chart(vec![])),
            "count == 0",
            "",
            Inconclusive,
            "nothing was found",
        ),
        (
            answer(AnswerBody::Chart(vec![])),
            "last == 0",
            "count < 3",
            Inconclusive,
            "NULL",
        ),
    ] {
        let mut question = question(answer, expect, doubt);
        question.stale_after = Some(Duration::from_secs(300));
        let judgement = check(&question, verdict, reason);
        assert_eq!(
            judgement.held,
            judgement.reasons.iter().all(|reason| {
                !reason.contains("; expected") && !reason.contains("the expectation could not")
            }),
            "{expect}: {judgement:?}"
        );
    }
}

/// So many rows of one number, none of which is in memory.
struct Many(usize);

impl RowStore for Many {
    fn len(&self) -> usize {
        self.0
    }

    fn read(&self, range: std::ops::Range<usize>) -> Vec<Row> {
        assert!(range.len() <= 10_000, "{range:?} is read at once");
        let rows = range.start..range.end.min(self.0);
        rows.map(|_| vec![Some("1".into())]).collect()
    }
}

/// Rows that the disk does not give back.
struct Lost;

impl RowStore for Lost {
    fn len(&self) -> usize {
        3
    }

    fn read(&self, _range: std::ops::Range<usize>) -> Vec<Row> {
        Vec::new()
    }
}

#[test]
fn counts_always_work_and_rows_up_to_ten_thousand() {
    let many = |rows: Rows| {
        let mut answer = table("n:int", &[]);
        if let AnswerBody::Table { rows: of, .. } = &mut answer.body {
            *of = rows;
        }
        answer
    };
    let of = |count| many(Rows(Arc::new(Many(count))));
    for (answer, expect, doubt, own_limit, verdict, reason) in [
        (
            of(1_000_000),
            "count == 1000000",
            "",
            None,
            Pass,
            "count is 1000000",
        ),
        (
            of(1_000_000),
            "count == 0",
            "",
            None,
            Fail,
            "count is 1000000",
        ),
        (
            of(1_000_000),
            "rows[0].n == 1",
            "",
            None,
            Inconclusive,
            "only up to 10000: use count",
        ),
        (
            of(10_001),
            "distinct(rows, 'n') == 1",
            "",
            None,
            Inconclusive,
            "10001 rows",
        ),
        (
            of(10_000),
            "distinct(rows, 'n') == 1",
            "",
            None,
            Pass,
            "distinct(rows, 'n') is 1",
        ),
        (
            of(1_000_000),
            "count > 0",
            "rows[0].n > 1",
            None,
            Inconclusive,
            "only up to 10000",
        ),
        (
            many(Rows(Arc::new(Lost))),
            "rows[0].n == 1",
            "",
            None,
            Inconclusive,
            "could not be read",
        ),
        (
            of(50),
            "count > 0",
            "",
            Some(50),
            Inconclusive,
            "own limit of 50 rows is filled",
        ),
        (of(49), "count > 0", "", Some(50), Pass, ""),
        (
            of(50),
            "count == 0",
            "",
            Some(50),
            Fail,
            "own limit of 50 rows is filled",
        ),
    ] {
        let mut question = question(answer, expect, doubt);
        question.own_limit = own_limit;
        check(&question, verdict, reason);
    }
}

#[test]
fn charts_are_judged_by_all_their_lines() {
    let two = |left: &str, right: &str| {
        answer(AnswerBody::Chart(vec![
            line("machine=order", left),
            line("machine=refund", right),
        ]))
    };
    for (answer, expect, doubt, verdict, reason) in [
        (
            chart("1 2 3"),
            "last == 3 && value == 3 && max == 3 && sum == 6 && count == 3",
            "",
            Pass,
            "",
        ),
        (chart("5 0"), "last == 0", "count < 2", Pass, "last is 0"),
        (chart("5 NaN"), "last == 5 && count == 1", "", Pass, ""),
        (
            two("0 0", "0 0"),
            "last == 0 && sum == 0",
            "",
            Pass,
            "last is 0 (machine=order)",
        ),
        (
            two("0 0", "0 4"),
            "last == 0",
            "",
            Fail,
            "last is 4 (machine=refund)",
        ),
        (
            two("1 1", "0 0"),
            "last >= 1",
            "",
            Fail,
            "last is 0 (machine=refund)",
        ),
        (
            two("1 1", "2 2"),
            "sum == 6 && max == 2 && count == 4",
            "",
            Pass,
            "sum is 6",
        ),
        (
            two("1 1", "1 9"),
            "last >= 1",
            "last > 5",
            Inconclusive,
            "in doubt: last is 9",
        ),
    ] {
        check(&question(answer, expect, doubt), verdict, reason);
    }
}

#[test]
fn a_chart_is_stale_when_its_next_sample_is_long_due() {
    let every = |step: i64, newest: i64| {
        let mut series = line("", "1 1 1 1");
        for (sample, back) in series.samples.iter_mut().rev().zip(0..) {
            sample.at = minutes_ago(newest + back * step);
        }
        answer(AnswerBody::Chart(vec![series]))
    };
    for (answer, verdict, reason) in [
        (every(1, 2), Pass, ""),
        (
            every(1, 6),
            Inconclusive,
            "the newest sample is 6m old, at most 5m count",
        ),
        (every(30, 40), Pass, ""),
        (every(30, 61), Inconclusive, "61m old"),
    ] {
        let mut question = question(answer, "last == 1", "count < 3");
        question.stale_after = Some(Duration::from_secs(300));
        check(&question, verdict, reason);
    }
}

#[test]
fn other_results_are_looked_up() {
    let reference = |reference| BTreeMap::from([(ActionId::new("heartbeat"), reference)]);
    let missing = || Reference::Missing("heartbeat was not run yet: run it first".into());
    let here = || Reference::Here(chart("1 2"));
    let expect = "rows[0].mismatched == 0 && result['heartbeat'].last >= 1";
    for (others, expect, verdict, reason) in [
        (here(), expect, Pass, "result['heartbeat'].last is 2"),
        (
            here(),
            "result['heartbeat'].count == 5",
            Fail,
            "result['heartbeat'].count is 2",
        ),
        (
            here(),
            "result['heartbeat'].rows[0].n == 5",
            Inconclusive,
            "heartbeat: rows belong to a table",
        ),
        (
            here(),
            "result['other'].count == 0",
            Inconclusive,
            "the result of other is not at hand",
        ),
        (missing(), expect, Inconclusive, "heartbeat was not run yet"),
        (
            Reference::Evidence(Hash::default()),
            expect,
            Inconclusive,
            "was not read",
        ),
    ] {
        let mut question = question(audit("0|0|1"), expect, "");
        question.others = reference(others);
        check(&question, verdict, reason);
    }
}

#[test]
fn proofs_must_have_passed_and_not_long_ago() {
    let ago = |verdict, minutes| Some((verdict, minutes_ago(minutes)));
    let hour = Some(Duration::from_secs(3_600));
    for (judged, age, mismatched, verdict, reason) in [
        (ago(Pass, 5), None, "0", Pass, "as expected"),
        (ago(Pass, 15), None, "0", Pass, "as expected"),
        (
            ago(Pass, 16),
            None,
            "0",
            Inconclusive,
            "passed 16m ago, at most 15m count",
        ),
        (ago(Pass, 59), hour, "0", Pass, ""),
        (ago(Pass, 61), hour, "0", Inconclusive, "passed 61m ago"),
        (
            ago(Fail, 1),
            None,
            "0",
            Inconclusive,
            "the proof alive ended in FAIL",
        ),
        (
            ago(Inconclusive, 1),
            None,
            "0",
            Inconclusive,
            "ended in INCONCLUSIVE",
        ),
        (
            None,
            None,
            "0",
            Inconclusive,
            "the proof alive was not judged yet: run it first",
        ),
        (None, None, "3", Fail, "rows[0].mismatched is 3"),
    ] {
        let answer = audit(&format!("{mismatched}|0|9"));
        let mut question = question(answer, "rows[0].mismatched == 0", "");
        question.judge.proof = vec!["alive".into()];
        question.judge.proof_age = age;
        question.proofs = vec![Proof {
            action: "alive".into(),
            judged,
        }];
        let judgement = check(&question, verdict, reason);
        assert_eq!(
            judgement.proofs[0].verdict,
            judged.map(|(verdict, _)| verdict)
        );
    }
    let mut question = question(table("n:int", &[]), "count == 0", "");
    question.judge.proof = vec!["alive".into()];
    check(&question, Inconclusive, "was not judged yet");
    question.proofs = vec![Proof {
        action: "alive".into(),
        judged: ago(Pass, 1),
    }];
    check(&question, Pass, "count is 0");
}

#[test]
fn what_must_be_sustained_is_looked_at_sample_by_sample() {
    let five = Some(Duration::from_secs(300));
    for (values, expect, verdict, reason) in [
        ("9 0 0 0 0 0 0", "last == 0", Pass, "last is 0"),
        (
            "0 9 0 0 0 0 0",
            "last == 0",
            Inconclusive,
            "did not hold at 03:25:00 UTC: the value was 9",
        ),
        (
            "0 0 0 0 0 9 0",
            "value == 0",
            Inconclusive,
            "did not hold at 03:29:00 UTC",
        ),
        ("0 0 0 0 0 0 9", "last == 0", Fail, "last is 9"),
        ("0 0 0 0 0 0 0", "max == 0", Pass, ""),
        (
            "0 0 0",
            "last == 0",
            Inconclusive,
            "no sample for 3m before 03:28:00 UTC",
        ),
        (
            "0 0 0 _ _ _ 0",
            "last == 0",
            Inconclusive,
            "no sample for 4m before 03:30:00 UTC",
        ),
        ("0 0 0 0 _ 0 0", "last == 0", Pass, ""),
        (
            "0 0 0 0 0 0 0 0 _ _ _",
            "last == 0",
            Inconclusive,
            "no sample for 3m before 03:30:00 UTC",
        ),
        ("0", "last == 0", Inconclusive, "fewer than 2 samples"),
    ] {
        let mut series = line("", values);
        series.samples.retain(|sample| !sample.value.is_nan());
        let mut question = question(answer(AnswerBody::Chart(vec![series])), expect, "count < 1");
        question.judge.sustained = five;
        check(&question, verdict, reason);
    }
    for (held_since, verdict, reason) in [
        (Some(5), Pass, ""),
        (Some(4), Inconclusive, "it has held for 4m of 5m"),
        (None, Inconclusive, "it has held for 0s of 5m"),
    ] {
        let mut question = question(audit("0|0|9"), "rows[0].mismatched == 0", "");
        question.judge.sustained = five;
        question.held_since = held_since.map(minutes_ago);
        assert!(check(&question, verdict, reason).held);
    }
}

#[test]
fn figures_are_the_parts_as_written() {
    let judged = judge(&question(
        audit("3|0|120"),
        "rows[0].mismatched == 0",
        "rows[0].unknown > 0 || rows[0].missing == 0",
    ));
    let figures: Vec<String> = judged
        .figures
        .iter()
        .map(|figure| format!("{} = {}", figure.of, figure.is))
        .collect();
    assert_eq!(
        figures,
        [
            "rows[0].mismatched = 3",
            "rows[0].unknown = 0",
            "rows[0].missing = nothing here is named missing"
        ]
    );
}

#[test]
fn a_run_without_a_result_is_inconclusive_and_a_doubt_takes_a_pass_away() {
    assert_eq!(not_ended("timed out").verdict, Inconclusive);
    for (answer, verdict, first) in [
        (audit("0|0|1"), Inconclusive, "its rows could not be kept"),
        (
            audit("3|0|1"),
            Fail,
            "rows[0].mismatched is 3; expected rows[0].mismatched == 0",
        ),
    ] {
        let judged = judge(&question(answer, "rows[0].mismatched == 0", ""));
        let doubted = with_doubt(judged, "its rows could not be kept");
        assert_eq!(
            (doubted.verdict, doubted.reasons[0].as_str()),
            (verdict, first)
        );
        assert!(
            doubted
                .reasons
                .iter()
                .any(|reason| reason == "its rows could not be kept")
        );
    }
}

#[test]
fn choices_are_suggested_by_the_results_they_are_over() {
    let choice = |name: &str, when: Option<&str>| Choice {
        name: name.into(),
        cells: vec![],
        suggest_when: when.map(String::from),
        then: vec![],
        span: 0..0,
    };
    let who = table("actorId:text org:text", &["u-1|a", "u-1|b", "u-1|∅"]);
    let many = "distinct(rows, 'actorId') == 1 && distinct(rows, 'org') > 1";
    let ask = |over: Reference, when: &str| {
        let question = SuggestionQuestion {
            choices: vec![choice("this", Some(when)), choice("other", None)],
            over: vec![
                ("who".into(), over),
                ("audit".into(), Reference::Here(audit("3|0|9"))),
            ],
            others: BTreeMap::from([(
                "spike".into(),
                Reference::Missing("spike was not run yet: run it first".into()),
            )]),
            facts: facts(),
        };
        let suggestions = suggest(&question);
        assert_eq!(suggestions[1].suggested, Ok(false));
        suggestions[0].clone()
    };
    let here = || Reference::Here(who.clone());
    for (over, when, expected) in [
        (here(), many, Ok(true)),
        (here(), "count > 3", Ok(false)),
        (here(), "result['audit'].rows[0].mismatched == 3", Ok(true)),
        (here(), "result['who'].count == 3", Ok(true)),
        (
            here(),
            "rows[0].missing == 1",
            Err("nothing here is named missing"),
        ),
        (
            here(),
            "result['spike'].max > 1",
            Err("spike was not run yet"),
        ),
        (
            Reference::Missing("run it".into()),
            "count > 3",
            // Another result that `over` names answers in its place.
            Ok(false),
        ),
        (
            Reference::Missing("run it".into()),
            "severity == 'P1'",
            Ok(true),
        ),
        (
            here(),
            "count >",
            Err("Suggest when could not be evaluated"),
        ),
    ] {
        let suggestion = ask(over, when);
        match (&suggestion.suggested, expected) {
            (Ok(found), Ok(expected)) => assert_eq!(*found, expected, "{when}"),
            (Err(found), Err(expected)) => assert!(found.contains(expected), "{when}: {found}"),
            other => unreachable!("{when}: {other:?}"),
        }
    }
    let figures = ask(here(), many).figures;
    assert_eq!(
        (figures[0].of.as_str(), figures[0].is.as_str()),
        ("distinct(rows, 'actorId')", "1")
    );
    assert_eq!(figures[1].is, "2");
}

/// What cannot be computed names the result that it lacks, not another one of the expression.
#[test]
fn a_suggestion_over_a_result_without_lines_names_that_result() {
    let who = table("actorId:text", &["u-1"]);
    let ask = |when: &str| {
        let question = SuggestionQuestion {
            choices: vec![Choice {
                name: "this".into(),
                cells: vec![],
                suggest_when: Some(when.into()),
                then: vec![],
                span: 0..0,
            }],
            over: vec![
                ("skipped".into(), Reference::Missing("run it".into())),
                ("who".into(), Reference::Here(who.clone())),
            ],
            others: BTreeMap::from([
                ("log".into(), Reference::Here(output(""))),
                ("spike".into(), Reference::Here(chart("1 2"))),
            ]),
            facts: facts(),
        };
        suggest(&question).remove(0).suggested.unwrap_err()
    };
    for (when, said) in [
        (
            "result['who'].count == 1 && result['log'].lines[0] == 'x'",
            "there is no row of that number; log: this result has no lines",
        ),
        (
            "result['who'].count == 1 && result['spike'].rows[0].n == 1",
            "spike: rows belong to a table, and this result is a chart",
        ),
        ("lines[0] == 'x'", "who: this result has no lines"),
        (
            "result['log'].count == 0 && result['who'].max > 1",
            "who: max belongs to a chart",
        ),
    ] {
        let error = ask(when);
        assert!(error.contains(said), "{when}: {error}");
    }
}
