//! Decisions, the branches they open, what steps require, severity and milestones: events in, state and effects out.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

#[path = "support/cockpit.rs"]
mod cockpit;

use std::sync::Arc;

use cockpit::Harness;
use quarterdeck::engine::effect::Effect;
use quarterdeck::engine::event::EventKind;
use quarterdeck::engine::state::{Chosen, DecideForm, Overlay, Purpose, Recording};
use quarterdeck::incident::view::{Applies, StepStatus};
use quarterdeck::model::ids::ActionId;
use quarterdeck::model::safe_text::SafeText;
use quarterdeck::model::verdict::Figure;
use quarterdeck::record::entry::{ActionOutcome, Body, Hash, NONE_OF_THESE, NOT_YET_KNOWN};
use quarterdeck::verdict::{Reference, Suggestion};

const PLAYBOOK: &str = r#"---
quarterdeck: 1
id: breach
title: Breach
severity: P1
ladder:
  - { id: CRITICAL, means: It succeeded }
  - { id: P1, aka: [SEV1], means: It was tried }
inputs:
  tries: { title: Tries, type: integer }
evidence:
  rows: { title: Rows of the actor, from: who }
  call: { title: Call with the lead, from: note }
---

## Investigate

### Identify
<!-- {#identify} -->

```sql {#who source=audit}
SELECT 1
```

```sql {#proof source=audit expect="count == 0"}
SELECT 1
```

### Determine the pattern
<!-- {#pattern .decision over="who" requires="identify"} -->

| Pattern | Cause | Suggest when | Then |
| --- | --- | --- | --- |
| One actor | A bug | `distinct(rows, "actor") == 1 && result["proof"].count > 0` | [If bug](#if-bug) |
| Many actors | An attack | `count > 1` | [If attack](#if-attack), [Tell](#tell-everybody) |
| A breach | It succeeded | | [Breach](playbook:sev1) |

### Which paths
<!-- {#paths .decision .many} -->

| Path | Then |
| --- | --- |
| Web | [Close the web](#close-the-web) |
| API | |

### Close the web

Close it.

## If bug

### Find the code

### Fix it

## If attack
<!-- {#if-attack phase=contain} -->

### Revoke
<!-- {#revoke requires="rows call"} -->

```sql {#sessions source=audit}
SELECT 1
```

## Tell
<!-- {when='severity == "P1" && inputs.tries > 2'} -->

### Tell everybody

### Look back
<!-- {#look-back requires="proof if-attack"} -->

### Write it up
"#;

fn harness() -> Harness {
    let mut harness = Harness::open(PLAYBOOK);
    harness.take();
    harness
}

/// The same with the first step done, at the decision.
fn at_decision() -> Harness {
    let mut harness = harness();
    harness.keys("enter d");
    assert_eq!(shown(&harness), "pattern");
    harness.take();
    harness
}

fn shown(harness: &Harness) -> &str {
    harness.cockpit().step.as_str()
}

fn show(harness: &mut Harness, step: &str) {
    match &mut harness.state.screen {
        quarterdeck::engine::state::Screen::Cockpit(cockpit) => cockpit.step = step.into(),
        other => panic!("{other:?}"),
    }
}

fn message(harness: &Harness) -> &str {
    harness
        .state
        .message
        .as_ref()
        .map_or("", |message| message.text.as_str())
}

fn form(harness: &Harness) -> &DecideForm {
    match harness.state.overlays.last() {
        Some(Overlay::Decide(form)) => form,
        other => panic!("no decision is open: {other:?}"),
    }
}

fn labels(harness: &Harness) -> Vec<String> {
    match harness.state.overlays.last() {
        Some(Overlay::Choose { items, .. }) => {
            items.iter().map(|(label, _)| label.to_string()).collect()
        }
        other => panic!("nothing is to be chosen: {other:?}"),
    }
}

fn applies(harness: &Harness, step: &str) -> Applies {
    harness
        .cockpit()
        .view
        .step(&step.into())
        .unwrap()
        .applies
        .clone()
}

fn status(harness: &Harness, step: &str) -> StepStatus {
    harness
        .cockpit()
        .view
        .step(&step.into())
        .unwrap()
        .status
        .clone()
}

fn folded(decided: bool) -> Applies {
    Applies::Folded {
        decision: "pattern".into(),
        decided,
    }
}

fn suggest(harness: &mut Harness, suggested: [Result<bool, String>; 3]) {
    let names = ["One actor", "Many actors", "A breach"];
    let suggestions = names
        .iter()
        .zip(suggested)
        .map(|(name, suggested)| Suggestion {
            choice: (*name).to_owned(),
            figures: if suggested == Ok(true) {
                vec![Figure {
                    of: format!("figure of {name}"),
                    is: "1".into(),
                }]
            } else {
                vec![]
            },
            suggested,
        });
    harness.event(EventKind::Suggested {
        decision: "pattern".into(),
        suggestions: suggestions.collect(),
    });
}

fn write_answer(harness: &mut Harness, text: &str) {
    harness.type_text(text);
    harness.keys("enter");
}

#[test]
fn a_decision_asks_for_its_suggestions_and_says_what_is_missing() {
    let mut harness = at_decision();
    harness.keys("D");
    let Some(Effect::Suggest { decision, question }) = harness.effects.last() else {
        panic!("{:?}", harness.effects);
    };
    assert_eq!(decision.as_str(), "pattern");
    assert_eq!(question.choices.len(), 3);
    let over: Vec<&str> = question.over.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(over, ["who"]);
    assert!(matches!(question.over[0].1, Reference::Missing(_)));
    let others: Vec<&str> = question.others.keys().map(ActionId::as_str).collect();
    assert_eq!(others, ["proof"]);
    let missing: Vec<&str> = form(&harness)
        .missing
        .iter()
        .map(SafeText::as_str)
        .collect();
    assert_eq!(missing.len(), 2, "{missing:?}");
    assert!(missing[0].contains("([1] in “Identify”)") && missing[0].contains("run it first"));
    assert_eq!(form(&harness).suggestions, None, "computing");
    suggest(&mut harness, [Ok(true), Err("no column".into()), Ok(false)]);
    assert_eq!(form(&harness).suggested(), ["One actor"]);
    harness.keys("esc");
    assert!(harness.state.overlays.is_empty() && harness.appended().is_empty());
    suggest(&mut harness, [Ok(true), Ok(false), Ok(false)]);
    assert!(
        harness.state.overlays.is_empty(),
        "a late answer opens nothing"
    );
}

#[test]
fn the_cursor_goes_to_what_is_suggested_and_never_moves_under_a_finger() {
    let at = |keys: &str, suggested: [Result<bool, String>; 3]| {
        let mut harness = at_decision();
        harness.keys("D");
        harness.keys(keys);
        suggest(&mut harness, suggested);
        assert!(harness.appended().is_empty(), "nothing is chosen");
        harness
    };
    let third = || [Err("no column".into()), Ok(false), Ok(true)];
    let harness = at("", third());
    assert_eq!(form(&harness).selected, 2);
    assert!(form(&harness).reason.is_none());
    for (keys, selected) in [
        ("down", 1),
        ("down up", 0),
        ("enter", 0),
        ("2", 1),
        ("x", 0),
    ] {
        let harness = at(keys, third());
        assert_eq!(form(&harness).selected, selected, "after {keys}");
    }
    let harness = at("", [Ok(false), Err("no column".into()), Ok(false)]);
    assert_eq!(form(&harness).selected, 0, "nothing is suggested");
    let harness = at("", [Ok(false), Ok(true), Ok(true)]);
    assert_eq!(form(&harness).selected, 1, "the first of several");
    // Revised: it opens on what was decided.
    let mut harness = at("", third());
    harness.keys("1");
    write_answer(&mut harness, "seen");
    show(&mut harness, "pattern");
    harness.keys("D");
    suggest(&mut harness, third());
    assert_eq!(form(&harness).selected, 0);
}

#[test]
fn what_is_suggested_needs_no_reason_and_everything_else_does() {
    for (keys, typed, reason) in [
        ("enter", "", Some("as suggested: figure of One actor = 1")),
        ("enter", "I saw it", Some("I saw it")),
        ("space", "", Some("as suggested: figure of One actor = 1")),
        ("2", "", None),
        ("down enter", "seen", Some("seen")),
        ("4", "", None),
    ] {
        let mut harness = at_decision();
        harness.keys("d");
        suggest(&mut harness, [Ok(true), Ok(false), Ok(false)]);
        harness.keys(keys);
        write_answer(&mut harness, typed);
        let made = harness.appended().into_iter().find_map(|body| match body {
            Body::DecisionMade {
                reason,
                suggested,
                figures,
                ..
            } => {
                assert_eq!(suggested, ["One actor"]);
                assert_eq!(figures.len(), 1);
                Some(reason)
            }
            _ => None,
        });
        assert_eq!(made.as_deref(), reason, "{keys} {typed}");
        if reason.is_none() {
            assert!(form(&harness).error.is_some());
            harness.keys("esc");
            assert_eq!(form(&harness).reason, None, "back at the choices");
        }
    }
}

#[test]
fn a_decision_opens_its_branch_and_goes_there() {
    let mut harness = at_decision();
    for step in ["find-the-code", "fix-it", "revoke"] {
        assert_eq!(applies(&harness, step), folded(false), "{step}");
    }
    harness.keys("d 1");
    write_answer(&mut harness, "a bug");
    assert_eq!(shown(&harness), "find-the-code");
    assert!(message(&harness).contains("One actor") && message(&harness).contains("If bug"));
    assert_eq!(status(&harness, "pattern"), StepStatus::Done);
    assert_eq!(
        applies(&harness, "fix-it"),
        Applies::Chosen {
            decision: "pattern".into(),
            choice: "One actor".into()
        }
    );
    assert_eq!(applies(&harness, "revoke"), folded(true));
    let order: Vec<String> = harness
        .appended()
        .iter()
        .map(|body| body.kind().to_owned())
        .collect();
    assert_eq!(order, ["decision.made", "step.done"]);
}

#[test]
fn what_is_folded_is_no_next_step() {
    let mut harness = at_decision();
    harness.keys("d 4");
    write_answer(&mut harness, "neither");
    assert_eq!(shown(&harness), "paths");
    let decided = &harness.cockpit().incident.decisions["pattern"];
    assert_eq!(decided.chosen, [NONE_OF_THESE]);
    harness.keys("s");
    write_answer(&mut harness, "no");
    assert_eq!(shown(&harness), "look-back", "over what is folded");
    assert_eq!(
        applies(&harness, "close-the-web"),
        Applies::Folded {
            decision: "paths".into(),
            decided: false
        }
    );
}

#[test]
fn not_yet_known_stays_open_and_a_decision_is_revised() {
    let mut harness = at_decision();
    harness.keys("d 5");
    write_answer(&mut harness, "rows are missing");
    assert_eq!(shown(&harness), "pattern");
    assert_ne!(status(&harness, "pattern"), StepStatus::Done);
    assert_eq!(applies(&harness, "revoke"), folded(false), "nobody decided");
    harness.keys("d 1");
    write_answer(&mut harness, "a bug");
    assert_eq!(status(&harness, "pattern"), StepStatus::Done);
    harness.now += jiff::SignedDuration::from_mins(5);
    harness.keys("enter");
    assert_eq!(status(&harness, "find-the-code"), StepStatus::Doing);
    harness.now += jiff::SignedDuration::from_mins(5);
    show(&mut harness, "pattern");
    harness.keys("D");
    assert_eq!(form(&harness).selected, 0, "what was chosen before");
    harness.keys("2");
    write_answer(&mut harness, "two actors");
    assert_eq!(harness.cockpit().incident.decisions["pattern"].times, 3);
    assert_eq!(shown(&harness), "revoke");
    assert_eq!(
        applies(&harness, "find-the-code"),
        Applies::Always,
        "it was begun"
    );
    assert_eq!(applies(&harness, "fix-it"), folded(true));
    show(&mut harness, "pattern");
    harness.keys("D 5");
    write_answer(&mut harness, "three actors?");
    assert_eq!(
        status(&harness, "pattern"),
        StepStatus::Todo,
        "opened again"
    );
    assert_eq!(
        harness.cockpit().incident.decisions["pattern"].chosen,
        [NOT_YET_KNOWN]
    );
}

#[test]
fn several_may_be_chosen_where_the_playbook_allows_it() {
    let mut harness = harness();
    show(&mut harness, "paths");
    for (keys, chosen) in [
        ("space down space enter", &["Web", "API"][..]),
        ("1 2 1 enter", &["API"]),
        ("down enter", &["API"]),
        ("space 3 enter", &[NONE_OF_THESE]),
        ("3 1 enter", &["Web"]),
    ] {
        let mut harness = Harness::open(PLAYBOOK);
        show(&mut harness, "paths");
        harness.keys("D");
        harness.keys(keys);
        write_answer(&mut harness, "seen");
        let decided = &harness.cockpit().incident.decisions["paths"];
        assert_eq!(decided.chosen, chosen, "{keys}");
    }
    harness.keys("D");
    assert_eq!(
        form(&harness).suggestions,
        Some(vec![]),
        "there is nothing to compute"
    );
}

#[test]
fn a_folded_branch_is_opened_all_the_same() {
    let mut harness = at_decision();
    show(&mut harness, "find-the-code");
    harness.keys("D");
    assert_eq!(
        form(&harness).decision.as_str(),
        "pattern",
        "the decision it waits for"
    );
    harness.keys("esc enter");
    assert!(message(&harness).contains("before its decision"));
    assert_eq!(status(&harness, "find-the-code"), StepStatus::Doing);
    assert_eq!(
        applies(&harness, "fix-it"),
        Applies::Always,
        "and the rest of the branch"
    );
    assert_eq!(applies(&harness, "revoke"), folded(false));
}

#[test]
fn a_condition_holds_does_not_hold_or_is_unclear() {
    let mut harness = harness();
    let unclear = applies(&harness, "write-it-up");
    assert_eq!(
        unclear,
        Applies::Unclear("Tries (tries) has no value yet".into())
    );
    assert!(unclear.counts(), "an error is never false");
    assert_eq!(status(&harness, "write-it-up"), StepStatus::Blocked);
    show(&mut harness, "write-it-up");
    harness.keys("enter");
    assert!(message(&harness).contains("has no value yet"));
    assert_eq!(
        status(&harness, "write-it-up"),
        StepStatus::Doing,
        "nobody is locked out"
    );
    for (tries, expected) in [
        ("3", Applies::Holds),
        (
            "2",
            Applies::DoesNotHold("severity == \"P1\" && inputs.tries > 2".into()),
        ),
    ] {
        let entry = harness.seal(Body::InputSet {
            input: "tries".into(),
            value: tries.into(),
            kind: "integer".into(),
            from: quarterdeck::model::input::Origin::Typed,
        });
        let mut incident = harness.cockpit().incident.clone();
        quarterdeck::incident::apply(&mut incident, &entry);
        incident.steps.clear();
        harness.event(EventKind::EntryArrived {
            entry: Arc::new(entry),
            incident: Box::new(incident),
            alive: harness.cockpit().alive.clone(),
        });
        assert_eq!(applies(&harness, "write-it-up"), expected);
        assert_eq!(harness.cockpit().view.phases[3].applies, expected);
    }
}

#[test]
fn a_blocked_step_shows_the_way_or_goes_on_with_a_reason() {
    let mut harness = harness();
    show(&mut harness, "pattern");
    harness.keys("enter");
    assert_eq!(
        labels(&harness),
        ["go to “Identify”", "go on without; the reason is recorded"]
    );
    harness.keys("enter");
    assert_eq!(shown(&harness), "identify");
    assert!(harness.appended().is_empty());
    show(&mut harness, "pattern");
    for keys in ["D", "d"] {
        harness.keys(keys);
        assert_eq!(labels(&harness).len(), 2, "{keys} asks as well");
        harness.keys("esc");
    }
    harness.keys("w enter");
    let asked = harness.state.overlays.last().unwrap();
    assert!(
        matches!(asked, Overlay::Ask { purpose: Purpose::Waive(step), .. } if step.as_str() == "pattern")
    );
    write_answer(&mut harness, "no time");
    let kinds: Vec<String> = harness
        .appended()
        .iter()
        .map(|body| body.kind().to_owned())
        .collect();
    assert_eq!(kinds, ["requirement.waived", "step.started"]);
    assert_eq!(status(&harness, "pattern"), StepStatus::Doing);
    let view = harness.cockpit().view.step(&"pattern".into()).unwrap();
    assert!(view.waived && view.missing.is_empty());
    harness.keys("w");
    assert!(
        message(&harness).contains("no time"),
        "{}",
        message(&harness)
    );
}

#[test]
fn a_blocked_containment_step_shows_the_way_as_its_guide_says() {
    let mut harness = harness();
    show(&mut harness, "revoke");
    harness.keys("enter");
    assert_eq!(
        labels(&harness),
        [
            "go to “Identify” for: Rows of the actor",
            "write the note that is: Call with the lead",
            "go on without; the reason is recorded"
        ]
    );
    harness.keys("enter");
    assert_eq!(shown(&harness), "identify");
    assert!(harness.appended().is_empty(), "looking changes nothing");
}

#[test]
fn containment_asks_the_reason_at_once_and_locks_nobody_out() {
    for disk_works in [true, false] {
        let mut harness = harness();
        show(&mut harness, "revoke");
        harness.disk_works = disk_works;
        harness.keys("w");
        assert!(matches!(
            harness.state.overlays.last(),
            Some(Overlay::Ask {
                purpose: Purpose::Waive(_),
                ..
            })
        ));
        write_answer(&mut harness, "they are still in");
        assert!(harness.state.overlays.is_empty());
        assert!(
            harness.cockpit().is_begun(&"revoke".into()),
            "disk works: {disk_works}"
        );
        let waived = harness.appended().into_iter().find_map(|body| match body {
            Body::RequirementWaived { missing, .. } => Some(missing),
            _ => None,
        });
        assert_eq!(waived.unwrap(), ["rows", "call"]);
        if !disk_works {
            assert!(matches!(
                harness.cockpit().recording,
                Recording::NotRecorded(_)
            ));
            assert_eq!(
                status(&harness, "revoke"),
                StepStatus::Blocked,
                "the record does not say so yet"
            );
            let before = harness.appended().len();
            harness.keys("enter");
            assert_eq!(harness.appended().len(), before, "not the same again");
            assert_eq!(shown(&harness), "look-back");
        }
    }
}

#[test]
fn to_read_in_a_blocked_step_neither_starts_it_nor_takes_a_key() {
    let mut harness = harness();
    show(&mut harness, "revoke");
    harness.keys("1");
    harness.plan_ok();
    harness.keys("enter");
    assert_eq!(harness.started().len(), 1);
    assert!(harness.state.overlays.is_empty());
    assert!(message(&harness).contains("still waits for: Rows of the actor; Call with the lead"));
    assert_eq!(status(&harness, "revoke"), StepStatus::Blocked);
}

#[test]
fn a_waiver_covers_what_it_lists() {
    let mut harness = harness();
    show(&mut harness, "look-back");
    let missing = |harness: &Harness| {
        harness
            .cockpit()
            .view
            .step(&"look-back".into())
            .unwrap()
            .missing
            .clone()
    };
    assert_eq!(
        missing(&harness),
        ["proof"],
        "a branch that does not count is not waited for"
    );
    harness.keys("w enter");
    write_answer(&mut harness, "later");
    assert_eq!(missing(&harness), [""; 0]);
    show(&mut harness, "revoke");
    harness.keys("w");
    write_answer(&mut harness, "now");
    assert_eq!(
        missing(&harness),
        ["if-attack"],
        "the branch is being worked in"
    );
    show(&mut harness, "look-back");
    harness.keys("w enter");
    write_answer(&mut harness, "later still");
    assert_eq!(
        harness.cockpit().incident.waived["look-back"].missing,
        ["proof", "if-attack"]
    );
    assert_eq!(missing(&harness), [""; 0]);
}

#[test]
fn an_action_with_an_expectation_is_done_once_it_is_judged() {
    use quarterdeck::model::verdict::{Judgement, Verdict};
    let missing = |judged: Option<Verdict>, outcome: ActionOutcome| {
        let mut harness = harness();
        let intent = Hash([200; 32]);
        let entry = harness.seal(Body::ActionResult {
            intent,
            action: "proof".into(),
            outcome,
            rows: Some(0),
            truncated: None,
            partial: None,
            duration_ms: 1,
            code: None,
            message: None,
            judged: judged.map(|verdict| Judgement {
                verdict,
                reasons: vec!["so".into()],
                figures: vec![],
                proofs: vec![],
                held: false,
            }),
            evidence: vec![],
        });
        let mut incident = harness.cockpit().incident.clone();
        quarterdeck::incident::apply(&mut incident, &entry);
        harness.event(EventKind::EntryArrived {
            entry: Arc::new(entry),
            incident: Box::new(incident),
            alive: harness.cockpit().alive.clone(),
        });
        let view = harness.cockpit().view.step(&"look-back".into()).unwrap();
        view.missing.iter().any(|name| name == "proof")
    };
    for (judged, outcome, is_missing) in [
        (Some(Verdict::Pass), ActionOutcome::Ok, false),
        (Some(Verdict::Fail), ActionOutcome::Ok, false),
        (Some(Verdict::Inconclusive), ActionOutcome::Ok, false),
        (None, ActionOutcome::Ok, true),
        (None, ActionOutcome::Failed, true),
        (Some(Verdict::Pass), ActionOutcome::Unknown, true),
    ] {
        assert_eq!(
            missing(judged, outcome),
            is_missing,
            "{judged:?} {outcome:?}"
        );
    }
}

#[test]
fn severity_and_milestones_are_stated_with_a_reason() {
    let mut harness = harness();
    harness.keys("S");
    assert_eq!(
        labels(&harness),
        [
            "○ CRITICAL: It succeeded",
            "● P1 (SEV1): It was tried (now)"
        ]
    );
    harness.keys("enter");
    assert_eq!(message(&harness), "the severity is P1 already");
    harness.keys("S 1");
    write_answer(&mut harness, "rows of another org");
    assert_eq!(
        harness.cockpit().incident.severity.as_deref(),
        Some("CRITICAL")
    );
    harness.keys("M 1");
    write_answer(&mut harness, "since 02:50: the alert");
    let aware = &harness.cockpit().incident.milestones["aware"];
    assert_eq!(
        (aware.text.as_str(), aware.operator.as_str()),
        ("the alert", "alice")
    );
    // Clocks count from the time that was given, not from the key.
    assert_eq!(aware.at.to_string(), "2026-01-31T02:50:00Z");
    harness.keys("M");
    assert_eq!(labels(&harness)[0], "✓ aware: 02:50 by alice: the alert");
    assert!(matches!(
        harness.state.overlays.last(),
        Some(Overlay::Choose { selected: 1, .. })
    ));
    // A second time corrects the first, and only by a time of its own.
    harness.keys("1");
    write_answer(&mut harness, "the log says otherwise");
    assert!(!harness.state.overlays.is_empty());
    harness.keys("esc");
    harness.keys("M 1");
    write_answer(&mut harness, "02:40 the log says so");
    assert!(harness.state.overlays.is_empty());
    let aware = &harness.cockpit().incident.milestones["aware"];
    assert_eq!(aware.at.to_string(), "2026-01-31T02:40:00Z");
    assert_eq!(aware.text, "the log says so");
}

#[test]
fn another_playbook_is_offered_and_joins_without_ending_anything() {
    let mut harness = at_decision();
    harness.keys("d 3");
    write_answer(&mut harness, "they read it");
    match harness.state.overlays.last() {
        Some(Overlay::Choose { items, .. }) => {
            assert_eq!(items[0].1, Chosen::Attach("sev1".into()));
        }
        other => panic!("{other:?}"),
    }
    harness.take();
    harness.keys("enter");
    assert_eq!(harness.effects, [Effect::AttachPlaybook("sev1".into())]);
    let other = cockpit::parse(
        "---\nquarterdeck: 1\nid: sev1\ntitle: SEV1\n---\n\n## Watch\n\n```promql {#rate source=metrics}\nrate(x[5m])\n```\n\n## Stop\n\n### Identify\n\nStop it.\n",
    );
    let entry = harness.seal(Body::PlaybookAttached {
        playbook: "sev1".into(),
        title: "SEV1".into(),
        playbook_sha256: Hash::default(),
    });
    let mut incident = harness.cockpit().incident.clone();
    quarterdeck::incident::apply(&mut incident, &entry);
    harness.take();
    harness.event(EventKind::EntryArrived {
        entry: Arc::new(entry),
        incident: Box::new(incident),
        alive: harness.cockpit().alive.clone(),
    });
    assert_eq!(
        harness.effects,
        [Effect::AttachPlaybook("sev1".into())],
        "what another session attached is read here too"
    );
    let merged = quarterdeck::playbook::attach(&harness.cockpit().playbook, &other, "sev1");
    harness.event(EventKind::PlaybookAttached {
        playbook: "sev1".into(),
        merged: Ok(Arc::new(merged)),
    });
    assert_eq!(shown(&harness), "sev1/identify");
    assert!(
        message(&harness).contains("sev1 is attached: 1 phases, 1 steps"),
        "{}",
        message(&harness)
    );
    assert_eq!(harness.cockpit().watches.len(), 1);
    assert_eq!(
        status(&harness, "identify"),
        StepStatus::Done,
        "the first keeps its own"
    );
    assert_eq!(status(&harness, "sev1/identify"), StepStatus::Todo);
    show(&mut harness, "pattern");
    harness.keys("D 3");
    write_answer(&mut harness, "still");
    assert!(harness.state.overlays.is_empty(), "it is not offered twice");
    harness.event(EventKind::PlaybookAttached {
        playbook: "sev1".into(),
        merged: Err("attach sev1: it is gone".into()),
    });
    assert_eq!(message(&harness), "attach sev1: it is gone");
}
