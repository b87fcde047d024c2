//! Messages in the engine: from a key to what is known to have been sent, and to nothing before that.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[path = "support/cockpit.rs"]
mod cockpit;

use cockpit::Harness;
use quarterdeck::engine::effect::{Effect, FillRequest};
use quarterdeck::engine::event::EventKind;
use quarterdeck::engine::state::{Channel, Chosen, DraftForm, Overlay, RunPhase, Screen};
use quarterdeck::message::{Draft, FillError};
use quarterdeck::model::playbook::Effect as ActionEffect;
use quarterdeck::model::request::{Chunk, Outcome, Payload, PlanContext, Request, RunError};
use quarterdeck::model::table::{Column, ColumnKind, Rows};
use quarterdeck::record::entry::{Body, Hash};
use quarterdeck::verdict::Reference;

const PLAYBOOK: &str = r##"---
quarterdeck: 1
id: talk
title: Talk
severity: P1
roles: { ic: Incident commander }
inputs:
  scope: { title: Affected scope, type: text }
  token: { title: Token, type: secret }
  since: { title: Exposed since, type: datetime }
---

## Communicate

### Tell the room

Tell the room.

```message {#tell to="#room" subject="Update" audience=internal}
{{ inputs.scope }}, led by {{ ic }}
```

Tell the customers.

```message {#customers to=file audience=customer for-each="affected.org"}
To {{ each }}
```

Tell the board.

```message {#board source=board audience=internal}
{{ inputs.token }}
```

### Who is affected

```sql {#affected source=audit}
SELECT org FROM exposed
```
"##;

fn harness() -> Harness {
    let mut harness = Harness::open(PLAYBOOK);
    harness.take();
    harness
}

fn draft(each: Option<&str>, text: &str) -> Draft {
    Draft {
        each: each.map(str::to_owned),
        to: Some("#room".into()),
        subject: Some("Update".into()),
        text: text.into(),
    }
}

/// The run time filled a message.
fn filled(harness: &mut Harness, action: &str, drafts: Vec<Draft>) {
    harness.event(EventKind::Filled {
        action: action.into(),
        drafts: Ok(drafts),
        sources: vec![
            ("room".into(), "webhook https://room".into()),
            ("board".into(), "webhook https://board".into()),
        ],
    });
}

/// The first message with its text filled in, on screen.
fn written(text: &str) -> Harness {
    let mut harness = harness();
    filled(&mut harness, "tell", vec![draft(None, text)]);
    harness
}

fn form(harness: &Harness) -> &DraftForm {
    match harness.state.overlays.last() {
        Some(Overlay::Draft(form)) => form,
        other => panic!("a message is on screen, not {other:?}"),
    }
}

fn fills(harness: &Harness) -> Vec<FillRequest> {
    let effects = harness.effects.iter();
    effects
        .filter_map(|effect| match effect {
            Effect::Fill(request) => Some((**request).clone()),
            _ => None,
        })
        .collect()
}

/// Kinds of the entries asked for, with what matters of messages.
fn told(harness: &Harness) -> Vec<String> {
    let bodies = harness.appended().into_iter();
    bodies
        .map(|body| match body {
            Body::MessageDrafted {
                each,
                text,
                held_back,
                ..
            } => format!(
                "drafted {} {text:?} {held_back:?}",
                each.unwrap_or_default()
            ),
            Body::MessageSent {
                each,
                channel,
                target,
                ..
            } => format!("sent {} by {channel} to {target}", each.unwrap_or_default()),
            other => other.kind().to_owned(),
        })
        .collect()
}

fn message(harness: &Harness) -> &str {
    let message = harness.state.message.as_ref();
    message.map_or("", |message| message.text.as_str())
}

fn channels(harness: &Harness) -> Vec<Channel> {
    let Some(Overlay::Choose { items, .. }) = harness.state.overlays.last() else {
        panic!("ways out are offered");
    };
    let items = items.iter();
    items
        .filter_map(|(_, chosen)| match chosen {
            Chosen::Channel(channel) => Some(channel.clone()),
            _ => None,
        })
        .collect()
}

#[test]
fn inputs_are_asked_for_before_a_template_is_filled() {
    let mut harness = harness();
    harness.keys("1");
    assert!(matches!(
        harness.state.overlays.last(),
        Some(Overlay::Form(_))
    ));
    assert!(fills(&harness).is_empty());
    harness.type_text("eu");
    harness.keys("enter");
    assert!(fills(&harness).is_empty(), "the role it names is asked for");
    harness.type_text("bob");
    harness.keys("enter");
    let fills = fills(&harness);
    let [request] = fills.as_slice() else {
        panic!("filled once: {fills:?}");
    };
    let names = &request.names;
    assert_eq!(names.inputs.get("scope").map(String::as_str), Some("eu"));
    assert_eq!(
        names.top.get("opened_at").map(String::as_str),
        Some("2026-01-31 03:00 UTC")
    );
    assert_eq!(names.top.get("operator").map(String::as_str), Some("alice"));
    assert_eq!(names.top.get("ic").map(String::as_str), Some("bob"));
    assert_eq!(names.roles, ["ic", "ic"]);
}

