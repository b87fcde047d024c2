//! The operators, each from behind its name.

use super::{Kind, Parsed, Parser};
use crate::kql::error::{KqlError, Span};
use crate::kql::syntax::{ColumnOrder, Expr, Name, Named, OperatorKind, OperatorOption, ParsePart};
use crate::kql::syntax::{ExprKind, Literal};
use crate::kql::types::Type;
use crate::kql::value::Value;

impl Parser<'_> {
    /// What the operator `name`, which is read already and began at `start`, does.
    pub(super) fn operator_kind(&mut self, name: &str, start: usize) -> Parsed<OperatorKind> {
        Ok(match name {
            "where" | "filter" => {
                self.options(&[])?;
                OperatorKind::Where(self.expression()?)
            }
            "project" => OperatorKind::Project(self.columns()?),
            "extend" => OperatorKind::Extend(self.list(Self::named)?),
            "serialize" => {
                self.options(&[])?;
                OperatorKind::Serialize(self.columns()?)
            }
            "project-away" => OperatorKind::ProjectAway(self.patterns()?),
            "project-keep" => OperatorKind::ProjectKeep(self.patterns()?),
            "project-rename" => OperatorKind::ProjectRename(self.list(Self::renamed)?),
            "project-reorder" => OperatorKind::ProjectReorder(self.list(Self::reordered)?),
            "summarize" => self.summarize()?,
            "distinct" => {
                self.options(&[])?;
                OperatorKind::Distinct(self.list(Self::named)?)
            }
            "sort" | "order" => {
                self.options(&[])?;
                self.expect_word("by")?;
                OperatorKind::Sort(self.list(Self::sort_key)?)
            }
            "top" => {
                self.options(&[])?;
                let count = self.expression()?;
                self.expect_word("by")?;
                OperatorKind::Top(count, self.list(Self::sort_key)?)
            }
            "take" | "limit" => {
                self.options(&[])?;
                OperatorKind::Take(self.expression()?)
            }
            "count" => OperatorKind::Count(if self.eat_word("as") {
                Some(self.name("a name")?)
            } else {
                None
            }),
            "as" => {
                let options = self.options(&[])?;
                OperatorKind::As(options, self.name("a name")?)
            }
            "invoke" => {
                let name = self.name("a function")?;
                self.expect("(")?;
                OperatorKind::Invoke(name, self.until(")", Self::argument)?)
            }
            "sample" => {
                self.options(&[])?;
                OperatorKind::Sample(Box::new(self.expression()?))
            }
            "sample-distinct" => {
                self.options(&[])?;
                let count = self.expression()?;
                self.expect_word("of")?;
                OperatorKind::SampleDistinct(Box::new(count), Box::new(self.expression()?))
            }
            "render" => self.render()?,
            "getschema" => OperatorKind::GetSchema,
            "consume" => {
                self.options(&["decodeblocks"])?;
                OperatorKind::Consume
            }
            "assert-schema" => OperatorKind::AssertSchema(self.column_declarations()?),
            "mv-expand" | "mvexpand" => self.mv_expand()?,
            "mv-apply" | "mvapply" => self.mv_apply()?,
            "parse" | "parse-where" => self.parse(name == "parse-where")?,
            "parse-kv" => self.parse_kv()?,
            "make-series" => self.make_series()?,
            "scan" => self.scan()?,
            "top-nested" => self.top_nested()?,
            "top-hitters" => self.top_hitters()?,
            "partition" => self.partition()?,
            "join" => self.join()?,
            "lookup" => self.lookup()?,
            "union" => self.union()?,
            "search" => self.search()?,
            "find" => self.find()?,
            "evaluate" => self.evaluate()?,
            _ => self.skipped(name, start),
        })
    }

    /// Columns, or none where the operator ends.
    fn columns(&mut self) -> Parsed<Vec<Named>> {
        if self.peek().kind == Kind::End
            || self.is_punct("|")
            || self.is_punct(";")
            || self.is_punct(")")
        {
            return Ok(Vec::new());
        }
        self.list(Self::named)
    }

    fn patterns(&mut self) -> Parsed<Vec<Name>> {
        self.list(|parser| parser.pattern("the name of a column, maybe with `*`"))
    }

    fn renamed(&mut self) -> Parsed<(Name, Name)> {
        let new = self.name("a new name")?;
        self.expect("=")?;
        Ok((new, self.name("the name of a column")?))
    }

    fn reordered(&mut self) -> Parsed<(Name, Option<ColumnOrder>)> {
        let pattern = self.pattern("the name of a column, maybe with `*`")?;
        let granny = self.word_at(0) == "granny" && self.is_punct_at(1, "-");
        if granny {
            self.bump();
            self.bump();
        }
        let order = match (self.direction(), granny) {
            (None, false) => None,
            (None, true) => return Err(self.fail("`granny-asc` or `granny-desc`")),
            (Some(false), false) => Some(ColumnOrder::Ascending),
            (Some(true), false) => Some(ColumnOrder::Descending),
            (Some(false), true) => Some(ColumnOrder::GrannyAscending),
            (Some(true), true) => Some(ColumnOrder::GrannyDescending),
        };
        Ok((pattern, order))
    }

    fn summarize(&mut self) -> Parsed<OperatorKind> {
        let options = self.options(&[])?;
        let aggregates = if self.is_word("by") {
            Vec::new()
        } else {
            self.columns()?
        };
        let by = self.by()?;
        Ok(OperatorKind::Summarize {
            options,
            aggregates,
            by,
        })
    }

    fn mv_expand(&mut self) -> Parsed<OperatorKind> {
        let options = self.options(&["kind", "bagexpansion", "with_itemindex"])?;
        let columns = self.list(Self::expanded)?;
        let limit = self.row_limit()?;
        Ok(OperatorKind::MvExpand {
            options,
            columns,
            limit,
        })
    }

    fn mv_apply(&mut self) -> Parsed<OperatorKind> {
        let options = self.options(&["kind", "with_itemindex"])?;
        let columns = self.list(Self::expanded)?;
        let limit = self.row_limit()?;
        self.expect_word("on")?;
        let body = self.sub_pipe()?;
        Ok(OperatorKind::MvApply {
            options,
            columns,
            limit,
            body,
        })
    }

    /// `name = expression to typeof(type)`.
    fn expanded(&mut self) -> Parsed<(Named, Option<Type>)> {
        let value = self.named()?;
        let ty = if self.eat_word("to") {
            Some(self.type_of()?)
        } else {
            None
        };
        Ok((value, ty))
    }

    fn row_limit(&mut self) -> Parsed<Option<Expr>> {
        if self.eat_word("limit") {
            Ok(Some(self.expression()?))
        } else {
            Ok(None)
        }
    }

    fn parse(&mut self, only_matches: bool) -> Parsed<OperatorKind> {
        let options = self.options(&["kind", "flags"])?;
        let value = Box::new(self.expression()?);
        self.expect_word("with")?;
        let mut pattern = Vec::new();
        while let Some(part) = self.parse_part()? {
            pattern.push(part);
        }
        if pattern.is_empty() {
            return Err(self.fail("a pattern: texts in quotes, names of columns and `*`"));
        }
        Ok(OperatorKind::Parse {
            options,
            value,
            pattern,
            only_matches,
        })
    }

    fn parse_part(&mut self) -> Parsed<Option<ParsePart>> {
        let token = self.peek().clone();
        Ok(Some(match token.kind {
            Kind::Punct if self.is_punct("*") => {
                self.bump();
                ParsePart::Skip(token.span)
            }
            Kind::String(text) => {
                self.bump();
                ParsePart::Text(text, token.span)
            }
            Kind::Word => self.parsed_column()?,
            Kind::Punct if self.is_punct("[") => self.parsed_column()?,
            _ => return Ok(None),
        }))
    }

    fn parsed_column(&mut self) -> Parsed<ParsePart> {
        let name = self.name("the name of a column")?;
        let ty = if self.eat(":") {
            self.ty()?
        } else {
            Type::String
        };
        Ok(ParsePart::Column(name, ty))
    }

    fn parse_kv(&mut self) -> Parsed<OperatorKind> {
        let value = Box::new(self.expression()?);
        self.expect_word("as")?;
        let columns = self.column_declarations()?;
        let options = if self.eat_word("with") {
            self.expect("(")?;
            self.until(")", |parser| {
                let name = parser.name("an option")?;
                parser.expect("=")?;
                let value = parser.expression()?;
                Ok(OperatorOption { name, value })
            })?
        } else {
            Vec::new()
        };
        Ok(OperatorKind::ParseKv {
            value,
            columns,
            options,
        })
    }

    fn render(&mut self) -> Parsed<OperatorKind> {
        let visualization = self.name("how to draw it, such as timechart")?;
        let mut properties = Vec::new();
        if self.eat_word("with") {
            self.expect("(")?;
            properties = self.until(")", Self::render_property)?;
        } else {
            while matches!(self.word_at(0), "kind" | "title" | "accumulate") {
                properties.push(self.render_property()?);
            }
        }
        Ok(OperatorKind::Render(visualization, properties))
    }

    /// `name = value`, where the value may be several columns: these become one text with commas.
    fn render_property(&mut self) -> Parsed<OperatorOption> {
        let name = self.name("a property")?;
        self.expect("=")?;
        let lists = matches!(name.text.as_str(), "ycolumns" | "series" | "anomalycolumns");
        if !lists {
            let value = self.path_with_sign()?;
            return Ok(OperatorOption { name, value });
        }
        let start = self.peek().span.start;
        let mut columns = vec![self.name("the name of a column")?.text];
        while self.is_punct(",") && !self.is_punct_at(2, "=") {
            self.bump();
            columns.push(self.name("the name of a column")?.text);
        }
        let text = columns.join(",");
        let value = Expr {
            kind: ExprKind::Literal(Type::String, Literal(Value::String(text.into()))),
            span: self.span_from(start),
        };
        Ok(OperatorOption { name, value })
    }

    fn path_with_sign(&mut self) -> Parsed<Expr> {
        if self.is_punct("-") || self.is_punct("+") {
            self.expression()
        } else {
            self.path()
        }
    }

    fn partition(&mut self) -> Parsed<OperatorKind> {
        let options = self.options(&[])?;
        self.expect_word("by")?;
        let by = self.name("the name of a column")?;
        if self.is_punct("{") {
            let error = KqlError::unsupported(
                self.peek().span,
                "partition with a whole query in `{ }` is not supported",
            )
            .help("write operators in round brackets: partition by key (top 1 by value)");
            return Err(self.report(error));
        }
        let start = self.peek().span.start;
        let input = Box::new(self.missing());
        let operators = self.sub_pipe()?;
        let span = Span::new(start, self.last_end());
        Ok(OperatorKind::Partition {
            options,
            by,
            body: Box::new(Expr {
                kind: ExprKind::Pipe(input, operators),
                span,
            }),
        })
    }
}
