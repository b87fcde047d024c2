//! Intervals in text: `1 year 2 mons 3 days 04:05:06.7`.

use std::fmt::Write as _;

use super::super::civil::{DAY, HOUR, MINUTE, SECOND};
use super::super::error::Error;
use super::super::value::Type;

/// An interval in the server's own style.
pub fn write(months: i32, days: i32, micros: i64) -> String {
    let mut text = String::new();
    let mut negative = false;
    for (value, unit) in [(months / 12, "year"), (months % 12, "mon"), (days, "day")] {
        if value == 0 {
            continue;
        }
        if !text.is_empty() {
            text.push(' ');
        }
        // A positive part behind a negative one says so.
        let plus = if negative && value > 0 { "+" } else { "" };
        let plural = if value == 1 { "" } else { "s" };
        let _ = write!(text, "{plus}{value} {unit}{plural}");
        negative = value < 0;
    }
    if micros != 0 || text.is_empty() {
        if !text.is_empty() {
            text.push(' ');
        }
        if micros < 0 {
            text.push('-');
        } else if negative {
            text.push('+');
        }
        text.push_str(&clock(micros.unsigned_abs()));
    }
    text
}

/// `HH:MM:SS`, with as much of a fraction as there is.
pub fn clock(micros: u64) -> String {
    let (hours, rest) = (micros / HOUR as u64, micros % HOUR as u64);
    let (minutes, rest) = (rest / MINUTE as u64, rest % MINUTE as u64);
    let (seconds, fraction) = (rest / SECOND as u64, rest % SECOND as u64);
    let mut text = format!("{hours:02}:{minutes:02}:{seconds:02}");
    if fraction > 0 {
        let digits = format!("{fraction:06}");
        text.push('.');
        text.push_str(digits.trim_end_matches('0'));
    }
    text
}

#[derive(Default)]
struct Parts {
    months: f64,
    days: f64,
    micros: f64,
}

/// Reads an interval: months, days and microseconds.
pub fn parse(text: &str) -> Result<(i32, i32, i64), Error> {
    let invalid = || super::invalid(&Type::Interval, text);
    let body = text.trim().to_ascii_lowercase();
    let mut parts = Parts::default();
    if body.strip_prefix('p').is_some_and(|rest| !rest.is_empty()) {
        iso(&body, &mut parts).ok_or_else(invalid)?;
    } else {
        words(&body, &mut parts).ok_or_else(invalid)?;
    }
    let out_of_range = || {
        Error::new(
            "22008",
            format!("interval field value out of range: \"{text}\""),
        )
    };
    let whole = |value: f64| {
        let value = value.round();
        (value.abs() <= f64::from(i32::MAX))
            .then_some(value as i32)
            .ok_or_else(out_of_range)
    };
    if parts.micros.abs() >= 9.2e18 {
        return Err(out_of_range());
    }
    Ok((
        whole(parts.months)?,
        whole(parts.days)?,
        parts.micros.round() as i64,
    ))
}

impl Parts {
    /// Adds so many of a unit. A part of a month becomes days, a part of a day time, as on the server.
    fn add(&mut self, value: f64, unit: &str) -> Option<()> {
        let per = match unit {
            "us" | "usec" | "usecs" | "microsecond" | "microseconds" => (0, 1.0),
            "ms" | "msec" | "msecs" | "millisecond" | "milliseconds" => (0, 1000.0),
            "s" | "sec" | "secs" | "second" | "seconds" => (0, SECOND as f64),
            "m" | "min" | "mins" | "minute" | "minutes" => (0, MINUTE as f64),
            "h" | "hr" | "hrs" | "hour" | "hours" => (0, HOUR as f64),
            "d" | "day" | "days" => (1, 1.0),
            "w" | "week" | "weeks" => (1, 7.0),
            "mon" | "mons" | "month" | "months" => (2, 1.0),
            "y" | "yr" | "yrs" | "year" | "years" => (3, 12.0),
            "dec" | "decs" | "decade" | "decades" => (3, 120.0),
            "c" | "cent" | "century" | "centuries" => (3, 1200.0),
            "mil" | "mils" | "millennium" | "millennia" => (3, 12_000.0),
            _ => return None,
        };
        match per {
            (0, scale) => self.micros += value * scale,
            (1, scale) => self.add_days(value.trunc() * scale, value.fract() * scale),
            (2, _) => {
                self.months += value.trunc();
                let days = value.fract() * 30.0;
                self.add_days(days.trunc(), days.fract());
            }
            (_, scale) => self.months += value.trunc() * scale + (value.fract() * scale).round(),
        }
        Some(())
    }

