//! `make-series`.

use crate::kql::binder::Binder;
use crate::kql::error::{KqlError, Span};
use crate::kql::relation::Relation;
use crate::kql::syntax::{Expr, Named, OperatorOption};

/// Along what, and in which bins.
#[derive(Clone, Copy)]
pub struct Axis<'a> {
    /// What is binned: a column or an expression.
    pub on: &'a Expr,
    /// First bin.
    pub from: Option<&'a Expr>,
    /// End, not included.
    pub to: Option<&'a Expr>,
    /// Width of a bin.
    pub step: &'a Expr,
}

/// Binds the operator.
///
/// # Errors
/// What does not fit.
pub fn bind(
    binder: &mut Binder<'_>,
    input: Relation,
    span: Span,
    options: &[OperatorOption],
    aggregates: &[(Named, Option<Expr>)],
    axis: Axis<'_>,
    by: &[Named],
) -> Result<Relation, KqlError> {
    let _ = (binder, input, options, aggregates, axis, by);
    Err(KqlError::unsupported(span, "not built yet"))
}