#[test]
fn a_template_that_cannot_be_filled_says_where_and_why() {
    let mut harness = harness();
    harness.event(EventKind::Filled {
        action: "tell".into(),
        drafts: Err(FillError {
            line: 3,
            message: "nobody is ic yet: say who with R".into(),
        }),
        sources: vec![],
    });
    assert_eq!(
        message(&harness),
        "tell is not filled: line 3: nobody is ic yet: say who with R"
    );
    harness.keys("3");
    assert!(
        message(&harness).contains("token is a secret"),
        "{}",
        message(&harness)
    );
    assert!(fills(&harness).is_empty());
}

#[test]
fn what_was_written_is_kept_and_shown_again() {
    let mut harness = written("eu-1");
    harness.type_text("Now: ");
    harness.keys("enter esc");
    assert!(message(&harness).starts_with("not sent; the text is kept"));
    harness.keys("1");
    assert_eq!(form(&harness).editor.content(), "Now: \neu-1");
    assert!(fills(&harness).is_empty() && harness.appended().is_empty());
    let mut untouched = written("eu-1");
    untouched.keys("esc");
    assert!(
        untouched.cockpit().drafts.is_empty(),
        "the next one is filled anew"
    );
}

#[test]
fn a_message_that_is_ready_does_not_take_the_keys_of_another_dialog() {
    let mut harness = harness();
    harness.keys("n");
    filled(&mut harness, "tell", vec![draft(None, "eu-1")]);
    harness.type_text("a note");
    assert!(matches!(
        harness.state.overlays.last(),
        Some(Overlay::Note { .. })
    ));
    harness.keys("esc m enter");
    assert_eq!(form(&harness).editor.content(), "eu-1");
}

#[test]
fn a_copy_is_recorded_as_drafted_and_counts_as_sent_only_once_that_is_said() {
    let mut harness = written("eu-1");
    harness.keys("ctrl-s");
    assert_eq!(told(&harness), ["drafted  \"eu-1\" []", "step.started"]);
    assert_eq!(
        channels(&harness),
        [
            Channel::Clipboard,
            Channel::File,
            Channel::Source("room".into()),
            Channel::Source("board".into())
        ]
    );
    harness.keys("esc ctrl-s enter");
    assert_eq!(told(&harness).len(), 2, "the same text is drafted once");
    let copied = |effect: &Effect| matches!(effect, Effect::Copy(text) if text == "eu-1");
    assert!(harness.effects.iter().any(copied));
    harness.keys("esc");
    assert!(
        harness
            .cockpit()
            .incident
            .messages
            .values()
            .all(|message| message.sent == 0)
    );
    harness.keys("ctrl-s 1");
    harness.keys("enter");
    assert!(matches!(
        harness.state.overlays.last(),
        Some(Overlay::Ask { error: Some(_), .. })
    ));
    harness.type_text("#room, everyone");
    harness.keys("enter");
    assert_eq!(
        told(&harness)[2..],
        ["sent  by clipboard to #room, everyone"]
    );
    assert!(harness.state.overlays.is_empty() && harness.cockpit().drafts.is_empty());
    harness.keys("m");
    let Some(Overlay::Choose { items, .. }) = harness.state.overlays.last() else {
        panic!("messages are listed");
    };
    let labels: Vec<&str> = items.iter().map(|(label, _)| label.as_str()).collect();
    assert_eq!(
        labels,
        [
            "sent 0s ago    Tell the room → #room",
            "never sent     Tell the room: Tell the customers → file",
            "never sent     Tell the room: Tell the board",
        ]
    );
}

#[test]
fn a_saved_file_is_asked_about_and_a_failure_is_said() {
    let mut harness = written("eu-1");
    harness.keys("ctrl-s 2");
    let saved = harness
        .effects
        .iter()
        .any(|effect| matches!(effect, Effect::SaveMessage { draft, .. } if draft.text == "eu-1"));
    assert!(saved);
    let answer = |path: Result<String, String>| EventKind::MessageSaved {
        action: "tell".into(),
        each: None,
        path,
    };
    harness.event(answer(Err("disk full".into())));
    assert_eq!(message(&harness), "tell was not saved: disk full");
    harness.event(answer(Ok("/data/tell.md".into())));
    assert_eq!(message(&harness), "saved as /data/tell.md");
    harness.type_text("mailed to the board");
    harness.keys("enter");
    assert_eq!(
        told(&harness)[2..],
        ["sent  by file to mailed to the board"]
    );
}

