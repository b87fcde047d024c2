//! Values as text: what `tostring()` gives and what an export prints.

use std::fmt::Write;

use super::calendar::{Date, Time};
use super::{TICKS_PER_DAY, TICKS_PER_SECOND, Value};
use crate::kql::dynamic::{Dynamic, json};

/// The text of a value as `tostring()` gives it; a null is "".
pub fn to_text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Int(number) => number.to_string(),
        Value::Long(number) => number.to_string(),
        Value::Real(number) => real(*number),
        Value::Decimal(number) => number.to_string(),
        Value::String(text) => text.to_string(),
        Value::DateTime(ticks) => datetime(*ticks),
        Value::Timespan(ticks) => timespan(*ticks),
        Value::Guid(guid) => self::guid(*guid),
        // JSON has its own words for true and false, and quotes around texts.
        Value::Dynamic(Dynamic::Bool(value)) => value.to_string(),
        Value::Dynamic(value) => value
            .scalar()
            .map_or_else(|| json::print(value), |scalar| to_text(&scalar)),
    }
}

/// The shortest digits that give the same double again: `1.0`, `0.1`, `1E+20`, `NaN`, `Infinity`.
pub fn real(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        }
        .to_owned();
    }
    let size = number.abs();
    if size != 0.0 && !(1e-4..1e15).contains(&size) {
        let text = format!("{number:E}");
        let (digits, exponent) = text.split_once('E').unwrap_or((&text, "0"));
        let (sign, exponent) = match exponent.strip_prefix('-') {
            Some(exponent) => ('-', exponent),
            None => ('+', exponent),
        };
        return format!("{digits}E{sign}{exponent:0>2}");
    }
    // Debug keeps `.0` at the end of a whole number.
    format!("{number:?}")
}

/// `2020-01-31T23:59:59.1234567Z`.
pub fn datetime(ticks: i64) -> String {
    let Date { year, month, day } = Date::of(ticks);
    let time = Time::of(ticks);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:07}Z",
        time.hour, time.minute, time.second, time.ticks
    )
}

/// `-1.02:03:04.5000000`: days where there are any, seven digits of a second where there are any.
pub fn timespan(ticks: i64) -> String {
    let size = ticks.unsigned_abs();
    let mut text = String::new();
    if ticks < 0 {
        text.push('-');
    }
    let days = size / TICKS_PER_DAY.unsigned_abs();
    if days > 0 {
        let _ = write!(text, "{days}.");
    }
    let time = Time::of((size % TICKS_PER_DAY.unsigned_abs()) as i64);
    let _ = write!(
        text,
        "{:02}:{:02}:{:02}",
        time.hour, time.minute, time.second
    );
    if time.ticks > 0 {
        let _ = write!(text, ".{:07}", time.ticks % TICKS_PER_SECOND);
    }
    text
}

/// `74be27de-1e4e-49d9-b579-fe0b331d3642`.
pub fn guid(guid: u128) -> String {
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        guid >> 96,
        (guid >> 80) & 0xFFFF,
        (guid >> 64) & 0xFFFF,
        (guid >> 48) & 0xFFFF,
        guid & 0xFFFF_FFFF_FFFF
    )
}
