//! Messages: templates filled, drafts held back, and a post to a real server.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod support {
    pub mod http_double;
    #[expect(dead_code, reason = "a part of it is enough here")]
    pub mod run_source;
}

use std::collections::BTreeMap;
use std::time::Duration;

use quarterdeck::message::{self, Circumstances, Draft, Names, fill, held_back};
use quarterdeck::model::Timestamp;
use quarterdeck::model::answer::{Answer, AnswerBody};
use quarterdeck::model::diagnostic::SourceText;
use quarterdeck::model::input::{Input, InputType};
use quarterdeck::model::limits;
use quarterdeck::model::playbook::{Language, Playbook};
use quarterdeck::model::request::{Outcome, OutgoingMessage, PlanError, Request, RunError};
use quarterdeck::model::table::{Column, ColumnKind, Rows};
use quarterdeck::sources::{RunContext, SharedSource, Sink};

use tokio_util::sync::CancellationToken;

use support::http_double::{HttpDouble, Reply};
use support::run_source::{Ran, TOKEN, action, context, run_with, source, sources};

// ---- filling

fn texts(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn names() -> Names {
    let row = |user: &str| texts(&[("user", user)]);
    Names {
        top: texts(&[
            ("title", "Breach"),
            ("incident_id", "7f3a"),
            ("opened_at", "2026-01-31 03:00 UTC"),
            ("ic", "Mo"),
        ]),
        inputs: texts(&[("scope", "eu-1"), ("markup", "<b>{{ x }}</b>")]),
        results: BTreeMap::from([("who-did".to_owned(), vec![row("u-1"), row("u-2")])]),
        roles: vec!["ic".into(), "security".into()],
    }
}

fn filled(template: &str) -> String {
    match fill(template, None, None, &names(), Some("acme")) {
        Ok(draft) => draft.text,
        Err(error) => format!("! {error}"),
    }
}

#[test]
fn a_template_is_filled_or_says_what_is_missing_and_what_to_do() {
    for (template, expected) in [
        (
            "{{ title }} ({{ incident_id }}), {{ opened_at }}",
            "Breach (7f3a), 2026-01-31 03:00 UTC",
        ),
        (
            "To {{ each }}: {{ inputs.scope | upper }}, {{ scope }}, {{ ic }}",
            "To acme: EU-1, eu-1, Mo",
        ),
        // Values are text: what stands in one is never a template, and nothing is escaped.
        ("{{ inputs.markup }}", "<b>{{ x }}</b>"),
        (
            "{% for row in result[\"who-did\"].rows %}{{ row.user }} {% endfor %}of {{ result['who-did'].count }}",
            "u-1 u-2 of 2",
        ),
        (
            "{% if security is defined %}x{% else %}none{% endif %}",
            "none",
        ),
        (
            "one\ntwo {{ inputs.since }}",
            "! line 2: input since has no value: set it with i",
        ),
        (
            "{{ inputs.scope }}\n\n{{ inputs.since | upper }}",
            "! line 3: input since has no value: set it with i",
        ),
        (
            "{{ security }}",
            "! line 1: nobody is security yet: say who with R",
        ),
        (
            "{{ severity }}",
            "! line 1: the incident has no severity yet: set it with S",
        ),
        (
            "{{ result['who-did'].rows[0].usr }}",
            "! line 1: result['who-did'].rows[0].usr is not in the result that is listed here",
        ),
        ("{{ oprator }}", "! line 1: oprator has no value"),
        (
            "{{ title",
            "! line 1: unexpected end of input, expected end of variable block",
        ),
        (
            "a\n{{ title | shout }}",
            "! line 2: filter shout is unknown",
        ),
        (
            "{% for i in range(9999) %}{% for j in range(9999) %}{% endfor %}{% endfor %}",
            "! line 1: the template loops too long: list fewer rows",
        ),
        (
            "{% for i in range(9999) %}0123456789{% endfor %}",
            "! line 1: the message grows past 64 KiB: list fewer rows",
        ),
        ("{{ debug() }}", "! line 1: debug is unknown"),
    ] {
        assert_eq!(filled(template), expected, "{template}");
    }
}

#[test]
fn subject_and_addressee_are_filled_too() {
    let draft = fill(
        "x",
        Some("{{ title }}"),
        Some("{{ each }} admin"),
        &names(),
        Some("acme"),
    )
    .unwrap();
    assert_eq!(
        (draft.subject.as_deref(), draft.to.as_deref()),
        (Some("Breach"), Some("acme admin"))
    );
    let error = fill("x", Some("{{ inputs.since }}"), None, &names(), None).unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 1: in the subject: input since has no value: set it with i"
    );
}

