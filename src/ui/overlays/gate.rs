//! The gate of a write: what it would touch, the exact text, and the fields that let it pass.
//!
//! ```text
//! ┏ Change this? Revoke the sessions ━━━━━━━━━━━━━━━━━━━━━━━┓
//! ┃ 12 rows would be touched. 2 of them name you (alice)    ┃
//! ┃   id     actor   org                                    ┃
//! ┃   s-17   u-1932  org-a                                  ┃
//! ┃ to      postgres app@db1:5432/app as writer             ┃
//! ┃ by      alice                                           ┃
//! ┃ undo    users sign in again                             ┃
//! ┃                                                         ┃
//! ┃ UPDATE sessions SET revoked_at = now() WHERE …          ┃
//! ┃ ──────────────────────────────────────────────────────  ┃
//! ┃ ▸ target    ap▏          type its name: app             ┃
//! ┃   at most   14           rows; above: no change         ┃
//! ┗━ enter changes it  esc does not  tab next field ━━━━━━━━┛
//! ```
//!
//! The fields stay in sight while the rest scrolls. Nothing here decides what may pass.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Scene;
use super::send::{DESCRIPTION, body, fact};
use crate::editor::Editor;
use crate::engine::command::Command;
use crate::engine::state::{Cockpit, GateForm, Preview, RunPhase};
use crate::incident::view::StepView;
use crate::model::limits;
use crate::model::playbook::{Action, Language};
use crate::model::request::{Payload, Request};
use crate::model::safe_text::{SafeText, sanitize};
use crate::model::table::{Column, Row};
use crate::model::{Mode, duration};
use crate::report::undo;
use crate::theme::Role;
use crate::ui::panes::hints;
use crate::ui::text::{TextLine, fit, safe, spaces, width, write_lines};
use crate::ui::{Local, boxes, editor_view, prose, words};

/// Cells that the frame's heading takes beside the title.
const HEADING: usize = 22;
/// Lines of what the playbook says of the write at most.
const DESCRIBED: usize = 3;
/// Cells of a column of the sample at most.
const CELL: usize = 24;
/// Cells of the names of fields, with the mark in front.
const NAME: usize = 12;
/// Cells of a typed value before what is said about it.
const VALUE: usize = 24;

/// Draws the dialog.
pub fn draw(scene: &Scene<'_>, form: &GateForm, local: &mut Local, buffer: &mut Buffer) {
    let found = scene
        .cockpit()
        .and_then(|cockpit| Some((cockpit, cockpit.runs.get(&form.run)?)));
    let Some((cockpit, run)) = found else {
        return;
    };
    let RunPhase::Previewing(request) = &run.phase else {
        return;
    };
    let action = cockpit.playbook.action(&run.action);
    let title = action.map_or_else(|| run.action.to_string(), |action| action.title.clone());
    let is_message = action.is_some_and(|action| action.language == Language::Message);
    let room = Scene::room(buffer, 100);

    let mut lines = match cockpit.incident.mode {
        Mode::Live => Vec::new(),
        Mode::Walkthrough => vec![scene.line("WALKTHROUGH: nothing is sent.", Role::Walkthrough)],
        Mode::Drill => vec![scene.line("DRILL: it goes to a simulated source.", Role::Drill)],
    };
    // What its author says of it, beyond the title.
    let mut described = action.map_or_else(Vec::new, |action| {
        prose::description(action, room.min(DESCRIPTION), scene.theme)
    });
    // A title that has no room on the frame is told whole.
    if described.is_empty() && width(&title) + HEADING > room {
        described = scene.line(sanitize(&title), Role::Text).wrap(room, 2);
    }
    // What it would touch stays in sight under it.
    lines.extend(boxes::at_most(described, DESCRIBED, scene.theme));
    if !is_message {
        let is_sql = matches!(request.payload, Payload::Sql { .. });
        lines.extend(preview(scene, &form.preview, action, is_sql, room));
    }
    lines.extend(facts(
        scene,
        cockpit,
        action,
        request,
        (run.edited, form.ceiling.is_some()),
        room,
    ));
    lines.push(TextLine::new());
    lines.extend(body(scene, request, room));
    let fields = fields(scene, form, action, request, room);

    let heading = if is_message {
        safe!("Send this message? {title}")
    } else {
        safe!("Change this? {title}")
    };
    let widest = lines
        .iter()
        .chain(&fields)
        .map(TextLine::width)
        .max()
        .unwrap_or(0);
    let hint = hint(scene, is_message);
    let size = (widest, lines.len() + 1 + fields.len());
    let inside = boxes::dialog(buffer, size, heading, &hint, scene.theme);
    let below = (fields.len() as u16).min(inside.height);
    let rest = Rect {
        height: inside.height.saturating_sub(below + 1),
        ..inside
    };
    let height = usize::from(rest.height);
    let scrolled = local.scrolled.entry("gate").or_default();
    let top = scrolled.follow(form.top, lines.len().saturating_sub(height));
    write_lines(&lines, top, buffer, rest);
    scene.more(buffer, rest, top > 0, top + height < lines.len());
    let edge = Rect {
        y: rest.bottom(),
        height: inside.height.saturating_sub(rest.height).min(1),
        ..inside
    };
    let rule = scene.line(
        safe!("{}", "─".repeat(usize::from(inside.width))),
        Role::Border,
    );
    write_lines(&[rule], 0, buffer, edge);
    let place = Rect {
        y: inside.bottom().saturating_sub(below),
        height: below,
        ..inside
    };
    write_lines(&fields, 0, buffer, place);
}

