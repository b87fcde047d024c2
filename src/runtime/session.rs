//! A session: one operator at work on one incident, with a writer of its own in the record.
//!
//! Opening, resuming and adopting a changed playbook block on the disk, so they run as blocking tasks; what they find goes
//! to the loop as an event.

mod pen;

use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags};

use super::clock;
use super::events::Events;
use super::{mode, playbooks};
use crate::config::{Config, Provenance};
use crate::engine::effect::OpenRequest;
use crate::engine::event::{EventKind, Opened};
use crate::incident::Incident;
use crate::model::ids::{IncidentId, InputId, Ticket};
use crate::model::input::Origin;
use crate::model::playbook::Playbook;
use crate::model::{Mode, input, limits};
use crate::record::entry::{Body, Draft};
use crate::sources::registry::Sources;
use crate::store::{self, Notice, Recorder, Store, StoreError, Watcher};

use pen::Pen;

/// What every session shares: the configuration and what is found through it.
pub struct Workplace(Config);

impl Workplace {
    /// A workplace with this configuration.
    pub fn new(config: Config) -> Self {
        Self(config)
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.0
    }

    /// Where records are.
    pub fn data(&self) -> &Path {
        &self.0.places.data
    }

    /// Where copies and other things without a future may lie.
    pub fn scratch(&self) -> &Path {
        &self.0.places.state
    }
}

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
    writer: String,
    /// Nobody listens to the recorder any more.
    closing: Arc<AtomicBool>,
    /// Who waits for an entry of the run time's own.
    waiting: Waiting,
    next_ticket: AtomicU64,
    /// Dropped with the session: the thread that watches the record ends then.
    _watching: Option<UnixStream>,
}

type Waiting = Arc<Mutex<Vec<(Ticket, SyncSender<Result<(), String>>)>>>;

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

/// Opens an incident and tells the loop: opened, a severity is to be chosen, or why not.
pub fn open(workplace: &Arc<Workplace>, request: &OpenRequest, events: &Events) {
    match try_open(workplace, request, events) {
        Ok(Some((session, opened))) => hand_over(session, opened, events),
        Ok(None) => {}
        Err(error) => events.send_blocking(EventKind::OpenFailed(error.to_string())),
    }
}

/// Goes on with an incident and tells the loop.
pub fn resume(workplace: &Arc<Workplace>, incident: IncidentId, events: &Events) {
    match try_resume(workplace, incident, events) {
        Ok((session, opened)) => hand_over(session, opened, events),
        Err(error) => events.send_blocking(EventKind::OpenFailed(error.to_string())),
    }
}

/// Checks what `open` was asked for, without creating anything: the playbook exists, severity and inputs fit.
pub fn check_request(workplace: &Workplace, request: &OpenRequest) -> Result<(), SessionError> {
    let (parsed, _) =
        playbooks::locate(workplace, &request.playbook).map_err(SessionError::Refused)?;
    check_severity(&parsed.playbook, request.severity.as_deref())?;
    checked_inputs(&parsed.playbook, &request.set)?;
    mode::sources(Mode::Live, workplace.config()).map_err(SessionError::Refused)?;
    Ok(())
}

/// Writes a note as a session of its own, for the command line.
pub fn note(
    workplace: &Workplace,
    mode: Mode,
    incident: IncidentId,
    text: &str,
) -> Result<(), SessionError> {
    let store = Store::open(workplace.data(), mode, incident)?;
    let mut pen = Pen::join(store, mode, incident, workplace.config())?;
    pen.write(Body::NoteAdded {
        text: text.to_owned(),
        happened_at: None,
        step: None,
    })?;
    pen.write(Body::SessionDetached {
        reason: "note written".into(),
    })?;
    pen.keep_fold();
    Ok(())
}

impl Session {
    /// The sources of its profile.
    pub fn sources(&self) -> &Arc<Sources> {
        &self.sources
    }

    /// Hands an entry to the recorder. The answer comes as an event.
    pub fn append(&self, ticket: Ticket, body: Body) {
        if let Some(recorder) = &*lock(&self.recorder) {
            // A recorder that takes no more has said so with an earlier ticket; the entry stays pending in the engine.
            let _ = pen::stamp().map(|stamp| recorder.append(ticket, draft(body), stamp));
        }
    }

    /// Reads a part of the timeline for the loop.
    pub fn load_timeline(&self, first: u64, count: u64, events: &Events) {
        let count = count.min(limits::TIMELINE_WINDOW as u64);
        let read = Store::open(self.workplace.data(), self.mode, self.incident)
            .and_then(|store| store.entries(first, count));
        let entries = read.unwrap_or_default().into_iter().map(Arc::new).collect();
        events.send_blocking(EventKind::TimelineLoaded { first, entries });
    }

