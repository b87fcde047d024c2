//! The scenarios that come with the program, played: the service shows what the truth says, and what is done has its consequences.

mod endings;

use std::collections::BTreeSet;
use std::time::Duration;

use super::{Player, built_in, playbook};
use crate::drill::Facts;
use crate::drill::scenario::{self, BUILT_IN, Scenario, Trigger};
use crate::drill::world::Act;
use crate::kql;
use crate::model::input;
use crate::pgsql::{self, Value};

pub(in crate::drill) fn query(player: &Player, text: &str) -> Vec<Vec<kql::Value>> {
    let never = || false;
    let world = player.director.world();
    let options = kql::Options {
        now: kql::value::UNIX_EPOCH_TICKS + world.now().as_microsecond() * 10,
        parameters: Vec::new(),
    };
    let run = kql::Run::new(kql::Limits::default(), &never);
    let answers = kql::run(text, world.telemetry(), &options, &run).unwrap();
    answers[0].values().collect()
}

pub(in crate::drill) fn traces(player: &Player) -> usize {
    query(player, "traces | where message contains 'ORG MISMATCH'").len()
}

/// What the trail of the state machine says, as the playbook counts it: mismatched, unknown, checked.
pub(in crate::drill) fn trail(player: &Player) -> (usize, usize, usize) {
    let table = player.director.world().database();
    let table = table.table("commerce", "audit_entries").unwrap();
    let (org, metadata) = (
        table.column("org_id").unwrap(),
        table.column("metadata").unwrap(),
    );
    let mut counts = (0, 0, table.rows.len());
    for row in &table.rows {
        let resource = match &row[metadata] {
            Value::Json(metadata) => metadata["resourceOrgId"].as_str(),
            _ => None,
        };
        match (&row[org], resource) {
            (Value::Null, _) | (_, None) => counts.1 += 1,
            (own, Some(resource)) if *own != Value::text(resource) => counts.0 += 1,
            _ => {}
        }
    }
    counts
}

/// A built-in scenario with a short past, so that a debug build plays it in time.
fn short(id: &str) -> Scenario {
    let mut scenario = built_in(id);
    scenario.history = Duration::from_secs(3 * 3_600);
    scenario
}

const SEEDS: [u64; 5] = [1, 7, 42, 1_000, 999_999];

#[test]
fn names_and_inputs_of_every_scenario_are_there_for_every_seed() {
    for (name, _) in BUILT_IN {
        for seed in SEEDS {
            let scenario = built_in(name.trim_end_matches(".toml"));
            let playbook = playbook(&scenario.playbook);
            let facts = Facts::drawn(&scenario, seed);
            for text in scenario
                .injects
                .iter()
                .map(|one| &one.text)
                .chain([&scenario.truth.text])
            {
                let filled = facts.fill(text);
                assert!(!filled.contains('{'), "{name}, seed {seed}: {filled}");
            }
            for (id, value) in &scenario.inputs {
                let value = facts.fill(value);
                let taken = input::check(&playbook.inputs[id], &value);
                assert!(
                    taken.is_ok(),
                    "{name}, seed {seed}: {id} = {value}: {taken:?}"
                );
            }
        }
    }
}

/// Every story draws the names that its kind promises, and no others.
#[test]
fn stories_draw_the_names_that_texts_may_speak_of() {
    for (name, _) in BUILT_IN {
        let scenario = built_in(name.trim_end_matches(".toml"));
        let facts = Facts::drawn(&scenario, 3);
        for story in &scenario.stories {
            let drawn: BTreeSet<&str> = facts.names[&story.id].keys().map(String::as_str).collect();
            let promised: BTreeSet<&str> =
                scenario::roles(&story.pattern).iter().copied().collect();
            assert_eq!(drawn, promised, "{name}: {}", story.id);
        }
    }
}

