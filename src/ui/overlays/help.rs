//! Keys and what they do, grouped by where they work; made from the table of commands.

use ratatui::buffer::Buffer;

use super::Scene;
use crate::engine::command::{COMMANDS, Command, Scope};
use crate::model::safe_text::{SafeText, sanitize};
use crate::theme::Role;
use crate::ui::Local;
use crate::ui::text::{TextLine, safe};

/// Scopes in the order in which an operator looks for them.
const ORDER: [(Scope, &str); 11] = [
    (Scope::Cockpit, "In an incident"),
    (Scope::Walk, "In a walkthrough"),
    (Scope::Steps, "In the steps"),
    (Scope::Guide, "In the guide"),
    (Scope::Result, "In a result"),
    (Scope::Watch, "In a live pane"),
    (Scope::Timeline, "In the timeline"),
    (Scope::Global, "Everywhere"),
    (Scope::Home, "On the home screen"),
    (Scope::Dialog, "In a dialog"),
    (Scope::Text, "In a text field"),
];

/// Draws the dialog.
pub fn draw(scene: &Scene<'_>, top: usize, local: &mut Local, buffer: &mut Buffer) {
    let room = Scene::room(buffer, 100);
    let mut lines = Vec::new();
    for (scope, heading) in ORDER {
        let rows: Vec<_> = COMMANDS.iter().filter(|row| row.scope == scope).collect();
        if rows.is_empty() {
            continue;
        }
        if !lines.is_empty() {
            lines.push(TextLine::new());
        }
        lines.push(scene.line(heading, Role::Title));
        for row in rows {
            lines.extend(command(scene, row.command, row.help, room));
        }
    }
    let commands = [Command::Dismiss];
    let at = (local.scrolled.entry("help").or_default(), top);
    scene.scroll(SafeText::fixed("Keys"), &lines, at, &commands, buffer);
}

fn command(scene: &Scene<'_>, command: Command, help: &'static str, room: usize) -> Vec<TextLine> {
    let keys = scene.state.keys.of(command);
    let names: Vec<String> = keys.iter().map(ToString::to_string).collect();
    let keys = match names.as_slice() {
        [] => SafeText::fixed("(:)"),
        [first, .., last] if names.len() > 3 => safe!("{first}-{last}"),
        some => sanitize(&some.join(" ")),
    };
    let mut line = scene.line("  ", Role::Text);
    line.push(keys, scene.theme.style(Role::Key));
    line.pad_to(19);
    line.push(" ", scene.theme.style(Role::Text));
    line.push(help, scene.theme.style(Role::Text));
    line.wrap(room, 20)
}
