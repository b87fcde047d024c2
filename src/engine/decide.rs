//! Decisions, severity and milestones: what operators judge themselves, with the figures at hand.

use std::collections::BTreeSet;

use super::command::Command;
use super::state::Overlay;
use super::turn::Turn;
use crate::editor::Editor;
use crate::keymap::Chord;
use crate::model::ids::{PlaybookId, StepId};
use crate::model::playbook::Playbook;
use crate::model::safe_text::SafeText;
use crate::verdict::Suggestion;

/// The dialog of a decision.
#[derive(Debug, Clone, PartialEq)]
pub struct DecideForm {
    /// The step that is the decision.
    pub decision: StepId,
    /// Position among the choices, *none of these* and *not yet known* behind those of the table.
    pub selected: usize,
    /// Marked choices, where several are allowed.
    pub marked: BTreeSet<usize>,
    /// What the results suggest; none until computed.
    pub suggestions: Option<Vec<Suggestion>>,
    /// The reason, once the choice is made.
    pub reason: Option<Editor>,
    /// What is wrong.
    pub error: Option<SafeText>,
}

impl Turn<'_> {
    /// Opens the decision of the shown step.
    pub(super) fn decide(&mut self) {
        self.say("this step is no decision");
    }

    /// Suggestions are computed.
    pub(super) fn suggested(&mut self, _decision: &StepId, _suggestions: Vec<Suggestion>) {}

    /// A key in the decision.
    pub(super) fn decide_key(
        &mut self,
        form: DecideForm,
        _command: Option<Command>,
        _chord: Chord,
    ) {
        self.open_overlay(Overlay::Decide(form));
    }

    /// Goes on with a step although something is missing.
    pub(super) fn waive(&mut self) {
        self.say("nothing is missing for this step");
    }

    /// Chooses the severity.
    pub(super) fn choose_severity(&mut self) {
        self.say("this playbook has no severities");
    }

    /// Chooses a milestone.
    pub(super) fn choose_milestone(&mut self) {}

    /// Attaches a playbook to the incident.
    pub(super) fn attach(&mut self, _playbook: PlaybookId) {}

    /// Another playbook belongs to the incident now.
    pub(super) fn playbook_attached(&mut self, _merged: Result<std::sync::Arc<Playbook>, String>) {}
}
