//! A whole incident through the real screen, on real sources: PostgreSQL with the planted breach, Prometheus that scrapes
//! an exporter, an HTTP service, a shell. The last session of it is killed and goes on where it was.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use serde_json::Value;

mod support {
    pub mod exporter;
    pub mod http_double;
    pub mod operator;
    pub mod postgres;
    pub mod prometheus;
    pub mod pty;
}

use support::http_double::{HttpDouble, Reply};
use support::operator::{Pane, Place, entries, has_cells};
use support::postgres::PostgresServer;
use support::pty::PATIENCE;

/// What every incident of this file shares. The audit database is never written to.
static DATABASE: LazyLock<PostgresServer> = LazyLock::new(|| {
    let server = PostgresServer::start();
    server.execute(include_str!("../assets/schema.sql"));
    server.execute(include_str!("fixtures/database/breach.sql"));
    server
});
static SERVICE: LazyLock<HttpDouble> =
    LazyLock::new(|| HttpDouble::start(vec![Reply::json("200 OK", r#"{"status":"ok"}"#)]));

/// Where each step stands in the list of steps, counted from its first one.
const STEP_4_SUCCEEDED: usize = 3;
const STEP_PRESERVE: usize = 6;
const STEP_REVOKE: usize = 7;

fn place(size: (u16, u16)) -> Place {
    Place::new(size, &DATABASE.url(), &SERVICE.url(), "")
}

fn whole_incident(size: (u16, u16)) {
    let place = place(size);
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

    screen.focus(Pane::Watch);
    screen.keys("v");
    screen.sees("samples as JSON, CSV and SVG");

    // Judge: the audit query shows the planted breach.
    screen.go_to(STEP_4_SUCCEEDED, "4 · Check for successful");
    screen.ask("2");
    screen.sees("CAST($1::text AS timestamptz)");
    screen.send();
    screen.0.wait_for(
        |screen: &str| has_cells(screen, &["3", "4", "207"]),
        PATIENCE,
    );
    screen.sees("FAIL");
    screen.run("3");
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

    // What the write would touch, before its gate: this file changes nothing.
    screen.go_to(STEP_REVOKE, "2 · Revoke the attacker");
    screen.ask("1");
    screen.sees_line(&["actor_id", "u-1932", "text"]);
    screen.send();
    screen.sees("row 1/3");

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

    // The chart is kept as it was seen.
    let picture = entries
        .iter()
        .find(|entry| entry["body"]["media_type"] == "image/svg+xml")
        .unwrap();
    let name = picture["body"]["sha256"].as_str().unwrap();
    let mut incidents = std::fs::read_dir(place.home.path().join("data/live")).unwrap();
    let incident = incidents.next().unwrap().unwrap().path();
    let svg = std::fs::read_to_string(incident.join("evidence").join(name)).unwrap();
    for part in ["ALERT", "alert &gt; 0", "order-machine-2"] {
        assert!(svg.contains(part), "{part} in {svg}");
    }

    let report = place.run_well(&["report", "last"]);
    assert!(report.contains("`actor_id` = `u-1932`"), "{report}");
    assert!(report.contains("support called about it"), "{report}");
    assert_eq!(
        DATABASE.execute("SELECT count(*) FROM staff_sessions WHERE revoked_at IS NULL"),
        "15"
    );
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
    let place = place((120, 40));
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
    screen.sees("outcome unknown. Find out");
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

/// The database that a write is cut off in. Its trigger counts every attempt, rolled back or not, and keeps each one waiting
/// while there is a row in `hold`.
fn holding_database() -> String {
    let url = DATABASE.add_breach("held");
    in_held(
        "CREATE SEQUENCE attempts; CREATE TABLE hold AS SELECT 1;
        CREATE FUNCTION attempt() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            PERFORM nextval('attempts');
            WHILE EXISTS (SELECT FROM hold) LOOP PERFORM pg_sleep(0.02); END LOOP;
            RETURN NULL;
        END $$;
        CREATE TRIGGER attempt BEFORE UPDATE ON staff_sessions EXECUTE FUNCTION attempt();",
    );
    url
}

fn in_held(sql: &str) -> String {
    DATABASE.execute(&format!("\\connect held\n{sql}"))
}

fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The write was sent, and nobody heard how it ended: that is asked about, and nothing but a person sends it again.
#[test]
fn a_write_that_was_cut_off_is_unknown_and_never_sent_again_by_itself() {
    const ATTEMPTS: &str =
        "SELECT count(*) FILTER (WHERE is_called) * max(last_value) FROM attempts";
    const ACTIVE: &str = "SELECT count(*) FROM staff_sessions WHERE revoked_at IS NULL";
    let url = holding_database();
    let place = Place::new((120, 40), &url, &SERVICE.url(), "");
    let mut screen = place.start(&["open", "org-isolation-breach", "--set", "actor_id=u-1932"]);
    screen.sees("Org isolation breach");
    screen.go_to(STEP_REVOKE, "2 · Revoke the attacker");
    screen.keys("2");
    screen.sees("Why can it not wait?");
    screen.keys("it goes on now<Enter>");
    screen.sees("3 rows would be touched");
    screen.keys("app<Enter>");
    wait_until("the update does not begin", || in_held(ATTEMPTS) == "1");
    screen.kill();

    let mut screen = place.start(&["resume", "last"]);
    screen.sees("Org isolation breach");
    screen.go_to(STEP_REVOKE, "2 · Revoke the attacker");
    screen.sees("OUTCOME UNKNOWN");
    // The server goes on with what it was sent, finds nobody to answer to, and rolls it back.
    in_held("DELETE FROM hold");
    wait_until("the update does not end", || {
        in_held("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'UPDATE staff_sessions%'")
            == "0"
    });
    assert_eq!(in_held(ACTIVE), "15");
    screen.keys("2");
    screen.sees("outcome unknown. Find out");
    assert_eq!(in_held(ATTEMPTS), "1", "nothing was sent again");
    screen.sees("it did not happen");
    screen.keys("j<Enter>");
    screen.sees("how do you know?");
    screen.keys("all three sessions are still active<Enter>");
    screen.0.wait_for(
        |screen: &str| !screen.contains("OUTCOME UNKNOWN") && !screen.contains("how do you know?"),
        PATIENCE,
    );
    assert_eq!(
        (in_held(ATTEMPTS), in_held(ACTIVE)),
        ("1".into(), "15".into())
    );

    // The control: what a person sends again is counted, and happens.
    screen.go_to(STEP_REVOKE, "2 · Revoke the attacker");
    screen.keys("2");
    screen.sees("3 rows would be touched");
    screen.keys("app<Enter>");
    screen.sees("3 rows were touched");
    screen.quit();
    assert_eq!(
        (in_held(ATTEMPTS), in_held(ACTIVE)),
        ("2".into(), "12".into())
    );
    let entries = entries(&place);
    let ends: Vec<&str> = entries
        .iter()
        .filter(|entry| entry["body"]["action"] == "revoke")
        .map(|entry| entry["kind"].as_str().unwrap())
        .collect();
    assert_eq!(
        ends,
        [
            "action.intent",
            "action.resolved",
            "action.intent",
            "action.result"
        ]
    );
}
