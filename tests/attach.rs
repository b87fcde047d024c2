//! A playbook that joins an open incident: by a decision, in the record, and for whoever reads the record afterwards.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod support {
    pub mod pty;
}

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use support::pty::{Launch, PATIENCE};

const FIRST: &str = "---\nquarterdeck: 1\nid: first\ntitle: First\nseverity: P1\n---\n\n## Look\n\n### Choose the way\n<!-- {#way .decision} -->\n\n| Way | Then |\n| --- | --- |\n| Breach | [Second](playbook:second) |\n| Nothing | |\n\n### Identify\n<!-- {#identify} -->\n\nLook around.\n";

const SECOND: &str = "---\nquarterdeck: 1\nid: second\ntitle: Second\n---\n\n## Stop the bleed\n\n### Identify\n<!-- {#identify} -->\n\nWhat bleeds?\n\n### Freeze it\n<!-- {requires=\"identify\"} -->\n\nFreeze.\n";

fn run(home: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_quarterdeck"))
        .args(arguments)
        .env_clear()
        .env("HOME", home)
        .env("QUARTERDECK_CONFIG", home.join("config"))
        .env("QUARTERDECK_DATA", home.join("data"))
        .env("QUARTERDECK_STATE", home.join("state"))
        .env("PATH", std::env::var_os("PATH").unwrap())
        .output()
        .unwrap()
}

fn text(output: Output) -> String {
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_decision_leads_to_another_playbook_which_stays_part_of_the_incident() {
    let home = tempfile::tempdir().unwrap();
    let library = home.path().join("config/playbooks");
    std::fs::create_dir_all(&library).unwrap();
    std::fs::write(library.join("first.md"), FIRST).unwrap();
    std::fs::write(library.join("second.md"), SECOND).unwrap();
    let mut screen = Launch::quarterdeck(home.path())
        .arguments(["open", "first"])
        .size(120, 40)
        .start();
    screen.wait_for("Choose the way", PATIENCE);
    screen.send("D");
    screen.wait_for("not yet known", PATIENCE);
    screen.send("1");
    screen.wait_for("Why?", PATIENCE);
    screen.send("rows of another org");
    screen.send("<Enter>");
    screen.wait_for("attach second", PATIENCE);
    screen.send("<Enter>");
    screen.wait_for("second is attached", PATIENCE);
    screen.wait_for("What bleeds?", PATIENCE);
    screen.send("<Enter>");
    screen.wait_for("doing", PATIENCE);
    screen.send("d");
    screen.wait_for("Freeze.", PATIENCE);
    screen.send("q");
    screen.wait_exit(PATIENCE);

    // The text in the record counts, not what stands in the library now.
    std::fs::remove_file(library.join("second.md")).unwrap();
    let shown = text(run(home.path(), &["show", "last"]));
    assert!(shown.contains("second/identify"), "{shown}");
    let entries: Vec<Value> = text(run(home.path(), &["timeline", "last", "--format", "json"]))
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let done = entries
        .iter()
        .filter(|entry| entry["kind"] == "step.done")
        .map(|entry| entry["body"]["step"].as_str().unwrap().to_owned());
    assert_eq!(done.collect::<Vec<_>>(), ["way", "second/identify"]);
    let attached = entries
        .iter()
        .filter(|entry| entry["kind"] == "playbook.attached");
    assert_eq!(attached.count(), 1);

    let mut screen = Launch::quarterdeck(home.path())
        .arguments(["resume"])
        .size(120, 40)
        .start();
    screen.wait_for("Freeze it", PATIENCE);
    screen.send("q");
    screen.wait_exit(PATIENCE);
    let verified = run(home.path(), &["verify", "last"]);
    assert_eq!(verified.status.code(), Some(3), "{verified:?}");
}

#[test]
fn a_playbook_that_is_not_there_is_named() {
    let home = tempfile::tempdir().unwrap();
    let library = home.path().join("config/playbooks");
    std::fs::create_dir_all(&library).unwrap();
    std::fs::write(library.join("first.md"), FIRST).unwrap();
    let mut screen = Launch::quarterdeck(home.path())
        .arguments(["open", "first"])
        .size(120, 40)
        .start();
    screen.wait_for("Choose the way", PATIENCE);
    screen.send("D1");
    screen.wait_for("Why?", PATIENCE);
    screen.send("x");
    screen.send("<Enter>");
    screen.wait_for("attach second", PATIENCE);
    screen.send("<Enter>");
    screen.wait_for("attach second: no playbook", PATIENCE);
    screen.send("q");
    screen.wait_exit(PATIENCE);
}
