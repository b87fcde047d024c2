//! `count`, `dcount`, `count_distinct`.

use std::sync::Arc;

use super::{Accumulator, Aggregate, AggregateBinding, BoundAggregate, filtered, loops};
use crate::kql::column::{Column, Values};
use crate::kql::error::KqlError;
use crate::kql::grouping::{Codes, Pairs};
use crate::kql::types::Type;

/// The aggregates of this area.
pub const AGGREGATES: &[Aggregate] = &[
    Aggregate {
        name: "count",
        aliases: &[],
        prefix: "count",
        usage: "count()",
        arity: (0, 1),
        bind: |binding| Ok(count(binding)),
    },
    Aggregate {
        name: "cnt",
        aliases: &[],
        prefix: "cnt",
        usage: "cnt()",
        arity: (0, 0),
        bind: |binding| Ok(count(binding)),
    },
    Aggregate {
        name: "countif",
        aliases: &[],
        prefix: "countif",
        usage: "countif(predicate)",
        arity: (1, 1),
        bind: |binding| filtered::bind(binding, 0, |binding| Ok(count(binding))),
    },
    Aggregate {
        name: "dcount",
        aliases: &[],
        prefix: "dcount",
        usage: "dcount(value, accuracy)",
        arity: (1, 2),
        bind: distinct,
    },
    Aggregate {
        name: "dcountif",
        aliases: &[],
        prefix: "dcountif",
        usage: "dcountif(value, predicate, accuracy)",
        arity: (2, 3),
        bind: |binding| filtered::bind(binding, 1, distinct),
    },
    Aggregate {
        name: "count_distinct",
        aliases: &[],
        prefix: "count_distinct",
        usage: "count_distinct(value)",
        arity: (1, 1),
        bind: distinct,
    },
    Aggregate {
        name: "count_distinctif",
        aliases: &[],
        prefix: "count_distinctif",
        usage: "count_distinctif(value, predicate)",
        arity: (2, 2),
        bind: |binding| filtered::bind(binding, 1, distinct),
    },
];

/// Rows; `count(x)` counts all rows too, whatever x is.
fn count(binding: &AggregateBinding<'_>) -> BoundAggregate {
    binding.bound(Type::Long, Vec::new(), || Box::new(Count::default()))
}

fn distinct(binding: &AggregateBinding<'_>) -> Result<BoundAggregate, KqlError> {
    let value = binding.arg(0)?.clone();
    if let Some(accuracy) = binding.args.get(1)
        && accuracy.as_constant().is_none()
    {
        return Err(KqlError::semantic(
            accuracy.span,
            format!("`{}` expects a constant accuracy", binding.name),
        ));
    }
    let ty = value.ty;
    Ok(binding.bound(Type::Long, vec![value], move || {
        Box::new(Distinct {
            values: Codes::new(ty),
            pairs: Pairs::default(),
            count: Count::default(),
        })
    }))
}

#[derive(Default)]
struct Count {
    rows: Vec<i64>,
}

impl Accumulator for Count {
    fn update(&mut self, groups: &[u32], count: usize, _: &[Arc<Column>]) {
        loops::slot(&mut self.rows, count);
        for group in groups {
            if let Some(rows) = self.rows.get_mut(*group as usize) {
                *rows += 1;
            }
        }
    }

    fn finish(&mut self, count: usize) -> Vec<Column> {
        loops::slot(&mut self.rows, count);
        vec![Column::Long(Values::full(std::mem::take(&mut self.rows)))]
    }

    fn bytes(&self) -> usize {
        self.rows.len() * 8
    }
}

/// Different values that are not null.
struct Distinct {
    values: Codes,
    pairs: Pairs,
    count: Count,
}

impl Accumulator for Distinct {
    fn update(&mut self, groups: &[u32], count: usize, args: &[Arc<Column>]) {
        let Some(column) = args.first() else {
            return;
        };
        let mut codes = Vec::new();
        self.values.assign(column, &mut codes);
        let mut next = self.pairs.len() as u32;
        let mut pairs = groups.to_vec();
        self.pairs.assign(&mut pairs, &codes);
        loops::slot(&mut self.count.rows, count);
        for ((pair, group), code) in pairs.iter().zip(groups).zip(&codes) {
            if *pair == next {
                next += 1;
                if !self.values.is_null(*code)
                    && let Some(rows) = self.count.rows.get_mut(*group as usize)
                {
                    *rows += 1;
                }
            }
        }
    }

    fn finish(&mut self, count: usize) -> Vec<Column> {
        self.count.finish(count)
    }

    fn bytes(&self) -> usize {
        self.values.bytes() + self.pairs.bytes() + self.count.bytes()
    }
}
