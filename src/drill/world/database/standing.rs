//! Reads out of the tables how the service stands: who is signed in, which links work, which endpoints are off.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Name, Tables};
use crate::drill::world::standing::{ActiveSession, LiveLink};
use crate::pgsql::{Row, Value};

fn text(row: &Row, column: usize) -> Option<Arc<str>> {
    match row.get(column) {
        Some(Value::Text(text) | Value::Inet(text)) => Some(Arc::clone(text)),
        _ => None,
    }
}

fn is_null(row: &Row, column: usize) -> bool {
    matches!(row.get(column), None | Some(Value::Null))
}

impl Tables {
    /// Active staff sessions, by user.
    pub fn sessions(&self) -> BTreeMap<Arc<str>, Vec<ActiveSession>> {
        let mut sessions: BTreeMap<Arc<str>, Vec<ActiveSession>> = BTreeMap::new();
        let rows = self.table(Name::StaffSessions).map(|table| &table.rows);
        for row in rows.into_iter().flatten().filter(|row| is_null(row, 6)) {
            if let (Some(Value::Uuid(id)), Some(user)) = (row.first(), text(row, 1)) {
                sessions.entry(user).or_default().push(ActiveSession {
                    id: *id,
                    ip: text(row, 4).unwrap_or_else(|| Arc::from("")),
                    agent: text(row, 5).unwrap_or_else(|| Arc::from("")),
                });
            }
        }
        sessions
    }

    /// Magic links that work at `now` (microseconds since 1970), by contact.
    pub fn links(&self, now: i64) -> BTreeMap<Arc<str>, Vec<LiveLink>> {
        let mut links: BTreeMap<Arc<str>, Vec<LiveLink>> = BTreeMap::new();
        let rows = self.table(Name::CycleRequests).map(|table| &table.rows);
        for row in rows.into_iter().flatten() {
            let expires = match row.get(5) {
                Some(Value::Timestamp(expires)) => Some(*expires),
                _ => None,
            };
            if expires.is_some_and(|expires| expires <= now) {
                continue;
            }
            if let (Some(Value::Uuid(id)), Some(client), Some(contact)) =
                (row.first(), text(row, 1), text(row, 2))
            {
                links.entry(contact).or_default().push(LiveLink {
                    id: *id,
                    client,
                    expires,
                });
            }
        }
        links
    }

    /// Endpoints that are not enabled.
    pub fn disabled(&self) -> BTreeSet<Arc<str>> {
        let rows = self.table(Name::WebhookEndpoints).map(|table| &table.rows);
        rows.into_iter()
            .flatten()
            .filter(|row| !matches!(row.get(3), Some(Value::Bool(true))))
            .filter_map(|row| text(row, 0))
            .collect()
    }
}
