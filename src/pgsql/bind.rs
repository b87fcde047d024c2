//! Binding: names become places, expressions get types and casts, a query becomes a plan.

mod call;
mod expression;
mod from;
mod join;
mod keys;
mod naming;
mod operator;
mod query;
mod scope;
mod select;
mod special;
mod window;
mod write;

use std::sync::Arc;

use super::error::Error;
use super::expr::Expr;
use super::functions::resolve::Chosen;
use super::plan::{self, Plan};
use super::run::{Env, Run};
use super::types::{Coercion, common};
use super::value::{Type, Value};
use super::{Parameter, syntax};

use scope::{Cte, Level};

pub use write::{Change, Matching, Returning, Write};

/// An expression with its type.
#[derive(Debug, Clone)]
pub struct Typed {
    /// The expression.
    pub expr: Expr,
    /// Its type; unknown for a literal or parameter that nothing has decided yet.
    pub ty: Type,
}

/// A query with the names and types of its columns.
#[derive(Debug, Clone)]
pub struct Bound {
    /// Its plan.
    pub plan: Plan,
    /// Its columns.
    pub columns: Vec<(String, Type)>,
}

/// A query of a WITH clause. Each reads those before it only: computed in this order, none waits for another within it.
pub struct Shared {
    /// Its number within the statement.
    number: usize,
    /// Its plan.
    plan: Arc<Plan>,
    /// True when something reads it.
    used: bool,
}

impl Shared {
    /// Computes its rows, if something reads them.
    pub fn compute(&self, run: &Run) -> Result<(), Error> {
        if self.used {
            plan::shared(self.number, &self.plan, run)?;
        }
        Ok(())
    }
}

/// What binds one statement.
pub struct Binder<'a> {
    run: &'a Run<'a>,
    /// The statement, for places of errors.
    text: &'a str,
    parameters: &'a [Parameter],
    /// True when only types are asked for: parameters have no values.
    describing: bool,
    /// The types that places of parameters have decided.
    inferred: Vec<Option<Type>>,
    /// Parameters that stood somewhere before their type was decided.
    untyped: Vec<usize>,
    /// The query at hand.
    level: Level,
    /// The queries around it, the outermost first.
    outer: Vec<Level>,
    ctes: Vec<Cte>,
    /// The queries of all WITH clauses, and whether something reads them.
    pub shared: Vec<Shared>,
    /// The last number given to a plan.
    number: usize,
    /// A function that does something besides its result was called.
    pub signals: bool,
}

impl<'a> Binder<'a> {
    /// A binder of a statement. Without `parameters` their types are found out.
    pub fn new(run: &'a Run<'a>, text: &'a str, parameters: Option<&'a [Parameter]>) -> Self {
        Self {
            run,
            text,
            parameters: parameters.unwrap_or_default(),
            describing: parameters.is_none(),
            inferred: Vec::new(),
            untyped: Vec::new(),
            level: Level::default(),
            outer: Vec::new(),
            ctes: Vec::new(),
            shared: Vec::new(),
            number: 0,
            signals: false,
        }
    }

    /// The types of the parameters, in order.
    pub fn parameter_types(self) -> Result<Vec<Type>, Error> {
        self.check_parameters()?;
        self.inferred
            .into_iter()
            .enumerate()
            .map(|(index, ty)| {
                ty.ok_or_else(|| {
                    Error::new(
                        "42P18",
                        format!("could not determine data type of parameter ${}", index + 1),
                    )
                })
            })
            .collect()
    }

    /// An error when a parameter stands somewhere without a type.
    pub fn check_parameters(&self) -> Result<(), Error> {
        let Some(index) = self.untyped.first() else {
            return Ok(());
        };
        let decided_later = self.inferred.get(*index).is_some_and(Option::is_some);
        Err(Error::new(
            if decided_later { "42P08" } else { "42P18" },
            format!("could not determine data type of parameter ${}", index + 1),
        ))
    }

    fn has_no_value(&self, index: usize) -> bool {
        self.parameters
            .get(index)
            .is_none_or(|parameter| parameter.text.is_none())
    }

    const fn next_number(&mut self) -> usize {
        self.number += 1;
        self.number
    }

    /// `$n`: of its declared or inferred type, or open.
    fn parameter(&mut self, index: usize) -> Result<Typed, Error> {
        if index >= self.parameters.len() && !self.describing || index >= 1000 {
            return Err(Error::new(
                "42P02",
                format!("there is no parameter ${}", index + 1),
            ));
        }
        while self.inferred.len() <= index {
            let declared = self
                .parameters
                .get(self.inferred.len())
                .and_then(|parameter| parameter.ty.clone());
            self.inferred
                .push(declared.filter(|ty| *ty != Type::Unknown));
        }
        Ok(match self.inferred.get(index).cloned().flatten() {
            Some(ty) => Typed {
                expr: Expr::Constant(self.parameter_value(index, &ty)?),
                ty,
            },
            None => Typed {
                expr: Expr::Parameter(index),
                ty: Type::Unknown,
            },
        })
    }

