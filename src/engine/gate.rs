//! The gate of a write: preview, target and ceiling, then the intent. Nothing that changes something passes elsewhere.

use super::command::Command;
use super::state::Overlay;
use super::turn::Turn;
use crate::editor::Editor;
use crate::keymap::Chord;
use crate::model::ids::RunId;
use crate::model::safe_text::SafeText;
use crate::model::table::{Column, Row};
use crate::record::entry::Hash;

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
    pub(super) fn field(&mut self) -> Option<&mut Editor> {
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

impl Turn<'_> {
    /// A key in the gate.
    pub(super) fn gate_key(&mut self, form: GateForm, _command: Option<Command>, _chord: Chord) {
        self.open_overlay(Overlay::Gate(form));
    }

    /// A preview was looked at.
    pub(super) fn preview_seen(&mut self, _run: RunId, _sample: Vec<Row>, _own: u64) {}
}
