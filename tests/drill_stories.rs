//! What a scenario plants is what the shipped playbooks' own queries find, with every seed: the pattern, who and whom, and its end after the act that ends it.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::collections::BTreeSet;

use serde_json::json;

use quarterdeck::drill::world::Act;

mod support {
    pub mod service;
}

use support::service::{Row, SLOW, Service, figure, text};

const SEEDS: std::ops::Range<u64> = 0..20;

/// Variants of a story take turns: each gets its share of the seeds.
fn turn<T: Copy>(seed: u64, variants: &[T]) -> T {
    let at = usize::try_from(seed).unwrap() % variants.len();
    *variants.get(at).unwrap()
}

/// Values of a column, each once.
fn distinct(rows: &[Row], column: &str) -> BTreeSet<String> {
    rows.iter()
        .map(|row| text(row, column).to_owned())
        .collect()
}

fn set(names: &[String]) -> BTreeSet<String> {
    names.iter().cloned().collect()
}

const ATTACK: &str = r#"
[[story]]
id = "attack"
kind = "cross-org-attempts"
from = "-40m"
actors = ACTORS
targets = TARGETS
every = "25s"
machine = "order"
succeed = SUCCEED
unknown = UNKNOWN
"#;

fn attack(actors: u32, targets: u32, succeed: f64, unknown: f64, seed: u64) -> Service {
    let story = ATTACK
        .replace("ACTORS", &actors.to_string())
        .replace("TARGETS", &targets.to_string())
        .replace("SUCCEED", &succeed.to_string())
        .replace("UNKNOWN", &unknown.to_string());
    Service::new("org-isolation-breach", &story, seed)
}

#[test]
fn attempts_show_their_pattern_everywhere() {
    for seed in SEEDS {
        let (actors, targets, pattern) = turn(
            seed,
            &[
                (1, 4, "Single actor, multiple orgs"),
                (2, 1, "Multiple actors, one target org"),
                (4, 5, "Random distribution"),
            ],
        );
        let service = attack(actors, targets, 0.0, 0.0, seed);
        let rows = service.ask("attempts-by-actor");
        assert_eq!(
            distinct(&rows, "actorId"),
            set(&service.names("attack", "actors"))
        );
        assert_eq!(
            distinct(&rows, "attemptedOrgId"),
            set(&service.names("attack", "targets"))
        );
        assert_eq!(
            service.suggested("pattern", &rows),
            [pattern],
            "seed {seed}"
        );
        let attempts: i64 = rows.iter().map(|row| figure(row, "attempts")).sum();
        assert!(
            (40..=200).contains(&attempts),
            "{attempts} attempts in 40 minutes"
        );

        // The metric counts the same, by the minute; what came last is on its way.
        let counted: i64 = service
            .ask("scope")
            .iter()
            .map(|row| figure(row, "total"))
            .sum();
        assert!(
            (counted - attempts).abs() <= 20,
            "{counted} counted, {attempts} logged"
        );
        assert_eq!(service.verdict("heartbeat"), "PASS");
        let rates = service.ask("scope-prom");
        assert!(rates.iter().all(|row| text(row, "machine") == "order"));
        assert!(
            rates.iter().any(|row| figure(row, "value") > 0),
            "seed {seed}: {rates:?}"
        );

        // Nothing got through.
        assert_eq!(service.verdict("audit-alive"), "PASS");
        assert_eq!(service.verdict("cross-org"), "PASS", "seed {seed}");
        let row = service.row("cross-org");
        assert_eq!(service.suggested("outcome", &[row]), ["No"]);
    }
}

#[test]
fn attempts_that_succeed_are_in_the_trail_alone() {
    for seed in SEEDS {
        let service = attack(2, 1, 0.05, 0.0, seed);
        assert_eq!(service.verdict("cross-org"), "FAIL", "seed {seed}");
        let row = service.row("cross-org");
        assert_eq!(service.suggested("outcome", &[row]), ["Yes"]);
        let found = service.ask("cross-org-rows");
        let targets = set(&service.names("attack", "targets"));
        let actors = set(&service.names("attack", "actors"));
        assert!(!found.is_empty());
        for row in &found {
            assert!(targets.contains(text(row, "resource_org")), "{row:?}");
            assert!(actors.contains(text(row, "actor_id")), "{row:?}");
            assert_eq!(text(row, "finding"), "mismatch");
        }
        let by_actor = service.ask("attempts-by-actor-audit");
        assert_eq!(distinct(&by_actor, "attemptedOrgId"), targets);
    }
}

