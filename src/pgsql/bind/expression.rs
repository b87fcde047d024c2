//! Expressions.

use std::sync::Arc;

use sqlparser::ast::{
    AccessExpr, Array, BinaryOperator, CaseWhen, CastKind, DataType, Expr as Ast, Query, Subscript,
    Value as Literal,
};

use super::operator::{negate_if, truth};
use super::{Binder, Typed};
use crate::pgsql::error::Error;
use crate::pgsql::expr::{Expr, Subquery, SubqueryAnswer};
use crate::pgsql::functions::{numbers, resolve};
use crate::pgsql::syntax::folded;
use crate::pgsql::text::number::parse_numeric;
use crate::pgsql::types::Coercion;
use crate::pgsql::value::{Type, Value};

/// A number that stands in the statement.
pub(super) fn number(digits: &str) -> Result<Typed, Error> {
    if digits
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'-')
        && let Ok(value) = digits.parse::<i128>()
        && let ty @ (Type::Int4 | Type::Int8) = numbers::literal_type(value)
    {
        return Ok(Typed {
            expr: Expr::Constant(Value::Int(value as i64)),
            ty,
        });
    }
    Ok(Typed {
        expr: Expr::Constant(Value::Numeric(parse_numeric(digits, None)?)),
        ty: Type::Numeric(None),
    })
}

pub(super) fn text(value: &str) -> Typed {
    Typed {
        expr: Expr::Constant(Value::text(value)),
        ty: Type::Unknown,
    }
}

/// The type of an array of such values. An array of arrays has the type of its innermost elements.
fn array_of(ty: &Type) -> Type {
    match ty {
        array @ Type::Array(_) => array.clone(),
        element => Type::Array(Box::new(element.plain())),
    }
}

/// The parser takes `NOT EXISTS (…)` for one thing; a server's NOT reaches over the operators behind it.
fn refuse_not_exists(ast: &Ast) -> Result<(), Error> {
    let first = match ast {
        Ast::BinaryOp {
            op: BinaryOperator::And | BinaryOperator::Or,
            ..
        } => return Ok(()),
        Ast::BinaryOp { left: first, .. }
        | Ast::Cast {
            kind: CastKind::DoubleColon,
            expr: first,
            ..
        }
        | Ast::IsNull(first)
        | Ast::IsNotNull(first)
        | Ast::IsTrue(first)
        | Ast::IsNotTrue(first)
        | Ast::IsFalse(first)
        | Ast::IsNotFalse(first)
        | Ast::IsUnknown(first)
        | Ast::IsNotUnknown(first)
        | Ast::IsDistinctFrom(first, _)
        | Ast::IsNotDistinctFrom(first, _)
        | Ast::Between { expr: first, .. }
        | Ast::InList { expr: first, .. }
        | Ast::InSubquery { expr: first, .. } => first,
        _ => return Ok(()),
    };
    match &**first {
        Ast::Exists { negated: true, .. } => Err(Error::unsupported(
            "NOT EXISTS before an operator without parentheses",
        )),
        _ => Ok(()),
    }
}

