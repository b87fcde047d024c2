//! The functions: one row each.

use std::fmt;

use jiff::civil::DateTime;
use jiff::tz::Offset;

use super::store::Point;
use super::syntax::{Aggregation, Expr, Kind, Type};
use super::windows::{self, Given};

/// A function: what it takes, what it answers with, what it does.
#[derive(Debug)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// Types of its arguments.
    pub args: &'static [Type],
    /// How many of them, from the end, may be left out.
    pub optional: usize,
    /// The last argument may come again and again.
    pub variadic: bool,
    /// The type of its answer.
    pub answers: Type,
    /// What it does.
    pub body: Body,
}

/// What a function does.
#[derive(Clone, Copy)]
pub enum Body {
    /// To each value, with the numbers that are given besides; none leaves the series out. The name of the metric goes.
    Each(fn(f64, &[f64]) -> Option<f64>),
    /// To each value as seconds since 1970, by default the time of evaluation: the date, and the years that are to be added to it.
    Calendar(fn(&DateTime, i64) -> i64),
    /// To the samples of each series, which are never stale markers.
    Window(fn(&[Point], &Given) -> Option<f64>),
    /// Something of its own; see `eval`.
    Special(Special),
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Each(_) => "Each",
            Self::Calendar(_) => "Calendar",
            Self::Window(_) => "Window",
            Self::Special(_) => "Special",
        })
    }
}

/// Functions that fit none of the common forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Special {
    /// `absent`, `absent_over_time`
    Absent,
    /// `histogram_quantile`
    HistogramQuantile,
    /// `label_join`
    LabelJoin,
    /// `label_replace`
    LabelReplace,
    /// `pi`
    Pi,
    /// `scalar`
    Scalar,
    /// `sort`
    Sort,
    /// `sort_desc`
    SortDescending,
    /// `time`
    Time,
    /// `timestamp`
    Timestamp,
    /// `vector`
    Vector,
}

use Body::{Calendar, Each, Window};
use Type::{Matrix, Scalar, Text, Vector};

/// What some Prometheus calls and this engine does not: of native histograms, of smoothing, and of later versions than 2.42.
pub const ELSEWHERE: &[&str] = &[
    "histogram_count",
    "histogram_sum",
    "histogram_fraction",
    "histogram_quantiles",
    "histogram_avg",
    "histogram_stddev",
    "histogram_stdvar",
    "holt_winters",
    "double_exponential_smoothing",
    "mad_over_time",
    "first_over_time",
    "ts_of_first_over_time",
    "ts_of_last_over_time",
    "ts_of_max_over_time",
    "ts_of_min_over_time",
    "limitk",
    "limit_ratio",
    "sort_by_label",
    "sort_by_label_desc",
    "info",
];

/// The function of a name.
pub fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}

/// Whether an expression answers with series in an order of its own.
pub fn orders(expr: &Expr) -> bool {
    match &expr.bare().kind {
        Kind::Call { function, .. } => matches!(
            function.body,
            Body::Special(Special::Sort | Special::SortDescending)
        ),
        Kind::Aggregate(aggregate) => {
            matches!(aggregate.op, Aggregation::Topk | Aggregation::Bottomk)
        }
        _ => false,
    }
}

const fn row(name: &'static str, args: &'static [Type], body: Body) -> Function {
    Function {
        name,
        args,
        optional: 0,
        variadic: false,
        answers: Vector,
        body,
    }
}

/// A function whose last argument may be left out.
const fn optional(name: &'static str, args: &'static [Type], body: Body) -> Function {
    Function {
        optional: 1,
        ..row(name, args, body)
    }
}

const fn each(name: &'static str, body: fn(f64, &[f64]) -> Option<f64>) -> Function {
    row(name, &[Vector], Each(body))
}

const fn calendar(name: &'static str, body: fn(&DateTime, i64) -> i64) -> Function {
    optional(name, &[Vector], Calendar(body))
}

const fn window(name: &'static str, body: fn(&[Point], &Given) -> Option<f64>) -> Function {
    row(name, &[Matrix], Window(body))
}

const fn special(name: &'static str, args: &'static [Type], body: Special) -> Function {
    row(name, args, Body::Special(body))
}

