//! Clocks: from the playbook's deadlines and the facts of the incident to what runs, until when.
//!
//! Knows no present time: a clock that runs is overdue once its due time has passed, which is for whoever looks at it.

use super::scope::Conditions;
use super::{ClockState, ClockView};
use crate::incident::{Incident, Stage};
use crate::model::playbook::{Clock, ClockStart, Playbook};
use crate::model::{Mode, Timestamp, limits};

/// What a meeting by hand begins with in the record.
pub const BY_HAND: &str = "by hand";

/// Every clock of the playbook, in its order.
pub(super) fn clocks(
    playbook: &Playbook,
    incident: &Incident,
    conditions: &Conditions<'_>,
) -> Vec<ClockView> {
    let clocks = playbook.clocks.values();
    clocks
        .map(|clock| {
            let condition = clock.when.as_ref().map(|when| conditions.hold(when));
            view(playbook, incident, clock, condition.as_ref())
        })
        .collect()
}

/// What met a clock, and when: the last of all it takes, or the latest time of a clock that repeats.
pub fn met(playbook: &Playbook, incident: &Incident, clock: &Clock) -> Option<Met> {
    let since = start(playbook, incident, clock)?;
    let mut times = meetings(playbook, incident, clock, since).times;
    if clock.repeats {
        times.pop()
    } else {
        met_once(clock, &times).cloned()
    }
}

/// What met a clock that does not repeat: a word how, by hand, or the last of its `met_by` to be done for the first time.
/// One of several that is done does not make a deadline kept.
fn met_once<'a>(clock: &Clock, times: &'a [Met]) -> Option<&'a Met> {
    let by_hand = times.iter().find(|met| !clock.met_by.contains(&met.by));
    let each = clock
        .met_by
        .iter()
        .map(|name| times.iter().find(|met| met.by == *name));
    let all = each.collect::<Option<Vec<_>>>();
    let last = all.and_then(|all| all.into_iter().max_by_key(|met| met.at));
    [by_hand, last]
        .into_iter()
        .flatten()
        .min_by_key(|met| met.at)
}

/// A time at which a clock was met.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Met {
    /// When.
    pub at: Timestamp,
    /// The id of the step or action, or words that begin with [`BY_HAND`].
    pub by: String,
}

impl ClockView {
    /// Whether it is still looked at: every clock of an incident under way; of a closed one those that go on after closing
    /// and those that were never met.
    pub fn stays(&self, stage: Stage) -> bool {
        match stage {
            Stage::Open | Stage::Resolved(_) => true,
            Stage::Closed { .. } => self.after_close || self.state.due().is_some(),
        }
    }

    /// When it runs out, if it runs and is still looked at.
    pub fn running(&self, stage: Stage) -> Option<Timestamp> {
        self.state.due().filter(|_| self.stays(stage))
    }

    /// The due times that were missed and that nobody has given a reason for. A clock that does not apply needs none.
    pub fn unexplained(&self) -> impl Iterator<Item = Timestamp> + '_ {
        let applies = !matches!(
            self.state,
            ClockState::Waived { .. } | ClockState::DoesNotApply
        );
        self.missed
            .iter()
            .filter(move |(_, reason)| applies && reason.is_none())
            .map(|(due, _)| *due)
    }
}

fn view(
    playbook: &Playbook,
    incident: &Incident,
    clock: &Clock,
    condition: Option<&Result<bool, String>>,
) -> ClockView {
    let record = incident.clocks.get(&clock.id);
    let (state, late) = stand(playbook, incident, clock, condition);
    let mut missed: Vec<(Timestamp, Option<String>)> = record
        .map(|record| record.missed.clone().into_iter().collect())
        .unwrap_or_default();
    for due in late {
        if !missed.iter().any(|(known, _)| *known == due) {
            missed.push((due, None));
        }
    }
    missed.sort();
    ClockView {
        id: clock.id.clone(),
        title: clock.title.clone(),
        cite: clock.cite.clone(),
        state,
        missed,
        repeats: clock.repeats,
        after_close: clock.after_close,
    }
}

