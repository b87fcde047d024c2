//! What a story does, read by its kind.

use std::time::Duration;

use super::fields::Fields;
use super::read::names;
use super::{Crossing, Pattern, TABLES};

/// The kinds of stories, each with the names that it draws or is given: `names["attack"].actors` in conditions, `{attack.actors}` in texts.
pub const KINDS: &[(&str, &[&str])] = &[
    (
        "cross-org-attempts",
        &["actors", "targets", "addresses", "machine"],
    ),
    (
        "cross-reads",
        &["operations", "readers", "targets", "tokens", "actors"],
    ),
    (
        "staff-reads",
        &["actors", "targets", "addresses", "route", "request"],
    ),
    (
        "magic-link",
        &[
            "contact",
            "client",
            "link",
            "targets",
            "addresses",
            "request",
        ],
    ),
    ("tenant-leak", &["actors", "targets", "deleted"]),
    ("session-abuse", &["user", "addresses"]),
    ("webhook-failure", &["tenant", "endpoint", "url"]),
    ("export-failure", &["cause"]),
    ("slow-database", &["pid", "table"]),
    ("deployment", &["version", "commit", "author"]),
    ("errors", &[]),
    ("silence", &["source"]),
];

/// Sources that may fall silent beside tables.
const SILENT: [&str; 2] = ["telemetry", "metrics"];

/// The kind's word.
pub(super) const fn kind(pattern: &Pattern) -> &'static str {
    match pattern {
        Pattern::CrossOrgAttempts { .. } => "cross-org-attempts",
        Pattern::CrossReads { .. } => "cross-reads",
        Pattern::StaffReads { .. } => "staff-reads",
        Pattern::MagicLink { .. } => "magic-link",
        Pattern::TenantLeak { .. } => "tenant-leak",
        Pattern::SessionAbuse { .. } => "session-abuse",
        Pattern::WebhookFailure { .. } => "webhook-failure",
        Pattern::ExportFailure { .. } => "export-failure",
        Pattern::SlowDatabase { .. } => "slow-database",
        Pattern::Deployment { .. } => "deployment",
        Pattern::Errors { .. } => "errors",
        Pattern::Silence { .. } => "silence",
    }
}

/// The names that a pattern draws or is given.
pub fn roles(pattern: &Pattern) -> &'static [&'static str] {
    let kind = kind(pattern);
    KINDS
        .iter()
        .find(|(known, _)| *known == kind)
        .map_or(&[], |(_, roles)| roles)
}

/// Reads the pattern of a story's table; none when its kind is missing or unknown.
pub(super) fn pattern(fields: &Fields<'_>) -> Option<Pattern> {
    let words: Vec<&'static str> = KINDS.iter().map(|(kind, _)| *kind).collect();
    let found = fields.needed("kind", "the kind of story", |fields, key| {
        fields.word(key, &words)
    });
    let pattern = match found {
        "cross-org-attempts" => Pattern::CrossOrgAttempts {
            actors: names(fields, "actors"),
            targets: names(fields, "targets"),
            every: every(fields),
            machine: fields.text("machine").unwrap_or_else(|| "order".to_owned()),
            ip: fields.text("ip"),
            succeed: share(fields, "succeed"),
            unknown: share(fields, "unknown"),
        },
        "cross-reads" => Pattern::CrossReads {
            crosses: match fields.needed("crosses", "\"org\" or \"mode\"", |fields, key| {
                fields.word(key, &["org", "mode"])
            }) {
                "mode" => Crossing::Mode,
                _ => Crossing::Org,
            },
            operations: names(fields, "operations"),
            readers: names(fields, "readers"),
            targets: names(fields, "targets"),
            every: every(fields),
            unknown: share(fields, "unknown"),
        },
        "staff-reads" => Pattern::StaffReads {
            actors: names(fields, "actors"),
            targets: names(fields, "targets"),
            every: every(fields),
            unknown: share(fields, "unknown"),
            route: fields.needed("route", "a route below apps/api/src/routes", Fields::text),
            scope: fields
                .needed("scope", "the route's declared scope", |fields, key| {
                    fields.word(key, &["staff-only", "client-scoped", "missing"])
                })
                .to_owned(),
        },
        "magic-link" => Pattern::MagicLink {
            contact: fields.text("contact"),
            targets: names(fields, "targets"),
            every: every(fields),
        },
        "tenant-leak" => Pattern::TenantLeak {
            actors: names(fields, "actors"),
            targets: names(fields, "targets"),
            every: every(fields),
            unknown: share(fields, "unknown"),
        },
        "session-abuse" => Pattern::SessionAbuse {
            user: fields.text("user"),
            addresses: fields.needed("addresses", "a number", |fields, key| {
                fields.whole(key, &(2..=200))
            }),
            every: every(fields),
        },
        other => return fault(fields, other),
    };
    Some(pattern)
}

/// Patterns of things that break.
fn fault(fields: &Fields<'_>, kind: &str) -> Option<Pattern> {
    let pattern = match kind {
        "webhook-failure" => Pattern::WebhookFailure {
            tenant: fields.text("tenant"),
            status: fields.needed(
                "status",
                "an HTTP status, or 0 for no answer",
                |fields, key| {
                    let status = fields.whole(key, &(0..=599))?;
                    u16::try_from(status).ok()
                },
            ),
            share: share_that_fails(fields),
            every: every(fields),
        },
        "export-failure" => Pattern::ExportFailure {
            cause: fields
                .needed("cause", "what refuses", |fields, key| {
                    fields.word(key, &["disk-full", "access-denied"])
                })
                .to_owned(),
            every: every(fields),
        },
        "slow-database" => Pattern::SlowDatabase {
            waiting: fields.needed("waiting", "a number", |fields, key| {
                fields.whole(key, &(1..=200))
            }),
            table: fields.needed("table", "the name of a table", Fields::text),
        },
        "deployment" => Pattern::Deployment {
            version: fields.needed("version", "a version", Fields::text),
            commit: fields.needed("commit", "the title of its commit", Fields::text),
            files: fields
                .texts("files")
                .into_iter()
                .map(|(name, _)| name)
                .collect(),
        },
        "silence" => Pattern::Silence {
            source: silent(fields),
        },
        "errors" => Pattern::Errors {
            share: share_that_fails(fields),
        },
        _ => return None,
    };
    Some(pattern)
}

fn silent(fields: &Fields<'_>) -> String {
    let source = fields.needed("source", "what falls silent", Fields::text);
    let known = SILENT.into_iter().chain(TABLES.iter().copied());
    if known.clone().all(|known| known != source) {
        fields.findings().unknown(
            "unknown-table",
            fields.place("source"),
            ("telemetry, metrics or a table", &source),
            known,
        );
    }
    source
}

/// The mean time between two events: never none, which would be endless many.
fn every(fields: &Fields<'_>) -> Duration {
    let every = fields.needed(
        "every",
        "the mean time between two events",
        Fields::duration,
    );
    if every.is_zero() {
        fields.refuse("every", "at least 1s");
        return Duration::from_secs(60);
    }
    every
}

/// A share; 0 when it is not there.
fn share(fields: &Fields<'_>, key: &'static str) -> f64 {
    fields.number(key, &(0.0..=1.0)).unwrap_or(0.0)
}

/// The share that fails: without one, nothing would.
fn share_that_fails(fields: &Fields<'_>) -> f64 {
    fields.needed("share", "a number from 0 to 1", |fields, key| {
        fields.number(key, &(0.0..=1.0))
    })
}
