//! Plans and runs as tasks: each run ends with exactly one event, whatever becomes of its task.
//!
//! Whether something may be sent was decided before; here it is sent.

use std::collections::HashMap;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::events::Events;
use crate::engine::event::EventKind;
use crate::model::ids::RunId;
use crate::model::limits;
use crate::model::playbook::{Action, Effect, Language};
use crate::model::request::{
    ChartColumns, Chunk, Outcome, PlanContext, PlanError, Request, RunError,
};
use crate::model::table::{Column, Rows};
use crate::sources::chart;
use crate::sources::registry::Sources;
use crate::sources::{RunContext, SharedSource, Sink};

/// A source ends by itself at its deadline; this long after it, and after a cancel, it is dropped.
const BACKSTOP: Duration = Duration::from_secs(5);

/// The same for a write: it may still hear from the server whether a COMMIT under way happened.
const WRITE_BACKSTOP: Duration = Duration::from_secs(15);

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

    /// Begins a run and gives its token. A write is stopped by the operator only: when the process ends by itself, what
    /// changes something is left alone.
    pub fn begin(&mut self, run: RunId, effect: Effect) -> CancellationToken {
        let token = match effect {
            Effect::Read => self.all.child_token(),
            Effect::Write => CancellationToken::new(),
        };
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
        for token in self.each.values() {
            token.cancel();
        }
    }
}

/// Plans an action and lets its source complete the plan. The source gets ready while the operator reads it.
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
    let runs_next = result.is_ok();
    events.send(EventKind::Planned { run, result }).await;
    if let (true, Ok(source)) = (runs_next, sources.resolve(&action)) {
        source.warm().await;
    }
}

/// Sends a request; every chunk and exactly one `Finished` go to the loop. What must outlive the program goes to the folder.
pub async fn run(
    run: RunId,
    request: Box<Request>,
    chart: Option<ChartColumns>,
    (sources, output_folder): (Arc<Sources>, PathBuf),
    cancel: CancellationToken,
    events: Events,
) {
    let result = match sources.of(&request) {
        Some(source) => {
            let mut arrivals = Arrivals::new(run, &events, chart);
            let deadline = request.timeout.min(limits::TIMEOUT_MAX);
            let context = RunContext {
                cancel,
                deadline,
                output_folder,
            };
            let result = run_on(source, request, context, &mut arrivals).await;
            match result {
                Ok(outcome) => arrivals.draw().await.map(|()| outcome),
                Err(error) => Err(error),
            }
        }
        None => Err(RunError::failed(format!(
            "the profile has no source {} any more: plan the action again",
            request.source
        ))),
    };
    events.send(EventKind::Finished { run, result }).await;
}

async fn run_on(
    source: SharedSource,
    request: Box<Request>,
    context: RunContext,
    arrivals: &mut Arrivals<'_>,
) -> Result<Outcome, RunError> {
    let (sender, mut chunks) = mpsc::channel(limits::CHUNKS);
    let (cancel, deadline) = (context.cancel.clone(), context.deadline);
    {
        // Signing in takes as long as the operator takes; the time of the request begins afterwards.
        let sink = Sink::new(sender.clone());
        let signing_in = source.sign_in(&sink, &cancel);
        tokio::pin!(signing_in);
        loop {
            tokio::select! {
                biased;
                Some(chunk) = chunks.recv() => arrivals.hand_on(chunk).await,
                signed_in = &mut signing_in => {
                    signed_in?;
                    break;
                }
            }
        }
    }
    let (backstop, writes) = match request.effect {
        Effect::Read => (BACKSTOP, false),
        Effect::Write => (WRITE_BACKSTOP, true),
    };
    let mut work =
        tokio::spawn(async move { source.run(&request, &Sink::new(sender), context).await });
    let late = tokio::time::sleep(deadline + backstop);
    let deaf = async {
        cancel.cancelled().await;
        tokio::time::sleep(backstop).await;
    };
    tokio::pin!(late, deaf);
    let result = loop {
        tokio::select! {
            // The ends first: a source that floods us must not outrun its own time-out.
            biased;
            () = &mut late => {
                work.abort();
                break Err(if writes {
                    RunError::Unknown(format!(
                        "the source did not end within {} s: it may have happened or not; look there before you send it again",
                        (deadline + backstop).as_secs()
                    ))
                } else {
                    RunError::TimedOut(deadline)
                });
            }
            () = &mut deaf => {
                work.abort();
                break Err(RunError::Unknown("the source did not confirm the cancel".into()));
            }
            Some(chunk) = chunks.recv() => arrivals.hand_on(chunk).await,
            ended = &mut work => break ended.unwrap_or_else(|error| {
                Err(RunError::Unknown(format!("the task of the source ended early: {error}")))
            }),
        }
    };
    while let Ok(chunk) = chunks.try_recv() {
        arrivals.hand_on(chunk).await;
    }
    result
}

/// Hands parts of an answer on, and remembers the table that is to become a chart.
struct Arrivals<'a> {
    run: RunId,
    events: &'a Events,
    chart: Option<ChartColumns>,
    table: Option<(Vec<Column>, Rows)>,
}

impl<'a> Arrivals<'a> {
    fn new(run: RunId, events: &'a Events, chart: Option<ChartColumns>) -> Self {
        Self {
            run,
            events,
            chart,
            table: None,
        }
    }

    async fn hand_on(&mut self, chunk: Chunk) {
        if let (Chunk::Columns { columns, rows }, Some(_)) = (&chunk, &self.chart) {
            self.table = Some((columns.clone(), rows.clone()));
        }
        let run = self.run;
        self.events.send(EventKind::Arrived { run, chunk }).await;
    }

    /// Turns the whole table into lines of a chart, if one was asked for and a table came.
    async fn draw(mut self) -> Result<(), RunError> {
        let (Some((columns, rows)), Some(columns_of_chart)) =
            (self.table.take(), self.chart.take())
        else {
            return Ok(());
        };
        let drawing = tokio::task::spawn_blocking(move || {
            let all = rows.len();
            let rows = rows.read(0..limits::CHART_ROWS);
            let (series, mut warnings) = chart::series(&columns, &rows, &columns_of_chart)?;
            if all > rows.len() {
                warnings.push(format!(
                    "only the first {} of {all} rows are drawn",
                    rows.len()
                ));
            }
            Ok::<_, String>((series, warnings))
        });
        let (series, warnings) = drawing
            .await
            .map_err(|_| RunError::failed("the chart could not be drawn: run it as a table"))?
            .map_err(RunError::failed)?;
        self.hand_on(Chunk::Series(series)).await;
        for warning in warnings {
            self.hand_on(Chunk::Warning(warning)).await;
        }
        Ok(())
    }
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
