//! Every SQL statement of the five runbooks this project began with, and of the playbooks made from them, against a real
//! PostgreSQL with their tables and planted breaches: reads find the rows that `fixtures/database/README.md` promises,
//! writes are refused.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use std::collections::BTreeSet;
use std::sync::LazyLock;
use std::time::Duration;

use quarterdeck::model::diagnostic::SourceText;
use quarterdeck::model::playbook::{Action, Effect, Language, Playbook};
use quarterdeck::model::request::{
    BoundInput, Chunk, Outcome, PlanContext, PlanError, Request, RunError,
};
use quarterdeck::model::table::{Column, Rows};
use quarterdeck::model::{Timestamp, timestamp_text};
use quarterdeck::playbook::{library, parse};
use quarterdeck::sources::postgres::{Postgres, PostgresSettings};
use quarterdeck::sources::{RunContext, Sink, Source as _};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

mod support {
    pub mod postgres;
}

use support::postgres::PostgresServer;

static SERVER: LazyLock<PostgresServer> = LazyLock::new(|| {
    let server = PostgresServer::start();
    server.execute(include_str!("../assets/schema.sql"));
    server.execute(include_str!("fixtures/database/breach.sql"));
    server
});

const SUSPECTED_TENANT_LEAK: &str = include_str!("fixtures/seeds/suspected-tenant-leak.txt");
const MARKDOWN_SEEDS: [(&str, &str); 3] = [
    (
        "incident-playbook.md",
        include_str!("fixtures/seeds/incident-playbook.md"),
    ),
    (
        "incident-response-playbook.md",
        include_str!("fixtures/seeds/incident-response-playbook.md"),
    ),
    (
        "org-isolation-breach.md",
        include_str!("fixtures/seeds/org-isolation-breach.md"),
    ),
];

/// The statements of the seed whose fences were lost, as they stand in it.
const REVOKE_EVERY_SESSION: &str = "UPDATE staff_sessions
SET revoked_at = NOW(), revoked_reason = 'tenant_leak_investigation'
WHERE revoked_at IS NULL;";
const EXPIRE_THE_REQUEST: &str = "UPDATE cycle_requests
SET expires_at = NOW()
WHERE id = '<suspected-request-id>';";
const READS_BY_THE_ACTOR: &str = "SELECT
ae.occurred_at,
ae.event_type,
ae.actor_id,
ae.client_id AS accessed_client,
ae.entity_type,
ae.entity_id,
ae.event_data_json
FROM audit_events ae
WHERE ae.actor_id = '<staff_user_or_contact_id>'
AND ae.occurred_at > NOW() - INTERVAL '24 hours'
AND ae.event_type IN ('cycle.read', 'file.downloaded', 'cross_tenant_read')
ORDER BY ae.occurred_at DESC;";

type Values = &'static [(&'static str, &'static str)];

/// What a query has to find: `column=value` cells of its first row stand in `first`.
struct Finds {
    playbook: &'static str,
    action: &'static str,
    inputs: Values,
    rows: usize,
    first: Values,
}

const fn finds(
    playbook: &'static str,
    action: &'static str,
    inputs: Values,
    rows: usize,
    first: Values,
) -> Finds {
    Finds {
        playbook,
        action,
        inputs,
        rows,
        first,
    }
}

const ORG: &str = "org-isolation-breach";
const SEV1: &str = "tenant-isolation-breach-sev1";
const LEAK: &str = "suspected-tenant-leak";
const RESPONSE: &str = "incident-response";
const U_1932: Values = &[("actor_id", "u-1932")];
const C_501: Values = &[("actor_id", "c-501")];
const NOBODY: Values = &[("actor_id", "nobody")];
const LONG_EXPOSURE: Values = &[("exposure_start", "10 days ago")];
const REQUEST: Values = &[
    ("request_ref", "req-leak-05"),
    ("suspect_request", "0190c0de-0000-7000-8000-000000000501"),
];
const SEARCH: Values = &[("op_id", "documents.search")];
const ACME: Values = &[("tenant_id", "t-acme")];

