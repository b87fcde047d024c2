//! `parse-kv`: columns out of a text of keys and values.

use std::sync::Arc;

use regex::Regex;

use super::options;
use super::read_text::{Reader, bind_reader};
use crate::kql::binder::Binder;
use crate::kql::error::{KqlError, Span};
use crate::kql::relation::Relation;
use crate::kql::syntax::{ColumnDeclaration, Expr, ExprKind, Literal, OperatorOption};
use crate::kql::types::Field;
use crate::kql::value::Value;
use crate::kql::value::convert::read;

/// Binds the operator.
///
/// # Errors
/// What does not fit.
pub fn bind(
    binder: &mut Binder<'_>,
    input: Relation,
    span: Span,
    value: &Expr,
    columns: &[ColumnDeclaration],
    options: &[OperatorOption],
) -> Result<Relation, KqlError> {
    let fields = columns
        .iter()
        .map(|column| Field::new(column.name.text.as_str(), column.ty))
        .collect();
    let rules = read_options(options, span)?;
    bind_reader(
        binder,
        input,
        value,
        Arc::new(KeyValues { fields, rules }),
        false,
    )
}

/// Keys and where their values go.
struct KeyValues {
    fields: Vec<Field>,
    rules: Rules,
}

/// How keys and values are told apart.
enum Rules {
    /// By delimiters.
    Delimited {
        /// Between one pair and the next.
        pair: String,
        /// Between a key and its value.
        key: String,
        /// Whether a value goes on until the next key.
        greedy: bool,
        quotes: Quotes,
    },
    /// By whatever is neither a letter nor a digit.
    Words(Quotes),
    /// By an expression with a group for the key and a group for the value.
    Regex(Regex),
}

/// What stands around a quoted key or value.
#[derive(Default)]
struct Quotes {
    /// Opening and closing.
    pairs: Vec<(char, char)>,
    /// What makes the next character one of the text.
    escapes: Vec<char>,
}

fn read_options(options: &[OperatorOption], span: Span) -> Result<Rules, KqlError> {
    const KNOWN: [&str; 6] = [
        "pair_delimiter",
        "kv_delimiter",
        "quote",
        "escape",
        "greedy",
        "regex",
    ];
    let (mut pair, mut key, mut regex) = (None, None, None);
    let mut quotes = Quotes::default();
    let mut greedy = false;
    for option in options {
        let expected = |what: &str| {
            KqlError::semantic(
                option.value.span,
                format!("expected {what} for {}", option.name.text),
            )
        };
        match option.name.text.as_str() {
            "pair_delimiter" => pair = Some(some_text(option)?.to_owned()),
            "kv_delimiter" => key = Some(some_text(option)?.to_owned()),
            "quote" => {
                let mut chars = options::word(option)?.chars();
                match (chars.next(), chars.next(), chars.next()) {
                    (Some(open), close, None) => quotes.pairs.push((open, close.unwrap_or(open))),
                    _ => return Err(expected("one or two characters")),
                }
            }
            "escape" => {
                let mut chars = options::word(option)?.chars();
                match (chars.next(), chars.next()) {
                    (Some(escape), None) => quotes.escapes.push(escape),
                    _ => return Err(expected("one character")),
                }
            }
            "greedy" => match &option.value.kind {
                ExprKind::Literal(_, Literal(Value::Bool(value))) => greedy = *value,
                _ => return Err(expected("true or false")),
            },
            "regex" => {
                let found = Regex::new(options::word(option)?)
                    .ok()
                    .filter(|regex| regex.captures_len() == 3)
                    .ok_or_else(|| {
                        expected("a regular expression with two groups, key and value,")
                    })?;
                regex = Some(found);
            }
            _ => options::unknown(option, &KNOWN)?,
        }
    }
    match (regex, pair, key) {
        (Some(regex), None, None) => Ok(Rules::Regex(regex)),
        (None, Some(pair), Some(key)) => Ok(Rules::Delimited {
            pair,
            key,
            greedy,
            quotes,
        }),
        (None, None, None) if !greedy => Ok(Rules::Words(quotes)),
        _ => Err(KqlError::semantic(
            span,
            "expected both pair_delimiter and kv_delimiter, or regex alone, or neither",
        )),
    }
}

fn some_text(option: &OperatorOption) -> Result<&str, KqlError> {
    let text = options::word(option)?;
    if text.is_empty() {
        return Err(KqlError::semantic(
            option.value.span,
            format!("expected a text for {}", option.name.text),
        ));
    }
    Ok(text)
}

impl Reader for KeyValues {
    fn columns(&self) -> &[Field] {
        &self.fields
    }

