//! Entries of the record and what they say.
//!
//! The bytes are frozen (version 1): a field is never renamed, removed or given another meaning. New kinds and new
//! optional fields may be added; readers keep what they do not know and show it raw.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::ids::IncidentId;
use crate::model::{Mode, Timestamp};

pub use super::body::{Body, NONE_OF_THESE, NOT_YET_KNOWN};
pub use super::parts::{ActionOutcome, Approval, EvidenceOrigin, Gate, WatchState};

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
