//! Canonical JSON bytes: RFC 8785 (JCS), narrowed to what entries hold.
//!
//! There are no floating point numbers, and whole numbers stay within ±(2^53−1), so that every reader in every language
//! sees the same value. What has no canonical bytes is refused, never rounded.

use serde_json::Value;

/// The largest whole number that every JSON reader keeps exactly.
pub const INTEGER_MAX: u64 = (1 << 53) - 1;

/// Why something has no canonical bytes, or why bytes are not canonical.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CanonicalError {
    /// A fraction or a number beyond ±(2^53−1).
    #[error("number {0} is not a whole number within 2^53: write it as text")]
    Number(String),
    /// Not JSON at all.
    #[error("not JSON: {0}")]
    Json(String),
    /// JSON, but spelled in another way: spaces, order or repetition of keys, escapes.
    #[error("not in canonical form (RFC 8785): key order, repeated keys, spaces or escapes differ")]
    Form,
}

/// The canonical bytes of a value.
pub fn canonical(value: &Value) -> Result<Vec<u8>, CanonicalError> {
    let mut bytes = Vec::with_capacity(512);
    write_value(&mut bytes, value)?;
    Ok(bytes)
}

/// The canonical bytes of anything that serialises.
pub fn canonical_of<T: serde::Serialize>(value: &T) -> Result<Vec<u8>, CanonicalError> {
    let value =
        serde_json::to_value(value).map_err(|error| CanonicalError::Json(error.to_string()))?;
    canonical(&value)
}

/// Reads bytes and insists that they are the canonical ones of what they say. A repeated key cannot survive this: of two
/// equal keys the parser keeps one, and writing that again gives other bytes.
pub fn parse(bytes: &[u8]) -> Result<Value, CanonicalError> {
    let value: Value =
        serde_json::from_slice(bytes).map_err(|error| CanonicalError::Json(error.to_string()))?;
    if canonical(&value)? == bytes {
        Ok(value)
    } else {
        Err(CanonicalError::Form)
    }
}

fn write_value(bytes: &mut Vec<u8>, value: &Value) -> Result<(), CanonicalError> {
    match value {
        Value::Null => bytes.extend_from_slice(b"null"),
        Value::Bool(true) => bytes.extend_from_slice(b"true"),
        Value::Bool(false) => bytes.extend_from_slice(b"false"),
        Value::Number(number) => {
            let exact = number
                .as_i64()
                .map(i64::unsigned_abs)
                .or(number.as_u64())
                .is_some_and(|size| size <= INTEGER_MAX);
            if !exact {
                return Err(CanonicalError::Number(number.to_string()));
            }
            bytes.extend_from_slice(number.to_string().as_bytes());
        }
        Value::String(text) => write_string(bytes, text),
        Value::Array(items) => {
            bytes.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    bytes.push(b',');
                }
                write_value(bytes, item)?;
            }
            bytes.push(b']');
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            // RFC 8785, 3.2.3: by UTF-16 code units, which differs from the order of code points above U+FFFF.
            members.sort_by(|(left, _), (right, _)| left.encode_utf16().cmp(right.encode_utf16()));
            bytes.push(b'{');
            for (index, (key, value)) in members.into_iter().enumerate() {
                if index > 0 {
                    bytes.push(b',');
                }
                write_string(bytes, key);
                bytes.push(b':');
                write_value(bytes, value)?;
            }
            bytes.push(b'}');
        }
    }
    Ok(())
}

/// RFC 8785, 3.2.2.2: the short escapes where there are some, `\u00xx` in lower case for the other controls, all else
/// as it is.
fn write_string(bytes: &mut Vec<u8>, text: &str) {
    bytes.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' => bytes.extend_from_slice(b"\\\""),
            b'\\' => bytes.extend_from_slice(b"\\\\"),
            0x08 => bytes.extend_from_slice(b"\\b"),
            0x09 => bytes.extend_from_slice(b"\\t"),
            0x0a => bytes.extend_from_slice(b"\\n"),
            0x0c => bytes.extend_from_slice(b"\\f"),
            0x0d => bytes.extend_from_slice(b"\\r"),
            0x00..=0x1f => bytes.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ => bytes.push(byte),
        }
    }
    bytes.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn text(value: &Value) -> String {
        String::from_utf8(canonical(value).unwrap()).unwrap()
    }

    /// The string and the key order of the example in RFC 8785, 3.2.2 and 3.2.3.
    #[test]
    fn strings_and_keys_are_those_of_the_rfc() {
        assert_eq!(
            text(&json!(
                "\u{20ac}$\u{000F}\u{000a}A'\u{0042}\u{0022}\u{005c}\\\"/"
            )),
            "\"\u{20ac}$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\""
        );
        assert_eq!(
            text(&json!("\u{8}\t\u{c}\r\u{7f}\u{1f}")),
            "\"\\b\\t\\f\\r\u{7f}\\u001f\""
        );
        let keys = json!({
            "\u{20ac}": "Euro Sign", "\r": "Carriage Return", "\u{fb33}": "Hebrew Letter Dalet With Dagesh",
            "1": "One", "\u{1f600}": "Emoji: Grinning Face", "\u{80}": "Control", "\u{f6}": "Latin Small Letter O With Diaeresis"
        });
        let order: Vec<usize> = [
            "Carriage", "One", "Control", "Latin", "Euro", "Emoji", "Hebrew",
        ]
        .iter()
        .map(|word| text(&keys).find(word).unwrap())
        .collect();
        assert!(order.is_sorted(), "{order:?}");
    }

    #[test]
    fn numbers_are_whole_and_exact_everywhere() {
        assert_eq!(
            text(&json!([0, -1, INTEGER_MAX])),
            "[0,-1,9007199254740991]"
        );
        for wrong in [
            json!(1.5),
            json!(1.0),
            json!(INTEGER_MAX + 1),
            json!(i64::MIN),
        ] {
            assert!(
                matches!(canonical(&wrong), Err(CanonicalError::Number(_))),
                "{wrong}"
            );
        }
    }

    #[test]
    fn other_spellings_are_refused() {
        assert!(parse(br#"{"a":1,"b":"\n"}"#).is_ok());
        for wrong in [
            r#"{"b":1,"a":1}"#,
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"a":2}"#,
            r#"{"a": 1}"#,
            r#"{"a":1} "#,
            r#"{"a":"\u000a"}"#,
            r#"{"a":"\u0041"}"#,
            r#"{"a":"\/"}"#,
            r#"{"a":1e2}"#,
            r#"{"a":-0}"#,
            r#"{"a":01}"#,
            r#"{"a":"\ud800"}"#,
            "{\"a\":\"\u{1f}\"}",
            "",
        ] {
            assert!(parse(wrong.as_bytes()).is_err(), "{wrong}");
        }
        assert!(parse(b"\"\xff\"").is_err());
        assert!(parse(b"\xef\xbb\xbf1").is_err());
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-(INTEGER_MAX as i64)..=INTEGER_MAX as i64).prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec((any::<String>(), inner), 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn canonical_bytes_are_read_back_as_the_same_value(value in values()) {
            prop_assert_eq!(parse(&canonical(&value).unwrap()).unwrap(), value);
        }
    }
}
