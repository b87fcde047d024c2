//! One playbook in the making: its ids, its findings, and what the sections found so far.
//!
//! The submodules of `playbook` add to it; nothing outside sees it.

use std::collections::HashMap;
use std::ops::Range;

use indexmap::IndexMap;

use super::attributes::{self, Attributes, Spanned};
use super::front_matter::unknown;
use super::ids::{self, Names};
use super::markdown::{Block, BlockKind, Item};
use super::prose;
use crate::model::diagnostic::Diagnostic;
use crate::model::duration;
use crate::model::ids::{ActionId, InputId};
use crate::model::input::Input;
use crate::model::limits;
use crate::model::playbook::Action;

/// State of one playbook while its sections are read.
pub(super) struct Builder<'a> {
    /// The whole file.
    pub source: &'a str,
    /// False for a plain runbook.
    pub native: bool,
    /// Forge slugs of the whole file by the heading's first byte.
    pub slugs: &'a HashMap<usize, String>,
    /// What is wrong so far.
    pub diagnostics: Vec<Diagnostic>,
    /// Inputs declared, and those that placeholders became.
    pub inputs: IndexMap<InputId, Input>,
    /// Actions so far.
    pub actions: IndexMap<ActionId, Action>,
    /// Live panes so far.
    pub watch: Vec<ActionId>,
    /// Ids of phases.
    pub phase_ids: Names,
    /// Ids of steps.
    pub step_ids: Names,
    /// Ids of actions.
    pub action_ids: Names,
    /// Ids of checks.
    pub check_ids: Names,
    /// Ids written by hand and what they name.
    explicit: HashMap<String, &'static str>,
}

/// Where a fence or list stands.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// Ids of actions without one are made from this.
    pub id: String,
    /// Titles of actions without a description.
    pub title: String,
    /// What kind of section it is.
    pub kind: PlaceKind,
}

/// Kinds of sections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PlaceKind {
    /// A step.
    Step,
    /// A section that is looked up: lists stay lists.
    Reference,
    /// The section of live panes.
    Watch,
}

/// Attributes of headings.
const HEADING_KEYS: [&str; 6] = ["role", "phase", "when", "timebox", "over", "requires"];
const HEADING_CLASSES: [&str; 3] = ["decision", "many", "optional"];
/// Attributes of checks.
const CHECK_KEYS: [&str; 1] = ["by"];
const CHECK_CLASSES: [&str; 1] = ["optional"];

impl<'a> Builder<'a> {
    pub(super) fn new(
        source: &'a str,
        native: bool,
        slugs: &'a HashMap<usize, String>,
        inputs: IndexMap<InputId, Input>,
    ) -> Self {
        Self {
            source,
            native,
            slugs,
            diagnostics: Vec::new(),
            inputs,
            actions: IndexMap::new(),
            watch: Vec::new(),
            phase_ids: Names::default(),
            step_ids: Names::default(),
            action_ids: Names::default(),
            check_ids: Names::default(),
            explicit: HashMap::new(),
        }
    }

    /// Takes every id written by hand before any is derived, so that a heading's slug never takes an id from below.
    pub(super) fn reserve(&mut self, blocks: &[Block]) {
        for block in blocks {
            match &block.kind {
                BlockKind::Heading(heading) => {
                    self.reserve_id(heading.attributes.as_ref(), "step");
                }
                BlockKind::List { items, .. } => {
                    for item in items {
                        if item.task.is_some() {
                            self.reserve_id(item.attributes.as_ref(), "check");
                        }
                        self.reserve(&item.blocks);
                    }
                }
                BlockKind::Fence(fence) => {
                    let info = self.text(&fence.info);
                    let inside = info
                        .find('{')
                        .and_then(|at| Some((at, attributes::braces(info.get(at..)?)?)))
                        .map(|(at, group)| {
                            let start = fence.info.start + at;
                            start + group.start..start + group.end
                        });
                    self.reserve_id(inside.as_ref(), "action");
                }
                _ => {}
            }
        }
    }

