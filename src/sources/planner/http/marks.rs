//! Where a secret stands in a form: a mark says where and how it is written; the run fills it.

use crate::model::request::RunError;
use crate::sources::mask::percent_encode;
use crate::sources::secrets::Secrets;

/// Stands around the name of a secret in a form. No text and no value of a form holds it otherwise.
pub(in crate::sources) const MARK: char = '\0';

/// How a value is written at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sources) enum Encoding {
    /// Percent-encoded: a path segment, a query, a form field.
    Percent,
    /// As it is: a header.
    Plain,
    /// Inside the quotes of a JSON string.
    Json,
}

impl Encoding {
    pub(in crate::sources) const ALL: [Self; 3] = [Self::Percent, Self::Plain, Self::Json];

    const fn letter(self) -> char {
        match self {
            Self::Percent => 'p',
            Self::Plain => 'h',
            Self::Json => 'j',
        }
    }

    /// What stands in the place of a secret until the request runs.
    pub(in crate::sources) fn mark(self, name: &str) -> String {
        format!("{MARK}{}{name}{MARK}", self.letter())
    }

    /// A value as it is written there.
    pub(in crate::sources) fn write(self, value: &str) -> String {
        match self {
            Self::Percent => percent_encode(value),
            Self::Plain => value.to_owned(),
            Self::Json => {
                let quoted = serde_json::Value::from(value).to_string();
                quoted
                    .get(1..quoted.len() - 1)
                    .unwrap_or_default()
                    .to_owned()
            }
        }
    }
}

/// A part of a form with its secrets in their places.
pub(in crate::sources) fn fill(text: &str, secrets: &Secrets) -> Result<String, RunError> {
    let mut filled = String::with_capacity(text.len());
    for (index, piece) in text.split(MARK).enumerate() {
        if index % 2 == 0 {
            filled.push_str(piece);
            continue;
        }
        let encoding = Encoding::ALL
            .into_iter()
            .find(|encoding| piece.starts_with(encoding.letter()));
        let name = piece.get(1..).unwrap_or_default();
        let (Some(encoding), Some(secret)) = (encoding, secrets.get(name)) else {
            return Err(RunError::failed(
                "a secret of this request has no value: plan it again",
            ));
        };
        if encoding == Encoding::Plain && secret.chars().any(char::is_control) {
            return Err(RunError::failed(format!(
                "{name}: the secret cannot stand in a header line: it holds a line break or a control character"
            )));
        }
        filled.push_str(&encoding.write(secret));
    }
    Ok(filled)
}
