//! Does a record hold? Every entry, every chain, every file beside it.
//!
//! Pure and total: it reads bytes that it is given, asks a closure for the hashes of evidence files, and answers with the
//! first entry that does not hold. It repairs nothing. A fold is not looked at: what the entries mean is the incident's.

mod checks;

use std::fmt;

use super::entry::{Entry, Hash};
use super::raw::RawEntry;
use crate::model::Mode;
use crate::model::ids::IncidentId;
use crate::model::safe_text::sanitize;

/// What verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// The answer.
    pub verdict: Verdict,
    /// What an auditor should look at although nothing is broken.
    pub warnings: Vec<Warning>,
    /// Entries looked at.
    pub entries: usize,
    /// Chains looked at.
    pub writers: usize,
}

/// The answer of a verification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// All is consistent, but nothing held elsewhere says where the record ends: entries may have been cut off there.
    NotAnchored,
    /// Something does not hold.
    Fault(Box<Fault>),
}

impl Verdict {
    /// Exit code of the program: 3 when the answer cannot be believed to the end, 1 when it is no.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::NotAnchored => 3,
            Self::Fault(_) => 1,
        }
    }
}

/// The first thing that does not hold, in the order of the incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The entry; none when the record is empty.
    pub entry: Option<EntryName>,
    /// What is wrong with it.
    pub reason: Reason,
    /// Everything after it, none of which can be relied upon.
    pub after: Vec<EntryName>,
}

/// How verification speaks of an entry. Fields that cannot be read are empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryName {
    /// Place in the store or the bundle, from 1.
    pub position: usize,
    /// Its writer.
    pub writer: String,
    /// Its number in the writer's chain.
    pub seq: u64,
    /// Its Lamport clock.
    pub clock: u64,
    /// Its kind.
    pub kind: String,
    /// Its wall clock.
    pub at: String,
    /// The hash of its bytes.
    pub hash: Hash,
}

impl EntryName {
    fn new(position: usize, hash: Hash, entry: Option<&Entry>) -> Self {
        Self {
            position,
            hash,
            writer: entry.map(|entry| entry.writer.clone()).unwrap_or_default(),
            seq: entry.map(|entry| entry.seq).unwrap_or_default(),
            clock: entry.map(|entry| entry.clock).unwrap_or_default(),
            kind: entry.map(|entry| entry.kind.clone()).unwrap_or_default(),
            at: entry.map(|entry| entry.at.clone()).unwrap_or_default(),
        }
    }
}

impl fmt::Display for EntryName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.writer.is_empty() {
            return write!(formatter, "entry {} ({})", self.position, self.hash.short());
        }
        let writer: String = self.writer.chars().take(8).collect();
        write!(
            formatter,
            "entry {} ({} {}, number {} of writer {}, {})",
            self.position,
            sanitize(&self.at),
            sanitize(&self.kind),
            self.seq,
            sanitize(&writer),
            self.hash.short(),
        )
    }
}

/// Why an entry does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// There is nothing to verify.
    #[error("the record holds no entry")]
    Empty,
    /// Entry or body are not canonical JSON, or not an entry.
    #[error("{0}")]
    Unreadable(String),
    /// Another version of the format.
    #[error("format version {0} is not known: use a newer quarterdeck")]
    Version(u32),
    /// A field says what it must not.
    #[error("{0}")]
    Field(String),
    /// The stored hash is not that of the bytes.
    #[error("the entry's bytes do not have the stored hash")]
    Hash,
    /// The signature is not that of the writer over the hash.
    #[error("the signature is not the writer's")]
    Signature,
    /// Another incident's entry.
    #[error("belongs to another incident, {0}")]
    ForeignIncident(IncidentId),
    /// A drill's entry in a live record, or the like.
    #[error("is of mode {}, the record is not", .0.word())]
    MixedMode(Mode),
    /// The first entry does not open an incident.
    #[error("the record does not begin with incident.opened")]
    NotOpened,
    /// The same entry twice.
    #[error("is there twice")]
    Duplicate,
    /// Two entries with one number.
    #[error("its writer wrote two different entries on one predecessor")]
    Fork,
    /// Stored before an entry that comes before it.
    #[error("is stored out of its writer's order")]
    Reordered,
    /// Entries of the writer are missing before this one.
    #[error("entries {from} to {to} of its writer are missing")]
    Gap {
        /// First missing number.
        from: u64,
        /// Last missing number.
        to: u64,
    },
    /// `prev` is not the hash of the entry before.
    #[error("does not continue the entry before it")]
    Previous,
    /// The Lamport clock does not exceed that of what came before.
    #[error("its clock does not exceed that of an entry it follows")]
    Clock,
    /// It names an entry that is not there.
    #[error("entry {}, which it names as seen, is missing", .0.short())]
    SeenMissing(Hash),
    /// The body is not the one that was signed.
    #[error("the body is not the one that was signed")]
    Body,
    /// The body is gone without an entry that erased it.
    #[error("the body is missing")]
    BodyMissing,
    /// An evidence file is gone.
    #[error("evidence {} is missing", .0.short())]
    EvidenceMissing(Hash),
    /// An evidence file has other bytes.
    #[error("evidence {} was changed", .0.short())]
    EvidenceChanged(Hash),
    /// The playbook kept with the record is not the one the incident follows.
    #[error("the playbook kept with the record is missing or is not the pinned one, {}", .0.short())]
    Playbook(Hash),
}

/// Something to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// An action was about to be sent, and nothing says how it ended.
    OutcomeUnknown {
        /// The intent.
        entry: EntryName,
        /// The action.
        action: String,
    },
    /// The wall clock moved by itself between two entries of a session.
    ClockJumped {
        /// The later entry.
        entry: EntryName,
        /// Milliseconds the wall clock gained (or lost) against time since boot.
        by_ms: i64,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutcomeUnknown { entry, action } => write!(
                formatter,
                "{entry}: how {} ended is not recorded: outcome unknown",
                sanitize(action)
            ),
            Self::ClockJumped { entry, by_ms } => write!(
                formatter,
                "{entry}: the wall clock jumped by {by_ms} ms before it"
            ),
        }
    }
}

/// Verifies the entries of one incident, given in the order in which they are stored. `evidence` answers with the SHA-256
/// of the bytes of the evidence file that has this name, or nothing when there is no such file.
pub fn verify(
    incident: IncidentId,
    mode: Mode,
    entries: &[RawEntry],
    evidence: &mut dyn FnMut(Hash) -> Option<Hash>,
) -> Verification {
    checks::run(incident, mode, entries, evidence)
}
