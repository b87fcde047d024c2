//! One sentence for each kind of entry. The subject is the operator, who stands before it.
//!
//! The text may hold anything an entry holds: whoever shows it makes it safe first.

mod decided;

use jiff::tz::TimeZone;

use super::figures::{detail as short_detail, happened};
use super::names::Names;
use super::walk;
use crate::incident::view::ActionStatus;
use crate::model::Timestamp;
use crate::model::input::Origin;
use crate::model::playbook::Effect;
use crate::record::entry::{ActionOutcome, Body, WatchState};

/// What an entry of a time says, as one sentence without its subject: `began “Quantify the scope”`. Times in it are UTC.
#[expect(clippy::too_many_lines, reason = "one arm a kind")]
pub fn sentence(body: &Body, at: Timestamp, names: Names<'_>) -> String {
    match body {
        Body::IncidentOpened {
            playbook,
            title,
            severity,
            alert,
            profile,
            ..
        } => {
            let optional = |name: &str, value: &Option<String>| match value {
                Some(value) => format!(", {name} {value}"),
                None => String::new(),
            };
            format!(
                "opened {title} with playbook {playbook}{}{}{}",
                optional("severity", severity),
                optional("alert", alert),
                optional("profile", profile),
            )
        }
        Body::PlaybookChanged { to, vanished, .. } if vanished.is_empty() => {
            format!("took the changed playbook {}", to.short())
        }
        Body::PlaybookChanged { to, vanished, .. } => format!(
            "took the changed playbook {}, without {}",
            to.short(),
            vanished.join(", ")
        ),
        Body::SessionOpened {
            operator,
            known_by,
            host,
            version,
            ..
        } => format!("joined from {host} as {operator} (by {known_by}), version {version}"),
        Body::SessionDetached { reason } => format!("left: {reason}"),
        Body::WatchStarted { action, target, .. } => {
            format!("watches {} on {target}", names.action(action))
        }
        Body::WatchChanged {
            action,
            state,
            detail,
        } => format!(
            "saw {} become {}{}",
            names.action(action),
            watch_word(*state),
            after_colon(&short_detail(detail))
        ),
        Body::StepStarted { step } => format!("began {}", names.step(step)),
        Body::StepDone {
            step,
            without,
            reason,
        } if !without.is_empty() => format!(
            "finished {} without {}{}",
            names.step(step),
            names.actions(without),
            after_colon(reason)
        ),
        Body::StepDone { step, .. } => format!("finished {}", names.step(step)),
        Body::StepSkipped { step, reason } => {
            format!("skipped {}{}", names.step(step), after_colon(reason))
        }
        Body::StepReopened { step } => format!("reopened {}", names.step(step)),
        Body::InputSet {
            input, value, from, ..
        } => {
            let origin = match from {
                Origin::Typed => "typed",
                Origin::Row => "from a row",
                Origin::Default => "default",
            };
            format!("set {input} = {value} ({origin})")
        }
        Body::ActionIntent {
            action,
            target,
            effect,
            edited,
            ..
        } => {
            let what = match effect {
                Effect::Read => "sent",
                Effect::Write => "sent the write",
            };
            let edited = if *edited { ", edited" } else { "" };
            format!("{what} {} to {target}{edited}", names.action(action))
        }
        Body::ActionResult { .. } => result_sentence(body, names),
        Body::ActionResolved { action, note, .. } if note == walk::SHOWN => {
            format!("showed {}; nothing was sent", names.action(action))
        }
        Body::ActionResolved {
            action, done, note, ..
        } => {
            let happened = if *done { "was done" } else { "did not happen" };
            {
                let action = names.action(action);
                format!("settled that {action} {happened}{}", after_colon(note))
            }
        }
        Body::CheckTicked {
            check,
            not_applicable,
        } => match not_applicable {
            None => format!("ticked {}", names.check(check)),
            Some(reason) => {
                let check = names.check(check);
                format!("set {check} not applicable{}", after_colon(reason))
            }
        },
        Body::CheckUnticked { check } => format!("opened {} again", names.check(check)),
        Body::SeverityChanged { severity, reason } => {
            format!("set the severity to {severity}{}", after_colon(reason))
        }
        Body::RoleAssigned { role, person } => format!("gave the role {role} to {person}"),
        Body::NoteAdded {
            text,
            happened_at: then,
            ..
        } => match then {
            None => format!("noted: {text}"),
            Some(then) => format!("at {}: {text}", happened(*then, at, &TimeZone::UTC)),
        },
        Body::EvidenceAdded {
            sha256,
            size,
            title,
            media_type,
            ..
        } => format!(
            "kept evidence {} ({}, {size} bytes): {title}",
            sha256.short(),
            form_of(media_type)
        ),
        Body::DrillStarted {
            title, seed, speed, ..
        } => format!("began the drill “{title}” with seed {seed} at speed {speed}"),
        Body::DrillInjected { from, text, .. } if text.is_empty() => {
            format!("had something happen in silence ({from}): the debrief tells what")
        }
        Body::DrillInjected { from, text, .. } => {
            format!("heard from {from}: {}", on_one_line(text))
        }
        Body::DecisionMade { .. }
        | Body::MilestoneReached { .. }
        | Body::ClockStarted { .. }
        | Body::ClockMet { .. }
        | Body::ClockMissed { .. }
        | Body::ClockWaived { .. }
        | Body::RequirementWaived { .. }
        | Body::MessageDrafted { .. }
        | Body::MessageSent { .. }
        | Body::FollowUpAdded { .. }
        | Body::PlaybookAttached { .. }
        | Body::IncidentResolved { .. }
        | Body::IncidentClosed { .. }
        | Body::IncidentReopened { .. } => decided::sentence(body, names),
        Body::Unknown { kind, body } => format!("{kind} {body}"),
    }
}

