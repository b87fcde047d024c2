//! What a step requires before it begins: steps, phases, actions and evidence, by name.
//!
//! Says what is missing. Whether the operator goes on all the same is theirs to say.

use std::collections::BTreeMap;

use super::{ActionStatus, ActionView, Applies, evidence};
use crate::incident::{Incident, StepState};
use crate::model::ids::{ActionId, StepId};
use crate::model::playbook::{Action, EvidenceItem, Language, Phase, Playbook, Step};
use crate::record::entry::ActionOutcome;

/// The facts that tell what is met.
pub(super) struct Requirements<'a> {
    pub(super) playbook: &'a Playbook,
    pub(super) incident: &'a Incident,
    pub(super) actions: &'a BTreeMap<ActionId, ActionView>,
    /// Whether each phase and its steps apply, in the playbook's order.
    pub(super) applied: &'a [(Applies, Vec<Applies>)],
}

/// What a requirement names.
enum Named<'a> {
    Action(&'a Action),
    Step(&'a Step),
    Phase(usize, &'a Phase),
    Evidence(&'a EvidenceItem),
}

impl Requirements<'_> {
    /// What a step of a phase requires and is neither there nor waived, as the playbook names it.
    pub(super) fn missing(&self, phase: &Phase, step: &Step) -> Vec<String> {
        let waived = self.incident.waived.get(&step.id);
        let is_waived = |name: &String| waived.is_some_and(|waived| waived.missing.contains(name));
        let mut missing: Vec<String> = Vec::new();
        for name in phase.requires.iter().chain(&step.requires) {
            if !self.is_met(name) && !is_waived(name) && !missing.contains(name) {
                missing.push(name.clone());
            }
        }
        missing
    }

    fn is_met(&self, name: &str) -> bool {
        match named(self.playbook, name) {
            Some(Named::Action(action)) => self.is_done(action),
            Some(Named::Step(step)) => self.state(&step.id) == Some(&StepState::Done),
            Some(Named::Phase(at, phase)) => {
                let applied = self.applied.get(at).map_or(&[][..], |(_, steps)| steps);
                phase.steps.iter().zip(applied).all(|(step, applies)| {
                    let settled = matches!(
                        self.state(&step.id),
                        Some(StepState::Done | StepState::Skipped(_))
                    );
                    settled || !applies.counts()
                })
            }
            Some(Named::Evidence(item)) => evidence::is_there(self.playbook, self.incident, item),
            // The linter reports an unknown name; here it must not lock the operator out.
            None => true,
        }
    }

    fn state(&self, step: &StepId) -> Option<&StepState> {
        self.incident.steps.get(step).map(|record| &record.state)
    }

    /// It had a good end, or was completed by hand. One with an expectation has to be judged, whatever the verdict is: a
    /// FAIL is an answer. That nobody knows how it ended is none.
    fn is_done(&self, action: &Action) -> bool {
        let status = self.actions.get(&action.id).map(|view| view.status);
        let record = self.incident.actions.get(&action.id);
        let sent = || {
            let message = self.incident.messages.get(&action.id);
            message.is_some_and(|message| message.sent > 0)
        };
        match status {
            Some(ActionStatus::ByHand(done)) => done,
            Some(ActionStatus::Ended(ActionOutcome::Ok)) => {
                action.judge.expect.is_none()
                    || record.is_some_and(|record| record.judged.is_some())
            }
            _ => action.language == Language::Message && sent(),
        }
    }
}

fn named<'a>(playbook: &'a Playbook, name: &str) -> Option<Named<'a>> {
    let step = || {
        let mut steps = playbook.steps().map(|(_, step)| step);
        steps.find(|step| step.id.as_str() == name || step.slug == name)
    };
    let phase = || {
        let mut phases = playbook.phases.iter().enumerate();
        phases.find(|(_, phase)| phase.id.as_str() == name || phase.slug == name)
    };
    if let Some(action) = playbook.actions.get(name) {
        return Some(Named::Action(action));
    }
    if let Some(step) = step() {
        return Some(Named::Step(step));
    }
    if let Some((at, phase)) = phase() {
        return Some(Named::Phase(at, phase));
    }
    playbook.evidence.get(name).map(Named::Evidence)
}

/// What a requirement is called: the title of what it names, else its name.
pub fn title<'a>(playbook: &'a Playbook, name: &'a str) -> &'a str {
    match named(playbook, name) {
        Some(Named::Action(action)) => &action.title,
        Some(Named::Step(step)) => &step.title,
        Some(Named::Phase(_, phase)) => &phase.title,
        Some(Named::Evidence(item)) => &item.title,
        None => name,
    }
}

/// The step in which a requirement is met; none for what no step does, such as a note.
pub fn place<'a>(playbook: &'a Playbook, name: &str) -> Option<&'a Step> {
    let with = |id: &str| {
        let mut steps = playbook.steps().map(|(_, step)| step);
        steps.find(|step| step.actions().any(|action| action.as_str() == id))
    };
    match named(playbook, name)? {
        Named::Action(action) => with(action.id.as_str()),
        Named::Step(step) => Some(step),
        Named::Phase(_, phase) => phase.steps.first(),
        Named::Evidence(item) => with(item.from.as_deref()?),
    }
}
