//! Clocks: what starts, is met or runs out is put on record; reasons and waivers are asked for.

use super::command::Command;
use super::state::Overlay;
use super::turn::Turn;
use crate::keymap::Chord;

impl Turn<'_> {
    /// Puts on record what has become of the clocks since the last entry or tick.
    pub(super) fn keep_clocks(&mut self) {}

    /// Opens the list of clocks.
    pub(super) fn open_clocks(&mut self) {
        self.open_overlay(Overlay::Clocks { selected: 0 });
    }

    /// A key in the list of clocks.
    pub(super) fn clocks_key(&mut self, selected: usize, _command: Option<Command>, _chord: Chord) {
        self.open_overlay(Overlay::Clocks { selected });
    }
}
