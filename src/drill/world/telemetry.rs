//! The tables of Application Insights, with the columns of its classic schema. A row can be read only once it has arrived: each takes a time of its own, up to
//! [`ARRIVAL_MOST`](super::shape::ARRIVAL_MOST).

use std::collections::BTreeSet;
use std::sync::Arc;

use super::TICK_MICROS;
use super::noise::Noise;
use super::shape::{ARRIVAL, ARRIVAL_MOST};
use crate::kql::value::UNIX_EPOCH_TICKS;
use crate::kql::{self, Value};

mod layout;
mod table;

use layout::LAYOUTS;
use table::Table;

/// A table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    /// `customMetrics`.
    Metrics,
    /// `dependencies`.
    Dependencies,
    /// `exceptions`.
    Exceptions,
    /// `requests`.
    Requests,
    /// `traces`.
    Traces,
}

/// Ticks until the slowest row has arrived, and one more.
const RING: usize = (ARRIVAL_MOST / TICK_MICROS) as usize + 2;

/// A row on its way: its table and the values of the columns that are kept.
type Travelling = (Name, Vec<Value>);

/// The tables, and what is on its way to them.
#[derive(Debug)]
pub struct Telemetry {
    tables: Vec<Table>,
    /// Rows by the tick in which they arrive, modulo its length.
    ring: Vec<Vec<Travelling>>,
    /// The first tick whose rows have not arrived.
    tick: i64,
    /// What stories sent: story, table, and the row's `operation_Id`.
    planted: Vec<(Arc<str>, Name, Arc<str>)>,
}

/// The place of `operation_Id` from the end of the columns that are kept.
const OPERATION_ID: usize = 3;

impl Default for Telemetry {
    fn default() -> Self {
        Self {
            tables: LAYOUTS
                .iter()
                .map(|(_, layout)| Table::new(layout))
                .collect(),
            ring: (0..RING).map(|_| Vec::new()).collect(),
            tick: i64::MIN,
            planted: Vec::new(),
        }
    }
}

/// A time as KQL keeps it, from microseconds since 1970.
pub fn ticks(micros: i64) -> Value {
    Value::DateTime(UNIX_EPOCH_TICKS.saturating_add(micros.saturating_mul(10)))
}

impl Telemetry {
    /// Sends a row that happened at `at`; how long it takes is `noise`. A story's row is remembered as its.
    pub fn send(
        &mut self,
        table: Name,
        story: Option<&Arc<str>>,
        at: i64,
        noise: Noise,
        row: Vec<Value>,
    ) {
        if let (Some(story), Some(id)) = (story, operation_id(&row)) {
            self.planted.push((Arc::clone(story), table, id));
        }
        let lag = (noise.quantile(0xa221, ARRIVAL) * 1_000_000.0) as i64;
        let arrives = (at + lag.min(ARRIVAL_MOST))
            .div_euclid(TICK_MICROS)
            .max(self.tick);
        let slot = arrives.rem_euclid(RING as i64) as usize;
        if let Some(slot) = self.ring.get_mut(slot) {
            slot.push((table, row));
        }
    }

    /// Takes in what arrives in a tick.
    pub fn arrive(&mut self, tick: i64) {
        let slot = tick.rem_euclid(RING as i64) as usize;
        let rows = self.ring.get_mut(slot).map(std::mem::take);
        for (name, row) in rows.into_iter().flatten() {
            if let Some(table) = self.tables.get_mut(name as usize) {
                table.push(row);
            }
        }
        self.tick = tick + 1;
    }

    /// Takes away the rows of a table that a story sent, those on their way too. A table that is not there has none.
    pub fn erase(&mut self, table: &str, story: &str) {
        let Some(at) = LAYOUTS.iter().position(|(known, _)| *known == table) else {
            return;
        };
        let (gone, left): (Vec<_>, Vec<_>) = std::mem::take(&mut self.planted)
            .into_iter()
            .partition(|(of, name, _)| &**of == story && *name as usize == at);
        self.planted = left;
        let gone: BTreeSet<Arc<str>> = gone.into_iter().map(|(_, _, id)| id).collect();
        let is_gone = |row: &[Value]| operation_id(row).is_some_and(|id| gone.contains(&id));
        for slot in &mut self.ring {
            slot.retain(|(name, row)| *name as usize != at || !is_gone(row));
        }
        if let Some(table) = self.tables.get_mut(at).filter(|_| !gone.is_empty()) {
            table.retain(|row| !is_gone(row));
            table.seal();
        }
    }

    /// To be called before anybody reads, whenever rows have arrived.
    pub fn seal(&mut self) {
        for table in &mut self.tables {
            table.seal();
        }
    }

    /// How many rows have arrived, and about how many bytes they hold, by table.
    pub fn sizes(&self) -> Vec<(&'static str, usize, usize)> {
        LAYOUTS
            .iter()
            .zip(&self.tables)
            .map(|((name, _), table)| (*name, table.rows(), table.bytes()))
            .collect()
    }
}

/// The `operation_Id` of a row: an id of its own, since no two rows here are of one operation.
fn operation_id(row: &[Value]) -> Option<Arc<str>> {
    match row
        .len()
        .checked_sub(OPERATION_ID)
        .and_then(|at| row.get(at))
    {
        Some(Value::String(id)) => Some(Arc::clone(id)),
        _ => None,
    }
}

impl kql::Catalog for Telemetry {
    fn table(&self, name: &str) -> Option<Arc<dyn kql::Table>> {
        let at = LAYOUTS.iter().position(|(known, _)| *known == name)?;
        Some(Arc::new(self.tables.get(at)?.snapshot()))
    }

    fn names(&self) -> Vec<String> {
        LAYOUTS.iter().map(|(name, _)| (*name).to_owned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drill::world::noise::Generator;

    #[test]
    fn half_has_arrived_after_forty_seconds_and_all_after_a_hundred_and_fifty() {
        let mut telemetry = Telemetry::default();
        let rows = 4_000;
        for n in 0..rows {
            let noise = Noise::new(1, Generator::named("here"), n);
            telemetry.send(Name::Traces, None, 0, noise, vec![ticks(0)]);
        }
        let mut shares = Vec::new();
        for tick in 0..RING as i64 {
            telemetry.arrive(tick);
            let arrived: usize = telemetry.sizes().iter().map(|(_, rows, _)| rows).sum();
            shares.push(arrived as f64 / rows as f64);
        }
        let at = |seconds: usize| shares.get(seconds / 5 - 1).copied().unwrap_or(0.0);
        assert!((0.45..0.55).contains(&at(40)), "{}", at(40));
        assert!((0.93..0.97).contains(&at(95)), "{}", at(95));
        assert!(at(10) < 0.01 && at(145) < 1.0 && (at(155) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_row_of_the_past_arrives_now() {
        let mut telemetry = Telemetry::default();
        telemetry.arrive(1_000);
        let noise = Noise::new(1, Generator::named("here"), 0);
        telemetry.send(Name::Traces, None, 0, noise, vec![ticks(0)]);
        telemetry.arrive(1_001);
        let arrived: usize = telemetry.sizes().iter().map(|(_, rows, _)| rows).sum();
        assert_eq!(arrived, 1);
    }
}
