//! Window functions: a column computed over the rows around each row.

use std::collections::HashMap;

use super::aggregate::{Accumulator, AggregateFunction};
use super::sort::{SortKey, key_values, order};
use crate::pgsql::error::Error;
use crate::pgsql::expr::{Expr, eval_all};
use crate::pgsql::order::Key;
use crate::pgsql::run::Env;
use crate::pgsql::table::Row;
use crate::pgsql::value::{Type, Value};

/// A function over a window.
#[derive(Debug, Clone, PartialEq)]
pub struct WindowFunction {
    /// Which.
    pub kind: WindowKind,
    /// Its arguments.
    pub arguments: Vec<Expr>,
    /// Their types.
    pub types: Vec<Type>,
    /// Which rows an aggregate takes.
    pub filter: Option<Expr>,
    /// Rows that agree in these belong together.
    pub partition: Vec<Expr>,
    /// Their order.
    pub order: Vec<SortKey>,
    /// Which of them an aggregate sees.
    pub frame: Frame,
}

/// Which function.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum WindowKind {
    /// The row's number.
    RowNumber,
    /// The number of the first row that agrees with it.
    Rank,
    /// The number of its group of rows that agree.
    DenseRank,
    /// A value of a row before.
    Lag,
    /// A value of a row behind.
    Lead,
    /// The first value of the frame.
    FirstValue,
    /// The last value of the frame.
    LastValue,
    /// Which of so many parts of equal size the row is in.
    Ntile,
    /// An aggregate of the frame.
    Aggregate(AggregateFunction),
}

/// From where to where a frame reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// Counted in rows; else the rows that agree in the order go together.
    pub rows: bool,
    /// Rows before this one; none is from the start.
    pub from: Option<i64>,
    /// Rows behind this one; none is to the end.
    pub to: Option<i64>,
}

/// The rows with a column for each function behind their own.
pub fn rows(rows: &[Row], functions: &[WindowFunction], env: &Env) -> Result<Vec<Row>, Error> {
    let mut added: Vec<Vec<Value>> = vec![Vec::new(); rows.len()];
    // The order of the last window shows where nothing else orders the rows, as on a server.
    let mut shown: Vec<usize> = (0..rows.len()).collect();
    for function in functions {
        let (values, sequence) = function.values(rows, env)?;
        for (row, value) in added.iter_mut().zip(values) {
            row.push(value);
        }
        if !(function.partition.is_empty() && function.order.is_empty()) {
            shown = sequence;
        }
    }
    Ok(shown
        .into_iter()
        .filter_map(|place| {
            let (row, added) = (rows.get(place)?, added.get(place)?);
            Some(row.iter().chain(added).cloned().collect())
        })
        .collect())
}

struct Member {
    place: usize,
    keys: Vec<Value>,
}

impl WindowFunction {
    /// The value of each row, and the rows in the order of the window.
    fn values(&self, rows: &[Row], env: &Env) -> Result<(Vec<Value>, Vec<usize>), Error> {
        let mut places: HashMap<Key, usize> = HashMap::new();
        let mut partitions: Vec<(Key, Vec<Member>)> = Vec::new();
        for (place, row) in rows.iter().enumerate() {
            env.run.step()?;
            let env = env.with(row);
            let key = Key(eval_all(&self.partition, &env)?);
            let index = *places.entry(key.clone()).or_insert_with(|| {
                partitions.push((key, Vec::new()));
                partitions.len() - 1
            });
            let keys = key_values(&self.order, &env)?;
            if let Some((_, members)) = partitions.get_mut(index) {
                members.push(Member { place, keys });
            }
        }
        partitions.sort_by(|(left, _), (right, _)| {
            left.0
                .iter()
                .zip(&right.0)
                .map(|(left, right)| crate::pgsql::order::nulls_last(left, right))
                .find(|order| order.is_ne())
                .unwrap_or(std::cmp::Ordering::Equal)
        });
        let mut values = vec![Value::Null; rows.len()];
        let mut sequence = Vec::with_capacity(rows.len());
        for (_, mut members) in partitions {
            members.sort_by(|left, right| order(&self.order, &left.keys, &right.keys));
            let computed = self.partition_values(&members, rows, env)?;
            for (member, value) in members.iter().zip(computed) {
                sequence.push(member.place);
                if let Some(slot) = values.get_mut(member.place) {
                    *slot = value;
                }
            }
        }
        Ok((values, sequence))
    }

