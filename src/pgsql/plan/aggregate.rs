//! Aggregates: what is computed over the rows of a group.

use std::cmp::Ordering;

use rust_decimal::Decimal;
use serde_json::{Map, Value as Json};

use crate::pgsql::error::Error;
use crate::pgsql::functions::{array, json::to_json, numbers, time};
use crate::pgsql::order::compare;
use crate::pgsql::types::Coercion;
use crate::pgsql::value::{Type, Value};

/// Which aggregate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum AggregateFunction {
    /// How many rows, or how many that are not NULL.
    Count,
    /// The sum.
    Sum,
    /// The mean.
    Avg,
    /// The least.
    Min,
    /// The greatest.
    Max,
    /// Every one is true.
    BoolAnd,
    /// Any one is true.
    BoolOr,
    /// Texts with a separator between.
    StringAgg,
    /// All as an array.
    ArrayAgg,
    /// All as a JSON array.
    JsonbAgg,
    /// Keys and values as a JSON object.
    JsonbObjectAgg,
    /// The value at a fraction of the order, between two rows where it falls between.
    PercentileCont(f64),
    /// The first value at or behind a fraction of the order.
    PercentileDisc(f64),
    /// The value that is there most often.
    Mode,
}

impl AggregateFunction {
    /// An aggregate by its name; the ordered-set ones stand at `within_group`.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "count" => Self::Count,
            "sum" => Self::Sum,
            "avg" => Self::Avg,
            "min" => Self::Min,
            "max" => Self::Max,
            "bool_and" | "every" => Self::BoolAnd,
            "bool_or" => Self::BoolOr,
            "string_agg" => Self::StringAgg,
            "array_agg" => Self::ArrayAgg,
            "jsonb_agg" => Self::JsonbAgg,
            "jsonb_object_agg" => Self::JsonbObjectAgg,
            _ => return None,
        })
    }

    /// The types that the arguments are taken in, and the type of the result; none when it takes no such arguments.
    pub fn signature(self, types: &[Type]) -> Option<(Vec<Type>, Type)> {
        let plain: Vec<Type> = types
            .iter()
            .map(|ty| match ty {
                Type::Unknown => Type::Text,
                known => known.clone(),
            })
            .collect();
        let result = match (self, plain.as_slice()) {
            (Self::Count, [] | [_]) | (Self::Sum, [Type::Int2 | Type::Int4]) => Type::Int8,
            (Self::Sum | Self::Avg, [Type::Int8 | Type::Numeric(_)])
            | (Self::Avg, [Type::Int2 | Type::Int4]) => Type::Numeric(None),
            (Self::Sum | Self::Avg, [Type::Float8 | Type::Interval]) => types.first()?.clone(),
            (
                Self::Min | Self::Max,
                [Type::Bool | Type::Uuid | Type::Json | Type::Jsonb | Type::Bytea],
            ) => {
                return None;
            }
            (Self::Min | Self::Max, [Type::Name]) => return Some((vec![Type::Text], Type::Text)),
            (Self::Min | Self::Max | Self::PercentileDisc(_) | Self::Mode, [one]) => one.plain(),
            (Self::BoolAnd | Self::BoolOr, [only]) => {
                if !matches!(types.first(), Some(Type::Unknown | Type::Bool)) {
                    return None;
                }
                let _ = only;
                return Some((vec![Type::Bool], Type::Bool));
            }
            (Self::StringAgg, [value, separator])
                if value.becomes(&Type::Text, Coercion::Implicit)
                    && separator.becomes(&Type::Text, Coercion::Implicit) =>
            {
                return Some((vec![Type::Text, Type::Text], Type::Text));
            }
            (Self::ArrayAgg, [Type::Array(element)]) => Type::Array(element.clone()),
            (Self::ArrayAgg, [one]) => Type::Array(Box::new(one.plain())),
            (Self::JsonbAgg, [_]) | (Self::JsonbObjectAgg, [_, _]) => Type::Jsonb,
            (Self::PercentileCont(_), [number])
                if number.becomes(&Type::Float8, Coercion::Implicit) =>
            {
                return Some((vec![Type::Float8], Type::Float8));
            }
            _ => return None,
        };
        Some((plain, result))
    }
}

/// An aggregate on its way through the rows.
#[derive(Debug, Clone)]
pub struct Accumulator {
    function: AggregateFunction,
    types: Vec<Type>,
    count: i64,
    /// The sum, the extreme, the truth so far.
    value: Value,
    values: Vec<Value>,
    text: Option<String>,
    object: Map<String, Json>,
}

impl Accumulator {
    /// Nothing seen yet.
    pub fn new(function: &AggregateFunction, types: &[Type]) -> Self {
        Self {
            function: *function,
            types: types.to_vec(),
            count: 0,
            value: Value::Null,
            values: Vec::new(),
            text: None,
            object: Map::new(),
        }
    }

    fn json(&self, index: usize, value: &Value) -> Result<Json, Error> {
        to_json(value, self.types.get(index).unwrap_or(&Type::Text))
    }

