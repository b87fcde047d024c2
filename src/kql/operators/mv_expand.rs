//! `mv-expand`: a row for every item of a list, or for every entry of an object.

use std::sync::Arc;

use super::options;
use crate::kql::binder::{Binder, Row};
use crate::kql::column::{Column, ColumnBuilder};
use crate::kql::dynamic::Dynamic;
use crate::kql::error::{KqlError, Span};
use crate::kql::expr::Expr;
use crate::kql::relation::{BATCH_ROWS, Batch, Operator, Relation, Run};
use crate::kql::syntax::{self, Named, OperatorOption};
use crate::kql::types::{Field, Schema, Type};
use crate::kql::value::Value;
use crate::kql::value::convert::convert;

/// Binds the operator.
///
/// # Errors
/// What does not fit.
pub fn bind(
    binder: &mut Binder<'_>,
    input: Relation,
    span: Span,
    options: &[OperatorOption],
    columns: &[(Named, Option<Type>)],
    limit: Option<&syntax::Expr>,
) -> Result<Relation, KqlError> {
    let plan = Plan::new(binder, &input, span, options, columns, limit)?;
    Ok(Relation {
        schema: plan.schema.clone(),
        rows: Box::new(MvExpand {
            input: input.rows,
            plan,
            waiting: None,
        }),
        serialized: input.serialized,
        render: input.render,
    })
}

/// What is expanded, and where it stands in the result.
pub(super) struct Plan {
    /// The columns of the result: those of the input, then new ones, then the index.
    pub(super) schema: Schema,
    /// How many columns the input has.
    width: usize,
    expansions: Vec<Expansion>,
    /// Whether there is a column with the position of each item, the last of the result.
    index: bool,
    /// Whether an entry of an object becomes `[key, value]` instead of an object of one.
    pairs: bool,
    /// The most rows from one row.
    limit: usize,
}

struct Expansion {
    list: Expr,
    /// Its column in the result.
    target: usize,
    ty: Type,
}

impl Plan {
    pub(super) fn new(
        binder: &mut Binder<'_>,
        input: &Relation,
        span: Span,
        options: &[OperatorOption],
        columns: &[(Named, Option<Type>)],
        limit: Option<&syntax::Expr>,
    ) -> Result<Self, KqlError> {
        let (index, pairs) = read_options(options)?;
        let limit = match limit {
            None => usize::MAX,
            Some(expr) => match binder.constant(expr)?.1.as_long() {
                Some(limit) if limit >= 0 => usize::try_from(limit).unwrap_or(usize::MAX),
                _ => return Err(KqlError::semantic(expr.span, "expected a number of rows")),
            },
        };
        let mut schema = input.schema.clone();
        let row = Row {
            schema: &input.schema,
            serialized: input.serialized,
        };
        let mut expansions: Vec<Expansion> = Vec::new();
        for (named, ty) in columns {
            let list = binder.scalar(&named.value, row)?;
            if list.ty != Type::Dynamic {
                return Err(KqlError::semantic(
                    named.value.span,
                    format!(
                        "expected a dynamic value to expand, found {}",
                        list.ty.name()
                    ),
                )
                .help(
                    "use parse_json() for text that holds JSON, split() for text with separators",
                ));
            }
            if list.window {
                return Err(KqlError::unsupported(
                    named.value.span,
                    "a function of other rows is not supported here",
                )
                .help("give it a name with extend before"));
            }
            let ty = ty.unwrap_or(Type::Dynamic);
            let name = match named.names.first() {
                Some(name) => name.text.clone(),
                None => binder
                    .name_of(&named.value)
                    .unwrap_or_else(|| "Column1".to_owned()),
            };
            let target = schema.index(&name).filter(|target| {
                // A name is replaced once; the same again is another column.
                !expansions.iter().any(|other| other.target == *target)
            });
            let target = target.unwrap_or_else(|| {
                schema.fields.push(Field::new(schema.free_name(&name), ty));
                schema.fields.len() - 1
            });
            if let Some(field) = schema.fields.get_mut(target) {
                field.ty = ty;
            }
            expansions.push(Expansion { list, target, ty });
        }
        if expansions.is_empty() {
            return Err(KqlError::semantic(span, "expected a column to expand"));
        }
        if let Some(name) = index {
            schema
                .fields
                .push(Field::new(schema.free_name(name), Type::Long));
        }
        Ok(Self {
            schema,
            width: input.schema.fields.len(),
            expansions,
            index: index.is_some(),
            pairs,
            limit,
        })
    }

    /// Whether the column of the input at `index` gives way to what it is expanded to.
    pub(super) fn replaces(&self, index: usize) -> bool {
        self.expansions
            .iter()
            .any(|expansion| expansion.target == index)
    }

    /// What is expanded, for every row of `batch`.
    pub(super) fn lists(&self, batch: &Batch) -> Vec<Arc<Column>> {
        self.expansions
            .iter()
            .map(|expansion| {
                expansion
                    .list
                    .eval(batch)
                    .into_column(Type::Dynamic, batch.rows)
            })
            .collect()
    }

