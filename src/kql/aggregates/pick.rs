//! `arg_max`, `arg_min`, `take_any`: the cells of one row of each group.

use std::sync::Arc;

use super::extremes::{Contest, contest};
use super::{Accumulator, Aggregate, AggregateBinding, BoundAggregate, filtered};
use crate::kql::column::{Column, NO_ROW};
use crate::kql::error::KqlError;
use crate::kql::types::Type;

/// The aggregates of this area.
pub const AGGREGATES: &[Aggregate] = &[
    Aggregate {
        name: "arg_max",
        aliases: &["argmax"],
        prefix: "max",
        usage: "arg_max(value, returned, …)",
        arity: (1, usize::MAX),
        bind: |binding| arg(binding, true),
    },
    Aggregate {
        name: "arg_min",
        aliases: &["argmin"],
        prefix: "min",
        usage: "arg_min(value, returned, …)",
        arity: (1, usize::MAX),
        bind: |binding| arg(binding, false),
    },
    Aggregate {
        name: "take_any",
        aliases: &[],
        prefix: "",
        usage: "take_any(value, …)",
        arity: (1, usize::MAX),
        bind: |binding| Ok(any(binding)),
    },
    Aggregate {
        name: "take_anyif",
        aliases: &[],
        prefix: "",
        usage: "take_anyif(value, predicate)",
        arity: (2, 2),
        bind: |binding| filtered::bind(binding, 1, |binding| Ok(any(binding))),
    },
    Aggregate {
        name: "any",
        aliases: &[],
        prefix: "any",
        usage: "any(value, …)",
        arity: (1, usize::MAX),
        bind: |binding| Ok(any(binding)),
    },
    Aggregate {
        name: "anyif",
        aliases: &[],
        prefix: "anyif",
        usage: "anyif(value, predicate)",
        arity: (2, 2),
        bind: |binding| filtered::bind(binding, 1, |binding| Ok(any(binding))),
    },
];

fn arg(binding: &AggregateBinding<'_>, largest: bool) -> Result<BoundAggregate, KqlError> {
    let value = binding.arg(0)?;
    let ty = value.ty;
    if ty == Type::Dynamic {
        return Err(binding.mismatch(value, "a value that has an order first"));
    }
    let primary = binding.arg_name(0);
    let name = |index: usize| match (binding.arg_name(index), index) {
        ("", 0) => format!("{}_", binding.prefix),
        ("", index) => format!("{}_{primary}_arg{index}", binding.prefix),
        (name, _) => name.to_owned(),
    };
    let types: Vec<Type> = binding.args.iter().map(|arg| arg.ty).collect();
    Ok(BoundAggregate {
        columns: columns(binding, name),
        args: binding.args.to_vec(),
        make: Box::new(move || {
            Box::new(Arg {
                contest: contest(ty, largest),
                kept: Kept::new(&types),
            })
        }),
    })
}

fn any(binding: &AggregateBinding<'_>) -> BoundAggregate {
    let one = binding.args.len() == 1;
    let name = |index: usize| match binding.arg_name(index) {
        name if one && !binding.prefix.is_empty() => format!("{}_{name}", binding.prefix),
        "" => format!("any_arg{index}"),
        name => name.to_owned(),
    };
    let types: Vec<Type> = binding.args.iter().map(|arg| arg.ty).collect();
    BoundAggregate {
        columns: columns(binding, name),
        args: binding.args.to_vec(),
        make: Box::new(move || {
            Box::new(Any {
                only: one,
                found: Vec::new(),
                kept: Kept::new(&types),
            })
        }),
    }
}

fn columns(binding: &AggregateBinding<'_>, name: impl Fn(usize) -> String) -> Vec<(String, Type)> {
    let args = binding.args.iter().enumerate();
    args.map(|(index, arg)| (name(index), arg.ty)).collect()
}

/// One row of each group, copied out of its batch so that the batch need not be held.
struct Kept {
    types: Vec<Type>,
    /// The rows that won in each batch, column by column; a later winner leaves an earlier one here until [`Kept::compact`].
    batches: Vec<Vec<Arc<Column>>>,
    /// Where each group's row is: its batch, and its row there.
    places: Vec<(u32, u32)>,
    rows: usize,
}

impl Kept {
    fn new(types: &[Type]) -> Self {
        Self {
            types: types.to_vec(),
            batches: Vec::new(),
            places: Vec::new(),
            rows: 0,
        }
    }

    fn grow(&mut self, count: usize) {
        if self.places.len() < count {
            self.places.resize(count, (NO_ROW, NO_ROW));
        }
    }

    /// Whether a row was chosen for `group`.
    fn has(&self, group: usize) -> bool {
        self.places
            .get(group)
            .is_some_and(|(batch, _)| *batch != NO_ROW)
    }

