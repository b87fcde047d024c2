//! What `summarize`, `make-series`, `top-nested` and `top-hitters` share: aggregates, and expressions over aggregates, bound and worked out
//! for groups.

use std::sync::Arc;

use crate::kql::aggregates::{self, Accumulator, Aggregate, AggregateBinding, BoundAggregate};
use crate::kql::binder::{Binder, Names, Row};
use crate::kql::column::Column;
use crate::kql::error::{KqlError, Span};
use crate::kql::expr::{Expr, Kind};
use crate::kql::relation::{Batch, Run};
use crate::kql::syntax::{self, ExprKind, Name, Named};
use crate::kql::types::{Field, Schema, Type};

/// Keys that rows are grouped by.
#[derive(Clone)]
pub struct Keys {
    /// Their names and types as result columns.
    pub schema: Schema,
    /// What they are, over the input.
    pub exprs: Vec<Expr>,
}

impl Keys {
    /// Binds `by`.
    ///
    /// # Errors
    /// What does not fit; a dynamic key, which Kusto refuses too.
    pub fn bind(binder: &mut Binder<'_>, row: Row<'_>, by: &[Named]) -> Result<Self, KqlError> {
        let mut keys = Self {
            schema: Schema::default(),
            exprs: Vec::with_capacity(by.len()),
        };
        for column in binder.columns(by, row, "Column")? {
            refuse_window(&column.expr)?;
            groupable(column.expr.ty, column.expr.span)?;
            let field = Field::new(column.name, column.expr.ty);
            keys.schema.fields.push(field);
            keys.exprs.push(column.expr);
        }
        Ok(keys)
    }

    /// Their types.
    pub fn types(&self) -> Vec<Type> {
        self.exprs.iter().map(|expr| expr.ty).collect()
    }
}

/// What the expressions give over a batch, as columns.
pub fn columns(exprs: &[Expr], batch: &Batch) -> Vec<Arc<Column>> {
    exprs
        .iter()
        .map(|expr| expr.eval(batch).into_column(expr.ty, batch.rows))
        .collect()
}

/// Whether rows can be grouped by values of `ty`.
///
/// # Errors
/// When they cannot.
pub fn groupable(ty: Type, span: Span) -> Result<(), KqlError> {
    if ty == Type::Dynamic {
        return Err(
            KqlError::semantic(span, "rows cannot be grouped by a dynamic value")
                .help("convert it first, e.g. with tostring()"),
        );
    }
    Ok(())
}

fn refuse_window(expr: &Expr) -> Result<(), KqlError> {
    if expr.window {
        return Err(KqlError::unsupported(
            expr.span,
            "a window function cannot stand in an aggregation",
        )
        .help("work it out before, with extend"));
    }
    Ok(())
}

/// Aggregates of groups.
pub struct Aggregation {
    calls: Vec<BoundAggregate>,
    /// The columns it gives.
    pub schema: Schema,
    /// What each is: over the keys' columns and, after them, the columns of the calls.
    outputs: Vec<Expr>,
}

/// What an aggregation keeps while rows come in.
pub struct Accumulators {
    parts: Vec<Box<dyn Accumulator>>,
    held: usize,
}

