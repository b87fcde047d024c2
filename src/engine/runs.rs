//! Runs: from a key to the last byte. What was planned is what is shown, recorded and sent, in that order.

use sha2::{Digest, Sha256};

use crate::keymap::{Chord, Key};
use crate::layout::{Area, PaneKind};
use crate::model::ids::{ActionId, RunId};
use crate::model::playbook::{Effect as ActionEffect, Step};
use crate::model::request::{Outcome, Payload, RunError};
use crate::model::verdict::Judgement;
use crate::record::entry::{ActionOutcome, Body, Hash};

use super::effect::Effect;
use super::render;
use super::state::{ActionResult, Content, Run, RunPhase};
use super::text::digit;
use super::turn::Turn;

impl Run {
    /// It was sent, or its intent is on its way to the disk.
    pub fn is_running(&self) -> bool {
        matches!(
            self.phase,
            RunPhase::Recording(_) | RunPhase::Running { .. } | RunPhase::Judging { .. }
        )
    }
}

impl Turn<'_> {
    pub(super) fn run_by_digit(&mut self, chord: Chord) {
        let Some(cockpit) = self.state.cockpit() else {
            return;
        };
        let actions: Vec<ActionId> = cockpit
            .shown_step()
            .into_iter()
            .flat_map(Step::actions)
            .cloned()
            .collect();
        match digit(chord).and_then(|position| actions.get(position)) {
            Some(action) => self.run_action(&action.clone()),
            None if actions.is_empty() => {
                self.say("this step has no action; d marks it as done, n writes a note");
            }
            None => self.say(format!("this step has {} actions", actions.len())),
        }
    }

    /// A letter that the playbook gave to an action of the shown step.
    pub(super) fn run_by_letter(&mut self, chord: Chord) {
        let Key::Char(letter) = chord.key else {
            return;
        };
        let Some(cockpit) = self.state.cockpit() else {
            return;
        };
        let action = cockpit
            .shown_step()
            .into_iter()
            .flat_map(Step::actions)
            .find(|id| {
                cockpit
                    .playbook
                    .actions
                    .get(*id)
                    .is_some_and(|action| action.key == Some(letter))
            })
            .cloned();
        if let (Some(action), false) = (action, chord.ctrl || chord.alt) {
            self.run_action(&action);
        }
    }

    /// An action of a reference section, by its position there.
    pub(super) fn run_reference_action(&mut self, section: usize, position: usize) {
        let action = self
            .state
            .cockpit()
            .and_then(|cockpit| cockpit.playbook.references.get(section))
            .and_then(|section| section.actions.get(position))
            .cloned();
        if let Some(action) = action {
            self.state.overlays.pop();
            self.run_action(&action);
        }
    }

    /// The operator confirmed a read. A write goes through its gate, never through here.
    pub(super) fn send(&mut self, run: RunId) {
        let is_read = self
            .cockpit()
            .and_then(|cockpit| cockpit.runs.get(&run))
            .is_some_and(|run| {
                matches!(&run.phase, RunPhase::Confirming(request) if request.effect == ActionEffect::Read)
            });
        if is_read {
            self.record_intent(run);
        }
    }

    /// What was confirmed is on its way to the disk, and is sent once it is there.
    pub(super) fn record_intent(&mut self, run: RunId) {
        let Some(cockpit) = self.cockpit() else {
            return;
        };
        let Some(Run {
            action,
            edited,
            gate,
            phase,
            ..
        }) = cockpit.runs.get_mut(&run)
        else {
            return;
        };
        let RunPhase::Confirming(request) = phase else {
            return;
        };
        let (action, edited, request) = (action.clone(), *edited, request.clone());
        let gate = gate.clone();
        *phase = RunPhase::Recording(request.clone());
        let template = cockpit
            .playbook
            .actions
            .get(&action)
            .map_or(request.text.as_str(), |action| action.text.as_str());
        let body = Body::ActionIntent {
            action: action.clone(),
            source: request.source.clone(),
            target: request.target.clone(),
            template_sha256: Hash(Sha256::digest(template.as_bytes()).into()),
            text: request.text.clone(),
            edited,
            parameters: request.parameters.clone(),
            effect: request.effect,
            gate,
        };
        let step = cockpit
            .playbook
            .steps()
            .find(|(_, step)| step.actions().any(|id| *id == action));
        let step = step.map(|(_, step)| step.id.clone());
        // The run waits for the disk once: for its intent, and not for the step's entry as well.
        self.append_for(body, Some(run));
        if let Some(step) = step {
            self.start_step(&step);
        }
    }

    pub(super) fn intent_recorded(&mut self, run: RunId, intent: Hash) {
        let Some(cockpit) = self.cockpit() else {
            return;
        };
        match cockpit.runs.get_mut(&run).map(|run| &mut run.phase) {
            Some(RunPhase::Recording(_)) => self.start_run(run, Some(intent)),
            // It ran unrecorded and the disk came back meanwhile.
            Some(
                RunPhase::Running {
                    intent: recorded, ..
                }
                | RunPhase::Judging {
                    intent: recorded, ..
                },
            ) => *recorded = Some(intent),
            Some(RunPhase::Planning | RunPhase::Previewing(_) | RunPhase::Confirming(_)) => {}
            None => {
                let ended = cockpit
                    .results
                    .values()
                    .find(|result| result.run == run)
                    .cloned();
                if let Some(ActionResult {
                    request,
                    started_at,
                    end: Some((at, result)),
                    judgement,
                    ..
                }) = ended
                {
                    let duration_ms = at.as_millisecond().abs_diff(started_at.as_millisecond());
                    let evidence = cockpit.evidence_on_its_way(&request.action);
                    let action = request.action;
                    let body =
                        result_body(intent, action, duration_ms, &result, judgement, evidence);
                    self.append(body);
                }
            }
        }
    }

    /// Reads go on without a record, and say so; a write never does.
    pub(super) fn intent_not_recorded(&mut self, run: RunId) {
        let Some(cockpit) = self.cockpit() else {
            return;
        };
        let Some(RunPhase::Recording(request)) = cockpit.runs.get(&run).map(|run| &run.phase)
        else {
            return;
        };
        if request.effect == ActionEffect::Write {
            cockpit.runs.remove(&run);
            self.complain("refused: nothing is changed while the record cannot be written");
        } else {
            self.start_run(run, None);
        }
    }

    /// The intent will never be recorded. While the disk works that is the intent's own fault, and it is not sent.
    pub(super) fn intent_refused(&mut self, run: RunId, disk_works: bool) {
        if !disk_works {
            return self.intent_not_recorded(run);
        }
        if let Some(cockpit) = self.cockpit() {
            let waits = |run: &Run| matches!(run.phase, RunPhase::Recording(_));
            if cockpit.runs.get(&run).is_some_and(waits)
                && let Some(Run {
                    preview_of: Some(write),
                    ..
                }) = cockpit.runs.remove(&run)
            {
                self.preview_failed(write, "the record refuses its intent");
            }
        }
    }

    fn start_run(&mut self, run: RunId, intent: Option<Hash>) {
        let now = self.state.now;
        let Some(cockpit) = self.cockpit() else {
            return;
        };
        let Some(state) = cockpit.runs.get_mut(&run) else {
            return;
        };
        let RunPhase::Recording(request) = &state.phase else {
            return;
        };
        if request.effect == ActionEffect::Write && (state.gate.is_none() || intent.is_none()) {
            cockpit.runs.remove(&run);
            self.complain("refused: a write goes through its gate and into the record first");
            return;
        }
        let is_preview = state.preview_of.is_some();
        let (action, request) = (state.action.clone(), request.clone());
        let chart = cockpit
            .playbook
            .actions
            .get(&action)
            .filter(|_| !is_preview)
            .and_then(|action| render::chart(action, &request.text));
        state.phase = RunPhase::Running {
            request: request.clone(),
            intent,
            started_at: now,
            cancelling: false,
        };
        let result = ActionResult {
            run,
            request: (*request).clone(),
            started_at: now,
            end: None,
            unrecorded: intent.is_none(),
            intent,
            content: Content::Nothing,
            warnings: Vec::new(),
            judgement: None,
        };
        cockpit.results.insert(action.clone(), result);
        if !is_preview {
            cockpit.result_shown = Some(action);
            // What comes next is reading the rows; the digits act from there as well.
            cockpit.focus = PaneKind::Result;
        }
        self.effect(Effect::Run {
            run,
            request,
            chart,
        });
    }

    pub(super) fn finished(&mut self, run: RunId, result: Result<Outcome, RunError>) {
        self.end_sign_in(run);
        let now = self.state.now;
        let Some(cockpit) = self.cockpit() else {
            return;
        };
        let Some(finished) = cockpit.runs.remove(&run) else {
            return;
        };
        if finished.poll {
            self.poll_finished(run, &finished.action, result);
            return;
        }
        let RunPhase::Running { request, .. } = &finished.phase else {
            return;
        };
        let request = request.clone();
        if let Some(shown) = cockpit
            .results
            .get_mut(&finished.action)
            .filter(|shown| shown.run == run)
        {
            shown.end = Some((now, result.clone()));
            shown.finish_output();
        }
        let (preview_of, action) = (finished.preview_of, finished.action.clone());
        self.settle_end(run, finished, result.clone());
        if let Some(write) = preview_of {
            self.preview_ended(write, &action, &result);
        } else if let Ok(outcome) = &result {
            match (&request.payload, request.effect) {
                (Payload::Message(_), _) => self.message_went_out(&request),
                (_, ActionEffect::Write) => self.say_what_changed(&action, outcome),
                (_, ActionEffect::Read) => {}
            }
        }
    }

    /// Stops the run whose result is shown, else the oldest one.
    pub(super) fn cancel_run(&mut self) {
        let Some(cockpit) = self.cockpit() else {
            return;
        };
        let shown = cockpit.result_shown.clone();
        let running = |run: &Run| !run.poll && matches!(run.phase, RunPhase::Running { .. });
        let run = cockpit
            .runs
            .iter()
            .find(|(_, run)| running(run) && Some(&run.action) == shown.as_ref())
            .or_else(|| cockpit.runs.iter().find(|(_, run)| running(run)))
            .map(|(id, _)| *id);
        let Some(run) = run else {
            self.say("nothing is running");
            return;
        };
        if let Some(Run {
            phase: RunPhase::Running { cancelling, .. },
            ..
        }) = cockpit.runs.get_mut(&run)
        {
            *cancelling = true;
        }
        self.effect(Effect::Cancel(run));
        self.say("cancelling, on the server as well …");
    }

    /// The place of a pane in the present layout.
    pub(super) fn pane_area(&self, pane: PaneKind) -> Option<Area> {
        let cockpit = self.state.cockpit()?;
        let (width, height) = self.state.size;
        let layout = cockpit.layout(&self.state.layouts, self.state.size);
        let area = Area {
            x: 0,
            y: 1,
            width,
            height: height.saturating_sub(2),
        };
        layout
            .arrange(area, cockpit.focus, cockpit.zoomed)
            .into_iter()
            .find(|(kind, _)| *kind == pane)
            .map(|(_, area)| area)
    }
}

