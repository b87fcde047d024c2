//! Conversions between types: `tostring`, `tolong`, `todatetime` and the rest. What does not convert is null, never an error.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::{Value, literal, text};
use crate::kql::dynamic::{Dynamic, json};
use crate::kql::types::Type;

/// `value` as `ty`; null where it does not convert ("" for a string). A string made dynamic stays that string: JSON is read by `parse_json` only.
pub fn convert(value: &Value, ty: Type) -> Value {
    if value.ty() == Some(ty) {
        return value.clone();
    }
    let converted = match ty {
        Type::Bool => to_bool(value).map(Value::Bool),
        Type::Int => to_int(value).map(Value::Int),
        Type::Long => to_long(value).map(Value::Long),
        Type::Real => to_real(value).map(Value::Real),
        Type::Decimal => to_decimal(value).map(Value::Decimal),
        Type::String => return Value::String(text::to_text(value).into()),
        Type::DateTime => to_datetime(value).map(Value::DateTime),
        Type::Timespan => to_timespan(value).map(Value::Timespan),
        Type::Guid => to_guid(value).map(Value::Guid),
        Type::Dynamic => return to_dynamic(value).into_value(),
    };
    converted.unwrap_or(Value::Null)
}

/// A text that was found in another as `ty`: as [`convert`] makes it, and JSON as `parse_json` reads it.
pub fn read(text: &str, ty: Type) -> Value {
    match ty {
        Type::Dynamic => json::parse(text).into_value(),
        _ => convert(&Value::String(text.into()), ty),
    }
}

/// `value` as a dynamic: itself where JSON knows such a value, a decimal as its text.
pub fn to_dynamic(value: &Value) -> Dynamic {
    match value {
        Value::Null => Dynamic::Null,
        Value::Bool(value) => Dynamic::Bool(*value),
        Value::Int(number) => Dynamic::Long(i64::from(*number)),
        Value::Long(number) => Dynamic::Long(*number),
        Value::Real(number) => Dynamic::Real(*number),
        Value::Decimal(number) => Dynamic::String(number.to_string().into()),
        Value::String(text) => Dynamic::String(text.clone()),
        Value::DateTime(ticks) => Dynamic::DateTime(*ticks),
        Value::Timespan(ticks) => Dynamic::Timespan(*ticks),
        Value::Guid(guid) => Dynamic::Guid(*guid),
        Value::Dynamic(value) => value.clone(),
    }
}

fn to_bool(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(value) | Value::Dynamic(Dynamic::Bool(value)) => Some(*value),
        Value::String(text) | Value::Dynamic(Dynamic::String(text)) => literal::boolean(text),
        Value::DateTime(_)
        | Value::Timespan(_)
        | Value::Dynamic(Dynamic::DateTime(_) | Dynamic::Timespan(_)) => None,
        Value::Real(number) | Value::Dynamic(Dynamic::Real(number)) => Some(*number != 0.0),
        Value::Decimal(number) => Some(!number.is_zero()),
        other => Some(to_long(other)? != 0),
    }
}

fn to_int(value: &Value) -> Option<i32> {
    match value {
        Value::Real(number) | Value::Dynamic(Dynamic::Real(number)) => {
            // `as` stops at the ends of the range, as the engine does.
            number.is_finite().then_some(*number as i32)
        }
        Value::Decimal(number) => number.trunc().to_i32(),
        Value::String(text) | Value::Dynamic(Dynamic::String(text)) => literal::int(text),
        // A long keeps its low 32 bits.
        other => Some(to_long(other)? as i32),
    }
}

fn to_long(value: &Value) -> Option<i64> {
    match value {
        Value::Null | Value::Guid(_) => None,
        Value::Bool(value) => Some(i64::from(*value)),
        Value::Int(number) => Some(i64::from(*number)),
        Value::Long(number) | Value::DateTime(number) | Value::Timespan(number) => Some(*number),
        Value::Real(number) => number.is_finite().then_some(*number as i64),
        Value::Decimal(number) => number.trunc().to_i64(),
        Value::String(text) => literal::long(text),
        Value::Dynamic(value) => to_long(&value.scalar()?),
    }
}

fn to_real(value: &Value) -> Option<f64> {
    match value {
        Value::Bool(value) => Some(f64::from(u8::from(*value))),
        Value::DateTime(ticks) | Value::Timespan(ticks) => Some(*ticks as f64),
        Value::String(text) => literal::real(text),
        Value::Dynamic(value) => to_real(&value.scalar()?),
        other => other.as_real(),
    }
}

fn to_decimal(value: &Value) -> Option<Decimal> {
    match value {
        Value::Real(number) => literal::decimal(&text::real(*number)),
        Value::Decimal(number) => Some(*number),
        Value::String(text) => literal::decimal(text),
        Value::Dynamic(value) => to_decimal(&value.scalar()?),
        other => Some(Decimal::from(to_long(other)?)),
    }
}

fn to_datetime(value: &Value) -> Option<i64> {
    let ticks = match value {
        Value::DateTime(ticks) => *ticks,
        Value::String(text) => return literal::datetime(text),
        Value::Dynamic(value) => return to_datetime(&value.scalar()?),
        Value::Bool(_) | Value::Timespan(_) => return None,
        other => to_long(other)?,
    };
    super::calendar::add(ticks, 0)
}

fn to_timespan(value: &Value) -> Option<i64> {
    match value {
        Value::Timespan(ticks) => Some(*ticks),
        Value::String(text) => literal::timespan_text(text),
        Value::Dynamic(value) => to_timespan(&value.scalar()?),
        Value::Bool(_) | Value::DateTime(_) => None,
        other => to_long(other),
    }
}

fn to_guid(value: &Value) -> Option<u128> {
    match value {
        Value::Guid(guid) | Value::Dynamic(Dynamic::Guid(guid)) => Some(*guid),
        Value::String(text) | Value::Dynamic(Dynamic::String(text)) => literal::guid(text),
        _ => None,
    }
}
