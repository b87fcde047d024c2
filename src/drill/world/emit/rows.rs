//! Rows of the database.

use std::sync::Arc;

use uuid::Uuid;

use super::{AccessLog, AuditEntry, AuditEvent, AuditLog, Delivery, Emit};

impl Emit<'_> {
    /// An entry of `commerce.audit_entries`.
    pub fn audit_entry(&mut self, entry: &AuditEntry<'_>) {
        let _ = entry;
    }

    /// A row of `audit_events`.
    pub fn audit_event(&mut self, event: AuditEvent<'_>) {
        let _ = event;
    }

    /// A row of `access_logs`. A read of a frozen operation is written all the same: ask [`is_frozen`](Self::is_frozen) first.
    pub fn access_log(&mut self, read: &AccessLog<'_>) {
        let _ = read;
    }

    /// A row of `audit_logs`.
    pub fn audit_log(&mut self, entry: AuditLog<'_>) {
        let _ = entry;
    }

    /// A row of `webhook_deliveries`.
    pub fn delivery(&mut self, delivery: &Delivery<'_>) {
        let _ = delivery;
    }

    /// A staff user signs in: a row of `staff_sessions`, active from now on. Times before the tick may be given for sessions that a story plants.
    pub fn staff_session(
        &mut self,
        user: &Arc<str>,
        at: i64,
        ip: &Arc<str>,
        agent: &Arc<str>,
    ) -> Uuid {
        let _ = (user, at, ip, agent);
        self.id()
    }

    /// A session was used: its `last_seen_at`.
    pub fn seen(&mut self, session: Uuid, at: i64) {
        let _ = (session, at);
    }

    /// A contact was sent a magic link: a row of `cycle_requests`. `expires` in microseconds since 1970, none for a link without an end.
    pub fn magic_link(
        &mut self,
        contact: &Arc<str>,
        client: &Arc<str>,
        at: i64,
        expires: Option<i64>,
    ) -> Uuid {
        let _ = (contact, client, at, expires);
        self.id()
    }

    /// A link was used: its `last_used_at`.
    pub fn link_used(&mut self, link: Uuid, at: i64) {
        let _ = (link, at);
    }

    /// A flag was switched: a row of `feature_flag_audits`, and the flag itself.
    pub fn flag(&mut self, at: i64, flag: &str, on: bool, by: &str) {
        let _ = (at, flag, on, by);
    }
}
