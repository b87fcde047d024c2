//! `evaluate narrow()`: a row for every cell, with the number of its row, the name of its column and its text.

use std::sync::Arc;

use crate::kql::column::{Column, Strings, Values};
use crate::kql::error::KqlError;
use crate::kql::relation::{Batch, Operator, Relation, Run};
use crate::kql::types::{Field, Schema, Type};
use crate::kql::value::text::to_text;

/// Binds the plugin.
pub(super) fn bind(input: Relation) -> Relation {
    let schema = Schema::new(vec![
        Field::new("Row", Type::Long),
        Field::new("Column", Type::String),
        Field::new("Value", Type::String),
    ]);
    let mut relation = Relation::new(
        schema,
        Box::new(Narrow {
            names: input
                .schema
                .fields
                .iter()
                .map(|field| Arc::clone(&field.name))
                .collect(),
            input: input.rows,
            rows: 0,
        }),
    );
    relation.serialized = input.serialized;
    relation
}

struct Narrow {
    input: Box<dyn Operator>,
    names: Vec<Arc<str>>,
    /// How many rows there were.
    rows: i64,
}

impl Operator for Narrow {
    fn next(&mut self, run: &Run<'_>) -> Result<Option<Batch>, KqlError> {
        run.check()?;
        let Some(batch) = self.input.next(run)? else {
            return Ok(None);
        };
        let width = self.names.len();
        let cells = batch.rows * width;
        let numbers =
            (0..batch.rows as i64).flat_map(|row| std::iter::repeat_n(self.rows + row, width));
        let names = (0..batch.rows).flat_map(|_| self.names.iter());
        let texts = (0..batch.rows).flat_map(|row| {
            batch
                .columns
                .iter()
                .map(move |column| to_text(&column.value(row)))
        });
        let columns = vec![
            Arc::new(Column::Long(Values::full(numbers.collect()))),
            Arc::new(Column::String(Strings::from_texts(names))),
            Arc::new(Column::String(Strings::from_texts(texts))),
        ];
        self.rows += batch.rows as i64;
        Ok(Some(Batch {
            columns,
            rows: cells,
        }))
    }

    fn prune(&mut self, _: &[bool]) {
        self.input.prune(&vec![true; self.names.len()]);
    }
}
