//! One table of Application Insights: rows in columns, in batches that are closed and one that is open.
//!
//! Columns of few texts share one pool over all batches, which grows; columns that are the same in every row are made when somebody asks for them.

use std::sync::Arc;

use crate::kql::catalog::Rows;
use crate::kql::column::{Column, ColumnBuilder, Pool, PoolBuilder, Strings};
use crate::kql::relation::{Batch, Operator};
use crate::kql::{self, Field, Schema, Type, Value};

/// Rows of a closed batch.
const ROWS: usize = 2_000;

/// How a column is kept.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// Few texts: one pool for the table.
    Shared,
    /// Texts of which most are new: a pool a batch.
    Own,
    /// Values of a type.
    Values(Type),
    /// This text in every row.
    Text(&'static str),
    /// This number in every row.
    Number(i32),
    /// JSON null in every row.
    Nothing,
}

/// The columns of a table, in order.
pub type Layout = &'static [(&'static str, Kind)];

impl Kind {
    fn ty(self) -> Type {
        match self {
            Self::Shared | Self::Own | Self::Text(_) => Type::String,
            Self::Values(ty) => ty,
            Self::Number(_) => Type::Int,
            Self::Nothing => Type::Dynamic,
        }
    }

    /// Whether its values are kept.
    fn is_kept(self) -> bool {
        matches!(self, Self::Shared | Self::Own | Self::Values(_))
    }
}

/// A column that grows.
#[derive(Debug)]
enum Growing {
    Shared {
        builder: PoolBuilder,
        /// The pool as of the last [`Table::seal`].
        pool: Arc<Pool>,
        codes: Vec<u32>,
    },
    Own(PoolBuilder, Vec<u32>),
    Values(ColumnBuilder),
}

impl Growing {
    fn new(kind: Kind) -> Self {
        match kind {
            Kind::Shared => Self::Shared {
                builder: PoolBuilder::distinct(),
                pool: Arc::new(Pool::default()),
                codes: Vec::new(),
            },
            Kind::Values(ty) => Self::Values(ColumnBuilder::new(ty, 0)),
            _ => Self::Own(PoolBuilder::default(), Vec::new()),
        }
    }

    fn push(&mut self, value: Value) {
        match (self, value) {
            (
                Self::Shared { builder, codes, .. } | Self::Own(builder, codes),
                Value::String(text),
            ) => codes.push(builder.push(&text).unwrap_or(0)),
            (Self::Shared { codes, .. } | Self::Own(_, codes), _) => codes.push(0),
            (Self::Values(builder), value) => builder.push(value),
        }
    }

    /// What was pushed since this was asked last, and begins again.
    fn close(&mut self) -> Column {
        match self {
            Self::Shared { pool, codes, .. } => Column::String(Strings {
                pool: Arc::clone(pool),
                codes: std::mem::take(codes),
            }),
            Self::Own(builder, codes) => Column::String(Strings {
                pool: std::mem::take(builder).finish(),
                codes: std::mem::take(codes),
            }),
            Self::Values(builder) => {
                let empty = ColumnBuilder::new(builder.ty(), 0);
                std::mem::replace(builder, empty).finish()
            }
        }
    }

    /// A copy of what was pushed.
    fn copy(&self) -> Column {
        match self {
            Self::Shared { pool, codes, .. } => Column::String(Strings {
                pool: Arc::clone(pool),
                codes: codes.clone(),
            }),
            Self::Own(builder, codes) => Column::String(Strings {
                pool: Arc::new(builder.pool().clone()),
                codes: codes.clone(),
            }),
            Self::Values(ColumnBuilder::Other(column)) => column.clone(),
            Self::Values(builder @ ColumnBuilder::String(..)) => Column::Absent(builder.ty(), 0),
        }
    }
}

