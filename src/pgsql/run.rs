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
/// How many rows a statement may hold at once; a product of tables reaches this before the memory ends.
const MOST_ROWS: u32 = 20_000_000;

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

    /// Counts a row that a join or a function made.
    pub fn made_row(&self) -> Result<(), Error> {
        self.made.set(self.made.get() + 1);
        if self.made.get() > MOST_ROWS {
            return Err(Error::unsupported("results of this size"));
        }
        self.step()
    }
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
