//! The form of the gate: what is typed, and whether it may pass. It sends nothing.

use crate::editor::Editor;
use crate::model::ids::RunId;
use crate::model::limits;
use crate::model::playbook::Action;
use crate::model::request::{Payload, Request};
use crate::model::safe_text::SafeText;
use crate::model::table::{Column, Row};
use crate::record::entry::{Approval, Gate, Hash};

/// The dialog of the gate.
#[derive(Debug, Clone, PartialEq)]
pub struct GateForm {
    /// The write; its request is in its phase.
    pub run: RunId,
    /// What the preview showed.
    pub preview: Preview,
    /// The target's name, as typed.
    pub target: Editor,
    /// Rows that it may touch at most, as typed; none where rows are not counted.
    pub ceiling: Option<Editor>,
    /// Who else agreed, as typed; none where one person is enough.
    pub approver: Option<Editor>,
    /// The field that takes keys: 0 target, then ceiling and approver where they are.
    pub selected: usize,
    /// First line of the text that is shown.
    pub top: usize,
    /// What is wrong.
    pub error: Option<SafeText>,
}

/// What a preview showed.
#[derive(Debug, Clone, PartialEq)]
pub enum Preview {
    /// It is under way.
    Running,
    /// There is none: said plainly.
    None,
    /// It could not be had; the reason.
    Failed(SafeText),
    /// It counted.
    Seen {
        /// The preview's intent.
        intent: Option<Hash>,
        /// Rows that the write would touch.
        rows: u64,
        /// The count is cut: there are more.
        cut: bool,
        /// Columns of the sample.
        columns: Vec<Column>,
        /// The first rows.
        sample: Vec<Row>,
        /// Rows that name the operator.
        own: u64,
    },
}

impl GateForm {
    /// The field that takes keys.
    pub(in crate::engine) fn field(&mut self) -> Option<&mut Editor> {
        self.error = None;
        let Self {
            target,
            ceiling,
            approver,
            selected,
            ..
        } = self;
        [Some(target), ceiling.as_mut(), approver.as_mut()]
            .into_iter()
            .flatten()
            .nth(*selected)
    }
}

impl GateForm {
    /// Fields there are: the target is always asked for.
    pub(super) fn fields(&self) -> usize {
        1 + usize::from(self.ceiling.is_some()) + usize::from(self.approver.is_some())
    }

    /// Position of the approver's field.
    fn approver_field(&self) -> usize {
        1 + usize::from(self.ceiling.is_some())
    }

    /// A paste into the gate. The target's name is typed, so that it was read.
    pub(in crate::engine) fn paste(&mut self, text: &str) {
        if self.selected == 0 {
            self.error = Some(SafeText::fixed(
                "type the target's name; a paste proves nothing",
            ));
        } else if let Some(editor) = self.field() {
            editor.paste(text);
        }
    }

    /// What was accepted, or the field that is wrong and why.
    pub(super) fn accepted(
        &self,
        action: &Action,
        request: &Request,
        operator: &str,
    ) -> Result<Gate, (usize, String)> {
        if self.preview == Preview::Running {
            return Err((
                self.selected,
                "the preview is still under way: wait for its end".into(),
            ));
        }
        let typed = self.target.content();
        let name = request.source.as_str();
        if typed.trim() != name {
            let found = match typed.trim() {
                "" => format!("type the target's name in full: {name}"),
                other => format!("{other:?} is not the target: its name is {name}"),
            };
            return Err((0, found));
        }
        let ceiling = match &self.ceiling {
            Some(editor) => {
                Some(ceiling(&editor.content(), action.max_rows).map_err(|reason| (1, reason))?)
            }
            None => None,
        };
        let approvals = match &self.approver {
            Some(editor) => approvals(&editor.content(), action.approve, operator)
                .map_err(|reason| (self.approver_field(), reason))?,
            None => Vec::new(),
        };
        let (preview, preview_rows) = match &self.preview {
            Preview::Seen {
                intent,
                rows,
                columns,
                ..
            } => (*intent, (!columns.is_empty()).then_some(*rows)),
            Preview::Running | Preview::None | Preview::Failed(_) => (None, None),
        };
        Ok(Gate {
            preview_rows,
            preview,
            ceiling: ceiling.or_else(|| uncounted_ceiling(action, request)),
            typed: name.to_owned(),
            approvals,
        })
    }
}

/// The ceiling as typed: a number, and not above what the playbook allows.
fn ceiling(typed: &str, max_rows: Option<u64>) -> Result<u64, String> {
    let number: u64 = typed
        .trim()
        .parse()
        .map_err(|_| "type how many rows it may touch at most: a whole number".to_owned())?;
    match max_rows {
        Some(most) if number > most => Err(format!(
            "{number} is above max-rows: the playbook allows at most {most}"
        )),
        _ => Ok(number),
    }
}

/// Where no count is asked for, an SQL write has a ceiling all the same: its source takes none without.
fn uncounted_ceiling(action: &Action, request: &Request) -> Option<u64> {
    match &request.payload {
        Payload::Sql { .. } if action.preserves => {
            Some(action.max_rows.unwrap_or(limits::ROWS_MAX))
        }
        Payload::Sql { .. } => Some(0),
        Payload::Promql { .. }
        | Payload::Kql { .. }
        | Payload::Http { .. }
        | Payload::Shell { .. }
        | Payload::Message(_) => None,
    }
}

/// Everybody who is said to have agreed: as many as the playbook asks for, none of them the operator.
fn approvals(typed: &str, approve: u8, operator: &str) -> Result<Vec<Approval>, String> {
    let others = usize::from(approve.saturating_sub(1));
    let mut persons: Vec<&str> = Vec::new();
    for person in typed.split(',').map(str::trim) {
        let known = persons
            .iter()
            .any(|known| known.eq_ignore_ascii_case(person));
        if !person.is_empty() && !known {
            persons.push(person);
        }
    }
    if let Some(own) = persons
        .iter()
        .find(|person| person.eq_ignore_ascii_case(operator))
    {
        return Err(format!(
            "{own} is you: {approve} persons must agree, and the others are somebody else"
        ));
    }
    if persons.len() < others {
        return Err(if others == 1 {
            "type who else agreed to exactly this".to_owned()
        } else {
            format!("type the {others} others who agreed to exactly this, parted by commas")
        });
    }
    Ok(persons
        .into_iter()
        .map(|person| Approval {
            person: person.to_owned(),
            how: "reported".into(),
        })
        .collect())
}

/// What is offered as ceiling: a tenth more than the preview counted, and never more than the playbook allows.
pub(super) fn offered(rows: u64, max_rows: Option<u64>) -> u64 {
    let offer = rows.saturating_add(rows.div_ceil(10));
    max_rows.map_or(offer, |most| offer.min(most))
}
