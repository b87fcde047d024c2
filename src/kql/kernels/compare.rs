//! `==`, `!=`, `<`, `<=`, `>`, `>=` over columns, with Kusto's nulls: `==` and `!=` know a null from a value, and nothing else compares with one.

use rust_decimal::Decimal;

use super::{Cell, Side, map2};
use crate::kql::column::{Column, Strings, Values};
use crate::kql::expr::Vector;
use crate::kql::syntax::BinaryOp;
use crate::kql::types::Type;
use crate::kql::value::Value;
use crate::kql::value::compare as values;

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Test {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
}

impl Test {
    /// The comparison that an operator is.
    pub fn of(op: BinaryOp) -> Option<Self> {
        Some(match op {
            BinaryOp::Equal => Self::Equal,
            BinaryOp::NotEqual => Self::NotEqual,
            BinaryOp::Less => Self::Less,
            BinaryOp::LessEqual => Self::LessEqual,
            BinaryOp::Greater => Self::Greater,
            BinaryOp::GreaterEqual => Self::GreaterEqual,
            _ => return None,
        })
    }

    /// Whether it is `==` or `!=`.
    pub fn is_equality(self) -> bool {
        matches!(self, Self::Equal | Self::NotEqual)
    }

    fn of_values(self, left: &Value, right: &Value) -> Option<bool> {
        use std::cmp::Ordering;
        if self.is_equality() {
            return match (left.is_null(), right.is_null()) {
                (true, true) => None,
                (true, false) | (false, true) => Some(self == Self::NotEqual),
                (false, false) => {
                    let equal = values::equal(left, right).unwrap_or(false);
                    Some(equal == (self == Self::Equal))
                }
            };
        }
        let order = values::order(left, right)?;
        Some(match self {
            Self::Less => order == Ordering::Less,
            Self::LessEqual => order != Ordering::Greater,
            Self::Greater => order == Ordering::Greater,
            _ => order != Ordering::Less,
        })
    }
}

/// `left test right` for two vectors of type `ty`.
pub fn compare(test: Test, ty: Type, args: &[Vector], rows: usize) -> Vector {
    let [left, right] = args else {
        return Vector::Constant(Value::Null);
    };
    match ty {
        Type::Bool => typed::<bool>(test, left, right, rows),
        Type::Int => typed::<i32>(test, left, right, rows),
        Type::Long | Type::DateTime | Type::Timespan => typed::<i64>(test, left, right, rows),
        Type::Real => typed::<f64>(test, left, right, rows),
        Type::Decimal => typed::<Decimal>(test, left, right, rows),
        Type::Guid => typed::<u128>(test, left, right, rows),
        Type::String => texts(test, left, right, rows),
        Type::Dynamic => one_by_one(test, left, right, rows),
    }
}

fn typed<T: Cell + PartialOrd>(test: Test, left: &Vector, right: &Vector, rows: usize) -> Vector {
    let ty = Type::Bool;
    let result = match test {
        Test::Equal => map2(ty, left, right, rows, |a: T, b: T| a == b),
        Test::NotEqual => map2(ty, left, right, rows, |a: T, b: T| a != b),
        Test::Less => map2(ty, left, right, rows, |a: T, b: T| a < b),
        Test::LessEqual => map2(ty, left, right, rows, |a: T, b: T| a <= b),
        Test::Greater => map2(ty, left, right, rows, |a: T, b: T| a > b),
        Test::GreaterEqual => map2(ty, left, right, rows, |a: T, b: T| a >= b),
    };
    if test.is_equality() {
        tell_nulls::<T>(test, left, right, rows, result)
    } else {
        result
    }
}

/// Makes `null == value` false and `null != value` true; only `null == null` is null.
fn tell_nulls<T: Cell>(
    test: Test,
    left: &Vector,
    right: &Vector,
    rows: usize,
    result: Vector,
) -> Vector {
    let (left, right) = (Side::<T>::of(left), Side::<T>::of(right));
    let with_null = test == Test::NotEqual;
    if let (Side::One(a), Side::One(b)) = (&left, &right) {
        return if a.is_some() == b.is_some() {
            result
        } else {
            Vector::Constant(Value::Bool(with_null))
        };
    }
    let left = left.valid(rows);
    let right = right.valid(rows);
    if left.is_none() && right.is_none() {
        return result;
    }
    let valid_at = |valid: &Option<Vec<bool>>, row: usize| {
        valid
            .as_ref()
            .is_none_or(|valid| valid.get(row).copied().unwrap_or(false))
    };
    let values: Values<bool> = (0..rows)
        .map(|row| match (valid_at(&left, row), valid_at(&right, row)) {
            (true, true) => match &result {
                Vector::Column(column) => bool::values(column).and_then(|values| values.get(row)),
                Vector::Constant(value) => bool::of(value),
            },
            (false, false) => None,
            _ => Some(with_null),
        })
        .collect();
    Vector::Column(Column::Bool(values).into())
}

fn texts(test: Test, left: &Vector, right: &Vector, rows: usize) -> Vector {
    let equal = test == Test::Equal;
    match (strings(left), strings(right)) {
        (Some(strings), None) => with_constant(strings, right, equal),
        (None, Some(strings)) => with_constant(strings, left, equal),
        (Some(a), Some(b)) => {
            let data = if std::sync::Arc::ptr_eq(&a.pool, &b.pool) && a.pool.is_distinct() {
                a.codes
                    .iter()
                    .zip(&b.codes)
                    .map(|(a, b)| (a == b) == equal)
                    .collect()
            } else {
                a.iter()
                    .zip(b.iter())
                    .map(|(a, b)| (a == b) == equal)
                    .collect()
            };
            Vector::Column(Column::Bool(Values::full(data)).into())
        }
        (None, None) => one_by_one(test, left, right, rows),
    }
}

fn with_constant(strings: &Strings, constant: &Vector, equal: bool) -> Vector {
    let wanted = constant.value(0);
    let wanted = wanted.as_str().unwrap_or_default();
    let data = strings.map(|text| (text == wanted) == equal);
    Vector::Column(Column::Bool(Values::full(data)).into())
}

fn strings(vector: &Vector) -> Option<&Strings> {
    match vector {
        Vector::Column(column) => match &**column {
            Column::String(strings) => Some(strings),
            _ => None,
        },
        Vector::Constant(_) => None,
    }
}

fn one_by_one(test: Test, left: &Vector, right: &Vector, rows: usize) -> Vector {
    if let (Vector::Constant(left), Vector::Constant(right)) = (left, right) {
        return Vector::Constant(test.of_values(left, right).map_or(Value::Null, Value::Bool));
    }
    let values: Values<bool> = (0..rows)
        .map(|row| test.of_values(&left.value(row), &right.value(row)))
        .collect();
    Vector::Column(Column::Bool(values).into())
}
