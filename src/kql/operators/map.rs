//! Rows to rows one to one: every column of the output is an expression over the input. What `project`, `extend`, `project-away` and their relatives run as.

use std::sync::Arc;

use crate::kql::column::Column;
use crate::kql::error::KqlError;
use crate::kql::expr::{Expr, Kind};
use crate::kql::relation::{Batch, Operator, Relation, Run, drain};
use crate::kql::types::{Field, Schema};

/// `input` with the columns `columns`. The order of the rows stays, and the drawing with it.
pub fn map(input: Relation, columns: Vec<(Arc<str>, Expr)>) -> Relation {
    let schema = Schema::new(
        columns
            .iter()
            .map(|(name, expr)| Field::new(Arc::clone(name), expr.ty))
            .collect(),
    );
    let exprs: Vec<Expr> = columns.into_iter().map(|(_, expr)| expr).collect();
    let whole = exprs.iter().any(|expr| expr.window);
    let width = input.schema.fields.len();
    let rows = if whole {
        gathered(input.schema, input.rows)
    } else {
        input.rows
    };
    Relation {
        schema,
        rows: Box::new(Map {
            wanted: vec![true; exprs.len()],
            input: rows,
            width,
            exprs,
        }),
        serialized: input.serialized,
        render: input.render,
    }
}

struct Map {
    input: Box<dyn Operator>,
    width: usize,
    exprs: Vec<Expr>,
    wanted: Vec<bool>,
}

impl Operator for Map {
    fn next(&mut self, run: &Run<'_>) -> Result<Option<Batch>, KqlError> {
        let Some(batch) = self.input.next(run)? else {
            return Ok(None);
        };
        run.check()?;
        let columns = self
            .exprs
            .iter()
            .zip(&self.wanted)
            .map(|(expr, wanted)| {
                if *wanted {
                    expr.eval(&batch).into_column(expr.ty, batch.rows)
                } else {
                    Arc::new(Column::Absent(expr.ty, batch.rows))
                }
            })
            .collect();
        Ok(Some(Batch {
            columns,
            rows: batch.rows,
        }))
    }

    fn prune(&mut self, wanted: &[bool]) {
        for (mine, asked) in self.wanted.iter_mut().zip(wanted) {
            *mine &= *asked;
        }
        let mut needed = vec![false; self.width];
        for (expr, _) in self
            .exprs
            .iter()
            .zip(&self.wanted)
            .filter(|(_, wanted)| **wanted)
        {
            expr.mark(&mut needed);
        }
        self.input.prune(&needed);
    }
}

/// The columns of `input` as they are, to be changed one by one.
pub fn columns(input: &Relation) -> Vec<(Arc<str>, Expr)> {
    input
        .schema
        .fields
        .iter()
        .enumerate()
        .map(|(index, field)| {
            (
                Arc::clone(&field.name),
                Expr::column(field.ty, index, crate::kql::Span::default()),
            )
        })
        .collect()
}

/// Whether `expr` is a column of the input, and which.
pub fn as_column(expr: &Expr) -> Option<usize> {
    match expr.kind {
        Kind::Column(index) => Some(index),
        _ => None,
    }
}

/// All rows of `rows` as one batch: what window functions need.
pub fn gathered(schema: Schema, rows: Box<dyn Operator>) -> Box<dyn Operator> {
    Box::new(Gathered {
        schema,
        rows: Some(rows),
    })
}

struct Gathered {
    schema: Schema,
    rows: Option<Box<dyn Operator>>,
}

impl Operator for Gathered {
    fn next(&mut self, run: &Run<'_>) -> Result<Option<Batch>, KqlError> {
        let Some(mut rows) = self.rows.take() else {
            return Ok(None);
        };
        let batches = drain(rows.as_mut(), run)?;
        if batches.is_empty() {
            return Ok(None);
        }
        Ok(Some(Batch::concat(&self.schema, &batches)))
    }

    fn prune(&mut self, wanted: &[bool]) {
        if let Some(rows) = &mut self.rows {
            rows.prune(wanted);
        }
    }
}
