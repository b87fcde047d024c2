//! The end: what is still open, follow-ups, resolving, closing, reopening.

use super::command::Command;
use super::state::Overlay;
use super::turn::Turn;
use crate::keymap::Chord;

impl Turn<'_> {
    /// Opens the list of what is still open.
    pub(super) fn open_closing(&mut self) {
        self.open_overlay(Overlay::Closing { selected: 0 });
    }

    /// A key in that list.
    pub(super) fn closing_key(
        &mut self,
        selected: usize,
        _command: Option<Command>,
        _chord: Chord,
    ) {
        self.open_overlay(Overlay::Closing { selected });
    }

    /// The report was written, or not.
    pub(super) fn report_written(&mut self, _path: Result<String, String>) {}
}
