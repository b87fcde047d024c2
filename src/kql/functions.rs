//! The scalar functions, in one table: what they are called, what they take, what they give. A new one is one row in the file of its area.

use super::error::{KqlError, Span};
use super::expr::{Eval, Expr};
use super::types::Type;

pub mod array;
pub mod bag;
pub mod conversion;
pub mod datetime;
pub mod dynamic;
pub mod math;
pub mod series;
pub mod set;
pub mod string;
pub mod window;

/// How a result column is called that has no name of its own and is a call of the function. (The engine's documentation calls this the result name
/// kind; what a call gives that is not in the list is `Column1`, `Column2`, ….)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// `Column1`.
    None,
    /// The name of the first argument, where that has one: `bin(timestamp, 5m)` is `timestamp`.
    FirstArgument,
    /// These words, an underscore, and the first argument's name: `strlen(s)` is `strlen_s`.
    Prefix(&'static str),
    /// The name of the argument where there is just one: `make_timespan(x)` is `x`.
    OnlyArgument,
}

/// What the binder knows of a call before it is bound.
pub struct Binding<'a> {
    /// The name as written.
    pub name: &'a str,
    /// Where the call stands.
    pub span: Span,
    /// The arguments, bound.
    pub args: &'a [Expr],
    /// What `now()` is, in ticks.
    pub now: i64,
}

/// A call with its types known.
pub struct Bound {
    /// The type of what it gives.
    pub ty: Type,
    /// How it is worked out.
    pub eval: Eval,
    /// The types the arguments are to be converted to first, one an argument; empty for "as they are".
    pub takes: Vec<Type>,
}

/// A scalar function.
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// Other names for the same.
    pub aliases: &'static [&'static str],
    /// How it is written, for errors and help: `strlen(text)`.
    pub usage: &'static str,
    /// Fewest and most arguments.
    pub arity: (usize, usize),
    /// How a column of it is called.
    pub naming: Naming,
    /// Whether it looks at other rows and needs an ordered table.
    pub window: bool,
    /// Works out types and code for one call. The number of arguments is right already.
    pub bind: fn(&Binding<'_>) -> Result<Bound, KqlError>,
}

/// Every scalar function, area by area.
pub const TABLE: &[&[Function]] = &[
    array::FUNCTIONS,
    bag::FUNCTIONS,
    conversion::FUNCTIONS,
    datetime::FUNCTIONS,
    dynamic::FUNCTIONS,
    math::FUNCTIONS,
    series::FUNCTIONS,
    set::FUNCTIONS,
    string::FUNCTIONS,
    window::FUNCTIONS,
];

/// The function `name`, case-sensitive.
pub fn named(name: &str) -> Option<&'static Function> {
    TABLE
        .iter()
        .flat_map(|area| area.iter())
        .find(|function| function.name == name || function.aliases.contains(&name))
}

/// Binds a call that takes fixed types and is worked out a row at a time: `row(&[Type::String], Type::Long, |args| …)`.
pub fn row(
    takes: &[Type],
    ty: Type,
    f: impl Fn(&[super::Value]) -> super::Value + Send + Sync + 'static,
) -> Result<Bound, KqlError> {
    Ok(Bound {
        ty,
        eval: Eval::row(f),
        takes: takes.to_vec(),
    })
}
