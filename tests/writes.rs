//! Writes against real servers and processes: only what was meant changes, and doubt is never called success.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod support {
    pub mod commit_proxy;
    pub mod http_double;
    pub mod postgres;
    pub mod run_source;
}

use std::io::Read as _;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use quarterdeck::model::playbook::{Action, Effect, Language};
use quarterdeck::model::request::{Chunk, Payload, Request, RunError};
use quarterdeck::sources::SharedSource;
use quarterdeck::sources::shell::left_running;
use quarterdeck::sql;
use support::commit_proxy::{CommitProxy, Cut};
use support::http_double::{HttpDouble, Reply};
use support::postgres::PostgresServer;
use support::run_source::{Ran, action, context, run_with, source};

/// The parts of the shared helpers that this file does not use.
const _: () = {
    let _ = (Ran::warnings, Ran::series, Reply::json, Reply::redirect);
    let _ = support::run_source::TOKEN;
    let _ = support::run_source::sources;
    // Futures are named by being made, never polled.
    let _ = |source, action| drop(support::run_source::run(source, action, &[]));
    let _ = |source, action| {
        drop(support::run_source::run_until(source, action, &[], |_| {
            true
        }));
    };
};

/// Each test changes a table of its own: they run side by side.
static SERVER: LazyLock<PostgresServer> = LazyLock::new(|| {
    let server = PostgresServer::start();
    server.execute(
        "CREATE ROLE reader LOGIN; GRANT pg_read_all_data TO reader; REVOKE CREATE ON SCHEMA public FROM PUBLIC;",
    );
    server
});

const ROWS: &str = "(id integer PRIMARY KEY, actor text, n integer NOT NULL DEFAULT 0)";
const VALUES: &str = "VALUES (1, 'u-1'), (2, 'u-1'), (3, 'u-2'), (4, 'u-3')";

fn table(name: &str) {
    SERVER.execute(&format!(
        "CREATE TABLE {name} {ROWS}; INSERT INTO {name} (id, actor) {VALUES};"
    ));
}

/// How often each row was touched, in order.
fn touched(name: &str) -> String {
    SERVER.execute(&format!(
        "SELECT string_agg(n::text, ' ' ORDER BY id) FROM {name}"
    ))
}

fn postgres_on(port: u16, user: &str) -> SharedSource {
    source(&format!(
        "kind = \"postgres\"\nurl = \"postgres://{user}@127.0.0.1:{port}/postgres\"\nssl = \"disable\""
    ))
}

fn postgres() -> SharedSource {
    postgres_on(SERVER.port, "postgres")
}

fn sqlite() -> (SharedSource, rusqlite::Connection, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("app.db");
    let connection = rusqlite::Connection::open(&file).unwrap();
    connection
        .execute_batch(&format!(
            "CREATE TABLE t {ROWS}; INSERT INTO t (id, actor) {VALUES};"
        ))
        .unwrap();
    let lines = format!("kind = \"sqlite\"\npath = {:?}", file.display().to_string());
    (source(&lines), connection, folder)
}

fn write(language: Language, text: &str) -> Action {
    let mut action = action(language, text);
    action.effect = Effect::Write;
    if text.contains(":actor") {
        action.inputs = vec!["actor".into()];
    }
    action
}

/// The request as it leaves the gate; `u-1` is the actor.
async fn gated(source: &SharedSource, text: &str, ceiling: u64) -> Request {
    let inputs = [("actor", "text", "u-1")];
    let planned = source.plan(&write(Language::Sql, text), &context(&inputs));
    let planned = planned.unwrap_or_else(|error| panic!("{text}: {error}"));
    let mut request = source.describe(planned).await.unwrap();
    request.ceiling = Some(ceiling);
    request
}

async fn send(source: &SharedSource, request: &Request) -> Ran {
    run_with(source, request, |_, _| {}).await
}

async fn change(source: &SharedSource, text: &str, ceiling: u64) -> Ran {
    let request = gated(source, text, ceiling).await;
    send(source, &request).await
}

