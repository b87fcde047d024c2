//! Sentences of what operators decide: branches, milestones, clocks, waivers, messages, the end.
//!
//! The text may hold anything an entry holds: whoever shows it makes it safe first.

use super::after_colon;
use crate::incident::view::clocks::BY_HAND;
use crate::record::entry::Body;
use crate::report::names::Names;
use crate::report::utc;

/// The sentence of an entry of these kinds; the kind's name for any other.
#[expect(clippy::too_many_lines, reason = "one arm a kind")]
pub(super) fn sentence(body: &Body, names: Names<'_>) -> String {
    match body {
        Body::DecisionMade {
            decision,
            suggested,
            chosen,
            reason,
            ..
        } => {
            let suggested = match suggested.as_slice() {
                [] => String::new(),
                names => format!(" (suggested: {})", quoted(names)),
            };
            format!(
                "decided {}: {}{suggested}{}",
                names.step(decision),
                quoted(chosen),
                after_colon(reason),
            )
        }
        Body::MilestoneReached {
            milestone,
            reason,
            since,
            corrects,
        } => {
            let since = since.map_or_else(String::new, |since| format!(" since {}", utc(since)));
            let verb = if corrects.is_some() {
                "corrected"
            } else {
                "recorded"
            };
            let not = corrects.map_or_else(String::new, |at| format!(", not {}", utc(at)));
            format!(
                "{verb} the milestone “{milestone}”{since}{not}{}",
                after_colon(reason)
            )
        }
        // That a clock begins, is met or runs out is nobody's deed: the operator's session saw it.
        Body::ClockStarted { clock, due } => {
            format!(
                "saw the clock {} begin, due {}",
                names.clock(clock),
                utc(*due)
            )
        }
        Body::ClockMet { clock, by, due } => {
            let (clock, due) = (names.clock(clock), utc(*due));
            if by.starts_with(BY_HAND) {
                format!("met the clock {clock}, due {due}, {by}")
            } else {
                let by = names.requirement(by);
                format!("saw the clock {clock}, due {due}, met with {by}")
            }
        }
        Body::ClockMissed { clock, due, reason } => {
            let (clock, due) = (names.clock(clock), utc(*due));
            match reason {
                None => format!("saw the clock {clock} run out, due {due}"),
                Some(reason) => {
                    format!("said why the clock {clock}, due {due}, was missed: {reason}")
                }
            }
        }
        Body::ClockWaived {
            clock,
            reason,
            role,
        } => format!(
            "waived the clock {} on the word of {role}{}",
            names.clock(clock),
            after_colon(reason)
        ),
        Body::RequirementWaived {
            step,
            missing,
            reason,
        } => format!(
            "went on with {} without {}{}",
            names.step(step),
            missing
                .iter()
                .map(|name| names.requirement(name))
                .collect::<Vec<_>>()
                .join(", "),
            after_colon(reason)
        ),
        Body::MessageDrafted {
            action, to, each, ..
        } => {
            format!(
                "drafted the message {}{}",
                names.action(action),
                addressee(to.as_deref(), each.as_deref())
            )
        }
        Body::MessageSent {
            action,
            each,
            channel,
            target,
            ..
        } => {
            let message = names.action(action);
            let each = addressee(None, each.as_deref());
            match channel.as_str() {
                // Where a copy or a file went is what the operator says of it.
                "clipboard" => {
                    format!("sent the message {message}{each} by hand from a copy: {target}")
                }
                "file" => {
                    format!("sent the message {message}{each} by hand from a saved file: {target}")
                }
                source => format!("sent the message {message}{each} by {source} to {target}"),
            }
        }
        Body::FollowUpAdded { text, owner } => match owner {
            Some(owner) => format!("added a follow-up for {owner}: {text}"),
            None => format!("added a follow-up: {text}"),
        },
        Body::PlaybookAttached {
            playbook, title, ..
        } => format!("attached the playbook {title} ({playbook})"),
        Body::IncidentResolved { open, reason } => format!(
            "resolved the incident{}{}",
            still(open),
            after_colon(reason)
        ),
        Body::IncidentClosed { open, reason } => {
            format!("closed the incident{}{}", still(open), after_colon(reason))
        }
        Body::IncidentReopened { reason } => {
            format!("reopened the incident{}", after_colon(reason))
        }
        other => other.kind().to_owned(),
    }
}

fn quoted(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("“{name}”")).collect();
    names.join(", ")
}

fn addressee(to: Option<&str>, each: Option<&str>) -> String {
    match (each, to) {
        (Some(each), _) => format!(" for {each}"),
        (None, Some(to)) => format!(" for {to}"),
        (None, None) => String::new(),
    }
}

fn still(open: &[String]) -> String {
    match open {
        [] => String::new(),
        [one] => format!(" with one thing open ({one})"),
        several => format!(
            " with {} things open ({})",
            several.len(),
            several.join("; ")
        ),
    }
}
