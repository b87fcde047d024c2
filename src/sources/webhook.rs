//! Messages posted to one configured address as JSON: a chat room, a status page, a paging service behind a hook.
//!
//! One request a message: no redirect is followed and nothing is tried again. Once the request may have left, whatever
//! ends it without an answer is *outcome unknown*, so that nobody is told twice and no clock stops by mistake.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use futures_util::future::BoxFuture;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Response};
use serde::de::{Deserialize, Deserializer};
use sha2::{Digest, Sha256};
use url::Url;

use super::http::client::{cause, client_for_one_post};
use super::mask::Masker;
use super::planner::{Planner, Way};
use super::registry::{self, SourceKind, Surroundings};
use super::{RunContext, SharedSource, Sink, Source};
use crate::config::environment::Environment;
use crate::config::secret::{Secret, SecretReference};
use crate::config::settings::{
    Address, SettingDuration, SettingType, Settings, SourceSettings, settings,
};
use crate::model::diagnostic::Diagnostic;
use crate::model::playbook::{Action, Language};
use crate::model::request::{
    Chunk, Outcome, OutgoingMessage, Payload, PlanContext, PlanError, Request, RunError,
};
use crate::model::{input, limits};
use crate::record::entry::Hash;

/// The row of the registry.
pub const KIND: SourceKind = SourceKind {
    word: "webhook",
    title: "Webhook",
    languages: &[Language::Message],
    settings: WebhookSettings::ROWS,
    example: "url = \"https://hooks.example/incidents\"",
    planner,
    build,
};

settings! {
    /// Keys of a source of kind `webhook`.
    pub struct WebhookSettings {
        /// Address that messages are posted to. One that is itself a secret, as those of chat rooms are, is kept by reference: `env:HOOK_URL`.
        url: HookAddress,
        /// Header lines, each value a secret by reference: `{ Authorization = "env:HOOK_AUTHORIZATION" }`.
        headers: Option<HookHeaders>,
        /// How long an answer is waited for, unless the fence says `timeout=`. Default: 30s.
        timeout: Option<SettingDuration>,
    }
}

/// An address, or where it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HookAddress {
    /// It may be shown and recorded.
    Open(Url),
    /// It is a secret.
    Secret(SecretReference),
}

impl SettingType for HookAddress {
    const WORD: &'static str = "address, or secret by reference";
}

impl<'de> Deserialize<'de> for HookAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::{Error as _, IntoDeserializer as _};
        let text = String::deserialize(deserializer)?;
        if input::secret_reference(&text).is_some() {
            return text.parse().map(Self::Secret).map_err(D::Error::custom);
        }
        let text: serde::de::value::StringDeserializer<D::Error> = text.into_deserializer();
        Address::deserialize(text).map(|address| Self::Open(address.0))
    }
}

/// Header lines by name.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(transparent)]
pub struct HookHeaders(BTreeMap<String, SecretReference>);

impl SettingType for HookHeaders {
    const WORD: &'static str = "table of secrets by reference";
}

/// Header lines that the request itself brings.
const OWN_HEADERS: [&str; 5] = [
    "content-type",
    "content-length",
    "transfer-encoding",
    "host",
    "idempotency-key",
];

struct Webhook {
    planner: Planner,
    address: HookAddress,
    headers: Vec<(HeaderName, SecretReference)>,
    environment: Arc<Environment>,
}

fn planner(
    settings: &SourceSettings,
    surroundings: &Surroundings,
) -> Result<Planner, Vec<Diagnostic>> {
    let _ = surroundings;
    planner_of(settings, &settings.read()?)
}

fn planner_of(
    settings: &SourceSettings,
    keys: &WebhookSettings,
) -> Result<Planner, Vec<Diagnostic>> {
    if let HookAddress::Open(url) = &keys.url {
        check_open(url).map_err(|message| vec![wrong(settings, &message)])?;
    }
    Ok(Planner {
        name: settings.name.clone(),
        target: match &keys.url {
            HookAddress::Open(url) => format!("webhook {url}"),
            HookAddress::Secret(reference) => format!("webhook ‹secret {reference}›"),
        },
        way: Way::Message {
            timeout: keys
                .timeout
                .map_or(limits::TIMEOUT_DEFAULT, |timeout| timeout.0),
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
    let keys: WebhookSettings = settings.read()?;
    let planner = planner_of(settings, &keys)?;
    let headers = keys.headers.map(|headers| headers.0).unwrap_or_default();
    let headers: Result<Vec<_>, String> = headers
        .into_iter()
        .map(|(name, secret)| Ok((header_name(&name)?, secret)))
        .collect();
    Ok(Arc::new(Webhook {
        planner,
        address: keys.url,
        headers: headers.map_err(|message| vec![wrong(settings, &message)])?,
        environment: surroundings.environment.clone(),
    }))
}

fn check_open(url: &Url) -> Result<(), String> {
    check_place(url)?;
    let bare = url.username().is_empty() && url.query().is_none() && url.fragment().is_none();
    if bare {
        Ok(())
    } else {
        Err("a url with a user or with a part behind `?` or `#` may hold a secret: keep it whole elsewhere and write url = \"env:NAME\" (or file:, cmd:)".into())
    }
}

fn check_place(url: &Url) -> Result<(), String> {
    if matches!(url.scheme(), "http" | "https") && url.host().is_some() {
        Ok(())
    } else {
        Err("the url must begin with https:// or http:// and name a host".into())
    }
}

fn header_name(name: &str) -> Result<HeaderName, String> {
    let parsed = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| format!("{name:?} is no name of a header line"))?;
    if OWN_HEADERS.contains(&parsed.as_str()) {
        return Err(format!(
            "the header line {name} is written by the program: take it out"
        ));
    }
    Ok(parsed)
}

impl Source for Webhook {
    fn plan(&self, action: &Action, context: &PlanContext) -> Result<Request, PlanError> {
        self.planner.plan(action, context)
    }

    /// A message is a write; the engine lets it come here only through the gate.
    fn run<'a>(
        &'a self,
        request: &'a Request,
        sink: &'a Sink,
        context: RunContext,
    ) -> BoxFuture<'a, Result<Outcome, RunError>> {
        Box::pin(async move {
            let Payload::Message(message) = &request.payload else {
                return Err(RunError::failed("this is no message: write it again"));
            };
            let started = Instant::now();
            let limit = request.timeout.min(context.deadline);
            // Nothing has left until this returns.
            let ready = registry::within_time(&context, limit, self.get_ready()).await?;
            let left = limit.saturating_sub(started.elapsed());
            let unknown = |what: &str| {
                RunError::Unknown(format!(
                    "{what}; {} may have taken it: look there before it is sent again",
                    self.target()
                ))
            };
            tokio::select! {
                biased;
                () = context.cancel.cancelled() => Err(unknown("cancelled while it was being sent")),
                result = self.post(request, message, &ready, sink) => result,
                () = tokio::time::sleep(left) => Err(unknown(&format!("no answer within {limit:?}"))),
            }
        })
    }

    fn target(&self) -> String {
        self.planner.target.clone()
    }
}

