//! Records on disk: one folder an incident, one SQLite file in it, evidence and locks beside it.
//!
//! It stores what is sealed and reads it back; it seals nothing itself save through the [`recorder`], and it never looks
//! into a body. No clock, no randomness: the run time gives both.

mod database;
pub mod evidence;
pub mod list;
pub mod lock;
mod look;
mod place;
mod private_copy;
pub mod recorder;
pub mod watcher;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::thread;

use rusqlite::Connection;

use crate::incident::{Incident, Log};
use crate::model::Mode;
use crate::model::ids::IncidentId;
use crate::record::chain::Head;
use crate::record::entry::Sealed;
use crate::record::raw::{RawEntry, RawError};
use crate::record::verify::{Verification, verify};

pub use database::Synchronous;
pub use list::{Listing, Summary, find, list};
pub use recorder::{Notice, Recorder};
pub use watcher::Watcher;

/// The folder of an incident's record, whether it is there or not.
pub fn folder(data: &Path, mode: Mode, incident: IncidentId) -> PathBuf {
    place::folder(data, mode, incident)
}

/// Why a record could not be made, read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file system said no.
    #[error("{operation} {path}: {source}")]
    Io {
        /// What was tried.
        operation: &'static str,
        /// On what.
        path: String,
        /// The answer.
        source: io::Error,
    },
    /// SQLite said no.
    #[error("{operation} {path}: {source}")]
    Database {
        /// What was tried.
        operation: &'static str,
        /// On what.
        path: String,
        /// The answer.
        source: rusqlite::Error,
    },
    /// The write-ahead log needs memory that all processes share, which a network file system does not give.
    #[error(
        "open record in {path}: {kind} is a network file system, where records get corrupted: move the data to a local disk with QUARTERDECK_DATA=/some/local/folder"
    )]
    NetworkFileSystem {
        /// The folder.
        path: String,
        /// Name of the file system.
        kind: &'static str,
    },
    /// A setting that safety rests upon did not take.
    #[error("open {path}: {setting} is {found}, not {expected}: this SQLite cannot keep a record")]
    Setting {
        /// The database.
        path: String,
        /// The pragma.
        setting: &'static str,
        /// What was asked for.
        expected: String,
        /// What it is.
        found: String,
    },
    /// The file was written by a newer version.
    #[error("open {path}: its format {found} is newer than {known}: use a newer quarterdeck")]
    Newer {
        /// The database.
        path: String,
        /// Its format.
        found: usize,
        /// The newest format known here.
        known: usize,
    },
    /// A stored entry cannot be read.
    #[error("read entry {row} of {path}: {source}: see what `quarterdeck verify` says")]
    Entry {
        /// The database.
        path: String,
        /// Its row.
        row: i64,
        /// What is wrong.
        source: RawError,
    },
    /// An entry with this number is there and is another one.
    #[error("append to {path}: its writer's entry {seq} is there already and differs")]
    Conflict {
        /// The database.
        path: String,
        /// Number in the writer's chain.
        seq: u64,
    },
    /// A record that changes all the time could not be copied.
    #[error("copy {path} to read it: it changes faster than it can be copied: try again")]
    Unstable {
        /// The database.
        path: String,
    },
    /// Evidence whose bytes are not those of its name.
    #[error("read evidence {path}: its bytes were changed")]
    EvidenceChanged {
        /// The file.
        path: String,
    },
    /// No record goes by that name.
    #[error("find incident {name}: there is none; `quarterdeck list incidents` shows them")]
    NotFound {
        /// As given.
        name: String,
    },
    /// Several records go by that name.
    #[error("find incident {name}: several end like this, give more digits: {}", candidates.join(", "))]
    Ambiguous {
        /// As given.
        name: String,
        /// Their full ids.
        candidates: Vec<String>,
    },
    /// Neither `last` nor the end of an id.
    #[error("find incident {name}: expected `last`, an id, or at least its last 4 hex digits")]
    Name {
        /// As given.
        name: String,
    },
}

impl StoreError {
    fn io(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.display().to_string();
        move |source| Self::Io {
            operation,
            path,
            source,
        }
    }
}

