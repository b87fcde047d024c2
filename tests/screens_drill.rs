//! A drill on the screen: its header, what is said to the operator, and drills on the home screen.

#[path = "support/screen.rs"]
mod screen;
#[path = "support/state.rs"]
mod support;

use std::sync::Arc;

use quarterdeck::engine::state::{HomeItem, Overlay, Screen, State};
use quarterdeck::model::Mode;
use quarterdeck::model::ids::PlaybookId;
use quarterdeck::model::safe_text::sanitize;
use quarterdeck::record::entry::{ActionOutcome, Body, Hash};
use screen::{SIZES, check_hostile, screen};
use support::{Texts, at, breach_with, cockpit, home_with, hostile, plain};

/// The states hold more than these screens need; naming the rest keeps the compiler from calling it dead.
const _: () = {
    let _ = (support::breach, support::message, support::confirming);
    let _ = |text: Texts<'_>| {
        (
            support::overlays(text),
            support::output(text),
            support::failure(text),
        )
    };
};

/// A customer writes in the middle of a drill.
fn told(text: Texts<'_>) -> State {
    let mut state = breach_with(text);
    let cockpit = cockpit(&mut state);
    cockpit.incident.mode = Mode::Drill;
    "simulated, speed 5".clone_into(&mut cockpit.profile);
    state.overlays.push(Overlay::Told {
        from: sanitize(&text("customer")),
        text: text(
            "Two of our orders were released overnight.\nNobody of ours was at work.\n\nWhat is going on?",
        ),
        at: at("03:12:44"),
    });
    state
}

fn home(text: Texts<'_>) -> State {
    let mut state = home_with(text);
    if let Screen::Home(home) = &mut state.screen {
        home.items.push(HomeItem::Drill {
            id: "coordinated-attack".to_owned(),
            title: text("Org mismatches at three in the morning"),
            summary: text("The commerce engine rejects transitions across organisations."),
            playbook: PlaybookId::new("org-isolation-breach"),
        });
        home.matches = (0..home.items.len()).collect();
        home.selected = home.items.len() - 1;
    }
    state
}

#[test]
fn what_is_said_says_that_it_is_a_drill() {
    for size in SIZES {
        insta::assert_snapshot!(
            format!("told_{}x{}", size.0, size.1),
            screen(&told(&plain), size)
        );
    }
    check_hostile(&told(&hostile), &SIZES);
}

/// What has several lines is one line of the timeline; the entry shows it as it was said.
#[test]
fn the_timeline_has_what_was_said_on_one_line() {
    const SAID: &str = "Mismatches are up.\n\nWho looks at it?";
    let injected = Body::DrillInjected {
        inject: "page".to_owned(),
        from: "pager".to_owned(),
        text: SAID.to_owned(),
        damage: None,
        called: false,
    };
    let failed = Body::ActionResult {
        intent: Hash::default(),
        action: "cross-org".into(),
        outcome: ActionOutcome::Failed,
        duration_ms: 18,
        rows: None,
        code: None,
        truncated: None,
        partial: None,
        message: Some(SAID.to_owned()),
        judged: None,
        evidence: Vec::new(),
    };
    for (body, line) in [
        (injected, "pager: Mismatches are up. Who looks at it?"),
        (failed, ": Mismatches are up. Who looks at it?"),
    ] {
        let mut state = breach_with(&plain);
        let timeline = &mut cockpit(&mut state).timeline;
        let entry = timeline.entries.back_mut().map(|last| {
            Arc::make_mut(last).body = Some(body);
            Arc::clone(last)
        });
        let shown = screen(&state, (300, 50));
        assert!(shown.contains(line) && !shown.contains('␊'), "{shown}");
        let Some(entry) = entry else {
            unreachable!("a breach has a record");
        };
        state.overlays.push(Overlay::Entry { entry, top: 0 });
        let shown = screen(&state, (300, 50));
        assert!(!shown.contains('␊'), "{shown}");
        let whole = |line: &str| line.contains("  Who looks at it?");
        assert!(shown.lines().any(whole), "{shown}");
    }
}

#[test]
fn the_result_of_a_drill_says_that_it_is_simulated() {
    for (mode, said) in [
        (Mode::Drill, "└ simulated · 50 rows · NOT JUDGED · HTTP 200"),
        (Mode::Live, "└ 50 rows · NOT JUDGED · HTTP 200"),
    ] {
        let mut state = breach_with(&plain);
        let cockpit = cockpit(&mut state);
        cockpit.incident.mode = mode;
        for result in cockpit.results.values_mut() {
            if let Some((_, Ok(outcome))) = &mut result.end {
                outcome.status = Some(200);
            }
        }
        let shown = screen(&state, (120, 40));
        assert!(shown.contains(said), "{shown}");
    }
}

#[test]
fn drills_stand_behind_playbooks_on_the_home_screen() {
    for size in SIZES {
        insta::assert_snapshot!(
            format!("home_{}x{}", size.0, size.1),
            screen(&home(&plain), size)
        );
    }
    check_hostile(&home(&hostile), &SIZES);
}
