//! The gate of a write: preview, target and ceiling, then the intent. Nothing that changes something passes elsewhere.

use super::command::Command;
use super::effect::Effect;
use super::state::{ActionResult, Cockpit, Content, Overlay, Purpose, Run, RunPhase};
use super::turn::Turn;
use crate::editor::Editor;
use crate::keymap::Chord;
use crate::model::ids::{ActionId, InputId, RunId, StepId};
use crate::model::limits;
use crate::model::playbook::{Action, Effect as ActionEffect, Language, PhaseKind};
use crate::model::request::{Outcome, Payload, PlanError, Request, RunError};
use crate::model::safe_text::sanitize;
use crate::model::table::Row;
use crate::record::entry::Body;
use crate::report::undo;
use crate::sql::{self, Counting, Dialect};

mod form;

use form::offered;
pub use form::{GateForm, Preview};

/// The preview's action where it is derived: a name that no playbook can give.
fn derived_id(write: &ActionId) -> ActionId {
    ActionId::new(format!("{write}.preview"))
}

/// Whether the rows of a request are counted, so that a ceiling is asked for.
fn counts_rows(action: &Action, request: &Request) -> bool {
    match &request.payload {
        Payload::Sql { statement } => {
            // Which of the two it is makes no difference to how a statement begins.
            let counted = [Dialect::Postgres, Dialect::Sqlite]
                .into_iter()
                .find_map(|dialect| sql::counting(statement, dialect).ok());
            !action.preserves && counted != Some(Counting::Nothing)
        }
        Payload::Promql { .. }
        | Payload::Kql { .. }
        | Payload::Http { .. }
        | Payload::Shell { .. }
        | Payload::Message(_) => false,
    }
}

/// The same source asked for the rows that a write would touch.
pub fn derived_request(write: &Request) -> Option<Request> {
    let Payload::Sql { statement } = &write.payload else {
        return None;
    };
    let derived = sql::derive(statement)?;
    let parameters = derived
        .parameters
        .iter()
        .map(|position| write.parameters.get(*position).cloned())
        .collect::<Option<Vec<_>>>()?;
    Some(Request {
        action: derived_id(&write.action),
        text: derived.statement.clone(),
        parameters,
        effect: ActionEffect::Read,
        limit: limits::ROWS_DEFAULT,
        ceiling: None,
        judged: false,
        payload: Payload::Sql {
            statement: derived.statement,
        },
        ..write.clone()
    })
}

