//! Dates and timestamps in text: ISO 8601, in UTC.

use super::super::civil::{
    self, BEFORE_ALL, Civil, DAY, FOREVER, HOUR, MINUTE, SECOND, date_of, days_of,
};
use super::super::error::Error;
use super::super::value::Type;
use super::interval;

/// The latest day that a timestamp may lie on, and more than a server takes before it.
const LAST_DAY: i64 = 106_751_991 - 10_957;
const FIRST_DAY: i64 = -2_451_545 - 1;

/// `2026-01-31 03:12:44.12+00`, without the zone for a `timestamp`.
pub fn timestamp(value: i64, zone: bool) -> String {
    if value == FOREVER || value == BEFORE_ALL {
        return if value == FOREVER {
            "infinity"
        } else {
            "-infinity"
        }
        .to_owned();
    }
    let (days, micros) = civil::split(value);
    let (day, era) = day_text(days);
    let clock = interval::clock(micros.unsigned_abs());
    format!("{day} {clock}{}{era}", if zone { "+00" } else { "" })
}

/// `2026-01-31`
pub fn date(days: i32) -> String {
    match days {
        i32::MAX => "infinity".to_owned(),
        i32::MIN => "-infinity".to_owned(),
        days => {
            let (day, era) = day_text(i64::from(days));
            day + era
        }
    }
}

fn day_text(days: i64) -> (String, &'static str) {
    let Civil { year, month, day } = date_of(days);
    let (year, era) = if year > 0 {
        (year, "")
    } else {
        (1 - year, " BC")
    };
    (format!("{year:04}-{month:02}-{day:02}"), era)
}

/// Reads a date; a time behind it must be right and is dropped.
pub fn parse_date(text: &str) -> Result<i32, Error> {
    match parse(text, &Type::Date)? {
        FOREVER => Ok(i32::MAX),
        BEFORE_ALL => Ok(i32::MIN),
        value => Ok(civil::split(value).0 as i32),
    }
}

/// Reads a timestamp. A zone moves a `timestamptz` to UTC and is ignored for a `timestamp`.
pub fn parse_timestamp(text: &str, zone: bool) -> Result<i64, Error> {
    parse(
        text,
        if zone {
            &Type::Timestamptz
        } else {
            &Type::Timestamp
        },
    )
}

