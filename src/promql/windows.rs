//! What is made of the samples of one series over a time: `rate` and its kin, `…_over_time`. None is no value, which is not zero.
//!
//! Sums compensate for lost digits where Prometheus does, so that answers agree to the last digit.

use std::cmp::Ordering;

use super::aggregate::quantile;
use super::store::Point;

/// What a function of a window is told besides the samples.
#[derive(Debug)]
pub struct Given {
    /// The time of evaluation in milliseconds.
    pub at: i64,
    /// Where the window begins, in milliseconds.
    pub start: i64,
    /// Where it ends; its samples may be at both ends (in Prometheus 3 the start does not belong to it any more).
    pub end: i64,
    /// The numbers among the arguments, in order.
    pub numbers: Vec<f64>,
}

/// A sum that keeps the digits a plain sum loses (Kahan and Neumaier).
#[derive(Default)]
struct Sum {
    total: f64,
    lost: f64,
}

impl Sum {
    fn add(&mut self, value: f64) {
        let total = self.total + value;
        self.lost += if self.total.abs() >= value.abs() {
            (self.total - total) + value
        } else {
            (value - total) + self.total
        };
        self.total = total;
    }

    fn value(&self) -> f64 {
        self.total + self.lost
    }

    /// An infinite sum has lost nothing that could be said.
    fn finite_value(&self) -> f64 {
        if self.total.is_infinite() {
            self.total
        } else {
            self.value()
        }
    }
}

fn seconds(milliseconds: i64) -> f64 {
    milliseconds as f64 / 1000.0
}

/// How much a counter grew, as if it had been seen over the whole window.
pub fn increase(points: &[Point], given: &Given) -> Option<f64> {
    extrapolated(points, given, true)
}

/// [`increase`] a second.
pub fn rate(points: &[Point], given: &Given) -> Option<f64> {
    let (grown, seen, covered) = covered(points, given, true)?;
    // In this order, because Prometheus rounds in this order.
    Some(grown * (covered / seen / seconds(given.end - given.start)))
}

/// How much a gauge changed, as if it had been seen over the whole window.
pub fn delta(points: &[Point], given: &Given) -> Option<f64> {
    extrapolated(points, given, false)
}

fn extrapolated(points: &[Point], given: &Given, counter: bool) -> Option<f64> {
    let (grown, seen, covered) = covered(points, given, counter)?;
    Some(grown * (covered / seen))
}

/// What the samples grew by, over how many seconds they were seen, and how many seconds of the window they stand for. Where the samples reach nearly to an end of the
/// window, they stand for all of it up to there; otherwise for half of their distance beyond; a counter not for a time before it was zero.
fn covered(points: &[Point], given: &Given, counter: bool) -> Option<(f64, f64, f64)> {
    let (first, last) = (points.first()?, points.last()?);
    if points.len() < 2 {
        return None;
    }
    let mut grown = last.value - first.value;
    if counter {
        // A counter that falls was restarted at zero.
        let mut before = 0.0;
        for point in points {
            if point.value < before {
                grown += before;
            }
            before = point.value;
        }
    }
    let mut to_start = seconds(first.at - given.start);
    let to_end = seconds(given.end - last.at);
    let seen = seconds(last.at - first.at);
    let distance = seen / (points.len() - 1) as f64;
    if counter && grown > 0.0 && first.value >= 0.0 {
        to_start = to_start.min(seen * (first.value / grown));
    }
    // Prometheus 2: the threshold is a tenth above the mean distance of samples.
    let threshold = distance * 1.1;
    let mut covered = seen;
    for gap in [to_start, to_end] {
        covered += if gap < threshold { gap } else { distance / 2.0 };
    }
    Some((grown, seen, covered))
}

/// The last two samples, and the seconds between them.
fn last_two(points: &[Point]) -> Option<(f64, f64, f64)> {
    let [.., before, last] = points else {
        return None;
    };
    (last.at > before.at).then(|| (before.value, last.value, seconds(last.at - before.at)))
}

/// How fast a counter grew between its last two samples.
pub fn irate(points: &[Point], _: &Given) -> Option<f64> {
    let (before, last, time) = last_two(points)?;
    let grown = if last < before { last } else { last - before };
    Some(grown / time)
}

/// The difference of the last two samples.
pub fn idelta(points: &[Point], _: &Given) -> Option<f64> {
    let (before, last, _) = last_two(points)?;
    Some(last - before)
}