impl Turn<'_> {
    /// What a write still needs, by the step it stands in. True when it may go on; otherwise it was said or asked.
    pub(super) fn may_write(&mut self, action: &ActionId, edited: bool) -> bool {
        let Some((step, missing, containing)) = self
            .state
            .cockpit()
            .and_then(|cockpit| unmet(cockpit, action))
        else {
            return true;
        };
        if containing && !edited {
            self.ask(Purpose::WaiveThenRun(step, action.clone()));
        } else {
            self.complain(format!(
                "{action} was not sent, it requires {}: do that first, or w goes on without it",
                missing.join(", ")
            ));
        }
        false
    }

    /// A planned write: its gate opens, and its preview begins.
    pub(super) fn open_gate(&mut self, run: RunId, request: Box<Request>) {
        let Some(cockpit) = self.cockpit() else {
            return;
        };
        let Some(Run { action, phase, .. }) = cockpit.runs.get_mut(&run) else {
            return;
        };
        let Some(action) = cockpit.playbook.actions.get(action).cloned() else {
            return;
        };
        let counted = counts_rows(&action, &request);
        let derived = derived_request(&request);
        *phase = RunPhase::Previewing(request);
        let field = |asked: bool| asked.then(|| Editor::line(""));
        self.open_overlay(Overlay::Gate(Box::new(GateForm {
            run,
            preview: Preview::None,
            target: Editor::line(""),
            ceiling: field(counted),
            approver: field(action.approve >= 2),
            selected: 0,
            top: 0,
            error: None,
        })));
        if action.language == Language::Message {
            return;
        }
        match &action.preview {
            Some(preview) => self.plan_preview(run, &preview.clone()),
            None if action.preserves => {}
            None => {
                if let Some(derived) = derived {
                    let id = derived.action.clone();
                    let phase = RunPhase::Confirming(Box::new(derived));
                    let preview = self.begin_preview(run, id, phase);
                    self.record_intent(preview);
                }
            }
        }
    }

    fn plan_preview(&mut self, write: RunId, id: &ActionId) {
        let found = self.state.cockpit().map(|cockpit| {
            let Some(action) = cockpit.playbook.actions.get(id) else {
                return Err(format!("the playbook has no action {id}"));
            };
            let missing = cockpit.missing_inputs(action);
            if action.effect == ActionEffect::Write {
                Err(format!("{id} is no read, so it is not run as a preview"))
            } else if missing.is_empty() {
                Ok(action.clone())
            } else {
                let names: Vec<&str> = missing.iter().map(InputId::as_str).collect();
                Err(format!("{id} needs {}", names.join(", ")))
            }
        });
        match found {
            Some(Ok(action)) => {
                let Some(context) = self.plan_context(&action, None) else {
                    return;
                };
                let run = self.begin_preview(write, id.clone(), RunPhase::Planning);
                self.effect(Effect::Plan {
                    run,
                    action: Box::new(action),
                    context,
                });
            }
            Some(Err(reason)) => self.preview_failed(write, &reason),
            None => {}
        }
    }

    /// The run of a write's preview that has not ended.
    fn preview_run(&self, write: RunId) -> Option<RunId> {
        let runs = &self.state.cockpit()?.runs;
        runs.iter()
            .find(|(_, run)| run.preview_of == Some(write))
            .map(|(id, _)| *id)
    }

    fn begin_preview(&mut self, write: RunId, action: ActionId, phase: RunPhase) -> RunId {
        let run = RunId(self.next_number());
        if let Some(cockpit) = self.cockpit() {
            cockpit.runs.insert(
                run,
                Run {
                    action,
                    poll: false,
                    preview_of: Some(write),
                    gate: None,
                    edited: false,
                    phase,
                },
            );
        }
        if let Some(form) = self.gate_of(write) {
            form.preview = Preview::Running;
        }
        run
    }

    /// The preview of a write is planned: it is a read, recorded like any other, and sent at once.
    pub(super) fn preview_planned(
        &mut self,
        run: RunId,
        write: RunId,
        result: Result<Box<Request>, PlanError>,
    ) {
        let Some(cockpit) = self.cockpit() else {
            return;
        };
        let reason = match result {
            Ok(request) if request.effect == ActionEffect::Read => {
                if let Some(run) = cockpit.runs.get_mut(&run) {
                    run.phase = RunPhase::Confirming(request);
                }
                self.record_intent(run);
                return;
            }
            Ok(_) => "it would change something itself".to_owned(),
            Err(error) => error.to_string(),
        };
        cockpit.runs.remove(&run);
        self.preview_failed(write, &reason);
    }

    /// The preview of a write ended: its rows are looked at.
    pub(super) fn preview_ended(
        &mut self,
        write: RunId,
        action: &ActionId,
        result: &Result<Outcome, RunError>,
    ) {
        if self.gate_of(write).is_none() {
            return;
        }
        let operator = self.state.operator.clone();
        let answer = self
            .state
            .cockpit()
            .and_then(|cockpit| cockpit.results.get(action))
            .and_then(ActionResult::answer);
        match (result, answer) {
            (Ok(_), Some(answer)) => self.effect(Effect::LookAtPreview {
                run: write,
                answer: Box::new(answer),
                operator,
            }),
            (Ok(_), None) => self.preview_failed(write, "its rows are gone"),
            (Err(error), _) => self.preview_failed(write, &error.to_string()),
        }
    }

    /// The preview will not come: its intent was refused, or it could not be sent.
    pub(super) fn preview_failed(&mut self, write: RunId, reason: &str) {
        let reason = sanitize(reason);
        if let Some(form) = self.gate_of(write) {
            form.preview = Preview::Failed(reason);
        }
    }

    /// A preview was looked at.
    pub(super) fn preview_seen(&mut self, run: RunId, sample: Vec<Row>, own: u64) {
        let Some(cockpit) = self.state.cockpit() else {
            return;
        };
        let Some(action) = cockpit
            .runs
            .get(&run)
            .and_then(|run| cockpit.playbook.actions.get(&run.action))
        else {
            return;
        };
        let max_rows = action.max_rows;
        let id = action
            .preview
            .clone()
            .unwrap_or_else(|| derived_id(&action.id));
        let Some(result) = cockpit.results.get(&id) else {
            return;
        };
        let Some((_, Ok(outcome))) = &result.end else {
            return;
        };
        let cut =
            outcome.truncated.is_some() || outcome.partial.is_some() || outcome.blind.is_some();
        let (rows, columns, sample) = match &result.content {
            Content::Table(table) => (table.total, table.columns.clone(), sample),
            Content::Output(output) => {
                let lines = output.lines.iter().take(limits::PREVIEW_ROWS);
                let lines = lines.map(|line| vec![Some(line.text.as_str().into())]);
                (output.lines.len() as u64, Vec::new(), lines.collect())
            }
            Content::Nothing | Content::Chart(_) => (0, Vec::new(), Vec::new()),
        };
        let intent = result.intent;
        let Some(form) = self.gate_of(run) else {
            return;
        };
        if form.preview != Preview::Running {
            return;
        }
        if let Some(editor) = &mut form.ceiling
            && editor.is_empty()
            && !cut
            && !columns.is_empty()
        {
            *editor = Editor::line(&offered(rows, max_rows).to_string());
        }
        form.preview = Preview::Seen {
            intent,
            rows,
            cut,
            columns,
            sample,
            own,
        };
    }

    /// The gate of a write, wherever it stands among the dialogs.
    fn gate_of(&mut self, write: RunId) -> Option<&mut GateForm> {
        self.state
            .overlays
            .iter_mut()
            .rev()
            .find_map(|overlay| match overlay {
                Overlay::Gate(form) if form.run == write => Some(form.as_mut()),
                _ => None,
            })
    }

    /// A key in the gate.
    pub(super) fn gate_key(
        &mut self,
        mut form: Box<GateForm>,
        command: Option<Command>,
        chord: Chord,
    ) {
        const LINES: usize = 5;
        let fields = form.fields();
        match command {
            Some(Command::TextDismiss) => return self.leave_gate(form.run),
            Some(Command::TextAccept) => return self.accept_gate(form),
            Some(Command::NextField) => form.selected = (form.selected + 1) % fields,
            Some(Command::PreviousField) => form.selected = (form.selected + fields - 1) % fields,
            Some(Command::PageUp) => form.top = form.top.saturating_sub(LINES),
            Some(Command::PageDown) => form.top += LINES,
            _ => {
                if let Some(editor) = form.field() {
                    editor.feed(chord);
                }
            }
        }
        self.open_overlay(Overlay::Gate(form));
    }

    /// Nothing is sent; a preview that still runs is stopped.
    fn leave_gate(&mut self, write: RunId) {
        let preview = self.preview_run(write);
        let Some(cockpit) = self.cockpit() else {
            return;
        };
        cockpit.runs.remove(&write);
        if let Some(preview) = preview {
            match cockpit.runs.get_mut(&preview).map(|run| &mut run.phase) {
                Some(RunPhase::Running { cancelling, .. }) => {
                    *cancelling = true;
                    self.effect(Effect::Cancel(preview));
                }
                Some(RunPhase::Planning) => drop(cockpit.runs.remove(&preview)),
                Some(
                    RunPhase::Previewing(_)
                    | RunPhase::Confirming(_)
                    | RunPhase::Recording(_)
                    | RunPhase::Judging { .. },
                )
                | None => {}
            }
        }
        self.say("not sent");
    }

    /// Goes on only when everything is right: then the intent is recorded with what was seen and typed.
    fn accept_gate(&mut self, mut form: Box<GateForm>) {
        let operator = self.state.operator.clone();
        let Some(cockpit) = self.cockpit() else {
            return;
        };
        let Some(run) = cockpit.runs.get_mut(&form.run) else {
            return;
        };
        let RunPhase::Previewing(request) = &run.phase else {
            return;
        };
        let Some(action) = cockpit.playbook.actions.get(&run.action) else {
            return;
        };
        match form.accepted(action, request, &operator) {
            Ok(gate) => {
                let mut request = request.clone();
                request.ceiling = gate.ceiling;
                run.gate = Some(gate);
                run.phase = RunPhase::Confirming(request);
                self.record_intent(form.run);
            }
            Err((field, error)) => {
                form.selected = field;
                form.error = Some(sanitize(&error));
                self.open_overlay(Overlay::Gate(form));
            }
        }
    }

    /// Says what a write did, and how to undo it.
    pub(super) fn say_what_changed(&mut self, action: &ActionId, outcome: &Outcome) {
        let Some(cockpit) = self.state.cockpit() else {
            return;
        };
        let title = cockpit.title_of(action);
        let undo = cockpit
            .playbook
            .actions
            .get(action)
            .and_then(|action| undo::sentence(action.undo.as_deref()))
            .map_or_else(String::new, |undo| format!(". {undo}"));
        let text = match outcome.rows {
            Some(0) => format!("0 rows were touched: nothing changed · {title}"),
            Some(1) => format!("1 row was touched{undo} · {title}"),
            Some(rows) => format!("{rows} rows were touched{undo} · {title}"),
            None => format!("done{undo} · {title}"),
        };
        self.say(text);
    }
}

/// The step a write stands in, what that requires and is neither there nor waived, and whether it is containment.
fn unmet(cockpit: &Cockpit, action: &ActionId) -> Option<(StepId, Vec<String>, bool)> {
    let (phase, step) = cockpit
        .playbook
        .steps()
        .find(|(_, step)| step.actions().any(|id| id == action))?;
    let view = cockpit.view.step(&step.id)?;
    // A waiver counts from the moment it is given; a record that cannot be written refuses the write by itself.
    let given = cockpit.pending.values().any(
        |pending| matches!(&pending.body, Body::RequirementWaived { step: of, .. } if *of == step.id),
    );
    if view.missing.is_empty() || given {
        return None;
    }
    let kind = cockpit.playbook.phases.get(phase).map(|phase| phase.kind);
    Some((
        step.id.clone(),
        view.missing.clone(),
        kind == Some(PhaseKind::Contain),
    ))
}
