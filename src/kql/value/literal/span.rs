//! Lengths of time as text.

use crate::kql::value::calendar::Time;
use crate::kql::value::{TICKS_PER_DAY, TICKS_PER_SECOND};

/// Units and their ticks; a nanosecond has none, and is left out.
const UNITS: &[(&[&str], i64)] = &[
    (&["d", "day", "days"], TICKS_PER_DAY),
    (
        &["h", "hr", "hrs", "hour", "hours"],
        3_600 * TICKS_PER_SECOND,
    ),
    (&["m", "min", "minute", "minutes"], 60 * TICKS_PER_SECOND),
    (&["s", "sec", "second", "seconds"], TICKS_PER_SECOND),
    (
        &[
            "ms",
            "milli",
            "millis",
            "millisec",
            "millisecond",
            "milliseconds",
        ],
        10_000,
    ),
    (
        &["micro", "micros", "microsec", "microsecond", "microseconds"],
        10,
    ),
    (&["tick", "ticks"], 1),
];

/// The ticks of a bare timespan literal such as `1d`, `2.5h`, `30m`, `10s`, `100ms`, `5microsecond`, `1tick`.
pub fn timespan(text: &str) -> Option<i64> {
    let digits = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits)?;
    let unit = unit.trim();
    let (_, ticks) = UNITS.iter().find(|(names, _)| names.contains(&unit))?;
    scaled(number, *ticks)
}

/// A length of time as `time(…)` and `totimespan()` read it: `1.02:03:04.5`, `02:03`, `1d`, a bare number of days, any of them with a sign.
pub fn text(text: &str) -> Option<i64> {
    let text = text.trim();
    let (negative, size) = match text.strip_prefix('-') {
        Some(size) => (true, size.trim_start()),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let ticks = clock(size).or_else(|| timespan(size)).or_else(|| {
        let days: i64 = whole(size)?;
        days.checked_mul(TICKS_PER_DAY)
    })?;
    Some(if negative { -ticks } else { ticks })
}

/// `[d.]hh:mm[:ss[.fffffff]]`
fn clock(text: &str) -> Option<i64> {
    let (hour, rest) = text.split_once(':')?;
    let (days, hour) = match hour.split_once('.') {
        Some((days, hour)) => (whole(days)?, hour),
        None => (0, hour),
    };
    let (minute, second) = rest.split_once(':').unwrap_or((rest, "0"));
    let (second, fraction) = second.split_once('.').unwrap_or((second, "0"));
    let time = Time {
        hour: whole(hour)?,
        minute: whole(minute)?,
        second: whole(second)?,
        ticks: fraction_ticks(fraction)?,
    };
    days.checked_mul(TICKS_PER_DAY)?.checked_add(time.ticks()?)
}

/// The digits after the point of a second, in ticks; digits past the seventh are cut off.
pub(super) fn fraction_ticks(digits: &str) -> Option<i64> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    format!("{:0<7}", digits.get(..7).unwrap_or(digits))
        .parse()
        .ok()
}

/// Digits and nothing else.
pub(super) fn whole(digits: &str) -> Option<i64> {
    let digits = digits.trim();
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}

/// A decimal number times `unit`, exactly, cut off at a tick.
fn scaled(number: &str, unit: i64) -> Option<i64> {
    let (int, fraction) = number.split_once('.').unwrap_or((number, ""));
    let mut ticks = i128::from(if int.is_empty() && !fraction.is_empty() {
        0
    } else {
        whole(int)?
    }) * i128::from(unit);
    if !fraction.is_empty() {
        let digits = fraction.get(..15).unwrap_or(fraction);
        let scale = 10_i128.pow(u32::try_from(digits.len()).ok()?);
        ticks += i128::from(whole(digits)?) * i128::from(unit) / scale;
    }
    i64::try_from(ticks).ok()
}
