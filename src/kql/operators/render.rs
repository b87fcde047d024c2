//! `render`.

use crate::kql::binder::Binder;
use crate::kql::error::{KqlError, Span};
use crate::kql::relation::Relation;
use crate::kql::syntax::{Name, OperatorOption};

/// Binds the operator.
///
/// # Errors
/// What does not fit.
pub fn bind(
    binder: &mut Binder<'_>,
    input: Relation,
    span: Span,
    visualization: &Name,
    properties: &[OperatorOption],
) -> Result<Relation, KqlError> {
    let _ = (binder, input, visualization, properties);
    Err(KqlError::unsupported(span, "not built yet"))
}
