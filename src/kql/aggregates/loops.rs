//! Loops over the values of a column and their groups, and cells of fixed width.

use rust_decimal::Decimal;
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

/// A cell of fixed width.
pub trait Cell: Copy + Default + Send + 'static {
    /// The values of a column of this kind.
    fn values(column: &Column) -> Option<&Values<Self>>;

    /// A column of the type `ty`, which is of this kind.
    fn column(ty: Type, values: Values<Self>) -> Column;

    /// Whether it takes the place of `best` as the largest value.
    fn above(self, best: Self) -> bool;

    /// Whether it takes the place of `best` as the least value.
    fn below(self, best: Self) -> bool;
}

macro_rules! cell {
    ($cell:ty, $($kind:ident)|+, $column:expr) => {
        impl Cell for $cell {
            fn values(column: &Column) -> Option<&Values<Self>> {
                match column {
                    $(Column::$kind(values))|+ => Some(values),
                    _ => None,
                }
            }

            fn column(ty: Type, values: Values<Self>) -> Column {
                $column(ty, values)
            }

            fn above(self, best: Self) -> bool {
                self > best
            }

            fn below(self, best: Self) -> bool {
                self < best
            }
        }
    };
}

cell!(bool, Bool, |_, values| Column::Bool(values));
cell!(i32, Int, |_, values| Column::Int(values));
cell!(i64, Long | DateTime | Timespan, long_column);
cell!(Decimal, Decimal, |_, values| Column::Decimal(values));
cell!(u128, Guid, |_, values| Column::Guid(values));

impl Cell for f64 {
    fn values(column: &Column) -> Option<&Values<Self>> {
        match column {
            Column::Real(values) => Some(values),
            _ => None,
        }
    }

    fn column(_: Type, values: Values<Self>) -> Column {
        Column::Real(values)
    }

    // NaN wins both ways and stays: the largest and the least value of rows with a NaN are NaN.
    fn above(self, best: Self) -> bool {
        self > best || (self.is_nan() && !best.is_nan())
    }

    fn below(self, best: Self) -> bool {
        self < best || (self.is_nan() && !best.is_nan())
    }
}

/// The place of `group`, made if it is not there.
pub fn slot<T: Clone + Default>(values: &mut Vec<T>, count: usize) {
    if values.len() < count {
        values.resize(count, T::default());
    }
}
