//! YAML as a tree with the place of every key and value, within budgets.
//!
//! A tree, not derived structs: one wrong key must not lose the rest of the front matter.

use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

use crate::model::diagnostic::Diagnostic;
use crate::model::limits;

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Bytes of the file.
    pub span: Range<usize>,
}

/// The shapes of YAML. Scalars stay text as written: `1`, `2025-07-17` and `yes` are what the playbook says they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Nothing, `~` or `null`.
    Null,
    /// Any scalar.
    Scalar(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping in the order written, duplicate keys among them.
    Map(Vec<(Key, Node)>),
}

/// A key and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The key.
    pub text: String,
    /// Bytes of the file.
    pub span: Range<usize>,
}

/// Reads a YAML text that starts at byte `base` of its file.
pub fn read(text: &str, base: usize) -> Result<Node, Diagnostic> {
    let whole = base..base + text.len();
    if text.len() > limits::FRONT_MATTER_BYTES {
        let message = format!(
            "expected at most {} bytes of front matter, found {}",
            limits::FRONT_MATTER_BYTES,
            text.len()
        );
        return Err(Diagnostic::error("front-matter-size", base..base, message));
    }
    if text.trim().is_empty() {
        return Ok(Node {
            value: Value::Map(Vec::new()),
            span: whole,
        });
    }
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: limits::FRONT_MATTER_DEPTH,
            max_nodes: limits::FRONT_MATTER_NODES,
            max_aliases: limits::FRONT_MATTER_ALIASES,
            max_events: limits::FRONT_MATTER_NODES * 4,
            max_documents: 1,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: limits::FRONT_MATTER_NODES,
        },
        duplicate_keys: serde_saphyr::options::DuplicateKeyPolicy::PassThrough,
        merge_keys: serde_saphyr::options::MergeKeyPolicy::Error,
        with_snippet: false,
    };
    match serde_saphyr::from_str_with_options::<Spanned<Raw>>(text, options) {
        Ok(raw) => Ok(node(raw, text, base)),
        Err(error) => {
            let start = error
                .location()
                .and_then(|location| location.span().byte_offset())
                .map_or(base, |offset| base + offset as usize);
            let error = error.without_snippet().to_string();
            let line = error.lines().next().unwrap_or_default();
            Err(Diagnostic::error(
                "front-matter",
                start..start,
                format!("expected YAML, found: {}", without_place(line)),
            )
            .with_help("quote texts that hold a colon, a # or a brace"))
        }
    }
}

/// What the deserializer hands over: scalars that are not text are taken from the source by their span.
enum Raw {
    Null,
    Typed,
    Text(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RawVisitor;
        impl<'de> Visitor<'de> for RawVisitor {
            type Value = Raw;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a value")
            }

            fn visit_bool<E>(self, _: bool) -> Result<Raw, E> {
                Ok(Raw::Typed)
            }

            fn visit_i64<E>(self, _: i64) -> Result<Raw, E> {
                Ok(Raw::Typed)
            }

            fn visit_u64<E>(self, _: u64) -> Result<Raw, E> {
                Ok(Raw::Typed)
            }

            fn visit_i128<E>(self, _: i128) -> Result<Raw, E> {
                Ok(Raw::Typed)
            }

            fn visit_u128<E>(self, _: u128) -> Result<Raw, E> {
                Ok(Raw::Typed)
            }

            fn visit_f64<E>(self, _: f64) -> Result<Raw, E> {
                Ok(Raw::Typed)
            }

            fn visit_str<E>(self, text: &str) -> Result<Raw, E> {
                Ok(Raw::Text(text.to_owned()))
            }

            fn visit_string<E>(self, text: String) -> Result<Raw, E> {
                Ok(Raw::Text(text))
            }

            fn visit_unit<E>(self) -> Result<Raw, E> {
                Ok(Raw::Null)
            }

            fn visit_none<E>(self) -> Result<Raw, E> {
                Ok(Raw::Null)
            }

            fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
                Raw::deserialize(deserializer)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = access.next_element()? {
                    items.push(item);
                }
                Ok(Raw::List(items))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = access.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Raw::Map(pairs))
            }
        }
        deserializer.deserialize_any(RawVisitor)
    }
}