impl Aggregation {
    /// Binds aggregates over the columns of `row`, to be worked out for each value of `keys`.
    ///
    /// # Errors
    /// What does not fit.
    pub fn bind(
        binder: &mut Binder<'_>,
        row: Row<'_>,
        keys: &Keys,
        aggregates: &[Named],
    ) -> Result<Self, KqlError> {
        let mut calls = Calls {
            row,
            keys,
            bound: Vec::new(),
            columns: keys.schema.clone(),
        };
        // The keys' columns come first and keep their names.
        let mut names = Names::default();
        for field in &keys.schema.fields {
            names.add(&field.name, &field.name);
        }
        let mut schema = Schema::default();
        let mut outputs = Vec::with_capacity(aggregates.len());
        for named in aggregates {
            let mut name =
                |index: usize, default: Option<String>| match (named.names.get(index), default) {
                    (Some(name), _) => names.declare(&name.text, name.span),
                    (None, Some(default)) => Ok(names.add(&default, &default)),
                    (None, None) => Ok(names.add("Column1", "Column")),
                };
            if let ExprKind::Call(called, args) = &named.value.kind
                && let Some(aggregate) = aggregates::named(&called.text)
            {
                let span = named.value.span;
                for (index, (column, default)) in calls
                    .call(binder, aggregate, called, args, span)?
                    .enumerate()
                {
                    let ty = calls.ty(column);
                    let field = Field::new(name(index, Some(default))?, ty);
                    schema.fields.push(field);
                    outputs.push(Expr::column(ty, column, span));
                }
                continue;
            }
            let before = calls.bound.len();
            let over = calls.replace(binder, &named.value)?;
            if calls.bound.len() == before {
                return Err(KqlError::semantic(
                    named.value.span,
                    "expected an aggregate such as count() or sum(x)",
                ));
            }
            let expr = binder.scalar(
                &over,
                Row {
                    schema: &calls.columns,
                    serialized: false,
                },
            )?;
            let default = binder.name_of(&over).map(|name| plain(&name));
            schema.fields.push(Field::new(name(0, default)?, expr.ty));
            outputs.push(expr);
        }
        Ok(Self {
            calls: calls.bound,
            schema,
            outputs,
        })
    }

    /// Marks the columns of the input it looks at.
    pub fn mark(&self, wanted: &mut [bool]) {
        for arg in self.calls.iter().flat_map(|call| &call.args) {
            arg.mark(wanted);
        }
    }

    /// Begins.
    pub fn start(&self) -> Accumulators {
        Accumulators {
            parts: self.calls.iter().map(|call| (call.make)()).collect(),
            held: 0,
        }
    }

    /// Takes in the rows of `batch`, whose groups are `groups`, each below `count`.
    ///
    /// # Errors
    /// A limit.
    pub fn update(
        &self,
        kept: &mut Accumulators,
        batch: &Batch,
        groups: &[u32],
        count: usize,
        run: &Run<'_>,
    ) -> Result<(), KqlError> {
        let mut held = 0;
        for (call, part) in self.calls.iter().zip(&mut kept.parts) {
            part.update(groups, count, &columns(&call.args, batch));
            held += part.bytes();
        }
        run.hold(held.saturating_sub(kept.held))?;
        kept.held = kept.held.max(held);
        Ok(())
    }

    /// The results for the groups `0..count`, whose keys are `keys`.
    pub fn finish(
        &self,
        kept: &mut Accumulators,
        count: usize,
        keys: &[Arc<Column>],
    ) -> Vec<Arc<Column>> {
        let results = kept.parts.iter_mut().flat_map(|part| part.finish(count));
        let batch = Batch {
            columns: keys.iter().cloned().chain(results.map(Arc::new)).collect(),
            rows: count,
        };
        columns(&self.outputs, &batch)
    }
}

/// The aggregate calls bound so far.
struct Calls<'a> {
    row: Row<'a>,
    keys: &'a Keys,
    bound: Vec<BoundAggregate>,
    /// The keys' columns and those of the calls. A call's column has a name that no query can write: a mark, its number, a mark, and the name it
    /// has in the result.
    columns: Schema,
}

/// Stands around the number of a call's column in its name.
const MARK: char = '\u{1}';

/// `name` without what marks the columns of calls.
fn plain(name: &str) -> String {
    let mut parts = name.split(MARK);
    let mut plain = parts.next().unwrap_or("").to_owned();
    while let (Some(_number), Some(rest)) = (parts.next(), parts.next()) {
        plain.push_str(rest);
    }
    plain
}

