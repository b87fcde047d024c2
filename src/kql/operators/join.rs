//! `join`.
//!
//! As Kusto does it: the left table is held and the right one passes by, so that the smaller one belongs on the left; pairs come in the order of
//! the right rows, rows of the left without a match at the end.

use crate::kql::binder::Binder;
use crate::kql::error::{KqlError, Span};
use crate::kql::relation::{Operator, Relation};
use crate::kql::syntax::{Expr, OperatorOption};

use super::joining::{self, Filter, From, HashJoin, Keys, Matching, Side};

/// What `kind=` may say, and what each does.
const KINDS: &[(&str, Kind)] = &[
    ("innerunique", pairs(true, false, false)),
    ("inner", pairs(false, false, false)),
    ("leftouter", pairs(false, true, false)),
    ("rightouter", pairs(false, false, true)),
    ("fullouter", pairs(false, true, true)),
    ("leftsemi", Kind::Left { with_match: true }),
    ("leftanti", Kind::Left { with_match: false }),
    ("leftantisemi", Kind::Left { with_match: false }),
    ("anti", Kind::Left { with_match: false }),
    ("rightsemi", Kind::Right { with_match: true }),
    ("rightanti", Kind::Right { with_match: false }),
    ("rightantisemi", Kind::Right { with_match: false }),
];

#[derive(Clone, Copy)]
enum Kind {
    /// Pairs of rows.
    Pairs(Matching),
    /// Rows of the left table.
    Left { with_match: bool },
    /// Rows of the right table.
    Right { with_match: bool },
}

const fn pairs(unique: bool, left_alone: bool, right_alone: bool) -> Kind {
    Kind::Pairs(Matching {
        first_only: unique,
        held_alone: left_alone,
        passing_alone: right_alone,
    })
}

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
    let kind = kind(options)?;
    let right = binder.relation(right)?;
    let keys = Keys::bind(binder, &input.schema, &right.schema, on)?;
    let (left_schema, right_schema) = (input.schema.clone(), right.schema.clone());
    let left = Side::new(input, keys.left);
    let right = Side::new(right, keys.right);
    let (schema, rows): (_, Box<dyn Operator>) = match kind {
        Kind::Pairs(matching) => {
            let (schema, from_right) = joining::beside(&left_schema, &right_schema, &[]);
            let outputs = (0..left_schema.fields.len())
                .map(|index| (From::Held, index))
                .chain(from_right.into_iter().map(|index| (From::Passing, index)))
                .collect();
            (
                schema,
                Box::new(HashJoin::new(left, right, matching, outputs)),
            )
        }
        Kind::Left { with_match } => (left_schema, Box::new(Filter::new(left, right, with_match))),
        Kind::Right { with_match } => {
            (right_schema, Box::new(Filter::new(right, left, with_match)))
        }
    };
    Ok(Relation::new(schema, rows))
}

fn kind(options: &[OperatorOption]) -> Result<Kind, KqlError> {
    let (word, span) = match joining::kind(options)? {
        Some(kind) => kind,
        None => ("innerunique".to_owned(), Span::default()),
    };
    KINDS
        .iter()
        .find(|(name, _)| *name == word)
        .map(|(_, kind)| *kind)
        .ok_or_else(|| {
            let known = KINDS.iter().map(|(name, _)| *name);
            Binder::unknown("the kind of join", &word, span, known)
        })
}
