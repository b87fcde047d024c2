//! What a fence and the words around it tell: its effect, its title, its annotations.

use crate::model::playbook::Effect;
use crate::model::prose::{Prose, plain_text};
use crate::playbook::attributes::{self, Attributes, Spanned};

/// GET and HEAD read; everything else may write.
pub(super) fn http_effect(text: &str) -> Effect {
    let method = text
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.starts_with('#') && !line.starts_with("//"))
        .and_then(|line| line.split_whitespace().next())
        .unwrap_or_default();
    match method {
        "GET" | "HEAD" => Effect::Read,
        path if path.starts_with('/') => Effect::Read,
        _ => Effect::Write,
    }
}

/// `{"name":"x"}`
pub(super) fn runme_json(inside: &str, base: usize) -> Attributes {
    let span = base..base + inside.len();
    let mut read = Attributes {
        span: span.clone(),
        ..Attributes::default()
    };
    let members: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&format!("{{{inside}}}")).unwrap_or_default();
    for (key, value) in members {
        let value = match value {
            serde_json::Value::String(text) => text,
            other => other.to_string(),
        };
        let spanned = |text| Spanned {
            text,
            span: span.clone(),
        };
        read.pairs.push(attributes::Pair {
            key: spanned(key),
            value: spanned(value),
        });
    }
    read
}

/// The first sentence of a description, without its stop.
pub(super) fn first_sentence(description: &[Prose]) -> Option<String> {
    let Some(Prose::Paragraph(inlines)) = description.first() else {
        return None;
    };
    let text: String = plain_text(inlines).replace('\n', " ");
    let text = text.trim();
    let end = text
        .match_indices(['.', '?', '!', ':'])
        .find(|(at, stop)| {
            let next = text.get(at + stop.len()..).unwrap_or_default();
            next.is_empty() || next.starts_with(' ')
        })
        .map_or(
            text.len(),
            |(at, stop)| if stop == "?" { at + 1 } else { at },
        );
    let sentence = text.get(..end).unwrap_or(text).trim();
    (!sentence.is_empty()).then(|| sentence.to_owned())
}

/// An id as people say it: `org-mismatch` is `Org mismatch`.
pub(super) fn spoken(id: &str) -> String {
    let words = id.replace(['-', '_'], " ");
    let mut letters = words.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => words,
    }
}
