//! A session: one operator at work on one incident, with a writer of its own in the record.
//!
//! Opening, resuming and adopting a changed playbook block on the disk, so they run as blocking tasks; what they find goes
//! to the loop as an event.

mod adopting;
mod attaching;
mod drilling;
mod file_watch;
mod listening;
mod opening;
mod pen;
mod reporting;

use std::collections::BTreeSet;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex};

use super::clock;
use super::events::Events;
use super::playbooks;
use crate::config::Config;
use crate::engine::event::{EventKind, Opened};
use crate::incident::Incident;
use crate::model::ids::{IncidentId, Ticket};
use crate::model::{Mode, limits};
use crate::playbook::Parsed;
use crate::record::entry::{Body, Draft, Sealed};
use crate::sources::registry::Sources;
use crate::sources::shell;
use crate::store::{self, Fold, Recorder, Store, StoreError};

use listening::{Waiting, lock, lock_for};
pub use opening::{check_request, note, open, resume, write};

/// What every session shares: the configuration and what is found through it.
pub struct Workplace {
    config: Config,
    /// The playbook that was checked before the screen came up, with the name it was asked for and the alert it answers:
    /// what was checked is what is opened.
    checked: Mutex<Option<(String, Parsed, Option<String>)>>,
}

impl Workplace {
    /// A workplace with this configuration.
    pub fn new(config: Config) -> Self {
        Self {
            config,
            checked: Mutex::new(None),
        }
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Where records are.
    pub fn data(&self) -> &Path {
        &self.config.places.data
    }

    /// Where copies and other things without a future may lie.
    pub fn scratch(&self) -> &Path {
        &self.config.places.state
    }
}

/// The folder in an incident's folder for what scripts write that may outlive the program.
const OUTPUT: &str = "output";

/// Tickets of entries that the run time asks for itself begin here; the engine counts from 1.
const OWN_TICKETS: u64 = 1 << 62;

/// An open incident: its recorder, its sources, and the thread that hears of other sessions.
pub struct Session {
    recorder: Arc<Mutex<Option<Recorder>>>,
    sources: Arc<Sources>,
    workplace: Arc<Workplace>,
    mode: Mode,
    incident: IncidentId,
    profile: String,
    source_problems: Vec<String>,
    writer: String,
    /// Nobody listens to the recorder any more.
    closing: Arc<AtomicBool>,
    /// Who waits for an entry of the run time's own.
    waiting: Waiting,
    next_ticket: AtomicU64,
    /// The drill that it is, if it is one.
    drill: Option<drilling::Running>,
    /// Dropped with the session: the thread that watches the record ends then.
    _watching: Option<UnixStream>,
}

/// Why a session could not begin.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// What was asked for does not fit; nothing was created.
    #[error("{0}")]
    Refused(String),
    /// The record.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An entry could not be made.
    #[error(transparent)]
    Seal(#[from] crate::record::chain::SealError),
    /// The system has no random numbers.
    #[error("make a session key: {0}")]
    Random(String),
}

impl Session {
    /// The sources of its profile.
    pub fn sources(&self) -> &Arc<Sources> {
        &self.sources
    }

    /// How the incident is worked.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The folder that holds its record and evidence.
    pub fn folder(&self) -> PathBuf {
        store::folder(self.workplace.data(), self.mode, self.incident)
    }

    /// The folder where scripts that change something write.
    pub fn output_folder(&self) -> PathBuf {
        self.folder().join(OUTPUT)
    }

    /// Hands an entry to the recorder. The answer comes as an event; the error says why there will be none.
    pub fn append(&self, ticket: Ticket, body: Body) -> Result<(), String> {
        let Some(recorder) = &*lock(&self.recorder) else {
            return Err("the session has ended: resume the incident".to_owned());
        };
        let stamp = pen::stamp().map_err(|error| error.to_string())?;
        recorder
            .append(ticket, draft(body), stamp)
            .map_err(|error| error.to_string())
    }

    /// Tells the loop what a task of this incident found, unless the incident was let go: another one may be open by now,
    /// whose record must not take it in.
    pub fn tell(&self, event: EventKind, events: &Events) {
        events.send_unless(event, &self.closing);
    }

    /// Reads a part of the timeline for the loop.
    pub fn load_timeline(&self, first: u64, count: u64, events: &Events) {
        let count = count.min(limits::TIMELINE_WINDOW as u64);
        let read = Store::open(self.workplace.data(), self.mode, self.incident)
            .and_then(|store| store.entries(first, count));
        let entries = read.unwrap_or_default().into_iter().map(Arc::new).collect();
        events.send_blocking(EventKind::TimelineLoaded { first, entries });
    }

