//! What somebody says to the operator of a drill.

use ratatui::buffer::Buffer;

use super::Scene;
use crate::engine::command::Command;
use crate::model::Timestamp;
use crate::model::safe_text::{SafeText, sanitize};
use crate::report::sentence::on_one_line;
use crate::theme::Role;
use crate::ui::boxes;
use crate::ui::text::{TextLine, safe, write_lines};
use crate::ui::words;

/// Draws the dialog. That it is a drill stands in its title: nobody shall take it for a real customer.
pub fn draw(scene: &Scene<'_>, from: &SafeText, text: &str, at: Timestamp, buffer: &mut Buffer) {
    let room = Scene::room(buffer, 64);
    let mut lines: Vec<TextLine> = Vec::new();
    for paragraph in text.trim().split("\n\n") {
        if !lines.is_empty() {
            lines.push(TextLine::new());
        }
        // Lines of a file end where its author liked; here they are as long as the dialog.
        let paragraph = on_one_line(paragraph);
        lines.extend(scene.line(sanitize(&paragraph), Role::Text).wrap(room, 0));
    }
    lines.push(TextLine::new());
    let when = words::minute(at, scene.state.now, &scene.state.zone);
    let note = safe!("{when} · it stands on the timeline");
    lines.push(scene.line(note, Role::Muted));
    let hint = scene.hint(&[Command::Accept, Command::Dismiss]);
    let title = safe!("DRILL · {from}");
    let inside = boxes::dialog(buffer, (room, lines.len()), title, &hint, scene.theme);
    write_lines(&lines, 0, buffer, inside);
}
