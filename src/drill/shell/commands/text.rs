//! `cat`, `head`, `tail`, `wc`: texts as they are, in part, and counted.

use std::fmt::Write;

use super::super::options::{Call, Grammar, Order, flag, valued};
use super::super::runner::{Shell, Streams};
use super::Command;

pub(super) const COMMANDS: &[Command] = &[
    Command {
        name: "cat",
        grammar: Grammar {
            known: &[flag('n', "number")],
            number: None,
            order: Order::Mixed,
        },
        check: super::any,
        run: cat,
    },
    Command {
        name: "head",
        grammar: PARTS,
        check: |call| wanted(call, "head").map(|_| ()),
        run: |call, shell, streams| part("head", call, shell, streams),
    },
    Command {
        name: "tail",
        grammar: PARTS,
        check: |call| wanted(call, "tail").map(|_| ()),
        run: |call, shell, streams| part("tail", call, shell, streams),
    },
    Command {
        name: "wc",
        grammar: Grammar {
            known: &[
                flag('l', "lines"),
                flag('w', "words"),
                flag('c', "bytes"),
                flag('m', "chars"),
            ],
            number: None,
            order: Order::Mixed,
        },
        check: super::any,
        run: wc,
    },
];

const PARTS: Grammar = Grammar {
    known: &[
        valued('n', "lines"),
        valued('c', "bytes"),
        flag('q', "quiet"),
    ],
    number: Some("lines"),
    order: Order::Mixed,
};

/// What the operands hold, one after the other, or what the command reads. What cannot be read is complained of; none then.
pub(super) fn operands_or_input(
    name: &str,
    call: &Call,
    shell: &Shell,
    streams: &mut Streams,
) -> Option<String> {
    if call.operands.is_empty() {
        return Some(streams.input.clone());
    }
    let mut whole = String::new();
    for operand in &call.operands {
        match shell.text_of(operand, streams) {
            Ok(text) => {
                if !whole.is_empty() && !whole.ends_with('\n') {
                    whole.push('\n');
                }
                whole.push_str(&text);
            }
            Err(why) if name == "sort" && why != "Is a directory" => {
                streams.complain(&format!("sort: cannot read: {operand}: {why}"));
                return None;
            }
            Err(why) => {
                streams.complain(&format!("{name}: {operand}: {why}"));
                return None;
            }
        }
    }
    Some(whole)
}

fn cat(call: &Call, shell: &mut Shell, streams: &mut Streams) -> i32 {
    let mut code = 0;
    let mut whole = String::new();
    if call.operands.is_empty() {
        whole.clone_from(&streams.input);
    }
    for operand in &call.operands {
        match shell.text_of(operand, streams) {
            Ok(text) => whole.push_str(&text),
            Err(why) => {
                streams.complain(&format!("cat: {operand}: {why}"));
                code = 1;
            }
        }
    }
    if call.has("number") {
        let mut numbered = String::new();
        for (nth, line) in (1..).zip(whole.split_inclusive('\n')) {
            let _ = write!(numbered, "{nth:>6}\t{line}");
        }
        whole = numbered;
    }
    streams.say(&whole);
    code
}

/// How much of a text is wanted.
#[derive(Clone, Copy)]
enum Wanted {
    /// So many from the side the command looks from.
    Only(usize),
    /// All but so many (`head -n -2`), or all from the one with this number on (`tail -n +2`).
    AllBut(usize),
}

/// How much, and whether of bytes.
fn wanted(call: &Call, name: &str) -> Result<(Wanted, bool), String> {
    let (text, bytes) = match (call.value("bytes"), call.value("lines")) {
        (Some(text), _) => (text, true),
        (None, text) => (text.unwrap_or("10"), false),
    };
    let unknown = || format!("count {text:?}");
    let wanted = match (name, text.chars().next()) {
        ("head", Some('-')) => Wanted::AllBut(
            text.get(1..)
                .unwrap_or_default()
                .parse()
                .map_err(|_| unknown())?,
        ),
        ("tail", Some('+')) => {
            let from: usize = text
                .get(1..)
                .unwrap_or_default()
                .parse()
                .map_err(|_| unknown())?;
            Wanted::AllBut(from.saturating_sub(1))
        }
        ("tail", Some('-')) => Wanted::Only(
            text.get(1..)
                .unwrap_or_default()
                .parse()
                .map_err(|_| unknown())?,
        ),
        _ => Wanted::Only(text.parse().map_err(|_| unknown())?),
    };
    Ok((wanted, bytes))
}

