//! What brings points: doing things in time, and in the right order.

use std::fmt::Write as _;
use std::time::Duration;

use super::Line;
use super::deadlines::deadlines;
use super::record::{Done, Record, long};
use crate::drill::scenario::{EvidenceFirst, Timed};
use crate::model::input::Origin;
use crate::record::entry::{Body, NOT_YET_KNOWN};

/// The lines of the rubric that bring points, in its order.
pub(super) fn lines(record: &Record<'_>) -> Vec<Line> {
    let rubric = &record.scenario.rubric;
    let parts = [
        rubric
            .acknowledge
            .as_ref()
            .map(|part| acknowledge(record, part)),
        rubric.contain.as_ref().map(|part| contain(record, part)),
        rubric.classify.as_ref().map(|part| classify(record, part)),
        rubric
            .first_update
            .as_ref()
            .map(|part| first_update(record, part)),
        rubric.deadlines.map(|points| deadlines(record, points)),
        rubric.evidence.as_ref().map(|part| evidence(record, part)),
    ];
    parts.into_iter().flatten().collect()
}

fn acknowledge(record: &Record<'_>, part: &Timed) -> Line {
    let first = if part.by.is_empty() {
        record.first(is_act)
    } else {
        part.by.iter().filter_map(|name| record.done(name)).min()
    };
    let nothing = "Nothing was done after the page.";
    in_time(
        record,
        "time to acknowledge",
        part,
        first,
        "First act",
        nothing,
    )
}

/// Whether an entry is the operator's own act, not the program's.
fn is_act(body: &Body) -> bool {
    match body {
        Body::InputSet { from, .. } => *from != Origin::Default,
        Body::ActionIntent { .. }
        | Body::ActionResult { .. }
        | Body::ActionResolved { .. }
        | Body::CheckTicked { .. }
        | Body::DecisionMade { .. }
        | Body::MilestoneReached { .. }
        | Body::SeverityChanged { .. }
        | Body::RoleAssigned { .. }
        | Body::NoteAdded { .. }
        | Body::MessageDrafted { .. }
        | Body::StepDone { .. }
        | Body::StepSkipped { .. } => true,
        _ => false,
    }
}

fn contain(record: &Record<'_>, part: &Timed) -> Line {
    let title = "time to contain";
    let said = record.first(
        |body| matches!(body, Body::MilestoneReached { milestone, .. } if milestone == "contained"),
    );
    if part.by.is_empty() {
        return in_time(
            record,
            title,
            part,
            said,
            "Said to be contained",
            "Nobody said that it was contained.",
        );
    }
    let missing: Vec<&str> = part
        .by
        .iter()
        .filter(|name| record.done(name).is_none())
        .map(|name| sign(record, name))
        .collect();
    let last = part.by.iter().filter_map(|name| record.done(name)).max();
    let last = last.filter(|_| missing.is_empty());
    let nothing = format!(
        "Nothing shows that it stopped: {} never came.",
        missing.join(", ")
    );
    in_time(record, title, part, last, "Stopped", &nothing)
}

/// What a sign of containment is called; the ids of injects say nothing to a learner.
fn sign<'n>(record: &'n Record<'_>, name: &'n str) -> &'n str {
    let injects = &record.scenario.injects;
    if injects.iter().any(|inject| inject.id == name) {
        "the sign that it had ended"
    } else {
        record.title(name)
    }
}

/// Something that has to be known: the right choice of a decision, a milestone that has to be said, the severity it should end at.
struct Known {
    what: String,
    right: Option<Done>,
}

fn classify(record: &Record<'_>, part: &Timed) -> Line {
    let truth = &record.scenario.truth;
    let decisions = truth
        .decisions
        .iter()
        .filter(|(step, _)| part.by.is_empty() || part.by.iter().any(|by| by == step.as_str()))
        .map(|(step, right)| Known {
            what: format!("\"{}\"", record.title(step.as_str())),
            right: decided(record, step.as_str(), right),
        });
    let milestones = truth.milestones.iter().filter(|(_, said)| **said);
    let milestones = milestones.map(|(name, _)| Known {
        what: format!("the milestone {name}"),
        right: record.first(
            |body| matches!(body, Body::MilestoneReached { milestone, .. } if milestone == name),
        ),
    });
    // One that it was opened with is known already, unless it was changed.
    let stood = |level: &&String| {
        let all = [&record.scenario.severity, &record.incident.severity];
        all.iter().all(|severity| severity.as_ref() == Some(*level))
    };
    let severity = truth.severity.iter().filter(|level| !stood(level));
    let severity = severity.map(|level| Known {
        what: format!("severity {level}"),
        right: record.since(|body| match body {
            Body::SeverityChanged { severity, .. } => Some(severity == level),
            _ => None,
        }),
    });
    let known: Vec<Known> = decisions.chain(milestones).chain(severity).collect();
    let share = |one: &Known| {
        one.right
            .map_or(0.0, |done| timeliness(part.within, record.after(done)))
    };
    let reached: f64 = known.iter().map(share).sum::<f64>() / known.len().max(1) as f64;
    let told: Vec<String> = known
        .iter()
        .map(|one| match one.right {
            Some(done) => format!("{} after {}", one.what, long(record.after(done))),
            None => format!("{} not at the end", one.what),
        })
        .collect();
    Line {
        title: "time to classify".to_owned(),
        points: rounded(reached, part.points),
        of: part.points,
        reason: format!(
            "Known: {}; full points within {}.",
            told.join(", "),
            long(part.within)
        ),
        entries: known
            .iter()
            .filter_map(|one| one.right)
            .map(|done| done.entry)
            .collect(),
    }
}

