//! `rehearse`: playbooks against the simulated service, without a screen.

use std::path::Path;
use std::sync::Arc;

use clap::Args;
use serde_json::{Value, json};

use super::failure::Failure;
use super::out::{self, Out};
use super::{Common, Format, code, setup};
use crate::drill::Scenario;
use crate::model::ids::PlaybookId;
use crate::model::verdict::Verdict;
use crate::playbook::Parsed;
use crate::runtime::rehearse::{self, Line, Rehearsal, Stage, State};
use crate::runtime::session::Workplace;
use crate::runtime::{drills, mode, playbooks};

/// `rehearse [PLAYBOOK]...`
#[derive(Debug, Args)]
#[command(
    after_help = "Reads are run and their expectations evaluated; writes and messages are only prepared. A verdict of FAIL is no failure of the playbook. Exit code 1: something does not parse, bind, run or evaluate."
)]
pub(super) struct Rehearse {
    /// Playbook ids (`quarterdeck list playbooks` names them), alert names, files, or file#id; without one, every playbook there is.
    playbooks: Vec<String>,
    /// The drill to rehearse in, by its scenario's id or file; without it one that is played with the playbook, else a quiet night with nothing planted.
    #[arg(long, value_name = "SCENARIO")]
    scenario: Option<String>,
    /// What names and noise of the simulated service are drawn from: the same seed gives the same rows.
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u64).range(..=drills::SEED_MAX))]
    seed: u64,
    /// How to print.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

impl Rehearse {
    /// Prints a line an action. The answer is no when one does not parse, bind, run or evaluate.
    pub fn run(&self, common: &Common, out: &mut Out) -> Result<u8, Failure> {
        let workplace = setup::workplace(common, out)?;
        let scenarios = self.scenarios(&workplace)?;
        let (mut actions, mut failed, mut rows) = (0, 0, Vec::new());
        let all = self.all(&workplace)?;
        for parsed in &all {
            let scenario = chosen(&scenarios, &parsed.playbook.id);
            let stage = Stage {
                scenario: scenario
                    .unwrap_or_else(|| Arc::new(rehearse::quiet(&parsed.playbook.id))),
                seed: self.seed,
                operator: workplace.config().operator.name.clone(),
                spill_folder: mode::spill_folder(workplace.config()),
            };
            let rehearsal = rehearse::playbook(parsed, &stage).map_err(Failure::usage)?;
            actions += rehearsal.lines.len();
            failed += rehearsal.failed();
            match self.format {
                Format::Json => rows.push(as_json(parsed, &rehearsal, self.seed)),
                Format::Text => {
                    let night = rehearsal.scenario.as_deref();
                    let night =
                        night.map_or("a quiet night".to_owned(), |id| format!("scenario {id}"));
                    out.line(format!(
                        "{} in {night}, seed {}",
                        parsed.playbook.id, self.seed
                    ))?;
                    let path = &parsed.playbook.source.path;
                    for line in &rehearsal.lines {
                        out.line(as_text(line, path))?;
                    }
                }
            }
        }
        if self.format == Format::Json {
            out.json(&rows)?;
        }
        out.say(format!(
            "{}: {} rehearsed, {failed} failed; nothing outside the simulated service was asked",
            out::counted(all.len(), "playbook", "playbooks"),
            out::counted(actions, "action and decision", "actions and decisions"),
        ));
        // A playbook in which nothing was found to run has not been shown to run.
        if actions == 0 {
            out.say("nothing was rehearsed: no action was found");
        }
        Ok(if failed > 0 || actions == 0 {
            code::NO
        } else {
            code::DONE
        })
    }

    /// The scenarios to choose from: the one that is named, or every one without a mistake.
    fn scenarios(&self, workplace: &Workplace) -> Result<Vec<Arc<Scenario>>, Failure> {
        let Some(name) = &self.scenario else {
            let mut all: Vec<Scenario> = drills::scenarios(workplace)
                .into_iter()
                .filter(|(_, findings)| findings.is_empty())
                .map(|(scenario, _)| scenario)
                .collect();
            // The drill that begins without a name stands for its playbook.
            all.sort_by_key(|scenario| scenario.id != drills::DEFAULT);
            return Ok(all.into_iter().map(Arc::new).collect());
        };
        let (mut scenario, findings) = drills::find(workplace, name).map_err(Failure::usage)?;
        if let Some(finding) = findings.first() {
            return Err(Failure::usage(finding.located(&scenario.source)));
        }
        // It stands for every playbook that is rehearsed.
        scenario.playbook = PlaybookId::new("");
        Ok(vec![Arc::new(scenario)])
    }

    fn all(&self, workplace: &Workplace) -> Result<Vec<Parsed>, Failure> {
        if self.playbooks.is_empty() {
            let files = playbooks::library(workplace);
            return Ok(files.flat_map(|file| file.playbooks).collect());
        }
        let mut all = Vec::new();
        for name in &self.playbooks {
            let path = Path::new(name);
            if path.is_file() {
                let file = playbooks::read(path).map_err(Failure::usage)?;
                all.extend(file.playbooks);
            } else {
                let found = playbooks::locate(workplace, name).map_err(Failure::usage)?;
                all.push(found.0);
            }
        }
        Ok(all)
    }
}

/// The first scenario that is played with the playbook, or with any.
fn chosen(scenarios: &[Arc<Scenario>], playbook: &PlaybookId) -> Option<Arc<Scenario>> {
    let mut fitting = scenarios
        .iter()
        .filter(|scenario| scenario.playbook == *playbook || scenario.playbook.as_str().is_empty());
    fitting.next().cloned()
}

fn as_text(line: &Line, path: &str) -> String {
    let place = match line.state {
        State::Failed => format!("{path}:{}:{}: ", line.place.0, line.place.1),
        State::Ok | State::Planned | State::Skipped => String::new(),
    };
    let verdict = line
        .verdict
        .map(|verdict| format!("; verdict {}", verdict.word()));
    let examples: Vec<String> = line
        .examples
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let examples = if examples.is_empty() {
        String::new()
    } else {
        format!(" (example values: {})", examples.join(", "))
    };
    format!(
        "{:<8} {:<9} {}  {place}{}{}{examples}",
        line.state.word(),
        line.kind,
        line.name,
        line.says,
        verdict.unwrap_or_default(),
    )
}

fn as_json(parsed: &Parsed, rehearsal: &Rehearsal, seed: u64) -> Value {
    let lines = rehearsal.lines.iter().map(|line| {
        json!({
            "name": line.name,
            "kind": line.kind,
            "state": line.state.word().to_lowercase(),
            "says": line.says,
            "rows": line.rows,
            "verdict": line.verdict.map(Verdict::word),
            "line": line.place.0,
            "column": line.place.1,
            "examples": line.examples.iter().map(|(name, value)| json!({ "input": name, "value": value })).collect::<Vec<_>>(),
        })
    });
    json!({
        "playbook": parsed.playbook.id,
        "path": &*parsed.playbook.source.path,
        "scenario": rehearsal.scenario,
        "seed": seed,
        "failed": rehearsal.failed(),
        "lines": lines.collect::<Vec<_>>(),
    })
}
