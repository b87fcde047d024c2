//! Plans: what a query does to rows, one step above another. Every step hands all its rows to the next.

pub mod aggregate;
pub mod group;
pub mod join;
pub mod sort;
pub mod window;

use std::collections::HashSet;
use std::sync::Arc;

use super::error::Error;
use super::expr::{Expr, eval_all};
use super::functions::SetFunction;
use super::order::Key;
use super::run::{Env, Run};
use super::table::Row;
use super::value::{Type, Value};

/// A step.
#[derive(Debug, Clone)]
pub enum Plan {
    /// One row without columns.
    One,
    /// The rows of a table, by its place in the database.
    Table(usize),
    /// Rows that stand in the statement.
    Values(Vec<Vec<Expr>>),
    /// A function that answers with rows.
    Function {
        /// Which.
        function: SetFunction,
        /// Its arguments.
        arguments: Vec<Expr>,
        /// Their types.
        types: Vec<Type>,
        /// A last column counts the rows.
        ordinality: bool,
    },
    /// A plan that is used several times and depends on nothing outside.
    Shared {
        /// Its number within the statement.
        number: usize,
        /// The plan.
        plan: Arc<Plan>,
    },
    /// The rows for which a condition is true.
    Filter {
        /// The rows.
        input: Box<Plan>,
        /// The condition.
        condition: Expr,
    },
    /// New columns.
    Project {
        /// The rows.
        input: Box<Plan>,
        /// One expression a column.
        columns: Vec<Expr>,
    },
    /// Only the first columns.
    Cut {
        /// The rows.
        input: Box<Plan>,
        /// How many columns stay.
        width: usize,
    },
    /// Two sides side by side.
    Join(Box<join::Join>),
    /// One row a group.
    Group(Box<group::Group>),
    /// Columns of window functions behind those of the rows.
    Window {
        /// The rows.
        input: Box<Plan>,
        /// One function a column.
        functions: Vec<window::WindowFunction>,
    },
    /// Rows in order.
    Sort {
        /// The rows.
        input: Box<Plan>,
        /// What they are ordered by.
        keys: Vec<sort::SortKey>,
    },
    /// The first row of each set of rows that agree in some expressions.
    Distinct {
        /// The rows.
        input: Box<Plan>,
        /// What they agree in.
        on: Vec<Expr>,
    },
    /// Some of the rows by their number.
    Limit {
        /// The rows.
        input: Box<Plan>,
        /// At most so many.
        limit: Option<Expr>,
        /// After so many.
        offset: Option<Expr>,
    },
    /// UNION, INTERSECT, EXCEPT.
    Set(Box<sort::SetOperation>),
}

impl Plan {
    /// All the rows.
    pub fn rows(&self, env: &Env) -> Result<Vec<Row>, Error> {
        match self {
            Self::One => Ok(vec![Row::from([])]),
            Self::Table(place) => Ok(env
                .run
                .database
                .tables
                .get(*place)
                .map(|table| table.rows.clone())
                .unwrap_or_default()),
            Self::Values(rows) => rows
                .iter()
                .map(|row| Ok(eval_all(row, env)?.into()))
                .collect(),
            Self::Function {
                function,
                arguments,
                types,
                ordinality,
            } => {
                let mut rows = function.rows(&eval_all(arguments, env)?, types, env.run)?;
                if *ordinality {
                    for (index, row) in rows.iter_mut().enumerate() {
                        row.push(Value::Int(index as i64 + 1));
                    }
                }
                Ok(rows.into_iter().map(Row::from).collect())
            }
            Self::Shared { number, plan } => Ok(shared(*number, plan, env.run)?.to_vec()),
            Self::Filter { input, condition } => {
                let mut kept = Vec::new();
                for row in input.rows(env)? {
                    env.run.step()?;
                    if condition.holds(&env.with(&row))? {
                        kept.push(row);
                    }
                }
                Ok(kept)
            }
            Self::Project { input, columns } => input
                .rows(env)?
                .iter()
                .map(|row| {
                    env.run.step()?;
                    Ok(eval_all(columns, &env.with(row))?.into())
                })
                .collect(),
            Self::Cut { input, width } => Ok(input
                .rows(env)?
                .iter()
                .map(|row| row.iter().take(*width).cloned().collect())
                .collect()),
            Self::Join(join) => join.rows(env),
            Self::Group(group) => group.rows(env),
            Self::Window { input, functions } => window::rows(&input.rows(env)?, functions, env),
            Self::Sort { input, keys } => sort::sorted(input.rows(env)?, keys, env),
            Self::Distinct { input, on } => {
                let mut seen = HashSet::new();
                let mut kept = Vec::new();
                for row in input.rows(env)? {
                    env.run.step()?;
                    if seen.insert(Key(eval_all(on, &env.with(&row))?)) {
                        kept.push(row);
                    }
                }
                Ok(kept)
            }
            Self::Limit {
                input,
                limit,
                offset,
            } => {
                let skipped = count(offset.as_ref(), env, "OFFSET", "2201X")?.unwrap_or(0);
                let taken = count(limit.as_ref(), env, "LIMIT", "2201W")?.unwrap_or(usize::MAX);
                let rows = input.rows(env)?;
                Ok(rows.into_iter().skip(skipped).take(taken).collect())
            }
            Self::Set(operation) => operation.rows(env),
        }
    }
}

/// The rows of a plan that depends on nothing outside, computed once.
pub fn shared(number: usize, plan: &Plan, run: &Run) -> Result<Arc<Vec<Row>>, Error> {
    if let Some(rows) = run.known.borrow().get(&number) {
        return Ok(Arc::clone(rows));
    }
    let rows = Arc::new(plan.rows(&Env {
        row: &[],
        outer: &[],
        run,
    })?);
    run.known.borrow_mut().insert(number, Arc::clone(&rows));
    Ok(rows)
}

/// The number behind LIMIT or OFFSET; NULL is as if it were not there.
fn count(
    expression: Option<&Expr>,
    env: &Env,
    word: &str,
    code: &'static str,
) -> Result<Option<usize>, Error> {
    let Some(expression) = expression else {
        return Ok(None);
    };
    match expression.eval(env)? {
        Value::Int(value) => usize::try_from(value)
            .map(Some)
            .map_err(|_| Error::new(code, format!("{word} must not be negative"))),
        _ => Ok(None),
    }
}
