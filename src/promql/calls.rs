//! Calls of functions: what each form of the table in `functions` does with its arguments.

use std::collections::HashSet;

use super::aggregate::{falling, rising};
use super::error::Error;
use super::eval::{Evaluator, Sample, Value};
use super::functions::{Body, Function, LAST_OVER_TIME, Special, datetime};
use super::histogram;
use super::labels::{Purpose, set};
use super::store::{Labels, NAME};
use super::syntax::{Expr, Kind, Test, Type};
use super::windows::Given;

impl<'a> Evaluator<'a> {
    /// The value of a call.
    pub(super) fn call(
        &mut self,
        expr: &'a Expr,
        function: &'static Function,
        args: &'a [Expr],
        at: i64,
    ) -> Result<Value<'a>, Error> {
        let of = |ty: Type| args.iter().find(move |arg| arg.ty() == ty);
        match function.body {
            Body::Each(each) => {
                let numbers = self.numbers(args, at)?;
                let samples = match of(Type::Vector) {
                    Some(arg) => self.vector(arg, at)?,
                    None => Vec::new(),
                };
                Ok(self.map(samples, |value| each(value, &numbers)))
            }
            Body::Calendar(part) => {
                let samples = match of(Type::Vector) {
                    Some(arg) => self.vector(arg, at)?,
                    None => vec![self.alone(at as f64 / 1000.0)],
                };
                Ok(self.map(samples, |seconds| {
                    let time = datetime(seconds);
                    Some(time.map_or(f64::NAN, |(time, more)| part(&time, more) as f64))
                }))
            }
            Body::Window(of_window) => {
                let numbers = self.numbers(args, at)?;
                let Some(arg) = of(Type::Matrix) else {
                    return Ok(Value::Vector(Vec::new()));
                };
                let (windows, start, end) = self.windows(arg, at)?;
                let given = Given {
                    at,
                    start,
                    end,
                    numbers,
                };
                let named = function.name == LAST_OVER_TIME;
                let mut made = Vec::with_capacity(windows.len());
                for window in windows {
                    let Some(value) = of_window(&window.points, &given) else {
                        continue;
                    };
                    let labels = if named {
                        window.labels
                    } else {
                        self.nameless(expr, window.labels)?
                    };
                    made.push(Sample { labels, value });
                }
                Ok(Value::Vector(made))
            }
            Body::Special(special) => self.special(expr, special, args, at),
        }
    }

    /// The numbers among the arguments.
    fn numbers(&mut self, args: &'a [Expr], at: i64) -> Result<Vec<f64>, Error> {
        let scalars = args.iter().filter(|arg| arg.ty() == Type::Scalar);
        scalars.map(|arg| self.scalar(arg, at)).collect()
    }

    /// Other values, without the name of the metric.
    fn map(&mut self, samples: Vec<Sample>, change: impl Fn(f64) -> Option<f64>) -> Value<'a> {
        let made = samples.into_iter().filter_map(|sample| {
            Some(Sample {
                value: change(sample.value)?,
                labels: self.book.nameless(sample.labels),
            })
        });
        Value::Vector(made.collect())
    }

    fn special(
        &mut self,
        expr: &'a Expr,
        special: Special,
        args: &'a [Expr],
        at: i64,
    ) -> Result<Value<'a>, Error> {
        let by = (std::ptr::from_ref(expr).addr(), Purpose::Function);
        let seconds = at as f64 / 1000.0;
        let Some(first) = args.first() else {
            let value = match special {
                Special::Pi => std::f64::consts::PI,
                _ => seconds,
            };
            return Ok(Value::Scalar(value));
        };
        Ok(Value::Vector(match special {
            Special::Absent => {
                let there = match first.ty() {
                    Type::Matrix => {
                        let (windows, _, _) = self.windows(first, at)?;
                        windows.iter().any(|window| !window.points.is_empty())
                    }
                    _ => !self.vector(first, at)?.is_empty(),
                };
                let labels = self.book.id(labels_of_absent(first));
                let sample = Sample { labels, value: 1.0 };
                if there { Vec::new() } else { vec![sample] }
            }
            Special::HistogramQuantile => {
                let wanted = self.scalar(first, at)?;
                let samples = match args.get(1) {
                    Some(arg) => self.vector(arg, at)?,
                    None => Vec::new(),
                };
                let buckets: Vec<_> = samples.iter().map(|s| (s.labels, s.value)).collect();
                let made = histogram::quantiles(&mut self.book, by, wanted, &buckets);
                let made = made.into_iter();
                made.map(|(labels, value)| Sample { labels, value })
                    .collect()
            }
            Special::LabelJoin | Special::LabelReplace => {
                let samples = self.vector(first, at)?;
                self.relabel(expr, special, args, samples)?
            }
            Special::Scalar => {
                let samples = self.vector(first, at)?;
                return Ok(Value::Scalar(match samples.as_slice() {
                    [only] => only.value,
                    _ => f64::NAN,
                }));
            }
            Special::Sort | Special::SortDescending => {
                let mut samples = self.vector(first, at)?;
                samples.sort_by(|left, right| match special {
                    Special::Sort => rising(left.value, right.value),
                    _ => falling(left.value, right.value),
                });
                samples
            }
            Special::Timestamp => {
                // The time of the sample itself; of anything else, the time of evaluation.
                let Kind::Selector(selector) = &first.bare().kind else {
                    let samples = self.vector(first, at)?;
                    return Ok(self.map(samples, |_| Some(seconds)));
                };
                let found = self.instant(selector, &first.span, at)?;
                let timed = found.into_iter().map(|(sample, at)| Sample {
                    labels: self.book.nameless(sample.labels),
                    value: at as f64 / 1000.0,
                });
                timed.collect()
            }
            Special::Vector => {
                let value = self.scalar(first, at)?;
                vec![self.alone(value)]
            }
            // They take no argument, and are done above.
            Special::Pi | Special::Time => Vec::new(),
        }))
    }
}

/// What `absent` can say about the series that is not there: the labels that its selector asks for.
fn labels_of_absent(arg: &Expr) -> Labels {
    let mut labels = Labels::new();
    let (Kind::Selector(selector) | Kind::Range { selector, .. }) = &arg.bare().kind else {
        return labels;
    };
    let mut seen = HashSet::new();
    for matcher in selector.matchers.iter().filter(|m| m.label != NAME) {
        // A label that is asked for twice is said to be nothing.
        let first = !seen.contains(&matcher.label);
        match &matcher.test {
            Test::Equal(value) if first => {
                set(&mut labels, &matcher.label, value.clone());
                seen.insert(&matcher.label);
            }
            _ => {
                labels.remove(&matcher.label);
            }
        }
    }
    labels
}
