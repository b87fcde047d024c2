//! `mv-apply`.

use crate::kql::binder::Binder;
use crate::kql::error::{KqlError, Span};
use crate::kql::relation::Relation;
use crate::kql::syntax::{Expr, Named, Operator, OperatorOption};
use crate::kql::types::Type;

/// Binds the operator.
///
/// # Errors
/// What does not fit.
pub fn bind(
    binder: &mut Binder<'_>,
    input: Relation,
    span: Span,
    options: &[OperatorOption],
    columns: &[(Named, Option<Type>)],
    limit: Option<&Expr>,
    body: &[Operator],
) -> Result<Relation, KqlError> {
    let _ = (binder, input, options, columns, limit, body);
    Err(KqlError::unsupported(span, "not built yet"))
}
