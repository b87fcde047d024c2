//! Bound expressions and their evaluation: names are positions, every cast is explicit, every operator is a function.

use std::cmp::Ordering;
use std::sync::Arc;

use super::cast::cast;
use super::error::Error;
use super::functions::array::{accumulated, even};
use super::functions::{Call, Function};
use super::order::compare;
use super::plan::Plan;
use super::run::Env;
use super::table::Row;
use super::value::{Type, Value};

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// A value.
    Constant(Value),
    /// A parameter whose type is not known yet; never evaluated.
    Parameter(usize),
    /// A column of the row.
    Column(usize),
    /// A value that the enclosing query hands in.
    Outer(usize),
    /// The result of an aggregate, before it has a column.
    Aggregate(usize),
    /// The result of a window function, before it has a column.
    Window(usize),
    /// Every one is true.
    And(Vec<Expr>),
    /// Any one is true.
    Or(Vec<Expr>),
    /// The opposite.
    Not(Box<Expr>),
    /// `IS NULL`.
    IsNull(Box<Expr>),
    /// `IS TRUE`, `IS FALSE`: never NULL.
    Is(Box<Expr>, bool),
    /// `IS DISTINCT FROM`: both sides have one type.
    Distinct(Box<Expr>, Box<Expr>),
    /// `NULLIF`: both sides compare in one type; the first comes back in its own.
    NullIf {
        /// What comes back.
        value: Box<Expr>,
        /// The comparison.
        equal: Box<Expr>,
    },
    /// The first whose condition is true.
    Case {
        /// Conditions and results.
        arms: Vec<(Expr, Expr)>,
        /// The result when none is true.
        otherwise: Box<Expr>,
    },
    /// The first that is not NULL.
    Coalesce(Vec<Expr>),
    /// The greatest or the least that is not NULL.
    Extreme {
        /// Which of them.
        greatest: bool,
        /// All of one type.
        values: Vec<Expr>,
    },
    /// A value in another type.
    Cast {
        /// The value.
        value: Box<Expr>,
        /// Its type.
        from: Type,
        /// The wanted type.
        to: Type,
    },
    /// A function or an operator.
    Call {
        /// Which.
        function: &'static Function,
        /// Its arguments, already of the types it takes.
        arguments: Vec<Expr>,
        /// Their types.
        types: Arc<[Type]>,
        /// The type of the result.
        result: Type,
    },
    /// `ARRAY[…]`.
    Array(Vec<Expr>),
    /// `x[i]` of an array.
    Subscript(Box<Expr>, Box<Expr>),
    /// `x[i:j]` of an array.
    Slice(Box<Expr>, Option<Box<Expr>>, Option<Box<Expr>>),
    /// `x = ANY (array)`, `x <> ALL (array)`.
    Quantified {
        /// The operator.
        function: &'static Function,
        /// Types of its arguments.
        types: Arc<[Type]>,
        /// The left side.
        left: Box<Expr>,
        /// The array.
        array: Box<Expr>,
        /// ALL instead of ANY.
        all: bool,
    },
    /// A query within the expression.
    Subquery(Box<Subquery>),
}

/// A query within an expression.
#[derive(Debug, Clone)]
pub struct Subquery {
    /// Its number within the statement.
    pub number: usize,
    /// Its plan.
    pub plan: Arc<Plan>,
    /// What it takes from the enclosing query. None makes its rows the same every time.
    pub captures: Vec<Expr>,
    /// What is made of its rows.
    pub answer: SubqueryAnswer,
}

impl PartialEq for Subquery {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

/// What is made of the rows of a query within an expression.
#[derive(Debug, Clone, PartialEq)]
pub enum SubqueryAnswer {
    /// The only value of its only row; NULL without a row.
    Value,
    /// Whether there is a row.
    Exists,
    /// `x = ANY (query)` and its like: the comparison, over the query's row followed by the left side's values.
    Any {
        /// The left side.
        left: Vec<Expr>,
        /// The comparison: columns of the query first, then the left side.
        condition: Box<Expr>,
        /// ALL instead of ANY.
        all: bool,
    },
    /// All its values, as an array.
    Array,
}

impl Expr {
    /// NULL.
    pub const NULL: Self = Self::Constant(Value::Null);

    /// A constant truth value.
    pub const fn bool(value: bool) -> Self {
        Self::Constant(Value::Bool(value))
    }

