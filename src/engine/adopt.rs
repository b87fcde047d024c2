//! A changed playbook: that its file changed, and what becomes of the work under way when it is taken into the incident.
//!
//! What was recorded stays; what only the old text knew goes. No run that was sent is forgotten.

use std::sync::Arc;

use crate::model::Timestamp;
use crate::model::ids::{ActionId, IncidentId, RunId, StepId};
use crate::model::playbook::{Action, Playbook};

use super::effect::Effect;
use super::event::Adopted;
use super::state::{Cockpit, Overlay, Purpose, Watch};
use super::steps::GuideItem;
use super::turn::Turn;

/// Said when the file differs from the text in force.
pub(super) const DIFFERS: &str = "the playbook's file has changed; this incident keeps the text it was opened with (: adopt playbook)";
/// Names of what is gone that fit into a message.
const NAMED: usize = 4;

/// Steps and actions of a playbook that its new text no longer has.
pub fn vanished<'a>(before: &'a Playbook, now: &Playbook) -> (Vec<&'a StepId>, Vec<&'a ActionId>) {
    let steps = before.steps().map(|(_, step)| &step.id);
    let actions = before.actions.keys();
    (
        steps.filter(|id| now.step(id).is_none()).collect(),
        actions.filter(|id| now.action(id).is_none()).collect(),
    )
}

impl Turn<'_> {
    /// The playbook's file was written to: it differs from the text in force, or is that text again.
    pub(super) fn playbook_file_changed(&mut self, incident: IncidentId, differs: bool) {
        let Some(cockpit) = self.cockpit().filter(|open| open.incident.id == incident) else {
            return;
        };
        let before = std::mem::replace(&mut cockpit.playbook_differs, differs);
        match (before, differs) {
            (_, true) => self.say(DIFFERS),
            (true, false) => self.say("the playbook's file is what this incident follows again"),
            (false, false) => {}
        }
    }

    /// The changed playbook is in the record: it is in force from now on.
    pub(super) fn playbook_adopted(&mut self, result: Result<Box<Adopted>, String>) {
        let adopted = match result {
            Ok(adopted) => *adopted,
            Err(reason) => return self.complain(reason),
        };
        let now = self.state.now;
        let Some(cockpit) = self
            .cockpit()
            .filter(|open| open.incident.id == adopted.incident)
        else {
            return;
        };
        let selected = cockpit.guide_items().get(cockpit.guide_selected).cloned();
        let before = std::mem::replace(&mut cockpit.playbook, adopted.playbook);
        cockpit.diagnostics = adopted.diagnostics;
        cockpit.playbook_differs = false;
        let playbook = Arc::clone(&cockpit.playbook);
        let given_up = cockpit.keep_watches(&before, now);
        // What was planned and not sent speaks of the old text.
        cockpit.runs.retain(|_, run| run.poll || run.is_running());
        cockpit.keep_results();
        cockpit.refresh_view();
        cockpit.keep_place(selected.as_ref());
        self.state
            .overlays
            .retain_mut(|overlay| still_fits(overlay, &before, &playbook));
        for run in given_up {
            self.effect(Effect::Cancel(run));
        }
        self.say_what_is_gone(&before, &playbook);
        self.poll_what_is_due();
        self.keep_clocks();
    }

    fn say_what_is_gone(&mut self, before: &Playbook, now: &Playbook) {
        let (steps, actions) = vanished(before, now);
        let steps = steps.iter().map(|id| format!("step {id}"));
        let actions = actions.iter().map(|id| format!("action {id}"));
        let mut gone: Vec<String> = steps.chain(actions).collect();
        if gone.is_empty() {
            self.say("the changed playbook is in force; nothing is gone from it");
            return;
        }
        if gone.len() > NAMED {
            let more = gone.len() - NAMED;
            gone.truncate(NAMED);
            gone.push(format!("{more} more (the timeline names them)"));
        }
        self.say(format!(
            "the changed playbook is in force; gone from it: {}",
            gone.join(", ")
        ));
    }
}

impl Cockpit {
    /// Live panes of the new playbook: those whose action is the same go on as they are. Returns polls nobody waits for.
    pub(super) fn keep_watches(&mut self, before: &Playbook, now: Timestamp) -> Vec<RunId> {
        let shown = self
            .watches
            .get(self.watch_selected)
            .map(|watch| watch.action.clone());
        let mut old = std::mem::take(&mut self.watches);
        let playbook = Arc::clone(&self.playbook);
        let watched = playbook.watch.iter().filter_map(|id| playbook.action(id));
        self.watches = watched
            .map(|action| {
                let same = before
                    .action(&action.id)
                    .is_some_and(|before| is_same(before, action));
                let kept = old
                    .iter()
                    .position(|watch| same && watch.action == action.id);
                kept.map_or_else(|| Watch::new(action, now), |at| old.swap_remove(at))
            })
            .collect();
        self.watch_selected = self
            .watches
            .iter()
            .position(|watch| Some(&watch.action) == shown.as_ref())
            .unwrap_or_default();
        let given_up: Vec<RunId> = old.iter().filter_map(|watch| watch.run).collect();
        for run in &given_up {
            self.runs.remove(run);
        }
        given_up
    }

