//! The thread that owns a record while it is worked on: seals, commits, and says so.
//!
//! Commits wait for the disk, so they happen here and nowhere near a key press. Nobody is told "recorded" before the commit
//! returned. What cannot be written waits here, in order, and is tried again; it is never dropped and never reordered.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::mpsc::{
    Receiver, RecvTimeoutError, SyncSender, TryRecvError, TrySendError, sync_channel,
};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::lock::WriterLock;
use super::{Fold, Store, StoreError};
use crate::incident::Incident;
use crate::incident::log::Added;
use crate::model::ids::Ticket;
use crate::model::limits;
use crate::record::chain::{Stamp, Writer, seal};
use crate::record::entry::{Draft, Sealed};

/// What the recorder says. It calls back on its own thread; the callback only passes on.
#[derive(Debug, Clone, PartialEq)]
pub enum Notice {
    /// The entry is on disk.
    Recorded {
        /// Whose.
        ticket: Ticket,
        /// The entry.
        entry: Arc<Sealed>,
    },
    /// The entry is sealed but not on disk. It waits and is tried again; `Recorded` follows when that succeeds.
    NotRecorded {
        /// Whose.
        ticket: Ticket,
        /// Why, with the next thing to do.
        reason: String,
    },
    /// The draft will never be an entry: it is too large, or too many wait already.
    Refused {
        /// Whose.
        ticket: Ticket,
        /// Why.
        reason: String,
    },
    /// Another session wrote an entry.
    Arrived {
        /// The entry.
        entry: Arc<Sealed>,
        /// The incident with it, folded in order.
        incident: Box<Incident>,
        /// Writers that live on this host.
        alive: BTreeSet<String>,
    },
    /// A session of another process began or ended.
    Writers {
        /// Writers that live on this host.
        alive: BTreeSet<String>,
    },
    /// Entries of other sessions could not be read.
    NotRead {
        /// Why.
        reason: String,
    },
}

/// Why a recorder did not take what it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecorderError {
    /// Too much waits already.
    #[error(
        "record entry: {} wait already: free the disk that holds the record",
        limits::ENTRIES_PENDING
    )]
    Full,
    /// Its thread has ended.
    #[error("record entry: the recorder has ended: resume the incident")]
    Ended,
}

/// How a recorder ended.
#[derive(Debug)]
pub struct Stopped {
    /// Sealed and never written, in order.
    pub unwritten: Vec<Sealed>,
    /// What last kept them from being written.
    pub reason: Option<String>,
}

/// Handle on the thread. Dropped without [`Recorder::stop`], the thread still writes what it was given, and ends.
#[derive(Debug)]
pub struct Recorder {
    orders: SyncSender<Order>,
    thread: JoinHandle<Stopped>,
}

enum Order {
    Append(Box<(Ticket, Draft, Stamp)>),
    Sync,
    Writers,
    Stop,
}

/// How long to wait before a write that failed is tried again.
const RETRY: Duration = Duration::from_secs(1);
/// How often to look whether a writer has gone, each time twice as long after the look before, from a millisecond on: the
/// kernel tells that a file was closed just before it lets go of its lock.
const LOOKS: u32 = 6;
/// How long nothing must be asked before the fold is kept.
const IDLE: Duration = Duration::from_millis(200);

impl Recorder {
    /// Takes over a record and its fold for one writer. When this returns, the writer is locked as alive and has observed
    /// all other chains up to the fold; what came later it takes in before it writes.
    pub fn start(
        store: Store,
        mut writer: Writer,
        fold: Fold,
        notify: impl FnMut(Notice) + Send + 'static,
    ) -> Result<Self, StoreError> {
        let lock = WriterLock::take(store.folder(), writer.id())?;
        if fold.is_whole() {
            fold.log.entries().for_each(|entry| writer.observe(entry));
        } else {
            for head in store.heads()? {
                writer.observe_head(head);
            }
        }
        let (orders, inbox) = sync_channel(limits::ENTRIES_PENDING);
        let folder = store.folder().to_owned();
        let worker = Worker {
            data_version: None,
            alive: store.alive_writers(),
            store,
            writer,
            folded: fold.incident().map_or(0, |incident| incident.entries),
            fold,
            pending: VecDeque::new(),
            failure: None,
            notify,
            _lock: lock,
        };
        let thread = thread::Builder::new()
            .name("recorder".into())
            .spawn(move || worker.work(&inbox))
            .map_err(StoreError::io("start the recorder of", &folder))?;
        Ok(Self { orders, thread })
    }

