//! What an action's latest result gives to expressions, previews, messages and evidence.
//!
//! Rows stay where they are (a spill file, an evidence file read back); whoever evaluates reads what it needs, off the
//! loop's thread.

use super::Timestamp;
use super::request::Outcome;
use super::table::{Column, Rows, Series};

/// The result of an ended action.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// How it ended.
    pub outcome: Outcome,
    /// When it was sent.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// What came back.
    pub body: AnswerBody,
}

/// What came back.
#[derive(Debug, Clone, PartialEq)]
pub enum AnswerBody {
    /// Nothing but the outcome.
    Nothing,
    /// Rows and columns, in the order they came.
    Table {
        /// Columns.
        columns: Vec<Column>,
        /// All rows kept, up to the request's limit.
        rows: Rows,
    },
    /// Lines over time.
    Chart(Vec<Series>),
    /// Text, byte for byte but for invalid UTF-8, up to `limits::OUTPUT_BYTES`.
    Output {
        /// Standard output of a script, or the body of an HTTP answer.
        stdout: String,
        /// Standard error of a script.
        stderr: String,
    },
}