/// Every read of the shipped playbooks, as `fixtures/database/README.md` lists them.
const READS: &[Finds] = &[
    finds(ORG, "audit-alive", &[], 1, &[("entries", "207")]),
    finds(
        ORG,
        "cross-org",
        &[],
        1,
        &[("mismatched", "3"), ("unknown", "4"), ("checked", "207")],
    ),
    finds(
        ORG,
        "cross-org",
        LONG_EXPOSURE,
        1,
        &[("mismatched", "4"), ("unknown", "4"), ("checked", "208")],
    ),
    finds(
        ORG,
        "cross-org-rows",
        &[],
        7,
        &[("finding", "mismatch"), ("actor_id", "u-1932")],
    ),
    finds(
        ORG,
        "attempts-by-actor-audit",
        &[],
        2,
        &[
            ("actorId", "u-1932"),
            ("attemptedOrgId", "org-b"),
            ("attempts", "2"),
        ],
    ),
    finds(ORG, "preserve-audit", U_1932, 4, &[("actor_id", "u-1932")]),
    finds(
        ORG,
        "revoke-preview",
        U_1932,
        3,
        &[("staff_user_id", "u-1932")],
    ),
    finds(
        ORG,
        "revoked",
        U_1932,
        1,
        &[("active", "3"), ("sessions", "5")],
    ),
    finds(
        SEV1,
        "operation-traffic",
        SEARCH,
        1,
        &[
            ("reads", "16"),
            ("reader_orgs", "3"),
            ("crossed_or_unknown", "16"),
        ],
    ),
    finds(SEV1, "audit-alive", &[], 1, &[("entries", "317")]),
    finds(
        SEV1,
        "exposure",
        &[],
        1,
        &[
            ("org_crossed", "12"),
            ("mode_crossed", "2"),
            ("unknown", "3"),
            ("checked", "317"),
        ],
    ),
    finds(SEV1, "exposed-reads", &[], 17, &[]),
    finds(SEV1, "token-readers", &[], 5, &[]),
    finds(SEV1, "impact", &[], 7, &[]),
    finds(SEV1, "exposed-customers", &[], 2, &[]),
    finds(LEAK, "request-events", REQUEST, 2, &[]),
    finds(
        LEAK,
        "suspect-access",
        C_501,
        1,
        &[("active_staff_sessions", "0"), ("live_magic_links", "2")],
    ),
    finds(
        LEAK,
        "suspect-access",
        U_1932,
        1,
        &[("active_staff_sessions", "3"), ("live_magic_links", "0")],
    ),
    finds(LEAK, "actor-sessions", C_501, 0, &[]),
    finds(LEAK, "actor-sessions", U_1932, 3, &[]),
    finds(LEAK, "all-sessions", &[], 13, &[]),
    finds(LEAK, "revoke-all-preview", &[], 15, &[]),
    finds(LEAK, "live-requests", C_501, 2, &[]),
    finds(LEAK, "suspect-request", REQUEST, 1, &[]),
    finds(LEAK, "audit-events", C_501, 7, &[]),
    finds(LEAK, "audit-events", U_1932, 3, &[]),
    finds(LEAK, "audit-alive", &[], 1, &[("events", "131")]),
    finds(
        LEAK,
        "cross-tenant-reads",
        C_501,
        1,
        &[
            ("cross_tenant", "4"),
            ("unknown", "1"),
            ("clients", "3"),
            ("checked", "7"),
        ],
    ),
    finds(
        LEAK,
        "cross-tenant-reads",
        U_1932,
        1,
        &[
            ("cross_tenant", "0"),
            ("unknown", "0"),
            ("clients", "3"),
            ("checked", "3"),
        ],
    ),
    finds(
        LEAK,
        "cross-tenant-reads",
        NOBODY,
        1,
        &[
            ("cross_tenant", "0"),
            ("unknown", "0"),
            ("clients", "0"),
            ("checked", "0"),
        ],
    ),
    finds(LEAK, "leaked-clients", C_501, 2, &[]),
    finds(
        RESPONSE,
        "access-scope-count",
        &[],
        1,
        &[
            ("reads", "317"),
            ("org_crossed", "12"),
            ("unknown", "2"),
            ("errors", "12"),
        ],
    ),
    finds(RESPONSE, "access-logs", &[], 317, &[]),
    finds(RESPONSE, "actors", &[], 22, &[]),
    finds(RESPONSE, "actor-requests", U_1932, 13, &[]),
    // `incident-playbook.md` holds several playbooks: its actions are looked for by name.
    finds("", "audit-log-copy", &[], 165, &[]),
    finds(
        "",
        "cross-tenant-count",
        &[],
        1,
        &[("mismatched", "5"), ("unknown", "5"), ("checked", "165")],
    ),
    finds("", "audit-log-alive", &[], 1, &[("entries", "165")]),
    finds("", "cross-tenant-rows", &[], 10, &[]),
    finds("", "affected-tenants", &[], 2, &[]),
    finds("", "addresses-by-user", &[], 33, &[]),
    finds("", "user-trail", &[("user_id", "usr-007")], 11, &[]),
    finds("", "user-trail", &[("user_id", "usr-999")], 2, &[]),
    finds("", "endpoints", ACME, 3, &[]),
    finds("", "deliveries", &[("endpoint_id", "wh-bad")], 20, &[]),
    finds(
        "",
        "delivery-health",
        &[("endpoint_id", "wh-bad")],
        1,
        &[("failed", "25"), ("deliveries", "25")],
    ),
    finds(
        "",
        "delivery-health",
        &[("endpoint_id", "wh-ok")],
        1,
        &[("failed", "0"), ("deliveries", "30")],
    ),
    finds(
        "",
        "delivery-health",
        &[("endpoint_id", "wh-off")],
        1,
        &[("failed", "0"), ("deliveries", "0")],
    ),
    finds(
        "",
        "endpoint-preview",
        &[("tenant_id", "t-acme"), ("endpoint_id", "wh-bad")],
        1,
        &[],
    ),
    finds(
        "",
        "endpoint-preview",
        &[("tenant_id", "t-acme"), ("endpoint_id", "wh-off")],
        0,
        &[],
    ),
    finds("", "export-errors", &[], 3, &[]),
    finds("", "active-queries", &[], 0, &[]),
    finds("", "blockers", &[], 0, &[]),
    finds("", "missing-indexes", &[], 0, &[]),
    finds("", "backend", &[("backend_pid", "999999999")], 0, &[]),
    finds("", "table-sizes", &[], 11, &[]),
    finds("", "recent-errors", &[], 5, &[]),
    finds("", "stuck-cases", &[], 20, &[("id", "case-stuck-1")]),
    finds("", "flag-audits", &[], 20, &[]),
];

