//! Transitions of the engine: events in, state and effects out.

#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "support/cockpit.rs"]
mod cockpit;

use std::sync::Arc;
use std::time::Duration;

use cockpit::Harness;
use proptest::prelude::*;
use quarterdeck::engine::effect::Effect;
use quarterdeck::engine::event::{EventKind, RowPurpose};
use quarterdeck::engine::next_wake;
use quarterdeck::engine::state::{Content, Overlay, Recording, Screen, WatchStatus};
use quarterdeck::model::request::{Chunk, Outcome, PlanError, RunError};
use quarterdeck::model::table::{Column, ColumnKind, Row, Rows, Sample, Series};
use quarterdeck::record::entry::{ActionOutcome, Body, WatchState};

const PLAYBOOK: &str = r#"---
quarterdeck: 1
id: breach
title: Breach
severity: P1
inputs:
  actor_id: { title: Suspect actor, type: text, pattern: '^[a-z0-9-]{1,64}$', from: [actorId] }
---

## Watch

```promql {#mismatch source=metrics every=15s alert="value > 0"}
sum by (machine) (increase(mismatch_total[5m]))
```

## Investigate

### Identify the source

Who was it?

```sql {#who source=audit}
SELECT actor_id AS "actorId" FROM audit
```

```sql {#by-actor source=audit}
SELECT * FROM audit WHERE actor_id = :actor_id
```

