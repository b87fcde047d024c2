//! Arrays.

use super::numbers::wrong;
use super::text::joined;
use super::{Call, Entry};
use crate::pgsql::error::Error;
use crate::pgsql::expr::leaves;
use crate::pgsql::order::nulls_last;
use crate::pgsql::value::{Type, Value};

/// How long an array is at a depth, 1 being the outermost; none where there is no such depth.
fn length_at(values: &[Value], depth: i64) -> Option<i64> {
    match (depth, values.first()) {
        (_, None) => None,
        (1, _) => Some(values.len() as i64),
        (_, Some(Value::Array(inner))) if depth > 1 => length_at(inner, depth - 1),
        _ => None,
    }
}

fn depth(values: &[Value]) -> i64 {
    match values.first() {
        Some(Value::Array(inner)) => 1 + depth(inner),
        _ => 1,
    }
}

/// How deep arrays may stand in one another.
const DEEPEST: usize = 6;

/// The lengths of an array at each depth. Arrays in an array are all alike: the first stands for the others.
pub fn shape(values: &[Value]) -> Vec<usize> {
    let mut lengths = vec![values.len()];
    if let Some(Value::Array(inner)) = values.first() {
        lengths.extend(shape(inner));
    }
    lengths
}

/// An array of values, when all of them are plain, or all arrays that are alike.
pub fn even(values: Vec<Value>) -> Option<Value> {
    let shape_of = |value: &Value| match value {
        Value::Array(inner) => Some(shape(inner)),
        _ => None,
    };
    let first = values.first().and_then(shape_of);
    let alike = values.iter().all(|value| shape_of(value) == first);
    let fits = first.is_none_or(|lengths| lengths.len() < DEEPEST);
    (alike && fits).then(|| Value::Array(values.into()))
}

/// An error when arrays cannot become one array of them, as `array_agg` makes it.
pub fn accumulated(arrays: Vec<Value>) -> Result<Value, Error> {
    if arrays.contains(&Value::Null) {
        return Err(Error::new("22004", "cannot accumulate null arrays"));
    }
    let is_empty = |value: &Value| matches!(value, Value::Array(values) if values.is_empty());
    if arrays.first().is_some_and(is_empty) {
        return Err(Error::new("2202E", "cannot accumulate empty arrays"));
    }
    even(arrays).ok_or_else(|| {
        Error::new(
            "2202E",
            "cannot accumulate arrays of different dimensionality",
        )
    })
}

fn length(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Array(values), Value::Int(depth)] => {
            Ok(length_at(values, *depth).map_or(Value::Null, Value::Int))
        }
        _ => Err(wrong()),
    }
}

fn lower(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Array(values), Value::Int(depth)] => {
            Ok(length_at(values, *depth).map_or(Value::Null, |_| Value::Int(1)))
        }
        _ => Err(wrong()),
    }
}

fn cardinality(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Array(values)] => Ok(Value::Int(leaves(values).len() as i64)),
        _ => Err(wrong()),
    }
}

fn dimensions(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Array(values)] if values.is_empty() => Ok(Value::Null),
        [Value::Array(values)] => Ok(Value::Int(depth(values))),
        _ => Err(wrong()),
    }
}

fn position(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Null, _] => Ok(Value::Null),
        [Value::Array(values), _] if depth(values) > 1 => Err(Error::new(
            "0A000",
            "searching for elements in multidimensional arrays is not supported",
        )),
        [Value::Array(values), wanted] => Ok(values
            .iter()
            .position(|value| nulls_last(value, wanted).is_eq())
            .map_or(Value::Null, |place| Value::Int(place as i64 + 1))),
        _ => Err(wrong()),
    }
}

/// An element joins a plain list only.
fn not_flat() -> Error {
    Error::new("22000", "argument must be empty or one-dimensional array")
}

fn append(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Array(values), _] if depth(values) > 1 => Err(not_flat()),
        [Value::Null, value] => Ok(Value::Array([value.clone()].into())),
        [Value::Array(values), value] => Ok(Value::Array(
            values.iter().chain([value]).cloned().collect(),
        )),
        _ => Err(wrong()),
    }
}

fn prepend(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [_, Value::Array(values)] if depth(values) > 1 => Err(not_flat()),
        [value, Value::Null] => Ok(Value::Array([value.clone()].into())),
        [value, Value::Array(values)] => Ok(Value::Array(
            [value].into_iter().chain(values.iter()).cloned().collect(),
        )),
        _ => Err(wrong()),
    }
}

