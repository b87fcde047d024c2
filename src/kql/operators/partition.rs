//! `partition`: a subquery over the rows of each key.
//!
//! The subquery may be anything, so it is bound and run for one key after the other while the query is bound.

use crate::kql::binder::Binder;
use crate::kql::catalog::{Rows, Table};
use crate::kql::column::NO_ROW;
use crate::kql::error::{KqlError, Span};
use crate::kql::expr::Expr as Bound;
use crate::kql::grouping::Grouping;
use crate::kql::relation::{Batch, Relation, drain};
use crate::kql::syntax::{Expr, ExprKind, Name, Operator};
use crate::kql::types::{Schema, Type};

use super::aggregation::{columns, groupable};

/// Binds the operator.
///
/// # Errors
/// What does not fit.
pub fn bind(
    binder: &mut Binder<'_>,
    mut input: Relation,
    span: Span,
    by: &Name,
    body: &Expr,
) -> Result<Relation, KqlError> {
    let ExprKind::Pipe(_, operators) = &body.kind else {
        return Err(KqlError::unsupported(
            body.span.to(span),
            "expected operators in round brackets",
        ));
    };
    let index = Binder::column_index(&input.schema, &by.text, by.span)?;
    let ty = input
        .schema
        .fields
        .get(index)
        .map_or(Type::Dynamic, |field| field.ty);
    groupable(ty, by.span)?;
    let shape = binder
        .pipe(table(&input.schema, Vec::new()), operators)?
        .schema;
    let mut results = Vec::new();
    if !binder.checks {
        input.rows.prune(&vec![true; input.schema.fields.len()]);
        let batches = drain(input.rows.as_mut(), binder.run)?;
        let rows = Batch::concat(&input.schema, &batches);
        drop(batches);
        for part in parts(&rows, &Bound::column(ty, index, by.span)) {
            binder.run.check()?;
            let part = rows.gather(&part);
            results.extend(run(binder, table(&input.schema, vec![part]), operators)?);
        }
    }
    Ok(table(&shape, results))
}

fn run(
    binder: &mut Binder<'_>,
    input: Relation,
    operators: &[Operator],
) -> Result<Vec<Batch>, KqlError> {
    let mut relation = binder.pipe_again(input, operators)?;
    relation
        .rows
        .prune(&vec![true; relation.schema.fields.len()]);
    drain(relation.rows.as_mut(), binder.run)
}

/// The rows of each value of `key`, in the order in which the values are met.
fn parts(rows: &Batch, key: &Bound) -> Vec<Vec<u32>> {
    let mut grouping = Grouping::new(&[key.ty]);
    let mut groups = Vec::new();
    let keys = columns(std::slice::from_ref(key), rows);
    grouping.assign(&keys, rows.rows, &mut groups);
    let mut parts = vec![Vec::new(); grouping.len()];
    for (row, group) in (0..NO_ROW).zip(groups) {
        if let Some(part) = parts.get_mut(group as usize) {
            part.push(row);
        }
    }
    parts
}

fn table(schema: &Schema, batches: Vec<Batch>) -> Relation {
    let table = Rows {
        schema: schema.clone(),
        batches,
    };
    Relation::new(schema.clone(), table.scan(&vec![true; schema.fields.len()]))
}
