//! What went wrong, in words that hold no address and no secret, with the place in the operator's own text.

use std::io;

use sqlx::postgres::{PgDatabaseError, PgErrorPosition, PgSeverity};

use crate::model::request::RunError;

/// How a step on a connection ended badly.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The server or the connection.
    #[error("{}", words(.0))]
    Database(#[from] sqlx::Error),
    /// No connection could be made.
    #[error("could not connect to {place}: {reason}")]
    Connect {
        /// Where.
        place: String,
        /// Why.
        reason: String,
        /// SQLSTATE, if the server answered at all.
        code: Option<String>,
    },
    /// The result could not be kept.
    #[error("could not keep the result on disk: {0}; free some space and run it again")]
    Spill(#[from] io::Error),
    /// It ended because it was told to.
    #[error("stopped")]
    Stopped,
}

impl Failure {
    /// The server's own error, when it is one.
    pub(super) fn server(&self) -> Option<&PgDatabaseError> {
        match self {
            Self::Database(sqlx::Error::Database(error)) => error.try_downcast_ref(),
            _ => None,
        }
    }

    /// True when the connection is of no use any more.
    pub(super) fn is_broken(&self) -> bool {
        match self {
            // Class 57P: the server shuts down or ended this session.
            Self::Database(sqlx::Error::Database(error)) => {
                error.code().is_some_and(|code| code.starts_with("57P"))
            }
            Self::Database(_) | Self::Connect { .. } => true,
            Self::Spill(_) | Self::Stopped => false,
        }
    }

    /// `57014` without our asking: the statement's time-out on the server, or somebody else.
    pub(super) fn is_statement_timeout(&self) -> bool {
        self.server().is_some_and(|error| {
            error.code() == "57014" && !error.message().contains("user request")
        })
    }

    /// The server said that it gave up this statement and went on: a transaction in which that happens cannot commit.
    pub(super) fn is_refusal(&self) -> bool {
        self.server()
            .is_some_and(|error| error.severity() == PgSeverity::Error)
            && !self.is_broken()
    }

    /// For the operator. `prefix` is what was put before the request's text, in characters.
    pub(super) fn into_run_error(self, prefix: usize) -> RunError {
        let code = match &self {
            Self::Connect { code, .. } => code.clone(),
            _ => self.server().map(|error| error.code().to_owned()),
        };
        let position = self.server().and_then(PgDatabaseError::position);
        let position = match position {
            Some(PgErrorPosition::Original(at)) => at.checked_sub(1 + prefix),
            Some(PgErrorPosition::Internal { .. }) | None => None,
        };
        RunError::Failed {
            message: self.to_string(),
            code,
            position,
        }
    }
}

/// An error without what sqlx adds to it (`at line 3665` is a line of the server's C source).
pub(super) fn words(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(error) => error
            .try_downcast_ref::<PgDatabaseError>()
            .map_or_else(|| error.message().to_owned(), server_words),
        sqlx::Error::Io(error) => format!("the connection was lost: {error}"),
        sqlx::Error::Tls(error) => format!("TLS: {error}"),
        other => other.to_string(),
    }
}

fn server_words(error: &PgDatabaseError) -> String {
    let mut words = error.message().to_owned();
    for more in [error.detail(), error.hint()].into_iter().flatten() {
        words.push_str("; ");
        words.push_str(more.trim_end_matches('.'));
    }
    words
}
