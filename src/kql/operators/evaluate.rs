//! `evaluate`.

use crate::kql::binder::Binder;
use crate::kql::error::{KqlError, Span};
use crate::kql::relation::Relation;
use crate::kql::syntax::{ColumnDeclaration, Name, Named};

/// Binds the operator.
///
/// # Errors
/// What does not fit.
pub fn bind(
    binder: &mut Binder<'_>,
    input: Option<Relation>,
    span: Span,
    plugin: &Name,
    arguments: &[Named],
    schema: Option<&[ColumnDeclaration]>,
) -> Result<Relation, KqlError> {
    let _ = (binder, input, plugin, arguments, schema);
    Err(KqlError::unsupported(span, "not built yet"))
}
