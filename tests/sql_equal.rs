//! The drill's database and a real one: every SQL action of the shipped playbooks, and the read that previews each write, over the simulated service of 20
//! seeds. The live PostgreSQL source on a server that holds a copy of the service's tables, and the drill's source on the service itself, have to bind the
//! same statement and give the same columns, kinds, types and cells.
//!
//! The copy's `now()`, `pg_stat_activity` and the like stand in a schema before `pg_catalog`, so that both see the same moment.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[path = "support/postgres.rs"]
mod postgres;
#[expect(dead_code, reason = "a part of it is enough here")]
#[path = "support/run_source.rs"]
mod run_source;

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use postgres::PostgresServer;
use quarterdeck::drill::scenario::Service;
use quarterdeck::drill::{Director, Scenario, World, scenario};
use quarterdeck::engine;
use quarterdeck::model::Timestamp;
use quarterdeck::model::diagnostic::SourceText;
use quarterdeck::model::ids::InputId;
use quarterdeck::model::playbook::{Action, Effect, Language, Playbook};
use quarterdeck::model::request::{Chunk, Payload, PlanError, Request, RunError};
use quarterdeck::model::table::{Column, Row};
use quarterdeck::pgsql::{Table, Type, Value};
use quarterdeck::playbook;
use quarterdeck::runtime::trial::{self, Trial};
use quarterdeck::sources::SharedSource;
use quarterdeck::sources::registry::Sources;
use quarterdeck::sources::simulated::Simulation;
use run_source::{Ran, run_with};

const SEEDS: u64 = 20;
const OPERATOR: &str = "postgres";
const PLAYBOOKS: [&str; 5] = [
    include_str!("../playbooks/incident-playbook.md"),
    include_str!("../playbooks/incident-response.md"),
    include_str!("../playbooks/org-isolation-breach.md"),
    include_str!("../playbooks/suspected-tenant-leak.md"),
    include_str!("../playbooks/tenant-isolation-breach-sev1.md"),
];

#[tokio::test(flavor = "multi_thread")]
async fn the_drill_answers_sql_as_a_server_does() {
    let server = PostgresServer::start();
    let playbooks = playbooks();
    let scenarios = scenarios();
    let mut counted = Counted::default();
    for seed in 0..SEEDS {
        let scenario = Arc::clone(&scenarios[seed as usize % scenarios.len()]);
        let director = Director::new(Arc::clone(&scenario), seed);
        let name = format!("seed_{seed}");
        server.execute(&copied(&name, director.world()));
        let live = run_source::source(&format!(
            "kind = \"postgres\"\nurl = \"postgres://postgres@127.0.0.1:{}/{name}\"",
            server.port
        ));
        let found = director.inputs();
        let simulation = Simulation {
            director: Arc::new(Mutex::new(director)),
            clock: || Timestamp::UNIX_EPOCH,
            spill_folder: std::env::temp_dir(),
            operator: OPERATOR.to_owned(),
        };
        for playbook in &playbooks {
            let given: Vec<(InputId, String)> = found
                .iter()
                .filter(|(id, _)| {
                    scenario.playbook == playbook.id && playbook.inputs.contains_key(*id)
                })
                .map(|(id, text)| (id.clone(), text.clone()))
                .collect();
            let mut values = trial::values(playbook, &given).unwrap();
            for value in values.iter_mut().filter_map(|(_, value)| value.as_mut()) {
                value.example = false;
            }
            let both = Both {
                what: format!("{} in {}, seed {seed}", playbook.id, scenario.id),
                live: live.clone(),
                sources: Sources::simulated(&simulation, playbook),
                trial: Trial {
                    playbook,
                    values,
                    operator: OPERATOR.to_owned(),
                    now: scenario.starts,
                },
            };
            let actions = playbook.actions.values();
            for action in actions.filter(|action| action.language == Language::Sql) {
                both.compare(action, &mut counted).await;
            }
        }
        drop(live);
    }
    println!("{counted:?}");
    assert!(
        counted.different.is_empty(),
        "{} of {} differ:\n{}",
        counted.different.len(),
        counted.compared,
        counted.different.join("\n")
    );
    // Half of the answers at least hold rows: equal emptiness alone would prove little.
    assert!(
        counted.compared > 700 && counted.with_rows * 2 > counted.compared,
        "{counted:?}"
    );
}

