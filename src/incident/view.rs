//! What follows from playbook, incident and now: how each step and action stands, what is missing, what comes next.
//!
//! Computed anew after every entry and never stored: facts are in the incident, rules are in the playbook.

mod branches;
pub mod clocks;
mod evidence;
pub mod proposals;
pub mod requires;
mod scope;

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Timestamp;
use crate::model::ids::{ActionId, ClockId, EvidenceId, InputId, PhaseId, StepId};
use crate::model::playbook::{Action, Playbook, Step};
use crate::record::entry::{ActionOutcome, Hash};

use branches::Branches;
use requires::Requirements;
use scope::Conditions;

use super::{ActionState, Incident, SessionRecord, StepState, UnfinishedIntent};

/// The view.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct View {
    /// Phases, in the playbook's order.
    pub phases: Vec<PhaseView>,
    /// Actions by id, all of the playbook's.
    pub actions: BTreeMap<ActionId, ActionView>,
    /// The step to work on: the first that is being done, else the first that is open.
    pub current: Option<StepId>,
    /// Intents whose writer is gone: they may or may not have happened.
    pub unknown: Vec<(Hash, ActionId)>,
    /// Clocks, in the playbook's order.
    pub clocks: Vec<ClockView>,
    /// The evidence table, in the playbook's order.
    pub evidence: Vec<EvidenceView>,
    /// What FAILs propose and nobody has accepted, the latest first.
    pub proposals: Vec<Proposal>,
    /// Sessions by writer that ended without saying so: their writer is gone, and no entry of theirs says that they left.
    pub silent: BTreeMap<String, SessionRecord>,
}

/// How a phase stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhaseView {
    /// Which.
    pub id: PhaseId,
    /// Whether it applies.
    pub applies: Applies,
    /// Steps done or skipped.
    pub settled: usize,
    /// Its steps in order.
    pub steps: Vec<StepView>,
}

impl PhaseView {
    /// True when every step that counts is done or skipped.
    pub fn is_settled(&self) -> bool {
        self.settled == self.total()
    }

    /// Steps that count: those of a folded branch are not among them.
    pub fn total(&self) -> usize {
        self.steps
            .iter()
            .filter(|step| step.status.is_settled() || step.applies.counts())
            .count()
    }
}

/// How a step stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepView {
    /// Which.
    pub id: StepId,
    /// Its state.
    pub status: StepStatus,
    /// Whether it applies.
    pub applies: Applies,
    /// Something that was missing was waived with a reason.
    pub waived: bool,
    /// What it requires and is neither there nor waived, as the playbook names it.
    pub missing: Vec<String>,
    /// Checks that are open and not optional.
    pub open_checks: usize,
}

impl StepView {
    /// It counts, and is neither done nor skipped.
    pub const fn is_open(&self) -> bool {
        !self.status.is_settled() && self.applies.counts()
    }
}

/// State of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepStatus {
    /// Untouched.
    Todo,
    /// Untouched, and something it requires is missing (see [`StepView::missing`]), or nobody can tell whether it applies.
    Blocked,
    /// Being worked on.
    Doing,
    /// Done.
    Done,
    /// Left out, with the reason.
    Skipped(String),
}

impl StepStatus {
    /// Nothing more is to be done.
    pub const fn is_settled(&self) -> bool {
        matches!(self, Self::Done | Self::Skipped(_))
    }

    /// The word on the screen.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Todo => "todo",
            Self::Blocked => "blocked",
            Self::Doing => "doing",
            Self::Done => "done",
            Self::Skipped(_) => "skipped",
        }
    }
}

/// Whether a phase or step applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applies {
    /// No condition and no decision stands before it.
    Always,
    /// Its `when` holds.
    Holds,
    /// A decision opened it.
    Chosen {
        /// The decision's step.
        decision: StepId,
        /// The choice.
        choice: String,
    },
    /// A decision has not been made, or chose another branch: it is folded. It can be opened all the same.
    Folded {
        /// The decision's step.
        decision: StepId,
        /// The decision was made and chose another branch.
        decided: bool,
    },
    /// Its `when` does not hold; the text of it. It is folded.
    DoesNotHold(String),
    /// Its `when` could not be evaluated: never false, shown as blocked with the error.
    Unclear(String),
}

impl Applies {
    /// It counts: as next step, as open at the end. An unclear one does.
    pub const fn counts(&self) -> bool {
        matches!(
            self,
            Self::Always | Self::Holds | Self::Chosen { .. } | Self::Unclear(_)
        )
    }
}

