//! `take`.

use crate::kql::binder::Binder;
use crate::kql::error::{KqlError, Span};
use crate::kql::kernels::cast;
use crate::kql::relation::{Batch, Operator, Relation, Run};
use crate::kql::syntax::Expr;
use crate::kql::types::Type;
use crate::kql::value::Value;

/// Binds the operator.
///
/// # Errors
/// What does not fit.
pub fn bind(
    binder: &mut Binder<'_>,
    input: Relation,
    _: Span,
    count: &Expr,
) -> Result<Relation, KqlError> {
    let left = row_count(binder, count)?;
    Ok(Relation {
        rows: Box::new(Take {
            input: input.rows,
            left,
        }),
        ..input
    })
}

/// A number of rows that the query gives.
///
/// # Errors
/// When it is no whole number, or below 0.
pub fn row_count(binder: &mut Binder<'_>, count: &Expr) -> Result<usize, KqlError> {
    let (ty, value) = binder.constant(count)?;
    if binder.checks && value.is_null() {
        return Ok(0);
    }
    match cast::one(&value, Type::Long) {
        Value::Long(rows) if ty.is_number() && rows >= 0 => {
            Ok(usize::try_from(rows).unwrap_or(usize::MAX))
        }
        _ => Err(KqlError::semantic(
            count.span,
            "expected a number of rows: a whole number from 0 up",
        )),
    }
}

/// Hands on the first rows and asks for no more than it needs.
struct Take {
    input: Box<dyn Operator>,
    left: usize,
}

impl Operator for Take {
    fn next(&mut self, run: &Run<'_>) -> Result<Option<Batch>, KqlError> {
        if self.left == 0 {
            return Ok(None);
        }
        let Some(batch) = self.input.next(run)? else {
            self.left = 0;
            return Ok(None);
        };
        if batch.rows <= self.left {
            self.left -= batch.rows;
            return Ok(Some(batch));
        }
        let rows: Vec<u32> = (0..self.left as u32).collect();
        self.left = 0;
        Ok(Some(batch.gather(&rows)))
    }

    fn prune(&mut self, wanted: &[bool]) {
        self.input.prune(wanted);
    }
}
