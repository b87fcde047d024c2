//! `cut` and `tr`: parts of lines, and characters for characters.

use super::super::options::{Call, Grammar, Order, flag, valued};
use super::super::runner::{Shell, Streams};
use super::{Command, text};

pub(super) const COMMANDS: &[Command] = &[
    Command {
        name: "cut",
        grammar: Grammar {
            known: &[
                valued('d', "delimiter"),
                valued('f', "fields"),
                flag('s', "only-delimited"),
            ],
            number: None,
            order: Order::Mixed,
        },
        check: |call| wanted(call).map(|_| ()),
        run: cut,
    },
    Command {
        name: "tr",
        grammar: Grammar {
            known: &[flag('d', "delete")],
            number: None,
            order: Order::First,
        },
        check: |call| sets(call).map(|_| ()),
        run: tr,
    },
];

/// Ranges of fields, from 1, and the delimiter.
fn wanted(call: &Call) -> Result<(Vec<(usize, usize)>, char), String> {
    let Some(fields) = call.value("fields") else {
        return Err("call without `-f`".to_owned());
    };
    let unknown = || format!("list of fields `{fields}`");
    let mut ranges = Vec::new();
    for item in fields.split(',') {
        let (first, last) = item.split_once('-').unwrap_or((item, item));
        let number = |text: &str, empty: usize| {
            if text.is_empty() {
                Ok(empty)
            } else {
                text.parse().map_err(|_| unknown())
            }
        };
        let range = (number(first, 1)?, number(last, usize::MAX)?);
        if item.is_empty() || item == "-" || range.0 == 0 || range.1 < range.0 {
            return Err(unknown());
        }
        ranges.push(range);
    }
    let delimiter = call.value("delimiter").unwrap_or("\t");
    let mut chars = delimiter.chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) => Ok((ranges, c)),
        _ => Err(format!("delimiter {delimiter:?}")),
    }
}

fn cut(call: &Call, shell: &mut Shell, streams: &mut Streams) -> i32 {
    let Ok((ranges, delimiter)) = wanted(call) else {
        return 1;
    };
    let Some(whole) = text::operands_or_input("cut", call, shell, streams) else {
        return 1;
    };
    for line in whole.split_terminator('\n') {
        if !line.contains(delimiter) {
            if !call.has("only-delimited") {
                streams.say(&format!("{line}\n"));
            }
            continue;
        }
        let kept: Vec<&str> = line
            .split(delimiter)
            .enumerate()
            .filter(|(nth, _)| {
                ranges
                    .iter()
                    .any(|(first, last)| (*first..=*last).contains(&(nth + 1)))
            })
            .map(|(_, field)| field)
            .collect();
        streams.say(&format!(
            "{}\n",
            kept.join(delimiter.encode_utf8(&mut [0; 4]))
        ));
    }
    0
}

fn sets(call: &Call) -> Result<(Vec<char>, Vec<char>), String> {
    let second = match (call.has("delete"), call.operands.len()) {
        (true, 1) => "",
        (false, 2) => call.operand(1).unwrap_or_default(),
        _ => return Err("call with these operands".to_owned()),
    };
    let first = set(call.operand(0).unwrap_or_default())?;
    let second = set(second)?;
    if second.is_empty() && !call.has("delete") {
        return Err("call with an empty set".to_owned());
    }
    Ok((first, second))
}

/// The characters of a set: ranges, `\n`, `\t`, `\0`, and classes of letters.
fn set(written: &str) -> Result<Vec<char>, String> {
    let spelled = written
        .replace("[:lower:]", "a-z")
        .replace("[:upper:]", "A-Z")
        .replace("[:digit:]", "0-9");
    if spelled.contains("[:") || spelled.contains("[=") {
        return Err(format!("class in {written:?}"));
    }
    if spelled.contains("*]") {
        return Err(format!("repetition in {written:?}"));
    }
    if !spelled.is_ascii() {
        return Err(format!("letter beyond ASCII in {written:?}"));
    }
    let mut chars = spelled.chars().peekable();
    let mut set: Vec<char> = Vec::new();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => set.push('\n'),
                Some('t') => set.push('\t'),
                Some('0') => set.push('\0'),
                Some('\\') => set.push('\\'),
                _ => return Err(format!("escape in {written:?}")),
            },
            '-' if !set.is_empty() && chars.peek().is_some() => {
                let (from, to) = (
                    set.last().copied().unwrap_or('-'),
                    chars.next().unwrap_or('-'),
                );
                if to < from {
                    return Err(format!("range in {written:?}"));
                }
                set.extend((from..=to).skip(1));
            }
            plain => set.push(plain),
        }
    }
    Ok(set)
}

fn tr(call: &Call, _: &mut Shell, streams: &mut Streams) -> i32 {
    let Ok((first, second)) = sets(call) else {
        return 1;
    };
    let translated: String = streams
        .input
        .chars()
        .filter_map(|c| match first.iter().rposition(|from| *from == c) {
            None => Some(c),
            Some(_) if call.has("delete") => None,
            Some(at) => second.get(at).or(second.last()).copied(),
        })
        .collect();
    streams.say(&translated);
    0
}
