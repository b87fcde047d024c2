//! Keys: which command a chord means here, and who handles it.

use crate::keymap::{Chord, Key};
use crate::layout::PaneKind;
use crate::model::safe_text::SafeText;

use super::command::{COMMANDS, Command, Scope, is_text};
use super::effect::Effect;
use super::fuzzy;
use super::state::{Chosen, Cockpit, DecideForm, Overlay, Purpose, Run, RunPhase, Screen, State};
use super::turn::Turn;
use crate::editor::Editor;

/// What takes the keys now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    TextDialog,
    Dialog,
    Filter,
    Home,
    Cockpit(PaneKind),
    Walk(PaneKind),
    Panel,
    Nothing,
}

impl Turn<'_> {
    pub(super) fn press(&mut self, chord: Chord) {
        self.state.message = None;
        let target = target(self.state);
        if matches!(target, Target::Cockpit(_)) && self.is_meant_for_the_request(chord) {
            self.say("planning: the request is about to be shown");
            return;
        }
        let command = self.state.keys.resolve(scopes(target), chord).filter(|_| {
            // In a text field, characters are text whatever they mean elsewhere.
            !matches!(target, Target::TextDialog | Target::Filter) || !is_text(chord)
        });
        match command {
            Some(Command::Quit) => self.quit(),
            Some(Command::Help) => self.open_overlay(Overlay::Help { top: 0 }),
            Some(Command::Palette) => self.open_palette(),
            Some(Command::Redraw) => self.effect(Effect::Redraw),
            Some(Command::Suspend) => self.effect(Effect::Suspend),
            _ => match target {
                Target::TextDialog => self.text_key(command, chord),
                Target::Filter => self.home_text(command, chord),
                Target::Dialog => self.dialog_key(command, chord),
                Target::Home => command
                    .into_iter()
                    .for_each(|command| self.home_command(command)),
                Target::Panel => self.panel_key(command, chord),
                Target::Cockpit(_) | Target::Walk(_) => match command {
                    Some(command) => self.cockpit_command(command, chord),
                    None => self.run_by_letter(chord),
                },
                Target::Nothing => {}
            },
        }
    }

    /// While a request is being planned, keys that answer it are not taken for anything else; nor are they kept for it,
    /// because what is sent was seen before.
    fn is_meant_for_the_request(&self, chord: Chord) -> bool {
        let planning = |run: &Run| !run.poll && run.phase == RunPhase::Planning;
        matches!(chord.key, Key::Enter | Key::Esc)
            && self
                .state
                .cockpit()
                .is_some_and(|cockpit| cockpit.runs.values().any(planning))
    }

    pub(super) fn paste(&mut self, text: &str) {
        match target(self.state) {
            Target::TextDialog => self.paste_into_dialog(text),
            Target::Filter => {
                if let Screen::Home(home) = &mut self.state.screen {
                    home.filter.paste(text);
                    home.search();
                }
            }
            // A paste outside a text field is never taken for keys.
            Target::Dialog
            | Target::Home
            | Target::Cockpit(_)
            | Target::Walk(_)
            | Target::Panel
            | Target::Nothing => {}
        }
    }

    pub(super) fn cockpit_command(&mut self, command: Command, chord: Chord) {
        match command {
            Command::RunAction => self.run_by_digit(chord),
            Command::NextStep => self.next_step(),
            Command::StepDone => self.step_done(),
            Command::SkipStep => self.ask_skip(),
            Command::Tick => self.tick(),
            Command::NotApplicable => self.ask_not_applicable(),
            Command::EditQuery => self.choose_edit(),
            Command::Inputs => self.open_inputs(),
            Command::Bind => self.bind(),
            Command::Note => self.open_overlay(Overlay::Note {
                editor: Editor::text(""),
                error: None,
            }),
            Command::AcceptProposal => self.accept_proposal(),
            Command::Decide => self.decide(),
            Command::Waive => self.waive(),
            Command::Capture => self.capture(),
            Command::Evidence => self.open_evidence(),
            Command::Messages => self.choose_message(),
            Command::Clocks => self.open_clocks(),
            Command::Severity => self.choose_severity(),
            Command::Milestone => self.choose_milestone(),
            Command::FollowUp => self.ask(Purpose::FollowUp),
            Command::Closing => self.open_closing(),
            Command::Settle => self.choose_settle(),
            Command::CancelRun => self.cancel_run(),
            Command::Reference => self.open_overlay(Overlay::Reference {
                selected: 0,
                top: 0,
            }),
            Command::Diagnostics => self.open_overlay(Overlay::Diagnostics { top: 0 }),
            Command::AssignRole => self.choose_role(),
            Command::AdoptPlaybook => self.ask_adopt(),
            Command::NextPane => self.move_focus(1),
            Command::PreviousPane => self.move_focus(-1),
            Command::Zoom => {
                if let Some(cockpit) = self.cockpit() {
                    cockpit.zoomed = !cockpit.zoomed;
                }
            }
            Command::Leave => {
                self.effect(Effect::Detach {
                    reason: "left for the home screen".into(),
                });
                self.go_home();
            }
            Command::WalkOn => self.walk(true),
            Command::WalkBack => self.walk(false),
            Command::SpeakerNotes => self.toggle_notes(),
            Command::EntryDetail => self.open_entry(),
            Command::ResultDetail
            | Command::Sort
            | Command::Search
            | Command::NextMatch
            | Command::CopyCell
            | Command::NextResult
            | Command::PreviousResult => self.result_command(command),
            Command::NextWatch
            | Command::PreviousWatch
            | Command::ZoomIn
            | Command::ZoomOut
            | Command::PollNow => self.watch_command(command),
            Command::Up
            | Command::Down
            | Command::Left
            | Command::Right
            | Command::PageUp
            | Command::PageDown
            | Command::First
            | Command::Last => self.navigate(command),
            // These belong to other scopes, or were handled before.
            Command::Select
            | Command::WalkThrough
            | Command::Filter
            | Command::Accept
            | Command::Dismiss
            | Command::EditSend
            | Command::Hex
            | Command::CopyCode
            | Command::NextSection
            | Command::PreviousSection
            | Command::TextAccept
            | Command::TextDismiss
            | Command::NextField
            | Command::PreviousField
            | Command::NextDraft
            | Command::PreviousDraft
            | Command::Palette
            | Command::Help
            | Command::Redraw
            | Command::Suspend
            | Command::Quit => {}
        }
    }

    fn quit(&mut self) {
        let running = self.state.cockpit().map_or(0, |cockpit| {
            cockpit
                .runs
                .values()
                .filter(|run| !run.poll && run.is_running())
                .count()
        });
        let asked = self
            .state
            .overlays
            .iter()
            .any(|overlay| matches!(overlay, Overlay::Choose { items, .. } if items.iter().any(|(_, chosen)| *chosen == Chosen::Quit)));
        if running > 0 && !asked {
            self.open_overlay(Overlay::Choose {
                title: vec![SafeText::fixed("Something still runs; leaving cancels it")],
                items: vec![(SafeText::fixed("cancel it and leave"), Chosen::Quit)],
                selected: 0,
            });
            return;
        }
        self.quit_now();
    }

    pub(super) fn quit_now(&mut self) {
        if self.state.cockpit().is_some() {
            self.effect(Effect::Detach {
                reason: "quit".into(),
            });
        }
        self.state.quit = Some(0);
    }

    fn open_palette(&mut self) {
        let matches = palette_matches(self.state, "");
        self.open_overlay(Overlay::Palette {
            filter: Editor::line(""),
            matches,
            selected: 0,
        });
    }

    /// Runs a command chosen in the palette as if its key had been pressed.
    pub(super) fn run_command(&mut self, command: Command) {
        match command {
            Command::Quit => self.quit(),
            Command::Help => self.open_overlay(Overlay::Help { top: 0 }),
            Command::Palette => self.open_palette(),
            Command::Redraw => self.effect(Effect::Redraw),
            Command::Suspend => self.effect(Effect::Suspend),
            _ if self.state.cockpit().is_some() => {
                self.cockpit_command(command, Chord::plain(Key::Enter));
            }
            _ => self.home_command(command),
        }
    }
}