/// An entry with its row: rows count from 1 in the order in which entries reached this file.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    /// The row.
    pub row: i64,
    /// The entry.
    pub sealed: Sealed,
}

/// The fold of a record up to a row.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Fold {
    /// The incident and its latest entries.
    pub log: Log,
    /// The last row in it; 0 for none.
    pub through: i64,
}

/// The open record of one incident.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    /// While the first group of entries of a new record is under way: the folders with new names, which nothing waited for.
    unsynced: RefCell<Option<Vec<PathBuf>>>,
    /// The database of a record that was made here. It stays open as long as SQLite has it open: a process that closes any
    /// handle on a file loses all its locks on it, SQLite's as well.
    file: Option<File>,
    folder: PathBuf,
    incident: IncidentId,
    mode: Mode,
    /// Holds the copy that is read in place of a record that may not be written.
    _copy: Option<tempfile::TempDir>,
}

impl Store {
    /// Makes the folder and the empty record of a new incident.
    pub fn create(data: &Path, mode: Mode, incident: IncidentId) -> Result<Self, StoreError> {
        let (store, ()) = Self::begin_new(data, mode, incident, |_| Ok(()))?;
        store.commit()?;
        Ok(store)
    }

    /// Begins a record with its first group of entries: they and the record itself are on disk after [`Self::commit`], and
    /// before it nothing of them is. `beside` puts into the folder what the entries will speak of, such as evidence, while
    /// SQLite makes its file; that is on disk when this returns.
    pub fn begin_new<T: Send>(
        data: &Path,
        mode: Mode,
        incident: IncidentId,
        beside: impl FnOnce(&Path) -> Result<T, StoreError> + Send,
    ) -> Result<(Self, T), StoreError> {
        let folder = place::folder(data, mode, incident);
        let mut grown = place::make_folders(data, &folder)?;
        if !grown.contains(&folder) {
            grown.push(folder.clone());
        }
        place::refuse_network(&folder)?;
        let file = place::make_file(&folder.join(place::DATABASE))?;
        let (connection, beside) = thread::scope(|scope| {
            let worker = thread::Builder::new()
                .name("beside".into())
                .spawn_scoped(scope, || beside(&folder))
                .map_err(StoreError::io("start a thread to make", &folder))?;
            let connection = database::create(&folder.join(place::DATABASE));
            let beside = worker.join().unwrap_or_else(|panic| resume_unwind(panic));
            Ok((connection?, beside?))
        })?;
        let store = Self {
            connection,
            unsynced: RefCell::new(Some(grown)),
            file: Some(file),
            folder,
            incident,
            mode,
            _copy: None,
        };
        store.begin()?;
        Ok((store, beside))
    }

    /// Opens a record for reading and writing.
    pub fn open(data: &Path, mode: Mode, incident: IncidentId) -> Result<Self, StoreError> {
        let folder = place::folder(data, mode, incident);
        if !folder.join(place::DATABASE).exists() {
            return Err(StoreError::NotFound {
                name: incident.to_string(),
            });
        }
        place::refuse_network(&folder)?;
        Self::at(folder, mode, incident)
    }

    /// Opens a record for reading. One that may not be written is read through a copy in a private folder below `scratch`:
    /// without write access SQLite cannot join the write-ahead log and would show an old state, or none.
    pub fn read(
        data: &Path,
        mode: Mode,
        incident: IncidentId,
        scratch: &Path,
    ) -> Result<Self, StoreError> {
        if place::may_write(&place::folder(data, mode, incident)) {
            Self::open(data, mode, incident)
        } else {
            Self::read_copy(data, mode, incident, scratch)
        }
    }

    /// Reads through a private copy in any case.
    pub fn read_copy(
        data: &Path,
        mode: Mode,
        incident: IncidentId,
        scratch: &Path,
    ) -> Result<Self, StoreError> {
        let folder = place::folder(data, mode, incident);
        let copy = private_copy::copy(&folder, scratch)?;
        let connection = database::open(&copy.path().join(place::DATABASE))?;
        Ok(Self {
            connection,
            unsynced: RefCell::new(None),
            file: None,
            folder,
            incident,
            mode,
            _copy: Some(copy),
        })
    }

