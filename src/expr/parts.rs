//! The parts of an expression whose values tell why it is what it is.
//!
//! Read off the text, so that each part stands on screen as it was written. What is inside brackets stays with what
//! stands before them.

use super::{is_constant, parse};

/// Operators that join conditions.
const JOINTS: [&str; 4] = ["&&", "||", "?", ":"];
/// Operators that compare. The longer ones first.
const COMPARISONS: [&str; 6] = ["==", "!=", ">=", "<=", ">", "<"];

/// What is compared and is no constant, and conditions that are no comparison, in order of first use. Each is an
/// expression of its own.
pub fn parts(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    conditions(text, 0, &mut found);
    found
}

/// Brackets around conditions that are looked into.
const DEPTH: usize = 24;

fn conditions(text: &str, depth: usize, found: &mut Vec<String>) {
    for condition in split(text, &JOINTS) {
        let condition = condition.trim();
        let inner = condition.trim_start_matches(['!', ' ']);
        if let Some(inside) = inside_brackets(inner)
            && depth < DEPTH
        {
            conditions(inside, depth + 1, found);
            continue;
        }
        let sides = split(condition, &COMPARISONS);
        let sides = if sides.len() > 1 { sides } else { vec![inner] };
        for side in sides {
            let side = side.trim();
            // Brackets of arithmetic stay: only a part that can be evaluated by itself is one.
            let worth = parse(side).is_ok_and(|parsed| !is_constant(&parsed));
            if worth && !found.iter().any(|known| known == side) {
                found.push(side.to_owned());
            }
        }
    }
}

/// The text between brackets that stand around the whole of it.
fn inside_brackets(text: &str) -> Option<&str> {
    let inside = text.strip_prefix('(')?;
    let end = closing(inside)?;
    let (inside, rest) = inside.split_at(end);
    (rest == ")").then_some(inside)
}

/// Where the bracket that is open at the start of a text closes.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 1_usize;
    for (at, character) in outside_quotes(text) {
        match character {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

/// Splits at operators outside quotes and brackets.
fn split<'t>(text: &'t str, operators: &[&str]) -> Vec<&'t str> {
    let mut pieces = Vec::new();
    let (mut depth, mut from) = (0_usize, 0);
    for (at, character) in outside_quotes(text) {
        match character {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ if depth == 0 && at >= from => {
                let rest = text.get(at..).unwrap_or_default();
                if let Some(operator) = operators.iter().find(|one| rest.starts_with(**one)) {
                    pieces.push(text.get(from..at).unwrap_or_default());
                    from = at + operator.len();
                }
            }
            _ => {}
        }
    }
    pieces.push(text.get(from..).unwrap_or_default());
    pieces
}

/// The characters of a text that are in no quotes, with their places.
fn outside_quotes(text: &str) -> impl Iterator<Item = (usize, char)> + '_ {
    let mut quote: Option<&'static str> = None;
    let mut skip = 0_usize;
    text.char_indices().filter(move |(at, character)| {
        if skip > 0 {
            skip -= 1;
            return false;
        }
        let rest = text.get(*at..).unwrap_or_default();
        if let Some(open) = quote {
            if rest.starts_with(open) {
                quote = None;
                skip = open.len() - 1;
            } else if *character == '\\' {
                skip = 1;
            }
            return false;
        }
        let opens = ["\"\"\"", "'''", "\"", "'"];
        quote = opens.into_iter().find(|open| rest.starts_with(open));
        skip = quote.map_or(0, |open| open.len() - 1);
        quote.is_none()
    })
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn parts_are_what_is_compared_as_it_was_written() {
        for (text, expected) in [
            ("rows[0].mismatched == 0", vec!["rows[0].mismatched"]),
            (
                "rows[0].unknown > 0 || rows[0].checked == 0",
                vec!["rows[0].unknown", "rows[0].checked"],
            ),
            (
                "!(exit == 0 && (status >= 200 || !stdout.contains(\"a && b > c\")))",
                vec!["exit", "status", "stdout.contains(\"a && b > c\")"],
            ),
            (
                "distinct(rows, 'actorId') == 1 && distinct(rows, 'actorId') < count",
                vec!["distinct(rows, 'actorId')", "count"],
            ),
            ("'confirmed' in milestone", vec!["'confirmed' in milestone"]),
            (
                "rows.exists(r, r.n > 4 && r.m == 1)",
                vec!["rows.exists(r, r.n > 4 && r.m == 1)"],
            ),
            (
                "(count + 1) * 2 >= size(rows)",
                vec!["(count + 1) * 2", "size(rows)"],
            ),
            ("count == 0 ? true : last < 5", vec!["count", "last"]),
            (
                "stdout == 'it\\'s > 1' && lines[0] == \"\"\"a\"b\"\"\"",
                vec!["stdout", "lines[0]"],
            ),
            ("1 == 1 && true", vec![]),
            ("== (", vec![]),
        ] {
            assert_eq!(parts(text), expected, "{text}");
        }
    }
}
