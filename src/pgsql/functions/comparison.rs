//! Comparisons: both sides have one type.

use std::cmp::Ordering;

use super::numbers::wrong;
use super::{Call, Entry};
use crate::pgsql::error::Error;
use crate::pgsql::order::compare;
use crate::pgsql::value::Value;

fn answer(arguments: &[Value], holds: fn(Ordering) -> bool) -> Result<Value, Error> {
    match arguments {
        [left, right] => Ok(Value::Bool(holds(compare(left, right)))),
        _ => Err(wrong()),
    }
}

fn equal(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    answer(arguments, Ordering::is_eq)
}

fn unequal(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    answer(arguments, Ordering::is_ne)
}

fn less(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    answer(arguments, Ordering::is_lt)
}

fn at_most(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    answer(arguments, Ordering::is_le)
}

fn greater(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    answer(arguments, Ordering::is_gt)
}

fn at_least(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    answer(arguments, Ordering::is_ge)
}

/// One operator over every type that has an order.
macro_rules! over_types {
    ($($name:literal $body:ident),* $(,)?) => {
        &[$(
            ($name, "bool bool -> bool", $body),
            ($name, "int2 int2 -> bool", $body),
            ($name, "int4 int4 -> bool", $body),
            ($name, "int8 int8 -> bool", $body),
            ($name, "numeric numeric -> bool", $body),
            ($name, "float8 float8 -> bool", $body),
            ($name, "text text -> bool", $body),
            ($name, "name name -> bool", $body),
            ($name, "name text -> bool", $body),
            ($name, "text name -> bool", $body),
            ($name, "timestamptz timestamptz -> bool", $body),
            ($name, "timestamp timestamp -> bool", $body),
            ($name, "date date -> bool", $body),
            ($name, "interval interval -> bool", $body),
            ($name, "uuid uuid -> bool", $body),
            ($name, "jsonb jsonb -> bool", $body),
            ($name, "inet inet -> bool", $body),
            ($name, "bytea bytea -> bool", $body),
            ($name, "oid oid -> bool", $body),
            ($name, "anyarray anyarray -> bool", $body),
        )*]
    };
}

/// The operators.
pub const TABLE: &[Entry] = over_types!(
    "=" equal,
    "<>" unequal,
    "<" less,
    "<=" at_most,
    ">" greater,
    ">=" at_least,
);
