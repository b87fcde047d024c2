//! Expressions with a syntax of their own: tests such as `IS NULL` and `LIKE`, and functions whose arguments are words.

use sqlparser::ast::{CeilFloorKind, Expr as Ast, TrimWhereField};

use super::expression::{number, text};
use super::operator::{negate_if, row_of};
use super::{Binder, Typed};
use crate::pgsql::error::Error;
use crate::pgsql::syntax::parts;

impl Binder<'_> {
    /// Binds an expression of one of these kinds.
    pub(super) fn special(&mut self, ast: &Ast) -> Result<Typed, Error> {
        Ok(match ast {
            Ast::IsNull(inner) => self.is_null(inner, false)?,
            Ast::IsNotNull(inner) => self.is_null(inner, true)?,
            Ast::IsTrue(inner) => self.is(inner, Some(true), false)?,
            Ast::IsNotTrue(inner) => self.is(inner, Some(true), true)?,
            Ast::IsFalse(inner) => self.is(inner, Some(false), false)?,
            Ast::IsNotFalse(inner) => self.is(inner, Some(false), true)?,
            Ast::IsUnknown(inner) => self.is(inner, None, false)?,
            Ast::IsNotUnknown(inner) => self.is(inner, None, true)?,
            Ast::IsDistinctFrom(left, right) => self.distinct(left, right, false)?,
            Ast::IsNotDistinctFrom(left, right) => self.distinct(left, right, true)?,
            Ast::Between {
                expr,
                negated,
                low,
                high,
            } => self.between(expr, low, high, *negated)?,
            Ast::InList {
                expr,
                list,
                negated,
            } => self.in_list(expr, list, *negated)?,
            Ast::InSubquery {
                expr,
                subquery,
                negated,
            } => {
                let left = row_of(expr).unwrap_or(std::slice::from_ref(&**expr));
                let found = self.in_query(left, "=", subquery, false)?;
                negate_if(*negated, found)
            }
            Ast::Like {
                negated,
                any: false,
                expr,
                pattern,
                escape_char,
            } => negate_if(
                *negated,
                self.like("~~", expr, pattern, escape_char.as_deref())?,
            ),
            Ast::ILike {
                negated,
                any: false,
                expr,
                pattern,
                escape_char,
            } => negate_if(
                *negated,
                self.like("~~*", expr, pattern, escape_char.as_deref())?,
            ),
            Ast::AnyOp {
                left,
                compare_op,
                right,
                ..
            } => self.quantified(left, compare_op, right, false)?,
            Ast::AllOp {
                left,
                compare_op,
                right,
            } => self.quantified(left, compare_op, right, true)?,
            other => self.function_in_words(other)?,
        })
    }

    fn function_in_words(&mut self, ast: &Ast) -> Result<Typed, Error> {
        Ok(match ast {
            Ast::Extract { field, expr, .. } => {
                let field = text(&field.to_string().to_ascii_lowercase());
                let value = self.expression(expr)?;
                self.named("extract", vec![field, value])?
            }
            Ast::Position { expr, r#in } => {
                let (wanted, value) = (self.expression(expr)?, self.expression(r#in)?);
                self.named("position", vec![value, wanted])?
            }
            Ast::Substring {
                expr,
                substring_from,
                substring_for,
                shorthand,
                ..
            } => {
                let mut arguments = vec![self.expression(expr)?];
                match (substring_from, substring_for) {
                    (None, Some(_)) => arguments.push(number("1")?),
                    (Some(from), _) => arguments.push(self.expression(from)?),
                    (None, None) => {}
                }
                if let Some(count) = substring_for {
                    arguments.push(self.expression(count)?);
                }
                self.named(if *shorthand { "substr" } else { "substring" }, arguments)?
            }
            Ast::Trim {
                trim_where,
                trim_what,
                expr,
                trim_characters,
            } => {
                let mut arguments = vec![self.expression(expr)?];
                let listed = trim_characters.as_deref().unwrap_or_default();
                for set in trim_what.as_deref().into_iter().chain(listed) {
                    arguments.push(self.expression(set)?);
                }
                self.named(trim_name(trim_where.as_ref()), arguments)?
            }
            Ast::Ceil {
                expr,
                field: CeilFloorKind::DateTimeField(_),
            } => {
                let value = self.expression(expr)?;
                self.named("ceil", vec![value])?
            }
            Ast::Floor {
                expr,
                field: CeilFloorKind::DateTimeField(_),
            } => {
                let value = self.expression(expr)?;
                self.named("floor", vec![value])?
            }
            Ast::AtTimeZone {
                timestamp,
                time_zone,
            } => {
                let (zone, time) = (self.expression(time_zone)?, self.expression(timestamp)?);
                self.named("timezone", vec![zone, time])?
            }
            Ast::Collate { expr, collation } => {
                let names = parts(collation)?;
                let bytewise = names
                    .last()
                    .is_some_and(|name| ["C", "POSIX", "default"].contains(&name.as_str()));
                if !bytewise {
                    return Err(Error::unsupported("other collations than C"));
                }
                self.expression(expr)?
            }
            other => {
                let shown: String = other.to_string().chars().take(60).collect();
                return Err(Error::unsupported(&format!("the expression {shown}")));
            }
        })
    }
}

/// The function that TRIM means.
pub(super) fn trim_name(side: Option<&TrimWhereField>) -> &'static str {
    match side {
        None | Some(TrimWhereField::Both) => "btrim",
        Some(TrimWhereField::Leading) => "ltrim",
        Some(TrimWhereField::Trailing) => "rtrim",
    }
}
