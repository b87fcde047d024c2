//! One statement from its cursor to the spill file.

use std::path::Path;

use futures_util::TryStreamExt;
use sqlx::postgres::{PgArguments, PgConnection, PgRow, PgTypeInfo, Postgres};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Column as _, Executor, Row as _, SqlSafeStr, Statement, TypeInfo};
use tokio_util::sync::CancellationToken;

use super::failure::Failure;
use crate::model::limits;
use crate::model::request::{Chunk, Outcome};
use crate::model::table::{Column, ColumnKind};
use crate::sources::Sink;
use crate::sources::spill::SpillWriter;
use crate::sql::StatementKind;

/// Put before the statement of a query; positions in errors are counted from behind it.
pub(super) const CURSOR_PREFIX: &str = "DECLARE quarterdeck NO SCROLL CURSOR FOR ";
/// Rows of the first fetch: few, so that they are on screen soon.
const FIRST_ROWS: u64 = 100;

/// What to run and how much of it to keep.
#[derive(Debug)]
pub(super) struct Run<'a> {
    pub(super) statement: &'a str,
    pub(super) kind: StatementKind,
    pub(super) values: Vec<&'a str>,
    pub(super) max_rows: u64,
    pub(super) max_bytes: u64,
    pub(super) spill_folder: &'a Path,
}

impl Run<'_> {
    /// Characters that errors count before the statement begins.
    pub(super) fn prefix(&self, preparing: bool) -> usize {
        if self.kind == StatementKind::Query && !preparing {
            CURSOR_PREFIX.len()
        } else {
            0
        }
    }

    /// Streams the result into `sink`, inside a transaction that was begun. Returns when done, when a cap is reached,
    /// or soon after `stop` is set. A failure comes with the number of characters before the statement.
    pub(super) async fn stream(
        &self,
        connection: &mut PgConnection,
        sink: &Sink,
        stop: &CancellationToken,
    ) -> Result<Outcome, (Failure, usize)> {
        let columns = columns(connection, self.statement)
            .await
            .map_err(|failure| (failure, self.prefix(true)))?;
        self.rows(connection, columns, sink, stop)
            .await
            .map_err(|failure| (failure, self.prefix(false)))
    }

    async fn rows(
        &self,
        connection: &mut PgConnection,
        columns: Vec<Column>,
        sink: &Sink,
        stop: &CancellationToken,
    ) -> Result<Outcome, Failure> {
        let writer = SpillWriter::create(self.spill_folder, columns.len(), self.max_bytes)?;
        let mut result = ResultRows {
            kinds: columns.iter().map(|column| column.kind).collect(),
            writer,
            total: 0,
            max_rows: self.max_rows,
            max_bytes: self.max_bytes,
            truncated: None,
        };
        if self.kind == StatementKind::Query {
            let declare = format!("{CURSOR_PREFIX}{}", self.statement);
            self.query(declare).execute(&mut *connection).await?;
        }
        let rows = result.writer.rows();
        hand_over(sink, Chunk::Columns { columns, rows }, stop).await?;
        if self.kind == StatementKind::Query {
            let mut fetch = FIRST_ROWS;
            loop {
                // One more than the cap tells a result that ends there from one that goes on.
                let wanted = fetch.min(self.max_rows.saturating_sub(result.total) + 1);
                let text = format!("FETCH FORWARD {wanted} FROM quarterdeck");
                let rows = sqlx::raw_sql(AssertSqlSafe(text)).fetch(&mut *connection);
                let seen = result.take(rows).await?;
                result.show(sink, stop).await?;
                if seen < wanted || result.truncated.is_some() {
                    break;
                }
                fetch = limits::FETCH_ROWS;
            }
        } else {
            // Plans and settings are text and JSON, which arrive as text either way.
            let rows = self
                .query(self.statement.to_owned())
                .fetch(&mut *connection);
            result.take(rows).await?;
            result.show(sink, stop).await?;
        }
        Ok(Outcome {
            rows: Some(result.total),
            truncated: result.truncated,
            ..Outcome::default()
        })
    }

    /// A statement with its binds, forgotten by the connection after use.
    fn query(&self, text: String) -> Query<'static, Postgres, PgArguments> {
        let query = sqlx::query(AssertSqlSafe(text)).persistent(false);
        self.values
            .iter()
            .fold(query, |query, value| query.bind((*value).to_owned()))
    }
}

