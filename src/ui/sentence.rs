//! What an entry of the record says, as one line for the timeline pane. The outcome stands before the title: what is cut
//! at the right is the title's end.

use jiff::tz::TimeZone;

use crate::incident::view::clocks::BY_HAND;
use crate::incident::view::{ActionStatus, judgement};
use crate::model::Timestamp;
use crate::model::input::Origin;
use crate::model::playbook::Playbook;
use crate::model::safe_text::{SafeText, sanitize};
use crate::model::verdict::Verdict;
use crate::record::entry::{ActionOutcome, Body, Sealed, WatchState};
use crate::report::figures::{detail as short_detail, happened};
use crate::report::names::Names;
use crate::report::sentence::{form_of, on_one_line};
use crate::report::walk;
use crate::theme::Role;

use super::text::safe;
use super::words;

/// The sentence of an entry and how much it matters. Steps and actions go by their titles. Times are in the zone.
pub fn of(sealed: &Sealed, playbook: &Playbook, zone: &TimeZone) -> (SafeText, Role) {
    let names = Names(Some(playbook));
    match &sealed.body {
        None => (safe!("{} (text erased)", sealed.entry.kind), Role::Muted),
        Some(body) => {
            let at = sealed.entry.when();
            marked(body, names)
                .or_else(|| kept(&[sealed]))
                .or_else(|| decided(body, names, at, zone))
                .or_else(|| note(body, at, zone))
                .unwrap_or_else(|| (sanitize(&plain(body, names)), Role::Text))
        }
    }
}

/// What was kept, with each of its files by form and hash; none for other entries.
pub fn kept(files: &[&Sealed]) -> Option<(SafeText, Role)> {
    let mut of = None;
    let mut forms = Vec::new();
    for file in files {
        let Some(Body::EvidenceAdded {
            title,
            sha256,
            media_type,
            ..
        }) = &file.body
        else {
            return None;
        };
        of = of.or(Some(title));
        forms.push(format!("{} {}", form_of(media_type), sha256.short()));
    }
    let text = safe!("evidence {} ({})", of?, forms.join(", "));
    Some((text, Role::Text))
}

/// Entries that stand out: how something ended, alerts, notes.
fn marked(body: &Body, names: Names<'_>) -> Option<(SafeText, Role)> {
    Some(match body {
        Body::WatchChanged {
            action,
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
                format!(", {}", short_detail(detail))
            };
            (safe!("{word}{detail} · {}", names.action(action)), role)
        }
        Body::StepDone {
            step,
            without,
            reason,
        } if !without.is_empty() => {
            let step = names.step(step);
            let without = names.actions(without);
            (
                safe!("done without {without} · {step}: {reason}"),
                Role::Warning,
            )
        }
        Body::StepDone { step, .. } => (safe!("done {}", names.step(step)), Role::Good),
        Body::ActionResult {
            action,
            outcome,
            rows,
            truncated,
            partial,
            message,
            duration_ms,
            judged,
            ..
        } => {
            let mut parts = Vec::new();
            parts.extend(
                judged
                    .as_ref()
                    .map(|judged| judged.verdict.word().to_owned()),
            );
            if judged.is_none() || *outcome != ActionOutcome::Ok {
                parts.push(ActionStatus::Ended(*outcome).word().to_owned());
            }
            parts.extend(rows.map(|rows| words::rows(rows).into_string()));
            if truncated.is_some() || partial.is_some() {
                parts.push("incomplete".to_owned());
            }
            let judgement = judgement(
                names.0.and_then(|playbook| playbook.action(action)),
                *outcome,
            );
            parts.extend(judgement.filter(|_| judged.is_none()).map(str::to_owned));
            parts.push(words::took(*duration_ms).into_string());
            let message = message
                .as_ref()
                .map_or_else(String::new, |message| format!(": {}", on_one_line(message)));
            let role = match (outcome, judged) {
                (ActionOutcome::Ok, Some(judged)) => words::verdict_role(judged.verdict),
                (ActionOutcome::Ok, None) => Role::Text,
                (ActionOutcome::Failed | ActionOutcome::TimedOut, _) => Role::Bad,
                (ActionOutcome::Cancelled, _) => Role::Warning,
                (ActionOutcome::Unknown, _) => Role::Doubt,
            };
            let mut reason = judged
                .iter()
                .filter(|judged| judged.verdict != Verdict::Pass);
            let reason = reason.find_map(|judged| judged.reasons.first());
            let reason = reason.filter(|_| message.is_empty());
            let message = reason.map_or(message, |reason| format!(": {reason}"));
            let parts = parts.join(" · ");
            (safe!("→ {parts} · {}{message}", names.action(action)), role)
        }
        _ => return None,
    })
}

