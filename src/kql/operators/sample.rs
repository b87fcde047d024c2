//! `sample`: rows picked evenly over the table by a fixed sequence of numbers, so that the same query gives the same sample.

use crate::kql::binder::Binder;
use crate::kql::error::{KqlError, Span};
use crate::kql::relation::{Batch, Operator, Relation, Run, drain};
use crate::kql::syntax::Expr;
use crate::kql::types::Schema;

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
) -> Result<Relation, KqlError> {
    let most = take::row_count(binder, count)?;
    Ok(Relation::new(
        input.schema.clone(),
        Box::new(Sample {
            schema: input.schema,
            input: Some(input.rows),
            most,
        }),
    ))
}

struct Sample {
    schema: Schema,
    input: Option<Box<dyn Operator>>,
    most: usize,
}

impl Operator for Sample {
    fn next(&mut self, run: &Run<'_>) -> Result<Option<Batch>, KqlError> {
        let Some(mut input) = self.input.take() else {
            return Ok(None);
        };
        let batches = drain(input.as_mut(), run)?;
        if batches.is_empty() || self.most == 0 {
            return Ok(None);
        }
        let batch = Batch::concat(&self.schema, &batches);
        let rows = pick(batch.rows, self.most);
        Ok(Some(batch.gather(&rows)))
    }

    fn prune(&mut self, wanted: &[bool]) {
        if let Some(input) = &mut self.input {
            input.prune(wanted);
        }
    }
}

/// `most` of the rows `0..rows`, in order: each row is taken with the chance that fills the sample exactly.
fn pick(rows: usize, most: usize) -> Vec<u32> {
    let mut wanted = most.min(rows);
    let mut picked = Vec::with_capacity(wanted);
    let mut state = 0_u64;
    for row in 0..rows {
        // SplitMix64.
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        let left = (rows - row) as u128;
        let drawn = (u128::from(mixed) * left) >> 64;
        if drawn < wanted as u128 {
            picked.push(row as u32);
            wanted -= 1;
        }
    }
    picked
}

#[cfg(test)]
mod tests {
    use super::pick;

    #[test]
    fn a_sample_is_full_in_order_and_the_same_each_time() {
        for (rows, most) in [(10, 3), (3, 10), (1_000, 1), (5, 5), (0, 2)] {
            let picked = pick(rows, most);
            assert_eq!(picked.len(), most.min(rows));
            assert!(picked.is_sorted_by(|a, b| a < b));
            assert_eq!(picked, pick(rows, most));
        }
        assert_ne!(pick(1_000, 3), [0, 1, 2]);
    }
}
