//! A real server and the embedded engine with the same rows, asked the same things.

use std::sync::LazyLock;

use futures_util::TryStreamExt as _;
use quarterdeck::pgsql::{self, Answer, Context, Database, Error, Parameter, Row, Value, Written};
use sqlx::postgres::{PgColumn, PgConnection, PgRow};
use sqlx::{
    AssertSqlSafe, Column as _, Connection as _, Executor as _, Row as _, SqlSafeStr as _,
    Statement as _, TypeInfo as _,
};

use crate::support::postgres::PostgresServer;

/// Each test file uses a part of this; naming the rest here keeps the compiler from calling it dead.
const _: () = {
    let _ = Twin::copy_sizes;
    let _ = Twin::write_difference;
    let _ = Twin::bound_difference;
    let _ = Twin::difference;
    let _ = Twin::compare;
    let _ = |compared: &Compared| match compared {
        Compared::Alike { rows } => rows.to_string(),
        Compared::Refused(text) | Compared::Different(text) => text.clone(),
    };
    let _ = Twin::server_parameters;
    let _ = Twin::server_rows;
};

/// One server for all tests of a file.
pub static SERVER: LazyLock<PostgresServer> = LazyLock::new(PostgresServer::start);

/// The two of them. The server's side is one transaction, so that `now()` and the rows stay.
pub struct Twin {
    connection: PgConnection,
    /// The engine's side.
    pub database: Database,
    /// What `now()` is on both sides.
    pub now: i64,
}

/// How the two answered a statement.
pub enum Compared {
    /// In the same way; with so many rows.
    Alike {
        /// How many.
        rows: usize,
    },
    /// The engine said that it does not do this.
    Refused(String),
    /// Otherwise: the statement and both answers.
    Different(String),
}

/// What a statement did: names and types of columns, texts of rows; or SQLSTATE and message.
pub type Outcome = Result<Shown, (String, String)>;
/// Names and types of columns, and texts of rows.
type Shown = (Vec<(String, String)>, Vec<Vec<Option<String>>>);

impl Twin {
    /// Fills a database of a name on the server, and the engine with what the server then has.
    pub async fn start(name: &str) -> Self {
        let url = SERVER.add_breach(name);
        let mut connection = PgConnection::connect(&url).await.unwrap();
        run(
            &mut connection,
            "SET TIME ZONE 'UTC'; BEGIN ISOLATION LEVEL REPEATABLE READ; SAVEPOINT one",
        )
        .await;
        let mut twin = Self {
            connection,
            database: Database::create(include_str!("../../assets/schema.sql")).unwrap(),
            now: 0,
        };
        let micros = twin
            .texts("SELECT (extract(epoch FROM now()) * 1000000)::bigint")
            .await;
        twin.now = micros[0][0].as_deref().unwrap().parse().unwrap();
        let tables: Vec<(String, String)> = twin
            .database
            .tables
            .iter()
            .map(|table| (table.schema.clone(), table.name.clone()))
            .collect();
        for (schema, name) in tables {
            let rows = twin.server_rows(&schema, &name).await;
            twin.database.table_mut(&schema, &name).unwrap().rows = rows;
        }
        twin
    }

    /// The rows of a table of the server, read as values.
    pub async fn server_rows(&mut self, schema: &str, name: &str) -> Vec<Row> {
        let table = self.database.table(schema, name).unwrap().clone();
        let columns: Vec<String> = table
            .columns
            .iter()
            .map(|column| format!("\"{}\"", column.name))
            .collect();
        let texts = self
            .texts(&format!(
                "SELECT {} FROM \"{schema}\".\"{name}\"",
                columns.join(", ")
            ))
            .await;
        texts
            .into_iter()
            .map(|row| {
                row.iter()
                    .zip(&table.columns)
                    .map(|(text, column)| match text {
                        None => Value::Null,
                        Some(text) => Value::parse(&column.ty, text).unwrap(),
                    })
                    .collect()
            })
            .collect()
    }

    async fn texts(&mut self, statement: &str) -> Vec<Vec<Option<String>>> {
        let rows: Vec<PgRow> = sqlx::raw_sql(AssertSqlSafe(statement.to_owned()))
            .fetch(&mut self.connection)
            .try_collect()
            .await
            .unwrap_or_else(|error| panic!("{statement}: {error}"));
        rows.iter().map(texts_of).collect()
    }

