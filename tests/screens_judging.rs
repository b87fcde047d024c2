//! Verdicts on the screen: the word, the reasons, the figures, and what a key does about a FAIL.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]

#[path = "support/screen.rs"]
mod screen;
#[path = "support/state.rs"]
#[expect(dead_code, reason = "shared with the tests of the other screens")]
mod support;

use std::sync::Arc;

use quarterdeck::engine::state::{RunPhase, State};
use quarterdeck::incident::view::view;
use quarterdeck::layout::PaneKind;
use quarterdeck::model::ids::RunId;
use quarterdeck::model::request::Outcome;
use quarterdeck::model::verdict::{Figure, Judgement, Verdict};
use screen::{SIZES, check_hostile, screen};
use support::{Texts, cockpit, hostile, plain};

/// The breach with a verdict of the action that identifies the source, which proposes to escalate.
fn judged(text: Texts<'_>, verdict: Verdict, reasons: &[&str]) -> State {
    let figure = |of: &str, is: &str| Figure {
        of: text(of),
        is: text(is),
    };
    let judgement = Judgement {
        verdict,
        reasons: reasons.iter().map(|reason| text(reason)).collect(),
        figures: vec![
            figure("rows[0].mismatched", "3"),
            figure("distinct(rows, \"actor_id\")", "1"),
        ],
        proofs: vec![],
        held: verdict == Verdict::Pass,
    };
    let mut state = support::breach_with(text);
    let cockpit = cockpit(&mut state);
    let action = Arc::make_mut(&mut cockpit.playbook)
        .actions
        .get_mut("identify");
    action.unwrap().judge.otherwise = Some(text("escalate CRITICAL"));
    let record = cockpit.incident.actions.get_mut("identify").unwrap();
    record.judged = Some((judgement.clone(), support::at("03:11:58")));
    cockpit.results[0].judgement = Some(judgement);
    cockpit.view = view(&cockpit.playbook, &cockpit.incident, &cockpit.alive);
    state
}

const FAIL: &str = "rows[0].mismatched is 3; expected rows[0].mismatched == 0";

#[test]
fn a_fail_with_its_reasons_and_what_a_key_does() {
    let reasons = [
        FAIL,
        "the result is incomplete: row cap: only the first 50 rows",
    ];
    for focus in [PaneKind::Guide, PaneKind::Result] {
        let mut state = judged(&plain, Verdict::Fail, &reasons);
        cockpit(&mut state).focus = focus;
        for size in SIZES {
            let name = format!("fail-{focus:?}-{}x{}", size.0, size.1).to_lowercase();
            let shown = screen(&state, size);
            assert!(shown.contains("A escalates to CRITICAL"), "{shown}");
            // What an earlier version recorded without a verdict stands on the timeline as it was.
            let now: String = shown.lines().filter(|line| !line.contains('→')).collect();
            assert!(!now.contains("NOT JUDGED"), "{shown}");
            insta::assert_snapshot!(name, shown);
        }
    }
}

#[test]
fn each_verdict_has_its_word_and_reason() {
    for (verdict, reason) in [
        (Verdict::Pass, "as expected: rows[0].mismatched is 0"),
        (Verdict::Fail, FAIL),
        (
            Verdict::Inconclusive,
            "the proof audit-alive was not judged yet: run it first",
        ),
    ] {
        let state = judged(&plain, verdict, &[reason]);
        let shown = screen(&state, (120, 40));
        let word = verdict.word();
        let start = reason.get(..20).unwrap();
        for part in [&format!("{word} · 50 rows"), &format!("{word}: {start}")] {
            assert!(shown.contains(part), "{part} in\n{shown}");
        }
        assert!(
            shown.matches(start).count() > 1,
            "guide and result\n{shown}"
        );
        let proposes = shown.contains("escalates to");
        assert_eq!(proposes, verdict == Verdict::Fail, "{shown}");
    }
}

#[test]
fn a_run_that_is_judged_says_so() {
    let mut state = judged(&plain, Verdict::Pass, &["as expected"]);
    let cockpit = cockpit(&mut state);
    let result = &mut cockpit.results[0];
    result.judgement = None;
    let phase = RunPhase::Judging {
        request: Box::new(result.request.clone()),
        intent: None,
        started_at: support::at("03:11:58"),
        ended_at: support::now(),
        outcome: Outcome::default(),
    };
    let run = result.run;
    support::confirming(&mut state, &plain);
    let runs = &mut support::cockpit(&mut state).runs;
    let mut judging = runs.remove(&RunId(7)).unwrap();
    judging.phase = phase;
    runs.insert(run, judging);
    let shown = screen(&state, (120, 40));
    assert!(shown.contains("judging and keeping it"), "{shown}");
    assert!(!shown.contains("PASS"), "{shown}");
}

#[test]
fn reasons_take_a_third_of_the_pane_at_most() {
    let long =
        ["one reason that is so long that it fills a line and a half of the pane or more"; 12];
    let mut state = judged(&plain, Verdict::Inconclusive, &long);
    cockpit(&mut state).focus = PaneKind::Result;
    let shown = screen(&state, (120, 40));
    assert!(shown.contains("INCONCLUSIVE: one reason"), "{shown}");
    assert!(shown.contains(" …"), "that there is more is said\n{shown}");
    assert!(shown.contains("u-193"), "rows are still there\n{shown}");
}

#[test]
fn hostile_reasons_reach_no_cell() {
    let state = judged(&hostile, Verdict::Fail, &[FAIL, "why", "and why"]);
    check_hostile(&state, &[(20, 5), (80, 24), (120, 40), (240, 67)]);
}
