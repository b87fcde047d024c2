//! Log Analytics, Application Insights and Data Explorer against a double that speaks their wire formats and runs the queries on the embedded engine.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support {
    pub mod azure_double;
    pub mod http_double;
    pub mod run_source;
}

use std::sync::Arc;
use std::time::Duration;

use quarterdeck::kql::column::ColumnBuilder;
use quarterdeck::kql::relation::Batch;
use quarterdeck::kql::value::{TICKS_PER_SECOND, UNIX_EPOCH_TICKS, literal};
use quarterdeck::kql::{Field, Memory, Schema, Type, Value};
use quarterdeck::model::playbook::Language;
use quarterdeck::model::request::{Chunk, PlanError, RunError, SignInPrompt};
use quarterdeck::sources::{SharedSource, Sink};
use support::azure_double::{
    APP, AzureDouble, CLIENT, DATABASE, DeviceTurn, Mood, SECRET, TENANT, WORKSPACE,
};
use support::http_double;
use support::run_source::{self, Ran, action, context, run_with, source};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// This file uses a part of its supports; naming the rest here keeps the compiler from calling it dead.
const _: () = {
    let _ = (Ran::output, Ran::warnings, Ran::series, run_source::run);
    let _ = |source: &SharedSource| {
        drop(run_source::run_until(
            source,
            &action(Language::Kql, ""),
            &[],
            |_| true,
        ));
    };
};

/// 2026-01-31T03:30:00Z.
const NOW: i64 = UNIX_EPOCH_TICKS + 1_769_830_200 * TICKS_PER_SECOND;

fn text(text: &str) -> Value {
    Value::String(text.into())
}

/// Three traces, of which one has no machine.
fn tables() -> Memory {
    let schema = Schema::new(vec![
        Field::new("timestamp", Type::DateTime),
        Field::new("message", Type::String),
        Field::new("itemCount", Type::Long),
        Field::new("duration", Type::Real),
        Field::new("customDimensions", Type::Dynamic),
    ]);
    let dynamic = |json: &str| literal::typed(Type::Dynamic, json).unwrap();
    let at = |minute: i64| Value::DateTime(NOW - minute * 60 * TICKS_PER_SECOND);
    let rows = [
        [
            at(20),
            text("ORG MISMATCH \"quoted\""),
            Value::Long(9_007_199_254_740_993),
            Value::Real(1.5),
            dynamic("{\"actorId\":\"u-1932\",\"orgId\":\"org-a\"}"),
        ],
        [
            at(10),
            text("ORG MISMATCH"),
            Value::Long(2),
            Value::Null,
            dynamic("{\"actorId\":\"u-1932\"}"),
        ],
        [
            at(5),
            text("fine"),
            Value::Long(3),
            Value::Real(f64::NAN),
            dynamic("{\"actorId\":\"u-7\"}"),
        ],
    ];
    let columns = schema
        .fields
        .iter()
        .enumerate()
        .map(|(at, field)| {
            let mut builder = ColumnBuilder::new(field.ty, rows.len());
            for row in &rows {
                builder.push(row[at].clone());
            }
            Arc::new(builder.finish())
        })
        .collect();
    let mut tables = Memory::default();
    tables.insert(
        "traces",
        schema,
        vec![Batch {
            columns,
            rows: rows.len(),
        }],
    );
    tables
}

fn double() -> AzureDouble {
    assert_eq!(SECRET, run_source::TOKEN);
    AzureDouble::start(tables(), || NOW)
}

/// Lines that sign in with the secret of an app registration.
fn secret(double: &AzureDouble) -> String {
    format!(
        "tenant = \"{TENANT}\"\nclient_id = \"{CLIENT}\"\nclient_secret = \"env:TOKEN\"\nauthority = \"{}\"\n",
        double.url()
    )
}

fn app_insights(double: &AzureDouble) -> SharedSource {
    source(&format!(
        "kind = \"app-insights\"\napp = \"{APP}\"\nurl = \"{}\"\n{}",
        double.url(),
        secret(double)
    ))
}

fn log_analytics(double: &AzureDouble) -> SharedSource {
    source(&format!(
        "kind = \"log-analytics\"\nworkspace = \"{WORKSPACE}\"\nurl = \"{}\"\n{}",
        double.url(),
        secret(double)
    ))
}

