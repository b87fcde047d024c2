//! What lies on the simulated machine: the repository of the service with its routes, and the folder of uploads.
//!
//! A function of how the service stands and of the time: no file is ever written.

mod routes;

use super::files::{File, Files};
use crate::drill::World;
use crate::drill::world::{DISK_FULL_PERCENT, Status};
use crate::kql;
use crate::model::Timestamp;

/// The folder that scripts run in: the root of the repository, and the folder of the application.
pub(super) const ROOT: &str = "/srv/breezy";
/// Where uploads lie, on a disk of their own.
pub(super) const UPLOADS: &str = "/srv/breezy/uploads";
/// Where routes lie, below the root.
pub(super) const ROUTES: &str = "apps/api/src/routes";

/// Files that are the same in every drill, by their path below the root.
const TEXTS: &[(&str, &str)] = &[
    (
        "README.md",
        include_str!("../../../assets/repository/README.md"),
    ),
    (
        "package.json",
        include_str!("../../../assets/repository/package.json"),
    ),
    (
        "apps/api/lib/mode.ts",
        include_str!("../../../assets/repository/apps/api/lib/mode.ts"),
    ),
    (
        "apps/api/src/__tests__/route-coverage.test.ts",
        include_str!("../../../assets/repository/apps/api/src/__tests__/route-coverage.test.ts"),
    ),
    (
        "packages/auth-api-key/src/scope-policy.ts",
        include_str!("../../../assets/repository/packages/auth-api-key/src/scope-policy.ts"),
    ),
    (
        "packages/db/src/extensions/tenant-scope.ts",
        include_str!("../../../assets/repository/packages/db/src/extensions/tenant-scope.ts"),
    ),
    (
        "docs/security/encryption-key-rotation.md",
        include_str!("../../../assets/repository/docs/security/encryption-key-rotation.md"),
    ),
    (
        "prisma/schema.prisma",
        include_str!("../../../assets/repository/prisma/schema.prisma"),
    ),
];

/// Seconds between two exports that leave a file.
const EXPORT_SECONDS: i64 = 2_700;
/// How many of them are kept.
const EXPORTS_KEPT: i64 = 12;
/// Seconds without a sample or a row after which a source counts as dead: telemetry takes up to minutes to arrive.
const SILENT_SECONDS: i64 = 600;

/// All files of the machine.
pub(super) fn files(status: &Status, now: Timestamp) -> Files {
    let mut files = Files::default();
    let mut insert = |path: String, text: String| {
        let bytes = text.len() as u64;
        let changed = last_change(status, &path).unwrap_or(quiet_day(now));
        files.insert(
            format!("{ROOT}/{path}"),
            File {
                text,
                bytes,
                changed,
            },
        );
    };
    for (path, text) in TEXTS {
        insert((*path).to_owned(), (*text).to_owned());
    }
    for (path, text) in routes::texts(status.route.as_ref()) {
        insert(format!("{ROUTES}/{path}"), text);
    }
    for (name, file) in uploads(status, now) {
        files.insert(format!("{UPLOADS}/{name}"), file);
    }
    files
}

/// When a commit touched a file last.
fn last_change(status: &Status, path: &str) -> Option<Timestamp> {
    let touched = |file: &String| file == path;
    let commit = status
        .commits
        .iter()
        .find(|commit| commit.files.iter().any(touched))?;
    Some(commit.at)
}

/// When files that no commit of the drill touched were changed: the beginning of the day, a week before.
fn quiet_day(now: Timestamp) -> Timestamp {
    const DAY: i64 = 86_400;
    let seconds = (now.as_second().div_euclid(DAY) - 7) * DAY;
    Timestamp::from_second(seconds).unwrap_or(now)
}

/// Exports that were kept, oldest first, by name. On a full disk the newest are empty: they could not be written.
pub(super) fn uploads(status: &Status, now: Timestamp) -> Vec<(String, File)> {
    let newest = now.as_second().div_euclid(EXPORT_SECONDS);
    let full = status.disk_percent >= DISK_FULL_PERCENT;
    (newest - EXPORTS_KEPT + 1..=newest)
        .filter_map(|nth| {
            // The same export has the same size and minute whenever it is looked at.
            let spread = nth.unsigned_abs().wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
            let at = nth * EXPORT_SECONDS + (spread % 600) as i64;
            let changed = Timestamp::from_second(at).ok().filter(|at| *at <= now)?;
            let empty = full && newest - nth < 3;
            let bytes = if empty {
                0
            } else {
                48_000 + spread % 3_900_000
            };
            let name = format!(
                "case-{:04}-export-{}.pdf",
                spread % 9_000 + 1_000,
                changed.strftime("%Y%m%d-%H%M")
            );
            let text = if empty { "" } else { "%PDF-1.7\n" };
            Some((
                name,
                File {
                    text: text.to_owned(),
                    bytes,
                    changed,
                },
            ))
        })
        .collect()
}

/// Whether the service has a bucket: those that keep exports and uploads.
pub(super) fn has_bucket(name: &str) -> bool {
    name.contains("export") || name.contains("upload")
}

/// Whether telemetry still arrives: the newest metric is not too old.
pub(super) fn telemetry_lives(world: &World) -> bool {
    let options = kql::Options {
        now: kql::value::UNIX_EPOCH_TICKS
            .saturating_add(world.now().as_microsecond().saturating_mul(10)),
        parameters: Vec::new(),
    };
    let never = || false;
    let run = kql::Run::new(kql::Limits::default(), &never);
    let query = format!(
        "customMetrics | summarize newest = max(timestamp) | where newest > now(-{SILENT_SECONDS}s)"
    );
    let answers = kql::run(&query, world.telemetry(), &options, &run);
    answers.is_ok_and(|answers| answers.iter().any(|answer| answer.rows() > 0))
}

/// Whether Prometheus still scrapes: the newest sample is not too old.
pub(super) fn metrics_live(world: &World) -> bool {
    let newest = world
        .metrics()
        .series
        .iter()
        .filter_map(|series| series.points.iter().rev().find(|point| !point.stale))
        .map(|point| point.at)
        .max();
    newest.is_some_and(|at| at > world.now().as_millisecond() - SILENT_SECONDS * 1_000)
}
