//! The table of all kinds of sources, and the sources of one profile.
//!
//! A new kind is one file and one row of [`REGISTRY`]. Nothing here talks to a source; building one does no IO.

use std::fmt::Write as _;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;

use super::planner::{PlannedOnly, Planner};
use super::simulated::{self, Simulation};
use super::{RunContext, SharedSource, azure, http, postgres, prometheus, shell, sqlite, webhook};
use crate::config::Config;
use crate::config::environment::Environment;
use crate::config::settings::{SettingRow, SourceSettings, unknown_name};
use crate::model::Timestamp;
use crate::model::diagnostic::{Diagnostic, nearest};
use crate::model::ids::{InputId, SourceName};
use crate::model::playbook::{Action, Language, Playbook};
use crate::model::request::{BoundInput, PlanContext, PlanError, Request, RunError};

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
    /// What plans for it, out of its table: everything but the means to send.
    pub planner: fn(&SourceSettings, &Surroundings) -> Result<Planner, Vec<Diagnostic>>,
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

/// The sources of an incident: those of the chosen profile, or what stands for them.
pub struct Sources {
    profile: Option<String>,
    config_path: Arc<str>,
    configured: IndexMap<SourceName, ConfiguredSource>,
    others: Others,
}

/// What answers where no source is configured.
enum Others {
    /// Nothing does.
    None,
    /// Nothing either, but it is planned.
    Planned,
    /// A drill.
    Simulated(Simulation),
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
        let build =
            |kind: &SourceKind, settings: &SourceSettings| (kind.build)(settings, surroundings);
        Self::of_profile(config, Others::None, build)
    }

    /// The sources of a walkthrough: they plan and run nothing. Where the profile has a source of the name, its target is told; where it has none, that is.
    /// Names of the playbook, and of those that are attached to it later, need no source.
    pub fn planned_only(
        config: &Config,
        surroundings: &Surroundings,
        playbook: &Playbook,
    ) -> (Self, Vec<Diagnostic>) {
        let plan = |kind: &SourceKind, settings: &SourceSettings| {
            let planner = (kind.planner)(settings, surroundings)?;
            Ok(Arc::new(PlannedOnly(planner)) as SharedSource)
        };
        let (mut sources, diagnostics) = Self::of_profile(config, Others::Planned, plan);
        sources.add_others(playbook);
        (sources, diagnostics)
    }

    /// The sources of a drill: one for each name that the playbook's actions use, and for any other when it is asked for, whatever the configuration says.
    /// Nothing of it can reach anything live.
    pub fn simulated(simulation: &Simulation, playbook: &Playbook) -> Self {
        let mut sources = Self {
            profile: None,
            config_path: Arc::from(""),
            configured: IndexMap::new(),
            others: Others::Simulated(simulation.clone()),
        };
        sources.add_others(playbook);
        sources
    }

    fn of_profile(
        config: &Config,
        others: Others,
        make: impl Fn(&SourceKind, &SourceSettings) -> Result<SharedSource, Vec<Diagnostic>>,
    ) -> (Self, Vec<Diagnostic>) {
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
            match make(kind, settings) {
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
            others,
        };
        (sources, diagnostics)
    }

    /// Adds what the playbook asks for and no configuration has.
    fn add_others(&mut self, playbook: &Playbook) {
        for action in playbook.actions.values() {
            let (name, language) = (action.source.as_ref(), action.language);
            let found = match name {
                Some(name) => self.configured.contains_key(name),
                None => self.answering(language).next().is_some(),
            };
            if found {
                continue;
            }
            let name = name.cloned().unwrap_or_else(|| usual_name(language));
            if let (Some(kind), Some(source)) = (usual_kind(language), self.other(&name, language))
            {
                self.configured
                    .insert(name, ConfiguredSource { kind, source });
            }
        }
    }

    /// What stands for a source of this name that nobody configured; none in live work.
    fn other(&self, name: &SourceName, language: Language) -> Option<SharedSource> {
        match &self.others {
            Others::None => None,
            Others::Simulated(simulation) => {
                Some(simulated::source(simulation, name.clone(), language))
            }
            Others::Planned => {
                let target = self.missing(name, language);
                let planner = Planner::of_language(language, name.clone(), target);
                Some(Arc::new(PlannedOnly(planner)))
            }
        }
    }

    /// The target of what is planned for a source that the profile lacks.
    fn missing(&self, name: &SourceName, language: Language) -> String {
        match (self.configured.get(name), &self.profile) {
            (Some(other), _) => format!(
                "source \"{name}\", which is of kind {} and does not answer {}: configure another before this can run",
                other.kind.word,
                language.word()
            ),
            (None, Some(profile)) => format!(
                "source \"{name}\", which profile \"{profile}\" lacks: configure it before this can run"
            ),
            (None, None) => format!(
                "source \"{name}\": no profile is chosen that has it; configure it before this can run"
            ),
        }
    }

    fn answering(
        &self,
        language: Language,
    ) -> impl Iterator<Item = (&SourceName, &ConfiguredSource)> {
        self.iter()
            .filter(move |(_, configured)| configured.kind.languages.contains(&language))
    }

    /// The source that a request was planned by.
    pub fn of(&self, request: &Request) -> Option<SharedSource> {
        let language = request.payload.language();
        let configured = self.configured.get(&request.source);
        configured
            .filter(|configured| configured.kind.languages.contains(&language))
            .map(|configured| configured.source.clone())
            .or_else(|| self.other(&request.source, language))
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
            let found = self.configured.get(name);
            if let Some(found) = found
                && found.kind.languages.contains(&language)
            {
                return Ok(found.source.clone());
            }
            if let Some(other) = self.other(name, language) {
                return Ok(other);
            }
            let Some(found) = found else {
                return Err(PlanError::NeedsSource(self.needs(Some(name), language)));
            };
            return Err(PlanError::Refused(format!(
                "source \"{name}\" is of kind {}, which does not answer {}: name another with source=, or rename one of them",
                found.kind.word,
                language.word()
            )));
        }
        let answering: Vec<(&SourceName, &ConfiguredSource)> = self.answering(language).collect();
        if let (Others::Planned | Others::Simulated(_), true) = (&self.others, answering.len() != 1)
            && let Some(other) = self.other(&usual_name(language), language)
        {
            return Ok(other);
        }
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

/// The kind that a language's questions usually go to.
fn usual_kind(language: Language) -> Option<&'static SourceKind> {
    let word = match language {
        Language::Kql => azure::APP_INSIGHTS.word,
        Language::Sql => postgres::KIND.word,
        Language::Promql => prometheus::KIND.word,
        Language::Http => http::KIND.word,
        Language::Shell => shell::KIND.word,
        Language::Message => webhook::KIND.word,
    };
    kind(word)
}

/// What a source is called that nobody named.
fn usual_name(language: Language) -> SourceName {
    SourceName::new(match language {
        Language::Kql => "telemetry",
        Language::Sql => "database",
        Language::Promql => "metrics",
        Language::Http => "api",
        Language::Shell => "shell",
        Language::Message => "room",
    })
}

/// The row of a kind.
pub fn kind(word: &str) -> Option<&'static SourceKind> {
    REGISTRY.iter().find(|kind| kind.word == word)
}

/// The text that will be sent: what the operator edited, else the playbook's.
pub fn text<'a>(action: &'a Action, context: &'a PlanContext) -> &'a str {
    context.edited.as_deref().unwrap_or(&action.text)
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
