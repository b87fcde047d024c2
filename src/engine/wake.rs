//! When time itself changes what is on screen. Between these moments the program sleeps.

use std::time::Duration;

use crate::incident::Stage;
use crate::model::Timestamp;

use super::state::{Cockpit, RunPhase, State};

/// Ages change in steps of this many seconds.
const AGE_STEP: i64 = 30;
/// The header counts in minutes.
const HEADER_STEP: i64 = 60;
/// A clock counts in seconds when no more than this is left.
pub const LAST_SECONDS: i64 = 120;
/// From four days on it counts in hours.
const MANY_HOURS: i64 = 96 * 3_600;

/// The next moment at which `Ticked` is due; none while nothing polls, runs or counts.
pub fn next_wake(state: &State) -> Option<Timestamp> {
    // Nothing polls, runs or counts in a walkthrough.
    let cockpit = state
        .cockpit()
        .filter(|cockpit| !cockpit.is_walkthrough())?;
    let now = state.now;
    polls(cockpit)
        .chain(counters(cockpit, now))
        .min()
        .map(|at| at.max(now))
}

fn polls(cockpit: &Cockpit) -> impl Iterator<Item = Timestamp> + '_ {
    cockpit
        .watches
        .iter()
        .filter(|watch| watch.run.is_none())
        .filter_map(|watch| watch.next_poll)
}

fn counters(cockpit: &Cockpit, now: Timestamp) -> impl Iterator<Item = Timestamp> + '_ {
    // Once it is over, the header says how long it took.
    let header = match cockpit.incident.stage {
        Stage::Open => next_step(cockpit.incident.opened_at, HEADER_STEP, now),
        Stage::Resolved(_) | Stage::Closed { .. } => None,
    };
    let ages = cockpit
        .watches
        .iter()
        .filter_map(move |watch| next_step(watch.newest?, AGE_STEP, now));
    let running = cockpit
        .runs
        .values()
        .filter_map(move |run| match &run.phase {
            RunPhase::Running { started_at, .. } if !run.poll => next_step(*started_at, 1, now),
            _ => None,
        });
    let clocks = clocks(cockpit, now);
    header.into_iter().chain(ages).chain(running).chain(clocks)
}

/// When the words of the clocks change: each minute, each second at the end, and when one runs out.
fn clocks(cockpit: &Cockpit, now: Timestamp) -> impl Iterator<Item = Timestamp> + '_ {
    let stage = cockpit.incident.stage;
    let running = cockpit.view.clocks.iter();
    running
        .filter_map(move |clock| clock.running(stage))
        .filter_map(move |due| {
            let left = due.as_millisecond() - now.as_millisecond();
            let step = match left.div_euclid(1_000) {
                ..0 => HEADER_STEP,
                0..=LAST_SECONDS => 1,
                seconds if seconds <= MANY_HOURS => HEADER_STEP,
                _ => 3_600,
            };
            if left < 0 {
                return next_step(due, step, now);
            }
            // What is left is told in whole units: it is less than that only just after the moment.
            let next = next_step(due, step, now.checked_sub(JUST_AFTER).ok()?)?;
            next.checked_add(JUST_AFTER).ok()
        })
}

/// The least that tells two times of the record apart.
const JUST_AFTER: Duration = Duration::from_millis(1);

/// The first moment after now that is a whole number of steps away from `origin`.
fn next_step(origin: Timestamp, step_seconds: i64, now: Timestamp) -> Option<Timestamp> {
    let step = step_seconds * 1_000;
    let elapsed = now.as_millisecond() - origin.as_millisecond();
    let to_next = step - elapsed.rem_euclid(step);
    now.checked_add(Duration::from_millis(u64::try_from(to_next).ok()?))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_step_is_always_ahead() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let origin = at("2026-01-31T03:00:10Z");
        assert_eq!(
            next_step(origin, 60, at("2026-01-31T03:02:11Z")),
            Some(at("2026-01-31T03:03:10Z"))
        );
        assert_eq!(
            next_step(origin, 60, at("2026-01-31T03:02:10Z")),
            Some(at("2026-01-31T03:03:10Z"))
        );
        assert_eq!(
            next_step(origin, 30, at("2026-01-31T02:59:59Z")),
            Some(at("2026-01-31T03:00:10Z"))
        );
    }
}
