//! One write: a transaction of its own, its rows counted, committed only within the ceiling.
//!
//! A statement is sent once. Until COMMIT was sent nothing can have been changed; from then on only the server's answer
//! says what happened, and without one the outcome is unknown.

use std::sync::OnceLock;
use std::time::Duration;

use futures_util::stream::TryStreamExt;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Either, Executor, Row as _};
use tokio_util::sync::CancellationToken;

use super::failure::Failure;
use super::session::{Lease, run};
use super::stream::{CURSOR_PREFIX, ResultRows, Run, columns, fetch};
use super::{CANCEL_GRACE, Postgres};
use crate::model::limits;
use crate::model::request::{Outcome, RunError};
use crate::model::table::Column;
use crate::sources::Sink;
use crate::sql::StatementKind;

/// A statement and how many rows it may touch.
#[derive(Debug)]
pub(super) struct Write<'a> {
    pub(super) run: Run<'a>,
    pub(super) ceiling: u64,
}

/// How a write ended without being committed, or without saying whether it was.
#[derive(Debug)]
enum End {
    /// A step failed; with the number of characters before the statement.
    Failed(Failure, usize),
    /// It touched more rows than it may.
    Above(u64),
    /// It was told to stop before COMMIT was sent.
    Stopped,
}

impl End {
    fn plain(failure: impl Into<Failure>) -> Self {
        Self::Failed(failure.into(), 0)
    }
}

/// Set when COMMIT is about to be sent: the transaction's number, for who has to ask the server what became of it.
type Commit = OnceLock<Option<String>>;

impl Write<'_> {
    async fn execute(
        &self,
        connection: &mut PgConnection,
        sink: &Sink,
        stop: &CancellationToken,
        commit: &Commit,
    ) -> Result<Outcome, End> {
        let stopped = || {
            if stop.is_cancelled() {
                Err(End::Stopped)
            } else {
                Ok(())
            }
        };
        let (touched, kept) = if self.run.kind == StatementKind::Query {
            self.calls(connection).await?
        } else {
            self.statement(connection).await?
        };
        if touched > self.ceiling {
            return Err(End::Above(touched));
        }
        stopped()?;
        let number = transaction(connection).await.map_err(End::plain)?;
        stopped()?;
        let _ = commit.set(number);
        run(connection, "COMMIT").await.map_err(End::plain)?;
        let mut outcome = Outcome::default();
        if let Some((result, columns)) = kept {
            // It is done, whether anybody looks at the rows or not.
            outcome = result.finish(columns, sink, stop).await.unwrap_or(outcome);
        }
        outcome.rows = Some(touched);
        Ok(outcome)
    }

    /// A statement that changes rows. What it returns arrives as text: the driver alone would get it in binary.
    async fn statement(
        &self,
        connection: &mut PgConnection,
    ) -> Result<(u64, Option<(ResultRows, Vec<Column>)>), End> {
        let statement = self.run.statement;
        let returned = columns(connection, statement).await.map_err(End::plain)?;
        if returned.is_empty() {
            let query = self.run.query(statement.to_owned());
            let done = query
                .execute(connection)
                .await
                .map_err(|error| End::Failed(error.into(), 0))?;
            return Ok((done.rows_affected(), None));
        }
        let names: Vec<String> = (0..returned.len())
            .map(|index| format!("c{index}"))
            .collect();
        let prefix = format!("WITH quarterdeck({}) AS (", names.join(", "));
        let cast: Vec<String> = names.iter().map(|name| format!("{name}::text")).collect();
        let text = format!(
            "{prefix}{statement}\n) SELECT {} FROM quarterdeck",
            cast.join(", ")
        );
        let failed = |failure: Failure| End::Failed(failure, prefix.chars().count());
        let mut result = ResultRows::create(&self.run, &returned).map_err(failed)?;
        let mut touched = 0;
        let mut arriving = connection.fetch_many(self.run.query(text));
        while let Some(part) = arriving
            .try_next()
            .await
            .map_err(|error| failed(error.into()))?
        {
            match part {
                // Past a cap of what is kept, the rows are counted all the same.
                Either::Right(row) => drop(result.keep(&row).map_err(failed)?),
                Either::Left(done) => touched += done.rows_affected(),
            }
        }
        Ok((touched, Some((result, returned))))
    }

    /// A query that the playbook declares a write: its functions act as its rows are fetched, so no more rows are
    /// fetched than it may touch and one.
    async fn calls(
        &self,
        connection: &mut PgConnection,
    ) -> Result<(u64, Option<(ResultRows, Vec<Column>)>), End> {
        let failed = |failure: Failure| End::Failed(failure, CURSOR_PREFIX.chars().count());
        let returned = columns(connection, self.run.statement)
            .await
            .map_err(End::plain)?;
        let mut result = ResultRows::create(&self.run, &returned).map_err(failed)?;
        let declare = format!("{CURSOR_PREFIX}{}", self.run.statement);
        self.run
            .query(declare)
            .execute(&mut *connection)
            .await
            .map_err(|error| failed(error.into()))?;
        let mut touched = 0;
        loop {
            let wanted = limits::FETCH_ROWS.min((self.ceiling - touched).saturating_add(1));
            let mut seen = 0;
            let mut rows = fetch(connection, wanted);
            while let Some(row) = rows
                .try_next()
                .await
                .map_err(|error| failed(error.into()))?
            {
                seen += 1;
                let _ = result.keep(&row).map_err(failed)?;
            }
            touched += seen;
            if seen < wanted || touched > self.ceiling {
                return Ok((touched, Some((result, returned))));
            }
        }
    }

    /// Its functions may have done things that no ROLLBACK undoes.
    fn acts_outside(&self) -> bool {
        self.run.kind == StatementKind::Query
    }
}

