//! `cross-org-attempts`: staff users try transitions of resources of other organisations.
//!
//! The engine rejects most: a log line and a count. One that is not rejected is an entry of the audit trail whose resource is another organisation's. It is counted
//! among all other transitions, and there is no log line: nobody noticed.
//!
//! Where all go for one organisation, somebody uses their sessions from elsewhere, and that session is in `staff_sessions`. Where the targets are many, the fault is in what they
//! use, and they sit where they always sit.

use std::sync::Arc;
use std::time::Duration;

use super::arrivals::Share;
use super::cast::{Actor, Cast, Casting, ids, request_id, role, round};
use super::{Event, Play, access};
use crate::drill::scenario::Names;
use crate::drill::world::emit::{AuditEntry, Emit, Request};
use crate::drill::world::noise::Noise;
use crate::drill::world::population::MACHINES;

/// Share of attempts after which somebody else makes an honest mistake of their own.
const NEAR_MISSES: f64 = 0.25;
/// Share of attempts before which the actor does something it may do.
const ORDINARY: f64 = 0.35;

/// What the scenario says.
#[derive(Clone, Copy)]
pub struct Settings<'a> {
    /// Who.
    pub actors: &'a Names,
    /// Whose resources.
    pub targets: &'a Names,
    /// Mean time between two attempts.
    pub every: Duration,
    /// The machine.
    pub machine: &'a str,
    /// Where from.
    pub ip: Option<&'a str>,
    /// Share that succeeds.
    pub succeed: f64,
    /// Share whose entry of the trail does not say whose resource it was.
    pub unknown: f64,
}

/// The attempts.
#[derive(Debug)]
pub struct CrossOrg {
    actors: Vec<Actor>,
    /// Somebody else acts with their sessions, from an address of its own.
    stolen: bool,
    targets: Vec<Arc<str>>,
    every: Duration,
    machine: String,
    transitions: &'static [&'static str],
    succeed: Share,
    unknown: Share,
    cast: Cast,
}

impl CrossOrg {
    /// The attempts, with their actors and targets drawn.
    pub fn new(settings: Settings<'_>, casting: &mut Casting<'_>) -> Self {
        let mut actors = casting.staff(settings.actors);
        let targets = casting.targets(settings.targets, &actors);
        casting.act_for_others(&mut actors, &targets);
        let stolen = targets.len() == 1 || settings.ip.is_some();
        for actor in actors.iter_mut().filter(|_| stolen) {
            casting.place_elsewhere(actor);
            if let Some(ip) = settings.ip {
                actor.ip = ip.into();
            }
        }
        let mut cast = Cast::new();
        role(&mut cast, "actors", ids(&actors));
        role(&mut cast, "targets", &targets);
        role(&mut cast, "addresses", actors.iter().map(|actor| &actor.ip));
        role(&mut cast, "machine", [settings.machine]);
        Self {
            actors,
            stolen,
            targets,
            every: settings.every,
            machine: settings.machine.to_owned(),
            transitions: MACHINES
                .iter()
                .find(|(machine, _)| *machine == settings.machine)
                .map_or(&["updated"], |(_, transitions)| *transitions),
            succeed: Share::new(settings.succeed),
            unknown: Share::new(settings.unknown),
            cast,
        }
    }

    /// The engine said no.
    fn rejected(&self, attempt: &Attempt<'_>, emit: &mut Emit<'_>) {
        let Attempt {
            actor,
            target,
            transition,
            resource,
            ..
        } = attempt;
        let machine = &self.machine;
        let org = &actor.org;
        let message = format!(
            "ORG MISMATCH: {machine} {resource} belongs to {target}, the request acts for {org}; transition {transition} rejected"
        );
        let request = request_id(attempt.noise);
        let dimensions = [
            ("actorId", &*actor.id),
            ("orgId", org),
            ("attemptedOrgId", target),
            ("resourceOrgId", target),
            ("machine", machine),
            ("transition", transition),
            ("resourceId", resource),
            ("clientIp", &actor.ip),
            ("requestId", &request),
        ];
        emit.trace(attempt.at, 3, &message, attempt.instance, &dimensions);
        emit.mismatch(machine, org, attempt.instance);
        self.request(attempt, 403, emit);
    }

    /// What the actor may do, in its own organisation: it leaves what every transition leaves.
    fn ordinary(&self, attempt: &Attempt<'_>, emit: &mut Emit<'_>) {
        let (actor, machine) = (attempt.actor, &self.machine);
        self.passed(attempt, Some(&actor.org), emit);
        let dimensions = [
            ("actorId", &*actor.id),
            ("orgId", &actor.org),
            ("resourceOrgId", &actor.org),
            ("machine", machine),
            ("clientIp", &actor.ip),
        ];
        let message = format!("Transition {machine} to {}", attempt.transition);
        emit.trace(attempt.at, 1, &message, attempt.instance, &dimensions);
    }