    /// The value in a place.
    pub fn eval(&self, env: &Env) -> Result<Value, Error> {
        Ok(match self {
            Self::Constant(value) => value.clone(),
            Self::Column(index) => env.row.get(*index).cloned().ok_or_else(lost)?,
            Self::Outer(index) => env.outer.get(*index).cloned().ok_or_else(lost)?,
            Self::Parameter(_) | Self::Aggregate(_) | Self::Window(_) => return Err(lost()),
            Self::And(parts) => return all_of(parts, env, false),
            Self::Or(parts) => return all_of(parts, env, true),
            Self::Not(inner) => match inner.eval(env)? {
                Value::Bool(value) => Value::Bool(!value),
                other => other,
            },
            Self::IsNull(inner) => Value::Bool(inner.eval(env)? == Value::Null),
            Self::Is(inner, wanted) => Value::Bool(inner.eval(env)? == Value::Bool(*wanted)),
            Self::Distinct(left, right) => Value::Bool(
                super::order::nulls_last(&left.eval(env)?, &right.eval(env)?) != Ordering::Equal,
            ),
            Self::NullIf { value, equal } => {
                if equal.holds(env)? {
                    Value::Null
                } else {
                    value.eval(env)?
                }
            }
            Self::Case { arms, otherwise } => {
                for (condition, result) in arms {
                    if condition.holds(env)? {
                        return result.eval(env);
                    }
                }
                otherwise.eval(env)?
            }
            Self::Coalesce(values) => {
                for value in values {
                    let value = value.eval(env)?;
                    if value != Value::Null {
                        return Ok(value);
                    }
                }
                Value::Null
            }
            Self::Extreme { greatest, values } => extreme(*greatest, values, env)?,
            Self::Cast { value, from, to } => cast(value.eval(env)?, from, to)?,
            Self::Call {
                function,
                arguments,
                types,
                result,
            } => {
                let call = Call {
                    run: env.run,
                    types,
                    result,
                };
                match arguments.as_slice() {
                    [one] => function.call(&call, &[one.eval(env)?])?,
                    [one, two] => function.call(&call, &[one.eval(env)?, two.eval(env)?])?,
                    many => function.call(&call, &eval_all(many, env)?)?,
                }
            }
            Self::Array(values) => {
                let array = even(eval_all(values, env)?).ok_or_else(uneven)?;
                env.run.made_value(&array)?;
                array
            }
            Self::Subscript(array, index) => element(&array.eval(env)?, &index.eval(env)?),
            Self::Slice(array, from, to) => slice(array, from.as_deref(), to.as_deref(), env)?,
            Self::Quantified {
                function,
                types,
                left,
                array,
                all,
            } => {
                let call = Call {
                    run: env.run,
                    types,
                    result: &Type::Bool,
                };
                let Value::Array(values) = array.eval(env)? else {
                    return Ok(Value::Null);
                };
                let left = left.eval(env)?;
                let mut found = Some(*all);
                for value in leaves(&values) {
                    match function.call(&call, &[left.clone(), value.clone()])? {
                        Value::Bool(truth) if truth != *all => return Ok(Value::Bool(!all)),
                        Value::Null => found = None,
                        _ => {}
                    }
                }
                found.map_or(Value::Null, Value::Bool)
            }
            Self::Subquery(subquery) => subquery.eval(env)?,
        })
    }

    /// True when the value is true: neither false nor NULL.
    pub fn holds(&self, env: &Env) -> Result<bool, Error> {
        Ok(self.eval(env)? == Value::Bool(true))
    }

    /// Does `change` to every direct part. A query within takes part with what it takes from here.
    pub fn each_part<E>(
        &mut self,
        change: &mut dyn FnMut(&mut Self) -> Result<(), E>,
    ) -> Result<(), E> {
        match self {
            Self::Constant(_)
            | Self::Parameter(_)
            | Self::Column(_)
            | Self::Outer(_)
            | Self::Aggregate(_)
            | Self::Window(_) => Ok(()),
            Self::And(parts)
            | Self::Or(parts)
            | Self::Coalesce(parts)
            | Self::Array(parts)
            | Self::Extreme { values: parts, .. }
            | Self::Call {
                arguments: parts, ..
            } => parts.iter_mut().try_for_each(change),
            Self::Not(inner)
            | Self::IsNull(inner)
            | Self::Is(inner, _)
            | Self::Cast { value: inner, .. } => change(inner),
            Self::Distinct(left, right)
            | Self::Subscript(left, right)
            | Self::NullIf {
                value: left,
                equal: right,
            }
            | Self::Quantified {
                left, array: right, ..
            } => {
                change(left)?;
                change(right)
            }
            Self::Slice(array, from, to) => {
                change(array)?;
                from.iter_mut()
                    .chain(to)
                    .try_for_each(|bound| change(bound))
            }
            Self::Case { arms, otherwise } => {
                for (condition, result) in arms {
                    change(condition)?;
                    change(result)?;
                }
                change(otherwise)
            }
            Self::Subquery(subquery) => {
                subquery.captures.iter_mut().try_for_each(&mut *change)?;
                match &mut subquery.answer {
                    SubqueryAnswer::Any { left, .. } => left.iter_mut().try_for_each(change),
                    _ => Ok(()),
                }
            }
        }
    }

