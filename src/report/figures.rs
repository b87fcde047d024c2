//! Numbers and times inside sentences: short enough to be read aloud, never so short that they are wrong.

use std::time::Duration;

use jiff::tz::TimeZone;

use crate::model::{Timestamp, duration};

/// A number with three significant digits; digits before the decimal point are never rounded away.
pub fn number(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() || value == 0.0 || size >= 1e15 {
        return value.to_string();
    }
    if size < 1e-4 {
        return format!("{value:.2e}");
    }
    // 0.01234 has its first digit at the second decimal, 12.34 has one left for a third digit.
    let decimals = (2 - size.log10().floor() as i32).clamp(0, 6) as usize;
    let text = format!("{value:.decimals$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// What a live pane saw, with the measured number at its end made short. All its digits are in the record.
pub fn detail(text: &str) -> String {
    let measured = text.rsplit_once(" is ").and_then(|(what, digits)| {
        let value: f64 = digits.parse().ok()?;
        Some(format!("{what} is {}", number(value)))
    });
    measured.unwrap_or_else(|| text.to_owned())
}

/// When something happened that was noted later: `03:11 (noted 03:20)`, with the date when that is another one.
pub fn happened(at: Timestamp, noted: Timestamp, zone: &TimeZone) -> String {
    let (at, noted) = (at.to_zoned(zone.clone()), noted.to_zoned(zone.clone()));
    let format = if at.date() == noted.date() {
        "%H:%M"
    } else {
        "%Y-%m-%d %H:%M"
    };
    format!(
        "{} (noted {})",
        at.strftime(format),
        noted.strftime("%H:%M")
    )
}

/// A length of time in whole minutes, as the header counts: nobody hands an incident over by the second.
pub fn minutes(length: Duration) -> String {
    match length.as_secs() / 60 {
        0 => "less than a minute".to_owned(),
        minutes @ 1..100 => format!("{minutes}m"),
        minutes => duration::in_words(Duration::from_secs(minutes * 60)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits_and_keep_their_size() {
        for (value, text) in [
            (0.0, "0"),
            (42.0, "42"),
            (1.400_000_000_000_1, "1.4"),
            (12.345, "12.3"),
            (123_456.7, "123457"),
            (0.012_345, "0.0123"),
            (-0.5, "-0.5"),
            (0.000_012_345, "1.23e-5"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn only_the_measured_number_is_made_short() {
        for (text, expected) in [
            (
                "value > 0.12345: host=10.0.0.12345 is 1.23456",
                "value > 0.12345: host=10.0.0.12345 is 1.23",
            ),
            ("newest sample is 5m old", "newest sample is 5m old"),
            ("7 > 0", "7 > 0"),
            ("", ""),
        ] {
            assert_eq!(detail(text), expected);
        }
    }

    #[test]
    fn a_time_of_another_day_has_its_date() {
        let noted: Timestamp = "2026-01-31T03:20:00Z".parse().unwrap();
        for (at, expected) in [
            ("2026-01-31T03:11:59Z", "03:11 (noted 03:20)"),
            ("2026-01-30T23:50:00Z", "2026-01-30 23:50 (noted 03:20)"),
        ] {
            assert_eq!(
                happened(at.parse().unwrap(), noted, &TimeZone::UTC),
                expected
            );
        }
    }

    #[test]
    fn lengths_are_told_in_minutes() {
        for (seconds, words) in [
            (59, "less than a minute"),
            (79, "1m"),
            (5_999, "99m"),
            (6_061, "1h41"),
        ] {
            assert_eq!(minutes(Duration::from_secs(seconds)), words);
        }
    }
}