fn unknown(ran: &Ran) -> &str {
    match &ran.result {
        Err(RunError::Unknown(message)) => message,
        other => panic!("expected an unknown outcome, found {other:?}"),
    }
}

fn rows(ran: &Ran) -> u64 {
    match &ran.result {
        Ok(outcome) => outcome.rows.unwrap(),
        other => panic!("expected rows, found {other:?}"),
    }
}

// ---- PostgreSQL

#[tokio::test]
async fn only_the_rows_of_the_bound_actor_change() {
    table("bound");
    let source = postgres();
    let text = "UPDATE bound SET n = n + 1 WHERE actor = :actor";
    assert_eq!(rows(&change(&source, text, 2).await), 2);
    assert_eq!(touched("bound"), "1 1 0 0");
    let (sqlite, connection, _folder) = sqlite();
    let text = text.replace("bound", "t");
    assert_eq!(rows(&change(&sqlite, &text, 2).await), 2);
    let sum = |sql: &str| {
        connection
            .query_row(sql, [], |row| row.get::<_, i64>(0))
            .unwrap()
    };
    assert_eq!(sum("SELECT sum(n) FROM t WHERE actor = 'u-1'"), 2);
    assert_eq!(sum("SELECT sum(n) FROM t"), 2);
}

#[tokio::test]
async fn above_the_ceiling_nothing_changes() {
    table("above");
    for (text, expected) in [
        (
            "UPDATE above SET n = n + 1",
            "it would touch 4 rows, the ceiling is 3: nothing was changed",
        ),
        (
            "UPDATE above SET n = n + 1 RETURNING id",
            "it would touch 4 rows, the ceiling is 3: nothing was changed",
        ),
        (
            "DELETE FROM above",
            "it would touch 4 rows, the ceiling is 3: nothing was changed",
        ),
    ] {
        let ran = change(&postgres(), text, 3).await;
        assert_eq!(ran.failure().0, expected);
        assert!(
            ran.chunks.is_empty(),
            "no rows of what was rolled back are shown"
        );
    }
    assert_eq!(touched("above"), "0 0 0 0");
    let (sqlite, connection, _folder) = sqlite();
    for text in ["UPDATE t SET n = n + 1", "DELETE FROM t RETURNING id"] {
        let ran = change(&sqlite, text, 3).await;
        assert!(
            ran.failure()
                .0
                .contains("it would touch 4 rows, the ceiling is 3")
        );
    }
    let left = connection.query_row("SELECT count(*) - sum(n) FROM t", [], |row| {
        row.get::<_, i64>(0)
    });
    assert_eq!(left.unwrap(), 4);
}

#[tokio::test]
async fn a_write_without_a_ceiling_is_not_sent() {
    table("gateless");
    let (sqlite, _, _folder) = sqlite();
    for (source, table) in [(postgres(), "gateless"), (sqlite, "t")] {
        let mut request = gated(&source, &format!("DELETE FROM {table}"), 9).await;
        request.ceiling = None;
        let (message, _) = send(&source, &request).await.failure();
        assert!(message.contains("has not passed its gate"), "{message}");
        let mut disguised = request.clone();
        disguised.effect = Effect::Read;
        assert!(send(&source, &disguised).await.result.is_err());
    }
    assert_eq!(touched("gateless"), "0 0 0 0");
}

#[tokio::test]
async fn a_wire_cut_at_commit_leaves_the_outcome_unknown_and_nothing_is_sent_again() {
    for (name, cut, expected) in [
        ("cut_before", Cut::Before, "0 0 0 0"),
        ("cut_after", Cut::After, "1 1 0 0"),
    ] {
        table(name);
        let proxy = CommitProxy::start(SERVER.port, cut);
        let source = postgres_on(proxy.port, "postgres");
        let text = format!("UPDATE {name} SET n = n + 1 WHERE actor = :actor");
        let ran = change(&source, &text, 2).await;
        let message = unknown(&ran);
        assert!(message.contains("SELECT txid_status("), "{message}");
        let number: String = message
            .split_once("txid_status(")
            .map(|(_, rest)| rest.chars().take_while(char::is_ascii_digit).collect())
            .unwrap();
        let status = SERVER.execute(&format!("SELECT txid_status({number})"));
        let committed = expected.contains('1');
        assert_eq!(
            status == "committed",
            committed,
            "what it says to ask tells: {status}"
        );
        assert_eq!(touched(name), expected);
        assert_eq!(proxy.commits(), 1);
    }
}

