//! Functions of numeric series: item by item, filters and statistics. What fills gaps stands in [`super::fill`].

use std::cmp::Ordering;

use super::dynamic::{arg, list};
use super::{Binding, Bound, Function, plain, row};
use crate::kql::dynamic::Dynamic;
use crate::kql::error::KqlError;
use crate::kql::types::Type;
use crate::kql::value::Value;
use crate::kql::value::convert::to_dynamic;

/// The functions of this area.
pub const FUNCTIONS: &[Function] = &[
    plain("series_add", "series_add(series1, series2)", (2, 2), |b| {
        pairs(b, |l, r| whole(l, r, i64::wrapping_add, |l, r| l + r))
    }),
    plain(
        "series_subtract",
        "series_subtract(series1, series2)",
        (2, 2),
        |b| pairs(b, |l, r| whole(l, r, i64::wrapping_sub, |l, r| l - r)),
    ),
    plain(
        "series_multiply",
        "series_multiply(series1, series2)",
        (2, 2),
        |b| pairs(b, |l, r| whole(l, r, i64::wrapping_mul, |l, r| l * r)),
    ),
    plain(
        "series_divide",
        "series_divide(series1, series2)",
        (2, 2),
        |b| pairs(b, |l, r| reals(l, r, |l, r| l / r)),
    ),
    plain("series_pow", "series_pow(series1, series2)", (2, 2), |b| {
        pairs(b, |l, r| reals(l, r, f64::powf))
    }),
    plain(
        "series_greater",
        "series_greater(series1, series2)",
        (2, 2),
        |b| pairs(b, |l, r| test(l, r, |l, r| l > r)),
    ),
    plain(
        "series_greater_equals",
        "series_greater_equals(series1, series2)",
        (2, 2),
        |b| pairs(b, |l, r| test(l, r, |l, r| l >= r)),
    ),
    plain(
        "series_less",
        "series_less(series1, series2)",
        (2, 2),
        |b| pairs(b, |l, r| test(l, r, |l, r| l < r)),
    ),
    plain(
        "series_less_equals",
        "series_less_equals(series1, series2)",
        (2, 2),
        |b| pairs(b, |l, r| test(l, r, |l, r| l <= r)),
    ),
    plain(
        "series_equals",
        "series_equals(series1, series2)",
        (2, 2),
        |b| {
            pairs(b, |l, r| {
                test(l, r, |l, r| l.partial_cmp(&r) == Some(Ordering::Equal))
            })
        },
    ),
    plain(
        "series_not_equals",
        "series_not_equals(series1, series2)",
        (2, 2),
        |b| {
            pairs(b, |l, r| {
                test(l, r, |l, r| l.partial_cmp(&r) != Some(Ordering::Equal))
            })
        },
    ),
    plain("series_abs", "series_abs(series)", (1, 1), |_| {
        each(|item| match item {
            Dynamic::Long(number) => Dynamic::Long(number.wrapping_abs()),
            item => real(item, f64::abs),
        })
    }),
    plain("series_sign", "series_sign(series)", (1, 1), |_| {
        each(|item| match item {
            Dynamic::Long(number) => Dynamic::Long(number.signum()),
            item => real(
                item,
                |number| if number == 0.0 { 0.0 } else { number.signum() },
            ),
        })
    }),
    plain("series_exp", "series_exp(series)", (1, 1), |_| {
        each(|item| real(item, f64::exp))
    }),
    plain("series_log", "series_log(series)", (1, 1), |_| {
        each(|item| real(item, f64::ln))
    }),
    plain("series_floor", "series_floor(series)", (1, 1), |_| {
        each(|item| real(item, f64::floor))
    }),
    plain("series_ceiling", "series_ceiling(series)", (1, 1), |_| {
        each(|item| real(item, f64::ceil))
    }),
    plain("series_sin", "series_sin(series)", (1, 1), |_| {
        each(|item| real(item, f64::sin))
    }),
    plain("series_cos", "series_cos(series)", (1, 1), |_| {
        each(|item| real(item, f64::cos))
    }),
    plain("series_tan", "series_tan(series)", (1, 1), |_| {
        each(|item| real(item, f64::tan))
    }),
    plain("series_asin", "series_asin(series)", (1, 1), |_| {
        each(|item| real(item, f64::asin))
    }),
    plain("series_acos", "series_acos(series)", (1, 1), |_| {
        each(|item| real(item, f64::acos))
    }),
    plain("series_atan", "series_atan(series)", (1, 1), |_| {
        each(|item| real(item, f64::atan))
    }),
    plain("series_sum", "series_sum(series)", (1, 1), |_| {
        row(&[Type::Dynamic], Type::Real, |args| {
            numbers(arg(args, 0)).map_or(Value::Null, |series| Value::Real(series.iter().sum()))
        })
    }),
    plain("series_product", "series_product(series)", (1, 1), |_| {
        row(&[Type::Dynamic], Type::Real, |args| {
            numbers(arg(args, 0)).map_or(Value::Null, |series| Value::Real(series.iter().product()))
        })
    }),
    plain(
        "series_dot_product",
        "series_dot_product(series1, series2)",
        (2, 2),
        |_| two(|left, right| Some(dot(left, right))),
    ),
    plain(
        "series_magnitude",
        "series_magnitude(series)",
        (1, 1),
        |_| {
            row(&[Type::Dynamic], Type::Real, |args| {
                numbers(arg(args, 0)).map_or(Value::Null, |series| {
                    Value::Real(dot(&series, &series).sqrt())
                })
            })
        },
    ),
    plain(
        "series_cosine_similarity",
        "series_cosine_similarity(series1, series2)",
        (2, 2),
        |_| {
            two(|left, right| {
                Some(dot(left, right) / (dot(left, left).sqrt() * dot(right, right).sqrt()))
            })
        },
    ),
    plain(
        "series_pearson_correlation",
        "series_pearson_correlation(series1, series2)",
        (2, 2),
        |_| two(pearson),
    ),
    plain(
        "series_fir",
        "series_fir(series, filter, normalize, center)",
        (2, 4),
        fir,
    ),
    plain(
        "series_iir",
        "series_iir(series, numerators, denominators)",
        (3, 3),
        |_| {
            row(&[Type::Dynamic; 3], Type::Dynamic, |args| {
                iir(arg(args, 0), arg(args, 1), arg(args, 2)).unwrap_or(Value::Null)
            })
        },
    ),
    refused("series_decompose"),
    refused("series_decompose_anomalies"),
    refused("series_decompose_forecast"),
    refused("series_seasonal"),
    refused("series_outliers"),
    refused("series_periods_detect"),
    refused("series_periods_validate"),
    refused("series_fft"),
    refused("series_ifft"),
    refused("series_fit_2lines"),
    refused("series_fit_2lines_dynamic"),
    refused("series_fit_poly"),
];

