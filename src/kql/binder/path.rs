//! The way into a dynamic value: `a.b`, `a["c"]`, `a[0]`, `a[b]`.

use std::sync::Arc;

use super::super::dynamic::path::Step;
use super::super::error::{KqlError, Span};
use super::super::expr::{Eval, Expr, Vector};
use super::super::functions;
use super::super::kernels::member;
use super::super::syntax::{self, ExprKind};
use super::super::types::Type;
use super::super::value::Value;
use super::{Binder, Row};

impl Binder<'_> {
    /// `a.b["c"][0]`: the steps from the outermost value that is no path, walked at once.
    pub(super) fn path(&mut self, expr: &syntax::Expr, row: Row<'_>) -> Result<Expr, KqlError> {
        let mut steps = Vec::new();
        let mut base = expr;
        loop {
            base = match &base.kind {
                ExprKind::Member(inner, name) => {
                    steps.push(Step::Key(name.text.as_str().into()));
                    inner
                }
                ExprKind::Index(inner, index) => {
                    match self.scalar(index, row)? {
                        index if index.as_constant().is_some() => {
                            steps.push(constant_step(&index)?);
                        }
                        index => {
                            let inner = self.scalar(inner, row)?;
                            let inner = dynamic_base(inner)?;
                            let found = Expr::call(
                                Type::Dynamic,
                                Eval::row(member::lookup),
                                vec![inner, index],
                                base.span,
                            );
                            return Ok(walk(found, steps, expr.span));
                        }
                    }
                    inner
                }
                _ => break,
            };
        }
        if let Some(text) = self.parsed_text(base, row)? {
            return Ok(walk_with(member::walk_texts, text, steps, expr.span));
        }
        let base = self.scalar(base, row)?;
        let base = dynamic_base(base)?;
        Ok(walk(base, steps, expr.span))
    }
}

impl Binder<'_> {
    /// The text that `base` reads as JSON, where it is a call of `parse_json()` on one.
    fn parsed_text(&mut self, base: &syntax::Expr, row: Row<'_>) -> Result<Option<Expr>, KqlError> {
        let ExprKind::Call(name, arguments) = &base.kind else {
            return Ok(None);
        };
        let [argument] = arguments.as_slice() else {
            return Ok(None);
        };
        let reads = functions::named(&name.text).is_some_and(|called| called.name == "parse_json");
        if !reads || self.meaning(&name.text).is_some() {
            return Ok(None);
        }
        let text = self.scalar(&argument.value, row)?;
        Ok((text.ty == Type::String).then_some(text))
    }
}

fn dynamic_base(base: Expr) -> Result<Expr, KqlError> {
    if base.ty == Type::Dynamic {
        return Ok(base);
    }
    let error = KqlError::semantic(
        base.span,
        format!(
            "only a dynamic value has members, and this is of type {}",
            base.ty.name()
        ),
    );
    Err(if base.ty == Type::String {
        error.help("parse_json(…) reads the text as JSON first")
    } else {
        error
    })
}

pub(super) fn walk(base: Expr, steps: Vec<Step>, span: Span) -> Expr {
    if steps.is_empty() {
        return base;
    }
    walk_with(member::walk, base, steps, span)
}

/// `kernel` over `base` and `steps`, which stand in reverse.
fn walk_with(
    kernel: fn(&Vector, &[Step]) -> Vector,
    base: Expr,
    mut steps: Vec<Step>,
    span: Span,
) -> Expr {
    steps.reverse();
    let steps: Arc<[Step]> = steps.into();
    Expr::pure(
        Type::Dynamic,
        move |args: &[Vector], _| match args {
            [arg] => kernel(arg, &steps),
            _ => Vector::Constant(Value::Null),
        },
        vec![base],
        span,
    )
}

fn constant_step(index: &Expr) -> Result<Step, KqlError> {
    match index.as_constant() {
        Some(Value::String(text)) => Ok(Step::Key(Arc::clone(text))),
        Some(value) => match Step::of(value) {
            Some(step) => Ok(step),
            None => Err(KqlError::semantic(
                index.span,
                "between [ and ] stands a whole number or a key in quotes",
            )),
        },
        None => Err(KqlError::semantic(index.span, "expected an index")),
    }
}
