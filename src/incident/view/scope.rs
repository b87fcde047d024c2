//! What a `when` may look at: the facts of the incident. Results are not among them: a condition that asks for rows is an
//! error, which is shown and never false.

use serde_json::{Map, Value};

use crate::expr::{self, Scope};
use crate::incident::Incident;
use crate::model::duration;
use crate::model::input::InputType;
use crate::model::playbook::Playbook;

/// Whether a condition holds, or why that cannot be told.
pub(super) fn holds(playbook: &Playbook, incident: &Incident, when: &str) -> Result<bool, String> {
    let expression = expr::parse(when).map_err(|error| error.to_string())?;
    expr::holds(&expression, &scope(playbook, incident))
}

/// The facts of an incident by the names that expressions use.
pub(super) fn scope(playbook: &Playbook, incident: &Incident) -> Scope {
    let milestones: Vec<&String> = incident.milestones.keys().collect();
    let mut scope = Scope::new()
        .with("inputs", inputs(playbook, incident))
        .with("mode", incident.mode.word().to_lowercase())
        .with("decision", decisions(playbook, incident))
        .with("milestone", serde_json::json!(milestones))
        .with("incident_id", incident.id.to_string());
    if let Some(severity) = &incident.severity {
        scope.set("severity", severity.as_str());
    }
    scope
}

fn inputs(playbook: &Playbook, incident: &Incident) -> Value {
    let mut values = Map::new();
    for input in playbook.inputs.values() {
        if input.kind == InputType::Secret {
            continue;
        }
        let set = incident.inputs.get(&input.id).map(|record| &record.value);
        let Some(text) = set.or(input.default.as_ref()) else {
            continue;
        };
        let number = match &input.kind {
            InputType::Integer => text.parse::<i64>().ok(),
            InputType::Duration | InputType::Lookback => {
                duration::parse(text).and_then(|length| i64::try_from(length.as_secs()).ok())
            }
            _ => None,
        };
        let value = number.map_or_else(|| Value::from(text.as_str()), Value::from);
        values.insert(input.id.to_string(), value);
    }
    Value::Object(values)
}

/// A name for a decision between alternatives, a list for one that allows several.
fn decisions(playbook: &Playbook, incident: &Incident) -> Value {
    let many = |id| {
        let step = playbook.step(id);
        step.and_then(|step| step.decision.as_ref())
            .is_some_and(|decision| decision.many)
    };
    let made = incident.decisions.iter().map(|(id, record)| {
        let value = match record.chosen.as_slice() {
            [one] if !many(id) => Value::from(one.as_str()),
            several => serde_json::json!(several),
        };
        (id.to_string(), value)
    });
    Value::Object(made.collect())
}