#[test]
fn entries_without_an_owner_are_unknown() {
    for seed in SEEDS {
        let service = attack(1, 1, 0.0, 0.08, seed);
        assert_eq!(service.verdict("cross-org"), "INCONCLUSIVE", "seed {seed}");
        let row = service.row("cross-org");
        assert_eq!(service.suggested("outcome", &[row]), ["Cannot be proven"]);
        for row in service.ask("cross-org-rows") {
            assert_eq!(text(&row, "finding"), "unknown");
            assert_eq!(text(&row, "actor_id"), service.name("attack", "actors"));
        }
    }
}

#[test]
fn revoking_an_actor_ends_its_attempts_and_only_its() {
    for seed in SEEDS {
        let mut service = attack(2, 1, 0.0, 0.0, seed);
        let actors = service.names("attack", "actors");
        let rows = service.ask("identify-source");
        let addresses = set(&service.names("attack", "addresses"));
        assert!(
            distinct(&rows, "clientIp").is_subset(&addresses),
            "{addresses:?}"
        );
        for (n, actor) in actors.iter().enumerate() {
            assert!(service.facts().going.contains("attack"));
            service.set("actor_id", "text", actor);
            let sessions = service.ask("revoke-preview");
            assert!(
                sessions
                    .iter()
                    .any(|row| addresses.contains(text(row, "ip"))),
                "the session it acts with is not shown: {sessions:?}"
            );
            assert_eq!(service.write("revoke"), sessions.len() as u64);
            assert_eq!(service.verdict("revoked"), "PASS");
            let at = i64::try_from(n).unwrap() * 20;
            service.set("window_start", "datetime", &service.minutes(at + 1));
            service.pass(20);
            let left: BTreeSet<String> = actors.iter().skip(n + 1).cloned().collect();
            let rows = service.ask("attempts-by-actor");
            assert_eq!(
                distinct(&rows, "actorId"),
                left,
                "seed {seed}, after {actor}"
            );
        }
        assert!(!service.facts().going.contains("attack"));
        assert_eq!(service.facts().revoked, set(&actors));
        // The rate is zero, on both ways.
        service.set("fixed_at", "datetime", &service.minutes(24));
        assert_eq!(figure(&service.row("rate-zero"), "total"), 0);
        let growth = service.ask("growth-prom");
        assert!(
            growth.iter().all(|row| figure(row, "value") == 0),
            "{growth:?}"
        );
    }
}

#[test]
fn the_same_seed_draws_the_same_names_and_another_other_ones() {
    let names = |seed| attack(2, 1, 0.1, 0.0, seed).facts().names;
    assert_eq!(names(4), names(4));
    let different: BTreeSet<_> = SEEDS.map(names).collect();
    assert!(different.len() > 15, "{}", different.len());
}

const READS: &str = r#"
[[story]]
id = "reads"
kind = "cross-reads"
from = "-50m"
crosses = "CROSSES"
operations = ["documents.get"]
readers = 1
targets = 2
every = "40s"
unknown = UNKNOWN
"#;

const HATCH: &str = r#"
[[story]]
id = "release"
kind = "deployment"
from = "-52m"
version = "4.18.0"
commit = "Use queryRaw for the document list"
files = ["apps/api/src/documents/list.ts"]
"#;

fn reads(crosses: &str, unknown: f64, more: &str, seed: u64) -> Service {
    let story = READS
        .replace("CROSSES", crosses)
        .replace("UNKNOWN", &unknown.to_string());
    Service::new(
        "tenant-isolation-breach-sev1",
        &format!("{story}{more}"),
        seed,
    )
}