impl Calls<'_> {
    fn ty(&self, column: usize) -> Type {
        self.columns
            .fields
            .get(column)
            .map_or(Type::Dynamic, |field| field.ty)
    }

    /// Binds one call. Gives the position of each of its columns in `columns`, and the name it has when the query gives none.
    fn call(
        &mut self,
        binder: &mut Binder<'_>,
        aggregate: &Aggregate,
        name: &Name,
        args: &[Named],
        span: Span,
    ) -> Result<impl Iterator<Item = (usize, String)> + use<>, KqlError> {
        let (least, most) = aggregate.arity;
        if args.len() < least || args.len() > most {
            return Err(KqlError::semantic(
                span,
                format!("`{}` does not take {} arguments", name.text, args.len()),
            )
            .help(format!("it is written {}", aggregate.usage)));
        }
        let (args, arg_names) = self.args(binder, args)?;
        let bound = (aggregate.bind)(&AggregateBinding {
            name: &name.text,
            prefix: aggregate.prefix,
            span,
            args: &args,
            arg_names: &arg_names,
        })?;
        let first = self.columns.fields.len();
        let mut names = Vec::with_capacity(bound.columns.len());
        for (name, ty) in &bound.columns {
            let marked = format!("{MARK}{}{MARK}{name}", self.columns.fields.len());
            self.columns.fields.push(Field::new(marked, *ty));
            names.push(name.clone());
        }
        self.bound.push(bound);
        Ok((first..).zip(names))
    }

    /// Arguments with their names; `*` is every column that is not a key and not an argument already.
    fn args(
        &self,
        binder: &mut Binder<'_>,
        args: &[Named],
    ) -> Result<(Vec<Expr>, Vec<Option<String>>), KqlError> {
        let mut exprs: Vec<Expr> = Vec::with_capacity(args.len());
        let mut names = Vec::with_capacity(args.len());
        for arg in args {
            if arg.value.kind == ExprKind::Star {
                for (index, field) in self.row.schema.fields.iter().enumerate() {
                    let is_column =
                        |expr: &Expr| matches!(expr.kind, Kind::Column(at) if at == index);
                    if !self.keys.exprs.iter().any(is_column) && !exprs.iter().any(is_column) {
                        exprs.push(Expr::column(field.ty, index, arg.value.span));
                        names.push(Some(field.name.to_string()));
                    }
                }
                continue;
            }
            if let Some(inner) = aggregate_in(&arg.value) {
                return Err(KqlError::semantic(
                    inner,
                    "an aggregate cannot stand inside another",
                ));
            }
            let expr = binder.scalar(&arg.value, self.row)?;
            refuse_window(&expr)?;
            exprs.push(expr);
            names.push(match arg.names.first() {
                Some(name) => Some(name.text.clone()),
                None => binder.name_of(&arg.value),
            });
        }
        Ok((exprs, names))
    }

    /// `expr` with the column of each aggregate in its place.
    fn replace(
        &mut self,
        binder: &mut Binder<'_>,
        expr: &syntax::Expr,
    ) -> Result<syntax::Expr, KqlError> {
        if let ExprKind::Call(name, args) = &expr.kind
            && let Some(aggregate) = aggregates::named(&name.text)
        {
            let column = self
                .call(binder, aggregate, name, args, expr.span)?
                .next()
                .and_then(|(column, _)| self.columns.fields.get(column))
                .map_or_else(String::new, |field| field.name.to_string());
            return Ok(syntax::Expr {
                kind: ExprKind::Name(column),
                span: expr.span,
            });
        }
        let mut copy = expr.clone();
        for part in parts(&mut copy.kind) {
            *part = self.replace(binder, part)?;
        }
        Ok(copy)
    }
}

/// The scalar expressions that an expression is made of.
fn parts(kind: &mut ExprKind) -> Vec<&mut syntax::Expr> {
    match kind {
        ExprKind::Member(base, _) | ExprKind::Unary(_, base) => vec![base],
        ExprKind::Index(base, index) => vec![base, index],
        ExprKind::Binary(_, left, right) => vec![left, right],
        ExprKind::Between(_, value, low, high) => vec![value, low, high],
        ExprKind::Call(_, args) => args.iter_mut().map(|arg| &mut arg.value).collect(),
        ExprKind::In(_, value, list) => {
            let mut parts: Vec<&mut syntax::Expr> = list.iter_mut().collect();
            parts.push(value);
            parts
        }
        _ => Vec::new(),
    }
}

/// Where an aggregate is called in `expr`.
fn aggregate_in(expr: &syntax::Expr) -> Option<Span> {
    if let ExprKind::Call(name, _) = &expr.kind
        && aggregates::named(&name.text).is_some()
    {
        return Some(expr.span);
    }
    let mut copy = expr.kind.clone();
    parts(&mut copy)
        .into_iter()
        .find_map(|part| aggregate_in(part))
}
