//! `and`, `or`, `not` with three values: what a null cannot change is not null.

use super::{Side, map1};
use crate::kql::column::{Column, Values};
use crate::kql::expr::Vector;
use crate::kql::types::Type;
use crate::kql::value::Value;

/// `and` (or `or`) of two conditions: false (true) decides alone, else a null makes it null.
pub fn combine(and: bool, args: &[Vector], rows: usize) -> Vector {
    let [left, right] = args else {
        return Vector::Constant(Value::Null);
    };
    let decides = !and;
    match (Side::<bool>::of(left), Side::<bool>::of(right)) {
        (Side::One(Some(one)), _) | (_, Side::One(Some(one))) if one == decides => {
            Vector::Constant(Value::Bool(decides))
        }
        (Side::One(Some(_)), _) => right.clone(),
        (_, Side::One(Some(_))) => left.clone(),
        (Side::One(None), Side::One(None)) => Vector::Constant(Value::Null),
        (Side::Many(a), Side::Many(b)) if a.valid.is_none() && b.valid.is_none() => {
            let pairs = a.data.iter().zip(&b.data);
            let data = if and {
                pairs.map(|(a, b)| *a && *b).collect()
            } else {
                pairs.map(|(a, b)| *a || *b).collect()
            };
            Vector::Column(Column::Bool(Values::full(data)).into())
        }
        (left, right) => {
            let values: Values<bool> = (0..rows)
                .map(|row| match (left.get(row), right.get(row)) {
                    (Some(cell), _) | (_, Some(cell)) if cell == decides => Some(decides),
                    (Some(_), Some(_)) => Some(!decides),
                    _ => None,
                })
                .collect();
            Vector::Column(Column::Bool(values).into())
        }
    }
}

/// The other of true and false; null stays null.
pub fn not(args: &[Vector], _: usize) -> Vector {
    match args {
        [arg] => map1(Type::Bool, arg, |cell: bool| Some(!cell)),
        _ => Vector::Constant(Value::Null),
    }
}
