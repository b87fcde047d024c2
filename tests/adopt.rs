//! A playbook that changes while its incident is open: what adopting it keeps, what it gives up, and what it records.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

#[path = "support/cockpit.rs"]
mod cockpit;

mod support {
    pub mod pty;
}

use std::process::{Command, Output};
use std::sync::Arc;

use cockpit::Harness;
use quarterdeck::engine::effect::Effect;
use quarterdeck::engine::event::{Adopted, EventKind};
use quarterdeck::engine::state::{Cockpit, Overlay, RunPhase, Screen, WatchStatus};
use quarterdeck::layout::PaneKind;
use quarterdeck::model::ids::{IncidentId, RunId};
use quarterdeck::model::request::{Chunk, Outcome};
use quarterdeck::model::table::{Sample, Series};
use quarterdeck::record::entry::Body;
use serde_json::Value;
use support::pty::{Launch, PATIENCE};

const BEFORE: &str = r#"---
quarterdeck: 1
id: breach
title: Breach
severity: P1
inputs:
  actor_id: { title: Suspect actor, type: text, pattern: '^[a-z0-9-]{1,64}$' }
---

## Watch

```promql {#mismatch source=metrics every=15s alert="value > 0"}
sum(increase(mismatch_total[5m]))
```

```promql {#errors source=metrics every=15s}
sum(rate(errors_total[5m]))
```

## Investigate

### First look

```sql {#who source=audit}
SELECT actor_id FROM audit
```

### Identify

```sql {#by-actor source=audit}
SELECT * FROM audit WHERE actor_id = :actor_id
```

```sql {#old source=audit}
SELECT 1
```

- [ ] request id saved <!-- {#saved} -->

### Obsolete

Nobody does this any more.
"#;

/// The text above with `errors` changed, `old` and the step `obsolete` gone, a step before all others, and prose added, so
/// that everything stands elsewhere.
fn after() -> String {
    BEFORE
        .replace("rate(errors_total[5m])", "rate(errors_total[1m])")
        .replace("```sql {#old source=audit}\nSELECT 1\n```\n", "")
        .replace("### Obsolete\n\nNobody does this any more.\n", "")
        .replace(
            "### First look",
            "### Call the lead\n\nFirst of all.\n\n### First look\n\nWho was it?",
        )
}

fn incident() -> Harness {
    let mut harness = Harness::open(BEFORE);
    harness.take();
    harness
}

fn adopt(harness: &mut Harness) {
    let incident = harness.cockpit().incident.id;
    harness.event(EventKind::PlaybookAdopted(Ok(Box::new(Adopted {
        incident,
        playbook: Arc::new(cockpit::parse(&after())),
        diagnostics: vec![],
    }))));
}

fn message(harness: &Harness) -> String {
    let message = harness.state.message.as_ref();
    message.map_or_else(String::new, |message| message.text.to_string())
}

fn open(harness: &mut Harness) -> &mut Cockpit {
    match &mut harness.state.screen {
        Screen::Cockpit(cockpit) => cockpit,
        Screen::Home(_) | Screen::Opening(_) => panic!("an incident is open"),
    }
}

fn show(harness: &mut Harness, step: &str) {
    open(harness).step = step.into();
    open(harness).focus = PaneKind::Guide;
}

/// Plans, confirms and sends the action at a digit of a step.
fn send(harness: &mut Harness, step: &str, digit: &str) -> RunId {
    show(harness, step);
    harness.keys(digit);
    let run = harness.plan_ok();
    harness.keys("enter");
    run
}

fn give_actor(harness: &mut Harness) {
    harness.keys("i");
    harness.type_text("u-1");
    harness.keys("enter");
}

#[test]
fn what_still_is_in_the_playbook_stays_as_it_was() {
    let mut harness = incident();
    give_actor(&mut harness);
    let first = send(&mut harness, "first-look", "1");
    harness.event(EventKind::Finished {
        run: first,
        result: Ok(Outcome::default()),
    });
    show(&mut harness, "identify");
    harness.keys("t tab");
    let (focus, inputs, checks) = {
        let cockpit = harness.cockpit();
        (
            cockpit.focus,
            cockpit.incident.inputs.clone(),
            cockpit.incident.checks.clone(),
        )
    };
    adopt(&mut harness);
    let cockpit = harness.cockpit();
    assert_eq!(cockpit.results["who"].run, first);
    assert_eq!(cockpit.result_shown, Some("who".into()));
    assert_eq!(cockpit.step, "identify".into());
    assert_eq!(cockpit.focus, focus);
    assert_eq!(cockpit.incident.inputs, inputs);
    assert_eq!(cockpit.incident.checks, checks);
    assert!(!inputs.is_empty() && !cockpit.playbook_differs);
    assert!(cockpit.view.step(&"call-the-lead".into()).is_some());
    let said = message(&harness);
    for gone in ["step obsolete", "action old"] {
        assert!(said.contains(gone), "{gone} in {said:?}");
    }
}

#[test]
fn a_running_run_ends_in_the_record_even_when_its_action_is_gone() {
    for digit in ["1", "2"] {
        let mut harness = incident();
        give_actor(&mut harness);
        let run = send(&mut harness, "identify", digit);
        adopt(&mut harness);
        assert!(matches!(
            harness.cockpit().runs[&run].phase,
            RunPhase::Running { .. }
        ));
        harness.take();
        harness.event(EventKind::Finished {
            run,
            result: Ok(Outcome::default()),
        });
        let ends = harness.appended();
        assert!(
            matches!(ends.as_slice(), [Body::ActionResult { .. }]),
            "{digit}: {ends:?}"
        );
        assert!(harness.cockpit().runs.values().all(|run| run.poll));
    }
}

#[test]
fn a_request_that_was_only_shown_is_planned_again() {
    let mut harness = incident();
    show(&mut harness, "first-look");
    harness.keys("1");
    let run = harness.plan_ok();
    assert!(matches!(
        harness.state.overlays.last(),
        Some(Overlay::Send { .. })
    ));
    adopt(&mut harness);
    assert!(harness.state.overlays.is_empty());
    assert!(!harness.cockpit().runs.contains_key(&run));
    harness.keys("enter");
    assert!(harness.started().is_empty());
}

#[test]
fn live_panes_go_on_where_their_action_is_the_same() {
    let mut harness = Harness::open(BEFORE);
    let polls: Vec<(RunId, String)> = harness
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Plan { run, action, .. } => Some((*run, action.id.to_string())),
            _ => None,
        })
        .collect();
    let run_of = |id: &str| polls.iter().find(|(_, action)| action == id).unwrap().0;
    let (same, changed) = (run_of("mismatch"), run_of("errors"));
    for run in [same, changed] {
        let (_, id) = polls.iter().find(|(other, _)| *other == run).unwrap();
        let action = harness.cockpit().playbook.actions[id.as_str()].clone();
        harness.event(EventKind::Planned {
            run,
            result: Ok(Box::new(cockpit::request(&action))),
        });
        let series = vec![Series {
            label: "a".into(),
            samples: vec![Sample {
                at: harness.now,
                value: 1.0,
            }],
        }];
        harness.event(EventKind::Arrived {
            run,
            chunk: Chunk::Series(series),
        });
    }
    harness.event(EventKind::Finished {
        run: same,
        result: Ok(Outcome::default()),
    });
    let before = harness.cockpit().watches[0].clone();
    assert_ne!(before.status, WatchStatus::Waiting);
    harness.take();
    adopt(&mut harness);
    let watches = &harness.cockpit().watches;
    assert_eq!(watches[0], before, "the one that is the same");
    assert_eq!(watches[1].action, "errors".into());
    assert_eq!(watches[1].status, WatchStatus::Waiting);
    assert!(harness.effects.contains(&Effect::Cancel(changed)));
    let planned = harness.last_plan().unwrap();
    assert_eq!(planned.1.text.trim(), "sum(rate(errors_total[1m]))");
}

