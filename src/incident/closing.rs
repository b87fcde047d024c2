//! What is still open before an incident is resolved or closed.

use super::Incident;
use super::view::{Otherwise, StepView, View};
use crate::model::Timestamp;
use crate::model::ids::{ActionId, ClockId, EvidenceId, StepId};
use crate::model::playbook::Playbook;
use crate::record::entry::NOT_YET_KNOWN;

/// Something that is still open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenThing {
    /// What it is, and which.
    pub what: Open,
    /// One sentence.
    pub text: String,
}

/// What is still open, in the order of its weight.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Open {
    /// An action that may or may not have happened.
    Unknown(ActionId),
    /// A clock that runs, or was missed and nobody said why.
    Clock(ClockId),
    /// What a FAIL proposes.
    Proposal(ActionId),
    /// An item of the evidence table.
    Evidence(EvidenceId),
    /// A decision that was not made, or is *not yet known*.
    Decision(StepId),
    /// A message that is final and did not go out.
    Message(ActionId),
    /// A step.
    Step(StepId),
    /// Checks of a step.
    Checks(StepId),
}

impl Open {
    /// Its place among the groups: the weightiest first.
    pub const fn rank(&self) -> u8 {
        match self {
            Self::Unknown(_) => 0,
            Self::Clock(_) => 1,
            Self::Proposal(_) => 2,
            Self::Evidence(_) => 3,
            Self::Decision(_) => 4,
            Self::Message(_) => 5,
            Self::Step(_) => 6,
            Self::Checks(_) => 7,
        }
    }

    /// The heading of its group.
    pub const fn group(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "Outcome unknown",
            Self::Clock(_) => "Clocks",
            Self::Proposal(_) => "Proposed after a FAIL",
            Self::Evidence(_) => "Evidence missing",
            Self::Decision(_) => "Decisions",
            Self::Message(_) => "Messages not sent",
            Self::Step(_) => "Steps",
            Self::Checks(_) => "Checks",
        }
    }
}

/// Everything that is still open, one sentence each, the weightiest first.
pub fn still_open(playbook: &Playbook, incident: &Incident, view: &View) -> Vec<String> {
    open_things(playbook, incident, view)
        .into_iter()
        .map(|thing| thing.text)
        .collect()
}

/// The same with what each of them is: unknown outcomes, clocks that run or were missed without a reason, what FAILs propose,
/// evidence that is missing, decisions, messages, steps, checks.
pub fn open_things(playbook: &Playbook, incident: &Incident, view: &View) -> Vec<OpenThing> {
    let mut things = Things(Vec::new());
    for (_, action) in &view.unknown {
        let text = format!("outcome unknown: {}", action_title(playbook, action));
        things.add(Open::Unknown(action.clone()), text);
    }
    clocks(&mut things, view);
    for proposal in &view.proposals {
        let what = match &proposal.otherwise {
            Otherwise::Escalate(level) => format!("escalate to {level}"),
            Otherwise::GoTo(id) => format!("go to {id}"),
            Otherwise::Milestone(name) => format!("record {name}"),
        };
        let title = action_title(playbook, &proposal.action);
        let text = format!("not accepted: {what}, proposed by {title}");
        things.add(Open::Proposal(proposal.action.clone()), text);
    }
    for item in view.evidence.iter().filter(|item| item.at.is_none()) {
        let text = format!("evidence missing: {}", item.title);
        things.add(Open::Evidence(item.id.clone()), text);
    }
    let steps: Vec<&StepView> = view
        .phases
        .iter()
        .flat_map(|phase| &phase.steps)
        .filter(|step| step.applies.counts())
        .collect();
    let undecided = |step: &&&StepView| is_undecided(playbook, incident, step);
    for step in steps.iter().filter(undecided) {
        let title = step_title(playbook, &step.id);
        let text = match incident.decisions.get(&step.id) {
            Some(_) => format!("decision {NOT_YET_KNOWN}: {title}"),
            None => format!("decision not made: {title}"),
        };
        things.add(Open::Decision(step.id.clone()), text);
    }
    for (action, record) in &incident.messages {
        let title = action_title(playbook, action);
        for each in &record.waiting {
            things.add(
                Open::Message(action.clone()),
                not_sent("drafted", title, each),
            );
        }
    }
    for step in &steps {
        let optional = playbook.step(&step.id).is_some_and(|step| step.optional);
        if step.status.is_settled() || optional || undecided(&step) {
            continue;
        }
        let title = step_title(playbook, &step.id);
        let text = format!("step {}: {title}", step.status.word());
        things.add(Open::Step(step.id.clone()), text);
    }
    for step in &steps {
        // Who left a step out said why; that holds for its checks too.
        let skipped = matches!(step.status, super::view::StepStatus::Skipped(_));
        let title = step_title(playbook, &step.id);
        let text = match step.open_checks {
            0 => continue,
            _ if skipped => continue,
            1 => format!("1 check open: {title}"),
            several => format!("{several} checks open: {title}"),
        };
        things.add(Open::Checks(step.id.clone()), text);
    }
    things.0
}

/// A message that did not go out, with whom it is for in front: that is what tells drafts of one message apart.
pub fn not_sent(how: &str, title: &str, each: &str) -> String {
    if each.is_empty() {
        format!("message {how} and not sent: {title}")
    } else {
        format!("message for {each} {how} and not sent: {title}")
    }
}

struct Things(Vec<OpenThing>);

impl Things {
    fn add(&mut self, what: Open, text: String) {
        self.0.push(OpenThing { what, text });
    }
}

/// What ran out first stands first.
fn clocks(things: &mut Things, view: &View) {
    let mut found = Vec::new();
    for clock in &view.clocks {
        let running = clock.state.due();
        if let Some(due) = running {
            let ran_out = clock.missed.iter().any(|(missed, _)| *missed == due);
            let how = if ran_out {
                "overdue since"
            } else {
                "running, due"
            };
            found.push((due, how, clock));
        }
        let missed = clock.unexplained().filter(|due| Some(*due) != running);
        found.extend(missed.map(|due| (due, "missed without a reason, due", clock)));
    }
    found.sort_by_key(|(due, ..)| *due);
    for (due, how, clock) in found {
        let text = format!("clock {how} {}: {}", utc(due), clock.title);
        things.add(Open::Clock(clock.id.clone()), text);
    }
}

fn is_undecided(playbook: &Playbook, incident: &Incident, view: &StepView) -> bool {
    let is_decision = playbook
        .step(&view.id)
        .is_some_and(|step| step.decision.is_some());
    let known = || {
        incident
            .decisions
            .get(&view.id)
            .is_some_and(|record| !record.chosen.iter().any(|choice| choice == NOT_YET_KNOWN))
    };
    let skipped = matches!(view.status, super::view::StepStatus::Skipped(_));
    is_decision && !skipped && !known()
}

fn utc(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

fn action_title<'a>(playbook: &'a Playbook, id: &'a ActionId) -> &'a str {
    playbook
        .action(id)
        .map_or(id.as_str(), |action| action.title.as_str())
}

fn step_title<'a>(playbook: &'a Playbook, id: &'a StepId) -> &'a str {
    playbook
        .step(id)
        .map_or(id.as_str(), |step| step.title.as_str())
}
