//! JSON in text: `jsonb` as the server writes it, with its order of keys and its spaces.

use std::fmt::Write as _;

use serde_json::Value as Json;

use super::super::error::Error;

/// How `jsonb` orders keys: shorter ones first, then by bytes.
pub fn key_order(left: &str, right: &str) -> std::cmp::Ordering {
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

/// The members of an object in the order of `jsonb`.
pub fn members(object: &serde_json::Map<String, Json>) -> Vec<(&String, &Json)> {
    let mut members: Vec<_> = object.iter().collect();
    members.sort_by(|left, right| key_order(left.0, right.0));
    members
}

/// The text of a `jsonb`.
pub fn write(value: &Json) -> String {
    let mut text = String::new();
    write_into(value, &mut text);
    text
}

fn write_into(value: &Json, text: &mut String) {
    match value {
        Json::Array(values) => {
            text.push('[');
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    text.push_str(", ");
                }
                write_into(value, text);
            }
            text.push(']');
        }
        Json::Object(object) => {
            text.push('{');
            for (index, (key, value)) in members(object).into_iter().enumerate() {
                if index > 0 {
                    text.push_str(", ");
                }
                quote(key, text);
                text.push_str(": ");
                write_into(value, text);
            }
            text.push('}');
        }
        Json::String(inner) => quote(inner, text),
        scalar => text.push_str(&scalar.to_string()),
    }
}

/// A string with JSON's quotes and escapes.
pub fn quote(inner: &str, text: &mut String) {
    text.push('"');
    for character in inner.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            control if control < ' ' => {
                let _ = write!(text, "\\u{:04x}", control as u32);
            }
            other => text.push(other),
        }
    }
    text.push('"');
}

/// Reads JSON. A number that would not be written as it was read is refused: `jsonb` keeps all its digits.
pub fn parse(text: &str) -> Result<Json, Error> {
    let value: Json = serde_json::from_str(text)
        .map_err(|_| Error::new("22P02", "invalid input syntax for type json"))?;
    if text.contains("\\u0000") {
        return Err(Error::new("22P05", "unsupported Unicode escape sequence"));
    }
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c == '"' || c == '-' || c.is_ascii_digit()) {
        let from = rest.get(start..).unwrap_or_default();
        let length = if from.starts_with('"') {
            string_length(from)
        } else {
            let end = |c: char| !(c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E'));
            let length = from.find(end).unwrap_or(from.len());
            let number = from.get(..length).unwrap_or_default();
            let written = serde_json::from_str::<Json>(number).map(|it| it.to_string());
            let kept = written.is_ok_and(|written| written == number);
            if !kept {
                return Err(Error::unsupported(&format!("the JSON number {number}")));
            }
            length
        };
        rest = from.get(length..).unwrap_or_default();
    }
    Ok(value)
}

/// The bytes of a string that is known to end, with its quotes.
fn string_length(from: &str) -> usize {
    let mut escaped = false;
    for (index, byte) in from.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return index + 1,
            _ => {}
        }
    }
    from.len()
}
