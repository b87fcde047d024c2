//! A ratatui backend that collects a frame's bytes in memory and says nothing when nothing changed.
//!
//! crossterm's own backend repeats the cursor's state and resets colours in every frame, in several writes; over a slow
//! line that is felt. It never touches the terminal itself.

use std::io;

use crossterm::queue;
use crossterm::terminal::{Clear, ClearType as TerminalClear};
use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};

/// Collects a frame's bytes.
pub(super) struct ScreenBackend {
    bytes: Vec<u8>,
    size: (u16, u16),
    /// Whether the cursor was shown or hidden last; unknown at first.
    cursor_shown: Option<bool>,
    /// Where the cursor was put last; unknown after cells were written.
    cursor_at: Option<Position>,
}

impl ScreenBackend {
    /// A screen of this many columns and rows.
    pub(super) fn new(size: (u16, u16)) -> Self {
        Self {
            bytes: Vec::new(),
            size,
            cursor_shown: None,
            cursor_at: None,
        }
    }

    /// Columns and rows.
    pub(super) fn screen_size(&self) -> (u16, u16) {
        self.size
    }

    /// Clears the terminal with the next frame.
    pub(super) fn clear_all(&mut self) -> io::Result<()> {
        self.cursor_at = None;
        queue!(self.bytes, Clear(TerminalClear::All))
    }

    /// The bytes since the last call; the memory is kept for the next frame.
    pub(super) fn take(&mut self) -> Vec<u8> {
        let room = self.bytes.len();
        std::mem::replace(&mut self.bytes, Vec::with_capacity(room))
    }

    fn crossterm(&mut self) -> CrosstermBackend<&mut Vec<u8>> {
        CrosstermBackend::new(&mut self.bytes)
    }
}

impl Backend for ScreenBackend {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut content = content.peekable();
        if content.peek().is_none() {
            return Ok(());
        }
        self.cursor_at = None;
        self.crossterm().draw(content)
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        if self.cursor_shown == Some(false) {
            return Ok(());
        }
        self.cursor_shown = Some(false);
        self.crossterm().hide_cursor()
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        if self.cursor_shown == Some(true) {
            return Ok(());
        }
        self.cursor_shown = Some(true);
        self.crossterm().show_cursor()
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        // Asking the terminal would wait for its answer; nobody needs it with a fixed viewport.
        Ok(self.cursor_at.unwrap_or_default())
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        let position = position.into();
        if self.cursor_at == Some(position) {
            return Ok(());
        }
        self.cursor_at = Some(position);
        self.crossterm().set_cursor_position(position)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.clear_all()
    }

    fn clear_region(&mut self, clear_type: ClearType) -> io::Result<()> {
        self.crossterm().clear_region(clear_type)
    }

    fn size(&self) -> io::Result<Size> {
        Ok(Size::new(self.size.0, self.size.1))
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize {
            columns_rows: Size::new(self.size.0, self.size.1),
            pixels: Size::default(),
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::widgets::Paragraph;
    use ratatui::{Terminal, TerminalOptions, Viewport};

    use super::*;

    #[test]
    fn a_frame_without_a_change_is_no_bytes() {
        let options = TerminalOptions {
            viewport: Viewport::Fixed(Rect::new(0, 0, 20, 2)),
        };
        let mut terminal = Terminal::with_options(ScreenBackend::new((20, 2)), options).unwrap();
        let mut bytes_of = |text: &str, cursor: Option<(u16, u16)>| {
            terminal
                .draw(|frame| {
                    frame.render_widget(Paragraph::new(text), frame.area());
                    if let Some(at) = cursor {
                        frame.set_cursor_position(at);
                    }
                })
                .unwrap();
            terminal.backend_mut().take()
        };
        assert!(!bytes_of("one", None).is_empty());
        assert_eq!(bytes_of("one", None), b"");
        assert!(!bytes_of("one", Some((1, 0))).is_empty());
        assert_eq!(bytes_of("one", Some((1, 0))), b"");
        let moved = String::from_utf8(bytes_of("two", Some((1, 0)))).unwrap();
        assert!(
            moved.ends_with("\u{1b}[1;2H"),
            "the cursor goes back to its place: {moved:?}"
        );
    }
}
