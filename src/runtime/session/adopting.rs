//! Taking a changed playbook into the record, and hearing that there is one.
//!
//! What becomes of the work under way is the engine's.

use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::mpsc::sync_channel;

use super::attaching::with_attached;
use super::listening::lock;
use super::{OWN_TICKETS, Session, SessionError, Workplace, pen, pinned};
use crate::engine::adopt::vanished;
use crate::engine::event::{Adopted, EventKind};
use crate::model::ids::{IncidentId, Ticket};
use crate::model::{Mode, limits};
use crate::record::entry::Body;
use crate::runtime::events::Events;
use crate::runtime::playbooks;
use crate::store::{self, Store};

impl Session {
    /// Takes the changed playbook into the record and tells the loop.
    pub fn adopt_playbook(&self, events: &Events) {
        let result = self
            .try_adopt()
            .map(Box::new)
            .map_err(|error| format!("adopt playbook: {error}"));
        events.send_blocking(EventKind::PlaybookAdopted(result));
    }

    /// Tells the loop which playbook the record follows, after another session changed it. Writes nothing.
    pub fn follow_playbook(&self, events: &Events) {
        let read = Store::open(self.workplace.data(), self.mode, self.incident)
            .map_err(SessionError::from)
            .and_then(|store| pinned(&store));
        let result = read
            .map(|pinned| {
                Box::new(Adopted {
                    incident: self.incident,
                    playbook: pinned.found.playbook,
                    diagnostics: pinned.found.diagnostics,
                })
            })
            .map_err(|error| {
                format!("another session took a changed playbook, which cannot be read: {error}; resume the incident")
            });
        self.tell(EventKind::PlaybookAdopted(result), events);
    }

    fn try_adopt(&self) -> Result<Adopted, SessionError> {
        let store = Store::open(self.workplace.data(), self.mode, self.incident)?;
        let before = pinned(&store)?;
        let now = playbooks::current(&self.workplace, &before.found.playbook).ok_or_else(|| {
            SessionError::Refused(format!(
                "{} is gone, there is nothing to take: put the file back",
                before.found.playbook.source.path
            ))
        })?;
        let now = with_attached(&store, &before.incident, now);
        let kept = store::evidence::put(store.folder(), now.playbook.source.text.as_bytes())?;
        let from = before.incident.playbook_sha256;
        if kept.sha256 != from {
            let (steps, actions) = vanished(&before.found.playbook, &now.playbook);
            let steps = steps.iter().map(ToString::to_string);
            let actions = actions.iter().map(ToString::to_string);
            let changed = Body::PlaybookChanged {
                from,
                to: kept.sha256,
                vanished: steps.chain(actions).collect(),
            };
            self.append_and_wait(pen::playbook_evidence(&kept, &now.playbook))?;
            self.append_and_wait(changed)?;
        }
        Ok(Adopted {
            incident: self.incident,
            playbook: now.playbook,
            diagnostics: now.diagnostics,
        })
    }

    pub(super) fn append_and_wait(&self, body: Body) -> Result<(), SessionError> {
        let ticket = Ticket(OWN_TICKETS + self.next_ticket.fetch_add(1, Ordering::Relaxed));
        let (done, wait) = sync_channel(1);
        lock(&self.waiting).push((ticket, done));
        let answer = self.append(ticket, body).and_then(|()| {
            wait.recv_timeout(limits::PLAN_TIMEOUT).unwrap_or_else(|_| {
                Err("the record did not answer: look whether its disk works, then try again".into())
            })
        });
        lock(&self.waiting).retain(|(other, _)| *other != ticket);
        answer.map_err(SessionError::Refused)
    }
}

/// The place of the file that an incident's playbook was read from, if it is one.
pub(super) fn file_of(found: &playbooks::Found) -> Option<&Path> {
    let path = Path::new(&*found.playbook.source.path);
    path.is_file().then_some(path)
}

/// Whether the playbook's file differs now from the text in force; none when that cannot be told.
pub(super) fn differs(workplace: &Workplace, mode: Mode, incident: IncidentId) -> Option<bool> {
    let store = Store::open(workplace.data(), mode, incident).ok()?;
    let pinned = pinned(&store).ok()?.found.playbook;
    let now = playbooks::current(workplace, &pinned)?.playbook;
    Some(now.source.text != pinned.source.text)
}