/// What was compared.
#[derive(Debug, Default)]
struct Counted {
    compared: usize,
    with_rows: usize,
    rows: usize,
    in_order: usize,
    errors: usize,
    different: Vec<String>,
}

fn playbooks() -> Vec<Playbook> {
    let sources = PLAYBOOKS.iter().map(|text| SourceText {
        path: "playbook.md".into(),
        text: (*text).into(),
    });
    let parsed = sources.flat_map(|source| playbook::parse(&source));
    parsed.map(|parsed| parsed.playbook).collect()
}

/// The shipped scenarios, each with a small service and a short past.
fn scenarios() -> Vec<Arc<Scenario>> {
    let all = scenario::BUILT_IN.iter().map(|(name, text)| {
        let (mut scenario, findings) = scenario::parse(SourceText {
            path: (*name).into(),
            text: (*text).into(),
        });
        assert_eq!(findings, [], "{name}");
        scenario.history = Duration::from_secs(3 * 3_600);
        scenario.service = Service {
            organisations: 8,
            users: 4,
            staff: 10,
            requests_per_minute: 8,
        };
        Arc::new(scenario)
    });
    all.collect()
}

/// The live source and the drill's.
struct Both<'a> {
    what: String,
    live: SharedSource,
    sources: Sources,
    trial: Trial<'a>,
}

impl Both<'_> {
    async fn compare(&self, action: &Action, counted: &mut Counted) {
        let what = format!("{} ({})", action.id, self.what);
        let drill = self.sources.resolve(action).unwrap();
        let bound = (
            self.bound(&self.live, action).await,
            self.bound(&drill, action).await,
        );
        let (live, simulated) = match bound {
            (Ok(live), Ok(simulated)) => (live, simulated),
            (Err(live), Err(simulated)) if live == simulated => {
                counted.errors += 1;
                return;
            }
            (live, simulated) => {
                counted.different.push(format!(
                    "{what} is bound otherwise:\n  {live:?}\n  {simulated:?}"
                ));
                return;
            }
        };
        if (&live.text, &live.parameters) != (&simulated.text, &simulated.parameters) {
            counted.different.push(format!(
                "{what} is bound otherwise:\n  {} {:?}\n  {} {:?}",
                live.text, live.parameters, simulated.text, simulated.parameters
            ));
            return;
        }
        let read = |request: Request| match request.effect {
            Effect::Read => Some(request),
            Effect::Write => engine::derived_request(&request),
        };
        let (Some(mut live), Some(simulated)) = (read(live), read(simulated)) else {
            return;
        };
        // What a statement names with its schema, no search path can shadow.
        if let Payload::Sql { statement } = &mut live.payload {
            *statement = statement.replace("pg_catalog.", "drill.");
        }
        counted.compared += 1;
        let ended = (
            run_with(&self.live, &live, |_, _| {}).await,
            run_with(&drill, &simulated, |_, _| {}).await,
        );
        let (left, right) = (Seen::of(&ended.0), Seen::of(&ended.1));
        if let (
            Seen::Rows { rows, columns },
            Seen::Rows {
                rows: others,
                columns: its,
            },
        ) = (&left, &right)
        {
            counted.with_rows += usize::from(!rows.is_empty());
            counted.rows += rows.len();
            if columns == its && rows == others {
                counted.in_order += 1;
                return;
            }
        }
        counted.errors += usize::from(matches!(left, Seen::Error(_)));
        if left.sorted() != right.sorted() {
            counted.different.push(format!(
                "{what}\n{}\n  server: {left:?}\n  drill:  {right:?}",
                live.text
            ));
        }
    }

    async fn bound(&self, source: &SharedSource, action: &Action) -> Result<Request, PlanError> {
        let planned = source.plan(action, &self.trial.context(action))?;
        source.describe(planned).await
    }
}

/// What a run gave.
#[derive(Debug, PartialEq)]
enum Seen {
    Rows {
        columns: Vec<Column>,
        rows: Vec<Row>,
    },
    /// SQLSTATE and place.
    Error(String),
}

