//! Who lives: each writer holds a lock on `writers/<id>.lock` for as long as its process does.
//!
//! The kernel lets go of the lock when the process ends, however it ends. No process id and no time is looked at.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::{StoreError, place};

/// A writer's sign of life. Dropping it lets go and removes the file.
#[derive(Debug)]
pub struct WriterLock {
    path: PathBuf,
    _file: File,
}

impl WriterLock {
    /// Takes the lock of a writer in a record's folder. Waits for a process that is just looking at it.
    pub fn take(folder: &Path, writer: &str) -> Result<Self, StoreError> {
        let path = path(folder, writer);
        let file = place::make_file(&path)?;
        flock(&file, FlockOperation::LockExclusive)
            .map_err(|error| StoreError::io("lock", &path)(error.into()))?;
        Ok(Self { path, _file: file })
    }
}

impl Drop for WriterLock {
    fn drop(&mut self) {
        // Only tidiness: a lock file that nobody holds says that its writer is gone, as no file does.
        let _ = fs::remove_file(&self.path);
    }
}

/// True while the writer's process lives on this host.
pub fn is_alive(folder: &Path, writer: &str) -> bool {
    is_held(&path(folder, writer))
}

/// All writers of a record whose processes live on this host.
pub fn alive_writers(folder: &Path) -> BTreeSet<String> {
    let Ok(files) = fs::read_dir(folder.join(place::WRITERS)) else {
        return BTreeSet::new();
    };
    files
        .filter_map(|file| {
            let name = file.ok()?.file_name().into_string().ok()?;
            let writer = name.strip_suffix(SUFFIX)?;
            is_alive(folder, writer).then(|| writer.to_owned())
        })
        .collect()
}

const SUFFIX: &str = ".lock";

/// True for the name of a writer's lock.
pub(super) fn is_lock(name: &[u8]) -> bool {
    name.ends_with(SUFFIX.as_bytes())
}

fn path(folder: &Path, writer: &str) -> PathBuf {
    folder
        .join(place::WRITERS)
        .join(format!("{writer}{SUFFIX}"))
}

fn is_held(path: &Path) -> bool {
    // A shared lock does not disturb others who look at the same time; it ends with the file.
    OpenOptions::new().read(true).open(path).is_ok_and(|file| {
        flock(&file, FlockOperation::NonBlockingLockShared) == Err(Errno::WOULDBLOCK)
    })
}
