//! `as`: what stands before it has a name in what comes after it.

use crate::kql::binder::{Binder, Meaning};
use crate::kql::relation::Relation;
use crate::kql::syntax::Name;

use super::shared::Shared;

/// Binds the operator.
pub fn bind(binder: &mut Binder<'_>, input: Relation, name: &Name) -> Relation {
    let render = input.render.clone();
    let shared = Shared::new(input);
    let relation = shared.relation();
    binder.define(&name.text, Meaning::Shared(shared));
    Relation { render, ..relation }
}
