//! `sort`: every row, held and put in order.

use crate::kql::binder::{Binder, Row};
use crate::kql::error::{KqlError, Span};
use crate::kql::expr::Expr;
use crate::kql::ordering::{Direction, Order};
use crate::kql::relation::{Batch, Operator, Relation, Run, drain};
use crate::kql::syntax::SortKey;
use crate::kql::types::{Schema, Type};

use super::aggregation::columns;
use super::map::gathered;

/// Binds the operator.
///
/// # Errors
/// What does not fit.
pub fn bind(
    binder: &mut Binder<'_>,
    input: Relation,
    _: Span,
    keys: &[SortKey],
) -> Result<Relation, KqlError> {
    let keys = Keys::bind(binder, Row::of(&input), keys)?;
    let rows = keys.ready(&input.schema, input.rows);
    Ok(Relation {
        rows: Box::new(Sort {
            schema: input.schema.clone(),
            input: Some(rows),
            keys,
        }),
        schema: input.schema,
        serialized: true,
        render: input.render,
    })
}

/// What rows are sorted by.
pub struct Keys {
    exprs: Vec<Expr>,
    directions: Vec<Direction>,
}

impl Keys {
    /// Binds keys: descending where the query does not say, nulls at the end of the small values.
    ///
    /// # Errors
    /// What does not fit; a dynamic key, which Kusto refuses too.
    pub fn bind(binder: &mut Binder<'_>, row: Row<'_>, keys: &[SortKey]) -> Result<Self, KqlError> {
        let mut exprs = Vec::with_capacity(keys.len());
        let mut directions = Vec::with_capacity(keys.len());
        for key in keys {
            let expr = binder.scalar(&key.value.value, row)?;
            if expr.ty == Type::Dynamic {
                return Err(KqlError::semantic(
                    expr.span,
                    "rows cannot be sorted by a dynamic value",
                )
                .help("convert it first, e.g. with tostring() or tolong()"));
            }
            let descending = key.descending.unwrap_or(true);
            exprs.push(expr);
            directions.push(Direction {
                descending,
                nulls_first: key.nulls_first.unwrap_or(!descending),
            });
        }
        Ok(Self { exprs, directions })
    }

    /// The order of the rows of `batch`.
    pub fn order(&self, batch: &Batch) -> Order {
        let columns = columns(&self.exprs, batch);
        Order::new(
            columns
                .iter()
                .map(|column| &**column)
                .zip(self.directions.iter().copied()),
        )
    }

    /// `rows` as the keys need them: in one batch where a key looks at other rows.
    pub fn ready(&self, schema: &Schema, rows: Box<dyn Operator>) -> Box<dyn Operator> {
        if self.exprs.iter().any(|expr| expr.window) {
            gathered(schema.clone(), rows)
        } else {
            rows
        }
    }

    /// Marks the columns they look at.
    pub fn mark(&self, wanted: &mut [bool]) {
        for expr in &self.exprs {
            expr.mark(wanted);
        }
    }
}

struct Sort {
    schema: Schema,
    input: Option<Box<dyn Operator>>,
    keys: Keys,
}

impl Operator for Sort {
    fn next(&mut self, run: &Run<'_>) -> Result<Option<Batch>, KqlError> {
        let Some(mut input) = self.input.take() else {
            return Ok(None);
        };
        let batches = drain(input.as_mut(), run)?;
        if batches.is_empty() {
            return Ok(None);
        }
        let batch = Batch::concat(&self.schema, &batches);
        drop(batches);
        run.check()?;
        let rows = self.keys.order(&batch).sorted();
        run.check()?;
        Ok(Some(batch.gather(&rows)))
    }

    fn prune(&mut self, wanted: &[bool]) {
        let mut wanted = wanted.to_vec();
        self.keys.mark(&mut wanted);
        if let Some(input) = &mut self.input {
            input.prune(&wanted);
        }
    }
}
