//! Evaluation: the tree of a query at one time after another.
//!
//! What does not change from step to step is kept: which series a selector means, what is derived from their labels, and what a subquery's expression was at a time.
//! Kept things are found by the address of their node, which stands still while a query runs.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::rc::Rc;

use super::Line;
use super::error::{Error, ErrorKind};
use super::labels::{Book, Id};
use super::relabel::Relabel;
use super::store::{Labels, Point, Series, Store};
use super::syntax::{Anchor, Expr, Kind, Selector, Subquery, When};

/// How many samples a query may look at, repeatedly counted.
const SAMPLES_MAX: u64 = 50_000_000;
/// After how many samples it is asked whether to stop.
const STOP_EVERY: u64 = 8_192;
/// As how many samples one counts that is kept for a subquery, and so does each of its steps: what is kept has to stay small.
const KEPT_COST: usize = 25;
/// The distance of a subquery's steps where it names none: Prometheus's default interval of evaluation, in milliseconds.
const SUBQUERY_STEP: i64 = 60_000;

/// A value of a series at one time.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// Its labels.
    pub labels: Id,
    /// Its value.
    pub value: f64,
}

/// What an expression is at one time.
#[derive(Debug, Clone)]
pub enum Value<'a> {
    /// One number.
    Scalar(f64),
    /// One text.
    Text(&'a str),
    /// Some series.
    Vector(Vec<Sample>),
}

/// Samples of a series over a time, without stale markers.
pub(super) struct Window<'a> {
    pub(super) labels: Id,
    pub(super) points: Cow<'a, [Point]>,
}

