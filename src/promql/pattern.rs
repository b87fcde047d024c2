//! Regular expressions as Prometheus has them: those of Go, matching the whole of a text.

use std::ops::Range;

use regex::Regex;

use super::error::{Error, ErrorKind};

/// What the crate reads as something else than Go does.
const OTHERWISE: &[&str] = &[
    "\\<", "\\>", "\\u", "\\U", "\\Q", "(?x", "(?R", "(?u", "(?-u",
];
/// The same between `[` and `]`: a class within a class, and what classes have in common.
const OTHERWISE_IN_CLASS: &[&str] = &["[", "&&", "--", "~~", "\\u", "\\U"];

/// Compiles a pattern that has to match the whole of a text; `.` matches no line break (Prometheus 2).
///
/// # Errors
/// A fault of `kind` when it is no regular expression; that it is not supported when Go would read it otherwise: no answer is better than another one.
pub fn whole(pattern: &str, kind: ErrorKind, span: &Range<usize>) -> Result<Regex, Error> {
    if let Some(what) = otherwise(pattern) {
        let what = format!("`{what}` in a regular expression");
        return Err(Error::unsupported(span, &what));
    }
    Regex::new(&format!("^(?:{pattern})$")).map_err(|_| {
        let message = format!("{pattern:?} cannot be read as a regular expression");
        Error::new(kind, span, message)
    })
}

fn otherwise(pattern: &str) -> Option<&'static str> {
    let mut class = false;
    let mut chars = pattern.chars();
    loop {
        let rest = chars.as_str();
        if let (true, Some(named)) = (class, rest.strip_prefix("[:")) {
            chars = named.split_once(":]")?.1.chars();
            continue;
        }
        let signs = if class { OTHERWISE_IN_CLASS } else { OTHERWISE };
        if let Some(sign) = signs.iter().find(|sign| rest.starts_with(**sign)) {
            return Some(sign);
        }
        match chars.next()? {
            '\\' => {
                chars.next();
            }
            '[' => {
                class = true;
                // `]` closes no class that is still empty.
                let inside = chars.as_str();
                let inside = inside.strip_prefix('^').unwrap_or(inside);
                chars = inside.strip_prefix(']').unwrap_or(inside).chars();
            }
            ']' => class = false,
            _ => {}
        }
    }
}
