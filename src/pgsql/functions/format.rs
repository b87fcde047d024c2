//! The patterns of `to_char`.

use rust_decimal::{Decimal, RoundingStrategy};

use crate::pgsql::civil::{self, Civil, HOUR, MINUTE, SECOND};
use crate::pgsql::error::Error;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];
/// Patterns of a time; a longer one stands before those it begins with.
const PATTERNS: [&str; 46] = [
    "YYYY", "yyyy", "YY", "yy", "MONTH", "Month", "month", "MON", "Mon", "mon", "MM", "mm", "DDD",
    "ddd", "DD", "dd", "DAY", "Day", "day", "DY", "Dy", "dy", "HH24", "hh24", "HH12", "hh12", "HH",
    "hh", "MI", "mi", "SS", "ss", "MS", "ms", "US", "us", "AM", "PM", "am", "pm", "IYYY", "IW",
    "ID", "Q", "D", "TZ",
];

/// A time by a pattern.
pub fn time(time: i64, form: &str) -> Result<String, Error> {
    let mut text = String::new();
    let mut rest = form;
    let mut padded = true;
    while let Some(first) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("FM") {
            padded = false;
            rest = after;
            continue;
        }
        if let Some(after) = rest.strip_prefix('"') {
            let end = after.find('"').unwrap_or(after.len());
            text.push_str(after.get(..end).unwrap_or_default());
            rest = after.get(end + 1..).unwrap_or_default();
            continue;
        }
        // Patterns of their own that begin like two others.
        if ["SSSS", "ssss", "IDDD", "iddd"]
            .iter()
            .any(|pattern| rest.starts_with(pattern))
        {
            return Err(unknown(rest));
        }
        if let Some(pattern) = PATTERNS.iter().find(|pattern| rest.starts_with(**pattern)) {
            text.push_str(&field(pattern, time, padded));
            padded = true;
            rest = rest.get(pattern.len()..).unwrap_or_default();
            continue;
        }
        if first.is_ascii_alphabetic() {
            return Err(unknown(rest));
        }
        text.push(first);
        rest = rest.get(first.len_utf8()..).unwrap_or_default();
    }
    Ok(text)
}

fn unknown(rest: &str) -> Error {
    Error::unsupported(&format!("the pattern of to_char at \"{rest}\""))
}

fn field(pattern: &str, time: i64, padded: bool) -> String {
    let (days, micros) = civil::split(time);
    let Civil { year, month, day } = civil::date_of(days);
    let hour = micros / HOUR;
    let number = |value: i64, width: usize| {
        if padded {
            format!("{value:0width$}")
        } else {
            value.to_string()
        }
    };
    let word = |name: &str, short: bool| {
        let name = if short {
            name.get(..3).unwrap_or(name)
        } else {
            name
        };
        let cased = if pattern.chars().all(char::is_uppercase) {
            name.to_uppercase()
        } else if pattern.chars().all(char::is_lowercase) {
            name.to_lowercase()
        } else {
            name.to_owned()
        };
        if padded && !short {
            format!("{cased:9}")
        } else {
            cased
        }
    };
    let month_name = MONTHS.get(month as usize - 1).copied().unwrap_or_default();
    let day_name = DAYS
        .get(civil::weekday(days) as usize)
        .copied()
        .unwrap_or_default();
    match pattern.to_ascii_uppercase().as_str() {
        "YYYY" => number(year, 4),
        "YY" => number(year.rem_euclid(100), 2),
        "IYYY" => number(civil::iso_week(days).0, 4),
        "IW" => number(civil::iso_week(days).1, 2),
        "ID" => ((civil::weekday(days) + 6) % 7 + 1).to_string(),
        "MONTH" => word(month_name, false),
        "MON" => word(month_name, true),
        "MM" => number(month, 2),
        "DDD" => number(
            days - civil::days_of(Civil {
                year,
                month: 1,
                day: 1,
            }) + 1,
            3,
        ),
        "DD" => number(day, 2),
        "D" => (civil::weekday(days) + 1).to_string(),
        "DAY" => word(day_name, false),
        "DY" => word(day_name, true),
        "HH24" => number(hour, 2),
        "HH12" | "HH" => number((hour + 11) % 12 + 1, 2),
        "MI" => number(micros / MINUTE % 60, 2),
        "SS" => number(micros / SECOND % 60, 2),
        "MS" => number(micros / 1000 % 1000, 3),
        "US" => number(micros % SECOND, 6),
        "Q" => ((month - 1) / 3 + 1).to_string(),
        "TZ" => "UTC".to_owned(),
        _ => {
            let half = if hour < 12 { "AM" } else { "PM" };
            if pattern.chars().all(char::is_lowercase) {
                half.to_lowercase()
            } else {
                half.to_owned()
            }
        }
    }
}

/// A number by a pattern of `9`, `0`, `,`, `.` and `FM`.
pub fn number(value: Decimal, form: &str) -> Result<String, Error> {
    let (form, trims) = match form.strip_prefix("FM") {
        Some(rest) => (rest, true),
        None => (form, false),
    };
    if form.is_empty() || !form.chars().all(|c| matches!(c, '9' | '0' | ',' | '.')) {
        return Err(Error::unsupported("this pattern of to_char for a number"));
    }
    let (whole_form, fraction_form) = form.split_once('.').unwrap_or((form, ""));
    if fraction_form.contains(['.', ',']) {
        return Err(Error::unsupported("this pattern of to_char for a number"));
    }
    let scale = fraction_form.len() as u32;
    let mut rounded = value.round_dp_with_strategy(scale, RoundingStrategy::MidpointAwayFromZero);
    rounded.rescale(scale);
    let digits = rounded.abs().to_string();
    let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
    // A zero before the point shows only where nothing stands behind it.
    let whole = if whole == "0" && form.contains('.') {
        ""
    } else {
        whole
    };
    let places = whole_form.chars().filter(|c| *c != ',').count();
    let overflows = whole.len() > places;
    let mut reversed = String::new();
    let mut left = whole.chars().rev().peekable();
    // From the first 0 of the pattern on, every place has a digit.
    let first_zero = whole_form.find('0');
    let mut sign = if rounded.is_sign_negative() && !rounded.is_zero() {
        Some('-')
    } else {
        None
    };
    for (index, character) in whole_form.char_indices().rev() {
        let forced = first_zero.is_some_and(|first| index >= first);
        let next = if character == ',' {
            (left.peek().is_some() || forced).then_some(',')
        } else {
            left.next().or(forced.then_some('0'))
        };
        match next {
            Some(next) => reversed.push(if overflows && next != ',' { '#' } else { next }),
            None => reversed.push(sign.take().unwrap_or(' ')),
        }
    }
    reversed.push(if reversed.contains('-') {
        ' '
    } else {
        sign.take().unwrap_or(' ')
    });
    let mut text: String = reversed.chars().rev().collect();
    if form.contains('.') {
        text.push('.');
        text.push_str(&if overflows {
            "#".repeat(fraction_form.len())
        } else {
            fraction.to_owned()
        });
    }
    if trims {
        let kept = fraction_form.rfind('0').map_or(0, |last| last + 1);
        if let Some(point) = text.find('.') {
            while text.ends_with('0') && text.len() > point + 1 + kept {
                text.pop();
            }
        }
        text = text.trim_start().to_owned();
    }
    Ok(text)
}
