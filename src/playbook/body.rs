//! Sections of a body: phases, references, live panes; a file with one playbook or with several.

mod finish;

use std::collections::HashMap;
use std::ops::Range;

use super::attributes::Attributes;
use super::builder::{Builder, Place, PlaceKind};
use super::front_matter::{self, Settings, unknown};
use super::ids;
use super::markdown::{Block as Source, BlockKind};
use super::sections::{Section, all_bold, bold_step, forge_slugs, level, sections};
use super::steps::Draft;
use super::{Parsed, headings, plain, prose};
use crate::model::diagnostic::{Diagnostic, SourceText};
use crate::model::ids::PhaseId;
use crate::model::playbook::{Phase, PhaseKind, Reference};
use crate::model::prose::{Prose, plain_text};
use finish::{finish, looked_up};

/// The playbooks of a file whose blocks are read.
pub(super) fn playbooks(
    source: &SourceText,
    settings: &Settings,
    blocks: &[Source],
    diagnostics: Vec<Diagnostic>,
) -> Vec<Parsed> {
    let slugs = forge_slugs(blocks);
    let top = sections(blocks, 2);
    let several: Vec<usize> = top
        .iter()
        .enumerate()
        .filter(|(_, section)| {
            section.level() == 2 && headings::playbook_title(&section.title()).is_some()
        })
        .map(|(at, _)| at)
        .collect();
    let file = File {
        source,
        slugs: &slugs,
        shared: settings,
    };
    if let (2.., Some(first)) = (several.len(), several.first()) {
        let before = top.get(..*first).unwrap_or_default();
        let general: Vec<Section<'_>> = top
            .iter()
            .enumerate()
            .filter(|(at, _)| at > first && !several.contains(at))
            .map(|(_, section)| *section)
            .collect();
        let mut shared = Some(diagnostics);
        return several
            .iter()
            .filter_map(|at| top.get(*at))
            .map(|section| {
                file.one_of_several(
                    before,
                    *section,
                    &general,
                    shared.take().unwrap_or_default(),
                )
            })
            .collect();
    }
    vec![file.single(blocks, diagnostics)]
}

/// What the playbooks of a file have in common.
struct File<'a> {
    source: &'a SourceText,
    slugs: &'a HashMap<usize, String>,
    shared: &'a Settings,
}

