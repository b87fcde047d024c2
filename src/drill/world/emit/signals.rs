//! Telemetry and metrics.

use std::sync::Arc;

use super::{Emit, Request};
use crate::drill::world::metrics::{GATEWAY, Reach};
use crate::drill::world::noise::{Generator, Noise};
use crate::drill::world::population::INSTANCES;
use crate::drill::world::telemetry::{Name, ticks};
use crate::kql::Value;
use crate::kql::dynamic::Dynamic;

/// The buckets that Application Insights sorts durations into, by milliseconds.
const BUCKETS: &[(f64, &str)] = &[
    (250.0, "<250ms"),
    (500.0, "250ms-500ms"),
    (1_000.0, "500ms-1sec"),
    (3_000.0, "1sec-3sec"),
    (7_000.0, "3sec-7sec"),
    (15_000.0, "7sec-15sec"),
    (30_000.0, "15sec-30sec"),
];

const EXPORT: Generator = Generator::named("metrics.export");

fn bucket(millis: f64) -> &'static str {
    BUCKETS
        .iter()
        .find(|(bound, _)| millis < *bound)
        .map_or("30sec-1min", |(_, name)| name)
}

/// The name of an instance.
pub(in crate::drill::world) fn role(instance: u64) -> &'static str {
    INSTANCES
        .get((instance % INSTANCES.len() as u64) as usize)
        .map_or("", |host| host.name)
}

