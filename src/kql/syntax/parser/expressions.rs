//! Scalar expressions, by precedence: `or`, `and`, equality, order, `+ -`, `* / %`, tests of text, signs, paths. (A test of text binds more
//! tightly than arithmetic: `a has b + c` is `(a has b) + c`.)

use super::{Failed, Kind, Parsed, Parser};
use crate::kql::error::{KqlError, Span};
use crate::kql::syntax::{BinaryOp, Expr, ExprKind, InOp, Name, Named, Polarity, TextOp, UnaryOp};

/// An operator between two values and how tightly it binds.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Infix {
    Binary(BinaryOp),
    In(InOp),
    /// True for `!between`.
    Between(bool),
}

const OR: u8 = 1;
const AND: u8 = 2;
const EQUALITY: u8 = 3;
const ORDER: u8 = 4;
const SUM: u8 = 5;
const PRODUCT: u8 = 6;
const TEXT: u8 = 7;

/// Words that stand between two values, for the nearest one.
pub(super) const INFIX_WORDS: &[&str] = &[
    "and",
    "or",
    "in",
    "in~",
    "!in",
    "between",
    "contains",
    "contains_cs",
    "!contains",
    "has",
    "has_cs",
    "!has",
    "has_any",
    "has_all",
    "hasprefix",
    "hassuffix",
    "startswith",
    "startswith_cs",
    "endswith",
    "endswith_cs",
    "matches",
];

