//! Dialogs in which one types: a query, a note, one line with a purpose.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Scene;
use crate::editor::Editor;
use crate::engine::command::Command;
use crate::engine::state::Purpose;
use crate::incident::view::requires;
use crate::model::ids::{ActionId, ClockId, StepId};
use crate::model::safe_text::{SafeText, sanitize};
use crate::theme::Role;
use crate::ui::panes::hints;
use crate::ui::text::{TextLine, safe, write_lines};
use crate::ui::words;
use crate::ui::{Local, boxes, editor_view};

/// The text of a query, before it runs.
pub fn query(
    scene: &Scene<'_>,
    action: &ActionId,
    editor: &Editor,
    local: &mut Local,
    buffer: &mut Buffer,
) {
    let found = scene
        .cockpit()
        .and_then(|cockpit| cockpit.playbook.action(action));
    let title = found.map_or_else(|| action.to_string(), |action| action.title.clone());
    let language = found.map_or("", |action| action.language.word());
    let (columns, rows) = (
        usize::from(buffer.area.width),
        usize::from(buffer.area.height),
    );
    let longest = editor
        .lines()
        .iter()
        .map(|line| line.len().min(columns))
        .max()
        .unwrap_or(0);
    let size = (
        (longest + 8).clamp(60, 100).min(columns.saturating_sub(6)),
        (editor.lines().len() + 3)
            .clamp(8, 30)
            .min(rows.saturating_sub(4)),
    );
    let heading = safe!("Edit {language}: {title}");
    multiline(scene, (editor, language), heading, size, local, buffer);
}

/// A note.
pub fn note(
    scene: &Scene<'_>,
    editor: &Editor,
    error: Option<&SafeText>,
    local: &mut Local,
    buffer: &mut Buffer,
) {
    let room = Scene::room(buffer, 76);
    let rows = (editor.lines().len() + 4).clamp(7, 20);
    let inside = multiline(
        scene,
        (editor, ""),
        SafeText::fixed("Note"),
        (room, rows),
        local,
        buffer,
    );
    let mut line = match error {
        Some(error) => scene.line(safe!("✗ {error}"), Role::Bad),
        None => scene.line("@03:10 in front says when it happened.", Role::Muted),
    };
    line.pad_to(inside.width.into());
    if inside.height > 2 {
        line.write(buffer, inside, inside.bottom() - 1);
    }
}

fn multiline(
    scene: &Scene<'_>,
    (editor, language): (&Editor, &str),
    title: SafeText,
    size: (usize, usize),
    local: &mut Local,
    buffer: &mut Buffer,
) -> Rect {
    let hint = accept_hint(scene, editor);
    let inside = boxes::dialog(buffer, size, title, &hint, scene.theme);
    let height = usize::from(inside.height).saturating_sub(1).max(1);
    let lines = editor_view::lines(
        editor,
        language,
        &mut local.dialog,
        inside.width.into(),
        height,
        scene.theme,
    );
    write_lines(&lines, 0, buffer, inside);
    let total = editor.lines().len();
    let rows = Rect {
        height: inside.height.min(height as u16),
        ..inside
    };
    scene.more(
        buffer,
        rows,
        local.dialog > 0,
        local.dialog + height < total,
    );
    inside
}

/// One line of text with a purpose.
pub fn ask(
    scene: &Scene<'_>,
    purpose: &Purpose,
    editor: &Editor,
    error: Option<&SafeText>,
    buffer: &mut Buffer,
) {
    let room = Scene::room(buffer, 70);
    let (title, question) = question(scene, purpose);
    let mut lines = Vec::new();
    if let Some(question) = question {
        lines.extend(scene.line(question, Role::Text).wrap(room, 0));
    }
    if let Purpose::MessageSent {
        path: Some(path), ..
    } = purpose
    {
        lines.extend(boxes::path(path, room, scene.theme));
    }
    let mut line = scene.line("› ", Role::Key);
    line.extend(editor_view::line(
        editor,
        room.saturating_sub(2),
        true,
        scene.theme,
    ));
    lines.push(line);
    if let Some(error) = error {
        lines.extend(scene.line(safe!("✗ {error}"), Role::Bad).wrap(room, 2));
    }
    let hint = accept_hint(scene, editor);
    let inside = boxes::dialog(buffer, (room, lines.len()), title, &hint, scene.theme);
    // What is typed stays in sight when not everything fits.
    let top = lines.len().saturating_sub(inside.height.into());
    write_lines(&lines, top, buffer, inside);
}