/// What operators decided, clocks, messages and the end, the weightiest word first.
#[expect(clippy::too_many_lines, reason = "one arm a kind")]
fn decided(
    body: &Body,
    names: Names<'_>,
    at: Timestamp,
    zone: &TimeZone,
) -> Option<(SafeText, Role)> {
    let minute = |due: Timestamp| words::minute(due, at, zone);
    let after = |reason: &str| {
        if reason.is_empty() {
            String::new()
        } else {
            format!(": {reason}")
        }
    };
    Some(match body {
        Body::DecisionMade {
            decision,
            chosen,
            reason,
            ..
        } => {
            let chosen = chosen.join(", ");
            let step = names.step(decision);
            (
                safe!("decided {chosen} · {step}{}", after(reason)),
                Role::Title,
            )
        }
        Body::MilestoneReached {
            milestone,
            reason,
            since,
            corrects,
        } => {
            let since = since.map_or_else(String::new, |since| format!(" since {}", minute(since)));
            let not = corrects.map_or_else(String::new, |at| format!(", not {}", minute(at)));
            (
                safe!("{milestone}{since}{not}{}", after(reason)),
                Role::Title,
            )
        }
        Body::ClockStarted { clock, due } => {
            let clock = names.clock(clock);
            (
                safe!("clock begins, due {} · {clock}", minute(*due)),
                Role::Text,
            )
        }
        Body::ClockMet { clock, by, due } => {
            let late = if at > *due { "late " } else { "" };
            let by = if by.starts_with(BY_HAND) {
                by.clone()
            } else {
                format!("with {}", names.requirement(by))
            };
            let clock = names.clock(clock);
            (safe!("clock met {late}{by} · {clock}"), Role::Good)
        }
        Body::ClockMissed { clock, due, reason } => {
            let (clock, due) = (names.clock(clock), minute(*due));
            match reason {
                None => (safe!("CLOCK OVERDUE since {due} · {clock}"), Role::Bad),
                Some(reason) => (
                    safe!("clock missed, due {due}: {reason} · {clock}"),
                    Role::Warning,
                ),
            }
        }
        Body::ClockWaived {
            clock,
            reason,
            role,
        } => {
            let clock = names.clock(clock);
            (
                safe!("clock waived by {role}: {reason} · {clock}"),
                Role::Warning,
            )
        }
        Body::RequirementWaived {
            step,
            missing,
            reason,
        } => {
            let missing: Vec<String> = missing.iter().map(|name| names.requirement(name)).collect();
            let missing = missing.join(", ");
            (
                safe!("went on without {missing} · {}: {reason}", names.step(step)),
                Role::Warning,
            )
        }
        Body::DrillStarted {
            title, seed, speed, ..
        } => (
            safe!("drill begun: {title} · seed {seed} · speed {speed}"),
            Role::Drill,
        ),
        Body::DrillInjected { from, text, .. } if text.is_empty() => (
            safe!("something happened in silence ({from}): the debrief tells what"),
            Role::Muted,
        ),
        Body::DrillInjected { from, text, .. } => {
            let text = on_one_line(text);
            (safe!("{from}: {text}"), Role::Warning)
        }
        Body::MessageDrafted {
            action, to, each, ..
        } => {
            let to = each.as_ref().or(to.as_ref());
            let to = to.map_or_else(String::new, |to| format!(" for {to}"));
            (safe!("drafted{to} · {}", names.action(action)), Role::Text)
        }
        Body::MessageSent {
            action,
            target,
            each,
            channel,
            ..
        } => {
            let each = each
                .as_ref()
                .map_or_else(String::new, |each| format!(" for {each}"));
            let title = names.action(action);
            // Where a copy or a file went is what the operator says of it.
            let text = match channel.as_str() {
                "clipboard" | "file" => safe!("SENT{each} by hand: {target} · {title}"),
                _ => safe!("SENT to {target}{each} · {title}"),
            };
            (text, Role::Good)
        }
        Body::FollowUpAdded { text, owner } => {
            let owner = owner
                .as_ref()
                .map_or_else(String::new, |owner| format!(" ({owner})"));
            (safe!("follow-up: {text}{owner}"), Role::Text)
        }
        Body::PlaybookAttached { title, .. } => (safe!("attached {title}"), Role::Text),
        Body::IncidentResolved { open, reason } => (
            safe!("RESOLVED{}{}", still(open), after(reason)),
            Role::Title,
        ),
        Body::IncidentClosed { open, reason } => {
            (safe!("CLOSED{}{}", still(open), after(reason)), Role::Title)
        }
        Body::IncidentReopened { reason } => (safe!("REOPENED{}", after(reason)), Role::Title),
        _ => return None,
    })
}

