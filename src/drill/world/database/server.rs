//! What the database server knows of itself: backends, blocking, sizes and scans of tables.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Name, TABLES, Tables};
use crate::drill::world::TICK_MICROS;
use crate::drill::world::noise::{Generator, Noise};
use crate::drill::world::shape::busy;
use crate::drill::world::standing::{Backend, Conditions};
use crate::pgsql::{Row, Value};

/// What the server counts, and which of its own backends were ended.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Server {
    /// Sequential scans that stories caused, by `relname`.
    scans: BTreeMap<String, i64>,
    /// How often the backend of a slot was ended, and when last (microseconds since 1970): the application connects again, with another process id.
    ended: BTreeMap<usize, (i64, i64)>,
    /// When history began, in microseconds since 1970: the pool was there before.
    pub opened: i64,
}

const SERVER: Generator = Generator::named("database.server");

/// Backends of the background: application, address, query.
const POOL: &[(&str, &str, &str)] = &[
    (
        "commerce-api",
        "192.0.2.20",
        "SELECT \"id\", \"status\", \"total\" FROM \"orders\" WHERE \"id\" = $1 AND \"orgId\" = $2",
    ),
    (
        "commerce-api",
        "192.0.2.20",
        "INSERT INTO access_logs (id, occurred_at, request_id, operation_id) VALUES ($1, $2, $3, $4)",
    ),
    (
        "commerce-api",
        "192.0.2.20",
        "SELECT count(*) FROM \"documents\" WHERE \"matterId\" = $1",
    ),
    ("commerce-api", "192.0.2.20", "COMMIT"),
    (
        "commerce-api",
        "192.0.2.21",
        "UPDATE \"orders\" SET \"status\" = $1, \"updatedAt\" = $2 WHERE \"id\" = $3",
    ),
    (
        "commerce-api",
        "192.0.2.21",
        "SELECT * FROM \"matters\" WHERE \"orgId\" = $1 ORDER BY \"updatedAt\" DESC LIMIT 50",
    ),
    (
        "commerce-api",
        "192.0.2.21",
        "INSERT INTO commerce.audit_entries (id, created_at, actor_id, org_id) VALUES ($1, $2, $3, $4)",
    ),
    ("commerce-api", "192.0.2.21", "COMMIT"),
    (
        "worker",
        "192.0.2.30",
        "SELECT \"id\", \"endpointId\", \"payload\" FROM \"webhook_deliveries\" WHERE \"statusCode\" IS NULL LIMIT 20",
    ),
    (
        "worker",
        "192.0.2.30",
        "UPDATE \"webhook_endpoints\" SET \"lastDeliveryAt\" = $1 WHERE \"id\" = $2",
    ),
    (
        "reports",
        "192.0.2.31",
        "SELECT date_trunc('hour', \"createdAt\"), count(*) FROM \"invoices\" GROUP BY 1 ORDER BY 1",
    ),
    (
        "metrics-exporter",
        "192.0.2.40",
        "SELECT relname, n_live_tup, n_dead_tup FROM pg_stat_user_tables",
    ),
];

/// Tables of the application that no playbook reads, for sizes and scans: name and rows in thousands.
const OTHERS: &[(&str, i64)] = &[
    ("documents", 2_310),
    ("orders", 1_480),
    ("order_items", 5_220),
    ("invoices", 940),
    ("shipments", 610),
    ("matters", 270),
    ("contacts", 84),
];

/// A backend of the pool has had a query in the last so many ticks: 40 seconds.
const IDLE_TICKS: i64 = 8;

/// Scans of a table in a tick while every query has to read it from end to end.
const SCANS: i64 = 400;

/// The object id of the first table.
const FIRST_OID: i64 = 16_402;

impl Server {
    /// What lasts beyond a tick: to be called in every one.
    pub fn tick(&mut self, conditions: &Conditions) {
        if let Some(table) = &conditions.sequential {
            *self.scans.entry(table.clone()).or_default() += SCANS;
        }
    }

