//! `evaluate pivot(column, aggregate, …)`: the values of a column become columns.
//!
//! It is a `summarize` by the columns that stay and the column that is turned, run while the query is bound, and then laid out.

use std::sync::Arc;

use hashbrown::HashMap;

use super::mv_apply::table;
use crate::kql::binder::Binder;
use crate::kql::column::{Column, ColumnBuilder, NO_ROW};
use crate::kql::error::{KqlError, Span};
use crate::kql::grouping::Grouping;
use crate::kql::relation::{Batch, Relation, drain};
use crate::kql::syntax::{ColumnDeclaration, Expr, ExprKind, Name, Named, Operator, OperatorKind};
use crate::kql::types::{Field, Schema, Type};
use crate::kql::value::Value;
use crate::kql::value::text::to_text;

/// The aggregates it takes.
const AGGREGATES: [&str; 13] = [
    "min",
    "max",
    "any",
    "take_any",
    "sum",
    "dcount",
    "avg",
    "stdev",
    "variance",
    "make_list",
    "make_bag",
    "make_set",
    "count",
];

/// Binds the plugin.
///
/// # Errors
/// What does not fit.
pub(super) fn bind(
    binder: &mut Binder<'_>,
    input: Relation,
    span: Span,
    arguments: &[Named],
    schema: Option<&[ColumnDeclaration]>,
) -> Result<Relation, KqlError> {
    let turned = match arguments.first() {
        Some(argument) => column(&input.schema, &argument.value)?,
        None => {
            return Err(KqlError::semantic(
                span,
                "pivot() expected the column to turn",
            ));
        }
    };
    let aggregate = aggregate(span, arguments.get(1))?;
    let kept = kept(
        &input.schema,
        &turned,
        &aggregate,
        arguments.get(2..).unwrap_or_default(),
    )?;
    let by: Vec<Named> = kept
        .iter()
        .chain([&turned])
        .map(|name| by_name(name, span))
        .collect();
    let whole = |by: Vec<Named>| Operator {
        kind: OperatorKind::Summarize {
            options: Vec::new(),
            aggregates: vec![aggregate.clone()],
            by,
        },
        span,
    };
    // What the aggregate gives where there is no row.
    let nothing = super::bind(binder, table(&input.schema, Vec::new()), &whole(Vec::new()))?
        .collect(binder.run)?;
    let nothing = nothing
        .values()
        .next()
        .and_then(|row| row.into_iter().next())
        .unwrap_or(Value::Null);
    let mut grouped = super::bind(binder, input, &whole(by))?;
    let ty = grouped
        .schema
        .fields
        .last()
        .map_or(Type::Long, |field| field.ty);
    let keys = Schema::new(
        grouped
            .schema
            .fields
            .iter()
            .take(kept.len())
            .cloned()
            .collect(),
    );
    if binder.checks && schema.is_none() {
        binder.columns_unknown = true;
        return Ok(table(&keys, Vec::new()));
    }
    grouped.rows.prune(&vec![true; grouped.schema.fields.len()]);
    let batches = if binder.checks {
        Vec::new()
    } else {
        drain(grouped.rows.as_mut(), binder.run)?
    };
    let rows = Batch::concat(&grouped.schema, &batches);
    let laid_out = lay_out(&keys, &rows, ty, &nothing);
    match schema {
        Some(schema) => declared(&laid_out, schema, &nothing),
        None => Ok(laid_out.relation()),
    }
}

/// The column that an argument names.
fn column(schema: &Schema, expr: &Expr) -> Result<String, KqlError> {
    match &expr.kind {
        ExprKind::Name(name) if schema.index(name).is_some() => Ok(name.clone()),
        ExprKind::Name(name) => {
            let known = schema.fields.iter().map(|field| &*field.name);
            Err(Binder::unknown("the column", name, expr.span, known))
        }
        _ => Err(
            KqlError::semantic(expr.span, "pivot() expected the name of a column")
                .help("make the column with extend before"),
        ),
    }
}

/// The aggregate that is asked for, `count()` where none is, under a name that no column has.
fn aggregate(span: Span, argument: Option<&Named>) -> Result<Named, KqlError> {
    let value = match argument {
        None => Expr {
            kind: ExprKind::Call(
                Name {
                    text: "count".to_owned(),
                    span,
                },
                Vec::new(),
            ),
            span,
        },
        Some(argument) => match &argument.value.kind {
            ExprKind::Call(name, _) if AGGREGATES.contains(&name.text.as_str()) => {
                argument.value.clone()
            }
            _ => {
                return Err(KqlError::semantic(
                    argument.value.span,
                    format!("pivot() expected an aggregate: {}", AGGREGATES.join(", ")),
                ));
            }
        },
    };
    let name = Name {
        text: "$pivot".to_owned(),
        span,
    };
    Ok(Named {
        names: vec![name],
        value,
    })
}

