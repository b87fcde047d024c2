//! What an incident's mode means for what may be reached. The one place that matches on the mode.
//!
//! Live sources come into being here and nowhere else, so another mode cannot hold one by accident.

use std::sync::Arc;

use super::clock;
use crate::config::Config;
use crate::model::Mode;
use crate::model::diagnostic::Diagnostic;
use crate::sources::azure::sign_in::Accounts;
use crate::sources::registry::{Sources, Surroundings};

/// The sources of an incident, and what is wrong with those that could not be built. The error says why this program
/// cannot work an incident of this mode.
pub fn sources(mode: Mode, config: &Config) -> Result<(Sources, Vec<Diagnostic>), String> {
    match mode {
        Mode::Live => {
            let surroundings = Surroundings {
                environment: Arc::clone(&config.environment),
                clock: clock::now,
                accounts: Accounts::default(),
            };
            Ok(Sources::from_profile(config, &surroundings))
        }
        Mode::Walkthrough | Mode::Drill => Err(format!(
            "this version works live incidents only, and this one is a {}: read it with `quarterdeck timeline` and `quarterdeck report`",
            mode.word().to_lowercase()
        )),
    }
}
