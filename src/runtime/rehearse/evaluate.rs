//! The expressions of a playbook over the answers of a rehearsal: only whether they have a value matters.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::{Fault, Line, Rehearsing, State};
use crate::model::Mode;
use crate::model::answer::Answer;
use crate::model::ids::ActionId;
use crate::model::input::InputType;
use crate::model::playbook::{Action, Decision, Judge};
use crate::model::verdict::{Judgement, Verdict};
use crate::verdict::{self, Facts, NOT_EVALUATED, Proof, Question, Reference, SuggestionQuestion};

/// What is said of an action without a result: one that failed, which is told at its own place, or a write.
const NO_RESULT: &str = " has no result in a rehearsal";

/// How a line stands whose expression has no value for this reason.
pub(super) fn state(reason: &str) -> State {
    if reason.ends_with(NO_RESULT) {
        State::Skipped
    } else {
        State::Failed
    }
}

/// The answers of a rehearsal and what else expressions may look at.
pub(super) struct Evaluation<'a> {
    rehearsing: &'a Rehearsing<'a>,
    references: BTreeMap<ActionId, Reference>,
    facts: Facts,
    /// Verdicts so far, for proofs.
    judged: RefCell<BTreeMap<ActionId, Verdict>>,
}

impl<'a> Evaluation<'a> {
    pub(super) fn new(
        rehearsing: &'a Rehearsing<'a>,
        answers: &BTreeMap<ActionId, Answer>,
    ) -> Self {
        let actions = rehearsing.playbook().actions.keys();
        let references = actions
            .map(|id| {
                let reference = answers.get(id).map_or_else(
                    || Reference::Missing(format!("{id}{NO_RESULT}")),
                    |answer| Reference::Here(answer.clone()),
                );
                (id.clone(), reference)
            })
            .collect();
        Self {
            rehearsing,
            references,
            facts: facts(rehearsing),
            judged: RefCell::default(),
        }
    }

    /// The verdict of an action's answer, or which of its expressions has no value.
    pub(super) fn action(
        &self,
        action: &Action,
        answer: &Answer,
    ) -> Result<Option<Verdict>, Fault> {
        if let Some(alert) = &action.judge.alert {
            let judge = Judge {
                expect: Some(alert.clone()),
                ..Judge::default()
            };
            if let Some(error) = error(&self.judge(action, judge, answer)) {
                let says = error.replacen("the expectation", "alert", 1);
                return Err((says, alert.span.start));
            }
        }
        let judge = &action.judge;
        let Some(expect) = &judge.expect else {
            return Ok(None);
        };
        let judgement = self.judge(action, judge.clone(), answer);
        if let Some(error) = error(&judgement) {
            let doubt = judge.doubt.as_ref();
            let of_doubt = doubt.filter(|_| error.starts_with("the doubt"));
            return Err((error, of_doubt.unwrap_or(expect).span.start));
        }
        self.judged
            .borrow_mut()
            .insert(action.id.clone(), judgement.verdict);
        Ok(Some(judgement.verdict))
    }

    fn judge(&self, action: &Action, judge: Judge, answer: &Answer) -> Judgement {
        let judged = self.judged.borrow();
        let proofs = judge.proof.iter().map(|id| Proof {
            action: id.clone(),
            judged: judged.get(id).map(|verdict| (*verdict, self.facts.now)),
        });
        verdict::judge(&Question {
            action: action.id.clone(),
            proofs: proofs.collect(),
            judge,
            answer: answer.clone(),
            own_limit: None,
            stale_after: None,
            others: self.references.clone(),
            held_since: None,
            facts: self.facts.clone(),
        })
    }

    /// A line for every decision that suggests.
    pub(super) fn decisions(&self) -> Vec<Line> {
        let steps = self.rehearsing.playbook().steps();
        steps
            .filter_map(|(_, step)| Some((step.id.as_str(), step.decision.as_ref()?)))
            .filter(|(_, decision)| {
                let mut choices = decision.choices.iter();
                choices.any(|choice| choice.suggest_when.is_some())
            })
            .map(|(name, decision)| self.decision(name, decision))
            .collect()
    }

    fn decision(&self, name: &str, decision: &Decision) -> Line {
        let reference = |id: &ActionId| {
            let missing = || Reference::Missing(format!("there is no action {id}"));
            (
                id.clone(),
                self.references.get(id).cloned().unwrap_or_else(missing),
            )
        };
        let suggestions = verdict::suggest(&SuggestionQuestion {
            choices: decision.choices.clone(),
            over: decision.over.iter().map(reference).collect(),
            others: self.references.clone(),
            facts: self.facts.clone(),
        });
        let wrong = suggestions
            .iter()
            .zip(&decision.choices)
            .find_map(|(one, choice)| {
                let error = one.suggested.as_ref().err()?;
                Some((format!("{}: {error}", choice.name), choice.span.start))
            });
        let byte = decision
            .choices
            .first()
            .map_or(0, |choice| choice.span.start);
        let (state, says, byte) = if let Some((says, byte)) = wrong {
            (state(&says), says, byte)
        } else {
            let suggested: Vec<&str> = suggestions
                .iter()
                .filter(|one| one.suggested == Ok(true))
                .map(|one| one.choice.as_str())
                .collect();
            let says = if suggested.is_empty() {
                "suggests nothing".to_owned()
            } else {
                format!("suggests {}", suggested.join(", "))
            };
            (State::Ok, says, byte)
        };
        Line {
            name: name.to_owned(),
            kind: "decision",
            place: self.rehearsing.place(byte),
            state,
            says,
            rows: None,
            verdict: None,
            examples: Vec::new(),
        }
    }
}

/// Why an expression has no value, if one has none.
fn error(judgement: &Judgement) -> Option<String> {
    let mut reasons = judgement.reasons.iter();
    reasons
        .find(|reason| reason.contains(NOT_EVALUATED))
        .cloned()
}

/// The facts of an incident that has just begun, with the decisions that are right in the scenario.
fn facts(rehearsing: &Rehearsing<'_>) -> Facts {
    let playbook = rehearsing.playbook();
    let trial = &rehearsing.trial;
    let scenario = rehearsing.scenario();
    let inputs = trial.values.iter().filter_map(|(id, value)| {
        let (input, value) = (playbook.inputs.get(id)?, value.as_ref()?);
        (input.kind != InputType::Secret).then(|| {
            let kind = input.kind.word().to_owned();
            (id.to_string(), (kind, value.text.clone()))
        })
    });
    let mut decisions = BTreeMap::new();
    let mut many = Vec::new();
    for (_, step) in playbook.steps() {
        let Some(decision) = &step.decision else {
            continue;
        };
        if decision.many {
            many.push(step.id.to_string());
        }
        let right = scenario.truth.decisions.get(&step.id);
        let first = decision.choices.first().map(|choice| choice.name.clone());
        let chosen = right.cloned().or(first.map(|name| vec![name]));
        decisions.insert(step.id.to_string(), chosen.unwrap_or_default());
    }
    let severity = scenario
        .severity
        .clone()
        .or(playbook.severity.first().cloned());
    Facts {
        now: trial.now,
        mode: Mode::Drill,
        incident_id: uuid::Uuid::nil().to_string(),
        operator: trial.operator.clone(),
        severity: severity.or(playbook.ladder.first().map(|level| level.id.clone())),
        inputs: inputs.collect(),
        decisions,
        many,
        milestones: Vec::new(),
    }
}