/// Commands for the palette: those that mean something on this screen, best match first.
pub(super) fn palette_matches(state: &State, filter: &str) -> Vec<Command> {
    let in_cockpit = state.cockpit().is_some();
    let in_walk = state.cockpit().is_some_and(Cockpit::is_walkthrough);
    let rows: Vec<_> = COMMANDS
        .iter()
        .filter(|row| match row.scope {
            Scope::Global => true,
            Scope::Home => !in_cockpit,
            Scope::Walk => in_walk,
            Scope::Cockpit
            | Scope::Steps
            | Scope::Guide
            | Scope::Watch
            | Scope::Result
            | Scope::Timeline => in_cockpit && row.command != Command::RunAction,
            Scope::Dialog | Scope::Text => false,
        })
        .collect();
    let texts = rows
        .iter()
        .map(|row| format!("{} {}", row.id, row.help))
        .collect();
    fuzzy::search(filter, &texts)
        .into_iter()
        .filter_map(|index| rows.get(index).map(|row| row.command))
        .collect()
}

impl State {
    /// The keys of a command that reach it from here: a narrower scope may have taken the others.
    pub fn reachable_keys(&self, command: Command) -> Vec<Chord> {
        let scopes = scopes(target(self));
        let mut chords = self.keys.of(command);
        chords.retain(|chord| self.keys.resolve(scopes, *chord) == Some(command));
        chords
    }
}

