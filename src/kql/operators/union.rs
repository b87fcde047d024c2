//! `union`.

use std::sync::Arc;

use crate::kql::binder::Binder;
use crate::kql::column::Column;
use crate::kql::error::{KqlError, Span};
use crate::kql::relation::{Batch, Operator, Relation, Run};
use crate::kql::syntax::{Expr, ExprKind, Literal, OperatorOption};
use crate::kql::types::{Field, Schema, Type};
use crate::kql::value::Value;

use super::project_columns::matches_pattern;

/// A table of the union and what `withsource` calls it.
pub(super) struct Part {
    pub(super) source: Arc<str>,
    pub(super) relation: Relation,
}

/// Binds the operator.
///
/// # Errors
/// What does not fit.
pub fn bind(
    binder: &mut Binder<'_>,
    input: Option<Relation>,
    span: Span,
    options: &[OperatorOption],
    tables: &[Expr],
) -> Result<Relation, KqlError> {
    let options = read(options)?;
    let mut parts = Vec::new();
    if let Some(relation) = input {
        parts.push(Part {
            source: "union_arg0".into(),
            relation,
        });
    }
    for table in tables {
        add(binder, table, options.fuzzy, "union", &mut parts)?;
    }
    if parts.is_empty() {
        return Err(KqlError::semantic(span, "no table of this union is there")
            .help("check the names, or take away isfuzzy"));
    }
    Ok(unite(parts, options.inner, options.source.as_deref()))
}

#[derive(Default)]
struct Options {
    inner: bool,
    fuzzy: bool,
    source: Option<String>,
}

fn read(options: &[OperatorOption]) -> Result<Options, KqlError> {
    let mut read = Options::default();
    for option in options {
        let word = match &option.value.kind {
            ExprKind::Name(word) => word.clone(),
            ExprKind::Literal(_, Literal(Value::Bool(value))) => value.to_string(),
            ExprKind::Literal(_, Literal(Value::String(text))) => text.to_string(),
            _ => String::new(),
        };
        match (option.name.text.as_str(), word.as_str()) {
            ("kind", "inner") => read.inner = true,
            ("kind", "outer") | ("isfuzzy", "false") => {}
            ("isfuzzy", "true") => read.fuzzy = true,
            ("withsource" | "with_source", name) if !name.is_empty() => {
                read.source = Some(name.to_owned());
            }
            (name, _) if name.starts_with("hint.") => {}
            ("kind", _) => {
                return Err(KqlError::semantic(
                    option.value.span,
                    "the kind of a union is inner or outer",
                ));
            }
            (name, _) => {
                return Err(Binder::unknown(
                    "the option",
                    name,
                    option.name.span,
                    ["kind", "isfuzzy", "withsource"],
                ));
            }
        }
    }
    Ok(read)
}

/// Adds the tables that `table` names. What is no table of the catalog is called after `operator`: `union_arg1`.
pub(super) fn add(
    binder: &mut Binder<'_>,
    table: &Expr,
    fuzzy: bool,
    operator: &str,
    parts: &mut Vec<Part>,
) -> Result<(), KqlError> {
    let names = match &table.kind {
        ExprKind::Star => names_like(binder, "*"),
        ExprKind::Name(pattern) if pattern.contains('*') => names_like(binder, pattern),
        _ => {
            let is_stored =
                matches!(&table.kind, ExprKind::Name(name) if binder.meaning(name).is_none());
            let relation = match binder.relation(table) {
                Err(_) if fuzzy && is_stored => return Ok(()),
                other => other?,
            };
            let source = match &table.kind {
                ExprKind::Name(name) if is_stored => name.as_str().into(),
                _ => format!("{operator}_arg{}", parts.len()).into(),
            };
            parts.push(Part { source, relation });
            return Ok(());
        }
    };
    if names.is_empty() && !fuzzy {
        return Err(KqlError::semantic(
            table.span,
            "no table has a name like this",
        ));
    }
    for name in names {
        let stored = Expr {
            kind: ExprKind::Name(name.clone()),
            span: table.span,
        };
        let relation = binder.relation(&stored)?;
        parts.push(Part {
            source: name.into(),
            relation,
        });
    }
    Ok(())
}

fn names_like(binder: &Binder<'_>, pattern: &str) -> Vec<String> {
    let mut names = binder.catalog.names();
    names.retain(|name| matches_pattern(pattern, name));
    names.sort();
    names
}

