//! One turn of the engine: an event goes in, the state changes, effects come out.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::incident::{self, view::view};
use crate::model::ids::{RunId, Ticket};
use crate::model::safe_text::sanitize;
use crate::record::entry::{Body, Sealed};

use super::effect::Effect;
use super::event::{Event, EventKind};
use super::state::{Cockpit, Message, Overlay, Pending, Recording, Screen, State};

/// Changes the state by an event and returns what is to be done. Never fails, never waits, never looks at a clock.
pub fn update(state: &mut State, event: Event) -> Vec<Effect> {
    state.now = event.now;
    // A message disappears with the next key, which changes the last line.
    let said = state.message.is_some();
    let mut turn = Turn {
        state,
        effects: Vec::new(),
        cursor_only: false,
    };
    match event.kind {
        EventKind::Key(chord) => turn.press(chord),
        EventKind::Paste(text) => turn.paste(&text),
        EventKind::Resized(columns, rows) => turn.state.size = (columns, rows),
        EventKind::Ticked => {
            turn.poll_what_is_due();
            turn.keep_clocks();
        }
        EventKind::HomeLoaded { items, last } => turn.home_loaded(items, last),
        EventKind::Opened(opened) => turn.opened(*opened),
        EventKind::SeverityAsked {
            request,
            title,
            severities,
        } => turn.ask_severity(&request, &title, &severities),
        EventKind::OpenFailed(reason) => turn.open_failed(&reason),
        EventKind::PlaybookAdopted(result) => turn.playbook_adopted(result),
        EventKind::PlaybookFileChanged { incident, differs } => {
            turn.playbook_file_changed(incident, differs);
        }
        EventKind::SourcesProbed(read_only) => {
            if let Some(cockpit) = turn.cockpit() {
                cockpit.read_only = read_only;
            }
        }
        EventKind::Planned { run, result } => turn.planned(run, result),
        EventKind::Recorded { ticket, entry } => turn.recorded(ticket, &entry),
        EventKind::NotRecorded { ticket, reason } => turn.not_recorded(ticket, reason),
        EventKind::EntryRefused { ticket, reason } => turn.entry_refused(ticket, &reason),
        EventKind::WritersChanged { alive } => turn.writers_changed(alive),
        EventKind::EntryArrived {
            entry,
            incident,
            alive,
        } => turn.entry_arrived(&entry, *incident, alive),
        EventKind::Arrived { run, chunk } => turn.arrived(run, chunk),
        EventKind::Finished { run, result } => turn.finished(run, result),
        EventKind::RowRead {
            run,
            row,
            cells,
            purpose,
        } => turn.row_read(run, row, cells, purpose),
        EventKind::Sorted { run, by, rows } => turn.sorted(run, by, rows),
        EventKind::Found { run, text, matches } => turn.found(run, &text, matches),
        EventKind::Judged {
            run,
            judgement,
            kept,
        } => turn.judged(run, judgement, kept),
        EventKind::Captured(kept) => turn.captured(kept),
        EventKind::Suggested {
            decision,
            suggestions,
        } => turn.suggested(&decision, &suggestions),
        EventKind::PreviewSeen { run, sample, own } => turn.preview_seen(run, sample, own),
        EventKind::Filled {
            action,
            drafts,
            sources,
        } => turn.filled(action, drafts, sources),
        EventKind::MessageSaved { action, each, path } => turn.message_saved(action, each, path),
        EventKind::ReportWritten(path) => turn.report_written(path),
        EventKind::PlaybookAttached { playbook, merged } => {
            turn.playbook_attached(&playbook, merged);
        }
        EventKind::TimelineLoaded { first, entries } => turn.timeline_loaded(first, entries),
    }
    let Turn {
        state,
        effects,
        cursor_only,
    } = turn;
    if !cursor_only || said || state.message.is_some() || !effects.is_empty() {
        state.revision += 1;
    }
    effects
}

/// The state under change with the effects so far.
pub(super) struct Turn<'a> {
    pub(super) state: &'a mut State,
    pub(super) effects: Vec<Effect>,
    /// Nothing changed but the cursor in the result pane.
    pub(super) cursor_only: bool,
}

