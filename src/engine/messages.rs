//! Messages: filled, edited, held back or let go, then copied, saved or posted.

use super::command::Command;
use super::state::Overlay;
use super::turn::Turn;
use crate::editor::Editor;
use crate::keymap::Chord;
use crate::message::{Draft, FillError};
use crate::model::ids::{ActionId, SourceName};
use crate::model::safe_text::SafeText;

/// The dialog in which a message is written.
#[derive(Debug, Clone, PartialEq)]
pub struct DraftForm {
    /// The message's action.
    pub action: ActionId,
    /// All drafts of it: one, or one a value of `for-each`.
    pub drafts: Vec<Draft>,
    /// The one on screen.
    pub index: usize,
    /// Its text.
    pub editor: Editor,
    /// What holds it back, once it was accepted.
    pub held_back: Vec<SafeText>,
}

/// A way out for a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Channel {
    /// To the clipboard, with OSC 52; the operator says afterwards where it went.
    Clipboard,
    /// To a file of the incident.
    File,
    /// Posted to a source that takes messages.
    Source(SourceName),
}

impl Turn<'_> {
    /// Chooses which message to write.
    pub(super) fn choose_message(&mut self) {
        self.say("this playbook has no messages");
    }

    /// Fills a message's template.
    pub(super) fn write_message(&mut self, _action: &ActionId) {}

    /// The template was filled, or not.
    pub(super) fn filled(&mut self, _action: ActionId, _drafts: Result<Vec<Draft>, FillError>) {}

    /// A key in the message.
    pub(super) fn draft_key(
        &mut self,
        form: Box<DraftForm>,
        _command: Option<Command>,
        _chord: Chord,
    ) {
        self.open_overlay(Overlay::Draft(form));
    }

    /// The accepted message goes out this way.
    pub(super) fn send_message(&mut self, _channel: &Channel) {}

    /// A message was written to a file.
    pub(super) fn message_saved(
        &mut self,
        _action: ActionId,
        _each: Option<String>,
        _path: Result<String, String>,
    ) {
    }
}
