//! The incident: a fold of its entries, holding facts only.
//!
//! [`apply`] is the one place where an incident changes. It is total: unknown ids, unknown kinds and erased bodies are
//! accepted. What is blocked, missing or due is a [`view::view`] over playbook and incident, never stored here.

mod fold;
pub mod log;
#[cfg(test)]
pub(crate) mod sample;
pub mod view;

pub use fold::apply;
pub use log::Log;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::ids::{ActionId, CheckId, IncidentId, InputId, PlaybookId, RoleId, StepId};
use crate::model::input::Origin;
use crate::model::playbook::Effect;
use crate::model::{Mode, Timestamp};
use crate::record::entry::{ActionOutcome, Hash, WatchState};

/// Everything that happened, folded. Serialisable, so that a snapshot of it can be kept as a cache.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// Which.
    pub id: IncidentId,
    /// Fixed at opening.
    pub mode: Mode,
    /// Playbook it follows.
    pub playbook: PlaybookId,
    /// Title at opening.
    pub title: String,
    /// Hash of the playbook's text in force.
    pub playbook_sha256: Hash,
    /// When it was opened. Times are simulated ones in a drill, here and below.
    pub opened_at: Timestamp,
    /// Current severity.
    pub severity: Option<String>,
    /// The alert that led here.
    pub alert: Option<String>,
    /// Profile of sources.
    pub profile: Option<String>,
    /// Steps that are not untouched.
    pub steps: BTreeMap<StepId, StepRecord>,
    /// Inputs that have a value.
    pub inputs: BTreeMap<InputId, InputRecord>,
    /// Checks that are not open.
    pub checks: BTreeMap<CheckId, CheckRecord>,
    /// Each action's latest run.
    pub actions: BTreeMap<ActionId, ActionRecord>,
    /// Intents whose end is not known, by the hash of their entry: outcome unknown once their writer is gone.
    pub unfinished: BTreeMap<Hash, UnfinishedIntent>,
    /// State of live panes.
    pub watches: BTreeMap<ActionId, WatchState>,
    /// Each live pane's latest alert.
    pub alerts: BTreeMap<ActionId, AlertRecord>,
    /// Who has which role.
    pub roles: BTreeMap<RoleId, String>,
    /// Sessions that have not ended, by writer.
    pub sessions: BTreeMap<String, SessionRecord>,
    /// Notes so far.
    pub notes: u64,
    /// Files so far.
    pub evidence: u64,
    /// Entries applied.
    pub entries: u64,
    /// Clock and writer of the last applied entry, and when it was written.
    pub last: Option<LastEntry>,
}

/// Position of the last applied entry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LastEntry {
    /// Lamport clock.
    pub clock: u64,
    /// Writer.
    pub writer: String,
    /// Its hash.
    pub hash: Hash,
    /// When.
    pub at: Timestamp,
}

/// A fact with its author.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepRecord {
    /// What it is now.
    pub state: StepState,
    /// Since when.
    pub at: Timestamp,
    /// By whom.
    pub operator: String,
}

/// What has been done with a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepState {
    /// Reopened and not started again.
    Todo,
    /// Started.
    Doing,
    /// Done.
    Done,
    /// Left out, with the reason.
    Skipped(String),
}

/// Value of an input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputRecord {
    /// Canonical text; for a secret where it is kept.
    pub value: String,
    /// Type's word.
    pub kind: String,
    /// Where it came from.
    pub origin: Origin,
    /// Since when.
    pub at: Timestamp,
    /// By whom.
    pub operator: String,
}

/// State of a check that is not open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckRecord {
    /// Why it does not apply; none means done.
    pub not_applicable: Option<String>,
    /// Since when.
    pub at: Timestamp,
    /// By whom.
    pub operator: String,
}

/// Latest run of an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionRecord {
    /// Entry of the intent; none when it was completed by hand without one.
    pub intent: Option<Hash>,
    /// How it stands.
    pub state: ActionState,
    /// Rows of the result.
    pub rows: Option<u64>,
    /// Why the result is not whole (truncated or partial).
    pub incomplete: Option<String>,
    /// Milliseconds it took.
    pub duration_ms: Option<u64>,
    /// Times it was started.
    pub runs: u64,
    /// When it last changed.
    pub at: Timestamp,
    /// By whom.
    pub operator: String,
}

/// How an action stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActionState {
    /// Its intent is recorded, its end is not.
    Started,
    /// It ended.
    Ended(ActionOutcome),
    /// Settled or completed by hand: true when it happened.
    Resolved {
        /// Whether it happened.
        done: bool,
        /// The operator's words.
        note: String,
    },
}

/// An intent without an end, or with an end that says it does not know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnfinishedIntent {
    /// Which action.
    pub action: ActionId,
    /// The writer that sent it.
    pub writer: String,
    /// When.
    pub at: Timestamp,
    /// Read or write.
    pub effect: Effect,
    /// True when a result said that the outcome is unknown: nobody works on it any more.
    pub lost: bool,
}

/// An alert of a live pane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertRecord {
    /// Since when.
    pub since: Timestamp,
    /// When a fresh answer was below the threshold again; none while nobody knows that it is.
    pub until: Option<Timestamp>,
}

/// A session that has not ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRecord {
    /// Who.
    pub operator: String,
    /// Where.
    pub host: String,
    /// Since when.
    pub at: Timestamp,
}
