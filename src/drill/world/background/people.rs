//! Staff and contacts, whose trail is `audit_events`, and users of the case product, whose trail is `audit_logs`. Staff need an active session, contacts a link
//! that works.

use std::sync::Arc;

use serde_json::json;

use super::is_due;
use crate::drill::world::TICK_MICROS;
use crate::drill::world::emit::{AuditEvent, AuditLog, Emit};
use crate::drill::world::noise::{Generator, Noise};
use crate::drill::world::population::{OPERATOR, User};
use crate::drill::world::stories::Stories;

const STAFF: Generator = Generator::named("background.staff");
const SIGN_IN: Generator = Generator::named("background.sign-in");
const CONTACTS: Generator = Generator::named("background.contacts");
const USERS: Generator = Generator::named("background.users");

/// Acts a minute at the busiest time.
const STAFF_A_MINUTE: f64 = 2.4;
const CONTACTS_A_MINUTE: f64 = 1.5;
const USERS_A_MINUTE: f64 = 3.2;

/// Ticks in which staff come back after they were all signed out: 20 minutes.
const BACK: i64 = 240;

pub(super) fn tick(emit: &mut Emit<'_>, stories: &Stories) {
    let busy = emit.busy();
    emit.begin(STAFF);
    let noise = emit.noise();
    for n in 0..noise.count(0, STAFF_A_MINUTE / 12.0 * busy) {
        staff(emit, noise.of(u64::from(n) + 1));
    }
    emit.begin(CONTACTS);
    let noise = emit.noise();
    for n in 0..noise.count(0, CONTACTS_A_MINUTE / 12.0 * busy) {
        contact(emit, noise.of(u64::from(n) + 1));
    }
    if is_due(emit, 3) {
        reminder(emit, noise.of(0));
    }
    emit.begin(USERS);
    let noise = emit.noise();
    let acts = noise.count(0, USERS_A_MINUTE / 12.0 * busy);
    for n in 0..acts {
        user(emit, noise.of(u64::from(n) + 1));
    }
    if acts == 0 && is_due(emit, 4) {
        refresh(emit, noise.of(0));
    }
    // Last: nobody works with a session before it began.
    emit.begin(SIGN_IN);
    come_back(emit, stories);
}

/// Staff who were all signed out at once sign in again, each at a time of their own; the operator first, the actors of stories never.
fn come_back(emit: &mut Emit<'_>, stories: &Stories) {
    let Some(since) = emit.standing().signed_out else {
        return;
    };
    let first = since.div_euclid(TICK_MICROS);
    if emit.tick() > first + BACK {
        return;
    }
    let suspects = stories.suspects();
    for (at, user) in emit.population().staff.iter().enumerate() {
        if suspects.contains(&user.id) || !emit.active_sessions(&user.id).is_empty() {
            continue;
        }
        let own = Noise::new(emit.seed, SIGN_IN, first).of(at as u64);
        let back = if *user.id == *OPERATOR {
            own.between(0, 3, 12)
        } else {
            own.between(0, 12, BACK)
        };
        if emit.tick() == first + back {
            sign_in(emit, &user.id, &user.ip, &user.agent, own);
        }
    }
}

fn sign_in(emit: &mut Emit<'_>, user: &Arc<str>, ip: &Arc<str>, agent: &Arc<str>, noise: Noise) {
    let at = emit.moment(noise.of(1));
    emit.staff_session(user, at, ip, agent);
    emit.audit_event(AuditEvent {
        at,
        event: "login",
        actor: user,
        client: None,
        entity: "session",
        request: None,
        data: Some(json!({"method": "password+otp"})),
    });
}

