//! Lines of styled safe text: built, wrapped, cut to a width and written to the buffer.
//!
//! The only way to put content on the screen. It takes [`SafeText`] and literals, nothing else, so text from outside
//! has to pass `sanitize` first. Widths are those of terminal cells (UAX #11, as `unicode-width` has them).

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::model::safe_text::{SafeText, sanitize};

/// What may be shown: safe text and literals of the source code.
pub trait Shown {
    /// The text.
    fn shown(self) -> SafeText;
}

impl Shown for SafeText {
    fn shown(self) -> SafeText {
        self
    }
}

impl Shown for &SafeText {
    fn shown(self) -> SafeText {
        self.clone()
    }
}

impl Shown for &'static str {
    fn shown(self) -> SafeText {
        SafeText::fixed(self)
    }
}

/// Safe text from a format string; whatever is put in becomes safe.
macro_rules! safe {
    ($($part:tt)*) => {
        $crate::model::safe_text::sanitize(&format!($($part)*))
    };
}
pub(crate) use safe;

/// A line of pieces, each in one style.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TextLine {
    pieces: Vec<(SafeText, Style)>,
}

impl TextLine {
    /// An empty line.
    pub fn new() -> Self {
        Self::default()
    }

    /// A line of one piece.
    pub fn of(text: impl Shown, style: Style) -> Self {
        Self::new().with(text, style)
    }

    /// The line with a piece more.
    #[must_use]
    pub fn with(mut self, text: impl Shown, style: Style) -> Self {
        self.push(text, style);
        self
    }

    /// Adds a piece.
    pub fn push(&mut self, text: impl Shown, style: Style) {
        let text = text.shown();
        if !text.as_str().is_empty() {
            self.pieces.push((text, style));
        }
    }

    /// Adds the pieces of another line.
    pub fn extend(&mut self, other: Self) {
        self.pieces.extend(other.pieces);
    }

    /// Adds spaces until the line has this width.
    pub fn pad_to(&mut self, width: usize) {
        let missing = width.saturating_sub(self.width());
        if missing > 0 {
            self.push(spaces(missing), Style::new());
        }
    }

    /// Cells it takes.
    pub fn width(&self) -> usize {
        self.pieces
            .iter()
            .map(|(text, _)| width(text.as_str()))
            .sum()
    }

    /// True when there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// The line with a style put over each piece's own.
    #[must_use]
    pub fn patched(mut self, style: Style) -> Self {
        for (_, own) in &mut self.pieces {
            *own = own.patch(style);
        }
        self
    }

    /// The line in one style: a selected line is whole, whatever is in it.
    #[must_use]
    pub fn selected(mut self, style: Style) -> Self {
        for (_, own) in &mut self.pieces {
            *own = style;
        }
        self
    }

    /// Writes the line at the left of row `y` inside `area`, cut with `…`. Returns the column after it.
    pub fn write(&self, buffer: &mut Buffer, area: Rect, y: u16) -> u16 {
        let area = area.intersection(buffer.area);
        let mut x = area.x;
        if y < area.y || y >= area.bottom() {
            return x;
        }
        let total = self.width();
        let room = usize::from(area.width);
        for (text, style) in &self.pieces {
            let left = usize::from(area.right().saturating_sub(x));
            let cut_here = total > room && width(text.as_str()) >= left;
            if cut_here {
                let (head, _) = fit(text.as_str(), left.saturating_sub(1));
                x = put(buffer, x, y, head, left, *style);
                if left > 0 {
                    x = put(buffer, x, y, "…", 1, *style);
                }
                break;
            }
            x = put(buffer, x, y, text.as_str(), left, *style);
        }
        x
    }

    /// Writes the line so that it ends at the right edge of `area`; what has no room is cut at its end.
    pub fn write_right(&self, buffer: &mut Buffer, area: Rect, y: u16) {
        let width = (self.width() as u16).min(area.width);
        let inside = Rect {
            x: area.right() - width,
            width,
            ..area
        };
        self.write(buffer, inside, y);
    }

    /// Breaks the line at spaces so that no part is wider than `room`; parts after the first begin with `indent` spaces.
    /// A word wider than the room is broken where it must be.
    pub fn wrap(&self, room: usize, indent: usize) -> Vec<Self> {
        let room = room.max(1);
        let indent = if indent + 4 > room { 0 } else { indent };
        let mut lines = Vec::new();
        let mut line = Self::new();
        let mut used = 0;
        // Words are made of parts of neighbouring pieces: `**bold**,` is one word in two styles.
        for word in self.words() {
            let word_width: usize = word.iter().map(|(text, _)| width(text)).sum();
            let blank = word
                .iter()
                .all(|(text, _)| text.trim_matches(' ').is_empty());
            if used + word_width <= room {
                line.take(&word);
                used += word_width;
                continue;
            }
            if blank {
                continue;
            }
            // A word that fits no line is broken where it stands, as long as some of it fits there.
            let fits_next = word_width + indent <= room || used + 4 > room;
            if fits_next && (used > indent || (lines.is_empty() && used > 0)) {
                lines.push(std::mem::take(&mut line));
                line.push(spaces(indent), Style::new());
                used = indent;
            }
            for (text, style) in word {
                for grapheme in text.graphemes(true) {
                    let cells = width(grapheme);
                    if used + cells > room && used > indent {
                        lines.push(std::mem::take(&mut line));
                        line.push(spaces(indent), Style::new());
                        used = indent;
                    }
                    line.take(&[(grapheme, style)]);
                    used += cells;
                }
            }
        }
        lines.push(line);
        lines
    }

