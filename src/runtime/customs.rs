//! The user's own keys and layouts, from the configuration folder.
//!
//! Read before the first frame, so small files only. A mistake costs its own line, never the start.

use std::io::Read;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::config::places::Places;
use crate::engine::command::Keys;
use crate::keymap::Chord;
use crate::layout::Layouts;
use crate::model::diagnostic::{Diagnostic, SourceText};
use crate::model::limits;

/// Keys and layouts in force.
pub struct Customs {
    /// Which key does what.
    pub keys: Keys,
    /// The layouts to choose from.
    pub layouts: Layouts,
    /// What is wrong with the user's files.
    pub findings: Vec<(SourceText, Diagnostic)>,
}

impl Customs {
    /// Reads `keys.toml` and `layouts/*.toml`. What is not there is as built in.
    pub fn load(places: &Places) -> Self {
        let mut findings = Vec::new();
        let mut keys = Keys::default();
        if let Some(source) = read(&places.config.join("keys.toml")) {
            let found = rebind(&mut keys, &source);
            findings.extend(
                found
                    .into_iter()
                    .map(|diagnostic| (source.clone(), diagnostic)),
            );
        }
        let files = layout_files(&places.config.join("layouts"));
        let (layouts, found) = Layouts::with_user(&files);
        findings.extend(found.into_iter().filter_map(|(index, diagnostic)| {
            files
                .get(index)
                .map(|(_, source)| (source.clone(), diagnostic))
        }));
        Self {
            keys,
            layouts,
            findings,
        }
    }
}

/// Reads lines of the form `note = ["u", "ctrl-e"]` and gives the commands these keys.
fn rebind(keys: &mut Keys, source: &SourceText) -> Vec<Diagnostic> {
    let (document, errors) = DeTable::parse_recoverable(&source.text);
    if !errors.is_empty() {
        let bad = |error: toml::de::Error| {
            Diagnostic::error(
                "bad-toml",
                error.span().unwrap_or_default(),
                error.message().to_owned(),
            )
        };
        return errors.into_iter().map(bad).collect();
    }
    let mut findings = Vec::new();
    for (command, value) in document.get_ref() {
        let result = chords(value).and_then(|chords| keys.rebind(command.get_ref(), &chords));
        if let Err(message) = result {
            findings.push(Diagnostic::error("bad-key", command.span(), message));
        }
    }
    findings
}

fn chords(value: &Spanned<DeValue<'_>>) -> Result<Vec<Chord>, String> {
    let list = value
        .get_ref()
        .as_array()
        .ok_or("expected a list of keys such as [\"m\"]")?;
    list.iter()
        .map(|key| {
            key.get_ref()
                .as_str()
                .ok_or("expected keys as text")?
                .parse()
        })
        .collect()
}

fn layout_files(folder: &Path) -> Vec<(String, SourceText)> {
    let Ok(files) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut layouts: Vec<_> = files
        .filter_map(|file| {
            let path = file.ok()?.path();
            let is_toml = path
                .extension()
                .is_some_and(|extension| extension == "toml");
            let name = path.file_stem()?.to_str()?.to_owned();
            is_toml
                .then(|| read(&path))
                .flatten()
                .map(|source| (name, source))
        })
        .collect();
    layouts.sort_by(|left, right| left.0.cmp(&right.0));
    layouts
}

/// A small text file; none when it is not there, too large or not text.
fn read(path: &Path) -> Option<SourceText> {
    let mut text = String::new();
    let file = std::fs::File::open(path).ok()?;
    let limit = limits::CONFIG_BYTES as u64;
    let read = file.take(limit + 1).read_to_string(&mut text).ok()?;
    (read as u64 <= limit).then(|| SourceText::new(path.display().to_string(), text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::command::Command;

    #[test]
    fn keys_are_rebound_and_mistakes_are_located() {
        let mut keys = Keys::default();
        let source = SourceText::new(
            "keys.toml",
            "note = [\"u\"]\nnott = [\"x\"]\nskip-step = \"s\"\n",
        );
        let findings = rebind(&mut keys, &source);
        assert_eq!(keys.of(Command::Note), [Chord::char('u')]);
        let told: Vec<String> = findings
            .iter()
            .map(|finding| finding.located(&source).to_string())
            .collect();
        assert!(
            told[0].starts_with("keys.toml:2:1: error[bad-key]: unknown command"),
            "{told:?}"
        );
        assert!(told[1].contains("expected a list of keys"), "{told:?}");
    }
}
