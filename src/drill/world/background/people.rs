//! Staff and contacts, whose trail is `audit_events`, and users of the case product, whose trail is `audit_logs`. Staff need an active session, contacts a link
//! that works. Whatever they do is a request too.

use std::sync::Arc;

use serde_json::json;

use super::is_due;
use super::traffic::latency;
use crate::drill::world::TICK_MICROS;
use crate::drill::world::emit::{AuditEvent, AuditLog, Emit, Request};
use crate::drill::world::noise::{Generator, Noise};
use crate::drill::world::population::{OPERATOR, User};
use crate::drill::world::standing::ActiveSession;
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
            let at = emit.moment(own.of(1));
            emit.sign_in(&user.id, at, &user.ip, &user.agent);
        }
    }
}

fn staff(emit: &mut Emit<'_>, noise: Noise) -> Option<()> {
    let people = emit.population();
    // The operator has an incident to look after.
    let user = noise
        .pick(0, &people.staff)
        .filter(|user| *user.id != *OPERATOR)?;
    // What somebody else opened in the user's name is not for the user's own work.
    let sessions = emit.active_sessions(&user.id).iter();
    let is_own = |session: &&ActiveSession| {
        session.ip == user.ip || people.sessions.iter().any(|known| known.id == session.id)
    };
    let sessions: Vec<_> = sessions.filter(is_own).collect();
    let (session, ip) = noise
        .pick(1, &sessions)
        .map(|session| (session.id, Arc::clone(&session.ip)))?;
    let client = people.organisation(*noise.pick(2, &user.clients)?)?;
    let at = emit.moment(noise);
    emit.seen(session, at);
    let (event, entity, method, route) = match noise.below(3, 10) {
        0..=5 => ("cycle.read", "cycle", "GET", "/cycles/:id"),
        6 | 7 => ("file.downloaded", "file", "GET", "/files/:id"),
        8 => ("cycle.updated", "cycle", "PATCH", "/cycles/:id"),
        _ => ("comment.added", "cycle", "POST", "/cycles/:id/comments"),
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
    let who = (Some(&*client.id), &*user.id, &*ip);
    request(emit, noise, at, (method, route, 200), who);
    Some(())
}

fn contact(emit: &mut Emit<'_>, noise: Noise) -> Option<()> {
    let people = emit.population();
    let contact = noise.pick(0, &people.contacts)?;
    let links = emit.live_links(&contact.id);
    let link = noise.pick(1, &links)?;
    let at = emit.moment(noise);
    emit.link_used(link.id, at);
    let (event, entity, method, route) = match noise.below(3, 10) {
        0..=6 => ("cycle.read", "cycle", "GET", "/cycles/:id"),
        7 | 8 => ("file.downloaded", "file", "GET", "/files/:id"),
        _ => ("file.uploaded", "file", "POST", "/cycles/:id/files"),
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
    let who = (Some(&*link.client), &*contact.id, &*contact.ip);
    request(emit, noise, at, (method, route, 200), who);
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
    let deed = match noise.below(1, 100) {
        0..=44 => ("CASE_VIEWED", "case", "GET", "/api/cases/:id"),
        45..=59 => (
            "DOCUMENT_VIEWED",
            "document",
            "GET",
            "/api/cases/:id/documents",
        ),
        60..=71 => ("CASE_UPDATED", "case", "PATCH", "/api/cases/:id"),
        72..=79 => ("COMMENT_ADDED", "case", "POST", "/api/cases/:id/comments"),
        80..=91 => ("LOGIN", "session", "POST", "/api/auth/login"),
        92 => ("LOGIN_FAILED", "session", "POST", "/api/auth/login"),
        93 | 94 if !failing => (
            "EXPORT_CREATED",
            "export",
            "GET",
            "/api/cases/:id/export/pdf",
        ),
        _ => (
            "DOCUMENT_DOWNLOADED",
            "document",
            "GET",
            "/api/documents/:id/file",
        ),
    };
    if deed.0 == "EXPORT_CREATED" {
        emit.count("export_requests_total", &[("result", "ok")], 0, 1.0, false);
    }
    write(emit, noise, user, deed)
}

/// What browsers do by themselves, at any time.
fn refresh(emit: &mut Emit<'_>, noise: Noise) -> Option<()> {
    let user = noise.pick(0, &emit.population().users)?;
    let deed = ("SESSION_REFRESHED", "session", "GET", "/api/auth/session");
    write(emit, noise, user, deed)
}

/// What a user does: its name in the trail and what it is done to, and the method and the route of its request.
type Deed = (&'static str, &'static str, &'static str, &'static str);

fn write(
    emit: &mut Emit<'_>,
    noise: Noise,
    user: &User,
    (action, resource, method, route): Deed,
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
    let status = if action == "LOGIN_FAILED" { 401 } else { 200 };
    let who = (Some(&*tenant.id), &*user.id, ip);
    request(emit, noise, at, (method, route, status), who);
    Some(())
}

/// The request of something that was done. `who`: whose data, who, and where from.
pub(super) fn request(
    emit: &mut Emit<'_>,
    noise: Noise,
    at: i64,
    (method, route, status): (&str, &str, u16),
    (org, actor, ip): (Option<&str>, &str, &str),
) {
    let millis = latency(emit, noise, status);
    emit.request(&Request {
        at,
        method,
        route,
        status,
        millis,
        instance: noise.bits(6),
        org,
        actor: Some(actor),
        ip,
    });
}
