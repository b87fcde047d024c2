//! Tests of the score.

mod fairness;

use super::*;
use crate::drill::playing::{Player, built_in};
use crate::drill::scenario::Scenario;
use crate::record::entry::Body;

/// A built-in scenario that is quick to build: the score looks at the record only.
fn quick(id: &str) -> Scenario {
    let mut scenario = built_in(id);
    scenario.history = std::time::Duration::from_secs(600);
    scenario.service.requests_per_minute = 1;
    scenario
}

fn line<'s>(score: &'s Score, title: &str) -> &'s Line {
    let found = score.lines.iter().find(|line| line.title == title);
    found.unwrap_or_else(|| panic!("no line {title:?}: {:#?}", score.lines))
}

/// The default drill as it should be played, up to what `last` does instead of the answer to "did any succeed?".
fn well(last: impl FnOnce(&mut Player)) -> Player {
    let mut player = Player::new(quick("coordinated-attack"), 5);
    let actors = player.names("attack", "actors");
    player.runs(40, "heartbeat", true);
    player.keeps(50, "mismatch");
    player.runs(70, "identify-source", true);
    player.runs(90, "attempts-by-actor", false);
    player.decides(150, "pattern", "Multiple actors, one target org");
    player.runs(180, "audit-alive", true);
    player.runs(200, "cross-org", true);
    player.runs(220, "preserve-logs", true);
    player.runs(240, "preserve-audit", true);
    for (at, actor) in [(300, &actors[0]), (360, &actors[1])] {
        player.revokes(at, actor);
        player.runs(at, "revoke", false);
    }
    player.sends(
        420,
        "notify-security",
        "Two accounts, one target. Sessions revoked, logs saved.",
    );
    last(&mut player);
    player.waits(700);
    player
}

/// Everything that the truth asks to be said.
fn says_so(player: &mut Player) {
    player.decides(430, "outcome", "Yes");
    player.says(440, "confirmed");
    let severity = Body::SeverityChanged {
        severity: "CRITICAL".into(),
        reason: "a transition succeeded".into(),
    };
    player.does(450, severity);
}

/// Marks every step that counts as done.
fn finishes(player: &mut Player) {
    for step in [
        "quantify",
        "source",
        "pattern",
        "succeeded",
        "outcome",
        "preserve",
        "revoke-sessions",
        "disable-account",
        "rate",
        "confirm",
    ] {
        player.does(460, Body::step_done(step));
    }
}

#[test]
fn whoever_acts_well_gets_all_points() {
    let player = well(|player| {
        says_so(player);
        finishes(player);
    });
    let score = player.score();
    assert_eq!((score.points, score.of), (80, 80), "{:#?}", score.lines);
    assert_eq!(score.faults, Vec::<String>::new());
    let acknowledge = line(&score, "time to acknowledge");
    assert_eq!(
        acknowledge.reason,
        "First act after 40s; full points within 2m."
    );
    assert_eq!(acknowledge.entries.len(), 1);
    let told: Vec<_> = player.entries.iter().map(|one| one.hash).collect();
    for line in &score.lines {
        assert!(
            line.entries.iter().all(|hash| told.contains(hash)),
            "{line:?}"
        );
        assert!(!line.reason.is_empty());
    }
}

#[test]
fn a_false_all_clear_costs_more_than_anything_else() {
    let good = well(says_so).score();
    let player = well(|player| player.decides(430, "outcome", "No"));
    let score = player.score();
    let fault = line(&score, "false all-clear");
    assert_eq!(fault.points, -60);
    assert_eq!(
        fault.reason,
        "Data was reached, but \"Did any cross-org access succeed?\" was decided with \"No\"."
    );
    assert_eq!(fault.entries.len(), 1);
    assert_eq!(score.faults, [format!("false all-clear: {}", fault.reason)]);
    assert!(
        score.points * 3 < good.points,
        "{} {}",
        score.points,
        good.points
    );
    // The same fault is not counted twice.
    assert!(
        score
            .lines
            .iter()
            .all(|line| line.title != "wrong decision")
    );
}

#[test]
fn an_all_clear_that_is_taken_back_costs_half() {
    let player = well(|player| {
        player.decides(430, "outcome", "No");
        player.decides(600, "outcome", "Yes");
    });
    assert_eq!(line(&player.score(), "false all-clear").points, -30);
}

#[test]
fn a_message_that_clears_is_an_all_clear_and_the_words_of_the_playbook_are_not() {
    let player = well(|player| {
        says_so(player);
        player.sends(
            500,
            "notify-security",
            "All good: a FALSE ALARM, no data was reached.",
        );
    });
    let score = player.score();
    let fault = line(&score, "false all-clear");
    assert!(fault.reason.contains("the message"), "{}", fault.reason);
    // What the template itself says is no claim of the operator.
    let template = crate::drill::playing::playbook(&"org-isolation-breach".into());
    let text = template.actions["notify-security"].text.clone();
    let player = well(|player| {
        says_so(player);
        player.sends(500, "notify-security", &text);
    });
    assert_eq!(player.score().faults, Vec::<String>::new());
}

#[test]
fn resolving_without_a_word_about_it_is_an_all_clear() {
    let resolved = |reason: &str| Body::IncidentResolved {
        open: vec![],
        reason: reason.into(),
    };
    let silent = well(|player| player.does(600, resolved("sessions revoked")));
    assert_eq!(line(&silent.score(), "false all-clear").points, -60);
    let honest = well(|player| {
        says_so(player);
        player.does(600, resolved("sessions revoked, breach confirmed"));
    });
    assert_eq!(honest.score().faults, Vec::<String>::new());
}

