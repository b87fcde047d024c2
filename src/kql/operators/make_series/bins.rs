//! The bins of an axis: which one a value lies in, and where each begins.

use super::Axis;
use crate::kql::binder::Binder;
use crate::kql::column::{Column, Values};
use crate::kql::error::{KqlError, Span};
use crate::kql::expr::Expr as Bound;
use crate::kql::kernels::cast;
use crate::kql::syntax::Expr;
use crate::kql::types::Type;
use crate::kql::value::Value;

/// Bins of equal width. Bin 0 begins at the first one asked for, or at 0 where none is.
pub enum Bins {
    /// Of whole numbers and ticks.
    Whole {
        /// The type of the axis: long, datetime or timespan.
        ty: Type,
        /// Where they begin and end, and their width.
        edges: Edges<i64>,
    },
    /// Of doubles.
    Real(Edges<f64>),
}

/// Where bins begin and end.
#[derive(Clone, Copy)]
pub struct Edges<T> {
    from: Option<T>,
    to: Option<T>,
    step: T,
}

impl Bins {
    /// The bins of `axis`, and `on` converted to their type.
    ///
    /// # Errors
    /// What does not fit.
    pub fn bind(
        binder: &mut Binder<'_>,
        on: Bound,
        axis: Axis<'_>,
        inclusive: bool,
    ) -> Result<(Bound, Self), KqlError> {
        let ty = match on.ty {
            Type::Int | Type::Long => Type::Long,
            Type::Real | Type::Decimal => Type::Real,
            ty @ (Type::DateTime | Type::Timespan) => ty,
            ty => {
                return Err(KqlError::semantic(
                    on.span,
                    format!(
                        "expected a number or a time as the axis, found {}",
                        ty.name()
                    ),
                ));
            }
        };
        let on = binder.convert(on, ty);
        let mut edge =
            |expr: Option<&Expr>, ty| expr.map(|expr| edge(binder, expr, ty)).transpose();
        let from = edge(axis.from, ty)?;
        let to = edge(axis.to, ty)?;
        let step_ty = if ty == Type::DateTime {
            Type::Timespan
        } else {
            ty
        };
        let step = edge(Some(axis.step), step_ty)?;
        let bins = if ty == Type::Real {
            Self::Real(reals([&from, &to, &step], inclusive, axis.step.span)?)
        } else {
            Self::Whole {
                ty,
                edges: wholes([&from, &to, &step], inclusive, axis.step.span)?,
            }
        };
        Ok((on, bins))
    }

    /// The bin of each value; none where it is null or lies outside.
    pub fn indexes(&self, column: &Column) -> Vec<Option<i64>> {
        fn each<T: Copy + Default>(
            values: &Values<T>,
            index: impl Fn(T) -> Option<i64>,
        ) -> Vec<Option<i64>> {
            (0..values.data.len())
                .map(|row| values.get(row).and_then(&index))
                .collect()
        }
        match (self, column) {
            (
                Self::Whole { edges, .. },
                Column::Long(values) | Column::DateTime(values) | Column::Timespan(values),
            ) => each(values, |value| {
                let inside = edges.from.is_none_or(|from| value >= from)
                    && edges.to.is_none_or(|to| value < to);
                let distance = value.checked_sub(edges.from.unwrap_or(0))?;
                inside.then(|| distance.div_euclid(edges.step))
            }),
            (Self::Real(edges), Column::Real(values)) => each(values, |value| {
                let inside = edges.from.is_none_or(|from| value >= from)
                    && edges.to.is_none_or(|to| value < to)
                    && value.is_finite();
                let distance = value - edges.from.unwrap_or(0.0);
                inside.then(|| (distance / edges.step).floor() as i64)
            }),
            _ => vec![None; column.len()],
        }
    }

    /// Where the bin `index` begins.
    pub fn value(&self, index: i64) -> Value {
        match self {
            Self::Whole { ty, edges } => {
                let ticks = edges
                    .from
                    .unwrap_or(0)
                    .wrapping_add(index.wrapping_mul(edges.step));
                match ty {
                    Type::DateTime => Value::DateTime(ticks),
                    Type::Timespan => Value::Timespan(ticks),
                    _ => Value::Long(ticks),
                }
            }
            Self::Real(edges) => Value::Real(edges.from.unwrap_or(0.0) + index as f64 * edges.step),
        }
    }

    /// The first bin, where the query says it.
    pub fn first(&self) -> Option<i64> {
        match self {
            Self::Whole { edges, .. } => edges.from.map(|_| 0),
            Self::Real(edges) => edges.from.map(|_| 0),
        }
    }

    /// The bin after the last, where the query says it.
    pub fn last(&self) -> Option<i64> {
        match self {
            Self::Whole { edges, .. } => edges.to.map(|to| {
                let distance = to.saturating_sub(edges.from.unwrap_or(0));
                distance.div_euclid(edges.step) + i64::from(distance.rem_euclid(edges.step) != 0)
            }),
            Self::Real(edges) => edges
                .to
                .map(|to| ((to - edges.from.unwrap_or(0.0)) / edges.step).ceil() as i64),
        }
    }

    /// The bins from the first to after the last, where the query says both.
    pub fn whole_range(&self) -> Option<(i64, i64)> {
        Some((self.first()?, self.last()?))
    }
}

/// A constant of the axis' type.
fn edge(binder: &mut Binder<'_>, expr: &Expr, ty: Type) -> Result<Value, KqlError> {
    let (found, value) = binder.constant(expr)?;
    if binder.checks && value.is_null() {
        return Ok(match ty {
            Type::Real => Value::Real(1.0),
            _ => Value::Long(1),
        });
    }
    let fits = found == ty || (found.is_number() && ty.is_number()) || found == Type::Dynamic;
    match cast::one(&value, ty) {
        Value::Null => {}
        value if fits => return Ok(value),
        _ => {}
    }
    Err(KqlError::semantic(
        expr.span,
        format!("expected a value of type {} that is not null", ty.name()),
    ))
}

fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Long(number) | Value::DateTime(number) | Value::Timespan(number) => Some(*number),
        _ => None,
    }
}

fn wholes(edges: [&Option<Value>; 3], inclusive: bool, span: Span) -> Result<Edges<i64>, KqlError> {
    let [mut from, mut to, step] = edges.map(|edge| edge.as_ref().and_then(whole));
    let step = step.filter(|step| *step > 0);
    let step = step.ok_or_else(|| step_error(span))?;
    if inclusive {
        // `in range(…)` lays its bins where bin() does, and its end belongs to it.
        from = from.map(|from| from.div_euclid(step).saturating_mul(step));
        to = to.map(|to| (to.div_euclid(step) + 1).saturating_mul(step));
    }
    Ok(Edges { from, to, step })
}

fn reals(edges: [&Option<Value>; 3], inclusive: bool, span: Span) -> Result<Edges<f64>, KqlError> {
    let [mut from, mut to, step] = edges.map(|edge| edge.as_ref().and_then(Value::as_real));
    let step = step.filter(|step| *step > 0.0 && step.is_finite());
    let step = step.ok_or_else(|| step_error(span))?;
    if inclusive {
        from = from.map(|from| (from / step).floor() * step);
        to = to.map(|to| ((to / step).floor() + 1.0) * step);
    }
    Ok(Edges { from, to, step })
}

fn step_error(span: Span) -> KqlError {
    KqlError::semantic(span, "the step must be above 0")
}
