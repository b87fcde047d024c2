//! The database of the service: its tables, and one way to write each. The server's own tables are in [`server`].
//!
//! Rows go in whole; a row that changes later (a session that was used, an endpoint that failed) is found by its id. What a story wrote is remembered by id, so
//! that it can be taken away again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use uuid::Uuid;

use crate::pgsql::{self, Value};

mod server;
mod standing;

pub use server::Server;

/// The tables of the service.
const SCHEMA: &str = include_str!("../../../assets/schema.sql");

/// A table that the service writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Name {
    /// `commerce.audit_entries`.
    AuditEntries,
    /// `staff_sessions`.
    StaffSessions,
    /// `cycle_requests`.
    CycleRequests,
    /// `audit_events`.
    AuditEvents,
    /// `access_logs`.
    AccessLogs,
    /// `users`.
    Users,
    /// `audit_logs`.
    AuditLogs,
    /// `webhook_endpoints`.
    WebhookEndpoints,
    /// `webhook_deliveries`.
    WebhookDeliveries,
    /// `dsar_cases`.
    DsarCases,
    /// `feature_flag_audits`.
    FeatureFlagAudits,
}

/// Every table with its schema and its name, in the order of [`Name`].
const TABLES: &[(Name, &str, &str)] = &[
    (Name::AuditEntries, "commerce", "audit_entries"),
    (Name::StaffSessions, "public", "staff_sessions"),
    (Name::CycleRequests, "public", "cycle_requests"),
    (Name::AuditEvents, "public", "audit_events"),
    (Name::AccessLogs, "public", "access_logs"),
    (Name::Users, "public", "users"),
    (Name::AuditLogs, "public", "audit_logs"),
    (Name::WebhookEndpoints, "public", "webhook_endpoints"),
    (Name::WebhookDeliveries, "public", "webhook_deliveries"),
    (Name::DsarCases, "public", "dsar_cases"),
    (Name::FeatureFlagAudits, "public", "feature_flag_audits"),
];

impl Name {
    /// The name that a silenced source has: `commerce.audit_entries`, `access_logs`.
    pub fn source(self) -> &'static str {
        match self {
            Self::AuditEntries => "commerce.audit_entries",
            Self::StaffSessions => "staff_sessions",
            Self::CycleRequests => "cycle_requests",
            Self::AuditEvents => "audit_events",
            Self::AccessLogs => "access_logs",
            Self::Users => "users",
            Self::AuditLogs => "audit_logs",
            Self::WebhookEndpoints => "webhook_endpoints",
            Self::WebhookDeliveries => "webhook_deliveries",
            Self::DsarCases => "dsar_cases",
            Self::FeatureFlagAudits => "feature_flag_audits",
        }
    }

    /// The table called `schema.table`, or `table` in `public`.
    pub fn named(text: &str) -> Option<Self> {
        let text = text.strip_prefix("public.").unwrap_or(text);
        TABLES
            .iter()
            .map(|(name, _, _)| *name)
            .find(|name| name.source() == text)
    }
}

/// The id of a row: the first column of every table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Number(i64),
    Id(Uuid),
    Text(Arc<str>),
}

impl Key {
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Int(number) => Some(Self::Number(*number)),
            Value::Uuid(id) => Some(Self::Id(*id)),
            Value::Text(text) => Some(Self::Text(Arc::clone(text))),
            _ => None,
        }
    }
}

/// The tables.
#[derive(Debug)]
pub struct Tables {
    database: pgsql::Database,
    /// Where each of [`TABLES`] stands in the database.
    places: Vec<usize>,
    /// The next value of `audit_events.id`.
    next_event: i64,
    /// How many rows were ever written to each of [`TABLES`].
    inserted: [i64; TABLES.len()],
    /// What stories wrote.
    written: BTreeMap<(Name, Arc<str>), Vec<Key>>,
    /// Arrays of text that many rows have in common.
    arrays: BTreeMap<String, Value>,
    /// What the server knows of itself.
    pub server: Server,
}

