//! The names `step.column` of `scan`: written as columns of their own, so that the binder sees common names only.

use crate::kql::binder::Binder;
use crate::kql::error::KqlError;
use crate::kql::syntax::{Expr, ExprKind, Named};
use crate::kql::types::{Field, Schema};

/// A column that is looked up in the state.
pub(super) struct StateColumn {
    /// Whose last row it is of.
    pub(super) step: usize,
    /// Which of its columns.
    pub(super) column: usize,
    /// What it is called in the expressions, and its type.
    pub(super) field: Field,
}

/// `expr` with every `step.column` written as one name; those that are new are added to `state`.
///
/// # Errors
/// When a step has no such column.
pub(super) fn with_state_columns(
    expr: &Expr,
    steps: &[&str],
    schema: &Schema,
    state: &mut Vec<StateColumn>,
) -> Result<Expr, KqlError> {
    let mut inner = |expr: &Expr| with_state_columns(expr, steps, schema, state);
    let kind = match &expr.kind {
        ExprKind::Member(base, member) => {
            let step = match &base.kind {
                // A column that has the name of a step comes first.
                ExprKind::Name(name) if schema.index(name).is_none() => {
                    steps.iter().position(|step| *step == name)
                }
                _ => None,
            };
            let Some(step) = step else {
                return Ok(Expr {
                    kind: ExprKind::Member(Box::new(inner(base)?), member.clone()),
                    span: expr.span,
                });
            };
            let column = schema.index(&member.text).ok_or_else(|| {
                let known = schema.fields.iter().map(|field| &*field.name);
                Binder::unknown("the column", &member.text, member.span, known)
            })?;
            let name = format!("{}.{}", steps.get(step).copied().unwrap_or(""), member.text);
            if !state.iter().any(|known| *known.field.name == name)
                && let Some(field) = schema.fields.get(column)
            {
                state.push(StateColumn {
                    step,
                    column,
                    field: Field::new(name.as_str(), field.ty),
                });
            }
            ExprKind::Name(name)
        }
        ExprKind::Index(base, index) => {
            ExprKind::Index(Box::new(inner(base)?), Box::new(inner(index)?))
        }
        ExprKind::Call(name, arguments) => {
            let mut written = Vec::with_capacity(arguments.len());
            for argument in arguments {
                written.push(Named {
                    names: argument.names.clone(),
                    value: inner(&argument.value)?,
                });
            }
            ExprKind::Call(name.clone(), written)
        }
        ExprKind::Unary(op, value) => ExprKind::Unary(*op, Box::new(inner(value)?)),
        ExprKind::Binary(op, left, right) => {
            ExprKind::Binary(*op, Box::new(inner(left)?), Box::new(inner(right)?))
        }
        ExprKind::In(op, value, list) => {
            let value = Box::new(inner(value)?);
            ExprKind::In(
                *op,
                value,
                list.iter().map(&mut inner).collect::<Result<_, _>>()?,
            )
        }
        ExprKind::Between(negated, value, low, high) => ExprKind::Between(
            *negated,
            Box::new(inner(value)?),
            Box::new(inner(low)?),
            Box::new(inner(high)?),
        ),
        other => other.clone(),
    };
    Ok(Expr {
        kind,
        span: expr.span,
    })
}
