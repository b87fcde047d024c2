//! Times and numbers as people read them. Words change rarely on purpose: a screen that counts seconds is never quiet.

use std::time::Duration;

use jiff::tz::TimeZone;

use crate::expr::{Operator, Threshold};
use crate::incident::view::{ActionStatus, ActionView};
use crate::model::Timestamp;
use crate::model::duration::in_words;
use crate::model::safe_text::{SafeText, sanitize};
use crate::model::verdict::Verdict;
use crate::record::entry::ActionOutcome;
use crate::theme::Role;

/// True when nobody knows whether the action happened: it is to be settled, not repeated.
pub fn is_unknown(state: &ActionView) -> bool {
    matches!(
        state.status,
        ActionStatus::Unknown | ActionStatus::Ended(ActionOutcome::Unknown)
    )
}

/// How a verdict is drawn, beside its word.
pub const fn verdict_role(verdict: Verdict) -> Role {
    match verdict {
        Verdict::Pass => Role::Good,
        Verdict::Fail => Role::Bad,
        Verdict::Inconclusive => Role::Doubt,
    }
}

/// Time from `since` to `now`, nothing when the clocks disagree.
pub fn between(since: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(since)).unwrap_or_default()
}

/// How long ago, in steps of 30 seconds: `just now`, `30 s ago`, `4 min ago`, `3 h ago`, `2 d ago`.
pub fn age(since: Timestamp, now: Timestamp) -> SafeText {
    let seconds = between(since, now).as_secs();
    sanitize(&match seconds {
        0..30 => "just now".to_owned(),
        30..120 => format!("{} s ago", seconds / 30 * 30),
        120..7_200 => format!("{} min ago", seconds / 60),
        7_200..172_800 => format!("{} h ago", seconds / 3_600),
        _ => format!("{} d ago", seconds / 86_400),
    })
}

/// Time since the opening in minutes: `T+14m`, `T+1h52`, `T+3d 2h`.
pub fn since_opening(opened: Timestamp, now: Timestamp) -> SafeText {
    let minutes = between(opened, now).as_secs() / 60;
    let words = match minutes {
        0..100 => format!("{minutes}m"),
        _ => in_words(Duration::from_secs(minutes * 60)),
    };
    sanitize(&format!("T+{words}"))
}

/// Time of day, with the day in front when it is not today's.
pub fn time(at: Timestamp, now: Timestamp, zone: &TimeZone) -> SafeText {
    let at = at.to_zoned(zone.clone());
    let format = if at.date() == now.to_zoned(zone.clone()).date() {
        "%H:%M:%S"
    } else {
        "%m-%d %H:%M"
    };
    sanitize(&at.strftime(format).to_string())
}

/// Hour and minute, with the day in front when it is not today's.
pub fn minute(at: Timestamp, now: Timestamp, zone: &TimeZone) -> SafeText {
    let at = at.to_zoned(zone.clone());
    let format = if at.date() == now.to_zoned(zone.clone()).date() {
        "%H:%M"
    } else {
        "%m-%d %H:%M"
    };
    sanitize(&at.strftime(format).to_string())
}

/// Date, time and zone, whole.
pub fn full_time(at: Timestamp, zone: &TimeZone) -> SafeText {
    let at = at.to_zoned(zone.clone());
    sanitize(&at.strftime("%Y-%m-%d %H:%M:%S %Z").to_string())
}

/// The zone's name: `UTC`, `Europe/Berlin`, `+02:00`.
pub fn zone_name(zone: &TimeZone, now: Timestamp) -> SafeText {
    sanitize(&match zone.iana_name() {
        Some(name) => name.to_owned(),
        None => now.to_zoned(zone.clone()).strftime("%Z").to_string(),
    })
}

/// Milliseconds a run took: `18 ms`, `2.4 s`, `3m`.
pub fn took(duration_ms: u64) -> SafeText {
    sanitize(&match duration_ms {
        0..1_000 => format!("{duration_ms} ms"),
        1_000..60_000 => format!("{}.{} s", duration_ms / 1_000, duration_ms / 100 % 10),
        _ => in_words(Duration::from_millis(duration_ms)),
    })
}

/// A count with a thin grouping: `1 000 000`.
pub fn count(number: u64) -> SafeText {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    sanitize(&text)
}

/// `1 row`, `50 rows`.
pub fn rows(number: u64) -> SafeText {
    let word = if number == 1 { "row" } else { "rows" };
    sanitize(&format!("{} {word}", count(number)))
}

/// A sample for people: whole numbers whole, large ones with k, M, G; NaN and infinities by name.
pub fn value(number: f64) -> SafeText {
    let size = number.abs();
    sanitize(&if !number.is_finite() {
        format!("{number}")
    } else if size >= 1e15 {
        format!("{number:.2e}")
    } else if size >= 1e4 {
        let (unit, word) = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")]
            .into_iter()
            .find(|(unit, _)| size >= *unit)
            .unwrap_or((1.0, ""));
        format!("{}{word}", trimmed(number / unit, 1))
    } else if size >= 1.0 || number == 0.0 {
        trimmed(number, 2)
    } else if size >= 1e-4 {
        trimmed(number, 6)
    } else {
        format!("{number:.1e}")
    })
}

/// `> 0`.
pub fn threshold(threshold: Threshold) -> SafeText {
    let sign = match threshold.operator {
        Operator::Greater => ">",
        Operator::GreaterOrEqual => "≥",
        Operator::Less => "<",
        Operator::LessOrEqual => "≤",
        Operator::Equal => "=",
        Operator::NotEqual => "≠",
    };
    sanitize(&format!("{sign} {}", value(threshold.number)))
}

fn trimmed(number: f64, decimals: usize) -> String {
    let text = format!("{number:.decimals$}");
    if text.contains('.') {
        let short = text.trim_end_matches('0').trim_end_matches('.');
        return if short == "-0" {
            "0".to_owned()
        } else {
            short.to_owned()
        };
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_step_by_thirty_seconds() {
        let now = Timestamp::UNIX_EPOCH;
        for (seconds, words) in [
            (-5, "just now"),
            (29, "just now"),
            (59, "30 s ago"),
            (119, "90 s ago"),
            (240, "4 min ago"),
            (7_199, "119 min ago"),
            (7_200, "2 h ago"),
            (200_000, "2 d ago"),
        ] {
            let later = now + jiff::SignedDuration::from_secs(seconds);
            assert_eq!(age(now, later).as_str(), words);
        }
    }

    #[test]
    fn numbers_are_short_and_exact_enough() {
        for (number, text) in [
            (0.0, "0"),
            (42.0, "42"),
            (1234.5, "1234.5"),
            (15_000.0, "15k"),
            (2_500_000.0, "2.5M"),
            (0.25, "0.25"),
            (0.000_01, "1.0e-5"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "inf"),
            (-0.001, "-0.001"),
        ] {
            assert_eq!(value(number).as_str(), text);
        }
        assert_eq!(count(1_000_000).as_str(), "1 000 000");
        assert_eq!(took(2_450).as_str(), "2.4 s");
    }
}