// ---- one draft a value

fn answer(columns: &[&str], rows: &[&[Option<&str>]]) -> Answer {
    let column = |name: &&str| Column {
        name: (*name).to_owned(),
        kind: ColumnKind::Text,
        type_name: "text".into(),
    };
    let row = |cells: &&[Option<&str>]| cells.iter().map(|cell| cell.map(Into::into)).collect();
    Answer {
        outcome: Outcome::default(),
        started_at: Timestamp::UNIX_EPOCH,
        ended_at: Timestamp::UNIX_EPOCH,
        body: AnswerBody::Table {
            columns: columns.iter().map(column).collect(),
            rows: Rows::from_vec(rows.iter().map(row).collect()),
        },
    }
}

#[test]
fn each_distinct_value_gives_one_draft_and_a_gap_gives_none() {
    let orgs: &[&[Option<&str>]] = &[
        &[Some("b"), Some("1")],
        &[Some("a"), Some("2")],
        &[None, Some("3")],
        &[Some(" "), Some("4")],
        &[Some("b"), Some("5")],
    ];
    let values = |answer: &Answer, column: &str| message::values("affected", answer, column);
    assert_eq!(
        values(&answer(&["org", "n"], orgs), "org"),
        Ok(vec!["b".into(), "a".into()])
    );
    let says = |answer: Answer, column: &str, words: &str| {
        let error = values(&answer, column).unwrap_err();
        assert!(error.contains(words), "{error}");
    };
    says(
        answer(&["org", "n"], orgs),
        "orgs",
        "has no column orgs, it has org, n",
    );
    says(
        answer(&["org"], &[&[None]]),
        "org",
        "found no org: there is nobody to write to",
    );
    for gap in [
        Outcome {
            truncated: Some("row cap".into()),
            ..Outcome::default()
        },
        Outcome {
            partial: Some("one shard".into()),
            ..Outcome::default()
        },
        Outcome {
            blind: Some("row security".into()),
            ..Outcome::default()
        },
    ] {
        says(
            Answer {
                outcome: gap,
                ..answer(&["org"], orgs)
            },
            "org",
            "is not whole",
        );
    }
    says(
        Answer {
            body: AnswerBody::Nothing,
            ..answer(&["org"], orgs)
        },
        "org",
        "has no rows",
    );
    let many: Vec<String> = (0..=limits::MESSAGE_DRAFTS)
        .map(|n| format!("org-{n}"))
        .collect();
    let cells: Vec<[Option<&str>; 1]> = many.iter().map(|org| [Some(org.as_str())]).collect();
    let rows: Vec<&[Option<&str>]> = cells.iter().map(|cells| &cells[..]).collect();
    says(
        answer(&["org"], &rows),
        "org",
        "more than 200 different values of org",
    );
    assert_eq!(
        values(&answer(&["org"], &rows[1..]), "org").unwrap().len(),
        limits::MESSAGE_DRAFTS
    );
}

// ---- held back

#[test]
fn what_holds_a_draft_back_is_named_with_its_place() {
    let open = Circumstances::default();
    let contained = || Circumstances {
        contained: true,
        ..Circumstances::default()
    };
    let internal = Circumstances {
        internal: true,
        ..Circumstances::default()
    };
    let alert = Circumstances {
        alerts: vec!["Mismatches".into()],
        ..contained()
    };
    let others = Circumstances {
        others: vec![
            "globex".into(),
            "acme".into(),
            "acme-eu".into(),
            "ab".into(),
        ],
        ..contained()
    };
    for (circumstances, text, expected) in [
        (
            &contained(),
            "All is well: a < b, Vec<String>, rows[N], [x], [LINK](u), <b>bold</b>, SEV1",
            "",
        ),
        (
            &contained(),
            "Hello <name>,\nIC: [NAME]",
            "line 1: <name> !; line 2: [NAME] !",
        ),
        (
            &contained(),
            "{{ x }} TODO TBD XXX ____ XXXL",
            "line 1: {{ !; line 1: }} !; line 1: TODO !; line 1: TBD !; line 1: XXX !; line 1: ____ !",
        ),
        (
            &contained(),
            "<first name> <mailto:a@b.c> <https://x.org> <@U1>",
            "line 1: <first name> !",
        ),
        (&contained(), " \n ", "there is no text !"),
        (&contained(), "It is contained and Resolved.", ""),
        (
            &open,
            "It is contained.\nIt was RESOLVED.",
            "line 1: it says “contained” ?; line 2: it says “RESOLVED” ?",
        ),
        (
            &open,
            "It is not contained, has not yet been resolved, isn't fully contained, unresolved.",
            "",
        ),
        (&internal, "It is contained.", ""),
        (&alert, "It is contained.", "line 1: it says “contained” ?"),
        (
            &others,
            "To acme: acme's data, acme-2, aberration, ab, globexia",
            "",
        ),
        (
            &others,
            "To acme:\nGlobex saw it",
            "line 2: it names globex !",
        ),
        (&others, "To acme and Acme-EU", "line 1: it names acme-eu !"),
    ] {
        let draft = Draft {
            each: Some("acme".into()),
            to: None,
            subject: None,
            text: text.into(),
        };
        let held: Vec<String> = held_back(&draft, circumstances)
            .into_iter()
            .map(|held| {
                let why = held.why.split([',']).next().unwrap_or_default();
                let why = why.trim_end_matches(" is still to be filled in");
                format!("{why} {}", if held.may_go { '?' } else { '!' })
            })
            .collect();
        assert_eq!(held.join("; "), expected, "{text}");
    }
}

