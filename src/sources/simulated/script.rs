//! Scripts of a drill: interpreted by its shell. No process is started.

use super::{NO_SECRET, Run, by_hand};
use crate::drill::shell::{self, Ran};
use crate::model::limits;
use crate::model::request::{Outcome, Parameter, RunError};
use crate::sources::planner::shell::variables;

/// What a script of a drill inherits.
pub(super) fn variables(operator: &str) -> Vec<(String, String)> {
    [
        ("PATH", "/usr/local/bin:/usr/bin:/bin"),
        ("HOME", "/home/operator"),
        ("USER", operator),
        ("LANG", "C.UTF-8"),
        ("TZ", "UTC"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

pub(super) fn run(
    run: &Run,
    script: &str,
    environment: &[(String, String)],
    ok_codes: &[i32],
) -> Result<Outcome, RunError> {
    let environment = all(&run.inherited, environment, &run.request.parameters);
    let ran = run
        .simulation
        .with(|director| shell::run(director.world_mut(), script, &environment));
    let Ran {
        stdout,
        stderr,
        exit_code,
    } = ran.map_err(|message| RunError::failed(by_hand(&message)))?;
    let (stdout, cut) = within_limit(stdout);
    let (stderr, cut_too) = within_limit(stderr);
    let handed_over = run.say(false, stdout).and_then(|()| run.say(true, stderr));
    if !ok_codes.contains(&exit_code) {
        handed_over?;
        return Err(RunError::Failed {
            message: format!("the script ended with exit status: {exit_code}"),
            code: Some(exit_code.to_string()),
            position: None,
        });
    }
    let outcome = Outcome {
        exit_code: Some(exit_code),
        truncated: cut.or(cut_too),
        ..Outcome::default()
    };
    run.outcome_of(handed_over, outcome)
}

/// Every variable of a script; of a secret, what stands for it.
pub(super) fn all(
    inherited: &[(String, String)],
    given: &[(String, String)],
    parameters: &[Parameter],
) -> Vec<(String, String)> {
    let is_secret = |name: &str| {
        parameters.iter().any(|parameter| {
            parameter.kind == variables::SECRET_KIND
                && variables::variable_name(&parameter.name) == name
        })
    };
    let given = given.iter().map(|(name, value)| {
        let value = if is_secret(name) { NO_SECRET } else { value };
        (name.clone(), value.to_owned())
    });
    inherited.iter().cloned().chain(given).collect()
}

fn within_limit(mut text: String) -> (String, Option<String>) {
    if text.len() <= limits::OUTPUT_BYTES {
        return (text, None);
    }
    text.truncate(text.floor_char_boundary(limits::OUTPUT_BYTES));
    let cut = format!(
        "the output was cut at {} MiB",
        limits::OUTPUT_BYTES / 1024 / 1024
    );
    (text, Some(cut))
}
