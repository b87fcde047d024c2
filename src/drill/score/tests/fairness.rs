//! The score can neither be cheated nor be unjust: what is only said, taken back, waived, late, or denied.

use super::*;

fn untick(check: &str) -> Body {
    Body::CheckUnticked {
        check: check.into(),
    }
}

/// An act completed by hand: nothing was sent to the service.
fn by_hand(action: &str) -> Body {
    Body::ActionResolved {
        intent: None,
        action: action.into(),
        done: true,
        note: "done, believe me".into(),
    }
}

fn came(inject: &str, called: bool) -> Body {
    Body::DrillInjected {
        inject: inject.into(),
        from: "system".into(),
        text: "It is over.".into(),
        damage: None,
        called,
    }
}

#[test]
fn to_say_that_it_was_done_does_not_contain_and_to_end_it_does() {
    for (scenario, act, sign) in [
        ("mode-a", "freeze-operation", "path-closed"),
        ("mode-b", "freeze-operation", "path-closed"),
        ("mode-c", "freeze-operation", "path-closed"),
        ("magic-link", "expire-request", "link-expired"),
        ("webhook-failure", "disable-endpoint", "disabled"),
    ] {
        let mut player = Player::new(quick(scenario), 5);
        player.does(100, by_hand(act));
        // An operation, a link or an endpoint; perhaps the wrong one.
        player.runs(110, act, false);
        let score = player.score();
        let contain = line(&score, "time to contain");
        assert_eq!(contain.points, 0, "{scenario}");
        assert_eq!(
            contain.reason,
            "Nothing shows that it stopped: the sign that it had ended never came."
        );
        player.does(200, came(sign, false));
        let score = player.score();
        let contain = line(&score, "time to contain");
        assert_eq!(contain.points, i64::from(contain.of), "{scenario}");
        assert_eq!(contain.entries.len(), 1);
    }
}

#[test]
fn a_sign_that_a_facilitator_calls_is_none() {
    let mut player = Player::new(quick("coordinated-attack"), 5);
    player.does(60, came("quiet", true));
    assert_eq!(line(&player.score(), "time to contain").points, 0);
}

#[test]
fn a_tick_that_is_taken_back_is_none_and_counts_anew_when_it_is_set_again() {
    let contained = |player: &Player| line(&player.score(), "time to contain").points;
    let mut player = Player::new(quick("bad-deployment"), 5);
    player.ticks(60, "rolled-back");
    assert_eq!(contained(&player), 25);
    player.does(120, untick("rolled-back"));
    assert_eq!(contained(&player), 0);
    // 20 minutes for 25 points: at half as long again, half of them.
    player.ticks(1_800, "rolled-back");
    assert_eq!(contained(&player), 13);
}

#[test]
fn evidence_after_the_act_is_late_even_at_the_same_time() {
    let mut player = Player::new(quick("slow-database"), 5);
    player.runs(100, "active-queries", true);
    player.runs(100, "cancel-query", false);
    player.runs(100, "blockers", true);
    let score = player.score();
    let evidence = line(&score, "evidence before containment");
    assert_eq!((evidence.points, evidence.of), (18, 35));
    assert!(
        evidence.reason.starts_with(
            "1 of the 2 pieces of evidence was kept in time. Too late, only after containment: "
        ),
        "{}",
        evidence.reason
    );
}

/// Half of the points for a second look at what was there too late would be no lesson.
#[test]
fn the_same_evidence_counts_once() {
    for id in ["slow-database", "mode-a", "magic-link", "session-abuse"] {
        let mut player = Player::new(quick(id), 5);
        let evidence = player.director.scenario().rubric.evidence.clone().unwrap();
        for before in &evidence.before {
            player.ticks(100, before.as_str());
            player.runs(100, before.as_str(), false);
        }
        for kept in &evidence.kept {
            player.runs(200, kept, true);
        }
        assert_eq!(
            line(&player.score(), "evidence before containment").points,
            0,
            "{id}"
        );
    }
}

