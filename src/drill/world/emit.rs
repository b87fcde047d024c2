//! What generators write with: one [`Emit`] a tick. It gives them noise of their own, shows them how the service stands, and puts what happens into every
//! source that would show it. A silenced source takes nothing in.
//!
//! Times are microseconds since 1970 and lie inside the tick. Texts may be anything; nothing here fails.

use std::sync::Arc;

use serde_json::Value as Json;
use uuid::Uuid;

use super::noise::{Generator, Noise};
use super::population::Population;
use super::standing::{ActiveSession, Conditions, LiveLink, Standing};
use super::{Sinks, TICK_MICROS};

mod rows;
mod signals;

/// A tick, for one generator.
pub struct Emit<'a> {
    pub(super) seed: u64,
    pub(super) tick: i64,
    pub(super) page: i64,
    pub(super) population: &'a Population,
    pub(super) standing: &'a mut Standing,
    pub(super) conditions: &'a mut Conditions,
    pub(super) sinks: &'a mut Sinks,
    noise: Noise,
    /// How many ids this generator has made in this tick.
    made: u64,
    /// The story whose rows are written, for [`World::erase`](super::World::erase).
    story: Option<Arc<str>>,
}

/// An entry of `commerce.audit_entries`: a transition that the engine let pass.
#[derive(Debug, Clone, Copy)]
pub struct AuditEntry<'a> {
    /// When.
    pub at: i64,
    /// Who: a user, a staff user.
    pub actor: &'a str,
    /// The actor's organisation; none for an entry that does not say.
    pub org: Option<&'a str>,
    /// The machine: `order`.
    pub machine: &'a str,
    /// The transition: `transition.order.paid`.
    pub action: &'a str,
    /// The organisation of the resource; none for an entry without the key `resourceOrgId`.
    pub resource_org: Option<&'a str>,
}

/// A row of `audit_events`.
#[derive(Debug, Clone)]
pub struct AuditEvent<'a> {
    /// When.
    pub at: i64,
    /// `cycle.read`, `file.downloaded`, `cross_tenant_read`, `login`, …
    pub event: &'a str,
    /// Who: a contact or a staff user.
    pub actor: &'a str,
    /// Whose data; none for an event that does not say.
    pub client: Option<&'a str>,
    /// `cycle`, `file`, `session`.
    pub entity: &'a str,
    /// The request; one is made up when none is given.
    pub request: Option<&'a str>,
    /// `event_data_json`.
    pub data: Option<Json>,
}

/// A row of `access_logs`: one read.
#[derive(Debug, Clone, Copy)]
pub struct AccessLog<'a> {
    /// When.
    pub at: i64,
    /// `orders.read`. Its resource type and scope come from the population; others are `document`, `documents:read`.
    pub operation: &'a str,
    /// Who: a user.
    pub actor: Option<&'a str>,
    /// With which token.
    pub token: Option<Uuid>,
    /// Who reads.
    pub org: Option<&'a str>,
    /// `live`, `test`.
    pub mode: Option<&'a str>,
    /// Whose data.
    pub resource_org: Option<&'a str>,
    /// Mode of the data.
    pub resource_mode: Option<&'a str>,
    /// Where from.
    pub ip: &'a str,
    /// HTTP status.
    pub status: u16,
    /// Bytes sent.
    pub bytes: u64,
}

/// A row of `audit_logs` of the case product.
#[derive(Debug, Clone)]
pub struct AuditLog<'a> {
    /// When.
    pub at: i64,
    /// Whose data; none for an entry that does not say.
    pub tenant: Option<&'a str>,
    /// Who: a user, also one that is deleted.
    pub actor: Option<&'a str>,
    /// `CASE_VIEWED`, `EXPORT_FAILED`, …
    pub action: &'a str,
    /// `case`, `export`, `session`.
    pub resource: &'a str,
    /// Where from.
    pub ip: &'a str,
    /// With what.
    pub agent: &'a str,
    /// `metadata`.
    pub metadata: Option<Json>,
}

/// A row of `webhook_deliveries`. The endpoint's `failureCount` and `lastDeliveryAt` follow, and the counter of deliveries.
#[derive(Debug, Clone, Copy)]
pub struct Delivery<'a> {
    /// When.
    pub at: i64,
    /// The endpoint.
    pub endpoint: &'a str,
    /// Whose it is.
    pub tenant: &'a str,
    /// The instance that delivers.
    pub instance: u64,
    /// `case.updated`.
    pub event: &'a str,
    /// HTTP status; none where nothing answered.
    pub status: Option<u16>,
    /// Milliseconds.
    pub millis: f64,
    /// Which attempt, from 1.
    pub attempt: i64,
    /// What went wrong.
    pub error: Option<&'a str>,
}

