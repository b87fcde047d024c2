//! The score of a drill: read off its record and its scenario, nothing else.

use super::scenario::Scenario;
use crate::incident::Incident;
use crate::model::playbook::Playbook;
use crate::record::entry::{Hash, Sealed};

/// A score.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    /// Its lines, in the order of the rubric.
    pub lines: Vec<Line>,
    /// Points reached, never below zero.
    pub points: u32,
    /// Points there were.
    pub of: u32,
    /// Heavy faults, in words: a false all-clear first.
    pub faults: Vec<String>,
}

/// One line of a score.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// What was scored: `time to contain`.
    pub title: String,
    /// Points reached; negative for a fault.
    pub points: i64,
    /// Points there were; 0 for a fault.
    pub of: u32,
    /// Figures and reason, in a sentence.
    pub reason: String,
    /// The entries it rests on.
    pub entries: Vec<Hash>,
}

/// Scores a drill. `entries` are all of its entries in order.
pub fn score(
    scenario: &Scenario,
    playbook: &Playbook,
    incident: &Incident,
    entries: &[Sealed],
) -> Score {
    let _ = (scenario, playbook, incident, entries);
    Score {
        lines: Vec::new(),
        points: 0,
        of: 0,
        faults: Vec::new(),
    }
}
