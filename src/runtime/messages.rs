//! Messages as tasks: reads the values that drafts are made for, writes drafts to files.

use super::session::Session;
use crate::engine::effect::FillRequest;
use crate::message::{Draft, FillError};
use crate::model::ids::ActionId;

/// Fills a message's template.
pub fn fill(_session: &Session, _request: FillRequest) -> Result<Vec<Draft>, FillError> {
    Ok(Vec::new())
}

/// Writes a message to a file of the incident and gives its path.
pub fn save(_session: &Session, _action: &ActionId, _draft: &Draft) -> Result<String, String> {
    Err("not written".into())
}
