//! SQL of a drill: on the embedded engine, over the simulated service's database.

use super::table::{self, Manner};
use super::{NO_SECRET, Run, Simulation, by_hand};
use crate::drill::Director;
use crate::model::Timestamp;
use crate::model::playbook::Effect;
use crate::model::request::{self, Outcome, Payload, PlanError, Request, RunError};
use crate::model::table::{Column, ColumnKind};
use crate::pgsql::{self, Answer, Context, Database, Error, Type, Value};
use crate::sources::planner::{self, types};
use crate::sources::postgres::column;
use crate::sources::registry;
use crate::sql::Dialect;

/// SQLSTATE of what the engine does not do.
const UNSUPPORTED: &str = "0A000";
/// SQLSTATE of a statement that was stopped.
const STOPPED: &str = "57014";
/// SQLSTATE of a parameter whose type nothing tells.
const UNDETERMINED: &str = "42P18";

pub(super) fn run(run: &Run) -> Result<Outcome, RunError> {
    let request = &run.request;
    let (statement, _) = planner::runnable(request, Dialect::Postgres)?;
    let parameters = values(&request.parameters);
    let stop = || run.stopped();
    if request.effect == Effect::Write {
        let ceiling = registry::ceiling(request)?;
        return write(run, statement, &parameters, ceiling);
    }
    let answer = run.simulation.with(|director| {
        let world = director.world();
        let context = Context {
            now: micros(world.now()),
            user: &run.simulation.operator,
            stop: &stop,
        };
        let most = request.limit.max(1);
        pgsql::query(world.database(), statement, &parameters, &context, most)
    });
    let answer = answer.map_err(failed)?;
    send(run, &answer)
}

fn write(
    run: &Run,
    statement: &str,
    parameters: &[pgsql::Parameter],
    ceiling: u64,
) -> Result<Outcome, RunError> {
    let stop = || run.stopped();
    let written = run.simulation.with(|director| {
        let world = director.world_mut();
        let context = Context {
            now: micros(world.now()),
            user: &run.simulation.operator,
            stop: &stop,
        };
        world.change(|database| {
            pgsql::write(database, statement, parameters, &context, Some(ceiling))
        })
    });
    let written = written.map_err(|error| match failed(error) {
        RunError::Failed {
            message,
            code,
            position,
        } if !message.ends_with("nothing was changed") => RunError::Failed {
            message: format!("{message}: nothing was changed"),
            code,
            position,
        },
        other => other,
    })?;
    // It is done, whether anybody looks at the rows or not.
    let shown = written.answer.map(|answer| send(run, &answer));
    let outcome = shown.and_then(Result::ok).unwrap_or_default();
    Ok(Outcome {
        rows: Some(written.count),
        ..outcome
    })
}

fn send(run: &Run, answer: &Answer) -> Result<Outcome, RunError> {
    let columns: Vec<Column> = answer
        .columns
        .iter()
        .map(|(name, ty)| {
            let type_name = ty.name();
            Column {
                name: name.clone(),
                kind: column::kind(&type_name),
                type_name,
            }
        })
        .collect();
    let kinds: Vec<ColumnKind> = columns.iter().map(|column| column.kind).collect();
    let rows = answer.rows.iter().map(|row| {
        let cells = row.iter().zip(&answer.columns).zip(&kinds);
        cells
            .map(|((value, (_, ty)), kind)| cell(value, ty, *kind))
            .collect()
    });
    let mut outcome = table::send(run, Manner::Postgres, columns, rows)?;
    if answer.cut && outcome.truncated.is_none() {
        let most = run.request.limit.max(1);
        outcome.truncated = Some(format!("row cap: only the first {most} rows"));
    }
    Ok(outcome)
}

fn cell(value: &Value, ty: &Type, kind: ColumnKind) -> Option<String> {
    let text = value.to_text(ty)?;
    let kept = column::cell(kind, text.as_bytes());
    Some(String::from_utf8_lossy(kept).into_owned())
}

