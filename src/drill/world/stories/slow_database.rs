//! `slow-database`: one backend works on a table for long and holds its rows; others wait for it, and with them the pages. The table has no index for what is asked of it.
//!
//! Cancelling or ending the backend lets the others go on, and the service is ready again. A backend that waits and is cancelled comes back: the application tries again.

use crate::drill::world::emit::Emit;
use crate::drill::world::noise::Noise;
use crate::drill::world::standing::Backend;
use crate::pgsql::Signal;

use super::Play;
use super::cast::{Cast, Casting, role};

/// Process ids of the story's backends; the background's are lower.
const PIDS: (i64, i64) = (24_000, 31_000);
/// Seconds between two backends that begin to wait.
const APART: i64 = 9;
/// Seconds that a backend is connected, at least, before it asks for the table.
const CONNECTED: i64 = 2;
/// Seconds after which the application tries again what was cancelled.
const AGAIN: i64 = 20;
/// More do not wait: the pool of connections has so many.
const POOL: u32 = 90;
/// What latency is multiplied with while backends wait.
const SLOWER: f64 = 9.0;

/// The backends.
#[derive(Debug)]
pub struct SlowDatabase {
    table: String,
    blocker: Option<Blocker>,
    pid: i64,
    waiting: Vec<Waiter>,
    /// The end of the latest tick.
    now: i64,
    cast: Cast,
}

/// The backend that others wait for.
#[derive(Debug)]
struct Blocker {
    since: i64,
    /// Its query goes on; else its session is idle.
    works: bool,
}

/// A backend that waits.
#[derive(Debug)]
struct Waiter {
    pid: i64,
    /// When it connected.
    started: i64,
    /// When it began to wait, or will begin.
    since: i64,
    case: u64,
}

impl SlowDatabase {
    /// So many wait for one that works on the table.
    pub fn new(waiting: u32, table: &str, casting: &mut Casting<'_>) -> Self {
        let noise = casting.draw();
        let pid = noise.between(0, PIDS.0, PIDS.1);
        let waiting = (1..=i64::from(waiting.min(POOL)))
            .map(|n| Waiter {
                pid: pid + n * 3,
                started: 0,
                since: 0,
                case: noise.below(n.cast_unsigned(), 9_000),
            })
            .collect();
        let mut cast = Cast::new();
        role(&mut cast, "pid", [pid.to_string()]);
        role(&mut cast, "table", [table]);
        Self {
            table: table.to_owned(),
            blocker: None,
            pid,
            waiting,
            now: casting.starts(),
            cast,
        }
    }

    fn blocked(&self) -> bool {
        self.blocker.as_ref().is_some_and(|blocker| blocker.works)
    }

    /// The backend that others wait for, as the server shows it.
    fn blocker(&self, blocker: &Blocker) -> Backend {
        Backend {
            pid: self.pid,
            application: "retention-job",
            address: "192.0.2.31",
            started: blocker.since - CONNECTED * 1_000_000,
            state: if blocker.works { "active" } else { "idle" },
            wait: if blocker.works {
                Some(("IO", "DataFileRead"))
            } else {
                Some(("Client", "ClientRead"))
            },
            query: format!(
                "UPDATE \"{}\" SET \"updatedAt\" = now() WHERE \"status\" = 'CLOSED' AND \"createdAt\" < now() - interval '2 years'",
                self.table
            ),
            query_start: blocker.since,
            blocked_by: Vec::new(),
        }
    }

    fn waiter(&self, waiter: &Waiter) -> Backend {
        Backend {
            pid: waiter.pid,
            application: "commerce-api",
            address: if waiter.case.is_multiple_of(2) {
                "192.0.2.20"
            } else {
                "192.0.2.21"
            },
            started: waiter.started,
            state: "active",
            wait: Some(("Lock", "transactionid")),
            query: format!(
                "UPDATE \"{}\" SET \"status\" = 'IN_REVIEW', \"updatedAt\" = now() WHERE \"id\" = 'case-{:04}'",
                self.table, waiter.case
            ),
            query_start: waiter.since,
            blocked_by: vec![self.pid],
        }
    }
}

impl Play for SlowDatabase {
    fn cast(&self) -> &Cast {
        &self.cast
    }

    fn begin(&mut self, _story: Noise, at: i64, _emit: &mut Emit<'_>) {
        self.blocker = Some(Blocker {
            since: at,
            works: true,
        });
        for (n, waiter) in (1..).zip(&mut self.waiting) {
            waiter.since = at + n * APART * 1_000_000;
            waiter.started = at - (CONNECTED + waiter.case.cast_signed()) * 1_000_000;
        }
    }

    fn tick(&mut self, emit: &mut Emit<'_>) {
        let until = emit.until();
        self.now = until;
        let here = self.blocker.iter().map(|blocker| self.blocker(blocker));
        let mut backends: Vec<Backend> = here.collect();
        let blocked = self.blocked();
        if blocked {
            let waiting = self.waiting.iter().filter(|waiter| waiter.since < until);
            backends.extend(waiting.map(|waiter| self.waiter(waiter)));
        }
        let conditions = emit.conditions();
        conditions.sequential = Some(self.table.clone());
        conditions.backends.extend(backends);
        if blocked {
            conditions.database_ready = false;
            conditions.latency *= SLOWER;
        }
    }

    fn able(&self, _emit: &Emit<'_>) -> bool {
        self.blocked()
    }

    fn signalled(&mut self, pid: i64, signal: Signal) {
        if pid == self.pid {
            match (&mut self.blocker, signal) {
                (Some(blocker), Signal::Cancel) => blocker.works = false,
                (blocker, Signal::Terminate) => *blocker = None,
                (None, Signal::Cancel) => {}
            }
        }
        for waiter in self.waiting.iter_mut().filter(|waiter| waiter.pid == pid) {
            waiter.since = self.now + AGAIN * 1_000_000;
            if signal == Signal::Terminate {
                // A new session has a new process, beyond those of all the others.
                waiter.pid += 3 * (i64::from(POOL) + 1);
                waiter.started = waiter.since;
            }
        }
    }
}
