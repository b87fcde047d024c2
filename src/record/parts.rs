//! What entries are made of: outcomes, states of live panes, gates, approvals, where evidence came from.
//!
//! Frozen as the entries are (`entry`).

use serde::{Deserialize, Serialize};

use super::entry::Hash;
use crate::model::Timestamp;
use crate::model::ids::ActionId;

/// How a sent action ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActionOutcome {
    /// It ran and gave a result.
    Ok,
    /// It ran into an error.
    Failed,
    /// The operator stopped it.
    Cancelled,
    /// The time-out passed.
    TimedOut,
    /// It may or may not have happened.
    Unknown,
}

impl ActionOutcome {
    /// The word on the screen.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::TimedOut => "timed out",
            Self::Unknown => "outcome unknown",
        }
    }
}

/// State of a live pane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WatchState {
    /// Fresh samples, no alert.
    Fresh,
    /// The threshold is crossed.
    Alert,
    /// The source answers, but there is no sample: that is not a zero.
    NoData,
    /// The newest sample is too old.
    Stale,
    /// The source does not answer.
    Failed,
}

/// What the operator saw and typed before a write.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Gate {
    /// Rows that the preview counted; none when there was no preview.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview_rows: Option<u64>,
    /// The intent of the preview that was shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<Hash>,
    /// Rows that it may touch at most, as typed; none where rows are not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ceiling: Option<u64>,
    /// The target's name as typed.
    pub typed: String,
    /// Who agreed, where the playbook asks for more than one person.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvals: Vec<Approval>,
}

/// Somebody else's agreement, as the operator reports it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Who.
    pub person: String,
    /// `reported` by the operator: not verified by a key.
    pub how: String,
}

/// Where an evidence file came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceOrigin {
    /// The action whose result it is.
    pub action: ActionId,
    /// Where it was asked, for people.
    pub target: String,
    /// The exact text that was sent.
    pub query: String,
    /// When it was acquired.
    pub acquired_at: Timestamp,
    /// The intent of the run it shows; none for a live pane.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<Hash>,
    /// Why it is not the whole result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incomplete: Option<String>,
}
