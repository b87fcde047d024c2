//! Regular expressions as Prometheus has them: those of Go, matching the whole of a text.

use std::ops::Range;

use regex::Regex;

use super::error::{Error, ErrorKind};

/// What Go and the crate read differently, and is not translated.
const OTHERWISE: &[&str] = &["\\u", "\\U", "\\Q", "(?x", "(?R", "(?u", "(?-u"];

/// Compiles a pattern that has to match the whole of a text; `.` matches no line break (Prometheus 2).
///
/// # Errors
/// A fault of `kind` when it is no regular expression; that it is not supported when the crate would read it otherwise: no answer is better than another one.
pub fn whole(pattern: &str, kind: ErrorKind, span: &Range<usize>) -> Result<Regex, Error> {
    let translated = translated(pattern).map_err(|what| {
        let what = format!("`{what}` in a regular expression");
        Error::unsupported(span, &what)
    })?;
    Regex::new(&format!("^(?:{translated})$")).map_err(|_| {
        let message = format!("{pattern:?} cannot be read as a regular expression");
        Error::new(kind, span, message)
    })
}

/// From Go's words to those of the crate, which knows classes within classes, and letters and digits of every script.
fn translated(pattern: &str) -> Result<String, &'static str> {
    let mut made = String::with_capacity(pattern.len());
    let mut class = false;
    let mut chars = pattern.chars();
    loop {
        let rest = chars.as_str();
        if let Some(what) = OTHERWISE.iter().find(|what| rest.starts_with(**what)) {
            return Err(what);
        }
        if let (true, Some((named, after))) =
            (class && rest.starts_with("[:"), rest.split_once(":]"))
        {
            made.push_str(named);
            made.push_str(":]");
            chars = after.chars();
            continue;
        }
        let Some(c) = chars.next() else {
            return Ok(made);
        };
        match c {
            '\\' => match chars.next() {
                Some('d') => made.push_str("[0-9]"),
                Some('D') => made.push_str("[^0-9]"),
                Some('s') => made.push_str(r"[\t\n\f\r ]"),
                Some('S') => made.push_str(r"[^\t\n\f\r ]"),
                Some('w') => made.push_str("[0-9A-Za-z_]"),
                Some('W') => made.push_str("[^0-9A-Za-z_]"),
                Some('b') if !class => made.push_str(r"(?-u:\b)"),
                Some(c @ ('<' | '>')) => made.push(c),
                other => {
                    made.push('\\');
                    made.extend(other);
                }
            },
            '[' | '&' | '~' if class => made.extend(['\\', c]),
            '-' if class && rest.starts_with("--") => {
                chars.next();
                made.push_str(r"-\-");
            }
            '[' => {
                class = true;
                made.push(c);
                // `]` closes no class that is still empty.
                for first in ['^', ']'] {
                    if let Some(after) = chars.as_str().strip_prefix(first) {
                        made.push(first);
                        chars = after.chars();
                    }
                }
            }
            '{' if !class && !is_repetition(rest) => made.push_str(r"\{"),
            _ => {
                class &= c != ']';
                made.push(c);
            }
        }
    }
}

/// `{2}`, `{2,}` or `{2,3}`: otherwise a brace stands for itself, as in `/orders/{id}`.
fn is_repetition(rest: &str) -> bool {
    let inside = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
    inside.is_some_and(|(inside, _)| {
        let (least, most) = inside.split_once(',').unwrap_or((inside, ""));
        let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
        !least.is_empty() && digits(least) && digits(most)
    })
}
