//! Parts of times: `date_trunc`, `date_bin`, `extract`, `date_part`.

use rust_decimal::Decimal;

use super::numbers::wrong;
use super::time::{interval, is_infinite, out_of_range};
use super::{Call, Entry};
use crate::pgsql::civil::{self, Civil, DAY, HOUR, MINUTE, SECOND, date_of, days_of};
use crate::pgsql::error::Error;
use crate::pgsql::value::{Type, Value};

fn date_trunc(call: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Text(unit), Value::Timestamp(time)] => {
            if is_infinite(*time) {
                return Ok(Value::Timestamp(*time));
            }
            truncated(*time, &canonical(unit))
                .map(Value::Timestamp)
                .ok_or_else(|| unknown_unit(unit, call.result))
        }
        [
            Value::Text(unit),
            Value::Interval {
                months,
                days,
                micros,
            },
        ] => {
            let (months, days) = (i64::from(*months), i64::from(*days));
            let time = |unit: i64| (months, days, micros - micros % unit);
            let (months, days, micros) = match canonical(unit).as_str() {
                "year" => (months - months % 12, 0, 0),
                "quarter" => (months - months % 3, 0, 0),
                "month" => (months, 0, 0),
                "day" => (months, days, 0),
                "hour" => time(HOUR),
                "minute" => time(MINUTE),
                "second" => time(SECOND),
                "milliseconds" => time(1000),
                "microseconds" => time(1),
                _ => return Err(unknown_unit(unit, call.result)),
            };
            interval(months, days, micros)
        }
        _ => Err(wrong()),
    }
}

/// The one name of a unit that has several.
fn canonical(unit: &str) -> String {
    let unit = unit.to_ascii_lowercase();
    match unit.as_str() {
        "us" | "usec" | "microsecond" | "useconds" => "microseconds",
        "ms" | "msec" | "msecs" | "millisecond" | "mseconds" => "milliseconds",
        "s" | "sec" | "secs" | "seconds" => "second",
        "m" | "min" | "mins" | "minutes" => "minute",
        "h" | "hr" | "hrs" | "hours" => "hour",
        "d" | "days" => "day",
        "w" | "weeks" => "week",
        "mon" | "mons" | "months" => "month",
        "qtr" => "quarter",
        "y" | "yr" | "yrs" | "years" => "year",
        "dec" | "decs" | "decades" => "decade",
        "c" | "cent" | "centuries" => "century",
        "mil" | "mils" | "millennia" => "millennium",
        _ => return unit,
    }
    .to_owned()
}

fn unknown_unit(unit: &str, ty: &Type) -> Error {
    Error::new(
        "22023",
        format!("unit \"{unit}\" not recognized for type {}", ty.long_name()),
    )
}

fn truncated(time: i64, unit: &str) -> Option<i64> {
    let (days, micros) = civil::split(time);
    let date = date_of(days);
    let first = |year: i64, month: i64| {
        days_of(Civil {
            year,
            month,
            day: 1,
        }) * DAY
    };
    Some(match unit {
        "microseconds" => time,
        "milliseconds" => days * DAY + micros - micros % 1000,
        "second" => days * DAY + micros - micros % SECOND,
        "minute" => days * DAY + micros - micros % MINUTE,
        "hour" => days * DAY + micros - micros % HOUR,
        "day" => days * DAY,
        "week" => (days - (civil::weekday(days) + 6) % 7) * DAY,
        "month" => first(date.year, date.month),
        "quarter" => first(date.year, (date.month - 1) / 3 * 3 + 1),
        "year" => first(date.year, 1),
        "decade" => first(date.year.div_euclid(10) * 10, 1),
        "century" if date.year > 0 => first((date.year - 1) / 100 * 100 + 1, 1),
        "millennium" if date.year > 0 => first((date.year - 1) / 1000 * 1000 + 1, 1),
        _ => return None,
    })
}

fn date_bin(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    let [
        Value::Interval {
            months,
            days,
            micros,
        },
        Value::Timestamp(time),
        Value::Timestamp(origin),
    ] = arguments
    else {
        return Err(wrong());
    };
    if *months != 0 {
        return Err(Error::new(
            "0A000",
            "timestamps cannot be binned into intervals containing months or years",
        ));
    }
    let stride = i64::from(*days) * DAY + micros;
    if stride <= 0 {
        return Err(Error::new("22008", "stride must be greater than zero"));
    }
    if is_infinite(*time) {
        return Ok(Value::Timestamp(*time));
    }
    if is_infinite(*origin) {
        return Err(Error::new("22008", "origin out of range"));
    }
    let since = time
        .checked_sub(*origin)
        .ok_or_else(|| out_of_range("interval"))?;
    Ok(Value::Timestamp(origin + since.div_euclid(stride) * stride))
}

