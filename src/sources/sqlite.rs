//! SQLite: one statement a run, over a file opened for reading, behind an authorizer. A write that came through its gate
//! has a connection of its own (see `write`).
//!
//! Opening read-only is not enough (`ATTACH` and `VACUUM INTO` write elsewhere): the authorizer allows select, read,
//! recursion and named functions, and nothing else. SQLite blocks, so a run has a thread of its own.

mod health;
mod write;

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, OpenFlags};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use super::health::{Fit, Health};
use super::mask::Masker;
use super::planner::{self, Planner, Way};
use super::registry::{self, SourceKind, Surroundings};
use super::secrets::{Secrets, masked};
use super::spill::SpillWriter;
use super::{RunContext, SharedSource, Sink, Source};
use crate::config::environment::Environment;
use crate::config::settings::{Settings, SourceSettings, settings};
use crate::model::diagnostic::Diagnostic;
use crate::model::ids::SourceName;
use crate::model::limits;
use crate::model::playbook::{Action, Effect, Language};
use crate::model::request::{Chunk, Outcome, Payload, PlanContext, PlanError, Request, RunError};
use crate::model::table::{Column, ColumnKind};
use crate::sql::{Dialect, characters_before};

/// What a profile says about an SQLite source.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SqliteSettings {
    /// The database file.
    pub path: PathBuf,
    /// Rows kept of one result, whatever a playbook asks for.
    #[serde(default = "default_rows")]
    pub max_rows: u64,
    /// Bytes kept of one result.
    #[serde(default = "default_bytes")]
    pub max_bytes: u64,
    /// The folder for results; it must exist.
    #[serde(skip)]
    pub spill_folder: PathBuf,
}

fn default_rows() -> u64 {
    limits::ROWS_MAX
}

fn default_bytes() -> u64 {
    limits::RESULT_BYTES
}

/// The row of the registry.
pub const KIND: SourceKind = SourceKind {
    word: "sqlite",
    title: "SQLite",
    languages: &[Language::Sql],
    settings: SqliteKeys::ROWS,
    example: "path = \"/srv/app/audit.db\"",
    planner,
    build,
};

settings! {
    /// Keys of a source of kind `sqlite`.
    pub struct SqliteKeys {
        /// The database file. Reads open it for reading only; a write opens it for itself.
        path: String,
        /// Rows kept of one result, whatever a playbook asks for. Default: 1000000.
        max_rows: Option<u64>,
    }
}

fn planner(
    settings: &SourceSettings,
    surroundings: &Surroundings,
) -> Result<Planner, Vec<Diagnostic>> {
    let of_file = settings_of_file(settings, surroundings)?;
    Ok(planner_of(settings.name.clone(), &of_file))
}

fn settings_of_file(
    settings: &SourceSettings,
    surroundings: &Surroundings,
) -> Result<SqliteSettings, Vec<Diagnostic>> {
    let keys: SqliteKeys = settings.read()?;
    Ok(SqliteSettings {
        path: keys.path.into(),
        max_rows: keys.max_rows.unwrap_or_else(default_rows),
        max_bytes: default_bytes(),
        spill_folder: surroundings.spill_folder(),
    })
}

fn planner_of(name: SourceName, settings: &SqliteSettings) -> Planner {
    Planner {
        target: format!("sqlite {name}@{}", settings.path.display()),
        way: Way::Sql {
            dialect: Dialect::Sqlite,
            most: settings.max_rows,
        },
        name,
    }
}

fn build(
    settings: &SourceSettings,
    surroundings: &Surroundings,
) -> Result<SharedSource, Vec<Diagnostic>> {
    let of_file = settings_of_file(settings, surroundings)?;
    let source = Sqlite::new(settings.name.clone(), of_file);
    Ok(Arc::new(
        source.with_environment(surroundings.environment.clone()),
    ))
}

/// An SQLite file.
#[derive(Debug, Clone)]
pub struct Sqlite {
    planner: Planner,
    settings: SqliteSettings,
    environment: Arc<Environment>,
}

/// How long SQLite may take to notice that it was told to stop.
const STOP_GRACE: Duration = Duration::from_secs(5);
/// Instructions of SQLite's machine between two looks at the order to stop: well below a millisecond.
const STOP_CHECK: i32 = 2_000;
/// Rows before the first report, so that they are on screen soon.
const FIRST_ROWS: u64 = 100;

impl Sqlite {
    /// A source; the file is opened at each run.
    pub fn new(name: SourceName, settings: SqliteSettings) -> Self {
        Self {
            planner: planner_of(name, &settings),
            settings,
            environment: Arc::default(),
        }
    }

