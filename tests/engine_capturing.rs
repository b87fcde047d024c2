//! Evidence in the engine: what a pane shows is kept on one key, and the list says what is missing.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[path = "support/cockpit.rs"]
mod cockpit;

use cockpit::Harness;
use quarterdeck::capture::{Capture, KeptFile};
use quarterdeck::engine::effect::Effect;
use quarterdeck::engine::event::EventKind;
use quarterdeck::engine::state::{Overlay, Purpose};
use quarterdeck::layout::PaneKind;
use quarterdeck::model::answer::AnswerBody;
use quarterdeck::model::ids::RunId;
use quarterdeck::model::request::{Chunk, Outcome, RunError};
use quarterdeck::model::table::{Column, ColumnKind, Rows, Sample, Series};
use quarterdeck::record::entry::{Body, Hash};

/// The harness can do more than these tests ask of it.
const _: fn(&Harness) -> Vec<RunId> = Harness::started;

const PLAYBOOK: &str = r"---
quarterdeck: 1
id: breach
title: Breach
severity: P1
evidence:
  spike: { title: Metric spike, from: mismatch }
  actors: { title: Who it was, from: who }
  cause: { title: Root cause, from: note }
---

## Watch

```promql {#mismatch source=metrics every=15s}
sum by (machine) (increase(mismatch_total[5m]))
```

## Investigate

### Count

```sql {#count source=audit}
SELECT count(*) FROM audit
```

### Identify the source

Who was it?

```sql {#when source=audit}
SELECT now()
```

```sql {#who source=audit}
SELECT actor_id FROM audit
```
";

fn harness() -> Harness {
    let mut harness = Harness::open(PLAYBOOK);
    harness.take();
    harness
}

/// Shows the step of an action and sends its first one.
fn run_first(harness: &mut Harness) -> RunId {
    harness.keys("1");
    let run = harness.plan_ok();
    harness.keys("enter");
    run
}

fn rows(harness: &mut Harness, run: RunId) {
    let columns = vec![Column {
        name: "count".into(),
        kind: ColumnKind::Integer,
        type_name: "int8".into(),
    }];
    let rows = Rows::from_vec(vec![vec![Some("3".into())]]);
    harness.event(EventKind::Arrived {
        run,
        chunk: Chunk::Columns { columns, rows },
    });
    harness.event(EventKind::Arrived {
        run,
        chunk: Chunk::Rows(1),
    });
}

/// Ends a run, judged or not.
fn finish(harness: &mut Harness, run: RunId, result: Result<Outcome, RunError>) {
    harness.event(EventKind::Finished { run, result });
    let judging = harness
        .effects
        .iter()
        .any(|effect| matches!(effect, Effect::Judge { run: judged, .. } if *judged == run));
    if judging {
        harness.event(EventKind::Judged {
            run,
            judgement: None,
            kept: Ok(Vec::new()),
        });
    }
}

fn captures(harness: &mut Harness) -> Vec<Capture> {
    let taken = harness.take();
    taken
        .into_iter()
        .filter_map(|effect| match effect {
            Effect::Capture(capture) => Some(*capture),
            _ => None,
        })
        .collect()
}

fn message(harness: &Harness) -> String {
    let message = harness.state.message.as_ref().unwrap();
    message.text.as_str().to_owned()
}

fn kept(capture: &Capture) -> Vec<KeptFile> {
    [
        ("json", "application/json"),
        ("csv", "text/csv; charset=utf-8"),
    ]
    .iter()
    .enumerate()
    .map(|(index, (ending, media_type))| KeptFile {
        sha256: Hash([0x9c + index as u8; 32]),
        size: 10,
        media_type: (*media_type).to_owned(),
        name: format!("{}.{ending}", capture.origin.action),
        title: capture.title.clone(),
        origin: capture.origin.clone(),
    })
    .collect()
}

fn focus(harness: &mut Harness, pane: PaneKind) {
    for _ in 0..PaneKind::ALL.len() {
        if harness.cockpit().focus == pane {
            return;
        }
        harness.keys("tab");
    }
    panic!("no pane {pane:?}");
}

