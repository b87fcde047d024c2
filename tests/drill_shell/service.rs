//! The scripts and requests of the shipped playbooks over the simulated service: as it is well, and as it is not.

use std::collections::BTreeSet;

use quarterdeck::drill::http::{self, Exchange};
use quarterdeck::drill::shell::{self, Ran};
use quarterdeck::drill::{Facts, World};
use quarterdeck::model::diagnostic::SourceText;
use quarterdeck::model::playbook::{Action, Language};
use quarterdeck::playbook;
use serde_json::Value as Json;

use super::world;

/// Every action of the shipped playbooks in a language, by playbook and action.
fn actions(language: Language) -> Vec<(String, Action)> {
    let mut found = Vec::new();
    for (name, text) in playbook::BUILT_IN {
        for parsed in playbook::parse(&SourceText::new(name, text)) {
            for action in parsed.playbook.actions.values() {
                if action.language == language {
                    found.push((action.id.to_string(), action.clone()));
                }
            }
        }
    }
    assert!(!found.is_empty());
    found
}

fn script(id: &str) -> String {
    let found = actions(Language::Shell);
    let (_, action) = found.iter().find(|(name, _)| name == id).unwrap();
    action.text.clone()
}

/// Values of the inputs that the scripts name, as a player would find them.
fn inputs(world: &World) -> Vec<(String, String)> {
    let population = world.population();
    let endpoint = population.endpoints.first().unwrap();
    [
        ("AFFECTED_ORG", population.organisations[1].id.as_ref()),
        ("ENDPOINT_URL", endpoint.url.as_str()),
        ("EXPOSURE_END", "2026-03-09T03:10:00Z"),
        ("INCIDENT_ID", "inc-20260309-7f3a"),
        ("OP_ID", "orders.read"),
        ("S3_BUCKET", "breezy-exports"),
        ("S3_REGION", "eu-central-1"),
        ("SUSPECT_ROUTE", "clients/summary.ts"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

fn ran(world: &mut World, id: &str, changed: &[(&str, &str)]) -> Ran {
    let mut variables = inputs(world);
    for (name, value) in changed {
        variables.push(((*name).to_owned(), (*value).to_owned()));
    }
    shell::run(world, &script(id), &variables).unwrap()
}

/// A script, the stories it runs under, values that differ, how it ends, and what it says.
struct Case {
    action: &'static str,
    stories: &'static str,
    values: &'static [(&'static str, &'static str)],
    exit_code: i32,
    says: &'static str,
}

const fn case(
    action: &'static str,
    stories: &'static str,
    values: &'static [(&'static str, &'static str)],
    exit_code: i32,
    says: &'static str,
) -> Case {
    Case {
        action,
        stories,
        values,
        exit_code,
        says,
    }
}

const CALM: &str = "";

const MISSING_SCOPE: &str = r#"
[[story]]
id = "reads"
kind = "staff-reads"
actors = 1
targets = 2
every = "1m"
from = "-20m"
route = "clients/summary.ts"
scope = "missing"
"#;

const DECLARED_SCOPE: &str = r#"
[[story]]
id = "reads"
kind = "staff-reads"
actors = 1
targets = 2
every = "1m"
from = "-20m"
route = "clients/summary.ts"
scope = "client-scoped"
"#;

const DISK_FULL: &str = r#"
[[story]]
id = "exports"
kind = "export-failure"
from = "-20m"
cause = "disk-full"
every = "2m"
"#;

const ACCESS_DENIED: &str = r#"
[[story]]
id = "exports"
kind = "export-failure"
from = "-20m"
cause = "access-denied"
every = "2m"
"#;

const SILENCE: &str = r#"
[[story]]
id = "dark"
kind = "silence"
from = "-25m"
source = "telemetry"
"#;

const SLOW_DATABASE: &str = r#"
[[story]]
id = "slow"
kind = "slow-database"
from = "-10m"
waiting = 4
table = "dsar_cases"
"#;

const ESCAPE_HATCH: &str = r#"
[[story]]
id = "release"
kind = "deployment"
from = "-20m"
version = "4.18.2"
commit = "Use queryRaw for the order report; eslint-disable no-raw-sql"
files = ["apps/api/src/reports/orders.ts"]
"#;

const MODE_CHANGE: &str = r#"
[[story]]
id = "release"
kind = "deployment"
from = "-20m"
version = "4.18.2"
commit = "Derive the mode from the host name"
files = ["apps/api/lib/mode.ts"]
"#;

const POLICY_CHANGE: &str = r#"
[[story]]
id = "release"
kind = "deployment"
from = "-20m"
version = "4.18.2"
commit = "Accept wildcards of resources"
files = ["packages/auth-api-key/src/scope-policy.ts"]
"#;

/// Each script of the shipped playbooks as it ends well and as it ends badly.
const CASES: &[Case] = &[
    case("reachable", CALM, &[], 0, "200\n"),
    case(
        "reachable",
        CALM,
        &[("ENDPOINT_URL", "https://nowhere.invalid/hook")],
        6,
        "000\n",
    ),
    case("local-storage", CALM, &[], 0, "-export-"),
    case(
        "local-storage",
        DISK_FULL,
        &[],
        0,
        " 100% /srv/breezy/uploads",
    ),
    case("s3-storage", CALM, &[], 0, ".pdf"),
    case("s3-storage", ACCESS_DENIED, &[], 254, "(AccessDenied)"),
    case(
        "s3-storage",
        CALM,
        &[("S3_BUCKET", "someone-elses")],
        254,
        "(NoSuchBucket)",
    ),
    case("rotate-encryption", CALM, &[], 0, "0 failed"),
    case(
        "rotate-encryption",
        SLOW_DATABASE,
        &[],
        1,
        "no key was changed",
    ),
    case("telemetry-smoke", CALM, &[], 0, "3 of 3 checks passed"),
    case("telemetry-smoke", SILENCE, &[], 1, "FAILED trace"),
    case(
        "route-scope",
        DECLARED_SCOPE,
        &[],
        0,
        "routeScope: 'client-scoped'",
    ),
    case("route-scope", MISSING_SCOPE, &[], 1, ""),
    case(
        "route-scope",
        CALM,
        &[("SUSPECT_ROUTE", "no/such.ts")],
        2,
        "No such file or directory",
    ),
    case(
        "route-coverage",
        DECLARED_SCOPE,
        &[],
        0,
        "Tests  16 passed (16)",
    ),
    case(
        "route-coverage-patched",
        DECLARED_SCOPE,
        &[],
        0,
        "Tests  16 passed (16)",
    ),
    case(
        "route-coverage",
        MISSING_SCOPE,
        &[],
        1,
        "× every non-public route declares a scope > clients/summary.ts",
    ),
    case(
        "unscoped-files",
        DECLARED_SCOPE,
        &[],
        0,
        "apps/api/src/routes/clients/summary.ts\n",
    ),
    case(
        "unscoped-files",
        CALM,
        &[],
        0,
        "apps/api/src/routes/admin/feature-flags.ts\n",
    ),
    case(
        "fetches-by-id",
        MISSING_SCOPE,
        &[],
        0,
        "clients/summary.ts:",
    ),
    case(
        "freeze-operation",
        CALM,
        &[],
        0,
        "6 of 6 gateways confirmed",
    ),
    case(
        "freeze-operation",
        CALM,
        &[("OP_ID", "order.read")],
        1,
        "did you mean orders.read?",
    ),
    case("snapshot-org", CALM, &[], 0, "compared: equal"),
    case(
        "snapshot-org",
        CALM,
        &[("AFFECTED_ORG", "nobody")],
        1,
        "there is no organisation nobody",
    ),
    case("escape-hatches", ESCAPE_HATCH, &[], 0, "queryRaw"),
    case("escape-hatches", CALM, &[], 0, ""),
    case(
        "mode-history",
        MODE_CHANGE,
        &[],
        0,
        "Derive the mode from the host name",
    ),
    case(
        "scope-policy-history",
        POLICY_CHANGE,
        &[],
        0,
        "Accept wildcards",
    ),
    case(
        "force-rotate-tokens",
        CALM,
        &[],
        0,
        "tokens rotated, 0 failed",
    ),
    case(
        "force-rotate-tokens",
        CALM,
        &[("EXPOSURE_END", "2026-03-10T00:00:00Z")],
        1,
        "lies in the future",
    ),
    case(
        "force-rotate-tokens",
        CALM,
        &[("EXPOSURE_END", "yesterday")],
        2,
        "expected issued_before:TIME",
    ),
];

#[test]
fn every_script_of_the_shipped_playbooks_runs_well_and_badly() {
    let mut wrong = Vec::new();
    for case in CASES {
        let ended = ran(&mut world(case.stories), case.action, case.values);
        let says = format!("{}{}", ended.stdout, ended.stderr);
        if ended.exit_code != case.exit_code || !says.contains(case.says) {
            wrong.push(format!("--- {} {:?}\n{ended:?}", case.action, case.values));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let tried: BTreeSet<&str> = CASES.iter().map(|case| case.action).collect();
    for (id, _) in actions(Language::Shell) {
        assert!(tried.contains(id.as_str()), "the script {id} was not tried");
    }
}

#[test]
fn a_webhook_target_answers_as_its_story_says() {
    for (status, exit_code, says) in [(503, 0, "503\n"), (0, 28, "000\n")] {
        let mut world = world(&format!(
            "[[story]]\nid = \"hook\"\nkind = \"webhook-failure\"\nfrom = \"-20m\"\nstatus = {status}\nshare = 1.0\nevery = \"1m\"\n"
        ));
        let (target, _) = world.status().webhook_target.unwrap();
        let ended = ran(&mut world, "reachable", &[("ENDPOINT_URL", &target)]);
        assert_eq!(
            (ended.exit_code, ended.stdout.as_str()),
            (exit_code, says),
            "{ended:?}"
        );
    }
}

#[test]
fn the_tools_of_the_service_change_it() {
    let mut world = world(CALM);
    for id in [
        "freeze-operation",
        "snapshot-org",
        "force-rotate-tokens",
        "rotate-encryption",
    ] {
        let before = world.version();
        assert_eq!(ran(&mut world, id, &[]).exit_code, 0, "{id}");
        assert_ne!(world.version(), before, "{id}");
    }
    let mut facts = Facts::default();
    world.tell(&mut facts);
    assert!(facts.frozen.contains("orders.read"), "{facts:?}");
    assert!(facts.rotated, "{facts:?}");
    assert_eq!(facts.snapshots.len(), 1, "{facts:?}");
    assert!(
        ran(&mut world, "freeze-operation", &[])
            .stdout
            .contains("frozen already")
    );

    let before = world.version();
    assert_eq!(
        ran(&mut world, "freeze-operation", &[("OP_ID", "nothing")]).exit_code,
        1
    );
    assert_eq!(
        ran(&mut world, "freeze-operation", &[("OP_ID", "")]).exit_code,
        2
    );
    assert_eq!(
        world.version(),
        before,
        "a refused call changed the service"
    );
}

fn asked(world: &mut World, method: &str, path: &str, body: &str) -> (u16, Json) {
    let Exchange { status, body, .. } = http::ask(world, method, path, body);
    let read = serde_json::from_str(&body).unwrap_or(Json::Null);
    (status, read)
}

#[test]
fn every_request_of_the_shipped_playbooks_is_answered() {
    let mut world = world(CALM);
    for (id, action) in actions(Language::Http) {
        let line = action.text.lines().next().unwrap();
        let (method, path) = line.split_once(' ').unwrap();
        let answer = http::ask(&mut world, method, path, "");
        assert_eq!(answer.status, 200, "{id}: {answer:?}");
        assert!(!answer.body.is_empty(), "{id}");
    }
    assert_eq!(asked(&mut world, "GET", "/api/nothing", "").0, 404);
    assert_eq!(asked(&mut world, "POST", "/api/metrics", "").0, 405);
    assert_eq!(
        http::ask(&mut world, "HEAD", "/api/health/liveness", "").body,
        ""
    );
}

#[test]
fn readiness_names_the_dependency_that_failed() {
    let (status, body) = asked(
        &mut world(SLOW_DATABASE),
        "GET",
        "/api/health/readiness",
        "",
    );
    assert_eq!(
        (status, &body["failed"]),
        (503, &serde_json::json!(["database"]))
    );
    let (status, body) = asked(&mut world(DISK_FULL), "GET", "/api/health/readiness", "");
    assert_eq!(status, 200);
    assert_eq!(body["dependencies"]["uploads-disk"]["status"], "degraded");
}

#[test]
fn the_profiler_shows_what_waits_and_what_is_read_whole() {
    let (_, calm) = asked(
        &mut world(CALM),
        "GET",
        "/api/diagnostics/query-profiler",
        "",
    );
    let (_, slow) = asked(
        &mut world(SLOW_DATABASE),
        "GET",
        "/api/diagnostics/query-profiler",
        "",
    );
    let count = |body: &Json| body["slow_queries"].as_array().unwrap().len();
    assert!(count(&slow) > count(&calm), "{slow} {calm}");
    assert!(
        slow["tables_read_sequentially"]
            .to_string()
            .contains("dsar_cases"),
        "{slow}"
    );
}

#[test]
fn metrics_are_those_that_were_scraped() {
    let mut calm = world(CALM);
    let text = http::ask(&mut calm, "GET", "/api/metrics", "").body;
    for line in [
        "# TYPE avg_latency_ms gauge\n",
        "# TYPE http_requests_total counter\n",
        "# TYPE http_request_duration_seconds histogram\n",
        "http_request_duration_seconds_bucket{instance=\"commerce-0:9464\",le=\"+Inf\"} ",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    let latency = |text: &str| -> f64 {
        let line = text
            .lines()
            .find(|line| line.starts_with("avg_latency_ms "));
        line.unwrap().rsplit(' ').next().unwrap().parse().unwrap()
    };
    let slow = http::ask(&mut world(SLOW_DATABASE), "GET", "/api/metrics", "").body;
    assert!(
        latency(&slow) > 2.0 * latency(&text),
        "{} {}",
        latency(&slow),
        latency(&text)
    );
    let mut seen = BTreeSet::new();
    for line in text.lines().filter(|line| line.starts_with("# TYPE")) {
        assert!(seen.insert(line.to_owned()), "twice: {line}");
    }
}

#[test]
fn a_flag_is_read_and_switched() {
    let mut world = world(CALM);
    let path = "/api/admin/feature-flags";
    let enabled = |world: &mut World| {
        asked(world, "GET", &format!("{path}/bulk-export"), "").1["enabled"].clone()
    };
    assert_eq!(enabled(&mut world), true);
    let (status, _) = asked(
        &mut world,
        "PUT",
        &format!("{path}/bulk-export"),
        r#"{"enabled": false}"#,
    );
    assert_eq!((status, enabled(&mut world)), (200, Json::from(false)));
    let (status, _) = asked(
        &mut world,
        "PATCH",
        path,
        r#"{"key": "bulk-export", "enabled": true}"#,
    );
    assert_eq!((status, enabled(&mut world)), (200, Json::from(true)));

    let before = world.version();
    assert_eq!(
        asked(
            &mut world,
            "PUT",
            &format!("{path}/none"),
            r#"{"enabled": true}"#
        )
        .0,
        404
    );
    assert_eq!(
        asked(&mut world, "PUT", &format!("{path}/bulk-export"), "off").0,
        400
    );
    assert_eq!(asked(&mut world, "DELETE", path, "").0, 405);
    assert_eq!(
        world.version(),
        before,
        "a refused request changed the service"
    );
}

#[test]
fn the_audit_trail_comes_newest_first_and_no_longer_than_asked() {
    let mut world = world(CALM);
    let (status, body) = asked(&mut world, "GET", "/api/audit-logs?limit=3", "");
    let rows = body["data"].as_array().unwrap();
    assert_eq!((status, rows.len()), (200, 3), "{body}");
    let times: Vec<&str> = rows
        .iter()
        .map(|row| row["createdAt"].as_str().unwrap())
        .collect();
    assert!(times.is_sorted_by(|a, b| a >= b), "{times:?}");
    assert!(rows.iter().all(|row| row["action"].is_string()), "{body}");
    assert_eq!(
        asked(&mut world, "GET", "/api/audit-logs?limit=many", "").0,
        400
    );
}