/// The values as a client sends them: every one as text. Of a secret, what stands for it.
fn values(parameters: &[request::Parameter]) -> Vec<pgsql::Parameter> {
    let text = |parameter: &request::Parameter| match parameter.secret_reference() {
        Some(_) => NO_SECRET.to_owned(),
        None => parameter.value.clone(),
    };
    parameters
        .iter()
        .map(|parameter| pgsql::Parameter {
            ty: Some(Type::Text),
            text: Some(text(parameter)),
        })
        .collect()
}

/// Microseconds since 1970.
fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

fn failed(error: Error) -> RunError {
    if error.code == STOPPED {
        return RunError::Cancelled;
    }
    RunError::Failed {
        message: if error.code == UNSUPPORTED {
            by_hand(&error.message)
        } else {
            error.message
        },
        code: Some(error.code.to_owned()),
        position: error.position,
    }
}

/// Gives parameters that stand bare the types that the database takes in their places.
pub(super) fn describe(simulation: &Simulation, request: Request) -> Result<Request, PlanError> {
    if !types::is_needed(&request) {
        return Ok(request);
    }
    let Payload::Sql { statement } = &request.payload else {
        return Ok(request);
    };
    let places = types::places(statement);
    let found =
        simulation.with(|director| types_of(director.world().database(), statement, &places));
    // Errors of the statement itself are left to the run, which can point at them.
    let Ok(found) = found else {
        return Ok(request);
    };
    for (place, ty) in places.iter().zip(&found) {
        let parameter = request.parameters.get(place.parameter);
        if let (Some(ty), Some(parameter)) = (ty, parameter)
            && !parameter.example
            && parameter.secret_reference().is_none()
        {
            Value::parse(ty, &parameter.value).map_err(|error| {
                PlanError::Refused(format!(
                    "{} is compared with a {} here, and its value is none: {error}",
                    parameter.name,
                    cast_name(ty)
                ))
            })?;
        }
    }
    let names: Vec<Option<String>> = found.iter().map(|ty| ty.as_ref().map(cast_name)).collect();
    Ok(types::with_types(request, &places, &names))
}

/// The type of each place; none for text and for places that leave it open.
fn types_of(
    database: &Database,
    statement: &str,
    places: &[types::Place],
) -> Result<Vec<Option<Type>>, Error> {
    let mut open: Vec<bool> = places.iter().map(|_| false).collect();
    loop {
        match pgsql::describe(database, &types::apart(statement, places, &open)) {
            Ok(found) => {
                let is_text = |ty: &Type| matches!(ty, Type::Text | Type::Name | Type::Unknown);
                let each = places.iter().zip(found);
                return Ok(each
                    .map(|(place, ty)| (!place.typed && !is_text(&ty)).then_some(ty))
                    .collect());
            }
            Err(error) => {
                let place = (error.code == UNDETERMINED)
                    .then(|| types::undetermined(&error.message))
                    .flatten();
                match place.and_then(|place| open.get_mut(place)) {
                    Some(open) if !*open => *open = true,
                    _ => return Err(error),
                }
            }
        }
    }
}

/// The type as a cast spells it.
fn cast_name(ty: &Type) -> String {
    match ty {
        Type::Timestamp | Type::Timestamptz => ty.name(),
        other => other.long_name(),
    }
}

/// Does a recorded write again, at its time and in the name of who did it.
pub(super) fn again(
    director: &mut Director,
    statement: &str,
    parameters: &[request::Parameter],
    by: &str,
    at: Timestamp,
) -> Result<(), String> {
    let context = Context {
        now: micros(at),
        user: by,
        stop: &|| false,
    };
    let values = values(parameters);
    director
        .world_mut()
        .change(|database| pgsql::write(database, statement, &values, &context, None))
        .map(|_| ())
        .map_err(|error| error.to_string())
}