fn question(scene: &Scene<'_>, purpose: &Purpose) -> (SafeText, Option<SafeText>) {
    let playbook = scene.cockpit().map(|cockpit| &cockpit.playbook);
    let action = |id: &ActionId| {
        playbook
            .and_then(|playbook| playbook.action(id))
            .map_or_else(|| id.to_string(), |action| action.title.clone())
    };
    match purpose {
        Purpose::SkipStep(step) => {
            let title = playbook
                .and_then(|playbook| playbook.step(step))
                .map_or_else(|| step.to_string(), |step| step.title.clone());
            (
                SafeText::fixed("Why is the step left out?"),
                Some(sanitize(&title)),
            )
        }
        Purpose::DoneWithout(step) => {
            let left = scene.cockpit().map(|cockpit| cockpit.writes_left(step));
            let left = left.into_iter().flatten();
            let left: Vec<String> = left
                .map(|(id, how)| format!("“{}” ({how})", action(&id)))
                .collect();
            (
                SafeText::fixed("Why is the step done all the same?"),
                Some(safe!("NOT DONE: {}", left.join(", "))),
            )
        }
        Purpose::NotApplicable(check) => {
            let text = playbook.and_then(|playbook| {
                playbook
                    .steps()
                    .flat_map(|(_, step)| step.checks())
                    .find(|other| other.id == *check)
                    .map(|check| check.text.clone())
            });
            (
                SafeText::fixed("Why does the check not apply?"),
                Some(sanitize(&text.unwrap_or_else(|| check.to_string()))),
            )
        }
        Purpose::Settle {
            action: id,
            intent,
            done,
        } => {
            let title = match (intent, done) {
                (Some(_), true) => "It happened: how do you know?",
                (Some(_), false) => "It did not happen: how do you know?",
                (None, _) => "Done by hand: what was done?",
            };
            (SafeText::fixed(title), Some(sanitize(&action(id))))
        }
        Purpose::Waive(_)
        | Purpose::WaiveThenRun(..)
        | Purpose::Severity(_)
        | Purpose::Milestone(_)
        | Purpose::ClockMissed(..)
        | Purpose::ClockWaived(_)
        | Purpose::ClockMet(..)
        | Purpose::FollowUp
        | Purpose::Resolve
        | Purpose::Close
        | Purpose::Reopen
        | Purpose::MessageSent { .. }
        | Purpose::EvidenceNote(_) => judged_question(scene, purpose),
        Purpose::Search => (SafeText::fixed("Search in the result"), None),
        Purpose::Role(role) | Purpose::RoleForMessage(role, _) => {
            let title = playbook
                .and_then(|playbook| playbook.roles.get(role))
                .map_or_else(|| role.to_string(), Clone::clone);
            let alone = format!(
                "{title}. Without a name it is you, {}.",
                scene.state.operator
            );
            (
                SafeText::fixed("Who has this role?"),
                Some(sanitize(&alone)),
            )
        }
    }
}

/// Since when a milestone is reached; of one that is, since when it is right.
fn milestone_question(scene: &Scene<'_>, milestone: &str) -> (&'static str, String) {
    let reached = scene
        .cockpit()
        .and_then(|cockpit| cockpit.incident.milestones.get(milestone));
    match reached {
        Some(fact) => (
            "Since when is right, and how do you know?",
            format!(
                "{milestone} is recorded since {}: a time in front, such as 03:10 or 2026-01-31 03:10, corrects it, and its clocks count anew",
                words::minute(fact.at, scene.state.now, &scene.state.zone)
            ),
        ),
        None => (
            "Since when, and how do you know?",
            format!(
                "{milestone}: its clocks count from the time in front, such as 03:10 or 2026-01-31 03:10; without one from now on"
            ),
        ),
    }
}

