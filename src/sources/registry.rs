//! The table of all kinds of sources, and the sources of one profile.
//!
//! A new kind is one file and one row of [`REGISTRY`]. Nothing here talks to a source; building one does no IO.

use std::fmt::Write as _;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;

use super::{RunContext, SharedSource, azure, http, postgres, prometheus, shell, sqlite, webhook};
use crate::config::Config;
use crate::config::environment::Environment;
use crate::config::settings::{SettingRow, SourceSettings, unknown_name};
use crate::model::diagnostic::{Diagnostic, nearest};
use crate::model::ids::{InputId, SourceName};
use crate::model::playbook::{Action, Language};
use crate::model::request::{BoundInput, PlanContext, PlanError, Request, RunError};
use crate::model::{Timestamp, limits};

/// Every kind of source, in the order in which people read about them.
pub static REGISTRY: &[SourceKind] = &[
    postgres::KIND,
    sqlite::KIND,
    prometheus::KIND,
    azure::LOG_ANALYTICS,
    azure::APP_INSIGHTS,
    azure::KUSTO,
    http::KIND,
    shell::KIND,
    webhook::KIND,
];

/// A kind of source.
#[derive(Debug, Clone, Copy)]
pub struct SourceKind {
    /// The word after `kind =`.
    pub word: &'static str,
    /// What it is, for people.
    pub title: &'static str,
    /// The languages it answers.
    pub languages: &'static [Language],
    /// Its keys in `config.toml`, beside `kind`.
    pub settings: &'static [SettingRow],
    /// The lines, beside `kind`, that are enough to have one.
    pub example: &'static str,
    /// Makes one out of its table. Does no IO and fetches no secret.
    pub build: fn(&SourceSettings, &Surroundings) -> Result<SharedSource, Vec<Diagnostic>>,
}

/// What sources need from the process, as values: they read neither environment nor clock on their own.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// The environment the program was started in.
    pub environment: Arc<Environment>,
    /// The time of an answer's arrival: the age of a cached answer counts back from it.
    pub clock: fn() -> Timestamp,
    /// Who the sources of the profile sign in as, shared between them.
    pub accounts: azure::sign_in::Accounts,
}

impl Surroundings {
    /// The folder for results that are too large for memory. Files in it are unlinked as soon as they are made.
    pub fn spill_folder(&self) -> std::path::PathBuf {
        self.environment
            .get("TMPDIR")
            .filter(|folder| !folder.is_empty())
            .unwrap_or("/tmp")
            .into()
    }
}

/// The sources of the chosen profile.
pub struct Sources {
    profile: Option<String>,
    config_path: Arc<str>,
    configured: IndexMap<SourceName, ConfiguredSource>,
}

/// A source and its kind.
pub struct ConfiguredSource {
    /// Its row of [`REGISTRY`].
    pub kind: &'static SourceKind,
    /// The source.
    pub source: SharedSource,
}

impl Sources {
    /// Builds the sources of the configuration's chosen profile. One with mistakes is left out; its mistakes are
    /// returned, and the others work.
    pub fn from_profile(config: &Config, surroundings: &Surroundings) -> (Self, Vec<Diagnostic>) {
        let mut diagnostics = Vec::new();
        let mut configured = IndexMap::new();
        let declared = config
            .profile()
            .into_iter()
            .flat_map(|profile| profile.sources.values());
        for settings in declared {
            let Some(kind) = kind(settings.kind.get_ref()) else {
                diagnostics.push(unknown_name(
                    settings.kind.get_ref(),
                    settings.kind.span(),
                    &REGISTRY.iter().map(|kind| kind.word).collect::<Vec<_>>(),
                    "kind",
                    &format!("source \"{}\"", settings.name),
                ));
                continue;
            };
            match (kind.build)(settings, surroundings) {
                Ok(source) => {
                    configured.insert(settings.name.clone(), ConfiguredSource { kind, source });
                }
                Err(found) => diagnostics.extend(found),
            }
        }
        let sources = Self {
            profile: config.profile.value.clone(),
            config_path: config.source.path.clone(),
            configured,
        };
        (sources, diagnostics)
    }

