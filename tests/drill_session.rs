//! A drill from its first entry to its debrief, without a terminal: simulated time, injects, a facilitator, going on later, and that the same seed and
//! keys give the same drill.

#![expect(clippy::unwrap_used, reason = "a test: what is not there fails it")]

#[path = "support/trial.rs"]
mod trial;

use std::path::{Path, PathBuf};

use serde_json::Value;
use trial::{home, quarterdeck};

/// Runs the first query, finishes the step and lets time pass.
const SCRIPT: &str = "\
# the page is read; the heartbeat, then who it was
press enter
press 1 enter
press d ctrl-n
press 1 enter
wait 2m
press d
wait 5m
# what was said meanwhile is read
press enter enter
press n
type a note after seven minutes
press enter
";

fn scenario() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/drills/small.toml");
    path.display().to_string()
}

/// Plays the script with a seed and gives the entries of the drill.
fn play(home: &Path, seed: &str) -> Vec<Value> {
    play_script(home, &scenario(), seed, SCRIPT)
}

fn play_script(home: &Path, scenario: &str, seed: &str, script: &str) -> Vec<Value> {
    let file: PathBuf = home.join("script.keys");
    std::fs::write(&file, script).unwrap();
    let file = file.display().to_string();
    let ran = quarterdeck(
        home,
        &[
            "drill", scenario, "--seed", seed, "--play", &file, "--as", "alice",
        ],
    );
    assert_eq!(ran.code, Some(0), "{}", ran.talk);
    timeline(home)
}

