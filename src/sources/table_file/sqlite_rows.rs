//! Rows of a table or view of an SQLite database. A row is kept as SQLite gives it; the wanted columns of a table are read in pages by the order of its rows.

use std::fmt::Write as _;
use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::types::Value as Stored;
use rusqlite::{Connection, OpenFlags};

use super::{Cell, Rows};
use crate::kql::error::nearest;
use crate::model::limits;

/// Rows read at once.
const PAGE: usize = 16_384;

/// The rows.
pub(super) struct SqliteRows {
    connection: Connection,
    columns: Vec<String>,
    /// The statement for a page: two parameters, how many rows and how many before.
    page: String,
    rows: Vec<Vec<Stored>>,
    /// Rows of earlier pages.
    before: usize,
    /// One past the row that [`Rows::cell`] speaks of, in the page.
    at: usize,
    done: bool,
}

impl SqliteRows {
    /// Opens the database for reading. Columns that are not `wanted` are not read.
    pub(super) fn open(path: &Path, table: &str, wanted: Option<&[bool]>) -> Result<Self, String> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(|error| fault(&error))?;
        prepare(&connection).map_err(|error| fault(&error))?;
        let columns = columns(&connection, table).map_err(|error| fault(&error))?;
        if columns.is_empty() {
            return Err(no_table(&connection, table));
        }
        let selected: Vec<String> = columns
            .iter()
            .enumerate()
            .map(|(index, name)| {
                let wanted =
                    wanted.is_none_or(|wanted| wanted.get(index).copied().unwrap_or(false));
                if wanted {
                    quoted(name)
                } else {
                    "NULL".to_owned()
                }
            })
            .collect();
        Ok(Self {
            connection,
            page: format!(
                "SELECT {} FROM {} LIMIT ?1 OFFSET ?2",
                selected.join(", "),
                quoted(table)
            ),
            columns,
            rows: Vec::new(),
            before: 0,
            at: 0,
            done: false,
        })
    }

    fn read_page(&mut self) -> rusqlite::Result<()> {
        self.before += self.rows.len();
        self.rows.clear();
        self.at = 0;
        let mut statement = self.connection.prepare_cached(&self.page)?;
        let width = statement.column_count();
        let mut rows = statement.query((PAGE as i64, self.before as i64))?;
        while let Some(row) = rows.next()? {
            let cells: rusqlite::Result<Vec<Stored>> = (0..width)
                .map(|index| row.get(index).map(readable))
                .collect();
            self.rows.push(cells?);
        }
        self.done = self.rows.len() < PAGE;
        Ok(())
    }
}

impl Rows for SqliteRows {
    fn advance(&mut self) -> Result<bool, String> {
        if self.at >= self.rows.len() {
            if self.done {
                return Ok(false);
            }
            self.read_page().map_err(|error| fault(&error))?;
        }
        self.at += 1;
        Ok(self.at <= self.rows.len())
    }

    fn columns(&self) -> &[String] {
        &self.columns
    }

    fn cell(&self, column: usize) -> Cell<'_> {
        let row = self.at.checked_sub(1).and_then(|at| self.rows.get(at));
        match row.and_then(|row| row.get(column)) {
            // Bytes are text by now: see `readable`.
            None | Some(Stored::Null | Stored::Blob(_)) => Cell::Null,
            Some(Stored::Integer(value)) => Cell::Long(*value),
            Some(Stored::Real(value)) => Cell::Real(*value),
            Some(Stored::Text(text)) => Cell::Text(text),
        }
    }

    fn place(&self) -> String {
        format!("row {}", self.before + self.at)
    }
}

/// The language has no type for bytes: they are text in hexadecimal.
fn readable(value: Stored) -> Stored {
    match value {
        Stored::Blob(bytes) => {
            let mut text = String::with_capacity(bytes.len() * 2);
            for byte in bytes {
                let _ = write!(text, "{byte:02x}");
            }
            Stored::Text(text)
        }
        other => other,
    }
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(limits::LOCK_TIMEOUT)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    // All pages of one scan see one state of the database.
    connection.execute_batch("BEGIN")
}

/// The names of the table's columns; none when there is no such table.
fn columns(connection: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement =
        connection.prepare("SELECT name FROM pragma_table_info(?1) ORDER BY cid")?;
    let names = statement.query_map([table], |row| row.get(0))?;
    names.collect()
}

fn no_table(connection: &Connection, table: &str) -> String {
    let names = || -> rusqlite::Result<Vec<String>> {
        let mut statement = connection.prepare(
            "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') ORDER BY name",
        )?;
        let names = statement.query_map([], |row| row.get(0))?;
        names.collect()
    };
    let names = names().unwrap_or_default();
    let help = match nearest(table, names.iter().map(String::as_str)) {
        Some(near) => format!("did you mean FILE#{near}?"),
        None if names.is_empty() => "it has none".to_owned(),
        None => format!("it has {}; write FILE#TABLE", names.join(", ")),
    };
    format!("there is no table {table}; {help}")
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn fault(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(_, Some(message)) => message.clone(),
        other => other.to_string(),
    }
}