    /// The sources of a drill: one for each name that the playbook's actions use, whatever the configuration says. Nothing of it can reach anything live.
    pub fn simulated(
        simulation: &super::simulated::Simulation,
        playbook: &crate::model::playbook::Playbook,
    ) -> Self {
        let _ = (simulation, playbook);
        Self {
            profile: None,
            config_path: Arc::from(""),
            configured: IndexMap::new(),
        }
    }

    /// The sources of a walkthrough: they plan and run nothing. Where the configuration has a source of the name, its target is told; where it has none, that is.
    pub fn planned_only(
        config: &Config,
        playbook: &crate::model::playbook::Playbook,
    ) -> (Self, Vec<Diagnostic>) {
        let _ = playbook;
        let sources = Self {
            profile: config.profile.value.clone(),
            config_path: config.source.path.clone(),
            configured: IndexMap::new(),
        };
        (sources, Vec::new())
    }

    /// Every source in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = (&SourceName, &ConfiguredSource)> {
        self.configured.iter()
    }

    /// The source an action runs on: the one it names, else the profile's only one that answers its language.
    /// Without one, the error says what is needed and which lines would give it.
    pub fn resolve(&self, action: &Action) -> Result<SharedSource, PlanError> {
        let language = action.language;
        if let Some(name) = &action.source {
            let Some(found) = self.configured.get(name) else {
                return Err(PlanError::NeedsSource(self.needs(Some(name), language)));
            };
            if found.kind.languages.contains(&language) {
                return Ok(found.source.clone());
            }
            return Err(PlanError::Refused(format!(
                "source \"{name}\" is of kind {}, which does not answer {}: name another with source=, or rename one of them",
                found.kind.word,
                language.word()
            )));
        }
        let answering: Vec<(&SourceName, &ConfiguredSource)> = self
            .iter()
            .filter(|(_, configured)| configured.kind.languages.contains(&language))
            .collect();
        match answering.as_slice() {
            [(_, only)] => Ok(only.source.clone()),
            [] => Err(PlanError::NeedsSource(self.needs(None, language))),
            several => Err(PlanError::NeedsSource(format!(
                "several sources answer {}: {}; say which with source=NAME on the fence",
                language.word(),
                several
                    .iter()
                    .map(|(name, _)| name.as_str())
                    .collect::<Vec<_>>()
                    .join(", ")
            ))),
        }
    }

    /// What is missing, the lines that would give it, and the way on without it.
    fn needs(&self, name: Option<&SourceName>, language: Language) -> String {
        const BY_HAND: &str =
            "or complete the action by hand and say in a note what was done and seen";
        let word = language.word();
        let mut text = match name {
            Some(name) => format!("needs a source \"{name}\" that answers {word}; "),
            None => format!("needs a source that answers {word}; "),
        };
        let _ = match &self.profile {
            Some(profile) => write!(text, "profile \"{profile}\" has none"),
            None => write!(text, "no profile is chosen"),
        };
        let known = self.configured.keys().map(SourceName::as_str);
        if let Some(near) = name.and_then(|name| nearest(name.as_str(), known)) {
            let _ = write!(text, " (did the playbook mean \"{near}\"?)");
        }
        let kinds: Vec<&SourceKind> = REGISTRY
            .iter()
            .filter(|kind| kind.languages.contains(&language))
            .collect();
        if kinds.is_empty() {
            let _ = write!(
                text,
                ", and no kind of source of this version answers {word}: use another action of the step, {BY_HAND}"
            );
            return text;
        }
        let add = if kinds.len() > 1 {
            "add one of these"
        } else {
            "add"
        };
        let _ = writeln!(text, "; {add} to {}:", self.config_path);
        let profile = self.profile.as_deref().unwrap_or("prod");
        let name = name.map_or(word, SourceName::as_str);
        for kind in kinds {
            let _ = write!(
                text,
                "\n[profiles.{profile}.sources.{name}]\nkind = \"{}\"\n",
                kind.word
            );
            if !kind.example.is_empty() {
                let _ = writeln!(text, "{}", kind.example);
            }
        }
        let _ = write!(text, "\n{BY_HAND}");
        text
    }
}

