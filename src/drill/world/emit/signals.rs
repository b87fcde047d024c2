//! Telemetry and metrics.

use super::{Emit, Request};

impl Emit<'_> {
    /// A log line: a row of `traces`. Severities: 0 verbose, 1 information, 2 warning, 3 error, 4 critical. Empty dimensions are left out.
    pub fn trace(
        &mut self,
        at: i64,
        severity: i32,
        message: &str,
        instance: u64,
        dimensions: &[(&str, &str)],
    ) {
        let _ = (at, severity, message, instance, dimensions);
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
        let _ = (at, kind, message, instance, dimensions);
    }

    /// A call to something else: a row of `dependencies`. `kind` is `SQL` or `HTTP`.
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
        let _ = (at, kind, target, name, millis, success, instance);
    }

    /// An HTTP request: a row of `requests`, `http_requests_total`, and its latency in both.
    pub fn request(&mut self, request: &Request<'_>) {
        let _ = request;
    }

    /// Counts in a counter of the service: Prometheus at its next scrape, `customMetrics` at the end of the minute. `telemetry` says whether Application Insights
    /// gets it too. A counter is born at its first value.
    pub fn count(
        &mut self,
        name: &str,
        labels: &[(&str, &str)],
        instance: u64,
        by: f64,
        telemetry: bool,
    ) {
        let _ = (name, labels, instance, by, telemetry);
    }

    /// A value as of now, in Prometheus only.
    pub fn gauge(&mut self, name: &str, labels: &[(&str, &str)], instance: u64, value: f64) {
        let _ = (name, labels, instance, value);
    }

    /// The engine rejected a transition across organisations: `commerce_transition_org_mismatch_total{machine, org_id}` in both. The log line is another call: [`trace`](Self::trace).
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
        let _ = (at, version);
    }
}
