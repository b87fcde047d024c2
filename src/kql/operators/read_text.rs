//! Columns that are read out of a text: what `parse` and `parse-kv` have in common. A text that is there more than once is read once.

use std::sync::Arc;

use crate::kql::binder::{Binder, Row};
use crate::kql::column::{Column, ColumnBuilder, NO_ROW};
use crate::kql::error::KqlError;
use crate::kql::expr::{Expr, Vector};
use crate::kql::relation::{Batch, Operator, Relation, Run};
use crate::kql::syntax;
use crate::kql::types::{Field, Type};
use crate::kql::value::Value;

/// Reads values out of a text.
pub(super) trait Reader: Send + Sync {
    /// The columns it gives.
    fn columns(&self) -> &[Field];

    /// One value a column; `None` where the text does not match.
    fn read(&self, text: &str) -> Option<Vec<Value>>;
}

/// Adds the columns of `reader`, read out of `value`. With `only_matches`, rows that do not match are left out.
pub(super) fn bind_reader(
    binder: &mut Binder<'_>,
    input: Relation,
    value: &syntax::Expr,
    reader: Arc<dyn Reader>,
    only_matches: bool,
) -> Result<Relation, KqlError> {
    let row = Row {
        schema: &input.schema,
        serialized: input.serialized,
    };
    let text = binder.scalar(value, row)?;
    if text.window {
        return Err(KqlError::unsupported(
            value.span,
            "a function of other rows is not supported here",
        )
        .help("give it a name with extend before"));
    }
    let text = binder.convert(text, Type::String);
    let width = input.schema.fields.len();
    let mut schema = input.schema;
    let mut targets = Vec::new();
    for field in reader.columns() {
        let target = schema.index(&field.name).unwrap_or(schema.fields.len());
        match schema.fields.get_mut(target) {
            Some(replaced) => replaced.ty = field.ty,
            None => schema.fields.push(field.clone()),
        }
        targets.push(target);
    }
    Ok(Relation {
        schema,
        rows: Box::new(ReadText {
            input: input.rows,
            text,
            reader,
            width,
            targets,
            only_matches,
        }),
        serialized: input.serialized,
        render: input.render,
    })
}

struct ReadText {
    input: Box<dyn Operator>,
    text: Expr,
    reader: Arc<dyn Reader>,
    /// How many columns the input has.
    width: usize,
    /// Where each column goes.
    targets: Vec<usize>,
    only_matches: bool,
}

impl ReadText {
    fn read(&self, batch: Batch) -> Batch {
        let mut builders: Vec<ColumnBuilder> = self
            .reader
            .columns()
            .iter()
            .map(|field| ColumnBuilder::new(field.ty, batch.rows))
            .collect();
        let mut found = 0;
        let mut read = |text: &str| match self.reader.read(text) {
            Some(values) => {
                for (builder, value) in builders.iter_mut().zip(values) {
                    builder.push(value);
                }
                found += 1;
                found - 1
            }
            None => NO_ROW,
        };
        let found_at: Vec<u32> = match self.text.eval(&batch) {
            Vector::Column(column) => match &*column {
                Column::String(strings) => strings.map(read),
                _ => vec![NO_ROW; batch.rows],
            },
            Vector::Constant(value) => vec![read(value.as_str().unwrap_or("")); batch.rows],
        };
        let mut columns = batch.columns;
        for (target, builder) in self.targets.iter().zip(builders) {
            let column = Arc::new(builder.finish().gather(&found_at));
            match columns.get_mut(*target) {
                Some(replaced) => *replaced = column,
                None => columns.push(column),
            }
        }
        let batch = Batch {
            columns,
            rows: batch.rows,
        };
        if !self.only_matches || !found_at.contains(&NO_ROW) {
            return batch;
        }
        let kept: Vec<u32> = (0u32..)
            .zip(&found_at)
            .filter(|(_, found)| **found != NO_ROW)
            .map(|(row, _)| row)
            .collect();
        batch.gather(&kept)
    }
}

impl Operator for ReadText {
    fn next(&mut self, run: &Run<'_>) -> Result<Option<Batch>, KqlError> {
        run.check()?;
        Ok(self.input.next(run)?.map(|batch| self.read(batch)))
    }

    fn prune(&mut self, wanted: &[bool]) {
        let mut needs: Vec<bool> = (0..self.width)
            .map(|index| {
                wanted.get(index).copied().unwrap_or(true) && !self.targets.contains(&index)
            })
            .collect();
        self.text.mark(&mut needs);
        self.input.prune(&needs);
    }
}
