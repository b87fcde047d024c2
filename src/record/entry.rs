//! Entries of the record and what they say.
//!
//! The bytes are frozen (version 1): a field is never renamed, removed or given another meaning. New kinds and new
//! optional fields may be added; readers keep what they do not know and show it raw.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::ids::{
    ActionId, CheckId, IncidentId, InputId, PlaybookId, RoleId, SourceName, StepId,
};
use crate::model::input::Origin;
use crate::model::playbook::Effect;
use crate::model::request::Parameter;
use crate::model::{Mode, Timestamp};

/// A SHA-256 hash; shown and stored as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// The first eight hex digits, for people.
    pub fn short(&self) -> String {
        let mut text = self.to_string();
        text.truncate(8);
        text
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl std::str::FromStr for Hash {
    type Err = String;

    /// Reads 64 lower-case hex digits, nothing else: one hash has one spelling.
    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.as_bytes();
        if digits.len() != 64
            || !digits
                .iter()
                .all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
        {
            return Err(format!("expected 64 lower-case hex digits, found {text:?}"));
        }
        let mut hash = [0; 32];
        for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).unwrap_or_default();
            *byte = u8::from_str_radix(pair, 16).unwrap_or_default();
        }
        Ok(Self(hash))
    }
}

impl Serialize for Hash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

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
    /// The kind's name, as in the record.
    pub fn kind(&self) -> &str {
        match self {
            Self::IncidentOpened { .. } => "incident.opened",
            Self::PlaybookChanged { .. } => "playbook.changed",
            Self::SessionOpened { .. } => "session.opened",
            Self::SessionDetached { .. } => "session.detached",
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
            Self::Unknown { kind, .. } => kind,
        }
    }
}

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

/// What the writer is asked to seal.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// What to say.
    pub body: Body,
    /// When, by the wall clock.
    pub at: Timestamp,
    /// Simulated time, in drills.
    pub sim_at: Option<Timestamp>,
}

/// An entry without its body: the signed part. Field names are those of the canonical bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Format version, 1.
    pub v: u32,
    /// The incident.
    pub incident: IncidentId,
    /// The incident's mode.
    pub mode: Mode,
    /// Base64url of the session's public key.
    pub writer: String,
    /// 1, 2, 3 … in this writer's chain.
    pub seq: u64,
    /// Hash of this writer's previous entry; zeros for the first.
    pub prev: Hash,
    /// Newest entries of other writers not covered by an earlier `seen` of this writer, sorted.
    pub seen: Vec<Hash>,
    /// Lamport clock.
    pub clock: u64,
    /// Wall clock, `YYYY-MM-DDTHH:MM:SS.mmmZ`.
    pub at: String,
    /// Milliseconds since boot, suspended time included.
    pub mono_ms: u64,
    /// Boot id.
    pub boot: String,
    /// Simulated time, in drills only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sim_at: Option<String>,
    /// Who.
    pub operator: String,
    /// Kind of the body.
    pub kind: String,
    /// Hash of salt and canonical body.
    pub body_hash: Hash,
}

impl Entry {
    /// Wall clock of the entry; the epoch when the text is not a time (verification reports that).
    pub fn at(&self) -> Timestamp {
        self.at.parse().unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// When it counts: simulated time in a drill, the wall clock otherwise.
    pub fn when(&self) -> Timestamp {
        self.sim_at
            .as_deref()
            .and_then(|at| at.parse().ok())
            .unwrap_or_else(|| self.at())
    }

    /// The order of entries in an incident.
    pub fn order(&self) -> (u64, &str) {
        (self.clock, &self.writer)
    }
}

/// A sealed entry with everything stored beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct Sealed {
    /// The signed part.
    pub entry: Entry,
    /// SHA-256 of the tag and the canonical entry.
    pub hash: Hash,
    /// Ed25519 over the hash.
    pub signature: [u8; 64],
    /// 16 random bytes hashed before the body.
    pub salt: [u8; 16],
    /// What it says; none when it was erased.
    pub body: Option<Body>,
}
