//! `doctor`: configuration, places, terminal and sources in plain words; with a playbook, whether its actions fit their
//! real sources. Nothing of a playbook is run.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use clap::Args;
use serde_json::{Value, json};

use super::failure::Failure;
use super::out::{self, Out};
use super::{Common, Format, code, setup};
use crate::config::environment::Environment;
use crate::config::places::Places;
use crate::config::{Arguments, Config};
use crate::model::diagnostic::{Diagnostic, Level};
use crate::model::ids::InputId;
use crate::runtime::doctor::{self, ActionFit, ActionReport, SourceReport};
use crate::runtime::playbooks;
use crate::runtime::session::Workplace;

/// `doctor [PLAYBOOK]`
#[derive(Debug, Args)]
pub(super) struct Doctor {
    /// Playbook id, alert name, file, or file#id: every action of it is planned and described on its real source; nothing is run.
    playbook: Option<String>,
    /// Give an input of the playbook its value; inputs without one take an example of their type. May be repeated.
    #[arg(long, value_name = "INPUT=VALUE", value_parser = super::screen::parse_set, requires = "playbook")]
    set: Vec<(InputId, String)>,
    /// How to print.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

impl Doctor {
    /// Prints what was found. The answer is no when an action does not fit; a source that fails counts more.
    pub fn run(&self, common: &Common, out: &mut Out) -> Result<u8, Failure> {
        match &self.playbook {
            None => self.examine(common, out),
            Some(name) => self.examine_playbook(name, common, out),
        }
    }

    fn examine_playbook(&self, name: &str, common: &Common, out: &mut Out) -> Result<u8, Failure> {
        let workplace = setup::workplace(common, out)?;
        let (parsed, _) = playbooks::locate(&workplace, name).map_err(Failure::usage)?;
        let config = workplace.config();
        let (actions, findings) =
            doctor::playbook(config, &parsed, &self.set).map_err(Failure::usage)?;
        out.diagnostics(&findings, &config.source);
        let path = &parsed.playbook.source.path;
        match self.format {
            Format::Json => {
                let rows: Vec<Value> = actions.iter().map(|action| as_json(action, path)).collect();
                out.json(&json!({
                    "playbook": parsed.playbook.id,
                    "path": &**path,
                    "profile": config.profile.value,
                    "actions": rows,
                }))?;
            }
            Format::Text => {
                for action in &actions {
                    out.line(as_text(action, path))?;
                }
            }
        }
        let count = |state: ActionFit| actions.iter().filter(|one| one.state == state).count();
        out.say(format!(
            "{}: {} ok, {} planned only, {} with a problem, {} without a source, {} whose source could not be reached; nothing was run",
            out::counted(actions.len(), "action", "actions"),
            count(ActionFit::Ok),
            count(ActionFit::Planned),
            count(ActionFit::Misfit),
            count(ActionFit::NoSource),
            count(ActionFit::Unreachable),
        ));
        Ok(if count(ActionFit::Unreachable) > 0 {
            code::FAILED
        } else if count(ActionFit::Misfit) + count(ActionFit::NoSource) > 0 {
            code::NO
        } else {
            code::DONE
        })
    }

