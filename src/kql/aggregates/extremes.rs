//! `min`, `max`, and the contest for the largest or least value that `arg_max` and `arg_min` go by too.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::{Accumulator, Aggregate, AggregateBinding, BoundAggregate, filtered, loops};
use crate::kql::column::{Column, Strings};
use crate::kql::error::KqlError;
use crate::kql::kernels::Cell;
use crate::kql::types::Type;

/// The aggregates of this area.
pub const AGGREGATES: &[Aggregate] = &[
    Aggregate {
        name: "min",
        aliases: &[],
        prefix: "min",
        usage: "min(value)",
        arity: (1, 1),
        bind: |binding| bind(binding, false),
    },
    Aggregate {
        name: "max",
        aliases: &[],
        prefix: "max",
        usage: "max(value)",
        arity: (1, 1),
        bind: |binding| bind(binding, true),
    },
    Aggregate {
        name: "minif",
        aliases: &[],
        prefix: "minif",
        usage: "minif(value, predicate)",
        arity: (2, 2),
        bind: |binding| filtered::bind(binding, 1, |binding| bind(binding, false)),
    },
    Aggregate {
        name: "maxif",
        aliases: &[],
        prefix: "maxif",
        usage: "maxif(value, predicate)",
        arity: (2, 2),
        bind: |binding| filtered::bind(binding, 1, |binding| bind(binding, true)),
    },
];

fn bind(binding: &AggregateBinding<'_>, largest: bool) -> Result<BoundAggregate, KqlError> {
    let value = binding.arg(0)?.clone();
    let ty = value.ty;
    if ty == Type::Dynamic {
        return Err(binding.mismatch(&value, "a value that has an order"));
    }
    Ok(binding.bound(ty, vec![value], move || {
        Box::new(Extreme(contest(ty, largest)))
    }))
}

/// The largest or least value of each group so far.
pub trait Contest: Send {
    /// Takes in the values of rows; `won(group, row)` for every row whose value takes the place of the group's.
    fn offer(
        &mut self,
        groups: &[u32],
        count: usize,
        column: &Column,
        won: &mut dyn FnMut(usize, usize),
    );

    /// The values of the groups `0..count`.
    fn column(&mut self, count: usize) -> Column;

    /// About how many bytes it holds.
    fn bytes(&self) -> usize;
}

/// A value of fixed width that has an order.
trait Ordered: Cell {
    /// Whether it takes the place of `best` as the largest value.
    fn above(self, best: Self) -> bool;

    /// Whether it takes the place of `best` as the least value.
    fn below(self, best: Self) -> bool;
}

macro_rules! ordered {
    ($($cell:ty)+) => {$(
        impl Ordered for $cell {
            fn above(self, best: Self) -> bool {
                self > best
            }

            fn below(self, best: Self) -> bool {
                self < best
            }
        }
    )+};
}

ordered!(bool i32 i64 Decimal u128);

impl Ordered for f64 {
    // NaN wins both ways and stays: the largest and the least value of rows with a NaN are NaN.
    fn above(self, best: Self) -> bool {
        self > best || (self.is_nan() && !best.is_nan())
    }

    fn below(self, best: Self) -> bool {
        self < best || (self.is_nan() && !best.is_nan())
    }
}

/// A contest between values of `ty`, any type but dynamic.
pub fn contest(ty: Type, largest: bool) -> Box<dyn Contest> {
    fn cells<T: Ordered>(ty: Type, largest: bool) -> Box<dyn Contest> {
        let best: Vec<Option<T>> = Vec::new();
        Box::new(Cells { ty, largest, best })
    }
    match ty {
        Type::Bool => cells::<bool>(ty, largest),
        Type::Int => cells::<i32>(ty, largest),
        Type::Long | Type::DateTime | Type::Timespan => cells::<i64>(ty, largest),
        Type::Real => cells::<f64>(ty, largest),
        Type::Decimal => cells::<Decimal>(ty, largest),
        Type::Guid => cells::<u128>(ty, largest),
        Type::String | Type::Dynamic => Box::new(Texts {
            largest,
            best: Vec::new(),
        }),
    }
}

struct Cells<T> {
    ty: Type,
    largest: bool,
    best: Vec<Option<T>>,
}

impl<T: Ordered> Contest for Cells<T> {
    fn offer(
        &mut self,
        groups: &[u32],
        count: usize,
        column: &Column,
        won: &mut dyn FnMut(usize, usize),
    ) {
        loops::slot(&mut self.best, count);
        let Some(values) = T::values(column) else {
            return;
        };
        let wins = if self.largest { T::above } else { T::below };
        for (row, (group, value)) in groups.iter().zip(&values.data).enumerate() {
            let group = *group as usize;
            if values.is_valid(row)
                && let Some(best) = self.best.get_mut(group)
                && best.is_none_or(|best| wins(*value, best))
            {
                *best = Some(*value);
                won(group, row);
            }
        }
    }

    fn column(&mut self, count: usize) -> Column {
        loops::slot(&mut self.best, count);
        T::column(self.ty, self.best.iter().copied().collect())
    }

    fn bytes(&self) -> usize {
        self.best.len() * size_of::<Option<T>>()
    }
}

struct Texts {
    largest: bool,
    best: Vec<Option<Box<str>>>,
}

impl Contest for Texts {
    fn offer(
        &mut self,
        groups: &[u32],
        count: usize,
        column: &Column,
        won: &mut dyn FnMut(usize, usize),
    ) {
        loops::slot(&mut self.best, count);
        let Column::String(strings) = column else {
            return;
        };
        for (row, (group, text)) in groups.iter().zip(strings.iter()).enumerate() {
            let group = *group as usize;
            if let Some(best) = self.best.get_mut(group)
                && best.as_deref().is_none_or(|best| {
                    if self.largest {
                        text > best
                    } else {
                        text < best
                    }
                })
            {
                *best = Some(text.into());
                won(group, row);
            }
        }
    }

    fn column(&mut self, count: usize) -> Column {
        loops::slot(&mut self.best, count);
        let texts = self.best.iter().map(|best| best.as_deref().unwrap_or(""));
        Column::String(Strings::from_texts(texts))
    }

    fn bytes(&self) -> usize {
        self.best.len() * 16
            + self
                .best
                .iter()
                .flatten()
                .map(|text| text.len())
                .sum::<usize>()
    }
}

struct Extreme(Box<dyn Contest>);

impl Accumulator for Extreme {
    fn update(&mut self, groups: &[u32], count: usize, args: &[Arc<Column>]) {
        if let Some(column) = args.first() {
            self.0.offer(groups, count, column, &mut |_, _| {});
        }
    }

    fn finish(&mut self, count: usize) -> Vec<Column> {
        vec![self.0.column(count)]
    }

    fn bytes(&self) -> usize {
        self.0.bytes()
    }
}
