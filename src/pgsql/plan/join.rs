//! Joins: by hash where sides are equal in something, else every row with every row.

use std::collections::HashMap;

use super::Plan;
use crate::pgsql::error::Error;
use crate::pgsql::expr::{Expr, eval_all};
use crate::pgsql::order::Key;
use crate::pgsql::run::Env;
use crate::pgsql::table::Row;
use crate::pgsql::value::Value;

/// Two sides side by side.
#[derive(Debug, Clone)]
pub struct Join {
    /// The rows that come first.
    pub left: Plan,
    /// The others.
    pub right: Plan,
    /// What the right side takes from each row of the left, when it stands LATERAL.
    pub lateral: Option<Vec<Expr>>,
    /// Rows of the left without a partner stay.
    pub keep_left: bool,
    /// Rows of the right without a partner stay.
    pub keep_right: bool,
    /// Columns of the left side.
    pub left_width: usize,
    /// Columns of the right side.
    pub right_width: usize,
    /// What must be equal: of the left row, of the right row.
    pub equal: Vec<(Expr, Expr)>,
    /// What else must hold of both.
    pub condition: Option<Expr>,
}

impl Join {
    /// All the rows.
    pub fn rows(&self, env: &Env) -> Result<Vec<Row>, Error> {
        let left = self.left.rows(env)?;
        let mut rows = Vec::new();
        if let Some(captures) = &self.lateral {
            for row in &left {
                let outer = eval_all(captures, &env.with(row))?;
                let inner = Env {
                    row: &[],
                    outer: &outer,
                    run: env.run,
                };
                let right = self.right.rows(&inner)?;
                self.pair(row, right.iter(), env, &mut rows, &mut |_| {})?;
            }
            return Ok(rows);
        }
        let right = self.right.rows(env)?;
        let mut partnered = vec![false; right.len()];
        let mut mark = |index: usize| {
            if let Some(mark) = partnered.get_mut(index) {
                *mark = true;
            }
        };
        if self.equal.is_empty() {
            for row in &left {
                self.pair(row, right.iter(), env, &mut rows, &mut mark)?;
            }
        } else {
            let table = self.table(&right, env)?;
            for row in &left {
                let key = key(self.equal.iter().map(|(left, _)| left), &env.with(row))?;
                let places: &[usize] = key
                    .and_then(|key| table.get(&key))
                    .map_or(&[], Vec::as_slice);
                let partners = places.iter().filter_map(|place| right.get(*place));
                self.pair(row, partners, env, &mut rows, &mut |index| {
                    if let Some(place) = places.get(index) {
                        mark(*place);
                    }
                })?;
            }
        }
        if self.keep_right {
            let nulls = vec![Value::Null; self.left_width];
            rows.extend(
                right
                    .iter()
                    .zip(&partnered)
                    .filter(|(_, partnered)| !**partnered)
                    .map(|(row, _)| nulls.iter().chain(row.iter()).cloned().collect()),
            );
        }
        Ok(rows)
    }

    /// Puts a row of the left side beside each partner for which the condition holds.
    fn pair<'r>(
        &self,
        row: &Row,
        partners: impl Iterator<Item = &'r Row>,
        env: &Env,
        rows: &mut Vec<Row>,
        mark: &mut dyn FnMut(usize),
    ) -> Result<(), Error> {
        let mut alone = true;
        for (index, partner) in partners.enumerate() {
            env.run.made_row()?;
            let both: Vec<Value> = row.iter().chain(partner.iter()).cloned().collect();
            let holds = match &self.condition {
                Some(condition) => condition.holds(&env.with(&both))?,
                None => true,
            };
            if holds {
                env.run.made_values(both.len() + 1)?;
                alone = false;
                mark(index);
                rows.push(both.into());
            }
        }
        if alone && self.keep_left {
            let nulls = std::iter::repeat_n(&Value::Null, self.right_width);
            rows.push(row.iter().chain(nulls).cloned().collect());
        }
        Ok(())
    }

    /// The places of the right rows by what must be equal.
    fn table(&self, right: &[Row], env: &Env) -> Result<HashMap<Key, Vec<usize>>, Error> {
        let mut table: HashMap<Key, Vec<usize>> = HashMap::new();
        for (place, row) in right.iter().enumerate() {
            env.run.step()?;
            let key = key(self.equal.iter().map(|(_, right)| right), &env.with(row))?;
            if let Some(key) = key {
                table.entry(key).or_default().push(place);
            }
        }
        Ok(table)
    }
}

/// The values of a key; none when one of them is NULL, which is equal to nothing.
fn key<'e>(expressions: impl Iterator<Item = &'e Expr>, env: &Env) -> Result<Option<Key>, Error> {
    let values: Vec<Value> = expressions
        .map(|expression| expression.eval(env))
        .collect::<Result<_, _>>()?;
    Ok((!values.contains(&Value::Null)).then_some(Key(values)))
}
