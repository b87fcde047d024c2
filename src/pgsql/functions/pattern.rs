//! LIKE and regular expressions.

use regex::{Regex, RegexBuilder};

use super::are::translated;
use super::numbers::wrong;
use super::text::check_length;
use super::{Call, Entry};
use crate::pgsql::error::Error;
use crate::pgsql::run::Run;
use crate::pgsql::value::Value;

/// True when a text is like a pattern of `%`, `_` and an escape.
fn is_like(text: &str, pattern: &str, escape: Option<char>) -> Result<bool, Error> {
    let mut units = Vec::new();
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        units.push(match character {
            escaped if Some(escaped) == escape => {
                characters.next().map_or(Unit::Nothing, Unit::Exactly)
            }
            '%' => Unit::Anything,
            '_' => Unit::One,
            other => Unit::Exactly(other),
        });
    }
    let text: Vec<char> = text.chars().collect();
    // The usual walk: on a mismatch the last `%` swallows one more character.
    let (mut place, mut unit) = (0, 0);
    let mut last: Option<(usize, usize)> = None;
    while place < text.len() {
        match units.get(unit) {
            Some(Unit::Anything) => {
                last = Some((unit, place));
                unit += 1;
            }
            Some(Unit::One) => {
                place += 1;
                unit += 1;
            }
            Some(Unit::Nothing) => {
                return Err(Error::new(
                    "22025",
                    "LIKE pattern must not end with escape character",
                ));
            }
            Some(Unit::Exactly(wanted)) if text.get(place) == Some(wanted) => {
                place += 1;
                unit += 1;
            }
            _ => {
                let Some((star, from)) = last else {
                    return Ok(false);
                };
                last = Some((star, from + 1));
                place = from + 1;
                unit = star + 1;
            }
        }
    }
    Ok(units
        .iter()
        .skip(unit)
        .all(|unit| matches!(unit, Unit::Anything)))
}

enum Unit {
    Anything,
    One,
    Exactly(char),
    /// An escape with nothing behind it: an error once a match comes to it.
    Nothing,
}

fn escape_of(arguments: &[Value]) -> Result<Option<char>, Error> {
    match arguments.get(2) {
        None => Ok(Some('\\')),
        Some(Value::Text(escape)) if escape.chars().count() <= 1 => Ok(escape.chars().next()),
        Some(_) => Err(Error::new("22025", "invalid escape string")),
    }
}

fn like(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Text(text), Value::Text(pattern), ..] => {
            is_like(text, pattern, escape_of(arguments)?).map(Value::Bool)
        }
        _ => Err(wrong()),
    }
}

/// The server folds ASCII only under the collation C.
fn ilike(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Text(text), Value::Text(pattern), ..] => is_like(
            &text.to_ascii_lowercase(),
            &pattern.to_ascii_lowercase(),
            escape_of(arguments)?,
        )
        .map(Value::Bool),
        _ => Err(wrong()),
    }
}

/// A compiled expression, kept for the next row.
fn compiled(run: &Run, pattern: &str, ignores_case: bool) -> Result<Regex, Error> {
    let key = (pattern.to_owned(), ignores_case);
    if let Some(regex) = run.patterns.borrow().get(&key) {
        return Ok(regex.clone());
    }
    if ignores_case && !pattern.is_ascii() {
        return Err(Error::unsupported(
            "letters beyond ASCII in a regular expression that ignores case",
        ));
    }
    let regex = RegexBuilder::new(&translated(pattern)?)
        .case_insensitive(ignores_case)
        .dot_matches_new_line(true)
        .size_limit(1 << 20)
        .build()
        .map_err(|_| {
            Error::new(
                "2201B",
                format!("invalid regular expression, or one that the drill's database does not do: {pattern}"),
            )
        })?;
    run.patterns.borrow_mut().insert(key, regex.clone());
    Ok(regex)
}

/// The same for a text to be cut out: the server takes the longest alternative, the crate the first.
fn extracting(run: &Run, pattern: &str, ignores_case: bool) -> Result<Regex, Error> {
    if pattern.contains('|')
        || ["*?", "+?", "??", "}?"]
            .iter()
            .any(|lazy| pattern.contains(lazy))
    {
        return Err(Error::unsupported(
            "alternatives and lazy repetition in a regular expression that cuts out text",
        ));
    }
    compiled(run, pattern, ignores_case)
}

/// The same for one that is looked for again and again: after a match of nothing the server goes on otherwise.
fn repeating(run: &Run, pattern: &str, ignores_case: bool) -> Result<Regex, Error> {
    let regex = extracting(run, pattern, ignores_case)?;
    if regex.is_match("") {
        return Err(Error::unsupported(
            "every match of a regular expression that also matches nothing",
        ));
    }
    Ok(regex)
}