#[test]
fn a_shown_result_is_kept_with_where_it_came_from() {
    let mut harness = harness();
    harness.keys("v");
    assert!(message(&harness).contains("run an action first"));
    let run = run_first(&mut harness);
    rows(&mut harness, run);
    harness.keys("v");
    assert!(message(&harness).contains("still running"));
    let outcome = Outcome {
        rows: Some(1),
        truncated: Some("row cap".into()),
        ..Outcome::default()
    };
    finish(&mut harness, run, Ok(outcome.clone()));
    harness.take();
    for pane in [PaneKind::Result, PaneKind::Guide, PaneKind::Steps] {
        focus(&mut harness, pane);
        harness.keys("v");
        let captured = captures(&mut harness);
        let [capture] = captured.as_slice() else {
            panic!("one capture, not {captured:?}");
        };
        assert_eq!(capture.answer.outcome, outcome);
        assert!(matches!(&capture.answer.body, AnswerBody::Table { rows, .. } if rows.len() == 1));
        assert_eq!(capture.origin.action, "count".into());
        assert_eq!(capture.origin.target, "postgres audit@localhost");
        assert!(capture.origin.query.contains("count(*)"));
        assert!(capture.origin.intent.is_some());
        assert_eq!(capture.origin.incomplete.as_deref(), Some("row cap"));
        let files = kept(capture);
        harness.event(EventKind::Captured(Ok(files)));
        assert_eq!(
            message(&harness),
            "evidence 9c9c9c9c… kept: rows as JSON and CSV"
        );
        let added = harness.appended();
        assert_eq!(added.len(), 2);
        assert!(added.iter().all(|body| matches!(body, Body::EvidenceAdded { origin: Some(origin), .. } if *origin == capture.origin)));
        harness.take();
    }
    assert_eq!(harness.cockpit().incident.captured["count"].files, 6);
}

#[test]
fn what_cannot_be_kept_says_why() {
    let mut harness = harness();
    let run = run_first(&mut harness);
    finish(&mut harness, run, Err(RunError::failed("no such table")));
    harness.take();
    harness.keys("v");
    assert!(message(&harness).contains("count has no result to keep"));
    focus(&mut harness, PaneKind::Timeline);
    harness.keys("v");
    assert!(message(&harness).contains("the record itself"));
    assert_eq!(captures(&mut harness), []);
    harness.event(EventKind::Captured(Err("count.json: disk full".into())));
    assert_eq!(message(&harness), "not kept: count.json: disk full");
    assert!(harness.state.message.as_ref().unwrap().error);
    assert_eq!(harness.appended(), []);
}

#[test]
fn nothing_is_kept_while_the_record_cannot_be_written() {
    let mut harness = harness();
    let run = run_first(&mut harness);
    rows(&mut harness, run);
    finish(&mut harness, run, Ok(Outcome::default()));
    harness.disk_works = false;
    harness.keys("n");
    harness.type_text("x");
    harness.keys("enter");
    harness.take();
    harness.keys("v");
    assert!(
        message(&harness).contains("disk full"),
        "{}",
        message(&harness)
    );
    assert_eq!(captures(&mut harness), []);
}

/// Answers the poll of the live pane.
fn poll(harness: &mut Harness, series: Vec<Series>) {
    harness.event(EventKind::Ticked);
    let Some((run, _)) = harness.last_plan() else {
        panic!("the pane polls");
    };
    harness.plan_ok();
    harness.event(EventKind::Arrived {
        run,
        chunk: Chunk::Series(series),
    });
    harness.event(EventKind::Finished {
        run,
        result: Ok(Outcome::default()),
    });
    harness.take();
}

#[test]
fn samples_of_a_live_pane_are_kept_with_their_age() {
    for (age, expected, incomplete) in [
        (Some(30), "newest sample 30s old", None),
        (Some(600), "newest sample 10m old", Some("stale")),
        (None, "no sample", Some("not a zero")),
    ] {
        let mut harness = Harness::open(PLAYBOOK);
        focus(&mut harness, PaneKind::Watch);
        harness.keys("v");
        assert!(message(&harness).contains("nothing to keep yet"));
        let sample = age.map(|age| Sample {
            at: harness.now - jiff::SignedDuration::from_secs(age),
            value: 42.0,
        });
        let series = sample.map(|sample| Series {
            label: "machine=order".into(),
            samples: vec![sample],
        });
        poll(&mut harness, series.into_iter().collect());
        harness.keys("v");
        let captured = captures(&mut harness);
        let [capture] = captured.as_slice() else {
            panic!("one capture, not {captured:?}");
        };
        assert!(capture.title.ends_with(expected), "{}", capture.title);
        assert!(capture.origin.query.starts_with("sum by"));
        assert_eq!(capture.origin.intent, None);
        match incomplete {
            None => assert_eq!(capture.origin.incomplete, None),
            Some(words) => assert!(capture.origin.incomplete.as_ref().unwrap().contains(words)),
        }
        let files = kept(capture);
        harness.event(EventKind::Captured(Ok(files)));
        assert!(message(&harness).contains("samples as JSON and CSV"));
    }
}