#[test]
fn what_is_of_another_incident_or_failed_changes_nothing() {
    let mut harness = incident();
    let before = harness.cockpit().clone();
    let another = IncidentId(uuid::Uuid::from_u128(1));
    for event in [
        EventKind::PlaybookAdopted(Ok(Box::new(Adopted {
            incident: another,
            playbook: Arc::new(cockpit::parse(&after())),
            diagnostics: vec![],
        }))),
        EventKind::PlaybookFileChanged {
            incident: another,
            differs: true,
        },
        EventKind::PlaybookAdopted(Err("adopt playbook: x.md is gone".into())),
    ] {
        harness.event(event);
        assert_eq!(*harness.cockpit(), before);
    }
    assert_eq!(message(&harness), "adopt playbook: x.md is gone");
}

fn run(home: &std::path::Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_quarterdeck"))
        .args(arguments)
        .env_clear()
        .env("HOME", home)
        .env("QUARTERDECK_CONFIG", home.join("config"))
        .env("QUARTERDECK_DATA", home.join("data"))
        .env("QUARTERDECK_STATE", home.join("state"))
        .env("PATH", std::env::var_os("PATH").unwrap())
        .output()
        .unwrap()
}

#[test]
fn an_open_incident_takes_the_changed_file_by_a_key() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("breach.md");
    let text = BEFORE.replace("\n## Watch", "\n").replace("promql", "text");
    std::fs::write(&file, &text).unwrap();
    let mut screen = Launch::quarterdeck(home.path())
        .arguments(["open", file.to_str().unwrap()])
        .size(120, 40)
        .start();
    screen.wait_for("Obsolete", PATIENCE);
    let changed = text.replace(
        "### Obsolete\n\nNobody does this any more.\n",
        "### Call the regulator\n\nWithin 72 hours.\n",
    );
    // As editors do: a new file takes the old one's name.
    let draft = home.path().join("breach.md.new");
    std::fs::write(&draft, changed).unwrap();
    std::fs::rename(&draft, &file).unwrap();
    screen.wait_for("the playbook's file has changed", PATIENCE);
    assert!(screen.screen().contains("Obsolete"));
    screen.send(":");
    screen.send("adopt");
    screen.wait_for("adopt playbook", PATIENCE);
    screen.send("<Enter>");
    screen.wait_for("take it; the change is recorded", PATIENCE);
    screen.send("<Enter>");
    screen.wait_for("gone from it: step obsolete", PATIENCE);
    screen.wait_for("Call the regulator", PATIENCE);
    screen.wait_for("took the changed playbook; gone: obsolete", PATIENCE);
    screen.send("q");
    screen.wait_exit(PATIENCE);

    let exported = run(home.path(), &["timeline", "last", "--format", "json"]);
    let entries: Vec<Value> = String::from_utf8(exported.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let adoptions: Vec<&Value> = entries
        .iter()
        .filter(|entry| entry["kind"] == "playbook.changed")
        .collect();
    assert_eq!(adoptions.len(), 1, "{entries:#?}");
    assert_eq!(adoptions[0]["body"]["vanished"][0], "obsolete");
    let verified = run(home.path(), &["verify", "last"]);
    assert_eq!(verified.status.code(), Some(3), "{verified:?}");
}
