//! What names mean in a place: columns of the query's tables, then of the queries around it.

use std::sync::Arc;

use super::{Binder, Typed};
use crate::pgsql::error::Error;
use crate::pgsql::expr::Expr;
use crate::pgsql::plan::Plan;
use crate::pgsql::plan::group::Aggregate;
use crate::pgsql::plan::window::WindowFunction;
use crate::pgsql::value::Type;

/// A column that a name can mean.
#[derive(Debug, Clone)]
pub struct ScopeColumn {
    /// The alias or name of its table.
    pub relation: String,
    /// The table's schema, when the table has no alias.
    pub schema: Option<String>,
    /// The table's own name, when an alias hides it.
    pub aliased: Option<String>,
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// Its place in the row.
    pub index: usize,
    /// USING has merged it with another: only its full name means it.
    pub merged: bool,
}

/// A query of a WITH clause.
#[derive(Debug, Clone)]
pub struct Cte {
    /// Its name.
    pub name: String,
    /// Its columns.
    pub columns: Vec<(String, Type)>,
    /// Its plan.
    pub plan: Arc<Plan>,
    /// Its number within the statement.
    pub number: usize,
}

/// One query among those around each other.
#[derive(Debug, Default)]
pub struct Level {
    /// What it takes from the query around it.
    pub captures: Vec<Expr>,
    /// What its names mean at the moment.
    pub names: Names,
}

/// What the names of one SELECT mean, and what its expressions have asked for besides columns.
#[derive(Debug, Default)]
pub struct Names {
    /// The columns.
    pub columns: Vec<ScopeColumn>,
    /// How wide its rows are.
    pub width: usize,
    /// The aggregates its expressions contain, with the types of their results.
    pub aggregates: Vec<(Aggregate, Type)>,
    /// The window functions its expressions contain.
    pub windows: Vec<WindowFunction>,
    /// Why aggregates may not stand here; empty where they may.
    pub no_aggregates: &'static str,
    /// Why window functions may not stand here; empty where they may.
    pub no_windows: &'static str,
}

impl Binder<'_> {
    /// Binds in a place where aggregates may not stand.
    pub fn without_aggregates<T>(
        &mut self,
        clause: &'static str,
        bind: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let before = (self.level.names.no_aggregates, self.level.names.no_windows);
        self.level.names.no_aggregates = clause;
        self.level.names.no_windows = clause;
        let bound = bind(self);
        (self.level.names.no_aggregates, self.level.names.no_windows) = before;
        bound
    }

    /// The column of a name, with or without its table and schema.
    pub fn column(&mut self, parts: &[String]) -> Result<Typed, Error> {
        if let Some(found) = self.column_at(self.outer.len(), parts)? {
            return Ok(found);
        }
        let shown = parts.join(".");
        Err(match parts {
            [.., relation, _] if !self.any_column(|column| column.relation == *relation) => {
                let hidden = self.any_column(|column| column.aliased.as_ref() == Some(relation));
                let what = if hidden {
                    "invalid reference to"
                } else {
                    "missing"
                };
                Error::new(
                    "42P01",
                    format!("{what} FROM-clause entry for table \"{relation}\""),
                )
            }
            [name] if self.any_column(|column| column.relation == *name) => {
                Error::unsupported(&format!("whole rows of a table, as {name} here"))
            }
            [_] => Error::new("42703", format!("column \"{shown}\" does not exist")),
            _ => Error::new("42703", format!("column {shown} does not exist")),
        })
    }

    fn any_column(&self, holds: impl Fn(&ScopeColumn) -> bool) -> bool {
        let mut levels = self.outer.iter().chain([&self.level]);
        levels.any(|level| level.names.columns.iter().any(&holds))
    }

    /// The column of a name as seen from the query at a depth.
    fn column_at(&mut self, depth: usize, parts: &[String]) -> Result<Option<Typed>, Error> {
        let level = self.outer.get(depth).unwrap_or(&self.level);
        let mut found = level
            .names
            .columns
            .iter()
            .filter(|column| column.is_named(parts));
        if let Some(column) = found.next() {
            if found.next().is_some() {
                let name = parts.last().map_or("", String::as_str);
                return Err(Error::new(
                    "42702",
                    format!("column reference \"{name}\" is ambiguous"),
                ));
            }
            return Ok(Some(Typed {
                expr: Expr::Column(column.index),
                ty: column.ty.clone(),
            }));
        }
        // A table of the name hides one of the same name further out, whatever its columns are.
        if let [.., relation, _] = parts
            && level
                .names
                .columns
                .iter()
                .any(|column| column.relation == *relation)
        {
            return Ok(None);
        }
        let Some(around) = depth.checked_sub(1) else {
            return Ok(None);
        };
        let Some(outer) = self.column_at(around, parts)? else {
            return Ok(None);
        };
        let level = self.outer.get_mut(depth).unwrap_or(&mut self.level);
        let known = level
            .captures
            .iter()
            .position(|capture| *capture == outer.expr);
        let index = known.unwrap_or_else(|| {
            level.captures.push(outer.expr);
            level.captures.len() - 1
        });
        Ok(Some(Typed {
            expr: Expr::Outer(index),
            ty: outer.ty,
        }))
    }
}

impl ScopeColumn {
    fn is_named(&self, parts: &[String]) -> bool {
        match parts {
            [name] => !self.merged && self.name == *name,
            [relation, name] => self.relation == *relation && self.name == *name,
            [schema, relation, name] => {
                self.schema.as_ref() == Some(schema)
                    && self.relation == *relation
                    && self.name == *name
            }
            _ => false,
        }
    }
}
