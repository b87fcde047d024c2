//! A typed table: only the visible rows are read, and columns keep their width while one scrolls.

use std::cmp::Ordering;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::local::{TableMemory, Window, follow};
use super::text::{TextLine, fit, safe, width};
use crate::engine::state::TableView;
use crate::model::safe_text::{SafeText, sanitize};
use crate::model::table::ColumnKind;
use crate::theme::{Role, Theme};

/// Rows that column widths are computed from.
const SAMPLE: usize = 200;
/// Cells that a column may take however narrow the pane is; wider ones take a third of the pane at most, so that one
/// identifier does not hide what the query is about.
const COLUMN: u16 = 12;
/// Cells between two columns.
const GAP: u16 = 2;
/// What a missing value looks like; an empty text is empty.
const NULL: &str = "<null>";

/// What was drawn: for marks on the frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drawn {
    /// Rows above.
    pub above: bool,
    /// Rows below.
    pub below: bool,
    /// Columns to the left.
    pub left: usize,
    /// Columns to the right.
    pub right: usize,
}

/// Draws header and visible rows.
pub fn draw(
    table: &TableView,
    memory: &mut TableMemory,
    focused: bool,
    area: Rect,
    buffer: &mut Buffer,
    theme: &Theme,
) -> Drawn {
    measure(table, memory);
    let height = usize::from(area.height.saturating_sub(1));
    let total = table.shown.len();
    let selected = table.selected.min(total.saturating_sub(1));
    memory.top = follow(memory.top, selected, height, total);
    read(table, memory, height);
    let columns = visible(table, memory, area.width);
    header(table, &columns, focused, area, buffer, theme);
    let cells = memory
        .window
        .as_ref()
        .map_or(&[][..], |window| &window.cells);
    for (index, row) in cells.iter().take(height).enumerate() {
        let y = area.y + 1 + index as u16;
        let at_hand = memory.top + index == selected;
        let over = match (at_hand, focused) {
            (false, _) => Style::new(),
            (true, true) => theme.style(Role::Selected),
            (true, false) => theme.style(Role::SelectedAside),
        };
        if at_hand && focused {
            let place = Rect {
                y,
                height: 1,
                ..area
            };
            buffer.set_style(place, over);
        }
        for column in &columns {
            let numeric = table
                .columns
                .get(column.index)
                .is_some_and(|column| column.kind.is_numeric());
            let place = Rect {
                x: area.x + column.x,
                y,
                width: column.width,
                height: 1,
            };
            match row.get(column.index) {
                Some(Some(text)) => cell(text, numeric, over, place, buffer),
                Some(None) => {
                    let style = theme.style(Role::Null).patch(over);
                    cell(&SafeText::fixed(NULL), numeric, style, place, buffer);
                }
                None => {}
            }
        }
    }
    let first = columns.first().map_or(0, |column| column.index);
    let after = columns.last().map_or(0, |column| column.index + 1);
    Drawn {
        above: memory.top > 0,
        below: memory.top + height < total,
        left: first,
        right: table.columns.len().saturating_sub(after),
    }
}

fn header(
    table: &TableView,
    columns: &[Place],
    focused: bool,
    area: Rect,
    buffer: &mut Buffer,
    theme: &Theme,
) {
    for place in columns {
        let Some(column) = table.columns.get(place.index) else {
            continue;
        };
        let arrow = match table.sort {
            Some((index, descending)) if index == place.index => {
                if descending {
                    "▼"
                } else {
                    "▲"
                }
            }
            _ => "",
        };
        let mut style = theme.style(Role::Title);
        if focused && place.index == table.column {
            style = style.patch(theme.style(Role::Selected));
        }
        let name = sanitize(&column.name);
        let room = usize::from(place.width) - width(arrow).min(place.width.into());
        let mut line = TextLine::new();
        if width(name.as_str()) > room {
            let (head, _) = fit(name.as_str(), room.saturating_sub(1));
            line.push(safe!("{head}…"), style);
        } else {
            line.push(name, style);
        }
        line.push(arrow, style);
        let place = Rect {
            x: area.x + place.x,
            width: place.width,
            height: 1,
            ..area
        };
        if column.kind.is_numeric() {
            line.write_right(buffer, place, place.y);
        } else {
            line.write(buffer, place, place.y);
        }
    }
}

fn cell(text: &SafeText, right: bool, style: Style, place: Rect, buffer: &mut Buffer) {
    let line = TextLine::of(text, style);
    if right && line.width() <= usize::from(place.width) {
        line.write_right(buffer, place, place.y);
    } else {
        line.write(buffer, place, place.y);
    }
}

/// A cell as the table has it. A time has whole seconds here; the row's detail has all its digits.
fn shown(text: &str, kind: ColumnKind) -> SafeText {
    if kind != ColumnKind::Timestamp {
        return sanitize(text);
    }
    match text.split_once('.') {
        Some((seconds, rest)) if seconds.ends_with(|last: char| last.is_ascii_digit()) => {
            let zone = rest.trim_start_matches(|digit: char| digit.is_ascii_digit());
            safe!("{seconds}{zone}")
        }
        _ => sanitize(text),
    }
}

