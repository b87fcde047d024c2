//! Tests of text: `contains`, `has`, `startswith`, … A pattern is made ready once; texts are looked at once for each of the pool.

use crate::kql::column::{Column, Values};
use crate::kql::expr::Vector;
use crate::kql::syntax::{Polarity, TextOp};
use crate::kql::value::Value;

/// A pattern that is ready to be looked for.
#[derive(Clone, Debug)]
pub struct Matcher {
    test: TextOp,
    needle: Needle,
}

#[derive(Clone, Debug)]
enum Needle {
    /// Found in every text.
    Empty,
    /// Letters that count as they are, or ASCII letters of either case.
    Bytes(Bytes),
    /// Letters of any script whose case does not count, in upper case.
    Folded(String),
    /// A regular expression of the query.
    Pattern(regex::Regex),
}

impl Matcher {
    /// A pattern for `test`.
    ///
    /// # Errors
    /// What is wrong with a regular expression.
    pub fn new(test: TextOp, case_sensitive: bool, pattern: &str) -> Result<Self, String> {
        let needle = if test == TextOp::MatchesRegex {
            Needle::Pattern(regular(pattern)?)
        } else if pattern.is_empty() {
            Needle::Empty
        } else if (case_sensitive && test != TextOp::EqualsIgnoringCase) || pattern.is_ascii() {
            let any_case = !case_sensitive || test == TextOp::EqualsIgnoringCase;
            Needle::Bytes(Bytes {
                text: if any_case {
                    pattern.to_ascii_lowercase().into()
                } else {
                    pattern.into()
                },
                any_case,
            })
        } else {
            Needle::Folded(fold(pattern))
        };
        Ok(Self { test, needle })
    }

    /// Whether `text` passes.
    pub fn matches(&self, text: &str) -> bool {
        match &self.needle {
            Needle::Empty => self.test != TextOp::EqualsIgnoringCase || text.is_empty(),
            Needle::Pattern(pattern) => pattern.is_match(text),
            Needle::Folded(needle) => {
                let text = fold(text);
                self.passes(&text, |from| {
                    text.get(from..)?
                        .find(needle.as_str())
                        .map(|at| (from + at, from + at + needle.len()))
                })
            }
            Needle::Bytes(needle) => match self.test {
                // What must stand at an end is looked for there alone.
                TextOp::EqualsIgnoringCase => needle.is(text.as_bytes()),
                TextOp::StartsWith => text
                    .as_bytes()
                    .get(..needle.text.len())
                    .is_some_and(|start| needle.is(start)),
                TextOp::EndsWith => text
                    .len()
                    .checked_sub(needle.text.len())
                    .and_then(|from| text.as_bytes().get(from..))
                    .is_some_and(|end| needle.is(end)),
                _ => self.passes(text, |from| {
                    let start = from + needle.find(text.as_bytes().get(from..)?)?;
                    Some((start, start + needle.text.len()))
                }),
            },
        }
    }

    /// Whether a place where the needle is found is where the test wants it.
    fn passes(&self, text: &str, find: impl Fn(usize) -> Option<(usize, usize)>) -> bool {
        match self.test {
            TextOp::Contains => find(0).is_some(),
            TextOp::EqualsIgnoringCase => find(0) == Some((0, text.len())),
            TextOp::StartsWith => find(0).is_some_and(|(start, _)| start == 0),
            _ => {
                let mut from = 0;
                while let Some((start, end)) = find(from) {
                    let fits = match self.test {
                        TextOp::EndsWith => end == text.len(),
                        TextOp::HasPrefix => begins_term(text, start),
                        TextOp::HasSuffix => ends_term(text, end),
                        _ => begins_term(text, start) && ends_term(text, end),
                    };
                    if fits {
                        return true;
                    }
                    from = start
                        + text
                            .get(start..)
                            .and_then(|rest| rest.chars().next())
                            .map_or(1, char::len_utf8);
                    if from > text.len() {
                        return false;
                    }
                }
                false
            }
        }
    }
}

