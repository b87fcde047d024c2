//! Pictures of the screen: the same buffer that goes to the terminal, as SVG.

use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};

use super::{Local, paint};
use crate::engine::state::State;
use crate::theme::Theme;

/// Width of a cell in a font of [`FONT`] pixels.
const CELL: f64 = 8.43;
/// Height of a cell.
const LINE: f64 = 18.0;
/// Size of the font.
const FONT: f64 = 14.0;
/// Space around.
const EDGE: f64 = 12.0;
/// Ground and ink of a picture.
const GROUND: &str = "#14171c";
const INK: &str = "#d6dae1";
/// Ink of what matters less.
const DIM: &str = "#868e9a";

/// Draws a state without a terminal.
pub fn render(state: &State, theme: &Theme, width: u16, height: u16) -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    paint(state, &mut Local::default(), theme, &mut buffer);
    buffer
}

/// A buffer as an SVG document. The same buffer gives the same text, byte for byte.
pub fn svg(buffer: &Buffer, title: &str) -> String {
    let area = buffer.area;
    let width = f64::from(area.width) * CELL + 2.0 * EDGE;
    let height = f64::from(area.height) * LINE + 2.0 * EDGE;
    let mut svg = String::new();
    let _ = writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.1}\" height=\"{height:.1}\" viewBox=\"0 0 {width:.1} {height:.1}\" font-family=\"'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"{FONT}\">"
    );
    let _ = writeln!(svg, "<title>{}</title>", escape(title));
    let _ = writeln!(
        svg,
        "<rect width=\"100%\" height=\"100%\" rx=\"6\" fill=\"{GROUND}\"/>"
    );
    for y in area.y..area.bottom() {
        for run in runs(buffer, y) {
            write_run(&mut svg, &run, y);
        }
    }
    svg.push_str("</svg>\n");
    svg
}

/// Neighbouring cells of one look.
struct Run {
    x: u16,
    cells: u16,
    text: String,
    look: Look,
    /// More cells may join. A character that comes from another font has a place of its own: its width is not known.
    joins: bool,
}

#[derive(PartialEq, Clone, Copy)]
struct Look {
    ink: &'static str,
    ground: Option<&'static str>,
    bold: bool,
    italic: bool,
    underlined: bool,
}

fn runs(buffer: &Buffer, y: u16) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut x = buffer.area.x;
    while x < buffer.area.right() {
        let Some(cell) = buffer.cell((x, y)) else {
            break;
        };
        let cells = super::text::width(cell.symbol()).max(1) as u16;
        let look = look(cell);
        let joins = in_every_font(cell.symbol());
        match runs.last_mut() {
            Some(run) if run.look == look && run.joins && joins => {
                run.text.push_str(cell.symbol());
                run.cells += cells;
            }
            _ => runs.push(Run {
                x,
                cells,
                text: cell.symbol().to_owned(),
                look,
                joins,
            }),
        }
        x += cells;
    }
    runs
}

/// ASCII, Latin 1 and lines of frames: monospaced fonts have these in one width.
fn in_every_font(symbol: &str) -> bool {
    symbol
        .chars()
        .all(|character| matches!(character, ' '..='\u{ff}' | '\u{2500}'..='\u{257f}'))
}

fn write_run(svg: &mut String, run: &Run, y: u16) {
    let left = |x: u16| f64::from(x) * CELL + EDGE;
    let top = f64::from(y) * LINE + EDGE;
    if let Some(ground) = run.look.ground {
        let _ = writeln!(
            svg,
            "<rect x=\"{:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{LINE}\" fill=\"{ground}\"/>",
            left(run.x),
            f64::from(run.cells) * CELL
        );
    }
    if run.text.trim_matches(' ').is_empty() && !run.look.underlined {
        return;
    }
    let _ = write!(
        svg,
        "<text x=\"{:.1}\" y=\"{:.1}\" xml:space=\"preserve\" fill=\"{}\"",
        left(run.x),
        top + 13.5,
        run.look.ink
    );
    for (on, attribute) in [
        (run.look.bold, " font-weight=\"bold\""),
        (run.look.italic, " font-style=\"italic\""),
        (run.look.underlined, " text-decoration=\"underline\""),
    ] {
        if on {
            svg.push_str(attribute);
        }
    }
    let _ = writeln!(svg, ">{}</text>", escape(&run.text));
}

fn look(cell: &Cell) -> Look {
    let modifier = cell.modifier;
    let mut ink = hex(cell.fg).unwrap_or(INK);
    let mut ground = hex(cell.bg);
    if modifier.contains(Modifier::DIM) {
        ink = DIM;
    }
    if modifier.contains(Modifier::REVERSED) {
        let ink_before = ink;
        ink = ground.unwrap_or(GROUND);
        ground = Some(ink_before);
    }
    Look {
        ink,
        ground,
        bold: modifier.contains(Modifier::BOLD),
        italic: modifier.contains(Modifier::ITALIC),
        underlined: modifier.contains(Modifier::UNDERLINED),
    }
}

/// The picture's version of the sixteen colours; the theme uses no others.
fn hex(color: Color) -> Option<&'static str> {
    Some(match color {
        Color::Black => "#000000",
        Color::Red => "#ff6b6b",
        Color::Green => "#7fd47f",
        Color::Yellow => "#e5c461",
        Color::Blue => "#6ea8fe",
        Color::Magenta => "#d58ae0",
        Color::Cyan => "#5ccfe0",
        Color::Gray => "#c0c5cc",
        Color::DarkGray => DIM,
        Color::LightRed => "#ff9e80",
        Color::LightGreen => "#a8e6a1",
        Color::LightYellow => "#f5e08a",
        Color::LightBlue => "#a5c8ff",
        Color::LightMagenta => "#e8b4f0",
        Color::LightCyan => "#a0ecf5",
        Color::White => "#ffffff",
        Color::Reset | Color::Rgb(..) | Color::Indexed(_) => return None,
    })
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            // XML 1.0 has no place for control characters.
            control if control.is_control() => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}
