//! A recorded write, done to the simulated service again.

use super::{script, sql};
use crate::drill::{Director, http, shell};
use crate::model::Timestamp;
use crate::model::playbook::{Action, Effect, Language};
use crate::model::request::Parameter;
use crate::sources::planner::shell::variables::variable_name;

/// Does again to the service what a write of the record did, when a drill goes on in a later session. `operator` is who did it, `at` is when it ended. What
/// cannot be done again is told.
pub fn replay(
    director: &mut Director,
    action: &Action,
    text: &str,
    parameters: &[Parameter],
    operator: &str,
    at: Timestamp,
) -> Result<(), String> {
    director.advance(at);
    if action.effect == Effect::Read && action.language != Language::Http {
        return Ok(());
    }
    match action.language {
        Language::Kql | Language::Promql | Language::Message => Ok(()),
        Language::Sql => sql::again(director, text, parameters, operator, at),
        Language::Http => {
            exchange(director, text);
            Ok(())
        }
        Language::Shell => {
            let given: Vec<(String, String)> = parameters
                .iter()
                .map(|parameter| (variable_name(&parameter.name), parameter.value.clone()))
                .collect();
            let inherited = script::variables(operator);
            let environment = script::all(&inherited, &given, parameters);
            shell::run(director.world_mut(), text, &environment).map(|_| ())
        }
    }
}

/// Sends the form of a write again, as it was shown: its values are in their places.
fn exchange(director: &mut Director, text: &str) {
    let (line, rest) = text.split_once('\n').unwrap_or((text, ""));
    let (method, path) = line.split_once(' ').unwrap_or((line, "/"));
    if matches!(method, "GET" | "HEAD") {
        return;
    }
    let body = rest
        .split_once("\n\n")
        .map(|(_, body)| body)
        .or_else(|| rest.strip_prefix('\n'))
        .unwrap_or_default();
    http::ask(director.world_mut(), method, path.trim(), body);
}
