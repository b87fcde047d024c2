//! The coordinated attack, played to its end by two scripts of keys: a model answer and one that does badly. The scores differ as the rubric says.

#[path = "support/drill_play.rs"]
mod drill_play;

use drill_play::{play, play_script};

#[test]
fn played_well_it_is_contained_proved_and_closed() {
    let played = play("coordinated-attack");
    assert_eq!(
        played.decisions(),
        [
            ("pattern", "Multiple actors, one target org"),
            ("outcome", "Yes")
        ],
        "as the truth has it"
    );
    assert_eq!(
        played.verdicts(),
        [
            ("heartbeat", "pass"),
            ("revoked", "pass"),
            ("revoked", "pass"),
            ("audit-alive", "pass"),
            ("cross-org", "fail"),
            ("heartbeat", "pass"),
            ("rate-zero", "pass"),
        ],
        "the trail has what got through, and the rate is zero once the sessions are gone"
    );
    let revoked = played.sends("revoke");
    for action in ["preserve-logs", "preserve-audit"] {
        played.kept_before(action, revoked);
    }
    assert_eq!(
        played.injects(),
        [
            "page",
            "customer-orders",
            "quiet",
            "executive-asks",
            "deployment-suspected"
        ],
        "it ends, and nothing comes back"
    );
    assert_eq!(
        played.lines(),
        [
            ("time to acknowledge", 5, 5),
            ("time to contain", 25, 25),
            ("time to classify", 20, 20),
            ("time to first update", 10, 10),
            ("evidence before containment", 20, 20),
        ],
        "{:#}",
        played.debrief
    );
    played.ended_well();
}

#[test]
fn played_badly_it_is_a_false_all_clear() {
    let played = play_script("coordinated-attack", "coordinated-attack-badly");
    assert_eq!(
        played.decisions(),
        [
            ("pattern", "Single actor, multiple orgs"),
            ("outcome", "No")
        ]
    );
    assert_eq!(
        played.injects(),
        [
            "page",
            "customer-orders",
            "executive-asks",
            "deployment-suspected",
            "trail-gone",
            "customer-again",
            "one-is-left"
        ],
        "what was done badly comes back"
    );
    assert_eq!(
        played.lines(),
        [
            ("time to acknowledge", 0, 5),
            ("time to contain", 0, 25),
            ("time to classify", 0, 20),
            ("time to first update", 0, 10),
            ("evidence before containment", 0, 20),
            ("false all-clear", -60, 0),
            ("wrong decision", -15, 0),
            ("needless damage", -15, 0),
            ("steps left out", -10, 0),
        ],
        "{:#}",
        played.debrief
    );
    assert_eq!(played.points(), (0, 80), "never below nothing");
    let faults = played.debrief["faults"].as_array().unwrap();
    assert_eq!(faults.len(), 1, "{faults:?}");
    let named = faults[0].as_str().unwrap();
    assert!(
        named.starts_with("false all-clear: Data was reached"),
        "{named}"
    );
    assert!(
        named.contains("was decided with \"No\"") && named.contains("nothing got through"),
        "{named}"
    );
    let report = played.report();
    assert!(report.contains("false all-clear"), "{report}");
}
