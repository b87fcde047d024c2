//! `export-failure`: exports fail, because the disk of local uploads is full (`disk-full`) or S3 refuses (`access-denied`): `audit_logs`, requests, and the storage itself.
//!
//! Any other cause is written as the reason, as it is: `timeout`.

use std::time::Duration;

use serde_json::json;

use super::cast::{Cast, role};
use super::{Event, Play};
use crate::drill::world::DISK_FULL_PERCENT;
use crate::drill::world::emit::{AuditLog, Emit, Request};

/// What users export.
const ROUTES: [&str; 3] = [
    "/api/cases/:id/export/pdf",
    "/api/cases/:id/export/json",
    "/api/cases/:id/export/zip",
];

/// The exports.
#[derive(Debug)]
pub struct Exports {
    cause: String,
    every: Duration,
    cast: Cast,
}

impl Exports {
    /// Exports that fail for a cause.
    pub fn new(cause: &str, every: Duration) -> Self {
        let mut cast = Cast::new();
        role(&mut cast, "cause", [cause]);
        Self {
            cause: cause.to_owned(),
            every,
            cast,
        }
    }

    /// What the application says.
    fn reason(&self) -> String {
        match self.cause.as_str() {
            "disk-full" => "ENOSPC: no space left on device, write './uploads/exports'".to_owned(),
            "access-denied" => "AccessDenied: PutObject was refused by the bucket".to_owned(),
            "timeout" => "timeout after 30000 ms while collecting case data".to_owned(),
            other => other.to_owned(),
        }
    }
}

impl Play for Exports {
    fn cast(&self) -> &Cast {
        &self.cast
    }

    fn every(&self) -> Option<Duration> {
        Some(self.every)
    }

    fn event(&mut self, event: &Event, emit: &mut Emit<'_>) {
        let noise = event.noise;
        let population = emit.population();
        let Some(user) = noise.pick(1, &population.users) else {
            return;
        };
        let tenant = population.organisation(user.organisation);
        let tenant = tenant.map(|org| &*org.id);
        let route = noise.pick(2, &ROUTES).copied().unwrap_or_default();
        let reason = self.reason();
        let mut entry = AuditLog {
            at: event.at,
            tenant,
            actor: Some(&user.id),
            action: "EXPORT_STARTED",
            resource: "export",
            ip: &user.ip,
            agent: &user.agent,
            metadata: Some(json!({ "route": route })),
        };
        emit.audit_log(entry.clone());
        entry.action = "EXPORT_FAILED";
        entry.metadata = Some(json!({ "route": route, "reason": reason }));
        emit.audit_log(entry);
        emit.count(
            "export_requests_total",
            &[("result", "failed")],
            0,
            1.0,
            false,
        );
        let slow = self.cause == "timeout";
        let instance = noise.bits(3);
        emit.request(&Request {
            at: event.at,
            method: "GET",
            route,
            status: if slow { 504 } else { 500 },
            millis: if slow {
                30_000.0
            } else {
                noise.quantile(4, &[(0.0, 300.0), (0.5, 1_400.0), (1.0, 6_000.0)])
            },
            instance,
            org: tenant,
            actor: Some(&user.id),
            ip: &user.ip,
        });
        let dimensions = [("route", route), ("actorId", &*user.id)];
        emit.exception(event.at, "ExportError", &reason, instance, &dimensions);
    }

    fn tick(&mut self, emit: &mut Emit<'_>) {
        let conditions = emit.conditions();
        conditions.exports_fail = true;
        match self.cause.as_str() {
            "disk-full" => conditions.disk_percent = DISK_FULL_PERCENT,
            "access-denied" => conditions.storage_denied = true,
            _ => {}
        }
    }
}