fn still(open: &[String]) -> String {
    match open.len() {
        0 => String::new(),
        1 => " with 1 thing open".to_owned(),
        several => format!(" with {several} things open"),
    }
}

/// A note of several lines is one line here; the entry shows it whole.
fn note(body: &Body, at: Timestamp, zone: &TimeZone) -> Option<(SafeText, Role)> {
    let Body::NoteAdded {
        text, happened_at, ..
    } = body
    else {
        return None;
    };
    let text = text.replace('\n', " ");
    let text = match happened_at {
        None => safe!("“{text}”"),
        Some(then) => safe!("{} “{text}”", happened(*then, at, zone)),
    };
    Some((text, Role::Title))
}

fn plain(body: &Body, names: Names<'_>) -> String {
    match body {
        Body::IncidentOpened { title, alert, .. } => match alert {
            Some(alert) => format!("opened {title} on alert {alert}"),
            None => format!("opened {title}"),
        },
        Body::PlaybookChanged { vanished, .. } if vanished.is_empty() => {
            "took the changed playbook".to_owned()
        }
        Body::PlaybookChanged { vanished, .. } => {
            format!("took the changed playbook; gone: {}", vanished.join(", "))
        }
        Body::SessionOpened { host, .. } => format!("joined from {host}"),
        Body::SessionDetached { reason } => format!("left ({reason})"),
        Body::WatchStarted { action, .. } => format!("watching {}", names.action(action)),
        Body::StepStarted { step } => format!("began {}", names.step(step)),
        Body::StepSkipped { step, reason } => format!("skipped {}: {reason}", names.step(step)),
        Body::StepReopened { step } => format!("opened again {}", names.step(step)),
        Body::InputSet {
            input, value, from, ..
        } => {
            let from = match from {
                Origin::Typed => "",
                Origin::Row => " from a row",
                Origin::Default => " by default",
            };
            format!("set {input} = {value}{from}")
        }
        Body::ActionIntent {
            action,
            source,
            edited,
            ..
        } => {
            let edited = if *edited { ", edited" } else { "" };
            format!("sent to {source}{edited} · {}", names.action(action))
        }
        Body::ActionResolved { action, note, .. } if note == walk::SHOWN => {
            format!("shown, not sent · {}", names.action(action))
        }
        Body::ActionResolved {
            action, done, note, ..
        } => {
            let word = if *done {
                "done by hand"
            } else {
                "did not happen"
            };
            format!("{word} · {}: {note}", names.action(action))
        }
        Body::CheckTicked {
            check,
            not_applicable,
        } => match not_applicable {
            None => format!("ticked {}", names.check(check)),
            Some(reason) => format!("does not apply: {}: {reason}", names.check(check)),
        },
        Body::CheckUnticked { check } => format!("unticked {}", names.check(check)),
        Body::SeverityChanged { severity, reason } => format!("severity {severity}: {reason}"),
        Body::RoleAssigned { role, person } => format!("{person} is {role}"),
        other => other.kind().to_owned(),
    }
}
