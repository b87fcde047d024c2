//! `summarize`.

use crate::kql::binder::Binder;
use crate::kql::error::{KqlError, Span};
use crate::kql::relation::Relation;
use crate::kql::syntax::Named;

/// Binds the operator.
///
/// # Errors
/// What does not fit.
pub fn bind(
    binder: &mut Binder<'_>,
    input: Relation,
    span: Span,
    aggregates: &[Named],
    by: &[Named],
) -> Result<Relation, KqlError> {
    let _ = (binder, input, aggregates, by);
    Err(KqlError::unsupported(span, "not built yet"))
}
