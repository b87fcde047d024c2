//! The org-isolation breach worked to its end on real servers, through the real screen: judged, decided, contained through
//! the gate, told, resolved and closed. And the same query where the breach is not: what may pass, and what may not.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use std::sync::LazyLock;
use std::time::Duration;

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
use support::operator::{Place, Screen, entries, has_cells, of_kind};
use support::postgres::PostgresServer;
use support::pty::PATIENCE;

static SERVER: LazyLock<PostgresServer> = LazyLock::new(|| {
    let server = PostgresServer::start();
    server.add_breach("seeded");
    server
});

/// A copy of the seeded database of its own, changed by these statements; its address for this user.
fn database(name: &str, user: &str, change: &str) -> String {
    SERVER.execute(&format!(
        "CREATE DATABASE {name} TEMPLATE seeded;\n\\connect {name}\n{change}"
    ));
    format!("postgres://{user}@127.0.0.1:{}/{name}", SERVER.port)
}

/// Steps by their place in the list, its branches unfolded where they are walked.
const QUANTIFY: usize = 0;
const SOURCE: usize = 1;
const PATTERN: usize = 2;
const SUCCEEDED: usize = 3;
const PRESERVE: usize = 6;
const REVOKE: usize = 7;
const DISABLE: usize = 8;

/// The shipped playbook with these texts in the place of those.
fn playbook_with(changes: &[(&str, &str)]) -> String {
    let mut text = include_str!("../playbooks/org-isolation-breach.md").to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    text
}

/// Puts a playbook into the operator's library, before the shipped one.
fn shelve(place: &Place, playbook: &str) {
    let library = place.home.path().join("config/playbooks");
    std::fs::create_dir(&library).unwrap();
    std::fs::write(library.join("org-isolation-breach.md"), playbook).unwrap();
}

/// The shipped playbook with two clocks, one of which nobody can keep.
fn with_clocks() -> String {
    let clocks = "clocks:\n  \
        page: { title: Page security on call, within: 1s, from: opened, met_by: notify-security }\n  \
        update: { title: First update, within: 30m, from: opened, met_by: notify-security }\n\
        evidence:\n  metric-spike";
    playbook_with(&[("evidence:\n  metric-spike", clocks)])
}

/// Sends the action with this digit and waits for words of its result.
fn act(screen: &mut Screen, digit: &str, result: &str) {
    screen.run(digit);
    screen.sees(result);
}

#[expect(clippy::too_many_lines, reason = "one story, told in order")]
fn worked_to_its_end(size: (u16, u16)) {
    let name = format!("breach_{}", size.0);
    let url = database(&name, "postgres", "");
    let hook = HttpDouble::start(vec![Reply::json("200 OK", "{}")]);
    let bridge = format!(
        "[profiles.test.sources.bridge]\nkind = \"webhook\"\nurl = \"{}/hook\"\n",
        hook.url()
    );
    let place = Place::new(size, &url, &hook.url(), &bridge);
    shelve(&place, &with_clocks());
    let mut screen = place.start(&["open", "commerce-org-mismatch-spike"]);
    screen.sees("Org isolation breach");
    screen.sees("page overdue");
    screen.keys("R<Enter>");
    screen.sees("Who has this role?");
    screen.keys("bob<Enter>");

    // Who it was, and the pattern with its numbers.
    screen.go_to(SOURCE, "2 · Identify the source");
    act(&mut screen, "3", "row 1/2");
    screen.keys("b");
    screen.sees("Suspect actor = u-1932");
    screen.go_to(PATTERN, "3 · Determine the pattern");
    screen.keys("D");
    screen.sees("SUGGESTED: distinct(rows, \"actorId\") = 1");
    screen.keys("<Enter>");
    screen.sees("Enter alone takes");
    screen.keys("<Enter>");
    screen.sees("this opens If bug");

    // The verdict, and what it proposes.
    screen.go_to(SUCCEEDED, "4 · Check for successful");
    act(&mut screen, "1", "PASS");
    screen.go_to(SUCCEEDED, "4 · Check for successful");
    act(&mut screen, "2", "FAIL");
    screen
        .0
        .wait_for(|now: &str| has_cells(now, &["3", "4", "207"]), PATIENCE);
    screen.keys("A");
    screen.sees_line(&["●", "CRITICAL"]);

    // Evidence first. The branch was not chosen, and opens all the same.
    screen.go_to(PRESERVE, "1 · Preserve all logs");
    screen.keys("<Enter>");
    screen.sees("although the decision chose another branch");
    act(&mut screen, "2", "row 1/4");
    screen.sees("ran · 4 rows");
    screen.keys("v");
    screen.sees("kept: rows as JSON and CSV");

    // The gate: the logs cannot be had here, which is said, not forbidden.
    screen.go_to(REVOKE, "2 · Revoke the attacker");
    screen.keys("2");
    screen.sees("Why can it not wait?");
    screen.keys("the logs are out of reach; the trail is kept<Enter>");
    screen.sees("3 rows would be touched");
    screen.keys("ap<Enter>");
    screen.sees("is not the target");
    screen.keys("p<Tab><BS>2<Enter>");
    screen.sees("the ceiling is 2");
    assert_eq!(
        active(&name, "true"),
        "15",
        "above the ceiling nothing is changed"
    );
    screen.go_to(REVOKE, "2 · Revoke the attacker");
    screen.keys("2");
    screen.sees("3 rows would be touched");
    screen.keys("app<Enter>");
    screen.sees("3 rows were touched");
    assert_eq!(active(&name, "staff_user_id = 'u-1932'"), "0");
    assert_eq!(active(&name, "true"), "12", "the sessions of others go on");
    screen.go_to(REVOKE, "2 · Revoke the attacker");
    act(&mut screen, "3", "PASS");

    // The message: edited, posted once.
    screen.go_to(DISABLE, "3 · Disable the account");
    screen.keys("1");
    screen.sees("┏ Message: Disable the account");
    screen.keys("UPDATE 1. ");
    screen.sees("UPDATE 1. CRITICAL");
    screen.keys("<C-s>");
    screen.sees("post it to bridge");
    screen.keys("3");
    screen.sees("type its name: bridge");
    screen.keys("bridge<Enter>");
    screen.sees("page ✓ late");
    let posted = hook.asked();
    assert_eq!(posted.len(), 1, "{posted:?}");
    let body: Value = serde_json::from_str(&posted.first().unwrap().body).unwrap();
    let text = body["text"].as_str().unwrap();
    assert!(
        text.starts_with("UPDATE 1. CRITICAL") && text.contains("Actor: u-1932"),
        "{text}"
    );

    screen.keys("C");
    screen.sees("┏ Clocks");
    screen.sees("met late");
    screen.closes("┏ Clocks");
    screen.keys("X");
    screen.sees("┏ Resolve");
    screen.keys("<Enter>");
    screen.sees("How did it end");
    screen.keys("contained; the review goes on<Enter>");
    screen.sees("RESOLVED");
    screen.keys("X");
    screen.sees("close it with things open");
    screen.keys("<Enter>");
    screen.sees("Why is it closed");
    screen.keys("written up tomorrow<Enter>");
    screen.sees("CLOSED");
    screen.sees("closed; the report is");
    screen.quit();

    read_back(&place);
}