/// A function that is known and not worked out here: its results hang on how the engine goes about it.
const fn refused(name: &'static str) -> Function {
    plain(name, name, (0, 64), |binding| {
        Err(KqlError::unsupported(
            binding.span,
            format!(
                "{}() is not supported: an answer of its own would not be the service's",
                binding.name
            ),
        ))
    })
}

/// A call over two series, or a series and a number for each of its items.
fn pairs(binding: &Binding<'_>, f: fn(&Dynamic, &Dynamic) -> Dynamic) -> Result<Bound, KqlError> {
    let takes: Vec<Type> = binding.args.iter().map(|arg| arg.ty).collect();
    row(&takes, Type::Dynamic, move |args| {
        let side = |index: usize| args.get(index).map_or(Dynamic::Null, to_dynamic);
        let (left, right) = (side(0), side(1));
        let length = match (left.items(), right.items()) {
            (Some(left), Some(right)) => left.len().max(right.len()),
            (Some(items), None) | (None, Some(items)) => items.len(),
            (None, None) => return Value::Null,
        };
        let item = |side: &Dynamic, index: usize| match side.items() {
            Some(items) => items.get(index).cloned().unwrap_or(Dynamic::Null),
            None => side.clone(),
        };
        list(
            (0..length)
                .map(|index| f(&item(&left, index), &item(&right, index)))
                .collect(),
        )
    })
}

fn whole(
    left: &Dynamic,
    right: &Dynamic,
    longs: fn(i64, i64) -> i64,
    f: fn(f64, f64) -> f64,
) -> Dynamic {
    match (left, right) {
        (Dynamic::Long(left), Dynamic::Long(right)) => Dynamic::Long(longs(*left, *right)),
        _ => reals(left, right, f),
    }
}

fn reals(left: &Dynamic, right: &Dynamic, f: fn(f64, f64) -> f64) -> Dynamic {
    match (left.as_real(), right.as_real()) {
        (Some(left), Some(right)) => Dynamic::Real(f(left, right)),
        _ => Dynamic::Null,
    }
}

fn test(left: &Dynamic, right: &Dynamic, f: fn(f64, f64) -> bool) -> Dynamic {
    match (left.as_real(), right.as_real()) {
        (Some(left), Some(right)) => Dynamic::Bool(f(left, right)),
        _ => Dynamic::Null,
    }
}

/// A call that changes every item.
fn each(f: fn(&Dynamic) -> Dynamic) -> Result<Bound, KqlError> {
    row(&[Type::Dynamic], Type::Dynamic, move |args| {
        arg(args, 0)
            .items()
            .map_or(Value::Null, |items| list(items.iter().map(f).collect()))
    })
}

