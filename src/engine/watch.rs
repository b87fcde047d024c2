//! Live panes: polls, their state, threshold crossings. A missing sample is never taken for a zero.

use std::time::Duration;

use crate::expr::{self, Scope, Threshold};
use crate::layout::PaneKind;
use crate::model::ids::{ActionId, RunId};
use crate::model::playbook::{Action, Effect as ActionEffect, Language};
use crate::model::request::{Chunk, Outcome, PlanContext, PlanError, Request, RunError};
use crate::model::safe_text::{SafeText, sanitize};
use crate::model::table::{Series, bin_of};
use crate::model::{Timestamp, duration, limits};
use crate::record::entry::{Body, WatchState};

use super::command::Command;
use super::effect::Effect;
use super::render;
use super::state::{Cockpit, Run, RunPhase, Watch, WatchStatus};
use super::turn::Turn;
use super::walk::NOT_ASKED;

/// The window of a live pane that is neither zoomed nor scrolled.
const WINDOW: Duration = Duration::from_hours(1);
/// The narrowest and widest zoom: under four minutes, and 32 hours.
const ZOOM: std::ops::RangeInclusive<i8> = -5..=4;
/// A newest sample older than this many polls, but at least [`STALE_AFTER`], is stale.
pub(super) const STALE_POLLS: u32 = 3;
/// The shortest time after which samples are stale: two scrapes of a minute and some delay.
pub(super) const STALE_AFTER: Duration = Duration::from_secs(150);

/// The line an action's `alert` draws.
fn threshold(action: &Action) -> Option<Threshold> {
    expr::threshold(&action.judge.alert.as_ref()?.text)
}

impl Watch {
    /// A live pane that is due now.
    pub(super) fn new(action: &Action, now: Timestamp) -> Self {
        Self {
            action: action.id.clone(),
            status: WatchStatus::Waiting,
            series: Vec::new(),
            newest: None,
            settled: None,
            threshold: threshold(action),
            window: None,
            every: action
                .every
                .unwrap_or(limits::POLL_DEFAULT)
                .max(limits::POLL_MIN),
            run: None,
            next_poll: Some(now),
            request: None,
            warnings: Vec::new(),
            back: 0,
            zoom: 0,
        }
    }

    /// The window shown now.
    pub fn shown_window(&self, now: Timestamp) -> (Timestamp, Timestamp) {
        let seconds = i64::try_from(WINDOW.as_secs()).unwrap_or(i64::MAX);
        let length = match self.zoom {
            zoom @ 0.. => seconds >> zoom,
            zoom => seconds << zoom.unsigned_abs(),
        };
        let back = length * i64::from(self.back) / 10;
        let end = Timestamp::from_second(now.as_second().saturating_sub(back)).unwrap_or(now);
        let start = Timestamp::from_second(end.as_second().saturating_sub(length)).unwrap_or(end);
        (start, end)
    }
}

