//! All columns of one row, name by name; on request a cell's bytes as hex.

use ratatui::buffer::Buffer;

use super::Scene;
use crate::engine::command::Command;
use crate::engine::state::Content;
use crate::model::ids::RunId;
use crate::model::safe_text::{SafeText, sanitize, sanitize_lines};
use crate::model::table::Row;
use crate::theme::Role;
use crate::ui::local::follow;
use crate::ui::text::{TextLine, fit, safe, width, write_lines};
use crate::ui::{Local, boxes, words};

/// Cells of the names at most.
const NAME: usize = 24;
/// Bytes shown as hex; a line holds sixteen.
const HEX_BYTES: usize = 4 * 1024;
/// Lines of one cell's text; the rest is counted.
const CELL_LINES: usize = 200;

/// Draws the dialog.
pub fn draw(
    scene: &Scene<'_>,
    run: RunId,
    row: usize,
    cells: Option<&Row>,
    (selected, hex): (usize, bool),
    local: &mut Local,
    buffer: &mut Buffer,
) {
    let table = scene.cockpit().and_then(|cockpit| {
        cockpit
            .results
            .values()
            .find_map(|result| match &result.content {
                Content::Table(table) if result.run == run => Some(table),
                _ => None,
            })
    });
    let room = Scene::room(buffer, 100);
    let mut lines = Vec::new();
    let mut at = 0..1;
    if let (Some(cells), Some(table)) = (cells, table) {
        let names = table
            .columns
            .iter()
            .map(|column| width(sanitize(&column.name).as_str()))
            .max()
            .unwrap_or(0)
            .min(NAME)
            .min(room / 3);
        for (index, (column, cell)) in table.columns.iter().zip(cells).enumerate() {
            let from = lines.len();
            let name = sanitize(&column.name);
            let (head, _) = fit(name.as_str(), names);
            let value_room = room.saturating_sub(names + 2).max(1);
            let mut value = match cell {
                None => vec![scene.line("<null>", Role::Null)],
                Some(text) if text.is_empty() => vec![scene.line("(empty text)", Role::Muted)],
                Some(text) if hex && index == selected => hex_lines(scene, text, value_room),
                Some(text) => text_lines(scene, text, value_room),
            };
            if index == selected {
                value.push(scene.line(safe!("{}", column.type_name), Role::Muted));
            }
            for (number, part) in value.into_iter().enumerate() {
                let mut line = TextLine::new();
                if number == 0 {
                    let role = if index == selected {
                        Role::Selected
                    } else {
                        Role::Title
                    };
                    line.push(safe!("{head}"), scene.theme.style(role));
                }
                line.pad_to(names + 2);
                line.extend(part);
                lines.push(line);
            }
            if index == selected {
                at = from..lines.len();
            }
        }
    } else {
        lines.push(scene.line("The row is being read …", Role::Muted));
    }
    let total = table.map_or(0, |table| table.total);
    let title = safe!(
        "Row {} of {}",
        words::count(row as u64 + 1),
        words::count(total)
    );
    let hint = scene.hint(&[
        Command::Dismiss,
        Command::Hex,
        Command::CopyCell,
        Command::Bind,
    ]);
    let widest = lines.iter().map(TextLine::width).max().unwrap_or(0);
    let inside = boxes::dialog(
        buffer,
        (widest.max(40).min(room), lines.len()),
        title,
        &hint,
        scene.theme,
    );
    let height = usize::from(inside.height);
    let top = follow(local.dialog, at.end.saturating_sub(1), height, lines.len());
    local.dialog = if at.len() >= height {
        at.start
    } else {
        follow(top, at.start, height, lines.len())
    };
    write_lines(&lines, local.dialog, buffer, inside);
    scene.more(
        buffer,
        inside,
        local.dialog > 0,
        local.dialog + height < lines.len(),
    );
}

fn text_lines(scene: &Scene<'_>, text: &str, room: usize) -> Vec<TextLine> {
    let all = sanitize_lines(text);
    let mut lines: Vec<TextLine> = all
        .iter()
        .take(CELL_LINES)
        .flat_map(|line| scene.line(line, Role::Text).wrap(room, 0))
        .collect();
    if all.len() > CELL_LINES {
        let rest = all.len() - CELL_LINES;
        lines.push(scene.line(safe!("… {rest} more lines"), Role::Muted));
    }
    lines
}

/// Sixteen bytes a line, eight where there is little room, with their characters beside.
fn hex_lines(scene: &Scene<'_>, text: &str, room: usize) -> Vec<TextLine> {
    let each = if room >= 16 * 4 + 6 { 16 } else { 8 };
    let bytes = text.as_bytes();
    let mut lines: Vec<TextLine> = bytes
        .chunks(each)
        .take(HEX_BYTES / each)
        .enumerate()
        .map(|(index, chunk)| {
            let hex: Vec<String> = chunk.iter().map(|byte| format!("{byte:02x}")).collect();
            let plain: String = chunk
                .iter()
                .map(|byte| {
                    if (0x20..0x7f).contains(byte) {
                        char::from(*byte)
                    } else {
                        '.'
                    }
                })
                .collect();
            let mut line = scene.line(safe!("{:04x} ", index * each), Role::Muted);
            line.push(sanitize(&hex.join(" ")), scene.theme.style(Role::Code));
            line.pad_to(5 + each * 3);
            line.push(sanitize(&plain), scene.theme.style(Role::Text));
            line
        })
        .collect();
    if bytes.len() > HEX_BYTES {
        lines.push(scene.line(
            SafeText::fixed("… the rest is in the evidence"),
            Role::Muted,
        ));
    }
    lines
}
