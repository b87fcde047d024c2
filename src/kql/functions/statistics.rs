//! Statistics of a numeric series: moments and the line that fits it best.

use super::dynamic::{arg, list};
use super::series::{mean, numbers};
use super::{Bound, Function, plain, row};
use crate::kql::dynamic::Dynamic;
use crate::kql::error::KqlError;
use crate::kql::types::Type;
use crate::kql::value::Value;

/// The functions of this area.
pub const FUNCTIONS: &[Function] = &[
    plain(
        "series_stats_dynamic",
        "series_stats_dynamic(series, ignore_nonfinite)",
        (1, 2),
        |binding| {
            let takes = [Type::Dynamic, Type::Bool];
            row(
                takes.get(..binding.args.len()).unwrap_or(&takes),
                Type::Dynamic,
                |args| {
                    let ignore = matches!(args.get(1), Some(Value::Bool(true)));
                    stats(arg(args, 0), ignore).map_or(Value::Null, |stats| bag(&STATS, stats))
                },
            )
        },
    ),
    plain(
        "series_stats",
        "series_stats(series, ignore_nonfinite)",
        (1, 2),
        |_| {
            row(&[Type::Dynamic, Type::Bool], Type::Dynamic, |args| {
                let ignore = matches!(args.get(1), Some(Value::Bool(true)));
                stats(arg(args, 0), ignore).map_or(Value::Null, |stats| {
                    list(stats.into_iter().take(7).collect())
                })
            })
        },
    ),
    plain("series_fit_line", "series_fit_line(series)", (1, 1), |_| {
        row(&[Type::Dynamic], Type::Dynamic, |args| {
            let line = numbers(arg(args, 0)).and_then(|series| line(&series));
            line.map_or(Value::Null, |line| list(line.to_vec()))
        })
    }),
    plain(
        "series_fit_line_dynamic",
        "series_fit_line_dynamic(series)",
        (1, 1),
        |_| fit(),
    ),
];

/// What `series_stats()` gives, in order.
const STATS: [&str; 9] = [
    "min", "min_idx", "max", "max_idx", "avg", "stdev", "variance", "sum", "len",
];
/// What `series_fit_line()` gives, in order.
const LINE: [&str; 6] = [
    "rsquare",
    "slope",
    "variance",
    "rvariance",
    "interception",
    "line_fit",
];

fn bag<const N: usize>(names: &[&str; N], values: [Dynamic; N]) -> Value {
    Value::Dynamic(Dynamic::bag(
        names
            .iter()
            .map(|name| (*name).into())
            .zip(values)
            .collect(),
    ))
}

fn fit() -> Result<Bound, KqlError> {
    row(&[Type::Dynamic], Type::Dynamic, |args| {
        numbers(arg(args, 0))
            .and_then(|series| line(&series))
            .map_or(Value::Null, |line| bag(&LINE, line))
    })
}

/// `None` when an item is no finite number and is not to be passed over, or nothing is left.
fn stats(series: &Dynamic, ignore: bool) -> Option<[Dynamic; 9]> {
    let mut known: Vec<(usize, f64)> = Vec::new();
    for (at, item) in series.items()?.iter().enumerate() {
        match item.as_real().filter(|number| number.is_finite()) {
            Some(number) => known.push((at, number)),
            None if ignore => {}
            None => return None,
        }
    }
    let (mut min, mut max) = (*known.first()?, *known.first()?);
    for (at, number) in &known {
        if *number < min.1 {
            min = (*at, *number);
        }
        if *number > max.1 {
            max = (*at, *number);
        }
    }
    let series: Vec<f64> = known.iter().map(|(_, number)| *number).collect();
    let variance = variance(&series, mean(&series));
    let index = |(at, _): (usize, f64)| Dynamic::Long(at as i64);
    Some([
        Dynamic::Real(min.1),
        index(min),
        Dynamic::Real(max.1),
        index(max),
        Dynamic::Real(mean(&series)),
        Dynamic::Real(variance.sqrt()),
        Dynamic::Real(variance),
        Dynamic::Real(series.iter().sum()),
        Dynamic::Long(series.len() as i64),
    ])
}

/// The variance of a sample; 0 of one number.
fn variance(numbers: &[f64], mean: f64) -> f64 {
    if numbers.len() < 2 {
        return 0.0;
    }
    numbers
        .iter()
        .map(|number| (number - mean).powi(2))
        .sum::<f64>()
        / (numbers.len() - 1) as f64
}

/// The line through the points (1, first), (2, second), … with the least squares.
fn line(series: &[f64]) -> Option<[Dynamic; 6]> {
    if series.len() < 2 {
        return None;
    }
    let places: Vec<f64> = (1..=series.len()).map(|place| place as f64).collect();
    let (mean_x, mean_y) = (mean(&places), mean(series));
    let points = || places.iter().zip(series);
    let slope = points()
        .map(|(x, y)| (x - mean_x) * (y - mean_y))
        .sum::<f64>()
        / places.iter().map(|x| (x - mean_x).powi(2)).sum::<f64>();
    let start = mean_y - slope * mean_x;
    let fitted: Vec<f64> = places.iter().map(|x| slope * x + start).collect();
    let residuals: Vec<f64> = series
        .iter()
        .zip(&fitted)
        .map(|(y, fitted)| y - fitted)
        .collect();
    let (spread, rest) = (variance(series, mean_y), variance(&residuals, 0.0));
    Some([
        Dynamic::Real(1.0 - rest / spread),
        Dynamic::Real(slope),
        Dynamic::Real(spread),
        Dynamic::Real(rest),
        Dynamic::Real(start),
        Dynamic::array(fitted.into_iter().map(Dynamic::Real).collect()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_the_one_of_the_reference() {
        let series = [
            2.0, 5.0, 6.0, 8.0, 11.0, 15.0, 17.0, 18.0, 25.0, 26.0, 30.0, 30.0,
        ];
        let line = line(&series).unwrap();
        for (value, expected) in line.iter().zip([0.982, 2.730, 98.628, 1.686, -1.666]) {
            assert!(
                (value.as_real().unwrap() - expected).abs() < 1e-3,
                "{value:?} {expected}"
            );
        }
        assert!((line[5].at(0).unwrap().as_real().unwrap() - 1.064).abs() < 1e-3);
    }

    #[test]
    fn a_gap_ends_the_statistics_unless_it_is_passed_over() {
        let series = Dynamic::array(vec![Dynamic::Long(4), Dynamic::Null, Dynamic::Long(2)]);
        assert!(stats(&series, false).is_none());
        let stats = stats(&series, true).unwrap();
        assert_eq!(stats[0].as_real(), Some(2.0));
        assert_eq!(stats[1].as_real(), Some(2.0));
        assert_eq!(stats[8].as_real(), Some(2.0));
    }
}
