//! Playbooks from files: good ones have no findings, bad ones exactly those written beside them, and the five runbooks
//! this project began with open as they are.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot read its own fixtures fails"
)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use quarterdeck::check::check;
use quarterdeck::model::diagnostic::SourceText;
use quarterdeck::model::playbook::{Block, Effect, Language, PhaseKind, Playbook};
use quarterdeck::playbook::{Parsed, parse, read_file};

const TODAY: jiff::civil::Date = jiff::civil::date(2026, 1, 31);

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(name)
}

fn files(name: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder(name))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|end| end == "md" || end == "txt")
        })
        .collect();
    found.sort();
    assert!(!found.is_empty(), "no files in {name}");
    found
}

/// A file under its name only, so that findings read the same everywhere.
fn open(path: &Path) -> Vec<Parsed> {
    let source = read_file(path).unwrap();
    let name = path.file_name().unwrap().to_string_lossy();
    parse(&SourceText::new(name, &source.text))
}

/// Findings of parser and check, as `quarterdeck check` prints them.
fn findings(parsed: &[Parsed]) -> String {
    let mut text = String::new();
    for one in parsed {
        let checked = check(&one.playbook, TODAY);
        for finding in one.diagnostics.iter().chain(&checked) {
            let _ = writeln!(text, "{}", finding.located(&one.playbook.source));
        }
    }
    text
}

#[test]
fn good_playbooks_have_no_findings() {
    for path in files("playbooks/good") {
        assert_eq!(findings(&open(&path)), "", "{}", path.display());
    }
}

/// With `BLESS=1` in the environment the expectations are written anew.
#[test]
fn bad_playbooks_have_exactly_their_findings() {
    for path in files("playbooks/bad") {
        let found = findings(&open(&path));
        let expected = path.with_extension("expected");
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&expected, &found).unwrap();
        }
        assert!(!found.is_empty(), "{}", path.display());
        let wanted = std::fs::read_to_string(&expected).unwrap_or_default();
        assert_eq!(found, wanted, "{}", path.display());
    }
}

fn seed(name: &str) -> Vec<Playbook> {
    let parsed = open(&folder("fixtures/seeds").join(name));
    for one in &parsed {
        assert_eq!(one.diagnostics, [], "{name}");
    }
    parsed.into_iter().map(|one| one.playbook).collect()
}

fn titles(playbook: &Playbook) -> Vec<(&str, PhaseKind, Vec<&str>)> {
    playbook
        .phases
        .iter()
        .map(|phase| {
            let steps = phase.steps.iter().map(|step| step.title.as_str()).collect();
            (phase.title.as_str(), phase.kind, steps)
        })
        .collect()
}

fn actions(playbook: &Playbook) -> Vec<(&str, Language, Effect, Vec<&str>)> {
    playbook
        .actions
        .values()
        .map(|action| {
            let inputs = action
                .inputs
                .iter()
                .map(quarterdeck::model::ids::InputId::as_str)
                .collect();
            (action.id.as_str(), action.language, action.effect, inputs)
        })
        .collect()
}

#[test]
fn seed_org_isolation_breach() {
    let [book] = seed("org-isolation-breach.md").try_into().unwrap();
    assert_eq!(
        (book.id.as_str(), book.title.as_str()),
        ("org-isolation-breach", "Org Isolation Breach Investigation")
    );
    assert_eq!(book.severity, ["P1"]);
    assert_eq!(
        titles(&book),
        [
            (
                "Diagnosis Steps",
                PhaseKind::Investigate,
                vec![
                    "Quantify the Scope",
                    "Identify the Source",
                    "Determine Pattern",
                    "Check for Successful Cross-Org Access"
                ]
            ),
            (
                "Resolution Steps",
                PhaseKind::Resolve,
                vec![
                    "If Bug (Most Common)",
                    "If Attack",
                    "If Deployment Regression"
                ]
            ),
            ("Verification", PhaseKind::Verify, vec!["Verification"]),
        ]
    );
    assert_eq!(
        actions(&book),
        [
            ("quantify-the-scope", Language::Kql, Effect::Read, vec![]),
            ("identify-the-source", Language::Kql, Effect::Read, vec![]),
            (
                "verify-audit-trail-integrity",
                Language::Sql,
                Effect::Read,
                vec![]
            ),
        ]
    );
    let references: Vec<_> = book
        .references
        .iter()
        .map(|section| section.title.as_str())
        .collect();
    assert_eq!(
        references,
        ["Trigger", "Pre-requisites", "Evidence to Capture"]
    );
    let checks: Vec<_> = book
        .steps()
        .map(|(_, step)| step.checks().count())
        .collect();
    assert_eq!(checks, [0, 0, 0, 0, 4, 5, 4, 6]);
    let slug = book.steps().next().map(|(_, step)| step.slug.clone());
    assert_eq!(slug.as_deref(), Some("step-1-quantify-the-scope"));
}

