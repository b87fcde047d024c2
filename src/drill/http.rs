//! The HTTP endpoints of the simulated service: liveness, readiness, metrics, flags, audit logs, the query profiler.
//!
//! What they answer is read off the simulated service when they are asked; only a switch of a feature flag changes it.

mod exposition;
mod rows;

use serde_json::{Value as Json, json};

use super::World;
use super::world::{Act, DISK_FULL_PERCENT, Status};

/// An answer of the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// HTTP status.
    pub status: u16,
    /// Content type.
    pub content_type: &'static str,
    /// Body.
    pub body: String,
}

/// Milliseconds after which a dependency that has not answered counts as failed.
const DEPENDENCY_TIMEOUT_MS: u32 = 2_000;
/// Entries of the audit trail that are answered with, unless asked otherwise, and at most.
const AUDIT_LIMIT: usize = 50;
const AUDIT_LIMIT_MOST: usize = 500;

const FLAGS: &str = "/api/admin/feature-flags";

/// Asks the service. Paths it does not know are answered with 404, as a service does.
pub fn ask(world: &mut World, method: &str, path: &str, body: &str) -> Exchange {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let path = path.trim_end_matches('/');
    let method = method.to_ascii_uppercase();
    if path == FLAGS || path.starts_with("/api/admin/feature-flags/") {
        let named = path
            .strip_prefix(FLAGS)
            .unwrap_or_default()
            .trim_matches('/');
        return headed(&method, flags(world, &method, named, body));
    }
    let answer = match path {
        "/api/health/liveness" => reply(
            200,
            &json!({ "status": "ok", "time": world.now().to_string() }),
        ),
        "/api/health/readiness" => readiness(world),
        "/api/metrics" => Exchange {
            status: 200,
            content_type: "text/plain; version=0.0.4; charset=utf-8",
            body: exposition::text(world.metrics()),
        },
        "/api/audit-logs" => audit_logs(world, query),
        "/api/diagnostics/query-profiler" => {
            reply(200, &rows::profile(world.database(), world.now()))
        }
        _ => {
            return headed(
                &method,
                reply(
                    404,
                    &json!({ "error": format!("no route {method} {path}") }),
                ),
            );
        }
    };
    if matches!(method.as_str(), "GET" | "HEAD") {
        return headed(&method, answer);
    }
    not_allowed(&method, path, "GET")
}

fn reply(status: u16, body: &Json) -> Exchange {
    Exchange {
        status,
        content_type: "application/json",
        body: body.to_string(),
    }
}

/// An answer to HEAD has no body.
fn headed(method: &str, mut exchange: Exchange) -> Exchange {
    if method == "HEAD" {
        exchange.body.clear();
    }
    exchange
}

fn not_allowed(method: &str, path: &str, allowed: &str) -> Exchange {
    reply(
        405,
        &json!({ "error": format!("{method} is not allowed for {path}"), "allowed": allowed }),
    )
}

/// 503 with the names of what failed. A full disk and a storage that refuses keep exports from working, not the service.
fn readiness(world: &World) -> Exchange {
    let Status {
        database_ready,
        disk_percent,
        storage_denied,
        ..
    } = world.status();
    let latency = exposition::average_latency_ms(world.metrics());
    let database = if database_ready {
        // Most of a request is spent in the database.
        json!({ "status": "ok", "latency_ms": (latency.unwrap_or(0.0) * 0.6).round() })
    } else {
        json!({ "status": "failed", "error": format!("no answer within {DEPENDENCY_TIMEOUT_MS} ms") })
    };
    let degraded = |holds: bool, error: &str| {
        if holds {
            json!({ "status": "degraded", "error": error })
        } else {
            json!({ "status": "ok" })
        }
    };
    let body = json!({
        "status": if database_ready { "ready" } else { "not ready" },
        "failed": if database_ready { json!([]) } else { json!(["database"]) },
        "dependencies": {
            "database": database,
            "object-storage": degraded(storage_denied, "AccessDenied"),
            "uploads-disk": degraded(disk_percent >= DISK_FULL_PERCENT, "no space left on device"),
        },
    });
    reply(if database_ready { 200 } else { 503 }, &body)
}

fn audit_logs(world: &World, query: &str) -> Exchange {
    let limit = url::form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "limit")
        .map(|(_, value)| value.parse::<usize>());
    match limit {
        Some(Err(_) | Ok(0)) => reply(
            400,
            &json!({ "error": format!("limit is a number from 1 to {AUDIT_LIMIT_MOST}") }),
        ),
        limit => {
            let limit = limit
                .and_then(Result::ok)
                .unwrap_or(AUDIT_LIMIT)
                .min(AUDIT_LIMIT_MOST);
            let newest = rows::newest(world.database(), "audit_logs", "createdAt", limit);
            reply(200, &json!({ "limit": limit, "data": newest }))
        }
    }
}

/// The flags, one of them, or a switch of one: `{"enabled": false}` at its own path, with its `key` at the path of all.
fn flags(world: &mut World, method: &str, named: &str, body: &str) -> Exchange {
    let flags = world.status().flags;
    let shown = |name: &str, enabled: bool| json!({ "key": name, "enabled": enabled });
    let found = |name: &str| flags.iter().find(|(known, _)| known == name);
    let unknown = |name: &str| {
        reply(
            404,
            &json!({ "error": format!("there is no feature flag {name:?}") }),
        )
    };
    match method {
        "GET" | "HEAD" if named.is_empty() => {
            let all: Vec<Json> = flags
                .iter()
                .map(|(name, enabled)| shown(name, *enabled))
                .collect();
            reply(200, &json!({ "flags": all }))
        }
        "GET" | "HEAD" => match found(named) {
            Some((name, enabled)) => reply(200, &shown(name, *enabled)),
            None => unknown(named),
        },
        "PUT" | "PATCH" | "POST" => {
            let asked: Json = serde_json::from_str(body).unwrap_or_default();
            let text = |field: &str| asked.get(field).and_then(Json::as_str);
            let name = text("key").or(text("flag")).or(text("name"));
            let name = if named.is_empty() {
                name.unwrap_or_default()
            } else {
                named
            };
            let Some(enabled) = asked.get("enabled").and_then(Json::as_bool) else {
                return reply(
                    400,
                    &json!({ "error": "the body has to be JSON with \"enabled\": true or false" }),
                );
            };
            if found(name).is_none() {
                return unknown(name);
            }
            world.act(&Act::SwitchFlag(name.to_owned(), enabled));
            reply(200, &shown(name, enabled))
        }
        _ => not_allowed(method, FLAGS, "GET, PUT, PATCH, POST"),
    }
}
