//! `grep`: lines that fit, files that hold them, files that do not.

use regex::Regex;

use super::super::options::{Call, Grammar, Order, flag, long, valued};
use super::super::pattern::{self, Fits, Meaning, Syntax};
use super::super::runner::{Shell, Streams};
use super::Command;

pub(super) const COMMANDS: &[Command] = &[Command {
    name: "grep",
    grammar: Grammar {
        known: &[
            flag('r', "recursive"),
            flag('R', "dereference-recursive"),
            flag('n', "line-number"),
            flag('l', "files-with-matches"),
            flag('L', "files-without-match"),
            flag('v', "invert-match"),
            flag('i', "ignore-case"),
            flag('c', "count"),
            flag('E', "extended-regexp"),
            flag('F', "fixed-strings"),
            flag('G', "basic-regexp"),
            flag('w', "word-regexp"),
            flag('x', "line-regexp"),
            flag('q', "quiet"),
            flag('s', "no-messages"),
            flag('h', "no-filename"),
            flag('H', "with-filename"),
            flag('Z', "null"),
            valued('e', "regexp"),
            valued('m', "max-count"),
            long("include", true),
            long("exclude", true),
        ],
        number: None,
        order: Order::Mixed,
    },
    check: |call| {
        if call
            .number("max-count")
            .is_some_and(|number| number.is_err())
        {
            return Err("count of this kind".to_owned());
        }
        match patterns(call).len() {
            0 => return Err("call without a pattern".to_owned()),
            1..=MOST_PATTERNS => {}
            _ => return Err(format!("call with more than {MOST_PATTERNS} patterns")),
        }
        regexes(call).map(|_| ())
    },
    run: grep,
}];

/// So many patterns at most.
const MOST_PATTERNS: usize = 1_000;

/// The patterns; each line of one is one.
fn patterns(call: &Call) -> Vec<&str> {
    let written: Vec<&str> = if call.has("regexp") {
        call.values("regexp").collect()
    } else {
        call.operand(0).into_iter().collect()
    };
    written.iter().flat_map(|text| text.split('\n')).collect()
}

fn regexes(call: &Call) -> Result<Vec<Regex>, String> {
    let meaning = Meaning {
        syntax: if call.has("fixed-strings") {
            Syntax::Fixed
        } else {
            Syntax::extended(call.has("extended-regexp"))
        },
        fits: if call.has("line-regexp") {
            Fits::Lines
        } else if call.has("word-regexp") {
            Fits::Words
        } else {
            Fits::Anything
        },
        ignore_case: call.has("ignore-case"),
    };
    patterns(call)
        .into_iter()
        .map(|text| pattern::regex(text, meaning))
        .collect()
}

/// A file to look into: the name it is shown by, and its text.
struct Subject {
    name: String,
    text: String,
}

fn grep(call: &Call, shell: &mut Shell, streams: &mut Streams) -> i32 {
    let Ok(regexes) = regexes(call) else { return 2 };
    let recursive = call.has("recursive") || call.has("dereference-recursive");
    let first = usize::from(!call.has("regexp"));
    let operands = call.operands.get(first..).unwrap_or_default();
    let mut failed = false;
    let mut subjects = Vec::new();
    if operands.is_empty() && recursive {
        add_folder(call, shell, "", &mut subjects);
    } else if operands.is_empty() {
        subjects.push(Subject {
            name: "(standard input)".to_owned(),
            text: streams.input.clone(),
        });
    }
    for operand in operands {
        let path = shell.files.resolve(&shell.folder, operand);
        if recursive && shell.files.is_folder(&path) {
            add_folder(call, shell, operand, &mut subjects);
            continue;
        }
        match shell.text_of(operand, streams) {
            Ok(text) => subjects.push(Subject {
                name: if operand == "-" {
                    "(standard input)".to_owned()
                } else {
                    operand.clone()
                },
                text,
            }),
            Err(why) => {
                failed = true;
                if !call.has("no-messages") {
                    streams.complain(&format!("grep: {operand}: {why}"));
                }
            }
        }
    }
    // One file alone needs no name, one folder does.
    let in_folders = recursive
        && operands.iter().all(|operand| {
            shell
                .files
                .is_folder(&shell.files.resolve(&shell.folder, operand))
        });
    let named =
        (in_folders || operands.len() > 1 || call.has("with-filename")) && !call.has("no-filename");
    let mut selected = false;
    for subject in &subjects {
        selected |= look_into(call, &regexes, subject, named, streams);
    }
    match (selected, failed) {
        (true, true) if call.has("quiet") => 0,
        (_, true) => 2,
        (true, false) => 0,
        (false, false) => 1,
    }
}

fn add_folder(call: &Call, shell: &Shell, operand: &str, subjects: &mut Vec<Subject>) {
    let folder = shell.files.resolve(&shell.folder, operand);
    let start = match operand.trim_end_matches('/') {
        "" => operand.chars().take(1).collect(),
        trimmed => format!("{trimmed}/"),
    };
    for (rest, file) in shell.files.below(&folder) {
        let name = rest.rsplit('/').next().unwrap_or(rest);
        let mut included = call.values("include").peekable();
        let is_included =
            included.peek().is_none() || included.any(|fits| pattern::text_fits(fits, name));
        let is_excluded = call
            .values("exclude")
            .any(|fits| pattern::text_fits(fits, name));
        if is_included && !is_excluded {
            subjects.push(Subject {
                name: format!("{start}{rest}"),
                text: file.text.clone(),
            });
        }
    }
}

/// Looks through one file and says what was asked for; whether a line was selected.
fn look_into(
    call: &Call,
    regexes: &[Regex],
    subject: &Subject,
    named: bool,
    streams: &mut Streams,
) -> bool {
    let most = call
        .number("max-count")
        .and_then(Result::ok)
        .unwrap_or(usize::MAX);
    let selected: Vec<(usize, &str)> = subject
        .text
        .split_terminator('\n')
        .enumerate()
        .filter(|(_, line)| {
            regexes.iter().any(|regex| regex.is_match(line)) != call.has("invert-match")
        })
        .take(most)
        .collect();
    let any = !selected.is_empty();
    let name = &subject.name;
    let after_name = if call.has("null") { '\0' } else { ':' };
    if call.has("quiet") {
        return any;
    }
    if call.has("files-with-matches") || call.has("files-without-match") {
        if any == call.has("files-with-matches") {
            let end = if call.has("null") { '\0' } else { '\n' };
            streams.say(&format!("{name}{end}"));
        }
        return any;
    }
    let prefix = if named {
        format!("{name}{after_name}")
    } else {
        String::new()
    };
    if call.has("count") {
        streams.say(&format!("{prefix}{}\n", selected.len()));
        return any;
    }
    for (nth, line) in selected {
        if call.has("line-number") {
            streams.say(&format!("{prefix}{}:{line}\n", nth + 1));
        } else {
            streams.say(&format!("{prefix}{line}\n"));
        }
    }
    any
}
