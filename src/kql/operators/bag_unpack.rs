//! `evaluate bag_unpack(column, prefix)`: a column for every key of the objects in a column.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::mv_apply::table;
use crate::kql::binder::{Binder, Row};
use crate::kql::column::{Column, ColumnBuilder};
use crate::kql::dynamic::Dynamic;
use crate::kql::error::{KqlError, Span};
use crate::kql::relation::{Batch, Operator, Relation, Run, drain};
use crate::kql::syntax::{ColumnDeclaration, Expr, ExprKind, Named};
use crate::kql::types::{Field, Schema, Type};
use crate::kql::value::Value;
use crate::kql::value::convert::convert;

/// What is done where a key has the name of a column.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Conflict {
    Error,
    ReplaceSource,
    KeepSource,
}

/// Binds the plugin. Without a `schema` the input is run, to see which keys there are.
///
/// # Errors
/// What does not fit.
pub(super) fn bind(
    binder: &mut Binder<'_>,
    mut input: Relation,
    span: Span,
    arguments: &[Named],
    schema: Option<&[ColumnDeclaration]>,
) -> Result<Relation, KqlError> {
    let arguments = Arguments::read(binder, &input, span, arguments)?;
    let (keys, rest) = match schema {
        Some(schema) => {
            let rest = schema.iter().any(|column| column.name.text == "*");
            let fields = schema
                .iter()
                .filter(|column| column.name.text != "*")
                .map(|column| Field::new(column.name.text.as_str(), column.ty));
            (fields.collect(), rest)
        }
        None if binder.checks => {
            binder.columns_unknown = true;
            (Vec::new(), true)
        }
        None => {
            input.rows.prune(&vec![true; input.schema.fields.len()]);
            let batches = drain(input.rows.as_mut(), binder.run)?;
            let keys = arguments.keys(&batches);
            let serialized = input.serialized;
            input = table(&input.schema, batches);
            input.serialized = serialized;
            (keys, true)
        }
    };
    let (schema, sources) = arguments.lay_out(&input.schema, keys, rest, span)?;
    Ok(Relation {
        rows: Box::new(Unpack {
            wanted: vec![true; schema.fields.len()],
            types: schema.fields.iter().map(|field| field.ty).collect(),
            width: input.schema.fields.len(),
            input: input.rows,
            bag: arguments.bag,
            sources,
        }),
        schema,
        serialized: input.serialized,
        render: input.render,
    })
}

struct Arguments {
    /// The column of objects.
    bag: usize,
    prefix: String,
    conflict: Conflict,
    ignored: HashSet<String>,
}

impl Arguments {
    fn read(
        binder: &mut Binder<'_>,
        input: &Relation,
        span: Span,
        arguments: &[Named],
    ) -> Result<Self, KqlError> {
        let Some((column, rest)) = arguments.split_first() else {
            return Err(KqlError::semantic(
                span,
                "bag_unpack() expected the column to unpack",
            ));
        };
        let mut read = Self {
            bag: column_of(binder, input, &column.value)?,
            prefix: String::new(),
            conflict: Conflict::Error,
            ignored: HashSet::new(),
        };
        let names = ["OutputColumnPrefix", "columnsConflict", "ignoredProperties"];
        for (place, argument) in rest.iter().enumerate() {
            let name = match argument.names.first() {
                Some(name) => name.text.as_str(),
                None => names.get(place).copied().unwrap_or(""),
            };
            let value = binder.constant(&argument.value)?.1;
            let text = value.as_str().unwrap_or("");
            match name {
                "OutputColumnPrefix" => text.clone_into(&mut read.prefix),
                "columnsConflict" => {
                    read.conflict = match text {
                        "error" => Conflict::Error,
                        "replace_source" => Conflict::ReplaceSource,
                        "keep_source" => Conflict::KeepSource,
                        _ => {
                            return Err(KqlError::semantic(
                                argument.value.span,
                                "expected 'error', 'replace_source' or 'keep_source'",
                            ));
                        }
                    };
                }
                "ignoredProperties" => {
                    if let Value::Dynamic(list) = &value {
                        let keys = list
                            .items()
                            .unwrap_or(&[])
                            .iter()
                            .filter_map(|key| match key {
                                Dynamic::String(key) => Some(key.to_string()),
                                _ => None,
                            });
                        read.ignored = keys.collect();
                    }
                }
                _ => {
                    return Err(Binder::unknown(
                        "the argument",
                        name,
                        argument.value.span,
                        names,
                    ));
                }
            }
        }
        Ok(read)
    }

    /// Every key there is, by name, and its type: that of its values, dynamic where they differ.
    fn keys(&self, batches: &[Batch]) -> Vec<Field> {
        let mut keys: BTreeMap<Arc<str>, Option<Type>> = BTreeMap::new();
        for batch in batches {
            let Some(Column::Dynamic(bags)) = batch.columns.get(self.bag).map(|column| &**column)
            else {
                continue;
            };
            for (key, value) in bags.iter().filter_map(Dynamic::entries).flatten() {
                if self.ignored.contains(&**key) {
                    continue;
                }
                let known = keys.entry(Arc::clone(key)).or_default();
                let ty = type_of(value);
                *known = match (*known, ty) {
                    (None, ty) => ty,
                    (known, None) => known,
                    (Some(known), Some(ty)) if known == ty => Some(known),
                    _ => Some(Type::Dynamic),
                };
            }
        }
        keys.into_iter()
            .map(|(key, ty)| {
                Field::new(format!("{}{key}", self.prefix), ty.unwrap_or(Type::Dynamic))
            })
            .collect()
    }

