//! One cell.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::dynamic::Dynamic;
use super::types::Type;

pub mod calendar;
pub mod compare;
pub mod convert;
pub mod literal;
pub mod text;

/// Ticks in a second: Kusto counts time in 100 ns.
pub const TICKS_PER_SECOND: i64 = 10_000_000;
/// Ticks in a day.
pub const TICKS_PER_DAY: i64 = 86_400 * TICKS_PER_SECOND;
/// Ticks from 0001-01-01 to 1970-01-01.
pub const UNIX_EPOCH_TICKS: i64 = 719_162 * TICKS_PER_DAY;
/// The last datetime there is: 9999-12-31T23:59:59.9999999Z.
pub const MAX_DATETIME: i64 = 3_652_059 * TICKS_PER_DAY - 1;

/// One cell. The type of a null is the type of its column; strings are never null.
#[derive(Clone, Debug)]
pub enum Value {
    /// No value.
    Null,
    /// True or false.
    Bool(bool),
    /// 32 bits.
    Int(i32),
    /// 64 bits.
    Long(i64),
    /// A double.
    Real(f64),
    /// A decimal.
    Decimal(Decimal),
    /// Text.
    String(Arc<str>),
    /// Ticks since 0001-01-01T00:00:00Z.
    DateTime(i64),
    /// Ticks.
    Timespan(i64),
    /// A GUID, its first printed digit in the highest bits.
    Guid(u128),
    /// JSON and more; never `Dynamic::Null`, which is `Value::Null`.
    Dynamic(Dynamic),
}

impl Value {
    /// The empty value of a type: "" for a string, else null. What outer joins pad with.
    pub fn missing(ty: Type) -> Self {
        match ty {
            Type::String => Self::String("".into()),
            _ => Self::Null,
        }
    }

    /// Its type; none for a null.
    pub fn ty(&self) -> Option<Type> {
        Some(match self {
            Self::Null => return None,
            Self::Bool(_) => Type::Bool,
            Self::Int(_) => Type::Int,
            Self::Long(_) => Type::Long,
            Self::Real(_) => Type::Real,
            Self::Decimal(_) => Type::Decimal,
            Self::String(_) => Type::String,
            Self::DateTime(_) => Type::DateTime,
            Self::Timespan(_) => Type::Timespan,
            Self::Guid(_) => Type::Guid,
            Self::Dynamic(_) => Type::Dynamic,
        })
    }

    /// Whether it is null. A string never is.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// A whole number of an int or a long.
    pub fn as_long(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(i64::from(*number)),
            Self::Long(number) => Some(*number),
            _ => None,
        }
    }

    /// Any number as a double.
    pub fn as_real(&self) -> Option<f64> {
        match self {
            Self::Int(number) => Some(f64::from(*number)),
            Self::Long(number) => Some(*number as f64),
            Self::Real(number) => Some(*number),
            Self::Decimal(number) => {
                use rust_decimal::prelude::ToPrimitive;
                number.to_f64()
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
