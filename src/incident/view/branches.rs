//! Which phases and steps apply: `when` expressions, and branches that decisions open.
//!
//! An expression that cannot be evaluated is never false. What the operator started counts, whatever was decided.

use std::cell::OnceCell;

use serde_json::{Map, Value};

use super::Applies;
use crate::expr::{self, Expression, Scope};
use crate::incident::{DecisionRecord, Incident, StepRecord, StepState};
use crate::model::duration;
use crate::model::input::InputType;
use crate::model::playbook::{Phase, Playbook, Step};
use crate::record::entry::NOT_YET_KNOWN;

/// What decisions open, and what `when` expressions may look at.
pub(super) struct Branches<'a> {
    playbook: &'a Playbook,
    incident: &'a Incident,
    openings: Vec<Opening<'a>>,
    scope: OnceCell<Scope>,
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
    pub(super) fn new(playbook: &'a Playbook, incident: &'a Incident) -> Self {
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
            playbook,
            incident,
            openings,
            scope: OnceCell::new(),
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
        let condition = when.map(|when| match self.holds(when) {
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

    fn holds(&self, when: &str) -> Result<bool, String> {
        let expression = expr::parse(when).map_err(|error| error.message)?;
        let scope = self
            .scope
            .get_or_init(|| scope(self.playbook, self.incident));
        expr::holds(&expression, scope)
            .map_err(|error| self.what_is_not_there(&expression).unwrap_or(error))
    }

    /// Why an expression could not be evaluated, in words that say what to do, where it is a fact that is not there yet.
    fn what_is_not_there(&self, expression: &Expression) -> Option<String> {
        let scope = self.scope.get()?;
        let absent = |name: &str| {
            let known = scope.get(name).and_then(Value::as_object);
            expr::keys_of(expression, name)
                .into_iter()
                .find(|key| known.is_none_or(|known| !known.contains_key(key)))
        };
        if let Some(id) = absent("decision") {
            let step = self.playbook.step(&id.as_str().into());
            let title = step.map_or(id.as_str(), |step| step.title.as_str());
            return Some(format!("{title} is not decided yet"));
        }
        if let Some(id) = absent("inputs") {
            let input = self.playbook.inputs.get(id.as_str());
            let title = input.map_or(id.as_str(), |input| input.title.as_str());
            return Some(format!("{title} ({id}) has no value yet"));
        }
        if let Some(id) = absent("result") {
            let action = self.playbook.actions.get(id.as_str());
            let title = action.map_or(id.as_str(), |action| action.title.as_str());
            return Some(format!("{title} has no result yet"));
        }
        let names = expr::variables(expression);
        let severity =
            self.incident.severity.is_none() && names.iter().any(|name| name == "severity");
        severity.then(|| "there is no severity yet".to_owned())
    }
}

/// An operator made up their mind.
fn is_made(record: &DecisionRecord) -> bool {
    !record.chosen.iter().any(|choice| choice == NOT_YET_KNOWN)
}

/// What expressions may look at that needs no rows.
fn scope(playbook: &Playbook, incident: &Incident) -> Scope {
    let mut inputs = Map::new();
    for input in playbook.inputs.values() {
        let recorded = incident.inputs.get(&input.id);
        let text = recorded
            .map(|record| &record.value)
            .or(input.default.as_ref());
        if let Some(value) = text.and_then(|text| input_value(&input.kind, text)) {
            inputs.insert(input.id.to_string(), value);
        }
    }
    let mut decisions = Map::new();
    for (_, step) in playbook.steps() {
        let record = incident.decisions.get(&step.id);
        if let (Some(decision), Some(record)) =
            (&step.decision, record.filter(|record| is_made(record)))
        {
            let chosen = match record.chosen.as_slice() {
                [one] if !decision.many => one.as_str().into(),
                several => several.into(),
            };
            decisions.insert(step.id.to_string(), chosen);
        }
    }
    let mut results = Map::new();
    for (id, record) in &incident.actions {
        if let Some(rows) = record.rows {
            results.insert(id.to_string(), serde_json::json!({ "count": rows }));
        }
    }
    let milestones: Vec<&str> = incident.milestones.keys().map(String::as_str).collect();
    Scope::new()
        .with("inputs", inputs)
        .with("decision", decisions)
        .with("result", results)
        .with("milestone", milestones)
        .with("mode", incident.mode.word().to_ascii_lowercase())
        .with("severity", incident.severity.clone())
        .with("incident_id", incident.id.to_string())
}

/// Numbers as numbers, lengths of time as seconds, the rest as text. A secret is nothing to compare with.
fn input_value(kind: &InputType, text: &str) -> Option<Value> {
    match kind {
        InputType::Secret => None,
        InputType::Integer => text.parse::<i64>().ok().map(Value::from),
        InputType::Duration | InputType::Lookback => {
            duration::parse(text).map(|length| Value::from(length.as_secs()))
        }
        InputType::Text { .. }
        | InputType::Datetime
        | InputType::Uuid
        | InputType::Choice { .. } => Some(text.into()),
    }
}
