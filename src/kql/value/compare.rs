//! Order and equality of values, and the key a value has when rows are grouped, joined or made distinct.

use std::cmp::Ordering;
use std::sync::Arc;

use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};

use super::Value;
use crate::kql::dynamic::{Dynamic, json};

/// `left == right` as Kusto has it: null where a side is null (see the binder for `null == null`), numbers by value across types, strings by code point,
/// dynamic values by what they hold.
pub fn equal(left: &Value, right: &Value) -> Option<bool> {
    if left.is_null() || right.is_null() {
        return None;
    }
    Some(match order(left, right) {
        Some(order) => order.is_eq(),
        None => !is_nan(left) && !is_nan(right) && Key::of(left) == Key::of(right),
    })
}

/// Which comes first; `None` where a side is null or NaN, or the two do not compare.
pub fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Dynamic(left), right) => order(&left.scalar()?, right),
        (left, Value::Dynamic(right)) => order(left, &right.scalar()?),
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        (Value::DateTime(left), Value::DateTime(right))
        | (Value::Timespan(left), Value::Timespan(right)) => Some(left.cmp(right)),
        (Value::Guid(left), Value::Guid(right)) => Some(left.cmp(right)),
        (Value::Decimal(left), Value::Decimal(right)) => Some(left.cmp(right)),
        (Value::Decimal(left), right) => order_decimal(*left, right),
        (left, Value::Decimal(right)) => order_decimal(*right, left).map(Ordering::reverse),
        _ => match (left.as_long(), right.as_long()) {
            (Some(left), Some(right)) => Some(left.cmp(&right)),
            _ => left.as_real()?.partial_cmp(&right.as_real()?),
        },
    }
}

/// The order in which `sort` puts two values of one column: nulls, and NaN beside them, where `nulls_first` says, the rest up or down.
pub fn sort_order(left: &Value, right: &Value, descending: bool, nulls_first: bool) -> Ordering {
    /// 0 for null, 1 for NaN, 2 for a value.
    fn rank(value: &Value) -> u8 {
        match value {
            Value::Null => 0,
            value if is_nan(value) => 1,
            _ => 2,
        }
    }
    let by_rank = rank(left).cmp(&rank(right));
    let by_rank = if nulls_first {
        by_rank
    } else {
        by_rank.reverse()
    };
    by_rank.then_with(|| {
        let by_value = order(left, right).unwrap_or(Ordering::Equal);
        if descending {
            by_value.reverse()
        } else {
            by_value
        }
    })
}

fn order_decimal(left: Decimal, right: &Value) -> Option<Ordering> {
    if let Some(right) = right.as_long() {
        return Some(left.cmp(&Decimal::from(right)));
    }
    let right = right.as_real()?;
    match Decimal::from_f64(right) {
        Some(right) => Some(left.cmp(&right)),
        None => left.to_f64()?.partial_cmp(&right),
    }
}

fn is_nan(value: &Value) -> bool {
    matches!(value, Value::Real(number) | Value::Dynamic(Dynamic::Real(number)) if number.is_nan())
}

/// What a value is when rows are grouped: values that are equal, also across number types, have one key; nulls have one, and so has NaN.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    /// A null.
    Null,
    /// A boolean.
    Bool(bool),
    /// A whole number of any type.
    Whole(i64),
    /// Any other double, by its bits.
    Real(u64),
    /// Any other decimal, without trailing zeros.
    Decimal(Decimal),
    /// Text.
    String(Arc<str>),
    /// A point in time.
    DateTime(i64),
    /// A length of time.
    Timespan(i64),
    /// A GUID.
    Guid(u128),
    /// A list or an object, by its JSON.
    Json(Box<str>),
}

impl Key {
    /// The key of a value.
    pub fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(*value),
            Value::Int(number) => Self::Whole(i64::from(*number)),
            Value::Long(number) => Self::Whole(*number),
            Value::Real(number) => Self::of_real(*number),
            Value::Decimal(number) => match (number.is_integer(), number.to_i64()) {
                (true, Some(whole)) => Self::Whole(whole),
                _ => Self::Decimal(number.normalize()),
            },
            Value::String(text) => Self::String(Arc::clone(text)),
            Value::DateTime(ticks) => Self::DateTime(*ticks),
            Value::Timespan(ticks) => Self::Timespan(*ticks),
            Value::Guid(guid) => Self::Guid(*guid),
            Value::Dynamic(value) => match value.scalar() {
                Some(value) => Self::of(&value),
                None if matches!(value, Dynamic::Null) => Self::Null,
                None => Self::Json(json::print(value).into()),
            },
        }
    }

    fn of_real(number: f64) -> Self {
        // Every whole double below 2^63 is a long; `as` is exact there.
        let whole = number as i64;
        if number.is_nan() {
            Self::Real(f64::NAN.to_bits())
        } else if number.abs() < 9_223_372_036_854_775_808.0 && number.fract() == 0.0 {
            Self::Whole(whole)
        } else {
            Self::Real(number.to_bits())
        }
    }
}
