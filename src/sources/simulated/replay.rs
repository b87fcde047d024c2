//! A recorded write, done to the simulated service again.

use super::{script, sql};
use crate::drill::{Director, http, shell};
use crate::model::Timestamp;
use crate::model::playbook::{Action, Effect, Language};
use crate::model::request::Parameter;
use crate::sources::planner::shell::variables::variable_name;

/// Does again to the service what an action of the record did, when a drill goes on in a later session. `by` did it, and `at` is when it ended. What cannot be
/// done again is told.
pub fn replay(
    director: &mut Director,
    action: &Action,
    text: &str,
    parameters: &[Parameter],
    by: &str,
    at: Timestamp,
) -> Result<(), String> {
    director.advance(at);
    match action.language {
        Language::Kql | Language::Promql | Language::Message => Ok(()),
        Language::Sql if action.effect == Effect::Read => Ok(()),
        Language::Sql => sql::again(director, text, parameters, by, at),
        Language::Http => {
            exchange(director, text);
            Ok(())
        }
        // A script that is said to read may change something all the same.
        Language::Shell => {
            let given: Vec<(String, String)> = parameters
                .iter()
                .map(|parameter| (variable_name(&parameter.name), parameter.value.clone()))
                .collect();
            let inherited = script::variables(by);
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
    // Without headers the empty line comes first, and the body may have empty lines of its own.
    let body = rest
        .strip_prefix('\n')
        .or_else(|| rest.split_once("\n\n").map(|(_, body)| body))
        .unwrap_or_default();
    http::ask(director.world_mut(), method, path.trim(), body);
}
