//! `rehearse`: every shipped playbook passes, and of a broken one the right place is told.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test: what fails here fails it"
)]

#[path = "support/trial.rs"]
mod trial;

use std::fs;

use serde_json::Value;
use tempfile::TempDir;
use trial::{Ran, home, quarterdeck};

/// A playbook without a fault: a read of three languages, a write with its preview, a message and a decision.
const SOUND: &str = r#"---
quarterdeck: 1
id: small
title: Small
summary: A playbook for tests.
severity: P1
inputs:
  actor_id: { title: Actor, type: text }
---

# Small

## Look

### Step 1: Look

```kql {#look source=telemetry view=table expect="rows[0].n >= 0" doubt="rows[0].n == 0"}
requests
| where user_Id != _actor_id
| summarize n = count()
```

```sql {#sessions source=app expect="rows[0].n >= 0" doubt="rows[0].n == 0"}
SELECT count(*) AS n
FROM staff_sessions
WHERE staff_user_id <> :actor_id
```

```sh {#list effect=read}
echo one two | wc -w
```

```sql {#revoke source=app effect=write max-rows=5 undo="none"}
UPDATE staff_sessions SET revoked_at = now() WHERE staff_user_id = :actor_id
```

### Step 2: Decide
<!-- {.decision over="look"} -->

| Finding | Suggest when |
| --- | --- |
| Busy | `rows[0].n > 0` |
| Quiet | `rows[0].n == 0` |
"#;

/// The playbook with a part of it replaced, rehearsed; with the file's name.
fn rehearsed(part: &str, by: &str) -> (Ran, String) {
    assert!(SOUND.contains(part), "{part}");
    let home = home();
    let path = home.path().join("small.md");
    fs::write(&path, SOUND.replacen(part, by, 1)).unwrap();
    let path = path.display().to_string();
    (quarterdeck(home.path(), &["rehearse", &path]), path)
}

/// Line and column of a text in the playbook.
fn place_of(text: &str, by: &str) -> (usize, usize) {
    let whole = SOUND.replacen(text, by, 1);
    let byte = whole.find(by).unwrap();
    let before = &whole[..byte];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
    (line, column)
}

/// The lines that failed.
fn failed(ran: &Ran) -> Vec<&str> {
    let lines = ran.out.lines();
    lines.filter(|line| line.starts_with("FAIL")).collect()
}

/// That exactly one line fails: this action, in this line of the file (and column), for this reason.
fn fails(part: &str, by: &str, action: &str, (line, column): (usize, Option<usize>), why: &str) {
    let (ran, path) = rehearsed(part, by);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let [only] = failed(&ran)[..] else {
        panic!("expected one failure of {action}: {ran:?}")
    };
    let place = match column {
        Some(column) => format!("{path}:{line}:{column}: "),
        None => format!("{path}:{line}:"),
    };
    assert!(
        only.contains(&format!(" {action}  ")) && only.contains(&place) && only.contains(why),
        "expected {action} at {place} because of {why}\nfound {only}"
    );
}

#[test]
fn a_sound_playbook_passes_and_each_line_says_what_came() {
    let (ran, _) = rehearsed("one two", "one two");
    assert_eq!((ran.code, failed(&ran)), (Some(0), Vec::new()), "{ran:?}");
    let line = |name: &str| {
        let mut lines = ran.out.lines();
        let words = format!(" {name}  ");
        lines.find(|line| line.contains(&words)).unwrap().to_owned()
    };
    assert!(line("look").starts_with("ok       kql"), "{}", line("look"));
    assert!(line("look").contains("1 row; verdict "), "{}", line("look"));
    assert!(line("look").contains("(example values: actor_id=example)"));
    assert!(
        line("sessions").contains("1 row; verdict PASS"),
        "{}",
        line("sessions")
    );
    assert!(line("list").contains("1 line, exit code 0"));
    assert!(
        line("revoke").starts_with("planned")
            && line("revoke").contains("not run; it would touch 0 rows"),
        "{}",
        line("revoke")
    );
    assert!(ran.out.contains(" decision ") && ran.out.contains("suggests "));
    assert!(
        ran.talk
            .contains("nothing outside the simulated service was asked")
    );
}

