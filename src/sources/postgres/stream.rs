//! One statement from its cursor to the spill file.

use std::path::Path;

use futures_util::future;
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArguments, PgColumn, PgConnection, PgRow, PgTypeInfo, Postgres};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Column as _, Executor, Row as _, SqlSafeStr, Statement, TypeInfo};
use tokio_util::sync::CancellationToken;

use super::column::{cell, kind};
use super::failure::Failure;
use crate::model::limits;
use crate::model::request::{Chunk, Outcome};
use crate::model::table::{Column, ColumnKind};
use crate::sources::Sink;
use crate::sources::mask::Masker;
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
    /// A verdict will rest on it.
    pub(super) judged: bool,
    pub(super) values: Vec<&'a str>,
    /// Masks the secrets among them in what comes back.
    pub(super) masker: Option<Masker>,
    pub(super) max_rows: u64,
    pub(super) max_bytes: u64,
    pub(super) spill_folder: &'a Path,
}

impl Run<'_> {
    /// Streams the result into `sink`, inside a transaction that was begun. Returns when done, when a cap is reached,
    /// or soon after `stop` is set. A failure comes with the number of characters before the statement.
    pub(super) async fn stream(
        &self,
        connection: &mut PgConnection,
        sink: &Sink,
        stop: &CancellationToken,
    ) -> Result<Outcome, (Failure, usize)> {
        if self.kind == StatementKind::Query {
            return self
                .cursor(connection, sink, stop)
                .await
                .map_err(|failure| (failure, CURSOR_PREFIX.chars().count()));
        }
        self.listing(connection, sink, stop)
            .await
            .map_err(|failure| (failure, 0))
    }

    /// A query, through its cursor. The first rows say what the columns are: asking for them before would cost the
    /// operator a round trip and a look into the server's catalogue.
    async fn cursor(
        &self,
        connection: &mut PgConnection,
        sink: &Sink,
        stop: &CancellationToken,
    ) -> Result<Outcome, Failure> {
        let declare = format!("{CURSOR_PREFIX}{}", self.statement);
        self.query(declare).execute(&mut *connection).await?;
        let mut wanted = self.next_fetch(FIRST_ROWS, 0);
        let mut fetched = fetch(connection, wanted);
        let Some(first) = fetched.try_next().await? else {
            drop(fetched);
            let columns = columns(connection, self.statement).await?;
            let result = ResultRows::create(self, &columns)?;
            return result.finish(columns, sink, stop).await;
        };
        let described = Described::of(first.columns());
        let mut result = ResultRows::create(self, &described.columns)?;
        let first = stream::once(future::ready(Ok(first)));
        let mut seen = result.take(first.chain(fetched)).await?;
        let columns = described.named(connection).await?;
        result.begin(columns, sink, stop).await?;
        while seen == wanted && result.truncated.is_none() {
            wanted = self.next_fetch(limits::FETCH_ROWS, result.total);
            seen = result.take(fetch(connection, wanted)).await?;
            result.show(sink, stop).await?;
        }
        Ok(result.outcome())
    }

    /// A plan or a setting: no cursor takes them, and their cells are text and JSON, which arrive as text either way.
    async fn listing(
        &self,
        connection: &mut PgConnection,
        sink: &Sink,
        stop: &CancellationToken,
    ) -> Result<Outcome, Failure> {
        let columns = columns(connection, self.statement).await?;
        let mut result = ResultRows::create(self, &columns)?;
        let rows = self
            .query(self.statement.to_owned())
            .fetch(&mut *connection);
        result.take(rows).await?;
        result.finish(columns, sink, stop).await
    }

    /// Rows to ask for. One more than the cap tells a result that ends there from one that goes on.
    fn next_fetch(&self, rows: u64, total: u64) -> u64 {
        rows.min(self.max_rows.saturating_sub(total) + 1)
    }

    /// A statement with its binds, forgotten by the connection after use.
    pub(super) fn query(&self, text: String) -> Query<'static, Postgres, PgArguments> {
        let query = sqlx::query(AssertSqlSafe(text)).persistent(false);
        self.values
            .iter()
            .fold(query, |query, value| query.bind((*value).to_owned()))
    }
}

/// Rows on their way to the file.
#[derive(Debug)]
pub(super) struct ResultRows {
    kinds: Vec<ColumnKind>,
    masker: Option<Masker>,
    writer: SpillWriter,
    total: u64,
    max_rows: u64,
    max_bytes: u64,
    truncated: Option<String>,
}

impl ResultRows {
    pub(super) fn create(run: &Run<'_>, columns: &[Column]) -> Result<Self, Failure> {
        Ok(Self {
            kinds: columns.iter().map(|column| column.kind).collect(),
            masker: run.masker.clone(),
            writer: SpillWriter::create(run.spill_folder, columns.len(), run.max_bytes)?,
            total: 0,
            max_rows: run.max_rows,
            max_bytes: run.max_bytes,
            truncated: None,
        })
    }