    /// Takes the changed playbook into the record and tells the loop.
    pub fn adopt_playbook(&self, events: &Events) {
        match self.try_adopt() {
            Ok(opened) => events.send_blocking(EventKind::Opened(Box::new(opened))),
            Err(error) => events.send_blocking(EventKind::OpenFailed(error.to_string())),
        }
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

    fn try_adopt(&self) -> Result<Opened, SessionError> {
        let store = Store::open(self.workplace.data(), self.mode, self.incident)?;
        let before = pinned(&store)?;
        let now = playbooks::current(&self.workplace, &before.found.playbook).ok_or_else(|| {
            SessionError::Refused("the playbook's file is gone: there is nothing to adopt".into())
        })?;
        let from = before.incident.playbook_sha256;
        let kept = store::evidence::put(store.folder(), now.playbook.source.text.as_bytes())?;
        let vanished = vanished(&before.found.playbook, &now.playbook);
        self.append_and_wait(pen::playbook_evidence(&kept, &now.playbook))?;
        self.append_and_wait(Body::PlaybookChanged {
            from,
            to: kept.sha256,
            vanished,
        })?;
        self.opened(&store, now, false)
    }

    fn append_and_wait(&self, body: Body) -> Result<(), SessionError> {
        let ticket = Ticket(OWN_TICKETS + self.next_ticket.fetch_add(1, Ordering::Relaxed));
        let (done, wait) = sync_channel(1);
        lock(&self.waiting).push((ticket, done));
        self.append(ticket, body);
        let answer = wait.recv_timeout(limits::PLAN_TIMEOUT);
        lock(&self.waiting).retain(|(other, _)| *other != ticket);
        answer
            .unwrap_or_else(|_| Err("the record did not answer".into()))
            .map_err(|reason| SessionError::Refused(format!("adopt playbook: {reason}")))
    }

    /// What the engine needs to know of the incident as it stands on disk.
    fn opened(
        &self,
        store: &Store,
        found: playbooks::Found,
        differs: bool,
    ) -> Result<Opened, SessionError> {
        let fold = store.fold()?;
        let incident = fold
            .incident()
            .cloned()
            .ok_or_else(|| empty(self.incident))?;
        let tail = store.tail(limits::TIMELINE_WINDOW as u64)?;
        let mut alive = store.alive_writers();
        alive.insert(self.writer.clone());
        Ok(Opened {
            playbook: found.playbook,
            diagnostics: found.diagnostics,
            playbook_differs: differs,
            incident,
            total: store.count()?,
            tail: tail.into_iter().map(Arc::new).collect(),
            writer: self.writer.clone(),
            alive,
            profile: self.profile.clone(),
        })
    }
}

fn hand_over(session: Session, opened: Opened, events: &Events) {
    if let Err(session) = events.attach(Box::new(session), Box::new(opened)) {
        session.detacher()("the program ended", limits::HANGUP_GRACE);
    }
}

/// None when a severity is to be chosen first; the loop was told.
fn try_open(
    workplace: &Arc<Workplace>,
    request: &OpenRequest,
    events: &Events,
) -> Result<Option<(Session, Opened)>, SessionError> {
    let found = playbooks::find(workplace, &request.playbook).map_err(SessionError::Refused)?;
    let playbook = &found.playbook;
    let severity = match (&request.severity, playbook.severity.as_slice()) {
        (Some(_), _) => check_severity(playbook, request.severity.as_deref())?,
        (None, [only]) => Some(only.clone()),
        (None, [_, ..]) if !request.severity_settled => {
            events.send_blocking(EventKind::SeverityAsked {
                path: request.playbook.clone(),
                title: playbook.title.clone(),
                severities: playbook.severity.clone(),
            });
            return Ok(None);
        }
        (None, _) => None,
    };
    let inputs = checked_inputs(playbook, &request.set)?;
    let (sources, _) =
        mode::sources(Mode::Live, workplace.config()).map_err(SessionError::Refused)?;
    let incident = IncidentId(uuid::Uuid::now_v7());
    let store = Store::create(workplace.data(), Mode::Live, incident)?;
    let kept = store::evidence::put(store.folder(), playbook.source.text.as_bytes())?;
    let mut pen = Pen::new(store, Mode::Live, incident, workplace.config())?;
    pen.write(Body::IncidentOpened {
        playbook: playbook.id.clone(),
        title: playbook.title.clone(),
        playbook_sha256: kept.sha256,
        severity,
        alert: request.alert.clone().or_else(|| found.alert.clone()),
        profile: workplace.config().profile.value.clone(),
    })?;
    pen.write(pen::playbook_evidence(&kept, playbook))?;
    pen.open_session(workplace.config())?;
    for body in inputs {
        pen.write(body)?;
    }
    let config = workplace.config();
    begin(workplace, pen, sources, config, found, false, events).map(Some)
}

fn try_resume(
    workplace: &Arc<Workplace>,
    incident: IncidentId,
    events: &Events,
) -> Result<(Session, Opened), SessionError> {
    let (mode, incident) =
        store::find(workplace.data(), &incident.to_string(), workplace.scratch())?;
    let store = Store::open(workplace.data(), mode, incident)?;
    let pinned = pinned(&store)?;
    let config = with_profile_of(workplace.config(), &pinned.incident);
    let (sources, _) = mode::sources(mode, &config).map_err(SessionError::Refused)?;
    let differs = playbooks::current(workplace, &pinned.found.playbook)
        .is_some_and(|now| now.playbook.source.text != pinned.found.playbook.source.text);
    let pen = Pen::join(store, mode, incident, &config)?;
    begin(
        workplace,
        pen,
        sources,
        &config,
        pinned.found,
        differs,
        events,
    )
}

/// Starts recorder and watcher of an incident whose first entries of this session are on disk.
fn begin(
    workplace: &Arc<Workplace>,
    pen: Pen,
    sources: Sources,
    config: &Config,
    found: playbooks::Found,
    differs: bool,
    events: &Events,
) -> Result<(Session, Opened), SessionError> {
    let Pen {
        store,
        writer,
        fold,
        mode,
        incident,
    } = pen;
    let writer_id = writer.id().to_owned();
    let (closing, waiting) = (Arc::new(AtomicBool::new(false)), Waiting::default());
    let folder = store.folder().to_owned();
    let notify = notifier(events.clone(), Arc::clone(&closing), Arc::clone(&waiting));
    let recorder = Arc::new(Mutex::new(Some(Recorder::start(
        store, writer, fold, notify,
    )?)));
    let session = Session {
        _watching: watch(&folder, &recorder),
        recorder,
        sources: Arc::new(sources),
        workplace: Arc::clone(workplace),
        mode,
        incident,
        profile: config.profile.value.clone().unwrap_or_default(),
        writer: writer_id,
        closing,
        waiting,
        next_ticket: AtomicU64::new(0),
    };
    let store = Store::open(workplace.data(), mode, incident)?;
    let opened = session.opened(&store, found, differs)?;
    Ok((session, opened))
}

/// What the recorder says, as events of the loop.
fn notifier(
    events: Events,
    closing: Arc<AtomicBool>,
    waiting: Waiting,
) -> impl FnMut(Notice) + Send + 'static {
    let answer = move |ticket: Ticket, answer: Result<(), String>| {
        let waiting = lock(&waiting);
        if let Some((_, waiter)) = waiting.iter().find(|(other, _)| *other == ticket) {
            let _ = waiter.try_send(answer);
        }
    };
    move |notice| {
        let event = match notice {
            Notice::Recorded { ticket, entry } => {
                answer(ticket, Ok(()));
                EventKind::Recorded { ticket, entry }
            }
            Notice::NotRecorded { ticket, reason } | Notice::Refused { ticket, reason } => {
                answer(ticket, Err(reason.clone()));
                EventKind::NotRecorded { ticket, reason }
            }
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
    }
}

/// A thread that wakes the recorder when another process wrote to the record. It ends when the returned stream is dropped.
fn watch(folder: &Path, recorder: &Arc<Mutex<Option<Recorder>>>) -> Option<UnixStream> {
    let mut watcher = Watcher::new(folder).ok()?;
    let (ours, theirs) = UnixStream::pair().ok()?;
    let recorder = Arc::clone(recorder);
    let look = move || {
        loop {
            let mut sides = [
                PollFd::new(&watcher, PollFlags::IN),
                PollFd::new(&theirs, PollFlags::empty()),
            ];
            let polled = rustix::event::poll(&mut sides, None);
            let [_, session] = &sides;
            if !session.revents().is_empty()
                || polled.is_err_and(|error| error != rustix::io::Errno::INTR)
            {
                return;
            }
            if watcher.drain().unwrap_or(false)
                && let Some(recorder) = &*lock(&recorder)
            {
                recorder.sync();
            }
        }
    };
    std::thread::Builder::new()
        .name("watcher".into())
        .spawn(look)
        .ok()?;
    Some(ours)
}

/// An incident with the playbook it follows, as the record keeps both.
pub struct Pinned {
    /// The fold.
    pub incident: Incident,
    /// Its playbook, as pinned.
    pub found: playbooks::Found,
}

/// Reads the incident and its playbook from a record.
pub fn pinned(store: &Store) -> Result<Pinned, SessionError> {
    let incident = store
        .fold()?
        .incident()
        .cloned()
        .ok_or_else(|| empty(store.incident()))?;
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
    Ok(Pinned { incident, found })
}

fn check_severity(
    playbook: &Playbook,
    severity: Option<&str>,
) -> Result<Option<String>, SessionError> {
    let Some(severity) = severity else {
        return Ok(None);
    };
    let mut known: Vec<&str> = playbook.severity.iter().map(String::as_str).collect();
    known.extend(playbook.ladder.iter().map(|level| level.id.as_str()));
    let same = |name: &&str| name.eq_ignore_ascii_case(severity);
    let alias = playbook.ladder.iter().find(|level| {
        level
            .aka
            .iter()
            .any(|name| name.eq_ignore_ascii_case(severity))
    });
    match known
        .iter()
        .copied()
        .find(same)
        .or(alias.map(|level| level.id.as_str()))
    {
        Some(known) => Ok(Some(known.to_owned())),
        None if known.is_empty() => Ok(Some(severity.to_owned())),
        None => {
            known.dedup();
            Err(SessionError::Refused(format!(
                "severity {severity:?} is none of {}",
                known.join(", ")
            )))
        }
    }
}

/// The entries for inputs given at the start.
fn checked_inputs(
    playbook: &Playbook,
    set: &[(InputId, String)],
) -> Result<Vec<Body>, SessionError> {
    set.iter()
        .map(|(id, text)| {
            let input = playbook.inputs.get(id).ok_or_else(|| {
                let known = crate::model::diagnostic::nearest(
                    id.as_str(),
                    playbook.inputs.keys().map(InputId::as_str),
                );
                let hint =
                    known.map_or_else(String::new, |near| format!("; did you mean {near:?}?"));
                SessionError::Refused(format!(
                    "playbook {} has no input {:?}{hint}",
                    playbook.id,
                    id.as_str()
                ))
            })?;
            if input.kind == input::InputType::Secret {
                return Err(SessionError::Refused(format!(
                    "input {id} is a secret: type it on the screen, not on a command line"
                )));
            }
            let value = input::check(input, text).map_err(|error| {
                SessionError::Refused(format!("input {id}: {error}; found {text:?}"))
            })?;
            Ok(Body::InputSet {
                input: id.clone(),
                value,
                kind: input.kind.word().to_owned(),
                from: Origin::Typed,
            })
        })
        .collect()
}

/// A resumed incident goes on with the profile it was opened with, unless the command line names one.
fn with_profile_of(config: &Config, incident: &Incident) -> Config {
    let mut config = config.clone();
    let named = matches!(config.profile.from, Provenance::Argument(_));
    if !named
        && let Some(profile) = &incident.profile
        && config.profiles.contains_key(profile)
    {
        config.profile.value = Some(profile.clone());
    }
    config
}

/// Steps and actions that the new text no longer has.
fn vanished(before: &Playbook, now: &Playbook) -> Vec<String> {
    let steps = before
        .steps()
        .map(|(_, step)| &step.id)
        .filter(|id| now.step(id).is_none());
    let actions = before.actions.keys().filter(|id| now.action(id).is_none());
    steps
        .map(ToString::to_string)
        .chain(actions.map(ToString::to_string))
        .collect()
}

fn draft(body: Body) -> Draft {
    Draft {
        body,
        at: clock::now(),
        sim_at: None,
    }
}

fn empty(incident: IncidentId) -> SessionError {
    SessionError::Refused(format!(
        "the record of {incident} has no entry: see `quarterdeck verify`"
    ))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes the recorder once whoever uses it lets go of it, unless that takes too long.
fn lock_for(recorder: &Mutex<Option<Recorder>>, within: Duration) -> Option<Recorder> {
    let end = std::time::Instant::now() + within / 4;
    loop {
        match recorder.try_lock() {
            Ok(mut recorder) => return recorder.take(),
            Err(std::sync::TryLockError::Poisoned(recorder)) => {
                return recorder.into_inner().take();
            }
            Err(std::sync::TryLockError::WouldBlock) if std::time::Instant::now() >= end => {
                return None;
            }
            Err(std::sync::TryLockError::WouldBlock) => {
                std::thread::sleep(Duration::from_millis(1))
            }
        }
    }
}
