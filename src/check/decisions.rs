//! Decisions and what steps require: whether a suggestion can be computed, and whether a step can ever begin.

use std::collections::BTreeSet;

use super::Checker;
use crate::expr;
use crate::model::diagnostic::Diagnostic;
use crate::model::playbook::{Decision, Step};
use crate::record::entry::{NONE_OF_THESE, NOT_YET_KNOWN};

/// Names that mean the result of what `over` names.
const OF_RESULT: [&str; 11] = [
    "count", "rows", "value", "last", "max", "sum", "exit", "stdout", "lines", "status", "body",
];

impl Checker<'_> {
    pub(super) fn decisions(&mut self) {
        let playbook = self.playbook;
        for (_, step) in playbook.steps() {
            if let Some(decision) = &step.decision {
                self.decision(step, decision);
            }
        }
        self.circles();
    }

    fn decision(&mut self, step: &Step, decision: &Decision) {
        for choice in &decision.choices {
            let reserved = [NONE_OF_THESE, NOT_YET_KNOWN];
            if reserved.contains(&choice.name.to_lowercase().as_str()) {
                let span = self.place(&choice.span, &choice.name);
                let message = format!("every decision offers {} already", choice.name);
                self.error("reserved-choice", span, message);
            }
            let Some(suggest) = &choice.suggest_when else {
                continue;
            };
            let names = expr::parse(suggest)
                .map(|parsed| expr::variables(&parsed))
                .unwrap_or_default();
            let bare = names.iter().find(|name| OF_RESULT.contains(&name.as_str()));
            if let (Some(bare), true) = (bare, decision.over.is_empty()) {
                let span = self.place(&choice.span, suggest);
                self.findings.push(
                    Diagnostic::error(
                        "nothing-decided-over",
                        span,
                        format!("Suggest when: {bare} of which action? expected over= at the heading, found none"),
                    )
                    .with_help(format!(
                        "write <!-- {{#{} .decision over=action-id}} --> below the heading",
                        step.id
                    )),
                );
            }
        }
    }

    /// Steps that wait for themselves: nobody could begin them but by waiving. An action can be run in a step that waits,
    /// so only steps and phases make a circle.
    fn circles(&mut self) {
        let playbook = self.playbook;
        let steps: Vec<&Step> = playbook.steps().map(|(_, step)| step).collect();
        let waits_for = |at: usize| -> Vec<usize> {
            let Some(step) = steps.get(at) else {
                return Vec::new();
            };
            let phase = playbook
                .phases
                .iter()
                .find(|phase| phase.steps.iter().any(|other| other.id == step.id));
            let required = phase.into_iter().flat_map(|phase| &phase.requires);
            let mut found = Vec::new();
            for name in required.chain(&step.requires) {
                if playbook.actions.contains_key(name.as_str()) {
                    continue;
                }
                let of_step = steps
                    .iter()
                    .position(|other| other.id.as_str() == name || other.slug == *name);
                let of_phase = playbook
                    .phases
                    .iter()
                    .find(|phase| phase.id.as_str() == name || phase.slug == *name);
                match (of_step, of_phase) {
                    (Some(other), _) => found.push(other),
                    (None, Some(phase)) => found.extend(
                        steps
                            .iter()
                            .enumerate()
                            .filter(|(_, step)| phase.steps.iter().any(|own| own.id == step.id))
                            .map(|(other, _)| other),
                    ),
                    (None, None) => {}
                }
            }
            found
        };
        let mut told: BTreeSet<usize> = BTreeSet::new();
        for (at, step) in steps.iter().enumerate() {
            let mut reached = BTreeSet::new();
            let mut open = waits_for(at);
            while let Some(next) = open.pop() {
                if reached.insert(next) {
                    open.extend(waits_for(next));
                }
            }
            // The other steps of the same circle are not told again.
            if reached.contains(&at) && told.is_disjoint(&reached) {
                told.insert(at);
                let (span, id) = (step.span.clone(), step.id.clone());
                let message = format!("requires: {id} waits for itself, so it can never begin");
                self.error("circular-requires", span, message);
            }
        }
    }
}