/// `extract(… FROM …)`: a numeric.
fn extract(call: &Call, arguments: &[Value]) -> Result<Value, Error> {
    let [Value::Text(field), source] = arguments else {
        return Err(wrong());
    };
    let ty = call.types.get(1).unwrap_or(&Type::Timestamptz);
    let infinite = match source {
        Value::Timestamp(time) => is_infinite(*time),
        Value::Date(days) => matches!(*days, i32::MAX | i32::MIN),
        _ => false,
    };
    if infinite {
        return Err(Error::unsupported("parts of infinite times"));
    }
    part(&canonical(field), source, ty)
        .map(Value::Numeric)
        .ok_or_else(|| unknown_unit(field, ty))
}

/// `date_part(…)`: the same as a `double precision`.
fn date_part(call: &Call, arguments: &[Value]) -> Result<Value, Error> {
    let part = extract(call, arguments)?;
    crate::pgsql::cast::cast(part, &Type::Numeric(None), &Type::Float8)
}

fn part(field: &str, source: &Value, ty: &Type) -> Option<Decimal> {
    let of_micros = |value: i64, scale: u32| Decimal::new(value, scale);
    match source {
        Value::Interval {
            months,
            days,
            micros,
        } => {
            let (months, days) = (i64::from(*months), i64::from(*days));
            let whole = match field {
                "millennium" => months / 12_000,
                "century" => months / 1200,
                "decade" => months / 120,
                "year" => months / 12,
                "quarter" => months % 12 / 3 + 1,
                "month" => months % 12,
                "day" => days,
                "hour" => micros / HOUR,
                "minute" => micros / MINUTE % 60,
                "second" => return Some(of_micros(micros % MINUTE, 6)),
                "milliseconds" => return Some(of_micros(micros % MINUTE, 3)),
                "microseconds" => micros % MINUTE,
                "epoch" => {
                    let month_seconds = months / 12 * 31_557_600 + months % 12 * 2_592_000;
                    let seconds = month_seconds + days * 86_400;
                    return Some(of_micros(
                        seconds.checked_mul(SECOND)?.checked_add(*micros)?,
                        6,
                    ));
                }
                _ => return None,
            };
            Some(Decimal::from(whole))
        }
        Value::Timestamp(time) => {
            let (days, micros) = civil::split(*time);
            let whole = match field {
                "hour" => micros / HOUR,
                "minute" => micros / MINUTE % 60,
                "second" => return Some(of_micros(micros % MINUTE, 6)),
                "milliseconds" => return Some(of_micros(micros % MINUTE, 3)),
                "microseconds" => micros % MINUTE,
                "epoch" => return Some(of_micros(*time, 6)),
                "timezone" | "timezone_hour" | "timezone_minute" if *ty == Type::Timestamptz => 0,
                "julian" => return None,
                _ => return day_part(field, days).map(Decimal::from),
            };
            Some(Decimal::from(whole))
        }
        Value::Date(days) => {
            let days = i64::from(*days);
            match field {
                "epoch" => Some(Decimal::from(days * 86_400)),
                _ => day_part(field, days).map(Decimal::from),
            }
        }
        _ => None,
    }
}

fn day_part(field: &str, days: i64) -> Option<i64> {
    let date = date_of(days);
    let first = days_of(Civil {
        month: 1,
        day: 1,
        ..date
    });
    // There is no year 0: what the calendar calls 0 is 1 BC.
    let year = if date.year > 0 {
        date.year
    } else {
        date.year - 1
    };
    Some(match field {
        "millennium" if year > 0 => (year + 999) / 1000,
        "century" if year > 0 => (year + 99) / 100,
        "decade" => date.year.div_euclid(10),
        "year" => year,
        "quarter" => (date.month - 1) / 3 + 1,
        "month" => date.month,
        "week" => civil::iso_week(days).1,
        "isoyear" => civil::iso_week(days).0,
        "day" => date.day,
        "dow" => civil::weekday(days),
        "isodow" => (civil::weekday(days) + 6) % 7 + 1,
        "doy" => days - first + 1,
        _ => return None,
    })
}

/// The functions.
pub const TABLE: &[Entry] = &[
    ("date_trunc", "text timestamptz -> timestamptz", date_trunc),
    ("date_trunc", "text timestamp -> timestamp", date_trunc),
    ("date_trunc", "text interval -> interval", date_trunc),
    ("extract", "text timestamptz -> numeric", extract),
    ("extract", "text timestamp -> numeric", extract),
    ("extract", "text date -> numeric", extract),
    ("extract", "text interval -> numeric", extract),
    ("date_part", "text timestamptz -> float8", date_part),
    ("date_part", "text timestamp -> float8", date_part),
    ("date_part", "text date -> float8", date_part),
    ("date_part", "text interval -> float8", date_part),
    (
        "date_bin",
        "interval timestamptz timestamptz -> timestamptz",
        date_bin,
    ),
    (
        "date_bin",
        "interval timestamp timestamp -> timestamp",
        date_bin,
    ),
];
