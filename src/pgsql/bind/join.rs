//! Joins: two parts of FROM side by side, with what must hold of them.

use sqlparser::ast::{Expr as Ast, JoinConstraint};

use super::from::Part;
use super::scope::ScopeColumn;
use super::{Binder, Typed};
use crate::pgsql::error::Error;
use crate::pgsql::expr::Expr;
use crate::pgsql::plan::Plan;
use crate::pgsql::plan::join::Join;
use crate::pgsql::syntax::parts;

/// Which rows a join keeps although they have no partner.
#[derive(Clone, Copy)]
pub(super) struct Kept {
    pub(super) left: bool,
    pub(super) right: bool,
}

impl Binder<'_> {
    pub(super) fn joined(
        &mut self,
        left: Part,
        right: Part,
        kept: Kept,
        constraint: &JoinConstraint,
    ) -> Result<Part, Error> {
        if let Some(twice) = left.columns.iter().find(|column| {
            right
                .columns
                .iter()
                .any(|other| other.relation == column.relation && other.schema == column.schema)
        }) {
            return Err(Error::new(
                "42712",
                format!("table name \"{}\" specified more than once", twice.relation),
            ));
        }
        let left_width = left.width;
        let mut columns = left.columns;
        let moved = right.columns.into_iter().map(|column| ScopeColumn {
            index: column.index + left_width,
            ..column
        });
        columns.extend(moved);
        let lateral = (!right.captures.is_empty()).then_some(right.captures);
        if lateral.is_some() && kept.right {
            return Err(Error::unsupported("RIGHT and FULL joins to a LATERAL part"));
        }
        let condition = match constraint {
            JoinConstraint::None => None,
            JoinConstraint::On(condition) => Some(self.on(&mut columns, condition)?),
            JoinConstraint::Using(names) => {
                let names: Vec<String> = names
                    .iter()
                    .map(|name| parts(name).map(|mut parts| parts.pop().unwrap_or_default()))
                    .collect::<Result<_, _>>()?;
                Some(self.using(&mut columns, left_width, &names, kept)?)
            }
            JoinConstraint::Natural => {
                let (ours, theirs): (Vec<_>, Vec<_>) = columns
                    .iter()
                    .filter(|column| !column.merged)
                    .partition(|column| column.index < left_width);
                let shared: Vec<String> = ours
                    .iter()
                    .filter(|column| theirs.iter().any(|other| other.name == column.name))
                    .map(|column| column.name.clone())
                    .collect();
                Some(self.using(&mut columns, left_width, &shared, kept)?)
            }
        };
        let (equal, condition) = match (condition, &lateral) {
            (Some(condition), None) => split(condition, left_width),
            (condition, _) => (Vec::new(), condition),
        };
        if kept.left && kept.right && equal.is_empty() {
            return Err(Error::new(
                "0A000",
                "FULL JOIN is only supported with merge-joinable or hash-joinable join conditions",
            ));
        }
        Ok(Part {
            plan: Plan::Join(Box::new(Join {
                left: left.plan,
                right: right.plan,
                lateral,
                keep_left: kept.left,
                keep_right: kept.right,
                left_width,
                right_width: right.width,
                equal,
                condition,
            })),
            columns,
            width: left_width + right.width,
            captures: Vec::new(),
        })
    }

    /// The condition of a join, which sees the columns of both its sides.
    fn on(&mut self, columns: &mut Vec<ScopeColumn>, condition: &Ast) -> Result<Expr, Error> {
        std::mem::swap(&mut self.level.names.columns, columns);
        let bound = self.without_aggregates("JOIN conditions", |this| {
            let typed = this.expression(condition)?;
            this.condition(typed, "JOIN/ON")
        });
        std::mem::swap(&mut self.level.names.columns, columns);
        bound
    }

    /// USING: equality of the columns of each name, which become one.
    fn using(
        &mut self,
        columns: &mut [ScopeColumn],
        left_width: usize,
        names: &[String],
        kept: Kept,
    ) -> Result<Expr, Error> {
        if kept.left && kept.right {
            return Err(Error::unsupported("USING and NATURAL in a FULL join"));
        }
        let mut conditions = Vec::new();
        let mut merged = Vec::new();
        for name in names {
            let place = |in_left: bool| {
                let side = if in_left { "left" } else { "right" };
                let mut places = (0..columns.len()).filter(|place| {
                    columns.get(*place).is_some_and(|column| {
                        !column.merged
                            && column.name == *name
                            && (column.index < left_width) == in_left
                    })
                });
                let first = places.next().ok_or_else(|| {
                    Error::new(
                        "42703",
                        format!(
                            "column \"{name}\" specified in USING clause does not exist in {side} table"
                        ),
                    )
                })?;
                if places.next().is_some() {
                    return Err(Error::new(
                        "42702",
                        format!(
                            "common column name \"{name}\" appears more than once in {side} table"
                        ),
                    ));
                }
                Ok(first)
            };
            let (ours, theirs) = (place(true)?, place(false)?);
            let sides: Vec<Typed> = [ours, theirs]
                .iter()
                .filter_map(|place| columns.get(*place))
                .map(|column| Typed {
                    expr: Expr::Column(column.index),
                    ty: column.ty.clone(),
                })
                .collect();
            if let [ours, theirs] = sides.as_slice()
                && !ours.ty.is(&theirs.ty)
            {
                return Err(Error::unsupported(
                    "USING and NATURAL over columns of different types",
                ));
            }
            conditions.push(self.operate("=", sides)?.expr);
            // The side whose rows are all there lends its value.
            let (shown, hidden) = if kept.right {
                (theirs, ours)
            } else {
                (ours, theirs)
            };
            if let Some(column) = columns.get_mut(hidden) {
                column.merged = true;
            }
            if let Some(column) = columns.get(shown) {
                merged.push(column.index);
            }
        }
        // Merged columns stand first.
        columns.sort_by_key(|column| {
            merged
                .iter()
                .position(|index| *index == column.index)
                .unwrap_or(merged.len())
        });
        Ok(Expr::And(conditions))
    }
}

