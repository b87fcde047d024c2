//! What messages are filled from and held against: the facts of the incident as names, the results a template needs.

use crate::engine::effect::FillRequest;
use crate::engine::state::{Cockpit, WatchStatus};
use crate::message::{self, Circumstances, Names};
use crate::model::ids::{ActionId, RoleId};
use crate::model::input::InputType;
use crate::model::playbook::{Action, MessageSettings};
use crate::model::{Timestamp, duration};
use crate::record::entry::Body;
use crate::verdict::Reference;

use super::DraftForm;

/// The role that every incident has.
const COMMANDER: &str = "ic";

/// Why a message cannot be filled yet.
pub(super) enum NotYet {
    /// An action must run first.
    RunFirst(ActionId, String),
    /// The template asks for what never goes into a message.
    Never(String),
}

impl Cockpit {
    /// Everything a message is filled from, its inputs being there.
    pub(super) fn fill_request(
        &self,
        action: &Action,
        operator: &str,
        now: Timestamp,
    ) -> Result<FillRequest, NotYet> {
        let secret = action.inputs.iter().find(|id| {
            let input = self.playbook.inputs.get(*id);
            input.is_some_and(|input| input.kind == InputType::Secret)
        });
        if let Some(secret) = secret {
            return Err(NotYet::Never(format!(
                "{secret} is a secret, and secrets never go into messages: take it out of the template"
            )));
        }
        let settings = action.message.as_ref();
        let each = settings
            .and_then(|message| message.for_each.as_deref())
            .and_then(|each| each.split_once('.'));
        let each = match each {
            Some((id, column)) => Some((column.to_owned(), self.needed_result(&id.into())?)),
            None => None,
        };
        let mut results = Vec::new();
        for id in message::results_named(&action.text) {
            let id = ActionId::new(&id);
            results.push((id.clone(), self.needed_result(&id)?));
        }
        Ok(FillRequest {
            action: action.clone(),
            names: self.names(operator, now),
            each,
            results,
        })
    }

    fn needed_result(&self, id: &ActionId) -> Result<Reference, NotYet> {
        match self.reference(id) {
            Reference::Missing(reason) => Err(NotYet::RunFirst(id.clone(), reason)),
            found @ (Reference::Here(_) | Reference::Evidence(_)) => Ok(found),
        }
    }

    /// Names of templates. What has no value is left out, so that a template that needs it says so.
    pub(in crate::engine) fn names(&self, operator: &str, now: Timestamp) -> Names {
        let incident = &self.incident;
        let (start, end) = self.window(now);
        let mut top: std::collections::BTreeMap<String, String> = incident
            .roles
            .iter()
            .map(|(role, person)| (role.to_string(), person.clone()))
            .collect();
        // Said a moment ago, and on its way to the record.
        let said = self.pending.values();
        top.extend(said.filter_map(|pending| match &pending.body {
            Body::RoleAssigned { role, person } => Some((role.to_string(), person.clone())),
            _ => None,
        }));
        let facts = [
            ("incident_id", incident.id.to_string()),
            ("title", incident.title.clone()),
            ("summary", self.playbook.summary.clone()),
            ("severity", incident.severity.clone().unwrap_or_default()),
            ("mode", incident.mode.word().to_owned()),
            ("operator", operator.to_owned()),
            ("opened_at", minutes(incident.opened_at)),
            ("now", minutes(now)),
            ("window_start", minutes(start)),
            ("window_end", minutes(end)),
        ];
        let facts = facts.into_iter().filter(|(_, value)| !value.is_empty());
        top.extend(facts.map(|(name, value)| (name.to_owned(), value)));
        let inputs = self
            .playbook
            .inputs
            .values()
            .filter(|input| input.kind != InputType::Secret)
            .filter_map(|input| {
                let value = self.input_value(&input.id)?;
                let at = (input.kind == InputType::Datetime).then(|| value.parse().ok());
                let value = at.flatten().map_or(value, minutes);
                Some((input.id.to_string(), value))
            })
            .collect();
        let roles = self.playbook.roles.keys().map(RoleId::to_string);
        Names {
            top,
            inputs,
            results: std::collections::BTreeMap::new(),
            roles: roles.chain([COMMANDER.to_owned()]).collect(),
        }
    }

    /// The first role that a message names and nobody has yet.
    pub(super) fn role_to_ask(&self, request: &FillRequest) -> Option<RoleId> {
        let settings = request.action.message.as_ref();
        let lines = settings
            .into_iter()
            .flat_map(|message| [&message.to, &message.subject]);
        let templates = lines.flatten().chain([&request.action.text]);
        let named = templates
            .filter_map(|template| message::variables(template).ok())
            .flatten();
        let unknown = named.filter(|name| !request.names.top.contains_key(name));
        let mut roles = unknown.map(RoleId::new);
        roles.find(|role| self.playbook.roles.contains_key(role))
    }

    /// What the draft on screen is held against.
    pub(super) fn circumstances(&self, form: &DraftForm) -> Circumstances {
        let own = form.draft().and_then(|draft| draft.each.as_ref());
        let others = form.drafts.iter().filter_map(|draft| draft.each.as_ref());
        let alerts = self
            .watches
            .iter()
            .filter(|watch| watch.status == WatchStatus::Alert)
            .map(|watch| self.title_of(&watch.action).to_string());
        Circumstances {
            internal: self.audience(&form.action).as_deref() == Some("internal"),
            others: others
                .filter(|other| Some(*other) != own)
                .cloned()
                .collect(),
            contained: self.incident.milestones.contains_key("contained"),
            alerts: alerts.collect(),
        }
    }

    /// Whom a message is meant for, as the playbook says.
    pub(super) fn audience(&self, action: &ActionId) -> Option<String> {
        self.message_settings(action)?.audience.clone()
    }

    pub(super) fn message_settings(&self, action: &ActionId) -> Option<&MessageSettings> {
        self.playbook.action(action)?.message.as_ref()
    }

    /// How a message stands, in few words: `sent 3m ago`, `draft kept`, `never sent`.
    pub(super) fn message_state(&self, action: &ActionId, now: Timestamp) -> String {
        let sent = self
            .incident
            .messages
            .get(action)
            .and_then(|message| message.sent_at);
        match sent {
            _ if self.drafts.contains_key(action) => "draft kept".to_owned(),
            Some(at) => {
                let since = now.as_second().saturating_sub(at.as_second()).max(0);
                let since = std::time::Duration::from_secs(since.unsigned_abs());
                format!("sent {} ago", duration::in_words(since))
            }
            None => "never sent".to_owned(),
        }
    }
}

/// A time in messages: to the minute, with its zone.
fn minutes(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}
