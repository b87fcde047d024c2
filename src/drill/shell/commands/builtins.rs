//! What bash does by itself: `:`, `true`, `false`, `echo`, `printf`, `cd`, `pwd`, `exit`.

use super::super::files::Unreadable;
use super::super::options::{Call, Grammar, NO_OPTIONS, Order};
use super::super::runner::{MOST_SAID, Shell, Streams};
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
        check: |call| {
            let mut options = call.operands.iter().take_while(|word| is_echo_option(word));
            match options.find(|option| option.contains(['e', 'E'])) {
                Some(option) => Err(format!("option `{option}`; use `printf`")),
                None => Ok(()),
            }
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
        check: |call| match (call.operands.len(), call.operand(0)) {
            (1, Some("-")) => Err("folder before: `cd -`".to_owned()),
            (0 | 1, _) => Ok(()),
            _ => Err("call with more than one folder".to_owned()),
        },
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
            _ if call.operands.len() > 1 => Err("call with more than one code".to_owned()),
            None | Some(Ok(_)) => Ok(()),
            Some(Err(_)) => Err("code that is no number from 0 to 255".to_owned()),
        },
        run: exit,
    },
];

/// `-n`, `-ne`: what `echo` takes as options; all else is text.
fn is_echo_option(word: &str) -> bool {
    word.strip_prefix('-')
        .is_some_and(|letters| !letters.is_empty() && letters.chars().all(|c| "neE".contains(c)))
}

fn echo(call: &Call, _: &mut Shell, streams: &mut Streams) -> i32 {
    let options = call.operands.iter().take_while(|word| is_echo_option(word));
    let options = options.count();
    let words = call.operands.get(options..).unwrap_or_default();
    let end = if options > 0 { "" } else { "\n" };
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

/// The widest column of `printf`.
const WIDEST: i32 = 10_000;

/// A piece of a format of `printf`.
enum Piece {
    Text(char),
    /// `%s`, `%d`, `%b` with a width; negative is left-aligned.
    Value(char, i32),
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
                // More digits after it are the number of another character.
                Some('0') if !chars.peek().is_some_and(char::is_ascii_digit) => {
                    pieces.push(Piece::Text('\0'));
                }
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
                // A zero at the beginning would fill with zeros.
                let columns = match width.trim_start_matches('-') {
                    _ if width.is_empty() => Some(0),
                    zeros if zeros.starts_with('0') => None,
                    _ => width.parse::<i32>().ok(),
                };
                match (kind, columns) {
                    ('s' | 'd', Some(width)) if width.abs() <= WIDEST => {
                        pieces.push(Piece::Value(kind, width));
                    }
                    _ => return Err(format!("format `%{kind}` as it is written")),
                }
            }
            plain => pieces.push(Piece::Text(plain)),
        }
    }
    Ok(pieces)
}

/// A number as `%d` reads it: `0x1f` and `017` are no decimals.
fn whole_number(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let hexadecimal = digits.strip_prefix("0x").or(digits.strip_prefix("0X"));
    let number = match hexadecimal {
        _ if digits.starts_with(['-', '+']) => return None,
        Some(digits) => i128::from_str_radix(digits, 16),
        None if text.is_empty() => Ok(0),
        None if digits.starts_with('0') => i128::from_str_radix(digits, 8),
        None => digits.parse(),
    };
    let number = number.ok()?;
    i64::try_from(if negative { -number } else { number }).ok()
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
    'values: loop {
        for piece in &pieces {
            if out.len() > MOST_SAID {
                break 'values;
            }
            let (kind, width) = match piece {
                Piece::Text(c) => {
                    out.push(*c);
                    continue;
                }
                Piece::Value(kind, width) => (*kind, *width),
            };
            let value = values.next().map_or("", String::as_str);
            let value = if kind == 'd' {
                whole_number(value)
                    .unwrap_or_else(|| {
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