impl Parser<'_> {
    /// A scalar expression.
    pub(super) fn expression(&mut self) -> Parsed<Expr> {
        self.nested(|parser| parser.infix(OR))
    }

    /// A scalar expression of arithmetic only, which leaves an `in` that follows it alone.
    pub(super) fn arithmetic(&mut self) -> Parsed<Expr> {
        self.nested(|parser| parser.infix(SUM))
    }

    /// An expression whose operators all bind at least as tightly as `least`.
    fn infix(&mut self, least: u8) -> Parsed<Expr> {
        let before = std::mem::take(&mut self.height);
        let mut left = self.prefix()?;
        while let Some((binds, infix, tokens)) = self.infix_here()
            && binds >= least
        {
            for _ in 0..tokens {
                self.bump();
            }
            left = match infix {
                Infix::Binary(op @ (BinaryOp::And | BinaryOp::Or)) => {
                    self.chain(op, binds, left)?
                }
                Infix::Binary(op) => {
                    let right = self.infix(binds + 1)?;
                    self.taller(1)?;
                    binary(op, left, right)
                }
                Infix::In(op) => self.in_list(op, left)?,
                Infix::Between(negated) => self.between(negated, left)?,
            };
        }
        self.height = self.height.max(before);
        Ok(left)
    }

    /// `a and b and c …` as a tree with short branches: what is made by a program may have hundreds.
    fn chain(&mut self, op: BinaryOp, binds: u8, first: Expr) -> Parsed<Expr> {
        let mut operands = vec![first, self.infix(binds + 1)?];
        while let Some((_, next, _)) = self.infix_here()
            && next == Infix::Binary(op)
        {
            self.bump();
            operands.push(self.infix(binds + 1)?);
        }
        self.taller(operands.len().next_power_of_two().ilog2() as usize)?;
        while operands.len() > 1 {
            let mut pairs = operands.into_iter();
            let mut halved = Vec::with_capacity(pairs.len().div_ceil(2));
            while let Some(left) = pairs.next() {
                halved.push(match pairs.next() {
                    Some(right) => binary(op, left, right),
                    None => left,
                });
            }
            operands = halved;
        }
        operands.pop().ok_or(Failed)
    }

    /// The operator that stands here between two values, how tightly it binds, and how many tokens it takes.
    fn infix_here(&self) -> Option<(u8, Infix, usize)> {
        let token = self.peek();
        let text = self.text_of(token);
        let (binds, op) = match token.kind {
            Kind::Punct => match text {
                "==" => (EQUALITY, BinaryOp::Equal),
                "!=" | "<>" => (EQUALITY, BinaryOp::NotEqual),
                "<" => (ORDER, BinaryOp::Less),
                "<=" => (ORDER, BinaryOp::LessEqual),
                ">" => (ORDER, BinaryOp::Greater),
                ">=" => (ORDER, BinaryOp::GreaterEqual),
                "+" => (SUM, BinaryOp::Add),
                "-" => (SUM, BinaryOp::Subtract),
                "*" => (PRODUCT, BinaryOp::Multiply),
                "/" => (PRODUCT, BinaryOp::Divide),
                "%" => (PRODUCT, BinaryOp::Modulo),
                "=~" => (TEXT, text_op(TextOp::EqualsIgnoringCase, false, false)),
                "!~" => (TEXT, text_op(TextOp::EqualsIgnoringCase, true, false)),
                ":" => (TEXT, text_op(TextOp::Term, false, false)),
                _ => return None,
            },
            Kind::Word => return self.infix_word(text),
            _ => return None,
        };
        Some((binds, Infix::Binary(op), 1))
    }

    fn infix_word(&self, word: &str) -> Option<(u8, Infix, usize)> {
        let positive = word.strip_prefix('!').unwrap_or(word);
        let negated = positive.len() < word.len();
        let equality = |infix| Some((EQUALITY, infix, 1));
        let polarity = |case_sensitive| Polarity {
            negated,
            case_sensitive,
        };
        match positive {
            "in" => return equality(Infix::In(InOp::In(polarity(true)))),
            "in~" => return equality(Infix::In(InOp::In(polarity(false)))),
            "between" => return equality(Infix::Between(negated)),
            "has_any" if !negated => return equality(Infix::In(InOp::HasAny)),
            "has_all" if !negated => return equality(Infix::In(InOp::HasAll)),
            "or" if !negated => return Some((OR, Infix::Binary(BinaryOp::Or), 1)),
            "and" if !negated => return Some((AND, Infix::Binary(BinaryOp::And), 1)),
            "matches" if !negated && self.word_at(1) == "regex" => {
                let op = text_op(TextOp::MatchesRegex, false, true);
                return Some((TEXT, Infix::Binary(op), 2));
            }
            _ => {}
        }
        let (name, case_sensitive) = match positive.strip_suffix("_cs") {
            Some(name) => (name, true),
            None => (positive, false),
        };
        let (op, negated, case_sensitive) = match name {
            "contains" => (TextOp::Contains, negated, case_sensitive),
            "notcontains" => (TextOp::Contains, true, false),
            "containscs" => (TextOp::Contains, false, true),
            "notcontainscs" => (TextOp::Contains, true, true),
            "has" => (TextOp::Has, negated, case_sensitive),
            "hasprefix" => (TextOp::HasPrefix, negated, case_sensitive),
            "hassuffix" => (TextOp::HasSuffix, negated, case_sensitive),
            "startswith" => (TextOp::StartsWith, negated, case_sensitive),
            "endswith" => (TextOp::EndsWith, negated, case_sensitive),
            _ => return None,
        };
        Some((TEXT, Infix::Binary(text_op(op, negated, case_sensitive)), 1))
    }

    /// The bracket after `in` and its relatives.
    fn in_list(&mut self, op: InOp, value: Expr) -> Parsed<Expr> {
        let items = if self.eat("(") {
            self.nested(|parser| parser.until(")", Self::pipe))?
        } else if matches!(self.peek().kind, Kind::Typed(_)) {
            vec![self.primary()?]
        } else {
            return Err(self.fail("`(` and the values to compare with"));
        };
        self.taller(1)?;
        let span = Span::new(value.span.start, self.last_end());
        Ok(Expr {
            kind: ExprKind::In(op, Box::new(value), items),
            span,
        })
    }

    /// The bracket after `between`.
    fn between(&mut self, negated: bool, value: Expr) -> Parsed<Expr> {
        self.expect("(")?;
        let low = self.expression()?;
        self.expect("..")?;
        let high = self.expression()?;
        self.expect(")")?;
        self.taller(1)?;
        let span = Span::new(value.span.start, self.last_end());
        Ok(Expr {
            kind: ExprKind::Between(negated, Box::new(value), Box::new(low), Box::new(high)),
            span,
        })
    }

    fn prefix(&mut self) -> Parsed<Expr> {
        let start = self.peek().span.start;
        let op = if self.is_punct("-") {
            UnaryOp::Minus
        } else if self.is_punct("+") {
            UnaryOp::Plus
        } else {
            return self.path();
        };
        if op == UnaryOp::Minus
            && let Some(least) = self.least_long()
        {
            return Ok(least);
        }
        self.bump();
        let value = self.nested(Self::prefix)?;
        Ok(Expr {
            kind: ExprKind::Unary(op, Box::new(value)),
            span: self.span_from(start),
        })
    }

    /// A value and what follows it: `.member`, `["key"]`, `[0]`.
    pub(super) fn path(&mut self) -> Parsed<Expr> {
        let before = std::mem::take(&mut self.height);
        let mut base = self.primary()?;
        loop {
            let start = base.span.start;
            let kind = if self.is_punct(".") && !self.is_punct_at(1, "[") {
                self.bump();
                let name = self.name("the name of a member")?;
                if self.is_punct("(") {
                    return Err(self.scoped_call(&name));
                }
                ExprKind::Member(Box::new(base), name)
            } else if self.is_punct("[") || self.is_punct(".") {
                if self.eat(".")
                    && matches!(self.peek_at(1).kind, Kind::String(_))
                    && self.is_punct_at(2, "]")
                {
                    ExprKind::Member(Box::new(base), self.name("the name of a member")?)
                } else {
                    self.expect("[")?;
                    let index = self.expression()?;
                    self.expect("]")?;
                    ExprKind::Index(Box::new(base), Box::new(index))
                }
            } else {
                break;
            };
            self.taller(1)?;
            base = Expr {
                kind,
                span: self.span_from(start),
            };
        }
        self.height = self.height.max(before);
        Ok(base)
    }

    fn scoped_call(&mut self, name: &Name) -> Failed {
        self.report(
            KqlError::unsupported(
                name.span,
                format!(
                    "calling `{}` of another database is not supported",
                    name.text
                ),
            )
            .help("name a table of this catalog"),
        )
    }

    fn primary(&mut self) -> Parsed<Expr> {
        let token = self.peek().clone();
        let start = token.span.start;
        match token.kind {
            Kind::Number | Kind::Timespan | Kind::Typed(_) | Kind::String(_) => self.literal(),
            Kind::Word => self.word(start),
            Kind::Punct if self.is_punct("(") => {
                self.bump();
                let mut inner = self.nested(Self::pipe)?;
                self.expect(")")?;
                inner.span = self.span_from(start);
                Ok(inner)
            }
            Kind::Punct if self.is_punct("*") => {
                self.bump();
                Ok(Expr {
                    kind: ExprKind::Star,
                    span: token.span,
                })
            }
            Kind::Punct if self.is_punct("[") => {
                let name = self.name("a value, a column or a function")?;
                Ok(name_expr(name))
            }
            _ => Err(self.fail("a value, a column or a function")),
        }
    }

    fn word(&mut self, start: usize) -> Parsed<Expr> {
        let word = self.word_at(0);
        if matches!(word, "and" | "or") || word.starts_with('!') || word.ends_with('~') {
            return Err(self.fail("a value, a column or a function"));
        }
        if matches!(word, "true" | "false" | "True" | "False" | "TRUE" | "FALSE") {
            return self.literal();
        }
        if !self.is_punct_at(1, "(") {
            let name = self.name("a value, a column or a function")?;
            return Ok(name_expr(name));
        }
        match word {
            "typeof" => {
                let ty = self.type_of()?;
                return Ok(Expr {
                    kind: ExprKind::TypeOf(ty),
                    span: self.span_from(start),
                });
            }
            "datatable" | "externaldata" | "external_data" => return self.source(start),
            _ => {}
        }
        let name = self.name("a function")?;
        self.expect("(")?;
        let arguments = self.nested(|parser| parser.until(")", Self::argument))?;
        Ok(Expr {
            kind: ExprKind::Call(name, arguments),
            span: self.span_from(start),
        })
    }

    /// An argument of a call: any expression, also a table, maybe with a name.
    pub(super) fn argument(&mut self) -> Parsed<Named> {
        let names = self.given_names()?;
        let value = self.pipe()?;
        Ok(Named { names, value })
    }

    /// `expression`, `name = expression` or `(a, b) = expression`.
    pub(super) fn named(&mut self) -> Parsed<Named> {
        let names = self.given_names()?;
        let value = self.expression()?;
        Ok(Named { names, value })
    }

    /// The names before a `=`; none when there is none.
    fn given_names(&mut self) -> Parsed<Vec<Name>> {
        let one = (self.peek().kind == Kind::Word && self.is_punct_at(1, "="))
            || (self.is_punct("[") && self.is_punct_at(2, "]") && self.is_punct_at(3, "="));
        if one {
            let name = self.name("a name")?;
            self.expect("=")?;
            return Ok(vec![name]);
        }
        if !self.is_punct("(") || !self.names_follow() {
            return Ok(Vec::new());
        }
        self.expect("(")?;
        let names = self.until(")", |parser| parser.name("a name"))?;
        self.expect("=")?;
        Ok(names)
    }

    /// Whether `(a, b, …) =` stands here.
    fn names_follow(&self) -> bool {
        let mut ahead = 1;
        loop {
            if self.peek_at(ahead).kind == Kind::Word {
                ahead += 1;
            } else if self.is_punct_at(ahead, "[") && self.is_punct_at(ahead + 2, "]") {
                ahead += 3;
            } else {
                return false;
            }
            if self.is_punct_at(ahead, ")") {
                return self.is_punct_at(ahead + 1, "=");
            }
            if !self.is_punct_at(ahead, ",") {
                return false;
            }
            ahead += 1;
        }
    }
}

fn text_op(op: TextOp, negated: bool, case_sensitive: bool) -> BinaryOp {
    BinaryOp::Text(
        op,
        Polarity {
            negated,
            case_sensitive,
        },
    )
}

fn binary(op: BinaryOp, left: Expr, right: Expr) -> Expr {
    let span = left.span.to(right.span);
    Expr {
        kind: ExprKind::Binary(op, Box::new(left), Box::new(right)),
        span,
    }
}

/// A name as an expression.
pub(super) fn name_expr(name: Name) -> Expr {
    Expr {
        kind: ExprKind::Name(name.text),
        span: name.span,
    }
}
