//! Drills: a scenario, the simulated service it plays on, and the score.
//!
//! Everything here is a function of the scenario, its seed and what the operator did at which simulated time: no clock, no randomness of the system, no IO,
//! no live source. Time is simulated time throughout.

pub mod director;
pub mod facts;
pub mod http;
#[cfg(test)]
mod playing;
pub mod scenario;
pub mod score;
pub mod shell;
pub mod world;

pub use director::{Director, Injected};
pub use facts::Facts;
pub use scenario::Scenario;
pub use world::World;
