//! What messages take from results: the values that one draft each is made for, and rows that a template lists.

use std::collections::{BTreeMap, HashSet};

use crate::model::answer::{Answer, AnswerBody};
use crate::model::limits;
use crate::model::table::{Column, Rows};

/// Rows read at a time.
const PIECE: usize = 1_000;

/// The distinct values of a column that are not empty, in order of first appearance. `action` names the result in errors.
/// A result that is not whole gives none: whoever is missing from it would never be told.
pub fn values(action: &str, answer: &Answer, column: &str) -> Result<Vec<String>, String> {
    let (columns, rows) = table(action, answer)?;
    let Some(index) = columns.iter().position(|found| found.name == column) else {
        let names: Vec<&str> = columns.iter().map(|found| found.name.as_str()).collect();
        return Err(format!(
            "{action} has no column {column}, it has {}: mend for-each",
            names.join(", ")
        ));
    };
    let outcome = &answer.outcome;
    let gap = [&outcome.truncated, &outcome.partial, &outcome.blind];
    if let Some(gap) = gap.into_iter().flatten().next() {
        return Err(format!(
            "the result of {action} is not whole ({gap}), somebody would not be told: mend that and run it again, or write by hand (a)"
        ));
    }
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    let total = rows.len();
    for start in (0..total).step_by(PIECE) {
        let piece = rows.read(start..start + PIECE);
        if piece.len() < PIECE.min(total - start) {
            return Err(format!(
                "the rows of {action} cannot be read again: run it once more"
            ));
        }
        for row in piece {
            let Some(Some(value)) = row.get(index) else {
                continue;
            };
            if value.trim().is_empty() || !seen.insert(value.to_string()) {
                continue;
            }
            if found.len() == limits::MESSAGE_DRAFTS {
                return Err(format!(
                    "{action} has more than {} different values of {column}, and one message is written for each: narrow the query, or write by hand (a)",
                    limits::MESSAGE_DRAFTS
                ));
            }
            found.push(value.to_string());
        }
    }
    if found.is_empty() {
        return Err(format!(
            "{action} found no {column}: there is nobody to write to"
        ));
    }
    Ok(found)
}

/// The first rows of a result by the names of their columns; a NULL is left out.
pub fn list(action: &str, answer: &Answer) -> Result<Vec<BTreeMap<String, String>>, String> {
    let (columns, rows) = table(action, answer)?;
    let rows = rows.read(0..rows.len().min(limits::MESSAGE_ROWS));
    let named = rows.into_iter().map(|row| {
        let cells = columns.iter().zip(row);
        cells
            .filter_map(|(column, cell)| Some((column.name.clone(), cell?.to_string())))
            .collect()
    });
    Ok(named.collect())
}

fn table<'a>(action: &str, answer: &'a Answer) -> Result<(&'a [Column], &'a Rows), String> {
    match &answer.body {
        AnswerBody::Table { columns, rows } => Ok((columns, rows)),
        AnswerBody::Nothing | AnswerBody::Chart(_) | AnswerBody::Output { .. } => Err(format!(
            "the result of {action} has no rows: name an action that gives a table"
        )),
    }
}
