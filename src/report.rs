//! What is said about an incident to people: timeline, report, hand-over card.
//!
//! Pure functions over playbook, incident, view and entries. Times are UTC and say so. Nothing from outside reaches the
//! text unmade safe, and nothing in it can become markup, a formula or a command of the terminal.

pub mod brief;
pub mod clocks;
pub mod debrief;
pub mod figures;
pub mod markdown;
pub mod names;
pub mod sentence;
pub mod timeline;
pub mod undo;
pub mod walk;

pub use brief::brief;
pub use markdown::markdown;
pub use names::Names;
pub use sentence::sentence;

use crate::model::{Mode, Timestamp};

/// A time for people, in UTC with its zone.
fn utc(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// `DRILL ` or `WALKTHROUGH ` in front of everything that did not really happen.
fn mark(mode: Mode) -> String {
    match mode {
        Mode::Live => String::new(),
        Mode::Walkthrough | Mode::Drill => format!("{} ", mode.word()),
    }
}

#[cfg(test)]
mod tests;
