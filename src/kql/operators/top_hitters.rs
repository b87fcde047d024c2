//! `top-hitters`: the values that are met most often, or that have the largest sums. Kusto estimates; here the numbers are exact.

use crate::kql::binder::{Binder, Row};
use crate::kql::column::{Column, Values};
use crate::kql::error::{KqlError, Span};
use crate::kql::ordering::{Direction, Order};
use crate::kql::relation::{Batch, Operator, Relation, Run};
use crate::kql::syntax::{Expr, ExprKind, Name, Named};

use super::{summarize, take};

/// Binds the operator.
///
/// # Errors
/// What does not fit.
pub fn bind(
    binder: &mut Binder<'_>,
    input: Relation,
    span: Span,
    count: &Expr,
    of: &Expr,
    by: Option<&Expr>,
) -> Result<Relation, KqlError> {
    let most = take::row_count(binder, count)?;
    let named = |expr: &Expr| Named {
        names: Vec::new(),
        value: expr.clone(),
    };
    let (aggregate, weighed) = match by {
        Some(by) => ("sum", by),
        None => ("count", of),
    };
    binder.scalar(weighed, Row::of(&input))?;
    let name = binder.name_of(weighed).unwrap_or_default();
    let word = |text: String| Name { text, span };
    let hits = Named {
        names: vec![word(format!("approximate_{aggregate}_{name}"))],
        value: Expr {
            kind: ExprKind::Call(
                word(aggregate.to_owned()),
                by.map(named).into_iter().collect(),
            ),
            span: weighed.span,
        },
    };
    let counted = summarize::bind(binder, input, span, &[hits], &[named(of)])?;
    Ok(Relation::new(
        counted.schema,
        Box::new(Hitters {
            input: Some(counted.rows),
            most,
        }),
    ))
}

struct Hitters {
    /// Gives each value with its hits, as one batch of two columns.
    input: Option<Box<dyn Operator>>,
    most: usize,
}

impl Operator for Hitters {
    fn next(&mut self, run: &Run<'_>) -> Result<Option<Batch>, KqlError> {
        let Some(mut input) = self.input.take() else {
            return Ok(None);
        };
        let Some(batch) = input.next(run)? else {
            return Ok(None);
        };
        let largest = Direction {
            descending: true,
            nulls_first: false,
        };
        // Of values with equal hits those met last come first.
        let met = Column::Long(Values::full((0..batch.rows as i64).collect()));
        let keys = [batch.columns.get(1).map(|column| &**column), Some(&met)];
        let order = Order::new(keys.into_iter().flatten().map(|key| (key, largest)));
        Ok(Some(batch.gather(&order.top(self.most))))
    }

    fn prune(&mut self, _: &[bool]) {
        if let Some(input) = &mut self.input {
            input.prune(&[true, true]);
        }
    }
}
