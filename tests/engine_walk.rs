//! Walkthroughs as transitions: everything is shown, nothing is sent, and the record says so.

#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "support/cockpit.rs"]
mod cockpit;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use cockpit::{Harness, parse};
use proptest::prelude::*;
use quarterdeck::engine::effect::{Effect, Purpose};
use quarterdeck::engine::event::EventKind;
use quarterdeck::engine::next_wake;
use quarterdeck::engine::state::{HomeItem, Overlay, Screen, WatchStatus};
use quarterdeck::incident::view::{ActionStatus, StepStatus};
use quarterdeck::model::Mode;
use quarterdeck::model::diagnostic::SourceText;
use quarterdeck::model::ids::{ActionId, RunId, StepId};
use quarterdeck::model::playbook::{Effect as ActionEffect, Playbook};
use quarterdeck::model::request::PlanError;
use quarterdeck::record::entry::{Body, NOT_YET_KNOWN};
use quarterdeck::report::walk::{Place, Shown, counter, tour};

const PLAYBOOK: &str = r#"---
quarterdeck: 1
id: breach
title: Breach
severity: P1
roles: { ic: Incident commander, security: Security lead }
inputs:
  actor_id: { title: Suspect actor, type: text, pattern: '^u-[0-9]+$' }
  window: { title: Look back, type: lookback, default: 24h }
clocks:
  page: { title: Page security, within: 5m, from: opened, met_by: seen }
evidence:
  rows: { title: The rows, from: seen }
---

What this is.

```text {.notes}
Welcome everybody.
```

## Watch

```promql {#errors source=metrics alert="value > 0"}
sum(rate(errors_total[5m]))
```

## Investigate

How we look.

```kql {.notes}
Say why we look before we act.
```

