//! The dialog in which a message is written, at the sizes people have.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

#[path = "support/screen.rs"]
mod screen;
#[path = "support/state.rs"]
#[expect(dead_code, reason = "a part of it is enough here")]
mod support;

use std::sync::Arc;

use quarterdeck::editor::Editor;
use quarterdeck::engine::state::{DraftForm, DraftPart, Overlay, Purpose, State};
use quarterdeck::message::{Draft, HeldBack};
use quarterdeck::model::playbook::Language;
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