fn real(item: &Dynamic, f: fn(f64) -> f64) -> Dynamic {
    item.as_real()
        .map_or(Dynamic::Null, |number| Dynamic::Real(f(number)))
}

/// A number out of two series of one length.
fn two(f: fn(&[f64], &[f64]) -> Option<f64>) -> Result<Bound, KqlError> {
    row(
        &[Type::Dynamic, Type::Dynamic],
        Type::Real,
        move |args| match (numbers(arg(args, 0)), numbers(arg(args, 1))) {
            (Some(left), Some(right)) if left.len() == right.len() => {
                f(&left, &right).map_or(Value::Null, Value::Real)
            }
            _ => Value::Null,
        },
    )
}

/// The items of a series; `None` when one is not a number.
pub(super) fn numbers(series: &Dynamic) -> Option<Vec<f64>> {
    series.items()?.iter().map(Dynamic::as_real).collect()
}

fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter()
        .zip(right)
        .map(|(left, right)| left * right)
        .sum()
}

/// The mean of what is there.
pub(super) fn mean(numbers: &[f64]) -> f64 {
    numbers.iter().sum::<f64>() / numbers.len() as f64
}

fn pearson(left: &[f64], right: &[f64]) -> Option<f64> {
    if left.is_empty() {
        return None;
    }
    let centered = |numbers: &[f64]| {
        let mean = mean(numbers);
        numbers
            .iter()
            .map(|number| number - mean)
            .collect::<Vec<f64>>()
    };
    let (left, right) = (centered(left), centered(right));
    Some(dot(&left, &right) / (dot(&left, &left).sqrt() * dot(&right, &right).sqrt()))
}

/// Numbers as items: whole ones where everything they are made of is whole.
fn items(numbers: Vec<f64>, are_whole: bool) -> Value {
    let exact = |number: &f64| number.fract() == 0.0 && number.abs() < 9.0e15;
    if are_whole && numbers.iter().all(exact) {
        return list(
            numbers
                .into_iter()
                .map(|number| Dynamic::Long(number as i64))
                .collect(),
        );
    }
    list(numbers.into_iter().map(Dynamic::Real).collect())
}

fn is_whole(series: &Dynamic) -> bool {
    series
        .items()
        .is_some_and(|items| items.iter().all(|item| matches!(item, Dynamic::Long(_))))
}

fn fir(binding: &Binding<'_>) -> Result<Bound, KqlError> {
    let takes = [Type::Dynamic, Type::Dynamic, Type::Bool, Type::Bool];
    row(
        takes.get(..binding.args.len()).unwrap_or(&takes),
        Type::Dynamic,
        |args| {
            let (series, filter) = (arg(args, 0), arg(args, 1));
            let (Some(numbers), Some(mut weights)) = (numbers(series), numbers(filter)) else {
                return Value::Null;
            };
            let flag = |index: usize| match args.get(index) {
                Some(Value::Bool(flag)) => Some(*flag),
                _ => None,
            };
            let negative = weights.iter().any(|weight| *weight < 0.0);
            let normalize = flag(2).unwrap_or(!negative);
            if normalize && negative {
                return Value::Null;
            }
            if normalize {
                let sum: f64 = weights.iter().sum();
                for weight in &mut weights {
                    *weight /= sum;
                }
            }
            // Centered, half of the filter looks ahead.
            let ahead = if flag(3) == Some(true) {
                weights.len() / 2
            } else {
                0
            };
            let filtered = (0..numbers.len())
                .map(|at| {
                    let terms = weights.iter().enumerate().filter_map(|(back, weight)| {
                        let from = (at + ahead).checked_sub(back)?;
                        Some(weight * numbers.get(from)?)
                    });
                    terms.sum()
                })
                .collect();
            items(filtered, !normalize && is_whole(series) && is_whole(filter))
        },
    )
}

fn iir(series: &Dynamic, numerators: &Dynamic, denominators: &Dynamic) -> Option<Value> {
    let input = numbers(series)?;
    let (ahead, back) = (numbers(numerators)?, numbers(denominators)?);
    let (first, back) = back.split_first()?;
    if *first == 0.0 {
        return None;
    }
    let mut output: Vec<f64> = Vec::with_capacity(input.len());
    for at in 0..input.len() {
        let past = |numbers: &[f64], weights: &[f64], from: usize| -> f64 {
            let terms = weights.iter().enumerate().filter_map(|(index, weight)| {
                Some(weight * numbers.get(at.checked_sub(index + from)?)?)
            });
            terms.sum()
        };
        let next = (past(&input, &ahead, 0) - past(&output, back, 1)) / first;
        output.push(next);
    }
    let are_whole = is_whole(series) && is_whole(numerators) && is_whole(denominators);
    Some(items(output, are_whole))
}