#[test]
fn subject_and_addressee_are_looked_at_too() {
    let draft = Draft {
        each: None,
        to: Some("<team>".into()),
        subject: Some("Incident [ID]".into()),
        text: "x".into(),
    };
    let held: Vec<String> = held_back(&draft, &Circumstances::default())
        .into_iter()
        .map(|held| held.why)
        .collect();
    assert_eq!(
        held,
        [
            "the addressee: <team> is still to be filled in",
            "the subject: [ID] is still to be filled in",
        ]
    );
}

// ---- every message of the playbooks that come along

/// A value that an operator could type.
fn example(input: &Input) -> String {
    match &input.kind {
        InputType::Text { .. } if input.id.as_str().contains("url") => {
            "https://hooks.example/x".into()
        }
        InputType::Text { .. } => format!("example of {}", input.title.to_lowercase()),
        InputType::Integer => "60".into(),
        InputType::Duration | InputType::Lookback => "24h".into(),
        InputType::Datetime => "2026-01-31T02:40:00Z".into(),
        InputType::Uuid => "7c9e6679-7425-40de-944b-e07fc1f90ae7".into(),
        InputType::Choice { of } => of.first().cloned().unwrap_or_default(),
        InputType::Secret => panic!("{} is a secret", input.id),
    }
}

fn playbooks() -> Vec<Playbook> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("playbooks");
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let parsed = quarterdeck::playbook::parse(&SourceText::new(path.to_string_lossy(), text));
        all.extend(parsed.into_iter().map(|parsed| parsed.playbook));
    }
    all
}

#[test]
fn every_message_of_the_playbooks_fills_and_only_claims_hold_it_back() {
    let mut seen = 0;
    let mut claims = Vec::new();
    for playbook in playbooks() {
        for action in playbook.actions.values() {
            let Some(settings) = &action.message else {
                continue;
            };
            let inputs = action.inputs.iter().map(|id| {
                let input = playbook.inputs.get(id).unwrap();
                (id.to_string(), example(input))
            });
            let mut top = texts(&[
                ("title", "Breach"),
                ("severity", "P1"),
                ("operator", "alice"),
                ("incident_id", "7f3a"),
                ("opened_at", "2026-01-31 03:00 UTC"),
                ("ic", "Mo"),
            ]);
            top.extend(
                playbook
                    .roles
                    .keys()
                    .map(|role| (role.to_string(), "Mo".to_owned())),
            );
            let names = Names {
                top,
                inputs: inputs.collect(),
                ..Names::default()
            };
            let each = settings.for_each.as_ref().map(|_| "acme");
            let draft = fill(
                &action.text,
                settings.subject.as_deref(),
                settings.to.as_deref(),
                &names,
                each,
            )
            .unwrap_or_else(|error| panic!("{} of {}: {error}", action.id, playbook.id));
            let circumstances = Circumstances {
                internal: settings.audience.as_deref() == Some("internal"),
                others: vec!["globex".into()],
                ..Circumstances::default()
            };
            for held in held_back(&draft, &circumstances) {
                assert!(
                    held.may_go,
                    "{} of {}: {}",
                    action.id, playbook.id, held.why
                );
                claims.push(action.id.to_string());
            }
            seen += 1;
        }
    }
    assert!(seen >= 17, "{seen} messages");
    assert_eq!(claims, ["customer-notification"]);
}