    fn reserve_id(&mut self, span: Option<&Range<usize>>, kind: &'static str) {
        let Some(span) = span.filter(|span| self.text(span).contains('#')) else {
            return;
        };
        let mut ignored = Vec::new();
        let Some(id) = attributes::parse(self.text(span), span.start, &mut ignored).id else {
            return;
        };
        if !ids::is_id(&id.text) {
            self.error(
                "bad-id",
                &id.span,
                format!(
                    "expected an id of letters, digits and hyphens, found {}",
                    id.text
                ),
            );
            return;
        }
        // A check may share the id of a step or action: nothing but `met` in the record names checks.
        let key = if kind == "check" {
            format!("check {}", id.text)
        } else {
            id.text.clone()
        };
        if let Some(other) = self.explicit.get(&key) {
            let message = format!("the id {} names a {other} already", id.text);
            self.error("duplicate-id", &id.span, message);
        } else {
            self.explicit.insert(key, kind);
        }
        match kind {
            "step" => {
                self.phase_ids.claim(&id.text);
                self.step_ids.claim(&id.text);
            }
            "check" => {
                self.check_ids.claim(&id.text);
            }
            _ => {
                self.action_ids.claim(&id.text);
            }
        }
    }

    pub(super) fn text(&self, span: &Range<usize>) -> &'a str {
        self.source.get(span.clone()).unwrap_or_default()
    }

    pub(super) fn error(
        &mut self,
        code: &'static str,
        span: &Range<usize>,
        message: impl Into<String>,
    ) {
        self.push(Diagnostic::error(code, span.clone(), message));
    }

    /// Adds a finding; a plain runbook was not written for this format, so it has none from its attributes.
    pub(super) fn push(&mut self, finding: Diagnostic) {
        if self.native && self.diagnostics.len() < limits::DIAGNOSTICS {
            self.diagnostics.push(finding);
        }
    }

    /// Attributes between braces at a place of the file.
    pub(super) fn attributes(&mut self, span: Option<&Range<usize>>) -> Attributes {
        let Some(span) = span else {
            return Attributes::default();
        };
        let mut findings = Vec::new();
        let read = attributes::parse(self.text(span), span.start, &mut findings);
        for finding in findings {
            self.push(finding);
        }
        read
    }

    pub(super) fn heading_attributes(&mut self, span: Option<&Range<usize>>) -> Attributes {
        let read = self.attributes(span);
        self.known(&read, "a heading", &HEADING_KEYS, &HEADING_CLASSES);
        read
    }

    pub(super) fn check_attributes(&mut self, item: &Item) -> Attributes {
        let read = self.attributes(item.attributes.as_ref());
        self.known(&read, "a check", &CHECK_KEYS, &CHECK_CLASSES);
        read
    }

    /// Reports keys and classes that have no meaning at this place.
    pub(super) fn known(
        &mut self,
        read: &Attributes,
        place: &str,
        keys: &[&str],
        classes: &[&str],
    ) {
        for pair in &read.pairs {
            if !keys.contains(&pair.key.text.as_str()) {
                self.push(unknown(
                    "unknown-attribute",
                    &format!("an attribute of {place}"),
                    &pair.key.text,
                    pair.key.span.clone(),
                    keys.iter().copied(),
                ));
            }
        }
        for class in &read.classes {
            if !classes.contains(&class.text.as_str()) {
                self.push(unknown(
                    "unknown-class",
                    &format!("a class of {place}"),
                    &format!(".{}", class.text),
                    class.span.clone(),
                    classes.iter().copied(),
                ));
            }
        }
    }

    pub(super) fn duration(&mut self, value: Option<&Spanned>) -> Option<std::time::Duration> {
        let value = value?;
        let read = duration::parse(&value.text);
        if read.is_none() {
            let message = format!(
                "expected a duration such as 30s, 15m or 24h, found {}",
                value.text
            );
            self.error("bad-duration", &value.span, message);
        }
        read
    }

    /// A list of ids, separated by blanks or commas.
    pub(super) fn list(value: Option<&Spanned>) -> Vec<String> {
        value
            .map(|value| {
                value
                    .text
                    .split([' ', ',', '\t'])
                    .filter(|part| !part.is_empty())
                    .map(str::to_owned)
                    .collect()
            })
            .unwrap_or_default()
    }

    pub(super) fn slug(&self, span: &Range<usize>) -> String {
        self.slugs.get(&span.start).cloned().unwrap_or_default()
    }

    /// Blocks as prose; attribute comments without an owner are reported.
    pub(super) fn prose(&mut self, blocks: &[Block]) -> Vec<crate::model::prose::Prose> {
        for block in blocks {
            self.stray(block);
        }
        prose::prose(self.source, blocks)
    }

    pub(super) fn stray(&mut self, block: &Block) {
        if let BlockKind::StrayAttributes(span) = &block.kind {
            self.push(
                Diagnostic::error(
                    "stray-attributes",
                    span.clone(),
                    "expected a heading or a list item on the line above these attributes",
                )
                .with_help("the attributes of a fence stand behind its language"),
            );
        }
    }
}
