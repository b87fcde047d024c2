//! Where questions go: one trait, one file a source, one table of all kinds (`registry::REGISTRY`).
//!
//! A source plans without side effects and runs what was planned, nothing else. It never decides whether it may run
//! (that is the engine's), never writes to the record, and never draws.

pub mod azure;
pub mod chart;
pub mod health;
pub mod http;
pub mod mask;
pub mod planner;
pub mod postgres;
pub mod prometheus;
pub mod registry;
pub mod secrets;
pub mod shell;
pub mod simulated;
pub mod spill;
pub mod sqlite;
pub mod table_file;
pub mod webhook;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use health::{Fit, Health};

use crate::model::playbook::Action;
use crate::model::request::{Chunk, Outcome, PlanContext, PlanError, Request, RunError};

/// A place that answers questions of one kind.
pub trait Source: Send + Sync {
    /// Turns an action and its inputs into the exact request. Pure: no IO, no clock, no secret. A walkthrough is this.
    fn plan(&self, action: &Action, context: &PlanContext) -> Result<Request, PlanError>;

    /// Completes a plan with what only the server knows, such as the types of bound parameters. Sends no user's
    /// statement for execution. Sources that need nothing return the request as it is.
    fn describe(&self, request: Request) -> BoxFuture<'_, Result<Request, PlanError>> {
        Box::pin(async move { Ok(request) })
    }

    /// Makes ready what the next run needs before it can send anything, such as a connection; called while the operator
    /// reads what was planned. Sends nothing of an action and begins no transaction. What fails here fails in the run.
    fn warm(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }

    /// Signs in where that may need the operator and so take minutes: called before every run, whose time begins afterwards. Most sources have nothing to do.
    fn sign_in<'a>(
        &'a self,
        sink: &'a Sink,
        cancel: &'a CancellationToken,
    ) -> BoxFuture<'a, Result<(), RunError>> {
        let _ = (sink, cancel);
        Box::pin(async { Ok(()) })
    }

    /// Runs a planned request and streams what comes back to the sink. Ends on cancel and at the request's time-out by
    /// itself, after telling the server to stop. A write is sent once, whatever happens: an end that is in doubt is
    /// `RunError::Unknown`, and an SQL write without a ceiling is refused.
    fn run<'a>(
        &'a self,
        request: &'a Request,
        sink: &'a Sink,
        context: RunContext,
    ) -> BoxFuture<'a, Result<Outcome, RunError>>;

    /// Whether the role it works as can only read, for sources where a role decides that; none for others and when the
    /// source cannot be asked.
    fn read_only(&self) -> BoxFuture<'_, Option<bool>> {
        Box::pin(async { None })
    }

    /// How the source is, for `doctor`: reached, as whom, able to write. Sends nothing of a playbook.
    fn health(&self) -> BoxFuture<'_, Health> {
        Box::pin(async { Health::default() })
    }

    /// Whether a planned request fits what is really there: names, types, syntax. Nothing is run.
    fn fit<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Fit> {
        let _ = request;
        Box::pin(async { Fit::Planned("planned".to_owned()) })
    }

    /// Where it is and as whom, for people: the same text as [`Request::target`].
    fn target(&self) -> String;
}

/// A source shared between tasks.
pub type SharedSource = Arc<dyn Source>;

/// What a run is given beside its request.
#[derive(Debug, Clone)]
pub struct RunContext {
    /// Set when the operator cancels or the program ends.
    pub cancel: CancellationToken,
    /// Time left; the request's time-out or less.
    pub deadline: Duration,
    /// Where a script that changes something writes, so that it can go on without the program.
    pub output_folder: PathBuf,
}

/// Where a run puts what it gets. Bounded: a slow screen slows the source down, it never fills memory.
#[derive(Debug, Clone)]
pub struct Sink(mpsc::Sender<Chunk>);

impl Sink {
    /// A sink that hands its chunks to `sender`.
    pub fn new(sender: mpsc::Sender<Chunk>) -> Self {
        Self(sender)
    }

    /// Hands over a chunk, waiting for room. A receiver that is gone means nobody looks any more: cancel is on its way.
    pub async fn send(&self, chunk: Chunk) {
        let _ = self.0.send(chunk).await;
    }
}
