//! What a table's declaration demands of its rows: columns that are never NULL, and a column that tells rows apart.
//!
//! Other constraints are not kept: foreign keys, CHECK, UNIQUE, keys of several columns.

use std::collections::HashSet;

use sqlparser::ast::{ColumnDef, ColumnOption};

use super::error::Error;
use super::order::Key;
use super::table::{Constraints, Row, Table};
use super::value::Value;

/// What the declarations of a table's columns demand. A column whose values a sequence gives demands nothing, because
/// sequences are not kept.
pub fn declared(columns: &[ColumnDef]) -> Constraints {
    let mut constraints = Constraints::default();
    for (place, column) in columns.iter().enumerate() {
        let has = |wanted: fn(&ColumnOption) -> bool| {
            column.options.iter().any(|option| wanted(&option.option))
        };
        if has(|option| matches!(option, ColumnOption::Generated { .. })) {
            continue;
        }
        let is_key = has(|option| matches!(option, ColumnOption::PrimaryKey(_)));
        if is_key {
            constraints.key = Some(place);
        }
        if is_key || has(|option| matches!(option, ColumnOption::NotNull)) {
            constraints.required.push(place);
        }
    }
    constraints
}

/// An error when rows that were written, or all rows of the table with them, are not as they must be.
pub fn check(
    constraints: &Constraints,
    table: &Table,
    written: &[Row],
    all: &[Row],
) -> Result<(), Error> {
    for (row, place) in written
        .iter()
        .flat_map(|row| constraints.required.iter().map(move |place| (row, *place)))
    {
        if row.get(place) == Some(&Value::Null) {
            let column = table.columns.get(place).map_or("", |column| &column.name);
            return Err(Error::new(
                "23502",
                format!(
                    "null value in column \"{column}\" of relation \"{}\" violates not-null constraint",
                    table.name
                ),
            ));
        }
    }
    let Some(key) = constraints.key.filter(|_| !written.is_empty()) else {
        return Ok(());
    };
    let mut seen = HashSet::with_capacity(all.len());
    let alike = all
        .iter()
        .filter_map(|row| row.get(key))
        .any(|value| !seen.insert(Key(vec![value.clone()])));
    if alike {
        return Err(Error::new(
            "23505",
            format!(
                "duplicate key value violates unique constraint \"{}_pkey\"",
                table.name
            ),
        ));
    }
    Ok(())
}
