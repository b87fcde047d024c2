//! The header: what this is, how bad, who leads, how long, and whether it is being recorded.
//!
//! ```text
//!  ● LIVE  Org isolation breach · 7F3A  P1  confirmed  IC alice  T+14m  ⚑ gdpr-33 71h45  update overdue 4m! +2   prod · read-only
//! ```
//! It counts in minutes, and in seconds only at the end of a clock, so an idle screen stays still.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::engine::command::Command;
use crate::engine::state::Recording;
use crate::incident::Stage;
use crate::model::diagnostic::Level;
use crate::model::safe_text::sanitize;
use crate::model::{Mode, Timestamp};
use crate::report::walk;
use crate::theme::Role;
use crate::ui::panes::hints;
use crate::ui::text::{TextLine, safe};
use crate::ui::words;
use crate::ui::{View, clocks};

/// Draws the header into the first line. Severity, the most urgent clock and the time since the opening are always there; what
/// has no room goes in this order: other clocks, profile, what is wrong with the playbook, milestone, roles, title.
pub fn draw(view: &View<'_>, buffer: &mut Buffer) {
    let incident = &view.cockpit.incident;
    let area = Rect {
        height: 1,
        ..buffer.area
    };
    let room = usize::from(area.width);
    let left = mode_and_record(view);
    let title = view
        .line(" ", Role::Text)
        .with(sanitize(&incident.title), view.theme.style(Role::Title))
        .with(
            safe!(" · {}", incident.id.short()),
            view.theme.style(Role::Muted),
        );
    let mut facts = match &incident.severity {
        Some(severity) => view.line(safe!("  {}", clocks::name(severity)), Role::Bad),
        None => view.line("  no severity", Role::Warning),
    };
    let since = match view.cockpit.walk_place() {
        // Time does not count in a walkthrough; the place does.
        Some(place) => {
            let counter = walk::counter(&view.cockpit.playbook, &place);
            view.line(safe!("  {counter} "), Role::Title)
        }
        None => view.line(
            safe!(
                "  {}",
                words::since_opening(incident.opened_at, until(view))
            ),
            Role::Title,
        ),
    };
    let clocks = Clocks::of(view);
    let must = facts.width() + since.width() + clocks.least();
    let mut used = must + left.width();
    // What comes first is kept longest; each leaves so much of the title.
    let mut keeps = |part: TextLine, of_title: usize| {
        let fits = used + title.width().min(of_title) + part.width() <= room;
        used += if fits { part.width() } else { 0 };
        if fits { part } else { TextLine::new() }
    };
    let role = keeps(commander(view), 24);
    let milestone = keeps(milestone(view), 24);
    let doubts = keeps(doubts(view), 24);
    let profile = keeps(profile(view), 30);
    let clocks = clocks.within(view, room.saturating_sub(used + title.width().min(30)));
    facts.extend(milestone);
    facts.extend(role);
    facts.extend(since);
    facts.extend(clocks);
    facts.extend(doubts);

    let at = |x: u16, width: usize| Rect {
        x,
        width: (width as u16).min(area.right().saturating_sub(x)),
        ..area
    };
    let x = left.write(
        buffer,
        at(area.x, room.saturating_sub(must).max(MODE)),
        area.y,
    );
    let taken = usize::from(x - area.x) + facts.width() + profile.width();
    let x = title.write(buffer, at(x, room.saturating_sub(taken)), area.y);
    let x = facts.write(buffer, at(x, room), area.y);
    if !profile.is_empty() {
        profile.write_right(buffer, at(x, room), area.y);
    }
}

/// The clocks, the strictest first.
struct Clocks(Vec<TextLine>);

impl Clocks {
    fn of(view: &View<'_>) -> Self {
        let clocks = clocks::short(view.cockpit, view.state.now);
        let mut mark = "  ⚑ ";
        let line = |(text, role)| {
            let mut line = view.line(std::mem::replace(&mut mark, "  "), Role::Muted);
            line.push(text, view.theme.style(role));
            line
        };
        Self(clocks.into_iter().map(line).collect())
    }

    /// Columns of the first one, and of the number of those behind it.
    fn least(&self) -> usize {
        let more = if self.0.len() > 1 { MORE } else { 0 };
        self.0.first().map_or(0, TextLine::width) + more
    }

