//! What is still open, and the way to resolve and close.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Scene;
use crate::engine::command::Command;
use crate::engine::state::Cockpit;
use crate::incident::Stage;
use crate::model::safe_text::{SafeText, sanitize};
use crate::theme::Role;
use crate::ui::local::follow;
use crate::ui::panes::hints;
use crate::ui::text::{TextLine, safe, write_lines};
use crate::ui::{Local, boxes, words};

/// Draws the dialog: first how much is open, then each of it by groups and what is to be done afterwards, then the way. The list
/// begins with what weighs most; the way is always in sight.
pub fn draw(scene: &Scene<'_>, selected: usize, local: &mut Local, buffer: &mut Buffer) {
    let Some(cockpit) = scene.cockpit() else {
        return;
    };
    let room = Scene::room(buffer, 100);
    let head = head(scene, cockpit, room);
    let (lines, place) = list(scene, cockpit, selected, room);
    let open = cockpit.open_things().len();
    let ways: Vec<TextLine> = cockpit
        .ways_to_end()
        .into_iter()
        .enumerate()
        .map(|(index, (label, _))| {
            let mut line = scene.line("› ", Role::Key);
            line.push(label, scene.theme.style(Role::Text));
            line.pad_to(room);
            if open + index == selected {
                line.selected(scene.theme.style(Role::Selected))
            } else {
                line
            }
        })
        .collect();
    let mut hint = scene.hint(&[Command::Accept, Command::Dismiss]);
    hint.extend(hints::hint(scene.state, Command::FollowUp, scene.theme));
    let title = match cockpit.incident.stage {
        Stage::Open => "Resolve",
        Stage::Resolved(_) => "Resolved",
        Stage::Closed { .. } => "Closed",
    };
    // The header with its most urgent clock stays in sight.
    let rows = usize::from(buffer.area.height).saturating_sub(5).max(1);
    let size = (room, (head.len() + lines.len() + ways.len() + 2).min(rows));
    let inside = boxes::dialog(buffer, size, title, &hint, scene.theme);
    let height = usize::from(inside.height);
    // Where there is next to no room, the way goes first.
    let below = ways.len().min(height);
    let above = head.len().min(height.saturating_sub(below + 1));
    let gaps = usize::from(above > 0) + 1;
    let middle = height.saturating_sub(above + below + gaps);
    write_lines(head.get(..above).unwrap_or_default(), 0, buffer, inside);
    let area = Rect {
        y: inside.y + (above + usize::from(above > 0)) as u16,
        height: middle as u16,
        ..inside
    };
    local.dialog = match place {
        Some(place) => follow(local.dialog, place, middle, lines.len()),
        None => 0,
    };
    if middle > 0 {
        write_lines(&lines, local.dialog, buffer, area);
        let more = local.dialog + middle < lines.len();
        scene.more(buffer, area, local.dialog > 0, more);
    }
    let foot = Rect {
        y: inside.bottom() - below as u16,
        height: below as u16,
        ..inside
    };
    write_lines(&ways, 0, buffer, foot);
}

/// Where the incident is on its way, and how much is open.
fn head(scene: &Scene<'_>, cockpit: &Cockpit, room: usize) -> Vec<TextLine> {
    let zone = &scene.state.zone;
    let mut lines = Vec::new();
    let stage = match cockpit.incident.stage {
        Stage::Open => None,
        Stage::Resolved(at) => Some(safe!("resolved {}", words::full_time(at, zone))),
        Stage::Closed { closed_at, .. } => {
            Some(safe!("closed {}", words::full_time(closed_at, zone)))
        }
    };
    if let Some(stage) = stage {
        lines.extend(scene.line(stage, Role::Title).wrap(room, 0));
    }
    if let Some(report) = &cockpit.report {
        lines.push(scene.line("the report:", Role::Text));
        lines.extend(boxes::path(report, room, scene.theme));
    }
    let things = cockpit.open_things();
    if things.is_empty() {
        lines.push(scene.line("✓ nothing is open", Role::Good));
        return lines;
    }
    let mut groups: Vec<(&'static str, usize)> = Vec::new();
    for thing in &things {
        match groups.last_mut() {
            Some((group, count)) if *group == thing.what.group() => *count += 1,
            _ => groups.push((thing.what.group(), 1)),
        }
    }
    let mut groups: Vec<String> = groups
        .iter()
        .map(|(group, count)| format!("{} {count}", group.to_lowercase()))
        .collect();
    match cockpit.incident.follow_ups.len() {
        0 => {}
        later => groups.push(format!("afterwards {later}")),
    }
    let line = safe!("{} open: {}", things.len(), groups.join(", "));
    lines.extend(scene.line(line, Role::Warning).wrap(room, 2));
    lines
}

/// The list, and the line of what is selected in it.
fn list(
    scene: &Scene<'_>,
    cockpit: &Cockpit,
    selected: usize,
    room: usize,
) -> (Vec<TextLine>, Option<usize>) {
    let mut lines = Vec::new();
    let mut place = None;
    let mut group = "";
    for (index, thing) in cockpit.open_things().iter().enumerate() {
        if thing.what.group() != group {
            group = thing.what.group();
            lines.push(scene.line(group, Role::Title));
        }
        let mut line = scene.line("  ", Role::Text);
        line.push(sanitize(&thing.text), scene.theme.style(Role::Text));
        if index == selected {
            place = Some(lines.len());
            line.pad_to(room);
            line = line.selected(scene.theme.style(Role::Selected));
        }
        lines.push(line);
    }
    let last = cockpit.open_things().len().checked_sub(1);
    if !cockpit.incident.follow_ups.is_empty() {
        lines.push(scene.line("To be done afterwards", Role::Title));
    }
    for follow_up in &cockpit.incident.follow_ups {
        let owner = match &follow_up.owner {
            Some(owner) => safe!(" ({owner})"),
            None => SafeText::fixed(" (nobody yet)"),
        };
        let mut line = scene.line(safe!("  {}", follow_up.text), Role::Text);
        line.push(owner, scene.theme.style(Role::Muted));
        lines.push(line);
    }
    // At the end of what is open, what comes behind it is in sight too.
    if last == Some(selected) {
        place = lines.len().checked_sub(1);
    }
    (lines, place)
}
