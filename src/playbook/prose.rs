//! Blocks as prose: what is shown and never runs.

use super::attributes;
use super::markdown::{Block, BlockKind, Fence, Item, Table};
use crate::model::prose::{Inline, Prose, ProseTable};

/// Blocks as prose, in order.
pub fn prose(text: &str, blocks: &[Block]) -> Vec<Prose> {
    blocks.iter().filter_map(|block| one(text, block)).collect()
}

/// One block as prose; `None` for what has nothing to show.
pub fn one(text: &str, block: &Block) -> Option<Prose> {
    Some(match &block.kind {
        BlockKind::Heading(heading) => Prose::Heading(heading.inlines.clone()),
        BlockKind::Paragraph(inlines) => Prose::Paragraph(inlines.clone()),
        BlockKind::List { start, items } => list(text, *start, items),
        BlockKind::Quote(blocks) => Prose::Quote(prose(text, blocks)),
        BlockKind::Fence(fence) if is_notes(text, fence) => return None,
        BlockKind::Fence(fence) => code(text, fence),
        BlockKind::Table(shown) => Prose::Table(table(shown)),
        BlockKind::Html(html) => Prose::Paragraph(vec![Inline::plain(html.trim())]),
        BlockKind::Rule => Prose::Rule,
        BlockKind::StrayAttributes(_) => return None,
    })
}

/// Whether a fence holds a presenter's private notes, which are no prose.
pub fn is_notes(text: &str, fence: &Fence) -> bool {
    let info = text.get(fence.info.clone()).unwrap_or_default();
    let rest = info.get(info_word(info).len()..).unwrap_or_default();
    let group = attributes::braces(rest).and_then(|group| rest.get(group));
    group.is_some_and(|group| group.split_whitespace().any(|word| word == ".notes"))
}

/// A presenter's private notes in blocks, in order.
pub fn notes(text: &str, blocks: &[Block]) -> Vec<String> {
    let of_block = |block: &Block| match &block.kind {
        BlockKind::Fence(fence) if is_notes(text, fence) => vec![fence.text.clone()],
        BlockKind::Quote(blocks) => notes(text, blocks),
        BlockKind::List { items, .. } => {
            let inner = items.iter().flat_map(|item| notes(text, &item.blocks));
            inner.collect()
        }
        _ => Vec::new(),
    };
    blocks.iter().flat_map(of_block).collect()
}

/// A list as prose.
pub fn list(text: &str, start: Option<u64>, items: &[Item]) -> Prose {
    Prose::List {
        start,
        items: items.iter().map(|item| prose(text, &item.blocks)).collect(),
    }
}

/// A fence that is shown, not run.
pub fn code(text: &str, fence: &Fence) -> Prose {
    let info = text.get(fence.info.clone()).unwrap_or_default();
    Prose::Code {
        language: info_word(info).to_owned(),
        text: fence.text.clone(),
    }
}

/// A table as prose.
pub fn table(table: &Table) -> ProseTable {
    ProseTable {
        head: table.head.clone(),
        rows: table.rows.iter().map(|(cells, _)| cells.clone()).collect(),
    }
}

/// The first word of an info string: what stands before a blank or a brace.
pub fn info_word(info: &str) -> &str {
    info.split(|character: char| character.is_whitespace() || matches!(character, '{' | ','))
        .next()
        .unwrap_or_default()
}
