//! Evidence of results: a result as bytes of files, and back.
//!
//! Pure: bytes in, bytes out. Files and hashes are the store's; secrets were masked before a result came here. Nothing
//! else of a result is altered.

use crate::model::answer::Answer;
use crate::model::playbook::ResultView;
use crate::record::entry::{EvidenceOrigin, Hash};

/// What is to be captured.
#[derive(Debug, Clone, PartialEq)]
pub struct Capture {
    /// The result, or the samples of a live pane.
    pub answer: Answer,
    /// Where it came from.
    pub origin: EvidenceOrigin,
    /// What it is, for people: the action's title.
    pub title: String,
    /// How the playbook shows it.
    pub view: Option<ResultView>,
}

/// A file that is kept, as `evidence.added` names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptFile {
    /// Its address.
    pub sha256: Hash,
    /// Bytes.
    pub size: u64,
    /// Media type.
    pub media_type: String,
    /// A name for people, never a path.
    pub name: String,
    /// What it is.
    pub title: String,
    /// Where it came from.
    pub origin: EvidenceOrigin,
}

/// Reads a kept result back.
pub fn read(bytes: &[u8]) -> Result<Answer, String> {
    Err(format!(
        "{} bytes that no version of this program wrote",
        bytes.len()
    ))
}