    fn partition_values(
        &self,
        members: &[Member],
        rows: &[Row],
        env: &Env,
    ) -> Result<Vec<Value>, Error> {
        let agrees =
            |left: &Member, right: &Member| order(&self.order, &left.keys, &right.keys).is_eq();
        let count = members.len();
        // Of each row: the first and the one behind the last that agree with it, and the number of its group.
        let mut peers: Vec<(usize, usize, usize)> = Vec::with_capacity(count);
        for (group, run) in members.chunk_by(agrees).enumerate() {
            let start = peers.len();
            peers.extend(run.iter().map(|_| (start, start + run.len(), group)));
        }
        let row_of = |place: usize| members.get(place).and_then(|member| rows.get(member.place));
        let argument = |index: usize, place: usize| -> Result<Value, Error> {
            match (self.arguments.get(index), row_of(place)) {
                (Some(argument), Some(row)) => argument.eval(&env.with(row)),
                _ => Ok(Value::Null),
            }
        };
        let mut values = Vec::with_capacity(count);
        let mut running: Option<(usize, Accumulator)> = None;
        for (place, (start, end, group)) in peers.iter().copied().enumerate() {
            env.run.step()?;
            let (from, to) = self.bounds(place, (start, end), count);
            values.push(match self.kind {
                WindowKind::RowNumber => Value::Int(place as i64 + 1),
                WindowKind::Rank => Value::Int(start as i64 + 1),
                WindowKind::DenseRank => Value::Int(group as i64 + 1),
                WindowKind::Lag | WindowKind::Lead => {
                    let by = match (self.arguments.len(), argument(1, place)?) {
                        (1, _) => 1,
                        (_, Value::Int(by)) => by,
                        _ => {
                            values.push(Value::Null);
                            continue;
                        }
                    };
                    let by = if self.kind == WindowKind::Lag {
                        -by
                    } else {
                        by
                    };
                    match usize::try_from(place as i64 + by) {
                        Ok(other) if other < count => argument(0, other)?,
                        _ => argument(2, place)?,
                    }
                }
                WindowKind::FirstValue if from < to => argument(0, from)?,
                WindowKind::LastValue if from < to => argument(0, to - 1)?,
                WindowKind::FirstValue | WindowKind::LastValue => Value::Null,
                WindowKind::Ntile => match argument(0, place)? {
                    Value::Int(parts) if parts > 0 => {
                        let parts = usize::try_from(parts).unwrap_or(usize::MAX);
                        let (size, larger) = (count / parts, count % parts);
                        let before = larger * (size + 1);
                        let part = if place < before {
                            place / (size + 1)
                        } else {
                            larger + (place - before) / size.max(1)
                        };
                        Value::Int(part as i64 + 1)
                    }
                    Value::Null => Value::Null,
                    _ => {
                        return Err(Error::new(
                            "22014",
                            "argument of ntile must be greater than zero",
                        ));
                    }
                },
                WindowKind::Aggregate(function) => {
                    // A frame that begins at the start only grows: its rows are added once.
                    let grows = self.frame.from.is_none();
                    let (mut next, mut accumulator) = match running.take() {
                        Some(state) if grows => state,
                        _ => (from, Accumulator::new(&function, &self.types)),
                    };
                    while next < to {
                        env.run.step()?;
                        if let Some(row) = row_of(next) {
                            let env = env.with(row);
                            let takes = match &self.filter {
                                Some(filter) => filter.holds(&env)?,
                                None => true,
                            };
                            if takes {
                                accumulator.add(&eval_all(&self.arguments, &env)?)?;
                            }
                        }
                        next += 1;
                    }
                    let value = accumulator.so_far()?;
                    env.run.made_value(&value)?;
                    running = Some((next, accumulator));
                    value
                }
            });
        }
        Ok(values)
    }

    /// The frame of a row: its first row and the one behind its last.
    fn bounds(&self, place: usize, peers: (usize, usize), count: usize) -> (usize, usize) {
        let at = |offset: i64| {
            usize::try_from((place as i64).saturating_add(offset))
                .unwrap_or(0)
                .min(count)
        };
        let from = match self.frame.from {
            None => 0,
            Some(before) if self.frame.rows => at(before.saturating_neg()),
            Some(_) => peers.0,
        };
        let to = match self.frame.to {
            None => count,
            Some(behind) if self.frame.rows => at(behind.saturating_add(1)),
            Some(_) => peers.1,
        };
        (from, to.max(from))
    }
}
