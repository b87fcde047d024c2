//! Cells as values of expressions: what a column's kind makes of the exact text that the source gave.
//!
//! Whatever its kind cannot make sense of stays text. NULL is null; so is a number that is not finite, which compares with
//! nothing.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::{Number, Value};

use crate::model::table::ColumnKind;
use crate::model::{Timestamp, duration, timestamp_text};

/// The value of a cell.
pub(super) fn cell(kind: ColumnKind, text: Option<&str>) -> Value {
    let Some(text) = text else {
        return Value::Null;
    };
    let typed = match kind {
        ColumnKind::Text | ColumnKind::Uuid | ColumnKind::Bytes => None,
        ColumnKind::Bool => match text {
            "true" | "t" | "1" => Some(Value::Bool(true)),
            "false" | "f" | "0" => Some(Value::Bool(false)),
            _ => None,
        },
        ColumnKind::Integer => match text.parse::<i64>() {
            Ok(whole) => Some(whole.into()),
            Err(_) => text.parse().ok().map(number),
        },
        ColumnKind::Number => text.parse().ok().map(number),
        ColumnKind::Timestamp => instant(text).map(|at| Value::String(timestamp_text(at))),
        ColumnKind::Interval => seconds(text).map(number),
        ColumnKind::Json => serde_json::from_str(text).ok(),
    };
    typed.unwrap_or_else(|| Value::String(text.to_owned()))
}

/// The value of an input by its type's word.
pub(super) fn input(kind: &str, text: &str) -> Value {
    let typed = match kind {
        "integer" => text.parse::<i64>().ok().map(Value::from),
        "duration" | "lookback" => duration::parse(text).map(|length| number(length.as_secs_f64())),
        _ => None,
    };
    typed.unwrap_or_else(|| Value::String(text.to_owned()))
}

/// A number; null when it is not finite.
pub(super) fn number(value: f64) -> Value {
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}

/// A time with or without a zone; none means UTC.
fn instant(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    text.parse().ok().or_else(|| {
        let local: DateTime = text.parse().ok()?;
        Some(local.to_zoned(TimeZone::UTC).ok()?.timestamp())
    })
}

/// Seconds of an interval as PostgreSQL writes it (`1 mon -2 days +03:04:05.6`), with a month of 30 days, or of a timespan
/// as KQL writes it (`2.03:04:05.6`).
fn seconds(text: &str) -> Option<f64> {
    let mut total = 0.0;
    let mut count: Option<f64> = None;
    for word in text.split_ascii_whitespace() {
        if let Some(count) = count.take() {
            let days = match word.trim_end_matches('s') {
                "year" => 360.0,
                "mon" => 30.0,
                "day" => 1.0,
                _ => return None,
            };
            total += count * days * 86_400.0;
        } else if word.contains(':') {
            let (sign, clock) = match word.strip_prefix('-') {
                Some(clock) => (-1.0, clock),
                None => (1.0, word.trim_start_matches('+')),
            };
            let (hours, rest) = clock.split_once(':')?;
            let (days, hours) = hours.split_once('.').unwrap_or(("0", hours));
            let (minutes, seconds) = rest.split_once(':').unwrap_or((rest, "0"));
            let whole = |text: &str| text.parse::<u32>().ok().map(f64::from);
            let seconds: f64 = seconds.parse().ok().filter(|value| *value >= 0.0)?;
            let clock = (whole(days)? * 24.0 + whole(hours)?) * 3_600.0 + whole(minutes)? * 60.0;
            total += sign * (clock + seconds);
        } else {
            count = Some(f64::from(word.parse::<i32>().ok()?));
        }
    }
    (count.is_none() && !text.trim().is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_kind_has_its_values() {
        use ColumnKind::{Bool, Integer, Interval, Json, Number, Text, Timestamp, Uuid};
        for (kind, text, expected) in [
            (Text, "3", json!("3")),
            (Uuid, "A0", json!("A0")),
            (Bool, "t", json!(true)),
            (Bool, "0", json!(false)),
            (Bool, "maybe", json!("maybe")),
            (Integer, "-7", json!(-7)),
            (
                Integer,
                "18446744073709551616",
                json!(18_446_744_073_709_551_616.0),
            ),
            (Integer, "7 apples", json!("7 apples")),
            (Number, "0.30", json!(0.3)),
            (Number, "NaN", json!(null)),
            (Number, "Infinity", json!(null)),
            (
                Timestamp,
                "2026-01-31 04:12:44.12+01",
                json!("2026-01-31T03:12:44.120Z"),
            ),
            (
                Timestamp,
                "2026-01-31T03:12:44Z",
                json!("2026-01-31T03:12:44.000Z"),
            ),
            (
                Timestamp,
                "2026-01-31 03:12:44",
                json!("2026-01-31T03:12:44.000Z"),
            ),
            (Timestamp, "2026-01-31", json!("2026-01-31T00:00:00.000Z")),
            (Timestamp, "infinity", json!("infinity")),
            (Interval, "00:15:00", json!(900.0)),
            (
                Interval,
                "1 mon -2 days +00:00:01.5",
                json!(28.0 * 86_400.0 + 1.5),
            ),
            (Interval, "-00:00:30", json!(-30.0)),
            (Interval, "1.02:00:00.5000000", json!(93_600.5)),
            (Interval, "5 weeks", json!("5 weeks")),
            (Json, "{\"a\": [1, 2.5]}", json!({"a": [1, 2.5]})),
            (Json, "{", json!("{")),
        ] {
            assert_eq!(cell(kind, Some(text)), expected, "{text}");
        }
        assert_eq!(cell(Integer, None), Value::Null);
    }

    #[test]
    fn inputs_are_numbers_where_they_count_something() {
        for (kind, text, expected) in [
            ("integer", "7", json!(7)),
            ("lookback", "1d", json!(86_400.0)),
            ("text", "7", json!("7")),
            ("choice", "audit", json!("audit")),
        ] {
            assert_eq!(input(kind, text), expected, "{kind}");
        }
    }
}
