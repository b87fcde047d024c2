//! `range`.

use crate::kql::binder::Binder;
use crate::kql::column::{Column, Values};
use crate::kql::error::{KqlError, Span};
use crate::kql::kernels::{arithmetic, cast};
use crate::kql::relation::{BATCH_ROWS, Batch, Operator, Relation, Run};
use crate::kql::syntax::{Expr, Name};
use crate::kql::types::{Field, Schema, Type};
use crate::kql::value::Value;

/// Binds the operator.
///
/// # Errors
/// What does not fit.
pub fn bind(
    binder: &mut Binder<'_>,
    _: Span,
    name: &Name,
    from: &Expr,
    to: &Expr,
    step: &Expr,
) -> Result<Relation, KqlError> {
    let (from_type, first) = binder.constant(from)?;
    let (to_type, last) = binder.constant(to)?;
    let (step_type, by) = binder.constant(step)?;
    let (ty, step_as) = match (from_type, to_type, step_type) {
        (Type::DateTime, Type::DateTime, Type::Timespan) => (Type::DateTime, Type::Timespan),
        (Type::Timespan, Type::Timespan, Type::Timespan) => (Type::Timespan, Type::Timespan),
        _ => {
            let ty = arithmetic::widest(from_type, to_type)
                .and_then(|ty| arithmetic::widest(ty, step_type))
                .filter(|ty| *ty != Type::Decimal)
                .ok_or_else(|| {
                    KqlError::semantic(
                        from.span.to(step.span),
                        format!(
                            "a range cannot go from {} to {} by {}",
                            from_type.name(),
                            to_type.name(),
                            step_type.name()
                        ),
                    )
                    .help("use numbers, or datetimes with a timespan as the step")
                })?;
            (ty, ty)
        }
    };
    let values = [
        cast::one(&first, ty),
        cast::one(&last, ty),
        cast::one(&by, step_as),
    ];
    let rows: Box<dyn Operator> = if values.iter().any(Value::is_null) {
        Box::new(Steps {
            ty,
            next: None,
            last: 0,
            by: 1,
        })
    } else if ty == Type::Real {
        let [first, last, by] = values.map(|value| value.as_real().unwrap_or_default());
        zero_step(by == 0.0, step.span)?;
        Box::new(RealSteps {
            first,
            last,
            by,
            done: 0,
        })
    } else {
        let [first, last, by] = values.map(|value| match value {
            Value::Long(ticks) | Value::DateTime(ticks) | Value::Timespan(ticks) => ticks,
            _ => 0,
        });
        zero_step(by == 0, step.span)?;
        Box::new(Steps {
            ty,
            next: Some(first),
            last,
            by,
        })
    };
    Ok(Relation {
        serialized: true,
        ..Relation::new(Schema::new(vec![Field::new(name.text.as_str(), ty)]), rows)
    })
}

fn zero_step(zero: bool, span: Span) -> Result<(), KqlError> {
    if zero {
        return Err(KqlError::semantic(span, "the step of a range cannot be 0"));
    }
    Ok(())
}

/// Whole numbers and ticks.
struct Steps {
    ty: Type,
    next: Option<i64>,
    last: i64,
    by: i64,
}

impl Operator for Steps {
    fn next(&mut self, run: &Run<'_>) -> Result<Option<Batch>, KqlError> {
        run.check()?;
        let mut data = Vec::new();
        while let Some(value) = self.next
            && data.len() < BATCH_ROWS
        {
            let past = if self.by > 0 {
                value > self.last
            } else {
                value < self.last
            };
            if past {
                self.next = None;
                break;
            }
            data.push(value);
            self.next = value.checked_add(self.by);
        }
        if data.is_empty() {
            return Ok(None);
        }
        let rows = data.len();
        let values = Values::full(data);
        let column = match self.ty {
            Type::DateTime => Column::DateTime(values),
            Type::Timespan => Column::Timespan(values),
            _ => Column::Long(values),
        };
        Ok(Some(Batch {
            columns: vec![column.into()],
            rows,
        }))
    }
}

/// Doubles: each is worked out from the first, so that errors do not add up.
struct RealSteps {
    first: f64,
    last: f64,
    by: f64,
    done: u64,
}

impl Operator for RealSteps {
    fn next(&mut self, run: &Run<'_>) -> Result<Option<Batch>, KqlError> {
        run.check()?;
        let mut data = Vec::new();
        while data.len() < BATCH_ROWS {
            let value = self.first + self.by * self.done as f64;
            let inside = if self.by > 0.0 {
                value <= self.last
            } else {
                value >= self.last
            };
            if !inside || !value.is_finite() {
                break;
            }
            data.push(value);
            self.done += 1;
        }
        if data.is_empty() {
            return Ok(None);
        }
        let rows = data.len();
        Ok(Some(Batch {
            columns: vec![Column::Real(Values::full(data)).into()],
            rows,
        }))
    }
}
