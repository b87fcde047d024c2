//! `session-abuse`: a session of one user is used from many addresses: `audit_logs`.
//!
//! The user goes on working from the office meanwhile, as the background has it.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::cast::{Actor, Cast, Casting, foreign_address, ids, role, round};
use super::{Event, Play};
use crate::drill::scenario::Names;
use crate::drill::world::emit::{AuditLog, Emit, Request};

/// More addresses are not drawn.
const MOST: u32 = 200;

/// With what a stolen session is used: tools that browse for a script.
const AGENTS: [&str; 3] = [
    "python-requests/2.32.4",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/126.0.0.0 Safari/537.36",
    "curl/8.5.0",
];

/// What is done with it, and the request that does it. The first is done oftener.
const DEEDS: [(&str, &str, &str); 6] = [
    ("CASE_VIEWED", "case", "/api/cases/:id"),
    ("CASE_VIEWED", "case", "/api/cases/:id"),
    ("CASE_LISTED", "case", "/api/cases"),
    ("DOCUMENT_VIEWED", "document", "/api/cases/:id/documents"),
    ("CASE_EXPORTED", "case", "/api/cases/:id/export/pdf"),
    ("SESSION_REFRESHED", "session", "/api/auth/session"),
];

/// The acts.
#[derive(Debug)]
pub struct SessionAbuse {
    user: Option<Actor>,
    addresses: Vec<String>,
    every: Duration,
    cast: Cast,
}

impl SessionAbuse {
    /// The acts, with user and addresses drawn.
    pub fn new(
        user: Option<&str>,
        addresses: u32,
        every: Duration,
        casting: &mut Casting<'_>,
    ) -> Self {
        let names = user.map_or(Names::Drawn(1), |user| Names::Given(vec![user.to_owned()]));
        let user = casting.users(&names).into_iter().next();
        let noise = casting.draw();
        let mut drawn: Vec<String> = Vec::new();
        for n in 0..u64::from(MOST) * 4 {
            let address = foreign_address(noise.of(n));
            if drawn.len() >= addresses.min(MOST) as usize {
                break;
            }
            if !drawn.contains(&address) {
                drawn.push(address);
            }
        }
        let mut cast = Cast::new();
        role(&mut cast, "user", ids(user.as_slice()));
        role(&mut cast, "addresses", &drawn);
        Self {
            user,
            addresses: drawn,
            every,
            cast,
        }
    }
}

impl Play for SessionAbuse {
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
        let (Some(user), Some(ip)) = (&self.user, round(story, 1, number, &self.addresses)) else {
            return;
        };
        let (action, resource, route) =
            noise
                .pick(1, &DEEDS)
                .copied()
                .unwrap_or(("CASE_VIEWED", "case", "/api/cases/:id"));
        let agent = noise.pick(2, &AGENTS).copied().unwrap_or_default();
        let tenant: &Arc<str> = &user.org;
        emit.audit_log(AuditLog {
            at,
            tenant: Some(tenant),
            actor: Some(&user.id),
            action,
            resource,
            ip,
            agent,
            metadata: Some(json!({ "route": route })),
        });
        emit.request(&Request {
            at,
            method: "GET",
            route,
            status: 200,
            millis: noise.quantile(3, &[(0.0, 14.0), (0.5, 52.0), (1.0, 700.0)]),
            instance: noise.bits(4),
            org: Some(tenant),
            actor: Some(&user.id),
            ip,
        });
    }
}