fn target(state: &State) -> Target {
    match state.overlays.last() {
        Some(
            Overlay::Form(_)
            | Overlay::Query { .. }
            | Overlay::Note { .. }
            | Overlay::Ask { .. }
            | Overlay::Palette { .. }
            | Overlay::Gate(_)
            | Overlay::Draft(_)
            | Overlay::Decide(DecideForm {
                reason: Some(_), ..
            }),
        ) => Target::TextDialog,
        Some(Overlay::Walk { .. }) => Target::Panel,
        Some(_) => Target::Dialog,
        None => match &state.screen {
            Screen::Home(home) if home.filtering => Target::Filter,
            Screen::Home(_) => Target::Home,
            Screen::Cockpit(cockpit) if cockpit.is_walkthrough() => Target::Walk(cockpit.focus),
            Screen::Cockpit(cockpit) => Target::Cockpit(cockpit.focus),
            Screen::Opening(_) => Target::Nothing,
        },
    }
}

fn scopes(target: Target) -> &'static [Scope] {
    match target {
        Target::TextDialog | Target::Filter => &[Scope::Text, Scope::Global],
        Target::Dialog => &[Scope::Dialog, Scope::Global],
        Target::Home => &[Scope::Home, Scope::Global],
        Target::Cockpit(PaneKind::Steps) => &[Scope::Steps, Scope::Cockpit, Scope::Global],
        Target::Cockpit(PaneKind::Guide) => &[Scope::Guide, Scope::Cockpit, Scope::Global],
        Target::Cockpit(PaneKind::Watch) => &[Scope::Watch, Scope::Cockpit, Scope::Global],
        Target::Cockpit(PaneKind::Result) => &[Scope::Result, Scope::Cockpit, Scope::Global],
        Target::Cockpit(PaneKind::Timeline) => &[Scope::Timeline, Scope::Cockpit, Scope::Global],
        Target::Walk(PaneKind::Steps) => {
            &[Scope::Steps, Scope::Walk, Scope::Cockpit, Scope::Global]
        }
        Target::Walk(PaneKind::Guide) => {
            &[Scope::Guide, Scope::Walk, Scope::Cockpit, Scope::Global]
        }
        Target::Walk(PaneKind::Watch) => {
            &[Scope::Watch, Scope::Walk, Scope::Cockpit, Scope::Global]
        }
        Target::Walk(PaneKind::Result) => {
            &[Scope::Result, Scope::Walk, Scope::Cockpit, Scope::Global]
        }
        Target::Walk(PaneKind::Timeline) => {
            &[Scope::Timeline, Scope::Walk, Scope::Cockpit, Scope::Global]
        }
        Target::Panel => &[Scope::Walk, Scope::Dialog, Scope::Cockpit, Scope::Global],
        Target::Nothing => &[Scope::Global],
    }
}
