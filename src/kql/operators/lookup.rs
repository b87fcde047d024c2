//! `lookup`: columns of a small table beside the rows of a large one. The right table is held.

use crate::kql::binder::Binder;
use crate::kql::error::{KqlError, Span};
use crate::kql::relation::Relation;
use crate::kql::syntax::{Expr, OperatorOption};

use super::joining::{self, From, HashJoin, Keys, Matching, Side};

/// Binds the operator.
///
/// # Errors
/// What does not fit.
pub fn bind(
    binder: &mut Binder<'_>,
    input: Relation,
    _: Span,
    options: &[OperatorOption],
    right: &Expr,
    on: &[Expr],
) -> Result<Relation, KqlError> {
    let alone = match joining::kind(options)? {
        None => true,
        Some((word, _)) if word == "leftouter" => true,
        Some((word, _)) if word == "inner" => false,
        Some((word, span)) => {
            let known = ["leftouter", "inner"];
            return Err(Binder::unknown("the kind of lookup", &word, span, known));
        }
    };
    let right = binder.relation(right)?;
    let keys = Keys::bind(binder, &input.schema, &right.schema, on)?;
    let (schema, from_right) = joining::beside(&input.schema, &right.schema, &keys.right_columns);
    let outputs = (0..input.schema.fields.len())
        .map(|index| (From::Passing, index))
        .chain(from_right.into_iter().map(|index| (From::Held, index)))
        .collect();
    let matching = Matching {
        first_only: false,
        held_alone: false,
        passing_alone: alone,
    };
    let join = HashJoin::new(
        Side::new(right, keys.right),
        Side::new(input, keys.left),
        matching,
        outputs,
    );
    Ok(Relation::new(schema, Box::new(join)))
}
