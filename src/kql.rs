//! An embedded engine for the Kusto Query Language: text in, typed table out, with Kusto's own semantics.
//!
//! The way of a query: [`syntax`] makes a tree with spans, [`binder`] resolves names and types against a [`catalog`] and builds a chain of
//! [`relation::Operator`]s, which are then pulled batch by batch. Values lie in columns ([`column`](mod@column)); what an operator does
//! stands in one file of [`operators`], what a function does in one row of a table of [`functions`] or [`aggregates`].
//!
//! This module stands by itself: it imports nothing else of the program, asks no clock (`now()` is given), reads no file, and never
//! answers a query in part: what it cannot do is an error with its place.
//!
//! Sources: the Kusto Query Language reference (learn.microsoft.com/kusto/query) and answers of a real engine (`tests/fixtures/kql`).

pub mod aggregates;
pub mod binder;
pub mod catalog;
pub mod column;
pub mod dynamic;
pub mod error;
pub mod expr;
pub mod functions;
pub mod grouping;
pub mod highlight;
pub mod kernels;
pub mod operators;
pub mod ordering;
pub mod relation;
pub mod syntax;
pub mod types;
pub mod value;

use std::sync::Arc;

pub use catalog::{Catalog, Memory, Table};
pub use error::{ErrorKind, KqlError, Span};
pub use relation::{Limits, Render, Run};
pub use types::{Field, Schema, Type};
pub use value::Value;

use column::Column;
use relation::Batch;

/// What a query is run with besides its text and its tables.
#[derive(Clone, Debug)]
pub struct Options {
    /// What `now()` is: ticks of 100 ns since 0001-01-01T00:00:00Z.
    pub now: i64,
    /// Values for `declare query_parameters`, by name.
    pub parameters: Vec<(String, Value)>,
}

/// One table that a query answered with.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Names and types of the columns.
    pub schema: Schema,
    /// The rows, in order.
    pub batches: Vec<Batch>,
    /// How the query asks to be drawn (`render`).
    pub render: Option<Render>,
}

impl Answer {
    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.batches.iter().map(|batch| batch.rows).sum()
    }

    /// Every row as values, in order. For small answers and for tests: a large one is better read by its columns.
    pub fn values(&self) -> impl Iterator<Item = Vec<Value>> + '_ {
        self.batches.iter().flat_map(|batch| {
            (0..batch.rows).map(|row| {
                batch
                    .columns
                    .iter()
                    .map(|column: &Arc<Column>| column.value(row))
                    .collect()
            })
        })
    }
}

/// Reads `text` and says what is wrong with its syntax. The tree holds what was understood.
pub fn parse(text: &str) -> (syntax::Query, Vec<KqlError>) {
    syntax::parse(text)
}

/// Runs every tabular statement of `text` over `catalog` and returns their answers, in order.
///
/// # Errors
/// The first thing that is wrong, with its place: syntax, names and types, what is not supported, a limit that was met, or that the run was
/// stopped (`stop` of [`Run::new`]).
pub fn run(
    text: &str,
    catalog: &dyn Catalog,
    options: &Options,
    run: &Run<'_>,
) -> Result<Vec<Answer>, KqlError> {
    let (query, errors) = syntax::parse(text);
    if let Some(error) = errors.into_iter().next() {
        return Err(error);
    }
    let mut binder = binder::Binder::new(catalog, options, run);
    let mut answers = Vec::new();
    for relation in binder.query(&query)? {
        answers.push(relation.collect(run)?);
    }
    Ok(answers)
}

/// What is wrong with `text`, without running it: syntax, then names and types against `catalog`. No row is read; what subqueries would give counts as
/// missing, and parameters need no value. An empty list does not promise that a run succeeds: it may meet a limit, or a table that cannot be read.
pub fn check(text: &str, catalog: &dyn Catalog, options: &Options) -> Vec<KqlError> {
    let (query, errors) = syntax::parse(text);
    if !errors.is_empty() {
        return errors;
    }
    let never = || false;
    let run = Run::new(Limits::default(), &never);
    let mut binder = binder::Binder::new(catalog, options, &run);
    binder.checks = true;
    binder.check(&query)
}