    /// The same source, with the environment from which secret inputs are fetched.
    #[must_use]
    pub fn with_environment(mut self, environment: Arc<Environment>) -> Self {
        self.environment = environment;
        self
    }
}

impl Source for Sqlite {
    /// A read opens the file for reading, behind an authorizer.
    fn read_only(&self) -> BoxFuture<'_, Option<bool>> {
        Box::pin(async { Some(true) })
    }

    fn plan(&self, action: &Action, context: &PlanContext) -> Result<Request, PlanError> {
        self.planner.plan(action, context)
    }

    fn run<'a>(
        &'a self,
        request: &'a Request,
        sink: &'a Sink,
        context: RunContext,
    ) -> BoxFuture<'a, Result<Outcome, RunError>> {
        Box::pin(async move {
            let stop = CancellationToken::new();
            let ceiling = match request.effect {
                Effect::Read => None,
                Effect::Write => Some(registry::ceiling(request)?),
            };
            let statement = planner::runnable(request, Dialect::Sqlite)?.0.to_owned();
            let fetching = Secrets::fetch(request, &self.environment);
            let secrets = registry::within_time(&context, request.timeout, fetching).await?;
            let run = Run {
                statement,
                values: request
                    .parameters
                    .iter()
                    .map(|parameter| value(&parameter.kind, secrets.value(parameter)))
                    .collect(),
                masker: secrets.masker(),
                max_rows: request.limit.clamp(1, self.settings.max_rows.max(1)),
                settings: self.settings.clone(),
                sink: sink.clone(),
                stop: stop.clone(),
                runtime: tokio::runtime::Handle::current(),
            };
            let mut work = tokio::task::spawn_blocking(move || match ceiling {
                None => run.execute(),
                Some(ceiling) => run.write(ceiling),
            });
            let time = context.deadline.min(request.timeout);
            let reason = tokio::select! {
                // What is done is done, even when the order to stop comes in the same moment.
                biased;
                ended = &mut work => {
                    return ended.unwrap_or_else(|_| Err(gave_up(ceiling.is_some())));
                }
                () = context.cancel.cancelled() => RunError::Cancelled,
                () = tokio::time::sleep(time) => RunError::TimedOut(time),
            };
            stop.cancel();
            match tokio::time::timeout(STOP_GRACE, work).await {
                // A write that was committed before it could stop is done.
                Ok(Ok(Ok(outcome))) if ceiling.is_some() => Ok(outcome),
                Ok(Ok(Err(unknown @ RunError::Unknown(_)))) => Err(unknown),
                Ok(Ok(_)) => Err(reason),
                Ok(Err(_)) => Err(gave_up(ceiling.is_some())),
                Err(_) => Err(RunError::Unknown(
                    "SQLite was told to stop and has not done so yet".into(),
                )),
            }
        })
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        Box::pin(async move {
            let path = self.settings.path.clone();
            tokio::task::spawn_blocking(move || health::health(&path))
                .await
                .unwrap_or_else(|_| Health::unreachable("SQLite gave up on this file"))
        })
    }

    fn fit<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Fit> {
        Box::pin(async move {
            let Payload::Sql { statement } = &request.payload else {
                return Fit::Planned("this request is not SQL".to_owned());
            };
            let (path, statement) = (self.settings.path.clone(), statement.clone());
            let writes = request.effect == Effect::Write;
            tokio::task::spawn_blocking(move || health::fit(&path, &statement, writes))
                .await
                .unwrap_or_else(|_| Fit::Unreachable("SQLite gave up on this file".to_owned()))
        })
    }

    fn target(&self) -> String {
        self.planner.target.clone()
    }
}

fn gave_up(writing: bool) -> RunError {
    let words = "SQLite gave up on this statement";
    if writing {
        RunError::Unknown(format!("{words}: look at the rows"))
    } else {
        RunError::failed(words)
    }
}

fn value(kind: &str, text: &str) -> Value {
    match text.parse() {
        Ok(number) if kind == "integer" => Value::Integer(number),
        _ => Value::Text(text.to_owned()),
    }
}

/// One run, on its own thread.
struct Run {
    statement: String,
    values: Vec<Value>,
    /// Masks the secrets among them in what comes back.
    masker: Option<Masker>,
    max_rows: u64,
    settings: SqliteSettings,
    sink: Sink,
    stop: CancellationToken,
    runtime: tokio::runtime::Handle,
}

