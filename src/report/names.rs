//! What steps, actions and checks are called: by their titles, in quotation marks, so that no id and no title is read as a
//! word of the sentence around it.
//!
//! Returns text as the playbook has it: whoever shows it makes it safe first.

use crate::model::ids::{ActionId, CheckId, ClockId, StepId};
use crate::model::playbook::Playbook;

/// Titles of a playbook. Without one, or for what it does not have, the id stands in their place.
#[derive(Debug, Clone, Copy)]
pub struct Names<'a>(pub Option<&'a Playbook>);

impl Names<'_> {
    /// `“Identify the source”`
    pub fn action(self, id: &ActionId) -> String {
        let titled = |id: &str| Some(quoted(&self.0?.actions.get(id)?.title));
        // The preview that is derived from a write has no action of its own.
        let previewed = || {
            let write = titled(id.as_str().strip_suffix(".preview")?)?;
            Some(format!("{write} (its preview)"))
        };
        titled(id.as_str())
            .or_else(previewed)
            .unwrap_or_else(|| quoted(id.as_str()))
    }

    /// `“Revoke the sessions”, “Freeze the operation”`
    pub fn actions(self, ids: &[ActionId]) -> String {
        let titles: Vec<String> = ids.iter().map(|id| self.action(id)).collect();
        titles.join(", ")
    }

    /// `“Quantify the scope”`
    pub fn step(self, id: &StepId) -> String {
        let found = self.0.and_then(|playbook| playbook.step(id));
        quoted(found.map_or(id.as_str(), |step| step.title.as_str()))
    }

    /// `“The rows are saved”`
    pub fn check(self, id: &CheckId) -> String {
        let steps = self.0.into_iter().flat_map(Playbook::steps);
        let found = steps
            .flat_map(|(_, step)| step.checks())
            .find(|check| check.id == *id);
        quoted(found.map_or(id.as_str(), |check| check.text.as_str()))
    }

    /// `“Next internal update”`
    pub fn clock(self, id: &ClockId) -> String {
        let found = self.0.and_then(|playbook| playbook.clocks.get(id));
        quoted(found.map_or(id.as_str(), |clock| clock.title.as_str()))
    }

    /// What a requirement names: a step by id or forge slug, an action, or an item of the evidence table.
    pub fn requirement(self, name: &str) -> String {
        let title = self.0.and_then(|playbook| {
            let step = playbook
                .steps()
                .map(|(_, step)| step)
                .find(|step| step.id.as_str() == name || step.slug == name)
                .map(|step| step.title.as_str());
            let action = || Some(playbook.actions.get(name)?.title.as_str());
            let evidence = || Some(playbook.evidence.get(name)?.title.as_str());
            action().or(step).or_else(evidence)
        });
        quoted(title.unwrap_or(name))
    }
}

fn quoted(title: &str) -> String {
    format!("“{title}”")
}
