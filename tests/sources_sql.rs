//! SQL sources against a real PostgreSQL server and real SQLite files.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use quarterdeck::config::environment::Environment;
use quarterdeck::model::playbook::{Action, Effect, Judge, Language};
use quarterdeck::model::request::{
    BoundInput, Chunk, Outcome, PlanContext, PlanError, Request, RunError,
};
use quarterdeck::model::table::{Column, ColumnKind, Rows};
use quarterdeck::sources::postgres::{Postgres, PostgresSettings};
use quarterdeck::sources::spill::{SortedRows, search, sort_order};
use quarterdeck::sources::sqlite::{Sqlite, SqliteSettings};
use quarterdeck::sources::{RunContext, Sink, Source};
use quarterdeck::sql::{Dialect, bind, classify, placeholders, split_statements};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

mod support {
    pub mod postgres;
}

use support::postgres::PostgresServer;

static SERVER: LazyLock<PostgresServer> = LazyLock::new(|| {
    let server = PostgresServer::start();
    server.execute(SCHEMA);
    server
});

const SCHEMA: &str = "
    CREATE SCHEMA commerce;
    CREATE TYPE mood AS ENUM ('calm', 'worried');
    CREATE TABLE commerce.audit_entries (
        id uuid PRIMARY KEY, org_id text, created_at timestamptz, metadata jsonb, mood mood, padded char(5));
    INSERT INTO commerce.audit_entries VALUES
        ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'org-1', '2026-01-31 03:00:00+00', '{\"resourceOrgId\": \"org-2\"}', 'calm', 'ab'),
        ('b0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'org-2', '2026-01-30 03:00:00+00', '{}', 'worried', 'cd');
    CREATE TABLE staff_sessions (id bigint, revoked_at timestamptz);
    INSERT INTO staff_sessions VALUES (1, NULL);
    CREATE SEQUENCE numbers;
    CREATE ROLE reader LOGIN;
    REVOKE CREATE ON SCHEMA public FROM PUBLIC;
    GRANT pg_read_all_data TO reader;
    CREATE ROLE writer LOGIN;
    GRANT UPDATE ON staff_sessions TO writer;
    GRANT pg_signal_backend TO writer;
    CREATE TABLE guarded (owner text, secret text);
    INSERT INTO guarded VALUES ('reader', 'mine'), ('other', 'theirs');
    ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
    CREATE POLICY own ON guarded USING (owner = current_user);
";

fn source_as(user: &str, change: impl FnOnce(&mut PostgresSettings)) -> Postgres {
    let mut settings = PostgresSettings {
        host: "127.0.0.1".into(),
        port: SERVER.port,
        database: "postgres".into(),
        user: user.into(),
        ssl: None,
        ssl_root_certificate: None,
        max_rows: 1_000_000,
        max_bytes: 512 * 1024 * 1024,
        password: None,
        spill_folder: std::env::temp_dir(),
    };
    change(&mut settings);
    Postgres::new("audit".into(), settings)
}

fn source() -> Postgres {
    source_as("reader", |_| {})
}

fn action(text: &str) -> Action {
    Action {
        id: "query".into(),
        key: None,
        title: String::new(),
        description: vec![],
        language: Language::Sql,
        text: text.into(),
        source: None,
        effect: Effect::Read,
        preserves: false,
        optional: false,
        inputs: vec![],
        view: None,
        x: None,
        y: None,
        by: vec![],
        every: None,
        limit: None,
        timeout: None,
        judge: Judge::default(),
        preview: None,
        max_rows: None,
        undo: None,
        approve: 0,
        role: None,
        ok_codes: vec![],
        cwd: None,
        message: None,
        span: 0..0,
        text_span: 0..0,
    }
}

fn input(id: &str, kind: &'static str, text: &str) -> BoundInput {
    BoundInput {
        id: id.into(),
        kind,
        text: text.into(),
        example: false,
        has_pattern: false,
    }
}

fn context(inputs: &[BoundInput]) -> PlanContext {
    let now = "2026-01-31T04:00:00Z".parse().unwrap();
    PlanContext {
        now,
        window: (now, now),
        width: 80,
        inputs: inputs.to_vec(),
        edited: None,
        message: None,
    }
}

/// What a run gave.
struct Answer {
    columns: Vec<Column>,
    rows: Rows,
    /// Totals as they were reported.
    totals: Vec<u64>,
    outcome: Result<Outcome, RunError>,
}

impl Answer {
    /// The rows as text, cells parted by `|`, NULL as `NULL`.
    fn text(&self) -> Vec<String> {
        self.rows
            .read(0..self.rows.len())
            .iter()
            .map(|row| {
                let cells: Vec<&str> = row
                    .iter()
                    .map(|cell| cell.as_deref().unwrap_or("NULL"))
                    .collect();
                cells.join("|")
            })
            .collect()
    }

    fn failure(&self) -> (&str, Option<&str>, Option<usize>) {
        match &self.outcome {
            Err(RunError::Failed {
                message,
                code,
                position,
            }) => (message, code.as_deref(), *position),
            other => panic!("expected a failure, got {other:?}"),
        }
    }
}

async fn run_until(source: &dyn Source, request: &Request, cancel: CancellationToken) -> Answer {
    let (sender, mut receiver) = mpsc::channel(8);
    let sink = Sink::new(sender);
    let context = RunContext {
        cancel,
        deadline: request.timeout,
        output_folder: std::env::temp_dir(),
    };
    let reading = async {
        let mut columns = vec![];
        let mut rows = Rows::from_vec(vec![]);
        let mut totals = vec![];
        while let Some(chunk) = receiver.recv().await {
            match chunk {
                Chunk::Columns {
                    columns: its,
                    rows: handle,
                } => {
                    columns = its;
                    rows = handle;
                }
                Chunk::Rows(total) => totals.push(total),
                other => panic!("unexpected {other:?}"),
            }
        }
        (columns, rows, totals)
    };
    let running = async {
        let sink = sink;
        source.run(request, &sink, context).await
    };
    let (outcome, (columns, rows, totals)) = tokio::join!(running, reading);
    Answer {
        columns,
        rows,
        totals,
        outcome,
    }
}

async fn run(source: &dyn Source, request: &Request) -> Answer {
    run_until(source, request, CancellationToken::new()).await
}

async fn planned(source: &dyn Source, text: &str, inputs: &[BoundInput]) -> Request {
    let request = source
        .plan(&action(text), &context(inputs))
        .unwrap_or_else(|error| panic!("{text}: {error}"));
    source
        .describe(request)
        .await
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

async fn ask(source: &dyn Source, text: &str, inputs: &[BoundInput]) -> Answer {
    let request = planned(source, text, inputs).await;
    let answer = run(source, &request).await;
    assert!(answer.outcome.is_ok(), "{text}: {:?}", answer.outcome);
    answer
}

const TYPES: [(&str, &str, &str, ColumnKind); 25] = [
    ("true", "bool", "true", ColumnKind::Bool),
    ("1::int2", "int2", "1", ColumnKind::Integer),
    ("2", "int4", "2", ColumnKind::Integer),
    (
        "9007199254740993",
        "int8",
        "9007199254740993",
        ColumnKind::Integer,
    ),
    ("1.10", "numeric", "1.10", ColumnKind::Number),
    ("'NaN'::numeric", "numeric", "NaN", ColumnKind::Number),
    ("1.5::float4", "float4", "1.5", ColumnKind::Number),
    (
        "'-infinity'::float8",
        "float8",
        "-Infinity",
        ColumnKind::Number,
    ),
    ("'x'::text", "text", "x", ColumnKind::Text),
    ("'x'::varchar(3)", "varchar", "x", ColumnKind::Text),
    ("'\\xdead'::bytea", "bytea", "\\xdead", ColumnKind::Bytes),
    (
        "'2026-01-31 03:00+01'::timestamptz",
        "timestamptz",
        "2026-01-31 02:00:00+00",
        ColumnKind::Timestamp,
    ),
    (
        "'2026-01-31 03:00'::timestamp",
        "timestamp",
        "2026-01-31 03:00:00",
        ColumnKind::Timestamp,
    ),
    (
        "'2026-01-31'::date",
        "date",
        "2026-01-31",
        ColumnKind::Timestamp,
    ),
    ("'03:00'::time", "time", "03:00:00", ColumnKind::Text),
    (
        "'1 mon 2 days 03:00'::interval",
        "interval",
        "1 mon 2 days 03:00:00",
        ColumnKind::Interval,
    ),
    ("'10.0.0.1/8'::inet", "inet", "10.0.0.1/8", ColumnKind::Text),
    ("ARRAY[1,NULL]", "int4[]", "{1,NULL}", ColumnKind::Text),
    (
        "'{\"a\": 1}'::jsonb",
        "jsonb",
        "{\"a\": 1}",
        ColumnKind::Json,
    ),
    (
        "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid",
        "uuid",
        "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        ColumnKind::Uuid,
    ),
    ("'[1,3)'::int4range", "int4range", "[1,3)", ColumnKind::Text),
    ("'1.5'::money", "money", "$1.50", ColumnKind::Text),
    ("'<a/>'::xml", "xml", "<a/>", ColumnKind::Text),
    ("'cat'::tsvector", "tsvector", "'cat'", ColumnKind::Text),
    ("'calm'::mood", "mood", "calm", ColumnKind::Text),
];

#[tokio::test]
async fn every_type_arrives_as_the_server_writes_it() {
    let list: Vec<&str> = TYPES.iter().map(|(sql, ..)| *sql).collect();
    let answer = ask(
        &source(),
        &format!("SELECT {}, ROW(1, 'x') AS r", list.join(", ")),
        &[],
    )
    .await;
    let row = &answer.rows.read(0..1)[0];
    for (index, (sql, type_name, text, kind)) in TYPES.iter().enumerate() {
        let column = &answer.columns[index];
        assert_eq!(
            (column.type_name.as_str(), column.kind),
            (*type_name, *kind),
            "{sql}"
        );
        assert_eq!(row[index].as_deref(), Some(*text), "{sql}");
    }
    assert_eq!(row[TYPES.len()].as_deref(), Some("(1,x)"));
}

#[tokio::test]
async fn names_may_repeat_and_no_rows_still_have_columns() {
    let answer = ask(&source(), "SELECT 1 AS a, NULL AS a, '' AS b;", &[]).await;
    assert_eq!(answer.text(), ["1|NULL|"]);
    let answer = ask(
        &source(),
        "SELECT id, id, org_id FROM commerce.audit_entries WHERE false",
        &[],
    )
    .await;
    let names: Vec<_> = answer
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    assert_eq!(names, ["id", "id", "org_id"]);
    assert_eq!(answer.outcome.unwrap().rows, Some(0));
    assert_eq!(answer.totals, [0]);
}

#[tokio::test]
async fn caps_say_what_they_cut() {
    let source = source_as("reader", |settings| settings.max_bytes = 10_000);
    let mut request = planned(&source, "SELECT n FROM generate_series(1, 150) n", &[]).await;
    for (limit, rows, truncated) in [
        (150, 150, None),
        (149, 149, Some("row cap: only the first 149 rows")),
        (100, 100, Some("row cap: only the first 100 rows")),
        (1, 1, Some("row cap: only the first 1 rows")),
    ] {
        request.limit = limit;
        let answer = run(&source, &request).await;
        let outcome = answer.outcome.clone().unwrap();
        assert_eq!(
            (outcome.rows, outcome.truncated.as_deref()),
            (Some(rows), truncated)
        );
        assert_eq!(answer.rows.len() as u64, rows);
    }
    let answer = ask(
        &source,
        "SELECT repeat('x', 1000) FROM generate_series(1, 150)",
        &[],
    )
    .await;
    let outcome = answer.outcome.unwrap();
    assert_eq!(outcome.rows, Some(9));
    assert!(
        outcome
            .truncated
            .unwrap()
            .starts_with("byte cap: only the first 9 rows")
    );
}

#[tokio::test]
async fn inputs_are_sent_as_what_they_are() {
    let source = source();
    let inputs = [
        input("id", "uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
        input("text_id", "text", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
        input("org", "text", "org-1"),
        input("since", "datetime", "2026-01-31T03:30:00.000Z"),
        input("back", "lookback", "45m"),
        input("days", "duration", "35d"),
        input("n", "integer", "9007199254740993"),
        input("feeling", "text", "calm"),
        input("table", "choice", "commerce.audit_entries"),
        input("pad", "text", "ab"),
    ];
    for (text, expected, sent) in [
        (
            "SELECT org_id FROM commerce.audit_entries WHERE id = :id",
            "org-1",
            "WHERE id = CAST($1::text AS uuid)",
        ),
        (
            "SELECT org_id FROM commerce.audit_entries WHERE id = :text_id",
            "org-1",
            "WHERE id = CAST($1::text AS uuid)",
        ),
        (
            "SELECT org_id FROM commerce.audit_entries WHERE id = ':text_id' AND :text_id LIKE 'a0%'",
            "org-1",
            "id = CAST($1::text AS uuid) AND $1::text LIKE",
        ),
        (
            "SELECT org_id FROM commerce.audit_entries WHERE created_at > :since - :back",
            "org-1",
            "CAST($1::text AS timestamptz) - CAST($2::text AS interval)",
        ),
        (
            "SELECT count(*) FROM commerce.audit_entries WHERE created_at > :since - :days",
            "2",
            "interval",
        ),
        (
            "SELECT :n - 1",
            "9007199254740992",
            "CAST($1::text AS bigint)",
        ),
        (
            "SELECT org_id FROM commerce.audit_entries WHERE mood = :feeling",
            "org-1",
            "AS mood)",
        ),
        (
            "SELECT org_id FROM commerce.audit_entries WHERE padded = :pad",
            "org-1",
            "AS bpchar)",
        ),
        (
            "SELECT count(*) FROM :table WHERE org_id = :'org'",
            "1",
            "FROM \"commerce\".\"audit_entries\" WHERE",
        ),
        (
            "SELECT jsonb_build_object('a', :org) ->> 'a', :org",
            "org-1|org-1",
            "$1::text",
        ),
        (
            "SELECT :org::text || :text_id::uuid::text",
            "org-1a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
            "CAST($2::text AS uuid)::uuid",
        ),
        (
            "SELECT count(*) FROM commerce.audit_entries WHERE org_id LIKE '%' || :org || '%'",
            "1",
            "|| $1::text ||",
        ),
        (
            "SELECT org_id FROM commerce.audit_entries ORDER BY org_id DESC LIMIT :n",
            "org-2\norg-1",
            "LIMIT CAST($1::text AS bigint)",
        ),
    ] {
        let request = planned(&source, text, &inputs).await;
        assert!(request.text.contains(sent), "{text}: {}", request.text);
        let answer = run(&source, &request).await;
        assert!(
            answer.outcome.is_ok(),
            "{}: {:?}",
            request.text,
            answer.outcome
        );
        assert_eq!(answer.text().join("\n"), expected, "{text}");
    }
    let request = planned(
        &source,
        "SELECT 1 FROM commerce.audit_entries WHERE id = :text_id",
        &inputs,
    )
    .await;
    assert_eq!(request.parameters[0].kind, "uuid");
}

#[tokio::test]
async fn a_value_that_is_not_of_its_type_blocks_the_run() {
    let source = source();
    for (text, value, words) in [
        (
            "SELECT 1 FROM commerce.audit_entries WHERE id = :x",
            "u-1",
            "x is compared with a uuid here",
        ),
        (
            "SELECT 1 FROM commerce.audit_entries WHERE mood = :x",
            "angry",
            "invalid input value for enum mood",
        ),
    ] {
        let request = source
            .plan(&action(text), &context(&[input("x", "text", value)]))
            .unwrap();
        let Err(PlanError::Refused(message)) = source.describe(request).await else {
            panic!("{text} was not refused");
        };
        assert!(message.contains(words), "{message}");
    }
    // The connection is as good as before.
    assert_eq!(ask(&source, "SELECT 1", &[]).await.text(), ["1"]);
}

#[tokio::test]
async fn hostile_text_stays_data() {
    let source = source_as("postgres", |_| {});
    for value in [
        "'; DROP TABLE staff_sessions; --",
        "' OR '1'='1",
        "\\'; SELECT pg_sleep(10); --",
        "$$; DELETE FROM staff_sessions; $$",
        "$1 :x ?1",
        "\u{202e}\u{1b}[31m",
    ] {
        let answer = ask(
            &source,
            "SELECT :x AS a, ':x' AS b WHERE :x IS NOT NULL",
            &[input("x", "text", value)],
        )
        .await;
        assert_eq!(answer.text(), [format!("{value}|{value}")]);
    }
    assert_eq!(
        ask(&source, "SELECT count(*) FROM staff_sessions", &[])
            .await
            .text(),
        ["1"]
    );
}

#[tokio::test]
async fn what_is_not_one_read_is_refused_by_the_plan() {
    // As superuser, so that nothing but the plan stands in the way.
    let source = source_as("postgres", |_| {});
    for (text, words) in [
        (
            "SELECT 1; SELECT 2",
            "one statement at a time: a second one begins here (line 1, column 11)",
        ),
        (
            "UPDATE staff_sessions SET revoked_at = now() WHERE revoked_at IS NULL;",
            "UPDATE is not a query",
        ),
        (
            "UPDATE cycle_requests\nSET expires_at = now()\nWHERE id = ':x';",
            "UPDATE is not a query",
        ),
        (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity",
            "pg_terminate_backend is not a plain read",
        ),
        ("SELECT nextval('numbers')", "nextval is not a plain read"),
        ("SELECT lo_create(0)", "lo_create"),
        (
            "SELECT pg_catalog.pg_read_file('postgresql.conf')",
            "pg_read_file",
        ),
        (
            "SELECT (SELECT set_config('default_transaction_read_only', 'off', false))",
            "set_config",
        ),
        (
            "COPY staff_sessions TO PROGRAM 'true'",
            "COPY is not a query",
        ),
        (
            "EXPLAIN ANALYZE DELETE FROM staff_sessions",
            "EXPLAIN ANALYZE",
        ),
        ("SELECT FROM WHERE (", "not understood as SQL"),
        ("SELECT :nobody", "`:nobody` is not an input with a value"),
    ] {
        let refused = source.plan(&action(text), &context(&[input("x", "text", "1")]));
        let Err(PlanError::Refused(message)) = refused else {
            panic!("{text}: {refused:?}");
        };
        assert!(message.contains(words), "{text}: {message}");
    }
    let mut missing = action("SELECT :who, :window_start");
    missing.inputs = vec!["who".into()];
    let refused = source.plan(&missing, &context(&[]));
    assert_eq!(
        refused,
        Err(PlanError::Missing(vec![
            "who".into(),
            "window_start".into()
        ]))
    );
}

#[tokio::test]
async fn a_declared_write_that_passed_no_gate_is_not_run() {
    let source = source_as("postgres", |_| {});
    let mut write = action("UPDATE staff_sessions SET revoked_at = now() WHERE id = :id");
    write.effect = Effect::Write;
    let request = source
        .plan(&write, &context(&[input("id", "integer", "1")]))
        .unwrap();
    assert_eq!(request.effect, Effect::Write);
    let answer = run(&source, &request).await;
    assert!(answer.failure().0.contains("has not passed its gate"));
    let mut disguised = request.clone();
    disguised.effect = Effect::Read;
    assert!(run(&source, &disguised).await.outcome.is_err());
    let untouched = SERVER.execute("SELECT count(*) FROM staff_sessions WHERE revoked_at IS NULL");
    assert_eq!(untouched, "1");
}

#[tokio::test]
async fn a_write_hidden_in_a_function_fails_in_the_transaction() {
    SERVER.execute(
        "CREATE FUNCTION innocent() RETURNS int LANGUAGE sql AS 'UPDATE staff_sessions SET id = 2 RETURNING 1'",
    );
    let source = source_as("postgres", |_| {});
    let request = planned(&source, "SELECT innocent()", &[]).await;
    let answer = run(&source, &request).await;
    assert_eq!(answer.failure().1, Some("25006"), "{:?}", answer.outcome);
}

#[tokio::test]
async fn errors_point_into_the_text_that_was_planned() {
    let source = source();
    for (text, code, position) in [
        (
            "SELECT 'é', nope FROM commerce.audit_entries",
            "42703",
            Some(12),
        ),
        ("SELECT *\nFROM nowhere WHERE id = :id", "42P01", Some(14)),
        (
            "SELECT 1 / (n - 7) FROM generate_series(1, 10) n",
            "22012",
            None,
        ),
        ("SELECT 'x'::int", "22P02", Some(7)),
    ] {
        let inputs = [input("id", "text", "x")];
        let request = planned(&source, text, &inputs).await;
        let answer = run(&source, &request).await;
        let failure = answer.failure();
        assert_eq!(
            (failure.1, failure.2),
            (Some(code), position),
            "{text}: {failure:?}"
        );
    }
    let request = planned(&source, "SELECT orgid FROM commerce.audit_entries", &[]).await;
    let answer = run(&source, &request).await;
    assert!(
        answer.failure().0.contains("Perhaps you meant"),
        "{:?}",
        answer.outcome
    );
}

/// The server's process behind the connection that the source will use next.
async fn next_backend(source: &Postgres) -> String {
    ask(source, "SELECT pg_backend_pid()", &[])
        .await
        .text()
        .remove(0)
}

/// Waits until a server's process computes rows for a cursor, or no longer does.
fn wait_for_backend(pid: &str, computes: bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    let sql = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE pid = {pid} AND state = 'active' AND query LIKE 'FETCH %'"
    );
    while (SERVER.execute(&sql) == "1") != computes {
        assert!(
            Instant::now() < deadline,
            "process {pid} never came to compute = {computes}"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A query that computes for a long time without any function that the classifier refuses.
const ENDLESS: &str =
    "SELECT count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b";

#[tokio::test(flavor = "multi_thread")]
async fn cancel_ends_the_statement_on_the_server() {
    let source = Arc::new(source());
    let pid = next_backend(&source).await;
    let request = planned(source.as_ref(), ENDLESS, &[]).await;
    let cancel = CancellationToken::new();
    let task = tokio::spawn({
        let (source, cancel) = (source.clone(), cancel.clone());
        async move { run_until(source.as_ref(), &request, cancel).await.outcome }
    });
    let backend = pid.clone();
    tokio::task::spawn_blocking(move || wait_for_backend(&backend, true))
        .await
        .unwrap();
    cancel.cancel();
    assert_eq!(task.await.unwrap(), Err(RunError::Cancelled));
    wait_for_backend(&pid, false);
    assert_eq!(ask(source.as_ref(), "SELECT 1", &[]).await.text(), ["1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_out_ends_the_statement_on_the_server() {
    let source = source();
    let pid = next_backend(&source).await;
    let mut request = planned(&source, ENDLESS, &[]).await;
    request.timeout = Duration::from_millis(700);
    let answer = run(&source, &request).await;
    assert_eq!(
        answer.outcome,
        Err(RunError::TimedOut(Duration::from_millis(700)))
    );
    wait_for_backend(&pid, false);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_does_not_read_cannot_hold_a_cancelled_run() {
    let source = source();
    let request = planned(&source, "SELECT n FROM generate_series(1, 100000) n", &[]).await;
    let (sender, receiver) = mpsc::channel(1);
    let sink = Sink::new(sender);
    let cancel = CancellationToken::new();
    let context = RunContext {
        cancel: cancel.clone(),
        deadline: Duration::from_secs(60),
        output_folder: std::env::temp_dir(),
    };
    let stopping = async {
        while receiver.is_empty() {
            tokio::task::yield_now().await;
        }
        cancel.cancel();
    };
    let (outcome, ()) = tokio::join!(source.run(&request, &sink, context), stopping);
    assert_eq!(outcome, Err(RunError::Cancelled));
}

#[tokio::test]
async fn nothing_is_left_open_behind_a_result() {
    let source = source();
    ask(
        &source,
        "SELECT n AS left_open FROM generate_series(1, 5000) n",
        &[],
    )
    .await;
    let open = SERVER.execute("SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%' AND query LIKE '%left_open%'");
    assert_eq!(open, "0");
}

#[tokio::test]
async fn a_connection_that_died_is_replaced() {
    let source = source_as("reader", |_| {});
    let pid = ask(&source, "SELECT pg_backend_pid() AS a", &[])
        .await
        .text()
        .remove(0);
    assert_eq!(
        ask(&source, "SELECT pg_backend_pid() AS b", &[])
            .await
            .text(),
        [pid.as_str()]
    );
    SERVER.execute(&format!("SELECT pg_terminate_backend({pid}, 5000)"));
    assert_ne!(
        ask(&source, "SELECT pg_backend_pid() AS c", &[])
            .await
            .text(),
        [pid.as_str()]
    );
}

#[tokio::test]
async fn a_warm_source_has_one_connection_and_no_transaction() {
    SERVER.execute("CREATE ROLE warmed LOGIN");
    let source = source_as("warmed", |_| {});
    let backends = || {
        SERVER.execute(
            "SELECT coalesce(string_agg(pid || ' ' || state || ' ' || (xact_start IS NULL), ','), 'none') \
             FROM pg_stat_activity WHERE usename = 'warmed'",
        )
    };
    assert_eq!(backends(), "none");
    source.warm().await;
    source.warm().await;
    let warmed = backends();
    assert_eq!(
        warmed,
        format!("{} idle true", next_backend(&source).await),
        "the run takes the connection that was ready"
    );
}

#[tokio::test]
async fn no_address_that_answers_is_a_plain_failure() {
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let source = source_as("reader", |settings| settings.port = port);
    let request = source.plan(&action("SELECT 1"), &context(&[])).unwrap();
    let answer = run(&source, &request).await;
    assert!(
        answer
            .failure()
            .0
            .starts_with("could not connect to 127.0.0.1:"),
        "{:?}",
        answer.outcome
    );
    let source = source_as("nobody", |_| {});
    let answer = run(&source, &request).await;
    assert_eq!(answer.failure().1, Some("28000"), "{:?}", answer.outcome);
}

#[tokio::test]
async fn plans_and_settings_are_readable() {
    let source = source();
    let answer = ask(
        &source,
        "EXPLAIN SELECT * FROM commerce.audit_entries WHERE org_id = :x",
        &[input("x", "text", "a")],
    )
    .await;
    assert!(
        answer.text()[0].contains("Seq Scan on audit_entries"),
        "{:?}",
        answer.text()
    );
    let answer = ask(&source, "EXPLAIN (FORMAT JSON) SELECT 1", &[]).await;
    assert!(answer.text()[0].starts_with('['), "{:?}", answer.text());
    assert_eq!(
        ask(&source, "SHOW transaction_read_only", &[]).await.text(),
        ["on"]
    );
    assert_eq!(
        ask(&source, "SHOW transaction_isolation", &[]).await.text(),
        ["repeatable read"]
    );
}

#[tokio::test]
async fn only_a_role_that_cannot_write_is_called_read_only() {
    let reader = source().probe().await.unwrap();
    assert!(reader.read_only, "{:?}", reader.findings);
    assert_eq!(reader.filtered_tables, ["guarded"]);
    let writer = source_as("writer", |_| {}).probe().await.unwrap();
    assert_eq!(
        writer.findings,
        [
            "it is a member of pg_signal_backend",
            "it may write to staff_sessions"
        ]
    );
    let superuser = source_as("postgres", |_| {}).probe().await.unwrap();
    assert!(!superuser.read_only && superuser.bypasses_row_security);
    let role = reader
        .create_role_sql
        .replace("quarterdeck_reader", "made_by_probe");
    SERVER.execute(
        &role
            .lines()
            .filter(|line| !line.starts_with("--"))
            .collect::<String>(),
    );
    let made = source_as("made_by_probe", |_| {}).probe().await.unwrap();
    assert!(made.read_only, "{:?}", made.findings);
}

#[tokio::test]
async fn rows_that_row_security_hides_make_a_result_partial() {
    let answer = ask(&source(), "SELECT secret FROM Guarded", &[]).await;
    assert_eq!(answer.text(), ["mine"]);
    assert_eq!(
        answer.outcome.unwrap().partial.as_deref(),
        Some("row security may hide rows of guarded from reader")
    );
    assert_eq!(
        ask(&source(), "SELECT 1", &[])
            .await
            .outcome
            .unwrap()
            .partial,
        None
    );
    let all = ask(
        &source_as("postgres", |_| {}),
        "SELECT secret FROM guarded",
        &[],
    )
    .await;
    assert_eq!(all.outcome.unwrap().partial, None);
}

#[tokio::test]
async fn a_judged_query_finds_out_whether_its_role_sees_all_rows() {
    let hidden = "row-level security hides rows of guarded from role reader";
    for (role, text, rows, blind) in [
        (
            "reader",
            "SELECT secret FROM guarded WHERE owner <> :of",
            0,
            Some(hidden),
        ),
        (
            "reader",
            "SELECT count(*) FROM (SELECT 1 FROM guarded) s WHERE 'a' <> :of",
            1,
            Some(hidden),
        ),
        (
            "reader",
            "SELECT id FROM staff_sessions WHERE 'a' <> :of",
            1,
            None,
        ),
        (
            "postgres",
            "SELECT secret FROM guarded WHERE owner <> :of",
            2,
            None,
        ),
    ] {
        let source = source_as(role, |_| {});
        let of = input("of", "text", "reader");
        let mut action = action(text);
        action.inputs = vec!["of".into()];
        let mut request = source
            .plan(&action, &context(std::slice::from_ref(&of)))
            .unwrap();
        if role == "postgres" {
            request.parameters[0].value = "nobody".into();
        }
        request = source.describe(request).await.unwrap();
        assert!(!request.judged);
        let plain = run(&source, &request).await;
        assert_eq!(
            plain.outcome.unwrap().blind,
            None,
            "{text}: only when judged"
        );
        request.judged = true;
        let judged = run(&source, &request).await;
        let outcome = judged.outcome.clone().unwrap();
        assert_eq!(
            (judged.text().len(), outcome.blind.as_deref()),
            (rows, blind),
            "{role} {text}"
        );
        assert_eq!(outcome.partial, None, "{text}: said once");
    }
    // What is wrong with the query itself is said by the query.
    let source = source();
    let mut request = planned(&source, "SELECT missing FROM guarded", &[]).await;
    request.judged = true;
    let failed = run(&source, &request).await.outcome.unwrap_err();
    assert!(failed.to_string().contains("missing"), "{failed}");
}

/// Resident memory of this process, in bytes.
fn resident() -> u64 {
    let pages: u64 = std::fs::read_to_string("/proc/self/statm")
        .unwrap()
        .split(' ')
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    pages * 4_096
}

#[tokio::test(flavor = "multi_thread")]
async fn a_million_rows_stream_into_little_memory() {
    let source = source();
    let text = "SELECT n, md5(n::text) AS hash, n % 1000 AS bucket, repeat('x', 40) AS filler FROM generate_series(1, 1000000) n";
    let mut request = planned(&source, text, &[]).await;
    request.limit = 1_000_000;
    request.timeout = Duration::from_secs(300);
    let before = resident();
    let answer = run(&source, &request).await;
    let outcome = answer.outcome.clone().unwrap();
    assert_eq!((outcome.rows, outcome.truncated), (Some(1_000_000), None));
    let grown = resident().saturating_sub(before);
    // Held in memory these rows take more than twice as much; other tests run meanwhile.
    assert!(grown < 128 * 1024 * 1024, "grew by {grown} bytes");
    assert_eq!(answer.totals[0], 100);
    assert_eq!(answer.rows.len(), 1_000_000);
    let last = answer.rows.read(999_999..1_000_010);
    assert_eq!(last.len(), 1);
    assert_eq!(last[0][0].as_deref(), Some("1000000"));

    let never = CancellationToken::new();
    let rows = answer.rows.clone();
    let (order, found) = tokio::task::spawn_blocking(move || {
        let order = sort_order(&rows, 2, ColumnKind::Integer, true, &never).unwrap();
        (
            order,
            search(
                &rows,
                "c4ca4238a0b923820dcc509a6f75849b",
                10,
                &never,
                |_| {},
            ),
        )
    })
    .await
    .unwrap();
    assert_eq!(found.rows, [0]);
    let sorted = SortedRows::new(answer.rows.clone(), order.into());
    let window = Rows(Arc::new(sorted)).read(0..1_001);
    assert_eq!(window[0][0].as_deref(), Some("999"));
    assert_eq!(window[999][0].as_deref(), Some("999999"));
    assert_eq!(window[1_000][0].as_deref(), Some("998"));
}

fn sqlite(folder: &Path) -> Sqlite {
    let path = folder.join("data.db");
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection
        .execute_batch(
            "CREATE TABLE IF NOT EXISTS t (id INTEGER, name TEXT, price REAL, ok BOOLEAN, at DATETIME, raw BLOB);
             DELETE FROM t;
             INSERT INTO t VALUES (1, 'a', 1.5, 1, '2026-01-31T03:00:00Z', x'00ff'), (2, NULL, NULL, 0, NULL, NULL);",
        )
        .unwrap();
    Sqlite::new(
        "local".into(),
        SqliteSettings {
            path,
            max_rows: 1_000_000,
            max_bytes: 100_000,
            spill_folder: folder.into(),
        },
    )
}

#[tokio::test]
async fn sqlite_rows_arrive_with_their_types() {
    let folder = tempfile::tempdir().unwrap();
    let source = sqlite(folder.path());
    let answer = ask(
        &source,
        "SELECT *, id + 1 AS next, '' AS name FROM t ORDER BY id",
        &[],
    )
    .await;
    assert_eq!(
        answer.text(),
        [
            "1|a|1.5|true|2026-01-31T03:00:00Z|\\x00ff|2|",
            "2|NULL|NULL|false|NULL|NULL|3|"
        ]
    );
    let kinds: Vec<_> = answer.columns.iter().map(|column| column.kind).collect();
    assert_eq!(
        kinds,
        [
            ColumnKind::Integer,
            ColumnKind::Text,
            ColumnKind::Number,
            ColumnKind::Bool,
            ColumnKind::Timestamp,
            ColumnKind::Bytes,
            ColumnKind::Integer,
            ColumnKind::Text,
        ]
    );
    let inputs = [
        input("id", "integer", "2"),
        input("evil", "text", "x' OR 1=1 --"),
        input("t", "choice", "t"),
    ];
    let answer = ask(
        &source,
        "SELECT :evil, count(*) FROM :t WHERE id = :id + 0",
        &inputs,
    )
    .await;
    assert_eq!(answer.text(), ["x' OR 1=1 --|1"]);
    let answer = ask(&source, "SELECT * FROM t WHERE false", &[]).await;
    assert_eq!(
        (answer.columns.len(), answer.outcome.unwrap().rows),
        (6, Some(0))
    );
    let numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) SELECT i, hex('x') FROM n";
    let mut request = planned(&source, numbers, &[]).await;
    request.limit = 4_000;
    let outcome = run(&source, &request).await.outcome.unwrap();
    assert_eq!(
        (outcome.rows, outcome.truncated.as_deref()),
        (Some(4_000), Some("row cap: only the first 4000 rows"))
    );
    let answer = ask(
        &source,
        &numbers.replace("hex('x')", "hex('a longer text for the byte cap')"),
        &[],
    )
    .await;
    assert!(
        answer
            .outcome
            .unwrap()
            .truncated
            .unwrap()
            .starts_with("byte cap")
    );
}

#[tokio::test]
async fn sqlite_attacks_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let source = sqlite(folder.path());
    let loot = folder.path().join("loot.db");
    for text in [
        format!("ATTACH '{}' AS loot", loot.display()),
        format!("VACUUM INTO '{}'", loot.display()),
        "SELECT load_extension('libc.so.6')".into(),
        "PRAGMA query_only = off".into(),
        "SELECT * FROM pragma_database_list".into(),
        "SELECT writefile('x', 'y')".into(),
        "SELECT fts3_tokenizer('simple')".into(),
        "SELECT zeroblob(900000000)".into(),
        "INSERT INTO t (id) VALUES (3)".into(),
        "CREATE TEMP TABLE x (y)".into(),
        "WITH a AS (SELECT 1) DELETE FROM t".into(),
        "SELECT 1; DELETE FROM t".into(),
    ] {
        // Once as a playbook would do it, and once past the plan, so that the source's own guards are tried.
        let mut attack = action(&text);
        attack.effect = Effect::Write;
        let mut request = planned(&source, "SELECT 1", &[]).await;
        if let Ok(write) = source.plan(&attack, &context(&[])) {
            assert!(run(&source, &write).await.outcome.is_err(), "{text}");
        }
        request.payload = quarterdeck::model::request::Payload::Sql {
            statement: text.clone(),
        };
        assert!(run(&source, &request).await.outcome.is_err(), "{text}");
    }
    assert!(!loot.exists());
    assert_eq!(
        ask(&source, "SELECT count(*) FROM t", &[]).await.text(),
        ["2"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_stops_when_told() {
    let folder = tempfile::tempdir().unwrap();
    let source = sqlite(folder.path());
    let text =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";
    let mut request = planned(&source, text, &[]).await;
    request.timeout = Duration::from_millis(300);
    let answer = run(&source, &request).await;
    assert_eq!(
        answer.outcome,
        Err(RunError::TimedOut(Duration::from_millis(300)))
    );
    let cancel = CancellationToken::new();
    cancel.cancel();
    assert_eq!(
        run_until(&source, &request, cancel).await.outcome,
        Err(RunError::Cancelled)
    );
}

#[tokio::test]
async fn sqlite_errors_point_into_the_text() {
    let folder = tempfile::tempdir().unwrap();
    let source = sqlite(folder.path());
    let request = planned(&source, "SELECT 'é', nope FROM t", &[]).await;
    let answer = run(&source, &request).await;
    assert_eq!(answer.failure().2, Some(12), "{:?}", answer.outcome);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    /// Whatever stands in a text, nothing panics, and what is bound never shows in the statement.
    #[test]
    fn no_text_makes_binding_or_classifying_panic(
        parts in prop::collection::vec(
            prop::sample::select(vec![
                "SELECT", " ", "'", "\"", "$$", "$t$", "--", "\n", "/*", "*/", ":x", ":'x'", ":\"c\"", "':x'", "::",
                "(", ")", "[", "]", ";", "E'", "\\", "U&\"", "é", "FROM", "WHERE", "x", "1", ",", ".", "$1", "?", "@x",
                "WITH", "AS", "UPDATE", "pg_sleep", "ORDER BY", "\u{0}", ":", "`",
            ]),
            0..24,
        ),
        postgres in any::<bool>(),
    ) {
        let text = parts.concat();
        let dialect = if postgres { Dialect::Postgres } else { Dialect::Sqlite };
        let inputs = [input("x", "text", "S3CRET-VALUE"), input("c", "choice", "name")];
        if let Ok(bound) = bind(&text, dialect, &inputs) {
            prop_assert!(!bound.statement.contains("S3CRET-VALUE"));
            prop_assert!(bound.parameters.len() <= 2);
        }
        if let Err(error) = classify(&text, dialect) && let Some(position) = error.position {
            prop_assert!(position <= text.chars().count() + 1, "{position} in {text:?}");
        }
        let _ = placeholders(&text, dialect);
        for part in split_statements(&text, dialect) {
            prop_assert!(text.get(part.range).is_some());
        }
    }

    /// A read never stays one when a refused call is put anywhere in it.
    #[test]
    fn a_refused_call_is_found_wherever_it_stands(depth in 0_usize..8, quoted in any::<bool>()) {
        let call = if quoted { "pg_catalog.\"pg_sleep\" /* ( */ (1)" } else { "PG_SLEEP\n(1)" };
        let mut text = format!("SELECT {call}");
        for _ in 0..depth {
            text = format!("SELECT coalesce((SELECT 1 FROM ({text}) q WHERE ':x' <> ''), 1)");
        }
        prop_assert_eq!(classify(&text, Dialect::Postgres).unwrap().effect, Effect::Write);
        let harmless = text.replace(call, "length('pg_sleep(1)')");
        prop_assert_eq!(classify(&harmless, Dialect::Postgres).unwrap().effect, Effect::Read);
    }
}

#[tokio::test]
async fn secret_inputs_are_bound_when_a_statement_is_sent_and_masked_in_what_comes_back() {
    const TOKEN: &str = "tok-3f9a77c1/+x";
    let environment = Arc::new(Environment::from_pairs([("TOKEN", TOKEN)]));
    let folder = tempfile::tempdir().unwrap();
    let local = sqlite(folder.path()).with_environment(environment.clone());
    let server = source().with_environment(environment);
    let inputs = [input("token", "secret", "env:TOKEN")];
    let sources: [(&dyn Source, &str, &str); 2] = [
        (
            &local,
            "SELECT length(:token), 'is ' || :token",
            "secret text",
        ),
        (
            &server,
            "SELECT length(:token), 'is ' || :token",
            "secret text",
        ),
    ];
    for (source, statement, kind) in sources {
        let request = planned(source, statement, &inputs).await;
        let [parameter] = request.parameters.as_slice() else {
            unreachable!("one parameter: {:?}", request.parameters);
        };
        assert_eq!(parameter.value, "‹secret env:TOKEN›");
        assert_eq!(parameter.kind, kind);
        assert!(!format!("{request:?}").contains(TOKEN));
        let answer = run(source, &request).await;
        assert_eq!(answer.text(), [format!("{}|is [secret]", TOKEN.len())]);

        let absent = [input("token", "secret", "env:NOWHERE")];
        let request = planned(source, statement, &absent).await;
        let error = run(source, &request).await.outcome.unwrap_err();
        assert!(error.to_string().contains("env:NOWHERE"), "{error}");
    }
    // The server says what it could not read; that is masked too.
    let request = planned(
        &server,
        "SELECT CAST(CAST(:token AS text) AS integer)",
        &inputs,
    )
    .await;
    let error = run(&server, &request).await.outcome.unwrap_err();
    let error = error.to_string();
    assert!(
        error.contains("[secret]") && !error.contains("3f9a"),
        "{error}"
    );
}
