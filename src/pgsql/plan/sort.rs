//! Rows in order, and the operations on sets of rows.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::Plan;
use crate::pgsql::error::Error;
use crate::pgsql::expr::Expr;
use crate::pgsql::order::{Key, compare};
use crate::pgsql::run::Env;
use crate::pgsql::table::Row;
use crate::pgsql::value::Value;

/// What rows are ordered by.
#[derive(Debug, Clone, PartialEq)]
pub struct SortKey {
    /// The value.
    pub value: Expr,
    /// Greatest first.
    pub descending: bool,
    /// NULL before everything else.
    pub nulls_first: bool,
}

impl SortKey {
    fn order(&self, left: &Value, right: &Value) -> Ordering {
        match (left, right) {
            (Value::Null, Value::Null) => Ordering::Equal,
            (Value::Null, _) if self.nulls_first => Ordering::Less,
            (Value::Null, _) => Ordering::Greater,
            (_, Value::Null) if self.nulls_first => Ordering::Greater,
            (_, Value::Null) => Ordering::Less,
            _ if self.descending => compare(right, left),
            _ => compare(left, right),
        }
    }
}

/// The order of two rows of keys.
pub fn order(keys: &[SortKey], left: &[Value], right: &[Value]) -> Ordering {
    keys.iter()
        .zip(left.iter().zip(right))
        .map(|(key, (left, right))| key.order(left, right))
        .find(|order| *order != Ordering::Equal)
        .unwrap_or(Ordering::Equal)
}

/// What rows are ordered by, of each.
pub fn key_values(keys: &[SortKey], env: &Env) -> Result<Vec<Value>, Error> {
    keys.iter().map(|key| key.value.eval(env)).collect()
}

/// Rows in order; those that agree keep theirs.
pub fn sorted(rows: Vec<Row>, keys: &[SortKey], env: &Env) -> Result<Vec<Row>, Error> {
    let mut keyed = Vec::with_capacity(rows.len());
    for row in rows {
        env.run.step()?;
        keyed.push((key_values(keys, &env.with(&row))?, row));
    }
    keyed.sort_by(|left, right| order(keys, &left.0, &right.0));
    Ok(keyed.into_iter().map(|(_, row)| row).collect())
}

/// UNION, INTERSECT or EXCEPT of rows with columns of the same types.
#[derive(Debug, Clone)]
pub struct SetOperation {
    /// Which.
    pub operator: SetOperator,
    /// Rows that are there twice stay so.
    pub all: bool,
    /// The first rows.
    pub left: Plan,
    /// The others.
    pub right: Plan,
}

/// Which operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetOperator {
    /// The rows of both.
    Union,
    /// Those that both have.
    Intersect,
    /// Those that only the first has.
    Except,
}

impl SetOperation {
    /// All the rows.
    pub fn rows(&self, env: &Env) -> Result<Vec<Row>, Error> {
        let mut left = self.left.rows(env)?;
        let right = self.right.rows(env)?;
        let key = |row: &Row| Key(row.to_vec());
        if self.operator == SetOperator::Union {
            env.run.made_values(right.len())?;
            left.extend(right);
            if self.all {
                return Ok(left);
            }
            let mut seen = std::collections::HashSet::new();
            left.retain(|row| seen.insert(key(row)));
            return Ok(left);
        }
        let mut counts: HashMap<Key, usize> = HashMap::new();
        for row in &right {
            *counts.entry(key(row)).or_default() += 1;
        }
        let keeps_found = self.operator == SetOperator::Intersect;
        let mut seen = std::collections::HashSet::new();
        let mut kept = Vec::new();
        for row in left {
            env.run.step()?;
            let key = key(&row);
            let found = match counts.get_mut(&key) {
                Some(count) if self.all && *count > 0 => {
                    *count -= 1;
                    true
                }
                Some(_) => !self.all,
                None => false,
            };
            if found == keeps_found && (self.all || seen.insert(key)) {
                kept.push(row);
            }
        }
        Ok(kept)
    }
}
