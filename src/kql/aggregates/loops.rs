//! Loops over the values of a column and their groups.

use rust_decimal::prelude::ToPrimitive;

use crate::kql::column::{Column, Values};
use crate::kql::types::Type;

/// `f(group, value)` for every value that is not null.
pub fn each<T: Copy>(groups: &[u32], values: &Values<T>, mut f: impl FnMut(usize, T)) {
    match &values.valid {
        None => {
            for (group, value) in groups.iter().zip(&values.data) {
                f(*group as usize, *value);
            }
        }
        Some(valid) => {
            for ((group, value), valid) in groups.iter().zip(&values.data).zip(valid) {
                if *valid {
                    f(*group as usize, *value);
                }
            }
        }
    }
}

/// `f(group, value)` for every value of an int, long, datetime or timespan column.
pub fn each_long(groups: &[u32], column: &Column, mut f: impl FnMut(usize, i64)) {
    match column {
        Column::Int(values) => each(groups, values, |group, value| f(group, i64::from(value))),
        Column::Long(values) | Column::DateTime(values) | Column::Timespan(values) => {
            each(groups, values, f);
        }
        _ => {}
    }
}

/// `f(group, value)` for every value of a column of numbers, as a double.
pub fn each_real(groups: &[u32], column: &Column, mut f: impl FnMut(usize, f64)) {
    match column {
        Column::Int(values) => each(groups, values, |group, value| f(group, f64::from(value))),
        Column::Long(values) | Column::DateTime(values) | Column::Timespan(values) => {
            each(groups, values, |group, value| f(group, value as f64));
        }
        Column::Real(values) => each(groups, values, f),
        Column::Decimal(values) => each(groups, values, |group, value| {
            if let Some(value) = value.to_f64() {
                f(group, value);
            }
        }),
        _ => {}
    }
}

/// Columns of whole numbers of 64 bits by type: long, datetime, timespan.
pub fn long_column(ty: Type, values: Values<i64>) -> Column {
    match ty {
        Type::DateTime => Column::DateTime(values),
        Type::Timespan => Column::Timespan(values),
        _ => Column::Long(values),
    }
}

/// Makes room for `count` groups; those that are new begin empty.
pub fn slot<T: Clone + Default>(values: &mut Vec<T>, count: usize) {
    if values.len() < count {
        values.resize(count, T::default());
    }
}
