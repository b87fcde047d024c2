//! A drill and a walkthrough reach nobody: no socket is opened and no process is started. Counted from outside, by the kernel's own calls, while an operator
//! runs an action of each language; a live incident with the same keys is the control that has to be caught.
//!
//! The configuration names a real service and a real machine in all three, so that a drill that used them would be seen there too.

#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod support {
    pub mod http_double;
    pub mod pty;
}

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value as Json;
use support::http_double::{HttpDouble, Reply};
use support::pty::{Launch, PATIENCE, Terminal};
use tempfile::TempDir;

/// The calls that matter: everything about networks, and everything that starts a process.
const TRACED: &str = "trace=%network,execve,execveat,fork,vfork,clone,clone3";

/// An operator's home with a live service and a live machine in its configuration, and the log of the calls.
struct Place {
    home: TempDir,
    service: HttpDouble,
}

impl Place {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let alive = Reply::json("200 OK", "{\"status\":\"ok\"}");
        let service = HttpDouble::start(vec![alive]);
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/outside");
        let config = home.path().join("config");
        for (name, folder) in [("outside.md", "playbooks"), ("outside.toml", "drills")] {
            fs::create_dir_all(config.join(folder)).unwrap();
            fs::copy(fixtures.join(name), config.join(folder).join(name)).unwrap();
        }
        let sources = format!(
            "operator = \"alice\"\n\
             [profiles.live.sources.service]\nkind = \"http\"\nurl = \"{}\"\n\
             [profiles.live.sources.shell]\nkind = \"shell\"\n",
            service.url()
        );
        fs::write(config.join("config.toml"), sources).unwrap();
        Self { home, service }
    }

    /// Starts the program with these arguments, every call written down.
    fn start(&self, arguments: &[&str]) -> Terminal {
        let log = self.home.path().join("calls");
        Launch::program("strace", self.home.path())
            .arguments(["-f", "-qq", "-e", TRACED, "-o"])
            .arguments([&log])
            .arguments([env!("CARGO_BIN_EXE_quarterdeck")])
            .arguments(arguments)
            .start()
    }

    /// What the program did, once it has ended.
    fn calls(&self) -> Calls {
        let log = fs::read_to_string(self.home.path().join("calls"))
            .expect("strace writes down the calls: tests/all installs it");
        Calls::read(&log)
    }

    /// Nobody was reached: by the calls, and by the service that the configuration names.
    fn reached_nobody(&self) {
        let calls = self.calls();
        assert!(
            calls.sockets.is_empty() && calls.processes.is_empty(),
            "{calls}"
        );
        assert!(
            calls.pairs > 0,
            "the log was read: signals wake the loop by a pair of sockets"
        );
        assert!(self.service.asked().is_empty());
    }

    /// The actions that ended well, by the record.
    fn ended_well(&self) -> BTreeSet<String> {
        let shown = Command::new(env!("CARGO_BIN_EXE_quarterdeck"))
            .args(["timeline", "last", "--format", "json"])
            .env_clear()
            .env("HOME", self.home.path())
            .env("QUARTERDECK_CONFIG", self.home.path().join("config"))
            .env("QUARTERDECK_DATA", self.home.path().join("data"))
            .env("QUARTERDECK_STATE", self.home.path().join("state"))
            .output()
            .unwrap();
        let text = String::from_utf8(shown.stdout).unwrap();
        let entries = text
            .lines()
            .map(|line| serde_json::from_str::<Json>(line).unwrap());
        let well = entries
            .filter(|entry| entry["kind"] == "action.result" && entry["body"]["outcome"] == "ok");
        well.map(|entry| entry["body"]["action"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// What a program did.
#[derive(Default)]
struct Calls {
    /// Sockets that could reach somebody, connections, and what was sent by them.
    sockets: Vec<String>,
    /// Processes, and programs that took the place of one.
    processes: Vec<String>,
    /// Pairs of sockets inside the program, by which a signal wakes its loop: they reach nobody.
    pairs: usize,
}

impl Calls {
    /// Reads a log. The first program that starts is the one that is looked at.
    fn read(log: &str) -> Self {
        let mut calls = Self::default();
        let mut begun = false;
        for line in log.lines() {
            let call = line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ');
            let Some((name, arguments)) = call.split_once('(') else {
                continue;
            };
            match name {
                "execve" if !begun => begun = true,
                "execve" | "execveat" | "fork" | "vfork" => calls.processes.push(line.to_owned()),
                "clone" | "clone3" if !arguments.contains("CLONE_THREAD") => {
                    calls.processes.push(line.to_owned());
                }
                "socketpair" if arguments.starts_with("AF_UNIX") => calls.pairs += 1,
                "socket" | "socketpair" | "connect" | "bind" | "listen" | "accept" | "accept4" => {
                    calls.sockets.push(line.to_owned());
                }
                _ => {}
            }
        }
        assert!(begun, "the program was not traced:\n{log}");
        calls
    }
}

impl fmt::Display for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} pairs inside the program", self.pairs)?;
        for call in self.sockets.iter().chain(&self.processes) {
            writeln!(f, "{call}")?;
        }
        Ok(())
    }
}

