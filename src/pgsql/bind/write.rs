//! UPDATE, INSERT and DELETE.

use sqlparser::ast::{
    Assignment, AssignmentTarget, Delete, Expr as Ast, FromTable, Insert, ObjectName, SelectItem,
    SetExpr, Statement, TableAlias, TableFactor, TableObject, TableWithJoins, Update,
    UpdateTableFromKind,
};

use super::{Binder, Bound, Typed};
use crate::pgsql::error::Error;
use crate::pgsql::expr::Expr;
use crate::pgsql::plan::Plan;
use crate::pgsql::syntax::parts;
use crate::pgsql::table::Column;
use crate::pgsql::types::Coercion;
use crate::pgsql::value::{Type, Value};

/// A statement that writes one table.
pub struct Write {
    /// The table's place in the database.
    pub table: usize,
    /// What is done to it.
    pub change: Change,
    /// What is answered with, over the written row and what stands beside it.
    pub returning: Option<Returning>,
}

/// What RETURNING answers with.
pub struct Returning {
    /// The values, over the written row and what stands beside it.
    pub values: Vec<Expr>,
    /// Their names and types.
    pub columns: Vec<(String, Type)>,
}

/// What is done to a table.
pub enum Change {
    /// Rows are added: those of the plan, one value a column.
    Insert(Plan),
    /// Rows get new values.
    Update {
        /// Which rows.
        rows: Matching,
        /// Columns and their new values.
        values: Vec<(usize, Expr)>,
    },
    /// Rows go.
    Delete(Matching),
}

/// Which rows of a table a statement means.
pub struct Matching {
    /// Rows of other tables that stand beside each.
    pub beside: Option<Plan>,
    /// What must hold of both.
    pub condition: Option<Expr>,
}

