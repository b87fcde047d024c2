//! When time itself changes what is on screen. Between these moments the program sleeps.

use std::time::Duration;

use crate::model::Timestamp;

use super::state::{Cockpit, RunPhase, State};

/// Ages change in steps of this many seconds.
const AGE_STEP: i64 = 30;
/// The header counts in minutes.
const HEADER_STEP: i64 = 60;

/// The next moment at which `Ticked` is due; none while nothing polls, runs or counts.
pub fn next_wake(state: &State) -> Option<Timestamp> {
    let cockpit = state.cockpit()?;
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
    let header = next_step(cockpit.incident.opened_at, HEADER_STEP, now);
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
    header.into_iter().chain(ages).chain(running)
}

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