/// How a clock stands. Times are absolute: how much is left is for who draws it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockView {
    /// Which.
    pub id: ClockId,
    /// What it counts down to.
    pub title: String,
    /// The law or agreement behind it.
    pub cite: Option<String>,
    /// How it stands.
    pub state: ClockState,
    /// Due times that it missed, with the reason once there is one.
    pub missed: Vec<(Timestamp, Option<String>)>,
    /// It starts again each time it is met.
    pub repeats: bool,
    /// It goes on after closing.
    pub after_close: bool,
}

/// State of a clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClockState {
    /// Its start has not come.
    NotStarted,
    /// It runs; it is overdue when `due` has passed.
    Running {
        /// Its start, or the last time it was met.
        since: Timestamp,
        /// When it runs out.
        due: Timestamp,
    },
    /// It was met; late when after `due`.
    Met {
        /// When.
        at: Timestamp,
        /// When it had to be.
        due: Timestamp,
    },
    /// A repeating clock whose `until` has come.
    Ended,
    /// It does not apply; the reason and who says so.
    Waived {
        /// Why.
        reason: String,
        /// A role or a name.
        role: String,
    },
    /// Its `when` does not hold.
    DoesNotApply,
    /// Its `when` could not be evaluated: it counts as running once started, so that it is not lost.
    Unclear {
        /// The error.
        error: String,
        /// When it would run out, if it has started.
        due: Option<Timestamp>,
    },
}

impl ClockState {
    /// When it runs out, for one that runs.
    pub const fn due(&self) -> Option<Timestamp> {
        match self {
            Self::Running { due, .. } => Some(*due),
            Self::Unclear { due, .. } => *due,
            Self::NotStarted
            | Self::Met { .. }
            | Self::Ended
            | Self::Waived { .. }
            | Self::DoesNotApply => None,
        }
    }
}

/// An item of the evidence table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceView {
    /// Which.
    pub id: EvidenceId,
    /// What it is.
    pub title: String,
    /// The action it comes from; none for a note or anything else.
    pub action: Option<ActionId>,
    /// It is a note.
    pub note: bool,
    /// When it came into the record; none while it is missing.
    pub at: Option<Timestamp>,
    /// Files of it.
    pub files: u64,
}

/// What a FAIL proposes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The action that failed.
    pub action: ActionId,
    /// What it proposes.
    pub otherwise: Otherwise,
    /// The verdict's first reason.
    pub reason: String,
    /// When it failed.
    pub at: Timestamp,
}

/// A parsed `otherwise`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Otherwise {
    /// `escalate CRITICAL`
    Escalate(String),
    /// `goto id`
    GoTo(String),
    /// `milestone aware`
    Milestone(String),
}

/// How an action stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionView {
    /// Its state.
    pub status: ActionStatus,
    /// Inputs it binds that have neither a value nor a default.
    pub missing_inputs: Vec<InputId>,
}

/// State of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActionStatus {
    /// Never sent.
    NotRun,
    /// Sent by a session that lives, no end yet.
    Running,
    /// Sent by a session that is gone: it may or may not have happened.
    Unknown,
    /// It ended.
    Ended(ActionOutcome),
    /// Completed or settled by hand; false when it did not happen.
    ByHand(bool),
}

impl ActionStatus {
    /// The word on the screen.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotRun => "not run",
            Self::Running => "running",
            Self::Unknown => "outcome unknown",
            // Not `ok`: that it ran does not say that what it found is good.
            Self::Ended(ActionOutcome::Ok) => "ran",
            Self::Ended(outcome) => outcome.word(),
            Self::ByHand(true) => "done by hand",
            Self::ByHand(false) => "did not happen",
        }
    }
}

/// What stands beside an action that ran and has an expectation: its result was not compared with it. Nothing for others.
pub fn judgement(action: Option<&Action>, outcome: ActionOutcome) -> Option<&'static str> {
    let expected = action.is_some_and(|action| action.judge.expect.is_some());
    (expected && outcome == ActionOutcome::Ok).then_some("NOT JUDGED")
}

/// Computes the view. `alive` holds the writers known to live, this session's among them.
pub fn view(playbook: &Playbook, incident: &Incident, alive: &BTreeSet<String>) -> View {
    let actions: BTreeMap<ActionId, ActionView> = playbook
        .actions
        .values()
        .map(|action| {
            let missing_inputs = action.inputs.iter().filter(|input| {
                !incident.inputs.contains_key(*input)
                    && playbook
                        .inputs
                        .get(*input)
                        .is_none_or(|declared| declared.default.is_none())
            });
            let status = action_status(incident, &action.id, alive);
            (
                action.id.clone(),
                ActionView {
                    status,
                    missing_inputs: missing_inputs.cloned().collect(),
                },
            )
        })
        .collect();
    let conditions = Conditions::new(playbook, incident);
    let phases = phases(playbook, incident, &actions, &conditions);
    let all = || phases.iter().flat_map(|phase| &phase.steps);
    let current = all()
        .find(|step| step.status == StepStatus::Doing)
        .or_else(|| all().find(|step| step.is_open()))
        .map(|step| step.id.clone());
    let unknown = incident
        .unfinished
        .iter()
        .filter(|(_, intent)| is_unknown(intent, alive))
        .map(|(hash, intent)| (*hash, intent.action.clone()))
        .collect();
    let silent = incident
        .sessions
        .iter()
        .filter(|(writer, _)| !alive.contains(*writer))
        .map(|(writer, session)| (writer.clone(), session.clone()))
        .collect();
    View {
        phases,
        actions,
        current,
        unknown,
        clocks: clocks::clocks(playbook, incident, &conditions),
        evidence: evidence::evidence(playbook, incident),
        proposals: proposals::proposals(playbook, incident),
        silent,
    }
}

