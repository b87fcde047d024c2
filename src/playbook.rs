//! Playbooks from text: `parse` reads native playbooks and plain runbooks, and never fails.
//!
//! A broken file gives everything that did parse, with its errors. Nothing here runs, binds or sends anything; whether
//! the names in a playbook fit together is the business of `check`.

mod actions;
mod attach;
pub mod attributes;
mod body;
mod builder;
mod decisions;
pub mod examples;
mod front_matter;
pub mod headings;
pub mod ids;
pub mod languages;
pub mod library;
mod markdown;
pub mod placeholders;
mod plain;
mod prose;
pub mod scan;
mod sections;
mod steps;
mod text;
mod yaml;

pub use attach::attach;
pub use front_matter::{MILESTONES, unknown};
pub use library::{BUILT_IN, ReadError, library, parse_all, read_file};

use crate::model::diagnostic::{Diagnostic, SourceText};
use crate::model::limits;
use crate::model::playbook::Playbook;

/// A playbook with what is wrong with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    /// Everything that could be read.
    pub playbook: Playbook,
    /// Findings in the order of the file; those of shared front matter stand with the first playbook of a file.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads a file's text: at least one playbook, several when it has several `## Playbook:` sections.
/// The path decides how: a name that ends in `.txt` is read verbatim, everything else as Markdown.
pub fn parse(source: &SourceText) -> Vec<Parsed> {
    let text: &str = &source.text;
    let from = if text.starts_with('\u{feff}') {
        '\u{feff}'.len_utf8()
    } else {
        0
    };
    let mut diagnostics = Vec::new();
    let mut settings = front_matter::Settings::default();
    if text.len() > limits::PLAYBOOK_BYTES {
        let message = format!(
            "expected at most {} bytes, found {}",
            limits::PLAYBOOK_BYTES,
            text.len()
        );
        diagnostics.push(Diagnostic::error("file-size", 0..0, message));
        return body::playbooks(source, &settings, &[], diagnostics);
    }
    let verbatim = source.path.to_ascii_lowercase().ends_with(".txt");
    let start = match front_matter::locate(text, from) {
        Ok(Some((yaml, rest))) if !verbatim => {
            let content = text.get(yaml.clone()).unwrap_or_default();
            front_matter::read(content, yaml.start, &mut settings, true, &mut diagnostics);
            rest
        }
        Err(opening) if !verbatim => {
            settings.native = true;
            diagnostics.push(Diagnostic::error(
                "front-matter",
                opening,
                "expected a line of three dashes at the end of the front matter, found none",
            ));
            from
        }
        _ => from,
    };
    if verbatim {
        return vec![text::parse(source, from)];
    }
    let blocks = markdown::blocks(text, start);
    let mut parsed = body::playbooks(source, &settings, &blocks, diagnostics);
    for one in &mut parsed {
        one.diagnostics.sort_by_key(|finding| finding.span.start);
        one.diagnostics.truncate(limits::DIAGNOSTICS);
    }
    parsed
}
