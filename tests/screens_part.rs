//! A part of the screen drawn alone shows what a whole drawing shows, cell by cell, whatever was pressed and however time passed.

#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "support/state.rs"]
mod support;

/// The states hold more than this needs; naming the rest keeps the compiler from calling it dead.
const _: () = {
    let _ = (support::breach_with, support::message, support::confirming);
    let _ = (support::hostile, support::at);
    let _ = |text: support::Texts<'_>| {
        (
            support::home_with(text),
            support::overlays(text),
            support::output(text),
            support::failure(text),
        )
    };
};

use std::time::Duration;

use proptest::prelude::*;
use quarterdeck::engine::event::{Event, EventKind};
use quarterdeck::engine::update;
use quarterdeck::keymap::Chord;
use quarterdeck::layout::PaneKind;
use quarterdeck::theme::Theme;
use quarterdeck::ui::{Local, paint, part};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use support::{breach, cockpit};

/// Keys: those that move the cursor come most often.
fn key() -> impl Strategy<Value = &'static str> {
    let moving = prop::sample::select(vec![
        "up", "down", "left", "right", "pageup", "pagedown", "home", "end",
    ]);
    let others = prop::sample::select(vec![
        "tab", "backtab", "z", "enter", "esc", "?", "n", "/", "s", "y", "space", "x", "E", "[", "]",
    ]);
    prop_oneof![6 => moving, 1 => others]
}

/// How many milliseconds pass before a key.
fn pause() -> impl Strategy<Value = u64> {
    prop_oneof![5 => 0_u64..120, 1 => 900_u64..70_000]
}

/// Plays keys on the breach, drawn in parts where that is possible and whole beside it. Returns how often a part was enough.
fn play(size: (u16, u16), keys: &[(&str, u64)]) -> Result<usize, TestCaseError> {
    let theme = Theme::default();
    let empty = Buffer::empty(Rect::new(0, 0, size.0, size.1));
    let mut state = breach();
    state.size = size;
    cockpit(&mut state).focus = PaneKind::Result;
    let (mut local, mut whole_local) = (Local::default(), Local::default());
    let mut shown = empty.clone();
    paint(&state, &mut local, &theme, &mut shown);
    paint(&state, &mut whole_local, &theme, &mut empty.clone());
    let mut parts = 0;
    for (key, pause) in keys {
        let now = state
            .now
            .checked_add(Duration::from_millis(*pause))
            .unwrap();
        let chord: Chord = key.parse().unwrap();
        let kind = EventKind::Key(chord);
        update(&mut state, Event { now, kind });
        if let Some(area) = part::area(&state, &local) {
            parts += 1;
            let mut alone = Buffer::empty(area);
            part::paint(&state, &mut local, &theme, &mut alone);
            for position in area.positions() {
                let cell = alone.cell(position).unwrap().clone();
                *shown.cell_mut(position).unwrap() = cell;
            }
        } else {
            shown = empty.clone();
            paint(&state, &mut local, &theme, &mut shown);
        }
        let mut whole = empty.clone();
        paint(&state, &mut whole_local, &theme, &mut whole);
        prop_assert_eq!(&shown, &whole, "after {} at {:?}", key, size);
    }
    Ok(parts)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_part_drawn_alone_is_what_a_whole_drawing_shows(
        size in prop::sample::select(vec![(80_u16, 24_u16), (120, 40), (200, 50), (40, 12), (20, 5)]),
        keys in prop::collection::vec((key(), pause()), 1..120),
    ) {
        play(size, &keys)?;
    }
}

/// The control: the comparison above is not one of whole drawings only, and time or another key ends what holds.
#[test]
fn cursor_keys_need_a_part_only() {
    for size in [(80, 24), (120, 40)] {
        assert_eq!(
            play(size, &[("down", 5), ("right", 5), ("up", 5)]).unwrap(),
            3
        );
        assert_eq!(
            play(size, &[("down", 5), ("tab", 5), ("down", 5)]).unwrap(),
            1
        );
        assert_eq!(play(size, &[("down", 1_000), ("down", 5)]).unwrap(), 1);
    }
}
