//! `verify`: does the record hold?

use clap::Args;
use serde_json::json;

use super::failure::Failure;
use super::out::{self, Out};
use super::{Common, Format, setup};
use crate::record::verify::Verdict;

/// `verify [INCIDENT]`
#[derive(Debug, Args)]
pub(super) struct Verify {
    /// `last`, an id, or its last four or more digits. Without it the one worked on last.
    incident: Option<String>,
    /// How to print.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

impl Verify {
    /// Prints the answer and what an auditor should look at.
    pub fn run(&self, common: &Common, out: &mut Out) -> Result<u8, Failure> {
        let workplace = setup::workplace(common, out)?;
        let store = setup::record(&workplace, self.incident.as_deref(), out)?;
        let found = store.verify().map_err(setup::of_store)?;
        let warnings: Vec<String> = found.warnings.iter().map(ToString::to_string).collect();
        match self.format {
            Format::Json => out.json(&json!({
                "incident": store.incident(),
                "verdict": match &found.verdict {
                    Verdict::NotAnchored => "not-anchored",
                    Verdict::Fault(_) => "fault",
                },
                "entries": found.entries,
                "writers": found.writers,
                "fault": match &found.verdict {
                    Verdict::NotAnchored => None,
                    Verdict::Fault(fault) => Some(json!({
                        "entry": fault.entry.as_ref().map(ToString::to_string),
                        "reason": fault.reason.to_string(),
                        "after": fault.after.iter().map(ToString::to_string).collect::<Vec<_>>(),
                    })),
                },
                "warnings": warnings,
            }))?,
            Format::Text => {
                out.line(format!(
                    "incident {}: {} of {}",
                    store.incident().short(),
                    out::counted(found.entries, "entry", "entries"),
                    out::counted(found.writers, "session", "sessions"),
                ))?;
                match &found.verdict {
                    Verdict::NotAnchored => out.line(
                        "consistent, not anchored: no checkpoint held elsewhere says where the record ends, so entries cut off its end would not show",
                    )?,
                    Verdict::Fault(fault) => {
                        match &fault.entry {
                            Some(entry) => out.line(format!("FAULT at {entry}: {}", fault.reason))?,
                            None => out.line(format!("FAULT: {}", fault.reason))?,
                        }
                        for entry in &fault.after {
                            out.line(format!("  cannot be relied upon: {entry}"))?;
                        }
                    }
                }
                for warning in &warnings {
                    out.line(format!("warning: {warning}"))?;
                }
            }
        }
        Ok(found.verdict.exit_code())
    }
}
