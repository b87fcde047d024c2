//! The gate of writes as transitions: nothing that changes something is sent past it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[path = "support/cockpit.rs"]
mod cockpit;

use cockpit::Harness;
use proptest::prelude::*;
use quarterdeck::engine::effect::Effect;
use quarterdeck::engine::event::EventKind;
use quarterdeck::engine::state::{Content, GateForm, Overlay, Preview, Purpose, Screen};
use quarterdeck::layout::PaneKind;
use quarterdeck::model::ids::RunId;
use quarterdeck::model::playbook::{Effect as ActionEffect, Language};
use quarterdeck::model::request::{Chunk, Outcome, Payload, Request, RunError};
use quarterdeck::model::table::{Column, ColumnKind, Row, Rows};
use quarterdeck::record::entry::{Approval, Body, Gate};

const PLAYBOOK: &str = r#"---
quarterdeck: 1
id: breach
title: Breach
severity: P1
---

## Investigate

### Stop it

```sql {#seen source=app}
SELECT id FROM sessions WHERE actor = 'u-1'
```

```sql {#revoke source=app effect=write preview=seen max-rows=5 undo="users sign in again"}
UPDATE sessions SET revoked = true WHERE actor = 'u-1'
```

```sql {#purge source=app effect=write approve=2}
DELETE FROM sessions WHERE actor = 'u-1'
```

```sh {#kick source=box effect=write}
echo kick
```

```sql {#keep source=app effect=write .evidence}
INSERT INTO kept SELECT * FROM sessions
```

```sql {#lock-out source=app effect=write}
ALTER ROLE app NOLOGIN
```

### Correct
<!-- {requires="seen"} -->

```sql {#correct source=app effect=write}
UPDATE sessions SET note = 'x' WHERE id = 1
```

```sql {#look source=app}
SELECT 1
```

## Contain

### Freeze
<!-- {requires="seen"} -->

```sql {#freeze source=app effect=write}
UPDATE orgs SET frozen = true WHERE id = 1
```
"#;

/// The name of the source that the harness plans for.
const TARGET: &str = "audit";

fn at_step(step: &str) -> Harness {
    let mut harness = Harness::open(PLAYBOOK);
    harness.keys("tab backtab");
    let Screen::Cockpit(cockpit) = &mut harness.state.screen else {
        panic!("no incident is open");
    };
    cockpit.step = step.into();
    harness.take();
    harness
}

/// Answers the last plan as a source would.
fn plan(harness: &mut Harness) -> RunId {
    let (run, action) = harness.last_plan().unwrap();
    let mut request = cockpit::request(&action);
    request.effect = action.effect;
    if action.language == Language::Shell {
        request.payload = Payload::Shell {
            script: action.text.clone(),
            environment: vec![],
            cwd: None,
            ok_codes: vec![0],
        };
    }
    let result = Ok(Box::new(request));
    harness.event(EventKind::Planned { run, result });
    run
}

fn gate(harness: &Harness) -> &GateForm {
    match harness.state.overlays.last() {
        Some(Overlay::Gate(form)) => form,
        other => panic!("expected the gate, found {other:?}"),
    }
}

fn error(harness: &Harness) -> String {
    gate(harness).error.as_ref().unwrap().to_string()
}

/// Ends a preview with so many rows, and lets them be looked at.
fn end_preview(harness: &mut Harness, preview: RunId, write: RunId, rows: u64, outcome: Outcome) {
    let column = Column {
        name: "id".into(),
        kind: ColumnKind::Text,
        type_name: "text".into(),
    };
    let cells: Vec<Row> = (0..rows).map(|_| vec![Some("s-1".into())]).collect();
    let chunk = Chunk::Columns {
        columns: vec![column],
        rows: Rows::from_vec(cells.clone()),
    };
    harness.event(EventKind::Arrived {
        run: preview,
        chunk,
    });
    harness.event(EventKind::Arrived {
        run: preview,
        chunk: Chunk::Rows(rows),
    });
    harness.event(EventKind::Finished {
        run: preview,
        result: Ok(Outcome {
            rows: Some(rows),
            ..outcome
        }),
    });
    let looked_at = harness
        .effects
        .iter()
        .any(|effect| matches!(effect, Effect::LookAtPreview { run, .. } if *run == write));
    assert!(looked_at, "somebody looks at the rows");
    harness.event(EventKind::PreviewSeen {
        run: write,
        sample: cells,
        own: 1,
    });
}

