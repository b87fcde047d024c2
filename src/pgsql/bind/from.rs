//! FROM: tables, queries and functions, and how they are joined.

use sqlparser::ast::{
    Expr as Ast, FunctionArg, FunctionArgExpr, Join as JoinAst, JoinConstraint, JoinOperator,
    Query, TableAlias, TableFactor, TableWithJoins,
};

use super::scope::{Level, Names, ScopeColumn};
use super::{Binder, Bound, Typed};
use crate::pgsql::error::Error;
use crate::pgsql::expr::Expr;
use crate::pgsql::functions::SetFunction;
use crate::pgsql::plan::Plan;
use crate::pgsql::plan::join::Join;
use crate::pgsql::syntax::{folded, parts};
use crate::pgsql::types::Coercion;
use crate::pgsql::value::Type;

/// A part of FROM: its rows and what its columns are called.
pub(super) struct Part {
    pub(super) plan: Plan,
    pub(super) columns: Vec<ScopeColumn>,
    pub(super) width: usize,
    /// What it takes from the rows to its left, and from the queries around.
    captures: Vec<Expr>,
}

/// Which rows a join keeps.
#[derive(Clone, Copy)]
struct Kept {
    left: bool,
    right: bool,
}

impl Binder<'_> {
    /// Binds FROM and makes its columns the names at hand.
    pub(super) fn from(&mut self, from: &[TableWithJoins]) -> Result<Plan, Error> {
        let mut all: Option<Part> = None;
        for item in from {
            let left = all.take();
            let part = self.tree(left.as_ref(), item)?;
            all = Some(match left {
                None => part,
                Some(left) => self.side_by_side(left, part)?,
            });
        }
        let Some(part) = all else {
            self.level.names = Names::default();
            return Ok(Plan::One);
        };
        self.level.names.columns = part.columns;
        self.level.names.width = part.width;
        Ok(part.plan)
    }

    /// One item of the list: a table and what is joined to it. `before` is what stands to its left.
    fn tree(&mut self, before: Option<&Part>, item: &TableWithJoins) -> Result<Part, Error> {
        let mut part = self.factor(before, &item.relation)?;
        if !part.captures.is_empty() && before.is_none() {
            part = alone(part);
        }
        for join in &item.joins {
            part = self.join(part, join)?;
        }
        Ok(part)
    }

    /// A product, where the right side may take from the left.
    fn side_by_side(&mut self, left: Part, right: Part) -> Result<Part, Error> {
        self.joined(
            left,
            right,
            Kept {
                left: false,
                right: false,
            },
            &JoinConstraint::None,
        )
    }

    fn join(&mut self, left: Part, join: &JoinAst) -> Result<Part, Error> {
        use JoinOperator as J;
        let (left_kept, right_kept, constraint) = match &join.join_operator {
            J::Join(constraint) | J::Inner(constraint) => (false, false, constraint),
            J::Left(constraint) | J::LeftOuter(constraint) => (true, false, constraint),
            J::Right(constraint) | J::RightOuter(constraint) => (false, true, constraint),
            J::FullOuter(constraint) => (true, true, constraint),
            J::CrossJoin(constraint) => (false, false, constraint),
            _ => return Err(Error::unsupported("this kind of join")),
        };
        let right = self.factor(Some(&left), &join.relation)?;
        let kept = Kept {
            left: left_kept,
            right: right_kept,
        };
        self.joined(left, right, kept, constraint)
    }

    fn joined(
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
        columns: &mut Vec<ScopeColumn>,
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
                columns
                    .iter()
                    .position(|column| {
                        !column.merged
                            && column.name == *name
                            && (column.index < left_width) == in_left
                    })
                    .ok_or_else(|| {
                        let side = if in_left { "left" } else { "right" };
                        Error::new(
                            "42703",
                            format!(
                                "column \"{name}\" specified in USING clause does not exist in {side} table"
                            ),
                        )
                    })
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

    fn factor(&mut self, before: Option<&Part>, factor: &TableFactor) -> Result<Part, Error> {
        match factor {
            TableFactor::Table {
                name,
                alias,
                args: None,
                with_ordinality: false,
                sample: None,
                version: None,
                ..
            } => self
                .table(&parts(name)?, alias.as_ref())
                .map_err(|error| self.placed(error, name)),
            TableFactor::Table {
                name,
                alias,
                args: Some(args),
                with_ordinality,
                ..
            } => {
                let name = parts(name)?.pop().unwrap_or_default();
                let values = plain_arguments(&args.args)?;
                self.set_function(before, &name, &values, *with_ordinality, alias.as_ref())
            }
            TableFactor::Function {
                name,
                args,
                alias,
                with_ordinality,
                ..
            } => {
                let name = parts(name)?.pop().unwrap_or_default();
                let values = plain_arguments(args)?;
                self.set_function(before, &name, &values, *with_ordinality, alias.as_ref())
            }
            TableFactor::UNNEST {
                alias,
                array_exprs,
                with_offset: false,
                with_ordinality,
                ..
            } => {
                let values: Vec<&Ast> = array_exprs.iter().collect();
                self.set_function(before, "unnest", &values, *with_ordinality, alias.as_ref())
            }
            TableFactor::Derived {
                lateral,
                subquery,
                alias,
                sample: None,
            } => {
                let seen = if *lateral { before } else { None };
                let (bound, captures) = self.beside(seen, |this| this.nested(subquery))?;
                let Some(alias) = alias else {
                    return Err(Error::new("42601", "subquery in FROM must have an alias"));
                };
                derived(bound, captures, alias)
            }
            TableFactor::NestedJoin {
                table_with_joins,
                alias: None,
            } => self.tree(None, table_with_joins),
            _ => Err(Error::unsupported("this part of FROM")),
        }
    }

    /// Binds what sees the columns to its left, or none.
    fn beside<T>(
        &mut self,
        seen: Option<&Part>,
        bind: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let columns = seen.map(|part| part.columns.clone()).unwrap_or_default();
        let before = std::mem::replace(&mut self.level.names.columns, columns);
        let bound = bind(self);
        self.level.names.columns = before;
        bound
    }

    /// A query within this one: its plan, its columns, and what it takes from here.
    pub(super) fn nested(&mut self, query: &Query) -> Result<(Bound, Vec<Expr>), Error> {
        self.inside(|this| {
            let bound = this.query(query)?;
            this.settle(bound)
        })
    }

    /// Binds on a level of its own.
    fn inside<T>(
        &mut self,
        bind: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<(T, Vec<Expr>), Error> {
        let around = std::mem::take(&mut self.level);
        self.outer.push(around);
        let bound = bind(self);
        let around = self.outer.pop().unwrap_or_default();
        let Level { captures, .. } = std::mem::replace(&mut self.level, around);
        Ok((bound?, captures))
    }

    fn table(&mut self, name: &[String], alias: Option<&TableAlias>) -> Result<Part, Error> {
        if let [name] = name
            && let Some(cte) = self.ctes.iter().rev().find(|cte| cte.name == *name)
        {
            let bound = Bound {
                plan: Plan::Shared {
                    number: cte.number,
                    plan: cte.plan.clone(),
                },
                columns: cte.columns.clone(),
            };
            return named_part(bound, Vec::new(), name, alias);
        }
        let place = self.table_place(name)?;
        let table = self
            .run
            .database
            .tables
            .get(place)
            .ok_or_else(|| Error::unsupported("this table"))?;
        let bound = Bound {
            plan: Plan::Table(place),
            columns: table
                .columns
                .iter()
                .map(|column| (column.name.clone(), column.ty.clone()))
                .collect(),
        };
        let mut part = named_part(bound, Vec::new(), &table.name, alias)?;
        if alias.is_none() {
            for column in &mut part.columns {
                column.schema = Some(table.schema.clone());
            }
        }
        Ok(part)
    }

    /// Where a table is, by its name.
    pub(super) fn table_place(&self, name: &[String]) -> Result<usize, Error> {
        let tables = &self.run.database.tables;
        let find = |schema: &str, name: &str| {
            tables
                .iter()
                .position(|table| table.schema == schema && table.name == name)
        };
        let found = match name {
            [name] => find("pg_catalog", name).or_else(|| find("public", name)),
            [schema, name] => find(schema, name),
            _ => None,
        };
        found.ok_or_else(|| {
            let shown = name.join(".");
            let is_system = name.first().is_some_and(|first| {
                first == "pg_catalog" || first == "information_schema" || first.starts_with("pg_")
            });
            if is_system {
                Error::unsupported(&format!("the system table {shown}"))
            } else {
                Error::new("42P01", format!("relation \"{shown}\" does not exist"))
            }
        })
    }

    fn set_function(
        &mut self,
        before: Option<&Part>,
        name: &str,
        arguments: &[&Ast],
        ordinality: bool,
        alias: Option<&TableAlias>,
    ) -> Result<Part, Error> {
        let Some(function) = SetFunction::named(name) else {
            return Err(Error::unsupported(&format!("the function {name} in FROM")));
        };
        let ((plan, mut columns), captures) = self.beside(before, |this| {
            this.inside(|this| {
                let values: Vec<Typed> = arguments
                    .iter()
                    .map(|argument| this.expression(argument))
                    .collect::<Result<_, _>>()?;
                let given: Vec<Type> = values.iter().map(|value| value.ty.clone()).collect();
                let (types, columns) = function.signature(&given).ok_or_else(|| {
                    let shown: Vec<String> = given.iter().map(Type::long_name).collect();
                    Error::new(
                        "42883",
                        format!("function {name}({}) does not exist", shown.join(", ")),
                    )
                })?;
                let arguments = values
                    .into_iter()
                    .zip(&types)
                    .map(|(value, ty)| this.coerce(value, ty, Coercion::Implicit))
                    .collect::<Result<_, _>>()?;
                let plan = Plan::Function {
                    function,
                    arguments,
                    types,
                    ordinality,
                };
                let columns: Vec<(String, Type)> = columns
                    .into_iter()
                    .map(|(name, ty)| (name.to_owned(), ty))
                    .collect();
                Ok((plan, columns))
            })
        })?;
        // A function of one column lends its alias to it.
        if let ([(column, _)], Some(alias)) = (columns.as_mut_slice(), alias)
            && !matches!(function, SetFunction::Elements { .. })
        {
            *column = folded(&alias.name);
        }
        if ordinality {
            columns.push(("ordinality".to_owned(), Type::Int8));
        }
        named_part(Bound { plan, columns }, captures, name, alias)
    }
}

/// A part that takes from the queries around although nothing stands to its left.
fn alone(part: Part) -> Part {
    Part {
        plan: Plan::Join(Box::new(Join {
            left: Plan::One,
            right: part.plan,
            lateral: Some(part.captures),
            keep_left: false,
            keep_right: false,
            left_width: 0,
            right_width: part.width,
            equal: Vec::new(),
            condition: None,
        })),
        columns: part.columns,
        width: part.width,
        captures: Vec::new(),
    }
}

fn plain_arguments(arguments: &[FunctionArg]) -> Result<Vec<&Ast>, Error> {
    arguments
        .iter()
        .map(|argument| match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(value)) => Ok(value),
            _ => Err(Error::unsupported("named arguments and whole rows")),
        })
        .collect()
}

