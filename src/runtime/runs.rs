//! Plans and runs as tasks: each run ends with exactly one event, whatever becomes of its task.
//!
//! Whether something may be sent was decided before; here it is sent.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::events::Events;
use crate::engine::event::EventKind;
use crate::model::ids::RunId;
use crate::model::limits;
use crate::model::playbook::{Action, Language};
use crate::model::request::{Chunk, Outcome, PlanContext, PlanError, Request, RunError};
use crate::sources::registry::Sources;
use crate::sources::{RunContext, SharedSource, Sink};

/// A source ends by itself at its deadline; this long after it, and after a cancel, it is dropped.
const BACKSTOP: Duration = Duration::from_secs(5);

/// Runs of an incident that can be cancelled.
#[derive(Default)]
pub struct Runs {
    all: CancellationToken,
    each: HashMap<RunId, CancellationToken>,
}

impl Runs {
    /// Runs that end when `above` is cancelled.
    pub fn below(above: &CancellationToken) -> Self {
        Self {
            all: above.child_token(),
            each: HashMap::new(),
        }
    }

    /// Begins a run and gives its token.
    pub fn begin(&mut self, run: RunId) -> CancellationToken {
        let token = self.all.child_token();
        self.each.insert(run, token.clone());
        token
    }

    /// Stops a run; its `Finished` still comes.
    pub fn cancel(&self, run: RunId) {
        if let Some(token) = self.each.get(&run) {
            token.cancel();
        }
    }

    /// The run has ended.
    pub fn forget(&mut self, run: RunId) {
        self.each.remove(&run);
    }

    /// Stops everything.
    pub fn cancel_all(&self) {
        self.all.cancel();
    }
}

/// Plans an action and lets its source complete the plan.
pub async fn plan(
    run: RunId,
    action: Box<Action>,
    context: PlanContext,
    sources: Arc<Sources>,
    events: Events,
) {
    let planned = async {
        let source = sources.resolve(&action)?;
        let request = source.plan(&action, &context)?;
        source.describe(request).await
    };
    let result = within(limits::PLAN_TIMEOUT, planned).await.unwrap_or_else(|| {
        Err(PlanError::Refused(format!(
            "the source did not describe the request within {} s: try again, or look whether it is up",
            limits::PLAN_TIMEOUT.as_secs()
        )))
    });
    let result = result.map(Box::new);
    events.send(EventKind::Planned { run, result }).await;
}

/// Sends a request; every chunk and exactly one `Finished` go to the loop.
pub async fn run(
    run: RunId,
    request: Box<Request>,
    sources: Arc<Sources>,
    cancel: CancellationToken,
    events: Events,
) {
    let source = sources
        .iter()
        .find(|(name, _)| **name == request.source)
        .map(|(_, configured)| SharedSource::clone(&configured.source));
    let result = match source {
        Some(source) => run_on(source, run, request, cancel, &events).await,
        None => Err(RunError::failed(format!(
            "the profile has no source {} any more: plan the action again",
            request.source
        ))),
    };
    events.send(EventKind::Finished { run, result }).await;
}

async fn run_on(
    source: SharedSource,
    run: RunId,
    request: Box<Request>,
    cancel: CancellationToken,
    events: &Events,
) -> Result<Outcome, RunError> {
    let (sender, mut chunks) = mpsc::channel(limits::CHUNKS);
    let deadline = request.timeout.min(limits::TIMEOUT_MAX);
    let context = RunContext {
        cancel: cancel.clone(),
        deadline,
    };
    let mut work =
        tokio::spawn(async move { source.run(&request, &Sink::new(sender), context).await });
    let late = tokio::time::sleep(deadline + BACKSTOP);
    let deaf = async {
        cancel.cancelled().await;
        tokio::time::sleep(BACKSTOP).await;
    };
    tokio::pin!(late, deaf);
    let result = loop {
        tokio::select! {
            // The ends first: a source that floods us must not outrun its own time-out.
            biased;
            () = &mut late => {
                work.abort();
                break Err(RunError::TimedOut(deadline));
            }
            () = &mut deaf => {
                work.abort();
                break Err(RunError::Unknown("the source did not confirm the cancel".into()));
            }
            Some(chunk) = chunks.recv() => arrived(events, run, chunk).await,
            ended = &mut work => break ended.unwrap_or_else(|error| {
                Err(RunError::Unknown(format!("the task of the source ended early: {error}")))
            }),
        }
    };
    while let Ok(chunk) = chunks.try_recv() {
        arrived(events, run, chunk).await;
    }
    result
}

async fn arrived(events: &Events, run: RunId, chunk: Chunk) {
    events.send(EventKind::Arrived { run, chunk }).await;
}

async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(limit, work).await.ok()
}

/// Asks every source whether its role can only read. One that cannot be asked leaves the answer open.
pub async fn probe(sources: Arc<Sources>, events: Events) {
    let mut all = None;
    for (_, configured) in sources.iter() {
        match configured.source.read_only().await {
            Some(true) => all = all.or(Some(true)),
            Some(false) => all = Some(false),
            None if configured.kind.languages.contains(&Language::Sql) => return,
            None => {}
        }
    }
    events.send(EventKind::SourcesProbed(all)).await;
}
