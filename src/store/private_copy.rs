//! A copy of a record that may be read but not written.
//!
//! SQLite reads a write-ahead log only where it may make files, and `immutable` ignores the log and with it the newest
//! entries. So database and log are copied, again until neither changed meanwhile.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use tempfile::TempDir;

use super::look::Look;
use super::{StoreError, place};

/// A writer that commits all the time is given up after so many tries.
const TRIES: usize = 50;

/// Copies a record's database and log into a new folder below `scratch` that only this user may enter.
pub(super) fn copy(folder: &Path, scratch: &Path) -> Result<TempDir, StoreError> {
    let source = folder.join(place::DATABASE);
    let copy = place::make_temporary_folder(scratch)
        .map_err(StoreError::io("make a private folder in", scratch))?;
    for _ in 0..TRIES {
        let before = Look::at(folder).map_err(StoreError::io("copy", &source))?;
        for name in [place::DATABASE, place::WAL] {
            copy_file(&folder.join(name), &copy.path().join(name))
                .map_err(StoreError::io("copy", &source))?;
        }
        let after = Look::at(folder).map_err(StoreError::io("copy", &source))?;
        if before == after {
            return Ok(copy);
        }
    }
    Err(StoreError::Unstable {
        path: source.display().to_string(),
    })
}

/// Copies the bytes, not the mode: the copy is written, when SQLite takes the log in. What is not there leaves no copy.
fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    match File::open(from) {
        Ok(mut file) => io::copy(&mut file, &mut File::create(to)?).map(|_| ()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::remove_file(to).or_else(|error| match error.kind() {
                io::ErrorKind::NotFound => Ok(()),
                _ => Err(error),
            })
        }
        Err(error) => Err(error),
    }
}
