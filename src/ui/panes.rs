//! The panes of the cockpit, one file each, all with the same signature.

mod guide;
pub mod header;
pub mod hints;
mod result;
mod steps;
mod timeline;
mod watch;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::text::TextLine;
use super::{Local, View, rect};
use crate::engine::command::Command;
use crate::layout::{Area, Layout, PaneKind};
use crate::theme::Role;

/// Draws a pane.
pub fn draw(pane: PaneKind, view: &View<'_>, local: &mut Local, area: Rect, buffer: &mut Buffer) {
    match pane {
        PaneKind::Steps => steps::draw(view, local, area, buffer),
        PaneKind::Guide => guide::draw(view, local, area, buffer),
        PaneKind::Watch => watch::draw(view, local, area, buffer),
        PaneKind::Result => result::draw(view, local, area, buffer),
        PaneKind::Timeline => timeline::draw(view, local, area, buffer),
    }
}

/// Names the panes that had no room, with the key that leads to them, on the lower edge of the last one that has.
pub fn hidden(view: &View<'_>, layout: &Layout, placed: &[(PaneKind, Area)], buffer: &mut Buffer) {
    let hidden: Vec<&'static str> = layout
        .panes()
        .into_iter()
        .filter(|pane| !placed.iter().any(|(shown, _)| shown == pane))
        .map(title)
        .collect();
    let Some((_, area)) = placed.last().filter(|(_, area)| area.height >= 3) else {
        return;
    };
    if hidden.is_empty() {
        return;
    }
    let muted = view.theme.style(Role::Muted);
    let mut line = TextLine::of(" ", muted);
    line.extend(hints::key(view.state, Command::NextPane, view.theme));
    for name in hidden {
        line.push(" ", muted);
        line.push(name, muted);
    }
    line.push(" ", muted);
    let edge = Rect {
        x: area.x + 1,
        width: area.width.saturating_sub(2),
        ..rect(*area)
    };
    line.write_right(buffer, edge, edge.bottom() - 1);
}

/// The name of a pane as people read it.
pub const fn title(pane: PaneKind) -> &'static str {
    match pane {
        PaneKind::Steps => "Steps",
        PaneKind::Guide => "Guide",
        PaneKind::Watch => "Watch",
        PaneKind::Result => "Result",
        PaneKind::Timeline => "Timeline",
    }
}
