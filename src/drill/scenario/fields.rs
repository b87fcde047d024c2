//! A TOML table read key by key: what is missing, of another kind than expected, or unknown is told with its place.
//!
//! The keys that are asked for are the keys there are, so that no list of them falls behind. Nothing here knows scenarios.

use std::cell::RefCell;
use std::ops::{Range, RangeInclusive};
use std::time::Duration;

use jiff::SignedDuration;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::model::diagnostic::{Diagnostic, nearest};
use crate::model::{Timestamp, duration, limits};

/// Known names that are shown where none is near.
const SHOWN: usize = 16;

/// Where something stands: bytes of the file.
pub(super) type Span = Range<usize>;

/// Findings of a file, gathered while its tables are read.
#[derive(Default)]
pub(super) struct Findings(RefCell<Vec<Diagnostic>>);

impl Findings {
    /// Adds one, as long as there is room.
    pub(super) fn push(&self, finding: Diagnostic) {
        if self.has_room() {
            self.0.borrow_mut().push(finding);
        }
    }

    fn has_room(&self) -> bool {
        self.0.borrow().len() < limits::DIAGNOSTICS
    }

    /// Adds an error.
    pub(super) fn error(&self, code: &'static str, span: Span, message: impl Into<String>) {
        self.push(Diagnostic::error(code, span, message));
    }

    /// Adds an error about a name that is not among the known ones, with the nearest one.
    pub(super) fn unknown<'k>(
        &self,
        code: &'static str,
        span: Span,
        (what, found): (&str, &str),
        known: impl IntoIterator<Item = &'k str>,
    ) {
        // The nearest of many names is not looked for in vain.
        if self.has_room() {
            self.push(unknown(code, span, what, found, known));
        }
    }

    /// All of them, in the order of the file.
    pub(super) fn sorted(self) -> Vec<Diagnostic> {
        let mut findings = self.0.into_inner();
        findings.sort_by_key(|finding| finding.span.start);
        findings.dedup();
        findings
    }
}

/// An error about a name that is not among the known ones: the nearest one, else all of them.
pub(super) fn unknown<'k>(
    code: &'static str,
    span: Span,
    what: &str,
    found: &str,
    known: impl IntoIterator<Item = &'k str>,
) -> Diagnostic {
    let known: Vec<&str> = known.into_iter().collect();
    let help = match nearest(found, known.iter().copied()) {
        Some(near) => format!("did you mean {near:?}?"),
        None if known.is_empty() => "there is none".to_owned(),
        None if known.len() > SHOWN => {
            let shown: Vec<&str> = known.iter().copied().take(SHOWN).collect();
            format!(
                "there are {} and {} more",
                shown.join(", "),
                known.len() - SHOWN
            )
        }
        None => format!("there are {}", known.join(", ")),
    };
    Diagnostic::error(code, span, format!("expected {what}, found {found:?}")).with_help(help)
}

/// One table of the file.
pub(super) struct Fields<'a> {
    table: &'a DeTable<'a>,
    span: Span,
    findings: &'a Findings,
    asked: RefCell<Vec<&'static str>>,
}

/// A value and its place.
pub(super) type Value<'a> = Spanned<DeValue<'a>>;

impl<'a> Fields<'a> {
    /// A table and the place where it stands.
    pub(super) fn new(table: &'a DeTable<'a>, span: Span, findings: &'a Findings) -> Self {
        Self {
            table,
            span,
            findings,
            asked: RefCell::default(),
        }
    }