#[test]
fn seed_incident_playbook() {
    let books = seed("incident-playbook.md");
    let names: Vec<_> = books
        .iter()
        .map(|book| (book.id.as_str(), book.severity.join(" ")))
        .collect();
    let expected = [
        ("cross-tenant-data-leakage", "P1"),
        ("token-session-abuse", "P1"),
        ("webhook-delivery-failures", "P3"),
        ("export-failures", "P2 P3"),
        ("database-performance-degradation", "P2 P3"),
    ];
    assert_eq!(
        names,
        expected.map(|(id, severity)| (id, severity.to_owned()))
    );
    let own = |at: usize| -> Vec<_> {
        actions(&books[at])
            .into_iter()
            .map(|(id, language, effect, inputs)| (id, language, effect, inputs.join(" ")))
            .collect()
    };
    let general = [
        "recent-errors-in-audit-log",
        "cases-stuck-in-a-state-for-too-long",
        "feature-flag-audit-trail",
    ];
    let read =
        |id: &'static str, inputs: &str| (id, Language::Sql, Effect::Read, inputs.to_owned());
    let with_general = |mut own: Vec<(&'static str, Language, Effect, String)>| {
        own.extend(general.map(|id| read(id, "")));
        own
    };
    assert_eq!(
        own(0),
        with_general(vec![read(
            "check-for-cross-tenant-access-in-audit-logs",
            ""
        )])
    );
    assert_eq!(
        own(1),
        with_general(vec![read("check-users-recent-audit-trail", "user_id")])
    );
    assert!(
        books[1].actions[0]
            .text
            .contains("WHERE \"actorUserId\" = :user_id\n"),
        "{}",
        books[1].actions[0].text
    );
    assert_eq!(
        own(2),
        with_general(vec![
            read("check-webhook-endpoint-status", "tenant_id"),
            read("check-recent-webhook-delivery-logs", "endpoint_id"),
        ])
    );
    assert_eq!(
        own(3),
        with_general(vec![(
            "investigation",
            Language::Shell,
            Effect::Write,
            "s3_bucket s3_region".to_owned()
        )])
    );
    assert_eq!(own(4).len(), 6);
    for book in &books {
        assert_eq!(book.ladder.len(), 4);
        let sections: Vec<_> = book
            .references
            .iter()
            .map(|section| section.title.as_str())
            .collect();
        assert_eq!(
            sections,
            ["Useful Diagnostic Endpoints", "Useful SQL Queries"]
        );
    }
    let export: Vec<_> = books[3].phases[1].steps[0]
        .body
        .iter()
        .map(|block| match block {
            Block::Check(_) => "check",
            Block::Action(_) => "action",
            Block::Prose(_) | Block::Notes(_) => "prose",
        })
        .collect();
    assert_eq!(export, ["check", "action", "check", "check"]);
}

#[test]
fn seed_incident_response_playbook() {
    let [book] = seed("incident-response-playbook.md").try_into().unwrap();
    assert_eq!(
        titles(&book),
        [
            (
                "Process",
                PhaseKind::Other,
                vec![
                    "Detect",
                    "Triage",
                    "Contain",
                    "Eradicate & Recover",
                    "Communicate",
                    "Post-Incident"
                ]
            ),
            ("Checklist", PhaseKind::Other, vec!["Checklist"]),
        ]
    );
    let sections: Vec<_> = book
        .references
        .iter()
        .map(|section| section.title.as_str())
        .collect();
    assert_eq!(
        sections,
        [
            "Purpose",
            "Roles",
            "Severity Levels",
            "Communication Templates",
            "Tooling & References"
        ]
    );
    let ladder: Vec<_> = book.ladder.iter().map(|level| level.id.as_str()).collect();
    assert_eq!(ladder, ["Sev 0", "Sev 1", "Sev 2"]);
    let messages = actions(&book);
    assert!(
        messages
            .iter()
            .all(|(_, language, ..)| *language == Language::Message),
        "{messages:?}"
    );
    assert_eq!(
        messages[0].3,
        [
            "summary",
            "sev_0_1_2",
            "services_tenants",
            "ic_name",
            "ops_name",
            "security_name",
            "x"
        ]
    );
    assert_eq!(
        messages[1].3,
        ["date_time", "impact", "time", "support_channel"]
    );
    assert_eq!(
        book.actions[0].title,
        "Initial Internal Update (Slack #incident channel)"
    );
    assert_eq!(book.phases[1].steps[0].checks().count(), 8);
}

