//! What one evaluation of a statement carries along: the tables, the time, what was already computed, whether to stop.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;

use regex::Regex;

use super::Context;
use super::error::Error;
use super::table::{Database, Row, Signal};
use super::value::Value;

/// How many steps pass between two questions whether to stop.
const STEPS: u32 = 2048;
/// How many pairs of rows a statement may try, and how many rows functions may make for it.
const MOST_ROWS: u32 = 20_000_000;
/// How many values the rows that it makes may hold, of some 24 bytes each: a product of tables reaches this before the
/// memory ends.
const MOST_VALUES: usize = 12_000_000;
/// A value that takes the room of more than so many small ones counts as so many.
const LARGE: usize = 64;

/// One evaluation.
pub struct Run<'a> {
    /// The tables.
    pub database: &'a Database,
    /// The time, the user, the order to stop.
    pub context: &'a Context<'a>,
    /// Rows of plans that depend on nothing outside them, by the plan's number.
    pub known: RefCell<HashMap<usize, Arc<Vec<Row>>>>,
    /// Regular expressions by their text and whether they ignore case.
    pub patterns: RefCell<HashMap<(String, bool), Regex>>,
    /// What was asked of other backends.
    pub signals: RefCell<Vec<(i64, Signal)>>,
    steps: Cell<u32>,
    made: Cell<u32>,
    values: Cell<usize>,
}

impl<'a> Run<'a> {
    /// An evaluation that has computed nothing yet.
    pub fn new(database: &'a Database, context: &'a Context<'a>) -> Self {
        Self {
            database,
            context,
            known: RefCell::default(),
            patterns: RefCell::default(),
            signals: RefCell::default(),
            steps: Cell::new(0),
            made: Cell::new(0),
            values: Cell::new(0),
        }
    }

    /// Counts a step; an error when the caller wants to stop.
    pub fn step(&self) -> Result<(), Error> {
        let steps = self.steps.get().wrapping_add(1);
        self.steps.set(steps);
        if steps.is_multiple_of(STEPS) && (self.context.stop)() {
            return Err(Error::new(
                "57014",
                "canceling statement due to user request",
            ));
        }
        Ok(())
    }

    /// Counts a pair of rows that a join tried, or a row that a function made.
    pub fn made_row(&self) -> Result<(), Error> {
        self.made.set(self.made.get() + 1);
        if self.made.get() > MOST_ROWS {
            return Err(too_large());
        }
        self.step()
    }

    /// Counts values that are kept.
    pub fn made_values(&self, count: usize) -> Result<(), Error> {
        let values = self.values.get().saturating_add(count);
        self.values.set(values);
        if values > MOST_VALUES {
            return Err(too_large());
        }
        Ok(())
    }

    /// Counts a value if it is a large one.
    pub fn made_value(&self, value: &Value) -> Result<(), Error> {
        let size = value.size();
        if size > LARGE {
            return self.made_values(size);
        }
        Ok(())
    }
}

fn too_large() -> Error {
    Error::unsupported("results of this size")
}

/// Where an expression is evaluated.
#[derive(Clone, Copy)]
pub struct Env<'a> {
    /// The row at hand.
    pub row: &'a [Value],
    /// What the enclosing query handed in.
    pub outer: &'a [Value],
    /// The evaluation.
    pub run: &'a Run<'a>,
}

impl<'a> Env<'a> {
    /// The same place with another row.
    pub const fn with<'b>(&self, row: &'b [Value]) -> Env<'b>
    where
        'a: 'b,
    {
        Env {
            row,
            outer: self.outer,
            run: self.run,
        }
    }
}
