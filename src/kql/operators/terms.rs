//! Conditions over every column: the terms of `search` and `find`, and `* has "…"` anywhere. They are written out column by column, so that the binder
//! sees common conditions only.

use std::borrow::Cow;

use crate::kql::error::Span;
use crate::kql::syntax::{BinaryOp, Expr, ExprKind, Literal, Name, Named, Polarity, TextOp};
use crate::kql::types::{Schema, Type};
use crate::kql::value::Value;
use crate::kql::value::text::to_text;

/// What terms are looked for in, and how.
#[derive(Clone, Copy)]
pub(super) struct Terms<'a> {
    /// The columns; terms are looked for in those that hold text.
    pub(super) schema: &'a Schema,
    /// Whether a literal that stands alone is a term.
    pub(super) bare: bool,
    /// Whether every test of text minds case.
    pub(super) case_sensitive: bool,
}

/// `condition` of `where`, with `*` written out. Borrowed where there is none.
pub(super) fn without_stars<'a>(condition: &'a Expr, schema: &Schema) -> Cow<'a, Expr> {
    if !has_star(condition) {
        return Cow::Borrowed(condition);
    }
    let terms = Terms {
        schema,
        bare: false,
        case_sensitive: false,
    };
    Cow::Owned(terms.written_out(condition))
}

fn has_star(condition: &Expr) -> bool {
    match &condition.kind {
        ExprKind::Binary(_, left, right) => {
            left.kind == ExprKind::Star || has_star(left) || has_star(right)
        }
        ExprKind::In(_, value, _) | ExprKind::Between(_, value, _, _) => {
            value.kind == ExprKind::Star
        }
        ExprKind::Call(name, arguments) => {
            name.text == "not" && arguments.iter().any(|argument| has_star(&argument.value))
        }
        _ => false,
    }
}

/// Whether a term stands in `condition`, or a `*`.
pub(super) fn has_terms(condition: &Expr) -> bool {
    match &condition.kind {
        ExprKind::Star => true,
        ExprKind::Literal(ty, _) => *ty != Type::Bool,
        ExprKind::Binary(BinaryOp::And | BinaryOp::Or, left, right) => {
            has_terms(left) || has_terms(right)
        }
        ExprKind::Call(name, arguments) => {
            name.text == "not" && arguments.iter().any(|argument| has_terms(&argument.value))
        }
        _ => has_star(condition),
    }
}

