//! `where`.

use std::sync::Arc;

use crate::kql::binder::{Binder, Row};
use crate::kql::column::Column;
use crate::kql::error::{KqlError, Span};
use crate::kql::expr::{Expr, Vector};
use crate::kql::relation::{Batch, Operator, Relation, Run};
use crate::kql::syntax;
use crate::kql::value::Value;

use super::map::gathered;
use super::terms::without_stars;

/// Binds the operator.
///
/// # Errors
/// What does not fit.
pub fn bind(
    binder: &mut Binder<'_>,
    input: Relation,
    _: Span,
    predicate: &syntax::Expr,
) -> Result<Relation, KqlError> {
    let predicate = without_stars(predicate, &input.schema);
    let predicate = binder.condition(&predicate, Row::of(&input))?;
    Ok(filter(input, predicate))
}

/// The rows of `input` for which `predicate` is true.
pub fn filter(input: Relation, predicate: Expr) -> Relation {
    let rows = if predicate.window {
        gathered(input.schema.clone(), input.rows)
    } else {
        input.rows
    };
    Relation {
        rows: Box::new(Filter {
            wanted: vec![true; input.schema.fields.len()],
            input: rows,
            predicate,
        }),
        schema: input.schema,
        serialized: input.serialized,
        render: input.render,
    }
}

struct Filter {
    input: Box<dyn Operator>,
    predicate: Expr,
    /// The columns that go on; the others need not be copied.
    wanted: Vec<bool>,
}

impl Operator for Filter {
    fn next(&mut self, run: &Run<'_>) -> Result<Option<Batch>, KqlError> {
        while let Some(mut batch) = self.input.next(run)? {
            run.check()?;
            let rows = match self.predicate.eval(&batch) {
                Vector::Constant(Value::Bool(true)) => return Ok(Some(batch)),
                Vector::Constant(_) => continue,
                Vector::Column(column) => passing(&column),
            };
            if rows.len() == batch.rows {
                return Ok(Some(batch));
            }
            if rows.is_empty() {
                continue;
            }
            for (column, wanted) in batch.columns.iter_mut().zip(&self.wanted) {
                if !wanted {
                    *column = Arc::new(Column::Absent(column.ty(), batch.rows));
                }
            }
            return Ok(Some(batch.gather(&rows)));
        }
        Ok(None)
    }

    fn prune(&mut self, wanted: &[bool]) {
        for (mine, asked) in self.wanted.iter_mut().zip(wanted) {
            *mine &= *asked;
        }
        let mut needed = self.wanted.clone();
        self.predicate.mark(&mut needed);
        self.input.prune(&needed);
    }
}

/// The rows at which a condition is true.
fn passing(column: &Column) -> Vec<u32> {
    let Column::Bool(values) = column else {
        return Vec::new();
    };
    let mut rows = Vec::new();
    match &values.valid {
        None => {
            for (row, passes) in (0..).zip(&values.data) {
                if *passes {
                    rows.push(row);
                }
            }
        }
        Some(valid) => {
            for (row, (passes, valid)) in (0..).zip(values.data.iter().zip(valid)) {
                if *passes && *valid {
                    rows.push(row);
                }
            }
        }
    }
    rows
}