#[test]
fn the_patterns_of_the_breach_show_as_the_truth_says() {
    let count = "traces | where message contains 'ORG MISMATCH' | where timestamp > datetime(2026-01-01)
        | summarize attempts = count() by actor = tostring(customDimensions.actorId), target = tostring(customDimensions.attemptedOrgId)";
    // Scenario; actors and targets at least; whether that is all there are.
    let expected = [
        ("coordinated-attack", 2, 1),
        ("misconfigured-client", 1, 6),
        ("routing-bug", 9, 5),
        ("bad-deployment", 5, 5),
        ("false-alarm", 1, 4),
        ("missing-keys", 2, 1),
    ];
    for (id, actors, targets) in expected {
        for seed in SEEDS {
            let mut player = Player::new(short(id), seed);
            player.waits(200);
            let rows = query(&player, count);
            let distinct = |column: usize| {
                let all: BTreeSet<String> = rows
                    .iter()
                    .map(|row| format!("{:?}", row[column]))
                    .collect();
                all.len()
            };
            assert_eq!(
                (distinct(0), distinct(1)),
                (actors, targets),
                "{id}, seed {seed}: {rows:?}"
            );
            let (mismatched, unknown, checked) = trail(&player);
            assert!(checked > 50, "{id}, seed {seed}: {checked}");
            let truth = &player.director.scenario().truth;
            let right = &truth.decisions["outcome"];
            match right[0].as_str() {
                "Yes" => assert!(
                    mismatched > 0 && unknown == 0,
                    "{id}, seed {seed}: {mismatched} {unknown}"
                ),
                "No" => assert_eq!((mismatched, unknown), (0, 0), "{id}, seed {seed}"),
                _ => assert!(
                    mismatched == 0 && unknown > 0,
                    "{id}, seed {seed}: {mismatched} {unknown}"
                ),
            }
        }
    }
}

#[test]
fn every_inject_by_time_comes_and_no_consequence_does_by_itself() {
    for (name, _) in BUILT_IN {
        let mut scenario = short(name.trim_end_matches(".toml"));
        scenario.history = Duration::from_secs(150 * 60);
        let lasts = scenario.lasts.as_secs() as i64;
        let timed: Vec<String> = scenario
            .injects
            .iter()
            .filter(|one| matches!(one.trigger, Trigger::At(_)))
            .map(|one| one.id.clone())
            .collect();
        let mut player = Player::new(scenario, 11);
        player.waits(lasts);
        let came = player.came();
        assert_eq!(came, timed, "{name}");
        assert!(
            player.injected.iter().all(|one| one.damage.is_none()),
            "{name}"
        );
    }
}

#[test]
fn revoking_both_actors_ends_the_attack_and_the_pager_says_so() {
    let mut player = Player::new(short("coordinated-attack"), 5);
    let actors = player.names("attack", "actors");
    player.runs(100, "preserve-logs", true);
    player.revokes(200, &actors[0]);
    player.runs(200, "revoke", false);
    player.waits(700);
    assert!(
        player.came().contains(&"one-is-left"),
        "{:?}",
        player.came()
    );
    assert!(!player.came().contains(&"quiet"));
    let before = traces(&player);
    player.revokes(710, &actors[1]);
    player.runs(710, "revoke", false);
    player.waits(1_000);
    assert!(player.came().contains(&"quiet"), "{:?}", player.came());
    let after = traces(&player);
    player.waits(2_000);
    assert_eq!(traces(&player), after);
    assert!(before <= after && before > 0);
    assert!(
        player.came().contains(&"trail-gone"),
        "only the logs were saved"
    );
}

#[test]
fn containing_before_capturing_loses_the_forensics() {
    let mut player = Player::new(short("coordinated-attack"), 5);
    let actor = player.names("attack", "actors")[0].clone();
    player.waits(180);
    assert!(trail(&player).0 > 3);
    player.revokes(200, &actor);
    player.runs(200, "revoke", false);
    player.waits(385);
    let damage = player.injected.iter().find(|one| one.id == "trail-gone");
    assert!(damage.is_some_and(|one| one.damage.is_some()));
    // The other actor goes on.
    assert!(trail(&player).0 < 3, "{:?}", trail(&player));
}

/// Asks the database of the service.
fn sql(player: &mut Player, text: &str) -> Vec<Vec<Value>> {
    let never = || false;
    let world = player.director.world_mut();
    let context = pgsql::Context {
        now: world.now().as_microsecond(),
        user: "operator",
        stop: &never,
    };
    let written = world.change(|database| pgsql::write(database, text, &[], &context, None));
    written
        .unwrap()
        .answer
        .map_or_else(Vec::new, |answer| answer.rows)
}