fn source() -> Postgres {
    Postgres::new(
        "audit".into(),
        PostgresSettings {
            host: "127.0.0.1".into(),
            port: SERVER.port,
            database: "postgres".into(),
            user: "postgres".into(),
            ssl: None,
            ssl_root_certificate: None,
            max_rows: 1_000_000,
            max_bytes: 64 * 1024 * 1024,
            password: None,
            spill_folder: std::env::temp_dir(),
        },
    )
}

/// What the cockpit would bind: the given inputs with the types of the playbook, and the built-in names.
fn context(playbook: &Playbook, values: Values) -> PlanContext {
    let now = Timestamp::now();
    let hours = |count| now - Duration::from_hours(count);
    let ten_days_ago = timestamp_text(hours(240));
    let mut start = hours(24);
    let mut inputs: Vec<BoundInput> = values
        .iter()
        .map(|(id, value)| {
            let input = playbook
                .inputs
                .get(*id)
                .unwrap_or_else(|| panic!("{} declares no input {id}", playbook.id));
            if *id == "exposure_start" {
                start = hours(240);
            }
            let text = value.replace("10 days ago", &ten_days_ago);
            bound(id, input.kind.word(), &text)
        })
        .collect();
    inputs.extend([
        bound("window_start", "datetime", &timestamp_text(start)),
        bound("window_end", "datetime", &timestamp_text(now)),
    ]);
    PlanContext {
        now,
        window: (start, now),
        width: 80,
        inputs,
        edited: None,
        message: None,
    }
}

fn bound(id: &str, kind: &'static str, text: &str) -> BoundInput {
    BoundInput {
        id: id.into(),
        kind,
        text: text.into(),
        example: false,
        has_pattern: false,
    }
}

