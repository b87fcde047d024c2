//! A Prometheus query with its values in place, and the points of a chart it asks for.

mod matchers;

use std::time::Duration;

use super::{Planned, registry};
use crate::model::playbook::{Action, Effect, ResultView};
use crate::model::request::{Parameter, Payload, PlanContext, PlanError, PromqlRange};
use crate::model::{Timestamp, duration, limits, timestamp_text};

/// Points of a live pane that is zoomed out to hours: they are asked for again and again.
const LIVE_POINTS: i64 = 1_000;

/// Plans a query: for a chart a range of points no closer than `min_step`, else the value at one time.
pub(super) fn plan(
    action: &Action,
    context: &PlanContext,
    min_step: Duration,
) -> Result<Planned, PlanError> {
    let (query, mut parameters) = matchers::fill(registry::text(action, context).trim(), context)?;
    if query.is_empty() {
        return Err(PlanError::Refused("the query is empty".into()));
    }
    let charted = matches!(action.view, None | Some(ResultView::Chart));
    let range = charted.then(|| range(context.window, context.width, min_step, action.every));
    let shown = |name: &str, value: String| Parameter {
        name: name.to_owned(),
        kind: "request".to_owned(),
        value,
        example: false,
    };
    match range {
        Some(range) => parameters.extend([
            shown("start", timestamp_text(range.start)),
            shown("end", timestamp_text(range.end)),
            shown("step", duration::format(range.step)),
        ]),
        None => parameters.push(shown("time", timestamp_text(context.now))),
    }
    Ok(Planned {
        text: query.clone(),
        parameters,
        effect: Effect::Read,
        payload: Payload::Promql {
            query,
            range,
            at: context.now,
        },
    })
}

/// The window in steps: at least `min_step`, about one point a column, start and end on multiples of the step since the
/// epoch so that a refresh asks for the same points again, and never more points than a server allows.
///
/// A live pane is judged by its newest point, which may be almost a step old. So its step is no longer than the time
/// between two polls, whatever the width: an alert may not wait for a narrow chart's next column.
fn range(
    window: (Timestamp, Timestamp),
    width: u16,
    min_step: Duration,
    every: Option<Duration>,
) -> PromqlRange {
    let (start, end) = (
        window.0.as_second(),
        window.1.as_second().max(window.0.as_second()),
    );
    let step_of =
        |points: i64| (end - start).div_euclid(points) + i64::from((end - start) % points != 0);
    let mut step = step_of(i64::from(width).clamp(1, limits::SAMPLES as i64 - 1));
    if let Some(every) = every {
        step = step.min((every.as_secs() as i64).max(step_of(LIVE_POINTS)));
    }
    let step = step.max(min_step.as_secs() as i64).max(1);
    let on_step = |second: i64| {
        Timestamp::from_second(second.div_euclid(step) * step).unwrap_or(Timestamp::UNIX_EPOCH)
    };
    PromqlRange {
        start: on_step(start),
        end: on_step(end),
        step: Duration::from_secs(step.cast_unsigned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_follow_the_width_and_sit_on_the_epoch() {
        for (seconds, width, min_step, step) in [
            (3_600, 120, 15, 30),
            (3_600, 120, 60, 60),
            (3_601, 120, 15, 31),
            (60, 120, 15, 15),
            (0, 120, 15, 15),
            (86_400, 0, 15, 86_400),
            (35 * 86_400, u16::MAX, 1, 275),
            (10, 80, 0, 1),
        ] {
            let start = Timestamp::from_second(1_700_000_007).unwrap();
            let end = Timestamp::from_second(1_700_000_007 + seconds).unwrap();
            let planned = range((start, end), width, Duration::from_secs(min_step), None);
            assert_eq!(planned.step.as_secs(), step, "{seconds} s over {width}");
            assert_eq!(planned.start.as_second() as u64 % step, 0);
            assert_eq!(planned.end.as_second() as u64 % step, 0);
            assert!(planned.start <= start && planned.end <= end && planned.start <= planned.end);
            let points = (planned.end.as_second() - planned.start.as_second()) as u64 / step + 1;
            assert!(points <= limits::SAMPLES as u64, "{points} points");
            assert!(
                points <= u64::from(width.max(1)) + 1,
                "{points} points over {width}"
            );
        }
    }

    #[test]
    fn a_live_pane_asks_for_a_point_a_poll() {
        for (seconds, width, every, step) in [
            (3_600, 38, 15, 15),
            (3_600, 38, 300, 95),
            (225, 38, 15, 15),
            (32 * 3_600, 38, 15, 116),
        ] {
            let start = Timestamp::from_second(1_700_000_007).unwrap();
            let end = Timestamp::from_second(1_700_000_007 + seconds).unwrap();
            let every = Some(Duration::from_secs(every));
            let planned = range((start, end), width, Duration::from_secs(15), every);
            assert_eq!(planned.step.as_secs(), step, "{seconds} s over {width}");
        }
    }
}
