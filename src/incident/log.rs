//! Folds entries as they arrive, in whatever order.
//!
//! Bounded: it keeps the last entries and a few snapshots, not the whole record. Whoever reads the record keeps the rest.

use std::collections::VecDeque;

use super::{Incident, apply};
use crate::model::limits;
use crate::record::entry::{Hash, Sealed};

/// An incident with its latest entries.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Log {
    incident: Option<Incident>,
    /// Runs of entries in order, each with the incident as it was before them. Never empty once there is an entry.
    runs: VecDeque<Run>,
}

#[derive(Debug, Clone, PartialEq, Default)]
struct Run {
    /// None before the incident's first entry.
    before: Option<Incident>,
    entries: Vec<Sealed>,
}

/// What adding an entry did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// It came after all others and was applied.
    Applied,
    /// It belongs before others, which were applied again.
    Refolded,
    /// It was there already.
    Known,
    /// It belongs before everything that is kept here: the incident must be folded again from its record.
    TooOld,
}

impl Log {
    /// A log that goes on from an incident folded earlier.
    pub fn from_snapshot(incident: Incident) -> Self {
        Self {
            runs: VecDeque::from([Run {
                before: Some(incident.clone()),
                entries: vec![],
            }]),
            incident: Some(incident),
        }
    }

    /// The incident now; none before the first entry.
    pub fn incident(&self) -> Option<&Incident> {
        self.incident.as_ref()
    }

    /// The entries that are kept here, in order: all of them while there are few.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = &Sealed> {
        self.runs.iter().flat_map(|run| &run.entries)
    }

    /// Adds an entry at its place.
    pub fn add(&mut self, sealed: Sealed) -> Added {
        let place = place(&sealed);
        let last = self.incident.as_ref().and_then(last_place);
        if last.is_none_or(|last| last < place) {
            self.push(sealed);
            return Added::Applied;
        }
        // The last run that begins before the entry takes it.
        let run = self.runs.iter().rposition(|run| {
            run.before
                .as_ref()
                .and_then(last_place)
                .is_none_or(|before| before < place)
        });
        let Some(index) = run else {
            return if last == Some(place) {
                Added::Known
            } else {
                Added::TooOld
            };
        };
        let Some(run) = self.runs.get_mut(index) else {
            return Added::TooOld;
        };
        let at = run
            .entries
            .partition_point(|other| self::place(other) < place);
        if run
            .entries
            .get(at)
            .is_some_and(|other| other.hash == sealed.hash)
        {
            return Added::Known;
        }
        run.entries.insert(at, sealed);
        self.refold(index);
        Added::Refolded
    }

    fn push(&mut self, sealed: Sealed) {
        let full = self
            .runs
            .back()
            .is_none_or(|run| run.entries.len() as u64 >= limits::SNAPSHOT_EVERY);
        if full {
            self.runs.push_back(Run {
                before: self.incident.clone(),
                entries: vec![],
            });
            while self.runs.len() > limits::SNAPSHOTS_KEPT {
                self.runs.pop_front();
            }
        }
        advance(&mut self.incident, &sealed);
        if let Some(run) = self.runs.back_mut() {
            run.entries.push(sealed);
        }
    }

    /// Applies everything from a run on again.
    fn refold(&mut self, from: usize) {
        let mut incident = self.runs.get(from).and_then(|run| run.before.clone());
        for run in self.runs.range_mut(from..) {
            run.before.clone_from(&incident);
            for sealed in &run.entries {
                advance(&mut incident, sealed);
            }
        }
        self.incident = incident;
    }
}

impl FromIterator<Sealed> for Log {
    /// Folds a whole record; the order of the entries does not matter.
    fn from_iter<T: IntoIterator<Item = Sealed>>(entries: T) -> Self {
        let entries = crate::record::merge::merge(entries.into_iter().collect());
        let mut log = Self::default();
        for sealed in entries {
            log.push(sealed);
        }
        log
    }
}

fn advance(incident: &mut Option<Incident>, sealed: &Sealed) {
    match incident {
        Some(incident) => apply(incident, sealed),
        None => *incident = Some(Incident::open(sealed)),
    }
}

/// Place in the incident's order; the hash decides only between the ends of a fork.
fn place(sealed: &Sealed) -> (u64, &str, Hash) {
    (sealed.entry.clock, &sealed.entry.writer, sealed.hash)
}

fn last_place(incident: &Incident) -> Option<(u64, &str, Hash)> {
    let last = incident.last.as_ref()?;
    Some((last.clock, &last.writer, last.hash))
}

#[cfg(test)]
mod tests;
