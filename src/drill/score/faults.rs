//! What costs points: a false all-clear, a wrong decision, needless damage, steps left out.

use std::collections::BTreeSet;

use super::Line;
use super::record::Record;
use super::timed::{is_answer, is_right};
use crate::drill::scenario::Inject;
use crate::incident::view::{StepStatus, view};
use crate::model::ids::{ActionId, StepId};
use crate::model::playbook::PhaseKind;
use crate::record::entry::{Body, Hash};

/// What says in plain words that nothing happened. A text of the playbook itself is no claim.
const CLAIMS: [&str; 17] = [
    "no breach",
    "not a breach",
    "no data was",
    "no customer data",
    "nothing was accessed",
    "nothing happened",
    "nothing got through",
    "none succeeded",
    "no attempt succeeded",
    "data is not affected",
    "data was not affected",
    "you are not affected",
    "customers are not affected",
    "no customer is affected",
    "no customers are affected",
    "false alarm",
    "all clear",
];

/// What turns a claim round when it stands before it in its clause, or makes it one about others only.
const TURNS: [&str; 13] = [
    "no", "not", "cannot", "can't", "isn't", "never", "nobody", "whether", "if", "until", "unless",
    "other", "others",
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
    for step in record.scenario.truth.all_clear.keys() {
        for made in made(record, step.as_str()) {
            if is_all_clear(record, step, made.chosen) {
                let told = format!(
                    "\"{}\" was decided with \"{}\"",
                    record.title(step.as_str()),
                    made.chosen.join(", ")
                );
                said.push((told, made.last, made.entry));
            }
        }
    }
    for said_so in texts(record) {
        if let Some(claim) = claim(record, &said_so) {
            let told = match said_so.message {
                Some(action) => format!(
                    "the message \"{}\" says \"{claim}\"",
                    record.title(action.as_str())
                ),
                None => format!("it was resolved with the words \"{claim}\""),
            };
            said.push((told, said_so.stands, said_so.entry));
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

/// Whether a choice is among those that say that nothing was reached.
fn is_all_clear(record: &Record<'_>, decision: &StepId, chosen: &[String]) -> bool {
    let clear = record.scenario.truth.all_clear.get(decision);
    clear.is_some_and(|clear| chosen.iter().any(|choice| clear.contains(choice)))
}

struct Made<'a> {
    chosen: &'a [String],
    entry: Hash,
    /// It is what the decision ended at.
    last: bool,
}

/// Every time that a decision was made, in order.
fn made<'a>(record: &Record<'a>, decision: &str) -> Vec<Made<'a>> {
    let made = record.bodies().filter_map(|(done, body)| match body {
        Body::DecisionMade {
            decision: made,
            chosen,
            ..
        } if made.as_str() == decision => Some(Made {
            chosen,
            entry: done.entry,
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

/// A text that went out, or with which the incident was ended.
struct Said<'a> {
    entry: Hash,
    text: &'a str,
    /// The message; none for the reason of resolving or closing.
    message: Option<&'a ActionId>,
    /// It was not taken back: what went out cannot be, an end can.
    stands: bool,
}

/// Messages as they were sent, and the reasons of resolving and closing.
fn texts<'a>(record: &Record<'a>) -> Vec<Said<'a>> {
    let mut drafts: Vec<(&ActionId, &Option<String>, &str)> = Vec::new();
    let mut texts: Vec<Said<'a>> = Vec::new();
    for (done, body) in record.bodies() {
        match body {
            Body::MessageDrafted {
                action, each, text, ..
            } => drafts.push((action, each, text)),
            Body::MessageSent { action, each, .. } => {
                let same = |draft: &&(&ActionId, &Option<String>, &str)| {
                    draft.0 == action && draft.1 == each
                };
                if let Some((message, _, text)) = drafts.iter().rev().find(same) {
                    texts.push(Said {
                        entry: done.entry,
                        text,
                        message: Some(message),
                        stands: true,
                    });
                }
            }
            Body::IncidentResolved { reason, .. } | Body::IncidentClosed { reason, .. } => {
                texts.push(Said {
                    entry: done.entry,
                    text: reason,
                    message: None,
                    stands: true,
                });
            }
            Body::IncidentReopened { .. } => {
                let ends = texts.iter_mut().filter(|said| said.message.is_none());
                ends.for_each(|said| said.stands = false);
            }
            _ => {}
        }
    }
    texts
}

/// The claim in a text that the playbook's own text does not make.
fn claim(record: &Record<'_>, said: &Said<'_>) -> Option<&'static str> {
    let text = said.text.to_lowercase().replace('-', " ");
    let own = said
        .message
        .and_then(|action| record.playbook.actions.get(action));
    let own = own
        .map(|action| action.text.to_lowercase().replace('-', " "))
        .unwrap_or_default();
    let claims = |claim: &str| {
        let mut places = text.match_indices(claim);
        places.any(|(at, _)| text.split_at_checked(at).is_some_and(is_meant))
    };
    CLAIMS
        .into_iter()
        .find(|claim| claims(claim) && !own.contains(claim))
}

/// Whether a claim is made, with what stands before and from it on: not denied ("this is no false alarm"), in doubt, about others, or asked.
fn is_meant((before, from): (&str, &str)) -> bool {
    let clause = before.rsplit(['.', '!', '?', ';', ':', ',', '\n']).next();
    let mut words = clause
        .unwrap_or_default()
        .split(|letter: char| !letter.is_alphanumeric() && letter != '\'');
    let asked = from
        .find(['.', '!', '?', ';', '\n'])
        .is_some_and(|end| from.get(end..).is_some_and(|end| end.starts_with('?')));
    !asked && words.all(|word| !TURNS.contains(&word.trim_matches('\'')))
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
        let counted = truth.breach && is_all_clear(record, step, last.chosen);
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
    let came = record.bodies().filter_map(|(done, body)| match body {
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
            first.then(|| fault("needless damage", cost, damage.clone(), vec![done.entry]))
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
    let skipped = record.bodies().filter_map(|(done, body)| match body {
        Body::StepSkipped { step, .. } if left.iter().any(|one| one.id == *step) => {
            Some(done.entry)
        }
        _ => None,
    });
    let reason = format!("Skipped or left: {}.", titles.join(", "));
    Some(fault("steps left out", cost, reason, skipped.collect()))
}
