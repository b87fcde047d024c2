//! `staff-reads`: a staff user reads data of clients it has no case with. The service lets it, because a route does not ask whose data it is, and marks the read `cross_tenant_read`.
//!
//! The reads come from a session of the actor at an address of its own: it is in `staff_sessions`, and revoking it ends the story.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::arrivals::Share;
use super::cast::{Actor, Cast, Casting, ids, request_id, role, round};
use super::{Event, Phase, Play, access};
use crate::drill::scenario::Names;
use crate::drill::world::Status;
use crate::drill::world::emit::{AuditEvent, Emit, Request};
use crate::drill::world::noise::Noise;

/// What the scenario says.
#[derive(Clone, Copy)]
pub struct Settings<'a> {
    /// Who.
    pub actors: &'a Names,
    /// Whose data.
    pub targets: &'a Names,
    /// Mean time between two reads.
    pub every: Duration,
    /// Share of reads that do not say whose data.
    pub unknown: f64,
    /// The route's file.
    pub route: &'a str,
    /// Its declared scope.
    pub scope: &'a str,
}

/// The reads.
#[derive(Debug)]
pub struct StaffReads {
    actors: Vec<Actor>,
    targets: Vec<Arc<str>>,
    every: Duration,
    unknown: Share,
    route: String,
    scope: String,
    /// The id of the first request: what a reporter would quote.
    request: String,
    cast: Cast,
}

impl StaffReads {
    /// The reads, with their names drawn.
    pub fn new(settings: Settings<'_>, casting: &mut Casting<'_>) -> Self {
        let mut actors = casting.staff(settings.actors);
        for actor in &mut actors {
            casting.place_elsewhere(actor);
        }
        let targets = casting.targets(settings.targets, &actors);
        casting.act_for_others(&mut actors, &targets);
        let request = request_id(casting.draw());
        let mut cast = Cast::new();
        role(&mut cast, "actors", ids(&actors));
        role(&mut cast, "targets", &targets);
        role(&mut cast, "addresses", actors.iter().map(|actor| &actor.ip));
        role(&mut cast, "route", [settings.route]);
        role(&mut cast, "request", [&request]);
        Self {
            actors,
            targets,
            every: settings.every,
            unknown: Share::new(settings.unknown),
            route: settings.route.to_owned(),
            scope: settings.scope.to_owned(),
            request,
            cast,
        }
    }
}

impl Play for StaffReads {
    fn cast(&self) -> &Cast {
        &self.cast
    }

    fn every(&self) -> Option<Duration> {
        Some(self.every)
    }

    fn plant(&mut self, emit: &mut Emit<'_>) {
        access::plant(&self.actors, emit);
    }

    fn begin(&mut self, _story: Noise, at: i64, emit: &mut Emit<'_>) {
        access::sign_in(&self.actors, at, emit);
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
        let Some(session) = access::session(actor, emit) else {
            return;
        };
        emit.seen(session.id, at);
        let unknown = self.unknown.holds(story, 3, number);
        let (entity, plain) = match noise.below(1, 3) {
            0 => ("file", "file.downloaded"),
            _ => ("cycle", "cycle.read"),
        };
        // What is not known to be another client's is not marked as such.
        let event = if unknown { plain } else { "cross_tenant_read" };
        let route = url_of(&self.route);
        emit.audit_event(AuditEvent {
            at,
            event,
            actor: &actor.id,
            client: (!unknown).then_some(target),
            entity,
            request: (number == 0).then_some(&*self.request),
            data: Some(json!({ "route": route, "ip": &*actor.ip, "home": &*actor.org })),
        });
        emit.request(&Request {
            at,
            method: "GET",
            route: &route,
            status: 200,
            millis: noise.quantile(2, &[(0.0, 12.0), (0.5, 48.0), (1.0, 400.0)]),
            instance: noise.bits(3),
            org: Some(target),
            actor: Some(&actor.id),
            ip: &actor.ip,
        });
    }

    fn able(&self, emit: &Emit<'_>) -> bool {
        access::anybody(&self.actors, emit)
    }

    fn status(&self, phase: Phase, status: &mut Status) {
        let scope = match (phase, self.scope.as_str()) {
            // The patch declares what was missing.
            (Phase::Mended, "missing") => "client-scoped",
            (_, scope) => scope,
        };
        status.route = Some((self.route.clone(), scope.to_owned()));
    }

    fn suspects(&self) -> Vec<Arc<str>> {
        self.actors
            .iter()
            .map(|actor| Arc::clone(&actor.id))
            .collect()
    }
}

/// The path that a route's file answers: `cycles/export.ts` is `/cycles/export`.
fn url_of(file: &str) -> String {
    let path = file.strip_suffix(".ts").unwrap_or(file);
    format!("/{}", path.strip_suffix("/index").unwrap_or(path))
}
