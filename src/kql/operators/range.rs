//! `range`.

use crate::kql::binder::Binder;
use crate::kql::error::{KqlError, Span};
use crate::kql::relation::Relation;
use crate::kql::syntax::{Expr, Name};

/// Binds the operator.
///
/// # Errors
/// What does not fit.
pub fn bind(
    binder: &mut Binder<'_>,
    span: Span,
    name: &Name,
    from: &Expr,
    to: &Expr,
    step: &Expr,
) -> Result<Relation, KqlError> {
    let _ = (binder, name, from, to, step);
    Err(KqlError::unsupported(span, "not built yet"))
}
