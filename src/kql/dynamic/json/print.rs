//! Dynamic values as JSON text.

use std::fmt::Write;

use crate::kql::dynamic::Dynamic;
use crate::kql::value::text;

/// The compact JSON of a value, as `tostring()` of an object or a list gives it.
pub fn print(value: &Dynamic) -> String {
    let mut json = String::new();
    write(value, &mut json);
    json
}

fn write(value: &Dynamic, json: &mut String) {
    match value {
        Dynamic::Null => json.push_str("null"),
        Dynamic::Bool(value) => json.push_str(if *value { "true" } else { "false" }),
        Dynamic::Long(number) => {
            let _ = write!(json, "{number}");
        }
        Dynamic::Real(number) if number.is_finite() => json.push_str(&text::real(*number)),
        Dynamic::String(text) => write_string(text, json),
        Dynamic::Real(_) | Dynamic::DateTime(_) | Dynamic::Timespan(_) | Dynamic::Guid(_) => {
            write_string(&text::to_text(&value.clone().into_value()), json);
        }
        Dynamic::Array(items) => {
            json.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    json.push(',');
                }
                write(item, json);
            }
            json.push(']');
        }
        Dynamic::Bag(entries) => {
            json.push('{');
            for (index, (name, value)) in entries.iter().enumerate() {
                if index > 0 {
                    json.push(',');
                }
                write_string(name, json);
                json.push(':');
                write(value, json);
            }
            json.push('}');
        }
    }
}

/// `text` as a JSON string with its quotes.
pub fn write_string(text: &str, json: &mut String) {
    json.push('"');
    for c in text.chars() {
        match c {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            '\u{8}' => json.push_str("\\b"),
            '\u{c}' => json.push_str("\\f"),
            c if c < ' ' => {
                let _ = write!(json, "\\u{:04x}", u32::from(c));
            }
            c => json.push(c),
        }
    }
    json.push('"');
}
