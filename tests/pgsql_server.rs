//! The embedded engine for SQL against a real PostgreSQL: the same rows, the same statements, the same texts.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod support {
    pub mod pgsql_statements;
    pub mod pgsql_twin;
    pub mod postgres;
}

use quarterdeck::pgsql::{self, Context, Database, Type, Value};
use support::pgsql_statements::Statements;
use support::pgsql_twin::{Compared, Twin};

/// The statements of a file: each ends with a semicolon at the end of a line.
fn statements(text: &str) -> Vec<String> {
    text.lines()
        .filter(|line| !line.trim_start().starts_with("--"))
        .collect::<Vec<_>>()
        .join("\n")
        .split(";\n")
        .map(|statement| statement.trim().trim_end_matches(';').trim().to_owned())
        .filter(|statement| !statement.is_empty())
        .collect()
}

#[tokio::test]
async fn every_statement_answers_as_on_the_server() {
    let mut twin = Twin::start("statements").await;
    let statements = statements(include_str!("fixtures/pgsql/statements.sql"));
    let mut differences = Vec::new();
    for statement in &statements {
        let ordered = statement.to_lowercase().contains("order by");
        differences.extend(twin.difference(statement, ordered).await);
    }
    let agreed = statements.len() - differences.len();
    println!("{agreed} of {} statements agree", statements.len());
    assert!(statements.len() >= 250, "only {}", statements.len());
    assert!(
        differences.is_empty(),
        "{} of {} differ:\n{}",
        differences.len(),
        statements.len(),
        differences.join("\n")
    );
}

/// How many statements are made by chance.
const BY_CHANCE: usize = 1500;

/// What is made by chance is answered as on the server, or refused by name, and little is refused.
#[tokio::test]
async fn statements_by_chance_answer_as_on_the_server() {
    let mut twin = Twin::start("by_chance").await;
    let seed = std::env::var("QUARTERDECK_SQL_SEED");
    let seed = seed.map_or(1, |seed| seed.parse().unwrap());
    println!("seed {seed}");
    let (mut refused, mut with_rows) = (Vec::new(), 0);
    let mut differences = Vec::new();
    for statement in Statements::new(seed).take(BY_CHANCE) {
        match twin.compare(&statement).await {
            Compared::Alike { rows } => with_rows += usize::from(rows > 0),
            Compared::Refused(by) => refused.push(by),
            Compared::Different(text) => differences.push(text),
        }
    }
    println!(
        "of {BY_CHANCE} statements {with_rows} have rows, {} are refused, {} differ",
        refused.len(),
        differences.len()
    );
    assert!(
        differences.is_empty(),
        "seed {seed}: {} differ:\n{}",
        differences.len(),
        differences.join("\n")
    );
    assert!(with_rows * 2 > BY_CHANCE, "only {with_rows} have rows");
    let share = refused.len() * 100 / BY_CHANCE;
    refused.sort();
    refused.dedup();
    assert!(share < 10, "{share} % are refused:\n{}", refused.join("\n"));
}

/// The types of parameters, by statement.
#[tokio::test]
async fn parameters_have_the_types_that_the_server_infers() {
    let mut twin = Twin::start("parameters").await;
    let statements = statements(include_str!("fixtures/pgsql/parameters.sql"));
    let mut differences = Vec::new();
    for statement in &statements {
        let server = twin.server_parameters(statement).await;
        let engine = pgsql::describe(&twin.database, statement)
            .map(|types| types.iter().map(Type::name).collect::<Vec<_>>())
            .map_err(|error| error.code.to_owned());
        if server != engine {
            differences.push(format!(
                "{statement}\n  server: {server:?}\n  engine: {engine:?}"
            ));
        }
    }
    assert!(statements.len() > 20);
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// The fixture's own INSERTs make the rows that the server makes of them.
#[tokio::test]
async fn the_breach_loads_into_the_engine() {
    let mut twin = Twin::start("loading").await;
    let commerce = twin.server_rows("commerce", "audit_entries").await;
    // The newest ordinary entry is one minute older than now() of the load.
    let Value::Timestamp(newest) = commerce[0][1] else {
        panic!("no timestamp");
    };
    let context = Context {
        now: newest + 60_000_000,
        user: "postgres",
        stop: &|| false,
    };
    let mut database = Database::create(include_str!("../assets/schema.sql")).unwrap();
    for statement in statements(include_str!("fixtures/database/breach.sql")) {
        if statement == "BEGIN" || statement == "COMMIT" {
            continue;
        }
        pgsql::write(&mut database, &statement, &[], &context, None)
            .unwrap_or_else(|error| panic!("{statement}\n{error}"));
    }
    for table in &database.tables {
        if table.schema == "pg_catalog" {
            continue;
        }
        let expected = twin.server_rows(&table.schema, &table.name).await;
        assert_eq!(table.rows.len(), expected.len(), "{}", table.name);
        for (row, expected) in table.rows.iter().zip(&expected) {
            for ((value, expected), column) in row.iter().zip(expected.iter()).zip(&table.columns) {
                // A sequence's numbers are not kept.
                if column.name == "id" && column.ty == Type::Int8 {
                    continue;
                }
                assert_eq!(value, expected, "{}.{}", table.name, column.name);
            }
        }
    }
}
