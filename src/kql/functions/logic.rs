//! Functions that choose between values and ask whether there is one.

use std::sync::Arc;

use super::{Binding, Bound, Function, column, plain, row};
use crate::kql::column::{Column, Values};
use crate::kql::dynamic::Dynamic;
use crate::kql::error::KqlError;
use crate::kql::expr::{Expr, Vector};
use crate::kql::kernels::arithmetic::widest;
use crate::kql::kernels::{Side, logic, map1};
use crate::kql::types::Type;
use crate::kql::value::Value;
use crate::kql::value::compare::order;

/// More arguments than anyone writes.
const MANY: usize = 128;

/// The functions of this area.
pub const FUNCTIONS: &[Function] = &[
    Function {
        aliases: &["iif"],
        ..plain("iff", "iff(condition, then, else)", (3, 3), choose)
    },
    plain(
        "case",
        "case(condition, then, condition, then, …, else)",
        (3, MANY),
        choose,
    ),
    plain("assert", "assert(condition, message)", (2, 2), assert),
    plain("coalesce", "coalesce(value, value, …)", (2, 64), coalesce),
    plain("not", "not(condition)", (1, 1), |_| {
        column(&[Type::Bool], Type::Bool, logic::not)
    }),
    plain("isnull", "isnull(value)", (1, 1), |_| {
        column(&[], Type::Bool, |args, _| missing(args, NULL))
    }),
    Function {
        aliases: &["notnull"],
        ..plain("isnotnull", "isnotnull(value)", (1, 1), |_| {
            column(&[], Type::Bool, |args, rows| {
                logic::not(&[missing(args, NULL)], rows)
            })
        })
    },
    plain("isempty", "isempty(value)", (1, 1), |_| {
        column(&[], Type::Bool, |args, _| missing(args, EMPTY))
    }),
    Function {
        aliases: &["notempty"],
        ..plain("isnotempty", "isnotempty(value)", (1, 1), |_| {
            column(&[], Type::Bool, |args, rows| {
                logic::not(&[missing(args, EMPTY)], rows)
            })
        })
    },
    plain("isnan", "isnan(number)", (1, 1), |_| real_test(f64::is_nan)),
    plain("isinf", "isinf(number)", (1, 1), |_| {
        real_test(f64::is_infinite)
    }),
    plain("isfinite", "isfinite(number)", (1, 1), |_| {
        real_test(f64::is_finite)
    }),
    plain("max_of", "max_of(value, value, …)", (2, 64), |binding| {
        extreme(binding, std::cmp::Ordering::Greater)
    }),
    plain("min_of", "min_of(value, value, …)", (2, 64), |binding| {
        extreme(binding, std::cmp::Ordering::Less)
    }),
    plain("around", "around(value, center, delta)", (3, 3), |_| {
        row(&[], Type::Bool, |values| match values {
            [value, center, delta] => around(value, center, delta),
            _ => Value::Null,
        })
    }),
];

/// The type that all of `args` can be: one type, the widest of numbers, or that of the others where some are dynamic.
///
/// # Errors
/// They do not go together.
pub fn common_type<'a>(
    binding: &Binding<'_>,
    args: impl IntoIterator<Item = &'a Expr>,
) -> Result<Type, KqlError> {
    let mut common: Option<Type> = None;
    for arg in args {
        let ty = arg.ty;
        common = Some(match common {
            Some(known) if known == ty || ty == Type::Dynamic => known,
            None | Some(Type::Dynamic) => ty,
            Some(known) => widest(known, ty).ok_or_else(|| {
                KqlError::semantic(
                    arg.span,
                    format!(
                        "`{}()` gives either {} or {}, and they do not go together",
                        binding.name,
                        known.name(),
                        ty.name()
                    ),
                )
                .help("convert one of them, e.g. with tostring(…)")
            })?,
        });
    }
    Ok(common.unwrap_or(Type::Dynamic))
}