/// Sessions that are not revoked.
fn active(database: &str, of: &str) -> String {
    SERVER.execute(&format!(
        "\\connect {database}\nSELECT count(*) FROM staff_sessions WHERE revoked_at IS NULL AND {of}"
    ))
}

/// What the record and the report say afterwards.
fn read_back(place: &Place) {
    let entries = entries(place);
    let bodies = |kind: &str| of_kind(&entries, kind);
    let verdicts: Vec<(&str, &str)> = bodies("action.result")
        .into_iter()
        .filter_map(|body| {
            Some((
                body["action"].as_str()?,
                body["judged"]["verdict"].as_str()?,
            ))
        })
        .collect();
    assert_eq!(
        verdicts,
        [
            ("audit-alive", "pass"),
            ("cross-org", "fail"),
            ("revoked", "pass")
        ]
    );
    let writes: Vec<(Option<u64>, Option<u64>)> = bodies("action.intent")
        .into_iter()
        .filter(|body| body["action"] == "revoke")
        .map(|body| {
            (
                body["gate"]["preview_rows"].as_u64(),
                body["gate"]["ceiling"].as_u64(),
            )
        })
        .collect();
    assert_eq!(writes, [(Some(3), Some(2)), (Some(3), Some(4))]);
    for (kind, count) in [
        ("decision.made", 1),
        ("severity.changed", 1),
        ("requirement.waived", 1),
        ("message.sent", 1),
        ("incident.resolved", 1),
        ("incident.closed", 1),
    ] {
        assert_eq!(bodies(kind).len(), count, "{kind}");
    }
    let clocks = |kind: &str| -> Vec<&str> {
        bodies(kind)
            .into_iter()
            .filter_map(|body| body["clock"].as_str())
            .collect()
    };
    assert_eq!(clocks("clock.missed"), ["page"]);
    assert_eq!(clocks("clock.met"), ["page", "update"]);
    // The trail was in evidence before anything was changed.
    let position = |found: &dyn Fn(&Value) -> bool| entries.iter().position(found).unwrap();
    let kept = position(&|entry| entry["body"]["origin"]["action"] == "preserve-audit");
    let revoked =
        position(&|entry| entry["kind"] == "action.intent" && entry["body"]["action"] == "revoke");
    assert!(kept < revoked);

    let report = place.run_well(&["report", "last"]);
    for part in [
        "Single actor, multiple orgs",
        "FAIL",
        "the logs are out of reach; the trail is kept",
        "UPDATE 1. CRITICAL",
        "written up tomorrow",
        "If deployment regression: not chosen",
        "Page security on call",
    ] {
        assert!(report.contains(part), "{part} is not in {report}");
    }
    let verified = place.run(&["verify", "last"]);
    assert_eq!(verified.status.code(), Some(3), "{verified:?}");
}

#[test]
fn the_breach_is_worked_to_its_end_at_120x40() {
    worked_to_its_end((120, 40));
}