/// The row of a kind.
pub fn kind(word: &str) -> Option<&'static SourceKind> {
    REGISTRY.iter().find(|kind| kind.word == word)
}

/// The text that will be sent: what the operator edited, else the playbook's.
pub fn text<'a>(action: &'a Action, context: &'a PlanContext) -> &'a str {
    context.edited.as_deref().unwrap_or(&action.text)
}

/// The action's time-out within bounds.
pub fn timeout(action: &Action) -> Duration {
    action
        .timeout
        .unwrap_or(limits::TIMEOUT_DEFAULT)
        .min(limits::TIMEOUT_MAX)
}

/// The action's row limit within bounds.
pub fn row_limit(action: &Action) -> u64 {
    action
        .limit
        .unwrap_or(limits::ROWS_DEFAULT)
        .min(limits::ROWS_MAX)
}

/// The value of an input or built-in.
pub fn bound_input<'a>(name: &str, context: &'a PlanContext) -> Result<&'a BoundInput, PlanError> {
    context
        .inputs
        .iter()
        .find(|input| input.id.as_str() == name)
        .ok_or_else(|| PlanError::Missing(vec![InputId::new(name)]))
}

/// Every input the action declares has a value; otherwise all that are missing are named at once.
pub fn require_inputs(action: &Action, context: &PlanContext) -> Result<(), PlanError> {
    let missing: Vec<InputId> = action
        .inputs
        .iter()
        .filter(|id| !context.inputs.iter().any(|input| input.id == **id))
        .cloned()
        .collect();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(PlanError::Missing(missing))
    }
}

/// What no live source sends: a walkthrough's example values. Every `run` begins with this.
pub fn check_sendable(request: &Request) -> Result<(), RunError> {
    if let Some(example) = request
        .parameters
        .iter()
        .find(|parameter| parameter.example)
    {
        return Err(RunError::failed(format!(
            "{} stands at an example value: give it a value and plan again",
            example.name
        )));
    }
    Ok(())
}

/// How many rows an SQL write may touch. Without that it has not passed its gate, and is not sent.
pub fn ceiling(request: &Request) -> Result<u64, RunError> {
    request.ceiling.ok_or_else(|| {
        RunError::failed(format!(
            "{} has no ceiling, so it has not passed its gate: it was not sent, and nothing was changed",
            request.action
        ))
    })
}

/// Runs `work` until it ends, the operator cancels or the time is up. Dropping the work must be enough to end it: an
/// HTTP server, for one, learns from the closed connection that nobody waits any more.
pub async fn within_time<T>(
    context: &RunContext,
    timeout: Duration,
    work: impl Future<Output = Result<T, RunError>>,
) -> Result<T, RunError> {
    let limit = timeout.min(context.deadline);
    tokio::select! {
        biased;
        () = context.cancel.cancelled() => Err(RunError::Cancelled),
        result = work => result,
        () = tokio::time::sleep(limit) => Err(RunError::TimedOut(limit)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_described_and_unique() {
        for (index, kind) in REGISTRY.iter().enumerate() {
            assert!(
                !kind.languages.is_empty() && !kind.title.is_empty(),
                "{}",
                kind.word
            );
            assert!(
                REGISTRY[..index]
                    .iter()
                    .all(|other| other.word != kind.word),
                "{} twice",
                kind.word
            );
            for row in kind.settings {
                assert!(
                    !row.help.is_empty(),
                    "{}.{} has no help",
                    kind.word,
                    row.key
                );
            }
        }
    }
}
