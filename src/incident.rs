//! The incident: a fold of its entries, holding facts only.
//!
//! [`apply`] is the one place where an incident changes. It is total: unknown ids, unknown kinds and erased bodies are
//! accepted. What is blocked, missing or due is a [`view::view`] over playbook and incident, never stored here.

pub mod closing;
mod fold;
pub mod log;
#[cfg(test)]
pub(crate) mod sample;
pub mod view;

pub use fold::apply;
pub use log::Log;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::model::ids::{
    ActionId, CheckId, ClockId, EvidenceId, IncidentId, InputId, PlaybookId, RoleId, StepId,
};
use crate::model::input::Origin;
use crate::model::playbook::Effect;
use crate::model::verdict::Judgement;
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
    /// Where the incident is on its way to the end.
    pub stage: Stage,
    /// Decisions as they stand.
    pub decisions: BTreeMap<StepId, DecisionRecord>,
    /// Milestones reached, by name, the first time each.
    pub milestones: BTreeMap<String, Fact>,
    /// When each severity was first reached.
    pub severities: BTreeMap<String, Timestamp>,
    /// Clocks that have an entry.
    pub clocks: BTreeMap<ClockId, ClockRecord>,
    /// Steps whose missing requirements were waived.
    pub waived: BTreeMap<StepId, WaivedRecord>,
    /// Messages drafted or sent.
    pub messages: BTreeMap<ActionId, MessageRecord>,
    /// Evidence files of each action.
    pub captured: BTreeMap<ActionId, CapturedRecord>,
    /// Notes that are an item of the evidence table.
    pub noted_evidence: BTreeMap<EvidenceId, Fact>,
    /// What is to be done afterwards.
    pub follow_ups: Vec<FollowUp>,
    /// Playbooks attached beside the first, in order, with the hash of their text.
    pub attached: Vec<(PlaybookId, Hash)>,
    /// The drill that it is, if it is one.
    pub drill: Option<DrillRecord>,
    /// Times that clocks count from.
    pub marks: Marks,
    /// Entries applied.
    pub entries: u64,
    /// Clock and writer of the last applied entry, and when it was written.
    pub last: Option<LastEntry>,
}

/// What a drill was begun with, and what came since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrillRecord {
    /// The scenario's id.
    pub scenario: String,
    /// Hash of its text, which is evidence.
    pub scenario_sha256: Hash,
    /// What noise and names were drawn with.
    pub seed: u64,
    /// Simulated seconds a second, as text.
    pub speed: String,
    /// Injects that came, in order.
    pub injected: Vec<String>,
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
    /// When; in a drill by simulated time.
    pub at: Timestamp,
    /// When it was written, by the clock of whoever wrote it: what was worked on last is told by this.
    pub written_at: Timestamp,
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
    /// What its latest judged run ended in, and when; a later run that could not be judged removes it.
    pub judged: Option<(Judgement, Timestamp)>,
    /// Since when its expectation has held without a break.
    pub held_since: Option<Timestamp>,
    /// Entry of its latest result.
    pub result: Option<Hash>,
    /// Evidence files of its latest result.
    pub evidence: Vec<Hash>,
    /// When it first had a good end.
    pub first_done_at: Option<Timestamp>,
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

/// Where an incident is on its way to the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// It is worked on.
    Open,
    /// It is over; what follows is writing up.
    Resolved(Timestamp),
    /// The record is complete: when it was resolved, when it was closed.
    Closed {
        /// When it was resolved; the same as closed when nobody said before.
        resolved_at: Timestamp,
        /// When it was closed.
        closed_at: Timestamp,
    },
}

/// Something with a time and an author.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// Why, or what.
    pub text: String,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub operator: String,
}

/// A decision as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionRecord {
    /// What was chosen, by name.
    pub chosen: Vec<String>,
    /// What was suggested when it was made.
    pub suggested: Vec<String>,
    /// Why.
    pub reason: String,
    /// Times it was made; more than one is a revision.
    pub times: u64,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub operator: String,
}

/// What entries say of a clock.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ClockRecord {
    /// When its present round runs out, as its start said.
    pub due: Option<Timestamp>,
    /// When it was last met.
    pub met_at: Option<Timestamp>,
    /// Times it was met.
    pub times_met: u64,
    /// The due times that it missed, with the reason once there is one.
    pub missed: BTreeMap<Timestamp, Option<String>>,
    /// Why it does not apply, and who says so.
    pub waived: Option<(String, String)>,
    /// The times it was met and what met it, in order; the newest ones when there are many.
    pub met: Vec<(Timestamp, String)>,
}

/// Times that clocks count from. Each list is in order and keeps the first time and the newest ones.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Marks {
    /// When each step was done, and each decision made.
    pub steps: BTreeMap<StepId, Vec<Timestamp>>,
    /// When each action had a good end, and each message was out to everybody it was drafted for.
    pub actions: BTreeMap<ActionId, Vec<Timestamp>>,
    /// When the incident was last opened again.
    pub reopened_at: Option<Timestamp>,
}

/// A step that goes on although something is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaivedRecord {
    /// What was missing.
    pub missing: Vec<String>,
    /// Why it goes on.
    pub reason: String,
}

/// A message's way out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct MessageRecord {
    /// When its text was last final.
    pub drafted_at: Option<Timestamp>,
    /// When it first went out.
    pub first_sent_at: Option<Timestamp>,
    /// When it last went out.
    pub sent_at: Option<Timestamp>,
    /// How often it went out.
    pub sent: u64,
    /// Where it last went.
    pub target: String,
    /// Drafts that are final and have not gone out: the value of `for-each`, empty for a message to one.
    pub waiting: BTreeSet<String>,
}

/// Evidence files of an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapturedRecord {
    /// How many.
    pub files: u64,
    /// The latest.
    pub latest: Hash,
    /// When.
    pub at: Timestamp,
}

/// Something to be done after the incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowUp {
    /// What.
    pub text: String,
    /// Who does it.
    pub owner: Option<String>,
}
