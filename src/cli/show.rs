//! `show`: how an incident stands, as a card or whole.

use clap::Args;
use serde_json::json;

use super::failure::Failure;
use super::list::clocks;
use super::out::Out;
use super::{Common, Format, code, screen, setup};
use crate::incident::closing;
use crate::incident::view::view;
use crate::report;
use crate::runtime::{clock, session};

/// `show [INCIDENT]`
#[derive(Debug, Args)]
pub(super) struct Show {
    /// `last`, an id, or its last four or more digits. Without it the one worked on last.
    incident: Option<String>,
    /// The hand-over card only: state, unknowns, open steps, clocks, proposals, next actions, missing evidence.
    #[arg(long)]
    brief: bool,
    /// How to print.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

impl Show {
    /// Prints the card; without `--brief` the state of every step follows.
    pub fn run(&self, common: &Common, out: &mut Out) -> Result<u8, Failure> {
        let workplace = setup::workplace(common, out)?;
        let store = setup::record(&workplace, self.incident.as_deref(), out)?;
        let session::Pinned {
            incident, found, ..
        } = session::pinned(&store).map_err(screen::of_session)?;
        let view = view(&found.playbook, &incident, &store.alive_writers());
        if self.format == Format::Json {
            out.json(&json!({
                "incident": incident,
                "current_step": view.current,
                "ended_silently": view.silent.keys().collect::<Vec<_>>(),
                "outcome_unknown": view.unknown.iter().map(|(_, action)| action).collect::<Vec<_>>(),
                "clocks": view.clocks.iter().map(|clock| clocks::json(clock, clock::now())).collect::<Vec<_>>(),
                "proposed_by": view.proposals.iter().map(|proposal| &proposal.action).collect::<Vec<_>>(),
                "evidence_missing": view.evidence.iter().filter(|item| item.at.is_none()).map(|item| &item.id).collect::<Vec<_>>(),
                "open": closing::still_open(&found.playbook, &incident, &view),
            }))?;
            return Ok(code::DONE);
        }
        out.line(report::brief(&found.playbook, &incident, &view, clock::now()).trim_end())?;
        if !self.brief {
            for phase in &view.phases {
                out.line(format!(
                    "\n{}  {}/{}",
                    phase.id,
                    phase.settled,
                    phase.steps.len()
                ))?;
                for step in &phase.steps {
                    let title = found
                        .playbook
                        .step(&step.id)
                        .map_or("", |step| step.title.as_str());
                    out.line(format!("  {:<10} {}  {title}", step.status.word(), step.id))?;
                }
            }
        }
        Ok(code::DONE)
    }
}