impl Binder<'_> {
    /// Binds a statement that writes; none when it is none.
    pub fn write(&mut self, statement: &Statement) -> Result<Option<Write>, Error> {
        Ok(Some(match statement {
            Statement::Insert(insert) => self.insert(insert)?,
            Statement::Update(update) => self.update(update)?,
            Statement::Delete(delete) => self.delete(delete)?,
            _ => return Ok(None),
        }))
    }

    fn insert(&mut self, insert: &Insert) -> Result<Write, Error> {
        if insert.on.is_some() || insert.or.is_some() || insert.overwrite || insert.replace_into {
            return Err(Error::unsupported("ON CONFLICT and other kinds of INSERT"));
        }
        let TableObject::TableName(name) = &insert.table else {
            return Err(Error::unsupported("INSERT into this"));
        };
        let table = self.written(name)?;
        let columns = self.columns_of(table)?;
        let mut targets: Vec<usize> = if insert.columns.is_empty() {
            (0..columns.len()).collect()
        } else {
            insert
                .columns
                .iter()
                .map(|name| self.target(name, table))
                .collect::<Result<_, _>>()?
        };
        refuse_twice(&targets, &columns)?;
        let Some(source) = &insert.source else {
            return Err(Error::unsupported("INSERT of default values"));
        };
        let types: Vec<Type> = targets
            .iter()
            .filter_map(|index| columns.get(*index))
            .map(|column| column.ty.clone())
            .collect();
        let bound = match source.body.as_ref() {
            // A literal of VALUES takes the type of its column at once.
            SetExpr::Values(values)
                if source.with.is_none()
                    && source.order_by.is_none()
                    && source.limit_clause.is_none()
                    && source.fetch.is_none() =>
            {
                let width = values.rows.first().map_or(0, |row| row.content.len());
                let rows = values
                    .rows
                    .iter()
                    .map(|row| {
                        if row.content.len() != width {
                            return Err(Error::new(
                                "42601",
                                "VALUES lists must all be the same length",
                            ));
                        }
                        count_of(row.content.len(), types.len(), !insert.columns.is_empty())?;
                        row.content
                            .iter()
                            .zip(&targets)
                            .map(|(value, index)| self.assigned(value, *index, &columns))
                            .collect()
                    })
                    .collect::<Result<_, Error>>()?;
                targets.truncate(width);
                Bound {
                    plan: Plan::Values(rows),
                    columns: Vec::new(),
                }
            }
            _ => {
                let bound = self.query(source)?;
                count_of(bound.columns.len(), types.len(), !insert.columns.is_empty())?;
                targets.truncate(bound.columns.len());
                self.retyped(bound, &types, Coercion::Assignment)?
            }
        };
        // Columns that are not named have their defaults.
        let declared = self.run.database.tables.get(table).and_then(|table| {
            let key = (table.schema.clone(), table.name.clone());
            self.run.database.defaults.get(&key)
        });
        let default = |index: usize| {
            let value = declared.and_then(|values| values.get(index));
            value.map_or(Expr::NULL, |value| Expr::Constant(value.clone()))
        };
        let project = (0..columns.len())
            .map(|index| {
                targets
                    .iter()
                    .position(|target| *target == index)
                    .map_or_else(|| default(index), Expr::Column)
            })
            .collect();
        let alias = insert.table_alias.as_ref().map(|alias| TableAlias {
            explicit: true,
            name: alias.alias.clone(),
            columns: Vec::new(),
            at: None,
        });
        let returning =
            self.written_answer(name, alias.as_ref(), &[], insert.returning.as_deref())?;
        Ok(Write {
            table,
            change: Change::Insert(Plan::Project {
                input: Box::new(bound.plan),
                columns: project,
            }),
            returning,
        })
    }

    fn update(&mut self, update: &Update) -> Result<Write, Error> {
        if update.or.is_some() || update.limit.is_some() || !update.order_by.is_empty() {
            return Err(Error::unsupported("this form of UPDATE"));
        }
        let (name, alias) = one_table(&update.table)?;
        let table = self.written(name)?;
        let columns = self.columns_of(table)?;
        let others: &[TableWithJoins] = match &update.from {
            None => &[],
            Some(
                UpdateTableFromKind::AfterSet(others) | UpdateTableFromKind::BeforeSet(others),
            ) => others,
        };
        let beside = self.named_rows(name, alias, others)?;
        let mut values = Vec::new();
        for Assignment { target, value } in &update.assignments {
            let AssignmentTarget::ColumnName(name) = target else {
                return Err(Error::unsupported("SET of several columns at once"));
            };
            let index = self.target(name, table)?;
            if values.iter().any(|(known, _)| *known == index) {
                return Err(Error::new(
                    "42601",
                    format!("multiple assignments to same column \"{name}\""),
                ));
            }
            let value =
                self.without_aggregates("UPDATE", |this| this.assigned(value, index, &columns))?;
            values.push((index, value));
        }
        let condition = self.where_clause(update.selection.as_ref())?;
        let returning = update
            .returning
            .as_deref()
            .map(|items| self.returning(items))
            .transpose()?;
        Ok(Write {
            table,
            change: Change::Update {
                rows: Matching { beside, condition },
                values,
            },
            returning,
        })
    }

    fn delete(&mut self, delete: &Delete) -> Result<Write, Error> {
        let from = match &delete.from {
            FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from) => from,
        };
        let [from] = from.as_slice() else {
            return Err(Error::unsupported("DELETE from several tables"));
        };
        if !delete.tables.is_empty() || delete.limit.is_some() || !delete.order_by.is_empty() {
            return Err(Error::unsupported("this form of DELETE"));
        }
        let (name, alias) = one_table(from)?;
        let table = self.written(name)?;
        let others = delete.using.as_deref().unwrap_or_default();
        let beside = self.named_rows(name, alias, others)?;
        let condition = self.where_clause(delete.selection.as_ref())?;
        let returning = delete
            .returning
            .as_deref()
            .map(|items| self.returning(items))
            .transpose()?;
        Ok(Write {
            table,
            change: Change::Delete(Matching { beside, condition }),
            returning,
        })
    }

    fn where_clause(&mut self, condition: Option<&Ast>) -> Result<Option<Expr>, Error> {
        condition
            .map(|condition| {
                self.without_aggregates("WHERE", |this| {
                    let typed = this.expression(condition)?;
                    this.condition(typed, "WHERE")
                })
            })
            .transpose()
    }

    /// Makes the columns of the written table, and of those beside it, the names at hand.
    fn named_rows(
        &mut self,
        name: &ObjectName,
        alias: Option<&TableAlias>,
        others: &[TableWithJoins],
    ) -> Result<Option<Plan>, Error> {
        let factor = TableFactor::Table {
            name: name.clone(),
            alias: alias.cloned(),
            args: None,
            with_hints: Vec::new(),
            version: None,
            with_ordinality: false,
            partitions: Vec::new(),
            json_path: None,
            sample: None,
            index_hints: Vec::new(),
        };
        let written = TableWithJoins {
            relation: factor,
            joins: Vec::new(),
        };
        self.from(std::slice::from_ref(&written))?;
        if others.is_empty() {
            return Ok(None);
        }
        let own = std::mem::take(&mut self.level.names);
        let plan = self.from(others)?;
        let width = own.width;
        let twice = own.columns.first().filter(|column| {
            let others = &self.level.names.columns;
            others
                .iter()
                .any(|other| other.relation == column.relation && other.schema == column.schema)
        });
        if let Some(twice) = twice {
            return Err(Error::new(
                "42712",
                format!("table name \"{}\" specified more than once", twice.relation),
            ));
        }
        let moved = std::mem::replace(&mut self.level.names, own);
        self.level.names.width += moved.width;
        self.level
            .names
            .columns
            .extend(moved.columns.into_iter().map(|mut column| {
                column.index += width;
                column
            }));
        Ok(Some(plan))
    }

    fn written_answer(
        &mut self,
        name: &ObjectName,
        alias: Option<&TableAlias>,
        others: &[TableWithJoins],
        items: Option<&[SelectItem]>,
    ) -> Result<Option<Returning>, Error> {
        let Some(items) = items else {
            return Ok(None);
        };
        self.named_rows(name, alias, others)?;
        self.returning(items).map(Some)
    }

    /// A table that may be written: not one of the system's.
    fn written(&self, name: &ObjectName) -> Result<usize, Error> {
        let place = self
            .table_place(&parts(name)?)
            .map_err(|error| self.placed(error, name))?;
        match self.run.database.tables.get(place) {
            Some(table) if table.schema != "pg_catalog" => Ok(place),
            _ => Err(Error::new(
                "42501",
                format!("permission denied for table {name}"),
            )),
        }
    }

    fn columns_of(&self, table: usize) -> Result<Vec<Column>, Error> {
        self.run
            .database
            .tables
            .get(table)
            .map(|table| table.columns.clone())
            .ok_or_else(|| Error::unsupported("this table"))
    }

    fn target(&self, name: &ObjectName, table: usize) -> Result<usize, Error> {
        let column = parts(name)?.pop().unwrap_or_default();
        let table = self.run.database.tables.get(table);
        table
            .and_then(|table| table.column(&column))
            .ok_or_else(|| {
                let relation = table.map_or("", |table| table.name.as_str());
                Error::new(
                    "42703",
                    format!("column \"{column}\" of relation \"{relation}\" does not exist"),
                )
            })
            .map_err(|error| self.placed(error, name))
    }

    /// The constant that DEFAULT declares for a column.
    pub fn default_value(&mut self, value: &Ast, ty: &Type) -> Result<Value, Error> {
        let typed = self.expression(value)?;
        let reads_time = value.to_string().contains('(');
        match self.coerce(typed, ty, Coercion::Assignment)? {
            Expr::Constant(value) if !reads_time => Ok(value),
            _ => Err(Error::unsupported("a default that is not a constant")),
        }
    }

    /// A value as a column takes it.
    fn assigned(&mut self, value: &Ast, index: usize, columns: &[Column]) -> Result<Expr, Error> {
        if matches!(value, Ast::Identifier(name) if name.value.eq_ignore_ascii_case("default")) {
            return Err(Error::unsupported("DEFAULT as a value"));
        }
        let Some(column) = columns.get(index) else {
            return Err(Error::unsupported("this column"));
        };
        let typed: Typed = self.expression(value)?;
        let given = typed.ty.clone();
        if typed.expr == Expr::Constant(Value::Null) {
            return Ok(Expr::NULL);
        }
        self.coerce(typed, &column.ty, Coercion::Assignment)
            .map_err(|error| match error.code {
                "42846" => Error::new(
                    "42804",
                    format!(
                        "column \"{}\" is of type {} but expression is of type {}",
                        column.name,
                        column.ty.long_name(),
                        given.long_name()
                    ),
                ),
                _ => error,
            })
            .map_err(|error| self.placed(error, value))
    }
}

/// An error when a column is named twice.
fn refuse_twice(targets: &[usize], columns: &[Column]) -> Result<(), Error> {
    let twice = targets
        .iter()
        .enumerate()
        .find(|(place, target)| targets.iter().take(*place).any(|before| before == *target))
        .and_then(|(_, target)| columns.get(*target));
    match twice {
        None => Ok(()),
        Some(column) => Err(Error::new(
            "42701",
            format!("column \"{}\" specified more than once", column.name),
        )),
    }
}

fn count_of(values: usize, targets: usize, named: bool) -> Result<(), Error> {
    if values > targets {
        return Err(Error::new(
            "42601",
            "INSERT has more expressions than target columns",
        ));
    }
    if values < targets && named {
        return Err(Error::new(
            "42601",
            "INSERT has more target columns than expressions",
        ));
    }
    Ok(())
}

fn one_table(table: &TableWithJoins) -> Result<(&ObjectName, Option<&TableAlias>), Error> {
    match &table.relation {
        TableFactor::Table {
            name,
            alias,
            args: None,
            ..
        } if table.joins.is_empty() => Ok((name, alias.as_ref())),
        _ => Err(Error::unsupported("writing more than one table")),
    }
}
