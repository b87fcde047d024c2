//! HTTP requests of playbooks (the `.http` form) to one configured host.
//!
//! The host comes from the user's configuration, never from a playbook; the authorization header goes to that host only;
//! redirects to another host are shown, not followed. Answers of any status are results of a read. What changes something
//! is sent once and follows no redirect; without a whole answer nobody knows whether it happened.

pub mod client;

use std::fmt::Write as _;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use reqwest::Response;
use reqwest::header::{AGE, LOCATION};

use super::health::{Fit, Health};
use super::planner::http::{check_base, marks, shown};
use super::planner::{Planner, Way};
use super::registry::{self, SourceKind, Surroundings};
use super::{RunContext, SharedSource, Sink, Source};
use crate::config::secret::SecretReference;
use crate::config::settings::{Address, Settings, SourceSettings, settings};
use crate::model::diagnostic::Diagnostic;
use crate::model::playbook::{Action, Effect, Language};
use crate::model::request::{Chunk, Outcome, Payload, PlanContext, PlanError, Request, RunError};
use crate::model::{Timestamp, limits};

use client::{Credentials, WebClient};

/// The row of the registry.
pub const KIND: SourceKind = SourceKind {
    word: "http",
    title: "HTTP service",
    languages: &[Language::Http],
    settings: HttpSettings::ROWS,
    example: "url = \"https://api.example\"",
    planner,
    build,
};

settings! {
    /// Keys of a source of kind `http`.
    pub struct HttpSettings {
        /// Address of the service; requests of playbooks begin below it and cannot leave its host.
        url: Address,
        /// Sent as `Authorization: Bearer …`, to this host only.
        bearer_token: Option<SecretReference>,
        /// User of basic authorization; needs `password`.
        username: Option<String>,
        /// Password of basic authorization.
        password: Option<SecretReference>,
    }
}

/// Header lines of an answer that are shown above its body.
const SHOWN_HEADERS: [&str; 9] = [
    "date",
    "age",
    "content-type",
    "etag",
    "last-modified",
    "location",
    "retry-after",
    "x-request-id",
    "x-correlation-id",
];

struct HttpSource {
    planner: Planner,
    client: WebClient,
    clock: fn() -> Timestamp,
}

fn planner(
    settings: &SourceSettings,
    surroundings: &Surroundings,
) -> Result<Planner, Vec<Diagnostic>> {
    let _ = surroundings;
    let keys: HttpSettings = settings.read()?;
    planner_of(settings, &keys)
}

fn planner_of(settings: &SourceSettings, keys: &HttpSettings) -> Result<Planner, Vec<Diagnostic>> {
    check_base(&keys.url.0).map_err(|message| vec![wrong(settings, &message)])?;
    Ok(Planner {
        name: settings.name.clone(),
        target: format!("http {}", shown(&keys.url.0)),
        way: Way::Http {
            base: Some(keys.url.0.clone()),
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
    let keys: HttpSettings = settings.read()?;
    let planner = planner_of(settings, &keys)?;
    let client = Credentials::new(keys.bearer_token, keys.username, keys.password)
        .and_then(|credentials| WebClient::new(keys.url.0, credentials, surroundings))
        .map_err(|message| vec![wrong(settings, &message)])?;
    Ok(Arc::new(HttpSource {
        planner,
        client,
        clock: surroundings.clock,
    }))
}

impl Source for HttpSource {
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
            // What fails up to here was not sent.
            let fetching = self.client.access_with(request);
            let access = registry::within_time(&context, request.timeout, fetching).await?;
            let work = self.exchange(request, &access, sink);
            if request.effect == Effect::Read {
                return registry::within_time(&context, request.timeout, work).await;
            }
            match registry::within_time(&context, request.timeout, work).await {
                Err(error @ (RunError::Cancelled | RunError::TimedOut(_))) => {
                    Err(self.in_doubt(request, &error.to_string()))
                }
                other => other,
            }
        })
    }

    /// Connects and says nothing: a request is a playbook's to make.
    fn health(&self) -> BoxFuture<'_, Health> {
        Box::pin(async move {
            match self.client.reach().await {
                Ok(place) => {
                    Health::answers(format!("{place} takes connections; nothing was asked"))
                }
                Err(reason) => Health::unreachable(reason),
            }
        })
    }

    fn fit<'a>(&'a self, _request: &'a Request) -> BoxFuture<'a, Fit> {
        Box::pin(async move {
            match self.client.reach().await {
                Ok(place) => Fit::Planned(format!("planned; {place} takes connections")),
                Err(reason) => Fit::Unreachable(reason),
            }
        })
    }

    fn target(&self) -> String {
        self.planner.target.clone()
    }
}

impl HttpSource {
    /// Nobody can know from here whether it happened.
    fn in_doubt(&self, request: &Request, why: &str) -> RunError {
        let line = request.text.lines().next().unwrap_or_default();
        RunError::Unknown(format!(
            "{line} was sent to {} and not answered ({why}): it may have happened or not; look there, and do not send it again before you know",
            self.client.shown()
        ))
    }