/// Slope a second and value at `at` of the straight line through the samples.
fn line(points: &[Point], at: i64) -> Option<(f64, f64)> {
    let first = points.first()?;
    if points.len() < 2 {
        return None;
    }
    // A flat line has no slope, whatever rounding says.
    if points
        .iter()
        .skip(1)
        .all(|point| same(point.value, first.value))
    {
        return Some(if first.value.is_infinite() {
            (f64::NAN, f64::NAN)
        } else {
            (0.0, first.value)
        });
    }
    let [mut x, mut y, mut xy, mut xx] = [(); 4].map(|()| Sum::default());
    for point in points {
        let time = seconds(point.at - at);
        x.add(time);
        y.add(point.value);
        xy.add(time * point.value);
        xx.add(time * time);
    }
    let count = points.len() as f64;
    let [x, y, xy, xx] = [x, y, xy, xx].map(|sum| sum.value());
    let slope = (xy - x * y / count) / (xx - x * x / count);
    Some((slope, y / count - slope * x / count))
}

/// How fast a gauge changes a second, by the straight line through its samples.
pub fn deriv(points: &[Point], _: &Given) -> Option<f64> {
    Some(line(points, points.first()?.at)?.0)
}

/// What a gauge will be after so many seconds, by the straight line through its samples.
pub fn predict_linear(points: &[Point], given: &Given) -> Option<f64> {
    let (slope, value) = line(points, given.at)?;
    Some(slope * given.numbers.first()? + value)
}

/// How often a counter fell.
pub fn resets(points: &[Point], _: &Given) -> Option<f64> {
    pairs(points, |before, after| after < before)
}

/// How often a value changed.
pub fn changes(points: &[Point], _: &Given) -> Option<f64> {
    pairs(points, |before, after| {
        !(same(before, after) || (after.is_nan() && before.is_nan()))
    })
}

/// Exactly the same number.
fn same(left: f64, right: f64) -> bool {
    left.partial_cmp(&right).is_some_and(Ordering::is_eq)
}

fn pairs(points: &[Point], counted: impl Fn(f64, f64) -> bool) -> Option<f64> {
    points.first()?;
    let pairs = points.iter().zip(points.iter().skip(1));
    let counted = pairs.filter(|(before, after)| counted(before.value, after.value));
    Some(counted.count() as f64)
}

/// The mean, computed so that it does not overflow.
pub fn avg(points: &[Point], _: &Given) -> Option<f64> {
    points.first()?;
    let mut mean = Sum::default();
    let mut count = 0.0;
    for Point { value, .. } in points {
        count += 1.0;
        if mean.total.is_infinite() && stays_infinite(mean.total, *value) {
            continue;
        }
        mean.add(value / count - mean.total / count);
    }
    Some(mean.finite_value())
}

/// Whether an infinite mean stays as it is when a value is added: yes, unless that is NaN or the other infinity.
pub fn stays_infinite(mean: f64, value: f64) -> bool {
    !value.is_nan() && (!value.is_infinite() || (mean > 0.0) == (value > 0.0))
}

/// The sum.
pub fn sum(points: &[Point], _: &Given) -> Option<f64> {
    points.first()?;
    let mut sum = Sum::default();
    for point in points {
        sum.add(point.value);
    }
    Some(sum.finite_value())
}

/// The least value; NaN only when there is no other.
pub fn min(points: &[Point], _: &Given) -> Option<f64> {
    points.iter().map(|point| point.value).reduce(f64::min)
}

/// The greatest value; NaN only when there is no other.
pub fn max(points: &[Point], _: &Given) -> Option<f64> {
    points.iter().map(|point| point.value).reduce(f64::max)
}

/// How many samples there are.
pub fn count(points: &[Point], _: &Given) -> Option<f64> {
    points.first()?;
    Some(points.len() as f64)
}

/// The newest value.
pub fn last(points: &[Point], _: &Given) -> Option<f64> {
    points.last().map(|point| point.value)
}

/// 1 when there is a sample.
pub fn present(points: &[Point], _: &Given) -> Option<f64> {
    points.first().map(|_| 1.0)
}

/// The quantile of the values.
pub fn quantile_of(points: &[Point], given: &Given) -> Option<f64> {
    points.first()?;
    let values = points.iter().map(|point| point.value).collect();
    Some(quantile(*given.numbers.first()?, values))
}

/// The variance of the values, as of a whole population.
pub fn stdvar(points: &[Point], _: &Given) -> Option<f64> {
    points.first()?;
    let (mut mean, mut squares) = (Sum::default(), Sum::default());
    let mut count = 0.0;
    for Point { value, .. } in points {
        count += 1.0;
        let away = value - mean.value();
        mean.add(away / count);
        squares.add(away * (value - mean.value()));
    }
    Some(squares.value() / count)
}

/// The standard deviation of the values, as of a whole population.
pub fn stddev(points: &[Point], given: &Given) -> Option<f64> {
    stdvar(points, given).map(f64::sqrt)
}
