//! Tables in memory, and what of a server's own state a statement may read or signal.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::value::{Type, Value};

/// A row: one value a column. Shared, so that reading a table copies nothing.
pub type Row = Arc<[Value]>;

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name, as quoted or folded to lower case.
    pub name: String,
    /// Its type.
    pub ty: Type,
}

/// A table.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// `public`, `commerce`, `pg_catalog`.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows, in order of insertion.
    pub rows: Vec<Row>,
}

/// What a statement asked of another backend (`pg_cancel_backend`, `pg_terminate_backend`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Stop the query.
    Cancel,
    /// End the session.
    Terminate,
}

/// What a table's declaration demands of its rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Constraints {
    /// The places of columns that are never NULL.
    pub required: Vec<usize>,
    /// The place of the column that tells rows apart.
    pub key: Option<usize>,
}

/// The tables, and what a server knows beside them.
#[derive(Debug, Clone, Default)]
pub struct Database {
    /// All tables. A name without a schema is looked for in `public`, then in `pg_catalog`.
    pub tables: Vec<Table>,
    /// What `pg_blocking_pids(pid)` answers; empty for a backend that waits for none.
    pub blocking: BTreeMap<i64, Vec<i64>>,
    /// What `pg_total_relation_size(oid)` answers, in bytes.
    pub relation_sizes: BTreeMap<i64, i64>,
    /// What a column holds when an INSERT does not name it, by schema and table, one a column; NULL where it declares
    /// nothing. Sequences are not kept.
    pub defaults: BTreeMap<(String, String), Vec<Value>>,
    /// What a written row must be like, by schema and table.
    pub constraints: BTreeMap<(String, String), Constraints>,
    /// What statements asked of other backends, by process id, in order. The caller takes them out and acts.
    pub signals: Vec<(i64, Signal)>,
}

impl Database {
    /// A table by schema and name.
    pub fn table(&self, schema: &str, name: &str) -> Option<&Table> {
        self.tables
            .iter()
            .find(|table| table.schema == schema && table.name == name)
    }

    /// The same, to be changed.
    pub fn table_mut(&mut self, schema: &str, name: &str) -> Option<&mut Table> {
        self.tables
            .iter_mut()
            .find(|table| table.schema == schema && table.name == name)
    }
}

impl Table {
    /// The position of a column.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }
}
