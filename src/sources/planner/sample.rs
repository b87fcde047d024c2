//! What the tests of planning plan with.

use crate::model::Timestamp;
use crate::model::request::{BoundInput, PlanContext};

/// A context with these inputs: name, type, text.
pub fn context(inputs: &[(&str, &'static str, &str)]) -> PlanContext {
    PlanContext {
        now: Timestamp::UNIX_EPOCH,
        window: (Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH),
        width: 80,
        inputs: inputs
            .iter()
            .map(|(id, kind, text)| BoundInput {
                id: (*id).into(),
                kind,
                text: (*text).to_owned(),
                example: false,
                has_pattern: false,
            })
            .collect(),
        edited: None,
        message: None,
    }
}
