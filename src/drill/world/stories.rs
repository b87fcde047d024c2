//! What a scenario plants in the service: each story is a pattern of events between two times, until it ends or something the operator did takes away what it needs.
//!
//! A story writes through [`Emit`] only, as the background does: nothing in the service tells planted rows from others but the book that `erase` reads. What a story draws
//! depends on the seed, its own name and the tick, so that neither other stories nor the steps in which time passes change it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::Status;
use super::emit::Emit;
use super::noise::{Generator, Noise};
use super::population::Population;
use crate::drill::scenario::{Pattern, Scenario, Story};
use crate::model::Timestamp;
use crate::pgsql;

mod access;
mod arrivals;
mod cast;
mod cross_org;
mod cross_reads;
mod deployment;
mod exports;
mod magic_link;
mod session_abuse;
mod slow_database;
mod staff_reads;
mod state;
mod tenant_leak;
mod webhooks;

use cast::{Cast, Casting};

/// The stories of a scenario.
#[derive(Debug)]
pub struct Stories {
    seed: u64,
    planted: Vec<Planted>,
    version: u64,
}

/// A story and how far it is.
#[derive(Debug)]
struct Planted {
    id: Arc<str>,
    /// When it begins, in microseconds since 1970.
    from: i64,
    /// When it ends by itself.
    until: Option<i64>,
    phase: Phase,
    /// Events so far, those included that came to nothing because their actor was gone.
    events: u64,
    /// What it needs is there.
    able: bool,
    play: Box<dyn Play>,
}

/// How far a story is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// It waits for an inject.
    Waiting,
    /// It begins at its time.
    Due,
    /// It is under way.
    Going,
    /// Its time was over; what caused it is there yet.
    Over,
    /// It was ended: what caused it is mended.
    Mended,
}

/// One event of a story.
struct Event {
    /// What it draws from.
    noise: Noise,
    /// What the story draws from, the same for all of its events.
    story: Noise,
    /// Its number in the story, from 0.
    number: u64,
    /// When, in microseconds since 1970, inside the tick.
    at: i64,
}

/// What a pattern does.
trait Play: std::fmt::Debug + Send + Sync {
    /// Who and what was drawn or given, by role.
    fn cast(&self) -> &Cast;

    /// Mean time between two events; none for a pattern without events.
    fn every(&self) -> Option<Duration> {
        None
    }

    /// What was there before history began.
    fn plant(&mut self, emit: &mut Emit<'_>) {
        let _ = emit;
    }

    /// What happens once when it begins, at `at`.
    fn begin(&mut self, story: Noise, at: i64, emit: &mut Emit<'_>) {
        let _ = (story, at, emit);
    }

    /// One event.
    fn event(&mut self, event: &Event, emit: &mut Emit<'_>) {
        let _ = (event, emit);
    }

    /// What happens in every tick after the events, and what holds in it.
    fn tick(&mut self, emit: &mut Emit<'_>) {
        let _ = emit;
    }

    /// Whether what it needs is there: a session, a link, an operation that answers.
    fn able(&self, emit: &Emit<'_>) -> bool {
        let _ = emit;
        true
    }

    /// What a statement asked of a backend of the database.
    fn signalled(&mut self, pid: i64, signal: pgsql::Signal) {
        let _ = (pid, signal);
    }

    /// Its commits and its route. All else that it does to the service it says in [`tick`](Self::tick).
    fn status(&self, phase: Phase, status: &mut Status) {
        let _ = (phase, status);
    }

    /// Staff users who do not sign in again once their sessions were revoked.
    fn suspects(&self) -> Vec<Arc<str>> {
        Vec::new()
    }
}

impl Stories {
    /// The stories, with their names drawn. Nothing has happened yet.
    pub fn new(scenario: &Scenario, seed: u64, population: &Population) -> Self {
        let mut casting = Casting::new(scenario, seed, population);
        let stories = scenario.stories.iter();
        let planted = stories
            .map(|story| Planted::new(scenario.starts, story, &mut casting))
            .collect();
        Self {
            seed,
            planted,
            version: 0,
        }
    }

