//! The list of evidence as an operator sees it.

#[path = "support/screen.rs"]
mod screen;
#[path = "support/state.rs"]
mod support;

use std::sync::Arc;

use quarterdeck::engine::state::{Overlay, State};
use quarterdeck::incident::view::view;
use quarterdeck::incident::{ActionRecord, ActionState, CapturedRecord, Fact};
use quarterdeck::layout::PaneKind;
use quarterdeck::model::playbook::EvidenceItem;
use quarterdeck::record::entry::{Body, EvidenceOrigin, Hash};
use screen::{SIZES, check_hostile, screen};
use support::{Texts, at, breach_with, cockpit, hostile, plain};

/// The states hold more than these screens need; naming the rest keeps the compiler from calling it dead.
const _: () = {
    let _ = (support::breach, support::message, support::confirming);
    let _ = |text: Texts<'_>| {
        (
            support::home_with(text),
            support::overlays(text),
            support::output(text),
            support::failure(text),
        )
    };
};

/// The breach with an evidence table of five items, two of them in the record, and files that nobody asked for.
fn state(text: Texts<'_>, selected: usize) -> State {
    let mut state = breach_with(text);
    let inside = cockpit(&mut state);
    let mut playbook = (*inside.playbook).clone();
    for (id, title, from) in [
        ("spike", "Mismatch metric spike", "mismatches"),
        ("actors", "Entries that name the actor", "identify"),
        (
            "sessions",
            "Sessions of the actor before they were revoked",
            "sessions",
        ),
        ("reporter", "The reporter's own words", "note"),
        ("cause", "Root cause analysis", "note"),
    ] {
        let item = EvidenceItem {
            id: id.into(),
            title: text(title),
            from: Some(from.to_owned()),
            span: 0..0,
        };
        playbook.evidence.insert(item.id.clone(), item);
    }
    let captured = |files, byte| CapturedRecord {
        files,
        latest: Hash([byte; 32]),
        at: at("03:11:58"),
    };
    inside
        .incident
        .captured
        .insert("identify".into(), captured(2, 0x9c));
    inside
        .incident
        .captured
        .insert("quantify".into(), captured(1, 0x1d));
    let note = Fact {
        text: text("“I see orders of another shop”\nhe sent a screenshot"),
        at: at("03:09:00"),
        operator: text("alice"),
    };
    inside
        .incident
        .noted_evidence
        .insert("reporter".into(), note);
    inside.incident.actions.insert(
        "sessions".into(),
        ActionRecord {
            state: ActionState::Resolved {
                done: true,
                note: text("asked the identity team"),
            },
            ..inside
                .incident
                .actions
                .values()
                .next()
                .cloned()
                .unwrap_or_else(|| unreachable!("an action ran"))
        },
    );
    inside.view = view(&playbook, &inside.incident, &inside.alive);
    inside.playbook = playbook.into();
    state.overlays.push(Overlay::Evidence { selected });
    state
}

#[test]
fn the_list_at_both_sizes() {
    for (name, selected) in [
        ("missing", 0),
        ("there", 1),
        ("by-hand", 2),
        ("noted", 3),
        ("other", 5),
    ] {
        let state = state(&plain, selected);
        for size in SIZES {
            let name = format!("{name}-{}x{}", size.0, size.1);
            insta::assert_snapshot!(name, screen(&state, size));
        }
    }
}

#[test]
fn the_most_important_is_there_in_little_room() {
    for size in [(60, 12), (30, 8), (20, 5)] {
        for selected in 0..6 {
            let shown = screen(&state(&plain, selected), size);
            let words = ["✗ missing", "✓ there", "+ kept"];
            assert!(
                words.iter().any(|word| shown.contains(word)),
                "{size:?} {selected}\n{shown}"
            );
        }
    }
}

#[test]
fn no_hostile_character_reaches_a_cell() {
    for selected in 0..6 {
        check_hostile(&state(&hostile, selected), &[(20, 5), (80, 24), (120, 40)]);
    }
}

/// The breach with two captures at the end of its timeline, each of a JSON and a CSV file.
fn captured_twice() -> State {
    let mut state = breach_with(&plain);
    let timeline = &mut cockpit(&mut state).timeline;
    for (capture, time) in ["03:12:20.000Z", "03:12:30.000Z"].into_iter().enumerate() {
        for (form, media_type) in ["application/json", "text/csv"].into_iter().enumerate() {
            let Some(last) = timeline.entries.back() else {
                unreachable!("the timeline has entries");
            };
            let mut sealed = (**last).clone();
            let byte = 0xa0 + (0x10 * capture + form) as u8;
            sealed.body = Some(Body::EvidenceAdded {
                sha256: Hash([byte; 32]),
                size: 10,
                media_type: media_type.to_owned(),
                name: "identify".into(),
                title: "Identify the source".into(),
                origin: Some(EvidenceOrigin {
                    action: "identify".into(),
                    target: "audit".into(),
                    query: "SELECT 1".into(),
                    acquired_at: at(time.trim_end_matches(".000Z")),
                    intent: None,
                    incomplete: None,
                }),
            });
            sealed.entry.at = format!("2026-01-31T{time}");
            timeline.entries.push_back(Arc::new(sealed));
            timeline.total += 1;
        }
    }
    state
}

#[test]
fn what_one_capture_kept_is_one_line_with_its_forms() {
    let mut state = captured_twice();
    cockpit(&mut state).focus = PaneKind::Timeline;
    cockpit(&mut state).zoomed = true;
    for size in SIZES {
        let shown = screen(&state, size);
        let lines: Vec<&str> = shown
            .lines()
            .filter(|line| line.contains("evidence Identify"))
            .collect();
        assert_eq!(lines.len(), 2, "{shown}");
        for (line, forms) in lines
            .iter()
            .zip(["JSON a0a0a0a0, CSV a1a1a1a1", "JSON b0b0b0b0, CSV b1b1b1b1"])
        {
            assert!(line.contains(forms), "{shown}");
        }
    }
    // A line is one step of the cursor, and its entry is the first of its files.
    let timeline = &mut cockpit(&mut state).timeline;
    let last = timeline.total - 1;
    assert_eq!(timeline.line_of(last), last - 1);
    assert_eq!(timeline.lines_above(timeline.total, 2), last - 3);
    let selected = timeline
        .selected_entry()
        .and_then(|sealed| sealed.body.clone());
    assert!(
        matches!(&selected, Some(Body::EvidenceAdded { media_type, .. }) if media_type == "application/json"),
        "{selected:?}"
    );
}