impl Run {
    fn execute(self) -> Result<Outcome, RunError> {
        let connection = self.open().map_err(|error| self.failed(&error))?;
        let mut statement = connection
            .prepare(&self.statement)
            .map_err(|error| self.failed(&error))?;
        for (index, value) in self.values.iter().enumerate() {
            statement
                .raw_bind_parameter(index + 1, value)
                .map_err(|error| self.failed(&error))?;
        }
        let mut columns = columns(&statement);
        let mut writer = SpillWriter::create(
            &self.settings.spill_folder,
            columns.len(),
            self.settings.max_bytes,
        )
        .map_err(|error| spill_failed(&error))?;
        let mut outcome = Outcome::default();
        let mut total = 0;
        let mut rows = statement.raw_query();
        loop {
            let row = rows.next().map_err(|error| self.failed(&error))?;
            if total == 0 {
                if let Some(row) = row {
                    take_kinds_from(row, &mut columns);
                }
                let chunk = Chunk::Columns {
                    columns: columns.clone(),
                    rows: writer.rows(),
                };
                self.hand_over(chunk)?;
            }
            let Some(row) = row else {
                break;
            };
            if total >= self.max_rows {
                outcome.truncated = Some(format!("row cap: only the first {} rows", self.max_rows));
                break;
            }
            let kept = self
                .push(&mut writer, row, &columns)
                .map_err(|error| spill_failed(&error))?;
            if !kept {
                outcome.truncated = Some(format!(
                    "byte cap: only the first {total} rows, {} bytes are kept",
                    self.settings.max_bytes
                ));
                break;
            }
            total += 1;
            if total == FIRST_ROWS || total.is_multiple_of(limits::FETCH_ROWS) {
                self.publish(&mut writer)?;
            }
        }
        outcome.rows = Some(self.publish(&mut writer)?);
        Ok(outcome)
    }

    fn open(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.settings.path, flags)?;
        connection.busy_timeout(limits::LOCK_TIMEOUT)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        connection.authorizer(Some(authorize))?;
        let stop = self.stop.clone();
        connection.progress_handler(STOP_CHECK, Some(move || stop.is_cancelled()))?;
        Ok(connection)
    }

    fn publish(&self, writer: &mut SpillWriter) -> Result<u64, RunError> {
        let total = writer.publish().map_err(|error| spill_failed(&error))?;
        self.hand_over(Chunk::Rows(total))?;
        Ok(total)
    }

    /// Waits for room in the sink, but not past the order to stop.
    fn hand_over(&self, chunk: Chunk) -> Result<(), RunError> {
        self.runtime.block_on(async {
            tokio::select! {
                biased;
                () = self.stop.cancelled() => Err(RunError::Cancelled),
                () = self.sink.send(chunk) => Ok(()),
            }
        })
    }

    /// Keeps a row; false when the byte cap is reached.
    fn push(
        &self,
        writer: &mut SpillWriter,
        row: &rusqlite::Row<'_>,
        columns: &[Column],
    ) -> std::io::Result<bool> {
        let cells: Vec<Option<Cow<'_, [u8]>>> = columns
            .iter()
            .enumerate()
            .map(|(index, column)| {
                let cell = cell(column.kind, row.get_ref(index).ok()?)?;
                Some(match &self.masker {
                    None => cell,
                    Some(masker) => Cow::Owned(masker.mask_bytes(&cell)),
                })
            })
            .collect();
        writer.push(cells.iter().map(Option::as_deref))
    }

    fn failed(&self, error: &rusqlite::Error) -> RunError {
        let (message, position) = match error {
            rusqlite::Error::SqlInputError { msg, offset, .. } => (
                msg.clone(),
                usize::try_from(*offset)
                    .ok()
                    .map(|offset| characters_before(&self.statement, offset)),
            ),
            rusqlite::Error::SqliteFailure(code, None) => (code.to_string(), None),
            rusqlite::Error::SqliteFailure(_, Some(message)) => (message.clone(), None),
            other => (other.to_string(), None),
        };
        let code = error
            .sqlite_error()
            .map(|error| error.extended_code.to_string());
        let error = RunError::Failed {
            message,
            code,
            position,
        };
        masked(error, self.masker.as_ref())
    }
}

/// The columns as they are declared.
fn columns(statement: &rusqlite::Statement<'_>) -> Vec<Column> {
    statement
        .columns()
        .iter()
        .map(|column| {
            let declared = column.decl_type().unwrap_or_default().to_lowercase();
            Column {
                name: column.name().to_owned(),
                kind: declared_kind(&declared),
                type_name: declared,
            }
        })
        .collect()
}

fn spill_failed(error: &std::io::Error) -> RunError {
    RunError::failed(format!(
        "could not keep the result on disk: {error}; free some space and run it again"
    ))
}

