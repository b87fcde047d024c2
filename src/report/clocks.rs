//! How the playbook's clocks stand, for the hand-over card: what is due when, what is overdue, what has not begun.
//!
//! Says only what the record knows. A clock whose start the record does not tell is named with what starts it, never
//! counted.

use std::time::Duration;

use super::figures::minutes;
use super::names::Names;
use super::utc;
use crate::incident::{ActionState, Incident, StepState};
use crate::model::Timestamp;
use crate::model::playbook::{Clock, ClockStart, Playbook};
use crate::model::safe_text::sanitize;
use crate::record::entry::ActionOutcome;

/// One line for each clock that is not met for good.
pub(super) fn lines(playbook: &Playbook, incident: &Incident, now: Timestamp) -> Vec<String> {
    playbook
        .clocks
        .values()
        .filter_map(|clock| line(clock, playbook, incident, now))
        .collect()
}

fn line(clock: &Clock, playbook: &Playbook, incident: &Incident, now: Timestamp) -> Option<String> {
    let ended = clock.until.as_ref().is_some_and(|until| match until {
        ClockStart::Done(name) => done_at(playbook, incident, name).is_some(),
        ClockStart::Opened | ClockStart::Milestone(_) | ClockStart::Severity(_) => false,
    });
    let met = clock
        .met_by
        .iter()
        .filter_map(|name| done_at(playbook, incident, name))
        .max();
    if ended || (met.is_some() && !clock.repeats) {
        return None;
    }
    let began = match &clock.from {
        ClockStart::Opened => Some(incident.opened_at),
        ClockStart::Done(name) => done_at(playbook, incident, name),
        ClockStart::Milestone(_) | ClockStart::Severity(_) => None,
    };
    let stand = match began.map(|began| began.max(met.unwrap_or(began))) {
        None => format!(
            "{} from {}, which the record does not tell yet",
            minutes(clock.within),
            start_words(&clock.from, playbook)
        ),
        Some(from) => stand(from, clock.within, now)?,
    };
    let condition = if clock.when.is_some() {
        " (under a condition)"
    } else {
        ""
    };
    Some(format!(
        "{}: {}{condition}",
        sanitize(&clock.title),
        sanitize(&stand)
    ))
}

fn stand(from: Timestamp, within: Duration, now: Timestamp) -> Option<String> {
    let due = from.checked_add(within).ok()?;
    let apart = minutes(due.duration_since(now).unsigned_abs());
    Some(if due < now {
        format!("OVERDUE by {apart}, was due {}", utc(due))
    } else {
        format!("due in {apart}, {}", utc(due))
    })
}

fn start_words(start: &ClockStart, playbook: &Playbook) -> String {
    match start {
        ClockStart::Opened => "the opening".to_owned(),
        ClockStart::Milestone(name) => format!("“{name}”"),
        ClockStart::Severity(severity) => format!("severity {severity}"),
        ClockStart::Done(name) => Names(Some(playbook)).requirement(name),
    }
}

/// When a step or an action came to a good end.
fn done_at(playbook: &Playbook, incident: &Incident, name: &str) -> Option<Timestamp> {
    if let Some(record) = incident.actions.get(name) {
        let good = match &record.state {
            ActionState::Started => false,
            ActionState::Ended(outcome) => *outcome == ActionOutcome::Ok,
            ActionState::Resolved { done, .. } => *done,
        };
        return good.then_some(record.at);
    }
    let (_, step) = playbook
        .steps()
        .find(|(_, step)| step.id.as_str() == name || step.slug == name)?;
    let record = incident.steps.get(&step.id)?;
    (record.state == StepState::Done).then_some(record.at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::Log;
    use crate::incident::sample::{at, opened, playbook, write, writer};
    use crate::model::Mode;
    use crate::record::entry::Body;

    /// The line of one clock, 20 minutes after an opening in which `quantify` was done after 4.
    fn line_of(change: impl FnOnce(&mut Clock)) -> Option<String> {
        let mut alice = writer(1, Mode::Live);
        let done = Body::StepDone {
            step: "quantify".into(),
        };
        let log: Log = [write(&mut alice, 0, opened()), write(&mut alice, 240, done)]
            .into_iter()
            .collect();
        let mut clock = Clock {
            id: "first-update".into(),
            title: "First update".into(),
            within: Duration::from_mins(30),
            repeats: false,
            from: ClockStart::Opened,
            until: None,
            met_by: vec![],
            when: None,
            cite: None,
            after_close: false,
            span: 0..0,
        };
        change(&mut clock);
        line(&clock, &playbook(), log.incident().unwrap(), at(1_200))
    }

    #[test]
    fn a_clock_counts_from_what_the_record_tells() {
        let due = "First update: due in 10m, 2026-01-31 03:30:00 UTC";
        assert_eq!(line_of(|_| {}).as_deref(), Some(due));
        let overdue = "First update: OVERDUE by 5m, was due 2026-01-31 03:15:00 UTC";
        let short = |clock: &mut Clock| clock.within = Duration::from_mins(15);
        assert_eq!(line_of(short).as_deref(), Some(overdue));
        let from_step = line_of(|clock| clock.from = ClockStart::Done("quantify".into()));
        assert!(from_step.unwrap().contains("due in 14m"));
        let unknown = line_of(|clock| clock.from = ClockStart::Severity("P1".into()));
        assert!(unknown.unwrap().contains("30m from severity P1, which"));
        let met = |clock: &mut Clock| clock.met_by = vec!["quantify-the-scope".into()];
        assert_eq!(line_of(met), None);
        let again = line_of(|clock| {
            met(clock);
            clock.repeats = true;
        });
        assert!(again.unwrap().contains("due in 14m"));
    }
}