impl Emit<'_> {
    fn text(&mut self, text: &str) -> Value {
        Value::String(self.sinks.texts.get(text))
    }

    /// Sends a row: the table's own values, then those that all tables have.
    fn send(
        &mut self,
        table: Name,
        at: i64,
        own: Vec<Value>,
        dimensions: Dynamic,
        operation: &str,
        instance: u64,
    ) {
        let id = self.id();
        if self.is_silenced("telemetry") {
            return;
        }
        let noise = Noise::new(self.seed, Generator::named("arrival"), id.as_u128() as i64);
        let mut row = Vec::with_capacity(own.len() + 6);
        row.push(ticks(at));
        row.extend(own);
        row.push(Value::Dynamic(dimensions));
        row.push(self.text(operation));
        row.push(Value::String(format!("{:032x}", noise.wide(7)).into()));
        row.push(Value::String(Arc::clone(&self.sinks.release)));
        row.push(self.text(role(instance)));
        let story = self.story.as_ref();
        self.sinks.telemetry.send(table, story, at, noise, row);
    }

    /// A log line: a row of `traces`. Severities: 0 verbose, 1 information, 2 warning, 3 error, 4 critical. Empty dimensions are left out.
    pub fn trace(
        &mut self,
        at: i64,
        severity: i32,
        message: &str,
        instance: u64,
        dimensions: &[(&str, &str)],
    ) {
        let dimensions = self.sinks.texts.bag(dimensions);
        let own = vec![Value::String(message.into()), Value::Int(severity)];
        self.send(Name::Traces, at, own, dimensions, "", instance);
    }

    /// An exception: a row of `exceptions`.
    pub fn exception(
        &mut self,
        at: i64,
        kind: &str,
        message: &str,
        instance: u64,
        dimensions: &[(&str, &str)],
    ) {
        let dimensions = self.sinks.texts.bag(dimensions);
        let own = vec![
            self.text(kind),
            self.text(kind),
            Value::String(message.into()),
            Value::Int(3),
        ];
        self.send(Name::Exceptions, at, own, dimensions, "", instance);
    }

    /// A call to something else: a row of `dependencies`. `kind` is `SQL` or `HTTP`.
    #[expect(clippy::too_many_arguments, reason = "the columns of the row")]
    pub fn dependency(
        &mut self,
        at: i64,
        kind: &str,
        target: &str,
        name: &str,
        millis: f64,
        success: bool,
        instance: u64,
    ) {
        let id = format!("{:016x}", self.id().as_u128() as u64);
        let own = vec![
            Value::String(id.into()),
            self.text(target),
            self.text(kind),
            self.text(name),
            self.text(if success { "True" } else { "False" }),
            self.text(if success { "0" } else { "500" }),
            Value::Real(millis),
            self.text(bucket(millis)),
        ];
        self.send(
            Name::Dependencies,
            at,
            own,
            Dynamic::bag(Vec::new()),
            "",
            instance,
        );
    }

    /// An HTTP request: a row of `requests`, `http_requests_total` (counted at the gateway), and its latency in both.
    pub fn request(&mut self, request: &Request<'_>) {
        let id = format!("{:016x}", self.id().as_u128() as u64);
        let status = request.status.to_string();
        let name = format!("{} {}", request.method, request.route);
        let own = vec![
            Value::String(id.into()),
            self.text(&name),
            self.text(&format!("https://api.commerce.example{}", request.route)),
            self.text(if request.status < 400 {
                "True"
            } else {
                "False"
            }),
            self.text(&status),
            Value::Real(request.millis),
            self.text(bucket(request.millis)),
        ];
        let dimensions = self.sinks.texts.bag(&[
            ("orgId", request.org.unwrap_or("")),
            ("actorId", request.actor.unwrap_or("")),
            ("clientIp", request.ip),
        ]);
        self.send(
            Name::Requests,
            request.at,
            own,
            dimensions,
            &name,
            request.instance,
        );
        let sinks = &mut *self.sinks;
        sinks.metrics.count(
            &mut sinks.texts,
            "http_requests_total",
            &[("route", request.route), ("status", &status)],
            GATEWAY,
            1.0,
            Reach::Prometheus,
        );
        sinks.metrics.observe(
            &mut sinks.texts,
            "http_server_duration_ms",
            &[],
            request.instance,
            request.millis,
        );
        sinks
            .metrics
            .latency(request.instance, request.millis / 1_000.0);
    }

    /// Counts in a counter of the service: Prometheus at its next scrape; with `telemetry`, `customMetrics` at the end of the minute too. A counter is born
    /// at its first value.
    pub fn count(
        &mut self,
        name: &str,
        labels: &[(&str, &str)],
        instance: u64,
        by: f64,
        telemetry: bool,
    ) {
        let reach = if telemetry {
            Reach::Both
        } else {
            Reach::Prometheus
        };
        let sinks = &mut *self.sinks;
        sinks
            .metrics
            .count(&mut sinks.texts, name, labels, instance, by, reach);
    }

    /// A value of a distribution, for `customMetrics` at the end of the minute.
    pub fn observe(&mut self, name: &str, labels: &[(&str, &str)], instance: u64, value: f64) {
        let sinks = &mut *self.sinks;
        sinks
            .metrics
            .observe(&mut sinks.texts, name, labels, instance, value);
    }

    /// A value as of now, in Prometheus only.
    pub fn gauge(&mut self, name: &str, labels: &[(&str, &str)], instance: u64, value: f64) {
        let sinks = &mut *self.sinks;
        sinks
            .metrics
            .gauge(&mut sinks.texts, name, labels, instance, value);
    }

    /// The engine rejected a transition across organisations: `commerce_transition_org_mismatch_total{machine, org_id}` in Prometheus and `customMetrics`.
    /// `org` is the actor's. The log line is another call: [`trace`](Self::trace).
    pub fn mismatch(&mut self, machine: &str, org: &str, instance: u64) {
        self.count(
            "commerce_transition_org_mismatch_total",
            &[("machine", machine), ("org_id", org)],
            instance,
            1.0,
            true,
        );
    }

    /// The process starts again: counters are gone until they are counted again, and `version` is live.
    pub fn deploy(&mut self, at: i64, version: &str) {
        self.sinks.metrics.restart();
        self.sinks.release = self.sinks.texts.get(version);
        for instance in 0..INSTANCES.len() as u64 {
            self.trace(
                at,
                1,
                &format!("Commerce service started, version {version}"),
                instance,
                &[("version", version), ("host", role(instance))],
            );
        }
    }

    /// What the last minute added to the meters, on its way to `customMetrics`.
    pub(in crate::drill::world) fn export(&mut self) {
        self.begin(EXPORT);
        let at = self.until();
        for (n, delta) in self.sinks.metrics.minute().into_iter().enumerate() {
            // Each instance exports on its own second.
            let at = at - 1_000 * (120 + 613 * delta.instance as i64 + n as i64);
            let minute = delta.minute;
            let own = vec![
                Value::String(delta.name),
                Value::Real(minute.sum),
                Value::Int(minute.count as i32),
                Value::Real(minute.sum),
                Value::Real(minute.min),
                Value::Real(minute.max),
                Value::Real(minute.deviation()),
            ];
            self.send(
                Name::Metrics,
                at,
                own,
                delta.dimensions,
                "",
                delta.instance as u64,
            );
        }
    }
}
