//! Shipped playbooks played to their end in drills by scripts of keys, each a model answer: what is kept, decided, stopped, told and closed.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

#[path = "support/trial.rs"]
mod trial;

use std::path::Path;

use serde_json::Value;
use trial::{home, quarterdeck};

/// The names that stand in the scripts are the ones that this seed draws.
const SEED: &str = "7";

/// A drill that was played to its end: its entries and its debrief.
struct Played {
    entries: Vec<Value>,
    debrief: Value,
}

fn play(scenario: &str) -> Played {
    let home = home();
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(format!("tests/fixtures/drills/scripts/{scenario}.keys"));
    let script = script.display().to_string();
    let arguments = [
        "drill", scenario, "--seed", SEED, "--play", &script, "--as", "alice",
    ];
    let ran = quarterdeck(home.path(), &arguments);
    assert_eq!(ran.code, Some(0), "{}", ran.talk);
    let timeline = quarterdeck(home.path(), &["timeline", "last", "--format", "json"]);
    assert_eq!(timeline.code, Some(0), "{}", timeline.talk);
    let entries = timeline.out.lines();
    let report = quarterdeck(home.path(), &["report", "last", "--format", "json"]);
    assert_eq!(report.code, Some(0), "{}", report.talk);
    let report: Value = serde_json::from_str(&report.out).unwrap();
    Played {
        entries: entries
            .map(|line| serde_json::from_str(line).unwrap())
            .collect(),
        debrief: report["debrief"].clone(),
    }
}

impl Played {
    /// The bodies of the entries of a kind.
    fn of_kind(&self, kind: &str) -> Vec<&Value> {
        let of_kind = self.entries.iter().filter(|entry| entry["kind"] == kind);
        of_kind.map(|entry| &entry["body"]).collect()
    }

    /// Each of these actions ran, and ran well whenever it did.
    fn ran_well(&self, actions: &[&str]) {
        for action in actions {
            let mut results = self.of_kind("action.result");
            results.retain(|body| body["action"] == *action);
            assert!(!results.is_empty(), "{action} did not run");
            let well = results.iter().all(|body| body["outcome"] == "ok");
            assert!(well, "{action}: {results:#?}");
        }
    }

    /// Where the first result of this action stands among the entries.
    fn place(&self, action: &str) -> usize {
        let is =
            |entry: &Value| entry["kind"] == "action.result" && entry["body"]["action"] == action;
        self.entries.iter().position(is).unwrap()
    }

    /// The incident was closed, nothing did damage, and at least this share of the points was reached.
    fn ended_well(&self, percent: u64) {
        assert_eq!(self.of_kind("incident.resolved").len(), 1);
        assert_eq!(self.of_kind("incident.closed").len(), 1);
        let (points, of) = (&self.debrief["points"], &self.debrief["of"]);
        let (points, of) = (points.as_i64().unwrap(), of.as_i64().unwrap());
        let percent = i64::try_from(percent).unwrap();
        assert!(points * 100 >= of * percent, "{:#}", self.debrief);
    }
}

#[test]
fn a_tenant_leak_is_kept_closed_and_told() {
    let played = play("tenant-leak");
    played.ran_well(&[
        "audit-log-copy",
        "audit-log-alive",
        "cross-tenant-count",
        "cross-tenant-rows",
        "affected-tenants",
    ]);
    assert!(
        played.place("audit-log-copy") < played.place("kill-switches"),
        "the log is kept before the route is closed"
    );
    let rows = played.of_kind("action.result");
    let rows: Vec<&Value> = rows
        .into_iter()
        .filter(|body| body["action"] == "cross-tenant-rows")
        .map(|body| &body["rows"])
        .collect();
    assert_eq!(rows.len(), 2, "counted, and nine minutes later again");
    assert_eq!(
        rows[0], rows[1],
        "nothing crossed since the route was closed"
    );
    assert_eq!(played.of_kind("message.sent").len(), 3);
    played.ended_well(100);
}

#[test]
fn an_incident_response_goes_from_the_signal_to_the_retrospective() {
    let played = play("errors-and-more");
    played.ran_well(&[
        "access-scope-count",
        "access-logs",
        "actors",
        "rotate-encryption",
        "readiness",
        "telemetry-smoke",
    ]);
    assert!(
        played.place("access-logs") < played.place("rotate-encryption"),
        "the logs are safe before the keys are rotated"
    );
    let milestones = played.of_kind("milestone.reached");
    let said: Vec<&Value> = milestones.iter().map(|body| &body["milestone"]).collect();
    assert_eq!(said, ["confirmed", "contained"]);
    played.ended_well(100);
}

#[test]
fn a_suspected_leak_ends_with_everybody_told() {
    let played = play("staff-session-leak");
    played.ran_well(&[
        "audit-events",
        "cross-tenant-reads",
        "leaked-clients",
        "revoke-actor-sessions",
        "route-scope",
        "route-coverage",
    ]);
    assert!(
        played.place("audit-events") < played.place("revoke-actor-sessions"),
        "the trail is kept before the session is ended"
    );
    let sent = played.of_kind("message.sent");
    let told: Vec<&Value> = sent
        .iter()
        .filter(|body| body["action"] == "disclose")
        .map(|body| &body["each"])
        .collect();
    assert_eq!(told.len(), 3, "each client whose data was read: {told:?}");
    played.ended_well(100);
}
