//! `serialize`: the order of the rows means something from here on.

use crate::kql::binder::Binder;
use crate::kql::error::{KqlError, Span};
use crate::kql::relation::Relation;
use crate::kql::syntax::Named;

use super::extend;

/// Binds the operator.
///
/// # Errors
/// What does not fit.
pub fn bind(
    binder: &mut Binder<'_>,
    mut input: Relation,
    span: Span,
    columns: &[Named],
) -> Result<Relation, KqlError> {
    input.serialized = true;
    if columns.is_empty() {
        return Ok(input);
    }
    extend::bind(binder, input, span, columns)
}
