//! One write to an SQLite file: an immediate transaction of its own, its rows counted, committed only within the
//! ceiling.
//!
//! The connection may write and is used for this one statement. The authorizer keeps what reaches beyond the file or out
//! of the transaction refused.

use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::{FUNCTIONS, Run, columns, spill_failed};
use crate::model::limits;
use crate::model::request::{Chunk, Outcome, RunError};
use crate::sources::spill::SpillWriter;

impl Run {
    /// Runs the statement and commits. Until COMMIT nothing is changed; dropping the connection rolls back.
    pub(super) fn write(self, ceiling: u64) -> Result<Outcome, RunError> {
        let failed = |error: &rusqlite::Error| nothing_changed(self.failed(error));
        let connection = self.open_to_write().map_err(|error| failed(&error))?;
        connection
            .execute_batch("BEGIN IMMEDIATE")
            .map_err(|error| failed(&error))?;
        connection
            .authorizer(Some(authorize))
            .map_err(|error| failed(&error))?;
        let mut statement = connection
            .prepare(&self.statement)
            .map_err(|error| failed(&error))?;
        for (index, value) in self.values.iter().enumerate() {
            statement
                .raw_bind_parameter(index + 1, value)
                .map_err(|error| failed(&error))?;
        }
        let is_query = statement.readonly() && statement.column_count() > 0;
        let mut columns = columns(&statement);
        let mut writer = SpillWriter::create(
            &self.settings.spill_folder,
            columns.len(),
            self.settings.max_bytes,
        )
        .map_err(|error| nothing_changed(spill_failed(&error)))?;
        let mut outcome = Outcome::default();
        let (mut seen, mut total) = (0, 0);
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().map_err(|error| failed(&error))? {
            if seen == 0 {
                super::take_kinds_from(row, &mut columns);
            }
            seen += 1;
            // Past a cap of what is kept, the rows are counted all the same.
            if outcome.truncated.is_some() {
                continue;
            }
            if total >= self.max_rows {
                outcome.truncated = Some(format!("row cap: only the first {} rows", self.max_rows));
            } else if self
                .push(&mut writer, row, &columns)
                .map_err(|error| nothing_changed(spill_failed(&error)))?
            {
                total += 1;
            } else {
                outcome.truncated = Some(format!("byte cap: only the first {total} rows"));
            }
        }
        drop(rows);
        drop(statement);
        let touched = if is_query { seen } else { connection.changes() };
        if touched > ceiling {
            return Err(RunError::failed(format!(
                "it would touch {touched} rows, the ceiling is {ceiling}: nothing was changed"
            )));
        }
        if self.stop.is_cancelled() {
            return Err(RunError::Cancelled);
        }
        self.commit(&connection)?;
        outcome.rows = Some(touched);
        if !columns.is_empty() {
            // It is done, whether anybody looks at the rows or not.
            let rows = writer.rows();
            let _ = self
                .hand_over(Chunk::Columns { columns, rows })
                .and_then(|()| self.publish(&mut writer));
        }
        Ok(outcome)
    }

    fn commit(&self, connection: &Connection) -> Result<(), RunError> {
        let open = connection.authorizer(None::<fn(AuthContext<'_>) -> Authorization>);
        let ended = open.and_then(|()| connection.execute_batch("COMMIT"));
        let Err(error) = ended else {
            return Ok(());
        };
        // While the transaction is still open, nothing of it is in the file.
        let is_open = !connection.is_autocommit();
        let refused = matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::DatabaseBusy | ErrorCode::ConstraintViolation | ErrorCode::DiskFull)
        );
        Err(if is_open || refused {
            nothing_changed(self.failed(&error))
        } else {
            RunError::Unknown(format!(
                "COMMIT failed on {}: {error}; it may have happened or not: look at the rows, and do not run it again before you know",
                self.settings.path.display()
            ))
        })
    }

    fn open_to_write(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.settings.path, flags)?;
        connection.busy_timeout(limits::LOCK_TIMEOUT)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        let stop = self.stop.clone();
        connection.progress_handler(super::STOP_CHECK, Some(move || stop.is_cancelled()))?;
        Ok(connection)
    }
}

/// What a declared write may do: rows and tables of its own file, and functions that only compute.
fn authorize(context: AuthContext<'_>) -> Authorization {
    let allowed = match context.action {
        AuthAction::Function { function_name } => {
            FUNCTIONS.contains(&function_name.to_ascii_lowercase().as_str())
        }
        AuthAction::Attach { .. }
        | AuthAction::Detach { .. }
        | AuthAction::Pragma { .. }
        | AuthAction::Transaction { .. }
        | AuthAction::Savepoint { .. }
        | AuthAction::CreateVtable { .. }
        | AuthAction::DropVtable { .. }
        | AuthAction::Unknown { .. } => false,
        _ => true,
    };
    if allowed {
        Authorization::Allow
    } else {
        Authorization::Deny
    }
}

fn nothing_changed(error: RunError) -> RunError {
    match error {
        RunError::Failed {
            message,
            code,
            position,
        } => RunError::Failed {
            message: format!("{message}: nothing was changed"),
            code,
            position,
        },
        other => other,
    }
}
