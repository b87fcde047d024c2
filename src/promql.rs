//! An embedded engine for PromQL: a query over series in memory, with the meaning Prometheus 2 gives it.
//!
//! The way of a query: `parser` makes a tree with its types checked (`syntax`), which is evaluated once a step (`eval`) over a [`Store`]. What a function does
//! stands in one row of the table in `functions`.
//!
//! All of PromQL but native histograms and smoothing: selectors with `offset` and `@`, ranges and subqueries, aggregations, vector matching, and Prometheus's own staleness, counter
//! resets and extrapolation. What it does not do is an error that names it, with its place; it never answers a query in part.
//!
//! It stands by itself: it imports nothing else of the program, asks no clock, reads no file. It is for drills: a live incident never sees it.

mod aggregate;
mod binary;
mod calls;
mod error;
mod eval;
mod functions;
mod histogram;
mod labels;
mod lexer;
mod parser;
mod pattern;
mod relabel;
mod store;
mod syntax;
mod types;
mod windows;

pub use error::{Error, ErrorKind};
pub use eval::number_text;
pub use store::{Labels, Point, Series, Store};
pub use syntax::{Expr, Type};

use eval::{Evaluator, Value};

/// Most steps from the start of a range query to its end: more is refused, as Prometheus does.
pub const STEPS_MAX: i64 = 11_000;

/// A series of an answer: its labels and its values by milliseconds.
pub type Line = (Labels, Vec<(i64, f64)>);

/// What an instant query answers with.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// One number.
    Scalar(f64),
    /// One text.
    Text(String),
    /// A number for each series, in the order of the query's `sort`, `topk` or `bottomk`, otherwise in the order of labels.
    Vector(Vec<(Labels, f64)>),
    /// The samples of each series, in the order of labels: the query is a range.
    Matrix(Vec<Line>),
}

/// Reads a query and checks its types.
///
/// # Errors
/// The first thing that is wrong or not supported, with its place.
pub fn parse(text: &str) -> Result<Expr, Error> {
    parser::parse(text)
}

/// Evaluates `expr` at `start`, `start + every` … up to and with `end` (milliseconds). A series has no value at a step where Prometheus gives none: that is not zero.
/// The answer is in the order of labels. `stop` is asked now and then; true gives up.
///
/// # Errors
/// A query that is no number and no instant vector; series that cannot be matched; more than [`STEPS_MAX`] steps, too many samples; that it was stopped.
pub fn range(
    store: &Store,
    expr: &Expr,
    start: i64,
    end: i64,
    every: i64,
    stop: &dyn Fn() -> bool,
) -> Result<Vec<Line>, Error> {
    if !matches!(expr.ty(), Type::Scalar | Type::Vector) {
        let message = format!(
            "invalid expression type \"{}\" for range query, must be Scalar or instant Vector",
            expr.ty()
        );
        return Err(Error::syntax(&expr.span, message));
    }
    if every <= 0 || end < start {
        return Err(Error::syntax(
            &expr.span,
            "a range query needs a step above zero and an end that is not before its start",
        ));
    }
    if end.saturating_sub(start) / every > STEPS_MAX {
        return Err(Error::new(
            ErrorKind::Limit,
            &expr.span,
            format!("a range query has at most {STEPS_MAX} steps; choose a longer step"),
        ));
    }
    Evaluator::new(store, start, end, stop).range(expr, every)
}

/// Evaluates `expr` at `at` (milliseconds).
///
/// # Errors
/// Series that cannot be matched; too many samples; that it was stopped.
pub fn instant(
    store: &Store,
    expr: &Expr,
    at: i64,
    stop: &dyn Fn() -> bool,
) -> Result<Answer, Error> {
    let mut evaluator = Evaluator::new(store, at, at, stop);
    if expr.ty() == Type::Matrix {
        return evaluator.matrix(expr, at).map(Answer::Matrix);
    }
    Ok(match evaluator.value(expr, at)? {
        Value::Scalar(value) => Answer::Scalar(value),
        Value::Text(text) => Answer::Text(text.to_owned()),
        Value::Vector(vector) => {
            let mut rows = evaluator.rows(vector);
            if !functions::orders(expr) {
                rows.sort_by(|left, right| left.0.cmp(&right.0));
            }
            Answer::Vector(rows)
        }
    })
}
