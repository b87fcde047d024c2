//! Typed tables: columns with a kind, cells as exact text.
//!
//! A cell keeps the text the source gave, so no digit is lost; the column's kind says how to sort, align and export it.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Timestamp;

/// What the cells of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnKind {
    /// Text, and everything that has no kind of its own.
    Text,
    /// `true`, `false` (PostgreSQL's `t` and `f` are rewritten).
    Bool,
    /// A whole number of any size.
    Integer,
    /// A decimal or floating number; `NaN` and `Infinity` occur.
    Number,
    /// A time with zone; the text is what the source gave.
    Timestamp,
    /// A length of time.
    Interval,
    /// A UUID.
    Uuid,
    /// A JSON document as text.
    Json,
    /// Bytes as hex.
    Bytes,
}

impl ColumnKind {
    /// Numbers align right.
    pub const fn is_numeric(self) -> bool {
        matches!(self, Self::Integer | Self::Number)
    }
}

/// A column of a result. Names may repeat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// As the source names it.
    pub name: String,
    /// How to treat its cells.
    pub kind: ColumnKind,
    /// The source's own name of the type, such as `timestamptz`.
    pub type_name: String,
}

/// A row: one cell a column, `None` for NULL.
pub type Row = Vec<Option<Box<str>>>;

/// Rows that live somewhere else (a spill file), read by the window that is shown.
pub trait RowStore: Send + Sync {
    /// Rows readable now; grows while a result streams in.
    fn len(&self) -> usize;

    /// True when no row is there yet.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rows of a range, clipped to what is there. Reads from local disk; a read error yields fewer rows.
    fn read(&self, range: Range<usize>) -> Vec<Row>;
}

/// A shared handle on rows. Two handles are equal when they are the same store.
#[derive(Clone)]
pub struct Rows(pub Arc<dyn RowStore>);

impl Rows {
    /// Rows in memory, for small results and tests.
    pub fn from_vec(rows: Vec<Row>) -> Self {
        Self(Arc::new(rows))
    }

    /// Rows readable now.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The rows of a range, clipped.
    pub fn read(&self, range: Range<usize>) -> Vec<Row> {
        self.0.read(range)
    }
}

impl fmt::Debug for Rows {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Rows({})", self.len())
    }
}

impl PartialEq for Rows {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl RowStore for Vec<Row> {
    fn len(&self) -> usize {
        self.as_slice().len()
    }

    fn read(&self, range: Range<usize>) -> Vec<Row> {
        let end = range.end.min(self.as_slice().len());
        self.get(range.start.min(end)..end)
            .unwrap_or_default()
            .to_vec()
    }
}

/// One line of a chart.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Series {
    /// What tells it apart, such as `machine=order org_id=org-a`; empty when there is one.
    pub label: String,
    /// Samples in order of time.
    pub samples: Vec<Sample>,
}

/// One sample. A value may be NaN or infinite; a missing sample is not a zero.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Sample {
    /// When.
    pub at: Timestamp,
    /// How much.
    pub value: f64,
}

/// The width of the bins that samples stand in: the smallest distance of two of a line.
pub fn bin_of(series: &[Series]) -> Option<std::time::Duration> {
    series
        .iter()
        .flat_map(|line| line.samples.windows(2))
        .filter_map(|pair| match pair {
            [from, to] => to.at.duration_since(from.at).try_into().ok(),
            _ => None,
        })
        .filter(|distance: &std::time::Duration| !distance.is_zero())
        .min()
}

/// The start of the first bin that may still grow. A bin is named by its beginning, and is whole when it ended before
/// `settled`. None when every sample is whole.
pub fn growing_from(series: &[Series], settled: Timestamp) -> Option<Timestamp> {
    let bin = bin_of(series).unwrap_or_default();
    series
        .iter()
        .flat_map(|line| &line.samples)
        .map(|sample| sample.at)
        .filter(|at| at.checked_add(bin).map_or(true, |end| end > settled))
        .min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bin_grows_until_it_has_ended_and_its_data_has_come() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let line = |times: &[i64]| Series {
            label: String::new(),
            samples: times
                .iter()
                .map(|second| Sample {
                    at: at(*second),
                    value: 0.0,
                })
                .collect(),
        };
        let series = [line(&[0, 300, 600]), line(&[300, 900])];
        assert_eq!(growing_from(&series, at(1_200)), None);
        assert_eq!(growing_from(&series, at(1_199)), Some(at(900)));
        assert_eq!(growing_from(&series, at(700)), Some(at(600)));
        assert_eq!(growing_from(&[line(&[600])], at(700)), None);
        assert_eq!(growing_from(&[], at(700)), None);
    }
}