impl Default for Tables {
    fn default() -> Self {
        // It is in the program: a test proves that it reads.
        let database = pgsql::Database::create(SCHEMA).unwrap_or_default();
        let places = TABLES
            .iter()
            .map(|(_, schema, name)| {
                database
                    .tables
                    .iter()
                    .position(|table| table.schema == *schema && table.name == *name)
                    .unwrap_or(usize::MAX)
            })
            .collect();
        Self {
            database,
            places,
            next_event: 1,
            inserted: [0; TABLES.len()],
            written: BTreeMap::new(),
            arrays: BTreeMap::new(),
            server: Server::default(),
        }
    }
}

/// Text, or NULL.
pub fn optional(text: Option<Arc<str>>) -> Value {
    text.map_or(Value::Null, Value::Text)
}

impl Tables {
    /// The database, to be read.
    pub fn database(&self) -> &pgsql::Database {
        &self.database
    }

    /// The database, to be changed by a statement.
    pub fn database_mut(&mut self) -> &mut pgsql::Database {
        &mut self.database
    }

    fn table(&self, name: Name) -> Option<&pgsql::Table> {
        self.database
            .tables
            .get(self.places.get(name as usize).copied()?)
    }

    fn table_mut(&mut self, name: Name) -> Option<&mut pgsql::Table> {
        self.database
            .tables
            .get_mut(self.places.get(name as usize).copied()?)
    }

    /// Adds a row: its values in the order of the columns of `assets/schema.sql`.
    pub fn push(&mut self, name: Name, story: Option<&Arc<str>>, row: Vec<Value>) {
        if let (Some(story), Some(key)) = (story, row.first().and_then(Key::of)) {
            self.written
                .entry((name, Arc::clone(story)))
                .or_default()
                .push(key);
        }
        if let Some(count) = self.inserted.get_mut(name as usize) {
            *count += 1;
        }
        if let Some(table) = self.table_mut(name) {
            table.rows.push(row.into());
        }
    }

    /// How many rows the service ever wrote to a table, and at least those that are there.
    fn inserted(&self, name: Name) -> i64 {
        let written = self.inserted.get(name as usize).copied().unwrap_or(0);
        written.max(self.count(name) as i64)
    }

    /// The next value of `audit_events.id`.
    pub fn next_event(&mut self) -> i64 {
        self.next_event += 1;
        self.next_event - 1
    }

    /// Changes the row with this id; nothing where there is none.
    pub fn update(&mut self, name: Name, id: &Value, change: impl FnOnce(&mut [Value])) {
        if let Some(table) = self.table_mut(name)
            && let Some(row) = table
                .rows
                .iter_mut()
                .find(|row| row.first().is_some_and(|first| first == id))
        {
            change(Arc::make_mut(row));
        }
    }

    /// How many rows a table has.
    pub fn count(&self, name: Name) -> usize {
        self.table(name).map_or(0, |table| table.rows.len())
    }

    /// An array of texts, kept once.
    pub fn array(&mut self, items: &[&str]) -> Value {
        let key = items.join("\u{1f}");
        self.arrays
            .entry(key)
            .or_insert_with(|| Value::Array(items.iter().map(|item| Value::text(*item)).collect()))
            .clone()
    }

    /// Takes away what a story wrote to a table.
    pub fn erase(&mut self, name: Name, story: &str) {
        let Some(keys) = self.written.remove(&(name, Arc::from(story))) else {
            return;
        };
        let keys: BTreeSet<Key> = keys.into_iter().collect();
        if let Some(table) = self.table_mut(name) {
            table.rows.retain(|row| {
                row.first()
                    .and_then(Key::of)
                    .is_none_or(|key| !keys.contains(&key))
            });
        }
    }
}

/// Sets a column of times of a row, unless it is later already.
pub fn set_latest(row: &mut [Value], column: usize, at: i64) {
    if !matches!(row.get(column), Some(Value::Timestamp(known)) if *known > at) {
        set(row, column, Value::Timestamp(at));
    }
}

/// Sets a column of a row.
pub fn set(row: &mut [Value], column: usize, value: Value) {
    if let Some(cell) = row.get_mut(column) {
        *cell = value;
    }
}
