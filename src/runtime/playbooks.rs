//! Where playbooks are found: the user's folder, the built-in library, files given by path.
//!
//! A name may be a playbook's id, an alert it answers, a file, or `file#id` where a file holds several. A user's playbook
//! hides the built-in one of its id.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::clock;
use super::session::Workplace;
use crate::check;
use crate::model::diagnostic::{Diagnostic, SourceText, nearest};
use crate::model::ids::PlaybookId;
use crate::model::limits;
use crate::model::playbook::Playbook;
use crate::playbook::{self, Parsed};

/// Prefix of the paths of built-in playbooks.
const BUILT_IN: &str = "built-in:";
/// Folders below the user's playbooks that are looked into.
const DEPTH: usize = 4;

/// A playbook that was asked for.
#[derive(Debug, Clone)]
pub struct Found {
    /// The playbook.
    pub playbook: Arc<Playbook>,
    /// What the loader and the linter found.
    pub diagnostics: Vec<Diagnostic>,
    /// The alert it was found by.
    pub alert: Option<String>,
}

/// A file with its playbooks.
pub struct LibraryFile {
    /// Where it is and what it says.
    pub source: SourceText,
    /// Its playbooks, with what is wrong with them.
    pub playbooks: Vec<Parsed>,
}

impl LibraryFile {
    fn read(source: SourceText) -> Self {
        let playbooks = playbook::parse(&source);
        Self { source, playbooks }
    }

    /// What `open` takes for one of its playbooks.
    pub fn name_of(&self, playbook: &Playbook) -> String {
        if self.playbooks.len() > 1 {
            format!("{}#{}", self.source.path, playbook.id)
        } else {
            self.source.path.to_string()
        }
    }
}

/// Every file of the library: the user's, then the built-in ones. Files are read as they are asked for: first one by one,
/// because the first may be the one that is looked for, then in ever larger groups, on all processors.
pub fn library(workplace: &Workplace) -> impl Iterator<Item = LibraryFile> + use<> {
    files(workplace, built_in())
}

/// The user's files, then these.
fn files<I: Iterator<Item = SourceText>>(
    workplace: &Workplace,
    built_in: I,
) -> impl Iterator<Item = LibraryFile> + use<I> {
    let mut paths = Vec::new();
    collect(
        &workplace.config().places.playbooks(),
        DEPTH,
        is_text,
        &mut paths,
    );
    let own = paths
        .into_iter()
        .filter_map(|path| playbook::read_file(&path).ok());
    let mut sources = own.chain(built_in);
    let mut group = 0;
    let files = std::iter::from_fn(move || {
        group = (group * 2).clamp(1, limits::LIBRARY_GROUP);
        let sources: Vec<SourceText> = sources.by_ref().take(group).collect();
        let parsed = playbook::parse_all(&sources);
        let file = |(source, playbooks)| LibraryFile { source, playbooks };
        (!sources.is_empty()).then(|| sources.into_iter().zip(parsed).map(file))
    });
    let mut seen = BTreeSet::new();
    files.flatten().filter_map(move |mut file| {
        file.playbooks
            .retain(|parsed| seen.insert(parsed.playbook.id.clone()));
        (!file.playbooks.is_empty()).then_some(file)
    })
}

/// Text files below a folder that may be playbooks, in order of their names.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    collect(folder, DEPTH, is_text, &mut paths);
    paths
}

/// TOML files below a folder, where scenarios may be among.
pub fn toml_below(folder: &Path) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    collect(folder, DEPTH, |extension| extension == "toml", &mut paths);
    paths
}

/// Reads one file.
pub fn read(path: &Path) -> Result<LibraryFile, String> {
    playbook::read_file(path)
        .map(LibraryFile::read)
        .map_err(|error| error.to_string())
}

/// Finds a playbook by what people call it, and lints it. The error says what there is.
pub fn find(workplace: &Workplace, name: &str) -> Result<Found, String> {
    locate(workplace, name).map(|(parsed, alert)| found(&parsed, alert))
}

/// The same without linting, with the alert it was found by.
pub fn locate(workplace: &Workplace, name: &str) -> Result<(Parsed, Option<String>), String> {
    let (path, id) = name
        .rsplit_once('#')
        .map_or((name, None), |(path, id)| (path, Some(id)));
    if let Some(source) = source_at(path)? {
        return pick(LibraryFile::read(source), id).map(|parsed| (parsed, None));
    }
    let mut by_alert: Vec<(Parsed, Option<String>)> = Vec::new();
    // A built-in playbook spells its id and its alerts out in its text: one without the name need not be read.
    let may_answer = built_in().filter(|source| source.text.contains(name));
    for file in files(workplace, may_answer) {
        for parsed in file.playbooks {
            if parsed.playbook.id.as_str() == name {
                return Ok((parsed, None));
            }
            if parsed.playbook.alerts.iter().any(|alert| alert == name) {
                by_alert.push((parsed, Some(name.to_owned())));
            }
        }
    }
    match by_alert.len() {
        1 => by_alert.pop().ok_or_else(String::new),
        0 => {
            let known: Vec<String> = library(workplace)
                .flat_map(|file| file.playbooks)
                .flat_map(|parsed| {
                    let id = parsed.playbook.id.to_string();
                    std::iter::once(id).chain(parsed.playbook.alerts)
                })
                .collect();
            let near = nearest(name, known.iter().map(String::as_str));
            let hint = near.map_or_else(String::new, |near| format!("; did you mean {near:?}?"));
            Err(format!(
                "no playbook, alert or file {name:?}{hint}: `quarterdeck list playbooks` shows what there is"
            ))
        }
        _ => {
            let ids: Vec<&str> = by_alert
                .iter()
                .map(|(parsed, _)| parsed.playbook.id.as_str())
                .collect();
            Err(format!(
                "several playbooks answer alert {name:?}: open one of {}",
                ids.join(", ")
            ))
        }
    }
}