impl Terms<'_> {
    /// `condition` with its terms and its `*` written out column by column.
    pub(super) fn written_out(self, condition: &Expr) -> Expr {
        let span = condition.span;
        match &condition.kind {
            ExprKind::Literal(ty, Literal(value)) if self.bare && *ty != Type::Bool => {
                self.anywhere(&to_text(value), span)
            }
            ExprKind::Star if self.bare => truth(true, span),
            ExprKind::Binary(op @ (BinaryOp::And | BinaryOp::Or), left, right) => {
                binary(*op, self.written_out(left), self.written_out(right), span)
            }
            ExprKind::Call(name, arguments) if name.text == "not" => {
                let arguments = arguments
                    .iter()
                    .map(|argument| Named {
                        names: argument.names.clone(),
                        value: self.written_out(&argument.value),
                    })
                    .collect();
                Expr {
                    kind: ExprKind::Call(name.clone(), arguments),
                    span,
                }
            }
            ExprKind::Binary(BinaryOp::Text(TextOp::Term, _), column, term) => match text(term) {
                Some(term) if column.kind == ExprKind::Star => self.anywhere(term, span),
                Some(term) => self.term(column, term, span),
                None => condition.clone(),
            },
            ExprKind::Binary(op, left, right) => {
                let (op, negated) = self.affirmed(*op, left.kind == ExprKind::Star);
                if left.kind != ExprKind::Star {
                    return binary(op, (**left).clone(), (**right).clone(), span);
                }
                let found = self.any(span, |column| binary(op, column, (**right).clone(), span));
                if negated { not(found) } else { found }
            }
            ExprKind::In(op, value, list) if value.kind == ExprKind::Star => {
                self.any(span, |column| Expr {
                    kind: ExprKind::In(*op, Box::new(column), list.clone()),
                    span,
                })
            }
            _ => condition.clone(),
        }
    }

    /// A test as the search wants it; over all columns it is made without its negation, which then stands before the whole.
    fn affirmed(self, op: BinaryOp, everywhere: bool) -> (BinaryOp, bool) {
        match op {
            BinaryOp::Text(test, polarity) => {
                let negated = polarity.negated && everywhere;
                let polarity = Polarity {
                    negated: polarity.negated && !everywhere,
                    case_sensitive: polarity.case_sensitive || self.case_sensitive,
                };
                (BinaryOp::Text(test, polarity), negated)
            }
            BinaryOp::NotEqual if everywhere => (BinaryOp::Equal, true),
            other => (other, false),
        }
    }

    /// Whether a term stands in any column.
    fn anywhere(self, term: &str, span: Span) -> Expr {
        self.any(span, |column| self.term(&column, term, span))
    }

    fn any(self, span: Span, test: impl Fn(Expr) -> Expr) -> Expr {
        self.schema
            .fields
            .iter()
            .filter(|field| matches!(field.ty, Type::String | Type::Dynamic))
            .map(|field| {
                test(Expr {
                    kind: ExprKind::Name(field.name.to_string()),
                    span,
                })
            })
            .reduce(|left, right| binary(BinaryOp::Or, left, right, span))
            .unwrap_or_else(|| truth(false, span))
    }

    /// Whether a term stands in `column`: as a whole, or as far as its `*` leave it open.
    fn term(self, column: &Expr, term: &str, span: Span) -> Expr {
        let inner = term.trim_matches('*');
        let (op, sought) = match (term.starts_with('*'), term.ends_with('*')) {
            _ if inner.is_empty() && !term.is_empty() => return truth(true, span),
            (open, end) if inner.contains('*') => {
                (TextOp::MatchesRegex, self.pattern(inner, open, end))
            }
            (false, false) => (TextOp::Has, term.to_owned()),
            (false, true) => (TextOp::HasPrefix, inner.to_owned()),
            (true, false) => (TextOp::HasSuffix, inner.to_owned()),
            (true, true) => (TextOp::Contains, inner.to_owned()),
        };
        let polarity = Polarity {
            negated: false,
            case_sensitive: self.case_sensitive,
        };
        let literal = ExprKind::Literal(Type::String, Literal(Value::String(sought.into())));
        binary(
            BinaryOp::Text(op, polarity),
            column.clone(),
            Expr {
                kind: literal,
                span,
            },
            span,
        )
    }

    /// The regular expression of a term with `*` within it.
    fn pattern(self, inner: &str, open: bool, end: bool) -> String {
        let parts: Vec<String> = inner.split('*').map(regex::escape).collect();
        let case = if self.case_sensitive { "" } else { "(?i)" };
        let edge = |free: bool| if free { "" } else { r"\b" };
        format!("{case}{}{}{}", edge(open), parts.join(".*"), edge(end))
    }
}

fn text(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Literal(_, Literal(value)) => value.as_str(),
        _ => None,
    }
}

fn binary(op: BinaryOp, left: Expr, right: Expr, span: Span) -> Expr {
    Expr {
        kind: ExprKind::Binary(op, Box::new(left), Box::new(right)),
        span,
    }
}

fn truth(value: bool, span: Span) -> Expr {
    Expr {
        kind: ExprKind::Literal(Type::Bool, Literal(Value::Bool(value))),
        span,
    }
}

fn not(condition: Expr) -> Expr {
    let span = condition.span;
    let name = Name {
        text: "not".to_owned(),
        span,
    };
    let argument = Named {
        names: Vec::new(),
        value: condition,
    };
    Expr {
        kind: ExprKind::Call(name, vec![argument]),
        span,
    }
}
