//! Writing: the rows that a bound statement means are changed together, or none of them.

use std::sync::Arc;

use super::bind::{Change, Matching, Returning, Write};
use super::constraint;
use super::error::Error;
use super::expr::eval_all;
use super::run::{Env, Run};
use super::table::Row;
use super::value::Value;
use super::{Answer, Written};

/// What a statement makes of a table: all its rows afterwards, and what it says about them.
pub struct Applied {
    /// The table's place in the database.
    pub table: usize,
    /// Its rows.
    pub rows: Vec<Row>,
    /// The count and the answer.
    pub written: Written,
}

/// Computes the rows of the written table. The database is not touched.
pub fn apply(write: &Write, run: &Run, ceiling: Option<u64>) -> Result<Applied, Error> {
    let env = Env {
        row: &[],
        outer: &[],
        run,
    };
    let before = run
        .database
        .tables
        .get(write.table)
        .map(|table| table.rows.as_slice())
        .unwrap_or_default();
    // Each touched row with what stands beside it, for RETURNING.
    let mut touched: Vec<Row> = Vec::new();
    let rows: Vec<Row> = match &write.change {
        Change::Insert(plan) => {
            touched = plan.rows(&env)?;
            before.iter().chain(&touched).cloned().collect()
        }
        Change::Update { rows, values } => {
            let mut changed = Vec::new();
            let mut kept = Vec::with_capacity(before.len());
            for (row, partner) in matching(rows, before, &env)? {
                let Some(partner) = partner else {
                    kept.push(Arc::clone(row));
                    continue;
                };
                let both: Vec<Value> = row.iter().chain(partner.iter()).cloned().collect();
                let mut new = row.to_vec();
                for (index, value) in values {
                    if let Some(slot) = new.get_mut(*index) {
                        *slot = value.eval(&env.with(&both))?;
                    }
                }
                touched.push(new.iter().chain(partner.iter()).cloned().collect());
                changed.push(Row::from(new));
            }
            // A server writes a new version of a row behind the others.
            kept.extend(changed);
            kept
        }
        Change::Delete(rows) => {
            let mut kept = Vec::new();
            for (row, partner) in matching(rows, before, &env)? {
                match partner {
                    None => kept.push(Arc::clone(row)),
                    Some(partner) => {
                        touched.push(row.iter().chain(partner.iter()).cloned().collect());
                    }
                }
            }
            kept
        }
    };
    if !matches!(write.change, Change::Delete(_))
        && let Some(table) = run.database.tables.get(write.table)
        && let Some(constraints) = run
            .database
            .constraints
            .get(&(table.schema.clone(), table.name.clone()))
    {
        constraint::check(constraints, table, &touched, &rows)?;
    }
    let count = touched.len() as u64;
    check_ceiling(count, ceiling)?;
    let answer = match &write.returning {
        None => None,
        Some(Returning { values, columns }) => Some(Answer {
            columns: columns.clone(),
            rows: touched
                .iter()
                .map(|row| eval_all(values, &env.with(row)))
                .collect::<Result<_, _>>()?,
            cut: false,
        }),
    };
    Ok(Applied {
        table: write.table,
        rows,
        written: Written { count, answer },
    })
}

/// An error when more rows are touched than may be.
pub fn check_ceiling(count: u64, ceiling: Option<u64>) -> Result<(), Error> {
    match ceiling {
        Some(ceiling) if count > ceiling => Err(Error::new(
            "54000",
            format!(
                "the statement touches {count} rows, more than the {ceiling} that it may; nothing was changed"
            ),
        )),
        _ => Ok(()),
    }
}

/// Every row of a table, with the first row beside it for which the condition holds, if there is one.
fn matching<'r>(
    matching: &Matching,
    rows: &'r [Row],
    env: &Env,
) -> Result<Vec<(&'r Row, Option<Row>)>, Error> {
    let partners = match &matching.beside {
        None => vec![Row::from([])],
        Some(plan) => plan.rows(env)?,
    };
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let mut partner = None;
        for other in &partners {
            env.run.made_row()?;
            let holds = match &matching.condition {
                None => true,
                Some(condition) if other.is_empty() => condition.holds(&env.with(row))?,
                Some(condition) => {
                    let both: Vec<Value> = row.iter().chain(other.iter()).cloned().collect();
                    condition.holds(&env.with(&both))?
                }
            };
            if holds {
                partner = Some(Arc::clone(other));
                break;
            }
        }
        found.push((row, partner));
    }
    Ok(found)
}
