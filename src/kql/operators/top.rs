//! `top`.

use crate::kql::binder::Binder;
use crate::kql::error::{KqlError, Span};
use crate::kql::relation::Relation;
use crate::kql::syntax::{Expr, SortKey};

/// Binds the operator.
///
/// # Errors
/// What does not fit.
pub fn bind(
    binder: &mut Binder<'_>,
    input: Relation,
    span: Span,
    count: &Expr,
    keys: &[SortKey],
) -> Result<Relation, KqlError> {
    let _ = (binder, input, count, keys);
    Err(KqlError::unsupported(span, "not built yet"))
}
