//! Where the parts of a scenario stand in its file, and which names its texts and conditions speak of.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fields::Span;
use super::{Condition, Scenario, Trigger};
use crate::drill::facts;
use crate::expr;
use crate::model::diagnostic::SourceText;

/// One part of a path into the file.
#[derive(Debug, Clone, Copy)]
pub(super) enum Part<'p> {
    /// A key of a table.
    Key(&'p str),
    /// An element of a list.
    Index(usize),
}

impl<'p> From<&'p str> for Part<'p> {
    fn from(key: &'p str) -> Self {
        Self::Key(key)
    }
}

impl From<usize> for Part<'_> {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

/// A scenario's file, to look places up.
pub(super) struct Texts<'s> {
    table: Spanned<DeTable<'s>>,
}

/// A name that a text or a condition speaks of: the story, and the role where one is named.
pub(super) type Used = (String, Option<String>);

impl<'s> Texts<'s> {
    /// Reads the file once more.
    pub(super) fn new(source: &'s SourceText) -> Self {
        Self {
            table: DeTable::parse_recoverable(&source.text).0,
        }
    }

    /// The place of what a path leads to, or of the last part of it that is there.
    pub(super) fn place(&self, path: &[Part<'_>]) -> Span {
        let mut parts = path.iter();
        let Some(Part::Key(first)) = parts.next() else {
            return 0..0;
        };
        let Some(mut value) = self.table.get_ref().get(*first) else {
            return 0..0;
        };
        for part in parts {
            let inner = match (part, value.get_ref()) {
                (Part::Key(key), DeValue::Table(table)) => table.get(*key),
                (Part::Index(index), DeValue::Array(values)) => values.get(*index),
                _ => None,
            };
            match inner {
                Some(inner) => value = inner,
                None => break,
            }
        }
        value.span()
    }

    /// Every name of a story that is spoken of, with the place of the text.
    pub(super) fn names_used(&self, scenario: &Scenario) -> Vec<(Span, Used)> {
        let mut used = Vec::new();
        for (path, text) in told(scenario) {
            for (_, story, role) in facts::placeholders(text) {
                let name = (story.to_owned(), Some(role.to_owned()));
                used.push((self.place(&path), name));
            }
        }
        for (path, condition) in conditions(scenario) {
            let place = self.place(&path);
            let expression = &condition.expression;
            for story in expr::keys_of(expression, "names") {
                used.push((place.clone(), (story, None)));
            }
            for (story, role) in expr::members_of(expression, "names") {
                used.push((place.clone(), (story, Some(role))));
            }
            for (story, list) in members(&condition.text) {
                if list == "going" {
                    used.push((place.clone(), (story, None)));
                }
            }
        }
        used
    }
}

/// Every text that names are put into, with the path to it.
pub(super) fn told(scenario: &Scenario) -> Vec<(Vec<Part<'_>>, &str)> {
    let mut told: Vec<(Vec<Part<'_>>, &str)> =
        vec![(vec!["truth".into(), "text".into()], &scenario.truth.text)];
    for (input, value) in &scenario.inputs {
        told.push((vec!["inputs".into(), input.as_str().into()], value));
    }
    for (index, inject) in scenario.injects.iter().enumerate() {
        let path = |keys: &[&'static str]| {
            let keys = keys.iter().map(|key| Part::Key(key));
            let inject = [Part::Key("inject"), Part::Index(index)];
            inject.into_iter().chain(keys).collect()
        };
        told.push((path(&["text"]), &inject.text));
        if let Some(damage) = &inject.damage {
            told.push((path(&["damage", "text"]), &damage.text));
        }
    }
    told
}

/// Every condition of a scenario with the path to it.
pub(super) fn conditions(scenario: &Scenario) -> Vec<([Part<'static>; 3], &Condition)> {
    let stories = scenario.stories.iter().enumerate();
    let stories = stories.filter_map(|(index, story)| {
        let path = [
            Part::Key("story"),
            Part::Index(index),
            Part::Key("stop_when"),
        ];
        Some((path, story.stop_when.as_ref()?))
    });
    let injects = scenario.injects.iter().enumerate();
    let injects = injects.filter_map(|(index, inject)| match &inject.trigger {
        Trigger::When(condition, _) => {
            let path = [Part::Key("inject"), Part::Index(index), Part::Key("when")];
            Some((path, condition))
        }
        Trigger::At(_) | Trigger::Called => None,
    });
    stories.chain(injects).collect()
}

/// Literal names that a condition looks for in a list: `"revoke" in ran` gives `revoke` and `ran`; for `"Yes" in decision["outcome"]` the list is
/// `decision["outcome"]`.
pub(super) fn members(text: &str) -> Vec<(String, String)> {
    let found = text.match_indices(" in ").filter_map(|(at, word)| {
        let before = text.get(..at)?.trim_end();
        let quote = before
            .chars()
            .last()
            .filter(|quote| matches!(quote, '"' | '\''))?;
        let inside = before.get(..before.len() - 1)?;
        let name = inside.get(inside.rfind(quote)? + 1..)?;
        let list = text.get(at + word.len()..)?.trim_start();
        let end = list
            .find(|letter: char| !letter.is_alphanumeric() && letter != '_')
            .unwrap_or(list.len());
        let end = match list.get(end..) {
            Some(rest) if rest.starts_with('[') => end + rest.find(']')? + 1,
            _ => end,
        };
        Some((name.to_owned(), list.get(..end)?.to_owned()))
    });
    found.collect()
}

/// Facts that a condition compares with literal words: `severity == "P1"` gives `severity` and `P1`.
pub(super) fn compared(text: &str) -> Vec<(String, String)> {
    let places = text.match_indices("==").chain(text.match_indices("!="));
    let found = places.filter_map(|(at, sign)| {
        let before = text.get(..at)?.trim_end();
        let from = before
            .rfind([' ', '(', '!', '&', '|'])
            .map_or(0, |space| space + 1);
        let after = text.get(at + sign.len()..)?.trim_start();
        let quote = after
            .chars()
            .next()
            .filter(|quote| matches!(quote, '"' | '\''))?;
        let (word, _) = after.get(1..)?.split_once(quote)?;
        Some((before.get(from..)?.to_owned(), word.to_owned()))
    });
    found.collect()
}
