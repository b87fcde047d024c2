//! Moving: between panes, and within the pane that has the focus.

use std::borrow::Cow;

use crate::layout::{Layout, Layouts, PaneKind};

use super::command::Command;
use super::state::Cockpit;
use super::text::move_within;
use super::turn::Turn;

/// Lines the guide can be scrolled beyond its selected item.
const GUIDE_LINES: usize = 200;

impl Cockpit {
    /// The layout for a size: a playbook without live panes leaves their room to the others.
    pub fn layout<'l>(&self, layouts: &'l Layouts, size: (u16, u16)) -> Cow<'l, Layout> {
        let layout = layouts.choose(size, self.incident.mode);
        if self.watches.is_empty() {
            Cow::Owned(layout.without(PaneKind::Watch))
        } else {
            Cow::Borrowed(layout)
        }
    }
}

impl Turn<'_> {
    pub(super) fn move_focus(&mut self, by: isize) {
        let size = self.state.size;
        let Some(cockpit) = self.state.cockpit() else {
            return;
        };
        let panes = cockpit.layout(&self.state.layouts, size).panes();
        let count = panes.len().max(1);
        let position = panes
            .iter()
            .position(|pane| *pane == cockpit.focus)
            .unwrap_or(0);
        let next = panes
            .get((position + count).saturating_add_signed(by) % count)
            .copied();
        if let (Some(cockpit), Some(next)) = (self.cockpit(), next) {
            cockpit.focus = next;
        }
    }

    pub(super) fn navigate(&mut self, command: Command) {
        let Some(focus) = self.state.cockpit().map(|cockpit| cockpit.focus) else {
            return;
        };
        match focus {
            PaneKind::Steps => self.move_in_steps(command),
            PaneKind::Guide => self.move_in_guide(command),
            PaneKind::Watch => match command {
                Command::Up => self.watch_command(Command::PreviousWatch),
                Command::Down => self.watch_command(Command::NextWatch),
                other => self.watch_command(other),
            },
            PaneKind::Result => self.move_in_result(command),
            PaneKind::Timeline => self.move_in_timeline(command),
        }
    }

    fn move_in_steps(&mut self, command: Command) {
        let page = self
            .pane_area(PaneKind::Steps)
            .map_or(10, |area| usize::from(area.height.saturating_sub(2)).max(1));
        let Some(cockpit) = self.cockpit() else {
            return;
        };
        let steps: Vec<_> = cockpit
            .playbook
            .steps()
            .map(|(_, step)| step.id.clone())
            .collect();
        let mut selected = steps
            .iter()
            .position(|step| *step == cockpit.step)
            .unwrap_or(0);
        move_within(&mut selected, steps.len(), page, Some(command));
        if let Some(step) = steps.get(selected) {
            cockpit.show_step(step.clone());
        }
    }

    /// Left and right walk the steps, so that a small screen needs no other pane for it.
    fn move_in_guide(&mut self, command: Command) {
        match command {
            Command::Left => self.move_in_steps(Command::Up),
            Command::Right => self.move_in_steps(Command::Down),
            _ => {
                if let Some(cockpit) = self.cockpit() {
                    let count = Cockpit::guide_items(cockpit).len();
                    let before = cockpit.guide_selected;
                    move_within(&mut cockpit.guide_selected, count, 5, Some(command));
                    // Text below the last item, or a step without any, is reached by scrolling.
                    if before == cockpit.guide_selected {
                        move_within(&mut cockpit.guide_top, GUIDE_LINES, 5, Some(command));
                    } else {
                        cockpit.guide_top = 0;
                    }
                }
            }
        }
    }
}