/// What it would touch, first of all: the count, the operator's own rows, a sample.
fn preview(
    scene: &Scene<'_>,
    preview: &Preview,
    action: Option<&Action>,
    is_sql: bool,
    room: usize,
) -> Vec<TextLine> {
    let max_rows = action.and_then(|action| action.max_rows);
    let line = |text: SafeText, role| scene.line(text, role).wrap(room, 2);
    match preview {
        Preview::Running => line(
            SafeText::fixed("The preview is under way: what would it touch? …"),
            Role::Active,
        ),
        Preview::None if action.is_some_and(|action| action.preserves) => line(
            SafeText::fixed("It only preserves: no rows are counted."),
            Role::Good,
        ),
        Preview::None => line(
            SafeText::fixed("NO PREVIEW: nobody has counted what it would touch."),
            Role::Bad,
        ),
        Preview::Failed(reason) => line(
            safe!("NO PREVIEW, it failed: {reason}. Nobody has counted what it would touch."),
            Role::Bad,
        ),
        Preview::Seen {
            rows,
            cut,
            columns,
            sample,
            own,
            ..
        } => {
            let mut lines = Vec::new();
            if columns.is_empty() {
                lines.extend(line(
                    safe!("The preview says, in {rows} lines:"),
                    Role::Title,
                ));
            } else if !is_sql {
                // Rows of a database say nothing about what a script or a service goes on to change.
                let more = if *cut { "more than " } else { "" };
                lines.extend(line(
                    safe!(
                        "The preview shows {more}{}. What it changes is NOT COUNTED.",
                        words::rows(*rows)
                    ),
                    Role::Title,
                ));
            } else if *cut {
                lines.extend(line(
                    safe!(
                        "MORE THAN {} would be touched: the preview is not whole.",
                        words::rows(*rows)
                    ),
                    Role::Bad,
                ));
            } else {
                lines.extend(line(
                    safe!("{} would be touched.", words::rows(*rows)),
                    Role::Title,
                ));
            }
            if *own > 0 {
                lines.extend(line(
                    safe!("{own} of them name you ({}).", scene.state.operator),
                    Role::Bad,
                ));
            }
            if let Some(most) = max_rows.filter(|most| rows > most && !columns.is_empty()) {
                lines.extend(line(
                    safe!("The playbook allows at most {}.", words::rows(most)),
                    Role::Bad,
                ));
            }
            let shown = sample.len().min(limits::PREVIEW_ROWS) as u64;
            if shown > 0 && (shown < *rows || *cut) {
                let what = if columns.is_empty() { "lines" } else { "rows" };
                let of = if *cut { "more than " } else { "" };
                lines.extend(line(
                    safe!("{shown} of {of}{} {what}:", words::count(*rows)),
                    Role::Muted,
                ));
            }
            lines.extend(table(scene, columns, sample, room));
            lines
        }
    }
}

