//! What the parts of a query are, for colouring. Works on any text, broken ones too.

use super::error::Span;
use super::syntax::lexer::{Kind, lex};

/// What a part of a query is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A word of the language: an operator, `by`, `and`, `has`, ….
    Keyword,
    /// A name before a bracket.
    Function,
    /// A number, a text, a time.
    Literal,
    /// A comment.
    Comment,
    /// What is no part of the language.
    Bad,
}

/// Words that mean something wherever they stand.
const KEYWORDS: &[&str] = &[
    "and",
    "asc",
    "between",
    "by",
    "contains",
    "contains_cs",
    "declare",
    "desc",
    "endswith",
    "endswith_cs",
    "false",
    "from",
    "has",
    "has_all",
    "has_any",
    "has_cs",
    "hasprefix",
    "hasprefix_cs",
    "hassuffix",
    "hassuffix_cs",
    "in",
    "in~",
    "let",
    "matches",
    "null",
    "nulls",
    "on",
    "or",
    "regex",
    "set",
    "startswith",
    "startswith_cs",
    "step",
    "to",
    "true",
    "with",
];

/// The parts of `text` that are more than names and marks, in order; what lies between them is plain.
pub fn highlight(text: &str) -> Vec<(Span, Part)> {
    let (tokens, _) = lex(text);
    let mut parts = Vec::new();
    let mut end = 0;
    let mut begins = true;
    for (at, token) in tokens.iter().enumerate() {
        comments(text, end, token.span.start, &mut parts);
        end = token.span.end;
        let word = text.get(token.span.start..token.span.end).unwrap_or("");
        let next = tokens
            .get(at + 1)
            .and_then(|next| text.get(next.span.start..next.span.end));
        let part = match &token.kind {
            Kind::Number | Kind::Timespan | Kind::Typed(_) | Kind::String(_) => Some(Part::Literal),
            Kind::Bad => Some(Part::Bad),
            Kind::Word if KEYWORDS.contains(&word.trim_start_matches('!')) => Some(Part::Keyword),
            Kind::Word if next == Some("(") => Some(Part::Function),
            // A word behind a bar is an operator, and so is one that begins a query and has no bar behind it.
            Kind::Word if begins && (is_behind_bar(text, token.span.start) || is_source(word)) => {
                Some(Part::Keyword)
            }
            Kind::Word | Kind::Punct | Kind::End => None,
        };
        begins = matches!(word, "|" | ";" | "(" | "=") || at == 0 && word.is_empty();
        if let Some(part) = part {
            let whole = if part == Part::Keyword && is_behind_bar(text, token.span.start) {
                operator(text, token.span)
            } else {
                token.span
            };
            parts.push((whole, part));
        }
    }
    comments(text, end, text.len(), &mut parts);
    parts
}

/// The whole name of an operator that begins with the word at `span`: hyphens belong to it.
fn operator(text: &str, span: Span) -> Span {
    let rest = text.get(span.end..).unwrap_or("");
    let length = rest
        .find(|c: char| c != '-' && !c.is_ascii_alphanumeric())
        .unwrap_or(rest.len());
    Span::new(span.start, span.end + length)
}

fn is_behind_bar(text: &str, at: usize) -> bool {
    text.get(..at)
        .is_some_and(|before| before.trim_end().ends_with('|'))
}

fn is_source(word: &str) -> bool {
    matches!(
        word,
        "print" | "range" | "datatable" | "union" | "search" | "find" | "evaluate"
    )
}

/// Comments lie between tokens.
fn comments(text: &str, from: usize, to: usize, parts: &mut Vec<(Span, Part)>) {
    let Some(between) = text.get(from..to) else {
        return;
    };
    let mut at = from;
    for line in between.split_inclusive('\n') {
        if let Some(start) = line.find("//") {
            let length = line.trim_end().len();
            parts.push((Span::new(at + start, at + length), Part::Comment));
        }
        at += line.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<(&str, Part)> {
        highlight(text)
            .into_iter()
            .map(|(span, part)| (text.get(span.start..span.end).unwrap_or(""), part))
            .collect()
    }

    #[test]
    fn parts_are_told_apart() {
        assert_eq!(
            shown(
                "traces // all\n| where message !contains \"x\" and t > ago(5m)\n| project-away a"
            ),
            [
                ("// all", Part::Comment),
                ("where", Part::Keyword),
                ("!contains", Part::Keyword),
                ("\"x\"", Part::Literal),
                ("and", Part::Keyword),
                ("ago", Part::Function),
                ("5m", Part::Literal),
                ("project-away", Part::Keyword),
            ]
        );
        assert_eq!(
            shown("print where = 1 #"),
            [
                ("print", Part::Keyword),
                ("1", Part::Literal),
                ("#", Part::Bad)
            ]
        );
        assert_eq!(shown(""), []);
    }
}
