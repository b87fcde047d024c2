//! A drill inside a session: the director takes in what the record gets, and what it brings is recorded.
//!
//! A thread of its own waits for entries and for the next inject. With time that stands still there is no thread: whoever steps the time asks.

use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::listening::lock;
use super::{OWN_TICKETS, Session, draft, pen};
use crate::drill::{Director, Injected};
use crate::model::ids::Ticket;
use crate::record::entry::{Body, Sealed};
use crate::runtime::clock;
use crate::runtime::drills::Drill;
use crate::sources::simulated::SharedDirector;

/// The longest that the thread sleeps: it looks whether the session has ended.
const LOOK: Duration = Duration::from_secs(1);
/// Tickets of injects begin here, past those of other entries of the run time's own.
const INJECT_TICKETS: u64 = OWN_TICKETS + (1 << 32);

/// The drill of a session.
pub(super) struct Running {
    director: SharedDirector,
    /// Entries that the director has not taken in yet; none while the thread has them.
    inbox: Mutex<Option<Receiver<Arc<Sealed>>>>,
    /// Time stands still between the steps of a script.
    steps: bool,
}

impl Running {
    /// A drill that was begun or goes on, and where entries are to be put for it.
    pub(super) fn new(drill: &Drill) -> (Self, Sender<Arc<Sealed>>) {
        let (sender, inbox) = channel();
        let running = Self {
            director: Arc::clone(&drill.director),
            inbox: Mutex::new(Some(inbox)),
            steps: drill.speed <= 0.0,
        };
        (running, sender)
    }
}

impl Session {
    /// Starts the thread of the drill, if this is one whose time runs by itself.
    pub(super) fn run_drill(&self) {
        let Some(drill) = self.drill.as_ref().filter(|drill| !drill.steps) else {
            return;
        };
        let Some(inbox) = lock(&drill.inbox).take() else {
            return;
        };
        let director = Arc::clone(&drill.director);
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
                let due = lock(&director).next_due();
                let sleep = due
                    .and_then(clock::until)
                    .map_or(LOOK, |sleep| sleep.min(LOOK));
                let first = match inbox.recv_timeout(sleep) {
                    Ok(entry) => Some(entry),
                    Err(RecvTimeoutError::Timeout) => None,
                    Err(RecvTimeoutError::Disconnected) => return,
                };
                let came = catch_up(
                    &mut lock(&director),
                    first.into_iter().chain(inbox.try_iter()),
                );
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
        let Some(inbox) = &*lock(&drill.inbox) else {
            return false;
        };
        let came = catch_up(&mut lock(&drill.director), inbox.try_iter());
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

/// Time passes up to each entry, and then to now.
fn catch_up(director: &mut Director, entries: impl Iterator<Item = Arc<Sealed>>) -> Vec<Injected> {
    for entry in entries {
        director.observe(&entry);
    }
    director.advance(clock::now());
    director.take_injected()
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
