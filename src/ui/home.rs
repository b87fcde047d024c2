//! The home screen: open incidents first, then playbooks used lately, then the others.
//!
//! ```text
//!  Quarterdeck                                            alice · UTC
//!  / leak▏
//!
//!  Open incidents
//!  LIVE   7F3A  Org isolation breach           P1  opened 14 min ago   in use
//!
//!  Playbooks
//!  Org isolation breach     An actor of one org reached data of another
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::local::follow;
use super::text::{TextLine, fit, safe, width, write_lines};
use super::{Local, boxes, editor_view, words};
use crate::engine::command::Command;
use crate::engine::state::{Home, HomeItem, State};
use crate::layout::body;
use crate::model::Mode;
use crate::model::safe_text::{SafeText, sanitize};
use crate::theme::{Role, Theme};
use crate::ui::panes::hints;

/// Cells of a title's column.
const TITLE: usize = 44;
/// Cells that the column of severities has at most.
const SEVERITY: usize = 10;

/// Draws the screen.
pub fn draw(state: &State, home: &Home, local: &mut Local, theme: &Theme, buffer: &mut Buffer) {
    let size = (buffer.area.width, buffer.area.height);
    let place = body(size);
    if place.y > 0 {
        header(state, theme, buffer);
    }
    let mut list = super::rect(place);
    if list.height >= 4 {
        filter(state, home, theme, list, buffer);
        list.y += 2;
        list.height -= 2;
    }
    let inside = Rect {
        x: list.x + 1.min(list.width),
        width: list.width.saturating_sub(2),
        ..list
    };
    let height = usize::from(inside.height);
    let rows = rows(home);
    if rows.is_empty() {
        let text = match (home.loaded, home.filter.is_empty()) {
            (false, _) => "Reading incidents and playbooks …",
            (true, true) => {
                "No incidents and no playbooks: put playbooks into the playbooks folder of the configuration."
            }
            (true, false) => "Nothing matches.",
        };
        let line = TextLine::of(text, theme.style(Role::Muted));
        write_lines(&line.wrap(inside.width.into(), 0), 0, buffer, inside);
        return;
    }
    let selected = rows
        .iter()
        .position(|row| matches!(row, Row::Item(position, _) if *position == home.selected))
        .unwrap_or(0);
    // The heading above the first rows comes into sight with them.
    let wanted = if selected <= 1 { 0 } else { local.home };
    local.home = follow(wanted, selected, height, rows.len());
    let columns = Columns::of(&rows, TITLE.min(usize::from(inside.width) / 2));
    for (index, (row, y)) in rows
        .iter()
        .skip(local.home)
        .zip(inside.y..inside.bottom())
        .enumerate()
    {
        let mut line = match row {
            Row::Gap => continue,
            Row::Heading(text) => TextLine::of(*text, theme.style(Role::Title)),
            Row::Item(_, item) => item_line(state, item, columns, theme),
        };
        if local.home + index == selected {
            line.pad_to(inside.width.into());
            line = line.selected(theme.style(Role::Selected));
        }
        line.write(buffer, inside, y);
    }
    let frame = Rect {
        width: inside.width,
        ..inside
    };
    boxes::more(
        buffer,
        frame,
        local.home > 0,
        local.home + height < rows.len(),
        theme,
    );
}

fn header(state: &State, theme: &Theme, buffer: &mut Buffer) {
    let area = Rect {
        height: 1,
        ..buffer.area
    };
    TextLine::of(" Quarterdeck", theme.style(Role::Title)).write(buffer, area, 0);
    let right = safe!(
        "{} · {} ",
        state.operator,
        words::zone_name(&state.zone, state.now)
    );
    let line = TextLine::of(right, theme.style(Role::Muted));
    if line.width() + 14 <= usize::from(area.width) {
        line.write_right(buffer, area, 0);
    }
}

fn filter(state: &State, home: &Home, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let mut line = TextLine::of(" ", theme.style(Role::Text));
    line.extend(hints::key(state, Command::Filter, theme));
    line.push(" ", theme.style(Role::Text));
    if home.filter.is_empty() && !home.filtering {
        line.push(
            "search incidents, playbooks, alerts, drills",
            theme.style(Role::Muted),
        );
    } else {
        let room = usize::from(area.width).saturating_sub(4);
        line.extend(editor_view::line(&home.filter, room, home.filtering, theme));
    }
    let state = if home.loaded {
        safe!("{} of {} ", home.matches.len(), home.items.len())
    } else {
        SafeText::fixed("reading … ")
    };
    let end = line.write(buffer, area, area.y);
    let right = TextLine::of(state, theme.style(Role::Muted));
    if usize::from(end) + right.width() < usize::from(area.width) {
        right.write_right(buffer, area, area.y);
    }
}

