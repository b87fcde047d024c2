//! Times and lengths of time as databases write them, read only as far as sorting needs.
//!
//! PostgreSQL writes years past 9999, `BC` and `infinity`, which general libraries refuse.

/// Seconds since 1970 and nanoseconds, of an ISO date or time with or without a zone (none means UTC).
pub(in crate::sources) fn instant(text: &str) -> Option<(i64, u32)> {
    let text = text.trim();
    match text {
        "infinity" => return Some((i64::MAX - 1, 0)),
        "-infinity" => return Some((i64::MIN, 0)),
        _ => {}
    }
    let (text, before_christ) = text
        .strip_suffix(" BC")
        .map_or((text, false), |text| (text, true));
    let (date, time) = text.split_once([' ', 'T']).unwrap_or((text, ""));
    let mut parts = date.splitn(3, '-').map(str::parse::<i64>);
    let (year, month, day) = (
        parts.next()?.ok()?,
        parts.next()?.ok()?,
        parts.next()?.ok()?,
    );
    if !(0..=400_000).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // 1 BC is the year 0 of the reckoning used here.
    let year = if before_christ { 1 - year } else { year };
    let midnight = days_since_1970(year, month, day) * 86_400;
    if time.is_empty() {
        return Some((midnight, 0));
    }
    let (clock, offset) = match time.find(['+', '-', 'Z']) {
        Some(at) => (time.get(..at)?, zone_seconds(time.get(at..)?)?),
        None => (time, 0),
    };
    let (seconds, nanos) = clock_time(clock)?;
    Some((midnight + seconds - offset, nanos))
}

/// Microseconds of an interval in PostgreSQL's own style, with a month of 30 days and a day of 24 hours: the order
/// that PostgreSQL itself sorts intervals in.
pub(super) fn interval_micros(text: &str) -> Option<i64> {
    let mut total = 0_i128;
    let mut number: Option<i128> = None;
    for word in text.split_ascii_whitespace() {
        if let Some(count) = number.take() {
            let days = match word.trim_end_matches('s') {
                "year" => 360,
                "mon" => 30,
                "day" => 1,
                _ => return None,
            };
            total += count * days * 86_400_000_000;
        } else if word.contains(':') {
            let (negative, clock) = word
                .strip_prefix('-')
                .map_or((false, word.trim_start_matches('+')), |clock| (true, clock));
            let (seconds, nanos) = clock_time(clock)?;
            let micros = i128::from(seconds) * 1_000_000 + i128::from(nanos / 1_000);
            total += if negative { -micros } else { micros };
        } else {
            number = Some(i128::from(word.parse::<i64>().ok()?));
        }
    }
    if text.trim().is_empty() || number.is_some() {
        return None;
    }
    Some(total.clamp(i128::from(i64::MIN), i128::from(i64::MAX - 1)) as i64)
}

/// `hh:mm`, `hh:mm:ss` or `hh:mm:ss.fraction`.
fn clock_time(text: &str) -> Option<(i64, u32)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut seconds = 0_i64;
    for (part, size) in whole.split(':').zip([3_600_i64, 60, 1]) {
        seconds += i64::from(part.parse::<u32>().ok()?) * size;
    }
    let nanos = fraction
        .bytes()
        .chain(std::iter::repeat(b'0'))
        .take(9)
        .try_fold(0_u32, |sum, digit| {
            digit
                .is_ascii_digit()
                .then(|| sum * 10 + u32::from(digit - b'0'))
        })?;
    Some((seconds, nanos))
}

fn zone_seconds(zone: &str) -> Option<i64> {
    if zone == "Z" {
        return Some(0);
    }
    let (negative, clock) = zone
        .strip_prefix('-')
        .map_or((false, zone.trim_start_matches('+')), |clock| (true, clock));
    let (seconds, _) = clock_time(clock)?;
    Some(if negative { -seconds } else { seconds })
}

/// Days of the proleptic Gregorian calendar (Howard Hinnant's `days_from_civil`).
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_agree_with_a_library() {
        for text in [
            "1970-01-01T00:00:00Z",
            "2000-02-29T23:59:59.123456789+05:30",
            "1600-03-01T00:00:00-08:00",
            "9999-12-31T23:59:59Z",
        ] {
            let expected: jiff::Timestamp = match text.parse() {
                Ok(timestamp) => timestamp,
                Err(_) => continue,
            };
            let floor = expected.as_nanosecond().div_euclid(1_000_000_000) as i64;
            let nanos = expected.as_nanosecond().rem_euclid(1_000_000_000) as u32;
            assert_eq!(instant(text), Some((floor, nanos)), "{text}");
        }
    }

    #[test]
    fn nonsense_is_nothing() {
        for text in [
            "",
            "x",
            "2026-13-01",
            "2026-01-01 xx",
            "2026",
            "2026-01-01 00:00:00+zz",
        ] {
            assert_eq!(instant(text), None, "{text}");
        }
        for text in ["", "5", "5 weeks", "x y", "1:x"] {
            assert_eq!(interval_micros(text), None, "{text}");
        }
    }
}