/// What came back.
struct Answer {
    columns: Vec<Column>,
    rows: Rows,
}

impl Answer {
    fn cell(&self, row: usize, column: &str) -> String {
        let at = self
            .columns
            .iter()
            .position(|its| its.name == column)
            .unwrap_or_else(|| panic!("no column {column}"));
        let rows = self.rows.read(row..row + 1);
        let cells = rows.first().unwrap_or_else(|| panic!("no row {row}"));
        cells
            .get(at)
            .unwrap()
            .as_deref()
            .unwrap_or("NULL")
            .to_owned()
    }
}

/// Plans, describes and runs on the real server.
async fn ask(playbook: &Playbook, action: &Action, values: Values) -> Answer {
    let source = source();
    let name = format!("{} {}", playbook.id, action.id);
    let request = source
        .plan(action, &context(playbook, values))
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    for (id, value) in values {
        // Bound, never pasted: the value is beside the statement, not in it.
        if action.inputs.contains(&(*id).into()) {
            assert!(!request.text.contains(value), "{name}: {}", request.text);
        }
    }
    let request = source
        .describe(request)
        .await
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    let (outcome, answer) = run(&source, &request).await;
    let outcome = outcome.unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(outcome.truncated, None, "{name}");
    let answer = answer.unwrap_or_else(|| panic!("{name}: no columns"));
    assert_eq!(outcome.rows, Some(answer.rows.len() as u64), "{name}");
    answer
}

async fn run(source: &Postgres, request: &Request) -> (Result<Outcome, RunError>, Option<Answer>) {
    let (sender, mut receiver) = mpsc::channel(8);
    let running = async {
        let sink = Sink::new(sender);
        let context = RunContext {
            cancel: CancellationToken::new(),
            deadline: request.timeout,
            output_folder: std::env::temp_dir(),
        };
        source.run(request, &sink, context).await
    };
    let reading = async {
        let mut answer = None;
        while let Some(chunk) = receiver.recv().await {
            if let Chunk::Columns { columns, rows } = chunk {
                answer = Some(Answer { columns, rows });
            }
        }
        answer
    };
    tokio::join!(running, reading)
}

fn sql(playbooks: &[Playbook]) -> impl Iterator<Item = (&Playbook, &Action)> {
    playbooks.iter().flat_map(|playbook| {
        let actions = playbook.actions.values();
        let sql = actions.filter(|action| action.language == Language::Sql);
        sql.map(move |action| (playbook, action))
    })
}

fn shipped() -> Vec<Playbook> {
    library().into_iter().map(|one| one.playbook).collect()
}

fn plain(name: &str, text: &str) -> Vec<Playbook> {
    parse(&SourceText::new(name, text))
        .into_iter()
        .map(|one| one.playbook)
        .collect()
}

/// A statement of the seed without fences, in the fence that it lost.
fn fenced(statement: &str) -> (Playbook, Action) {
    assert!(
        SUSPECTED_TENANT_LEAK.contains(statement),
        "the seed has no such statement: {statement}"
    );
    let text = format!("# Suspected tenant leak\n\n```sql\n{statement}\n```\n");
    let [playbook] = plain("suspected-tenant-leak.md", &text).try_into().unwrap();
    let action = playbook.actions.values().next().unwrap().clone();
    (playbook, action)
}

/// Rows of each statement of the Markdown seeds, found by how the statement begins.
const SEED_READS: [(&str, usize); 11] = [
    // No window, and NULLs are dropped: both repaired in the shipped playbook.
    ("SELECT * FROM \"audit_logs\"\nWHERE \"tenantId\"", 6),
    ("SELECT action, ip, \"userAgent\"", 11),
    ("SELECT id, url, enabled", 3),
    ("SELECT * FROM \"webhook_deliveries\"", 20),
    ("SELECT pid, now() -", 0),
    ("SELECT relname, pg_size_pretty", 11),
    ("SELECT relname, seq_scan", 0),
    // One error in small letters is missed: repaired in the shipped playbook.
    ("SELECT * FROM \"audit_logs\"\nWHERE action LIKE", 4),
    ("SELECT id, status, \"createdAt\"", 20),
    ("SELECT * FROM \"feature_flag_audits\"", 20),
    // Says nothing of the four entries that cannot be judged.
    ("SELECT ae.org_id AS audit_org", 3),
];
const SEED_INPUTS: [(&str, Values); 3] = [
    ("user_id", &[("user_id", "usr-007")]),
    ("tenant_id", &[("tenant_id", "t-acme")]),
    ("endpoint_id", &[("endpoint_id", "wh-bad")]),
];

