//! A script as a tree: what the reader makes and the runner walks.

/// A script: its lists, one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Script {
    pub lists: Vec<List>,
}

/// Pipelines joined by `&&` and `||`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct List {
    pub first: Pipeline,
    pub rest: Vec<(Joint, Pipeline)>,
}

/// When the next pipeline of a list runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Joint {
    /// `&&`: after a success.
    And,
    /// `||`: after a failure.
    Or,
}

/// Commands joined by `|`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pipeline {
    /// `!` before it.
    pub negated: bool,
    /// At least one.
    pub commands: Vec<Command>,
}

/// A simple command.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Command {
    /// The line it begins on, from 1.
    pub line: usize,
    /// `NAME=value`; only where there are no words.
    pub assignments: Vec<(String, Word)>,
    /// Its name and its arguments.
    pub words: Vec<Word>,
    /// In the order in which they are written: `>/dev/null 2>&1` is not `2>&1 >/dev/null`.
    pub redirections: Vec<Redirection>,
}

/// Where a stream comes from or goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Redirection {
    /// `1>&2`, `2>&1`: the first goes where the second goes now.
    Copy(Channel, Channel),
    /// `>/dev/null`, `2>/dev/null`, `&>/dev/null`.
    Nowhere(Channel),
    /// `< file`.
    FromFile(Word),
    /// `<<< text`.
    FromText(Word),
}

/// An output stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Channel {
    /// Standard output.
    Output,
    /// Standard error.
    Errors,
}

/// A word before it is expanded.
pub(super) type Word = Vec<Part>;

/// A part of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// Text as it stands. An empty quoted one makes an empty word.
    Text { text: String, quoted: bool },
    /// `*`, `?` or a bracket of a file name's pattern, unquoted.
    Glob(char),
    /// `$NAME`, `${NAME}`, `${NAME:-word}` and their like.
    Variable {
        name: String,
        otherwise: Option<Otherwise>,
        quoted: bool,
    },
}

/// What stands in for a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Otherwise {
    pub kind: OtherwiseKind,
    /// With a colon: an empty value counts as none.
    pub or_empty: bool,
    pub word: Word,
}

/// Which of the three.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OtherwiseKind {
    /// `-`: the word when there is no value.
    Default,
    /// `+`: the word when there is a value, else nothing.
    Alternative,
    /// `?`: an error when there is no value.
    Error,
}
