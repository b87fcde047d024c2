//! Scalar expressions: names, members, operators and their types.

use super::super::error::{KqlError, Span};
use super::super::expr::{Expr, Vector};
use super::super::functions;
use super::super::kernels::{arithmetic, cast, compare, logic, text};
use super::super::syntax::{self, BinaryOp, ExprKind, UnaryOp};
use super::super::types::{Schema, Type};
use super::super::value::Value;
use super::{Binder, Meaning, Row};

impl Binder<'_> {
    /// A scalar expression over the columns of `row`.
    ///
    /// # Errors
    /// As [`Binder::query`].
    pub fn scalar(&mut self, expr: &syntax::Expr, row: Row<'_>) -> Result<Expr, KqlError> {
        self.deeper(expr.span, |binder| binder.bind_scalar(expr, row))
    }

    /// A scalar expression that must be the same for every row.
    ///
    /// # Errors
    /// As [`Binder::query`]; also when it names a column.
    pub fn constant(&mut self, expr: &syntax::Expr) -> Result<(Type, Value), KqlError> {
        let none = Schema::default();
        let bound = self.scalar(
            expr,
            Row {
                schema: &none,
                serialized: false,
            },
        )?;
        match bound.as_constant() {
            Some(value) => Ok((bound.ty, value.clone())),
            None => Err(KqlError::semantic(
                expr.span,
                "this must be the same for every row, and is not",
            )),
        }
    }

    /// `expr` converted to `ty`; itself where it is of that type.
    pub fn convert(&self, expr: Expr, ty: Type) -> Expr {
        if expr.ty == ty {
            return expr;
        }
        let span = expr.span;
        Expr::pure(
            ty,
            move |args: &[Vector], rows| match args {
                [arg] => cast::cast(arg, ty, rows),
                _ => Vector::Constant(Value::missing(ty)),
            },
            vec![expr],
            span,
        )
    }

    /// `expr` as a condition.
    ///
    /// # Errors
    /// When it is neither true nor false.
    pub fn condition(&mut self, expr: &syntax::Expr, row: Row<'_>) -> Result<Expr, KqlError> {
        let bound = self.scalar(expr, row)?;
        self.as_condition(bound)
    }

    pub(super) fn as_condition(&self, bound: Expr) -> Result<Expr, KqlError> {
        match bound.ty {
            Type::Bool | Type::Dynamic => Ok(self.convert(bound, Type::Bool)),
            ty if ty.is_number() => Ok(self.convert(bound, Type::Bool)),
            ty => Err(KqlError::semantic(
                bound.span,
                format!(
                    "expected a condition (bool), found a value of type {}",
                    ty.name()
                ),
            )
            .help("compare it with something")),
        }
    }

    fn bind_scalar(&mut self, expr: &syntax::Expr, row: Row<'_>) -> Result<Expr, KqlError> {
        let span = expr.span;
        match &expr.kind {
            ExprKind::Literal(ty, literal) => Ok(Expr::constant(*ty, literal.0.clone(), span)),
            ExprKind::Name(name) => self.named(name, span, row),
            ExprKind::Member(..) | ExprKind::Index(..) => self.path(expr, row),
            ExprKind::Call(name, arguments) => self.call(name, arguments, span, row),
            ExprKind::Unary(op, inner) => {
                let inner = self.scalar(inner, row)?;
                self.unary(*op, inner, span)
            }
            ExprKind::Binary(..) => self.binary_chain(expr, row),
            ExprKind::In(op, value, list) => self.membership(*op, value, list, span, row),
            ExprKind::Between(negated, value, low, high) => {
                self.between(*negated, value, low, high, span, row)
            }
            ExprKind::TypeOf(ty) => Ok(Expr::constant(
                Type::String,
                Value::String(ty.name().into()),
                span,
            )),
            ExprKind::Star => Err(KqlError::semantic(
                span,
                "`*` cannot stand here; name a column",
            )),
            ExprKind::Pipe(..) | ExprKind::Source(_) => {
                Err(KqlError::semantic(span, "expected a value, found a table")
                    .help("toscalar(…) takes the first cell of a table"))
            }
            ExprKind::Function(..) => Err(KqlError::semantic(
                span,
                "a function can only be declared with let",
            )),
            ExprKind::Missing => Err(KqlError::syntax(span, "expected an expression")),
        }
    }

    fn named(&mut self, name: &str, span: Span, row: Row<'_>) -> Result<Expr, KqlError> {
        if let Some(index) = row.schema.index(name)
            && let Some(field) = row.schema.fields.get(index)
        {
            return Ok(Expr::column(field.ty, index, span));
        }
        match self.meaning(name) {
            Some(Meaning::Scalar(value)) => {
                if value.as_constant().is_none() {
                    self.expand(span)?;
                }
                Ok(Expr { span, ..value })
            }
            Some(Meaning::Table(..) | Meaning::Shared(_)) => Err(is_table(name, span)),
            Some(Meaning::Function(_)) => {
                Err(KqlError::semantic(span, format!("`{name}` is a function"))
                    .help(format!("call it: {name}(…)")))
            }
            None if self.catalog.table(name).is_some() => Err(is_table(name, span)),
            None => {
                let columns = row.schema.fields.iter().map(|field| &*field.name);
                let variables = self
                    .scope
                    .names(|meaning| matches!(meaning, Meaning::Scalar(_)));
                Err(Self::unknown(
                    if row.schema.fields.is_empty() {
                        "the name"
                    } else {
                        "the column"
                    },
                    name,
                    span,
                    columns.chain(variables),
                ))
            }
        }
    }

    fn unary(&self, op: UnaryOp, inner: Expr, span: Span) -> Result<Expr, KqlError> {
        let ty = match inner.ty {
            Type::Int if inner.as_constant().is_none() => Type::Long,
            ty if ty.is_number() || matches!(ty, Type::Timespan | Type::Dynamic) => ty,
            ty => {
                return Err(KqlError::semantic(
                    span,
                    format!(
                        "a sign stands before a number, and this is of type {}",
                        ty.name()
                    ),
                ));
            }
        };
        if op == UnaryOp::Plus {
            return Ok(self.convert(inner, ty));
        }
        let inner = self.convert(inner, ty);
        Ok(Expr::pure(
            ty,
            |args: &[Vector], rows| arithmetic::negate(args, rows),
            vec![inner],
            span,
        ))
    }

    /// `a and b and c …`, `a + b + …`: the parser leans such chains to the left, and a long one must not be deep.
    fn binary_chain(&mut self, expr: &syntax::Expr, row: Row<'_>) -> Result<Expr, KqlError> {
        let mut chain = Vec::new();
        let mut first = expr;
        while let ExprKind::Binary(op, left, right) = &first.kind {
            chain.push((*op, &**right, first.span));
            first = left;
        }
        let mut bound = self.scalar(first, row)?;
        while let Some((op, right, span)) = chain.pop() {
            let right = self.scalar(right, row)?;
            bound = self.binary(op, bound, right, span)?;
        }
        Ok(bound)
    }

    /// `left op right` with both sides bound.
    ///
    /// # Errors
    /// When the types do not go together.
    pub fn binary(
        &self,
        op: BinaryOp,
        left: Expr,
        right: Expr,
        span: Span,
    ) -> Result<Expr, KqlError> {
        match op {
            BinaryOp::And | BinaryOp::Or => {
                let left = self.as_condition(left)?;
                let right = self.as_condition(right)?;
                Ok(Expr::pure(
                    Type::Bool,
                    move |args: &[Vector], rows| logic::combine(op == BinaryOp::And, args, rows),
                    vec![left, right],
                    span,
                ))
            }
            BinaryOp::Equal
            | BinaryOp::NotEqual
            | BinaryOp::Less
            | BinaryOp::LessEqual
            | BinaryOp::Greater
            | BinaryOp::GreaterEqual => {
                let Some(test) = compare::Test::of(op) else {
                    return Err(KqlError::semantic(span, "expected a comparison"));
                };
                let Some(ty) = compared_as(left.ty, right.ty, test) else {
                    return Err(incomparable(&left, &right, span));
                };
                let left = self.convert(left, ty);
                let right = self.convert(right, ty);
                Ok(Expr::pure(
                    Type::Bool,
                    move |args: &[Vector], rows| compare::compare(test, ty, args, rows),
                    vec![left, right],
                    span,
                ))
            }
            BinaryOp::Add
            | BinaryOp::Subtract
            | BinaryOp::Multiply
            | BinaryOp::Divide
            | BinaryOp::Modulo => self.arithmetic(op, left, right, span),
            BinaryOp::Text(test, polarity) => {
                let left = self.as_text(left)?;
                let right = self.as_text(right)?;
                if let Some(pattern) = right.as_constant().and_then(Value::as_str) {
                    let matcher = text::Matcher::new(test, polarity.case_sensitive, pattern)
                        .map_err(|problem| {
                            KqlError::semantic(
                                right.span,
                                format!("the regular expression does not read: {problem}"),
                            )
                        })?;
                    let negated = polarity.negated;
                    return Ok(Expr::pure(
                        Type::Bool,
                        move |args: &[Vector], rows| match args {
                            [arg] => text::test(&matcher, negated, arg, rows),
                            _ => Vector::Constant(Value::Null),
                        },
                        vec![left],
                        span,
                    ));
                }
                Ok(Expr::pure(
                    Type::Bool,
                    move |args: &[Vector], rows| text::test_rows(test, polarity, args, rows),
                    vec![left, right],
                    span,
                ))
            }
        }
    }

    fn arithmetic(
        &self,
        op: BinaryOp,
        left: Expr,
        right: Expr,
        span: Span,
    ) -> Result<Expr, KqlError> {
        let Some(shape) = arithmetic::shape(op, left.ty, right.ty) else {
            let error = KqlError::semantic(
                span,
                format!(
                    "`{}` cannot stand between {} and {}",
                    sign(op),
                    left.ty.name(),
                    right.ty.name()
                ),
            );
            return Err(if left.ty == Type::String || right.ty == Type::String {
                error.help("strcat(…) joins texts; tolong(…) and todouble(…) read numbers")
            } else {
                error.help("convert one side first")
            });
        };
        let left = self.convert(left, shape.left);
        let right = self.convert(right, shape.right);
        Ok(Expr::pure(
            shape.result,
            move |args: &[Vector], rows| arithmetic::apply(op, shape, args, rows),
            vec![left, right],
            span,
        ))
    }

    /// A text or a dynamic value as text.
    pub(super) fn as_text(&self, expr: Expr) -> Result<Expr, KqlError> {
        match expr.ty {
            Type::String | Type::Dynamic => Ok(self.convert(expr, Type::String)),
            ty => Err(KqlError::semantic(
                expr.span,
                format!("expected a text, found a value of type {}", ty.name()),
            )
            .help("tostring(…) makes it a text")),
        }
    }

    fn between(
        &mut self,
        negated: bool,
        value: &syntax::Expr,
        low: &syntax::Expr,
        high: &syntax::Expr,
        span: Span,
        row: Row<'_>,
    ) -> Result<Expr, KqlError> {
        let value = self.scalar(value, row)?;
        let low = self.scalar(low, row)?;
        let mut high = self.scalar(high, row)?;
        if low.ty == Type::DateTime && high.ty == Type::Timespan {
            let place = high.span;
            high = self.arithmetic(BinaryOp::Add, low.clone(), high, place)?;
        }
        let above = self.binary(BinaryOp::GreaterEqual, value.clone(), low, span)?;
        let below = self.binary(BinaryOp::LessEqual, value, high, span)?;
        let inside = self.binary(BinaryOp::And, above, below, span)?;
        Ok(if negated { not(inside) } else { inside })
    }

    /// The names a call may have had in mind.
    pub(super) fn callable(&self) -> impl Iterator<Item = &str> {
        self.scope
            .names(|meaning| matches!(meaning, Meaning::Function(_)))
            .chain(
                functions::TABLE
                    .iter()
                    .flat_map(|area| area.iter())
                    .map(|function| function.name),
            )
    }
}