    /// The rows from `start` on until `end`, or until there are as many as a batch should have; and the row that comes next.
    pub(super) fn expand(
        &self,
        batch: &Batch,
        lists: &[Arc<Column>],
        start: usize,
        end: usize,
    ) -> (Batch, usize) {
        let mut rows: Vec<u32> = Vec::new();
        let mut positions: Vec<i64> = Vec::new();
        let mut next = start;
        while next < end && rows.len() < BATCH_ROWS {
            let count = lists
                .iter()
                .map(|list| self.count(at(list, next)))
                .max()
                .unwrap_or(0);
            rows.extend(std::iter::repeat_n(next as u32, count));
            positions.extend(0..count as i64);
            next += 1;
        }
        let mut columns: Vec<Arc<Column>> = batch
            .columns
            .iter()
            .take(self.width)
            .enumerate()
            .map(|(index, column)| {
                if self.replaces(index) {
                    Arc::clone(column)
                } else {
                    Arc::new(column.gather(&rows))
                }
            })
            .collect();
        for (expansion, list) in self.expansions.iter().zip(lists) {
            let mut builder = ColumnBuilder::new(expansion.ty, rows.len());
            for (row, position) in rows.iter().zip(&positions) {
                builder.push(cast(
                    self.item(at(list, *row as usize), *position as usize),
                    expansion.ty,
                ));
            }
            let column = Arc::new(builder.finish());
            match columns.get_mut(expansion.target) {
                Some(replaced) => *replaced = column,
                None => columns.push(column),
            }
        }
        if self.index {
            columns.push(Arc::new(Column::Long(
                positions.iter().map(|at| Some(*at)).collect(),
            )));
        }
        let rows = rows.len();
        (Batch { columns, rows }, next)
    }

    /// How many rows a value gives: a null and a single value one, an empty list none.
    fn count(&self, value: &Dynamic) -> usize {
        let count = match value {
            Dynamic::Array(items) => items.len(),
            Dynamic::Bag(entries) => entries.len(),
            _ => 1,
        };
        count.min(self.limit)
    }

    fn item(&self, value: &Dynamic, position: usize) -> Dynamic {
        let item = match value {
            Dynamic::Array(items) => items.get(position).cloned(),
            Dynamic::Bag(entries) => entries.get(position).map(|(key, value)| {
                if self.pairs {
                    Dynamic::array(vec![Dynamic::String(Arc::clone(key)), value.clone()])
                } else {
                    Dynamic::bag(vec![(Arc::clone(key), value.clone())])
                }
            }),
            single => (position == 0).then(|| single.clone()),
        };
        item.unwrap_or(Dynamic::Null)
    }

    /// The columns of the input that are needed for `wanted` of the result.
    pub(super) fn needs(&self, wanted: &[bool]) -> Vec<bool> {
        let mut needs: Vec<bool> = (0..self.width)
            .map(|index| wanted.get(index).copied().unwrap_or(true) && !self.replaces(index))
            .collect();
        for expansion in &self.expansions {
            expansion.list.mark(&mut needs);
        }
        needs
    }
}

fn read_options(options: &[OperatorOption]) -> Result<(Option<&str>, bool), KqlError> {
    let mut index = None;
    let mut pairs = false;
    for option in options {
        match option.name.text.as_str() {
            "with_itemindex" => index = Some(options::word(option)?),
            "kind" | "bagexpansion" => {
                pairs = options::one_of(option, &["bag", "array"])? == "array";
            }
            _ => options::unknown(option, &["with_itemindex", "kind", "bagexpansion"])?,
        }
    }
    Ok((index, pairs))
}

fn at(list: &Column, row: usize) -> &Dynamic {
    match list {
        Column::Dynamic(values) => values.get(row).unwrap_or(&Dynamic::Null),
        _ => &Dynamic::Null,
    }
}

/// An item as `to typeof(…)` gives it: a cast only, so a number in a text stays no number.
fn cast(item: Dynamic, ty: Type) -> Value {
    let fits = match (&item, ty) {
        (Dynamic::Long(_) | Dynamic::Real(_), ty) if ty.is_number() => true,
        (Dynamic::Bool(_), Type::Bool)
        // JSON has no word for a time or a GUID: they come as text.
        | (Dynamic::DateTime(_) | Dynamic::String(_), Type::DateTime)
        | (Dynamic::Timespan(_) | Dynamic::String(_), Type::Timespan)
        | (Dynamic::Guid(_) | Dynamic::String(_), Type::Guid)
        | (_, Type::String | Type::Dynamic) => true,
        _ => false,
    };
    if fits {
        convert(&item.into_value(), ty)
    } else {
        Value::Null
    }
}

struct MvExpand {
    input: Box<dyn Operator>,
    plan: Plan,
    /// A batch whose rows from here on are still to be expanded, and what they are expanded to.
    waiting: Option<(Batch, Vec<Arc<Column>>, usize)>,
}

impl Operator for MvExpand {
    fn next(&mut self, run: &Run<'_>) -> Result<Option<Batch>, KqlError> {
        loop {
            run.check()?;
            let (batch, lists, start) = match self.waiting.take() {
                Some(waiting) => waiting,
                None => match self.input.next(run)? {
                    Some(batch) => {
                        let lists = self.plan.lists(&batch);
                        (batch, lists, 0)
                    }
                    None => return Ok(None),
                },
            };
            let (expanded, next) = self.plan.expand(&batch, &lists, start, batch.rows);
            if next < batch.rows {
                self.waiting = Some((batch, lists, next));
            }
            if expanded.rows > 0 {
                return Ok(Some(expanded));
            }
        }
    }

    fn prune(&mut self, wanted: &[bool]) {
        self.input.prune(&self.plan.needs(wanted));
    }
}
