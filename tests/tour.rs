//! The tour of `README.md`, key by key: what a newcomer is told to press does what they are told.

#[path = "support/pty.rs"]
mod pty;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use pty::{Launch, PATIENCE, Signal, Terminal};

/// Presses keys, then waits for what the screen shows.
fn walk(terminal: &mut Terminal, steps: &[(&str, &str)]) {
    for (keys, shown) in steps {
        terminal.send(keys);
        terminal.wait_for(*shown, PATIENCE);
    }
}

#[test]
fn the_tour_goes_from_opening_to_closing() {
    let home = tempfile::tempdir().unwrap();
    let tour = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/tour");
    let (config, target) = (home.path().join("config"), home.path().join("target"));
    fs::create_dir_all(config.join("playbooks")).unwrap();
    fs::create_dir(&target).unwrap();
    for (from, to) in [
        ("config.toml", config.join("config.toml")),
        ("playbooks/tour.md", config.join("playbooks/tour.md")),
        ("tour.db", target.join("tour.db")),
    ] {
        fs::copy(tour.join(from), to).unwrap();
    }
    let launch = Launch::quarterdeck(home.path()).environment("QUARTERDECK_OPERATOR", "alice");
    let mut terminal = launch.clone().arguments(["open", "tour"]).start();
    terminal.wait_for("Who was it?", PATIENCE);
    walk(
        &mut terminal,
        &[
            ("<Enter>", "began “Who was it?”"),
            ("1", "esc does not"),
            ("<Enter>", "ran · 3 rows"),
            ("b", "Suspect actor = u-1932"),
            ("<C-n>", "began “What else did they do?”"),
            ("1", "$1 actor_id"),
            ("<Enter>", "Result 2/2"),
            ("n", "┏ Note ━"),
            ("@03:05 Caller saw another org's invoices", "another org's"),
            ("<Enter>", "03:05"),
            ("d", "done “What else did they do?”"),
            ("<C-n>", "began “Did they get at anything?”"),
            ("1", "esc does not"),
            ("<Enter>", "→ FAIL"),
            ("A", "severity P1"),
            ("d", "done “Did they get at anything?”"),
            ("<C-n>", "began “What is it?”"),
            ("D", "SUGGESTED: rows[0].leaked = 2"),
            ("1", "Why?"),
            ("<Enter>", "this opens Contain"),
            ("2", "2 rows would be touched"),
            ("audit", "(max-rows 50)"),
            ("<Enter>", "2 rows were touched"),
            ("d", "done “Revoke the sessions”"),
        ],
    );
    terminal.kill(Signal::KILL);
    terminal.wait_exit(PATIENCE);

    let mut terminal = launch.arguments(["resume"]).start();
    terminal.wait_for("✓ 1 Revoke the sessions", PATIENCE);
    walk(
        &mut terminal,
        &[
            ("<C-n>", "began “Tell the team”"),
            ("1", "u-1932 read data of other organisations"),
            ("<C-s>", "save it to a file"),
            ("<Down><Enter>", "Where was it sent"),
            ("the team's room<Enter>", "SENT by hand: the team's room"),
            ("d", "done “Tell the team”"),
            ("X", "1 check open: Who was it?"),
            ("<Enter>", "How did it end"),
            ("revoked<Enter>", "RESOLVED "),
            ("X", "close it with things open"),
            ("<Enter>", "Why is it closed"),
            ("the request id is lost<Enter>", "closed; the report is"),
        ],
    );
    terminal.send("q");
    assert!(terminal.wait_exit(PATIENCE).success());
    let verified = Command::new(env!("CARGO_BIN_EXE_quarterdeck"))
        .args(["verify", "last"])
        .env_clear()
        .env("HOME", home.path())
        .env("QUARTERDECK_CONFIG", &config)
        .env("QUARTERDECK_DATA", home.path().join("data"))
        .env("QUARTERDECK_STATE", home.path().join("state"))
        .output()
        .unwrap();
    assert_eq!(verified.status.code(), Some(3));
}

#[test]
fn a_screenshot_waits_for_what_a_dialog_reads() {
    let home = tempfile::tempdir().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    fs::create_dir(home.path().join("target")).unwrap();
    fs::copy(
        root.join("docs/tour/tour.db"),
        home.path().join("target/tour.db"),
    )
    .unwrap();
    for (presses, shown) in [
        ("1 enter enter", "org-b"),
        (
            "ctrl-n 1 enter b ctrl-n ctrl-n 1 enter ctrl-n D enter",
            "Enter alone takes",
        ),
    ] {
        let picture = home.path().join("screen.svg");
        let ended = Command::new(env!("CARGO_BIN_EXE_quarterdeck"))
            .current_dir(home.path())
            .args(["open", "tour", "--press", presses, "--screenshot"])
            .arg(&picture)
            .env_clear()
            .env("HOME", home.path())
            .env("QUARTERDECK_CONFIG", root.join("docs/tour"))
            .env("QUARTERDECK_DATA", home.path().join("data"))
            .env("QUARTERDECK_STATE", home.path().join("state"))
            .status()
            .unwrap();
        assert!(ended.success());
        let svg = fs::read_to_string(&picture).unwrap();
        assert!(!svg.contains("being read"), "{presses}: {svg}");
        assert!(svg.contains(shown), "{presses}: {svg}");
    }
}

#[test]
fn an_incident_that_was_left_is_not_in_use() {
    let home = tempfile::tempdir().unwrap();
    let launch = Launch::quarterdeck(home.path());
    let mut terminal = launch.arguments(["open", "org-isolation-breach"]).start();
    terminal.wait_for("joined", PATIENCE);
    terminal.send("H");
    // The incident is shown once, and as it stands then.
    terminal.wait_for("last entry", PATIENCE);
    terminal.wait_for(
        |now: &str| now.contains("last entry") && !now.contains("in use"),
        Duration::from_secs(1),
    );
    terminal.send("q");
    assert!(terminal.wait_exit(PATIENCE).success());
}
