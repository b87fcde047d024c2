//! `tenant-leak`: entries of `audit_logs` whose tenant is another one than their actor's: a query of the case product forgot its tenant.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::arrivals::Share;
use super::cast::{Actor, Cast, Casting, ids, role, round};
use super::{Event, Play};
use crate::drill::scenario::Names;
use crate::drill::world::emit::{AuditLog, Emit, Request};
use crate::drill::world::noise::Noise;

/// Accounts that were deleted have numbers below those that are there.
const DELETED: (i64, i64) = (200, 990);

/// The entries.
#[derive(Debug)]
pub struct TenantLeak {
    actors: Vec<Actor>,
    /// Somebody whose account is gone: nobody knows the tenant.
    deleted: Arc<str>,
    targets: Vec<Arc<str>>,
    every: Duration,
    unknown: Share,
    cast: Cast,
}

impl TenantLeak {
    /// The entries, with their names drawn.
    pub fn new(
        actors: &Names,
        targets: &Names,
        every: Duration,
        unknown: f64,
        casting: &mut Casting<'_>,
    ) -> Self {
        let actors = casting.users(actors);
        let targets = casting.targets(targets, &actors);
        let deleted = format!("u-{}", casting.draw().between(0, DELETED.0, DELETED.1));
        let mut cast = Cast::new();
        role(&mut cast, "actors", ids(&actors));
        role(&mut cast, "targets", &targets);
        role(&mut cast, "deleted", [&deleted]);
        Self {
            actors,
            deleted: deleted.into(),
            targets,
            every,
            unknown: Share::new(unknown),
            cast,
        }
    }
}

/// What was done, to what, and the request that did it.
fn deed(noise: Noise) -> (&'static str, &'static str, &'static str) {
    match noise.below(1, 8) {
        0 => ("CASE_EXPORTED", "case", "/api/cases/:id/export/pdf"),
        1 | 2 => ("DOCUMENT_VIEWED", "document", "/api/cases/:id/documents"),
        _ => ("CASE_VIEWED", "case", "/api/cases/:id"),
    }
}

impl Play for TenantLeak {
    fn cast(&self) -> &Cast {
        &self.cast
    }

    fn every(&self) -> Option<Duration> {
        Some(self.every)
    }

    fn event(&mut self, event: &Event, emit: &mut Emit<'_>) {
        let Event {
            noise,
            story,
            number,
            at,
        } = *event;
        let (Some(actor), Some(target)) = (
            round(story, 1, number, &self.actors),
            round(story, 2, number, &self.targets),
        ) else {
            return;
        };
        let unknown = self.unknown.holds(story, 3, number);
        let id = if unknown { &self.deleted } else { &actor.id };
        let (action, resource, route) = deed(noise);
        emit.audit_log(AuditLog {
            at,
            tenant: Some(target),
            actor: Some(id),
            action,
            resource,
            ip: &actor.ip,
            agent: &actor.agent,
            metadata: Some(json!({ "route": route })),
        });
        emit.request(&Request {
            at,
            method: "GET",
            route,
            status: 200,
            millis: noise.quantile(2, &[(0.0, 14.0), (0.5, 52.0), (1.0, 700.0)]),
            instance: noise.bits(3),
            org: Some(&actor.org),
            actor: Some(id),
            ip: &actor.ip,
        });
    }
}
