//! The line for the playbook's clocks: those that ran, and those that would have run had somebody said what is so.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::Line;
use super::record::Record;
use super::timed::rounded;
use crate::incident::view::{ClockState, view};
use crate::incident::{DecisionRecord, Fact};
use crate::model::ids::ClockId;
use crate::record::entry::{Body, Hash};

/// What the record says of a clock that ran.
#[derive(Default)]
struct Ran {
    /// The entries that say how it came out; none while it runs.
    ends: Vec<Hash>,
    /// The entry that started it.
    started: Option<Hash>,
    missed: bool,
    waived: bool,
}

pub(super) fn deadlines(record: &Record<'_>, points: u32) -> Line {
    let ran = ran(record);
    let of = |fits: &dyn Fn(&Ran) -> bool| -> Vec<&ClockId> {
        let fitting = ran.iter().filter(|(_, ran)| fits(ran));
        fitting.map(|(clock, _)| *clock).collect()
    };
    let missed = of(&|ran| ran.missed);
    let waived = of(&|ran| ran.waived && !ran.missed);
    let due = due(record);
    let never: Vec<&ClockId> = due.iter().filter(|id| !ran.contains_key(id)).collect();
    let all = ran.len() + never.len();
    let kept = all - missed.len() - waived.len() - never.len();
    let mut reason = match all {
        0 => "No deadline ran.".to_owned(),
        _ => format!("{kept} of {all} deadlines met, or running still."),
    };
    let told = [
        ("Missed", missed),
        ("Waived, which is not met", waived),
        ("Never started, because nobody said what starts them", never),
    ];
    for (what, clocks) in told.into_iter().filter(|(_, clocks)| !clocks.is_empty()) {
        let titles: Vec<&str> = clocks.iter().map(|id| title(record, id)).collect();
        let _ = write!(reason, " {what}: {}.", titles.join(", "));
    }
    let share = if all == 0 {
        1.0
    } else {
        kept as f64 / all as f64
    };
    let entries = ran.into_values().flat_map(|ran| {
        let running = ran.started.filter(|_| ran.ends.is_empty());
        running.into_iter().chain(ran.ends)
    });
    Line {
        title: "deadlines".to_owned(),
        points: rounded(share, points),
        of: points,
        reason,
        entries: entries.collect(),
    }
}

fn title<'r>(record: &'r Record<'_>, id: &'r ClockId) -> &'r str {
    let clock = record.playbook.clocks.get(id);
    clock.map_or(id.as_str(), |clock| &clock.title)
}

fn ran<'a>(record: &Record<'a>) -> BTreeMap<&'a ClockId, Ran> {
    let mut clocks: BTreeMap<&ClockId, Ran> = BTreeMap::new();
    for (done, body) in record.bodies() {
        match body {
            Body::ClockStarted { clock, .. } => {
                let ran = clocks.entry(clock).or_default();
                ran.started.get_or_insert(done.entry);
            }
            Body::ClockMet { clock, due, .. } => {
                let ran = clocks.entry(clock).or_default();
                ran.missed |= done.at > *due;
                ran.ends.push(done.entry);
            }
            Body::ClockMissed { clock, .. } => {
                let ran = clocks.entry(clock).or_default();
                ran.missed = true;
                ran.ends.push(done.entry);
            }
            Body::ClockWaived { clock, .. } => {
                let ran = clocks.entry(clock).or_default();
                ran.waived = true;
                ran.ends.push(done.entry);
            }
            _ => {}
        }
    }
    clocks
}

/// The clocks that run once everything has been said that is so: a clock that waits for what nobody said has not been kept either.
fn due(record: &Record<'_>) -> BTreeSet<ClockId> {
    let truth = &record.scenario.truth;
    let mut told = record.incident.clone();
    let at = told.opened_at;
    for (name, _) in truth.milestones.iter().filter(|(_, said)| **said) {
        let fact = Fact {
            text: String::new(),
            at,
            operator: String::new(),
        };
        told.milestones.entry(name.clone()).or_insert(fact);
    }
    if let Some(severity) = &truth.severity {
        told.severities.entry(severity.clone()).or_insert(at);
    }
    for (decision, right) in &truth.decisions {
        let made = DecisionRecord {
            chosen: right.iter().take(1).cloned().collect(),
            suggested: Vec::new(),
            reason: String::new(),
            times: 1,
            at,
            operator: String::new(),
        };
        told.decisions.insert(decision.clone(), made);
        let marks = told.marks.steps.entry(decision.clone()).or_default();
        if marks.is_empty() {
            marks.push(at);
        }
    }
    let clocks = view(record.playbook, &told, &BTreeSet::new()).clocks;
    let runs = clocks.into_iter().filter(|clock| match clock.state {
        ClockState::Running { .. } | ClockState::Met { .. } | ClockState::Ended => true,
        ClockState::Unclear { due, .. } => due.is_some(),
        ClockState::NotStarted | ClockState::Waived { .. } | ClockState::DoesNotApply => false,
    });
    runs.map(|clock| clock.id).collect()
}
