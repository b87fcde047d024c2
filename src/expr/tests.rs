//! Tests of the module above.

use super::*;
use serde_json::json;

fn rows() -> Scope {
    Scope::new()
        .with("count", 2)
        .with(
            "rows",
            json!([{"actor": "u-1", "n": 3.0, "org": ""}, {"actor": "u-1", "n": 4.5, "org": null}]),
        )
        .with("milestone", json!(["aware"]))
        .with("result", json!({"cross-org": {"count": 0}}))
        .with("max", 4.5)
}

#[test]
fn expressions_over_results() {
    for (text, expected) in [
        ("count == 2", json!(true)),
        ("distinct(rows, \"actor\") == 1", json!(true)),
        ("distinct(rows, 'org')", json!(0)),
        ("rows[0].n == 3 && rows[1].n > 4", json!(true)),
        ("rows.exists(r, r.n > 4)", json!(true)),
        ("'aware' in milestone", json!(true)),
        ("result[\"cross-org\"].count == 0", json!(true)),
        ("max > 4", json!(true)),
        ("size(rows)", json!(2)),
    ] {
        let parsed = parse(text).unwrap();
        assert_eq!(evaluate(&parsed, &rows()), Ok(expected), "{text}");
    }
}

#[test]
fn an_error_is_never_false() {
    for text in [
        "nothing > 1",
        "rows[7].n > 1",
        "rows[0].missing == 0",
        "rows[1].org > 1",
        "distinct(rows, 'missing') == 0",
        "count / 0 == 1",
    ] {
        let parsed = parse(text).unwrap();
        assert!(evaluate(&parsed, &rows()).is_err(), "{text}");
    }
    assert!(holds(&parse("count").unwrap(), &rows()).is_err());
}

#[test]
fn deep_and_long_texts_are_refused_without_harm() {
    let deep = format!("{}1{}", "(".repeat(400), ")".repeat(400));
    let mixed = format!("{}!{}", "[{".repeat(30), "}]".repeat(30));
    let long = "1+".repeat(1_900) + "1";
    let huge = "a".repeat(limits::EXPRESSION_BYTES + 1);
    for text in [&mixed, long.as_str(), &huge, "", "a ==", "rows[", "'"] {
        assert!(parse(text).is_err(), "{}", text.len());
    }
    // What is let through must neither overflow the stack of a small thread while parsing nor while evaluating.
    let nest = |open: &str, middle: &str, close: &str, times: usize| {
        format!("{}{middle}{}", open.repeat(times), close.repeat(times))
    };
    for times in 1..60 {
        for text in [
            nest("(", "1", ")", times),
            nest("1+", "1", "", times),
            nest("!", "true", "", times),
            nest("[1].exists(r, ", "r == 1", ")", times),
            nest("[1].map(r, ", "r", ")", times),
            nest("true ? ", "1", " : 2", times),
            nest("[", "1", "]", times),
            nest("{'a': ", "1", "}", times),
            nest("size([", "1", "])", times),
            nest("{'a': 1}['a'] + [0][", "0", "]", times),
        ] {
            if let Ok(parsed) = parse(&text) {
                assert!(
                    evaluate(&parsed, &Scope::new()).is_ok() || times > 1,
                    "{text}"
                );
            }
        }
    }
    let _ = parse(&deep);
    let many = vec!["count == 2"; 100].join(" || ");
    assert_eq!(evaluate(&parse(&many).unwrap(), &rows()), Ok(json!(true)));
}

#[test]
fn errors_point_at_the_place() {
    let error = parse("count == == 2").unwrap_err();
    assert_eq!(error.position, 9, "{error}");
}

#[test]
fn bound_variables_are_not_free() {
    let parsed = parse("rows.filter(r, r.a > limit).size() > 0 && inputs.x == 1").unwrap();
    assert_eq!(variables(&parsed), ["inputs", "limit", "rows"]);
    assert_eq!(functions(&parsed), ["size"]);
    let parsed = parse("result['a'].count > 0 && result[\"b-c\"].count == 0").unwrap();
    assert_eq!(keys_of(&parsed, "result"), ["a", "b-c"]);
}