#[test]
fn a_deadline_that_is_waived_is_not_met_and_one_that_runs_is_told_by_its_start() {
    let mut player = Player::new(quick("tenant-leak"), 5);
    player.says(60, "aware");
    let due = player.director.world().now() + jiff::SignedDuration::from_hours(72);
    for clock in ["gdpr-33", "tenants"] {
        player.does(
            61,
            Body::ClockStarted {
                clock: clock.into(),
                due,
            },
        );
    }
    let score = player.score();
    let deadlines = line(&score, "deadlines");
    assert_eq!((deadlines.points, deadlines.entries.len()), (10, 2));
    player.does(
        70,
        Body::ClockWaived {
            clock: "tenants".into(),
            reason: "too much work".into(),
            role: "me".into(),
        },
    );
    let score = player.score();
    let deadlines = line(&score, "deadlines");
    assert_eq!(deadlines.points, 5);
    assert_eq!(
        deadlines.reason,
        "1 of 2 deadlines met, or running still. Waived, which is not met: Affected tenants told."
    );
}

/// Clocks that begin with a severity or a decision wait for somebody as well.
#[test]
fn a_deadline_that_nobody_started_is_missed_whatever_starts_it() {
    let reason = |id: &str| {
        let player = Player::new(quick(id), 5);
        line(&player.score(), "deadlines").reason.clone()
    };
    let severity = reason("errors-and-more");
    assert!(
        severity.contains("Never started") && severity.contains("Executive notification"),
        "{severity}"
    );
    let decision = reason("staff-session-leak");
    assert!(
        decision.contains("Never started") && decision.contains("PDPC notice"),
        "{decision}"
    );
}

#[test]
fn a_claim_that_is_denied_asked_or_about_others_is_none() {
    let fault = |text: &str| {
        let player = well(|player| {
            says_so(player);
            player.sends(500, "notify-security", text);
        });
        !player.score().faults.is_empty()
    };
    for honest in [
        "This is not a false alarm. Two orders were released.",
        "We cannot say yet that no data was read.",
        "Whether no customer data left is being looked at.",
        "Is it a false alarm? It is not.",
        "Sessions are revoked; other customers are not affected.",
        "No all-clear yet: the trail is being counted.",
        "Clients outside this list are not affected.",
    ] {
        assert!(!fault(honest), "{honest}");
    }
    for cleared in [
        "Good news: no data was read.",
        "It looked bad, but nothing got through.",
        "This is not so bad: it was a false alarm.",
        "All-clear from our side.",
        "You are not affected.",
    ] {
        assert!(fault(cleared), "{cleared}");
    }
}

#[test]
fn a_no_that_clears_nobody_is_a_wrong_decision_only() {
    let mut scenario = quick("staff-session-leak");
    let right = vec!["Yes".to_owned()];
    scenario.truth.decisions.insert("patch-time".into(), right);
    let mut player = Player::new(scenario, 5);
    player.decides(300, "patch-time", "No");
    let score = player.score();
    assert_eq!(score.faults, Vec::<String>::new());
    assert_eq!(line(&score, "wrong decision").points, -10);
    player.decides(400, "pdpa-duty", "Not notifiable");
    assert_eq!(player.score().faults.len(), 1);
}

#[test]
fn an_incident_that_is_opened_again_is_an_all_clear_taken_back() {
    let player = well(|player| {
        let body = Body::IncidentResolved {
            open: vec![],
            reason: "a false alarm".into(),
        };
        player.does(430, body);
        let body = Body::IncidentReopened {
            reason: "a customer called".into(),
        };
        player.does(440, body);
        says_so(player);
    });
    assert_eq!(line(&player.score(), "false all-clear").points, -30);
}

#[test]
fn times_are_told_as_exactly_as_they_count() {
    let mut player = Player::new(quick("coordinated-attack"), 5);
    player.runs(165, "heartbeat", true);
    let score = player.score();
    let acknowledge = line(&score, "time to acknowledge");
    assert_eq!(acknowledge.points, 3);
    assert_eq!(
        acknowledge.reason,
        "First act after 2m 45s; full points within 2m."
    );
}

#[test]
fn a_severity_that_was_right_and_is_given_up_is_not_known() {
    let mut player = Player::new(quick("false-alarm"), 5);
    player.decides(300, "pattern", "Single actor, multiple orgs");
    player.decides(300, "outcome", "No");
    assert_eq!(line(&player.score(), "time to classify").points, 35);
    let changed = |severity: &str| Body::SeverityChanged {
        severity: severity.into(),
        reason: "a guess".into(),
    };
    player.does(400, changed("CRITICAL"));
    let score = player.score();
    let classify = line(&score, "time to classify");
    assert_eq!(classify.points, 23);
    assert!(
        classify.reason.contains("severity P1 not at the end"),
        "{}",
        classify.reason
    );
    player.does(500, changed("P1"));
    assert_eq!(line(&player.score(), "time to classify").points, 35);
}
