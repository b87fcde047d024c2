//! `cross-reads`: reads of `access_logs` that cross organisations (modes A and C of the SEV1 runbook) or live and test mode (mode B).
//!
//! A read that crosses modes stays in its organisation: a live token sees test data, or the other way round. It needs an operation that is not frozen and a token that was not rotated.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use super::arrivals::Share;
use super::cast::{Cast, Casting, foreign_address, role, round};
use super::{Event, Play};
use crate::drill::scenario::{Crossing, Names};
use crate::drill::world::emit::{AccessLog, Emit, Request};
use crate::drill::world::population::Population;

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// What the scenario says.
#[derive(Clone, Copy)]
pub struct Settings<'a> {
    /// What the reads cross.
    pub crosses: Crossing,
    /// Operations they go through.
    pub operations: &'a Names,
    /// Who reads.
    pub readers: &'a Names,
    /// Who is read.
    pub targets: &'a Names,
    /// Mean time between two reads.
    pub every: Duration,
    /// Share of reads that do not say who reads, or whose data.
    pub unknown: f64,
}

/// The reads.
#[derive(Debug)]
pub struct CrossReads {
    crosses: Crossing,
    operations: Vec<Arc<str>>,
    readers: Vec<Reader>,
    targets: Vec<Arc<str>>,
    every: Duration,
    unknown: Share,
    cast: Cast,
}

/// An organisation that reads, and with what.
#[derive(Debug)]
struct Reader {
    org: Arc<str>,
    user: Option<Arc<str>>,
    token: Uuid,
    mode: &'static str,
    /// When the token was issued, in microseconds since 1970.
    issued: i64,
    ip: Arc<str>,
}

impl CrossReads {
    /// The reads, with their names drawn.
    pub fn new(settings: Settings<'_>, casting: &mut Casting<'_>) -> Self {
        let operations = casting.operations(settings.operations);
        let readers: Vec<Reader> = casting
            .readers(settings.readers)
            .into_iter()
            .map(|org| reader(org, casting))
            .collect();
        let targets = match settings.crosses {
            Crossing::Org => {
                let readers: BTreeSet<&str> = readers.iter().map(|reader| &*reader.org).collect();
                casting.others(settings.targets, &readers)
            }
            Crossing::Mode => readers
                .iter()
                .map(|reader| Arc::clone(&reader.org))
                .collect(),
        };
        let mut cast = Cast::new();
        role(&mut cast, "operations", &operations);
        role(
            &mut cast,
            "readers",
            readers.iter().map(|reader| &reader.org),
        );
        role(&mut cast, "targets", &targets);
        role(
            &mut cast,
            "tokens",
            readers.iter().map(|reader| reader.token.to_string()),
        );
        role(
            &mut cast,
            "actors",
            readers.iter().filter_map(|reader| reader.user.as_ref()),
        );
        Self {
            crosses: settings.crosses,
            operations,
            readers,
            targets,
            every: settings.every,
            unknown: Share::new(settings.unknown),
            cast,
        }
    }
}

/// The request of a read; one that is refused at the door is quick.
fn request(event: &Event, operation: &str, reader: &Reader, status: u16, emit: &mut Emit<'_>) {
    let took: &[(f64, f64)] = match status {
        200 => &[(0.0, 6.0), (0.5, 31.0), (1.0, 240.0)],
        _ => &[(0.0, 2.0), (1.0, 5.0)],
    };
    emit.request(&Request {
        at: event.at,
        method: "GET",
        route: Population::operation_named(operation).map_or("/documents", |one| one.route),
        status,
        millis: event.noise.quantile(7, took),
        instance: event.noise.bits(8),
        org: Some(&reader.org),
        actor: reader.user.as_deref(),
        ip: &reader.ip,
    });
}

/// An organisation with its token and one of its users.
fn reader(org: Arc<str>, casting: &mut Casting<'_>) -> Reader {
    let noise = casting.draw();
    let population = casting.population();
    let place = population
        .organisations
        .iter()
        .position(|one| one.id == org);
    let user = place.and_then(|place| {
        let users: Vec<_> = population.users_of(place).collect();
        noise.pick(0, &users).map(|user| Arc::clone(&user.id))
    });
    let token = place.and_then(|place| {
        let live = population
            .tokens_of(place)
            .find(|token| token.mode == "live");
        live.or_else(|| population.tokens_of(place).next())
    });
    let (token, mode, issued, ip) = token.map_or_else(
        || {
            let issued = casting.starts() - 40 * DAY;
            (noise.uuid(1), "live", issued, foreign_address(noise).into())
        },
        |token| {
            let issued = token.issued(casting.starts());
            (token.id, token.mode, issued, Arc::clone(&token.ip))
        },
    );
    Reader {
        org,
        user,
        token,
        mode,
        issued,
        ip,
    }
}

/// The other mode.
fn other(mode: &str) -> &'static str {
    if mode == "live" { "test" } else { "live" }
}

impl Play for CrossReads {
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
        let (Some(operation), Some(reader)) = (
            round(story, 1, number, &self.operations),
            round(story, 2, number, &self.readers),
        ) else {
            return;
        };
        let target = match self.crosses {
            Crossing::Org => round(story, 3, number, &self.targets),
            Crossing::Mode => Some(&reader.org),
        };
        let Some(target) = target else {
            return;
        };
        if emit.is_rotated(reader.issued) {
            return;
        }
        if emit.is_frozen(operation) {
            request(event, operation, reader, 503, emit);
            return;
        }
        let resource_mode = match self.crosses {
            Crossing::Org => reader.mode,
            Crossing::Mode => other(reader.mode),
        };
        let mut read = AccessLog {
            at,
            operation,
            actor: reader.user.as_deref(),
            token: Some(reader.token),
            org: Some(&reader.org),
            mode: Some(reader.mode),
            resource_org: Some(target),
            resource_mode: Some(resource_mode),
            ip: &reader.ip,
            status: 200,
            bytes: noise.quantile(5, &[(0.0, 700.0), (0.5, 9_000.0), (1.0, 96_000.0)]) as u64,
        };
        if self.unknown.holds(story, 4, number) {
            match (self.crosses, noise.below(6, 2)) {
                (Crossing::Org, 0) => read.resource_org = None,
                (Crossing::Org, _) => {
                    read.org = None;
                    read.actor = None;
                }
                (Crossing::Mode, 0) => read.resource_mode = None,
                (Crossing::Mode, _) => read.mode = None,
            }
        }
        emit.access_log(&read);
        request(event, operation, reader, 200, emit);
    }

    fn able(&self, emit: &Emit<'_>) -> bool {
        self.operations
            .iter()
            .any(|operation| !emit.is_frozen(operation))
            && self
                .readers
                .iter()
                .any(|reader| !emit.is_rotated(reader.issued))
    }
}
