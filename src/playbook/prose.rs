//! Blocks as prose: what is shown and never runs.

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
        BlockKind::Fence(fence) => code(text, fence),
        BlockKind::Table(shown) => Prose::Table(table(shown)),
        BlockKind::Html(html) => Prose::Paragraph(vec![Inline::plain(html.trim())]),
        BlockKind::Rule => Prose::Rule,
        BlockKind::StrayAttributes(_) => return None,
    })
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
