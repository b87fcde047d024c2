//! How a command fails: a message for people and an exit code for programs.

use std::fmt;
use std::io;

use super::code;

/// A failure with its exit code.
#[derive(Debug)]
pub(super) struct Failure {
    /// The exit code.
    pub code: u8,
    message: String,
    broken_pipe: bool,
}

impl Failure {
    /// The command cannot be carried out as it was written.
    pub fn usage(message: impl fmt::Display) -> Self {
        Self::with(code::USAGE, message)
    }

    /// A source, the store or the system failed.
    pub fn failed(message: impl fmt::Display) -> Self {
        Self::with(code::FAILED, message)
    }

    /// Whoever reads our output went away; nobody is left to hear about it.
    pub fn is_broken_pipe(&self) -> bool {
        self.broken_pipe
    }

    fn with(code: u8, message: impl fmt::Display) -> Self {
        Self {
            code,
            message: message.to_string(),
            broken_pipe: false,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self {
            broken_pipe: error.kind() == io::ErrorKind::BrokenPipe,
            ..Self::failed(error)
        }
    }
}
