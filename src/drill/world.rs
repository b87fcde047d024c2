//! The simulated service: organisations, users, staff, sessions, tokens, routes, deployments, traffic with its daily shape, and what a scenario plants in it.
//!
//! From one list of events flow all the sources a playbook asks: tables for KQL, tables for SQL, series for PromQL. It is a function of the scenario, the seed
//! and what was done to it at which simulated time: the steps in which time passes make no difference. Memory is bounded by the length of a drill.

use std::collections::BTreeSet;

use super::scenario::Scenario;
use crate::model::Timestamp;
use crate::{kql, pgsql, promql};

/// The service at a simulated time.
pub struct World {
    now: Timestamp,
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
        let _ = seed;
        Self {
            now: scenario.starts,
        }
    }

    /// Lets time pass. Time never goes back.
    pub fn advance(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
    }

    /// The simulated time.
    pub fn now(&self) -> Timestamp {
        self.now
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
        unimplemented!()
    }

    /// Lets a statement change the database; afterwards the service takes note of what changed (sessions, links, endpoints, signals to backends).
    pub fn change<T>(&mut self, work: impl FnOnce(&mut pgsql::Database) -> T) -> T {
        let _ = work;
        unimplemented!()
    }

    /// What Prometheus has scraped.
    pub fn metrics(&self) -> &promql::Store {
        unimplemented!()
    }

    /// Does something to the service.
    pub fn act(&mut self, act: &Act) {
        let _ = act;
    }

    /// Begins a story that waits, or one that has ended.
    pub fn start(&mut self, story: &str) {
        let _ = story;
    }

    /// Ends a story.
    pub fn stop(&mut self, story: &str) {
        let _ = story;
    }

    /// Removes the rows of a table that a story wrote.
    pub fn erase(&mut self, table: &str, story: &str) {
        let _ = (table, story);
    }

    /// Puts how the service stands into the facts: `revoked` to `names`. The others are left alone.
    pub fn tell(&self, facts: &mut super::Facts) {
        let _ = facts;
    }

    /// A number that changes whenever what [`tell`](Self::tell) says may have changed.
    pub fn version(&self) -> u64 {
        0
    }

    /// The health of the service, for its HTTP endpoints and its commands.
    pub fn status(&self) -> Status {
        Status::default()
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
