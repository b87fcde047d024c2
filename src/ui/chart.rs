//! A line chart in braille with its own axes: ticks on round values and round times, the threshold drawn and named,
//! each line marked with its letter, gaps where there is no number.
//!
//! ```text
//! 42┤            ⢀⠤⠒A
//!   ┤        ⢀⠔⠁        alert > 0
//!  0┼╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌
//!   02:50     03:00     03:10 UTC
//! ```

use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;
use ratatui::symbols::Marker;
use ratatui::widgets::Widget;
use ratatui::widgets::canvas::{Canvas, Line};

use super::text::{TextLine, safe, spaces, width};
use super::words;
use crate::model::Timestamp;
use crate::model::safe_text::{SafeText, sanitize};
use crate::model::table::Series;
use crate::theme::{Role, Theme};

/// Lines drawn at most; the legend counts the rest.
pub const LINES: usize = 12;

/// What is drawn.
#[derive(Debug)]
pub struct Chart<'a> {
    /// Lines; those past [`LINES`] are left out.
    pub series: &'a [Series],
    /// From when to when.
    pub window: (Timestamp, Timestamp),
    /// Value and name of the threshold.
    pub threshold: Option<(f64, SafeText)>,
    /// Samples from here on stand in bins that may still grow.
    pub growing_from: Option<Timestamp>,
    /// Zone of the time axis.
    pub zone: &'a TimeZone,
}

/// The letter of a line.
pub fn letter(index: usize) -> SafeText {
    let letter = char::from_u32(u32::from('A') + index as u32 % 26).unwrap_or('A');
    sanitize(&letter.to_string())
}

/// Start and end of all samples, for a chart without a window of its own.
pub fn extent(series: &[Series]) -> Option<(Timestamp, Timestamp)> {
    let times = || {
        series
            .iter()
            .flat_map(|series| [series.samples.first(), series.samples.last()])
            .flatten()
            .map(|sample| sample.at)
    };
    Some((times().min()?, times().max()?))
}

