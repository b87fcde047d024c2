//! How each kind of entry changes the incident.
//!
//! Total: nothing is refused, and an entry about something unknown is kept as what it says. It never looks at a playbook
//! or a clock.

use std::collections::BTreeMap;

use super::{
    ActionRecord, ActionState, AlertRecord, CheckRecord, Incident, InputRecord, LastEntry,
    SessionRecord, StepRecord, StepState, UnfinishedIntent,
};
use crate::model::Timestamp;
use crate::model::ids::{ActionId, PlaybookId, StepId};
use crate::record::entry::{ActionOutcome, Body, Entry, Hash, Sealed, WatchState};

impl Incident {
    /// The incident after its first entry. That is `incident.opened` in every record that verifies; after any other one
    /// the facts that only an opening tells are empty.
    pub fn open(first: &Sealed) -> Self {
        let mut incident = Self {
            id: first.entry.incident,
            mode: first.entry.mode,
            playbook: PlaybookId::new(""),
            title: String::new(),
            playbook_sha256: Hash::default(),
            opened_at: first.entry.when(),
            severity: None,
            alert: None,
            profile: None,
            steps: BTreeMap::new(),
            inputs: BTreeMap::new(),
            checks: BTreeMap::new(),
            actions: BTreeMap::new(),
            unfinished: BTreeMap::new(),
            watches: BTreeMap::new(),
            alerts: BTreeMap::new(),
            roles: BTreeMap::new(),
            sessions: BTreeMap::new(),
            notes: 0,
            evidence: 0,
            entries: 0,
            last: None,
        };
        apply(&mut incident, first);
        incident
    }
}

/// Applies the next entry. Entries come in the incident's order; [`super::Log`] sees to that.
pub fn apply(incident: &mut Incident, sealed: &Sealed) {
    let Sealed {
        entry, hash, body, ..
    } = sealed;
    let at = entry.when();
    incident.entries += 1;
    incident.last = Some(LastEntry {
        clock: entry.clock,
        writer: entry.writer.clone(),
        hash: *hash,
        at,
    });
    // An erased body leaves its entry counted and nothing else.
    let Some(body) = body else { return };
    let operator = || entry.operator.clone();
    match body {
        Body::IncidentOpened {
            playbook,
            title,
            playbook_sha256,
            severity,
            alert,
            profile,
        } => {
            incident.playbook = playbook.clone();
            incident.title.clone_from(title);
            incident.playbook_sha256 = *playbook_sha256;
            incident.opened_at = at;
            incident.severity.clone_from(severity);
            incident.alert.clone_from(alert);
            incident.profile.clone_from(profile);
        }
        Body::PlaybookChanged { to, .. } => incident.playbook_sha256 = *to,
        Body::SessionOpened {
            operator: person,
            host,
            ..
        } => {
            let session = SessionRecord {
                operator: person.clone(),
                host: host.clone(),
                at,
            };
            incident.sessions.insert(entry.writer.clone(), session);
        }
        Body::SessionDetached { .. } => {
            incident.sessions.remove(&entry.writer);
        }
        Body::WatchStarted { .. } | Body::Unknown { .. } => {}
        Body::WatchChanged { action, state, .. } => {
            incident.watches.insert(action.clone(), *state);
            set_alert(incident, action, *state, at);
        }
        Body::StepStarted { step } => set_step(incident, step, StepState::Doing, at, operator()),
        Body::StepDone { step } => set_step(incident, step, StepState::Done, at, operator()),
        Body::StepSkipped { step, reason } => {
            let state = StepState::Skipped(reason.clone());
            set_step(incident, step, state, at, operator());
        }
        Body::StepReopened { step } => set_step(incident, step, StepState::Todo, at, operator()),
        Body::InputSet {
            input,
            value,
            kind,
            from,
        } => {
            let record = InputRecord {
                value: value.clone(),
                kind: kind.clone(),
                origin: *from,
                at,
                operator: operator(),
            };
            incident.inputs.insert(input.clone(), record);
        }
        Body::ActionIntent { .. } | Body::ActionResult { .. } | Body::ActionResolved { .. } => {
            apply_action(incident, entry, *hash, body);
        }
        Body::CheckTicked {
            check,
            not_applicable,
        } => {
            let record = CheckRecord {
                not_applicable: not_applicable.clone(),
                at,
                operator: operator(),
            };
            incident.checks.insert(check.clone(), record);
        }
        Body::CheckUnticked { check } => {
            incident.checks.remove(check);
        }
        Body::SeverityChanged { severity, .. } => incident.severity = Some(severity.clone()),
        Body::RoleAssigned { role, person } => {
            incident.roles.insert(role.clone(), person.clone());
        }
        Body::NoteAdded { .. } => incident.notes += 1,
        Body::EvidenceAdded { .. } => incident.evidence += 1,
    }
}

