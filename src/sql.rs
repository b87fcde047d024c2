//! SQL as text: is it one statement, does it read or write, and where do inputs go.
//!
//! Nothing here talks to a server, and nothing here is a guarantee: the guarantee is the role that the source logs in
//! with. These checks find mistakes and traps before anything is sent. Values are never put into the text; only a
//! name chosen from a playbook's own list is, and then quoted.

pub mod bind;
pub mod classify;
pub mod lexer;
mod own_limit;
pub mod plan;
pub mod preview;

pub use bind::{Bound, BoundParameter, bind, placeholders};
pub use classify::{Classified, StatementKind, classify};
pub use lexer::{StatementPart, split_statements};
pub use own_limit::own_limit;
pub use plan::{PlannedSql, plan};
pub use preview::{Counting, Derived, counting, derive};

/// Whose SQL it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// PostgreSQL: dollar quotes, nested comments, `$1`.
    Postgres,
    /// SQLite: brackets and backticks around names, `?1`.
    Sqlite,
}

/// What is wrong with a text, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SqlError {
    /// What was found and what to do about it.
    pub message: String,
    /// 0-based character offset in the text.
    pub position: Option<usize>,
}

impl SqlError {
    /// An error at a byte offset of `text`.
    fn at(text: &str, byte: usize, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            position: Some(characters_before(text, byte)),
        }
    }

    /// An error about the text as a whole.
    fn whole(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            position: None,
        }
    }

    /// The message followed by line and column, for places that have no caret to show.
    pub fn with_line(&self, text: &str) -> String {
        self.position.map_or_else(
            || self.message.clone(),
            |position| {
                let (line, column) = line_and_column(text, position);
                format!("{} (line {line}, column {column})", self.message)
            },
        )
    }
}

/// Characters before a byte offset; an offset inside a character counts that character as not yet passed.
pub fn characters_before(text: &str, byte: usize) -> usize {
    text.char_indices()
        .take_while(|(start, _)| *start < byte)
        .count()
}

/// Line and column, both from 1, of a 0-based character offset.
pub fn line_and_column(text: &str, position: usize) -> (usize, usize) {
    let mut line = 1;
    let mut column = 1;
    for character in text.chars().take(position) {
        if character == '\n' {
            line += 1;
            column = 1;
        } else {
            column += 1;
        }
    }
    (line, column)
}
