//! `project-away`, `project-keep`, `project-rename`, `project-reorder`: which columns go on, under which names, in which order.

use crate::kql::binder::Binder;
use crate::kql::error::{KqlError, Span};
use crate::kql::relation::Relation;
use crate::kql::syntax::{ColumnOrder, Name};

/// Binds `project-away` (`keep` is false) and `project-keep`.
///
/// # Errors
/// A name that is no column.
pub fn choose(
    binder: &mut Binder<'_>,
    input: Relation,
    span: Span,
    patterns: &[Name],
    keep: bool,
) -> Result<Relation, KqlError> {
    let _ = (binder, input, patterns, keep);
    Err(KqlError::unsupported(span, "not built yet"))
}

/// Binds `project-rename`: pairs of a new and an old name.
///
/// # Errors
/// A name that is no column, or that is taken.
pub fn rename(
    binder: &mut Binder<'_>,
    input: Relation,
    span: Span,
    names: &[(Name, Name)],
) -> Result<Relation, KqlError> {
    let _ = (binder, input, names);
    Err(KqlError::unsupported(span, "not built yet"))
}

/// Binds `project-reorder`.
///
/// # Errors
/// A name that is no column.
pub fn reorder(
    binder: &mut Binder<'_>,
    input: Relation,
    span: Span,
    patterns: &[(Name, Option<ColumnOrder>)],
) -> Result<Relation, KqlError> {
    let _ = (binder, input, patterns);
    Err(KqlError::unsupported(span, "not built yet"))
}
