//! `magic-link`: somebody who is not the contact uses a contact's magic link. It opens the contact's own client, and through a fault others too.
//!
//! It has one link. Expiring that one ends the story, whatever other links the contact holds.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use uuid::Uuid;

use super::arrivals::Share;
use super::cast::{Cast, Casting, foreign_address, request_id, role, round};
use super::{Event, Play};
use crate::drill::scenario::Names;
use crate::drill::world::emit::{AuditEvent, Emit, Request};

/// Share of reads that stay with the contact's own client.
const OWN: f64 = 0.25;
/// Microseconds for which a planted link works.
const WEEK: i64 = 7 * 86_400_000_000;

/// The use of a link.
#[derive(Debug)]
pub struct MagicLink {
    contact: Option<Arc<str>>,
    client: Arc<str>,
    /// The link; none until one is planted, for a contact that has none.
    link: Option<Uuid>,
    targets: Vec<Arc<str>>,
    every: Duration,
    ip: Arc<str>,
    request: String,
    cast: Cast,
}

impl MagicLink {
    /// The use of a link, with contact and targets drawn.
    pub fn new(
        name: Option<&str>,
        targets: &Names,
        every: Duration,
        casting: &mut Casting<'_>,
    ) -> Self {
        let found = casting.contact(name);
        let noise = casting.draw();
        let client = found
            .and_then(|found| casting.population().organisation(found.organisation))
            .map(|org| Arc::clone(&org.id));
        let client = client.unwrap_or_else(|| casting.some_organisation());
        let contact = found
            .map(|found| Arc::clone(&found.id))
            .or(name.map(Arc::from));
        let links = contact.as_deref().map(|contact| casting.links_of(contact));
        let link = links.and_then(|links| links.first().copied());
        let targets = casting.others(targets, &BTreeSet::from([&*client]));
        let request = request_id(noise.of(1));
        let ip: Arc<str> = foreign_address(noise).into();
        let mut cast = Cast::new();
        role(&mut cast, "contact", &contact);
        role(&mut cast, "client", [&client]);
        role(&mut cast, "link", link.map(|link| link.to_string()));
        role(&mut cast, "targets", &targets);
        role(&mut cast, "addresses", [&ip]);
        role(&mut cast, "request", [&request]);
        Self {
            contact,
            client,
            link,
            targets,
            every,
            ip,
            request,
            cast,
        }
    }
}

impl MagicLink {
    /// The link, while it works.
    fn live_link(&self, emit: &Emit<'_>) -> Option<Uuid> {
        let (contact, link) = (self.contact.as_ref()?, self.link?);
        let live = emit.live_links(contact);
        live.iter().any(|one| one.id == link).then_some(link)
    }
}

impl Play for MagicLink {
    fn cast(&self) -> &Cast {
        &self.cast
    }

    fn every(&self) -> Option<Duration> {
        Some(self.every)
    }

    fn plant(&mut self, emit: &mut Emit<'_>) {
        if let (None, Some(contact)) = (self.link, &self.contact) {
            let expires = Some(emit.from() + WEEK);
            let link = emit.magic_link(contact, &self.client, emit.from(), expires);
            role(&mut self.cast, "link", [link.to_string()]);
            self.link = Some(link);
        }
    }

    fn event(&mut self, event: &Event, emit: &mut Emit<'_>) {
        let Event {
            noise,
            story,
            number,
            at,
        } = *event;
        let Some(contact) = &self.contact else {
            return;
        };
        let Some(link) = self.live_link(emit) else {
            return;
        };
        emit.link_used(link, at);
        let target = if Share::new(OWN).holds(story, 2, number) {
            Some(&self.client)
        } else {
            round(story, 1, number, &self.targets)
        };
        let Some(target) = target else {
            return;
        };
        let (entity, plain) = match noise.below(1, 3) {
            0 => ("file", "file.downloaded"),
            _ => ("cycle", "cycle.read"),
        };
        let own = *target == self.client;
        emit.audit_event(AuditEvent {
            at,
            event: if own { plain } else { "cross_tenant_read" },
            actor: contact,
            client: Some(target),
            entity,
            request: (number == 0).then_some(&*self.request),
            data: Some(
                json!({ "route": "/cycles/:id/export", "ip": &*self.ip, "home": &*self.client }),
            ),
        });
        emit.request(&Request {
            at,
            method: "GET",
            route: "/cycles/:id/export",
            status: 200,
            millis: noise.quantile(2, &[(0.0, 20.0), (0.5, 70.0), (1.0, 600.0)]),
            instance: noise.bits(3),
            org: Some(target),
            actor: Some(contact),
            ip: &self.ip,
        });
    }

    fn able(&self, emit: &Emit<'_>) -> bool {
        self.live_link(emit).is_some()
    }
}
