//! Every action of every shipped playbook, read or write, with bound inputs: on a real PostgreSQL, a real Prometheus, an
//! HTTP service, and scripts against stand-ins on the PATH. What each one gives, and what its expectation ends in, is
//! written down here; an action that is not is a failure.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt as _;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use quarterdeck::config::environment::Environment;
use quarterdeck::config::places::Places;
use quarterdeck::config::{Arguments, Config};
use quarterdeck::model::answer::{Answer, AnswerBody};
use quarterdeck::model::ids::ActionId;
use quarterdeck::model::input;
use quarterdeck::model::playbook::{Action, Effect, Language, Playbook};
use quarterdeck::model::request::{BoundInput, Chunk, PlanContext, Request, RunError};
use quarterdeck::model::verdict::{Judgement, Verdict};
use quarterdeck::model::{Mode, Timestamp, timestamp_text};
use quarterdeck::playbook::library;
use quarterdeck::sources::registry::{Sources, Surroundings};
use quarterdeck::sources::{RunContext, SharedSource, Sink};
use quarterdeck::verdict::{self, Facts, Proof, Question};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

mod support {
    pub mod azure_double;
    pub mod exporter;
    pub mod http_double;
    pub mod postgres;
    pub mod prometheus;
    pub mod telemetry;
}

use support::azure_double::{APP, AzureDouble, CLIENT, SECRET, TENANT};
use support::exporter::Exporter;
use support::http_double::{HttpDouble, Reply};
use support::postgres::PostgresServer;
use support::prometheus::PrometheusServer;

/// What an action gives, beyond that it runs well.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Gives {
    /// So many rows touched.
    Touches(u64),
    /// A result, and this verdict when all its proofs have passed.
    Is(Verdict),
    /// A write whose result has this verdict.
    WritesAndIs(Verdict),
    /// A script that changes something.
    Writes,
}
use Gives::{Is, Touches, Writes, WritesAndIs};
use Verdict::{Fail, Inconclusive, Pass};

/// Playbook, action, and what it gives: every write and every action with an expectation, no other.
const EXPECTED: &[(&str, &str, Gives)] = &[
    ("org-isolation-breach", "heartbeat", Is(Pass)),
    ("org-isolation-breach", "rate-zero", Is(Fail)),
    // The exporter has been scraped for seconds: too few samples to believe anything.
    ("org-isolation-breach", "heartbeat-prom", Is(Inconclusive)),
    ("org-isolation-breach", "rate-zero-prom", Is(Inconclusive)),
    ("org-isolation-breach", "growth-prom", Is(Inconclusive)),
    ("org-isolation-breach", "audit-alive", Is(Pass)),
    ("org-isolation-breach", "cross-org", Is(Fail)),
    ("org-isolation-breach", "revoke", Touches(3)),
    // It stands behind `revoke` in the playbook.
    ("org-isolation-breach", "revoked", Is(Pass)),
    ("tenant-isolation-breach-sev1", "freeze-operation", Writes),
    ("tenant-isolation-breach-sev1", "snapshot-org", Writes),
    (
        "tenant-isolation-breach-sev1",
        "force-rotate-tokens",
        Writes,
    ),
    ("tenant-isolation-breach-sev1", "audit-alive", Is(Pass)),
    ("tenant-isolation-breach-sev1", "exposure", Is(Fail)),
    ("suspected-tenant-leak", "revoke-actor-sessions", Touches(3)),
    // The actor's three are revoked by then.
    (
        "suspected-tenant-leak",
        "revoke-all-staff-sessions",
        Touches(12),
    ),
    ("suspected-tenant-leak", "expire-request", Touches(1)),
    ("suspected-tenant-leak", "audit-alive", Is(Pass)),
    // Three clients, no marked event: nobody is cleared.
    (
        "suspected-tenant-leak",
        "cross-tenant-reads",
        Is(Inconclusive),
    ),
    ("suspected-tenant-leak", "route-scope", Is(Pass)),
    ("suspected-tenant-leak", "route-coverage", Is(Pass)),
    ("suspected-tenant-leak", "route-coverage-patched", Is(Pass)),
    ("incident-response", "readiness", Is(Pass)),
    ("incident-response", "rotate-encryption", Writes),
    ("incident-response", "telemetry-smoke", WritesAndIs(Pass)),
    ("cross-tenant-data-leakage", "cross-tenant-count", Is(Fail)),
    ("cross-tenant-data-leakage", "audit-log-alive", Is(Pass)),
    ("webhook-delivery-failures", "delivery-health", Is(Fail)),
    // The endpoint answers 503.
    ("webhook-delivery-failures", "reachable", Is(Inconclusive)),
    ("webhook-delivery-failures", "disable-endpoint", Touches(1)),
    ("database-performance-degradation", "db-readiness", Is(Pass)),
    (
        "database-performance-degradation",
        "cancel-query",
        Touches(1),
    ),
    (
        "database-performance-degradation",
        "terminate-session",
        Touches(1),
    ),
    ("*", "liveness", Is(Pass)),
    ("*", "readiness", Is(Pass)),
];

