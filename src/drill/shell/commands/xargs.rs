//! `xargs`: a command with what it reads as arguments.

use super::super::options::{Call, Grammar, Order, flag, valued};
use super::super::runner::{MOST_SAID, Shell, Streams};
use super::{Command, Unknown, prepare};

pub(super) const COMMANDS: &[Command] = &[Command {
    name: "xargs",
    grammar: Grammar {
        known: &[
            flag('0', "null"),
            flag('r', "no-run-if-empty"),
            valued('n', "max-args"),
            valued('I', "I"),
        ],
        number: None,
        order: Order::First,
    },
    check: |call| {
        if call
            .number("max-args")
            .is_some_and(|number| !matches!(number, Ok(1..)))
        {
            return Err("count of this kind".to_owned());
        }
        match call.operand(0) {
            None => Err("call without a command".to_owned()),
            // A command of the shell itself is none that xargs could start.
            Some("cd" | "exit" | ":") => Err("use of a command of bash".to_owned()),
            Some("xargs") => Err("`xargs` to start".to_owned()),
            Some(_) => match prepare(&call.operands) {
                Ok(_) => Ok(()),
                Err(Unknown::Command(name)) => Err(format!("`{name}` to start")),
                Err(Unknown::Part(name, what)) => Err(format!("`{name}` with {what}")),
            },
        }
    },
    run: xargs,
}];

fn xargs(call: &Call, shell: &mut Shell, streams: &mut Streams) -> i32 {
    let items: Vec<String> = if call.has("null") {
        streams
            .input
            .split_terminator('\0')
            .map(str::to_owned)
            .collect()
    } else if streams.input.contains(['\'', '"', '\\']) {
        streams.complain("xargs: the drill's shell reads no quotes here; use `xargs -0`");
        return 1;
    } else if call.has("I") {
        let lines = streams.input.split_terminator('\n').map(str::trim_start);
        lines
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect()
    } else {
        streams
            .input
            .split_whitespace()
            .map(str::to_owned)
            .collect()
    };
    if items.is_empty() && (call.has("no-run-if-empty") || call.has("I")) {
        return 0;
    }
    let most = call
        .number("max-args")
        .and_then(Result::ok)
        .unwrap_or(usize::MAX);
    if length_of_calls(call, &items, most) > MOST_SAID {
        streams.complain("xargs: argument list too long");
        return 1;
    }
    let calls: Vec<Vec<String>> = if let Some(mark) = call.value("I") {
        let filled = |item: &String| {
            call.operands
                .iter()
                .map(|word| word.replace(mark, item))
                .collect()
        };
        items.iter().map(filled).collect()
    } else {
        let groups: Vec<&[String]> = if items.is_empty() {
            vec![&[]]
        } else {
            items.chunks(most.min(items.len())).collect()
        };
        groups
            .iter()
            .map(|group| [call.operands.as_slice(), *group].concat())
            .collect()
    };
    let mut code = 0;
    for words in calls {
        let mut its = Streams::default();
        let ended = shell.call(&words, &mut its, 1);
        streams.pass_on(its);
        if ended != 0 {
            code = 123;
        }
    }
    code
}

/// Bytes of all commands that would be started.
fn length_of_calls(call: &Call, items: &[String], most: usize) -> usize {
    let words: usize = call.operands.iter().map(String::len).sum();
    let length: usize = items.iter().map(String::len).sum();
    let Some(mark) = call.value("I") else {
        return words * items.len().div_ceil(most).max(1) + length;
    };
    let marks = call.operands.iter().map(|word| word.matches(mark).count());
    words * items.len() + marks.sum::<usize>() * length
}