fn timeline(home: &Path) -> Vec<Value> {
    let ran = quarterdeck(home, &["timeline", "last", "--format", "json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.talk);
    ran.out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn of_kind<'e>(entries: &'e [Value], kind: &str) -> Vec<&'e Value> {
    entries
        .iter()
        .filter(|entry| entry["kind"] == kind)
        .collect()
}

/// What of an entry is the drill itself, and not the moment and the key it was written with.
fn essence(entry: &Value) -> Value {
    let mut body = entry["body"].clone();
    if let Some(body) = body.as_object_mut() {
        for name in ["intent", "key", "host", "tty", "uid", "name"] {
            body.remove(name);
        }
        if let Some(origin) = body.get_mut("origin").and_then(Value::as_object_mut) {
            origin.remove("intent");
        }
    }
    serde_json::json!({ "sim_at": entry["sim_at"], "kind": entry["kind"], "body": body })
}

#[test]
fn a_drill_runs_in_its_own_time_and_says_so_everywhere() {
    let home = home();
    let entries = play(home.path(), "7");
    assert!(
        entries.iter().all(|entry| entry["mode"] == "drill"),
        "{entries:#?}"
    );
    assert_eq!(entries[0]["sim_at"], "2026-03-10T10:00:00.000Z");
    let started = of_kind(&entries, "drill.started")[0];
    assert_eq!(started["body"]["seed"], 7);
    assert_eq!(started["body"]["scenario"], "small");
    let injected = of_kind(&entries, "drill.injected");
    let names: Vec<&str> = injected
        .iter()
        .map(|entry| entry["body"]["inject"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        ["page", "noted", "mail"],
        "by its condition, then by time"
    );
    let at = injected[2]["sim_at"].as_str().unwrap();
    assert!(at.starts_with("2026-03-10T10:06:0"), "{at}");
    assert!(
        !injected[2]["body"]["text"].as_str().unwrap().contains('{'),
        "names are put in"
    );
    let rows = of_kind(&entries, "action.result");
    assert!(
        rows.iter().all(|entry| entry["body"]["outcome"] == "ok"),
        "{rows:#?}"
    );
    assert!(
        rows.iter()
            .any(|entry| entry["body"]["rows"].as_u64() > Some(5)),
        "the attempts are there: {rows:#?}"
    );

    // The text of the timeline, the card and the report: DRILL on every line that says something.
    for arguments in [
        &["timeline", "last"][..],
        &["show", "last", "--brief"],
        &["report", "last"],
    ] {
        let ran = quarterdeck(home.path(), arguments);
        assert_eq!(ran.code, Some(0), "{}", ran.talk);
        let says = |line: &&str| {
            !line.trim_start().starts_with("```") && line.chars().any(char::is_alphanumeric)
        };
        for line in ran.out.lines().filter(says) {
            let table_rule = line.starts_with("| ---");
            assert!(
                table_rule || line.contains("DRILL"),
                "{arguments:?}: {line}"
            );
        }
    }
    let verified = quarterdeck(home.path(), &["verify", "last"]);
    assert_eq!(verified.code, Some(3), "{}{}", verified.out, verified.talk);
}

#[test]
fn the_same_seed_and_keys_give_the_same_drill() {
    let (one, two, three) = (home(), home(), home());
    // Live panes ask at the same time, and who answers first is not the drill's: their entries count, their order does not.
    let essences = |home: &Path, seed| {
        let entries = play(home, seed);
        let mut essences: Vec<String> = entries
            .iter()
            .map(|entry| essence(entry).to_string())
            .collect();
        essences.sort();
        essences
    };
    let first = essences(one.path(), "7");
    assert_eq!(first, essences(two.path(), "7"));
    assert_ne!(
        first,
        essences(three.path(), "8"),
        "another seed is another drill"
    );
    let debrief = |home: &Path| {
        let ran = quarterdeck(home, &["report", "last", "--format", "json"]);
        let report: Value = serde_json::from_str(&ran.out).unwrap();
        let mut debrief = report["debrief"].clone();
        assert!(debrief["of"].as_u64() > Some(0), "{debrief:#}");
        debrief["tries"] = Value::Null;
        for line in debrief["lines"].as_array_mut().unwrap() {
            // Hashes depend on the session's key.
            line["entries"] = line["entries"].as_array().unwrap().len().into();
        }
        debrief
    };
    assert_eq!(debrief(one.path()), debrief(two.path()));
}

#[test]
fn a_drill_goes_on_where_it_was_left_and_remembers_its_tries() {
    let home = home();
    let before = play(home.path(), "7");
    let left = before.last().unwrap()["sim_at"]
        .as_str()
        .unwrap()
        .to_owned();
    let picture = home.path().join("picture.svg").display().to_string();
    let ran = quarterdeck(
        home.path(),
        &[
            "resume",
            "last",
            "--screenshot",
            &picture,
            "--size",
            "120x40",
            "--as",
            "alice",
        ],
    );
    assert_eq!(ran.code, Some(0), "{}", ran.talk);
    let after = timeline(home.path());
    let resumed = of_kind(&after, "session.opened");
    let at = resumed.last().unwrap()["sim_at"].as_str().unwrap();
    assert!(
        at >= left.as_str() && at[..16] == left[..16],
        "{at} after {left}"
    );
    assert_eq!(
        of_kind(&after, "drill.injected").len(),
        of_kind(&before, "drill.injected").len(),
        "nothing comes twice"
    );
    let svg = std::fs::read_to_string(&picture).unwrap();
    assert!(svg.contains("DRILL"));

    play(home.path(), "7");
    let report = quarterdeck(home.path(), &["report", "last"]).out;
    assert!(report.contains("Tries of this drill"), "{report}");
    assert_eq!(
        report.matches("alice \\| 7 |").count() + report.matches("| alice | 7 |").count(),
        2,
        "{report}"
    );
}

/// A script that ran into an error may have changed the service before; a later session finds it so.
#[test]
fn what_a_failed_script_changed_stays_changed() {
    let home = home();
    let playbook = "\
---
quarterdeck: 1
id: half-way
title: Half-way
summary: A script that fails after its work.
severity: P1
---

# Half-way

## Contain

### Freeze it

```sh {#freeze effect=write undo=none}
matter ops freeze-operation --op invoices.list --reason test
exit 3
```
";
    std::fs::write(home.path().join("config/playbooks/half-way.md"), playbook).unwrap();
    let scenario = std::fs::read_to_string(scenario()).unwrap();
    let head = scenario.split("[inputs]").next().unwrap();
    let head = head.replace("org-isolation-breach", "half-way");
    let rubric = "acknowledge = { within = \"5m\", points = 10 }\nfalse_all_clear = 30\n";
    let truth = "breach = false\ntext = \"Nothing.\"\n";
    let file = home.path().join("half-way.toml").display().to_string();
    std::fs::write(&file, format!("{head}[truth]\n{truth}[rubric]\n{rubric}")).unwrap();

    let freeze = "press enter\npress enter 1\ntype shell\npress enter\n";
    let entries = play_script(home.path(), &file, "7", freeze);
    let results = of_kind(&entries, "action.result");
    assert_eq!(results[0]["body"]["outcome"], "failed", "{results:#?}");

    let picture = home.path().join("picture.svg").display().to_string();
    let again = "1 s h e l l enter";
    let ran = quarterdeck(
        home.path(),
        &["resume", "last", "--screenshot", &picture, "--press", again],
    );
    assert_eq!(ran.code, Some(0), "{}", ran.talk);
    let svg = std::fs::read_to_string(&picture).unwrap();
    assert!(svg.contains("is frozen already"), "{svg}");
}

/// What was worked on last is told by the wall clock: a drill that is played later may end earlier in its own time.
#[test]
fn last_is_what_was_played_last() {
    let home = home();
    play(home.path(), "7");
    let later = play_script(home.path(), &scenario(), "8", "press enter\nwait 5s\n");
    assert_eq!(of_kind(&later, "drill.started")[0]["body"]["seed"], 8);
}

#[test]
fn the_script_of_the_documentation_plays() {
    let page = include_str!("../docs/drills.md");
    let section = page.split("## From a script").nth(1).unwrap();
    let script = section.split("```text\n").nth(1).unwrap();
    let script = script.split("```").next().unwrap();
    let home = home();
    let entries = play_script(home.path(), "coordinated-attack", "7", script);
    assert_eq!(
        of_kind(&entries, "role.assigned")[0]["body"]["person"],
        "alice"
    );
    assert_eq!(
        of_kind(&entries, "action.result")[0]["body"]["judged"]["verdict"],
        "pass"
    );
    let noted = of_kind(&entries, "note.added")[0]["body"]["text"].as_str();
    assert!(noted.is_some_and(|text| text.starts_with("The telemetry is alive")));
}

#[test]
fn the_scenario_of_the_documentation_has_no_mistake() {
    let page = include_str!("../docs/drills.md");
    let section = page.split("## Writing a scenario").nth(1).unwrap();
    let scenario = section.split("```toml\n").nth(1).unwrap();
    let scenario = scenario.split("```").next().unwrap();
    let home = home();
    let file = home.path().join("mine.toml").display().to_string();
    std::fs::write(&file, scenario).unwrap();
    let ran = quarterdeck(home.path(), &["check", &file]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), ""), "{}", ran.talk);
}

