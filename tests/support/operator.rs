//! An operator at work: a home with a configuration, the program on a terminal, and what is seen there.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::exporter::Exporter;
use crate::support::prometheus::PrometheusServer;
use crate::support::pty::{Launch, PATIENCE, Signal, Terminal};

/// Each test file uses a part of this; naming the rest here keeps the compiler from calling it dead.
const _: () = {
    let _ = (
        Place::programs_first,
        has_cells,
        Screen::kill,
        Screen::run,
        of_kind,
        Place::records_end_of,
        Place::new,
        Place::start,
        Screen::sees_line,
        Screen::closes,
    );
    let _ = |place: &Place| place.exporter.target();
    let _ = Place::with_metrics_behind;
};

/// One operator's home, with metrics of its own: a spike must not be seen by another test.
pub struct Place {
    /// Everything of the operator's.
    pub home: TempDir,
    /// What the metrics come from.
    pub exporter: Exporter,
    _prometheus: PrometheusServer,
    size: (u16, u16),
    path: OsString,
}

impl Place {
    /// A home whose `audit` and `app` are this database and whose `service` is this address; `more` are further lines of
    /// its configuration, the first of them of the source `shell`.
    pub fn new(size: (u16, u16), database: &str, service: &str, more: &str) -> Self {
        Self::with_metrics_behind(Duration::ZERO, size, database, service, more)
    }

    /// The same, with metrics that are this old when they come.
    pub fn with_metrics_behind(
        behind: Duration,
        size: (u16, u16),
        database: &str,
        service: &str,
        more: &str,
    ) -> Self {
        let series = [("order-machine-1", "org-a"), ("order-machine-2", "org-a")];
        let exporter = Exporter::start_behind(&series, behind);
        let prometheus = PrometheusServer::start(&[exporter.target()]);
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join("config")).unwrap();
        let config = format!(
            "operator = \"alice\"\n\
             [profiles.test.sources.audit]\nkind = \"postgres\"\nurl = \"{database}\"\n\
             [profiles.test.sources.app]\nkind = \"postgres\"\nurl = \"{database}\"\n\
             [profiles.test.sources.metrics]\nkind = \"prometheus\"\nurl = \"{}\"\nmin_step = \"1s\"\n\
             [profiles.test.sources.service]\nkind = \"http\"\nurl = \"{}\"\n\
             [profiles.test.sources.shell]\nkind = \"shell\"\n{more}",
            prometheus.url(),
            service,
        );
        std::fs::write(home.path().join("config/config.toml"), config).unwrap();
        Self {
            home,
            exporter,
            _prometheus: prometheus,
            size,
            path: std::env::var_os("PATH").unwrap(),
        }
    }

    /// Programs in this folder are found before the machine's.
    pub fn programs_first(mut self, folder: &Path) -> Self {
        let folders = std::env::split_paths(&self.path);
        self.path =
            std::env::join_paths(std::iter::once(folder.to_owned()).chain(folders)).unwrap();
        self
    }

    pub fn start(&self, arguments: &[&str]) -> Screen {
        let (columns, rows) = self.size;
        Screen(
            Launch::quarterdeck(self.home.path())
                .arguments(arguments)
                .arguments(["--profile", "test"])
                .environment("PATH", &self.path)
                .size(columns, rows)
                .start(),
        )
    }

    /// A command of the program without its screen.
    pub fn run(&self, arguments: &[&str]) -> Output {
        let home = self.home.path();
        Command::new(env!("CARGO_BIN_EXE_quarterdeck"))
            .args(arguments)
            .env_clear()
            .env("HOME", home)
            .env("QUARTERDECK_CONFIG", home.join("config"))
            .env("QUARTERDECK_DATA", home.join("data"))
            .env("QUARTERDECK_STATE", home.join("state"))
            .env("PATH", &self.path)
            .output()
            .unwrap()
    }

    pub fn run_well(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Waits until the record says how this action ended, and returns that: the screen shows a verdict a moment before it
    /// is on the disk, and a proof counts only from there.
    pub fn records_end_of(&self, action: &str) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let ended = |entry: &Value| {
                entry["kind"] == "action.result" && entry["body"]["action"] == action
            };
            if let Some(entry) = entries(self).into_iter().rfind(ended) {
                return entry["body"].clone();
            }
            assert!(Instant::now() < deadline, "{action} has no end on record");
        }
    }
}

/// The cockpit as an operator uses it.
pub struct Screen(pub Terminal);

impl Screen {
    pub fn keys(&mut self, keys: &str) {
        self.0.send(keys);
    }

