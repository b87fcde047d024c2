//! Cases of the case product: new ones come, old ones move on.

use std::sync::Arc;

use super::people::request;
use crate::drill::world::database::{Name, set};
use crate::drill::world::emit::{AuditLog, Emit};
use crate::drill::world::noise::{Generator, Noise};
use crate::pgsql::Value;

const CASES: Generator = Generator::named("background.cases");

/// States, in the order in which a case goes through them.
pub(super) const STATES: &[&str] = &["RECEIVED", "VERIFYING", "IN_PROGRESS", "REVIEW", "CLOSED"];

/// Cases that move on in a minute, at the busiest time.
const MOVES_A_MINUTE: f64 = 0.25;

pub(super) fn tick(emit: &mut Emit<'_>) {
    emit.begin(CASES);
    let noise = emit.noise();
    for n in 0..noise.count(0, MOVES_A_MINUTE / 12.0 * emit.busy()) {
        advance(emit, noise.of(u64::from(n) + 1));
    }
}

/// A case of a tenant, as a row.
pub(super) fn row(
    id: &str,
    tenant: &Arc<str>,
    status: &'static str,
    created: i64,
    updated: i64,
) -> Vec<Value> {
    // Thirty days from the day it came.
    let due = created.div_euclid(86_400_000_000) + 30;
    vec![
        Value::text(id),
        Value::Text(Arc::clone(tenant)),
        Value::text(status),
        Value::Date(due as i32),
        Value::Timestamp(created),
        Value::Timestamp(updated),
    ]
}

/// The id of the `n`th case.
pub(super) fn id(n: usize) -> String {
    format!("case-{}", 2_100 + n)
}

fn advance(emit: &mut Emit<'_>, noise: Noise) -> Option<()> {
    let count = emit.sinks.tables.count(Name::DsarCases);
    let at = emit.moment(noise);
    if noise.chance(0, 0.08) {
        let tenant = Arc::clone(&noise.pick(1, &emit.population().organisations)?.id);
        let new = id(count);
        let row = row(&new, &tenant, "RECEIVED", at, at);
        emit.sinks.tables.push(Name::DsarCases, None, row);
        return write(emit, noise, at, &tenant, ("CASE_CREATED", "/api/cases"));
    }
    let case = Value::text(id(noise.below(2, count as u64) as usize));
    let mut tenant = None;
    emit.sinks.tables.update(Name::DsarCases, &case, |row| {
        let next = match row.get(2) {
            Some(Value::Text(now)) => STATES
                .iter()
                .position(|state| **state == **now)
                .and_then(|at| STATES.get(at + 1)),
            _ => None,
        };
        if let Some(next) = next {
            set(row, 2, Value::text(*next));
            set(row, 5, Value::Timestamp(at));
            if let Some(Value::Text(owner)) = row.get(1) {
                tenant = Some(Arc::clone(owner));
            }
        }
    });
    let deed = ("CASE_STATUS_CHANGED", "/api/cases/:id/status");
    write(emit, noise, at, &tenant?, deed)
}

fn write(
    emit: &mut Emit<'_>,
    noise: Noise,
    at: i64,
    tenant: &Arc<str>,
    (action, route): (&str, &str),
) -> Option<()> {
    let people = emit.population();
    let place = people
        .organisations
        .iter()
        .position(|organisation| organisation.id == *tenant)?;
    let users: Vec<_> = people.users_of(place).collect();
    let user = noise.pick(3, &users)?;
    emit.audit_log(AuditLog {
        at,
        tenant: Some(tenant),
        actor: Some(&user.id),
        action,
        resource: "case",
        ip: &user.ip,
        agent: &user.agent,
        metadata: None,
    });
    let who = (Some(&**tenant), &*user.id, &*user.ip);
    request(emit, noise, at, ("POST", route, 200), who);
    Some(())
}