    /// Plants what was there before history began: called once, in its first tick, after the population has been planted.
    pub fn plant(&mut self, emit: &mut Emit<'_>) {
        for planted in &mut self.planted {
            emit.begin_story(&planted.id);
            planted.play.plant(emit);
        }
    }

    /// Everything the stories do in a tick: called in every tick, before the background.
    pub fn tick(&mut self, emit: &mut Emit<'_>) {
        for planted in &mut self.planted {
            emit.begin_story(&planted.id);
            if planted.tick(self.seed, emit) {
                self.version += 1;
            }
        }
    }

    /// Begins a story that waits or has ended; `at` in microseconds since 1970.
    pub fn start(&mut self, story: &str, at: i64) {
        let Some(planted) = self.planted.iter_mut().find(|one| &*one.id == story) else {
            return;
        };
        if planted.phase != Phase::Going {
            planted.phase = Phase::Due;
            planted.from = at;
            planted.until = planted.until.filter(|until| *until > at);
            self.version += 1;
        }
    }

    /// Ends a story: what caused it is mended.
    pub fn stop(&mut self, story: &str) {
        if let Some(planted) = self.planted.iter_mut().find(|one| &*one.id == story) {
            self.version += u64::from(planted.phase != Phase::Mended);
            planted.phase = Phase::Mended;
        }
    }

    /// A statement asked something of a backend.
    pub fn signalled(&mut self, pid: i64, signal: pgsql::Signal) {
        for planted in &mut self.planted {
            planted.play.signalled(pid, signal);
        }
    }

    /// Stories that go on: begun, not ended, and what they need is there.
    pub fn going(&self) -> BTreeSet<String> {
        self.planted
            .iter()
            .filter(|planted| planted.phase == Phase::Going && planted.able)
            .map(|planted| planted.id.to_string())
            .collect()
    }

    /// Whether a story has begun and what caused it is not mended, although its time may be over or its actor gone.
    pub fn is_open(&self, story: &str) -> bool {
        let mut planted = self.planted.iter();
        planted.any(|one| &*one.id == story && matches!(one.phase, Phase::Going | Phase::Over))
    }

    /// The names that were drawn or given, by story and role.
    pub fn names(&self) -> BTreeMap<String, BTreeMap<String, Vec<String>>> {
        self.planted
            .iter()
            .map(|planted| (planted.id.to_string(), planted.play.cast().clone()))
            .collect()
    }

    /// The names that a story has for a role: `actors`, `targets`, `operations`, `readers`, `contact`, `link`, `user`, `tenant`, `endpoint`, `pid` … Empty where
    /// there is no such story or role.
    pub fn drawn(&self, story: &str, role: &str) -> &[String] {
        self.planted
            .iter()
            .find(|planted| &*planted.id == story)
            .and_then(|planted| planted.play.cast().get(role))
            .map_or(&[], Vec::as_slice)
    }

    /// Staff users who do not sign in again once their sessions were revoked: the actors of stories.
    pub fn suspects(&self) -> BTreeSet<Arc<str>> {
        self.planted
            .iter()
            .flat_map(|planted| planted.play.suspects())
            .collect()
    }

    /// Adds the commits that stories made, and the suspect route. Everything else of the status comes from
    /// [`Conditions`](super::standing::Conditions).
    pub fn status(&self, status: &mut Status) {
        for planted in &self.planted {
            planted.play.status(planted.phase, status);
        }
    }

    /// A number that changes whenever [`going`](Self::going) may have changed.
    pub fn version(&self) -> u64 {
        self.version
    }
}

impl Planted {
    fn new(starts: Timestamp, story: &Story, casting: &mut Casting<'_>) -> Self {
        let after = |offset: jiff::SignedDuration| {
            let at = starts.checked_add(offset).unwrap_or(starts);
            at.as_microsecond()
        };
        casting.turn_to(&story.id);
        Self {
            id: story.id.as_str().into(),
            from: after(story.from),
            until: story.until.map(after),
            phase: if story.waits {
                Phase::Waiting
            } else {
                Phase::Due
            },
            events: 0,
            able: true,
            play: play(&story.pattern, casting),
        }
    }

