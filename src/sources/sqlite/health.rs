//! SQLite for `doctor`: the file is opened for reading, statements are prepared and thrown away. Nothing is stepped.

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::authorize;
use crate::model::limits;
use crate::sources::health::{Fit, Health};
use crate::sql::characters_before;

/// Whether the file is there and is a database.
pub(super) fn health(path: &Path) -> Health {
    let counted = open(path).and_then(|connection| {
        let count = "SELECT count(*) FROM sqlite_schema";
        connection.query_row(count, [], |row| row.get::<_, i64>(0))
    });
    match counted {
        Ok(objects) => Health {
            read_only: Some(true),
            ..Health::answers(format!(
                "opened for reading; tables, views and indexes: {objects}"
            ))
        },
        Err(error) => Health::unreachable(format!(
            "cannot open {}: {error}; mend its path in the configuration",
            path.display()
        )),
    }
}

/// Whether the file has the tables and columns of a statement. One that writes is prepared without the authorizer, which
/// would refuse it for what it does; the file is open for reading only.
pub(super) fn fit(path: &Path, statement: &str, writes: bool) -> Fit {
    let prepared = open(path).and_then(|connection| {
        if !writes {
            connection.authorizer(Some(authorize))?;
        }
        let prepared = connection.prepare(statement)?;
        let names = prepared.column_names().join(", ");
        Ok(names)
    });
    match prepared {
        Ok(names) if names.is_empty() => Fit::Fits("prepared".to_owned()),
        Ok(names) => Fit::Fits(format!("prepared; columns: {names}")),
        Err(rusqlite::Error::SqlInputError { msg, offset, .. }) => Fit::Misfit {
            message: msg,
            position: usize::try_from(offset)
                .ok()
                .map(|offset| characters_before(statement, offset)),
        },
        Err(rusqlite::Error::SqliteFailure(code, message)) => {
            let message = message.unwrap_or_else(|| code.to_string());
            match code.code {
                rusqlite::ErrorCode::CannotOpen
                | rusqlite::ErrorCode::NotADatabase
                | rusqlite::ErrorCode::PermissionDenied => Fit::Unreachable(message),
                _ => Fit::Misfit {
                    message,
                    position: None,
                },
            }
        }
        Err(other) => Fit::Misfit {
            message: other.to_string(),
            position: None,
        },
    }
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(limits::LOCK_TIMEOUT)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    Ok(connection)
}
