//! The order of values, and values as keys of hash tables.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use serde_json::Value as Json;

use super::civil::DAY;
use super::expr::leaves;
use super::functions::array::shape;
use super::text::{inet, json};
use super::value::Value;

/// The order of two values of one type that are not NULL. Texts are ordered by bytes (collation C).
pub fn compare(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        (Value::Int(left), Value::Int(right))
        | (Value::Timestamp(left), Value::Timestamp(right)) => left.cmp(right),
        (Value::Float(left), Value::Float(right)) => compare_floats(*left, *right),
        (Value::Numeric(left), Value::Numeric(right)) => left.cmp(right),
        (Value::Text(left), Value::Text(right)) => left.as_bytes().cmp(right.as_bytes()),
        (Value::Date(left), Value::Date(right)) => left.cmp(right),
        (Value::Interval { .. }, Value::Interval { .. }) => span(left).cmp(&span(right)),
        (Value::Uuid(left), Value::Uuid(right)) => left.cmp(right),
        (Value::Json(left), Value::Json(right)) => compare_json(left, right),
        (Value::Inet(left), Value::Inet(right)) => match (inet::parse(left), inet::parse(right)) {
            (Ok(left), Ok(right)) => left.compare(&right),
            _ => left.cmp(right),
        },
        (Value::Bytes(left), Value::Bytes(right)) => left.cmp(right),
        // All elements first, then how many there are, how deep they stand, and how they are parted.
        (Value::Array(left), Value::Array(right)) => {
            let (elements, others) = (leaves(left), leaves(right));
            elements
                .iter()
                .zip(&others)
                .map(|(left, right)| nulls_last(left, right))
                .find(|order| *order != Ordering::Equal)
                .unwrap_or_else(|| elements.len().cmp(&others.len()))
                .then_with(|| {
                    let (left, right) = (shape(left), shape(right));
                    left.len().cmp(&right.len()).then(left.cmp(&right))
                })
        }
        _ => Ordering::Equal,
    }
}

/// The same with NULL behind everything else, and equal to itself.
pub fn nulls_last(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Null, Value::Null) => Ordering::Equal,
        (Value::Null, _) => Ordering::Greater,
        (_, Value::Null) => Ordering::Less,
        _ => compare(left, right),
    }
}

/// NaN is equal to itself and greater than every number.
fn compare_floats(left: f64, right: f64) -> Ordering {
    left.partial_cmp(&right)
        .unwrap_or_else(|| left.is_nan().cmp(&right.is_nan()))
}

/// How long an interval is when a month has 30 days and a day 24 hours: what intervals are compared by.
pub fn span(value: &Value) -> i128 {
    match value {
        Value::Interval {
            months,
            days,
            micros,
        } => (i128::from(*months) * 30 + i128::from(*days)) * i128::from(DAY) + i128::from(*micros),
        _ => 0,
    }
}

/// `jsonb`: objects, arrays, booleans, numbers, strings and null, in falling order.
pub fn compare_json(left: &Json, right: &Json) -> Ordering {
    match (left, right) {
        (Json::Bool(left), Json::Bool(right)) => left.cmp(right),
        (Json::Number(left), Json::Number(right)) => match (left.as_i64(), right.as_i64()) {
            (Some(left), Some(right)) => left.cmp(&right),
            _ => compare_floats(
                left.as_f64().unwrap_or(f64::NAN),
                right.as_f64().unwrap_or(f64::NAN),
            ),
        },
        (Json::String(left), Json::String(right)) => left.as_bytes().cmp(right.as_bytes()),
        (Json::Array(left), Json::Array(right)) => left.len().cmp(&right.len()).then_with(|| {
            left.iter()
                .zip(right)
                .map(|(left, right)| compare_json(left, right))
                .find(|order| *order != Ordering::Equal)
                .unwrap_or(Ordering::Equal)
        }),
        (Json::Object(left), Json::Object(right)) => left.len().cmp(&right.len()).then_with(|| {
            json::members(left)
                .into_iter()
                .zip(json::members(right))
                .map(|(left, right)| {
                    // Kept by their length, compared by their letters.
                    left.0
                        .cmp(right.0)
                        .then_with(|| compare_json(left.1, right.1))
                })
                .find(|order| *order != Ordering::Equal)
                .unwrap_or(Ordering::Equal)
        }),
        // An empty array is the least of all, below even null.
        (Json::Array(values), _) if values.is_empty() => Ordering::Less,
        (_, Json::Array(values)) if values.is_empty() => Ordering::Greater,
        _ => json_rank(left).cmp(&json_rank(right)),
    }
}

fn json_rank(value: &Json) -> u8 {
    match value {
        Json::Null => 0,
        Json::String(_) => 1,
        Json::Number(_) => 2,
        Json::Bool(_) => 3,
        Json::Array(_) => 4,
        Json::Object(_) => 5,
    }
}

/// Values as a key: NULL is equal to NULL, `1.0` to `1.00`.
#[derive(Debug, Clone)]
pub struct Key(pub Vec<Value>);

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.0.len() == other.0.len()
            && self
                .0
                .iter()
                .zip(&other.0)
                .all(|(left, right)| nulls_last(left, right) == Ordering::Equal)
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for value in &self.0 {
            hash(value, state);
        }
    }
}

/// Equal values hash alike.
fn hash<H: Hasher>(value: &Value, state: &mut H) {
    match value {
        Value::Null => 0_u8.hash(state),
        Value::Bool(value) => value.hash(state),
        Value::Int(value) | Value::Timestamp(value) => value.hash(state),
        Value::Float(value) if *value == 0.0 => 0_u64.hash(state),
        Value::Float(value) if value.is_nan() => 1_u64.hash(state),
        Value::Float(value) => value.to_bits().hash(state),
        Value::Numeric(value) => value.hash(state),
        Value::Text(text) | Value::Inet(text) => text.hash(state),
        Value::Date(days) => days.hash(state),
        Value::Interval { .. } => span(value).hash(state),
        Value::Uuid(value) => value.hash(state),
        Value::Json(value) => hash_json(value, state),
        Value::Bytes(bytes) => bytes.hash(state),
        Value::Array(values) => values.iter().for_each(|value| hash(value, state)),
    }
}

fn hash_json<H: Hasher>(value: &Json, state: &mut H) {
    match value {
        Json::Number(number) => number.as_f64().map(f64::to_bits).hash(state),
        Json::Array(values) => values.iter().for_each(|value| hash_json(value, state)),
        Json::Object(object) => object.len().hash(state),
        scalar => scalar.to_string().hash(state),
    }
}
