//! Timeline, card and report of one hostile incident. Compares text, never looks at how it is made.

mod judged;

use std::collections::BTreeSet;

use super::*;
use crate::incident::sample::{at, intent, opened, playbook, result, session, write, writer};
use crate::incident::view::{View, view};
use crate::incident::{Incident, Log};
use crate::model::ids::ActionId;
use crate::model::input::Origin;
use crate::model::playbook::{Expression, Playbook};
use crate::record::chain::{Stamp, seal};
use crate::record::entry::{ActionOutcome, Body, Draft, Hash, Sealed, WatchState};

const NAMELESS: Names<'_> = Names(None);
const HOSTILE: &str = "=cmd()\u{1b}[2J\u{202e}\n# <b>`x`|y</b>";

/// An incident with one of everything a report tells, and hostile text wherever a person or a source writes.
fn story() -> (Incident, View, Vec<Sealed>) {
    let mut alice = writer(1, Mode::Live);
    let mut entries = Vec::new();
    let mut say = |second, body| {
        let sealed = write(&mut alice, second, body);
        entries.push(sealed.clone());
        sealed.hash
    };
    let key = writer(1, Mode::Live);
    say(0, opened());
    say(0, session(&key, "alice"));
    say(
        5,
        Body::RoleAssigned {
            role: "ic".into(),
            person: HOSTILE.into(),
        },
    );
    say(
        10,
        Body::StepStarted {
            step: "quantify".into(),
        },
    );
    say(
        11,
        Body::InputSet {
            input: "actor".into(),
            value: HOSTILE.into(),
            kind: "text".into(),
            from: Origin::Row,
        },
    );
    let first = say(12, intent("count"));
    say(13, result(first, "count", ActionOutcome::Ok));
    say(
        14,
        Body::CheckTicked {
            check: "quantify-saved".into(),
            not_applicable: Some(HOSTILE.into()),
        },
    );
    say(
        15,
        Body::StepSkipped {
            step: "notify".into(),
            reason: HOSTILE.into(),
        },
    );
    say(
        16,
        Body::NoteAdded {
            text: HOSTILE.into(),
            happened_at: Some(at(1)),
            step: None,
            evidence: None,
        },
    );
    say(
        17,
        Body::EvidenceAdded {
            sha256: Hash([7; 32]),
            size: 12,
            media_type: "text/plain".into(),
            name: "../x".into(),
            title: HOSTILE.into(),
            origin: None,
        },
    );
    say(
        18,
        Body::WatchChanged {
            action: "mismatches".into(),
            state: WatchState::Alert,
            detail: "7 > 0".into(),
        },
    );
    say(20, intent("revoke-session"));
    let log: Log = entries.iter().cloned().collect();
    let incident = log.incident().unwrap().clone();
    let view = view(&playbook(), &incident, &BTreeSet::new());
    (incident, view, entries)
}

fn is_safe(text: &str) -> bool {
    !text.contains(['\u{1b}', '\u{202e}'])
}

#[test]
fn the_card_tells_what_the_next_person_must_know() {
    let (incident, view, _) = story();
    let card = brief(&playbook(), &incident, &view, at(240));
    assert!(is_safe(&card), "{card}");
    let expected = "\
Org isolation breach · 7F3A · P1
Opened 2026-01-31 03:00:00 UTC, 4m ago; playbook org-isolation; 13 entries
Incident commander: =cmd()␛[2J<U+202E>␊# <b>`x`|y</b>
The session of alice on bastion, begun 2026-01-31 03:00:00 UTC, ended without saying so

OUTCOME UNKNOWN: find out and settle, do not repeat
  “Title of revoke-session”, sent 2026-01-31 03:00:20 UTC (entry HASH)

Open steps (1 of 4 settled)
> Title of quantify (doing, operator 1 since 2026-01-31 03:00:10 UTC)
  Title of revoke (needs “rows”, “Title of quantify”; 1 check open)
  Title of maybe (nobody can tell whether it applies: pattern is not known here; 1 check open)

Evidence missing
  rows
  call

Live panes
  “mismatches”: an alert
";
    let hash = view.unknown[0].0.short();
    assert_eq!(card.replace(&hash, "HASH"), expected);
}

#[test]
fn next_actions_are_those_not_run_from_the_current_step_on() {
    let mut alice = writer(1, Mode::Live);
    let log: Log = [write(&mut alice, 0, opened())].into_iter().collect();
    let incident = log.incident().unwrap();
    let view = view(&playbook(), incident, &BTreeSet::new());
    let card = brief(&playbook(), incident, &view, at(0));
    assert!(
        card.contains(
            "Next actions\n  Title of count (needs actor)\n  Title of revoke-session (needs actor)\n\nEvidence"
        ),
        "{card}"
    );
}

#[test]
fn the_report_tells_everything_and_nothing_breaks_out_of_it() {
    let (incident, view, entries) = story();
    let report = markdown(&playbook(), &incident, &view, &entries);
    assert!(is_safe(&report), "{report}");
    for part in [
        "# Org isolation breach\n",
        "- Severity: `P1`\n",
        "- Opened: `2026-01-31 03:00:00 UTC`\n",
        "## Outcome unknown\n",
        "- “Title of revoke-session”, a read sent 2026-01-31 03:00:20 UTC",
        "- [ ] Title of quantify: doing (operator 1, 2026-01-31 03:00:10 UTC)\n",
        "  - [ ] quantify saved: not applicable, \\=cmd()",
        "- [ ] Title of notify: skipped, \\=cmd()",
        "- `actor` = ``=cmd()␛[2J<U+202E>␊# <b>`x`|y</b>``",
        "- Outcome: got “Title of count”: ran, 3 rows, 12 ms, not whole (half)\n",
        "- Outcome: no end is recorded: outcome unknown\n",
        "````text\nselect `1`\n```\nfrom x\n````\n",
        "## Notes\n",
        "- 2026-01-31 03:00:01 UTC (noted 2026-01-31 03:00:16 UTC) operator 1\n",
        "operator 1  at 03:00 (noted 03:00): =cmd",
        "operator 1  began “Title of quantify”\n",
        "alice  (the session on bastion ended without saying so: this was its last entry)\n",
        "- Original name: `../x`",
        "## Timeline\n",
    ] {
        assert!(report.contains(part), "{part}\nis not in\n{report}");
    }
    has_no_foreign_markup(&report);
}

/// A reader of Markdown finds no markup in it but our own.
fn has_no_foreign_markup(report: &str) {
    for event in pulldown_cmark::Parser::new_ext(report, pulldown_cmark::Options::all()) {
        use pulldown_cmark::{Event, Tag};
        assert!(
            !matches!(
                event,
                Event::Html(_)
                    | Event::InlineHtml(_)
                    | Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::Table(_))
            ),
            "{event:?}"
        );
    }
}

