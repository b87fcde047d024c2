//! What evidence is there and what is missing: what the playbook asks for, then what else was kept. The selected row is
//! told whole below the list.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Scene;
use crate::engine::capturing::EvidenceRow;
use crate::engine::command::Command;
use crate::engine::state::Cockpit;
use crate::incident::CapturedRecord;
use crate::incident::view::EvidenceView;
use crate::model::ids::ActionId;
use crate::theme::Role;
use crate::ui::local::follow;
use crate::ui::text::{TextLine, safe, write_lines};
use crate::ui::{Local, boxes, words};

/// Cells of the word in front.
const WORD: usize = 11;
/// Cells of the dialog at most.
const ROOM: usize = 100;

/// Draws the dialog.
pub fn draw(scene: &Scene<'_>, selected: usize, local: &mut Local, buffer: &mut Buffer) {
    let Some(cockpit) = scene.cockpit() else {
        return;
    };
    let rows = cockpit.evidence_rows();
    let room = Scene::room(buffer, ROOM);
    let told = rows
        .get(selected)
        .map(|row| detail(scene, cockpit, *row, room))
        .unwrap_or_default();
    let hint = scene.hint(&[Command::Accept, Command::Dismiss]);
    let size = (room, rows.len() + 1 + told.len());
    let inside = boxes::dialog(buffer, size, title(cockpit), &hint, scene.theme);
    // Where there is next to no room, the list goes first.
    let height = usize::from(inside.height);
    let list = rows
        .len()
        .min(height.saturating_sub(told.len() + 1).max(height.min(3)));
    let area = Rect {
        height: list as u16,
        ..inside
    };
    local.dialog = follow(local.dialog, selected, list, rows.len());
    let lines: Vec<TextLine> = rows
        .iter()
        .enumerate()
        .skip(local.dialog)
        .take(list)
        .map(|(index, row)| {
            let mut line = line(scene, cockpit, *row);
            if index == selected {
                line.pad_to(area.width.into());
                return line.selected(scene.theme.style(Role::Selected));
            }
            line
        })
        .collect();
    write_lines(&lines, 0, buffer, area);
    let below = local.dialog + list < rows.len();
    scene.more(buffer, area, local.dialog > 0, below);
    let taken = (list as u16).saturating_add(1).min(inside.height);
    let rest = Rect {
        y: inside.y + taken,
        height: inside.height - taken,
        ..inside
    };
    write_lines(&told, 0, buffer, rest);
}

fn title(cockpit: &Cockpit) -> crate::model::safe_text::SafeText {
    let items = &cockpit.view.evidence;
    let missing = items.iter().filter(|item| item.at.is_none()).count();
    match (items.len(), missing) {
        (0, _) => safe!("Evidence: the playbook asks for none"),
        (all, 0) => safe!("Evidence: all {all} there"),
        (all, missing) => safe!("Evidence: {missing} of {all} missing"),
    }
}

/// One line: how it stands, what it is, when it came.
fn line(scene: &Scene<'_>, cockpit: &Cockpit, row: EvidenceRow<'_>) -> TextLine {
    let time = |at| words::minute(at, scene.state.now, &scene.state.zone);
    let (word, role, title, when) = match row {
        EvidenceRow::Item(item) => match item.at {
            Some(at) => (
                "✓ there",
                Role::Good,
                safe!("{}", item.title),
                Some(time(at)),
            ),
            None => ("✗ missing", Role::Warning, safe!("{}", item.title), None),
        },
        EvidenceRow::Other(action, record) => (
            "+ kept",
            Role::Muted,
            title_of(cockpit, action),
            Some(time(record.at)),
        ),
    };
    let mut line = scene.line(word, role);
    line.pad_to(WORD);
    if let Some(when) = when {
        line.push(safe!("{when} "), scene.theme.style(Role::Muted));
    }
    line.push(title, scene.theme.style(Role::Text));
    line
}

/// Where the selected one comes from, and what Enter does or where its file is.
fn detail(
    scene: &Scene<'_>,
    cockpit: &Cockpit,
    row: EvidenceRow<'_>,
    room: usize,
) -> Vec<TextLine> {
    let item = match row {
        EvidenceRow::Other(action, record) => return files(scene, cockpit, action, record, room),
        EvidenceRow::Item(item) => item,
    };
    let record = item
        .action
        .as_ref()
        .and_then(|action| cockpit.incident.captured.get_key_value(action));
    match (item.at, record) {
        (Some(_), Some((action, record))) => files(scene, cockpit, action, record, room),
        (Some(at), None) => {
            let when = words::full_time(at, &scene.state.zone);
            let text = match cockpit.incident.noted_evidence.get(&item.id) {
                Some(note) => safe!(
                    "A note by {}, {when}: “{}”",
                    note.operator,
                    note.text.replace('\n', " ")
                ),
                None => safe!("The message went out {when}."),
            };
            scene.line(text, Role::Text).wrap(room, 0)
        }
        (None, _) => missing(scene, cockpit, item, room),
    }
}

fn missing(
    scene: &Scene<'_>,
    cockpit: &Cockpit,
    item: &EvidenceView,
    room: usize,
) -> Vec<TextLine> {
    let text = match &item.action {
        Some(action) if cockpit.was_done_by_hand(action) => safe!(
            "From {}, which was done by hand: Enter writes the note that is the evidence.",
            title_of(cockpit, action)
        ),
        Some(action) => safe!(
            "From {}: Enter goes there; a run keeps its result, in a live pane v does.",
            title_of(cockpit, action)
        ),
        None => safe!("A note: Enter writes it."),
    };
    scene.line(text, Role::Text).wrap(room, 0)
}

fn files(
    scene: &Scene<'_>,
    cockpit: &Cockpit,
    action: &ActionId,
    record: &CapturedRecord,
    room: usize,
) -> Vec<TextLine> {
    let count = match record.files {
        1 => "1 file".to_owned(),
        files => format!("{} files", words::count(files)),
    };
    let when = words::full_time(record.at, &scene.state.zone);
    let from = safe!(
        "{count} from {}; the latest of {when}:",
        title_of(cockpit, action)
    );
    let mut lines = scene.line(from, Role::Text).wrap(room, 0);
    let path = format!("{}/evidence/{}", cockpit.folder, record.latest);
    lines.extend(boxes::path(&path, room, scene.theme));
    lines
}

fn title_of(cockpit: &Cockpit, action: &ActionId) -> crate::model::safe_text::SafeText {
    let known = cockpit.playbook.action(action);
    safe!(
        "“{}”",
        known.map_or(action.as_str(), |action| &action.title)
    )
}
