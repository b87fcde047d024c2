//! Steps: what stands below a heading as prose, checks, actions and a decision.

use std::ops::Range;

use super::attributes::Attributes;
use super::builder::{Builder, Place, PlaceKind};
use super::markdown::{Block as Source, BlockKind, Item};
use super::{headings, ids, languages, prose};
use crate::model::ids::{ActionId, CheckId, RoleId, StepId};
use crate::model::playbook::{Block, Check, Step};
use crate::model::prose::{Prose, plain_text};

/// A step before its body is read.
pub(super) struct Draft {
    /// The heading without `Step 3:`.
    pub title: String,
    /// The heading's forge slug.
    pub slug: String,
    /// Its attributes.
    pub attributes: Attributes,
    /// What stands below it.
    pub blocks: Vec<Source>,
    /// Where the heading stands.
    pub span: Range<usize>,
}

impl Builder<'_> {
    pub(super) fn step(&mut self, mut draft: Draft) -> Step {
        let attributes = &draft.attributes;
        let id = match attributes.id.as_ref().filter(|id| ids::is_id(&id.text)) {
            Some(id) => id.text.clone(),
            None => self.step_ids.unique(&ids::kebab(&draft.title, "step")),
        };
        let mut decision = None;
        if attributes.has("decision") {
            let table = draft
                .blocks
                .iter()
                .position(|block| matches!(block.kind, BlockKind::Table(_)));
            match table.map(|at| draft.blocks.remove(at)) {
                Some(Source {
                    kind: BlockKind::Table(table),
                    span,
                }) => decision = Some(self.decision(attributes, &table, &span)),
                _ => self.error(
                    "empty-decision",
                    &draft.span,
                    "expected a table of choices below a heading with .decision, found none",
                ),
            }
        } else {
            for (misplaced, span) in [
                attributes.get("over").map(|value| ("over", &value.span)),
                attributes
                    .classes
                    .iter()
                    .find(|class| class.text == "many")
                    .map(|class| (".many", &class.span)),
            ]
            .into_iter()
            .flatten()
            {
                self.error(
                    "misplaced-attribute",
                    span,
                    format!("{misplaced} goes with .decision"),
                );
            }
        }
        let place = Place {
            id: id.clone(),
            title: draft.title.clone(),
            kind: PlaceKind::Step,
        };
        let timebox = self.duration(attributes.get("timebox"));
        let body = self.body(&draft.blocks, &place);
        Step {
            id: StepId::new(id),
            slug: draft.slug,
            title: draft.title,
            role: draft
                .attributes
                .get("role")
                .map(|role| RoleId::new(&role.text)),
            when: draft.attributes.get("when").map(|when| when.text.clone()),
            timebox,
            requires: Self::list(draft.attributes.get("requires")),
            optional: draft.attributes.has("optional"),
            decision,
            body,
            span: draft.span,
        }
    }

    /// The body of a section.
    pub(super) fn body(&mut self, blocks: &[Source], place: &Place) -> Vec<Block> {
        let mut body = Vec::new();
        let mut place = place.clone();
        for block in blocks {
            match &block.kind {
                BlockKind::Heading(heading) => {
                    let title = plain_text(&heading.inlines);
                    title.clone_into(&mut place.title);
                    if place.kind != PlaceKind::Step {
                        place.id = ids::kebab(&title, &place.id);
                    }
                    if heading.attributes.is_some() {
                        self.heading_attributes(heading.attributes.as_ref());
                    }
                    body.push(Block::Prose(Prose::Heading(heading.inlines.clone())));
                }
                BlockKind::List { start, items } => {
                    self.list_body(*start, items, &place, &mut body);
                }
                BlockKind::Fence(fence) => self.fence(fence, &place, &mut body),
                BlockKind::StrayAttributes(_) => self.stray(block),
                BlockKind::Paragraph(_)
                | BlockKind::Quote(_)
                | BlockKind::Table(_)
                | BlockKind::Html(_)
                | BlockKind::Rule => body.extend(prose::one(self.source, block).map(Block::Prose)),
            }
        }
        body
    }

    fn list_body(
        &mut self,
        start: Option<u64>,
        items: &[Item],
        place: &Place,
        body: &mut Vec<Block>,
    ) {
        let checks = place.kind == PlaceKind::Step;
        let numbered = checks && !self.native && start.is_some();
        let mut shown = Shown::default();
        for (item, index) in items.iter().zip(0_u64..) {
            let number = start.map(|start| start.saturating_add(index));
            if checks && (item.task.is_some() || numbered) {
                shown.flush(body);
                self.check(item, place, body);
            } else if self.runs(&item.blocks) {
                shown.flush(body);
                let mut inner = self.body(&item.blocks, place);
                // The item's own words stay a list item; the actions in it become actions of the step.
                let words = inner
                    .iter()
                    .take_while(|block| matches!(block, Block::Prose(_)))
                    .count();
                let words: Vec<Prose> = inner
                    .drain(..words)
                    .filter_map(|block| match block {
                        Block::Prose(prose) => Some(prose),
                        _ => None,
                    })
                    .collect();
                if !words.is_empty() {
                    shown.push(number, words);
                    shown.flush(body);
                }
                body.append(&mut inner);
            } else {
                shown.push(number, prose::prose(self.source, &item.blocks));
            }
        }
        shown.flush(body);
    }

    fn check(&mut self, item: &Item, place: &Place, body: &mut Vec<Block>) {
        let attributes = self.check_attributes(item);
        let (text, rest) = match item.blocks.split_first() {
            Some((
                Source {
                    kind: BlockKind::Paragraph(inlines),
                    ..
                },
                rest,
            )) => (plain_text(inlines), rest),
            _ => (String::new(), item.blocks.as_slice()),
        };
        let text = text.trim().to_owned();
        if !text.is_empty() {
            let id = match attributes.id.as_ref().filter(|id| ids::is_id(&id.text)) {
                Some(id) => id.text.clone(),
                None => self.check_ids.unique(&ids::kebab(&text, &place.id)),
            };
            body.push(Block::Check(Check {
                id: CheckId::new(id),
                text,
                optional: attributes.has("optional"),
                by: attributes.get("by").map(|by| ActionId::new(&by.text)),
                span: item.span.clone(),
            }));
        }
        let nested = Place {
            title: body
                .last()
                .and_then(|block| match block {
                    Block::Check(check) => {
                        Some(headings::step_title(check.text.trim_end_matches(':')).to_owned())
                    }
                    _ => None,
                })
                .unwrap_or_else(|| place.title.clone()),
            ..place.clone()
        };
        for block in rest {
            match &block.kind {
                // Lists below a check explain it, unless they hold something that runs or is ticked.
                BlockKind::List { start, items }
                    if !self.runs(std::slice::from_ref(block)) && !tasks(items) =>
                {
                    body.push(Block::Prose(prose::list(self.source, *start, items)));
                }
                _ => {
                    let mut inner = self.body(std::slice::from_ref(block), &nested);
                    body.append(&mut inner);
                }
            }
        }
    }

    /// Whether anything in these blocks runs when its key is pressed.
    pub(super) fn runs(&self, blocks: &[Source]) -> bool {
        blocks.iter().any(|block| match &block.kind {
            BlockKind::Fence(fence) => {
                let word = prose::info_word(self.text(&fence.info));
                languages::of_word(word, self.native).is_some()
                    && !prose::is_notes(self.source, fence)
            }
            BlockKind::List { items, .. } => items.iter().any(|item| self.runs(&item.blocks)),
            _ => false,
        })
    }

    /// Whether anything in these blocks is done rather than read.
    pub(super) fn works(&self, blocks: &[Source]) -> bool {
        self.runs(blocks)
            || blocks
                .iter()
                .any(|block| matches!(&block.kind, BlockKind::List { items, .. } if tasks(items)))
    }
}

/// Whether a list has a task.
pub(super) fn tasks(items: &[Item]) -> bool {
    items.iter().any(|item| {
        item.task.is_some()
            || item
                .blocks
                .iter()
                .any(|block| matches!(&block.kind, BlockKind::List { items, .. } if tasks(items)))
    })
}

/// A run of list items that are only shown.
#[derive(Default)]
struct Shown {
    start: Option<u64>,
    items: Vec<Vec<Prose>>,
}

impl Shown {
    fn push(&mut self, number: Option<u64>, item: Vec<Prose>) {
        if self.items.is_empty() {
            self.start = number;
        }
        self.items.push(item);
    }

    fn flush(&mut self, body: &mut Vec<Block>) {
        if !self.items.is_empty() {
            body.push(Block::Prose(Prose::List {
                start: self.start,
                items: std::mem::take(&mut self.items),
            }));
        }
    }
}
