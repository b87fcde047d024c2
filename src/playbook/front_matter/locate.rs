//! Where front matter stands in a text.

use std::ops::Range;

/// Where the front matter of a text stands: `(yaml, rest)`, the YAML between the dashes and the first byte after them.
/// `Err` is the place of an opening line that nothing closes.
pub fn locate(text: &str, from: usize) -> Result<Option<(Range<usize>, usize)>, Range<usize>> {
    let body = text.get(from..).unwrap_or_default();
    let mut lines = body.split_inclusive('\n');
    let Some(first) = lines.next().filter(|line| line.trim_end() == "---") else {
        return Ok(None);
    };
    let start = from + first.len();
    let mut at = start;
    for line in lines {
        if matches!(line.trim_end(), "---" | "...") {
            return Ok(Some((start..at, at + line.len())));
        }
        // A blank line right below makes the dashes a rule.
        if at == start && line.trim().is_empty() {
            return Ok(None);
        }
        at += line.len();
    }
    if names_version(body) {
        Err(from..from + first.trim_end().len())
    } else {
        Ok(None)
    }
}

pub(super) fn names_version(text: &str) -> bool {
    text.lines()
        .take(200)
        .any(|line| line.starts_with("quarterdeck:"))
}