    /// Keeps rows until they end or a cap is reached; returns how many arrived.
    pub(super) async fn take(
        &mut self,
        mut rows: impl futures_util::Stream<Item = Result<PgRow, sqlx::Error>> + Unpin,
    ) -> Result<u64, Failure> {
        let mut seen = 0;
        while let Some(row) = rows.try_next().await? {
            seen += 1;
            if !self.keep(&row)? {
                break;
            }
        }
        Ok(seen)
    }

    /// Keeps a row; false when a cap is reached.
    pub(super) fn keep(&mut self, row: &PgRow) -> Result<bool, Failure> {
        if self.total >= self.max_rows {
            self.truncated = Some(format!("row cap: only the first {} rows", self.max_rows));
            return Ok(false);
        }
        let cells = self.kinds.iter().enumerate().map(|(index, kind)| {
            let bytes = row.try_get_raw(index).ok()?.as_bytes().ok()?;
            Some(cell(*kind, bytes))
        });
        let kept = match &self.masker {
            None => self.writer.push(cells)?,
            Some(masker) => {
                let cells: Vec<_> = cells.map(|cell| Some(masker.mask_bytes(cell?))).collect();
                self.writer.push(cells.iter().map(Option::as_deref))?
            }
        };
        if !kept {
            self.truncated = Some(format!(
                "byte cap: only the first {} rows, {} bytes are kept",
                self.total, self.max_bytes
            ));
            return Ok(false);
        }
        self.total += 1;
        Ok(true)
    }

    /// Shows the columns with the rows that are there: a screen that draws in between has both.
    async fn begin(
        &mut self,
        columns: Vec<Column>,
        sink: &Sink,
        stop: &CancellationToken,
    ) -> Result<(), Failure> {
        self.total = self.writer.publish()?;
        let rows = self.writer.rows();
        hand_over(sink, Chunk::Columns { columns, rows }, stop).await?;
        hand_over(sink, Chunk::Rows(self.total), stop).await
    }

    /// The same for a result that is whole.
    pub(super) async fn finish(
        mut self,
        columns: Vec<Column>,
        sink: &Sink,
        stop: &CancellationToken,
    ) -> Result<Outcome, Failure> {
        self.begin(columns, sink, stop).await?;
        Ok(self.outcome())
    }

    fn outcome(self) -> Outcome {
        Outcome {
            rows: Some(self.total),
            truncated: self.truncated,
            ..Outcome::default()
        }
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

/// The next rows of the cursor, as text.
pub(super) fn fetch(
    connection: &mut PgConnection,
    rows: u64,
) -> BoxStream<'_, Result<PgRow, sqlx::Error>> {
    let text = format!("FETCH FORWARD {rows} FROM quarterdeck");
    sqlx::raw_sql(AssertSqlSafe(text)).fetch(connection)
}

/// The columns of a statement, asked for without running it: they are there even when no row is.
pub(super) async fn columns(
    connection: &mut PgConnection,
    statement: &str,
) -> Result<Vec<Column>, Failure> {
    let prepared = (&mut *connection)
        .prepare(AssertSqlSafe(statement.to_owned()).into_sql_str())
        .await?;
    Described::of(prepared.columns()).named(connection).await
}

/// Columns, and those of them whose type the driver has no name for.
struct Described {
    columns: Vec<Column>,
    unnamed: Vec<(usize, Oid)>,
}

impl Described {
    /// The kind of a column is known at once: kinds are of types that every server has.
    fn of(columns: &[PgColumn]) -> Self {
        let mut unnamed = Vec::new();
        let columns = columns.iter().enumerate().map(|(index, column)| {
            let type_info = column.type_info();
            if let ("?", Some(oid)) = (type_info.name(), type_info.oid()) {
                unnamed.push((index, oid));
            }
            let type_name = type_info.name().to_lowercase().replace('"', "");
            Column {
                name: column.name().to_owned(),
                kind: kind(&type_name),
                type_name,
            }
        });
        Self {
            columns: columns.collect(),
            unnamed,
        }
    }

    /// The columns with the server's spelling of every type. One question, and only when there are such types.
    async fn named(mut self, connection: &mut PgConnection) -> Result<Vec<Column>, Failure> {
        if self.unnamed.is_empty() {
            return Ok(self.columns);
        }
        let types: Vec<Oid> = self.unnamed.iter().map(|(_, oid)| *oid).collect();
        let names = sqlx::query(
            "SELECT pg_catalog.format_type(t.oid, NULL) \
             FROM pg_catalog.unnest($1) WITH ORDINALITY AS t(oid, place) ORDER BY t.place",
        )
        .bind(types)
        .fetch_all(connection)
        .await?;
        for ((index, _), name) in self.unnamed.iter().zip(&names) {
            if let Some(column) = self.columns.get_mut(*index) {
                column.type_name = name.try_get(0)?;
            }
        }
        Ok(self.columns)
    }
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
