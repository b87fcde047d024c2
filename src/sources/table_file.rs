//! Files as tables of the embedded KQL engine: CSV, JSON lines and tables of SQLite databases.
//!
//! A file is read once when it is opened, to learn its columns and their types from every row, and once for each time a query scans it: then only the
//! columns that the query uses are kept. Nothing is guessed away: a value that does not fit the type of its column is an error, never a null.

mod csv_rows;
mod inference;
mod json_rows;
mod sqlite_rows;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::kql::column::{Column, ColumnBuilder};
use crate::kql::dynamic::Dynamic;
use crate::kql::error::{ErrorKind, KqlError, Span};
use crate::kql::relation::{BATCH_ROWS, Batch, Operator, Run};
use crate::kql::types::{Field, Schema};
use crate::kql::{Catalog, Table, Type};

use inference::Guess;

/// Why a file is no table: names the file, the place in it, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TableFileError(String);

/// A cell as a file holds it.
#[derive(Debug, Clone, Copy)]
enum Cell<'a> {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Long(i64),
    /// A double.
    Real(f64),
    /// Text that says nothing of its type: a cell of a CSV file.
    Bare(&'a str),
    /// Text that is a string in its file.
    Text(&'a str),
    /// An object or a list.
    Dynamic(&'a Dynamic),
}

/// The rows of a file, one after the other.
trait Rows: Send {
    /// Goes on to the next row; false at the end. The error says where in the file.
    fn advance(&mut self) -> Result<bool, String>;

    /// The names of the columns known so far. Only JSON lines learn more of them on the way.
    fn columns(&self) -> &[String];

    /// The cell of the row in a column.
    fn cell(&self, column: usize) -> Cell<'_>;

    /// Where in the file the row is: `line 7`.
    fn place(&self) -> String;
}

/// What a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    /// Values with a separator; the first line names the columns.
    Csv(u8),
    /// One object a line.
    JsonLines,
    /// A table of a database.
    Sqlite(String),
}

/// A file as a table.
#[derive(Debug, Clone)]
pub struct TableFile {
    path: PathBuf,
    kind: Kind,
    schema: Schema,
}

impl TableFile {
    /// Opens the file that is to be the table `name` and reads it once for its columns and their types. `place` is a path; what its name ends in says what it is:
    /// `.csv`, `.tsv`, `.jsonl` or `.ndjson`, and `.db`, `.sqlite` or `.sqlite3` with the table's name behind a `#` where it is not `name`.
    ///
    /// # Errors
    /// The file cannot be read, is of another kind, or does not hold together.
    pub fn open(name: &str, place: &str) -> Result<Self, TableFileError> {
        let (path, kind) = kind(name, place)?;
        let mut file = Self {
            path,
            kind,
            schema: Schema::default(),
        };
        let learned = file.rows(None).and_then(learn);
        file.schema = learned.map_err(|why| TableFileError(format!("read {place}: {why}")))?;
        Ok(file)
    }

    /// The rows; of the columns `wanted` only, or of all.
    fn rows(&self, wanted: Option<&[bool]>) -> Result<Box<dyn Rows>, String> {
        let names: Vec<&str> = self
            .schema
            .fields
            .iter()
            .map(|field| &*field.name)
            .collect();
        Ok(match &self.kind {
            Kind::Csv(separator) => Box::new(csv_rows::CsvRows::open(&self.path, *separator)?),
            Kind::JsonLines => Box::new(json_rows::JsonRows::open(&self.path, &names)?),
            Kind::Sqlite(table) => {
                Box::new(sqlite_rows::SqliteRows::open(&self.path, table, wanted)?)
            }
        })
    }
}

/// Which file, and what it is.
fn kind(name: &str, place: &str) -> Result<(PathBuf, Kind), TableFileError> {
    let (path, table) = match place.rsplit_once('#') {
        Some((path, table)) if is_database(Path::new(path)) => (path, table),
        _ => (place, name),
    };
    let path = PathBuf::from(path);
    let ending = path
        .extension()
        .map(|ending| ending.to_string_lossy().to_lowercase())
        .unwrap_or_default();
    let kind = match ending.as_str() {
        "csv" => Kind::Csv(b','),
        "tsv" => Kind::Csv(b'\t'),
        "jsonl" | "ndjson" => Kind::JsonLines,
        _ if is_database(&path) => Kind::Sqlite(table.to_owned()),
        _ => {
            return Err(TableFileError(format!(
                "{place} is no table: expected a name that ends in .csv, .tsv, .jsonl, .ndjson, .db, .sqlite or .sqlite3"
            )));
        }
    };
    Ok((path, kind))
}

fn is_database(path: &Path) -> bool {
    path.extension()
        .and_then(|ending| ending.to_str())
        .is_some_and(|ending| {
            ["db", "sqlite", "sqlite3"]
                .iter()
                .any(|known| ending.eq_ignore_ascii_case(known))
        })
}

/// Names and types of the columns, from every row.
fn learn(mut rows: Box<dyn Rows>) -> Result<Schema, String> {
    let mut guesses: Vec<Guess> = Vec::new();
    while rows.advance()? {
        guesses.resize_with(rows.columns().len(), Guess::default);
        for (column, guess) in guesses.iter_mut().enumerate() {
            guess.see(rows.cell(column));
        }
    }
    guesses.resize_with(rows.columns().len(), Guess::default);
    let mut schema = Schema::default();
    for (name, guess) in rows.columns().iter().zip(&guesses) {
        let name = schema.free_name(name);
        schema.fields.push(Field::new(name, guess.ty()));
    }
    Ok(schema)
}

impl Table for TableFile {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn scan(&self, wanted: &[bool]) -> Box<dyn Operator> {
        Box::new(Scan {
            file: self.clone(),
            wanted: wanted.to_vec(),
            state: State::Before,
        })
    }
}

/// Reads a file in batches.
struct Scan {
    file: TableFile,
    wanted: Vec<bool>,
    state: State,
}

enum State {
    Before,
    Reading(Box<dyn Rows>),
    Done,
}

impl Scan {
    fn failed(&self, why: &str) -> KqlError {
        KqlError::new(
            ErrorKind::Table,
            Span::default(),
            format!("read {}: {why}", self.file.path.display()),
        )
    }

    fn batch(&mut self, rows: &mut dyn Rows) -> Result<(Batch, bool), String> {
        let fields = &self.file.schema.fields;
        let mut builders: Vec<Option<ColumnBuilder>> = fields
            .iter()
            .zip(&self.wanted)
            .map(|(field, wanted)| wanted.then(|| ColumnBuilder::new(field.ty, BATCH_ROWS)))
            .collect();
        let mut count = 0;
        let mut more = true;
        while count < BATCH_ROWS {
            more = rows.advance()?;
            if !more {
                break;
            }
            count += 1;
            for (index, (builder, field)) in builders.iter_mut().zip(fields).enumerate() {
                let Some(builder) = builder else { continue };
                let cell = rows.cell(index);
                let value = inference::value(cell, field.ty).ok_or_else(|| {
                    format!(
                        "{}: the value of `{}` is no {} any more: the file changed while it was read",
                        rows.place(),
                        field.name,
                        field.ty.name()
                    )
                })?;
                builder.push(value);
            }
        }
        let columns = builders
            .into_iter()
            .zip(fields)
            .map(|(builder, field)| {
                Arc::new(match builder {
                    Some(builder) => builder.finish(),
                    None => Column::Absent(field.ty, count),
                })
            })
            .collect();
        Ok((
            Batch {
                columns,
                rows: count,
            },
            more,
        ))
    }
}

impl Operator for Scan {
    fn next(&mut self, run: &Run<'_>) -> Result<Option<Batch>, KqlError> {
        run.check()?;
        let mut rows = match std::mem::replace(&mut self.state, State::Done) {
            State::Done => return Ok(None),
            State::Reading(rows) => rows,
            State::Before => self
                .file
                .rows(Some(&self.wanted))
                .map_err(|why| self.failed(&why))?,
        };
        let (batch, more) = self.batch(rows.as_mut()).map_err(|why| self.failed(&why))?;
        if more {
            self.state = State::Reading(rows);
        }
        Ok((batch.rows > 0 || more).then_some(batch))
    }

    fn prune(&mut self, wanted: &[bool]) {
        for (mine, asked) in self.wanted.iter_mut().zip(wanted) {
            *mine &= *asked;
        }
    }
}

/// Files by the names a query knows them by.
#[derive(Debug, Clone, Default)]
pub struct TableFiles {
    tables: Vec<(String, Arc<TableFile>)>,
}

impl TableFiles {
    /// Adds the file at `place` as the table `name`.
    ///
    /// # Errors
    /// The name is taken, or the file is no table.
    pub fn add(&mut self, name: &str, place: &str) -> Result<(), TableFileError> {
        if self.tables.iter().any(|(known, _)| known == name) {
            return Err(TableFileError(format!("two tables are called {name}")));
        }
        let file = TableFile::open(name, place)?;
        self.tables.push((name.to_owned(), Arc::new(file)));
        Ok(())
    }
}

impl Catalog for TableFiles {
    fn table(&self, name: &str) -> Option<Arc<dyn Table>> {
        let (_, table) = self.tables.iter().find(|(known, _)| known == name)?;
        Some(Arc::<TableFile>::clone(table))
    }

    fn names(&self) -> Vec<String> {
        self.tables.iter().map(|(name, _)| name.clone()).collect()
    }
}
