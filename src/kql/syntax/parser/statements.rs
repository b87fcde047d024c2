//! Statements: `let`, `declare query_parameters`, `set`, and queries.

use super::{Kind, Parsed, Parser};
use crate::kql::error::KqlError;
use crate::kql::syntax::{Expr, ExprKind, Parameter, ParameterType, Query, Statement};

impl Parser<'_> {
    /// The whole text.
    pub(super) fn query(&mut self) -> Query {
        let query = self.statements(None);
        if query.statements.is_empty() && self.errors.is_empty() {
            let at = self.peek().span;
            self.report(KqlError::syntax(at, "expected a query, found nothing"));
        }
        query
    }

    /// Statements up to the end, or up to `close`.
    fn statements(&mut self, close: Option<&str>) -> Query {
        let level = self.level();
        let mut query = Query::default();
        loop {
            while self.eat(";") {}
            if self.peek().kind == Kind::End || close.is_some_and(|close| self.is_punct(close)) {
                return query;
            }
            let before = self.at;
            let mut done = match self.statement() {
                Ok(statement) => {
                    query.statements.push(statement);
                    true
                }
                Err(_) => false,
            };
            let ends = self.is_punct(";")
                || self.peek().kind == Kind::End
                || close.is_some_and(|close| self.is_punct(close));
            if done && !ends {
                self.statement_goes_on();
                done = false;
            }
            if !done {
                self.skip_statement(level, close);
            }
            if self.at == before {
                self.bump();
            }
        }
    }

    /// What stands after a whole statement and does not belong to it.
    fn statement_goes_on(&mut self) {
        if self.is_punct(")") || self.is_punct("]") || self.is_punct("}") {
            let close = self.text_of(self.peek());
            let error = KqlError::syntax(
                self.peek().span,
                format!(
                    "expected `|`, `;` or the end of the query, found `{close}`, which no bracket opens"
                ),
            );
            self.report(error);
        } else {
            let mut known = super::expressions::INFIX_WORDS.to_vec();
            known.extend_from_slice(super::pipes::CLAUSES);
            self.fail_near("an operator, `|`, `;` or the end of the query", &known);
        }
    }

    fn skip_statement(&mut self, level: usize, close: Option<&str>) {
        while self.peek().kind != Kind::End {
            let here = self.level();
            if (self.is_punct(";") && here <= level)
                || (here < level && close.is_some_and(|close| self.is_punct(close)))
            {
                return;
            }
            self.bump();
        }
    }

    fn statement(&mut self) -> Parsed<Statement> {
        let names = self.peek_at(1).kind == Kind::Word || self.is_punct_at(1, "[");
        match self.word_at(0) {
            "let" if names || self.is_punct_at(1, "=") => self.let_statement(),
            "set" if names => {
                self.bump();
                let name = self.name("the name of an option")?;
                let value = if self.eat("=") {
                    Some(self.path()?)
                } else {
                    None
                };
                Ok(Statement::Set { name, value })
            }
            "declare" if self.word_at(1) == "query_parameters" => {
                self.bump();
                self.bump();
                self.expect("(")?;
                Ok(Statement::Parameters(self.until(")", Self::parameter)?))
            }
            word @ ("declare" | "alias" | "restrict") if names => {
                let error = KqlError::unsupported(
                    self.peek().span,
                    format!(
                        "the statement `{word} {}` is not supported",
                        self.word_at(1)
                    ),
                );
                Err(self.report(error))
            }
            _ => Ok(Statement::Expression(self.pipe()?)),
        }
    }

    fn let_statement(&mut self) -> Parsed<Statement> {
        self.bump();
        let name = self.name("a name")?;
        self.expect("=")?;
        let start = self.peek().span.start;
        let view = self.word_at(0) == "view" && self.is_punct_at(1, "(");
        if view && self.function_follows(1) {
            self.bump();
        }
        let value = if self.function_follows(0) {
            self.function(start)?
        } else {
            self.pipe()?
        };
        Ok(Statement::Let { name, value })
    }

    /// Whether `() {` or `(name: …` stands `ahead` tokens further.
    fn function_follows(&self, ahead: usize) -> bool {
        self.is_punct_at(ahead, "(")
            && ((self.is_punct_at(ahead + 1, ")") && self.is_punct_at(ahead + 2, "{"))
                || (self.peek_at(ahead + 1).kind == Kind::Word && self.is_punct_at(ahead + 2, ":")))
    }

    /// `(parameters) { statements }`.
    fn function(&mut self, start: usize) -> Parsed<Expr> {
        self.expect("(")?;
        let parameters = self.until(")", Self::parameter)?;
        self.expect("{")?;
        let body = self.nested(|parser| Ok(parser.statements(Some("}"))))?;
        self.expect("}")?;
        Ok(Expr {
            kind: ExprKind::Function(parameters, body),
            span: self.span_from(start),
        })
    }

    /// `name: type = default` or `name: (column: type, …)` or `name: (*)`.
    pub(super) fn parameter(&mut self) -> Parsed<Parameter> {
        let name = self.name("the name of a parameter")?;
        self.expect(":")?;
        if self.is_punct("(") {
            let columns = if self.is_punct_at(1, "*") && self.is_punct_at(2, ")") {
                self.at += 3;
                Vec::new()
            } else {
                self.column_declarations()?
            };
            return Ok(Parameter {
                name,
                ty: ParameterType::Table(columns),
                default: None,
            });
        }
        let ty = ParameterType::Scalar(self.ty()?);
        let default = if self.eat("=") {
            Some(self.expression()?)
        } else {
            None
        };
        Ok(Parameter { name, ty, default })
    }
}
