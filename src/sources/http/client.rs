//! What every source behind HTTP shares: one client a source, credentials by reference, errors without secrets.
//!
//! TLS is always verified. A client is built when it is first needed, because loading the system's certificates is slow.

use std::error::Error as _;
use std::sync::{Arc, OnceLock};

use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Method, RequestBuilder, Response};
use url::{Host, Origin, Url};

use crate::config::environment::Environment;
use crate::config::secret::{Secret, SecretReference};
use crate::model::limits;
use crate::model::request::{Request, RunError};
use crate::sources::mask::Masker;
use crate::sources::planner::http::{check_base, shown, url_below};
use crate::sources::registry::Surroundings;
use crate::sources::secrets::Secrets;

/// Chooses ring for TLS. Without it, building a client panics; calling it again does nothing.
pub fn install_crypto_provider() {
    // An error means that a provider is there already, which is what is wanted.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// How a source proves who is asking.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// It does not.
    None,
    /// `Authorization: Bearer …`
    Bearer(SecretReference),
    /// `Authorization: Basic …`
    Basic {
        /// The user.
        username: String,
        /// The password.
        password: SecretReference,
    },
}

impl Credentials {
    /// Out of the three keys of a source's settings; the error says which keys do not go together.
    pub fn new(
        bearer_token: Option<SecretReference>,
        username: Option<String>,
        password: Option<SecretReference>,
    ) -> Result<Self, String> {
        match (bearer_token, username, password) {
            (None, None, None) => Ok(Self::None),
            (Some(token), None, None) => Ok(Self::Bearer(token)),
            (None, Some(username), Some(password)) => Ok(Self::Basic { username, password }),
            (Some(_), _, _) => Err("give bearer_token, or username and password, not both".into()),
            (None, _, _) => Err("username and password go together".into()),
        }
    }
}

/// The secrets of one run and the masker that knows them.
#[derive(Debug)]
pub struct Access {
    secret: Option<Secret>,
    /// Secret inputs of the request.
    pub inputs: Secrets,
    /// Masks what comes back.
    pub masker: Masker,
}

/// A client of one host.
#[derive(Debug)]
pub struct WebClient {
    base: Url,
    credentials: Credentials,
    environment: Arc<Environment>,
    client: OnceLock<Result<Client, String>>,
    /// For what changes something: it follows no redirect, repeats nothing and begins on a fresh connection.
    once: OnceLock<Result<Client, String>>,
}

/// How a request ended without an answer.
#[derive(Debug)]
pub struct NoAnswer {
    /// What happened, without secrets.
    pub error: RunError,
    /// Nothing of it had left when that happened.
    pub unsent: bool,
}

impl WebClient {
    /// A client for everything below `base`. Does no IO.
    pub fn new(
        base: Url,
        credentials: Credentials,
        surroundings: &Surroundings,
    ) -> Result<Self, String> {
        check_base(&base)?;
        Ok(Self {
            base,
            credentials,
            environment: surroundings.environment.clone(),
            client: OnceLock::new(),
            once: OnceLock::new(),
        })
    }

    /// The address for people.
    pub fn shown(&self) -> &str {
        shown(&self.base)
    }

    /// The address of an encoded path and query below the base. It never leaves the base's host.
    pub fn url(&self, path: &str) -> Result<Url, String> {
        url_below(&self.base, path)
    }

    /// Same scheme, host and port as the configured address.
    pub fn is_own(&self, url: &Url) -> bool {
        url.origin() == self.base.origin()
    }

    /// Opens a connection to the host and closes it again. Sends nothing. Gives host and port.
    pub async fn reach(&self) -> Result<String, String> {
        let host = self.base.host_str().unwrap_or_default();
        let port = self.base.port_or_known_default().unwrap_or(443);
        let place = format!("{host}:{port}");
        let connecting = tokio::net::TcpStream::connect((host.trim_matches(['[', ']']), port));
        match tokio::time::timeout(limits::CONNECT_TIMEOUT, connecting).await {
            Ok(Ok(_)) => Ok(place),
            Ok(Err(error)) => Err(format!("cannot connect to {place}: {error}")),
            Err(_) => Err(format!(
                "cannot connect to {place}: no answer within {} s",
                limits::CONNECT_TIMEOUT.as_secs()
            )),
        }
    }

    /// Fetches the secrets of a run.
    pub async fn access(&self) -> Result<Access, RunError> {
        let reference = match &self.credentials {
            Credentials::None => None,
            Credentials::Bearer(secret)
            | Credentials::Basic {
                password: secret, ..
            } => Some(secret),
        };
        let secret = match reference {
            None => None,
            Some(reference) => Some(
                reference
                    .resolve(&self.environment)
                    .await
                    .map_err(|error| RunError::failed(error.to_string()))?,
            ),
        };
        Ok(Access {
            masker: Masker::new(&secret),
            secret,
            inputs: Secrets::default(),
        })
    }

