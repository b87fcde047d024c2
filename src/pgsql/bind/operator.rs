//! Operators: arithmetic, comparison, patterns, lists and quantifiers.

use std::sync::Arc;

use sqlparser::ast::{BinaryOperator, Expr as Ast, Query, UnaryOperator, Value as Literal};

use super::{Binder, Typed};
use crate::pgsql::error::Error;
use crate::pgsql::expr::{Expr, Subquery, SubqueryAnswer};
use crate::pgsql::functions::resolve;
use crate::pgsql::types::Coercion;
use crate::pgsql::value::{Type, Value};

/// How an operator is called among the functions, and whether the answer is turned round.
fn symbol(operator: &BinaryOperator) -> Result<(&'static str, bool), Error> {
    use BinaryOperator as B;
    Ok(match operator {
        B::Plus => ("+", false),
        B::Minus => ("-", false),
        B::Multiply => ("*", false),
        B::Divide => ("/", false),
        B::Modulo => ("%", false),
        B::PGExp => ("^", false),
        B::StringConcat => ("||", false),
        B::Eq => ("=", false),
        B::NotEq => ("<>", false),
        B::Lt => ("<", false),
        B::LtEq => ("<=", false),
        B::Gt => (">", false),
        B::GtEq => (">=", false),
        B::PGRegexMatch => ("~", false),
        B::PGRegexIMatch => ("~*", false),
        B::PGRegexNotMatch => ("~", true),
        B::PGRegexNotIMatch => ("~*", true),
        B::PGLikeMatch => ("~~", false),
        B::PGILikeMatch => ("~~*", false),
        B::PGNotLikeMatch => ("~~", true),
        B::PGNotILikeMatch => ("~~*", true),
        B::Arrow => ("->", false),
        B::LongArrow => ("->>", false),
        B::HashArrow => ("#>", false),
        B::HashLongArrow => ("#>>", false),
        B::AtArrow => ("@>", false),
        B::ArrowAt => ("<@", false),
        B::Question => ("?", false),
        B::QuestionPipe => ("?|", false),
        B::QuestionAnd => ("?&", false),
        B::PGOverlap => ("&&", false),
        B::PGBitwiseShiftLeft => ("<<", false),
        B::Custom(name) if name == "<<=" => ("<<=", false),

        other => return Err(Error::unsupported(&format!("the operator {other}"))),
    })
}

const fn is_comparison(operator: &BinaryOperator) -> bool {
    use BinaryOperator as B;
    matches!(
        operator,
        B::Eq | B::NotEq | B::Lt | B::LtEq | B::Gt | B::GtEq
    )
}

const fn is_pattern(operator: &BinaryOperator) -> bool {
    use BinaryOperator as B;
    matches!(
        operator,
        B::PGRegexMatch
            | B::PGRegexIMatch
            | B::PGRegexNotMatch
            | B::PGRegexNotIMatch
            | B::PGLikeMatch
            | B::PGILikeMatch
            | B::PGNotLikeMatch
            | B::PGNotILikeMatch
    )
}

/// Refuses operators side by side that the parser groups otherwise than a server.
fn refuse_unclear(left: &Ast, operator: &BinaryOperator, right: &Ast) -> Result<(), Error> {
    if is_comparison(operator)
        && let Ast::BinaryOp { op, .. } = left
        && is_comparison(op)
    {
        return Err(Error::new(
            "42601",
            format!("syntax error at or near \"{operator}\""),
        ));
    }
    // A server reads `a ~ b || c` from the left.
    if is_pattern(operator)
        && let Ast::BinaryOp { op, .. } = right
        && !matches!(
            op,
            BinaryOperator::Plus
                | BinaryOperator::Minus
                | BinaryOperator::Multiply
                | BinaryOperator::Divide
                | BinaryOperator::Modulo
                | BinaryOperator::PGExp
        )
    {
        return Err(Error::unsupported(&format!(
            "{operator} before {op} without parentheses"
        )));
    }
    Ok(())
}

