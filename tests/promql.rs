//! The embedded PromQL engine by itself: places of errors, limits, stopping, and that no text makes it panic. What it answers is compared with a real server in
//! `promql_server.rs`.

#![expect(clippy::expect_used, reason = "helpers of tests")]

#[path = "promql/world.rs"]
mod world;

use std::cell::Cell;

use proptest::prelude::*;
use quarterdeck::promql::{self, Answer, ErrorKind, Series, Store};
use world::{END, START, labels};

fn never() -> bool {
    false
}

fn refused(query: &str) -> (String, std::ops::Range<usize>) {
    let error = promql::parse(query).expect_err(query);
    (error.message, error.span)
}

#[test]
fn errors_have_their_place_in_characters() {
    assert_eq!(
        refused("sum(ups{job=\"ä\"}) + frobnicate(up)"),
        ("unknown function with name \"frobnicate\"".into(), 20..30)
    );
    assert_eq!(
        refused("up{job=\"ä\"} + \"text\""),
        (
            "binary expression must contain only scalar and instant vector types".into(),
            14..20
        )
    );
    assert_eq!(refused("up{job=}").1, 7..8);
    assert_eq!(
        refused("rate(up[5m"),
        ("expected \"]\" after a range".into(), 10..10)
    );
    assert_eq!(
        refused("up ~ 1"),
        ("unexpected character: '~'".into(), 3..4)
    );
    // A space that came along from a page, which a live server refuses as well.
    assert_eq!(
        refused("up\u{a0}+ 1"),
        ("unexpected character: '\\u{a0}'".into(), 2..3)
    );
    assert_eq!(refused(""), ("no expression found in input".into(), 0..0));
}

#[test]
fn what_cannot_be_matched_is_said_with_its_series() {
    let store = world::store();
    let expr = promql::parse("1 + (up * on(job) up)").expect("a query");
    let error = promql::instant(&store, &expr, START + 600_000, &never).expect_err("many to many");
    assert_eq!(error.kind, ErrorKind::Execution);
    assert_eq!(error.span, 5..20);
    assert!(
        error.message.starts_with(
            "found duplicate series for the match group {job=\"commerce\"} on the right hand-side of the operation: [{__name__=\"up\", instance="
        ),
        "{error}"
    );
}

#[test]
fn limits_and_stop() {
    let store = world::store();
    let expr = promql::parse("sum(rate(http_requests_total[1h]))").expect("a query");
    let one = promql::parse("vector(1)").expect("a query");
    // As many as the server gives: 11,000 from the first to the last.
    let most = promql::range(&store, &one, START, START + 11_000_000, 1_000, &never);
    assert_eq!(most.expect("11,001 values")[0].1.len(), 11_001);
    let more = promql::range(&store, &one, START, START + 11_001_000, 1_000, &never);
    assert_eq!(more.expect_err("11,002 values").kind, ErrorKind::Limit);
    for (end, every) in [(END, 0), (END, -1), (START - 1, 1_000)] {
        let error = promql::range(&store, &expr, START, end, every, &never).expect_err("no steps");
        assert_eq!(error.kind, ErrorKind::Syntax);
    }
    let asked = Cell::new(0);
    let third = || {
        asked.set(asked.get() + 1);
        asked.get() == 3
    };
    let error = promql::range(&store, &expr, START, END, 1_000, &third).expect_err("stopped");
    assert_eq!((error.kind, asked.get()), (ErrorKind::Stopped, 3));
    let fine = promql::parse("max_over_time(up[10y:1ms])").expect("a query");
    let error = promql::instant(&store, &fine, END, &never).expect_err("too many steps");
    assert_eq!(error.kind, ErrorKind::Limit);
    let huge = promql::parse("last_over_time({job=\"commerce\"}[2h])").expect("a query");
    let error =
        promql::range(&store, &huge, START + 3_600_000, END, 500, &never).expect_err("too much");
    assert_eq!(error.kind, ErrorKind::Limit);
}

#[test]
fn a_step_past_the_end_of_time_is_the_last() {
    let one = promql::parse("vector(1)").expect("a query");
    let lines = promql::range(&Store::default(), &one, START, i64::MAX, i64::MAX, &never);
    assert_eq!(lines.expect("one value")[0].1, [(START, 1.0)]);
    let far = promql::parse("count_over_time(vector(1)[1s:290y])").expect("a query");
    let none = promql::instant(&Store::default(), &far, i64::MAX, &never);
    assert_eq!(none, Ok(Answer::Vector(Vec::new())));
}

#[test]
fn what_would_take_all_memory_is_refused() {
    let store = world::store();
    let first = "label_replace(vector(1), 'a', 'x', '', '')".to_owned();
    let doubled = (0..30).fold(first, |inner, _| {
        format!("label_replace({inner}, 'a', '$1$1', 'a', '(.*)')")
    });
    let long = "x".repeat(90_000);
    let many = format!(
        "count_values without () ('v', label_replace(vector(time()), 'a', '{long}', '', ''))"
    );
    for (query, says) in [
        (doubled, "the query makes a label too long"),
        (many, "the query makes too many labels;"),
        (
            "count_over_time(duration_seconds_bucket[1h:10ms])".to_owned(),
            "the query looks at more than 50000000 samples;",
        ),
    ] {
        let expr = promql::parse(&query).expect(&query);
        let answer = promql::range(&store, &expr, END - 3_000_000, END, 1_000, &never);
        let error = answer.map(|lines| lines.len()).expect_err(&query);
        assert_eq!(error.kind, ErrorKind::Limit, "{query}");
        assert!(error.message.starts_with(says), "{query}: {error}");
    }
    let long = format!("up{}", " ".repeat(100_000));
    assert_eq!(refused(&long).0, "the query is longer than 100000 bytes");
}

