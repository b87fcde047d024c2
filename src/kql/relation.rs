//! Rows on their way: batches, the operators that hand them on, and what a run may use.

use std::cell::Cell;
use std::sync::Arc;

use super::Answer;
use super::column::Column;
use super::error::{ErrorKind, KqlError, Span};
use super::types::Schema;

/// Rows of a batch where an operator is free to choose: small enough for the cache, large enough that a batch costs nothing.
pub const BATCH_ROWS: usize = 16_384;

/// Some rows of a table, column by column. Every column has `rows` rows.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// The columns, in the order of the schema.
    pub columns: Vec<Arc<Column>>,
    /// How many rows (there are tables without a column).
    pub rows: usize,
}

impl Batch {
    /// The rows `rows` of it, in that order.
    #[must_use]
    pub fn gather(&self, rows: &[u32]) -> Self {
        Self {
            columns: self
                .columns
                .iter()
                .map(|column| Arc::new(column.gather(rows)))
                .collect(),
            rows: rows.len(),
        }
    }

    /// Batches of one schema as one.
    #[must_use]
    pub fn concat(schema: &Schema, batches: &[Self]) -> Self {
        if let [only] = batches {
            return only.clone();
        }
        let columns = schema
            .fields
            .iter()
            .enumerate()
            .map(|(index, field)| {
                let parts: Vec<Arc<Column>> = batches
                    .iter()
                    .filter_map(|batch| batch.columns.get(index).cloned())
                    .collect();
                Arc::new(Column::concat(field.ty, &parts))
            })
            .collect();
        Self {
            columns,
            rows: batches.iter().map(|batch| batch.rows).sum(),
        }
    }

    /// About how many bytes it holds.
    pub fn bytes(&self) -> usize {
        self.columns.iter().map(|column| column.bytes()).sum()
    }
}

/// One step of a query: pulled for batches until there are no more.
pub trait Operator: Send {
    /// The next batch; `None` at the end, and from then on.
    ///
    /// # Errors
    /// A limit, a stop, or a table that cannot be read.
    fn next(&mut self, run: &Run<'_>) -> Result<Option<Batch>, KqlError>;

    /// Says which of its columns (one flag each) will be looked at, before the first `next`. An operator tells its inputs what it needs for
    /// those; the others may come as [`Column::Absent`]. Doing nothing is right, and asks for all.
    fn prune(&mut self, wanted: &[bool]) {
        let _ = wanted;
    }
}

/// How a query asks to be drawn: the `render` operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Render {
    /// `timechart`, `columnchart`, `piechart`, `table`, …
    pub visualization: String,
    /// `title`, `xcolumn`, `ycolumns`, `series`, `kind`, … as written.
    pub properties: Vec<(String, String)>,
}

/// A table in the making: its shape and the operator that gives its rows.
pub struct Relation {
    /// The columns.
    pub schema: Schema,
    /// Gives the rows.
    pub rows: Box<dyn Operator>,
    /// Whether the order of the rows means something (`sort`, `serialize`, …): what window functions need.
    pub serialized: bool,
    /// How to draw it, where the query says.
    pub render: Option<Render>,
}

impl Relation {
    /// A table of `schema` whose rows `rows` gives, in no order.
    pub fn new(schema: Schema, rows: Box<dyn Operator>) -> Self {
        Self {
            schema,
            rows,
            serialized: false,
            render: None,
        }
    }

    /// Pulls every row.
    ///
    /// # Errors
    /// The first one an operator meets.
    pub fn collect(mut self, run: &Run<'_>) -> Result<Answer, KqlError> {
        self.rows.prune(&vec![true; self.schema.fields.len()]);
        let batches = drain(self.rows.as_mut(), run)?;
        Ok(Answer {
            schema: self.schema,
            batches,
            render: self.render,
        })
    }
}

/// Every batch that `rows` still gives, counted against the run's limits.
///
/// # Errors
/// The first one the operator meets, or a limit.
pub fn drain(rows: &mut dyn Operator, run: &Run<'_>) -> Result<Vec<Batch>, KqlError> {
    let mut batches = Vec::new();
    let mut held = 0;
    while let Some(batch) = rows.next(run)? {
        run.check()?;
        held += batch.rows;
        run.hold_rows(held)?;
        run.hold(batch.bytes())?;
        if batch.rows > 0 {
            batches.push(batch);
        }
    }
    Ok(batches)
}

/// What a run may use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Rows that one operator may hold at once.
    pub rows: usize,
    /// Bytes that the run may hold in all.
    pub bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            rows: 50_000_000,
            bytes: 2 << 30,
        }
    }
}

/// What goes with a run from operator to operator: its limits and whether it is to stop.
pub struct Run<'a> {
    limits: Limits,
    stop: &'a dyn Fn() -> bool,
    held: Cell<usize>,
}

impl<'a> Run<'a> {
    /// A run within `limits` that ends when `stop` says so; `stop` is asked once a batch, and must be cheap.
    pub fn new(limits: Limits, stop: &'a dyn Fn() -> bool) -> Self {
        Self {
            limits,
            stop,
            held: Cell::new(0),
        }
    }

    /// Asked once a batch, and every few thousand steps of a long loop.
    ///
    /// # Errors
    /// When the run was stopped.
    pub fn check(&self) -> Result<(), KqlError> {
        if (self.stop)() {
            return Err(KqlError::new(
                ErrorKind::Stopped,
                Span::default(),
                "the query was stopped before it was done",
            ));
        }
        Ok(())
    }

    /// Counts `bytes` that an operator keeps until the end of the run.
    ///
    /// # Errors
    /// When the run would hold more than it may.
    pub fn hold(&self, bytes: usize) -> Result<(), KqlError> {
        let held = self.held.get().saturating_add(bytes);
        self.held.set(held);
        if held > self.limits.bytes {
            return Err(KqlError::limit(
                Span::default(),
                format!(
                    "the query needs more than {} MiB of memory",
                    self.limits.bytes >> 20
                ),
            )
            .help("narrow it with where, or keep fewer columns"));
        }
        Ok(())
    }

    /// Looks whether an operator may hold `rows` rows.
    ///
    /// # Errors
    /// When it may not.
    pub fn hold_rows(&self, rows: usize) -> Result<(), KqlError> {
        if rows > self.limits.rows {
            return Err(KqlError::limit(
                Span::default(),
                format!(
                    "the query holds more than {} rows at once",
                    self.limits.rows
                ),
            )
            .help("narrow it with where, summarize or take"));
        }
        Ok(())
    }
}
