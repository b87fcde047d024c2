//! Sources of a drill: they plan as the live ones do and run on the simulated service. They hold no client, no connection and no process, and can make none.
//!
//! What comes back has the columns, the texts and the order in which the live source of the language hands it over. A run holds the drill only while it
//! is answered, not while its answer is handed over.

mod exchange;
mod kql;
mod promql;
mod replay;
mod script;
mod sql;
mod table;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use super::health::Fit;
use super::planner::{Planner, Way};
use super::{RunContext, SharedSource, Sink, Source, registry};
use crate::drill::Director;
use crate::model::Timestamp;
use crate::model::ids::SourceName;
use crate::model::playbook::{Action, Effect, Language};
use crate::model::request::{Chunk, Outcome, Payload, PlanContext, PlanError, Request, RunError};

pub use replay::replay;

/// The drill that the sources of an incident share.
pub type SharedDirector = Arc<Mutex<Director>>;

/// What a simulated source needs.
#[derive(Clone)]
pub struct Simulation {
    /// The drill.
    pub director: SharedDirector,
    /// Simulated time.
    pub clock: fn() -> Timestamp,
    /// Folder for results that are too large for memory.
    pub spill_folder: std::path::PathBuf,
    /// Who works: what `current_user` is.
    pub operator: String,
}

impl Simulation {
    /// Lets time pass in the drill up to now, and works with it.
    fn with<T>(&self, work: impl FnOnce(&mut Director) -> T) -> T {
        let mut director = self.director.lock().unwrap_or_else(PoisonError::into_inner);
        director.advance((self.clock)());
        work(&mut director)
    }
}

/// How long an engine may take to notice that it was told to stop.
const STOP_GRACE: Duration = Duration::from_secs(5);
/// What is sent where a secret would be: a drill fetches none.
const NO_SECRET: &str = "drill";

/// The source of a drill that answers a language under this name.
pub fn source(simulation: &Simulation, name: SourceName, language: Language) -> SharedSource {
    let what = match language {
        Language::Kql => "app-insights telemetry".to_owned(),
        Language::Sql => format!("postgres {name}"),
        Language::Promql => format!("prometheus {name}"),
        Language::Http => format!("http service {name}"),
        Language::Shell => format!(
            "bash on a machine of the service as {}",
            simulation.operator
        ),
        Language::Message => "webhook to the drill's room".to_owned(),
    };
    let mut planner = Planner::of_language(language, name, format!("simulated {what} (DRILL)"));
    if let Way::Shell { inherited, .. } = &mut planner.way {
        *inherited = script::variables(&simulation.operator);
    }
    Arc::new(Simulated {
        planner,
        simulation: simulation.clone(),
    })
}

struct Simulated {
    planner: Planner,
    simulation: Simulation,
}

impl Source for Simulated {
    fn plan(&self, action: &Action, context: &PlanContext) -> Result<Request, PlanError> {
        self.planner.plan(action, context)
    }

    fn describe(&self, request: Request) -> BoxFuture<'_, Result<Request, PlanError>> {
        let simulation = self.simulation.clone();
        Box::pin(async move {
            if !matches!(request.payload, Payload::Sql { .. }) {
                return Ok(request);
            }
            tokio::task::spawn_blocking(move || sql::describe(&simulation, request))
                .await
                .unwrap_or_else(|_| {
                    let message = "the drill's database gave up on this statement: try another";
                    Err(PlanError::Refused(message.to_owned()))
                })
        })
    }

    fn run<'a>(
        &'a self,
        request: &'a Request,
        sink: &'a Sink,
        context: RunContext,
    ) -> BoxFuture<'a, Result<Outcome, RunError>> {
        Box::pin(async move {
            registry::check_sendable(request)?;
            let time = context.deadline.min(request.timeout);
            let writes = request.effect == Effect::Write;
            let stop = context.cancel.child_token();
            let run = Run {
                simulation: self.simulation.clone(),
                request: request.clone(),
                inherited: match &self.planner.way {
                    Way::Shell { inherited, .. } => inherited.clone(),
                    _ => Vec::new(),
                },
                sink: sink.clone(),
                stop: stop.clone(),
                runtime: tokio::runtime::Handle::current(),
            };
            let mut work = tokio::task::spawn_blocking(move || run.execute());
            let reason = tokio::select! {
                // What is done is done, even when the order to stop comes in the same moment.
                biased;
                ended = &mut work => return ended.unwrap_or_else(|_| Err(gave_up())),
                () = context.cancel.cancelled() => RunError::Cancelled,
                () = tokio::time::sleep(time) => RunError::TimedOut(time),
            };
            stop.cancel();
            match tokio::time::timeout(STOP_GRACE, work).await {
                // A write that happened before it could stop is done.
                Ok(Ok(Ok(outcome))) if writes => Ok(outcome),
                Ok(Ok(Err(unknown @ RunError::Unknown(_)))) => Err(unknown),
                Ok(Ok(_)) => Err(reason),
                Ok(Err(_)) => Err(gave_up()),
                Err(_) => Err(RunError::Unknown(
                    "the drill was told to stop and has not done so yet".into(),
                )),
            }
        })
    }

    fn fit<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Fit> {
        let _ = request;
        Box::pin(async { Fit::Planned("planned; the drill answers it".to_owned()) })
    }

    fn target(&self) -> String {
        self.planner.target.clone()
    }
}

fn gave_up() -> RunError {
    RunError::failed("the drill gave up on this request: complete it by hand, with a note")
}

/// What an engine of the drill cannot do, and the way on.
fn by_hand(what: &str) -> String {
    format!("{what}: complete it by hand, and say in a note what you would have looked for")
}

/// One run, on a thread that may block.
struct Run {
    simulation: Simulation,
    request: Request,
    /// Variables that every script gets.
    inherited: Vec<(String, String)>,
    sink: Sink,
    stop: CancellationToken,
    runtime: tokio::runtime::Handle,
}

impl Run {
    fn execute(&self) -> Result<Outcome, RunError> {
        match &self.request.payload {
            Payload::Sql { .. } => sql::run(self),
            Payload::Promql { query, range, at } => promql::run(self, query, *range, *at),
            Payload::Kql { .. } => kql::run(self),
            Payload::Http {
                method, path, body, ..
            } => exchange::run(self, method, path, body),
            Payload::Shell {
                script,
                environment,
                ok_codes,
                ..
            } => script::run(self, script, environment, ok_codes),
            Payload::Message(_) => self.deliver(),
        }
    }

    /// A message stays in the drill; its record holds it.
    fn deliver(&self) -> Result<Outcome, RunError> {
        self.simulation.with(|_| ());
        self.say(true, "200 OK\n".to_owned())?;
        self.say(false, "delivered to the drill's room\n".to_owned())?;
        Ok(Outcome {
            status: Some(200),
            ..Outcome::default()
        })
    }

    /// Asked by engines now and then.
    fn stopped(&self) -> bool {
        self.stop.is_cancelled()
    }

    fn say(&self, error: bool, text: String) -> Result<(), RunError> {
        if text.is_empty() {
            return Ok(());
        }
        self.hand_over(Chunk::Output { error, text })
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

    /// Hands over an answer that was given already: what was done is done, whether anybody looks or not.
    fn outcome_of(
        &self,
        handed_over: Result<(), RunError>,
        outcome: Outcome,
    ) -> Result<Outcome, RunError> {
        if self.request.effect == Effect::Write {
            return Ok(outcome);
        }
        handed_over.map(|()| outcome)
    }
}
