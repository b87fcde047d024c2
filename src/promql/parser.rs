//! Tokens to a tree whose types fit.

mod selectors;

use std::ops::Range;

use super::error::Error;
use super::functions;
use super::lexer::{Placed, Token, tokens};
use super::syntax::{
    Aggregate, Aggregation, Binary, Expr, Grouping, Kind, Many, Matching, Operator, Type,
};
use super::types::{check_args, check_binary, require_type};

/// Keywords that name no metric.
const NO_METRICS: &[&str] = &[
    "bool",
    "on",
    "ignoring",
    "group_left",
    "group_right",
    "atan2",
];
/// Words that name no label in a list of labels.
const NO_LABELS: &[&str] = &["without", "inf", "nan"];

/// How long a query may be, in bytes: what is longer was not written by a person, and takes memory before it can be refused.
const LENGTH_MAX: usize = 100_000;
/// How deep parentheses, calls and signs may be nested: deeper is no query that a person wrote, and the stack is finite.
const DEPTH_MAX: usize = 100;
/// How many operators a query may have: each makes the tree one deeper, and the tree is evaluated on the same stack.
const OPERATORS_MAX: usize = 250;

/// Reads a query and checks its types.
pub fn parse(text: &str) -> Result<Expr, Error> {
    if text.len() > LENGTH_MAX {
        let message = format!("the query is longer than {LENGTH_MAX} bytes");
        return Err(Error::syntax(&(0..0), message));
    }
    let tokens = tokens(text)?;
    let mut parser = Parser {
        tokens,
        at: 0,
        depth: 0,
        operators: 0,
    };
    if parser.peek() == &Token::End {
        return Err(parser.unexpected("no expression found in input"));
    }
    let expr = parser.binary(0)?;
    match parser.peek() {
        Token::End => Ok(expr),
        _ => Err(parser.unexpected("unexpected text after the end of the expression")),
    }
}

struct Parser {
    tokens: Vec<Placed>,
    at: usize,
    depth: usize,
    operators: usize,
}

impl Parser {
    fn peek_at(&self, ahead: usize) -> &Token {
        self.tokens
            .get(self.at + ahead)
            .map_or(&Token::End, |placed| &placed.token)
    }

    fn peek(&self) -> &Token {
        self.peek_at(0)
    }

    fn span(&self) -> Range<usize> {
        let placed = self.tokens.get(self.at).or(self.tokens.last());
        placed.map_or(0..0, |placed| placed.span.clone())
    }

    /// From `start` up to what was read last.
    fn since(&self, start: usize) -> Range<usize> {
        let before = self.at.checked_sub(1).and_then(|at| self.tokens.get(at));
        start..before.map_or(start, |placed| placed.span.end)
    }

    fn unexpected(&self, message: &str) -> Error {
        Error::syntax(&self.span(), message)
    }

    fn symbol(&mut self, wanted: &str) -> bool {
        let found = matches!(self.peek(), Token::Symbol(symbol) if *symbol == wanted);
        self.at += usize::from(found);
        found
    }

    fn require(&mut self, wanted: &str, place: &str) -> Result<(), Error> {
        if self.symbol(wanted) {
            return Ok(());
        }
        Err(self.unexpected(&format!("expected \"{wanted}\" {place}")))
    }

    /// Whether a keyword comes next, in any case.
    fn is_keyword(&self, wanted: &str) -> bool {
        matches!(self.peek(), Token::Name(name) if name.eq_ignore_ascii_case(wanted))
    }

    fn keyword(&mut self, wanted: &str) -> bool {
        let found = self.is_keyword(wanted);
        self.at += usize::from(found);
        found
    }

    fn name(&mut self, what: &str) -> Result<String, Error> {
        if let Token::Name(name) = self.peek() {
            let name = name.clone();
            if !name.starts_with(|c: char| c.is_ascii_digit()) {
                self.at += 1;
                return Ok(name);
            }
        }
        Err(self.unexpected(&format!("expected {what}")))
    }

    fn label(&mut self) -> Result<String, Error> {
        let name = self.name("the name of a label")?;
        if name.contains(':') {
            self.at -= 1;
            return Err(self.unexpected("the name of a label has no colon"));
        }
        Ok(name)
    }

    fn text(&mut self, what: &str) -> Result<String, Error> {
        if let Token::Text(text) = self.peek() {
            let text = text.clone();
            self.at += 1;
            return Ok(text);
        }
        Err(self.unexpected(&format!("expected {what} in quotes")))
    }

