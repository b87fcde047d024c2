//! The simulated service: organisations, users, staff, sessions, tokens, routes, deployments, traffic with its daily shape, and what a scenario plants in it.
//!
//! From one list of events flow all the sources a playbook asks: tables for KQL, tables for SQL, series for PromQL. It is a function of the scenario, the seed
//! and what was done to it at which simulated time: the steps in which time passes make no difference. Memory is bounded by the length of a drill.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::scenario::Scenario;
use crate::model::Timestamp;
use crate::{kql, pgsql, promql};

use emit::Emit;
use population::Population;
use standing::{Conditions, Standing};
use stories::Stories;

pub mod emit;
pub mod noise;
pub mod population;
pub mod shape;
pub mod standing;
pub mod stories;

/// A tick of simulated time, in microseconds: 5 seconds. What happens in a tick is drawn at its end.
pub const TICK_MICROS: i64 = 5_000_000;

/// Where events go.
#[derive(Debug, Default)]
struct Sinks {
    database: pgsql::Database,
    metrics: promql::Store,
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
    version: u64,
}

/// What an operator did to the service otherwise than by SQL; the shell and the HTTP endpoints of a drill translate into these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// An operation answers nobody any more.
    FreezeOperation(String),
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
            population,
            standing: Standing::default(),
            conditions: Conditions::default(),
            sinks: Sinks::default(),
            version: 0,
        };
        world.plant();
        world.pass(scenario.starts);
        world
    }

    fn plant(&mut self) {
        let mut emit = Emit::new(
            self.seed,
            self.tick,
            &self.population,
            &mut self.standing,
            &mut self.conditions,
            &mut self.sinks,
        );
        self.stories.plant(&mut emit);
    }

    /// Lets time pass. Time never goes back.
    pub fn advance(&mut self, now: Timestamp) {
        if now > self.now {
            self.now = now;
            self.pass(now);
        }
    }

    /// Draws every tick that ends by `until`.
    fn pass(&mut self, until: Timestamp) {
        let end = until.as_microsecond().div_euclid(TICK_MICROS);
        while self.tick < end {
            self.conditions = Conditions::default();
            let mut emit = Emit::new(
                self.seed,
                self.tick,
                &self.population,
                &mut self.standing,
                &mut self.conditions,
                &mut self.sinks,
            );
            self.stories.tick(&mut emit);
            self.tick += 1;
        }
    }

    /// The simulated time.
    pub fn now(&self) -> Timestamp {
        self.now
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

    /// What has arrived in the tables of Application Insights: `customMetrics`, `traces`, `requests`, `dependencies`, `exceptions`. Rows arrive later than they happen.
    pub fn telemetry(&self) -> &dyn kql::Catalog {
        unimplemented!()
    }

    /// What is older than this has arrived whole in [`telemetry`](Self::telemetry).
    pub fn settled(&self) -> Timestamp {
        self.now
    }

    /// The database of the service.
    pub fn database(&self) -> &pgsql::Database {
        &self.sinks.database
    }

    /// Lets a statement change the database; afterwards the service takes note of what changed (sessions, links, endpoints, signals to backends).
    pub fn change<T>(&mut self, work: impl FnOnce(&mut pgsql::Database) -> T) -> T {
        work(&mut self.sinks.database)
    }

    /// What Prometheus has scraped.
    pub fn metrics(&self) -> &promql::Store {
        &self.sinks.metrics
    }

    /// Does something to the service.
    pub fn act(&mut self, act: &Act) {
        let _ = act;
    }

    /// Begins a story that waits, or one that has ended.
    pub fn start(&mut self, story: &str) {
        self.stories.start(story, self.now.as_microsecond());
    }

    /// Ends a story.
    pub fn stop(&mut self, story: &str) {
        self.stories.stop(story);
    }

    /// Removes the rows of a table that a story wrote.
    pub fn erase(&mut self, table: &str, story: &str) {
        let _ = (table, story, self.starts);
    }

    /// Puts how the service stands into the facts: `revoked` to `names`. The others are left alone.
    pub fn tell(&self, facts: &mut super::Facts) {
        let _ = facts;
    }

    /// A number that changes whenever what [`tell`](Self::tell) says may have changed.
    pub fn version(&self) -> u64 {
        self.version.wrapping_add(self.stories.version())
    }

    /// The health of the service, for its HTTP endpoints and its commands.
    pub fn status(&self) -> Status {
        let mut status = Status::default();
        self.stories.status(&mut status);
        status
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
    /// Commits of the repository, newest first: hash, time, author, title, files it touched, text it added.
    pub commits: Vec<Commit>,
    /// Operations that are frozen.
    pub frozen: BTreeSet<String>,
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
