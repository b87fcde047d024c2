//! Templates of messages, filled with example names, so that what would stop one at 03:00 is found by day.
//!
//! Nothing is sent. What only an incident knows (people, rows) is made up; an empty summary stays empty, as it will then.

use std::collections::BTreeMap;

use super::Trial;
use crate::message::{self, Circumstances, Draft, Names};
use crate::model::input::InputType;
use crate::model::playbook::{Action, MessageSettings};
use crate::model::{Mode, Timestamp};

/// What stands for a person, a value of `for-each` and a cell.
const EXAMPLE: &str = "example";
/// The role that every incident has.
const COMMANDER: &str = "ic";

impl Trial<'_> {
    /// Fills a message as an incident would, and says what came of it. The error is what is wrong and its byte in the playbook's file.
    pub fn template(&self, action: &Action) -> Result<String, (String, usize)> {
        let nothing = MessageSettings::default();
        let settings = action.message.as_ref().unwrap_or(&nothing);
        let column = settings
            .for_each
            .as_deref()
            .and_then(|each| each.split_once('.'))
            .map(|(_, column)| column);
        let filled = message::fill(
            &action.text,
            settings.subject.as_deref(),
            settings.to.as_deref(),
            &self.names(action, column),
            column.map(|_| EXAMPLE),
        );
        filled.map(|draft| in_words(&draft)).map_err(|error| {
            let before = action
                .text
                .split_inclusive('\n')
                .take(error.line.saturating_sub(1));
            let position = before.map(|line| line.chars().count()).sum();
            let own = !error.message.starts_with("in the ");
            let byte = own.then(|| self.byte_of(action, position)).flatten();
            (
                format!("its template cannot be filled: {}", error.message),
                byte.unwrap_or(action.text_span.start),
            )
        })
    }

    fn names(&self, action: &Action, column: Option<&str>) -> Names {
        let playbook = self.playbook;
        let (start, end) = self.window();
        let severities = playbook.severity.first();
        let severity = severities.or(playbook.ladder.first().map(|level| &level.id));
        let facts = [
            ("incident_id", uuid::Uuid::nil().to_string()),
            ("title", playbook.title.clone()),
            ("summary", playbook.summary.clone()),
            ("severity", severity.map_or("P1", String::as_str).to_owned()),
            ("mode", Mode::Live.word().to_owned()),
            ("operator", self.operator.clone()),
            ("opened_at", minutes(self.now)),
            ("now", minutes(self.now)),
            ("window_start", minutes(start)),
            ("window_end", minutes(end)),
        ];
        let known = facts
            .into_iter()
            .filter(|(_, text)| !text.is_empty())
            .map(|(name, text)| (name.to_owned(), text));
        let roles = || {
            let declared = playbook.roles.keys().map(ToString::to_string);
            declared.chain([COMMANDER.to_owned()])
        };
        let made_up = roles().chain(column.map(str::to_owned));
        let inputs = self.values.iter().filter_map(|(id, value)| {
            let input = playbook.inputs.get(id)?;
            let value = value.as_ref()?;
            (input.kind != InputType::Secret).then(|| (id.to_string(), value.text.clone()))
        });
        let row = any_row(&action.text);
        Names {
            top: made_up
                .map(|name| (name, EXAMPLE.to_owned()))
                .chain(known)
                .collect(),
            inputs: inputs.collect(),
            results: message::results_named(&action.text)
                .into_iter()
                .map(|id| (id, vec![row.clone()]))
                .collect(),
            roles: roles().collect(),
        }
    }
}

/// A row with every column that a template may name: which ones a result has, only its run tells.
fn any_row(template: &str) -> BTreeMap<String, String> {
    let words = template.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
    let quoted = template.split(['"', '\'']);
    words
        .chain(quoted)
        .filter(|name| !name.is_empty())
        .map(|name| (name.to_owned(), EXAMPLE.to_owned()))
        .collect()
}

/// What the draft is, and what holds it back until somebody writes on it.
fn in_words(draft: &Draft) -> String {
    let lines = draft.text.lines().count();
    let lines = match lines {
        1 => "1 line".to_owned(),
        several => format!("{several} lines"),
    };
    let inside = Circumstances {
        internal: true,
        ..Circumstances::default()
    };
    let held: Vec<String> = message::held_back(draft, &inside)
        .into_iter()
        .map(|held| held.why)
        .collect();
    if held.is_empty() {
        format!("the template fills: {lines}")
    } else {
        format!(
            "the template fills: {lines}; held back until it is changed: {}",
            held.join("; ")
        )
    }
}

/// A time as messages tell it.
fn minutes(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}
