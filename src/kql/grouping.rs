//! Rows to groups: which rows have the same keys. What `summarize`, `distinct`, `join`, `make-series` and the aggregates of distinct values
//! stand on.
//!
//! Every key column is turned into small numbers, its codes, in the order in which values are first met ([`Codes`]); the columns of a row are
//! then joined pair by pair ([`Pairs`]), so that a group is a number too and no row is ever copied or compared as a whole. A null is
//! a value like any other here: Kusto groups and joins nulls with nulls.

use std::sync::Arc;

use super::column::{Column, NO_ROW};
use super::types::Type;

mod codes;
mod pairs;

pub use codes::Codes;
pub use pairs::Pairs;

/// Numbers the different keys of rows, in the order in which they are first met.
pub struct Grouping {
    keys: Vec<Codes>,
    /// How the columns are joined: `pairs[i]` joins what came of the columns up to `i` with column `i + 1`.
    pairs: Vec<Pairs>,
    /// Whether any row was met, which decides the number of groups where there is no key.
    met: bool,
    codes: Vec<u32>,
}

impl Grouping {
    /// No group yet, for keys of `types`. With no type every row is in group 0.
    pub fn new(types: &[Type]) -> Self {
        Self {
            keys: types.iter().map(|ty| Codes::new(*ty)).collect(),
            pairs: (1..types.len()).map(|_| Pairs::default()).collect(),
            met: false,
            codes: Vec::new(),
        }
    }

    /// How many groups there are.
    pub fn len(&self) -> usize {
        match (self.pairs.last(), self.keys.last()) {
            (Some(pairs), _) => pairs.len(),
            (None, Some(codes)) => codes.len(),
            (None, None) => usize::from(self.met),
        }
    }

    /// Whether there is no group.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The group of each of `rows` rows with the keys `columns`; keys that were not met before begin a group.
    pub fn assign(&mut self, columns: &[Arc<Column>], rows: usize, groups: &mut Vec<u32>) {
        groups.clear();
        self.met |= rows > 0;
        let Some((first, rest)) = self.keys.split_first_mut() else {
            groups.resize(rows, 0);
            return;
        };
        let Some((first_column, rest_columns)) = columns.split_first() else {
            return;
        };
        first.assign(first_column, groups);
        for ((key, pairs), column) in rest.iter_mut().zip(&mut self.pairs).zip(rest_columns) {
            key.assign(column, &mut self.codes);
            pairs.assign(groups, &self.codes);
        }
    }

    /// The group of each row, [`NO_ROW`] where its keys were never met.
    pub fn find(&mut self, columns: &[Arc<Column>], rows: usize, groups: &mut Vec<u32>) {
        groups.clear();
        let Some((first, rest)) = self.keys.split_first_mut() else {
            groups.resize(rows, if self.met { 0 } else { NO_ROW });
            return;
        };
        let Some((first_column, rest_columns)) = columns.split_first() else {
            return;
        };
        first.find(first_column, groups);
        for ((key, pairs), column) in rest.iter_mut().zip(&self.pairs).zip(rest_columns) {
            key.find(column, &mut self.codes);
            pairs.find(groups, &self.codes);
        }
    }

    /// The keys of every group, column by column.
    pub fn columns(&self) -> Vec<Arc<Column>> {
        let count = u32::try_from(self.len()).unwrap_or(NO_ROW);
        let mut of_group: Vec<u32> = (0..count).collect();
        let mut columns = Vec::with_capacity(self.keys.len());
        for (at, key) in self.keys.iter().enumerate().rev() {
            if let Some(pairs) = at.checked_sub(1).and_then(|at| self.pairs.get(at)) {
                let (left, right): (Vec<u32>, Vec<u32>) =
                    of_group.iter().map(|id| pairs.parts(*id)).unzip();
                columns.push(Arc::new(key.decode(&right)));
                of_group = left;
            } else {
                columns.push(Arc::new(key.decode(&of_group)));
            }
        }
        columns.reverse();
        columns
    }

