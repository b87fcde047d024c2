//! An embedded engine for the SQL of PostgreSQL 15: one statement over tables in memory, with PostgreSQL's own types, nulls, order and text forms.
//!
//! The way of a statement: `sqlparser` makes a tree, it is bound against a [`Database`] (names, types, parameters), and evaluated row by row.
//! What the engine cannot do is an error that names it, with its place; it never answers a statement in part.
//!
//! This module stands by itself: it imports nothing else of the program, asks no clock (`now()` is given), reads no file. It is for drills:
//! a live incident never sees it.

mod apply;
mod bind;
mod cast;
mod catalog;
mod civil;
mod constraint;
pub mod error;
mod expr;
mod functions;
mod order;
mod plan;
mod run;
mod syntax;
pub mod table;
mod text;
mod types;
pub mod value;

use sqlparser::ast::Statement;

use bind::{Binder, Bound, Shared};
use run::{Env, Run};

pub use error::Error;
pub use table::{Column, Constraints, Database, Row, Signal, Table};
pub use value::{Type, Value};

/// What a statement is run with besides its text.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// What `now()` is: microseconds since 1970-01-01T00:00:00Z.
    pub now: i64,
    /// What `current_user` is.
    pub user: &'a str,
    /// Asked now and then: true gives up with SQLSTATE 57014.
    pub stop: &'a dyn Fn() -> bool,
}

/// A value for `$1`, `$2` …, as a client sends it in text form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// The declared type; none lets the engine infer it from its place, as a server does for a bare parameter.
    pub ty: Option<Type>,
    /// The text; none is NULL.
    pub text: Option<String>,
}

/// The rows that a statement answered with.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Names and types of the columns, in order.
    pub columns: Vec<(String, Type)>,
    /// The rows, in order.
    pub rows: Vec<Vec<Value>>,
    /// True when `limit` cut the answer.
    pub cut: bool,
}

/// What a write did.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// Rows touched.
    pub count: u64,
    /// What it answered with (`RETURNING`, or the rows of a query that signals); none for a plain write.
    pub answer: Option<Answer>,
}

/// The types of a statement's parameters, as a server infers them from their places; nothing is run.
pub fn describe(database: &Database, statement: &str) -> Result<Vec<Type>, Error> {
    let context = Context {
        now: 0,
        user: "",
        stop: &|| false,
    };
    let run = Run::new(database, &context);
    let tree = syntax::statement(statement)?;
    let mut binder = Binder::new(&run, statement, None);
    match &tree {
        Statement::Query(query) => {
            binder.statement(query)?;
        }
        other => {
            if binder.write(other)?.is_none() {
                return Err(other_kind(other));
            }
        }
    }
    binder.parameter_types()
}

/// Runs a query and answers with at most `limit` rows.
///
/// A statement that would change something is refused with SQLSTATE 25006.
pub fn query(
    database: &Database,
    statement: &str,
    parameters: &[Parameter],
    context: &Context,
    limit: u64,
) -> Result<Answer, Error> {
    let run = Run::new(database, context);
    let tree = syntax::statement(statement)?;
    let Statement::Query(query) = &tree else {
        return Err(match tree {
            Statement::Insert(_) | Statement::Update(_) | Statement::Delete(_) => Error::new(
                "25006",
                "cannot execute a statement that writes in a read-only transaction",
            ),
            other => other_kind(&other),
        });
    };
    let mut binder = Binder::new(&run, statement, Some(parameters));
    let bound = binder.statement(query)?;
    binder.check_parameters()?;
    if binder.signals {
        return Err(Error::new(
            "25006",
            "cannot signal another backend in a read-only transaction",
        ));
    }
    answer(&bound, &binder.shared, &run, limit)
}

/// Runs a statement that writes, or a query that signals other backends.
///
/// More rows than `ceiling` are an error with SQLSTATE 54000, and nothing is changed. Signals are added to
/// [`Database::signals`].
pub fn write(
    database: &mut Database,
    statement: &str,
    parameters: &[Parameter],
    context: &Context,
    ceiling: Option<u64>,
) -> Result<Written, Error> {
    let tree = syntax::statement(statement)?;
    let run = Run::new(database, context);
    let mut binder = Binder::new(&run, statement, Some(parameters));
    if let Statement::Query(query) = &tree {
        let bound = binder.statement(query)?;
        binder.check_parameters()?;
        let answer = answer(&bound, &binder.shared, &run, u64::MAX)?;
        let count = answer.rows.len() as u64;
        apply::check_ceiling(count, ceiling)?;
        let signals = run.signals.take();
        database.signals.extend(signals);
        return Ok(Written {
            count,
            answer: Some(answer),
        });
    }
    let Some(bound) = binder.write(&tree)? else {
        return Err(other_kind(&tree));
    };
    binder.check_parameters()?;
    binder
        .shared
        .iter()
        .try_for_each(|query| query.compute(&run))?;
    let applied = apply::apply(&bound, &run, ceiling)?;
    let signals = run.signals.take();
    database.signals.extend(signals);
    if let Some(table) = database.tables.get_mut(applied.table) {
        table.rows = applied.rows;
    }
    Ok(applied.written)
}

/// The rows of a bound query.
fn answer(bound: &Bound, with: &[Shared], run: &Run, limit: u64) -> Result<Answer, Error> {
    with.iter().try_for_each(|query| query.compute(run))?;
    let rows = bound.plan.rows(&Env {
        row: &[],
        outer: &[],
        run,
    })?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    Ok(Answer {
        columns: bound.columns.clone(),
        cut: rows.len() > limit,
        rows: rows
            .into_iter()
            .take(limit)
            .map(|row| row.to_vec())
            .collect(),
    })
}

fn other_kind(statement: &Statement) -> Error {
    let shown = statement.to_string();
    let word = shown.split_whitespace().next().unwrap_or_default();
    Error::unsupported(&format!("the statement {word}"))
}
