//! Times: arithmetic with intervals, parts of times, ages.

#![expect(
    clippy::unnecessary_wraps,
    reason = "all functions of the table have one signature"
)]

use rust_decimal::Decimal;

use super::numbers::wrong;
use super::{Call, Entry};
use crate::pgsql::cast::cast;
use crate::pgsql::civil::{self, BEFORE_ALL, Civil, DAY, FOREVER, add_months, date_of, days_of};
use crate::pgsql::error::Error;
use crate::pgsql::value::{Type, Value};

/// True for `infinity` and `-infinity`.
pub const fn is_infinite(time: i64) -> bool {
    time == FOREVER || time == BEFORE_ALL
}

/// A time or interval that cannot be held.
pub fn out_of_range(what: &str) -> Error {
    Error::new("22008", format!("{what} out of range"))
}

/// An interval of parts that may be too large for one.
pub fn interval(months: i64, days: i64, micros: i64) -> Result<Value, Error> {
    let (Ok(months), Ok(days)) = (i32::try_from(months), i32::try_from(days)) else {
        return Err(out_of_range("interval"));
    };
    Ok(Value::Interval {
        months,
        days,
        micros,
    })
}

/// Adds an interval, or takes it away when `sign` is -1.
pub fn add_intervals(left: &Value, right: &Value, sign: i64) -> Result<Value, Error> {
    let (
        Value::Interval {
            months,
            days,
            micros,
        },
        Value::Interval {
            months: other_months,
            days: other_days,
            micros: other_micros,
        },
    ) = (left, right)
    else {
        return Err(wrong());
    };
    interval(
        i64::from(*months) + sign * i64::from(*other_months),
        i64::from(*days) + sign * i64::from(*other_days),
        other_micros
            .checked_mul(sign)
            .and_then(|other| micros.checked_add(other))
            .ok_or_else(|| out_of_range("interval"))?,
    )
}

/// An interval times a factor, or parted by a divisor. What is left of months becomes days, of days time.
pub fn scale_interval(span: &Value, factor: f64, divisor: Option<f64>) -> Result<Value, Error> {
    let Value::Interval {
        months,
        days,
        micros,
    } = span
    else {
        return Err(wrong());
    };
    let scaled = |value: f64| match divisor {
        Some(divisor) => value / divisor,
        None => value * factor,
    };
    let to_micros = |value: f64| (value * 1e6).round_ties_even() / 1e6;
    let all_months = scaled(f64::from(*months));
    let all_days = scaled(f64::from(*days));
    let month_days = to_micros((all_months - all_months.trunc()) * 30.0);
    let mut seconds =
        to_micros((all_days - all_days.trunc() + month_days - month_days.trunc()) * 86_400.0);
    let mut whole_days = all_days.trunc();
    if seconds.abs() >= 86_400.0 {
        whole_days += (seconds / 86_400.0).trunc();
        seconds -= (seconds / 86_400.0).trunc() * 86_400.0;
    }
    let time = (scaled(*micros as f64) + seconds * 1e6).round_ties_even();
    if !(time.abs() < 9.2e18 && all_months.abs() < 2.1e9 && whole_days.abs() < 2.1e9) {
        return Err(out_of_range("interval"));
    }
    interval(
        all_months as i64,
        (whole_days + month_days.trunc()) as i64,
        time as i64,
    )
}

fn times_number(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [span @ Value::Interval { .. }, Value::Float(factor)]
        | [Value::Float(factor), span @ Value::Interval { .. }] => {
            scale_interval(span, *factor, None)
        }
        _ => Err(wrong()),
    }
}

fn over_number(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [_, Value::Float(divisor)] if *divisor == 0.0 => {
            Err(Error::new("22012", "division by zero"))
        }
        [span, Value::Float(divisor)] => scale_interval(span, 1.0, Some(*divisor)),
        _ => Err(wrong()),
    }
}

/// A timestamp moved by an interval: months first, then days, then time.
pub fn moved(timestamp: i64, span: &Value, sign: i64) -> Result<i64, Error> {
    let Value::Interval {
        months,
        days,
        micros,
    } = span
    else {
        return Err(wrong());
    };
    if is_infinite(timestamp) {
        return Ok(timestamp);
    }
    let (day, time) = civil::split(timestamp);
    let day = if *months == 0 {
        day
    } else {
        days_of(add_months(date_of(day), sign * i64::from(*months)))
    };
    (day + sign * i64::from(*days))
        .checked_mul(DAY)
        .and_then(|day| day.checked_add(time))
        .and_then(|time| time.checked_add(sign * micros))
        .ok_or_else(|| out_of_range("timestamp"))
}

