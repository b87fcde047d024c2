//! `distinct`.

use std::sync::Arc;

use crate::kql::binder::{Binder, Row};
use crate::kql::error::{KqlError, Span};
use crate::kql::grouping::Grouping;
use crate::kql::relation::{Batch, Operator, Relation, Run};
use crate::kql::syntax::Named;

use super::aggregation::{Keys, columns};

/// Binds the operator.
///
/// # Errors
/// What does not fit.
pub fn bind(
    binder: &mut Binder<'_>,
    input: Relation,
    _: Span,
    columns: &[Named],
) -> Result<Relation, KqlError> {
    let keys = Keys::bind(binder, Row::of(&input), columns)?;
    Ok(relation(input, keys, usize::MAX))
}

/// The different values of `keys`, the first `most` of them.
pub fn relation(input: Relation, keys: Keys, most: usize) -> Relation {
    let grouping = Grouping::new(&keys.types());
    Relation::new(
        keys.schema.clone(),
        Box::new(Distinct {
            width: input.schema.fields.len(),
            input: input.rows,
            keys,
            grouping,
            left: most,
            held: 0,
        }),
    )
}

/// Hands on the rows whose keys were not there before.
struct Distinct {
    input: Box<dyn Operator>,
    width: usize,
    keys: Keys,
    grouping: Grouping,
    /// How many rows it may still give.
    left: usize,
    held: usize,
}

impl Operator for Distinct {
    fn next(&mut self, run: &Run<'_>) -> Result<Option<Batch>, KqlError> {
        let mut groups = Vec::new();
        while self.left > 0 {
            let Some(batch) = self.input.next(run)? else {
                break;
            };
            run.check()?;
            let keys = columns(&self.keys.exprs, &batch);
            let mut next = self.grouping.len() as u32;
            self.grouping.assign(&keys, batch.rows, &mut groups);
            run.hold_rows(self.grouping.len())?;
            let bytes = self.grouping.bytes();
            run.hold(bytes.saturating_sub(self.held))?;
            self.held = self.held.max(bytes);
            // Groups are numbered in the order in which they are met.
            let mut rows = Vec::new();
            for (row, group) in (0_u32..).zip(&groups) {
                if *group == next {
                    next += 1;
                    rows.push(row);
                }
            }
            rows.truncate(self.left);
            self.left -= rows.len();
            if !rows.is_empty() {
                return Ok(Some(Batch {
                    columns: keys
                        .iter()
                        .map(|column| Arc::new(column.gather(&rows)))
                        .collect(),
                    rows: rows.len(),
                }));
            }
        }
        Ok(None)
    }

    fn prune(&mut self, _: &[bool]) {
        let mut wanted = vec![false; self.width];
        for key in &self.keys.exprs {
            key.mark(&mut wanted);
        }
        self.input.prune(&wanted);
    }
}
