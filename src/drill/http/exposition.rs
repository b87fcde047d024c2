//! The service's metrics as Prometheus reads them: the newest sample of each series, in the text format.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::promql::{Point, Series, Store};

/// How far back an average looks, in milliseconds.
const WINDOW_MS: i64 = 300_000;

/// The latency of requests, as the service measures it: a histogram in seconds.
const LATENCY_SUM: &str = "http_request_duration_seconds_sum";
const LATENCY_COUNT: &str = "http_request_duration_seconds_count";

/// What metrics are for, where their name alone does not say it.
const HELP: &[(&str, &str)] = &[
    (
        "avg_latency_ms",
        "Mean latency of requests in the last 5 minutes, in milliseconds.",
    ),
    (
        "error_rate",
        "Share of requests in the last 5 minutes that were answered with 5xx.",
    ),
    ("http_requests_total", "Requests by route and status."),
    (
        "http_request_duration_seconds",
        "Latency of requests in seconds.",
    ),
    (
        "commerce_transition_org_mismatch_total",
        "Transitions rejected because the resource is another organisation's.",
    ),
];

/// All metrics. What only Prometheus knows (`up`, the job) is not in it.
pub(super) fn text(store: &Store) -> String {
    let mut families: BTreeMap<&str, Vec<(&Series, f64)>> = BTreeMap::new();
    for series in &store.series {
        let name = name(series);
        let newest = series.points.last().filter(|point| !point.stale);
        if let (Some(point), false) = (newest, name == "up") {
            families
                .entry(family(name))
                .or_default()
                .push((series, point.value));
        }
    }
    let mut text = String::new();
    for (name, value) in [
        ("avg_latency_ms", average_latency_ms(store)),
        ("error_rate", error_rate(store)),
    ] {
        if let Some(value) = value {
            head(&mut text, name, "gauge");
            let _ = writeln!(text, "{name} {}", (value * 1000.0).round() / 1000.0);
        }
    }
    for (family, mut samples) in families {
        let is_histogram = samples
            .iter()
            .any(|(series, _)| series.labels.contains_key("le"));
        head(&mut text, family, kind(family, is_histogram));
        samples.sort_by_cached_key(|(series, _)| order(series));
        for (series, value) in samples {
            let _ = writeln!(text, "{}{} {value}", name(series), labels(series));
        }
    }
    text
}

fn name(series: &Series) -> &str {
    series.labels.get("__name__").map_or("", String::as_str)
}

/// The metric that a series belongs to: those of a histogram have one name.
fn family(name: &str) -> &str {
    ["_bucket", "_sum", "_count"]
        .iter()
        .find_map(|end| name.strip_suffix(end))
        .unwrap_or(name)
}

fn kind(family: &str, is_histogram: bool) -> &'static str {
    match (is_histogram, family.ends_with("_total")) {
        (true, _) => "histogram",
        (false, true) => "counter",
        (false, false) => "gauge",
    }
}

fn head(text: &mut String, family: &str, kind: &str) {
    let help = HELP.iter().find(|(name, _)| *name == family);
    let help = help.map_or_else(|| family.replace('_', " "), |(_, help)| (*help).to_owned());
    let _ = writeln!(text, "# HELP {family} {help}\n# TYPE {family} {kind}");
}

/// Series in order: by labels, then by name, buckets by their bound.
fn order(series: &Series) -> (Vec<(&str, &str)>, &str, u64) {
    let labels = series
        .labels
        .iter()
        .filter(|(label, _)| !matches!(label.as_str(), "__name__" | "le"))
        .map(|(label, value)| (label.as_str(), value.as_str()))
        .collect();
    let bound = series
        .labels
        .get("le")
        .and_then(|bound| bound.parse::<f64>().ok());
    (labels, name(series), bound.map_or(0, f64::to_bits))
}

fn labels(series: &Series) -> String {
    let written: Vec<String> = series
        .labels
        .iter()
        .filter(|(label, _)| !matches!(label.as_str(), "__name__" | "job"))
        .map(|(label, value)| {
            let value = value
                .replace('\\', "\\\\")
                .replace('"', "\\\"")
                .replace('\n', "\\n");
            format!("{label}=\"{value}\"")
        })
        .collect();
    if written.is_empty() {
        String::new()
    } else {
        format!("{{{}}}", written.join(","))
    }
}

/// Mean latency in milliseconds; none without requests.
pub(super) fn average_latency_ms(store: &Store) -> Option<f64> {
    let count = added(store, |series| name(series) == LATENCY_COUNT);
    let seconds = added(store, |series| name(series) == LATENCY_SUM);
    (count > 0.0).then(|| seconds / count * 1000.0)
}

/// Share of requests answered with 5xx; none without requests.
fn error_rate(store: &Store) -> Option<f64> {
    let is_request = |series: &Series| name(series) == "http_requests_total";
    let is_error = |series: &Series| {
        is_request(series)
            && series
                .labels
                .get("status")
                .is_some_and(|status| status.starts_with('5'))
    };
    let all = added(store, is_request);
    (all > 0.0).then(|| added(store, is_error) / all)
}

/// What counters grew by in the window, together.
fn added(store: &Store, wanted: impl Fn(&Series) -> bool) -> f64 {
    let grown = store
        .series
        .iter()
        .filter(|series| wanted(series))
        .map(|series| {
            let newest = series.points.last()?;
            let since = newest.at - WINDOW_MS;
            let before = series.points.partition_point(|point| point.at <= since);
            let before: &Point = series.points.get(before.saturating_sub(1))?;
            // A process that began again counts from nothing.
            Some(if newest.value >= before.value {
                newest.value - before.value
            } else {
                newest.value
            })
        });
    grown.flatten().sum()
}
