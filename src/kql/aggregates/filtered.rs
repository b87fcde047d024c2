//! `sumif`, `countif`, `make_set_if` and the rest: another aggregate over the rows whose predicate is true.

use std::sync::Arc;

use super::{Accumulator, AggregateBinding, BoundAggregate};
use crate::kql::column::Column;
use crate::kql::error::KqlError;
use crate::kql::types::Type;

/// Binds a call whose predicate is the argument at `at` and whose other arguments are those of `inner`.
///
/// # Errors
/// When the predicate is not a bool, or what `inner` says.
pub fn bind(
    binding: &AggregateBinding<'_>,
    at: usize,
    inner: fn(&AggregateBinding<'_>) -> Result<BoundAggregate, KqlError>,
) -> Result<BoundAggregate, KqlError> {
    let predicate = binding.arg(at)?;
    if predicate.ty != Type::Bool {
        return Err(binding.mismatch(predicate, "a bool"));
    }
    let mut args = binding.args.to_vec();
    args.remove(at);
    let mut arg_names = binding.arg_names.to_vec();
    if at > 0 && at < arg_names.len() {
        arg_names.remove(at);
    }
    let mut bound = inner(&AggregateBinding {
        args: &args,
        arg_names: &arg_names,
        ..*binding
    })?;
    bound.args.push(predicate.clone());
    let make = bound.make;
    bound.make = Box::new(move || Box::new(Filtered { inner: make() }));
    Ok(bound)
}

struct Filtered {
    inner: Box<dyn Accumulator>,
}

impl Accumulator for Filtered {
    fn update(&mut self, groups: &[u32], count: usize, args: &[Arc<Column>]) {
        let Some((Column::Bool(predicate), args)) = args
            .split_last()
            .map(|(predicate, args)| (&**predicate, args))
        else {
            return;
        };
        let mut rows = Vec::new();
        let mut of_rows = Vec::new();
        for (row, group) in (0_u32..).zip(groups) {
            if predicate.get(row as usize) == Some(true) {
                rows.push(row);
                of_rows.push(*group);
            }
        }
        if rows.len() == groups.len() {
            self.inner.update(groups, count, args);
        } else {
            let args: Vec<Arc<Column>> = args
                .iter()
                .map(|column| Arc::new(column.gather(&rows)))
                .collect();
            self.inner.update(&of_rows, count, &args);
        }
    }

    fn finish(&mut self, count: usize) -> Vec<Column> {
        self.inner.finish(count)
    }

    fn bytes(&self) -> usize {
        self.inner.bytes()
    }
}