#[tokio::test]
async fn a_commit_that_is_not_answered_in_time_is_unknown() {
    table("silent");
    let proxy = CommitProxy::start(SERVER.port, Cut::Silent);
    let source = postgres_on(proxy.port, "postgres");
    let mut request = gated(&source, "UPDATE silent SET n = n + 1", 4).await;
    request.timeout = Duration::from_secs(1);
    let ran = send(&source, &request).await;
    assert!(
        unknown(&ran).contains("not answered"),
        "{ran:?}",
        ran = ran.result
    );
    assert_eq!(
        (touched("silent").as_str(), proxy.commits()),
        ("1 1 1 1", 1)
    );
}

/// Waits until the server says that somebody waits for a lock on this table.
async fn somebody_waits_for(table: &str) {
    let asked = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%{table} SET%'"
    );
    let deadline = Instant::now() + Duration::from_secs(30);
    while SERVER.execute(&asked) == "0" {
        assert!(Instant::now() < deadline, "nobody ever waited for {table}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_waits_for_a_lock_can_be_cancelled_and_changes_nothing() {
    use sqlx::{Connection as _, Executor as _};
    table("locked");
    let mut other = sqlx::PgConnection::connect(&SERVER.url()).await.unwrap();
    other.execute("BEGIN").await.unwrap();
    other
        .execute("UPDATE locked SET actor = actor")
        .await
        .unwrap();
    let source = postgres();
    let request = gated(&source, "UPDATE locked SET n = n + 1", 4).await;
    let cancel = tokio_util::sync::CancellationToken::new();
    let (sender, _receiver) = tokio::sync::mpsc::channel(8);
    let sink = quarterdeck::sources::Sink::new(sender);
    let in_time = quarterdeck::sources::RunContext {
        cancel: cancel.clone(),
        deadline: Duration::from_secs(60),
        output_folder: std::env::temp_dir(),
    };
    let stopping = async {
        somebody_waits_for("locked").await;
        cancel.cancel();
    };
    let (result, ()) = tokio::join!(source.run(&request, &sink, in_time.clone()), stopping);
    assert_eq!(result, Err(RunError::Cancelled));
    let running = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'UPDATE locked SET n%'";
    assert_eq!(
        SERVER.execute(running),
        "0",
        "it was stopped on the server as well"
    );
    // Nobody waits for a lock for long.
    let patient = quarterdeck::sources::RunContext {
        cancel: tokio_util::sync::CancellationToken::new(),
        ..in_time
    };
    match source.run(&request, &sink, patient).await {
        Err(RunError::Failed { message, code, .. }) => {
            assert_eq!(code.as_deref(), Some("55P03"));
            assert!(message.ends_with(": nothing was changed"), "{message}");
        }
        other => panic!("{other:?}"),
    }
    other.execute("ROLLBACK").await.unwrap();
    assert_eq!(touched("locked"), "0 0 0 0");
    let text = "UPDATE locked SET n = n + 1";
    assert_eq!(
        rows(&change(&source, text, 4).await),
        4,
        "the source works on"
    );
}

#[tokio::test]
async fn what_a_write_returns_is_a_table() {
    table("returned");
    let text = "UPDATE returned SET n = n + 1 WHERE actor = :actor \
        RETURNING id, actor AS who, n > 0 AS yes, NULL::date AS id, '2026-01-31 03:00:00+00'::timestamptz AS at";
    let ran = change(&postgres(), text, 5).await;
    assert_eq!(rows(&ran), 2);
    let (columns, cells) = ran.table();
    assert_eq!(columns, ["id", "who", "yes", "id", "at"]);
    assert_eq!(cells[0][..4], ["1", "u-1", "true", "-"]);
    assert!(cells[0][4].starts_with("2026-01-31"), "{cells:?}");
    let (sqlite, _, _folder) = sqlite();
    let ran = change(
        &sqlite,
        "UPDATE t SET n = n + 1 WHERE actor = :actor RETURNING id, actor",
        2,
    )
    .await;
    assert_eq!(ran.table().1, [["1", "u-1"], ["2", "u-1"]]);
}

#[tokio::test]
async fn what_the_server_refuses_changes_nothing_and_says_so() {
    table("refused");
    SERVER.execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not today'; END $$;
         CREATE CONSTRAINT TRIGGER late AFTER UPDATE ON refused DEFERRABLE INITIALLY DEFERRED
           FOR EACH ROW EXECUTE FUNCTION refuse();",
    );
    let (message, code) = change(&postgres(), "UPDATE refused SET n = 1", 4)
        .await
        .failure();
    assert_eq!(
        message,
        "the server refused to commit: not today: nothing was changed"
    );
    assert_eq!(code.as_deref(), Some("P0001"));
    let reader = postgres_on(SERVER.port, "reader");
    let request = gated(&reader, "DELETE FROM refused", 4).await;
    assert!(
        request
            .target
            .ends_with("; role reader cannot write to any table"),
        "{}",
        request.target
    );
    let (message, code) = send(&reader, &request).await.failure();
    assert_eq!(code.as_deref(), Some("42501"), "{message}");
    assert_eq!(touched("refused"), "0 0 0 0");
}