    fn read(&self, text: &str) -> Option<Vec<Value>> {
        let mut found: Vec<Option<String>> = vec![None; self.fields.len()];
        // The first appearance of a key counts.
        let mut take = |key: &str, value: String| {
            let place = self.fields.iter().position(|field| *field.name == *key);
            if let Some(slot) = place.and_then(|at| found.get_mut(at))
                && slot.is_none()
            {
                *slot = Some(value);
            }
        };
        match &self.rules {
            Rules::Delimited {
                pair,
                key,
                greedy,
                quotes,
            } => {
                delimited(text, pair, key, *greedy, quotes, &mut take);
            }
            Rules::Words(quotes) => {
                let known = |word: &str| self.fields.iter().any(|field| *field.name == *word);
                words(text, quotes, known, &mut take);
            }
            Rules::Regex(regex) => {
                for captures in regex.captures_iter(text) {
                    let group = |index| {
                        captures
                            .get(index)
                            .map_or("", |group| group.as_str())
                            .trim()
                    };
                    take(group(1), group(2).to_owned());
                }
            }
        }
        let values = self
            .fields
            .iter()
            .zip(found)
            .map(|(field, text)| match text {
                Some(text) => read(&text, field.ty),
                None => Value::missing(field.ty),
            })
            .collect();
        Some(values)
    }
}

/// Hands `take` every key and value of a text with delimiters.
fn delimited(
    text: &str,
    pair: &str,
    delimiter: &str,
    greedy: bool,
    quotes: &Quotes,
    take: &mut impl FnMut(&str, String),
) {
    let mut rest = text;
    while let Some((before, after)) = quotes.split_once(rest, delimiter) {
        let key = last_key(before, pair, quotes);
        let after = after.trim_start();
        if let Some((value, tail)) = quotes.quoted(after) {
            take(&key, value);
            rest = tail;
            continue;
        }
        let end = if greedy {
            greedy_end(after, pair, delimiter)
        } else {
            after.find(pair)
        };
        let (value, tail) = match end {
            Some(end) => (after.get(..end), after.get(end + pair.len()..)),
            None => (Some(after), None),
        };
        take(&key, value.unwrap_or("").trim().to_owned());
        rest = tail.unwrap_or("");
    }
}

/// The key at the end of what stands before a delimiter: what comes after the last delimiter of pairs, or what is quoted.
fn last_key(before: &str, pair: &str, quotes: &Quotes) -> String {
    let before = before.trim();
    for (start, _) in before.char_indices() {
        if let Some((key, tail)) = before.get(start..).and_then(|rest| quotes.quoted(rest))
            && tail.is_empty()
        {
            return key;
        }
    }
    before
        .rsplit(pair)
        .next()
        .unwrap_or(before)
        .trim()
        .to_owned()
}

/// Where a value ends that goes on until the next key: at the last delimiter of pairs before the next delimiter of keys.
fn greedy_end(after: &str, pair: &str, delimiter: &str) -> Option<usize> {
    let next = after.find(delimiter)?;
    after.get(..next)?.trim_end().rfind(pair)
}

/// Hands `take` the word after each word that is a key.
fn words(
    text: &str,
    quotes: &Quotes,
    known: impl Fn(&str) -> bool,
    take: &mut impl FnMut(&str, String),
) {
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|c: char| !in_word(c));
        let end = rest.find(|c: char| !in_word(c)).unwrap_or(rest.len());
        let Some((word, tail)) = rest
            .split_at_checked(end)
            .filter(|(word, _)| !word.is_empty())
        else {
            return;
        };
        rest = tail;
        if !known(word) {
            continue;
        }
        // The value is the next word, or what is quoted before it.
        let gap = rest.find(in_word).unwrap_or(rest.len());
        let in_quotes = rest
            .char_indices()
            .take_while(|(at, _)| *at < gap)
            .find_map(|(at, _)| quotes.quoted(rest.get(at..)?));
        if let Some((value, tail)) = in_quotes {
            take(word, value);
            rest = tail;
        } else {
            rest = rest.get(gap..).unwrap_or("");
            let end = rest.find(|c: char| !in_word(c)).unwrap_or(rest.len());
            let (value, tail) = rest.split_at_checked(end).unwrap_or((rest, ""));
            take(word, value.to_owned());
            rest = tail;
        }
    }
}

fn in_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

