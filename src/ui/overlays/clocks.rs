//! Clocks, the strictest first: what runs out when, in words, and the law or agreement behind it.

use ratatui::buffer::Buffer;

use super::Scene;
use crate::engine::command::Command;
use crate::incident::view::{ClockState, ClockView};
use crate::model::safe_text::{SafeText, sanitize};
use crate::report::clocks::start_words;
use crate::theme::Role;
use crate::ui::local::follow;
use crate::ui::text::{TextLine, fit, safe, width, write_lines};
use crate::ui::{Local, boxes, clocks, words};

/// Columns of a title at most.
const TITLE: usize = 34;
/// Columns of the state.
const STATE: usize = 17;

/// Draws the dialog. What there is to say of the selected clock stands below the list, whole.
pub fn draw(scene: &Scene<'_>, selected: usize, local: &mut Local, buffer: &mut Buffer) {
    let Some(cockpit) = scene.cockpit() else {
        return;
    };
    let found = cockpit.clocks_in_order();
    let room = Scene::room(buffer, 100);
    let titles = found
        .iter()
        .map(|clock| width(sanitize(&clock.title).as_str()))
        .max()
        .unwrap_or_default()
        .min(TITLE.min(room / 2))
        .max(8);
    let lines: Vec<TextLine> = found
        .iter()
        .map(|clock| row(scene, clock, titles))
        .collect();
    let about = found
        .get(selected)
        .map(|clock| about(scene, clock, room))
        .unwrap_or_default();
    let hint = scene.hint(&[Command::Accept, Command::Dismiss]);
    // The dialog keeps its size while one walks the list.
    let below = found
        .iter()
        .map(|clock| self::about(scene, clock, room).len())
        .max()
        .unwrap_or_default();
    let size = (room, lines.len() + 1 + below);
    let inside = boxes::dialog(buffer, size, "Clocks", &hint, scene.theme);
    let height = usize::from(inside.height);
    let list = lines
        .len()
        .min(height.saturating_sub(about.len() + 1).max(1));
    let area = ratatui::layout::Rect {
        height: list as u16,
        ..inside
    };
    local.dialog = follow(local.dialog, selected, list, lines.len());
    let total = lines.len();
    let shown: Vec<TextLine> = lines
        .into_iter()
        .enumerate()
        .skip(local.dialog)
        .take(list)
        .map(|(index, mut line)| {
            line.pad_to(inside.width.into());
            if index == selected {
                line.selected(scene.theme.style(Role::Selected))
            } else {
                line
            }
        })
        .collect();
    write_lines(&shown, 0, buffer, area);
    scene.more(buffer, area, local.dialog > 0, local.dialog + list < total);
    let rest = ratatui::layout::Rect {
        y: inside.y + (list as u16 + 1).min(inside.height),
        height: inside.height.saturating_sub(list as u16 + 1),
        ..inside
    };
    write_lines(&about, 0, buffer, rest);
}

/// Title, state, what is left, when.
fn row(scene: &Scene<'_>, clock: &ClockView, titles: usize) -> TextLine {
    let now = scene.state.now;
    let zone = &scene.state.zone;
    let style = |role| scene.theme.style(role);
    let title = sanitize(&clock.title);
    let mut line = if width(title.as_str()) > titles {
        let (head, _) = fit(title.as_str(), titles.saturating_sub(1));
        scene.line(safe!("{head}…"), Role::Title)
    } else {
        scene.line(title, Role::Title)
    };
    line.pad_to(titles + 2);
    let (word, role) = clocks::state(clock, now);
    line.push(word, style(role));
    line.pad_to(titles + 2 + STATE);
    let when = |word: &str, at| safe!("{word} {}", words::minute(at, now, zone));
    match &clock.state {
        ClockState::Running { due, .. } | ClockState::Unclear { due: Some(due), .. } => {
            let left = clocks::left_words(*due, now);
            line.push(safe!("{left}, "), style(role));
            line.push(when("due", *due), style(Role::Muted));
        }
        ClockState::Met { at, due } => {
            line.push(when("at", *at), style(Role::Text));
            line.push(safe!(", {}", when("due", *due)), style(Role::Muted));
        }
        ClockState::NotStarted
        | ClockState::Ended
        | ClockState::Waived { .. }
        | ClockState::DoesNotApply
        | ClockState::Unclear { due: None, .. } => {}
    }
    line
}

/// The selected clock whole: title, law, what it waits for or why it stands as it does, what it missed.
fn about(scene: &Scene<'_>, clock: &ClockView, room: usize) -> Vec<TextLine> {
    let zone = &scene.state.zone;
    let mut lines = Vec::new();
    let mut say = |text: SafeText, role| lines.extend(scene.line(text, role).wrap(room, 2));
    say(sanitize(&clock.title), Role::Title);
    if let Some(cite) = &clock.cite {
        say(sanitize(cite), Role::Muted);
    }
    if let Some(due) = clock.state.due() {
        say(safe!("due {}", words::full_time(due, zone)), Role::Text);
    }
    match &clock.state {
        ClockState::NotStarted => {
            let playbook = scene.cockpit().map(|cockpit| &cockpit.playbook);
            let from = playbook.and_then(|playbook| {
                let rule = playbook.clocks.get(&clock.id)?;
                Some(start_words(&rule.from, playbook))
            });
            if let Some(from) = from {
                say(safe!("begins with {from}"), Role::Text);
            }
        }
        ClockState::Waived { reason, role } => {
            say(safe!("waived by {role}: {reason}"), Role::Text);
        }
        ClockState::Unclear { error, .. } => say(
            safe!("whether it applies cannot be told: {error}"),
            Role::Doubt,
        ),
        ClockState::Running { .. }
        | ClockState::Met { .. }
        | ClockState::Ended
        | ClockState::DoesNotApply => {}
    }
    // The latest ones: each round of a repeating clock may have been missed.
    for (due, reason) in clock.missed.iter().rev().take(MISSED) {
        let due = words::full_time(*due, zone);
        match reason {
            Some(reason) => say(safe!("missed, due {due}: {reason}"), Role::Text),
            None => say(safe!("missed, due {due}; no reason yet"), Role::Warning),
        }
    }
    lines
}

/// Missed rounds that are told.
const MISSED: usize = 3;