/// The first rows, narrow: as many columns as fit, each cut.
fn table(scene: &Scene<'_>, columns: &[Column], sample: &[Row], room: usize) -> Vec<TextLine> {
    let rows: Vec<Vec<SafeText>> = sample
        .iter()
        .take(limits::PREVIEW_ROWS)
        .map(|row| {
            row.iter()
                .map(|cell| {
                    cell.as_deref()
                        .map_or_else(|| SafeText::fixed("NULL"), sanitize)
                })
                .collect()
        })
        .collect();
    if columns.is_empty() {
        let lines = rows.iter().flatten();
        return lines
            .map(|text| {
                let mut line = scene.line("  ", Role::Text);
                line.push(
                    cut(text, room.saturating_sub(2)),
                    scene.theme.style(Role::Text),
                );
                line
            })
            .collect();
    }
    let heads: Vec<SafeText> = columns
        .iter()
        .map(|column| sanitize(&column.name))
        .collect();
    let mut from = 2;
    let mut places = Vec::new();
    for (index, head) in heads.iter().enumerate() {
        let widest = rows
            .iter()
            .filter_map(|row| row.get(index))
            .chain([head])
            .map(|text| width(text.as_str()))
            .max()
            .unwrap_or(0)
            .clamp(1, CELL);
        if from + widest > room {
            break;
        }
        places.push((index, from, widest));
        from += widest + 2;
    }
    let line = |cells: &[SafeText], role: Role| {
        let mut line = TextLine::new();
        for (index, from, widest) in &places {
            line.pad_to(*from);
            if let Some(text) = cells.get(*index) {
                line.push(cut(text, *widest), scene.theme.style(role));
            }
        }
        line
    };
    let mut lines = vec![line(&heads, Role::Muted)];
    lines.extend(rows.iter().map(|row| line(row, Role::Text)));
    lines
}

fn cut(text: &SafeText, room: usize) -> SafeText {
    if width(text.as_str()) <= room {
        return text.clone();
    }
    let (head, _) = fit(text.as_str(), room.saturating_sub(1));
    safe!("{head}…")
}

/// Where it goes, as whom, how to undo it, and what is missing.
fn facts(
    scene: &Scene<'_>,
    cockpit: &Cockpit,
    action: Option<&Action>,
    request: &Request,
    (edited, counted): (bool, bool),
    room: usize,
) -> Vec<TextLine> {
    let fact = |name, value, role| fact(scene, name, value, role, room);
    let mut lines = fact("to", sanitize(&request.target), Role::Title);
    let role = action
        .and_then(|action| action.role.as_ref())
        .map(|role| {
            let title = cockpit.playbook.roles.get(role);
            let holder = cockpit
                .incident
                .roles
                .get(role)
                .map_or("nobody has that role", String::as_str);
            format!(
                " · the playbook gives it to {} ({holder})",
                title.map_or(role.as_str(), String::as_str)
            )
        })
        .unwrap_or_default();
    lines.extend(fact(
        "by",
        safe!("{}{role}", scene.state.operator),
        Role::Text,
    ));
    lines.extend(fact(
        "ends",
        safe!("after {} at the latest", duration::format(request.timeout)),
        Role::Text,
    ));
    if edited {
        lines.extend(fact(
            "edited",
            SafeText::fixed("the text differs from the playbook's; that is recorded"),
            Role::Warning,
        ));
    }
    let undo = action.and_then(|action| action.undo.as_deref());
    let needs_none =
        action.is_some_and(|action| action.preserves || action.language == Language::Message);
    if undo.is_some() || !needs_none {
        let role = if undo.is_some() {
            Role::Text
        } else {
            Role::Warning
        };
        lines.extend(fact("undo", sanitize(&undo::value(undo)), role));
    }
    let is_sql = matches!(request.payload, Payload::Sql { .. });
    if is_sql && !counted && action.is_some_and(|action| !action.preserves) {
        lines.extend(fact(
            "rows",
            SafeText::fixed("are not counted for such a statement: no ceiling can stop it"),
            Role::Warning,
        ));
    }
    // A message destroys no evidence: what is still to be kept is no news to its sender.
    let is_message = action.is_some_and(|action| action.language == Language::Message);
    let missing = missing(cockpit, &request.action);
    if !missing.is_empty() && !is_message {
        let role = Role::Warning;
        lines.extend(fact("missing", sanitize(&named(&missing)), role));
    }
    lines
}