/// How a run ended, as the record has it.
pub(super) fn result_body(
    intent: Hash,
    action: ActionId,
    duration_ms: u64,
    result: &Result<Outcome, RunError>,
    judged: Option<Judgement>,
    evidence: Vec<Hash>,
) -> Body {
    let (outcome, code, message) = match result {
        Ok(outcome) => {
            let code = outcome.exit_code.map(|code| code.to_string());
            (
                ActionOutcome::Ok,
                code.or(outcome.status.map(|status| status.to_string())),
                None,
            )
        }
        Err(RunError::Failed { message, code, .. }) => {
            (ActionOutcome::Failed, code.clone(), Some(message.clone()))
        }
        Err(RunError::TimedOut(_)) => (ActionOutcome::TimedOut, None, None),
        Err(RunError::Cancelled) => (ActionOutcome::Cancelled, None, None),
        Err(RunError::Unknown(message)) => (ActionOutcome::Unknown, None, Some(message.clone())),
    };
    let whole = result.as_ref().ok();
    Body::ActionResult {
        intent,
        action,
        outcome,
        rows: whole.and_then(|outcome| outcome.rows),
        truncated: whole.and_then(|outcome| outcome.truncated.clone()),
        partial: whole.and_then(|outcome| outcome.partial.clone()),
        duration_ms,
        code,
        message,
        judged,
        evidence,
    }
}