/// A table that grows.
#[derive(Debug)]
pub struct Table {
    layout: Layout,
    schema: Schema,
    /// The columns that are kept, in the order of the layout.
    columns: Vec<Growing>,
    /// Rows of the open batch.
    open: usize,
    /// The closed batches: kept columns only.
    closed: Vec<Batch>,
}

impl Table {
    /// An empty table.
    pub fn new(layout: Layout) -> Self {
        Self {
            layout,
            schema: Schema::new(
                layout
                    .iter()
                    .map(|(name, kind)| Field::new(*name, kind.ty()))
                    .collect(),
            ),
            columns: layout
                .iter()
                .filter(|(_, kind)| kind.is_kept())
                .map(|(_, kind)| Growing::new(*kind))
                .collect(),
            open: 0,
            closed: Vec::new(),
        }
    }

    /// Adds a row: a value for each column that is kept, in their order.
    pub fn push(&mut self, row: Vec<Value>) {
        let mut values = row.into_iter();
        for column in &mut self.columns {
            column.push(values.next().unwrap_or(Value::Null));
        }
        self.open += 1;
        if self.open >= ROWS {
            self.closed.push(Batch {
                columns: self
                    .columns
                    .iter_mut()
                    .map(|column| Arc::new(column.close()))
                    .collect(),
                rows: self.open,
            });
            self.open = 0;
        }
    }

    /// Keeps the rows for which `keep` holds; it is given the columns that are kept. To be called when the table is sealed.
    pub fn retain(&mut self, keep: impl Fn(&[Value]) -> bool) {
        let batches = self.snapshot().batches;
        *self = Self::new(self.layout);
        for batch in batches {
            for row in 0..batch.rows {
                let columns = batch.columns.iter();
                let values: Vec<Value> = columns.map(|column| column.value(row)).collect();
                if keep(&values) {
                    self.push(values);
                }
            }
        }
    }

    /// Lets all batches share the newest pools. To be called before anybody reads, whenever rows were added.
    pub fn seal(&mut self) {
        for (index, column) in self.columns.iter_mut().enumerate() {
            let Growing::Shared { builder, pool, .. } = column else {
                continue;
            };
            if builder.pool().len() == pool.len() {
                continue;
            }
            *pool = Arc::new(builder.pool().clone());
            for batch in &mut self.closed {
                if let Some(column) = batch.columns.get_mut(index)
                    && let Column::String(strings) = Arc::make_mut(column)
                {
                    strings.pool = Arc::clone(pool);
                }
            }
        }
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.open + self.closed.iter().map(|batch| batch.rows).sum::<usize>()
    }

    /// About how many bytes it holds; a pool that batches share counts once.
    pub fn bytes(&self) -> usize {
        let mut pools: Vec<*const Pool> = Vec::new();
        self.closed
            .iter()
            .flat_map(|batch| &batch.columns)
            .map(|column| match &**column {
                Column::String(strings) if pools.contains(&Arc::as_ptr(&strings.pool)) => {
                    strings.codes.len() * 4
                }
                Column::String(strings) => {
                    pools.push(Arc::as_ptr(&strings.pool));
                    column.bytes()
                }
                _ => column.bytes(),
            })
            .sum()
    }

    /// The table as it is now.
    pub fn snapshot(&self) -> Snapshot {
        let mut batches = self.closed.clone();
        if self.open > 0 {
            batches.push(Batch {
                columns: self
                    .columns
                    .iter()
                    .map(|column| Arc::new(column.copy()))
                    .collect(),
                rows: self.open,
            });
        }
        Snapshot {
            layout: self.layout,
            schema: self.schema.clone(),
            batches,
        }
    }
}

/// A table as it was at one time.
#[derive(Debug)]
pub struct Snapshot {
    layout: Layout,
    schema: Schema,
    /// Kept columns only.
    batches: Vec<Batch>,
}

