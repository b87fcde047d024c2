//! Secrets: only references stand in files and requests; the value is fetched when it is used.
//!
//! A [`Secret`] never shows itself in `Debug`, and there is no `Display`. Errors never repeat what was read.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::str::FromStr;

use rustix::process::{Pid, Signal, kill_process_group};
use serde::de::{Deserialize, Deserializer, Error as _};
use tokio::io::AsyncReadExt;

use super::environment::Environment;
use crate::model::{input, limits};

/// Where a secret is kept: `env:NAME`, `file:PATH` or `cmd:COMMAND`.
#[derive(Clone, PartialEq, Eq)]
pub enum SecretReference {
    /// An environment variable.
    Environment(String),
    /// A file, `~/` at its beginning being the home folder; the line feed at its end is not part of the secret.
    File(String),
    /// A shell command whose output is the secret, such as `pass show audit`; the line feed at its end is dropped.
    Command(String),
}

/// A secret's value.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// Why there is no secret. The messages name the reference, never a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// The text is no reference; it is not repeated, because it may be the secret itself.
    #[error(
        "expected a reference to a secret: env:NAME, file:PATH or cmd:COMMAND; the secret itself never stands here"
    )]
    NotAReference,
    /// The place is empty or cannot be read.
    #[error("cannot get the secret {reference}: {reason}")]
    Unavailable {
        /// The reference.
        reference: String,
        /// What went wrong.
        reason: String,
    },
    /// Too short to be masked safely.
    #[error(
        "the secret {reference} has fewer than {} characters: it could not be masked without masking ordinary text; use a longer one",
        limits::SECRET_CHARACTERS_MIN
    )]
    TooShort {
        /// The reference.
        reference: String,
    },
}

impl SecretReference {
    /// Fetches the secret. Called when a request runs, never when it is planned.
    pub async fn resolve(&self, environment: &Environment) -> Result<Secret, SecretError> {
        let text = match self {
            Self::Environment(name) => environment
                .get(name)
                .map(str::to_owned)
                .ok_or_else(|| "the environment variable is not set".to_owned()),
            Self::File(path) => read_file(path, environment).await,
            Self::Command(command) => run_command(command, environment).await,
        }
        .map_err(|reason| SecretError::Unavailable {
            reference: self.to_string(),
            reason,
        })?;
        if text.chars().count() < limits::SECRET_CHARACTERS_MIN {
            return Err(SecretError::TooShort {
                reference: self.to_string(),
            });
        }
        Ok(Secret(text))
    }
}

impl FromStr for SecretReference {
    type Err = SecretError;

    fn from_str(text: &str) -> Result<Self, SecretError> {
        match input::secret_reference(text) {
            Some(("env", name)) => Ok(Self::Environment(name.to_owned())),
            Some(("file", path)) => Ok(Self::File(path.to_owned())),
            Some(("cmd", command)) => Ok(Self::Command(command.to_owned())),
            Some(_) | None => Err(SecretError::NotAReference),
        }
    }
}

impl<'de> Deserialize<'de> for SecretReference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

impl fmt::Display for SecretReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment(name) => write!(formatter, "env:{name}"),
            Self::File(path) => write!(formatter, "file:{path}"),
            Self::Command(command) => write!(formatter, "cmd:{command}"),
        }
    }
}

impl fmt::Debug for SecretReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl Secret {
    /// A secret that a service gave, such as a token.
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The value, for the place that sends it and for the masker; nowhere else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[secret]")
    }
}

async fn read_file(path: &str, environment: &Environment) -> Result<String, String> {
    let path = match (path.strip_prefix("~/"), environment.get("HOME")) {
        (Some(below), Some(home)) => Path::new(home).join(below),
        _ => PathBuf::from(path),
    };
    let file = tokio::fs::File::open(path)
        .await
        .map_err(|error| error.to_string())?;
    read_text(file).await
}

/// Runs in a group of its own, so that a command that hangs is ended together with what it started.
async fn run_command(command: &str, environment: &Environment) -> Result<String, String> {
    let mut child = tokio::process::Command::new("/bin/sh")
        .arg("-c")
        .arg(command)
        .env_clear()
        .envs(environment.iter())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("the command cannot be started: {error}"))?;
    let group = child
        .id()
        .and_then(|id| Pid::from_raw(id.cast_signed()))
        .ok_or("the command ended at once")?;
    let output = child.stdout.take().ok_or("the command has no output")?;
    let answer = async {
        let text = read_text(output).await?;
        let status = child.wait().await.map_err(|error| error.to_string())?;
        if status.success() {
            Ok(text)
        } else {
            Err(format!("the command failed ({status})"))
        }
    };
    let limit = limits::SECRET_COMMAND_TIMEOUT;
    tokio::time::timeout(limit, answer)
        .await
        .unwrap_or_else(|_| {
            // The leader has not been waited for, so the number is still that of this group.
            let _ = kill_process_group(group, Signal::KILL);
            Err(format!(
                "the command did not end within {} s",
                limit.as_secs()
            ))
        })
}

async fn read_text(reader: impl tokio::io::AsyncRead + Unpin) -> Result<String, String> {
    let mut bytes = Vec::new();
    reader
        .take(limits::SECRET_BYTES as u64 + 1)
        .read_to_end(&mut bytes)
        .await
        .map_err(|error| error.to_string())?;
    if bytes.len() > limits::SECRET_BYTES {
        return Err(format!("longer than {} bytes", limits::SECRET_BYTES));
    }
    let text = String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_owned())?;
    let trimmed = text.trim_end_matches(['\n', '\r']);
    if trimmed.is_empty() {
        return Err("it is empty".to_owned());
    }
    Ok(trimmed.to_owned())
}
