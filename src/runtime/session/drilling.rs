//! A drill inside a session: the director takes in what the record gets, and what it brings is recorded.
//!
//! A thread of its own waits for entries and for the next inject. With time that stands still there is no thread: whoever steps the time asks.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::listening::lock;
use super::{OWN_TICKETS, Session, draft, pen};
use crate::drill::Injected;
use crate::model::ids::Ticket;
use crate::model::playbook::Playbook;
use crate::record::entry::{Body, Sealed};
use crate::runtime::clock;
use crate::runtime::drills::{Begun, Drill};
use crate::sources::simulated::SharedDirector;
use crate::store::lock as writers;

/// The longest that the thread sleeps: it looks whether the session has ended.
const LOOK: Duration = Duration::from_secs(1);
/// Tickets of injects begin here, past those of other entries of the run time's own.
const INJECT_TICKETS: u64 = OWN_TICKETS + (1 << 32);

/// The drill of a session.
pub(super) struct Running {
    director: SharedDirector,
    /// What takes in entries; none while the thread has it.
    intake: Mutex<Option<Intake>>,
    /// Time stands still between the steps of a script.
    steps: bool,
}

impl Running {
    /// A drill that was begun or goes on, and where entries are to be put for it. `writer` writes in this session to the record in `folder`.
    pub(super) fn new(
        drill: &Drill,
        playbook: &Arc<Playbook>,
        writer: &str,
        folder: &Path,
    ) -> (Self, Sender<Arc<Sealed>>) {
        let (sender, inbox) = channel();
        let intake = Intake {
            director: Arc::clone(&drill.director),
            inbox,
            playbook: Arc::clone(playbook),
            begun: drill.begun.clone(),
            writer: writer.to_owned(),
            folder: folder.to_owned(),
            held: Vec::new(),
        };
        let running = Self {
            director: Arc::clone(&drill.director),
            intake: Mutex::new(Some(intake)),
            steps: drill.speed <= 0.0,
        };
        (running, sender)
    }
}

/// Takes in what the record gets. Several sessions may play the same drill: each has a service of its own, to which it does what the others did, and one of
/// them brings what the drill brings.
struct Intake {
    director: SharedDirector,
    /// Entries that the director has not taken in yet.
    inbox: Receiver<Arc<Sealed>>,
    playbook: Arc<Playbook>,
    begun: Begun,
    writer: String,
    folder: PathBuf,
    /// What came here and is not on the record yet, because another session is to bring it.
    held: Vec<Injected>,
}

impl Intake {
    /// Time passes up to each entry, and then to now. The answer is what is to be recorded.
    fn catch_up(&mut self, first: Option<Arc<Sealed>>) -> Vec<Injected> {
        let mut director = lock(&self.director);
        for entry in first.into_iter().chain(self.inbox.try_iter()) {
            if entry.entry.writer != self.writer {
                self.begun.take_in(&mut director, &self.playbook, &entry);
            }
            director.observe(&entry);
            if let Some(Body::DrillInjected { inject, .. }) = &entry.body {
                self.held.retain(|injected| injected.id != *inject);
            }
        }
        director.advance(clock::now());
        self.held.extend(director.take_injected());
        if self.held.is_empty() || !self.leads() {
            return Vec::new();
        }
        std::mem::take(&mut self.held)
    }

    /// Whether this session is the one that brings: the first of those that live, in the order of their names. Others of this moment, such as a facilitator's,
    /// are soon gone.
    fn leads(&self) -> bool {
        let alive = writers::alive_writers(&self.folder);
        alive.first().is_none_or(|first| *first >= self.writer)
    }
}

impl Session {
    /// Starts the thread of the drill, if this is one whose time runs by itself.
    pub(super) fn run_drill(&self) {
        let Some(drill) = self.drill.as_ref().filter(|drill| !drill.steps) else {
            return;
        };
        let Some(mut intake) = lock(&drill.intake).take() else {
            return;
        };
        let (recorder, closing) = (Arc::clone(&self.recorder), Arc::clone(&self.closing));
        let mut ticket = INJECT_TICKETS;
        let mut record = move |body: Body| {
            ticket += 1;
            if let (Some(recorder), Ok(stamp)) = (&*lock(&recorder), pen::stamp()) {
                // A record that cannot be written keeps the entry and tries again; one that has ended needs none.
                let _ = recorder.append(Ticket(ticket), draft(body), stamp);
            }
        };
        let work = move || {
            while !closing.load(Ordering::SeqCst) {
                let due = lock(&intake.director).next_due();
                let sleep = due
                    .and_then(clock::until)
                    .map_or(LOOK, |sleep| sleep.min(LOOK));
                let first = match intake.inbox.recv_timeout(sleep) {
                    Ok(entry) => Some(entry),
                    Err(RecvTimeoutError::Timeout) => None,
                    Err(RecvTimeoutError::Disconnected) => return,
                };
                let came = intake.catch_up(first);
                came.into_iter().map(body).for_each(&mut record);
            }
        };
        // Without a thread the drill has no injects; everything else works.
        let _ = std::thread::Builder::new()
            .name("director".into())
            .spawn(work);
    }

    /// Lets the director take in what was recorded and bring what is due, and waits until that is recorded: for time that is stepped. True when
    /// something came.
    pub fn step_drill(&self) -> bool {
        let Some(drill) = &self.drill else {
            return false;
        };
        let came = match &mut *lock(&drill.intake) {
            Some(intake) => intake.catch_up(None),
            None => return false,
        };
        let any = !came.is_empty();
        for injected in came {
            // What cannot be recorded is told by the recorder.
            let _ = self.append_and_wait(body(injected));
        }
        any
    }

    /// When the next inject is due by time.
    pub fn drill_due(&self) -> Option<crate::model::Timestamp> {
        lock(&self.drill.as_ref()?.director).next_due()
    }
}

fn body(injected: Injected) -> Body {
    Body::DrillInjected {
        inject: injected.id,
        from: injected.from,
        text: injected.text,
        damage: injected.damage,
        called: false,
    }
}