/// The columns that stay: those that are named, or all that neither are turned nor stand in the aggregate.
fn kept(
    schema: &Schema,
    turned: &str,
    aggregate: &Named,
    arguments: &[Named],
) -> Result<Vec<String>, KqlError> {
    if !arguments.is_empty() {
        return arguments
            .iter()
            .map(|argument| column(schema, &argument.value))
            .collect();
    }
    let within: Vec<&str> = match &aggregate.value.kind {
        ExprKind::Call(_, arguments) => arguments
            .iter()
            .filter_map(|argument| match &argument.value.kind {
                ExprKind::Name(name) => Some(name.as_str()),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    };
    let names = schema.fields.iter().map(|field| &*field.name);
    Ok(names
        .filter(|name| *name != turned && !within.contains(name))
        .map(str::to_owned)
        .collect())
}

fn by_name(name: &str, span: Span) -> Named {
    Named {
        names: Vec::new(),
        value: Expr {
            kind: ExprKind::Name(name.to_owned()),
            span,
        },
    }
}

/// A table that is there as a whole.
struct LaidOut {
    schema: Schema,
    batch: Batch,
}

impl LaidOut {
    fn relation(self) -> Relation {
        let mut relation = table(&self.schema, vec![self.batch]);
        relation.serialized = false;
        relation
    }
}

/// A row for each key, a column for each value of the column before the last, and in them the values of the last.
fn lay_out(keys: &Schema, rows: &Batch, ty: Type, nothing: &Value) -> LaidOut {
    let types: Vec<Type> = keys.fields.iter().map(|field| field.ty).collect();
    let mut grouping = Grouping::new(&types);
    let mut groups = Vec::new();
    let (key_columns, others) = rows
        .columns
        .split_at_checked(types.len())
        .unwrap_or((&[], &[]));
    grouping.assign(key_columns, rows.rows, &mut groups);
    let mut names: Vec<Arc<str>> = Vec::new();
    let mut cells: Vec<HashMap<u32, u32>> = Vec::new();
    let mut numbers: HashMap<Arc<str>, usize> = HashMap::new();
    if let [turned, _] = others {
        for (row, group) in (0u32..).zip(&groups) {
            let name: Arc<str> = to_text(&turned.value(row as usize)).into();
            let number = *numbers.entry(Arc::clone(&name)).or_insert_with(|| {
                names.push(name);
                cells.push(HashMap::new());
                cells.len() - 1
            });
            if let Some(column) = cells.get_mut(number) {
                column.insert(*group, row);
            }
        }
    }
    let count = grouping.len();
    let mut schema = keys.clone();
    let mut columns: Vec<Arc<Column>> = grouping.columns();
    for (name, cells) in names.iter().zip(&cells) {
        let rows: Vec<u32> = (0..count as u32)
            .map(|group| cells.get(&group).copied().unwrap_or(NO_ROW))
            .collect();
        let mut builder = ColumnBuilder::new(ty, count);
        for row in rows {
            let value = others
                .last()
                .filter(|_| row != NO_ROW)
                .map(|column| column.value(row as usize));
            builder.push(value.unwrap_or_else(|| nothing.clone()));
        }
        schema.fields.push(Field::new(schema.free_name(name), ty));
        columns.push(Arc::new(builder.finish()));
    }
    LaidOut {
        schema,
        batch: Batch {
            columns,
            rows: count,
        },
    }
}

/// The table with the columns that are declared; one that no row has holds what the aggregate of nothing is.
fn declared(
    laid_out: &LaidOut,
    declared: &[ColumnDeclaration],
    nothing: &Value,
) -> Result<Relation, KqlError> {
    let rows = laid_out.batch.rows;
    let mut schema = Schema::default();
    let mut columns = Vec::new();
    for column in declared {
        let found = laid_out.schema.index(&column.name.text);
        let field = found.and_then(|at| laid_out.schema.fields.get(at));
        if let Some(field) = field
            && field.ty != column.ty
        {
            return Err(KqlError::semantic(
                column.name.span,
                format!(
                    "the column `{}` is of type {}, not {}",
                    field.name,
                    field.ty.name(),
                    column.ty.name()
                ),
            ));
        }
        let values = found.and_then(|at| laid_out.batch.columns.get(at).cloned());
        columns
            .push(values.unwrap_or_else(|| Arc::new(Column::constant(column.ty, nothing, rows))));
        schema
            .fields
            .push(Field::new(column.name.text.as_str(), column.ty));
    }
    Ok(LaidOut {
        schema,
        batch: Batch { columns, rows },
    }
    .relation())
}
