//! Walkthroughs as they are seen: by a presenter, and by those who look at the same screen.

#![expect(clippy::panic, reason = "tests")]

#[path = "support/cockpit.rs"]
mod cockpit;
#[path = "support/screen.rs"]
mod screen;

use std::fs;
use std::path::Path;
use std::time::Duration;

use cockpit::{Harness, request};
use quarterdeck::engine::event::EventKind;
use quarterdeck::model::Mode;
use quarterdeck::model::diagnostic::SourceText;
use quarterdeck::model::ids::StepId;
use quarterdeck::model::playbook::{Action, Playbook};
use quarterdeck::model::request::{Parameter, PlanError, Request};
use screen::{SIZES, check_hostile, screen};

/// A shipped playbook; a presenter's notes are added to its introduction, to a phase and to a step.
fn shipped(with_notes: bool) -> Playbook {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("playbooks/org-isolation-breach.md");
    let Ok(text) = fs::read_to_string(path) else {
        panic!("the playbook is there");
    };
    let noted = text
        .replace(
            "\n## Watch\n",
            "\n```text {.notes}\nAsk who has seen one of these.\nTwo minutes, not more.\n```\n\n## Watch\n",
        )
        .replace(
            "Classify the incident.",
            "Classify the incident.\n\n```text {.notes}\nLet them guess first. Most say: one actor, so it is a bug.\n\nThen show the second row: attackers use one account as well. What tells the two apart is how many organisations were tried, and nobody\nlooks at that number at night.\n```",
        );
    assert_ne!(text, noted, "the notes are in it");
    let source = SourceText::new(
        "org-isolation-breach.md",
        if with_notes { &noted } else { &text },
    );
    let mut parsed = quarterdeck::playbook::parse(&source);
    parsed.remove(0).playbook
}

fn open() -> Harness {
    Harness::open_as(Mode::Walkthrough, shipped(true))
}

fn snapshots(name: &str, harness: &Harness) {
    for size in SIZES {
        let mut state = harness.state.clone();
        state.size = size;
        let name = format!("{name}-{}x{}", size.0, size.1);
        insta::assert_snapshot!(name, screen(&state, size));
    }
}

fn parameter(name: &str, kind: &str, value: &str, example: bool) -> Parameter {
    Parameter {
        name: name.into(),
        kind: kind.into(),
        value: value.into(),
        example,
    }
}

/// Answers the last plan as a source that plans and never runs.
fn plan(harness: &mut Harness, change: impl FnOnce(&Action, &mut Request)) {
    let Some((run, action)) = harness.last_plan() else {
        panic!("something is planned");
    };
    let mut request = request(&action);
    request.timeout = Duration::from_secs(30);
    change(&action, &mut request);
    harness.event(EventKind::Planned {
        run,
        result: Ok(Box::new(request)),
    });
}

/// Goes to a step and shows one of its actions.
fn at(step: &str, digit: &str) -> Harness {
    let mut harness = open();
    harness.keys("esc");
    for _ in 0..40 {
        if harness.cockpit().step == StepId::new(step) {
            harness.keys(digit);
            return harness;
        }
        harness.keys("right");
    }
    panic!("no step {step}");
}

#[test]
fn the_opening_says_what_this_is() {
    snapshots("walk-opening", &open());
}

#[test]
fn a_step_and_a_live_pane_ask_nothing() {
    let mut harness = open();
    harness.keys("space space space");
    snapshots("walk-step", &harness);
}

#[test]
fn a_read_is_shown_with_all_there_is_to_say() {
    let mut harness = at("succeeded", "2");
    plan(&mut harness, |_, request| {
        request.target = "postgres audit@db1:5432/app as reader".into();
        request.text = request.text.replace(":window_start", "$1");
        request.parameters = vec![parameter(
            "window_start",
            "timestamptz",
            "2026-01-30T03:00:00.000Z",
            false,
        )];
    });
    snapshots("walk-read", &harness);
}

