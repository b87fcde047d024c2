//! `report`: what happened, for people or for programs.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::json;

use super::failure::Failure;
use super::out::Out;
use super::{Common, code, screen, setup};
use crate::incident::view::view;
use crate::report;
use crate::runtime::{debriefs, session};

/// `report [INCIDENT]`
#[derive(Debug, Args)]
pub(super) struct Report {
    /// `last`, an id, or its last four or more digits. Without it the one worked on last.
    incident: Option<String>,
    /// The form.
    #[arg(long, value_enum, default_value = "md")]
    format: Form,
    /// Write to this file in place of standard output.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Form {
    /// Markdown.
    Md,
    /// JSON.
    Json,
}

impl Report {
    /// Writes it.
    pub fn run(&self, common: &Common, out: &mut Out) -> Result<u8, Failure> {
        let workplace = setup::workplace(common, out)?;
        let store = setup::record(&workplace, self.incident.as_deref(), out)?;
        let pinned = session::pinned(&store).map_err(screen::of_session)?;
        let session::Pinned {
            incident, found, ..
        } = &pinned;
        let entries = store.entries(0, u64::MAX).map_err(setup::of_store)?;
        let view = view(&found.playbook, incident, &store.alive_writers());
        let text = match self.format {
            Form::Md => debriefs::markdown(&workplace, &store, &pinned, &view, &entries)
                .map_err(screen::of_session)?,
            Form::Json => {
                let names = report::Names(Some(&found.playbook));
                let scored = debriefs::scored(&workplace, &store, &pinned, &entries)
                    .map_err(screen::of_session)?;
                let told: Vec<serde_json::Value> = entries
                    .iter()
                    .filter_map(|sealed| {
                        serde_json::from_str(&report::timeline::json_line(sealed, names)).ok()
                    })
                    .collect();
                let debrief = scored.map(|scored| scored.debrief(&pinned, &entries).json());
                let mut value = json!({ "incident": incident, "entries": told });
                if let (Some(debrief), Some(value)) = (debrief, value.as_object_mut()) {
                    value.insert("debrief".to_owned(), debrief);
                }
                let mut text = serde_json::to_string_pretty(&value).map_err(Failure::failed)?;
                text.push('\n');
                text
            }
        };
        match &self.output {
            Some(file) => {
                std::fs::write(file, text).map_err(|error| {
                    Failure::failed(format!("write {}: {error}", file.display()))
                })?;
                out.say(format!("wrote {}", file.display()));
            }
            None => out.line(text.trim_end())?,
        }
        Ok(code::DONE)
    }
}
