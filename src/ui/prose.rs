//! Markdown blocks to lines of a given width: the one place where prose becomes text on the screen.

use crate::model::playbook::Action;
use crate::model::prose::{Inline, Prose, ProseTable, plain_text};
use crate::model::safe_text::sanitize;
use crate::theme::{Role, Theme};

use super::code;
use super::text::{TextLine, fit, safe, spaces, width};

/// Depth of nested lists and quotations that is indented; deeper ones keep the indent.
const DEPTH: usize = 6;

/// The lines of several blocks, an empty line between each two.
pub fn lines(blocks: &[Prose], room: usize, theme: &Theme) -> Vec<TextLine> {
    let mut lines = Vec::new();
    for (index, block) in blocks.iter().enumerate() {
        if index > 0 {
            lines.push(TextLine::new());
        }
        lines.extend(block_lines(block, room.max(1), 0, theme));
    }
    lines
}

/// The description of an action when it says more than the title, which is its first sentence; else nothing.
pub fn description(action: &Action, room: usize, theme: &Theme) -> Vec<TextLine> {
    if action.says_more() {
        lines(&action.description, room, theme)
    } else {
        Vec::new()
    }
}

/// The lines of one block.
pub fn block(prose: &Prose, room: usize, theme: &Theme) -> Vec<TextLine> {
    block_lines(prose, room.max(1), 0, theme)
}

fn block_lines(prose: &Prose, room: usize, depth: usize, theme: &Theme) -> Vec<TextLine> {
    let style = |role| theme.style(role);
    match prose {
        Prose::Paragraph(inlines) => paragraph(inlines, room, Role::Text, theme),
        Prose::Heading(inlines) => paragraph(inlines, room, Role::Title, theme),
        Prose::List { start, items } => {
            let mut lines = Vec::new();
            for (index, item) in items.iter().enumerate() {
                let mark = match start {
                    Some(start) => safe!("{}. ", start.saturating_add(index as u64)),
                    None => sanitize("• "),
                };
                let indent = width(mark.as_str());
                let mut first = true;
                for block in item {
                    let inner = nested(block, room, indent, depth, theme);
                    for line in inner {
                        let mut whole = if first {
                            TextLine::of(&mark, style(Role::Muted))
                        } else {
                            TextLine::of(spaces(indent), style(Role::Text))
                        };
                        first = false;
                        whole.extend(line);
                        lines.push(whole);
                    }
                }
                if item.is_empty() {
                    lines.push(TextLine::of(mark, style(Role::Muted)));
                }
            }
            lines
        }
        Prose::Quote(blocks) => blocks
            .iter()
            .flat_map(|block| nested(block, room, 2, depth, theme))
            .map(|line| {
                let mut whole = TextLine::of("│ ", style(Role::Warning));
                whole.extend(line);
                whole
            })
            .collect(),
        Prose::Code { language, text } => code::lines(language, text.trim_end_matches('\n'), theme)
            .iter()
            .flat_map(|line| line.wrap(room.saturating_sub(2), 2))
            .map(|line| {
                let mut whole = TextLine::of("  ", style(Role::Text));
                whole.extend(line);
                whole
            })
            .collect(),
        Prose::Table(table) => prose_table(table, room, theme),
        Prose::Rule => vec![TextLine::of(
            sanitize(&"─".repeat(room.min(40))),
            style(Role::Border),
        )],
    }
}

fn nested(prose: &Prose, room: usize, indent: usize, depth: usize, theme: &Theme) -> Vec<TextLine> {
    if depth >= DEPTH {
        return vec![TextLine::of(
            "… nested too deep to show",
            theme.style(Role::Muted),
        )];
    }
    block_lines(prose, room.saturating_sub(indent).max(1), depth + 1, theme)
}

fn paragraph(inlines: &[Inline], room: usize, base: Role, theme: &Theme) -> Vec<TextLine> {
    let mut lines = vec![TextLine::new()];
    for inline in inlines {
        let role = if inline.code {
            Role::Code
        } else if inline.strong || inline.emphasis {
            Role::Title
        } else {
            base
        };
        let mut parts = inline.text.split('\n');
        let first = parts.next().unwrap_or_default();
        if let Some(line) = lines.last_mut() {
            line.push(sanitize(first), theme.style(role));
        }
        for part in parts {
            lines.push(TextLine::of(sanitize(part), theme.style(role)));
        }
        if let Some(link) = inline.link.as_ref().filter(|link| **link != inline.text)
            && let Some(line) = lines.last_mut()
        {
            line.push(safe!(" <{link}>"), theme.style(Role::Muted));
        }
    }
    lines.iter().flat_map(|line| line.wrap(room, 0)).collect()
}

/// A table with columns as wide as their content where they fit; cells of a table too wide are cut, the last column least.
fn prose_table(table: &ProseTable, room: usize, theme: &Theme) -> Vec<TextLine> {
    let rows: Vec<Vec<String>> = std::iter::once(&table.head)
        .chain(&table.rows)
        .map(|row| {
            row.iter()
                .map(|cell| sanitize(&plain_text(cell)).into_string())
                .collect()
        })
        .collect();
    text_table(&rows, room, theme)
}

/// A table of plain cells, the first row being its head. Cells wrap inside their columns.
pub fn text_table(rows: &[Vec<String>], room: usize, theme: &Theme) -> Vec<TextLine> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    if columns == 0 {
        return Vec::new();
    }
    let natural: Vec<usize> = (0..columns)
        .map(|column| {
            rows.iter()
                .filter_map(|row| row.get(column))
                .map(|cell| width(sanitize(cell).as_str()))
                .max()
                .unwrap_or(0)
        })
        .collect();
    let widths = share(&natural, room.saturating_sub(2 * (columns - 1)));
    let mut lines = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let style = theme.style(if index == 0 { Role::Title } else { Role::Text });
        let cells: Vec<Vec<TextLine>> = widths
            .iter()
            .enumerate()
            .map(|(column, width)| {
                let text = row.get(column).map(String::as_str).unwrap_or_default();
                TextLine::of(sanitize(text), style).wrap(*width, 0)
            })
            .collect();
        let height = cells.iter().map(Vec::len).max().unwrap_or(0);
        for at in 0..height {
            let mut line = TextLine::new();
            let mut edge = 0;
            for (cell, width) in cells.iter().zip(&widths) {
                line.pad_to(edge);
                if let Some(part) = cell.get(at) {
                    line.extend(part.clone());
                }
                edge += width + 2;
            }
            lines.push(line);
        }
        if index == 0 {
            let rule: usize = widths.iter().sum::<usize>() + 2 * (columns - 1);
            let text = "─".repeat(rule);
            let (text, _) = fit(&text, room);
            lines.push(TextLine::of(sanitize(text), theme.style(Role::Border)));
        }
    }
    lines
}

/// Widths that fit into `room`: narrow columns keep theirs, wide ones share what is left.
fn share(natural: &[usize], room: usize) -> Vec<usize> {
    let mut widths = natural.to_vec();
    let mut limit = natural.iter().copied().max().unwrap_or(0);
    while limit > 1 && widths.iter().sum::<usize>() > room {
        limit -= 1;
        for width in &mut widths {
            *width = (*width).min(limit);
        }
    }
    widths.iter().map(|width| (*width).max(1)).collect()
}
