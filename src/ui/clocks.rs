//! How clocks are told: short for the header, whole for their dialog. Minutes, and seconds only at the very end; what is
//! overdue says so in a word.

use std::time::Duration;

use crate::engine::state::Cockpit;
use crate::incident::view::{ClockState, ClockView};
use crate::model::Timestamp;
use crate::model::duration::in_words;
use crate::model::safe_text::{SafeText, sanitize};
use crate::report::figures::minutes;
use crate::theme::Role;

use super::text::{fit, safe, width};
use super::words;

/// How long a clock that was met stays in the header.
const RECENTLY: Duration = Duration::from_mins(15);
/// Columns of a name in the header.
const NAME: usize = 16;
/// Less than this left needs attention.
const SOON: Duration = Duration::from_mins(10);

/// The clocks of the header, the strictest first, then those met recently.
pub fn short(cockpit: &Cockpit, now: Timestamp) -> Vec<(SafeText, Role)> {
    let stage = cockpit.incident.stage;
    let clocks = cockpit.clocks_in_order();
    let running = clocks.iter().filter_map(|clock| {
        let due = clock.running(stage)?;
        let id = name(clock.id.as_str());
        let left = left(due, now);
        let unclear = match clock.state {
            ClockState::Unclear { .. } => "?",
            _ => "",
        };
        Some(match left {
            Left::Over(by) if by.as_secs() < 60 => (safe!("{id}{unclear} overdue!"), Role::Bad),
            Left::Over(by) => (safe!("{id}{unclear} overdue {}!", minutes(by)), Role::Bad),
            Left::Still(left) => {
                let role = if left < SOON {
                    Role::Warning
                } else {
                    Role::Text
                };
                (safe!("{id}{unclear} {}", in_words(left)), role)
            }
        })
    });
    let met = clocks.iter().filter_map(|clock| match clock.state {
        ClockState::Met { at, due } if words::between(at, now) < RECENTLY => {
            let late = if at > due { " late" } else { "" };
            let id = name(clock.id.as_str());
            Some((safe!("{id} ✓{late}"), Role::Good))
        }
        _ => None,
    });
    running.chain(met).collect()
}

/// A name that stands in the header, cut to what leaves room for others.
pub fn name(name: &str) -> SafeText {
    let name = sanitize(name);
    if width(name.as_str()) <= NAME {
        return name;
    }
    let (head, _) = fit(name.as_str(), NAME - 1);
    safe!("{head}…")
}

/// How a clock stands, in words.
pub fn state(clock: &ClockView, now: Timestamp) -> (SafeText, Role) {
    match &clock.state {
        ClockState::NotStarted => (SafeText::fixed("not started"), Role::Muted),
        ClockState::Running { due, .. } if *due < now => (SafeText::fixed("OVERDUE"), Role::Bad),
        ClockState::Running { .. } => (SafeText::fixed("running"), Role::Text),
        ClockState::Met { at, due } if at > due => (SafeText::fixed("✓ met late"), Role::Warning),
        ClockState::Met { .. } => (SafeText::fixed("✓ met"), Role::Good),
        ClockState::Ended => (SafeText::fixed("ended"), Role::Muted),
        ClockState::Waived { .. } => (SafeText::fixed("waived"), Role::Muted),
        ClockState::DoesNotApply => (SafeText::fixed("does not apply"), Role::Muted),
        ClockState::Unclear { due: Some(due), .. } if *due < now => {
            (SafeText::fixed("UNCLEAR, OVERDUE"), Role::Bad)
        }
        ClockState::Unclear { .. } => (SafeText::fixed("UNCLEAR"), Role::Doubt),
    }
}

/// What is left until a time, or how long it is past.
pub enum Left {
    /// Not yet.
    Still(Duration),
    /// By this much.
    Over(Duration),
}

/// What is left until `due`.
pub fn left(due: Timestamp, now: Timestamp) -> Left {
    if due < now {
        Left::Over(words::between(due, now))
    } else {
        Left::Still(words::between(now, due))
    }
}

/// The same in words: `in 71h45`, `4m ago`.
pub fn left_words(due: Timestamp, now: Timestamp) -> SafeText {
    match left(due, now) {
        Left::Still(left) => safe!("in {}", in_words(left)),
        Left::Over(by) => safe!("{} ago", minutes(by)),
    }
}
