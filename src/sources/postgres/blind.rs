//! Could the role have seen all rows? Asked before a query whose result a verdict will rest on.
//!
//! With row security switched off, the server refuses to plan a query over a table whose rows it would filter. It is asked
//! for a plan only, inside a savepoint; the query itself runs as always.

use sqlx::postgres::PgConnection;

use super::failure::Failure;
use super::session::run;
use super::stream::Run;
use crate::sql::StatementKind;

/// The server's word for "this role may not": with row security off, that policies would hide rows.
const REFUSED: &str = "42501";

/// Why the role could not see all rows of a query, if that is so. Nothing when the server finds another fault: the query
/// itself will run into it and say so.
pub(super) async fn blind(
    connection: &mut PgConnection,
    query: &Run<'_>,
    role: &str,
) -> Result<Option<String>, Failure> {
    if query.kind != StatementKind::Query {
        return Ok(None);
    }
    run(
        connection,
        "SAVEPOINT quarterdeck_blind; SET LOCAL row_security = off",
    )
    .await?;
    let explain = format!("EXPLAIN (COSTS off) {}", query.statement);
    let planned = query.query(explain).execute(&mut *connection).await;
    run(
        connection,
        "ROLLBACK TO SAVEPOINT quarterdeck_blind; RELEASE SAVEPOINT quarterdeck_blind",
    )
    .await?;
    let Err(error) = planned else {
        return Ok(None);
    };
    let failure = Failure::from(error);
    if failure.is_broken() {
        return Err(failure);
    }
    let refusal = failure.server().filter(|error| error.code() == REFUSED);
    Ok(refusal.map(|error| {
        let table = quoted(error.message()).unwrap_or("a table");
        format!("row-level security hides rows of {table} from role {role}")
    }))
}

/// The name in the quotation marks of a message, whatever its language.
fn quoted(message: &str) -> Option<&str> {
    let marks = ['"', '“', '”', '„', '«', '»'];
    let (_, rest) = message.split_once(marks)?;
    let (name, _) = rest.split_once(marks)?;
    Some(name.trim()).filter(|name| !name.is_empty())
}
