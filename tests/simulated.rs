//! Sources of a drill through the trait of all sources: every language answers, within its caps and its time, with errors that have a place; writes pass
//! their ceilings and have effects; what was recorded can be done again.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

#[expect(dead_code, reason = "a part of it is enough here")]
#[path = "support/run_source.rs"]
mod run_source;

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use quarterdeck::drill::scenario::Service;
use quarterdeck::drill::{Director, Scenario, scenario};
use quarterdeck::model::Timestamp;
use quarterdeck::model::diagnostic::SourceText;
use quarterdeck::model::playbook::{Action, Effect, Language, Playbook, ResultView};
use quarterdeck::model::request::{
    Chunk, OutgoingMessage, PlanContext, PlanError, Request, RunError,
};
use quarterdeck::model::table::ColumnKind;
use quarterdeck::playbook;
use quarterdeck::sources::SharedSource;
use quarterdeck::sources::registry::Sources;
use quarterdeck::sources::simulated::{self, SharedDirector, Simulation};
use run_source::{Ran, action, context, run_with};

struct Drill {
    director: SharedDirector,
    sources: Sources,
}

impl Drill {
    fn new() -> Self {
        Self::at(|| Timestamp::UNIX_EPOCH)
    }

    /// A drill whose clock is `clock`.
    fn at(clock: fn() -> Timestamp) -> Self {
        let director = Arc::new(Mutex::new(Director::new(Arc::new(scenario()), 7)));
        let simulation = Simulation {
            director: Arc::clone(&director),
            clock,
            spill_folder: std::env::temp_dir(),
            operator: "alice".to_owned(),
        };
        Self {
            director,
            sources: Sources::simulated(&simulation, &empty_playbook()),
        }
    }

