//! `drill`: a simulated breach in the whole cockpit, and what a facilitator throws in.

use clap::{Args, Subcommand};

use super::failure::Failure;
use super::out::Out;
use super::screen::{self, Screenshot};
use super::{Common, code, script, setup};
use crate::engine::Start;
use crate::engine::effect::{DrillRequest, OpenRequest, Purpose};
use crate::model::Mode;
use crate::runtime::{drills, session};

/// `drill [SCENARIO]`
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "No live source can be reached from a drill. `q` leaves it and time stands still; `quarterdeck resume` goes on, `quarterdeck report last` is the debrief."
)]
pub(super) struct Drill {
    /// Which drill: the id of a scenario (`quarterdeck list drills` names them), or a scenario's file.
    #[arg(default_value = drills::DEFAULT)]
    scenario: String,
    /// What names and noise are drawn from; without it another number each time. The same seed and the same acts at the same times give the same drill.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=drills::SEED_MAX))]
    seed: Option<u64>,
    /// How many simulated seconds pass in a second: 1 is real time. Without it as fast as the scenario says.
    #[arg(long, value_name = "X", value_parser = parse_speed)]
    speed: Option<String>,
    /// Play it without a terminal: from a script, to the script's end. Its lines are `press KEYS`, `type TEXT`, `wait TIME`, or a comment after `#`; simulated time passes only where it waits.
    #[arg(long, value_name = "FILE", conflicts_with = "speed")]
    play: Option<std::path::PathBuf>,
    #[command(flatten)]
    screenshot: Screenshot,
    #[command(subcommand)]
    command: Option<DrillCommand>,
}

#[derive(Debug, Subcommand)]
enum DrillCommand {
    /// Bring something into a drill that is played in another terminal: a customer's mail, a call, a loss.
    Inject(Inject),
}

/// `drill inject INCIDENT INJECT`
#[derive(Debug, Args)]
struct Inject {
    /// Which drill: `last`, the incident's id, or its last four or more digits.
    incident: String,
    /// An inject of the scenario by its name; without one, and without --text, their names are listed.
    #[arg(value_name = "INJECT")]
    name: Option<String>,
    /// Own words in place of an inject of the scenario.
    #[arg(long, value_name = "TEXT", conflicts_with = "name")]
    text: Option<String>,
    /// Who speaks them.
    #[arg(
        long,
        value_name = "WHO",
        default_value = "facilitator",
        requires = "text"
    )]
    from: String,
}

impl Drill {
    /// Begins the drill, or injects into one.
    pub fn run(
        self,
        common: &Common,
        screenshot: Screenshot,
        out: &mut Out,
    ) -> Result<u8, Failure> {
        if let Some(DrillCommand::Inject(inject)) = self.command {
            return inject.run(common, out);
        }
        let workplace = setup::workplace(common, out)?;
        let scenario = drills::sound(&workplace, &self.scenario).map_err(Failure::usage)?;
        let script = match &self.play {
            Some(path) => Some(script::read(path)?),
            None => None,
        };
        let speed = match &script {
            Some(_) => Some("0".to_owned()),
            None => self.speed,
        };
        let request = OpenRequest {
            purpose: Purpose::Drill(DrillRequest {
                scenario: self.scenario,
                seed: self.seed,
                speed,
            }),
            playbook: scenario.playbook.to_string(),
            ..OpenRequest::default()
        };
        session::check_request(&workplace, &request).map_err(screen::of_session)?;
        let screenshot = screenshot.or(self.screenshot);
        screen::show_with(
            workplace,
            Start::Open(request),
            common,
            screenshot,
            script,
            out,
        )
    }
}

impl Inject {
    fn run(&self, common: &Common, out: &mut Out) -> Result<u8, Failure> {
        let workplace = setup::workplace(common, out)?;
        let (mode, incident) = setup::find(&workplace, &self.incident)?;
        if mode != Mode::Drill {
            return Err(Failure::usage(format!(
                "{} is no drill: nothing was injected",
                incident.short()
            )));
        }
        let injected = match (&self.name, &self.text) {
            (Some(id), None) => drills::inject(&workplace, incident, id),
            (None, Some(text)) => drills::say(&workplace, incident, &self.from, text),
            (_, _) => {
                for (id, text) in
                    drills::injects(&workplace, incident).map_err(screen::of_session)?
                {
                    out.line(format!("{id}: {text}"))?;
                }
                return Ok(code::DONE);
            }
        };
        injected.map_err(screen::of_session)?;
        out.say(format!("injected into {}", incident.short()));
        Ok(code::DONE)
    }
}

fn parse_speed(text: &str) -> Result<String, String> {
    let speed = drills::parse_speed(text)?;
    if speed > 0.0 {
        Ok(text.to_owned())
    } else {
        Err("expected simulated seconds a second, more than 0".to_owned())
    }
}
