//! Transitions of verdicts: an ended run is judged and kept, then recorded; what a FAIL proposes is accepted.

#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "support/cockpit.rs"]
mod cockpit;

use std::sync::Arc;
use std::time::Duration;

use cockpit::Harness;
use quarterdeck::capture::{Capture, KeptFile};
use quarterdeck::engine::effect::Effect;
use quarterdeck::engine::event::EventKind;
use quarterdeck::engine::state::{Overlay, RunPhase, Screen};
use quarterdeck::model::ids::RunId;
use quarterdeck::model::request::{Chunk, Outcome, RunError};
use quarterdeck::model::table::{Column, ColumnKind, Rows};
use quarterdeck::model::verdict::{Judgement, Verdict};
use quarterdeck::record::entry::{ActionOutcome, Body, Hash};
use quarterdeck::verdict::{self, Question, Reference};

const PLAYBOOK: &str = r#"---
quarterdeck: 1
id: breach
title: Breach
severity: P1
ladder:
  - { id: CRITICAL, means: worst }
  - { id: P1, means: bad }
evidence:
  spike: { title: Spike, from: spike }
---

## Investigate

### Did it succeed

Cross-org entries.

```sql {#cross source=audit expect="rows[0].n == 0" doubt="result['alive'].count == 0" proof="alive" otherwise="escalate CRITICAL"}
SELECT count(*) AS n FROM audit LIMIT 5
```

Is it alive.

```sql {#alive source=audit expect="rows[0].n > 0" doubt="count > 5" otherwise="milestone aware"}
SELECT count(*) AS n FROM audit
```

The spike.

```sql {#spike source=audit}
SELECT * FROM spikes
```

Anything else.

```sql {#other source=audit}
SELECT 1
```

