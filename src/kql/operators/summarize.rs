//! `summarize`.

use crate::kql::binder::{Binder, Row};
use crate::kql::error::{KqlError, Span};
use crate::kql::grouping::Grouping;
use crate::kql::relation::{Batch, Operator, Relation, Run};
use crate::kql::syntax::Named;
use crate::kql::types::Schema;

use super::aggregation::{Aggregation, Keys, columns};

/// Binds the operator.
///
/// # Errors
/// What does not fit.
pub fn bind(
    binder: &mut Binder<'_>,
    input: Relation,
    _: Span,
    aggregates: &[Named],
    by: &[Named],
) -> Result<Relation, KqlError> {
    let row = Row::of(&input);
    let keys = Keys::bind(binder, row, by)?;
    let aggregation = Aggregation::bind(binder, row, &keys, aggregates)?;
    let mut schema = Schema::new(keys.schema.fields.clone());
    schema.fields.extend(aggregation.schema.fields.clone());
    let width = input.schema.fields.len();
    Ok(Relation::new(
        schema,
        Box::new(Summarize {
            input: input.rows,
            width,
            keys,
            aggregation,
            done: false,
        }),
    ))
}

struct Summarize {
    input: Box<dyn Operator>,
    width: usize,
    keys: Keys,
    aggregation: Aggregation,
    done: bool,
}

impl Operator for Summarize {
    fn next(&mut self, run: &Run<'_>) -> Result<Option<Batch>, KqlError> {
        if self.done {
            return Ok(None);
        }
        self.done = true;
        let mut grouping = Grouping::new(&self.keys.types());
        let mut kept = self.aggregation.start();
        let mut groups = Vec::new();
        let mut held = 0;
        while let Some(batch) = self.input.next(run)? {
            run.check()?;
            grouping.assign(&columns(&self.keys.exprs, &batch), batch.rows, &mut groups);
            let count = grouping.len();
            run.hold_rows(count)?;
            let bytes = grouping.bytes();
            run.hold(bytes.saturating_sub(held))?;
            held = held.max(bytes);
            self.aggregation
                .update(&mut kept, &batch, &groups, count, run)?;
        }
        // Without keys there is one group, also where there is no row.
        let count = if self.keys.exprs.is_empty() {
            1
        } else {
            grouping.len()
        };
        if count == 0 {
            return Ok(None);
        }
        let mut columns = grouping.columns();
        let results = self.aggregation.finish(&mut kept, count, &columns);
        columns.extend(results);
        Ok(Some(Batch {
            columns,
            rows: count,
        }))
    }

    fn prune(&mut self, _: &[bool]) {
        let mut wanted = vec![false; self.width];
        for key in &self.keys.exprs {
            key.mark(&mut wanted);
        }
        self.aggregation.mark(&mut wanted);
        self.input.prune(&wanted);
    }
}
