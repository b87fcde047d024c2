//! `find`: rows of one or more tables for which a condition is true, with the columns that the condition names or all tables share; the rest is packed.

use std::sync::Arc;

use super::filter::filter;
use super::map::{columns, map};
use super::options;
use super::search::parts;
use super::terms::{Terms, has_terms};
use super::union::{Part, unite};
use crate::kql::binder::{Binder, Row};
use crate::kql::dynamic::Dynamic;
use crate::kql::error::{KqlError, Span};
use crate::kql::expr::{Eval, Expr};
use crate::kql::relation::Relation;
use crate::kql::syntax::{self, ExprKind, Name, OperatorOption};
use crate::kql::types::{Field, Type};
use crate::kql::value::Value;
use crate::kql::value::convert::to_dynamic;

/// The column of packed columns.
const PACK: &str = "pack_";

/// Binds the operator.
///
/// # Errors
/// What does not fit.
pub fn bind(
    binder: &mut Binder<'_>,
    input: Option<Relation>,
    span: Span,
    options: &[OperatorOption],
    tables: &[syntax::Expr],
    predicate: &syntax::Expr,
    project: &[(Name, Option<Type>)],
) -> Result<Relation, KqlError> {
    let mut source = "source_";
    for option in options {
        match option.name.text.as_str() {
            "withsource" | "with_source" => source = options::word(option)?,
            "datascope" | "project-smart" => {}
            _ => options::unknown(option, &["withsource"])?,
        }
    }
    let mut parts = parts(binder, input, span, tables, "find")?;
    let mut named = Vec::new();
    names(predicate, &mut named);
    let every = parts.len() == 1 || has_terms(predicate);
    // A table without any column that the condition names has no such row.
    parts.retain(|part| {
        every
            || named
                .iter()
                .any(|name| part.relation.schema.index(name).is_some())
    });
    if parts.is_empty() {
        return Err(KqlError::semantic(
            predicate.span,
            "no table has a column that this condition names",
        ));
    }
    named.retain(|name| {
        parts
            .iter()
            .any(|part| part.relation.schema.index(name).is_some())
    });
    let layout = Layout::new(&parts, &named, project)?;
    let mut found = Vec::new();
    for part in parts {
        let relation = matching(binder, part.relation, predicate, &named, &layout.every)?;
        found.push(Part {
            source: part.source,
            relation: layout.lay_out(binder, relation),
        });
    }
    Ok(unite(found, false, Some(source)))
}

/// The names that stand in a condition.
fn names<'a>(expr: &'a syntax::Expr, found: &mut Vec<&'a str>) {
    match &expr.kind {
        ExprKind::Name(name) if !found.contains(&name.as_str()) => found.push(name),
        ExprKind::Member(base, _) | ExprKind::Unary(_, base) => names(base, found),
        ExprKind::Index(left, right) | ExprKind::Binary(_, left, right) => {
            names(left, found);
            names(right, found);
        }
        ExprKind::Call(_, arguments) => {
            for argument in arguments {
                names(&argument.value, found);
            }
        }
        ExprKind::In(_, value, list) => {
            names(value, found);
            for item in list {
                names(item, found);
            }
        }
        ExprKind::Between(_, value, low, high) => {
            for part in [value, low, high] {
                names(part, found);
            }
        }
        _ => {}
    }
}

/// The rows for which `predicate` is true; a column that it names and the table does not have is missing.
fn matching(
    binder: &mut Binder<'_>,
    relation: Relation,
    predicate: &syntax::Expr,
    named: &[&str],
    every: &[Field],
) -> Result<Relation, KqlError> {
    let terms = Terms {
        schema: &relation.schema,
        bare: true,
        case_sensitive: false,
    };
    let condition = terms.written_out(predicate);
    let mut wider = columns(&relation);
    for field in every.iter().filter(|field| named.contains(&&*field.name)) {
        if relation.schema.index(&field.name).is_none() {
            let missing = Expr::constant(field.ty, Value::missing(field.ty), predicate.span);
            wider.push((Arc::clone(&field.name), missing));
        }
    }
    let relation = map(relation, wider);
    let condition = binder.condition(&condition, Row::of(&relation))?;
    Ok(filter(relation, vec![condition]))
}

/// The columns of the result.
struct Layout {
    /// Every column of every table, each once.
    every: Vec<Field>,
    /// Those that are columns of the result, with the type they are given there.
    shown: Vec<Field>,
    /// Whether the others are packed.
    packed: bool,
}

impl Layout {
    fn new(
        parts: &[Part],
        named: &[&str],
        project: &[(Name, Option<Type>)],
    ) -> Result<Self, KqlError> {
        let mut every: Vec<Field> = Vec::new();
        for field in parts.iter().flat_map(|part| &part.relation.schema.fields) {
            match every.iter().find(|known| known.name == field.name) {
                None => every.push(field.clone()),
                Some(known) if known.ty == field.ty => {}
                Some(known) => {
                    return Err(KqlError::unsupported(
                        Span::default(),
                        format!(
                            "find is not supported where a column, here `{}`, has several types",
                            known.name
                        ),
                    )
                    .help("name the tables with in (…), or use union and where"));
                }
            }
        }
        let mut shown: Vec<Field> = Vec::new();
        let mut packed = project.is_empty();
        for (name, ty) in project {
            if name.text == "pack(*)" {
                packed = true;
                continue;
            }
            let Some(field) = every.iter().find(|field| *field.name == *name.text) else {
                let known = every.iter().map(|field| &*field.name);
                return Err(Binder::unknown("the column", &name.text, name.span, known));
            };
            shown.push(Field::new(Arc::clone(&field.name), ty.unwrap_or(field.ty)));
        }
        if project.is_empty() {
            let common = |field: &&Field| {
                parts
                    .iter()
                    .all(|part| part.relation.schema.index(&field.name).is_some())
            };
            shown.extend(every.iter().filter(common).cloned());
            for name in named {
                let field = every.iter().find(|field| *field.name == **name);
                if let Some(field) = field.filter(|field| !shown.contains(field)) {
                    shown.push(field.clone());
                }
            }
            packed = every.len() > shown.len();
        }
        Ok(Self {
            every,
            shown,
            packed,
        })
    }

    fn lay_out(&self, binder: &Binder<'_>, relation: Relation) -> Relation {
        let span = Span::default();
        let column = |field: &Field| match relation.schema.index(&field.name) {
            Some(index) => {
                let ty = relation
                    .schema
                    .fields
                    .get(index)
                    .map_or(field.ty, |field| field.ty);
                binder.convert(Expr::column(ty, index, span), field.ty)
            }
            None => Expr::constant(field.ty, Value::missing(field.ty), span),
        };
        let mut laid_out: Vec<(Arc<str>, Expr)> = self
            .shown
            .iter()
            .map(|field| (Arc::clone(&field.name), column(field)))
            .collect();
        if self.packed {
            let shown = |name: &str| self.shown.iter().any(|field| &*field.name == name);
            let (keys, values): (Vec<Arc<str>>, Vec<Expr>) = columns(&relation)
                .into_iter()
                .filter(|(name, _)| !shown(name))
                .unzip();
            let pack = Eval::row(move |values| {
                let values = values.iter().map(to_dynamic);
                Value::Dynamic(Dynamic::bag(keys.iter().cloned().zip(values).collect()))
            });
            laid_out.push((PACK.into(), Expr::call(Type::Dynamic, pack, values, span)));
        }
        map(relation, laid_out)
    }
}
