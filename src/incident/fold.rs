//! How each kind of entry changes the incident.
//!
//! Total: nothing is refused, and an entry about something unknown is kept as what it says. It never looks at a playbook
//! or a clock.

use std::collections::BTreeMap;

use super::{
    ActionRecord, ActionState, AlertRecord, CapturedRecord, CheckRecord, DecisionRecord,
    DrillRecord, Fact, FollowUp, Incident, InputRecord, LastEntry, Marks, SessionRecord, Stage,
    StepRecord, StepState, UnfinishedIntent, WaivedRecord,
};
use crate::model::ids::{ActionId, PlaybookId, StepId};
use crate::model::{Timestamp, limits};
use crate::record::entry::{ActionOutcome, Body, Entry, Hash, NOT_YET_KNOWN, Sealed, WatchState};

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
            stage: Stage::Open,
            decisions: BTreeMap::new(),
            milestones: BTreeMap::new(),
            severities: BTreeMap::new(),
            clocks: BTreeMap::new(),
            waived: BTreeMap::new(),
            messages: BTreeMap::new(),
            captured: BTreeMap::new(),
            noted_evidence: BTreeMap::new(),
            follow_ups: Vec::new(),
            attached: Vec::new(),
            drill: None,
            marks: Marks::default(),
            entries: 0,
            last: None,
        };
        apply(&mut incident, first);
        incident
    }
}

/// Applies the next entry. Entries come in the incident's order; [`super::Log`] sees to that.
#[expect(clippy::too_many_lines, reason = "one arm a kind")]
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
        written_at: entry.at(),
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
            if let Some(level) = severity {
                incident.severities.entry(level.clone()).or_insert(at);
            }
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
        Body::StepDone { step, .. } => {
            set_step(incident, step, StepState::Done, at, operator());
            mark(&mut incident.marks.steps, step, at);
        }
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
        Body::SeverityChanged { severity, .. } => {
            incident.severity = Some(severity.clone());
            incident.severities.entry(severity.clone()).or_insert(at);
        }
        Body::RoleAssigned { role, person } => {
            incident.roles.insert(role.clone(), person.clone());
        }
        Body::NoteAdded { text, evidence, .. } => {
            incident.notes += 1;
            if let Some(item) = evidence {
                let fact = fact(text, at, entry);
                incident.noted_evidence.entry(item.clone()).or_insert(fact);
            }
        }
        Body::EvidenceAdded { sha256, origin, .. } => {
            incident.evidence += 1;
            if let Some(origin) = origin {
                let record = CapturedRecord {
                    files: 0,
                    latest: *sha256,
                    at,
                };
                let record = incident
                    .captured
                    .entry(origin.action.clone())
                    .or_insert(record);
                record.files += 1;
                record.latest = *sha256;
                record.at = at;
            }
        }
        Body::DecisionMade { .. }
        | Body::MilestoneReached { .. }
        | Body::RequirementWaived { .. }
        | Body::FollowUpAdded { .. }
        | Body::PlaybookAttached { .. }
        | Body::IncidentResolved { .. }
        | Body::IncidentClosed { .. }
        | Body::IncidentReopened { .. } => apply_judgement(incident, entry, body),
        Body::ClockStarted { .. }
        | Body::ClockMet { .. }
        | Body::ClockMissed { .. }
        | Body::ClockWaived { .. } => apply_clock(incident, at, body),
        Body::MessageDrafted { .. } | Body::MessageSent { .. } => {
            apply_message(incident, entry, body);
        }
        Body::DrillStarted {
            scenario,
            scenario_sha256,
            seed,
            speed,
            ..
        } => {
            incident.drill = Some(DrillRecord {
                scenario: scenario.clone(),
                scenario_sha256: *scenario_sha256,
                seed: *seed,
                speed: speed.clone(),
                injected: Vec::new(),
            });
        }
        Body::DrillInjected { inject, .. } => {
            if let Some(drill) = &mut incident.drill {
                drill.injected.push(inject.clone());
            }
        }
    }
}

fn fact(text: &str, at: Timestamp, entry: &Entry) -> Fact {
    Fact {
        text: text.to_owned(),
        at,
        operator: entry.operator.clone(),
    }
}

