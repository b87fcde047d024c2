//! What was judged: severity and milestones, decisions, verdicts, clocks, waivers, what was left open at the end.

use std::fmt::Write as _;

use super::{code, escape, heading, item, of_kind, under, when};
use crate::incident::Incident;
use crate::incident::view::clocks::BY_HAND;
use crate::incident::view::{ClockState, View};
use crate::model::playbook::Playbook;
use crate::model::verdict::Figure;
use crate::record::entry::{Body, Sealed};
use crate::report::names::Names;
use crate::report::utc;

/// How bad it was thought to be, and what was known when.
pub(super) fn severity_and_milestones(text: &mut String, entries: &[Sealed]) {
    let lines = of_kind(entries, |body| match body {
        Body::IncidentOpened {
            severity: Some(severity),
            ..
        } => Some(format!("severity {} at opening", code(severity))),
        Body::SeverityChanged { severity, reason } => {
            Some(format!("severity {}: {}", code(severity), escape(reason)))
        }
        Body::MilestoneReached {
            milestone,
            reason,
            since,
            corrects,
        } => {
            let since = since.map_or_else(String::new, |since| format!(" since {}", utc(since)));
            let not =
                corrects.map_or_else(String::new, |at| format!(", not {} (corrected)", utc(at)));
            let milestone = escape(milestone);
            Some(format!("{milestone}{since}{not}: {}", escape(reason)))
        }
        _ => None,
    });
    list(text, "Severity and milestones", lines);
}

/// Each decision each time it was made: a revision does not wipe out what was thought before.
pub(super) fn decisions(text: &mut String, playbook: &Playbook, entries: &[Sealed]) {
    let names = Names(Some(playbook));
    let mut times = std::collections::BTreeMap::new();
    for (sealed, body) in bodies(entries) {
        let Body::DecisionMade {
            decision,
            suggested,
            figures,
            chosen,
            reason,
        } = body
        else {
            continue;
        };
        if times.is_empty() {
            heading(text, "Decisions");
        }
        let made: &mut u64 = times.entry(decision).or_default();
        *made += 1;
        let revised = if *made > 1 { ", revised" } else { "" };
        let line = format!(
            "{}{revised}: {} ({})",
            escape(&names.step(decision)),
            several(chosen),
            when(sealed)
        );
        item(text, &line);
        under(text, "Suggested", &several(suggested));
        under_figures(text, figures);
        under(text, "Reason", &escape(reason));
    }
}

/// Every verdict with all that it rests on.
pub(super) fn verdicts(text: &mut String, playbook: &Playbook, entries: &[Sealed]) {
    let names = Names(Some(playbook));
    let mut any = false;
    for (sealed, body) in bodies(entries) {
        let Body::ActionResult {
            action,
            judged: Some(judged),
            evidence,
            ..
        } = body
        else {
            continue;
        };
        if !any {
            heading(text, "Verdicts");
            any = true;
        }
        let line = format!(
            "{}: {} ({})",
            judged.verdict.word(),
            escape(&names.action(action)),
            when(sealed)
        );
        item(text, &line);
        for reason in &judged.reasons {
            under(text, "Reason", &escape(reason));
        }
        under_figures(text, &judged.figures);
        for proof in &judged.proofs {
            let verdict = proof
                .verdict
                .map_or("never judged", |verdict| verdict.word());
            let at = proof.at.map(|at| format!(", {}", utc(at)));
            let proof = format!(
                "{} {verdict}{}",
                escape(&names.action(&proof.action)),
                at.unwrap_or_default()
            );
            under(text, "Proof", &proof);
        }
        for hash in evidence {
            under(text, "Evidence", &code(&hash.to_string()));
        }
    }
}