impl Turn<'_> {
    /// Starts every poll that is due.
    pub(super) fn poll_what_is_due(&mut self) {
        let now = self.state.now;
        let Some(cockpit) = self.state.cockpit() else {
            return;
        };
        let due: Vec<ActionId> = cockpit
            .watches
            .iter()
            .filter(|watch| watch.run.is_none() && watch.next_poll.is_some_and(|at| at <= now))
            .map(|watch| watch.action.clone())
            .collect();
        for action in &due {
            self.poll(action);
        }
    }

    fn poll(&mut self, id: &ActionId) {
        let (now, operator) = (self.state.now, self.state.operator.clone());
        let width = self
            .pane_area(PaneKind::Watch)
            .map_or(80, |area| area.width.max(20));
        let run = RunId(self.next_number());
        let Some(cockpit) = self.cockpit() else {
            return;
        };
        let Some(action) = cockpit.playbook.actions.get(id).cloned() else {
            return;
        };
        let missing = cockpit.missing_inputs(&action);
        let inputs = cockpit.bound_inputs(&action, &operator, now);
        let is_walkthrough = cockpit.is_walkthrough();
        let Some(watch) = cockpit.watches.iter_mut().find(|watch| watch.action == *id) else {
            return;
        };
        if is_walkthrough {
            watch.status = WatchStatus::Needs(SafeText::fixed(NOT_ASKED));
            watch.next_poll = None;
            return;
        }
        if action.effect == ActionEffect::Write || action.language == Language::Message {
            watch.status =
                WatchStatus::Needs(sanitize("a live pane can only read: mend the playbook"));
            watch.next_poll = None;
            return;
        }
        if !missing.is_empty() {
            let names: Vec<&str> = missing
                .iter()
                .map(crate::model::ids::InputId::as_str)
                .collect();
            watch.status = WatchStatus::Needs(sanitize(&format!(
                "needs {} (i sets inputs)",
                names.join(", ")
            )));
            watch.next_poll = later(now, watch.every);
            return;
        }
        watch.run = Some(run);
        let window = watch.shown_window(now);
        watch.window = Some(window);
        cockpit.runs.insert(
            run,
            Run {
                action: id.clone(),
                poll: true,
                preview_of: None,
                gate: None,
                edited: false,
                phase: RunPhase::Planning,
            },
        );
        let context = PlanContext {
            now,
            window,
            width,
            inputs,
            edited: None,
            message: None,
        };
        self.effect(Effect::Plan {
            run,
            action: Box::new(action),
            context,
        });
    }

    pub(super) fn poll_planned(&mut self, run: RunId, result: Result<Box<Request>, PlanError>) {
        let now = self.state.now;
        let Some(cockpit) = self.cockpit() else {
            return;
        };
        let Some(state) = cockpit.runs.get_mut(&run) else {
            return;
        };
        let action = state.action.clone();
        let chart = cockpit
            .playbook
            .actions
            .get(&action)
            .zip(result.as_ref().ok())
            .map(|(action, request)| render::live(action, &request.text));
        let Some(watch) = cockpit
            .watches
            .iter_mut()
            .find(|watch| watch.run == Some(run))
        else {
            return;
        };
        match result {
            Ok(request) if request.effect == ActionEffect::Read => {
                let first =
                    watch.request.is_none() && !cockpit.incident.watches.contains_key(&action);
                watch.every = watch.every.max(request.payload.rest());
                watch.request = Some((*request).clone());
                state.phase = RunPhase::Running {
                    request: request.clone(),
                    intent: None,
                    started_at: now,
                    cancelling: false,
                };
                if first {
                    self.append(Body::WatchStarted {
                        action,
                        target: request.target.clone(),
                        text: request.text.clone(),
                    });
                }
                self.effect(Effect::Run {
                    run,
                    request,
                    chart,
                });
            }
            Ok(_) => {
                watch.status =
                    WatchStatus::Needs(sanitize("a live pane can only read: mend the playbook"));
                watch.run = None;
                watch.next_poll = None;
                cockpit.runs.remove(&run);
            }
            Err(error) => {
                let needs_source = matches!(error, PlanError::NeedsSource(_));
                // The lines of configuration that would help stand in the dialog of an action, where there is room.
                let reason = error.to_string();
                let first = reason
                    .lines()
                    .next()
                    .unwrap_or_default()
                    .trim_end_matches(':');
                watch.status = WatchStatus::Needs(sanitize(first));
                watch.run = None;
                // A source does not appear by itself; an input may.
                watch.next_poll = if needs_source {
                    None
                } else {
                    later(now, watch.every)
                };
                cockpit.runs.remove(&run);
                cockpit.show_a_watch_that_runs();
            }
        }
    }

    /// A part of a poll's answer. Samples replace those before only when they are all there.
    pub(super) fn poll_arrived(&mut self, run: RunId, chunk: Chunk) {
        let Some(watch) = self.cockpit().and_then(|cockpit| {
            cockpit
                .watches
                .iter_mut()
                .find(|watch| watch.run == Some(run))
        }) else {
            return;
        };
        match chunk {
            Chunk::Series(series) => {
                watch.series = series;
                watch.warnings.clear();
            }
            Chunk::Warning(text) => watch.warnings.push(sanitize(&text)),
            Chunk::Columns { .. } | Chunk::Rows(_) | Chunk::Output { .. } | Chunk::SignIn(_) => {}
        }
    }

    pub(super) fn poll_finished(
        &mut self,
        run: RunId,
        action: &ActionId,
        result: Result<Outcome, RunError>,
    ) {
        let now = self.state.now;
        let Some(cockpit) = self.cockpit() else {
            return;
        };
        let alert = cockpit
            .playbook
            .actions
            .get(action)
            .and_then(|action| action.judge.alert.clone());
        let Some(watch) = cockpit
            .watches
            .iter_mut()
            .find(|watch| watch.run == Some(run))
        else {
            return;
        };
        watch.run = None;
        watch.next_poll = later(now, watch.every);
        let (status, detail) = match result {
            Err(error) => (
                WatchStatus::Failed(sanitize(&error.to_string())),
                error.to_string(),
            ),
            Ok(outcome) => {
                let newest = watch
                    .series
                    .iter()
                    .filter_map(|series| series.samples.last())
                    .map(|sample| sample.at);
                watch.newest = newest.max().or(outcome.newest);
                watch.settled = outcome.settled;
                judge(watch, alert.as_ref().map(|alert| alert.text.as_str()), now)
            }
        };
        watch.status = status;
        let state = recorded_state(&watch.status);
        if let Some(state) =
            state.filter(|state| cockpit.incident.watches.get(action) != Some(state))
        {
            self.append(Body::WatchChanged {
                action: action.clone(),
                state,
                detail,
            });
        }
    }

    pub(super) fn watch_command(&mut self, command: Command) {
        let now = self.state.now;
        let Some(cockpit) = self.cockpit() else {
            return;
        };
        let count = cockpit.watches.len();
        if count == 0 {
            self.say("this playbook has no live panes");
            return;
        }
        match command {
            Command::NextWatch => cockpit.watch_selected = (cockpit.watch_selected + 1) % count,
            Command::PreviousWatch => {
                cockpit.watch_selected = (cockpit.watch_selected + count - 1) % count;
            }
            _ => {
                if let Some(watch) = cockpit.watches.get_mut(cockpit.watch_selected) {
                    watch.look(command);
                    watch.next_poll = Some(now);
                }
                self.poll_what_is_due();
            }
        }
    }
}

