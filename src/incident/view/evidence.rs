//! The evidence table: what is in the record, and what is missing.

use super::EvidenceView;
use crate::incident::{ActionState, CapturedRecord, Incident};
use crate::model::ids::ActionId;
use crate::model::playbook::{EvidenceItem, Playbook};
use crate::model::{Mode, Timestamp};

/// Every item of the playbook's evidence table, in its order.
pub(super) fn evidence(playbook: &Playbook, incident: &Incident) -> Vec<EvidenceView> {
    playbook
        .evidence
        .values()
        .map(|item| {
            let action = action_of(playbook, item);
            EvidenceView {
                id: item.id.clone(),
                title: item.title.clone(),
                at: since(incident, item, action),
                files: captured(incident, action).map_or(0, |record| record.files),
                note: action.is_none(),
                action: action.cloned(),
            }
        })
        .collect()
}

/// True when an item is in the record.
pub(super) fn is_there(playbook: &Playbook, incident: &Incident, item: &EvidenceItem) -> bool {
    since(incident, item, action_of(playbook, item)).is_some()
}

/// The action that an item comes from. One that the playbook does not have leaves a note as the only way: the linter
/// reports it, and it must not keep an incident open.
fn action_of<'a>(playbook: &'a Playbook, item: &EvidenceItem) -> Option<&'a ActionId> {
    let from = item.from.as_deref()?;
    playbook
        .actions
        .get_key_value(from)
        .map(|(action, _)| action)
}

fn captured<'a>(incident: &'a Incident, action: Option<&ActionId>) -> Option<&'a CapturedRecord> {
    incident.captured.get(action?)
}

/// When an item came into the record: as files of its action, as a message that went out, or as a note that says so.
fn since(incident: &Incident, item: &EvidenceItem, action: Option<&ActionId>) -> Option<Timestamp> {
    let files = captured(incident, action).map(|record| record.at);
    let sent = || incident.messages.get(action?)?.sent_at;
    let noted = || Some(incident.noted_evidence.get(&item.id)?.at);
    files
        .or_else(sent)
        .or_else(noted)
        .or_else(|| shown(incident, action))
}

/// In a walkthrough an action that was shown counts as run, with what it would have left.
fn shown(incident: &Incident, action: Option<&ActionId>) -> Option<Timestamp> {
    let record = incident.actions.get(action?)?;
    let done = matches!(record.state, ActionState::Resolved { done: true, .. });
    (incident.mode == Mode::Walkthrough && done).then_some(record.at)
}
