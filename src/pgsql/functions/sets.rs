//! Functions that answer with rows.

use serde_json::Value as Json;

use super::json::unquoted;
use super::numbers::{add, wrong};
use super::time::moved;
use crate::pgsql::error::Error;
use crate::pgsql::expr::leaves;
use crate::pgsql::order::{compare, span};
use crate::pgsql::run::Run;
use crate::pgsql::text::json;
use crate::pgsql::types::{Coercion, common};
use crate::pgsql::value::{Type, Value};

/// Which function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetFunction {
    /// Numbers or times from one to another.
    GenerateSeries,
    /// The elements of arrays, side by side.
    Unnest,
    /// The elements of a JSON array.
    Elements {
        /// As texts.
        text: bool,
    },
    /// The members of a JSON object.
    Each {
        /// Values as texts.
        text: bool,
    },
    /// The keys of a JSON object.
    Keys,
    /// The parts of a text between separators.
    StringToTable,
}

/// Names and types of the columns of an answer.
type Columns = Vec<(&'static str, Type)>;

impl SetFunction {
    /// A function by its name.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "generate_series" => Self::GenerateSeries,
            "unnest" => Self::Unnest,
            "jsonb_array_elements" => Self::Elements { text: false },
            "jsonb_array_elements_text" => Self::Elements { text: true },
            "jsonb_each" => Self::Each { text: false },
            "jsonb_each_text" => Self::Each { text: true },
            "jsonb_object_keys" => Self::Keys,
            "string_to_table" => Self::StringToTable,
            _ => return None,
        })
    }

    /// The types it takes and the columns it answers with; none when it does not take such arguments.
    pub fn signature(self, types: &[Type]) -> Option<(Vec<Type>, Columns)> {
        let takes = |index: usize, ty: &Type| {
            types
                .get(index)
                .is_some_and(|given| given.becomes(ty, Coercion::Implicit))
        };
        match self {
            Self::GenerateSeries if types.len() == 2 || types.len() == 3 => {
                let ends = types.get(..2)?;
                let number = common(types, "")
                    .ok()
                    .filter(|ty| matches!(ty, Type::Int4 | Type::Int8 | Type::Numeric(_)));
                if let Some(ty) = number {
                    return Some((vec![ty.clone(); types.len()], vec![("generate_series", ty)]));
                }
                let ty = match common(ends, "").ok()? {
                    Type::Date | Type::Text => Type::Timestamptz,
                    ty @ (Type::Timestamptz | Type::Timestamp) => ty,
                    _ => return None,
                };
                takes(2, &Type::Interval).then(|| {
                    (
                        vec![ty.clone(), ty.clone(), Type::Interval],
                        vec![("generate_series", ty)],
                    )
                })
            }
            Self::Unnest => {
                let columns: Option<Columns> = types
                    .iter()
                    .map(|ty| Some(("unnest", ty.element()?.clone())))
                    .collect();
                Some((
                    types.to_vec(),
                    columns.filter(|columns| !columns.is_empty())?,
                ))
            }
            Self::Elements { text } if types.len() == 1 && takes(0, &Type::Jsonb) => Some((
                vec![Type::Jsonb],
                vec![("value", if text { Type::Text } else { Type::Jsonb })],
            )),
            Self::Each { text } if types.len() == 1 && takes(0, &Type::Jsonb) => Some((
                vec![Type::Jsonb],
                vec![
                    ("key", Type::Text),
                    ("value", if text { Type::Text } else { Type::Jsonb }),
                ],
            )),
            Self::Keys if types.len() == 1 && takes(0, &Type::Jsonb) => {
                Some((vec![Type::Jsonb], vec![("jsonb_object_keys", Type::Text)]))
            }
            Self::StringToTable
                if types.len() == 2 && takes(0, &Type::Text) && takes(1, &Type::Text) =>
            {
                Some((
                    vec![Type::Text, Type::Text],
                    vec![("string_to_table", Type::Text)],
                ))
            }
            _ => None,
        }
    }

    /// The rows of a call.
    pub fn rows(
        self,
        arguments: &[Value],
        types: &[Type],
        run: &Run,
    ) -> Result<Vec<Vec<Value>>, Error> {
        let _ = types;
        if self != Self::Unnest && arguments.contains(&Value::Null) {
            return Ok(Vec::new());
        }
        let text_of = |json: &Json, text: bool| {
            if text {
                unquoted(json)
            } else {
                Value::Json(json.clone().into())
            }
        };
        match (self, arguments) {
            (Self::GenerateSeries, [from, to, step @ ..]) => series(from, to, step.first(), run),
            (Self::Unnest, arrays) => {
                let columns: Vec<Vec<&Value>> = arrays
                    .iter()
                    .map(|array| match array {
                        Value::Array(values) => leaves(values),
                        _ => Vec::new(),
                    })
                    .collect();
                let longest = columns.iter().map(Vec::len).max().unwrap_or(0);
                Ok((0..longest)
                    .map(|place| {
                        columns
                            .iter()
                            .map(|column| column.get(place).map_or(Value::Null, |it| (*it).clone()))
                            .collect()
                    })
                    .collect())
            }
            (Self::Elements { text }, [Value::Json(json)]) => match json.as_ref() {
                Json::Array(values) => Ok(values
                    .iter()
                    .map(|value| vec![text_of(value, text)])
                    .collect()),
                Json::Object(_) => Err(Error::new(
                    "22023",
                    "cannot extract elements from an object",
                )),
                _ => Err(Error::new("22023", "cannot extract elements from a scalar")),
            },
            (Self::Each { .. } | Self::Keys, [Value::Json(json)]) => {
                let Json::Object(object) = json.as_ref() else {
                    let name = match self {
                        Self::Keys => "jsonb_object_keys",
                        Self::Each { text: true } => "jsonb_each_text",
                        _ => "jsonb_each",
                    };
                    let kind = if json.is_array() {
                        "an array"
                    } else {
                        "a scalar"
                    };
                    return Err(Error::new(
                        "22023",
                        if self == Self::Keys {
                            format!("cannot call {name} on {kind}")
                        } else {
                            format!("cannot call {name} on a non-object")
                        },
                    ));
                };
                Ok(json::members(object)
                    .into_iter()
                    .map(|(key, value)| {
                        let mut row = vec![Value::text(key.as_str())];
                        if let Self::Each { text } = self {
                            row.push(text_of(value, text));
                        }
                        row
                    })
                    .collect())
            }
            (Self::StringToTable, [Value::Text(text), Value::Text(by)]) => {
                if by.is_empty() {
                    return Ok(vec![vec![Value::Text(text.clone())]]);
                }
                Ok(text
                    .split(by.as_ref())
                    .filter(|_| !text.is_empty())
                    .map(|part| vec![Value::text(part)])
                    .collect())
            }
            _ => Err(wrong()),
        }
    }
}