    /// One tick. True when it began, ended, or lost or regained what it needs.
    fn tick(&mut self, seed: u64, emit: &mut Emit<'_>) -> bool {
        let before = (self.phase, self.able);
        let story = Noise::new(seed, Generator::named(&self.id), i64::MIN);
        let due = self.phase == Phase::Due && self.from < emit.until();
        if due {
            self.phase = Phase::Going;
            let at = self.from.max(emit.from());
            self.play.begin(story, at, emit);
        }
        let open = matches!(self.phase, Phase::Going | Phase::Due);
        if open && self.until.is_some_and(|until| until <= emit.from()) {
            self.phase = Phase::Over;
        }
        if self.phase == Phase::Going {
            self.able = self.play.able(emit);
            self.events_of_tick(story, due, emit);
            self.play.tick(emit);
        }
        before != (self.phase, self.able)
    }

    fn events_of_tick(&mut self, story: Noise, first: bool, emit: &mut Emit<'_>) {
        let Some(every) = self.play.every() else {
            return;
        };
        let here = emit.noise();
        let count = arrivals::count(story, emit.tick(), here, every, first);
        let mut times: Vec<i64> = (1..=u64::from(count))
            .map(|event| emit.moment(here.of(event)).max(self.from))
            .filter(|at| self.until.is_none_or(|until| *at < until))
            .collect();
        times.sort_unstable();
        for (event, at) in (1_u64..).zip(times) {
            let event = Event {
                noise: here.of(event).of(1),
                story,
                number: self.events,
                at,
            };
            self.events += 1;
            self.play.event(&event, emit);
        }
    }
}

/// The pattern, with its names drawn.
#[expect(clippy::too_many_lines, reason = "one arm a pattern, and nothing else")]
fn play(pattern: &Pattern, casting: &mut Casting<'_>) -> Box<dyn Play> {
    match pattern {
        Pattern::CrossOrgAttempts {
            actors,
            targets,
            every,
            machine,
            ip,
            succeed,
            unknown,
        } => Box::new(cross_org::CrossOrg::new(
            cross_org::Settings {
                actors,
                targets,
                every: *every,
                machine,
                ip: ip.as_deref(),
                succeed: *succeed,
                unknown: *unknown,
            },
            casting,
        )),
        Pattern::CrossReads {
            crosses,
            operations,
            readers,
            targets,
            every,
            unknown,
        } => Box::new(cross_reads::CrossReads::new(
            cross_reads::Settings {
                crosses: *crosses,
                operations,
                readers,
                targets,
                every: *every,
                unknown: *unknown,
            },
            casting,
        )),
        Pattern::StaffReads {
            actors,
            targets,
            every,
            unknown,
            route,
            scope,
        } => Box::new(staff_reads::StaffReads::new(
            staff_reads::Settings {
                actors,
                targets,
                every: *every,
                unknown: *unknown,
                route,
                scope,
            },
            casting,
        )),
        Pattern::MagicLink {
            contact,
            targets,
            every,
        } => Box::new(magic_link::MagicLink::new(
            contact.as_deref(),
            targets,
            *every,
            casting,
        )),
        Pattern::TenantLeak {
            actors,
            targets,
            every,
            unknown,
        } => Box::new(tenant_leak::TenantLeak::new(
            actors, targets, *every, *unknown, casting,
        )),
        Pattern::SessionAbuse {
            user,
            addresses,
            every,
        } => Box::new(session_abuse::SessionAbuse::new(
            user.as_deref(),
            *addresses,
            *every,
            casting,
        )),
        Pattern::WebhookFailure {
            tenant,
            status,
            share,
            every,
        } => Box::new(webhooks::Webhooks::new(
            tenant.as_deref(),
            *status,
            *share,
            *every,
            casting,
        )),
        Pattern::ExportFailure { cause, every } => Box::new(exports::Exports::new(cause, *every)),
        Pattern::SlowDatabase { waiting, table } => {
            Box::new(slow_database::SlowDatabase::new(*waiting, table, casting))
        }
        Pattern::Deployment {
            version,
            commit,
            files,
        } => Box::new(deployment::Deployment::new(version, commit, files, casting)),
        Pattern::Errors { share } => Box::new(state::Errors::new(*share)),
        Pattern::Silence { source } => Box::new(state::Silence::new(source)),
    }
}
