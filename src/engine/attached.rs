//! Playbooks that are worked through in the same incident: asking for one, and what becomes of the work under way.

use std::sync::Arc;

use super::effect::Effect;
use super::turn::Turn;
use crate::model::ids::PlaybookId;
use crate::model::playbook::Playbook;

impl Turn<'_> {
    /// Attaches a playbook to the incident.
    pub(super) fn attach(&mut self, playbook: PlaybookId) {
        let Some(cockpit) = self.state.cockpit() else {
            return;
        };
        if cockpit.has_playbook(&playbook) {
            return self.say(format!("{playbook} is part of this incident already"));
        }
        self.say(format!("attaching {playbook} …"));
        self.effect(Effect::AttachPlaybook(playbook));
    }

    /// Another playbook belongs to the incident now. What it adds stands behind what was there; nothing under way ends.
    pub(super) fn playbook_attached(
        &mut self,
        playbook: &PlaybookId,
        merged: Result<Arc<Playbook>, String>,
    ) {
        let merged = match merged {
            Ok(merged) => merged,
            Err(reason) => return self.complain(reason),
        };
        let now = self.state.now;
        let Some(cockpit) = self
            .cockpit()
            .filter(|open| open.incident.playbook == merged.id)
        else {
            return;
        };
        let before = std::mem::replace(&mut cockpit.playbook, merged);
        let merged = Arc::clone(&cockpit.playbook);
        let given_up = cockpit.keep_watches(&before, now);
        cockpit.refresh_view();
        let added = merged.phases.get(before.phases.len()..).unwrap_or_default();
        let steps: usize = added.iter().map(|phase| phase.steps.len()).sum();
        let first = added.iter().flat_map(|phase| &phase.steps).next();
        // Its entry may come later than this: what was asked for says which it is.
        let chosen_here = cockpit.shows_the_way_to(playbook);
        if let Some(first) = first.filter(|_| chosen_here) {
            cockpit.show_step(first.id.clone());
        }
        for run in given_up {
            self.effect(Effect::Cancel(run));
        }
        match first {
            Some(first) => self.say(format!(
                "{playbook} is attached: {} phases, {steps} steps; its first is {}",
                added.len(),
                first.title
            )),
            None => self.say(format!("{playbook} is part of this incident already")),
        }
        self.poll_what_is_due();
    }
}
