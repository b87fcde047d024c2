//! Clocks and the end of an incident as transitions: what is put on record, once; when the screen wakes; what is asked.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

#[path = "support/cockpit.rs"]
mod cockpit;

use std::collections::BTreeSet;
use std::sync::Arc;

use cockpit::Harness;
use proptest::prelude::*;
use quarterdeck::engine::effect::Effect;
use quarterdeck::engine::event::EventKind;
use quarterdeck::engine::next_wake;
use quarterdeck::engine::state::{Overlay, Purpose, Recording};
use quarterdeck::incident::Stage;
use quarterdeck::record::entry::Body;

/// One step that meets `first` and `update`; `review` begins with the end.
const PLAYBOOK: &str = r#"---
quarterdeck: 1
id: clocks
title: Clocks
severity: P1
clocks:
  first: { title: First look, within: 15m, from: opened, met_by: look, cite: "House rule 1" }
  update: { title: Next update, every: 10m, until: resolved, met_by: tell }
  review: { title: Post-mortem, within: 35d, from: resolved, after_close: true }
---

## Triage

### Look
<!-- {#look} -->

- [ ] looked <!-- {#looked} -->

### Tell
<!-- {#tell} -->

Tell them.
"#;

/// An hour, a minute, a second after the opening at 03:00.
fn time(clock: &str) -> quarterdeck::model::Timestamp {
    format!("2026-01-31T{clock}Z").parse().unwrap()
}

fn harness() -> Harness {
    let mut harness = Harness::open(PLAYBOOK);
    assert_eq!(
        told(&harness),
        [
            "clock.started first 03:15:00",
            "clock.started update 03:10:00"
        ]
    );
    harness.take();
    harness
}

/// Clock entries asked for so far: kind, clock, due time, and what met it or why it was missed.
fn told(harness: &Harness) -> Vec<String> {
    let line = |body: &Body| {
        let (clock, due, more) = match body {
            Body::ClockStarted { clock, due } => (clock, due, String::new()),
            Body::ClockMet { clock, due, by } => (clock, due, format!(" {by}")),
            Body::ClockMissed { clock, due, reason } => {
                let reason = reason.as_ref().map(|reason| format!(" {reason}"));
                (clock, due, reason.unwrap_or_default())
            }
            _ => return None,
        };
        let due = due.strftime("%H:%M:%S");
        Some(format!("{} {clock} {due}{more}", body.kind()))
    };
    harness.appended().iter().filter_map(line).collect()
}

fn tick(harness: &mut Harness, clock: &str) -> Vec<String> {
    harness.now = time(clock);
    harness.take();
    harness.event(EventKind::Ticked);
    told(harness)
}

#[test]
fn each_round_is_put_on_record_once() {
    let mut harness = harness();
    let none: [&str; 0] = [];
    assert_eq!(tick(&mut harness, "03:10:00"), none, "in time to the last");
    assert_eq!(
        tick(&mut harness, "03:10:01"),
        ["clock.missed update 03:10:00"]
    );
    assert_eq!(tick(&mut harness, "03:11:00"), none);
    // Done a minute too late, and before its time.
    harness.now = time("03:12:00");
    harness.keys("d d");
    assert_eq!(
        told(&harness),
        [
            "clock.met first 03:15:00 look",
            "clock.met update 03:10:00 tell",
            "clock.started update 03:22:00",
        ]
    );
    assert_eq!(tick(&mut harness, "03:20:00"), none);
    assert_eq!(
        tick(&mut harness, "03:30:00"),
        ["clock.missed update 03:22:00"]
    );
}

#[test]
fn what_cannot_be_recorded_is_recorded_later() {
    let mut harness = harness();
    harness.disk_works = false;
    harness.keys("d");
    assert!(matches!(
        harness.cockpit().recording,
        Recording::NotRecorded(_)
    ));
    assert!(tick(&mut harness, "03:20:00").is_empty());
    harness.disk_works = true;
    let (ticket, body) = harness
        .cockpit()
        .pending
        .iter()
        .map(|(ticket, pending)| (*ticket, pending.body.clone()))
        .next()
        .unwrap();
    let entry = Arc::new(harness.seal(body));
    harness.event(EventKind::Recorded { ticket, entry });
    let mut later = told(&harness);
    later.sort();
    assert_eq!(
        later,
        [
            "clock.met first 03:15:00 look",
            "clock.missed first 03:15:00",
            "clock.missed update 03:10:00",
        ]
    );
}

/// What follows from an entry is put on record by the session that wrote it, while it lives.
#[test]
fn a_session_that_lives_keeps_its_own_clocks() {
    for (alive, expected) in [(true, 0), (false, 1)] {
        let mut harness = harness();
        let mut entry = harness.seal(Body::step_done("look"));
        entry.entry.writer = "other".into();
        let mut incident = harness.cockpit().incident.clone();
        quarterdeck::incident::apply(&mut incident, &entry);
        let mut writers = BTreeSet::from(["me".to_owned()]);
        if alive {
            writers.insert("other".to_owned());
        }
        harness.event(EventKind::EntryArrived {
            entry: Arc::new(entry),
            incident: Box::new(incident),
            alive: writers,
        });
        assert_eq!(told(&harness).len(), expected, "{alive}");
    }
}

#[test]
fn the_screen_wakes_when_the_words_of_a_clock_change() {
    // now, the next wake-up; the opening was at 03:00:00, `update` runs out at 03:10:00
    for (now, wake) in [
        ("03:00:00", "03:00:00.001"),
        ("03:00:00.001", "03:01:00"),
        ("03:00:30", "03:01:00"),
        ("03:01:00", "03:01:00.001"),
        ("03:08:00.001", "03:08:01.001"),
        ("03:08:30.500", "03:08:31.001"),
        ("03:09:59.500", "03:10:00"),
        ("03:10:00", "03:10:00.001"),
        ("03:10:30", "03:11:00"),
    ] {
        let mut harness = harness();
        harness.now = time(now);
        harness.event(EventKind::Ticked);
        assert_eq!(next_wake(&harness.state), Some(time(wake)), "{now}");
    }
}

/// Enter, then what was chosen, then the answer.
fn say(harness: &mut Harness, choose: &str, answer: &str) {
    harness.keys("enter");
    harness.keys(choose);
    harness.type_text(answer);
    harness.keys("enter");
}

#[test]
fn a_clock_is_met_waived_or_explained_by_hand() {
    let mut harness = harness();
    // The strictest stands first: `update`, due 03:10.
    harness.keys("C");
    say(&mut harness, "1", "told them on the phone");
    assert_eq!(
        told(&harness),
        [
            "clock.met update 03:10:00 by hand: told them on the phone",
            "clock.started update 03:10:00",
        ]
    );
    harness.take();
    harness.now = time("03:16:00");
    harness.event(EventKind::Ticked);
    harness.keys("g j");
    say(&mut harness, "2", "nobody was awake");
    assert!(
        told(&harness).contains(&"clock.missed first 03:15:00 nobody was awake".to_owned()),
        "{:?}",
        told(&harness)
    );
    // Answered, its due time is still missed and it still runs.
    say(&mut harness, "3", "@legal it was a test");
    let waived = harness.appended().into_iter().find_map(|body| match body {
        Body::ClockWaived {
            clock,
            reason,
            role,
        } => Some((clock.to_string(), reason, role)),
        _ => None,
    });
    let expected = ("first".into(), "it was a test".into(), "legal".into());
    assert_eq!(waived, Some(expected));
}

fn purpose(harness: &Harness) -> Option<&Purpose> {
    match harness.state.overlays.last() {
        Some(Overlay::Ask { purpose, .. }) => Some(purpose),
        _ => None,
    }
}

fn open_at_the_end(harness: &Harness) -> Vec<String> {
    let opens = harness
        .appended()
        .into_iter()
        .rev()
        .find_map(|body| match body {
            Body::IncidentResolved { open, .. } | Body::IncidentClosed { open, .. } => Some(open),
            _ => None,
        });
    opens.unwrap()
}

#[test]
fn what_is_open_is_told_and_why_it_ends_all_the_same_is_asked() {
    let mut harness = harness();
    harness.keys("X enter");
    assert_eq!(purpose(&harness), Some(&Purpose::Resolve));
    harness.type_text("false alarm");
    harness.keys("enter");
    assert_eq!(
        open_at_the_end(&harness),
        [
            "clock running, due 2026-01-31 03:10 UTC: Next update",
            "clock running, due 2026-01-31 03:15 UTC: First look",
            "step todo: Look",
            "step todo: Tell",
            "1 check open: Look",
        ]
    );
    assert!(matches!(
        harness.cockpit().incident.stage,
        Stage::Resolved(_)
    ));
    harness.keys("esc");
    harness.take();
    harness.keys("X enter");
    assert_eq!(purpose(&harness), Some(&Purpose::Close));
    harness.type_text("it is a drill");
    harness.keys("enter");
    // Updates ended with the end; the post-mortem began.
    assert_eq!(
        open_at_the_end(&harness)[..2],
        [
            "clock running, due 2026-01-31 03:15 UTC: First look",
            "clock running, due 2026-03-07 03:00 UTC: Post-mortem",
        ]
    );
    let reports = harness
        .effects
        .iter()
        .filter(|effect| **effect == Effect::WriteReport)
        .count();
    assert_eq!(reports, 1);
    assert!(harness.cockpit().is_closed());
    let path = "/data/live/x/report.md".to_owned();
    harness.event(EventKind::ReportWritten(Ok(path)));
    let said = harness.state.message.as_ref().unwrap().text.to_string();
    assert_eq!(
        said,
        "closed; the report is written: X shows where; still running: First look, Post-mortem"
    );
    // Its path has no room in the last line: it is in the dialog, from where it is copied.
    assert_eq!(
        harness.cockpit().report.as_deref(),
        Some("/data/live/x/report.md")
    );
    harness.keys("X enter");
    assert!(
        harness
            .effects
            .contains(&Effect::Copy("/data/live/x/report.md".into()))
    );
    harness.event(EventKind::ReportWritten(Err("disk full".into())));
    let message = harness.state.message.clone().unwrap();
    assert!(message.error && message.text.as_str().contains("disk full"));
    harness.keys("esc X down enter");
    assert_eq!(purpose(&harness), Some(&Purpose::Reopen));
    harness.type_text("it came back");
    harness.keys("enter");
    assert_eq!(harness.cockpit().incident.stage, Stage::Open);
}

#[test]
fn with_nothing_open_closing_asks_nothing() {
    let mut harness = Harness::open(
        "---\nquarterdeck: 1\nid: a\ntitle: A\nseverity: P1\n---\n\n## Look\n\n### Here\n\nx\n",
    );
    harness.keys("d X enter");
    harness.type_text("over");
    harness.keys("enter esc X enter");
    let last = harness.appended().pop();
    let expected = Body::IncidentClosed {
        open: vec![],
        reason: String::new(),
    };
    assert_eq!(last, Some(expected));
    assert_eq!(next_wake(&harness.state), None, "nothing counts any more");
}

#[test]
fn the_list_of_what_is_open_leads_there() {
    let mut harness = harness();
    harness.keys("X g enter");
    assert!(matches!(
        harness.state.overlays.last(),
        Some(Overlay::Clocks { selected: 0 })
    ));
    harness.keys("esc g j j j enter");
    assert_eq!(harness.cockpit().step.as_str(), "tell");
    assert!(harness.state.overlays.is_empty());
    harness.keys("X F");
    harness.type_text("@bob write the rule down");
    harness.keys("enter");
    let follow_up = &harness.cockpit().incident.follow_ups;
    assert_eq!(follow_up[0].owner.as_deref(), Some("bob"));
    assert!(matches!(
        harness.state.overlays.last(),
        Some(Overlay::Closing { .. })
    ));
}

/// Things that happen to clocks, by number.
fn happening(number: u8, due: quarterdeck::model::Timestamp) -> Body {
    let (open, reason) = (Vec::new(), String::from("so it was"));
    let clock = ["first", "update", "review"][usize::from(number) % 3].into();
    match number {
        0..3 => Body::step_done("look"),
        3..6 => Body::step_done("tell"),
        6..8 => Body::StepReopened {
            step: "look".into(),
        },
        8..10 => Body::IncidentResolved { open, reason },
        10 => Body::IncidentClosed { open, reason },
        11..13 => Body::IncidentReopened { reason },
        13..16 => Body::ClockMet {
            clock,
            by: "by hand: so it was".into(),
            due,
        },
        16..19 => Body::ClockStarted { clock, due },
        19..22 => Body::ClockMissed {
            clock,
            due,
            reason: Some(reason),
        },
        _ => Body::ClockWaived {
            clock,
            reason,
            role: "legal".into(),
        },
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever other sessions wrote, in whatever order: what follows is recorded once, and then there is nothing to record.
    #[test]
    fn the_clocks_come_to_rest(steps in prop::collection::vec((0u8..23, 0i64..40, 0i64..40), 1..30)) {
        let mut harness = harness();
        for (number, minutes, due) in steps {
            harness.now += jiff::SignedDuration::from_mins(minutes);
            let due = time("03:00:00") + jiff::SignedDuration::from_mins(due);
            let mut entry = harness.seal(happening(number, due));
            entry.entry.writer = "gone".into();
            let mut incident = harness.cockpit().incident.clone();
            quarterdeck::incident::apply(&mut incident, &entry);
            harness.take();
            harness.event(EventKind::EntryArrived {
                entry: Arc::new(entry),
                incident: Box::new(incident),
                alive: BTreeSet::from(["me".to_owned()]),
            });
            prop_assert!(told(&harness).len() < 12, "{:?}", told(&harness));
            harness.take();
            harness.event(EventKind::Ticked);
            prop_assert_eq!(told(&harness), Vec::<String>::new());
        }
    }
}
