//! A drill played to its end by a script of keys, and what is left of it: its entries, its evidence and its debrief.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test: what is not there fails it"
)]

#[path = "trial.rs"]
mod trial;

use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;
use trial::{home, quarterdeck};

/// The names that stand in the scripts are the ones that this seed draws.
const SEED: &str = "7";

/// Each test file uses a part of this; naming every part keeps the compiler from calling the rest dead.
const _: () = {
    let _ = (
        play,
        Played::report,
        Played::ran_well,
        Played::verdicts_of,
        Played::told,
        Played::decisions,
        Played::injects,
        Played::last_kept,
        Played::ticks,
        Played::hears,
        Played::at,
        Played::points,
        Played::costs,
    );
};

/// A drill that was played.
pub struct Played {
    home: TempDir,
    /// All entries, in order.
    pub entries: Vec<Value>,
    /// The score, with its lines and its heavy faults.
    pub debrief: Value,
}

/// Plays the script that has the name of its scenario: the model answer.
pub fn play(scenario: &str) -> Played {
    play_script(scenario, scenario)
}

/// Plays a script of `tests/fixtures/drills/scripts`.
pub fn play_script(scenario: &str, script: &str) -> Played {
    let home = home();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/drills/scripts");
    let script = folder.join(format!("{script}.keys")).display().to_string();
    let run = |arguments: &[&str]| {
        let ran = quarterdeck(home.path(), arguments);
        assert_eq!(ran.code, Some(0), "{arguments:?}: {}", ran.talk);
        ran.out
    };
    run(&[
        "drill", scenario, "--seed", SEED, "--play", &script, "--as", "alice",
    ]);
    let entries = run(&["timeline", "last", "--format", "json"]);
    let report = run(&["report", "last", "--format", "json"]);
    let report: Value = serde_json::from_str(&report).unwrap();
    Played {
        entries: entries
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect(),
        debrief: report["debrief"].clone(),
        home,
    }
}

impl Played {
    /// The report as a person reads it.
    pub fn report(&self) -> String {
        quarterdeck(self.home.path(), &["report", "last"]).out
    }

    /// What the entries of a kind say.
    pub fn of_kind(&self, kind: &str) -> Vec<&Value> {
        let of_kind = self.entries.iter().filter(|entry| entry["kind"] == kind);
        of_kind.map(|entry| &entry["body"]).collect()
    }

    /// The place of the first entry that is like this.
    fn first(&self, what: &str, like: impl Fn(&Value) -> bool) -> usize {
        let found = self.entries.iter().position(like);
        found.unwrap_or_else(|| panic!("no entry: {what}"))
    }

    /// How an action ended, each time.
    pub fn ends_of(&self, action: &str) -> Vec<&Value> {
        let mut ends = self.of_kind("action.result");
        ends.retain(|body| body["action"] == action);
        assert!(!ends.is_empty(), "{action} never ran");
        ends
    }

    /// Each of these actions ran, and ran well whenever it did.
    pub fn ran_well(&self, actions: &[&str]) {
        for action in actions {
            let ends = self.ends_of(action);
            let well = ends.iter().all(|body| body["outcome"] == "ok");
            assert!(well, "{action}: {ends:#?}");
        }
    }

    /// The verdicts in the order in which they were given, each with its action.
    pub fn verdicts(&self) -> Vec<(&str, &str)> {
        let results = self.of_kind("action.result").into_iter();
        results
            .filter_map(|body| {
                Some((
                    body["action"].as_str().unwrap(),
                    body["judged"]["verdict"].as_str()?,
                ))
            })
            .collect()
    }

    /// The verdicts of one action, in order.
    pub fn verdicts_of(&self, action: &str) -> Vec<&str> {
        let given = self.verdicts().into_iter();
        given
            .filter_map(|(of, verdict)| (of == action).then_some(verdict))
            .collect()
    }

    /// To whom a message was sent, where it is one for each.
    pub fn told(&self, message: &str) -> Vec<&Value> {
        let sent = self.of_kind("message.sent").into_iter();
        sent.filter(|body| body["action"] == message)
            .map(|body| &body["each"])
            .collect()
    }

    /// Every decision in order, each with its first choice.
    pub fn decisions(&self) -> Vec<(&str, &str)> {
        let made = self.of_kind("decision.made").into_iter();
        made.map(|body| {
            (
                body["decision"].as_str().unwrap(),
                body["chosen"][0].as_str().unwrap(),
            )
        })
        .collect()
    }

    /// What came from outside, by its id.
    pub fn injects(&self) -> Vec<&str> {
        let injected = self.of_kind("drill.injected").into_iter();
        injected
            .map(|body| body["inject"].as_str().unwrap())
            .collect()
    }

    pub fn hears(&self, inject: &str) -> bool {
        self.injects().contains(&inject)
    }

    /// Where an action is sent for the first time.
    pub fn sends(&self, action: &str) -> usize {
        self.first(action, |entry| {
            entry["kind"] == "action.intent" && entry["body"]["action"] == action
        })
    }

    pub fn ticks(&self, check: &str) -> usize {
        self.first(check, |entry| {
            entry["kind"] == "check.ticked" && entry["body"]["check"] == check
        })
    }

    /// The evidence of `read` was kept before the entry at `act`.
    pub fn kept_before(&self, read: &str, act: usize) {
        let kept = self.first(read, |entry| {
            entry["kind"] == "evidence.added" && entry["body"]["origin"]["action"] == read
        });
        assert!(kept < act, "{read} was kept too late");
    }

    /// What an action's rows say, as they were kept the last time.
    pub fn last_kept(&self, action: &str) -> Value {
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

    /// The simulated time of an entry, as RFC 3339 in UTC.
    pub fn at(&self, entry: usize) -> &str {
        self.entries[entry]["sim_at"].as_str().unwrap()
    }

    /// The lines of the score: title, points, and of how many.
    pub fn lines(&self) -> Vec<(&str, i64, i64)> {
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

    /// The points of the line with this title.
    pub fn costs(&self, title: &str) -> i64 {
        let lines = self.lines();
        let line = lines.iter().find(|(of, _, _)| *of == title);
        line.unwrap_or_else(|| panic!("no {title}: {:#}", self.debrief))
            .1
    }

    /// Points reached, and of how many.
    pub fn points(&self) -> (i64, i64) {
        let points = |name: &str| self.debrief[name].as_i64().unwrap();
        (points("points"), points("of"))
    }

    /// Resolved and closed with nothing open, all the points there are, no heavy fault, and every action ran well.
    pub fn ended_well(&self) {
        self.closed();
        let (points, of) = self.points();
        assert!(points == of && of > 0, "{:#}", self.debrief);
        assert_eq!(self.debrief["faults"], Value::Array(Vec::new()));
        let results = self.of_kind("action.result");
        let well = |body: &&Value| body["outcome"] == "ok";
        assert!(results.iter().all(well), "{results:#?}");
    }

    /// Resolved and closed, once.
    pub fn closed(&self) {
        assert_eq!(self.of_kind("incident.resolved").len(), 1);
        assert_eq!(self.of_kind("incident.closed").len(), 1);
    }
}
