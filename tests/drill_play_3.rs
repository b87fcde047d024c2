//! The playbooks of the case management product beside the leak, and modes B and C of the SEV1 runbook, played by scripts of keys: what mattered was kept
//! before it was changed, the story has stopped in the telemetry, and the debrief says what was done well and what was left.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test: what is not there fails it"
)]

#[path = "support/trial.rs"]
mod trial;

use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;
use trial::{home, quarterdeck};

/// A drill that was played, and what is left of it.
struct Played {
    home: TempDir,
    entries: Vec<Value>,
}

/// Plays the script that has the name of its scenario.
fn play(scenario: &str, seed: &str) -> Played {
    play_script(scenario, scenario, seed)
}

fn play_script(scenario: &str, script: &str, seed: &str) -> Played {
    let home = home();
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/drills/scripts")
        .join(format!("{script}.keys"));
    let script = script.display().to_string();
    let ran = quarterdeck(
        home.path(),
        &[
            "drill", scenario, "--seed", seed, "--play", &script, "--as", "alice",
        ],
    );
    assert_eq!(ran.code, Some(0), "{}", ran.talk);
    let ran = quarterdeck(home.path(), &["timeline", "last", "--format", "json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.talk);
    let entries = ran
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    Played { home, entries }
}

impl Played {
    /// What the entries of a kind say.
    fn of_kind(&self, kind: &str) -> Vec<&Value> {
        self.entries
            .iter()
            .filter(|entry| entry["kind"] == kind)
            .map(|entry| &entry["body"])
            .collect()
    }

    /// How an action ended, each time.
    fn ends_of(&self, action: &str) -> Vec<&Value> {
        let mut ends = self.of_kind("action.result");
        ends.retain(|body| body["action"] == action);
        assert!(!ends.is_empty(), "{action} never ran");
        ends
    }

    /// The place of the first entry that is like this.
    fn first(&self, what: &str, like: impl Fn(&Value) -> bool) -> usize {
        let found = self.entries.iter().position(like);
        found.unwrap_or_else(|| panic!("no entry: {what}"))
    }

    /// What an action's rows say, as they were kept the last time.
    fn last_kept(&self, action: &str) -> Value {
        let kept = self.of_kind("evidence.added").into_iter().rfind(|body| {
            body["origin"]["action"] == action && body["media_type"] == "application/json"
        });
        let sha256 = kept.unwrap_or_else(|| panic!("{action} was not kept"))["sha256"]
            .as_str()
            .unwrap();
        let drills = self.home.path().join("data/drill");
        let drill = std::fs::read_dir(drills).unwrap().next().unwrap().unwrap();
        let text = std::fs::read_to_string(drill.path().join("evidence").join(sha256)).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    fn debrief(&self) -> Value {
        let ran = quarterdeck(self.home.path(), &["report", "last", "--format", "json"]);
        assert_eq!(ran.code, Some(0), "{}", ran.talk);
        let report: Value = serde_json::from_str(&ran.out).unwrap();
        report["debrief"].clone()
    }

    /// Closed, with all the points there are.
    fn ended_well(&self) {
        assert_eq!(self.of_kind("incident.resolved").len(), 1);
        assert_eq!(self.of_kind("incident.closed").len(), 1);
        let debrief = self.debrief();
        assert_eq!(debrief["points"], debrief["of"], "{debrief:#}");
        assert!(debrief["of"].as_u64() > Some(0), "{debrief:#}");
        assert_eq!(debrief["faults"], Value::Array(Vec::new()), "{debrief:#}");
        let results = self.of_kind("action.result");
        assert!(
            results.iter().all(|body| body["outcome"] == "ok"),
            "{results:#?}"
        );
    }

    /// The evidence of `read` was kept before the entry at `act`.
    fn kept_before(&self, read: &str, act: usize) {
        let kept = self.first(read, |entry| {
            entry["kind"] == "evidence.added" && entry["body"]["origin"]["action"] == read
        });
        assert!(kept < act, "{read} was kept too late");
    }

    fn sends(&self, action: &str) -> usize {
        self.first(action, |entry| {
            entry["kind"] == "action.intent" && entry["body"]["action"] == action
        })
    }

    fn ticks(&self, check: &str) -> usize {
        self.first(check, |entry| {
            entry["kind"] == "check.ticked" && entry["body"]["check"] == check
        })
    }

    fn hears(&self, inject: &str) -> bool {
        self.of_kind("drill.injected")
            .iter()
            .any(|body| body["inject"] == inject)
    }

    /// The simulated time of an entry, as RFC 3339 in UTC.
    fn at(&self, entry: usize) -> &str {
        self.entries.get(entry).unwrap()["sim_at"].as_str().unwrap()
    }
}

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
    let played = play("session-abuse", "7");
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
    let played = play("webhook-failure", "7");
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
    let played = play("export-failure", "7");
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
    let played = play("slow-database", "7");
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
    let badly = play_script("slow-database", "slow-database-badly", "7");
    assert_eq!(badly.of_kind("incident.closed").len(), 1);
    assert!(badly.hears("wrong-backend") && !badly.hears("pages-are-back"));
    let debrief = badly.debrief();
    let well = play("slow-database", "7").debrief();
    assert_eq!(debrief["of"], well["of"]);
    let points = |debrief: &Value| debrief["points"].as_i64().unwrap();
    assert!(points(&debrief) * 4 < points(&well), "{debrief:#}");
    let costs = |title: &str| {
        let faults = debrief["faults"].as_array().unwrap();
        let lines = debrief["lines"].as_array().unwrap();
        faults
            .iter()
            .chain(lines)
            .find(|line| line["title"] == title)
            .unwrap_or_else(|| panic!("no {title}: {debrief:#}"))["points"]
            .as_i64()
            .unwrap()
    };
    assert_eq!(costs("needless damage"), -15);
    assert_eq!(costs("time to contain"), 0);
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
    assert!(
        sent.len() >= 2 && *sent[0] == "page-security" && *sent[1] == "notify-authority",
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
    let played = play("mode-b", "7");
    contains_the_breach(&played, "Mode B: Mode segregation broken");
    // No customer read another's data, so nobody is written to; the step says why.
    let told = played.of_kind("message.sent");
    assert!(told.iter().all(|body| body["action"] != "customer-email"));
    played.sends("force-rotate-tokens");
    played.ended_well();
}

#[test]
fn the_scope_policy_is_found_wrong_and_the_breach_is_worked_to_its_end() {
    let played = play("mode-c", "7");
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