impl Turn<'_> {
    /// The open incident, if there is one.
    pub(super) fn cockpit(&mut self) -> Option<&mut Cockpit> {
        self.state.cockpit_mut()
    }

    pub(super) fn effect(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// Puts a short message into the last line.
    pub(super) fn say(&mut self, text: impl AsRef<str>) {
        self.state.message = Some(Message {
            text: sanitize(text.as_ref()),
            error: false,
        });
    }

    /// The same, emphasised.
    pub(super) fn complain(&mut self, text: impl AsRef<str>) {
        self.state.message = Some(Message {
            text: sanitize(text.as_ref()),
            error: true,
        });
    }

    pub(super) fn open_overlay(&mut self, overlay: Overlay) {
        self.state.overlays.push(overlay);
    }

    pub(super) fn next_number(&mut self) -> u64 {
        self.state.next_number += 1;
        self.state.next_number
    }

    /// Asks for an entry. The incident changes only when it comes back recorded.
    pub(super) fn append(&mut self, body: Body) {
        self.append_for(body, None);
    }

    /// Asks for an entry that a run waits for.
    pub(super) fn append_for(&mut self, body: Body, run: Option<RunId>) {
        let ticket = Ticket(self.next_number());
        let Some(cockpit) = self.cockpit() else {
            return;
        };
        cockpit.pending.insert(
            ticket,
            Pending {
                body: body.clone(),
                run,
            },
        );
        self.effect(Effect::Append { ticket, body });
    }

    fn recorded(&mut self, ticket: Ticket, entry: &Arc<Sealed>) {
        let Some(cockpit) = self.cockpit() else {
            return;
        };
        let pending = cockpit.pending.remove(&ticket);
        if cockpit.pending.is_empty() {
            cockpit.recording = Recording::Saved;
        }
        incident::apply(&mut cockpit.incident, entry);
        cockpit.refresh_view();
        cockpit.timeline.push(Arc::clone(entry));
        if let Some(run) = pending.and_then(|pending| pending.run) {
            self.intent_recorded(run, entry.hash);
        }
        self.keep_clocks();
        self.after_closing(entry);
        self.hear(entry);
    }

    fn not_recorded(&mut self, ticket: Ticket, reason: String) {
        let Some(cockpit) = self.cockpit() else {
            return;
        };
        cockpit.recording = Recording::NotRecorded(reason);
        if let Some(run) = cockpit.pending.get(&ticket).and_then(|pending| pending.run) {
            self.intent_not_recorded(run);
        }
    }

    /// What the record will never hold is not waited for; the operator is told, to do it again.
    fn entry_refused(&mut self, ticket: Ticket, reason: &str) {
        let Some(cockpit) = self.cockpit() else {
            return;
        };
        let Some(refused) = cockpit.pending.remove(&ticket) else {
            return;
        };
        let disk_works = cockpit.recording == Recording::Saved;
        if let Some(run) = refused.run {
            self.intent_refused(run, disk_works);
        }
        self.complain(refusal(&refused.body, reason));
    }

    /// A session that is gone leaves its unfinished intents with an unknown outcome.
    fn writers_changed(&mut self, alive: BTreeSet<String>) {
        let Some(cockpit) = self.cockpit() else {
            return;
        };
        let before = cockpit.view.unknown.len();
        cockpit.alive = alive;
        cockpit.refresh_view();
        let unknown = cockpit.view.unknown.len();
        if unknown > before {
            self.complain_of_unknown(unknown);
        }
    }

    fn entry_arrived(
        &mut self,
        entry: &Arc<Sealed>,
        incident: crate::incident::Incident,
        alive: BTreeSet<String>,
    ) {
        let Some(cockpit) = self.cockpit() else {
            return;
        };
        cockpit.incident = incident;
        cockpit.alive = alive;
        cockpit.refresh_view();
        cockpit.timeline.push(Arc::clone(entry));
        if let Some(Body::PlaybookAttached { playbook, .. }) = &entry.body {
            // Attached by another session: what is in the record already is only read.
            self.effect(Effect::AttachPlaybook(playbook.clone()));
        }
        if let Some(Body::PlaybookChanged { .. }) = &entry.body {
            self.effect(Effect::FollowPlaybook);
        }
        self.keep_clocks_after(&entry.entry.writer);
        self.hear(entry);
    }
}

/// What was refused, why, and what to do about it.
fn refusal(body: &Body, reason: &str) -> String {
    let again = "mend that, then do it again";
    let (what, next) = match body {
        Body::ActionIntent { action, .. } => (format!("record that {action} is sent"), again),
        Body::ActionResult { action, .. } => (
            format!("record how {action} ended"),
            "say in a note what came out of it (n)",
        ),
        Body::ActionResolved { action, .. } => (format!("record how {action} was settled"), again),
        Body::InputSet { input, .. } => (format!("record the value of {input}"), again),
        Body::NoteAdded { .. } => ("record the note".to_owned(), again),
        Body::StepStarted { step }
        | Body::StepDone { step, .. }
        | Body::StepSkipped { step, .. }
        | Body::StepReopened { step } => (format!("record the state of step {step}"), again),
        Body::CheckTicked { check, .. } | Body::CheckUnticked { check } => {
            (format!("record the check {check}"), again)
        }
        Body::RoleAssigned { role, .. } => (format!("record who is {role}"), again),
        Body::WatchStarted { action, .. } | Body::WatchChanged { action, .. } => (
            format!("record the live pane {action}"),
            "say in a note what it shows (n)",
        ),
        Body::IncidentOpened { .. }
        | Body::DrillStarted { .. }
        | Body::DrillInjected { .. }
        | Body::PlaybookChanged { .. }
        | Body::SessionOpened { .. }
        | Body::SessionDetached { .. }
        | Body::SeverityChanged { .. }
        | Body::EvidenceAdded { .. }
        | Body::DecisionMade { .. }
        | Body::MilestoneReached { .. }
        | Body::ClockStarted { .. }
        | Body::ClockMet { .. }
        | Body::ClockMissed { .. }
        | Body::ClockWaived { .. }
        | Body::RequirementWaived { .. }
        | Body::MessageDrafted { .. }
        | Body::MessageSent { .. }
        | Body::FollowUpAdded { .. }
        | Body::PlaybookAttached { .. }
        | Body::IncidentResolved { .. }
        | Body::IncidentClosed { .. }
        | Body::IncidentReopened { .. }
        | Body::Unknown { .. } => (format!("record {}", body.kind()), again),
    };
    format!("{what}: refused for good: {reason}; {next}")
}

impl State {
    /// The open incident, if there is one.
    pub fn cockpit(&self) -> Option<&Cockpit> {
        match &self.screen {
            Screen::Cockpit(cockpit) => Some(cockpit),
            Screen::Home(_) | Screen::Opening(_) => None,
        }
    }

    pub(super) fn cockpit_mut(&mut self) -> Option<&mut Cockpit> {
        match &mut self.screen {
            Screen::Cockpit(cockpit) => Some(cockpit),
            Screen::Home(_) | Screen::Opening(_) => None,
        }
    }
}

impl Cockpit {
    pub(super) fn refresh_view(&mut self) {
        self.view = view(&self.playbook, &self.incident, &self.alive);
    }
}
