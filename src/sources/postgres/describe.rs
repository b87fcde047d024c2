//! Gives text parameters the type that the server takes in their place, and checks that their values fit it.
//!
//! Where types are missing, and the statement once they are there, is `planner::types`.

use sqlx::postgres::{PgConnection, PgTypeInfo};
use sqlx::{AssertSqlSafe, Either, Executor, Row, SqlSafeStr, Statement};

use super::failure::Failure;
use super::stream::type_name;
use crate::model::request::{Parameter, Payload, PlanError, Request};
use crate::sources::planner::types::{self, Place, apart, places, undetermined};

/// Fills in types. Errors of the statement itself are left to the run, which can point at them.
pub(super) async fn describe(
    connection: &mut PgConnection,
    request: Request,
) -> Result<Request, PlanError> {
    let Payload::Sql { statement } = &request.payload else {
        return Ok(request);
    };
    let places = places(statement);
    let types = match asked(connection, statement, &places).await {
        Ok(types) => types,
        Err(failure) if failure.is_broken() => {
            return Err(PlanError::Refused(failure.to_string()));
        }
        Err(_) => return Ok(request),
    };
    for (place, sql_type) in places.iter().zip(&types) {
        if let (Some(sql_type), Some(parameter)) =
            (sql_type, request.parameters.get(place.parameter))
            // An example's value stands for any: its type is what is asked. A secret is fetched only when it is sent.
            && !parameter.example
            && parameter.secret_reference().is_none()
        {
            check(connection, parameter, sql_type).await?;
        }
    }
    Ok(types::with_types(request, &places, &types))
}

/// The type of each place; none for text and for places that leave it open.
async fn asked(
    connection: &mut PgConnection,
    statement: &str,
    places: &[Place],
) -> Result<Vec<Option<String>>, Failure> {
    let mut open: Vec<bool> = places.iter().map(|_| false).collect();
    loop {
        let variant = apart(statement, places, &open);
        // A failed statement ends the transaction's use; the savepoint brings it back.
        sqlx::raw_sql("SAVEPOINT describing")
            .execute(&mut *connection)
            .await?;
        let prepared = (&mut *connection)
            .prepare(AssertSqlSafe(variant).into_sql_str())
            .await
            .map_err(Failure::from);
        if prepared.is_err() {
            sqlx::raw_sql("ROLLBACK TO SAVEPOINT describing")
                .execute(&mut *connection)
                .await?;
        }
        match prepared {
            Ok(prepared) => {
                let infos = match prepared.parameters() {
                    Some(Either::Left(infos)) => infos.to_vec(),
                    _ => Vec::new(),
                };
                let mut types = Vec::with_capacity(places.len());
                for (place, info) in places.iter().zip(&infos) {
                    types.push(if place.typed {
                        None
                    } else {
                        cast_name(connection, info).await?
                    });
                }
                return Ok(types);
            }
            Err(failure) => {
                // 42P18: `jsonb_build_object('a', $1)` takes anything, so the server cannot say.
                let undetermined = failure
                    .server()
                    .filter(|error| error.code() == "42P18")
                    .and_then(|error| undetermined(error.message()))
                    .and_then(|place| open.get_mut(place));
                match undetermined {
                    Some(open) if !*open => *open = true,
                    _ => return Err(failure),
                }
            }
        }
    }
}

/// How to cast to a type without a length: `character` and `bit` alone would mean a length of one.
async fn cast_name(
    connection: &mut PgConnection,
    info: &PgTypeInfo,
) -> Result<Option<String>, Failure> {
    const TEXTS: [u32; 4] = [25, 1_043, 19, 705];
    let oid = info.oid().map_or(0, |oid| oid.0);
    Ok(match oid {
        _ if TEXTS.contains(&oid) => None,
        20 => Some("bigint".into()),
        23 => Some("integer".into()),
        1_042 => Some("bpchar".into()),
        1_114 => Some("timestamp".into()),
        1_184 => Some("timestamptz".into()),
        1_560 => Some("pg_catalog.\"bit\"".into()),
        2_950 => Some("uuid".into()),
        _ => Some(type_name(connection, info).await?),
    })
}

/// Casts the value alone, before the statement that uses it is sent.
async fn check(
    connection: &mut PgConnection,
    parameter: &Parameter,
    sql_type: &str,
) -> Result<(), PlanError> {
    sqlx::raw_sql("SAVEPOINT checking")
        .execute(&mut *connection)
        .await
        .map_err(|error| PlanError::Refused(Failure::from(error).to_string()))?;
    let text = format!("SELECT CAST($1::text AS {sql_type}) IS NULL");
    let checked = sqlx::query(AssertSqlSafe(text))
        .bind(parameter.value.clone())
        .fetch_one(&mut *connection)
        .await
        .map(|row| row.len());
    checked.map(|_| ()).map_err(|error| {
        PlanError::Refused(format!(
            "{} is compared with a {sql_type} here, and its value is none: {}",
            parameter.name,
            Failure::from(error)
        ))
    })
}