    /// Takes the arguments of one row.
    pub fn add(&mut self, arguments: &[Value]) -> Result<(), Error> {
        use AggregateFunction as F;
        match (self.function, arguments) {
            (F::Count, values) => self.count += i64::from(!values.contains(&Value::Null)),
            (F::ArrayAgg, [value]) => self.values.push(value.clone()),
            (F::JsonbAgg, [value]) => self.values.push(Value::Json(self.json(0, value)?.into())),
            (F::JsonbObjectAgg, [Value::Null, _]) => {
                return Err(Error::new("22023", "field name must not be null"));
            }
            (F::JsonbObjectAgg, [key, value]) => {
                let key = key
                    .to_text(self.types.first().unwrap_or(&Type::Text))
                    .unwrap_or_default();
                let value = self.json(1, value)?;
                self.object.insert(key, value);
                self.count += 1;
            }
            (_, [Value::Null, ..]) => {}
            (F::StringAgg, [Value::Text(value), separator]) => match &mut self.text {
                None => self.text = Some(value.to_string()),
                Some(text) => {
                    if let Value::Text(separator) = separator {
                        text.push_str(separator);
                    }
                    text.push_str(value);
                }
            },

            (F::Sum | F::Avg, [value]) => {
                self.count += 1;
                self.value = self.plus(value)?;
            }
            (F::Min | F::Max, [value]) => {
                // Of two that compare equal, `1.0` and `1.00`, the server keeps the later.
                let passed = if self.function == F::Min {
                    Ordering::Greater
                } else {
                    Ordering::Less
                };
                if self.value == Value::Null || compare(value, &self.value) != passed {
                    self.value = value.clone();
                }
            }
            (F::BoolAnd | F::BoolOr, [Value::Bool(value)]) => {
                let so_far = match self.value {
                    Value::Bool(so_far) if self.function == F::BoolAnd => so_far && *value,
                    Value::Bool(so_far) => so_far || *value,
                    _ => *value,
                };
                self.value = Value::Bool(so_far);
            }
            (F::PercentileCont(_) | F::PercentileDisc(_) | F::Mode, [value]) => {
                self.values.push(value.clone());
            }
            _ => return Err(numbers::wrong()),
        }
        Ok(())
    }

    fn plus(&self, value: &Value) -> Result<Value, Error> {
        Ok(match (&self.value, value) {
            // Whole numbers are summed as `numeric`, which does not end.
            (Value::Null, Value::Int(value)) => Value::Numeric(Decimal::from(*value)),
            (Value::Null, first) => first.clone(),
            (Value::Numeric(sum), Value::Int(value)) => {
                Value::Numeric(numbers::add(*sum, Decimal::from(*value))?)
            }
            (Value::Numeric(sum), Value::Numeric(value)) => {
                Value::Numeric(numbers::add(*sum, *value)?)
            }
            (Value::Float(left), Value::Float(right)) => {
                numbers::finite(left + right, &[self.value.clone(), value.clone()])?
            }
            (sum, value) => time::add_intervals(sum, value, 1)?,
        })
    }

    /// The result up to here.
    pub fn so_far(&self) -> Result<Value, Error> {
        self.clone().finish()
    }

    /// The result.
    pub fn finish(mut self) -> Result<Value, Error> {
        use AggregateFunction as F;
        Ok(match self.function {
            F::Count => Value::Int(self.count),
            F::Sum => match (&self.value, self.types.first()) {
                (Value::Numeric(sum), Some(Type::Int2 | Type::Int4)) => crate::pgsql::cast::cast(
                    Value::Numeric(*sum),
                    &Type::Numeric(None),
                    &Type::Int8,
                )?,
                _ => self.value,
            },
            F::Avg => match &self.value {
                Value::Numeric(sum) => {
                    Value::Numeric(numbers::divide(*sum, Decimal::from(self.count))?)
                }
                Value::Float(sum) => Value::Float(sum / self.count as f64),
                Value::Null => Value::Null,
                span => {
                    time::scale_interval(span, 1.0 / self.count as f64, Some(self.count as f64))?
                }
            },
            F::Min | F::Max | F::BoolAnd | F::BoolOr => self.value,
            F::StringAgg => self.text.map_or(Value::Null, Value::text),
            F::ArrayAgg | F::JsonbAgg if self.values.is_empty() => Value::Null,
            F::ArrayAgg if matches!(self.types.first(), Some(Type::Array(_))) => {
                array::accumulated(self.values)?
            }
            F::ArrayAgg => Value::Array(self.values.into()),
            F::JsonbAgg => {
                let values = self.values.into_iter().filter_map(|value| match value {
                    Value::Json(json) => Some(json.as_ref().clone()),
                    _ => None,
                });
                Value::Json(Json::Array(values.collect()).into())
            }
            F::JsonbObjectAgg if self.count == 0 => Value::Null,
            F::JsonbObjectAgg => Value::Json(Json::Object(self.object).into()),
            F::PercentileCont(fraction) => continuous(&self.values, fraction),
            F::PercentileDisc(fraction) => {
                let rank = (fraction * self.values.len() as f64).ceil() as usize;
                let place = rank.max(1) - 1;
                if place < self.values.len() {
                    self.values.swap_remove(place)
                } else {
                    Value::Null
                }
            }
            F::Mode => most_frequent(&self.values),
        })
    }
}

/// The value between the two that a fraction of the order falls between.
fn continuous(values: &[Value], fraction: f64) -> Value {
    let Some(last) = values.len().checked_sub(1) else {
        return Value::Null;
    };
    let place = fraction * last as f64;
    let at = |place: f64| match values.get(place as usize) {
        Some(Value::Float(value)) => *value,
        _ => f64::NAN,
    };
    let (low, high) = (at(place.floor()), at(place.ceil()));
    let between = place - place.floor();
    Value::Float(if between == 0.0 {
        low
    } else {
        low + between * (high - low)
    })
}

/// Of values in order, the one that is there most often; the first of several.
fn most_frequent(values: &[Value]) -> Value {
    let mut best = (0, &Value::Null);
    for run in values.chunk_by(|left, right| compare(left, right) == Ordering::Equal) {
        if let Some(first) = run.first()
            && run.len() > best.0
        {
            best = (run.len(), first);
        }
    }
    best.1.clone()
}