impl Snapshot {
    /// A batch with all columns; those nobody wants are absent.
    fn widen(&self, batch: &Batch, wanted: &[bool]) -> Batch {
        let mut kept = batch.columns.iter();
        let columns = self
            .layout
            .iter()
            .enumerate()
            .map(|(index, (_, kind))| {
                let column = if kind.is_kept() { kept.next() } else { None };
                if !wanted.get(index).copied().unwrap_or(true) {
                    return Arc::new(Column::Absent(kind.ty(), batch.rows));
                }
                match (column, kind) {
                    (Some(column), _) => Arc::clone(column),
                    (None, Kind::Text(text)) => Arc::new(Column::constant(
                        Type::String,
                        &Value::String((*text).into()),
                        batch.rows,
                    )),
                    (None, Kind::Number(number)) => Arc::new(Column::constant(
                        Type::Int,
                        &Value::Int(*number),
                        batch.rows,
                    )),
                    (None, kind) => Arc::new(Column::constant(kind.ty(), &Value::Null, batch.rows)),
                }
            })
            .collect();
        Batch {
            columns,
            rows: batch.rows,
        }
    }
}

impl kql::Table for Snapshot {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn scan(&self, wanted: &[bool]) -> Box<dyn Operator> {
        Rows {
            schema: self.schema.clone(),
            batches: self
                .batches
                .iter()
                .map(|batch| self.widen(batch, wanted))
                .collect(),
        }
        .scan(wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kql::relation::{Limits, Run};

    const LAYOUT: Layout = &[
        ("n", Kind::Values(Type::Long)),
        ("few", Kind::Shared),
        ("many", Kind::Own),
        ("same", Kind::Text("always")),
        ("one", Kind::Number(1)),
    ];

    fn row(n: i64) -> Vec<Value> {
        vec![
            Value::Long(n),
            Value::String(format!("few {}", n / 700).into()),
            Value::String(format!("many {n}").into()),
        ]
    }

    fn read(table: &Table, wanted: &[bool]) -> Vec<Batch> {
        let never = || false;
        let run = Run::new(Limits::default(), &never);
        let mut scan = kql::Table::scan(&table.snapshot(), wanted);
        let mut batches = Vec::new();
        while let Ok(Some(batch)) = scan.next(&run) {
            batches.push(batch);
        }
        batches
    }

    #[test]
    fn rows_come_back_as_they_were_and_batches_share_a_pool_that_grows() {
        let mut table = Table::new(LAYOUT);
        for n in 0..5_000 {
            table.push(row(n));
            if n % 900 == 0 {
                table.seal();
            }
        }
        table.seal();
        let batches = read(&table, &[true; 5]);
        assert_eq!((batches.len(), table.rows()), (3, 5_000));
        let mut pools = Vec::new();
        let mut n = 0;
        for batch in &batches {
            for at in 0..batch.rows {
                let mut expected = row(n);
                expected.extend([Value::String("always".into()), Value::Int(1)]);
                let found: Vec<Value> = batch.columns.iter().map(|one| one.value(at)).collect();
                assert_eq!(format!("{found:?}"), format!("{expected:?}"));
                n += 1;
            }
            if let Some(Column::String(strings)) = batch.columns.get(1).map(|one| &**one) {
                pools.push(Arc::clone(&strings.pool));
            }
        }
        assert!(pools.windows(2).all(|two| match two {
            [one, other] => Arc::ptr_eq(one, other),
            _ => false,
        }));
        assert_eq!(pools.len(), 3);
    }

    #[test]
    fn what_nobody_wants_is_not_made() {
        let mut table = Table::new(LAYOUT);
        table.push(row(1));
        table.seal();
        let batches = read(&table, &[true, false, false, false, true]);
        let absent: Vec<bool> = batches
            .iter()
            .flat_map(|batch| &batch.columns)
            .map(|column| matches!(**column, Column::Absent(..)))
            .collect();
        assert_eq!(absent, [false, true, true, true, false]);
    }
}
