//! `parse_command_line()`: the arguments of a command as Windows takes them apart.

use super::{Bound, Function, args, plain, row};
use crate::kql::error::KqlError;
use crate::kql::types::Type;

/// The functions of this area.
pub const FUNCTIONS: &[Function] = &[plain(
    "parse_command_line",
    "parse_command_line(command_line, \"windows\")",
    (2, 2),
    |binding| match binding.constant_text(1) {
        Some(kind) if kind.eq_ignore_ascii_case("windows") => parse(),
        _ => Err(KqlError::semantic(
            binding.args.get(1).map_or(binding.span, |arg| arg.span),
            "expected \"windows\": the one kind of command line that `parse_command_line()` takes",
        )),
    },
)];

fn parse() -> Result<Bound, KqlError> {
    row(&[Type::String, Type::String], Type::Dynamic, |values| {
        args::strings(arguments(args::text(values, 0)))
    })
}

/// The program's name, where a quotation mark only encloses, then arguments, where `\` before one takes its meaning away.
fn arguments(line: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = line.chars().peekable();
    if rest.peek().is_none() {
        return found;
    }
    let mut quoted = false;
    let mut word = String::new();
    while let Some(c) = rest.next_if(|c| quoted || !is_blank(*c)) {
        if c == '"' {
            quoted = !quoted;
        } else {
            word.push(c);
        }
    }
    found.push(word);
    loop {
        while rest.next_if(|c| is_blank(*c)).is_some() {}
        if rest.peek().is_none() {
            return found;
        }
        let mut word = String::new();
        let mut quoted = false;
        while let Some(c) = rest.next_if(|c| quoted || !is_blank(*c)) {
            match c {
                '\\' => {
                    let mut slashes = 1;
                    while rest.next_if_eq(&'\\').is_some() {
                        slashes += 1;
                    }
                    let before_quote = rest.peek() == Some(&'"');
                    let kept = if before_quote { slashes / 2 } else { slashes };
                    word.extend(std::iter::repeat_n('\\', kept));
                    if before_quote && slashes % 2 == 1 {
                        rest.next();
                        word.push('"');
                    }
                }
                // Two in a row inside of quotation marks are one that stands for itself.
                '"' if quoted && rest.next_if_eq(&'"').is_some() => word.push('"'),
                '"' => quoted = !quoted,
                _ => word.push(c),
            }
        }
        found.push(word);
    }
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t')
}