    /// Where the findings go.
    pub(super) fn findings(&self) -> &'a Findings {
        self.findings
    }

    /// The place of a key's value, or of the table where the key is not there.
    pub(super) fn place(&self, key: &str) -> Span {
        self.table
            .get(key)
            .map_or_else(|| self.span.clone(), Spanned::span)
    }

    /// Tells the keys that nobody asked for. To be called once everything was.
    pub(super) fn end(self) {
        let asked = self.asked.into_inner();
        for key in self.table.keys() {
            let word: &str = key.get_ref();
            if !asked.contains(&word) {
                let known = asked.iter().copied();
                self.findings.unknown(
                    "unknown-key",
                    key.span(),
                    ("a key of this table", word),
                    known,
                );
            }
        }
    }

    /// The value of a key as it is.
    pub(super) fn get(&self, key: &'static str) -> Option<&'a Value<'a>> {
        self.asked.borrow_mut().push(key);
        self.table.get(key)
    }

    /// The value of a key as `read` makes it; of another kind is an error.
    fn read<T>(
        &self,
        key: &'static str,
        what: &str,
        read: impl FnOnce(&'a DeValue<'a>) -> Option<T>,
    ) -> Option<T> {
        let value = self.get(key)?;
        let got = read(value.get_ref());
        if got.is_none() {
            self.wrong(key, what, value);
        }
        got
    }

    fn wrong(&self, key: &str, what: &str, value: &Value<'_>) {
        let found = match value.get_ref() {
            DeValue::String(text) => format!("{:?}", text.chars().take(60).collect::<String>()),
            DeValue::Integer(number) => number.as_str().to_owned(),
            DeValue::Float(number) => number.as_str().to_owned(),
            other => other.type_str().to_owned(),
        };
        self.findings.error(
            "wrong-value",
            value.span(),
            format!("{key}: expected {what}, found {found}"),
        );
    }

    fn missing(&self, key: &str, what: &str) {
        self.findings.error(
            "missing-key",
            self.span.start..self.span.start + 1,
            format!("expected {key} = {what}, found no such key"),
        );
    }

    /// A value that has to be there.
    pub(super) fn needed<T: Default>(
        &self,
        key: &'static str,
        what: &str,
        read: impl FnOnce(&Self, &'static str) -> Option<T>,
    ) -> T {
        if self.table.get(key).is_none() {
            self.missing(key, what);
        }
        read(self, key).unwrap_or_default()
    }

    /// Says that a key has another value than it may have.
    pub(super) fn refuse(&self, key: &str, expected: &str) {
        self.findings.error(
            "wrong-value",
            self.place(key),
            format!("{key}: expected {expected}"),
        );
    }

    /// Text.
    pub(super) fn text(&self, key: &'static str) -> Option<String> {
        self.read(key, "text in quotes", |value| {
            value.as_str().map(|text| text.trim().to_owned())
        })
    }

    /// One of some words.
    pub(super) fn word(&self, key: &'static str, words: &[&'static str]) -> Option<&'static str> {
        let text = self.text(key)?;
        let word = words.iter().find(|word| **word == text).copied();
        if word.is_none() {
            self.findings.unknown(
                "unknown-word",
                self.place(key),
                (&format!("a known {key}"), &text),
                words.iter().copied(),
            );
        }
        word
    }

    /// True or false.
    pub(super) fn flag(&self, key: &'static str) -> Option<bool> {
        self.read(key, "true or false", DeValue::as_bool)
    }

    /// A whole number in a range.
    pub(super) fn whole(&self, key: &'static str, range: &RangeInclusive<u32>) -> Option<u32> {
        let what = format!("a whole number from {} to {}", range.start(), range.end());
        self.read(key, &what, |value| {
            whole(value).filter(|number| range.contains(number))
        })
    }

    /// A number in a range.
    pub(super) fn number(&self, key: &'static str, range: &RangeInclusive<f64>) -> Option<f64> {
        let what = format!("a number from {} to {}", range.start(), range.end());
        self.read(key, &what, |value| {
            let text = match value {
                DeValue::Float(number) => number.as_str(),
                DeValue::Integer(number) => number.as_str(),
                _ => return None,
            };
            let number: f64 = text.parse().ok()?;
            range.contains(&number).then_some(number)
        })
    }

    /// A length of time, at most a week.
    pub(super) fn duration(&self, key: &'static str) -> Option<Duration> {
        self.read(key, "a time such as \"90s\", \"12m\" or \"2h\"", |value| {
            value.as_str().and_then(short)
        })
    }

    /// A length of time that may be negative: before the page.
    pub(super) fn signed(&self, key: &'static str) -> Option<SignedDuration> {
        self.read(
            key,
            "a time such as \"5m\", or \"-40m\" for before the page",
            |value| {
                let text = value.as_str()?.trim();
                let (sign, rest) = match text.strip_prefix('-') {
                    Some(rest) => (-1, rest),
                    None => (1, text.strip_prefix('+').unwrap_or(text)),
                };
                SignedDuration::try_from(short(rest)?)
                    .ok()
                    .map(|length| length * sign)
            },
        )
    }

    /// A time with its zone.
    pub(super) fn time(&self, key: &'static str) -> Option<Timestamp> {
        let what = "a time such as 2026-03-10T03:12:00Z";
        self.read(key, what, |value| {
            let text = match value {
                DeValue::String(text) => text.to_string(),
                DeValue::Datetime(time) => time.to_string(),
                _ => return None,
            };
            text.parse().ok()
        })
    }

    /// A list of texts, each with its place; one text stands for a list of one.
    pub(super) fn texts(&self, key: &'static str) -> Vec<(String, Span)> {
        let Some(value) = self.get(key) else {
            return Vec::new();
        };
        let one = |value: &Value<'_>| {
            let text = value.get_ref().as_str();
            if text.is_none() {
                self.wrong(key, "text in quotes", value);
            }
            text.map(|text| (text.to_owned(), value.span()))
        };
        match value.get_ref().as_array() {
            Some(values) => values.iter().filter_map(one).collect(),
            None => one(value).into_iter().collect(),
        }
    }

    /// A table inside this one.
    pub(super) fn table(&self, key: &'static str) -> Option<Fields<'a>> {
        let value = self.get(key)?;
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.wrong(key, "a table", value);
        }
        table.map(|table| Fields::new(table, value.span(), self.findings))
    }

    /// Tables under one key: `[[story]]`, or a list of inline ones.
    pub(super) fn tables(&self, key: &'static str, most: usize) -> Vec<Fields<'a>> {
        let Some(value) = self.get(key) else {
            return Vec::new();
        };
        let Some(values) = value.get_ref().as_array() else {
            self.wrong(key, &format!("tables, each under [[{key}]]"), value);
            return Vec::new();
        };
        if let Some(first) = values.get(most) {
            self.findings.error(
                "too-many",
                first.span(),
                format!("{key}: expected at most {most}, found {}", values.len()),
            );
        }
        let tables = values.iter().take(most).filter_map(|value| {
            let table = value.get_ref().as_table();
            if table.is_none() {
                self.wrong(key, "a table", value);
            }
            table.map(|table| Fields::new(table, value.span(), self.findings))
        });
        tables.collect()
    }

    /// Every key of a table whose keys are names of the writer's own, with the places of key and value.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&'a str, Span, &'a Value<'a>)> {
        self.table
            .iter()
            .map(|(key, value)| (key.get_ref().as_ref(), key.span(), value))
    }
}

/// A whole number.
pub(super) fn whole(value: &DeValue<'_>) -> Option<u32> {
    let integer = value.as_integer()?;
    u32::from_str_radix(integer.as_str(), integer.radix()).ok()
}

/// A length of time of at most a week: longer ones are a slip, and would have to be simulated.
fn short(text: &str) -> Option<Duration> {
    const WEEK: Duration = Duration::from_secs(7 * 86_400);
    duration::parse(text).filter(|length| *length <= WEEK)
}
