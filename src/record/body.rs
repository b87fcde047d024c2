//! What entries say: one kind each.
//!
//! The bytes are frozen as `entry` says: kinds and optional fields may be added, none changes its meaning. There are no
//! floating point numbers: figures that are not whole are text.

use serde::{Deserialize, Serialize};

use super::entry::Hash;
use super::parts::{ActionOutcome, EvidenceOrigin, Gate, WatchState};
use crate::model::Timestamp;
use crate::model::ids::{
    ActionId, CheckId, ClockId, EvidenceId, InputId, PlaybookId, RoleId, SourceName, StepId,
};
use crate::model::input::Origin;
use crate::model::playbook::Effect;
use crate::model::request::Parameter;
use crate::model::verdict::{Figure, Judgement};

/// The choice that every decision offers beside those of its table.
pub const NONE_OF_THESE: &str = "none of these";
/// The other one.
pub const NOT_YET_KNOWN: &str = "not yet known";

/// What an entry says. Serialises as `{"kind": "...", "body": {...}}`; the store keeps both parts apart.
/// There are no floating point numbers in it: figures that are not whole are text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "body")]
pub enum Body {
    /// The first entry of an incident.
    #[serde(rename = "incident.opened")]
    IncidentOpened {
        /// Playbook it follows.
        playbook: PlaybookId,
        /// Title at opening.
        title: String,
        /// Hash of the playbook's file; the text itself is evidence.
        playbook_sha256: Hash,
        /// Severity at opening, if one was given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        severity: Option<String>,
        /// The alert that led here.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        alert: Option<String>,
        /// Profile of sources.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        profile: Option<String>,
    },
    /// The playbook's file differs from the pinned one and the operator took the new text.
    #[serde(rename = "playbook.changed")]
    PlaybookChanged {
        /// Hash before.
        from: Hash,
        /// Hash now.
        to: Hash,
        /// Ids of steps and actions that are gone.
        vanished: Vec<String>,
    },
    /// An operator's session began; its key signs the writer's chain.
    #[serde(rename = "session.opened")]
    SessionOpened {
        /// Who.
        operator: String,
        /// How that is known: `argument`, `environment`, `configuration`, `sudo`, `user`; always unverified without a key.
        known_by: String,
        /// Numeric user id.
        uid: u32,
        /// Terminal, when there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tty: Option<String>,
        /// Host name.
        host: String,
        /// `SSH_CONNECTION`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ssh_connection: Option<String>,
        /// The session's public key, base64url.
        key: String,
        /// Version of the program.
        version: String,
    },
    /// A session ended or lost its terminal.
    #[serde(rename = "session.detached")]
    SessionDetached {
        /// `quit`, `hang-up`, `terminated`, `panic`.
        reason: String,
    },
    /// A drill began; it follows `incident.opened` and the playbook's evidence.
    #[serde(rename = "drill.started")]
    DrillStarted {
        /// The scenario's id.
        scenario: String,
        /// Its title.
        title: String,
        /// Hash of the scenario's file; the text itself is evidence.
        scenario_sha256: Hash,
        /// What noise and names were drawn with: the same seed and the same acts give the same drill.
        seed: u64,
        /// Simulated seconds a second, as text.
        speed: String,
    },
    /// Something happened to the operator or to the simulated service.
    #[serde(rename = "drill.injected")]
    DrillInjected {
        /// The inject's name in the scenario, or `by hand` for a facilitator's own words.
        inject: String,
        /// Who speaks.
        from: String,
        /// What is said; empty for what happens in silence.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        text: String,
        /// Needless damage that it is the sign of.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        damage: Option<String>,
        /// True when a facilitator called it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        called: bool,
    },
    /// A live pane began to poll.
    #[serde(rename = "watch.started")]
    WatchStarted {
        /// The pane's action.
        action: ActionId,
        /// Where it asks.
        target: String,
        /// The exact text.
        text: String,
    },
    /// A live pane changed state. Samples themselves are not entries.
    #[serde(rename = "watch.changed")]
    WatchChanged {
        /// The pane's action.
        action: ActionId,
        /// The new state.
        state: WatchState,
        /// Figures or the error, for people.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        detail: String,
    },
    /// Work on a step began.
    #[serde(rename = "step.started")]
    StepStarted {
        /// Which.
        step: StepId,
    },
    /// A step is done.
    #[serde(rename = "step.done")]
    StepDone {
        /// Which.
        step: StepId,
        /// Its writes that have not happened: those that never ran, failed, or whose outcome nobody knows.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        without: Vec<ActionId>,
        /// Why it is done without them; empty when there are none.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        reason: String,
    },
    /// A step was left out.
    #[serde(rename = "step.skipped")]
    StepSkipped {
        /// Which.
        step: StepId,
        /// Why.
        reason: String,
    },
    /// A step is to be done again.
    #[serde(rename = "step.reopened")]
    StepReopened {
        /// Which.
        step: StepId,
    },
    /// An input got a value.
    #[serde(rename = "input.set")]
    InputSet {
        /// Which.
        input: InputId,
        /// Canonical text; for a secret where it is kept, such as `env:TOKEN`: the secret itself is never recorded.
        value: String,
        /// Type's word.
        #[serde(rename = "type")]
        kind: String,
        /// Where it came from.
        from: Origin,
    },
    /// Something is about to be sent. On disk before the first byte leaves.
    #[serde(rename = "action.intent")]
    ActionIntent {
        /// Which action.
        action: ActionId,
        /// Source by name.
        source: SourceName,
        /// Where and as whom.
        target: String,
        /// Hash of the playbook's text of this action, before binding.
        template_sha256: Hash,
        /// Exact text sent.
        text: String,
        /// True when the operator changed the text before sending.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        edited: bool,
        /// What was bound.
        parameters: Vec<Parameter>,
        /// Read or write.
        effect: Effect,
        /// What the operator saw and typed before a write.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        gate: Option<Gate>,
    },
    /// How an intent ended.
    #[serde(rename = "action.result")]
    ActionResult {
        /// Hash of the intent's entry.
        intent: Hash,
        /// Which action.
        action: ActionId,
        /// How it ended.
        outcome: ActionOutcome,
        /// Rows read or touched.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rows: Option<u64>,
        /// Why the result is not whole.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        truncated: Option<String>,
        /// The source said that a part is missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        partial: Option<String>,
        /// Milliseconds from sending to the end.
        duration_ms: u64,
        /// Exit code, HTTP status or SQLSTATE, as text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        /// Error message.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
        /// What its expectation ended in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        judged: Option<Judgement>,
        /// Evidence files that hold the result.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        evidence: Vec<Hash>,
    },
    /// An operator settled an unknown outcome, or completed by hand what could not be run.
    #[serde(rename = "action.resolved")]
    ActionResolved {
        /// Hash of the intent's entry; none when nothing was sent from here.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        intent: Option<Hash>,
        /// Which action.
        action: ActionId,
        /// True when it happened.
        done: bool,
        /// What was done or found, in the operator's words.
        note: String,
    },
    /// A check was ticked.
    #[serde(rename = "check.ticked")]
    CheckTicked {
        /// Which.
        check: CheckId,
        /// Why it does not apply; none means it is done.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        not_applicable: Option<String>,
    },
    /// A check was opened again.
    #[serde(rename = "check.unticked")]
    CheckUnticked {
        /// Which.
        check: CheckId,
    },
    /// The severity changed.
    #[serde(rename = "severity.changed")]
    SeverityChanged {
        /// The new level.
        severity: String,
        /// Why.
        reason: String,
    },
    /// Somebody took a role.
    #[serde(rename = "role.assigned")]
    RoleAssigned {
        /// Which.
        role: RoleId,
        /// Who.
        person: String,
    },
    /// A note.
    #[serde(rename = "note.added")]
    NoteAdded {
        /// What.
        text: String,
        /// When it happened, if that is another time than when it was written.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        happened_at: Option<Timestamp>,
        /// The step that was open.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<StepId>,
        /// The item of the playbook's evidence table that the note is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        evidence: Option<EvidenceId>,
    },
    /// A file was put beside the record.
    #[serde(rename = "evidence.added")]
    EvidenceAdded {
        /// Content address and file name.
        sha256: Hash,
        /// Bytes.
        size: u64,
        /// Media type.
        media_type: String,
        /// Original name, as data.
        name: String,
        /// What it is, for people.
        title: String,
        /// Where it came from; none for the playbook's own text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        origin: Option<EvidenceOrigin>,
    },
    /// A decision was made, or revised.
    #[serde(rename = "decision.made")]
    DecisionMade {
        /// The step that is the decision.
        decision: StepId,
        /// Choices marked as suggested when it was made.
        suggested: Vec<String>,
        /// The figures they rest on.
        figures: Vec<Figure>,
        /// What was chosen, by name; [`NONE_OF_THESE`] or [`NOT_YET_KNOWN`] stand alone.
        chosen: Vec<String>,
        /// Why.
        reason: String,
    },
    /// A milestone was reached: an operator's statement, never inferred.
    #[serde(rename = "milestone.reached")]
    MilestoneReached {
        /// `aware`, `confirmed` or `contained`.
        milestone: String,
        /// How it is known.
        reason: String,
        /// When it was reached, if that is another time than when it was said: clocks count from here.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<Timestamp>,
        /// The time recorded before, when this corrects it: without one the first time said counts.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        corrects: Option<Timestamp>,
    },
    /// A clock began to run.
    #[serde(rename = "clock.started")]
    ClockStarted {
        /// Which.
        clock: ClockId,
        /// When it runs out.
        due: Timestamp,
    },
    /// A clock was met.
    #[serde(rename = "clock.met")]
    ClockMet {
        /// Which.
        clock: ClockId,
        /// The step or action that met it, or `by hand`.
        by: String,
        /// When it had to be.
        due: Timestamp,
    },
    /// A clock ran out. A second one of the same due time gives the reason.
    #[serde(rename = "clock.missed")]
    ClockMissed {
        /// Which.
        clock: ClockId,
        /// When it had to be.
        due: Timestamp,
        /// Why, once somebody says.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// A clock does not apply.
    #[serde(rename = "clock.waived")]
    ClockWaived {
        /// Which.
        clock: ClockId,
        /// Why.
        reason: String,
        /// Who may say so: a role or a name.
        role: String,
    },
    /// A step goes on although something it requires is missing.
    #[serde(rename = "requirement.waived")]
    RequirementWaived {
        /// Which step.
        step: StepId,
        /// What is missing.
        missing: Vec<String>,
        /// Why.
        reason: String,
    },
    /// A message's text is final.
    #[serde(rename = "message.drafted")]
    MessageDrafted {
        /// The message's action.
        action: ActionId,
        /// Whom it is for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<String>,
        /// Subject line.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        subject: Option<String>,
        /// `internal`, `customer`, `regulator` or `public`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        audience: Option<String>,
        /// The value of `for-each` that this draft is for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        each: Option<String>,
        /// The text.
        text: String,
        /// What was wrong with it and why it may go all the same.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        held_back: Vec<String>,
    },
    /// A message went out.
    #[serde(rename = "message.sent")]
    MessageSent {
        /// The message's action.
        action: ActionId,
        /// The value of `for-each` that it was for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        each: Option<String>,
        /// `clipboard`, `file`, or the name of the source that took it.
        channel: String,
        /// Where it went, in words.
        target: String,
        /// Hash of its text.
        text_sha256: Hash,
    },
    /// Something to do after the incident.
    #[serde(rename = "followup.added")]
    FollowUpAdded {
        /// What.
        text: String,
        /// Who does it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<String>,
    },
    /// Another playbook is worked through in the same incident.
    #[serde(rename = "playbook.attached")]
    PlaybookAttached {
        /// Which.
        playbook: PlaybookId,
        /// Its title.
        title: String,
        /// Hash of its text; the text itself is evidence.
        playbook_sha256: Hash,
    },
    /// The incident is over; what follows is writing up.
    #[serde(rename = "incident.resolved")]
    IncidentResolved {
        /// What was still open, in words.
        open: Vec<String>,
        /// How it ended, or why with things open.
        reason: String,
    },
    /// The record is complete.
    #[serde(rename = "incident.closed")]
    IncidentClosed {
        /// What was still open, in words.
        open: Vec<String>,
        /// Why all the same; empty when nothing was.
        reason: String,
    },
    /// It is not over.
    #[serde(rename = "incident.reopened")]
    IncidentReopened {
        /// Why.
        reason: String,
    },
    /// A kind this version does not know, kept as it is.
    #[serde(untagged)]
    Unknown {
        /// The kind's name.
        kind: String,
        /// Its body.
        body: serde_json::Value,
    },
}

impl Body {
    /// A step is done, and nothing that it writes was left out.
    pub fn step_done(step: impl Into<StepId>) -> Self {
        Self::StepDone {
            step: step.into(),
            without: Vec::new(),
            reason: String::new(),
        }
    }

