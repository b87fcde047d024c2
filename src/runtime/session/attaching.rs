//! Playbooks that are worked through in the same incident: taking one into the record, and putting the whole together again
//! from the record.
//!
//! Whoever reads a record gets the same whole: the first playbook's text in force, and each attached text in its order.

use std::sync::Arc;

use super::{Session, SessionError, pen, pinned};
use crate::incident::Incident;
use crate::model::diagnostic::Diagnostic;
use crate::model::ids::PlaybookId;
use crate::model::playbook::Playbook;
use crate::playbook;
use crate::record::entry::{Body, Hash};
use crate::runtime::playbooks::{self, Found};
use crate::store::{self, Store, StoreError};

/// Entries looked through at a time for the one that names a text.
const ENTRIES: u64 = 512;

impl Session {
    /// Takes another playbook into the record and gives the whole. One that is there already is not taken again.
    pub fn attach_playbook(&self, id: &PlaybookId) -> Result<Arc<Playbook>, String> {
        self.try_attach(id)
            .map_err(|error| format!("attach {id}: {error}"))
    }

    fn try_attach(&self, id: &PlaybookId) -> Result<Arc<Playbook>, SessionError> {
        let store = Store::open(self.workplace.data(), self.mode, self.incident)?;
        let pinned = pinned(&store)?;
        let attached = &pinned.incident.attached;
        if attached.iter().any(|(other, _)| other == id) {
            return Ok(pinned.found.playbook);
        }
        if pinned.incident.playbook == *id {
            return Err(SessionError::Refused(
                "the incident follows it already".to_owned(),
            ));
        }
        let found = self.find_other(&pinned.found.playbook, id)?;
        let text = found.playbook.source.text.as_bytes();
        let kept = store::evidence::put(store.folder(), text)?;
        self.append_and_wait(pen::playbook_evidence(&kept, &found.playbook))?;
        self.append_and_wait(Body::PlaybookAttached {
            playbook: id.clone(),
            title: found.playbook.title.clone(),
            playbook_sha256: kept.sha256,
        })?;
        Ok(Arc::new(playbook::attach(
            &pinned.found.playbook,
            &found.playbook,
            id.as_str(),
        )))
    }

    /// The other playbook: of the same file, else of the library. It comes from a playbook's text, so it is an id and
    /// never a path.
    fn find_other(&self, base: &Playbook, id: &PlaybookId) -> Result<Found, SessionError> {
        let same_file = playbooks::parse(&base.source.path, &base.source.text, id);
        if let Some(found) = same_file.filter(|found| found.playbook.id == *id) {
            return Ok(found);
        }
        if !playbook::ids::is_kebab(id.as_str()) {
            return Err(SessionError::Refused(
                "this is no playbook's id: mend the decision that names it".to_owned(),
            ));
        }
        let found = playbooks::find(&self.workplace, id.as_str()).map_err(SessionError::Refused)?;
        if found.playbook.id == *id {
            Ok(found)
        } else {
            Err(SessionError::Refused(format!(
                "no playbook has this id; {} answers an alert of that name",
                found.playbook.id
            )))
        }
    }
}

/// The whole: what was found of the incident's own playbook, with everything attached to it. A text that cannot be read is
/// told among the findings, because the rest of the incident is still to be worked through.
pub(super) fn with_attached(store: &Store, incident: &Incident, found: Found) -> Found {
    let mut found = found;
    for (id, sha256) in &incident.attached {
        match text_of(store, id, *sha256) {
            Ok(other) => {
                let whole = playbook::attach(&found.playbook, &other.playbook, id.as_str());
                found.playbook = Arc::new(whole);
            }
            Err(error) => found.diagnostics.insert(
                0,
                Diagnostic::error(
                    "attached-playbook",
                    0..0,
                    format!("the attached playbook {id} is left out: {error}"),
                ),
            ),
        }
    }
    found
}

fn text_of(store: &Store, id: &PlaybookId, sha256: Hash) -> Result<Found, SessionError> {
    let text = store::evidence::read(store.folder(), sha256)?;
    let path = name_of(store, sha256)?.unwrap_or_else(|| id.to_string());
    playbooks::parse(&path, &String::from_utf8_lossy(&text), id)
        .filter(|found| found.playbook.id == *id)
        .ok_or_else(|| SessionError::Refused("its text holds no such playbook".to_owned()))
}

/// The path that a text was read from: how it is read depends on it.
fn name_of(store: &Store, sha256: Hash) -> Result<Option<String>, StoreError> {
    let mut first = 0;
    loop {
        let entries = store.entries(first, ENTRIES)?;
        let read = entries.len() as u64;
        let named = entries.into_iter().find_map(|sealed| match sealed.body {
            Some(Body::EvidenceAdded {
                name, sha256: of, ..
            }) if of == sha256 => Some(name),
            _ => None,
        });
        if named.is_some() || read < ENTRIES {
            return Ok(named);
        }
        first += ENTRIES;
    }
}
