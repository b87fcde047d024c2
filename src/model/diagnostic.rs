//! What is wrong with a file, where, and what to do about it.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde::Serialize;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Works, but is likely not what was meant.
    Warning,
    /// A part of the file cannot be used as written.
    Error,
}

/// One finding in a file. Spans are bytes of the file as it is on disk; lines and columns are computed when it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Error or warning.
    pub level: Level,
    /// Stable kebab-case name of the rule, such as `unknown-attribute`.
    pub code: &'static str,
    /// One sentence: what was expected, what was found.
    pub message: String,
    /// The nearest known name or the next thing to do, if there is one.
    pub help: Option<String>,
    /// Byte range in the file.
    pub span: Range<usize>,
}

impl Diagnostic {
    /// An error at `span`.
    pub fn error(code: &'static str, span: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            level: Level::Error,
            code,
            message: message.into(),
            help: None,
            span,
        }
    }

    /// A warning at `span`.
    pub fn warning(code: &'static str, span: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            level: Level::Warning,
            code,
            message: message.into(),
            help: None,
            span,
        }
    }

    /// The same finding with a hint.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The finding as one or two lines that begin with `file:line:column`, as editors understand it.
    pub fn located<'a>(&'a self, source: &'a SourceText) -> Located<'a> {
        Located {
            diagnostic: self,
            source,
        }
    }
}

/// A diagnostic together with the file it speaks of; displays as `path:line:column: error[code]: message`.
#[derive(Debug, Clone, Copy)]
pub struct Located<'a> {
    diagnostic: &'a Diagnostic,
    source: &'a SourceText,
}

impl fmt::Display for Located<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Diagnostic {
            level,
            code,
            message,
            help,
            span,
        } = self.diagnostic;
        let (line, column) = self.source.line_column(span.start);
        let word = match level {
            Level::Warning => "warning",
            Level::Error => "error",
        };
        write!(
            formatter,
            "{}:{line}:{column}: {word}[{code}]: {message}",
            self.source.path
        )?;
        if let Some(help) = help {
            write!(formatter, "\n  help: {help}")?;
        }
        Ok(())
    }
}

/// A file's text with the name it was read from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SourceText {
    /// The path as the user gave it, or `built-in:NAME`.
    pub path: Arc<str>,
    /// The whole text, as on disk.
    pub text: Arc<str>,
}

impl SourceText {
    /// Couples a text with the name it goes by.
    pub fn new(path: impl AsRef<str>, text: impl AsRef<str>) -> Self {
        Self {
            path: Arc::from(path.as_ref()),
            text: Arc::from(text.as_ref()),
        }
    }

    /// Line and column of a byte, both from 1; columns count characters. A byte past the end is the end.
    pub fn line_column(&self, byte: usize) -> (usize, usize) {
        let mut end = byte.min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let before = self.text.get(..end).unwrap_or_default();
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = before
            .rsplit('\n')
            .next()
            .unwrap_or_default()
            .chars()
            .count()
            + 1;
        (line, column)
    }
}

/// The known name nearest to what was written, for "did you mean". `None` when nothing is close enough to be meant.
pub fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (written.chars().count() / 3).clamp(1, 3);
    known
        .into_iter()
        .map(|name| {
            (
                distance(&written.to_lowercase(), &name.to_lowercase()),
                name,
            )
        })
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, name)| name)
}

/// Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours each cost one.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    let mut previous_left = None;
    for (row, letter) in left.chars().enumerate() {
        let mut current = vec![row + 1];
        for (column, other) in right.iter().enumerate() {
            let at =
                |line: &[usize], index: usize| line.get(index).copied().unwrap_or(usize::MAX - 1);
            let mut best = (at(&last, column) + usize::from(letter != *other))
                .min(at(&last, column + 1) + 1)
                .min(at(&current, column) + 1);
            let swapped = column > 0
                && previous_left == Some(*other)
                && right.get(column - 1) == Some(&letter);
            if swapped {
                best = best.min(at(&before_last, column - 1) + 1);
            }
            current.push(best);
        }
        before_last = std::mem::replace(&mut last, current);
        previous_left = Some(letter);
    }
    last.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found_and_far_ones_are_not() {
        let known = ["source", "effect", "expect", "every"];
        assert_eq!(nearest("soruce", known), Some("source"));
        assert_eq!(nearest("Expect", known), Some("expect"));
        assert_eq!(nearest("banana", known), None);
    }

    #[test]
    fn lines_and_columns_count_characters_from_one() {
        let source = SourceText::new("a.md", "ab\nçd\n");
        assert_eq!(source.line_column(0), (1, 1));
        assert_eq!(source.line_column(5), (2, 2));
        assert_eq!(source.line_column(99), (3, 1));
        let finding = Diagnostic::error("x", 5..6, "expected d, found e").with_help("write d");
        assert_eq!(
            finding.located(&source).to_string(),
            "a.md:2:2: error[x]: expected d, found e\n  help: write d"
        );
    }
}
