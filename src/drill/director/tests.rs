//! Tests of the director.

use proptest::prelude::*;

use super::*;
use crate::drill::playing::Player;
use crate::drill::playing::tests::trail;
use crate::drill::scenario;
use crate::model::diagnostic::SourceText;

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
fn what_a_facilitator_called_happens_and_does_not_come_again() {
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

/// With a condition that has to hold for a minute, and the same that counts from when it first held.
fn held() -> Scenario {
    let injects = r#"
[[inject]]
id = "stands"
when = '"bug-deployed" in ticked'
for = "60s"
text = "It stands."

[[inject]]
id = "held-once"
when = '"bug-deployed" in ticked'
after = "60s"
text = "It held."

[truth]"#;
    let text = SMALL.replacen("\n[truth]", injects, 1);
    let (scenario, found) = scenario::parse(SourceText::new("held.toml", text));
    assert_eq!(found, []);
    scenario
}

#[test]
fn what_has_to_hold_for_a_time_begins_anew_when_it_is_broken_off() {
    let mut player = Player::new(held(), 7);
    let untick = |check: &str| Body::CheckUnticked {
        check: check.into(),
    };
    player.ticks(20, "bug-deployed");
    player.does(70, untick("bug-deployed"));
    // It does not apply: it was not done either.
    let waved = Body::CheckTicked {
        check: "bug-deployed".into(),
        not_applicable: Some("there was no bug".into()),
    };
    player.does(80, waved);
    player.waits(200);
    assert!(player.came().contains(&"held-once"));
    assert!(!player.came().contains(&"stands"), "{:?}", player.came());
    player.ticks(300, "bug-deployed");
    player.waits(400);
    let came = told(&player);
    let stands = came.iter().find(|(id, _)| id == "stands");
    assert_eq!(stands.map(|(_, at)| *at), Some(365), "{came:?}");
}
