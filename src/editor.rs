//! A text editor as a value: it lives in the state, is fed with chords and compared like any other data.
//!
//! Wraps `tui-textarea` for its editing, undo and cursor. It is not drawn through that crate's widget: its text may
//! come from outside, so the screen shows it as safe text like everything else.

use std::fmt;

use tui_textarea::{CursorMove, Input, Key as InputKey, TextArea};

use crate::keymap::{Chord, Key};
use crate::model::limits;

/// Text being edited, on one line or several.
#[derive(Clone)]
pub struct Editor {
    area: TextArea<'static>,
    multiline: bool,
}

impl Editor {
    /// One line; line feeds in `text` become spaces.
    pub fn line(text: &str) -> Self {
        Self::new(&text.replace(['\r', '\n'], " "), false)
    }

    /// Several lines.
    pub fn text(text: &str) -> Self {
        Self::new(text, true)
    }

    fn new(text: &str, multiline: bool) -> Self {
        let mut area = TextArea::new(
            text.split('\n')
                .map(|line| line.trim_end_matches('\r').to_owned())
                .collect(),
        );
        area.set_max_histories(100);
        area.move_cursor(if multiline {
            CursorMove::Top
        } else {
            CursorMove::End
        });
        Self { area, multiline }
    }

    /// True for several lines: Enter is a line feed then.
    pub fn is_multiline(&self) -> bool {
        self.multiline
    }

    /// The lines, raw.
    pub fn lines(&self) -> &[String] {
        self.area.lines()
    }

    /// The text, lines joined by line feeds.
    pub fn content(&self) -> String {
        self.area.lines().join("\n")
    }

    /// True when there is no text.
    pub fn is_empty(&self) -> bool {
        self.area.is_empty()
    }

    /// Line and column of the cursor, from 0; columns count characters.
    pub fn cursor(&self) -> (usize, usize) {
        let cursor = self.area.cursor();
        (cursor.0, cursor.1)
    }

    /// Edits the text by a key. Keys that mean nothing here, and text past the limit, change nothing.
    pub fn feed(&mut self, chord: Chord) {
        let key = match chord.key {
            Key::Char(character) => InputKey::Char(character),
            Key::Enter if self.multiline => InputKey::Enter,
            Key::Backspace => InputKey::Backspace,
            Key::Delete => InputKey::Delete,
            Key::Left => InputKey::Left,
            Key::Right => InputKey::Right,
            Key::Up if self.multiline => InputKey::Up,
            Key::Down if self.multiline => InputKey::Down,
            Key::Home => InputKey::Home,
            Key::End => InputKey::End,
            Key::PageUp if self.multiline => InputKey::PageUp,
            Key::PageDown if self.multiline => InputKey::PageDown,
            _ => return,
        };
        if matches!(key, InputKey::Char('m' | 'j') if chord.ctrl && !self.multiline) {
            return;
        }
        // What a shell does: in one line, the start of it goes. In a text it undoes, as the crate has it.
        if matches!(key, InputKey::Char('u')) && chord.ctrl && !self.multiline {
            self.area.delete_line_by_head();
            return;
        }
        let grows = matches!(key, InputKey::Char(_) | InputKey::Enter) && !chord.ctrl && !chord.alt;
        if grows && self.bytes() >= self.limit() {
            return;
        }
        let input = Input {
            key,
            ctrl: chord.ctrl,
            alt: chord.alt,
            shift: chord.shift,
        };
        self.area.input(input);
    }

    /// Inserts pasted text, cut at the limit. On one line, line feeds become spaces: a paste never submits.
    pub fn paste(&mut self, text: &str) {
        let room = self.limit().saturating_sub(self.bytes());
        let mut end = text.len().min(room);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let text = text
            .get(..end)
            .unwrap_or_default()
            .replace("\r\n", "\n")
            .replace('\r', "\n");
        self.area.insert_str(if self.multiline {
            text
        } else {
            text.replace('\n', " ")
        });
    }

    fn bytes(&self) -> usize {
        self.area.lines().iter().map(|line| line.len() + 1).sum()
    }

    fn limit(&self) -> usize {
        if self.multiline {
            limits::TEXT_BYTES
        } else {
            limits::INPUT_BYTES
        }
    }
}

impl Default for Editor {
    fn default() -> Self {
        Self::line("")
    }
}

impl PartialEq for Editor {
    fn eq(&self, other: &Self) -> bool {
        self.lines() == other.lines()
            && self.cursor() == other.cursor()
            && self.multiline == other.multiline
    }
}

impl fmt::Debug for Editor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "Editor({:?} at {:?})",
            self.content(),
            self.cursor()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stays_a_line() {
        let mut editor = Editor::line("a\nb");
        editor.feed(Chord::plain(Key::Enter));
        editor.paste("\nc\r\nd");
        editor.feed(Chord::char('!'));
        assert_eq!(editor.content(), "a b c d!");
        assert_eq!(editor.cursor(), (0, 8));
    }

    #[test]
    fn text_takes_lines_and_undoes() {
        let mut editor = Editor::text("one");
        editor.feed(Chord::plain(Key::End));
        editor.feed(Chord::plain(Key::Enter));
        editor.feed(Chord::char('x'));
        assert_eq!(editor.content(), "one\nx");
        editor.feed(Chord {
            ctrl: true,
            ..Chord::char('u')
        });
        assert_ne!(editor.content(), "one\nx");
    }

    #[test]
    fn a_wrong_line_goes_with_one_key() {
        let mut editor = Editor::line("bad;id");
        editor.feed(Chord {
            ctrl: true,
            ..Chord::char('u')
        });
        assert_eq!(editor.content(), "");
    }

    #[test]
    fn growth_is_bounded() {
        let mut editor = Editor::line("");
        editor.paste(&"s".repeat(2 * limits::INPUT_BYTES));
        assert!(editor.content().len() <= limits::INPUT_BYTES);
    }
}