// ---- the webhook

fn outgoing() -> Box<OutgoingMessage> {
    Box::new(OutgoingMessage {
        incident: "7f3a".into(),
        title: "Breach".into(),
        severity: Some("P1".into()),
        operator: "alice".into(),
        subject: None,
        to: Some("#room".into()),
        audience: Some("internal".into()),
        each: None,
        text: "Line one\n\"two\"".into(),
    })
}

fn planned(source: &SharedSource, timeout: Duration) -> Request {
    let mut action = action(Language::Message, "template");
    action.timeout = Some(timeout);
    let mut context = context(&[]);
    context.now = "2026-01-31T03:12:44Z".parse().unwrap();
    context.message = Some(outgoing());
    source.plan(&action, &context).unwrap()
}

fn wait<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(work)
}

fn post(source: &SharedSource, request: &Request) -> Ran {
    wait(run_with(source, request, |_, _| {}))
}

/// Posts, and cancels as soon as the receiver has it.
fn cancelled(
    source: &SharedSource,
    request: &Request,
    taken: impl Fn() -> bool,
) -> Result<Outcome, RunError> {
    wait(async {
        let (sender, _receiver) = tokio::sync::mpsc::channel(8);
        let cancel = CancellationToken::new();
        let sink = Sink::new(sender);
        let context = RunContext {
            cancel: cancel.clone(),
            deadline: LONG,
            output_folder: std::env::temp_dir(),
        };
        let stopping = async {
            while !taken() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            cancel.cancel();
        };
        tokio::join!(source.run(request, &sink, context), stopping).0
    })
}

const LONG: Duration = Duration::from_secs(30);
const HEADERS: &str = "headers = { Authorization = \"env:TOKEN\" }";

fn hook(double: &HttpDouble) -> SharedSource {
    source(&format!(
        "kind = \"webhook\"\nurl = \"{}/hook\"\n{HEADERS}",
        double.url()
    ))
}

#[test]
fn one_message_is_one_post_of_what_was_shown() {
    let double = HttpDouble::start(vec![Reply::json("200 OK", "{\"ok\":true}")]);
    let hook = hook(&double);
    let request = planned(&hook, LONG);
    assert_eq!(
        request.text,
        "{\n  \"incident\": \"7f3a\",\n  \"title\": \"Breach\",\n  \"severity\": \"P1\",\n  \"to\": \"#room\",\n  \
         \"audience\": \"internal\",\n  \"text\": \"Line one\\n\\\"two\\\"\",\n  \"operator\": \"alice\",\n  \
         \"sent_at\": \"2026-01-31T03:12:44.000Z\"\n}"
    );
    assert_eq!(request.effect, quarterdeck::model::playbook::Effect::Write);
    assert_eq!(request.target, format!("webhook {}/hook", double.url()));
    let ran = post(&hook, &request);
    assert_eq!(ran.result.as_ref().unwrap().status, Some(200));
    assert_eq!(ran.output(false), "{\"ok\":true}");
    let asked = double.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].line, "POST /hook HTTP/1.1");
    assert_eq!(asked[0].body, request.text);
    assert_eq!(asked[0].header("content-type"), Some("application/json"));
    assert_eq!(asked[0].header("authorization"), Some(TOKEN));
    let key = asked[0].header("idempotency-key").unwrap().to_owned();
    assert!(key.starts_with("7f3a-") && key.len() == 5 + 64, "{key}");
    // Sent again later it is the same message, whatever the clock says.
    let again = Request {
        text: "{}".into(),
        ..request
    };
    assert!(post(&hook, &again).result.is_ok());
    assert_eq!(
        double.asked()[1].header("idempotency-key"),
        Some(key.as_str())
    );
}