impl File<'_> {
    fn single(&self, blocks: &[Source], diagnostics: Vec<Diagnostic>) -> Parsed {
        let settings = self.shared.clone();
        let mut builder = Builder::new(
            &self.source.text,
            settings.native,
            self.slugs,
            settings.inputs.clone(),
        );
        builder.diagnostics = diagnostics;
        builder.reserve(blocks);
        let firsts = blocks
            .iter()
            .filter(|block| level(block) == Some(1))
            .count();
        // A plain runbook with several `#` headings has its phases there.
        let phase_level = if firsts > 1 && !settings.native { 1 } else { 2 };
        let mut book = Book::default();
        let top = sections(blocks, phase_level);
        for (at, section) in top.iter().enumerate() {
            let titled = section.level() == 1 && book.title.is_none();
            if titled {
                book.title = Some(section.title());
                if let Some(severity) = headings::title_severity(&section.title()) {
                    book.severity.push(severity);
                }
            }
            let introduces = section.heading.is_none() || (titled && phase_level == 2);
            if !introduces {
                builder.section(*section, phase_level + 1, &mut book);
                continue;
            }
            let alone = top.len() == at + 1;
            builder.opening(section.blocks, alone, phase_level + 1, &mut book);
        }
        finish(self.source, settings, builder, book, None)
    }

    fn one_of_several(
        &self,
        before: &[Section<'_>],
        section: Section<'_>,
        general: &[Section<'_>],
        mut diagnostics: Vec<Diagnostic>,
    ) -> Parsed {
        let mut settings = self.shared.clone();
        settings.id = None;
        settings.title = None;
        settings.summary = None;
        for block in section.blocks {
            if let BlockKind::Fence(fence) = &block.kind {
                let text = self
                    .source
                    .text
                    .get(fence.text_span.clone())
                    .unwrap_or_default();
                let info = self.source.text.get(fence.info.clone()).unwrap_or_default();
                if info.contains(".playbook") {
                    let lenient = !settings.native;
                    front_matter::read(
                        text,
                        fence.text_span.start,
                        &mut settings,
                        lenient,
                        &mut diagnostics,
                    );
                }
            }
        }
        let mut builder = Builder::new(
            &self.source.text,
            settings.native,
            self.slugs,
            settings.inputs.clone(),
        );
        builder.diagnostics = diagnostics;
        builder.reserve(section.blocks);
        for shared in general {
            builder.reserve(shared.blocks);
        }
        let mut book = Book::default();
        for shared in before {
            if shared.level() > 1
                && let Some((heading, _)) = shared.heading
            {
                book.introduction
                    .push(Prose::Heading(heading.inlines.clone()));
            }
            builder.note_ladder(*shared, &mut book);
            book.notes
                .extend(prose::notes(&self.source.text, shared.blocks));
            let prose = builder.prose(shared.blocks);
            book.introduction.extend(prose);
        }
        let title = section.title();
        book.title = headings::playbook_title(&title).map(str::to_owned);
        for part in sections(section.blocks, 3) {
            if part.heading.is_some() {
                builder.section(part, 4, &mut book);
            } else {
                builder.opening(part.blocks, false, 4, &mut book);
            }
        }
        for shared in general {
            let title = shared.title();
            let title = title
                .strip_prefix("General:")
                .unwrap_or(&title)
                .trim()
                .to_owned();
            builder.reference(title, *shared, &mut book);
        }
        let id = book
            .title
            .as_deref()
            .map(|title| ids::kebab(title, "playbook"));
        finish(self.source, settings, builder, book, id)
    }
}

/// What the sections of one playbook gave.
#[derive(Default)]
struct Book {
    title: Option<String>,
    severity: Vec<String>,
    ladder: Vec<crate::model::playbook::Severity>,
    introduction: Vec<Prose>,
    notes: Vec<String>,
    phases: Vec<Phase>,
    references: Vec<Reference>,
}

impl Builder<'_> {
    /// What stands before the first phase: the introduction, unless there is something to do in it.
    fn opening(&mut self, blocks: &[Source], alone: bool, step_level: u8, book: &mut Book) {
        self.note_severity(blocks, book);
        let numbered = alone
            && !self.native
            && blocks
                .iter()
                .any(|block| matches!(block.kind, BlockKind::List { start: Some(_), .. }));
        let steps = blocks
            .iter()
            .any(|block| level(block).is_some_and(|level| level <= step_level));
        if !(self.works(blocks) || numbered || steps) {
            book.notes.extend(prose::notes(self.source, blocks));
            let prose = self.opening_prose(blocks);
            book.introduction.extend(prose);
            return;
        }
        let first = blocks
            .iter()
            .position(|block| level(block).is_some() || self.works(std::slice::from_ref(block)));
        let lead = blocks.get(..first.unwrap_or(0)).unwrap_or_default();
        // The paragraph above a fence is the fence's description; only what stands before it introduces.
        let kept = if lead
            .last()
            .is_some_and(|block| matches!(block.kind, BlockKind::Paragraph(_)))
        {
            lead.len() - 1
        } else {
            lead.len()
        };
        let (introduction, rest) = blocks.split_at(kept.min(blocks.len()));
        book.notes.extend(prose::notes(self.source, introduction));
        let prose = self.opening_prose(introduction);
        book.introduction.extend(prose);
        let title = book.title.clone().unwrap_or_else(|| "Runbook".to_owned());
        let span = rest
            .first()
            .map_or(0..0, |block| block.span.start..block.span.start);
        let slug = ids::slug(&title);
        self.phase(
            &title,
            slug,
            &Attributes::default(),
            rest,
            &span,
            step_level,
            book,
        );
    }

    fn opening_prose(&mut self, blocks: &[Source]) -> Vec<Prose> {
        let shown: Vec<Source> = blocks
            .iter()
            .filter(|block| !self.is_settings(block))
            .cloned()
            .collect();
        self.prose(&shown)
    }

    fn is_settings(&self, block: &Source) -> bool {
        matches!(&block.kind, BlockKind::Fence(fence) if self.text(&fence.info).contains(".playbook"))
    }

    /// A section with a heading: live panes, something to look up, or a phase.
    fn section(&mut self, section: Section<'_>, step_level: u8, book: &mut Book) {
        let Some((heading, span)) = section.heading else {
            return;
        };
        let title = section.title();
        let attributes = self.heading_attributes(heading.attributes.as_ref());
        let named = attributes.get("phase").map(|phase| phase.text.clone());
        if named.as_deref() == Some("watch") || (named.is_none() && headings::is_watch(&title)) {
            self.watch_section(title, section, book);
            return;
        }
        self.note_severity(section.blocks, book);
        if named.is_none() && headings::is_reference(&title) {
            self.note_ladder(section, book);
            self.reference(title, section, book);
            return;
        }
        let slug = self.slug(span);
        self.phase(
            &title,
            slug,
            &attributes,
            section.blocks,
            &span.clone(),
            step_level,
            book,
        );
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "a phase is made from a heading or without one; a struct for two callers says no more"
    )]
    fn phase(
        &mut self,
        title: &str,
        slug: String,
        attributes: &Attributes,
        blocks: &[Source],
        span: &Range<usize>,
        step_level: u8,
        book: &mut Book,
    ) {
        let shown = headings::step_title(title).to_owned();
        let id = match attributes.id.as_ref().filter(|id| ids::is_id(&id.text)) {
            Some(id) => id.text.clone(),
            None => self.phase_ids.unique(&ids::kebab(&shown, "phase")),
        };
        let kind = self.kind(attributes, &shown);
        let phase_slug = slug.clone();
        let parts = sections(blocks, step_level);
        let mut introduction = Vec::new();
        let mut drafts: Vec<Draft> = Vec::new();
        for part in parts {
            let mut draft = match part.heading {
                Some((heading, span)) => {
                    let title = part.title();
                    Draft {
                        title: headings::step_title(&title).to_owned(),
                        slug: self.slug(span),
                        attributes: self.heading_attributes(heading.attributes.as_ref()),
                        blocks: Vec::new(),
                        span: span.clone(),
                    }
                }
                None => Draft {
                    title: shown.clone(),
                    slug: slug.clone(),
                    attributes: Attributes::default(),
                    blocks: Vec::new(),
                    span: span.clone(),
                },
            };
            let mut items = Vec::new();
            for block in part.blocks {
                match &block.kind {
                    BlockKind::List {
                        start: Some(_),
                        items: list,
                    } if !self.native && all_bold(list) => {
                        items.extend(list.iter().filter_map(bold_step));
                    }
                    _ => match items.last_mut() {
                        Some(Draft { blocks, .. }) => blocks.push(block.clone()),
                        None => draft.blocks.push(block.clone()),
                    },
                }
            }
            let lead = part.heading.is_none();
            if lead && !draft.blocks.is_empty() && !items.is_empty() && !self.works(&draft.blocks) {
                introduction.append(&mut draft.blocks);
            }
            if part.heading.is_some() || !draft.blocks.is_empty() {
                drafts.push(draft);
            }
            drafts.append(&mut items);
        }
        let leads = drafts.len() > 1
            && drafts
                .first()
                .is_some_and(|first| first.span == *span && !self.works(&first.blocks));
        if leads {
            introduction.append(&mut drafts.remove(0).blocks);
        }
        if drafts.is_empty() {
            drafts.push(Draft {
                title: shown.clone(),
                slug,
                attributes: Attributes::default(),
                blocks: Vec::new(),
                span: span.clone(),
            });
        }
        self.inherit(&id, attributes, span, &mut drafts);
        let notes = prose::notes(self.source, &introduction);
        let introduction = self.prose(&introduction);
        let steps = drafts.into_iter().map(|draft| self.step(draft)).collect();
        book.phases.push(Phase {
            id: PhaseId::new(id),
            slug: phase_slug,
            title: shown,
            kind,
            introduction,
            notes,
            steps,
            when: attributes.get("when").map(|when| when.text.clone()),
            requires: Self::list(attributes.get("requires")),
            span: span.clone(),
        });
    }

    /// A phase's attributes that belong to steps: to its only step when it has no headings of its own, `role` and
    /// `.optional` to all.
    fn inherit(
        &mut self,
        id: &str,
        attributes: &Attributes,
        span: &Range<usize>,
        drafts: &mut [Draft],
    ) {
        let own = drafts.first().is_some_and(|first| first.span == *span);
        if let ([only], true) = (&mut *drafts, own) {
            only.attributes.id.clone_from(&attributes.id);
            only.attributes.classes.clone_from(&attributes.classes);
            only.attributes.pairs = attributes
                .pairs
                .iter()
                .filter(|pair| !matches!(pair.key.text.as_str(), "when" | "requires" | "phase"))
                .cloned()
                .collect();
            if attributes.id.is_none() {
                self.step_ids.claim(id);
                only.attributes.id = Some(super::attributes::Spanned {
                    text: id.to_owned(),
                    span: span.clone(),
                });
            }
            return;
        }
        for draft in drafts {
            if draft.attributes.get("role").is_none() {
                let role = attributes.pairs.iter().find(|pair| pair.key.text == "role");
                draft.attributes.pairs.extend(role.cloned());
            }
            if attributes.has("optional") && !draft.attributes.has("optional") {
                let class = attributes
                    .classes
                    .iter()
                    .find(|class| class.text == "optional");
                draft.attributes.classes.extend(class.cloned());
            }
        }
        let misplaced = attributes
            .pairs
            .iter()
            .map(|pair| &pair.key)
            .chain(&attributes.classes);
        for name in
            misplaced.filter(|name| matches!(name.text.as_str(), "over" | "decision" | "many"))
        {
            let message = format!(
                "{} goes with a step, found a phase with steps below it",
                name.text
            );
            self.error("misplaced-attribute", &name.span, message);
        }
    }

    fn kind(&mut self, attributes: &Attributes, title: &str) -> PhaseKind {
        let Some(named) = attributes.get("phase") else {
            return headings::phase_kind(title);
        };
        if let Some((_, kind)) = headings::PHASES
            .iter()
            .find(|(word, _)| *word == named.text)
        {
            return *kind;
        }
        let words = headings::PHASES
            .iter()
            .map(|(word, _)| *word)
            .chain(["watch"]);
        self.push(unknown(
            "bad-value",
            "a phase",
            &named.text,
            named.span.clone(),
            words,
        ));
        PhaseKind::Other
    }

    fn reference(&mut self, title: String, section: Section<'_>, book: &mut Book) {
        let place = Place {
            id: ids::kebab(&title, "reference"),
            title: title.clone(),
            kind: PlaceKind::Reference,
        };
        let body = self.body(section.blocks, &place);
        book.references.push(looked_up(title, body));
    }

    fn watch_section(&mut self, title: String, section: Section<'_>, book: &mut Book) {
        let place = Place {
            id: "watch".to_owned(),
            title: title.clone(),
            kind: PlaceKind::Watch,
        };
        let body = self.body(section.blocks, &place);
        let shown = looked_up(title, body);
        if !shown.body.is_empty() {
            book.references.push(shown);
        }
    }

    /// `**Severity:** P1` in a plain runbook.
    fn note_severity(&mut self, blocks: &[Source], book: &mut Book) {
        if self.native || !book.severity.is_empty() || !book.phases.is_empty() {
            return;
        }
        for block in blocks {
            if let BlockKind::Paragraph(inlines) = &block.kind {
                book.severity = headings::severity_line(&plain_text(inlines));
            }
            if !book.severity.is_empty() || level(block).is_some() {
                return;
            }
        }
    }

    /// The table of a plain runbook's section `Severity Levels`.
    fn note_ladder(&mut self, section: Section<'_>, book: &mut Book) {
        if self.native
            || !book.ladder.is_empty()
            || !section.title().to_lowercase().starts_with("severit")
        {
            return;
        }
        for block in section.blocks {
            if let BlockKind::Table(table) = &block.kind {
                book.ladder = plain::ladder(table);
                return;
            }
        }
    }
}

/// The file's name without folders and its last extension.
pub(super) fn file_stem(path: &str) -> &str {
    let name = path.rsplit(['/', '\\', ':']).next().unwrap_or(path);
    match name.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem,
        _ => name,
    }
}