#[test]
fn the_breach_is_worked_to_its_end_at_80x24() {
    worked_to_its_end((80, 24));
}

/// The audit query where the breach is not: PASS only when everything could be seen and judged.
#[test]
fn without_the_breach_only_a_whole_answer_passes() {
    const NO_MISMATCH: &str = "DELETE FROM commerce.audit_entries WHERE org_id IS NOT NULL \
        AND metadata->>'resourceOrgId' IS NOT NULL AND org_id::text <> metadata->>'resourceOrgId';";
    const NO_UNKNOWN: &str = "DELETE FROM commerce.audit_entries WHERE org_id IS NULL \
        OR metadata->>'resourceOrgId' IS NULL;";
    SERVER.execute("CREATE ROLE hidden LOGIN");
    let under_security = format!(
        "{NO_MISMATCH}{NO_UNKNOWN} GRANT USAGE ON SCHEMA commerce TO hidden; \
         GRANT SELECT ON ALL TABLES IN SCHEMA commerce TO hidden; \
         ALTER TABLE commerce.audit_entries ENABLE ROW LEVEL SECURITY; \
         CREATE POLICY half ON commerce.audit_entries FOR SELECT TO hidden USING (org_id = 'org-a');"
    );
    for (name, user, change, verdict, why) in [
        (
            "whole",
            "postgres",
            format!("{NO_MISMATCH}{NO_UNKNOWN}"),
            "PASS",
            "rows[0].mismatched is 0",
        ),
        (
            "keys_missing",
            "postgres",
            NO_MISMATCH.to_owned(),
            "INCONCLUSIVE",
            "rows[0].unknown is 4",
        ),
        (
            "under_security",
            "hidden",
            under_security,
            "INCONCLUSIVE",
            "row-level security",
        ),
    ] {
        let url = database(name, user, &change);
        let place = Place::new((120, 40), &url, "http://127.0.0.1:9", "");
        let mut screen = place.start(&["open", "org-isolation-breach"]);
        screen.sees("Org isolation breach");
        screen.go_to(SUCCEEDED, "4 · Check for successful");
        screen.run("1");
        place.records_end_of("audit-alive");
        screen.go_to(SUCCEEDED, "4 · Check for successful");
        screen.run("2");
        screen.sees(&format!("{verdict}:"));
        screen.keys("z");
        screen.sees(why);
        screen.quit();
        let ended = place.records_end_of("cross-org");
        assert_eq!(ended["judged"]["verdict"], verdict.to_lowercase(), "{name}");
    }
}

/// What holds in the part that was seen: the rows of the breach lie behind the row cap, the metrics are from before it.
fn what_was_cut_or_is_old_proves_nothing(size: (u16, u16)) {
    const BEHIND: Duration = Duration::from_secs(50 * 60);
    let name = format!("partial_{}", size.0);
    let url = database(
        &name,
        "postgres",
        "UPDATE commerce.audit_entries SET created_at = now() - CASE \
            WHEN org_id::text <> metadata->>'resourceOrgId' THEN interval '50 min' ELSE interval '10 min' END",
    );
    let place = Place::with_metrics_behind(BEHIND, size, &url, "http://127.0.0.1:9", "");
    shelve(
        &place,
        &playbook_with(&[
            (
                "{#cross-org-rows source=audit view=table}",
                "{#cross-org-rows source=audit view=table limit=2 expect=\"rows.all(r, r.finding != 'mismatch')\"}",
            ),
            (
                "{#scope-prom source=metrics view=table .optional}",
                "{#scope-prom source=metrics view=chart expect=\"last == 0\" doubt=\"count == 0\" .optional}",
            ),
        ]),
    );
    // An increase needs two samples: the target was asked twice when the third scrape comes.
    place.exporter.wait_for_scrapes(3);
    let mut screen = place.start(&["open", "org-isolation-breach", "--set", "window=1h"]);
    screen.sees("Org isolation breach");
    for (step, title, digit, action, reason) in [
        (
            QUANTIFY,
            "1 · Quantify the scope",
            "4",
            "scope-prom",
            "the newest sample is",
        ),
        (
            SUCCEEDED,
            "4 · Check for successful",
            "3",
            "cross-org-rows",
            "row cap: only the first 2 rows",
        ),
    ] {
        screen.go_to(step, title);
        screen.run(digit);
        screen.sees("INCONCLUSIVE");
        screen.keys("z");
        screen.sees(reason);
        let shown = screen.0.screen();
        assert!(!shown.contains("PASS"), "{shown}");
        screen.keys("z");
        let ended = place.records_end_of(action);
        assert_eq!(ended["judged"]["verdict"], "inconclusive", "{ended}");
        assert_eq!(ended["judged"]["held"], true, "{ended}");
    }
    screen.quit();
}

#[test]
fn what_was_cut_or_is_old_is_inconclusive_at_120x40() {
    what_was_cut_or_is_old_proves_nothing((120, 40));
}

#[test]
fn what_was_cut_or_is_old_is_inconclusive_at_80x24() {
    what_was_cut_or_is_old_proves_nothing((80, 24));
}