/// One row of numbers.
fn numbers(player: &mut Player, text: &str) -> Vec<i64> {
    let rows = sql(player, text);
    let number = |value: &Value| match value {
        Value::Int(number) => *number,
        other => panic!("{text}: {other:?}"),
    };
    rows[0].iter().map(number).collect()
}

/// Reads that crossed organisations, that crossed modes, that nobody can judge, that failed, and all.
const READS: &str = "SELECT count(*) FILTER (WHERE org_id <> resource_org_id),
    count(*) FILTER (WHERE mode <> resource_mode),
    count(*) FILTER (WHERE org_id IS NULL OR resource_org_id IS NULL OR mode IS NULL OR resource_mode IS NULL),
    count(*) FILTER (WHERE status >= 500),
    count(*)
    FROM access_logs";

#[test]
fn the_three_modes_of_a_leak_look_different() {
    for seed in SEEDS {
        let looked = ["mode-a", "mode-b", "mode-c"].map(|id| {
            let mut player = Player::new(short(id), seed);
            player.waits(120);
            let reads = numbers(&mut player, READS);
            let commits = player.director.world().status().commits;
            let hatches = commits.iter().any(|commit| {
                let inside = commit
                    .files
                    .iter()
                    .all(|file| file.starts_with("packages/database/src"));
                let found = |line: &String| {
                    ["queryRaw", "executeRaw", "eslint-disable"]
                        .iter()
                        .any(|word| line.contains(word))
                };
                !inside && commit.lines.iter().any(found)
            });
            (reads[0] > 0, reads[1] > 0, reads[2] > 0, hatches)
        });
        let expected = [
            (true, false, false, true),
            (false, true, false, false),
            (true, false, true, false),
        ];
        assert_eq!(looked, expected, "seed {seed}");
    }
}

#[test]
fn freezing_the_right_operation_ends_the_reads_and_the_wrong_one_hurts() {
    let mut player = Player::new(short("mode-a"), 3);
    let operation = player.names("leak", "operations")[0].clone();
    player.waits(100);
    player
        .director
        .world_mut()
        .act(&Act::FreezeOperation("orders.list".to_owned()));
    player.waits(400);
    assert!(player.came().contains(&"wrong-path"));
    assert!(!player.came().contains(&"path-closed"));
    player
        .director
        .world_mut()
        .act(&Act::FreezeOperation(operation));
    player.waits(480);
    assert!(player.came().contains(&"path-closed"));
    let before = numbers(&mut player, READS)[0];
    player.waits(1_500);
    assert_eq!(numbers(&mut player, READS)[0], before);
}

#[test]
fn rotating_before_the_snapshot_loses_the_reads() {
    let mut player = Player::new(short("mode-c"), 3);
    player.waits(100);
    let now = player.director.world().now();
    player.director.world_mut().act(&Act::RotateTokens(now));
    player.waits(300);
    assert!(player.came().contains(&"state-gone"));
    assert_eq!(numbers(&mut player, READS)[0], 0);

    let mut player = Player::new(short("mode-c"), 3);
    let target = player.names("leak", "targets")[0].clone();
    player.waits(100);
    player
        .director
        .world_mut()
        .act(&Act::SnapshotOrganisation(target));
    player.director.world_mut().act(&Act::RotateTokens(now));
    player.waits(300);
    assert!(!player.came().contains(&"state-gone"));
    assert!(numbers(&mut player, READS)[0] > 0);
}

