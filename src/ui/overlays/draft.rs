//! A message that is being written: whom it is for, its text, and what holds it back.
//!
//! ```text
//! ┏ Message 2 of 5: Tell the affected customers ━━━━┓
//! ┃ for      acme                                   ┃
//! ┃ to       affected customer                      ┃
//! ┃ subject  Security notice                        ┃
//! ┃                                                 ┃
//! ┃ On 2026-01-31 03:00 UTC data of your            ┃
//! ┃ organisation became readable …                  ┃
//! ┃                                                 ┃
//! ┃ ✗ line 4: [NAME] is still to be filled in       ┃
//! ┗━ ctrl-s accepts  esc closes  tab next field ━━━━┛
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr as _;

use super::Scene;
use crate::editor::Editor;
use crate::engine::command::Command;
use crate::engine::state::{DraftForm, DraftPart};
use crate::model::safe_text::{SafeText, sanitize};
use crate::theme::{Role, Theme};
use crate::ui::local::follow;
use crate::ui::panes::hints;
use crate::ui::text::{TextLine, safe, spaces, write_lines};
use crate::ui::{Local, boxes, editor_view};

/// Columns of the dialog at most: prose is hard to read in longer lines.
const COLUMNS: usize = 84;
/// Cells of the names of fields.
const NAME: usize = 9;
/// Lines of what holds a draft back; the rest is counted.
const HELD_LINES: usize = 6;

/// Draws the dialog.
pub fn draw(scene: &Scene<'_>, form: &DraftForm, local: &mut Local, buffer: &mut Buffer) {
    let room = Scene::room(buffer, COLUMNS);
    let head = head(scene, form, room);
    let foot = foot(scene, form, room);
    let (text, cursor) = text(scene, form, room);
    let most = usize::from(buffer.area.height).saturating_sub(4);
    let wanted = head.len() + foot.len() + text.len().max(6) + 2;
    let hint = hint(scene, form);
    let size = (room, wanted.min(most));
    let inside = boxes::dialog(buffer, size, title(scene, form), &hint, scene.theme);
    let height = usize::from(inside.height);
    // Where there is next to no room, the text and what is wrong with it stay.
    let fixed = if height > head.len() + foot.len() + 4 {
        write_lines(&head, 0, buffer, inside);
        head.len() + 1
    } else {
        0
    };
    let below = foot.len().min(height.saturating_sub(fixed + 1));
    let rows = height.saturating_sub(fixed + below);
    let body = Rect {
        y: inside.y + fixed as u16,
        height: rows as u16,
        ..inside
    };
    local.dialog = follow(local.dialog, cursor, rows, text.len());
    write_lines(&text, local.dialog, buffer, body);
    scene.more(
        buffer,
        body,
        local.dialog > 0,
        local.dialog + rows < text.len(),
    );
    let end = Rect {
        y: body.bottom(),
        height: below as u16,
        ..inside
    };
    // The line that is typed into is the last one.
    let top = foot.len().saturating_sub(below);
    write_lines(&foot, top, buffer, end);
}

fn title(scene: &Scene<'_>, form: &DraftForm) -> SafeText {
    let title = scene
        .cockpit()
        .map(|cockpit| cockpit.message_title(&form.action))
        .unwrap_or_default();
    match form.drafts.len() {
        0 | 1 => safe!("Message: {title}"),
        count => safe!("Message {} of {count}: {title}", form.index + 1),
    }
}

/// Whom it is for, and its subject; the field with the cursor is marked.
fn head(scene: &Scene<'_>, form: &DraftForm, room: usize) -> Vec<TextLine> {
    let Some(draft) = form.draft() else {
        return Vec::new();
    };
    let mut lines = Vec::new();
    if let Some(each) = &draft.each {
        let mut line = scene.line("for", Role::Muted);
        line.pad_to(NAME);
        line.push(sanitize(each), scene.theme.style(Role::Title));
        if form.sent.contains(&form.index) {
            line.push("  sent", scene.theme.style(Role::Good));
        }
        lines.push(line);
    }
    for (name, part, value) in [
        ("to", DraftPart::To, &draft.to),
        ("subject", DraftPart::Subject, &draft.subject),
    ] {
        let mut line = scene.line(name, Role::Muted);
        line.pad_to(NAME);
        let room = room.saturating_sub(NAME);
        if form.part == part {
            let focused = form.reason.is_none();
            line.extend(editor_view::line(&form.editor, room, focused, scene.theme));
        } else {
            let value = value.as_deref().unwrap_or("–");
            line.push(sanitize(value), scene.theme.style(Role::Title));
        }
        lines.push(line);
    }
    lines
}