/// True, or an error that says the message. The condition is known before the query runs.
fn assert(binding: &Binding<'_>) -> Result<Bound, KqlError> {
    let condition = binding.args.first().and_then(Expr::as_constant);
    match (condition, binding.constant_text(1)) {
        (Some(Value::Bool(true)), Some(_)) => row(&[], Type::Bool, |_| Value::Bool(true)),
        (Some(_), Some(message)) => Err(KqlError::semantic(
            binding.span,
            format!("the assertion does not hold: {message}"),
        )),
        _ => Err(KqlError::semantic(
            binding.span,
            "`assert()` expects a condition and a message that are the same for every row",
        )),
    }
}

/// `iff` and `case`: conditions and values in turn, and a value for when none holds.
fn choose(binding: &Binding<'_>) -> Result<Bound, KqlError> {
    let count = binding.args.len();
    if count.is_multiple_of(2) {
        return Err(KqlError::semantic(
            binding.span,
            "`case()` takes pairs of condition and value, and one value more for when none holds",
        ));
    }
    let is_condition = move |index: usize| index + 1 < count && index.is_multiple_of(2);
    let results = binding
        .args
        .iter()
        .enumerate()
        .filter(|(index, _)| !is_condition(*index))
        .map(|(_, arg)| arg);
    let ty = common_type(binding, results)?;
    for (index, arg) in binding.args.iter().enumerate() {
        if is_condition(index) && !matches!(arg.ty, Type::Bool | Type::Dynamic) {
            return Err(binding.wrong_type(index, "a condition"));
        }
    }
    let takes: Vec<Type> = (0..count)
        .map(|index| if is_condition(index) { Type::Bool } else { ty })
        .collect();
    column(&takes, ty, move |args, rows| {
        let conditions: Vec<Side<'_, bool>> = args
            .iter()
            .enumerate()
            .filter(|(index, _)| is_condition(*index))
            .map(|(_, arg)| Side::of(arg))
            .collect();
        let results: Vec<&Vector> = args
            .iter()
            .enumerate()
            .filter(|(index, _)| !is_condition(*index))
            .map(|(_, arg)| arg)
            .collect();
        pick(ty, &results, rows, |row| {
            conditions
                .iter()
                .position(|condition| condition.get(row) == Some(true))
                .unwrap_or(conditions.len())
        })
    })
}

fn coalesce(binding: &Binding<'_>) -> Result<Bound, KqlError> {
    let ty = common_type(binding, binding.args)?;
    column(&vec![ty; binding.args.len()], ty, move |args, rows| {
        let empty: Vec<Vector> = args
            .iter()
            .map(|arg| missing(std::slice::from_ref(arg), (str::is_empty, NULL.1)))
            .collect();
        let empty: Vec<Side<'_, bool>> = empty.iter().map(Side::of).collect();
        let last = args.len().saturating_sub(1);
        let results: Vec<&Vector> = args.iter().collect();
        pick(ty, &results, rows, |row| {
            empty
                .iter()
                .position(|empty| empty.get(row) == Some(false))
                .unwrap_or(last)
        })
    })
}

/// For each row the value of that one of `from` which `which` says.
fn pick(ty: Type, from: &[&Vector], rows: usize, which: impl Fn(usize) -> usize) -> Vector {
    if let [only] = from {
        return (*only).clone();
    }
    let columns: Vec<Arc<Column>> = from
        .iter()
        .map(|vector| match vector {
            Vector::Constant(value) => Arc::new(Column::constant(ty, value, 1)),
            Vector::Column(column) => Arc::clone(column),
        })
        .collect();
    // Where each begins when all stand one after the other, and whether it has a row for each row.
    let mut start = 0;
    let places: Vec<(usize, bool)> = from
        .iter()
        .zip(&columns)
        .map(|(vector, column)| {
            let place = (start, matches!(vector, Vector::Column(_)));
            start += column.len();
            place
        })
        .collect();
    let chosen: Vec<u32> = (0..rows)
        .map(|row| match places.get(which(row)) {
            Some((start, true)) => (start + row) as u32,
            Some((start, false)) => *start as u32,
            None => crate::kql::column::NO_ROW,
        })
        .collect();
    Vector::Column(Arc::new(Column::concat(ty, &columns).gather(&chosen)))
}