fn plus(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Timestamp(time), span @ Value::Interval { .. }]
        | [span @ Value::Interval { .. }, Value::Timestamp(time)] => {
            moved(*time, span, 1).map(Value::Timestamp)
        }
        [date @ Value::Date(_), span @ Value::Interval { .. }]
        | [span @ Value::Interval { .. }, date @ Value::Date(_)] => moved_date(date, span, 1),
        [Value::Date(days), Value::Int(more)] | [Value::Int(more), Value::Date(days)] => {
            shifted(*days, *more)
        }
        [left, right] => add_intervals(left, right, 1),
        _ => Err(wrong()),
    }
}

/// A date moved by an interval is a timestamp.
fn moved_date(date: &Value, span: &Value, sign: i64) -> Result<Value, Error> {
    match cast(date.clone(), &Type::Date, &Type::Timestamp)? {
        Value::Timestamp(time) => moved(time, span, sign).map(Value::Timestamp),
        _ => Err(wrong()),
    }
}

/// A date some days later.
fn shifted(days: i32, by: i64) -> Result<Value, Error> {
    if days == i32::MAX || days == i32::MIN {
        return Ok(Value::Date(days));
    }
    let later = i64::from(days) + by;
    let within = (FIRST_DATE..=LAST_DATE).contains(&later);
    within
        .then_some(Value::Date(later as i32))
        .ok_or_else(|| out_of_range("date"))
}

/// The days on which the calendar of a server begins and ends: 4714-11-24 BC and 5874897-12-31.
const FIRST_DATE: i64 = -2_440_588;
const LAST_DATE: i64 = 2_145_042_905;

fn minus(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Timestamp(left), Value::Timestamp(right)] => {
            if is_infinite(*left) || is_infinite(*right) {
                return Err(Error::new("22008", "cannot subtract infinite timestamps"));
            }
            let difference = left
                .checked_sub(*right)
                .ok_or_else(|| out_of_range("interval"))?;
            interval(0, difference / DAY, difference % DAY)
        }
        [Value::Timestamp(time), span] => moved(*time, span, -1).map(Value::Timestamp),
        [Value::Date(i32::MIN | i32::MAX), Value::Date(_)]
        | [Value::Date(_), Value::Date(i32::MIN | i32::MAX)] => {
            Err(Error::new("22008", "cannot subtract infinite dates"))
        }
        [Value::Date(left), Value::Date(right)] => {
            Ok(Value::Int(i64::from(*left) - i64::from(*right)))
        }
        [Value::Date(days), Value::Int(less)] => shifted(*days, -less),
        [date @ Value::Date(_), span] => moved_date(date, span, -1),
        [left, right] => add_intervals(left, right, -1),
        [span] => add_intervals(
            &Value::Interval {
                months: 0,
                days: 0,
                micros: 0,
            },
            span,
            -1,
        ),
        _ => Err(wrong()),
    }
}

fn now(call: &Call, _: &[Value]) -> Result<Value, Error> {
    Ok(Value::Timestamp(call.run.context.now))
}

fn today(call: &Call, _: &[Value]) -> Result<Value, Error> {
    Ok(Value::Date(civil::split(call.run.context.now).0 as i32))
}

fn to_timestamp(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Float(seconds)] if seconds.abs() < 9.0e12 => {
            Ok(Value::Timestamp((seconds * 1e6).round_ties_even() as i64))
        }
        [Value::Float(seconds)] => Err(Error::new(
            "22008",
            format!("timestamp out of range: \"{seconds}\""),
        )),
        _ => Err(wrong()),
    }
}

fn make_date(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    let [Value::Int(year), Value::Int(month), Value::Int(day)] = arguments else {
        return Err(wrong());
    };
    let fits = *year != 0
        && year.abs() < 290_000
        && (1..=12).contains(month)
        && (1..=civil::days_in_month(*year, *month)).contains(day);
    if !fits {
        return Err(Error::new(
            "22008",
            format!("date field value out of range: {year}-{month:02}-{day:02}"),
        ));
    }
    Ok(Value::Date(days_of(Civil {
        year: if *year < 0 { year + 1 } else { *year },
        month: *month,
        day: *day,
    }) as i32))
}

/// The difference of two timestamps in years, months, days and time, as people count it.
fn age_between(left: i64, right: i64) -> Result<Value, Error> {
    if [left, right].iter().any(|time| is_infinite(*time)) {
        return Err(Error::unsupported("ages of infinite times"));
    }
    let (late, early) = (left.max(right), left.min(right));
    let ((late_day, late_time), (early_day, early_time)) =
        (civil::split(late), civil::split(early));
    let (to, from) = (date_of(late_day), date_of(early_day));
    let mut micros = late_time - early_time;
    let mut days = to.day - from.day;
    let mut months = (to.year - from.year) * 12 + to.month - from.month;
    if micros < 0 {
        micros += DAY;
        days -= 1;
    }
    if days < 0 {
        days += civil::days_in_month(from.year, from.month);
        months -= 1;
    }
    let sign = if left < right { -1 } else { 1 };
    interval(sign * months, sign * days, sign * micros)
}