#[test]
fn a_write_is_shown_with_its_gate_and_its_example_values() {
    let mut harness = at("revoke-sessions", "2");
    plan(&mut harness, |_, request| {
        request.target = "postgres app@db1:5432/app as writer".into();
        request.text = request.text.replace(":actor_id", "$1");
        request.parameters = vec![parameter("actor_id", "text", "example-actor-id", true)];
    });
    snapshots("walk-write", &harness);
}

#[test]
fn a_message_is_shown_filled() {
    let mut harness = open();
    for _ in 0..80 {
        harness.keys("space");
        let walk = harness.cockpit().walk.clone();
        if walk.is_some_and(|walk| walk.shown.is_some()) {
            return snapshots("walk-message", &harness);
        }
    }
    panic!("no message");
}

#[test]
fn a_decision_says_what_each_choice_opens() {
    let mut harness = at("pattern", "D");
    harness.keys("esc space");
    snapshots("walk-decision", &harness);
}

#[test]
fn notes_have_a_strip_of_their_own() {
    let mut harness = at("pattern", "P");
    snapshots("walk-notes", &harness);
    harness.keys("space");
    snapshots("walk-notes-panel", &harness);
}

#[test]
fn notes_are_not_on_the_screen_before_they_are_asked_for() {
    let harness = at("pattern", "0");
    for size in SIZES {
        let shown = screen(&harness.state, size);
        assert!(!shown.contains("Let them guess"), "{shown}");
        assert!(shown.contains("P notes"), "{shown}");
    }
    let live = {
        let mut harness = Harness::open_as(Mode::Live, shipped(true));
        harness.keys("right right P");
        harness
    };
    for size in SIZES {
        let shown = screen(&live.state, size);
        assert!(shown.contains("Classify the incident"), "{shown}");
        assert!(
            !shown.contains("guess first") && !shown.contains("P notes"),
            "{shown}"
        );
    }
}

#[test]
fn what_cannot_be_planned_says_why() {
    let mut harness = at("source", "1");
    let Some((run, _)) = harness.last_plan() else {
        panic!("it is planned");
    };
    harness.event(EventKind::Planned {
        run,
        result: Err(PlanError::NeedsSource(
            "needs a source \"telemetry\" that answers kql; profile \"prod\" has none".into(),
        )),
    });
    snapshots("walk-failed", &harness);
}

#[test]
fn the_end_says_that_nothing_was_sent() {
    let mut harness = open();
    for _ in 0..200 {
        harness.keys("space");
        if harness
            .effects
            .iter()
            .any(|effect| matches!(effect, quarterdeck::engine::effect::Effect::Plan { .. }))
        {
            plan(&mut harness, |_, _| {});
            harness.take();
        }
    }
    snapshots("walk-end", &harness);
}

#[test]
fn hostile_text_is_harmless_in_every_place() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("playbooks/org-isolation-breach.md");
    let Ok(text) = fs::read_to_string(path) else {
        panic!("the playbook is there");
    };
    let hostile = text
        .replace(
            "Identify the source",
            "Identify\u{1b}[2J the\u{202e} source",
        )
        .replace(
            "Classify the incident.",
            "Cl\u{200b}assify\u{7}.\n\n```text {.notes}\n\u{1b}]52;c;eA==\u{7}\n```",
        );
    let mut parsed = quarterdeck::playbook::parse(&SourceText::new("p.md", &hostile));
    let mut harness = Harness::open_as(Mode::Walkthrough, parsed.remove(0).playbook);
    harness.keys("P");
    for _ in 0..80 {
        check_hostile(&harness.state, &SIZES);
        harness.keys("space");
        if let Some((run, action)) = harness.last_plan() {
            let mut request = request(&action);
            request.target = "db\u{1b}[31m\u{202e}1".into();
            request.parameters = vec![parameter("a\u{7}", "t\u{1b}", "v\u{202e}\n", true)];
            harness.event(EventKind::Planned {
                run,
                result: Ok(Box::new(request)),
            });
        }
    }
}