impl Watch {
    fn look(&mut self, command: Command) {
        match command {
            Command::ZoomIn => self.zoom = (self.zoom + 1).min(*ZOOM.end()),
            Command::ZoomOut => self.zoom = (self.zoom - 1).max(*ZOOM.start()),
            Command::Left => self.back = self.back.saturating_add(1),
            Command::Right => self.back = self.back.saturating_sub(1),
            Command::Last => self.back = 0,
            _ => {}
        }
    }
}

impl Cockpit {
    /// A pane that cannot run here makes way for one that can.
    fn show_a_watch_that_runs(&mut self) {
        let runs = |watch: &Watch| !matches!(watch.status, WatchStatus::Needs(_));
        if self.selected_watch().is_some_and(runs) {
            return;
        }
        if let Some(other) = self.watches.iter().position(runs) {
            self.watch_selected = other;
        }
    }

    /// The live pane that commands work on.
    pub fn selected_watch(&self) -> Option<&Watch> {
        self.watches.get(self.watch_selected)
    }
}

fn judge(watch: &Watch, alert: Option<&str>, now: Timestamp) -> (WatchStatus, String) {
    let Some(newest) = watch.newest else {
        return (
            WatchStatus::NoData,
            "no sample in the window: that is not a zero".into(),
        );
    };
    let age = Duration::from_secs(now.as_second().abs_diff(newest.as_second()));
    let most = STALE_AFTER.max(watch.every * STALE_POLLS) + on_its_way(watch, now);
    if watch.back == 0 && age > most {
        return (
            WatchStatus::Stale,
            format!("newest sample is {} old", duration::in_words(age)),
        );
    }
    let Some(alert) = alert else {
        return (WatchStatus::Fresh, String::new());
    };
    let expression = match expr::parse(alert) {
        Ok(expression) => expression,
        Err(error) => {
            return (
                WatchStatus::Failed(sanitize(&format!("alert: {error}"))),
                error.to_string(),
            );
        }
    };
    for series in &watch.series {
        match expr::holds(&expression, &scope(series)) {
            Ok(true) => return (WatchStatus::Alert, alert_detail(alert, series)),
            Ok(false) => {}
            Err(error) => {
                return (
                    WatchStatus::Failed(sanitize(&format!("alert: {error}"))),
                    error,
                );
            }
        }
    }
    (WatchStatus::Fresh, String::new())
}

/// How much older a sample may be where data takes a while to arrive, and stands in bins that are named by their beginning.
fn on_its_way(watch: &Watch, now: Timestamp) -> Duration {
    let Some(settled) = watch.settled else {
        return Duration::ZERO;
    };
    let lag = Duration::try_from(now.duration_since(settled)).unwrap_or_default();
    let bin = bin_of(&watch.series).unwrap_or_default();
    lag + bin * 2
}

/// What an `alert` may look at: one series at a time, so that it fires when any of them is out of bounds.
fn scope(series: &Series) -> Scope {
    let values = || {
        series
            .samples
            .iter()
            .map(|sample| sample.value)
            .filter(|value| !value.is_nan())
    };
    let last = values().next_back();
    let max = values().reduce(f64::max);
    Scope::new()
        .with("value", number(last))
        .with("last", number(last))
        .with("max", number(max))
        .with("sum", number(Some(values().sum())))
        .with("count", serde_json::Value::from(series.samples.len()))
}

/// A number for an expression; what is missing or not finite is null, and comparing with null is an error, not false.
fn number(value: Option<f64>) -> serde_json::Value {
    value
        .and_then(serde_json::Number::from_f64)
        .map_or(serde_json::Value::Null, serde_json::Value::Number)
}

fn alert_detail(alert: &str, series: &Series) -> String {
    let last = series
        .samples
        .last()
        .map_or(f64::NAN, |sample| sample.value);
    let label = if series.label.is_empty() {
        "value"
    } else {
        &series.label
    };
    format!("{alert}: {label} is {last}")
}

fn recorded_state(status: &WatchStatus) -> Option<WatchState> {
    match status {
        WatchStatus::Needs(_) | WatchStatus::Waiting => None,
        WatchStatus::Fresh => Some(WatchState::Fresh),
        WatchStatus::Alert => Some(WatchState::Alert),
        WatchStatus::NoData => Some(WatchState::NoData),
        WatchStatus::Stale => Some(WatchState::Stale),
        WatchStatus::Failed(_) => Some(WatchState::Failed),
    }
}

fn later(now: Timestamp, after: Duration) -> Option<Timestamp> {
    now.checked_add(after).ok()
}
