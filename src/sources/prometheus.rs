//! Prometheus and what speaks its HTTP API (Mimir, Thanos, VictoriaMetrics): range queries for charts, instant queries for
//! tables.
//!
//! "No line" is not zero: a sample that is missing stays missing. See the HTTP API page of the Prometheus documentation.

pub(in crate::sources) mod answer;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use reqwest::Method;

use super::health::{Fit, Health};
use super::http::client::{Access, Credentials, WebClient};
use super::planner::http::{check_base, shown};
use super::planner::{MIN_STEP, Planner, Way};
use super::registry::{self, SourceKind, Surroundings};
use super::{RunContext, SharedSource, Sink, Source};
use crate::config::secret::SecretReference;
use crate::config::settings::{Address, SettingDuration, Settings, SourceSettings, settings};
use crate::model::diagnostic::Diagnostic;
use crate::model::playbook::{Action, Language};
use crate::model::request::{Chunk, Outcome, Payload, PlanContext, PlanError, Request, RunError};
use crate::model::table::Rows;
use crate::model::{limits, timestamp_text};

use answer::{Answer, Table};

/// The row of the registry.
pub const KIND: SourceKind = SourceKind {
    word: "prometheus",
    title: "Prometheus",
    languages: &[Language::Promql],
    settings: PrometheusSettings::ROWS,
    example: "url = \"https://prometheus.example\"",
    planner,
    build,
};

settings! {
    /// Keys of a source of kind `prometheus`.
    pub struct PrometheusSettings {
        /// Address of the server, with the path its API is below, if there is one (`https://mimir.example/prometheus`).
        url: Address,
        /// Sent as `Authorization: Bearer …`, to this host only.
        bearer_token: Option<SecretReference>,
        /// User of basic authorization; needs `password`.
        username: Option<String>,
        /// Password of basic authorization.
        password: Option<SecretReference>,
        /// Shortest distance of two points in a chart: the scrape interval. Default: 15s.
        min_step: Option<SettingDuration>,
    }
}

/// Said of a query that the server did not parse for us.
const PLAN_ONLY: &str = "planned; this server cannot parse a query without running it";

struct PrometheusSource {
    planner: Planner,
    client: WebClient,
}

fn planner(
    settings: &SourceSettings,
    surroundings: &Surroundings,
) -> Result<Planner, Vec<Diagnostic>> {
    let _ = surroundings;
    let keys: PrometheusSettings = settings.read()?;
    planner_of(settings, &keys)
}

fn planner_of(
    settings: &SourceSettings,
    keys: &PrometheusSettings,
) -> Result<Planner, Vec<Diagnostic>> {
    check_base(&keys.url.0).map_err(|message| vec![wrong(settings, &message)])?;
    Ok(Planner {
        name: settings.name.clone(),
        target: format!("prometheus {}", shown(&keys.url.0)),
        way: Way::Promql {
            min_step: keys.min_step.map_or(MIN_STEP, |step| step.0),
        },
    })
}

fn wrong(settings: &SourceSettings, message: &str) -> Diagnostic {
    settings.error(format!("source \"{}\": {message}", settings.name))
}

fn build(
    settings: &SourceSettings,
    surroundings: &Surroundings,
) -> Result<SharedSource, Vec<Diagnostic>> {
    let keys: PrometheusSettings = settings.read()?;
    let planner = planner_of(settings, &keys)?;
    let client = Credentials::new(keys.bearer_token, keys.username, keys.password)
        .and_then(|credentials| WebClient::new(keys.url.0, credentials, surroundings))
        .map_err(|message| vec![wrong(settings, &message)])?;
    Ok(Arc::new(PrometheusSource { planner, client }))
}

impl Source for PrometheusSource {
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
            registry::check_sendable(request)?;
            registry::within_time(&context, request.timeout, self.ask(request, sink)).await
        })
    }

    /// Asks for the number 1: what answers that answers queries, and the credentials are right.
    fn health(&self) -> BoxFuture<'_, Health> {
        Box::pin(async move {
            let asked = async {
                let access = self.client.access().await?;
                let (status, body) = self.post("/api/v1/query", "1", &access).await?;
                Answer::read(status, &body, "1", &access.masker)
                    .map_err(|failure| failure.into_run_error(&self.target()))
            };
            match tokio::time::timeout(limits::PLAN_TIMEOUT, asked).await {
                Ok(Ok(_)) => Health::answers("answers queries"),
                Ok(Err(error)) => Health::unreachable(error.to_string()),
                Err(_) => Health::unreachable("no answer in time"),
            }
        })
    }

    /// The server's own parser, where it has an endpoint for it; the query is not run.
    fn fit<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Fit> {
        Box::pin(async move {
            let asked = async {
                let access = self.client.access().await?;
                let path = "/api/v1/format_query";
                let (status, body) = self.post(path, &request.text, &access).await?;
                Ok((status, body, access))
            };
            match tokio::time::timeout(limits::PLAN_TIMEOUT, asked).await {
                Ok(Ok((200, _, _))) => Fit::Fits("the server parses it".to_owned()),
                Ok(Ok((400, body, access))) => {
                    match Answer::read(400, &body, &request.text, &access.masker)
                        .map_err(|failure| failure.into_run_error(&self.target()))
                    {
                        Err(RunError::Failed {
                            message, position, ..
                        }) => Fit::Misfit { message, position },
                        Err(error) => Fit::Unreachable(error.to_string()),
                        Ok(_) => Fit::Planned(PLAN_ONLY.to_owned()),
                    }
                }
                Ok(Ok(_)) => Fit::Planned(PLAN_ONLY.to_owned()),
                Ok(Err(error)) => {
                    let error: RunError = error;
                    Fit::Unreachable(error.to_string())
                }
                Err(_) => Fit::Unreachable("no answer in time".to_owned()),
            }
        })
    }

    fn target(&self) -> String {
        self.planner.target.clone()
    }
}

