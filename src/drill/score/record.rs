//! Looking things up in the record of a drill: when something was done, and which entry says so.

use std::time::Duration;

use crate::drill::scenario::Scenario;
use crate::incident::Incident;
use crate::model::playbook::{EvidenceItem, Playbook};
use crate::model::{Timestamp, duration};
use crate::record::entry::{ActionOutcome, Body, Hash, Sealed};

/// A drill that was played.
pub(super) struct Record<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) playbook: &'a Playbook,
    pub(super) incident: &'a Incident,
    /// All entries, in order.
    pub(super) entries: &'a [Sealed],
}

/// Something that was done: when, and the entry that says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Done {
    pub(super) at: Timestamp,
    pub(super) entry: Hash,
}

impl<'a> Record<'a> {
    /// Entries with their bodies; erased ones are left out.
    pub(super) fn bodies(&self) -> impl Iterator<Item = (&'a Sealed, &'a Body)> + use<'a> {
        self.entries
            .iter()
            .filter_map(|sealed| Some((sealed, sealed.body.as_ref()?)))
    }

    /// The first entry that fits.
    pub(super) fn first(&self, fits: impl Fn(&Body) -> bool) -> Option<Done> {
        self.bodies()
            .find(|(_, body)| fits(body))
            .map(|(sealed, _)| done(sealed))
    }

    /// When something of this name was first done: an action ran well or was completed by hand, a message went out, a check was ticked, an inject came.
    pub(super) fn done(&self, name: &str) -> Option<Done> {
        self.first(|body| match body {
            Body::ActionResult {
                action,
                outcome: ActionOutcome::Ok,
                ..
            }
            | Body::ActionResolved {
                action, done: true, ..
            }
            | Body::MessageSent { action, .. } => action.as_str() == name,
            Body::CheckTicked {
                check,
                not_applicable: None,
            } => check.as_str() == name,
            Body::DrillInjected { inject, .. } => inject == name,
            _ => false,
        })
    }

    /// When something was first kept: a result of the action is in evidence, what only preserves ran well, or a note is the item.
    pub(super) fn kept(&self, name: &str) -> Option<Done> {
        if let Some(item) = self.playbook.evidence.get(name) {
            return self.item(name, item);
        }
        let preserves = self
            .playbook
            .actions
            .get(name)
            .is_some_and(|action| action.preserves);
        self.first(|body| match body {
            Body::ActionResult {
                action,
                outcome: ActionOutcome::Ok,
                evidence,
                ..
            } => action.as_str() == name && (preserves || !evidence.is_empty()),
            Body::ActionResolved {
                action, done: true, ..
            } => preserves && action.as_str() == name,
            Body::EvidenceAdded {
                origin: Some(origin),
                ..
            } => origin.action.as_str() == name,
            _ => false,
        })
    }

    fn item(&self, id: &str, item: &EvidenceItem) -> Option<Done> {
        let noted = self.first(|body| {
            matches!(body, Body::NoteAdded { evidence: Some(evidence), .. } if evidence.as_str() == id)
        });
        let from = item
            .from
            .as_deref()
            .filter(|from| *from != "note" && *from != id);
        let kept = from.and_then(|action| self.kept(action));
        noted.into_iter().chain(kept).min_by_key(|done| done.at)
    }

    /// How long after the page.
    pub(super) fn after(&self, done: Done) -> Duration {
        let since = done.at.duration_since(self.incident.opened_at);
        Duration::try_from(since).unwrap_or_default()
    }

    /// The title of an action, a check, a step or an item of evidence, else its name.
    pub(super) fn title<'n>(&'n self, name: &'n str) -> &'n str {
        let check = || {
            let mut checks = self.playbook.steps().flat_map(|(_, step)| step.checks());
            checks.find(|check| check.id.as_str() == name)
        };
        if let Some(action) = self.playbook.actions.get(name) {
            &action.title
        } else if let Some(item) = self.playbook.evidence.get(name) {
            &item.title
        } else if let Some(step) = self.playbook.step(&name.into()) {
            &step.title
        } else {
            check().map_or(name, |check| &check.text)
        }
    }
}

pub(super) fn done(sealed: &Sealed) -> Done {
    Done {
        at: sealed.entry.when(),
        entry: sealed.hash,
    }
}

/// A length of time as the debrief says it.
pub(super) fn long(length: Duration) -> String {
    duration::in_words(length)
}