    /// About how many bytes it holds.
    pub fn bytes(&self) -> usize {
        self.keys.iter().map(Codes::bytes).sum::<usize>()
            + self.pairs.iter().map(Pairs::bytes).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kql::column::{Strings, Values};

    fn texts(texts: &[&str]) -> Arc<Column> {
        Arc::new(Column::String(Strings::from_texts(texts)))
    }

    fn longs(values: &[Option<i64>]) -> Arc<Column> {
        Arc::new(Column::Long(values.iter().copied().collect()))
    }

    #[test]
    fn rows_with_equal_keys_share_a_group_over_batches() {
        let mut grouping = Grouping::new(&[Type::String, Type::Long]);
        let mut groups = Vec::new();
        let first = [
            texts(&["a", "b", "a", ""]),
            longs(&[Some(1), Some(1), Some(1), None]),
        ];
        grouping.assign(&first, 4, &mut groups);
        assert_eq!(groups, [0, 1, 0, 2]);
        // Another pool with other codes, a null beside another text, and a known pair.
        let second = [texts(&["", "b", "b"]), longs(&[None, Some(1), None])];
        grouping.assign(&second, 3, &mut groups);
        assert_eq!(groups, [2, 1, 3]);
        let columns = grouping.columns();
        assert_eq!(
            (0..4)
                .map(|row| format!("{:?}{:?}", columns[0].value(row), columns[1].value(row)))
                .collect::<Vec<_>>(),
            [
                "String(\"a\")Long(1)",
                "String(\"b\")Long(1)",
                "String(\"\")Null",
                "String(\"b\")Null"
            ]
        );
    }

    #[test]
    fn finding_does_not_begin_a_group() {
        let mut grouping = Grouping::new(&[Type::Long, Type::String]);
        let mut groups = Vec::new();
        grouping.assign(
            &[longs(&[Some(1), None]), texts(&["x", "y"])],
            2,
            &mut groups,
        );
        grouping.find(
            &[
                longs(&[None, Some(1), Some(2), Some(1)]),
                texts(&["y", "y", "x", "z"]),
            ],
            4,
            &mut groups,
        );
        assert_eq!(groups, [1, NO_ROW, NO_ROW, NO_ROW]);
        assert_eq!(grouping.len(), 2);
    }

    #[test]
    fn zero_and_its_negative_and_every_nan_are_one_key() {
        let mut grouping = Grouping::new(&[Type::Real]);
        let mut groups = Vec::new();
        let column = Column::Real(Values::full(vec![0.0, -0.0, f64::NAN, -f64::NAN, 1.5]));
        grouping.assign(&[Arc::new(column)], 5, &mut groups);
        assert_eq!(groups, [0, 0, 1, 1, 2]);
    }

    #[test]
    fn many_groups_of_two_columns_are_told_apart() {
        let mut grouping = Grouping::new(&[Type::Long, Type::Long]);
        let mut groups = Vec::new();
        let rows = 200_000_i64;
        let left = Column::Long(Values::full((0..rows).map(|row| row / 7).collect()));
        let right = Column::Long(Values::full((0..rows).map(|row| row % 5_003).collect()));
        grouping.assign(
            &[Arc::new(left), Arc::new(right)],
            rows as usize,
            &mut groups,
        );
        let expected: std::collections::BTreeSet<(i64, i64)> =
            (0..rows).map(|row| (row / 7, row % 5_003)).collect();
        assert_eq!(grouping.len(), expected.len());
        let columns = grouping.columns();
        for row in [0_usize, 6, 7, 5_003, 199_999] {
            let group = groups[row] as usize;
            assert_eq!(columns[0].value(group).as_long(), Some(row as i64 / 7));
            assert_eq!(columns[1].value(group).as_long(), Some(row as i64 % 5_003));
        }
    }
}