fn staff(emit: &mut Emit<'_>, noise: Noise) -> Option<()> {
    let people = emit.population();
    // The operator has an incident to look after.
    let user = noise
        .pick(0, &people.staff)
        .filter(|user| *user.id != *OPERATOR)?;
    let session = noise.pick(1, emit.active_sessions(&user.id))?.id;
    let client = people.organisation(*noise.pick(2, &user.clients)?)?;
    let at = emit.moment(noise);
    emit.seen(session, at);
    let (event, entity, route) = match noise.below(3, 10) {
        0..=5 => ("cycle.read", "cycle", "/cycles/:id"),
        6 | 7 => ("file.downloaded", "file", "/files/:id"),
        8 => ("cycle.updated", "cycle", "/cycles/:id"),
        _ => ("comment.added", "cycle", "/cycles/:id/comments"),
    };
    emit.audit_event(AuditEvent {
        at,
        event,
        actor: &user.id,
        client: Some(&client.id),
        entity,
        request: None,
        data: Some(json!({"route": route})),
    });
    Some(())
}

fn contact(emit: &mut Emit<'_>, noise: Noise) -> Option<()> {
    let people = emit.population();
    let contact = noise.pick(0, &people.contacts)?;
    let links = emit.live_links(&contact.id);
    let link = noise.pick(1, &links)?;
    let at = emit.moment(noise);
    emit.link_used(link.id, at);
    let (event, entity, route) = match noise.below(3, 10) {
        0..=6 => ("cycle.read", "cycle", "/cycles/:id"),
        7 | 8 => ("file.downloaded", "file", "/files/:id"),
        _ => ("file.uploaded", "file", "/cycles/:id/files"),
    };
    emit.audit_event(AuditEvent {
        at,
        event,
        actor: &contact.id,
        client: Some(&link.client),
        entity,
        request: None,
        data: Some(json!({"route": route})),
    });
    Some(())
}

/// A job that runs all night: reminders of cycles that are due.
fn reminder(emit: &mut Emit<'_>, noise: Noise) -> Option<()> {
    let client = noise.pick(0, &emit.population().organisations)?;
    let at = emit.moment(noise);
    emit.audit_event(AuditEvent {
        at,
        event: "cycle.reminder_queued",
        actor: "reminder-job",
        client: Some(&client.id),
        entity: "cycle",
        request: None,
        data: None,
    });
    Some(())
}

fn user(emit: &mut Emit<'_>, noise: Noise) -> Option<()> {
    let people = emit.population();
    let user = noise.pick(0, &people.users)?;
    let failing = emit.conditions().exports_fail;
    let (action, resource) = match noise.below(1, 100) {
        0..=44 => ("CASE_VIEWED", "case"),
        45..=59 => ("DOCUMENT_VIEWED", "document"),
        60..=71 => ("CASE_UPDATED", "case"),
        72..=79 => ("COMMENT_ADDED", "case"),
        80..=91 => ("LOGIN", "session"),
        92 => ("LOGIN_FAILED", "session"),
        93 | 94 if !failing => ("EXPORT_CREATED", "export"),
        _ => ("DOCUMENT_DOWNLOADED", "document"),
    };
    if action == "EXPORT_CREATED" {
        emit.count("export_requests_total", &[("result", "ok")], 0, 1.0, false);
    }
    write(emit, noise, user, action, resource)
}

/// What browsers do by themselves, at any time.
fn refresh(emit: &mut Emit<'_>, noise: Noise) -> Option<()> {
    let user = noise.pick(0, &emit.population().users)?;
    write(emit, noise, user, "SESSION_REFRESHED", "session")
}

fn write(
    emit: &mut Emit<'_>,
    noise: Noise,
    user: &User,
    action: &str,
    resource: &str,
) -> Option<()> {
    let tenant = emit.population().organisation(user.organisation)?;
    let at = emit.moment(noise);
    // Some look in from a telephone on the way.
    let mobile = format!("203.0.113.{}", 10 + user.days % 200);
    let ip = if noise.chance(4, 0.05) {
        mobile.as_str()
    } else {
        &user.ip
    };
    emit.audit_log(AuditLog {
        at,
        tenant: Some(&tenant.id),
        actor: Some(&user.id),
        action,
        resource,
        ip,
        agent: &user.agent,
        metadata: match action {
            "LOGIN_FAILED" => Some(json!({"reason": "wrong password"})),
            "EXPORT_CREATED" => Some(json!({"format": "csv"})),
            _ => None,
        },
    });
    Some(())
}
