//! KQL of a drill: the query as it would be sent, over what has arrived in the simulated telemetry.

use serde_json::Value as Json;

use super::table::{self, Manner};
use super::{Run, by_hand};
use crate::kql::value::UNIX_EPOCH_TICKS;
use crate::kql::value::text::to_text;
use crate::kql::{self, Answer, ErrorKind, KqlError, Limits, Options, Value};
use crate::model::Timestamp;
use crate::model::request::{Outcome, RunError};
use crate::sources::azure::answer::cell;
use crate::sql::characters_before;

/// Nanoseconds in a tick of Kusto's clock.
const NANOSECONDS: i128 = 100;

pub(super) fn run(run: &Run) -> Result<Outcome, RunError> {
    let stop = || run.stopped();
    let (answers, settled) = run.simulation.with(|director| {
        let world = director.world();
        let options = Options {
            now: ticks(world.now()),
            parameters: Vec::new(),
        };
        let limits = kql::Run::new(Limits::default(), &stop);
        let answers = kql::run(&run.request.text, world.telemetry(), &options, &limits);
        (answers, world.settled())
    });
    let answers = answers.map_err(|error| failed(run, &error))?;
    let several = answers.len();
    let Some(answer) = answers.into_iter().next() else {
        return Err(RunError::failed(format!(
            "{}: the query asks for no table",
            run.request.target
        )));
    };
    let columns = answer.schema.fields.iter();
    let columns = columns
        .map(|field| cell::column(&field.name, field.ty.name()))
        .collect();
    let outcome = table::send(run, Manner::Kusto, columns, rows(&answer))?;
    Ok(Outcome {
        status: Some(200),
        partial: (several > 1).then(|| {
            format!(
                "the query has {several} answers, and only the first is kept: ask one question an action"
            )
        }),
        settled: Some(settled),
        ..outcome
    })
}

fn rows(answer: &Answer) -> impl Iterator<Item = Vec<Option<String>>> + '_ {
    answer.values().map(|row| {
        row.iter()
            .zip(&answer.schema.fields)
            .map(|(value, field)| cell::text(field.ty.name(), &json(value)))
            .collect()
    })
}

/// A cell as the service writes it into its answer.
fn json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => (*value).into(),
        Value::Int(number) => (*number).into(),
        Value::Long(number) => (*number).into(),
        Value::Real(number) if number.is_finite() => (*number).into(),
        Value::DateTime(_) => without_zeros(&to_text(value)).into(),
        _ => to_text(value).into(),
    }
}

/// The services write no zeros at the end of a second's digits.
fn without_zeros(time: &str) -> String {
    let Some(digits) = time.strip_suffix('Z') else {
        return time.to_owned();
    };
    let digits = digits.trim_end_matches('0').trim_end_matches('.');
    // A time without a fraction was cut into its seconds.
    match digits.len() {
        20.. => format!("{digits}Z"),
        _ => format!("{}Z", time.get(..19).unwrap_or(digits)),
    }
}

fn ticks(at: Timestamp) -> i64 {
    let ticks = at.as_nanosecond() / NANOSECONDS;
    UNIX_EPOCH_TICKS.saturating_add(i64::try_from(ticks).unwrap_or_default())
}

fn failed(run: &Run, error: &KqlError) -> RunError {
    let help = error.help.as_ref().map(|help| format!("; {help}"));
    let says = format!("{}{}", error.message, help.unwrap_or_default());
    let (code, message) = match error.kind {
        ErrorKind::Stopped => return RunError::Cancelled,
        ErrorKind::Syntax => ("SYN0001", says),
        ErrorKind::Semantic => ("SEM0001", says),
        ErrorKind::Limit => ("400", format!("{says}; ask for less time or fewer rows")),
        ErrorKind::Table => ("400", says),
        ErrorKind::Unsupported => (
            "400",
            by_hand(&format!("the drill's telemetry does not do this: {says}")),
        ),
    };
    RunError::Failed {
        message: format!("{}: {message}", run.request.target),
        code: Some(code.to_owned()),
        position: Some(characters_before(&run.request.text, error.span.start)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_lose_the_zeros_at_their_end_and_nothing_else() {
        for (text, expected) in [
            ("2026-01-31T03:00:00.0000000Z", "2026-01-31T03:00:00Z"),
            ("2026-01-31T03:00:10.0000000Z", "2026-01-31T03:00:10Z"),
            ("2026-01-31T03:00:00.1230000Z", "2026-01-31T03:00:00.123Z"),
            (
                "2026-01-31T03:00:00.1234567Z",
                "2026-01-31T03:00:00.1234567Z",
            ),
        ] {
            assert_eq!(without_zeros(text), expected);
        }
    }
}