/// A run of a query.
pub struct Evaluator<'a> {
    store: &'a Store,
    /// First and last time of the query, for `@ start()` and `@ end()`.
    bounds: (i64, i64),
    stop: &'a dyn Fn() -> bool,
    touched: u64,
    pub(super) book: Book,
    /// The series that a selector means.
    chosen: HashMap<usize, Rc<[(&'a Series, Id)]>>,
    /// The series, name and all, that an expression made one without a name of.
    named: HashMap<(usize, Id), Id>,
    /// What `label_replace` and `label_join` do.
    pub(super) relabels: HashMap<usize, Rc<Relabel<'a>>>,
    /// What a subquery's expression was at a time.
    inner: HashMap<(usize, i64), Rc<[Sample]>>,
}

impl<'a> Evaluator<'a> {
    /// A run over `store`; `start` and `end` are the first and last time of the query in milliseconds.
    pub fn new(store: &'a Store, start: i64, end: i64, stop: &'a dyn Fn() -> bool) -> Self {
        Self {
            store,
            bounds: (start, end),
            stop,
            touched: 0,
            book: Book::default(),
            chosen: HashMap::new(),
            named: HashMap::new(),
            relabels: HashMap::new(),
            inner: HashMap::new(),
        }
    }

    /// The expression at every step, in the order of labels.
    pub fn range(&mut self, expr: &'a Expr, step: i64) -> Result<Vec<Line>, Error> {
        let (start, end) = self.bounds;
        let mut places: HashMap<Id, usize> = HashMap::new();
        let mut lines: Vec<(Id, Vec<(i64, f64)>)> = Vec::new();
        for at in steps(start, end, step) {
            let samples = match self.value(expr, at)? {
                Value::Vector(samples) => samples,
                Value::Scalar(value) => vec![self.alone(value)],
                Value::Text(_) => Vec::new(),
            };
            self.touch(samples.len() + 1, &expr.span)?;
            for sample in samples {
                let place = *places.entry(sample.labels).or_insert(lines.len());
                if place == lines.len() {
                    lines.push((sample.labels, Vec::new()));
                }
                if let Some((_, values)) = lines.get_mut(place) {
                    values.push((at, sample.value));
                }
            }
        }
        let lines = lines.into_iter();
        Ok(sorted(lines.map(|(id, values)| (self.owned(id), values))))
    }

    /// The samples of an expression of type range vector, in the order of labels.
    pub fn matrix(&mut self, expr: &'a Expr, at: i64) -> Result<Vec<Line>, Error> {
        let (windows, _, _) = self.windows(expr, at)?;
        let windows = windows
            .into_iter()
            .filter(|window| !window.points.is_empty());
        Ok(sorted(windows.map(|window| {
            let points = window.points.iter();
            (
                self.owned(window.labels),
                points.map(|point| (point.at, point.value)).collect(),
            )
        })))
    }

    /// The samples with their labels.
    pub fn rows(&self, samples: Vec<Sample>) -> Vec<(Labels, f64)> {
        let samples = samples.into_iter();
        samples
            .map(|sample| (self.owned(sample.labels), sample.value))
            .collect()
    }

    fn owned(&self, id: Id) -> Labels {
        Labels::clone(&self.book.labels(id))
    }

    /// A value without labels.
    pub(super) fn alone(&mut self, value: f64) -> Sample {
        Sample {
            labels: self.book.id(Labels::new()),
            value,
        }
    }

    /// Counts what was looked at: a query that looks at too much ends, as does one that is to stop.
    fn touch(&mut self, samples: usize, span: &Range<usize>) -> Result<(), Error> {
        let before = self.touched / STOP_EVERY;
        self.touched += samples as u64;
        if self.touched > SAMPLES_MAX {
            return Err(Error::new(
                ErrorKind::Limit,
                span,
                format!(
                    "the query looks at more than {SAMPLES_MAX} samples; ask for fewer series, a shorter time or a longer step"
                ),
            ));
        }
        if self.book.is_full() {
            return Err(Error::new(
                ErrorKind::Limit,
                span,
                "the query makes too many labels; ask for fewer series, a shorter time or a longer step",
            ));
        }
        if self.touched / STOP_EVERY > before && (self.stop)() {
            return Err(Error::new(
                ErrorKind::Stopped,
                span,
                "the query was stopped",
            ));
        }
        Ok(())
    }

    /// The value of an expression that is no range vector.
    pub fn value(&mut self, expr: &'a Expr, at: i64) -> Result<Value<'a>, Error> {
        self.touch(1, &expr.span)?;
        let value = match &expr.kind {
            Kind::Number(number) => return Ok(Value::Scalar(*number)),
            Kind::Text(text) => return Ok(Value::Text(text)),
            Kind::Paren(inner) => return self.value(inner, at),
            Kind::Selector(selector) => {
                let found = self.instant(selector, &expr.span, at)?;
                return Ok(Value::Vector(found.into_iter().map(|(s, _)| s).collect()));
            }
            Kind::Aggregate(aggregate) => return Ok(Value::Vector(self.aggregate(aggregate, at)?)),
            Kind::Signed {
                negative: false,
                operand,
            } => return self.value(operand, at),
            Kind::Signed { operand, .. } => match self.value(operand, at)? {
                Value::Scalar(number) => return Ok(Value::Scalar(-number)),
                Value::Vector(mut samples) => {
                    for sample in &mut samples {
                        sample.labels = self.nameless(expr, sample.labels)?;
                        sample.value = -sample.value;
                    }
                    Value::Vector(samples)
                }
                Value::Text(_) => Value::Vector(Vec::new()),
            },
            Kind::Binary(binary) => self.binary(expr, binary, at)?,
            Kind::Call { function, args } => self.call(expr, function, args, at)?,
            // A range vector is the argument of a function, which asks for its windows; the types were checked.
            Kind::Range { .. } | Kind::Subquery(_) => Value::Vector(Vec::new()),
        };
        if let Value::Vector(samples) = &value {
            let mut seen = HashSet::with_capacity(samples.len());
            if !samples.iter().all(|sample| seen.insert(sample.labels)) {
                return Err(same_labels(expr));
            }
        }
        Ok(value)
    }

    /// Without the name of the metric, for an expression that makes one series of each: two series that differ in their name only are refused even when they are
    /// never there at the same time.
    pub(super) fn nameless(&mut self, expr: &Expr, from: Id) -> Result<Id, Error> {
        let node = std::ptr::from_ref(expr).addr();
        let made = self.book.nameless(from);
        if *self.named.entry((node, made)).or_insert(from) == from {
            return Ok(made);
        }
        Err(same_labels(expr))
    }

    /// The value of an expression of type scalar.
    pub(super) fn scalar(&mut self, expr: &'a Expr, at: i64) -> Result<f64, Error> {
        Ok(match self.value(expr, at)? {
            Value::Scalar(number) => number,
            _ => f64::NAN,
        })
    }

    /// The value of an expression of type instant vector.
    pub(super) fn vector(&mut self, expr: &'a Expr, at: i64) -> Result<Vec<Sample>, Error> {
        Ok(match self.value(expr, at)? {
            Value::Vector(samples) => samples,
            _ => Vec::new(),
        })
    }

    /// The time that a selector looks at.
    fn looks_at(&self, when: When, at: i64) -> i64 {
        let from = match when.from {
            None => at,
            Some(Anchor::At(at)) => at,
            Some(Anchor::Start) => self.bounds.0,
            Some(Anchor::End) => self.bounds.1,
        };
        from.saturating_sub(when.offset)
    }

    /// The series that a selector means, in the order of labels.
    fn chosen(&mut self, selector: &'a Selector) -> Rc<[(&'a Series, Id)]> {
        let node = std::ptr::from_ref(selector).addr();
        if let Some(chosen) = self.chosen.get(&node) {
            return Rc::clone(chosen);
        }
        let mut series: Vec<&Series> = self
            .store
            .series
            .iter()
            .filter(|series| {
                selector.matchers.iter().all(|matcher| {
                    let value = series.labels.get(&matcher.label);
                    matcher.accepts(value.map_or("", String::as_str))
                })
            })
            .collect();
        series.sort_by(|left, right| left.labels.cmp(&right.labels));
        let numbered = series.into_iter().map(|series| {
            // An empty label is none.
            let mut labels = series.labels.clone();
            labels.retain(|_, value| !value.is_empty());
            (series, self.book.id(labels))
        });
        let chosen: Rc<[_]> = numbered.collect();
        self.chosen.insert(node, Rc::clone(&chosen));
        chosen
    }

    /// The values of a selector's series, with the time of their samples.
    pub(super) fn instant(
        &mut self,
        selector: &'a Selector,
        span: &Range<usize>,
        at: i64,
    ) -> Result<Vec<(Sample, i64)>, Error> {
        let at = self.looks_at(selector.when, at);
        let chosen = self.chosen(selector);
        self.touch(chosen.len(), span)?;
        let found = chosen.iter().filter_map(|(series, labels)| {
            let point = series.at(at)?;
            let sample = Sample {
                labels: *labels,
                value: point.value,
            };
            Some((sample, point.at))
        });
        Ok(found.collect())
    }

    /// The samples of a range vector's series, and where the window starts and ends.
    pub(super) fn windows(
        &mut self,
        expr: &'a Expr,
        at: i64,
    ) -> Result<(Vec<Window<'a>>, i64, i64), Error> {
        match &expr.bare().kind {
            Kind::Range { selector, range } => {
                let end = self.looks_at(selector.when, at);
                let start = end.saturating_sub(*range);
                let chosen = self.chosen(selector);
                let mut windows = Vec::with_capacity(chosen.len());
                for (series, labels) in chosen.iter() {
                    let points = series.between(start, end);
                    self.touch(points.len() + 1, &expr.span)?;
                    let points = if points.iter().any(|point| point.stale) {
                        points
                            .iter()
                            .filter(|point| !point.stale)
                            .copied()
                            .collect()
                    } else {
                        Cow::Borrowed(points)
                    };
                    windows.push(Window {
                        labels: *labels,
                        points,
                    });
                }
                Ok((windows, start, end))
            }
            Kind::Subquery(subquery) => self.subquery(subquery, &expr.span, at),
            // The types were checked: nothing else is a range vector.
            _ => Ok((Vec::new(), at, at)),
        }
    }

    fn subquery(
        &mut self,
        subquery: &'a Subquery,
        span: &Range<usize>,
        at: i64,
    ) -> Result<(Vec<Window<'a>>, i64, i64), Error> {
        let node = std::ptr::from_ref(subquery).addr();
        let end = self.looks_at(subquery.when, at);
        let start = end.saturating_sub(subquery.range);
        let step = subquery.step.unwrap_or(SUBQUERY_STEP);
        // Its steps are multiples of the step since 1970, so that they are the same in every window.
        let before = start.div_euclid(step).saturating_mul(step);
        let mut places: HashMap<Id, usize> = HashMap::new();
        let mut windows: Vec<(Id, Vec<Point>)> = Vec::new();
        for inner_at in steps(before, end, step).skip_while(|at| *at < start) {
            let known = self.inner.get(&(node, inner_at)).map(Rc::clone);
            let samples = if let Some(samples) = known {
                samples
            } else {
                let samples: Rc<[Sample]> = self.vector(&subquery.expr, inner_at)?.into();
                self.touch(KEPT_COST.saturating_mul(samples.len() + 1), span)?;
                self.inner.insert((node, inner_at), Rc::clone(&samples));
                samples
            };
            self.touch(samples.len() + 1, span)?;
            for sample in samples.iter() {
                let place = *places.entry(sample.labels).or_insert(windows.len());
                if place == windows.len() {
                    windows.push((sample.labels, Vec::new()));
                }
                if let Some((_, points)) = windows.get_mut(place) {
                    points.push(Point {
                        at: inner_at,
                        value: sample.value,
                        stale: false,
                    });
                }
            }
        }
        let windows = windows.into_iter().map(|(labels, points)| Window {
            labels,
            points: Cow::Owned(points),
        });
        Ok((windows.collect(), start, end))
    }
}

fn same_labels(expr: &Expr) -> Error {
    let message = "vector cannot contain metrics with the same labelset";
    Error::execution(&expr.span, message)
}

/// Times from `start` up to and with `end`.
fn steps(start: i64, end: i64, step: i64) -> impl Iterator<Item = i64> {
    std::iter::successors(Some(start), move |at| at.checked_add(step))
        .take_while(move |at| *at <= end)
}

fn sorted(lines: impl Iterator<Item = Line>) -> Vec<Line> {
    let mut lines: Vec<Line> = lines.collect();
    lines.sort_by(|left, right| left.0.cmp(&right.0));
    lines
}

/// A number as Prometheus writes it: the shortest digits, never an exponent.
pub fn number_text(number: f64) -> String {
    if number.is_infinite() {
        return if number > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    number.to_string()
}

/// Labels as in a query: `{job="commerce"}`.
pub(super) fn text_of(labels: &Labels) -> String {
    let each = labels
        .iter()
        .map(|(name, value)| format!("{name}={value:?}"));
    format!("{{{}}}", each.collect::<Vec<_>>().join(", "))
}