impl Seen {
    fn of(ran: &Ran) -> Self {
        if let Err(error) = &ran.result {
            return Self::Error(match error {
                RunError::Failed { code, position, .. } => format!("{code:?} at {position:?}"),
                other => other.to_string(),
            });
        }
        let table = ran.chunks.iter().find_map(|chunk| match chunk {
            Chunk::Columns { columns, rows } => Some((columns.clone(), rows.read(0..usize::MAX))),
            _ => None,
        });
        let (columns, rows) = table.unwrap_or_else(|| panic!("no table: {:?}", ran.chunks));
        Self::Rows { columns, rows }
    }

    /// The rows as a set: where nothing orders them, their order says nothing.
    fn sorted(&self) -> Self {
        match self {
            Self::Rows { columns, rows } => {
                let mut rows = rows.clone();
                rows.sort();
                Self::Rows {
                    columns: columns.clone(),
                    rows,
                }
            }
            Self::Error(error) => Self::Error(error.clone()),
        }
    }
}

/// The statements that make a database with the service's tables and its moment.
fn copied(name: &str, world: &World) -> String {
    let mut script = format!(
        "CREATE DATABASE {name};\nALTER DATABASE {name} SET search_path = drill, public, pg_catalog;\n\\connect {name}\nSET search_path = public;\nSET session_replication_role = replica;\nSET timezone = 'UTC';\n{}\nCREATE SCHEMA drill;\n",
        include_str!("../assets/schema.sql")
    );
    let now = world.now();
    let _ = writeln!(
        script,
        "CREATE FUNCTION drill.now() RETURNS timestamptz LANGUAGE sql STABLE AS $$ SELECT '{now}'::timestamptz $$;"
    );
    let database = world.database();
    for table in &database.tables {
        let place = if table.schema == "pg_catalog" {
            let columns: Vec<String> = table
                .columns
                .iter()
                .map(|column| format!("\"{}\" {}", column.name, column.ty.long_name()))
                .collect();
            let _ = writeln!(
                script,
                "CREATE TABLE drill.{} ({});",
                table.name,
                columns.join(", ")
            );
            format!("drill.{}", table.name)
        } else {
            format!("{}.\"{}\"", table.schema, table.name)
        };
        copy(&mut script, &place, table);
    }
    let cases = |pairs: Vec<(i64, String)>, other: &str| {
        let mut text = "CASE $1".to_owned();
        for (key, value) in pairs {
            let _ = write!(text, " WHEN {key} THEN {value}");
        }
        // A CASE needs a branch.
        let _ = write!(text, " WHEN -1 THEN {other} ELSE {other} END");
        text
    };
    let blocking = database.blocking.iter().map(|(pid, by)| {
        let by: Vec<String> = by.iter().map(ToString::to_string).collect();
        (*pid, format!("ARRAY[{}]::int[]", by.join(", ")))
    });
    let _ = writeln!(
        script,
        "CREATE FUNCTION drill.pg_blocking_pids(int) RETURNS int[] LANGUAGE sql STABLE AS $$ SELECT {} $$;",
        cases(blocking.collect(), "ARRAY[]::int[]")
    );
    let sizes = database.relation_sizes.iter();
    let sizes = sizes.map(|(oid, size)| (*oid, format!("{size}::bigint")));
    let _ = writeln!(
        script,
        "CREATE FUNCTION drill.pg_total_relation_size(oid) RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT {} $$;",
        cases(sizes.collect(), "NULL::bigint").replace("CASE $1", "CASE $1::bigint")
    );
    script
}

/// The rows of a table in the text form of COPY.
fn copy(script: &mut String, place: &str, table: &Table) {
    let names: Vec<String> = table
        .columns
        .iter()
        .map(|column| format!("\"{}\"", column.name))
        .collect();
    let _ = writeln!(script, "COPY {place} ({}) FROM stdin;", names.join(", "));
    for row in &table.rows {
        let cells: Vec<String> = row
            .iter()
            .zip(&table.columns)
            .map(|(value, column)| cell(value, &column.ty))
            .collect();
        let _ = writeln!(script, "{}", cells.join("\t"));
    }
    script.push_str("\\.\n");
}

fn cell(value: &Value, ty: &Type) -> String {
    value.to_text(ty).map_or_else(
        || "\\N".to_owned(),
        |text| {
            text.replace('\\', "\\\\")
                .replace('\t', "\\t")
                .replace('\n', "\\n")
                .replace('\r', "\\r")
        },
    )
}
