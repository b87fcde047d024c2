//! A kept chart as a picture: the chart as the cockpit draws it, with what it is, where it is from, and its lines by name.
//!
//! It is evidence: it rests on nothing but what was captured, has one size whatever the terminal has, and its times are
//! UTC. The same capture gives the same bytes.

use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::chart::{self, Chart};
use super::screenshot;
use super::text::{TextLine, safe, write_lines};
use super::words;
use crate::capture::Capture;
use crate::model::answer::AnswerBody;
use crate::model::safe_text::sanitize;
use crate::model::table::{Series, growing_from};
use crate::theme::{Role, Theme};

/// Columns of the picture, and rows of the chart in it.
const SIZE: (u16, u16) = (100, 24);

/// The picture of a captured chart as an SVG document; none of what is no chart.
pub fn chart(capture: &Capture) -> Option<String> {
    let AnswerBody::Chart(series) = &capture.answer.body else {
        return None;
    };
    let theme = Theme::default();
    let lines = [head(capture, &theme), legend(series, &theme)].concat();
    let above = lines.len() as u16;
    let mut buffer = Buffer::empty(Rect::new(0, 0, SIZE.0, above + SIZE.1));
    let area = buffer.area;
    write_lines(&lines, 0, &mut buffer, area);
    let pane = capture.pane.as_ref();
    let window = pane.map(|pane| pane.window);
    if let Some(window) = window.or_else(|| chart::extent(series)) {
        let threshold = pane.and_then(|pane| pane.threshold);
        let chart = Chart {
            series,
            window,
            threshold: threshold.map(|threshold| {
                let name = safe!("alert {}", words::threshold(threshold));
                (threshold.number, name)
            }),
            growing_from: capture
                .answer
                .outcome
                .settled
                .and_then(|settled| growing_from(series, settled)),
            zone: &TimeZone::UTC,
        };
        let plot = Rect {
            y: above,
            height: SIZE.1,
            ..area
        };
        chart.draw(&mut buffer, plot, &theme);
    }
    Some(screenshot::svg(&buffer, &capture.title))
}

/// What it is, where it is from and when it was kept, and why it is not whole.
fn head(capture: &Capture, theme: &Theme) -> Vec<TextLine> {
    let origin = &capture.origin;
    let kept = words::full_time(origin.acquired_at, &TimeZone::UTC);
    let from = safe!("{}, kept {kept}", sanitize(&origin.target));
    let mut lines = vec![
        TextLine::of(sanitize(&capture.title), theme.style(Role::Title)),
        TextLine::of(from, theme.style(Role::Muted)),
    ];
    if capture.pane.as_ref().is_some_and(|pane| pane.alert) {
        lines.push(TextLine::of("▲ ALERT", theme.style(Role::Bad)));
    }
    if let Some(reason) = &origin.incomplete {
        lines.push(TextLine::of(sanitize(reason), theme.style(Role::Warning)));
    }
    lines
        .iter()
        .flat_map(|line| line.wrap(SIZE.0.into(), 2))
        .collect()
}

/// Letter, name and newest value of each line that is drawn, and how many are not.
fn legend(series: &[Series], theme: &Theme) -> Vec<TextLine> {
    let drawn = series.iter().take(chart::LINES).enumerate();
    let mut lines: Vec<TextLine> = drawn
        .flat_map(|(index, line)| {
            let newest = line.samples.last();
            let newest = newest.map_or(safe!("no sample"), |sample| words::value(sample.value));
            let name = safe!("{} {} ", chart::letter(index), sanitize(&line.label));
            TextLine::of(name, theme.style(Role::Series(index)))
                .with(newest, theme.style(Role::Title))
                .wrap(SIZE.0.into(), 2)
        })
        .collect();
    if let Some(more) = series
        .len()
        .checked_sub(chart::LINES)
        .filter(|more| *more > 0)
    {
        let more = safe!("{more} more lines are in the CSV and not drawn");
        lines.push(TextLine::of(more, theme.style(Role::Warning)));
    }
    lines
}
