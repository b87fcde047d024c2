//! The score of a drill: read off its record and its scenario, nothing else.
//!
//! Times are simulated ones, counted from the page. Whoever acts well gets all points; a false all-clear costs more than all slowness together.

mod deadlines;
mod faults;
mod record;
#[cfg(test)]
mod tests;
mod timed;

use super::scenario::Scenario;
use crate::incident::Incident;
use crate::model::playbook::Playbook;
use crate::record::entry::{Hash, Sealed};

use record::Record;

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
    let record = Record {
        scenario,
        playbook,
        incident,
        entries,
    };
    let heavy = faults::false_all_clear(&record);
    let mut lines = timed::lines(&record);
    lines.extend(heavy.iter().cloned());
    lines.extend(faults::wrong_decisions(&record));
    lines.extend(faults::damage(&record));
    lines.extend(faults::steps(&record));
    let sum: i64 = lines.iter().map(|line| line.points).sum();
    Score {
        points: u32::try_from(sum).unwrap_or(0),
        of: lines.iter().map(|line| line.of).sum(),
        faults: heavy.iter().map(in_words).collect(),
        lines,
    }
}

fn in_words(fault: &Line) -> String {
    format!("{}: {}", fault.title, fault.reason)
}
