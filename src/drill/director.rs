//! The director: lets time pass in the world, watches what the operator does, and brings the injects when they are due.
//!
//! Everything happens at the end of a tick of the world: what was done before it counts, what was done at it or later counts at the next one. So what
//! comes, and when, depends on the times of entries alone, never on how often time is let pass.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;

use super::scenario::{Scenario, Trigger, Wait};
use super::{Facts, World};
use crate::model::Timestamp;
use crate::model::ids::InputId;
use crate::record::entry::{Body, Sealed};

/// Seconds of a tick: those of the world.
const TICK: i64 = 5;

/// A drill that is under way.
pub struct Director {
    scenario: Arc<Scenario>,
    world: World,
    facts: Facts,
    /// How each inject of the scenario stands, in its order.
    states: Vec<State>,
    /// Injects that came and were not asked for yet.
    came: Vec<Injected>,
    /// The end of the newest tick that was looked at.
    seen: Timestamp,
    /// The world's version when conditions were last looked at; none when facts of the record have changed since.
    version: Option<u64>,
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

/// How an inject stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// It waits for its condition, or for a facilitator.
    Waits,
    /// It comes at this time.
    Due(Timestamp),
    /// It has come.
    Came,
}

impl Director {
    /// A drill at its beginning.
    pub fn new(scenario: Arc<Scenario>, seed: u64) -> Self {
        let world = World::new(&scenario, seed);
        let mut facts = Facts::default();
        world.tell(&mut facts);
        let states = scenario.injects.iter().map(|inject| match inject.trigger {
            Trigger::At(after) => State::Due(later(scenario.starts, after)),
            Trigger::When(..) | Trigger::Called => State::Waits,
        });
        Self {
            states: states.collect(),
            world,
            facts,
            came: Vec::new(),
            seen: scenario.starts,
            version: None,
            scenario,
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

    /// What the record and the service say now.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// What a player would find for the inputs of the playbook, with the names that this seed drew.
    pub fn inputs(&self) -> BTreeMap<InputId, String> {
        let inputs = self.scenario.inputs.iter();
        inputs
            .map(|(id, value)| (id.clone(), self.facts.fill(value)))
            .collect()
    }

    /// Lets time pass. What comes meanwhile waits for [`take_injected`](Self::take_injected).
    pub fn advance(&mut self, now: Timestamp) {
        while let Some(end) = next_tick(self.seen).filter(|end| *end <= now) {
            self.world.advance(end);
            self.seen = end;
            self.look(end);
        }
        self.world.advance(now);
    }

    /// The injects that came since this was asked last, in order.
    pub fn take_injected(&mut self) -> Vec<Injected> {
        std::mem::take(&mut self.came)
    }

    /// Leaves out what the record holds already, when a drill goes on in a later session.
    pub fn leave_out(&mut self, recorded: &[String]) {
        self.came
            .retain(|injected| !recorded.contains(&injected.id));
    }

    /// Takes in an entry of the record: what was done, and when. Time passes up to it first. An inject that the record holds already (a facilitator called
    /// it, or the drill goes on in a later session) is not brought again; what it does to the service is done.
    pub fn observe(&mut self, sealed: &Sealed) {
        self.advance(sealed.entry.when());
        if let Some(Body::DrillInjected { inject, .. }) = &sealed.body {
            let index = self.index(inject);
            if let Some(index) = index.filter(|index| self.states.get(*index) != Some(&State::Came))
            {
                self.happen(index, self.world.now());
            }
        }
        if self.facts.observe(sealed) {
            self.version = None;
        }
    }

    /// When the next inject is due by time, if nothing else happens; the end of the tick where something was done that a condition may wait for.
    pub fn next_due(&self) -> Option<Timestamp> {
        let due = self.states.iter().filter_map(|state| match state {
            State::Due(at) => Some(*at),
            State::Waits | State::Came => None,
        });
        let changed = self.version != Some(self.world.version());
        let next = changed.then(|| next_tick(self.seen)).flatten();
        due.chain(next).min()
    }

    fn index(&self, id: &str) -> Option<usize> {
        self.scenario.injects.iter().position(|one| one.id == id)
    }

    /// Looks at conditions, if something has changed, and brings what is due at the end of a tick.
    fn look(&mut self, now: Timestamp) {
        let version = self.world.version();
        if self.version != Some(version) {
            self.version = Some(version);
            self.world.tell(&mut self.facts);
            self.stop_stories();
            self.look_at_conditions(now);
        }
        let due = |state: &State| matches!(state, State::Due(at) if *at <= now);
        for index in 0..self.states.len() {
            if self.states.get(index).is_some_and(due) {
                let injected = self.happen(index, now);
                self.came.extend(injected);
            }
        }
    }

    fn stop_stories(&mut self) {
        for story in &self.scenario.stories {
            let over = story.stop_when.as_ref();
            let over = over.is_some_and(|condition| self.facts.holds(condition) == Ok(true));
            if over && self.world.stories().is_open(&story.id) {
                self.world.stop(&story.id);
            }
        }
    }

    fn look_at_conditions(&mut self, now: Timestamp) {
        for (inject, state) in self.scenario.injects.iter().zip(&mut self.states) {
            let Trigger::When(condition, wait) = &inject.trigger else {
                continue;
            };
            let holds = || self.facts.holds(condition) == Ok(true);
            match (*state, wait) {
                (State::Waits, Wait::After(time) | Wait::For(time)) if holds() => {
                    *state = State::Due(later(now, *time));
                }
                // It has to hold anew, and as long.
                (State::Due(_), Wait::For(_)) if !holds() => *state = State::Waits,
                _ => {}
            }
        }
    }

    /// What an inject does to the service is done.
    fn happen(&mut self, index: usize, at: Timestamp) -> Option<Injected> {
        let state = self.states.get_mut(index)?;
        *state = State::Came;
        let inject = self.scenario.injects.get(index)?;
        for story in &inject.start {
            self.world.start(story);
        }
        for story in &inject.stop {
            self.world.stop(story);
        }
        for (table, story) in &inject.erase {
            self.world.erase(table, story);
        }
        let damage = inject.damage.as_ref();
        Some(Injected {
            id: inject.id.clone(),
            at,
            from: inject.from.clone(),
            text: self.facts.fill(&inject.text),
            damage: damage.map(|damage| self.facts.fill(&damage.text)),
        })
    }
}

fn later(from: Timestamp, after: Duration) -> Timestamp {
    let after = SignedDuration::try_from(after).unwrap_or(SignedDuration::MAX);
    from.checked_add(after).unwrap_or(Timestamp::MAX)
}

/// The end of the tick after a time.
fn next_tick(after: Timestamp) -> Option<Timestamp> {
    let second = after.as_second().div_euclid(TICK).checked_add(1)?;
    Timestamp::from_second(second.checked_mul(TICK)?).ok()
}
