//! Operators that give rows of their own or bring tables together: `print`, `range`, `datatable`, `union`, `join`, `search`, `find`, `evaluate`.

use super::expressions::name_expr;
use super::{Kind, Parsed, Parser};
use crate::kql::error::Span;
use crate::kql::syntax::{
    ColumnDeclaration, Expr, ExprKind, Literal, Name, Operator, OperatorKind, OperatorOption,
};
use crate::kql::types::Type;
use crate::kql::value::Value;

impl Parser<'_> {
    /// An operator that gives rows of its own.
    pub(super) fn source(&mut self, start: usize) -> Parsed<Expr> {
        let name = self.word_at(0);
        self.bump();
        let kind = match name {
            "print" => OperatorKind::Print(self.list(Self::named)?),
            "range" => self.range()?,
            "datatable" => self.datatable()?,
            "union" => self.union()?,
            "search" => self.search()?,
            "find" => self.find()?,
            "evaluate" => self.evaluate()?,
            _ => self.skipped(name, start),
        };
        let span = self.span_from(start);
        Ok(Expr {
            kind: ExprKind::Source(Box::new(Operator { kind, span })),
            span,
        })
    }

    fn range(&mut self) -> Parsed<OperatorKind> {
        let name = self.name("the name of a column")?;
        self.expect_word("from")?;
        let from = Box::new(self.expression()?);
        self.expect_word("to")?;
        let to = Box::new(self.expression()?);
        self.expect_word("step")?;
        let step = Box::new(self.expression()?);
        Ok(OperatorKind::Range {
            name,
            from,
            to,
            step,
        })
    }

    fn datatable(&mut self) -> Parsed<OperatorKind> {
        let columns = self.column_declarations()?;
        self.expect("[")?;
        let values = self.nested(|parser| parser.until("]", Self::expression))?;
        Ok(OperatorKind::DataTable(columns, values))
    }

    pub(super) fn join(&mut self) -> Parsed<OperatorKind> {
        let (options, right, on) = self.joined()?;
        Ok(OperatorKind::Join { options, right, on })
    }

    pub(super) fn lookup(&mut self) -> Parsed<OperatorKind> {
        let (options, right, on) = self.joined()?;
        Ok(OperatorKind::Lookup { options, right, on })
    }

    fn joined(&mut self) -> Parsed<(Vec<OperatorOption>, Box<Expr>, Vec<Expr>)> {
        let options = self.options(&["kind"])?;
        let right = Box::new(self.path()?);
        self.expect_word("on")?;
        let on = self.list(Self::expression)?;
        Ok((options, right, on))
    }

    pub(super) fn union(&mut self) -> Parsed<OperatorKind> {
        let options = self.options(&["kind", "withsource", "with_source", "isfuzzy"])?;
        let tables = self.list(Self::table)?;
        Ok(OperatorKind::Union { options, tables })
    }

    /// A table: a name, maybe with `*`, a call, or a query in brackets.
    fn table(&mut self) -> Parsed<Expr> {
        let wildcard = self.is_punct("*")
            || (self.peek().kind == Kind::Word
                && self.is_punct_at(1, "*")
                && self.peek_at(1).span.start == self.peek().span.end);
        if wildcard {
            return Ok(name_expr(self.pattern("a table")?));
        }
        self.path()
    }

    /// `in (tables)`, where it stands.
    fn in_tables(&mut self) -> Parsed<Vec<Expr>> {
        if !self.eat_word("in") {
            return Ok(Vec::new());
        }
        self.expect("(")?;
        self.until(")", Self::table)
    }

    pub(super) fn search(&mut self) -> Parsed<OperatorKind> {
        let options = self.options(&["kind", "withsource", "with_source"])?;
        let tables = self.in_tables()?;
        let predicate = Box::new(self.expression()?);
        Ok(OperatorKind::Search {
            options,
            tables,
            predicate,
        })
    }

    pub(super) fn find(&mut self) -> Parsed<OperatorKind> {
        let mut options = self.options(&["withsource", "with_source", "datascope"])?;
        let tables = self.in_tables()?;
        self.eat_word("where");
        let predicate = Box::new(self.expression()?);
        let mut project = Vec::new();
        if self.is_word("project") && self.is_punct_at(1, "-") && self.word_at(2) == "smart" {
            let span = Span::new(self.peek().span.start, self.peek_at(2).span.end);
            self.at += 3;
            options.push(OperatorOption {
                name: Name {
                    text: "project-smart".to_owned(),
                    span,
                },
                value: Expr {
                    kind: ExprKind::Literal(Type::Bool, Literal(Value::Bool(true))),
                    span,
                },
            });
        } else if self.eat_word("project") {
            project = self.list(Self::found_column)?;
        }
        Ok(OperatorKind::Find {
            options,
            tables,
            predicate,
            project,
        })
    }

    /// `name`, `name: type`, or `pack_all()`, which was written `pack(*)`.
    fn found_column(&mut self) -> Parsed<(Name, Option<Type>)> {
        let name = self.name("the name of a column")?;
        if matches!(name.text.as_str(), "pack" | "pack_all") && self.eat("(") {
            self.eat("*");
            self.expect(")")?;
            let text = "pack(*)".to_owned();
            let span = self.span_from(name.span.start);
            return Ok((Name { text, span }, None));
        }
        let ty = if self.eat(":") {
            Some(self.ty()?)
        } else {
            None
        };
        Ok((name, ty))
    }

    pub(super) fn evaluate(&mut self) -> Parsed<OperatorKind> {
        self.options(&[])?;
        let plugin = self.name("a plugin such as pivot or bag_unpack")?;
        self.expect("(")?;
        let arguments = self.nested(|parser| parser.until(")", Self::argument))?;
        let schema = if self.eat(":") {
            self.expect("(")?;
            Some(self.until(")", Self::plugin_column)?)
        } else {
            None
        };
        Ok(OperatorKind::Evaluate {
            plugin,
            arguments,
            schema,
        })
    }

    /// `name: type`, or `*` for the columns of the input.
    fn plugin_column(&mut self) -> Parsed<ColumnDeclaration> {
        let span = self.peek().span;
        if self.eat("*") {
            return Ok(ColumnDeclaration {
                name: Name {
                    text: "*".to_owned(),
                    span,
                },
                ty: Type::Dynamic,
            });
        }
        self.column_declaration()
    }
}