fn age(call: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Timestamp(left), Value::Timestamp(right)] => age_between(*left, *right),
        [Value::Timestamp(time)] => age_between(civil::split(call.run.context.now).0 * DAY, *time),
        _ => Err(wrong()),
    }
}

fn justify_hours(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    let (months, mut days, mut micros) = parts_of(arguments)?;
    days += micros / DAY;
    micros %= DAY;
    if days > 0 && micros < 0 {
        (days, micros) = (days - 1, micros + DAY);
    } else if days < 0 && micros > 0 {
        (days, micros) = (days + 1, micros - DAY);
    }
    interval(months, days, micros)
}

fn justify_days(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    let (mut months, mut days, micros) = parts_of(arguments)?;
    months += days / 30;
    days %= 30;
    if months > 0 && days < 0 {
        (months, days) = (months - 1, days + 30);
    } else if months < 0 && days > 0 {
        (months, days) = (months + 1, days - 30);
    }
    interval(months, days, micros)
}

fn parts_of(arguments: &[Value]) -> Result<(i64, i64, i64), Error> {
    match arguments {
        [
            Value::Interval {
                months,
                days,
                micros,
            },
        ] => Ok((i64::from(*months), i64::from(*days), *micros)),
        _ => Err(wrong()),
    }
}

/// UTC is the only zone that needs no table of zones.
fn timezone(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Text(zone), Value::Timestamp(time)] => {
            if ["utc", "gmt", "z", "etc/utc"].contains(&zone.to_ascii_lowercase().as_str()) {
                Ok(Value::Timestamp(*time))
            } else {
                Err(Error::unsupported("other zones than UTC"))
            }
        }
        _ => Err(wrong()),
    }
}

fn to_char(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Timestamp(time), _] if is_infinite(*time) => Ok(Value::Null),
        [Value::Timestamp(time), Value::Text(form)] => {
            super::format::time(*time, form).map(Value::text)
        }
        [Value::Numeric(number), Value::Text(form)] => {
            super::format::number(*number, form).map(Value::text)
        }
        _ => Err(Error::unsupported("to_char of this type")),
    }
}

/// Operators and functions of times.
pub const TABLE: &[Entry] = &[
    ("+", "timestamptz interval -> timestamptz", plus),
    ("+", "interval timestamptz -> timestamptz", plus),
    ("+", "timestamp interval -> timestamp", plus),
    ("+", "interval timestamp -> timestamp", plus),
    ("+", "date interval -> timestamp", plus),
    ("+", "interval date -> timestamp", plus),
    ("+", "date int4 -> date", plus),
    ("+", "int4 date -> date", plus),
    ("+", "interval interval -> interval", plus),
    ("-", "timestamptz timestamptz -> interval", minus),
    ("-", "timestamp timestamp -> interval", minus),
    ("-", "date date -> int4", minus),
    ("-", "timestamptz interval -> timestamptz", minus),
    ("-", "timestamp interval -> timestamp", minus),
    ("-", "date interval -> timestamp", minus),
    ("-", "date int4 -> date", minus),
    ("-", "interval interval -> interval", minus),
    ("-", "interval -> interval", minus),
    ("*", "interval float8 -> interval", times_number),
    ("*", "float8 interval -> interval", times_number),
    ("/", "interval float8 -> interval", over_number),
    ("now", "-> timestamptz", now),
    ("transaction_timestamp", "-> timestamptz", now),
    ("statement_timestamp", "-> timestamptz", now),
    ("clock_timestamp", "-> timestamptz", now),
    ("current_timestamp", "-> timestamptz", now),
    ("localtimestamp", "-> timestamp", now),
    ("current_date", "-> date", today),
    ("to_timestamp", "float8 -> timestamptz", to_timestamp),
    ("make_date", "int4 int4 int4 -> date", make_date),
    ("age", "timestamptz timestamptz -> interval", age),
    ("age", "timestamp timestamp -> interval", age),
    ("age", "timestamptz -> interval", age),
    ("age", "timestamp -> interval", age),
    ("justify_hours", "interval -> interval", justify_hours),
    ("justify_days", "interval -> interval", justify_days),
    ("timezone", "text timestamptz -> timestamp", timezone),
    ("timezone", "text timestamp -> timestamptz", timezone),
    ("to_char", "timestamptz text -> text", to_char),
    ("to_char", "timestamp text -> text", to_char),
    ("to_char", "numeric text -> text", to_char),
    ("to_char", "int4 text -> text", to_char_whole),
    ("to_char", "int8 text -> text", to_char_whole),
    ("to_char", "interval text -> text", to_char),
    ("to_char", "float8 text -> text", to_char),
];

fn to_char_whole(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Int(value), Value::Text(form)] => {
            super::format::number(Decimal::from(*value), form).map(Value::text)
        }
        _ => Err(wrong()),
    }
}