    /// The engine let it pass. `owner`: whose resource it was, where the entry says so.
    fn passed(&self, attempt: &Attempt<'_>, owner: Option<&str>, emit: &mut Emit<'_>) {
        let labels = [("machine", self.machine.as_str())];
        emit.count(
            "commerce_transition_total",
            &labels,
            attempt.instance,
            1.0,
            true,
        );
        self.request(attempt, 200, emit);
        emit.audit_entry(&AuditEntry {
            at: attempt.at,
            actor: &attempt.actor.id,
            org: Some(&attempt.actor.org),
            machine: &self.machine,
            action: &format!("transition.{}.{}", self.machine, attempt.transition),
            resource_org: owner,
        });
    }

    fn request(&self, attempt: &Attempt<'_>, status: u16, emit: &mut Emit<'_>) {
        emit.request(&Request {
            at: attempt.at,
            method: "POST",
            route: &self.route(),
            status,
            millis: attempt
                .noise
                .quantile(20, &[(0.0, 8.0), (0.5, 24.0), (1.0, 180.0)]),
            instance: attempt.instance,
            org: Some(&attempt.actor.org),
            actor: Some(&attempt.actor.id),
            ip: &attempt.actor.ip,
        });
    }

    fn route(&self) -> String {
        format!("/{}s/:id/transitions", self.machine)
    }

    /// Somebody of another organisation asks for a transition that the machine does not have, in their own organisation: noise that looks alike at first sight.
    fn near_miss(&self, event: &Event, emit: &mut Emit<'_>) {
        let noise = event.noise.of(7);
        let population = emit.population();
        let Some(user) = noise.pick(0, &population.users) else {
            return;
        };
        let Some(org) = population.organisation(user.organisation) else {
            return;
        };
        let at = emit.moment(noise);
        let (from, to) = (
            noise
                .pick(1, self.transitions)
                .copied()
                .unwrap_or("updated"),
            noise
                .pick(2, self.transitions)
                .copied()
                .unwrap_or("updated"),
        );
        let resource = resource_of(&self.machine, noise);
        let message = format!(
            "TRANSITION REJECTED: {} {resource} cannot go from {from} to {to}",
            self.machine
        );
        let dimensions = [
            ("actorId", &*user.id),
            ("orgId", &org.id),
            ("resourceOrgId", &org.id),
            ("machine", &self.machine),
            ("clientIp", &user.ip),
        ];
        emit.trace(at, 2, &message, noise.bits(3), &dimensions);
        emit.request(&Request {
            at,
            method: "POST",
            route: &self.route(),
            status: 409,
            millis: noise.quantile(4, &[(0.0, 6.0), (0.5, 18.0), (1.0, 120.0)]),
            instance: noise.bits(3),
            org: Some(&org.id),
            actor: Some(&user.id),
            ip: &user.ip,
        });
    }
}

/// One attempt.
struct Attempt<'a> {
    at: i64,
    noise: Noise,
    actor: &'a Actor,
    target: &'a str,
    transition: &'a str,
    resource: &'a str,
    instance: u64,
}

/// `ord-4f19c2`.
fn resource_of(machine: &str, noise: Noise) -> String {
    let prefix: String = machine.chars().take(3).collect();
    format!("{prefix}-{:06x}", noise.bits(11) & 0x00ff_ffff)
}

impl Play for CrossOrg {
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
        if self.stolen {
            access::sign_in(&self.actors, at, emit);
        }
    }

    fn event(&mut self, event: &Event, emit: &mut Emit<'_>) {
        let Event {
            noise,
            story,
            number,
            at,
        } = *event;
        if noise.chance(1, NEAR_MISSES) {
            self.near_miss(event, emit);
        }
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
        let attempt = Attempt {
            at,
            noise,
            actor,
            target,
            transition: noise
                .pick(2, self.transitions)
                .copied()
                .unwrap_or("updated"),
            resource: &resource_of(&self.machine, noise),
            instance: noise.bits(3),
        };
        if noise.chance(4, ORDINARY) {
            self.ordinary(&attempt, emit);
        }
        if self.succeed.holds(story, 3, number) {
            self.passed(&attempt, Some(target), emit);
        } else if self.unknown.holds(story, 4, number) {
            self.passed(&attempt, None, emit);
        } else {
            self.rejected(&attempt, emit);
        }
    }

    fn able(&self, emit: &Emit<'_>) -> bool {
        access::anybody(&self.actors, emit)
    }

    fn suspects(&self) -> Vec<Arc<str>> {
        self.actors
            .iter()
            .map(|actor| Arc::clone(&actor.id))
            .collect()
    }
}
