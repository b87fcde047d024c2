//! Where playbooks come from: those inside the program, and files given by path.

use std::path::{Path, PathBuf};

use super::{Parsed, parse};
use crate::model::diagnostic::SourceText;
use crate::model::limits;

/// Playbooks inside the program: name and text.
pub const BUILT_IN: &[(&str, &str)] = &[
    (
        "incident-playbook",
        include_str!("../../playbooks/incident-playbook.md"),
    ),
    (
        "incident-response",
        include_str!("../../playbooks/incident-response.md"),
    ),
    (
        "org-isolation-breach",
        include_str!("../../playbooks/org-isolation-breach.md"),
    ),
    (
        "suspected-tenant-leak",
        include_str!("../../playbooks/suspected-tenant-leak.md"),
    ),
    (
        "tenant-isolation-breach-sev1",
        include_str!("../../playbooks/tenant-isolation-breach-sev1.md"),
    ),
];

/// Why a file could not be read as text.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The operating system refused.
    #[error("reading {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What it said.
        source: std::io::Error,
    },
    /// Larger than a playbook may be.
    #[error("reading {}: the file has {bytes} bytes, a playbook at most {}", path.display(), limits::PLAYBOOK_BYTES)]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
    },
    /// UTF-16, which some editors write.
    #[error("reading {}: the file is UTF-16; save it as UTF-8", path.display())]
    Utf16 {
        /// The file.
        path: PathBuf,
    },
    /// Not text.
    #[error("reading {}: byte {at} is not UTF-8; save the file as UTF-8", path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// First byte that is wrong.
        at: usize,
    },
}

/// The playbooks inside the program. Their path is `built-in:NAME`.
pub fn library() -> Vec<Parsed> {
    BUILT_IN
        .iter()
        .flat_map(|(name, text)| parse(&SourceText::new(format!("built-in:{name}.md"), text)))
        .collect()
}

/// Reads many texts, on as many processors as there are; the playbooks of each stand at its place.
pub fn parse_all(sources: &[SourceText]) -> Vec<Vec<Parsed>> {
    if sources.len() <= limits::PLAYBOOKS_A_THREAD {
        return sources.iter().map(parse).collect();
    }
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let share = sources
        .len()
        .div_ceil(processors)
        .max(limits::PLAYBOOKS_A_THREAD);
    let read = |part: &[SourceText]| part.iter().map(parse).collect::<Vec<_>>();
    let (first, rest) = sources.split_at(share.min(sources.len()));
    std::thread::scope(|scope| {
        let others: Vec<_> = rest
            .chunks(share)
            .map(|part| {
                let thread = std::thread::Builder::new().spawn_scoped(scope, move || read(part));
                (part, thread)
            })
            .collect();
        let mut all = read(first);
        for (part, thread) in others {
            // Without a thread, it is read here.
            let parsed = thread.ok().and_then(|thread| thread.join().ok());
            all.extend(parsed.unwrap_or_else(|| read(part)));
        }
        all
    })
}

/// Reads a file as text, at most [`limits::PLAYBOOK_BYTES`] of it, without following what it says.
pub fn read_file(path: &Path) -> Result<SourceText, ReadError> {
    use std::io::Read as _;
    let failed = |source| ReadError::Io {
        path: path.to_owned(),
        source,
    };
    let file = std::fs::File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    // One byte more than allowed: a pipe or a growing file has no size to ask for.
    file.take(limits::PLAYBOOK_BYTES as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() > limits::PLAYBOOK_BYTES {
        let bytes = std::fs::metadata(path).map_or(bytes.len() as u64, |data| data.len());
        return Err(ReadError::TooLarge {
            path: path.to_owned(),
            bytes,
        });
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(ReadError::Utf16 {
            path: path.to_owned(),
        });
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(SourceText::new(path.to_string_lossy(), text)),
        Err(error) => Err(ReadError::NotUtf8 {
            path: path.to_owned(),
            at: error.utf8_error().valid_up_to(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever looks for a name skips built-in texts that do not hold it.
    #[test]
    fn built_in_playbooks_spell_out_their_names() {
        for (name, text) in BUILT_IN {
            for parsed in parse(&SourceText::new(*name, *text)) {
                let playbook = &parsed.playbook;
                let mut names = playbook.alerts.clone();
                names.push(playbook.id.to_string());
                for spelt in names {
                    assert!(text.contains(&spelt), "{name}: {spelt}");
                }
            }
        }
    }

    #[test]
    fn texts_read_on_many_processors_stay_in_order() {
        let sources: Vec<_> = (0..=limits::PLAYBOOKS_A_THREAD * 3)
            .map(|number| SourceText::new(format!("{number}.md"), format!("# Runbook {number}\n")))
            .collect();
        let one_by_one: Vec<_> = sources.iter().map(parse).collect();
        assert_eq!(parse_all(&sources), one_by_one);
        assert_eq!(parse_all(&[]), Vec::<Vec<Parsed>>::new());
    }

    #[test]
    fn files_that_are_no_text_are_refused_with_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        for (bytes, expected) in [
            (
                b"\xff\xfea\0".to_vec(),
                "the file is UTF-16; save it as UTF-8",
            ),
            (
                b"ab\xffc".to_vec(),
                "byte 2 is not UTF-8; save the file as UTF-8",
            ),
            (
                vec![b'a'; limits::PLAYBOOK_BYTES + 1],
                "the file has 1048577 bytes, a playbook at most 1048576",
            ),
        ] {
            let path = folder.path().join("x.md");
            std::fs::write(&path, bytes).unwrap();
            let error = read_file(&path).unwrap_err().to_string();
            assert!(error.ends_with(expected), "{error}");
        }
        assert!(read_file(&folder.path().join("none.md")).is_err());
    }
}