#[test]
fn reads_and_commits_tell_the_failure_modes_apart() {
    for seed in SEEDS {
        let modes = [
            ("org", HATCH, "Mode A: ORM extension bypassed"),
            ("mode", "", "Mode B: Mode segregation broken"),
            ("org", "", "Mode C: Scope DSL evaluation bug"),
        ];
        let (what, planted, mode) = turn(seed, &modes);
        let mut service = reads(what, 0.1, planted, seed);
        assert_eq!(service.verdict("audit-alive"), "PASS");
        assert_eq!(service.verdict("exposure"), "FAIL");
        let row = service.row("exposure");
        let crossed = format!("{what}_crossed");
        assert!(figure(&row, &crossed) > 20, "{row:?}");
        assert!(figure(&row, "unknown") > 0, "{row:?}");

        let (_, commits) = service.script("escape-hatches");
        let lines: Vec<&str> = commits.lines().collect();
        let results = json!({
            "exposure": { "rows": [row] },
            "escape-hatches": { "lines": lines },
        });
        let suggested = service.suggested_by("failure-mode", &[], &results);
        assert_eq!(suggested, [mode], "seed {seed}: {lines:?}");

        let customers = service.ask("exposed-customers");
        let exposed = distinct(&customers, "exposed_org");
        let targets = match what {
            "org" => set(&service.names("reads", "targets")),
            _ => BTreeSet::new(),
        };
        assert_eq!(exposed, targets, "seed {seed}");
        let readers = service.ask("token-readers");
        assert!(distinct(&readers, "token_id").contains(&service.name("reads", "tokens")));
        if !planted.is_empty() {
            let started = service.kql("traces | where message contains '4.18.0' | count");
            assert!(
                started.iter().all(|row| figure(row, "Count") > 0),
                "{started:?}"
            );
        }
    }
}

#[test]
fn without_a_story_nothing_crosses() {
    for seed in SEEDS {
        let service = Service::new("tenant-isolation-breach-sev1", "", seed);
        let row = service.row("exposure");
        for column in ["org_crossed", "mode_crossed", "unknown"] {
            assert_eq!(figure(&row, column), 0, "seed {seed}: {row:?}");
        }
        assert_eq!(service.verdict("exposure"), "PASS");
    }
}

#[test]
fn frozen_operations_and_rotated_tokens_read_no_more() {
    let fresh = |service: &mut Service| {
        service.set("window_start", "datetime", &service.minutes(1));
        service.pass(15);
        let row = service.row("exposure");
        figure(&row, "org_crossed") + figure(&row, "unknown")
    };
    for seed in SEEDS {
        let mut service = reads("org", 0.1, "", seed);
        let operation = service.name("reads", "operations");
        let wrong = Act::FreezeOperation("orders.read".to_owned());
        let rotate = Act::RotateTokens(service.world.now());
        let acts = [
            (Act::FreezeOperation(operation), true),
            (wrong, false),
            (rotate, true),
        ];
        let (act, ends) = acts.get(turn(seed, &[0, 1, 2])).unwrap();
        service.world.act(act);
        assert_eq!(fresh(&mut service) == 0, *ends, "seed {seed}: {act:?}");
        assert_eq!(service.facts().going.contains("reads"), !ends);
    }
}

const STAFF: &str = r#"
[[story]]
id = "leak"
kind = "staff-reads"
from = "-35m"
actors = 1
targets = 2
every = "50s"
unknown = UNKNOWN
route = "cycles/export.ts"
scope = "missing"
"#;

fn staff(unknown: f64, seed: u64) -> Service {
    let story = STAFF.replace("UNKNOWN", &unknown.to_string());
    let mut service = Service::new("suspected-tenant-leak", &story, seed);
    let actor = service.name("leak", "actors");
    service.set("actor_id", "text", &actor);
    let request = service.name("leak", "request");
    service.set("request_ref", "text", &request);
    service
}