    /// The columns of the result: those of the input but for the objects, then the keys. A key with the name of a column takes its place or gives way.
    fn lay_out(
        &self,
        input: &Schema,
        keys: Vec<Field>,
        rest: bool,
        span: Span,
    ) -> Result<(Schema, Vec<Source>), KqlError> {
        let mut columns: Vec<(Field, Source)> = Vec::new();
        for (index, field) in input.fields.iter().enumerate() {
            if rest || index == self.bag {
                columns.push((field.clone(), Source::Input(index)));
            }
        }
        for field in keys {
            let key: Arc<str> = field
                .name
                .strip_prefix(self.prefix.as_str())
                .unwrap_or(&field.name)
                .into();
            let place = columns
                .iter()
                .position(|(known, _)| known.name == field.name);
            match place.and_then(|at| columns.get_mut(at)) {
                None => columns.push((field, Source::Key(key))),
                Some(column) if matches!(column.1, Source::Input(index) if index == self.bag) => {
                    *column = (field, Source::Key(key));
                }
                Some(column) => {
                    match self.conflict {
                        Conflict::ReplaceSource => *column = (field, Source::Key(key)),
                        Conflict::KeepSource => {}
                        Conflict::Error => {
                            return Err(KqlError::semantic(
                            span,
                            format!("bag_unpack() found a key `{}`, and there is a column of that name", field.name),
                        )
                        .help("give a prefix, or columnsConflict='replace_source' or 'keep_source'"));
                        }
                    }
                }
            }
        }
        columns.retain(|(_, source)| !matches!(source, Source::Input(index) if *index == self.bag));
        let (fields, sources) = columns.into_iter().unzip();
        Ok((Schema::new(fields), sources))
    }
}

fn column_of(binder: &mut Binder<'_>, input: &Relation, expr: &Expr) -> Result<usize, KqlError> {
    let bound = binder.scalar(expr, Row::of(input))?;
    let column = match &expr.kind {
        ExprKind::Name(name) => input.schema.index(name),
        _ => None,
    };
    match column {
        Some(column) if bound.ty == Type::Dynamic => Ok(column),
        _ => Err(KqlError::semantic(
            expr.span,
            "bag_unpack() expected the name of a dynamic column",
        )
        .help("make one with extend before")),
    }
}

fn type_of(value: &Dynamic) -> Option<Type> {
    match value {
        Dynamic::Null => None,
        Dynamic::Bool(_) => Some(Type::Bool),
        Dynamic::Long(_) => Some(Type::Long),
        Dynamic::Real(_) => Some(Type::Real),
        Dynamic::String(_) => Some(Type::String),
        Dynamic::DateTime(_) => Some(Type::DateTime),
        Dynamic::Timespan(_) => Some(Type::Timespan),
        Dynamic::Guid(_) => Some(Type::Guid),
        Dynamic::Array(_) | Dynamic::Bag(_) => Some(Type::Dynamic),
    }
}

/// Where a column of the result comes from.
#[derive(Clone)]
enum Source {
    Input(usize),
    Key(Arc<str>),
}

struct Unpack {
    input: Box<dyn Operator>,
    width: usize,
    bag: usize,
    sources: Vec<Source>,
    types: Vec<Type>,
    wanted: Vec<bool>,
}

impl Operator for Unpack {
    fn next(&mut self, run: &Run<'_>) -> Result<Option<Batch>, KqlError> {
        run.check()?;
        let Some(batch) = self.input.next(run)? else {
            return Ok(None);
        };
        let bags: &[Dynamic] = match batch.columns.get(self.bag).map(|column| &**column) {
            Some(Column::Dynamic(bags)) => bags,
            _ => &[],
        };
        let columns = self
            .sources
            .iter()
            .zip(&self.types)
            .zip(&self.wanted)
            .map(|((source, ty), wanted)| match source {
                Source::Input(index) if *wanted => batch.columns.get(*index).cloned(),
                Source::Key(key) if *wanted => {
                    let mut builder = ColumnBuilder::new(*ty, batch.rows);
                    for bag in bags {
                        let value = bag.get(key).cloned().unwrap_or(Dynamic::Null);
                        builder.push(convert(&value.into_value(), *ty));
                    }
                    Some(Arc::new(builder.finish()))
                }
                _ => None,
            })
            .zip(&self.types)
            .map(|(column, ty)| column.unwrap_or_else(|| Arc::new(Column::Absent(*ty, batch.rows))))
            .collect();
        Ok(Some(Batch {
            columns,
            rows: batch.rows,
        }))
    }

    fn prune(&mut self, wanted: &[bool]) {
        for (mine, asked) in self.wanted.iter_mut().zip(wanted) {
            *mine &= *asked;
        }
        let mut needs = vec![false; self.width];
        for (source, _) in self
            .sources
            .iter()
            .zip(&self.wanted)
            .filter(|(_, wanted)| **wanted)
        {
            let index = match source {
                Source::Input(index) => *index,
                Source::Key(_) => self.bag,
            };
            if let Some(flag) = needs.get_mut(index) {
                *flag = true;
            }
        }
        self.input.prune(&needs);
    }
}
