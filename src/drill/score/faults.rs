//! What costs points: a false all-clear, a wrong decision, needless damage, steps left out.

use std::collections::BTreeSet;

use super::Line;
use super::record::Record;
use super::timed::{is_answer, is_right};
use crate::drill::scenario::Inject;
use crate::incident::view::{StepStatus, view};
use crate::model::ids::ActionId;
use crate::model::playbook::PhaseKind;
use crate::record::entry::{Body, Hash, Sealed};

/// What says in plain words that nothing happened. A text of the playbook itself is no claim.
const CLAIMS: [&str; 16] = [
    "no breach",
    "not a breach",
    "no data was",
    "no customer data",
    "no data of",
    "nothing was accessed",
    "nothing happened",
    "nothing got through",
    "none succeeded",
    "no attempt succeeded",
    "not affected",
    "no customer is affected",
    "no customers are affected",
    "false alarm",
    "all clear",
    "all-clear",
];

fn fault(title: &str, points: u32, reason: String, entries: Vec<Hash>) -> Line {
    Line {
        title: title.to_owned(),
        points: -i64::from(points),
        of: 0,
        reason,
        entries,
    }
}

/// The heaviest fault: to say that nothing succeeded when something did. Costs half where it was taken back.
pub(super) fn false_all_clear(record: &Record<'_>) -> Vec<Line> {
    if !record.scenario.truth.breach {
        return Vec::new();
    }
    let full = record.scenario.rubric.false_all_clear;
    let mut said: Vec<(String, bool, Hash)> = Vec::new();
    for (step, right) in &record.scenario.truth.decisions {
        for made in made(record, step.as_str()) {
            if !is_right(made.chosen, right) && made.chosen.iter().any(|choice| denies(choice)) {
                let told = format!(
                    "\"{}\" was decided with \"{}\"",
                    record.title(step.as_str()),
                    made.chosen.join(", ")
                );
                said.push((told, made.last, made.entry));
            }
        }
    }
    for (sealed, text, what) in texts(record) {
        if let Some(claim) = claim(record, what.as_ref(), text) {
            let told = match what {
                Some(action) => format!(
                    "the message \"{}\" says \"{claim}\"",
                    record.title(action.as_str())
                ),
                None => format!("it was resolved with the words \"{claim}\""),
            };
            said.push((told, true, sealed.hash));
        }
    }
    if let Some(entry) = resolved_as_nothing(record) {
        let told = "it was resolved, and nowhere does the record say that anything was reached";
        said.push((told.to_owned(), true, entry));
    }
    if said.is_empty() {
        return Vec::new();
    }
    let stands = said.iter().any(|(_, stands, _)| *stands);
    let told: Vec<&str> = said.iter().map(|(told, _, _)| told.as_str()).collect();
    let mut reason = format!("Data was reached, but {}.", told.join("; "));
    if !stands {
        reason.push_str(" It was taken back later: half of the cost.");
    }
    let points = if stands { full } else { full / 2 };
    vec![fault(
        "false all-clear",
        points,
        reason,
        said.into_iter().map(|(_, _, entry)| entry).collect(),
    )]
}

/// A choice that says no.
fn denies(choice: &str) -> bool {
    let choice = choice.to_lowercase();
    choice == "no"
        || choice.starts_with("no ")
        || choice.starts_with("not n")
        || choice.starts_with("nothing")
}

struct Made<'a> {
    chosen: &'a [String],
    entry: Hash,
    /// It is what the decision ended at.
    last: bool,
}

/// Every time that a decision was made, in order.
fn made<'a>(record: &Record<'a>, decision: &str) -> Vec<Made<'a>> {
    let made = record.bodies().filter_map(|(sealed, body)| match body {
        Body::DecisionMade {
            decision: made,
            chosen,
            ..
        } if made.as_str() == decision => Some(Made {
            chosen,
            entry: sealed.hash,
            last: false,
        }),
        _ => None,
    });
    let mut made: Vec<Made<'a>> = made.collect();
    if let Some(last) = made.last_mut() {
        last.last = true;
    }
    made
}

/// Texts that went out or ended the incident: messages as they were sent, and the reason of resolving.
fn texts<'a>(record: &Record<'a>) -> Vec<(&'a Sealed, &'a str, Option<ActionId>)> {
    let mut drafts: Vec<(&ActionId, &Option<String>, &str)> = Vec::new();
    let mut texts = Vec::new();
    for (sealed, body) in record.bodies() {
        match body {
            Body::MessageDrafted {
                action, each, text, ..
            } => drafts.push((action, each, text)),
            Body::MessageSent { action, each, .. } => {
                let same = |draft: &&(&ActionId, &Option<String>, &str)| {
                    draft.0 == action && draft.1 == each
                };
                if let Some((_, _, text)) = drafts.iter().rev().find(same) {
                    texts.push((sealed, *text, Some(action.clone())));
                }
            }
            Body::IncidentResolved { reason, .. } | Body::IncidentClosed { reason, .. } => {
                texts.push((sealed, reason.as_str(), None));
            }
            _ => {}
        }
    }
    texts
}

