//! A screen as text, drawn without a terminal: what a person sees, line by line.

use quarterdeck::engine::state::State;
use quarterdeck::theme::Theme;
use quarterdeck::ui::screenshot::render;
use quarterdeck::ui::text::width;
use ratatui::buffer::Buffer;

/// Each test file uses a part of this; naming every part keeps the compiler from calling the rest dead.
const _: () = {
    let _ = (SIZES, screen, check_hostile);
};

/// The sizes that people have.
pub const SIZES: [(u16, u16); 2] = [(80, 24), (120, 40)];

/// The characters of a buffer, line by line, without the spaces at the end of a line.
pub fn characters(buffer: &Buffer) -> String {
    let columns = usize::from(buffer.area.width).max(1);
    let mut text = String::new();
    for line in buffer.content().chunks(columns) {
        let mut shown = String::new();
        // Cells behind a wide character belong to it.
        let mut covered = 0;
        for cell in line {
            if covered > 0 {
                covered -= 1;
                continue;
            }
            covered = width(cell.symbol()).saturating_sub(1);
            shown.push_str(cell.symbol());
        }
        text.push_str(shown.trim_end());
        text.push('\n');
    }
    text
}

/// A state as it is drawn in this many columns and rows.
pub fn screen(state: &State, (columns, rows): (u16, u16)) -> String {
    characters(&render(state, &Theme::default(), columns, rows))
}

/// Nothing of what is invisible, or turns text around, reaches a cell.
pub fn check_hostile(state: &State, sizes: &[(u16, u16)]) {
    let forbidden = |character: char| {
        character.is_control()
            || matches!(
                character,
                '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
                    | '\u{feff}' | '\u{2800}' | '\u{3164}' | '\u{e0000}'..='\u{e0fff}'
            )
    };
    for size in sizes {
        let buffer = render(state, &Theme::default(), size.0, size.1);
        let bad = |symbol: &&str| symbol.chars().any(forbidden);
        let found = buffer
            .content()
            .iter()
            .map(ratatui::buffer::Cell::symbol)
            .find(bad);
        assert_eq!(found, None, "at {size:?} in {:?}", state.overlays.first());
    }
}