/// Only a fresh answer ends an alert: that a source is silent does not say that all is well.
fn set_alert(incident: &mut Incident, action: &ActionId, state: WatchState, at: Timestamp) {
    let latest = incident.alerts.get_mut(action);
    match (state, latest) {
        (WatchState::Alert, Some(AlertRecord { until: None, .. })) => {}
        (WatchState::Alert, _) => {
            let alert = AlertRecord {
                since: at,
                until: None,
            };
            incident.alerts.insert(action.clone(), alert);
        }
        (WatchState::Fresh, Some(AlertRecord { until, .. })) => {
            until.get_or_insert(at);
        }
        (WatchState::Fresh | WatchState::NoData | WatchState::Stale | WatchState::Failed, _) => {}
    }
}

fn set_step(
    incident: &mut Incident,
    step: &StepId,
    state: StepState,
    at: Timestamp,
    operator: String,
) {
    let record = StepRecord {
        state,
        at,
        operator,
    };
    incident.steps.insert(step.clone(), record);
}

/// An action's way: intent, result, and settled by hand where the result is not known. The record of an action is that of
/// its latest run; what an older run reports late only ends that run's intent.
fn apply_action(incident: &mut Incident, entry: &Entry, hash: Hash, body: &Body) {
    let at = entry.when();
    match body {
        Body::ActionIntent { action, effect, .. } => {
            incident.unfinished.insert(
                hash,
                UnfinishedIntent {
                    action: action.clone(),
                    writer: entry.writer.clone(),
                    at,
                    effect: *effect,
                    lost: false,
                },
            );
            let record = action_record(incident, action, entry);
            record.intent = Some(hash);
            record.state = ActionState::Started;
            record.rows = None;
            record.incomplete = None;
            record.duration_ms = None;
            record.runs += 1;
        }
        Body::ActionResult {
            intent,
            action,
            outcome,
            rows,
            truncated,
            partial,
            duration_ms,
            ..
        } => {
            if *outcome == ActionOutcome::Unknown {
                if let Some(unfinished) = incident.unfinished.get_mut(intent) {
                    unfinished.lost = true;
                }
            } else {
                incident.unfinished.remove(intent);
            }
            if is_of_older_run(incident, action, *intent) {
                return;
            }
            let record = action_record(incident, action, entry);
            record.intent = Some(*intent);
            record.state = ActionState::Ended(*outcome);
            record.rows = *rows;
            record.incomplete = truncated.clone().or_else(|| partial.clone());
            record.duration_ms = Some(*duration_ms);
        }
        Body::ActionResolved {
            intent,
            action,
            done,
            note,
        } => {
            if let Some(intent) = intent {
                incident.unfinished.remove(intent);
                if is_of_older_run(incident, action, *intent) {
                    return;
                }
            }
            let record = action_record(incident, action, entry);
            record.intent = *intent;
            record.state = ActionState::Resolved {
                done: *done,
                note: note.clone(),
            };
        }
        _ => {}
    }
}

fn is_of_older_run(incident: &Incident, action: &ActionId, intent: Hash) -> bool {
    incident
        .actions
        .get(action)
        .and_then(|record| record.intent)
        .is_some_and(|latest| latest != intent)
}

/// The action's record, marked as changed by this entry.
fn action_record<'a>(
    incident: &'a mut Incident,
    action: &ActionId,
    entry: &Entry,
) -> &'a mut ActionRecord {
    let record = incident
        .actions
        .entry(action.clone())
        .or_insert_with(|| ActionRecord {
            intent: None,
            state: ActionState::Started,
            rows: None,
            incomplete: None,
            duration_ms: None,
            runs: 0,
            at: entry.when(),
            operator: String::new(),
        });
    record.at = entry.when();
    record.operator.clone_from(&entry.operator);
    record
}
