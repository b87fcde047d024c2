//! `datatable`.

use std::sync::Arc;

use crate::kql::binder::Binder;
use crate::kql::column::ColumnBuilder;
use crate::kql::error::{KqlError, Span};
use crate::kql::kernels::cast;
use crate::kql::relation::{Batch, Relation};
use crate::kql::syntax::{ColumnDeclaration, Expr};
use crate::kql::types::{Field, Schema};

use super::print::Once;

/// Binds the operator.
///
/// # Errors
/// What does not fit.
pub fn bind(
    binder: &mut Binder<'_>,
    span: Span,
    columns: &[ColumnDeclaration],
    values: &[Expr],
) -> Result<Relation, KqlError> {
    let mut schema = Schema::default();
    for column in columns {
        if schema.index(&column.name.text).is_some() {
            return Err(KqlError::semantic(
                column.name.span,
                format!("the column `{}` is there twice", column.name.text),
            ));
        }
        schema
            .fields
            .push(Field::new(column.name.text.as_str(), column.ty));
    }
    if columns.is_empty() || !values.len().is_multiple_of(columns.len()) {
        return Err(KqlError::semantic(
            span,
            format!(
                "the table has {} columns, and {} values do not fill whole rows",
                columns.len(),
                values.len()
            ),
        ));
    }
    let rows = values.len() / columns.len();
    let mut builders: Vec<ColumnBuilder> = columns
        .iter()
        .map(|column| ColumnBuilder::new(column.ty, rows))
        .collect();
    for row in values.chunks(columns.len()) {
        for ((builder, column), value) in builders.iter_mut().zip(columns).zip(row) {
            let (_, value) = binder.constant(value)?;
            builder.push(cast::one(&value, column.ty));
        }
    }
    binder.run.check()?;
    let batch = Batch {
        columns: builders
            .into_iter()
            .map(|builder| Arc::new(builder.finish()))
            .collect(),
        rows,
    };
    Ok(Relation::new(schema, Box::new(Once(Some(batch)))))
}
