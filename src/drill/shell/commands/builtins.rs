//! What bash does by itself: `:`, `true`, `false`, `echo`, `printf`, `cd`, `pwd`, `exit`.

use super::super::files::Unreadable;
use super::super::options::{Call, Grammar, NO_OPTIONS, Order};
use super::super::runner::{Shell, Streams};
use super::{Command, any};

/// What looks like an option may be text.
const fn text(order: Order) -> Grammar {
    Grammar {
        known: &[],
        number: None,
        order,
    }
}

pub(super) const COMMANDS: &[Command] = &[
    Command {
        name: ":",
        grammar: NO_OPTIONS,
        check: any,
        run: |_, _, _| 0,
    },
    Command {
        name: "true",
        grammar: NO_OPTIONS,
        check: any,
        run: |_, _, _| 0,
    },
    Command {
        name: "false",
        grammar: NO_OPTIONS,
        check: any,
        run: |_, _, _| 1,
    },
    Command {
        name: "echo",
        grammar: text(Order::Verbatim),
        check: |call| match call.operand(0) {
            Some(option @ ("-e" | "-E" | "-ne" | "-en" | "-nE" | "-En")) => {
                Err(format!("option `{option}`; use `printf`"))
            }
            _ => Ok(()),
        },
        run: echo,
    },
    Command {
        name: "printf",
        grammar: text(Order::First),
        check: check_printf,
        run: printf,
    },
    Command {
        name: "cd",
        grammar: NO_OPTIONS,
        check: any,
        run: cd,
    },
    Command {
        name: "pwd",
        grammar: NO_OPTIONS,
        check: any,
        run: |_, shell, streams| {
            streams.say(&format!("{}\n", shell.folder));
            0
        },
    },
    Command {
        name: "exit",
        grammar: NO_OPTIONS,
        check: |call| match call.operand(0).map(str::parse::<u8>) {
            None | Some(Ok(_)) => Ok(()),
            Some(Err(_)) => Err("code that is no number from 0 to 255".to_owned()),
        },
        run: exit,
    },
];

fn echo(call: &Call, _: &mut Shell, streams: &mut Streams) -> i32 {
    let (end, words) = match call.operands.split_first() {
        Some((first, rest)) if first == "-n" => ("", rest),
        _ => ("\n", call.operands.as_slice()),
    };
    streams.say(&format!("{}{end}", words.join(" ")));
    0
}

fn cd(call: &Call, shell: &mut Shell, streams: &mut Streams) -> i32 {
    let written = call.operand(0).map_or_else(
        || shell.variables.get("HOME").cloned().unwrap_or_default(),
        str::to_owned,
    );
    let folder = shell.files.resolve(&shell.folder, &written);
    if shell.files.is_folder(&folder) {
        shell.variables.insert("PWD".to_owned(), folder.clone());
        shell.folder = folder;
        return 0;
    }
    let why = shell
        .files
        .read(&folder)
        .map_or_else(Unreadable::words, |_| "Not a directory");
    streams.complain(&format!("bash: cd: {written}: {why}"));
    1
}

fn exit(call: &Call, shell: &mut Shell, _: &mut Streams) -> i32 {
    let last = shell.variables.get("?").map(String::as_str);
    let code = call.operand(0).or(last).and_then(|code| code.parse().ok());
    let code = code.unwrap_or_default();
    shell.exiting = Some(code);
    code
}

/// A piece of a format of `printf`.
enum Piece {
    Text(char),
    /// `%s`, `%d`, `%b` with a width; negative is left-aligned.
    Value(char, i64),
}

fn check_printf(call: &Call) -> Result<(), String> {
    match call.operand(0) {
        None => Err("call without a format".to_owned()),
        Some(format) => pieces(format).map(|_| ()),
    }
}

fn pieces(format: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => pieces.push(Piece::Text('\n')),
                Some('t') => pieces.push(Piece::Text('\t')),
                Some('r') => pieces.push(Piece::Text('\r')),
                Some('0') => pieces.push(Piece::Text('\0')),
                Some(same @ ('\\' | '"' | '\'')) => pieces.push(Piece::Text(same)),
                Some(other) => return Err(format!("escape `\\{other}`")),
                None => pieces.push(Piece::Text('\\')),
            },
            '%' if chars.next_if_eq(&'%').is_some() => pieces.push(Piece::Text('%')),
            '%' => {
                let mut width = String::new();
                while let Some(digit) = chars.next_if(|c| c.is_ascii_digit() || *c == '-') {
                    width.push(digit);
                }
                let kind = chars.next().unwrap_or(' ');
                let width = if width.is_empty() {
                    Ok(0)
                } else {
                    width.parse()
                };
                match (kind, width) {
                    ('s' | 'd', Ok(width)) => pieces.push(Piece::Value(kind, width)),
                    _ => return Err(format!("format `%{kind}` as it is written")),
                }
            }
            plain => pieces.push(Piece::Text(plain)),
        }
    }
    Ok(pieces)
}

fn printf(call: &Call, _: &mut Shell, streams: &mut Streams) -> i32 {
    let Some((format, values)) = call.operands.split_first() else {
        return 2;
    };
    let pieces = pieces(format).unwrap_or_default();
    let takes_values = pieces.iter().any(|piece| matches!(piece, Piece::Value(..)));
    let mut values = values.iter();
    let mut code = 0;
    let mut out = String::new();
    loop {
        for piece in &pieces {
            let (kind, width) = match piece {
                Piece::Text(c) => {
                    out.push(*c);
                    continue;
                }
                Piece::Value(kind, width) => (*kind, *width),
            };
            let value = values.next().map_or("", String::as_str);
            let value = if kind == 'd' {
                let number = if value.is_empty() {
                    Ok(0)
                } else {
                    value.parse::<i64>()
                };
                number
                    .unwrap_or_else(|_| {
                        streams.complain(&format!("bash: printf: {value}: invalid number"));
                        code = 1;
                        0
                    })
                    .to_string()
            } else {
                value.to_owned()
            };
            let columns = width.unsigned_abs() as usize;
            let padding = " ".repeat(columns.saturating_sub(value.chars().count()));
            let parts = if width < 0 {
                [value, padding]
            } else {
                [padding, value]
            };
            out.extend(parts);
        }
        if !takes_values || values.len() == 0 {
            break;
        }
    }
    streams.say(&out);
    code
}
