//! What is sent and what comes back, the same for every source.
//!
//! A request is planned once; what was planned is what is shown, recorded and sent. It holds no secret: those are
//! resolved inside `run`.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Timestamp;
use super::ids::{ActionId, InputId, SourceName};
use super::input::{SECRET_EXPECTED, secret_reference};
use super::playbook::{Effect, Language};
use super::table::{Column, Rows, Series};

/// A planned request.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// The action it belongs to.
    pub action: ActionId,
    /// The source it goes to.
    pub source: SourceName,
    /// Where that is, for people: `postgres audit@db1:5432/app as reader`. No secret.
    pub target: String,
    /// The exact text as it will be sent, with placeholders where values are bound.
    pub text: String,
    /// What is bound, in order.
    pub parameters: Vec<Parameter>,
    /// Reads or writes: what the playbook declares or what the classifier finds, whichever is more.
    pub effect: Effect,
    /// The run ends as timed out after this.
    pub timeout: Duration,
    /// Rows returned at most.
    pub limit: u64,
    /// Rows that a write may touch at most: more, and nothing is changed. Typed at the gate; none for reads and where rows
    /// are not counted.
    pub ceiling: Option<u64>,
    /// A verdict will rest on it: the source finds out whether the role could see all rows ([`Outcome::blind`]).
    pub judged: bool,
    /// What the source's `run` needs.
    pub payload: Payload,
}

/// A bound value as it is shown and recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameter {
    /// The input's id or a built-in name.
    pub name: String,
    /// The type it is sent as (`uuid`, `timestamptz`, `text`, `environment`, …).
    pub kind: String,
    /// The canonical text; for a secret where it is kept: `‹secret env:TOKEN›`.
    pub value: String,
    /// Marks a walkthrough's example value.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub example: bool,
}

/// What the kind of a secret's parameter begins with.
const SECRET: &str = "secret ";

impl Parameter {
    /// A secret at a place (`header`, `text`, …): it is shown and recorded by where it is kept. Text that is no reference is
    /// refused and not repeated, because it may be the secret itself.
    pub fn secret(
        name: impl Into<String>,
        place: &str,
        reference: &str,
        example: bool,
    ) -> Result<Self, PlanError> {
        let name = name.into();
        if !example && secret_reference(reference).is_none() {
            return Err(PlanError::Refused(format!("{name}: {SECRET_EXPECTED}")));
        }
        Ok(Self {
            kind: format!("{SECRET}{place}"),
            value: format!("‹secret {reference}›"),
            name,
            example,
        })
    }

    /// Where a secret is kept; none for a parameter that is no secret.
    pub fn secret_reference(&self) -> Option<&str> {
        self.kind.strip_prefix(SECRET)?;
        self.value.strip_prefix("‹secret ")?.strip_suffix('›')
    }

    /// The same parameter as another type: a secret stays one.
    pub fn set_kind(&mut self, kind: &str) {
        self.kind = if self.secret_reference().is_some() {
            format!("{SECRET}{kind}")
        } else {
            kind.to_owned()
        };
    }
}

/// The part of a request that only its source understands.
#[derive(Debug, Clone, PartialEq)]
pub enum Payload {
    /// One statement; the parameters of the request are its binds, in order of `$1`, `$2` … (PostgreSQL) or `?1` (SQLite).
    Sql {
        /// The statement as sent, before the source wraps it in its cursor.
        statement: String,
    },
    /// A Prometheus query.
    Promql {
        /// After inputs were put into quoted matchers.
        query: String,
        /// A range query with start, end and step; none asks for the value at `at`.
        range: Option<PromqlRange>,
        /// Evaluation time of an instant query.
        at: Timestamp,
    },
    /// A KQL query; the text of the request is what is sent.
    Kql {
        /// Values that travel beside the text.
        parameters: Vec<KqlParameter>,
        /// An answer that the service kept from before will not do.
        fresh: bool,
    },
    /// An HTTP exchange with the source's own host.
    Http {
        /// `GET`, `HEAD`, `POST` …
        method: String,
        /// Path and query, already encoded; joined to the source's base address.
        path: String,
        /// Header lines of the playbook.
        headers: Vec<(String, String)>,
        /// Body, possibly empty.
        body: String,
    },
    /// A script.
    Shell {
        /// The fence's text, byte for byte.
        script: String,
        /// Environment variables beyond the allow-list, from inputs.
        environment: Vec<(String, String)>,
        /// Working folder.
        cwd: Option<String>,
        /// Exit codes that are results.
        ok_codes: Vec<i32>,
    },
    /// A message; the text of the request is the document that is posted.
    Message(Box<OutgoingMessage>),
}

impl Payload {
    /// The language of what is sent.
    pub const fn language(&self) -> Language {
        match self {
            Self::Sql { .. } => Language::Sql,
            Self::Promql { .. } => Language::Promql,
            Self::Kql { .. } => Language::Kql,
            Self::Http { .. } => Language::Http,
            Self::Shell { .. } => Language::Shell,
            Self::Message(_) => Language::Message,
        }
    }

    /// A live pane asks again no sooner than this: services that are shared by everybody say so.
    pub fn rest(&self) -> Duration {
        match self {
            Self::Kql { .. } => super::limits::AZURE_POLL_MIN,
            Self::Sql { .. }
            | Self::Promql { .. }
            | Self::Http { .. }
            | Self::Shell { .. }
            | Self::Message(_) => Duration::ZERO,
        }
    }
}

