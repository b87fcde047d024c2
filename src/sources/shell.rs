//! Scripts of playbooks, run by bash on this machine.
//!
//! A script's text is never changed: values arrive as environment variables, in an environment that is otherwise clean. The
//! script runs in a process group of its own, which is ended as a whole. It never gets a terminal or an input. A script
//! that changes something writes to files, not to pipes: it goes on when this program is gone.

mod health;
mod kept;
mod process;

pub use kept::{left_behind, left_running};

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::health::{Fit, Health};
use super::mask::Masker;
use super::planner::shell::variables;
use super::planner::{Planner, Way};
use super::registry::{self, SourceKind, Surroundings};
use super::{RunContext, SharedSource, Sink, Source};
use crate::config::environment::Environment;
use crate::config::secret::{Secret, SecretReference};
use crate::config::settings::{Settings, SourceSettings, settings};
use crate::model::diagnostic::Diagnostic;
use crate::model::playbook::{Action, Effect, Language};
use crate::model::request::{Outcome, Payload, PlanContext, PlanError, Request, RunError};

/// The row of the registry.
pub const KIND: SourceKind = SourceKind {
    word: "shell",
    title: "Shell on this machine",
    languages: &[Language::Shell],
    settings: ShellSettings::ROWS,
    example: "",
    planner,
    build,
};

settings! {
    /// Keys of a source of kind `shell`.
    pub struct ShellSettings {
        /// Names of further environment variables that scripts get, such as KUBECONFIG or AWS_PROFILE. They always get PATH, HOME, USER, LANG, LC_ALL, TERM, TZ, TMPDIR and SSH_AUTH_SOCK.
        environment: Option<Vec<String>>,
        /// Folder in which scripts run. Default: where the program was started.
        cwd: Option<String>,
    }
}

struct ShellSource {
    planner: Planner,
    environment: Arc<Environment>,
}

fn planner(
    settings: &SourceSettings,
    surroundings: &Surroundings,
) -> Result<Planner, Vec<Diagnostic>> {
    let keys: ShellSettings = settings.read()?;
    let more = keys.environment.unwrap_or_default();
    if let Some(bad) = more.iter().find(|name| variables::changes_the_shell(name)) {
        return Err(vec![settings.error(format!(
            "source \"{}\": the environment variable {bad} changes how a shell or its programs run and is not passed on",
            settings.name
        ))]);
    }
    let environment = &surroundings.environment;
    let user = environment.get("USER").unwrap_or("the current user");
    Ok(Planner {
        name: settings.name.clone(),
        target: match &keys.cwd {
            Some(folder) => format!("bash on this machine as {user} in {folder}"),
            None => format!("bash on this machine as {user}"),
        },
        way: Way::Shell {
            inherited: variables::ALLOWED
                .iter()
                .copied()
                .chain(more.iter().map(String::as_str))
                .filter_map(|name| {
                    let value = environment.get(name)?;
                    Some((name.to_owned(), value.to_owned()))
                })
                .collect(),
            cwd: keys.cwd,
        },
    })
}

fn build(
    settings: &SourceSettings,
    surroundings: &Surroundings,
) -> Result<SharedSource, Vec<Diagnostic>> {
    Ok(Arc::new(ShellSource {
        planner: planner(settings, surroundings)?,
        environment: surroundings.environment.clone(),
    }))
}

impl Source for ShellSource {
    fn plan(&self, action: &Action, context: &PlanContext) -> Result<Request, PlanError> {
        self.planner.plan(action, context)
    }

    fn run<'a>(
        &'a self,
        request: &'a Request,
        sink: &'a Sink,
        context: RunContext,
    ) -> BoxFuture<'a, Result<Outcome, RunError>> {
        Box::pin(async move {
            registry::check_sendable(request)?;
            let Payload::Shell {
                script,
                environment,
                cwd,
                ok_codes,
            } = &request.payload
            else {
                return Err(RunError::failed("this is not a script: plan it again"));
            };
            let fetching = self.resolve(request, environment);
            let (given, secrets) =
                registry::within_time(&context, request.timeout, fetching).await?;
            let masker = Masker::new(&secrets);
            let script = process::Script {
                action: &request.action,
                text: script,
                environment: self.inherited().iter().chain(&given),
                cwd: cwd.as_deref(),
            };
            let writes = request.effect == Effect::Write;
            let ended =
                process::run(script, request.timeout, writes, &masker, sink, &context).await?;
            let code = ended.exit_code.filter(|code| ok_codes.contains(code));
            if code.is_none() {
                return Err(RunError::Failed {
                    message: ended.in_words(),
                    code: ended.exit_code.map(|code| code.to_string()),
                    position: None,
                });
            }
            Ok(Outcome {
                exit_code: code,
                truncated: ended.truncated,
                ..Outcome::default()
            })
        })
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        Box::pin(async move { health::health(self.variable("PATH"), self.cwd()) })
    }

    fn fit<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Fit> {
        Box::pin(async move {
            let Payload::Shell { script, cwd, .. } = &request.payload else {
                return Fit::Planned("this is not a script".to_owned());
            };
            health::fit(
                script,
                cwd.as_deref(),
                self.inherited(),
                self.variable("PATH"),
            )
            .await
        })
    }

    fn target(&self) -> String {
        self.planner.target.clone()
    }
}

impl ShellSource {
    /// Variables that every script gets, with their values.
    fn inherited(&self) -> &[(String, String)] {
        match &self.planner.way {
            Way::Shell { inherited, .. } => inherited,
            _ => &[],
        }
    }

    fn cwd(&self) -> Option<&str> {
        match &self.planner.way {
            Way::Shell { cwd, .. } => cwd.as_deref(),
            _ => None,
        }
    }

    /// A variable that every script gets.
    fn variable(&self, name: &str) -> Option<&str> {
        let found = self.inherited().iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Fetches the values of secret inputs: the plan holds their references, one variable a parameter.
    async fn resolve(
        &self,
        request: &Request,
        planned: &[(String, String)],
    ) -> Result<(Vec<(String, String)>, Vec<Secret>), RunError> {
        let mut given = Vec::new();
        let mut secrets = Vec::new();
        for (name, value) in planned {
            let is_secret = request.parameters.iter().any(|parameter| {
                parameter.kind == variables::SECRET_KIND
                    && variables::variable_name(&parameter.name) == *name
            });
            if !is_secret {
                given.push((name.clone(), value.clone()));
                continue;
            }
            let fetched = async {
                value
                    .parse::<SecretReference>()?
                    .resolve(&self.environment)
                    .await
            }
            .await
            .map_err(|error| RunError::failed(error.to_string()))?;
            given.push((name.clone(), fetched.expose().to_owned()));
            secrets.push(fetched);
        }
        Ok((given, secrets))
    }
}
