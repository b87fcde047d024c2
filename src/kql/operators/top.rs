//! `top`: the first rows of an order, of which no more than a few times their number are ever held.

use crate::kql::binder::{Binder, Row};
use crate::kql::error::{KqlError, Span};
use crate::kql::relation::{BATCH_ROWS, Batch, Operator, Relation, Run};
use crate::kql::syntax::{Expr, SortKey};
use crate::kql::types::Schema;

use super::sort::Keys;
use super::take;

/// Binds the operator.
///
/// # Errors
/// What does not fit.
pub fn bind(
    binder: &mut Binder<'_>,
    input: Relation,
    _: Span,
    count: &Expr,
    keys: &[SortKey],
) -> Result<Relation, KqlError> {
    let most = take::row_count(binder, count)?;
    let keys = Keys::bind(binder, Row::of(&input), keys)?;
    let rows = keys.ready(&input.schema, input.rows);
    Ok(Relation {
        rows: Box::new(Top {
            schema: input.schema.clone(),
            input: Some(rows),
            keys,
            most,
        }),
        schema: input.schema,
        serialized: true,
        render: input.render,
    })
}

struct Top {
    schema: Schema,
    input: Option<Box<dyn Operator>>,
    keys: Keys,
    most: usize,
}

impl Top {
    /// The first rows of `batches` in order.
    fn cut(&self, batches: &[Batch]) -> Batch {
        let batch = Batch::concat(&self.schema, batches);
        batch.gather(&self.keys.order(&batch).top(self.most))
    }
}

impl Operator for Top {
    fn next(&mut self, run: &Run<'_>) -> Result<Option<Batch>, KqlError> {
        let Some(mut input) = self.input.take() else {
            return Ok(None);
        };
        if self.most == 0 {
            return Ok(None);
        }
        let mut kept: Vec<Batch> = Vec::new();
        let mut held = 0;
        while let Some(batch) = input.next(run)? {
            run.check()?;
            let batch = if batch.rows > self.most {
                self.cut(&[batch])
            } else {
                batch
            };
            held += batch.rows;
            run.hold_rows(held)?;
            kept.push(batch);
            if held > BATCH_ROWS.max(4 * self.most) {
                let cut = self.cut(&kept);
                held = cut.rows;
                kept = vec![cut];
            }
        }
        kept.retain(|batch| batch.rows > 0);
        if kept.is_empty() {
            return Ok(None);
        }
        Ok(Some(self.cut(&kept)))
    }

    fn prune(&mut self, wanted: &[bool]) {
        let mut wanted = wanted.to_vec();
        self.keys.mark(&mut wanted);
        if let Some(input) = &mut self.input {
            input.prune(&wanted);
        }
    }
}
