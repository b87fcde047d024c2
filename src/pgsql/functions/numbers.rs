//! Arithmetic.

use rust_decimal::prelude::{FromPrimitive as _, ToPrimitive as _};
use rust_decimal::{Decimal, MathematicalOps as _, RoundingStrategy};

use super::{Call, Entry};
use crate::pgsql::error::Error;
use crate::pgsql::text::number::{self, rescale, too_long};
use crate::pgsql::value::{Type, Value};

/// Arguments of other types than the signature says: the resolver does not let them through.
pub fn wrong() -> Error {
    Error::new("XX000", "a function met a value of another type")
}

fn division_by_zero() -> Error {
    Error::new("22012", "division by zero")
}

/// A sum, with the larger of the scales.
pub fn add(left: Decimal, right: Decimal) -> Result<Decimal, Error> {
    keep_scale(left.checked_add(right), left.scale().max(right.scale()))
}

/// A result that has not lost digits to be kept at all.
fn keep_scale(value: Option<Decimal>, scale: u32) -> Result<Decimal, Error> {
    let mut value = value.ok_or_else(too_long)?;
    if value.scale() < scale {
        value.rescale(scale);
    }
    if value.scale() == scale {
        Ok(value)
    } else {
        Err(too_long())
    }
}

/// A quotient with as many digits as PostgreSQL gives it: at least 16 that count, and no fewer behind the point than either side.
pub fn divide(left: Decimal, right: Decimal) -> Result<Decimal, Error> {
    if right.is_zero() {
        return Err(division_by_zero());
    }
    let scale = quotient_scale(left, right);
    exact_quotient(left, right, scale)
        .or_else(|| {
            let quotient = left.checked_div(right)?;
            (quotient.scale() >= scale || !left.is_zero())
                .then_some(quotient)
                .and_then(|quotient| rescale(quotient, scale).ok())
        })
        .ok_or_else(too_long)
}

/// `select_div_scale` of the server, which counts in groups of four digits.
fn quotient_scale(left: Decimal, right: Decimal) -> u32 {
    let (left_weight, left_first) = weight(left);
    let (right_weight, right_first) = weight(right);
    let mut weight = left_weight - right_weight;
    if left_first <= right_first {
        weight -= 1;
    }
    u32::try_from((16 - weight * 4).max(0))
        .unwrap_or_default()
        .max(left.scale())
        .max(right.scale())
}

/// The place of the first group of four digits that is not zero, and that group.
fn weight(value: Decimal) -> (i32, u32) {
    let text = value.abs().to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let padded_whole = format!("{}{whole}", "0".repeat((4 - whole.len() % 4) % 4));
    let padded_fraction = format!("{fraction}{}", "0".repeat((4 - fraction.len() % 4) % 4));
    let first = (padded_whole.len() / 4) as i32 - 1;
    let digits = padded_whole + &padded_fraction;
    for (index, group) in digits.as_bytes().chunks(4).enumerate() {
        let group = group
            .iter()
            .fold(0_u32, |sum, digit| sum * 10 + u32::from(digit - b'0'));
        if group != 0 {
            return (first - index as i32, group);
        }
    }
    (0, 0)
}

/// The quotient in whole numbers, rounded half away from zero; none where they do not hold it.
fn exact_quotient(left: Decimal, right: Decimal, scale: u32) -> Option<Decimal> {
    let power = i64::from(scale) + i64::from(right.scale()) - i64::from(left.scale());
    let power = u32::try_from(power).ok()?;
    let top = left.mantissa().checked_mul(10_i128.checked_pow(power)?)?;
    let bottom = right.mantissa();
    let (quotient, rest) = (top / bottom, top % bottom);
    let away = rest.unsigned_abs() * 2 >= bottom.unsigned_abs();
    let sign = if (top < 0) == (bottom < 0) { 1 } else { -1 };
    Decimal::try_from_i128_with_scale(quotient + i128::from(away) * sign, scale).ok()
}

fn whole(result: Option<i64>, call: &Call) -> Result<Value, Error> {
    result
        .filter(|value| number::fits(call.result, *value))
        .map(Value::Int)
        .ok_or_else(|| Error::new("22003", format!("{} out of range", call.result.long_name())))
}

