//! The scalar functions, in one table: what they are called, what they take, what they give. A new one is one row in the file of its area.

use super::error::{KqlError, Span};
use super::expr::{Eval, Expr, Vector};
use super::types::Type;
use super::value::Value;

pub mod address;
pub mod args;
pub mod array;
pub mod bag;
pub mod command_line;
pub mod conversion;
pub mod datetime;
pub mod dynamic;
pub mod encoding;
pub mod fill;
pub mod ip;
pub mod logic;
pub mod math;
pub mod refused;
pub mod regex;
pub mod series;
pub mod set;
pub mod special;
pub mod statistics;
pub mod string;
pub mod tuple;
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
    address::FUNCTIONS,
    array::FUNCTIONS,
    bag::FUNCTIONS,
    command_line::FUNCTIONS,
    conversion::FUNCTIONS,
    datetime::FUNCTIONS,
    dynamic::FUNCTIONS,
    fill::FUNCTIONS,
    encoding::FUNCTIONS,
    ip::FUNCTIONS,
    logic::FUNCTIONS,
    math::FUNCTIONS,
    refused::FUNCTIONS,
    regex::FUNCTIONS,
    series::FUNCTIONS,
    set::FUNCTIONS,
    special::FUNCTIONS,
    statistics::FUNCTIONS,
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

/// A function of one name that gives unnamed columns and looks at one row.
pub const fn plain(
    name: &'static str,
    usage: &'static str,
    arity: (usize, usize),
    bind: fn(&Binding<'_>) -> Result<Bound, KqlError>,
) -> Function {
    Function {
        name,
        aliases: &[],
        usage,
        arity,
        naming: Naming::None,
        window: false,
        bind,
    }
}

/// Binds a call that takes fixed types and is worked out a row at a time: `row(&[Type::String], Type::Long, |args| …)`. There may be more types than
/// arguments.
pub fn row(
    takes: &[Type],
    ty: Type,
    f: impl Fn(&[Value]) -> Value + Send + Sync + 'static,
) -> Result<Bound, KqlError> {
    Ok(Bound {
        ty,
        eval: Eval::row(f),
        takes: takes.to_vec(),
    })
}

/// The same for a call that is worked out over all rows at once.
pub fn column(
    takes: &[Type],
    ty: Type,
    f: impl Fn(&[Vector], usize) -> Vector + Send + Sync + 'static,
) -> Result<Bound, KqlError> {
    Ok(Bound {
        ty,
        eval: Eval::column(f),
        takes: takes.to_vec(),
    })
}

impl Binding<'_> {
    /// The type of the argument at `index`; none where it is left out.
    pub fn ty(&self, index: usize) -> Option<Type> {
        self.args.get(index).map(|arg| arg.ty)
    }

    /// The argument at `index` as the text that it is for every row.
    pub fn constant_text(&self, index: usize) -> Option<&str> {
        self.args.get(index)?.as_constant()?.as_str()
    }

    /// The type that the argument at `index` names with `typeof(…)`; `string` where it is left out.
    ///
    /// # Errors
    /// It names none.
    pub fn type_literal(&self, index: usize) -> Result<Type, KqlError> {
        match self.args.get(index) {
            None => Ok(Type::String),
            Some(arg) => self
                .constant_text(index)
                .and_then(Type::named)
                .ok_or_else(|| {
                    KqlError::semantic(arg.span, "expected a type such as typeof(long)")
                }),
        }
    }

    /// An argument of a type that the function does not take.
    pub fn wrong_type(&self, index: usize, expected: &str) -> KqlError {
        let (span, ty) = self
            .args
            .get(index)
            .map_or((self.span, "nothing"), |arg| (arg.span, arg.ty.name()));
        KqlError::semantic(
            span,
            format!(
                "`{}()` expects {expected} here, found a value of type {ty}",
                self.name
            ),
        )
    }
}

#[cfg(test)]
mod tests;
