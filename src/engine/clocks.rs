//! Clocks: what starts, is met or runs out is put on record; reasons and waivers are asked for.
//!
//! Each is recorded once by a session. Two sessions may both record it: the due time tells that it is the same round.

use super::command::Command;
use super::state::{Chosen, Cockpit, Overlay, Recording};
use super::text::move_within;
use super::turn::Turn;
use crate::incident::view::clocks::met;
use crate::incident::view::{ClockState, ClockView};
use crate::keymap::Chord;
use crate::model::Timestamp;
use crate::model::ids::ClockId;
use crate::model::playbook::Clock;
use crate::model::safe_text::{SafeText, sanitize};
use crate::record::entry::Body;

impl Turn<'_> {
    /// Puts on record what has become of the clocks since the last entry or tick.
    pub(super) fn keep_clocks(&mut self) {
        let now = self.state.now;
        let Some(cockpit) = self.state.cockpit() else {
            return;
        };
        // What cannot be written now is found again once it can: nothing of it is lost.
        if cockpit.recording != Recording::Saved {
            return;
        }
        let news: Vec<Body> = cockpit
            .view
            .clocks
            .iter()
            .filter_map(|view| Some((view, cockpit.playbook.clocks.get(&view.id)?)))
            .flat_map(|(view, clock)| cockpit.news_of(view, clock, now))
            .collect();
        for body in news {
            self.append(body);
        }
    }

    /// The same after an entry of another session. One that lives puts on record itself what follows from it.
    pub(super) fn keep_clocks_after(&mut self, writer: &str) {
        let its_own_to_tell = self
            .state
            .cockpit()
            .is_some_and(|cockpit| cockpit.alive.contains(writer));
        if !its_own_to_tell {
            self.keep_clocks();
        }
    }

    /// Opens the list of clocks.
    pub(super) fn open_clocks(&mut self) {
        let none = self
            .state
            .cockpit()
            .is_none_or(|cockpit| cockpit.view.clocks.is_empty());
        if none {
            self.say("this playbook has no clocks");
            return;
        }
        self.open_overlay(Overlay::Clocks { selected: 0 });
    }

    /// A key in the list of clocks.
    pub(super) fn clocks_key(
        &mut self,
        mut selected: usize,
        command: Option<Command>,
        _chord: Chord,
    ) {
        let now = self.state.now;
        let Some(cockpit) = self.state.cockpit() else {
            return;
        };
        let clocks = cockpit.clocks_in_order();
        let chosen = clocks.get(selected).map(|clock| (*clock).clone());
        move_within(&mut selected, clocks.len(), 10, command);
        self.open_overlay(Overlay::Clocks { selected });
        if let (Some(Command::Accept), Some(clock)) = (command, chosen) {
            self.choose_for_clock(&clock, now);
        }
    }

    /// What can be said of a clock.
    fn choose_for_clock(&mut self, clock: &ClockView, now: Timestamp) {
        let id = &clock.id;
        let due = clock.state.due();
        let mut items: Vec<(SafeText, Chosen)> = Vec::new();
        if let Some(due) = due {
            items.push((
                SafeText::fixed("it is met: say how"),
                Chosen::ClockMet(id.clone(), due),
            ));
        }
        let overdue = due.filter(|due| *due < now);
        let recorded = clock
            .unexplained()
            .filter(|missed| Some(*missed) != overdue);
        for missed in overdue.into_iter().chain(recorded) {
            let at = missed
                .to_zoned(self.state.zone.clone())
                .strftime("%Y-%m-%d %H:%M");
            items.push((
                sanitize(&format!("it was missed, due {at}: say why")),
                Chosen::ClockMissed(id.clone(), missed),
            ));
        }
        if due.is_some() || clock.state == ClockState::NotStarted || is_unclear(clock) {
            items.push((
                SafeText::fixed("it does not apply: say why, and who says so"),
                Chosen::ClockWaived(id.clone()),
            ));
        }
        if items.is_empty() {
            self.say(format!("nothing is to be said of {}", clock.title));
            return;
        }
        self.open_overlay(Overlay::Choose {
            title: vec![sanitize(&clock.title)],
            items,
            selected: 0,
        });
    }
}

