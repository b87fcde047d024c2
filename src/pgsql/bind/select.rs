//! SELECT: the list, WHERE, GROUP BY, HAVING, DISTINCT, and ORDER BY where it reads columns that are not shown.

use sqlparser::ast::{
    Distinct, Expr as Ast, OrderByExpr, Select, SelectFlavor, SelectItem,
    SelectItemQualifiedWildcardKind, WildcardAdditionalOptions,
};

use super::join::filtered;
use super::keys::HIDDEN;
use super::naming::output_name;
use super::scope::ScopeColumn;
use super::write::Returning;
use super::{Binder, Bound, Typed};
use crate::pgsql::error::Error;
use crate::pgsql::expr::Expr;
use crate::pgsql::plan::Plan;
use crate::pgsql::plan::group::Group;
use crate::pgsql::plan::sort::SortKey;
use crate::pgsql::syntax::{folded, parts};
use crate::pgsql::value::Type;

/// A column of the result.
pub(super) struct Output {
    pub(super) name: String,
    pub(super) value: Typed,
}

impl Binder<'_> {
    pub(super) fn select(
        &mut self,
        select: &Select,
        order: &[OrderByExpr],
    ) -> Result<Bound, Error> {
        refuse_foreign(select)?;
        let mut plan = self.from(&select.from)?;
        if let Some(condition) = &select.selection {
            let condition = self.without_aggregates("WHERE", |this| {
                let typed = this.expression(condition)?;
                this.condition(typed, "WHERE")
                    .map_err(|error| this.placed(error, condition))
            })?;
            plan = if self.signals {
                Plan::Filter {
                    input: Box::new(plan),
                    condition,
                }
            } else {
                filtered(plan, condition)
            };
        }
        let mut outputs = self.outputs(&select.projection)?;
        let keys = self.group_keys(&select.group_by, &outputs)?;
        let having = match &select.having {
            None => None,
            Some(condition) => {
                let before = std::mem::replace(&mut self.level.names.no_windows, "HAVING");
                let typed = self.expression(condition)?;
                self.level.names.no_windows = before;
                Some(self.condition(typed, "HAVING")?)
            }
        };
        let sort = self.sort(order, &mut outputs)?;
        let distinct_on = match &select.distinct {
            Some(Distinct::On(keys)) => Some(self.distinct_on(keys, &mut outputs)?),
            _ => None,
        };
        let grouped = self.grouped(plan, keys, having, &mut outputs)?;
        let distinct = match (&select.distinct, distinct_on) {
            (Some(Distinct::Distinct), _) => Distinctness::All,
            (_, Some(on)) => Distinctness::On(on),
            _ => Distinctness::None,
        };
        finished(grouped, outputs, distinct, sort)
    }

    /// Groups, what HAVING lets through, and window functions; the columns are made to read their rows.
    fn grouped(
        &mut self,
        mut plan: Plan,
        keys: Option<Vec<Expr>>,
        mut having: Option<Expr>,
        outputs: &mut [Output],
    ) -> Result<Plan, Error> {
        let mut windows = std::mem::take(&mut self.level.names.windows);
        let aggregates = std::mem::take(&mut self.level.names.aggregates);
        let mut width = self.level.names.width;
        if keys.is_some() || !aggregates.is_empty() || having.is_some() {
            let by_keys = keys.as_ref().is_some_and(|keys| !keys.is_empty());
            let keys = keys.unwrap_or_default();
            let mut change = |expr: &mut Expr| self.above_group(expr, &keys);
            outputs
                .iter_mut()
                .map(|output| &mut output.value.expr)
                .chain(having.as_mut())
                .try_for_each(&mut change)?;
            for window in &mut windows {
                let order = window.order.iter_mut().map(|key| &mut key.value);
                window
                    .arguments
                    .iter_mut()
                    .chain(&mut window.partition)
                    .chain(window.filter.as_mut())
                    .chain(order)
                    .try_for_each(&mut change)?;
            }
            width = keys.len() + aggregates.len();
            plan = Plan::Group(Box::new(Group {
                input: plan,
                keys,
                aggregates: aggregates.into_iter().map(|(it, _)| it).collect(),
                by_keys,
            }));
        }
        if let Some(condition) = having {
            plan = Plan::Filter {
                input: Box::new(plan),
                condition,
            };
        }
        if !windows.is_empty() {
            for output in outputs {
                window_columns(&mut output.value.expr, width);
            }
            plan = Plan::Window {
                input: Box::new(plan),
                functions: windows,
            };
        }
        Ok(plan)
    }

    /// The columns of the list.
    fn outputs(&mut self, items: &[SelectItem]) -> Result<Vec<Output>, Error> {
        let mut outputs = Vec::new();
        for item in items {
            match item {
                SelectItem::UnnamedExpr(expr) => outputs.push(Output {
                    name: output_name(expr),
                    value: self.listed_value(expr)?,
                }),
                SelectItem::ExprWithAlias { expr, alias } => outputs.push(Output {
                    name: folded(alias),
                    value: self.listed_value(expr)?,
                }),
                SelectItem::Wildcard(options) => {
                    plain_star(options)?;
                    if self.level.names.width == 0 {
                        return Err(Error::new(
                            "42601",
                            "SELECT * with no tables specified is not valid",
                        ));
                    }
                    outputs.extend(listed(
                        self.level
                            .names
                            .columns
                            .iter()
                            .filter(|column| !column.merged),
                    ));
                }
                SelectItem::QualifiedWildcard(
                    SelectItemQualifiedWildcardKind::ObjectName(name),
                    options,
                ) => {
                    plain_star(options)?;
                    let names = parts(name)?;
                    let relation = names.last().cloned().unwrap_or_default();
                    let mut found: Vec<&ScopeColumn> = self
                        .level
                        .names
                        .columns
                        .iter()
                        .filter(|column| {
                            column.relation == relation
                                && (names.len() < 2 || column.schema.as_ref() == names.first())
                        })
                        .collect();
                    // USING moves columns to the front of `*`, not of `t.*`.
                    found.sort_by_key(|column| column.index);
                    if found.is_empty() {
                        return Err(Error::new(
                            "42P01",
                            format!("missing FROM-clause entry for table \"{relation}\""),
                        ));
                    }
                    outputs.extend(listed(found));
                }
                _ => return Err(Error::unsupported("this form of the select list")),
            }
        }
        Ok(outputs)
    }

    /// A value of the list. A parameter alone is a text; a literal may still become what a UNION needs.
    fn listed_value(&mut self, expr: &Ast) -> Result<Typed, Error> {
        let typed = self.expression(expr)?;
        if matches!(typed.expr, Expr::Parameter(_)) {
            return self.settled(typed);
        }
        Ok(typed)
    }

    /// RETURNING of a statement that writes.
    pub(super) fn returning(&mut self, items: &[SelectItem]) -> Result<Returning, Error> {
        let outputs = self.without_aggregates("RETURNING", |this| this.outputs(items))?;
        let mut values = Vec::new();
        let mut columns = Vec::new();
        for output in outputs {
            let value = self.settled(output.value)?;
            values.push(value.expr);
            columns.push((output.name, value.ty));
        }
        Ok(Returning { values, columns })
    }

    /// Rewrites an expression to read the row of a group: its keys, then its aggregates.
    fn above_group(&self, expr: &mut Expr, keys: &[Expr]) -> Result<(), Error> {
        if let Some(index) = keys.iter().position(|key| key == expr) {
            *expr = Expr::Column(index);
            return Ok(());
        }
        match expr {
            Expr::Aggregate(index) => {
                *expr = Expr::Column(keys.len() + *index);
                Ok(())
            }
            Expr::Column(index) => {
                let column = self
                    .level
                    .names
                    .columns
                    .iter()
                    .find(|column| column.index == *index);
                let shown = column.map_or_else(String::new, |column| {
                    format!("{}.{}", column.relation, column.name)
                });
                Err(Error::new(
                    "42803",
                    format!(
                        "column \"{shown}\" must appear in the GROUP BY clause or be used in an aggregate function"
                    ),
                ))
            }
            other => other.each_part(&mut |part| self.above_group(part, keys)),
        }
    }
}

