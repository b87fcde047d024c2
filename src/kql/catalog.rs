//! The tables a query may name.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::column::Column;
use super::error::KqlError;
use super::relation::{Batch, Operator, Run};
use super::types::Schema;

/// A table by name.
pub trait Catalog: Sync {
    /// The table `name`, case-sensitive.
    fn table(&self, name: &str) -> Option<Arc<dyn Table>>;

    /// Every name, for wildcards (`union App*`) and for the nearest name of one that is not there.
    fn names(&self) -> Vec<String>;
}

/// A table that can be read from its start any number of times.
pub trait Table: Send + Sync {
    /// Its columns.
    fn schema(&self) -> &Schema;

    /// Reads it. Columns that are not `wanted` (one flag a column) may come as [`Column::Absent`]: memory then grows with the columns
    /// used, not with the width of the table.
    fn scan(&self, wanted: &[bool]) -> Box<dyn Operator>;
}

/// Tables that lie in memory, in batches.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    tables: BTreeMap<String, Arc<Rows>>,
}

impl Memory {
    /// Adds a table, or puts it in the place of the one with that name.
    pub fn insert(&mut self, name: impl Into<String>, schema: Schema, batches: Vec<Batch>) {
        self.tables
            .insert(name.into(), Arc::new(Rows { schema, batches }));
    }
}

impl Catalog for Memory {
    fn table(&self, name: &str) -> Option<Arc<dyn Table>> {
        let table = self.tables.get(name)?;
        Some(Arc::<Rows>::clone(table))
    }

    fn names(&self) -> Vec<String> {
        self.tables.keys().cloned().collect()
    }
}

/// A table in memory.
#[derive(Clone, Debug)]
pub struct Rows {
    /// Its columns.
    pub schema: Schema,
    /// Its rows.
    pub batches: Vec<Batch>,
}

impl Table for Rows {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn scan(&self, wanted: &[bool]) -> Box<dyn Operator> {
        Box::new(Scan {
            batches: self.batches.clone().into_iter(),
            wanted: wanted.to_vec(),
        })
    }
}

/// Gives batches that are there, one after the other.
struct Scan {
    batches: std::vec::IntoIter<Batch>,
    wanted: Vec<bool>,
}

impl Operator for Scan {
    fn next(&mut self, run: &Run<'_>) -> Result<Option<Batch>, KqlError> {
        run.check()?;
        Ok(self.batches.next().map(|mut batch| {
            for (index, column) in batch.columns.iter_mut().enumerate() {
                if !self.wanted.get(index).copied().unwrap_or(true) {
                    *column = Arc::new(Column::Absent(column.ty(), batch.rows));
                }
            }
            batch
        }))
    }

    fn prune(&mut self, wanted: &[bool]) {
        for (mine, asked) in self.wanted.iter_mut().zip(wanted) {
            *mine &= *asked;
        }
    }
}
