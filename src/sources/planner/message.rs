//! A message as the document that is posted.

use serde::Serialize;

use super::Planned;
use crate::model::playbook::Effect;
use crate::model::request::{Payload, PlanContext, PlanError};
use crate::model::timestamp_text;

/// The document that is posted, in this order.
#[derive(Serialize)]
struct Document<'a> {
    incident: &'a str,
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    severity: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audience: Option<&'a str>,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    each: Option<&'a str>,
    operator: &'a str,
    sent_at: String,
}

/// Plans the post of the message that was written.
pub(super) fn plan(context: &PlanContext) -> Result<Planned, PlanError> {
    let Some(message) = &context.message else {
        return Err(PlanError::Refused(
            "a message is written before it is posted: m shows all of the playbook".into(),
        ));
    };
    let document = Document {
        incident: &message.incident,
        title: &message.title,
        severity: message.severity.as_deref(),
        subject: message.subject.as_deref(),
        to: message.to.as_deref(),
        audience: message.audience.as_deref(),
        text: &message.text,
        each: message.each.as_deref(),
        operator: &message.operator,
        sent_at: timestamp_text(context.now),
    };
    let text = serde_json::to_string_pretty(&document)
        .map_err(|error| PlanError::Refused(format!("cannot write it as JSON: {error}")))?;
    Ok(Planned {
        text,
        parameters: Vec::new(),
        effect: Effect::Write,
        payload: Payload::Message(message.clone()),
    })
}