/// Presses keys, then waits for what the screen shows.
fn press(terminal: &mut Terminal, steps: &[(&str, &str)]) {
    for (keys, shown) in steps {
        terminal.send(keys);
        terminal.wait_for(*shown, PATIENCE);
    }
}

/// Leaves the cockpit and waits until the program has ended.
fn leave(mut terminal: Terminal) {
    terminal.send("q");
    assert!(terminal.wait_exit(PATIENCE).success());
}

#[test]
fn a_drill_opens_no_socket_and_starts_no_process() {
    let place = Place::new();
    let mut terminal = place.start(&["drill", "outside"]);
    terminal.wait_for("Ask everything", PATIENCE);
    press(
        &mut terminal,
        &[
            ("", "DRILL · pager"),
            ("<Enter>", "1-9 act"),
            ("<Enter>", "began “Ask everything”"),
            ("1", "esc does not"),
            ("<Enter>", "kql-answered"),
            ("2", "esc does not"),
            ("<Enter>", "sql-answered"),
            ("3", "esc does not"),
            ("<Enter>", "value  time"),
            ("4", "esc does not"),
            ("<Enter>", "HTTP/1.1 200"),
            ("5", "esc does not"),
            ("<Enter>", "shell-answered"),
            ("6", "ctrl-s accepts"),
            ("<C-s>", "post it to room"),
            ("<Down><Down><Enter>", "type its name"),
            ("room<Enter>", "SENT to simulated webhook"),
        ],
    );
    leave(terminal);
    let all = [
        "telemetry",
        "database",
        "metrics",
        "service",
        "machine",
        "room",
    ];
    assert_eq!(place.ended_well(), all.map(str::to_owned).into());
    place.reached_nobody();
}

#[test]
fn a_walkthrough_opens_no_socket_and_starts_no_process() {
    let place = Place::new();
    let mut terminal = place.start(&["walk", "outside"]);
    terminal.wait_for("Ask everything", PATIENCE);
    press(&mut terminal, &[("<Space>", "step 1 of 1")]);
    for number in 1..=6 {
        let title = format!("action {number} of 6 ·");
        terminal.send("<Space>");
        // What would be sent is worked out in the background.
        terminal.wait_for(
            |screen: &str| {
                screen.contains(&title)
                    && screen.contains("nothing is sent")
                    && !screen.contains("is being prepared")
            },
            PATIENCE,
        );
    }
    press(
        &mut terminal,
        &[
            ("<Space>", "6 of 6 actions were shown"),
            ("<Esc>", "1-9 act"),
        ],
    );
    leave(terminal);
    place.reached_nobody();
}

#[test]
fn a_live_incident_is_caught_at_both() {
    let place = Place::new();
    let mut terminal = place.start(&["open", "outside"]);
    terminal.wait_for("Ask everything", PATIENCE);
    press(
        &mut terminal,
        &[
            ("<Enter>", "began “Ask everything”"),
            ("4", "esc does not"),
            ("<Enter>", "HTTP/1.1 200"),
            ("5", "esc does not"),
            ("<Enter>", "shell-answered"),
        ],
    );
    // What it said is shown before its end is recorded.
    terminal.wait_for(
        |screen: &str| {
            screen
                .lines()
                .any(|line| line.contains("[5]") && line.contains("ran ·"))
        },
        PATIENCE,
    );
    leave(terminal);
    let calls = place.calls();
    let connected = calls
        .sockets
        .iter()
        .any(|call| call.contains("connect(") && call.contains("127.0.0.1"));
    let started = calls
        .processes
        .iter()
        .any(|call| call.contains("execve(") && call.contains("bash"));
    assert!(connected && started, "{calls}");
    assert_eq!(place.service.asked().len(), 1);
}