/// When the right choice was made that a decision ended at. "Not yet known" and a wrong choice at the end are no answer.
fn decided(record: &Record<'_>, decision: &str, right: &[String]) -> Option<Done> {
    record.since(|body| match body {
        Body::DecisionMade {
            decision: made,
            chosen,
            ..
        } if made.as_str() == decision => Some(is_right(chosen, right)),
        _ => None,
    })
}

/// Whether a choice is among the right ones, and nothing else was chosen beside it.
pub(super) fn is_right(chosen: &[String], right: &[String]) -> bool {
    !chosen.is_empty() && chosen.iter().all(|choice| right.contains(choice))
}

/// Whether a choice says anything at all.
pub(super) fn is_answer(chosen: &[String]) -> bool {
    chosen.iter().any(|choice| choice != NOT_YET_KNOWN)
}

fn first_update(record: &Record<'_>, part: &Timed) -> Line {
    let first = if part.by.is_empty() {
        record.first(|body| matches!(body, Body::MessageSent { .. }))
    } else {
        part.by.iter().filter_map(|name| record.done(name)).min()
    };
    let nothing = "Nobody was told anything.";
    in_time(
        record,
        "time to first update",
        part,
        first,
        "First message out",
        nothing,
    )
}

fn evidence(record: &Record<'_>, part: &EvidenceFirst) -> Line {
    let acts = part.before.iter();
    let act = acts.filter_map(|name| record.done(name.as_str())).min();
    let mut entries: Vec<_> = act.iter().map(|done| done.entry).collect();
    let (mut late, mut missing) = (Vec::new(), Vec::new());
    let first = part.kept.iter().map(|name| (name.as_str(), true));
    let items = part.items.iter().map(|item| (item.as_str(), false));
    let wanted: Vec<(&str, bool)> = first.chain(items).collect();
    let mut kept = 0_usize;
    for (name, before) in &wanted {
        match record.kept(name) {
            Some(done) if *before && act.is_some_and(|act| done > act) => {
                late.push(record.title(name));
                entries.push(done.entry);
            }
            Some(done) => {
                kept += 1;
                entries.push(done.entry);
            }
            None => missing.push(record.title(name)),
        }
    }
    // Items are asked for at the end only: of them nothing is said about time.
    let is_timed = act.is_some() && part.items.is_empty();
    let mut reason = kept_in_words(kept, wanted.len(), is_timed, !late.is_empty());
    if !late.is_empty() {
        let _ = write!(
            reason,
            " Too late, only after containment: {}.",
            late.join(", ")
        );
    }
    if !missing.is_empty() {
        let _ = write!(reason, " Not kept: {}.", missing.join(", "));
    }
    Line {
        title: "evidence before containment".to_owned(),
        points: rounded(kept as f64 / wanted.len().max(1) as f64, part.points),
        of: part.points,
        reason,
        entries,
    }
}

/// How much of the evidence counts. What is not kept at all is not late: "in time" is said of what could have been either.
fn kept_in_words(kept: usize, all: usize, is_timed: bool, some_late: bool) -> String {
    let in_time = if some_late || (is_timed && kept > 0) {
        " in time"
    } else {
        ""
    };
    match (kept, all) {
        (0, 1) => format!("The evidence was not kept{in_time}."),
        (_, 1) => format!("The evidence was kept{in_time}."),
        (0, _) => format!("None of the {all} pieces of evidence was kept{in_time}."),
        (1, _) => format!("1 of the {all} pieces of evidence was kept{in_time}."),
        _ if kept == all => format!("All {all} pieces of evidence were kept{in_time}."),
        _ => format!("{kept} of the {all} pieces of evidence were kept{in_time}."),
    }
}

/// A line for something that is to be done in time.
fn in_time(
    record: &Record<'_>,
    title: &str,
    part: &Timed,
    done: Option<Done>,
    what: &str,
    nothing: &str,
) -> Line {
    let (share, reason) = match done {
        Some(done) => {
            let after = record.after(done);
            let reason = format!(
                "{what} after {}; full points within {}.",
                long(after),
                long(part.within)
            );
            (timeliness(part.within, after), reason)
        }
        None => (0.0, nothing.to_owned()),
    };
    Line {
        title: title.to_owned(),
        points: rounded(share, part.points),
        of: part.points,
        reason,
        entries: done.iter().map(|done| done.entry).collect(),
    }
}

/// 1 within the time, 0 at twice the time, less and less between.
fn timeliness(within: Duration, after: Duration) -> f64 {
    (2.0 - after.as_secs_f64() / within.as_secs_f64().max(1.0)).clamp(0.0, 1.0)
}

pub(super) fn rounded(share: f64, points: u32) -> i64 {
    (share * f64::from(points)).round() as i64
}