/// A result of arithmetic; an error when it left the range of its finite arguments.
pub fn finite(value: f64, arguments: &[Value]) -> Result<Value, Error> {
    let was_infinite = arguments
        .iter()
        .any(|argument| matches!(argument, Value::Float(value) if !value.is_finite()));
    if value.is_infinite() && !was_infinite {
        return Err(Error::new("22003", "value out of range: overflow"));
    }
    Ok(Value::Float(value))
}

fn plus(call: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Int(left), Value::Int(right)] => whole(left.checked_add(*right), call),
        [Value::Numeric(left), Value::Numeric(right)] => Ok(Value::Numeric(add(*left, *right)?)),
        [Value::Float(left), Value::Float(right)] => finite(left + right, arguments),
        _ => Err(wrong()),
    }
}

fn minus(call: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Int(left), Value::Int(right)] => whole(left.checked_sub(*right), call),
        [Value::Numeric(left), Value::Numeric(right)] => Ok(Value::Numeric(add(*left, -*right)?)),
        [Value::Float(left), Value::Float(right)] => finite(left - right, arguments),
        _ => Err(wrong()),
    }
}

fn times(call: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Int(left), Value::Int(right)] => whole(left.checked_mul(*right), call),
        [Value::Numeric(left), Value::Numeric(right)] => Ok(Value::Numeric(keep_scale(
            left.checked_mul(*right),
            left.scale() + right.scale(),
        )?)),
        [Value::Float(left), Value::Float(right)] => finite(left * right, arguments),
        _ => Err(wrong()),
    }
}

fn over(call: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Int(_), Value::Int(0)] => Err(division_by_zero()),
        [Value::Float(left), Value::Float(right)] if *right == 0.0 && !left.is_nan() => {
            Err(division_by_zero())
        }
        [Value::Int(left), Value::Int(right)] => whole(left.checked_div(*right), call),
        [Value::Numeric(left), Value::Numeric(right)] => Ok(Value::Numeric(divide(*left, *right)?)),
        [Value::Float(left), Value::Float(right)] => finite(left / right, arguments),
        _ => Err(wrong()),
    }
}

fn modulo(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Int(_), Value::Int(0)] => Err(division_by_zero()),
        [Value::Int(left), Value::Int(right)] => {
            Ok(Value::Int(left.checked_rem(*right).unwrap_or_default()))
        }
        [Value::Numeric(left), Value::Numeric(right)] => {
            if right.is_zero() {
                return Err(division_by_zero());
            }
            let scale = left.scale().max(right.scale());
            Ok(Value::Numeric(keep_scale(left.checked_rem(*right), scale)?))
        }
        _ => Err(wrong()),
    }
}

fn negate(call: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Int(value)] => whole(value.checked_neg(), call),
        [Value::Numeric(value)] => Ok(Value::Numeric(-*value)),
        [Value::Float(value)] => Ok(Value::Float(-value)),
        _ => Err(wrong()),
    }
}

fn itself(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    arguments.first().cloned().ok_or_else(wrong)
}

fn abs(call: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Int(value)] => whole(value.checked_abs(), call),
        [Value::Numeric(value)] => Ok(Value::Numeric(value.abs())),
        [Value::Float(value)] => Ok(Value::Float(value.abs())),
        _ => Err(wrong()),
    }
}

fn sign(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    Ok(match arguments {
        [Value::Float(value)] if *value == 0.0 || value.is_nan() => Value::Float(*value),
        [Value::Float(value)] => Value::Float(value.signum()),
        [Value::Numeric(value)] => Value::Numeric(if value.is_zero() {
            Decimal::ZERO
        } else if value.is_sign_negative() {
            -Decimal::ONE
        } else {
            Decimal::ONE
        }),
        _ => return Err(wrong()),
    })
}

/// Rounds a numeric to some digits, which may count before the point.
fn to_digits(value: Decimal, digits: i64, strategy: RoundingStrategy) -> Result<Value, Error> {
    if let Ok(scale) = u32::try_from(digits) {
        let scale = scale.min(28);
        let mut rounded = value.round_dp_with_strategy(scale, strategy);
        rounded.rescale(scale);
        return if rounded.scale() == scale {
            Ok(Value::Numeric(rounded))
        } else {
            Err(too_long())
        };
    }
    let power = u32::try_from(-digits).unwrap_or(u32::MAX);
    let Some(unit) = 10_i64.checked_pow(power).map(Decimal::from) else {
        return Ok(Value::Numeric(Decimal::ZERO));
    };
    let mut rounded = (value / unit).round_dp_with_strategy(0, strategy) * unit;
    rounded.rescale(0);
    Ok(Value::Numeric(rounded))
}