#[test]
fn a_placeholder_never_goes_and_is_no_longer_named_once_it_is_filled_in() {
    let mut harness = written("[NAME] leads");
    harness.keys("ctrl-s enter");
    let held = &form(&harness).held_back;
    assert_eq!(held.len(), 1);
    assert!(form(&harness).reason.is_none() && harness.appended().is_empty());
    harness.keys("ctrl-home backspace");
    for _ in 0..6 {
        harness.keys("delete");
    }
    assert!(form(&harness).held_back.is_empty(), "{:?}", form(&harness));
    harness.keys("ctrl-s");
    assert_eq!(told(&harness)[0], "drafted  \" leads\" []");
}

#[test]
fn subject_and_addressee_can_be_changed() {
    let mut harness = written("eu-1");
    harness.keys("tab");
    harness.type_text(" 2");
    harness.keys("tab");
    harness.type_text("s");
    harness.keys("enter ctrl-s");
    let bodies = harness.appended();
    let Some(Body::MessageDrafted {
        to, subject, text, ..
    }) = bodies.first()
    else {
        panic!("{bodies:?}");
    };
    assert_eq!(subject.as_deref(), Some("Update 2"));
    assert_eq!((to.as_deref(), text.as_str()), (Some("#rooms"), "eu-1"));
}

#[test]
fn each_of_several_drafts_goes_on_its_own() {
    let mut harness = harness();
    let drafts = ["acme", "globex", "initech"].map(|each| draft(Some(each), &format!("To {each}")));
    filled(&mut harness, "customers", drafts.to_vec());
    harness.type_text("globex ");
    harness.keys("ctrl-s");
    assert!(
        form(&harness).held_back[0].why.contains("names globex"),
        "{:?}",
        form(&harness).held_back
    );
    assert!(form(&harness).reason.is_none() && harness.appended().is_empty());
    for _ in 0..7 {
        harness.keys("backspace");
    }
    harness.keys("ctrl-n ctrl-n ctrl-n ctrl-p");
    assert_eq!(form(&harness).index, 1);
    harness.type_text("It is contained. ");
    harness.keys("ctrl-s");
    assert!(
        form(&harness).reason.is_some(),
        "a claim may go with a reason"
    );
    harness.keys("enter");
    assert!(harness.appended().is_empty(), "not without one");
    harness.type_text("seen by two of us");
    harness.keys("enter");
    let drafted = told(&harness)[0].clone();
    assert!(
        drafted.starts_with("drafted globex \"It is contained. To globex\""),
        "{drafted}"
    );
    assert!(
        drafted.contains("goes all the same: seen by two of us"),
        "{drafted}"
    );
    assert_eq!(
        channels(&harness)[0],
        Channel::File,
        "as the fence asks for"
    );
    harness.keys("2");
    harness.type_text("their admin");
    harness.keys("enter");
    assert_eq!((form(&harness).index, form(&harness).sent.len()), (2, 1));
    harness.keys("ctrl-p ctrl-s");
    assert!(
        message(&harness).contains("was sent already"),
        "{}",
        message(&harness)
    );
    harness.keys("ctrl-n ctrl-s 2");
    harness.type_text("theirs");
    harness.keys("enter");
    assert_eq!(form(&harness).index, 0, "round to the one that is left");
    harness.keys("ctrl-s 2");
    harness.type_text("x");
    harness.keys("enter");
    assert!(harness.state.overlays.is_empty());
    assert_eq!(
        told(&harness)
            .iter()
            .filter(|line| line.starts_with("sent"))
            .count(),
        3
    );
}

#[test]
fn drafts_for_each_need_the_result_that_they_are_made_for() {
    let mut harness = harness();
    harness.keys("2");
    let Some(Overlay::Choose { title, .. }) = harness.state.overlays.last() else {
        panic!("the way to the result is offered");
    };
    let said: Vec<&str> = title
        .iter()
        .map(quarterdeck::model::safe_text::SafeText::as_str)
        .collect();
    assert!(
        said.concat()
            .contains("customers needs the result of affected"),
        "{said:?}"
    );
    harness.keys("enter");
    assert_eq!(harness.cockpit().step.as_str(), "who-is-affected");
    harness.keys("1");
    let run = harness.plan_ok();
    harness.keys("enter");
    let columns = vec![Column {
        name: "org".into(),
        kind: ColumnKind::Text,
        type_name: "text".into(),
    }];
    let rows = Rows::from_vec(vec![vec![Some("acme".into())]]);
    harness.event(EventKind::Arrived {
        run,
        chunk: Chunk::Columns { columns, rows },
    });
    harness.event(EventKind::Finished {
        run,
        result: Ok(Outcome::default()),
    });
    harness.keys("m down enter");
    let fills = fills(&harness);
    let each = fills.first().and_then(|request| request.each.clone());
    assert!(
        matches!(each, Some((column, Reference::Here(_))) if column == "org"),
        "{fills:?}"
    );
}

