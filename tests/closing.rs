//! Resolving and closing on a terminal: the report lies beside the record, and nothing was forgotten in it.

#![expect(clippy::unwrap_used, reason = "a test: what fails here fails it")]

#[path = "support/pty.rs"]
mod pty;
#[path = "support/trial.rs"]
mod trial;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use pty::{Launch, PATIENCE};

#[test]
fn an_incident_is_resolved_and_closed_and_its_report_lies_beside_the_record() {
    let home = trial::home();
    let mut terminal = Launch::quarterdeck(home.path())
        .arguments(["open", "trial-alert", "--severity", "P2"])
        .start();
    terminal.wait_for("Greet", PATIENCE);
    terminal.send("X");
    terminal.wait_for("1 check open: Greet", PATIENCE);
    terminal.send("<Enter>");
    terminal.wait_for("How did it end", PATIENCE);
    terminal.send("false alarm<Enter>");
    terminal.wait_for("RESOLVED ", PATIENCE);
    terminal.send("X");
    terminal.wait_for("close it with things open", PATIENCE);
    terminal.send("<Enter>");
    terminal.wait_for("Why is it closed", PATIENCE);
    terminal.send("nobody was there<Enter>");
    terminal.wait_for("closed; the report is", PATIENCE);
    terminal.wait_for(" CLOSED ", PATIENCE);
    // The last line has no room for a path: the dialog shows it whole.
    terminal.send("X");
    terminal.wait_for("report.md", PATIENCE);
    terminal.send("<Enter>");
    terminal.wait_for("the path is copied", PATIENCE);
    terminal.send("q");
    assert!(terminal.wait_exit(PATIENCE).success());

    let live = home.path().join("data/live");
    let folders: Vec<PathBuf> = fs::read_dir(live)
        .unwrap()
        .map(|folder| folder.unwrap().path())
        .collect();
    let [folder] = folders.as_slice() else {
        unreachable!("one incident: {folders:?}");
    };
    let report = folder.join("report.md");
    let mode = fs::metadata(&report).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = fs::read_to_string(report).unwrap();
    for part in [
        "# Trial of the cockpit\n",
        "## Resolving and closing\n",
        "  - Reason: false alarm\n  - Still open: step todo: Greet\n",
        "  - Reason: nobody was there\n",
    ] {
        assert!(text.contains(part), "{part}\nis not in\n{text}");
    }
    // What was written is what the record says, and the record holds.
    let told = trial::quarterdeck(home.path(), &["report", "last"]);
    let sections = |text: &str| -> Vec<String> {
        let headings = text.lines().filter(|line| line.starts_with("## "));
        headings.map(String::from).collect()
    };
    assert_eq!(sections(&told.out), sections(&text));
    assert_eq!(
        trial::quarterdeck(home.path(), &["verify", "last"]).code,
        Some(3)
    );
    let card = trial::quarterdeck(home.path(), &["show", "--brief"]).out;
    assert!(card.contains("\nCLOSED "), "{card}");
}