fn round(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    let away = RoundingStrategy::MidpointAwayFromZero;
    match arguments {
        [Value::Float(value)] => Ok(Value::Float(value.round_ties_even())),
        [Value::Numeric(value)] => to_digits(*value, 0, away),
        [Value::Numeric(value), Value::Int(digits)] => to_digits(*value, *digits, away),
        _ => Err(wrong()),
    }
}

fn trunc(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    let down = RoundingStrategy::ToZero;
    match arguments {
        [Value::Float(value)] => Ok(Value::Float(value.trunc())),
        [Value::Numeric(value)] => to_digits(*value, 0, down),
        [Value::Numeric(value), Value::Int(digits)] => to_digits(*value, *digits, down),
        _ => Err(wrong()),
    }
}

fn floor(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Float(value)] => Ok(Value::Float(value.floor())),
        [Value::Numeric(value)] => Ok(Value::Numeric(value.floor())),
        _ => Err(wrong()),
    }
}

fn ceil(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Float(value)] => Ok(Value::Float(value.ceil())),
        [Value::Numeric(value)] => Ok(Value::Numeric(value.ceil())),
        _ => Err(wrong()),
    }
}

fn power(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Float(base), Value::Float(exponent)] => {
            if *base == 0.0 && *exponent < 0.0 {
                return Err(Error::new(
                    "2201F",
                    "zero raised to a negative power is undefined",
                ));
            }
            if *base < 0.0 && exponent.fract() != 0.0 {
                return Err(Error::new(
                    "2201F",
                    "a negative number raised to a non-integer power yields a complex result",
                ));
            }
            finite(base.powf(*exponent), arguments)
        }
        [Value::Numeric(base), Value::Numeric(exponent)] => {
            // A whole power is exact where it fits; the server shows at least 16 digits behind the point.
            let exact = exponent
                .to_u64()
                .filter(|power| *power > 0 && exponent.is_integer() && !base.is_zero())
                .and_then(|power| base.checked_powu(power))
                .filter(|value| value.scale() <= base.scale().max(16))
                .and_then(|value| rescale(value, base.scale().max(16)).ok());
            exact.map(Value::Numeric).ok_or_else(|| {
                Error::unsupported("this power of a numeric; cast to double precision")
            })
        }
        _ => Err(wrong()),
    }
}

fn sqrt(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Float(value)] if *value < 0.0 => Err(Error::new(
            "2201F",
            "cannot take square root of a negative number",
        )),
        [Value::Float(value)] => Ok(Value::Float(value.sqrt())),
        _ => Err(wrong()),
    }
}

/// Of a numeric the server computes as many digits as are asked for.
fn only_floats(_: &Call, _: &[Value]) -> Result<Value, Error> {
    Err(Error::unsupported(
        "this function of a numeric; cast to double precision",
    ))
}

fn logarithm(arguments: &[Value], of: fn(f64) -> f64) -> Result<Value, Error> {
    match arguments {
        [Value::Float(value)] if *value == 0.0 => {
            Err(Error::new("2201E", "cannot take logarithm of zero"))
        }
        [Value::Float(value)] if *value < 0.0 => Err(Error::new(
            "2201E",
            "cannot take logarithm of a negative number",
        )),
        [Value::Float(value)] => Ok(Value::Float(of(*value))),
        _ => Err(wrong()),
    }
}

fn ln(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    logarithm(arguments, f64::ln)
}

fn log(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    logarithm(arguments, f64::log10)
}

fn exp(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Float(value)] => finite(value.exp(), arguments),
        _ => Err(wrong()),
    }
}

fn scale(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Numeric(value)] => Ok(Value::Int(i64::from(value.scale()))),
        _ => Err(wrong()),
    }
}

fn width_bucket(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    let [
        Value::Float(value),
        Value::Float(low),
        Value::Float(high),
        Value::Int(count),
    ] = arguments
    else {
        return Err(wrong());
    };
    if *count <= 0 {
        return Err(Error::new("2201G", "count must be greater than zero"));
    }
    if low.total_cmp(high).is_eq() {
        return Err(Error::new("2201G", "lower bound cannot equal upper bound"));
    }
    let place = (value - low) / (high - low);
    Ok(Value::Int(if place < 0.0 {
        0
    } else if place >= 1.0 {
        count + 1
    } else {
        i64::from_f64((place * *count as f64).floor()).unwrap_or_default() + 1
    }))
}

