//! The home screen: what is there, what matches the filter, what is opened.

use super::command::Command;
use super::effect::{DrillRequest, Effect, OpenRequest, Purpose};
use super::fuzzy;
use super::state::{Home, HomeItem, Screen};
use super::turn::Turn;
use crate::editor::Editor;
use crate::keymap::Chord;

impl Turn<'_> {
    pub(super) fn home_loaded(&mut self, items: Vec<HomeItem>, last: bool) {
        let Screen::Home(home) = &mut self.state.screen else {
            return;
        };
        home.items.extend(items);
        home.loaded |= last;
        home.search();
    }

    pub(super) fn home_command(&mut self, command: Command) {
        let Screen::Home(home) = &mut self.state.screen else {
            return;
        };
        let last = home.matches.len().saturating_sub(1);
        let page = usize::from(self.state.size.1.saturating_sub(6)).max(1);
        match command {
            Command::Up => home.selected = home.selected.saturating_sub(1),
            Command::Down => home.selected = (home.selected + 1).min(last),
            Command::PageUp => home.selected = home.selected.saturating_sub(page),
            Command::PageDown => home.selected = (home.selected + page).min(last),
            Command::First => home.selected = 0,
            Command::Last => home.selected = last,
            Command::Filter => home.filtering = true,
            Command::Select => self.open_selected(),
            Command::WalkThrough => self.walk_through_selected(),
            _ => {}
        }
    }

    /// Keys of the filter line.
    pub(super) fn home_text(&mut self, command: Option<Command>, chord: Chord) {
        let Screen::Home(home) = &mut self.state.screen else {
            return;
        };
        match command {
            Some(Command::TextAccept) => self.open_selected(),
            Some(Command::TextDismiss) => {
                home.filtering = false;
                home.filter = Editor::default();
                home.search();
            }
            Some(Command::NextField) => self.home_command(Command::Down),
            Some(Command::PreviousField) => self.home_command(Command::Up),
            _ => {
                home.filter.feed(chord);
                home.selected = 0;
                home.search();
            }
        }
    }

    fn selected(&self) -> Option<&HomeItem> {
        let Screen::Home(home) = &self.state.screen else {
            return None;
        };
        home.items.get(*home.matches.get(home.selected)?)
    }

    /// Walks through the selected playbook; nothing else can be walked through.
    fn walk_through_selected(&mut self) {
        let Some(HomeItem::Playbook { path, .. }) = self.selected() else {
            return self.say("only a playbook can be walked through: select one");
        };
        let request = OpenRequest {
            purpose: Purpose::Walkthrough,
            playbook: path.clone(),
            ..OpenRequest::default()
        };
        self.effect(Effect::Open(request));
        self.say("opening …");
    }

    fn open_selected(&mut self) {
        let Some(item) = self.selected() else {
            return;
        };
        let effect = match item {
            HomeItem::Incident { id, .. } => Effect::Resume(*id),
            HomeItem::Drill { id, playbook, .. } => Effect::Open(OpenRequest {
                purpose: Purpose::Drill(DrillRequest {
                    scenario: id.clone(),
                    seed: None,
                    speed: None,
                }),
                playbook: playbook.to_string(),
                ..OpenRequest::default()
            }),
            HomeItem::Playbook { path, .. } => Effect::Open(OpenRequest {
                playbook: path.clone(),
                ..OpenRequest::default()
            }),
        };
        self.effect(effect);
        self.say("opening …");
    }
}

impl Home {
    /// Recomputes the matches; incidents stay before playbooks, and drills behind them, whatever their score.
    pub(super) fn search(&mut self) {
        // Rows are only ever added.
        let new = self.items.iter().skip(self.texts.len());
        self.texts.extend(new.map(HomeItem::search_text));
        self.matches = fuzzy::search(&self.filter.content(), &self.texts);
        self.matches
            .sort_by_key(|index| match self.items.get(*index) {
                Some(HomeItem::Incident { .. }) => 0,
                Some(HomeItem::Playbook {
                    used_at: Some(_), ..
                }) => 1,
                Some(HomeItem::Playbook { .. }) | None => 2,
                Some(HomeItem::Drill { .. }) => 3,
            });
        self.selected = self.selected.min(self.matches.len().saturating_sub(1));
    }
}

impl HomeItem {
    fn search_text(&self) -> String {
        match self {
            Self::Incident { id, title, .. } => format!("{title} {}", id.short()),
            Self::Drill {
                id, title, summary, ..
            } => format!("drill {title} {id} {summary}"),
            Self::Playbook {
                id,
                title,
                summary,
                alerts,
                ..
            } => {
                format!("{title} {id} {} {summary}", alerts.join(" "))
            }
        }
    }
}
