//! Walkthroughs: a presenter goes from place to place, and each action is shown as it would be sent. Nothing is.
//!
//! A run ends here once it is planned: there is no intent, no source is asked and nothing is judged. An action that was shown
//! counts as run, so that what waits for it opens; that is said in the record of the walkthrough, which is apart.

use super::command::Command;
use super::effect::Effect;
use super::state::{Cockpit, Overlay, Run, RunPhase};
use super::steps::GuideItem;
use super::text::scroll;
use super::turn::Turn;
use crate::incident::view::ActionStatus;
use crate::keymap::Chord;
use crate::layout::PaneKind;
use crate::model::Mode;
use crate::model::ids::{ActionId, InputId, RunId, StepId};
use crate::model::input::InputType;
use crate::model::playbook::{Action, Effect as ActionEffect, Language};
use crate::model::request::{Parameter, PlanError, Request};
use crate::playbook::examples;
use crate::record::entry::Body;
use crate::report::walk::{self, Place, Shown};

/// What a live pane shows in place of samples.
pub(super) const NOT_ASKED: &str = "WALKTHROUGH: nothing is asked.";

/// Where the presenter of a walkthrough stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Walk {
    /// The place.
    pub place: Place,
    /// The step in the guide when the presenter came here: another one there now means that they went on by themselves.
    pub step: StepId,
    /// The plan that is waited for.
    pub planning: Option<RunId>,
    /// What the action of this place came to.
    pub shown: Option<Shown>,
    /// Its text was edited.
    pub edited: bool,
    /// The presenter's notes are on the screen.
    pub notes: bool,
}

impl Walk {
    fn new(place: Place, step: StepId) -> Self {
        Self {
            place,
            step,
            planning: None,
            shown: None,
            edited: false,
            notes: false,
        }
    }
}

impl Cockpit {
    /// Nothing is sent here: it is only shown.
    pub const fn is_walkthrough(&self) -> bool {
        matches!(self.incident.mode, Mode::Walkthrough)
    }

    /// The value an input has now, and whether it is an example: only a walkthrough has those.
    pub fn value_or_example(&self, id: &InputId) -> Option<(String, bool)> {
        if let Some(value) = self.input_value(id) {
            return Some((value, false));
        }
        let example = self
            .is_walkthrough()
            .then(|| examples::example(&self.playbook, id));
        Some((example??, true))
    }

    /// Where the presenter stands: at the step in the guide once they went there by themselves.
    pub fn walk_place(&self) -> Option<Place> {
        let walk = self.walk.as_ref()?;
        Some(if walk.step == self.step {
            walk.place.clone()
        } else {
            Place::Step(self.step.clone())
        })
    }

    /// The inputs of an action as they are shown beside a message.
    fn shown_inputs(&self, action: &Action) -> Vec<Parameter> {
        let bound = action.inputs.iter().filter_map(|id| {
            let input = self.playbook.inputs.get(id)?;
            let (value, example) = self.value_or_example(id)?;
            Some(Parameter {
                name: id.to_string(),
                kind: input.kind.word().to_owned(),
                value,
                example,
            })
        });
        bound.collect()
    }
}

