//! `percentile`, `percentiles`, `percentiles_array`, and the same with weights: the value at the nearest rank, one of the values that are there. Exact, where
//! Kusto estimates.

use std::sync::Arc;

use rust_decimal::prelude::ToPrimitive;

use super::{Accumulator, Aggregate, AggregateBinding, BoundAggregate, filtered, loops};
use crate::kql::column::{Column, Values};
use crate::kql::dynamic::Dynamic;
use crate::kql::error::KqlError;
use crate::kql::expr::Expr;
use crate::kql::types::Type;
use crate::kql::value::Value;
use crate::kql::value::convert::to_dynamic;
use crate::kql::value::text::to_text;

/// The aggregates of this area.
pub const AGGREGATES: &[Aggregate] = &[
    Aggregate {
        name: "percentile",
        aliases: &[],
        prefix: "percentile",
        usage: "percentile(value, percentile)",
        arity: (2, 2),
        bind: |binding| bind(binding, Shape::default()),
    },
    Aggregate {
        name: "percentiles",
        aliases: &[],
        prefix: "percentile",
        usage: "percentiles(value, percentile, …)",
        arity: (2, usize::MAX),
        bind: |binding| bind(binding, Shape::default()),
    },
    Aggregate {
        name: "percentiles_array",
        aliases: &["percentile_array"],
        prefix: "percentiles",
        usage: "percentiles_array(value, percentile, …)",
        arity: (2, usize::MAX),
        bind: |binding| {
            bind(
                binding,
                Shape {
                    array: true,
                    weighted: false,
                },
            )
        },
    },
    Aggregate {
        name: "percentilew",
        aliases: &[],
        prefix: "percentile",
        usage: "percentilew(value, weight, percentile)",
        arity: (3, 3),
        bind: |binding| {
            bind(
                binding,
                Shape {
                    array: false,
                    weighted: true,
                },
            )
        },
    },
    Aggregate {
        name: "percentilesw",
        aliases: &[],
        prefix: "percentile",
        usage: "percentilesw(value, weight, percentile, …)",
        arity: (3, usize::MAX),
        bind: |binding| {
            bind(
                binding,
                Shape {
                    array: false,
                    weighted: true,
                },
            )
        },
    },
    Aggregate {
        name: "percentilesw_array",
        aliases: &["percentilew_array"],
        prefix: "percentiles",
        usage: "percentilesw_array(value, weight, percentile, …)",
        arity: (3, usize::MAX),
        bind: |binding| {
            bind(
                binding,
                Shape {
                    array: true,
                    weighted: true,
                },
            )
        },
    },
    Aggregate {
        name: "percentileif",
        aliases: &[],
        prefix: "percentile",
        usage: "percentileif(value, percentile, predicate)",
        arity: (3, 3),
        bind: |binding| filtered::bind(binding, 2, |binding| bind(binding, Shape::default())),
    },
];

#[derive(Clone, Copy, Default)]
struct Shape {
    /// One list instead of a column for each.
    array: bool,
    /// The second argument says how often each value counts.
    weighted: bool,
}

fn bind(binding: &AggregateBinding<'_>, shape: Shape) -> Result<BoundAggregate, KqlError> {
    let value = binding.arg(0)?;
    let ty = match value.ty {
        Type::Int | Type::Long => Type::Long,
        Type::Real | Type::Decimal => Type::Real,
        ty @ (Type::DateTime | Type::Timespan) => ty,
        _ => return Err(binding.mismatch(value, "a number, a datetime or a timespan")),
    };
    let mut args = vec![value.clone()];
    if shape.weighted {
        let weight = binding.arg(1)?;
        if !matches!(weight.ty, Type::Int | Type::Long) {
            return Err(binding.mismatch(weight, "a whole number as the weight"));
        }
        args.push(weight.clone());
    }
    let mut asked = Vec::new();
    for arg in binding.args.get(args.len()..).unwrap_or_default() {
        percentiles(binding, arg, &mut asked)?;
    }
    let columns = if shape.array {
        vec![(binding.column_name(), Type::Dynamic)]
    } else {
        asked
            .iter()
            .map(|(_, name)| (format!("{}_{name}", binding.column_name()), ty))
            .collect()
    };
    let asked: Vec<f64> = asked
        .into_iter()
        .map(|(percentile, _)| percentile)
        .collect();
    Ok(BoundAggregate {
        columns,
        args,
        make: Box::new(move || {
            Box::new(Percentiles {
                ty,
                shape,
                asked: asked.clone(),
                groups: Vec::new(),
                values: Vec::new(),
                weights: Vec::new(),
            })
        }),
    })
}