    /// The same with the secret inputs that a request names.
    pub async fn access_with(&self, request: &Request) -> Result<Access, RunError> {
        let access = self.access().await?;
        let inputs = Secrets::fetch(request, &self.environment).await?;
        Ok(Access {
            masker: Masker::new(access.secret.iter().chain(inputs.all())),
            secret: access.secret,
            inputs,
        })
    }

    /// A request without its authorization.
    pub fn request(&self, method: Method, url: Url) -> Result<RequestBuilder, RunError> {
        let client = self
            .client
            .get_or_init(|| build_client(&self.base, within(self.base.origin()), |builder| builder))
            .as_ref()
            .map_err(|message| RunError::failed(message.clone()))?;
        Ok(client.request(method, url))
    }

    /// A request that is sent once, without its authorization.
    pub fn request_once(&self, method: Method, url: Url) -> Result<RequestBuilder, RunError> {
        let client = self
            .once
            .get_or_init(|| client_for_one_post(&self.base))
            .as_ref()
            .map_err(|message| RunError::failed(message.clone()))?;
        Ok(client.request(method, url))
    }

    /// Adds the authorization and sends. The header goes to this host only: redirects elsewhere are not followed.
    pub async fn send(
        &self,
        builder: RequestBuilder,
        access: &Access,
    ) -> Result<Response, RunError> {
        let sent = self.send_once(builder, access).await;
        sent.map_err(|no_answer| no_answer.error)
    }

    /// The same, for what must not be sent again in doubt.
    pub async fn send_once(
        &self,
        builder: RequestBuilder,
        access: &Access,
    ) -> Result<Response, NoAnswer> {
        let builder = match (&self.credentials, &access.secret) {
            (Credentials::Bearer(_), Some(token)) => builder.bearer_auth(token.expose()),
            (Credentials::Basic { username, .. }, Some(password)) => {
                builder.basic_auth(username, Some(password.expose()))
            }
            _ => builder,
        };
        builder.send().await.map_err(|error| NoAnswer {
            unsent: error.is_connect() || error.is_builder(),
            error: self.failure(error, &access.masker),
        })
    }

    /// The innermost cause, without the address that was asked (its query may hold values) and without secrets.
    pub fn failure(&self, error: reqwest::Error, masker: &Masker) -> RunError {
        let what = if error.is_connect() {
            "cannot reach"
        } else {
            "the exchange failed with"
        };
        let cause = cause(error, masker);
        RunError::failed(masker.mask(&format!("{what} {}: {cause}", self.shown())))
    }
}

/// A client for messages: it follows no redirect, tries nothing again and shares no connection, so that one call is one
/// request.
pub fn client_for_one_post(url: &Url) -> Result<Client, String> {
    build_client(url, Policy::none(), |builder| {
        builder
            .retry(reqwest::retry::never())
            .pool_max_idle_per_host(0)
    })
}

/// Why an exchange failed, without the address that was asked (its query may hold values) and without secrets.
pub fn cause(error: reqwest::Error, masker: &Masker) -> String {
    let error = error.without_url();
    let mut cause = error.to_string();
    let mut inner = error.source();
    while let Some(deeper) = inner {
        cause = deeper.to_string();
        inner = deeper.source();
    }
    masker.mask(&cause)
}

/// Redirects within one origin; one elsewhere is shown, not followed.
fn within(origin: Origin) -> Policy {
    Policy::custom(move |attempt| {
        if attempt.url().origin() != origin {
            attempt.stop()
        } else if attempt.previous().len() > limits::REDIRECTS {
            attempt.error("too many redirects")
        } else {
            attempt.follow()
        }
    })
}

fn build_client(
    base: &Url,
    redirects: Policy,
    more: impl FnOnce(ClientBuilder) -> ClientBuilder,
) -> Result<Client, String> {
    install_crypto_provider();
    let mut builder = Client::builder()
        .connect_timeout(limits::CONNECT_TIMEOUT)
        .user_agent(concat!("quarterdeck/", env!("CARGO_PKG_VERSION")))
        .redirect(redirects);
    if is_loopback(base) {
        // A proxy has another idea of what this machine is.
        builder = builder.no_proxy();
    }
    if base.scheme() == "http" {
        // Every redirect stays on this origin, so no certificate is ever looked at: reading the system's costs memory.
        builder = builder.tls_certs_only([]);
    }
    more(builder)
        .build()
        .map_err(|error| format!("cannot make an HTTP client: {}", error.without_url()))
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
