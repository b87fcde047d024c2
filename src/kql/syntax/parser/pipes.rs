//! Tabular expressions: what stands at the start, and the operators after each `|`.

use super::{Kind, Parsed, Parser};
use crate::kql::error::KqlError;
use crate::kql::syntax::{Expr, ExprKind, Operator, OperatorKind};

/// Words that begin a part of an operator, for the nearest one.
pub(super) const CLAUSES: &[&str] = &[
    "by", "on", "with", "asc", "desc", "nulls", "step", "from", "to", "of", "as", "limit",
];

/// Every operator that may stand after a `|`.
pub const OPERATORS: &[&str] = &[
    "as",
    "count",
    "distinct",
    "evaluate",
    "extend",
    "filter",
    "find",
    "getschema",
    "invoke",
    "join",
    "limit",
    "lookup",
    "make-series",
    "mv-apply",
    "mv-expand",
    "order",
    "parse",
    "parse-kv",
    "parse-where",
    "partition",
    "project",
    "project-away",
    "project-keep",
    "project-rename",
    "project-reorder",
    "render",
    "sample",
    "sample-distinct",
    "scan",
    "search",
    "serialize",
    "sort",
    "summarize",
    "take",
    "top",
    "top-hitters",
    "top-nested",
    "union",
    "where",
];

/// Operators of the language that are read over and not supported.
const KNOWN: &[&str] = &[
    "consume",
    "assert-schema",
    "facet",
    "fork",
    "graph-match",
    "graph-mark-components",
    "graph-shortest-paths",
    "graph-to-table",
    "graph-where-edges",
    "graph-where-nodes",
    "macro-expand",
    "make-graph",
    "project-by-names",
    "reduce",
];

impl<'a> Parser<'a> {
    /// A table and what is done to it, or just a scalar expression. A mistake in it has its error, and `Missing` or nothing stands in its
    /// place.
    pub(super) fn pipe(&mut self) -> Parsed<Expr> {
        self.nested(|parser| {
            let start = parser.peek().span.start;
            let level = parser.level();
            let source = match parser.pipe_start(start) {
                Ok(source) => source,
                Err(failed) => {
                    parser.recover(level);
                    if !parser.is_punct("|") {
                        return Err(failed);
                    }
                    parser.missing()
                }
            };
            if !parser.is_punct("|") {
                return Ok(source);
            }
            let mut operators = Vec::new();
            parser.operators(level, true, &mut operators);
            Ok(Expr {
                kind: ExprKind::Pipe(Box::new(source), operators),
                span: parser.span_from(start),
            })
        })
    }

    fn pipe_start(&mut self, start: usize) -> Parsed<Expr> {
        if self.source_follows() {
            self.source(start)
        } else {
            self.expression()
        }
    }

    /// Whether an operator that gives rows of its own stands here, and not a column or table of its name.
    fn source_follows(&self) -> bool {
        let next = self.peek_at(1);
        let word_next = next.kind == Kind::Word
            && !matches!(
                self.word_at(1),
                "and" | "or" | "has" | "contains" | "startswith" | "endswith" | "between"
            );
        let value_next = matches!(
            next.kind,
            Kind::String(_) | Kind::Number | Kind::Timespan | Kind::Typed(_)
        );
        let punct_next =
            |puncts: &[&str]| next.kind == Kind::Punct && puncts.contains(&self.text_of(next));
        match self.word_at(0) {
            "print" => word_next || value_next || punct_next(&["(", "-", "+", "["]),
            "search" | "find" => word_next || value_next || punct_next(&["(", "*", "["]),
            "union" => word_next || punct_next(&["(", "*", "["]),
            "evaluate" => word_next,
            "range" => (word_next && self.word_at(2) == "from") || punct_next(&["["]),
            "macro-expand" => true,
            _ => false,
        }
    }

