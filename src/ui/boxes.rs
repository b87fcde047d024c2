//! Frames of panes and dialogs. The pane that takes the keys has a thick frame, so focus does not depend on colour.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::{Block, BorderType, Clear, Widget};

use super::text::{Shown, TextLine, width};
use crate::model::safe_text::sanitize;
use crate::theme::{Role, Theme};

/// Draws a pane's frame with its title on the left and a short note on the right of the upper edge, and returns the
/// room inside. A pane too low for a frame has none.
pub fn pane(
    buffer: &mut Buffer,
    area: Rect,
    title: &TextLine,
    note: &TextLine,
    focused: bool,
    theme: &Theme,
) -> Rect {
    let area = area.intersection(buffer.area);
    if area.height < 3 || area.width < 6 {
        return area;
    }
    let (role, border) = if focused {
        (Role::BorderFocused, BorderType::Thick)
    } else {
        (Role::Border, BorderType::Plain)
    };
    let block = Block::bordered()
        .border_type(border)
        .border_style(theme.style(role));
    let inside = block.inner(area);
    block.render(area, buffer);
    let edge = Rect {
        x: area.x + 1,
        width: area.width - 2,
        height: 1,
        ..area
    };
    let room = usize::from(edge.width);
    let note_fits = !note.is_empty() && title.width().min(12) + note.width() + 5 <= room;
    if note_fits {
        let spaced = TextLine::of(" ", theme.style(Role::Text));
        let mut right = spaced.clone();
        right.extend(note.clone());
        right.extend(spaced);
        // A plain note costs no change of colour: it holds the position, which every row key rewrites.
        let width = (right.width() as u16).min(edge.width);
        let place = Rect {
            x: edge.right() - width,
            width,
            ..edge
        };
        buffer.set_style(place, Style::reset());
        right.write_right(buffer, edge, area.y);
    }
    let taken = if note_fits { note.width() + 2 } else { 1 };
    let mut left = TextLine::of(" ", theme.style(Role::Text));
    left.extend(title.clone());
    let title_room = Rect {
        width: (room.saturating_sub(taken)) as u16,
        ..edge
    };
    if !focused {
        // The title does not take the dim look of the edge it stands on.
        let covered = (left.width() as u16).min(title_room.width);
        let place = Rect {
            width: covered,
            ..edge
        };
        buffer.set_style(place, Style::reset());
    }
    let end = left.write(buffer, title_room, area.y);
    if end < edge.right() {
        TextLine::of(" ", theme.style(Role::Text)).write(
            buffer,
            Rect {
                x: end,
                width: 1,
                ..edge
            },
            area.y,
        );
    }
    inside
}

/// Clears a place for a dialog in the middle of the screen and frames it. `size` is the room wanted inside; the dialog
/// takes what there is. The hint stands on the lower edge.
pub fn dialog(
    buffer: &mut Buffer,
    size: (usize, usize),
    title: impl Shown,
    hint: &TextLine,
    theme: &Theme,
) -> Rect {
    let screen = buffer.area;
    let title = title.shown();
    let wanted = size.0.max(width(title.as_str()) + 2).max(hint.width() + 2);
    let columns = (wanted + 4).min(usize::from(screen.width)) as u16;
    let rows = (size.1 + 2).min(usize::from(screen.height)) as u16;
    let area = Rect {
        x: (screen.width - columns) / 2,
        y: (screen.height - rows) / 3,
        width: columns,
        height: rows,
    };
    Clear.render(area, buffer);
    let inside = pane(
        buffer,
        area,
        &TextLine::of(title, theme.style(Role::Title)),
        &TextLine::new(),
        true,
        theme,
    );
    if area.height >= 3 && area.width >= 6 {
        let edge = Rect {
            x: area.x + 2,
            width: area.width - 4,
            ..area
        };
        hint.write(buffer, edge, area.bottom() - 1);
        return Rect {
            x: inside.x + 1,
            width: inside.width.saturating_sub(2),
            ..inside
        };
    }
    inside
}

/// Marks on the right edge of a frame that there is more above or below.
pub fn more(buffer: &mut Buffer, inside: Rect, above: bool, below: bool, theme: &Theme) {
    let x = inside.right();
    let style = theme.style(Role::Key);
    if x >= buffer.area.right() || inside.height == 0 {
        return;
    }
    let at = |y: u16| Rect {
        x,
        y,
        width: 1,
        height: 1,
    };
    if above {
        TextLine::of("▲", style).write(buffer, at(inside.y), inside.y);
    }
    if below {
        let y = inside.bottom() - 1;
        TextLine::of("▼", style).write(buffer, at(y), y);
    }
}

/// A path, whole: broken behind a `/` where that is possible, so that its parts can be read.
pub fn path(path: &str, room: usize, theme: &Theme) -> Vec<TextLine> {
    let style = theme.style(Role::Code);
    let mut lines: Vec<TextLine> = Vec::new();
    for part in path.split_inclusive('/') {
        let part = TextLine::of(sanitize(part), style);
        match lines.last_mut() {
            Some(line) if line.width() + part.width() <= room => line.extend(part),
            _ => lines.extend(part.wrap(room, 0)),
        }
    }
    lines
}

/// At most so many lines; that there are more is said at the end of the last.
pub fn at_most(mut lines: Vec<TextLine>, most: usize, theme: &Theme) -> Vec<TextLine> {
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            last.push(" …", theme.style(Role::Muted));
        }
    }
    lines
}
