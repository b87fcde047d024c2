//! Reports of incidents, and what stands before the report of a drill: its score, and earlier tries of the same drill.

use super::drills;
use super::session::{Pinned, SessionError, Workplace, pinned};
use crate::drill::score::{Score, score};
use crate::drill::{Facts, Scenario};
use crate::incident::view::View;
use crate::incident::{DrillRecord, Stage};
use crate::model::{Mode, limits};
use crate::record::entry::{Entry, Sealed};
use crate::report;
use crate::report::debrief::{Debrief, Try};
use crate::store::{self, Store};

/// The debrief of a drill, without what it borrows.
pub struct Scored {
    /// The scenario that was played.
    pub scenario: Scenario,
    /// Its score.
    pub score: Score,
    /// Tries of the same drill, oldest first.
    pub tries: Vec<Try>,
}

impl Scored {
    /// The debrief.
    pub fn debrief<'a>(&'a self, pinned: &'a Pinned, entries: &'a [Sealed]) -> Debrief<'a> {
        Debrief {
            scenario: &self.scenario,
            score: &self.score,
            tries: &self.tries,
            playbook: &pinned.found.playbook,
            entries,
        }
    }
}

/// The report as Markdown; that of a drill begins with its debrief.
pub fn markdown(
    workplace: &Workplace,
    store: &Store,
    pinned: &Pinned,
    view: &View,
    entries: &[Sealed],
) -> Result<String, SessionError> {
    let report = report::markdown(&pinned.found.playbook, &pinned.incident, view, entries);
    Ok(match scored(workplace, store, pinned, entries)? {
        Some(scored) => {
            let debrief = scored.debrief(pinned, entries).markdown();
            format!("{}\n{report}", Mode::Drill.marked(&debrief))
        }
        None => report,
    })
}

/// Scores a drill and finds its earlier tries; none for what is no drill.
pub fn scored(
    workplace: &Workplace,
    store: &Store,
    pinned: &Pinned,
    entries: &[Sealed],
) -> Result<Option<Scored>, SessionError> {
    let Some(record) = &pinned.incident.drill else {
        return Ok(None);
    };
    let mut scenario = drills::scenario_of(store, record)?;
    scenario.truth.text = Facts::drawn(&scenario, record.seed).fill(&scenario.truth.text);
    let reached = score(&scenario, &pinned.found.playbook, &pinned.incident, entries);
    let mut tries = vec![one(pinned, record, entries, &reached)];
    let listing = store::list(workplace.data(), workplace.scratch()).unwrap_or_default();
    let others = listing
        .incidents
        .iter()
        .filter(|other| other.mode == Mode::Drill && other.id != pinned.incident.id);
    for other in others.take(limits::DRILL_TRIES) {
        // A try that cannot be read is no reason not to debrief this one.
        let read = || -> Option<Try> {
            let store =
                Store::read(workplace.data(), Mode::Drill, other.id, workplace.scratch()).ok()?;
            let fold = store.fold().ok()?;
            let same = fold.incident()?.drill.as_ref()?.scenario == record.scenario;
            if !same {
                return None;
            }
            let then = self::pinned(&store).ok()?;
            let entries = store.entries(0, u64::MAX).ok()?;
            let scenario = drills::scenario_of(&store, then.incident.drill.as_ref()?).ok()?;
            let reached = score(&scenario, &then.found.playbook, &then.incident, &entries);
            Some(one(&then, record, &entries, &reached))
        };
        tries.extend(read());
    }
    tries.sort_by_key(|one| one.played_at);
    Ok(Some(Scored {
        scenario,
        score: reached,
        tries,
    }))
}

/// A try of a drill, beside the one that `debriefed` tells of.
fn one(pinned: &Pinned, debriefed: &DrillRecord, entries: &[Sealed], reached: &Score) -> Try {
    let (incident, first) = (&pinned.incident, entries.first().map(|first| &first.entry));
    let drill = incident.drill.as_ref().unwrap_or(debriefed);
    Try {
        incident: incident.id.short(),
        played_at: first.map_or(incident.opened_at, Entry::at),
        seed: drill.seed,
        operator: first.map_or_else(String::new, |first| first.operator.clone()),
        points: (reached.points, reached.of),
        faults: reached.faults.len(),
        resolved: incident.stage != Stage::Open,
        same_scenario: drill.scenario_sha256 == debriefed.scenario_sha256,
        this: std::ptr::eq(drill, debriefed),
    }
}