/// The claim in a text that the playbook's own text does not make.
fn claim(record: &Record<'_>, action: Option<&ActionId>, text: &str) -> Option<&'static str> {
    let text = text.to_lowercase();
    let own = action.and_then(|action| record.playbook.actions.get(action));
    let own = own
        .map(|action| action.text.to_lowercase())
        .unwrap_or_default();
    CLAIMS
        .into_iter()
        .find(|claim| text.contains(claim) && !own.contains(claim))
}

/// It was resolved although nothing in the record says what the truth says: neither all of its decisions nor one of its milestones.
fn resolved_as_nothing(record: &Record<'_>) -> Option<Hash> {
    let truth = &record.scenario.truth;
    let resolved = record.first(|body| {
        matches!(
            body,
            Body::IncidentResolved { .. } | Body::IncidentClosed { .. }
        )
    })?;
    let decided = truth.decisions.iter().all(|(step, right)| {
        let last = made(record, step.as_str()).pop();
        last.is_some_and(|made| is_right(made.chosen, right))
    });
    let must: Vec<&String> = truth
        .milestones
        .iter()
        .filter(|(_, said)| **said)
        .map(|(name, _)| name)
        .collect();
    let said = must
        .iter()
        .any(|name| record.incident.milestones.contains_key(*name));
    let asked = !must.is_empty() || !truth.decisions.is_empty();
    let decided = decided && !truth.decisions.is_empty();
    (asked && !decided && !said).then_some(resolved.entry)
}

/// Decisions that ended at a wrong choice, and milestones that were said and are not so. "Not yet known" is not wrong, only late.
pub(super) fn wrong_decisions(record: &Record<'_>) -> Vec<Line> {
    let (truth, cost) = (
        &record.scenario.truth,
        record.scenario.rubric.wrong_decision,
    );
    let decisions = truth.decisions.iter().filter_map(|(step, right)| {
        let last = made(record, step.as_str()).pop()?;
        let counted = truth.breach && last.chosen.iter().any(|choice| denies(choice));
        if counted || !is_answer(last.chosen) || is_right(last.chosen, right) {
            return None;
        }
        let reason = format!(
            "\"{}\" was decided with \"{}\"; it was \"{}\".",
            record.title(step.as_str()),
            last.chosen.join(", "),
            right.join("\" or \"")
        );
        Some(fault("wrong decision", cost, reason, vec![last.entry]))
    });
    let milestones = truth.milestones.iter().filter(|(_, said)| !**said).filter_map(|(name, _)| {
        let said = record.first(|body| matches!(body, Body::MilestoneReached { milestone, .. } if milestone == name))?;
        let reason = format!("\"{name}\" was said, and it was not so.");
        Some(fault("wrong decision", cost, reason, vec![said.entry]))
    });
    let mut lines: Vec<Line> = decisions.collect();
    lines.extend(milestones);
    lines.retain(|line| line.points != 0);
    lines
}

/// Injects that are the sign of needless damage. What a facilitator called is nobody's fault.
pub(super) fn damage(record: &Record<'_>) -> Vec<Line> {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let came = record.bodies().filter_map(|(sealed, body)| match body {
        Body::DrillInjected {
            inject,
            damage: Some(damage),
            called: false,
            ..
        } => {
            let found = |one: &&Inject| one.id == *inject;
            let cost = record
                .scenario
                .injects
                .iter()
                .find(found)?
                .damage
                .as_ref()?
                .points;
            let first = seen.insert(inject);
            first.then(|| fault("needless damage", cost, damage.clone(), vec![sealed.hash]))
        }
        _ => None,
    });
    came.collect()
}

/// Steps that counted and were skipped or left. Those of the phase of review come after the drill.
pub(super) fn steps(record: &Record<'_>) -> Option<Line> {
    let rubric = &record.scenario.rubric;
    let view = view(record.playbook, record.incident, &BTreeSet::new());
    let phases = record.playbook.phases.iter().zip(&view.phases);
    let counted = phases
        .filter(|(phase, _)| phase.kind != PhaseKind::Review)
        .flat_map(|(phase, of)| phase.steps.iter().zip(&of.steps))
        .filter(|(step, of)| !step.optional && of.applies.counts());
    let left: Vec<_> = counted
        .filter(|(_, of)| of.status != StepStatus::Done)
        .map(|(step, _)| step)
        .collect();
    let count = u32::try_from(left.len()).unwrap_or(u32::MAX);
    let cost = count
        .saturating_mul(rubric.step_skipped)
        .min(rubric.steps_most);
    if cost == 0 {
        return None;
    }
    let titles: Vec<&str> = left.iter().map(|step| step.title.as_str()).collect();
    let skipped = record.bodies().filter_map(|(sealed, body)| match body {
        Body::StepSkipped { step, .. } if left.iter().any(|one| one.id == *step) => {
            Some(sealed.hash)
        }
        _ => None,
    });
    let reason = format!("Skipped or left: {}.", titles.join(", "));
    Some(fault("steps left out", cost, reason, skipped.collect()))
}
