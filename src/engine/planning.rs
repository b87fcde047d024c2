//! Plans: from an action and its inputs to the request that is shown. A write goes on to its gate.

use super::effect::Effect;
use super::state::{Chosen, Overlay, Run, RunPhase};
use super::turn::Turn;
use crate::layout::PaneKind;
use crate::model::ids::{ActionId, RunId};
use crate::model::playbook::{Action, Effect as ActionEffect, Language};
use crate::model::request::{PlanContext, PlanError, Request};
use crate::model::safe_text::{SafeText, sanitize};

impl Turn<'_> {
    /// Begins a run: asks for what is missing, then plans. What cannot run here says what it needs.
    pub(super) fn run_action(&mut self, id: &ActionId) {
        if self.is_message(id) {
            self.write_message(id);
        } else {
            self.plan(id, None);
        }
    }

    /// Plans a run, with the operator's text in place of the playbook's if there is one. A message without a text is
    /// written first.
    pub(super) fn plan(&mut self, id: &ActionId, edited: Option<String>) {
        if self.is_walkthrough() {
            return self.present_action(id, edited);
        }
        let Some(cockpit) = self.state.cockpit() else {
            return;
        };
        let Some(action) = cockpit.playbook.actions.get(id).cloned() else {
            self.complain(format!("the playbook has no action {id} any more"));
            return;
        };
        if action.language == Language::Message && edited.is_none() {
            self.write_message(id);
            return;
        }
        let unknown = cockpit.view.unknown.iter().any(|(_, action)| action == id);
        if unknown && action.effect == ActionEffect::Write {
            self.ask_settle(id);
            return;
        }
        let busy = cockpit
            .runs
            .values()
            .any(|run| run.action == *id && !run.poll && run.is_running());
        if busy {
            self.say(format!("{id} is still running: c cancels it"));
            return;
        }
        if action.effect == ActionEffect::Write && !self.may_write(id, edited.is_some()) {
            return;
        }
        let Some(cockpit) = self.state.cockpit() else {
            return;
        };
        // What its preview needs is asked with it: behind the gate nothing can be filled in any more.
        let preview = action
            .preview
            .as_ref()
            .and_then(|preview| cockpit.playbook.actions.get(preview));
        let mut missing = cockpit.missing_inputs(&action);
        for input in preview.map_or_else(Vec::new, |preview| cockpit.missing_inputs(preview)) {
            if !missing.contains(&input) {
                missing.push(input);
            }
        }
        if !missing.is_empty() {
            self.ask_for(&missing, id);
            return;
        }
        let edited = edited.filter(|text| *text != action.text);
        let Some(context) = self.plan_context(&action, edited.clone()) else {
            return;
        };
        let run = RunId(self.next_number());
        if let Some(cockpit) = self.cockpit() {
            // A request that is shown but was not sent makes way for the new one.
            cockpit.runs.retain(|_, run| run.poll || run.is_running());
            cockpit.runs.insert(
                run,
                Run {
                    action: id.clone(),
                    poll: false,
                    preview_of: None,
                    gate: None,
                    edited: edited.is_some(),
                    phase: RunPhase::Planning,
                },
            );
        }
        self.effect(Effect::Plan {
            run,
            action: Box::new(action),
            context,
        });
    }

    /// All that the plan of an action may look at.
    pub(super) fn plan_context(
        &self,
        action: &Action,
        edited: Option<String>,
    ) -> Option<PlanContext> {
        let now = self.state.now;
        let cockpit = self.state.cockpit()?;
        Some(PlanContext {
            now,
            window: cockpit.window(now),
            width: self
                .pane_area(PaneKind::Result)
                .map_or(80, |area| area.width.max(20)),
            inputs: cockpit.bound_inputs(action, &self.state.operator, now),
            edited,
            message: None,
        })
    }

    pub(super) fn planned(&mut self, run: RunId, result: Result<Box<Request>, PlanError>) {
        if self.is_walkthrough() {
            return self.planned_to_show(run, result);
        }
        let Some(cockpit) = self.cockpit() else {
            return;
        };
        let Some(planned) = cockpit.runs.get_mut(&run) else {
            return;
        };
        if planned.poll {
            self.poll_planned(run, result);
            return;
        }
        if let Some(write) = planned.preview_of {
            self.preview_planned(run, write, result);
            return;
        }
        let action = planned.action.clone();
        let declared = cockpit.playbook.actions.get(&action);
        let is_declared = declared
            .is_some_and(|action| is_write(action.effect) || action.language == Language::Message);
        match result {
            Ok(mut request) if is_declared || is_write(request.effect) => {
                request.effect = ActionEffect::Write;
                // What only turned out to write was not asked for its step's requirements yet.
                if !is_declared && !self.may_write(&action, true) {
                    if let Some(cockpit) = self.cockpit() {
                        cockpit.runs.remove(&run);
                    }
                    return;
                }
                self.open_gate(run, request);
            }
            Ok(request) => {
                planned.phase = RunPhase::Confirming(request);
                self.open_overlay(Overlay::Send { run, top: 0 });
            }
            Err(PlanError::Missing(missing)) => {
                cockpit.runs.remove(&run);
                self.ask_for(&missing, &action);
            }
            Err(PlanError::NeedsSource(reason)) => {
                cockpit.runs.remove(&run);
                self.open_settle(&action, None, &reason);
            }
            Err(PlanError::Refused(reason)) => {
                cockpit.runs.remove(&run);
                self.refused(&action, &reason);
            }
        }
    }

    fn refused(&mut self, action: &ActionId, reason: &str) {
        self.open_overlay(Overlay::Choose {
            title: vec![sanitize(&format!("{action} was not sent: {reason}"))],
            items: vec![
                (
                    SafeText::fixed("edit its text"),
                    Chosen::Edit(action.clone()),
                ),
                (
                    SafeText::fixed("complete it by hand"),
                    Chosen::SettleAction(action.clone()),
                ),
            ],
            selected: 0,
        });
    }
}

fn is_write(effect: ActionEffect) -> bool {
    effect == ActionEffect::Write
}
