//! A playbook's prose as Markdown again: the same blocks, with nothing in them that means more than text.

use std::fmt::Write as _;

use crate::model::prose::{Inline, Prose, ProseTable};
use crate::model::safe_text::sanitize_block;
use crate::report::markdown::{code, escape, longest_run};

/// How deep lists and quotations may stand in one another.
const DEPTH: usize = 6;

/// Blocks with an empty line between each two and behind the last.
pub(super) fn blocks(prose: &[Prose]) -> String {
    nested(prose, 0)
}

fn nested(prose: &[Prose], depth: usize) -> String {
    let mut text = String::new();
    for block in prose {
        text.push_str(one(block, depth).trim_end());
        text.push_str("\n\n");
    }
    text
}

fn one(prose: &Prose, depth: usize) -> String {
    if depth > DEPTH {
        return "… nested too deep to print\n".to_owned();
    }
    match prose {
        Prose::Paragraph(inlines) => line(inlines),
        // Headings of the walkthrough are its own: below its steps there are only words.
        Prose::Heading(inlines) => format!("**{}**", line(inlines)),
        Prose::List { start, items } => {
            let mut text = String::new();
            for (index, item) in items.iter().enumerate() {
                let mark = match start {
                    Some(start) => format!("{}. ", start.saturating_add(index as u64)),
                    None => "- ".to_owned(),
                };
                let inner = nested(item, depth + 1);
                let indent = " ".repeat(mark.len());
                text.push_str(&mark);
                text.push_str(prefixed(inner.trim_end(), &indent).trim_start());
                text.push('\n');
            }
            text
        }
        Prose::Quote(inner) => prefixed(nested(inner, depth + 1).trim_end(), "> "),
        Prose::Code { language, text } => fence(language, text),
        Prose::Table(table) => of_table(table),
        Prose::Rule => "***".to_owned(),
    }
}

fn prefixed(text: &str, prefix: &str) -> String {
    text.lines().fold(String::new(), |mut text, line| {
        let _ = writeln!(text, "{}", format!("{prefix}{line}").trim_end());
        text
    })
}

/// Spans as one line; a hard break begins a new one.
fn line(inlines: &[Inline]) -> String {
    let mut text = String::new();
    for inline in inlines {
        for (index, part) in inline.text.split('\n').enumerate() {
            if index > 0 {
                text.push_str("\\\n");
            }
            match inline.code {
                true if !part.is_empty() => text.push_str(&code(part)),
                true => {}
                false => text.push_str(&escape(part)),
            }
        }
        if let Some(link) = inline.link.as_ref().filter(|link| **link != inline.text) {
            let _ = write!(text, " ({})", code(link));
        }
    }
    text
}

fn of_table(table: &ProseTable) -> String {
    let cells = |row: &[Vec<Inline>]| row.iter().map(|cell| line(cell)).collect();
    let rows: Vec<Vec<String>> = table.rows.iter().map(|row| cells(row)).collect();
    rows_of(&cells(&table.head), &rows)
}

/// A table of cells that are Markdown already.
pub(super) fn rows_of(head: &[String], rows: &[Vec<String>]) -> String {
    let row = |cells: &[String]| {
        let cells = cells.iter().map(|cell| cell.replace("\\\n", " "));
        format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
    };
    let mut text = row(head);
    let _ = writeln!(text, "|{}", " --- |".repeat(head.len()));
    for cells in rows {
        text.push_str(&row(cells));
    }
    text
}

/// A text in a fence longer than any run of backticks in it.
pub(super) fn fence(language: &str, value: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "+-_".contains(character);
    let language: String = language.chars().filter(|letter| plain(*letter)).collect();
    let safe = sanitize_block(value.trim_end_matches('\n'));
    let ticks = "`".repeat((longest_run(&safe) + 1).max(3));
    format!("{ticks}{language}\n{safe}\n{ticks}\n")
}
