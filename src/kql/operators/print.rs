//! `print`.

use std::sync::Arc;

use crate::kql::binder::{Binder, Names, Row};
use crate::kql::error::{KqlError, Span};
use crate::kql::relation::{Batch, Operator, Relation, Run};
use crate::kql::syntax::Named;
use crate::kql::types::Schema;

use super::map::map;

/// Binds the operator. What has no name is called `print_` and its place.
///
/// # Errors
/// What does not fit.
pub fn bind(binder: &mut Binder<'_>, _: Span, columns: &[Named]) -> Result<Relation, KqlError> {
    let none = Schema::default();
    let row = Row {
        schema: &none,
        serialized: true,
    };
    let mut names = Names::default();
    let mut all = Vec::with_capacity(columns.len());
    for (place, named) in columns.iter().enumerate() {
        let expr = binder.scalar(&named.value, row)?;
        if let Some(several) = binder.several(named, &expr, &mut names)? {
            all.extend(several.into_iter().map(|column| (column.name, column.expr)));
            continue;
        }
        let name: Arc<str> = match named.names.as_slice() {
            [] => names.add(&format!("print_{place}"), "print_"),
            [name] => names.declare(&name.text, name.span)?,
            [_, second, ..] => {
                return Err(KqlError::semantic(
                    second.span,
                    "this expression gives one value; only one name may stand before it",
                ));
            }
        };
        all.push((name, expr));
    }
    let one = Relation {
        serialized: true,
        ..Relation::new(
            none,
            Box::new(Once(Some(Batch {
                columns: Vec::new(),
                rows: 1,
            }))),
        )
    };
    Ok(map(one, all))
}

/// Gives a batch that is there, once.
pub struct Once(pub Option<Batch>);

impl Operator for Once {
    fn next(&mut self, run: &Run<'_>) -> Result<Option<Batch>, KqlError> {
        run.check()?;
        Ok(self.0.take())
    }
}
