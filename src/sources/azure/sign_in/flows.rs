//! The four ways to a token, each as its service documents it.

use std::process::Stdio;
use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use tokio::io::AsyncReadExt;

use super::{Account, Granted};
use crate::config::secret::{Secret, SecretReference};
use crate::model::limits;
use crate::model::request::{Chunk, RunError, SignInPrompt};
use crate::sources::Sink;
use crate::sources::mask::Masker;

/// Where nothing says how long a token lasts: the shortest life the service gives.
const LASTS_DEFAULT: Duration = Duration::from_secs(600);
/// Between two questions whether the operator has signed in, where the service does not say.
const POLL_DEFAULT: u64 = 5;

impl Account {
    fn tenant(&self) -> &str {
        self.tenant.as_deref().unwrap_or("organizations")
    }

    /// The secret of an app registration (RFC 6749 §4.4).
    pub(super) async fn with_secret(
        &self,
        audience: &str,
        client_id: &str,
        secret: &SecretReference,
    ) -> Result<Granted, RunError> {
        let secret = secret
            .resolve(&self.environment)
            .await
            .map_err(|error| RunError::failed(error.to_string()))?;
        let scope = scope(audience);
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", client_id),
            ("client_secret", secret.expose()),
            ("scope", &scope),
        ];
        let masker = Masker::new([&secret]);
        match self.post("token", &form, &masker).await? {
            Ok(answer) => granted(&answer),
            Err(refusal) => Err(refusal.into_error(&masker)),
        }
    }

    /// A token for another audience, or a newer one, from what the last sign-in left.
    pub(super) async fn refreshed(
        &self,
        audience: &str,
        client_id: &str,
        refresh: &Secret,
    ) -> Result<Granted, RunError> {
        let scope = format!("{} offline_access", scope(audience));
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", client_id),
            ("refresh_token", refresh.expose()),
            ("scope", &scope),
        ];
        let masker = Masker::new([refresh]);
        match self.post("token", &form, &masker).await? {
            Ok(answer) => granted(&answer),
            Err(refusal) => Err(refusal.into_error(&masker)),
        }
    }

    /// A code that the operator types into a browser anywhere (RFC 8628).
    pub(super) async fn with_device_code(
        &self,
        audience: &str,
        client_id: &str,
        sink: &Sink,
    ) -> Result<Granted, RunError> {
        let masker = Masker::default();
        let scope = format!("{} offline_access", scope(audience));
        let form = [("client_id", client_id), ("scope", &scope)];
        let answer = match self.post("devicecode", &form, &masker).await? {
            Ok(answer) => answer,
            Err(refusal) => return Err(refusal.into_error(&masker)),
        };
        let text = |key: &str| answer.get(key).and_then(Value::as_str);
        let (Some(device_code), Some(user_code)) = (text("device_code"), text("user_code")) else {
            return Err(no_token(self.authority.shown()));
        };
        let address = text("verification_uri")
            .or_else(|| text("verification_url"))
            .unwrap_or("https://microsoft.com/devicelogin");
        let lasts = Duration::from_secs(seconds(&answer, "expires_in").unwrap_or(900));
        let mut pause = seconds(&answer, "interval").unwrap_or(POLL_DEFAULT);
        sink.send(Chunk::SignIn(Some(SignInPrompt {
            address: address.to_owned(),
            code: user_code.to_owned(),
            lasts,
        })))
        .await;
        let masker = Masker::new([&Secret::new(device_code)]);
        let form = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("client_id", client_id),
            ("device_code", device_code),
        ];
        let asking = async {
            loop {
                tokio::time::sleep(Duration::from_secs(pause)).await;
                match self.post("token", &form, &masker).await? {
                    Ok(answer) => return granted(&answer),
                    Err(refusal) => match refusal.error.as_str() {
                        "authorization_pending" => {}
                        "slow_down" => pause += POLL_DEFAULT,
                        _ => return Err(refusal.into_error(&masker)),
                    },
                }
            }
        };
        tokio::time::timeout(lasts, asking).await.unwrap_or_else(|_| {
            Err(RunError::failed(format!(
                "nobody signed in with the code {user_code} in time: run the action again for a new one"
            )))
        })
    }

    /// The identity of the machine itself.
    pub(super) async fn of_machine(
        &self,
        audience: &str,
        client_id: Option<&str>,
    ) -> Result<Granted, RunError> {
        let masker = Masker::default();
        let url = self
            .identity_service
            .url("/metadata/identity/oauth2/token")
            .map_err(RunError::failed)?;
        let mut query = vec![("api-version", "2018-02-01"), ("resource", audience)];
        query.extend(client_id.map(|id| ("client_id", id)));
        let builder = self
            .identity_service
            .request(Method::GET, url)?
            .query(&query)
            .header("Metadata", "true");
        let asked = tokio::time::timeout(limits::CONNECT_TIMEOUT, builder.send());
        let response = match asked.await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => {
                let error = self.identity_service.failure(error, &masker);
                return Err(RunError::failed(format!(
                    "this machine has no managed identity to sign in with: {error}"
                )));
            }
            Err(_) => {
                return Err(RunError::failed(format!(
                    "this machine has no managed identity to sign in with: {} does not answer",
                    self.identity_service.shown()
                )));
            }
        };
        let status = response.status().as_u16();
        let answer = json(response, self.identity_service.shown()).await?;
        match (status, Refusal::of(&answer)) {
            (200, _) => granted(&answer),
            (_, refusal) => Err(refusal.into_error(&masker)),
        }
    }

    /// Whoever `az` is signed in as.
    pub(super) async fn of_az(&self, audience: &str) -> Result<Granted, RunError> {
        let mut command = tokio::process::Command::new("az");
        command
            .args(["account", "get-access-token", "--output", "json", "--scope"])
            .arg(scope(audience))
            .env_clear()
            .envs(self.environment.iter())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        if let Some(tenant) = &self.tenant {
            command.args(["--tenant", tenant]);
        }
        let failed = |reason: String| {
            RunError::failed(format!(
                "az gave no token: {reason}; run `az login` here, or write another sign_in"
            ))
        };
        let work = async {
            let mut child = command.spawn().map_err(|error| failed(error.to_string()))?;
            let (mut out, mut err) = (Vec::new(), Vec::new());
            if let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) {
                let most = limits::SECRET_BYTES as u64;
                let (mut stdout, mut stderr) = (stdout.take(most), stderr.take(most));
                let both = tokio::join!(stdout.read_to_end(&mut out), stderr.read_to_end(&mut err));
                both.0
                    .and(both.1)
                    .map_err(|error| failed(error.to_string()))?;
            }
            let status = child
                .wait()
                .await
                .map_err(|error| failed(error.to_string()))?;
            if !status.success() {
                let said = String::from_utf8_lossy(&err);
                let first = said.lines().find(|line| !line.trim().is_empty());
                return Err(failed(
                    first
                        .unwrap_or("it failed and did not say why")
                        .trim()
                        .to_owned(),
                ));
            }
            serde_json::from_slice::<Value>(&out)
                .map_err(|_| failed("what it printed is not JSON".to_owned()))
        };
        let answer = tokio::time::timeout(limits::AZ_TIMEOUT, work)
            .await
            .unwrap_or_else(|_| Err(failed("it does not answer".to_owned())))?;
        let token = answer
            .get("accessToken")
            .and_then(Value::as_str)
            .ok_or_else(|| failed("what it printed holds no accessToken".to_owned()))?;
        Ok(Granted {
            token: Secret::new(token),
            // `az` keeps the token itself and gives it again for as long as it is good, so it is asked often.
            lasts: LASTS_DEFAULT,
            refresh: None,
        })
    }

    /// One exchange with the sign-in service: what it grants, or why it does not.
    async fn post(
        &self,
        endpoint: &str,
        form: &[(&str, &str)],
        masker: &Masker,
    ) -> Result<Result<Value, Refusal>, RunError> {
        let url = self
            .authority
            .url(&format!("/{}/oauth2/v2.0/{endpoint}", self.tenant()))
            .map_err(RunError::failed)?;
        let response = self
            .authority
            .request(Method::POST, url)?
            .form(form)
            .send()
            .await
            .map_err(|error| self.authority.failure(error, masker))?;
        let status = response.status().as_u16();
        let answer = json(response, self.authority.shown()).await?;
        Ok(if status == 200 {
            Ok(answer)
        } else {
            Err(Refusal::of(&answer))
        })
    }
}