impl Turn<'_> {
    /// A walkthrough that was just opened begins before its first place.
    pub(super) fn begin_walk(&mut self) {
        if let Some(cockpit) = self.cockpit().filter(|cockpit| cockpit.is_walkthrough()) {
            let walk = Walk::new(Place::Opening, cockpit.step.clone());
            cockpit.walk = Some(Box::new(walk));
            self.open_overlay(Overlay::Walk { top: 0 });
        }
    }

    pub(super) fn is_walkthrough(&self) -> bool {
        self.state.cockpit().is_some_and(Cockpit::is_walkthrough)
    }

    /// Goes one place on, or back.
    pub(super) fn walk(&mut self, on: bool) {
        let found = self.state.cockpit().and_then(|cockpit| {
            let here = cockpit.walk_place()?;
            let places = walk::tour(&cockpit.playbook);
            let at = places.iter().position(|place| *place == here).unwrap_or(0);
            let next = if on { at + 1 } else { at.checked_sub(1)? };
            places.get(next).cloned()
        });
        match found {
            Some(place) => self.walk_to(place),
            None if !self.is_walkthrough() => self.say("this is no walkthrough"),
            None if on => self.say("this is the end of the walkthrough"),
            None => self.say("this is the start of the walkthrough"),
        }
    }

    fn walk_to(&mut self, place: Place) {
        self.close_panel();
        let Some(cockpit) = self.cockpit() else {
            return;
        };
        if let Some(step) = place.step(&cockpit.playbook).map(|step| step.id.clone()) {
            cockpit.show_step(step);
        }
        cockpit.focus = PaneKind::Guide;
        let notes = cockpit.walk.as_ref().is_some_and(|walk| walk.notes);
        let mut walk = Walk::new(place.clone(), cockpit.step.clone());
        walk.notes = notes;
        cockpit.walk = Some(Box::new(walk));
        match place {
            Place::Step(_) => {}
            Place::Action(id) => self.present_action(&id, None),
            Place::Opening | Place::Phase(_) | Place::Decision(_) | Place::End => {
                self.open_overlay(Overlay::Walk { top: 0 });
            }
        }
    }

    fn close_panel(&mut self) {
        let overlays = &mut self.state.overlays;
        overlays.retain(|overlay| !matches!(overlay, Overlay::Walk { .. }));
        if let Some(cockpit) = self.cockpit() {
            cockpit.runs.clear();
        }
    }

    /// Shows an action as it would be sent, with the operator's text in place of the playbook's if there is one.
    pub(super) fn present_action(&mut self, id: &ActionId, edited: Option<String>) {
        self.close_panel();
        let (now, operator) = (self.state.now, self.state.operator.clone());
        let Some(cockpit) = self.cockpit() else {
            return;
        };
        let Some(action) = cockpit.playbook.action(id).cloned() else {
            return self.complain(format!("the playbook has no action {id} any more"));
        };
        let place = Place::Action(id.clone());
        if let Some(step) = place.step(&cockpit.playbook).map(|step| step.id.clone()) {
            cockpit.show_step(step);
            let items = cockpit.guide_items();
            let item = GuideItem::Action(id.clone());
            cockpit.guide_selected = items.iter().position(|other| *other == item).unwrap_or(0);
        }
        let edited = edited.filter(|text| *text != action.text);
        let mut walk = Walk::new(place, cockpit.step.clone());
        walk.notes = cockpit.walk.as_ref().is_some_and(|walk| walk.notes);
        walk.edited = edited.is_some();
        let nameless = cockpit.missing_inputs(&action);
        if !nameless.is_empty() {
            let names: Vec<&str> = nameless.iter().map(InputId::as_str).collect();
            let reason = format!("no example value fits {}: set one with i", names.join(", "));
            walk.shown = Some(Shown::Failed(reason));
        } else if action.language == Language::Message {
            walk.shown = Some(cockpit.filled(&action, &operator, now));
        }
        let is_ready = walk.shown.is_some();
        let counts = matches!(walk.shown, Some(Shown::Message(..)));
        cockpit.walk = Some(Box::new(walk));
        self.open_overlay(Overlay::Walk { top: 0 });
        if counts {
            self.counts_as_run(id);
        }
        if !is_ready {
            self.plan_to_show(action, edited);
        }
    }

    fn plan_to_show(&mut self, action: Action, edited: Option<String>) {
        let run = RunId(self.next_number());
        let is_edited = edited.is_some();
        let Some(context) = self.plan_context(&action, edited) else {
            return;
        };
        let Some(cockpit) = self.cockpit() else {
            return;
        };
        if let Some(walk) = &mut cockpit.walk {
            walk.planning = Some(run);
        }
        cockpit.runs.insert(
            run,
            Run {
                action: action.id.clone(),
                poll: false,
                preview_of: None,
                gate: None,
                edited: is_edited,
                phase: RunPhase::Planning,
            },
        );
        self.effect(Effect::Plan {
            run,
            action: Box::new(action),
            context,
        });
    }

    /// A plan is ready, and that is where it ends: it is shown, whether it could be sent or not.
    pub(super) fn planned_to_show(&mut self, run: RunId, result: Result<Box<Request>, PlanError>) {
        let Some(cockpit) = self.cockpit() else {
            return;
        };
        let Some(action) = cockpit.runs.remove(&run).map(|run| run.action) else {
            return;
        };
        let writes = cockpit
            .playbook
            .action(&action)
            .is_some_and(|action| action.effect == ActionEffect::Write);
        let Some(walk) = cockpit
            .walk
            .as_mut()
            .filter(|walk| walk.planning == Some(run))
        else {
            return;
        };
        walk.planning = None;
        let planned = result.is_ok();
        walk.shown = Some(match result {
            Ok(mut request) => {
                if writes {
                    request.effect = ActionEffect::Write;
                }
                Shown::Request(request)
            }
            Err(error) => Shown::Failed(error.to_string()),
        });
        if planned {
            self.counts_as_run(&action);
        }
    }

    /// What waits for this action opens. Said once.
    fn counts_as_run(&mut self, action: &ActionId) {
        let Some(cockpit) = self.state.cockpit() else {
            return;
        };
        let on_its_way = cockpit.pending.values().any(|pending| {
            matches!(&pending.body, Body::ActionResolved { action: of, .. } if of == action)
        });
        let status = cockpit.view.actions.get(action).map(|view| view.status);
        if status == Some(ActionStatus::NotRun) && !on_its_way {
            self.append(Body::ActionResolved {
                intent: None,
                action: action.clone(),
                done: true,
                note: walk::SHOWN.to_owned(),
            });
        }
    }

    /// Inputs were set: what is on the screen is shown with them.
    pub(super) fn show_again(&mut self) {
        let action = self.state.cockpit().and_then(|cockpit| {
            let place = cockpit.walk_place()?;
            place.action().cloned()
        });
        if let Some(action) = action {
            self.present_action(&action, None);
        }
    }

    /// Shows or hides the presenter's notes.
    pub(super) fn toggle_notes(&mut self) {
        let Some(cockpit) = self.cockpit() else {
            return;
        };
        let none = cockpit
            .walk_place()
            .is_none_or(|place| walk::notes(&cockpit.playbook, &place).is_empty());
        let Some(walk) = &mut cockpit.walk else {
            return self.say("notes are shown in a walkthrough only");
        };
        walk.notes = !walk.notes;
        if walk.notes && none {
            self.say("there are no notes here; they are shown where there are some");
        }
    }

    /// A key while a place is shown in front of the panes. What is no key of the panel does what it does elsewhere.
    pub(super) fn panel_key(&mut self, command: Option<Command>, chord: Chord) {
        let Some(Overlay::Walk { mut top }) = self.state.overlays.pop() else {
            return;
        };
        match command {
            Some(Command::Dismiss) => {}
            Some(Command::Accept | Command::WalkOn) => {
                self.open_overlay(Overlay::Walk { top });
                self.walk(true);
            }
            Some(Command::WalkBack) => {
                self.open_overlay(Overlay::Walk { top });
                self.walk(false);
            }
            Some(Command::EditSend) => {
                let action = self.state.cockpit().and_then(|cockpit| {
                    let walk = cockpit.walk.as_ref()?;
                    walk.place.action().cloned()
                });
                if let Some(action) = action.filter(|action| !self.is_message(action)) {
                    self.edit(&action);
                } else {
                    self.open_overlay(Overlay::Walk { top });
                }
            }
            Some(
                Command::Up
                | Command::Down
                | Command::PageUp
                | Command::PageDown
                | Command::First
                | Command::Last
                | Command::SpeakerNotes
                | Command::NextSection
                | Command::PreviousSection
                | Command::Hex
                | Command::CopyCode,
            ) => {
                scroll(&mut top, command);
                self.open_overlay(Overlay::Walk { top });
                if command == Some(Command::SpeakerNotes) {
                    self.toggle_notes();
                }
            }
            Some(other) => self.cockpit_command(other, chord),
            None => {
                self.open_overlay(Overlay::Walk { top });
                self.run_by_letter(chord);
            }
        }
    }
}

impl Cockpit {
    /// A message, filled with what there is.
    fn filled(&self, action: &Action, operator: &str, now: crate::model::Timestamp) -> Shown {
        let secret = action.inputs.iter().find(|id| {
            let input = self.playbook.inputs.get(*id);
            input.is_some_and(|input| input.kind == InputType::Secret)
        });
        if let Some(secret) = secret {
            return Shown::Failed(format!(
                "{secret} is a secret, and secrets never go into messages: take it out of the template"
            ));
        }
        let mut names = self.names(operator, now);
        walk::complete(&mut names, &self.playbook);
        match walk::draft(action, names) {
            Ok(draft) => Shown::Message(Box::new(draft), self.shown_inputs(action)),
            Err(error) => Shown::Failed(format!("the message is not filled: {error}")),
        }
    }
}