/// `revoke` at its gate, its preview counted.
fn previewed(rows: u64) -> (Harness, RunId) {
    let mut harness = at_step("stop-it");
    harness.keys("2");
    let write = plan(&mut harness);
    let preview = plan(&mut harness);
    end_preview(&mut harness, preview, write, rows, Outcome::default());
    (harness, write)
}

fn sent(harness: &Harness) -> Vec<Request> {
    let runs = harness.effects.iter().filter_map(|effect| match effect {
        Effect::Run { request, .. } => Some((**request).clone()),
        _ => None,
    });
    runs.collect()
}

fn writes_sent(harness: &Harness) -> usize {
    let sent = sent(harness);
    let writes = sent
        .iter()
        .filter(|request| request.effect == ActionEffect::Write);
    writes.count()
}

fn gates(harness: &Harness) -> Vec<Gate> {
    let bodies = harness.appended().into_iter();
    bodies
        .filter_map(|body| match body {
            Body::ActionIntent { gate, .. } => gate,
            _ => None,
        })
        .collect()
}

#[test]
fn a_write_passes_preview_target_and_ceiling_and_then_the_record() {
    let mut harness = at_step("stop-it");
    let (focus, shown) = (
        harness.cockpit().focus,
        harness.cockpit().result_shown.clone(),
    );
    harness.keys("2");
    let write = plan(&mut harness);
    assert_eq!(gate(&harness).preview, Preview::Running);
    let preview = plan(&mut harness);
    assert_eq!(
        harness.started(),
        [preview],
        "the preview is sent, and recorded before"
    );
    assert!(matches!(
        harness.appended().first(),
        Some(Body::ActionIntent { action, effect: ActionEffect::Read, gate: None, .. }) if action.as_str() == "seen"
    ));
    harness.type_text(TARGET);
    harness.keys("enter");
    assert!(error(&harness).contains("still under way"));
    end_preview(&mut harness, preview, write, 3, Outcome::default());
    assert_eq!(
        (harness.cockpit().focus, &harness.cockpit().result_shown),
        (focus, &shown)
    );
    assert_eq!(
        gate(&harness).ceiling.as_ref().unwrap().content(),
        "4",
        "3 and a tenth"
    );
    assert!(matches!(
        gate(&harness).preview,
        Preview::Seen {
            rows: 3,
            own: 1,
            cut: false,
            ..
        }
    ));
    assert_eq!(writes_sent(&harness), 0);
    harness.keys("enter");
    let gates = gates(&harness);
    assert_eq!(
        gates,
        [Gate {
            preview_rows: Some(3),
            preview: harness.cockpit().results["seen"].intent,
            ceiling: Some(4),
            typed: TARGET.into(),
            approvals: vec![],
        }]
    );
    assert!(gates[0].preview.is_some());
    let last = sent(&harness).pop().unwrap();
    assert_eq!((last.effect, last.ceiling), (ActionEffect::Write, Some(4)));
    assert_eq!(harness.cockpit().focus, PaneKind::Result);
    harness.event(EventKind::Finished {
        run: write,
        result: Ok(Outcome {
            rows: Some(0),
            ..Outcome::default()
        }),
    });
    let said = harness.state.message.as_ref().unwrap().text.to_string();
    assert!(
        said.starts_with("0 rows were touched: nothing changed"),
        "{said}"
    );
}

#[test]
fn what_is_wrong_at_the_gate_is_said_and_not_sent() {
    // keys in the target, keys in the ceiling (the offered 4 is there), what is said
    for (target, ceiling, said) in [
        ("", "", "type the target's name in full: audit"),
        ("audi", "", "\"audi\" is not the target: its name is audit"),
        ("y", "", "\"y\" is not the target: its name is audit"),
        (
            "AUDIT",
            "",
            "\"AUDIT\" is not the target: its name is audit",
        ),
        (
            "audit",
            "0",
            "40 is above max-rows: the playbook allows at most 5",
        ),
        (
            "audit",
            "x",
            "type how many rows it may touch at most: a whole number",
        ),
        (
            "audit",
            "-",
            "type how many rows it may touch at most: a whole number",
        ),
    ] {
        let (mut harness, _) = previewed(3);
        harness.type_text(target);
        harness.keys("tab");
        harness.type_text(ceiling);
        harness.keys("enter");
        assert_eq!(error(&harness), said);
        assert_eq!((writes_sent(&harness), gates(&harness).len()), (0, 0));
        harness.keys("esc");
        assert!(!harness.cockpit().runs.values().any(|run| !run.poll));
        assert_eq!(
            harness.state.message.as_ref().unwrap().text.as_str(),
            "not sent"
        );
    }
}