/// Values of inputs, the same in every playbook.
const INPUTS: &[(&str, &str)] = &[
    ("actor_id", "u-1932"),
    ("user_id", "usr-007"),
    ("tenant_id", "t-acme"),
    ("endpoint_id", "wh-bad"),
    ("s3_bucket", "exports-eu"),
    ("s3_region", "eu-central-1"),
    ("op_id", "documents.search"),
    ("affected_org", "org-b"),
    ("request_ref", "req-leak-05"),
    ("suspect_request", "0190c0de-0000-7000-8000-000000000501"),
    ("suspect_route", "cycles.ts"),
    ("deployed_at", "2026-01-01T00:00:00Z"),
    ("fixed_at", "2026-01-01T00:00:00Z"),
    ("exposure_end", "2026-01-01T00:00:00Z"),
    ("endpoint_url", "https://hooks.example.com/in"),
];

/// Programs that the scripts call: each writes its arguments down and answers as the real one would.
const STAND_INS: &[(&str, &str)] = &[
    ("matter", "echo \"done: $*\""),
    (
        "pnpm",
        "case \"$*\" in *vitest*) echo 'Test Files 1 passed (1)';; *smoke*) echo 'span exported';; *) echo 'keys rotated';; esac",
    ),
    ("aws", "echo '2026-01-31 03:00:00 1204 export-1.csv'"),
    (
        "git",
        "case \"$1\" in status) ;; *) echo 'a1b2c3d 2026-01-30T10:00:00+00:00 Ada scope the query';; esac",
    ),
    ("curl", "echo 503; exit 0"),
];

static SERVER: LazyLock<PostgresServer> = LazyLock::new(|| {
    let server = PostgresServer::start();
    server.add_breach("seeded");
    server
});
static EXPORTER: LazyLock<Exporter> = LazyLock::new(|| {
    Exporter::start(&[("order-machine-1", "org-a"), ("order-machine-2", "org-a")])
});
static METRICS: LazyLock<PrometheusServer> =
    LazyLock::new(|| PrometheusServer::start(&[EXPORTER.target()]));
static TELEMETRY: LazyLock<AzureDouble> =
    LazyLock::new(|| AzureDouble::start(support::telemetry::telemetry(), support::telemetry::now));
