//! `mv-apply`: a subquery over the items of each record's list.
//!
//! The subquery may be anything, so it is bound and run for one record after the other while the query is bound.

use std::sync::Arc;

use super::mv_expand::Plan;
use crate::kql::binder::Binder;
use crate::kql::catalog::{Rows, Table};
use crate::kql::column::Column;
use crate::kql::error::{KqlError, Span};
use crate::kql::relation::{BATCH_ROWS, Batch, Relation, drain};
use crate::kql::syntax::{Expr, Named, Operator, OperatorOption};
use crate::kql::types::{Schema, Type};

/// Binds the operator.
///
/// # Errors
/// What does not fit.
pub fn bind(
    binder: &mut Binder<'_>,
    mut input: Relation,
    span: Span,
    options: &[OperatorOption],
    columns: &[(Named, Option<Type>)],
    limit: Option<&Expr>,
    body: &[Operator],
) -> Result<Relation, KqlError> {
    let plan = Plan::new(binder, &input, span, options, columns, limit)?;
    let nothing = binder.pipe(table(&plan.schema, Vec::new()), body)?;
    let shape = Shape::new(&input.schema, &plan, &nothing.schema);

    if binder.checks {
        return Ok(table(&shape.schema, Vec::new()));
    }
    input.rows.prune(&vec![true; input.schema.fields.len()]);
    let batches = drain(input.rows.as_mut(), binder.run)?;
    let mut results = Vec::new();
    let mut parts: Vec<Batch> = Vec::new();
    let (mut waiting, mut rows) = (0, 0);
    for batch in &batches {
        let lists = plan.lists(batch);
        for row in 0..batch.rows {
            binder.run.check()?;
            let (expanded, _) = plan.expand(batch, &lists, row, row + 1);
            // As for mv-expand: of an empty list nothing is left, whatever the subquery would make of no rows.
            if expanded.rows == 0 {
                continue;
            }
            let mut body = binder.pipe_again(table(&plan.schema, vec![expanded]), body)?;
            body.rows.prune(&vec![true; body.schema.fields.len()]);
            while let Some(part) = body.rows.next(binder.run)? {
                waiting += part.rows;
                rows += part.rows;
                binder.run.hold_rows(rows)?;
                parts.push(shape.assemble(batch, row, &part));
            }
            if waiting >= BATCH_ROWS {
                let result = Batch::concat(&shape.schema, &parts);
                binder.run.hold(result.bytes())?;
                results.push(result);
                parts.clear();
                waiting = 0;
            }
        }
    }
    if waiting > 0 {
        results.push(Batch::concat(&shape.schema, &parts));
    }
    Ok(table(&shape.schema, results))
}

/// A table of rows that are there, in their order.
pub(super) fn table(schema: &Schema, batches: Vec<Batch>) -> Relation {
    let table = Rows {
        schema: schema.clone(),
        batches,
    };
    let mut relation = Relation::new(schema.clone(), table.scan(&vec![true; schema.fields.len()]));
    relation.serialized = true;
    relation
}

/// Where the columns of the result come from: the record, or its subquery.
struct Shape {
    schema: Schema,
    sources: Vec<Source>,
}

#[derive(Clone, Copy)]
enum Source {
    /// A column of the record.
    Record(usize),
    /// A column of what the subquery gives.
    Body(usize),
}

impl Shape {
    /// The record's columns that are not expanded, then what the subquery gives; a column of that takes the place of one with its name.
    fn new(record: &Schema, plan: &Plan, body: &Schema) -> Self {
        let mut schema = Schema::default();
        let mut sources = Vec::new();
        for (index, field) in record.fields.iter().enumerate() {
            if !plan.replaces(index) {
                schema.fields.push(field.clone());
                sources.push(Source::Record(index));
            }
        }
        for (index, field) in body.fields.iter().enumerate() {
            let place = schema.index(&field.name);
            let place =
                place.and_then(|at| Some((schema.fields.get_mut(at)?, sources.get_mut(at)?)));
            if let Some((replaced, source)) = place {
                *replaced = field.clone();
                *source = Source::Body(index);
            } else {
                schema.fields.push(field.clone());
                sources.push(Source::Body(index));
            }
        }
        Self { schema, sources }
    }

    fn assemble(&self, records: &Batch, record: usize, body: &Batch) -> Batch {
        let rows = vec![record as u32; body.rows];
        let columns = self
            .sources
            .iter()
            .zip(&self.schema.fields)
            .map(|(source, field)| {
                let column = match source {
                    Source::Record(index) => records
                        .columns
                        .get(*index)
                        .map(|column| Arc::new(column.gather(&rows))),
                    Source::Body(index) => body.columns.get(*index).cloned(),
                };
                column.unwrap_or_else(|| Arc::new(Column::Absent(field.ty, body.rows)))
            })
            .collect();
        Batch {
            columns,
            rows: body.rows,
        }
    }
}
