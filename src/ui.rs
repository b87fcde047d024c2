//! The screen: a function of the state. It reads, it decides nothing, and drawing twice shows the same.
//!
//! One file a pane under `panes/`, one a dialog under `overlays/`. Content is [`text::TextLine`] made of safe text. Only
//! what is visible is read and built, so a frame costs the same for ten rows and for a million.
//!
//! ```text
//! ┌ header: mode, title, severity, who, how long, recorded or not ┐
//! │ panes, placed by the layout                                   │
//! └ hints, or a message                                           ┘
//! ```

mod boxes;
mod chart;
mod clocks;
mod code;
mod editor_view;
mod home;
pub mod local;
mod notes;
mod overlays;
mod panes;
pub mod part;
pub mod picture;
mod prose;
pub mod screenshot;
mod sentence;
mod table;
pub mod text;
mod words;

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::engine::state::{Cockpit, Screen, State};
use crate::layout::{Area, Layout, PaneKind, body};
use crate::theme::{Role, Theme};
pub use local::Local;
use text::{Shown, TextLine};

/// What every pane may look at.
#[derive(Debug, Clone, Copy)]
struct View<'a> {
    state: &'a State,
    cockpit: &'a Cockpit,
    theme: &'a Theme,
}

impl View<'_> {
    /// A piece of text in a role's style.
    fn line(&self, text: impl Shown, role: Role) -> TextLine {
        TextLine::of(text, self.theme.style(role))
    }
}

/// Draws the whole screen into a buffer, whose size counts.
pub fn paint(state: &State, local: &mut Local, theme: &Theme, buffer: &mut Buffer) {
    local.whole = None;
    if buffer.area.is_empty() {
        return;
    }
    let noted = notes::lines(state, buffer.area.width, theme);
    let (above, below) = notes::split(buffer.area, noted.len());
    if below.is_empty() {
        return presented(state, local, theme, buffer);
    }
    let mut rest = Buffer::empty(above);
    presented(state, local, theme, &mut rest);
    let area = buffer.area;
    rest.resize(area);
    *buffer = rest;
    notes::draw(state, &noted, below, theme, buffer);
}

/// All but the presenter's notes.
fn presented(state: &State, local: &mut Local, theme: &Theme, buffer: &mut Buffer) {
    match &state.screen {
        Screen::Opening(what) => opening(what, theme, buffer),
        Screen::Home(home) => home::draw(state, home, local, theme, buffer),
        Screen::Cockpit(cockpit) => {
            let view = View {
                state,
                cockpit,
                theme,
            };
            cockpit_screen(&view, local, buffer);
        }
    }
    panes::hints::draw(state, theme, buffer);
    // Dialogs below the topmost one are drawn too: they show what one comes back to.
    for overlay in &state.overlays {
        overlays::draw(state, overlay, local, theme, buffer);
    }
    if !state.overlays.is_empty() {
        whole_characters(buffer);
    }
}

fn cockpit_screen(view: &View<'_>, local: &mut Local, buffer: &mut Buffer) {
    let size = (buffer.area.width, buffer.area.height);
    if body(size).y > 0 {
        panes::header::draw(view, buffer);
    }
    let (layout, placed) = arranged(view.state, view.cockpit, size);
    for (pane, area) in &placed {
        panes::draw(*pane, view, local, rect(*area), buffer);
    }
    panes::hidden(view, &layout, &placed, buffer);
    local.whole = part::whole(view.state, size, &placed);
}

/// The layout for a size, and where its panes are.
fn arranged<'s>(
    state: &'s State,
    cockpit: &Cockpit,
    size: (u16, u16),
) -> (Cow<'s, Layout>, Vec<(PaneKind, Area)>) {
    let layout = cockpit.layout(&state.layouts, size);
    let placed = layout.arrange(body(size), cockpit.focus, cockpit.zoomed);
    (layout, placed)
}

/// An incident is being opened.
fn opening(what: &crate::model::safe_text::SafeText, theme: &Theme, buffer: &mut Buffer) {
    let area = buffer.area;
    let room = usize::from(area.width.saturating_sub(4)).max(1);
    let lines = TextLine::of(what, theme.style(Role::Text)).wrap(room, 0);
    let top = area.height.saturating_sub(lines.len() as u16) / 2;
    for (line, y) in lines.iter().zip(top..area.height) {
        let width = line.width() as u16;
        let inside = Rect {
            x: area.width.saturating_sub(width) / 2,
            width: width.min(area.width),
            ..area
        };
        line.write(buffer, inside, y);
    }
}

/// A dialog may cover half of a wide character; its other half must not stay behind.
fn whole_characters(buffer: &mut Buffer) {
    let area = buffer.area;
    for y in area.y..area.bottom() {
        let mut x = area.x;
        while x < area.right() {
            let Some(cell) = buffer.cell_mut((x, y)) else {
                break;
            };
            let cells = if cell.symbol().len() == 1 {
                1
            } else {
                text::width(cell.symbol()).max(1) as u16
            };
            if cells > 1 && x + 1 < area.right() {
                let covered = buffer
                    .cell((x + 1, y))
                    .is_some_and(|next| next.symbol() != " " && !next.symbol().is_empty());
                if covered && let Some(cell) = buffer.cell_mut((x, y)) {
                    cell.set_symbol(" ");
                    x += 1;
                    continue;
                }
            } else if cells > 1
                && let Some(cell) = buffer.cell_mut((x, y))
            {
                cell.set_symbol(" ");
            }
            x += cells;
        }
    }
}

fn rect(area: Area) -> Rect {
    Rect {
        x: area.x,
        y: area.y,
        width: area.width,
        height: area.height,
    }
}