#[test]
fn a_staff_user_reads_what_is_not_its_own() {
    for seed in SEEDS {
        let service = staff(0.1, seed);
        let reported = service.ask("request-events");
        assert!(
            reported
                .iter()
                .any(|row| text(row, "actor_id") == service.name("leak", "actors")),
            "seed {seed}: {reported:?}"
        );
        let access = service.row("suspect-access");
        assert!(figure(&access, "active_staff_sessions") > 0);
        assert_eq!(service.suggested("leak-path", &[access]), ["Staff session"]);
        assert_eq!(service.verdict("cross-tenant-reads"), "FAIL");
        assert!(figure(&service.row("cross-tenant-reads"), "unknown") > 0);
        let clients = service.ask("leaked-clients");
        assert_eq!(
            distinct(&clients, "leaked_client"),
            set(&service.names("leak", "targets"))
        );
        let (route, scope) = service.world.status().route.unwrap();
        assert_eq!(
            (route.as_str(), scope.as_str()),
            ("cycles/export.ts", "missing")
        );

        let service = staff(1.0, seed);
        assert_eq!(
            service.verdict("cross-tenant-reads"),
            "INCONCLUSIVE",
            "seed {seed}"
        );
    }
}

#[test]
fn revoking_ends_staff_reads_and_a_patch_declares_the_route() {
    for seed in SEEDS {
        let mut service = staff(0.0, seed);
        assert!(service.write("revoke-actor-sessions") > 0);
        let before = service.row("cross-tenant-reads");
        service.pass(30);
        let after = service.row("cross-tenant-reads");
        assert_eq!(
            figure(&after, "cross_tenant"),
            figure(&before, "cross_tenant"),
            "seed {seed}"
        );
        assert!(!service.facts().going.contains("leak"));
        assert!(
            service.world.stories().is_open("leak"),
            "the route is not patched yet"
        );
        service.set("suspect_route", "text", &service.name("leak", "route"));
        assert_eq!(service.script("route-scope").0, 1, "seed {seed}");
        assert_ne!(service.script("route-coverage").0, 0, "seed {seed}");
        service.world.stop("leak");
        let (exit, scope) = service.script("route-scope");
        assert!(
            exit == 0 && scope.contains("client-scoped"),
            "{exit}: {scope}"
        );
        assert_eq!(service.script("route-coverage").0, 0, "seed {seed}");
    }
}

#[test]
fn with_all_sessions_revoked_staff_come_back_and_the_actor_does_not() {
    for seed in SEEDS {
        let mut service = staff(0.0, seed);
        let before = distinct(&service.ask("all-sessions"), "staff_user_id");
        assert!(service.write("revoke-all-staff-sessions") > 0);
        assert!(service.ask("all-sessions").is_empty());
        service.pass(25);
        let after = distinct(&service.ask("all-sessions"), "staff_user_id");
        let actor = service.name("leak", "actors");
        assert!(!after.contains(&actor), "seed {seed}: the actor is back");
        assert!(
            after.len() + 3 >= before.len(),
            "{} of {} are back",
            after.len(),
            before.len()
        );
        assert!(!service.facts().going.contains("leak"));
    }
}

const LINK: &str = r#"
[[story]]
id = "link"
kind = "magic-link"
from = "-45m"
targets = 2
every = "45s"
"#;

#[test]
fn expiring_the_link_ends_what_it_opened() {
    for seed in SEEDS {
        let mut service = Service::new("suspected-tenant-leak", LINK, seed);
        service.set("actor_id", "text", &service.name("link", "contact"));
        service.set("suspect_request", "uuid", &service.name("link", "link"));
        let access = service.row("suspect-access");
        assert_eq!(
            service.suggested("leak-path", &[access]),
            ["Client magic-link"]
        );
        assert_eq!(service.verdict("cross-tenant-reads"), "FAIL");
        let clients = service.ask("leaked-clients");
        assert_eq!(
            distinct(&clients, "leaked_client"),
            set(&service.names("link", "targets"))
        );
        let links = service.ask("live-requests");
        let used = links
            .iter()
            .find(|row| text(row, "cycle_request_id") == service.name("link", "link"));
        assert!(
            used.is_some_and(|row| !text(row, "last_used_at").is_empty()),
            "{links:?}"
        );

        assert_eq!(service.write("expire-request"), 1);
        let before = figure(&service.row("cross-tenant-reads"), "cross_tenant");
        service.pass(30);
        let after = figure(&service.row("cross-tenant-reads"), "cross_tenant");
        assert_eq!(after, before, "seed {seed}");
        assert!(!service.facts().going.contains("link"));
    }
}

