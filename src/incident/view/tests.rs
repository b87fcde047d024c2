//! What the view says as an incident goes on. Tests the view only: entries are sealed by the sample writer.

use super::*;
use crate::incident::sample::{at, intent, opened, playbook, result, session, write, writer};
use crate::incident::{Log, apply};
use crate::model::Mode;
use crate::record::chain::Writer;
use crate::record::entry::{Body, EvidenceOrigin};

/// An incident under way, and what it looks like after each further entry.
struct Story {
    writer: Writer,
    incident: Incident,
}

impl Story {
    fn begin() -> Self {
        let mut writer = writer(1, Mode::Live);
        let entries = [opened(), session(&writer, "alice")];
        let log: Log = entries
            .into_iter()
            .map(|body| write(&mut writer, 0, body))
            .collect();
        Self {
            incident: log.incident().unwrap().clone(),
            writer,
        }
    }

    fn say(&mut self, body: Body) -> Hash {
        let sealed = write(&mut self.writer, 10, body);
        apply(&mut self.incident, &sealed);
        sealed.hash
    }

    fn look(&self) -> View {
        let alive = BTreeSet::from([self.writer.id().to_owned()]);
        view(&playbook(), &self.incident, &alive)
    }
}

fn missing(view: &View, step: &str) -> Vec<String> {
    view.step(&step.into()).unwrap().missing.clone()
}

/// A note, perhaps one that is an item of the evidence table.
fn note(evidence: Option<&str>) -> Body {
    Body::NoteAdded {
        text: "called".into(),
        happened_at: None,
        step: None,
        evidence: evidence.map(Into::into),
    }
}

/// A file of an action.
fn captured(action: &str) -> Body {
    Body::EvidenceAdded {
        sha256: Hash([5; 32]),
        size: 7,
        media_type: "application/json".into(),
        name: format!("{action}.json"),
        title: "Count".into(),
        origin: Some(EvidenceOrigin {
            action: action.into(),
            target: "postgres audit@db1 as reader".into(),
            query: "select 1".into(),
            acquired_at: at(3),
            intent: None,
            incomplete: None,
        }),
    }
}

#[test]
fn evidence_is_what_the_record_holds_and_not_what_was_done() {
    let mut story = Story::begin();
    let seen = |story: &Story| -> Vec<(String, bool, bool, u64)> {
        let items = story.look().evidence;
        items
            .into_iter()
            .map(|item| {
                (
                    item.id.to_string(),
                    item.note,
                    item.at.is_some(),
                    item.files,
                )
            })
            .collect()
    };
    let item = |id: &str, note, there, files| (id.to_owned(), note, there, files);
    assert_eq!(
        seen(&story),
        [item("rows", false, false, 0), item("call", true, false, 0)]
    );
    story.say(Body::ActionResolved {
        intent: None,
        action: "count".into(),
        done: true,
        note: "counted by hand".into(),
    });
    story.say(note(None));
    assert_eq!(
        seen(&story),
        [item("rows", false, false, 0), item("call", true, false, 0)],
        "done by hand, and a note about something else"
    );
    assert!(missing(&story.look(), "revoke").contains(&"rows".to_owned()));
    story.say(note(Some("call")));
    story.say(captured("count"));
    assert_eq!(
        seen(&story),
        [item("rows", false, true, 1), item("call", true, true, 0)]
    );
    assert!(!missing(&story.look(), "revoke").contains(&"rows".to_owned()));

    let mut story = Story::begin();
    story.say(note(Some("rows")));
    story.say(Body::MessageSent {
        action: "count".into(),
        each: None,
        channel: "clipboard".into(),
        target: "the customer".into(),
        text_sha256: Hash::default(),
    });
    assert!(
        seen(&story)[0].2,
        "a note in its place, or the message that went out"
    );
}

