//! Requests of customers: reads, which leave a row in `access_logs`, and transitions, which leave one in `commerce.audit_entries`.

use std::sync::Arc;

use uuid::Uuid;

use super::is_due;
use crate::drill::world::emit::{AccessLog, AuditEntry, Emit, Request};
use crate::drill::world::noise::{Generator, Noise};
use crate::drill::world::population::{MACHINES, OPERATIONS, Operation, Token};
use crate::drill::world::shape::LATENCY;

const READS: Generator = Generator::named("background.reads");
const TRANSITIONS: Generator = Generator::named("background.transitions");

/// Share of requests that are transitions.
const WRITES: f64 = 0.22;

pub(super) fn tick(emit: &mut Emit<'_>) {
    let requests = f64::from(emit.sinks.requests_per_minute) / 12.0 * emit.busy();
    emit.begin(READS);
    let noise = emit.noise();
    let reads = noise.count(0, requests * (1.0 - WRITES)) + u32::from(is_due(emit, 1));
    for n in 0..reads {
        read(emit, noise.of(u64::from(n) + 1));
    }
    emit.begin(TRANSITIONS);
    let noise = emit.noise();
    let transitions = noise.count(0, requests * WRITES) + u32::from(is_due(emit, 2));
    for n in 0..transitions {
        transition(emit, noise.of(u64::from(n) + 1));
    }
}

/// Who asks.
struct Caller {
    organisation: usize,
    actor: Option<Arc<str>>,
    token: Option<Uuid>,
    mode: &'static str,
    ip: Arc<str>,
    /// The token was replaced and its owner has not installed the new one.
    refused: bool,
}

fn caller(emit: &Emit<'_>, noise: Noise, tokens: f64) -> Option<Caller> {
    let people = emit.population();
    if noise.chance(0, tokens) {
        let token = noise.pick(1, &people.tokens)?;
        let (id, refused) = installed(emit, token);
        return Some(Caller {
            organisation: token.organisation,
            actor: people
                .users_of(token.organisation)
                .next()
                .map(|user| Arc::clone(&user.id)),
            token: Some(id),
            mode: token.mode,
            ip: Arc::clone(&token.ip),
            refused,
        });
    }
    let user = noise.pick(1, &people.users)?;
    Some(Caller {
        organisation: user.organisation,
        actor: Some(Arc::clone(&user.id)),
        token: None,
        mode: people.organisation(user.organisation)?.mode,
        ip: Arc::clone(&user.ip),
        refused: false,
    })
}

/// The id under which a token works now, and whether its owner still sends the old one. After a rotation owners take up to an hour.
fn installed(emit: &Emit<'_>, token: &Token) -> (Uuid, bool) {
    let (times, at) = emit.standing().replaced(token.issued(emit.page()));
    if times == 0 {
        return (token.id, false);
    }
    let own = Noise::new(emit.seed, READS, token.id.as_u128() as i64);
    let takes = own.between(0, 240, 3_600) * 1_000_000;
    (own.uuid(times), emit.from() < at + takes)
}

/// An operation, the frequent ones oftener.
fn operation(noise: Noise) -> Option<&'static Operation> {
    let all: u32 = OPERATIONS.iter().map(|operation| operation.weight).sum();
    let mut left = noise.below(2, u64::from(all)) as u32;
    OPERATIONS.iter().find(|operation| {
        let found = left < operation.weight;
        left = left.saturating_sub(operation.weight);
        found
    })
}

/// What a request is answered with: mostly 200.
fn status(emit: &mut Emit<'_>, noise: Noise, good: u16) -> u16 {
    let errors = emit.conditions().error_share;
    if noise.chance(3, errors + 0.002) {
        return 500;
    }
    match noise.share(4) {
        share if share < 0.010 => 404,
        share if share < 0.016 => 400,
        share if share < 0.020 => 401,
        _ => good,
    }
}

/// Milliseconds that it took; what is refused at the door is quick.
pub(super) fn latency(emit: &mut Emit<'_>, noise: Noise, status: u16) -> f64 {
    let factor = emit.conditions().latency;
    let millis = match status {
        401 | 503 => 2.0 + 3.0 * noise.share(5),
        _ => noise.quantile(5, LATENCY) * factor,
    };
    (millis * 10.0).round() / 10.0
}

