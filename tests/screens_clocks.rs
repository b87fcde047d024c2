//! Clocks on the screen, their dialog, and the dialog of the end.

#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "support/screen.rs"]
mod screen;
#[path = "support/state.rs"]
#[expect(dead_code, reason = "this file uses a part of it")]
mod support;

use std::sync::Arc;
use std::time::Duration;

use quarterdeck::engine::state::{Overlay, State};
use quarterdeck::incident::view::view;
use quarterdeck::incident::{Fact, FollowUp, Stage};
use quarterdeck::model::playbook::{Clock, ClockStart};
use screen::{SIZES, check_hostile, screen};
use support::{Texts, at, cockpit, hostile, plain};

fn header(state: &State, columns: u16) -> String {
    let shown = screen(state, (columns, 24));
    shown.lines().next().unwrap().to_owned()
}

fn snapshots(name: &str, state: &State) {
    for size in SIZES {
        let name = format!("{name}-{}x{}", size.0, size.1);
        insta::assert_snapshot!(name, screen(state, size));
    }
}

fn clock(text: Texts<'_>, id: &str, title: &str, minutes: u64, from: ClockStart) -> Clock {
    Clock {
        id: id.into(),
        title: text(title),
        within: Duration::from_secs(minutes * 60),
        repeats: false,
        from,
        until: None,
        met_by: Vec::new(),
        when: None,
        cite: None,
        after_close: false,
        span: 0..0,
    }
}

/// The breach with clocks: one met, one overdue, one soon, one legal, one that waits, one that cannot be told.
fn breach_with(text: Texts<'_>) -> State {
    let mut state = support::breach_with(text);
    let inside = cockpit(&mut state);
    let milestone = |name: &str| ClockStart::Milestone(name.to_owned());
    let clocks = [
        Clock {
            met_by: vec!["identify".into()],
            ..clock(text, "page", "Page security on call", 1, ClockStart::Opened)
        },
        Clock {
            cite: Some(text("GDPR Art. 33(1)")),
            ..clock(
                text,
                "gdpr-33",
                "GDPR Art. 33 authority notice",
                72 * 60,
                milestone("aware"),
            )
        },
        clock(
            text,
            "exec",
            "Executive notification",
            20,
            ClockStart::Opened,
        ),
        Clock {
            repeats: true,
            until: Some(milestone("resolved")),
            ..clock(
                text,
                "update",
                "Next internal update",
                10,
                ClockStart::Opened,
            )
        },
        Clock {
            after_close: true,
            ..clock(
                text,
                "review",
                "Public post-mortem",
                35 * 24 * 60,
                milestone("resolved"),
            )
        },
        Clock {
            when: Some("count > 0".into()),
            ..clock(text, "pdpa", "PDPC notice", 72 * 60, milestone("aware"))
        },
    ];
    let playbook = Arc::make_mut(&mut inside.playbook);
    playbook.clocks = clocks
        .into_iter()
        .map(|clock| (clock.id.clone(), clock))
        .collect();
    let incident = &mut inside.incident;
    let page = vec![at("02:58:50")];
    incident.marks.actions.insert("identify".into(), page);
    let aware = Fact {
        text: text("the reporter called"),
        at: at("03:02:00"),
        operator: text("alice"),
    };
    incident.milestones.insert("aware".into(), aware);
    let missed = [(at("03:08:10"), None)];
    let update = incident.clocks.entry("update".into()).or_default();
    update.missed = missed.into_iter().collect();
    see_anew(&mut state);
    state
}

fn see_anew(state: &mut State) {
    let inside = cockpit(state);
    inside.view = view(&inside.playbook, &inside.incident, &inside.alive);
}

#[test]
fn the_strictest_clock_is_always_in_the_header() {
    let mut state = breach_with(&plain);
    for (columns, expected) in [
        (
            80,
            " ● LIVE  UNKNOWN OUTCOME  Org isolation bre…  P1  T+14m  ⚑ update overdue 4m! +4",
        ),
        (
            120,
            " ● LIVE  UNKNOWN OUTCOME  Org isolation breach · 7F3A  P1  aware  IC alice  T+14m  ⚑ update overdue 4m!  exec 5m +3",
        ),
    ] {
        assert_eq!(header(&state, columns), expected);
    }
    let wide = header(&state, 200);
    let expected = "T+14m  ⚑ update overdue 4m!  exec 5m  gdpr-33 71h49  pdpa? 71h49  page ✓";
    assert!(wide.contains(expected), "{wide}");
    assert!(wide.ends_with("prod · read-only"), "{wide}");
    // The last two minutes count in seconds; what just ran out says so at once.
    for (now, words) in [
        ("03:07:40", "⚑ update 30s"),
        ("03:06:10", "⚑ update 2m"),
        ("03:08:10", "⚑ update 0s"),
        ("03:08:11", "⚑ update overdue!"),
    ] {
        state.now = at(now);
        let shown = header(&state, 80);
        assert!(shown.contains(words), "{now}: {shown}");
    }
}

