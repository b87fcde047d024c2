//! Commands of the cockpit: one table, [`COMMANDS`]. Key hints, help, the palette, `list keys` and the reference are
//! made from it.
//!
//! An action belongs to a playbook; a command belongs to the program.

use std::collections::BTreeMap;

use crate::keymap::{Chord, Key};

/// Where a command's keys work. Narrower scopes win over wider ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Everywhere but in text fields.
    Global,
    /// The home screen.
    Home,
    /// The cockpit, whatever pane has the focus.
    Cockpit,
    /// The pane of steps.
    Steps,
    /// The guide.
    Guide,
    /// A walkthrough, whatever pane has the focus.
    Walk,
    /// Live panes.
    Watch,
    /// The result.
    Result,
    /// The timeline.
    Timeline,
    /// Any dialog.
    Dialog,
    /// A dialog with a text field: characters go to the text.
    Text,
}

impl Scope {
    /// The word in help and in `keys.toml`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Global => "everywhere",
            Self::Home => "home",
            Self::Cockpit => "cockpit",
            Self::Steps => "steps",
            Self::Guide => "guide",
            Self::Walk => "walkthrough",
            Self::Watch => "watch",
            Self::Result => "result",
            Self::Timeline => "timeline",
            Self::Dialog => "dialog",
            Self::Text => "text",
        }
    }
}

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommandRow {
    /// The command.
    pub command: Command,
    /// Stable kebab-case name, for `keys.toml` and the palette.
    pub id: &'static str,
    /// Two or three words for hints.
    pub title: &'static str,
    /// Where its keys work.
    pub scope: Scope,
    /// Default keys, as `Chord` reads them.
    pub keys: &'static [&'static str],
    /// One sentence for help.
    pub help: &'static str,
}

macro_rules! commands {
    ($($variant:ident, $id:literal, $title:literal, $scope:ident, [$($key:literal),*], $help:literal;)*) => {
        /// What the operator can ask the program to do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Command {
            $(#[doc = $help] $variant,)*
        }

        /// Every command, in the order of help.
        pub const COMMANDS: &[CommandRow] = &[
            $(CommandRow {
                command: Command::$variant,
                id: $id,
                title: $title,
                scope: Scope::$scope,
                keys: &[$($key),*],
                help: $help,
            },)*
        ];
    };
}

