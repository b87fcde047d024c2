//! What a session hears: its recorder's answers, that another process wrote to the record or left it, and that the
//! playbook's file was written to.

use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Sender, SyncSender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};

use super::file_watch::FileWatch;
use crate::engine::event::EventKind;
use crate::model::ids::Ticket;
use crate::record::entry::Sealed;
use crate::runtime::events::Events;
use crate::store::{Notice, Recorder, Watcher};

/// Who waits for an entry of the run time's own.
pub(super) type Waiting = Arc<Mutex<Vec<(Ticket, SyncSender<Result<(), String>>)>>>;

/// How long a commit of others waits for the next ones: one command writes several, and each costs a frame.
const GATHER: Duration = Duration::from_millis(20);

/// When to look again after a write was heard: SQLite writes its log before it syncs it, and says nothing when the commit
/// can be seen at last.
const LOOK_AGAIN: [Timespec; 3] = [after_ms(30), after_ms(150), after_ms(800)];

const fn after_ms(milliseconds: i64) -> Timespec {
    Timespec {
        tv_sec: 0,
        tv_nsec: milliseconds * 1_000_000,
    }
}

/// What the recorder says, as events of the loop.
pub(super) fn notifier(
    events: Events,
    closing: Arc<AtomicBool>,
    waiting: Waiting,
    inbox: Option<Sender<Arc<Sealed>>>,
) -> impl FnMut(Notice) + Send + 'static {
    let answer = move |ticket: Ticket, answer: Result<(), String>| {
        let waiting = lock(&waiting);
        if let Some((_, waiter)) = waiting.iter().find(|(other, _)| *other == ticket) {
            let _ = waiter.try_send(answer);
        }
    };
    move |notice| {
        if let (Some(inbox), Notice::Recorded { entry, .. } | Notice::Arrived { entry, .. }) =
            (&inbox, &notice)
        {
            let _ = inbox.send(Arc::clone(entry));
        }
        let mut answered = None;
        let event = match notice {
            Notice::Recorded { ticket, entry } => {
                answered = Some((ticket, Ok(())));
                EventKind::Recorded { ticket, entry }
            }
            Notice::NotRecorded { ticket, reason } => {
                answered = Some((ticket, Err(reason.clone())));
                EventKind::NotRecorded { ticket, reason }
            }
            Notice::Refused { ticket, reason } => {
                answered = Some((ticket, Err(reason.clone())));
                EventKind::EntryRefused { ticket, reason }
            }
            Notice::Writers { alive } => EventKind::WritersChanged { alive },
            Notice::Arrived {
                entry,
                incident,
                alive,
            } => EventKind::EntryArrived {
                entry,
                incident,
                alive,
            },
            // The next look may succeed; what cannot be read at all is verify's to tell.
            Notice::NotRead { .. } => return,
        };
        events.send_unless(event, &closing);
        // Whoever waits for the answer finds the event told already.
        if let Some((ticket, told)) = answered {
            answer(ticket, told);
        }
    }
}

/// A thread that wakes the recorder when another process wrote to the record or left it, and calls `changed` when the
/// playbook's file was written to. It ends when the returned stream is dropped.
pub(super) fn watch(
    folder: &Path,
    recorder: &Arc<Mutex<Option<Recorder>>>,
    playbook: Option<FileWatch>,
    changed: impl Fn() + Send + 'static,
) -> Option<UnixStream> {
    let mut watcher = Watcher::new(folder).ok()?;
    let (ours, theirs) = UnixStream::pair().ok()?;
    let recorder = Arc::clone(recorder);
    let mut playbook = playbook;
    let look = move || {
        // What was written before the watch began.
        if let Some(recorder) = &*lock(&recorder) {
            recorder.sync();
        }
        let mut looks: &[Timespec] = &[];
        loop {
            let file = playbook.as_ref().map_or(theirs.as_fd(), AsFd::as_fd);
            let on_file = match playbook {
                Some(_) => PollFlags::IN,
                None => PollFlags::empty(),
            };
            let mut sides = [
                PollFd::new(&watcher, PollFlags::IN),
                PollFd::new(&theirs, PollFlags::empty()),
                PollFd::from_borrowed_fd(file, on_file),
            ];
            let polled = rustix::event::poll(&mut sides, looks.first());
            if polled == Ok(0) {
                looks = looks.get(1..).unwrap_or_default();
                if let Some(recorder) = &*lock(&recorder) {
                    recorder.sync();
                }
                continue;
            }
            let [_, session, _] = &sides;
            if !session.revents().is_empty()
                || polled.is_err_and(|error| error != rustix::io::Errno::INTR)
            {
                return;
            }
            std::thread::sleep(GATHER);
            let heard = watcher.drain().unwrap_or_default();
            if heard.written {
                looks = &LOOK_AGAIN;
            }
            if let Some(recorder) = &*lock(&recorder) {
                if heard.written {
                    recorder.sync();
                }
                if heard.left {
                    recorder.look_for_writers();
                }
            }
            if playbook.as_mut().is_some_and(FileWatch::drain) {
                changed();
            }
        }
    };
    std::thread::Builder::new()
        .name("watcher".into())
        .spawn(look)
        .ok()?;
    Some(ours)
}

/// The value, also after a thread that held it panicked: the process is about to end then.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes the recorder once whoever uses it lets go of it, unless that takes too long.
pub(super) fn lock_for(recorder: &Mutex<Option<Recorder>>, within: Duration) -> Option<Recorder> {
    let end = Instant::now() + within / 4;
    loop {
        match recorder.try_lock() {
            Ok(mut recorder) => return recorder.take(),
            Err(TryLockError::Poisoned(recorder)) => {
                return recorder.into_inner().take();
            }
            Err(TryLockError::WouldBlock) if Instant::now() >= end => {
                return None;
            }
            Err(TryLockError::WouldBlock) => {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
    }
}
