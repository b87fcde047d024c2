//! `parse and parse-where`.

use crate::kql::binder::Binder;
use crate::kql::error::{KqlError, Span};
use crate::kql::relation::Relation;
use crate::kql::syntax::{Expr, OperatorOption, ParsePart};

/// Binds the operator.
///
/// # Errors
/// What does not fit.
pub fn bind(
    binder: &mut Binder<'_>,
    input: Relation,
    span: Span,
    options: &[OperatorOption],
    value: &Expr,
    pattern: &[ParsePart],
    only_matches: bool,
) -> Result<Relation, KqlError> {
    let _ = (binder, input, options, value, pattern, only_matches);
    Err(KqlError::unsupported(span, "not built yet"))
}
