//! The header: what this is, how bad, who leads, how long, and whether it is being recorded.
//!
//! ```text
//!  ● LIVE  Org isolation breach · 7F3A  P1  IC alice  T+14m                              prod · read-only
//! ```
//! It counts in minutes, so an idle screen stays still.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::engine::command::Command;
use crate::engine::state::Recording;
use crate::model::Mode;
use crate::model::safe_text::sanitize;
use crate::theme::Role;
use crate::ui::View;
use crate::ui::panes::hints;
use crate::ui::text::{TextLine, safe};
use crate::ui::words;

/// Draws the header into the first line. What has no room goes in this order: profile, roles, title.
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
    let mut facts = TextLine::new();
    match &incident.severity {
        Some(severity) => {
            facts.extend(view.line(safe!("  {severity}"), Role::Bad));
        }
        None => facts.extend(view.line("  no severity", Role::Warning)),
    }
    let role = commander(view);
    let since = view.line(
        safe!(
            "  {}",
            words::since_opening(incident.opened_at, view.state.now)
        ),
        Role::Title,
    );
    let profile = profile(view);
    let needed = left.width() + facts.width() + since.width();
    let with_role = needed + role.width() + title.width().min(24) <= room;
    let used = needed + if with_role { role.width() } else { 0 };
    let with_profile = used + title.width().min(30) + profile.width() + 2 <= room;
    let kept = used + if with_profile { profile.width() + 2 } else { 0 };

    let mut x = left.write(buffer, area, area.y);
    let at = |x: u16, width: usize| Rect {
        x,
        width: (width as u16).min(area.right().saturating_sub(x)),
        ..area
    };
    let title_room = room.saturating_sub(kept).max(8);
    x = title.write(buffer, at(x, title_room), area.y);
    if with_role {
        facts.extend(role);
    }
    facts.extend(since);
    x = facts.write(buffer, at(x, room), area.y);
    if with_profile {
        profile.write_right(buffer, at(x, room), area.y);
    }
}

fn mode_and_record(view: &View<'_>) -> TextLine {
    let mode = view.cockpit.incident.mode;
    let mut line = match mode {
        Mode::Live => view.line(" ● LIVE ", Role::Live),
        Mode::Walkthrough => view.line(" WALKTHROUGH ", Role::Walkthrough),
        Mode::Drill => view.line(" DRILL ", Role::Drill),
    };
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

fn profile(view: &View<'_>) -> TextLine {
    let mut line = view.line(sanitize(&view.cockpit.profile), Role::Text);
    line.push(" ", view.theme.style(Role::Text));
    match view.cockpit.read_only {
        Some(true) => line.push("· read-only ", view.theme.style(Role::Good)),
        Some(false) => line.push("· not read-only ", view.theme.style(Role::Warning)),
        None => {}
    }
    line
}
