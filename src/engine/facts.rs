//! What expressions, messages and evidence may look at: results at hand or in evidence, and the facts of the incident.

use std::collections::BTreeMap;

use crate::model::Timestamp;
use crate::model::answer::{Answer, AnswerBody};
use crate::model::ids::ActionId;
use crate::model::input::InputType;
use crate::model::safe_text::SafeText;
use crate::verdict::{Facts, Reference};

use super::state::{ActionResult, Cockpit, Content};

impl ActionResult {
    /// The result as expressions and evidence see it; none while it runs and when it failed.
    pub(super) fn answer(&self) -> Option<Answer> {
        let (ended_at, Ok(outcome)) = self.end.as_ref()? else {
            return None;
        };
        let body = match &self.content {
            Content::Nothing => AnswerBody::Nothing,
            Content::Table(table) => AnswerBody::Table {
                columns: table.columns.clone(),
                rows: table.rows.clone(),
            },
            Content::Chart(series) => AnswerBody::Chart(series.clone()),
            Content::Output(output) => AnswerBody::Output {
                stdout: output.stdout.clone(),
                stderr: output.stderr.clone(),
            },
        };
        Some(Answer {
            outcome: outcome.clone(),
            started_at: self.started_at,
            ended_at: *ended_at,
            body,
        })
    }
}

impl Cockpit {
    /// The latest result of an action: at hand if this session has it, else in the evidence that was kept of it.
    pub(super) fn reference(&self, action: &ActionId) -> Reference {
        let recorded = self.incident.actions.get(action);
        let at_hand = self.results.get(action).filter(|result| {
            // Another session may have run it since.
            recorded.is_none_or(|record| {
                result.intent.is_none() || record.intent.is_none() || record.intent == result.intent
            })
        });
        if let Some(answer) = at_hand.and_then(ActionResult::answer) {
            return Reference::Here(answer);
        }
        match recorded {
            None => Reference::Missing(format!("{action} was not run yet: run it first")),
            Some(record) => match record.evidence.first() {
                Some(hash) => Reference::Evidence(*hash),
                None => {
                    Reference::Missing(format!("the result of {action} was not kept: run it again"))
                }
            },
        }
    }

    /// Facts of the incident for expressions. Secrets are not among them.
    pub(super) fn facts(&self, operator: &str, now: Timestamp) -> Facts {
        let inputs = self
            .playbook
            .inputs
            .values()
            .filter(|input| input.kind != InputType::Secret)
            .filter_map(|input| {
                let value = self.input_value(&input.id)?;
                Some((input.id.to_string(), (input.kind.word().to_owned(), value)))
            })
            .collect();
        let decisions: BTreeMap<String, Vec<String>> = self
            .incident
            .decisions
            .iter()
            .map(|(step, record)| (step.to_string(), record.chosen.clone()))
            .collect();
        let many = self
            .playbook
            .steps()
            .filter(|(_, step)| step.decision.as_ref().is_some_and(|decision| decision.many))
            .map(|(_, step)| step.id.to_string())
            .collect();
        Facts {
            now,
            mode: self.incident.mode,
            incident_id: self.incident.id.to_string(),
            operator: operator.to_owned(),
            severity: self.incident.severity.clone(),
            inputs,
            decisions,
            many,
            milestones: self.incident.milestones.keys().cloned().collect(),
        }
    }

    /// The title of an action for sentences.
    pub(super) fn title_of(&self, action: &ActionId) -> SafeText {
        let title = self
            .playbook
            .actions
            .get(action)
            .map_or(action.as_str(), |action| action.title.as_str());
        crate::model::safe_text::sanitize(title)
    }
}