#[test]
fn what_does_not_parse_is_told_with_its_place() {
    let (line, column) = place_of("| summarize", "| summarise");
    fails(
        "| summarize",
        "| summarise",
        "look",
        (line, Some(column + 2)),
        "summarise",
    );
}

#[test]
fn what_does_not_bind_is_told_with_its_place() {
    let (line, column) = place_of("user_Id !=", "userid !=");
    fails(
        "user_Id !=",
        "userid !=",
        "look",
        (line, Some(column)),
        "userid",
    );
    let (line, column) = place_of("WHERE staff_user_id <>", "WHERE staff_usr <>");
    fails(
        "WHERE staff_user_id <>",
        "WHERE staff_usr <>",
        "sessions",
        (line, Some(column + 6)),
        "staff_usr",
    );
}

#[test]
fn what_does_not_run_is_told_with_its_place() {
    let (line, _) = place_of("echo one two", "kubectl get pods");
    fails(
        "echo one two",
        "kubectl get pods",
        "list",
        (line, None),
        "kubectl",
    );
}

#[test]
fn what_does_not_evaluate_is_told_with_its_place() {
    let (line, _) = place_of(
        "#sessions source=app expect=\"rows[0].n",
        "#sessions source=app expect=\"rows[0].m",
    );
    fails(
        "#sessions source=app expect=\"rows[0].n",
        "#sessions source=app expect=\"rows[0].m",
        "sessions",
        (line, None),
        "could not be evaluated",
    );
    let (line, _) = place_of("| Busy | `rows[0].n", "| Busy | `rows[0].m");
    fails(
        "| Busy | `rows[0].n",
        "| Busy | `rows[0].m",
        "decide",
        (line, None),
        "Busy: ",
    );
}

/// A job that was given the wrong file must not be green.
#[test]
fn where_nothing_can_be_rehearsed_nothing_has_passed() {
    let home = home();
    let path = home.path().join("empty.md");
    fs::write(&path, "# Nothing to do\n").unwrap();
    let ran = quarterdeck(home.path(), &["rehearse", &path.display().to_string()]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.talk.contains("nothing was rehearsed"), "{ran:?}");
}

#[test]
fn every_shipped_playbook_passes() {
    let home: TempDir = home();
    fs::remove_file(home.path().join("config/playbooks/trial.md")).unwrap();
    let ran = quarterdeck(home.path(), &["rehearse", "--format", "json"]);
    let all: Value = serde_json::from_str(&ran.out).unwrap();
    let all = all.as_array().unwrap();
    let mut reads = 0;
    for playbook in all {
        assert!(playbook["scenario"].is_string(), "{playbook:#}");
        for line in playbook["lines"].as_array().unwrap() {
            assert_ne!(line["state"], "fail", "{}: {line:#}", playbook["playbook"]);
            reads += usize::from(line["state"] == "ok");
        }
    }
    assert_eq!(ran.code, Some(0), "{}", ran.talk);
    assert!(
        all.len() >= 5 && reads >= 60,
        "{} playbooks, {reads} reads",
        all.len()
    );
}

#[test]
fn a_scenario_and_a_seed_can_be_chosen_and_a_wrong_one_is_told() {
    let home = home();
    let ran = quarterdeck(
        home.path(),
        &["rehearse", "trial", "--scenario", "nonsense"],
    );
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(
        ran.talk.contains("nonsense") && ran.talk.contains("there are"),
        "{ran:?}"
    );
    let seeded = |seed: &str| {
        let arguments = [
            "rehearse",
            "org-isolation-breach",
            "--scenario",
            "false-alarm",
            "--seed",
            seed,
        ];
        quarterdeck(home.path(), &arguments).out
    };
    let once = seeded("7");
    assert!(
        once.starts_with("org-isolation-breach in scenario false-alarm, seed 7\n"),
        "{once}"
    );
    assert_eq!(once, seeded("7"));
}
