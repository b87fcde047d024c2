//! Live panes: the chart, the state of its source in words, the age of its newest sample.
//!
//! ```text
//! ┌ Watch 1/2 · Org mismatches per minute by machine ──── ALERT value > 0 ┐
//! │ A order 42   B cart 0                                                 │
//! │ 40┤                      ⢀⠤⠒A                                         │
//! │  0┤╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌                                    │
//! │   02:50     03:00     03:10 UTC                                       │
//! │ newest sample 30 s ago · every 30 s                                   │
//! └───────────────────────────────────────────────────────────────────────┘
//! ```
//! No data is said in words; it is never drawn as zero.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::engine::state::{Watch, WatchStatus};
use crate::expr::{Metric, Operator};
use crate::layout::PaneKind;
use crate::model::Timestamp;
use crate::model::duration;
use crate::model::safe_text::{SafeText, sanitize};
use crate::model::table::{self, Series};
use crate::theme::Role;
use crate::ui::chart::{self, Chart};
use crate::ui::text::{TextLine, fit, safe, width, write_lines};
use crate::ui::{Local, View, boxes, code, words};

/// Columns and rows a chart should have before a second one stands beside or below it.
const ROOM: (u16, u16) = (56, 11);

/// Draws the pane: the selected live pane, and the next ones where there is room.
pub fn draw(view: &View<'_>, _local: &mut Local, area: Rect, buffer: &mut Buffer) {
    let focused = view.cockpit.focus == PaneKind::Watch;
    let watches = &view.cockpit.watches;
    if watches.is_empty() {
        let title = view.line("Watch", Role::Title);
        let inside = boxes::pane(buffer, area, &title, &TextLine::new(), focused, view.theme);
        let text = view.line(" This playbook has no live panes.", Role::Muted);
        write_lines(&text.wrap(inside.width.into(), 1), 0, buffer, inside);
        return;
    }
    let places = places(area, watches.len());
    let selected = view.cockpit.watch_selected.min(watches.len() - 1);
    for (index, place) in places.iter().enumerate() {
        let number = (selected + index) % watches.len();
        if let Some(watch) = watches.get(number) {
            let focused = focused && index == 0;
            one(view, watch, (number, places.len()), focused, *place, buffer);
        }
    }
}

/// Places for as many live panes as the room allows.
fn places(area: Rect, watches: usize) -> Vec<Rect> {
    let columns = (area.width / ROOM.0).clamp(1, watches.min(3) as u16);
    let rows = (area.height / ROOM.1).clamp(1, (watches as u16).div_ceil(columns));
    let mut places = Vec::new();
    for row in 0..rows {
        for column in 0..columns {
            if places.len() < watches {
                let (x, right) = (
                    area.width * column / columns,
                    area.width * (column + 1) / columns,
                );
                let (y, bottom) = (area.height * row / rows, area.height * (row + 1) / rows);
                places.push(Rect {
                    x: area.x + x,
                    y: area.y + y,
                    width: right - x,
                    height: bottom - y,
                });
            }
        }
    }
    places
}

fn one(
    view: &View<'_>,
    watch: &Watch,
    (number, shown): (usize, usize),
    focused: bool,
    area: Rect,
    buffer: &mut Buffer,
) {
    let total = view.cockpit.watches.len();
    let name = view.cockpit.playbook.action(&watch.action).map_or_else(
        || sanitize(watch.action.as_str()),
        |action| sanitize(&action.title),
    );
    let state = state(view, watch);
    // Where the edge is short, what is watched matters more than that it is.
    let needed = width(name.as_str()) + state.width() + 20;
    let mut title = if needed <= usize::from(area.width) {
        view.line("Watch ", Role::Title)
    } else {
        TextLine::new()
    };
    if total > shown {
        let text = safe!("{}/{total} ", number + 1);
        title.push(text, view.theme.style(Role::Muted));
    }
    if !title.is_empty() {
        title.push("· ", view.theme.style(Role::Muted));
    }
    title.push(name, view.theme.style(Role::Title));
    let inside = boxes::pane(buffer, area, &title, &state, focused, view.theme);
    let inside = Rect {
        x: inside.x + 1,
        width: inside.width.saturating_sub(2),
        ..inside
    };
    let room = usize::from(inside.width);
    // What is wrong comes first; a chart of old samples below it stays readable.
    let mut above = explanation(view, watch).map_or_else(Vec::new, |line| line.wrap(room, 0));
    if watch.series.len() > 1 {
        above.extend(legend(view, &watch.series, room, 2));
    }
    let mut past = past_alert(view, watch).map(|text| view.line(text, Role::Warning));
    let foot_shows = usize::from(inside.height) >= above.len() + 5;
    let below = foot(view, watch, room, past.as_mut().filter(|_| foot_shows));
    // What the foot has no room for stands above.
    above.extend(past.filter(|past| !past.is_empty()));
    let has_samples = watch.series.iter().any(|series| !series.samples.is_empty());
    let height = usize::from(inside.height);
    if !has_samples && view.cockpit.is_walkthrough() {
        above.extend(query(view, watch, room));
        write_lines(&above, 0, buffer, inside);
        return;
    }
    if !has_samples {
        above.extend(below);
        write_lines(&above, 0, buffer, inside);
        return;
    }
    above.truncate(height.saturating_sub(4).max(1));
    write_lines(&above, 0, buffer, inside);
    let mut used = above.len();
    let foot_fits = height >= used + 5;
    if foot_fits {
        write_lines(
            &below,
            0,
            buffer,
            Rect {
                y: inside.bottom() - 1,
                height: 1,
                ..inside
            },
        );
    }
    if height < 4 {
        used = 0;
    }
    let plot = Rect {
        y: inside.y + used as u16,
        height: (height - used - usize::from(foot_fits)) as u16,
        ..inside
    };
    let chart = Chart {
        series: &watch.series,
        window: window(watch, view.state.now),
        threshold: watch.threshold.map(|threshold| {
            (
                threshold.number,
                safe!("alert {}", words::threshold(threshold)),
            )
        }),
        growing_from: growing_from(watch),
        zone: &view.state.zone,
    };
    chart.draw(buffer, plot, view.theme);
}

