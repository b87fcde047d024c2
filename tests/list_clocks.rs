//! `list clocks` on records as they lie on disk: what it lists, its exit codes, and that it writes nothing.

#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "support/trial.rs"]
mod trial;

use std::path::Path;

use quarterdeck::model::ids::IncidentId;
use quarterdeck::model::{Mode, Timestamp};
use quarterdeck::record::chain::{Stamp, Writer, seal};
use quarterdeck::record::entry::{Body, Draft};
use quarterdeck::store::lock::WriterLock;
use quarterdeck::store::{Store, evidence};
use trial::{home, quarterdeck};

/// The opening of every incident here: long ago.
const OPENED: i64 = 1_600_000_000;

/// A record of an incident with one clock, and more entries a minute after each other.
fn incident(home: &Path, number: u128, mode: Mode, clock: &str, entries: Vec<Body>) -> Store {
    let id = IncidentId(uuid::Uuid::from_u128(number));
    let store = Store::create(&home.join("data"), mode, id).unwrap();
    let playbook = format!(
        "---\nquarterdeck: 1\nid: p\ntitle: P\nseverity: P1\nclocks:\n  c: {{ title: The clock, {clock}, met_by: look }}\n---\n\n## Triage\n\n### Look\n<!-- {{#look}} -->\n\nx\n"
    );
    let kept = evidence::put(store.folder(), playbook.as_bytes()).unwrap();
    let opened = Body::IncidentOpened {
        playbook: "p".into(),
        title: format!("Incident {number}"),
        playbook_sha256: kept.sha256,
        severity: Some("P1".into()),
        alert: None,
        profile: None,
    };
    let mut writer = Writer::new(&mut [1; 32], id, mode, "alice");
    for (minute, body) in (0..).zip(std::iter::once(opened).chain(entries)) {
        let draft = Draft {
            body,
            at: Timestamp::from_second(OPENED + minute * 60).unwrap(),
            sim_at: None,
        };
        let stamp = Stamp {
            salt: [1; 16],
            mono_ms: 1_000 * minute.unsigned_abs(),
            boot: "boot".into(),
        };
        store
            .append(&seal(&mut writer, draft, stamp).unwrap())
            .unwrap();
    }
    store
}

fn resolved_and_closed() -> Vec<Body> {
    let (open, reason) = (Vec::new(), "over".to_owned());
    vec![
        Body::IncidentResolved {
            open: open.clone(),
            reason: reason.clone(),
        },
        Body::IncidentClosed { open, reason },
    ]
}

fn done() -> Body {
    Body::step_done("look")
}

#[test]
fn an_overdue_clock_of_a_live_incident_makes_the_answer_no() {
    let overdue = "within: 15m";
    let after = "within: 15m, from: resolved, after_close: true";
    let far = "within: 36000d";
    // mode, clock, entries, exit code, state; none when it is not listed
    for (mode, clock, entries, code, state) in [
        (Mode::Live, overdue, vec![], 1, Some("overdue")),
        (Mode::Drill, overdue, vec![], 0, Some("overdue")),
        (Mode::Live, far, vec![], 0, Some("running")),
        (
            Mode::Live,
            "within: 72h, from: aware",
            vec![],
            0,
            Some("not started"),
        ),
        (Mode::Live, overdue, vec![done()], 0, None),
        (
            Mode::Live,
            overdue,
            resolved_and_closed(),
            1,
            Some("overdue"),
        ),
        (Mode::Live, after, resolved_and_closed(), 1, Some("overdue")),
        (
            Mode::Live,
            "every: 15m, until: resolved",
            resolved_and_closed(),
            0,
            None,
        ),
        (
            Mode::Live,
            "within: 15m, when: 'count > 0'",
            vec![],
            1,
            Some("unclear, overdue"),
        ),
    ] {
        let home = home();
        let count = entries.len() as u64 + 1;
        let store = incident(home.path(), 7, mode, clock, entries);
        let ran = quarterdeck(home.path(), &["list", "clocks", "--format", "json"]);
        assert_eq!(ran.code, Some(code), "{clock}: {ran:?}");
        let listed: Vec<serde_json::Value> = serde_json::from_str(&ran.out).unwrap();
        let states: Vec<&str> = listed
            .iter()
            .map(|clock| clock["state"].as_str().unwrap())
            .collect();
        assert_eq!(states, Vec::from_iter(state), "{clock}");
        assert_eq!(store.count().unwrap(), count, "{clock}: it only reads");
    }
}

#[test]
fn all_incidents_are_listed_the_most_urgent_clock_first() {
    let home = home();
    let path = home.path();
    incident(path, 1, Mode::Live, "within: 72h, from: aware", vec![]);
    incident(path, 2, Mode::Live, "within: 36000d", vec![]);
    let held = incident(path, 3, Mode::Live, "within: 15m", vec![]);
    // Another session holds it open.
    let _session = WriterLock::take(held.folder(), "somebody").unwrap();
    let ran = quarterdeck(path, &["list", "clocks"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let order: Vec<&str> = ran
        .out
        .lines()
        .map(|line| line.rsplit_once("Incident ").unwrap().1)
        .collect();
    assert_eq!(order, ["3", "2", "1"], "{}", ran.out);
    let first = ran.out.lines().next().unwrap();
    assert!(
        first.starts_with("0003  LIVE  overdue") && first.contains("2020-09-13T12:41:40.000Z"),
        "{first}"
    );
    // A record that cannot be read may hide a deadline.
    let broken = incident(path, 4, Mode::Live, "within: 36000d", vec![]);
    std::fs::remove_dir_all(broken.folder().join("evidence")).unwrap();
    let ran = quarterdeck(path, &["list", "clocks"]);
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert!(ran.talk.contains("00000004"), "{}", ran.talk);
    assert_eq!(ran.out.lines().count(), 3);
}
