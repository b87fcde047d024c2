//! Clocks: from the playbook's deadlines and the facts of the incident to what runs, until when.

use super::ClockView;
use crate::incident::Incident;
use crate::model::playbook::Playbook;

/// Every clock of the playbook, in its order.
pub(super) fn clocks(_playbook: &Playbook, _incident: &Incident) -> Vec<ClockView> {
    Vec::new()
}
