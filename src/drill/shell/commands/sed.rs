//! `sed`: `s`, `d`, `p` and `q`, with addresses by line and by pattern.

mod program;

use super::super::options::{Call, Grammar, Order, flag, valued};
use super::super::runner::{MOST_SAID, Shell, Streams};
use super::Command;
use program::{Act, Instruction, Reach};

pub(super) const COMMANDS: &[Command] = &[Command {
    name: "sed",
    grammar: Grammar {
        known: &[
            flag('n', "quiet"),
            flag('E', "regexp-extended"),
            flag('r', "r"),
            valued('e', "expression"),
        ],
        number: None,
        order: Order::Mixed,
    },
    check: |call| instructions(call).map(|_| ()),
    run: sed,
}];

fn instructions(call: &Call) -> Result<Vec<Instruction>, String> {
    let extended = call.has("regexp-extended") || call.has("r");
    let scripts: Vec<&str> = if call.has("expression") {
        call.values("expression").collect()
    } else {
        call.operand(0).into_iter().collect()
    };
    if scripts.is_empty() {
        return Err("call without a script".to_owned());
    }
    program::read(&scripts.join("\n"), extended)
}

fn sed(call: &Call, shell: &mut Shell, streams: &mut Streams) -> i32 {
    let Ok(instructions) = instructions(call) else {
        return 1;
    };
    let first = usize::from(!call.has("expression"));
    let operands = call.operands.get(first..).unwrap_or_default();
    let mut code = 0;
    let mut text = String::new();
    if operands.is_empty() {
        text.clone_from(&streams.input);
    }
    for operand in operands {
        match shell.text_of(operand, streams) {
            // A file that does not end its last line is followed by the next file's first line all the same.
            Ok(more) => {
                if !text.is_empty() && !text.ends_with('\n') {
                    text.push('\n');
                }
                text.push_str(&more);
            }
            Err(why) => {
                let what = if why == "Is a directory" {
                    format!("sed: couldn't edit {operand}: not a regular file")
                } else {
                    format!("sed: can't read {operand}: {why}")
                };
                streams.complain(&what);
                code = 2;
            }
        }
    }
    let edited = edit(&instructions, &text, call.has("quiet"));
    streams.say(&edited);
    code
}

fn edit(instructions: &[Instruction], text: &str, quiet: bool) -> String {
    let ends_well = text.ends_with('\n');
    let lines: Vec<&str> = text.split_terminator('\n').collect();
    let mut reaches: Vec<Reach> = instructions.iter().map(|_| Reach::default()).collect();
    let mut out = String::new();
    'lines: for (nth, line) in lines.iter().enumerate() {
        if out.len() > MOST_SAID {
            break;
        }
        let is_last = nth + 1 == lines.len();
        let end = if is_last && !ends_well { "" } else { "\n" };
        let mut line = (*line).to_owned();
        for (instruction, reach) in instructions.iter().zip(&mut reaches) {
            if !instruction.applies(reach, nth + 1, is_last, &line) {
                continue;
            }
            match &instruction.act {
                Act::Delete => continue 'lines,
                Act::Print => out.extend([line.as_str(), "\n"]),
                Act::Quit => {
                    if !quiet {
                        out.extend([line.as_str(), end]);
                    }
                    break 'lines;
                }
                Act::Substitute(substitution) => {
                    let Some(replaced) = substitution.apply(&line) else {
                        continue;
                    };
                    line = replaced;
                    if line.len() > MOST_SAID {
                        return line;
                    }
                    if substitution.print {
                        out.extend([line.as_str(), "\n"]);
                    }
                }
            }
        }
        if !quiet {
            out.extend([line.as_str(), end]);
        }
    }
    out
}
