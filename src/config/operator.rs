//! Who is at the keyboard, and how that is known. The record says both.

use std::fmt;

use super::environment::Environment;
use super::file::ConfigFile;
use super::{Arguments, ConfigError, Provenance};

/// The person at the keyboard, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    /// The name.
    pub name: String,
    /// The machine the program runs on.
    pub host: String,
    /// Who says so: a name that the person chose is not an identity.
    pub known_by: Provenance,
}

impl fmt::Display for Operator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}@{} (from {})",
            self.name, self.host, self.known_by
        )
    }
}

/// `--as`, else `QUARTERDECK_OPERATOR`, else the file, else `SUDO_USER` (the person behind `sudo`), else `USER`, else the
/// account that the process runs as.
pub(super) fn find(
    file: &ConfigFile,
    environment: &Environment,
    arguments: &Arguments,
) -> Result<Operator, ConfigError> {
    let variable = |name: &'static str| {
        environment
            .get(name)
            .map(|value| (value, Provenance::Environment(name)))
    };
    let (name, known_by) = arguments
        .operator
        .as_deref()
        .map(|name| (name, Provenance::Argument("--as")))
        .or_else(|| variable("QUARTERDECK_OPERATOR"))
        .or_else(|| {
            file.operator
                .as_deref()
                .map(|name| (name, Provenance::File))
        })
        .or_else(|| variable("SUDO_USER"))
        .or_else(|| variable("USER"))
        .or_else(|| {
            environment
                .account()
                .map(|name| (name, Provenance::Account))
        })
        .ok_or(ConfigError::NoOperator)?;
    let usable = (1..=128).contains(&name.chars().count())
        && name.trim() == name
        && !name.chars().any(char::is_control);
    if !usable {
        return Err(ConfigError::BadOperator { from: known_by });
    }
    Ok(Operator {
        name: name.to_owned(),
        host: rustix::system::uname()
            .nodename()
            .to_string_lossy()
            .into_owned(),
        known_by,
    })
}
