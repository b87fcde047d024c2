//! Strings in their forms, the bracket of a typed literal, and the units of time.

/// How a string begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    /// How many bytes stand before the text: `h@"` is 3.
    length: usize,
    form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// `"…"` or `'…'`: escapes, one line.
    Escaped(char),
    /// `@"…"` or `@'…'`: the quote is doubled, one line.
    Verbatim(char),
    /// Three back-ticks or three tildes: everything up to the next three.
    Lines(&'static str),
}

/// What is wrong with a string: where, in bytes from its start, and how many bytes it takes.
pub struct Fault {
    pub at: usize,
    pub end: usize,
    pub length: usize,
    pub message: String,
}

/// How the string at the start of `rest` begins, if there is one.
pub fn opening(rest: &str) -> Option<Opening> {
    let hidden = usize::from(rest.starts_with(['h', 'H']));
    let after = rest.get(hidden..)?;
    for quotes in ["```", "~~~"] {
        if after.starts_with(quotes) {
            return Some(Opening {
                length: hidden + 3,
                form: Form::Lines(quotes),
            });
        }
    }
    let verbatim = usize::from(after.starts_with('@'));
    let quote = after.get(verbatim..)?.chars().next()?;
    if !matches!(quote, '"' | '\'') {
        return None;
    }
    Some(Opening {
        length: hidden + verbatim + 1,
        form: if verbatim == 1 {
            Form::Verbatim(quote)
        } else {
            Form::Escaped(quote)
        },
    })
}

/// The text of the string at the start of `rest` and how many bytes the string takes.
pub fn read(rest: &str, opening: Opening) -> Result<(String, usize), Fault> {
    let body = rest.get(opening.length..).unwrap_or("");
    match opening.form {
        Form::Lines(quotes) => match body.find(quotes) {
            Some(length) => Ok((
                body.get(..length).unwrap_or("").to_owned(),
                opening.length + length + 3,
            )),
            None => Err(Fault {
                at: 0,
                end: opening.length,
                length: rest.len(),
                message: format!("the string is not closed: expected `{quotes}`"),
            }),
        },
        Form::Verbatim(quote) => verbatim(rest, body, opening.length, quote),
        Form::Escaped(quote) => escaped(rest, body, opening.length, quote),
    }
}

fn not_closed(rest: &str, opening: usize, quote: char) -> Fault {
    let length = rest.find(['\n', '\r']).unwrap_or(rest.len());
    Fault {
        at: 0,
        end: opening,
        length,
        message: format!("the string is not closed: expected `{quote}` before the end of the line"),
    }
}

fn verbatim(rest: &str, body: &str, opening: usize, quote: char) -> Result<(String, usize), Fault> {
    let mut value = String::new();
    let mut chars = body.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if matches!(c, '\n' | '\r') {
            break;
        }
        if c == quote && chars.next_if(|(_, next)| *next == quote).is_none() {
            return Ok((value, opening + at + 1));
        }
        value.push(c);
    }
    Err(not_closed(rest, opening, quote))
}

fn escaped(rest: &str, body: &str, opening: usize, quote: char) -> Result<(String, usize), Fault> {
    let mut value = String::new();
    let mut fault = None;
    let mut at = 0;
    while let Some(c) = body.get(at..).and_then(|rest| rest.chars().next()) {
        if matches!(c, '\n' | '\r') {
            break;
        }
        if c == quote {
            let length = opening + at + 1;
            return match fault {
                None => Ok((value, length)),
                Some((at, end, message)) => Err(Fault {
                    at: opening + at,
                    end: opening + end,
                    length,
                    message,
                }),
            };
        }
        if c != '\\' {
            value.push(c);
            at += c.len_utf8();
            continue;
        }
        let sequence = body.get(at + 1..).unwrap_or("");
        if let Some((c, length)) = escape(sequence) {
            value.push(c);
            at += 1 + length;
        } else {
            let length = sequence
                .chars()
                .next()
                .filter(|c| !matches!(c, '\n' | '\r'))
                .map_or(0, char::len_utf8);
            let end = at + 1 + length;
            let written = body.get(at..end).unwrap_or("");
            fault = fault.or(Some((
                at,
                end,
                format!("`{written}` is no escape: write `\\\\` for a backslash, or @\"…\" for text without escapes"),
            )));
            at = end;
        }
    }
    Err(not_closed(rest, opening, quote))
}

/// The character that stands after a backslash at the start of `text`, and how many bytes it takes there.
fn escape(text: &str) -> Option<(char, usize)> {
    let first = text.chars().next()?;
    let simple = match first {
        '\\' | '\'' | '"' => first,
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        'x' => return hexadecimal(text, 2),
        'u' => return hexadecimal(text, 4).or_else(|| surrogates(text)),
        'U' => return hexadecimal(text, 8),
        '0'..='7' => {
            let longest = if first <= '3' { 3 } else { 2 };
            let length = text
                .chars()
                .take(longest)
                .take_while(|c| matches!(c, '0'..='7'))
                .count();
            let code = u32::from_str_radix(text.get(..length)?, 8).ok()?;
            return Some((char::from_u32(code)?, length));
        }
        _ => return None,
    };
    Some((simple, 1))
}

fn hexadecimal(text: &str, digits: usize) -> Option<(char, usize)> {
    Some((char::from_u32(code(text, 1, digits)?)?, 1 + digits))
}

/// A character above U+FFFF as two `\u`.
fn surrogates(text: &str) -> Option<(char, usize)> {
    let high = code(text, 1, 4)?.checked_sub(0xD800)?;
    if text.get(5..7)? != "\\u" {
        return None;
    }
    let low = code(text, 7, 4)?.checked_sub(0xDC00)?;
    if high >= 0x400 || low >= 0x400 {
        return None;
    }
    Some((char::from_u32(0x1_0000 + (high << 10) + low)?, 11))
}

fn code(text: &str, at: usize, digits: usize) -> Option<u32> {
    let written = text.get(at..at + digits)?;
    if !written.chars().all(|c| c.is_ascii_hexdigit()) {
        return None;
    }
    u32::from_str_radix(written, 16).ok()
}

/// How many bytes the bracket at the start of `rest` takes, with the brackets and the strings in it. `None` when it is not closed.
pub fn bracketed(rest: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(c) = rest.get(at..).and_then(|rest| rest.chars().next()) {
        match c {
            '(' => depth += 1,
            ')' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            '"' | '\'' => {
                at += quoted(rest.get(at..)?, c)?;
                continue;
            }
            _ => {}
        }
        at += c.len_utf8();
    }
    None
}

/// How many bytes the string at the start of `text` takes.
fn quoted(text: &str, quote: char) -> Option<usize> {
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        if c == quote {
            return Some(at + 1);
        }
        if c == '\\' {
            chars.next();
        }
    }
    None
}

/// Whether `unit` after a number makes it a span of time.
pub fn is_unit_of_time(unit: &str) -> bool {
    matches!(
        unit,
        "d" | "day"
            | "days"
            | "h"
            | "hr"
            | "hrs"
            | "hour"
            | "hours"
            | "m"
            | "min"
            | "minute"
            | "minutes"
            | "s"
            | "sec"
            | "second"
            | "seconds"
            | "ms"
            | "milli"
            | "millis"
            | "millisec"
            | "millisecond"
            | "milliseconds"
            | "micro"
            | "micros"
            | "microsec"
            | "microsecond"
            | "microseconds"
            | "nano"
            | "nanos"
            | "nanosec"
            | "nanosecond"
            | "nanoseconds"
            | "tick"
            | "ticks"
    )
}