    /// Hands over a draft; answered by a notice with its ticket. Never waits.
    pub fn append(&self, ticket: Ticket, draft: Draft, stamp: Stamp) -> Result<(), RecorderError> {
        let order = Order::Append(Box::new((ticket, draft, stamp)));
        self.orders.try_send(order).map_err(|error| match error {
            TrySendError::Full(_) => RecorderError::Full,
            TrySendError::Disconnected(_) => RecorderError::Ended,
        })
    }

    /// Asks for entries of other sessions, when a [`super::Watcher`] has heard of some. Never waits.
    pub fn sync(&self) {
        // When there is no room, orders wait, and each of them looks for others' entries first.
        let _ = self.orders.try_send(Order::Sync);
    }

    /// Asks who lives, when a [`super::Watcher`] has heard that a writer left. Never waits.
    pub fn look_for_writers(&self) {
        // When there is no room, the disk hangs, and nobody's outcome is more certain than before.
        let _ = self.orders.try_send(Order::Writers);
    }

    /// Writes what was handed over, keeps the fold, lets go of the record, and ends. Waits for the disk.
    pub fn stop(self) -> Stopped {
        let _ = self.orders.send(Order::Stop);
        self.thread.join().unwrap_or_else(|_| Stopped {
            unwritten: vec![],
            reason: Some("the recorder ended by a defect of the program".into()),
        })
    }
}

struct Worker<N> {
    store: Store,
    writer: Writer,
    fold: Fold,
    /// Entries in the fold that was last kept.
    folded: u64,
    /// The state of the file in which nothing was left to take in; none before the first look.
    data_version: Option<i64>,
    /// Writers that lived when somebody was last told.
    alive: BTreeSet<String>,
    pending: VecDeque<(Ticket, Sealed)>,
    failure: Option<String>,
    notify: N,
    _lock: WriterLock,
}

impl<N: FnMut(Notice)> Worker<N> {
    fn work(mut self, inbox: &Receiver<Order>) -> Stopped {
        loop {
            match self.next(inbox) {
                Some(Order::Append(order)) => {
                    let (ticket, draft, stamp) = *order;
                    self.take_others();
                    self.append(ticket, draft, stamp);
                }
                Some(Order::Sync) => self.take_others(),
                Some(Order::Writers) => self.look_for_writers(),
                None => self.catch_up(),
                Some(Order::Stop) => break,
            }
        }
        self.catch_up();
        Stopped {
            unwritten: self.pending.into_iter().map(|(_, sealed)| sealed).collect(),
            reason: self.failure,
        }
    }

