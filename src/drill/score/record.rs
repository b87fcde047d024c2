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

/// Something that was done: when, and the entry that says so. The smaller one was first: of two at the same time the one that stands first in the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Done {
    pub(super) at: Timestamp,
    /// Its place in the record.
    place: usize,
    pub(super) entry: Hash,
}

impl<'a> Record<'a> {
    /// What entries say, in order; erased ones are left out.
    pub(super) fn bodies(&self) -> impl Iterator<Item = (Done, &'a Body)> + use<'a> {
        let entries = self.entries.iter().enumerate();
        entries.filter_map(|(place, sealed)| {
            let done = Done {
                at: sealed.entry.when(),
                place,
                entry: sealed.hash,
            };
            Some((done, sealed.body.as_ref()?))
        })
    }

    /// The first entry that fits.
    pub(super) fn first(&self, fits: impl Fn(&Body) -> bool) -> Option<Done> {
        self.bodies()
            .find(|(_, body)| fits(body))
            .map(|(done, _)| done)
    }

    /// Since when something holds that holds at the end. `says` tells of an entry that it holds from there on (true), or no more (false).
    pub(super) fn since(&self, says: impl Fn(&Body) -> Option<bool>) -> Option<Done> {
        let mut since = None;
        for (done, body) in self.bodies() {
            match says(body) {
                Some(true) => since = since.or(Some(done)),
                Some(false) => since = None,
                None => {}
            }
        }
        since
    }

    /// When something of this name was first done: an action ran well or was completed by hand, a message went out, a check was ticked and not taken back, an
    /// inject came by itself. What a facilitator called says nothing of the service.
    pub(super) fn done(&self, name: &str) -> Option<Done> {
        self.since(|body| match body {
            Body::ActionResult {
                action,
                outcome: ActionOutcome::Ok,
                ..
            }
            | Body::ActionResolved {
                action, done: true, ..
            }
            | Body::MessageSent { action, .. } => (action.as_str() == name).then_some(true),
            Body::CheckTicked {
                check,
                not_applicable,
            } => (check.as_str() == name).then_some(not_applicable.is_none()),
            Body::CheckUnticked { check } => (check.as_str() == name).then_some(false),
            Body::DrillInjected {
                inject,
                called: false,
                ..
            } => (inject == name).then_some(true),
            _ => None,
        })
    }

    /// When something was first kept: a result of the action is in evidence, what only preserves ran well, a message went out, or a note is the item.
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
            Body::MessageSent { action, .. } => action.as_str() == name,
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
        noted.into_iter().chain(kept).min()
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

/// A length of time as the debrief says it: to the second where seconds decide, so that a reason agrees with its points.
pub(super) fn long(length: Duration) -> String {
    let seconds = length.as_secs();
    match (seconds / 60, seconds % 60) {
        (2..100, rest @ 1..) => format!("{}m {rest}s", seconds / 60),
        _ => duration::in_words(length),
    }
}
