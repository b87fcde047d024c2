//! Code as lines with its parts in the styles of their roles. Colour says nothing that the text does not.

use crate::kql::Span;
use crate::kql::highlight::{Part, highlight};
use crate::model::playbook::Language;
use crate::model::safe_text::sanitize;
use crate::theme::{Role, Theme};

use super::text::TextLine;

/// The lines of `text`, made safe piece by piece. KQL is coloured by its parts, anything else is of one colour.
pub fn lines(language: &str, text: &str, theme: &Theme) -> Vec<TextLine> {
    let parts = if language == Language::Kql.word() {
        highlight(text)
    } else {
        Vec::new()
    };
    let mut lines = Vec::new();
    let mut start = 0;
    for line in text.split('\n') {
        let end = start + line.len();
        lines.push(one(text, Span::new(start, end), &parts, theme));
        start = end + 1;
    }
    lines
}

fn one(text: &str, line: Span, parts: &[(Span, Part)], theme: &Theme) -> TextLine {
    let mut drawn = TextLine::new();
    let mut at = line.start;
    let piece = |from: usize, to: usize| {
        sanitize(
            text.get(from..to)
                .unwrap_or_default()
                .trim_end_matches('\r'),
        )
    };
    for (span, part) in parts {
        let (from, to) = (span.start.max(at), span.end.min(line.end));
        if from >= to {
            continue;
        }
        if at < from {
            drawn.push(piece(at, from), theme.style(Role::Code));
        }
        drawn.push(piece(from, to), theme.style(role(*part)));
        at = to;
    }
    if at < line.end || at == line.start {
        drawn.push(piece(at, line.end), theme.style(Role::Code));
    }
    drawn
}

fn role(part: Part) -> Role {
    match part {
        Part::Keyword => Role::Keyword,
        Part::Function => Role::Code,
        Part::Literal => Role::Literal,
        Part::Comment => Role::Muted,
        Part::Bad => Role::Bad,
    }
}
