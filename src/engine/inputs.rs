//! Inputs: what an action binds, the form that asks for it, and values taken from rows.

use std::time::Duration;

use crate::editor::Editor;
use crate::layout::PaneKind;
use crate::model::ids::{ActionId, InputId};
use crate::model::input::{self, Input, InputType, Origin};
use crate::model::playbook::{Action, Playbook};
use crate::model::request::BoundInput;
use crate::model::safe_text::{SafeText, sanitize};
use crate::model::table::{Column, Row};
use crate::model::{Timestamp, duration, timestamp_text};
use crate::record::entry::Body;

use super::state::{Chosen, Cockpit, Field, Form, Overlay};
use super::turn::Turn;

/// The look-back of a playbook that declares none.
pub const LOOKBACK_DEFAULT: Duration = Duration::from_hours(24);

impl Cockpit {
    /// The value an input has now: on its way to the record, recorded, or the playbook's default. That of a secret is a
    /// reference an operator gave, never one a playbook brings along: it may be a command.
    pub fn input_value(&self, id: &InputId) -> Option<String> {
        let declared = self.playbook.inputs.get(id);
        let is_secret = declared.is_some_and(|input| input.kind == InputType::Secret);
        let on_its_way = self
            .pending
            .values()
            .rev()
            .find_map(|pending| match &pending.body {
                Body::InputSet { input, value, .. } if input == id => Some(value.clone()),
                _ => None,
            });
        on_its_way
            .or_else(|| {
                self.incident
                    .inputs
                    .get(id)
                    .map(|record| record.value.clone())
            })
            .or_else(|| {
                declared
                    .filter(|_| !is_secret)
                    .and_then(|input| input.default.clone())
            })
            // Under another playbook this input may have been no secret: what stands there is no reference.
            .filter(|value| !is_secret || input::secret_reference(value).is_some())
    }

    /// Inputs of an action that have no value.
    pub fn missing_inputs(&self, action: &Action) -> Vec<InputId> {
        action
            .inputs
            .iter()
            .filter(|id| self.value_or_example(id).is_none())
            .cloned()
            .collect()
    }

    /// The look-back window: anchored at the opening, or at `exposure_start` once that is set.
    pub(super) fn window(&self, now: Timestamp) -> (Timestamp, Timestamp) {
        let lookback = self
            .playbook
            .inputs
            .values()
            .find(|input| input.kind == InputType::Lookback)
            .and_then(|input| self.input_value(&input.id))
            .and_then(|text| duration::parse(&text))
            .unwrap_or(LOOKBACK_DEFAULT);
        let exposure_start = self
            .input_value(&"exposure_start".into())
            .and_then(|text| text.parse().ok());
        input::window(self.incident.opened_at, lookback, exposure_start, now)
    }

    /// Everything an action may bind: its inputs and the built-in names.
    pub(super) fn bound_inputs(
        &self,
        action: &Action,
        operator: &str,
        now: Timestamp,
    ) -> Vec<BoundInput> {
        let built_in = BuiltIn {
            window: self.window(now),
            opened_at: self.incident.opened_at,
            incident_id: self.incident.id.to_string(),
            operator: operator.to_owned(),
            example: false,
        };
        bind(&self.playbook, action, built_in, |id| {
            self.value_or_example(id)
        })
    }
}

/// The values of the built-in names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuiltIn {
    /// Start and end of the look-back window.
    pub window: (Timestamp, Timestamp),
    /// When the incident was opened.
    pub opened_at: Timestamp,
    /// Its id.
    pub incident_id: String,
    /// Who works on it.
    pub operator: String,
    /// There is no incident: these stand for one.
    pub example: bool,
}

/// Everything an action may bind: its inputs, each with a value and whether that is an example, and the built-in names.
/// Inputs without a value are left out.
pub fn bind(
    playbook: &Playbook,
    action: &Action,
    built_in: BuiltIn,
    value: impl Fn(&InputId) -> Option<(String, bool)>,
) -> Vec<BoundInput> {
    let declared = action.inputs.iter().filter_map(|id| {
        let input = playbook.inputs.get(id)?;
        let (text, example) = value(id)?;
        Some(BoundInput {
            id: id.clone(),
            kind: input.kind.word(),
            text,
            example,
            has_pattern: matches!(&input.kind, InputType::Text { pattern: Some(_) }),
        })
    });
    let (start, end) = built_in.window;
    let built_ins = [
        ("window_start", "datetime", timestamp_text(start)),
        ("window_end", "datetime", timestamp_text(end)),
        ("opened_at", "datetime", timestamp_text(built_in.opened_at)),
        ("incident_id", "text", built_in.incident_id),
        ("operator", "text", built_in.operator),
    ];
    let built_ins = built_ins.into_iter().map(|(id, kind, text)| BoundInput {
        id: id.into(),
        kind,
        text,
        example: built_in.example,
        has_pattern: false,
    });
    declared.chain(built_ins).collect()
}