/// Where the result has no place on the screen, it is not kept unseen.
#[test]
fn beside_the_steps_the_pane_on_screen_is_kept() {
    let mut harness = Harness::open(PLAYBOOK);
    poll(&mut harness, Vec::new());
    let run = run_first(&mut harness);
    rows(&mut harness, run);
    finish(&mut harness, run, Ok(Outcome::default()));
    harness.state.size = (80, 24);
    focus(&mut harness, PaneKind::Steps);
    harness.take();
    harness.keys("v");
    let kept = captures(&mut harness);
    assert_eq!(kept.len(), 1);
    assert_eq!(kept.first().unwrap().origin.action.as_str(), "mismatch");
}

#[test]
fn the_list_leads_to_what_is_missing() {
    let mut harness = harness();
    harness.keys("V");
    assert!(matches!(
        harness.state.overlays.last(),
        Some(Overlay::Evidence { selected: 0 })
    ));
    harness.keys("enter");
    assert_eq!(harness.state.overlays, []);
    assert_eq!(harness.cockpit().focus, PaneKind::Watch);

    harness.keys("V down enter");
    let cockpit = harness.cockpit();
    assert_eq!(cockpit.focus, PaneKind::Guide);
    assert_eq!(cockpit.shown_step().unwrap().title, "Identify the source");
    assert_eq!(cockpit.guide_selected, 1, "the second action of the step");

    harness.keys("V end enter");
    assert!(matches!(
        harness.state.overlays.last(),
        Some(Overlay::Ask { purpose: Purpose::EvidenceNote(item), .. }) if item.as_str() == "cause"
    ));
    harness.type_text("a missing check");
    harness.keys("enter");
    let item = &harness.cockpit().view.evidence[2];
    assert!(item.at.is_some() && item.note);

    harness.keys("V end enter");
    assert_eq!(message(&harness), "noted: a missing check");
    assert!(matches!(
        harness.state.overlays.last(),
        Some(Overlay::Evidence { selected: 2 })
    ));
    harness.keys("esc");
    assert_eq!(harness.state.overlays, []);
}

#[test]
fn what_is_there_says_where_and_what_nobody_asked_for_stands_below() {
    let mut harness = harness();
    let run = run_first(&mut harness);
    rows(&mut harness, run);
    finish(&mut harness, run, Ok(Outcome::default()));
    harness.take();
    harness.keys("v");
    let capture = captures(&mut harness).remove(0);
    harness.event(EventKind::Captured(Ok(kept(&capture))));
    assert_eq!(harness.cockpit().evidence_rows().len(), 4);
    harness.keys("V end enter");
    assert_eq!(message(&harness), format!("evidence/{}", "9d".repeat(32)));
}

#[test]
fn an_item_whose_action_was_done_by_hand_is_a_note() {
    let mut harness = harness();
    harness.event(EventKind::EntryArrived {
        entry: std::sync::Arc::new(harness_entry()),
        incident: Box::new(by_hand(&harness)),
        alive: std::collections::BTreeSet::from(["me".to_owned()]),
    });
    harness.keys("V down enter");
    assert!(matches!(
        harness.state.overlays.last(),
        Some(Overlay::Ask { purpose: Purpose::EvidenceNote(item), .. }) if item.as_str() == "actors"
    ));
}

fn harness_entry() -> quarterdeck::record::entry::Sealed {
    harness().seal(Body::ActionResolved {
        intent: None,
        action: "who".into(),
        done: true,
        note: "asked the team".into(),
    })
}

fn by_hand(harness: &Harness) -> quarterdeck::incident::Incident {
    let mut incident = harness.cockpit().incident.clone();
    quarterdeck::incident::apply(&mut incident, &harness_entry());
    incident
}

#[test]
fn a_playbook_without_evidence_says_so() {
    let mut harness =
        Harness::open("---\nquarterdeck: 1\nid: x\ntitle: X\n---\n\n## A\n\n### B\n\nText.\n");
    harness.keys("V");
    assert_eq!(harness.state.overlays, []);
    assert!(message(&harness).contains("asks for no evidence"));
}
