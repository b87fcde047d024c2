//! Where configuration, data and state live on this platform, and how the environment moves them.

use std::path::PathBuf;

use super::ConfigError;
use super::environment::Environment;

/// The three folders. They need not exist yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// `config.toml`, `keys.toml`, `playbooks/`, `drills/`, `layouts/`, `themes/`.
    pub config: PathBuf,
    /// Records of incidents.
    pub data: PathBuf,
    /// Trust decisions, logs, what may be lost without harm.
    pub state: PathBuf,
}

impl Places {
    /// The platform's folders, each moved by `QUARTERDECK_CONFIG`, `QUARTERDECK_DATA` or `QUARTERDECK_STATE`. Without
    /// `HOME` the platform's answer would be a guess from the user database: that is an error that says what to set.
    pub fn find(environment: &Environment) -> Result<Self, ConfigError> {
        let platform = environment
            .get("HOME")
            .and_then(|_| directories::ProjectDirs::from("", "", "quarterdeck"));
        let place = |variable: &str,
                     missing: &'static str,
                     of_platform: fn(&directories::ProjectDirs) -> PathBuf| {
            environment
                .get(variable)
                .map(PathBuf::from)
                .or_else(|| platform.as_ref().map(of_platform))
                .ok_or(ConfigError::NoHome { missing })
        };
        Ok(Self {
            config: place("QUARTERDECK_CONFIG", "configuration", |folders| {
                folders.config_dir().to_owned()
            })?,
            data: place("QUARTERDECK_DATA", "data", |folders| {
                folders.data_dir().to_owned()
            })?,
            state: place("QUARTERDECK_STATE", "state", |folders| {
                folders
                    .state_dir()
                    .map_or_else(|| folders.data_local_dir().join("state"), PathBuf::from)
            })?,
        })
    }

    /// The main configuration file.
    pub fn config_file(&self) -> PathBuf {
        self.config.join("config.toml")
    }

    /// The user's own drill scenarios.
    pub fn drills(&self) -> PathBuf {
        self.config.join("drills")
    }

    /// The user's own playbooks.
    pub fn playbooks(&self) -> PathBuf {
        self.config.join("playbooks")
    }
}
