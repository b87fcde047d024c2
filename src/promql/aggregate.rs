//! Aggregations: many series to few.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::error::Error;
use super::eval::{Evaluator, Sample, number_text};
use super::labels::{Id, Purpose, is_name, keep};
use super::relabel::text;
use super::syntax::{Aggregate, Aggregation};
use super::windows::stays_infinite;

impl<'a> Evaluator<'a> {
    /// The value of an aggregation.
    pub(super) fn aggregate(
        &mut self,
        aggregate: &'a Aggregate,
        at: i64,
    ) -> Result<Vec<Sample>, Error> {
        let number = match (&aggregate.param, aggregate.op) {
            (None, _) | (_, Aggregation::CountValues) => f64::NAN,
            (Some(param), _) => self.scalar(param, at)?,
        };
        let samples = self.vector(&aggregate.expr, at)?;
        if aggregate.op == Aggregation::CountValues {
            return self.count_values(aggregate, &samples);
        }
        let by = (std::ptr::from_ref(aggregate).addr(), Purpose::Group);
        let groups = groups(&samples, |sample| {
            self.book.group(by, &aggregate.grouping, sample.labels)
        });
        if matches!(aggregate.op, Aggregation::Topk | Aggregation::Bottomk) {
            let count = whole(aggregate, number)?;
            let chosen = groups.into_iter().flat_map(|(_, mut samples)| {
                samples.sort_by(|left, right| match aggregate.op {
                    Aggregation::Topk => falling(left.value, right.value),
                    _ => rising(left.value, right.value),
                });
                samples.truncate(count);
                samples
            });
            return Ok(chosen.collect());
        }
        let one = |(labels, samples): (Id, Vec<Sample>)| Sample {
            labels,
            value: fold(aggregate.op, number, &samples),
        };
        Ok(groups.into_iter().map(one).collect())
    }

    fn count_values(
        &mut self,
        aggregate: &Aggregate,
        samples: &[Sample],
    ) -> Result<Vec<Sample>, Error> {
        let param = aggregate.param.as_ref();
        let name = param.map_or("", text);
        if !is_name(name) {
            let span = param.map_or(&aggregate.expr.span, |param| &param.span);
            return Err(Error::execution(
                span,
                format!("invalid label name {name:?}"),
            ));
        }
        let mut grouping = aggregate.grouping.clone();
        if !grouping.without {
            grouping.labels.push(name.to_owned());
        }
        let groups = groups(samples, |sample| {
            let mut labels = (*self.book.labels(sample.labels)).clone();
            labels.insert(name.to_owned(), number_text(sample.value));
            keep(&mut labels, &grouping);
            self.book.id(labels)
        });
        let counted = |(labels, samples): (Id, Vec<Sample>)| Sample {
            labels,
            value: samples.len() as f64,
        };
        Ok(groups.into_iter().map(counted).collect())
    }
}

/// The samples by group, in the order in which groups come.
fn groups(samples: &[Sample], mut group: impl FnMut(&Sample) -> Id) -> Vec<(Id, Vec<Sample>)> {
    let mut places: HashMap<Id, usize> = HashMap::new();
    let mut groups: Vec<(Id, Vec<Sample>)> = Vec::new();
    for sample in samples {
        let id = group(sample);
        let place = *places.entry(id).or_insert(groups.len());
        if place == groups.len() {
            groups.push((id, Vec::new()));
        }
        if let Some((_, members)) = groups.get_mut(place) {
            members.push(*sample);
        }
    }
    groups
}

/// How many `topk` and `bottomk` leave.
fn whole(aggregate: &Aggregate, number: f64) -> Result<usize, Error> {
    if number.is_nan() || number.abs() >= i64::MAX as f64 {
        let span = aggregate.param.as_ref().map_or(0..0, |p| p.span.clone());
        let message = format!("Scalar value {} overflows int64", number_text(number));
        return Err(Error::execution(&span, message));
    }
    Ok(number.max(0.0) as usize)
}

/// From the greatest down; what is no number comes last.
pub(super) fn falling(left: f64, right: f64) -> Ordering {
    let nan = left.is_nan().cmp(&right.is_nan());
    nan.then(right.partial_cmp(&left).unwrap_or(Ordering::Equal))
}

/// From the least up; what is no number comes last.
pub(super) fn rising(left: f64, right: f64) -> Ordering {
    let nan = left.is_nan().cmp(&right.is_nan());
    nan.then(left.partial_cmp(&right).unwrap_or(Ordering::Equal))
}

/// One value of a group, which is never empty.
fn fold(op: Aggregation, number: f64, samples: &[Sample]) -> f64 {
    let values = samples.iter().map(|sample| sample.value);
    match op {
        Aggregation::Sum => values.reduce(|sum, value| sum + value).unwrap_or(f64::NAN),
        Aggregation::Avg => mean(values),
        Aggregation::Min => values.reduce(f64::min).unwrap_or(f64::NAN),
        Aggregation::Max => values.reduce(f64::max).unwrap_or(f64::NAN),
        Aggregation::Count => samples.len() as f64,
        Aggregation::Stddev => variance(values).sqrt(),
        Aggregation::Stdvar => variance(values),
        Aggregation::Quantile => quantile(number, values.collect()),
        // `topk`, `bottomk` and `count_values` are no folds: `aggregate` does them.
        Aggregation::Group
        | Aggregation::Topk
        | Aggregation::Bottomk
        | Aggregation::CountValues => 1.0,
    }
}

/// The mean, computed so that it does not overflow, in Prometheus's order of operations.
fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let mut mean = 0.0_f64;
    let mut count = 0.0;
    for value in values {
        count += 1.0;
        if mean.is_infinite() && stays_infinite(mean, value) {
            continue;
        }
        mean += value / count - mean / count;
    }
    mean
}

/// The variance, as of a whole population. That of a single value is 0, even when that is infinite or no number: Prometheus 2 does not look at it.
fn variance(mut values: impl Iterator<Item = f64>) -> f64 {
    let (mut count, mut mean, mut squares) = (1.0, values.next().unwrap_or(f64::NAN), 0.0);
    for value in values {
        count += 1.0;
        let away = value - mean;
        mean += away / count;
        squares += away * (value - mean);
    }
    squares / count
}

/// The quantile of values, between the two nearest in proportion. What is no number counts as least.
pub(super) fn quantile(wanted: f64, mut values: Vec<f64>) -> f64 {
    if values.is_empty() || wanted.is_nan() {
        return f64::NAN;
    }
    if wanted < 0.0 {
        return f64::NEG_INFINITY;
    }
    if wanted > 1.0 {
        return f64::INFINITY;
    }
    values.sort_by(|left, right| falling(*right, *left));
    let last = values.len() - 1;
    let rank = wanted * last as f64;
    let lower = rank.floor();
    let at = |place: usize| values.get(place.min(last)).copied().unwrap_or(f64::NAN);
    let weight = rank - lower;
    at(lower as usize) * (1.0 - weight) + at(lower as usize + 1) * weight
}
