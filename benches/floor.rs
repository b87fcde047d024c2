//! The floor of `docs/performance.md`: the least that a ratatui program with a chart beside a table can do.
//!
//! It draws only on an event, builds only the visible rows, and knows nothing of playbooks, sources or records. The cockpit
//! is measured against it in the same run, so that a busy machine slows both. It must stay this simple: `floor [ROWS]`,
//! with Up, Down, PgUp, PgDn, Home, End and `q`.

use std::io;

use ratatui::Frame;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind};
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Style, Stylize};
use ratatui::symbols::Marker;
use ratatui::text::Line;
use ratatui::widgets::{Axis, Block, Chart, Dataset, GraphType, Row, Table, TableState};

/// Lines of the screen around the rows: two borders, the header, the status line.
const AROUND_ROWS: u16 = 4;

fn main() -> io::Result<()> {
    let rows = std::env::args()
        .nth(1)
        .and_then(|text| text.parse().ok())
        .unwrap_or(1_000_000_usize)
        .max(1);
    let samples: Vec<(f64, f64)> = (0..300)
        .map(f64::from)
        .map(|at| (at, 50.0 + 40.0 * (at / 17.0).sin()))
        .collect();
    let mut terminal = ratatui::init();
    let mut view = View {
        rows,
        top: 0,
        selected: 0,
    };
    loop {
        terminal.draw(|frame| draw(frame, view, &samples))?;
        let page = usize::from(terminal.size()?.height.saturating_sub(AROUND_ROWS)).max(1);
        if let Event::Key(key) = event::read()?
            && key.kind == KeyEventKind::Press
        {
            if key.code == KeyCode::Char('q') {
                break;
            }
            view.press(key.code, page);
        }
        view.keep_selected_visible(page);
    }
    ratatui::restore();
    Ok(())
}

#[derive(Debug, Clone, Copy)]
struct View {
    rows: usize,
    top: usize,
    selected: usize,
}

impl View {
    fn press(&mut self, key: KeyCode, page: usize) {
        match key {
            KeyCode::Down => self.selected += 1,
            KeyCode::Up => self.selected = self.selected.saturating_sub(1),
            KeyCode::PageDown => {
                self.selected += page;
                self.top += page;
            }
            KeyCode::PageUp => {
                self.selected = self.selected.saturating_sub(page);
                self.top = self.top.saturating_sub(page);
            }
            KeyCode::End => {
                self.selected = self.rows - 1;
                self.top = self.rows;
            }
            KeyCode::Home => (self.selected, self.top) = (0, 0),
            _ => {}
        }
    }

    fn keep_selected_visible(&mut self, page: usize) {
        self.selected = self.selected.min(self.rows - 1);
        self.top = self
            .top
            .clamp((self.selected + 1).saturating_sub(page), self.selected);
        self.top = self.top.min(self.rows.saturating_sub(page));
    }
}

fn draw(frame: &mut Frame, view: View, samples: &[(f64, f64)]) {
    let [body, status] =
        Layout::vertical([Constraint::Min(1), Constraint::Length(1)]).areas(frame.area());
    let [left, right] = Layout::horizontal([Constraint::Percentage(50); 2]).areas(body);
    draw_chart(frame, left, samples);
    draw_table(frame, right, view);
    frame.render_widget(
        Line::raw(format!(
            "row {} / {}   q quit",
            view.selected + 1,
            view.rows
        )),
        status,
    );
}

fn draw_chart(frame: &mut Frame, area: Rect, samples: &[(f64, f64)]) {
    let line = Dataset::default()
        .name("p99 ms")
        .marker(Marker::Braille)
        .graph_type(GraphType::Line)
        .style(Style::new().cyan())
        .data(samples);
    let chart = Chart::new(vec![line])
        .block(Block::bordered().title("latency"))
        .x_axis(Axis::default().bounds([0.0, 300.0]).labels(["-5m", "now"]))
        .y_axis(
            Axis::default()
                .bounds([0.0, 100.0])
                .labels(["0", "50", "100"]),
        );
    frame.render_widget(chart, area);
}

fn draw_table(frame: &mut Frame, area: Rect, view: View) {
    let visible = usize::from(area.height.saturating_sub(AROUND_ROWS - 1));
    let rows = (view.top..(view.top + visible).min(view.rows)).map(|row| Row::new(cells(row)));
    let table = Table::new(rows, [8, 17, 8, 10, 22].map(Constraint::Length))
        .header(Row::new(["id", "at", "org", "action", "meta"]).bold())
        .block(Block::bordered().title("audit_entries"))
        .row_highlight_style(Style::new().reversed());
    let mut state = TableState::default().with_selected(Some(view.selected - view.top));
    frame.render_stateful_widget(table, area, &mut state);
}

fn cells(row: usize) -> [String; 5] {
    let action = match row % 5 {
        0 => "run.start",
        1 => "step.ok",
        2 => "query.run",
        3 => "note.add",
        _ => "step.skip",
    };
    [
        row.to_string(),
        format!(
            "2026-11-{:02} {:02}:{:02}",
            row / 1440 % 28 + 1,
            row / 60 % 24,
            row % 60
        ),
        format!("org-{}", row * 7919 % 500),
        action.to_owned(),
        format!("{{\"ip\":\"10.0.{}.{}\"}}", row / 256 % 256, row % 256),
    ]
}