fn join(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Null, other] | [other, Value::Null] => Ok(other.clone()),
        [Value::Array(left), Value::Array(right)] => {
            even(left.iter().chain(right.iter()).cloned().collect())
                .ok_or_else(|| Error::unsupported("joining arrays of different dimensions"))
        }
        _ => Err(wrong()),
    }
}

fn remove(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Null, _] => Ok(Value::Null),
        [Value::Array(values), _] if depth(values) > 1 => Err(Error::new(
            "0A000",
            "removing elements from multidimensional arrays is not supported",
        )),
        [Value::Array(values), gone] => Ok(Value::Array(
            values
                .iter()
                .filter(|value| nulls_last(value, gone).is_ne())
                .cloned()
                .collect(),
        )),
        _ => Err(wrong()),
    }
}

fn to_string(call: &Call, arguments: &[Value]) -> Result<Value, Error> {
    let (values, separator, null) = match arguments {
        [Value::Array(values), Value::Text(separator)]
        | [Value::Array(values), Value::Text(separator), Value::Null] => (values, separator, None),
        [
            Value::Array(values),
            Value::Text(separator),
            Value::Text(null),
        ] => (values, separator, Some(null.to_string())),
        _ => return Ok(Value::Null),
    };
    let element = call
        .types
        .first()
        .and_then(Type::element)
        .unwrap_or(&Type::Text);
    let parts = leaves(values)
        .into_iter()
        .filter_map(|value| value.to_text(element).or_else(|| null.clone()));
    joined(parts, separator)
}

fn from_string(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Text(text), _] if text.is_empty() => Ok(Value::Array([].into())),
        [Value::Text(text), Value::Text(by)] if by.is_empty() => {
            Ok(Value::Array([Value::Text(text.clone())].into()))
        }
        [Value::Text(text), Value::Text(by)] => Ok(Value::Array(
            text.split(by.as_ref()).map(Value::text).collect(),
        )),
        [Value::Null, _] => Ok(Value::Null),
        [Value::Text(text), Value::Null] => Ok(Value::Array(
            text.chars()
                .map(|character| Value::text(character.to_string()))
                .collect(),
        )),
        _ => Err(wrong()),
    }
}

fn has(values: &[Value], wanted: &Value) -> bool {
    *wanted != Value::Null
        && leaves(values)
            .into_iter()
            .any(|value| nulls_last(value, wanted).is_eq())
}

fn contains(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Array(left), Value::Array(right)] => Ok(Value::Bool(
            leaves(right).into_iter().all(|value| has(left, value)),
        )),
        _ => Err(wrong()),
    }
}

fn contained(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Array(left), Value::Array(right)] => Ok(Value::Bool(
            leaves(left).into_iter().all(|value| has(right, value)),
        )),
        _ => Err(wrong()),
    }
}

fn overlaps(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Array(left), Value::Array(right)] => Ok(Value::Bool(
            leaves(left).into_iter().any(|value| has(right, value)),
        )),
        _ => Err(wrong()),
    }
}

/// Operators and functions of arrays.
pub const TABLE: &[Entry] = &[
    ("array_length", "anyarray int4 -> int4", length),
    ("array_upper", "anyarray int4 -> int4", length),
    ("array_lower", "anyarray int4 -> int4", lower),
    ("cardinality", "anyarray -> int4", cardinality),
    ("array_ndims", "anyarray -> int4", dimensions),
    (
        "array_position",
        "null anyarray anyelement -> int4",
        position,
    ),
    (
        "array_append",
        "null anyarray anyelement -> anyarray",
        append,
    ),
    (
        "array_prepend",
        "null anyelement anyarray -> anyarray",
        prepend,
    ),
    ("array_cat", "null anyarray anyarray -> anyarray", join),
    (
        "array_remove",
        "null anyarray anyelement -> anyarray",
        remove,
    ),
    ("array_to_string", "anyarray text -> text", to_string),
    (
        "array_to_string",
        "null anyarray text text -> text",
        to_string,
    ),
    ("string_to_array", "null text text -> text[]", from_string),
    ("||", "null anyarray anyarray -> anyarray", join),
    ("||", "null anyarray anyelement -> anyarray", append),
    ("||", "null anyelement anyarray -> anyarray", prepend),
    ("@>", "anyarray anyarray -> bool", contains),
    ("<@", "anyarray anyarray -> bool", contained),
    ("&&", "anyarray anyarray -> bool", overlaps),
];
