//! From an action and its inputs to the statement that will be sent: the same steps for every SQL source.

use super::classify::{classify, one_statement};
use super::{Dialect, SqlError, bind, placeholders};
use crate::model::ids::InputId;
use crate::model::input::BUILT_INS;
use crate::model::playbook::{Action, Effect};
use crate::model::request::{Parameter, PlanContext, PlanError};

/// A statement ready to be put into a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedSql {
    /// The text that is shown, recorded and sent, without a closing semicolon.
    pub statement: String,
    /// Its binds, in order.
    pub parameters: Vec<Parameter>,
    /// What the playbook declares or what the classifier finds, whichever is more.
    pub effect: Effect,
}

/// Binds and classifies an action's text, or the operator's in its place. A statement that writes in an action that
/// declares a read is refused.
pub fn plan(
    action: &Action,
    context: &PlanContext,
    dialect: Dialect,
) -> Result<PlannedSql, PlanError> {
    let text = context.edited.as_deref().unwrap_or(&action.text);
    let refused = |error: SqlError| PlanError::Refused(error.with_line(text));
    let tokens = one_statement(text, dialect).map_err(refused)?;
    let end = tokens.last().map_or(text.len(), |token| token.end);
    let text = text.get(..end).unwrap_or(text);

    let missing: Vec<InputId> = placeholders(text, dialect)
        .map_err(refused)?
        .into_iter()
        .filter(|name| {
            let has_value = context.inputs.iter().any(|input| input.id.as_str() == name);
            let is_known = BUILT_INS.contains(&name.as_str())
                || action.inputs.iter().any(|input| input.as_str() == name);
            !has_value && is_known
        })
        .map(InputId::new)
        .collect();
    if !missing.is_empty() {
        return Err(PlanError::Missing(missing));
    }

    let bound = bind(text, dialect, &context.inputs).map_err(refused)?;
    let classified = classify(&bound.statement, dialect)
        .map_err(|error| PlanError::Refused(error.with_line(&bound.statement)))?;
    if classified.effect == Effect::Write && action.effect == Effect::Read {
        return Err(PlanError::Refused(format!(
            "refused as a read: {}. A statement that writes needs `effect=write` in the playbook",
            classified.reason.unwrap_or_default()
        )));
    }
    Ok(PlannedSql {
        statement: bound.statement,
        parameters: bound
            .parameters
            .into_iter()
            .map(|parameter| {
                let kind = match (dialect, parameter.input_kind) {
                    (Dialect::Sqlite, "integer") => "integer",
                    _ => parameter.sql_type.unwrap_or("text"),
                };
                // Of a secret the plan has the place where it is kept; the run fetches it.
                if parameter.input_kind == "secret" {
                    let (name, kept) = (parameter.name, &parameter.value);
                    return Parameter::secret(name, kind, kept, parameter.example);
                }
                Ok(Parameter {
                    name: parameter.name,
                    kind: kind.to_owned(),
                    value: parameter.value,
                    example: parameter.example,
                })
            })
            .collect::<Result<_, PlanError>>()?,
        effect: if action.effect == Effect::Write {
            Effect::Write
        } else {
            classified.effect
        },
    })
}
