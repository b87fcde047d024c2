//! The files of the simulated machine: read only, gone with the drill.

use std::collections::BTreeMap;

use crate::model::Timestamp;

/// A file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct File {
    /// What it holds, as far as a script may read it.
    pub text: String,
    /// Its size in bytes; of an upload, larger than its text here.
    pub bytes: u64,
    /// When it was changed last.
    pub changed: Timestamp,
}

/// Why a path cannot be read, as the C library says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unreadable {
    Missing,
    Folder,
    NoFolder,
}

impl Unreadable {
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Missing => "No such file or directory",
            Self::Folder => "Is a directory",
            Self::NoFolder => "Not a directory",
        }
    }
}

/// All files by absolute path. Folders are where a path has more below it.
#[derive(Debug, Clone, Default)]
pub(super) struct Files {
    files: BTreeMap<String, File>,
}

impl Files {
    pub(super) fn insert(&mut self, path: String, file: File) {
        self.files.insert(path, file);
    }

    /// The file there. `/dev/null` is always there, and empty.
    pub(super) fn read(&self, path: &str) -> Result<&str, Unreadable> {
        if path == "/dev/null" {
            return Ok("");
        }
        if let Some(file) = self.files.get(path) {
            return Ok(&file.text);
        }
        if self.is_folder(path) {
            return Err(Unreadable::Folder);
        }
        let below_a_file = path.match_indices('/').any(|(at, _)| {
            path.get(..at)
                .is_some_and(|above| self.files.contains_key(above))
        });
        Err(if below_a_file {
            Unreadable::NoFolder
        } else {
            Unreadable::Missing
        })
    }

    pub(super) fn get(&self, path: &str) -> Option<&File> {
        self.files.get(path)
    }

    pub(super) fn exists(&self, path: &str) -> bool {
        self.read(path) != Err(Unreadable::Missing) && self.read(path) != Err(Unreadable::NoFolder)
    }

    pub(super) fn is_folder(&self, path: &str) -> bool {
        path == "/" || self.below(path).next().is_some()
    }

    /// Names directly inside a folder, in order of bytes.
    pub(super) fn children(&self, folder: &str) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for (rest, _) in self.below(folder) {
            let name = rest.split('/').next().unwrap_or_default();
            if names.last().is_none_or(|last| last != name) {
                names.push(name.to_owned());
            }
        }
        names.sort();
        names.dedup();
        names
    }

    /// Files inside a folder at any depth: the path from it, and the file.
    pub(super) fn below(&self, folder: &str) -> impl Iterator<Item = (&str, &File)> {
        let start = format!("{}/", folder.trim_end_matches('/'));
        self.files
            .range(start.clone()..)
            .map_while(move |(path, file)| Some((path.strip_prefix(&start)?, file)))
    }

    /// Paths below a folder, with their texts.
    pub(super) fn texts_below(&self, folder: &str) -> Vec<(String, String)> {
        self.below(folder)
            .map(|(path, file)| (path.to_owned(), file.text.clone()))
            .collect()
    }

    /// The absolute path of what is written, seen from a folder.
    #[expect(clippy::unused_self, reason = "a question about paths of these files")]
    pub(super) fn resolve(&self, folder: &str, written: &str) -> String {
        let whole = if written.starts_with('/') {
            written.to_owned()
        } else {
            format!("{folder}/{written}")
        };
        let mut steps: Vec<&str> = Vec::new();
        for step in whole.split('/') {
            match step {
                "" | "." => {}
                ".." => {
                    steps.pop();
                }
                name => steps.push(name),
            }
        }
        format!("/{}", steps.join("/"))
    }
}