/// How it stands, and the due times after which it was met.
fn stand(
    playbook: &Playbook,
    incident: &Incident,
    clock: &Clock,
    condition: Option<&Result<bool, String>>,
) -> (ClockState, Vec<Timestamp>) {
    let record = incident.clocks.get(&clock.id);
    if let Some((reason, role)) = record.and_then(|record| record.waived.clone()) {
        return (ClockState::Waived { reason, role }, Vec::new());
    }
    if condition == Some(&Ok(false)) {
        return (ClockState::DoesNotApply, Vec::new());
    }
    let unclear = |due| match &condition {
        Some(Err(error)) => Some(ClockState::Unclear {
            error: error.clone(),
            due,
        }),
        _ => None,
    };
    // In a walkthrough nothing happens that a deadline could be counted from.
    let began = start(playbook, incident, clock).filter(|_| incident.mode != Mode::Walkthrough);
    let Some(began) = began else {
        return (unclear(None).unwrap_or(ClockState::NotStarted), Vec::new());
    };
    let until = clock
        .until
        .as_ref()
        .and_then(|until| reached(playbook, incident, until));
    let Meetings { times, whole } = meetings(playbook, incident, clock, began);
    if !clock.repeats {
        let Some(due) = after(began, clock) else {
            return (ClockState::NotStarted, Vec::new());
        };
        return match (met_once(clock, &times), until) {
            (Some(met), _) => {
                let late = (met.at > due).then_some(due);
                (
                    ClockState::Met { at: met.at, due },
                    late.into_iter().collect(),
                )
            }
            (None, Some(_)) => (ClockState::Ended, Vec::new()),
            (None, None) => (
                unclear(Some(due)).unwrap_or(ClockState::Running { since: began, due }),
                Vec::new(),
            ),
        };
    }
    let in_time = |met: &&Met| until.is_none_or(|until| met.at <= until);
    let rounds: Vec<Timestamp> = times.iter().filter(in_time).map(|met| met.at).collect();
    let mut late = Vec::new();
    let mut since = began;
    for met in &rounds {
        // A time between two that were forgotten says nothing of the rounds between them.
        let due = after(since, clock).filter(|due| whole && met > due);
        late.extend(due);
        since = *met;
    }
    if until.is_some() {
        return (ClockState::Ended, late);
    }
    // While the incident was over, nothing was due.
    let since = since.max(incident.marks.reopened_at.unwrap_or(since));
    let Some(due) = after(since, clock) else {
        return (ClockState::NotStarted, late);
    };
    let state = unclear(Some(due)).unwrap_or(ClockState::Running { since, due });
    (state, late)
}

/// A due time that no calendar has is none.
fn after(since: Timestamp, clock: &Clock) -> Option<Timestamp> {
    since.checked_add(clock.within).ok()
}

fn start(playbook: &Playbook, incident: &Incident, clock: &Clock) -> Option<Timestamp> {
    reached(playbook, incident, &clock.from)
}

/// When what starts or ends a clock came; none while it has not.
fn reached(playbook: &Playbook, incident: &Incident, start: &ClockStart) -> Option<Timestamp> {
    match start {
        ClockStart::Opened => Some(incident.opened_at),
        ClockStart::Milestone(name) => match (name.as_str(), incident.stage) {
            ("resolved", Stage::Resolved(at)) => Some(at),
            ("resolved", Stage::Closed { resolved_at, .. }) => Some(resolved_at),
            ("closed", Stage::Closed { closed_at, .. }) => Some(closed_at),
            ("resolved" | "closed", _) => None,
            (name, _) => incident.milestones.get(name).map(|fact| fact.at),
        },
        ClockStart::Severity(name) => severity_reached(playbook, incident, name),
        ClockStart::Done(name) => done(playbook, incident, name).first().copied(),
    }
}

/// When this level of the ladder or a more severe one was first reached.
fn severity_reached(playbook: &Playbook, incident: &Incident, name: &str) -> Option<Timestamp> {
    let rank = |severity: &str| {
        playbook.ladder.iter().position(|level| {
            let mut names = std::iter::once(&level.id).chain(&level.aka);
            names.any(|name| name.eq_ignore_ascii_case(severity))
        })
    };
    let asked = rank(name);
    let severe_enough = |severity: &str| match (asked, rank(severity)) {
        (Some(asked), Some(found)) => found <= asked,
        _ => severity.eq_ignore_ascii_case(name),
    };
    incident
        .severities
        .iter()
        .filter(|(severity, _)| severe_enough(severity))
        .map(|(_, at)| *at)
        .min()
}

/// The times that met a clock since its start, in order.
struct Meetings {
    times: Vec<Met>,
    /// None was forgotten.
    whole: bool,
}

fn meetings(playbook: &Playbook, incident: &Incident, clock: &Clock, since: Timestamp) -> Meetings {
    let mut whole = true;
    let mut times = Vec::new();
    for name in &clock.met_by {
        let done = done(playbook, incident, name);
        whole &= done.len() < limits::DONE_TIMES;
        times.extend(done.iter().map(|at| Met {
            at: *at,
            by: name.clone(),
        }));
    }
    let recorded = incident.clocks.get(&clock.id).map(|record| &record.met);
    for (at, by) in recorded.into_iter().flatten() {
        // What is on record of a step or action of the playbook was counted with its own time.
        if !times.iter().any(|met| met.by == *by && met.at <= *at) {
            times.push(Met {
                at: *at,
                by: by.clone(),
            });
        }
    }
    whole &= recorded.is_none_or(|met| met.len() < limits::DONE_TIMES);
    times.retain(|met| met.at >= since);
    times.sort();
    Meetings { times, whole }
}

/// When an action, or a step by its id or forge slug, was done.
fn done<'a>(playbook: &Playbook, incident: &'a Incident, name: &str) -> &'a [Timestamp] {
    if playbook.actions.contains_key(name) {
        return incident.marks.actions.get(name).map_or(&[], Vec::as_slice);
    }
    playbook
        .steps()
        .map(|(_, step)| step)
        .find(|step| step.id.as_str() == name || step.slug == name)
        .and_then(|step| incident.marks.steps.get(&step.id))
        .map_or(&[], Vec::as_slice)
}