/// A line of the list.
enum Row<'a> {
    Gap,
    Heading(&'static str),
    /// Position in the matches, and the item.
    Item(usize, &'a HomeItem),
}

fn rows(home: &Home) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    let mut before = "";
    for (position, index) in home.matches.iter().enumerate() {
        let Some(item) = home.items.get(*index) else {
            continue;
        };
        let heading = match item {
            HomeItem::Incident { .. } => "Open incidents",
            HomeItem::Playbook {
                used_at: Some(_), ..
            } => "Recent playbooks",
            HomeItem::Playbook { .. } => "Playbooks",
            HomeItem::Drill { .. } => "Drills",
        };
        if heading != before {
            if !rows.is_empty() {
                rows.push(Row::Gap);
            }
            rows.push(Row::Heading(heading));
            before = heading;
        }
        rows.push(Row::Item(position, item));
    }
    rows
}

/// Cells of the widest title, at most `most`.
fn titles(rows: &[Row<'_>], most: usize) -> usize {
    let mut widest = 0;
    for row in rows {
        if let Row::Item(
            _,
            HomeItem::Incident { title, .. }
            | HomeItem::Playbook { title, .. }
            | HomeItem::Drill { title, .. },
        ) = row
        {
            // The widths of a thousand titles are asked for at every key: most are plain, and as wide as they are long.
            let plain = title.bytes().all(|byte| matches!(byte, b' '..=b'~'));
            widest = widest.max(if plain {
                title.len()
            } else {
                width(sanitize(title).as_str())
            });
        }
        if widest >= most {
            return most;
        }
    }
    widest
}

/// The columns of the list: how wide its titles, its modes and its severities are.
#[derive(Clone, Copy)]
struct Columns {
    titles: usize,
    modes: usize,
    severities: usize,
}

impl Columns {
    /// Each as wide as its widest cell; titles have at most `titles_most`, severities at most [`SEVERITY`].
    fn of(rows: &[Row<'_>], titles_most: usize) -> Self {
        let mut columns = Self {
            titles: titles(rows, titles_most),
            modes: 0,
            severities: 2,
        };
        for row in rows {
            if let Row::Item(_, HomeItem::Incident { mode, severity, .. }) = row {
                columns.modes = columns.modes.max(mode.word().len());
                let severity = severity
                    .as_deref()
                    .map_or(0, |severity| width(sanitize(severity).as_str()));
                columns.severities = columns.severities.max(severity.min(SEVERITY));
            }
        }
        columns
    }
}

fn item_line(
    state: &State,
    item: &HomeItem,
    Columns {
        titles,
        modes,
        severities,
    }: Columns,
    theme: &Theme,
) -> TextLine {
    let style = |role| theme.style(role);
    let title = |line: &mut TextLine, title: &str| {
        let title = sanitize(title);
        let start = line.width();
        if width(title.as_str()) > titles {
            let (head, _) = fit(title.as_str(), titles.saturating_sub(1));
            line.push(safe!("{head}…"), style(Role::Text));
        } else {
            line.push(title, style(Role::Text));
        }
        line.pad_to(start + titles + 2);
    };
    let mut line = TextLine::of("  ", style(Role::Text));
    match item {
        HomeItem::Incident {
            id,
            mode,
            title: name,
            severity,
            opened_at,
            last_at,
            attached,
        } => {
            title(&mut line, name);
            let role = match mode {
                Mode::Live => Role::Live,
                Mode::Walkthrough => Role::Walkthrough,
                Mode::Drill => Role::Drill,
            };
            let start = line.width();
            line.push(mode.word(), style(role));
            line.pad_to(start + modes + 2);
            line.push(safe!("{}  ", id.short()), style(Role::Muted));
            let start = line.width();
            let severity = sanitize(severity.as_deref().unwrap_or("–"));
            let (shown, _) = fit(severity.as_str(), severities);
            line.push(safe!("{shown}"), style(Role::Bad));
            line.pad_to(start + severities + 2);
            line.push(
                safe!("opened {}", words::age(*opened_at, state.now)),
                style(Role::Text),
            );
            line.push(
                safe!(" · last entry {}", words::age(*last_at, state.now)),
                style(Role::Muted),
            );
            if *attached {
                line.push(" · in use", style(Role::Active));
            }
        }
        HomeItem::Drill {
            title: name,
            summary,
            ..
        } => {
            title(&mut line, name);
            line.push("DRILL ", style(Role::Drill));
            line.push(safe!(" {summary}"), style(Role::Text));
        }
        HomeItem::Playbook {
            title: name,
            summary,
            alerts,
            errors,
            ..
        } => {
            title(&mut line, name);
            if *errors > 0 {
                let word = if *errors == 1 { "error" } else { "errors" };
                line.push(safe!("✗ {errors} {word} · "), style(Role::Bad));
            }
            line.push(sanitize(summary), style(Role::Text));
            if !alerts.is_empty() {
                line.push(safe!("  {}", alerts.join(" ")), style(Role::Muted));
            }
        }
    }
    line
}
