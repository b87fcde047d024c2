//! Functions that look at other rows of an ordered table. Each is given the whole table as one batch.

use std::sync::Arc;

use super::{Binding, Bound, Function, Naming};
use crate::kql::column::{Column, NO_ROW, Values};
use crate::kql::error::KqlError;
use crate::kql::expr::{Eval, Vector};
use crate::kql::kernels::{Cell, Side, arithmetic, cast};
use crate::kql::syntax::BinaryOp;
use crate::kql::types::Type;
use crate::kql::value::Value;
use crate::kql::value::compare::Key;

/// The functions of this area.
pub const FUNCTIONS: &[Function] = &[
    window("prev", "prev(column, offset, default)", (1, 3), prev),
    window("next", "next(column, offset, default)", (1, 3), next),
    window(
        "row_number",
        "row_number(start, restart)",
        (0, 2),
        row_number,
    ),
    window(
        "row_cumsum",
        "row_cumsum(term, restart)",
        (1, 2),
        row_cumsum,
    ),
    window(
        "row_rank_dense",
        "row_rank_dense(term, restart)",
        (1, 2),
        |call| rank(call, Rank::Dense),
    ),
    window(
        "row_rank_min",
        "row_rank_min(term, restart)",
        (1, 2),
        |call| rank(call, Rank::Min),
    ),
    window(
        "row_window_session",
        "row_window_session(term, most_from_first, most_between, restart)",
        (3, 4),
        session,
    ),
];

