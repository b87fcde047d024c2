//! A presenter's notes: a strip of their own below everything, so that they cover nothing of what is presented.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::boxes;
use super::panes::hints;
use super::text::{TextLine, write_lines};
use crate::engine::command::Command;
use crate::engine::state::State;
use crate::model::safe_text::sanitize_lines;
use crate::report::walk;
use crate::theme::{Role, Theme};

/// Lines of notes at most, the frame apart.
const LINES: usize = 8;
/// Rows that stay for what is presented at least.
const PRESENTED: u16 = 12;

/// The notes of the place where the presenter stands, wrapped; nothing while they are hidden or there are none.
pub fn lines(state: &State, width: u16, theme: &Theme) -> Vec<TextLine> {
    let shown = state.cockpit().and_then(|cockpit| {
        cockpit.walk.as_ref().filter(|walk| walk.notes)?;
        Some((cockpit, cockpit.walk_place()?))
    });
    let Some((cockpit, place)) = shown else {
        return Vec::new();
    };
    let room = usize::from(width.saturating_sub(4)).max(1);
    let mut lines: Vec<TextLine> = walk::notes(&cockpit.playbook, &place)
        .into_iter()
        .flat_map(|note| sanitize_lines(note.trim_end()))
        .flat_map(|line| TextLine::of(line, theme.style(Role::Text)).wrap(room, 0))
        .collect();
    if lines.len() > LINES {
        lines = boxes::at_most(lines, LINES, theme);
    }
    lines
}

/// The room that is left above the notes, and that of the notes, in a screen of this size.
pub fn split(area: Rect, lines: usize) -> (Rect, Rect) {
    let wanted = (lines as u16).saturating_add(2);
    let height = if lines == 0 {
        0
    } else {
        wanted.min(area.height.saturating_sub(PRESENTED))
    };
    let height = if height < 3 { 0 } else { height };
    let above = Rect {
        height: area.height - height,
        ..area
    };
    let below = Rect {
        y: above.bottom(),
        height,
        ..area
    };
    (above, below)
}

/// Draws the strip.
pub fn draw(state: &State, lines: &[TextLine], area: Rect, theme: &Theme, buffer: &mut Buffer) {
    let mut note = hints::key(state, Command::SpeakerNotes, theme);
    note.push(" hides them", theme.style(Role::Muted));
    let title = TextLine::of("Your notes", theme.style(Role::Walkthrough));
    let inside = boxes::pane(buffer, area, &title, &note, false, theme);
    let inside = Rect {
        x: inside.x + 1,
        width: inside.width.saturating_sub(2),
        ..inside
    };
    write_lines(lines, 0, buffer, inside);
}