    fn at(folder: PathBuf, mode: Mode, incident: IncidentId) -> Result<Self, StoreError> {
        Ok(Self {
            connection: database::open(&folder.join(place::DATABASE))?,
            unsynced: RefCell::new(None),
            file: None,
            folder,
            incident,
            mode,
            _copy: None,
        })
    }

    /// Changes how a commit waits for the disk. A record is always opened with [`Synchronous::Full`]; a power-cut test
    /// needs the weaker setting to show that it would catch a lost entry.
    pub fn set_synchronous(&self, synchronous: Synchronous) -> Result<(), StoreError> {
        database::set_synchronous(&self.connection, &self.path(), synchronous)
    }

    /// Which incident.
    pub fn incident(&self) -> IncidentId {
        self.incident
    }

    /// Its mode.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The folder that holds record, evidence and locks.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes an entry and returns its row once it is on disk. Writing the same entry again is no error: whoever lost the
    /// answer to a commit may ask again.
    pub fn append(&self, sealed: &Sealed) -> Result<i64, StoreError> {
        let raw = RawEntry::of(sealed).map_err(|source| StoreError::Entry {
            path: self.path(),
            row: 0,
            source,
        })?;
        database::append(&self.connection, &self.path(), &sealed.entry, &raw)
    }

    /// Begins a group of entries that reach the disk together, or not at all.
    pub fn begin(&self) -> Result<(), StoreError> {
        database::begin(&self.connection, &self.path())
    }

    /// Puts the group on disk.
    pub fn commit(&self) -> Result<(), StoreError> {
        database::commit(&self.connection, &self.path())?;
        self.unsynced
            .take()
            .map_or(Ok(()), |folders| self.settle(&folders))
    }

    /// Puts a new record on disk: its header and its log, which SQLite has not synced so far, and their names. From here on
    /// every commit waits for the disk.
    fn settle(&self, folders: &[PathBuf]) -> Result<(), StoreError> {
        let log = self.folder.join(place::WAL);
        let open = |path: &PathBuf| File::open(path).map_err(StoreError::io("open", path));
        let opened: Result<Vec<File>, StoreError> =
            folders.iter().chain([&log]).map(open).collect();
        place::sync_together(opened?.iter().chain(&self.file))
            .map_err(StoreError::io("sync the record in", &self.folder))?;
        self.set_synchronous(Synchronous::Full)
    }

    /// Number of entries.
    pub fn count(&self) -> Result<u64, StoreError> {
        database::count(&self.connection, &self.path())
    }

    /// Entries in the incident's order, from a position (0 is the first).
    pub fn entries(&self, first: u64, count: u64) -> Result<Vec<Sealed>, StoreError> {
        let rows = database::in_order(&self.connection, &self.path(), first, count)?;
        self.sealed(rows)
    }

    /// The newest entries, in the incident's order.
    pub fn tail(&self, count: u64) -> Result<Vec<Sealed>, StoreError> {
        let mut rows = database::newest(&self.connection, &self.path(), count)?;
        rows.reverse();
        self.sealed(rows)
    }

    /// At most `count` entries that reached this file after a row.
    pub fn since(&self, row: i64, count: u64) -> Result<Vec<Stored>, StoreError> {
        database::since(&self.connection, &self.path(), row, count)?
            .into_iter()
            .map(|(row, raw)| {
                Ok(Stored {
                    row,
                    sealed: self.open_raw(row, &raw)?,
                })
            })
            .collect()
    }

    /// A number that changes when another process or connection wrote to this file.
    pub fn data_version(&self) -> Result<i64, StoreError> {
        database::data_version(&self.connection, &self.path())
    }

    /// The newest entry of each writer: what a writer that joins must observe.
    pub fn heads(&self) -> Result<Vec<Head>, StoreError> {
        database::heads(&self.connection, &self.path())
    }

