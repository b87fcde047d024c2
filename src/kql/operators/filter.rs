//! `where`.

use std::sync::Arc;

use crate::kql::binder::{Binder, Row};
use crate::kql::column::Column;
use crate::kql::error::{KqlError, Span};
use crate::kql::expr::{Expr, Vector};
use crate::kql::relation::{Batch, Operator, Relation, Run};
use crate::kql::syntax::{self, BinaryOp, ExprKind};
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
    let mut conditions = Vec::new();
    let mut rest = vec![&*predicate];
    while let Some(expr) = rest.pop() {
        match &expr.kind {
            ExprKind::Binary(BinaryOp::And, left, right) => rest.extend([&**right, &**left]),
            _ => conditions.push(binder.condition(expr, Row::of(&input))?),
        }
    }
    Ok(filter(input, conditions))
}

/// The rows of `input` for which every one of `conditions` is true.
pub fn filter(input: Relation, conditions: Vec<Expr>) -> Relation {
    let rows = if conditions.iter().any(|condition| condition.window) {
        gathered(input.schema.clone(), input.rows)
    } else {
        input.rows
    };
    Relation {
        rows: Box::new(Filter {
            wanted: vec![true; input.schema.fields.len()],
            input: rows,
            conditions,
        }),
        schema: input.schema,
        serialized: input.serialized,
        render: input.render,
    }
}

struct Filter {
    input: Box<dyn Operator>,
    conditions: Vec<Expr>,
    /// The columns that go on; the others need not be copied.
    wanted: Vec<bool>,
}

impl Operator for Filter {
    fn next(&mut self, run: &Run<'_>) -> Result<Option<Batch>, KqlError> {
        while let Some(batch) = self.input.next(run)? {
            run.check()?;
            match self.passing(&batch) {
                None => return Ok(Some(batch)),
                Some(rows) if rows.is_empty() => {}
                Some(rows) => return Ok(Some(only(&batch, &self.wanted).gather(&rows))),
            }
        }
        Ok(None)
    }

    fn prune(&mut self, wanted: &[bool]) {
        for (mine, asked) in self.wanted.iter_mut().zip(wanted) {
            *mine &= *asked;
        }
        let mut needed = self.wanted.clone();
        for condition in &self.conditions {
            condition.mark(&mut needed);
        }
        self.input.prune(&needed);
    }
}

impl Filter {
    /// The rows that pass every condition; `None` when all do. What one condition leaves few of, the next one looks at those alone.
    fn passing(&self, batch: &Batch) -> Option<Vec<u32>> {
        let mut left: Option<Vec<u32>> = None;
        for condition in &self.conditions {
            left = match left {
                None => chosen(&condition.eval(batch), batch.rows),
                Some(rows) if rows.is_empty() => return Some(rows),
                Some(rows) if rows.len() > batch.rows / 4 || condition.window => {
                    match chosen(&condition.eval(batch), batch.rows) {
                        None => Some(rows),
                        Some(more) => Some(intersection(&rows, &more)),
                    }
                }
                Some(rows) => {
                    let mut needed = vec![false; batch.columns.len()];
                    condition.mark(&mut needed);
                    let few = only(batch, &needed).gather(&rows);
                    match chosen(&condition.eval(&few), few.rows) {
                        None => Some(rows),
                        Some(places) => Some(
                            places
                                .iter()
                                .filter_map(|place| rows.get(*place as usize).copied())
                                .collect(),
                        ),
                    }
                }
            };
        }
        left
    }
}

/// `batch` with the columns that are not `wanted` left out.
fn only(batch: &Batch, wanted: &[bool]) -> Batch {
    Batch {
        columns: batch
            .columns
            .iter()
            .zip(wanted)
            .map(|(column, wanted)| {
                if *wanted {
                    Arc::clone(column)
                } else {
                    Arc::new(Column::Absent(column.ty(), batch.rows))
                }
            })
            .collect(),
        rows: batch.rows,
    }
}

/// The numbers that are in both lists, each in order.
fn intersection(left: &[u32], right: &[u32]) -> Vec<u32> {
    let mut right = right.iter().peekable();
    left.iter()
        .filter(|row| {
            while right.next_if(|other| other < row).is_some() {}
            right.peek() == Some(row)
        })
        .copied()
        .collect()
}

/// The rows at which a condition is true; `None` when it is everywhere.
fn chosen(condition: &Vector, rows: usize) -> Option<Vec<u32>> {
    let values = match condition {
        Vector::Constant(Value::Bool(true)) => return None,
        Vector::Constant(_) => return Some(Vec::new()),
        Vector::Column(column) => match &**column {
            Column::Bool(values) => values,
            _ => return Some(Vec::new()),
        },
    };
    let passes = |row: &(u32, &bool)| {
        *row.1
            && values
                .valid
                .as_ref()
                .is_none_or(|valid| valid.get(row.0 as usize).copied().unwrap_or(false))
    };
    let mut chosen = Vec::with_capacity(rows / 4);
    chosen.extend((0..).zip(&values.data).filter(passes).map(|(row, _)| row));
    (chosen.len() < rows).then_some(chosen)
}