/// Posts the first message to a source and gives the plan's context.
fn posted(harness: &mut Harness) -> PlanContext {
    harness.keys("ctrl-s 3");
    let plan = harness
        .effects
        .iter()
        .rev()
        .find_map(|effect| match effect {
            Effect::Plan {
                action, context, ..
            } => Some((action.source.clone(), context.clone())),
            _ => None,
        });
    let (source, context) = plan.unwrap();
    assert_eq!(source, Some("room".into()));
    context
}

/// The request passed the gate and is on its way.
fn running(harness: &mut Harness, context: &PlanContext) -> quarterdeck::model::ids::RunId {
    let (run, action) = harness.last_plan().unwrap();
    let request = Request {
        source: "room".into(),
        target: "webhook https://room".into(),
        effect: ActionEffect::Write,
        payload: Payload::Message(context.message.clone().unwrap()),
        ..cockpit::request(&action)
    };
    let started_at = harness.now;
    let Screen::Cockpit(cockpit) = &mut harness.state.screen else {
        panic!("an incident is open");
    };
    cockpit.runs.get_mut(&run).unwrap().phase = RunPhase::Running {
        request: Box::new(request),
        intent: Some(Hash([9; 32])),
        started_at,
        cancelling: false,
    };
    run
}

#[test]
fn a_post_carries_the_accepted_text_and_is_sent_when_the_source_took_it() {
    let mut harness = written("eu-1");
    harness.type_text("In ");
    let context = posted(&mut harness);
    let message = context.message.clone().unwrap();
    assert_eq!(
        (message.text.as_str(), message.to.as_deref()),
        ("In eu-1", Some("#room"))
    );
    assert_eq!(
        (message.subject.as_deref(), message.audience.as_deref()),
        (Some("Update"), Some("internal"))
    );
    assert_eq!(context.edited.as_deref(), Some("In eu-1"));
    assert!(harness.started().is_empty(), "shown, not sent");
    let run = running(&mut harness, &context);
    assert!(harness.cockpit().runs.values().any(|run| run.edited));
    harness.keys("1");
    assert!(
        harness.state.overlays.is_empty(),
        "it is not written again while it is on its way"
    );
    harness.event(EventKind::Finished {
        run,
        result: Ok(Outcome::default()),
    });
    let sent: Vec<String> = told(&harness)
        .into_iter()
        .filter(|line| line.starts_with("sent"))
        .collect();
    assert_eq!(sent, ["sent  by room to webhook https://room"]);
    assert!(harness.cockpit().drafts.is_empty());
}

#[test]
fn a_post_that_did_not_arrive_is_not_sent_and_its_text_is_there() {
    for error in [RunError::failed("500"), RunError::Unknown("lost".into())] {
        let mut harness = written("eu-1");
        let context = posted(&mut harness);
        let run = running(&mut harness, &context);
        harness.event(EventKind::Finished {
            run,
            result: Err(error),
        });
        assert!(!told(&harness).iter().any(|line| line.starts_with("sent")));
        assert_eq!(harness.cockpit().drafts.len(), 1);
    }
}

#[test]
fn times_among_the_inputs_are_written_to_the_minute_with_their_zone() {
    let mut harness = harness();
    harness.keys("i");
    harness.keys("tab tab");
    harness.type_text("2026-01-30T22:15:42.118Z");
    harness.keys("enter");
    harness.keys("1");
    harness.type_text("eu");
    harness.keys("enter");
    harness.type_text("bob");
    harness.keys("enter");
    let fills = fills(&harness);
    let since = fills[0].names.inputs.get("since").map(String::as_str);
    assert_eq!(since, Some("2026-01-30 22:15 UTC"));
}

#[test]
fn what_is_open_names_whom_each_message_is_still_for() {
    let mut harness = harness();
    let drafts = ["acme", "globex", "initech"].map(|org| draft(Some(org), org));
    filled(&mut harness, "customers", drafts.to_vec());
    // One is sent, one is final, one was never looked at.
    harness.keys("ctrl-s 2");
    harness.type_text("mailed");
    harness.keys("enter ctrl-s");
    harness.keys("esc esc");
    let open = harness.cockpit().open_things().into_iter();
    let messages: Vec<String> = open
        .map(|thing| thing.text)
        .filter(|text| text.starts_with("message"))
        .collect();
    assert_eq!(
        messages,
        [
            "message for globex drafted and not sent: Tell the customers",
            "message for initech begun and not sent: Tell the customers",
        ]
    );
}
