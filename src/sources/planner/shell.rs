//! A script and the variables it gets.

pub(in crate::sources) mod variables;

use std::path::Path;

use super::{Planned, registry};
use crate::model::playbook::Action;
use crate::model::request::{Payload, PlanContext, PlanError};

/// Plans a script beside the variables that every script gets, in the action's folder below `cwd`.
pub(super) fn plan(
    action: &Action,
    context: &PlanContext,
    inherited: &[(String, String)],
    cwd: Option<&str>,
) -> Result<Planned, PlanError> {
    let script = registry::text(action, context).to_owned();
    if script.contains('\0') {
        return Err(PlanError::Refused("the script holds a NUL byte".into()));
    }
    let variables = variables::from_inputs(action, &script, context, inherited)?;
    Ok(Planned {
        text: script.clone(),
        parameters: variables.parameters,
        effect: action.effect,
        payload: Payload::Shell {
            script,
            environment: variables.environment,
            cwd: folder(cwd, action.cwd.as_deref()),
            ok_codes: if action.ok_codes.is_empty() {
                vec![0]
            } else {
                action.ok_codes.clone()
            },
        },
    })
}

/// The action's folder, below the source's when it is relative.
fn folder(of_source: Option<&str>, of_action: Option<&str>) -> Option<String> {
    match (of_source, of_action) {
        (Some(base), Some(folder)) => {
            Some(Path::new(base).join(folder).to_string_lossy().into_owned())
        }
        (base, folder) => folder.or(base).map(str::to_owned),
    }
}