#[test]
fn a_staff_session_is_found_and_ended() {
    for seed in SEEDS {
        let mut player = Player::new(short("staff-session-leak"), seed);
        let actor = player.names("reads", "actors")[0].clone();
        player.waits(60);
        let text = format!(
            "SELECT (SELECT count(*) FROM audit_events WHERE actor_id = '{actor}' AND event_type = 'cross_tenant_read'),
                (SELECT count(*) FROM staff_sessions WHERE staff_user_id = '{actor}' AND revoked_at IS NULL),
                (SELECT count(*) FROM cycle_requests WHERE contact_id = '{actor}')"
        );
        let found = numbers(&mut player, &text);
        assert!(
            found[0] > 0 && found[1] > 0 && found[2] == 0,
            "seed {seed}: {found:?}"
        );
        let route = player.director.world().status().route;
        assert_eq!(
            route,
            Some(("cycles/export.ts".to_owned(), "missing".to_owned()))
        );
        player.runs(70, "audit-events", true);
        player.revokes(100, &actor);
        player.runs(100, "revoke-actor-sessions", false);
        player.waits(400);
        assert!(player.came().contains(&"session-ended"));
        assert!(player.injected.iter().all(|one| one.damage.is_none()));
        assert!(!player.director.facts().going.contains("reads"));
    }
}

#[test]
fn logging_out_everybody_fills_the_support_queue() {
    for id in ["staff-session-leak", "magic-link"] {
        let mut player = Player::new(short(id), 3);
        player.waits(100);
        sql(
            &mut player,
            "UPDATE staff_sessions SET revoked_at = now() WHERE revoked_at IS NULL",
        );
        player.runs(100, "revoke-all-staff-sessions", false);
        player.waits(400);
        let queue = player.injected.iter().find(|one| one.id == "support-queue");
        assert!(queue.is_some_and(|one| one.damage.is_some()), "{id}");
    }
}

#[test]
fn a_magic_link_is_found_and_expired() {
    for seed in SEEDS {
        let mut player = Player::new(short("magic-link"), seed);
        let contact = player.names("link", "contact")[0].clone();
        player.waits(60);
        let text = format!(
            "SELECT (SELECT count(*) FROM audit_events WHERE actor_id = '{contact}' AND event_type = 'cross_tenant_read'),
                (SELECT count(*) FROM staff_sessions WHERE staff_user_id = '{contact}'),
                (SELECT count(*) FROM cycle_requests WHERE contact_id = '{contact}' AND (expires_at IS NULL OR expires_at > now()))"
        );
        let found = numbers(&mut player, &text);
        assert!(
            found[0] > 0 && found[1] == 0 && found[2] > 0,
            "seed {seed}: {found:?}"
        );
        let link = player.names("link", "link")[0].clone();
        sql(
            &mut player,
            &format!("UPDATE cycle_requests SET expires_at = now() WHERE id = '{link}'"),
        );
        player.waits(200);
        assert!(
            !player.director.facts().going.contains("link"),
            "seed {seed}"
        );
    }
}

#[test]
fn a_tenant_leak_has_entries_of_others_and_entries_of_nobody() {
    for seed in SEEDS {
        let mut player = Player::new(short("tenant-leak"), seed);
        player.waits(120);
        let text = r#"SELECT count(*) FILTER (WHERE al."tenantId" <> u."tenantId"),
            count(*) FILTER (WHERE al."tenantId" IS NULL OR u."tenantId" IS NULL)
            FROM "audit_logs" al LEFT JOIN "users" u ON u."id" = al."actorUserId""#;
        let found = numbers(&mut player, text);
        assert!(found[0] > 0 && found[1] > 0, "seed {seed}: {found:?}");
        player.runs(130, "audit-log-copy", true);
        player.ticks(200, "route-disabled");
        player.waits(210);
        let before = numbers(&mut player, text);
        player.waits(900);
        assert_eq!(numbers(&mut player, text), before, "seed {seed}");
        assert!(!player.came().contains(&"clean-up-ran"));
    }
}

#[test]
fn the_abused_session_stands_out() {
    for seed in SEEDS {
        let mut player = Player::new(short("session-abuse"), seed);
        player.waits(120);
        let text = r#"SELECT "actorUserId", count(DISTINCT ip) FROM "audit_logs" GROUP BY 1 ORDER BY 2 DESC LIMIT 2"#;
        let rows = sql(&mut player, text);
        assert_eq!(
            rows[0][0],
            Value::text(player.names("abuse", "user")[0].as_str()),
            "seed {seed}"
        );
        let addresses = |row: &[Value]| match row[1] {
            Value::Int(count) => count,
            _ => 0,
        };
        assert!(
            addresses(&rows[0]) >= 10 && addresses(&rows[1]) < 5,
            "seed {seed}: {rows:?}"
        );
    }
}

