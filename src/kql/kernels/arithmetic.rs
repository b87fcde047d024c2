//! `+`, `-`, `*`, `/`, `%` over columns: which types go together, what they give, and the loops.

use rust_decimal::Decimal;

use super::{Side, map1, map2, try_map2};
use crate::kql::expr::Vector;
use crate::kql::syntax::BinaryOp;
use crate::kql::types::Type;
use crate::kql::value::{MAX_DATETIME, Value};

use super::cast;

/// The types an operator takes and the one it gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// What the left side is converted to.
    pub left: Type,
    /// What the right side is converted to.
    pub right: Type,
    /// What it gives.
    pub result: Type,
}

/// The narrowest of long, real and decimal that holds both; none where one is no number. Whole numbers are worked with in 64 bits.
pub fn widest(left: Type, right: Type) -> Option<Type> {
    if !left.is_number() || !right.is_number() {
        return None;
    }
    Some(if left == Type::Decimal || right == Type::Decimal {
        Type::Decimal
    } else if left == Type::Real || right == Type::Real {
        Type::Real
    } else {
        Type::Long
    })
}

/// How `left op right` is worked out; none where the two do not go together.
pub fn shape(op: BinaryOp, left: Type, right: Type) -> Option<Shape> {
    use BinaryOp::{Add, Divide, Modulo, Multiply, Subtract};
    use Type::{DateTime, Dynamic, Long, Real, Timespan};
    let of = |left, right, result| {
        Some(Shape {
            left,
            right,
            result,
        })
    };
    match (left, right) {
        (Dynamic, Dynamic) => of(Dynamic, Dynamic, Dynamic),
        (Dynamic, other) => {
            let other = if other == Type::Int { Long } else { other };
            let mut shape = shape(op, other, other)?;
            shape.left = other;
            Some(shape)
        }
        (other, Dynamic) => {
            let other = if other == Type::Int { Long } else { other };
            shape(op, other, other)
        }
        (DateTime, DateTime) => match op {
            Subtract => of(DateTime, DateTime, Timespan),
            Divide => of(DateTime, DateTime, Real),
            _ => None,
        },
        (DateTime, Timespan) => match op {
            Add | Subtract => of(DateTime, Timespan, DateTime),
            Modulo => of(DateTime, Timespan, Timespan),
            Divide => of(DateTime, Timespan, Real),
            _ => None,
        },
        (Timespan, DateTime) if op == Add => of(Timespan, DateTime, DateTime),
        (Timespan, Timespan) => match op {
            Add | Subtract | Modulo => of(Timespan, Timespan, Timespan),
            Divide => of(Timespan, Timespan, Real),
            _ => None,
        },
        (Timespan, number) if number.is_number() && matches!(op, Multiply | Divide) => {
            of(Timespan, factor(number), Timespan)
        }
        (number, Timespan) if number.is_number() && op == Multiply => {
            of(factor(number), Timespan, Timespan)
        }
        (left, right) => {
            let ty = widest(left, right)?;
            of(ty, ty, ty)
        }
    }
}

/// What a timespan is multiplied by.
fn factor(number: Type) -> Type {
    if number == Type::Int || number == Type::Long {
        Type::Long
    } else {
        Type::Real
    }
}

/// `left op right` for vectors of the types of `shape`.
pub fn apply(op: BinaryOp, shape: Shape, args: &[Vector], rows: usize) -> Vector {
    let [left, right] = args else {
        return Vector::Constant(Value::Null);
    };
    let ty = shape.result;
    match (shape.left, shape.right) {
        (Type::Dynamic, _) | (_, Type::Dynamic) => dynamics(op, left, right, rows),
        (Type::Long, Type::Long) => longs(op, left, right, rows),
        (Type::Real, Type::Real) => map2(ty, left, right, rows, reals(op)),
        (Type::Decimal, Type::Decimal) => {
            try_map2(ty, left, right, rows, move |a, b| decimals(op, a, b))
        }
        (Type::Timespan, Type::Real) => {
            let divide = op == BinaryOp::Divide;
            try_map2(ty, left, right, rows, move |span: i64, by: f64| {
                ticks(if divide {
                    span as f64 / by
                } else {
                    span as f64 * by
                })
            })
        }
        (Type::Real, Type::Timespan) => try_map2(ty, left, right, rows, |by: f64, span: i64| {
            ticks(span as f64 * by)
        }),
        (Type::DateTime | Type::Timespan, Type::DateTime | Type::Timespan) if ty == Type::Real => {
            try_map2(ty, left, right, rows, |a: i64, b: i64| {
                Some(a as f64 / b as f64)
            })
        }
        _ => times(op, ty, left, right, rows),
    }
}