- [ ] request id saved <!-- {#saved} -->

### Ask Azure

```kql {#traces source=telemetry}
traces | take 5
```

## Contain

### Revoke

```sql {#revoke-preview source=app}
SELECT id FROM sessions
```

```sql {#revoke source=app effect=write preview=revoke-preview max-rows=5 undo="users sign in again"}
UPDATE sessions SET revoked = true
```
"#;

fn harness() -> Harness {
    let mut harness = Harness::open(PLAYBOOK);
    harness.take();
    harness
}

/// Runs the first action until it is on its way.
fn run_first(harness: &mut Harness) -> quarterdeck::model::ids::RunId {
    harness.keys("1");
    let run = harness.plan_ok();
    harness.keys("enter");
    run
}

fn columns(names: &[&str]) -> Vec<Column> {
    names
        .iter()
        .map(|name| Column {
            name: (*name).into(),
            kind: ColumnKind::Text,
            type_name: "text".into(),
        })
        .collect()
}

fn row(cells: &[&str]) -> Row {
    cells.iter().map(|cell| Some((*cell).into())).collect()
}

#[test]
fn nothing_is_sent_before_it_was_shown_confirmed_and_recorded() {
    let mut harness = harness();
    harness.keys("1");
    assert!(harness.started().is_empty());
    let run = harness.plan_ok();
    assert!(matches!(
        harness.state.overlays.last(),
        Some(Overlay::Send { .. })
    ));
    assert!(harness.started().is_empty(), "shown, not sent");
    harness.keys("enter");
    let position = |wanted: &dyn Fn(&Effect) -> bool| harness.effects.iter().position(wanted);
    let intent = position(&|effect| {
        matches!(
            effect,
            Effect::Append {
                body: Body::ActionIntent { .. },
                ..
            }
        )
    });
    let sent = position(&|effect| matches!(effect, Effect::Run { .. }));
    assert!(
        intent.is_some() && intent < sent,
        "intent {intent:?} before run {sent:?}"
    );
    assert_eq!(harness.started(), [run]);
}

#[test]
fn keys_typed_ahead_of_the_request_do_nothing_else() {
    let mut harness = harness();
    harness.keys("1 enter enter");
    assert!(
        harness.appended().is_empty(),
        "an enter meant for the dialog starts no step"
    );
    let run = harness.plan_ok();
    assert!(
        harness.started().is_empty(),
        "nor is it kept: what is sent was seen before"
    );
    harness.keys("enter");
    assert_eq!(harness.started(), [run]);
}

#[test]
fn escape_sends_nothing() {
    let mut harness = harness();
    harness.keys("1");
    harness.plan_ok();
    harness.keys("esc");
    assert!(harness.started().is_empty());
    assert!(harness.cockpit().runs.values().all(|run| run.poll));
}

#[test]
fn a_read_goes_on_unrecorded_and_is_recorded_when_the_disk_comes_back() {
    let mut harness = harness();
    harness.disk_works = false;
    let run = run_first(&mut harness);
    assert_eq!(harness.started(), [run]);
    assert!(matches!(
        harness.cockpit().recording,
        Recording::NotRecorded(_)
    ));
    assert!(harness.cockpit().shown_result().unwrap().unrecorded);
    harness.event(EventKind::Finished {
        run,
        result: Ok(Outcome {
            rows: Some(3),
            ..Outcome::default()
        }),
    });
    assert!(
        !harness
            .appended()
            .iter()
            .any(|body| matches!(body, Body::ActionResult { .. }))
    );
    harness.disk_works = true;
    let (ticket, body) = harness
        .cockpit()
        .pending
        .iter()
        .find(|(_, pending)| pending.run == Some(run))
        .map(|(ticket, pending)| (*ticket, pending.body.clone()))
        .unwrap();
    let entry = Arc::new(harness.seal(body));
    harness.event(EventKind::Recorded { ticket, entry });
    let results = harness
        .appended()
        .into_iter()
        .filter(|body| matches!(body, Body::ActionResult { rows: Some(3), .. }));
    assert_eq!(results.count(), 1);
}

#[test]
fn a_write_can_be_completed_by_hand() {
    let mut harness = harness();
    harness.keys("tab backtab");
    while harness.cockpit().step.as_str() != "revoke" {
        harness.keys("d");
    }
    harness.take();
    harness.keys("down a 1");
    harness.type_text("revoked in the admin console");
    harness.keys("enter");
    let resolved = harness.appended();
    assert!(
        matches!(resolved.as_slice(), [Body::ActionResolved { done: true, intent: None, note, .. }] if note == "revoked in the admin console"),
        "{resolved:?}"
    );
}

#[test]
fn a_statement_that_turns_out_to_write_is_not_sent() {
    let mut harness = harness();
    harness.keys("1");
    let (run, action) = harness.last_plan().unwrap();
    let mut request = cockpit::request(&action);
    request.effect = quarterdeck::model::playbook::Effect::Write;
    harness.event(EventKind::Planned {
        run,
        result: Ok(Box::new(request)),
    });
    assert!(matches!(
        harness.state.overlays.last(),
        Some(Overlay::Gate(_))
    ));
    harness.keys("enter esc enter");
    assert!(harness.started().is_empty());
}

#[test]
fn what_has_no_source_says_what_it_needs() {
    let mut harness = harness();
    harness.keys("d 1");
    let (run, action) = harness.last_plan().unwrap();
    assert_eq!(action.id.as_str(), "traces");
    let reason = "needs a source that speaks KQL".to_owned();
    harness.event(EventKind::Planned {
        run,
        result: Err(PlanError::NeedsSource(reason)),
    });
    let Some(Overlay::Choose { title, .. }) = harness.state.overlays.last() else {
        panic!("a choice is offered");
    };
    let said: Vec<&str> = title
        .iter()
        .map(quarterdeck::model::safe_text::SafeText::as_str)
        .collect();
    assert!(said.concat().contains("speaks KQL"), "{said:?}");
}

/// A default is written as people write it and kept in one form: accepting it is no change.
#[test]
fn inputs_that_nobody_touched_are_not_recorded() {
    let lookback = "  window: { title: Look back, type: lookback, default: 24h }\n---";
    let mut harness = Harness::open(&PLAYBOOK.replacen("\n---", &format!("\n{lookback}"), 1));
    harness.take();
    harness.keys("i enter");
    assert!(harness.cockpit().pending.is_empty());
    harness.keys("i tab backspace backspace backspace");
    harness.type_text("2h");
    harness.keys("enter");
    let set = harness.appended();
    assert!(
        matches!(set.as_slice(), [Body::InputSet { value, .. }] if value == "2h"),
        "{set:?}"
    );
}

#[test]
fn a_missing_input_is_asked_checked_recorded_and_bound() {
    let mut harness = harness();
    harness.keys("2");
    assert!(harness.last_plan().is_none());
    harness.type_text("NOT VALID");
    harness.keys("enter");
    let Some(Overlay::Form(form)) = harness.state.overlays.last() else {
        panic!("the form stays open");
    };
    assert!(form.fields[0].error.is_some());
    harness.keys("ctrl-u");
    harness.type_text("u-1932");
    for _ in 0..9 {
        harness.keys("home delete");
    }
    harness.type_text("u-1932");
    harness.keys("enter");
    let set = harness.appended();
    assert!(matches!(set.as_slice(), [Body::InputSet { .. }]), "{set:?}");
    let bound = harness.effects.iter().find_map(|effect| match effect {
        Effect::Plan { context, .. } => context
            .inputs
            .iter()
            .find(|input| input.id.as_str() == "actor_id")
            .map(|input| input.text.clone()),
        _ => None,
    });
    let Body::InputSet { value, .. } = &set[0] else {
        unreachable!()
    };
    assert_eq!(bound.as_ref(), Some(value));
}

/// Whoever is alone has every role: enter without a name takes it.
#[test]
fn a_role_without_a_name_is_the_operators() {
    let mut harness = harness();
    harness.keys("R");
    while matches!(harness.state.overlays.last(), Some(Overlay::Choose { .. })) {
        harness.keys("enter");
    }
    harness.keys("enter");
    let said = harness.appended();
    let operator = &harness.state.operator;
    assert!(
        matches!(said.as_slice(), [Body::RoleAssigned { person, .. }] if person == operator),
        "{said:?}"
    );
}

/// The first action has run and brought one row.
fn one_row(
    harness: &mut Harness,
    names: &[&str],
    cells: &[&str],
) -> quarterdeck::model::ids::RunId {
    let run = run_first(harness);
    let (columns, rows) = (columns(names), Rows::from_vec(vec![row(cells)]));
    for chunk in [Chunk::Columns { columns, rows }, Chunk::Rows(1)] {
        harness.event(EventKind::Arrived { run, chunk });
    }
    harness.event(EventKind::Finished {
        run,
        result: Ok(Outcome {
            rows: Some(1),
            ..Outcome::default()
        }),
    });
    harness.take();
    run
}

/// A row fits several inputs: that of the cell the cursor is on comes first, then in the order of the columns.
#[test]
fn the_input_of_the_selected_cell_is_offered_first() {
    let first_seen = "  first_seen: { title: First seen, type: text }\n  actor_id:";
    let playbook = PLAYBOOK.replacen("  actor_id:", first_seen, 1);
    let (names, cells) = (["actorId", "first_seen"], ["u-1932", "yesterday"]);
    for (keys, first) in [
        ("b", "Suspect actor = u-1932"),
        ("right b", "First seen = yesterday"),
    ] {
        let mut harness = Harness::open(&playbook);
        harness.take();
        let run = one_row(&mut harness, &names, &cells);
        harness.keys(keys);
        harness.event(EventKind::RowRead {
            run,
            row: 0,
            cells: Some(row(&cells)),
            purpose: RowPurpose::Bind,
        });
        let Some(Overlay::Choose { items, .. }) = harness.state.overlays.last() else {
            panic!("{keys}: it is asked which input is meant");
        };
        let labels: Vec<&str> = items.iter().map(|(label, _)| label.as_str()).collect();
        assert_eq!((labels.len(), labels[0]), (2, first), "{keys}");
    }
}

#[test]
fn a_row_fills_the_input_that_asks_for_its_column() {
    let mut harness = harness();
    let run = one_row(&mut harness, &["actorId"], &["u-1932"]);
    harness.keys("b");
    let Some(Effect::ReadRow {
        purpose,
        row: index,
        ..
    }) = harness.effects.last().cloned()
    else {
        panic!("the row is read");
    };
    assert_eq!((purpose, index), (RowPurpose::Bind, 0));
    harness.event(EventKind::RowRead {
        run,
        row: 0,
        cells: Some(row(&["u-1932"])),
        purpose,
    });
    assert_eq!(
        harness.cockpit().input_value(&"actor_id".into()).as_deref(),
        Some("u-1932")
    );
    harness.event(EventKind::RowRead {
        run,
        row: 0,
        cells: Some(row(&["EVIL; DROP"])),
        purpose,
    });
    assert_eq!(
        harness.cockpit().input_value(&"actor_id".into()).as_deref(),
        Some("u-1932"),
        "checked like typed text"
    );

    // The dialog with the whole row names the same keys.
    for (key, said) in [("b", "Suspect actor = u-7"), ("y", "copied: u-7")] {
        harness.keys("enter");
        harness.event(EventKind::RowRead {
            run,
            row: 0,
            cells: Some(row(&["u-7"])),
            purpose: RowPurpose::Detail,
        });
        assert!(matches!(
            harness.state.overlays.last(),
            Some(Overlay::RowDetail { .. })
        ));
        harness.keys(key);
        let message = harness
            .state
            .message
            .as_ref()
            .map(|message| message.text.as_str());
        assert_eq!(message, Some(said));
        assert!(harness.state.overlays.is_empty());
    }
    assert_eq!(
        harness.cockpit().input_value(&"actor_id".into()).as_deref(),
        Some("u-7")
    );
}

#[test]
fn parts_that_come_late_are_dropped_and_an_end_counts_once() {
    let mut harness = harness();
    let run = run_first(&mut harness);
    let end = EventKind::Finished {
        run,
        result: Err(RunError::Cancelled),
    };
    harness.event(end.clone());
    harness.event(end);
    harness.event(EventKind::Arrived {
        run,
        chunk: Chunk::Rows(9),
    });
    let ends = harness.appended().into_iter().filter(|body| {
        matches!(
            body,
            Body::ActionResult {
                outcome: ActionOutcome::Cancelled,
                ..
            }
        )
    });
    assert_eq!(ends.count(), 1);
    assert_eq!(
        harness.cockpit().shown_result().unwrap().content,
        Content::Nothing
    );
}

fn poll(harness: &mut Harness, series: Vec<Series>) {
    harness.now = harness.now.checked_add(Duration::from_mins(1)).unwrap();
    harness.event(EventKind::Ticked);
    let run = harness.plan_ok();
    harness.event(EventKind::Arrived {
        run,
        chunk: Chunk::Series(series),
    });
    harness.event(EventKind::Finished {
        run,
        result: Ok(Outcome::default()),
    });
}

#[test]
fn a_live_pane_tells_zero_from_no_data_and_records_only_changes() {
    let mut harness = Harness::open(PLAYBOOK);
    let run = harness.plan_ok();
    harness.event(EventKind::Finished {
        run,
        result: Ok(Outcome::default()),
    });
    assert_eq!(
        harness.cockpit().watches[0].status,
        WatchStatus::NoData,
        "no sample is not a zero"
    );
    let sample = |harness: &Harness, value| {
        let at = harness.now.checked_add(Duration::from_mins(1)).unwrap();
        vec![Series {
            label: "machine=order".into(),
            samples: vec![Sample { at, value }],
        }]
    };
    let zero = sample(&harness, 0.0);
    poll(&mut harness, zero);
    assert_eq!(harness.cockpit().watches[0].status, WatchStatus::Fresh);
    let spike = sample(&harness, 3.0);
    poll(&mut harness, spike);
    assert_eq!(harness.cockpit().watches[0].status, WatchStatus::Alert);
    let spike = sample(&harness, 4.0);
    poll(&mut harness, spike);
    let states: Vec<WatchState> = harness
        .appended()
        .into_iter()
        .filter_map(|body| match body {
            Body::WatchChanged { state, .. } => Some(state),
            _ => None,
        })
        .collect();
    assert_eq!(
        states,
        [WatchState::NoData, WatchState::Fresh, WatchState::Alert]
    );
    let starts = harness
        .appended()
        .into_iter()
        .filter(|body| matches!(body, Body::WatchStarted { .. }));
    assert_eq!(starts.count(), 1);
}

#[test]
fn samples_that_grow_old_are_stale_and_a_source_that_fails_says_so() {
    let mut harness = Harness::open(PLAYBOOK);
    let run = harness.plan_ok();
    let at = harness.now;
    let old = vec![Series {
        label: String::new(),
        samples: vec![Sample { at, value: 0.0 }],
    }];
    harness.event(EventKind::Arrived {
        run,
        chunk: Chunk::Series(old.clone()),
    });
    harness.event(EventKind::Finished {
        run,
        result: Ok(Outcome::default()),
    });
    assert_eq!(harness.cockpit().watches[0].status, WatchStatus::Fresh);
    for _ in 0..4 {
        poll(&mut harness, old.clone());
    }
    assert_eq!(harness.cockpit().watches[0].status, WatchStatus::Stale);
    harness.now = harness.now.checked_add(Duration::from_mins(1)).unwrap();
    harness.event(EventKind::Ticked);
    let run = harness.plan_ok();
    harness.event(EventKind::Finished {
        run,
        result: Err(RunError::failed("connection refused")),
    });
    assert!(matches!(
        harness.cockpit().watches[0].status,
        WatchStatus::Failed(_)
    ));
}

#[test]
fn time_wakes_the_program_only_where_something_is_due() {
    let home = Harness::open(PLAYBOOK);
    assert!(next_wake(&home.state).is_some());
    let mut harness = home;
    harness.keys("H");
    assert!(matches!(harness.state.screen, Screen::Home(_)));
    assert_eq!(next_wake(&harness.state), None);
}

#[test]
fn an_unknown_outcome_is_never_run_again_by_itself() {
    let mut harness = harness();
    let run = run_first(&mut harness);
    let intent = harness
        .cockpit()
        .incident
        .unfinished
        .keys()
        .next()
        .copied()
        .unwrap();
    let mut incident = harness.cockpit().incident.clone();
    let entry = Arc::new(harness.seal(Body::NoteAdded {
        text: "x".into(),
        happened_at: None,
        step: None,
        evidence: None,
    }));
    incident.unfinished.get_mut(&intent).unwrap().writer = "another".into();
    harness.event(EventKind::EntryArrived {
        entry,
        incident: Box::new(incident),
        alive: ["me".to_owned()].into(),
    });
    assert_eq!(harness.cockpit().view.unknown.len(), 1);
    harness.take();
    harness.keys("a");
    harness.keys("1");
    harness.type_text("asked the database: it ran");
    harness.keys("enter");
    assert!(harness.started().is_empty(), "{run:?}");
    assert!(matches!(
        harness.appended().as_slice(),
        [Body::ActionResolved { intent: Some(settled), done: true, .. }] if *settled == intent
    ));
    assert!(harness.cockpit().view.unknown.is_empty());
}

#[test]
fn a_pasted_newline_never_submits_and_a_paste_is_never_keys() {
    let mut harness = harness();
    harness.event(EventKind::Paste("1\nd\nq".into()));
    assert!(harness.effects.is_empty() && harness.state.quit.is_none());
    harness.keys("n");
    harness.event(EventKind::Paste("first\nsecond".into()));
    assert!(harness.appended().is_empty());
    harness.keys("enter");
    assert!(
        matches!(harness.appended().as_slice(), [Body::NoteAdded { text, .. }] if text == "first\nsecond")
    );
}

#[test]
fn steps_are_started_done_skipped_and_reopened() {
    let mut harness = harness();
    harness.keys("enter t d");
    harness.keys("s");
    harness.keys("enter");
    assert!(
        matches!(
            harness.state.overlays.last(),
            Some(Overlay::Ask { error: Some(_), .. })
        ),
        "a reason is needed"
    );
    harness.type_text("no Azure here");
    harness.keys("enter");
    let kinds: Vec<String> = harness
        .appended()
        .iter()
        .map(|body| body.kind().to_owned())
        .collect();
    assert_eq!(
        kinds,
        ["step.started", "check.ticked", "step.done", "step.skipped"]
    );
    assert_eq!(harness.cockpit().step.as_str(), "revoke");
}

#[test]
fn leaving_while_something_runs_is_asked() {
    let mut harness = harness();
    run_first(&mut harness);
    harness.keys("q");
    assert_eq!(harness.state.quit, None);
    harness.keys("enter");
    assert_eq!(harness.state.quit, Some(0));
    assert!(matches!(
        harness.effects.last(),
        Some(Effect::Detach { .. })
    ));
}

#[test]
fn sorting_turns_round_and_searching_walks() {
    let mut harness = harness();
    let run = run_first(&mut harness);
    let rows = Rows::from_vec(vec![row(&["b"]), row(&["a"]), row(&["b"])]);
    harness.event(EventKind::Arrived {
        run,
        chunk: Chunk::Columns {
            columns: columns(&["x"]),
            rows: rows.clone(),
        },
    });
    harness.event(EventKind::Arrived {
        run,
        chunk: Chunk::Rows(3),
    });
    harness.event(EventKind::Finished {
        run,
        result: Ok(Outcome {
            rows: Some(3),
            ..Outcome::default()
        }),
    });
    while harness.cockpit().focus != quarterdeck::layout::PaneKind::Result {
        harness.keys("tab");
    }
    for descending in [false, true] {
        harness.keys("o");
        assert!(
            matches!(harness.effects.last(), Some(Effect::Sort { by, .. }) if *by == (0, descending))
        );
        harness.event(EventKind::Sorted {
            run,
            by: (0, descending),
            rows: rows.clone(),
        });
    }
    harness.keys("o");
    assert_eq!(
        harness
            .cockpit()
            .shown_result()
            .unwrap()
            .table()
            .unwrap()
            .sort,
        None
    );
    harness.keys("/");
    harness.type_text("b");
    harness.keys("enter");
    harness.event(EventKind::Found {
        run,
        text: "b".into(),
        matches: Arc::from([0_u32, 2]),
    });
    let selected = |harness: &Harness| {
        harness
            .cockpit()
            .shown_result()
            .unwrap()
            .table()
            .unwrap()
            .selected
    };
    assert_eq!(selected(&harness), 0);
    harness.keys("N");
    assert_eq!(selected(&harness), 2);
    harness.keys("N");
    assert_eq!(selected(&harness), 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// Whatever is pressed: nothing panics, and nothing is sent whose intent is not on disk.
    #[test]
    fn any_keys_keep_the_invariants(
        presses in prop::collection::vec(
            prop::sample::select(vec![
                "1", "2", "3", "enter", "esc", "tab", "backtab", "d", "s", "t", "T", "e", "i", "b", "n", "a", "c", "r", "!", "R",
                "z", "o", "/", "N", "y", "[", "]", "+", "-", "p", "up", "down", "left", "right", "pageup", "pagedown", "home",
                "end", ":", "?", "x", "ctrl-s", "ctrl-l", "space", "f5", "plan", "finish", "row",
            ]),
            1..60,
        ),
        disk_works in any::<bool>(),
    ) {
        let mut harness = harness();
        harness.disk_works = disk_works;
        for press in presses {
            match press {
                "plan" => if harness.last_plan().is_some() { harness.plan_ok(); },
                "finish" => if let Some(run) = harness.started().last().copied() {
                    harness.event(EventKind::Finished { run, result: Ok(Outcome::default()) });
                },
                "row" => {
                    let run = harness.started().last().copied().unwrap_or_default();
                    harness.event(EventKind::RowRead { run, row: 0, cells: Some(row(&["u-1"])), purpose: RowPurpose::Bind });
                }
                key => harness.keys(key),
            }
        }
        let intents: Vec<usize> = harness.effects.iter().enumerate()
            .filter(|(_, effect)| matches!(effect, Effect::Append { body: Body::ActionIntent { .. }, .. }))
            .map(|(index, _)| index).collect();
        // The palette can leave the incident; what was sent before counts all the same.
        let Some(cockpit) = harness.state.cockpit() else {
            return Ok(());
        };
        let polls: Vec<_> = cockpit.watches.iter().map(|watch| watch.action.clone()).collect();
        let runs = harness.effects.iter().enumerate()
            .filter(|(_, effect)| matches!(effect, Effect::Run { request, .. } if !polls.contains(&request.action)));
        for (nth, (index, _)) in runs.enumerate() {
            prop_assert!(intents.get(nth).is_some_and(|intent| *intent < index));
        }
        let revoked = harness
            .appended()
            .iter()
            .any(|body| matches!(body, Body::ActionIntent { action, .. } if action.as_str() == "revoke"));
        prop_assert!(!revoked, "a write was sent");
    }
}

#[test]
fn what_is_refused_for_good_is_not_waited_for_and_is_said() {
    let said = |harness: &Harness| {
        let message = harness.state.message.as_ref().unwrap();
        assert!(message.error);
        message.text.to_string()
    };
    let mut harness = harness();
    harness.refuses = true;
    harness.keys("n");
    harness.type_text("too long");
    harness.keys("ctrl-s");
    assert!(harness.cockpit().pending.is_empty());
    assert_eq!(harness.cockpit().recording, Recording::Saved);
    for part in ["record the note", "at most 65536", "do it again"] {
        assert!(said(&harness).contains(part), "{part}: {}", said(&harness));
    }

    // An intent that can never be recorded is never sent.
    run_first(&mut harness);
    assert!(harness.started().is_empty());
    assert!(harness.cockpit().pending.is_empty());
    assert!(harness.cockpit().runs.values().all(|run| run.poll));
    assert!(said(&harness).contains("record"), "{}", said(&harness));

    // While the disk does not work at all, reads go on without a record.
    harness.refuses = false;
    harness.disk_works = false;
    harness.keys("d");
    harness.refuses = true;
    let run = run_first(&mut harness);
    assert_eq!(harness.started(), [run]);
}

#[test]
fn a_writer_that_is_gone_leaves_an_unknown_outcome() {
    let mut harness = harness();
    run_first(&mut harness);
    assert!(harness.cockpit().view.unknown.is_empty());
    harness.event(EventKind::WritersChanged {
        alive: std::collections::BTreeSet::new(),
    });
    assert_eq!(harness.cockpit().view.unknown.len(), 1);
    let message = harness.state.message.as_ref().unwrap();
    assert!(message.text.to_string().contains("unknown outcome"));
}

#[test]
fn a_secret_input_holds_where_the_secret_is_kept() {
    let playbook = PLAYBOOK
        .replace(
            "inputs:\n",
            "inputs:\n  token: { title: Token, type: secret }\n",
        )
        .replace(
            "## Contain",
            "### Ask\n\n```sh {#ask}\ncurl -H \"$TOKEN\" x\n```\n\n## Contain",
        );
    let mut harness = Harness::open(&playbook);
    harness.take();
    harness.keys("i");
    harness.type_text("hunter2");
    harness.keys("enter");
    let Some(Overlay::Form(form)) = harness.state.overlays.last() else {
        panic!("the form stays open");
    };
    let error = form.fields[0].error.as_ref().unwrap().to_string();
    assert!(error.contains("env:NAME") && !error.contains("hunter2"));
    assert!(harness.appended().is_empty());
    harness.keys("ctrl-u");
    for _ in 0.."hunter2".len() {
        harness.keys("backspace");
    }
    harness.type_text("env:OPS_TOKEN");
    harness.keys("enter");
    let appended = harness.appended();
    assert!(
        matches!(appended.as_slice(), [Body::InputSet { value, kind, .. }] if value == "env:OPS_TOKEN" && kind == "secret"),
        "{appended:?}"
    );
    let cockpit = harness.cockpit();
    assert_eq!(
        cockpit.input_value(&"token".into()).as_deref(),
        Some("env:OPS_TOKEN")
    );
}