    /// A backend of the background was ended.
    pub fn end(&mut self, seed: u64, pid: i64, at: i64) {
        if let Some(slot) = (0..POOL.len()).find(|slot| self.pid(seed, *slot) == pid) {
            let (times, last) = self.ended.entry(slot).or_default();
            *times += 1;
            *last = at;
        }
    }

    fn pid(&self, seed: u64, slot: usize) -> i64 {
        let base = Noise::new(seed, SERVER, 0).between(0, 2_100, 2_900);
        let times = self.ended.get(&slot).map_or(0, |(times, _)| *times);
        base + slot as i64 * 7 + times * 131
    }

    /// When the backend of a slot connected.
    fn started(&self, seed: u64, slot: usize) -> i64 {
        let own = Noise::new(seed, SERVER, self.pid(seed, slot));
        let before = self.opened - own.between(1, 600, 90_000) * 1_000_000;
        self.ended.get(&slot).map_or(before, |(_, at)| *at)
    }

    fn pool(&self, seed: u64, tick: i64, until: i64) -> Vec<Backend> {
        POOL.iter()
            .enumerate()
            .map(|(slot, (application, address, query))| {
                let at = |tick| Noise::new(seed, SERVER, tick).of(slot as u64);
                let works = |tick| {
                    let busy = busy((tick + 1) * TICK_MICROS);
                    at(tick).chance(0, 0.08 + 0.2 * busy)
                };
                let active = works(tick);
                // Its latest query: a backend that was seen with one is never seen with an earlier one.
                let latest = (tick - IDLE_TICKS..=tick)
                    .rev()
                    .find(|tick| works(*tick))
                    .unwrap_or(tick - IDLE_TICKS);
                // A few milliseconds before the end of its tick; a report takes some seconds.
                let most = if *application == "reports" {
                    3_900
                } else {
                    180
                };
                let ago = (tick - latest) * TICK_MICROS / 1_000 + at(latest).between(1, 1, most);
                let started = self.started(seed, slot);
                Backend {
                    pid: self.pid(seed, slot),
                    application,
                    address,
                    started,
                    state: if active { "active" } else { "idle" },
                    wait: if active {
                        None
                    } else {
                        Some(("Client", "ClientRead"))
                    },
                    query: (*query).to_owned(),
                    query_start: (until - ago * 1_000).max(started),
                    blocked_by: Vec::new(),
                }
            })
            .collect()
    }
}

fn activity(backend: &Backend, column: &str, seed: u64) -> Value {
    let noise = Noise::new(seed, SERVER, backend.pid);
    let text = |text: &str| Value::text(text);
    match column {
        "datid" => Value::Int(16_384),
        "datname" => text("commerce"),
        "pid" => Value::Int(backend.pid),
        "usesysid" => Value::Int(16_385),
        "usename" => text("app"),
        "application_name" => text(backend.application),
        "client_addr" => Value::Inet(backend.address.into()),
        "client_port" => Value::Int(noise.between(0, 32_768, 60_999)),
        "backend_start" => Value::Timestamp(backend.started),
        "xact_start" if backend.state != "idle" => Value::Timestamp(backend.query_start),
        "query_start" => Value::Timestamp(backend.query_start),
        "state_change" => Value::Timestamp(backend.query_start + 1_000),
        "wait_event_type" => backend.wait.map_or(Value::Null, |wait| text(wait.0)),
        "wait_event" => backend.wait.map_or(Value::Null, |wait| text(wait.1)),
        "state" => text(backend.state),
        "query" => text(&backend.query),
        "backend_type" => text("client backend"),
        _ => Value::Null,
    }
}

/// A table as the server counts it.
struct Counted {
    relid: i64,
    schema: &'static str,
    name: &'static str,
    /// Rows that are there.
    rows: i64,
    /// Rows that were ever written; whatever is counted follows them, so that no counter falls.
    inserts: i64,
    scans: i64,
    index_scans: i64,
    updates: i64,
}

