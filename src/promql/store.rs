//! Series in memory: what a drill's Prometheus has scraped.

use std::collections::BTreeMap;

/// How long a sample counts as the value of its series when no newer one has come (Prometheus: `--query.lookback-delta`), in milliseconds.
pub const LOOKBACK_MS: i64 = 300_000;

/// The label that holds the name of a metric.
pub const NAME: &str = "__name__";

/// Labels by name. A label without a value is a label that is not there.
pub type Labels = BTreeMap<String, String>;

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
    pub labels: Labels,
    /// Samples, oldest first.
    pub points: Vec<Point>,
}

impl Series {
    /// Adds a sample at a time in milliseconds. False, and nothing added, when it is not newer than the last one: Prometheus refuses it as well.
    pub fn push(&mut self, at: i64, value: f64) -> bool {
        self.add(Point {
            at,
            value,
            stale: false,
        })
    }

    /// Ends the series at a time in milliseconds, as a scrape does that no longer finds it. False when that is not newer than the last sample.
    pub fn end(&mut self, at: i64) -> bool {
        self.add(Point {
            at,
            value: f64::NAN,
            stale: true,
        })
    }

    /// The last value, unless the series has ended.
    pub fn last(&self) -> Option<f64> {
        self.points
            .last()
            .filter(|point| !point.stale)
            .map(|point| point.value)
    }

    fn add(&mut self, point: Point) -> bool {
        let newer = self.points.last().is_none_or(|last| last.at < point.at);
        if newer {
            self.points.push(point);
        }
        newer
    }

    /// The samples from `from` up to and with `to`, stale markers among them.
    pub(super) fn between(&self, from: i64, to: i64) -> &[Point] {
        let first = self.points.partition_point(|point| point.at < from);
        let end = self.points.partition_point(|point| point.at <= to);
        self.points.get(first..end).unwrap_or_default()
    }

    /// The sample that is the series' value at `at`: the newest, unless it is older than [`LOOKBACK_MS`] or the series has ended.
    pub(super) fn at(&self, at: i64) -> Option<Point> {
        let after = self.points.partition_point(|point| point.at <= at);
        // Prometheus 2 counts a sample that is exactly as old as the lookback; version 3 does not any more.
        self.points
            .get(after.checked_sub(1)?)
            .filter(|point| !point.stale && point.at >= at.saturating_sub(LOOKBACK_MS))
            .copied()
    }
}

/// All series.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Store {
    /// The series, in the order in which they came; no two have the same labels.
    pub series: Vec<Series>,
}
