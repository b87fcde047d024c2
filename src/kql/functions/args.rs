//! What a row function reads of its arguments, and the values it gives.

use std::sync::Arc;

use crate::kql::dynamic::Dynamic;
use crate::kql::value::Value;

/// The text of the argument at `index`; "" where there is none.
pub fn text(args: &[Value], index: usize) -> &str {
    args.get(index).and_then(Value::as_str).unwrap_or("")
}

/// The whole number at `index`: of an int, a long, a datetime or a timespan.
pub fn long(args: &[Value], index: usize) -> Option<i64> {
    match args.get(index)? {
        Value::DateTime(ticks) | Value::Timespan(ticks) => Some(*ticks),
        value => value.as_long(),
    }
}

/// The number at `index` as a double.
pub fn real(args: &[Value], index: usize) -> Option<f64> {
    args.get(index)?.as_real()
}

/// The dynamic at `index`; null where it is of another type.
pub fn dynamic(args: &[Value], index: usize) -> &Dynamic {
    match args.get(index) {
        Some(Value::Dynamic(value)) => value,
        _ => &Dynamic::Null,
    }
}

/// A text as a value.
pub fn string(text: impl Into<Arc<str>>) -> Value {
    Value::String(text.into())
}

/// A list of texts as a value.
pub fn strings<T: Into<Arc<str>>>(texts: impl IntoIterator<Item = T>) -> Value {
    let items: Vec<Dynamic> = texts
        .into_iter()
        .map(|text| Dynamic::String(text.into()))
        .collect();
    Value::Dynamic(Dynamic::Array(items.into()))
}

/// An object of texts as a value.
pub fn bag<'a>(entries: impl IntoIterator<Item = (&'a str, Dynamic)>) -> Value {
    let entries: Vec<(Arc<str>, Dynamic)> = entries
        .into_iter()
        .map(|(name, value)| (name.into(), value))
        .collect();
    Value::Dynamic(Dynamic::Bag(entries.into()))
}

/// A whole number, where there is one.
pub fn of_long(number: Option<i64>) -> Value {
    number.map_or(Value::Null, Value::Long)
}

/// A double, where there is one.
pub fn of_real(number: Option<f64>) -> Value {
    number.map_or(Value::Null, Value::Real)
}

/// True, false or null.
pub fn of_bool(value: Option<bool>) -> Value {
    value.map_or(Value::Null, Value::Bool)
}