    pub fn sees(&self, text: &str) {
        self.0.wait_for(text, PATIENCE);
    }

    pub fn sees_line(&self, words: &[&str]) {
        let has = |screen: &str| {
            screen
                .lines()
                .any(|line| words.iter().all(|word| line.contains(word)))
        };
        let deadline = Instant::now() + PATIENCE;
        while !has(&self.0.screen()) {
            assert!(
                Instant::now() < deadline,
                "no line with {words:?}:\n{}",
                self.0.screen()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Walks with Tab until this pane has the focus.
    pub fn focus(&mut self, pane: Pane) {
        for _ in 0..Pane::ALL.len() {
            self.0
                .wait_for(|screen: &str| focused(screen).is_some(), PATIENCE);
            let before = focused(&self.0.screen());
            if before == Some(pane) {
                return;
            }
            self.keys("<Tab>");
            let moved = move |screen: &str| focused(screen).is_some_and(|now| Some(now) != before);
            self.0.wait_for(moved, PATIENCE);
        }
        let now = focused(&self.0.screen());
        assert_eq!(now, Some(pane), "{}", self.0.screen());
    }

    pub fn go_to(&mut self, step: usize, title: &str) {
        self.focus(Pane::Steps);
        self.keys("g");
        self.keys(&"j".repeat(step));
        self.focus(Pane::Guide);
        self.sees(title);
    }

    /// Presses an action's digit and waits until its request is shown.
    pub fn ask(&mut self, digit: &str) {
        self.keys(digit);
        self.sees("Send this?");
    }

    /// Sends the request that is shown.
    pub fn send(&mut self) {
        self.keys("<Enter>");
        self.0.wait_for(
            |screen: &str| !screen.contains("Send this?") && focused(screen) == Some(Pane::Result),
            PATIENCE,
        );
    }

    /// Asks for an action's request and sends it.
    pub fn run(&mut self, digit: &str) {
        self.ask(digit);
        self.send();
    }

    /// Closes the dialog that says this. What is typed after Esc has to wait for its effect.
    pub fn closes(&mut self, dialog: &'static str) {
        self.keys("<Esc>");
        self.0
            .wait_for(move |screen: &str| !screen.contains(dialog), PATIENCE);
    }

    pub fn quit(mut self) {
        self.keys("q");
        assert!(self.0.wait_exit(PATIENCE).success());
        self.0.terminal_restored().unwrap();
    }

    /// As a machine that lost power would end it.
    pub fn kill(mut self) {
        self.0.kill(Signal::KILL);
        assert!(!self.0.wait_exit(PATIENCE).success());
    }
}

/// The panes, in the order of Tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pane {
    /// The list of steps.
    Steps,
    /// Live panes.
    Watch,
    /// The result.
    Result,
    /// The step's guide.
    Guide,
    /// The timeline.
    Timeline,
}

impl Pane {
    const ALL: [Self; 5] = [
        Self::Steps,
        Self::Watch,
        Self::Result,
        Self::Guide,
        Self::Timeline,
    ];

    fn has_title(self, title: &str) -> bool {
        match self {
            Self::Steps => title.starts_with("Steps"),
            // Its own name is left out where there is no room for it.
            Self::Watch => ["Watch", "1/2 ", "2/2 "]
                .iter()
                .any(|begins| title.starts_with(begins)),
            Self::Result => title.starts_with("Result"),
            // The number of the step and its title.
            Self::Guide => title
                .trim_start_matches(|c: char| c.is_ascii_digit())
                .starts_with(" · "),
            Self::Timeline => title.starts_with("Timeline"),
        }
    }
}

/// The pane with thick borders. None while a frame is half drawn, or when a dialog is in front of it.
pub fn focused(screen: &str) -> Option<Pane> {
    screen
        .split("┏ ")
        .skip(1)
        .find_map(|title| Pane::ALL.into_iter().find(|pane| pane.has_title(title)))
}

/// A line of the result, cells parted by any number of blanks.
pub fn has_cells(screen: &str, cells: &[&str]) -> bool {
    screen.lines().any(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        words.windows(cells.len()).any(|window| window == cells)
    })
}

/// The timeline, one JSON value an entry.
pub fn entries(place: &Place) -> Vec<Value> {
    place
        .run_well(&["timeline", "last", "--format", "json"])
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// What the entries of a kind say.
pub fn of_kind<'e>(entries: &'e [Value], kind: &str) -> Vec<&'e Value> {
    let found = entries.iter().filter(|entry| entry["kind"] == kind);
    found.map(|entry| &entry["body"]).collect()
}