/// Columns of the tables as columns of the result.
fn listed<'c>(columns: impl IntoIterator<Item = &'c ScopeColumn>) -> impl Iterator<Item = Output> {
    columns.into_iter().map(|column| Output {
        name: column.name.clone(),
        value: Typed {
            expr: Expr::Column(column.index),
            ty: column.ty.clone(),
        },
    })
}

/// Which rows DISTINCT lets through.
enum Distinctness {
    /// All of them.
    None,
    /// Each once.
    All,
    /// The first of those that agree in some columns.
    On(Vec<Expr>),
}

/// The columns, DISTINCT and the order, above the rows they read. Columns that are only there for the order are cut off.
fn finished(
    input: Plan,
    outputs: Vec<Output>,
    distinct: Distinctness,
    mut sort: Vec<SortKey>,
) -> Result<Bound, Error> {
    let shown = outputs
        .iter()
        .position(|output| output.name == HIDDEN)
        .unwrap_or(outputs.len());
    let hidden = outputs.len() > shown;
    let columns: Vec<(String, Type)> = outputs
        .iter()
        .take(shown)
        .map(|output| (output.name.clone(), output.value.ty.clone()))
        .collect();
    let mut plan = Plan::Project {
        input: Box::new(input),
        columns: outputs
            .into_iter()
            .map(|output| output.value.expr)
            .collect(),
    };
    match &distinct {
        Distinctness::None => {}
        Distinctness::All => {
            if hidden {
                return Err(Error::new(
                    "42P10",
                    "for SELECT DISTINCT, ORDER BY expressions must appear in select list",
                ));
            }
            if columns.iter().any(|(_, ty)| *ty == Type::Json) {
                return Err(Error::new(
                    "42883",
                    "could not identify an equality operator for type json",
                ));
            }
            plan = Plan::Distinct {
                input: Box::new(plan),
                on: (0..shown).map(Expr::Column).collect(),
            };
        }
        Distinctness::On(on) => order_by_keys(on, &mut sort)?,
    }
    if !sort.is_empty() {
        plan = Plan::Sort {
            input: Box::new(plan),
            keys: sort,
        };
    }
    if let Distinctness::On(on) = distinct {
        plan = Plan::Distinct {
            input: Box::new(plan),
            on,
        };
    }
    if hidden {
        plan = Plan::Cut {
            input: Box::new(plan),
            width: shown,
        };
    }
    Ok(Bound { plan, columns })
}

