//! `getschema`.

use crate::kql::binder::Binder;
use crate::kql::error::{KqlError, Span};
use crate::kql::relation::Relation;

/// Binds the operator.
///
/// # Errors
/// What does not fit.
pub fn bind(binder: &mut Binder<'_>, input: Relation, span: Span) -> Result<Relation, KqlError> {
    let _ = (binder, input);
    Err(KqlError::unsupported(span, "not built yet"))
}