    /// What the server does. A statement that writes is undone.
    pub async fn server(&mut self, statement: &str) -> Outcome {
        let outcome = self.ask(statement).await;
        run(&mut self.connection, "ROLLBACK TO SAVEPOINT one").await;
        outcome
    }

    async fn ask(&mut self, statement: &str) -> Outcome {
        let failed = |error: sqlx::Error| match error.into_database_error() {
            Some(error) => (
                error.code().unwrap_or_default().into_owned(),
                error.message().to_owned(),
            ),
            None => panic!("{statement}: the server is gone"),
        };
        let rows: Vec<PgRow> = sqlx::raw_sql(AssertSqlSafe(statement.to_owned()))
            .fetch(&mut self.connection)
            .try_collect()
            .await
            .map_err(failed)?;
        let columns = match rows.first() {
            Some(row) => named(row.columns()),
            None => named(
                (&mut self.connection)
                    .prepare(AssertSqlSafe(statement.to_owned()).into_sql_str())
                    .await
                    .map_err(failed)?
                    .columns(),
            ),
        };
        Ok((columns, rows.iter().map(texts_of).collect()))
    }

    /// The types that the server finds for the parameters of a statement.
    pub async fn server_parameters(&mut self, statement: &str) -> Result<Vec<String>, String> {
        let prepared = (&mut self.connection)
            .prepare(AssertSqlSafe(statement.to_owned()).into_sql_str())
            .await;
        let types = match prepared {
            Ok(prepared) => match prepared.parameters() {
                Some(sqlx::Either::Left(types)) => {
                    Ok(types.iter().map(|ty| ty.name().to_lowercase()).collect())
                }
                _ => Ok(Vec::new()),
            },
            Err(error) => Err(error
                .as_database_error()
                .and_then(sqlx::error::DatabaseError::code)
                .unwrap_or_default()
                .into_owned()),
        };
        run(&mut self.connection, "ROLLBACK TO SAVEPOINT one").await;
        types
    }

    /// Tells the engine how large the server's tables are.
    pub async fn copy_sizes(&mut self) {
        let sizes = self
            .texts("SELECT relid, pg_total_relation_size(relid) FROM pg_statio_user_tables")
            .await;
        let number = |text: &Option<String>| text.as_deref().unwrap().parse::<i64>().unwrap();
        self.database.relation_sizes = sizes
            .iter()
            .map(|row| (number(&row[0]), number(&row[1])))
            .collect();
    }

    /// Writes on the engine's side.
    pub fn write(&mut self, statement: &str, parameters: &[Parameter]) -> Result<Written, Error> {
        let context = Context {
            now: self.now,
            user: "postgres",
            stop: &|| false,
        };
        pgsql::write(&mut self.database, statement, parameters, &context, None)
    }

    /// Where the two differ about an UPDATE: the number of rows, or the table afterwards.
    pub async fn write_difference(
        &mut self,
        text: &str,
        statement: &str,
        parameters: &[Parameter],
    ) -> Option<String> {
        let name = text.split_whitespace().nth(1).unwrap().replace('"', "");
        let count = sqlx::raw_sql(AssertSqlSafe(text.to_owned()))
            .execute(&mut self.connection)
            .await
            .unwrap()
            .rows_affected();
        let after = self.server_rows("public", &name).await;
        run(&mut self.connection, "ROLLBACK TO SAVEPOINT one").await;
        let before = self.database.clone();
        let written = self.write(statement, parameters);
        let own = self.database.table("public", &name).unwrap().rows.clone();
        self.database = before;
        let agrees = written
            == Ok(Written {
                count,
                answer: None,
            })
            && own == after;
        (!agrees).then(|| format!("{text}\n  server: {count} rows\n  engine: {written:?}\n"))
    }

    /// What the engine does, with the rows that a statement that writes leaves behind thrown away.
    pub fn engine(&self, statement: &str, parameters: &[Parameter]) -> Outcome {
        let context = Context {
            now: self.now,
            user: "postgres",
            stop: &|| false,
        };
        let answered = match pgsql::query(&self.database, statement, parameters, &context, u64::MAX)
        {
            Err(error) if error.code == "25006" => pgsql::write(
                &mut self.database.clone(),
                statement,
                parameters,
                &context,
                None,
            )
            .map(|written| written.answer),
            other => other.map(Some),
        };
        match answered {
            Ok(Some(answer)) => Ok(shown(&answer)),
            Ok(None) => Ok((Vec::new(), Vec::new())),
            Err(error) => Err(failure(error)),
        }
    }

