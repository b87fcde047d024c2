//! The table of commands: their names, their options, and what they do. One file a group.

mod aws;
mod builtins;
mod columns;
mod curl;
mod git;
mod grep;
mod listing;
mod matter;
mod pnpm;
mod sed;
mod sort;
mod text;
mod xargs;

use super::options::{self, Call, Grammar};
use super::runner::{Shell, Streams};

/// A command of the shell.
pub(super) struct Command {
    /// Its name; more than one word where the tool has commands of its own.
    pub name: &'static str,
    pub grammar: Grammar,
    /// Looks at operands and values before anything runs. The error is what the command lacks here: `placeholder %x`.
    pub check: fn(&Call) -> Result<(), String>,
    /// Runs it; the exit code.
    pub run: fn(&Call, &mut Shell, &mut Streams) -> i32,
}

/// A command with its arguments read.
pub(super) struct Prepared {
    pub command: &'static Command,
    pub call: Call,
}

/// What the shell does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unknown {
    /// A command.
    Command(String),
    /// A part of a command: its name, and what it lacks.
    Part(&'static str, String),
}

/// Every command there is.
const GROUPS: [&[Command]; 13] = [
    builtins::COMMANDS,
    grep::COMMANDS,
    sed::COMMANDS,
    sort::COMMANDS,
    text::COMMANDS,
    columns::COMMANDS,
    xargs::COMMANDS,
    listing::COMMANDS,
    git::COMMANDS,
    matter::COMMANDS,
    pnpm::COMMANDS,
    aws::COMMANDS,
    curl::COMMANDS,
];

/// Finds the command of a list of words and reads its arguments.
pub(super) fn prepare(words: &[String]) -> Result<Prepared, Unknown> {
    let command = GROUPS
        .iter()
        .flat_map(|group| group.iter())
        .find(|command| is_called(command, words))
        .ok_or_else(|| Unknown::Command(unknown_name(words)))?;
    let arguments = words
        .get(command.name.split(' ').count()..)
        .unwrap_or_default();
    let call = options::read(&command.grammar, arguments)
        .and_then(|call| (command.check)(&call).map(|()| call))
        .map_err(|lacks| Unknown::Part(command.name, lacks))?;
    Ok(Prepared { command, call })
}

fn is_called(command: &Command, words: &[String]) -> bool {
    let mut words = words.iter();
    command
        .name
        .split(' ')
        .all(|step| words.next().is_some_and(|word| word == step))
}

/// As much of the words as names a command: `kubectl`, but `git push` where there are other commands of `git`.
fn unknown_name(words: &[String]) -> String {
    let mut known = 0;
    for command in GROUPS.iter().flat_map(|group| group.iter()) {
        let same = command
            .name
            .split(' ')
            .zip(words)
            .take_while(|(step, word)| step == word);
        known = known.max(same.count());
    }
    let named: Vec<&str> = words.iter().take(known + 1).map(String::as_str).collect();
    named.join(" ")
}

/// Nothing to look at besides the options.
#[expect(clippy::unnecessary_wraps, reason = "one check of the table")]
fn any(_: &Call) -> Result<(), String> {
    Ok(())
}
