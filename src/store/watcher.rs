//! Notices that another process wrote to a record or left it, without polling.
//!
//! It says that something may be new, never what: whoever hears it asks the store for entries since the last row, or who
//! still lives.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::inotify::{self, CreateFlags, Reader, WatchFlags};
use rustix::io::Errno;

use super::{StoreError, lock, place};

/// What may have happened since the last look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Heard {
    /// The database or its log was written to.
    pub written: bool,
    /// A writer's lock was let go of: its process ended, however it did.
    pub left: bool,
}

/// Watches the folder of one record (inotify). Its descriptor becomes readable when something happened.
#[derive(Debug)]
pub struct Watcher {
    inotify: OwnedFd,
}

impl Watcher {
    /// Begins to watch.
    pub fn new(folder: &Path) -> Result<Self, StoreError> {
        let watch = || -> Result<OwnedFd, Errno> {
            let inotify = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
            // The folder, not the log: SQLite removes the log and makes a new one.
            inotify::add_watch(&inotify, folder, WatchFlags::MODIFY | WatchFlags::CREATE)?;
            // Who only looks at a lock opens it for reading, so it is not heard of here: looking would call for looking.
            let left = WatchFlags::CLOSE_WRITE | WatchFlags::DELETE;
            inotify::add_watch(&inotify, folder.join(place::WRITERS), left)?;
            Ok(inotify)
        };
        watch()
            .map(|inotify| Self { inotify })
            .map_err(|error| StoreError::io("watch", folder)(error.into()))
    }

    /// Waits until something was written to the database or its log; false when `timeout` passed before. Without a
    /// time-out it waits for as long as it takes.
    pub fn wait(&mut self, timeout: Option<Duration>) -> io::Result<bool> {
        let timeout = timeout.map(|timeout| rustix::event::Timespec {
            tv_sec: i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: timeout.subsec_nanos().into(),
        });
        loop {
            let mut ready = [PollFd::new(&self.inotify, PollFlags::IN)];
            match poll(&mut ready, timeout.as_ref()) {
                Ok(0) => return Ok(false),
                Ok(_) => {}
                Err(Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            }
            if self.drain()?.written {
                return Ok(true);
            }
        }
    }

    /// Takes what happened so far, without waiting.
    pub fn drain(&mut self) -> io::Result<Heard> {
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut reader = Reader::new(&self.inotify, &mut buffer);
        let mut heard = Heard::default();
        loop {
            match reader.next() {
                Ok(event) => {
                    // Events that were dropped for want of room carry no name: something happened.
                    let name = event.file_name().map(std::ffi::CStr::to_bytes);
                    heard.written |= name.is_none_or(|name| {
                        name == place::DATABASE.as_bytes() || name == place::WAL.as_bytes()
                    });
                    heard.left |= name.is_none_or(lock::is_lock);
                }
                Err(Errno::WOULDBLOCK) => return Ok(heard),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl AsFd for Watcher {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inotify.as_fd()
    }
}
