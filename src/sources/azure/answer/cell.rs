//! A cell as text, by the type of its column.

use serde_json::Value;

use crate::model::table::{Column, ColumnKind};

/// A column of the service: its name and Kusto's or .NET's word for its type.
pub(in crate::sources) fn column(name: &str, word: &str) -> Column {
    let (type_name, kind) = match word.to_ascii_lowercase().as_str() {
        "bool" | "boolean" | "sbyte" => ("bool", ColumnKind::Bool),
        "int" | "int32" => ("int", ColumnKind::Integer),
        "long" | "int64" => ("long", ColumnKind::Integer),
        "real" | "double" => ("real", ColumnKind::Number),
        "decimal" | "sqldecimal" => ("decimal", ColumnKind::Number),
        "datetime" | "date" => ("datetime", ColumnKind::Timestamp),
        "timespan" | "time" => ("timespan", ColumnKind::Interval),
        "guid" | "uuid" | "uniqueid" => ("guid", ColumnKind::Uuid),
        "dynamic" | "object" => ("dynamic", ColumnKind::Json),
        _ => ("string", ColumnKind::Text),
    };
    Column {
        name: name.to_owned(),
        kind,
        type_name: type_name.to_owned(),
    }
}

/// The cell's text; `None` for null.
pub(in crate::sources) fn text(type_name: &str, value: &Value) -> Option<String> {
    match (type_name, value) {
        (_, Value::Null) => None,
        // An empty text where no text can be is a null.
        (
            "int" | "long" | "real" | "decimal" | "bool" | "datetime" | "timespan" | "guid",
            Value::String(text),
        ) if text.trim().is_empty() => None,
        ("bool", Value::Number(number)) => Some((number.as_f64() != Some(0.0)).to_string()),
        ("bool", Value::String(text)) => Some(match text.to_ascii_lowercase().as_str() {
            "1" | "true" => "true".to_owned(),
            "0" | "false" => "false".to_owned(),
            other => other.to_owned(),
        }),
        // A dynamic value comes as JSON, or as a text that holds JSON; a text that holds none is a JSON string.
        ("dynamic", Value::String(text)) => {
            if text.is_empty() {
                None
            } else if serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() {
                Some(text.clone())
            } else {
                Some(value.to_string())
            }
        }
        (_, Value::String(text)) => Some(text.clone()),
        (_, other) => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_column_decides_what_a_cell_is() {
        for (word, value, expected) in [
            ("real", json!("3.3833"), Some("3.3833")),
            ("real", json!(3.5), Some("3.5")),
            ("real", json!("NaN"), Some("NaN")),
            ("long", json!("9007199254740993"), Some("9007199254740993")),
            (
                "Int64",
                json!(9_007_199_254_740_993_i64),
                Some("9007199254740993"),
            ),
            ("long", json!(""), None),
            ("SByte", json!(1), Some("true")),
            ("bool", json!(false), Some("false")),
            ("string", json!(""), Some("")),
            ("string", json!(null), None),
            ("dynamic", json!("{\"a\":1}"), Some("{\"a\":1}")),
            ("dynamic", json!({"a": 1}), Some("{\"a\":1}")),
            ("dynamic", json!("plain"), Some("\"plain\"")),
            ("timespan", json!("00:05:00"), Some("00:05:00")),
            (
                "datetime",
                json!("2026-01-31T03:00:00Z"),
                Some("2026-01-31T03:00:00Z"),
            ),
        ] {
            let column = column("x", word);
            assert_eq!(
                text(&column.type_name, &value).as_deref(),
                expected,
                "{word} {value}"
            );
        }
    }
}
