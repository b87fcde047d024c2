//! Messages: templates filled from record and inputs, and what holds a draft back.
//!
//! Pure. A name that is not there is an error with its place, never an empty word. Nothing is sent here.

mod each;
mod fill;
mod held;

use std::collections::BTreeMap;

pub use each::{list, values};
pub use fill::{FUNCTIONS, TemplateError, fill, results_named, try_out, variables};
pub use held::{Circumstances, HeldBack, held_back};

/// Names that templates may use beside roles and the column of `for-each`. One without a value is an error where it is used.
pub const NAMES: [&str; 13] = [
    "inputs",
    "result",
    "each",
    "incident_id",
    "title",
    "summary",
    "severity",
    "mode",
    "operator",
    "opened_at",
    "now",
    "window_start",
    "window_end",
];

/// What a template may name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Names {
    /// `incident_id`, `title`, `severity`, `operator`, `opened_at`, `ic` and the like. A name without a value is absent.
    pub top: BTreeMap<String, String>,
    /// `inputs.NAME`; those without a value are absent. Secrets are never among them.
    pub inputs: BTreeMap<String, String>,
    /// Rows of results that templates may list: `result["id"].rows`, up to `limits::MESSAGE_ROWS` of each.
    pub results: BTreeMap<String, Vec<BTreeMap<String, String>>>,
    /// Roles by id, with a person or without: an error tells how to name one.
    pub roles: Vec<String>,
}

/// A filled message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The value of `for-each` that it is for.
    pub each: Option<String>,
    /// Whom it is for.
    pub to: Option<String>,
    /// Subject line.
    pub subject: Option<String>,
    /// The text, as edited so far.
    pub text: String,
}

/// Why a template could not be filled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct FillError {
    /// Line of the template, from 1.
    pub line: usize,
    /// What is wrong and what to do.
    pub message: String,
}
