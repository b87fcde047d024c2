//! What can be wrong with a query, and where.

use std::fmt;

/// A stretch of the query's text, in bytes; `start <= end`, both at character boundaries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The stretch from `start` up to `end`.
    pub fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// The least stretch that covers both.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self {
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }

    /// Line and column of its start in `text`, both from 1, the column in characters.
    pub fn line_column(self, text: &str) -> (usize, usize) {
        let before = text.get(..self.start).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (
            before.matches('\n').count() + 1,
            before
                .get(line_start..)
                .map_or(0, |line| line.chars().count())
                + 1,
        )
    }
}

/// What kind of fault it is; decides the exit code and who can mend it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The text is not KQL.
    Syntax,
    /// A name, a type or an argument does not fit.
    Semantic,
    /// It is KQL, and this engine cannot run it.
    Unsupported,
    /// More rows, bytes, groups or time than the run allows.
    Limit,
    /// The run was stopped from outside.
    Stopped,
    /// A table could not be read.
    Table,
}

/// Why a query was not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KqlError {
    /// What kind of fault.
    pub kind: ErrorKind,
    /// Where in the query's text.
    pub span: Span,
    /// What was expected and what was found, in one sentence without a full stop.
    pub message: String,
    /// What to do next, e.g. the nearest known name.
    pub help: Option<String>,
}

impl KqlError {
    /// A fault of `kind` at `span`.
    pub fn new(kind: ErrorKind, span: Span, message: impl Into<String>) -> Self {
        Self {
            kind,
            span,
            message: message.into(),
            help: None,
        }
    }

    /// The text is not KQL.
    pub fn syntax(span: Span, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Syntax, span, message)
    }

    /// A name, a type or an argument does not fit.
    pub fn semantic(span: Span, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Semantic, span, message)
    }

    /// It is KQL, and this engine cannot run it.
    pub fn unsupported(span: Span, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unsupported, span, message)
    }

    /// A limit was met.
    pub fn limit(span: Span, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Limit, span, message)
    }

    /// The same with what to do next.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for KqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(help) = &self.help {
            write!(f, "; {help}")?;
        }
        Ok(())
    }
}

impl std::error::Error for KqlError {}

/// A longer word is no slip of the pen.
const LONGEST_NAME: usize = 64;

/// The one of `known` that is most like `name`: what was probably meant. `None` when none is near.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > LONGEST_NAME {
        return None;
    }
    let name = name.to_lowercase();
    let furthest = match name.chars().count() {
        0..=1 => 0,
        2 => 1,
        3..=5 => 2,
        _ => 3,
    };
    known
        .into_iter()
        .map(|candidate| (distance(&name, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| {
            *distance <= furthest && *distance < candidate.chars().count()
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How many letters must be put in, taken out, changed, or swapped with the next one.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    let mut letter_before = None;
    for (row, letter) in left.chars().enumerate() {
        let mut line = vec![row + 1];
        for (column, other) in right.iter().enumerate() {
            let at =
                |line: &[usize], column: usize| line.get(column).copied().unwrap_or(usize::MAX);
            let mut fewest = (at(&last, column) + usize::from(letter != *other))
                .min(at(&last, column + 1) + 1)
                .min(at(&line, column) + 1);
            let swapped = column > 0
                && letter_before == Some(*other)
                && right.get(column - 1) == Some(&letter);
            if swapped {
                fewest = fewest.min(at(&before_last, column - 1).saturating_add(1));
            }
            line.push(fewest);
        }
        letter_before = Some(letter);
        before_last = std::mem::replace(&mut last, line);
    }
    last.last().copied().unwrap_or(0)
}