/// A query parameter of Azure Data Explorer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KqlParameter {
    /// Its declared name, such as `_actor_id`.
    pub name: String,
    /// A text or a whole number as it is, anything else as a literal of the language.
    pub value: String,
}

/// What an operator needs to sign in from another machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInPrompt {
    /// The page to open.
    pub address: String,
    /// The code to type there.
    pub code: String,
    /// How long the code is good.
    pub lasts: Duration,
}

/// A message as it goes out, with what a receiver is told of its incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingMessage {
    /// The incident's id.
    pub incident: String,
    /// Its title.
    pub title: String,
    /// Its severity, if there is one.
    pub severity: Option<String>,
    /// Who sends it.
    pub operator: String,
    /// Subject line.
    pub subject: Option<String>,
    /// Whom it is for.
    pub to: Option<String>,
    /// `internal`, `customer`, `regulator` or `public`.
    pub audience: Option<String>,
    /// The value of `for-each` that it is for.
    pub each: Option<String>,
    /// The text, as it was accepted.
    pub text: String,
}

/// The window and step of a range query. Start is a multiple of the step since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PromqlRange {
    /// First point.
    pub start: Timestamp,
    /// Last point.
    pub end: Timestamp,
    /// Distance of points.
    pub step: Duration,
}

/// Columns of a table that make a chart; what is not named is found by kind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChartColumns {
    /// Times; by default the first time column.
    pub x: Option<String>,
    /// Values; by default the first number.
    pub y: Option<String>,
    /// What tells lines apart; by default the remaining texts.
    pub by: Vec<String>,
}

/// What `plan` may look at. Clocks and widths come in here, so that planning is pure.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanContext {
    /// When the plan is made.
    pub now: Timestamp,
    /// The look-back window (see `input::window`).
    pub window: (Timestamp, Timestamp),
    /// Columns of the pane that will show a chart: the step of a range query comes from it.
    pub width: u16,
    /// Types of the action's inputs, so that each is sent as what it is.
    pub inputs: Vec<BoundInput>,
    /// Text edited by the operator, in place of the playbook's.
    pub edited: Option<String>,
    /// The message that was written, for actions that send one.
    pub message: Option<Box<OutgoingMessage>>,
}

/// A value ready to be bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoundInput {
    /// The input's id, or a built-in name.
    pub id: InputId,
    /// The type's word (see `InputType::word`).
    pub kind: &'static str,
    /// Canonical text.
    pub text: String,
    /// An example value of a walkthrough.
    pub example: bool,
    /// The playbook gives this text a pattern of its own, which the value matches.
    pub has_pattern: bool,
}

/// A part of a result, in the order it arrives.
#[derive(Debug, Clone, PartialEq)]
pub enum Chunk {
    /// The columns of a table, once, before its rows; `rows` grows as they arrive.
    Columns {
        /// Columns in order.
        columns: Vec<Column>,
        /// Handle on the growing rows.
        rows: Rows,
    },
    /// More rows can be read; the number is the total so far.
    Rows(u64),
    /// Lines of a chart, all at once.
    Series(Vec<Series>),
    /// Text of a script or of an HTTP answer, in order.
    Output {
        /// True for standard error.
        error: bool,
        /// Decoded text; invalid UTF-8 is replaced.
        text: String,
    },
    /// Something the source wants said, such as a Prometheus warning.
    Warning(String),
    /// The source waits until the operator has signed in; `None` when that is over, however it ended.
    SignIn(Option<SignInPrompt>),
}

/// How a run ended well enough to have a result.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    /// Rows read, or rows touched by a write.
    pub rows: Option<u64>,
    /// Why the result is not whole: row cap, byte cap.
    pub truncated: Option<String>,
    /// The source says a part is missing.
    pub partial: Option<String>,
    /// Exit code of a script.
    pub exit_code: Option<i32>,
    /// HTTP status.
    pub status: Option<u16>,
    /// Why the role could not have seen all rows, when the source knows: row-level security.
    pub blind: Option<String>,
    /// Newest sample or `Age` of a cached answer, when the source knows.
    pub newest: Option<Timestamp>,
    /// What is older than this has arrived whole; younger bins may still grow. None where nothing is known to be under way.
    pub settled: Option<Timestamp>,
}

/// How a run ended without a result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// The source answered with an error, or could not be reached.
    #[error("{message}")]
    Failed {
        /// What happened and what to do, without secrets.
        message: String,
        /// SQLSTATE, HTTP status or exit code as text.
        code: Option<String>,
        /// 0-based character offset in the request's text.
        position: Option<usize>,
    },
    /// The time-out passed; the source was told to stop.
    #[error("timed out after {0:?}")]
    TimedOut(Duration),
    /// The operator stopped it; the source was told to stop.
    #[error("cancelled")]
    Cancelled,
    /// It may or may not have happened: the connection was lost at the wrong moment.
    #[error("outcome unknown: {0}")]
    Unknown(String),
}

impl RunError {
    /// A plain failure.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::Failed {
            message: message.into(),
            code: None,
            position: None,
        }
    }
}

/// Why a request could not be planned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Inputs without a value.
    #[error("needs {}", .0.iter().map(InputId::as_str).collect::<Vec<_>>().join(", "))]
    Missing(Vec<InputId>),
    /// The text or a value cannot be used as it is.
    #[error("{0}")]
    Refused(String),
    /// No source in the profile can run it; it can be completed by hand with a note.
    #[error("{0}")]
    NeedsSource(String),
}
