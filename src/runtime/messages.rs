//! Messages as tasks: reads the values that drafts are made for, writes drafts to files.
//!
//! What a template may name was decided by the engine; nothing is sent here.

use std::fmt::Write as _;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::capturing;
use super::clock;
use super::session::Session;
use crate::engine::effect::FillRequest;
use crate::message::{self, Draft, FillError};
use crate::model::answer::Answer;
use crate::model::ids::{ActionId, SourceName};
use crate::model::playbook::Language;
use crate::verdict::Reference;

/// The folder of saved messages in an incident's folder.
const FOLDER: &str = "messages";
/// Characters of an action's id, and of a value of `for-each`, in a file's name.
const NAME_CHARACTERS: usize = 60;
/// Names tried for one file before giving up.
const NAMES_TRIED: u32 = 100;

/// Fills a message's template: one draft, or one a value of its `for-each`.
pub fn fill(session: &Session, request: FillRequest) -> Result<Vec<Draft>, FillError> {
    let FillRequest {
        action,
        mut names,
        each,
        results,
    } = request;
    let settings = action.message.clone().unwrap_or_default();
    let of_message = |message: String| FillError { line: 1, message };
    for (id, reference) in results {
        let rows = answer(session, &id, reference)
            .and_then(|answer| message::list(id.as_str(), &answer))
            .map_err(of_message)?;
        names.results.insert(id.to_string(), rows);
    }
    let one = |names: &message::Names, each: Option<&str>| {
        message::fill(
            &action.text,
            settings.subject.as_deref(),
            settings.to.as_deref(),
            names,
            each,
        )
    };
    let Some((column, reference)) = each else {
        return one(&names, None).map(|draft| vec![draft]);
    };
    let from = settings.for_each.as_deref().unwrap_or_default();
    let from = ActionId::new(from.split('.').next().unwrap_or_default());
    let values = answer(session, &from, reference)
        .and_then(|answer| message::values(from.as_str(), &answer, &column))
        .map_err(of_message)?;
    let drafts = values.into_iter().map(|value| {
        // The column's own name stands for the value as well.
        names.top.insert(column.clone(), value.clone());
        one(&names, Some(&value))
    });
    drafts.collect()
}

/// Sources of the profile that take messages, each with where it leads.
pub fn sources(session: &Session) -> Vec<(SourceName, String)> {
    let all = session.sources().iter();
    all.filter(|(_, source)| source.kind.languages.contains(&Language::Message))
        .map(|(name, source)| (name.clone(), source.source.target()))
        .collect()
}

/// A result at hand, or read back from the evidence that was kept of it.
fn answer(session: &Session, id: &ActionId, reference: Reference) -> Result<Answer, String> {
    match reference {
        Reference::Here(answer) => Ok(answer),
        Reference::Evidence(hash) => capturing::read_back(session, hash)
            .map_err(|reason| format!("the result of {id}: {reason}")),
        Reference::Missing(reason) => Err(reason),
    }
}

/// Writes a message to a file of the incident and gives its path. No file is ever written over.
pub fn save(session: &Session, action: &ActionId, draft: &Draft) -> Result<String, String> {
    let folder = session.folder().join(FOLDER);
    let time = clock::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let text = session.mode().marked(&contents(draft));
    write(&folder, &stem(action, draft.each.as_deref(), &time), &text)
        .map(|path| path.display().to_string())
        .map_err(|error| format!("write a file in {}: {error}", folder.display()))
}

fn write(folder: &Path, stem: &str, text: &str) -> io::Result<PathBuf> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        Ok(()) | Err(_) => {}
    }
    for number in 0..NAMES_TRIED {
        let again = match number {
            0 => String::new(),
            number => format!("-{number}"),
        };
        let path = folder.join(format!("{stem}{again}.md"));
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path);
        let mut file = match file {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            opened => opened?,
        };
        let written = file
            .write_all(text.as_bytes())
            .and_then(|()| file.sync_all())
            .and_then(|()| File::open(folder)?.sync_all());
        if let Err(error) = written {
            // Half a message is worse than none.
            let _ = fs::remove_file(&path);
            return Err(error);
        }
        return Ok(path);
    }
    Err(io::Error::other("every name is taken: try again"))
}

/// Addressee and subject as lines above the text, as in a letter.
fn contents(draft: &Draft) -> String {
    let mut text = String::new();
    for (name, value) in [("To", &draft.to), ("Subject", &draft.subject)] {
        if let Some(value) = value {
            let _ = writeln!(text, "{name}: {}", value.replace('\n', " "));
        }
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(&draft.text);
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// A name out of letters that every file system takes.
fn stem(action: &ActionId, each: Option<&str>, time: &str) -> String {
    let plain = |text: &str| -> String {
        let letters = text.chars().take(NAME_CHARACTERS);
        letters
            .map(|letter| match letter {
                'A'..='Z' | 'a'..='z' | '0'..='9' | '_' | '-' => letter,
                _ => '-',
            })
            .collect()
    };
    match each {
        Some(each) => format!("{}-{}-{time}", plain(action.as_str()), plain(each)),
        None => format!("{}-{time}", plain(action.as_str())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(text: &str) -> Draft {
        Draft {
            each: None,
            to: Some("#room".into()),
            subject: Some("a\nb".into()),
            text: text.into(),
        }
    }

    #[test]
    fn names_of_files_hold_nothing_strange() {
        for (action, each, expected) in [
            ("notify", None, "notify-T"),
            (
                "notify",
                Some("../../etc/passwd"),
                "notify-------etc-passwd-T",
            ),
            (".hidden", Some("ac me\u{202e}\n"), "-hidden-ac-me---T"),
        ] {
            assert_eq!(stem(&action.into(), each, "T"), expected);
        }
        assert!(stem(&"a".into(), Some(&"x".repeat(500)), "T").len() < 80);
    }

    #[test]
    fn a_file_is_never_written_over() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join(FOLDER);
        let first = write(&folder, "n-T", &contents(&draft("one"))).unwrap();
        let second = write(&folder, "n-T", &contents(&draft("two\n"))).unwrap();
        let read = |path: &Path| fs::read_to_string(path).unwrap();
        assert_eq!(first, folder.join("n-T.md"));
        assert_eq!(second, folder.join("n-T-1.md"));
        assert_eq!(read(&first), "To: #room\nSubject: a b\n\none\n");
        assert_eq!(read(&second), "To: #room\nSubject: a b\n\ntwo\n");
    }
}
