//! A part of the screen drawn alone. The cursor of the result pane is what moves most, and moving it changes that pane and
//! nothing else: the rest of the screen, charts and all, stays as it was drawn.
//!
//! Whether it may stay is told by the engine (`State::revision`), which counts every other event, and by the clock. It must
//! never show what a whole drawing would not: `tests/screens_part.rs` compares the two after thousands of keys.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::local::Whole;
use super::{Local, View, arranged, panes, rect};
use crate::engine::next_wake;
use crate::engine::state::{Screen, State};
use crate::layout::{Area, PaneKind};
use crate::theme::Theme;

/// What holds of the cockpit that has just been drawn; nothing while there is no result pane, or something lies over it.
pub(super) fn whole(state: &State, size: (u16, u16), placed: &[(PaneKind, Area)]) -> Option<Whole> {
    if !state.overlays.is_empty() {
        return None;
    }
    let (_, result) = placed.iter().find(|(pane, _)| *pane == PaneKind::Result)?;
    Some(Whole {
        revision: state.revision,
        second: state.now.as_second(),
        until: next_wake(state),
        size,
        result: rect(*result),
    })
}

/// The one part of the screen that may look different from the last whole drawing: the area of the result pane. None when the
/// whole screen is to be drawn.
pub fn area(state: &State, local: &Local) -> Option<Rect> {
    let whole = local.whole.as_ref()?;
    let holds = whole.revision == state.revision
        && whole.second == state.now.as_second()
        && whole.until.is_none_or(|until| state.now < until)
        // With a strip of notes below, it is not the whole screen.
        && whole.size == state.size;
    holds.then_some(whole.result)
}

/// Draws that part into a buffer of its area.
pub fn paint(state: &State, local: &mut Local, theme: &Theme, buffer: &mut Buffer) {
    let Screen::Cockpit(cockpit) = &state.screen else {
        return;
    };
    let view = View {
        state,
        cockpit,
        theme,
    };
    let area = buffer.area;
    panes::draw(PaneKind::Result, &view, local, area, buffer);
    let (layout, placed) = arranged(state, cockpit, state.size);
    if placed
        .last()
        .is_some_and(|(pane, _)| *pane == PaneKind::Result)
    {
        panes::hidden(&view, &layout, &placed, buffer);
    }
}
