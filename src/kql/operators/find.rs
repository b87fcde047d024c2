//! `find`.

use crate::kql::binder::Binder;
use crate::kql::error::{KqlError, Span};
use crate::kql::relation::Relation;
use crate::kql::syntax::{Expr, Name, OperatorOption};
use crate::kql::types::Type;

/// Binds the operator.
///
/// # Errors
/// What does not fit.
pub fn bind(
    binder: &mut Binder<'_>,
    input: Option<Relation>,
    span: Span,
    options: &[OperatorOption],
    tables: &[Expr],
    predicate: &Expr,
    project: &[(Name, Option<Type>)],
) -> Result<Relation, KqlError> {
    let _ = (binder, input, options, tables, predicate, project);
    Err(KqlError::unsupported(span, "not built yet"))
}