impl Chart<'_> {
    /// Draws the chart; without room for axes only the lines.
    pub fn draw(&self, buffer: &mut Buffer, area: Rect, theme: &Theme) {
        let area = area.intersection(buffer.area);
        if area.width < 8 || area.height < 3 {
            return;
        }
        let (low, high) = self.bounds();
        let rows = usize::from(area.height - 1);
        let ticks = ticks(low, high, (rows / 3).clamp(2, 6));
        let (low, high) = (
            ticks.first().copied().unwrap_or(low).min(low),
            ticks.last().copied().unwrap_or(high).max(high),
        );
        let labels: Vec<(f64, SafeText)> = ticks
            .into_iter()
            .map(|tick| (tick, words::value(tick)))
            .collect();
        let gutter = labels
            .iter()
            .map(|(_, label)| width(label.as_str()))
            .max()
            .unwrap_or(1)
            .min(usize::from(area.width / 3)) as u16;
        let plot = Rect {
            x: area.x + gutter + 1,
            y: area.y,
            width: area.width - gutter - 1,
            height: area.height - 1,
        };
        let row = |value: f64| {
            let share = if high > low {
                (value - low) / (high - low)
            } else {
                0.5
            };
            let from_bottom = (share * f64::from(plot.height - 1)).round();
            plot.bottom() - 1 - (from_bottom.clamp(0.0, f64::from(plot.height - 1)) as u16)
        };
        axis(buffer, area, plot, &labels, row, theme);
        if let Some((value, _)) = &self.threshold {
            let line = sanitize(&"╌".repeat(plot.width.into()));
            TextLine::of(line, theme.style(Role::Threshold)).write(buffer, plot, row(*value));
        }
        self.lines(buffer, plot, (low, high), theme);
        self.growing(buffer, plot, theme);
        self.letters(buffer, plot, row, theme);
        if let Some((value, name)) = &self.threshold {
            let at = row(*value);
            let at = if at > plot.y { at - 1 } else { at + 1 };
            threshold_name(buffer, plot, at, name, theme);
        }
        self.time_axis(buffer, plot, theme);
    }

    /// Lowest and highest value: zero and the threshold are in sight.
    fn bounds(&self) -> (f64, f64) {
        let values = self
            .visible()
            .chain(self.threshold.iter().map(|(value, _)| *value))
            .filter(|value| value.is_finite());
        let (mut low, mut high) = values
            .fold((0.0_f64, f64::NEG_INFINITY), |(low, high), value| {
                (low.min(value), high.max(value))
            });
        if !high.is_finite() || high <= low {
            high = low + 1.0;
        }
        if !(high - low).is_finite() {
            (low, high) = (0.0, 1.0);
        }
        (low, high)
    }

    fn visible(&self) -> impl Iterator<Item = f64> {
        let (start, end) = self.window;
        self.series
            .iter()
            .take(LINES)
            .flat_map(|series| &series.samples)
            .filter(move |sample| sample.at >= start && sample.at <= end)
            .map(|sample| sample.value)
    }

    fn x(&self, at: Timestamp) -> f64 {
        let seconds = |at: Timestamp| at.as_millisecond() as f64 / 1_000.0;
        let (start, end) = self.window;
        let span = seconds(end) - seconds(start);
        if span > 0.0 {
            (seconds(at) - seconds(start)) / span
        } else {
            0.5
        }
    }

    fn lines(&self, buffer: &mut Buffer, plot: Rect, (low, high): (f64, f64), theme: &Theme) {
        Canvas::default()
            .marker(Marker::Braille)
            .x_bounds([0.0, 1.0])
            .y_bounds([low, high])
            .paint(|context| {
                for (index, series) in self.series.iter().take(LINES).enumerate() {
                    let color = theme.style(Role::Series(index)).fg.unwrap_or(Color::Reset);
                    let gap = gap(series);
                    for pair in series.samples.windows(2) {
                        let [from, to] = pair else { continue };
                        let apart = words::between(from.at, to.at) > gap;
                        if apart || !from.value.is_finite() || !to.value.is_finite() {
                            continue;
                        }
                        context.draw(&Line::new(
                            self.x(from.at),
                            from.value,
                            self.x(to.at),
                            to.value,
                            color,
                        ));
                    }
                    for sample in series
                        .samples
                        .iter()
                        .filter(|sample| sample.value.is_finite())
                    {
                        let x = self.x(sample.at);
                        context.draw(&Line::new(x, sample.value, x, sample.value, color));
                    }
                    context.layer();
                }
            })
            .render(plot, buffer);
    }

    /// What is free of the part that may still grow is hatched: no line there, or a low one, is no sign that it is over.
    fn growing(&self, buffer: &mut Buffer, plot: Rect, theme: &Theme) {
        let Some(from) = self.growing_from else {
            return;
        };
        let first = self.x(from).clamp(0.0, 1.0) * f64::from(plot.width - 1);
        for x in plot.x + first.round() as u16..plot.right() {
            for y in plot.top()..plot.bottom() {
                let Some(cell) = buffer.cell_mut((x, y)) else {
                    continue;
                };
                if cell.symbol().trim().is_empty() || cell.symbol() == "\u{2800}" {
                    cell.set_symbol("░").set_style(theme.style(Role::Muted));
                }
            }
        }
    }

    /// Each line's letter at its newest sample, when there are several lines.
    fn letters(&self, buffer: &mut Buffer, plot: Rect, row: impl Fn(f64) -> u16, theme: &Theme) {
        if self.series.len() < 2 {
            return;
        }
        for (index, series) in self.series.iter().take(LINES).enumerate() {
            let newest = series
                .samples
                .iter()
                .rev()
                .find(|sample| sample.value.is_finite() && sample.at <= self.window.1);
            let Some(sample) = newest.filter(|sample| sample.at >= self.window.0) else {
                continue;
            };
            let column = (self.x(sample.at) * f64::from(plot.width - 1)).round() as u16;
            // Lines that end together stand side by side.
            let shift = (index as u16 % 4) * 2;
            let x = (plot.x + column.min(plot.width - 1))
                .saturating_sub(shift)
                .max(plot.x);
            let y = row(sample.value);
            let place = Rect {
                x,
                y,
                width: 1,
                height: 1,
            };
            let style = theme
                .style(Role::Series(index))
                .patch(theme.style(Role::Title));
            TextLine::of(letter(index), style).write(buffer, place, y);
        }
    }

    fn time_axis(&self, buffer: &mut Buffer, plot: Rect, theme: &Theme) {
        let y = plot.bottom();
        let (start, end) = self.window;
        let span = words::between(start, end).as_secs() as i64;
        let format = match span {
            0..=300 => "%H:%M:%S",
            301..=172_800 => "%H:%M",
            _ => "%m-%d %H:%M",
        };
        let name = words::zone_name(self.zone, end);
        let zone_room = (width(name.as_str()) as u16 + 1).min(plot.width / 3);
        let axis = Rect {
            y,
            height: 1,
            width: plot.width - zone_room,
            ..plot
        };
        let label = |at: Timestamp| safe!("{}", at.to_zoned(self.zone.clone()).strftime(format));
        let cells = width(label(end).as_str()) as i64;
        let most = (i64::from(axis.width) / (cells + 4)).max(1);
        let steps = [
            1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600,
            43_200, 86_400, 172_800, 604_800, 2_592_000,
        ];
        let step = steps
            .into_iter()
            .find(|step| span / step <= most)
            .unwrap_or(31_536_000);
        let offset = i64::from(self.zone.to_offset(end).seconds());
        let first = start.as_second() + (-(start.as_second() + offset)).rem_euclid(step);
        let mut free = plot.x;
        for index in 0..=most {
            let Ok(at) = Timestamp::from_second(first + index * step) else {
                break;
            };
            if at > end {
                break;
            }
            let column = plot.x + (self.x(at) * f64::from(plot.width - 1)).round() as u16;
            let text = label(at);
            let from = column.saturating_sub(cells as u16 / 2).max(plot.x);
            if from < free || from + cells as u16 > axis.right() {
                continue;
            }
            let place = Rect {
                x: from,
                y,
                width: cells as u16,
                height: 1,
            };
            TextLine::of(text, theme.style(Role::Muted)).write(buffer, place, y);
            free = from + cells as u16 + 2;
        }
        let place = Rect {
            y,
            height: 1,
            ..plot
        };
        TextLine::of(name, theme.style(Role::Muted)).write_right(buffer, place, y);
    }
}