/// What somebody said, for a line of a timeline: its paragraphs follow one another.
pub fn on_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The form of an evidence file, as short as people call it: `JSON`, `CSV`.
pub fn form_of(media_type: &str) -> String {
    let bare = media_type.split(';').next().unwrap_or_default().trim();
    let kind = bare.split_once('/').map_or(bare, |(_, kind)| kind);
    let kind = kind.strip_suffix("+xml").unwrap_or(kind);
    match kind {
        "plain" => "text".to_owned(),
        "markdown" => "Markdown".to_owned(),
        other => other.to_uppercase(),
    }
}

fn result_sentence(body: &Body, names: Names<'_>) -> String {
    let Body::ActionResult {
        action,
        outcome,
        rows,
        truncated,
        partial,
        duration_ms,
        code,
        message,
        judged,
        ..
    } = body
    else {
        return String::new();
    };
    let mut parts = vec![format!(
        "got {}: {}",
        names.action(action),
        ActionStatus::Ended(*outcome).word()
    )];
    parts.extend(
        judged
            .as_ref()
            .map(|judged| judged.verdict.word().to_owned()),
    );
    match rows {
        Some(1) => parts.push("1 row".into()),
        Some(rows) => parts.push(format!("{rows} rows")),
        None => {}
    }
    parts.push(format!("{duration_ms} ms"));
    for incomplete in [truncated, partial].into_iter().flatten() {
        parts.push(format!("not whole ({incomplete})"));
    }
    // Zero is the code of every success and says nothing more than that it ran.
    if let Some(code) = code
        && !(*outcome == ActionOutcome::Ok && code == "0")
    {
        parts.push(format!("code {code}"));
    }
    parts.join(", ") + &after_colon(message.as_deref().unwrap_or_default())
}

/// What a live pane became, after `become` or `:`.
pub(super) fn watch_word(state: WatchState) -> &'static str {
    match state {
        WatchState::Fresh => "fresh",
        WatchState::Alert => "an alert",
        WatchState::NoData => "without data, which is not a zero",
        WatchState::Stale => "stale",
        WatchState::Failed => "unreachable",
    }
}

fn after_colon(text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        format!(": {text}")
    }
}
