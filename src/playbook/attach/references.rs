//! Names inside texts: `result["id"]`, `decision["id"]` and `inputs.name` in expressions and templates, and the places where
//! queries, scripts and requests name inputs. Only names that were changed are touched.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::model::playbook::Language;
use crate::playbook::placeholders;

type Names = BTreeMap<String, String>;

/// An expression with the new names in it.
pub(super) fn in_expression(text: &str, names: &Names, inputs: &Names) -> String {
    let mut whole = String::with_capacity(text.len());
    let mut rest = text;
    let mut before = ' ';
    while let Some(first) = rest.chars().next() {
        let (part, replaced) = if matches!(first, '"' | '\'') {
            (literal_end(rest), None)
        } else if is_word(first) {
            let end = word_end(rest);
            let (word, behind) = rest.split_at(end);
            let changed = match word {
                _ if before == '.' => None,
                "result" | "decision" => looked_up(behind, names, bracket),
                "inputs" => looked_up(behind, inputs, |name| format!(".{name}")),
                _ => None,
            };
            match changed {
                Some((length, new)) => (end + length, Some(format!("{word}{new}"))),
                None => (end, None),
            }
        } else {
            (first.len_utf8(), None)
        };
        let (taken, behind) = rest.split_at(part);
        whole.push_str(replaced.as_deref().unwrap_or(taken));
        before = taken.chars().next_back().unwrap_or(' ');
        rest = behind;
    }
    whole
}

/// An action's text with the new names in it.
pub(super) fn in_text(language: Language, text: &str, names: &Names, inputs: &Names) -> String {
    let mut text = text.to_owned();
    for found in placeholders::uses(language, &text).into_iter().rev() {
        if let Some(name) = inputs.get(&found.name) {
            let old = text.get(found.span.clone()).unwrap_or_default();
            let new = match language {
                Language::Shell => {
                    old.replace(&found.name.to_ascii_uppercase(), &name.to_ascii_uppercase())
                }
                _ => old.replace(&found.name, name),
            };
            text.replace_range(found.span, &new);
        }
    }
    if language != Language::Message {
        return text;
    }
    // Outside its tags a message is prose, in which a quotation mark opens nothing.
    let tags: Vec<Range<usize>> = placeholders::template_tags(&text)
        .into_iter()
        .map(|(inside, _)| inside)
        .collect();
    for inside in tags.into_iter().rev() {
        let new = in_expression(text.get(inside.clone()).unwrap_or_default(), names, inputs);
        text.replace_range(inside, &new);
    }
    text
}

fn bracket(name: &str) -> String {
    format!("[\"{name}\"]")
}

/// `["id"]` or `.id` behind a name: its length, and what stands there now. None when it is no changed name.
fn looked_up(text: &str, names: &Names, write: impl Fn(&str) -> String) -> Option<(usize, String)> {
    let open = skip_blank(text, 0);
    if let Some(member) = text.get(open..)?.strip_prefix('.') {
        let start = open + 1 + skip_blank(member, 0);
        let end = start + word_end(text.get(start..)?);
        let name = names.get(text.get(start..end)?)?;
        return Some((end, write(name)));
    }
    text.get(open..)?.strip_prefix('[')?;
    let start = skip_blank(text, open + 1);
    let quote = text.get(start..)?.chars().next()?;
    if !matches!(quote, '"' | '\'') {
        return None;
    }
    let end = start + literal_end(text.get(start..)?);
    let name = names.get(text.get(start + 1..end.checked_sub(1)?)?)?;
    let close = skip_blank(text, end);
    text.get(close..)?.strip_prefix(']')?;
    Some((close + 1, bracket(name)))
}

fn skip_blank(text: &str, from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    from + rest.len() - rest.trim_start().len()
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

fn word_end(text: &str) -> usize {
    text.find(|letter| !is_word(letter)).unwrap_or(text.len())
}

/// The end of the string literal that a text begins with; of the text when it does not end.
fn literal_end(text: &str) -> usize {
    let Some(quote) = text.chars().next() else {
        return 0;
    };
    let triple: String = std::iter::repeat_n(quote, 3).collect();
    let mark = if text.starts_with(&triple) {
        triple
    } else {
        quote.to_string()
    };
    let mut at = mark.len();
    while let Some(rest) = text.get(at..) {
        if rest.starts_with(&mark) {
            return at + mark.len();
        }
        let mut letters = rest.chars();
        match letters.next() {
            Some('\\') => at += 1 + letters.next().map_or(0, char::len_utf8),
            Some(letter) => at += letter.len_utf8(),
            None => break,
        }
    }
    text.len()
}
