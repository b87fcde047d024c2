//! Connections: few, made when needed, used again, and closed rather than used in doubt.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Row};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::failure::{Failure, words};
use super::settings::PostgresSettings;
use crate::model::limits;

/// Connections that one source uses at the same time; the next query waits.
const CONNECTIONS: usize = 3;
/// A connection that was kept for longer is closed instead of used: what lies between here and the server may have
/// forgotten it, and would not say so.
const IDLE_MAX: Duration = Duration::from_secs(300);

/// The connections of one source.
#[derive(Debug)]
pub(super) struct Sessions {
    settings: PostgresSettings,
    /// With the time since when each is kept.
    idle: Mutex<Vec<(Session, Instant)>>,
    permits: Semaphore,
}

/// A connection and the server's process behind it.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) connection: PgConnection,
    /// What `pg_cancel_backend` takes.
    pub(super) pid: i32,
}

/// A session in use. Dropped, its connection closes; only [`Lease::give_back`] keeps it.
#[derive(Debug)]
pub(super) struct Lease<'a> {
    pub(super) session: Session,
    sessions: &'a Sessions,
    _permit: SemaphorePermit<'a>,
}

impl Sessions {
    pub(super) fn new(settings: PostgresSettings) -> Self {
        Self {
            settings,
            idle: Mutex::new(Vec::new()),
            permits: Semaphore::new(CONNECTIONS),
        }
    }

    /// Has a connection ready for the next query. Sends what it takes to log in, and begins no transaction.
    pub(super) async fn warm(&self) -> Result<(), Failure> {
        // When all are in use, the next query gets one of those.
        let Ok(_permit) = self.permits.try_acquire() else {
            return Ok(());
        };
        if let Some(session) = self.take_idle() {
            self.keep(session);
            return Ok(());
        }
        let session = self.connect().await?;
        self.keep(session);
        Ok(())
    }