fn longs(op: BinaryOp, left: &Vector, right: &Vector, rows: usize) -> Vector {
    let ty = Type::Long;
    match op {
        BinaryOp::Add => map2(ty, left, right, rows, i64::wrapping_add),
        BinaryOp::Subtract => map2(ty, left, right, rows, i64::wrapping_sub),
        BinaryOp::Multiply => map2(ty, left, right, rows, i64::wrapping_mul),
        BinaryOp::Divide => match Side::<i64>::of(right) {
            Side::One(Some(by)) if by != 0 => {
                map1(ty, left, move |a: i64| Some(a.wrapping_div(by)))
            }
            _ => try_map2(ty, left, right, rows, |a: i64, b: i64| {
                (b != 0).then(|| a.wrapping_div(b))
            }),
        },
        _ => match Side::<i64>::of(right) {
            Side::One(Some(by)) if by != 0 => {
                map1(ty, left, move |a: i64| Some(a.wrapping_rem_euclid(by)))
            }
            _ => try_map2(ty, left, right, rows, |a: i64, b: i64| {
                (b != 0).then(|| a.wrapping_rem_euclid(b))
            }),
        },
    }
}

fn reals(op: BinaryOp) -> fn(f64, f64) -> f64 {
    match op {
        BinaryOp::Add => |a, b| a + b,
        BinaryOp::Subtract => |a, b| a - b,
        BinaryOp::Multiply => |a, b| a * b,
        BinaryOp::Divide => |a, b| a / b,
        _ => |a, b| a.rem_euclid(b),
    }
}

fn decimals(op: BinaryOp, left: Decimal, right: Decimal) -> Option<Decimal> {
    match op {
        BinaryOp::Add => left.checked_add(right),
        BinaryOp::Subtract => left.checked_sub(right),
        BinaryOp::Multiply => left.checked_mul(right),
        BinaryOp::Divide => left.checked_div(right),
        _ => {
            let rest = left.checked_rem(right)?;
            if rest.is_sign_negative() && !rest.is_zero() {
                rest.checked_add(right.abs())
            } else {
                Some(rest)
            }
        }
    }
}

/// Ticks of a span worked out as a double; null where it is none.
fn ticks(span: f64) -> Option<i64> {
    (span.is_finite() && span.abs() < i64::MAX as f64).then_some(span as i64)
}

/// Datetimes and timespans among each other: whole ticks, null where the result is out of range.
fn times(op: BinaryOp, ty: Type, left: &Vector, right: &Vector, rows: usize) -> Vector {
    let within = move |ticks: i64| ty != Type::DateTime || (0..=MAX_DATETIME).contains(&ticks);
    try_map2(ty, left, right, rows, move |a: i64, b: i64| {
        match op {
            BinaryOp::Add => a.checked_add(b),
            BinaryOp::Subtract => a.checked_sub(b),
            BinaryOp::Multiply => a.checked_mul(b),
            BinaryOp::Divide => a.checked_div(b),
            _ => a.checked_rem_euclid(b),
        }
        .filter(|ticks| within(*ticks))
    })
}

/// Two dynamic values: as the numbers or times that they hold.
fn dynamics(op: BinaryOp, left: &Vector, right: &Vector, rows: usize) -> Vector {
    let one = |left: &Value, right: &Value| -> Value {
        let (left, right) = (plain(left), plain(right));
        let Some(shape) = type_of(&left)
            .zip(type_of(&right))
            .and_then(|(left, right)| shape(op, left, right))
        else {
            return Value::Null;
        };
        let args = [
            Vector::Constant(cast::one(&left, shape.left)),
            Vector::Constant(cast::one(&right, shape.right)),
        ];
        cast::one(&apply(op, shape, &args, 1).value(0), Type::Dynamic)
    };
    if let (Vector::Constant(left), Vector::Constant(right)) = (left, right) {
        return Vector::Constant(one(left, right));
    }
    let mut builder = crate::kql::column::ColumnBuilder::new(Type::Dynamic, rows);
    for row in 0..rows {
        builder.push(one(&left.value(row), &right.value(row)));
    }
    Vector::Column(builder.finish().into())
}

/// A dynamic number or time as the value it is.
fn plain(value: &Value) -> Value {
    match value {
        Value::Dynamic(value) => value.scalar().unwrap_or(Value::Null),
        value => value.clone(),
    }
}

fn type_of(value: &Value) -> Option<Type> {
    Some(match value {
        Value::Int(_) | Value::Long(_) => Type::Long,
        Value::Real(_) => Type::Real,
        Value::Decimal(_) => Type::Decimal,
        Value::DateTime(_) => Type::DateTime,
        Value::Timespan(_) => Type::Timespan,
        _ => return None,
    })
}

/// `-x`.
pub fn negate(args: &[Vector], rows: usize) -> Vector {
    let [arg] = args else {
        return Vector::Constant(Value::Null);
    };
    let probe = match arg {
        Vector::Constant(value) => match value {
            Value::Int(_) => Type::Int,
            Value::Timespan(_) => Type::Timespan,
            Value::Dynamic(_) => Type::Dynamic,
            value => match type_of(value) {
                Some(ty) => ty,
                None => return Vector::Constant(Value::Null),
            },
        },
        Vector::Column(column) => column.ty(),
    };
    match probe {
        Type::Int => map1(probe, arg, |cell: i32| Some(cell.wrapping_neg())),
        Type::Long | Type::Timespan => map1(probe, arg, |cell: i64| Some(cell.wrapping_neg())),
        Type::Real => map1(probe, arg, |cell: f64| Some(-cell)),
        Type::Decimal => map1(probe, arg, |cell: Decimal| Some(-cell)),
        _ => dynamics(
            BinaryOp::Multiply,
            arg,
            &Vector::Constant(Value::Long(-1)),
            rows,
        ),
    }
}
