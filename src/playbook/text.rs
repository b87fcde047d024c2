//! `.txt` runbooks, read verbatim: numbered lines and short lines without a final stop are headings, nothing else is
//! markup. Text that lost its fences stays prose, so there are no actions here.

use std::ops::Range;

use super::body::file_stem;
use super::ids::{self, Names};
use super::{Parsed, headings};
use crate::model::diagnostic::SourceText;
use crate::model::ids::{PhaseId, PlaybookId, StepId};
use crate::model::playbook::{Block, Phase, PhaseKind, Playbook, Reference, Step};
use crate::model::prose::{Inline, Prose};

/// Longest line that may be a heading.
const HEADING_CHARS: usize = 60;
const HEADING_WORDS: usize = 9;
/// Titles of whole collections, which name no runbook.
const COLLECTIONS: [&str; 6] = [
    "runbook",
    "runbooks",
    "playbook",
    "playbooks",
    "docs",
    "wiki",
];

/// Reads a text from byte `from`.
pub(super) fn parse(source: &SourceText, from: usize) -> Parsed {
    let mut reader = Reader::default();
    let mut at = from;
    for line in source
        .text
        .get(from..)
        .unwrap_or_default()
        .split_inclusive('\n')
    {
        reader.line(line.trim_end(), at..at + line.trim_end().len());
        at += line.len();
    }
    reader.end_prose();
    let stem = file_stem(&source.path);
    let Reader {
        title,
        severity,
        introduction,
        phases,
        references,
        ..
    } = reader;
    Parsed {
        playbook: Playbook {
            id: PlaybookId::new(ids::kebab(stem, "playbook")),
            title: title.unwrap_or_else(|| stem.to_owned()),
            summary: String::new(),
            native: false,
            source: source.clone(),
            severity,
            ladder: Vec::new(),
            owner: None,
            reviewed: None,
            alerts: Vec::new(),
            roles: indexmap::IndexMap::new(),
            inputs: indexmap::IndexMap::new(),
            clocks: indexmap::IndexMap::new(),
            evidence: indexmap::IndexMap::new(),
            introduction,
            notes: Vec::new(),
            phases,
            references,
            actions: indexmap::IndexMap::new(),
            watch: Vec::new(),
        },
        diagnostics: Vec::new(),
    }
}

#[derive(Default)]
struct Reader {
    title: Option<String>,
    severity: Vec<String>,
    introduction: Vec<Prose>,
    phases: Vec<Phase>,
    references: Vec<Reference>,
    /// The section open now is one to look up.
    in_reference: bool,
    paragraph: String,
    slugs: Names,
    phase_ids: Names,
    step_ids: Names,
}

impl Reader {
    fn line(&mut self, line: &str, span: Range<usize>) {
        let trimmed = line.trim();
        if trimmed.is_empty() {
            self.end_prose();
            return;
        }
        if self.phases.is_empty() && self.severity.is_empty() {
            self.severity = headings::severity_line(trimmed);
            if let (true, Some(severity)) =
                (self.severity.is_empty(), headings::title_severity(trimmed))
            {
                self.severity.push(severity);
            }
        }
        let numbered = is_numbered(trimmed);
        if !numbered && !is_heading(trimmed) {
            if !self.paragraph.is_empty() {
                self.paragraph.push('\n');
            }
            self.paragraph.push_str(line);
            return;
        }
        self.end_prose();
        if self.title.is_none() && !numbered && self.phases.is_empty() {
            let title = headings::playbook_title(trimmed).unwrap_or(trimmed);
            if !COLLECTIONS.contains(&trimmed.to_lowercase().as_str()) {
                self.title = Some(title.to_owned());
            }
            return;
        }
        // A page's title often stands twice: in its list of contents and above its text.
        let repeats = self
            .title
            .as_ref()
            .is_some_and(|title| trimmed.starts_with(title.as_str()));
        let kind = if repeats {
            PhaseKind::Other
        } else {
            headings::phase_kind(trimmed)
        };
        if !numbered && headings::is_reference(trimmed) {
            self.in_reference = true;
            self.references.push(Reference {
                title: trimmed.to_owned(),
                body: Vec::new(),
                actions: Vec::new(),
            });
        } else if !numbered && kind != PhaseKind::Other {
            self.in_reference = false;
            let slug = self.slugs.unique_as_forge(&ids::slug(trimmed));
            let id = self.phase_ids.unique(&ids::kebab(trimmed, "phase"));
            let step = self.new_step(trimmed, slug.clone(), span.clone());
            self.phases.push(Phase {
                id: PhaseId::new(id),
                slug,
                title: trimmed.to_owned(),
                kind,
                introduction: Vec::new(),
                notes: Vec::new(),
                steps: vec![step],
                when: None,
                requires: Vec::new(),
                span,
            });
        } else if let (Some(_), false) = (self.phases.last(), self.in_reference) {
            let slug = self.slugs.unique_as_forge(&ids::slug(trimmed));
            let step = self.new_step(headings::step_title(trimmed), slug, span);
            if let Some(phase) = self.phases.last_mut() {
                // The step that a phase began with becomes its introduction once it has headings of its own.
                if phase
                    .steps
                    .first()
                    .is_some_and(|first| first.span == phase.span)
                {
                    for block in phase.steps.remove(0).body {
                        if let Block::Prose(prose) = block {
                            phase.introduction.push(prose);
                        }
                    }
                }
                phase.steps.push(step);
            }
        } else {
            self.prose(Prose::Heading(vec![Inline::plain(trimmed)]));
        }
    }

    fn new_step(&mut self, title: &str, slug: String, span: Range<usize>) -> Step {
        Step {
            id: StepId::new(self.step_ids.unique(&ids::kebab(title, "step"))),
            slug,
            title: title.to_owned(),
            role: None,
            when: None,
            timebox: None,
            requires: Vec::new(),
            optional: false,
            decision: None,
            body: Vec::new(),
            span,
        }
    }

    fn end_prose(&mut self) {
        if !self.paragraph.is_empty() {
            let text = std::mem::take(&mut self.paragraph);
            self.prose(Prose::Paragraph(vec![Inline::plain(text)]));
        }
    }

    fn prose(&mut self, prose: Prose) {
        let reference = self.references.last_mut().filter(|_| self.in_reference);
        let step = self
            .phases
            .last_mut()
            .and_then(|phase| phase.steps.last_mut());
        match (reference, step) {
            (Some(reference), _) => reference.body.push(prose),
            (None, Some(step)) => step.body.push(Block::Prose(prose)),
            (None, None) => self.introduction.push(prose),
        }
    }
}

/// `1. Preserve evidence`, `A. Patch + deploy`
fn is_numbered(line: &str) -> bool {
    headings::step_title(line).len() < line.len()
        && line.chars().count() <= HEADING_CHARS * 2
        && !line.ends_with('.')
}

fn is_heading(line: &str) -> bool {
    let first = line.split_whitespace().next().unwrap_or_default();
    let shouted = first.chars().filter(char::is_ascii_alphabetic).count() > 1
        && !first.contains(|letter: char| letter.is_lowercase() || letter.is_ascii_digit());
    line.starts_with(char::is_uppercase)
        && !shouted
        && line.chars().count() <= HEADING_CHARS
        && line.split_whitespace().count() <= HEADING_WORDS
        && !line.ends_with(['.', ':', ',', ';', '!', '?', '{', '('])
        && !line.contains(". ")
        && !line.contains(['=', '`', '|', '<', '>', '$'])
}
