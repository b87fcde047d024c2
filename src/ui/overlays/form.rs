//! The form of inputs: one field a line, with its type, its choices and what is wrong with it.
//!
//! ```text
//! ┏ Inputs for Identify the source ━━━━━━━━━━━━━━━┓
//! ┃ actor_id     u-1932                     text  ┃
//! ┃ since        7d                     lookback  ┃
//! ┃              ✗ expected a duration            ┃
//! ┃ environment  prod        one of prod, staging ┃
//! ┗━ enter ok  esc cancel  tab next field ━━━━━━━━┛
//! ```

use ratatui::buffer::Buffer;

use super::Scene;
use crate::engine::command::Command;
use crate::engine::state::{Field, Form};
use crate::model::input::InputType;
use crate::model::safe_text::{SafeText, sanitize};
use crate::theme::Role;
use crate::ui::local::follow;
use crate::ui::text::{TextLine, safe, width, write_lines};
use crate::ui::{Local, boxes, editor_view};

/// Cells that stay for a value with its type: a name that leaves less has a line of its own above it.
const VALUE: usize = 40;
/// Cells before the values where every name has a line of its own.
const NAME: usize = 12;

/// Draws the dialog.
pub fn draw(scene: &Scene<'_>, form: &Form, local: &mut Local, buffer: &mut Buffer) {
    let room = Scene::room(buffer, 84);
    let names = form
        .fields
        .iter()
        .map(|field| width(name(field).as_str()))
        .filter(|name| *name + VALUE <= room)
        .max()
        .unwrap_or(NAME.min(room / 2));
    let mut lines = Vec::new();
    let mut at = 0..0;
    for (index, field) in form.fields.iter().enumerate() {
        let from = lines.len();
        lines.extend(field_lines(
            scene,
            field,
            names,
            room,
            index == form.selected,
        ));
        if index == form.selected {
            at = from..lines.len();
        }
    }
    if lines.is_empty() {
        lines.push(scene.line("This playbook has no inputs.", Role::Muted));
    }
    let title = form
        .then_run
        .as_ref()
        .and_then(|id| scene.cockpit()?.playbook.action(id))
        .map_or_else(
            || SafeText::fixed("Inputs"),
            |action| safe!("Inputs for {}", action.title),
        );
    let hint = scene.hint(&[
        Command::TextAccept,
        Command::TextDismiss,
        Command::NextField,
    ]);
    let inside = boxes::dialog(buffer, (room, lines.len()), title, &hint, scene.theme);
    let height = usize::from(inside.height);
    let end = at.end.saturating_sub(1);
    let top = follow(local.dialog, end, height, lines.len());
    local.dialog = follow(top, at.start, height, lines.len());
    write_lines(&lines, local.dialog, buffer, inside);
    scene.more(
        buffer,
        inside,
        local.dialog > 0,
        local.dialog + height < lines.len(),
    );
}

fn name(field: &Field) -> SafeText {
    if field.input.title.is_empty() {
        sanitize(field.input.id.as_str())
    } else {
        sanitize(&field.input.title)
    }
}

/// What stands where nothing was typed: in a walkthrough the example that is taken.
fn stand_in(scene: &Scene<'_>, field: &Field) -> SafeText {
    let cockpit = scene.cockpit();
    match cockpit.and_then(|cockpit| cockpit.value_or_example(&field.input.id)) {
        Some((value, true)) => safe!("{value} (example)"),
        _ => SafeText::fixed("–"),
    }
}

fn field_lines(
    scene: &Scene<'_>,
    field: &Field,
    names: usize,
    room: usize,
    selected: bool,
) -> Vec<TextLine> {
    let style = |role| scene.theme.style(role);
    let name = name(field);
    let mark = if selected { "▸ " } else { "  " };
    let mut line = scene.line(mark, Role::Key);
    let is_long = width(name.as_str()) > names;
    line.push(name, style(if selected { Role::Title } else { Role::Text }));
    let mut lines = Vec::new();
    if is_long {
        lines = line.wrap(room, 2);
        line = TextLine::new();
    }
    line.pad_to(names + 4);
    let kind = sanitize(field.input.kind.word());
    let kind_room = width(kind.as_str()) + 2;
    let value_room = room.saturating_sub(names + 4 + kind_room);
    if value_room < 8 {
        line.extend(editor_view::line(
            &field.editor,
            room.saturating_sub(names + 4),
            selected,
            scene.theme,
        ));
    } else {
        let mut value = editor_view::line(&field.editor, value_room, selected, scene.theme);
        if field.editor.is_empty() && !selected {
            value = scene.line(stand_in(scene, field), Role::Muted);
        }
        if value.width() > value_room {
            let cut = value.wrap(value_room.saturating_sub(1), 0);
            value = cut.into_iter().next().unwrap_or_default();
            value.push("…", style(Role::Muted));
        }
        line.extend(value);
        line.pad_to(room.saturating_sub(kind_room - 2));
        line.push(kind, style(Role::Muted));
    }
    lines.push(line);
    let mut below = |text: SafeText, role: Role| {
        let mut line = TextLine::new();
        line.pad_to(names + 4);
        line.push(text, style(role));
        lines.extend(line.wrap(room, names + 4));
    };
    if let Some(error) = &field.error {
        below(safe!("✗ {error}"), Role::Bad);
    }
    match &field.input.kind {
        InputType::Choice { of } if selected || field.error.is_some() => {
            below(safe!("one of {}", of.join(", ")), Role::Muted);
        }
        InputType::Secret if selected => {
            below(
                SafeText::fixed("where it is kept: env:NAME, file:PATH or cmd:COMMAND"),
                Role::Muted,
            );
        }
        InputType::Text {
            pattern: Some(pattern),
        } if field.error.is_some() => {
            below(safe!("must match {pattern}"), Role::Muted);
        }
        _ => {}
    }
    lines
}
