//! Groups: the rows that agree in some values become one, with aggregates over them.

use std::collections::{HashMap, HashSet};

use super::Plan;
use super::aggregate::{Accumulator, AggregateFunction};
use super::sort::{SortKey, key_values, order};
use crate::pgsql::error::Error;
use crate::pgsql::expr::{Expr, eval_all};
use crate::pgsql::order::Key;
use crate::pgsql::run::Env;
use crate::pgsql::table::Row;
use crate::pgsql::value::{Type, Value};

/// Rows in groups. Each answer is a group's keys followed by its aggregates.
#[derive(Debug, Clone)]
pub struct Group {
    /// The rows.
    pub input: Plan,
    /// What the rows of a group agree in. None is one group of all rows, also of no rows.
    pub keys: Vec<Expr>,
    /// What is computed over them.
    pub aggregates: Vec<Aggregate>,
    /// True for `GROUP BY`, where no rows are no groups.
    pub by_keys: bool,
}

/// An aggregate of a group's rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregate {
    /// Which.
    pub function: AggregateFunction,
    /// Its arguments.
    pub arguments: Vec<Expr>,
    /// Their types.
    pub types: Vec<Type>,
    /// Each set of arguments once.
    pub distinct: bool,
    /// The order of the rows.
    pub order: Vec<SortKey>,
    /// Which rows take part.
    pub filter: Option<Expr>,
}

/// A group's aggregate on the way.
struct State {
    accumulator: Accumulator,
    /// With DISTINCT or an order: the sort keys and arguments of every row, until the group is whole.
    kept: Vec<(Vec<Value>, Vec<Value>)>,
    seen: HashSet<Key>,
}

impl Aggregate {
    fn start(&self) -> State {
        State {
            accumulator: Accumulator::new(&self.function, &self.types),
            kept: Vec::new(),
            seen: HashSet::new(),
        }
    }

    fn add(&self, state: &mut State, env: &Env) -> Result<(), Error> {
        if let Some(filter) = &self.filter
            && !filter.holds(env)?
        {
            return Ok(());
        }
        let arguments = eval_all(&self.arguments, env)?;
        for argument in &arguments {
            env.run.made_value(argument)?;
        }
        if self.distinct && !state.seen.insert(Key(arguments.clone())) {
            return Ok(());
        }
        if self.order.is_empty() && !self.distinct {
            return state.accumulator.add(&arguments);
        }
        state.kept.push((key_values(&self.order, env)?, arguments));
        Ok(())
    }

    fn finish(&self, mut state: State) -> Result<Value, Error> {
        if self.order.is_empty() {
            // The server sorts to find what is there twice, and that order shows.
            let by_value = |left: &[Value], right: &[Value]| {
                left.iter()
                    .zip(right)
                    .map(|(left, right)| crate::pgsql::order::nulls_last(left, right))
                    .find(|order| order.is_ne())
                    .unwrap_or(std::cmp::Ordering::Equal)
            };
            state
                .kept
                .sort_by(|left, right| by_value(&left.1, &right.1));
        } else {
            state
                .kept
                .sort_by(|left, right| order(&self.order, &left.0, &right.0));
        }
        for (_, arguments) in &state.kept {
            state.accumulator.add(arguments)?;
        }
        state.accumulator.finish()
    }
}

impl Group {
    /// One row a group, in the order in which groups are first met.
    pub fn rows(&self, env: &Env) -> Result<Vec<Row>, Error> {
        let mut places: HashMap<Key, usize> = HashMap::new();
        let mut groups: Vec<(Vec<Value>, Vec<State>)> = Vec::new();
        let start = || self.aggregates.iter().map(Aggregate::start).collect();
        if !self.by_keys {
            groups.push((Vec::new(), start()));
        }
        for row in self.input.rows(env)? {
            env.run.step()?;
            let env = env.with(&row);
            let place = if self.by_keys {
                let key = Key(eval_all(&self.keys, &env)?);
                if let Some(place) = places.get(&key) {
                    *place
                } else {
                    groups.push((key.0.clone(), start()));
                    places.insert(key, groups.len() - 1);
                    groups.len() - 1
                }
            } else {
                0
            };
            let Some((_, states)) = groups.get_mut(place) else {
                continue;
            };
            for (aggregate, state) in self.aggregates.iter().zip(states) {
                aggregate.add(state, &env)?;
            }
        }
        groups
            .into_iter()
            .map(|(mut values, states)| {
                for (aggregate, state) in self.aggregates.iter().zip(states) {
                    values.push(aggregate.finish(state)?);
                }
                Ok(values.into())
            })
            .collect()
    }
}