fn matches(call: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Text(text), Value::Text(pattern)] => Ok(Value::Bool(
            compiled(call.run, pattern, false)?.is_match(text),
        )),
        _ => Err(wrong()),
    }
}

fn matches_any_case(call: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Text(text), Value::Text(pattern)] => Ok(Value::Bool(
            compiled(call.run, pattern, true)?.is_match(text),
        )),
        _ => Err(wrong()),
    }
}

/// The part that matches, or its first group.
fn cut_out(call: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Text(text), Value::Text(pattern)] => {
            let regex = extracting(call.run, pattern, false)?;
            let found = regex
                .captures(text)
                .and_then(|groups| groups.get(usize::from(groups.len() > 1)));
            Ok(found.map_or(Value::Null, |found| Value::text(found.as_str())))
        }
        _ => Err(wrong()),
    }
}

fn groups(call: &Call, arguments: &[Value]) -> Result<Value, Error> {
    let [Value::Text(text), Value::Text(pattern), flags @ ..] = arguments else {
        return Err(wrong());
    };
    let flags = text_of(flags.first());
    only(flags, "i")?;
    let regex = extracting(call.run, pattern, flags.contains('i'))?;
    let Some(found) = regex.captures(text) else {
        return Ok(Value::Null);
    };
    let skipped = usize::from(found.len() > 1);
    let values = found
        .iter()
        .skip(skipped)
        .map(|group| group.map_or(Value::Null, |group| Value::text(group.as_str())));
    Ok(Value::Array(values.collect()))
}

fn text_of(value: Option<&Value>) -> &str {
    match value {
        Some(Value::Text(text)) => text,
        _ => "",
    }
}

fn only(flags: &str, known: &str) -> Result<(), Error> {
    match flags.chars().find(|flag| !known.contains(*flag)) {
        None => Ok(()),
        Some(flag) => Err(Error::unsupported(&format!(
            "the flag {flag} of a regular expression"
        ))),
    }
}

fn replace(call: &Call, arguments: &[Value]) -> Result<Value, Error> {
    let [
        Value::Text(text),
        Value::Text(pattern),
        Value::Text(by),
        flags @ ..,
    ] = arguments
    else {
        return Err(wrong());
    };
    let flags = text_of(flags.first());
    only(flags, "gi")?;
    let find = if flags.contains('g') {
        repeating
    } else {
        extracting
    };
    let regex = find(call.run, pattern, flags.contains('i'))?;
    let mut made = String::new();
    let mut behind = 0;
    for found in regex.captures_iter(text) {
        let Some(whole) = found.get(0) else { break };
        made.push_str(text.get(behind..whole.start()).unwrap_or_default());
        let mut characters = by.chars();
        while let Some(character) = characters.next() {
            let escaped = if character == '\\' {
                characters.next()
            } else {
                made.push(character);
                continue;
            };
            match escaped {
                Some('&') => made.push_str(whole.as_str()),
                Some(digit @ '1'..='9') => {
                    let group = found.get(digit as usize - '0' as usize);
                    made.push_str(group.map_or("", |group| group.as_str()));
                }
                Some('\\') | None => made.push('\\'),
                Some(other) => made.extend(['\\', other]),
            }
        }
        check_length(made.len())?;
        behind = whole.end();
        if !flags.contains('g') {
            break;
        }
    }
    made.push_str(text.get(behind..).unwrap_or_default());
    Ok(Value::text(made))
}

fn split(call: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Text(text), Value::Text(pattern)] => {
            let regex = repeating(call.run, pattern, false)?;
            Ok(Value::Array(regex.split(text).map(Value::text).collect()))
        }
        _ => Err(wrong()),
    }
}

/// Patterns. The names of operators that negate are not here: the binder puts NOT around these.
pub const TABLE: &[Entry] = &[
    ("~~", "text text -> bool", like),
    ("~~*", "text text -> bool", ilike),
    ("like_escape", "text text text -> bool", like),
    ("ilike_escape", "text text text -> bool", ilike),
    ("~", "text text -> bool", matches),
    ("~*", "text text -> bool", matches_any_case),
    ("substring", "text text -> text", cut_out),
    ("regexp_match", "text text -> text[]", groups),
    ("regexp_match", "text text text -> text[]", groups),
    ("regexp_replace", "text text text -> text", replace),
    ("regexp_replace", "text text text text -> text", replace),
    ("regexp_split_to_array", "text text -> text[]", split),
];
