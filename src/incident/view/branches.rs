//! Which phases and steps apply: `when` expressions, and branches that decisions open.

use super::Applies;
use crate::incident::Incident;
use crate::model::playbook::{Phase, Playbook, Step};

/// Whether a phase applies.
pub(super) fn phase(_playbook: &Playbook, _incident: &Incident, _phase: &Phase) -> Applies {
    Applies::Always
}

/// Whether a step of a phase applies; one of a phase that does not is as its phase.
pub(super) fn step(
    _playbook: &Playbook,
    _incident: &Incident,
    phase: &Applies,
    _step: &Step,
) -> Applies {
    phase.clone()
}
