//! What FAILs propose: `escalate LEVEL`, `goto ID`, `milestone NAME`.

use super::{Otherwise, Proposal};
use crate::incident::Incident;
use crate::model::playbook::Playbook;

/// Reads an `otherwise`.
pub fn parse(_text: &str) -> Option<Otherwise> {
    None
}

/// What is proposed and not done yet, the latest first.
pub(super) fn proposals(_playbook: &Playbook, _incident: &Incident) -> Vec<Proposal> {
    Vec::new()
}