    fn examine(&self, common: &Common, out: &mut Out) -> Result<u8, Failure> {
        let environment = Arc::new(Environment::of_process());
        let places = Places::find(&environment).map_err(Failure::usage)?;
        let arguments = Arguments {
            profile: common.profile.clone(),
            operator: common.operator.clone(),
        };
        let (config, mut findings) =
            Config::load(places, environment, &arguments).map_err(Failure::usage)?;
        let workplace = Workplace::new(config);
        let config = workplace.config();
        let (sources, more) = doctor::sources(config).map_err(Failure::failed)?;
        let failed = !more.is_empty() || sources.iter().any(|one| one.health.unreachable.is_some());
        findings.extend(more);
        let places = places_of(config);
        let terminal = terminal(&config.environment);
        match self.format {
            Format::Json => out.json(&json!({
                "configuration": {
                    "path": config.places.config_file(),
                    "found": config.places.config_file().is_file(),
                    "problems": findings.iter().map(|finding| located(finding, config)).collect::<Vec<_>>(),
                },
                "places": places.iter().map(|place| json!({
                    "name": place.name, "path": place.path, "mode": place.mode, "problem": place.problem,
                })).collect::<Vec<_>>(),
                "terminal": terminal.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect::<serde_json::Map<_, _>>(),
                "operator": {
                    "name": config.operator.name,
                    "host": config.operator.host,
                    "known_by": config.operator.known_by.to_string(),
                    "verified": false,
                },
                "profile": config.profile.value,
                "sources": sources.iter().map(source_json).collect::<Vec<_>>(),
            }))?,
            Format::Text => {
                told_configuration(config, &findings, out)?;
                for place in &places {
                    out.line(place.line())?;
                }
                let said: Vec<String> = terminal
                    .iter()
                    .map(|(name, value)| format!("{name} {value}"))
                    .collect();
                out.line(format!("terminal       {}", said.join(", ")))?;
                out.line(format!(
                    "operator       {} on {}, from {}; not verified by a key",
                    config.operator.name, config.operator.host, config.operator.known_by
                ))?;
                told_sources(config, &sources, out)?;
            }
        }
        let wrong = findings.iter().any(|finding| finding.level == Level::Error);
        Ok(if failed {
            code::FAILED
        } else if wrong || places.iter().any(|place| place.problem.is_some()) {
            code::NO
        } else {
            code::DONE
        })
    }
}

fn located(finding: &Diagnostic, config: &Config) -> String {
    finding.located(&config.source).to_string()
}

fn told_configuration(
    config: &Config,
    findings: &[Diagnostic],
    out: &mut Out,
) -> Result<(), Failure> {
    let file = config.places.config_file();
    let how = match (file.is_file(), findings.len()) {
        (false, _) => "not there: every setting has its default".to_owned(),
        (true, 0) => format!(
            "read, {}",
            out::counted(config.profiles.len(), "profile", "profiles")
        ),
        (true, wrong) => out::counted(wrong, "problem", "problems"),
    };
    out.line(format!("configuration  {}: {how}", file.display()))?;
    for finding in findings {
        out.line(format!("  {}", located(finding, config)))?;
    }
    Ok(())
}

fn told_sources(config: &Config, sources: &[SourceReport], out: &mut Out) -> Result<(), Failure> {
    let profile = config.profile.value.as_deref().unwrap_or("none");
    out.line(format!(
        "profile        {profile}, from {}: {}",
        config.profile.from,
        out::counted(sources.len(), "source", "sources")
    ))?;
    for source in sources {
        let health = &source.health;
        let how = match (&health.unreachable, &health.answers) {
            (Some(reason), _) => format!("NOT REACHED: {reason}"),
            (None, Some(answers)) => answers.clone(),
            (None, None) => "not asked".to_owned(),
        };
        let badge = match health.read_only {
            Some(true) => "; read-only",
            Some(false) => "; NOT read-only",
            None => "",
        };
        out.line(format!(
            "source {}  {}: {how}{badge}",
            source.name, source.target
        ))?;
        for remark in &health.remarks {
            out.line(format!("  {remark}"))?;
        }
        if let Some(remedy) = &health.remedy {
            out.line("  a role that earns the badge and sees every row:")?;
            for line in remedy.lines() {
                out.line(format!("    {line}"))?;
            }
        }
    }
    Ok(())
}

fn source_json(source: &SourceReport) -> Value {
    let health = &source.health;
    json!({
        "name": source.name,
        "kind": source.kind,
        "target": source.target,
        "reached": health.unreachable.is_none(),
        "says": health.unreachable.as_ref().or(health.answers.as_ref()),
        "read_only": health.read_only,
        "remarks": health.remarks,
        "remedy": health.remedy,
    })
}

/// A folder or file and who may use it.
struct Place {
    name: &'static str,
    path: String,
    mode: Option<String>,
    problem: Option<String>,
}

impl Place {
    /// Bits in `forbidden` are of others and should not be there.
    fn new(name: &'static str, path: &Path, forbidden: u32, remedy: &str) -> Self {
        let shown = path.display().to_string();
        let bits = path
            .metadata()
            .map(|found| found.permissions().mode() & 0o777)
            .ok();
        let problem = bits
            .filter(|bits| bits & forbidden != 0)
            .map(|_| format!("others may use it: chmod {remedy} {shown}"));
        Self {
            name,
            path: shown,
            mode: bits.map(|bits| format!("{bits:04o}")),
            problem,
        }
    }

