//! A source that waits until the operator has signed in: the dialog with the page and the code.
//!
//! The waiting itself is the source's; a dialog that is closed changes nothing about it.

use crate::model::ids::RunId;
use crate::model::request::SignInPrompt;

use super::command::Command;
use super::dialog::Overlay;
use super::effect::Effect;
use super::turn::Turn;

impl Turn<'_> {
    /// A source asks for a sign-in, or is done with it. The dialog never comes between the operator and what is being typed: it waits below.
    pub(super) fn sign_in(&mut self, run: RunId, prompt: Option<SignInPrompt>) {
        self.end_sign_in(run);
        let Some(prompt) = prompt else {
            return;
        };
        let until = self
            .state
            .now
            .checked_add(prompt.lasts)
            .unwrap_or(self.state.now);
        if !self.state.overlays.is_empty() {
            self.say("a source waits for a sign-in: close this dialog to see how");
        }
        self.state
            .overlays
            .insert(0, Overlay::SignIn { run, prompt, until });
    }

    /// The run has ended, or has what it waited for.
    pub(super) fn end_sign_in(&mut self, run: RunId) {
        self.state
            .overlays
            .retain(|overlay| !matches!(overlay, Overlay::SignIn { run: of, .. } if *of == run));
    }

    /// A key in the dialog. False when it closes.
    pub(super) fn sign_in_key(&mut self, prompt: &SignInPrompt, command: Option<Command>) -> bool {
        match command {
            Some(Command::Accept) => false,
            Some(Command::CopyCode) => {
                self.effect(Effect::Copy(prompt.code.clone()));
                self.say("the code is on its way to the clipboard, where the terminal allows it");
                true
            }
            _ => true,
        }
    }
}
