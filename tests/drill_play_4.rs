//! The other scenarios of the isolation playbooks, and the passed-on link, played to their end by scripts of keys: what was no breach is shown to be none, what
//! the first query misses is found, and nobody is cut off who did nothing. Where it is easy to do badly, a script does, and the scores differ.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test: what is not there fails it"
)]

#[path = "support/drill_play.rs"]
mod drill_play;

use std::path::Path;

use drill_play::{Played, play, play_script};
use serde_json::Value;

/// What the last count of the audit trail found: crossed, not to be judged, and of how many.
fn counted(played: &Played) -> [u64; 3] {
    let kept = played.last_kept("cross-org");
    let figure = |column: usize| {
        let cell = &kept["rows"][0][column];
        let text = cell
            .as_str()
            .map_or_else(|| cell.to_string(), str::to_owned);
        text.parse().unwrap()
    };
    [figure(0), figure(1), figure(2)]
}

/// Nothing was reached, and that is shown: the trail is alive, each of its entries was checked, none is unknown, and it was counted again once the attempts
/// had ended. The rate is zero while the telemetry lives, and nobody's session was touched.
fn is_shown_to_be_no_breach(played: &Played, pattern: &str) {
    assert_eq!(
        played.decisions(),
        [("pattern", pattern), ("outcome", "No")]
    );
    let verdicts = played.verdicts();
    assert_eq!(
        verdicts[verdicts.len() - 4..],
        [
            ("heartbeat", "pass"),
            ("audit-alive", "pass"),
            ("cross-org", "pass"),
            ("rate-zero", "pass")
        ]
    );
    let [crossed, unknown, checked] = counted(played);
    assert_eq!((crossed, unknown), (0, 0));
    assert!(checked > 1000, "{checked}");
    assert_eq!(played.ends_of("cross-org").len(), 2);
    let said = played.of_kind("milestone.reached");
    assert!(said.is_empty(), "{said:?}");
    let written = played.of_kind("action.intent");
    assert!(written.iter().all(|body| body["action"] != "revoke"));
    played.ended_well();
}

#[test]
fn every_scenario_has_a_model_answer() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let scripts = project.join("tests/fixtures/drills/scripts");
    let mut scenarios = 0;
    for entry in std::fs::read_dir(project.join("assets/drills")).unwrap() {
        let scenario = entry.unwrap().path();
        let script = scripts.join(scenario.with_extension("keys").file_name().unwrap());
        assert!(script.exists(), "{}", script.display());
        scenarios += 1;
    }
    assert!(scenarios >= 10, "{scenarios}");
}

#[test]
fn a_false_alarm_is_shown_to_be_one() {
    let played = play("false-alarm");
    is_shown_to_be_no_breach(&played, "Single actor, multiple orgs");
    assert_eq!(
        played.injects(),
        ["page", "partner-calls", "executive-asks", "second-signal"]
    );
    assert_eq!(played.of_kind("followup.added").len(), 1);
}

#[test]
fn to_lock_out_a_partner_for_a_test_costs_points() {
    let badly = play_script("false-alarm", "false-alarm-badly");
    badly.closed();
    assert!(badly.hears("sessions-lost"));
    assert_eq!(
        badly.lines(),
        [
            ("time to acknowledge", 5, 10),
            ("time to classify", 18, 35),
            ("evidence before containment", 17, 25),
            ("wrong decision", -15, 0),
            ("needless damage", -10, 0),
            ("steps left out", -8, 0),
        ],
        "{:#}",
        badly.debrief
    );
    assert_eq!(badly.points(), (7, 70));
    // That nothing got through was asked, and is so: late, but no fault.
    assert_eq!(badly.debrief["faults"], Value::Array(Vec::new()));
}

#[test]
fn what_the_trail_cannot_tell_is_treated_as_a_breach() {
    let played = play("missing-keys");
    assert_eq!(
        played.decisions(),
        [
            ("pattern", "Multiple actors, one target org"),
            ("outcome", "Cannot be proven"),
            ("outcome", "Yes")
        ]
    );
    assert_eq!(
        played.verdicts(),
        [
            ("heartbeat", "pass"),
            ("audit-alive", "pass"),
            ("cross-org", "inconclusive"),
            ("revoked", "pass"),
            ("revoked", "pass"),
            ("heartbeat", "pass"),
            ("rate-zero", "pass"),
        ]
    );
    // The number that the first query shows, and the one that counts.
    let [crossed, unknown, checked] = counted(&played);
    assert_eq!(crossed, 0);
    assert!(unknown > 0 && checked > unknown, "{unknown} of {checked}");
    let revoked = played.sends("revoke");
    for action in [
        "preserve-logs",
        "preserve-audit",
        "cross-org",
        "cross-org-rows",
    ] {
        played.kept_before(action, revoked);
    }
    assert_eq!(
        played.injects(),
        [
            "page",
            "quiet",
            "executive-asks",
            "old-workers",
            "customer-invoices"
        ],
        "it ends, and nothing comes back"
    );
    played.ended_well();
}