#[test]
fn a_contact_that_the_scenario_names_gets_a_link() {
    let story = LINK.replace("targets = 2", "targets = 2\ncontact = \"c-9001\"");
    let mut service = Service::new("suspected-tenant-leak", &story, 3);
    service.set("actor_id", "text", "c-9001");
    assert_eq!(
        figure(&service.row("suspect-access"), "live_magic_links"),
        1
    );
    assert_eq!(service.verdict("cross-tenant-reads"), "FAIL");
}

const TENANT: &str = r#"
[[story]]
id = "leak"
kind = "tenant-leak"
from = "-45m"
actors = 1
targets = 2
every = "60s"
unknown = 0.1
"#;

#[test]
fn a_tenant_leak_names_tenants_until_it_is_mended() {
    for seed in SEEDS {
        let mut service = Service::new("cross-tenant-data-leakage", TENANT, seed);
        assert_eq!(service.verdict("audit-log-alive"), "PASS");
        assert_eq!(service.verdict("cross-tenant-count"), "FAIL");
        let count = service.row("cross-tenant-count");
        assert!(figure(&count, "unknown") > 0, "{count:?}");
        let tenants = service.ask("affected-tenants");
        assert_eq!(
            distinct(&tenants, "affected_tenant"),
            set(&service.names("leak", "targets")),
            "seed {seed}"
        );
        service.world.stop("leak");
        service.pass(1);
        let before = figure(&service.row("cross-tenant-count"), "mismatched");
        service.pass(30);
        assert_eq!(
            figure(&service.row("cross-tenant-count"), "mismatched"),
            before
        );
        assert!(!service.facts().going.contains("leak"));
    }
}

#[test]
fn an_abused_session_has_most_addresses() {
    const ABUSE: &str = r#"
[[story]]
id = "abuse"
kind = "session-abuse"
from = "-45m"
addresses = 9
every = "50s"
"#;
    for seed in SEEDS {
        let mut service = Service::new("token-session-abuse", ABUSE, seed);
        let user = service.name("abuse", "user");
        let rows = service.ask("addresses-by-user");
        let first = rows.first().unwrap();
        assert_eq!(text(first, "actorUserId"), user, "seed {seed}: {rows:#?}");
        assert!(figure(first, "addresses") >= 9);
        service.set("user_id", "text", &user);
        let trail = distinct(&service.ask("user-trail"), "ip");
        let known = set(&service.names("abuse", "addresses"));
        assert!(trail.intersection(&known).count() >= 7, "{trail:?}");
    }
}

const HOOK: &str = r#"
[[story]]
id = "hook"
kind = "webhook-failure"
from = "-45m"
status = STATUS
share = SHARE
every = "60s"
"#;

#[test]
fn a_failing_endpoint_fails_until_it_is_disabled() {
    for seed in SEEDS {
        let variants = [(503, 1.0, "Yes"), (0, 1.0, "Yes"), (500, 0.4, "No")];
        let (status, share, fate) = turn(seed, &variants);
        let story = HOOK
            .replace("STATUS", &status.to_string())
            .replace("SHARE", &share.to_string());
        let mut service = Service::new("webhook-delivery-failures", &story, seed);
        service.set("tenant_id", "text", &service.name("hook", "tenant"));
        let endpoint = service.name("hook", "endpoint");
        service.set("endpoint_id", "text", &endpoint);
        // Deliveries from before the story went well.
        service.set("window_start", "datetime", &service.minutes(-45));
        let listed = distinct(&service.ask("endpoints"), "endpointId");
        assert!(listed.contains(&endpoint));
        assert_eq!(service.verdict("delivery-health"), "FAIL", "seed {seed}");
        let health = service.row("delivery-health");
        assert_eq!(
            service.suggested("endpoint-fate", &[health]),
            [fate],
            "seed {seed}"
        );
        service.set("endpoint_url", "text", &service.name("hook", "url"));
        let (exit, answer) = service.script("reachable");
        let expected = if status == 0 {
            "000".to_owned()
        } else {
            status.to_string()
        };
        assert!(answer.starts_with(&expected), "{exit}: {answer}");
        assert_eq!(exit == 0, status != 0, "{answer}");

        assert_eq!(service.write("disable-endpoint"), 1);
        service.pass(1);
        let before = figure(&service.row("delivery-health"), "deliveries");
        service.pass(30);
        let after = figure(&service.row("delivery-health"), "deliveries");
        assert_eq!(after, before, "seed {seed}: a disabled endpoint was called");
        assert!(!service.facts().going.contains("hook"));
    }
}

