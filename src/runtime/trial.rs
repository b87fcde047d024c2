//! Trying a playbook's actions outside an incident: the values they are bound with, and the places of what is wrong in the playbook's file.
//!
//! Nothing is sent here.

mod templates;

use std::time::Duration;

use crate::model::ids::InputId;
use crate::model::input::{self, Input, InputType};
use crate::model::playbook::{Action, Playbook};
use crate::model::request::{BoundInput, PlanContext};
use crate::model::{Timestamp, duration, timestamp_text};
use crate::sources::health::same_word;

/// The look-back of a playbook that declares none.
const LOOKBACK: Duration = Duration::from_hours(24);
/// Values tried for a text whose pattern is not met by the first.
const EXAMPLES: [&str; 8] = [
    "example",
    "a",
    "1",
    "EXAMPLE",
    "example-1",
    "u-1",
    "00000000-0000-4000-8000-000000000000",
    "a@example.org",
];

/// A playbook whose actions are tried.
pub struct Trial<'a> {
    /// The playbook.
    pub playbook: &'a Playbook,
    /// Values of its inputs; none where no example fits.
    pub values: Vec<(InputId, Option<Value>)>,
    /// Who works.
    pub operator: String,
    /// When: the incident is thought to begin at this time.
    pub now: Timestamp,
}

/// A value of an input, and whether it only stands for one.
pub struct Value {
    /// Canonical text.
    pub text: String,
    /// It is an example of the type.
    pub example: bool,
}

/// A value of an input's type.
fn example(input: &Input) -> Option<String> {
    let first = |tried: &[&str]| tried.iter().find_map(|text| input::check(input, text).ok());
    match &input.kind {
        InputType::Text { .. } => first(&EXAMPLES),
        InputType::Integer => first(&["1"]),
        InputType::Duration => first(&["15m"]),
        InputType::Lookback => first(&["24h"]),
        InputType::Datetime => first(&["2026-01-31T03:12:00Z"]),
        InputType::Uuid => first(&["00000000-0000-4000-8000-000000000000"]),
        InputType::Choice { of } => of.first().cloned(),
        InputType::Secret => first(&["env:EXAMPLE"]),
    }
}

/// The values of a playbook's inputs: given, by default, or an example by type. None where no example fits.
pub fn values(
    playbook: &Playbook,
    given: &[(InputId, String)],
) -> Result<Vec<(InputId, Option<Value>)>, String> {
    if let Some((id, _)) = given
        .iter()
        .find(|(id, _)| !playbook.inputs.contains_key(id))
    {
        return Err(format!("playbook {} has no input {id}", playbook.id));
    }
    playbook
        .inputs
        .values()
        .map(|input| {
            let given = given.iter().find(|(id, _)| *id == input.id);
            let text = given.map(|(_, text)| text).or(input.default.as_ref());
            let value = match text {
                Some(text) => Some(Value {
                    text: input::check(input, text)
                        .map_err(|error| format!("input {}: {error}", input.id))?,
                    example: false,
                }),
                None => example(input).map(|text| Value {
                    text,
                    example: true,
                }),
            };
            Ok((input.id.clone(), value))
        })
        .collect()
}

impl Trial<'_> {
    /// An input of the action that has no value.
    pub fn unmet(&self, action: &Action) -> Option<InputId> {
        let unmet = |(id, value): &(InputId, Option<Value>)| {
            (value.is_none() && action.inputs.contains(id)).then(|| id.clone())
        };
        self.values.iter().find_map(unmet)
    }

    /// The byte of the file at which a character of a text that was sent stands: binding changes a text around its words.
    pub fn byte_of_sent(&self, action: &Action, sent: &str, position: usize) -> Option<usize> {
        let position = same_word(sent, position, &action.text)?;
        self.byte_of(action, position)
    }

    /// The byte of the file at which a character of an action's text stands; its line where the text was indented.
    pub fn byte_of(&self, action: &Action, position: usize) -> Option<usize> {
        let (local, _) = action.text.char_indices().nth(position)?;
        let whole = &self.playbook.source.text;
        let raw = whole.get(action.text_span.clone())?;
        if raw == action.text {
            return Some(action.text_span.start + local);
        }
        let line = action.text.get(..local)?.matches('\n').count();
        let before: usize = raw.split_inclusive('\n').take(line).map(str::len).sum();
        Some(action.text_span.start + before)
    }

    /// What the action is planned with.
    pub fn context(&self, action: &Action) -> PlanContext {
        let (start, end) = self.window();
        let declared = self
            .values
            .iter()
            .filter(|(id, _)| action.inputs.contains(id))
            .filter_map(|(id, value)| {
                let (value, input) = (value.as_ref()?, self.playbook.inputs.get(id)?);
                Some(BoundInput {
                    id: id.clone(),
                    kind: input.kind.word(),
                    text: value.text.clone(),
                    example: value.example,
                    has_pattern: matches!(&input.kind, InputType::Text { pattern: Some(_) }),
                })
            });
        let built_in = [
            ("window_start", "datetime", timestamp_text(start)),
            ("window_end", "datetime", timestamp_text(end)),
            ("opened_at", "datetime", timestamp_text(self.now)),
            ("incident_id", "text", uuid::Uuid::nil().to_string()),
            ("operator", "text", self.operator.clone()),
        ];
        let built_in = built_in.into_iter().map(|(id, kind, text)| BoundInput {
            id: id.into(),
            kind,
            text,
            example: false,
            has_pattern: false,
        });
        PlanContext {
            now: self.now,
            window: (start, end),
            width: 80,
            inputs: declared.chain(built_in).collect(),
            edited: None,
            message: None,
        }
    }

    /// The look-back window.
    pub fn window(&self) -> (Timestamp, Timestamp) {
        let of_type = |(id, value): &(InputId, Option<Value>)| {
            let input = self.playbook.inputs.get(id)?;
            let value = value.as_ref()?;
            (input.kind == InputType::Lookback).then(|| duration::parse(&value.text))?
        };
        let lookback = self.values.iter().find_map(of_type).unwrap_or(LOOKBACK);
        input::window(self.now, lookback, None, self.now)
    }
}
