//! Values of one type as another: numbers in a loop, texts once for each of the pool, the rest one by one.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::map1;
use crate::kql::column::{Column, ColumnBuilder, PoolBuilder, Strings, Values};
use crate::kql::dynamic::Dynamic;
use crate::kql::expr::Vector;
use crate::kql::types::Type;
use crate::kql::value::convert::convert;
use crate::kql::value::text::to_text;
use crate::kql::value::{Value, literal};

/// `arg` as `ty`; null where a value does not convert.
pub fn cast(arg: &Vector, ty: Type, rows: usize) -> Vector {
    let column = match arg {
        Vector::Constant(value) => return Vector::Constant(one(value, ty)),
        Vector::Column(column) => column,
    };
    match (&**column, ty) {
        (column, ty) if column.ty() == ty => arg.clone(),
        (Column::Int(_), Type::Long) => map1(ty, arg, |cell: i32| Some(i64::from(cell))),
        (Column::Int(_), Type::Real) => map1(ty, arg, |cell: i32| Some(f64::from(cell))),
        (Column::Long(_), Type::Real) => map1(ty, arg, |cell: i64| Some(cell as f64)),
        (Column::Int(_), Type::Decimal) => map1(ty, arg, |cell: i32| Some(Decimal::from(cell))),
        (Column::Long(_), Type::Decimal) => map1(ty, arg, |cell: i64| Some(Decimal::from(cell))),
        (Column::Bool(_), Type::Long) => map1(ty, arg, |cell: bool| Some(i64::from(cell))),
        (Column::Bool(_), Type::Int) => map1(ty, arg, |cell: bool| Some(i32::from(cell))),
        (Column::Absent(_, rows), ty) => Vector::Column(Arc::new(Column::Absent(ty, *rows))),
        (Column::String(strings), ty) => from_texts(strings, ty),
        (column, Type::String) => to_texts(column),
        (column, ty) => {
            let mut builder = ColumnBuilder::new(ty, rows);
            for row in 0..column.len() {
                builder.push(one(&column.value(row), ty));
            }
            Vector::Column(Arc::new(builder.finish()))
        }
    }
}

/// One value as `ty`.
pub fn one(value: &Value, ty: Type) -> Value {
    match value {
        Value::Null => Value::missing(ty),
        value => convert(value, ty),
    }
}

/// Texts as `ty`: each text of the pool is read once.
fn from_texts(strings: &Strings, ty: Type) -> Vector {
    Vector::Column(Arc::new(match ty {
        Type::Bool => Column::Bool(read(strings, literal::boolean)),
        Type::Int => Column::Int(read(strings, literal::int)),
        Type::Long => Column::Long(read(strings, literal::long)),
        Type::Real => Column::Real(read(strings, literal::real)),
        Type::Decimal => Column::Decimal(read(strings, literal::decimal)),
        Type::DateTime => Column::DateTime(read(strings, literal::datetime)),
        Type::Timespan => Column::Timespan(read(strings, literal::timespan_text)),
        Type::Guid => Column::Guid(read(strings, literal::guid)),
        Type::String => Column::String(strings.clone()),
        Type::Dynamic => Column::Dynamic(strings.map(|text| Dynamic::String(text.into()))),
    }))
}

fn read<T: Copy + Default>(strings: &Strings, f: fn(&str) -> Option<T>) -> Values<T> {
    strings.map(f).into_iter().collect()
}

/// Any values as texts.
fn to_texts(column: &Column) -> Vector {
    let mut pool = PoolBuilder::default();
    let codes = match column {
        // A text in a dynamic value is the most common of all, and is there already.
        Column::Dynamic(values) => values
            .iter()
            .map(|value| match value {
                Dynamic::Null => 0,
                Dynamic::String(text) => pool.push(text).unwrap_or(0),
                other => pool
                    .push(&to_text(&Value::Dynamic(other.clone())))
                    .unwrap_or(0),
            })
            .collect(),
        column => (0..column.len())
            .map(|row| pool.push(&to_text(&column.value(row))).unwrap_or(0))
            .collect(),
    };
    Vector::Column(Arc::new(Column::String(Strings {
        pool: pool.finish(),
        codes,
    })))
}