impl Binder<'_> {
    pub(super) fn binary(
        &mut self,
        left: &Ast,
        operator: &BinaryOperator,
        right: &Ast,
    ) -> Result<Typed, Error> {
        if let BinaryOperator::And | BinaryOperator::Or = operator {
            return self.logical(left, operator, right);
        }
        if let (Some(lefts), Some(rights)) = (row_of(left), row_of(right)) {
            return self.rows(lefts, operator, rights);
        }
        refuse_unclear(left, operator, right)?;
        let (name, negated) = symbol(operator)?;
        let left = self.expression(left)?;
        let right = self.expression(right)?;
        let typed = self.operate(name, vec![left, right])?;
        Ok(if negated {
            negate_if(true, typed)
        } else {
            typed
        })
    }

    /// AND and OR. A long chain of them nests to the left: it is walked, not descended.
    fn logical(
        &mut self,
        left: &Ast,
        operator: &BinaryOperator,
        right: &Ast,
    ) -> Result<Typed, Error> {
        let mut parts = vec![right];
        let mut rest = left;
        while let Ast::BinaryOp { left, op, right } = rest
            && op == operator
        {
            parts.push(right);
            rest = left;
        }
        parts.push(rest);
        let word = if *operator == BinaryOperator::And {
            "AND"
        } else {
            "OR"
        };
        let conditions: Vec<Expr> = parts
            .into_iter()
            .rev()
            .map(|part| {
                let typed = self.expression(part)?;
                self.condition(typed, word)
                    .map_err(|error| self.placed(error, part))
            })
            .collect::<Result<_, _>>()?;
        Ok(Typed {
            expr: if word == "AND" {
                Expr::And(conditions)
            } else {
                Expr::Or(conditions)
            },
            ty: Type::Bool,
        })
    }

    /// An operator of one or two sides.
    pub(super) fn operate(&mut self, name: &str, sides: Vec<Typed>) -> Result<Typed, Error> {
        let types: Vec<Type> = sides.iter().map(|side| side.ty.clone()).collect();
        let chosen = resolve::operator(name, &types)?;
        self.call(chosen, sides)
    }

    /// `(a, b) = (c, d)`, member by member.
    fn rows(
        &mut self,
        lefts: &[Ast],
        operator: &BinaryOperator,
        rights: &[Ast],
    ) -> Result<Typed, Error> {
        if lefts.len() != rights.len() {
            return Err(Error::new(
                "42601",
                "unequal number of entries in row expressions",
            ));
        }
        let negated = match operator {
            BinaryOperator::Eq => false,
            BinaryOperator::NotEq => true,
            _ => return Err(Error::unsupported("the order of rows in parentheses")),
        };
        let equal: Vec<Expr> = lefts
            .iter()
            .zip(rights)
            .map(|(left, right)| {
                let (left, right) = (self.expression(left)?, self.expression(right)?);
                Ok(self.operate("=", vec![left, right])?.expr)
            })
            .collect::<Result<_, Error>>()?;
        Ok(negate_if(negated, truth(Expr::And(equal))))
    }

    pub(super) fn unary(&mut self, operator: UnaryOperator, inner: &Ast) -> Result<Typed, Error> {
        if operator == UnaryOperator::Not {
            let typed = self.expression(inner)?;
            let condition = self.condition(typed, "NOT")?;
            return Ok(truth(Expr::Not(Box::new(condition))));
        }
        // The least whole number is only there with its sign.
        if let (UnaryOperator::Minus, Ast::Value(value)) = (operator, inner)
            && let Literal::Number(digits, _) = &value.value
        {
            return super::expression::number(&format!("-{digits}"));
        }
        // A sign binds more strongly than a power: `-2 ^ 2` is 4.
        if let (
            UnaryOperator::Minus | UnaryOperator::Plus,
            Ast::BinaryOp {
                left,
                op: BinaryOperator::PGExp,
                right,
            },
        ) = (operator, inner)
        {
            let base = self.unary(operator, left)?;
            let exponent = self.expression(right)?;
            return self.operate("^", vec![base, exponent]);
        }
        let name = match operator {
            UnaryOperator::Minus => "-",
            UnaryOperator::Plus => "+",
            other => return Err(Error::unsupported(&format!("the operator {other}"))),
        };
        let typed = self.expression(inner)?;
        // Of all that take a literal alone, `double precision` is preferred.
        let typed = if typed.ty == Type::Unknown {
            Typed {
                expr: self.coerce(typed, &Type::Float8, Coercion::Implicit)?,
                ty: Type::Float8,
            }
        } else {
            typed
        };
        self.operate(name, vec![typed])
    }

    pub(super) fn distinct(
        &mut self,
        left: &Ast,
        right: &Ast,
        negated: bool,
    ) -> Result<Typed, Error> {
        let (left, right) = (self.expression(left)?, self.expression(right)?);
        let types = [left.ty.clone(), right.ty.clone()];
        let chosen = resolve::operator("=", &types)?;
        let [left_type, right_type] = chosen.types.as_slice() else {
            return Err(Error::unsupported("this comparison"));
        };
        let left = self.coerce(left, left_type, Coercion::Implicit)?;
        let right = self.coerce(right, right_type, Coercion::Implicit)?;
        let distinct = truth(Expr::Distinct(Box::new(left), Box::new(right)));
        Ok(negate_if(negated, distinct))
    }

    pub(super) fn between(
        &mut self,
        value: &Ast,
        low: &Ast,
        high: &Ast,
        negated: bool,
    ) -> Result<Typed, Error> {
        let value = self.expression(value)?;
        let (low, high) = (self.expression(low)?, self.expression(high)?);
        let above = self.operate(">=", vec![value.clone(), low])?.expr;
        let below = self.operate("<=", vec![value, high])?.expr;
        Ok(negate_if(negated, truth(Expr::And(vec![above, below]))))
    }

    /// `x IN (a, b)`: one type for the literals of the list when it has one.
    pub(super) fn in_list(
        &mut self,
        value: &Ast,
        list: &[Ast],
        negated: bool,
    ) -> Result<Typed, Error> {
        if row_of(value).is_some() {
            let equal: Vec<Expr> = list
                .iter()
                .map(|member| Ok(self.binary(value, &BinaryOperator::Eq, member)?.expr))
                .collect::<Result<_, Error>>()?;
            return Ok(negate_if(negated, truth(Expr::Or(equal))));
        }
        let value = self.expression(value)?;
        let mut members: Vec<Typed> = list
            .iter()
            .map(|member| self.expression(member))
            .collect::<Result<_, _>>()?;
        // All in one type when there is one, as the server does it; else each compares for itself.
        let types = [&value].into_iter().chain(&members).map(|typed| &typed.ty);
        if let Ok(ty) = crate::pgsql::types::common(types, "IN") {
            members = members
                .into_iter()
                .map(|member| {
                    Ok(Typed {
                        expr: self.coerce(member, &ty, Coercion::Implicit)?,
                        ty: ty.clone(),
                    })
                })
                .collect::<Result<_, Error>>()?;
        }
        let equal: Vec<Expr> = members
            .into_iter()
            .map(|member| Ok(self.operate("=", vec![value.clone(), member])?.expr))
            .collect::<Result<_, Error>>()?;
        Ok(negate_if(negated, truth(Expr::Or(equal))))
    }

    /// LIKE and ILIKE.
    pub(super) fn like(
        &mut self,
        name: &str,
        value: &Ast,
        pattern: &Ast,
        escape: Option<&Ast>,
    ) -> Result<Typed, Error> {
        let (value, pattern) = (self.expression(value)?, self.expression(pattern)?);
        let Some(escape) = escape else {
            return self.operate(name, vec![value, pattern]);
        };
        let escape = self.expression(escape)?;
        let name = if name == "~~" {
            "like_escape"
        } else {
            "ilike_escape"
        };
        let sides = vec![value, pattern, escape];
        let types: Vec<Type> = sides.iter().map(|side| side.ty.clone()).collect();
        self.call(resolve::function(name, &types)?, sides)
    }

    /// `x = ANY (array)` and `x = ANY (query)`.
    pub(super) fn quantified(
        &mut self,
        left: &Ast,
        operator: &BinaryOperator,
        right: &Ast,
        all: bool,
    ) -> Result<Typed, Error> {
        let (name, turned) = symbol(operator)?;
        if turned {
            return Err(Error::unsupported("a negated pattern with ANY or ALL"));
        }
        let mut inner = right;
        while let Ast::Nested(nested) = inner {
            inner = nested;
        }
        if let Ast::Subquery(query) = inner {
            return self.in_query(std::slice::from_ref(left), name, query, all);
        }
        let left = self.expression(left)?;
        let array = self.expression(right)?;
        let element = match &array.ty {
            Type::Array(element) => (**element).clone(),
            Type::Unknown if left.ty == Type::Unknown => Type::Text,
            Type::Unknown => left.ty.plain(),
            _ => {
                return Err(Error::new(
                    "42809",
                    "op ANY/ALL (array) requires array on right side",
                ));
            }
        };
        let chosen = resolve::operator(name, &[left.ty.clone(), element])?;
        let [left_type, element] = chosen.types.as_slice() else {
            return Err(Error::unsupported("this comparison"));
        };
        let left = self.coerce(left, left_type, Coercion::Implicit)?;
        let array = self.coerce(
            array,
            &Type::Array(Box::new(element.clone())),
            Coercion::Implicit,
        )?;
        Ok(truth(Expr::Quantified {
            function: chosen.function,
            types: Arc::from(chosen.types.as_slice()),
            left: Box::new(left),
            array: Box::new(array),
            all,
        }))
    }

    /// `x = ANY (query)`, and `IN` with a query, for one value or a row of them.
    pub(super) fn in_query(
        &mut self,
        lefts: &[Ast],
        name: &str,
        query: &Query,
        all: bool,
    ) -> Result<Typed, Error> {
        let lefts: Vec<Typed> = lefts
            .iter()
            .map(|left| self.expression(left))
            .collect::<Result<_, _>>()?;
        let (bound, captures) = self.nested(query)?;
        if bound.columns.len() != lefts.len() {
            let much = if bound.columns.len() > lefts.len() {
                "many"
            } else {
                "few"
            };
            return Err(Error::new(
                "42601",
                format!("subquery has too {much} columns"),
            ));
        }
        let width = bound.columns.len();
        let mut values = Vec::new();
        let mut conditions = Vec::new();
        for (index, (left, (_, ty))) in lefts.into_iter().zip(&bound.columns).enumerate() {
            let chosen = resolve::operator(name, &[left.ty.clone(), ty.clone()])?;
            let left_type = chosen.types.first().cloned().unwrap_or(Type::Text);
            values.push(self.coerce(left, &left_type, Coercion::Implicit)?);
            let sides = vec![
                Typed {
                    expr: Expr::Column(width + index),
                    ty: left_type,
                },
                Typed {
                    expr: Expr::Column(index),
                    ty: ty.clone(),
                },
            ];
            conditions.push(self.call(chosen, sides)?.expr);
        }
        let number = self.next_number();
        Ok(truth(Expr::Subquery(Box::new(Subquery {
            number,
            plan: Arc::new(bound.plan),
            captures,
            answer: SubqueryAnswer::Any {
                left: values,
                condition: Box::new(Expr::And(conditions)),
                all,
            },
        }))))
    }
}

/// The members of a row in parentheses.
pub(super) fn row_of(ast: &Ast) -> Option<&[Ast]> {
    match ast {
        Ast::Tuple(members) => Some(members),
        _ => None,
    }
}

/// A truth value.
pub(super) const fn truth(expr: Expr) -> Typed {
    Typed {
        expr,
        ty: Type::Bool,
    }
}

/// The opposite, when it is asked for.
pub(super) fn negate_if(negated: bool, typed: Typed) -> Typed {
    match (negated, typed.expr) {
        (false, expr) => truth(expr),
        (true, Expr::Constant(Value::Bool(value))) => truth(Expr::bool(!value)),
        (true, expr) => truth(Expr::Not(Box::new(expr))),
    }
}