/// The first few by name: the statement below must not be pushed out of sight by a list that has a key of its own.
fn named(missing: &[String]) -> String {
    const NAMED: usize = 3;
    match missing.get(..NAMED) {
        Some(first) if missing.len() > NAMED => {
            format!(
                "{} and {} more (V)",
                first.join(", "),
                missing.len() - NAMED
            )
        }
        _ => missing.join(", "),
    }
}

/// What its step requires and was waived, and evidence that is not in the record yet.
fn missing(cockpit: &Cockpit, action: &crate::model::ids::ActionId) -> Vec<String> {
    let step = cockpit
        .playbook
        .steps()
        .find(|(_, step)| step.actions().any(|id| id == action))
        .and_then(|(_, step)| cockpit.view.step(&step.id));
    let mut missing: Vec<String> = step.map_or_else(Vec::new, |step: &StepView| {
        step.missing
            .iter()
            .map(|name| format!("{name} (required, waived)"))
            .collect()
    });
    missing.extend(
        cockpit
            .view
            .evidence
            .iter()
            .filter(|item| item.at.is_none())
            .map(|item| item.title.clone()),
    );
    missing
}

/// The fields, the one that takes keys marked, and what is wrong below.
fn fields(
    scene: &Scene<'_>,
    form: &GateForm,
    action: Option<&Action>,
    request: &Request,
    room: usize,
) -> Vec<TextLine> {
    let mut lines = Vec::new();
    let mut field = |name: &'static str, editor: &Editor, said: SafeText| {
        let selected = lines.len() == form.selected;
        let mark = if selected { "▸ " } else { "  " };
        let mut line = scene.line(mark, Role::Key);
        let role = if selected { Role::Title } else { Role::Text };
        line.push(name, scene.theme.style(role));
        line.pad_to(NAME);
        let value = VALUE.min(room.saturating_sub(NAME));
        let mut typed = editor_view::line(editor, value, selected, scene.theme);
        if editor.is_empty() && !selected {
            typed = scene.line("–", Role::Muted);
        }
        if typed.width() > value {
            typed = typed.wrap(value, 0).into_iter().next().unwrap_or_default();
        }
        line.extend(typed);
        line.pad_to(NAME + value);
        line.push(spaces(1), scene.theme.style(Role::Text));
        line.push(said, scene.theme.style(Role::Muted));
        lines.push(line);
    };
    field(
        "target",
        &form.target,
        safe!("type its name: {}", request.source),
    );
    if let Some(ceiling) = &form.ceiling {
        let most = action
            .and_then(|action| action.max_rows)
            .map_or_else(String::new, |most| format!(" (max-rows {most})"));
        field("at most", ceiling, safe!("rows{most}; above: no change"));
    }
    if let Some(approver) = &form.approver {
        field(
            "agreed",
            approver,
            SafeText::fixed("who else; recorded as reported"),
        );
    }
    if let Some(error) = &form.error {
        lines.extend(scene.line(safe!("✗ {error}"), Role::Bad).wrap(room, 2));
    }
    lines
}

fn hint(scene: &Scene<'_>, is_message: bool) -> TextLine {
    let mut line = scene.line(" ", Role::Text);
    let accept = if is_message {
        " sends it  "
    } else {
        " changes it  "
    };
    for (command, text) in [
        (Command::TextAccept, accept),
        (Command::TextDismiss, " does not  "),
        (Command::NextField, " next field "),
    ] {
        line.extend(hints::key(scene.state, command, scene.theme));
        line.push(text, scene.theme.style(Role::Text));
    }
    line
}
