//! Signing in on a machine that has no browser: device code, managed identity, the secret of an app registration, or what `az` is signed in as.
//!
//! One account may serve several sources and audiences; only one of its tokens is fetched at a time. Tokens stand in memory only, are refreshed five
//! minutes before they end, and never leave but in the header of a request; whoever gets one masks it. The flows: RFC 8628 (device code), RFC 6749 §4.4
//! (client credentials), learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token.

mod flows;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use super::super::Sink;
use super::super::http::client::{Credentials, WebClient};
use super::super::registry::Surroundings;
use crate::config::environment::Environment;
use crate::config::secret::{Secret, SecretReference};
use crate::config::settings::Address;
use crate::model::request::{Chunk, RunError};

/// A token is fetched anew so long before it ends.
const BEFORE_THE_END: Duration = Duration::from_secs(300);

/// What the settings of a source say about signing in.
#[derive(Debug)]
pub(super) struct Identity {
    pub way: Option<String>,
    pub tenant: Option<String>,
    pub client_id: Option<String>,
    pub client_secret: Option<SecretReference>,
    pub authority: Option<Address>,
    pub machine_url: Option<Address>,
}

/// Every account of a profile, so that sources which sign in alike sign in once.
#[derive(Clone, Default)]
pub struct Accounts(Arc<std::sync::Mutex<HashMap<String, Arc<Account>>>>);

impl fmt::Debug for Accounts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Accounts")
    }
}

impl Accounts {
    /// The account of an identity. The error says which keys of the settings do not go together.
    pub(super) fn account(
        &self,
        identity: Identity,
        surroundings: &Surroundings,
    ) -> Result<Arc<Account>, String> {
        let key = format!("{identity:?}");
        let mut accounts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(account) = accounts.get(&key) {
            return Ok(Arc::clone(account));
        }
        let account = Arc::new(Account::new(identity, surroundings)?);
        accounts.insert(key, Arc::clone(&account));
        Ok(account)
    }
}

/// How an account signs in.
#[derive(Debug)]
enum Way {
    Az,
    DeviceCode {
        client_id: String,
    },
    ManagedIdentity {
        client_id: Option<String>,
    },
    ClientSecret {
        client_id: String,
        secret: SecretReference,
    },
}

/// Somebody who may ask for tokens.
pub(super) struct Account {
    way: Way,
    tenant: Option<String>,
    authority: WebClient,
    identity_service: WebClient,
    environment: Arc<Environment>,
    kept: Mutex<Kept>,
}

/// What an account has been given so far.
#[derive(Default)]
struct Kept {
    tokens: HashMap<String, Token>,
    /// Gets tokens for other audiences without asking the operator again.
    refresh: Option<Secret>,
}

/// A token and its end.
struct Token {
    secret: Secret,
    ends: Instant,
}

impl Account {
    fn new(identity: Identity, surroundings: &Surroundings) -> Result<Self, String> {
        let environment = Arc::clone(&surroundings.environment);
        let way = way(&identity, &environment)?;
        let client = |given: Option<Address>, default: &str| {
            let url = match given {
                Some(Address(url)) => url,
                None => url::Url::parse(default).map_err(|error| error.to_string())?,
            };
            WebClient::new(url, Credentials::None, surroundings)
        };
        Ok(Self {
            way,
            tenant: identity.tenant,
            authority: client(identity.authority, "https://login.microsoftonline.com")?,
            identity_service: client(identity.machine_url, "http://169.254.169.254")?,
            environment,
            kept: Mutex::default(),
        })
    }

    /// A token for `audience` that is good for some minutes. Whoever comes while one is fetched waits for it. A device code is shown through `sink`;
    /// without one, signing in that needs the operator fails and says so.
    ///
    /// # Errors
    /// What the sign-in service says, and what to do.
    pub(super) async fn token(
        &self,
        audience: &str,
        sink: Option<&Sink>,
    ) -> Result<Secret, RunError> {
        let mut kept = self.kept.lock().await;
        if let Some(token) = kept.tokens.get(audience)
            && token.ends > Instant::now() + BEFORE_THE_END
        {
            return Ok(token.secret.clone());
        }
        let granted = self.ask(audience, kept.refresh.as_ref(), sink).await?;
        if granted.refresh.is_some() {
            kept.refresh = granted.refresh;
        }
        let secret = granted.token.clone();
        kept.tokens.insert(
            audience.to_owned(),
            Token {
                secret: granted.token,
                ends: Instant::now() + granted.lasts,
            },
        );
        Ok(secret)
    }

    /// Drops a token that the service would not take.
    pub(super) async fn forget(&self, audience: &str) {
        self.kept.lock().await.tokens.remove(audience);
    }

    async fn ask(
        &self,
        audience: &str,
        refresh: Option<&Secret>,
        sink: Option<&Sink>,
    ) -> Result<Granted, RunError> {
        match &self.way {
            Way::Az => self.of_az(audience).await,
            Way::ManagedIdentity { client_id } => {
                self.of_machine(audience, client_id.as_deref()).await
            }
            Way::ClientSecret { client_id, secret } => {
                self.with_secret(audience, client_id, secret).await
            }
            Way::DeviceCode { client_id } => {
                if let Some(refresh) = refresh
                    && let Ok(granted) = self.refreshed(audience, client_id, refresh).await
                {
                    return Ok(granted);
                }
                let Some(sink) = sink else {
                    return Err(RunError::failed(
                        "not signed in: run an action of this source and follow what it says",
                    ));
                };
                let granted = self.with_device_code(audience, client_id, sink).await;
                sink.send(Chunk::SignIn(None)).await;
                granted
            }
        }
    }
}

/// What a sign-in gave.
struct Granted {
    token: Secret,
    lasts: Duration,
    refresh: Option<Secret>,
}

fn way(identity: &Identity, environment: &Environment) -> Result<Way, String> {
    let client_id = || identity.client_id.clone();
    let way = match (&identity.way, &identity.client_secret) {
        (Some(way), _) => way.as_str(),
        (None, Some(_)) => "client-secret",
        (None, None) if az_is_there(environment) => "az",
        (None, None) => "device-code",
    };
    match way {
        "az" => Ok(Way::Az),
        "managed-identity" => Ok(Way::ManagedIdentity {
            client_id: client_id(),
        }),
        "client-secret" => match (client_id(), &identity.client_secret, &identity.tenant) {
            (Some(client_id), Some(secret), Some(_)) => Ok(Way::ClientSecret {
                client_id,
                secret: secret.clone(),
            }),
            _ => Err(
                "signing in with a client secret needs tenant, client_id and client_secret"
                    .to_owned(),
            ),
        },
        "device-code" => client_id().map_or_else(
            || {
                Err("signing in with a device code needs client_id = \"…\" of an app registration that allows public client flows; or install az and sign in with it, or write sign_in = \"managed-identity\"".to_owned())
            },
            |client_id| Ok(Way::DeviceCode { client_id }),
        ),
        other => Err(format!(
            "expected sign_in az, device-code, managed-identity or client-secret, found \"{other}\""
        )),
    }
}

fn az_is_there(environment: &Environment) -> bool {
    environment.get("PATH").is_some_and(|path| {
        path.split(':')
            .any(|folder| std::path::Path::new(folder).join("az").is_file())
    })
}
