//! What is in the tables before anything happens.

use std::sync::Arc;

use super::cases;
use crate::drill::world::database::Name;
use crate::drill::world::emit::Emit;
use crate::drill::world::noise::{Generator, Noise};
use crate::drill::world::population::FLAGS;
use crate::pgsql::Value;

const PLANT: Generator = Generator::named("background.plant");

const MINUTE: i64 = 60_000_000;
const DAY: i64 = 86_400_000_000;

/// Writes the population into the tables. Called once, in the first tick of history.
pub fn plant(emit: &mut Emit<'_>) {
    emit.begin(PLANT);
    users(emit);
    sessions(emit);
    links(emit);
    endpoints(emit);
    cases(emit);
    flags(emit);
    emit.standing.sessions = emit.sinks.tables.sessions();
    emit.standing.links = emit.sinks.tables.links(emit.from());
    emit.standing.disabled = emit.sinks.tables.disabled();
}

fn push(emit: &mut Emit<'_>, name: Name, row: Vec<Value>) {
    emit.sinks.tables.push(name, None, row);
}

fn users(emit: &mut Emit<'_>) {
    let people = emit.population();
    for user in &people.users {
        let Some(tenant) = people.organisation(user.organisation) else {
            continue;
        };
        let roles = match user.role {
            "admin" => emit.sinks.tables.array(&["admin", "member"]),
            role => emit.sinks.tables.array(&[role]),
        };
        let created = emit.page() - i64::from(user.days) * DAY;
        let row = vec![
            Value::Text(Arc::clone(&user.id)),
            Value::Text(Arc::clone(&tenant.id)),
            Value::text(user.email.as_str()),
            roles,
            Value::Timestamp(created),
        ];
        push(emit, Name::Users, row);
    }
}

fn sessions(emit: &mut Emit<'_>) {
    let people = emit.population();
    for session in &people.sessions {
        let Some(user) = people.staff.get(session.staff) else {
            continue;
        };
        let created = emit.from() - i64::from(session.minutes) * MINUTE;
        let (seen, revoked, reason) = match session.revoked {
            Some((reason, after)) => {
                let at = created + i64::from(after) * MINUTE;
                (at, Value::Timestamp(at), Value::text(reason))
            }
            None => (emit.from() - MINUTE, Value::Null, Value::Null),
        };
        let row = vec![
            Value::Uuid(session.id),
            Value::Text(Arc::clone(&user.id)),
            Value::Timestamp(created),
            Value::Timestamp(seen),
            Value::Inet(Arc::clone(&session.ip)),
            Value::Text(Arc::clone(&session.agent)),
            revoked,
            reason,
        ];
        push(emit, Name::StaffSessions, row);
    }
}

fn links(emit: &mut Emit<'_>) {
    let (people, noise, page) = (emit.population(), emit.noise(), emit.page());
    for link in &people.links {
        let Some(contact) = people.contacts.get(link.contact) else {
            continue;
        };
        let Some(client) = people.organisation(contact.organisation) else {
            continue;
        };
        let own = noise.of(link.id.as_u128() as u64);
        let hash: Vec<u8> = (0..2)
            .flat_map(|half| own.wide(half).to_be_bytes())
            .collect();
        let created =
            page - i64::from(link.hours) * 60 * MINUTE + own.between(2, 0, 3_600) * 1_000_000;
        let row = vec![
            Value::Uuid(link.id),
            Value::Text(Arc::clone(&client.id)),
            Value::Text(Arc::clone(&contact.id)),
            Value::Bytes(hash.into()),
            Value::Timestamp(created),
            link.expires.map_or(Value::Null, |hours| {
                Value::Timestamp(page + i64::from(hours) * 60 * MINUTE)
            }),
            Value::Null,
        ];
        push(emit, Name::CycleRequests, row);
    }
}

fn endpoints(emit: &mut Emit<'_>) {
    let people = emit.population();
    for endpoint in &people.endpoints {
        let Some(tenant) = people.organisation(endpoint.organisation) else {
            continue;
        };
        let events = emit.sinks.tables.array(&[
            "case.created",
            "case.updated",
            "case.closed",
            "document.added",
        ]);
        let row = vec![
            Value::Text(Arc::clone(&endpoint.id)),
            Value::Text(Arc::clone(&tenant.id)),
            Value::text(endpoint.url.as_str()),
            Value::Bool(endpoint.enabled),
            events,
            Value::Int(0),
            Value::Null,
        ];
        push(emit, Name::WebhookEndpoints, row);
    }
}

/// Some cases of each tenant, in all states.
fn cases(emit: &mut Emit<'_>) {
    let (people, noise, from) = (emit.population(), emit.noise().of(7), emit.from());
    let mut count = 0;
    for (at, tenant) in people.organisations.iter().enumerate() {
        let here = noise.of(at as u64);
        for n in 0..2 + here.below(0, 4) {
            let one = here.of(n + 1);
            let created = from - one.between(0, 1, 40) * DAY - one.between(1, 0, 1_440) * MINUTE;
            let updated = created + (from - created) / 100 * one.between(2, 1, 100);
            let status = match one.below(3, 20) {
                0 => "REJECTED",
                other => cases::STATES
                    .get((other % 5) as usize)
                    .copied()
                    .unwrap_or("CLOSED"),
            };
            let row = cases::row(&cases::id(count), &tenant.id, status, created, updated);
            push(emit, Name::DsarCases, row);
            count += 1;
        }
    }
}

/// The flags as they are, and the last times that some of them were switched.
fn flags(emit: &mut Emit<'_>) {
    emit.standing.flags = FLAGS
        .iter()
        .map(|(name, on)| ((*name).to_owned(), *on))
        .collect();
    let (people, noise, from) = (emit.population(), emit.noise().of(8), emit.from());
    let mut switched: Vec<(i64, usize)> = FLAGS
        .iter()
        .enumerate()
        .map(|(n, _)| (from - when(noise, n), n))
        .collect();
    switched.sort_unstable();
    for (at, n) in switched {
        let by = noise
            .pick(n as u64 + 100, &people.staff)
            .map(|user| Arc::clone(&user.id));
        if let (Some((flag, on)), Some(by)) = (FLAGS.get(n), by) {
            // Written as a switch from the other position.
            if let Some(known) = emit
                .standing
                .flags
                .iter_mut()
                .find(|(name, _)| name == flag)
            {
                known.1 = !on;
            }
            emit.flag(at, flag, *on, &by);
        }
    }
}

/// How long ago a flag was switched: a day to two months.
fn when(noise: Noise, n: usize) -> i64 {
    noise.between(n as u64, 86_400, 5_000_000) * 1_000_000
}
