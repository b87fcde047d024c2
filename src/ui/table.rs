//! A typed table: only the visible rows are read, and columns keep their width while one scrolls. Two things move them: a
//! number wider than those before it, which is never cut while the pane has room for it, and times that are short while
//! all visible ones are of one day.

use std::cmp::Ordering;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::local::{TableMemory, Window, follow};
use super::text::{TextLine, fit, safe, width};
use crate::engine::state::TableView;
use crate::model::safe_text::{SafeText, sanitize};
use crate::model::table::{ColumnKind, Row};
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// Rows above.
    pub above: bool,
    /// Rows below.
    pub below: bool,
    /// Columns to the left.
    pub left: usize,
    /// Columns to the right.
    pub right: usize,
    /// The day of the times that show without it.
    pub day: Option<SafeText>,
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
    let whole: u32 = memory
        .widths
        .iter()
        .map(|width| u32::from(*width) + u32::from(GAP))
        .sum();
    read(
        table,
        memory,
        height,
        whole > u32::from(area.width) + u32::from(GAP),
    );
    let widths = grow(table, memory);
    let columns = visible(table, memory, &widths, area.width);
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
        day: memory.window.as_ref().and_then(|window| {
            let (short, day) = window.day.as_ref()?;
            let shows = |index: &usize| columns.iter().any(|column| column.index == *index);
            short.iter().any(shows).then(|| day.clone())
        }),
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