#[test]
fn to_trust_the_first_number_is_a_false_all_clear() {
    let badly = play_script("missing-keys", "missing-keys-badly");
    badly.closed();
    assert_eq!(
        badly.decisions(),
        [
            ("pattern", "Multiple actors, one target org"),
            ("outcome", "No")
        ]
    );
    assert!(badly.hears("customer-calls") && !badly.hears("quiet"));
    assert_eq!(badly.costs("false all-clear"), -80);
    assert_eq!(badly.costs("time to contain"), 0);
    assert_eq!(badly.points(), (0, 80));
    let faults = badly.debrief["faults"].as_array().unwrap();
    assert_eq!(faults.len(), 1, "{faults:?}");
    let report = badly.report();
    assert!(report.contains("false all-clear"), "{report}");
}

#[test]
fn a_routing_fault_is_mended_and_a_flat_chart_is_not_taken_for_its_end() {
    let played = play("routing-bug");
    is_shown_to_be_no_breach(&played, "Random distribution");
    let alive = played.verdicts_of("heartbeat");
    assert_eq!(alive, ["pass", "fail", "pass"], "silent, and back");
    assert!(played.hears("fixed") && played.hears("looks-quiet"));
    assert!(!played.hears("staff-cut-off") && !played.hears("told-it-is-over"));
    played.ticks("bug-deployed");
}

#[test]
fn a_bad_deployment_is_rolled_back_and_the_collector_waited_for() {
    let played = play("bad-deployment");
    is_shown_to_be_no_breach(&played, "Correlated with deployment");
    let alive = played.verdicts_of("heartbeat");
    assert_eq!(alive, ["pass", "fail", "pass"], "silent, and back");
    assert!(played.hears("collector-restarts") && played.hears("collector-is-back"));
    assert!(!played.hears("sessions-lost"));
    played.ticks("rolled-back");
}

#[test]
fn a_misconfigured_client_is_mended_and_not_cut_off() {
    let played = play("misconfigured-client");
    is_shown_to_be_no_breach(&played, "Single actor, multiple orgs");
    assert!(played.hears("fixed") && !played.hears("cut-off"));
    played.ticks("bug-deployed");
}

#[test]
fn raw_sql_is_found_and_both_customers_are_told() {
    let played = play("mode-a");
    let frozen = played.sends("freeze-operation");
    played.kept_before("exposed-reads", frozen);
    played.ran_well(&["page-security", "freeze-operation", "snapshot-org"]);
    assert!(played.sends("snapshot-org") < played.sends("force-rotate-tokens"));
    assert_eq!(
        played.decisions(),
        [("failure-mode", "Mode A: ORM extension bypassed")]
    );
    let said = played.of_kind("milestone.reached");
    let said: Vec<&Value> = said.iter().map(|body| &body["milestone"]).collect();
    assert_eq!(said, ["aware", "confirmed"]);
    let sent = played.of_kind("message.sent");
    let sent: Vec<&Value> = sent.iter().map(|body| &body["action"]).collect();
    assert_eq!(
        sent,
        [
            "page-security",
            "customer-email",
            "customer-email",
            "notify-authority",
            "publish-postmortem"
        ]
    );
    assert!(played.hears("path-closed") && !played.hears("wrong-path"));
    // Minutes after the freeze: no read across is newer.
    let reads = played.last_kept("exposed-reads");
    let newest = reads["rows"][0][0].as_str().unwrap().replace(' ', "T");
    assert!(newest.as_str() < played.at(frozen), "{newest}");
    assert!(reads["started_at"].as_str().unwrap() > played.at(frozen));
    played.ended_well();
}

#[test]
fn a_link_that_was_passed_on_is_expired_and_nobody_is_locked_out() {
    let played = play("magic-link");
    let expired = played.sends("expire-request");
    played.kept_before("audit-events", expired);
    assert_eq!(played.ends_of("expire-request")[0]["rows"], 1);
    assert_eq!(
        played.decisions(),
        [
            ("leak-path", "Client magic-link"),
            ("patch-time", "Yes"),
            ("notification-scope", "Affected clients"),
            ("pdpa-duty", "Notifiable")
        ]
    );
    assert!(played.hears("link-expired") && !played.hears("support-queue"));
    let told = played.told("disclose");
    assert_eq!(told.len(), 2, "each client whose data was read: {told:?}");
    // Nine minutes later: what the link opened last is older than its end.
    let events = played.last_kept("audit-events");
    let newest = events["rows"][0][0].as_str().unwrap().replace(' ', "T");
    assert!(newest.as_str() < played.at(expired), "{newest}");
    assert!(events["started_at"].as_str().unwrap() > played.at(expired));
    played.ended_well();
}
