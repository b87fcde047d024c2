//! Which phases and steps apply: `when` expressions, and branches that decisions open.
//!
//! An expression that cannot be evaluated is never false. What the operator started counts, whatever was decided.

use super::Applies;
use super::scope::{Conditions, is_made};
use crate::incident::{Incident, StepRecord, StepState};
use crate::model::playbook::{Phase, Playbook, Step};

/// What decisions open.
pub(super) struct Branches<'a> {
    incident: &'a Incident,
    conditions: &'a Conditions<'a>,
    openings: Vec<Opening<'a>>,
}

/// A choice of a decision, and one of the names that its `Then` links to.
struct Opening<'a> {
    decision: &'a Step,
    /// Where the decision stands: phase, and step in it.
    place: (usize, usize),
    choice: &'a str,
    target: &'a str,
}

impl<'a> Branches<'a> {
    pub(super) fn new(
        playbook: &'a Playbook,
        incident: &'a Incident,
        conditions: &'a Conditions<'a>,
    ) -> Self {
        let mut openings = Vec::new();
        for (at, phase) in playbook.phases.iter().enumerate() {
            for (position, step) in phase.steps.iter().enumerate() {
                for choice in step.decision.iter().flat_map(|decision| &decision.choices) {
                    openings.extend(choice.then.iter().map(|target| Opening {
                        decision: step,
                        place: (at, position),
                        choice: &choice.name,
                        target,
                    }));
                }
            }
        }
        Self {
            incident,
            conditions,
            openings,
        }
    }

    /// Whether a phase and each of its steps apply. `at` is the phase's position in the playbook.
    pub(super) fn of(&self, at: usize, phase: &Phase) -> (Applies, Vec<Applies>) {
        let names = [phase.id.as_str(), phase.slug.as_str()];
        let own = self.own(&names, (at, 0), phase.when.as_deref());
        let applies = match own.unwrap_or(Applies::Always) {
            folded if !folded.counts() && self.opened_by_hand(phase, &folded) => Applies::Always,
            applies => applies,
        };
        let steps = phase.steps.iter().enumerate();
        let steps = steps
            .map(|(position, step)| self.step(&applies, (at, position), step))
            .collect();
        (applies, steps)
    }

    fn step(&self, phase: &Applies, place: (usize, usize), step: &Step) -> Applies {
        let names = [step.id.as_str(), step.slug.as_str()];
        let applies = match self.own(&names, place, step.when.as_deref()) {
            None => phase.clone(),
            // A decision that names the very step opens it alone.
            Some(chosen @ Applies::Chosen { .. }) => chosen,
            Some(holds) if holds.counts() && !phase.counts() => phase.clone(),
            Some(own) => own,
        };
        if !applies.counts() && self.begun(step).is_some() {
            return Applies::Always;
        }
        applies
    }

    /// What stands before something itself: a decision, then its `when`. `place` is where it stands; a phase stands where
    /// its first step does, because a decision in it cannot open it.
    fn own(&self, names: &[&str], place: (usize, usize), when: Option<&str>) -> Option<Applies> {
        let branch = self.branch(names, place);
        let condition = when.map(|when| match self.conditions.hold(when) {
            Ok(true) => Applies::Holds,
            Ok(false) => Applies::DoesNotHold(when.to_owned()),
            Err(error) => Applies::Unclear(error),
        });
        match (branch, condition) {
            (Some(branch), Some(condition)) if branch.counts() && condition != Applies::Holds => {
                Some(condition)
            }
            (Some(branch), _) => Some(branch),
            (None, condition) => condition,
        }
    }

    /// The branch that something is. A link back to what stands before the decision is a return, not a branch.
    fn branch(&self, names: &[&str], place: (usize, usize)) -> Option<Applies> {
        let ahead = |opening: &&Opening<'_>| {
            !opening.target.is_empty() && names.contains(&opening.target) && opening.place < place
        };
        let openings: Vec<&Opening<'_>> = self.openings.iter().filter(ahead).collect();
        let made = |opening: &Opening<'_>| {
            let record = self.incident.decisions.get(&opening.decision.id);
            record.filter(|record| is_made(record))
        };
        let chosen = openings.iter().find(|opening| {
            made(opening)
                .is_some_and(|record| record.chosen.iter().any(|name| name == opening.choice))
        });
        if let Some(opening) = chosen {
            return Some(Applies::Chosen {
                decision: opening.decision.id.clone(),
                choice: opening.choice.to_owned(),
            });
        }
        let waiting = openings.iter().find(|opening| made(opening).is_none());
        let opening = waiting.or(openings.first())?;
        Some(Applies::Folded {
            decision: opening.decision.id.clone(),
            decided: waiting.is_none(),
        })
    }

    /// A step that is being done, or was.
    fn begun(&self, step: &Step) -> Option<&StepRecord> {
        let record = self.incident.steps.get(&step.id)?;
        matches!(record.state, StepState::Doing | StepState::Done).then_some(record)
    }

    /// Somebody works in a folded phase. What was done in it before the decision does not say so: the decision folded it.
    fn opened_by_hand(&self, phase: &Phase, folded: &Applies) -> bool {
        let since = match folded {
            Applies::Folded { decision, .. } => self.incident.decisions.get(decision),
            _ => None,
        };
        phase
            .steps
            .iter()
            .filter_map(|step| self.begun(step))
            .any(|begun| since.is_none_or(|decision| begun.at >= decision.at))
    }
}