    /// A session in a read-only transaction whose snapshot is taken, with every time-out set. A kept connection that
    /// turns out dead, or does not answer, is replaced once: nothing of the operator's has been sent on it.
    pub(super) async fn begin(&self, statement_timeout: Duration) -> Result<Lease<'_>, Failure> {
        self.begin_with(&setup(statement_timeout)).await
    }

    /// A session in a transaction that may write, for one statement.
    pub(super) async fn begin_write(
        &self,
        statement_timeout: Duration,
    ) -> Result<Lease<'_>, Failure> {
        self.begin_with(&setup_write(statement_timeout)).await
    }

    async fn begin_with(&self, setup: &str) -> Result<Lease<'_>, Failure> {
        let permit = self
            .permits
            .acquire()
            .await
            .map_err(|error| self.unreachable(error.to_string(), None))?;
        if let Some(mut session) = self.take_idle() {
            let begun = run(&mut session.connection, setup);
            match tokio::time::timeout(limits::CONNECT_TIMEOUT, begun).await {
                Ok(Ok(())) => {
                    return Ok(Lease {
                        session,
                        sessions: self,
                        _permit: permit,
                    });
                }
                Ok(Err(error)) if !error.is_broken() => return Err(error),
                Ok(Err(_)) | Err(_) => self.lock().clear(),
            }
        }
        let mut session = self.connect().await?;
        run(&mut session.connection, setup).await?;
        Ok(Lease {
            session,
            sessions: self,
            _permit: permit,
        })
    }

    /// Asks the server to stop what another session runs; true when it found that session.
    pub(super) async fn cancel(&self, pid: i32) -> Result<bool, Failure> {
        let mut session = match self.take_idle() {
            Some(session) => session,
            None => self.connect().await?,
        };
        let row = sqlx::query("SELECT pg_cancel_backend($1)")
            .bind(pid)
            .fetch_one(&mut session.connection)
            .await?;
        self.keep(session);
        Ok(row.try_get(0)?)
    }

    /// A new connection, outside the count: to cancel must work when all are busy.
    async fn connect(&self) -> Result<Session, Failure> {
        let password = match self.settings.password.clone() {
            Some(password) => Some(
                tokio::task::spawn_blocking(move || password.resolve())
                    .await
                    .map_err(|_| self.unreachable("the password could not be read".into(), None))?
                    .map_err(|reason| self.unreachable(reason, None))?,
            ),
            None => None,
        };
        let options = self.settings.options(password.as_deref());
        let opened = tokio::time::timeout(limits::CONNECT_TIMEOUT, open(&options)).await;
        match opened {
            Ok(Ok(session)) => Ok(session),
            Ok(Err(error)) => {
                let code = error
                    .as_database_error()
                    .and_then(sqlx::error::DatabaseError::code)
                    .map(std::borrow::Cow::into_owned);
                Err(self.unreachable(words(&error), code))
            }
            Err(_) => Err(self.unreachable(
                format!("no answer within {:?}", limits::CONNECT_TIMEOUT),
                None,
            )),
        }
    }

    fn unreachable(&self, reason: String, code: Option<String>) -> Failure {
        Failure::Connect {
            place: self.settings.place(),
            reason,
            code,
        }
    }

    fn take_idle(&self) -> Option<Session> {
        let mut idle = self.lock();
        idle.retain(|(_, since)| since.elapsed() < IDLE_MAX);
        idle.pop().map(|(session, _)| session)
    }

    fn keep(&self, session: Session) {
        let mut idle = self.lock();
        if idle.len() < CONNECTIONS {
            idle.push((session, Instant::now()));
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<(Session, Instant)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lease<'_> {
    /// Ends the transaction and keeps the connection for the next query.
    pub(super) async fn give_back(mut self) {
        let ended = tokio::time::timeout(
            limits::CONNECT_TIMEOUT,
            run(&mut self.session.connection, "ROLLBACK"),
        );
        if matches!(ended.await, Ok(Ok(()))) {
            self.sessions.keep(self.session);
        }
    }
}

async fn open(options: &PgConnectOptions) -> Result<Session, sqlx::Error> {
    let mut connection = options.connect().await?;
    let row = sqlx::raw_sql("SELECT pg_backend_pid()")
        .fetch_one(&mut connection)
        .await;
    let pid = row.and_then(|row| {
        let value = row.try_get_raw(0)?;
        value
            .as_str()
            .map_err(sqlx::Error::Decode)?
            .parse()
            .map_err(|error| sqlx::Error::Decode(Box::new(error)))
    });
    match pid {
        Ok(pid) => Ok(Session { connection, pid }),
        Err(error) => {
            let _ = connection.close_hard().await;
            Err(error)
        }
    }
}

/// One round trip. The first SELECT takes the snapshot; after it the transaction cannot be made writable any more.
/// `statement_timeout` counts for each fetch and stands behind the program's own deadline.
fn setup(statement_timeout: Duration) -> String {
    format!(
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {}; SELECT 1",
        settings(statement_timeout)
    )
}

/// A write looks at rows as they are when it runs, and waits for a lock no longer than a read.
fn setup_write(statement_timeout: Duration) -> String {
    format!(
        "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; {}",
        settings(statement_timeout)
    )
}

fn settings(statement_timeout: Duration) -> String {
    let behind = statement_timeout + Duration::from_secs(2);
    format!(
        "SET LOCAL statement_timeout = {statement}; \
         SET LOCAL lock_timeout = {lock}; \
         SET LOCAL idle_in_transaction_session_timeout = {statement}; \
         SET LOCAL standard_conforming_strings = on; \
         SET LOCAL intervalstyle = 'postgres'; \
         SET LOCAL bytea_output = 'hex'",
        statement = behind.as_millis().min(i32::MAX as u128),
        lock = limits::LOCK_TIMEOUT.as_millis(),
    )
}

/// Statements of our own, without binds.
pub(super) async fn run(connection: &mut PgConnection, text: &str) -> Result<(), Failure> {
    sqlx::raw_sql(AssertSqlSafe(text.to_owned()))
        .execute(connection)
        .await?;
    Ok(())
}