    /// Adds raw parts of safe text, joining those of one style.
    fn take(&mut self, parts: &[(&str, Style)]) {
        for (text, style) in parts {
            match self.pieces.last_mut() {
                Some((last, own)) if own == style => {
                    let mut joined = std::mem::take(last).into_string();
                    joined.push_str(text);
                    *last = sanitize(&joined);
                }
                _ => self.pieces.push((sanitize(text), *style)),
            }
        }
    }

    fn words(&self) -> Vec<Vec<(&str, Style)>> {
        let mut words: Vec<Vec<(&str, Style)>> = Vec::new();
        let mut blank_before = true;
        for (text, style) in &self.pieces {
            let mut rest = text.as_str();
            while let Some(first) = rest.chars().next() {
                let blank = first == ' ';
                let end = rest
                    .find(|c: char| (c == ' ') != blank)
                    .unwrap_or(rest.len());
                let (part, tail) = rest.split_at(end);
                match words.last_mut() {
                    Some(word) if blank == blank_before => word.push((part, *style)),
                    _ => words.push(vec![(part, *style)]),
                }
                blank_before = blank;
                rest = tail;
            }
        }
        words
    }
}

/// Writes safe text. Most text is ASCII, for which looking for graphemes would be a quarter of a frame's cost.
fn put(buffer: &mut Buffer, x: u16, y: u16, text: &str, room: usize, style: Style) -> u16 {
    if !text.is_ascii() {
        return buffer.set_stringn(x, y, text, room, style).0;
    }
    let mut at = x;
    for character in text.chars().take(room) {
        let Some(cell) = buffer.cell_mut((at, y)) else {
            break;
        };
        cell.set_char(character);
        cell.set_style(style);
        at += 1;
    }
    at
}

/// Cells a text takes.
pub fn width(text: &str) -> usize {
    if text.is_ascii() {
        text.len()
    } else {
        text.graphemes(true).map(UnicodeWidthStr::width).sum()
    }
}

/// The longest beginning of `text` that takes at most `room` cells, and the cells it takes.
pub fn fit(text: &str, room: usize) -> (&str, usize) {
    if text.is_ascii() {
        let end = text.len().min(room);
        return (text.get(..end).unwrap_or_default(), end);
    }
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        let cells = UnicodeWidthStr::width(grapheme);
        if used + cells > room {
            return (text.get(..at).unwrap_or_default(), used);
        }
        used += cells;
    }
    (text, used)
}

/// So many spaces.
pub fn spaces(count: usize) -> SafeText {
    sanitize(&" ".repeat(count))
}

/// Writes lines from the top of `area`, as many as fit, starting with line `top`.
pub fn write_lines(lines: &[TextLine], top: usize, buffer: &mut Buffer, area: Rect) {
    for (line, y) in lines.iter().skip(top).zip(area.y..area.bottom()) {
        line.write(buffer, area, y);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(lines: &[TextLine]) -> Vec<String> {
        lines
            .iter()
            .map(|line| line.pieces.iter().map(|(text, _)| text.as_str()).collect())
            .collect()
    }

    #[test]
    fn words_wrap_and_long_ones_break() {
        for (text, room, expected) in [
            ("one two three", 8, vec!["one two ", "three"]),
            ("漢字漢字 x", 5, vec!["漢字", "漢字 ", "x"]),
            ("abcdefgh", 3, vec!["abc", "def", "gh"]),
            ("", 5, vec![""]),
            ("x", 0, vec!["x"]),
        ] {
            let line = TextLine::of(sanitize(text), Style::new());
            assert_eq!(shown(&line.wrap(room, 0)), expected, "{text}");
        }
        let bold = Style::new().add_modifier(ratatui::style::Modifier::BOLD);
        let line = TextLine::of("a bol", Style::new()).with("d, b", bold);
        assert_eq!(shown(&line.wrap(6, 0)), ["a ", "bold, ", "b"]);
    }

    #[test]
    fn a_cut_line_says_so_and_never_splits_a_wide_character() {
        let area = Rect::new(0, 0, 6, 1);
        let mut buffer = Buffer::empty(area);
        TextLine::of(sanitize("漢字漢字"), Style::new()).write(&mut buffer, area, 0);
        assert_eq!(buffer, Buffer::with_lines(["漢字… "]));
        let mut buffer = Buffer::empty(area);
        TextLine::of("abc", Style::new())
            .with("def", Style::new())
            .write(&mut buffer, area, 0);
        assert_eq!(buffer, Buffer::with_lines(["abcdef"]));
        let mut buffer = Buffer::empty(area);
        TextLine::of("abc", Style::new())
            .with("defg", Style::new())
            .write(&mut buffer, area, 0);
        assert_eq!(buffer, Buffer::with_lines(["abcde…"]));
    }
}
