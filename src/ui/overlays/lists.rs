//! Dialogs that choose from a list: the palette of commands, and a choice between a few things.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Scene;
use crate::editor::Editor;
use crate::engine::command::{Command, row};
use crate::engine::state::Chosen;
use crate::model::safe_text::SafeText;
use crate::theme::Role;
use crate::ui::local::follow;
use crate::ui::panes::hints;
use crate::ui::text::{TextLine, write_lines};
use crate::ui::{Local, boxes, editor_view};

/// Columns of the question above a list at most.
const QUESTION: usize = 72;

/// Commands by fuzzy search.
pub fn palette(
    scene: &Scene<'_>,
    filter: &Editor,
    matches: &[Command],
    selected: usize,
    local: &mut Local,
    buffer: &mut Buffer,
) {
    let room = Scene::room(buffer, 76);
    let lines: Vec<TextLine> = matches
        .iter()
        .filter_map(|command| row(*command))
        .map(|row| {
            let mut line = scene.line(row.title, Role::Title);
            line.pad_to(17);
            line.push(" ", scene.theme.style(Role::Text));
            line.push(row.help, scene.theme.style(Role::Text));
            let key = hints::key_name(scene.state, row.command).unwrap_or_default();
            let mut whole = TextLine::of(key, scene.theme.style(Role::Key));
            whole.pad_to(10);
            whole.extend(line);
            whole
        })
        .collect();
    let height = lines.len().clamp(1, 18) + 2;
    let hint = scene.hint(&[
        Command::TextAccept,
        Command::TextDismiss,
        Command::NextField,
    ]);
    let size = (room, height);
    let inside = boxes::dialog(buffer, size, "Commands", &hint, scene.theme);
    let mut line = scene.line(": ", Role::Key);
    line.extend(editor_view::line(
        filter,
        usize::from(inside.width).saturating_sub(2),
        true,
        scene.theme,
    ));
    line.write(buffer, inside, inside.y);
    let list = below(inside, 2);
    if lines.is_empty() {
        scene
            .line("No command has that in its name.", Role::Muted)
            .write(buffer, list, list.y);
        return;
    }
    pick(scene, lines, selected, local, list, buffer);
}

/// A choice between a few things. What it is about can take several sentences: it stands above the list, whole.
pub fn choose(
    scene: &Scene<'_>,
    title: &[SafeText],
    items: &[(SafeText, Chosen)],
    selected: usize,
    local: &mut Local,
    buffer: &mut Buffer,
) {
    let lines: Vec<TextLine> = items
        .iter()
        .map(|(label, _)| scene.line(label, Role::Text))
        .collect();
    let asked: Vec<TextLine> = title
        .iter()
        .map(|line| scene.line(line, Role::Title))
        .collect();
    let widest = |lines: &[TextLine]| lines.iter().map(TextLine::width).max().unwrap_or(0);
    let room = Scene::room(buffer, widest(&lines).max(widest(&asked).min(QUESTION)));
    let question: Vec<TextLine> = asked.iter().flat_map(|line| line.wrap(room, 0)).collect();
    let hint = scene.hint(&[Command::Accept, Command::Dismiss]);
    let size = (room, question.len() + 1 + lines.len());
    let inside = boxes::dialog(buffer, size, "Choose", &hint, scene.theme);
    // Where there is next to no room, what can be chosen goes first.
    let height = usize::from(inside.height);
    let above = question
        .len()
        .min(height.saturating_sub(lines.len().min(2)));
    write_lines(question.get(..above).unwrap_or_default(), 0, buffer, inside);
    let gap = usize::from(above + lines.len() < height);
    pick(
        scene,
        lines,
        selected,
        local,
        below(inside, (above + gap) as u16),
        buffer,
    );
}

/// A list with a selected row in sight.
fn pick(
    scene: &Scene<'_>,
    lines: Vec<TextLine>,
    selected: usize,
    local: &mut Local,
    area: Rect,
    buffer: &mut Buffer,
) {
    let height = usize::from(area.height);
    let total = lines.len();
    local.dialog = follow(local.dialog, selected, height, total);
    let lines: Vec<TextLine> = lines
        .into_iter()
        .enumerate()
        .skip(local.dialog)
        .take(height)
        .map(|(index, mut line)| {
            if index == selected {
                line.pad_to(area.width.into());
                return line.selected(scene.theme.style(Role::Selected));
            }
            line
        })
        .collect();
    write_lines(&lines, 0, buffer, area);
    scene.more(
        buffer,
        area,
        local.dialog > 0,
        local.dialog + height < total,
    );
}

fn below(area: Rect, rows: u16) -> Rect {
    let rows = rows.min(area.height);
    Rect {
        y: area.y + rows,
        height: area.height - rows,
        ..area
    }
}
