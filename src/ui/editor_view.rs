//! Text being edited, with a visible cursor. The text may come from outside: it is made safe piece by piece, so a
//! hidden character shows as its mark and the cursor stands beside it.

use ratatui::style::Style;

use super::code;
use super::text::{TextLine, safe, spaces, width};
use crate::editor::Editor;
use crate::model::safe_text::sanitize;
use crate::theme::{Role, Theme};

/// One line of an editor in `room` cells; the cursor is in sight. Without focus there is no cursor.
pub fn line(editor: &Editor, room: usize, focused: bool, theme: &Theme) -> TextLine {
    let (_, column) = editor.cursor();
    let text = editor
        .lines()
        .first()
        .map(String::as_str)
        .unwrap_or_default();
    one(text, focused.then_some(column), room, theme)
}

/// Lines of an editor with their numbers, as many as fit, the cursor's among them, coloured as code of `language`
/// but for the cursor's. `top` is moved as little as possible.
pub fn lines(
    editor: &Editor,
    language: &str,
    top: &mut usize,
    room: usize,
    height: usize,
    theme: &Theme,
) -> Vec<TextLine> {
    let (row, column) = editor.cursor();
    let total = editor.lines().len();
    *top = super::local::follow(*top, row, height, total);
    let digits = total.to_string().len();
    let mut coloured = if language.is_empty() {
        Vec::new()
    } else {
        code::lines(language, &editor.lines().join("\n"), theme)
    };
    editor
        .lines()
        .iter()
        .enumerate()
        .skip(*top)
        .take(height)
        .map(|(index, text)| {
            let mut line = TextLine::of(safe!("{:>digits$} ", index + 1), theme.style(Role::Muted));
            let cursor = (index == row).then_some(column);
            line.extend(match (coloured.get_mut(index), cursor) {
                (Some(coloured), None) => std::mem::take(coloured),
                _ => one(text, cursor, room.saturating_sub(digits + 1), theme),
            });
            line
        })
        .collect()
}

/// A line of text cut around its cursor, which counts characters.
fn one(text: &str, cursor: Option<usize>, room: usize, theme: &Theme) -> TextLine {
    let style = theme.style(Role::Text);
    let Some(cursor) = cursor else {
        return TextLine::of(sanitize(text), style);
    };
    let characters: Vec<char> = text.chars().collect();
    let cursor = cursor.min(characters.len());
    let part = |from: usize, to: usize| -> String {
        characters
            .get(from..to)
            .unwrap_or_default()
            .iter()
            .collect()
    };
    // As much text before the cursor as leaves a few cells after it.
    let before_room = room.saturating_sub(6).max(1);
    let mut from = 0;
    if width(sanitize(&part(0, cursor)).as_str()) > before_room {
        from = cursor.saturating_sub(before_room);
        while from < cursor && width(sanitize(&part(from, cursor)).as_str()) + 1 > before_room {
            from += 1;
        }
    }
    let mut line = TextLine::new();
    if from > 0 {
        line.push("…", theme.style(Role::Muted));
    }
    line.push(sanitize(&part(from, cursor)), style);
    let under = part(cursor, cursor + 1);
    let selected = theme.style(Role::Selected);
    if under.is_empty() {
        line.push(spaces(1), selected);
    } else {
        line.push(sanitize(&under), selected);
    }
    let end = characters.len().min(cursor + 1 + room);
    line.push(sanitize(&part(cursor + 1, end)), Style::new());
    line
}