/// DISTINCT ON begins the order: what ORDER BY leaves open is ordered by its keys, as the server's sort does it.
fn order_by_keys(on: &[Expr], sort: &mut Vec<SortKey>) -> Result<(), Error> {
    let leads = sort.len().min(on.len());
    if !sort.iter().take(leads).all(|key| on.contains(&key.value)) {
        return Err(Error::new(
            "42P10",
            "SELECT DISTINCT ON expressions must match initial ORDER BY expressions",
        ));
    }
    for key in on {
        if !sort.iter().any(|known| known.value == *key) {
            sort.insert(
                leads.min(sort.len()),
                SortKey {
                    value: key.clone(),
                    descending: false,
                    nulls_first: false,
                },
            );
        }
    }
    Ok(())
}

fn window_columns(expr: &mut Expr, width: usize) {
    if let Expr::Window(index) = expr {
        *expr = Expr::Column(width + *index);
        return;
    }
    let _ = expr.each_part::<()>(&mut |part| {
        window_columns(part, width);
        Ok(())
    });
}

fn plain_star(options: &WildcardAdditionalOptions) -> Result<(), Error> {
    let WildcardAdditionalOptions {
        wildcard_token: _,
        opt_ilike: None,
        opt_exclude: None,
        opt_except: None,
        opt_replace: None,
        opt_rename: None,
        opt_alias: None,
    } = options
    else {
        return Err(Error::unsupported("options of *"));
    };
    Ok(())
}

/// Clauses that the parser knows from other databases.
fn refuse_foreign(select: &Select) -> Result<(), Error> {
    let foreign = select.top.is_some()
        || select.into.is_some()
        || select.exclude.is_some()
        || select.select_modifiers.is_some()
        || select.prewhere.is_some()
        || select.qualify.is_some()
        || select.value_table_mode.is_some()
        || select.flavor != SelectFlavor::Standard
        || !select.lateral_views.is_empty()
        || !select.connect_by.is_empty()
        || !select.cluster_by.is_empty()
        || !select.distribute_by.is_empty()
        || !select.sort_by.is_empty()
        || !select.named_window.is_empty();
    if foreign {
        return Err(Error::unsupported("this clause of SELECT"));
    }
    Ok(())
}