static SERVICE: LazyLock<HttpDouble> =
    LazyLock::new(|| HttpDouble::start(vec![Reply::json("200 OK", r#"{"status":"ok"}"#)]));

/// One place in which a playbook is worked: a database of its own, stand-ins that write down how they are called, and a
/// repository to search.
struct Place {
    folder: TempDir,
    sources: Sources,
    database: String,
}

impl Place {
    fn new(database: &str) -> Self {
        SERVER.execute(&format!("CREATE DATABASE {database} TEMPLATE seeded"));
        let folder = tempfile::tempdir().unwrap();
        let programs = folder.path().join("bin");
        std::fs::create_dir(&programs).unwrap();
        for (name, answer) in STAND_INS {
            let program = programs.join(name);
            let log = folder.path().join("called");
            let script = format!(
                "#!/bin/bash\necho \"{name} $*\" >> {}\n{answer}\n",
                log.display()
            );
            std::fs::write(&program, script).unwrap();
            std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        let routes = folder.path().join("work/apps/api/src/routes");
        std::fs::create_dir_all(&routes).unwrap();
        std::fs::create_dir_all(folder.path().join("work/uploads")).unwrap();
        std::fs::write(
            routes.join("cycles.ts"),
            "routeScope('staff-only')\nconst one = findFirst()\n",
        )
        .unwrap();
        let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
        let url = format!("postgres://postgres@127.0.0.1:{}/{database}", SERVER.port);
        let telemetry = TELEMETRY.url();
        let profile = format!(
            "[profiles.test.sources.audit]\nkind = \"postgres\"\nurl = \"{url}\"\n\
             [profiles.test.sources.app]\nkind = \"postgres\"\nurl = \"{url}\"\n\
             [profiles.test.sources.metrics]\nkind = \"prometheus\"\nurl = \"{}\"\nmin_step = \"1s\"\n\
             [profiles.test.sources.service]\nkind = \"http\"\nurl = \"{}\"\n\
             [profiles.test.sources.telemetry]\nkind = \"app-insights\"\napp = \"{APP}\"\nurl = \"{telemetry}\"\n\
             tenant = \"{TENANT}\"\nclient_id = \"{CLIENT}\"\nclient_secret = \"env:TOKEN\"\nauthority = \"{telemetry}\"\n\
             [profiles.test.sources.shell]\nkind = \"shell\"\ncwd = \"{}\"\n",
            METRICS.url(),
            SERVICE.url(),
            folder.path().join("work").display(),
        );
        std::fs::write(folder.path().join("config.toml"), profile).unwrap();
        let places = Places {
            config: folder.path().to_owned(),
            data: folder.path().to_owned(),
            state: folder.path().to_owned(),
        };
        let environment = Arc::new(Environment::from_pairs([
            ("PATH", path.as_str()),
            ("USER", "alice"),
            ("TOKEN", SECRET),
        ]));
        let (config, found) =
            Config::load(places, environment.clone(), &Arguments::default()).unwrap();
        assert_eq!(found, []);
        let surroundings = Surroundings {
            environment,
            clock: Timestamp::now,
            accounts: quarterdeck::sources::azure::sign_in::Accounts::default(),
        };
        let (sources, found) = Sources::from_profile(&config, &surroundings);
        assert_eq!(found, []);
        Self {
            folder,
            sources,
            database: database.to_owned(),
        }
    }

    /// Calls of the stand-ins so far.
    fn called(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("called")).unwrap_or_default()
    }
}

/// What the cockpit would bind.
fn context(
    playbook: &Playbook,
    backend: &str,
    opened_at: Timestamp,
    now: Timestamp,
) -> PlanContext {
    let window = input::window(opened_at, Duration::from_hours(24), None, now);
    let bound = |id: &str, kind: &'static str, text: String, has_pattern: bool| BoundInput {
        id: id.into(),
        kind,
        text,
        example: false,
        has_pattern,
    };
    let mut inputs: Vec<BoundInput> = playbook
        .inputs
        .values()
        .filter_map(|input| {
            let known = INPUTS.iter().find(|(id, _)| *id == input.id.as_str());
            let text = match (input.id.as_str(), known) {
                ("backend_pid", _) => backend.to_owned(),
                (_, Some((_, text))) => (*text).to_owned(),
                _ => input.default.clone()?,
            };
            let text = input::check(input, &text).unwrap();
            let has_pattern = matches!(&input.kind, input::InputType::Text { pattern: Some(_) });
            Some(bound(
                input.id.as_str(),
                input.kind.word(),
                text,
                has_pattern,
            ))
        })
        .collect();
    inputs.extend([
        bound("window_start", "datetime", timestamp_text(window.0), false),
        bound("window_end", "datetime", timestamp_text(window.1), false),
        bound("opened_at", "datetime", timestamp_text(opened_at), false),
        bound("incident_id", "text", "7f3a".into(), false),
        bound("operator", "text", "alice".into(), false),
    ]);
    PlanContext {
        now,
        window,
        width: 60,
        inputs,
        edited: None,
        message: None,
    }
}

/// Runs a request and gathers its answer.
async fn run(source: &SharedSource, request: &Request) -> Result<Answer, RunError> {
    let (sender, mut receiver) = mpsc::channel(8);
    let started_at = Timestamp::now();
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
        let mut body = AnswerBody::Nothing;
        let (mut out, mut error_out) = (String::new(), String::new());
        while let Some(chunk) = receiver.recv().await {
            match chunk {
                Chunk::Columns { columns, rows } => body = AnswerBody::Table { columns, rows },
                Chunk::Series(series) => body = AnswerBody::Chart(series),
                Chunk::Output { error: false, text } => out.push_str(&text),
                Chunk::Output { error: true, text } => error_out.push_str(&text),
                Chunk::Rows(_) | Chunk::Warning(_) | Chunk::SignIn(_) => {}
            }
        }
        if !out.is_empty() || !error_out.is_empty() {
            body = AnswerBody::Output {
                stdout: out,
                stderr: error_out,
            };
        }
        body
    };
    let (outcome, body) = tokio::join!(running, reading);
    Ok(Answer {
        outcome: outcome?,
        started_at,
        ended_at: Timestamp::now(),
        body,
    })
}

/// The verdict of an action, all its proofs having passed just now.
fn judge(action: &Action, answer: Answer, now: Timestamp) -> Judgement {
    verdict::judge(&Question {
        action: action.id.clone(),
        judge: action.judge.clone(),
        answer,
        own_limit: None,
        stale_after: None,
        others: BTreeMap::new(),
        proofs: action
            .judge
            .proof
            .iter()
            .map(|action| Proof {
                action: action.clone(),
                judged: Some((Verdict::Pass, now)),
            })
            .collect(),
        held_since: None,
        facts: Facts {
            now,
            mode: Mode::Live,
            incident_id: "7f3a".into(),
            operator: "alice".into(),
            severity: None,
            inputs: BTreeMap::new(),
            decisions: BTreeMap::new(),
            many: Vec::new(),
            milestones: Vec::new(),
        },
    })
}

fn expected(playbook: &Playbook, action: &ActionId) -> Option<Gives> {
    let named = |id: &str| {
        EXPECTED
            .iter()
            .find(|(of, its, _)| *of == id && *its == action.as_str())
            .map(|(_, _, gives)| *gives)
    };
    named(playbook.id.as_str()).or_else(|| named("*"))
}

fn shipped() -> Vec<Playbook> {
    library::library()
        .into_iter()
        .map(|one| one.playbook)
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_action_of_every_shipped_playbook_runs() {
    let mut seen = BTreeSet::new();
    EXPORTER.spike("order-machine-2", "org-a", 5.0);
    for playbook in shipped() {
        let place = Place::new(&playbook.id.as_str().replace('-', "_"));
        for action in playbook.actions.values() {
            let name = format!("{} {}", playbook.id, action.id);
            let gives = expected(&playbook, &action.id);
            seen.extend(gives.map(|_| action.id.to_string()));
            assert_eq!(
                gives.is_some(),
                action.effect == Effect::Write && action.language != Language::Message
                    || action.judge.expect.is_some(),
                "{name} is to be written down in EXPECTED, or taken out of it"
            );
            if action.language != Language::Message {
                check(&place, &playbook, action, gives, &name).await;
            }
        }
        if playbook.id.as_str() == "tenant-isolation-breach-sev1" {
            let called = place.called();
            for call in [
                "matter ops freeze-operation --op documents.search --reason tenant isolation investigation",
                "matter ops snapshot-org --org-id org-b --target /forensics/7f3a/",
                "matter ops force-rotate-tokens --filter issued_before:2026-01-01T00:00:00.000Z --reason tenant isolation incident",
            ] {
                assert!(
                    called.lines().any(|line| line == call),
                    "{call}\nin {called}"
                );
            }
        }
    }
    for (_, action, _) in EXPECTED {
        assert!(seen.contains(*action), "no playbook has {action} any more");
    }
}

async fn check(
    place: &Place,
    playbook: &Playbook,
    action: &Action,
    gives: Option<Gives>,
    name: &str,
) {
    let source = place
        .sources
        .resolve(action)
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    let aimed = action.inputs.contains(&"backend_pid".into());
    let victim = aimed.then(|| Victim::start(&place.database));
    let pid = victim.as_ref().map_or("1", |victim| victim.pid.as_str());
    let now = Timestamp::now();
    let planned = source.plan(action, &context(playbook, pid, now, now));
    let request = planned.unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut request = source
        .describe(request)
        .await
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(request.effect, action.effect, "{name}");
    if action.effect == Effect::Write {
        request.ceiling = action.max_rows;
        // Before its gate nothing is changed: the preview is a read that runs, and so it is here.
        let preview = action
            .preview
            .as_ref()
            .map(|id| playbook.action(id).unwrap());
        assert!(
            preview.is_some() || action.preserves,
            "{name} has no preview"
        );
    }
    let answer = run(&source, &request)
        .await
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    let outcome = answer.outcome.clone();
    assert_eq!(outcome.truncated, None, "{name}");
    if let Some(status) = outcome.status {
        assert_eq!(status, 200, "{name}");
    }
    if let Some(code) = outcome.exit_code {
        assert!(
            code == 0 || action.ok_codes.contains(&code),
            "{name}: {code} {:?}",
            answer.body
        );
    }
    match gives {
        Some(Touches(rows)) => assert_eq!(outcome.rows, Some(rows), "{name}"),
        Some(Is(verdict) | WritesAndIs(verdict)) => {
            let judgement = judge(action, answer, Timestamp::now());
            assert_eq!(judgement.verdict, verdict, "{name}: {judgement:?}");
        }
        Some(Writes) | None => {}
    }
    drop(victim);
}

/// A session of somebody's that is busy: what the actions that cancel and end sessions are aimed at.
struct Victim {
    pid: String,
    child: std::process::Child,
}

impl Victim {
    fn start(database: &str) -> Self {
        use std::io::BufRead as _;
        let url = format!("postgres://postgres@127.0.0.1:{}/{database}", SERVER.port);
        let mut child = std::process::Command::new("psql")
            .args(["-X", "-q", "-A", "-t", "-d", &url])
            .args([
                "-c",
                "SELECT pg_backend_pid()",
                "-c",
                "SELECT pg_sleep(600)",
            ])
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::inherit())
            .spawn()
            .unwrap();
        let mut pid = String::new();
        std::io::BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut pid)
            .unwrap();
        Self {
            pid: pid.trim().to_owned(),
            child,
        }
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_query_repeated_a_day_later_does_not_pass_because_the_window_slid() {
    let place = Place::new("a_day_later");
    let playbook = shipped()
        .into_iter()
        .find(|playbook| playbook.id.as_str() == "org-isolation-breach")
        .unwrap();
    let action = playbook.action(&"cross-org".into()).unwrap();
    let source = place.sources.resolve(action).unwrap();
    let opened_at = Timestamp::now();
    // 21 to 26 hours later the last mismatch has left the last 24 hours, and 3 days later all entries have.
    for later in [0, 26, 72] {
        let now = opened_at + Duration::from_hours(later);
        let request = source
            .plan(action, &context(&playbook, "1", opened_at, now))
            .unwrap();
        let request = source.describe(request).await.unwrap();
        let answer = run(&source, &request).await.unwrap();
        let judgement = judge(action, answer, now);
        assert_eq!(judgement.verdict, Fail, "{later} h later: {judgement:?}");
    }
    // The control: a window that slides does pass over the breach, and is INCONCLUSIVE only because nothing is left.
    let now = opened_at + Duration::from_hours(72);
    let request = source
        .plan(action, &context(&playbook, "1", now, now))
        .unwrap();
    let request = source.describe(request).await.unwrap();
    let answer = run(&source, &request).await.unwrap();
    assert_eq!(judge(action, answer, now).verdict, Inconclusive);
}