#[tokio::test]
async fn what_cannot_be_counted_or_undone_as_one_is_refused() {
    table("guarded");
    let source = postgres();
    for text in [
        "COMMIT",
        "ROLLBACK",
        "COPY guarded TO PROGRAM 'cat'",
        "EXPLAIN ANALYZE DELETE FROM guarded",
        "WITH gone AS (DELETE FROM guarded RETURNING *) SELECT count(*) FROM gone",
        "WITH gone AS (DELETE FROM guarded RETURNING *) INSERT INTO guarded SELECT id + 9, actor, n FROM gone",
    ] {
        let mut request = gated(&source, "DELETE FROM guarded", 9).await;
        request.payload = Payload::Sql {
            statement: text.into(),
        };
        assert!(
            !send(&source, &request).await.failure().0.is_empty(),
            "{text}"
        );
    }
    assert_eq!(touched("guarded"), "0 0 0 0");
    let ran = change(&source, "ALTER TABLE guarded ADD COLUMN seen boolean", 0).await;
    assert_eq!(rows(&ran), 0, "what counts no rows runs all the same");
}

#[tokio::test]
async fn a_query_that_acts_fetches_no_more_rows_than_its_ceiling_and_one() {
    table("called");
    SERVER.execute(
        "CREATE FUNCTION touch(which integer) RETURNS integer LANGUAGE sql
           AS 'UPDATE called SET n = n + 1 WHERE id = which RETURNING n';",
    );
    let source = postgres();
    let ran = change(
        &source,
        "SELECT touch(id) FROM called WHERE actor = :actor",
        2,
    )
    .await;
    assert_eq!((rows(&ran), touched("called").as_str()), (2, "1 1 0 0"));
    let ran = change(&source, "SELECT touch(id) FROM called", 2).await;
    assert!(
        unknown(&ran).contains("more than 2 rows"),
        "{:?}",
        ran.result
    );
    assert_eq!(
        touched("called"),
        "1 1 0 0",
        "and what can be rolled back was"
    );
}

