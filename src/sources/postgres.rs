//! PostgreSQL: one statement a run, in a read-only transaction that ends as soon as the rows are on disk.
//!
//! A run that is cancelled or out of time is cancelled on the server as well, from a second connection. A write that
//! came through its gate runs in a transaction of its own (see `write`); a read never does.

mod blind;
pub(in crate::sources) mod column;
mod describe;
mod failure;
mod health;
mod kind;
mod probe;
mod session;
mod settings;
mod stream;
mod write;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;

pub use kind::KIND;
pub use probe::{NAMES, RoleReport};
pub use settings::{Password, PostgresSettings, SslMode};

use self::failure::Failure;
use self::session::{Lease, Sessions};
use self::stream::Run;
use self::write::Write;
use super::health::{Fit, Health};
use super::planner::{self, Planner, types};
use super::secrets::{Secrets, masked};
use super::{RunContext, Sink, Source, registry};
use crate::config::environment::Environment;
use crate::model::ids::SourceName;
use crate::model::limits;
use crate::model::playbook::{Action, Effect};
use crate::model::request::{Outcome, PlanContext, PlanError, Request, RunError};
use crate::sql::{self, Dialect, StatementKind};

/// How long the server may take to confirm that a cancelled statement ended.
const CANCEL_GRACE: Duration = Duration::from_secs(5);
/// Time for questions of our own: types of parameters, rights of the role.
const QUESTION_TIME: Duration = Duration::from_secs(5);

/// A PostgreSQL server and the role to log in with. Connects when first needed.
#[derive(Debug)]
pub struct Postgres {
    planner: Planner,
    settings: PostgresSettings,
    sessions: Sessions,
    role: OnceCell<RoleReport>,
    environment: Arc<Environment>,
}

impl Postgres {
    /// A source that has not connected yet.
    pub fn new(name: SourceName, settings: PostgresSettings) -> Self {
        Self {
            planner: settings.planner(name),
            sessions: Sessions::new(settings.clone()),
            settings,
            role: OnceCell::new(),
            environment: Arc::default(),
        }
    }

    /// The same source, with the environment from which secret inputs are fetched.
    #[must_use]
    pub fn with_environment(mut self, environment: Arc<Environment>) -> Self {
        self.environment = environment;
        self
    }

    /// What the role may do; asked for once. Fails when the server cannot be reached or does not answer.
    pub async fn probe(&self) -> Result<RoleReport, RunError> {
        let probe = self.role.get_or_try_init(|| async {
            let mut lease = self.sessions.begin(QUESTION_TIME).await?;
            let report =
                probe::probe(&mut lease.session.connection, &self.settings.database).await?;
            lease.give_back().await;
            Ok::<_, Failure>(report)
        });
        match tokio::time::timeout(QUESTION_TIME, probe).await {
            Ok(report) => report.cloned().map_err(|failure| failure.into_run_error(0)),
            Err(_) => Err(RunError::TimedOut(QUESTION_TIME)),
        }
    }

    /// Runs on a session that was begun, and tells the server to stop when it is time.
    async fn run_on(
        &self,
        mut lease: Lease<'_>,
        run: &Run<'_>,
        sink: &Sink,
        time: Duration,
        until: impl Future<Output = RunError>,
    ) -> Result<Outcome, RunError> {
        let pid = lease.session.pid;
        let stop = CancellationToken::new();
        let role = self.settings.user.as_str();
        let ended = {
            let work = async {
                let connection = &mut lease.session.connection;
                let blind = if run.judged {
                    let asked = blind::blind(connection, run, role).await;
                    asked.map_err(|failure| (failure, 0))?
                } else {
                    None
                };
                let outcome = run.stream(connection, sink, &stop).await?;
                Ok(Outcome { blind, ..outcome })
            };
            tokio::pin!(work);
            tokio::select! {
                // What is done is done, even when the order to stop comes in the same moment.
                biased;
                ended = &mut work => ended,
                reason = until => {
                    stop.cancel();
                    let (told, ended) = tokio::join!(
                        tokio::time::timeout(CANCEL_GRACE, self.sessions.cancel(pid)),
                        tokio::time::timeout(CANCEL_GRACE, &mut work),
                    );
                    // The connection is not kept: a cancel that comes late would hit its next query.
                    return Err(match (told, ended) {
                        (_, Ok(_)) => reason,
                        (told, Err(_)) => not_confirmed(pid, told.is_ok_and(|told| told.is_ok())),
                    });
                }
            }
        };
        match ended {
            Ok(mut outcome) => {
                // Of a judged query the server itself has said whether rows are hidden.
                if !run.judged || run.kind != StatementKind::Query {
                    outcome.partial = self.hidden_rows(&mut lease, run.statement).await;
                }
                lease.give_back().await;
                Ok(outcome)
            }
            Err((failure, prefix)) => {
                if !failure.is_broken() {
                    lease.give_back().await;
                }
                Err(if failure.is_statement_timeout() {
                    RunError::TimedOut(time)
                } else {
                    failure.into_run_error(prefix)
                })
            }
        }
    }

