//! A drill speaks: somebody writes, asks or calls, and the operator hears of it.
//!
//! What is told stands on the timeline; the dialog is there to be read, and closing it changes nothing.

use std::sync::Arc;

use crate::model::safe_text::sanitize;
use crate::record::entry::{Body, Sealed};

use super::dialog::Overlay;
use super::turn::Turn;

impl Turn<'_> {
    /// A drill that begins tells what the operator was paged for. One that goes on does not again.
    pub(super) fn hear_the_page(&mut self) {
        let page = self.state.cockpit().and_then(|cockpit| {
            let entries = &cockpit.timeline.entries;
            let begins = cockpit.incident.sessions.len() == 1 && cockpit.incident.steps.is_empty();
            let told = |sealed: &&Arc<Sealed>| {
                matches!(sealed.body, Some(Body::DrillInjected { .. }))
                    && sealed.entry.writer == cockpit.writer
            };
            entries.iter().find(told).filter(|_| begins).cloned()
        });
        if let Some(page) = page {
            self.hear(&page);
        }
    }

    /// An entry that may be an inject. Its dialog never comes between the operator and what is being typed: it waits below.
    pub(super) fn hear(&mut self, sealed: &Sealed) {
        let Some(Body::DrillInjected { from, text, .. }) = &sealed.body else {
            return;
        };
        if text.is_empty() {
            return;
        }
        let heard = self
            .state
            .overlays
            .iter()
            .filter(|overlay| matches!(overlay, Overlay::Told { .. }))
            .count();
        if self.state.overlays.len() > heard {
            self.say(format!(
                "{from} has something to say: close this dialog to read it"
            ));
        }
        // What was said first is read first: the topmost one.
        self.state.overlays.insert(
            0,
            Overlay::Told {
                from: sanitize(from),
                text: text.clone(),
                at: sealed.entry.when(),
            },
        );
    }
}