#[tokio::test]
async fn statements_of_the_markdown_seeds_run_as_they_stand() {
    let playbooks: Vec<Playbook> = MARKDOWN_SEEDS
        .iter()
        .flat_map(|(name, text)| plain(name, text))
        .collect();
    let mut rows = vec![];
    for (playbook, action) in sql(&playbooks) {
        assert_eq!(action.effect, Effect::Read, "{}", action.text);
        let values = match action.inputs.as_slice() {
            [] => &[],
            [input] => {
                SEED_INPUTS
                    .iter()
                    .find(|(id, _)| *id == input.as_str())
                    .unwrap_or_else(|| panic!("no value for {input}"))
                    .1
            }
            many => panic!("{many:?}"),
        };
        let answer = ask(playbook, action, values).await;
        rows.push((action.text.trim().to_owned(), answer.rows.len()));
    }
    // The shared queries of a file belong to each of its playbooks.
    rows.sort();
    rows.dedup();
    for (begins, expected) in SEED_READS {
        let found: Vec<usize> = rows
            .iter()
            .filter(|(text, _)| text.contains(begins))
            .map(|(_, count)| *count)
            .collect();
        assert_eq!(found, [expected], "{begins}");
    }
    assert_eq!(rows.len(), SEED_READS.len(), "{rows:#?}");
}

#[tokio::test]
async fn the_read_of_the_seed_without_fences_runs_as_it_stands() {
    let (playbook, action) = fenced(READS_BY_THE_ACTOR);
    let [input] = action.inputs.as_slice() else {
        panic!("{:?}", action.inputs)
    };
    assert_eq!(input.as_str(), "staff_user_or_contact_id");
    let values: Values = &[("staff_user_or_contact_id", "c-501")];
    let answer = ask(&playbook, &action, values).await;
    assert_eq!(answer.rows.len(), 7);
    assert_eq!(answer.cell(0, "actor_id"), "c-501");
}

#[tokio::test]
async fn the_updates_of_the_seeds_are_refused() {
    for (statement, values) in [
        (REVOKE_EVERY_SESSION, &[] as Values),
        (
            EXPIRE_THE_REQUEST,
            &[(
                "suspected_request_id",
                "0190c0de-0000-7000-8000-000000000501",
            )],
        ),
    ] {
        let (playbook, action) = fenced(statement);
        assert_eq!(action.effect, Effect::Write, "{statement}");
        refused_by_run(&playbook, &action, values).await;
        let as_read = Action {
            effect: Effect::Read,
            ..action
        };
        let refused = source().plan(&as_read, &context(&playbook, values));
        assert!(
            matches!(&refused, Err(PlanError::Refused(reason)) if reason.contains("UPDATE")),
            "{refused:?}"
        );
    }
    nothing_was_written();
}

#[tokio::test]
async fn every_read_of_the_playbooks_finds_what_was_planted() {
    let playbooks = shipped();
    for expected in READS {
        let (playbook, action) = sql(&playbooks)
            .find(|(playbook, action)| {
                action.id.as_str() == expected.action
                    && (expected.playbook.is_empty() || playbook.id.as_str() == expected.playbook)
            })
            .unwrap_or_else(|| panic!("no action {} {}", expected.playbook, expected.action));
        let answer = ask(playbook, action, expected.inputs).await;
        let name = format!("{} {} {:?}", playbook.id, action.id, expected.inputs);
        assert_eq!(answer.rows.len(), expected.rows, "{name}");
        for (column, value) in expected.first {
            assert_eq!(answer.cell(0, column), *value, "{name}: {column}");
        }
    }
}

