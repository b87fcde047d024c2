//! Puts values into a PromQL query: `$name` inside the quoted value of a label matcher, escaped for it, and nowhere else.
//!
//! The language has no parameters of its own, so a value must not be able to end its string, and in a regular expression
//! it stands for itself. Syntax: the Prometheus documentation, "Querying: basics".

use std::fmt::Write as _;

use crate::model::request::{Parameter, PlanContext, PlanError};
use crate::sources::registry;

/// The query with values in place, and what was put in.
pub(super) fn fill(
    query: &str,
    context: &PlanContext,
) -> Result<(String, Vec<Parameter>), PlanError> {
    let mut filled = String::with_capacity(query.len());
    let mut parameters: Vec<Parameter> = Vec::new();
    let mut rest = query;
    let mut depth = 0_usize;
    while let Some(character) = rest.chars().next() {
        let length = match character {
            '"' | '\'' | '`' => {
                let length = string_length(rest, character)?;
                let string = rest.get(..length).unwrap_or_default();
                let place = Place {
                    quote: character,
                    matcher: (depth > 0).then(|| matcher(&filled)).flatten(),
                };
                fill_string(string, place, context, &mut filled, &mut parameters)?;
                rest = rest.get(length..).unwrap_or_default();
                continue;
            }
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '$' => {
                return Err(PlanError::Refused(format!(
                    "`${}` stands outside a quoted matcher: a value can only be put into {{label=\"$name\"}}; write ranges and numbers into the query",
                    name_at(rest.get(1..).unwrap_or_default())
                )));
            }
            '{' => {
                depth += 1;
                1
            }
            '}' => {
                depth = depth.saturating_sub(1);
                1
            }
            other => other.len_utf8(),
        };
        filled.push_str(rest.get(..length).unwrap_or_default());
        rest = rest.get(length..).unwrap_or_default();
    }
    Ok((filled, parameters))
}

/// Where a string stands.
#[derive(Debug, Clone, Copy)]
struct Place {
    quote: char,
    /// The matcher before it, when it is the value of one.
    matcher: Option<Matcher>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Matcher {
    Equal,
    Pattern,
}

/// The operator that ends the text so far.
fn matcher(before: &str) -> Option<Matcher> {
    let before = before.trim_end();
    if before.ends_with("=~") || before.ends_with("!~") {
        Some(Matcher::Pattern)
    } else if before.ends_with('=') {
        Some(Matcher::Equal)
    } else {
        None
    }
}

/// Bytes of the string that begins here, its quotes among them.
fn string_length(text: &str, quote: char) -> Result<usize, PlanError> {
    let mut escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if character == '\\' && quote != '`' {
            escaped = true;
        } else if character == quote {
            return Ok(at + 1);
        }
    }
    Err(PlanError::Refused(format!(
        "a string is not closed by {quote}"
    )))
}

fn fill_string(
    string: &str,
    place: Place,
    context: &PlanContext,
    filled: &mut String,
    parameters: &mut Vec<Parameter>,
) -> Result<(), PlanError> {
    let mut rest = string;
    while let Some((before, after)) = rest.split_once('$') {
        filled.push_str(before);
        let name = name_at(after);
        let known = context.inputs.iter().any(|input| input.id.as_str() == name);
        rest = after.get(name.len()..).unwrap_or_default();
        let Some(matcher) = place.matcher.filter(|_| !name.is_empty()) else {
            // The `$` of a pattern, or a group in label_replace. An input's name there is a mistake worth telling.
            if known {
                return Err(PlanError::Refused(format!(
                    "`${name}` stands in a text that is not a matcher's value: a value can only be put into {{label=\"${name}\"}}"
                )));
            }
            filled.push('$');
            filled.push_str(name);
            continue;
        };
        if place.quote != '`' && (before.len() - before.trim_end_matches('\\').len()) % 2 == 1 {
            return Err(PlanError::Refused(format!(
                "a backslash stands before `${name}`: it would change the value's first character"
            )));
        }
        let input = registry::bound_input(name, context)?;
        if input.kind == "secret" {
            return Err(PlanError::Refused(format!(
                "{name} is a secret: it would be seen in the query"
            )));
        }
        filled.push_str(&escape(&input.text, place.quote, matcher, name)?);
        let parameter = Parameter {
            name: name.to_owned(),
            kind: match matcher {
                Matcher::Equal => "matcher".to_owned(),
                Matcher::Pattern => "matcher, escaped for its pattern".to_owned(),
            },
            value: input.text.clone(),
            example: input.example,
        };
        if !parameters.contains(&parameter) {
            parameters.push(parameter);
        }
    }
    filled.push_str(rest);
    Ok(())
}

