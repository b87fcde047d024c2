//! `datatable`.

use crate::kql::binder::Binder;
use crate::kql::error::{KqlError, Span};
use crate::kql::relation::Relation;
use crate::kql::syntax::{ColumnDeclaration, Expr};

/// Binds the operator.
///
/// # Errors
/// What does not fit.
pub fn bind(
    binder: &mut Binder<'_>,
    span: Span,
    columns: &[ColumnDeclaration],
    values: &[Expr],
) -> Result<Relation, KqlError> {
    let _ = (binder, columns, values);
    Err(KqlError::unsupported(span, "not built yet"))
}
