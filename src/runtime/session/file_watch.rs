//! Notices that one file was written to or replaced, without polling.
//!
//! It says that the file may be another one, never how: whoever hears it reads the file.

use std::ffi::OsString;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use rustix::fs::inotify::{self, CreateFlags, Reader, WatchFlags};
use rustix::io::Errno;

/// Watches a file by way of its folder: editors write a new file and give it the old one's name.
#[derive(Debug)]
pub(super) struct FileWatch {
    inotify: OwnedFd,
    name: OsString,
}

impl FileWatch {
    /// Begins to watch. None for what is no file, and where the system has no watch left: the change shows on resume.
    pub(super) fn new(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_owned();
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let inotify = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).ok()?;
        let changes = WatchFlags::CLOSE_WRITE | WatchFlags::MOVED_TO;
        inotify::add_watch(&inotify, folder, changes).ok()?;
        Some(Self { inotify, name })
    }

    /// Takes what happened so far, without waiting; true when it was this file.
    pub(super) fn drain(&mut self) -> bool {
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut reader = Reader::new(&self.inotify, &mut buffer);
        let mut changed = false;
        loop {
            match reader.next() {
                // Events that were dropped for want of room carry no name: something happened.
                Ok(event) => {
                    changed |= event
                        .file_name()
                        .is_none_or(|name| name.to_bytes() == self.name.as_bytes());
                }
                Err(Errno::INTR) => {}
                Err(_) => return changed,
            }
        }
    }
}

impl AsFd for FileWatch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inotify.as_fd()
    }
}
