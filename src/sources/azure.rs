//! KQL over REST: Azure Monitor Logs (Log Analytics), Application Insights and Azure Data Explorer.
//!
//! The three speak one language over three contracts; what differs stands in `Service`. Every request is a read, asked at most [`limits::AZURE_REQUESTS`] at
//! a time, with the values of inputs bound by name. A "200" of theirs may be empty, partial or cut: that is looked for, and never passed off as a whole
//! answer. The contracts: learn.microsoft.com/azure/azure-monitor/logs/api and learn.microsoft.com/kusto/api/rest.

pub(in crate::sources) mod answer;
mod failure;
mod kinds;
pub mod sign_in;
mod throttle;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use reqwest::{Method, Response};
use tokio_util::sync::CancellationToken;

use super::health::{Fit, Health};
use super::http::client::WebClient;
use super::mask::Masker;
use super::planner::Planner;
use super::registry::{self, Surroundings};
use super::{RunContext, Sink, Source};
use crate::config::secret::{Secret, SecretReference};
use crate::kql;
use crate::model::ids::SourceName;
use crate::model::playbook::Action;
use crate::model::request::{
    KqlParameter, Outcome, Payload, PlanContext, PlanError, Request, RunError,
};
use crate::model::{Timestamp, limits};

pub use kinds::{APP_INSIGHTS, KUSTO, LOG_ANALYTICS};

use answer::Reader;
use sign_in::Account;
use throttle::Throttle;

/// What differs between the three services.
#[derive(Debug, Clone)]
enum Service {
    LogAnalytics {
        workspace: String,
        workspaces: Vec<String>,
    },
    AppInsights {
        app: String,
    },
    Kusto {
        database: String,
        v1: bool,
    },
}

impl Service {
    fn path(&self) -> String {
        match self {
            Self::LogAnalytics { workspace, .. } => format!("/v1/workspaces/{workspace}/query"),
            Self::AppInsights { app } => format!("/v1/apps/{app}/query"),
            Self::Kusto { v1: true, .. } => "/v1/rest/query".to_owned(),
            Self::Kusto { v1: false, .. } => "/v2/rest/query".to_owned(),
        }
    }

    /// For people: which table space of which kind of service.
    fn target(&self, name: &SourceName, host: &str) -> String {
        match self {
            Self::LogAnalytics { workspace, .. } => {
                format!("log-analytics {name}@{host}, workspace {workspace}")
            }
            Self::AppInsights { app } => format!("app-insights {name}@{host}, app {app}"),
            Self::Kusto { database, .. } => format!("kusto {name}@{host}/{database}"),
        }
    }

    /// Whether values travel beside the text (`declare query_parameters`), or in it, as `let` statements.
    fn has_parameters(&self) -> bool {
        matches!(self, Self::Kusto { .. })
    }
}

struct AzureSource {
    planner: Planner,
    service: Service,
    client: WebClient,
    proof: Proof,
    throttle: Throttle,
    surroundings: Surroundings,
    lag: Duration,
}

/// How the source proves who asks.
enum Proof {
    /// A token of this account for this audience.
    Account(Arc<Account>, String),
    ApiKey(SecretReference),
    None,
}

/// What a run shows to the service, and the masker that knows it.
struct Access {
    token: Option<Secret>,
    masker: Masker,
}

impl Source for AzureSource {
    fn plan(&self, action: &Action, context: &PlanContext) -> Result<Request, PlanError> {
        self.planner.plan(action, context)
    }

    fn sign_in<'a>(
        &'a self,
        sink: &'a Sink,
        cancel: &'a CancellationToken,
    ) -> BoxFuture<'a, Result<(), RunError>> {
        Box::pin(async move {
            match &self.proof {
                Proof::Account(account, audience) => tokio::select! {
                    biased;
                    () = cancel.cancelled() => Err(RunError::Cancelled),
                    token = account.token(audience, Some(sink)) => token.map(|_| ()),
                },
                Proof::ApiKey(_) | Proof::None => Ok(()),
            }
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
            let stop = context.cancel.clone();
            registry::within_time(&context, request.timeout, self.ask(request, sink, stop)).await
        })
    }

    /// Asks for the number 1.
    fn health(&self) -> BoxFuture<'_, Health> {
        Box::pin(async move {
            let asked = self.send_within("print 1", &[], limits::PLAN_TIMEOUT);
            match tokio::time::timeout(limits::PLAN_TIMEOUT, asked).await {
                Ok(Ok(_)) => Health::answers("answers queries"),
                Ok(Err(error)) => Health::unreachable(error.to_string()),
                Err(_) => Health::unreachable("no answer in time"),
            }
        })
    }

    /// Asks for the columns of the query's answer: the service checks names and types, and reads no row.
    fn fit<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Fit> {
        Box::pin(async move {
            let Payload::Kql { parameters, .. } = &request.payload else {
                return Fit::Planned("this request is not KQL".to_owned());
            };
            let text = format!("{}\n| getschema", without_render(&request.text));
            let asked = self.send_within(&text, parameters, limits::PLAN_TIMEOUT);
            match tokio::time::timeout(limits::PLAN_TIMEOUT, asked).await {
                Ok(Ok(_)) => Fit::Fits("the service knows its tables and columns".to_owned()),
                Ok(Err(RunError::Failed {
                    message,
                    position,
                    code: Some(code),
                })) if failure::is_of_the_query(&code) => Fit::Misfit { message, position },
                Ok(Err(error)) => Fit::Unreachable(error.to_string()),
                Err(_) => Fit::Unreachable("no answer in time".to_owned()),
            }
        })
    }

    fn target(&self) -> String {
        self.planner.target.clone()
    }
}

