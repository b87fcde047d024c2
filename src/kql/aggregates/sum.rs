//! `sum`, `avg`.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::{Accumulator, Aggregate, AggregateBinding, BoundAggregate, filtered, loops};
use crate::kql::column::{Column, Values};
use crate::kql::error::KqlError;
use crate::kql::types::Type;

/// The aggregates of this area.
pub const AGGREGATES: &[Aggregate] = &[
    Aggregate {
        name: "sum",
        aliases: &[],
        prefix: "sum",
        usage: "sum(number)",
        arity: (1, 1),
        bind: sum,
    },
    Aggregate {
        name: "sumif",
        aliases: &[],
        prefix: "sumif",
        usage: "sumif(number, predicate)",
        arity: (2, 2),
        bind: |binding| filtered::bind(binding, 1, sum),
    },
    Aggregate {
        name: "avg",
        aliases: &[],
        prefix: "avg",
        usage: "avg(number)",
        arity: (1, 1),
        bind: avg,
    },
    Aggregate {
        name: "avgif",
        aliases: &[],
        prefix: "avgif",
        usage: "avgif(number, predicate)",
        arity: (2, 2),
        bind: |binding| filtered::bind(binding, 1, avg),
    },
];

fn sum(binding: &AggregateBinding<'_>) -> Result<BoundAggregate, KqlError> {
    let value = binding.arg(0)?.clone();
    match value.ty {
        Type::Int | Type::Long => {
            Ok(binding.bound(Type::Long, vec![value], || Box::new(Longs::new(Type::Long))))
        }
        Type::Timespan => Ok(binding.bound(Type::Timespan, vec![value], || {
            Box::new(Longs::new(Type::Timespan))
        })),
        Type::Real => Ok(binding.bound(Type::Real, vec![value], || Box::new(Reals::default()))),
        Type::Decimal => Ok(binding.bound(Type::Decimal, vec![value], || {
            Box::new(Decimals::new(false))
        })),
        _ => Err(binding.mismatch(&value, "a number or a timespan")),
    }
}

fn avg(binding: &AggregateBinding<'_>) -> Result<BoundAggregate, KqlError> {
    let value = binding.arg(0)?.clone();
    match value.ty {
        Type::Int | Type::Long | Type::Real => {
            Ok(binding.bound(Type::Real, vec![value], || Box::new(Mean::default())))
        }
        Type::Decimal => {
            Ok(binding.bound(Type::Decimal, vec![value], || Box::new(Decimals::new(true))))
        }
        ty @ (Type::DateTime | Type::Timespan) => {
            Ok(binding.bound(ty, vec![value], move || Box::new(MeanTicks::new(ty))))
        }
        _ => Err(binding.mismatch(&value, "a number, a datetime or a timespan")),
    }
}

/// Sums of whole numbers, which wrap as Kusto's do.
struct Longs {
    ty: Type,
    sums: Vec<i64>,
}

impl Longs {
    fn new(ty: Type) -> Self {
        Self {
            ty,
            sums: Vec::new(),
        }
    }
}

impl Accumulator for Longs {
    fn update(&mut self, groups: &[u32], count: usize, args: &[Arc<Column>]) {
        loops::slot(&mut self.sums, count);
        let sums = &mut self.sums;
        for column in args {
            loops::each_long(groups, column, |group, value| {
                if let Some(sum) = sums.get_mut(group) {
                    *sum = sum.wrapping_add(value);
                }
            });
        }
    }

    fn finish(&mut self, count: usize) -> Vec<Column> {
        loops::slot(&mut self.sums, count);
        let sums = Values::full(std::mem::take(&mut self.sums));
        vec![loops::long_column(self.ty, sums)]
    }

    fn bytes(&self) -> usize {
        self.sums.len() * 8
    }
}

#[derive(Default)]
struct Reals {
    sums: Vec<f64>,
}