/// What the pane would ask, as the playbook has it.
fn query(view: &View<'_>, watch: &Watch, room: usize) -> Vec<TextLine> {
    let Some(action) = view.cockpit.playbook.action(&watch.action) else {
        return Vec::new();
    };
    let text = action.text.trim_end_matches('\n');
    code::lines(action.language.word(), text, view.theme)
        .iter()
        .flat_map(|line| line.wrap(room, 2))
        .collect()
}

/// Where the bins begin that may still grow.
fn growing_from(watch: &Watch) -> Option<Timestamp> {
    table::growing_from(&watch.series, watch.settled?)
}

/// State of the source in a word or two, for the edge.
fn state(view: &View<'_>, watch: &Watch) -> TextLine {
    match &watch.status {
        WatchStatus::Needs(_) if view.cockpit.is_walkthrough() => {
            view.line("not asked", Role::Muted)
        }
        WatchStatus::Needs(_) => view.line("⊘ cannot run", Role::Warning),
        WatchStatus::Waiting => view.line("waiting", Role::Muted),
        WatchStatus::Fresh => view.line("✓ fresh", Role::Good),
        WatchStatus::Alert => {
            let words = watch.threshold.map(words::threshold).unwrap_or_default();
            view.line(safe!("▲ ALERT {words}"), Role::Bad)
        }
        WatchStatus::NoData => view.line("? NO DATA", Role::Doubt),
        WatchStatus::Stale => view.line("! STALE", Role::Warning),
        WatchStatus::Failed(_) => view.line("✗ FAILED", Role::Bad),
    }
}

/// What a state that is not plain means, in a sentence.
fn explanation(view: &View<'_>, watch: &Watch) -> Option<TextLine> {
    match &watch.status {
        WatchStatus::Needs(what) => Some(view.line(what, Role::Warning)),
        WatchStatus::Failed(message) => Some(view.line(message, Role::Bad)),
        WatchStatus::NoData => Some(view.line(
            "The source answers without a sample. That is not a zero.",
            Role::Doubt,
        )),
        WatchStatus::Waiting => Some(view.line("No answer yet.", Role::Muted)),
        WatchStatus::Stale => Some(view.line(
            "Old samples: what is drawn may no longer be true.",
            Role::Warning,
        )),
        WatchStatus::Fresh | WatchStatus::Alert => {
            let warning = watch.warnings.first()?;
            Some(view.line(safe!("warning: {warning}"), Role::Warning))
        }
    }
}

/// Lines with their letters and newest values, on at most `rows` rows. What has no room is cut off a label: a value that
/// lost a digit would be another value.
pub fn legend(view: &View<'_>, series: &[Series], room: usize, rows: usize) -> Vec<TextLine> {
    let mut lines = vec![TextLine::new()];
    let mut shown = 0;
    for (index, one) in series.iter().take(chart::LINES).enumerate() {
        let rest = series.len() - index - 1;
        // The count of those that are not shown stands after the last one that is.
        let counted = if rest > 0 {
            GAP.len() + width(&format!("+{rest}"))
        } else {
            0
        };
        let used = lines.last().map_or(0, TextLine::width);
        let on_last_row = lines.len() == rows;
        let reserved = if on_last_row { counted } else { 0 };
        let mut entry = legend_entry(view, index, one, room.saturating_sub(counted));
        if used > 0 && used + GAP.len() + entry.width() + reserved > room {
            if on_last_row {
                break;
            }
            lines.push(TextLine::new());
        } else if used > 0 {
            let mut after_gap = TextLine::of(GAP, view.theme.style(Role::Text));
            after_gap.extend(entry);
            entry = after_gap;
        }
        if let Some(line) = lines.last_mut() {
            line.extend(entry);
        }
        shown += 1;
    }
    let rest = series.len() - shown;
    if rest > 0
        && let Some(line) = lines.last_mut()
    {
        line.push(GAP, view.theme.style(Role::Text));
        line.push(safe!("+{rest}"), view.theme.style(Role::Muted));
    }
    lines
}

