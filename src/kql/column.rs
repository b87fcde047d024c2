//! Columns of values: what the evaluator's loops run over.
//!
//! Strings lie in a pool and a column holds codes into it, so that filtering, joining and sorting move four bytes a row, a function of a string is
//! worked out once for each text in the pool, and grouping by a column of few texts compares numbers.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::dynamic::Dynamic;
use super::types::Type;
use super::value::Value;

mod builder;
mod strings;

pub use builder::ColumnBuilder;
pub use strings::{Pool, PoolBuilder, Strings};

/// A row number that stands for "no row" in [`Column::gather`].
pub const NO_ROW: u32 = u32::MAX;

/// Values of one fixed width and which of them are there.
#[derive(Clone, Debug, Default)]
pub struct Values<T> {
    /// One a row; what stands at a null is not looked at.
    pub data: Vec<T>,
    /// Which rows are not null; `None` when none is.
    pub valid: Option<Vec<bool>>,
}

impl<T: Copy + Default> Values<T> {
    /// `data` without a null.
    pub fn full(data: Vec<T>) -> Self {
        Self { data, valid: None }
    }

    /// The value at `row`, if there is one.
    pub fn get(&self, row: usize) -> Option<T> {
        if self.is_valid(row) {
            self.data.get(row).copied()
        } else {
            None
        }
    }

    /// Whether `row` is not null.
    pub fn is_valid(&self, row: usize) -> bool {
        self.valid
            .as_ref()
            .is_none_or(|valid| valid.get(row).copied().unwrap_or(false))
    }

    fn gather(&self, rows: &[u32]) -> Self {
        let data = rows
            .iter()
            .map(|row| self.data.get(*row as usize).copied().unwrap_or_default())
            .collect();
        let valid = if self.valid.is_some() || rows.contains(&NO_ROW) {
            Some(
                rows.iter()
                    .map(|row| *row != NO_ROW && self.is_valid(*row as usize))
                    .collect(),
            )
        } else {
            None
        };
        Self { data, valid }
    }
}

impl<T: Copy + Default> FromIterator<Option<T>> for Values<T> {
    fn from_iter<I: IntoIterator<Item = Option<T>>>(items: I) -> Self {
        let items = items.into_iter();
        let mut data = Vec::with_capacity(items.size_hint().0);
        let mut valid: Option<Vec<bool>> = None;
        for item in items {
            if item.is_none() && valid.is_none() {
                valid = Some(vec![true; data.len()]);
            }
            if let Some(valid) = &mut valid {
                valid.push(item.is_some());
            }
            data.push(item.unwrap_or_default());
        }
        Self { data, valid }
    }
}

/// The values of one column of a batch.
#[derive(Clone, Debug)]
pub enum Column {
    /// Booleans.
    Bool(Values<bool>),
    /// 32 bits.
    Int(Values<i32>),
    /// 64 bits.
    Long(Values<i64>),
    /// Doubles.
    Real(Values<f64>),
    /// Decimals.
    Decimal(Values<Decimal>),
    /// Texts.
    String(Strings),
    /// Ticks since 0001-01-01T00:00:00Z.
    DateTime(Values<i64>),
    /// Ticks.
    Timespan(Values<i64>),
    /// GUIDs.
    Guid(Values<u128>),
    /// Dynamic values; null is `Dynamic::Null`.
    Dynamic(Vec<Dynamic>),
    /// Values that nobody will look at (see [`Operator::prune`](super::relation::Operator::prune)): the type and the number of rows.
    Absent(Type, usize),
}

impl Column {
    /// A column of `rows` times `value`.
    pub fn constant(ty: Type, value: &Value, rows: usize) -> Self {
        let mut builder = ColumnBuilder::new(ty, 1);
        builder.push(value.clone());
        let one = builder.finish();
        if rows == 1 {
            one
        } else {
            one.gather(&vec![0; rows])
        }
    }

    /// Its type.
    pub fn ty(&self) -> Type {
        match self {
            Self::Bool(_) => Type::Bool,
            Self::Int(_) => Type::Int,
            Self::Long(_) => Type::Long,
            Self::Real(_) => Type::Real,
            Self::Decimal(_) => Type::Decimal,
            Self::String(_) => Type::String,
            Self::DateTime(_) => Type::DateTime,
            Self::Timespan(_) => Type::Timespan,
            Self::Guid(_) => Type::Guid,
            Self::Dynamic(_) => Type::Dynamic,
            Self::Absent(ty, _) => *ty,
        }
    }

    /// How many rows it has.
    pub fn len(&self) -> usize {
        match self {
            Self::Bool(values) => values.data.len(),
            Self::Int(values) => values.data.len(),
            Self::Long(values) | Self::DateTime(values) | Self::Timespan(values) => {
                values.data.len()
            }
            Self::Real(values) => values.data.len(),
            Self::Decimal(values) => values.data.len(),
            Self::Guid(values) => values.data.len(),
            Self::String(strings) => strings.codes.len(),
            Self::Dynamic(values) => values.len(),
            Self::Absent(_, rows) => *rows,
        }
    }

    /// Whether it has no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The cell at `row`; the missing value of its type past the end.
    pub fn value(&self, row: usize) -> Value {
        match self {
            Self::Bool(values) => values.get(row).map_or(Value::Null, Value::Bool),
            Self::Int(values) => values.get(row).map_or(Value::Null, Value::Int),
            Self::Long(values) => values.get(row).map_or(Value::Null, Value::Long),
            Self::Real(values) => values.get(row).map_or(Value::Null, Value::Real),
            Self::Decimal(values) => values.get(row).map_or(Value::Null, Value::Decimal),
            Self::DateTime(values) => values.get(row).map_or(Value::Null, Value::DateTime),
            Self::Timespan(values) => values.get(row).map_or(Value::Null, Value::Timespan),
            Self::Guid(values) => values.get(row).map_or(Value::Null, Value::Guid),
            Self::String(strings) => Value::String(strings.get(row).into()),
            Self::Dynamic(values) => values
                .get(row)
                .cloned()
                .unwrap_or(Dynamic::Null)
                .into_value(),
            Self::Absent(ty, _) => Value::missing(*ty),
        }
    }