    /// Results stay as long as their action does; one that still arrives stays in any case.
    fn keep_results(&mut self) {
        let (playbook, runs) = (&self.playbook, &self.runs);
        self.results.retain(|action, result| {
            playbook.action(action).is_some() || runs.contains_key(&result.run)
        });
        let results = &self.results;
        self.result_shown = self
            .result_shown
            .take()
            .filter(|action| results.contains_key(action));
    }

    /// The step and the item that were looked at, where they are still there.
    fn keep_place(&mut self, selected: Option<&GuideItem>) {
        if self.shown_step().is_none() {
            let first = self
                .playbook
                .steps()
                .next()
                .map(|(_, step)| step.id.clone());
            let next = self.view.current.clone().or(first);
            self.show_step(next.unwrap_or_else(|| "".into()));
            return;
        }
        let items = self.guide_items();
        self.guide_selected = items
            .iter()
            .position(|item| Some(item) == selected)
            .unwrap_or_else(|| self.guide_selected.min(items.len().saturating_sub(1)));
    }
}

/// The same action, wherever in the text it stands and whatever is said about it there.
fn is_same(before: &Action, now: &Action) -> bool {
    let bare = |action: &Action| {
        let mut action = action.clone();
        (action.span, action.text_span) = (0..0, 0..0);
        action.description.clear();
        action.title.clear();
        let judge = &mut action.judge;
        let expressions = [&mut judge.alert, &mut judge.expect, &mut judge.doubt];
        for expression in expressions.into_iter().flatten() {
            expression.span = 0..0;
        }
        action
    };
    bare(before) == bare(now)
}

/// Whether a dialog still speaks of what is there. One that would act upon the old text closes.
fn still_fits(overlay: &mut Overlay, before: &Playbook, now: &Playbook) -> bool {
    let same_text = |id: &ActionId| {
        let text = |playbook: &Playbook| playbook.action(id).map(|action| action.text.clone());
        text(now).is_some() && text(before) == text(now)
    };
    match overlay {
        Overlay::Help { .. }
        | Overlay::Palette { .. }
        | Overlay::Note { .. }
        | Overlay::SignIn { .. }
        | Overlay::Told { .. }
        | Overlay::RowDetail { .. }
        | Overlay::Entry { .. } => true,
        Overlay::Diagnostics { top } => {
            *top = 0;
            true
        }
        Overlay::Ask { purpose, .. } => match purpose {
            Purpose::SkipStep(step) | Purpose::DoneWithout(step) | Purpose::Waive(step) => {
                now.step(step).is_some()
            }
            Purpose::NotApplicable(check) => now
                .steps()
                .any(|(_, step)| step.checks().any(|other| other.id == *check)),
            Purpose::Role(role) => now.roles.contains_key(role),
            Purpose::RoleForMessage(role, action) => {
                now.roles.contains_key(role) && same_text(action)
            }
            Purpose::WaiveThenRun(step, action) => now.step(step).is_some() && same_text(action),
            Purpose::ClockMissed(clock, _)
            | Purpose::ClockWaived(clock)
            | Purpose::ClockMet(clock, _) => now.clocks.contains_key(clock),
            Purpose::MessageSent { action, .. } => now.actions.contains_key(action),
            Purpose::EvidenceNote(item) => now.evidence.contains_key(item),
            Purpose::Settle { .. }
            | Purpose::Search
            | Purpose::Severity(_)
            | Purpose::Milestone(_)
            | Purpose::FollowUp
            | Purpose::Resolve
            | Purpose::Close
            | Purpose::Reopen => true,
        },
        Overlay::Form(form) => {
            let same = form
                .fields
                .iter()
                .all(|field| now.inputs.get(&field.input.id) == Some(&field.input));
            same && form.then_run.as_ref().is_none_or(same_text)
        }
        Overlay::Query { action, .. } => same_text(action),
        // What was written stays: it is the operator's text, not the playbook's.
        Overlay::Draft(form) => now.actions.contains_key(&form.action),
        Overlay::Send { .. }
        | Overlay::Gate(_)
        | Overlay::Decide(_)
        | Overlay::Clocks { .. }
        | Overlay::Evidence { .. }
        | Overlay::Closing { .. }
        | Overlay::Choose { .. }
        | Overlay::Walk { .. }
        | Overlay::Reference { .. } => false,
    }
}