    /// True when the value is the same for every row and every run.
    pub const fn is_constant(&self) -> bool {
        matches!(self, Self::Constant(_))
    }
}

/// Something the binder should not have left behind.
fn lost() -> Error {
    Error::new("XX000", "an expression stands where its value is not known")
}

/// Evaluates all of them.
pub fn eval_all(expressions: &[Expr], env: &Env) -> Result<Vec<Value>, Error> {
    expressions.iter().map(|it| it.eval(env)).collect()
}

/// AND when `end` is false, OR when it is true: one part that is `end` decides, else one NULL makes it NULL.
fn all_of(parts: &[Expr], env: &Env, end: bool) -> Result<Value, Error> {
    let mut result = Value::Bool(!end);
    for part in parts {
        match part.eval(env)? {
            Value::Bool(value) if value == end => return Ok(Value::Bool(end)),
            Value::Null => result = Value::Null,
            _ => {}
        }
    }
    Ok(result)
}

fn extreme(greatest: bool, values: &[Expr], env: &Env) -> Result<Value, Error> {
    let wanted = if greatest {
        Ordering::Greater
    } else {
        Ordering::Less
    };
    let mut best = Value::Null;
    for value in values {
        let value = value.eval(env)?;
        if value != Value::Null && (best == Value::Null || compare(&value, &best) == wanted) {
            best = value;
        }
    }
    Ok(best)
}

fn slice(array: &Expr, from: Option<&Expr>, to: Option<&Expr>, env: &Env) -> Result<Value, Error> {
    let Value::Array(values) = array.eval(env)? else {
        return Ok(Value::Null);
    };
    let bound = |bound: Option<&Expr>, default: i64| match bound {
        None => Ok(Some(default)),
        Some(bound) => bound.eval(env).map(|value| match value {
            Value::Int(value) => Some(value),
            _ => None,
        }),
    };
    let (Some(from), Some(to)) = (bound(from, 1)?, bound(to, values.len() as i64)?) else {
        return Ok(Value::Null);
    };
    let skipped = usize::try_from(from.max(1) - 1).unwrap_or(usize::MAX);
    let taken = usize::try_from(to.saturating_sub(from.max(1)).saturating_add(1)).unwrap_or(0);
    Ok(Value::Array(
        values.iter().skip(skipped).take(taken).cloned().collect(),
    ))
}

/// `x[i]`: NULL where there is no such element.
fn element(array: &Value, index: &Value) -> Value {
    match (array, index) {
        (Value::Array(values), Value::Int(index)) => usize::try_from(index - 1)
            .ok()
            .and_then(|index| values.get(index).cloned())
            .filter(|value| !matches!(value, Value::Array(_)))
            .unwrap_or(Value::Null),
        _ => Value::Null,
    }
}

/// `ARRAY[…]` of arrays that are not alike.
fn uneven() -> Error {
    Error::new(
        "2202E",
        "multidimensional arrays must have array expressions with matching dimensions",
    )
}

/// The elements of an array that are no arrays themselves.
pub fn leaves(values: &[Value]) -> Vec<&Value> {
    values
        .iter()
        .flat_map(|value| match value {
            Value::Array(inner) => leaves(inner),
            leaf => vec![leaf],
        })
        .collect()
}

impl Subquery {
    /// The rows: computed once when they depend on nothing outside.
    fn rows(&self, env: &Env) -> Result<Arc<Vec<Row>>, Error> {
        if !self.captures.is_empty() {
            let outer = eval_all(&self.captures, env)?;
            return Ok(Arc::new(self.plan.rows(&Env {
                row: &[],
                outer: &outer,
                run: env.run,
            })?));
        }
        super::plan::shared(self.number, &self.plan, env.run)
    }

    fn eval(&self, env: &Env) -> Result<Value, Error> {
        let rows = self.rows(env)?;
        Ok(match &self.answer {
            SubqueryAnswer::Exists => Value::Bool(!rows.is_empty()),
            SubqueryAnswer::Array => {
                let values: Vec<Value> =
                    rows.iter().filter_map(|row| row.first().cloned()).collect();
                if values.iter().any(|value| matches!(value, Value::Array(_))) {
                    return accumulated(values);
                }
                Value::Array(values.into())
            }
            SubqueryAnswer::Value => match rows.as_slice() {
                [] => Value::Null,
                [row] => row.first().cloned().unwrap_or(Value::Null),
                _ => {
                    return Err(Error::new(
                        "21000",
                        "more than one row returned by a subquery used as an expression",
                    ));
                }
            },
            SubqueryAnswer::Any {
                left,
                condition,
                all,
            } => {
                let left = eval_all(left, env)?;
                let mut found = Value::Bool(*all);
                for row in rows.iter() {
                    env.run.step()?;
                    let both: Vec<Value> = row.iter().chain(&left).cloned().collect();
                    match condition.eval(&env.with(&both))? {
                        Value::Bool(truth) if truth != *all => return Ok(Value::Bool(!all)),
                        Value::Null => found = Value::Null,
                        _ => {}
                    }
                }
                found
            }
        })
    }
}