    /// Gives bare parameters the types that the server takes in their places.
    async fn with_types(&self, request: Request) -> Result<Request, PlanError> {
        if !types::is_needed(&request) {
            return Ok(request);
        }
        let asked = async {
            let mut lease = self
                .sessions
                .begin(QUESTION_TIME)
                .await
                .map_err(|failure| PlanError::Refused(failure.to_string()))?;
            let described = describe::describe(&mut lease.session.connection, request).await;
            lease.give_back().await;
            described
        };
        tokio::time::timeout(limits::CONNECT_TIMEOUT + QUESTION_TIME, asked)
            .await
            .unwrap_or_else(|_| {
                Err(PlanError::Refused(format!(
                    "{} did not say in time what types the inputs take: try again",
                    self.target()
                )))
            })
    }

    /// Says so when row security may have hidden rows of a table that the statement names: "no rows" is then no proof.
    async fn hidden_rows(&self, lease: &mut Lease<'_>, statement: &str) -> Option<String> {
        let report = if let Some(report) = self.role.get() {
            report.clone()
        } else {
            // Not through the cell's own initialiser: another one may be waiting for the connection held here.
            let asked = probe::probe(&mut lease.session.connection, &self.settings.database);
            let report = tokio::time::timeout(QUESTION_TIME, asked)
                .await
                .ok()?
                .ok()?;
            let _ = self.role.set(report.clone());
            report
        };
        let tokens = sql::lexer::tokens(statement, Dialect::Postgres).ok()?;
        let named: Vec<&str> = report
            .filtered_tables
            .iter()
            .map(String::as_str)
            .filter(|table| {
                let last = table.rsplit('.').next().unwrap_or(table).trim_matches('"');
                tokens.iter().any(|token| {
                    token
                        .text(statement)
                        .trim_matches('"')
                        .eq_ignore_ascii_case(last)
                })
            })
            .collect();
        (!named.is_empty()).then(|| {
            format!(
                "row security may hide rows of {} from {}",
                named.join(", "),
                report.role
            )
        })
    }
}

impl Source for Postgres {
    fn read_only(&self) -> BoxFuture<'_, Option<bool>> {
        Box::pin(async { self.probe().await.ok().map(|role| role.read_only) })
    }

    fn plan(&self, action: &Action, context: &PlanContext) -> Result<Request, PlanError> {
        self.planner.plan(action, context)
    }

    fn describe(&self, request: Request) -> BoxFuture<'_, Result<Request, PlanError>> {
        Box::pin(async move {
            let mut request = self.with_types(request).await?;
            if request.effect == Effect::Write
                && let Ok(role) = self.probe().await
                && role.read_only
            {
                request.target = format!(
                    "{}; role {} cannot write to any table",
                    request.target, role.role
                );
            }
            Ok(request)
        })
    }

    fn warm(&self) -> BoxFuture<'_, ()> {
        Box::pin(async { drop(self.sessions.warm().await) })
    }

    fn run<'a>(
        &'a self,
        request: &'a Request,
        sink: &'a Sink,
        context: RunContext,
    ) -> BoxFuture<'a, Result<Outcome, RunError>> {
        Box::pin(async move {
            let (statement, kind) = planner::runnable(request, Dialect::Postgres)?;
            let fetching = Secrets::fetch(request, &self.environment);
            let secrets = registry::within_time(&context, request.timeout, fetching).await?;
            let run = Run {
                statement,
                kind,
                judged: request.judged,
                values: request
                    .parameters
                    .iter()
                    .map(|parameter| secrets.value(parameter))
                    .collect(),
                masker: secrets.masker(),
                max_rows: request.limit.clamp(1, self.settings.max_rows.max(1)),
                max_bytes: self.settings.max_bytes,
                spill_folder: &self.settings.spill_folder,
            };
            let time = context.deadline.min(request.timeout);
            let until = async {
                tokio::select! {
                    () = context.cancel.cancelled() => RunError::Cancelled,
                    () = tokio::time::sleep(time) => RunError::TimedOut(time),
                }
            };
            tokio::pin!(until);
            let lease = tokio::select! {
                // Nothing of the operator's runs yet: dropping the attempt closes its connection.
                biased;
                reason = &mut until => return Err(reason),
                lease = async {
                    match request.effect {
                        Effect::Read => self.sessions.begin(time).await,
                        Effect::Write => self.sessions.begin_write(time).await,
                    }
                } => lease.map_err(|failure| failure.into_run_error(0))?,
            };
            let masker = run.masker.clone();
            let ended = match request.effect {
                Effect::Read => self.run_on(lease, &run, sink, time, until).await,
                Effect::Write => {
                    let ceiling = registry::ceiling(request)?;
                    let write = Write { run, ceiling };
                    self.write_on(lease, &write, sink, time, until).await
                }
            };
            ended.map_err(|error| masked(error, masker.as_ref()))
        })
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        Box::pin(self.examine())
    }

    fn fit<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Fit> {
        Box::pin(self.would_take(request))
    }

    fn target(&self) -> String {
        self.planner.target.clone()
    }
}

fn not_confirmed(pid: i32, told: bool) -> RunError {
    RunError::Unknown(format!(
        "{}, and the server did not confirm that its process {pid} ended; it ends by its own time-out",
        if told {
            "the statement was cancelled"
        } else {
            "the statement could not be cancelled"
        }
    ))
}
