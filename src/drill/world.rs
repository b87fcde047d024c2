//! The simulated service: organisations, users, staff, sessions, tokens, routes, deployments, traffic with its daily shape, and what a scenario plants in it.
//!
//! From one list of events flow all the sources a playbook asks: tables for KQL, tables for SQL, series for PromQL. It is a function of the scenario, the seed
//! and what was done to it at which simulated time: the steps in which time passes make no difference. Memory is bounded by the length of a drill.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::scenario::Scenario;
use crate::model::Timestamp;
use crate::{kql, pgsql, promql};

use database::Tables;
use emit::Emit;
use metrics::Metrics;
use population::Population;
use standing::{Conditions, Rotation, Standing};
use stories::Stories;
use telemetry::Telemetry;
use texts::Texts;

mod background;
mod database;
pub mod emit;
mod metrics;
pub mod noise;
pub mod population;
pub mod shape;
pub mod standing;
pub mod stories;
mod telemetry;
mod texts;

/// A tick of simulated time, in microseconds: 5 seconds. What happens in a tick is drawn at its end.
pub const TICK_MICROS: i64 = 5_000_000;

/// Of a past longer than this Prometheus keeps one sample a minute: 6 hours, in microseconds.
const FINE_MICROS: i64 = 21_600_000_000;

/// Ticks of a minute.
const MINUTE_TICKS: i64 = 12;

/// A disk this full takes nothing more: uploads and exports fail, and readiness says so.
pub const DISK_FULL_PERCENT: u8 = 100;

/// Most staff sessions revoked at once: so many of a hundred.
const MOST_PERCENT: u64 = 60;

/// Where events go.
#[derive(Debug)]
struct Sinks {
    tables: Tables,
    telemetry: Telemetry,
    metrics: Metrics,
    texts: Texts,
    /// The version that is live.
    release: Arc<str>,
    /// How busy the scenario wants the service at its busiest.
    requests_per_minute: u32,
}

/// The service at a simulated time.
#[derive(Debug)]
pub struct World {
    seed: u64,
    /// The time of the page, in microseconds since 1970.
    starts: i64,
    now: Timestamp,
    /// The next tick to be drawn.
    tick: i64,
    population: Arc<Population>,
    standing: Standing,
    conditions: Conditions,
    stories: Stories,
    sinks: Sinks,
    commits: Vec<Commit>,
    /// How many acts there were.
    acts: u64,
    version: u64,
}

/// What an operator did to the service otherwise than by SQL; the shell and the HTTP endpoints of a drill translate into these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// An operation answers nobody any more.
    FreezeOperation(String),
    /// A frozen operation answers again.
    UnfreezeOperation(String),
    /// The state of an organisation was kept.
    SnapshotOrganisation(String),
    /// Tokens issued before this time were replaced.
    RotateTokens(Timestamp),
    /// The encryption keys were rotated.
    RotateEncryption,
    /// A feature flag was switched on or off.
    SwitchFlag(String, bool),
}

impl World {
    /// The service at the time of the page, with its past behind it.
    pub fn new(scenario: &Scenario, seed: u64) -> Self {
        let population = Arc::new(Population::new(&scenario.service, seed));
        let starts = scenario.starts.as_microsecond();
        let history = i64::try_from(scenario.history.as_micros()).unwrap_or(i64::MAX);
        let mut world = Self {
            seed,
            starts,
            now: scenario.starts,
            tick: starts.saturating_sub(history).div_euclid(TICK_MICROS),
            stories: Stories::new(scenario, seed, &population),
            standing: Standing::default(),
            conditions: Conditions::default(),
            sinks: Sinks {
                tables: Tables::default(),
                telemetry: Telemetry::default(),
                metrics: Metrics::default(),
                texts: Texts::default(),
                release: Arc::from(background::RELEASE),
                requests_per_minute: scenario.service.requests_per_minute,
            },
            commits: background::commits(&population, seed, starts),
            population,
            acts: 0,
            version: 0,
        };
        world.sinks.tables.server.opened = world.tick * TICK_MICROS;
        let (mut emit, stories) = world.emit();
        background::plant(&mut emit);
        stories.plant(&mut emit);
        world.pass(scenario.starts);
        world.show_server();
        world
    }

    /// What writes in the next tick, and the stories.
    fn emit(&mut self) -> (Emit<'_>, &mut Stories) {
        let emit = Emit::new(
            (self.seed, self.starts),
            self.tick,
            &self.population,
            &mut self.standing,
            &mut self.conditions,
            &mut self.sinks,
        );
        (emit, &mut self.stories)
    }

    /// Lets time pass. Time never goes back.
    pub fn advance(&mut self, now: Timestamp) {
        if now > self.now {
            self.now = now;
            self.pass(now);
        }
    }

    /// Draws every tick that ends by `until`, and shows what came of it.
    fn pass(&mut self, until: Timestamp) {
        let end = until.as_microsecond().div_euclid(TICK_MICROS);
        if self.tick >= end {
            return;
        }
        let sessions = self.standing.session_count();
        while self.tick < end {
            self.draw();
        }
        if sessions != self.standing.session_count() {
            self.version += 1;
        }
        self.sinks.telemetry.seal();
        self.show_server();
    }

