//! How the clocks stand, in words: what is due when, what is overdue, what waits for what.

use super::figures::minutes;
use super::names::Names;
use super::utc;
use crate::incident::Incident;
use crate::incident::view::{ClockState, ClockView, View};
use crate::model::Timestamp;
use crate::model::playbook::{ClockStart, Playbook};
use crate::model::safe_text::sanitize;

/// One line for each clock that the next person must know of: those that run, those that wait, those that were missed and
/// nobody said why. Overdue ones come first, then by when they run out.
pub(super) fn lines(
    playbook: &Playbook,
    incident: &Incident,
    view: &View,
    now: Timestamp,
) -> Vec<String> {
    let mut found: Vec<(Option<Timestamp>, String)> = view
        .clocks
        .iter()
        .filter(|clock| clock.stays(incident.stage))
        .filter_map(|clock| {
            let stand = stand(clock, playbook, now)?;
            let title = sanitize(&clock.title);
            Some((clock.state.due(), format!("{title}: {}", sanitize(&stand))))
        })
        .collect();
    // Those without a due time come last.
    found.sort_by_key(|(due, _)| (due.is_none(), *due));
    found.into_iter().map(|(_, line)| line).collect()
}

/// None for a clock that is over without a question.
fn stand(clock: &ClockView, playbook: &Playbook, now: Timestamp) -> Option<String> {
    let due = |due: Timestamp| {
        let apart = minutes(due.duration_since(now).unsigned_abs());
        if due < now {
            format!("OVERDUE by {apart}, was due {}", utc(due))
        } else {
            format!("due in {apart}, {}", utc(due))
        }
    };
    let unclear = |error: &str| format!("whether it applies cannot be told ({error})");
    let mut stand = match &clock.state {
        ClockState::Running { due: at, .. } => Some(due(*at)),
        ClockState::Unclear {
            error,
            due: Some(at),
        } => Some(format!("{}; {}", due(*at), unclear(error))),
        ClockState::Unclear { error, due: None } => Some(unclear(error)),
        ClockState::NotStarted => {
            let rule = playbook.clocks.get(&clock.id)?;
            Some(format!(
                "{} from {}",
                minutes(rule.within),
                start_words(&rule.from, playbook)
            ))
        }
        ClockState::Met { .. }
        | ClockState::Ended
        | ClockState::Waived { .. }
        | ClockState::DoesNotApply => None,
    };
    let running = clock.state.due();
    let missed = clock
        .unexplained()
        .filter(|missed| Some(*missed) != running)
        .count();
    if missed > 0 {
        let times = if missed == 1 {
            "once".to_owned()
        } else {
            format!("{missed} times")
        };
        let missed = format!("missed {times} without a reason");
        stand = Some(stand.map_or(missed.clone(), |stand| format!("{stand}; {missed}")));
    }
    stand
}

/// What starts a clock: `“aware”`, `severity P1`, `“Assess the duty”`.
pub fn start_words(start: &ClockStart, playbook: &Playbook) -> String {
    match start {
        ClockStart::Opened => "the opening".to_owned(),
        ClockStart::Milestone(name) => format!("“{name}”"),
        ClockStart::Severity(severity) => format!("severity {severity}"),
        ClockStart::Done(name) => Names(Some(playbook)).requirement(name),
    }
}

/// The state of a clock as one word or two.
pub fn state_word(clock: &ClockView, now: Timestamp) -> &'static str {
    match &clock.state {
        ClockState::NotStarted => "not started",
        ClockState::Running { due, .. } if *due < now => "overdue",
        ClockState::Running { .. } => "running",
        ClockState::Met { at, due } if at > due => "met late",
        ClockState::Met { .. } => "met",
        ClockState::Ended => "ended",
        ClockState::Waived { .. } => "waived",
        ClockState::DoesNotApply => "does not apply",
        ClockState::Unclear { due: Some(due), .. } if *due < now => "unclear, overdue",
        ClockState::Unclear { .. } => "unclear",
    }
}

/// How long until a time, or since it: `in 71h45`, `4m ago`.
pub fn left_words(due: Timestamp, now: Timestamp) -> String {
    let apart = minutes(due.duration_since(now).unsigned_abs());
    if due < now {
        format!("{apart} ago")
    } else {
        format!("in {apart}")
    }
}
