//! Values as the language writes them.

use super::{Kind, Parsed, Parser};
use crate::kql::error::{KqlError, Span};
use crate::kql::syntax::{Expr, ExprKind, Literal};
use crate::kql::types::Type;
use crate::kql::value::{Value, literal};

/// One more than the largest long: a number only behind a minus.
const BEYOND_LONG: u64 = 1 << 63;

impl Parser<'_> {
    /// A number, a span of time, a string, `true`, `false` or a literal with its type.
    pub(super) fn literal(&mut self) -> Parsed<Expr> {
        let token = self.peek().clone();
        let text = self.text_of(&token);
        let read = match token.kind {
            Kind::Number => number(text),
            Kind::Timespan => literal::timespan(text)
                .map(|ticks| (Type::Timespan, Value::Timespan(ticks)))
                .ok_or_else(|| {
                    "the span of time is too long: it has at most 10,675,199 days".to_owned()
                }),
            Kind::Typed(ty) => return self.typed(ty),
            Kind::String(first) => {
                self.bump();
                return Ok(self.string(first, token.span));
            }
            Kind::Word if text.eq_ignore_ascii_case("true") => Ok((Type::Bool, Value::Bool(true))),
            Kind::Word if text.eq_ignore_ascii_case("false") => {
                Ok((Type::Bool, Value::Bool(false)))
            }
            _ => return Err(self.fail("a value")),
        };
        match read {
            Ok((ty, value)) => {
                self.bump();
                Ok(literal_expr(ty, value, token.span))
            }
            Err(message) => Err(self.report(KqlError::syntax(token.span, message))),
        }
    }

    /// `type(…)`.
    fn typed(&mut self, ty: Type) -> Parsed<Expr> {
        let token = self.peek().clone();
        let text = self.text_of(&token);
        let open = text.find('(').map_or(text.len(), |at| at + 1);
        let close = text.len().saturating_sub(1).max(open);
        let inner = text.get(open..close).unwrap_or("");
        match literal::typed(ty, inner) {
            Ok(value) => {
                self.bump();
                Ok(literal_expr(ty, value, token.span))
            }
            Err(expected) => {
                let span = Span::new(token.span.start + open, token.span.start + close);
                let name = ty.name();
                let error =
                    KqlError::syntax(span, format!("{name}(…) holds a literal: {expected}"))
                        .help(format!("to convert a value, write to{name}(…)"));
                Err(self.report(error))
            }
        }
    }

    /// A string, and the strings that follow it directly: they are one.
    fn string(&mut self, first: String, span: Span) -> Expr {
        let mut text = first;
        while let Kind::String(more) = &self.peek().kind {
            text.push_str(more);
            self.bump();
        }
        let span = self.span_from(span.start);
        literal_expr(Type::String, Value::String(text.into()), span)
    }

    /// `-9223372036854775808`, whose digits alone are too large.
    pub(super) fn least_long(&mut self) -> Option<Expr> {
        let start = self.peek().span.start;
        let digits = self.peek_at(1);
        let fits = digits.kind == Kind::Number
            && self.text_of(digits).parse::<u64>().ok() == Some(BEYOND_LONG);
        if !fits {
            return None;
        }
        self.bump();
        self.bump();
        let span = self.span_from(start);
        Some(literal_expr(Type::Long, Value::Long(i64::MIN), span))
    }
}

fn number(text: &str) -> Result<(Type, Value), String> {
    let hexadecimal = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    if let Some(digits) = hexadecimal {
        return u64::from_str_radix(digits, 16)
            .map(|bits| (Type::Long, Value::Long(bits.cast_signed())))
            .map_err(|_| "a hexadecimal number has at most 16 digits".to_owned());
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text
            .parse()
            .map(|number| (Type::Long, Value::Long(number)))
            .map_err(|_| {
                "the number is too large for a long; write real(…) or decimal(…)".to_owned()
            });
    }
    text.parse()
        .map(|number| (Type::Real, Value::Real(number)))
        .map_err(|_| "expected a number".to_owned())
}

/// A value as an expression.
pub(super) fn literal_expr(ty: Type, value: Value, span: Span) -> Expr {
    Expr {
        kind: ExprKind::Literal(ty, Literal(value)),
        span,
    }
}