const fn is_unclear(clock: &ClockView) -> bool {
    matches!(clock.state, ClockState::Unclear { .. })
}

impl Cockpit {
    /// The clocks, the strictest first: those that run by when they run out, those that were missed without a reason, those
    /// that wait, those that are over.
    pub fn clocks_in_order(&self) -> Vec<&ClockView> {
        let mut clocks: Vec<&ClockView> = self.view.clocks.iter().collect();
        clocks.sort_by_key(|clock| {
            let due = clock.running(self.incident.stage);
            let rank = match &clock.state {
                _ if due.is_some() => 0,
                _ if clock.unexplained().next().is_some() => 1,
                ClockState::Unclear { .. } => 2,
                ClockState::NotStarted => 3,
                ClockState::Running { .. }
                | ClockState::Met { .. }
                | ClockState::Ended
                | ClockState::Waived { .. }
                | ClockState::DoesNotApply => 4,
            };
            (rank, due)
        });
        clocks
    }

    /// What the record does not say yet of a clock.
    fn news_of(&self, view: &ClockView, clock: &Clock, now: Timestamp) -> Vec<Body> {
        let record = self.incident.clocks.get(&view.id);
        let recorded_due = record.and_then(|record| record.due);
        let mut news = Vec::new();
        let met_by = || met(&self.playbook, &self.incident, clock);
        match &view.state {
            ClockState::Met { due, .. } => {
                // The record takes a meeting of the round that it has begun, and no other: another would be said again
                // and again.
                let begun = match recorded_due {
                    None if record.is_none_or(|record| record.times_met == 0) => Some(*due),
                    begun => begun,
                };
                let met = begun.and_then(|due| Some(clock_met(&view.id, met_by()?.by, due)));
                news.extend(met);
            }
            ClockState::Running { due, .. } | ClockState::Unclear { due: Some(due), .. } => {
                // A round that the record has begun ended when it was met; the next one begins after that is recorded.
                let ended = recorded_due
                    .filter(|before| before != due)
                    .and_then(|before| {
                        let met = met_by().filter(|_| clock.repeats)?;
                        let began = before.checked_sub(clock.within).ok()?;
                        (met.at > began).then(|| clock_met(&view.id, met.by, before))
                    });
                match ended {
                    Some(met) => news.push(met),
                    None if recorded_due != Some(*due) => news.push(Body::ClockStarted {
                        clock: view.id.clone(),
                        due: *due,
                    }),
                    None => {}
                }
            }
            ClockState::NotStarted
            | ClockState::Unclear { due: None, .. }
            | ClockState::Ended
            | ClockState::Waived { .. }
            | ClockState::DoesNotApply => {}
        }
        let overdue = view.running(self.incident.stage).filter(|due| *due < now);
        for due in view.unexplained().chain(overdue) {
            let known = record.is_some_and(|record| record.missed.contains_key(&due));
            if !known {
                let missed = Body::ClockMissed {
                    clock: view.id.clone(),
                    due,
                    reason: None,
                };
                if !news.contains(&missed) {
                    news.push(missed);
                }
            }
        }
        news.retain(|body| !self.is_on_its_way(body));
        news
    }

    fn is_on_its_way(&self, body: &Body) -> bool {
        let same = |other: &Body| match (body, other) {
            (
                Body::ClockMet { clock, due, .. },
                Body::ClockMet {
                    clock: c, due: d, ..
                },
            )
            | (Body::ClockStarted { clock, due }, Body::ClockStarted { clock: c, due: d })
            | (
                Body::ClockMissed { clock, due, .. },
                Body::ClockMissed {
                    clock: c, due: d, ..
                },
            ) => (clock, due) == (c, d),
            _ => false,
        };
        self.pending.values().any(|pending| same(&pending.body))
    }
}

fn clock_met(clock: &ClockId, by: String, due: Timestamp) -> Body {
    Body::ClockMet {
        clock: clock.clone(),
        by,
        due,
    }
}