impl Accumulator for Reals {
    fn update(&mut self, groups: &[u32], count: usize, args: &[Arc<Column>]) {
        loops::slot(&mut self.sums, count);
        let sums = &mut self.sums;
        for column in args {
            loops::each_real(groups, column, |group, value| {
                if let Some(sum) = sums.get_mut(group) {
                    *sum += value;
                }
            });
        }
    }

    fn finish(&mut self, count: usize) -> Vec<Column> {
        loops::slot(&mut self.sums, count);
        vec![Column::Real(Values::full(std::mem::take(&mut self.sums)))]
    }

    fn bytes(&self) -> usize {
        self.sums.len() * 8
    }
}

/// Means of numbers: NaN where there is none.
#[derive(Default)]
struct Mean {
    sums: Vec<(f64, u64)>,
}

impl Accumulator for Mean {
    fn update(&mut self, groups: &[u32], count: usize, args: &[Arc<Column>]) {
        loops::slot(&mut self.sums, count);
        let sums = &mut self.sums;
        for column in args {
            loops::each_real(groups, column, |group, value| {
                if let Some((sum, rows)) = sums.get_mut(group) {
                    *sum += value;
                    *rows += 1;
                }
            });
        }
    }

    fn finish(&mut self, count: usize) -> Vec<Column> {
        loops::slot(&mut self.sums, count);
        let means = self.sums.iter().map(|(sum, rows)| sum / *rows as f64);
        vec![Column::Real(Values::full(means.collect()))]
    }

    fn bytes(&self) -> usize {
        self.sums.len() * 16
    }
}

/// Means of datetimes and timespans: null where there is none.
struct MeanTicks {
    ty: Type,
    sums: Vec<(i128, u64)>,
}

impl MeanTicks {
    fn new(ty: Type) -> Self {
        Self {
            ty,
            sums: Vec::new(),
        }
    }
}

impl Accumulator for MeanTicks {
    fn update(&mut self, groups: &[u32], count: usize, args: &[Arc<Column>]) {
        loops::slot(&mut self.sums, count);
        let sums = &mut self.sums;
        for column in args {
            loops::each_long(groups, column, |group, value| {
                if let Some((sum, rows)) = sums.get_mut(group) {
                    *sum += i128::from(value);
                    *rows += 1;
                }
            });
        }
    }

    fn finish(&mut self, count: usize) -> Vec<Column> {
        loops::slot(&mut self.sums, count);
        let means = self
            .sums
            .iter()
            .map(|(sum, rows)| i64::try_from(sum.checked_div(i128::from(*rows))?).ok());
        vec![loops::long_column(self.ty, means.collect())]
    }

    fn bytes(&self) -> usize {
        self.sums.len() * 32
    }
}

/// Sums or means of decimals; null where they leave the range of decimals, and for the mean of nothing.
struct Decimals {
    mean: bool,
    sums: Vec<(Option<Decimal>, u64)>,
}

impl Decimals {
    fn new(mean: bool) -> Self {
        Self {
            mean,
            sums: Vec::new(),
        }
    }

    fn grow(&mut self, count: usize) {
        if self.sums.len() < count {
            self.sums.resize(count, (Some(Decimal::ZERO), 0));
        }
    }
}

impl Accumulator for Decimals {
    fn update(&mut self, groups: &[u32], count: usize, args: &[Arc<Column>]) {
        self.grow(count);
        for column in args {
            if let Column::Decimal(values) = &**column {
                loops::each(groups, values, |group, value| {
                    if let Some((sum, rows)) = self.sums.get_mut(group) {
                        *sum = sum.and_then(|sum| sum.checked_add(value));
                        *rows += 1;
                    }
                });
            }
        }
    }

    fn finish(&mut self, count: usize) -> Vec<Column> {
        self.grow(count);
        let results = self.sums.iter().map(|(sum, rows)| {
            if self.mean {
                sum.and_then(|sum| sum.checked_div(Decimal::from(*rows)))
            } else {
                *sum
            }
        });
        vec![Column::Decimal(results.collect())]
    }

    fn bytes(&self) -> usize {
        self.sums.len() * 32
    }
}