#[test]
fn what_go_reads_otherwise_is_not_run() {
    for (pattern, sign) in [(r"\Qa.b\E", r"\Q"), ("(?x) a", "(?x"), (r"a|\u0062", r"\u")] {
        let says = format!(
            "the drill's metrics do not do `{sign}` in a regular expression; a live Prometheus may"
        );
        let place = 6..8 + pattern.len();
        assert_eq!(
            refused(&format!("up{{a=~`{pattern}`}}")),
            (says.clone(), place)
        );
        let expr = promql::parse(&format!(
            "label_replace(vector(1), 'b', 'c', 'a', `{pattern}`)"
        ));
        let error = promql::instant(&Store::default(), &expr.expect("a query"), START, &never);
        assert_eq!(error.expect_err(pattern).message, says);
    }
}

#[test]
fn a_range_vector_has_no_chart() {
    let expr = promql::parse("up[5m]").expect("a query");
    let error = promql::range(&world::store(), &expr, START, END, 60_000, &never).expect_err("no");
    assert_eq!(
        error.to_string(),
        "invalid expression type \"range vector\" for range query, must be Scalar or instant Vector"
    );
}

#[test]
fn a_series_takes_only_what_is_newer() {
    let mut up = Series {
        labels: labels("up", &[("job", "a")]),
        points: Vec::new(),
    };
    assert!(up.push(1_000, 1.0));
    assert!(!up.push(1_000, 0.0), "the same time again");
    assert!(!up.push(999, 0.0), "earlier");
    assert!(up.end(2_000));
    assert_eq!(up.last(), None);
    assert!(up.push(3_000, 5.0));
    assert_eq!((up.last(), up.points.len()), (Some(5.0), 3));
}

#[test]
fn no_line_is_not_zero() {
    let store = world::store();
    let expr = promql::parse("sum(increase(commerce_transition_org_mismatch_total[5m]))")
        .expect("a query");
    // Before the first mismatch there is no counter, and so no answer.
    let before = promql::instant(&store, &expr, START + 60_000, &never).expect("an answer");
    assert_eq!(before, Answer::Vector(Vec::new()));
    let lines = promql::range(&store, &expr, START, END, 60_000, &never).expect("an answer");
    let first = lines[0].1[0];
    assert!(
        first.0 >= START + 30 * 60_000 && lines[0].1.len() < 95,
        "{first:?}"
    );
}

/// Words of the language in any order: nearer to queries than any text.
const WORDS: &[&str] = &[
    "up",
    "odd",
    "{",
    "}",
    "job",
    "=",
    "=~",
    "!=",
    "\"a\"",
    "\".*\"",
    "(",
    ")",
    "[",
    "]",
    "5m",
    "1h",
    ":",
    ",",
    "offset",
    "@",
    "1700003600",
    "-",
    "+",
    "*",
    "/",
    "^",
    "%",
    "==",
    "bool",
    "and",
    "or",
    "unless",
    "on",
    "ignoring",
    "group_left",
    "by",
    "without",
    "sum",
    "topk",
    "rate",
    "label_replace",
    "histogram_quantile",
    "absent",
    "time",
    "1",
    "NaN",
    "start",
    "#",
    "\n",
    "é",
];

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,60}") {
        let _ = promql::parse(&text);
    }

    #[test]
    fn no_words_make_it_panic(words in proptest::collection::vec(proptest::sample::select(WORDS), 1..14)) {
        let text = words.join(" ");
        match promql::parse(&text) {
            Ok(expr) => {
                let _ = promql::instant(&Store::default(), &expr, i64::MAX, &never);
                let _ = promql::instant(&Store::default(), &expr, i64::MIN, &never);
            }
            Err(error) => {
                prop_assert!(error.span.start <= error.span.end, "{error:?}");
                prop_assert!(error.span.end <= text.chars().count(), "{error:?}");
            }
        }
    }
}

#[test]
fn what_is_nested_too_deep_is_refused() {
    for (open, close) in [
        ("(", ")"),
        ("-", ""),
        ("abs(", ")"),
        ("sum(", ")"),
        ("1 ^ ", ""),
        ("1 + ", ""),
    ] {
        let text = format!("{}up{}", open.repeat(50_000), close.repeat(50_000));
        assert_eq!(
            promql::parse(&text).expect_err(open).kind,
            ErrorKind::Syntax
        );
    }
    // Each chain is short, and each parenthesis begins another: the tree is as deep as all together.
    let chained = |inner: String, _| format!("({inner}{})", " + 1".repeat(99));
    let text = (0..48).fold("vector(1)".to_owned(), chained);
    assert_eq!(refused(&text).0, "the query has more than 250 operators");
    // As deep as they come, it is answered on the stack that a test has.
    let chained = |inner: String, _| format!("(-{inner}{})", " + 1".repeat(10));
    let text = (0..24).fold("vector(1)".to_owned(), chained);
    let expr = promql::parse(&text).expect("240 operators, nested 24 times");
    let answer = promql::instant(&Store::default(), &expr, START, &never);
    assert!(matches!(answer, Ok(Answer::Vector(_))), "{answer:?}");
}
