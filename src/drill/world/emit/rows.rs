//! Rows of the database.

use std::sync::Arc;

use rust_decimal::Decimal;
use serde_json::json;
use uuid::Uuid;

use super::{AccessLog, AuditEntry, AuditEvent, AuditLog, Delivery, Emit, Request};
use crate::drill::world::database::{Name, optional, set, set_latest};
use crate::drill::world::noise::Noise;
use crate::drill::world::population::{INSTANCES, Population};
use crate::drill::world::standing::{ActiveSession, LiveLink};
use crate::pgsql::Value;

/// Resources of one kind that an organisation has, for ids that come again.
const RESOURCES: u64 = 40;

/// The id of one of the resources of an organisation.
fn resource(org: &str, noise: Noise) -> Uuid {
    let own = Noise::new(0, super::Generator::named(org), 0);
    own.uuid(noise.below(0x5e, RESOURCES))
}

impl Emit<'_> {
    fn row(&mut self, name: Name, row: Vec<Value>) {
        if !self.is_silenced(name.source()) {
            self.sinks.tables.push(name, self.story.as_ref(), row);
        }
    }

    fn shared(&mut self, text: &str) -> Value {
        Value::Text(self.sinks.texts.get(text))
    }

    fn shared_or_null(&mut self, text: Option<&str>) -> Value {
        let text = text.map(|text| self.sinks.texts.get(text));
        optional(text)
    }

    fn json(&mut self, value: Option<serde_json::Value>) -> Value {
        value.map_or(Value::Null, |value| {
            Value::Json(self.sinks.texts.json(value))
        })
    }

    fn address(&mut self, ip: &str) -> Value {
        if ip.is_empty() {
            Value::Null
        } else {
            Value::Inet(self.sinks.texts.get(ip))
        }
    }

    /// An entry of `commerce.audit_entries`.
    pub fn audit_entry(&mut self, entry: &AuditEntry<'_>) {
        let id = self.id();
        let noise = Noise::new(
            self.seed,
            super::Generator::named("entry"),
            id.as_u128() as i64,
        );
        let of = entry.resource_org.or(entry.org).unwrap_or("");
        let resource = resource(of, noise).to_string();
        let metadata = match entry.resource_org {
            Some(org) => self
                .sinks
                .texts
                .document(&[("resourceOrgId", org), ("resourceId", &resource)]),
            None => self.sinks.texts.document(&[("resourceId", &resource)]),
        };
        let amount = match entry.machine {
            "order" | "invoice" | "refund" => {
                Value::Numeric(Decimal::new(noise.between(1, 400, 480_000), 2))
            }
            _ => Value::Null,
        };
        let row = vec![
            Value::Uuid(id),
            Value::Timestamp(entry.at),
            self.shared(entry.actor),
            self.shared_or_null(entry.org),
            self.shared(entry.action),
            self.shared(entry.machine),
            Value::Json(metadata),
            amount,
            self.sinks.tables.array(&["audit", entry.machine]),
        ];
        self.row(Name::AuditEntries, row);
    }

    /// A row of `audit_events`.
    pub fn audit_event(&mut self, event: AuditEvent<'_>) {
        let id = self.id();
        let noise = Noise::new(
            self.seed,
            super::Generator::named("event"),
            id.as_u128() as i64,
        );
        let request = match event.request {
            Some(request) => Value::text(request),
            None => Value::text(format!("req-{:08x}", noise.bits(1) as u32)),
        };
        let entity = Value::Uuid(resource(event.client.unwrap_or(event.actor), noise));
        let number = if self.is_silenced(Name::AuditEvents.source()) {
            0
        } else {
            self.sinks.tables.next_event()
        };
        let row = vec![
            Value::Int(number),
            Value::Timestamp(event.at),
            request,
            self.shared(event.event),
            self.shared(event.actor),
            self.shared_or_null(event.client),
            self.shared(event.entity),
            entity,
            self.json(event.data),
        ];
        self.row(Name::AuditEvents, row);
    }

    /// A row of `access_logs`. A read of a frozen operation is written all the same: ask [`is_frozen`](Self::is_frozen) first.
    pub fn access_log(&mut self, read: &AccessLog<'_>) {
        let id = self.id();
        let noise = Noise::new(
            self.seed,
            super::Generator::named("read"),
            id.as_u128() as i64,
        );
        let (kind, scope) = Population::operation_named(read.operation)
            .map_or(("document", "documents:read"), |one| {
                (one.resource, one.scope)
            });
        let of = read.resource_org.or(read.org).unwrap_or("");
        let row = vec![
            Value::Uuid(id),
            Value::Timestamp(read.at),
            Value::text(format!("req-{:08x}", noise.bits(1) as u32)),
            self.shared(read.operation),
            self.shared_or_null(read.actor),
            read.token.map_or(Value::Null, Value::Uuid),
            self.shared_or_null(read.org),
            self.shared_or_null(read.mode),
            self.shared_or_null(read.resource_org),
            self.shared_or_null(read.resource_mode),
            self.shared(kind),
            Value::Uuid(resource(of, noise)),
            self.address(read.ip),
            self.sinks.tables.array(&["profile:read", scope]),
            Value::Int(i64::from(read.status)),
            Value::Numeric(Decimal::from(read.bytes)),
        ];
        self.row(Name::AccessLogs, row);
    }

    /// A row of `audit_logs`.
    pub fn audit_log(&mut self, entry: AuditLog<'_>) {
        let id = self.id();
        let noise = Noise::new(
            self.seed,
            super::Generator::named("log"),
            id.as_u128() as i64,
        );
        let row = vec![
            Value::text(format!("al_{:016x}", id.as_u128() as u64)),
            self.shared_or_null(entry.tenant),
            self.shared_or_null(entry.actor),
            self.shared(entry.action),
            self.shared(entry.resource),
            Value::Uuid(resource(entry.tenant.or(entry.actor).unwrap_or(""), noise)),
            self.address(entry.ip),
            if entry.agent.is_empty() {
                Value::Null
            } else {
                self.shared(entry.agent)
            },
            self.json(entry.metadata),
            Value::Timestamp(entry.at),
        ];
        self.row(Name::AuditLogs, row);
    }

    /// A delivery: a row of `webhook_deliveries`, one more in `webhook_deliveries_total` of Prometheus, and the request of the job that delivers.
    pub fn delivery(&mut self, delivery: &Delivery<'_>) {
        let failed = !matches!(delivery.status, Some(200..=299));
        let result = if failed { "failed" } else { "delivered" };
        self.count(
            "webhook_deliveries_total",
            &[("status", result)],
            0,
            1.0,
            false,
        );
        let host = INSTANCES.get((delivery.instance % INSTANCES.len() as u64) as usize);
        self.request(&Request {
            at: delivery.at,
            method: "POST",
            route: "/api/webhooks/deliver",
            status: if failed { 502 } else { 200 },
            millis: delivery.millis,
            instance: delivery.instance,
            org: Some(delivery.tenant),
            actor: None,
            ip: host.map_or("", |host| host.address),
        });
        if self.is_silenced(Name::WebhookDeliveries.source()) {
            return;
        }
        let id = self.id();
        let endpoint = self.shared(delivery.endpoint);
        let payload = self
            .sinks
            .texts
            .document(&[("event", delivery.event), ("endpoint", delivery.endpoint)]);
        let row = vec![
            Value::Uuid(id),
            endpoint.clone(),
            self.shared(delivery.event),
            delivery
                .status
                .map_or(Value::Null, |status| Value::Int(i64::from(status))),
            Value::Numeric(Decimal::new((delivery.millis * 1_000.0) as i64, 3)),
            Value::Int(delivery.attempt),
            self.shared_or_null(delivery.error),
            Value::Json(payload),
            Value::Timestamp(delivery.at),
        ];
        self.row(Name::WebhookDeliveries, row);
        self.sinks
            .tables
            .update(Name::WebhookEndpoints, &endpoint, |row| {
                let before = match row.get(5) {
                    Some(Value::Int(count)) => *count,
                    _ => 0,
                };
                // The counter starts again with every success.
                set(row, 5, Value::Int(if failed { before + 1 } else { 0 }));
                set_latest(row, 6, delivery.at);
            });
    }

    /// A row of `staff_sessions`, active from now on. Times before the tick may be given for sessions that a story plants.
    pub fn staff_session(
        &mut self,
        user: &Arc<str>,
        at: i64,
        ip: &Arc<str>,
        agent: &Arc<str>,
    ) -> Uuid {
        let id = self.id();
        let row = vec![
            Value::Uuid(id),
            Value::Text(Arc::clone(user)),
            Value::Timestamp(at),
            Value::Timestamp(at),
            Value::Inet(Arc::clone(ip)),
            Value::Text(Arc::clone(agent)),
            Value::Null,
            Value::Null,
        ];
        self.sinks
            .tables
            .push(Name::StaffSessions, self.story.as_ref(), row);
        self.standing
            .sessions
            .entry(Arc::clone(user))
            .or_default()
            .push(ActiveSession {
                id,
                ip: Arc::clone(ip),
                agent: Arc::clone(agent),
            });
        id
    }

    /// A staff user signs in: the session, its entry in the trail, and the request.
    pub fn sign_in(&mut self, user: &Arc<str>, at: i64, ip: &Arc<str>, agent: &Arc<str>) {
        let session = self.staff_session(user, at, ip, agent);
        self.audit_event(AuditEvent {
            at,
            event: "login",
            actor: user,
            client: None,
            entity: "session",
            request: None,
            data: Some(json!({ "method": "password+otp", "ip": &**ip })),
        });
        let instance = session.as_u128() as u64;
        self.request(&Request {
            at,
            method: "POST",
            route: "/auth/login",
            status: 200,
            millis: 90.0 + (instance % 160) as f64,
            instance,
            org: None,
            actor: Some(user),
            ip,
        });
    }

    /// A session was used: its `last_seen_at`. The uses of a tick come in no order.
    pub fn seen(&mut self, session: Uuid, at: i64) {
        self.sinks
            .tables
            .update(Name::StaffSessions, &Value::Uuid(session), |row| {
                set_latest(row, 3, at);
            });
    }

    /// A contact was sent a magic link: a row of `cycle_requests`. `expires` in microseconds since 1970, none for a link without an end.
    pub fn magic_link(
        &mut self,
        contact: &Arc<str>,
        client: &Arc<str>,
        at: i64,
        expires: Option<i64>,
    ) -> Uuid {
        let id = self.id();
        let hash: Vec<u8> = (0..2)
            .flat_map(|half| self.noise.of(id.as_u128() as u64).wide(half).to_be_bytes())
            .collect();
        let row = vec![
            Value::Uuid(id),
            Value::Text(Arc::clone(client)),
            Value::Text(Arc::clone(contact)),
            Value::Bytes(hash.into()),
            Value::Timestamp(at),
            expires.map_or(Value::Null, Value::Timestamp),
            Value::Null,
        ];
        self.sinks
            .tables
            .push(Name::CycleRequests, self.story.as_ref(), row);
        if expires.is_none_or(|expires| expires > self.from()) {
            self.standing
                .links
                .entry(Arc::clone(contact))
                .or_default()
                .push(LiveLink {
                    id,
                    client: Arc::clone(client),
                    expires,
                });
        }
        id
    }

    /// A link was used: its `last_used_at`.
    pub fn link_used(&mut self, link: Uuid, at: i64) {
        self.sinks
            .tables
            .update(Name::CycleRequests, &Value::Uuid(link), |row| {
                set_latest(row, 6, at);
            });
    }

    /// A flag was switched: a row of `feature_flag_audits`, and the flag itself.
    pub fn flag(&mut self, at: i64, flag: &str, on: bool, by: &str) {
        let id = self.id();
        let known = self
            .standing
            .flags
            .iter_mut()
            .find(|(name, _)| name == flag);
        let old = known.map(|known| std::mem::replace(&mut known.1, on));
        if old.is_none() {
            self.standing.flags.push((flag.to_owned(), on));
        }
        let row = vec![
            Value::Uuid(id),
            self.shared(flag),
            old.map_or(Value::Null, Value::Bool),
            Value::Bool(on),
            self.shared(by),
            Value::Float(if on { 100.0 } else { 0.0 }),
            Value::Timestamp(at),
        ];
        self.row(Name::FeatureFlagAudits, row);
    }
}