/// The number of the running transaction; none while it has changed nothing.
async fn transaction(connection: &mut PgConnection) -> Result<Option<String>, Failure> {
    let asked = "SELECT pg_catalog.txid_current_if_assigned()::text";
    let row = sqlx::raw_sql(AssertSqlSafe(asked.to_owned()))
        .fetch_one(connection)
        .await?;
    Ok(row.try_get(0)?)
}

impl Postgres {
    /// Runs a write on a session whose transaction was begun, and tells the server to stop when it is time.
    pub(super) async fn write_on(
        &self,
        mut lease: Lease<'_>,
        write: &Write<'_>,
        sink: &Sink,
        time: Duration,
        until: impl Future<Output = RunError>,
    ) -> Result<Outcome, RunError> {
        let pid = lease.session.pid;
        let stop = CancellationToken::new();
        let commit = Commit::new();
        let ended = {
            let work = write.execute(&mut lease.session.connection, sink, &stop, &commit);
            tokio::pin!(work);
            tokio::select! {
                // What is done is done, even when the order to stop comes in the same moment.
                biased;
                ended = &mut work => ended,
                reason = until => {
                    stop.cancel();
                    let tell = async {
                        // A COMMIT under way is not cancelled: only its own answer says what happened.
                        if commit.get().is_none() {
                            let told = self.sessions.cancel(pid);
                            let _ = tokio::time::timeout(CANCEL_GRACE, told).await;
                        }
                    };
                    let listen = tokio::time::timeout(CANCEL_GRACE, &mut work);
                    let ((), ended) = tokio::join!(tell, listen);
                    // The connection is not kept: closing it rolls back what was not committed.
                    return match ended {
                        Ok(Ok(outcome)) => Ok(outcome),
                        Ok(Err(End::Failed(failure, _))) if commit.get().is_some() => {
                            Err(self.commit_failed(&failure, &commit))
                        }
                        Err(_) if commit.get().is_some() => Err(self.unknown(&commit, "its answer did not come in time")),
                        Ok(Err(_)) | Err(_) if write.acts_outside() => Err(outside(&reason.to_string())),
                        Ok(Err(_)) | Err(_) => Err(reason),
                    };
                }
            }
        };
        match ended {
            Ok(outcome) => {
                lease.give_back().await;
                Ok(outcome)
            }
            Err(End::Above(rows)) => {
                lease.give_back().await;
                Err(above(rows, write))
            }
            Err(End::Stopped) => Err(RunError::Cancelled),
            Err(End::Failed(failure, _)) if commit.get().is_some() => {
                Err(self.commit_failed(&failure, &commit))
            }
            Err(End::Failed(failure, prefix)) => {
                let broken = failure.is_broken();
                if !broken {
                    lease.give_back().await;
                }
                if broken && write.acts_outside() {
                    return Err(outside(&failure.to_string()));
                }
                Err(if failure.is_statement_timeout() {
                    RunError::TimedOut(time)
                } else {
                    nothing_changed(failure.into_run_error(prefix))
                })
            }
        }
    }

    /// A server that refuses to commit says so, and then nothing was changed; anything else says nothing.
    fn commit_failed(&self, failure: &Failure, commit: &Commit) -> RunError {
        if failure.is_refusal() {
            return nothing_changed(RunError::Failed {
                message: format!("the server refused to commit: {failure}"),
                code: failure.server().map(|error| error.code().to_owned()),
                position: None,
            });
        }
        self.unknown(commit, &failure.to_string())
    }

    fn unknown(&self, commit: &Commit, why: &str) -> RunError {
        let check = match commit.get() {
            Some(Some(number)) => {
                format!("ask the server with SELECT txid_status({number})")
            }
            _ => "look at the rows".to_owned(),
        };
        RunError::Unknown(format!(
            "COMMIT was sent to {} and not answered ({why}): it may have happened or not; {check}, and do not send it again before you know",
            self.settings.place()
        ))
    }
}

fn above(rows: u64, write: &Write<'_>) -> RunError {
    let ceiling = write.ceiling;
    if write.acts_outside() {
        return outside(&format!(
            "it returned more than {ceiling} rows, the ceiling, and was rolled back"
        ));
    }
    RunError::failed(format!(
        "it would touch {rows} rows, the ceiling is {ceiling}: nothing was changed"
    ))
}

/// For a query that calls functions: ended sessions stay ended.
fn outside(why: &str) -> RunError {
    RunError::Unknown(format!(
        "{why}; what its functions did outside the transaction by then is not undone: look what they did"
    ))
}

fn nothing_changed(error: RunError) -> RunError {
    match error {
        RunError::Failed {
            message,
            code,
            position,
        } => RunError::Failed {
            message: format!("{message}: nothing was changed"),
            code,
            position,
        },
        other => other,
    }
}
