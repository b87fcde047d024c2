//! Opening and resuming: what was asked for is checked first, then the record is made or joined, then the loop is told.
//!
//! Nothing is created when what was asked for does not fit.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::thread;

use super::adopting;
use super::drilling::Running;
use super::file_watch::FileWatch;
use super::listening::{Waiting, lock, notifier, watch};
use super::pen::{self, Pen};
use super::{Session, SessionError, Stand, Workplace, pinned};
use crate::config::{Config, Provenance};
use crate::engine::effect::{OpenRequest, Purpose};
use crate::engine::event::{EventKind, Opened};
use crate::incident::Incident;
use crate::model::diagnostic::{Diagnostic, nearest};
use crate::model::ids::{IncidentId, InputId};
use crate::model::input::{self, Origin};
use crate::model::playbook::Playbook;
use crate::model::{Mode, limits};
use crate::record::entry::Body;
use crate::runtime::drills::{self, Drill};
use crate::runtime::events::Events;
use crate::runtime::mode::Ground;
use crate::runtime::{clock, mode, playbooks};
use crate::sources::registry::Sources;
use crate::store::{self, Recorder, Store};

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
    let (parsed, alert) =
        playbooks::locate(workplace, &request.playbook).map_err(SessionError::Refused)?;
    check_severity(&parsed.playbook, request.severity.as_deref())?;
    checked_inputs(&parsed.playbook, &request.set)?;
    *lock(&workplace.checked) = Some((request.playbook.clone(), parsed, alert));
    Ok(())
}

/// Writes a note as a session of its own, for the command line.
pub fn note(
    workplace: &Workplace,
    mode: Mode,
    incident: IncidentId,
    text: &str,
) -> Result<(), SessionError> {
    let body = Body::NoteAdded {
        text: text.to_owned(),
        happened_at: None,
        step: None,
        evidence: None,
    };
    write(workplace, mode, incident, body)
}

/// Writes an entry as a session of its own, for the command line.
pub fn write(
    workplace: &Workplace,
    mode: Mode,
    incident: IncidentId,
    body: Body,
) -> Result<(), SessionError> {
    let store = Store::open(workplace.data(), mode, incident)?;
    let fold = store.fold()?;
    if let Some(incident) = fold.incident().filter(|_| mode == Mode::Drill) {
        let last = store.tail(1)?.pop();
        let played = !store.alive_writers().is_empty();
        if let Some(at) = drills::time_of(incident, last.as_ref(), played) {
            clock::simulate(at, 0.0);
        }
    }
    let mut pen = Pen::join(store, mode, incident, workplace.config(), fold)?;
    pen.write(body)?;
    pen.write(Body::SessionDetached {
        reason: "written from the command line".into(),
    })?;
    pen.keep_fold();
    Ok(())
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
    let checked = lock(&workplace.checked).take();
    let (parsed, alert) = match checked {
        Some((name, parsed, alert)) if name == request.playbook => (parsed, alert),
        _ => playbooks::locate(workplace, &request.playbook).map_err(SessionError::Refused)?,
    };
    let playbook = &parsed.playbook;
    let drill = match &request.purpose {
        Purpose::Drill(drill) => Some(drills::begin(workplace, drill)?),
        Purpose::Live | Purpose::Walkthrough => None,
    };
    let planted = drill.as_ref().and_then(|drill| drill.severity());
    let severity = match (
        request.severity.as_ref().or(planted),
        playbook.severity.as_slice(),
    ) {
        (Some(severity), _) => check_severity(playbook, Some(severity))?,
        (None, [only]) => Some(only.clone()),
        // A walkthrough asks for nothing: the first severity stands for all.
        (None, [first, ..]) if request.purpose == Purpose::Walkthrough => Some(first.clone()),
        (None, [_, ..]) if !request.severity_settled => {
            events.send_blocking(EventKind::SeverityAsked {
                request: Box::new(request.clone()),
                title: playbook.title.clone(),
                severities: playbook.severity.clone(),
            });
            return Ok(None);
        }
        (None, _) => None,
    };
    let inputs = checked_inputs(playbook, &request.set)?;
    let config = workplace.config();
    let (mode, ground) = match (&request.purpose, &drill) {
        (_, Some(drill)) => (Mode::Drill, drill.ground(config)),
        (Purpose::Walkthrough, None) => (Mode::Walkthrough, Ground::Walkthrough),
        (Purpose::Live | Purpose::Drill(_), None) => (Mode::Live, Ground::Live),
    };
    // Time is simulated from here on, or not any more.
    match &drill {
        Some(drill) => drill.start_clock(),
        None => clock::end_simulation(),
    }
    let (sources, problems) = mode::sources(&ground, config, playbook);
    let incident = IncidentId(uuid::Uuid::now_v7());
    let alert = alert.or_else(|| drill.as_ref().and_then(Drill::alert));
    let text = playbook.source.text.as_bytes();
    let (pen, found) = thread::scope(|scope| {
        // The linter needs a processor while the record needs the disk.
        let lint = || playbooks::found(&parsed, alert.clone());
        let found = thread::Builder::new().spawn_scoped(scope, lint);
        // An incident is opened whole or not at all; until it is, nothing of it is acknowledged.
        let (store, kept) = Store::begin_new(workplace.data(), mode, incident, |folder| {
            store::evidence::put(folder, text)
        })?;
        let mut pen = Pen::new(store, mode, incident, config)?;
        pen.write(Body::IncidentOpened {
            playbook: playbook.id.clone(),
            title: playbook.title.clone(),
            playbook_sha256: kept.sha256,
            severity,
            alert: request.alert.clone().or_else(|| alert.clone()),
            profile: config.profile.value.clone().filter(|_| drill.is_none()),
        })?;
        pen.write(pen::playbook_evidence(&kept, playbook))?;
        if let Some(drill) = &drill {
            for body in drill.first_entries(&pen.store)? {
                pen.write(body)?;
            }
        }
        pen.open_session(config)?;
        for body in inputs {
            pen.write(body)?;
        }
        pen.store.commit()?;
        // Without a thread, it is linted here.
        let found = found.ok().and_then(|found| found.join().ok());
        Ok::<_, SessionError>((pen, found.unwrap_or_else(lint)))
    })?;
    if let Some(drill) = &drill {
        drill.observe(pen.fold.log.entries());
    }
    let ready = Ready {
        pen,
        sources,
        source_problems: in_words(config, &problems),
        found,
        differs: false,
        drill,
    };
    begin(workplace, ready, config, events).map(Some)
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
    let drill = drills::resume(&store, &pinned)?;
    let ground = match (mode, &drill) {
        (_, Some(drill)) => drill.ground(&config),
        (Mode::Walkthrough, None) => Ground::Walkthrough,
        (Mode::Live, None) => Ground::Live,
        (Mode::Drill, None) => {
            return Err(SessionError::Refused(format!(
                "the record of {incident} does not say which drill it is: see `quarterdeck verify`"
            )));
        }
    };
    match &drill {
        Some(drill) => drill.start_clock(),
        None => clock::end_simulation(),
    }
    let (sources, problems) = mode::sources(&ground, &config, &pinned.found.playbook);
    let differs = playbooks::current(workplace, &pinned.found.playbook)
        .is_some_and(|now| now.playbook.source.text != pinned.found.playbook.source.text);
    let pen = Pen::join(store, mode, incident, &config, pinned.fold)?;
    let ready = Ready {
        pen,
        sources,
        source_problems: in_words(&config, &problems),
        found: pinned.found,
        differs,
        drill,
    };
    begin(workplace, ready, &config, events)
}

