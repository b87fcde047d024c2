//! Selectors, and what may follow an operand: ranges, `offset`, `@`.

use std::ops::Range;

use super::Parser;
use crate::promql::error::{Error, ErrorKind};
use crate::promql::lexer::Token;
use crate::promql::pattern;
use crate::promql::store::NAME;
use crate::promql::syntax::{Anchor, Expr, Kind, Matcher, Selector, Subquery, Test, Type, When};

impl Parser {
    /// An operand with what may follow it: `[5m]`, `[1h:1m]`, `offset`, `@`.
    pub(super) fn postfixed(&mut self) -> Result<Expr, Error> {
        let start = self.span().start;
        let mut expr = self.operand()?;
        // Each of them once; `[` makes something new, which takes them again.
        let (mut offset, mut anchored) = (false, false);
        loop {
            let place = self.span();
            if self.symbol("[") {
                expr = self.bracket(expr, &place, offset || anchored)?;
                (offset, anchored) = (false, false);
            } else if self.keyword("offset") {
                let away = self.offset()?;
                let when = when(&mut expr, "offset", &place)?;
                when.offset = away;
                once(&mut offset, "offset", &place)?;
            } else if self.symbol("@") {
                let anchor = self.anchor()?;
                let when = when(&mut expr, "@", &place)?;
                when.from = Some(anchor);
                once(&mut anchored, "@ <timestamp>", &place)?;
            } else {
                return Ok(expr);
            }
            expr.span = self.since(start);
        }
    }

    fn offset(&mut self) -> Result<i64, Error> {
        let sign = if self.symbol("-") { -1 } else { 1 };
        Ok(sign * self.duration()?)
    }

    fn anchor(&mut self) -> Result<Anchor, Error> {
        for (word, anchor) in [("start", Anchor::Start), ("end", Anchor::End)] {
            if self.keyword(word) {
                self.require("(", "after @ start and @ end")?;
                self.require(")", "after @ start and @ end")?;
                return Ok(anchor);
            }
        }
        let sign = if self.symbol("-") { -1.0 } else { 1.0 };
        if sign > 0.0 {
            self.symbol("+");
        }
        let Token::Number(seconds) = self.peek() else {
            return Err(self.unexpected("expected a time in seconds, start() or end() after @"));
        };
        let milliseconds = (sign * seconds * 1000.0).round();
        if milliseconds.abs() >= i64::MAX as f64 {
            return Err(self.unexpected("timestamp out of bounds for @ modifier"));
        }
        self.at += 1;
        Ok(Anchor::At(milliseconds as i64))
    }

    /// What stands in `[…]` after `expr`.
    fn bracket(&mut self, expr: Expr, place: &Range<usize>, modified: bool) -> Result<Expr, Error> {
        let range = self.duration()?;
        let span = expr.span.clone();
        let kind = if self.symbol(":") {
            let step = match self.peek() {
                Token::Duration(_) => Some(self.duration()?),
                _ => None,
            };
            if expr.ty() != Type::Vector {
                let message = format!(
                    "subquery is only allowed on instant vector, got {} instead",
                    expr.ty()
                );
                return Err(Error::syntax(&span, message));
            }
            Kind::Subquery(Box::new(Subquery {
                expr,
                range,
                step,
                when: When::default(),
            }))
        } else {
            match expr.kind {
                Kind::Selector(selector) if !modified => Kind::Range { selector, range },
                Kind::Selector(_) => {
                    let message = "no offset or @ modifiers allowed before range";
                    return Err(Error::syntax(place, message));
                }
                _ => {
                    let message = "ranges only allowed for vector selectors";
                    return Err(Error::syntax(place, message));
                }
            }
        };
        self.require("]", "after a range")?;
        Ok(Expr { kind, span })
    }

    /// The matchers after the name of a metric, or alone.
    pub(super) fn selector(&mut self, name: Option<String>) -> Result<Selector, Error> {
        let start = self.span().start;
        let named = name.is_some();
        let mut matchers: Vec<Matcher> = name
            .map(|name| Matcher {
                label: NAME.to_owned(),
                test: Test::Equal(name),
            })
            .into_iter()
            .collect();
        if self.symbol("{") {
            while !self.symbol("}") {
                let place = self.span();
                let matcher = self.matcher()?;
                if named && matcher.label == NAME {
                    return Err(Error::syntax(&place, "metric name must not be set twice"));
                }
                matchers.push(matcher);
                if !self.symbol(",") {
                    self.require("}", "after the conditions on labels")?;
                    break;
                }
            }
        }
        if matchers.iter().all(|matcher| matcher.accepts("")) {
            return Err(Error::syntax(
                &self.since(start),
                "vector selector must contain at least one non-empty matcher",
            ));
        }
        Ok(Selector {
            matchers,
            when: When::default(),
        })
    }

    fn matcher(&mut self) -> Result<Matcher, Error> {
        let label = self.label()?;
        let Token::Symbol(op @ ("=" | "!=" | "=~" | "!~")) = *self.peek() else {
            return Err(self.unexpected("expected one of =, !=, =~, !~ after the name of a label"));
        };
        self.at += 1;
        let place = self.span();
        let value = self.text("the value of a label")?;
        let pattern = |value: &str| pattern::whole(value, ErrorKind::Syntax, &place);
        let test = match op {
            "=" => Test::Equal(value),
            "!=" => Test::NotEqual(value),
            "=~" => Test::Matches(pattern(&value)?),
            _ => Test::MatchesNot(pattern(&value)?),
        };
        Ok(Matcher { label, test })
    }
}

/// The time that a selector or subquery looks at, to be changed by what follows it.
fn when<'a>(expr: &'a mut Expr, word: &str, place: &Range<usize>) -> Result<&'a mut When, Error> {
    match &mut expr.kind {
        Kind::Selector(selector) | Kind::Range { selector, .. } => Ok(&mut selector.when),
        Kind::Subquery(subquery) => Ok(&mut subquery.when),
        _ => Err(Error::syntax(
            place,
            format!(
                "{word} modifier must be preceded by an instant vector selector or range vector selector or a subquery"
            ),
        )),
    }
}

fn once(seen: &mut bool, word: &str, place: &Range<usize>) -> Result<(), Error> {
    if std::mem::replace(seen, true) {
        let message = format!("{word} may not be set multiple times");
        return Err(Error::syntax(place, message));
    }
    Ok(())
}