/// A time in its parts: day, time of day, fraction with its point, zone. None for anything else, such as `infinity`.
fn parts(text: &str) -> Option<(&str, &str, &str, &str)> {
    let (day, rest) = text.split_at_checked(10)?;
    let is_day = day.bytes().enumerate().all(|(index, byte)| match index {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    let rest = rest.strip_prefix([' ', 'T']).filter(|_| is_day)?;
    let end = |from: &str, within: &[char]| {
        from.find(|c: char| !c.is_ascii_digit() && !within.contains(&c))
            .unwrap_or(from.len())
    };
    let (time, rest) = rest.split_at(end(rest, &[':']));
    let (fraction, zone) = rest.split_at(end(rest, &['.']));
    Some((day, time, fraction, zone))
}

/// The day and zone that all times of a column have, none when they differ or there is none.
fn common_day(rows: &[Row], index: usize) -> Option<(&str, &str)> {
    let mut days = rows
        .iter()
        .filter_map(|row| row.get(index)?.as_deref())
        .map(|text| parts(text).map(|(day, _, _, zone)| (day, zone)));
    let first = days.next()??;
    days.all(|day| day == Some(first)).then_some(first)
}

/// The columns whose times can do without their day, which is the same for all of them.
fn short_times(table: &TableView, rows: &[Row]) -> Option<(Vec<usize>, SafeText)> {
    let mut common = None;
    let mut short = Vec::new();
    for (index, column) in table.columns.iter().enumerate() {
        if column.kind != ColumnKind::Timestamp {
            continue;
        }
        let day = common_day(rows, index);
        if day.is_some() && *common.get_or_insert(day) == day {
            short.push(index);
        }
    }
    let (day, zone) = common??;
    let zone = match zone {
        "Z" | "+00" | "+00:00" => "UTC",
        other => other,
    };
    Some((short, sanitize(safe!("{day} {zone}").as_str().trim_end())))
}

/// `03:41:06.506`: the day stands on the frame, the row's detail has all digits.
fn time_of_day(text: &str) -> SafeText {
    match parts(text) {
        Some((_, time, fraction, _)) => {
            safe!("{time}{}", fraction.get(..4).unwrap_or(fraction))
        }
        None => sanitize(text),
    }
}

/// The widths that hold for what shows: numbers have grown to the widest one, for good, and short times are narrow.
fn grow(table: &TableView, memory: &mut TableMemory) -> Vec<u16> {
    let Some(window) = &memory.window else {
        return memory.widths.clone();
    };
    let widest = |index: usize| {
        let cells = window
            .cells
            .iter()
            .filter_map(|row| row.get(index)?.as_ref());
        let widest = cells.map(|text| width(text.as_str())).max().unwrap_or(0);
        widest.min(u16::MAX.into()) as u16
    };
    for (index, own) in memory.widths.iter_mut().enumerate() {
        let column = table.columns.get(index);
        if column.is_some_and(|column| column.kind.is_numeric()) {
            *own = (*own).max(widest(index));
        }
    }
    let mut widths = memory.widths.clone();
    for index in window.day.iter().flat_map(|(short, _)| short) {
        let name = table
            .columns
            .get(*index)
            .map_or(0, |column| width(sanitize(&column.name).as_str()) + 1);
        if let Some(own) = widths.get_mut(*index) {
            *own = (*own).min(widest(*index).max(NULL.len() as u16).max(name as u16));
        }
    }
    widths
}

/// Reads the visible rows, unless they are those of the last frame.
fn read(table: &TableView, memory: &mut TableMemory, height: usize, short: bool) {
    let top = memory.top;
    let complete = |window: &Window| {
        window.cells.len() == window.asked || window.top + window.cells.len() >= table.shown.len()
    };
    let known = memory.window.as_ref().is_some_and(|window| {
        window.rows == table.shown
            && window.top == top
            && window.asked == height
            && window.short == short
            && complete(window)
    });
    if known {
        return;
    }
    let rows = table.shown.read(top..top.saturating_add(height));
    let day = if short {
        short_times(table, &rows)
    } else {
        None
    };
    let is_short = |index: usize| {
        day.as_ref()
            .is_some_and(|(short, _)| short.contains(&index))
    };
    let cells = rows
        .iter()
        .map(|row| {
            row.iter()
                .enumerate()
                .map(|(index, cell)| {
                    let column = table.columns.get(index);
                    let kind = column.map_or(ColumnKind::Text, |column| column.kind);
                    cell.as_deref().map(|text| {
                        if is_short(index) {
                            time_of_day(text)
                        } else {
                            shown(text, kind)
                        }
                    })
                })
                .collect()
        })
        .collect();
    memory.window = Some(Window {
        rows: table.shown.clone(),
        top,
        asked: height,
        short,
        cells,
        day,
    });
}

/// Where a column stands.
struct Place {
    index: usize,
    x: u16,
    width: u16,
}

/// The columns that show: the selected one is among them, the view moves as little as possible.
fn visible(table: &TableView, memory: &mut TableMemory, widths: &[u16], room: u16) -> Vec<Place> {
    let count = table.columns.len();
    let selected = table.column.min(count.saturating_sub(1));
    let whole = |index: usize| {
        let kind = table.columns.get(index).map(|column| column.kind);
        // A time without its end says nothing, and a number without its end is another number.
        count == 1 || kind.is_some_and(|kind| kind == ColumnKind::Timestamp || kind.is_numeric())
    };
    let capped: Vec<u16> = widths
        .iter()
        .enumerate()
        .map(|(index, width)| {
            let most = if whole(index) {
                room
            } else {
                (room / 3).max(COLUMN)
            };
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
        let natural = *width;
        let width = natural.min(room - x);
        // A sliver of a column says nothing, unless it is the selected one.
        let needed = if whole(index) {
            natural
        } else {
            natural.min(6)
        };
        if width < needed && index != selected {
            break;
        }
        places.push(Place { index, x, width });
        x += width + GAP;
    }
    widen(&mut places, widths, room);
    places
}

/// Gives columns that were capped the room that is left over, from the left.
fn widen(places: &mut [Place], widths: &[u16], room: u16) {
    let end = places.last().map_or(0, |place| place.x + place.width);
    let mut left = room.saturating_sub(end);
    let mut shift = 0;
    for place in places {
        place.x += shift;
        let natural = widths.get(place.index).copied().unwrap_or(0);
        if let Ordering::Greater = natural.cmp(&place.width) {
            let more = (natural - place.width).min(left);
            place.width += more;
            shift += more;
            left -= more;
        }
    }
}

#[cfg(test)]
mod tests;
