//! The playbooks of the case management product beside the leak, and modes B and C of the SEV1 runbook, played by scripts of keys: what mattered was kept
//! before it was changed, the story has stopped in the telemetry, and the debrief says what was done well and what was left.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test: what is not there fails it"
)]

#[path = "support/drill_play.rs"]
mod drill_play;

use drill_play::{Played, play, play_script};
use serde_json::Value;

/// A time of a row, in the form of the entries' times, to the second.
fn time(cell: &Value) -> String {
    cell.as_str()
        .unwrap()
        .chars()
        .take(19)
        .collect::<String>()
        .replace(' ', "T")
}

#[test]
fn a_stolen_session_is_ended_after_its_trail_was_kept() {
    let played = play("session-abuse");
    played.ended_well();
    let ended = played.ticks("sessions-invalidated");
    played.kept_before("user-trail", ended);
    assert!(played.hears("session-over"));
    assert!(!played.hears("everybody-out") && !played.hears("trail-gone"));
    // Asked again three minutes later: the user's newest entry is older than the end of the sessions.
    let trail = played.last_kept("user-trail");
    let newest = time(&trail["rows"][0][3]);
    assert!(newest.as_str() < played.at(ended), "{newest}");
    assert!(trail["started_at"].as_str().unwrap() > played.at(ended));
}

#[test]
fn the_endpoint_that_fails_is_disabled_and_its_tenant_is_told() {
    let played = play("webhook-failure");
    played.ended_well();
    let disabled = played.sends("disable-endpoint");
    played.kept_before("deliveries", disabled);
    assert_eq!(played.ends_of("disable-endpoint")[0]["rows"], 1);
    let decided = played.of_kind("decision.made");
    assert_eq!(
        decided.first().unwrap()["chosen"],
        serde_json::json!(["Yes"])
    );
    let sent = played.of_kind("message.sent");
    assert_eq!(sent[0]["action"], "notify-tenant-admin");
    assert!(played.hears("disabled") && !played.hears("wrong-endpoint"));
    // Three minutes later: off, and nothing was delivered since; the tenant's other endpoint goes on.
    let endpoints = played.last_kept("endpoints");
    let [off, on] = [&endpoints["rows"][0], &endpoints["rows"][1]];
    assert_eq!((&off[2], &on[2]), (&"false".into(), &"true".into()));
    assert!(time(&off[3]).as_str() < played.at(disabled), "{off}");
    assert!(time(&on[3]).as_str() > played.at(disabled), "{on}");
}

#[test]
fn exports_work_again_when_the_disk_has_room() {
    let played = play("export-failure");
    played.ended_well();
    let decided = played.of_kind("decision.made");
    assert_eq!(
        decided.first().unwrap()["chosen"],
        serde_json::json!(["Storage is full"])
    );
    let cleaned = played.ticks("temp-files-cleaned");
    played.kept_before("export-errors", cleaned);
    assert!(played.hears("exports-work") && !played.hears("timeout-raised"));
    let errors = played.last_kept("export-errors");
    let newest = time(&errors["rows"][0][0]);
    assert!(newest.as_str() < played.at(cleaned), "{newest}");
    assert!(errors["started_at"].as_str().unwrap() > played.at(cleaned));
}

#[test]
fn the_query_that_blocks_all_others_is_cancelled_and_no_other() {
    let played = play("slow-database");
    played.ended_well();
    let cancelled = played.sends("cancel-query");
    played.kept_before("active-queries", cancelled);
    played.kept_before("blockers", cancelled);
    assert!(played.hears("pages-are-back") && !played.hears("wrong-backend"));
    let blockers = played.ends_of("blockers");
    let rows: Vec<&Value> = blockers.iter().map(|body| &body["rows"]).collect();
    assert_eq!(rows, [1, 0], "one blocked all; nobody blocks anybody now");
    let ready = played.ends_of("db-readiness");
    let verdicts: Vec<&Value> = ready
        .iter()
        .map(|body| &body["judged"]["verdict"])
        .collect();
    assert_eq!(verdicts, ["fail", "pass"], "{ready:#?}");
}

#[test]
fn to_cancel_a_query_that_waits_helps_nobody_and_costs_points() {
    let badly = play_script("slow-database", "slow-database-badly");
    badly.closed();
    assert!(badly.hears("wrong-backend") && !badly.hears("pages-are-back"));
    let ((bad, of), (good, same)) = (badly.points(), play("slow-database").points());
    assert_eq!(of, same);
    assert!(bad * 4 < good, "{:#}", badly.debrief);
    assert_eq!(badly.costs("needless damage"), -15);
    assert_eq!(badly.costs("time to contain"), 0);
    // The list that the playbook asks for was kept by looking at it; who blocks whom never was.
    assert_eq!(badly.costs("evidence before containment"), 18);
}

/// The access path is frozen in time, the log of reads and the state of an affected organisation are kept, the failure mode is known, and whoever has
/// to be told within hours is told.
fn contains_the_breach(played: &Played, mode: &str) {
    let frozen = played.sends("freeze-operation");
    played.kept_before("exposed-reads", frozen);
    for action in ["page-security", "freeze-operation", "snapshot-org"] {
        assert_eq!(played.ends_of(action).last().unwrap()["outcome"], "ok");
    }
    let decided = played.of_kind("decision.made");
    assert_eq!(decided.first().unwrap()["decision"], "failure-mode");
    assert_eq!(
        decided.first().unwrap()["chosen"],
        serde_json::json!([mode])
    );
    let sent = played.of_kind("message.sent");
    let sent: Vec<&Value> = sent.iter().map(|body| &body["action"]).collect();
    assert_eq!(*sent[0], "page-security");
    assert!(
        sent.iter().any(|action| **action == "notify-authority"),
        "{sent:?}"
    );
    let aware = played.of_kind("milestone.reached");
    assert_eq!(aware.first().unwrap()["milestone"], "aware");
    assert!(played.hears("path-closed") && !played.hears("wrong-path"));
    // Seven minutes after the freeze: no read across is newer.
    let reads = played.last_kept("exposed-reads");
    let newest = time(&reads["rows"][0][0]);
    assert!(newest.as_str() < played.at(frozen), "{newest}");
    assert!(reads["started_at"].as_str().unwrap() > played.at(frozen));
}

#[test]
fn the_mode_wall_is_found_down_and_the_breach_is_worked_to_its_end() {
    let played = play("mode-b");
    contains_the_breach(&played, "Mode B: Mode segregation broken");
    // No customer read another's data, so nobody is written to; the step says why.
    let told = played.of_kind("message.sent");
    assert!(told.iter().all(|body| body["action"] != "customer-email"));
    played.sends("force-rotate-tokens");
    played.ended_well();
}

#[test]
fn the_scope_policy_is_found_wrong_and_the_breach_is_worked_to_its_end() {
    let played = play("mode-c");
    contains_the_breach(&played, "Mode C: Scope DSL evaluation bug");
    let said = played.of_kind("milestone.reached");
    assert_eq!(said.last().unwrap()["milestone"], "confirmed");
    // To its very end: tokens replaced with a second person's word, and each customer told.
    played.sends("force-rotate-tokens");
    let sent = played.of_kind("message.sent");
    let emails = sent
        .iter()
        .filter(|body| body["action"] == "customer-email");
    assert_eq!(emails.count(), 4);
    played.ended_well();
}
