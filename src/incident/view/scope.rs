//! What a `when` may look at: the facts of the incident. Of results only their count of rows is among them: a condition
//! that asks for rows is an error, which is shown and never false.

use std::cell::OnceCell;

use serde_json::{Map, Value};

use crate::expr::{self, Expression, Scope};
use crate::incident::{DecisionRecord, Incident};
use crate::model::duration;
use crate::model::input::InputType;
use crate::model::playbook::Playbook;
use crate::record::entry::NOT_YET_KNOWN;

/// The conditions of phases, steps and clocks over one state of an incident. What they look at is gathered once, and only
/// when one asks.
pub(super) struct Conditions<'a> {
    playbook: &'a Playbook,
    incident: &'a Incident,
    scope: OnceCell<Scope>,
}

impl<'a> Conditions<'a> {
    pub(super) fn new(playbook: &'a Playbook, incident: &'a Incident) -> Self {
        Self {
            playbook,
            incident,
            scope: OnceCell::new(),
        }
    }

    /// Whether a condition holds, or why that cannot be told.
    pub(super) fn hold(&self, when: &str) -> Result<bool, String> {
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
pub(super) fn is_made(record: &DecisionRecord) -> bool {
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