#[test]
fn thresholds_are_read() {
    let read = threshold("value > 0").unwrap();
    assert_eq!(
        (read.metric, read.operator, read.number),
        (Metric::Value, Operator::Greater, 0.0)
    );
    assert_eq!(
        threshold(" last >= 2.5 ").map(|line| line.number),
        Some(2.5)
    );
    for text in [
        "value",
        "count > 1",
        "value > x",
        "value > 1 && last > 2",
        "",
    ] {
        assert_eq!(threshold(text), None, "{text}");
    }
}

#[test]
fn what_cannot_be_compared_is_an_error_in_plain_words() {
    let scope = Scope::new()
        .with("none", Value::Null)
        .with("text", "a")
        .with("rows", json!([{"org": null}, {"org": "a"}]));
    let fails = |words: &str| Err(words.to_owned());
    for (text, expected) in [
        (
            "none == 0",
            fails("a value is NULL, it cannot be compared with a whole number"),
        ),
        (
            "0 != none",
            fails("a value is NULL, it cannot be compared with a whole number"),
        ),
        (
            "text == 1",
            fails("a text cannot be compared with a whole number"),
        ),
        (
            "none > 0",
            fails("NULL cannot be compared with a whole number"),
        ),
        (
            "text + 1 == text",
            fails("+ does not work between a text and a whole number"),
        ),
        ("none == null && text != null && 1 == 1.0", Ok(true)),
        ("text == 1 || true", Ok(true)),
        ("rows.exists(r, r.org == 'a')", Ok(true)),
        ("rows.all(r, r.org != 'b')", Ok(true)),
        (
            "rows.exists(r, r.org == 1)",
            fails("a text cannot be compared with a whole number"),
        ),
    ] {
        assert_eq!(holds(&parse(text).unwrap(), &scope), expected, "{text}");
    }
}

/// Loops inside loops end, in words, whatever they go over; what people write over 10,000 rows does not.
#[test]
fn loops_are_bounded_by_what_they_go_through() {
    let rows: Vec<Value> = (0..limits::EXPRESSION_ROWS)
        .map(|n| json!({"id": n, "actor": format!("u-{n}")}))
        .collect();
    let text = "x".repeat(1024 * 1024);
    let scope = Scope::new()
        .with("rows", rows)
        .with("stdout", text)
        .with("inputs", json!({"actor": "u-9999"}))
        .with(
            "result",
            json!({"other": {"rows": vec![json!({"id": 1}); 2_000]}}),
        );
    for (text, holds) in [
        (
            "rows.all(r, r.id >= 0 && r.actor != 'u-1x' && r.actor != inputs.actor + 'x')",
            Some(true),
        ),
        ("rows.exists(r, r.actor == inputs.actor)", Some(true)),
        (
            "rows.filter(r, r.id > 5).size() == 9994 && distinct(rows, 'actor') == 10000",
            Some(true),
        ),
        ("rows.all(r, rows[0].id == 0 && r.id < 10000)", Some(true)),
        ("rows.all(r, rows.exists(s, s.id == r.id))", None),
        (
            "rows.map(r, rows.filter(s, s.id > r.id)).size() == 10000",
            None,
        ),
        ("rows.all(r, rows.all(s, rows.all(t, true)))", None),
        ("rows.all(r, r in rows)", None),
        ("rows.all(r, distinct(rows, 'actor') == 10000)", None),
        ("rows.all(r, !stdout.contains(r.actor))", None),
        (
            "rows.all(r, result['other'].rows.exists(o, o.id != r.id))",
            None,
        ),
    ] {
        let parsed = parse(text).unwrap();
        let ready = Prepared::new(&parsed, &scope);
        let answer = ready.and_then(|ready| ready.holds(&Scope::new()));
        match (holds, answer) {
            (Some(expected), answer) => assert_eq!(answer, Ok(expected), "{text}"),
            (None, Err(reason)) => assert!(reason.contains("too many rows"), "{text}: {reason}"),
            (None, Ok(answer)) => panic!("{text} is {answer}"),
        }
    }
    // Where a key waits, a few thousand parts are the most.
    let list = format!("[{}]", vec!["1"; 60].join(", "));
    let nested = format!("{list}.all(a, {list}.all(b, {list}.all(c, a + b + c > 0)))");
    let reason = holds(&parse(&nested).unwrap(), &Scope::new()).unwrap_err();
    assert!(reason.contains("too many rows"), "{reason}");
    let short = parse("['P1', 'CRITICAL'].exists(level, level == 'P1')").unwrap();
    assert_eq!(super::holds(&short, &Scope::new()), Ok(true));
}
