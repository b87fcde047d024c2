//! `config`: where the configuration is and what it says.

use clap::{Args, Subcommand};
use serde_json::json;

use super::failure::Failure;
use super::out::Out;
use super::{Common, Format, code, setup};
use crate::config::environment::Environment;
use crate::config::places::Places;

/// `config path|show`
#[derive(Debug, Args)]
pub(super) struct Config {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Print where configuration, data and state are.
    Path,
    /// Print the values in force and where each came from. Secrets are references; they are not fetched.
    Show {
        /// How to print.
        #[arg(long, value_enum, default_value = "text")]
        format: Format,
    },
}

impl Config {
    /// Prints it.
    pub fn run(&self, common: &Common, out: &mut Out) -> Result<u8, Failure> {
        match &self.what {
            What::Path => paths(out),
            What::Show { format } => show(*format, common, out),
        }
    }
}

fn paths(out: &mut Out) -> Result<u8, Failure> {
    let places = Places::find(&Environment::of_process()).map_err(Failure::usage)?;
    out.line(format!("config  {}", places.config_file().display()))?;
    out.line(format!("data    {}", places.data.display()))?;
    out.line(format!("state   {}", places.state.display()))?;
    Ok(code::DONE)
}

fn show(format: Format, common: &Common, out: &mut Out) -> Result<u8, Failure> {
    let config = setup::config(common, out)?;
    match format {
        Format::Json => out.json(&json!({
            "profile": { "value": config.profile.value, "from": config.profile.from.to_string() },
            "operator": { "value": config.operator.name, "from": config.operator.known_by.to_string() },
            "timezone": { "value": config.timezone.value, "from": config.timezone.from.to_string() },
            "profiles": config.profiles.values().map(|profile| json!({
                "name": profile.name,
                "sources": profile.sources.values().map(|source| json!({
                    "name": source.name,
                    "kind": source.kind.get_ref(),
                })).collect::<Vec<_>>(),
            })).collect::<Vec<_>>(),
        }))?,
        Format::Text => {
            let profile = config.profile.value.as_deref().unwrap_or("none");
            out.line(format!("profile   {profile}  (from {})", config.profile.from))?;
            out.line(format!("operator  {}  (from {})", config.operator.name, config.operator.known_by))?;
            out.line(format!("timezone  {}  (from {})", config.timezone.value, config.timezone.from))?;
            for profile in config.profiles.values() {
                out.line(format!("\n[profiles.{}]", profile.name))?;
                for source in profile.sources.values() {
                    out.line(format!("{}  {}", source.name, source.kind.get_ref()))?;
                }
            }
        }
    }
    Ok(code::DONE)
}
