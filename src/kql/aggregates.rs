//! The aggregate functions, in one table, and what they keep for each group.

use super::column::Column;
use super::error::{KqlError, Span};
use super::expr::{Expr, Vector};
use super::types::Type;

/// What an aggregate keeps, for every group at once.
pub trait Accumulator: Send {
    /// Takes in rows: `groups[row]` is the group of each, below `count`; groups that were not there before begin empty.
    fn update(&mut self, groups: &[u32], count: usize, args: &[Vector]);

    /// The result for the groups `0..count`, one row each. A group without rows gives what the aggregate of nothing is.
    fn finish(&mut self, count: usize) -> Vec<Column>;
}

/// What the binder knows of a call of an aggregate.
pub struct AggregateBinding<'a> {
    /// The name as written.
    pub name: &'a str,
    /// Where the call stands.
    pub span: Span,
    /// The arguments, bound over the input's columns.
    pub args: &'a [Expr],
    /// What each argument is called as a column, if it has a name (`sum(x)` → `x`).
    pub arg_names: &'a [Option<String>],
}

/// An aggregate with its types known.
pub struct BoundAggregate {
    /// What it gives, one or more columns (`arg_max(t, a, b)` gives three), each with the name it has when the query gives none.
    pub columns: Vec<(String, Type)>,
    /// What is handed to [`Accumulator::update`], in order: arguments, converted.
    pub args: Vec<Expr>,
    /// Makes what it keeps.
    pub make: Box<dyn Fn() -> Box<dyn Accumulator> + Send>,
}

/// An aggregate function.
pub struct Aggregate {
    /// Its name.
    pub name: &'static str,
    /// Other names for the same.
    pub aliases: &'static [&'static str],
    /// How it is written, for errors and help.
    pub usage: &'static str,
    /// Fewest and most arguments.
    pub arity: (usize, usize),
    /// Works out types and code for one call. The number of arguments is right already.
    pub bind: fn(&AggregateBinding<'_>) -> Result<BoundAggregate, KqlError>,
}

/// Every aggregate function.
pub const TABLE: &[&[Aggregate]] = &[];

/// The aggregate `name`, case-sensitive.
pub fn named(name: &str) -> Option<&'static Aggregate> {
    TABLE
        .iter()
        .flat_map(|area| area.iter())
        .find(|aggregate| aggregate.name == name || aggregate.aliases.contains(&name))
}
