//! `stdev`, `variance`, `covariance`, of a sample and of a population.

use std::sync::Arc;

use super::{Accumulator, Aggregate, AggregateBinding, BoundAggregate, filtered, loops};
use crate::kql::column::{Column, Values};
use crate::kql::error::KqlError;
use crate::kql::types::Type;

/// The aggregates of this area.
pub const AGGREGATES: &[Aggregate] = &[
    one("stdev", "stdev(number)", |binding| {
        spread(binding, SAMPLE, true)
    }),
    one("stdevp", "stdevp(number)", |binding| {
        spread(binding, POPULATION, true)
    }),
    one("variance", "variance(number)", |binding| {
        spread(binding, SAMPLE, false)
    }),
    one("variancep", "variancep(number)", |binding| {
        spread(binding, POPULATION, false)
    }),
    filtered_one("stdevif", "stdevif(number, predicate)", |binding| {
        filtered::bind(binding, 1, |binding| spread(binding, SAMPLE, true))
    }),
    filtered_one("stdevpif", "stdevpif(number, predicate)", |binding| {
        filtered::bind(binding, 1, |binding| spread(binding, POPULATION, true))
    }),
    filtered_one("varianceif", "varianceif(number, predicate)", |binding| {
        filtered::bind(binding, 1, |binding| spread(binding, SAMPLE, false))
    }),
    filtered_one("variancepif", "variancepif(number, predicate)", |binding| {
        filtered::bind(binding, 1, |binding| spread(binding, POPULATION, false))
    }),
    filtered_one("covariance", "covariance(number, number)", |binding| {
        covariance(binding, SAMPLE)
    }),
    filtered_one("covariancep", "covariancep(number, number)", |binding| {
        covariance(binding, POPULATION)
    }),
    Aggregate {
        arity: (3, 3),
        ..filtered_one(
            "covarianceif",
            "covarianceif(number, number, predicate)",
            |binding| filtered::bind(binding, 2, |binding| covariance(binding, SAMPLE)),
        )
    },
    Aggregate {
        arity: (3, 3),
        ..filtered_one(
            "covariancepif",
            "covariancepif(number, number, predicate)",
            |binding| filtered::bind(binding, 2, |binding| covariance(binding, POPULATION)),
        )
    },
];

/// What is taken off the number of rows before it divides.
const SAMPLE: u64 = 1;
const POPULATION: u64 = 0;

type Bind = fn(&AggregateBinding<'_>) -> Result<BoundAggregate, KqlError>;

const fn one(name: &'static str, usage: &'static str, bind: Bind) -> Aggregate {
    Aggregate {
        name,
        aliases: &[],
        prefix: name,
        usage,
        arity: (1, 1),
        bind,
    }
}

const fn filtered_one(name: &'static str, usage: &'static str, bind: Bind) -> Aggregate {
    Aggregate {
        name,
        aliases: &[],
        prefix: name,
        usage,
        arity: (2, 2),
        bind,
    }
}

fn spread(
    binding: &AggregateBinding<'_>,
    less: u64,
    root: bool,
) -> Result<BoundAggregate, KqlError> {
    let value = binding.arg(0)?.clone();
    if !value.ty.is_number() {
        return Err(binding.mismatch(&value, "a number"));
    }
    Ok(binding.bound(Type::Real, vec![value], move || {
        Box::new(Spread {
            less,
            root,
            groups: Vec::new(),
        })
    }))
}

fn covariance(binding: &AggregateBinding<'_>, less: u64) -> Result<BoundAggregate, KqlError> {
    for arg in binding.args {
        if !arg.ty.is_number() {
            return Err(binding.mismatch(arg, "a number"));
        }
    }
    Ok(binding.bound(Type::Real, binding.args.to_vec(), move || {
        Box::new(Covariance {
            less,
            groups: Vec::new(),
        })
    }))
}

/// Running moments (Welford), which stay exact where the values are large and close together.
#[derive(Clone, Default)]
struct Moments {
    rows: u64,
    mean: f64,
    /// Sum of the squares of the distances to the mean.
    squares: f64,
}

struct Spread {
    less: u64,
    root: bool,
    groups: Vec<Moments>,
}

impl Accumulator for Spread {
    fn update(&mut self, groups: &[u32], count: usize, args: &[Arc<Column>]) {
        loops::slot(&mut self.groups, count);
        let moments = &mut self.groups;
        for column in args {
            loops::each_real(groups, column, |group, value| {
                if let Some(moments) = moments.get_mut(group) {
                    moments.rows += 1;
                    let before = value - moments.mean;
                    moments.mean += before / moments.rows as f64;
                    moments.squares += before * (value - moments.mean);
                }
            });
        }
    }

    fn finish(&mut self, count: usize) -> Vec<Column> {
        loops::slot(&mut self.groups, count);
        let results = self.groups.iter().map(|moments| {
            if moments.rows < 2 {
                return 0.0;
            }
            let variance = moments.squares / (moments.rows - self.less) as f64;
            if self.root { variance.sqrt() } else { variance }
        });
        vec![Column::Real(Values::full(results.collect()))]
    }

    fn bytes(&self) -> usize {
        self.groups.len() * size_of::<Moments>()
    }
}

#[derive(Clone, Default)]
struct Together {
    rows: u64,
    means: (f64, f64),
    /// Sum of the products of the distances to the means.
    products: f64,
}

struct Covariance {
    less: u64,
    groups: Vec<Together>,
}

impl Accumulator for Covariance {
    fn update(&mut self, groups: &[u32], count: usize, args: &[Arc<Column>]) {
        loops::slot(&mut self.groups, count);
        let [left, right] = args else {
            return;
        };
        for (row, group) in groups.iter().enumerate() {
            let (Some(left), Some(right)) = (left.value(row).as_real(), right.value(row).as_real())
            else {
                continue;
            };
            if let Some(together) = self.groups.get_mut(*group as usize) {
                together.rows += 1;
                let before = left - together.means.0;
                together.means.0 += before / together.rows as f64;
                together.means.1 += (right - together.means.1) / together.rows as f64;
                together.products += before * (right - together.means.1);
            }
        }
    }

    fn finish(&mut self, count: usize) -> Vec<Column> {
        loops::slot(&mut self.groups, count);
        let results = self.groups.iter().map(|together| {
            if together.rows < 2 {
                return 0.0;
            }
            together.products / (together.rows - self.less) as f64
        });
        vec![Column::Real(Values::full(results.collect()))]
    }

    fn bytes(&self) -> usize {
        self.groups.len() * size_of::<Together>()
    }
}
