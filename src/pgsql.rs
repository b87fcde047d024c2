//! An embedded engine for the SQL of PostgreSQL 15: one statement over tables in memory, with PostgreSQL's own types, nulls, order and text forms.
//!
//! The way of a statement: `sqlparser` makes a tree, it is bound against a [`Database`] (names, types, parameters), and evaluated row by row.
//! What the engine cannot do is an error that names it, with its place; it never answers a statement in part.
//!
//! This module stands by itself: it imports nothing else of the program, asks no clock (`now()` is given), reads no file. It is for drills:
//! a live incident never sees it.

pub mod error;
pub mod table;
pub mod value;

pub use error::Error;
pub use table::{Column, Database, Row, Signal, Table};
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