fn parse(text: &str, ty: &Type) -> Result<i64, Error> {
    let invalid = || super::invalid(ty, text);
    let body = text.trim();
    match body.to_ascii_lowercase().as_str() {
        "epoch" => return Ok(0),
        "infinity" => return Ok(FOREVER),
        "-infinity" => return Ok(BEFORE_ALL),
        "now" | "today" | "tomorrow" | "yesterday" => {
            return Err(Error::unsupported("times in words; write now()"));
        }
        _ => {}
    }
    let mut reader = Reader { rest: body };
    let (first, digits) = reader.digits().ok_or_else(invalid)?;
    let date = if digits == 8 {
        Civil {
            year: first / 10_000,
            month: first / 100 % 100,
            day: first % 100,
        }
    } else if digits >= 4 {
        let separator = if reader.take('/') { '/' } else { '-' };
        if separator == '-' && !reader.take('-') {
            return Err(invalid());
        }
        let (month, _) = reader.digits().ok_or_else(invalid)?;
        if !reader.take(separator) {
            return Err(invalid());
        }
        let (day, _) = reader.digits().ok_or_else(invalid)?;
        Civil {
            year: first,
            month,
            day,
        }
    } else if body.contains(['-', '/', '.']) {
        return Err(Error::unsupported("dates that do not begin with the year"));
    } else {
        return Err(invalid());
    };
    let clock = reader.clock().ok_or_else(invalid)?;
    let offset = reader.zone().ok_or_else(invalid)?;
    reader.rest = reader.rest.trim_start();
    let before_christ = reader.rest.eq_ignore_ascii_case("bc");
    if !before_christ && !reader.rest.is_empty() {
        let named = reader.rest.starts_with(|c: char| c.is_ascii_alphabetic());
        return Err(if named && reader.rest.contains('/') {
            Error::unsupported("zones by name")
        } else {
            invalid()
        });
    }
    let year = if before_christ {
        1 - date.year
    } else {
        date.year
    };
    let out_of_range = || {
        Error::new(
            "22008",
            format!("date/time field value out of range: \"{text}\""),
        )
    };
    if date.year == 0
        || !(1..=12).contains(&date.month)
        || date.day < 1
        || date.day > civil::days_in_month(year, date.month)
        || clock > DAY
    {
        return Err(out_of_range());
    }
    let days = days_of(Civil { year, ..date });
    if !(FIRST_DAY..=LAST_DAY).contains(&days) {
        let name = match ty {
            Type::Date => "date",
            _ => "timestamp",
        };
        return Err(Error::new(
            "22008",
            format!("{name} out of range: \"{text}\""),
        ));
    }
    let moved = if *ty == Type::Timestamptz { offset } else { 0 };
    Ok(days * DAY + clock - moved)
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn take(&mut self, wanted: char) -> bool {
        let taken = self.rest.strip_prefix(wanted);
        self.rest = taken.unwrap_or(self.rest);
        taken.is_some()
    }

    /// A number and how many digits it was written in.
    fn digits(&mut self) -> Option<(i64, usize)> {
        let length = self
            .rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(self.rest.len());
        let value = self.rest.get(..length)?.parse().ok()?;
        self.rest = self.rest.get(length..)?;
        Some((value, length))
    }

    /// `[T ]HH:MM[:SS[.fraction]]`, or nothing.
    fn clock(&mut self) -> Option<i64> {
        let before = self.rest;
        let had_t = self.take('T') || self.take('t');
        self.rest = self.rest.trim_start();
        if !self.rest.starts_with(|c: char| c.is_ascii_digit()) {
            self.rest = before;
            return (!had_t).then_some(0);
        }
        let (hours, digits) = self.digits()?;
        if !self.take(':') {
            // `T0312` and the like are left to a server.
            return (digits == 2 && had_t && self.rest.is_empty()).then_some(hours * HOUR);
        }
        let (minutes, _) = self.digits()?;
        let mut micros = 0;
        if self.take(':') {
            let (seconds, _) = self.digits()?;
            micros = seconds * SECOND;
            if seconds > 60 {
                return Some(DAY + 1);
            }
            if self.take('.') {
                let length = self
                    .rest
                    .find(|c: char| !c.is_ascii_digit())
                    .unwrap_or(self.rest.len());
                let fraction: f64 = format!("0.{}", self.rest.get(..length)?).parse().ok()?;
                micros += (fraction * SECOND as f64).round_ties_even() as i64;
                self.rest = self.rest.get(length..)?;
            }
        }
        if hours > 24 || minutes > 59 {
            return Some(DAY + 1);
        }
        Some(hours * HOUR + minutes * MINUTE + micros)
    }

    /// `Z`, `UTC`, `+02`, `-03:30`, `+0530`, or nothing: microseconds east of Greenwich.
    fn zone(&mut self) -> Option<i64> {
        let rest = self.rest.trim_start();
        for word in ["utc", "gmt", "zulu", "z"] {
            let matches = rest
                .get(..word.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(word));
            let after = rest.get(word.len()..).unwrap_or_default();
            if matches && !after.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '/') {
                self.rest = after;
                return Some(0);
            }
        }
        let sign = match rest.chars().next() {
            Some('+') => 1,
            Some('-') => -1,
            _ => return Some(0),
        };
        self.rest = rest.get(1..)?;
        let (first, digits) = self.digits()?;
        let (hours, mut minutes) = if digits > 2 {
            (first / 100, first % 100)
        } else {
            (first, 0)
        };
        if digits <= 2 && self.take(':') {
            minutes = self.digits()?.0;
        }
        (hours <= 15 && minutes <= 59).then_some(sign * (hours * HOUR + minutes * MINUTE))
    }
}
