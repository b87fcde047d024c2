//! What columns are called that the query gives no name, names that must not meet, and the nearest known name of one that is not known.

use std::sync::Arc;

use hashbrown::HashSet;

use super::super::dynamic::path::Step;
use super::super::error::{KqlError, Span};
use super::super::expr::Expr;
use super::super::functions::{self, Naming};
use super::super::syntax::{self, ExprKind, Named};
use super::super::types::{Schema, Type};
use super::super::value::Value;
use super::{Binder, Row};

/// An expression and the column it makes.
#[derive(Clone)]
pub struct NamedExpr {
    /// What the column is called.
    pub name: Arc<str>,
    /// Whether the query gives that name; else it was made up.
    pub declared: bool,
    /// What it holds.
    pub expr: Expr,
}

/// The names of the columns of a table in the making: no name is there twice.
#[derive(Debug, Default)]
pub struct Names {
    used: HashSet<Arc<str>>,
    declared: HashSet<Arc<str>>,
}

impl Names {
    /// Takes a name that the query gives. One that is taken by a made-up name gets a number.
    ///
    /// # Errors
    /// When the query gives it twice.
    pub fn declare(&mut self, name: &str, span: Span) -> Result<Arc<str>, KqlError> {
        if self.declared.contains(name) {
            return Err(
                KqlError::semantic(span, format!("the column `{name}` is there twice"))
                    .help("give one of them another name"),
            );
        }
        let name = self.add(name, name);
        self.declared.insert(Arc::clone(&name));
        Ok(name)
    }

    /// Takes a made-up name: `name`, or where that is taken `base` with a number.
    pub fn add(&mut self, name: &str, base: &str) -> Arc<str> {
        let free = if self.used.contains(name) {
            (1..=self.used.len() + 1)
                .map(|n| format!("{base}{n}"))
                .find(|candidate| !self.used.contains(candidate.as_str()))
                .map_or_else(|| name.into(), Into::into)
        } else {
            name.into()
        };
        self.used.insert(Arc::clone(&free));
        free
    }
}

impl Binder<'_> {
    /// Binds a list of columns (`a, b = c, f(d)`) with the names Kusto gives them; `*` is every column of `row`. What has no name of its own is called
    /// `base` and a number: `Column1`.
    ///
    /// # Errors
    /// As [`Binder::query`]; also when a name is given twice.
    pub fn columns(
        &mut self,
        list: &[Named],
        row: Row<'_>,
        base: &str,
    ) -> Result<Vec<NamedExpr>, KqlError> {
        let mut names = Names::default();
        let mut columns: Vec<NamedExpr> = Vec::with_capacity(list.len());
        for named in list {
            if named.names.is_empty() && named.value.kind == ExprKind::Star {
                for (index, field) in row.schema.fields.iter().enumerate() {
                    if columns.iter().all(|column| column.name != field.name) {
                        columns.push(NamedExpr {
                            name: names.add(&field.name, &field.name),
                            declared: false,
                            expr: Expr::column(field.ty, index, named.value.span),
                        });
                    }
                }
                continue;
            }
            let expr = self.scalar(&named.value, row)?;
            if let Some(several) = self.several(named, &expr, &mut names)? {
                columns.extend(several);
                continue;
            }
            let column = match named.names.as_slice() {
                [] => match self.name_of(&named.value) {
                    Some(name) if matches!(named.value.kind, ExprKind::Name(_)) => NamedExpr {
                        name: names.declare(&name, named.value.span)?,
                        declared: true,
                        expr,
                    },
                    Some(name) => NamedExpr {
                        name: names.add(&name, &name),
                        declared: false,
                        expr,
                    },
                    None => NamedExpr {
                        name: names.add(&format!("{base}1"), base),
                        declared: false,
                        expr,
                    },
                },
                [name] => NamedExpr {
                    name: names.declare(&name.text, name.span)?,
                    declared: true,
                    expr,
                },
                [_, second, ..] => {
                    return Err(KqlError::semantic(
                        second.span,
                        "this expression gives one value; only one name may stand before it",
                    ));
                }
            };
            columns.push(column);
        }
        Ok(columns)
    }

    /// The columns of a call that gives several.
    fn parts(&self, expr: &syntax::Expr) -> Option<Vec<(String, Type)>> {
        let ExprKind::Call(name, arguments) = &expr.kind else {
            return None;
        };
        if self.meaning(&name.text).is_some() {
            return None;
        }
        let args: Vec<Option<String>> = arguments
            .iter()
            // A flag is no column.
            .filter(|argument| !matches!(argument.value.kind, ExprKind::Literal(Type::Bool, _)))
            .map(|argument| self.name_of(&argument.value))
            .collect();
        functions::tuple::columns(&name.text, &args)
    }

    /// The columns of `named`, bound as `expr`, where it is a call that gives several: one name is for the first, several for the first few. `None` where it
    /// gives one value.
    ///
    /// # Errors
    /// When there are more names than columns, or one is given twice.
    pub fn several(
        &self,
        named: &Named,
        expr: &Expr,
        taken: &mut Names,
    ) -> Result<Option<Vec<NamedExpr>>, KqlError> {
        let Some(parts) = self.parts(&named.value) else {
            return Ok(None);
        };
        let given = &named.names;
        let mut columns = Vec::with_capacity(parts.len());
        if let Some(extra) = given.get(parts.len()) {
            return Err(KqlError::semantic(
                extra.span,
                format!(
                    "this expression gives {} values; no more names may stand before it",
                    parts.len()
                ),
            ));
        }
        let single = parts.len() == 1;
        let count = if given.len() == 1 { 1 } else { parts.len() };
        for (index, (default, ty)) in parts.into_iter().enumerate().take(count) {
            let name = match given.get(index) {
                Some(name) => taken.declare(&name.text, name.span)?,
                None => taken.add(&default, &default),
            };
            // The call itself is the one value it gives, or a list of all of them.
            let value = if single {
                expr.clone()
            } else {
                let step = Step::At(index as i64);
                self.convert(super::path::walk(expr.clone(), vec![step], expr.span), ty)
            };
            columns.push(NamedExpr {
                name,
                declared: index < given.len(),
                expr: value,
            });
        }
        Ok(Some(columns))
    }

    /// What a column made of `expr` is called when the query gives no name: `a_b` for `a.b`, the rule of the function for a call. `None`: the place decides
    /// (`Column1`, `print_0`).
    pub fn name_of(&self, expr: &syntax::Expr) -> Option<String> {
        name_of(expr)
    }

    /// `what` is not known at `span`: an error that names the nearest of `known`.
    pub fn unknown<'b>(
        what: &str,
        name: &str,
        span: Span,
        known: impl IntoIterator<Item = &'b str>,
    ) -> KqlError {
        let error = KqlError::semantic(span, format!("{what} `{name}` is not known"));
        match nearest(name, known) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None => error,
        }
    }

    /// The column `name` of `schema`.
    ///
    /// # Errors
    /// When there is none; names the nearest.
    pub fn column_index(schema: &Schema, name: &str, span: Span) -> Result<usize, KqlError> {
        schema.index(name).ok_or_else(|| {
            Self::unknown(
                "the column",
                name,
                span,
                schema.fields.iter().map(|field| &*field.name),
            )
        })
    }
}