#[test]
fn the_offer_never_exceeds_what_the_playbook_allows() {
    for (rows, offer) in [(0, "0"), (1, "2"), (4, "5"), (90, "5")] {
        let (harness, _) = previewed(rows);
        assert_eq!(
            gate(&harness).ceiling.as_ref().unwrap().content(),
            offer,
            "{rows}"
        );
    }
}

#[test]
fn a_preview_that_failed_or_was_cut_offers_nothing() {
    let mut harness = at_step("stop-it");
    harness.keys("2");
    let write = plan(&mut harness);
    let preview = plan(&mut harness);
    let cut = Outcome {
        truncated: Some("row cap".into()),
        ..Outcome::default()
    };
    end_preview(&mut harness, preview, write, 3, cut);
    assert!(gate(&harness).ceiling.as_ref().unwrap().is_empty());
    harness.type_text(TARGET);
    harness.keys("enter");
    assert!(error(&harness).contains("whole number"));
    harness.keys("esc 2");
    plan(&mut harness);
    let preview = plan(&mut harness);
    harness.event(EventKind::Finished {
        run: preview,
        result: Err(RunError::failed("relation \"sessions\" does not exist")),
    });
    assert!(
        matches!(&gate(&harness).preview, Preview::Failed(reason) if reason.as_str().contains("does not exist"))
    );
    assert!(gate(&harness).ceiling.as_ref().unwrap().is_empty());
    harness.type_text(TARGET);
    harness.keys("tab 1 enter");
    assert_eq!(gates(&harness).pop().unwrap().preview_rows, None);
    assert_eq!(sent(&harness).pop().unwrap().ceiling, Some(1));
}

#[test]
fn without_a_preview_action_the_same_where_is_read() {
    let mut harness = at_step("stop-it");
    harness.keys("3");
    let write = plan(&mut harness);
    let read = sent(&harness).pop().unwrap();
    assert_eq!(read.text, "SELECT * FROM sessions WHERE actor = 'u-1'");
    assert_eq!(
        (read.effect, read.action.as_str()),
        (ActionEffect::Read, "purge.preview")
    );
    assert!(matches!(
        harness.appended().first(),
        Some(Body::ActionIntent { action, text, effect: ActionEffect::Read, .. })
            if action.as_str() == "purge.preview" && *text == read.text
    ));
    let preview = harness.started()[0];
    end_preview(&mut harness, preview, write, 10, Outcome::default());
    assert!(matches!(
        harness.cockpit().results["purge.preview"].content,
        Content::Table(_)
    ));
    // Two persons: the second is somebody else.
    harness.type_text(TARGET);
    for (typed, said) in [
        ("", "type who else agreed"),
        (" Alice ", "is you: 2 persons"),
    ] {
        harness.keys("enter");
        if !typed.is_empty() {
            harness.type_text(typed);
            harness.keys("enter");
        }
        assert!(error(&harness).contains(said), "{}", error(&harness));
    }
    assert_eq!(writes_sent(&harness), 0);
    for _ in 0..9 {
        harness.keys("backspace");
    }
    harness.type_text("bob");
    harness.keys("enter");
    let passed = gates(&harness).pop().unwrap();
    assert_eq!((passed.ceiling, passed.preview_rows), (Some(11), Some(10)));
    assert_eq!(
        passed.approvals,
        [Approval {
            person: "bob".into(),
            how: "reported".into()
        }]
    );
    assert_eq!(writes_sent(&harness), 1);
}

#[test]
fn where_rows_are_not_counted_the_target_alone_is_asked_for() {
    for (key, ceiling) in [("4", None), ("5", Some(1_000_000)), ("6", Some(0))] {
        let mut harness = at_step("stop-it");
        harness.keys(key);
        plan(&mut harness);
        assert_eq!(gate(&harness).preview, Preview::None);
        assert!(gate(&harness).ceiling.is_none() && gate(&harness).approver.is_none());
        harness.keys("enter");
        assert_eq!(writes_sent(&harness), 0);
        harness.type_text(TARGET);
        harness.keys("enter");
        assert_eq!(sent(&harness).pop().unwrap().ceiling, ceiling);
    }
}

