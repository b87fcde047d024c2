//! Series in memory.

use std::collections::BTreeMap;

/// How long a sample counts as the value of its series when no newer one has come (Prometheus: `--query.lookback-delta`), in milliseconds.
pub const LOOKBACK_MS: i64 = 300_000;

/// A sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub at: i64,
    /// The value; a stale marker is a point whose `stale` says so.
    pub value: f64,
    /// The series ends here until a later point.
    pub stale: bool,
}

/// A series: its labels, `__name__` among them, and its samples in order of time.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Series {
    /// Labels by name.
    pub labels: BTreeMap<String, String>,
    /// Samples, oldest first.
    pub points: Vec<Point>,
}

/// All series.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Store {
    /// The series, in the order in which they came.
    pub series: Vec<Series>,
}