/// What operators decided: branches, milestones, waivers, the end.
fn apply_judgement(incident: &mut Incident, entry: &Entry, body: &Body) {
    let at = entry.when();
    match body {
        Body::DecisionMade {
            decision,
            suggested,
            chosen,
            reason,
            ..
        } => {
            let times = incident
                .decisions
                .get(decision)
                .map_or(0, |record| record.times);
            let record = DecisionRecord {
                chosen: chosen.clone(),
                suggested: suggested.clone(),
                reason: reason.clone(),
                times: times + 1,
                at,
                operator: entry.operator.clone(),
            };
            incident.decisions.insert(decision.clone(), record);
            // A deadline that begins with an assessment does not wait until its step is ticked off.
            if !chosen.iter().any(|choice| choice == NOT_YET_KNOWN) {
                mark(&mut incident.marks.steps, decision, at);
            }
        }
        Body::MilestoneReached {
            milestone,
            reason,
            since,
            corrects,
        } => {
            // What is said to be reached later than it is said was not reached yet.
            let fact = fact(reason, since.map_or(at, |since| since.min(at)), entry);
            if corrects.is_some() {
                incident.milestones.insert(milestone.clone(), fact);
            } else {
                incident.milestones.entry(milestone.clone()).or_insert(fact);
            }
        }
        Body::RequirementWaived {
            step,
            missing,
            reason,
        } => {
            let record = WaivedRecord {
                missing: missing.clone(),
                reason: reason.clone(),
            };
            incident.waived.insert(step.clone(), record);
        }
        Body::FollowUpAdded { text, owner } => incident.follow_ups.push(FollowUp {
            text: text.clone(),
            owner: owner.clone(),
        }),
        Body::PlaybookAttached {
            playbook,
            playbook_sha256,
            ..
        } if !incident.attached.iter().any(|(id, _)| id == playbook) => {
            incident.attached.push((playbook.clone(), *playbook_sha256));
        }
        Body::IncidentResolved { .. } => incident.stage = Stage::Resolved(at),
        Body::IncidentClosed { .. } => {
            let resolved_at = match incident.stage {
                Stage::Resolved(resolved_at) => resolved_at,
                Stage::Open | Stage::Closed { .. } => at,
            };
            incident.stage = Stage::Closed {
                resolved_at,
                closed_at: at,
            };
        }
        Body::IncidentReopened { .. } => {
            incident.stage = Stage::Open;
            incident.marks.reopened_at = Some(at);
        }
        _ => {}
    }
}

/// A clock's rounds. Two sessions may both say that one was met or missed: the due time tells that it is the same round.
fn apply_clock(incident: &mut Incident, at: Timestamp, body: &Body) {
    match body {
        Body::ClockStarted { clock, due } => {
            incident.clocks.entry(clock.clone()).or_default().due = Some(*due);
        }
        Body::ClockMet { clock, due, by } => {
            let record = incident.clocks.entry(clock.clone()).or_default();
            if record.due == Some(*due) || record.times_met == 0 {
                record.times_met += 1;
                record.met_at = Some(at);
                record.due = None;
                push_bounded(&mut record.met, (at, by.clone()));
            }
        }
        Body::ClockMissed { clock, due, reason } => {
            let record = incident.clocks.entry(clock.clone()).or_default();
            let known = record.missed.entry(*due).or_default();
            if reason.is_some() {
                known.clone_from(reason);
            }
        }
        Body::ClockWaived {
            clock,
            reason,
            role,
        } => {
            incident.clocks.entry(clock.clone()).or_default().waived =
                Some((reason.clone(), role.clone()));
        }
        _ => {}
    }
}

/// A message that went out is an action that was done.
fn apply_message(incident: &mut Incident, entry: &Entry, body: &Body) {
    let at = entry.when();
    match body {
        Body::MessageDrafted { action, each, .. } => {
            let record = incident.messages.entry(action.clone()).or_default();
            record.drafted_at = Some(at);
            record.waiting.insert(each.clone().unwrap_or_default());
        }
        Body::MessageSent {
            action,
            target,
            each,
            ..
        } => {
            let record = incident.messages.entry(action.clone()).or_default();
            record.first_sent_at.get_or_insert(at);
            record.sent_at = Some(at);
            record.sent += 1;
            record.target.clone_from(target);
            record.waiting.remove(each.as_deref().unwrap_or_default());
            // A notice that went to one of two tenants is not done.
            if record.waiting.is_empty() {
                mark(&mut incident.marks.actions, action, at);
            }
        }
        _ => {}
    }
}

/// Notes when something was done.
fn mark<K: Ord + Clone>(marks: &mut BTreeMap<K, Vec<Timestamp>>, id: &K, at: Timestamp) {
    push_bounded(marks.entry(id.clone()).or_default(), at);
}

/// Keeps the first and the newest.
fn push_bounded<T>(list: &mut Vec<T>, item: T) {
    if list.len() >= limits::DONE_TIMES {
        list.remove(1);
    }
    list.push(item);
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
            record.result = None;
            record.evidence.clear();
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
            judged,
            evidence,
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
            record.result = Some(hash);
            record.evidence.clone_from(evidence);
            // A run without a verdict leaves none of an older run standing as if it were this one's.
            record.judged = judged.clone().map(|judged| (judged, at));
            record.held_since = match judged {
                Some(judged) if judged.held => record.held_since.or(Some(at)),
                _ => None,
            };
            if *outcome == ActionOutcome::Ok {
                record.first_done_at.get_or_insert(at);
                mark(&mut incident.marks.actions, action, at);
            }
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
            record.judged = None;
            record.held_since = None;
            if *done {
                record.first_done_at.get_or_insert(at);
            }
            record.state = ActionState::Resolved {
                done: *done,
                note: note.clone(),
            };
            if *done {
                mark(&mut incident.marks.actions, action, at);
            }
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
            judged: None,
            held_since: None,
            result: None,
            evidence: Vec::new(),
            first_done_at: None,
            at: entry.when(),
            operator: String::new(),
        });
    record.at = entry.when();
    record.operator.clone_from(&entry.operator);
    record
}