impl PrometheusSource {
    async fn ask(&self, request: &Request, sink: &Sink) -> Result<Outcome, RunError> {
        let Payload::Promql { query, range, at } = &request.payload else {
            return Err(RunError::failed(
                "this is not a Prometheus query: plan it again",
            ));
        };
        // One more than is kept, so that a cut is known to be one. Servers before 2.54 do not know the parameter.
        let most = match range {
            Some(_) => limits::SERIES,
            None => request.limit as usize,
        };
        let mut form = vec![
            ("query", query.clone()),
            ("timeout", format!("{}s", request.timeout.as_secs().max(1))),
            ("limit", (most + 1).to_string()),
        ];
        let path = if let Some(range) = range {
            form.push(("start", range.start.as_second().to_string()));
            form.push(("end", range.end.as_second().to_string()));
            form.push(("step", range.step.as_secs().to_string()));
            "/api/v1/query_range"
        } else {
            form.push(("time", timestamp_text(*at)));
            "/api/v1/query"
        };
        let access = self.client.access().await?;
        let url = self.client.url(path).map_err(RunError::failed)?;
        let builder = self.client.request(Method::POST, url)?.form(&form);
        let (status, body) = self.answer(builder, &access).await?;
        let answer = Answer::read(status, &body, query, &access.masker)
            .map_err(|failure| failure.into_run_error(&self.target()))?;
        for warning in answer.warnings.iter().chain(&answer.infos) {
            sink.send(Chunk::Warning(warning.clone())).await;
        }
        let partial = (!answer.warnings.is_empty()).then(|| answer.warnings.join("; "));
        let newest = answer.newest();
        let mut outcome = Outcome {
            partial,
            newest,
            ..Outcome::default()
        };
        if range.is_some() {
            let (series, dropped) = answer.into_series(most);
            if dropped > 0 {
                let message = format!(
                    "more than {most} series: the first {most} are shown; narrow the query with sum by (…) or topk"
                );
                sink.send(Chunk::Warning(message.clone())).await;
                outcome.truncated = Some(message);
            }
            sink.send(Chunk::Series(series)).await;
        } else {
            let Table {
                columns,
                rows,
                dropped,
            } = answer.into_table(most);
            let count = rows.len() as u64;
            if dropped > 0 {
                outcome.truncated =
                    Some(format!("more than {most} rows: the first {most} are kept"));
            }
            let rows = Rows::from_vec(rows);
            sink.send(Chunk::Columns { columns, rows }).await;
            sink.send(Chunk::Rows(count)).await;
            outcome.rows = Some(count);
        }
        Ok(outcome)
    }

    /// Sends a query to a path of the API.
    async fn post(
        &self,
        path: &str,
        query: &str,
        access: &Access,
    ) -> Result<(u16, String), RunError> {
        let url = self.client.url(path).map_err(RunError::failed)?;
        let builder = self.client.request(Method::POST, url)?;
        self.answer(builder.form(&[("query", query)]), access).await
    }

    async fn answer(
        &self,
        builder: reqwest::RequestBuilder,
        access: &Access,
    ) -> Result<(u16, String), RunError> {
        let mut response = self.client.send(builder, access).await?;
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(part) = response
            .chunk()
            .await
            .map_err(|error| self.client.failure(error, &access.masker))?
        {
            if body.len() + part.len() > limits::OUTPUT_BYTES {
                return Err(RunError::failed(format!(
                    "the answer of {} is larger than {} MiB: narrow the query with sum by (…) or topk, or ask for less time",
                    self.target(),
                    limits::OUTPUT_BYTES / 1024 / 1024
                )));
            }
            body.extend_from_slice(&part);
        }
        Ok((status, String::from_utf8_lossy(&body).into_owned()))
    }
}