    fn parameter_value(&self, index: usize, ty: &Type) -> Result<Value, Error> {
        match self
            .parameters
            .get(index)
            .and_then(|parameter| parameter.text.as_deref())
        {
            Some(text) => Value::parse(ty, text),
            None => Ok(Value::Null),
        }
    }

    /// An expression in another type, where the cast goes as far as `coercion`.
    fn coerce(&mut self, typed: Typed, to: &Type, coercion: Coercion) -> Result<Expr, Error> {
        if let Expr::Parameter(index) = typed.expr {
            let plain = to.plain();
            let value = self.parameter_value(index, &plain)?;
            if let Some(inferred) = self.inferred.get_mut(index) {
                *inferred = Some(plain.clone());
            }
            return Ok(self.cast(Expr::Constant(value), &plain, to));
        }
        if let (Type::Unknown, Expr::Constant(Value::Text(text))) = (&typed.ty, &typed.expr) {
            return Ok(Expr::Constant(Value::parse(to, text)?));
        }
        if !typed.ty.becomes(to, coercion) {
            return Err(Error::new(
                "42846",
                format!(
                    "cannot cast type {} to {}",
                    typed.ty.long_name(),
                    to.long_name()
                ),
            ));
        }
        let from = typed.ty.clone();
        Ok(self.cast(typed.expr, &from, to))
    }

    /// A cast that is known to exist, done at once for a constant.
    fn cast(&self, value: Expr, from: &Type, to: &Type) -> Expr {
        let same = from.is(to) && (from == to || to.plain() == *to);
        if same && *from != Type::Unknown {
            return value;
        }
        let constant = value.is_constant();
        let cast = Expr::Cast {
            value: Box::new(value),
            from: from.clone(),
            to: to.clone(),
        };
        if constant { self.folded(cast) } else { cast }
    }

    /// The value instead of an expression of constants; an error is left to the evaluation.
    fn folded(&self, expr: Expr) -> Expr {
        let env = Env {
            row: &[],
            outer: &[],
            run: self.run,
        };
        match expr.eval(&env) {
            Ok(value) => Expr::Constant(value),
            Err(_) => expr,
        }
    }

    /// A call of a chosen function.
    fn call(&mut self, chosen: Chosen, arguments: Vec<Typed>) -> Result<Typed, Error> {
        let Chosen {
            function,
            types,
            result,
        } = chosen;
        let arguments: Vec<Expr> = arguments
            .into_iter()
            .zip(&types)
            .map(|(argument, ty)| self.coerce(argument, ty, Coercion::Implicit))
            .collect::<Result<_, _>>()?;
        self.signals |= function.volatile;
        let constant = !function.volatile && arguments.iter().all(Expr::is_constant);
        let call = Expr::Call {
            function,
            arguments,
            types: types.into(),
            result: result.clone(),
        };
        Ok(Typed {
            expr: if constant { self.folded(call) } else { call },
            ty: result,
        })
    }

    /// Several expressions in the one type they share.
    fn unified(&mut self, values: Vec<Typed>, what: &str) -> Result<(Vec<Expr>, Type), Error> {
        let ty = common(values.iter().map(|value| &value.ty), what)?;
        let values = values
            .into_iter()
            .map(|value| self.coerce(value, &ty, Coercion::Implicit))
            .collect::<Result<_, _>>()?;
        Ok((values, ty))
    }

    /// A literal that nothing has decided is a text.
    fn settled(&mut self, typed: Typed) -> Result<Typed, Error> {
        if typed.ty != Type::Unknown {
            return Ok(typed);
        }
        Ok(Typed {
            expr: self.coerce(typed, &Type::Text, Coercion::Implicit)?,
            ty: Type::Text,
        })
    }

    /// A truth value: `what` names the clause that needs one.
    fn condition(&mut self, typed: Typed, what: &str) -> Result<Expr, Error> {
        if !matches!(typed.ty, Type::Bool | Type::Unknown) {
            return Err(Error::new(
                "42804",
                format!(
                    "argument of {what} must be type boolean, not type {}",
                    typed.ty.long_name()
                ),
            ));
        }
        self.coerce(typed, &Type::Bool, Coercion::Implicit)
    }

    /// Gives an error its place in the statement.
    fn placed(&self, error: Error, part: &impl sqlparser::ast::Spanned) -> Error {
        syntax::placed(error, self.text, part)
    }
}
