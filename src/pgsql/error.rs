//! Why a statement could not be answered.

/// An error as a PostgreSQL server would report it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// What is wrong, in the server's words where it has words for it.
    pub message: String,
    /// SQLSTATE: `42703` for a column that is not there, `0A000` for what this engine does not do.
    pub code: &'static str,
    /// 0-based character in the statement, where there is one.
    pub position: Option<usize>,
}

impl Error {
    /// An error without a place.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            code,
            position: None,
        }
    }

    /// Something that PostgreSQL does and this engine does not: said by name, never answered in part.
    pub fn unsupported(what: &str) -> Self {
        Self::new(
            "0A000",
            format!("the drill's database does not do {what}; a live PostgreSQL may"),
        )
    }
}