impl Turn<'_> {
    /// Opens the form with every input of the playbook.
    pub(super) fn open_inputs(&mut self) {
        let Some(cockpit) = self.state.cockpit() else {
            return;
        };
        let fields: Vec<Field> = cockpit
            .playbook
            .inputs
            .values()
            .map(|input| field(cockpit, input))
            .collect();
        if fields.is_empty() {
            self.say("this playbook has no inputs");
            return;
        }
        self.open_overlay(Overlay::Form(Form {
            fields,
            selected: 0,
            then_run: None,
        }));
    }

    /// Asks for what an action still needs; it runs once all is well.
    pub(super) fn ask_for(&mut self, missing: &[InputId], action: &ActionId) {
        let Some(cockpit) = self.state.cockpit() else {
            return;
        };
        let fields: Vec<Field> = missing
            .iter()
            .filter_map(|id| cockpit.playbook.inputs.get(id))
            .map(|input| field(cockpit, input))
            .collect();
        if fields.is_empty() {
            let names: Vec<&str> = missing.iter().map(InputId::as_str).collect();
            self.complain(format!(
                "{action} needs {}, which the playbook does not declare",
                names.join(", ")
            ));
            return;
        }
        self.open_overlay(Overlay::Form(Form {
            fields,
            selected: 0,
            then_run: Some(action.clone()),
        }));
    }

    pub(super) fn accept_form(&mut self, mut form: Form) {
        let mut values = Vec::new();
        for field in &mut form.fields {
            let text = field.editor.content();
            if text.trim().is_empty() && form.then_run.is_none() {
                continue;
            }
            match input::check(&field.input, &text) {
                Ok(value) => values.push((field.input.clone(), value)),
                Err(error) => field.error = Some(sanitize(&error)),
            }
        }
        if let Some(wrong) = form.fields.iter().position(|field| field.error.is_some()) {
            form.selected = wrong;
            self.open_overlay(Overlay::Form(form));
            return;
        }
        for (input, value) in values {
            // A default may be written otherwise than it is kept: `24h` is `1d`.
            let unchanged = self
                .state
                .cockpit()
                .and_then(|cockpit| cockpit.input_value(&input.id))
                .is_some_and(|now| input::check(&input, &now).is_ok_and(|now| now == value));
            if !unchanged {
                self.set_input(&input, value, Origin::Typed);
            }
        }
        if let Some(action) = form.then_run {
            self.run_action(&action);
        } else if self.is_walkthrough() {
            self.show_again();
        }
    }

    fn set_input(&mut self, input: &Input, value: String, from: Origin) {
        let kind = input.kind.word().to_owned();
        self.append(Body::InputSet {
            input: input.id.clone(),
            value,
            kind,
            from,
        });
    }

    /// Takes a value from the selected row into an input that asks for such a column.
    pub(super) fn bind_row(&mut self, columns: &[Column], selected_column: usize, cells: &Row) {
        let Some(cockpit) = self.state.cockpit() else {
            return;
        };
        let mut items = Vec::new();
        for input in cockpit.playbook.inputs.values() {
            let names = input
                .from
                .iter()
                .map(String::as_str)
                .chain([input.id.as_str()]);
            let found = names.into_iter().find_map(|name| {
                let column = columns.iter().position(|column| column.name == name)?;
                let value = cells.get(column)?.as_deref();
                Some((column, value.filter(|value| !value.is_empty())?))
            });
            if let Some((column, value)) = found.filter(|_| input.kind != InputType::Secret) {
                let order = (column != selected_column, column);
                items.push((order, input.clone(), value.to_owned()));
            }
        }
        // What the cursor is on is meant first; then what the row begins with.
        items.sort_by_key(|(order, ..)| *order);
        let mut items: Vec<(Input, String)> = items
            .into_iter()
            .map(|(_, input, value)| (input, value))
            .collect();
        if let [(input, value)] = items.as_slice() {
            let (id, value) = (input.id.clone(), value.clone());
            self.bind_value(&id, &value);
            return;
        }
        if items.is_empty() {
            let Some(Some(value)) = cells.get(selected_column) else {
                self.say("no input takes a value of this row, and the selected cell is NULL");
                return;
            };
            let any = cockpit
                .playbook
                .inputs
                .values()
                .filter(|input| input.kind != InputType::Secret);
            items = any
                .map(|input| (input.clone(), value.to_string()))
                .collect();
        }
        let items: Vec<(SafeText, Chosen)> = items
            .into_iter()
            .map(|(input, value)| {
                let label = sanitize(&format!("{} = {value}", input.title));
                (
                    label,
                    Chosen::Bind {
                        input: input.id,
                        value,
                    },
                )
            })
            .collect();
        if items.is_empty() {
            self.say("this playbook has no inputs");
            return;
        }
        self.open_overlay(Overlay::Choose {
            title: vec![SafeText::fixed("Bind which input?")],
            items,
            selected: 0,
        });
    }

    pub(super) fn bind_value(&mut self, id: &InputId, value: &str) {
        let Some(input) = self
            .state
            .cockpit()
            .and_then(|cockpit| cockpit.playbook.inputs.get(id))
            .cloned()
        else {
            return;
        };
        match input::check(&input, value) {
            Ok(value) => {
                self.say(format!("{} = {value}", input.title));
                self.set_input(&input, value, Origin::Row);
            }
            Err(error) => self.complain(format!("{}: {value:?} {error}", input.title)),
        }
    }

    /// The bind key: reads the selected row of the result.
    pub(super) fn bind(&mut self) {
        let read = self.read_selected_row(super::event::RowPurpose::Bind);
        if !read {
            self.say("run a query first, then select the row to bind from");
        } else if let Some(cockpit) = self.cockpit()
            && cockpit.focus != PaneKind::Result
        {
            cockpit.focus = PaneKind::Result;
        }
    }
}

fn field(cockpit: &Cockpit, input: &Input) -> Field {
    Field {
        input: input.clone(),
        editor: Editor::line(&cockpit.input_value(&input.id).unwrap_or_default()),
        error: None,
    }
}