fn kusto(double: &AzureDouble, endpoint: &str) -> SharedSource {
    source(&format!(
        "kind = \"kusto\"\ncluster = \"{}\"\ndatabase = \"{DATABASE}\"\nendpoint = \"{endpoint}\"\naudience = \"https://kusto.example\"\n{}",
        double.url(),
        secret(double)
    ))
}

/// Every kind of source, so that what they share is shown for each.
fn every(double: &AzureDouble) -> [(&'static str, SharedSource); 4] {
    [
        ("app-insights", app_insights(double)),
        ("log-analytics", log_analytics(double)),
        ("kusto v1", kusto(double, "v1")),
        ("kusto v2", kusto(double, "v2")),
    ]
}

async fn ask_with(
    source: &SharedSource,
    query: &str,
    inputs: &[(&str, &'static str, &str)],
) -> Ran {
    let mut asked = action(Language::Kql, query);
    asked.inputs = inputs.iter().map(|(id, _, _)| (*id).into()).collect();
    let request = source.plan(&asked, &context(inputs)).unwrap();
    run_with(source, &request, |_, _| ()).await
}

async fn ask(source: &SharedSource, query: &str) -> Ran {
    ask_with(source, query, &[]).await
}

const QUERY: &str = "traces\n| where message contains \"ORG MISMATCH\"\n| project timestamp, message, itemCount, duration, actor = customDimensions.actorId, customDimensions\n| order by timestamp asc";

#[tokio::test(flavor = "multi_thread")]
async fn the_same_rows_come_out_of_every_service() {
    let double = double();
    for (name, source) in every(&double) {
        let ran = ask(&source, QUERY).await;
        let outcome = ran.result.clone().unwrap();
        assert_eq!(
            (outcome.rows, outcome.partial, outcome.truncated),
            (Some(2), None, None),
            "{name}"
        );
        let (columns, rows) = ran.table();
        assert_eq!(
            columns,
            [
                "timestamp",
                "message",
                "itemCount",
                "duration",
                "actor",
                "customDimensions"
            ],
            "{name}"
        );
        assert_eq!(
            rows[0][0].get(..19).unwrap(),
            "2026-01-31T03:10:00",
            "{name}"
        );
        assert_eq!(
            rows[0][1..4],
            ["ORG MISMATCH \"quoted\"", "9007199254740993", "1.5"],
            "{name}"
        );
        assert_eq!(rows[0][4].trim_matches('"'), "u-1932", "{name}");
        assert_eq!(
            rows[0][5], "{\"actorId\":\"u-1932\",\"orgId\":\"org-a\"}",
            "{name}"
        );
        assert_eq!(rows[1][3], "-", "{name}: a null is no zero");
    }
    // One secret, three audiences, and no token fetched twice for one.
    assert_eq!(
        double.tokens(),
        4,
        "each source of this test has its own configuration"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn values_are_bound_and_change_nothing_but_the_value() {
    let double = double();
    let query = "let _actor_id = \"u-1\";\ntraces\n| where customDimensions.actorId == _actor_id and timestamp >= _window_start\n| summarize n = count()";
    for (name, source) in every(&double) {
        for (value, expected) in [
            ("u-1932", "2"),
            ("u-7\" or true or \"\" == \"", "0"),
            ("\\", "0"),
        ] {
            let inputs = [
                ("actor_id", "text", value),
                ("window_start", "datetime", "2026-01-31T03:00:00Z"),
            ];
            let ran = ask_with(&source, query, &inputs).await;
            assert!(ran.result.is_ok(), "{name} {value}: {:?}", ran.result);
            assert_eq!(ran.table().1, [[expected]], "{name} {value}");
        }
    }
    let sent = double.queries().pop().unwrap();
    assert!(
        sent.body
            .contains("declare query_parameters(_actor_id:string, _window_start:datetime)"),
        "{}",
        sent.body
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_not_whole_says_so() {
    let double = double();
    for (name, source) in every(&double) {
        double.moods(&[Mood::Partial]);
        let ran = ask(&source, QUERY).await;
        let outcome = ran.result.unwrap();
        assert_eq!(outcome.rows, Some(2), "{name}");
        assert!(
            outcome
                .partial
                .as_deref()
                .unwrap()
                .contains("did not answer"),
            "{name}: {outcome:?}"
        );
        double.moods(&[Mood::Partial]);
        let ran = ask(&source, "traces | where message == \"nothing like this\"").await;
        assert!(
            ran.failure().0.contains("did not answer"),
            "{name}: no rows and an error are no answer"
        );
        let mut asked = action(Language::Kql, "traces | order by timestamp asc");
        asked.limit = Some(2);
        let request = source.plan(&asked, &context(&[])).unwrap();
        let ran = run_with(&source, &request, |_, _| ()).await;
        let outcome = ran.result.clone().unwrap();
        assert_eq!((outcome.rows, ran.table().1.len()), (Some(2), 2), "{name}");
        assert!(outcome.truncated.unwrap().contains("row cap"), "{name}");
        let ran = ask(&source, "traces | count; traces | take 1").await;
        assert!(
            ran.result.unwrap().partial.unwrap().contains("2 answers"),
            "{name}"
        );
    }
    for source in [
        app_insights(&double),
        log_analytics(&double),
        kusto(&double, "v2"),
    ] {
        double.moods(&[Mood::TooLarge]);
        let outcome = ask(&source, QUERY).await.result.unwrap();
        assert_eq!((outcome.truncated.is_some(), outcome.partial), (true, None));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_no_answer() {
    let double = double();
    for (name, source) in every(&double) {
        for (mood, words) in [
            (Mood::Empty, "nothing in it"),
            (Mood::Garbage, "broken"),
            (Mood::Broken, "ends too early"),
            (Mood::TimesOut, "Gateway timeout"),
            (Mood::Forbidden, "insufficient access"),
        ] {
            double.moods(std::slice::from_ref(&mood));
            let ran = ask(&source, QUERY).await;
            assert!(
                ran.failure().0.contains(words),
                "{name} {mood:?}: {:?}",
                ran.result
            );
        }
        double.moods(&[Mood::NoData]);
        let outcome = ask(&source, QUERY).await.result.unwrap();
        assert_eq!(
            (outcome.rows, outcome.partial.is_some()),
            (Some(0), true),
            "{name}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_patient_when_asked_to_be() {
    let double = double();
    let source = app_insights(&double);
    double.moods(&[Mood::Throttles(Some(1)), Mood::Throttles(Some(0))]);
    assert!(ask(&source, QUERY).await.result.is_ok());
    assert_eq!(double.queries().len(), 3);
    double.moods(&vec![Mood::Throttles(Some(0)); 9]);
    let ran = ask(&source, QUERY).await;
    let (message, code) = ran.failure();
    assert!(message.contains("asked too often"), "{message}");
    assert_eq!((code.as_deref(), double.queries().len()), (Some("429"), 7));
    // A wait that is longer than the run's time ends with it.
    double.moods(&[Mood::Throttles(Some(600))]);
    let mut asked = action(Language::Kql, QUERY);
    asked.timeout = Some(Duration::from_secs(1));
    let request = source.plan(&asked, &context(&[])).unwrap();
    let ran = run_with(&source, &request, |_, _| ()).await;
    assert!(
        matches!(ran.result, Err(RunError::TimedOut(_))),
        "{:?}",
        ran.result
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn few_are_asked_at_once_and_a_token_is_fetched_once() {
    let double = double();
    let source = app_insights(&double);
    double.moods(&vec![Mood::Slow(Duration::from_millis(300)); 8]);
    let runs: Vec<_> = (0..8)
        .map(|_| {
            let source = source.clone();
            tokio::spawn(async move { ask(&source, QUERY).await.result })
        })
        .collect();
    for run in runs {
        assert!(run.await.unwrap().is_ok());
    }
    assert_eq!((double.most_at_once(), double.tokens()), (3, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cached_answer_has_an_age_and_a_verdict_takes_none() {
    let double = double();
    let source = app_insights(&double);
    double.moods(&[Mood::Cached(90)]);
    let outcome = ask(&source, QUERY).await.result.unwrap();
    assert_eq!(outcome.newest.unwrap().as_second(), 1_000_000 - 90);
    let header = |at: usize| {
        double.queries()[at]
            .header("cache-control")
            .unwrap()
            .to_owned()
    };
    assert_eq!(header(0), "no-cache");
    let mut live = action(Language::Kql, QUERY);
    live.every = Some(Duration::from_secs(5));
    let request = source.plan(&live, &context(&[])).unwrap();
    assert_eq!(request.payload.rest(), Duration::from_secs(30));
    assert!(run_with(&source, &request, |_, _| ()).await.result.is_ok());
    assert_eq!(header(1), "max-age=30");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistake_in_the_query_has_its_place() {
    let double = double();
    let query = "traces\n| where mesage == \"x\"";
    for (name, source) in every(&double) {
        let ran = ask(&source, query).await;
        let Err(RunError::Failed {
            message,
            code,
            position,
        }) = ran.result
        else {
            panic!("{name}: {:?}", ran.result)
        };
        assert!(message.contains("mesage"), "{name}: {message}");
        assert_eq!(code.as_deref(), Some("SEM0100"), "{name}");
        assert_eq!(position, query.find("mesage"), "{name}: {message}");
    }
    for (_, source) in every(&double) {
        let fit = |text: &str| {
            let request = source
                .plan(&action(Language::Kql, text), &context(&[]))
                .unwrap();
            let source = source.clone();
            async move { source.fit(&request).await }
        };
        assert!(format!("{:?}", fit("traces | summarize count() by bin(timestamp, 5m) | render timechart with (title=\"x\")").await).starts_with("Fits"));
        assert!(format!("{:?}", fit(query).await).starts_with("Misfit"));
        assert!(format!("{:?}", source.health().await).contains("answers queries"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn control_commands_and_ways_out_are_not_sent() {
    let double = double();
    for (_, source) in every(&double) {
        for query in [
            ".drop table traces",
            "cluster('x').database('y').T",
            "externaldata(a:string)['https://x']",
        ] {
            let planned = source.plan(&action(Language::Kql, query), &context(&[]));
            assert!(
                matches!(planned, Err(PlanError::Refused(_))),
                "{query}: {planned:?}"
            );
        }
    }
    assert!(double.asked().is_empty());
}

/// Runs the sign-in of a source and gives the prompts it showed.
async fn sign_in(source: &SharedSource) -> (Result<(), RunError>, Vec<Option<SignInPrompt>>) {
    let (sender, mut chunks) = mpsc::channel(16);
    let result = source
        .sign_in(&Sink::new(sender), &CancellationToken::new())
        .await;
    let mut prompts = Vec::new();
    while let Ok(chunk) = chunks.try_recv() {
        if let Chunk::SignIn(prompt) = chunk {
            prompts.push(prompt);
        }
    }
    (result, prompts)
}

fn device(double: &AzureDouble, kind: &str) -> SharedSource {
    source(&format!(
        "{kind}\nurl = \"{0}\"\nsign_in = \"device-code\"\ntenant = \"{TENANT}\"\nclient_id = \"{CLIENT}\"\nauthority = \"{0}\"",
        double.url()
    ))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_code_is_shown_and_waited_for() {
    let double = double();
    let source = device(
        &double,
        &format!("kind = \"app-insights\"\napp = \"{APP}\""),
    );
    let ran = ask(&source, QUERY).await;
    assert!(
        ran.failure().0.contains("not signed in"),
        "a run by itself asks nobody to sign in"
    );
    double.device(&[DeviceTurn::Pending, DeviceTurn::Pending]);
    let (result, prompts) = sign_in(&source).await;
    assert_eq!(result, Ok(()));
    let shown = prompts[0].clone().unwrap();
    assert_eq!(
        (shown.code.as_str(), shown.address.as_str()),
        ("ABCD-EFGH", "https://microsoft.com/devicelogin")
    );
    assert_eq!(prompts[1..], [None]);
    assert!(ask(&source, QUERY).await.result.is_ok());
    let (_, again) = sign_in(&source).await;
    assert_eq!(
        (again.len(), double.tokens()),
        (0, 1),
        "signed in is signed in"
    );
    // Turned away, the token is dropped, and the next one comes without asking the operator.
    double.moods(&[Mood::Unauthorized]);
    assert!(
        ask(&source, QUERY)
            .await
            .failure()
            .0
            .contains("sign in again")
    );
    let (result, prompts) = sign_in(&source).await;
    assert_eq!((result, prompts.len(), double.tokens()), (Ok(()), 0, 2));
    assert!(ask(&source, QUERY).await.result.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_is_declined_says_so() {
    let double = double();
    let source = device(
        &double,
        &format!("kind = \"log-analytics\"\nworkspace = \"{WORKSPACE}\""),
    );
    double.device(&[DeviceTurn::Declined]);
    let (result, prompts) = sign_in(&source).await;
    assert!(result.unwrap_err().to_string().contains("declined"));
    assert_eq!(prompts.last(), Some(&None), "the dialog goes");
    let (sender, _chunks) = mpsc::channel(16);
    double.device(&vec![DeviceTurn::Pending; 1_000]);
    let cancel = CancellationToken::new();
    cancel.cancel();
    assert_eq!(
        source.sign_in(&Sink::new(sender), &cancel).await,
        Err(RunError::Cancelled)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_has_an_identity_of_its_own() {
    let double = double();
    let source = source(&format!(
        "kind = \"log-analytics\"\nworkspace = \"{WORKSPACE}\"\nurl = \"{0}\"\nsign_in = \"managed-identity\"\nidentity_url = \"{0}\"",
        double.url()
    ));
    assert!(ask(&source, QUERY).await.result.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_is_told_without_the_secret() {
    let double = double();
    let lines = secret(&double).replace("env:TOKEN", "env:UNRELATED_API_KEY");
    let source = source(&format!(
        "kind = \"app-insights\"\napp = \"{APP}\"\nurl = \"{}\"\n{lines}",
        double.url()
    ));
    let (message, _) = ask(&source, QUERY).await.failure();
    assert!(message.contains("AADSTS7000215"), "{message}");
    assert!(!message.contains("must-not-be-inherited"));
}

#[tokio::test(flavor = "multi_thread")]
async fn sources_that_sign_in_alike_sign_in_once() {
    let double = double();
    let profile = format!(
        "[profiles.prod.sources.one]\nkind = \"app-insights\"\napp = \"{APP}\"\nurl = \"{0}\"\n{1}\n[profiles.prod.sources.two]\nkind = \"app-insights\"\napp = \"{APP}\"\nurl = \"{0}\"\n{1}",
        double.url(),
        secret(&double)
    );
    let (sources, found) = run_source::sources(&profile);
    assert_eq!(found, Vec::<String>::new());
    for (_, configured) in sources.iter() {
        assert!(ask(&configured.source, QUERY).await.result.is_ok());
    }
    assert_eq!(double.tokens(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn az_gives_its_token_where_it_is_there() {
    let double = double();
    let folder = tempfile::tempdir().unwrap();
    let az = folder.path().join("az");
    std::fs::write(
        &az,
        "#!/bin/sh\n[ \"$*\" = 'account get-access-token --output json --scope https://api.applicationinsights.io/.default' ] || { echo \"ERROR: $*\" >&2; exit 1; }\necho '{\"accessToken\": \"token|az|https://api.applicationinsights.io\", \"expires_on\": 1}'\n",
    )
    .unwrap();
    std::fs::set_permissions(&az, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let path = format!(
        "{}:{}",
        folder.path().display(),
        std::env::var("PATH").unwrap()
    );
    let source = run_source::source_in(
        &format!(
            "kind = \"app-insights\"\napp = \"{APP}\"\nurl = \"{}\"",
            double.url()
        ),
        &path,
    );
    assert!(ask(&source, QUERY).await.result.is_ok());
    let other = run_source::source_in(
        &format!(
            "kind = \"log-analytics\"\nworkspace = \"{WORKSPACE}\"\nurl = \"{}\"",
            double.url()
        ),
        &path,
    );
    assert!(ask(&other, QUERY).await.failure().0.contains("az login"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_never_leaves() {
    let double = double();
    for (name, source) in every(&double) {
        let ran = ask(&source, QUERY).await;
        let shown = format!("{:?} {:?} {}", ran.result, ran.chunks, source.target());
        assert!(!shown.contains("token|"), "{name}");
        let request = source
            .plan(&action(Language::Kql, QUERY), &context(&[]))
            .unwrap();
        assert!(!format!("{request:?}").contains("token|"), "{name}");
    }
    // A service that repeats the token in its error does not get it onto the screen.
    let leaky = http_double::HttpDouble::answering(|asked| {
        if asked.line.contains("/oauth2/") {
            return http_double::Reply::json(
                "200 OK",
                "{\"access_token\":\"token|secret-of-this-test\",\"expires_in\":3599}",
            );
        }
        let message = format!("bad token {}", asked.header("authorization").unwrap());
        http_double::Reply::json(
            "400 Bad Request",
            &serde_json::json!({"error": {"code": "x", "message": message}}).to_string(),
        )
    });
    let source = source(&format!(
        "kind = \"app-insights\"\napp = \"{APP}\"\nurl = \"{0}\"\ntenant = \"t\"\nclient_id = \"c\"\nclient_secret = \"env:TOKEN\"\nauthority = \"{0}\"",
        leaky.url()
    ));
    let (message, _) = ask(&source, QUERY).await.failure();
    assert!(message.contains("bad token Bearer [secret]"), "{message}");
}
