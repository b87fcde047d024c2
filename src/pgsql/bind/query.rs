//! Whole queries: WITH, set operations, VALUES, ORDER BY, LIMIT.

use std::sync::Arc;

use sqlparser::ast::{
    LimitClause, OrderBy, OrderByExpr, OrderByKind, Query, SetExpr, SetOperator as SetOperatorAst,
    SetQuantifier, Values, With,
};

use super::call::sort_key;
use super::keys::position_of;
use super::scope::{Cte, Level, Names};
use super::{Binder, Bound, Shared, Typed};
use crate::pgsql::error::Error;
use crate::pgsql::expr::Expr;
use crate::pgsql::plan::Plan;
use crate::pgsql::plan::sort::{SetOperation, SetOperator};
use crate::pgsql::syntax::folded;
use crate::pgsql::types::{Coercion, common};
use crate::pgsql::value::Type;

/// How many queries may stand in the WITH clauses of a statement.
const MOST_CTES: usize = 40;

impl Binder<'_> {
    /// Binds a query. Literals among its columns may still be of no type.
    pub(super) fn query(&mut self, query: &Query) -> Result<Bound, Error> {
        if !query.locks.is_empty()
            || query.for_clause.is_some()
            || query.settings.is_some()
            || query.format_clause.is_some()
            || !query.pipe_operators.is_empty()
        {
            return Err(Error::unsupported("FOR and other clauses behind a query"));
        }
        let known = self.ctes.len();
        if let Some(with) = &query.with {
            self.with(with)?;
        }
        if let SetExpr::Query(inner) = &*query.body {
            only_one_order(query, inner)?;
        }
        let order = order_keys(query.order_by.as_ref())?;
        let bound = self.body(&query.body, &order);
        self.ctes.truncate(known);
        let bound = bound?;
        self.limited(bound, query)
    }

    fn with(&mut self, with: &With) -> Result<(), Error> {
        if with.recursive {
            return Err(Error::unsupported("WITH RECURSIVE"));
        }
        if self.shared.len() + with.cte_tables.len() > MOST_CTES {
            return Err(Error::unsupported("so many queries in WITH"));
        }
        let first = self.ctes.len();
        for cte in &with.cte_tables {
            let name = folded(&cte.alias.name);
            if self.ctes.iter().skip(first).any(|known| known.name == name) {
                return Err(Error::new(
                    "42712",
                    format!("WITH query name \"{name}\" specified more than once"),
                ));
            }
            // A body sees nothing of the query it stands in, so that its rows can be computed once.
            let around = std::mem::take(&mut self.outer);
            let level = std::mem::take(&mut self.level);
            let bound = self.query(&cte.query).and_then(|bound| self.settle(bound));
            self.outer = around;
            self.level = level;
            let mut bound = bound?;
            let (has, given) = (bound.columns.len(), cte.alias.columns.len());
            if given > has {
                return Err(Error::new(
                    "42P10",
                    format!(
                        "WITH query \"{name}\" has {has} columns available but {given} columns specified"
                    ),
                ));
            }
            for (column, given) in bound.columns.iter_mut().zip(&cte.alias.columns) {
                column.0 = folded(&given.name);
            }
            let number = self.next_number();
            let plan = Arc::new(bound.plan);
            self.shared.push(Shared {
                number,
                plan: Arc::clone(&plan),
                used: false,
            });
            self.ctes.push(Cte {
                name,
                columns: bound.columns,
                plan,
                number,
            });
        }
        Ok(())
    }

    fn body(&mut self, body: &SetExpr, order: &[OrderByExpr]) -> Result<Bound, Error> {
        match body {
            SetExpr::Select(select) => self.fresh(|this| this.select(select, order)),
            SetExpr::Query(query) => {
                let bound = self.query(query)?;
                self.ordered(bound, order)
            }
            SetExpr::Values(values) => {
                let bound = self.fresh(|this| this.values(values))?;
                self.ordered(bound, order)
            }
            SetExpr::SetOperation {
                left,
                op,
                set_quantifier,
                right,
            } => {
                let (left, right) = (self.body(left, &[])?, self.body(right, &[])?);
                let bound = self.set_operation(left, *op, *set_quantifier, right)?;
                self.ordered(bound, order)
            }
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
                Err(Error::unsupported("a statement that writes within a query"))
            }
            SetExpr::Table(_) => Err(Error::unsupported("TABLE")),
        }
    }

    /// Binds with names of its own, on the same level.
    fn fresh<T>(&mut self, bind: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        let before = std::mem::take(&mut self.level.names);
        let bound = bind(self);
        self.level.names = before;
        bound
    }

    fn values(&mut self, values: &Values) -> Result<Bound, Error> {
        let mut rows: Vec<Vec<Typed>> = Vec::new();
        for row in &values.rows {
            let row: Vec<Typed> = self.without_aggregates("VALUES", |this| {
                row.content
                    .iter()
                    .map(|value| this.expression(value))
                    .collect::<Result<_, _>>()
            })?;
            if rows.first().is_some_and(|first| first.len() != row.len()) {
                return Err(Error::new(
                    "42601",
                    "VALUES lists must all be the same length",
                ));
            }
            rows.push(row);
        }
        let width = rows.first().map_or(0, Vec::len);
        let mut columns = Vec::new();
        for index in 0..width {
            let types = rows.iter().filter_map(|row| Some(&row.get(index)?.ty));
            columns.push((format!("column{}", index + 1), common(types, "VALUES")?));
        }
        let rows = rows
            .into_iter()
            .map(|row| {
                row.into_iter()
                    .zip(&columns)
                    .map(|(value, (_, ty))| self.coerce(value, ty, Coercion::Implicit))
                    .collect()
            })
            .collect::<Result<_, Error>>()?;
        Ok(Bound {
            plan: Plan::Values(rows),
            columns,
        })
    }

    fn set_operation(
        &mut self,
        left: Bound,
        operator: SetOperatorAst,
        quantifier: SetQuantifier,
        right: Bound,
    ) -> Result<Bound, Error> {
        let (operator, word) = match operator {
            SetOperatorAst::Union => (SetOperator::Union, "UNION"),
            SetOperatorAst::Intersect => (SetOperator::Intersect, "INTERSECT"),
            SetOperatorAst::Except | SetOperatorAst::Minus => (SetOperator::Except, "EXCEPT"),
        };
        let all = match quantifier {
            SetQuantifier::All => true,
            SetQuantifier::Distinct | SetQuantifier::None => false,
            _ => return Err(Error::unsupported("set operations by name")),
        };
        if left.columns.len() != right.columns.len() {
            return Err(Error::new(
                "42601",
                format!("each {word} query must have the same number of columns"),
            ));
        }
        let mut columns = Vec::new();
        for ((name, left), (_, right)) in left.columns.iter().zip(&right.columns) {
            columns.push((name.clone(), common([left, right], word)?));
        }
        let types: Vec<Type> = columns.iter().map(|(_, ty)| ty.clone()).collect();
        if types.contains(&Type::Json) && !(all && operator == SetOperator::Union) {
            return Err(Error::new(
                "42883",
                "could not identify an equality operator for type json",
            ));
        }
        Ok(Bound {
            plan: Plan::Set(Box::new(SetOperation {
                operator,
                all,
                left: self.retyped(left, &types, Coercion::Implicit)?.plan,
                right: self.retyped(right, &types, Coercion::Implicit)?.plan,
            })),
            columns,
        })
    }

    /// The columns of a query in other types.
    pub(super) fn retyped(
        &mut self,
        bound: Bound,
        types: &[Type],
        coercion: Coercion,
    ) -> Result<Bound, Error> {
        let same = bound
            .columns
            .iter()
            .zip(types)
            .all(|((_, from), to)| from == to);
        if same {
            return Ok(bound);
        }
        let columns = bound
            .columns
            .iter()
            .zip(types)
            .enumerate()
            .map(|(index, ((_, from), to))| {
                let column = Typed {
                    expr: Expr::Column(index),
                    ty: from.clone(),
                };
                self.coerce(column, to, coercion)
            })
            .collect::<Result<_, _>>()?;
        Ok(Bound {
            plan: Plan::Project {
                input: Box::new(bound.plan),
                columns,
            },
            columns: bound
                .columns
                .into_iter()
                .zip(types)
                .map(|((name, _), ty)| (name, ty.clone()))
                .collect(),
        })
    }

    /// Columns that nothing has given a type are texts.
    pub fn settle(&mut self, bound: Bound) -> Result<Bound, Error> {
        let types: Vec<Type> = bound
            .columns
            .iter()
            .map(|(_, ty)| match ty {
                Type::Unknown => Type::Text,
                known => known.clone(),
            })
            .collect();
        self.retyped(bound, &types, Coercion::Implicit)
    }

    /// ORDER BY of what is no SELECT: by columns of the result only.
    fn ordered(&mut self, bound: Bound, order: &[OrderByExpr]) -> Result<Bound, Error> {
        if order.is_empty() {
            return Ok(bound);
        }
        let bound = self.settle(bound)?;
        let keys = order
            .iter()
            .map(|key| {
                let index = position_of(&key.expr, &bound.columns, "ORDER BY", |_, _| false)?;
                let index = index.ok_or_else(|| {
                    Error::new("0A000", "invalid UNION/INTERSECT/EXCEPT ORDER BY clause")
                })?;
                let ty = bound.columns.get(index).map(|(_, ty)| ty.clone());
                sort_key(
                    key,
                    Typed {
                        expr: Expr::Column(index),
                        ty: ty.unwrap_or(Type::Text),
                    },
                )
            })
            .collect::<Result<_, _>>()?;
        Ok(Bound {
            plan: Plan::Sort {
                input: Box::new(bound.plan),
                keys,
            },
            columns: bound.columns,
        })
    }

    fn limited(&mut self, bound: Bound, query: &Query) -> Result<Bound, Error> {
        let (mut limit, offset) = match &query.limit_clause {
            None => (None, None),
            Some(LimitClause::LimitOffset {
                limit,
                offset,
                limit_by,
            }) if limit_by.is_empty() => {
                (limit.as_ref(), offset.as_ref().map(|offset| &offset.value))
            }
            Some(_) => return Err(Error::unsupported("this form of LIMIT")),
        };
        if let Some(fetch) = &query.fetch {
            if fetch.with_ties || fetch.percent || fetch.quantity.is_none() {
                return Err(Error::unsupported("this form of FETCH"));
            }
            limit = fetch.quantity.as_ref();
        }
        if limit.is_none() && offset.is_none() {
            return Ok(bound);
        }
        // No column can stand here.
        let level = std::mem::take(&mut self.level.names);
        self.level.names = Names {
            no_aggregates: "LIMIT",
            no_windows: "LIMIT",
            ..Names::default()
        };
        let mut count = |value: Option<&sqlparser::ast::Expr>| {
            value
                .map(|value| {
                    let typed = self.expression(value)?;
                    self.coerce(typed, &Type::Int8, Coercion::Assignment)
                })
                .transpose()
        };
        let limit = count(limit);
        let offset = count(offset);
        self.level.names = level;
        Ok(Bound {
            plan: Plan::Limit {
                input: Box::new(bound.plan),
                limit: limit?,
                offset: offset?,
            },
            columns: bound.columns,
        })
    }

    /// Binds the one query of a statement.
    pub fn statement(&mut self, query: &Query) -> Result<Bound, Error> {
        self.level = Level::default();
        let bound = self.query(query)?;
        self.settle(bound)
    }
}

/// What stands behind a query in parentheses belongs to that query: `(SELECT … LIMIT 2) ORDER BY x` is ordered first.
fn only_one_order(outer: &Query, inner: &Query) -> Result<(), Error> {
    let ends = |query: &Query| query.limit_clause.is_some() || query.fetch.is_some();
    let is_nothing = outer.order_by.is_none() && !ends(outer);
    if is_nothing || (inner.order_by.is_none() && !ends(inner)) {
        return Ok(());
    }
    if outer.order_by.is_none() && !ends(inner) {
        return Ok(());
    }
    Err(Error::unsupported(
        "ORDER BY and LIMIT both within and behind parentheses",
    ))
}

fn order_keys(order: Option<&OrderBy>) -> Result<Vec<OrderByExpr>, Error> {
    match order.map(|order| &order.kind) {
        None => Ok(Vec::new()),
        Some(OrderByKind::Expressions(keys)) => Ok(keys.clone()),
        Some(OrderByKind::All(_)) => Err(Error::unsupported("ORDER BY ALL")),
    }
}
