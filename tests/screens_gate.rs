//! The gate of a write as it is seen: what it would touch stands first, the fields are always in sight.

#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "support/screen.rs"]
mod screen;
#[path = "support/state.rs"]
mod support;

use std::sync::Arc;

use quarterdeck::editor::Editor;
use quarterdeck::engine::state::{GateForm, Overlay, Preview, Purpose, Run, RunPhase, State};
use quarterdeck::model::ids::RunId;
use quarterdeck::model::playbook::{Action, Effect, Language};
use quarterdeck::model::prose::{Inline, Prose};
use quarterdeck::model::request::{Payload, Request};
use quarterdeck::model::safe_text::sanitize;
use quarterdeck::model::table::{Column, ColumnKind, Row};
use screen::{SIZES, check_hostile, screen};
use support::{Texts, cockpit, hostile, plain};

/// The parts of the shared states that this file does not draw.
const _: () = {
    let _ = (
        support::home_with,
        support::overlays,
        support::confirming,
        support::result,
        support::table,
        support::row,
        support::output,
        support::failure,
        support::message,
        support::breach,
    );
};

fn snapshots(name: &str, state: &State) {
    for size in SIZES {
        let name = format!("{name}-{}x{}", size.0, size.1);
        insta::assert_snapshot!(name, screen(state, size));
    }
}

fn write(text: Texts<'_>) -> Request {
    let statement = "UPDATE sessions\n   SET revoked_at = now(), revoked_by = 'incident'\n WHERE actor_id = $1\n   AND revoked_at IS NULL";
    let mut request = support::request(text);
    request.action = "revoke".into();
    request.source = quarterdeck::model::ids::SourceName::new(text("app"));
    request.target = text("postgres app@db1:5432/app as writer");
    request.text = text(statement);
    request.parameters.truncate(1);
    request.effect = Effect::Write;
    request
}

fn seen(text: Texts<'_>, rows: u64, cut: bool, own: u64) -> Preview {
    let names = [
        "id",
        "actor_id",
        "org_id",
        "created_at",
        "user_agent",
        "address",
    ];
    let row = |number: u64| -> Row {
        vec![
            Some(text(&format!("s-{number}")).into()),
            Some(text("u-1932").into()),
            Some(text("org-a").into()),
            Some("2026-01-31T02:58:00Z".into()),
            Some(text("Mozilla/5.0 (X11; Linux x86_64) something longer").into()),
            None,
        ]
    };
    Preview::Seen {
        intent: None,
        rows,
        cut,
        columns: names
            .iter()
            .map(|name| Column {
                name: text(name),
                kind: ColumnKind::Text,
                type_name: "text".into(),
            })
            .collect(),
        sample: (1..=rows.min(5)).map(row).collect(),
        own,
    }
}

fn form(preview: Preview) -> Box<GateForm> {
    Box::new(GateForm {
        run: RunId(9),
        preview,
        target: Editor::line(""),
        ceiling: Some(Editor::line("")),
        approver: None,
        selected: 0,
        top: 0,
        error: None,
    })
}

/// The gate of `revoke`, its action and its request changed as the case needs.
fn gate(
    text: Texts<'_>,
    form: Box<GateForm>,
    change: impl FnOnce(&mut Action, &mut Request),
) -> State {
    let mut state = support::breach_with(text);
    let inside = cockpit(&mut state);
    let playbook = Arc::make_mut(&mut inside.playbook);
    let action = playbook.actions.get_mut("revoke").unwrap();
    action.undo = Some(text(
        "a revoked session cannot be restored; users sign in again",
    ));
    action.max_rows = Some(50);
    let mut request = write(text);
    change(action, &mut request);
    inside.runs.insert(
        RunId(9),
        Run {
            action: "revoke".into(),
            poll: false,
            preview_of: None,
            gate: None,
            edited: false,
            phase: RunPhase::Previewing(Box::new(request)),
        },
    );
    state.overlays.push(Overlay::Gate(form));
    state
}

#[test]
fn the_gate_of_a_counted_write() {
    let mut counted = form(seen(&plain, 12, false, 2));
    counted.target = Editor::line("ap");
    counted.ceiling = Some(Editor::line("14"));
    snapshots("counted", &gate(&plain, counted, |_, _| {}));
}

#[test]
fn the_gate_with_everything_wrong() {
    let mut wrong = form(seen(&plain, 10_000, true, 0));
    wrong.approver = Some(Editor::line(""));
    wrong.selected = 1;
    wrong.ceiling = Some(Editor::line("60"));
    wrong.target = Editor::line("app");
    wrong.error = Some(sanitize(
        "60 is above max-rows: the playbook allows at most 50",
    ));
    snapshots(
        "wrong",
        &gate(&plain, wrong, |action, _| {
            action.role = Some("ic".into());
            action.undo = None;
        }),
    );
}