#[test]
fn exports_fail_for_their_cause() {
    for seed in SEEDS {
        let causes = [("disk-full", "ENOSPC"), ("access-denied", "AccessDenied")];
        let (cause, reason) = turn(seed, &causes);
        let story = format!(
            "[[story]]\nid = \"exports\"\nkind = \"export-failure\"\nfrom = \"-45m\"\ncause = \"{cause}\"\nevery = \"2m\"\n"
        );
        let mut service = Service::new("export-failures", &story, seed);
        service.pass(1);
        let rows = service.ask("export-errors");
        assert!(rows.len() > 5, "{} failures", rows.len());
        assert!(rows.iter().all(|row| text(row, "reason").contains(reason)));
        let status = service.world.status();
        assert_eq!(status.disk_percent >= 95, cause == "disk-full");
        assert_eq!(status.storage_denied, cause == "access-denied");
        service.world.stop("exports");
        service.pass(1);
        let status = service.world.status();
        assert!(status.disk_percent < 95 && !status.storage_denied);
    }
}

#[test]
fn ending_the_blocker_lets_the_others_go_on() {
    for seed in SEEDS {
        let act = turn(seed, &["cancel-query", "terminate-session"]);
        let mut service = Service::new("database-performance-degradation", SLOW, seed);
        let pid = service.name("slow", "pid");
        let blockers = service.ask("blockers");
        let first = blockers.first().unwrap();
        assert_eq!(figure(first, "pid").to_string(), pid);
        assert_eq!(figure(first, "sessions_blocked"), 6);
        assert!(service.ask("active-queries").len() >= 7);
        let scanned = service.ask("missing-indexes");
        assert_eq!(
            scanned.first().map(|row| text(row, "relname")),
            Some("dsar_cases")
        );
        assert_eq!(service.status_of("/api/health/readiness"), 503);

        service.set("backend_pid", "integer", &pid);
        assert_eq!(service.ask("backend").len(), 1);
        service.write(act);
        service.pass(1);
        assert!(service.ask("blockers").is_empty(), "seed {seed}, {act}");
        assert_eq!(service.status_of("/api/health/readiness"), 200);
        let facts = service.facts();
        assert!(facts.ended.contains(&pid));
        assert!(!facts.going.contains("slow"));
        assert_eq!(
            service.ask("backend").len(),
            usize::from(act == "cancel-query")
        );
    }
}

#[test]
fn cancelling_one_that_waits_does_not_help() {
    let story = "[[story]]\nid = \"slow\"\nkind = \"slow-database\"\nfrom = \"-20m\"\nwaiting = 3\ntable = \"dsar_cases\"\n";
    let mut service = Service::new("database-performance-degradation", story, 1);
    let pid: i64 = service.name("slow", "pid").parse().unwrap();
    service.set("backend_pid", "integer", &(pid + 3).to_string());
    service.write("cancel-query");
    service.pass(1);
    let blockers = service.ask("blockers");
    assert_eq!(
        blockers.first().map(|row| figure(row, "sessions_blocked")),
        Some(3)
    );
    assert!(service.facts().going.contains("slow"));
}

