//! `parse-kv`.

use crate::kql::binder::Binder;
use crate::kql::error::{KqlError, Span};
use crate::kql::relation::Relation;
use crate::kql::syntax::{ColumnDeclaration, Expr, OperatorOption};

/// Binds the operator.
///
/// # Errors
/// What does not fit.
pub fn bind(
    binder: &mut Binder<'_>,
    input: Relation,
    span: Span,
    value: &Expr,
    columns: &[ColumnDeclaration],
    options: &[OperatorOption],
) -> Result<Relation, KqlError> {
    let _ = (binder, input, value, columns, options);
    Err(KqlError::unsupported(span, "not built yet"))
}
