//! `join`.

use crate::kql::binder::Binder;
use crate::kql::error::{KqlError, Span};
use crate::kql::relation::Relation;
use crate::kql::syntax::{Expr, OperatorOption};

/// Binds the operator.
///
/// # Errors
/// What does not fit.
pub fn bind(
    binder: &mut Binder<'_>,
    input: Relation,
    span: Span,
    options: &[OperatorOption],
    right: &Expr,
    on: &[Expr],
) -> Result<Relation, KqlError> {
    let _ = (binder, input, options, right, on);
    Err(KqlError::unsupported(span, "not built yet"))
}
