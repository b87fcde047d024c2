//! Dialogs over the screen, one file each. The topmost one takes the keys; each says on its lower edge how it ends.

mod clocks;
mod closing;
mod decide;
mod draft;
mod entry;
mod evidence;
mod form;
mod gate;
mod help;
mod lists;
mod reading;
mod row_detail;
mod send;
mod sign_in;
mod told;
mod typing;
mod walk;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Local;
use super::boxes;
use super::local::Scrolled;
use super::panes::hints;
use super::text::{TextLine, write_lines};
use crate::engine::command::Command;
use crate::engine::state::{Cockpit, Overlay, Screen, State};
use crate::theme::{Role, Theme};

/// Draws a dialog.
pub fn draw(
    state: &State,
    overlay: &Overlay,
    local: &mut Local,
    theme: &Theme,
    buffer: &mut Buffer,
) {
    let scene = Scene { state, theme };
    match overlay {
        Overlay::Help { top } => help::draw(&scene, *top, local, buffer),
        Overlay::Palette {
            filter,
            matches,
            selected,
        } => lists::palette(&scene, filter, matches, *selected, local, buffer),
        Overlay::Form(form) => form::draw(&scene, form, local, buffer),
        Overlay::Send { run, top } => send::draw(&scene, *run, *top, local, buffer),
        Overlay::Walk { top } => walk::draw(&scene, *top, local, buffer),
        Overlay::Query { action, editor } => typing::query(&scene, action, editor, local, buffer),
        Overlay::Note { editor, error } => {
            typing::note(&scene, editor, error.as_ref(), local, buffer);
        }
        Overlay::Ask {
            purpose,
            editor,
            error,
        } => typing::ask(&scene, purpose, editor, error.as_ref(), buffer),
        Overlay::Choose {
            title,
            items,
            selected,
        } => lists::choose(&scene, title, items, *selected, local, buffer),
        Overlay::RowDetail {
            run,
            row,
            cells,
            selected,
            hex,
        } => row_detail::draw(
            &scene,
            *run,
            *row,
            cells.as_ref(),
            (*selected, *hex),
            local,
            buffer,
        ),
        Overlay::Reference { selected, top } => {
            reading::reference(&scene, *selected, *top, local, buffer);
        }
        Overlay::Diagnostics { top } => reading::diagnostics(&scene, *top, local, buffer),
        Overlay::Gate(form) => gate::draw(&scene, form, local, buffer),
        Overlay::Draft(form) => draft::draw(&scene, form, local, buffer),
        Overlay::Decide(form) => decide::draw(&scene, form, local, buffer),
        Overlay::Clocks { selected } => clocks::draw(&scene, *selected, local, buffer),
        Overlay::Evidence { selected } => evidence::draw(&scene, *selected, local, buffer),
        Overlay::Closing { selected } => closing::draw(&scene, *selected, local, buffer),
        Overlay::SignIn { prompt, until, .. } => sign_in::draw(&scene, prompt, *until, buffer),
        Overlay::Told { from, text, at } => told::draw(&scene, from, text, *at, buffer),
        Overlay::Entry { entry, top } => entry::draw(&scene, entry, *top, local, buffer),
    }
}

/// What every dialog may look at.
struct Scene<'a> {
    state: &'a State,
    theme: &'a Theme,
}

impl Scene<'_> {
    fn cockpit(&self) -> Option<&Cockpit> {
        match &self.state.screen {
            Screen::Cockpit(cockpit) => Some(cockpit),
            Screen::Opening(_) | Screen::Home(_) => None,
        }
    }

    /// Keys and titles of some commands, for the lower edge.
    fn hint(&self, commands: &[Command]) -> TextLine {
        let mut line = TextLine::new();
        for command in commands {
            line.extend(hints::hint(self.state, *command, self.theme));
        }
        line
    }

    /// Columns that lines of a dialog may take.
    fn room(buffer: &Buffer, wanted: usize) -> usize {
        wanted
            .min(usize::from(buffer.area.width).saturating_sub(6))
            .max(1)
    }

    /// A dialog of lines to scroll: its title, and how far the engine asks it to be scrolled.
    fn scroll(
        &self,
        title: crate::model::safe_text::SafeText,
        lines: &[TextLine],
        (scrolled, top): (&mut Scrolled, usize),
        commands: &[Command],
        buffer: &mut Buffer,
    ) {
        let widest = lines.iter().map(TextLine::width).max().unwrap_or(0);
        let hint = self.hint(commands);
        let inside = boxes::dialog(buffer, (widest, lines.len()), title, &hint, self.theme);
        let height = usize::from(inside.height);
        let top = scrolled.follow(top, lines.len().saturating_sub(height));
        write_lines(lines, top, buffer, inside);
        self.more(buffer, inside, top > 0, top + height < lines.len());
    }

    fn more(&self, buffer: &mut Buffer, inside: Rect, above: bool, below: bool) {
        let frame = Rect {
            width: inside.width + 1,
            ..inside
        };
        boxes::more(buffer, frame, above, below, self.theme);
    }

    fn line(&self, text: impl super::text::Shown, role: Role) -> TextLine {
        TextLine::of(text, self.theme.style(role))
    }
}
