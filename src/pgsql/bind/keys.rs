//! Keys of GROUP BY, ORDER BY and DISTINCT ON: names and positions of the list of a SELECT, or any expression.

use sqlparser::ast::{Expr as Ast, GroupByExpr, OrderByExpr, UnaryOperator, Value as Literal};

use super::call::sort_key;
use super::select::Output;
use super::{Binder, Typed};
use crate::pgsql::error::Error;
use crate::pgsql::expr::Expr;
use crate::pgsql::plan::sort::SortKey;
use crate::pgsql::syntax::folded;
use crate::pgsql::value::Type;

/// The name of a column that is only there to be ordered by. No statement can write it.
pub(super) const HIDDEN: &str = "\0hidden";

impl Binder<'_> {
    /// What GROUP BY names: columns of the tables, of the list, or positions in it.
    pub(super) fn group_keys(
        &mut self,
        group_by: &GroupByExpr,
        outputs: &[Output],
    ) -> Result<Option<Vec<Expr>>, Error> {
        let GroupByExpr::Expressions(keys, modifiers) = group_by else {
            return Err(Error::unsupported("GROUP BY ALL"));
        };
        if !modifiers.is_empty() {
            return Err(Error::unsupported("GROUP BY with modifiers"));
        }
        if keys.is_empty() {
            return Ok(None);
        }
        let names: Vec<(String, Type)> = outputs
            .iter()
            .map(|output| (output.name.clone(), output.value.ty.clone()))
            .collect();
        let mut bound = Vec::new();
        // `(a, b)` groups by both, `()` by nothing.
        let members = keys.iter().flat_map(|key| match bare(key) {
            Ast::Tuple(members) => members.as_slice(),
            _ => std::slice::from_ref(key),
        });
        for key in members {
            let listed = match bare(key) {
                Ast::Identifier(name)
                    if self
                        .level
                        .names
                        .columns
                        .iter()
                        .any(|column| column.name == folded(name)) =>
                {
                    None
                }
                key => position_of(key, &names, "GROUP BY", same_value(outputs))?,
            };
            let typed = match listed.and_then(|index| outputs.get(index)) {
                Some(output) => output.value.clone(),
                None => self.without_aggregates("GROUP BY", |this| this.expression(key))?,
            };
            let typed = self.settled(typed)?;
            if contains_aggregate(&typed.expr) {
                return Err(Error::new(
                    "42803",
                    "aggregate functions are not allowed in GROUP BY",
                ));
            }
            if typed.ty == Type::Json {
                return Err(Error::new(
                    "42883",
                    "could not identify an equality operator for type json",
                ));
            }
            bound.push(typed.expr);
        }
        Ok(Some(bound))
    }

    /// ORDER BY: names and positions of the list first, then any expression, which becomes a hidden column.
    pub(super) fn sort(
        &mut self,
        order: &[OrderByExpr],
        outputs: &mut Vec<Output>,
    ) -> Result<Vec<SortKey>, Error> {
        order
            .iter()
            .map(|key| {
                let (index, ty) = self.listed(&key.expr, outputs, "ORDER BY")?;
                let value = Typed {
                    expr: Expr::Column(index),
                    ty,
                };
                sort_key(key, value)
            })
            .collect()
    }

    pub(super) fn distinct_on(
        &mut self,
        keys: &[Ast],
        outputs: &mut Vec<Output>,
    ) -> Result<Vec<Expr>, Error> {
        keys.iter()
            .map(|key| {
                let (index, _) = self.listed(key, outputs, "DISTINCT ON")?;
                Ok(Expr::Column(index))
            })
            .collect()
    }

    /// The place of an expression among the columns, where it is put if it is not there.
    fn listed(
        &mut self,
        key: &Ast,
        outputs: &mut Vec<Output>,
        clause: &str,
    ) -> Result<(usize, Type), Error> {
        let names: Vec<(String, Type)> = outputs
            .iter()
            .map(|output| (output.name.clone(), output.value.ty.clone()))
            .collect();
        let index = if let Some(index) = position_of(key, &names, clause, same_value(outputs))? {
            index
        } else {
            let value = self.expression(key)?;
            let value = self.settled(value)?;
            let known = outputs
                .iter()
                .position(|output| output.value.expr == value.expr);
            known.unwrap_or_else(|| {
                outputs.push(Output {
                    name: HIDDEN.to_owned(),
                    value,
                });
                outputs.len() - 1
            })
        };
        let output = outputs.get_mut(index);
        let ty = match output {
            Some(output) => {
                if output.value.ty == Type::Unknown {
                    output.value = self.settled(output.value.clone())?;
                }
                output.value.ty.clone()
            }
            None => Type::Text,
        };
        Ok((index, ty))
    }
}

/// Whether two places of the list hold the same expression.
fn same_value(outputs: &[Output]) -> impl Fn(usize, usize) -> bool {
    |one, other| {
        let value = |place: usize| outputs.get(place).map(|output| &output.value.expr);
        value(one) == value(other)
    }
}

fn contains_aggregate(expr: &Expr) -> bool {
    fn visit(expr: &mut Expr) -> Result<(), ()> {
        if matches!(expr, Expr::Aggregate(_)) {
            return Err(());
        }
        expr.each_part(&mut visit)
    }
    visit(&mut expr.clone()).is_err()
}

/// An expression without the parentheses around it, which mean nothing.
fn bare(mut key: &Ast) -> &Ast {
    while let Ast::Nested(inner) = key {
        key = inner;
    }
    key
}

/// The column of the result that a bare name or number means. A name may stand for several columns where they are the
/// same, as `same` says of two places.
pub(super) fn position_of(
    key: &Ast,
    columns: &[(String, Type)],
    clause: &str,
    same: impl Fn(usize, usize) -> bool,
) -> Result<Option<usize>, Error> {
    match bare(key) {
        Ast::Identifier(name) => {
            let name = folded(name);
            let mut places = (0..columns.len())
                .filter(|place| columns.get(*place).is_some_and(|column| column.0 == name));
            let first = places.next();
            if let Some(first) = first
                && places.any(|other| !same(first, other))
            {
                return Err(Error::new(
                    "42702",
                    format!("{clause} \"{name}\" is ambiguous"),
                ));
            }
            Ok(first)
        }
        Ast::UnaryOp {
            op: UnaryOperator::Minus,
            expr,
        } if matches!(&**expr, Ast::Value(value) if matches!(value.value, Literal::Number(..))) => {
            Err(Error::new(
                "42P10",
                format!("{clause} position -{expr} is not in select list"),
            ))
        }
        Ast::Value(value) => match &value.value {
            Literal::Number(digits, _) => match digits.parse::<usize>() {
                Ok(number) if (1..=columns.len()).contains(&number) => Ok(Some(number - 1)),
                Ok(number) => Err(Error::new(
                    "42P10",
                    format!("{clause} position {number} is not in select list"),
                )),
                Err(_) => Err(Error::new(
                    "42601",
                    format!("non-integer constant in {clause}"),
                )),
            },
            Literal::Placeholder(_) => Ok(None),
            _ => Err(Error::new(
                "42601",
                format!("non-integer constant in {clause}"),
            )),
        },
        _ => Ok(None),
    }
}