#[test]
fn an_address_may_be_a_secret_and_is_shown_nowhere() {
    let double = HttpDouble::start(vec![Reply::json("200 OK", &format!("taken by {TOKEN}"))]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("url");
    std::fs::write(
        &file,
        format!("{}/services/T0/{TOKEN}?sig=1\n", double.url()),
    )
    .unwrap();
    let hook = source(&format!(
        "kind = \"webhook\"\nurl = \"file:{}\"\n{HEADERS}",
        file.display()
    ));
    let request = planned(&hook, LONG);
    assert_eq!(
        request.target,
        format!("webhook ‹secret file:{}›", file.display())
    );
    let ran = post(&hook, &request);
    assert_eq!(ran.output(false), "taken by [secret]");
    assert_eq!(
        double.asked()[0].line,
        format!("POST /services/T0/{TOKEN}?sig=1 HTTP/1.1")
    );
    std::fs::write(&file, "not an address at all").unwrap();
    let Err(RunError::Failed { message, .. }) = post(&hook, &request).result else {
        panic!("it is no address");
    };
    assert!(
        message.contains("is no address") && !message.contains("not an address at"),
        "{message}"
    );
}

#[test]
fn an_answer_that_is_no_success_is_a_failure_and_is_not_tried_again() {
    for (reply, words) in [
        (
            Reply::json("500 Internal Server Error", &format!("no {TOKEN}\nmore")),
            "answered 500 Internal Server Error: no [secret]",
        ),
        (Reply::json("404 Not Found", ""), "answered 404 Not Found: "),
        (
            Reply::redirect("/elsewhere"),
            "answered 302 Found: redirects are not followed",
        ),
    ] {
        let double = HttpDouble::start(vec![reply]);
        let hook = hook(&double);
        let Err(RunError::Failed { message, code, .. }) = post(&hook, &planned(&hook, LONG)).result
        else {
            panic!("{words}");
        };
        assert!(message.contains(words), "{message}");
        assert_eq!(code.unwrap(), words[9..12]);
        assert_eq!(double.asked().len(), 1);
    }
}

#[test]
fn an_end_without_an_answer_is_unknown_once_the_message_may_have_left() {
    let unknown = |result: Result<Outcome, RunError>, words: &str| match result {
        Err(RunError::Unknown(message)) => assert!(message.contains(words), "{message}"),
        other => panic!("{words}: {other:?}"),
    };
    let double = HttpDouble::start(vec![Reply::Silence]);
    let silent = hook(&double);
    unknown(
        post(&silent, &planned(&silent, Duration::from_millis(300))).result,
        "no answer within",
    );
    let taken = || double.asked().len() == 2;
    unknown(
        cancelled(&silent, &planned(&silent, LONG), taken),
        "cancelled while it was being sent",
    );
    // Never connected: it cannot have been taken.
    let gone = source("kind = \"webhook\"\nurl = \"http://127.0.0.1:1/\"");
    let Err(RunError::Failed { message, .. }) = post(&gone, &planned(&gone, LONG)).result else {
        panic!("nobody listens there");
    };
    assert!(
        message.starts_with("cannot reach webhook http://127.0.0.1:1/"),
        "{message}"
    );
    let secretless = source("kind = \"webhook\"\nurl = \"env:NOT_SET_ANYWHERE\"");
    let ran = post(&secretless, &planned(&secretless, LONG));
    assert!(
        matches!(ran.result, Err(RunError::Failed { .. })),
        "{:?}",
        ran.result
    );
}

#[test]
fn a_webhook_says_what_is_wrong_with_its_settings() {
    for (lines, words) in [
        (
            "url = \"https://h/x?token=1\"",
            "may hold a secret: keep it whole elsewhere",
        ),
        ("url = \"https://u@h/x\"", "may hold a secret"),
        ("url = \"ftp://h\"", "must begin with https:// or http://"),
        (
            "url = \"https://u:hunter2hunter2@h\"",
            "the address holds a password",
        ),
        (
            "url = \"https://h\"\nheaders = { Authorization = \"Bearer hunter2hunter2\" }",
            "expected a reference to a secret",
        ),
        (
            "url = \"https://h\"\nheaders = { Content-Type = \"env:TOKEN\" }",
            "is written by the program",
        ),
        (
            "url = \"https://h\"\nheaders = { \"a b\" = \"env:TOKEN\" }",
            "is no name of a header line",
        ),
        ("url = \"https://h\"\nretries = 3", "unknown key `retries`"),
    ] {
        let (_, found) = sources(&format!(
            "[profiles.prod.sources.it]\nkind = \"webhook\"\n{lines}"
        ));
        assert!(
            found.len() == 1 && found[0].contains(words),
            "{lines}: {found:?}"
        );
        assert!(!found[0].contains("hunter2"), "{found:?}");
    }
    let hook = source("kind = \"webhook\"\nurl = \"https://h\"");
    let plan = hook.plan(&action(Language::Message, "x"), &context(&[]));
    assert!(matches!(plan, Err(PlanError::Refused(_))), "{plan:?}");
}