/// The percentiles that an argument asks for, a number or a list of them, each with its text in a column's name.
fn percentiles(
    binding: &AggregateBinding<'_>,
    arg: &Expr,
    asked: &mut Vec<(f64, String)>,
) -> Result<(), KqlError> {
    let items = match arg.as_constant() {
        Some(Value::Dynamic(Dynamic::Array(items))) => {
            items.iter().map(|item| item.clone().into_value()).collect()
        }
        Some(value) => vec![value.clone()],
        None => Vec::new(),
    };
    let before = asked.len();
    for item in &items {
        let percentile = match item {
            Value::Dynamic(item) => item.as_real(),
            item => item.as_real(),
        };
        if let Some(percentile) = percentile.filter(|percentile| (0.0..=100.0).contains(percentile))
        {
            asked.push((percentile, to_text(item).replace(['.', '-'], "_")));
        }
    }
    if asked.len() == before || asked.len() - before < items.len() {
        return Err(KqlError::semantic(
            arg.span,
            format!(
                "`{}` expects constant percentiles between 0 and 100",
                binding.name
            ),
        ));
    }
    Ok(())
}

/// A number that has an order: doubles by their value with NaN last, ticks and whole numbers as they are.
#[derive(Clone, Copy)]
enum Number {
    Long(i64),
    Real(f64),
}

impl Number {
    fn order(&self, other: &Self) -> std::cmp::Ordering {
        match (self, other) {
            (Self::Long(left), Self::Long(right)) => left.cmp(right),
            (Self::Real(left), Self::Real(right)) => left.total_cmp(right),
            _ => std::cmp::Ordering::Equal,
        }
    }
}

/// Every value with its group, until the end.
struct Percentiles {
    ty: Type,
    shape: Shape,
    asked: Vec<f64>,
    groups: Vec<u32>,
    values: Vec<Number>,
    weights: Vec<u64>,
}

impl Percentiles {
    /// The values of each group, with their weights.
    fn by_group(&mut self, count: usize) -> Vec<Vec<(Number, u64)>> {
        let mut of_group = vec![Vec::new(); count];
        let values = std::mem::take(&mut self.values);
        for (at, (group, value)) in std::mem::take(&mut self.groups)
            .into_iter()
            .zip(values)
            .enumerate()
        {
            if let Some(values) = of_group.get_mut(group as usize) {
                values.push((value, self.weights.get(at).copied().unwrap_or(1)));
            }
        }
        of_group
    }
}

/// The value at the percentile `asked` of values in order whose weights add up to `total`.
fn at_rank(values: &[(Number, u64)], total: u64, asked: f64) -> Option<Number> {
    // The least rank that has as many rows at or below it as were asked for; the first for the percentile 0.
    let rank = ((asked / 100.0 * total as f64).ceil() as u64).clamp(1, total.max(1));
    let mut below = 0;
    values
        .iter()
        .find(|(_, weight)| {
            below += weight;
            below >= rank
        })
        .map(|(value, _)| *value)
}

impl Accumulator for Percentiles {
    fn update(&mut self, groups: &[u32], _: usize, args: &[Arc<Column>]) {
        let Some((column, weights)) = args.split_first() else {
            return;
        };
        let weight = |row: usize| match weights.first() {
            Some(weights) => weights
                .value(row)
                .as_long()
                .and_then(|weight| u64::try_from(weight).ok())
                .unwrap_or(0),
            None => 1,
        };
        let weighted = self.shape.weighted;
        let mut push = |row: usize, number: Number| {
            let weight = weight(row);
            if weight > 0
                && let Some(group) = groups.get(row)
            {
                self.groups.push(*group);
                self.values.push(number);
                if weighted {
                    self.weights.push(weight);
                }
            }
        };
        let rows: Vec<u32> = (0..groups.len() as u32).collect();
        match &**column {
            Column::Real(values) => {
                loops::each(&rows, values, |row, value| push(row, Number::Real(value)));
            }
            Column::Decimal(values) => loops::each(&rows, values, |row, value| {
                if let Some(value) = value.to_f64() {
                    push(row, Number::Real(value));
                }
            }),
            column => loops::each_long(&rows, column, |row, value| push(row, Number::Long(value))),
        }
    }

    fn finish(&mut self, count: usize) -> Vec<Column> {
        let mut of_group = self.by_group(count);
        let mut results: Vec<Vec<Option<Number>>> =
            vec![Vec::with_capacity(count); self.asked.len()];
        for values in &mut of_group {
            values.sort_unstable_by(|(left, _), (right, _)| left.order(right));
            let total = values.iter().map(|(_, weight)| weight).sum();
            for (asked, results) in self.asked.iter().zip(&mut results) {
                results.push(at_rank(values, total, *asked));
            }
        }
        let columns: Vec<Column> = results
            .iter()
            .map(|results| column(self.ty, results))
            .collect();
        if !self.shape.array {
            return columns;
        }
        let lists = (0..count).map(|group| {
            let values = columns.iter().map(|column| column.value(group));
            Dynamic::array(values.map(|value| to_dynamic(&value)).collect())
        });
        vec![Column::Dynamic(lists.collect())]
    }

    fn bytes(&self) -> usize {
        self.values.len() * 20 + self.weights.len() * 8
    }
}

fn column(ty: Type, results: &[Option<Number>]) -> Column {
    if ty == Type::Real {
        let values = results.iter().map(|result| match result {
            Some(Number::Real(value)) => Some(*value),
            _ => None,
        });
        return Column::Real(values.collect());
    }
    let values: Values<i64> = results
        .iter()
        .map(|result| match result {
            Some(Number::Long(value)) => Some(*value),
            _ => None,
        })
        .collect();
    loops::long_column(ty, values)
}