fn escape(value: &str, quote: char, matcher: Matcher, name: &str) -> Result<String, PlanError> {
    let value = match matcher {
        Matcher::Equal => value.to_owned(),
        Matcher::Pattern => regex::escape(value),
    };
    if quote == '`' {
        if value.contains('`') {
            return Err(PlanError::Refused(format!(
                "the value of {name} holds a back quote: write the matcher with double quotes"
            )));
        }
        return Ok(value);
    }
    let mut escaped = String::with_capacity(value.len());
    for character in value.chars() {
        match character {
            '\\' => escaped.push_str("\\\\"),
            '\n' => escaped.push_str("\\n"),
            _ if character == quote => {
                escaped.push('\\');
                escaped.push(character);
            }
            _ if character.is_ascii_control() => {
                let _ = write!(escaped, "\\x{:02x}", u32::from(character));
            }
            _ => escaped.push(character),
        }
    }
    Ok(escaped)
}

/// The name that begins here, possibly empty.
fn name_at(text: &str) -> &str {
    let is_part = |character: char| character.is_ascii_alphanumeric() || character == '_';
    if text.starts_with(|character: char| character.is_ascii_digit()) {
        return "";
    }
    let end = text
        .find(|character| !is_part(character))
        .unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;
    use crate::model::request::BoundInput;

    fn filled(query: &str, value: &str) -> Result<String, String> {
        let context = PlanContext {
            now: Timestamp::UNIX_EPOCH,
            window: (Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH),
            width: 80,
            inputs: vec![BoundInput {
                id: "org".into(),
                kind: "text",
                text: value.to_owned(),
                example: false,
                has_pattern: false,
            }],
            edited: None,
            message: None,
        };
        fill(query, &context)
            .map(|(query, _)| query)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn values_stay_inside_their_matcher() {
        for (query, value, expected) in [
            (r#"up{org="$org"}"#, "org-a", r#"up{org="org-a"}"#),
            (
                r#"up{org="$org"}"#,
                r#"a"} or up{x="\"#,
                r#"up{org="a\"} or up{x=\"\\"}"#,
            ),
            (
                r#"up{org != "<$org>"}"#,
                "a\nb\0",
                r#"up{org != "<a\nb\x00>"}"#,
            ),
            (r"up{org='$org'}", r#"it's "x""#, r#"up{org='it\'s "x"'}"#),
            (
                r#"up{org=~"$org|b$"}"#,
                "a|.*",
                r#"up{org=~"a\\|\\.\\*|b$"}"#,
            ),
            ("up{org=~`$org`}", "a.b", r"up{org=~`a\.b`}"),
            (
                r##"up # $org "
 + up{a="#$org"}"##,
                "v",
                r##"up # $org "
 + up{a="#v"}"##,
            ),
            (
                r#"label_replace(up, "x", "$1", "y", "(.*)$")"#,
                "v",
                r#"label_replace(up, "x", "$1", "y", "(.*)$")"#,
            ),
        ] {
            assert_eq!(filled(query, value).as_deref(), Ok(expected), "{query}");
        }
    }

    #[test]
    fn a_name_anywhere_else_is_refused() {
        for (query, value, words) in [
            ("up[$org]", "5m", "`$org` stands outside a quoted matcher"),
            ("up > $org", "1", "outside a quoted matcher"),
            ("up{$org=\"x\"}", "a", "outside a quoted matcher"),
            (
                r#"label_replace(up, "x", "$org", "y", "")"#,
                "v",
                "not a matcher's value",
            ),
            (r#"up{a="$other"}"#, "v", "needs other"),
            (r#"up{a="\$org"}"#, "v", "a backslash stands before"),
            (r#"up{a="$org}"#, "v", "not closed"),
            ("up{a=`$org`}", "a`b", "back quote"),
        ] {
            let error = filled(query, value).unwrap_err();
            assert!(error.contains(words), "{query}: {error}");
        }
    }
}
