//! How `git log` shows a commit.

use sha2::{Digest, Sha256};

use crate::drill::shell::options::Call;
use crate::drill::world::Commit;
use crate::model::Timestamp;

/// A form of a commit.
pub(super) struct Format {
    shape: Shape,
    date: Date,
}

enum Shape {
    /// What git shows by itself.
    Medium,
    /// `--oneline`: a short hash and the title.
    Oneline,
    /// `--pretty=oneline`: the whole hash and the title.
    WholeHash,
    /// `--pretty='%h …'`: pieces of a line.
    Line(Vec<Piece>),
}

enum Piece {
    Text(char),
    /// The letters of a placeholder: `h`, `an`.
    Placeholder(String),
}

#[derive(Clone, Copy)]
enum Date {
    Standard,
    Iso,
    IsoStrict,
    Short,
    Unix,
}

/// The placeholders there are; longer ones first.
const PLACEHOLDERS: [&str; 15] = [
    "an", "ae", "ad", "aI", "as", "at", "cn", "ce", "cd", "cI", "h", "H", "s", "n", "%",
];

impl Format {
    /// The form that the options ask for. The error names what is not there.
    pub(super) fn of(call: &Call) -> Result<Self, String> {
        let date = match call.value("date") {
            None | Some("default") => Date::Standard,
            Some("iso" | "iso8601") => Date::Iso,
            Some("iso-strict" | "iso8601-strict") => Date::IsoStrict,
            Some("short") => Date::Short,
            Some("unix") => Date::Unix,
            Some(other) => return Err(format!("`--date={other}`")),
        };
        let shape = match call.value("pretty").or(call.value("format")) {
            None if call.has("oneline") => Shape::Oneline,
            Some("oneline") => Shape::WholeHash,
            None | Some("medium") => Shape::Medium,
            Some(written) => {
                let line = written.strip_prefix("tformat:").unwrap_or(written);
                if line.starts_with("format:") || !line.contains('%') {
                    return Err(format!("`--pretty={written}`"));
                }
                Shape::Line(pieces(line)?)
            }
        };
        Ok(Self { shape, date })
    }

    /// Whether an empty line stands between a commit and its files.
    pub(super) fn sets_files_apart(&self) -> bool {
        !matches!(self.shape, Shape::Oneline | Shape::WholeHash)
    }

    /// A commit in this form, with the end of its last line.
    pub(super) fn text(&self, commit: &Commit, is_first: bool) -> String {
        match &self.shape {
            Shape::Medium => format!(
                "{}commit {}\nAuthor: {} <{}>\nDate:   {}\n\n    {}\n",
                if is_first { "" } else { "\n" },
                long_hash(commit),
                commit.author,
                address(&commit.author),
                self.date.text(commit.at),
                commit.title
            ),
            Shape::Oneline => format!("{} {}\n", commit.hash, commit.title),
            Shape::WholeHash => format!("{} {}\n", long_hash(commit), commit.title),
            Shape::Line(pieces) => {
                let mut line: String = pieces
                    .iter()
                    .map(|piece| match piece {
                        Piece::Text(c) => c.to_string(),
                        Piece::Placeholder(name) => self.placeholder(name, commit),
                    })
                    .collect();
                line.push('\n');
                line
            }
        }
    }

    fn placeholder(&self, name: &str, commit: &Commit) -> String {
        match name {
            "h" => commit.hash.clone(),
            "H" => long_hash(commit),
            "s" => commit.title.clone(),
            "an" | "cn" => commit.author.clone(),
            "ae" | "ce" => address(&commit.author),
            "ad" | "cd" => self.date.text(commit.at),
            "aI" | "cI" => Date::IsoStrict.text(commit.at),
            "as" => Date::Short.text(commit.at),
            "at" => Date::Unix.text(commit.at),
            "n" => "\n".to_owned(),
            other => other.to_owned(),
        }
    }
}

impl Date {
    fn text(self, at: Timestamp) -> String {
        let format = match self {
            Self::Standard => "%a %b %-d %H:%M:%S %Y +0000",
            Self::Iso => "%Y-%m-%d %H:%M:%S +0000",
            Self::IsoStrict => "%Y-%m-%dT%H:%M:%S+00:00",
            Self::Short => "%Y-%m-%d",
            Self::Unix => return at.as_second().to_string(),
        };
        at.strftime(format).to_string()
    }
}

fn pieces(line: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        rest = rest.get(c.len_utf8()..).unwrap_or_default();
        if c != '%' {
            pieces.push(Piece::Text(c));
            continue;
        }
        let name = PLACEHOLDERS
            .iter()
            .find(|name| rest.starts_with(**name))
            .ok_or_else(|| {
                let letters: String = rest.chars().take(2).collect();
                format!("placeholder `%{letters}`")
            })?;
        pieces.push(Piece::Placeholder((*name).to_owned()));
        rest = rest.get(name.len()..).unwrap_or_default();
    }
    Ok(pieces)
}

/// A whole hash that begins with the short one.
fn long_hash(commit: &Commit) -> String {
    use std::fmt::Write;
    let mut hash = commit.hash.clone();
    for byte in Sha256::digest(commit.hash.as_bytes()) {
        let _ = write!(hash, "{byte:02x}");
    }
    hash.truncate(40);
    hash
}

fn address(author: &str) -> String {
    let name = author.to_lowercase().replace(' ', ".");
    format!("{name}@breezycorp.example")
}