#[test]
fn a_facilitator_injects_from_a_second_terminal() {
    let home = home();
    play(home.path(), "7");
    let list = quarterdeck(home.path(), &["drill", "inject", "last"]);
    assert_eq!(list.code, Some(0), "{}", list.talk);
    assert!(
        list.out.contains("press: The press is on the phone."),
        "{}",
        list.out
    );
    let called = quarterdeck(home.path(), &["drill", "inject", "last", "press"]);
    assert_eq!(called.code, Some(0), "{}", called.talk);
    let own = quarterdeck(
        home.path(),
        &[
            "drill",
            "inject",
            "last",
            "--text",
            "Legal wants a word.",
            "--from",
            "legal",
        ],
    );
    assert_eq!(own.code, Some(0), "{}", own.talk);
    let entries = timeline(home.path());
    let injected = of_kind(&entries, "drill.injected");
    let called: Vec<&&Value> = injected
        .iter()
        .filter(|entry| entry["body"]["called"] == true)
        .collect();
    assert_eq!(called.len(), 2);
    assert_eq!(called[1]["body"]["from"], "legal");
    assert!(
        called.iter().all(|entry| entry["sim_at"].is_string()),
        "{called:#?}"
    );
    let unknown = quarterdeck(home.path(), &["drill", "inject", "last", "pres"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.talk.contains("press"), "{}", unknown.talk);
}

/// A drill with a sign that it has stopped, left as it is and then played again to its end with another text of the scenario.
#[test]
fn a_sign_is_not_called_a_closed_drill_hears_nothing_and_tries_say_how_they_differ() {
    let home = home();
    let small = std::fs::read_to_string(scenario()).unwrap();
    let text = small
        .replace(
            "[truth]\n",
            "[[inject]]\nid = \"quiet\"\nwhen = '!(\"attack\" in going)'\nfor = \"1m\"\ntext = \"It is quiet.\"\n\n[truth]\n",
        )
        .replace(
            "[rubric]\n",
            "[rubric]\ncontain = { within = \"20m\", points = 10, by = [\"quiet\"] }\n",
        );
    let file = home.path().join("own.toml");
    std::fs::write(&file, &text).unwrap();
    let own = file.display().to_string();
    play_script(home.path(), &own, "7", "press enter\nwait 5s\n");
    let refused = |arguments: &[&str], said: &str| {
        let ran = quarterdeck(
            home.path(),
            &[&["drill", "inject", "last"], arguments].concat(),
        );
        assert_eq!(ran.code, Some(2), "{arguments:?}: {}", ran.talk);
        assert!(ran.talk.contains(said), "{arguments:?}: {}", ran.talk);
    };
    refused(&["quiet"], "comes by itself");
    refused(&["--text", " "], "say something");
    let report = quarterdeck(home.path(), &["report", "last"]).out;
    assert!(report.contains("as things stand"), "{report}");

    std::fs::write(&file, text.replace("points = 20 }", "points = 30 }")).unwrap();
    let end = "press enter\nwait 5s\npress X enter\ntype it is over\npress enter\npress X enter\ntype nothing more\npress enter\n";
    let entries = play_script(home.path(), &own, "7", end);
    assert_eq!(of_kind(&entries, "incident.closed").len(), 1);
    refused(&["press"], "is closed");
    assert_eq!(timeline(home.path()).len(), entries.len());
    let report = quarterdeck(home.path(), &["report", "last"]).out;
    assert!(!report.contains("as things stand"), "{report}");
    let tries: Vec<&str> = report
        .lines()
        .filter(|line| line.contains("| alice | 7 |"))
        .collect();
    assert_eq!(tries.len(), 2, "{report}");
    assert!(
        tries[0].contains("(not resolved) (another version of the scenario)"),
        "{tries:#?}"
    );
    assert!(
        tries[1].contains("(this one)") && !tries[1].contains("not resolved"),
        "{tries:#?}"
    );
}

#[test]
fn what_cannot_be_begun_creates_nothing() {
    let home = home();
    // Keys for a drill that does not open must not open an incident.
    std::fs::write(home.path().join("enter.keys"), "press enter\npress enter\n").unwrap();
    let half = std::fs::read_to_string(scenario()).unwrap();
    let half = half.split("[rubric]").next().unwrap();
    std::fs::write(home.path().join("half.toml"), half).unwrap();
    for (arguments, said) in [
        (&["drill", "no-such-drill"][..], "coordinated-attack"),
        (&["drill", "small.toml"][..], "small.toml"),
        (&["drill", "--speed", "0"][..], "more than 0"),
        (&["drill", "--play", "missing.keys"][..], "missing.keys"),
        (
            &["drill", "./half.toml", "--play", "enter.keys"][..],
            "missing-key",
        ),
    ] {
        let ran = quarterdeck(home.path(), arguments);
        assert_eq!(ran.code, Some(2), "{arguments:?}: {}", ran.talk);
        assert!(ran.talk.contains(said), "{arguments:?}: {}", ran.talk);
    }
    assert!(!home.path().join("data").exists());
}
