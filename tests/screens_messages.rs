//! The dialog in which a message is written, at the sizes people have.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

#[path = "support/screen.rs"]
mod screen;
#[path = "support/state.rs"]
#[expect(dead_code, reason = "a part of it is enough here")]
mod support;

use std::sync::Arc;

use quarterdeck::editor::Editor;
use quarterdeck::engine::state::{
    Content, DraftForm, DraftPart, Output, OutputLine, Overlay, Purpose, State,
};
use quarterdeck::incident::MessageRecord;
use quarterdeck::incident::view::view;
use quarterdeck::message::{Draft, HeldBack};
use quarterdeck::model::playbook::{Block, Effect, Language};
use quarterdeck::model::request::Payload;
use quarterdeck::model::safe_text::sanitize;
use quarterdeck::record::entry::Hash;
use screen::{SIZES, check_hostile, screen};
use support::{Texts, breach_with, cockpit, hostile, plain};

const TEXT: &str = "We experienced an incident on 2026-01-31T02:40:00Z affecting the export of cases. The issue has been contained and we are actively working on remediation.\n\nNo customer action is required at this time. Questions: <channel>.";

/// The breach with a message, of which this is what is written.
fn state(text: Texts<'_>, change: impl FnOnce(&mut DraftForm)) -> State {
    let mut state = breach_with(text);
    let playbook = Arc::make_mut(&mut cockpit(&mut state).playbook);
    let mut action = playbook.actions[0].clone();
    action.id = "tell".into();
    action.title = text("Tell the affected customers");
    action.language = Language::Message;
    playbook.actions.insert(action.id.clone(), action);
    let drafts = ["acme", "globex"].map(|each| Draft {
        each: Some(text(each)),
        to: Some(text("affected customer")),
        subject: Some(text("Service incident update")),
        text: text(TEXT),
    });
    let mut form = DraftForm::new("tell".into(), drafts.to_vec(), vec![]);
    change(&mut form);
    state.overlays.push(Overlay::Draft(Box::new(form)));
    state
}

fn held(text: Texts<'_>, why: &str, may_go: bool) -> HeldBack {
    HeldBack {
        why: text(why),
        may_go,
    }
}

fn claim(text: Texts<'_>, form: &mut DraftForm) {
    form.held_back = vec![held(
        text,
        "line 1: it says “contained”, but contained is not recorded (M)",
        true,
    )];
    form.reason = Some(Editor::line(&text("two of us saw it")));
}

fn placeholder(text: Texts<'_>, form: &mut DraftForm) {
    form.held_back = vec![held(
        text,
        "line 3: <channel> is still to be filled in",
        false,
    )];
    form.sent.insert(0);
}

fn subject(_: Texts<'_>, form: &mut DraftForm) {
    form.part = DraftPart::Subject;
    form.editor = Editor::line(form.drafts[0].subject.as_deref().unwrap());
}

type Change = fn(Texts<'_>, &mut DraftForm);

#[test]
fn a_message_that_is_written() {
    let changes: [(&str, Change); 4] = [
        ("message", |_, _| {}),
        ("message-claim", claim),
        ("message-placeholder", placeholder),
        ("message-subject", subject),
    ];
    for (name, change) in changes {
        for size in SIZES {
            let state = state(&plain, |form| change(&plain, form));
            let name = format!("{name}-{}x{}", size.0, size.1);
            insta::assert_snapshot!(name, screen(&state, size));
        }
        let state = state(&hostile, |form| change(&hostile, form));
        check_hostile(&state, &[(20, 5), (40, 12), (80, 24), (120, 40)]);
    }
}

#[test]
fn where_a_saved_message_went_is_asked_with_its_path() {
    let mut state = state(&plain, |_| {});
    state.overlays.push(Overlay::Ask {
        purpose: Purpose::MessageSent {
            action: "tell".into(),
            each: Some("acme".into()),
            channel: "file".into(),
            text_sha256: Hash::default(),
            path: Some("/data/live/7f3a/messages/tell-acme-20260131T031244Z.md".into()),
        },
        editor: Editor::line(""),
        error: None,
    });
    insta::assert_snapshot!("message-where-80x24", screen(&state, (80, 24)));
}

#[test]
fn a_message_that_needs_a_role_asks_who_has_it() {
    let mut state = state(&plain, |_| {});
    state.overlays.push(Overlay::Ask {
        purpose: Purpose::RoleForMessage("ic".into(), "tell".into()),
        editor: Editor::line(""),
        error: None,
    });
    for size in [(80, 24), (120, 40)] {
        let name = format!("message-role-{}x{}", size.0, size.1);
        insta::assert_snapshot!(name, screen(&state, size));
    }
}

/// The guide's line of a message in the step at hand.
fn in_the_guide(change: impl FnOnce(&mut MessageRecord)) -> String {
    let mut state = state(&plain, |_| {});
    state.overlays.clear();
    let inside = cockpit(&mut state);
    let playbook = Arc::make_mut(&mut inside.playbook);
    playbook.actions["tell"].effect = Effect::Write;
    let mut steps = playbook
        .phases
        .iter_mut()
        .flat_map(|phase| &mut phase.steps);
    let step = steps.find(|step| step.id == inside.step).unwrap();
    step.body = vec![Block::Action("tell".into())];
    let mut record = MessageRecord::default();
    change(&mut record);
    inside.incident.messages.insert("tell".into(), record);
    inside.view = view(&inside.playbook, &inside.incident, &inside.alive);
    screen(&state, (80, 24))
}

#[test]
fn the_guide_says_that_a_message_is_drafted_or_sent_and_where() {
    let at = support::at("03:12:00");
    let drafted = in_the_guide(|record| {
        record.drafted_at = Some(at);
        record.waiting.insert(String::new());
    });
    assert!(drafted.contains("drafted, not sent"), "{drafted}");
    let sent = in_the_guide(|record| {
        record.sent = 1;
        record.sent_at = Some(at);
        record.target = "posted in #incidents".into();
    });
    assert!(
        sent.contains("sent 30 s ago · posted in #incidents"),
        "{sent}"
    );
    let part = in_the_guide(|record| {
        record.sent = 1;
        record.sent_at = Some(at);
        record.target = "mailed".into();
        record.waiting.insert("globex".into());
    });
    assert!(part.contains("mailed · not sent: globex"), "{part}");
    for shown in [drafted, sent, part] {
        assert!(!shown.contains("WRITES"), "{shown}");
    }
}

#[test]
fn an_answer_that_is_good_carries_no_warning_sign() {
    let status = OutputLine {
        error: true,
        text: sanitize("200 OK"),
    };
    let shown = |payload: Payload| {
        let mut state = breach_with(&plain);
        let inside = cockpit(&mut state);
        let mut result = support::result(&plain, 1);
        result.request.payload = payload;
        result.content = Content::Output(Output {
            lines: vec![status.clone()],
            ..Output::default()
        });
        inside.results.insert("identify".into(), result);
        screen(&state, (120, 40))
    };
    let answer = shown(Payload::Http {
        method: "POST".into(),
        path: "/".into(),
        headers: vec![],
        body: String::new(),
    });
    assert!(answer.contains("│ 200 OK"), "{answer}");
    let script = shown(Payload::Shell {
        script: String::new(),
        environment: vec![],
        cwd: None,
        ok_codes: vec![0],
    });
    assert!(script.contains("! 200 OK"), "{script}");
}