fn name_of(expr: &syntax::Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Name(name) => Some(name.clone()),
        ExprKind::Member(base, member) => Some(match name_of(base) {
            Some(base) if !base.starts_with('$') => format!("{base}_{}", member.text),
            _ => member.text.clone(),
        }),
        ExprKind::Index(base, index) => {
            let selector = match &index.kind {
                ExprKind::Literal(_, syntax::Literal(Value::String(text))) => text.to_string(),
                ExprKind::Literal(_, syntax::Literal(value)) => value.as_long()?.to_string(),
                ExprKind::Unary(syntax::UnaryOp::Minus, inner) => match &inner.kind {
                    ExprKind::Literal(_, syntax::Literal(value)) => {
                        format!("-{}", value.as_long()?)
                    }
                    _ => return None,
                },
                _ => return None,
            };
            Some(match name_of(base) {
                Some(base) => format!("{base}_{selector}"),
                None => selector,
            })
        }
        ExprKind::Call(name, arguments) => {
            let first = || {
                arguments
                    .first()
                    .and_then(|argument| name_of(&argument.value))
            };
            match functions::named(&name.text)?.naming {
                Naming::FirstArgument => first(),
                Naming::OnlyArgument if arguments.len() == 1 => first(),
                Naming::None | Naming::OnlyArgument => None,
                Naming::Prefix(words) => Some(format!("{words}_{}", first().unwrap_or_default())),
            }
        }
        _ => None,
    }
}

/// The name of `known` that is `name` but for case, or but for a typing error or two.
fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted: Vec<char> = name.to_lowercase().chars().take(64).collect();
    let most = wanted.len() / 3;
    known
        .into_iter()
        .filter_map(|candidate| {
            let candidate_chars: Vec<char> = candidate.to_lowercase().chars().take(64).collect();
            let distance = edits(&wanted, &candidate_chars);
            (distance <= most.max(1) && distance < wanted.len()).then_some((distance, candidate))
        })
        .min()
        .map(|(_, candidate)| candidate)
}

/// How many letters must be put in, left out or changed to make one of the other.
fn edits(left: &[char], right: &[char]) -> usize {
    let mut previous: Vec<usize> = (0..=right.len()).collect();
    for (row, a) in left.iter().enumerate() {
        let mut diagonal = row;
        let mut current = vec![row + 1];
        for (b, above) in right.iter().zip(previous.iter().skip(1)) {
            let beside = current.last().copied().unwrap_or_default();
            let cost = (diagonal + usize::from(a != b))
                .min(above + 1)
                .min(beside + 1);
            current.push(cost);
            diagonal = *above;
        }
        previous = current;
    }
    previous.last().copied().unwrap_or_default()
}
