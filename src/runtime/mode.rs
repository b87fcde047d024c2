//! What an incident's mode means for what may be reached. The one place that matches on the mode.
//!
//! Live sources come into being here and nowhere else, so another mode cannot hold one by accident.

use std::path::PathBuf;
use std::sync::Arc;

use super::clock;
use crate::config::Config;
use crate::model::diagnostic::Diagnostic;
use crate::model::playbook::Playbook;
use crate::sources::azure::sign_in::Accounts;
use crate::sources::registry::{Sources, Surroundings};
use crate::sources::simulated::Simulation;

/// What an incident is worked on.
#[derive(Clone)]
pub enum Ground {
    /// What the configuration's profile names.
    Live,
    /// Nothing: requests are planned and shown.
    Walkthrough,
    /// A simulated service.
    Drill(Simulation),
}

/// The sources of an incident, and what is wrong with those that could not be built.
pub fn sources(
    ground: &Ground,
    config: &Config,
    playbook: &Playbook,
) -> (Sources, Vec<Diagnostic>) {
    match ground {
        Ground::Live => live(config),
        Ground::Walkthrough => Sources::planned_only(config, &surroundings(config), playbook),
        Ground::Drill(simulation) => (Sources::simulated(simulation, playbook), Vec::new()),
    }
}

/// The live sources of the chosen profile.
pub fn live(config: &Config) -> (Sources, Vec<Diagnostic>) {
    Sources::from_profile(config, &surroundings(config))
}

/// Folder for results that are too large for memory.
pub fn spill_folder(config: &Config) -> PathBuf {
    surroundings(config).spill_folder()
}

fn surroundings(config: &Config) -> Surroundings {
    Surroundings {
        environment: Arc::clone(&config.environment),
        clock: clock::now,
        accounts: Accounts::default(),
    }
}
