//! What to open and what to type there, so that a source may be asked.

use ratatui::buffer::Buffer;

use super::Scene;
use crate::engine::command::Command;
use crate::model::Timestamp;
use crate::model::request::SignInPrompt;
use crate::theme::Role;
use crate::ui::boxes;
use crate::ui::text::{TextLine, safe, write_lines};
use crate::ui::words;

/// Draws the dialog. Page and code stand on lines of their own, so that they can be selected with the mouse.
pub fn draw(scene: &Scene<'_>, prompt: &SignInPrompt, until: Timestamp, buffer: &mut Buffer) {
    let room = Scene::room(buffer, 70);
    let mut lines: Vec<TextLine> = Vec::new();
    lines.extend(
        scene
            .line(
                "This source wants to know who asks. On any machine with a browser, open",
                Role::Text,
            )
            .wrap(room, 0),
    );
    lines.push(TextLine::new());
    lines.push(scene.line(safe!("    {}", prompt.address), Role::Title));
    lines.push(TextLine::new());
    lines.push(scene.line("and type the code", Role::Text));
    lines.push(TextLine::new());
    lines.push(scene.line(safe!("    {}", prompt.code), Role::Title));
    lines.push(TextLine::new());
    let when = words::minute(until, scene.state.now, &scene.state.zone);
    lines.extend(
        scene
            .line(
                safe!("It is good until {when}. The query runs by itself once you have signed in; closing this changes nothing."),
                Role::Muted,
            )
            .wrap(room, 0),
    );
    let hint = scene.hint(&[Command::CopyCode, Command::Dismiss]);
    let inside = boxes::dialog(buffer, (room, lines.len()), "Sign in", &hint, scene.theme);
    write_lines(&lines, 0, buffer, inside);
}