/// `float8 ^ float8` and the other names of functions of one number.
pub const TABLE: &[Entry] = &[
    ("+", "int2 int2 -> int2", plus),
    ("+", "int4 int4 -> int4", plus),
    ("+", "int8 int8 -> int8", plus),
    ("+", "numeric numeric -> numeric", plus),
    ("+", "float8 float8 -> float8", plus),
    ("-", "int2 int2 -> int2", minus),
    ("-", "int4 int4 -> int4", minus),
    ("-", "int8 int8 -> int8", minus),
    ("-", "numeric numeric -> numeric", minus),
    ("-", "float8 float8 -> float8", minus),
    ("*", "int2 int2 -> int2", times),
    ("*", "int4 int4 -> int4", times),
    ("*", "int8 int8 -> int8", times),
    ("*", "numeric numeric -> numeric", times),
    ("*", "float8 float8 -> float8", times),
    ("/", "int2 int2 -> int2", over),
    ("/", "int4 int4 -> int4", over),
    ("/", "int8 int8 -> int8", over),
    ("/", "numeric numeric -> numeric", over),
    ("/", "float8 float8 -> float8", over),
    ("%", "int2 int2 -> int2", modulo),
    ("%", "int4 int4 -> int4", modulo),
    ("%", "int8 int8 -> int8", modulo),
    ("%", "numeric numeric -> numeric", modulo),
    ("mod", "int2 int2 -> int2", modulo),
    ("mod", "int4 int4 -> int4", modulo),
    ("mod", "int8 int8 -> int8", modulo),
    ("mod", "numeric numeric -> numeric", modulo),
    ("^", "float8 float8 -> float8", power),
    ("^", "numeric numeric -> numeric", power),
    ("power", "float8 float8 -> float8", power),
    ("power", "numeric numeric -> numeric", power),
    ("pow", "float8 float8 -> float8", power),
    ("pow", "numeric numeric -> numeric", power),
    ("-", "int2 -> int2", negate),
    ("-", "int4 -> int4", negate),
    ("-", "int8 -> int8", negate),
    ("-", "numeric -> numeric", negate),
    ("-", "float8 -> float8", negate),
    ("+", "int2 -> int2", itself),
    ("+", "int4 -> int4", itself),
    ("+", "int8 -> int8", itself),
    ("+", "numeric -> numeric", itself),
    ("+", "float8 -> float8", itself),
    ("abs", "int2 -> int2", abs),
    ("abs", "int4 -> int4", abs),
    ("abs", "int8 -> int8", abs),
    ("abs", "numeric -> numeric", abs),
    ("abs", "float8 -> float8", abs),
    ("sign", "numeric -> numeric", sign),
    ("sign", "float8 -> float8", sign),
    ("round", "numeric -> numeric", round),
    ("round", "float8 -> float8", round),
    ("round", "numeric int4 -> numeric", round),
    ("trunc", "numeric -> numeric", trunc),
    ("trunc", "float8 -> float8", trunc),
    ("trunc", "numeric int4 -> numeric", trunc),
    ("floor", "numeric -> numeric", floor),
    ("floor", "float8 -> float8", floor),
    ("ceil", "numeric -> numeric", ceil),
    ("ceil", "float8 -> float8", ceil),
    ("ceiling", "numeric -> numeric", ceil),
    ("ceiling", "float8 -> float8", ceil),
    ("sqrt", "float8 -> float8", sqrt),
    ("sqrt", "numeric -> numeric", only_floats),
    ("ln", "float8 -> float8", ln),
    ("ln", "numeric -> numeric", only_floats),
    ("log", "float8 -> float8", log),
    ("log", "numeric -> numeric", only_floats),
    ("log10", "float8 -> float8", log),
    ("exp", "float8 -> float8", exp),
    ("exp", "numeric -> numeric", only_floats),
    ("scale", "numeric -> int4", scale),
    (
        "width_bucket",
        "float8 float8 float8 int4 -> int4",
        width_bucket,
    ),
];

/// The type of a whole number that stands in a statement.
pub fn literal_type(value: i128) -> Type {
    if i32::try_from(value).is_ok() {
        Type::Int4
    } else if i64::try_from(value).is_ok() {
        Type::Int8
    } else {
        Type::Numeric(None)
    }
}