commands! {
    RunAction, "run-action", "act", Cockpit, ["1", "2", "3", "4", "5", "6", "7", "8", "9"], "Run the action with this number of the step in the guide; it is shown before it is sent.";
    NextStep, "next-step", "next", Cockpit, ["enter", "ctrl-n"], "Go to the next open step and start it.";
    StepDone, "step-done", "done", Cockpit, ["d"], "Mark the step as done, or open it again.";
    SkipStep, "skip-step", "skip", Cockpit, ["s"], "Leave the step out; a reason is asked.";
    Tick, "tick", "tick", Cockpit, ["t", "space"], "Tick or untick a check of the step.";
    NotApplicable, "not-applicable", "not applicable", Cockpit, ["T"], "Say why a check of the step does not apply.";
    EditQuery, "edit-query", "edit", Cockpit, ["e"], "Edit the text of an action before it runs; the edit is recorded.";
    Inputs, "inputs", "inputs", Cockpit, ["i"], "See and change the playbook's inputs.";
    Bind, "bind", "bind", Cockpit, ["b"], "Fill an input with the value of the selected row.";
    Note, "note", "note", Cockpit, ["n"], "Write a note; @03:10 in front says when it happened.";
    AcceptProposal, "accept-proposal", "accept", Cockpit, ["A"], "Accept what a FAIL proposes: a severity, a milestone, a step to go to.";
    Decide, "decide", "decide", Cockpit, ["D"], "Decide: the choices of the step's table with what the results suggest.";
    Waive, "waive", "waive", Cockpit, ["w"], "Go on with the step although something it requires is missing; a reason is asked.";
    Capture, "capture", "capture", Cockpit, ["v"], "Keep what the pane shows as evidence: rows, samples or output.";
    Evidence, "evidence", "evidence", Cockpit, ["V"], "See what evidence the playbook asks for and what is missing.";
    Messages, "messages", "messages", Cockpit, ["m"], "Write a message from one of the playbook's templates.";
    Clocks, "clocks", "clocks", Cockpit, ["C"], "See the clocks; give the reason for a missed one, waive one, mark one as met.";
    Severity, "severity", "severity", Cockpit, ["S"], "Change the severity; a reason is asked.";
    Milestone, "milestone", "milestone", Cockpit, ["M"], "Record that the incident is known, confirmed or contained.";
    FollowUp, "follow-up", "follow-up", Cockpit, ["F"], "Add something to be done after the incident.";
    Closing, "closing", "resolve", Cockpit, ["X"], "See what is still open; resolve, close or reopen the incident.";
    Settle, "settle", "by hand", Cockpit, ["a"], "Complete an action by hand with a note, or settle an unknown outcome.";
    CancelRun, "cancel-run", "cancel", Cockpit, ["c"], "Cancel the running action, on the server as well.";
    Reference, "reference", "reference", Cockpit, ["r"], "Read the playbook's reference sections.";
    Diagnostics, "diagnostics", "problems", Cockpit, ["!"], "See what is wrong with the playbook.";
    AssignRole, "assign-role", "roles", Cockpit, ["R"], "Say who has a role, such as incident commander.";
    AdoptPlaybook, "adopt-playbook", "adopt playbook", Cockpit, [], "Take the changed text of the playbook into this incident.";
    NextPane, "next-pane", "pane", Cockpit, ["tab"], "Move to the next pane.";
    PreviousPane, "previous-pane", "pane back", Cockpit, ["backtab"], "Move to the previous pane.";
    Zoom, "zoom", "zoom", Cockpit, ["z"], "Let the pane fill the screen, and back.";
    Leave, "leave", "home", Cockpit, ["H"], "Detach from the incident and go to the home screen; it stays open.";
    ResultDetail, "row-detail", "row", Result, ["enter"], "Show all columns of the selected row.";
    Sort, "sort", "sort", Result, ["o"], "Sort by the selected column; again turns the order round, a third time undoes it.";
    Search, "search", "search", Result, ["/"], "Search in the result.";
    NextMatch, "next-match", "next match", Result, ["N", "ctrl-g"], "Go to the next row that matches the search.";
    CopyCell, "copy-cell", "copy", Result, ["y"], "Copy the selected cell to the clipboard (OSC 52).";
    NextResult, "next-result", "next result", Result, ["]"], "Show the next action's result.";
    PreviousResult, "previous-result", "previous result", Result, ["["], "Show the previous action's result.";
    NextWatch, "next-watch", "next chart", Watch, ["]"], "Show the next live pane.";
    PreviousWatch, "previous-watch", "previous chart", Watch, ["["], "Show the previous live pane.";
    ZoomIn, "zoom-in", "closer", Watch, ["+"], "Look at the newest half of the window.";
    ZoomOut, "zoom-out", "wider", Watch, ["-"], "Look at a wider part of the window.";
    PollNow, "poll-now", "ask now", Watch, ["p"], "Ask the source now.";
    EntryDetail, "entry-detail", "entry", Timeline, ["enter"], "Show the whole entry.";
    WalkOn, "walk-on", "go on", Walk, ["space"], "Go on to what comes next: a step's text, then each of its actions, then its decision.";
    WalkBack, "walk-back", "back", Walk, ["backspace", "shift-space"], "Go back to what came before.";
    SpeakerNotes, "speaker-notes", "notes", Walk, ["P"], "Show or hide the presenter's private notes.";
    Up, "up", "up", Global, ["up", "k"], "Move up.";
    Down, "down", "down", Global, ["down", "j"], "Move down.";
    Left, "left", "left", Global, ["left", "h"], "Move left: the column before, or back in time.";
    Right, "right", "right", Global, ["right", "l"], "Move right: the next column, or on in time.";
    PageUp, "page-up", "page up", Global, ["pageup", "ctrl-b"], "Move a page up.";
    PageDown, "page-down", "page down", Global, ["pagedown", "ctrl-f"], "Move a page down.";
    First, "first", "first", Global, ["home", "g"], "Go to the first row.";
    Last, "last", "last", Global, ["end", "G"], "Go to the last row.";
    Select, "select", "open", Home, ["enter"], "Open the incident or playbook.";
    WalkThrough, "walk-through", "walk through", Home, ["w"], "Walk through the playbook: every action is shown as it would be sent, and nothing is.";
    Filter, "filter", "search", Home, ["/"], "Search incidents and playbooks.";
    Accept, "accept", "ok", Dialog, ["enter"], "Accept the dialog.";
    Dismiss, "dismiss", "close", Dialog, ["esc", "q"], "Close the dialog; nothing is sent.";
    EditSend, "edit-send", "edit", Dialog, ["e"], "Edit the shown request before it is sent.";
    Hex, "hex", "hex", Dialog, ["x"], "Show the cell's bytes as hex, and back.";
    CopyCode, "copy-code", "copy the code", Dialog, ["y"], "Copy the code of a sign-in to the clipboard (OSC 52).";
    NextSection, "next-section", "next section", Dialog, ["tab", "right", "l"], "Go to the next section.";
    PreviousSection, "previous-section", "previous section", Dialog, ["backtab", "left", "h"], "Go to the previous section.";
    TextAccept, "text-accept", "ok", Text, ["enter", "ctrl-s"], "Accept the text; in a query or a message Enter is a new line and ctrl-s accepts, in a note alt-enter is a new line.";
    TextDismiss, "text-dismiss", "cancel", Text, ["esc"], "Close without taking the text; a message is kept until the incident is left.";
    NextField, "next-field", "next field", Text, ["tab", "down"], "Go to the next field or row.";
    PreviousField, "previous-field", "previous field", Text, ["backtab", "up"], "Go to the previous field or row.";
    NextDraft, "next-draft", "next message", Text, ["ctrl-n"], "In a message written to several: go to the next one.";
    PreviousDraft, "previous-draft", "previous message", Text, ["ctrl-p"], "In a message written to several: go to the one before.";
    Palette, "palette", "commands", Global, [":"], "Find a command by name.";
    Help, "help", "help", Global, ["?", "f1"], "Show the keys.";
    Redraw, "redraw", "redraw", Global, ["ctrl-l"], "Draw the screen anew.";
    Suspend, "suspend", "suspend", Global, ["ctrl-z"], "Go to the shell; `fg` comes back.";
    Quit, "quit", "quit", Global, ["q", "ctrl-c"], "Leave the program; an incident stays open and is resumed later.";
}