/// The query without its `render`, behind which nothing may stand.
fn without_render(text: &str) -> &str {
    let (query, _) = kql::parse(text);
    let render = query.statements.last().and_then(|statement| {
        let kql::syntax::Statement::Expression(expr) = statement else {
            return None;
        };
        let kql::syntax::ExprKind::Pipe(_, operators) = &expr.kind else {
            return None;
        };
        operators
            .last()
            .filter(|last| matches!(last.kind, kql::syntax::OperatorKind::Render(..)))
    });
    let Some(render) = render else {
        return text.trim_end().trim_end_matches(';');
    };
    let before = text.get(..render.span.start).unwrap_or(text).trim_end();
    before.strip_suffix('|').unwrap_or(before).trim_end()
}

impl AzureSource {
    async fn ask(
        &self,
        request: &Request,
        sink: &Sink,
        stop: CancellationToken,
    ) -> Result<Outcome, RunError> {
        let Payload::Kql { parameters, fresh } = &request.payload else {
            return Err(RunError::failed("this is not a KQL query: plan it again"));
        };
        let access = self.access().await?;
        let answer = self
            .send(&request.text, parameters, request.timeout, *fresh, &access)
            .await?;
        if answer.status().as_u16() == 204 {
            return Ok(Outcome {
                rows: Some(0),
                status: Some(204),
                partial: Some(
                    "the workspace holds no data at all: rows that are not there yet are no proof of anything"
                        .to_owned(),
                ),
                ..Outcome::default()
            });
        }
        let age = answer
            .headers()
            .get("age")
            .and_then(|value| value.to_str().ok()?.trim().parse::<u64>().ok());
        let body = self.spool(answer, &access.masker).await?;
        // A run that is over, for whatever reason, leaves no thread behind that reads on.
        let stop = stop.child_token();
        let _reading = stop.clone().drop_guard();
        let reader = Reader {
            target: self.target(),
            limit: request.limit,
            folder: self.surroundings.spill_folder(),
            masker: access.masker,
            sink: sink.clone(),
            stop,
            runtime: tokio::runtime::Handle::current(),
        };
        let mut outcome = tokio::task::spawn_blocking(move || reader.read(body))
            .await
            .map_err(|_| RunError::failed("the answer could not be read: run it again"))??;
        let arrived: Timestamp = (self.surroundings.clock)();
        let answered = arrived.checked_sub(Duration::from_secs(age.unwrap_or_default()));
        outcome.newest = age.and_then(|_| answered.clone().ok());
        outcome.settled = answered.and_then(|at| at.checked_sub(self.lag)).ok();
        Ok(outcome)
    }

    async fn access(&self) -> Result<Access, RunError> {
        let token = match &self.proof {
            Proof::Account(account, audience) => Some(account.token(audience, None).await?),
            Proof::ApiKey(reference) => Some(
                reference
                    .resolve(&self.surroundings.environment)
                    .await
                    .map_err(|error| RunError::failed(error.to_string()))?,
            ),
            Proof::None => None,
        };
        Ok(Access {
            masker: Masker::new(&token),
            token,
        })
    }

    /// One short question, answered or not.
    async fn send_within(
        &self,
        text: &str,
        parameters: &[KqlParameter],
        timeout: Duration,
    ) -> Result<Response, RunError> {
        let access = self.access().await?;
        self.send(text, parameters, timeout, true, &access).await
    }