    /// Where the two differ about a statement with parameters, whose values stand in `text`.
    pub async fn bound_difference(
        &mut self,
        text: &str,
        statement: &str,
        parameters: &[Parameter],
        rows: bool,
    ) -> Option<String> {
        let mut server = self.server(text).await;
        let mut engine = self.engine(statement, parameters);
        if !rows {
            for (_, rows) in [&mut server, &mut engine].into_iter().flatten() {
                rows.clear();
            }
        }
        difference(text, server, engine, false)
    }

    /// How the two answer a statement. Of two errors the codes are compared.
    pub async fn compare(&mut self, statement: &str) -> Compared {
        let server = self.server(statement).await;
        let engine = self.engine(statement, &[]);
        match (&server, &engine) {
            (_, Err((code, message))) if code == "0A000" => {
                return Compared::Refused(message.clone());
            }
            (Err((code, _)), Err((own, _))) if code == own => return Compared::Alike { rows: 0 },
            _ => {}
        }
        let rows = server.as_ref().map_or(0, |(_, rows)| rows.len());
        // An order within parentheses is not that of the rows.
        let ordered = statement
            .rsplit_once(" ORDER BY ")
            .is_some_and(|(_, rest)| rest.matches('(').count() == rest.matches(')').count());
        match difference(statement, server, engine, ordered) {
            None => Compared::Alike { rows },
            Some(text) => Compared::Different(text),
        }
    }

    /// Where the two differ about a statement; none when they agree. Rows without an order are compared as a set.
    pub async fn difference(&mut self, statement: &str, ordered: bool) -> Option<String> {
        let server = self.server(statement).await;
        let engine = self.engine(statement, &[]);
        difference(statement, server, engine, ordered)
    }
}

fn difference(
    statement: &str,
    mut server: Outcome,
    mut engine: Outcome,
    ordered: bool,
) -> Option<String> {
    // The parser words its own errors.
    if let (Err((code, _)), Err((own, _))) = (&server, &engine)
        && code == own
        && code == "42601"
    {
        return None;
    }
    if !ordered {
        for (_, rows) in [&mut server, &mut engine].into_iter().flatten() {
            rows.sort();
        }
    }
    if server == engine {
        return None;
    }
    Some(match (&server, &engine) {
        (Ok((server, _)), Ok((engine, _))) if server != engine => {
            let parts: Vec<_> = server
                .iter()
                .zip(engine)
                .filter(|(server, engine)| server != engine)
                .collect();
            format!("{statement}\n  columns (server, engine): {parts:?}\n")
        }
        (Ok((_, server)), Ok((_, engine))) if server.len() == engine.len() => {
            let cells: Vec<_> = server
                .iter()
                .flatten()
                .zip(engine.iter().flatten())
                .filter(|(server, engine)| server != engine)
                .take(6)
                .collect();
            format!("{statement}\n  cells (server, engine): {cells:?}\n")
        }
        _ => format!("{statement}\n  server: {server:.400?}\n  engine: {engine:.400?}\n"),
    })
}

/// Names and types of columns.
fn named(columns: &[PgColumn]) -> Vec<(String, String)> {
    columns
        .iter()
        .map(|column| {
            (
                column.name().to_owned(),
                column.type_info().name().to_lowercase().replace('"', ""),
            )
        })
        .collect()
}

fn texts_of(row: &PgRow) -> Vec<Option<String>> {
    (0..row.len())
        .map(|index| {
            let cell = row.try_get_raw(index).unwrap();
            cell.as_str().ok().map(str::to_owned)
        })
        .collect()
}

fn shown(answer: &Answer) -> Shown {
    let columns = answer
        .columns
        .iter()
        .map(|(name, ty)| (name.clone(), ty.name()))
        .collect();
    let rows = answer
        .rows
        .iter()
        .map(|row| {
            row.iter()
                .zip(&answer.columns)
                .map(|(value, (_, ty))| value.to_text(ty))
                .collect()
        })
        .collect();
    (columns, rows)
}

fn failure(error: Error) -> (String, String) {
    (error.code.to_owned(), error.message)
}

async fn run(connection: &mut PgConnection, statement: &str) {
    sqlx::raw_sql(AssertSqlSafe(statement.to_owned()))
        .execute(connection)
        .await
        .unwrap();
}
