//! `project`.

use crate::kql::binder::{Binder, Row};
use crate::kql::error::{KqlError, Span};
use crate::kql::relation::Relation;
use crate::kql::syntax::Named;

use super::map::map;

/// Binds the operator.
///
/// # Errors
/// What does not fit.
pub fn bind(
    binder: &mut Binder<'_>,
    input: Relation,
    _: Span,
    columns: &[Named],
) -> Result<Relation, KqlError> {
    let columns = binder.columns(columns, Row::of(&input), "Column")?;
    Ok(map(
        input,
        columns
            .into_iter()
            .map(|column| (column.name, column.expr))
            .collect(),
    ))
}
