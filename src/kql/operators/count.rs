//! `count`.

use crate::kql::binder::Binder;
use crate::kql::column::{Column, Values};
use crate::kql::error::KqlError;
use crate::kql::relation::{Batch, Operator, Relation, Run};
use crate::kql::syntax::Name;
use crate::kql::types::{Field, Schema, Type};

/// Binds the operator. `count as Name` names the one row for what follows.
pub fn bind(binder: &mut Binder<'_>, input: Relation, name: Option<&Name>) -> Relation {
    let mut rows = input.rows;
    rows.prune(&vec![false; input.schema.fields.len()]);
    let counted = Relation {
        serialized: true,
        ..Relation::new(
            Schema::new(vec![Field::new("Count", Type::Long)]),
            Box::new(Count { input: Some(rows) }),
        )
    };
    match name {
        Some(name) => super::name::bind(binder, counted, name),
        None => counted,
    }
}

struct Count {
    input: Option<Box<dyn Operator>>,
}

impl Operator for Count {
    fn next(&mut self, run: &Run<'_>) -> Result<Option<Batch>, KqlError> {
        let Some(mut input) = self.input.take() else {
            return Ok(None);
        };
        let mut count: i64 = 0;
        while let Some(batch) = input.next(run)? {
            run.check()?;
            count = count.saturating_add(batch.rows as i64);
        }
        Ok(Some(Batch {
            columns: vec![Column::Long(Values::full(vec![count])).into()],
            rows: 1,
        }))
    }
}