#[test]
fn the_gate_without_a_count() {
    let mut script = form(Preview::None);
    script.ceiling = None;
    let state = gate(&plain, script, |action, request| {
        action.language = Language::Shell;
        request.target = "bash on this machine as alice".into();
        request.text = "kubectl scale --replicas=0 deployment/export".into();
        request.payload = Payload::Shell {
            script: request.text.clone(),
            environment: vec![],
            cwd: None,
            ok_codes: vec![0],
        };
    });
    snapshots("no-preview", &state);
}

#[test]
fn each_preview_has_its_words() {
    let lines = Preview::Seen {
        intent: None,
        rows: 2,
        cut: false,
        columns: vec![],
        sample: vec![vec![Some("deployment/export 3".into())]],
        own: 0,
    };
    for (preview, words) in [
        (Preview::Running, "The preview is under way"),
        (Preview::None, "NO PREVIEW: nobody has counted"),
        (
            Preview::Failed(sanitize("timed out after 30s")),
            "NO PREVIEW, it failed: timed out after 30s.",
        ),
        (seen(&plain, 1, false, 0), "1 row would be touched."),
        (seen(&plain, 0, false, 0), "0 rows would be touched."),
        (seen(&plain, 17, false, 0), "3 of 17 rows:"),
        (seen(&plain, 10_000, true, 0), "3 of more than 10 000 rows:"),
        (
            seen(&plain, 120, false, 0),
            "The playbook allows at most 50 rows.",
        ),
        (seen(&plain, 9, false, 2), "2 of them name you (alice)."),
        (
            seen(&plain, 10_000, true, 0),
            "MORE THAN 10 000 rows would be touched",
        ),
        (lines, "deployment/export 3"),
    ] {
        for size in SIZES {
            let shown = screen(&gate(&plain, form(preview.clone()), |_, _| {}), size);
            assert!(shown.contains(words), "{words} in\n{shown}");
            assert!(shown.contains("type its name: app"), "{shown}");
        }
    }
}

#[test]
fn a_sample_that_is_whole_is_not_called_a_part() {
    let shown = screen(
        &gate(&plain, form(seen(&plain, 3, false, 0)), |_, _| {}),
        (80, 24),
    );
    assert!(!shown.contains(" of 3 rows"), "{shown}");
}

#[test]
fn the_gate_says_what_the_write_is_for() {
    let state = gate(&plain, form(Preview::None), |action, _| {
        let words = "It ends what the actor holds open, in every organisation.";
        action.description = vec![Prose::Paragraph(vec![Inline::plain(words)])];
        action.undo = None;
    });
    for size in SIZES {
        let shown = screen(&state, size);
        assert!(
            shown.contains("Change this? Revoke the actor's sessions"),
            "{shown}"
        );
        assert!(
            shown.contains("It ends what the actor holds open"),
            "{shown}"
        );
    }
    let shown = screen(&state, SIZES[1]);
    assert!(shown.contains("undo    none is declared"), "{shown}");
}

#[test]
fn why_a_step_is_done_without_its_write_is_asked_with_what_was_not_done() {
    let mut state = support::breach_with(&plain);
    state.overlays.push(Overlay::Ask {
        purpose: Purpose::DoneWithout("revoke-step".into()),
        editor: Editor::line(""),
        error: None,
    });
    let shown = screen(&state, (80, 24));
    assert!(
        shown.contains("Why is the step done all the same?") && shown.contains("NOT DONE:"),
        "{shown}"
    );
}

#[test]
fn a_message_at_the_gate_has_no_preview_line() {
    let mut message = form(Preview::None);
    message.ceiling = None;
    let state = gate(&plain, message, |action, request| {
        action.language = Language::Message;
        action.undo = None;
        request.text = "We are investigating.".into();
        request.parameters.clear();
    });
    let shown = screen(&state, (80, 24));
    assert!(shown.contains("Send this message?") && shown.contains("We are investigating."));
    assert!(!shown.contains("PREVIEW"), "{shown}");
}

#[test]
fn why_a_requirement_cannot_wait_is_asked_with_what_is_missing() {
    let mut state = support::breach_with(&plain);
    state.overlays.push(Overlay::Ask {
        purpose: Purpose::WaiveThenRun("revoke-step".into(), "revoke".into()),
        editor: Editor::line(""),
        error: None,
    });
    let shown = screen(&state, (80, 24));
    assert!(
        shown.contains("Why can it not wait?") && shown.contains("MISSING:"),
        "{shown}"
    );
}

#[test]
fn no_hostile_character_reaches_a_cell() {
    for preview in [
        seen(&hostile, 12, false, 3),
        Preview::Failed(sanitize(&hostile("timed out"))),
    ] {
        let mut hostile_form = form(preview);
        hostile_form.target = Editor::line(&hostile("app"));
        hostile_form.approver = Some(Editor::line(&hostile("bob")));
        hostile_form.error = Some(sanitize(&hostile("wrong")));
        let state = gate(&hostile, hostile_form, |_, _| {});
        check_hostile(&state, &[(20, 5), (80, 24), (120, 40), (240, 67)]);
    }
}