#[test]
fn the_failing_endpoint_is_one_and_disabling_another_hurts() {
    for seed in SEEDS {
        let mut player = Player::new(short("webhook-failure"), seed);
        let endpoint = player.names("hook", "endpoint")[0].clone();
        player.waits(60);
        let text = format!(
            r#"SELECT count(*) FILTER (WHERE "statusCode" IS NULL OR "statusCode" > 299), count(*) FROM "webhook_deliveries"
            WHERE "endpointId" = '{endpoint}' AND "createdAt" > (now() - interval '1 hour')"#
        );
        let found = numbers(&mut player, &text);
        assert!(
            found[0] == found[1] && found[1] >= 5,
            "seed {seed}: {found:?}"
        );
        let other = format!(
            r#"UPDATE "webhook_endpoints" SET enabled = false WHERE id = (SELECT min(id) FROM "webhook_endpoints" WHERE enabled AND id <> '{endpoint}')"#
        );
        sql(&mut player, &other);
        player.waits(260);
        assert!(player.came().contains(&"wrong-endpoint"), "seed {seed}");
        sql(
            &mut player,
            &format!(r#"UPDATE "webhook_endpoints" SET enabled = false WHERE id = '{endpoint}'"#),
        );
        player.waits(350);
        assert!(player.came().contains(&"disabled"), "seed {seed}");
        let before = numbers(&mut player, &text)[1];
        player.waits(500);
        assert!(numbers(&mut player, &text)[1] <= before);
    }
}

#[test]
fn exports_fail_because_the_disk_is_full() {
    let mut player = Player::new(short("export-failure"), 3);
    player.waits(60);
    assert!(player.director.world().status().disk_percent >= 95);
    let text = r#"SELECT count(*) FROM "audit_logs" WHERE upper(action) LIKE '%EXPORT%' AND upper(action) LIKE '%FAIL%'"#;
    assert!(numbers(&mut player, text)[0] > 20);
    player.ticks(100, "temp-files-cleaned");
    player.waits(300);
    assert!(player.came().contains(&"exports-work"));
    assert!(player.director.world().status().disk_percent < 95);
    let before = numbers(&mut player, text);
    player.waits(900);
    assert_eq!(numbers(&mut player, text), before);
}

#[test]
fn ending_the_blocker_frees_the_others_and_ending_one_of_them_hurts() {
    for seed in SEEDS {
        let mut player = Player::new(short("slow-database"), seed);
        let pid = player.names("lock", "pid")[0].clone();
        player.waits(60);
        let blockers = "SELECT DISTINCT blocker.pid FROM pg_stat_activity waiting
            JOIN pg_stat_activity blocker ON blocker.pid = ANY (pg_blocking_pids(waiting.pid))";
        let found = sql(&mut player, blockers);
        assert_eq!(found, [[Value::Int(pid.parse().unwrap())]], "seed {seed}");
        assert!(!player.director.world().status().database_ready);
        let waiting = sql(
            &mut player,
            "SELECT min(pid) FROM pg_stat_activity WHERE cardinality(pg_blocking_pids(pid)) > 0",
        );
        let Value::Int(waiting) = waiting[0][0] else {
            panic!("{waiting:?}");
        };
        sql(&mut player, &format!("SELECT pg_cancel_backend({waiting})"));
        player.waits(200);
        assert!(player.came().contains(&"wrong-backend"), "seed {seed}");
        sql(&mut player, &format!("SELECT pg_cancel_backend({pid})"));
        player.waits(300);
        assert!(player.came().contains(&"pages-are-back"), "seed {seed}");
        assert!(player.director.world().status().database_ready);
    }
}

#[test]
fn under_the_errors_there_are_reads_of_others() {
    for seed in SEEDS {
        let mut player = Player::new(short("errors-and-more"), seed);
        player.waits(120);
        let reads = numbers(&mut player, READS);
        assert!(reads[0] > 0, "seed {seed}: {reads:?}");
        assert!(reads[3] > 0, "seed {seed}: {reads:?}");
        player.sends(
            200,
            "customer-notification",
            "The issue has been contained.",
        );
        player.waits(500);
        assert!(player.came().contains(&"told-too-early"), "seed {seed}");
    }
}