    async fn exchange(
        &self,
        request: &Request,
        access: &client::Access,
        sink: &Sink,
    ) -> Result<Outcome, RunError> {
        let writes = request.effect == Effect::Write;
        let Payload::Http {
            method,
            path,
            headers,
            body,
        } = &request.payload
        else {
            return Err(RunError::failed(
                "this is not an HTTP request: plan it again",
            ));
        };
        let method = reqwest::Method::from_bytes(method.as_bytes())
            .map_err(|_| RunError::failed(format!("unknown method {method}")))?;
        let path = marks::fill(path, &access.inputs)?;
        let url = self.client.url(&path).map_err(RunError::failed)?;
        let mut builder = if writes {
            self.client.request_once(method, url)?
        } else {
            self.client.request(method, url)?
        };
        for (name, value) in headers {
            // As bytes: UTF-8 in a value is allowed on the wire, though not in `HeaderValue`'s own text form.
            builder = builder.header(name, marks::fill(value, &access.inputs)?.as_bytes());
        }
        if !body.is_empty() {
            builder = builder.body(marks::fill(body, &access.inputs)?);
        }
        let mut response = if writes {
            self.client
                .send_once(builder, access)
                .await
                .map_err(|no_answer| match no_answer.error {
                    error if no_answer.unsent => error,
                    error => self.in_doubt(request, &error.to_string()),
                })?
        } else {
            self.client.send(builder, access).await?
        };
        let masker = &access.masker;
        sink.send(Chunk::Output {
            error: true,
            text: masker.mask(&head(&response)),
        })
        .await;
        if let Some(place) = self.redirect_not_followed(&response) {
            sink.send(Chunk::Warning(masker.mask(&format!(
                "a redirect to {place} was not followed: requests stay on {}",
                self.client.shown()
            ))))
            .await;
        }
        let outcome = Outcome {
            status: Some(response.status().as_u16()),
            newest: self.newest(&response),
            ..Outcome::default()
        };
        let mut stream = masker.stream();
        let mut room = limits::OUTPUT_BYTES;
        let mut truncated = None;
        loop {
            let part = match response.chunk().await {
                Ok(Some(part)) => part,
                Ok(None) => break,
                Err(error) => {
                    let error = self.client.failure(error, masker);
                    if !writes {
                        return Err(error);
                    }
                    // The status came: what was asked for was answered.
                    truncated = Some(format!("the answer broke off: {error}"));
                    break;
                }
            };
            let kept = part.get(..room.min(part.len())).unwrap_or_default();
            room -= kept.len();
            send_output(sink, stream.push(kept)).await;
            if kept.len() < part.len() {
                truncated = Some(format!(
                    "the body was cut at {} MiB",
                    limits::OUTPUT_BYTES / 1024 / 1024
                ));
                break;
            }
        }
        send_output(sink, stream.finish()).await;
        if writes {
            self.judge_status(request, response.status())?;
        }
        Ok(Outcome {
            truncated,
            ..outcome
        })
    }

    /// What the status of a write says about whether it happened.
    fn judge_status(&self, request: &Request, status: reqwest::StatusCode) -> Result<(), RunError> {
        let failed = |words: &str| {
            Err(RunError::Failed {
                message: format!("{} answered {status}{words}", self.client.shown()),
                code: Some(status.as_u16().to_string()),
                position: None,
            })
        };
        match status.as_u16() {
            // 303 is how a service says: done, the result is over there.
            0..=299 | 303 => Ok(()),
            301 | 302 => Err(self.in_doubt(request, &format!("it answered {status}"))),
            300..=399 => {
                failed(", and a redirect of a write is not followed: nothing was done there")
            }
            502..=504 => failed("; a gateway says so, look whether it happened behind it"),
            _ => failed(""),
        }
    }

    /// Scheme, host and port of a redirect elsewhere; its path and query may hold secrets of the other host.
    fn redirect_not_followed(&self, response: &Response) -> Option<String> {
        if !response.status().is_redirection() {
            return None;
        }
        let location = response.headers().get(LOCATION)?.to_str().ok()?;
        let url = response.url().join(location).ok()?;
        (!self.client.is_own(&url)).then(|| url.origin().ascii_serialization())
    }

    /// A cached answer is as old as its `Age` says (RFC 9111).
    fn newest(&self, response: &Response) -> Option<Timestamp> {
        let age: u32 = response
            .headers()
            .get(AGE)?
            .to_str()
            .ok()?
            .trim()
            .parse()
            .ok()?;
        (self.clock)()
            .checked_sub(std::time::Duration::from_secs(age.into()))
            .ok()
    }
}

async fn send_output(sink: &Sink, text: String) {
    if !text.is_empty() {
        sink.send(Chunk::Output { error: false, text }).await;
    }
}

/// Status line and the headers worth reading. It goes where a script's standard error goes, so that the body alone is
/// the output.
fn head(response: &Response) -> String {
    let mut text = format!("{:?} {}\n", response.version(), response.status());
    for name in SHOWN_HEADERS {
        for value in response.headers().get_all(name) {
            let value = String::from_utf8_lossy(value.as_bytes());
            let _ = writeln!(text, "{name}: {value}");
        }
    }
    text.push('\n');
    text
}