/// The name stands above its line on the side where less is drawn over.
fn threshold_name(buffer: &mut Buffer, plot: Rect, y: u16, name: &SafeText, theme: &Theme) {
    let cells = (width(name.as_str()) as u16).min(plot.width);
    if y >= plot.bottom() || cells + 4 > plot.width {
        return;
    }
    let free = |x: u16| {
        (x..x + cells).all(|x| buffer.cell((x, y)).is_some_and(|cell| cell.symbol() == " "))
    };
    let first = plot.x + 1;
    let last = plot.right() - cells - 1;
    let x = (first..=last).rev().find(|x| free(*x)).unwrap_or(first);
    let place = Rect {
        x,
        y,
        width: cells,
        height: 1,
    };
    TextLine::of(name, theme.style(Role::Threshold)).write(buffer, place, y);
}

fn axis(
    buffer: &mut Buffer,
    area: Rect,
    plot: Rect,
    labels: &[(f64, SafeText)],
    row: impl Fn(f64) -> u16,
    theme: &Theme,
) {
    let style = theme.style(Role::Muted);
    let gutter = usize::from(plot.x - area.x);
    for y in plot.y..plot.bottom() {
        let named = labels.iter().find(|(value, _)| row(*value) == y);
        let mut line = TextLine::new();
        if let Some((_, label)) = named {
            line.push(
                spaces(gutter.saturating_sub(1 + width(label.as_str()))),
                style,
            );
            line.push(label, style);
        }
        line.pad_to(gutter - 1);
        line.push(if named.is_some() { "┤" } else { "│" }, style);
        let place = Rect {
            width: gutter as u16,
            ..area
        };
        line.write(buffer, place, y);
    }
}

/// Round values between `low` and `high`, about `wanted` of them, both ends covered.
fn ticks(low: f64, high: f64, wanted: usize) -> Vec<f64> {
    let rough = (high - low) / wanted.max(1) as f64;
    if !rough.is_finite() || rough <= 0.0 {
        return vec![low, high];
    }
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|step| *step >= rough * 0.999)
        .unwrap_or(10.0 * power);
    let first = (low / step).floor();
    let count = ((high / step).ceil() - first).clamp(1.0, 20.0) as usize;
    (0..=count)
        .map(|index| (first + index as f64) * step)
        .collect()
}

/// Samples further apart than three usual distances are not joined: a line over a gap would invent data.
fn gap(series: &Series) -> std::time::Duration {
    let mut distances: Vec<_> = series
        .samples
        .windows(2)
        .take(50)
        .filter_map(|pair| Some(words::between(pair.first()?.at, pair.get(1)?.at)))
        .collect();
    distances.sort();
    distances
        .get(distances.len() / 2)
        .map_or(std::time::Duration::MAX, |usual| *usual * 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_cover_the_values() {
        for (low, high, wanted, expected) in [
            (0.0, 42.0, 3, vec![0.0, 20.0, 40.0, 60.0]),
            (0.0, 1.0, 2, vec![0.0, 0.5, 1.0]),
            (-3.0, 7.0, 2, vec![-5.0, 0.0, 5.0, 10.0]),
        ] {
            assert_eq!(ticks(low, high, wanted), expected);
        }
        assert!(ticks(0.0, f64::MAX, 3).len() <= 21);
    }
}
