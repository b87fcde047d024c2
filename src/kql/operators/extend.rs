//! `extend`.

use crate::kql::binder::{Binder, Names, Row};
use crate::kql::error::{KqlError, Span};
use crate::kql::relation::Relation;
use crate::kql::syntax::{ExprKind, Named};

use super::map::{columns as columns_of, map};

/// Binds the operator. A column of a name that is there takes its place; the expressions see the columns as they were before.
///
/// # Errors
/// What does not fit.
pub fn bind(
    binder: &mut Binder<'_>,
    input: Relation,
    _: Span,
    columns: &[Named],
) -> Result<Relation, KqlError> {
    let new = binder.columns(columns, Row::of(&input), "Column")?;
    let mut all = columns_of(&input);
    let mut names = Names::default();
    for (name, _) in &all {
        names.add(name, name);
    }
    for (index, column) in new.into_iter().enumerate() {
        // A bare name would be the column itself once more: it gets a name of its own.
        let bare = columns.get(index).is_some_and(|named| {
            named.names.is_empty() && matches!(named.value.kind, ExprKind::Name(_))
        });
        match all.iter_mut().find(|(name, _)| *name == column.name) {
            Some(there) if !bare => there.1 = column.expr,
            _ => all.push((names.add(&column.name, &column.name), column.expr)),
        }
    }
    Ok(map(input, all))
}