fn part(name: &'static str, call: &Call, shell: &mut Shell, streams: &mut Streams) -> i32 {
    let Ok((wanted, bytes)) = wanted(call, name) else {
        return 1;
    };
    let mut operands = call.operands.clone();
    if operands.is_empty() {
        operands.push("-".to_owned());
    }
    let titled = operands.len() > 1 && !call.has("quiet");
    let mut code = 0;
    let mut said_any = false;
    for operand in &operands {
        let text = match shell.text_of(operand, streams) {
            Ok(text) => text,
            Err(why) => {
                streams.complain(&if why == "Is a directory" {
                    format!("{name}: error reading '{operand}': {why}")
                } else {
                    format!("{name}: cannot open '{operand}' for reading: {why}")
                });
                code = 1;
                continue;
            }
        };
        if titled {
            let gap = if said_any { "\n" } else { "" };
            let title = if operand == "-" {
                "standard input"
            } else {
                operand
            };
            streams.say(&format!("{gap}==> {title} <==\n"));
        }
        said_any = true;
        let kept = if bytes {
            let units: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
            String::from_utf8_lossy(&keep(name, wanted, &units).concat()).into_owned()
        } else {
            let lines: Vec<&str> = text.split_inclusive('\n').collect();
            keep(name, wanted, &lines).concat()
        };
        streams.say(&kept);
    }
    code
}

fn keep<'a, T>(name: &str, wanted: Wanted, units: &'a [T]) -> &'a [T] {
    let count = units.len();
    let range = match (name, wanted) {
        ("head", Wanted::Only(most)) => 0..most.min(count),
        ("head", Wanted::AllBut(last)) => 0..count.saturating_sub(last),
        (_, Wanted::Only(most)) => count.saturating_sub(most)..count,
        (_, Wanted::AllBut(first)) => first.min(count)..count,
    };
    units.get(range).unwrap_or_default()
}

fn wc(call: &Call, shell: &mut Shell, streams: &mut Streams) -> i32 {
    let mut operands = call.operands.clone();
    let from_input = operands.is_empty();
    if from_input {
        operands.push("-".to_owned());
    }
    let mut rows: Vec<([usize; 4], String)> = Vec::new();
    let mut code = 0;
    let mut complaints = Vec::new();
    let mut sizes = 0;
    let mut of_any_size = operands.iter().any(|operand| operand == "-");
    for operand in &operands {
        let counts = match shell.text_of(operand, streams) {
            Ok(text) => {
                if operand != "-" {
                    sizes += text.len();
                }
                counts(&text)
            }
            Err(why) => {
                complaints.push(format!("wc: {operand}: {why}"));
                code = 1;
                if why != "Is a directory" {
                    continue;
                }
                of_any_size = true;
                [0; 4]
            }
        };
        rows.push((counts, operand.clone()));
    }
    if operands.len() > 1 {
        let mut total = [0; 4];
        for (counts, _) in &rows {
            for (sum, count) in total.iter_mut().zip(counts) {
                *sum += count;
            }
        }
        rows.push((total, "total".to_owned()));
    }
    let names = ["lines", "words", "chars", "bytes"];
    let chosen = |name: &str| {
        call.has(name) || (name != "chars" && !names.iter().any(|name| call.has(name)))
    };
    let columns = names.iter().filter(|name| chosen(name)).count();
    // As wide as the sum of the sizes; what is no file may be of any size.
    let width = if columns == 1 && operands.len() == 1 {
        1
    } else if of_any_size {
        7
    } else {
        sizes.to_string().len()
    };
    for complaint in complaints {
        streams.complain(&complaint);
    }
    for (counts, operand) in rows {
        let numbers: Vec<String> = names
            .iter()
            .zip(counts)
            .filter(|(name, _)| chosen(name))
            .map(|(_, count)| format!("{count:>width$}"))
            .collect();
        let name = if from_input {
            String::new()
        } else {
            format!(" {operand}")
        };
        streams.say(&format!("{}{name}\n", numbers.join(" ")));
    }
    code
}

/// Lines, words, characters, bytes.
fn counts(text: &str) -> [usize; 4] {
    [
        text.matches('\n').count(),
        text.split_whitespace().count(),
        text.chars().count(),
        text.len(),
    ]
}