const FUNCTIONS: &[Function] = &[
    each("abs", |v, _| Some(v.abs())),
    special("absent", &[Vector], Special::Absent),
    special("absent_over_time", &[Matrix], Special::Absent),
    each("acos", |v, _| Some(v.acos())),
    each("acosh", |v, _| Some(v.acosh())),
    each("asin", |v, _| Some(v.asin())),
    each("asinh", |v, _| Some(v.asinh())),
    each("atan", |v, _| Some(v.atan())),
    each("atanh", |v, _| Some(v.atanh())),
    window("avg_over_time", windows::avg),
    each("ceil", |v, _| Some(v.ceil())),
    window("changes", windows::changes),
    row("clamp", &[Vector, Scalar, Scalar], Each(clamp)),
    row(
        "clamp_max",
        &[Vector, Scalar],
        Each(|v, n| Some(least(v, *n.first()?))),
    ),
    row(
        "clamp_min",
        &[Vector, Scalar],
        Each(|v, n| Some(greatest(v, *n.first()?))),
    ),
    each("cos", |v, _| Some(v.cos())),
    each("cosh", |v, _| Some(v.cosh())),
    window("count_over_time", windows::count),
    calendar("day_of_month", |t, _| t.day().into()),
    calendar("day_of_week", |t, _| {
        t.weekday().to_sunday_zero_offset().into()
    }),
    calendar("day_of_year", |t, _| t.day_of_year().into()),
    calendar("days_in_month", |t, _| t.days_in_month().into()),
    each("deg", |v, _| Some(v * 180.0 / std::f64::consts::PI)),
    window("delta", windows::delta),
    window("deriv", windows::deriv),
    each("exp", |v, _| Some(v.exp())),
    each("floor", |v, _| Some(v.floor())),
    special(
        "histogram_quantile",
        &[Scalar, Vector],
        Special::HistogramQuantile,
    ),
    calendar("hour", |t, _| t.hour().into()),
    window("idelta", windows::idelta),
    window("increase", windows::increase),
    window("irate", windows::irate),
    Function {
        optional: 1,
        variadic: true,
        ..special(
            "label_join",
            &[Vector, Text, Text, Text],
            Special::LabelJoin,
        )
    },
    special(
        "label_replace",
        &[Vector, Text, Text, Text, Text],
        Special::LabelReplace,
    ),
    window(LAST_OVER_TIME, windows::last),
    each("ln", |v, _| Some(v.ln())),
    each("log10", |v, _| Some(v.log10())),
    each("log2", |v, _| Some(v.log2())),
    window("max_over_time", windows::max),
    window("min_over_time", windows::min),
    calendar("minute", |t, _| t.minute().into()),
    calendar("month", |t, _| t.month().into()),
    Function {
        answers: Scalar,
        ..special("pi", &[], Special::Pi)
    },
    row(
        "predict_linear",
        &[Matrix, Scalar],
        Window(windows::predict_linear),
    ),
    window("present_over_time", windows::present),
    row(
        "quantile_over_time",
        &[Scalar, Matrix],
        Window(windows::quantile_of),
    ),
    each("rad", |v, _| Some(v * std::f64::consts::PI / 180.0)),
    window("rate", windows::rate),
    window("resets", windows::resets),
    optional(
        "round",
        &[Vector, Scalar],
        Each(|v, n| Some(round(v, n.first().copied().unwrap_or(1.0)))),
    ),
    Function {
        answers: Scalar,
        ..special("scalar", &[Vector], Special::Scalar)
    },
    each("sgn", |v, _| Some(if v == 0.0 { v } else { v.signum() })),
    each("sin", |v, _| Some(v.sin())),
    each("sinh", |v, _| Some(v.sinh())),
    special("sort", &[Vector], Special::Sort),
    special("sort_desc", &[Vector], Special::SortDescending),
    each("sqrt", |v, _| Some(v.sqrt())),
    window("stddev_over_time", windows::stddev),
    window("stdvar_over_time", windows::stdvar),
    window("sum_over_time", windows::sum),
    each("tan", |v, _| Some(v.tan())),
    each("tanh", |v, _| Some(v.tanh())),
    Function {
        answers: Scalar,
        ..special("time", &[], Special::Time)
    },
    special("timestamp", &[Vector], Special::Timestamp),
    special("vector", &[Scalar], Special::Vector),
    calendar("year", |t, more| i64::from(t.year()) + more),
];

/// The one function of windows whose answer keeps the name of the metric: it is still a value of that metric.
pub const LAST_OVER_TIME: &str = "last_over_time";

/// The lesser. As in Go, nothing is less than `-Inf`; otherwise NaN when one of them is.
fn least(left: f64, right: f64) -> f64 {
    let least = left.min(right);
    if (left.is_nan() || right.is_nan()) && least != f64::NEG_INFINITY {
        return f64::NAN;
    }
    least
}

/// The greater. As in Go, nothing is greater than `+Inf`; otherwise NaN when one of them is.
fn greatest(left: f64, right: f64) -> f64 {
    -least(-left, -right)
}

fn clamp(value: f64, bounds: &[f64]) -> Option<f64> {
    let [low, high] = bounds else { return None };
    // Bounds the wrong way round leave nothing.
    (high >= low || low.is_nan() || high.is_nan()).then(|| greatest(*low, least(*high, value)))
}

/// To the nearest multiple, halves up. Prometheus divides by the inverse, which decides the last digit.
fn round(value: f64, to: f64) -> f64 {
    let inverse = 1.0 / to;
    (value * inverse + 0.5).floor() / inverse
}

/// Seconds of 400 years, after which the calendar is the same again.
const CYCLE: i64 = 146_097 * 86_400;

/// The date and time in UTC of seconds since 1970, and how many years are to be added to it: in the far past and future, beyond the calendar of jiff, it is that of
/// another 400 years. None for what is no number of seconds.
pub fn datetime(seconds: f64) -> Option<(DateTime, i64)> {
    if seconds.is_nan() || seconds.abs() >= i64::MAX as f64 {
        return None;
    }
    let seconds = seconds as i64;
    let time = jiff::Timestamp::from_second(seconds.rem_euclid(CYCLE)).ok()?;
    Some((
        Offset::UTC.to_datetime(time),
        seconds.div_euclid(CYCLE) * 400,
    ))
}
