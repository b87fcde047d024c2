//! Literals as the language writes them: what stands between the brackets of `datetime(…)`, and `1d`, `0x1F`, `1e3`; and text as the conversions read it.

use std::str::FromStr;

use rust_decimal::Decimal;

use super::Value;
use crate::kql::dynamic::{Dynamic, json};
use crate::kql::types::Type;

mod date;
mod span;

pub use date::datetime;
pub use span::{text as timespan_text, timespan};

/// The value of `ty(text)`, e.g. `datetime(2020-01-01)`, `long(null)`, `dynamic({"a": 1})`, `guid(…)`, `time(1.02:00:00)`.
///
/// # Errors
/// What was expected instead, in words.
pub fn typed(ty: Type, text: &str) -> Result<Value, String> {
    let text = text.trim();
    if ty == Type::Dynamic {
        return json::literal(text).map(Dynamic::into_value);
    }
    let bare = unquoted(text);
    if bare == "null" {
        return Ok(Value::missing(ty));
    }
    let (value, expected) = match ty {
        Type::Bool => (boolean(bare).map(Value::Bool), "true or false"),
        Type::Int => (int(bare).map(Value::Int), "a whole number of 32 bits"),
        Type::Long => (long(bare).map(Value::Long), "a whole number of 64 bits"),
        Type::Real => (real(bare).map(Value::Real), "a number, nan, +inf or -inf"),
        Type::Decimal => (decimal(bare).map(Value::Decimal), "a decimal number"),
        Type::String => return Ok(Value::String(bare.into())),
        Type::DateTime => (
            datetime(bare).map(Value::DateTime),
            "a date such as 2020-01-31 or 2020-01-31 23:59:59",
        ),
        Type::Timespan => (
            timespan_text(bare).map(Value::Timespan),
            "a length of time such as 1d, 2.5h or 1.02:03:04",
        ),
        Type::Guid => (
            guid(bare).map(Value::Guid),
            "a GUID such as 74be27de-1e4e-49d9-b579-fe0b331d3642",
        ),
        Type::Dynamic => (None, "JSON"),
    };
    value.ok_or_else(|| format!("expected {expected}, found `{bare}`"))
}

/// `text` without the quotes around it, where there are any.
fn unquoted(text: &str) -> &str {
    ['"', '\'']
        .into_iter()
        .find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(text)
        .trim()
}

/// `true`, `false`, or a whole number: false for 0.
pub fn boolean(text: &str) -> Option<bool> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        Some(long(text)? != 0)
    }
}

/// A whole number of 32 bits, decimal or `0x…`.
pub fn int(text: &str) -> Option<i32> {
    let text = text.trim();
    match hexadecimal(text) {
        Some(digits) => Some(u32::from_str_radix(digits, 16).ok()?.cast_signed()),
        None => text.parse().ok(),
    }
}

/// A whole number of 64 bits, decimal or `0x…`.
pub fn long(text: &str) -> Option<i64> {
    let text = text.trim();
    match hexadecimal(text) {
        Some(digits) => Some(u64::from_str_radix(digits, 16).ok()?.cast_signed()),
        None => text.parse().ok(),
    }
}

fn hexadecimal(text: &str) -> Option<&str> {
    text.strip_prefix("0x")
        .or_else(|| text.strip_prefix("0X"))
        .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// A double: digits with a point and an exponent, `nan`, `inf`, `Infinity`.
pub fn real(text: &str) -> Option<f64> {
    let text = text.trim();
    let name = text.strip_prefix(['+', '-']).unwrap_or(text);
    if name.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
        return text.parse().ok();
    }
    let size = if name.eq_ignore_ascii_case("nan") {
        f64::NAN
    } else if name.eq_ignore_ascii_case("infinity") || name == "inf" || name == "Inf" {
        f64::INFINITY
    } else {
        return None;
    };
    Some(if text.starts_with('-') { -size } else { size })
}

/// A decimal, also with an exponent; rounded to 28 digits.
pub fn decimal(text: &str) -> Option<Decimal> {
    let text = text.trim();
    Decimal::from_str(text)
        .or_else(|_| Decimal::from_scientific(text))
        .ok()
}

/// A GUID: 32 hexadecimal digits, with or without hyphens and brackets.
pub fn guid(text: &str) -> Option<u128> {
    let text = text.trim();
    let text = text
        .strip_prefix('{')
        .and_then(|text| text.strip_suffix('}'))
        .or_else(|| {
            text.strip_prefix('(')
                .and_then(|text| text.strip_suffix(')'))
        })
        .unwrap_or(text);
    let parts: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    let digits = parts.concat();
    let shaped = lengths == [32] || lengths == [8, 4, 4, 4, 12];
    if !shaped || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    u128::from_str_radix(&digits, 16).ok()
}