/// Between two lines of a legend.
const GAP: &str = "   ";

/// Letter, label and newest value of one line, in no more than `room` cells as long as the value has room at all.
fn legend_entry(view: &View<'_>, index: usize, series: &Series, room: usize) -> TextLine {
    let newest = series
        .samples
        .last()
        .map_or(SafeText::fixed("no sample"), |sample| {
            words::value(sample.value)
        });
    let style = view.theme.style(Role::Series(index));
    let mut entry = TextLine::of(
        chart::letter(index),
        style.patch(view.theme.style(Role::Title)),
    );
    let label = sanitize(&series.label);
    let label_room = room.saturating_sub(entry.width() + 2 + width(newest.as_str()));
    if width(label.as_str()) <= label_room {
        entry.push(safe!(" {label} "), style);
    } else {
        let (head, _) = fit(label.as_str(), label_room.saturating_sub(1));
        entry.push(safe!(" {head}… "), style);
    }
    entry.push(newest, view.theme.style(Role::Title));
    entry
}

/// Age of the newest sample, distance of polls, and how the view is moved.
/// Takes the words of a past alert when they fit.
fn foot(view: &View<'_>, watch: &Watch, room: usize, past: Option<&mut TextLine>) -> Vec<TextLine> {
    let muted = view.theme.style(Role::Muted);
    let mut line = match watch.newest {
        Some(newest) => view.line(
            safe!("newest sample {}", words::age(newest, view.state.now)),
            if watch.status == WatchStatus::Stale {
                Role::Warning
            } else {
                Role::Muted
            },
        ),
        None => view.line("no sample yet", Role::Muted),
    };
    if let Some(past) = past.filter(|past| line.width() + 3 + past.width() <= room) {
        line.push(" · ", muted);
        line.extend(std::mem::take(past));
    }
    if let Some(from) = growing_from(watch) {
        let note = safe!(
            " · ░ from {} still arriving",
            words::minute(from, view.state.now, &view.state.zone)
        );
        let short = SafeText::fixed(" · ░ may grow");
        let fitting = [note, short]
            .into_iter()
            .find(|note| line.width() + width(note.as_str()) <= room);
        if let Some(note) = fitting {
            line.push(note, view.theme.style(Role::Warning));
        }
    }
    let every = safe!(" · every {}", duration::format(watch.every));
    let moved = watch.zoom > 0 || watch.back > 0;
    if !moved && line.width() + width(every.as_str()) <= room {
        line.push(every, muted);
    }
    if watch.zoom > 0 || watch.back > 0 {
        line.push(" · ", muted);
        let mut words = Vec::new();
        if watch.zoom > 0 {
            words.push(format!("closer ×{}", 1_u64 << watch.zoom.min(20)));
        }
        if watch.back > 0 {
            words.push("scrolled back: not the newest".to_owned());
        }
        line.push(
            safe!("{}", words.join(", ")),
            view.theme.style(Role::Warning),
        );
    }
    if line.width() > room {
        return vec![line];
    }
    if watch
        .threshold
        .is_some_and(|threshold| threshold.metric == Metric::Max)
    {
        let note = " · alert on any sample";
        if line.width() + note.len() <= room {
            line.push(note, muted);
        }
    }
    vec![line]
}

/// `was over 0 until 03:12`: an alert that is over stays worth a word while the incident is open.
fn past_alert(view: &View<'_>, watch: &Watch) -> Option<SafeText> {
    let until = view.cockpit.incident.alerts.get(&watch.action)?.until?;
    let until = words::minute(until, view.state.now, &view.state.zone);
    let Some(threshold) = watch.threshold else {
        return Some(safe!("alerted until {until}"));
    };
    let was = match threshold.operator {
        Operator::Greater => "over ",
        Operator::GreaterOrEqual => "at or over ",
        Operator::Less => "under ",
        Operator::LessOrEqual => "at or under ",
        Operator::Equal => "",
        Operator::NotEqual => "not ",
    };
    let number = words::value(threshold.number);
    Some(safe!("was {was}{number} until {until}"))
}

/// The window that shows: the one the samples were asked for, zoom and scrolling included.
fn window(watch: &Watch, now: Timestamp) -> (Timestamp, Timestamp) {
    watch
        .window
        .or_else(|| chart::extent(&watch.series))
        .unwrap_or((now, now))
}
