//! Clocks: what a playbook's deadline and the facts of an incident come to. The time is part of the data.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeSet;

use quarterdeck::incident::view::{ClockState, ClockView, view};
use quarterdeck::incident::{Incident, apply};
use quarterdeck::model::diagnostic::SourceText;
use quarterdeck::model::ids::IncidentId;
use quarterdeck::model::playbook::Playbook;
use quarterdeck::model::{Mode, Timestamp, timestamp_text};
use quarterdeck::record::entry::{ActionOutcome, Body, Entry, Hash, Sealed};

/// A playbook with one clock.
fn playbook(clock: &str) -> Playbook {
    let text = format!(
        r"---
quarterdeck: 1
id: clocks
title: Clocks
severity: [P1, P2, P3]
ladder:
  - {{ id: P1, aka: [Sev 0], means: the worst }}
  - {{ id: P2, aka: [Sev 1], means: bad }}
  - {{ id: P3, means: not so bad }}
inputs:
  region: {{ title: Region, type: choice, of: [eu, us], default: us }}
clocks:
  c: {{ title: The clock, {clock} }}
---

## Triage

### Look at it
<!-- {{#look}} -->

```sql {{#page source=audit}}
SELECT 1
```

```message {{#update}}
An update.
```

### Which duty?
<!-- {{#duty .decision}} -->

| Duty | Means |
| --- | --- |
| Notify | tell them |
| Nothing | leave it |
"
    );
    let parsed = quarterdeck::playbook::parse(&SourceText::new("test.md", &text));
    parsed.into_iter().next().unwrap().playbook
}

/// So many minutes after the opening at 03:00, or minutes and seconds.
fn at(text: &str) -> Timestamp {
    let (minutes, seconds) = text.split_once(':').unwrap_or((text, "0"));
    let seconds = minutes.parse::<i64>().unwrap() * 60 + seconds.parse::<i64>().unwrap();
    Timestamp::from_second(1_769_828_400 + seconds).unwrap()
}

fn seal(number: u8, at: Timestamp, body: Body) -> Sealed {
    Sealed {
        entry: Entry {
            v: 1,
            incident: IncidentId(uuid::Uuid::from_u128(0x7f3a)),
            mode: Mode::Live,
            writer: "me".into(),
            seq: number.into(),
            prev: Hash::default(),
            seen: vec![],
            clock: number.into(),
            at: timestamp_text(at),
            mono_ms: 0,
            boot: "boot".into(),
            sim_at: None,
            operator: "alice".into(),
            kind: body.kind().into(),
            body_hash: Hash::default(),
        },
        hash: Hash([number; 32]),
        signature: [0; 64],
        salt: [0; 16],
        body: Some(body),
    }
}

/// `5 done look`, `7 sent update`, `9 severity P1`: the minute, what, and which.
fn entry(line: &str) -> (Timestamp, Body) {
    let words: Vec<&str> = line.split(' ').collect();
    let [minute, what, which @ ..] = words.as_slice() else {
        panic!("{line}");
    };
    let which = which.join(" ");
    let (first, rest) = which.split_once(' ').unwrap_or((&which, ""));
    let text = || String::from("said so");
    let body = match *what {
        "done" => Body::step_done(first),
        "again" => Body::StepReopened { step: first.into() },
        "ran" | "failed" => Body::ActionResult {
            intent: Hash::default(),
            action: first.into(),
            outcome: match *what {
                "ran" => ActionOutcome::Ok,
                _ => ActionOutcome::Failed,
            },
            rows: None,
            truncated: None,
            partial: None,
            duration_ms: 1,
            code: None,
            message: None,
            judged: None,
            evidence: vec![],
        },
        "by-hand" => Body::ActionResolved {
            intent: None,
            action: first.into(),
            done: true,
            note: text(),
        },
        "drafted" => Body::MessageDrafted {
            action: first.into(),
            to: None,
            subject: None,
            audience: None,
            each: (!rest.is_empty()).then(|| rest.to_owned()),
            text: text(),
            held_back: vec![],
        },
        "sent" => Body::MessageSent {
            action: first.into(),
            each: (!rest.is_empty()).then(|| rest.to_owned()),
            channel: "clipboard".into(),
            target: "the channel".into(),
            text_sha256: Hash::default(),
        },
        "milestone" => Body::MilestoneReached {
            milestone: which,
            reason: text(),
            since: None,
            corrects: None,
        },
        "severity" => Body::SeverityChanged {
            severity: which,
            reason: text(),
        },
        "decided" => Body::DecisionMade {
            decision: "duty".into(),
            suggested: vec![],
            figures: vec![],
            chosen: vec![which],
            reason: text(),
        },
        "region" => Body::InputSet {
            input: "region".into(),
            value: which,
            kind: "choice".into(),
            from: quarterdeck::model::input::Origin::Typed,
        },
        "met" => Body::ClockMet {
            clock: "c".into(),
            by: rest.to_owned(),
            due: at(first),
        },
        "missed" => Body::ClockMissed {
            clock: "c".into(),
            due: at(first),
            reason: (!rest.is_empty()).then(|| rest.to_owned()),
        },
        "waived" => Body::ClockWaived {
            clock: "c".into(),
            reason: text(),
            role: "legal".into(),
        },
        "resolved" => Body::IncidentResolved {
            open: vec![],
            reason: text(),
        },
        "closed" => Body::IncidentClosed {
            open: vec![],
            reason: text(),
        },
        "reopened" => Body::IncidentReopened { reason: text() },
        other => panic!("{other} in {line}"),
    };
    (at(minute), body)
}

/// The clock of this playbook in an incident opened as P3 with these entries.
fn clock(rule: &str, entries: &[&str]) -> (ClockView, Incident) {
    let playbook = playbook(rule);
    let opened = Body::IncidentOpened {
        playbook: "clocks".into(),
        title: "Clocks".into(),
        playbook_sha256: Hash::default(),
        severity: Some("P3".into()),
        alert: None,
        profile: None,
    };
    let mut incident = Incident::open(&seal(1, at("0"), opened));
    for (number, line) in (2..).zip(entries) {
        let (at, body) = entry(line);
        apply(&mut incident, &seal(number, at, body));
    }
    let mut seen = view(&playbook, &incident, &BTreeSet::new());
    (seen.clocks.remove(0), incident)
}

/// `running 0-30`, `met 5/30`, with ` missed 30(why)` behind; times are minutes after the opening.
fn told(clock: &ClockView) -> String {
    let minute = |at: &Timestamp| {
        let seconds = at.as_second() - 1_769_828_400;
        format!("{}", seconds / 60)
    };
    let state = match &clock.state {
        ClockState::NotStarted => "not started".to_owned(),
        ClockState::Running { since, due } => format!("running {}-{}", minute(since), minute(due)),
        ClockState::Met { at, due } => format!("met {}/{}", minute(at), minute(due)),
        ClockState::Ended => "ended".to_owned(),
        ClockState::Waived { role, .. } => format!("waived by {role}"),
        ClockState::DoesNotApply => "does not apply".to_owned(),
        ClockState::Unclear { due, .. } => {
            format!("unclear {}", due.as_ref().map_or("-".into(), minute))
        }
    };
    clock.missed.iter().fold(state, |text, (due, reason)| {
        let reason = reason.as_deref().unwrap_or_default();
        format!("{text} missed {}({reason})", minute(due))
    })
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn a_clock_stands_as_the_record_says() {
    // rule, entries, how it stands
    for (rule, entries, expected) in [
        // starts
        ("within: 30m, from: opened", &[][..], "running 0-30"),
        ("within: 30m", &[], "running 0-30"),
        ("within: 72h, from: aware", &[], "not started"),
        (
            "within: 1h, from: aware",
            &["5 milestone aware", "9 milestone aware"],
            "running 5-65",
        ),
        (
            "within: 1h, from: confirmed",
            &["5 milestone aware"],
            "not started",
        ),
        (
            "within: 1h, from: contained",
            &["5 milestone contained"],
            "running 5-65",
        ),
        (
            "within: 1h, from: resolved",
            &["5 resolved"],
            "running 5-65",
        ),
        (
            "within: 1h, from: resolved",
            &["5 resolved", "6 closed"],
            "running 5-65",
        ),
        (
            "within: 1h, from: resolved",
            &["5 resolved", "6 reopened"],
            "not started",
        ),
        (
            "within: 1h, from: resolved",
            &["5 resolved", "6 reopened", "9 resolved"],
            "running 9-69",
        ),
        (
            "within: 1h, from: closed",
            &["5 resolved", "6 closed"],
            "running 6-66",
        ),
        (
            "within: 1h, from: look",
            &["5 done look", "8 again look", "9 done look"],
            "running 5-65",
        ),
        (
            "within: 1h, from: look-at-it",
            &["5 done look"],
            "running 5-65",
        ),
        (
            "within: 1h, from: page",
            &["5 failed page", "6 ran page"],
            "running 6-66",
        ),
        ("within: 1h, from: page", &["5 failed page"], "not started"),
        (
            "within: 1h, from: page",
            &["5 by-hand page"],
            "running 5-65",
        ),
        (
            "within: 1h, from: duty",
            &["5 decided not yet known"],
            "not started",
        ),
        (
            "within: 1h, from: duty",
            &["5 decided Notify"],
            "running 5-65",
        ),
        // severities: the level or a more severe one, by any of its names
        ("within: 1h, from: 'severity:P3'", &[], "running 0-60"),
        ("within: 1h, from: 'severity:P2'", &[], "not started"),
        (
            "within: 1h, from: 'severity:P2'",
            &["5 severity P1", "9 severity P2"],
            "running 5-65",
        ),
        (
            "within: 1h, from: 'severity:Sev 1'",
            &["5 severity P1"],
            "running 5-65",
        ),
        (
            "within: 1h, from: 'severity:P1'",
            &["5 severity Sev 0", "6 severity P3"],
            "running 5-65",
        ),
        (
            "within: 1h, from: 'severity:Sev 0'",
            &["5 severity P2"],
            "not started",
        ),
        (
            "within: 1h, from: 'severity:P1'",
            &["5 severity worst"],
            "not started",
        ),
        // met, once and for all
        ("within: 30m, met_by: look", &["5 done look"], "met 5/30"),
        (
            "within: 30m, met_by: look-at-it",
            &["5 done look"],
            "met 5/30",
        ),
        (
            "within: 30m, met_by: look",
            &["5 done look", "6 again look"],
            "met 5/30",
        ),
        (
            "within: 30m, met_by: [look, page]",
            &["5 ran page", "9 done look", "12 again look"],
            "met 9/30",
        ),
        (
            "within: 30m, met_by: [look, page]",
            &["5 ran page"],
            "running 0-30",
        ),
        (
            "within: 30m, met_by: page",
            &["5 failed page"],
            "running 0-30",
        ),
        (
            "within: 30m, met_by: update",
            &["5 drafted update"],
            "running 0-30",
        ),
        (
            "within: 30m, met_by: update",
            &["5 sent update"],
            "met 5/30",
        ),
        ("within: 30m, met_by: look", &["30 done look"], "met 30/30"),
        (
            "within: 30m, met_by: look",
            &["30:01 done look"],
            "met 30/30 missed 30()",
        ),
        (
            "within: 30m, met_by: look",
            &["45 done look", "46 missed 30 asleep"],
            "met 45/30 missed 30(asleep)",
        ),
        (
            "within: 30m",
            &["5 met 30 by hand: called them"],
            "met 5/30",
        ),
        (
            "within: 30m, met_by: look",
            &["5 done look", "6 met 30 look"],
            "met 5/30",
        ),
        // what was done before the start does not meet it
        (
            "within: 1h, from: aware, met_by: look",
            &["2 done look", "5 milestone aware"],
            "running 5-65",
        ),
        (
            "within: 1h, from: aware, met_by: look",
            &["5 milestone aware", "5 done look"],
            "met 5/65",
        ),
        // a notice to several is met when it went to all of them
        (
            "within: 30m, met_by: update",
            &[
                "1 drafted update a",
                "1 drafted update b",
                "2 sent update a",
            ],
            "running 0-30",
        ),
        (
            "within: 30m, met_by: update",
            &[
                "1 drafted update a",
                "1 drafted update b",
                "2 sent update a",
                "3 sent update b",
            ],
            "met 3/30",
        ),
        // rounds
        (
            "every: 10m, until: resolved, met_by: update",
            &["6 sent update"],
            "running 6-16",
        ),
        (
            "every: 10m, until: resolved, met_by: update",
            &["6 sent update", "14 sent update"],
            "running 14-24",
        ),
        (
            "every: 10m, until: resolved, met_by: update",
            &["12 sent update"],
            "running 12-22 missed 10()",
        ),
        (
            "every: 10m, until: resolved, met_by: update",
            &["10:01 missed 10", "12 sent update"],
            "running 12-22 missed 10()",
        ),
        (
            "every: 10m, until: resolved",
            &["6 met 10 by hand: told them"],
            "running 6-16",
        ),
        (
            "every: 10m, until: resolved, met_by: update",
            &["6 sent update", "7 met 10 update"],
            "running 6-16",
        ),
        (
            "every: 10m, until: resolved, met_by: update",
            &["6 sent update", "7 resolved"],
            "ended",
        ),
        (
            "every: 10m, until: resolved, met_by: update",
            &["7 resolved", "60 reopened"],
            "running 60-70",
        ),
        (
            "every: 10m, until: contained",
            &["7 milestone contained"],
            "ended",
        ),
        ("every: 10m, until: look", &["7 done look"], "ended"),
        (
            "every: 10m, until: look, met_by: update",
            &["12 sent update", "13 done look"],
            "ended missed 10()",
        ),
        ("within: 10m, until: look", &["7 done look"], "ended"),
        // conditions
        (
            r#"within: 30m, when: 'inputs.region == "eu"'"#,
            &[],
            "does not apply",
        ),
        (
            r#"within: 30m, when: 'inputs.region == "eu"'"#,
            &["5 region eu"],
            "running 0-30",
        ),
        (
            r#"within: 30m, when: 'decision["duty"] == "Notify"'"#,
            &["5 decided Notify"],
            "running 0-30",
        ),
        (
            r#"within: 30m, when: 'decision["duty"] == "Notify"'"#,
            &["5 decided Nothing"],
            "does not apply",
        ),
        (
            r#"within: 30m, when: 'decision["duty"] == "Notify"'"#,
            &[],
            "unclear 30",
        ),
        (
            r#"within: 30m, from: aware, when: 'decision["duty"] == "Notify"'"#,
            &[],
            "unclear -",
        ),
        (
            r#"within: 30m, when: '"aware" in milestone'"#,
            &["5 milestone aware"],
            "running 0-30",
        ),
        (
            r#"within: 30m, when: 'severity == "P3" && mode == "live"'"#,
            &[],
            "running 0-30",
        ),
        (
            r"within: 30m, met_by: look, when: 'count > 0'",
            &["5 done look"],
            "met 5/30",
        ),
        ("within: 30m, when: 'count > 0'", &[], "unclear 30"),
        // waived
        (
            "within: 30m, met_by: look",
            &["5 waived"],
            "waived by legal",
        ),
        (
            "within: 30m",
            &["31 missed 30", "35 waived"],
            "waived by legal missed 30()",
        ),
    ] {
        let (clock, _) = clock(rule, entries);
        assert_eq!(told(&clock), expected, "{rule} {entries:?}");
    }
}

/// As for steps: what is missing is said in words, and "not yet known" is no decision.
#[test]
fn a_condition_that_cannot_be_told_says_what_is_missing() {
    for (rule, entries, expected) in [
        (
            r#"within: 30m, when: 'decision["duty"] == "Notify"'"#,
            &[][..],
            "Which duty? is not decided yet",
        ),
        (
            r#"within: 30m, when: 'decision["duty"] == "Notify"'"#,
            &["5 decided not yet known"],
            "Which duty? is not decided yet",
        ),
        (
            r#"within: 30m, when: 'result["page"].count > 0'"#,
            &[],
            "has no result yet",
        ),
    ] {
        let (clock, _) = clock(rule, entries);
        match clock.state {
            ClockState::Unclear { error, .. } => {
                assert!(error.contains(expected), "{rule}: {error}");
            }
            other => panic!("{rule}: {other:?}"),
        }
    }
}

#[test]
fn after_closing_only_what_goes_on_or_was_never_met_is_looked_at() {
    let over = &["5 resolved", "6 closed"];
    for (rule, entries, stays) in [
        (
            "within: 1h, from: resolved, after_close: true",
            &over[..],
            true,
        ),
        ("within: 72h, from: opened", over, true),
        ("within: 1h, from: aware", over, false),
        ("within: 1h, from: aware, after_close: true", over, true),
        (
            "within: 1h, met_by: look",
            &["1 done look", "5 resolved", "6 closed"],
            false,
        ),
        ("every: 10m, until: resolved", over, false),
        ("every: 10m, until: resolved", &["5 resolved"], true),
    ] {
        let (clock, incident) = clock(rule, entries);
        assert_eq!(
            clock.stays(incident.stage),
            stays,
            "{rule}: {}",
            told(&clock)
        );
    }
}

#[test]
fn many_rounds_say_nothing_of_those_that_were_forgotten() {
    let sent: Vec<String> = (1..600)
        .map(|number| format!("{} sent update", number * 5))
        .collect();
    let sent: Vec<&str> = sent.iter().map(String::as_str).collect();
    let playbook = playbook("every: 10m, until: resolved, met_by: update");
    let mut incident = clock("every: 10m, until: resolved", &[]).1;
    for line in sent {
        let (at, body) = entry(line);
        apply(&mut incident, &seal(1, at, body));
    }
    let seen = view(&playbook, &incident, &BTreeSet::new());
    assert_eq!(told(&seen.clocks[0]), "running 2995-3005");
}