    /// Takes over the rows of `args` that were chosen last: `chosen` holds (group, row), a later one instead of an earlier one.
    fn take(&mut self, chosen: &[(u32, u32)], args: &[Arc<Column>]) {
        let batch = self.batches.len() as u32;
        let mut rows = Vec::new();
        for (group, row) in chosen {
            let Some(place) = self.places.get_mut(*group as usize) else {
                continue;
            };
            if place.0 == batch {
                if let Some(kept) = rows.get_mut(place.1 as usize) {
                    *kept = *row;
                }
            } else {
                *place = (batch, rows.len() as u32);
                rows.push(*row);
            }
        }
        if rows.is_empty() {
            return;
        }
        self.rows += rows.len();
        self.batches.push(
            args.iter()
                .map(|column| Arc::new(column.gather(&rows)))
                .collect(),
        );
        if self.rows > 2 * self.places.len() + 65_536 {
            self.compact();
        }
    }

    /// The row of each group, as one column for each argument.
    fn columns(&self) -> Vec<Column> {
        let mut starts = Vec::with_capacity(self.batches.len());
        let mut rows = 0;
        for batch in &self.batches {
            starts.push(rows);
            rows += batch.first().map_or(0, |column| column.len() as u32);
        }
        let rows: Vec<u32> = self
            .places
            .iter()
            .map(|(batch, row)| {
                starts
                    .get(*batch as usize)
                    .map_or(NO_ROW, |start| start + row)
            })
            .collect();
        let types = self.types.iter().enumerate();
        types
            .map(|(index, ty)| {
                let parts: Vec<Arc<Column>> = self
                    .batches
                    .iter()
                    .filter_map(|batch| batch.get(index).cloned())
                    .collect();
                Column::concat(*ty, &parts).gather(&rows)
            })
            .collect()
    }

    /// Forgets the rows that no group has any more.
    fn compact(&mut self) {
        let columns = self.columns().into_iter().map(Arc::new).collect();
        for (row, place) in (0_u32..).zip(&mut self.places) {
            if place.0 != NO_ROW {
                *place = (0, row);
            }
        }
        self.rows = self.places.len();
        self.batches = vec![columns];
    }

    fn bytes(&self) -> usize {
        self.places.len() * 8
            + self
                .batches
                .iter()
                .flatten()
                .map(|column| column.len() * 16)
                .sum::<usize>()
    }

    fn finish(&mut self, count: usize) -> Vec<Column> {
        self.grow(count);
        self.columns()
    }
}

struct Arg {
    contest: Box<dyn Contest>,
    kept: Kept,
}

impl Accumulator for Arg {
    fn update(&mut self, groups: &[u32], count: usize, args: &[Arc<Column>]) {
        self.kept.grow(count);
        let Some(column) = args.first() else {
            return;
        };
        let mut chosen = Vec::new();
        // A group whose values are all null has its first row.
        let nulls = (0..groups.len()).any(|row| column.is_null(row));
        if nulls {
            for (row, group) in (0..groups.len() as u32).zip(groups).rev() {
                if !self.kept.has(*group as usize) {
                    chosen.push((*group, row));
                }
            }
        }
        self.contest
            .offer(groups, count, column, &mut |group, row| {
                chosen.push((group as u32, row as u32));
            });
        self.kept.take(&chosen, args);
    }

    fn finish(&mut self, count: usize) -> Vec<Column> {
        self.kept.finish(count)
    }

    fn bytes(&self) -> usize {
        self.contest.bytes() + self.kept.bytes()
    }
}

/// The first row of each group; where one column is asked for, the first that has a value in it.
struct Any {
    only: bool,
    /// Whether the row of a group is one that will stay.
    found: Vec<bool>,
    kept: Kept,
}

impl Accumulator for Any {
    fn update(&mut self, groups: &[u32], count: usize, args: &[Arc<Column>]) {
        self.kept.grow(count);
        super::loops::slot(&mut self.found, count);
        let mut chosen = Vec::new();
        for (row, group) in groups.iter().enumerate() {
            let Some(found) = self.found.get_mut(*group as usize) else {
                continue;
            };
            if *found {
                continue;
            }
            let empty = self.only
                && args.first().is_some_and(|column| match &**column {
                    Column::String(strings) => strings.get(row).is_empty(),
                    column => column.is_null(row),
                });
            *found = !empty;
            if !empty {
                chosen.push((*group, row as u32));
            }
        }
        self.kept.take(&chosen, args);
    }

    fn finish(&mut self, count: usize) -> Vec<Column> {
        self.kept.finish(count)
    }

    fn bytes(&self) -> usize {
        self.found.len() + self.kept.bytes()
    }
}
