//! The director: lets time pass in the world, watches what the operator does, and brings the injects when they are due.

use std::sync::Arc;

use super::scenario::Scenario;
use super::{Facts, World};
use crate::model::Timestamp;
use crate::record::entry::Sealed;

/// A drill that is under way.
pub struct Director {
    scenario: Arc<Scenario>,
    world: World,
    facts: Facts,
}

/// An inject that has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Injected {
    /// Its name in the scenario.
    pub id: String,
    /// When it came.
    pub at: Timestamp,
    /// Who speaks.
    pub from: String,
    /// What is said; empty when it happened in silence.
    pub text: String,
    /// What damage it is the sign of.
    pub damage: Option<String>,
}

impl Director {
    /// A drill at its beginning.
    pub fn new(scenario: Arc<Scenario>, seed: u64) -> Self {
        let world = World::new(&scenario, seed);
        Self {
            scenario,
            world,
            facts: Facts::default(),
        }
    }

    /// The scenario.
    pub fn scenario(&self) -> &Arc<Scenario> {
        &self.scenario
    }

    /// The service.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The service, to be changed by what the operator sends.
    pub fn world_mut(&mut self) -> &mut World {
        &mut self.world
    }

    /// Lets time pass. What comes meanwhile waits for [`take_injected`](Self::take_injected).
    pub fn advance(&mut self, now: Timestamp) {
        self.world.advance(now);
    }

    /// The injects that came since this was asked last, in order.
    pub fn take_injected(&mut self) -> Vec<Injected> {
        Vec::new()
    }

    /// Takes in an entry of the record: what was done, and when. An inject that the record holds already (a facilitator called it, or the drill goes on
    /// in a later session) is not brought again; what it does to the service is done.
    pub fn observe(&mut self, sealed: &Sealed) {
        let _ = (sealed, &self.facts);
    }

    /// Brings an inject now, at a facilitator's word. The error names the injects there are.
    pub fn inject(&mut self, id: &str) -> Result<Injected, String> {
        Err(format!("the scenario has no inject {id:?}"))
    }

    /// When the next inject is due by time, if nothing else happens.
    pub fn next_due(&self) -> Option<Timestamp> {
        None
    }
}
