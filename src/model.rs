//! Plain data that every layer shares: playbooks, tables, requests, results, text that is safe to show.
//!
//! Nothing here does IO, reads a clock or draws. Parsing of playbooks lives in `playbook`, execution in `sources`.

pub mod answer;
pub mod diagnostic;
pub mod duration;
pub mod ids;
pub mod input;
pub mod limits;
pub mod playbook;
pub mod prose;
pub mod request;
pub mod safe_text;
pub mod table;
pub mod verdict;

pub use jiff::Timestamp;

/// How an incident is worked. It is fixed when the incident opens and stands in every entry of its record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Real sources, real writes after their gates.
    Live,
    /// Nothing is sent; what would be sent is shown.
    Walkthrough,
    /// Simulated sources that really execute the playbook's queries.
    Drill,
}

impl Mode {
    /// The word on the screen: never told by colour alone.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Live => "LIVE",
            Self::Walkthrough => "WALKTHROUGH",
            Self::Drill => "DRILL",
        }
    }

    /// The folder below the data directory that keeps the records of this mode apart.
    pub const fn folder(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Walkthrough => "walk",
            Self::Drill => "drill",
        }
    }
}

/// A time as it stands in the record and in exports: UTC, milliseconds, one width (`2026-01-31T03:12:44.120Z`).
pub fn timestamp_text(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}
