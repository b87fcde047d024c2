//! Blocks cut at headings, and numbered lists whose bold items are steps.

use std::collections::HashMap;
use std::ops::Range;

use super::attributes::Attributes;
use super::ids::{self, Names};
use super::markdown::{Block as Source, BlockKind, Heading};
use super::steps::{Draft, tasks};
use crate::model::prose::plain_text;

/// A heading with what stands below it, up to the next heading of its level or above.
#[derive(Clone, Copy)]
pub(super) struct Section<'b> {
    /// The heading; what stands before the first has none.
    pub heading: Option<(&'b Heading, &'b Range<usize>)>,
    /// What stands below.
    pub blocks: &'b [Source],
}

impl Section<'_> {
    /// The heading's text.
    pub(super) fn title(&self) -> String {
        self.heading
            .map(|(heading, _)| plain_text(&heading.inlines).trim().to_owned())
            .unwrap_or_default()
    }

    /// The heading's level, 0 without one.
    pub(super) fn level(&self) -> u8 {
        self.heading.map_or(0, |(heading, _)| heading.level)
    }
}

/// Splits blocks at headings of a level or above.
pub(super) fn sections(blocks: &[Source], level: u8) -> Vec<Section<'_>> {
    let mut found = Vec::new();
    let mut heading = None;
    let mut start = 0;
    for (at, block) in blocks.iter().enumerate() {
        if let BlockKind::Heading(next) = &block.kind
            && next.level <= level
        {
            if heading.is_some() || at > start {
                found.push(Section {
                    heading,
                    blocks: blocks.get(start..at).unwrap_or_default(),
                });
            }
            heading = Some((next, &block.span));
            start = at + 1;
        }
    }
    if heading.is_some() || blocks.len() > start {
        found.push(Section {
            heading,
            blocks: blocks.get(start..).unwrap_or_default(),
        });
    }
    found
}

/// The level of a heading.
pub(super) fn level(block: &Source) -> Option<u8> {
    match &block.kind {
        BlockKind::Heading(heading) => Some(heading.level),
        _ => None,
    }
}

/// Forge slugs of all headings by their first byte; repetitions count through the whole file.
pub(super) fn forge_slugs(blocks: &[Source]) -> HashMap<usize, String> {
    let mut names = Names::default();
    blocks
        .iter()
        .filter_map(|block| match &block.kind {
            BlockKind::Heading(heading) => {
                let slug = names.unique_as_forge(&ids::slug(&plain_text(&heading.inlines)));
                Some((block.span.start, slug))
            }
            _ => None,
        })
        .collect()
}

/// Whether a numbered list names a step in bold at the head of each item.
pub(super) fn all_bold(items: &[super::markdown::Item]) -> bool {
    items.len() > 1
        && !tasks(items)
        && items.iter().all(|item| {
            matches!(item.blocks.first().map(|block| &block.kind),
                Some(BlockKind::Paragraph(inlines)) if inlines.first().is_some_and(|first| first.strong))
        })
}

/// A step out of an item: its bold words are the title, the rest is the body.
pub(super) fn bold_step(item: &super::markdown::Item) -> Option<Draft> {
    let (first, rest) = item.blocks.split_first()?;
    let BlockKind::Paragraph(inlines) = &first.kind else {
        return None;
    };
    let bold = inlines.iter().take_while(|inline| inline.strong).count();
    let (title, words) = inlines.split_at(bold);
    let title = plain_text(title)
        .trim()
        .trim_end_matches([':', '.'])
        .to_owned();
    let mut blocks = Vec::new();
    let said = plain_text(words);
    if !said
        .trim_matches([' ', ':', '.', '-', '\u{2013}', '\u{2014}'])
        .is_empty()
    {
        let mut words = words.to_vec();
        if let Some(first) = words.first_mut() {
            first.text = first
                .text
                .trim_start_matches([' ', ':', '-', '\u{2013}', '\u{2014}'])
                .to_owned();
        }
        blocks.push(Source {
            kind: BlockKind::Paragraph(words),
            span: first.span.clone(),
        });
    }
    blocks.extend(rest.iter().cloned());
    Some(Draft {
        slug: ids::slug(&title),
        title,
        attributes: Attributes::default(),
        blocks,
        span: item.span.start..first.span.end,
    })
}
