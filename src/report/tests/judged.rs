//! The report of an incident that went all the way: judged, decided, written to, told, resolved and closed.

use std::time::Duration;

use super::*;
use crate::incident::sample;
use crate::model::playbook::{Clock, ClockStart, Effect};
use crate::model::verdict::{Figure, Judgement, ProofSeen, Verdict};
use crate::record::entry::{Approval, EvidenceOrigin, Gate};

/// The sample playbook with two clocks, and a write that can be undone.
fn playbook() -> Playbook {
    let mut playbook = sample::playbook();
    let clock = |id: &str, minutes: u64, from| Clock {
        id: id.into(),
        title: format!("Title of {id}"),
        within: Duration::from_secs(minutes * 60),
        repeats: false,
        from,
        until: None,
        met_by: vec!["count".into()],
        when: None,
        cite: Some("Art. 33".into()),
        after_close: false,
        span: 0..0,
    };
    let clocks = [
        clock("first", 1, ClockStart::Opened),
        clock("legal", 60, ClockStart::Milestone("aware".into())),
    ];
    playbook.clocks = clocks
        .into_iter()
        .map(|clock| (clock.id.clone(), clock))
        .collect();
    let revoke = playbook.actions.get_mut("revoke-session").unwrap();
    revoke.effect = Effect::Write;
    revoke.undo = Some("users sign in again".into());
    playbook
}

fn figure() -> Figure {
    Figure {
        of: "rows[0].mismatched".into(),
        is: "3".into(),
    }
}

fn judged(intent: Hash) -> Body {
    let mut body = result(intent, "count", ActionOutcome::Ok);
    if let Body::ActionResult {
        judged, evidence, ..
    } = &mut body
    {
        *judged = Some(Judgement {
            verdict: Verdict::Fail,
            reasons: vec![format!("3 rows are mismatched {HOSTILE}")],
            figures: vec![figure()],
            proofs: vec![ProofSeen {
                action: "count".into(),
                verdict: Some(Verdict::Pass),
                at: Some(at(5)),
            }],
            held: false,
        });
        *evidence = vec![Hash([7; 32])];
    }
    body
}

fn write_intent() -> Body {
    let mut body = intent("revoke-session");
    if let Body::ActionIntent { effect, gate, .. } = &mut body {
        *effect = Effect::Write;
        *gate = Some(Gate {
            preview_rows: Some(3),
            preview: None,
            ceiling: Some(4),
            typed: HOSTILE.into(),
            approvals: vec![Approval {
                person: "bob".into(),
                how: "reported".into(),
            }],
        });
    }
    body
}

fn decision(chosen: &str) -> Body {
    Body::DecisionMade {
        decision: "maybe".into(),
        suggested: vec!["One actor".into()],
        figures: vec![figure()],
        chosen: vec![chosen.into()],
        reason: HOSTILE.into(),
    }
}