/// Every clock that began: when it ran out, and what became of it.
pub(super) fn clocks(text: &mut String, playbook: &Playbook, incident: &Incident, view: &View) {
    let names = Names(Some(playbook));
    let mut any = false;
    for clock in &view.clocks {
        let (state, due) = match &clock.state {
            ClockState::Running { since, due } => (
                format!("running since {}, due {}", utc(*since), utc(*due)),
                Some(*due),
            ),
            ClockState::Met { at, due } => {
                let late = if at > due { "met late" } else { "met" };
                (format!("{late} {}, due {}", utc(*at), utc(*due)), None)
            }
            ClockState::Waived { reason, role } => (
                format!("waived by {}: {}", escape(role), escape(reason)),
                None,
            ),
            ClockState::Unclear { error, due } => {
                let at = due.map(|due| format!(", due {}", utc(due)));
                let error = escape(error);
                (
                    format!(
                        "whether it applies could not be told: {error}{}",
                        at.unwrap_or_default()
                    ),
                    *due,
                )
            }
            ClockState::Ended => ("ended".to_owned(), None),
            ClockState::NotStarted => ("not started".to_owned(), None),
            ClockState::DoesNotApply => ("does not apply".to_owned(), None),
        };
        if !any {
            heading(text, "Clocks");
            any = true;
        }
        item(text, &format!("{}: {state}", escape(&clock.title)));
        if let Some(cite) = &clock.cite {
            under(text, "Required by", &escape(cite));
        }
        let record = incident.clocks.get(&clock.id);
        for (at, by) in record.into_iter().flat_map(|record| &record.met) {
            let by = if by.starts_with(BY_HAND) {
                by.clone()
            } else {
                format!("with {}", names.requirement(by))
            };
            under(text, "Met", &format!("{} {}", utc(*at), escape(&by)));
        }
        for (missed, reason) in &clock.missed {
            let still = if Some(*missed) == due {
                ", not met yet"
            } else {
                ""
            };
            let reason = match reason {
                Some(reason) => escape(reason),
                None => "no reason is recorded".to_owned(),
            };
            under(
                text,
                "Missed",
                &format!("due {}{still}: {reason}", utc(*missed)),
            );
        }
    }
}

/// Steps that went on without what they require.
pub(super) fn waived(text: &mut String, playbook: &Playbook, entries: &[Sealed]) {
    let names = Names(Some(playbook));
    let lines = of_kind(entries, |body| match body {
        Body::RequirementWaived {
            step,
            missing,
            reason,
        } => {
            let missing: Vec<String> = missing
                .iter()
                .map(|name| escape(&names.requirement(name)))
                .collect();
            Some(format!(
                "{} without {}: {}",
                escape(&names.step(step)),
                missing.join(", "),
                escape(reason)
            ))
        }
        _ => None,
    });
    list(text, "Requirements waived", lines);
}

/// What is to be done afterwards.
pub(super) fn follow_ups(text: &mut String, entries: &[Sealed]) {
    let lines = of_kind(entries, |body| match body {
        Body::FollowUpAdded { text, owner } => {
            let owner = owner.as_deref().map_or("nobody yet".into(), escape);
            Some(format!("{} (owner: {owner})", escape(text)))
        }
        _ => None,
    });
    list(text, "Follow-ups", lines);
}

/// How it ended each time somebody said that it did, and what was open then.
pub(super) fn end(text: &mut String, entries: &[Sealed]) {
    let mut any = false;
    let mut before: &[String] = &[];
    for (sealed, body) in bodies(entries) {
        let (word, reason, open) = match body {
            Body::IncidentResolved { open, reason } => ("Resolved", reason, open.as_slice()),
            Body::IncidentClosed { open, reason } => ("Closed", reason, open.as_slice()),
            Body::IncidentReopened { reason } => ("Reopened", reason, &[][..]),
            _ => continue,
        };
        if !any {
            heading(text, "Resolving and closing");
            any = true;
        }
        item(text, &format!("{word} ({})", when(sealed)));
        if !reason.is_empty() {
            under(text, "Reason", &escape(reason));
        }
        // A long list is not told twice: at closing only what came since.
        let (told, new): (Vec<&String>, Vec<&String>) =
            open.iter().partition(|thing| before.contains(thing));
        for thing in new {
            under(text, "Still open", &escape(thing));
        }
        if !told.is_empty() {
            let many = format!("and {} that were open before, as above", told.len());
            under(text, "Still open", &many);
        }
        before = open;
        if open.is_empty() && word != "Reopened" {
            under(text, "Still open", "nothing");
        }
    }
}

fn bodies(entries: &[Sealed]) -> impl Iterator<Item = (&Sealed, &Body)> {
    entries
        .iter()
        .filter_map(|sealed| Some((sealed, sealed.body.as_ref()?)))
}

fn list(text: &mut String, title: &str, lines: Vec<String>) {
    if lines.is_empty() {
        return;
    }
    heading(text, title);
    for line in lines {
        item(text, &line);
    }
}

fn several(names: &[String]) -> String {
    if names.is_empty() {
        return "nothing".to_owned();
    }
    let names: Vec<String> = names.iter().map(|name| code(name)).collect();
    names.join(", ")
}

fn under_figures(text: &mut String, figures: &[Figure]) {
    for figure in figures {
        let mut line = code(&figure.of);
        let _ = write!(line, " is {}", code(&figure.is));
        under(text, "Figure", &line);
    }
}