/// The playbook of an incident out of its text; an id that the text no longer has gives its first playbook.
pub fn parse(path: &str, text: &str, id: &PlaybookId) -> Option<Found> {
    let file = LibraryFile::read(SourceText::new(path, text));
    let same = file
        .playbooks
        .iter()
        .find(|parsed| parsed.playbook.id == *id);
    same.or(file.playbooks.first())
        .map(|parsed| found(parsed, None))
}

/// The text that stands now where an incident's playbook was read; none when nothing is there any more.
pub fn current(workplace: &Workplace, pinned: &Playbook) -> Option<Found> {
    let source = match source_at(&pinned.source.path).ok().flatten() {
        Some(source) => source,
        None => {
            library(workplace)
                .find(|file| {
                    file.playbooks
                        .iter()
                        .any(|parsed| parsed.playbook.id == pinned.id)
                })?
                .source
        }
    };
    parse(&source.path, &source.text, &pinned.id)
}

/// Parser's findings and the linter's, in the order of the file.
pub fn diagnostics(parsed: &Parsed) -> Vec<Diagnostic> {
    let mut diagnostics = parsed.diagnostics.clone();
    diagnostics.extend(check::check(&parsed.playbook, clock::today()));
    diagnostics.sort_by_key(|finding| finding.span.start);
    diagnostics.truncate(limits::DIAGNOSTICS);
    diagnostics
}

fn built_in() -> impl Iterator<Item = SourceText> {
    playbook::BUILT_IN
        .iter()
        .map(|(name, text)| SourceText::new(format!("{BUILT_IN}{name}.md"), text))
}

/// The text at a path; none when it is not a path but a name.
fn source_at(path: &str) -> Result<Option<SourceText>, String> {
    if path.starts_with(BUILT_IN) {
        return Ok(built_in().find(|source| *source.path == *path));
    }
    let file = Path::new(path);
    if file.is_dir() {
        return Err(format!("{path} is a folder: open one of the files in it"));
    }
    let looks_like_path = path.contains('/') || file.extension().is_some_and(is_text);
    if !looks_like_path && !file.is_file() {
        return Ok(None);
    }
    playbook::read_file(file)
        .map(Some)
        .map_err(|error| error.to_string())
}

fn pick(mut file: LibraryFile, id: Option<&str>) -> Result<Parsed, String> {
    let ids: Vec<String> = file
        .playbooks
        .iter()
        .map(|parsed| parsed.playbook.id.to_string())
        .collect();
    let path = &file.source.path;
    let Some(id) = id else {
        let only = file.playbooks.pop().filter(|_| ids.len() == 1);
        return only.ok_or_else(|| {
            let names: Vec<String> = ids.iter().map(|id| format!("{path}#{id}")).collect();
            format!(
                "{path} holds several playbooks: open {}",
                names.join(", or ")
            )
        });
    };
    file.playbooks
        .into_iter()
        .find(|parsed| parsed.playbook.id.as_str() == id)
        .ok_or_else(|| format!("{path} has no playbook {id:?}, but {}", ids.join(", ")))
}

/// A playbook with what the loader and the linter found in it.
pub fn found(parsed: &Parsed, alert: Option<String>) -> Found {
    Found {
        playbook: Arc::new(parsed.playbook.clone()),
        diagnostics: diagnostics(parsed),
        alert,
    }
}

fn collect(
    folder: &Path,
    depth: usize,
    fits: fn(&std::ffi::OsStr) -> bool,
    paths: &mut Vec<PathBuf>,
) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    let mut entries: Vec<_> = entries.flatten().collect();
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        if paths.len() >= limits::LIBRARY_FILES
            || entry.file_name().as_encoded_bytes().starts_with(b".")
        {
            continue;
        }
        let path = entry.path();
        // Links to folders are not followed: they may lead in a circle.
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_folder && depth > 0 {
            collect(&path, depth - 1, fits, paths);
        } else if !is_folder && path.extension().is_some_and(fits) && path.is_file() {
            paths.push(path);
        }
    }
}

fn is_text(extension: &std::ffi::OsStr) -> bool {
    ["md", "markdown", "txt"]
        .iter()
        .any(|known| extension.eq_ignore_ascii_case(known))
}
