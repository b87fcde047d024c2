//! A drill on a real terminal, played well and badly at both sizes: what is pressed is acted on, everything says DRILL, and the scores differ.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test: what is not there fails it"
)]

#[path = "support/pty.rs"]
mod pty;
#[path = "support/trial.rs"]
mod trial;

use std::time::Duration;

use pty::{Launch, PATIENCE, Terminal};
use serde_json::Value;
use tempfile::TempDir;
use trial::{home, quarterdeck};

/// How the dialog of an inject begins.
const INJECT: &str = "┏ DRILL · ";

struct Player {
    home: TempDir,
    terminal: Terminal,
}

impl Player {
    fn new(scenario: &str, (columns, rows): (u16, u16)) -> Self {
        let home = home();
        let arguments = [
            "drill", scenario, "--seed", "7", "--speed", "60", "--as", "alice",
        ];
        let terminal = Launch::quarterdeck(home.path())
            .arguments(arguments)
            .size(columns, rows)
            .start();
        terminal.wait_for("┏ DRILL · pager", PATIENCE);
        let header = terminal.screen();
        let header = header.lines().next().unwrap_or_default();
        assert!(header.contains("DRILL"), "{header}");
        Self { home, terminal }
    }

    /// Presses keys and waits for what they bring. An inject may come in front at any time: it is read, and the keys are pressed again when they were lost to it.
    fn act(&mut self, keys: &str, brings: impl Fn(&str) -> bool + Copy) {
        loop {
            while self.terminal.screen().contains(INJECT) {
                let before = self.terminal.screen().matches(INJECT).count();
                self.terminal.send("<Esc>");
                self.terminal.wait_for(
                    |screen: &str| screen.matches(INJECT).count() != before,
                    PATIENCE,
                );
            }
            if brings(&self.terminal.screen()) {
                return;
            }
            self.terminal.send(keys);
            self.terminal.wait_for(
                |screen: &str| brings(screen) || screen.contains(INJECT),
                PATIENCE,
            );
        }
    }

    /// Asks for an action's request, and sends it.
    fn run(&mut self, digit: &str, brings: impl Fn(&str) -> bool + Copy) {
        self.act(digit, |screen| screen.contains("Send this?"));
        self.act("<Enter>", |screen| {
            !screen.contains("Send this?") && brings(screen)
        });
    }

    /// Leaves, and gives the entries and the debrief.
    fn leave(mut self) -> (Vec<Value>, Value) {
        self.act("", |screen| !screen.contains(INJECT));
        self.terminal.send("q");
        self.terminal.wait_exit(Duration::from_secs(30));
        let timeline = quarterdeck(self.home.path(), &["timeline", "last", "--format", "json"]);
        assert_eq!(timeline.code, Some(0), "{}", timeline.talk);
        let entries = timeline.out.lines();
        let entries = entries
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let report = quarterdeck(self.home.path(), &["report", "last", "--format", "json"]);
        assert_eq!(report.code, Some(0), "{}", report.talk);
        let report: Value = serde_json::from_str(&report.out).unwrap();
        (entries, report["debrief"].clone())
    }
}

/// Finds out who it was, keeps it, and ends the sessions of the first actor.
fn well(size: (u16, u16)) -> i64 {
    let mut player = Player::new("coordinated-attack", size);
    player.run("1", |screen| screen.contains("PASS"));
    player.act("d<C-n>", |screen| {
        screen.contains("2 · Identify the source")
    });
    player.run("1", |screen| screen.contains("Result 2/2"));
    player.run("2", |screen| screen.contains("Result 3/3"));
    player.act("b", |screen| screen.contains("Suspect actor = st-"));
    player.act("<C-n>", |screen| {
        screen.contains("3 · Determine the pattern")
    });
    player.act("D", |screen| screen.contains("SUGGESTED"));
    player.act("2<Enter>", |screen| {
        screen.contains("1 · Preserve all logs") && !screen.contains("SUGGESTED")
    });
    player.run("1", |screen| screen.contains("Result 4/4"));
    player.act("v", |screen| screen.contains("kept:"));
    player.act("<C-n>", |screen| screen.contains("2 · Revoke the attacker"));
    player.act("2", |screen| screen.contains("would be touched"));
    player.act("app<Enter>", |screen| {
        screen.contains("touched") && !screen.contains("would be")
    });
    checked(
        player.leave(),
        &["identify-source", "preserve-logs", "revoke"],
    )
}

/// Looks once, and goes.
fn badly(scenario: &str, size: (u16, u16), (action, verdict): (&str, &str)) -> i64 {
    let mut player = Player::new(scenario, size);
    player.run("1", |screen| screen.contains(verdict));
    checked(player.leave(), &[action])
}

fn checked((entries, debrief): (Vec<Value>, Value), ran: &[&str]) -> i64 {
    assert!(
        entries.iter().all(|entry| entry["mode"] == "drill"),
        "{entries:#?}"
    );
    for action in ran {
        let ended = entries.iter().any(|entry| {
            entry["kind"] == "action.result"
                && entry["body"]["action"] == *action
                && entry["body"]["outcome"] == "ok"
        });
        assert!(ended, "{action}: {entries:#?}");
    }
    // What counts against a score of nothing is not shown by the sum.
    let lines = debrief["lines"].as_array().unwrap().iter();
    lines.map(|line| line["points"].as_i64().unwrap()).sum()
}

/// The same drill done well and badly, and another one that is only looked at.
fn differs(size: (u16, u16)) {
    let well = well(size);
    let same = badly("coordinated-attack", size, ("heartbeat", "PASS"));
    let other = badly("slow-database", size, ("db-readiness", "FAIL"));
    assert!(well > same && well > other, "{well} {same} {other}");
}

#[test]
fn at_80_by_24_who_acts_well_scores_higher() {
    differs((80, 24));
}

#[test]
fn at_120_by_40_who_acts_well_scores_higher() {
    differs((120, 40));
}
