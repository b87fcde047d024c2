//! Configuration: places on disk, `config.toml`, profiles, secrets by reference, who is at the keyboard.
//!
//! Values come from defaults, then the file, then the environment, then arguments; each keeps where it came from. This
//! module knows no source: it hands a source's table over with its place in the file, and the source reads its own keys.
//! It never resolves a secret on its own.

pub mod environment;
pub mod file;
pub mod operator;
pub mod places;
pub mod secret;
pub mod settings;

use std::fmt;
use std::sync::Arc;

use indexmap::IndexMap;

use crate::model::diagnostic::{Diagnostic, SourceText, nearest};

use environment::Environment;
use file::{ConfigFile, Profile};
use operator::Operator;
use places::Places;

/// Everything that is configured, with where each value came from.
#[derive(Debug, Clone)]
pub struct Config {
    /// Folders on disk.
    pub places: Places,
    /// `config.toml` as it was read, empty when there is none; diagnostics point into it.
    pub source: SourceText,
    /// The chosen profile's name.
    pub profile: Setting<Option<String>>,
    /// Every profile of the file, by name, in the order written.
    pub profiles: IndexMap<String, Profile>,
    /// Who is at the keyboard.
    pub operator: Operator,
    /// IANA name of the zone in which times are shown.
    pub timezone: Setting<String>,
    /// The environment the program was started in, read once.
    pub environment: Arc<Environment>,
}

/// A value and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting<T> {
    /// The value in force.
    pub value: T,
    /// The layer that gave it.
    pub from: Provenance,
}

/// The layer a value came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provenance {
    /// Nobody said anything.
    Default,
    /// `config.toml`.
    File,
    /// The environment variable of this name.
    Environment(&'static str),
    /// The argument of this name.
    Argument(&'static str),
    /// The account that the process runs as.
    Account,
}

impl fmt::Display for Provenance {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::File => formatter.write_str("config.toml"),
            Self::Account => formatter.write_str("user account"),
            Self::Environment(name) | Self::Argument(name) => formatter.write_str(name),
        }
    }
}

/// What the command line overrides.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Arguments {
    /// `--profile`
    pub profile: Option<String>,
    /// `--as`
    pub operator: Option<String>,
}

/// Why there is no configuration at all. Mistakes inside the file are [`Diagnostic`]s instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Neither `HOME` nor all three overrides are set.
    #[error(
        "cannot find the {missing} folder: HOME is not set; set HOME, or set QUARTERDECK_CONFIG, QUARTERDECK_DATA and QUARTERDECK_STATE"
    )]
    NoHome {
        /// `configuration`, `data` or `state`.
        missing: &'static str,
    },
    /// The file is there and cannot be read.
    #[error("cannot read {path}: {reason}")]
    Unreadable {
        /// The file.
        path: String,
        /// The system's words.
        reason: String,
    },
    /// `--profile` or `QUARTERDECK_PROFILE` names a profile that the file does not have.
    #[error("no profile \"{name}\" (from {from}); {hint}")]
    UnknownProfile {
        /// The name given.
        name: String,
        /// Who gave it.
        from: Provenance,
        /// The nearest known name, or what there is.
        hint: String,
    },
    /// Nobody says who is at the keyboard.
    #[error(
        "who are you? none of --as, QUARTERDECK_OPERATOR, `operator` in config.toml, SUDO_USER and USER is set; give --as NAME"
    )]
    NoOperator,
    /// The operator's name cannot stand in a record.
    #[error(
        "the operator's name from {from} cannot be used: give 1 to 128 visible characters without spaces at the ends"
    )]
    BadOperator {
        /// Who gave it.
        from: Provenance,
    },
}

impl Config {
    /// Reads `config.toml` and lays the environment and the arguments over it. A file with mistakes still yields a
    /// configuration of everything that did parse, together with the mistakes: the caller decides what they forbid.
    pub fn load(
        places: Places,
        environment: Arc<Environment>,
        arguments: &Arguments,
    ) -> Result<(Self, Vec<Diagnostic>), ConfigError> {
        let source = file::read(&places.config_file())?;
        let (file, mut diagnostics) = file::parse(&source);
        let profile = choose_profile(&file, &environment, arguments, &mut diagnostics)?;
        let operator = operator::find(&file, &environment, arguments)?;
        let timezone = match &file.timezone {
            Some(zone) => Setting {
                value: zone.clone(),
                from: Provenance::File,
            },
            None => Setting {
                value: "UTC".to_owned(),
                from: Provenance::Default,
            },
        };
        let config = Self {
            places,
            source,
            profile,
            profiles: file.profiles,
            operator,
            timezone,
            environment,
        };
        Ok((config, diagnostics))
    }

    /// The chosen profile, if one was chosen and exists.
    pub fn profile(&self) -> Option<&Profile> {
        self.profiles.get(self.profile.value.as_deref()?)
    }
}

/// Argument, environment, file, and last the file's only profile.
fn choose_profile(
    file: &ConfigFile,
    environment: &Environment,
    arguments: &Arguments,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Setting<Option<String>>, ConfigError> {
    const VARIABLE: &str = "QUARTERDECK_PROFILE";
    let given = match (&arguments.profile, environment.get(VARIABLE)) {
        (Some(name), _) => Some((name.as_str(), Provenance::Argument("--profile"))),
        (None, Some(name)) => Some((name, Provenance::Environment(VARIABLE))),
        (None, None) => None,
    };
    if let Some((name, from)) = given {
        if file.profiles.contains_key(name) {
            return Ok(Setting {
                value: Some(name.to_owned()),
                from,
            });
        }
        return Err(ConfigError::UnknownProfile {
            name: name.to_owned(),
            from,
            hint: profile_hint(file, name),
        });
    }
    let Some(named) = &file.profile else {
        let mut names = file.profiles.keys();
        let only = match (names.next(), names.next()) {
            (Some(name), None) => Some(name.clone()),
            _ => None,
        };
        return Ok(Setting {
            value: only,
            from: Provenance::Default,
        });
    };
    let name = named.get_ref();
    if !file.profiles.contains_key(name) {
        diagnostics.push(
            Diagnostic::error(
                "unknown-profile",
                named.span(),
                format!("no profile \"{name}\" in this file"),
            )
            .with_help(profile_hint(file, name)),
        );
    }
    Ok(Setting {
        value: Some(name.clone()),
        from: Provenance::File,
    })
}

fn profile_hint(file: &ConfigFile, name: &str) -> String {
    let known = file.profiles.keys().map(String::as_str);
    if let Some(near) = nearest(name, known.clone()) {
        return format!("did you mean \"{near}\"?");
    }
    let known: Vec<&str> = known.collect();
    if known.is_empty() {
        format!("config.toml has no profile; begin one with [profiles.{name}.sources.NAME]")
    } else {
        format!("config.toml has {}", known.join(", "))
    }
}

#[cfg(test)]
mod tests;