fn read(emit: &mut Emit<'_>, noise: Noise) -> Option<()> {
    let operation = operation(noise)?;
    let caller = caller(emit, noise, 0.55)?;
    let people = emit.population();
    let org = people.organisation(caller.organisation)?;
    let at = emit.moment(noise);
    let status = if emit.is_frozen(operation.id) {
        503
    } else if caller.refused {
        401
    } else {
        status(emit, noise, 200)
    };
    let millis = latency(emit, noise, status);
    let instance = noise.bits(6);
    emit.request(&Request {
        at,
        method: "GET",
        route: operation.route,
        status,
        millis,
        instance,
        org: Some(&org.id),
        actor: caller.actor.as_deref(),
        ip: &caller.ip,
    });
    if status == 500 {
        failed(emit, at, operation.route, &org.id, instance);
    }
    if matches!(status, 200 | 404 | 500) {
        emit.access_log(&AccessLog {
            at,
            operation: operation.id,
            actor: caller.actor.as_deref(),
            token: caller.token,
            org: Some(&org.id),
            mode: Some(caller.mode),
            resource_org: Some(&org.id),
            resource_mode: Some(caller.mode),
            ip: &caller.ip,
            status,
            bytes: if status == 200 {
                noise.between(7, 380, 24_000).cast_unsigned()
            } else {
                96
            },
        });
    }
    if noise.chance(8, 0.08) {
        let statement = format!("SELECT {}s", operation.resource);
        let took = (millis * 6.0).round() / 10.0;
        emit.dependency(
            at,
            "SQL",
            "commerce-db",
            &statement,
            took,
            status != 500,
            instance,
        );
    }
    if millis > 900.0 && status != 500 {
        emit.trace(
            at,
            2,
            "Slow request",
            instance,
            &[("route", operation.route), ("orgId", &org.id)],
        );
    }
    Some(())
}

/// A request that failed leaves an error in the log and an exception.
fn failed(emit: &mut Emit<'_>, at: i64, route: &str, org: &str, instance: u64) {
    let message = format!("Unhandled error in {route}");
    emit.trace(
        at,
        3,
        &message,
        instance,
        &[("route", route), ("orgId", org)],
    );
    emit.exception(
        at,
        "PrismaClientKnownRequestError",
        "Timed out fetching a new connection from the connection pool",
        instance,
        &[("route", route), ("orgId", org)],
    );
}

fn transition(emit: &mut Emit<'_>, noise: Noise) -> Option<()> {
    let (machine, transitions) = noise.pick(10, MACHINES)?;
    let target = noise.pick(11, transitions)?;
    let caller = caller(emit, noise, 0.4)?;
    let people = emit.population();
    let org = people.organisation(caller.organisation)?;
    let at = emit.moment(noise);
    let status = if caller.refused {
        401
    } else {
        status(emit, noise, 200)
    };
    let millis = latency(emit, noise, status);
    let instance = noise.bits(6);
    emit.request(&Request {
        at,
        method: "POST",
        route: route(machine),
        status,
        millis,
        instance,
        org: Some(&org.id),
        actor: caller.actor.as_deref(),
        ip: &caller.ip,
    });
    if status == 500 {
        failed(emit, at, route(machine), &org.id, instance);
    }
    if status != 200 {
        return None;
    }
    let actor = caller.actor?;
    emit.audit_entry(&AuditEntry {
        at,
        actor: &actor,
        org: Some(&org.id),
        machine,
        action: &format!("transition.{machine}.{target}"),
        resource_org: Some(&org.id),
    });
    emit.count(
        "commerce_transition_total",
        &[("machine", machine)],
        instance,
        1.0,
        true,
    );
    emit.observe(
        "commerce_transition_duration_ms",
        &[("machine", machine)],
        instance,
        millis,
    );
    emit.trace(
        at,
        1,
        &format!("Transition {machine} to {target}"),
        instance,
        &[
            ("actorId", &actor),
            ("orgId", &org.id),
            ("resourceOrgId", &org.id),
            ("machine", machine),
            ("clientIp", &caller.ip),
        ],
    );
    Some(())
}

/// The route of the transitions of a machine.
fn route(machine: &str) -> &'static str {
    match machine {
        "order" => "/orders/:id/transitions",
        "invoice" => "/invoices/:id/transitions",
        "shipment" => "/shipments/:id/transitions",
        _ => "/refunds/:id/transitions",
    }
}