/// Bytes to look for; in lower case where ASCII letters of either case count. Never empty.
#[derive(Clone, Debug)]
struct Bytes {
    text: Box<str>,
    any_case: bool,
}

impl Bytes {
    fn is(&self, other: &[u8]) -> bool {
        if self.any_case {
            self.text.as_bytes().eq_ignore_ascii_case(other)
        } else {
            self.text.as_bytes() == other
        }
    }

    /// Where it first stands in `text`: the ends of each stretch are compared before the rest.
    fn find(&self, text: &[u8]) -> Option<usize> {
        let needle = self.text.as_bytes();
        let (first, last) = (*needle.first()?, *needle.last()?);
        let mut stretches = text.windows(needle.len());
        if self.any_case {
            stretches.position(|stretch| {
                matches!(stretch, [a, .., z] | [a @ z] if a.to_ascii_lowercase() == first && z.to_ascii_lowercase() == last)
                    && needle.eq_ignore_ascii_case(stretch)
            })
        } else {
            stretches.position(|stretch| {
                matches!(stretch, [a, .., z] | [a @ z] if *a == first && *z == last)
                    && needle == stretch
            })
        }
    }
}

/// A regular expression of a query.
///
/// # Errors
/// What is wrong with it, in one line.
pub fn regular(pattern: &str) -> Result<regex::Regex, String> {
    regex::Regex::new(pattern).map_err(|problem| match problem {
        regex::Error::Syntax(text) => text
            .lines()
            .last()
            .unwrap_or("it is not one")
            .trim_start_matches("error: ")
            .to_owned(),
        other => other.to_string(),
    })
}

/// A letter or a digit: what terms are made of.
fn in_term(letter: char) -> bool {
    letter.is_alphanumeric()
}

fn begins_term(text: &str, at: usize) -> bool {
    text.get(..at)
        .and_then(|before| before.chars().next_back())
        .is_none_or(|letter| !in_term(letter))
}

fn ends_term(text: &str, at: usize) -> bool {
    text.get(at..)
        .and_then(|after| after.chars().next())
        .is_none_or(|letter| !in_term(letter))
}

/// `text` with every letter in upper case, letter by letter; a letter whose upper case is more than one stays.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_uppercase();
    }
    text.chars()
        .map(|letter| {
            let mut upper = letter.to_uppercase();
            match (upper.next(), upper.next()) {
                (Some(one), None) => one,
                _ => letter,
            }
        })
        .collect()
}

/// The test over a vector of texts.
pub fn test(matcher: &Matcher, negated: bool, arg: &Vector, rows: usize) -> Vector {
    let one = |text: &str| matcher.matches(text) != negated;
    match arg {
        Vector::Constant(value) => {
            Vector::Constant(Value::Bool(one(value.as_str().unwrap_or_default())))
        }
        Vector::Column(column) => {
            let data = match &**column {
                Column::String(strings) => strings.map(one),
                _ => vec![one(""); rows],
            };
            Vector::Column(Column::Bool(Values::full(data)).into())
        }
    }
}

/// The test where the pattern is not the same for every row. A regular expression that does not read gives null.
pub fn test_rows(test: TextOp, polarity: Polarity, args: &[Vector], rows: usize) -> Vector {
    let [left, right] = args else {
        return Vector::Constant(Value::Null);
    };
    let mut ready: Option<(String, Option<Matcher>)> = None;
    let values: Values<bool> = (0..rows)
        .map(|row| {
            let pattern = right.value(row);
            let pattern = pattern.as_str().unwrap_or_default();
            let (_, matcher) = match &mut ready {
                Some(ready) if ready.0 == pattern => ready,
                ready => ready.insert((
                    pattern.to_owned(),
                    Matcher::new(test, polarity.case_sensitive, pattern).ok(),
                )),
            };
            let subject = left.value(row);
            matcher.as_ref().map(|matcher| {
                matcher.matches(subject.as_str().unwrap_or_default()) != polarity.negated
            })
        })
        .collect();
    Vector::Column(Column::Bool(values).into())
}