#[tokio::test]
async fn the_derived_preview_finds_the_very_rows() {
    table("previewed");
    let (sqlite, _, _folder) = sqlite();
    for (source, table) in [(postgres(), "previewed"), (sqlite, "t")] {
        let text =
            format!("UPDATE {table} SET n = n + 1 WHERE id > 1 AND actor = :actor RETURNING id");
        let request = gated(&source, &text, 1).await;
        let Payload::Sql { statement } = &request.payload else {
            panic!("SQL");
        };
        let derived = sql::derive(statement).unwrap();
        let parameters = derived
            .parameters
            .iter()
            .map(|at| request.parameters[*at].clone());
        let preview = Request {
            effect: Effect::Read,
            ceiling: None,
            parameters: parameters.collect(),
            payload: Payload::Sql {
                statement: derived.statement,
            },
            ..request.clone()
        };
        let (_, found) = send(&source, &preview).await.table();
        assert_eq!(found, [["2", "u-1", "0"]]);
        assert_eq!(rows(&send(&source, &request).await), 1);
    }
    assert_eq!(touched("previewed"), "0 1 0 0");
}

// ---- SQLite

#[tokio::test]
async fn an_sqlite_write_stays_in_its_file_and_its_transaction() {
    let (source, connection, folder) = sqlite();
    let loot = folder.path().join("loot.db");
    for text in [
        format!("ATTACH '{}' AS loot", loot.display()),
        format!("VACUUM INTO '{}'", loot.display()),
        "PRAGMA journal_mode = off".into(),
        "COMMIT".into(),
        "UPDATE t SET actor = load_extension('x')".into(),
    ] {
        let mut request = gated(&source, "DELETE FROM t", 9).await;
        request.payload = Payload::Sql {
            statement: text.clone(),
        };
        assert!(
            !send(&source, &request).await.failure().0.is_empty(),
            "{text}"
        );
    }
    assert!(!loot.exists());
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (message, _) = change(&source, "DELETE FROM t", 9).await.failure();
    assert_eq!(message, "database is locked: nothing was changed");
    connection.execute_batch("ROLLBACK").unwrap();
    assert_eq!(rows(&change(&source, "DELETE FROM t", 9).await), 4);
}

// ---- HTTP

fn service(url: &str) -> SharedSource {
    source(&format!("kind = \"http\"\nurl = \"{url}\""))
}

async fn post(source: &SharedSource, timeout: Duration) -> Ran {
    let mut action = write(Language::Http, "POST /revoke\n\n{\"actor\": \"u-1\"}");
    action.timeout = Some(timeout);
    let request = source.plan(&action, &context(&[])).unwrap();
    send(source, &request).await
}

