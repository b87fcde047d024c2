//! What the answers to questions become: entries of what operators judge.

use super::state::{Cockpit, Overlay, Purpose};
use super::text::split_since;
use super::turn::Turn;
use crate::editor::Editor;
use crate::model::safe_text::sanitize;
use crate::record::entry::Body;

impl Turn<'_> {
    /// Records the answer to a question.
    pub(super) fn answered(&mut self, purpose: Purpose, answer: String) {
        let open = || {
            self.state
                .cockpit()
                .map(Cockpit::still_open)
                .unwrap_or_default()
        };
        let body = match purpose {
            Purpose::Waive(step) => return self.waived(step, answer),
            Purpose::WaiveThenRun(step, action) => {
                self.waived(step, answer);
                return self.run_action(&action);
            }
            Purpose::Severity(severity) => Body::SeverityChanged {
                severity,
                reason: answer,
            },
            Purpose::Milestone(milestone) => {
                let corrects = self.milestone_at(&milestone);
                let read = match split_since(&answer, self.state.now, &self.state.zone) {
                    Ok((None, _)) if corrects.is_some() => {
                        Err("write the right time in front, such as 03:10".to_owned())
                    }
                    read => read,
                };
                match read {
                    Ok((since, reason)) => Body::MilestoneReached {
                        milestone,
                        reason,
                        since,
                        corrects,
                    },
                    Err(error) => {
                        return self.open_overlay(Overlay::Ask {
                            purpose: Purpose::Milestone(milestone),
                            editor: Editor::line(&answer),
                            error: Some(sanitize(&error)),
                        });
                    }
                }
            }
            Purpose::ClockMissed(clock, due) => Body::ClockMissed {
                clock,
                due,
                reason: Some(answer),
            },
            Purpose::ClockWaived(clock) => {
                let (role, reason) = split_person(&answer, &self.state.operator);
                Body::ClockWaived {
                    clock,
                    reason,
                    role,
                }
            }
            Purpose::ClockMet(clock, due) => Body::ClockMet {
                clock,
                by: format!("by hand: {answer}"),
                due,
            },
            Purpose::FollowUp => {
                let (owner, text) = match answer.strip_prefix('@') {
                    Some(_) => {
                        let (owner, text) = split_person(&answer, "");
                        (Some(owner), text)
                    }
                    None => (None, answer),
                };
                Body::FollowUpAdded { text, owner }
            }
            Purpose::Resolve => Body::IncidentResolved {
                open: open(),
                reason: answer,
            },
            Purpose::Close => Body::IncidentClosed {
                open: open(),
                reason: answer,
            },
            Purpose::Reopen => Body::IncidentReopened { reason: answer },
            Purpose::MessageSent {
                action,
                each,
                channel,
                text_sha256,
                ..
            } => return self.message_sent(action, each, channel, answer, text_sha256),
            Purpose::EvidenceNote(item) => Body::NoteAdded {
                text: answer,
                happened_at: None,
                step: self.state.cockpit().map(|cockpit| cockpit.step.clone()),
                evidence: Some(item),
            },
            Purpose::SkipStep(_)
            | Purpose::DoneWithout(_)
            | Purpose::NotApplicable(_)
            | Purpose::Settle { .. }
            | Purpose::Search
            | Purpose::Role(_)
            | Purpose::RoleForMessage(..) => return,
        };
        self.append(body);
    }
}

impl Cockpit {
    /// What is still open, in words, for the record of resolving and closing.
    pub(super) fn still_open(&self) -> Vec<String> {
        let things = self.open_things().into_iter();
        things.map(|thing| thing.text).collect()
    }
}

/// `@name the rest` as name and rest; the default name without one.
fn split_person(answer: &str, default: &str) -> (String, String) {
    match answer
        .strip_prefix('@')
        .and_then(|rest| rest.split_once(char::is_whitespace))
    {
        Some((person, rest)) => (person.to_owned(), rest.trim().to_owned()),
        None => (default.to_owned(), answer.to_owned()),
    }
}