### Identify
<!-- {#identify role=security} -->

Look at the rows.

```text {.notes}
Pause here.
```

```sql {#seen source=app expect="count == 0" doubt="count < 0" otherwise="escalate P1"}
SELECT id FROM sessions WHERE actor = :actor_id
```

```sql {#revoke source=app effect=write preview=seen max-rows=5 undo="users sign in again"}
UPDATE sessions SET revoked = true WHERE actor = :actor_id
```

- [ ] Rows are saved <!-- {by=seen} -->

### Decide
<!-- {#decide .decision over=seen} -->

| Pattern | Then |
| --- | --- |
| Attack | [Contain](#contain) |
| Mistake | |

## Contain

### Freeze
<!-- {#freeze requires="seen rows"} -->

```sh {#kick source=box effect=write}
echo "$ACTOR_ID"
```

### Tell
<!-- {#tell} -->

```message {#update to=incidents subject="Update {{ severity }}" audience=internal}
{{ ic }} looks at {{ inputs.actor_id }}: {% for row in result["seen"].rows %}{{ row.id }}{% endfor %}
```
"#;

fn open() -> Harness {
    Harness::open_as(Mode::Walkthrough, parse(PLAYBOOK))
}

fn place(harness: &Harness) -> Place {
    harness.cockpit().walk_place().unwrap()
}

fn panel_is_open(harness: &Harness) -> bool {
    matches!(harness.state.overlays.last(), Some(Overlay::Walk { .. }))
}

fn shown(harness: &Harness) -> Option<Shown> {
    harness.cockpit().walk.as_ref().unwrap().shown.clone()
}

/// Answers every plan that is asked for as a source would.
fn answer_plans(harness: &mut Harness, answered: &mut BTreeMap<RunId, ActionId>) {
    while let Some((run, action)) = harness.last_plan() {
        if answered.insert(run, action.id.clone()).is_some() {
            return;
        }
        harness.plan_ok();
    }
}

/// What a walkthrough must never ask for.
fn is_forbidden(effect: &Effect) -> bool {
    match effect {
        Effect::Run { .. }
        | Effect::Cancel(_)
        | Effect::Judge { .. }
        | Effect::Capture(_)
        | Effect::Suggest { .. }
        | Effect::LookAtPreview { .. }
        | Effect::Fill(_)
        | Effect::SaveMessage { .. }
        | Effect::ProbeSources => true,
        Effect::Append { body, .. } => matches!(
            body,
            Body::ActionIntent { .. }
                | Body::ActionResult { .. }
                | Body::MessageDrafted { .. }
                | Body::MessageSent { .. }
                | Body::WatchStarted { .. }
                | Body::WatchChanged { .. }
                | Body::ClockStarted { .. }
                | Body::ClockMissed { .. }
        ),
        _ => false,
    }
}

fn check_nothing_sent(harness: &Harness) {
    let sent: Vec<&Effect> = harness
        .effects
        .iter()
        .filter(|effect| is_forbidden(effect))
        .collect();
    assert!(sent.is_empty(), "{sent:#?}");
}

fn shipped() -> Vec<Playbook> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("playbooks");
    let mut paths: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    paths.sort();
    let playbooks = paths.iter().flat_map(|path| {
        let text = fs::read_to_string(path).unwrap();
        let source = SourceText::new(path.display().to_string(), &text);
        quarterdeck::playbook::parse(&source)
    });
    playbooks.map(|parsed| parsed.playbook).collect()
}

#[test]
fn it_opens_on_its_first_place_and_asks_no_source_for_anything() {
    let harness = open();
    assert_eq!(place(&harness), Place::Opening);
    assert!(panel_is_open(&harness));
    check_nothing_sent(&harness);
    assert_eq!(harness.last_plan(), None);
    let [pane] = harness.cockpit().watches.as_slice() else {
        panic!("one live pane");
    };
    assert!(
        matches!(&pane.status, WatchStatus::Needs(why) if why.as_str() == "WALKTHROUGH: nothing is asked.")
    );
    assert_eq!(next_wake(&harness.state), None, "nothing polls or counts");
}

#[test]
fn space_goes_through_everything_in_order_and_backspace_back() {
    let mut harness = open();
    let mut answered = BTreeMap::new();
    let mut places = vec![place(&harness)];
    while *places.last().unwrap() != Place::End {
        harness.keys("space");
        answer_plans(&mut harness, &mut answered);
        places.push(place(&harness));
    }
    let action = |id: &str| Place::Action(id.into());
    let step = |id: &str| Place::Step(id.into());
    let expected = [
        Place::Opening,
        action("errors"),
        Place::Phase("investigate".into()),
        step("identify"),
        action("seen"),
        action("revoke"),
        step("decide"),
        Place::Decision("decide".into()),
        step("freeze"),
        action("kick"),
        step("tell"),
        action("update"),
        Place::End,
    ];
    assert_eq!(places, expected);
    harness.keys("space");
    assert_eq!(place(&harness), Place::End);
    let said = harness.state.message.clone().unwrap().text;
    assert_eq!(said.as_str(), "this is the end of the walkthrough");
    for expected in expected.iter().rev().skip(1) {
        harness.keys("backspace");
        assert_eq!(place(&harness), *expected);
    }
    check_nothing_sent(&harness);
}

#[test]
fn the_place_is_counted_in_steps() {
    let playbook = parse(PLAYBOOK);
    let counted: Vec<String> = tour(&playbook)
        .iter()
        .map(|place| counter(&playbook, place))
        .collect();
    assert_eq!(
        counted,
        [
            "start",
            "live pane 1 of 1",
            "phase 1 of 2",
            "step 1 of 4",
            "step 1 of 4 · action 1 of 2",
            "step 1 of 4 · action 2 of 2",
            "step 2 of 4",
            "step 2 of 4 · decision",
            "step 3 of 4",
            "step 3 of 4 · action 1 of 1",
            "step 4 of 4",
            "step 4 of 4 · action 1 of 1",
            "end",
        ]
    );
}

#[test]
fn every_shipped_playbook_is_walked_with_nothing_but_space() {
    for playbook in shipped() {
        let id = playbook.id.clone();
        let actions: Vec<ActionId> = playbook.actions.keys().cloned().collect();
        let steps: Vec<StepId> = playbook.steps().map(|(_, step)| step.id.clone()).collect();
        let places = tour(&playbook).len();
        let mut harness = Harness::open_as(Mode::Walkthrough, playbook);
        let mut answered = BTreeMap::new();
        let (mut of_actions, mut of_steps) = (Vec::new(), Vec::new());
        for _ in 1..places {
            harness.keys("space");
            answer_plans(&mut harness, &mut answered);
            match place(&harness) {
                Place::Action(action) => {
                    assert!(panel_is_open(&harness), "{id}: {action}");
                    assert!(
                        !matches!(shown(&harness), None | Some(Shown::Failed(_))),
                        "{id}: {action}: {:?}",
                        shown(&harness)
                    );
                    of_actions.push(action);
                }
                Place::Step(step) => {
                    assert_eq!(harness.cockpit().step, step);
                    assert!(harness.state.overlays.is_empty(), "{id}: {step}");
                    of_steps.push(step);
                }
                _ => {}
            }
        }
        assert_eq!(place(&harness), Place::End, "{id}");
        assert_eq!(of_steps, steps, "{id}");
        let (mut once, mut all) = (of_actions, actions);
        once.sort();
        all.sort();
        assert_eq!(once, all, "{id}");
        check_nothing_sent(&harness);
    }
}

#[test]
fn an_action_is_shown_and_counts_as_run_once() {
    let mut harness = open();
    harness.keys("esc 1");
    assert_eq!(place(&harness), Place::Action("seen".into()));
    assert_eq!(shown(&harness), None);
    let run = harness.plan_ok();
    assert!(matches!(shown(&harness), Some(Shown::Request(_))));
    let resolved = |harness: &Harness| {
        let bodies = harness.appended();
        bodies
            .into_iter()
            .filter(|body| matches!(body, Body::ActionResolved { .. }))
            .count()
    };
    assert_eq!(resolved(&harness), 1);
    let said = Body::ActionResolved {
        intent: None,
        action: "seen".into(),
        done: true,
        note: "shown in a walkthrough, nothing was sent".into(),
    };
    assert_eq!(harness.appended(), [said]);
    let status = harness.cockpit().view.actions[&ActionId::new("seen")].status;
    assert_eq!(status, ActionStatus::ByHand(true));
    harness.keys("1");
    assert_ne!(harness.plan_ok(), run);
    assert_eq!(resolved(&harness), 1, "it is said once");
    check_nothing_sent(&harness);
}

#[test]
fn what_waits_for_an_action_opens_once_that_was_shown() {
    let mut harness = open();
    let freeze = |harness: &Harness| {
        harness
            .cockpit()
            .view
            .step(&"freeze".into())
            .unwrap()
            .clone()
    };
    assert_eq!(freeze(&harness).missing, ["seen", "rows"]);
    assert_eq!(freeze(&harness).status, StepStatus::Blocked);
    harness.keys("esc 1");
    harness.plan_ok();
    assert_eq!(freeze(&harness).missing, Vec::<String>::new());
    check_nothing_sent(&harness);
}

#[test]
fn a_write_is_shown_as_a_write_without_its_gate() {
    let mut harness = open();
    harness.keys("esc 2");
    harness.plan_ok();
    let Some(Shown::Request(request)) = shown(&harness) else {
        panic!("it is shown");
    };
    assert_eq!(request.effect, ActionEffect::Write);
    assert!(panel_is_open(&harness));
    assert_eq!(harness.state.overlays.len(), 1, "no gate opens");
    check_nothing_sent(&harness);
}

#[test]
fn missing_inputs_take_examples_that_are_marked_and_i_sets_them() {
    let mut harness = open();
    let context = |harness: &Harness| {
        harness
            .effects
            .iter()
            .rev()
            .find_map(|effect| match effect {
                Effect::Plan { context, .. } => Some(context.clone()),
                _ => None,
            })
    };
    harness.keys("esc 1");
    let bound = context(&harness).unwrap().inputs;
    let actor = bound
        .iter()
        .find(|input| input.id.as_str() == "actor_id")
        .unwrap();
    assert_eq!((actor.text.as_str(), actor.example), ("u-0123", true));
    let of_incident = bound.iter().filter(|input| input.id.as_str() != "actor_id");
    assert!(
        of_incident.into_iter().all(|input| !input.example),
        "what is there is no example"
    );
    harness.plan_ok();
    harness.keys("i");
    assert!(matches!(
        harness.state.overlays.last(),
        Some(Overlay::Form(_))
    ));
    harness.type_text("u-77");
    harness.keys("enter");
    // What was on the screen is shown again, with the value.
    assert!(panel_is_open(&harness));
    let bound = context(&harness).unwrap().inputs;
    let actor = bound
        .iter()
        .find(|input| input.id.as_str() == "actor_id")
        .unwrap();
    assert_eq!((actor.text.as_str(), actor.example), ("u-77", false));
    check_nothing_sent(&harness);
}

#[test]
fn a_plan_that_fails_is_shown_and_does_not_stop_the_walk() {
    let mut harness = open();
    harness.keys("esc 1");
    let (run, _) = harness.last_plan().unwrap();
    harness.event(EventKind::Planned {
        run,
        result: Err(PlanError::NeedsSource("needs a source \"app\"".into())),
    });
    assert_eq!(
        shown(&harness),
        Some(Shown::Failed("needs a source \"app\"".into()))
    );
    assert!(panel_is_open(&harness));
    let status = harness.cockpit().view.actions[&ActionId::new("seen")].status;
    assert_eq!(
        status,
        ActionStatus::NotRun,
        "what could not be sent does not count as run"
    );
    harness.keys("space");
    assert_eq!(place(&harness), Place::Action("revoke".into()));
    check_nothing_sent(&harness);
}

#[test]
fn a_plan_that_comes_late_is_not_taken_for_another() {
    let mut harness = open();
    harness.keys("esc 1");
    let (late, action) = harness.last_plan().unwrap();
    harness.keys("2");
    harness.event(EventKind::Planned {
        run: late,
        result: Ok(Box::new(cockpit::request(&action))),
    });
    assert_eq!(shown(&harness), None);
    assert_eq!(harness.appended(), []);
}

#[test]
fn a_message_is_filled_with_what_there_is() {
    let mut harness = open();
    harness.keys("esc G up");
    let Screen::Cockpit(cockpit) = &mut harness.state.screen else {
        panic!("it is open");
    };
    cockpit.step = "tell".into();
    harness.keys("1");
    let Some(Shown::Message(draft, parameters)) = shown(&harness) else {
        panic!("the message is shown: {:?}", shown(&harness));
    };
    assert_eq!(draft.text, "‹Incident commander› looks at u-0123: ‹id›");
    assert_eq!(draft.subject.as_deref(), Some("Update P1"));
    let [actor] = parameters.as_slice() else {
        panic!("one input");
    };
    assert!(actor.example);
    check_nothing_sent(&harness);
}

#[test]
fn an_edited_text_is_shown_as_edited() {
    let mut harness = open();
    harness.keys("esc 1");
    harness.plan_ok();
    harness.keys("e");
    assert!(matches!(
        harness.state.overlays.last(),
        Some(Overlay::Query { .. })
    ));
    harness.type_text("-- all of it\n");
    harness.keys("ctrl-s");
    harness.plan_ok();
    assert!(harness.cockpit().walk.as_ref().unwrap().edited);
    assert!(panel_is_open(&harness));
    check_nothing_sent(&harness);
}

#[test]
fn space_goes_on_from_the_step_that_the_presenter_went_to() {
    let mut harness = open();
    harness.keys("esc right right");
    assert_eq!(place(&harness), Place::Step("freeze".into()));
    harness.keys("space");
    assert_eq!(place(&harness), Place::Action("kick".into()));
}

#[test]
fn steps_checks_and_decisions_are_recorded_apart() {
    let mut harness = open();
    harness.keys("esc t");
    harness.keys("right D 1");
    harness.type_text("because");
    harness.keys("enter");
    let said = harness.appended();
    let kinds: Vec<&str> = said.iter().map(Body::kind).collect();
    assert_eq!(kinds, ["check.ticked", "decision.made", "step.done"]);
    assert_eq!(
        harness.cockpit().step,
        "freeze".into(),
        "its branch is shown"
    );
    let decided = &harness.cockpit().incident.decisions[&StepId::new("decide")];
    assert_ne!(decided.chosen, [NOT_YET_KNOWN]);
    let modes = harness.cockpit().timeline.entries.iter();
    assert!(
        modes
            .into_iter()
            .all(|entry| entry.entry.mode == Mode::Walkthrough)
    );
    check_nothing_sent(&harness);
}

#[test]
fn notes_are_hidden_until_asked_for_and_exist_in_a_walkthrough_only() {
    let playbook = parse(PLAYBOOK);
    let notes = |place: &Place| quarterdeck::report::walk::notes(&playbook, place).join("");
    assert_eq!(notes(&Place::Opening).trim(), "Welcome everybody.");
    assert_eq!(
        notes(&Place::Phase("investigate".into())).trim(),
        "Say why we look before we act."
    );
    assert_eq!(notes(&Place::Action("seen".into())).trim(), "Pause here.");
    let is_shown = |harness: &Harness| harness.cockpit().walk.as_ref().unwrap().notes;
    let mut harness = open();
    assert!(!is_shown(&harness));
    harness.keys("P");
    assert!(is_shown(&harness) && panel_is_open(&harness));
    harness.keys("space");
    assert!(is_shown(&harness), "they stay until they are hidden");
    harness.keys("P");
    assert!(!is_shown(&harness));
    let mut live = Harness::open(PLAYBOOK);
    live.keys("P space");
    assert_eq!(live.cockpit().walk, None);
}

#[test]
fn a_playbook_of_the_home_screen_is_walked_through_with_w() {
    let mut harness = Harness::open(PLAYBOOK);
    harness.keys("H");
    harness.event(EventKind::HomeLoaded {
        items: vec![HomeItem::Playbook {
            id: "breach".into(),
            path: "breach.md".into(),
            title: "Breach".into(),
            summary: String::new(),
            alerts: vec![],
            errors: 0,
            used_at: None,
        }],
        last: true,
    });
    harness.take();
    harness.keys("w");
    let [Effect::Open(request)] = harness.effects.as_slice() else {
        panic!("it opens: {:?}", harness.effects);
    };
    assert_eq!(request.purpose, Purpose::Walkthrough);
    assert_eq!(request.playbook, "breach.md");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever is pressed, nothing is sent and nothing is recorded as sent.
    #[test]
    fn no_keys_send_anything(keys in proptest::collection::vec(
        prop_oneof![
            Just("space"), Just("space"), Just("backspace"), Just("enter"), Just("esc"), Just("1"), Just("2"), Just("e"),
            Just("ctrl-s"), Just("m"), Just("D"), Just("v"), Just("c"), Just("p"), Just("w"), Just("d"), Just("s"), Just("t"),
            Just("A"), Just("i"), Just("tab"), Just("right"), Just("down"), Just("P"), Just("a"), Just("X"), Just("x"), Just("C"),
        ],
        1..60,
    )) {
        let mut harness = open();
        let mut answered = BTreeMap::new();
        for key in keys {
            harness.keys(key);
            answer_plans(&mut harness, &mut answered);
        }
        let sent: Vec<&Effect> = harness.effects.iter().filter(|effect| is_forbidden(effect)).collect();
        prop_assert!(sent.is_empty(), "{sent:#?}");
    }
}