    /// Whether the cell at `row` is null.
    pub fn is_null(&self, row: usize) -> bool {
        match self {
            Self::Bool(values) => !values.is_valid(row),
            Self::Int(values) => !values.is_valid(row),
            Self::Long(values) | Self::DateTime(values) | Self::Timespan(values) => {
                !values.is_valid(row)
            }
            Self::Real(values) => !values.is_valid(row),
            Self::Decimal(values) => !values.is_valid(row),
            Self::Guid(values) => !values.is_valid(row),
            Self::String(_) => false,
            Self::Dynamic(values) => matches!(values.get(row), None | Some(Dynamic::Null)),
            Self::Absent(ty, _) => *ty != Type::String,
        }
    }

    /// The rows `rows`, in that order, each as often as it is named; [`NO_ROW`] gives the missing value of the type.
    #[must_use]
    pub fn gather(&self, rows: &[u32]) -> Self {
        match self {
            Self::Bool(values) => Self::Bool(values.gather(rows)),
            Self::Int(values) => Self::Int(values.gather(rows)),
            Self::Long(values) => Self::Long(values.gather(rows)),
            Self::Real(values) => Self::Real(values.gather(rows)),
            Self::Decimal(values) => Self::Decimal(values.gather(rows)),
            Self::DateTime(values) => Self::DateTime(values.gather(rows)),
            Self::Timespan(values) => Self::Timespan(values.gather(rows)),
            Self::Guid(values) => Self::Guid(values.gather(rows)),
            Self::String(strings) => Self::String(strings.gather(rows)),
            Self::Dynamic(values) => Self::Dynamic(
                rows.iter()
                    .map(|row| values.get(*row as usize).cloned().unwrap_or(Dynamic::Null))
                    .collect(),
            ),
            Self::Absent(ty, _) => Self::Absent(*ty, rows.len()),
        }
    }

    /// Columns of one type one after the other. Where some are absent and some are not, what is absent is missing.
    #[must_use]
    pub fn concat(ty: Type, columns: &[Arc<Self>]) -> Self {
        let rows = columns.iter().map(|column| column.len()).sum();
        if columns
            .iter()
            .all(|column| matches!(**column, Self::Absent(..)))
            && rows > 0
        {
            return Self::Absent(ty, rows);
        }
        if let Some(strings) = Self::concat_in_one_pool(columns, rows) {
            return Self::String(strings);
        }
        let mut builder = ColumnBuilder::new(ty, rows);
        for column in columns {
            builder.extend(column);
        }
        builder.finish()
    }

    /// Text columns that share a pool, as the batches of one table do, need their codes only.
    fn concat_in_one_pool(columns: &[Arc<Self>], rows: usize) -> Option<Strings> {
        let Self::String(first) = &**columns.first()? else {
            return None;
        };
        let mut codes = Vec::with_capacity(rows);
        for column in columns {
            match &**column {
                Self::String(strings) if Arc::ptr_eq(&strings.pool, &first.pool) => {
                    codes.extend_from_slice(&strings.codes);
                }
                _ => return None,
            }
        }
        Some(Strings {
            pool: Arc::clone(&first.pool),
            codes,
        })
    }

    /// About how many bytes it holds, pools included.
    pub fn bytes(&self) -> usize {
        let rows = self.len();
        match self {
            Self::Bool(_) => rows,
            Self::Int(_) => rows * 4,
            Self::Long(_) | Self::Real(_) | Self::DateTime(_) | Self::Timespan(_) => rows * 8,
            Self::Decimal(_) | Self::Guid(_) => rows * 16,
            Self::String(strings) => rows * 4 + strings.pool.bytes(),
            Self::Dynamic(values) => values.iter().map(Dynamic::bytes).sum(),
            Self::Absent(..) => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(column: &Column) -> Vec<String> {
        (0..column.len())
            .map(|row| column.value(row).as_str().unwrap_or("?").to_owned())
            .collect()
    }

    #[test]
    fn texts_are_put_together_with_one_pool_and_with_several() {
        let first = Arc::new(Column::String(Strings::from_texts(["a", "b", ""])));
        let same = Arc::new(first.gather(&[1, NO_ROW, 0]));
        let other = Arc::new(Column::String(Strings::from_texts(["b", "c"])));
        let shared = Column::concat(Type::String, &[Arc::clone(&first), Arc::clone(&same)]);
        assert_eq!(texts(&shared), ["a", "b", "", "b", "", "a"]);
        let mixed = Column::concat(Type::String, &[first, same, other]);
        assert_eq!(texts(&mixed), ["a", "b", "", "b", "", "a", "b", "c"]);
        assert!(
            matches!((&shared, &mixed), (Column::String(shared), Column::String(mixed))
            if !Arc::ptr_eq(&shared.pool, &mixed.pool))
        );
    }

    #[test]
    fn a_constant_column_has_its_value_in_every_row() {
        for (ty, _, _) in Type::ALL {
            for rows in [0, 1, 3] {
                let column = Column::constant(*ty, &Value::Long(1), rows);
                assert_eq!((column.ty(), column.len()), (*ty, rows));
            }
        }
        let nulls = Column::constant(Type::Long, &Value::Null, 3);
        assert!((0..3).all(|row| nulls.value(row).is_null()));
    }
}