#[test]
fn where_nothing_was_reached_an_all_clear_is_right() {
    let mut player = Player::new(quick("false-alarm"), 5);
    player.decides(300, "pattern", "Single actor, multiple orgs");
    player.decides(400, "outcome", "No");
    let score = player.score();
    assert_eq!(score.faults, Vec::<String>::new());
    assert_eq!(line(&score, "time to classify").points, 35);
    player.says(420, "confirmed");
    player.decides(430, "pattern", "Multiple actors, one target org");
    let score = player.score();
    let wrong: Vec<&str> = score
        .lines
        .iter()
        .filter(|line| line.title == "wrong decision")
        .map(|line| line.reason.as_str())
        .collect();
    assert_eq!(
        wrong,
        [
            "\"Determine the pattern\" was decided with \"Multiple actors, one target org\"; it was \"Single actor, multiple orgs\".",
            "\"confirmed\" was said, and it was not so.",
        ]
    );
}

#[test]
fn points_fade_with_time_and_stop_at_none() {
    let classified = |second: i64| {
        let mut player = Player::new(quick("false-alarm"), 5);
        player.decides(second, "pattern", "Single actor, multiple orgs");
        player.decides(second, "outcome", "No");
        line(&player.score(), "time to classify").points
    };
    // 35 points within 15 minutes.
    assert_eq!([900, 1_350, 1_800, 2_400].map(classified), [35, 18, 0, 0]);
}

#[test]
fn what_was_kept_is_said_in_plain_words() {
    let reason = |keep: &[(i64, &'static str)], contained: bool| {
        let mut player = Player::new(quick("coordinated-attack"), 5);
        let mut keep: Vec<_> = keep.iter().map(|(at, name)| (*at, *name, true)).collect();
        if contained {
            keep.push((100, "revoke", false));
        }
        keep.sort_unstable();
        for (at, name, kept) in keep {
            player.runs(at, name, kept);
        }
        line(&player.score(), "evidence before containment")
            .reason
            .clone()
    };
    let starts = |reason: String, with: &str| assert!(reason.starts_with(with), "{reason}");
    let missing = "None of the 4 pieces of evidence was kept. Not kept: ";
    starts(reason(&[], false), missing);
    starts(reason(&[], true), missing);
    starts(
        reason(&[(200, "preserve-logs")], true),
        "None of the 4 pieces of evidence was kept in time. Too late, only after containment: ",
    );
    starts(
        reason(&[(50, "preserve-logs")], true),
        "1 of the 4 pieces of evidence was kept. Not kept: ",
    );
    starts(
        reason(&[(50, "preserve-logs")], false),
        "1 of the 4 pieces of evidence was kept. Not kept: ",
    );
}

#[test]
fn evidence_counts_only_before_containment() {
    let mut player = Player::new(quick("coordinated-attack"), 5);
    player.runs(100, "revoke", false);
    player.runs(200, "preserve-logs", true);
    let score = player.score();
    let evidence = line(&score, "evidence before containment");
    assert_eq!(evidence.points, 0);
    assert!(
        evidence
            .reason
            .contains("kept in time. Too late, only after containment: "),
        "{}",
        evidence.reason
    );
}

#[test]
fn damage_is_counted_once_and_not_when_a_facilitator_calls_it() {
    let injected = |called| Body::DrillInjected {
        inject: "trail-gone".into(),
        from: "system".into(),
        text: "gone".into(),
        damage: Some("It is gone.".into()),
        called,
    };
    let mut player = Player::new(quick("coordinated-attack"), 5);
    player.does(100, injected(true));
    assert!(
        player
            .score()
            .lines
            .iter()
            .all(|line| line.title != "needless damage")
    );
    player.does(200, injected(false));
    player.does(300, injected(false));
    let score = player.score();
    let damage: Vec<&Line> = score
        .lines
        .iter()
        .filter(|line| line.title == "needless damage")
        .collect();
    assert_eq!(damage.len(), 1);
    assert_eq!(
        (damage[0].points, damage[0].reason.as_str()),
        (-15, "It is gone.")
    );
}

#[test]
fn a_missed_deadline_costs_its_share_and_one_that_never_started_as_well() {
    let mut player = Player::new(quick("mode-a"), 5);
    let due = player.director.world().now();
    let clock = |clock: &str| Body::ClockStarted {
        clock: clock.into(),
        due,
    };
    player.does(10, clock("page-oncall"));
    let missed = Body::ClockMissed {
        clock: "page-oncall".into(),
        due,
        reason: None,
    };
    player.does(61, missed);
    player.says(100, "aware");
    player.does(101, clock("gdpr-33"));
    let score = player.score();
    let deadlines = line(&score, "deadlines");
    // One missed, one running, and the clock of "confirmed" never started: a third of 10.
    assert_eq!(deadlines.points, 3);
    assert_eq!(
        deadlines.reason,
        "1 of 3 deadlines met, or running still. Missed: Page security on call. Never started, because nobody said what starts them: Customer email to every affected customer."
    );
}

#[test]
fn doing_nothing_brings_nothing() {
    let mut player = Player::new(quick("coordinated-attack"), 5);
    player.waits(2_700);
    let score = player.score();
    assert_eq!((score.points, score.of), (0, 80), "{:#?}", score.lines);
    assert_eq!(line(&score, "steps left out").points, -10);
}
