//! Values of one type as another: numbers in a loop, texts once for each of the pool, the rest one by one.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::map1;
use crate::kql::column::{Column, ColumnBuilder, Strings};
use crate::kql::expr::Vector;
use crate::kql::types::Type;
use crate::kql::value::Value;
use crate::kql::value::convert::convert;

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

fn from_texts(strings: &Strings, ty: Type) -> Vector {
    let mut builder = ColumnBuilder::new(ty, strings.codes.len());
    for value in strings.map(|text| convert(&Value::String(text.into()), ty)) {
        builder.push(value);
    }
    Vector::Column(Arc::new(builder.finish()))
}
