//! Prometheus and what speaks its HTTP API (Mimir, Thanos, VictoriaMetrics): range queries for charts, instant queries for
//! tables.
//!
//! "No line" is not zero: a sample that is missing stays missing. See the HTTP API page of the Prometheus documentation.

mod answer;
mod matchers;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use reqwest::Method;

use super::health::{Fit, Health};
use super::http::client::{Access, Credentials, WebClient};
use super::registry::{self, SourceKind, Surroundings};
use super::{RunContext, SharedSource, Sink, Source};
use crate::config::secret::SecretReference;
use crate::config::settings::{Address, SettingDuration, Settings, SourceSettings, settings};
use crate::model::diagnostic::Diagnostic;
use crate::model::ids::SourceName;
use crate::model::playbook::{Action, Effect, Language, ResultView};
use crate::model::request::{
    Chunk, Outcome, Parameter, Payload, PlanContext, PlanError, PromqlRange, Request, RunError,
};
use crate::model::table::Rows;
use crate::model::{Timestamp, duration, limits, timestamp_text};

use answer::{Answer, Table};

/// The row of the registry.
pub const KIND: SourceKind = SourceKind {
    word: "prometheus",
    title: "Prometheus",
    languages: &[Language::Promql],
    settings: PrometheusSettings::ROWS,
    example: "url = \"https://prometheus.example\"",
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

const MIN_STEP_DEFAULT: Duration = Duration::from_secs(15);
/// Points of a live pane that is zoomed out to hours: they are asked for again and again.
const LIVE_POINTS: i64 = 1_000;

/// Said of a query that the server did not parse for us.
const PLAN_ONLY: &str = "planned; this server cannot parse a query without running it";

struct PrometheusSource {
    name: SourceName,
    client: WebClient,
    min_step: Duration,
}

fn build(
    settings: &SourceSettings,
    surroundings: &Surroundings,
) -> Result<SharedSource, Vec<Diagnostic>> {
    let keys: PrometheusSettings = settings.read()?;
    let client = Credentials::new(keys.bearer_token, keys.username, keys.password)
        .and_then(|credentials| WebClient::new(keys.url.0, credentials, surroundings))
        .map_err(|message| {
            vec![settings.error(format!("source \"{}\": {message}", settings.name))]
        })?;
    Ok(Arc::new(PrometheusSource {
        name: settings.name.clone(),
        client,
        min_step: keys.min_step.map_or(MIN_STEP_DEFAULT, |step| step.0),
    }))
}

impl Source for PrometheusSource {
    fn plan(&self, action: &Action, context: &PlanContext) -> Result<Request, PlanError> {
        registry::require_inputs(action, context)?;
        let (query, mut parameters) =
            matchers::fill(registry::text(action, context).trim(), context)?;
        if query.is_empty() {
            return Err(PlanError::Refused("the query is empty".into()));
        }
        let charted = matches!(action.view, None | Some(ResultView::Chart));
        let range =
            charted.then(|| range(context.window, context.width, self.min_step, action.every));
        let shown = |name: &str, value: String| Parameter {
            name: name.to_owned(),
            kind: "request".to_owned(),
            value,
            example: false,
        };
        match range {
            Some(range) => parameters.extend([
                shown("start", timestamp_text(range.start)),
                shown("end", timestamp_text(range.end)),
                shown("step", duration::format(range.step)),
            ]),
            None => parameters.push(shown("time", timestamp_text(context.now))),
        }
        Ok(Request {
            action: action.id.clone(),
            source: self.name.clone(),
            target: self.target(),
            text: query.clone(),
            parameters,
            effect: Effect::Read,
            timeout: registry::timeout(action),
            limit: registry::row_limit(action),
            ceiling: None,
            judged: action.judge.expect.is_some(),
            payload: Payload::Promql {
                query,
                range,
                at: context.now,
            },
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
        format!("prometheus {}", self.client.shown())
    }
}

/// The window in steps: at least `min_step`, about one point a column, start and end on multiples of the step since the
/// epoch so that a refresh asks for the same points again, and never more points than a server allows.
///
/// A live pane is judged by its newest point, which may be almost a step old. So its step is no longer than the time
/// between two polls, whatever the width: an alert may not wait for a narrow chart's next column.
fn range(
    window: (Timestamp, Timestamp),
    width: u16,
    min_step: Duration,
    every: Option<Duration>,
) -> PromqlRange {
    let (start, end) = (
        window.0.as_second(),
        window.1.as_second().max(window.0.as_second()),
    );
    let step_of =
        |points: i64| (end - start).div_euclid(points) + i64::from((end - start) % points != 0);
    let mut step = step_of(i64::from(width).clamp(1, limits::SAMPLES as i64 - 1));
    if let Some(every) = every {
        step = step.min((every.as_secs() as i64).max(step_of(LIVE_POINTS)));
    }
    let step = step.max(min_step.as_secs() as i64).max(1);
    let on_step = |second: i64| {
        Timestamp::from_second(second.div_euclid(step) * step).unwrap_or(Timestamp::UNIX_EPOCH)
    };
    PromqlRange {
        start: on_step(start),
        end: on_step(end),
        step: Duration::from_secs(step.cast_unsigned()),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_follow_the_width_and_sit_on_the_epoch() {
        for (seconds, width, min_step, step) in [
            (3_600, 120, 15, 30),
            (3_600, 120, 60, 60),
            (3_601, 120, 15, 31),
            (60, 120, 15, 15),
            (0, 120, 15, 15),
            (86_400, 0, 15, 86_400),
            (35 * 86_400, u16::MAX, 1, 275),
            (10, 80, 0, 1),
        ] {
            let start = Timestamp::from_second(1_700_000_007).unwrap();
            let end = Timestamp::from_second(1_700_000_007 + seconds).unwrap();
            let planned = range((start, end), width, Duration::from_secs(min_step), None);
            assert_eq!(planned.step.as_secs(), step, "{seconds} s over {width}");
            assert_eq!(planned.start.as_second() as u64 % step, 0);
            assert_eq!(planned.end.as_second() as u64 % step, 0);
            assert!(planned.start <= start && planned.end <= end && planned.start <= planned.end);
            let points = (planned.end.as_second() - planned.start.as_second()) as u64 / step + 1;
            assert!(points <= limits::SAMPLES as u64, "{points} points");
            assert!(
                points <= u64::from(width.max(1)) + 1,
                "{points} points over {width}"
            );
        }
    }

    #[test]
    fn a_live_pane_asks_for_a_point_a_poll() {
        for (seconds, width, every, step) in [
            (3_600, 38, 15, 15),
            (3_600, 38, 300, 95),
            (225, 38, 15, 15),
            (32 * 3_600, 38, 15, 116),
        ] {
            let start = Timestamp::from_second(1_700_000_007).unwrap();
            let end = Timestamp::from_second(1_700_000_007 + seconds).unwrap();
            let every = Some(Duration::from_secs(every));
            let planned = range((start, end), width, Duration::from_secs(15), every);
            assert_eq!(planned.step.as_secs(), step, "{seconds} s over {width}");
        }
    }
}