impl Counted {
    fn cell(&self, column: &str) -> Value {
        match column {
            "relid" => Value::Int(self.relid),
            "schemaname" => Value::text(self.schema),
            "relname" => Value::text(self.name),
            "seq_scan" => Value::Int(self.scans),
            "seq_tup_read" => Value::Int(self.scans.saturating_mul(self.inserts)),
            "idx_scan" => Value::Int(self.index_scans),
            "idx_tup_fetch" | "idx_blks_hit" => Value::Int(self.index_scans * 3),
            "n_tup_ins" => Value::Int(self.inserts),
            "n_tup_del" => Value::Int(self.inserts - self.rows),
            "n_tup_upd" => Value::Int(self.updates),
            "n_tup_hot_upd" => Value::Int(self.updates / 2),
            "n_live_tup" => Value::Int(self.rows),
            "n_dead_tup" => Value::Int(self.updates / 40),
            "heap_blks_read" => Value::Int(self.inserts / 90),
            "heap_blks_hit" => Value::Int(self.inserts * 12),
            "idx_blks_read" => Value::Int(self.inserts / 300),
            column if column.starts_with("last_") => Value::Null,
            _ => Value::Int(0),
        }
    }

    /// A file does not shrink when rows are removed.
    fn bytes(&self) -> i64 {
        self.inserts * 212 + 73_728
    }
}

impl Tables {
    fn counted(&self, seed: u64) -> Vec<Counted> {
        let own = TABLES.iter().map(|(name, schema, table)| {
            // The rows of a drill's hours stand for a table that is as old as the service.
            let older = match name {
                Name::AuditEntries | Name::AccessLogs | Name::AuditEvents | Name::AuditLogs => 160,
                _ => 1,
            };
            let (rows, inserts) = (self.count(*name) as i64, self.inserted(*name));
            (*schema, *table, rows * older, inserts * older, older > 1)
        });
        let others = OTHERS.iter().map(|(table, thousands)| {
            let rows = thousands * 1_000;
            ("public", *table, rows, rows, true)
        });
        own.chain(others)
            .enumerate()
            .map(|(at, (schema, name, rows, inserts, large))| {
                let noise = Noise::new(seed, SERVER, -1).of(at as u64);
                let more = self.server.scans.get(name).copied().unwrap_or(0);
                let scans = if large {
                    noise.between(0, 4, 220)
                } else {
                    // Small tables are read from end to end all the time, and that is right.
                    noise.between(0, 2_000, 60_000)
                };
                Counted {
                    relid: FIRST_OID + at as i64 * 9,
                    schema,
                    name,
                    rows,
                    inserts,
                    scans: scans + more,
                    index_scans: inserts * noise.between(1, 2, 9),
                    updates: if matches!(name, "orders" | "shipments" | "dsar_cases") {
                        inserts * 2
                    } else {
                        inserts / 50
                    },
                }
            })
            .collect()
    }

    /// Writes the server's own tables as they are at the end of a tick.
    pub fn show_server(&mut self, seed: u64, tick: i64, until: i64, conditions: &Conditions) {
        let mut backends = self.server.pool(seed, tick, until);
        backends.extend(conditions.backends.iter().cloned());
        let counted = self.counted(seed);
        self.database.blocking = backends
            .iter()
            .filter(|backend| !backend.blocked_by.is_empty())
            .map(|backend| (backend.pid, backend.blocked_by.clone()))
            .collect();
        self.database.relation_sizes = counted
            .iter()
            .map(|table| (table.relid, table.bytes()))
            .collect();
        self.fill("pg_stat_activity", &backends, |backend, column| {
            activity(backend, column, seed)
        });
        for table in ["pg_stat_user_tables", "pg_statio_user_tables"] {
            self.fill(table, &counted, Counted::cell);
        }
    }

    fn fill<T>(&mut self, table: &str, items: &[T], cell: impl Fn(&T, &str) -> Value) {
        if let Some(table) = self.database.table_mut("pg_catalog", table) {
            let columns = &table.columns;
            table.rows = items
                .iter()
                .map(|item| -> Row {
                    let row: Vec<Value> = columns
                        .iter()
                        .map(|column| cell(item, &column.name))
                        .collect();
                    Arc::from(row)
                })
                .collect();
        }
    }
}