    fn duration(&mut self) -> Result<i64, Error> {
        match self.peek() {
            Token::Duration(0) => Err(self.unexpected("duration must be greater than 0")),
            Token::Duration(milliseconds) => {
                let milliseconds = *milliseconds;
                self.at += 1;
                Ok(milliseconds)
            }
            _ => Err(self.unexpected("expected a duration, such as 5m")),
        }
    }

    /// Reads what is nested, unless it is nested too deep.
    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        if self.depth >= DEPTH_MAX {
            return Err(self.unexpected("the query is nested too deep"));
        }
        self.depth += 1;
        let done = read(self);
        self.depth -= 1;
        done
    }

    fn binary(&mut self, least: u8) -> Result<Expr, Error> {
        let start = self.span().start;
        let mut left = self.nested(Self::signed)?;
        loop {
            let word = match self.peek() {
                Token::Symbol(symbol) => (*symbol).to_owned(),
                Token::Name(name) => name.to_ascii_lowercase(),
                _ => return Ok(left),
            };
            let Some((op, strength)) = Operator::read(&word).filter(|(_, s)| *s >= least) else {
                return Ok(left);
            };
            self.operators += 1;
            if self.operators > OPERATORS_MAX {
                let message = format!("the query has more than {OPERATORS_MAX} operators");
                return Err(self.unexpected(&message));
            }
            let place = self.span();
            self.at += 1;
            let bool = self.is_keyword("bool");
            if bool && !op.compares() {
                return Err(
                    self.unexpected("bool modifier can only be used on comparison operators")
                );
            }
            self.at += usize::from(bool);
            let matching = self.matching(op)?;
            // `^` takes what follows first, the others what came before.
            let right = match op {
                Operator::Power => self.nested(|parser| parser.binary(strength))?,
                _ => self.nested(|parser| parser.binary(strength + 1))?,
            };
            let binary = Binary {
                op,
                bool,
                matching,
                left,
                right,
            };
            check_binary(&binary, &place)?;
            left = Expr {
                kind: Kind::Binary(Box::new(binary)),
                span: self.since(start),
            };
        }
    }

    fn matching(&mut self, op: Operator) -> Result<Matching, Error> {
        let mut matching = Matching::default();
        let without = self.is_keyword("ignoring");
        if !without && !self.is_keyword("on") {
            return Ok(matching);
        }
        self.at += 1;
        let labels = self.labels()?;
        for (word, many) in [("group_left", Many::Left), ("group_right", Many::Right)] {
            if !self.is_keyword(word) {
                continue;
            }
            if op.is_set() {
                return Err(self.unexpected("no grouping allowed for set operations"));
            }
            self.at += 1;
            matching.many = Some(many);
            if self.peek() == &Token::Symbol("(") {
                matching.include = self.labels()?;
            }
            break;
        }
        if !without && let Some(twice) = labels.iter().find(|l| matching.include.contains(*l)) {
            let message = format!("label {twice:?} must not occur in ON and GROUP clause at once");
            return Err(self.unexpected(&message));
        }
        matching.labels = Some(Grouping { without, labels });
        Ok(matching)
    }

    /// `(a, b,)`
    fn labels(&mut self) -> Result<Vec<String>, Error> {
        self.require("(", "before the names of labels")?;
        let mut labels = Vec::new();
        while !self.symbol(")") {
            if NO_LABELS.iter().any(|word| self.is_keyword(word)) {
                return Err(self.unexpected("expected the name of a label, which this word is not"));
            }
            labels.push(self.label()?);
            if !self.symbol(",") {
                self.require(")", "after the names of labels")?;
                break;
            }
        }
        Ok(labels)
    }

    fn signed(&mut self) -> Result<Expr, Error> {
        let start = self.span().start;
        let negative = matches!(self.peek(), Token::Symbol("-"));
        if !negative && !self.symbol("+") {
            return self.postfixed();
        }
        self.at += usize::from(negative);
        let operand = self.nested(|parser| parser.binary(Operator::POWER))?;
        let ty = operand.ty();
        if !matches!(ty, Type::Scalar | Type::Vector) {
            let message = format!(
                "unary expression only allowed on expressions of type scalar or instant vector, got {ty}"
            );
            return Err(Error::syntax(&operand.span, message));
        }
        let kind = match operand.kind {
            Kind::Number(number) => Kind::Number(if negative { -number } else { number }),
            _ => Kind::Signed {
                negative,
                operand: Box::new(operand),
            },
        };
        let span = self.since(start);
        Ok(Expr { kind, span })
    }

    fn operand(&mut self) -> Result<Expr, Error> {
        let start = self.span().start;
        let kind = match self.peek().clone() {
            Token::Number(number) => {
                self.at += 1;
                Kind::Number(number)
            }
            Token::Text(text) => {
                self.at += 1;
                Kind::Text(text)
            }
            Token::Symbol("(") => {
                self.at += 1;
                let inner = self.nested(|parser| parser.binary(0))?;
                self.require(")", "after the expression in parentheses")?;
                Kind::Paren(Box::new(inner))
            }
            Token::Symbol("{") => Kind::Selector(self.selector(None)?),
            Token::Name(name) => self.named(&name)?,
            Token::Duration(_) => {
                return Err(
                    self.unexpected("unexpected duration: it stands in [ ] or after offset")
                );
            }
            Token::End => return Err(self.unexpected("unexpected end of input")),
            Token::Symbol(symbol) => {
                return Err(self.unexpected(&format!("unexpected \"{symbol}\"")));
            }
        };
        let span = self.since(start);
        Ok(Expr { kind, span })
    }

    /// What begins with a name: an aggregation, a call, a number in words, a metric.
    fn named(&mut self, name: &str) -> Result<Kind, Error> {
        let lower = name.to_ascii_lowercase();
        let called = self.peek_at(1) == &Token::Symbol("(");
        if let Some(op) = Aggregation::read(&lower) {
            let grouped = matches!(self.peek_at(1), Token::Name(word)
                if word.eq_ignore_ascii_case("by") || word.eq_ignore_ascii_case("without"));
            if called || grouped {
                return self.nested(|parser| parser.aggregate(op));
            }
        }
        if called {
            return self.nested(|parser| parser.call(name));
        }
        match lower.as_str() {
            "inf" => {
                self.at += 1;
                Ok(Kind::Number(f64::INFINITY))
            }
            "nan" => {
                self.at += 1;
                Ok(Kind::Number(f64::NAN))
            }
            word if NO_METRICS.contains(&word) => {
                Err(self.unexpected(&format!("unexpected <{word}>")))
            }
            _ => {
                let name = self.name("a metric")?;
                Ok(Kind::Selector(self.selector(Some(name))?))
            }
        }
    }

    fn aggregate(&mut self, op: Aggregation) -> Result<Kind, Error> {
        self.at += 1;
        let mut grouping = self.grouping()?;
        let place = self.span();
        let mut args = self.args()?;
        if grouping.is_none() {
            grouping = self.grouping()?;
        }
        let wanted = 1 + usize::from(op.param().is_some());
        if args.len() != wanted {
            let message = format!(
                "wrong number of arguments for aggregate expression provided, expected {wanted}, got {}",
                args.len()
            );
            return Err(Error::syntax(&place, message));
        }
        let expr = args.pop().ok_or_else(|| self.unexpected("no arguments"))?;
        require_type(&expr, Type::Vector, "aggregation expression")?;
        let param = args.pop();
        if let (Some(param), Some(ty)) = (&param, op.param()) {
            require_type(param, ty, "aggregation parameter")?;
        }
        Ok(Kind::Aggregate(Box::new(Aggregate {
            op,
            grouping: grouping.unwrap_or_default(),
            param,
            expr,
        })))
    }

    fn grouping(&mut self) -> Result<Option<Grouping>, Error> {
        let without = self.keyword("without");
        if !without && !self.keyword("by") {
            return Ok(None);
        }
        let labels = self.labels()?;
        Ok(Some(Grouping { without, labels }))
    }

    fn args(&mut self) -> Result<Vec<Expr>, Error> {
        self.require("(", "before arguments")?;
        let mut args = Vec::new();
        if self.symbol(")") {
            return Ok(args);
        }
        loop {
            args.push(self.binary(0)?);
            if !self.symbol(",") {
                self.require(")", "after arguments")?;
                return Ok(args);
            }
        }
    }

    fn call(&mut self, name: &str) -> Result<Kind, Error> {
        let place = self.span();
        let Some(function) = functions::find(name) else {
            return Err(if functions::ELSEWHERE.contains(&name) {
                Error::unsupported(&place, &format!("{name}()"))
            } else {
                Error::syntax(&place, format!("unknown function with name {name:?}"))
            });
        };
        self.at += 1;
        let args = self.args()?;
        check_args(function, &args, &place)?;
        Ok(Kind::Call { function, args })
    }
}