    /// The kind's name, as in the record.
    pub fn kind(&self) -> &str {
        match self {
            Self::IncidentOpened { .. } => "incident.opened",
            Self::PlaybookChanged { .. } => "playbook.changed",
            Self::SessionOpened { .. } => "session.opened",
            Self::SessionDetached { .. } => "session.detached",
            Self::DrillStarted { .. } => "drill.started",
            Self::DrillInjected { .. } => "drill.injected",
            Self::WatchStarted { .. } => "watch.started",
            Self::WatchChanged { .. } => "watch.changed",
            Self::StepStarted { .. } => "step.started",
            Self::StepDone { .. } => "step.done",
            Self::StepSkipped { .. } => "step.skipped",
            Self::StepReopened { .. } => "step.reopened",
            Self::InputSet { .. } => "input.set",
            Self::ActionIntent { .. } => "action.intent",
            Self::ActionResult { .. } => "action.result",
            Self::ActionResolved { .. } => "action.resolved",
            Self::CheckTicked { .. } => "check.ticked",
            Self::CheckUnticked { .. } => "check.unticked",
            Self::SeverityChanged { .. } => "severity.changed",
            Self::RoleAssigned { .. } => "role.assigned",
            Self::NoteAdded { .. } => "note.added",
            Self::EvidenceAdded { .. } => "evidence.added",
            Self::DecisionMade { .. } => "decision.made",
            Self::MilestoneReached { .. } => "milestone.reached",
            Self::ClockStarted { .. } => "clock.started",
            Self::ClockMet { .. } => "clock.met",
            Self::ClockMissed { .. } => "clock.missed",
            Self::ClockWaived { .. } => "clock.waived",
            Self::RequirementWaived { .. } => "requirement.waived",
            Self::MessageDrafted { .. } => "message.drafted",
            Self::MessageSent { .. } => "message.sent",
            Self::FollowUpAdded { .. } => "followup.added",
            Self::PlaybookAttached { .. } => "playbook.attached",
            Self::IncidentResolved { .. } => "incident.resolved",
            Self::IncidentClosed { .. } => "incident.closed",
            Self::IncidentReopened { .. } => "incident.reopened",
            Self::Unknown { kind, .. } => kind,
        }
    }
}