#[test]
fn keys_typed_ahead_and_pastes_confirm_nothing() {
    let mut harness = at_step("stop-it");
    harness.keys("4 enter enter");
    plan(&mut harness);
    assert_eq!(gate(&harness).target.content(), "");
    harness.event(EventKind::Paste(format!("{TARGET}\n")));
    assert!(error(&harness).contains("type the target's name"));
    harness.keys("enter enter ctrl-s");
    assert_eq!(writes_sent(&harness), 0);
}

#[test]
fn nothing_is_changed_while_the_record_cannot_be_written() {
    let (mut harness, write) = previewed(1);
    harness.disk_works = false;
    harness.type_text(TARGET);
    harness.keys("enter");
    assert_eq!(writes_sent(&harness), 0);
    assert!(!harness.cockpit().runs.contains_key(&write));
    let said = harness.state.message.as_ref().unwrap();
    assert!(
        said.error && said.text.as_str().contains("nothing is changed"),
        "{}",
        said.text
    );
    let mut harness = at_step("stop-it");
    harness.keys("4");
    plan(&mut harness);
    harness.refuses = true;
    harness.type_text(TARGET);
    harness.keys("enter");
    assert_eq!(writes_sent(&harness), 0);
}

#[test]
fn leaving_the_gate_stops_its_preview() {
    let mut harness = at_step("stop-it");
    harness.keys("2");
    let write = plan(&mut harness);
    let preview = plan(&mut harness);
    harness.keys("esc");
    assert!(harness.effects.contains(&Effect::Cancel(preview)));
    harness.event(EventKind::Finished {
        run: preview,
        result: Err(RunError::Cancelled),
    });
    harness.event(EventKind::PreviewSeen {
        run: write,
        sample: vec![],
        own: 0,
    });
    assert!(harness.state.overlays.is_empty() && writes_sent(&harness) == 0);
    let ended = harness
        .appended()
        .into_iter()
        .filter(|body| matches!(body, Body::ActionResult { .. }));
    assert_eq!(ended.count(), 1, "its end is recorded like any other");
}

#[test]
fn what_a_step_requires_holds_back_writes_and_never_reads() {
    let mut harness = at_step("correct");
    harness.keys("1");
    assert!(harness.last_plan().is_none());
    let said = harness.state.message.as_ref().unwrap().text.to_string();
    assert!(
        said.contains("it requires seen") && said.contains("w goes on"),
        "{said}"
    );
    harness.keys("2");
    assert_eq!(harness.last_plan().unwrap().1.id.as_str(), "look");
}

