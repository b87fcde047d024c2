//! Values as PostgreSQL writes and reads them (`DateStyle` ISO, zone UTC).

pub mod array;
pub mod inet;
pub mod interval;
pub mod json;
pub mod number;
pub mod time;

use std::fmt::Write as _;
use std::sync::Arc;

use super::error::Error;
use super::value::{Type, Value};

impl Value {
    /// The text that a server sends for a value of a type; none is NULL.
    pub fn to_text(&self, ty: &Type) -> Option<String> {
        Some(match self {
            Self::Null => return None,
            Self::Bool(value) => if *value { "t" } else { "f" }.to_owned(),
            Self::Int(value) => value.to_string(),
            Self::Float(value) => number::float(*value),
            Self::Numeric(value) => number::numeric(*value),
            Self::Text(text) | Self::Inet(text) => text.to_string(),
            Self::Timestamp(value) => time::timestamp(*value, *ty != Type::Timestamp),
            Self::Date(days) => time::date(*days),
            Self::Interval {
                months,
                days,
                micros,
            } => interval::write(*months, *days, *micros),
            Self::Uuid(value) => value.to_string(),
            Self::Json(value) => json::write(value),
            Self::Bytes(bytes) => {
                let mut text = String::with_capacity(2 + 2 * bytes.len());
                text.push_str("\\x");
                for byte in bytes.iter() {
                    let _ = write!(text, "{byte:02x}");
                }
                text
            }
            Self::Array(values) => array::write(
                values,
                match ty {
                    Type::Array(element) => element,
                    other => other,
                },
            ),
        })
    }

    /// Reads a text as a value of a type, as a server reads a literal.
    pub fn parse(ty: &Type, text: &str) -> Result<Self, Error> {
        Ok(match ty {
            Type::Bool => Self::Bool(boolean(text).ok_or_else(|| invalid(ty, text))?),
            Type::Int2 | Type::Int4 | Type::Int8 | Type::Oid => {
                Self::Int(number::parse_integer(ty, text)?)
            }
            Type::Float8 => Self::Float(number::parse_float(text)?),
            Type::Numeric(form) => Self::Numeric(number::parse_numeric(text, *form)?),
            Type::Text | Type::Unknown => Self::text(text),
            Type::Name => Self::text(name(text)),
            Type::Timestamptz => Self::Timestamp(time::parse_timestamp(text, true)?),
            Type::Timestamp => Self::Timestamp(time::parse_timestamp(text, false)?),
            Type::Date => Self::Date(time::parse_date(text)?),
            Type::Interval => {
                let (months, days, micros) = interval::parse(text)?;
                Self::Interval {
                    months,
                    days,
                    micros,
                }
            }
            Type::Uuid => Self::Uuid(uuid(text).ok_or_else(|| invalid(ty, text))?),
            Type::Json => {
                json::parse(text)?;
                Self::text(text)
            }
            Type::Jsonb => Self::Json(Arc::new(json::parse(text)?)),
            Type::Inet => Self::Inet(inet::parse(text)?.to_string().into()),
            Type::Bytea => Self::Bytes(bytes(text)?.into()),
            Type::Array(element) => array::parse(element, text)?,
        })
    }
}

/// `invalid input syntax for type …`, with the code that the server uses for the type.
pub fn invalid(ty: &Type, text: &str) -> Error {
    let code = match ty {
        Type::Timestamptz | Type::Timestamp | Type::Date | Type::Interval => "22007",
        _ => "22P02",
    };
    let name = match ty {
        Type::Timestamp => "timestamp".to_owned(),
        other => other.long_name(),
    };
    Error::new(
        code,
        format!("invalid input syntax for type {name}: \"{text}\""),
    )
}

/// A `name` holds 63 bytes; the rest is cut.
pub fn name(text: &str) -> &str {
    let mut end = text.len().min(63);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

fn boolean(text: &str) -> Option<bool> {
    let word = text.trim().to_ascii_lowercase();
    let begins = |whole: &str, least: usize| word.len() >= least && whole.starts_with(&word);
    match word.as_str() {
        "1" => Some(true),
        "0" => Some(false),
        _ if begins("true", 1) || begins("yes", 1) || word == "on" => Some(true),
        _ if begins("false", 1) || begins("no", 1) || begins("off", 2) => Some(false),
        _ => None,
    }
}

/// A uuid as the server takes it: hexadecimal digits, with a hyphen after any group of four, in braces or not.
fn uuid(text: &str) -> Option<uuid::Uuid> {
    let inner = match text.strip_prefix('{') {
        Some(rest) => rest.strip_suffix('}')?,
        None => text,
    };
    let mut digits = String::with_capacity(32);
    for (index, character) in inner.char_indices() {
        match character {
            '-' if digits.len().is_multiple_of(4) && index > 0 && !inner.ends_with('-') => {}
            digit if digit.is_ascii_hexdigit() => digits.push(digit),
            _ => return None,
        }
    }
    if digits.len() != 32 {
        return None;
    }
    u128::from_str_radix(&digits, 16)
        .ok()
        .map(uuid::Uuid::from_u128)
}

fn bytes(text: &str) -> Result<Vec<u8>, Error> {
    if let Some(digits) = text.strip_prefix("\\x") {
        return unhex(digits);
    }
    if text.contains('\\') {
        return Err(Error::unsupported("bytea in the escape format"));
    }
    Ok(text.as_bytes().to_vec())
}

/// Bytes from hexadecimal digits.
pub fn unhex(digits: &str) -> Result<Vec<u8>, Error> {
    let mut values = Vec::with_capacity(digits.len());
    for digit in digits.chars().filter(|digit| !digit.is_ascii_whitespace()) {
        let value = digit.to_digit(16).ok_or_else(|| {
            Error::new("22023", format!("invalid hexadecimal digit: \"{digit}\""))
        })?;
        values.push(value as u8);
    }
    let (pairs, rest) = values.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(Error::new(
            "22023",
            "invalid hexadecimal data: odd number of digits",
        ));
    }
    Ok(pairs.iter().map(|[high, low]| high * 16 + low).collect())
}