impl Quotes {
    /// What is quoted at the start of `text`, without its quotes, and what follows; `None` when nothing is, or the quote is not closed.
    fn quoted<'a>(&self, text: &'a str) -> Option<(String, &'a str)> {
        let mut chars = text.char_indices();
        let (_, first) = chars.next()?;
        let (_, close) = self.pairs.iter().find(|(open, _)| *open == first)?;
        let mut value = String::new();
        while let Some((at, c)) = chars.next() {
            if self.escapes.contains(&c) {
                value.push(chars.next()?.1);
            } else if c == *close {
                return Some((value, text.get(at + c.len_utf8()..)?));
            } else {
                value.push(c);
            }
        }
        None
    }

    /// `text` before and after the first `delimiter` that is not quoted.
    fn split_once<'a>(&self, text: &'a str, delimiter: &str) -> Option<(&'a str, &'a str)> {
        let mut at = 0;
        loop {
            let rest = text.get(at..)?;
            if let Some(after) = rest.strip_prefix(delimiter) {
                return Some((text.get(..at)?, after));
            }
            at = match self.quoted(rest) {
                Some((_, tail)) => text.len() - tail.len(),
                None => at + rest.chars().next()?.len_utf8(),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kql::types::Type;
    use crate::kql::value::text::to_text;

    /// The values of `keys` in `text`, as text.
    fn read(rules: Rules, keys: &[&str], text: &str) -> Vec<String> {
        let fields = keys
            .iter()
            .map(|key| Field::new(*key, Type::String))
            .collect();
        let values = KeyValues { fields, rules }.read(text).unwrap_or_default();
        values.iter().map(to_text).collect()
    }

    fn by(pair: &str, key: &str, greedy: bool, quote: &str, escape: &str) -> Rules {
        let mut chars = quote.chars();
        let pairs = chars
            .next()
            .map(|open| (open, chars.next().unwrap_or(open)))
            .into_iter()
            .collect();
        let quotes = Quotes {
            pairs,
            escapes: escape.chars().collect(),
        };
        if pair.is_empty() {
            return Rules::Words(quotes);
        }
        Rules::Delimited {
            pair: pair.to_owned(),
            key: key.to_owned(),
            greedy,
            quotes,
        }
    }

    #[test]
    fn pairs_are_told_apart_by_their_delimiters() {
        for (pair, key, keys, text, expected) in [
            (" ", "=", ["key", "x"], "  key  =  value  ", ["value", ""]),
            ("][", "=", ["k1", "k2"], "[k1=v1][k2=v2]", ["", "v2]"]),
            (
                ";",
                ":",
                ["tag", "owner"],
                "tag:urgent;tag:billing;owner:sam",
                ["urgent", "sam"],
            ),
            (" ", "=", ["a", "c"], "a==b", ["=b", ""]),
            (" ", "=", ["a", "c"], "c=d=e", ["", "d=e"]),
            (
                " ",
                "=",
                ["k", "world"],
                "k=hello world=foo bar",
                ["hello", "foo"],
            ),
            (
                " ",
                "=",
                ["name", "phone"],
                "name=John Doe phone=555 5555",
                ["John", "555"],
            ),
            (";", "=", ["a", "b"], "a=;b=2", ["", "2"]),
        ] {
            assert_eq!(
                read(by(pair, key, false, "", ""), &keys, text),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn a_greedy_value_goes_on_until_the_next_key() {
        assert_eq!(
            read(
                by(" ", "=", true, "", ""),
                &["name", "phone", "city"],
                "name=John Doe phone=555 5555 city=New York"
            ),
            ["John Doe", "555 5555", "New York"]
        );
    }

    #[test]
    fn quotes_hold_keys_and_values_together() {
        let text = r#"src=10.1.1.123 failure="connection aborted" "event time"=now"#;
        assert_eq!(
            read(
                by(" ", "=", false, "\"", ""),
                &["src", "failure", "event time"],
                text
            ),
            ["10.1.1.123", "connection aborted", "now"]
        );
        let text = "bytes=125 failure=(connection aborted) (event time)=(2021 10:00)";
        assert_eq!(
            read(
                by(" ", "=", false, "()", ""),
                &["bytes", "failure", "event time"],
                text
            ),
            ["125", "connection aborted", "2021 10:00"]
        );
        let text = r#"failure="the host sent \"bye!\"" time=5"#;
        assert_eq!(
            read(by(" ", "=", false, "\"", "\\"), &["failure", "time"], text),
            ["the host sent \"bye!\"", "5"]
        );
        assert_eq!(
            read(by(";", "=", false, "'", ""), &["a", "b"], "a='open;b=2"),
            ["'open", "2"]
        );
    }

    #[test]
    fn without_delimiters_words_are_keys_and_values() {
        let text =
            r"10:00:34 [INFO] ThreadId:458745723, Machine:Node001, Text: 'The service \' is up'";
        assert_eq!(
            read(
                by("", "", false, "'", "\\"),
                &["Text", "ThreadId", "Machine"],
                text
            ),
            ["The service ' is up", "458745723", "Node001"]
        );
        assert_eq!(read(by("", "", false, "", ""), &["a", "b"], "a"), ["", ""]);
    }
}