fn derived(bound: Bound, captures: Vec<Expr>, alias: &TableAlias) -> Result<Part, Error> {
    named_part(bound, captures, "", Some(alias))
}

/// A part with the names that its alias gives it.
fn named_part(
    bound: Bound,
    captures: Vec<Expr>,
    name: &str,
    alias: Option<&TableAlias>,
) -> Result<Part, Error> {
    let relation = alias.map_or_else(|| name.to_owned(), |alias| folded(&alias.name));
    let given = alias.map_or(&[][..], |alias| alias.columns.as_slice());
    if given.len() > bound.columns.len() {
        return Err(Error::new(
            "42P10",
            format!(
                "table \"{relation}\" has {} columns available but {} columns specified",
                bound.columns.len(),
                given.len()
            ),
        ));
    }
    let width = bound.columns.len();
    let columns = bound
        .columns
        .into_iter()
        .enumerate()
        .map(|(index, (name, ty))| ScopeColumn {
            relation: relation.clone(),
            schema: None,
            name: given.get(index).map_or(name, |column| folded(&column.name)),
            ty,
            index,
            merged: false,
        })
        .collect();
    Ok(Part {
        plan: bound.plan,
        columns,
        width,
        captures,
    })
}

/// Parts a join's condition: what is equal between the sides, each in terms of its own row, and the rest.
fn split(condition: Expr, left_width: usize) -> (Vec<(Expr, Expr)>, Option<Expr>) {
    let parts = match condition {
        Expr::And(parts) => parts,
        other => vec![other],
    };
    let mut equal = Vec::new();
    let mut rest = Vec::new();
    for part in parts {
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
