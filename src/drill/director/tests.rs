use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::drill::playing::{Player, built_in, playbook};
use crate::drill::scenario::{self, BUILT_IN};
use crate::kql;
use crate::model::diagnostic::SourceText;
use crate::model::input;
use crate::pgsql::Value;

/// A small service with an attack that stops, and injects of every kind.
const SMALL: &str = r#"drill = 1
id = "small"
title = "Small"
summary = "Nothing much."
playbook = "org-isolation-breach"
starts = 2026-03-10T03:00:00Z
history = "15m"

[service]
organisations = 6
users = 2
staff = 6
requests_per_minute = 2

[[story]]
id = "attack"
kind = "cross-org-attempts"
from = "-10m"
actors = 2
targets = 1
every = "20s"
succeed = 0.5
stop_when = '"bug-deployed" in ticked'

[[story]]
id = "later"
kind = "errors"
waits = true
share = 0.5

[[inject]]
id = "timed"
at = "61s"
text = "{attack.targets.0} writes."

[[inject]]
id = "delayed"
when = '"scope" in ran && !("revoke" in ran)'
after = "42s"
start = ["later"]

[[inject]]
id = "stopped"
when = '!("attack" in going)'
text = "It is quiet."

[[inject]]
id = "called"
called = true
text = "Look!"
stop = ["later"]
erase = [{ table = "commerce.audit_entries", story = "attack" }]

[truth]
breach = false
text = "Nothing."

[rubric]
acknowledge = { within = "2m", points = 10 }
false_all_clear = 10
"#;

fn small() -> Scenario {
    let (scenario, found) = scenario::parse(SourceText::new("small.toml", SMALL));
    assert_eq!(found, []);
    scenario
}

/// What came when: name and seconds after the page.
fn told(player: &Player) -> Vec<(String, i64)> {
    let starts = player.director.scenario().starts;
    let of = |one: &Injected| (one.id.clone(), one.at.duration_since(starts).as_secs());
    player.injected.iter().map(of).collect()
}

/// The same drill, with time that passes in other steps.
fn play(steps: &[i64]) -> Player {
    let mut player = Player::new(small(), 7);
    let mut now = 0;
    let mut steps = steps.iter().cycle();
    let mut wait_until = |player: &mut Player, second: i64| {
        while now < second {
            now = (now + steps.next().unwrap()).min(second);
            player.waits(now);
        }
    };
    wait_until(&mut player, 33);
    player.runs(33, "scope", false);
    wait_until(&mut player, 120);
    player.ticks(120, "bug-deployed");
    wait_until(&mut player, 181);
    player.waits(181);
    player
}

#[test]
fn injects_come_at_the_end_of_the_tick_in_which_they_are_due() {
    let player = play(&[1_000]);
    assert_eq!(
        told(&player),
        [
            ("timed".to_owned(), 65),
            ("delayed".to_owned(), 80),
            ("stopped".to_owned(), 130)
        ]
    );
    let target = &player.names("attack", "targets")[0];
    assert_eq!(player.injected[0].text, format!("{target} writes."));
    assert!(player.director.facts().going.contains("later"));
    assert!(!player.director.facts().going.contains("attack"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn the_steps_in_which_time_passes_make_no_difference(steps in prop::collection::vec(1_i64..90, 1..12)) {
        let (whole, stepped) = (play(&[1_000]), play(&steps));
        prop_assert_eq!(told(&whole), told(&stepped));
        prop_assert_eq!(whole.director.facts(), stepped.director.facts());
    }
}

#[test]
fn an_inject_that_the_record_holds_is_not_brought_again() {
    let first = play(&[1_000]);
    let mut director = Director::new(Arc::new(small()), 7);
    for sealed in &first.entries {
        director.observe(sealed);
    }
    director.advance(first.director.world().now());
    // Brought while the record was read, or not at all: what is recorded already is the caller's to drop.
    let again: Vec<String> = director
        .take_injected()
        .into_iter()
        .map(|one| one.id)
        .collect();
    assert_eq!(again, first.came());
    director.advance(first.director.world().now() + SignedDuration::from_mins(5));
    assert_eq!(director.take_injected(), []);
    assert_eq!(director.facts(), first.director.facts());
}

#[test]
fn a_facilitator_brings_an_inject_by_name() {
    let mut player = play(&[1_000]);
    assert!(trail(&player).0 > 0);
    player.does(
        190,
        Body::DrillInjected {
            inject: "called".into(),
            from: "system".into(),
            text: "Look!".into(),
            damage: None,
            called: true,
        },
    );
    player.waits(200);
    assert!(
        !player.came().contains(&"called"),
        "it is in the record already"
    );
    assert!(!player.director.facts().going.contains("later"));
    assert_eq!(trail(&player).0, 0);
    let error = player.director.inject("caled").unwrap_err();
    assert_eq!(
        error,
        "scenario small has no inject \"caled\": did you mean \"called\"?"
    );
    assert_eq!(player.director.inject("called").unwrap().text, "Look!");
}

#[test]
fn the_next_inject_is_announced() {
    let mut director = Director::new(Arc::new(small()), 7);
    let starts = director.scenario().starts;
    director.advance(starts + SignedDuration::from_secs(10));
    assert_eq!(
        director.next_due(),
        Some(starts + SignedDuration::from_secs(61))
    );
    director.advance(starts + SignedDuration::from_secs(70));
    assert_eq!(director.next_due(), None);
}

fn query(player: &Player, text: &str) -> Vec<Vec<kql::Value>> {
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

fn traces(player: &Player) -> usize {
    query(player, "traces | where message contains 'ORG MISMATCH'").len()
}

/// What the trail of the state machine says, as the playbook counts it: mismatched, unknown, checked.
fn trail(player: &Player) -> (usize, usize, usize) {
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
    assert!(player.came().contains(&"trail-gone"), "only the logs were saved");
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
