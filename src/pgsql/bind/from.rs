//! FROM: tables, queries and functions, and how they are joined.

use sqlparser::ast::{
    Expr as Ast, FunctionArg, FunctionArgExpr, Join as JoinAst, JoinConstraint, JoinOperator,
    Query, TableAlias, TableFactor, TableWithJoins,
};

use super::join::Kept;
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

/// How many parts a FROM may list.
const MOST_TABLES: usize = 30;

/// A part of FROM: its rows and what its columns are called.
pub(super) struct Part {
    pub(super) plan: Plan,
    pub(super) columns: Vec<ScopeColumn>,
    pub(super) width: usize,
    /// What it takes from the rows to its left, and from the queries around.
    pub(super) captures: Vec<Expr>,
}

impl Binder<'_> {
    /// Binds FROM and makes its columns the names at hand.
    pub(super) fn from(&mut self, from: &[TableWithJoins]) -> Result<Plan, Error> {
        if from.len() > MOST_TABLES {
            return Err(Error::unsupported("so many tables at once"));
        }
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
            J::Join(constraint) | J::Inner(constraint) | J::CrossJoin(constraint) => {
                (false, false, constraint)
            }
            J::Left(constraint) | J::LeftOuter(constraint) => (true, false, constraint),
            J::Right(constraint) | J::RightOuter(constraint) => (false, true, constraint),
            J::FullOuter(constraint) => (true, true, constraint),
            _ => return Err(Error::unsupported("this kind of join")),
        };
        let right = self.factor(Some(&left), &join.relation)?;
        let kept = Kept {
            left: left_kept,
            right: right_kept,
        };
        self.joined(left, right, kept, constraint)
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
            let number = cte.number;
            for shared in &mut self.shared {
                shared.used |= shared.number == number;
            }
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
        for column in &mut part.columns {
            if alias.is_none() {
                column.schema = Some(table.schema.clone());
            } else {
                column.aliased = Some(table.name.clone());
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
            aliased: None,
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