/// The rows of FROM for which WHERE holds. Where all rows of a join have partners, what WHERE says of them is asked as
/// early as it can be: `FROM a, b WHERE a.x = b.x` makes no product.
pub(super) fn filtered(plan: Plan, condition: Expr) -> Plan {
    let mut join = match plan {
        Plan::Join(join) if !join.keep_left && !join.keep_right => join,
        input => {
            return Plan::Filter {
                input: Box::new(input),
                condition,
            };
        }
    };
    let (mut of_left, mut of_right, mut of_both) = (Vec::new(), Vec::new(), Vec::new());
    for mut part in conjuncts(condition) {
        match side(&part, join.left_width) {
            Some(true) => of_left.push(part),
            Some(false) if join.lateral.is_none() => {
                shift(&mut part, join.left_width);
                of_right.push(part);
            }
            _ => of_both.push(part),
        }
    }
    if !of_left.is_empty() {
        join.left = filtered(join.left, Expr::And(of_left));
    }
    if !of_right.is_empty() {
        join.right = filtered(join.right, Expr::And(of_right));
    }
    of_both.extend(join.condition.take());
    if join.lateral.is_none() {
        let (equal, rest) = split(Expr::And(of_both), join.left_width);
        join.equal.extend(equal);
        join.condition = rest;
    } else if !of_both.is_empty() {
        join.condition = Some(Expr::And(of_both));
    }
    Plan::Join(join)
}

/// The parts of a condition that must all hold.
fn conjuncts(condition: Expr) -> Vec<Expr> {
    match condition {
        Expr::And(parts) => parts.into_iter().flat_map(conjuncts).collect(),
        other => vec![other],
    }
}

/// Parts a join's condition: what is equal between the sides, each in terms of its own row, and the rest.
fn split(condition: Expr, left_width: usize) -> (Vec<(Expr, Expr)>, Option<Expr>) {
    let mut equal = Vec::new();
    let mut rest = Vec::new();
    for part in conjuncts(condition) {
        let sides = match &part {
            Expr::Call {
                function,
                arguments,
                ..
            } if function.name == "=" => match arguments.as_slice() {
                [one, two] => match (side(one, left_width), side(two, left_width)) {
                    (Some(true), Some(false)) => Some((one, two)),
                    (Some(false), Some(true)) => Some((two, one)),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        };
        match sides {
            Some((left, right)) => {
                let mut right = right.clone();
                shift(&mut right, left_width);
                equal.push((left.clone(), right));
            }
            None => rest.push(part),
        }
    }
    let condition = (!rest.is_empty()).then_some(Expr::And(rest));
    (equal, condition)
}

/// True when an expression reads the left side only, false for the right side only; none for both or neither.
fn side(expr: &Expr, left_width: usize) -> Option<bool> {
    fn collect(expr: &mut Expr, columns: &mut Vec<usize>) -> Result<(), ()> {
        if let Expr::Column(index) = expr {
            columns.push(*index);
        }
        expr.each_part(&mut |part| collect(part, columns))
    }
    let mut columns = Vec::new();
    collect(&mut expr.clone(), &mut columns).ok()?;
    let first = *columns.first()? < left_width;
    columns
        .iter()
        .all(|index| (*index < left_width) == first)
        .then_some(first)
}

fn shift(expr: &mut Expr, by: usize) {
    if let Expr::Column(index) = expr {
        *index -= by;
    }
    let _ = expr.each_part::<()>(&mut |part| {
        shift(part, by);
        Ok(())
    });
}
