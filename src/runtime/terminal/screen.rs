//! The screen: what is drawn goes out as the difference to what was drawn before, in one write, and nothing goes out when nothing
//! changed.
//!
//! The cursor stays hidden from the moment the terminal is taken: dialogs draw their own. A line may be slow, so no byte repeats what
//! the terminal knows.

use std::io;
use std::sync::atomic::Ordering;

use crossterm::queue;
use crossterm::terminal::{Clear, ClearType};
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;

use super::{STALE, write};

/// What the terminal shows, and room for what it is to show. At first it has no size: the first frame gives it one.
#[derive(Default)]
pub struct Screen {
    shown: Buffer,
    /// Empty between two frames.
    next: Buffer,
    bytes: Vec<u8>,
}

impl Screen {
    /// Whether the terminal has this size and shows what was drawn last.
    pub fn shows(&self, size: (u16, u16)) -> bool {
        !STALE.load(Ordering::SeqCst) && self.size() == size
    }

    /// Draws a frame into an empty buffer. A size other than the last one, or a terminal that was taken anew, draws everything.
    pub fn draw(&mut self, size: (u16, u16), draw: impl FnOnce(&mut Buffer)) -> io::Result<()> {
        let stale = STALE.swap(false, Ordering::SeqCst);
        if stale || self.size() != size {
            let area = Rect::new(0, 0, size.0, size.1);
            for buffer in [&mut self.shown, &mut self.next] {
                buffer.resize(area);
                buffer.reset();
            }
            queue!(self.bytes, Clear(ClearType::All))?;
        }
        draw(&mut self.next);
        cells(&mut self.bytes, self.shown.diff_iter(&self.next))?;
        std::mem::swap(&mut self.shown, &mut self.next);
        let sent = self.send();
        self.next.reset();
        sent
    }

    /// Draws a part into an empty buffer of its area; the rest stays as it is.
    pub fn draw_part(&mut self, area: Rect, draw: impl FnOnce(&mut Buffer)) -> io::Result<()> {
        let area = area.intersection(self.shown.area);
        let mut part = Buffer::empty(area);
        draw(&mut part);
        let mut before = Buffer::empty(area);
        copy(&self.shown, &mut before);
        cells(&mut self.bytes, before.diff_iter(&part))?;
        let sent = self.send();
        copy(&part, &mut self.shown);
        sent
    }

    fn size(&self) -> (u16, u16) {
        (self.shown.area.width, self.shown.area.height)
    }

    /// The memory is kept for the next frame.
    fn send(&mut self) -> io::Result<()> {
        let sent = write(&self.bytes);
        self.bytes.clear();
        sent
    }
}

/// The bytes that write these cells; none for none.
fn cells<'a>(
    bytes: &mut Vec<u8>,
    cells: impl Iterator<Item = (u16, u16, &'a Cell)>,
) -> io::Result<()> {
    let mut cells = cells.peekable();
    if cells.peek().is_none() {
        return Ok(());
    }
    CrosstermBackend::new(bytes).draw(cells)
}

/// Copies what both have, line by line.
fn copy(from: &Buffer, to: &mut Buffer) {
    let both = from.area.intersection(to.area);
    let width = usize::from(both.width);
    for y in both.y..both.bottom() {
        let (source, target) = (from.index_of(both.x, y), to.index_of(both.x, y));
        let source = from.content.get(source..source + width);
        let target = to.content.get_mut(target..target + width);
        if let (Some(source), Some(target)) = (source, target) {
            target.clone_from_slice(source);
        }
    }
}

#[cfg(test)]
mod tests {
    use ratatui::style::Style;

    use super::*;

    fn screen(columns: u16, rows: u16) -> Screen {
        let empty = Buffer::empty(Rect::new(0, 0, columns, rows));
        Screen {
            shown: empty.clone(),
            next: empty,
            ..Screen::default()
        }
    }

    /// Bytes of the difference between what a screen shows and these lines.
    fn drawn(screen: &mut Screen, lines: &[&str]) -> Vec<u8> {
        for (line, y) in lines.iter().zip(0..) {
            screen.next.set_string(0, y, line, Style::new());
        }
        let mut bytes = Vec::new();
        cells(&mut bytes, screen.shown.diff_iter(&screen.next)).unwrap();
        std::mem::swap(&mut screen.shown, &mut screen.next);
        screen.next.reset();
        bytes
    }

    #[test]
    fn a_frame_without_a_change_is_no_bytes() {
        let mut screen = screen(20, 2);
        assert!(!drawn(&mut screen, &["one"]).is_empty());
        assert_eq!(drawn(&mut screen, &["one"]), b"");
        assert!(!drawn(&mut screen, &["two"]).is_empty());
    }

    #[test]
    fn a_part_changes_its_area_alone() {
        let mut screen = screen(8, 3);
        let before = ["12345678", "abcdefgh", "12345678"];
        drawn(&mut screen, &before);
        let draw = |screen: &mut Screen, text: &str| {
            screen
                .draw_part(Rect::new(2, 1, 4, 1), |part| {
                    part.set_string(2, 1, text, Style::new());
                })
                .unwrap();
        };
        draw(&mut screen, "漢x");
        // The whole screen knows what the part wrote: drawn whole, nothing is left to say.
        assert_eq!(
            drawn(&mut screen, &["12345678", "ab漢x gh", "12345678"]),
            b""
        );
        draw(&mut screen, "cdef");
        assert_eq!(drawn(&mut screen, &before), b"");
    }
}
