//! Where the texts of actions name inputs: `:name`, `_name`, `$NAME`, `{{ name }}`, each in its language.
//!
//! Only finds names. Whether one is declared is the check's business, and binding values is that of the sources.

pub mod plain;

use std::ops::Range;

use super::scan::{self, before, byte, is_word_byte, shell};
use crate::model::playbook::Language;

/// A name in an action's text that may stand for an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// The input's id as the text implies it: `$OP_ID` is `op_id`.
    pub name: String,
    /// Bytes of the action's text.
    pub span: Range<usize>,
    /// True when the form can mean nothing else, so that an unknown name is a mistake.
    pub certain: bool,
}

/// Every use in order.
pub fn uses(language: Language, text: &str) -> Vec<Use> {
    match language {
        Language::Sql => sql(text),
        Language::Kql => kql(text),
        Language::Promql => promql(text),
        Language::Http | Language::Message => template(text),
        Language::Shell => shell::read(text)
            .uses
            .into_iter()
            .filter(|found| {
                !found
                    .name
                    .contains(|letter: char| letter.is_ascii_lowercase())
            })
            .map(|found| Use {
                name: found.name.to_ascii_lowercase(),
                span: found.span,
                certain: false,
            })
            .collect(),
    }
}

/// `:name` and `:'name'` outside strings and comments; `::type` is a cast, `a[1:n]` a slice.
fn sql(text: &str) -> Vec<Use> {
    let masked = scan::sql(text);
    let mut uses = Vec::new();
    for (at, _) in masked.code.match_indices(':') {
        if before(&masked.code, at) == b':' || is_word_byte(before(&masked.code, at)) {
            continue;
        }
        let quote = byte(text, at + 1);
        let start = at + 1 + usize::from(quote == b'\'');
        let rest = text.get(start..).unwrap_or_default();
        let length = rest
            .find(|letter| !scan::is_word(letter))
            .unwrap_or(rest.len());
        let name = rest.get(..length).unwrap_or_default();
        let closed = quote != b'\''
            || rest
                .get(length..)
                .is_some_and(|rest| rest.starts_with('\''));
        if closed && name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') {
            uses.push(Use {
                name: name.to_owned(),
                span: at..start + length + usize::from(quote == b'\''),
                certain: true,
            });
        }
    }
    uses
}

/// `_name` in lower case. A `let` of the fence gives an example value: without one the name is certain to be an input.
fn kql(text: &str) -> Vec<Use> {
    let masked = scan::kql(text);
    let lets = kql_lets(&masked.code);
    scan::words(&masked.code)
        .filter(|word| {
            word.text.len() > 1
                && word.text.starts_with('_')
                && word.text.get(1..).is_some_and(super::ids::is_input_id)
                && before(&masked.code, word.start) != b'.'
        })
        .map(|word| Use {
            name: word.text.get(1..).unwrap_or_default().to_owned(),
            span: word.span(),
            certain: !lets.contains(&word.text),
        })
        .collect()
}

/// Names that a masked KQL text binds by `let`.
pub fn kql_lets(code: &str) -> Vec<&str> {
    let mut previous = "";
    scan::words(code)
        .filter_map(|word| {
            let bound = (previous == "let").then_some(word.text);
            previous = word.text;
            bound
        })
        .collect()
}

/// `$name` inside quoted matchers.
fn promql(text: &str) -> Vec<Use> {
    let masked = scan::promql(text);
    let mut uses = Vec::new();
    for string in &masked.strings {
        for found in dollar_names(text, string.clone()) {
            uses.push(found);
        }
    }
    uses
}

/// `$name` in lower case within a range of a text. `$__interval` and the like belong to another program.
pub fn dollar_names(text: &str, within: Range<usize>) -> Vec<Use> {
    let part = text.get(within.clone()).unwrap_or_default();
    part.match_indices('$')
        .filter_map(|(at, _)| {
            let rest = part.get(at + 1..)?;
            let length = rest
                .find(|letter| !scan::is_word(letter))
                .unwrap_or(rest.len());
            let name = rest
                .get(..length)
                .filter(|name| super::ids::is_input_id(name))?;
            let start = within.start + at;
            Some(Use {
                name: name.to_owned(),
                span: start..start + 1 + length,
                certain: true,
            })
        })
        .collect()
}

/// `{{ inputs.name }}`, `{{ name }}`, and `inputs.name` inside `{% … %}`.
fn template(text: &str) -> Vec<Use> {
    let mut uses = Vec::new();
    for (inside, statement) in template_tags(text) {
        let tag = text.get(inside.clone()).unwrap_or_default();
        let first = scan::words(tag).next().map(|word| word.start);
        let mut inputs_from = None;
        for word in scan::words(tag) {
            let span = inside.start + word.start..inside.start + word.start + word.text.len();
            let after_dot = before(tag, word.start) == b'.';
            let name = super::ids::is_input_id(word.text);
            if inputs_from.take() == Some(word.start) && name {
                uses.push(Use {
                    name: word.text.to_owned(),
                    span,
                    certain: true,
                });
            } else if word.text == "inputs" && !after_dot {
                inputs_from = Some(word.start + word.text.len() + 1);
            } else if !statement && first == Some(word.start) && name {
                uses.push(Use {
                    name: word.text.to_owned(),
                    span,
                    certain: false,
                });
            }
        }
    }
    uses
}

/// The insides of `{{ … }}` (false) and `{% … %}` (true) in order.
pub fn template_tags(text: &str) -> Vec<(Range<usize>, bool)> {
    let mut tags = Vec::new();
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|rest| rest.find('{')) {
        let start = at + found;
        let (close, statement) = match byte(text, start + 1) {
            b'{' => ("}}", false),
            b'%' => ("%}", true),
            b'#' => ("#}", true),
            _ => {
                at = start + 1;
                continue;
            }
        };
        let inside = start + 2;
        let Some(length) = text.get(inside..).and_then(|rest| rest.find(close)) else {
            break;
        };
        if byte(text, start + 1) != b'#' {
            tags.push((inside..inside + length, statement));
        }
        at = inside + length + 2;
    }
    tags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_each_language() {
        for (language, text, expected) in [
            (
                Language::Sql,
                "select :a::text, ':b', x[1:c] -- :d\n where e = :'f' and g between :h and :a",
                "a f h a",
            ),
            (
                Language::Sql,
                "select 'a' || :x || '%', m->>'k:v', \"q:r\"",
                "x",
            ),
            (
                Language::Kql,
                "let _a = 'u'; t | where b == _a and _ResourceId != _c // _d",
                "a a c",
            ),
            (
                Language::Promql,
                "sum(rate(x{a=\"$b\", c=~'$d.*'}[$e]))",
                "b d",
            ),
            (
                Language::Shell,
                "x \"$OP_ID\" $lower '$NOT' ${B:-1}",
                "op_id b",
            ),
            (
                Language::Http,
                "GET /a/{{ b }}?c={{d|x}}\n\n{\"e\": \"{{ inputs.f }}\"}",
                "b d f",
            ),
            (
                Language::Message,
                "{{ title | upper }} {% if inputs.x %}{{ each }}{% endif %}",
                "title x each",
            ),
        ] {
            let names: Vec<_> = uses(language, text)
                .into_iter()
                .map(|found| found.name)
                .collect();
            assert_eq!(names.join(" "), expected, "{text}");
        }
    }
}