fn node(raw: Spanned<Raw>, text: &str, base: usize) -> Node {
    let local = local_span(&raw.referenced, text);
    let span = local.start + base..local.end + base;
    let value = match raw.value {
        Raw::Null => Value::Null,
        Raw::Typed => Value::Scalar(text.get(local).unwrap_or_default().trim().to_owned()),
        Raw::Text(text) => Value::Scalar(text),
        Raw::List(items) => Value::List(
            items
                .into_iter()
                .map(|item| node(item, text, base))
                .collect(),
        ),
        Raw::Map(pairs) => Value::Map(
            pairs
                .into_iter()
                .map(|(key, value)| {
                    let local = local_span(&key.referenced, text);
                    let key = Key {
                        text: key.value,
                        span: local.start + base..local.end + base,
                    };
                    (key, node(value, text, base))
                })
                .collect(),
        ),
    };
    // The parser's place of a list or mapping is its first sign; it reaches to the end of what is in it.
    let last = match &value {
        Value::List(items) => items.last().map(|item| item.span.end),
        Value::Map(pairs) => pairs
            .last()
            .map(|(key, node)| node.span.end.max(key.span.end)),
        Value::Null | Value::Scalar(_) => None,
    };
    let span = span.start..span.end.max(last.unwrap_or_default());
    Node { value, span }
}

fn local_span(location: &serde_saphyr::Location, text: &str) -> Range<usize> {
    let span = location.span();
    let start = span.byte_offset().unwrap_or_default() as usize;
    let length = span.byte_len().unwrap_or_default() as usize;
    let start = start.min(text.len());
    start..(start + length).min(text.len())
}

/// The parser's message without the line and column in it: those count from the front matter, not from the file.
fn without_place(message: &str) -> &str {
    let message = message
        .split_once(": ")
        .filter(|(place, _)| place.contains("line ") || place.starts_with("error"))
        .map_or(message, |(_, rest)| rest);
    message
        .find(" at line ")
        .and_then(|at| message.get(..at))
        .unwrap_or(message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;

    #[test]
    fn scalars_keep_their_spelling_and_place() {
        let text = "a: 1\nd: 2025-07-17\nb: { c: yes, e: '24h' }\nf: [x, 'y z']\ng:\n";
        let Value::Map(pairs) = read(text, 10).unwrap().value else {
            panic!()
        };
        let shown: Vec<_> = pairs
            .iter()
            .map(|(key, node)| (key.text.as_str(), node.value.clone()))
            .collect();
        let scalar = |text: &str| Value::Scalar(text.into());
        assert_eq!(shown[0], ("a", scalar("1")));
        assert_eq!(shown[1], ("d", scalar("2025-07-17")));
        let Value::Map(inner) = &pairs[2].1.value else {
            panic!()
        };
        assert_eq!(inner[0].1.value, scalar("yes"));
        let span = inner[1].0.span.clone();
        assert_eq!(&text[span.start - 10..span.end - 10], "e");
        assert_eq!(shown[4], ("g", Value::Null));
    }

    #[test]
    fn bombs_and_nonsense_are_refused() {
        let mut bomb = String::from("a0: &a0 [x, x]\n");
        for level in 1..30 {
            let below = level - 1;
            let _ = writeln!(bomb, "a{level}: &a{level} [*a{below}, *a{below}]");
        }
        for text in [
            bomb.as_str(),
            "a: [",
            "a: b: c",
            &"[".repeat(5_000),
            "\t- x: {",
        ] {
            assert!(read(text, 0).is_err(), "{}", &text[..text.len().min(40)]);
        }
        assert!(read(&"#".repeat(limits::FRONT_MATTER_BYTES + 1), 0).is_err());
    }

    #[test]
    fn duplicates_are_kept_for_the_reader() {
        let Value::Map(pairs) = read("a: 1\na: 2\n", 0).unwrap().value else {
            panic!()
        };
        assert_eq!(pairs.len(), 2);
    }
}
