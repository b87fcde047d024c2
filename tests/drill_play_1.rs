//! The coordinated attack, played to its end by two scripts of keys: a model answer and one that does badly. The scores differ as the rubric says.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test: what is not there fails it"
)]

#[path = "support/trial.rs"]
mod trial;

use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;
use trial::{home, quarterdeck};

/// A drill that was played: its home, its entries and its debrief.
struct Played {
    home: TempDir,
    entries: Vec<Value>,
    debrief: Value,
}

impl Played {
    /// Plays a script of `tests/fixtures/drills/scripts` with the seed that it was written for.
    fn new(script: &str) -> Self {
        let home = home();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/drills/scripts");
        let script = folder.join(script).display().to_string();
        let arguments = [
            "drill",
            "coordinated-attack",
            "--seed",
            "7",
            "--play",
            &script,
            "--as",
            "alice",
        ];
        let ran = quarterdeck(home.path(), &arguments);
        assert_eq!(ran.code, Some(0), "{}", ran.talk);
        let ran = quarterdeck(home.path(), &["timeline", "last", "--format", "json"]);
        assert_eq!(ran.code, Some(0), "{}", ran.talk);
        let entries = ran
            .out
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let ran = quarterdeck(home.path(), &["report", "last", "--format", "json"]);
        assert_eq!(ran.code, Some(0), "{}", ran.talk);
        let report: Value = serde_json::from_str(&ran.out).unwrap();
        Self {
            home,
            entries,
            debrief: report["debrief"].clone(),
        }
    }

    fn bodies(&self, kind: &str) -> Vec<&Value> {
        let of_kind = self.entries.iter().filter(|entry| entry["kind"] == kind);
        of_kind.map(|entry| &entry["body"]).collect()
    }

    /// Where the first entry stands that this holds for; the end when there is none.
    fn first(&self, holds: impl Fn(&Value) -> bool) -> usize {
        let found = self.entries.iter().position(holds);
        found.unwrap_or(self.entries.len())
    }

    /// The verdicts in the order in which they were given, each with its action.
    fn verdicts(&self) -> Vec<(&str, &str)> {
        let judged = |body: &&'_ Value| body["judged"]["verdict"].is_string();
        let results = self.bodies("action.result").into_iter().filter(judged);
        results
            .map(|body| {
                (
                    body["action"].as_str().unwrap(),
                    body["judged"]["verdict"].as_str().unwrap(),
                )
            })
            .collect()
    }

    fn decisions(&self) -> Vec<(&str, &str)> {
        let made = self.bodies("decision.made").into_iter();
        made.map(|body| {
            (
                body["decision"].as_str().unwrap(),
                body["chosen"][0].as_str().unwrap(),
            )
        })
        .collect()
    }

    fn injects(&self) -> Vec<&str> {
        let injected = self.bodies("drill.injected").into_iter();
        injected
            .map(|body| body["inject"].as_str().unwrap())
            .collect()
    }

    /// The lines of the score: title, points, and of how many.
    fn lines(&self) -> Vec<(&str, i64, i64)> {
        let lines = self.debrief["lines"].as_array().unwrap().iter();
        lines
            .map(|line| {
                (
                    line["title"].as_str().unwrap(),
                    line["points"].as_i64().unwrap(),
                    line["of"].as_i64().unwrap(),
                )
            })
            .collect()
    }
}

#[test]
fn played_well_it_is_contained_proved_and_closed() {
    let played = Played::new("coordinated-attack.keys");
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
    let results = played.bodies("action.result");
    assert!(
        results.iter().all(|body| body["outcome"] == "ok"),
        "{results:#?}"
    );
    let kept = |action: &'static str| {
        move |entry: &Value| {
            entry["kind"] == "evidence.added" && entry["body"]["origin"]["action"] == action
        }
    };
    let revoked = played
        .first(|entry| entry["kind"] == "action.intent" && entry["body"]["action"] == "revoke");
    for action in ["preserve-logs", "preserve-audit"] {
        assert!(
            played.first(kept(action)) < revoked,
            "{action} is kept before the first write"
        );
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
    assert_eq!(played.debrief["points"], 80);
    assert_eq!(played.debrief["of"], 80);
    assert_eq!(played.debrief["faults"], serde_json::json!([]));
    assert_eq!(played.bodies("incident.resolved").len(), 1);
    assert_eq!(played.bodies("incident.closed").len(), 1);
}

#[test]
fn played_badly_it_is_a_false_all_clear() {
    let played = Played::new("coordinated-attack-badly.keys");
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
    assert_eq!(played.debrief["points"], 0, "never below nothing");
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
    let report = quarterdeck(played.home.path(), &["report", "last"]).out;
    assert!(report.contains("false all-clear"), "{report}");
}