/// What lies at the end of `steps`, which stand in the order of the text turned round.
fn is_table(name: &str, span: Span) -> KqlError {
    KqlError::semantic(span, format!("expected a value, and `{name}` is a table"))
        .help(format!("toscalar({name}) takes the first cell of it"))
}

/// The type two values are compared as; none where they do not compare.
pub(super) fn compared_as(left: Type, right: Type, test: compare::Test) -> Option<Type> {
    let equality = test.is_equality();
    Some(match (left, right) {
        // A dynamic value beside a text counts as the text it prints, as in every other test of text; what is not there is "".
        (Type::Dynamic, Type::String) | (Type::String, Type::Dynamic) if equality => Type::String,
        (Type::Dynamic, _) | (_, Type::Dynamic) => Type::Dynamic,
        (Type::String, Type::String) if !equality => return None,
        (a, b) if a == b && a != Type::Int => a,
        (Type::String, Type::Guid) | (Type::Guid, Type::String) if equality => Type::Guid,
        (a, b) => {
            let as_number = |ty| if ty == Type::Bool { Type::Long } else { ty };
            arithmetic::widest(as_number(a), as_number(b))?
        }
    })
}

fn incomparable(left: &Expr, right: &Expr, span: Span) -> KqlError {
    let error = KqlError::semantic(
        span,
        format!(
            "values of types {} and {} do not compare",
            left.ty.name(),
            right.ty.name()
        ),
    );
    match (left.ty, right.ty) {
        (Type::String, Type::String) => error.help("strcmp(a, b) tells which text comes first"),
        (Type::DateTime, Type::String) | (Type::String, Type::DateTime) => {
            error.help("write datetime(…), or todatetime(…) for a text in a column")
        }
        (Type::String, ty) | (ty, Type::String) => error.help(format!(
            "convert one side: to{}(…) or tostring(…)",
            ty.name()
        )),
        _ => error.help("convert one side first"),
    }
}

fn sign(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Add => "+",
        BinaryOp::Subtract => "-",
        BinaryOp::Multiply => "*",
        BinaryOp::Divide => "/",
        _ => "%",
    }
}

/// `not(expr)` of a condition.
pub(super) fn not(expr: Expr) -> Expr {
    let span = expr.span;
    Expr::pure(
        Type::Bool,
        |args: &[Vector], rows| logic::not(args, rows),
        vec![expr],
        span,
    )
}