    /// Ends the session in the record: once, from any thread, within a time.
    pub fn detacher(&self) -> super::ending::Detach {
        let (recorder, closing) = (Arc::clone(&self.recorder), Arc::clone(&self.closing));
        Arc::new(move |reason, within| {
            closing.store(true, Ordering::SeqCst);
            // Whoever holds the lock hands one entry over, which does not wait; a thread that panicked there is no reason
            // to hang.
            let taken = recorder.try_lock().map_or_else(
                |_| lock_for(&recorder, within),
                |mut recorder| recorder.take(),
            );
            let Some(recorder) = taken else {
                return;
            };
            let body = Body::SessionDetached {
                reason: reason.to_owned(),
            };
            if let Ok(stamp) = pen::stamp() {
                let _ = recorder.append(Ticket(u64::MAX), draft(body), stamp);
            }
            let (done, wait) = sync_channel(1);
            let stopper = std::thread::Builder::new().spawn(move || {
                recorder.stop();
                let _ = done.send(());
            });
            if stopper.is_ok() {
                let _ = wait.recv_timeout(within);
            }
        })
    }

    /// What the engine needs to know of the incident as it stands on disk.
    fn opened(&self, stand: Stand, found: playbooks::Found, differs: bool) -> Opened {
        let mut alive = stand.alive;
        alive.insert(self.writer.clone());
        let folder = self.output_folder();
        let actions = found.playbook.actions.keys();
        let left_behind = actions
            .filter_map(|action| Some((action.clone(), shell::left_behind(&folder, action)?)))
            .collect();
        Opened {
            playbook: found.playbook,
            diagnostics: found.diagnostics,
            playbook_differs: differs,
            incident: stand.incident,
            total: stand.total,
            tail: stand.tail.into_iter().map(Arc::new).collect(),
            writer: self.writer.clone(),
            alive,
            folder: crate::store::folder(self.workplace.data(), self.mode, self.incident)
                .display()
                .to_string(),
            profile: self.profile.clone(),
            source_problems: self.source_problems.clone(),
            left_behind,
        }
    }
}

/// An incident as it stands on disk. The fold it was read with goes on from there, so that no entry is told twice.
struct Stand {
    incident: Incident,
    tail: Vec<Sealed>,
    total: u64,
    alive: BTreeSet<String>,
}

impl Stand {
    fn of(store: &Store, fold: &mut Fold) -> Result<Self, SessionError> {
        let (tail, total) = if fold.is_whole() {
            let first = fold
                .through
                .unsigned_abs()
                .saturating_sub(limits::TIMELINE_FIRST);
            let newest = fold.log.entries().skip(first as usize).cloned();
            (newest.collect(), fold.through.unsigned_abs())
        } else {
            store.newest_with(fold, limits::TIMELINE_FIRST)?
        };
        let incident = fold.incident().cloned();
        Ok(Self {
            incident: incident.ok_or_else(|| empty(store.incident()))?,
            tail,
            total,
            alive: store.alive_writers(),
        })
    }
}

fn draft(body: Body) -> Draft {
    Draft {
        body,
        at: clock::wall(),
        sim_at: clock::simulated(),
    }
}

fn empty(incident: IncidentId) -> SessionError {
    SessionError::Refused(format!(
        "the record of {incident} has no entry: see `quarterdeck verify`"
    ))
}

/// An incident with the playbook it follows, as the record keeps both.
pub struct Pinned {
    /// The incident.
    pub incident: Incident,
    /// The fold that it is from.
    pub fold: Fold,
    /// Its playbook, as pinned, with everything attached to it.
    pub found: playbooks::Found,
}

/// Reads the incident and its playbook from a record.
pub fn pinned(store: &Store) -> Result<Pinned, SessionError> {
    let fold = store.fold()?;
    let incident = fold.incident().cloned();
    let incident = incident.ok_or_else(|| empty(store.incident()))?;
    let text = store::evidence::read(store.folder(), incident.playbook_sha256)?;
    // The path stands in one of the first entries, whatever playbook was adopted later.
    let path = store
        .entries(0, 8)?
        .into_iter()
        .find_map(|sealed| match sealed.body {
            Some(Body::EvidenceAdded {
                name, media_type, ..
            }) if media_type == pen::MARKDOWN => Some(name),
            _ => None,
        });
    let path = path.unwrap_or_else(|| incident.playbook.to_string());
    let text = String::from_utf8_lossy(&text);
    let found = playbooks::parse(&path, &text, &incident.playbook).ok_or_else(|| {
        SessionError::Refused(format!(
            "the playbook of {} is empty: see `quarterdeck verify`",
            incident.id
        ))
    })?;
    let found = attaching::with_attached(store, &incident, found);
    Ok(Pinned {
        incident,
        fold,
        found,
    })
}