impl View {
    /// A step by id.
    pub fn step(&self, id: &StepId) -> Option<&StepView> {
        self.phases
            .iter()
            .flat_map(|phase| &phase.steps)
            .find(|step| step.id == *id)
    }

    /// The first open step behind another in the playbook's order, else the first open one at all.
    pub fn open_step_after(&self, after: &StepId) -> Option<StepId> {
        let steps: Vec<_> = self.phases.iter().flat_map(|phase| &phase.steps).collect();
        let position = steps
            .iter()
            .position(|step| step.id == *after)
            .map_or(0, |index| index + 1);
        let (before, behind) = steps.split_at(position.min(steps.len()));
        behind
            .iter()
            .chain(before)
            .find(|step| step.is_open() && step.id != *after)
            .map(|step| step.id.clone())
    }
}

fn phases(
    playbook: &Playbook,
    incident: &Incident,
    actions: &BTreeMap<ActionId, ActionView>,
    conditions: &Conditions<'_>,
) -> Vec<PhaseView> {
    let branches = Branches::new(playbook, incident, conditions);
    let applied: Vec<_> = playbook
        .phases
        .iter()
        .enumerate()
        .map(|(at, phase)| branches.of(at, phase))
        .collect();
    let requirements = Requirements {
        playbook,
        incident,
        actions,
        applied: &applied,
    };
    let phases = playbook.phases.iter().zip(&applied);
    phases
        .map(|(phase, (applies, of_steps))| {
            let steps: Vec<StepView> = phase
                .steps
                .iter()
                .zip(of_steps)
                .map(|(step, applies)| {
                    let missing = requirements.missing(phase, step);
                    step_view(incident, step, missing, applies.clone())
                })
                .collect();
            PhaseView {
                id: phase.id.clone(),
                applies: applies.clone(),
                settled: steps.iter().filter(|step| step.status.is_settled()).count(),
                steps,
            }
        })
        .collect()
}

fn action_status(incident: &Incident, id: &ActionId, alive: &BTreeSet<String>) -> ActionStatus {
    let unfinished = || {
        incident
            .unfinished
            .values()
            .filter(|intent| intent.action == *id)
    };
    if unfinished().any(|intent| is_unknown(intent, alive)) {
        return ActionStatus::Unknown;
    }
    if unfinished().next().is_some() {
        return ActionStatus::Running;
    }
    match incident.actions.get(id).map(|record| &record.state) {
        None => ActionStatus::NotRun,
        // Its intent is known to have ended (it is not unfinished), yet no end was applied: nothing is certain.
        Some(ActionState::Started) => ActionStatus::Unknown,
        Some(ActionState::Ended(outcome)) => ActionStatus::Ended(*outcome),
        Some(ActionState::Resolved { done, .. }) => ActionStatus::ByHand(*done),
    }
}

/// Nobody is left who could say how it ended.
fn is_unknown(intent: &UnfinishedIntent, alive: &BTreeSet<String>) -> bool {
    intent.lost || !alive.contains(&intent.writer)
}

fn step_view(incident: &Incident, step: &Step, missing: Vec<String>, applies: Applies) -> StepView {
    let status = match incident.steps.get(&step.id).map(|record| &record.state) {
        None | Some(StepState::Todo)
            if missing.is_empty() && !matches!(applies, Applies::Unclear(_)) =>
        {
            StepStatus::Todo
        }
        None | Some(StepState::Todo) => StepStatus::Blocked,
        Some(StepState::Doing) => StepStatus::Doing,
        Some(StepState::Done) => StepStatus::Done,
        Some(StepState::Skipped(reason)) => StepStatus::Skipped(reason.clone()),
    };
    let open_checks = step
        .checks()
        .filter(|check| !check.optional && !incident.checks.contains_key(&check.id))
        .count();
    StepView {
        id: step.id.clone(),
        status,
        applies,
        waived: incident.waived.contains_key(&step.id),
        missing,
        open_checks,
    }
}

#[cfg(test)]
mod tests;