    /// The next order; none when there is time for what can wait.
    fn next(&self, inbox: &Receiver<Order>) -> Option<Order> {
        if let order @ (Ok(_) | Err(TryRecvError::Disconnected)) = inbox.try_recv() {
            return Some(order.unwrap_or(Order::Stop));
        }
        let timeout = if !self.pending.is_empty() {
            RETRY
        } else if self.unkept() >= limits::SNAPSHOT_EVERY {
            IDLE
        } else {
            // Nothing to do: sleep until somebody asks, without waking up in between.
            return Some(inbox.recv().unwrap_or(Order::Stop));
        };
        match inbox.recv_timeout(timeout) {
            Ok(order) => Some(order),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Order::Stop),
        }
    }

    /// Tries again what could not be written, and keeps the fold when nothing waits any more.
    fn catch_up(&mut self) {
        if self.flush().is_ok() {
            self.keep_fold();
        }
    }

    fn append(&mut self, ticket: Ticket, draft: Draft, stamp: Stamp) {
        if self.pending.len() >= limits::ENTRIES_PENDING {
            let reason = RecorderError::Full.to_string();
            return (self.notify)(Notice::Refused { ticket, reason });
        }
        match seal(&mut self.writer, draft, stamp) {
            Ok(sealed) => {
                self.pending.push_back((ticket, sealed));
                if let Err(reason) = self.flush() {
                    (self.notify)(Notice::NotRecorded { ticket, reason });
                }
            }
            Err(error) => {
                let reason = error.to_string();
                (self.notify)(Notice::Refused { ticket, reason });
            }
        }
    }

    /// Writes what waits, in order, as far as it goes.
    fn flush(&mut self) -> Result<(), String> {
        while let Some((ticket, sealed)) = self.pending.front() {
            let ticket = *ticket;
            let row = match self.store.append(sealed) {
                Ok(row) => row,
                Err(error) => {
                    let reason = error.to_string();
                    self.failure = Some(reason.clone());
                    return Err(reason);
                }
            };
            // Any other row means that others' entries lie between, which are still to be read.
            if row == self.fold.through + 1 {
                self.fold.through = row;
            }
            let Some((_, sealed)) = self.pending.pop_front() else {
                break;
            };
            self.fold.log.add(sealed.clone());
            let entry = Arc::new(sealed);
            (self.notify)(Notice::Recorded { ticket, entry });
        }
        self.failure = None;
        Ok(())
    }

    /// Takes in what others wrote. Costs one cheap question when nobody did.
    fn take_others(&mut self) {
        if let Err(error) = self.try_take_others() {
            let reason = error.to_string();
            (self.notify)(Notice::NotRead { reason });
        }
    }

    fn try_take_others(&mut self) -> Result<(), StoreError> {
        let version = self.store.data_version()?;
        if self.data_version == Some(version) {
            return Ok(());
        }
        let mut looked = false;
        for stored in self.store.since(self.fold.through, u64::MAX)? {
            self.fold.through = stored.row;
            if stored.sealed.entry.writer == self.writer.id() {
                continue;
            }
            self.writer.observe(&stored.sealed);
            match self.fold.log.add(stored.sealed.clone()) {
                Added::Known => continue,
                Added::Applied | Added::Refolded => {}
                Added::TooOld => self.fold.log = self.store.fold_all()?.log,
            }
            let Some(incident) = self.fold.incident() else {
                continue;
            };
            // Once a batch: each look asks the lock of every writer.
            if !std::mem::replace(&mut looked, true) {
                self.alive = self.store.alive_writers();
            }
            (self.notify)(Notice::Arrived {
                incident: Box::new(incident.clone()),
                entry: Arc::new(stored.sealed),
                alive: self.alive.clone(),
            });
        }
        self.data_version = Some(version);
        Ok(())
    }

    /// Says who lives if that is not who lived before. What a writer that is gone has written comes first.
    fn look_for_writers(&mut self) {
        self.take_others();
        for look in 0..LOOKS {
            let alive = self.store.alive_writers();
            if alive != self.alive {
                self.alive.clone_from(&alive);
                return (self.notify)(Notice::Writers { alive });
            }
            thread::sleep(Duration::from_millis(1 << look));
        }
    }

    /// Entries that the kept fold does not hold.
    fn unkept(&self) -> u64 {
        let entries = self.fold.incident().map_or(0, |incident| incident.entries);
        entries.saturating_sub(self.folded)
    }

    /// Keeps the fold as a cache. When that fails the record is as good as before, only slower to open.
    fn keep_fold(&mut self) {
        self.take_others();
        if self.unkept() == 0 {
            return;
        }
        let _ = self.store.save_fold(&self.fold);
        self.folded += self.unkept();
    }
}