#[test]
fn seed_texts_are_verbatim() {
    let [leak] = seed("suspected-tenant-leak.txt").try_into().unwrap();
    assert_eq!(
        (leak.title.as_str(), leak.severity.join(" ")),
        ("Suspected Tenant Leak", "CRITICAL".to_owned())
    );
    let phases: Vec<_> = leak
        .phases
        .iter()
        .map(|phase| (phase.title.as_str(), phase.kind))
        .collect();
    assert_eq!(
        phases,
        [
            ("Immediate actions (first 15 min)", PhaseKind::Contain),
            ("Investigation", PhaseKind::Investigate),
            ("Disclosure", PhaseKind::Communicate),
        ]
    );
    assert_eq!(leak.phases[0].steps[0].title, "Preserve evidence");
    let [breach] = seed("tenant-isolation-breach-sev1.txt").try_into().unwrap();
    assert_eq!(
        (breach.title.as_str(), breach.severity.join(" ")),
        ("Tenant isolation breach", "SEV1".to_owned())
    );
    assert_eq!(
        titles(&breach),
        [
            ("Stop-the-bleed", PhaseKind::Contain, vec!["Stop-the-bleed"]),
            (
                "Diagnose",
                PhaseKind::Investigate,
                vec![
                    "Mode A: ORM extension bypassed",
                    "Mode B: Mode segregation broken",
                    "Mode C: Scope DSL evaluation bug"
                ]
            ),
            ("Recover", PhaseKind::Resolve, vec!["Recover"]),
            ("Communicate", PhaseKind::Communicate, vec!["Communicate"]),
            (
                "Post-recovery action items",
                PhaseKind::Review,
                vec!["Post-recovery action items"]
            ),
        ]
    );
    for book in [&leak, &breach] {
        assert!(book.actions.is_empty());
        assert!(book.inputs.is_empty());
        assert!(book.steps().all(|(_, step)| step.checks().count() == 0));
    }
}

/// Parses and checks; panics are what is looked for.
fn survives(name: &str, text: &str) {
    for one in parse(&SourceText::new(name, text)) {
        for finding in one.diagnostics.iter().chain(&check(&one.playbook, TODAY)) {
            let _ = finding.located(&one.playbook.source).to_string();
        }
        for action in one.playbook.actions.values() {
            assert!(
                text.get(action.text_span.clone()).is_some(),
                "{:?} in {text:?}",
                action.text_span
            );
            assert!(
                text.get(action.span.clone()).is_some(),
                "{:?} in {text:?}",
                action.span
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read(text in "\\PC*|([-#`|>{}\\[\\]()<>$:;=\"'.\\\\*_ \\r\\n\\ta-cA-C0-9é€🙂]|```sql |```sh \\{|<!-- \\{|-->|## |- \\[ \\] |---\n){0,200}") {
        survives("a.md", &text);
        survives("a.txt", &text);
        survives("a.md", &format!("---\nquarterdeck: 1\n{text}\n---\n{text}"));
    }

    #[test]
    fn damaged_playbooks_are_read(which in 0_usize..6, at in 0.0_f64..1.0, cut in 0_usize..80, insert in "[-#`|>{}\"'<$:\\n é]{0,12}") {
        let mut all = files("fixtures/seeds");
        all.extend(files("playbooks/good"));
        let path = &all[which % all.len()];
        let text = std::fs::read_to_string(path).unwrap();
        let letters: Vec<char> = text.chars().collect();
        let start = (at * letters.len() as f64) as usize;
        let end = (start + cut).min(letters.len());
        let damaged: String = letters[..start].iter().chain(&insert.chars().collect::<Vec<_>>()).chain(&letters[end..]).collect();
        survives(&path.to_string_lossy(), &damaged);
    }
}

#[test]
fn line_endings_and_marks_change_nothing() {
    let path = folder("playbooks/good").join("taste.md");
    let text = std::fs::read_to_string(path).unwrap();
    let plain = parse(&SourceText::new("taste.md", &text));
    let marked = parse(&SourceText::new(
        "taste.md",
        format!("\u{feff}{}", text.replace('\n', "\r\n")),
    ));
    assert_eq!(findings(&marked), "");
    let shape = |parsed: &[Parsed]| -> Vec<_> {
        parsed
            .iter()
            .flat_map(|one| one.playbook.actions.values())
            .map(|action| (action.id.clone(), action.text.clone(), action.title.clone()))
            .collect()
    };
    assert_eq!(shape(&plain), shape(&marked));
}
