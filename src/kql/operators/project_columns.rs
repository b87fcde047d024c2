//! `project-away`, `project-keep`, `project-rename`, `project-reorder`: which columns go on, under which names, in which order.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::kql::binder::Binder;
use crate::kql::error::{KqlError, Span};
use crate::kql::expr::Expr;
use crate::kql::relation::Relation;
use crate::kql::syntax::{ColumnOrder, Name};

use super::map::{columns, map};

/// Binds `project-away` (`keep` is false) and `project-keep`.
///
/// # Errors
/// A name that is no column.
pub fn choose(
    _: &mut Binder<'_>,
    input: Relation,
    span: Span,
    patterns: &[Name],
    keep: bool,
) -> Result<Relation, KqlError> {
    for pattern in patterns.iter().filter(|name| !name.text.contains('*')) {
        Binder::column_index(&input.schema, &pattern.text, pattern.span)?;
    }
    let chosen: Vec<_> = columns(&input)
        .into_iter()
        .filter(|(name, _)| {
            patterns
                .iter()
                .any(|pattern| matches_pattern(&pattern.text, name))
                == keep
        })
        .collect();
    if chosen.is_empty() {
        return Err(KqlError::semantic(span, "no column is left"));
    }
    Ok(map(input, chosen))
}

/// Binds `project-rename`: pairs of a new and an old name.
///
/// # Errors
/// A name that is no column, or that is taken.
pub fn rename(
    _: &mut Binder<'_>,
    input: Relation,
    _: Span,
    names: &[(Name, Name)],
) -> Result<Relation, KqlError> {
    let mut all = columns(&input);
    for (new, old) in names {
        let index = Binder::column_index(&input.schema, &old.text, old.span)?;
        if let Some((name, _)) = all.get_mut(index) {
            *name = new.text.as_str().into();
        }
    }
    for (new, _) in names {
        if all.iter().filter(|(name, _)| **name == *new.text).count() > 1 {
            return Err(KqlError::semantic(
                new.span,
                format!("the column `{}` is there already", new.text),
            )
            .help("take another name"));
        }
    }
    Ok(map(input, all))
}

/// Binds `project-reorder`.
///
/// # Errors
/// A name that is no column.
pub fn reorder(
    _: &mut Binder<'_>,
    input: Relation,
    _: Span,
    patterns: &[(Name, Option<ColumnOrder>)],
) -> Result<Relation, KqlError> {
    let mut rest = columns(&input);
    let mut all = Vec::with_capacity(rest.len());
    for (pattern, order) in patterns {
        if !pattern.text.contains('*') {
            Binder::column_index(&input.schema, &pattern.text, pattern.span)?;
        }
        // A column that a later pattern names outright waits for it.
        let (mut matched, left): (Vec<_>, Vec<_>) = rest.into_iter().partition(|(name, _)| {
            matches_pattern(&pattern.text, name)
                && (!pattern.text.contains('*')
                    || patterns.iter().all(|(other, _)| other.text != **name))
        });
        rest = left;
        if let Some(order) = order {
            matched.sort_by(|(a, _): &(Arc<str>, Expr), (b, _)| by_name(*order, a, b));
        }
        all.append(&mut matched);
    }
    all.append(&mut rest);
    Ok(map(input, all))
}

fn by_name(order: ColumnOrder, left: &str, right: &str) -> Ordering {
    match order {
        ColumnOrder::Ascending => left.cmp(right),
        ColumnOrder::Descending => right.cmp(left),
        ColumnOrder::GrannyAscending => by_number(left, right),
        ColumnOrder::GrannyDescending => by_number(right, left),
    }
}

/// The order of names in which `a20` comes before `a100`.
fn by_number(left: &str, right: &str) -> Ordering {
    let (mut a, mut b) = (left, right);
    loop {
        let (a_text, a_rest) = split_at_digits(a, false);
        let (b_text, b_rest) = split_at_digits(b, false);
        let (a_digits, a_rest) = split_at_digits(a_rest, true);
        let (b_digits, b_rest) = split_at_digits(b_rest, true);
        let number = |digits: &str| digits.parse::<u128>().unwrap_or(u128::MAX);
        let order = a_text
            .cmp(b_text)
            .then(a_digits.is_empty().cmp(&b_digits.is_empty()).reverse())
            .then_with(|| number(a_digits).cmp(&number(b_digits)));
        if order != Ordering::Equal || (a_rest.is_empty() && b_rest.is_empty()) {
            return order.then(left.cmp(right));
        }
        (a, b) = (a_rest, b_rest);
    }
}

fn split_at_digits(text: &str, digits: bool) -> (&str, &str) {
    let end = text
        .find(|letter: char| letter.is_ascii_digit() != digits)
        .unwrap_or(text.len());
    text.split_at(end)
}

/// Whether `name` fits a pattern in which `*` stands for any letters.
pub fn matches_pattern(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(rest) = parts.next().and_then(|first| name.strip_prefix(first)) else {
        return false;
    };
    let mut rest = rest;
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    true
}
