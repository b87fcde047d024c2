//! What a scenario plants in the service.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::emit::Emit;
use super::population::Population;
use super::{Commit, Status};
use crate::drill::scenario::Scenario;
use crate::pgsql;

/// The stories of a scenario.
#[derive(Debug, Clone, Default)]
pub struct Stories;

impl Stories {
    /// The stories, with their names drawn. Nothing has happened yet.
    pub fn new(scenario: &Scenario, seed: u64, population: &Population) -> Self {
        let _ = (scenario, seed, population);
        Self
    }

    /// Plants what was there before history began: called once, in its first tick, after the population has been planted.
    pub fn plant(&mut self, emit: &mut Emit<'_>) {
        let _ = emit;
    }

    /// Everything the stories do in a tick: called in every tick, before the background.
    pub fn tick(&mut self, emit: &mut Emit<'_>) {
        let _ = emit;
    }

    /// Begins a story that waits or has ended; `at` in microseconds since 1970.
    pub fn start(&mut self, story: &str, at: i64) {
        let _ = (story, at);
    }

    /// Ends a story.
    pub fn stop(&mut self, story: &str) {
        let _ = story;
    }

    /// A statement asked something of a backend.
    pub fn signalled(&mut self, pid: i64, signal: pgsql::Signal) {
        let _ = (pid, signal);
    }

    /// Stories that go on.
    pub fn going(&self) -> BTreeSet<String> {
        BTreeSet::new()
    }

    /// The names that were drawn, by story and role.
    pub fn names(&self) -> BTreeMap<String, BTreeMap<String, Vec<String>>> {
        BTreeMap::new()
    }

    /// Staff users who do not sign in again once their sessions were revoked: the actors of stories.
    pub fn suspects(&self) -> BTreeSet<Arc<str>> {
        BTreeSet::new()
    }

    /// Commits that stories made, newest first, and the suspect route. Everything else of the status comes from
    /// [`Conditions`](super::standing::Conditions).
    pub fn status(&self, status: &mut Status) {
        let _: &mut Vec<Commit> = &mut status.commits;
    }

    /// A number that changes whenever [`going`](Self::going) may have changed.
    pub fn version(&self) -> u64 {
        0
    }
}