    /// Sends until there is an answer or a failure that another try does not mend. Reads may be sent again.
    async fn send(
        &self,
        text: &str,
        parameters: &[KqlParameter],
        timeout: Duration,
        fresh: bool,
        access: &Access,
    ) -> Result<Response, RunError> {
        let _place = self.throttle.place().await;
        let mut tries = 0;
        loop {
            let response = self.post(text, parameters, timeout, fresh, access).await?;
            let status = response.status().as_u16();
            if matches!(status, 200 | 204) {
                return Ok(response);
            }
            let wait = (status == 429 && tries < throttle::TRIES)
                .then(|| throttle::wait(response.headers(), tries));
            if let Some(wait) = wait {
                tries += 1;
                tokio::time::sleep(wait).await;
                continue;
            }
            if status == 401
                && let Proof::Account(account, audience) = &self.proof
            {
                account.forget(audience).await;
            }
            return Err(failure::read(
                response,
                text,
                &self.target(),
                &self.client,
                &access.masker,
            )
            .await);
        }
    }

    async fn post(
        &self,
        text: &str,
        parameters: &[KqlParameter],
        timeout: Duration,
        fresh: bool,
        access: &Access,
    ) -> Result<Response, RunError> {
        let url = self
            .client
            .url(&self.service.path())
            .map_err(RunError::failed)?;
        let seconds = timeout.as_secs().max(1);
        let builder = self
            .client
            .request(Method::POST, url)?
            .header("Accept", "application/json")
            .header("Content-Type", "application/json; charset=utf-8");
        let builder = match &self.service {
            Service::LogAnalytics { workspaces, .. } => {
                let mut body = serde_json::json!({ "query": text });
                if !workspaces.is_empty()
                    && let Some(fields) = body.as_object_mut()
                {
                    fields.insert("workspaces".to_owned(), workspaces.clone().into());
                }
                prefer(builder, seconds, fresh).json(&body)
            }
            Service::AppInsights { .. } => {
                prefer(builder, seconds, fresh).json(&serde_json::json!({ "query": text }))
            }
            Service::Kusto { database, .. } => {
                let parameters: serde_json::Map<String, serde_json::Value> = parameters
                    .iter()
                    .map(|parameter| (parameter.name.clone(), parameter.value.clone().into()))
                    .collect();
                builder
                    .header(
                        "x-ms-app",
                        concat!("quarterdeck/", env!("CARGO_PKG_VERSION")),
                    )
                    .header("x-ms-client-request-id", throttle::request_id())
                    .json(&serde_json::json!({
                        "db": database,
                        "csl": text,
                        "properties": {
                            "Options": {
                                "servertimeout": format!(
                                    "{:02}:{:02}:{:02}",
                                    seconds / 3_600,
                                    seconds / 60 % 60,
                                    seconds % 60
                                ),
                                "request_readonly_hardline": true,
                                "results_v2_newlines_between_frames": true,
                            },
                            "Parameters": parameters,
                        },
                    }))
            }
        };
        let builder = match (&self.proof, &access.token) {
            (Proof::Account(..), Some(token)) => builder.bearer_auth(token.expose()),
            (Proof::ApiKey(_), Some(key)) => builder.header("x-api-key", key.expose()),
            _ => builder,
        };
        builder
            .send()
            .await
            .map_err(|error| self.client.failure(error, &access.masker))
    }

    /// The body as a file: an answer may have a hundred megabytes, and memory has not.
    async fn spool(
        &self,
        mut response: Response,
        masker: &Masker,
    ) -> Result<std::fs::File, RunError> {
        use std::io::{Seek, Write};
        let kept = |error: std::io::Error| {
            RunError::failed(format!("the answer could not be kept on disk: {error}"))
        };
        let mut file = tempfile::tempfile_in(self.surroundings.spill_folder()).map_err(kept)?;
        let mut length = 0_u64;
        while let Some(part) = response
            .chunk()
            .await
            .map_err(|error| self.client.failure(error, masker))?
        {
            length += part.len() as u64;
            if length > limits::RESULT_BYTES {
                return Err(RunError::failed(format!(
                    "the answer of {} is larger than {} MiB: keep fewer columns, or summarize",
                    self.target(),
                    limits::RESULT_BYTES >> 20
                )));
            }
            file.write_all(&part).map_err(kept)?;
        }
        if length == 0 {
            return Err(RunError::failed(format!(
                "{} answered 200 with nothing in it: that is no result; ask again, and look at the workspace's health",
                self.target()
            )));
        }
        file.rewind().map_err(kept)?;
        Ok(file)
    }
}

/// What Azure Monitor is told of how it should answer.
fn prefer(builder: reqwest::RequestBuilder, seconds: u64, fresh: bool) -> reqwest::RequestBuilder {
    builder
        .header("Prefer", format!("wait={seconds},include-render=true"))
        .header(
            "Cache-Control",
            if fresh { "no-cache" } else { "max-age=30" },
        )
}