#[test]
fn no_read_of_the_playbooks_is_left_out() {
    let tested: BTreeSet<&str> = READS.iter().map(|finds| finds.action).collect();
    let playbooks = shipped();
    let untested: Vec<&str> = sql(&playbooks)
        .filter(|(_, action)| action.effect == Effect::Read)
        .map(|(_, action)| action.id.as_str())
        .filter(|id| !tested.contains(id))
        .collect();
    assert_eq!(untested, Vec::<&str>::new());
}

#[tokio::test]
async fn rows_behind_the_numbers_are_the_planted_ones() {
    let playbooks = shipped();
    let of = |name: &str, id: &str| {
        sql(&playbooks)
            .find(|(playbook, action)| playbook.id.as_str() == name && action.id.as_str() == id)
            .unwrap_or_else(|| panic!("no action {id}"))
    };
    let (playbook, action) = of(ORG, "cross-org-rows");
    let answer = ask(playbook, action, &[]).await;
    let count = |what: &str| {
        (0..answer.rows.len())
            .filter(|row| answer.cell(*row, "finding") == what)
            .count()
    };
    assert_eq!((count("mismatch"), count("unknown")), (3, 4));
    let (playbook, action) = of(SEV1, "exposed-customers");
    let answer = ask(playbook, action, &[]).await;
    let rows = answer.rows.read(0..2);
    let text: Vec<String> = rows
        .iter()
        .map(|row| {
            row.iter()
                .map(|cell| cell.as_deref().unwrap_or("NULL"))
                .collect::<Vec<_>>()
                .join("|")
        })
        .collect();
    assert!(
        text.first().unwrap().contains("org-b") && text.first().unwrap().contains('8'),
        "{text:?}"
    );
    assert!(text.last().unwrap().contains("org-c"), "{text:?}");
}

#[tokio::test]
async fn every_write_of_the_playbooks_is_refused() {
    let playbooks = shipped();
    let mut refused = vec![];
    for (playbook, action) in sql(&playbooks).filter(|(_, action)| action.effect == Effect::Write) {
        let values: Values = match action.id.as_str() {
            "revoke" | "revoke-actor-sessions" => U_1932,
            "revoke-all-staff-sessions" => &[],
            "expire-request" => REQUEST,
            "disable-endpoint" => &[("tenant_id", "t-acme"), ("endpoint_id", "wh-bad")],
            "cancel-query" | "terminate-session" => &[("backend_pid", "999999999")],
            other => panic!("a new write: {other}"),
        };
        refused_by_run(playbook, action, values).await;
        refused.push(action.id.as_str());
    }
    refused.sort_unstable();
    assert_eq!(
        refused,
        [
            "cancel-query",
            "disable-endpoint",
            "expire-request",
            "revoke",
            "revoke-actor-sessions",
            "revoke-all-staff-sessions",
            "terminate-session",
        ]
    );
    nothing_was_written();
}

/// A write can be planned, so that it can be shown; without its gate it is not run, whatever the request says of itself.
async fn refused_by_run(playbook: &Playbook, action: &Action, values: Values) {
    let source = source();
    let request = source
        .plan(action, &context(playbook, values))
        .unwrap_or_else(|error| panic!("{}: {error}", action.id));
    assert_eq!(request.effect, Effect::Write, "{}", action.id);
    for (effect, why) in [
        (Effect::Write, "has not passed its gate"),
        (Effect::Read, "this read would change something"),
    ] {
        let request = Request {
            effect,
            ..request.clone()
        };
        let (outcome, _) = run(&source, &request).await;
        assert!(
            matches!(&outcome, Err(RunError::Failed { message, .. }) if message.contains(why)),
            "{} {effect:?}: {outcome:?}",
            action.id
        );
    }
}

fn nothing_was_written() {
    assert_eq!(
        SERVER.execute("SELECT count(*) FROM staff_sessions WHERE revoked_at IS NULL"),
        "15"
    );
    assert_eq!(
        SERVER.execute(
            "SELECT expires_at > now() FROM cycle_requests WHERE id = '0190c0de-0000-7000-8000-000000000501'"
        ),
        "t"
    );
    assert_eq!(
        SERVER.execute("SELECT enabled FROM webhook_endpoints WHERE id = 'wh-bad'"),
        "t"
    );
}