    fn line(&self) -> String {
        let mode = self
            .mode
            .as_deref()
            .unwrap_or("not there yet; made when it is needed");
        let problem = self
            .problem
            .as_deref()
            .map(|problem| format!("; {problem}"));
        format!(
            "{:<13}  {}: {mode}{}",
            self.name,
            self.path,
            problem.unwrap_or_default()
        )
    }
}

/// The configuration decides where queries go, so only the user may write it; records are the user's alone.
fn places_of(config: &Config) -> Vec<Place> {
    const WRITE: u32 = 0o022;
    const ALL: u32 = 0o077;
    let places = &config.places;
    let mut all = vec![
        Place::new("config folder", &places.config, WRITE, "go-w"),
        Place::new("data folder", &places.data, ALL, "700"),
        Place::new("state folder", &places.state, ALL, "700"),
    ];
    let file = places.config_file();
    if file.is_file() {
        all.insert(0, Place::new("config file", &file, WRITE, "go-w"));
    }
    all
}

/// What the environment tells of the terminal.
fn terminal(environment: &Environment) -> Vec<(&'static str, String)> {
    let get = |name: &str| environment.get(name).unwrap_or_default().to_owned();
    let term = get("TERM");
    let colours = if environment.get("NO_COLOR").is_some() {
        "none (NO_COLOR)"
    } else if matches!(term.as_str(), "" | "dumb") {
        "none"
    } else if term.contains("256color") || environment.get("COLORTERM").is_some() {
        "256 or more (16 are used)"
    } else {
        "16"
    };
    let size = rustix::termios::tcgetwinsize(rustix::stdio::stdout()).map_or_else(
        |_| "unknown: standard output is no terminal".to_owned(),
        |size| match (size.ws_col, size.ws_row) {
            (columns, rows) if columns < 80 || rows < 24 => {
                format!("{columns}x{rows}, which is less than 80x24")
            }
            (columns, rows) => format!("{columns}x{rows}"),
        },
    );
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| environment.get(name))
        .unwrap_or("C");
    let upper = locale.to_uppercase();
    let utf8 = if upper.contains("UTF-8") || upper.contains("UTF8") {
        "yes".to_owned()
    } else {
        format!("no: the locale is {locale}; set LANG=C.UTF-8")
    };
    let clipboard = if environment.get("TMUX").is_some() {
        "unknown: inside tmux it needs `set -s set-clipboard on`"
    } else {
        "unknown: a terminal does not tell; y on a cell shows it"
    };
    let name = if term.is_empty() {
        "not set".to_owned()
    } else {
        term
    };
    vec![
        ("TERM", name),
        ("colours", colours.to_owned()),
        ("size", size),
        ("UTF-8", utf8),
        ("clipboard (OSC 52)", clipboard.to_owned()),
    ]
}

fn as_text(action: &ActionReport, path: &str) -> String {
    let (line, column) = action.place;
    let examples: Vec<String> = action
        .examples
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let examples = if examples.is_empty() {
        String::new()
    } else {
        format!(" (example values: {})", examples.join(", "))
    };
    let place = match action.state {
        ActionFit::Ok | ActionFit::Planned => String::new(),
        ActionFit::Misfit | ActionFit::NoSource | ActionFit::Unreachable => {
            format!("{path}:{line}:{column}: ")
        }
    };
    format!(
        "{:<11}  {}  {place}{}{examples}",
        action.state.word(),
        action.action,
        action.says
    )
}

fn as_json(action: &ActionReport, path: &str) -> Value {
    let (line, column) = action.place;
    json!({
        "action": action.action,
        "title": action.title,
        "language": action.language,
        "target": action.target,
        "state": action.state.word(),
        "says": action.says,
        "path": path,
        "line": line,
        "column": column,
        "examples": action.examples.iter().map(|(name, value)| json!({ "input": name, "value": value })).collect::<Vec<_>>(),
    })
}
