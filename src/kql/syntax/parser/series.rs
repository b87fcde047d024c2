//! Operators with a long sentence of their own: `make-series`, `scan`, `top-nested`, `top-hitters`.

use super::{Parsed, Parser};
use crate::kql::error::Span;
use crate::kql::syntax::{
    Expr, ExprKind, Literal, Name, Named, OperatorKind, OperatorOption, Scan, ScanStep,
    TopNestedLevel,
};
use crate::kql::types::Type;
use crate::kql::value::Value;

impl Parser<'_> {
    pub(super) fn make_series(&mut self) -> Parsed<OperatorKind> {
        let mut options = self.options(&["kind"])?;
        let aggregates = self.list(Self::series_aggregate)?;
        self.expect_word("on")?;
        let on = Box::new(self.arithmetic()?);
        let start = self.peek().span.start;
        let (mut from, mut to) = (None, None);
        let step = if self.eat_word("in") {
            self.expect_word("range")?;
            self.expect("(")?;
            from = Some(Box::new(self.expression()?));
            self.expect(",")?;
            to = Some(Box::new(self.expression()?));
            self.expect(",")?;
            let step = self.expression()?;
            self.expect(")")?;
            options.push(in_range(self.span_from(start)));
            step
        } else {
            if self.eat_word("from") {
                from = Some(Box::new(self.expression()?));
            }
            if self.eat_word("to") {
                to = Some(Box::new(self.expression()?));
            }
            self.expect_word("step")?;
            self.expression()?
        };
        let by = self.by()?;
        Ok(OperatorKind::MakeSeries {
            options,
            aggregates,
            on,
            from,
            to,
            step: Box::new(step),
            by,
        })
    }

    /// `name = aggregate default = value`.
    fn series_aggregate(&mut self) -> Parsed<(Named, Option<Expr>)> {
        let aggregate = self.named()?;
        let default = if self.word_at(0) == "default" {
            self.bump();
            self.expect("=")?;
            Some(self.expression()?)
        } else {
            None
        };
        Ok((aggregate, default))
    }

    pub(super) fn scan(&mut self) -> Parsed<OperatorKind> {
        let options = self.options(&["with_match_id", "with_step_name"])?;
        let mut order_by = Vec::new();
        if self.eat_word("order") {
            self.expect_word("by")?;
            order_by = self.list(Self::sort_key)?;
        }
        let mut partition_by = Vec::new();
        if self.eat_word("partition") {
            self.expect_word("by")?;
            partition_by = self.list(Self::expression)?;
        }
        let mut declare = Vec::new();
        if self.eat_word("declare") {
            self.expect("(")?;
            declare = self.until(")", Self::parameter)?;
        }
        self.expect_word("with")?;
        self.expect("(")?;
        let mut steps = vec![self.scan_step()?];
        while !self.eat(")") {
            steps.push(self.scan_step()?);
        }
        Ok(OperatorKind::Scan(Box::new(Scan {
            options,
            order_by,
            partition_by,
            declare,
            steps,
        })))
    }

    /// `step name optional output=… : condition => name = value, … ;`
    fn scan_step(&mut self) -> Parsed<ScanStep> {
        self.expect_word("step")?;
        let name = self.name("the name of a step")?;
        let optional = self.eat_word("optional");
        let output = if self.word_at(0) == "output" {
            self.bump();
            self.expect("=")?;
            Some(self.name("`all`, `last` or `none`")?)
        } else {
            None
        };
        self.expect(":")?;
        let condition = self.expression()?;
        let assignments = if self.eat("=>") {
            self.list(|parser| {
                let name = parser.name("the name of a column")?;
                parser.expect("=")?;
                Ok((name, parser.expression()?))
            })?
        } else {
            Vec::new()
        };
        // The one after the last step may be left out.
        if !self.is_punct(")") {
            self.expect(";")?;
        }
        Ok(ScanStep {
            name,
            optional,
            output,
            condition,
            assignments,
        })
    }

    pub(super) fn top_nested(&mut self) -> Parsed<OperatorKind> {
        let mut levels = vec![self.top_nested_level()?];
        while self.eat(",") {
            if self.word_at(0) != "top" || !self.is_punct_at(1, "-") || self.word_at(2) != "nested"
            {
                return Err(self.fail("`top-nested`"));
            }
            self.at += 3;
            levels.push(self.top_nested_level()?);
        }
        Ok(OperatorKind::TopNested(levels))
    }

    fn top_nested_level(&mut self) -> Parsed<TopNestedLevel> {
        let count = if self.is_word("of") {
            None
        } else {
            Some(self.expression()?)
        };
        self.expect_word("of")?;
        let of = self.named()?;
        let others = if self.eat_word("with") {
            if self.word_at(0) != "others" {
                return Err(self.fail("`others`"));
            }
            self.bump();
            self.expect("=")?;
            Some(self.expression()?)
        } else {
            None
        };
        self.expect_word("by")?;
        let by = self.named()?;
        let descending = self.direction();
        Ok(TopNestedLevel {
            count,
            of,
            others,
            by,
            descending,
        })
    }

    pub(super) fn top_hitters(&mut self) -> Parsed<OperatorKind> {
        let count = Box::new(self.expression()?);
        self.expect_word("of")?;
        let of = Box::new(self.expression()?);
        let by = if self.eat_word("by") {
            let by = Box::new(self.expression()?);
            self.direction();
            Some(by)
        } else {
            None
        };
        Ok(OperatorKind::TopHitters(count, of, by))
    }
}

/// Says of a `make-series` that its end is included: `in range(from, to, step)`.
fn in_range(span: Span) -> OperatorOption {
    OperatorOption {
        name: Name {
            text: "in range".to_owned(),
            span,
        },
        value: Expr {
            kind: ExprKind::Literal(Type::Bool, Literal(Value::Bool(true))),
            span,
        },
    }
}