/// Which texts and which dynamic values count as missing; anything else does when it is null.
type Missing = (fn(&str) -> bool, fn(&Dynamic) -> bool);

/// A text is never null.
const NULL: Missing = (|_| false, |value| matches!(value, Dynamic::Null));

const EMPTY: Missing = (str::is_empty, |value| match value {
    Dynamic::Null => true,
    Dynamic::String(text) => text.is_empty(),
    _ => false,
});

/// Whether each value of the one argument is missing.
fn missing(args: &[Vector], (of_text, of_dynamic): Missing) -> Vector {
    let column = match args {
        [Vector::Constant(value)] => {
            return Vector::Constant(Value::Bool(match value {
                Value::Null => true,
                Value::String(text) => of_text(text),
                Value::Dynamic(value) => of_dynamic(value),
                _ => false,
            }));
        }
        [Vector::Column(column)] => column,
        _ => return Vector::Constant(Value::Null),
    };
    let valid = match &**column {
        Column::String(strings) => return bools(strings.map(of_text)),
        Column::Dynamic(values) => return bools(values.iter().map(of_dynamic).collect()),
        Column::Bool(values) => &values.valid,
        Column::Int(values) => &values.valid,
        Column::Long(values) | Column::DateTime(values) | Column::Timespan(values) => &values.valid,
        Column::Real(values) => &values.valid,
        Column::Decimal(values) => &values.valid,
        Column::Guid(values) => &values.valid,
        Column::Absent(_, rows) => {
            return Vector::Column(Arc::new(Column::Absent(Type::Bool, *rows)));
        }
    };
    match valid {
        Some(valid) => bools(valid.iter().map(|valid| !valid).collect()),
        None => Vector::Constant(Value::Bool(false)),
    }
}

fn bools(data: Vec<bool>) -> Vector {
    Vector::Column(Arc::new(Column::Bool(Values::full(data))))
}

fn real_test(test: fn(f64) -> bool) -> Result<Bound, KqlError> {
    column(&[Type::Real], Type::Bool, move |args, _| match args {
        [arg] => map1(Type::Bool, arg, |number: f64| Some(test(number))),
        _ => Vector::Constant(Value::Null),
    })
}

/// The first value for which every other is on the far side; nulls are passed over.
fn extreme(binding: &Binding<'_>, wanted: std::cmp::Ordering) -> Result<Bound, KqlError> {
    let ty = common_type(binding, binding.args)?;
    row(&vec![ty; binding.args.len()], ty, move |values| {
        let mut best = None;
        for value in values.iter().filter(|value| !value.is_null()) {
            if best.is_none_or(|best| order(value, best) == Some(wanted)) {
                best = Some(value);
            }
        }
        best.cloned().unwrap_or_else(|| Value::missing(ty))
    })
}

/// Whether `value` is at most `delta` away from `center`.
fn around(value: &Value, center: &Value, delta: &Value) -> Value {
    let distance = match (value, center, delta) {
        (Value::DateTime(value), Value::DateTime(center), Value::Timespan(delta))
        | (Value::Timespan(value), Value::Timespan(center), Value::Timespan(delta)) => value
            .checked_sub(*center)
            .map(|distance| distance.unsigned_abs() <= delta.unsigned_abs()),
        _ => value
            .as_real()
            .zip(center.as_real())
            .zip(delta.as_real())
            .map(|((value, center), delta)| (value - center).abs() <= delta),
    };
    super::args::of_bool(distance)
}