/// Computes column widths from the first rows, again only while those still arrive.
fn measure(table: &TableView, memory: &mut TableMemory) {
    let available = table.rows.len().min(SAMPLE);
    if memory.widths.len() == table.columns.len() && memory.sampled >= available {
        return;
    }
    let rows = table.rows.read(0..available);
    memory.sampled = available;
    memory.widths = table
        .columns
        .iter()
        .enumerate()
        .map(|(index, column)| {
            // Room for the sort arrow, so that sorting does not move columns.
            let name = width(sanitize(&column.name).as_str()) + 1;
            rows.iter()
                .filter_map(|row| row.get(index))
                .map(|cell| match cell {
                    Some(text) => width(shown(text, column.kind).as_str()),
                    None => NULL.len(),
                })
                .fold(name, usize::max)
                .min(usize::from(u16::MAX)) as u16
        })
        .collect();
}

/// Reads the visible rows, unless they are those of the last frame.
fn read(table: &TableView, memory: &mut TableMemory, height: usize) {
    let top = memory.top;
    let complete = |window: &Window| {
        window.cells.len() == window.asked || window.top + window.cells.len() >= table.shown.len()
    };
    let known = memory.window.as_ref().is_some_and(|window| {
        window.rows == table.shown
            && window.top == top
            && window.asked == height
            && complete(window)
    });
    if known {
        return;
    }
    let cells = table
        .shown
        .read(top..top.saturating_add(height))
        .into_iter()
        .map(|row| {
            row.iter()
                .enumerate()
                .map(|(index, cell)| {
                    let column = table.columns.get(index);
                    let kind = column.map_or(ColumnKind::Text, |column| column.kind);
                    cell.as_deref().map(|text| shown(text, kind))
                })
                .collect()
        })
        .collect();
    memory.window = Some(Window {
        rows: table.shown.clone(),
        top,
        asked: height,
        cells,
    });
}

/// Where a column stands.
struct Place {
    index: usize,
    x: u16,
    width: u16,
}

/// The columns that show: the selected one is among them, the view moves as little as possible.
fn visible(table: &TableView, memory: &mut TableMemory, room: u16) -> Vec<Place> {
    let count = table.columns.len();
    let selected = table.column.min(count.saturating_sub(1));
    let capped: Vec<u16> = memory
        .widths
        .iter()
        .enumerate()
        .map(|(index, width)| {
            let column = table.columns.get(index);
            // A time without its end says nothing.
            let whole =
                count == 1 || column.is_some_and(|column| column.kind == ColumnKind::Timestamp);
            let most = if whole { room } else { (room / 3).max(COLUMN) };
            (*width).min(most).min(room)
        })
        .collect();
    let used = |from: usize, to: usize| -> u32 {
        let widths = capped.get(from..=to).unwrap_or_default();
        widths.iter().map(|width| u32::from(*width)).sum::<u32>()
            + u32::from(GAP) * widths.len().saturating_sub(1) as u32
    };
    memory.left = memory.left.min(selected);
    while memory.left < selected && used(memory.left, selected) > room.into() {
        memory.left += 1;
    }
    // Room that scrolling to the right left over shows columns on the left again.
    while memory.left > 0 && count > 0 && used(memory.left - 1, count - 1) <= room.into() {
        memory.left -= 1;
    }
    let mut places = Vec::new();
    let mut x = 0;
    for (index, width) in capped.iter().enumerate().skip(memory.left) {
        if x >= room {
            break;
        }
        let width = (*width).min(room - x);
        // A sliver of a column says nothing, unless it is the selected one.
        if width < (*capped.get(index).unwrap_or(&0)).min(6) && index != selected {
            break;
        }
        places.push(Place { index, x, width });
        x += width + GAP;
    }
    widen(&mut places, memory, room);
    places
}

/// Gives columns that were capped the room that is left over, from the left.
fn widen(places: &mut [Place], memory: &TableMemory, room: u16) {
    let end = places.last().map_or(0, |place| place.x + place.width);
    let mut left = room.saturating_sub(end);
    let mut shift = 0;
    for place in places {
        place.x += shift;
        let natural = memory.widths.get(place.index).copied().unwrap_or(0);
        if let Ordering::Greater = natural.cmp(&place.width) {
            let more = (natural - place.width).min(left);
            place.width += more;
            shift += more;
            left -= more;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_whole_seconds_and_nothing_else_loses_digits() {
        for (text, kind, expected) in [
            (
                "2026-11-22 03:41:06.506118+00",
                ColumnKind::Timestamp,
                "2026-11-22 03:41:06+00",
            ),
            (
                "2026-11-22T03:41:06.5Z",
                ColumnKind::Timestamp,
                "2026-11-22T03:41:06Z",
            ),
            (
                "2026-11-22 03:41:06",
                ColumnKind::Timestamp,
                "2026-11-22 03:41:06",
            ),
            ("infinity", ColumnKind::Timestamp, "infinity"),
            ("0.25", ColumnKind::Number, "0.25"),
            ("06.506118+00", ColumnKind::Text, "06.506118+00"),
        ] {
            assert_eq!(shown(text, kind).as_str(), expected);
        }
    }
}
