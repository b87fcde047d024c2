//! A value of one type made into a value of another.

use std::sync::Arc;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use serde_json::Value as Json;

use super::civil::{self, BEFORE_ALL, DAY, FOREVER};
use super::error::Error;
use super::text::{self, number};
use super::value::{Type, Value};

/// Makes `value`, which has the type `from`, one of the type `to`. That the cast exists was found out before.
pub fn cast(value: Value, from: &Type, to: &Type) -> Result<Value, Error> {
    if value == Value::Null || (from == to && !matches!(to, Type::Numeric(Some(_)))) {
        return Ok(value);
    }
    Ok(match (value, to) {
        // A cut name is still a text; a text that is cut becomes a name.
        (Value::Text(inner), Type::Text | Type::Unknown) => Value::Text(inner),
        (Value::Text(inner), Type::Name) => Value::text(text::name(&inner)),
        (Value::Text(inner), to) => Value::parse(to, &inner)?,
        (Value::Bool(value), Type::Text | Type::Name) => {
            Value::text(if value { "true" } else { "false" })
        }
        // A cast shows the prefix of a whole address too; the type's own text does not.
        (Value::Inet(text), Type::Text) => {
            let inet = text::inet::parse(&text)?;
            Value::text(format!("{}/{}", inet.address, inet.prefix))
        }
        (value, Type::Text | Type::Name | Type::Unknown) => {
            Value::text(value.to_text(from).unwrap_or_default())
        }
        (Value::Bool(value), Type::Int4) => Value::Int(i64::from(value)),
        (Value::Int(value), Type::Bool) => Value::Bool(value != 0),
        (Value::Int(value), Type::Float8) => Value::Float(value as f64),
        (Value::Int(value), Type::Numeric(form)) => scaled(Decimal::from(value), *form)?,
        (Value::Int(value), to) => integer(Some(value), to)?,
        (Value::Float(value), Type::Numeric(form)) => from_float(value, *form)?,
        (Value::Float(value), Type::Float8) => Value::Float(value),
        (Value::Float(value), to) => {
            let rounded = value.round_ties_even();
            let whole = (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0)
                .contains(&rounded)
                .then_some(rounded as i64);
            integer(whole, to)?
        }
        (Value::Numeric(value), Type::Numeric(form)) => scaled(value, *form)?,
        (Value::Numeric(value), Type::Float8) => {
            Value::Float(number::numeric(value).parse().unwrap_or(f64::NAN))
        }
        (Value::Numeric(value), to) => integer(number::rescale(value, 0)?.to_i64(), to)?,
        (Value::Date(days), Type::Timestamp | Type::Timestamptz) => Value::Timestamp(match days {
            i32::MAX => FOREVER,
            i32::MIN => BEFORE_ALL,
            days => i64::from(days)
                .checked_mul(DAY)
                .ok_or_else(|| Error::new("22008", "date out of range for timestamp"))?,
        }),
        (Value::Timestamp(value), Type::Date) => Value::Date(match value {
            FOREVER => i32::MAX,
            BEFORE_ALL => i32::MIN,
            value => civil::split(value).0 as i32,
        }),
        (Value::Json(json), Type::Jsonb) => Value::Json(json),
        (value @ Value::Json(_), Type::Json) => {
            Value::text(value.to_text(&Type::Jsonb).unwrap_or_default())
        }
        (Value::Json(json), to) => from_json(&json, to)?,
        (Value::Array(values), Type::Array(element)) => {
            let from = from.element().unwrap_or(from);
            let made: Result<Vec<Value>, Error> = values
                .iter()
                .map(|value| match value {
                    inner @ Value::Array(_) => cast(
                        inner.clone(),
                        &Type::Array(Box::new(from.clone())),
                        &Type::Array(element.clone()),
                    ),
                    value => cast(value.clone(), from, element),
                })
                .collect();
            Value::Array(made?.into())
        }
        (value, _) => value,
    })
}

fn integer(value: Option<i64>, to: &Type) -> Result<Value, Error> {
    value
        .filter(|value| number::fits(to, *value))
        .map(Value::Int)
        .ok_or_else(|| {
            let name = if *to == Type::Oid {
                "OID".to_owned()
            } else {
                to.long_name()
            };
            Error::new("22003", format!("{name} out of range"))
        })
}

fn scaled(value: Decimal, declared: Option<(u32, u32)>) -> Result<Value, Error> {
    number::declared(value, declared).map(Value::Numeric)
}

/// A `double precision` becomes a `numeric` of 15 digits.
fn from_float(value: f64, form: Option<(u32, u32)>) -> Result<Value, Error> {
    if !value.is_finite() {
        return Err(Error::unsupported("numeric NaN and infinity"));
    }
    let text = format!("{value:.14e}");
    let decimal = Decimal::from_scientific(&text).map_err(|_| number::too_long())?;
    scaled(decimal.normalize(), form)
}

fn from_json(json: &Arc<Json>, to: &Type) -> Result<Value, Error> {
    let kind = match json.as_ref() {
        Json::Null => "null",
        Json::Bool(value) if *to == Type::Bool => return Ok(Value::Bool(*value)),
        Json::Number(number) if *to != Type::Bool => {
            let value = number::parse_numeric(&number.to_string(), None)?;
            return cast(Value::Numeric(value), &Type::Numeric(None), to);
        }
        Json::Bool(_) => "boolean",
        Json::Number(_) => "numeric",
        Json::String(_) => "string",
        Json::Array(_) => "array",
        Json::Object(_) => "object",
    };
    Err(Error::new(
        "22023",
        format!("cannot cast jsonb {kind} to type {}", to.long_name()),
    ))
}