/// An HTTP request to the service: `requests`, `http_requests_total` of the gateway, latency.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// When it ended.
    pub at: i64,
    /// `GET`.
    pub method: &'a str,
    /// `/orders/:id`.
    pub route: &'a str,
    /// HTTP status.
    pub status: u16,
    /// Milliseconds.
    pub millis: f64,
    /// The instance that answered, by its place in [`INSTANCES`](super::population::INSTANCES), modulo their number.
    pub instance: u64,
    /// Whose request, for the dimensions.
    pub org: Option<&'a str>,
    /// Who.
    pub actor: Option<&'a str>,
    /// Where from.
    pub ip: &'a str,
}

impl<'a> Emit<'a> {
    pub(super) fn new(
        (seed, page): (u64, i64),
        tick: i64,
        population: &'a Population,
        standing: &'a mut Standing,
        conditions: &'a mut Conditions,
        sinks: &'a mut Sinks,
    ) -> Self {
        Self {
            seed,
            tick,
            page,
            population,
            standing,
            conditions,
            sinks,
            noise: Noise::new(seed, Generator::named(""), tick),
            made: 0,
            story: None,
        }
    }

    /// Begins the part of a generator: noise and ids are its own from here on. Rows belong to no story.
    pub fn begin(&mut self, generator: Generator) {
        self.noise = Noise::new(self.seed, generator, self.tick);
        self.made = 0;
        self.story = None;
    }

    /// Begins an act of the operator, the `n`th of the drill: several may fall into one tick.
    pub(super) fn begin_act(&mut self, n: u64) {
        self.begin(Generator::named("act"));
        self.noise = self.noise.of(n);
    }

    /// Begins the part of a story: noise and ids are its own, and its rows are remembered as its.
    pub fn begin_story(&mut self, story: &Arc<str>) {
        self.begin(Generator::named(story).below(Generator::named("story")));
        self.story = Some(Arc::clone(story));
    }

    /// The generator's noise in this tick.
    pub fn noise(&self) -> Noise {
        self.noise
    }

    /// The tick: its number since 1970.
    pub fn tick(&self) -> i64 {
        self.tick
    }

    /// When the tick begins, in microseconds since 1970.
    pub fn from(&self) -> i64 {
        self.tick * TICK_MICROS
    }

    /// When it ends.
    pub fn until(&self) -> i64 {
        (self.tick + 1) * TICK_MICROS
    }

    /// The time of the page, in microseconds since 1970.
    pub fn page(&self) -> i64 {
        self.page
    }

    /// A time inside the tick, by the generator's noise: whole milliseconds. `noise` is best the event's own: `self.noise().of(event)`.
    pub fn moment(&self, noise: Noise) -> i64 {
        self.from() + noise.between(0x7133, 0, TICK_MICROS / 1_000) * 1_000
    }

    /// How many events of a kind there are in this tick where one comes every `every` on average. `n` names the draw.
    pub fn arrivals(&self, n: u64, every: std::time::Duration) -> u32 {
        let mean = TICK_MICROS as f64 / every.as_micros().max(1) as f64;
        self.noise.count(n, mean)
    }

    /// How busy the service is, from about 0.1 in the dead of night to 1 at noon of a working day.
    pub fn busy(&self) -> f64 {
        super::shape::busy(self.from())
    }

    /// Who there is.
    pub fn population(&self) -> &'a Population {
        self.population
    }

    /// How the service stands.
    pub fn standing(&self) -> &Standing {
        self.standing
    }

    /// What stories say holds in this tick; to be said again in every tick.
    pub fn conditions(&mut self) -> &mut Conditions {
        self.conditions
    }

    /// The active sessions of a staff user.
    pub fn active_sessions(&self, user: &str) -> &[ActiveSession] {
        self.standing
            .sessions
            .get(user)
            .map_or(&[], |sessions| sessions)
    }

    /// The links of a contact that work in this tick.
    pub fn live_links(&self, contact: &str) -> Vec<LiveLink> {
        let now = self.from();
        self.standing
            .links
            .get(contact)
            .into_iter()
            .flatten()
            .filter(|link| link.expires.is_none_or(|expires| expires > now))
            .cloned()
            .collect()
    }

    /// Whether an operation answers nobody.
    pub fn is_frozen(&self, operation: &str) -> bool {
        self.standing.frozen.contains(operation)
    }

    /// Whether a token that was issued then (microseconds since 1970) has been replaced.
    pub fn is_rotated(&self, issued: i64) -> bool {
        self.standing.replaced(issued).0 > 0
    }

    /// Whether an endpoint gets no deliveries.
    pub fn is_disabled(&self, endpoint: &str) -> bool {
        self.standing.disabled.contains(endpoint)
    }

    /// Whether a source takes nothing in: `telemetry`, `metrics`, `commerce.audit_entries`, `access_logs`.
    pub fn is_silenced(&self, source: &str) -> bool {
        self.conditions
            .silenced
            .iter()
            .any(|silenced| silenced.strip_prefix("public.").unwrap_or(silenced) == source)
    }

    /// A new id: the same for the same seed, generator, tick and place in its row of ids.
    pub fn id(&mut self) -> Uuid {
        self.made += 1;
        self.noise.of(0x1d).uuid(self.made)
    }
}
