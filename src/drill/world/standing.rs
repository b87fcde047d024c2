//! How the service stands: what generators look at before they make something happen. Acts and statements of the operator change it; it changes nothing itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use uuid::Uuid;

use crate::pgsql::Signal;

/// A session of a staff user that nobody has revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActiveSession {
    /// Its id.
    pub id: Uuid,
    /// Where from.
    pub ip: Arc<str>,
    /// With what.
    pub agent: Arc<str>,
}

/// A magic link that has not been ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveLink {
    /// Its id.
    pub id: Uuid,
    /// The client it opens.
    pub client: Arc<str>,
    /// Microseconds since 1970 at which it ends by itself.
    pub expires: Option<i64>,
}

/// A backend of the database, for `pg_stat_activity`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backend {
    /// Process id.
    pub pid: i64,
    /// `commerce-api`, `worker`, `psql`.
    pub application: &'static str,
    /// Its address.
    pub address: &'static str,
    /// When it connected, in microseconds since 1970.
    pub started: i64,
    /// `active`, `idle`, `idle in transaction`.
    pub state: &'static str,
    /// What it waits for: `Lock`, `Client`, `IO`; none while it works.
    pub wait: Option<(&'static str, &'static str)>,
    /// Its query, or its last one.
    pub query: String,
    /// When the query began, in microseconds since 1970.
    pub query_start: i64,
    /// The backends it waits for.
    pub blocked_by: Vec<i64>,
}

/// What stories say holds in a tick. It is forgotten before the next one: a story that goes on says it again.
#[derive(Debug, Clone, PartialEq)]
pub struct Conditions {
    /// Share of background requests that fail with 500.
    pub error_share: f64,
    /// What every latency is multiplied with.
    pub latency: f64,
    /// Sources that take nothing in: `telemetry`, `metrics`, `commerce.audit_entries`.
    pub silenced: Vec<String>,
    /// Backends beside those of the background.
    pub backends: Vec<Backend>,
    /// The database answers in time.
    pub database_ready: bool,
    /// The table that is read from end to end by every query, as `relname`.
    pub sequential: Option<String>,
    /// How full the upload disk is, in percent.
    pub disk_percent: u8,
    /// S3 refuses.
    pub storage_denied: bool,
    /// Exports that the background makes do not happen: the story makes them, and they fail.
    pub exports_fail: bool,
    /// A webhook endpoint whose deliveries the story makes: its id.
    pub endpoint: Option<String>,
    /// Its address and what it answers; 0 for nothing.
    pub webhook_target: Option<(String, u16)>,
}

impl Conditions {
    /// A backend was cancelled or ended: until the next tick it is idle, or gone, and nobody waits for it.
    pub fn signalled(&mut self, pid: i64, signal: Signal) {
        if signal == Signal::Terminate {
            self.backends.retain(|backend| backend.pid != pid);
        }
        for backend in &mut self.backends {
            let waited = !backend.blocked_by.is_empty();
            backend.blocked_by.retain(|blocker| *blocker != pid);
            if backend.pid == pid {
                backend.state = "idle";
                backend.wait = Some(("Client", "ClientRead"));
                backend.blocked_by.clear();
            } else if waited && backend.blocked_by.is_empty() {
                backend.wait = None;
            }
        }
    }
}

impl Default for Conditions {
    fn default() -> Self {
        Self {
            error_share: 0.0,
            latency: 1.0,
            silenced: Vec::new(),
            backends: Vec::new(),
            database_ready: true,
            sequential: None,
            disk_percent: 61,
            storage_denied: false,
            exports_fail: false,
            endpoint: None,
            webhook_target: None,
        }
    }
}

/// Tokens that were issued before a time were replaced. Microseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    /// Those issued before this.
    pub before: i64,
    /// When it was done: that is when the new ones were issued.
    pub at: i64,
}

/// How the service stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Standing {
    /// Active sessions by staff user; a user without one is not there.
    pub sessions: BTreeMap<Arc<str>, Vec<ActiveSession>>,
    /// Links that were not ended, by contact; a contact without one is not there.
    pub links: BTreeMap<Arc<str>, Vec<LiveLink>>,
    /// Webhook endpoints that are not enabled.
    pub disabled: BTreeSet<Arc<str>>,
    /// Operations that are frozen.
    pub frozen: BTreeSet<String>,
    /// Organisations whose state was kept.
    pub snapshots: BTreeSet<String>,
    /// Tokens were replaced, in the order in which that was done.
    pub rotations: Vec<Rotation>,
    /// How often the encryption keys were rotated.
    pub encryption_rotations: u32,
    /// Feature flags and whether they are on.
    pub flags: Vec<(String, bool)>,
    /// Staff users whose sessions were all revoked since the page.
    pub revoked: BTreeSet<String>,
    /// Contacts whose links were all ended since the page.
    pub expired: BTreeSet<String>,
    /// Endpoints that were disabled since the page.
    pub switched_off: BTreeSet<String>,
    /// Backends that were cancelled or terminated.
    pub ended: BTreeSet<i64>,
    /// When most staff sessions were revoked at once; staff sign in again in the twenty minutes from then on. Microseconds since 1970.
    pub signed_out: Option<i64>,
}

impl Standing {
    /// How often a token that was first issued then has been replaced, and when it was issued last. Microseconds since 1970.
    pub fn replaced(&self, issued: i64) -> (u64, i64) {
        let rotations = self.rotations.iter();
        rotations.fold((0, issued), |(times, issued), rotation| {
            if issued < rotation.before {
                (times + 1, rotation.at)
            } else {
                (times, issued)
            }
        })
    }

    /// How many staff sessions are active.
    pub fn session_count(&self) -> u64 {
        self.sessions
            .values()
            .map(|sessions| sessions.len() as u64)
            .sum()
    }
}
