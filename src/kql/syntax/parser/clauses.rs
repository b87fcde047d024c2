//! What several operators have in common: options, keys to sort by, types.

use super::expressions::name_expr;
use super::{Parsed, Parser};
use crate::kql::syntax::{Expr, Named, Operator, OperatorOption, SortKey};
use crate::kql::types::Type;

impl Parser<'_> {
    /// `name = value` as often as it stands here with a name of `allowed` or one that begins with `hint.`.
    pub(super) fn options(&mut self, allowed: &[&str]) -> Parsed<Vec<OperatorOption>> {
        let mut options = Vec::new();
        loop {
            let word = self.word_at(0);
            let hint = word == "hint" && self.is_punct_at(1, ".");
            let option = hint || (allowed.contains(&word) && self.is_punct_at(1, "="));
            if !option {
                return Ok(options);
            }
            let mut name = self.name("an option")?;
            while self.eat(".") {
                let part = self.name("the name of a hint")?;
                name.text = format!("{}.{}", name.text, part.text);
                name.span = name.span.to(part.span);
            }
            self.expect("=")?;
            let value = self.option_value()?;
            options.push(OperatorOption { name, value });
        }
    }

    /// A word, a literal, or a bracketed list of columns. (A word with a bracket behind it is no call here: `kind=inner (Table)`.)
    fn option_value(&mut self) -> Parsed<Expr> {
        let word = self.word_at(0);
        if !word.is_empty() && !matches!(word, "true" | "false") {
            return Ok(name_expr(self.name("a value")?));
        }
        if self.is_punct("[") || self.is_punct("(") {
            return self.path();
        }
        self.literal()
    }

    /// `expression asc|desc nulls first|last`.
    pub(super) fn sort_key(&mut self) -> Parsed<SortKey> {
        let value = self.named()?;
        let descending = self.direction();
        let nulls_first = if self.eat_word("nulls") {
            let first = self.word_at(0);
            if !matches!(first, "first" | "last") {
                return Err(self.fail_near("`first` or `last`", &["first", "last"]));
            }
            self.bump();
            Some(first == "first")
        } else {
            None
        };
        Ok(SortKey {
            value,
            descending,
            nulls_first,
        })
    }

    /// `asc` is false, `desc` is true.
    pub(super) fn direction(&mut self) -> Option<bool> {
        let descending = match self.word_at(0) {
            "asc" => false,
            "desc" => true,
            _ => return None,
        };
        self.bump();
        Some(descending)
    }

    /// `by a, b` where it stands; nothing else.
    pub(super) fn by(&mut self) -> Parsed<Vec<Named>> {
        if self.eat_word("by") {
            self.list(Self::named)
        } else {
            Ok(Vec::new())
        }
    }

    /// `typeof(long)`.
    pub(super) fn type_of(&mut self) -> Parsed<Type> {
        self.expect_word("typeof")?;
        self.expect("(")?;
        let ty = self.ty()?;
        self.expect(")")?;
        Ok(ty)
    }

    /// `( operator | operator … )`: what is done to a part of a table.
    pub(super) fn sub_pipe(&mut self) -> Parsed<Vec<Operator>> {
        self.expect("(")?;
        let operators = self.nested(|parser| {
            let level = parser.level();
            let mut operators = Vec::new();
            parser.operators(level, false, &mut operators);
            Ok(operators)
        })?;
        self.expect(")")?;
        Ok(operators)
    }
}