    fn director(&self) -> MutexGuard<'_, Director> {
        self.director.lock().unwrap()
    }

    fn source(&self, action: &Action) -> SharedSource {
        self.sources.resolve(action).unwrap()
    }

    async fn planned(&self, action: &Action, inputs: &[(&str, &'static str, &str)]) -> Request {
        let source = self.source(action);
        let planned = source.plan(action, &in_drill(inputs)).unwrap();
        source.describe(planned).await.unwrap()
    }

    async fn run(&self, action: &Action, inputs: &[(&str, &'static str, &str)]) -> Ran {
        let request = self.planned(action, inputs).await;
        self.send(&request).await
    }

    async fn send(&self, request: &Request) -> Ran {
        let source = self.sources.of(request).unwrap();
        run_with(&source, request, |_, _| {}).await
    }
}

fn empty_playbook() -> Playbook {
    let source = SourceText {
        path: "test.md".into(),
        text: "# Test\n".into(),
    };
    playbook::parse(&source).remove(0).playbook
}

/// Two stolen sessions attack since 45 minutes, in a small service.
fn scenario() -> Scenario {
    let (name, text) = scenario::BUILT_IN
        .iter()
        .find(|(name, _)| name.starts_with("coordinated-attack"))
        .unwrap();
    let (mut scenario, findings) = scenario::parse(SourceText {
        path: (*name).into(),
        text: (*text).into(),
    });
    assert_eq!(findings, []);
    scenario.history = Duration::from_secs(3 * 3_600);
    scenario.service = Service {
        organisations: 6,
        users: 4,
        staff: 8,
        requests_per_minute: 12,
    };
    scenario
}

/// Planned at the page, over the hour before it.
fn in_drill(inputs: &[(&str, &'static str, &str)]) -> PlanContext {
    let now: Timestamp = "2026-03-10T02:58:00Z".parse().unwrap();
    PlanContext {
        now,
        window: (now - Duration::from_secs(3_600), now),
        ..context(inputs)
    }
}

fn write(language: Language, text: &str) -> Action {
    Action {
        effect: Effect::Write,
        ..action(language, text)
    }
}

/// The only cell of an answer.
fn cell(ran: &Ran) -> String {
    let (_, rows) = ran.table();
    assert_eq!((rows.len(), rows[0].len()), (1, 1), "{rows:?}");
    rows[0][0].clone()
}

#[test]
fn any_name_of_any_language_resolves_and_says_that_it_is_a_drill() {
    let drill = Drill::new();
    for language in [
        Language::Kql,
        Language::Sql,
        Language::Promql,
        Language::Http,
        Language::Shell,
        Language::Message,
    ] {
        for name in [None, Some("audit"), Some("nobody-configured-this")] {
            let mut asked = action(language, "");
            asked.source = name.map(Into::into);
            let target = drill.source(&asked).target();
            assert!(
                target.starts_with("simulated ") && target.ends_with(" (DRILL)"),
                "{target}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kql_answers_as_application_insights_does() {
    let drill = Drill::new();
    let asked = action(
        Language::Kql,
        "traces | where message has 'ORG MISMATCH' | summarize attempts = count(), first = min(timestamp), share = avg(0.5), bag = make_bag(pack('a', 1))",
    );
    let ran = drill.run(&asked, &[]).await;
    let outcome = ran.result.as_ref().unwrap();
    assert_eq!((outcome.rows, outcome.status), (Some(1), Some(200)));
    assert!(outcome.settled.unwrap() <= drill.director().world().now());
    let Chunk::Columns { columns, .. } = &ran.chunks[0] else {
        panic!("{:?}", ran.chunks)
    };
    let kinds: Vec<_> = columns
        .iter()
        .map(|column| (column.name.as_str(), column.kind, column.type_name.as_str()))
        .collect();
    assert_eq!(
        kinds,
        [
            ("attempts", ColumnKind::Integer, "long"),
            ("first", ColumnKind::Timestamp, "datetime"),
            ("share", ColumnKind::Number, "real"),
            ("bag", ColumnKind::Json, "dynamic"),
        ]
    );
    let (_, rows) = ran.table();
    assert!(rows[0][0].parse::<u64>().unwrap() > 100, "{rows:?}");
    assert!(rows[0][1].parse::<Timestamp>().is_ok(), "{rows:?}");
    assert_eq!(
        (rows[0][2].as_str(), rows[0][3].as_str()),
        ("0.5", "{\"a\":1}")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn inputs_of_kql_are_bound_as_the_live_source_binds_them() {
    let drill = Drill::new();
    let mut asked = action(Language::Kql, "print who = _actor_id");
    asked.inputs = vec!["actor_id".into()];
    let inputs = [("actor_id", "text", "u-\"1\"")];
    let request = drill.planned(&asked, &inputs).await;
    assert_eq!(
        request.text,
        "let _actor_id = \"u-\\\"1\\\"\";\nprint who = _actor_id"
    );
    assert_eq!(cell(&drill.send(&request).await), "u-\"1\"");
    let missing = drill.source(&asked).plan(&asked, &in_drill(&[]));
    assert!(matches!(missing, Err(PlanError::Missing(_))), "{missing:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_have_a_place_and_what_is_not_done_says_so() {
    let drill = Drill::new();
    let ran = drill
        .run(&action(Language::Kql, "traces\n| where mesage == ''"), &[])
        .await;
    let Err(RunError::Failed {
        message,
        code,
        position,
    }) = &ran.result
    else {
        panic!("{:?}", ran.result)
    };
    assert!(message.contains("mesage"), "{message}");
    assert_eq!((code.as_deref(), *position), (Some("SEM0001"), Some(15)));

    let by_hand = "complete it by hand, and say in a note what you would have looked for";
    let plugin = action(
        Language::Kql,
        "traces | evaluate bag_unpack(customDimensions) | getschema",
    );
    let reshaped = drill.run(&plugin, &[]).await;
    assert!(reshaped.result.is_ok(), "{:?}", reshaped.result);
    let unsupported = action(Language::Kql, "traces | reduce by message");
    let (message, _) = drill.run(&unsupported, &[]).await.failure();
    assert!(
        message.contains("reduce") && message.ends_with(by_hand),
        "{message}"
    );

    let shell = drill
        .run(&action(Language::Shell, "kubectl get pods"), &[])
        .await;
    let (message, _) = shell.failure();
    assert!(
        message.contains("kubectl") && message.ends_with(by_hand),
        "{message}"
    );

    let promql = drill.run(&action(Language::Promql, "sum(up"), &[]).await;
    assert!(
        matches!(
            promql.result,
            Err(RunError::Failed {
                position: Some(_),
                ..
            })
        ),
        "{:?}",
        promql.result
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn promql_gives_lines_and_no_line_is_not_zero() {
    let drill = Drill::new();
    let counter = "commerce_transition_org_mismatch_total";
    let ran = drill
        .run(
            &action(Language::Promql, &format!("sum(rate({counter}[5m]))")),
            &[],
        )
        .await;
    let highest = ran.series()[0]
        .samples
        .iter()
        .map(|sample| sample.value)
        .fold(0.0, f64::max);
    assert!(highest > 0.0, "{:?}", ran.series());
    assert!(ran.result.unwrap().newest.is_some());

    let nothing = drill
        .run(&action(Language::Promql, "no_such_metric"), &[])
        .await;
    assert_eq!(nothing.series(), []);
    assert_eq!(nothing.result.unwrap().newest, None);

    let mut table = action(Language::Promql, &format!("sum({counter})"));
    table.view = Some(ResultView::Table);
    let ran = drill.run(&table, &[]).await;
    assert_eq!(ran.table().0, ["value", "time"]);
    assert_eq!(ran.result.unwrap().rows, Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn http_and_scripts_answer_and_write_only_into_the_drill() {
    let drill = Drill::new();
    let ran = drill
        .run(&action(Language::Http, "GET /api/health/liveness"), &[])
        .await;
    assert_eq!(ran.result.as_ref().unwrap().status, Some(200));
    let head = ran.output(true);
    assert!(
        head.starts_with("HTTP/1.1 200 OK\ndate: Tue, 10 Mar 2026 02:58:00 GMT\n")
            && head.ends_with("\n\n"),
        "{head}"
    );
    let unknown = drill
        .run(&action(Language::Http, "GET /nowhere"), &[])
        .await;
    assert_eq!(unknown.result.unwrap().status, Some(404));

    let ran = drill
        .run(&action(Language::Shell, "echo \"$USER\" | head -n 1"), &[])
        .await;
    assert_eq!(ran.output(false), "alice\n");
    assert_eq!(ran.result.unwrap().exit_code, Some(0));
    let ran = drill.run(&action(Language::Shell, "false"), &[]).await;
    assert_eq!(ran.failure().1.as_deref(), Some("1"));
    let mut either = action(Language::Shell, "false");
    either.ok_codes = vec![0, 1];
    assert_eq!(
        drill.run(&either, &[]).await.result.unwrap().exit_code,
        Some(1)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_neither_fetched_nor_shown() {
    let drill = Drill::new();
    let mut asked = action(Language::Shell, "echo \"$API_KEY\"");
    asked.inputs = vec!["api_key".into()];
    let inputs = [("api_key", "secret", "cmd:touch /nonexistent/never")];
    let ran = drill.run(&asked, &inputs).await;
    assert_eq!(ran.output(false), "drill\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_delivered_to_the_drill_and_nowhere_else() {
    let drill = Drill::new();
    let asked = action(Language::Message, "");
    let source = drill.source(&asked);
    let mut planned = in_drill(&[]);
    planned.message = Some(Box::new(OutgoingMessage {
        incident: "i".into(),
        title: "t".into(),
        severity: None,
        operator: "alice".into(),
        subject: None,
        to: None,
        audience: None,
        each: None,
        text: "We are looking into it.".into(),
    }));
    let request = source.plan(&asked, &planned).unwrap();
    assert_eq!(request.effect, Effect::Write);
    let ran = drill.send(&request).await;
    assert_eq!(ran.output(false), "delivered to the drill's room\n");
    assert_eq!(ran.result.unwrap().status, Some(200));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_example_value_is_not_sent() {
    let drill = Drill::new();
    let mut request = drill.planned(&action(Language::Kql, "print 1"), &[]).await;
    request
        .parameters
        .push(quarterdeck::model::request::Parameter {
            name: "actor_id".into(),
            kind: "string".into(),
            value: "u-1".into(),
            example: true,
        });
    assert!(
        drill
            .send(&request)
            .await
            .failure()
            .0
            .contains("example value")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn caps_cut_and_say_so() {
    let drill = Drill::new();
    let mut asked = action(Language::Kql, "range n from 1 to 1000 step 1");
    asked.limit = Some(250);
    let ran = drill.run(&asked, &[]).await;
    let outcome = ran.result.as_ref().unwrap();
    assert_eq!(outcome.rows, Some(250));
    assert_eq!(
        outcome.truncated.as_deref(),
        Some("row cap: only the first 250 rows")
    );
    let counts: Vec<u64> = ran
        .chunks
        .iter()
        .filter_map(|chunk| match chunk {
            Chunk::Rows(count) => Some(*count),
            _ => None,
        })
        .collect();
    assert_eq!(counts, [200, 250]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_ends_on_cancel_and_when_its_time_is_up() {
    let drill = Drill::new();
    let endless = "range a from 1 to 20000 step 1 | extend k = 1 | join kind=inner (range b from 1 to 20000 step 1 | extend k = 1) on k | summarize count()";
    let request = drill.planned(&action(Language::Kql, endless), &[]).await;
    let source = drill.sources.of(&request).unwrap();
    let mut short = request.clone();
    short.timeout = Duration::from_millis(50);
    let ran = run_with(&source, &short, |_, _| {}).await;
    assert_eq!(
        ran.result,
        Err(RunError::TimedOut(Duration::from_millis(50)))
    );

    let many = action(Language::Kql, "range n from 1 to 400000 step 1");
    let many = Action {
        limit: Some(400_000),
        ..many
    };
    let request = drill.planned(&many, &[]).await;
    let ran = run_with(&source, &request, |chunk, cancel| {
        if matches!(chunk, Chunk::Rows(_)) {
            cancel.cancel();
        }
    })
    .await;
    assert_eq!(ran.result, Err(RunError::Cancelled));
    // The drill is free again.
    assert_eq!(
        cell(&drill.run(&action(Language::Kql, "print n = 1"), &[]).await),
        "1"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn time_passes_in_the_drill_before_it_answers() {
    let drill = Drill::at(|| "2026-03-10T03:28:00Z".parse().unwrap());
    let ran = drill
        .run(&action(Language::Kql, "print at = now()"), &[])
        .await;
    assert_eq!(cell(&ran), "2026-03-10T03:28:00Z");
}

#[tokio::test(flavor = "multi_thread")]
async fn sql_answers_as_postgresql_does() {
    let drill = Drill::new();
    let text = "SELECT count(*) AS n, min(created_at) AS first, true AS yes, NULL::text AS none FROM staff_sessions";
    let ran = drill.run(&action(Language::Sql, text), &[]).await;
    let Chunk::Columns { columns, .. } = &ran.chunks[0] else {
        panic!("{:?} {:?}", ran.result, ran.chunks)
    };
    let kinds: Vec<_> = columns
        .iter()
        .map(|column| (column.name.as_str(), column.kind, column.type_name.as_str()))
        .collect();
    assert_eq!(
        kinds,
        [
            ("n", ColumnKind::Integer, "int8"),
            ("first", ColumnKind::Timestamp, "timestamptz"),
            ("yes", ColumnKind::Bool, "bool"),
            ("none", ColumnKind::Text, "text"),
        ]
    );
    let (_, rows) = ran.table();
    assert_eq!((rows[0][2].as_str(), rows[0][3].as_str()), ("true", "-"));
    assert!(rows[0][0].parse::<u64>().unwrap() > 0);

    let wrong = drill
        .run(
            &action(Language::Sql, "SELECT nothing FROM staff_sessions"),
            &[],
        )
        .await;
    let Err(RunError::Failed { code, position, .. }) = &wrong.result else {
        panic!("{:?}", wrong.result)
    };
    assert_eq!((code.as_deref(), *position), (Some("42703"), Some(7)));
}

#[tokio::test(flavor = "multi_thread")]
async fn bare_parameters_take_the_types_of_their_places() {
    let drill = Drill::new();
    let mut asked = action(
        Language::Sql,
        "SELECT count(*) FROM staff_sessions WHERE id = :session_id",
    );
    asked.inputs = vec!["session_id".into()];
    let known = cell(
        &drill
            .run(
                &action(
                    Language::Sql,
                    "SELECT id FROM staff_sessions ORDER BY id LIMIT 1",
                ),
                &[],
            )
            .await,
    );
    let request = drill
        .planned(&asked, &[("session_id", "text", &known)])
        .await;
    assert_eq!(cell(&drill.send(&request).await), "1", "{}", request.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_keeps_its_ceiling_and_has_its_effect() {
    let drill = Drill::new();
    let count = action(
        Language::Sql,
        "SELECT count(*) FROM staff_sessions WHERE revoked_at IS NULL",
    );
    let before: u64 = cell(&drill.run(&count, &[]).await).parse().unwrap();
    assert!(before > 1);
    let revoke = write(
        Language::Sql,
        "UPDATE staff_sessions SET revoked_at = now() WHERE revoked_at IS NULL",
    );
    let mut request = drill.planned(&revoke, &[]).await;
    let without = drill.send(&request).await;
    assert!(without.failure().0.contains("ceiling"));
    request.ceiling = Some(before - 1);
    let above = drill.send(&request).await;
    assert!(
        above.failure().0.ends_with("nothing was changed"),
        "{:?}",
        above.result
    );
    assert_eq!(cell(&drill.run(&count, &[]).await), before.to_string());
    request.ceiling = Some(before);
    let done = drill.send(&request).await.result.unwrap();
    assert_eq!(done.rows, Some(before));
    assert_eq!(cell(&drill.run(&count, &[]).await), "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_recorded_can_be_done_again() {
    let drill = Drill::new();
    let revoke = write(
        Language::Sql,
        "UPDATE staff_sessions SET revoked_at = now() WHERE revoked_at IS NULL",
    );
    let at: Timestamp = "2026-03-10T03:10:00Z".parse().unwrap();
    let done = |action: &Action| {
        simulated::replay(
            &mut drill.director(),
            action,
            &action.text,
            &[],
            "alice",
            at,
        )
    };
    done(&revoke).unwrap();
    let text = "SELECT count(*) FROM staff_sessions WHERE revoked_at IS NULL";
    assert_eq!(
        cell(&drill.run(&action(Language::Sql, text), &[]).await),
        "0"
    );
    assert_eq!(drill.director().world().now(), at);

    let refused = done(&write(Language::Shell, "kubectl delete pod x"));
    assert!(refused.unwrap_err().contains("kubectl"));

    // In the name of who did it; a script that is said to read is a script all the same.
    let signed = "UPDATE staff_sessions SET revoked_reason = current_user";
    done(&write(Language::Sql, signed)).unwrap();
    let text = "SELECT DISTINCT revoked_reason FROM staff_sessions";
    let signed = drill.run(&action(Language::Sql, text), &[]).await;
    assert_eq!(cell(&signed), "alice");
    let script = "matter ops freeze-operation --op orders.read --reason r";
    done(&action(Language::Shell, script)).unwrap();
    assert!(
        drill
            .director()
            .world()
            .standing()
            .frozen
            .contains("orders.read")
    );

    // A body keeps its empty lines.
    let body = "PUT /api/admin/feature-flags/bulk-export\n\n{\n\n\"enabled\": false\n}";
    done(&write(Language::Http, body)).unwrap();
    let flags = drill.director().world().status().flags;
    assert!(
        flags.contains(&("bulk-export".to_owned(), false)),
        "{flags:?}"
    );
}