#[test]
fn an_expectation_that_was_not_compared_is_said_to_be_not_judged() {
    let (incident, view, entries) = story();
    let report = |playbook: &Playbook| markdown(playbook, &incident, &view, &entries);
    let mut judged = playbook();
    assert!(!report(&judged).contains("NOT JUDGED"));
    let id = ActionId::from("count");
    judged.actions.get_mut(&id).unwrap().judge.expect = Some(Expression {
        text: "count == 0".into(),
        span: 0..0,
    });
    // Beside the action, and in the timeline.
    assert_eq!(report(&judged).matches("(half), NOT JUDGED\n").count(), 2);
}

#[test]
fn a_drill_says_so_on_every_line() {
    let mut alice = writer(1, Mode::Drill);
    let draft = Draft {
        body: Body::NoteAdded {
            text: "a\nb".into(),
            happened_at: None,
            step: None,
            evidence: None,
        },
        at: at(0),
        sim_at: Some(at(3_600)),
    };
    let stamp = Stamp {
        salt: [0; 16],
        mono_ms: 0,
        boot: String::new(),
    };
    let sealed = seal(&mut alice, draft, stamp).unwrap();
    assert_eq!(
        timeline::text_line(&sealed, NAMELESS),
        "2026-01-31 04:00:00 UTC  DRILL operator 1  noted: a␊b"
    );
    assert!(timeline::csv_line(&sealed, NAMELESS).contains(",DRILL,"));
    let json: serde_json::Value =
        serde_json::from_str(&timeline::json_line(&sealed, NAMELESS)).unwrap();
    assert_eq!(json["mode"], "drill");
    assert_eq!(json["sim_at"], "2026-01-31T04:00:00.000Z");
    assert_eq!(json["body"]["text"], "a\nb");
    assert_eq!(json["hash"], sealed.hash.to_string());

    let erased = Sealed {
        body: None,
        ..sealed
    };
    assert!(timeline::text_line(&erased, NAMELESS).ends_with("operator 1  (erased)"));
    let json: serde_json::Value =
        serde_json::from_str(&timeline::json_line(&erased, NAMELESS)).unwrap();
    assert_eq!(json["body"], serde_json::Value::Null);
}

#[test]
fn a_spreadsheet_runs_nothing() {
    for (cell, record) in [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@x", "'@x"),
        ("\tx", "'\tx"),
        ("\rx", "\"'\rx\""),
        ("a=1", "a=1"),
        ("a,\"b\"\n", "\"a,\"\"b\"\"\n\""),
    ] {
        let mut alice = writer(1, Mode::Live);
        let mut sealed = write(&mut alice, 0, opened());
        sealed.entry.operator = cell.into();
        let line = timeline::csv_line(&sealed, NAMELESS);
        assert!(
            line.contains(&format!(",LIVE,{record},incident.opened,")),
            "{line:?}"
        );
        assert!(line.ends_with("\r\n"));
    }
    assert!(timeline::csv_header().starts_with("at,sim_at,mode,operator,"));
}

#[test]
fn every_kind_has_a_sentence_of_its_own() {
    let (_, _, entries) = story();
    for sealed in &entries {
        let body = sealed.body.as_ref().unwrap();
        let text = sentence(body, at(16), NAMELESS);
        assert!(
            !text.is_empty() && !text.ends_with([' ', ':', ',']),
            "{text:?}"
        );
        assert!(!text.contains(body.kind()), "{text:?}");
    }
    let unknown = Body::Unknown {
        kind: "moon.landed".into(),
        body: serde_json::json!({"x": 1}),
    };
    assert_eq!(
        sentence(&unknown, at(0), NAMELESS),
        r#"moon.landed {"x":1}"#
    );
}
