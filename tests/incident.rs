//! A whole incident through the real screen, on real sources: PostgreSQL with the planted breach, Prometheus that scrapes
//! an exporter, an HTTP service, a shell. The last session of it is killed and goes on where it was.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use std::process::{Command, Output};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

mod support {
    pub mod exporter;
    pub mod http_double;
    pub mod postgres;
    pub mod prometheus;
    pub mod pty;
}

use support::exporter::Exporter;
use support::http_double::{HttpDouble, Reply};
use support::postgres::PostgresServer;
use support::prometheus::PrometheusServer;
use support::pty::{Launch, PATIENCE, Signal, Terminal};

/// What every incident of this file shares. The audit database is never written to.
static DATABASE: LazyLock<PostgresServer> = LazyLock::new(|| {
    let server = PostgresServer::start();
    server.execute(include_str!("fixtures/database/schema.sql"));
    server.execute(include_str!("fixtures/database/breach.sql"));
    server
});
static SERVICE: LazyLock<HttpDouble> =
    LazyLock::new(|| HttpDouble::start(vec![Reply::json("200 OK", r#"{"status":"ok"}"#)]));

/// Where each step stands in the list of steps, counted from its first one.
const STEP_4_SUCCEEDED: usize = 3;
const STEP_PRESERVE: usize = 6;
const STEP_REVOKE: usize = 7;

/// One operator's home, with metrics of its own: a spike must not be seen by another test.
struct Place {
    home: TempDir,
    exporter: Exporter,
    _prometheus: PrometheusServer,
    size: (u16, u16),
}

impl Place {
    fn new(size: (u16, u16)) -> Self {
        let exporter =
            Exporter::start(&[("order-machine-1", "org-a"), ("order-machine-2", "org-a")]);
        let prometheus = PrometheusServer::start(&[exporter.target()]);
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join("config")).unwrap();
        let database = DATABASE.url();
        let config = format!(
            "operator = \"alice\"\n\
             [profiles.test.sources.audit]\nkind = \"postgres\"\nurl = \"{database}\"\n\
             [profiles.test.sources.app]\nkind = \"postgres\"\nurl = \"{database}\"\n\
             [profiles.test.sources.metrics]\nkind = \"prometheus\"\nurl = \"{}\"\nmin_step = \"1s\"\n\
             [profiles.test.sources.service]\nkind = \"http\"\nurl = \"{}\"\n\
             [profiles.test.sources.local]\nkind = \"shell\"\n",
            prometheus.url(),
            SERVICE.url(),
        );
        std::fs::write(home.path().join("config/config.toml"), config).unwrap();
        Self {
            home,
            exporter,
            _prometheus: prometheus,
            size,
        }
    }

    fn start(&self, arguments: &[&str]) -> Screen {
        let (columns, rows) = self.size;
        Screen(
            Launch::quarterdeck(self.home.path())
                .arguments(arguments)
                .arguments(["--profile", "test"])
                .size(columns, rows)
                .start(),
        )
    }

    /// A command of the program without its screen.
    fn run(&self, arguments: &[&str]) -> Output {
        let home = self.home.path();
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

    fn run_well(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }
}

/// The cockpit as an operator uses it.
struct Screen(Terminal);

impl Screen {
    fn keys(&mut self, keys: &str) {
        self.0.send(keys);
    }

    fn sees(&self, text: &str) {
        self.0.wait_for(text, PATIENCE);
    }

    fn sees_line(&self, words: &[&str]) {
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
    fn focus(&mut self, pane: Pane) {
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

    fn go_to(&mut self, step: usize, title: &str) {
        self.focus(Pane::Steps);
        self.keys("g");
        self.keys(&"j".repeat(step));
        self.focus(Pane::Guide);
        self.sees(title);
    }

    /// Presses an action's digit and waits until its request is shown.
    fn ask(&mut self, digit: &str) {
        self.keys(digit);
        self.sees("Send this?");
    }

    /// Sends the request that is shown.
    fn send(&mut self) {
        self.keys("<Enter>");
        self.0.wait_for(
            |screen: &str| !screen.contains("Send this?") && focused(screen) == Some(Pane::Result),
            PATIENCE,
        );
    }

    /// Closes the dialog that says this. What is typed after Esc has to wait for its effect.
    fn closes(&mut self, dialog: &'static str) {
        self.keys("<Esc>");
        self.0
            .wait_for(move |screen: &str| !screen.contains(dialog), PATIENCE);
    }

    fn quit(mut self) {
        self.keys("q");
        assert!(self.0.wait_exit(PATIENCE).success());
        self.0.terminal_restored().unwrap();
    }

    /// As a machine that lost power would end it.
    fn kill(mut self) {
        self.0.kill(Signal::KILL);
        assert!(!self.0.wait_exit(PATIENCE).success());
    }
}

/// The panes, in the order of Tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pane {
    Steps,
    Watch,
    Result,
    Guide,
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
fn focused(screen: &str) -> Option<Pane> {
    screen
        .split("┏ ")
        .skip(1)
        .find_map(|title| Pane::ALL.into_iter().find(|pane| pane.has_title(title)))
}

/// A line of the result, cells parted by any number of blanks.
fn has_cells(screen: &str, cells: &[&str]) -> bool {
    screen.lines().any(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        words.windows(cells.len()).any(|window| window == cells)
    })
}

fn whole_incident(size: (u16, u16)) {
    let place = Place::new(size);
    let mut screen = place.start(&["open", "commerce-org-mismatch-spike"]);
    screen.sees("Org isolation breach");

    // Watch: the live pane that reads Prometheus is shown, the one without a source a key away.
    screen.focus(Pane::Watch);
    screen.sees("2/2");
    screen.keys("]");
    screen.sees("1/2");
    screen.sees("cannot run");
    screen.keys("]");
    screen.sees("2/2");
    screen.sees("fresh");
    place.exporter.spike("order-machine-2", "org-a", 5.0);
    let end = Instant::now() + PATIENCE;
    while !screen.0.screen().contains("ALERT") {
        assert!(Instant::now() < end, "no alert:\n{}", screen.0.screen());
        screen.keys("p");
        std::thread::sleep(Duration::from_millis(300));
    }

    // Judge: the audit query shows the planted breach.
    screen.go_to(STEP_4_SUCCEEDED, "4 · Check for successful");
    screen.ask("2");
    screen.sees("CAST($1::text AS timestamptz)");
    screen.send();
    screen.0.wait_for(
        |screen: &str| has_cells(screen, &["3", "4", "207"]),
        PATIENCE,
    );
    screen.ask("3");
    screen.send();
    screen.sees("row 1/7");
    screen.keys("j");
    screen.sees("row 2/7");
    screen.sees("u-1932");

    // Bind: the next query is filled.
    screen.keys("b");
    screen.sees("Suspect actor = u-1932");
    screen.go_to(STEP_PRESERVE, "1 · Preserve all logs");
    screen.ask("2");
    screen.sees_line(&["actor_id", "u-1932", "text"]);
    screen.send();
    screen.sees("row 1/4");
    screen.focus(Pane::Guide);
    screen.keys("t");
    screen.sees("☑");

    // A write is refused, and says so.
    screen.go_to(STEP_REVOKE, "2 · Revoke the attacker");
    screen.ask("1");
    screen.sees_line(&["actor_id", "u-1932", "text"]);
    screen.send();
    screen.sees("row 1/3");
    screen.keys("2");
    screen.sees("revoke changes something: writes cannot be sent from here yet");
    screen.closes("writes cannot be sent");

    screen.keys("n");
    screen.sees("┏ Note");
    screen.keys("@03:10 support called about it<Enter>");
    screen.focus(Pane::Timeline);
    screen.sees("support called about it");
    screen.kill();

    // Resume: everything that was acknowledged is there.
    let mut screen = place.start(&["resume", "last"]);
    screen.sees("Org isolation breach");
    screen.focus(Pane::Watch);
    screen.sees("ALERT");
    screen.focus(Pane::Timeline);
    screen.sees("support called about it");
    screen.go_to(STEP_4_SUCCEEDED, "4 · Check for successful");
    screen.sees("doing");
    screen.sees("ran · 7 rows");
    screen.go_to(STEP_PRESERVE, "1 · Preserve all logs");
    screen.sees("☑");
    screen.ask("2");
    screen.sees_line(&["actor_id", "u-1932", "text"]);
    screen.closes("Send this?");
    screen.quit();

    after_the_incident(&place);
}

/// What the record says, read without the screen.
fn after_the_incident(place: &Place) {
    let verified = place.run(&["verify", "last"]);
    let said = String::from_utf8_lossy(&verified.stdout).into_owned()
        + &String::from_utf8_lossy(&verified.stderr);
    assert_eq!(verified.status.code(), Some(3), "{said}");
    assert!(said.contains("not anchored"), "{said}");

    // Each request is in the record before its result, which names it.
    let entries = entries(place);
    let of_actions: Vec<(&str, &str)> = entries
        .iter()
        .filter_map(|entry| {
            let kind = entry["kind"].as_str()?;
            Some((kind, entry["body"]["action"].as_str()?)).filter(|_| kind.starts_with("action."))
        })
        .collect();
    let expected: Vec<(&str, &str)> = [
        "cross-org",
        "cross-org-rows",
        "preserve-audit",
        "revoke-preview",
    ]
    .into_iter()
    .flat_map(|action| [("action.intent", action), ("action.result", action)])
    .collect();
    assert_eq!(of_actions, expected);
    for result in entries
        .iter()
        .filter(|entry| entry["kind"] == "action.result")
    {
        let intent = entries
            .iter()
            .find(|entry| entry["hash"] == result["body"]["intent"])
            .unwrap();
        assert_eq!(intent["body"]["action"], result["body"]["action"]);
        assert!(intent["at"].as_str() <= result["at"].as_str(), "{result}");
    }
    let rows: Vec<Option<u64>> = entries
        .iter()
        .filter(|entry| entry["kind"] == "action.result")
        .map(|entry| entry["body"]["rows"].as_u64())
        .collect();
    assert_eq!(rows, [Some(1), Some(7), Some(4), Some(3)]);
    let alerts =
        |entry: &&Value| entry["kind"] == "watch.changed" && entry["body"]["state"] == "alert";
    assert!(entries.iter().any(|entry| alerts(&entry)), "{entries:#?}");

    let report = place.run_well(&["report", "last"]);
    assert!(report.contains("`actor_id` = `u-1932`"), "{report}");
    assert!(report.contains("support called about it"), "{report}");
    assert_eq!(
        DATABASE.execute("SELECT count(*) FROM staff_sessions WHERE revoked_at IS NULL"),
        "15"
    );
}

/// The timeline, one JSON value an entry.
fn entries(place: &Place) -> Vec<Value> {
    place
        .run_well(&["timeline", "last", "--format", "json"])
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_whole_incident_at_120x40() {
    whole_incident((120, 40));
}

#[test]
fn a_whole_incident_at_80x24() {
    whole_incident((80, 24));
}

/// An action that was under way when the program was killed may have happened or not: it says so until a person settles it.
#[test]
fn an_action_without_an_end_is_unknown_until_it_is_settled() {
    let place = Place::new((120, 40));
    let mut screen = place.start(&["open", "org-isolation-breach"]);
    screen.sees("Org isolation breach");
    screen.go_to(STEP_4_SUCCEEDED, "4 · Check for successful");
    screen.keys("e");
    screen.sees("Edit sql");
    screen.sees("FROM commerce.audit_entries");
    screen.0.paste(
        "SELECT count(*), now(), interval '1 s' FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b UNION ALL\n",
    );
    screen.sees("2 SELECT count(*) AS entries");
    screen.keys("<C-s>");
    screen.sees("Send this?");
    screen.keys("<Enter>");
    screen.sees("running");
    screen.kill();

    let mut screen = place.start(&["resume", "last"]);
    screen.sees("Org isolation breach");
    screen.go_to(STEP_4_SUCCEEDED, "4 · Check for successful");
    screen.sees("OUTCOME UNKNOWN");
    screen.keys("a");
    screen.sees("outcome unknown. Find out first; what happened?");
    screen.keys("j<Enter>");
    screen.sees("how do you know?");
    screen.keys("the server log has no such query<Enter>");
    screen.0.wait_for(
        |screen: &str| !screen.contains("OUTCOME UNKNOWN") && !screen.contains("how do you know?"),
        PATIENCE,
    );
    screen.quit();

    let entries = entries(&place);
    let intent = entries
        .iter()
        .find(|entry| entry["kind"] == "action.intent")
        .unwrap();
    assert_eq!(intent["body"]["edited"], true, "{intent}");
    assert!(
        intent["body"]["text"]
            .as_str()
            .unwrap()
            .contains("generate_series"),
        "{intent}"
    );
    let after: Vec<&Value> = entries
        .iter()
        .filter(|entry| entry["body"]["intent"] == intent["hash"])
        .collect();
    assert_eq!(after.len(), 1, "{after:#?}");
    assert!(
        after.iter().all(|entry| entry["operator"] == "alice"
            && entry
                .to_string()
                .contains("the server log has no such query")),
        "{after:#?}"
    );
}