/// Functions of SQLite itself that only compute. Others, such as those that load code or read files, are refused.
#[rustfmt::skip]
const FUNCTIONS: [&str; 119] = [
    "->", "->>", "abs", "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "avg", "ceil", "ceiling",
    "changes", "char", "coalesce", "concat", "concat_ws", "cos", "cosh", "count", "cume_dist", "current_date",
    "current_time", "current_timestamp", "date", "datetime", "degrees", "dense_rank", "exp", "first_value",
    "floor", "format", "glob", "group_concat", "hex", "if", "ifnull", "iif", "instr", "json", "json_array",
    "json_array_length", "json_each", "json_error_position", "json_extract", "json_group_array",
    "json_group_object", "json_insert", "json_object", "json_patch", "json_pretty", "json_quote", "json_remove",
    "json_replace", "json_set", "json_tree", "json_type", "json_valid", "julianday", "lag", "last_value",
    "lead", "length", "like", "likelihood", "likely", "ln", "log", "log10", "log2", "lower", "ltrim", "match",
    "max", "min", "mod", "nth_value", "ntile", "nullif", "octet_length", "percent_rank", "pi", "pow", "power",
    "printf", "quote", "radians", "random", "rank", "replace", "round", "row_number", "rtrim", "sign", "sin",
    "sinh", "soundex", "sqlite_version", "sqrt", "strftime", "string_agg", "substr", "substring", "subtype",
    "sum", "tan", "tanh", "time", "timediff", "total", "trim", "trunc", "typeof", "unhex", "unicode",
    "unixepoch", "unlikely", "upper",
];

fn authorize(context: AuthContext<'_>) -> Authorization {
    let allowed = match context.action {
        AuthAction::Select | AuthAction::Read { .. } | AuthAction::Recursive => true,
        AuthAction::Function { function_name } => {
            FUNCTIONS.contains(&function_name.to_ascii_lowercase().as_str())
        }
        _ => false,
    };
    if allowed {
        Authorization::Allow
    } else {
        Authorization::Deny
    }
}

/// The kind that a declared type speaks of; SQLite itself takes any word.
fn declared_kind(declared: &str) -> ColumnKind {
    let has = |words: &[&str]| words.iter().any(|word| declared.contains(word));
    if has(&["bool"]) {
        ColumnKind::Bool
    } else if has(&["timestamp", "date"]) {
        ColumnKind::Timestamp
    } else if has(&["interval"]) {
        ColumnKind::Interval
    } else if has(&["int"]) {
        ColumnKind::Integer
    } else if has(&["real", "floa", "doub", "num", "dec"]) {
        ColumnKind::Number
    } else if has(&["uuid"]) {
        ColumnKind::Uuid
    } else if has(&["json"]) {
        ColumnKind::Json
    } else if has(&["blob"]) {
        ColumnKind::Bytes
    } else {
        ColumnKind::Text
    }
}

/// An expression has no declared type; its first value says what it is.
fn take_kinds_from(row: &rusqlite::Row<'_>, columns: &mut [Column]) {
    for (index, column) in columns.iter_mut().enumerate() {
        if !column.type_name.is_empty() {
            continue;
        }
        let (kind, type_name) = match row.get_ref(index) {
            Ok(ValueRef::Integer(_)) => (ColumnKind::Integer, "integer"),
            Ok(ValueRef::Real(_)) => (ColumnKind::Number, "real"),
            Ok(ValueRef::Blob(_)) => (ColumnKind::Bytes, "blob"),
            Ok(ValueRef::Text(_)) => (ColumnKind::Text, "text"),
            Ok(ValueRef::Null) | Err(_) => continue,
        };
        column.kind = kind;
        type_name.clone_into(&mut column.type_name);
    }
}

fn cell(kind: ColumnKind, value: ValueRef<'_>) -> Option<Cow<'_, [u8]>> {
    Some(match value {
        ValueRef::Null => return None,
        ValueRef::Integer(0) if kind == ColumnKind::Bool => Cow::Borrowed(b"false"),
        ValueRef::Integer(1) if kind == ColumnKind::Bool => Cow::Borrowed(b"true"),
        ValueRef::Integer(number) => Cow::Owned(number.to_string().into_bytes()),
        ValueRef::Real(number) if number.is_infinite() => Cow::Borrowed(if number > 0.0 {
            b"Infinity".as_slice()
        } else {
            b"-Infinity"
        }),
        ValueRef::Real(number) => Cow::Owned(format!("{number:?}").into_bytes()),
        ValueRef::Text(text) => Cow::Borrowed(text),
        ValueRef::Blob(bytes) => {
            let mut hex = String::with_capacity(2 + bytes.len() * 2);
            hex.push_str("\\x");
            for byte in bytes {
                for digit in [byte >> 4, byte & 15] {
                    hex.extend(char::from_digit(u32::from(digit), 16));
                }
            }
            Cow::Owned(hex.into_bytes())
        }
    })
}
