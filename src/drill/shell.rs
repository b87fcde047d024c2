//! A shell that starts no process: the scripts of playbooks, interpreted, over the simulated service, its repository and its machines.
//!
//! It knows lists, pipelines, quotes, variables, redirections to nowhere, and the commands of one table (`commands`). A script is read whole and every
//! command of it is looked at before the first one runs: what the shell does not know is refused by name and place, so nothing is ever done by half.
//! What it does know means what it means to `bash -euo pipefail` and to the GNU tools.

mod commands;
mod expand;
mod files;
mod language;
mod options;
mod pattern;
mod reader;
mod repository;
mod runner;

use super::World;

/// How a script ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// Exit code.
    pub exit_code: i32,
}

/// Runs a script as `bash -euo pipefail` would. The error names what the shell does not do; nothing was run then.
pub fn run(
    world: &mut World,
    script: &str,
    environment: &[(String, String)],
) -> Result<Ran, String> {
    let script = reader::read(script)?;
    runner::look_over(&script, environment)?;
    Ok(runner::run(world, &script, environment))
}

/// Whether the shell could run a script with these values, without running it. The error is that of [`run`].
pub fn check(script: &str, environment: &[(String, String)]) -> Result<(), String> {
    runner::look_over(&reader::read(script)?, environment)
}

/// The files that scripts see, as paths below the folder they run in, with their texts.
pub fn repository(world: &World) -> Vec<(String, String)> {
    let files = repository::files(&world.status(), world.now());
    files.texts_below(repository::ROOT)
}
