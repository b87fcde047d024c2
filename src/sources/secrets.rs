//! Secret inputs of a run. The plan says where each is kept; its value is fetched when the request runs, goes to the source
//! and nowhere else, and is masked in what comes back.

use crate::config::environment::Environment;
use crate::config::secret::{Secret, SecretReference};
use crate::model::request::{Parameter, Request, RunError};

use super::mask::Masker;

/// The secrets of one run, by the names of their parameters.
#[derive(Debug, Default)]
pub struct Secrets {
    values: Vec<(String, Secret)>,
}

impl Secrets {
    /// Fetches every secret that a request names. Nothing has been sent when this fails.
    pub async fn fetch(request: &Request, environment: &Environment) -> Result<Self, RunError> {
        let mut values: Vec<(String, Secret)> = Vec::new();
        for parameter in &request.parameters {
            let known = values.iter().any(|(name, _)| *name == parameter.name);
            let Some(reference) = parameter.secret_reference().filter(|_| !known) else {
                continue;
            };
            let fetched = async {
                let reference: SecretReference = reference.parse()?;
                reference.resolve(environment).await
            };
            let secret = fetched
                .await
                .map_err(|error| RunError::failed(format!("{}: {error}", parameter.name)))?;
            values.push((parameter.name.clone(), secret));
        }
        Ok(Self { values })
    }

    /// The value of a secret parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.values.iter().find(|(known, _)| known == name);
        found.map(|(_, secret)| secret.expose())
    }

    /// What is sent for a parameter: the secret, or the text that the plan has.
    pub fn value<'a>(&'a self, parameter: &'a Parameter) -> &'a str {
        let secret = parameter
            .secret_reference()
            .and_then(|_| self.get(&parameter.name));
        secret.unwrap_or(&parameter.value)
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &Secret> {
        self.values.iter().map(|(_, secret)| secret)
    }

    /// Masks them; none where there are none, so that other results cost nothing.
    pub fn masker(&self) -> Option<Masker> {
        (!self.values.is_empty()).then(|| Masker::new(self.all()))
    }
}

/// An error without what the masker knows.
pub fn masked(error: RunError, masker: Option<&Masker>) -> RunError {
    let Some(masker) = masker else {
        return error;
    };
    match error {
        RunError::Failed {
            message,
            code,
            position,
        } => RunError::Failed {
            message: masker.mask(&message),
            code,
            position,
        },
        RunError::Unknown(message) => RunError::Unknown(masker.mask(&message)),
        RunError::TimedOut(_) | RunError::Cancelled => error,
    }
}
