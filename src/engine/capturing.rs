//! Evidence: what a pane shows is kept on one key; what the playbook asks for is listed.

use super::command::Command;
use super::state::Overlay;
use super::turn::Turn;
use crate::capture::KeptFile;
use crate::keymap::Chord;

impl Turn<'_> {
    /// Keeps what the focused pane shows.
    pub(super) fn capture(&mut self) {
        self.say("there is nothing to capture");
    }

    /// What a pane shows was kept, or not.
    pub(super) fn captured(&mut self, _kept: Result<Vec<KeptFile>, String>) {}

    /// Opens the list of evidence.
    pub(super) fn open_evidence(&mut self) {
        self.open_overlay(Overlay::Evidence { selected: 0 });
    }

    /// A key in the list of evidence.
    pub(super) fn evidence_key(
        &mut self,
        selected: usize,
        _command: Option<Command>,
        _chord: Chord,
    ) {
        self.open_overlay(Overlay::Evidence { selected });
    }
}