const fn window(
    name: &'static str,
    usage: &'static str,
    arity: (usize, usize),
    bind: fn(&Binding<'_>) -> Result<Bound, KqlError>,
) -> Function {
    Function {
        name,
        aliases: &[],
        usage,
        arity,
        naming: Naming::None,
        window: true,
        bind,
    }
}

fn prev(call: &Binding<'_>) -> Result<Bound, KqlError> {
    shifted(call, -1)
}

fn next(call: &Binding<'_>) -> Result<Bound, KqlError> {
    shifted(call, 1)
}

/// The cell some rows before or after this one, and the default beyond the ends.
fn shifted(call: &Binding<'_>, direction: i64) -> Result<Bound, KqlError> {
    let Some(first) = call.args.first() else {
        return Err(missing(call));
    };
    let ty = first.ty;
    let offset = match call.args.get(1) {
        None => 1,
        Some(offset) => offset
            .as_constant()
            .and_then(Value::as_long)
            .ok_or_else(|| {
                KqlError::semantic(
                    offset.span,
                    format!(
                        "the offset of `{}()` is a whole number that is the same for every row",
                        call.name
                    ),
                )
            })?,
    };
    let offset = offset.saturating_mul(direction);
    let default = match call.args.get(2) {
        None => Value::missing(ty),
        Some(default) => match default.as_constant() {
            Some(value) => cast::one(value, ty),
            None => {
                return Err(KqlError::semantic(
                    default.span,
                    format!("the default of `{}()` is the same for every row", call.name),
                ));
            }
        },
    };
    Ok(Bound {
        ty,
        eval: Eval::column(move |args, rows| shift(args, rows, offset, ty, &default)),
        takes: Vec::new(),
    })
}

fn shift(args: &[Vector], rows: usize, offset: i64, ty: Type, default: &Value) -> Vector {
    let Some(arg) = args.first() else {
        return Vector::Constant(Value::Null);
    };
    let column = arg.clone().into_column(ty, rows);
    let from = |row: usize| {
        i64::try_from(row)
            .ok()
            .and_then(|row| row.checked_add(offset))
            .and_then(|row| usize::try_from(row).ok())
            .filter(|row| *row < rows)
    };
    let plain = match default {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        _ => false,
    };
    if plain {
        let places: Vec<u32> = (0..rows)
            .map(|row| from(row).map_or(NO_ROW, |row| row as u32))
            .collect();
        return Vector::Column(Arc::new(column.gather(&places)));
    }
    let mut builder = crate::kql::column::ColumnBuilder::new(ty, rows);
    for row in 0..rows {
        builder.push(from(row).map_or_else(|| default.clone(), |row| column.value(row)));
    }
    Vector::Column(Arc::new(builder.finish()))
}

fn row_number(call: &Binding<'_>) -> Result<Bound, KqlError> {
    let start = match call.args.first() {
        None => 1,
        Some(start) => start
            .as_constant()
            .and_then(Value::as_long)
            .ok_or_else(|| {
                KqlError::semantic(
                    start.span,
                    "the start of `row_number()` is a whole number that is the same for every row",
                )
            })?,
    };
    Ok(Bound {
        ty: Type::Long,
        eval: Eval::column(move |args, rows| {
            let restart = Restart::of(args.get(1));
            let mut number = start;
            let data = (0..rows)
                .map(|row| {
                    if restart.at(row) {
                        number = start;
                    }
                    let here = number;
                    number = number.wrapping_add(1);
                    here
                })
                .collect();
            Vector::Column(Arc::new(Column::Long(Values::full(data))))
        }),
        takes: takes(call, &[Type::Long]),
    })
}

fn row_cumsum(call: &Binding<'_>) -> Result<Bound, KqlError> {
    let Some(term) = call.args.first() else {
        return Err(missing(call));
    };
    let ty = match term.ty {
        Type::Int | Type::Long => Type::Long,
        ty @ (Type::Real | Type::Decimal | Type::Timespan) => ty,
        ty => {
            return Err(KqlError::semantic(
                term.span,
                format!("expected a number, found a value of type {}", ty.name()),
            ));
        }
    };
    Ok(Bound {
        ty,
        eval: Eval::column(move |args, rows| {
            let Some(term) = args.first() else {
                return Vector::Constant(Value::Null);
            };
            let restart = Restart::of(args.get(1));
            match ty {
                Type::Real => sums(ty, term, rows, &restart, |sum: f64, term| sum + term),
                Type::Decimal => sums(
                    ty,
                    term,
                    rows,
                    &restart,
                    |sum: rust_decimal::Decimal, term| sum.checked_add(term).unwrap_or(sum),
                ),
                _ => sums(ty, term, rows, &restart, i64::wrapping_add),
            }
        }),
        takes: takes(call, &[ty]),
    })
}

/// Running sums; a null adds nothing.
fn sums<T: Cell>(
    ty: Type,
    term: &Vector,
    rows: usize,
    restart: &Restart<'_>,
    add: impl Fn(T, T) -> T,
) -> Vector {
    let term = Side::<T>::of(term);
    let mut sum = T::default();
    let data = (0..rows)
        .map(|row| {
            if restart.at(row) {
                sum = T::default();
            }
            if let Some(term) = term.get(row) {
                sum = add(sum, term);
            }
            sum
        })
        .collect();
    Vector::Column(Arc::new(T::column(ty, Values::full(data))))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Rank {
    /// One more at each new value.
    Dense,
    /// The number of the first row that has the value.
    Min,
}

fn rank(call: &Binding<'_>, kind: Rank) -> Result<Bound, KqlError> {
    let Some(term) = call.args.first() else {
        return Err(missing(call));
    };
    Ok(Bound {
        ty: Type::Long,
        eval: Eval::column(move |args, rows| {
            let restart = Restart::of(args.get(1));
            let mut before: Option<Key> = None;
            let (mut number, mut rank) = (0_i64, 0_i64);
            let data = (0..rows)
                .map(|row| {
                    if restart.at(row) {
                        (before, number, rank) = (None, 0, 0);
                    }
                    number += 1;
                    let here = args.first().map(|term| Key::of(&term.value(row)));
                    if here != before || rank == 0 {
                        rank = if kind == Rank::Dense {
                            rank + 1
                        } else {
                            number
                        };
                        before = here;
                    }
                    rank
                })
                .collect();
            Vector::Column(Arc::new(Column::Long(Values::full(data))))
        }),
        takes: takes(call, &[term.ty]),
    })
}

/// The first value of the session a row belongs to: one ends where the next row is too far from its first row or from the row before it.
fn session(call: &Binding<'_>) -> Result<Bound, KqlError> {
    let [term, from_first, between, ..] = call.args else {
        return Err(missing(call));
    };
    let ty = if term.ty == Type::Int {
        Type::Long
    } else {
        term.ty
    };
    let distance = arithmetic::shape(BinaryOp::Subtract, ty, ty)
        .map(|shape| shape.result)
        .filter(|_| {
            matches!(
                ty,
                Type::Long | Type::Real | Type::DateTime | Type::Timespan
            )
        })
        .ok_or_else(|| {
            KqlError::semantic(
                term.span,
                format!("a session of values of type {} has no length", ty.name()),
            )
        })?;
    for limit in [from_first, between] {
        if limit.ty != distance && !(limit.ty.is_number() && distance.is_number()) {
            return Err(KqlError::semantic(
                limit.span,
                format!(
                    "expected a distance of type {}, found {}",
                    distance.name(),
                    limit.ty.name()
                ),
            ));
        }
    }
    Ok(Bound {
        ty,
        eval: Eval::column(move |args, rows| {
            if ty == Type::Real {
                sessions(args, rows, ty, |from: f64, to: f64| to - from)
            } else {
                sessions(args, rows, ty, |from: i64, to: i64| to.saturating_sub(from))
            }
        }),
        takes: takes(call, &[ty, distance, distance]),
    })
}

fn sessions<T: Cell + PartialOrd>(
    args: &[Vector],
    rows: usize,
    ty: Type,
    distance: impl Fn(T, T) -> T,
) -> Vector {
    let [term, from_first, between, ..] = args else {
        return Vector::Constant(Value::Null);
    };
    let restart = Restart::of(args.get(3));
    let (term, from_first, between) = (
        Side::<T>::of(term),
        Side::<T>::of(from_first),
        Side::<T>::of(between),
    );
    let mut first: Option<T> = None;
    let mut before: Option<T> = None;
    let values: Values<T> = (0..rows)
        .map(|row| {
            let here = term.get(row)?;
            let too_far = |from: Option<T>, most: Option<T>| match (from, most) {
                (Some(from), Some(most)) => distance(from, here) > most,
                _ => true,
            };
            if restart.at(row)
                || too_far(first, from_first.get(row))
                || too_far(before, between.get(row))
            {
                first = Some(here);
            }
            before = Some(here);
            first
        })
        .collect();
    Vector::Column(Arc::new(T::column(ty, values)))
}

/// Where a function begins anew.
struct Restart<'a>(Option<Side<'a, bool>>);

impl<'a> Restart<'a> {
    fn of(arg: Option<&'a Vector>) -> Self {
        Self(arg.map(Side::of))
    }

    fn at(&self, row: usize) -> bool {
        self.0
            .as_ref()
            .is_some_and(|side| side.get(row) == Some(true))
    }
}

/// The types of the arguments: `first`, and a condition last.
fn takes(call: &Binding<'_>, first: &[Type]) -> Vec<Type> {
    let mut takes = first.to_vec();
    takes.truncate(call.args.len());
    takes.resize(call.args.len(), Type::Bool);
    takes
}

fn missing(call: &Binding<'_>) -> KqlError {
    KqlError::semantic(call.span, format!("`{}()` needs an argument", call.name))
}