    /// Operators with `|` between them up to the end of the pipe; `piped` when a `|` stands before the first as well.
    pub(super) fn operators(&mut self, level: usize, piped: bool, operators: &mut Vec<Operator>) {
        let mut first = !piped;
        while first || self.eat("|") {
            first = false;
            if let Ok(operator) = self.operator() {
                operators.push(operator);
                if self.pipe_goes_on() {
                    continue;
                }
                self.operator_goes_on();
            }
            self.recover(level);
        }
    }

    /// Whether what stands here may follow a whole operator.
    fn pipe_goes_on(&self) -> bool {
        self.peek().kind == Kind::End
            || ["|", ";", ")", "]", "}", ","]
                .iter()
                .any(|punct| self.is_punct(punct))
    }

    /// What stands after a whole operator and does not belong to it.
    fn operator_goes_on(&mut self) {
        let mut known = super::expressions::INFIX_WORDS.to_vec();
        known.extend_from_slice(CLAUSES);
        self.fail_near("an operator, `,`, `|` or the end of the query", &known);
    }

    /// One operator, from its name.
    fn operator(&mut self) -> Parsed<Operator> {
        let start = self.peek().span.start;
        let name = self.operator_name();
        if !is_operator(name) {
            let known: Vec<&str> = OPERATORS.iter().chain(KNOWN).copied().collect();
            return Err(self.unknown_operator(name, &known));
        }
        for _ in 0..=name.matches('-').count() * 2 {
            self.bump();
        }
        let kind = self.operator_kind(name, start)?;
        Ok(Operator {
            kind,
            span: self.span_from(start),
        })
    }

    fn unknown_operator(&mut self, name: &str, known: &[&str]) -> super::Failed {
        if name.is_empty() {
            return self.fail("an operator such as where, summarize or project");
        }
        let span = self.peek().span;
        let span = crate::kql::Span::new(span.start, span.start + name.len());
        let expected = "expected an operator such as where, summarize or project";
        let mut error = KqlError::syntax(span, format!("{expected}, found `{name}`"));
        if matches!(name, "print" | "range" | "datatable" | "externaldata") {
            error = KqlError::syntax(
                span,
                format!("{expected}, found `{name}`, which begins a query"),
            );
        } else if let Some(near) = crate::kql::error::nearest(name, known.iter().copied()) {
            error = error.help(format!("did you mean `{near}`?"));
        }
        self.report(error)
    }

    /// The name of the operator that stands here, with its hyphens; "" when no word stands here.
    fn operator_name(&self) -> &'a str {
        let first = self.peek();
        if first.kind != Kind::Word {
            return "";
        }
        let mut end = first.span.end;
        let mut ahead = 1;
        while self.is_punct_at(ahead, "-")
            && self.peek_at(ahead).span.start == end
            && self.peek_at(ahead + 1).kind == Kind::Word
            && self.peek_at(ahead + 1).span.start == end + 1
        {
            end = self.peek_at(ahead + 1).span.end;
            ahead += 2;
        }
        self.text.get(first.span.start..end).unwrap_or("")
    }

    /// What is no operator of this engine: read over up to the end of the operator.
    pub(super) fn skipped(&mut self, name: &str, start: usize) -> OperatorKind {
        let span = crate::kql::Span::new(start, start + name.len());
        let level = self.level();
        if !self.pipe_goes_on() || self.is_punct(",") {
            self.bump_to_end(level);
        }
        OperatorKind::Other(crate::kql::syntax::Name {
            text: name.to_owned(),
            span,
        })
    }

    fn bump_to_end(&mut self, level: usize) {
        while self.peek().kind != Kind::End {
            let here = self.level();
            let closes = self.is_punct(")") || self.is_punct("]") || self.is_punct("}");
            let ends = self.is_punct("|") || self.is_punct(";");
            if (ends && here <= level) || (closes && here < level) {
                return;
            }
            self.bump();
        }
    }
}

/// Whether `name` is an operator of the language.
fn is_operator(name: &str) -> bool {
    OPERATORS.contains(&name)
        || KNOWN.contains(&name)
        || matches!(name, "mvexpand" | "mvapply" | "graph-match")
}