#[test]
fn errors_and_silence_last_while_they_go_on() {
    const STATES: &str = r#"
[[story]]
id = "errors"
kind = "errors"
from = "-60m"
share = 0.5

[[story]]
id = "silence"
kind = "silence"
waits = true
source = "telemetry"

[[story]]
id = "quiet-trail"
kind = "silence"
waits = true
source = "access_logs"
"#;
    for seed in SEEDS {
        let mut service = Service::new("incident-response", STATES, seed);
        service.set("window_start", "datetime", &service.minutes(-60));
        let row = service.row("access-scope-count");
        assert!(
            figure(&row, "errors") * 5 > figure(&row, "reads"),
            "seed {seed}: {row:?}"
        );
        assert_eq!(
            service.suggested("assign-severity", &[row]),
            ["Sev 1"],
            "seed {seed}"
        );
        service.world.start("silence");
        service.world.start("quiet-trail");
        service.pass(20);
        let newest =
            "customMetrics | summarize newest = max(timestamp) | extend age = _window_end - newest";
        let age = service.kql(newest).first().map(|row| figure(row, "age"));
        assert!(age.is_some_and(|age| age > 900), "{age:?}");
        service.set("window_start", "datetime", &service.minutes(2));
        assert_eq!(figure(&service.row("access-scope-count"), "reads"), 0);
        service.world.stop("silence");
        service.world.stop("quiet-trail");
        service.world.stop("errors");
        service.set("window_start", "datetime", &service.minutes(21));
        service.pass(20);
        let row = service.row("access-scope-count");
        assert!(figure(&row, "reads") > 0);
        assert!(
            figure(&row, "errors") * 5 <= figure(&row, "reads"),
            "{row:?}"
        );
        let age = service.kql(newest).first().map(|row| figure(row, "age"));
        assert!(age.is_some_and(|age| age < 600), "{age:?}");
    }
}

#[test]
fn a_story_waits_ends_by_itself_and_begins_again() {
    let story = ATTACK
        .replace("ACTORS", "1")
        .replace("TARGETS", "1")
        .replace("SUCCEED", "0")
        .replace("UNKNOWN", "0")
        .replace("from = \"-40m\"", "waits = true\nuntil = \"15m\"");
    for seed in SEEDS {
        let mut service = Service::new("org-isolation-breach", &story, seed);
        service.pass(5);
        assert!(service.ask("attempts-by-actor").is_empty());
        service.world.start("attack");
        service.pass(9);
        assert!(service.facts().going.contains("attack"));
        assert_eq!(service.ask("attempts-by-actor").len(), 1, "seed {seed}");
        service.pass(6);
        assert!(
            !service.facts().going.contains("attack"),
            "its time is over"
        );
        service.world.start("attack");
        service.pass(1);
        assert!(service.facts().going.contains("attack"));
        service.world.stop("attack");
        assert!(!service.facts().going.contains("attack"));
    }
}

#[test]
fn given_staff_have_a_session_and_can_be_shut_out() {
    let story = ATTACK
        .replace("ACTORS", "[\"st-contractor\"]")
        .replace("TARGETS", "1")
        .replace("SUCCEED", "0")
        .replace("UNKNOWN", "0");
    let mut service = Service::new("org-isolation-breach", &story, 2);
    service.set("actor_id", "text", "st-contractor");
    assert_eq!(
        distinct(&service.ask("attempts-by-actor"), "actorId"),
        set(&["st-contractor".to_owned()])
    );
    assert_eq!(service.write("revoke"), 1);
    service.set("window_start", "datetime", &service.minutes(1));
    service.pass(20);
    assert!(service.ask("attempts-by-actor").is_empty());
}

#[test]
fn what_a_story_wrote_can_be_erased() {
    let mut service = attack(1, 2, 0.2, 0.0, 6);
    assert_eq!(service.verdict("cross-org"), "FAIL");
    service.world.erase("commerce.audit_entries", "attack");
    service.world.erase("traces", "attack");
    assert_eq!(service.verdict("cross-org"), "PASS");
    assert!(service.ask("attempts-by-actor").is_empty());
}