    /// Draws the next tick.
    fn draw(&mut self) {
        self.conditions = Conditions::default();
        let (mut emit, stories) = self.emit();
        stories.tick(&mut emit);
        background::tick(&mut emit, stories);
        let tick = self.tick;
        self.sinks.tables.server.tick(&self.conditions);
        if tick.rem_euclid(MINUTE_TICKS) == MINUTE_TICKS - 1 {
            self.emit().0.export();
        }
        let end = (tick + 1) * TICK_MICROS;
        let every = if end > self.starts - FINE_MICROS {
            metrics::SCRAPE_TICKS
        } else {
            metrics::THIN_TICKS
        };
        if tick.rem_euclid(every) == every - 1 && !self.is_silenced("metrics") {
            self.sinks.metrics.scrape(end / 1_000);
        }
        self.sinks.telemetry.arrive(tick);
        self.tick += 1;
    }

    fn is_silenced(&self, source: &str) -> bool {
        self.conditions
            .silenced
            .iter()
            .any(|silenced| silenced == source)
    }

    /// Writes what the database server says of itself, as of the last tick.
    fn show_server(&mut self) {
        let end = self.tick * TICK_MICROS;
        self.sinks
            .tables
            .show_server(self.seed, self.tick - 1, end, &self.conditions);
    }

    /// The simulated time.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// How many tokens a rotation would replace that takes those issued before a time.
    pub fn tokens_issued_before(&self, before: Timestamp) -> usize {
        let before = before.as_microsecond();
        let tokens = self.population.tokens.iter();
        let issued = tokens.map(|token| self.standing.replaced(token.issued(self.starts)).1);
        issued.filter(|issued| *issued < before).count()
    }

    /// Who there is.
    pub fn population(&self) -> &Population {
        &self.population
    }

    /// How the service stands.
    pub fn standing(&self) -> &Standing {
        &self.standing
    }

    /// The stories.
    pub fn stories(&self) -> &Stories {
        &self.stories
    }

    /// The names that a story has for a role, such as its `actors`; none where there is no such story or role.
    pub fn drawn(&self, story: &str, role: &str) -> &[String] {
        self.stories.drawn(story, role)
    }

    /// What has arrived in the tables of Application Insights: `customMetrics`, `traces`, `requests`, `dependencies`, `exceptions`. Rows arrive later than they happen.
    pub fn telemetry(&self) -> &dyn kql::Catalog {
        &self.sinks.telemetry
    }

    /// Rows that have arrived in each table of Application Insights, and about how many bytes they hold.
    pub fn telemetry_sizes(&self) -> Vec<(&'static str, usize, usize)> {
        self.sinks.telemetry.sizes()
    }

    /// What is older than this has arrived whole in [`telemetry`](Self::telemetry).
    pub fn settled(&self) -> Timestamp {
        Timestamp::from_microsecond(self.tick * TICK_MICROS - shape::ARRIVAL_MOST)
            .unwrap_or(self.now)
    }

    /// The database of the service.
    pub fn database(&self) -> &pgsql::Database {
        self.sinks.tables.database()
    }

    /// Lets a statement change the database; afterwards the service takes note of what changed (sessions, links, endpoints, signals to backends).
    pub fn change<T>(&mut self, work: impl FnOnce(&mut pgsql::Database) -> T) -> T {
        let done = work(self.sinks.tables.database_mut());
        self.take_note();
        done
    }

    /// Compares the tables with how the service stood.
    fn take_note(&mut self) {
        let now = self.now.as_microsecond();
        let tables = &mut self.sinks.tables;
        let signals = std::mem::take(&mut tables.database_mut().signals);
        for (pid, signal) in &signals {
            self.stories.signalled(*pid, *signal);
            self.conditions.signalled(*pid, *signal);
            // One that is cancelled keeps its session.
            if *signal == pgsql::Signal::Terminate {
                tables.server.end(self.seed, *pid, now);
            }
            self.standing.ended.insert(*pid);
        }
        let sessions = tables.sessions();
        let links = tables.links(now);
        // Links that ended by themselves are nobody's doing.
        self.standing.links.retain(|_, links| {
            links.retain(|link| link.expires.is_none_or(|expires| expires > now));
            !links.is_empty()
        });
        let disabled = tables.disabled();
        let before = self.standing.session_count();
        let old = &mut self.standing;
        let mut changed = !signals.is_empty();
        if sessions != old.sessions {
            note(&mut old.revoked, &old.sessions, &sessions);
            old.sessions = sessions;
            changed = true;
            let gone = before.saturating_sub(old.session_count());
            if gone > 1 && gone * 100 >= before * MOST_PERCENT {
                old.signed_out = Some(now);
            }
        }
        if links != old.links {
            note(&mut old.expired, &old.links, &links);
            old.links = links;
            changed = true;
        }
        if disabled != old.disabled {
            for endpoint in disabled.symmetric_difference(&old.disabled) {
                if disabled.contains(endpoint) {
                    old.switched_off.insert(endpoint.to_string());
                } else {
                    old.switched_off.remove(&**endpoint);
                }
            }
            old.disabled = disabled;
            changed = true;
        }
        if changed {
            self.version += 1;
        }
        if !signals.is_empty() {
            self.show_server();
        }
    }

