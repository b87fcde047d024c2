//! The last look at a playbook that was read whole.

use super::{Book, file_stem};
use crate::model::diagnostic::SourceText;
use crate::model::ids::PlaybookId;
use crate::model::playbook::{Block, Playbook, Reference};
use crate::model::prose::{Inline, Prose};
use crate::playbook::builder::Builder;
use crate::playbook::front_matter::Settings;
use crate::playbook::{Parsed, ids};

pub(super) fn finish(
    source: &SourceText,
    settings: Settings,
    builder: Builder<'_>,
    book: Book,
    derived: Option<String>,
) -> Parsed {
    let stem = file_stem(&source.path);
    let title = settings
        .title
        .or(book.title)
        .filter(|title| !title.is_empty())
        .unwrap_or_else(|| stem.to_owned());
    let id = settings
        .id
        .or(derived)
        .unwrap_or_else(|| ids::kebab(stem, "playbook"));
    let severity = if settings.severity.is_empty() {
        book.severity
    } else {
        settings.severity
    };
    let ladder = if settings.ladder.is_empty() {
        book.ladder
    } else {
        settings.ladder
    };
    Parsed {
        playbook: Playbook {
            id: PlaybookId::new(id),
            title,
            summary: settings.summary.unwrap_or_default(),
            native: settings.native,
            source: source.clone(),
            severity,
            ladder,
            owner: settings.owner,
            reviewed: settings.reviewed,
            alerts: settings.alerts,
            roles: settings.roles,
            inputs: builder.inputs,
            clocks: settings.clocks,
            evidence: settings.evidence,
            introduction: book.introduction,
            notes: book.notes,
            phases: book.phases,
            references: book.references,
            actions: builder.actions,
            watch: builder.watch,
        },
        diagnostics: builder.diagnostics,
    }
}

pub(super) fn looked_up(title: String, body: Vec<Block>) -> Reference {
    let mut shown = Vec::new();
    let mut actions = Vec::new();
    for block in body {
        match block {
            Block::Prose(prose) => shown.push(prose),
            Block::Action(id) => actions.push(id),
            Block::Check(check) => shown.push(Prose::Paragraph(vec![Inline::plain(check.text)])),
            Block::Notes(_) => {}
        }
    }
    Reference {
        title,
        body: shown,
        actions,
    }
}
