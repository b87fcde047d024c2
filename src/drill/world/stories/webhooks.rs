//! `webhook-failure`: deliveries to one endpoint fail, and are tried again: after half a minute, then two minutes, then eight.
//!
//! Disabling the endpoint ends the deliveries. Its target answers badly as long as the story goes on.

use std::sync::Arc;
use std::time::Duration;

use super::arrivals::Share;
use super::cast::{Cast, Casting, role};
use super::{Event, Play};
use crate::drill::world::emit::{Delivery, Emit};
use crate::drill::world::noise::Noise;

/// Seconds after which a failed delivery is tried again, by attempt.
const RETRIES: [i64; 3] = [30, 120, 480];
/// Share of deliveries tried again that arrive, where not every one fails.
const RECOVERS: f64 = 0.3;
/// No more than so many deliveries wait to be tried again.
const MOST_WAITING: usize = 500;
/// Milliseconds after which the service gives up on a target that says nothing.
const PATIENCE: f64 = 10_000.0;

/// What endpoints are told.
const EVENTS: [&str; 4] = [
    "case.updated",
    "case.created",
    "case.closed",
    "document.added",
];

/// The deliveries.
#[derive(Debug)]
pub struct Webhooks {
    endpoint: Option<Arc<str>>,
    url: String,
    tenant: Arc<str>,
    status: u16,
    share: Share,
    /// Every delivery fails.
    always: bool,
    every: Duration,
    waiting: Vec<Retry>,
    cast: Cast,
}

/// A delivery that is to be tried again.
#[derive(Debug)]
struct Retry {
    /// When, in microseconds since 1970.
    at: i64,
    attempt: i64,
    event: &'static str,
    noise: Noise,
}

impl Webhooks {
    /// The deliveries, with their endpoint drawn.
    pub fn new(
        tenant: Option<&str>,
        status: u16,
        share: f64,
        every: Duration,
        casting: &mut Casting<'_>,
    ) -> Self {
        let found = casting.endpoint(tenant);
        let mut cast = Cast::new();
        role(
            &mut cast,
            "tenant",
            found.map(|(_, org)| &*org.id).or(tenant),
        );
        role(
            &mut cast,
            "endpoint",
            found.map(|(endpoint, _)| &*endpoint.id),
        );
        role(&mut cast, "url", found.map(|(endpoint, _)| &*endpoint.url));
        Self {
            endpoint: found.map(|(endpoint, _)| Arc::clone(&endpoint.id)),
            url: found.map_or_else(String::new, |(endpoint, _)| endpoint.url.clone()),
            tenant: found.map_or_else(|| "org-unknown".into(), |(_, org)| Arc::clone(&org.id)),
            status,
            share: Share::new(share),
            always: share >= 1.0,
            every,
            waiting: Vec::new(),
            cast,
        }
    }

    /// One attempt to deliver.
    fn deliver(&mut self, attempt: &Retry, fails: bool, emit: &mut Emit<'_>) {
        let Some(endpoint) = &self.endpoint else {
            return;
        };
        if emit.is_disabled(endpoint) {
            return;
        }
        let noise = attempt.noise;
        let silent = fails && self.status == 0;
        let status = if fails { self.status } else { 200 };
        let millis = if silent {
            PATIENCE
        } else {
            noise.quantile(3, &[(0.0, 60.0), (0.5, 190.0), (1.0, 2_400.0)])
        };
        let error = match (fails, silent) {
            (false, _) => None,
            (true, true) => Some(format!("no answer within {PATIENCE} ms")),
            (true, false) => Some(format!("target answered {status}")),
        };
        emit.delivery(&Delivery {
            at: attempt.at,
            endpoint,
            tenant: &self.tenant,
            instance: noise.bits(4),
            event: attempt.event,
            status: (!silent).then_some(status),
            millis,
            attempt: attempt.attempt,
            error: error.as_deref(),
        });
        let retry = RETRIES.get(usize::try_from(attempt.attempt - 1).unwrap_or(usize::MAX));
        if let (true, Some(seconds)) = (fails && self.waiting.len() < MOST_WAITING, retry) {
            self.waiting.push(Retry {
                at: attempt.at + seconds * 1_000_000,
                attempt: attempt.attempt + 1,
                event: attempt.event,
                noise: noise.of(9),
            });
        }
    }
}

impl Play for Webhooks {
    fn cast(&self) -> &Cast {
        &self.cast
    }

    fn every(&self) -> Option<Duration> {
        Some(self.every)
    }

    fn begin(&mut self, _story: Noise, _at: i64, _emit: &mut Emit<'_>) {
        // What waited when it was ended before was delivered since.
        self.waiting.clear();
    }

    fn event(&mut self, event: &Event, emit: &mut Emit<'_>) {
        let first = Retry {
            at: event.at,
            attempt: 1,
            event: event
                .noise
                .pick(1, &EVENTS)
                .copied()
                .unwrap_or("case.updated"),
            noise: event.noise,
        };
        let fails = self.share.holds(event.story, 1, event.number);
        self.deliver(&first, fails, emit);
    }

    fn tick(&mut self, emit: &mut Emit<'_>) {
        let until = emit.until();
        let (due, later) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition(|retry| retry.at < until);
        self.waiting = later;
        let due: Vec<Retry> = due;
        for retry in due {
            let fails = self.always || !retry.noise.chance(5, RECOVERS);
            self.deliver(&retry, fails, emit);
        }
        let conditions = emit.conditions();
        conditions.endpoint = self.endpoint.as_ref().map(ToString::to_string);
        conditions.webhook_target = Some((self.url.clone(), self.status));
    }

    fn able(&self, emit: &Emit<'_>) -> bool {
        self.endpoint
            .as_ref()
            .is_some_and(|endpoint| !emit.is_disabled(endpoint))
    }
}