/// Every kind of entry that a person decides, in the order of an incident, with the second of each.
#[expect(clippy::too_many_lines, reason = "a story, written out")]
fn entries() -> Vec<Sealed> {
    let mut alice = writer(1, Mode::Live);
    let mut entries = Vec::new();
    let mut say = |second, body| {
        let sealed = write(&mut alice, second, body);
        entries.push(sealed.clone());
        sealed.hash
    };
    say(0, opened());
    let count = say(60, intent("count"));
    say(90, judged(count));
    let due = at(60);
    let clock = || "first".into();
    say(
        91,
        Body::ClockMet {
            clock: clock(),
            by: "count".into(),
            due,
        },
    );
    let reason = Some(format!("asleep {HOSTILE}"));
    say(
        95,
        Body::ClockMissed {
            clock: clock(),
            due,
            reason,
        },
    );
    let missing = Body::EvidenceAdded {
        sha256: Hash([7; 32]),
        size: 12,
        media_type: "text/csv".into(),
        name: "count.csv".into(),
        title: "Count".into(),
        origin: Some(EvidenceOrigin {
            action: "count".into(),
            target: "postgres audit@db1".into(),
            query: "select 1 -- ```".into(),
            acquired_at: at(90),
            intent: Some(count),
            incomplete: Some("the first 3 rows".into()),
        }),
    };
    say(96, missing);
    let severity = Body::SeverityChanged {
        severity: "P0".into(),
        reason: HOSTILE.into(),
    };
    say(100, severity);
    let aware = Body::MilestoneReached {
        milestone: "aware".into(),
        reason: HOSTILE.into(),
        since: None,
        corrects: None,
    };
    say(110, aware);
    say(120, decision("One actor"));
    say(130, decision("none of these"));
    let waived = Body::RequirementWaived {
        step: "revoke".into(),
        missing: vec!["rows".into(), "quantify-the-scope".into()],
        reason: HOSTILE.into(),
    };
    say(140, waived);
    let revoke = say(150, write_intent());
    say(160, result(revoke, "revoke-session", ActionOutcome::Ok));
    let drafted = Body::MessageDrafted {
        action: "count".into(),
        to: Some("#incident".into()),
        subject: Some(HOSTILE.into()),
        audience: Some("internal".into()),
        each: None,
        text: format!("Hello\n````\n{HOSTILE}"),
        held_back: vec![HOSTILE.into()],
    };
    say(170, drafted);
    let sent = Body::MessageSent {
        action: "count".into(),
        each: Some("org-a".into()),
        channel: "clipboard".into(),
        target: HOSTILE.into(),
        text_sha256: Hash([9; 32]),
    };
    say(180, sent);
    let legal = Body::ClockWaived {
        clock: "legal".into(),
        reason: HOSTILE.into(),
        role: "legal".into(),
    };
    say(190, legal);
    let follow_up = Body::FollowUpAdded {
        text: HOSTILE.into(),
        owner: Some("bob".into()),
    };
    say(200, follow_up);
    let attached = Body::PlaybookAttached {
        playbook: "other".into(),
        title: HOSTILE.into(),
        playbook_sha256: Hash([3; 32]),
    };
    say(205, attached);
    let open = vec!["step todo: Title of revoke".into(), HOSTILE.into()];
    let reason = HOSTILE.to_owned();
    say(210, Body::IncidentResolved { open, reason });
    let reason = HOSTILE.to_owned();
    say(220, Body::IncidentReopened { reason });
    let (open, reason) = (Vec::new(), String::new());
    say(230, Body::IncidentClosed { open, reason });
    entries
}

#[test]
fn the_report_tells_what_was_judged_and_how_it_ended() {
    let entries = entries();
    let log: Log = entries.iter().cloned().collect();
    let incident = log.incident().unwrap().clone();
    let playbook = playbook();
    let view = view(&playbook, &incident, &BTreeSet::new());
    let report = markdown(&playbook, &incident, &view, &entries);
    assert!(is_safe(&report), "{report}");
    has_no_foreign_markup(&report);
    insta::assert_snapshot!(report);
}

#[test]
fn what_is_decided_has_a_sentence_of_its_own() {
    for sealed in &entries() {
        let body = sealed.body.as_ref().unwrap();
        let text = sentence(body, at(16), NAMELESS);
        assert!(
            !text.is_empty() && !text.ends_with([' ', ':', ',']),
            "{text:?}"
        );
        assert!(!text.contains(body.kind()), "{text:?}");
    }
}

#[test]
fn the_card_tells_clocks_milestones_and_the_end() {
    let mut playbook = playbook();
    playbook.clocks[0].met_by.clear();
    playbook.clocks[0].within = Duration::from_secs(300);
    let mut entries = entries();
    entries.truncate(8);
    entries.retain(|sealed| !sealed.entry.kind.starts_with("clock."));
    let log: Log = entries.into_iter().collect();
    let incident = log.incident().unwrap();
    let view = view(&playbook, incident, &BTreeSet::new());
    let card = brief(&playbook, incident, &view, at(420));
    for part in [
        " · P0\n",
        "aware since 2026-01-31 03:01:50 UTC\n",
        "\nVerdicts\n  FAIL, ",
        "\nClocks\n  Title of first: OVERDUE by 2m, was due 2026-01-31 03:05:00 UTC\n  Title of legal: due in 54m, 2026-01-31 04:01:50 UTC\n",
    ] {
        assert!(card.contains(part), "{part}\nis not in\n{card}");
    }
    assert!(is_safe(&card), "{card}");
}