#[tokio::test]
async fn an_http_write_is_sent_once_and_its_status_decides() {
    const LONG: Duration = Duration::from_secs(30);
    for (status, code, in_doubt) in [
        ("204 No Content", None, false),
        ("303 See Other", None, false),
        ("403 Forbidden", Some("403"), false),
        ("500 Internal Server Error", Some("500"), false),
        ("307 Temporary Redirect", Some("307"), false),
        ("302 Found", None, true),
    ] {
        let double = HttpDouble::start(vec![Reply::Answer {
            status,
            headers: vec!["Location: /elsewhere".into()],
            body: b"so it is".to_vec(),
        }]);
        let ran = post(&service(&double.url()), LONG).await;
        match (&ran.result, code) {
            (Ok(outcome), None) => {
                assert!(status.starts_with(&outcome.status.unwrap().to_string()));
            }
            (Err(RunError::Failed { code: found, .. }), Some(code)) => {
                assert_eq!(found.as_deref(), Some(code));
            }
            (other, _) => assert!(
                in_doubt && matches!(other, Err(RunError::Unknown(_))),
                "{other:?}"
            ),
        }
        assert_eq!(double.asked().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn an_http_write_without_an_answer_is_unknown() {
    let double = HttpDouble::start(vec![Reply::Silence]);
    let ran = post(&service(&double.url()), Duration::from_millis(300)).await;
    let message = unknown(&ran);
    assert!(
        message.starts_with("POST /revoke was sent to ") && message.contains("timed out"),
        "{message}"
    );
    assert_eq!(double.asked().len(), 1);

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let hanging_up = std::thread::spawn(move || {
        let mut asked = 0;
        // The first exchange, and whether there is a second one before the test ends the wait.
        listener.set_nonblocking(false).unwrap();
        let (mut stream, _) = listener.accept().unwrap();
        if stream.read(&mut [0; 4096]).unwrap_or_default() > 0 {
            asked += 1;
        }
        drop(stream);
        listener.set_nonblocking(true).unwrap();
        (listener, asked)
    });
    let ran = post(&service(&url), Duration::from_secs(30)).await;
    assert!(unknown(&ran).contains("not answered"));
    let (listener, asked) = hanging_up.join().unwrap();
    assert_eq!(asked, 1);
    assert!(listener.accept().is_err(), "it was not sent again");

    drop(listener);
    let (message, _) = post(&service(&url), Duration::from_secs(30))
        .await
        .failure();
    assert!(
        message.starts_with("cannot reach"),
        "what never left is known: {message}"
    );
}

// ---- shell

#[tokio::test]
async fn a_script_that_writes_runs_and_is_unknown_once_it_was_stopped() {
    let shell = source("kind = \"shell\"");
    let plan = |text| {
        shell
            .plan(&write(Language::Shell, text), &context(&[]))
            .unwrap()
    };
    let ran = send(&shell, &plan("echo changed")).await;
    assert_eq!(
        (ran.output(false).as_str(), ran.result.unwrap().exit_code),
        ("changed\n", Some(0))
    );
    let (_, code) = send(&shell, &plan("exit 3")).await.failure();
    assert_eq!(code.as_deref(), Some("3"));
    let endless = plan("echo begun $$; sleep 600");
    let ran = run_with(&shell, &endless, |_, cancel| cancel.cancel()).await;
    let process = ran.output(false).replace("begun ", "");
    let message = unknown(&ran);
    assert!(
        message.contains(&format!("process {} ", process.trim())),
        "{message}"
    );
    let mut short = plan("echo begun; sleep 600");
    short.timeout = Duration::from_millis(300);
    let ran = send(&shell, &short).await;
    assert!(unknown(&ran).starts_with("timed out"), "{:?}", ran.result);
}

#[tokio::test]
async fn a_script_that_writes_is_listed_while_it_runs_and_its_output_is_in_files() {
    let shell = source("kind = \"shell\"");
    let folder = tempfile::tempdir().unwrap();
    let go = folder.path().join("go");
    let script = format!(
        "echo begun $$; echo warned >&2; until [ -e {} ]; do sleep 0.05; done; echo over",
        go.display()
    );
    let plan = shell.plan(&write(Language::Shell, &script), &context(&[]));
    let mut files = Vec::new();
    let ran = run_with(&shell, &plan.unwrap(), |chunk, _| {
        let Chunk::Output { error: false, text } = chunk else {
            return;
        };
        if let Some(process) = text.trim().strip_prefix("begun ") {
            let wanted = format!("process {process}, its output in ");
            let left = left_running();
            let line = left.iter().find_map(|line| line.strip_prefix(&wanted));
            let stdout = PathBuf::from(line.unwrap().strip_suffix(" and .err").unwrap());
            files = vec![stdout.clone(), stdout.with_extension("err")];
            assert_eq!(std::fs::read_to_string(&files[0]).unwrap(), *text);
            std::fs::write(&go, "").unwrap();
        }
    })
    .await;
    assert!(
        ran.output(false).ends_with("over\n"),
        "{}",
        ran.output(false)
    );
    assert_eq!(ran.output(true), "warned\n");
    assert_eq!(files.len(), 2);
    for file in files {
        assert!(!file.exists(), "they go away when it has ended");
        let shown = file.display().to_string();
        assert!(!left_running().iter().any(|line| line.contains(&shown)));
    }
}
