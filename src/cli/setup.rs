//! What most commands need first: the configuration, the places, the record of an incident.

use std::sync::Arc;

use super::failure::Failure;
use super::out::Out;
use super::{Color, Common};
use crate::config::environment::Environment;
use crate::config::places::Places;
use crate::config::{Arguments, Config};
use crate::model::Mode;
use crate::model::ids::IncidentId;
use crate::runtime::session::Workplace;
use crate::store::{self, Store, StoreError};
use crate::theme::{ColorChoice, Theme};

/// The configuration. Mistakes in `config.toml` are told; what did parse is used.
pub(super) fn config(common: &Common, out: &Out) -> Result<Config, Failure> {
    let environment = Arc::new(Environment::of_process());
    let places = Places::find(&environment).map_err(Failure::usage)?;
    let arguments = Arguments {
        profile: common.profile.clone(),
        operator: common.operator.clone(),
    };
    let (config, diagnostics) =
        Config::load(places, environment, &arguments).map_err(Failure::usage)?;
    out.diagnostics(&diagnostics, &config.source);
    out.explain(format!(
        "configuration {}, data {}, operator {}, profile {} (from {})",
        config.source.path,
        config.places.data.display(),
        config.operator,
        config.profile.value.as_deref().unwrap_or("none"),
        config.profile.from
    ));
    Ok(config)
}

/// The configuration with everything found through it.
pub(super) fn workplace(common: &Common, out: &Out) -> Result<Workplace, Failure> {
    Ok(Workplace::new(config(common, out)?))
}

/// Colours or not, as the option says, else the environment.
pub(super) fn theme(common: &Common, environment: &Environment) -> Theme {
    let plain = environment.get("NO_COLOR").is_some() || environment.get("TERM") == Some("dumb");
    Theme::new(match common.color {
        Color::Always => ColorChoice::Always,
        Color::Auto if !plain => ColorChoice::Always,
        Color::Auto | Color::Never => ColorChoice::Never,
    })
}

/// What the incident worked on last is called.
const LAST: &str = "last";

/// Finds an incident by the name people gave.
pub(super) fn find(workplace: &Workplace, name: &str) -> Result<(Mode, IncidentId), Failure> {
    store::find(workplace.data(), name, workplace.scratch()).map_err(of_store)
}

/// Opens the record of an incident for reading. Without a name it is the one worked on last, and its name is told.
pub(super) fn record(
    workplace: &Workplace,
    name: Option<&str>,
    out: &Out,
) -> Result<Store, Failure> {
    let (mode, incident) = find(workplace, name.unwrap_or(LAST))?;
    if name.is_none() {
        let short = incident.short();
        out.say(format!("incident {short}, the one worked on last"));
    }
    Store::read(workplace.data(), mode, incident, workplace.scratch()).map_err(of_store)
}

/// A name that fits nothing is wrong usage; everything else is the store's failure.
pub(super) fn of_store(error: StoreError) -> Failure {
    match error {
        StoreError::NotFound { .. } | StoreError::Ambiguous { .. } | StoreError::Name { .. } => {
            Failure::usage(error)
        }
        _ => Failure::failed(error),
    }
}
