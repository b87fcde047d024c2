//! `note`: a note from the command line, as a session of its own.

use clap::Args;

use super::failure::Failure;
use super::out::Out;
use super::{Common, code, screen, setup};
use crate::model::limits;
use crate::runtime::session;

/// `note INCIDENT TEXT`
#[derive(Debug, Args)]
pub(super) struct Note {
    /// `last`, an id, or its last four or more digits.
    incident: String,
    /// What to note.
    #[arg(required = true, num_args = 1..)]
    text: Vec<String>,
}

impl Note {
    /// Writes it.
    pub fn run(&self, common: &Common, out: &mut Out) -> Result<u8, Failure> {
        let text = self.text.join(" ");
        if text.trim().is_empty() || text.len() > limits::TEXT_BYTES {
            return Err(Failure::usage(format!(
                "a note has 1 to {} bytes",
                limits::TEXT_BYTES
            )));
        }
        let workplace = setup::workplace(common, out)?;
        let (mode, incident) = setup::find(&workplace, &self.incident)?;
        session::note(&workplace, mode, incident, &text).map_err(screen::of_session)?;
        out.say(format!("noted in {}", incident.short()));
        Ok(code::DONE)
    }
}
