//! What `doctor` finds out: how each source is, and whether every action of a playbook fits its real source.
//!
//! Nothing of a playbook is run: it is planned with given or example values, and the source is asked whether it would
//! take what was planned. Messages are filled.

use std::time::Duration;

use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt as _};

use crate::config::Config;
use crate::model::diagnostic::{Diagnostic, Level};
use crate::model::ids::{InputId, SourceName};
use crate::model::playbook::{Action, Language};
use crate::model::request::PlanError;
use crate::playbook::Parsed;
use crate::sources::SharedSource;
use crate::sources::health::{Fit, Health};
use crate::sources::registry::Sources;

use super::trial::{self, Trial};
use super::{clock, mode, playbooks};

/// Actions that are asked about at the same time.
const AT_ONCE: usize = 3;
/// How long one question may take in all.
const TIME: Duration = Duration::from_secs(20);
/// How a source of the profile is.
#[derive(Debug)]
pub struct SourceReport {
    /// Its name.
    pub name: SourceName,
    /// Its kind's word.
    pub kind: &'static str,
    /// Where it is, for people.
    pub target: String,
    /// What it says.
    pub health: Health,
}

/// How an action stands to its source.
#[derive(Debug)]
pub struct ActionReport {
    /// Its id.
    pub action: String,
    /// Its title.
    pub title: String,
    /// Its language.
    pub language: &'static str,
    /// Where it would go, once a source was found.
    pub target: Option<String>,
    /// Line and column of the problem, else of the action's text.
    pub place: (usize, usize),
    /// How it stands.
    pub state: ActionFit,
    /// In words.
    pub says: String,
    /// Values that stand for missing ones, by input.
    pub examples: Vec<(String, String)>,
}

/// How an action stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActionFit {
    /// The source would take it; a message can be filled.
    Ok,
    /// It was planned; its source cannot say more without running it.
    Planned,
    /// It would be refused.
    Misfit,
    /// No source of the profile can run it.
    NoSource,
    /// Its source could not be reached.
    Unreachable,
}

impl ActionFit {
    /// The word in both forms.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Planned => "planned",
            Self::Misfit => "problem",
            Self::NoSource => "no-source",
            Self::Unreachable => "unreachable",
        }
    }
}

/// Asks every source of the profile how it is, all at once. Settings that cannot be used are findings in the file.
pub fn sources(config: &Config) -> Result<(Vec<SourceReport>, Vec<Diagnostic>), String> {
    let (sources, findings) = mode::live(config);
    let asked = sources.iter().map(|(name, configured)| async move {
        let asked = tokio::time::timeout(TIME, configured.source.health());
        SourceReport {
            name: name.clone(),
            kind: configured.kind.word,
            target: configured.source.target(),
            health: asked
                .await
                .unwrap_or_else(|_| Health::unreachable("no answer in time")),
        }
    });
    let reports = tasks()?.block_on(join_all(asked));
    Ok((reports, findings))
}

/// Plans every action of a playbook and asks its source about it. The error says which given value cannot be used.
pub fn playbook(
    config: &Config,
    parsed: &Parsed,
    given: &[(InputId, String)],
) -> Result<(Vec<ActionReport>, Vec<Diagnostic>), String> {
    let (sources, findings) = mode::live(config);
    let examination = Examination {
        trial: Trial {
            playbook: &parsed.playbook,
            values: trial::values(&parsed.playbook, given)?,
            operator: config.operator.name.clone(),
            now: clock::now(),
        },
        findings: faults(parsed),
        sources,
    };
    let actions = examination.trial.playbook.actions.values();
    let asked = stream::iter(actions.map(|action| examination.action(action))).buffered(AT_ONCE);
    let reports = tasks()?.block_on(asked.collect());
    Ok((reports, findings))
}

pub(super) fn tasks() -> Result<tokio::runtime::Runtime, String> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| format!("start tasks: {error}"))
}

/// Errors of loader and linter.
pub(super) fn faults(parsed: &Parsed) -> Vec<Diagnostic> {
    let mut findings = playbooks::diagnostics(parsed);
    findings.retain(|finding| finding.level == Level::Error);
    findings
}

/// A playbook under examination.
struct Examination<'a> {
    trial: Trial<'a>,
    findings: Vec<Diagnostic>,
    sources: Sources,
}

/// What was found of an action: how it stands, in words, and the place in its text.
type Finding = (ActionFit, String, Option<usize>);

impl Examination<'_> {
    async fn action(&self, action: &Action) -> ActionReport {
        let used = |id: &InputId| action.inputs.contains(id);
        let examples = self
            .trial
            .values
            .iter()
            .filter(|(id, _)| used(id))
            .filter_map(|(id, value)| {
                let value = value.as_ref().filter(|value| value.example)?;
                Some((id.to_string(), value.text.clone()))
            });
        let own = action.span.start..action.text_span.end;
        let fault = self
            .findings
            .iter()
            .find(|finding| own.contains(&finding.span.start));
        let source = self.sources.resolve(action);
        let target = source.as_ref().ok().map(|source| source.target());
        let (state, says, byte) = match fault {
            Some(fault) => {
                let help = fault.help.as_ref().map(|help| format!("; {help}"));
                let says = format!("{}{}", fault.message, help.unwrap_or_default());
                (ActionFit::Misfit, says, Some(fault.span.start))
            }
            None => self.asked(action, source).await,
        };
        let byte = byte.unwrap_or(action.text_span.start);
        ActionReport {
            action: action.id.to_string(),
            title: action.title.clone(),
            language: action.language.word(),
            target,
            place: self.trial.playbook.source.line_column(byte),
            state,
            says,
            examples: examples.collect(),
        }
    }

    /// Plans the action and asks the source.
    async fn asked(&self, action: &Action, source: Result<SharedSource, PlanError>) -> Finding {
        if let Some(id) = self.trial.unmet(action) {
            let says =
                format!("no example meets the pattern of {id}: give one with --set {id}=VALUE");
            return (ActionFit::Misfit, says, None);
        }
        if action.language == Language::Message {
            return match self.trial.template(action) {
                Ok(says) => (ActionFit::Ok, says, None),
                Err((says, byte)) => (ActionFit::Misfit, says, Some(byte)),
            };
        }
        let source = match source {
            Ok(source) => source,
            Err(error) => {
                // The lines of configuration that would help are many; the first sentence says what is missing.
                let says = error.to_string();
                let first = says.lines().next().unwrap_or_default();
                let state = match error {
                    PlanError::NeedsSource(_) => ActionFit::NoSource,
                    PlanError::Refused(_) | PlanError::Missing(_) => ActionFit::Misfit,
                };
                return (state, first.trim_end_matches(':').to_owned(), None);
            }
        };
        let request = match source.plan(action, &self.trial.context(action)) {
            Ok(request) => request,
            Err(error) => return (ActionFit::Misfit, error.to_string(), None),
        };
        let asked = tokio::time::timeout(TIME, source.fit(&request)).await;
        match asked.unwrap_or_else(|_| Fit::Unreachable("no answer in time".to_owned())) {
            Fit::Fits(says) => (ActionFit::Ok, says, None),
            Fit::Planned(says) => (ActionFit::Planned, says, None),
            Fit::Unreachable(says) => (ActionFit::Unreachable, says, None),
            Fit::Misfit { message, position } => {
                let byte = position
                    .and_then(|position| self.trial.byte_of_sent(action, &request.text, position));
                (ActionFit::Misfit, message, byte)
            }
        }
    }
}
