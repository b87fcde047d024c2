//! The last line: a message, or the keys that matter where the focus is. Made from the table of commands; it never
//! wraps, and what has no room falls away from its end, `commands` and `help` last.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::engine::command::{Command, row};
use crate::engine::state::{Screen, State};
use crate::layout::PaneKind;
use crate::model::ids::ActionId;
use crate::model::safe_text::SafeText;
use crate::report::walk;
use crate::theme::{Role, Theme};
use crate::ui::text::{TextLine, safe};

/// Draws the line on the last row of the screen.
pub fn draw(state: &State, theme: &Theme, buffer: &mut Buffer) {
    let screen = buffer.area;
    if screen.height < 3 {
        return;
    }
    let y = screen.bottom() - 1;
    let area = Rect {
        y,
        height: 1,
        ..screen
    };
    if let Some(message) = &state.message {
        let mut line = TextLine::of(" ", theme.style(Role::Text));
        let (mark, role) = if message.error {
            ("! ", Role::Bad)
        } else {
            ("", Role::Title)
        };
        line.push(mark, theme.style(role));
        line.push(&message.text, theme.style(role));
        line.write(buffer, area, y);
        return;
    }
    // A dialog has its keys on its own edge; those below it do not work.
    if !state.overlays.is_empty() {
        return;
    }
    let last = line(state, theme, &[Command::Palette, Command::Help], usize::MAX);
    let room = usize::from(area.width);
    let mut all = presenter(state, theme);
    let room_left = room.saturating_sub(last.width() + all.width());
    all.extend(line(state, theme, commands(state), room_left));
    if all.width() + last.width() <= room {
        all.extend(last);
    }
    all.write(buffer, area, y);
}

/// The keys of a presenter, which come before all others.
fn presenter(state: &State, theme: &Theme) -> TextLine {
    let mut line = TextLine::new();
    let Some((cockpit, place)) = state
        .cockpit()
        .and_then(|cockpit| Some((cockpit, cockpit.walk_place()?)))
    else {
        return line;
    };
    line.extend(hint(state, Command::WalkOn, theme));
    line.extend(hint(state, Command::WalkBack, theme));
    if !walk::notes(&cockpit.playbook, &place).is_empty() {
        line.extend(hint(state, Command::SpeakerNotes, theme));
    }
    line
}

/// The commands worth a hint, the most useful first.
fn commands(state: &State) -> &'static [Command] {
    match &state.screen {
        Screen::Opening(_) => &[Command::Quit],
        Screen::Home(home) if home.filtering => &[
            Command::TextAccept,
            Command::TextDismiss,
            Command::NextField,
        ],
        Screen::Home(_) => &[
            Command::Select,
            Command::WalkThrough,
            Command::Filter,
            Command::Quit,
        ],
        Screen::Cockpit(cockpit) => match cockpit.focus {
            PaneKind::Steps | PaneKind::Guide => &[
                Command::RunAction,
                Command::NextStep,
                Command::StepDone,
                Command::Tick,
                Command::Note,
                Command::NextPane,
                Command::Inputs,
                Command::EditQuery,
                Command::SkipStep,
                Command::Settle,
                Command::CancelRun,
                Command::Zoom,
                Command::Quit,
            ],
            PaneKind::Watch => &[
                Command::RunAction,
                Command::NextWatch,
                Command::ZoomIn,
                Command::ZoomOut,
                Command::PollNow,
                Command::NextPane,
                Command::Note,
                Command::Zoom,
                Command::NextStep,
                Command::Quit,
            ],
            PaneKind::Result => &[
                Command::ResultDetail,
                Command::Bind,
                Command::NextStep,
                Command::Sort,
                Command::Search,
                Command::CopyCell,
                Command::NextPane,
                Command::RunAction,
                Command::NextResult,
                Command::Note,
                Command::Zoom,
                Command::CancelRun,
                Command::Quit,
            ],
            PaneKind::Timeline => &[
                Command::EntryDetail,
                Command::Note,
                Command::NextPane,
                Command::RunAction,
                Command::First,
                Command::Last,
                Command::Zoom,
                Command::Quit,
            ],
        },
    }
}

fn line(state: &State, theme: &Theme, commands: &[Command], room: usize) -> TextLine {
    let mut line = TextLine::new();
    for command in commands {
        let hint = hint(state, *command, theme);
        if hint.is_empty() {
            continue;
        }
        if line.width() + hint.width() > room {
            break;
        }
        line.extend(hint);
    }
    line
}

/// Key and title of a command, with a space around; empty when it has no key.
pub fn hint(state: &State, command: Command, theme: &Theme) -> TextLine {
    let key = key(state, command, theme);
    let (Some(row), false) = (row(command), key.is_empty()) else {
        return TextLine::new();
    };
    let mut line = TextLine::of(" ", theme.style(Role::Text));
    line.extend(key);
    line.push(" ", theme.style(Role::Text));
    line.push(row.title, theme.style(Role::Muted));
    line.push(" ", theme.style(Role::Text));
    line
}

/// The first key of a command.
pub fn key(state: &State, command: Command, theme: &Theme) -> TextLine {
    match key_name(state, command) {
        Some(name) => TextLine::of(name, theme.style(Role::Key)),
        None => TextLine::new(),
    }
}

/// What the FAIL of an action proposes, behind the key that accepts it; nothing when nothing is.
pub fn proposal(state: &State, action: &ActionId, theme: &Theme) -> Option<TextLine> {
    let cockpit = state.cockpit()?;
    let mut open = cockpit.view.proposals.iter();
    let proposal = open.find(|proposal| proposal.action == *action)?;
    let does = proposal.otherwise.does(&cockpit.playbook);
    let mut line = key(state, Command::AcceptProposal, theme);
    line.push(safe!(" {does}"), theme.style(Role::Bad));
    Some(line)
}

/// The name of a command's first key; actions answer to a range of digits.
pub fn key_name(state: &State, command: Command) -> Option<SafeText> {
    let reachable = state.reachable_keys(command);
    // A key named elsewhere than in the last line may belong to another pane.
    let keys = if reachable.is_empty() {
        state.keys.of(command)
    } else {
        reachable
    };
    let first = keys.first()?;
    match keys.last() {
        Some(last) if keys.len() > 3 => Some(safe!("{first}-{last}")),
        _ => Some(safe!("{first}")),
    }
}
