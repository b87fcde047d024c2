//! Editing the text of an action before it runs.

use super::dialog::{Chosen, Overlay};
use super::steps::GuideItem;
use super::turn::Turn;
use crate::editor::Editor;
use crate::layout::PaneKind;
use crate::model::ids::{ActionId, RunId};
use crate::model::playbook::Block;
use crate::model::safe_text::SafeText;

impl Turn<'_> {
    /// The edit key: the selected action, the step's only one, or a choice.
    pub(super) fn choose_edit(&mut self) {
        let Some(cockpit) = self.state.cockpit() else {
            return;
        };
        let selected = cockpit.guide_items().get(cockpit.guide_selected).cloned();
        let actions: Vec<ActionId> = cockpit
            .shown_step()
            .map_or(&[][..], |step| &step.body)
            .iter()
            .filter_map(|block| match block {
                Block::Action(id) => Some(id.clone()),
                Block::Prose(_) | Block::Check(_) | Block::Notes(_) => None,
            })
            .collect();
        match (selected, actions.as_slice()) {
            (Some(GuideItem::Action(action)), _) if cockpit.focus == PaneKind::Guide => {
                self.edit(&action);
            }
            (_, []) => self.say("this step has no action to edit"),
            (_, [action]) => self.edit(&action.clone()),
            (_, several) => {
                let items = several
                    .iter()
                    .map(|action| (self.action_label(action), Chosen::Edit(action.clone())))
                    .collect();
                self.open_overlay(Overlay::Choose {
                    title: vec![SafeText::fixed("Edit which action?")],
                    items,
                    selected: 0,
                });
            }
        }
    }

    pub(super) fn edit(&mut self, action: &ActionId) {
        if self.is_message(action) {
            return self.write_message(action);
        }
        let text = self
            .state
            .cockpit()
            .and_then(|cockpit| cockpit.playbook.actions.get(action))
            .map(|action| action.text.clone());
        if let Some(text) = text {
            self.open_overlay(Overlay::Query {
                action: action.clone(),
                editor: Editor::text(&text),
            });
        }
    }

    /// From the shown request back to its text.
    pub(super) fn edit_planned(&mut self, run: RunId) {
        let action = self
            .cockpit()
            .and_then(|cockpit| cockpit.runs.remove(&run))
            .map(|run| run.action);
        if let Some(action) = action {
            self.edit(&action);
        }
    }
}