/// What holds it back, and the reason why it may go all the same.
fn foot(scene: &Scene<'_>, form: &DraftForm, room: usize) -> Vec<TextLine> {
    let mut lines: Vec<TextLine> = form
        .held_back
        .iter()
        .flat_map(|held| scene.line(safe!("✗ {}", held.why), Role::Bad).wrap(room, 2))
        .collect();
    if lines.is_empty() {
        return lines;
    }
    if lines.len() > HELD_LINES {
        let more = lines.len() - HELD_LINES;
        lines.truncate(HELD_LINES);
        lines.push(scene.line(safe!("… {more} more lines"), Role::Muted));
    }
    lines.insert(0, TextLine::new());
    match &form.reason {
        None => {
            let words = "It cannot be sent like this: change the text.";
            lines.extend(scene.line(words, Role::Warning).wrap(room, 2));
        }
        Some(reason) => {
            let words = "Change the text, or say why it goes all the same:";
            lines.extend(scene.line(words, Role::Warning).wrap(room, 2));
            let mut line = scene.line("› ", Role::Key);
            let room = room.saturating_sub(2);
            line.extend(editor_view::line(reason, room, true, scene.theme));
            lines.push(line);
        }
    }
    lines
}

/// The text in lines of the dialog's width, and the line that has the cursor.
fn text(scene: &Scene<'_>, form: &DraftForm, room: usize) -> (Vec<TextLine>, usize) {
    if form.part == DraftPart::Text {
        return wrapped(&form.editor, room, form.reason.is_none(), scene.theme);
    }
    let text = form.draft().map_or("", |draft| draft.text.as_str());
    wrapped(&Editor::text(text), room, false, scene.theme)
}

/// Lines of an editor, broken between words: what goes out is read whole before it goes.
fn wrapped(editor: &Editor, room: usize, focused: bool, theme: &Theme) -> (Vec<TextLine>, usize) {
    let (row, column) = editor.cursor();
    // The cursor behind the last letter takes a cell as well.
    let room = room.saturating_sub(1).max(1);
    let mut lines = Vec::new();
    let mut cursor_line = 0;
    for (index, text) in editor.lines().iter().enumerate() {
        let characters: Vec<char> = text.chars().collect();
        let cursor = (focused && index == row).then_some(column.min(characters.len()));
        let mut from = 0;
        loop {
            let to = line_end(&characters, from, room);
            let is_last = to >= characters.len();
            let here = cursor.filter(|at| (from..to).contains(at) || (is_last && *at == to));
            if here.is_some() || (index == row && !focused && from == 0) {
                cursor_line = lines.len();
            }
            lines.push(one(&characters, from..to, here, theme));
            if is_last {
                break;
            }
            from = to;
        }
    }
    (lines, cursor_line)
}

/// Where a line that starts at a character ends: behind the last space that fits, else where the room ends.
fn line_end(characters: &[char], from: usize, room: usize) -> usize {
    let mut taken = 0;
    let mut space = None;
    for (index, character) in characters.iter().enumerate().skip(from) {
        taken += cells(*character);
        if taken > room {
            return space.unwrap_or(index.max(from + 1));
        }
        if *character == ' ' {
            space = Some(index + 1);
        }
    }
    characters.len()
}

/// Cells of a character as it is shown.
fn cells(character: char) -> usize {
    if character.is_ascii() && !character.is_ascii_control() {
        return 1;
    }
    sanitize(character.encode_utf8(&mut [0; 4]))
        .as_str()
        .width()
}

fn one(
    characters: &[char],
    range: std::ops::Range<usize>,
    cursor: Option<usize>,
    theme: &Theme,
) -> TextLine {
    let part = |range: std::ops::Range<usize>| -> String {
        characters.get(range).unwrap_or_default().iter().collect()
    };
    let style = theme.style(Role::Text);
    let Some(cursor) = cursor else {
        return TextLine::of(sanitize(&part(range)), style);
    };
    let mut line = TextLine::of(sanitize(&part(range.start..cursor)), style);
    let selected = theme.style(Role::Selected);
    if cursor < range.end {
        line.push(sanitize(&part(cursor..cursor + 1)), selected);
        line.push(sanitize(&part(cursor + 1..range.end)), style);
    } else {
        line.push(spaces(1), selected);
    }
    line
}

fn hint(scene: &Scene<'_>, form: &DraftForm) -> TextLine {
    let style = scene.theme.style(Role::Text);
    let mut line = scene.line(" ", Role::Text);
    let typing_reason = form.reason.is_some();
    let keys = scene.state.keys.of(Command::TextAccept);
    let accepts = keys.iter().find(|key| typing_reason || key.ctrl);
    if let Some(key) = accepts {
        line.push(safe!("{key}"), scene.theme.style(Role::Key));
        line.push(" accepts  ", style);
    }
    line.extend(hints::key(scene.state, Command::TextDismiss, scene.theme));
    if typing_reason {
        line.push(" back to the text ", style);
        return line;
    }
    line.push(" closes  ", style);
    if form.drafts.len() > 1 {
        for (command, words) in [
            (Command::NextDraft, " next  "),
            (Command::PreviousDraft, " previous  "),
        ] {
            line.extend(hints::key(scene.state, command, scene.theme));
            line.push(words, style);
        }
    }
    line.extend(hints::key(scene.state, Command::NextField, scene.theme));
    line.push(" next field ", style);
    line
}