    /// The incident, from the cached fold and the entries after it. Without a cache, or when it does not fit the entries,
    /// everything is folded.
    pub fn fold(&self) -> Result<Fold, StoreError> {
        let entries = self.count()?;
        let mut fold = match database::cached_fold(&self.connection, &self.path())? {
            Some((incident, through))
                if incident.id == self.incident && through.cast_unsigned() <= entries =>
            {
                Fold {
                    log: Log::from_snapshot(incident),
                    through,
                }
            }
            _ => Fold::default(),
        };
        if self.catch_up(&mut fold)? == Caught::Up {
            return Ok(fold);
        }
        self.fold_all()
    }

    /// Brings a fold up to date and gives the newest entries, at most `count`, and the number of all, as of one moment:
    /// whatever is written later has a row after the fold.
    pub fn newest_with(
        &self,
        fold: &mut Fold,
        count: u64,
    ) -> Result<(Vec<Sealed>, u64), StoreError> {
        let _moment = database::moment(&self.connection, &self.path())?;
        if self.catch_up(fold)? == Caught::TooOld {
            *fold = self.fold_all()?;
        }
        Ok((self.tail(count)?, self.count()?))
    }

    /// The incident, from its entries alone.
    pub fn fold_all(&self) -> Result<Fold, StoreError> {
        let rows = database::since(&self.connection, &self.path(), 0, u64::MAX)?;
        let through = rows.last().map_or(0, |(row, _)| *row);
        Ok(Fold {
            log: self.sealed(rows)?.into_iter().collect(),
            through,
        })
    }

    /// Keeps the fold, so that opening the record again does not take longer the longer it is. It is a cache: it can be
    /// thrown away, and verification never looks at it.
    pub fn save_fold(&self, fold: &Fold) -> Result<(), StoreError> {
        let Some(incident) = fold.log.incident() else {
            return Ok(());
        };
        database::save_fold(&self.connection, &self.path(), incident, fold.through)?;
        list::save_summary(&self.folder, incident)
    }

    /// Every entry as it is stored, in the order of rows.
    pub fn raw_entries(&self) -> Result<Vec<RawEntry>, StoreError> {
        let rows = database::since(&self.connection, &self.path(), 0, u64::MAX)?;
        Ok(rows.into_iter().map(|(_, raw)| raw).collect())
    }

    /// Verifies the record and the evidence files beside it.
    pub fn verify(&self) -> Result<Verification, StoreError> {
        let entries = self.raw_entries()?;
        Ok(verify(self.incident, self.mode, &entries, &mut |hash| {
            evidence::hash_of(&self.folder, hash)
        }))
    }

    /// Writers that hold their lock: sessions that live on this host.
    pub fn alive_writers(&self) -> BTreeSet<String> {
        lock::alive_writers(&self.folder)
    }

    /// Adds the rows after a fold to it.
    fn catch_up(&self, fold: &mut Fold) -> Result<Caught, StoreError> {
        for stored in self.since(fold.through, u64::MAX)? {
            fold.through = stored.row;
            if fold.log.add(stored.sealed) == crate::incident::log::Added::TooOld {
                return Ok(Caught::TooOld);
            }
        }
        Ok(Caught::Up)
    }

    fn sealed(&self, rows: Vec<(i64, RawEntry)>) -> Result<Vec<Sealed>, StoreError> {
        rows.into_iter()
            .map(|(row, raw)| self.open_raw(row, &raw))
            .collect()
    }

    fn open_raw(&self, row: i64, raw: &RawEntry) -> Result<Sealed, StoreError> {
        raw.read().map_err(|source| StoreError::Entry {
            path: self.path(),
            row,
            source,
        })
    }

    fn path(&self) -> String {
        self.folder.join(place::DATABASE).display().to_string()
    }
}

/// Whether a fold could be brought up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Caught {
    Up,
    /// An entry belongs before everything the fold still holds.
    TooOld,
}

impl Fold {
    /// The incident; none for an empty record.
    pub fn incident(&self) -> Option<&Incident> {
        self.log.incident()
    }

    /// True while every entry up to [`Self::through`] is still at hand: nothing has to be read again.
    pub fn is_whole(&self) -> bool {
        self.log.entries().count() as i64 == self.through
    }
}