    /// What Prometheus has scraped.
    pub fn metrics(&self) -> &promql::Store {
        self.sinks.metrics.store()
    }

    /// Does something to the service.
    pub fn act(&mut self, act: &Act) {
        let (now, n) = (self.now.as_microsecond(), self.acts);
        self.acts += 1;
        match act {
            Act::FreezeOperation(operation) => {
                self.standing.frozen.insert(operation.clone());
            }
            Act::UnfreezeOperation(operation) => {
                self.standing.frozen.remove(operation);
            }
            Act::SnapshotOrganisation(organisation) => {
                self.standing.snapshots.insert(organisation.clone());
            }
            Act::RotateTokens(before) => {
                let before = before.as_microsecond();
                self.standing.rotations.push(Rotation { before, at: now });
            }
            Act::RotateEncryption => self.standing.encryption_rotations += 1,
            Act::SwitchFlag(flag, on) => {
                let (mut emit, _) = self.emit();
                emit.begin_act(n);
                emit.flag(now, flag, *on, population::OPERATOR);
            }
        }
        self.version += 1;
    }

    /// Begins a story that waits, or one that has ended.
    pub fn start(&mut self, story: &str) {
        self.stories.start(story, self.now.as_microsecond());
        self.version += 1;
    }

    /// Ends a story.
    pub fn stop(&mut self, story: &str) {
        self.stories.stop(story);
        self.version += 1;
    }

    /// Removes the rows of a table that a story wrote. A table that is not there has none.
    pub fn erase(&mut self, table: &str, story: &str) {
        if let Some(table) = database::Name::named(table) {
            self.sinks.tables.erase(table, story);
            self.take_note();
        } else {
            self.sinks.telemetry.erase(table, story);
        }
    }

    /// Puts how the service stands into the facts: `revoked` to `names`. The others are left alone.
    pub fn tell(&self, facts: &mut super::Facts) {
        let standing = &self.standing;
        facts.revoked.clone_from(&standing.revoked);
        facts.staff_sessions = standing.session_count();
        facts.expired.clone_from(&standing.expired);
        facts.frozen.clone_from(&standing.frozen);
        facts.snapshots.clone_from(&standing.snapshots);
        facts.rotated = !standing.rotations.is_empty();
        facts.disabled.clone_from(&standing.switched_off);
        facts.ended = standing.ended.iter().map(ToString::to_string).collect();
        facts.going = self.stories.going();
        facts.names = self.stories.names();
    }

    /// A number that changes whenever what [`tell`](Self::tell) says may have changed.
    pub fn version(&self) -> u64 {
        self.version.wrapping_add(self.stories.version())
    }

    /// The health of the service, for its HTTP endpoints and its commands.
    pub fn status(&self) -> Status {
        let conditions = &self.conditions;
        let mut status = Status {
            database_ready: conditions.database_ready,
            disk_percent: conditions.disk_percent,
            storage_denied: conditions.storage_denied,
            webhook_target: conditions.webhook_target.clone(),
            flags: self.standing.flags.clone(),
            commits: self.commits.clone(),
            route: None,
        };
        self.stories.status(&mut status);
        status
            .commits
            .sort_by(|one, other| other.at.cmp(&one.at).then(one.hash.cmp(&other.hash)));
        status
    }
}

/// Takes note of names that had something and have nothing now, and of those that have something again.
fn note<T>(
    gone: &mut BTreeSet<String>,
    before: &BTreeMap<Arc<str>, T>,
    after: &BTreeMap<Arc<str>, T>,
) {
    for name in before.keys().filter(|name| !after.contains_key(*name)) {
        gone.insert(name.to_string());
    }
    for name in after.keys().filter(|name| !before.contains_key(*name)) {
        gone.remove(&**name);
    }
}

/// How the service is, as its own endpoints and the machines it runs on would say.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Status {
    /// The database answers in time.
    pub database_ready: bool,
    /// The upload disk is full, in percent.
    pub disk_percent: u8,
    /// S3 refuses.
    pub storage_denied: bool,
    /// The webhook target that does not answer well: its address and what it answers; 0 for nothing.
    pub webhook_target: Option<(String, u16)>,
    /// Names of feature flags and whether they are on.
    pub flags: Vec<(String, bool)>,
    /// Commits of the repository, newest first.
    pub commits: Vec<Commit>,
    /// The suspect route of a story and its declared scope (`missing` for none).
    pub route: Option<(String, String)>,
}

/// A commit of the simulated repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Short hash.
    pub hash: String,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub author: String,
    /// Its title.
    pub title: String,
    /// Paths it touched.
    pub files: Vec<String>,
    /// Lines it added or removed, for `git log -G`.
    pub lines: Vec<String>,
}

#[cfg(test)]
mod tests;
