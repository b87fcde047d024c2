//! Blocked steps: what is missing, the way there, and going on all the same with a reason. Nobody is locked out.

use super::state::{Chosen, Cockpit, Overlay, Purpose, Recording};
use super::turn::Turn;
use crate::incident::view::{Applies, requires, view};
use crate::incident::{Incident, StepState};
use crate::model::ids::StepId;
use crate::model::playbook::PhaseKind;
use crate::model::safe_text::{SafeText, sanitize};
use crate::record::entry::Body;

impl Cockpit {
    /// Work on a step has begun, or its entry is on its way to the record.
    pub fn is_begun(&self, step: &StepId) -> bool {
        let state = self.incident.steps.get(step).map(|record| &record.state);
        !matches!(state, None | Some(StepState::Todo)) || self.is_starting(step)
    }

    /// The entry that starts a step is on its way to the record.
    pub fn is_starting(&self, step: &StepId) -> bool {
        let mut pending = self.pending.values();
        pending.any(
            |pending| matches!(&pending.body, Body::StepStarted { step: started } if started == step),
        )
    }

    fn missing(&self, step: &StepId) -> Vec<String> {
        let view = self.view.step(step);
        view.map(|view| view.missing.clone()).unwrap_or_default()
    }

    /// What a step goes on without: what was waived before and is still not there is part of it.
    fn unmet(&self, step: &StepId) -> Vec<String> {
        let mut incident: Incident = self.incident.clone();
        incident.waived.remove(step);
        let bare = view(&self.playbook, &incident, &self.alive);
        bare.step(step)
            .map(|view| view.missing.clone())
            .unwrap_or_default()
    }

    fn is_containment(&self, step: &StepId) -> bool {
        self.playbook
            .phases
            .iter()
            .filter(|phase| phase.kind == PhaseKind::Contain)
            .any(|phase| phase.steps.iter().any(|other| other.id == *step))
    }

    /// What is missing, by title.
    fn in_words(&self, missing: &[String]) -> String {
        let titles = missing
            .iter()
            .map(|name| requires::title(&self.playbook, name));
        titles.collect::<Vec<_>>().join("; ")
    }
}

impl Turn<'_> {
    /// Starts a step because the operator asked for it, whatever decisions say; what is missing is asked about first.
    pub(super) fn open_step(&mut self, step: &StepId) {
        let Some(cockpit) = self.cockpit().filter(|cockpit| !cockpit.is_begun(step)) else {
            return;
        };
        let Some(view) = cockpit.view.step(step).cloned() else {
            return;
        };
        if !view.missing.is_empty() {
            return self.ask_about_missing(step);
        }
        match &view.applies {
            Applies::Always | Applies::Holds | Applies::Chosen { .. } => {}
            Applies::Folded { decided: true, .. } => {
                self.say("opened, although the decision chose another branch");
            }
            Applies::Folded { decided: false, .. } => {
                self.say("opened before its decision is made");
            }
            Applies::DoesNotHold(when) => {
                self.say(format!("opened, although this does not hold: {when}"));
            }
            Applies::Unclear(error) => self.complain(format!(
                "started, although nobody can tell whether it applies: {error}"
            )),
        }
        self.append(Body::StepStarted { step: step.clone() });
    }

    /// Starts a step because one of its actions was sent, unless something is missing: to read does no harm, but it is no
    /// reason to go on. No dialog opens, because the next key is meant for the result.
    pub(super) fn start_step(&mut self, step: &StepId) {
        let Some(cockpit) = self.cockpit().filter(|cockpit| !cockpit.is_begun(step)) else {
            return;
        };
        let missing = cockpit.missing(step);
        if missing.is_empty() {
            return self.append(Body::StepStarted { step: step.clone() });
        }
        let words = cockpit.in_words(&missing);
        self.complain(format!(
            "sent, although the step still waits for: {words} (w: go on without it)"
        ));
    }

    /// What is missing for a step: the way to each of it, or going on without.
    pub(super) fn ask_about_missing(&mut self, step: &StepId) {
        self.choose_about_missing(step, false);
    }

    fn choose_about_missing(&mut self, step: &StepId, waive: bool) {
        let Some(cockpit) = self.state.cockpit() else {
            return;
        };
        let playbook = &cockpit.playbook;
        let missing = cockpit.missing(step);
        let mut items: Vec<(SafeText, Chosen)> = Vec::new();
        for name in &missing {
            let title = requires::title(playbook, name);
            if let Some(place) = requires::place(playbook, name) {
                let label = if place.title == title {
                    format!("go to “{title}”")
                } else {
                    format!("go to “{}” for: {title}", place.title)
                };
                items.push((sanitize(&label), Chosen::GoTo(place.id.clone())));
            } else if let Some((id, _)) = playbook.evidence.get_key_value(name.as_str()) {
                let label = sanitize(&format!("write the note that is: {title}"));
                items.push((label, Chosen::EvidenceNote(id.clone())));
            }
        }
        items.push((
            SafeText::fixed("go on without; the reason is recorded"),
            Chosen::Waive(step.clone()),
        ));
        let title = playbook
            .step(step)
            .map_or(step.as_str(), |step| step.title.as_str());
        let heading = format!("“{title}” waits for: {}", cockpit.in_words(&missing));
        self.open_overlay(Overlay::Choose {
            title: vec![sanitize(&heading)],
            selected: if waive { items.len() - 1 } else { 0 },
            items,
        });
    }

    /// Goes on with a step although something is missing. In containment the reason is asked at once.
    pub(super) fn waive(&mut self) {
        let Some(cockpit) = self.state.cockpit() else {
            return;
        };
        let step = cockpit.step.clone();
        if cockpit.missing(&step).is_empty() {
            let waived = cockpit.incident.waived.get(&step);
            let words = waived.map(|waived| {
                format!(
                    "waived already: {} ({})",
                    cockpit.in_words(&waived.missing),
                    waived.reason
                )
            });
            return self.say(words.unwrap_or_else(|| "nothing is missing for this step".into()));
        }
        if cockpit.is_containment(&step) {
            return self.ask(Purpose::Waive(step));
        }
        self.choose_about_missing(&step, true);
    }

    /// The reason is given: the step goes on, also when the record cannot be written.
    pub(super) fn waived(&mut self, step: StepId, reason: String) {
        let Some(cockpit) = self.state.cockpit() else {
            return;
        };
        let missing = cockpit.unmet(&step);
        let begun = cockpit.is_begun(&step);
        let not_recorded = match &cockpit.recording {
            Recording::NotRecorded(reason) => Some(reason.clone()),
            Recording::Saved => None,
        };
        self.append(Body::RequirementWaived {
            step: step.clone(),
            missing,
            reason,
        });
        if !begun {
            self.append(Body::StepStarted { step });
        }
        if let Some(reason) = not_recorded {
            self.complain(format!(
                "goes on without a record ({reason}): it is written once that works"
            ));
        }
    }
}
