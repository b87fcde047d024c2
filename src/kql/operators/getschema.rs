//! `getschema`.

use std::sync::Arc;

use crate::kql::column::ColumnBuilder;
use crate::kql::relation::{Batch, Relation};
use crate::kql::types::{Field, Schema, Type};
use crate::kql::value::Value;

use super::print::Once;

/// Binds the operator: one row for each column of the table, which is not read.
pub fn bind(input: &Relation) -> Relation {
    let rows = input.schema.fields.len();
    let schema = Schema::new(vec![
        Field::new("ColumnName", Type::String),
        Field::new("ColumnOrdinal", Type::Long),
        Field::new("DataType", Type::String),
        Field::new("ColumnType", Type::String),
    ]);
    let mut builders: Vec<ColumnBuilder> = schema
        .fields
        .iter()
        .map(|field| ColumnBuilder::new(field.ty, rows))
        .collect();
    for (ordinal, field) in (0..).zip(&input.schema.fields) {
        let cells = [
            Value::String(Arc::clone(&field.name)),
            Value::Long(ordinal),
            Value::String(platform_name(field.ty).into()),
            Value::String(field.ty.name().into()),
        ];
        for (builder, cell) in builders.iter_mut().zip(cells) {
            builder.push(cell);
        }
    }
    let batch = Batch {
        columns: builders
            .into_iter()
            .map(|builder| Arc::new(builder.finish()))
            .collect(),
        rows,
    };
    Relation {
        serialized: true,
        ..Relation::new(schema, Box::new(Once(Some(batch))))
    }
}

/// What Kusto's own platform calls a type.
fn platform_name(ty: Type) -> &'static str {
    match ty {
        Type::Bool => "System.SByte",
        Type::Int => "System.Int32",
        Type::Long => "System.Int64",
        Type::Real => "System.Double",
        Type::Decimal => "System.Data.SqlTypes.SqlDecimal",
        Type::String => "System.String",
        Type::DateTime => "System.DateTime",
        Type::Timespan => "System.TimeSpan",
        Type::Guid => "System.Guid",
        Type::Dynamic => "System.Object",
    }
}