/// Where a column of the union comes from in a part.
type Sources = Vec<Option<usize>>;

/// The rows of all parts, one after the other; with `source`, a first column of that name says whose they are.
pub(super) fn unite(parts: Vec<Part>, inner: bool, source: Option<&str>) -> Relation {
    let fields = if inner { common(&parts) } else { every(&parts) };
    // Columns of one name and several types are told apart by their types.
    let mut schema = Schema::default();
    for field in &fields {
        let conflict = fields
            .iter()
            .any(|other| other.name == field.name && other.ty != field.ty);
        let name = if conflict {
            format!("{}_{}", field.name, field.ty.name()).into()
        } else {
            Arc::clone(&field.name)
        };
        let name = schema.free_name(&name);
        schema.fields.push(Field { name, ty: field.ty });
    }
    let mut inputs = Vec::with_capacity(parts.len());
    for part in parts {
        let map: Sources = fields
            .iter()
            .map(|field| {
                part.relation
                    .schema
                    .fields
                    .iter()
                    .position(|other| other == field)
            })
            .collect();
        inputs.push(Input {
            name: part.source,
            width: part.relation.schema.fields.len(),
            rows: part.relation.rows,
            map,
        });
    }
    let source = source.map(|name| {
        let name = schema.free_name(name);
        schema.fields.insert(
            0,
            Field {
                name,
                ty: Type::String,
            },
        );
    });
    Relation::new(
        schema,
        Box::new(Union {
            types: fields.iter().map(|field| field.ty).collect(),
            wanted: vec![true; fields.len() + usize::from(source.is_some())],
            inputs: inputs.into_iter(),
            current: None,
            with_source: source.is_some(),
        }),
    )
}

fn every(parts: &[Part]) -> Vec<Field> {
    let mut fields: Vec<Field> = Vec::new();
    for part in parts {
        for field in &part.relation.schema.fields {
            if !fields.contains(field) {
                fields.push(field.clone());
            }
        }
    }
    fields
}

fn common(parts: &[Part]) -> Vec<Field> {
    let Some((first, others)) = parts.split_first() else {
        return Vec::new();
    };
    first
        .relation
        .schema
        .fields
        .iter()
        .filter(|field| {
            others
                .iter()
                .all(|part| part.relation.schema.fields.contains(field))
        })
        .cloned()
        .collect()
}

struct Input {
    name: Arc<str>,
    width: usize,
    rows: Box<dyn Operator>,
    map: Sources,
}

/// One table after the other.
struct Union {
    types: Vec<Type>,
    wanted: Vec<bool>,
    inputs: std::vec::IntoIter<Input>,
    current: Option<Input>,
    with_source: bool,
}

impl Operator for Union {
    fn next(&mut self, run: &Run<'_>) -> Result<Option<Batch>, KqlError> {
        loop {
            if self.current.is_none() {
                self.current = self.inputs.next();
            }
            let Some(input) = &mut self.current else {
                return Ok(None);
            };
            run.check()?;
            let Some(batch) = input.rows.next(run)? else {
                self.current = None;
                continue;
            };
            let mut columns = Vec::with_capacity(self.wanted.len());
            if self.with_source {
                let name = Value::String(Arc::clone(&input.name));
                columns.push(Arc::new(Column::constant(Type::String, &name, batch.rows)));
            }
            for (ty, from) in self.types.iter().zip(&input.map) {
                let column = from.and_then(|index| batch.columns.get(index));
                columns.push(column.map_or_else(
                    || Arc::new(Column::constant(*ty, &Value::missing(*ty), batch.rows)),
                    Arc::clone,
                ));
            }
            return Ok(Some(Batch {
                columns,
                rows: batch.rows,
            }));
        }
    }

    fn prune(&mut self, wanted: &[bool]) {
        for (mine, asked) in self.wanted.iter_mut().zip(wanted) {
            *mine &= *asked;
        }
        let own = self
            .wanted
            .get(usize::from(self.with_source)..)
            .unwrap_or_default();
        for input in self.inputs.as_mut_slice() {
            let mut needed = vec![false; input.width];
            for (from, wanted) in input.map.iter().zip(own) {
                if let Some(flag) = from.and_then(|index| needed.get_mut(index)) {
                    *flag |= *wanted;
                }
            }
            input.rows.prune(&needed);
        }
    }
}
