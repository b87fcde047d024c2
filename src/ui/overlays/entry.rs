//! An entry of the record, whole: what it says field by field, who signed it and what it is chained to.

use ratatui::buffer::Buffer;
use serde_json::Value;

use super::Scene;
use crate::engine::command::Command;
use crate::model::safe_text::{sanitize, sanitize_lines};
use crate::record::entry::Sealed;
use crate::theme::Role;
use crate::ui::text::{TextLine, safe};
use crate::ui::{Local, words};

/// Cells of the names.
const NAME: usize = 16;
/// Lines of one field; the rest is counted.
const FIELD_LINES: usize = 400;

/// Draws the dialog.
pub fn draw(
    scene: &Scene<'_>,
    sealed: &Sealed,
    top: usize,
    local: &mut Local,
    buffer: &mut Buffer,
) {
    let room = Scene::room(buffer, 100);
    let entry = &sealed.entry;
    let mut lines = Vec::new();
    let mut field = |name: &str, value: &str, role: Role| {
        lines.extend(field_lines(scene, name, value, role, room));
    };
    let time = words::full_time(entry.at(), &scene.state.zone);
    field("when", time.as_str(), Role::Title);
    if let Some(sim_at) = &entry.sim_at {
        field("simulated time", sim_at, Role::Title);
    }
    field("by", &entry.operator, Role::Title);
    field("mode", entry.mode.word(), Role::Text);
    match sealed.body.as_ref().map(body_fields) {
        Some(fields) => {
            for (name, value) in fields {
                field(&name, &value, Role::Text);
            }
        }
        None => field(
            "text",
            "erased; the hash of what it was stays",
            Role::Warning,
        ),
    }
    for (name, value) in [
        ("hash", sealed.hash.to_string()),
        ("body hash", entry.body_hash.to_string()),
        ("previous", entry.prev.to_string()),
        ("writer", entry.writer.clone()),
        ("number", entry.seq.to_string()),
        ("clock", entry.clock.to_string()),
        ("at", entry.at.clone()),
        ("since boot", format!("{} ms", entry.mono_ms)),
        ("boot", entry.boot.clone()),
    ] {
        field(name, &value, Role::Muted);
    }
    for seen in &entry.seen {
        field("seen", &seen.to_string(), Role::Muted);
    }
    let title = safe!("Entry {}", entry.kind);
    let at = (local.scrolled.entry("entry").or_default(), top);
    scene.scroll(title, &lines, at, &[Command::Dismiss], buffer);
}

/// Names and values of a body as its canonical form has them, so that nothing is left out.
fn body_fields(body: &crate::record::entry::Body) -> Vec<(String, String)> {
    let value = match serde_json::to_value(body) {
        Ok(Value::Object(mut map)) => map.remove("body").unwrap_or(Value::Null),
        _ => Value::Null,
    };
    match value {
        Value::Object(map) => map
            .into_iter()
            .map(|(name, value)| (name.replace('_', " "), plain(&value)))
            .collect(),
        Value::Null => Vec::new(),
        other => vec![("body".to_owned(), plain(&other))],
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join("\n"),
        Value::Object(map) => map
            .iter()
            .map(|(name, value)| format!("{name}={}", plain(value)))
            .collect::<Vec<_>>()
            .join(" "),
        other => other.to_string(),
    }
}

fn field_lines(
    scene: &Scene<'_>,
    name: &str,
    value: &str,
    role: Role,
    room: usize,
) -> Vec<TextLine> {
    let indent = NAME.min(room / 3);
    let all = sanitize_lines(value);
    let mut lines = Vec::new();
    for (index, part) in all.iter().take(FIELD_LINES).enumerate() {
        let mut line = TextLine::new();
        if index == 0 {
            line.push(sanitize(name), scene.theme.style(Role::Muted));
            line.push(" ", scene.theme.style(Role::Text));
        }
        line.pad_to(indent);
        line.push(part, scene.theme.style(role));
        lines.extend(line.wrap(room, indent));
    }
    if all.len() > FIELD_LINES {
        lines.push(scene.line(
            safe!("… {} more lines", all.len() - FIELD_LINES),
            Role::Muted,
        ));
    }
    lines
}