- [ ] nothing crossed <!-- {#crossed by=alive} -->

### Next

```sql {#away source=audit expect="rows[0].n == 0" doubt="count > 5" otherwise="goto next"}
SELECT 0 AS n
```

### Which way {.decision}

| What | Then |
| --- | --- |
| a bug | [Bug](#bug) |
| a deployment | [Deployment](#deployment) |

## Bug {#bug}

- [ ] it stopped <!-- {#bug-stopped by=away} -->

## Deployment {#deployment}

- [ ] it stopped <!-- {#deployment-stopped by=away} -->
"#;

fn harness() -> Harness {
    let mut harness = Harness::open(PLAYBOOK);
    harness.take();
    harness
}

/// Sends the action behind a digit; its answer is one row with one number.
fn send(harness: &mut Harness, digit: &str, number: u64) -> RunId {
    harness.keys(digit);
    let run = harness.plan_ok();
    harness.keys("enter");
    let column = Column {
        name: "n".into(),
        kind: ColumnKind::Integer,
        type_name: "int8".into(),
    };
    let rows = Rows::from_vec(vec![vec![Some(number.to_string().into())]]);
    for chunk in [
        Chunk::Columns {
            columns: vec![column],
            rows,
        },
        Chunk::Rows(1),
    ] {
        harness.event(EventKind::Arrived { run, chunk });
    }
    run
}

fn finish(harness: &mut Harness, run: RunId, result: Result<Outcome, RunError>) {
    harness.event(EventKind::Finished { run, result });
}

#[expect(clippy::unnecessary_wraps, reason = "as a run hands it over")]
fn ok() -> Result<Outcome, RunError> {
    Ok(Outcome {
        rows: Some(1),
        ..Outcome::default()
    })
}

fn asked(harness: &Harness) -> Option<(RunId, Option<Question>, Option<Capture>)> {
    harness
        .effects
        .iter()
        .rev()
        .find_map(|effect| match effect {
            Effect::Judge {
                run,
                question,
                capture,
            } => Some((
                *run,
                question.as_deref().cloned(),
                capture.as_deref().cloned(),
            )),
            _ => None,
        })
}

/// Answers the last question as the run time would.
fn answer(harness: &mut Harness, kept: Result<(), &str>) {
    let (run, question, capture) = asked(harness).unwrap();
    let origin = capture.unwrap().origin;
    let file = |name: &str, media_type: &str, number| KeptFile {
        sha256: Hash([number; 32]),
        size: 3,
        media_type: media_type.into(),
        name: name.into(),
        title: "rows".into(),
        origin: origin.clone(),
    };
    let kept = kept.map_err(str::to_owned).map(|()| {
        vec![
            file("rows.csv", "text/csv", 200),
            file("rows.json", "application/json", 201),
        ]
    });
    harness.event(EventKind::Judged {
        run,
        judgement: question.map(|question| verdict::judge(&question)),
        kept,
    });
}

/// Runs an action to its verdict.
fn judged(harness: &mut Harness, digit: &str, number: u64) {
    let run = send(harness, digit, number);
    finish(harness, run, ok());
    answer(harness, Ok(()));
}

fn results(harness: &Harness) -> Vec<(ActionOutcome, Option<Judgement>, Vec<Hash>)> {
    let bodies = harness.appended().into_iter();
    bodies
        .filter_map(|body| match body {
            Body::ActionResult {
                outcome,
                judged,
                evidence,
                ..
            } => Some((outcome, judged, evidence)),
            _ => None,
        })
        .collect()
}

fn verdicts(harness: &Harness) -> Vec<Verdict> {
    let results = results(harness).into_iter();
    results
        .filter_map(|(_, judged, _)| Some(judged?.verdict))
        .collect()
}

fn message(harness: &Harness) -> String {
    harness.state.message.as_ref().unwrap().text.to_string()
}

#[test]
fn an_end_is_recorded_after_verdict_and_evidence() {
    let mut harness = harness();
    let run = send(&mut harness, "2", 7);
    finish(&mut harness, run, ok());
    assert!(results(&harness).is_empty(), "judged first");
    let waits = &harness.cockpit().runs[&run].phase;
    assert!(matches!(waits, RunPhase::Judging { .. }));
    answer(&mut harness, Ok(()));
    let kinds: Vec<String> = harness
        .appended()
        .iter()
        .map(|body| body.kind().to_owned())
        .skip_while(|kind| kind != "evidence.added")
        .collect();
    assert_eq!(
        kinds,
        [
            "evidence.added",
            "evidence.added",
            "action.result",
            "check.ticked"
        ]
    );
    let (outcome, judgement, evidence) = results(&harness).remove(0);
    assert_eq!(outcome, ActionOutcome::Ok);
    assert_eq!(judgement.unwrap().verdict, Verdict::Pass);
    assert_eq!(
        evidence[0],
        Hash([201; 32]),
        "what is read back stands first"
    );
    assert!(harness.cockpit().runs.is_empty());
    let shown = harness.cockpit().shown_result().unwrap();
    assert_eq!(shown.judgement.as_ref().unwrap().verdict, Verdict::Pass);
    assert!(
        message(&harness).starts_with("PASS: "),
        "{}",
        message(&harness)
    );
    // Run again: the check is ticked already, and a PASS ticks it once.
    judged(&mut harness, "2", 7);
    let ticks = harness.appended();
    let ticks = ticks.iter().filter(|body| body.kind() == "check.ticked");
    assert_eq!(ticks.count(), 1);
    // A FAIL does not untick it.
    judged(&mut harness, "2", 0);
    assert!(harness.cockpit().incident.checks.contains_key("crossed"));
}

#[test]
fn a_pass_ticks_the_check_of_the_branch_that_is_worked_in_once() {
    let ticked = |harness: &Harness| -> Vec<String> {
        let bodies = harness.appended().into_iter();
        let ticks = bodies.filter_map(|body| match body {
            Body::CheckTicked { check, .. } => Some(check.to_string()),
            _ => None,
        });
        ticks.collect()
    };
    let at = |harness: &mut Harness, step: &str| {
        if let Screen::Cockpit(cockpit) = &mut harness.state.screen {
            cockpit.step = step.into();
        }
    };
    let mut harness = harness();
    at(&mut harness, "next");
    judged(&mut harness, "1", 0);
    assert!(ticked(&harness).is_empty(), "no branch is chosen yet");
    at(&mut harness, "which-way");
    harness.keys("D 2");
    harness.type_text("the deployment of 02:50");
    harness.keys("enter");
    at(&mut harness, "next");
    judged(&mut harness, "1", 0);
    judged(&mut harness, "1", 0);
    assert_eq!(ticked(&harness), ["deployment-stopped"]);
}

#[test]
fn a_question_has_all_that_the_verdict_rests_on() {
    let mut harness = harness();
    judged(&mut harness, "2", 7);
    harness.now = "2026-01-31T03:05:00Z".parse().unwrap();
    let run = send(&mut harness, "1", 0);
    finish(&mut harness, run, ok());
    let (_, question, capture) = asked(&harness).unwrap();
    let question = question.unwrap();
    assert_eq!(question.own_limit, Some(5));
    assert_eq!(question.stale_after, None);
    assert_eq!(question.facts.now, harness.now);
    assert_eq!(
        question.proofs[0].judged.map(|(verdict, _)| verdict),
        Some(Verdict::Pass)
    );
    assert!(matches!(question.others["alive"], Reference::Here(_)));
    let origin = capture.unwrap().origin;
    assert_eq!(origin.action.as_str(), "cross");
    assert_eq!(
        origin.intent,
        harness.cockpit().shown_result().unwrap().intent
    );
    answer(&mut harness, Ok(()));
    assert_eq!(verdicts(&harness), [Verdict::Pass, Verdict::Pass]);
}

#[test]
fn what_the_playbook_needs_later_is_kept_and_nothing_else() {
    let mut harness = harness();
    let run = send(&mut harness, "3", 1);
    finish(&mut harness, run, ok());
    let (_, question, capture) = asked(&harness).unwrap();
    assert!(question.is_none() && capture.is_some(), "evidence");
    answer(&mut harness, Ok(()));
    let (_, judgement, evidence) = results(&harness).remove(0);
    assert!(judgement.is_none() && evidence.len() == 2);

    harness.take();
    let run = send(&mut harness, "4", 1);
    finish(&mut harness, run, ok());
    assert_eq!(asked(&harness), None);
    assert_eq!(results(&harness).len(), 1);

    harness.take();
    let run = send(&mut harness, "3", 1);
    finish(&mut harness, run, ok());
    answer(&mut harness, Err("disk full"));
    assert!(message(&harness).contains("could not be kept: disk full"));
    assert_eq!(
        results(&harness).len(),
        1,
        "its end is recorded all the same"
    );
}

#[test]
fn a_run_that_did_not_end_well_is_inconclusive() {
    for (error, outcome) in [
        (RunError::failed("no such table"), ActionOutcome::Failed),
        (
            RunError::TimedOut(Duration::from_secs(30)),
            ActionOutcome::TimedOut,
        ),
        (RunError::Cancelled, ActionOutcome::Cancelled),
        (
            RunError::Unknown("the line broke".into()),
            ActionOutcome::Unknown,
        ),
    ] {
        let mut harness = harness();
        let run = send(&mut harness, "2", 7);
        finish(&mut harness, run, Err(error.clone()));
        let (recorded, judgement, evidence) = results(&harness).remove(0);
        let judgement = judgement.unwrap();
        assert_eq!(
            (recorded, judgement.verdict),
            (outcome, Verdict::Inconclusive)
        );
        assert!(
            judgement.reasons[0].contains("did not run to its end"),
            "{judgement:?}"
        );
        assert!(evidence.is_empty() && asked(&harness).is_none());
        assert!(
            message(&harness).starts_with("INCONCLUSIVE: Is it alive: "),
            "{}",
            message(&harness)
        );
    }
}

#[test]
fn rows_that_cannot_be_kept_leave_no_pass() {
    for (number, verdict) in [(7, Verdict::Inconclusive), (0, Verdict::Fail)] {
        let mut harness = harness();
        let run = send(&mut harness, "2", number);
        finish(&mut harness, run, ok());
        answer(&mut harness, Err("disk full"));
        let judgement = results(&harness).remove(0).1.unwrap();
        assert_eq!(judgement.verdict, verdict);
        let said = judgement.reasons.join(" ");
        assert!(said.contains("could not be kept: disk full"), "{said}");
        assert!(!harness.cockpit().incident.checks.contains_key("crossed"));
    }
}

#[test]
fn an_unrecorded_run_is_no_pass_and_is_recorded_with_its_verdict_later() {
    let mut harness = harness();
    harness.disk_works = false;
    let run = send(&mut harness, "2", 7);
    finish(&mut harness, run, ok());
    answer(&mut harness, Ok(()));
    assert!(results(&harness).is_empty());
    let shown = harness.cockpit().shown_result().unwrap();
    let judgement = shown.judgement.clone().unwrap();
    assert_eq!(judgement.verdict, Verdict::Inconclusive);
    assert!(
        judgement.reasons[0].contains("record could not be written"),
        "{judgement:?}"
    );
    harness.disk_works = true;
    let mut waiting = harness.cockpit().pending.clone().into_iter();
    let (ticket, intent) = waiting
        .find(|(_, pending)| pending.run == Some(run))
        .unwrap();
    let entry = Arc::new(harness.seal(intent.body));
    harness.event(EventKind::Recorded { ticket, entry });
    let (_, recorded, evidence) = results(&harness).remove(0);
    assert_eq!(recorded, Some(judgement));
    assert_eq!(evidence, [Hash([201; 32]), Hash([200; 32])]);
}

#[test]
fn an_intent_that_is_recorded_while_it_is_judged_makes_the_run_a_recorded_one() {
    let mut harness = harness();
    harness.disk_works = false;
    let run = send(&mut harness, "2", 7);
    finish(&mut harness, run, ok());
    harness.disk_works = true;
    let mut waiting = harness.cockpit().pending.clone().into_iter();
    let (ticket, intent) = waiting
        .find(|(_, pending)| pending.run == Some(run))
        .unwrap();
    let entry = Arc::new(harness.seal(intent.body));
    harness.event(EventKind::Recorded { ticket, entry });
    answer(&mut harness, Ok(()));
    assert_eq!(verdicts(&harness), [Verdict::Pass]);
}

#[test]
fn cancelling_or_running_again_while_it_is_judged_loses_nothing() {
    let mut harness = harness();
    let run = send(&mut harness, "2", 7);
    finish(&mut harness, run, ok());
    harness.keys("c");
    harness.keys("2");
    assert!(
        message(&harness).contains("still running"),
        "{}",
        message(&harness)
    );
    answer(&mut harness, Ok(()));
    assert_eq!(verdicts(&harness), [Verdict::Pass]);
    // A verdict that comes twice, or for nothing, changes nothing.
    answer(&mut harness, Ok(()));
    assert_eq!(results(&harness).len(), 1);
}

#[test]
fn a_fail_proposes_and_one_key_accepts() {
    let mut harness = harness();
    harness.keys("A");
    assert_eq!(message(&harness), "nothing is proposed");
    judged(&mut harness, "2", 7);
    judged(&mut harness, "1", 3);
    let said = message(&harness);
    assert!(said.starts_with("FAIL: "), "{said}");
    assert!(said.ends_with(". A escalates to CRITICAL"), "{said}");
    assert!(harness.state.message.as_ref().unwrap().error);
    harness.take();
    harness.keys("A");
    let appended = harness.appended();
    let [Body::SeverityChanged { severity, reason }] = appended.as_slice() else {
        panic!("{appended:?}");
    };
    assert_eq!(severity, "CRITICAL");
    assert!(
        reason.starts_with("FAIL of ") && reason.contains("rows[0].n is 3"),
        "{reason}"
    );
    // What is so already is proposed no more.
    judged(&mut harness, "1", 3);
    assert!(
        !message(&harness).contains("escalates"),
        "{}",
        message(&harness)
    );
    assert!(harness.cockpit().view.proposals.is_empty());
}

#[test]
fn a_key_pressed_twice_before_the_disk_answers_escalates_once() {
    let mut harness = harness();
    judged(&mut harness, "2", 7);
    judged(&mut harness, "1", 3);
    harness.disk_works = false;
    harness.take();
    harness.keys("A A");
    assert_eq!(harness.appended().len(), 1);
}

#[test]
fn several_proposals_are_a_choice() {
    let mut harness = harness();
    judged(&mut harness, "2", 7);
    judged(&mut harness, "1", 3);
    harness.now = "2026-01-31T03:01:00Z".parse().unwrap();
    judged(&mut harness, "2", 0);
    harness.take();
    harness.keys("A");
    let Some(Overlay::Choose { items, .. }) = harness.state.overlays.last() else {
        panic!("a choice");
    };
    let labels: Vec<String> = items.iter().map(|(label, _)| label.to_string()).collect();
    assert!(
        labels[0].starts_with("records aware: FAIL of "),
        "{labels:?}"
    );
    assert!(
        labels[1].starts_with("escalates to CRITICAL: "),
        "{labels:?}"
    );
    harness.keys("enter");
    let appended = harness.appended();
    assert!(
        matches!(appended.as_slice(), [Body::MilestoneReached { milestone, .. }] if milestone == "aware"),
        "{appended:?}"
    );
    assert_eq!(harness.cockpit().view.proposals.len(), 1);
}

#[test]
fn a_step_that_is_proposed_is_shown() {
    let playbook = PLAYBOOK.replace("milestone aware", "goto next");
    let mut harness = Harness::open(&playbook);
    judged(&mut harness, "2", 0);
    assert!(
        message(&harness).ends_with(". A goes to Next"),
        "{}",
        message(&harness)
    );
    harness.take();
    harness.keys("A");
    assert_eq!(harness.cockpit().step.as_str(), "next");
    assert!(harness.appended().is_empty(), "to look is no entry");
}
