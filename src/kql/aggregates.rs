//! The aggregate functions, in one table, and what they keep for each group.
//!
//! Nulls are passed over by every aggregate but `count`; the aggregate of nothing is 0 for a sum or a count, NaN for the mean of numbers,
//! an empty list or object, and null for the rest. `dcount` is exact here, where Kusto estimates.

use std::sync::Arc;

use super::column::Column;
use super::error::{KqlError, Span};
use super::expr::Expr;
use super::types::Type;

mod bits;
mod count;
mod extremes;
mod filtered;
mod lists;
mod loops;
mod moments;
mod percentiles;
mod pick;
mod refused;
mod schema;
mod sum;

/// What an aggregate keeps, for every group at once.
pub trait Accumulator: Send {
    /// Takes in rows: `groups[row]` is the group of each, below `count`; groups that were not there before begin empty. There is one column
    /// for each of [`BoundAggregate::args`], with a row for each of `groups`.
    fn update(&mut self, groups: &[u32], count: usize, args: &[Arc<Column>]);

    /// The result for the groups `0..count`, one row each. A group without rows gives what the aggregate of nothing is.
    fn finish(&mut self, count: usize) -> Vec<Column>;

    /// About how many bytes it holds.
    fn bytes(&self) -> usize;
}

/// What the binder knows of a call of an aggregate.
pub struct AggregateBinding<'a> {
    /// The name as written.
    pub name: &'a str,
    /// What the name of its column begins with: [`Aggregate::prefix`].
    pub prefix: &'a str,
    /// Where the call stands.
    pub span: Span,
    /// The arguments, bound over the input's columns; `*` is the columns it stands for.
    pub args: &'a [Expr],
    /// What each argument is called as a column, if it has a name (`sum(x)` → `x`).
    pub arg_names: &'a [Option<String>],
}

impl AggregateBinding<'_> {
    /// The argument at `index`. The number of arguments was looked at, so there is one.
    ///
    /// # Errors
    /// When there is none.
    pub fn arg(&self, index: usize) -> Result<&Expr, KqlError> {
        self.args.get(index).ok_or_else(|| {
            KqlError::semantic(self.span, format!("`{}` needs more arguments", self.name))
        })
    }

    /// What the argument at `index` is called, "" where it has no name.
    pub fn arg_name(&self, index: usize) -> &str {
        self.arg_names
            .get(index)
            .and_then(Option::as_deref)
            .unwrap_or("")
    }

    /// `sum_x` for `sum(x)`.
    pub fn column_name(&self) -> String {
        format!("{}_{}", self.prefix, self.arg_name(0))
    }

    /// The whole number at `index`, `None` where the argument is left out.
    ///
    /// # Errors
    /// When it is not a constant of that kind.
    pub fn limit(&self, index: usize) -> Result<Option<usize>, KqlError> {
        let Some(arg) = self.args.get(index) else {
            return Ok(None);
        };
        let limit = arg.as_constant().and_then(super::Value::as_long);
        match limit.and_then(|limit| usize::try_from(limit).ok()) {
            Some(limit) => Ok(Some(limit)),
            None => Err(KqlError::semantic(
                arg.span,
                format!("`{}` expects a whole number here", self.name),
            )),
        }
    }

    /// An argument that `expected` was wanted for.
    pub fn mismatch(&self, arg: &Expr, expected: &str) -> KqlError {
        let error = KqlError::semantic(
            arg.span,
            format!(
                "`{}` expects {expected}, found {}",
                self.name,
                arg.ty.name()
            ),
        );
        match arg.ty {
            Type::Dynamic => error.help("convert it first, e.g. with tolong() or tostring()"),
            _ => error,
        }
    }

    /// An aggregate of one column that is called after its first argument, over `args`.
    fn bound(
        &self,
        ty: Type,
        args: Vec<Expr>,
        make: impl Fn() -> Box<dyn Accumulator> + Send + 'static,
    ) -> BoundAggregate {
        BoundAggregate {
            columns: vec![(self.column_name(), ty)],
            args,
            make: Box::new(make),
        }
    }
}

/// An aggregate with its types known.
pub struct BoundAggregate {
    /// What it gives, one or more columns (`arg_max(t, a, b)` gives three), each with the name it has when the query gives none.
    pub columns: Vec<(String, Type)>,
    /// What is handed to [`Accumulator::update`], in order.
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
    /// What the name of its column begins with: `list` for `make_list(x)`, which is called `list_x`.
    pub prefix: &'static str,
    /// How it is written, for errors and help.
    pub usage: &'static str,
    /// Fewest and most arguments.
    pub arity: (usize, usize),
    /// Works out types and code for one call. The number of arguments is right already.
    pub bind: fn(&AggregateBinding<'_>) -> Result<BoundAggregate, KqlError>,
}

/// Every aggregate function.
pub const TABLE: &[&[Aggregate]] = &[
    bits::AGGREGATES,
    count::AGGREGATES,
    extremes::AGGREGATES,
    lists::AGGREGATES,
    moments::AGGREGATES,
    percentiles::AGGREGATES,
    pick::AGGREGATES,
    refused::AGGREGATES,
    schema::AGGREGATES,
    sum::AGGREGATES,
];

/// The aggregate `name`, case-sensitive.
pub fn named(name: &str) -> Option<&'static Aggregate> {
    TABLE
        .iter()
        .flat_map(|area| area.iter())
        .find(|aggregate| aggregate.name == name || aggregate.aliases.contains(&name))
}
