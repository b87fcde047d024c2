//! `count`.

use crate::kql::binder::Binder;
use crate::kql::error::{KqlError, Span};
use crate::kql::relation::Relation;
use crate::kql::syntax::Name;

/// Binds the operator.
///
/// # Errors
/// What does not fit.
pub fn bind(
    binder: &mut Binder<'_>,
    input: Relation,
    span: Span,
    name: Option<&Name>,
) -> Result<Relation, KqlError> {
    let _ = (binder, input, name);
    Err(KqlError::unsupported(span, "not built yet"))
}