/// Rows on their way to the file.
#[derive(Debug)]
struct ResultRows {
    kinds: Vec<ColumnKind>,
    writer: SpillWriter,
    total: u64,
    max_rows: u64,
    max_bytes: u64,
    truncated: Option<String>,
}

impl ResultRows {
    /// Keeps rows until they end or a cap is reached; returns how many arrived.
    async fn take(
        &mut self,
        mut rows: impl futures_util::Stream<Item = Result<PgRow, sqlx::Error>> + Unpin,
    ) -> Result<u64, Failure> {
        let mut seen = 0;
        while let Some(row) = rows.try_next().await? {
            seen += 1;
            if self.total >= self.max_rows {
                self.truncated = Some(format!("row cap: only the first {} rows", self.max_rows));
                break;
            }
            let cells = self.kinds.iter().enumerate().map(|(index, kind)| {
                let bytes = row.try_get_raw(index).ok()?.as_bytes().ok()?;
                Some(match (kind, bytes) {
                    (ColumnKind::Bool, b"t") => b"true".as_slice(),
                    (ColumnKind::Bool, b"f") => b"false",
                    _ => bytes,
                })
            });
            if !self.writer.push(cells)? {
                self.truncated = Some(format!(
                    "byte cap: only the first {} rows, {} bytes are kept",
                    self.total, self.max_bytes
                ));
                break;
            }
            self.total += 1;
        }
        Ok(seen)
    }

    async fn show(&mut self, sink: &Sink, stop: &CancellationToken) -> Result<(), Failure> {
        self.total = self.writer.publish()?;
        hand_over(sink, Chunk::Rows(self.total), stop).await
    }
}

/// Waits for room in the sink, but not past the order to stop.
async fn hand_over(sink: &Sink, chunk: Chunk, stop: &CancellationToken) -> Result<(), Failure> {
    tokio::select! {
        // An order to stop comes first: otherwise a fast reader would keep it waiting.
        biased;
        () = stop.cancelled() => Err(Failure::Stopped),
        () = sink.send(chunk) => Ok(()),
    }
}

/// The columns of a statement, asked for without running it: they are there even when no row is.
async fn columns(connection: &mut PgConnection, statement: &str) -> Result<Vec<Column>, Failure> {
    let prepared = (&mut *connection)
        .prepare(AssertSqlSafe(statement.to_owned()).into_sql_str())
        .await?;
    let mut columns = Vec::with_capacity(prepared.columns().len());
    for column in prepared.columns() {
        let type_name = match column.type_info().name() {
            "?" => type_name(connection, column.type_info()).await?,
            name => name.to_lowercase().replace('"', ""),
        };
        columns.push(Column {
            name: column.name().to_owned(),
            kind: kind(&type_name),
            type_name,
        });
    }
    Ok(columns)
}

/// The server's spelling of a type that the driver has no name for.
pub(super) async fn type_name(
    connection: &mut PgConnection,
    type_info: &PgTypeInfo,
) -> Result<String, Failure> {
    let row = sqlx::query("SELECT pg_catalog.format_type($1, NULL)")
        .bind(type_info.oid())
        .fetch_one(connection)
        .await?;
    Ok(row.try_get(0)?)
}

fn kind(type_name: &str) -> ColumnKind {
    match type_name {
        "bool" => ColumnKind::Bool,
        "int2" | "int4" | "int8" | "oid" => ColumnKind::Integer,
        "numeric" | "float4" | "float8" => ColumnKind::Number,
        "timestamptz" | "timestamp" | "date" => ColumnKind::Timestamp,
        "interval" => ColumnKind::Interval,
        "uuid" => ColumnKind::Uuid,
        "json" | "jsonb" => ColumnKind::Json,
        "bytea" => ColumnKind::Bytes,
        _ => ColumnKind::Text,
    }
}