/// The row of a command.
pub fn row(command: Command) -> Option<&'static CommandRow> {
    COMMANDS.iter().find(|row| row.command == command)
}

/// Which keys do what: the table's defaults with the user's changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    bound: BTreeMap<(Scope, Chord), Command>,
}

impl Default for Keys {
    fn default() -> Self {
        let mut bound = BTreeMap::new();
        for row in COMMANDS {
            for key in row.keys {
                if let Ok(chord) = key.parse() {
                    bound.insert((row.scope, chord), row.command);
                }
            }
        }
        Self { bound }
    }
}

impl Keys {
    /// Gives a command new keys in place of its old ones. The error names the command that has a key already.
    pub fn rebind(&mut self, id: &str, chords: &[Chord]) -> Result<(), String> {
        let row = COMMANDS.iter().find(|row| row.id == id).ok_or_else(|| {
            let near = crate::model::diagnostic::nearest(id, COMMANDS.iter().map(|row| row.id));
            near.map_or_else(
                || format!("unknown command {id:?}: `quarterdeck list keys` names all"),
                |near| format!("unknown command {id:?}: did you mean {near:?}?"),
            )
        })?;
        for chord in chords {
            if let Some(other) = self
                .bound
                .get(&(row.scope, *chord))
                .filter(|other| **other != row.command)
            {
                let other = COMMANDS
                    .iter()
                    .find(|row| row.command == *other)
                    .map_or("", |row| row.id);
                return Err(format!(
                    "{chord} in {} already means {other:?}: give {other:?} another key first",
                    row.scope.word()
                ));
            }
        }
        self.bound.retain(|_, command| *command != row.command);
        self.bound.extend(
            chords
                .iter()
                .map(|chord| ((row.scope, *chord), row.command)),
        );
        Ok(())
    }

    /// What a chord means, the first of `scopes` that knows it winning.
    pub fn resolve(&self, scopes: &[Scope], chord: Chord) -> Option<Command> {
        scopes
            .iter()
            .find_map(|scope| self.bound.get(&(*scope, chord)).copied())
    }

    /// Keys of a command, shortest spelling first, for hints.
    pub fn of(&self, command: Command) -> Vec<Chord> {
        let mut chords: Vec<Chord> = self
            .bound
            .iter()
            .filter(|(_, bound)| **bound == command)
            .map(|((_, chord), _)| *chord)
            .collect();
        let preferred = row(command).map_or(&[][..], |row| row.keys);
        chords.sort_by_key(|chord| {
            let text = chord.to_string();
            (
                preferred
                    .iter()
                    .position(|key| *key == text)
                    .unwrap_or(usize::MAX),
                text.len(),
            )
        });
        chords
    }
}

/// True for a chord that types a character.
pub fn is_text(chord: Chord) -> bool {
    matches!(chord.key, Key::Char(_)) && !chord.ctrl && !chord.alt
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_key_parses_and_none_is_given_twice() {
        let mut seen = BTreeMap::new();
        for row in COMMANDS {
            for key in row.keys {
                let chord: Chord = key.parse().unwrap();
                assert_eq!(
                    seen.insert((row.scope, chord), row.id),
                    None,
                    "{key} twice in {}",
                    row.scope.word()
                );
            }
        }
    }

    #[test]
    fn a_narrower_scope_wins_and_conflicts_are_named() {
        let mut keys = Keys::default();
        let enter = Chord::plain(Key::Enter);
        assert_eq!(
            keys.resolve(&[Scope::Result, Scope::Cockpit], enter),
            Some(Command::ResultDetail)
        );
        assert_eq!(
            keys.resolve(&[Scope::Steps, Scope::Cockpit], enter),
            Some(Command::NextStep)
        );
        assert_eq!(keys.rebind("note", &[Chord::char('u')]), Ok(()));
        assert_eq!(keys.of(Command::Note), [Chord::char('u')]);
        assert!(
            keys.rebind("note", &[Chord::char('d')])
                .unwrap_err()
                .contains("step-done")
        );
        assert!(keys.rebind("nott", &[]).unwrap_err().contains("\"note\""));
    }
}