fn series(
    from: &Value,
    to: &Value,
    step: Option<&Value>,
    run: &Run,
) -> Result<Vec<Vec<Value>>, Error> {
    let step = match (step, from) {
        (Some(step), _) => step.clone(),
        (None, Value::Int(_)) => Value::Int(1),
        (None, _) => Value::Numeric(rust_decimal::Decimal::ONE),
    };
    let sign = match &step {
        Value::Int(step) => step.signum(),
        Value::Numeric(step) if step.is_zero() => 0,
        Value::Numeric(step) if step.is_sign_negative() => -1,
        Value::Numeric(_) => 1,
        interval => span(interval).signum() as i64,
    };
    if sign == 0 {
        return Err(Error::new("22023", "step size cannot equal zero"));
    }
    let mut rows = Vec::new();
    let mut at = from.clone();
    loop {
        let order = compare(&at, to);
        if (sign > 0 && order.is_gt()) || (sign < 0 && order.is_lt()) {
            return Ok(rows);
        }
        run.made_row()?;
        run.made_values(2)?;
        let next = match (&at, &step) {
            (Value::Int(value), Value::Int(step)) => value.checked_add(*step).map(Value::Int),
            (Value::Numeric(value), Value::Numeric(step)) => {
                Some(Value::Numeric(add(*value, *step)?))
            }
            (Value::Timestamp(time), span) => Some(Value::Timestamp(moved(*time, span, 1)?)),
            _ => return Err(wrong()),
        };
        rows.push(vec![at]);
        match next {
            Some(next) => at = next,
            None => return Ok(rows),
        }
    }
}
