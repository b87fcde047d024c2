//! What an entry of the record says, as one line for the timeline pane.

use crate::model::playbook::Playbook;
use crate::model::safe_text::SafeText;
use crate::record::entry::{ActionOutcome, Body, Sealed, WatchState};
use crate::theme::Role;

use super::text::safe;

/// The sentence of an entry and how much it matters. Steps and actions go by their titles.
pub fn of(sealed: &Sealed, playbook: &Playbook) -> (SafeText, Role) {
    let Some(body) = &sealed.body else {
        return (safe!("{} (text erased)", sealed.entry.kind), Role::Muted);
    };
    let action = |id: &crate::model::ids::ActionId| {
        playbook
            .action(id)
            .map_or_else(|| id.to_string(), |action| action.title.clone())
    };
    let step = |id: &crate::model::ids::StepId| {
        playbook
            .step(id)
            .map_or_else(|| id.to_string(), |step| step.title.clone())
    };
    let check = |id: &crate::model::ids::CheckId| {
        playbook
            .steps()
            .flat_map(|(_, step)| step.checks())
            .find(|check| check.id == *id)
            .map_or_else(|| id.to_string(), |check| check.text.clone())
    };
    let text = match body {
        Body::IncidentOpened { title, alert, .. } => match alert {
            Some(alert) => safe!("opened {title} on alert {alert}"),
            None => safe!("opened {title}"),
        },
        Body::PlaybookChanged { vanished, .. } if vanished.is_empty() => {
            safe!("took the changed playbook")
        }
        Body::PlaybookChanged { vanished, .. } => {
            safe!("took the changed playbook; gone: {}", vanished.join(", "))
        }
        Body::SessionOpened { host, .. } => safe!("joined from {host}"),
        Body::SessionDetached { reason } => safe!("left ({reason})"),
        Body::WatchStarted { action: id, .. } => safe!("watching {}", action(id)),
        Body::WatchChanged {
            action: id,
            state,
            detail,
        } => {
            let (word, role) = match state {
                WatchState::Fresh => ("fresh", Role::Good),
                WatchState::Alert => ("ALERT", Role::Bad),
                WatchState::NoData => ("NO DATA", Role::Doubt),
                WatchState::Stale => ("STALE", Role::Warning),
                WatchState::Failed => ("FAILED", Role::Bad),
            };
            let detail = if detail.is_empty() {
                String::new()
            } else {
                format!(": {detail}")
            };
            return (safe!("{}: {word}{detail}", action(id)), role);
        }
        Body::StepStarted { step: id } => safe!("began {}", step(id)),
        Body::StepDone { step: id } => return (safe!("done {}", step(id)), Role::Good),
        Body::StepSkipped { step: id, reason } => safe!("skipped {}: {reason}", step(id)),
        Body::StepReopened { step: id } => safe!("opened again {}", step(id)),
        Body::InputSet {
            input, value, from, ..
        } => {
            let from = match from {
                crate::model::input::Origin::Typed => "",
                crate::model::input::Origin::Row => " from a row",
                crate::model::input::Origin::Default => " by default",
            };
            safe!("set {input} = {value}{from}")
        }
        Body::ActionIntent {
            action: id,
            source,
            edited,
            ..
        } => {
            let edited = if *edited { ", edited" } else { "" };
            safe!("ran {} on {source}{edited}", action(id))
        }
        Body::ActionResult {
            action: id,
            outcome,
            rows,
            message,
            duration_ms,
            ..
        } => {
            let rows = rows.map_or_else(String::new, |rows| {
                format!(", {}", super::words::rows(rows))
            });
            let message = message
                .as_ref()
                .map_or_else(String::new, |message| format!(": {message}"));
            let role = match outcome {
                ActionOutcome::Ok => Role::Text,
                ActionOutcome::Failed | ActionOutcome::TimedOut => Role::Bad,
                ActionOutcome::Cancelled => Role::Warning,
                ActionOutcome::Unknown => Role::Doubt,
            };
            let took = super::words::took(*duration_ms);
            return (
                safe!("{} → {}{rows}, {took}{message}", action(id), outcome.word()),
                role,
            );
        }
        Body::ActionResolved {
            action: id,
            done,
            note,
            ..
        } => {
            let word = if *done {
                "done by hand"
            } else {
                "did not happen"
            };
            safe!("{} {word}: {note}", action(id))
        }
        Body::CheckTicked {
            check: id,
            not_applicable: None,
        } => safe!("ticked {}", check(id)),
        Body::CheckTicked {
            check: id,
            not_applicable: Some(reason),
        } => {
            safe!("does not apply: {}: {reason}", check(id))
        }
        Body::CheckUnticked { check: id } => safe!("unticked {}", check(id)),
        Body::SeverityChanged { severity, reason } => safe!("severity {severity}: {reason}"),
        Body::RoleAssigned { role, person } => safe!("{person} is {role}"),
        Body::NoteAdded {
            text, happened_at, ..
        } => {
            let when = happened_at.map_or_else(String::new, |at| {
                format!(" (happened {})", crate::model::timestamp_text(at))
            });
            // A note of several lines is one line here; the entry shows it whole.
            return (safe!("“{}”{when}", text.replace('\n', " ")), Role::Title);
        }
        Body::EvidenceAdded { title, sha256, .. } => safe!("evidence {title} ({})", sha256.short()),
        Body::Unknown { kind, .. } => safe!("{kind}"),
    };
    (text, Role::Text)
}