#[test]
fn trouble_leaves_room_for_the_clock() {
    let mut state = breach_with(&plain);
    let reason = "no space left on the device that holds the record";
    cockpit(&mut state).recording =
        quarterdeck::engine::state::Recording::NotRecorded(reason.into());
    let shown = header(&state, 80);
    assert!(shown.contains("NOT RECORDED"), "{shown}");
    assert!(shown.contains("⚑ update overdue 4m!"), "{shown}");
}

#[test]
fn an_incident_that_is_over_says_so_and_how_long_it_took() {
    let mut state = breach_with(&plain);
    cockpit(&mut state).incident.stage = Stage::Resolved(at("03:10:10"));
    see_anew(&mut state);
    let shown = header(&state, 200);
    assert!(
        shown.contains(" RESOLVED ") && shown.contains("T+12m"),
        "{shown}"
    );
    assert!(shown.contains("review 34d 23h"), "{shown}");
    assert!(!shown.contains("update"), "{shown}");
    cockpit(&mut state).incident.stage = Stage::Closed {
        resolved_at: at("03:10:10"),
        closed_at: at("03:12:00"),
    };
    see_anew(&mut state);
    let shown = header(&state, 200);
    assert!(
        shown.contains(" CLOSED ") && shown.contains("review 34d 23h"),
        "{shown}"
    );
}

#[test]
fn the_dialogs() {
    let mut state = breach_with(&plain);
    state.overlays.push(Overlay::Clocks { selected: 0 });
    snapshots("clocks", &state);
    state.overlays = vec![Overlay::Clocks { selected: 3 }];
    insta::assert_snapshot!("clocks-unclear", screen(&state, (80, 24)));
    cockpit(&mut state).incident.follow_ups = vec![
        FollowUp {
            text: "rotate the signing key".into(),
            owner: Some("bob".into()),
        },
        FollowUp {
            text: "tell the auditors".into(),
            owner: None,
        },
    ];
    let things = cockpit(&mut state).open_things().len();
    state.overlays = vec![Overlay::Closing { selected: things }];
    snapshots("closing", &state);
    state.overlays = vec![Overlay::Closing {
        selected: things - 1,
    }];
    insta::assert_snapshot!("closing-end", screen(&state, (80, 24)));
    cockpit(&mut state).incident.stage = Stage::Resolved(at("03:10:10"));
    state.overlays = vec![Overlay::Closing { selected: things }];
    insta::assert_snapshot!("closing-resolved", screen(&state, (80, 24)));
}

#[test]
fn no_hostile_character_reaches_a_cell_and_every_size_is_drawn() {
    for overlay in [
        Overlay::Clocks { selected: 0 },
        Overlay::Clocks { selected: 2 },
        Overlay::Closing { selected: 0 },
        Overlay::Closing { selected: 99 },
    ] {
        let mut state = breach_with(&hostile);
        let follow_up = FollowUp {
            text: hostile("later"),
            owner: Some(hostile("bob")),
        };
        cockpit(&mut state).incident.follow_ups.push(follow_up);
        state.overlays.push(overlay);
        for columns in [3, 20, 80, 120] {
            check_hostile(&state, &[2, 5, 24, 40].map(|rows| (columns, rows)));
        }
    }
}

#[test]
fn a_closed_incident_shows_where_its_report_is() {
    let mut state = breach_with(&plain);
    state.overlays.push(Overlay::Closing { selected: 0 });
    // The report's path is told whole and can be copied, however narrow the screen.
    cockpit(&mut state).incident.stage = Stage::Closed {
        resolved_at: at("03:10:00"),
        closed_at: at("03:12:00"),
    };
    let folder = cockpit(&mut state).folder.clone();
    cockpit(&mut state).report = Some(format!("{folder}/report.md"));
    let shown = screen(&state, (80, 24));
    let bare: String = shown
        .chars()
        .filter(|letter| !" ┃│\n".contains(*letter))
        .collect();
    assert!(bare.contains(&format!("{folder}/report.md")), "{shown}");
    assert!(shown.contains("copy the report's path"), "{shown}");
}
