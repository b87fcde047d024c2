//! PromQL of a drill: on the embedded engine, over what the simulated Prometheus has scraped.
//!
//! "No line" is not zero: a sample that is missing stays missing.

use super::{Run, by_hand};
use crate::model::request::{Chunk, Outcome, PromqlRange, RunError};
use crate::model::table::Rows;
use crate::model::{Timestamp, limits};
use crate::promql::{self, Error, ErrorKind, Labels, Store, number_text};
use crate::sources::prometheus::answer::{Answer, LabelledSamples, Table};

pub(super) fn run(
    run: &Run,
    query: &str,
    range: Option<PromqlRange>,
    at: Timestamp,
) -> Result<Outcome, RunError> {
    let asked = run.simulation.with(|director| {
        let store = director.world().metrics();
        ask(run, store, query, range, at)
    });
    let answer = asked.map_err(|error| failed(run, &error))?;
    let mut outcome = Outcome {
        newest: answer.newest(),
        ..Outcome::default()
    };
    if range.is_some() {
        let most = limits::SERIES;
        let (series, dropped) = answer.into_series(most);
        if dropped > 0 {
            let message = format!(
                "more than {most} series: the first {most} are shown; narrow the query with sum by (…) or topk"
            );
            run.hand_over(Chunk::Warning(message.clone()))?;
            outcome.truncated = Some(message);
        }
        run.hand_over(Chunk::Series(series))?;
        return Ok(outcome);
    }
    let most = usize::try_from(run.request.limit).unwrap_or(usize::MAX);
    let Table {
        columns,
        rows,
        dropped,
    } = answer.into_table(most);
    let count = rows.len() as u64;
    if dropped > 0 {
        outcome.truncated = Some(format!("more than {most} rows: the first {most} are kept"));
    }
    let rows = Rows::from_vec(rows);
    run.hand_over(Chunk::Columns { columns, rows })?;
    run.hand_over(Chunk::Rows(count))?;
    outcome.rows = Some(count);
    Ok(outcome)
}

fn ask(
    run: &Run,
    store: &Store,
    query: &str,
    range: Option<PromqlRange>,
    at: Timestamp,
) -> Result<Answer, Error> {
    let stop = || run.stopped();
    let parsed = promql::parse(query)?;
    let Some(PromqlRange { start, end, step }) = range else {
        let at = at.as_millisecond();
        let one = |labels, value: String| vec![(labels, vec![(at, value)])];
        return Ok(answer(match promql::instant(store, &parsed, at, &stop)? {
            promql::Answer::Scalar(value) => one(Labels::new(), number_text(value)),
            promql::Answer::Text(text) => one(Labels::new(), text),
            promql::Answer::Vector(rows) => rows
                .into_iter()
                .map(|(labels, value)| (labels, vec![(at, number_text(value))]))
                .collect(),
            promql::Answer::Matrix(lines) => lines.into_iter().map(texts).collect(),
        }));
    };
    let every = i64::try_from(step.as_millis()).unwrap_or(i64::MAX);
    let (start, end) = (start.as_millisecond(), end.as_millisecond());
    let lines = promql::range(store, &parsed, start, end, every, &stop)?;
    Ok(answer(lines.into_iter().map(texts).collect()))
}

/// A series with its values as text.
type Texts = (Labels, Vec<(i64, String)>);

fn texts((labels, points): promql::Line) -> Texts {
    let points = points
        .into_iter()
        .map(|(at, value)| (at, number_text(value)));
    (labels, points.collect())
}

fn answer(series: Vec<Texts>) -> Answer {
    let series = series.into_iter().map(|(labels, points)| LabelledSamples {
        labels,
        samples: points
            .into_iter()
            .filter_map(|(at, value)| Some((Timestamp::from_millisecond(at).ok()?, value)))
            .collect(),
    });
    Answer::of(series.collect())
}

fn failed(run: &Run, error: &Error) -> RunError {
    let (code, message) = match error.kind {
        ErrorKind::Stopped => return RunError::Cancelled,
        ErrorKind::Unsupported => ("400", by_hand(&error.message)),
        ErrorKind::Syntax => ("400", format!("bad_data: {}", error.message)),
        _ => ("422", format!("execution: {}", error.message)),
    };
    RunError::Failed {
        message: format!("{}: {message}", run.request.target),
        code: Some(code.to_owned()),
        position: Some(error.span.start),
    }
}