#[test]
fn requirements_block_until_they_are_met() {
    let mut story = Story::begin();
    let view = story.look();
    assert_eq!(
        view.step(&"quantify".into()).unwrap().status,
        StepStatus::Todo
    );
    assert_eq!(
        view.step(&"revoke".into()).unwrap().status,
        StepStatus::Blocked
    );
    assert_eq!(
        missing(&view, "revoke"),
        ["count", "rows", "quantify-the-scope"]
    );
    assert_eq!(missing(&view, "notify"), ["count", "call"]);
    assert_ne!(view.step(&"maybe".into()).unwrap().applies, Applies::Always);
    assert_eq!(view.current, Some("quantify".into()));
    assert_eq!(view.step(&"quantify".into()).unwrap().open_checks, 1);

    let intent = story.say(intent("count"));
    story.say(result(intent, "count", ActionOutcome::Failed));
    assert_eq!(missing(&story.look(), "notify"), ["count", "call"]);
    story.say(Body::ActionResolved {
        intent: None,
        action: "count".into(),
        done: true,
        note: "counted by hand".into(),
    });
    assert_eq!(missing(&story.look(), "notify"), ["call"]);
    story.say(note(Some("call")));
    assert_eq!(
        story.look().step(&"notify".into()).unwrap().status,
        StepStatus::Todo
    );
    assert_eq!(
        missing(&story.look(), "revoke"),
        ["rows", "quantify-the-scope"],
        "that the rows were read does not put them into the record"
    );
    story.say(Body::EvidenceAdded {
        sha256: Hash([9; 32]),
        size: 3,
        media_type: "text/csv".into(),
        name: "count.csv".into(),
        title: "Rows".into(),
        origin: Some(crate::record::entry::EvidenceOrigin {
            action: "count".into(),
            target: "postgres audit@db1 as reader".into(),
            query: "SELECT 1".into(),
            acquired_at: crate::incident::sample::at(0),
            intent: None,
            incomplete: None,
        }),
    });
    assert_eq!(missing(&story.look(), "revoke"), ["quantify-the-scope"]);

    story.say(Body::step_done("quantify"));
    story.say(Body::CheckTicked {
        check: "quantify-saved".into(),
        not_applicable: None,
    });
    let view = story.look();
    assert_eq!(
        view.step(&"revoke".into()).unwrap().status,
        StepStatus::Todo
    );
    assert_eq!(view.step(&"quantify".into()).unwrap().open_checks, 0);
    assert!(view.phases[0].is_settled());
    assert_eq!(view.current, Some("revoke".into()));

    story.say(Body::StepStarted {
        step: "notify".into(),
    });
    assert_eq!(story.look().current, Some("notify".into()));
}

#[test]
fn a_run_is_unknown_once_nobody_can_say_how_it_ended() {
    let mut story = Story::begin();
    let status = |view: &View| (view.actions["count"].status, view.unknown.len());
    assert_eq!(status(&story.look()), (ActionStatus::NotRun, 0));
    let first = story.say(intent("count"));
    assert_eq!(status(&story.look()), (ActionStatus::Running, 0));
    let without = view(&playbook(), &story.incident, &BTreeSet::new());
    assert_eq!(status(&without), (ActionStatus::Unknown, 1));

    // Its own writer lives and says that it does not know either.
    story.say(result(first, "count", ActionOutcome::Unknown));
    assert_eq!(status(&story.look()), (ActionStatus::Unknown, 1));
    let second = story.say(intent("count"));
    story.say(result(second, "count", ActionOutcome::Ok));
    let view = story.look();
    assert_eq!(view.unknown, [(first, "count".into())]);
    story.say(Body::ActionResolved {
        intent: Some(first),
        action: "count".into(),
        done: false,
        note: "the server never got it".into(),
    });
    assert_eq!(
        status(&story.look()),
        (ActionStatus::Ended(ActionOutcome::Ok), 0)
    );
}

#[test]
fn inputs_without_value_or_default_are_missing() {
    let mut story = Story::begin();
    assert_eq!(
        story.look().actions["count"].missing_inputs,
        [InputId::from("actor")]
    );
    story.say(Body::InputSet {
        input: "actor".into(),
        value: "u-1932".into(),
        kind: "text".into(),
        from: crate::model::input::Origin::Row,
    });
    assert_eq!(story.look().actions["count"].missing_inputs, []);
}

#[test]
fn a_session_whose_writer_is_gone_ended_without_saying_so() {
    let mut story = Story::begin();
    let gone = |story: &Story| -> Vec<String> {
        let view = view(&playbook(), &story.incident, &BTreeSet::new());
        view.silent
            .into_values()
            .map(|session| session.operator)
            .collect()
    };
    assert!(story.look().silent.is_empty());
    assert_eq!(gone(&story), ["alice"]);
    story.say(Body::SessionDetached {
        reason: "quit".into(),
    });
    assert_eq!(gone(&story), [""; 0]);
}

#[test]
fn an_alert_is_over_when_a_fresh_answer_says_so() {
    use crate::record::entry::WatchState::{self, Alert, Failed, Fresh, NoData, Stale};
    let until = |states: &[WatchState]| {
        let mut story = Story::begin();
        for (second, state) in (0..).zip(states) {
            let changed = Body::WatchChanged {
                action: "rate".into(),
                state: *state,
                detail: String::new(),
            };
            apply(
                &mut story.incident,
                &write(&mut story.writer, second, changed),
            );
        }
        let alert = story.incident.alerts.remove("rate");
        alert.map(|alert| (alert.since, alert.until))
    };
    for (states, expected) in [
        (&[Fresh, NoData][..], None),
        (&[Alert, Stale, Failed, NoData, Alert], Some((at(0), None))),
        (
            &[Alert, Stale, Fresh, Stale, Fresh],
            Some((at(0), Some(at(2)))),
        ),
        (&[Alert, Fresh, Alert], Some((at(2), None))),
    ] {
        assert_eq!(until(states), expected, "{states:?}");
    }
}
