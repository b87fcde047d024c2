//! The end: what is still open, follow-ups, resolving, closing, reopening.

use super::command::Command;
use super::effect::Effect;
use super::state::{Chosen, Cockpit, Overlay, Purpose};
use super::text::move_within;
use super::turn::Turn;
use crate::incident::Stage;
use crate::incident::closing::{Open, OpenThing, not_sent, open_things};
use crate::keymap::Chord;
use crate::model::safe_text::SafeText;
use crate::record::entry::{Body, Sealed};

impl Turn<'_> {
    /// Opens the list of what is still open, the next step on the way to the end selected.
    pub(super) fn open_closing(&mut self) {
        let Some(cockpit) = self.state.cockpit() else {
            return;
        };
        let selected = cockpit.open_things().len();
        self.open_overlay(Overlay::Closing { selected });
    }

    /// A key in that list.
    pub(super) fn closing_key(
        &mut self,
        mut selected: usize,
        command: Option<Command>,
        chord: Chord,
    ) {
        let Some(cockpit) = self.state.cockpit() else {
            return;
        };
        let things = cockpit.open_things();
        let ways = cockpit.ways_to_end();
        let thing = things.get(selected).cloned();
        let way = selected
            .checked_sub(things.len())
            .and_then(|index| ways.get(index))
            .map(|(_, chosen)| chosen.clone());
        if command == Some(Command::Accept) {
            match (thing, way) {
                (Some(thing), _) => self.show_open_thing(&thing, selected),
                (None, Some(chosen)) => self.choose(chosen),
                (None, None) => self.open_overlay(Overlay::Closing { selected }),
            }
            return;
        }
        move_within(&mut selected, things.len() + ways.len(), 10, command);
        self.open_overlay(Overlay::Closing { selected });
        let follow_up = self.state.keys.of(Command::FollowUp).contains(&chord);
        if command.is_none() && follow_up {
            self.ask(Purpose::FollowUp);
        }
    }

    /// Goes to what is open: its step, or the list that it is in.
    fn show_open_thing(&mut self, thing: &OpenThing, selected: usize) {
        let step = match &thing.what {
            Open::Clock(id) => {
                let clocks = self.state.cockpit().map(Cockpit::clocks_in_order);
                let position = clocks
                    .and_then(|clocks| clocks.iter().position(|clock| clock.id == *id))
                    .unwrap_or_default();
                self.open_overlay(Overlay::Closing { selected });
                self.open_overlay(Overlay::Clocks { selected: position });
                return;
            }
            Open::Evidence(_) => {
                self.open_overlay(Overlay::Closing { selected });
                self.open_evidence();
                return;
            }
            Open::Unknown(action) => {
                let action = action.clone();
                self.open_overlay(Overlay::Closing { selected });
                self.ask_settle(&action);
                return;
            }
            Open::Proposal(action) | Open::Message(action) => self
                .state
                .cockpit()
                .and_then(|cockpit| {
                    let mut steps = cockpit.playbook.steps().map(|(_, step)| step);
                    steps.find(|step| step.actions().any(|id| id == action))
                })
                .map(|step| step.id.clone()),
            Open::Decision(step) | Open::Step(step) | Open::Checks(step) => Some(step.clone()),
        };
        if let (Some(cockpit), Some(step)) = (self.cockpit(), step) {
            cockpit.show_step(step);
        }
    }

    /// Closes the incident; why is asked when something is open.
    pub(super) fn close_incident(&mut self) {
        let Some(cockpit) = self.state.cockpit() else {
            return;
        };
        if cockpit.open_things().is_empty() {
            self.append(Body::IncidentClosed {
                open: Vec::new(),
                reason: String::new(),
            });
        } else {
            self.ask(Purpose::Close);
        }
    }

    /// Once the record says that the incident is closed, the report is written.
    pub(super) fn after_closing(&mut self, entry: &Sealed) {
        if matches!(entry.body, Some(Body::IncidentClosed { .. })) {
            self.effect(Effect::WriteReport);
            self.say("closed; writing the report");
        }
    }

    /// The report was written, or not.
    pub(super) fn report_written(&mut self, path: Result<String, String>) {
        let path = match path {
            Ok(path) => path,
            Err(reason) => {
                self.complain(format!(
                    "closed, but the report is not written: {reason}; `quarterdeck report` writes it again"
                ));
                return;
            }
        };
        let Some(cockpit) = self.cockpit() else {
            return;
        };
        cockpit.report = Some(path);
        let running: Vec<&str> = cockpit
            .view
            .clocks
            .iter()
            .filter(|clock| clock.running(cockpit.incident.stage).is_some())
            .map(|clock| clock.title.as_str())
            .collect();
        let still = match running.as_slice() {
            [] => String::new(),
            titles => format!("; still running: {}", titles.join(", ")),
        };
        // A path has no room in the last line: the dialog shows it whole, and copies it.
        let key = self.state.keys.of(Command::Closing);
        let key = key.first().map_or_else(String::new, ToString::to_string);
        self.say(format!(
            "closed; the report is written: {key} shows where{still}"
        ));
    }
}

impl Cockpit {
    /// The record is complete: nothing is sent and nothing is changed before it is opened again.
    pub fn is_closed(&self) -> bool {
        matches!(self.incident.stage, Stage::Closed { .. })
    }

    /// What is still open, the weightiest first, with what only this session knows: drafts that were begun and are not
    /// final.
    pub fn open_things(&self) -> Vec<OpenThing> {
        let mut things = open_things(&self.playbook, &self.incident, &self.view);
        for form in self.drafts.values() {
            let title = self.playbook.action(&form.action);
            let title = title.map_or(form.action.as_str(), |action| action.title.as_str());
            let begun = form.unfinished().map(|each| OpenThing {
                what: Open::Message(form.action.clone()),
                text: not_sent("begun", title, each.unwrap_or_default()),
            });
            things.extend(begun);
        }
        things.sort_by_key(|thing| thing.what.rank());
        things
    }

    /// What can be done about the end, in words.
    pub fn ways_to_end(&self) -> Vec<(SafeText, Chosen)> {
        let open = self.open_things().len();
        let reopen = (SafeText::fixed("open it again: say why"), Chosen::Reopen);
        let close = (
            SafeText::fixed(if open == 0 {
                "close it: the record is complete, the report is written"
            } else {
                "close it with things open: say why; the report is written"
            }),
            Chosen::Close,
        );
        match self.incident.stage {
            Stage::Open => vec![(
                SafeText::fixed(if open == 0 {
                    "resolve it: say how it ended"
                } else {
                    "resolve it with things open: say how it ended, and why all the same"
                }),
                Chosen::Resolve,
            )],
            Stage::Resolved(_) => vec![close, reopen],
            Stage::Closed { .. } => {
                let path = self.report.clone().map(|path| {
                    let label = SafeText::fixed("copy the report's path");
                    (label, Chosen::CopyPath(path))
                });
                path.into_iter().chain([reopen]).collect()
            }
        }
    }
}