/// What a post needs, its secrets fetched.
struct Ready {
    url: Url,
    headers: HeaderMap,
    client: Client,
    masker: Masker,
}

impl Webhook {
    async fn get_ready(&self) -> Result<Ready, RunError> {
        let mut secrets = Vec::new();
        let url = match &self.address {
            HookAddress::Open(url) => url.clone(),
            HookAddress::Secret(reference) => {
                let secret = self.fetch(reference).await?;
                let parsed = Url::parse(secret.expose()).map_err(|_| ());
                secrets.push(secret);
                // What failed to parse is not repeated: it is the secret.
                parsed
                    .and_then(|url| check_place(&url).map(|()| url).map_err(|_| ()))
                    .map_err(|()| {
                        RunError::failed(format!(
                            "the secret {reference} is no address: expected https://host/path"
                        ))
                    })?
            }
        };
        let mut headers = HeaderMap::new();
        for (name, reference) in &self.headers {
            let secret = self.fetch(reference).await?;
            let mut value = HeaderValue::from_bytes(secret.expose().as_bytes()).map_err(|_| {
                RunError::failed(format!(
                    "the secret {reference} cannot stand in a header line: it holds a line break or a control character"
                ))
            })?;
            value.set_sensitive(true);
            headers.insert(name.clone(), value);
            secrets.push(secret);
        }
        Ok(Ready {
            client: client_for_one_post(&url).map_err(RunError::failed)?,
            url,
            headers,
            masker: Masker::new(&secrets),
        })
    }

    async fn fetch(&self, reference: &SecretReference) -> Result<Secret, RunError> {
        let resolved = reference.resolve(&self.environment).await;
        resolved.map_err(|error| RunError::failed(error.to_string()))
    }

    async fn post(
        &self,
        request: &Request,
        message: &OutgoingMessage,
        ready: &Ready,
        sink: &Sink,
    ) -> Result<Outcome, RunError> {
        let posted = ready
            .client
            .post(ready.url.clone())
            .headers(ready.headers.clone())
            .header(CONTENT_TYPE, "application/json")
            .header("Idempotency-Key", key(request, message))
            .body(request.text.clone())
            .send()
            .await;
        let response = posted.map_err(|error| {
            let never_left = error.is_connect() || error.is_builder();
            let cause = cause(error, &ready.masker);
            if never_left {
                RunError::failed(format!("cannot reach {}: {cause}", self.target()))
            } else {
                RunError::Unknown(format!(
                    "the connection was lost ({cause}); {} may have taken it: look there before it is sent again",
                    self.target()
                ))
            }
        })?;
        let status = response.status();
        let answer = ready.masker.mask(&answer(response).await);
        let head = format!("{status}\n");
        for (error, text) in [(true, head), (false, answer.clone())] {
            if !text.is_empty() {
                sink.send(Chunk::Output { error, text }).await;
            }
        }
        if status.is_success() {
            return Ok(Outcome {
                status: Some(status.as_u16()),
                ..Outcome::default()
            });
        }
        let why = if status.is_redirection() {
            "redirects are not followed: put the new address into url".to_owned()
        } else {
            answer.lines().next().unwrap_or_default().trim().to_owned()
        };
        Err(RunError::Failed {
            message: format!("{} answered {status}: {why}", self.target()),
            code: Some(status.as_u16().to_string()),
            position: None,
        })
    }
}

/// The same for the same message of the same incident, so that a receiver that minds it takes a message once.
fn key(request: &Request, message: &OutgoingMessage) -> String {
    let mut hasher = Sha256::new();
    for part in [
        request.action.as_str(),
        message.each.as_deref().unwrap_or_default(),
        message.subject.as_deref().unwrap_or_default(),
        &message.text,
    ] {
        hasher.update(part.as_bytes());
        hasher.update([0]);
    }
    format!("{}-{}", message.incident, Hash(hasher.finalize().into()))
}

/// What the receiver says, up to a limit. The status decides; an answer that breaks off changes nothing.
async fn answer(mut response: Response) -> String {
    let mut bytes = Vec::new();
    while let Ok(Some(part)) = response.chunk().await {
        let room = limits::WEBHOOK_ANSWER_BYTES - bytes.len();
        bytes.extend_from_slice(part.get(..room.min(part.len())).unwrap_or_default());
        if bytes.len() == limits::WEBHOOK_ANSWER_BYTES {
            break;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