    fn add_days(&mut self, whole: f64, part: f64) {
        self.days += whole + part.trunc();
        self.micros += part.fract() * DAY as f64;
    }
}

/// `1 day 2 hours`, `1h30m`, `-1 day +02:03`, `3 days ago`, and a bare number of seconds.
fn words(body: &str, parts: &mut Parts) -> Option<()> {
    let mut tokens = tokens(body)?.into_iter().peekable();
    let mut any = false;
    if tokens.peek().is_some_and(|token| *token == "@") {
        tokens.next();
    }
    while let Some(token) = tokens.next() {
        if token == "ago" && any && tokens.peek().is_none() {
            parts.months = -parts.months;
            parts.days = -parts.days;
            parts.micros = -parts.micros;
            return Some(());
        }
        any = true;
        if token.contains(':') {
            parts.micros += time_of_day(token)?;
            continue;
        }
        let value: f64 = token.parse().ok()?;
        // A number before a time of day counts days: `3 04:05:06`.
        if tokens.peek().is_some_and(|next| next.contains(':')) {
            parts.add(value, "day")?;
            continue;
        }
        let is_unit = |next: &&str| next.starts_with(|c: char| c.is_ascii_alphabetic());
        match tokens.next_if(|next| is_unit(next) && *next != "ago") {
            Some(unit) => parts.add(value, unit)?,
            None => parts.add(value, "s")?,
        }
    }
    any.then_some(())
}

/// Runs of letters and runs of what numbers are made of.
fn tokens(body: &str) -> Option<Vec<&str>> {
    let mut tokens = Vec::new();
    let mut rest = body.trim_start();
    while let Some(first) = rest.chars().next() {
        let in_number = |c: char| c.is_ascii_digit() || matches!(c, '.' | ':' | '+' | '-');
        let length = if first.is_ascii_alphabetic() {
            rest.find(|c: char| !c.is_ascii_alphabetic())
        } else if in_number(first) {
            let inner = rest.get(1..)?;
            inner
                .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ':')))
                .map(|length| length + 1)
        } else if first == '@' {
            Some(1)
        } else {
            return None;
        }
        .unwrap_or(rest.len());
        tokens.push(rest.get(..length)?);
        rest = rest.get(length..)?.trim_start();
    }
    Some(tokens)
}

/// `[-]HH:MM[:SS[.fraction]]`
fn time_of_day(token: &str) -> Option<f64> {
    let (sign, body) = match token.strip_prefix('-') {
        Some(body) => (-1.0, body),
        None => (1.0, token.strip_prefix('+').unwrap_or(token)),
    };
    let mut fields = body.split(':');
    let hours: f64 = fields.next()?.parse().ok()?;
    let minutes: f64 = fields.next()?.parse().ok()?;
    let seconds: f64 = fields
        .next()
        .map_or(Some(0.0), |field| field.parse().ok())?;
    if fields.next().is_some() || minutes >= 60.0 || seconds > 60.0 {
        return None;
    }
    Some(sign * (hours * HOUR as f64 + minutes * MINUTE as f64 + seconds * SECOND as f64))
}

/// `P1Y2M3DT4H5M6S`
fn iso(body: &str, parts: &mut Parts) -> Option<()> {
    let mut rest = body.strip_prefix('p')?;
    let mut in_time = false;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('t') {
            in_time = true;
            rest = after;
            continue;
        }
        let end = rest.find(|c: char| c.is_ascii_alphabetic())?;
        let value: f64 = rest.get(..end)?.parse().ok()?;
        let unit = match (rest.get(end..=end)?, in_time) {
            ("y", false) => "year",
            ("m", false) => "month",
            ("w", false) => "week",
            ("d", false) => "day",
            ("h", true) => "hour",
            ("m", true) => "minute",
            ("s", true) => "second",
            _ => return None,
        };
        parts.add(value, unit)?;
        rest = rest.get(end + 1..)?;
    }
    Some(())
}