impl Binder<'_> {
    /// Binds an expression. An error gets its place.
    pub(super) fn expression(&mut self, ast: &Ast) -> Result<Typed, Error> {
        self.expression_inner(ast)
            .map_err(|error| self.placed(error, ast))
    }

    fn expression_inner(&mut self, ast: &Ast) -> Result<Typed, Error> {
        refuse_not_exists(ast)?;
        Ok(match ast {
            Ast::Identifier(ident) => self.column(&[folded(ident)])?,
            Ast::CompoundIdentifier(idents) => {
                let parts: Vec<String> = idents.iter().map(folded).collect();
                self.column(&parts)?
            }
            Ast::Nested(inner) => self.expression(inner)?,
            Ast::Value(value) => self.literal(&value.value)?,
            Ast::TypedString(typed) => {
                let ty = Type::of(&typed.data_type)?;
                let value = self.literal(&typed.value.value)?;
                self.explicit(value, &ty)?
            }
            Ast::Interval(interval) => {
                let value = self.expression(&interval.value)?;
                let value = match (&interval.leading_field, &value.expr) {
                    (None, _) => value,
                    (Some(field), Expr::Constant(Value::Text(body)))
                        if interval.last_field.is_none()
                            && interval.leading_precision.is_none()
                            && interval.fractional_seconds_precision.is_none()
                            // A server cuts off what is smaller than the field.
                            && body.trim().parse::<i64>().is_ok() =>
                    {
                        text(&format!(
                            "{body} {}",
                            field.to_string().to_ascii_lowercase()
                        ))
                    }
                    _ => return Err(Error::unsupported("this form of an interval")),
                };
                self.explicit(value, &Type::Interval)?
            }
            Ast::Cast {
                kind: CastKind::Cast | CastKind::DoubleColon,
                expr,
                data_type,
                format: None,
                ..
            } => self.cast_expression(expr, data_type)?,
            Ast::BinaryOp { left, op, right } => self.binary(left, op, right)?,
            Ast::UnaryOp { op, expr } => self.unary(*op, expr)?,
            Ast::Case {
                operand,
                conditions,
                else_result,
                ..
            } => self.case(operand.as_deref(), conditions, else_result.as_deref())?,
            Ast::Array(Array { elem, .. }) => self.array(elem)?,
            Ast::CompoundFieldAccess { root, access_chain } => {
                self.subscripts(root, access_chain)?
            }
            Ast::Subquery(query) => self.subquery(query, SubqueryAnswer::Value)?,
            Ast::Exists { subquery, negated } => {
                negate_if(*negated, self.subquery(subquery, SubqueryAnswer::Exists)?)
            }
            Ast::Function(function) => self.function(function)?,
            other => self.special(other)?,
        })
    }

    fn literal(&mut self, literal: &Literal) -> Result<Typed, Error> {
        Ok(match literal {
            Literal::Number(digits, _) => number(digits)?,
            Literal::SingleQuotedString(value) | Literal::EscapedStringLiteral(value) => {
                text(value)
            }
            Literal::DollarQuotedString(value) => text(&value.value),
            Literal::Boolean(value) => truth(Expr::bool(*value)),
            Literal::Null => Typed {
                expr: Expr::NULL,
                ty: Type::Unknown,
            },
            Literal::Placeholder(name) => {
                let number: Option<usize> = name
                    .strip_prefix('$')
                    .and_then(|digits| digits.parse().ok())
                    .filter(|number| *number > 0);
                match number {
                    Some(number) => self.parameter(number - 1)?,
                    None => {
                        return Err(Error::new(
                            "42601",
                            format!("syntax error at or near \"{name}\""),
                        ));
                    }
                }
            }
            other => return Err(Error::unsupported(&format!("the literal {other}"))),
        })
    }

    fn cast_expression(&mut self, inner: &Ast, declared: &DataType) -> Result<Typed, Error> {
        let ty = Type::of(declared)?;
        let mut bare = inner;
        while let Ast::Nested(nested) = bare {
            bare = nested;
        }
        // `'{}'::text[]` of an empty constructor has no other source of its type.
        let typed = match (bare, &ty) {
            (Ast::Array(array), Type::Array(_)) if array.elem.is_empty() => Typed {
                expr: Expr::Constant(Value::Array([].into())),
                ty: ty.clone(),
            },
            _ => self.expression(inner)?,
        };
        self.explicit(typed, &ty)
    }

    /// A cast that the statement asks for.
    fn explicit(&mut self, typed: Typed, ty: &Type) -> Result<Typed, Error> {
        let is_null = typed.ty == Type::Unknown && typed.expr == Expr::NULL;
        let expr = if is_null {
            Expr::NULL
        } else {
            self.coerce(typed, ty, Coercion::Explicit)?
        };
        Ok(Typed {
            expr,
            ty: ty.clone(),
        })
    }

    pub(super) fn is_null(&mut self, inner: &Ast, negated: bool) -> Result<Typed, Error> {
        let typed = self.expression(inner)?;
        // This decides on no type, also not on that of a parameter.
        if let Expr::Parameter(index) = typed.expr {
            self.untyped.push(index);
            let is_null = self.has_no_value(index);
            return Ok(negate_if(negated, truth(Expr::bool(is_null))));
        }
        Ok(negate_if(
            negated,
            truth(Expr::IsNull(Box::new(typed.expr))),
        ))
    }

    pub(super) fn is(
        &mut self,
        inner: &Ast,
        wanted: Option<bool>,
        negated: bool,
    ) -> Result<Typed, Error> {
        let typed = self.expression(inner)?;
        let word = match (wanted, negated) {
            (Some(true), false) => "IS TRUE",
            (Some(true), true) => "IS NOT TRUE",
            (Some(false), false) => "IS FALSE",
            (Some(false), true) => "IS NOT FALSE",
            (None, false) => "IS UNKNOWN",
            (None, true) => "IS NOT UNKNOWN",
        };
        let condition = Box::new(self.condition(typed, word)?);
        let expr = match wanted {
            Some(wanted) => Expr::Is(condition, wanted),
            None => Expr::IsNull(condition),
        };
        Ok(negate_if(negated, truth(expr)))
    }

    fn case(
        &mut self,
        operand: Option<&Ast>,
        conditions: &[CaseWhen],
        otherwise: Option<&Ast>,
    ) -> Result<Typed, Error> {
        let operand = operand
            .map(|operand| self.expression(operand))
            .transpose()?;
        let operand = operand.map(|operand| self.settled(operand)).transpose()?;
        let mut tests = Vec::new();
        let mut results = Vec::new();
        for arm in conditions {
            let typed = self.expression(&arm.condition)?;
            tests.push(match &operand {
                Some(operand) => self.operate("=", vec![operand.clone(), typed])?.expr,
                None => self.condition(typed, "CASE/WHEN")?,
            });
            results.push(self.expression(&arm.result)?);
        }
        // The server looks at ELSE first when it decides on a type.
        let otherwise = match otherwise {
            Some(otherwise) => self.expression(otherwise)?,
            None => Typed {
                expr: Expr::NULL,
                ty: Type::Unknown,
            },
        };
        results.insert(0, otherwise);
        let (results, ty) = self.unified(results, "CASE")?;
        let mut results = results.into_iter();
        let otherwise = Box::new(results.next().unwrap_or(Expr::NULL));
        Ok(Typed {
            expr: Expr::Case {
                arms: tests.into_iter().zip(results).collect(),
                otherwise,
            },
            ty,
        })
    }

    fn array(&mut self, members: &[Ast]) -> Result<Typed, Error> {
        if members.is_empty() {
            return Err(Error::new("42P18", "cannot determine type of empty array"));
        }
        let members: Vec<Typed> = members
            .iter()
            .map(|member| self.expression(member))
            .collect::<Result<_, _>>()?;
        let (values, ty) = self.unified(members, "ARRAY")?;
        let constant = values.iter().all(Expr::is_constant);
        let array = Expr::Array(values);
        Ok(Typed {
            expr: if constant { self.folded(array) } else { array },
            ty: array_of(&ty),
        })
    }

    fn subscripts(&mut self, root: &Ast, chain: &[AccessExpr]) -> Result<Typed, Error> {
        let mut typed = self.expression(root)?;
        for (index, access) in chain.iter().enumerate() {
            let AccessExpr::Subscript(subscript) = access else {
                return Err(Error::unsupported("fields of composite values"));
            };
            if index > 0 && typed.ty != Type::Jsonb {
                return Err(Error::unsupported("subscripts of several dimensions"));
            }
            let Some(element) = typed.ty.element().cloned() else {
                if typed.ty == Type::Jsonb
                    && let Subscript::Index { index } = subscript
                {
                    let step = self.expression(index)?;
                    typed = self.operate("->", vec![typed, step])?;
                    continue;
                }
                return Err(Error::new(
                    "42804",
                    format!(
                        "cannot subscript type {} because it does not support subscripting",
                        typed.ty.long_name()
                    ),
                ));
            };
            let mut bound = |bound: &Ast| {
                let bound = self.expression(bound)?;
                self.coerce(bound, &Type::Int4, Coercion::Assignment)
            };
            typed = match subscript {
                Subscript::Index { index } => Typed {
                    expr: Expr::Subscript(Box::new(typed.expr), Box::new(bound(index)?)),
                    ty: element,
                },
                Subscript::Slice {
                    lower_bound,
                    upper_bound,
                    stride: None,
                } => {
                    let lower = lower_bound.as_ref().map(&mut bound).transpose()?;
                    let upper = upper_bound.as_ref().map(&mut bound).transpose()?;
                    Typed {
                        expr: Expr::Slice(
                            Box::new(typed.expr),
                            lower.map(Box::new),
                            upper.map(Box::new),
                        ),
                        ty: typed.ty,
                    }
                }
                Subscript::Slice { .. } => return Err(Error::unsupported("slices with a stride")),
            };
        }
        Ok(typed)
    }

    /// A query within the expression.
    pub(super) fn subquery(
        &mut self,
        query: &Query,
        answer: SubqueryAnswer,
    ) -> Result<Typed, Error> {
        let (bound, captures) = self.nested(query)?;
        let first = bound.columns.first().map(|(_, ty)| ty.clone());
        if answer != SubqueryAnswer::Exists && bound.columns.len() != 1 {
            return Err(Error::new("42601", "subquery must return only one column"));
        }
        let ty = match (&answer, first) {
            (SubqueryAnswer::Exists, _) | (_, None) => Type::Bool,
            (SubqueryAnswer::Array, Some(ty)) => array_of(&ty),
            (_, Some(ty)) => ty,
        };
        let number = self.next_number();
        Ok(Typed {
            expr: Expr::Subquery(Box::new(Subquery {
                number,
                plan: Arc::new(bound.plan),
                captures,
                answer,
            })),
            ty,
        })
    }

    /// A call of a function by its name.
    pub(super) fn named(&mut self, name: &str, arguments: Vec<Typed>) -> Result<Typed, Error> {
        let types: Vec<Type> = arguments
            .iter()
            .map(|argument| argument.ty.clone())
            .collect();
        let chosen = resolve::function(name, &types)?;
        self.call(chosen, arguments)
    }
}
