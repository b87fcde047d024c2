//! Functions and operators: what there is, and which one a statement means.

pub mod are;
pub mod array;
pub mod comparison;
pub mod format;
pub mod json;
pub mod md5;
pub mod numbers;
pub mod parts;
pub mod pattern;
pub mod resolve;
pub mod sets;
pub mod system;
pub mod text;
pub mod time;

use std::collections::HashMap;
use std::sync::LazyLock;

pub use sets::SetFunction;

use super::error::Error;
use super::run::Run;
use super::value::{Type, Value};

/// What a function knows besides its arguments.
pub struct Call<'a> {
    /// The evaluation: the time, the tables.
    pub run: &'a Run<'a>,
    /// Types of the arguments.
    pub types: &'a [Type],
    /// Type of the result.
    pub result: &'a Type,
}

/// The work of a function.
type Body = fn(&Call, &[Value]) -> Result<Value, Error>;

/// Name, signature and work of a function. A signature is `text int4 -> text`, with `null` in front when it wants to see
/// NULLs, `volatile` when it must not be computed ahead, `variadic` when its last argument may stand several times.
pub type Entry = (&'static str, &'static str, Body);

/// A function, with one list of argument types.
#[derive(Debug)]
pub struct Function {
    /// Its name, or the operator.
    pub name: &'static str,
    /// What it takes.
    pub slots: Vec<Slot>,
    /// What it answers with.
    pub result: Slot,
    /// The last slot stands for any number of arguments.
    pub variadic: bool,
    /// It is not called with a NULL: its result is NULL.
    strict: bool,
    /// It does something besides its result.
    pub volatile: bool,
    body: Body,
}

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

/// The type of an argument, or a place that takes several types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Slot {
    /// This type.
    Is(Type),
    /// Anything, the same everywhere.
    Element,
    /// The same without arrays.
    NonArray,
    /// An array of the same.
    Array,
    /// Anything.
    Any,
}

impl Function {
    /// Calls it.
    pub fn call(&self, call: &Call, arguments: &[Value]) -> Result<Value, Error> {
        if self.strict && arguments.contains(&Value::Null) {
            return Ok(Value::Null);
        }
        let value = (self.body)(call, arguments)?;
        call.run.made_value(&value)?;
        Ok(value)
    }

    /// The slots of a call with so many arguments; none when it does not take so many.
    pub fn slots_for(&self, count: usize) -> Option<Vec<&Slot>> {
        if count == self.slots.len() {
            return Some(self.slots.iter().collect());
        }
        if !self.variadic || count < self.slots.len() {
            return None;
        }
        let last = self.slots.last()?;
        let more = count - self.slots.len();
        Some(
            self.slots
                .iter()
                .chain(std::iter::repeat_n(last, more))
                .collect(),
        )
    }

    fn read((name, signature, body): &Entry) -> Self {
        let (mut arguments, result) = signature.split_once("->").unwrap_or((signature, "text"));
        let mut flag = |word: &str| match arguments.strip_prefix(word) {
            Some(rest) => {
                arguments = rest.trim_start();
                true
            }
            None => false,
        };
        Self {
            name,
            strict: !flag("null "),
            volatile: flag("volatile "),
            variadic: flag("variadic "),
            slots: arguments.split_whitespace().map(slot).collect(),
            result: slot(result.trim()),
            body: *body,
        }
    }
}

fn slot(word: &str) -> Slot {
    Slot::Is(match word {
        "any" => return Slot::Any,
        "anyelement" => return Slot::Element,
        "anynonarray" => return Slot::NonArray,
        "anyarray" => return Slot::Array,
        "bool" => Type::Bool,
        "int2" => Type::Int2,
        "int4" => Type::Int4,
        "int8" => Type::Int8,
        "float8" => Type::Float8,
        "numeric" => Type::Numeric(None),
        "name" => Type::Name,
        "timestamptz" => Type::Timestamptz,
        "timestamp" => Type::Timestamp,
        "date" => Type::Date,
        "interval" => Type::Interval,
        "uuid" => Type::Uuid,
        "json" => Type::Json,
        "jsonb" => Type::Jsonb,
        "inet" => Type::Inet,
        "bytea" => Type::Bytea,
        "oid" => Type::Oid,
        "text[]" => Type::Array(Box::new(Type::Text)),
        "int4[]" => Type::Array(Box::new(Type::Int4)),
        _ => Type::Text,
    })
}

/// All functions by name.
static FUNCTIONS: LazyLock<HashMap<&'static str, Vec<Function>>> = LazyLock::new(|| {
    let mut all: HashMap<&'static str, Vec<Function>> = HashMap::new();
    let tables = [
        comparison::TABLE,
        numbers::TABLE,
        time::TABLE,
        parts::TABLE,
        text::TABLE,
        pattern::TABLE,
        json::TABLE,
        array::TABLE,
        system::TABLE,
    ];
    for entry in tables.into_iter().flatten() {
        let function = Function::read(entry);
        all.entry(function.name).or_default().push(function);
    }
    all
});

/// The functions of a name.
pub fn named(name: &str) -> &'static [Function] {
    FUNCTIONS.get(name).map_or(&[], Vec::as_slice)
}