/// Findings with the place in the file that each speaks of.
fn in_words(config: &Config, problems: &[Diagnostic]) -> Vec<String> {
    let words = |problem: &Diagnostic| problem.located(&config.source).to_string();
    problems.iter().map(words).collect()
}

/// An incident whose first entries of this session are on disk.
struct Ready {
    pen: Pen,
    sources: Sources,
    source_problems: Vec<String>,
    found: playbooks::Found,
    differs: bool,
    drill: Option<Drill>,
}

/// Starts recorder and watcher.
fn begin(
    workplace: &Arc<Workplace>,
    ready: Ready,
    config: &Config,
    events: &Events,
) -> Result<(Session, Opened), SessionError> {
    let Ready {
        pen,
        sources,
        source_problems,
        found,
        differs,
        drill,
    } = ready;
    let Pen {
        store,
        writer,
        mut fold,
        mode,
        incident,
    } = pen;
    let stand = Stand::of(&store, &mut fold)?;
    let writer_id = writer.id().to_owned();
    let (closing, waiting) = (Arc::new(AtomicBool::new(false)), Waiting::default());
    let folder = store.folder().to_owned();
    let playbook = adopting::file_of(&found).and_then(FileWatch::new);
    let changed = {
        let (workplace, events) = (Arc::clone(workplace), events.clone());
        let closing = Arc::clone(&closing);
        move || {
            if let Some(differs) = adopting::differs(&workplace, mode, incident) {
                let event = EventKind::PlaybookFileChanged { incident, differs };
                events.send_unless(event, &closing);
            }
        }
    };
    let running = |drill| Running::new(drill, &found.playbook, &writer_id, &folder);
    let (running, inbox) = drill.as_ref().map(running).unzip();
    let notify = notifier(
        events.clone(),
        Arc::clone(&closing),
        Arc::clone(&waiting),
        inbox,
    );
    let recorder = Arc::new(Mutex::new(Some(Recorder::start(
        store, writer, fold, notify,
    )?)));
    let session = Session {
        _watching: watch(&folder, &recorder, playbook, changed),
        recorder,
        sources: Arc::new(sources),
        workplace: Arc::clone(workplace),
        mode,
        incident,
        profile: match &drill {
            Some(drill) => drill.pace(),
            None => config.profile.value.clone().unwrap_or_default(),
        },
        source_problems,
        writer: writer_id,
        closing,
        waiting,
        next_ticket: AtomicU64::new(0),
        drill: running,
    };
    session.run_drill();
    let opened = session.opened(stand, found, differs);
    Ok((session, opened))
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
                let known = nearest(id.as_str(), playbook.inputs.keys().map(InputId::as_str));
                let hint =
                    known.map_or_else(String::new, |near| format!("; did you mean {near:?}?"));
                SessionError::Refused(format!(
                    "playbook {} has no input {:?}{hint}",
                    playbook.id,
                    id.as_str()
                ))
            })?;
            let value = input::check(input, text).map_err(|error| {
                // What was given for a secret may be the secret itself: it is not repeated.
                SessionError::Refused(if input.kind == input::InputType::Secret {
                    format!("input {id}: {error}")
                } else {
                    format!("input {id}: {error}; found {text:?}")
                })
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
