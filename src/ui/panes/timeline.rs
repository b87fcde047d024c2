//! The timeline: what was done, when, by whom; the newest entry last.
//!
//! ```text
//! ┌ Timeline 37 · UTC ─────────────────────────────────────────────┐
//! │ 03:12:44 alice  sent to audit · “Identify the source”          │
//! │ 03:12:44 alice  → ran · 50 rows · 18 ms · “Identify the source”│
//! └────────────────────────────────────────────────────────────────┘
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::layout::PaneKind;
use crate::model::safe_text::sanitize;
use crate::record::entry::{Body, Sealed};
use crate::theme::Role;
use crate::ui::text::{TextLine, fit, safe, width};
use crate::ui::{Local, View, boxes, sentence, words};

/// Cells of the operator's column at most.
const OPERATOR: usize = 10;

/// Draws the pane.
pub fn draw(view: &View<'_>, local: &mut Local, area: Rect, buffer: &mut Buffer) {
    let focused = view.cockpit.focus == PaneKind::Timeline;
    let timeline = &view.cockpit.timeline;
    let mut title = view.line("Timeline ", Role::Title);
    title.push(words::count(timeline.total), view.theme.style(Role::Muted));
    title.push(
        safe!(" · {}", words::zone_name(&view.state.zone, view.state.now)),
        view.theme.style(Role::Muted),
    );
    let waiting = view.cockpit.pending.len();
    let note = if waiting > 0 {
        view.line(safe!("{waiting} being written"), Role::Warning)
    } else if timeline.loading {
        view.line("reading", Role::Muted)
    } else if timeline.back > 0 {
        let selected = timeline.total.saturating_sub(timeline.back);
        view.line(safe!("{}", words::count(selected)), Role::Muted)
    } else {
        TextLine::new()
    };
    let inside = boxes::pane(buffer, area, &title, &note, focused, view.theme);
    if timeline.total == 0 {
        view.line(" Nothing recorded yet.", Role::Muted)
            .write(buffer, inside, inside.y);
        return;
    }
    let height = u64::from(inside.height.max(1));
    let selected = timeline.line_of(timeline.selected());
    let newest = timeline.lines_above(timeline.total, height);
    let lines = |top: u64| {
        let positions = (top..timeline.total).filter(|at| !timeline.is_other_form(*at));
        positions.take(inside.height.max(1).into())
    };
    // Without scrolling back the newest entries show; else the view moves as little as possible.
    let top = if timeline.back == 0 {
        newest
    } else if selected < local.timeline {
        selected
    } else if lines(local.timeline).all(|shown| shown != selected) {
        timeline.lines_above(selected, height - 1)
    } else {
        timeline.line_of(local.timeline)
    };
    let top = top.min(newest);
    local.timeline = top;
    let operators = view
        .cockpit
        .timeline
        .entries
        .iter()
        .rev()
        .take(100)
        .map(|sealed| width(sanitize(&sealed.entry.operator).as_str()))
        .max()
        .unwrap_or(0)
        .min(OPERATOR);
    for (index, y) in lines(top).zip(inside.y..inside.bottom()) {
        let mut line = match timeline.entry(index) {
            Some(sealed) => {
                let others = (index + 1..).take_while(|at| timeline.is_other_form(*at));
                let forms = others
                    .filter_map(|at| timeline.entry(at))
                    .map(AsRef::as_ref);
                let forms: Vec<&Sealed> = std::iter::once(sealed.as_ref()).chain(forms).collect();
                entry_line(view, sealed, &forms, operators)
            }
            None => view.line(" …", Role::Muted),
        };
        if focused && index == selected {
            line.pad_to(inside.width.into());
            line = line.selected(view.theme.style(Role::Selected));
        }
        line.write(buffer, inside, y);
    }
    boxes::more(buffer, inside, top > 0, top < newest, view.theme);
}

/// One line of an entry, with the other forms of what it kept.
fn entry_line(view: &View<'_>, sealed: &Sealed, forms: &[&Sealed], column: usize) -> TextLine {
    let at = sealed
        .entry
        .sim_at
        .as_ref()
        .and_then(|at| at.parse().ok())
        .unwrap_or_else(|| sealed.entry.at());
    let mut line = view.line(" ", Role::Text);
    line.push(
        words::time(at, view.state.now, &view.state.zone),
        view.theme.style(Role::Muted),
    );
    line.push(" ", view.theme.style(Role::Text));
    let operator = sanitize(&sealed.entry.operator);
    let start = line.width();
    if width(operator.as_str()) > OPERATOR {
        let (head, _) = fit(operator.as_str(), OPERATOR - 1);
        line.push(safe!("{head}…"), view.theme.style(Role::Text));
    } else {
        line.push(operator, view.theme.style(Role::Text));
    }
    line.pad_to(start + column + 2);
    let (text, role) = sentence::kept(forms)
        .unwrap_or_else(|| sentence::of(sealed, &view.cockpit.playbook, &view.state.zone));
    line.push(text, view.theme.style(role));
    let joined = matches!(sealed.body, Some(Body::SessionOpened { .. }));
    if joined && view.cockpit.view.silent.contains_key(&sealed.entry.writer) {
        let text = ", ended without saying so";
        line.push(text, view.theme.style(Role::Warning));
    }
    line
}