    /// The first one and as many as fit into so many columns more; the number of the others stands behind them.
    fn within(self, view: &View<'_>, mut room: usize) -> TextLine {
        let mut shown = TextLine::new();
        let mut left_out = 0;
        for (index, clock) in self.0.into_iter().enumerate() {
            if index == 0 {
                shown.extend(clock);
            } else if left_out == 0 && clock.width() <= room {
                room -= clock.width();
                shown.extend(clock);
            } else {
                left_out += 1;
            }
        }
        if left_out > 0 {
            shown.extend(view.line(safe!(" +{left_out}"), Role::Muted));
        }
        shown
    }
}

/// Columns of the mode: it is never left out.
const MODE: usize = 14;
/// Columns of the number of clocks that are left out.
const MORE: usize = 4;

/// Until when the time is counted: once it is over, the header says how long it took.
fn until(view: &View<'_>) -> Timestamp {
    match view.cockpit.incident.stage {
        Stage::Open => view.state.now,
        Stage::Resolved(at) => at,
        Stage::Closed { resolved_at, .. } => resolved_at,
    }
}

/// The milestone that is furthest on the way.
fn milestone(view: &View<'_>) -> TextLine {
    let reached = &view.cockpit.incident.milestones;
    let furthest = ["contained", "confirmed", "aware"]
        .into_iter()
        .find(|name| reached.contains_key(*name));
    match furthest {
        Some(name) => view.line(safe!("  {name}"), Role::Title),
        None => TextLine::new(),
    }
}

fn mode_and_record(view: &View<'_>) -> TextLine {
    let mode = view.cockpit.incident.mode;
    let mut line = match mode {
        Mode::Live => view.line(" ● LIVE ", Role::Live),
        Mode::Walkthrough => view.line(" WALKTHROUGH ", Role::Walkthrough),
        Mode::Drill => view.line(" DRILL ", Role::Drill),
    };
    match view.cockpit.incident.stage {
        Stage::Open => {}
        Stage::Resolved(_) => line.push(" RESOLVED ", view.theme.style(Role::Good)),
        Stage::Closed { .. } => line.push(" CLOSED ", view.theme.style(Role::Good)),
    }
    if let Recording::NotRecorded(reason) = &view.cockpit.recording {
        line.push(" NOT RECORDED ", view.theme.style(Role::Banner));
        line.push(
            safe!(" {reason}, {} waiting ", view.cockpit.pending.len()),
            view.theme.style(Role::Bad),
        );
    }
    if view.cockpit.view.actions.values().any(words::is_unknown) {
        line.push(" UNKNOWN OUTCOME ", view.theme.style(Role::Doubt));
    }
    line
}

/// Who leads, when the playbook knows such a role.
fn commander(view: &View<'_>) -> TextLine {
    match view.cockpit.incident.roles.get("ic") {
        Some(person) => view.line(safe!("  IC {person}"), Role::Text),
        None if view.cockpit.playbook.roles.contains_key("ic") => {
            let key = hints::key_name(view.state, Command::AssignRole).unwrap_or_default();
            view.line(safe!("  no IC ({key})"), Role::Warning)
        }
        None => TextLine::new(),
    }
}

/// Why the playbook itself is to be read with care: it has errors, or nobody has reviewed it for long.
fn doubts(view: &View<'_>) -> TextLine {
    let found = &view.cockpit.diagnostics;
    let errors = found.iter().filter(|one| one.level == Level::Error).count();
    let key = hints::key_name(view.state, Command::Diagnostics).unwrap_or_default();
    if errors > 0 {
        let word = if errors == 1 { "error" } else { "errors" };
        return view.line(safe!("  {errors} {word} ({key})"), Role::Warning);
    }
    if found.iter().any(|one| one.code == "old-review") {
        return view.line(safe!("  old review ({key})"), Role::Warning);
    }
    TextLine::new()
}

fn profile(view: &View<'_>) -> TextLine {
    let mut line = view.line("  ", Role::Text);
    line.push(
        sanitize(&view.cockpit.profile),
        view.theme.style(Role::Text),
    );
    line.push(" ", view.theme.style(Role::Text));
    match view.cockpit.read_only {
        Some(true) => line.push("· read-only ", view.theme.style(Role::Good)),
        Some(false) => line.push("· not read-only ", view.theme.style(Role::Warning)),
        None => {}
    }
    line
}