/// Questions behind what operators judge themselves.
fn judged_question(scene: &Scene<'_>, purpose: &Purpose) -> (SafeText, Option<SafeText>) {
    let playbook = scene.cockpit().map(|cockpit| &cockpit.playbook);
    let step = |id: &StepId| {
        playbook
            .and_then(|playbook| playbook.step(id))
            .map_or_else(|| id.to_string(), |step| step.title.clone())
    };
    let missing = |id: &StepId| {
        let titles = scene.cockpit().and_then(|cockpit| {
            let missing = &cockpit.view.step(id)?.missing;
            let titles = missing
                .iter()
                .map(|name| requires::title(&cockpit.playbook, name));
            Some(titles.collect::<Vec<_>>().join("; "))
        });
        titles.unwrap_or_default()
    };
    let clock = |id: &ClockId| {
        playbook
            .and_then(|playbook| playbook.clocks.get(id))
            .map_or_else(|| id.to_string(), |clock| clock.title.clone())
    };
    let (title, about) = match purpose {
        Purpose::Waive(id) => {
            let about = format!("{} goes on without: {}", step(id), missing(id));
            ("Why does the step go on all the same?", about)
        }
        Purpose::WaiveThenRun(id, action) => {
            let action = playbook
                .and_then(|playbook| playbook.actions.get(action))
                .map_or(action.as_str(), |action| action.title.as_str());
            let missing = missing(id);
            let about = format!("MISSING: {missing}. “{action}” goes on once this is answered");
            ("Why can it not wait?", about)
        }
        Purpose::Severity(severity) => ("Why does the severity change?", severity.clone()),
        Purpose::Milestone(milestone) => milestone_question(scene, milestone),
        Purpose::ClockMissed(id, _) => ("Why was the clock missed?", clock(id)),
        Purpose::ClockWaived(id) => (
            "Why does the clock not apply? @role in front tells who says so",
            clock(id),
        ),
        Purpose::ClockMet(id, _) => ("How was the clock met?", clock(id)),
        Purpose::FollowUp => (
            "What is to be done afterwards? @name in front tells who does it",
            String::new(),
        ),
        Purpose::Resolve => {
            let open = scene
                .cockpit()
                .map_or(0, |cockpit| cockpit.open_things().len());
            let title = match open {
                0 => "How did it end?",
                _ => "How did it end, and why is it resolved with things open?",
            };
            (title, still_open(open))
        }
        Purpose::Close => {
            let open = scene
                .cockpit()
                .map_or(0, |cockpit| cockpit.open_things().len());
            ("Why is it closed with things open?", still_open(open))
        }
        Purpose::Reopen => ("Why is it opened again?", String::new()),
        Purpose::MessageSent { channel, path, .. } => (
            "Where was it sent, and to whom? Esc: it was not sent",
            match path {
                Some(_) => "saved as".to_owned(),
                None => format!("copied to the {channel}"),
            },
        ),
        Purpose::EvidenceNote(item) => {
            let title = playbook
                .and_then(|playbook| playbook.evidence.get(item))
                .map_or_else(|| item.to_string(), |item| item.title.clone());
            ("What is the evidence?", title)
        }
        Purpose::SkipStep(_)
        | Purpose::DoneWithout(_)
        | Purpose::NotApplicable(_)
        | Purpose::Settle { .. }
        | Purpose::Search
        | Purpose::Role(_)
        | Purpose::RoleForMessage(..) => ("", String::new()),
    };
    let about = (!about.is_empty()).then(|| sanitize(&about));
    (SafeText::fixed(title), about)
}

fn still_open(things: usize) -> String {
    match things {
        0 => String::new(),
        1 => "1 thing is still open".to_owned(),
        several => format!("{several} things are still open"),
    }
}

/// The keys that end the dialog; where Enter is a new line, the other key.
fn accept_hint(scene: &Scene<'_>, editor: &Editor) -> TextLine {
    let keys = scene.state.keys.of(Command::TextAccept);
    let key = keys.iter().find(|key| {
        !editor.is_multiline() || key.ctrl || !matches!(key.key, crate::keymap::Key::Enter)
    });
    let mut line = TextLine::new();
    if let Some(key) = key {
        line.push(safe!(" {key}"), scene.theme.style(Role::Key));
        line.push(" ok ", scene.theme.style(Role::Text));
    }
    line.extend(hints::hint(scene.state, Command::TextDismiss, scene.theme));
    line
}
