//! Planning, by itself: from an action and its inputs to the exact request, without the source it goes to.
//!
//! Live sources, simulated ones and walkthroughs plan with the same [`Planner`], so what a walkthrough shows is what would be sent. Nothing here holds
//! a client, a connection or a secret, and nothing here can make one.

pub(in crate::sources) mod http;
mod kql;
mod message;
mod promql;
#[cfg(test)]
mod sample;
pub(in crate::sources) mod shell;
pub(in crate::sources) mod types;

use std::time::Duration;

use futures_util::future::BoxFuture;
use url::Url;

use super::health::Fit;
use super::{RunContext, Sink, Source, registry};
use crate::model::ids::SourceName;
use crate::model::limits;
use crate::model::playbook::{Action, Effect, Language};
use crate::model::request::{
    Outcome, Parameter, Payload, PlanContext, PlanError, Request, RunError,
};
use crate::sql::{self, Counting, Dialect, StatementKind};

/// The shortest distance of points in a chart, where a source says nothing else: the usual scrape interval.
pub const MIN_STEP: Duration = Duration::from_secs(15);

/// What a source needs in order to plan.
#[derive(Debug, Clone)]
pub struct Planner {
    /// The source's name.
    pub name: SourceName,
    /// Where requests would go, for people: see [`Request::target`].
    pub target: String,
    /// How its language is planned.
    pub way: Way,
}

/// What differs between the languages.
#[derive(Debug, Clone)]
pub enum Way {
    /// One SQL statement.
    Sql {
        /// Whose SQL it is.
        dialect: Dialect,
        /// Rows kept of one result, whatever a playbook asks for.
        most: u64,
    },
    /// A Prometheus query.
    Promql {
        /// The shortest distance of two points in a chart.
        min_step: Duration,
    },
    /// A Kusto query.
    Kql {
        /// Values travel beside the text (`declare query_parameters`), not in it, as `let` statements.
        has_parameters: bool,
    },
    /// A request of the `.http` form.
    Http {
        /// The address that requests stay below; none where there is no service.
        base: Option<Url>,
    },
    /// A script.
    Shell {
        /// Variables that every script gets, with their values.
        inherited: Vec<(String, String)>,
        /// Folder in which scripts run.
        cwd: Option<String>,
    },
    /// A message.
    Message {
        /// How long an answer is waited for, unless the action says so.
        timeout: Duration,
    },
}

/// What the languages plan differently.
struct Planned {
    text: String,
    parameters: Vec<Parameter>,
    effect: Effect,
    payload: Payload,
}

impl Planner {
    /// A planner of a language for a place that no configuration describes, with the defaults of its usual kind of source.
    pub fn of_language(language: Language, name: SourceName, target: String) -> Self {
        let way = match language {
            Language::Kql => Way::Kql {
                has_parameters: false,
            },
            Language::Sql => Way::Sql {
                dialect: Dialect::Postgres,
                most: limits::ROWS_MAX,
            },
            Language::Promql => Way::Promql { min_step: MIN_STEP },
            Language::Http => Way::Http { base: None },
            Language::Shell => Way::Shell {
                inherited: Vec::new(),
                cwd: None,
            },
            Language::Message => Way::Message {
                timeout: limits::TIMEOUT_DEFAULT,
            },
        };
        Self { name, target, way }
    }

    /// Turns an action and its inputs into the exact request. Pure.
    ///
    /// # Errors
    /// Inputs without a value, or a text or value that cannot be used as it is.
    pub fn plan(&self, action: &Action, context: &PlanContext) -> Result<Request, PlanError> {
        if matches!(
            self.way,
            Way::Promql { .. } | Way::Kql { .. } | Way::Http { .. } | Way::Shell { .. }
        ) {
            registry::require_inputs(action, context)?;
        }
        let (mut most, mut timeout) = (limits::ROWS_MAX, limits::TIMEOUT_DEFAULT);
        let planned = match &self.way {
            Way::Sql { dialect, most: own } => {
                most = *own;
                sql(action, context, *dialect)?
            }
            Way::Promql { min_step } => promql::plan(action, context, *min_step)?,
            Way::Kql { has_parameters } => kql::plan(action, context, *has_parameters)?,
            Way::Http { base } => http::plan(action, context, base.as_ref())?,
            Way::Shell { inherited, cwd } => {
                shell::plan(action, context, inherited, cwd.as_deref())?
            }
            Way::Message { timeout: own } => {
                timeout = *own;
                message::plan(context)?
            }
        };
        Ok(Request {
            action: action.id.clone(),
            source: self.name.clone(),
            target: self.target.clone(),
            text: planned.text,
            parameters: planned.parameters,
            effect: planned.effect,
            timeout: action.timeout.unwrap_or(timeout).min(limits::TIMEOUT_MAX),
            limit: action.limit.unwrap_or(limits::ROWS_DEFAULT).min(most),
            ceiling: None,
            judged: action.judge.expect.is_some() && !matches!(self.way, Way::Message { .. }),
            payload: planned.payload,
        })
    }
}

fn sql(action: &Action, context: &PlanContext, dialect: Dialect) -> Result<Planned, PlanError> {
    let planned = sql::plan(action, context, dialect)?;
    Ok(Planned {
        text: planned.statement.clone(),
        parameters: planned.parameters,
        effect: planned.effect,
        payload: Payload::Sql {
            statement: planned.statement,
        },
    })
}

/// The statement of a request that may be run as what it says it is. The plan has refused others already; a request may
/// come from elsewhere.
pub(in crate::sources) fn runnable(
    request: &Request,
    dialect: Dialect,
) -> Result<(&str, StatementKind), RunError> {
    registry::check_sendable(request)?;
    let Payload::Sql { statement } = &request.payload else {
        return Err(RunError::failed("this request is not SQL: plan it again"));
    };
    let refused = |error: sql::SqlError| RunError::Failed {
        message: error.message,
        code: None,
        position: error.position,
    };
    let classified = sql::classify(statement, dialect).map_err(refused)?;
    if request.effect == Effect::Write {
        registry::ceiling(request)?;
        if let Counting::Refused(reason) = sql::counting(statement, dialect).map_err(refused)? {
            return Err(RunError::failed(reason));
        }
    } else if classified.effect == Effect::Write {
        return Err(RunError::failed(
            "this read would change something: it was not sent; plan it again",
        ));
    }
    Ok((statement, classified.kind))
}

/// A source of a walkthrough: it plans, and sends nothing. There is nothing in it that could.
#[derive(Debug, Clone)]
pub struct PlannedOnly(pub Planner);

impl Source for PlannedOnly {
    fn plan(&self, action: &Action, context: &PlanContext) -> Result<Request, PlanError> {
        self.0.plan(action, context)
    }

    /// Refuses.
    fn run<'a>(
        &'a self,
        request: &'a Request,
        sink: &'a Sink,
        context: RunContext,
    ) -> BoxFuture<'a, Result<Outcome, RunError>> {
        let _ = (sink, context);
        Box::pin(async move {
            Err(RunError::failed(format!(
                "{} was not sent: a walkthrough shows what would be sent, and sends nothing",
                request.action
            )))
        })
    }

    fn fit<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Fit> {
        let _ = request;
        Box::pin(async { Fit::Planned("planned; a walkthrough asks no source".to_owned()) })
    }

    fn target(&self) -> String {
        self.0.target.clone()
    }
}
