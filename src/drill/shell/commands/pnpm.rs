//! `pnpm`: the tests and the scripts of the repository's packages. Their outcome is that of the simulated service.

use super::super::options::{Call, Grammar, Order, valued};
use super::super::repository;
use super::super::runner::{Shell, Streams};
use super::Command;
use crate::drill::world::Act;

pub(super) const COMMANDS: &[Command] = &[Command {
    name: "pnpm",
    grammar: Grammar {
        known: &[valued('F', "filter")],
        number: None,
        order: Order::First,
    },
    check: |call| task(call).map(|_| ()),
    run: pnpm,
}];

/// The packages, each with the folder it lies in.
const PACKAGES: &[(&str, &str)] = &[
    ("api", "apps/api"),
    ("@breezycorp/api", "apps/api"),
    ("./apps/api", "apps/api"),
];

const ROUTE_COVERAGE: &str = "src/__tests__/route-coverage.test.ts";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Task {
    RouteCoverage,
    RotateEncryption,
    TelemetrySmoke,
}

fn task(call: &Call) -> Result<Task, String> {
    let mut words: Vec<&str> = call.operands.iter().map(String::as_str).collect();
    if matches!(words.first(), Some(&("run" | "exec"))) {
        words.remove(0);
    }
    match words.as_slice() {
        ["vitest", "run", ROUTE_COVERAGE | "route-coverage"] => Ok(Task::RouteCoverage),
        ["encryption:rotate"] => Ok(Task::RotateEncryption),
        ["telemetry:smoke"] => Ok(Task::TelemetrySmoke),
        other => Err(format!("task `{}`", other.join(" "))),
    }
}

fn pnpm(call: &Call, shell: &mut Shell, streams: &mut Streams) -> i32 {
    let Ok(task) = task(call) else { return 1 };
    let Some(package) = call.value("filter") else {
        // The root has scripts of its own, and none of these.
        streams.say(&format!(
            "\u{2009}ERR_PNPM_NO_SCRIPT\u{2009} Missing script: {}\n",
            call.operands.join(" ")
        ));
        return 1;
    };
    let Some((_, folder)) = PACKAGES.iter().find(|(name, _)| *name == package) else {
        streams.say(&format!(
            "No projects matched the filters in \"{}\"\n",
            repository::ROOT
        ));
        // pnpm calls it no failure when no package was meant.
        return 0;
    };
    let folder = format!("{}/{folder}", repository::ROOT);
    let script = match task {
        Task::RouteCoverage => return route_coverage(&folder, shell, streams),
        Task::RotateEncryption => "encryption:rotate",
        Task::TelemetrySmoke => "telemetry:smoke",
    };
    streams.say(&format!(
        "\n> @breezycorp/api@4.18.0 {script} {folder}\n> tsx scripts/{}.ts\n\n",
        script.replace(':', "-")
    ));
    let done = if task == Task::RotateEncryption {
        rotate_encryption(shell, streams)
    } else {
        telemetry_smoke(shell, streams)
    };
    if !done {
        streams.say("\u{2009}ELIFECYCLE\u{2009} Command failed with exit code 1.\n");
    }
    i32::from(!done)
}

/// The test that every route declares a scope: fails for the first ones that do not.
fn route_coverage(folder: &str, shell: &Shell, streams: &mut Streams) -> i32 {
    let routes = format!("{}/{}", repository::ROOT, repository::ROUTES);
    let mut undeclared = Vec::new();
    let mut count = 0;
    for (path, file) in shell.files.below(&routes) {
        count += 1;
        if !file.text.contains("routeScope:") {
            undeclared.push(path);
        }
    }
    let started = shell.world.now().strftime("%H:%M:%S").to_string();
    let declared = count - undeclared.len();
    streams.say(&format!("\n RUN  v3.2.4 {folder}\n\n"));
    if undeclared.is_empty() {
        streams.say(&format!(
            " ✓ {ROUTE_COVERAGE} ({count} tests) 412ms\n\n Test Files  1 passed (1)\n"
        ));
        streams.say(&format!("      Tests  {count} passed ({count})\n"));
    } else {
        streams.say(&format!(
            " ❯ {ROUTE_COVERAGE} ({count} tests | {} failed) 431ms\n",
            undeclared.len()
        ));
        for path in &undeclared {
            streams.say(&format!(
                "   × every non-public route declares a scope > {path} 3ms\n     → {path}: routeScope is undefined, expected 'staff-only', 'client-scoped' or 'public'\n"
            ));
        }
        streams.say(&format!(
            "\n Test Files  1 failed (1)\n      Tests  {} failed | {declared} passed ({count})\n",
            undeclared.len()
        ));
    }
    streams.say(&format!("   Start at  {started}\n   Duration  1.93s\n\n"));
    if undeclared.is_empty() {
        return 0;
    }
    streams.say(&format!(
        "{folder}:\n ERR_PNPM_RECURSIVE_EXEC_FIRST_FAIL  Command failed with exit code 1: vitest run {ROUTE_COVERAGE}\n"
    ));
    1
}

/// New keys for all tenants; needs the database.
fn rotate_encryption(shell: &mut Shell, streams: &mut Streams) -> bool {
    if !shell.status.database_ready {
        streams.complain("encryption:rotate: the database does not answer; no key was changed");
        return false;
    }
    shell.world.act(&Act::RotateEncryption);
    streams.say(&format!(
        "key version {} written at {}\nevery tenant's data keys were wrapped again, 0 failed\nthe old key version is kept for reading for 30 days\n",
        shell.world.standing().encryption_rotations + 1,
        shell.world.now()
    ));
    true
}

/// Sends a trace, a metric and a log line and looks whether they arrive.
fn telemetry_smoke(shell: &Shell, streams: &mut Streams) -> bool {
    let checks = [
        (
            "trace arrives in Application Insights",
            repository::telemetry_lives(shell.world),
        ),
        (
            "counter is scraped by Prometheus",
            repository::metrics_live(shell.world),
        ),
        ("log line carries its request id", true),
    ];
    for (name, passed) in checks {
        streams.say(&format!(
            "{} {name}\n",
            if passed { "ok    " } else { "FAILED" }
        ));
    }
    let failed = checks.iter().filter(|(_, passed)| !passed).count();
    streams.say(&format!(
        "{} of {} checks passed\n",
        checks.len() - failed,
        checks.len()
    ));
    failed == 0
}
