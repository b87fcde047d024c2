//! What can be wrong with a query, and where.

use std::ops::Range;

/// What kind of fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The text is not PromQL, or its types do not fit.
    Syntax,
    /// It is PromQL, and this engine does not do it.
    Unsupported,
    /// The query cannot be answered over these series: Prometheus says `execution`.
    Execution,
    /// More steps or samples than a query may touch.
    Limit,
    /// It was stopped from outside.
    Stopped,
}

/// Why a query was not answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// What kind of fault.
    pub kind: ErrorKind,
    /// What is wrong, in one sentence without a full stop; in Prometheus's words where it has words for it.
    pub message: String,
    /// Where in the query: characters, 0-based, end exclusive.
    pub span: Range<usize>,
}

impl Error {
    /// A fault of `kind` at `span`.
    pub fn new(kind: ErrorKind, span: &Range<usize>, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            span: span.clone(),
        }
    }

    /// The text is not PromQL, or its types do not fit.
    pub(super) fn syntax(span: &Range<usize>, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Syntax, span, message)
    }

    /// The query cannot be answered over these series.
    pub(super) fn execution(span: &Range<usize>, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Execution, span, message)
    }

    /// Something that Prometheus does and this engine does not: said by name.
    pub(super) fn unsupported(span: &Range<usize>, what: &str) -> Self {
        let message = format!("the drill's metrics do not do {what}; a live Prometheus may");
        Self::new(ErrorKind::Unsupported, span, message)
    }
}