/// Why the sign-in service grants nothing.
struct Refusal {
    error: String,
    description: String,
}

impl Refusal {
    fn of(answer: &Value) -> Self {
        let text = |key: &str| {
            answer
                .get(key)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        Self {
            error: text("error"),
            description: text("error_description"),
        }
    }

    fn into_error(self, masker: &Masker) -> RunError {
        let said = match self.error.as_str() {
            "authorization_declined" | "access_denied" => {
                "somebody declined to sign in: run the action again for a new code".to_owned()
            }
            "expired_token" => "the code is too old: run the action again for a new one".to_owned(),
            error => {
                let first = self.description.lines().next().unwrap_or_default();
                let words = if first.is_empty() { error } else { first };
                format!(
                    "the sign-in service refused: {}; look at tenant, client_id and the secret",
                    if words.is_empty() {
                        "it gives no reason"
                    } else {
                        words
                    }
                )
            }
        };
        RunError::failed(masker.mask(&said))
    }
}

fn scope(audience: &str) -> String {
    format!("{}/.default", audience.trim_end_matches('/'))
}

/// A number that some versions of the service write as a text.
fn seconds(answer: &Value, key: &str) -> Option<u64> {
    let value = answer.get(key)?;
    value
        .as_u64()
        .or_else(|| value.as_str()?.trim().parse().ok())
}

fn granted(answer: &Value) -> Result<Granted, RunError> {
    let text = |key: &str| answer.get(key).and_then(Value::as_str).map(Secret::new);
    let token = text("access_token").ok_or_else(|| no_token("the sign-in service"))?;
    Ok(Granted {
        token,
        lasts: seconds(answer, "expires_in").map_or(LASTS_DEFAULT, Duration::from_secs),
        refresh: text("refresh_token"),
    })
}

fn no_token(who: &str) -> RunError {
    RunError::failed(format!(
        "{who} answered without a token: look at its address in the configuration"
    ))
}

/// A small JSON answer.
async fn json(mut response: reqwest::Response, who: &str) -> Result<Value, RunError> {
    let failed = || {
        RunError::failed(format!(
            "{who} answered what is not JSON: look at its address in the configuration"
        ))
    };
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await.map_err(|_| failed())? {
        if body.len() + part.len() > limits::SECRET_BYTES {
            return Err(failed());
        }
        body.extend_from_slice(&part);
    }
    serde_json::from_slice(&body).map_err(|_| failed())
}
