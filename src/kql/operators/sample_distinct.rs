//! `sample-distinct`: the first values that are met, so that the same query gives the same sample.

use crate::kql::binder::{Binder, Row};
use crate::kql::error::{KqlError, Span};
use crate::kql::relation::Relation;
use crate::kql::syntax::{Expr, Named};

use super::aggregation::Keys;
use super::{distinct, take};

/// Binds the operator.
///
/// # Errors
/// What does not fit.
pub fn bind(
    binder: &mut Binder<'_>,
    input: Relation,
    _: Span,
    count: &Expr,
    of: &Expr,
) -> Result<Relation, KqlError> {
    let most = take::row_count(binder, count)?;
    let row = Row::of(&input);
    let of = Named {
        names: Vec::new(),
        value: of.clone(),
    };
    let keys = Keys::bind(binder, row, &[of])?;
    Ok(distinct::relation(input, keys, most))
}