#[test]
fn containment_asks_for_the_reason_at_once_and_goes_on() {
    let mut harness = at_step("freeze");
    harness.keys("1");
    assert!(harness.last_plan().is_none());
    assert!(matches!(
        harness.state.overlays.last(),
        Some(Overlay::Ask {
            purpose: Purpose::WaiveThenRun(..),
            ..
        })
    ));
    harness.type_text("it still leaks");
    harness.keys("enter");
    assert!(matches!(
        harness.appended().as_slice(),
        [Body::RequirementWaived { missing, reason, .. }, Body::StepStarted { .. }]
            if missing == &["seen"] && reason == "it still leaks"
    ));
    assert_eq!(harness.last_plan().unwrap().1.id.as_str(), "freeze");
    plan(&mut harness);
    assert!(matches!(
        harness.state.overlays.last(),
        Some(Overlay::Gate(_))
    ));
    assert_eq!(writes_sent(&harness), 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// Whatever is pressed and whatever a source says: no write is sent without a gate that is in the record.
    #[test]
    fn no_path_sends_a_write_past_its_gate(
        presses in prop::collection::vec(
            prop::sample::select(vec![
                "1", "2", "3", "4", "5", "6", "enter", "esc", "tab", "d", "e", "a", "c", "w", "ctrl-s", "backspace", "pagedown",
                "plan", "plan", "plan", "as-read", "target", "target", "bob", "number", "finish", "seen", "fail", "disk",
            ]),
            1..80,
        ),
    ) {
        let mut harness = at_step("stop-it");
        for press in presses {
            match press {
                "plan" => if harness.last_plan().is_some() { plan(&mut harness); },
                // A source that calls everything a read.
                "as-read" => if harness.last_plan().is_some() { harness.plan_ok(); },
                "target" => harness.type_text(TARGET),
                "bob" => harness.type_text("bob"),
                "number" => harness.type_text("3"),
                "disk" => harness.disk_works = !harness.disk_works,
                "finish" | "fail" => for run in harness.started() {
                    let result = if press == "fail" { Err(RunError::Cancelled) } else { Ok(Outcome::default()) };
                    harness.event(EventKind::Finished { run, result });
                },
                "seen" => if let Some(Overlay::Gate(form)) = harness.state.overlays.last() {
                    let run = form.run;
                    harness.event(EventKind::PreviewSeen { run, sample: vec![], own: 0 });
                },
                key => harness.keys(key),
            }
        }
        let mut recorded = 0;
        for effect in &harness.effects {
            match effect {
                Effect::Append { body: Body::ActionIntent { effect: ActionEffect::Write, gate, .. }, .. } => {
                    let gate = gate.as_ref().unwrap();
                    prop_assert_eq!(gate.typed.as_str(), TARGET);
                    recorded += 1;
                }
                Effect::Run { request, .. } => {
                    let declared = harness.state.cockpit()
                        .and_then(|cockpit| cockpit.playbook.action(&request.action))
                        .map(|action| action.effect);
                    prop_assert_eq!(declared.unwrap_or(ActionEffect::Read), request.effect);
                    if request.effect == ActionEffect::Write {
                        prop_assert!(recorded > 0, "a write without a gate");
                        recorded -= 1;
                        let is_sql = matches!(request.payload, Payload::Sql { .. });
                        prop_assert_eq!(request.ceiling.is_some(), is_sql);
                    }
                }
                _ => {}
            }
        }
    }
}

/// Kinds of writes of a step that have not happened.
fn left(harness: &Harness, step: &str) -> Vec<String> {
    let left = harness.cockpit().writes_left(&step.into());
    left.iter().map(|(id, how)| format!("{id} {how}")).collect()
}

#[test]
fn a_step_is_not_done_in_silence_while_a_write_of_it_has_not_happened() {
    let (mut harness, write) = previewed(1);
    assert_eq!(
        left(&harness, "stop-it"),
        [
            "revoke not run",
            "purge not run",
            "kick not run",
            "keep not run",
            "lock-out not run"
        ]
    );
    harness.type_text(TARGET);
    harness.keys("enter");
    assert_eq!(left(&harness, "stop-it")[0], "revoke running");
    harness.event(EventKind::Finished {
        run: write,
        result: Err(RunError::failed("no connection")),
    });
    assert_eq!(left(&harness, "stop-it")[0], "revoke failed");
    harness.take();
    harness.keys("d");
    let asked = Purpose::DoneWithout("stop-it".into());
    assert!(
        matches!(harness.state.overlays.last(), Some(Overlay::Ask { purpose, .. }) if *purpose == asked)
    );
    harness.keys("enter");
    assert_eq!(harness.appended(), [], "it needs a reason");
    harness.type_text("the vendor did it");
    harness.keys("enter");
    let Some(Body::StepDone {
        step,
        without,
        reason,
    }) = harness.appended().pop()
    else {
        panic!("the step is done: {:?}", harness.appended());
    };
    assert_eq!(
        (step.as_str(), reason.as_str()),
        ("stop-it", "the vendor did it")
    );
    let without: Vec<String> = without.iter().map(ToString::to_string).collect();
    assert_eq!(without, ["revoke", "purge", "kick", "keep", "lock-out"]);
}

#[test]
fn a_step_whose_writes_happened_or_were_done_by_hand_is_done_at_once() {
    let mut harness = at_step("freeze");
    harness.event(EventKind::Key("a".parse().unwrap()));
    harness.keys("enter");
    harness.type_text("frozen in the console");
    harness.keys("enter");
    assert_eq!(left(&harness, "freeze"), Vec::<String>::new());
    let at_once = Body::step_done("look");
    assert!(
        matches!(&at_once, Body::StepDone { without, reason, .. } if without.is_empty() && reason.is_empty())
    );
    let mut harness = Harness::open(
        "---\nquarterdeck: 1\nid: a\ntitle: A\nseverity: P1\n---\n\n## Contain\n\n### Here\n\n```sql {#one source=app effect=write .optional}\nDELETE FROM t\n```\n",
    );
    harness.keys("d");
    assert_eq!(harness.appended().pop(), Some(Body::step_done("here")));
}
