//! Numbers in text.

use rust_decimal::{Decimal, RoundingStrategy};

use super::super::error::Error;
use super::super::value::Type;

/// The shortest digits that read back as the same number, with an exponent where PostgreSQL writes one.
pub fn float(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if value == 0.0 || (-4..15).contains(&exponent) {
        return format!("{value}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

/// Reads an integer of a type's width.
pub fn parse_integer(ty: &Type, text: &str) -> Result<i64, Error> {
    let body = text.trim_matches(|c: char| c.is_ascii_whitespace());
    let digits = body.strip_prefix(['-', '+']).unwrap_or(body);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(super::invalid(ty, text));
    }
    body.parse()
        .ok()
        .filter(|value| fits(ty, *value))
        .ok_or_else(|| {
            Error::new(
                "22003",
                format!(
                    "value \"{text}\" is out of range for type {}",
                    ty.long_name()
                ),
            )
        })
}

/// True when a whole number is one of a type.
pub fn fits(ty: &Type, value: i64) -> bool {
    match ty {
        Type::Int2 => i16::try_from(value).is_ok(),
        Type::Int4 => i32::try_from(value).is_ok(),
        Type::Oid => u32::try_from(value).is_ok(),
        _ => true,
    }
}

/// Reads a `double precision`.
pub fn parse_float(text: &str) -> Result<f64, Error> {
    let body = text.trim();
    let invalid = || super::invalid(&Type::Float8, text);
    match body.to_ascii_lowercase().as_str() {
        "nan" => return Ok(f64::NAN),
        "infinity" | "inf" | "+infinity" | "+inf" => return Ok(f64::INFINITY),
        "-infinity" | "-inf" => return Ok(f64::NEG_INFINITY),
        _ => {}
    }
    let shaped = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E');
    if !body.chars().all(shaped) {
        return Err(invalid());
    }
    let value: f64 = body.parse().map_err(|_| invalid())?;
    let is_zero = !body
        .split(['e', 'E'])
        .next()
        .unwrap_or_default()
        .contains(|c: char| ('1'..='9').contains(&c));
    if value.is_infinite() || (value == 0.0 && !is_zero) {
        return Err(Error::new(
            "22003",
            format!("\"{text}\" is out of range for type double precision"),
        ));
    }
    Ok(value)
}

/// The digits of a `numeric`, which knows no negative zero.
pub fn numeric(value: Decimal) -> String {
    if value.is_zero() {
        value.abs().to_string()
    } else {
        value.to_string()
    }
}

/// Reads a `numeric`, in the form that is declared, if one is: all digits, and those behind the point.
pub fn parse_numeric(text: &str, form: Option<(u32, u32)>) -> Result<Decimal, Error> {
    let body = text.trim();
    let invalid = || super::invalid(&Type::Numeric(None), text);
    if ["nan", "infinity", "-infinity", "inf", "-inf"].contains(&body.to_ascii_lowercase().as_str())
    {
        return Err(Error::unsupported("numeric NaN and infinity"));
    }
    let unsigned = body.strip_prefix(['-', '+']).unwrap_or(body);
    let mantissa = unsigned.split(['e', 'E']).next().unwrap_or_default();
    let digits = mantissa.bytes().filter(u8::is_ascii_digit).count();
    let shaped = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E');
    if digits == 0
        || !unsigned.chars().all(shaped)
        || mantissa.contains(['+', '-'])
        || mantissa.matches('.').count() > 1
    {
        return Err(invalid());
    }
    let value = if unsigned.len() == mantissa.len() {
        // Written with leading and trailing zeros as well: `.5` and `5.` are numbers.
        let padded = match body.strip_suffix('.') {
            Some(whole) => whole.to_owned(),
            None => body.replacen('.', if mantissa.starts_with('.') { "0." } else { "." }, 1),
        };
        Decimal::from_str_exact(padded.trim_start_matches('+'))
    } else {
        Decimal::from_scientific(body)
    };
    let value = value.map_err(|error| match error {
        rust_decimal::Error::ErrorString(_) => invalid(),
        _ => too_long(),
    })?;
    declared(value, form)
}

/// A number rounded to a declared form; an error when it has more digits before the point than that has.
pub fn declared(value: Decimal, form: Option<(u32, u32)>) -> Result<Decimal, Error> {
    let Some((digits, scale)) = form else {
        return Ok(value);
    };
    let rounded = rescale(value, scale)?;
    // No limit above what is held at all.
    let limit = 10_i128.checked_pow(digits - scale);
    if limit.is_some_and(|limit| rounded.trunc().mantissa().abs() >= limit) {
        return Err(Error::new("22003", "numeric field overflow"));
    }
    Ok(rounded)
}

/// A number rounded half away from zero to exactly `scale` digits behind the point.
pub fn rescale(value: Decimal, scale: u32) -> Result<Decimal, Error> {
    let mut rounded = value.round_dp_with_strategy(scale, RoundingStrategy::MidpointAwayFromZero);
    rounded.rescale(scale);
    if rounded.scale() == scale {
        Ok(rounded)
    } else {
        Err(too_long())
    }
}

/// More digits than this engine keeps; the server keeps them.
pub fn too_long() -> Error {
    Error::unsupported("numeric values of more than 28 digits")
}
