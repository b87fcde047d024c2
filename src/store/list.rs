//! Which records there are, without opening each.
//!
//! Beside each record lies a small summary. It is a cache: one that is missing, unreadable or made of another state of the
//! record is made again from the record.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::look::Look;
use super::{Store, StoreError, lock, place};
use crate::incident::Incident;
use crate::model::ids::{IncidentId, PlaybookId};
use crate::model::{Mode, Timestamp};

/// An incident in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Which.
    pub id: IncidentId,
    /// Its mode.
    pub mode: Mode,
    /// Title at opening.
    pub title: String,
    /// The playbook it follows.
    pub playbook: PlaybookId,
    /// Current severity.
    pub severity: Option<String>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When its last entry was written, by the wall clock in a drill as well.
    pub last_at: Timestamp,
    /// Entries in it.
    pub entries: u64,
    /// A session on this host holds it open. Asked for each time, never kept.
    #[serde(skip)]
    pub attached: bool,
}

/// All records below a data folder.
#[derive(Debug, Default)]
pub struct Listing {
    /// Those that can be read, the one worked on last first.
    pub incidents: Vec<Summary>,
    /// Those that cannot, and why.
    pub broken: Vec<(IncidentId, StoreError)>,
}

/// A summary with the state of the record that it was made of.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    look: Look,
    summary: Summary,
}

const SUMMARY: &str = "summary.json";

const MODES: [Mode; 3] = [Mode::Live, Mode::Drill, Mode::Walkthrough];

/// Lists all records. Folders that are no records are passed over; so is a record without any entry.
pub fn list(data: &Path, scratch: &Path) -> Result<Listing, StoreError> {
    let mut listing = Listing::default();
    for (mode, id) in ids(data)? {
        match summary(data, mode, id, scratch) {
            Ok(Some(summary)) => listing.incidents.push(summary),
            Ok(None) => {}
            Err(error) => listing.broken.push((id, error)),
        }
    }
    listing
        .incidents
        .sort_by_key(|summary| (std::cmp::Reverse(summary.last_at), summary.id));
    Ok(listing)
}

/// Finds a record by what people call it: `last` (worked on last), the last hex digits of its id (four or more, in either
/// case), or the whole id.
pub fn find(data: &Path, name: &str, scratch: &Path) -> Result<(Mode, IncidentId), StoreError> {
    if name == "last" {
        return match list(data, scratch)?.incidents.first() {
            Some(summary) => Ok((summary.mode, summary.id)),
            None => Err(StoreError::NotFound { name: name.into() }),
        };
    }
    let digits = name.replace('-', "").to_lowercase();
    if !(4..=32).contains(&digits.len()) || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(StoreError::Name { name: name.into() });
    }
    let mut found = ids(data)?;
    found.retain(|(_, id)| id.0.simple().to_string().ends_with(&digits));
    match found.as_slice() {
        [one] => Ok(*one),
        [] => Err(StoreError::NotFound { name: name.into() }),
        several => Err(StoreError::Ambiguous {
            name: name.into(),
            candidates: several
                .iter()
                .map(|(mode, id)| format!("{id} ({})", mode.folder()))
                .collect(),
        }),
    }
}

/// Writes the summary beside a record.
pub(super) fn save_summary(folder: &Path, incident: &Incident) -> Result<(), StoreError> {
    let path = folder.join(SUMMARY);
    let kept = Kept {
        look: Look::at(folder).map_err(StoreError::io("look at", folder))?,
        summary: summary_of(incident),
    };
    let text =
        serde_json::to_vec(&kept).map_err(|error| StoreError::io("write", &path)(error.into()))?;
    let mut file = place::make_temporary_file(folder).map_err(StoreError::io("write", &path))?;
    file.write_all(&text)
        .map_err(StoreError::io("write", &path))?;
    file.persist(&path)
        .map(|_| ())
        .map_err(|error| StoreError::io("write", &path)(error.error))
}

fn summary_of(incident: &Incident) -> Summary {
    Summary {
        id: incident.id,
        mode: incident.mode,
        title: incident.title.clone(),
        playbook: incident.playbook.clone(),
        severity: incident.severity.clone(),
        opened_at: incident.opened_at,
        last_at: incident
            .last
            .as_ref()
            .map_or(incident.opened_at, |last| last.written_at),
        entries: incident.entries,
        attached: false,
    }
}

/// Every folder that is named like an incident and holds a database.
fn ids(data: &Path) -> Result<Vec<(Mode, IncidentId)>, StoreError> {
    let mut ids = Vec::new();
    for mode in MODES {
        let folder = data.join(mode.folder());
        let files = match fs::read_dir(&folder) {
            Ok(files) => files,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(StoreError::io("list", &folder)(error)),
        };
        for file in files {
            let file = file.map_err(StoreError::io("list", &folder))?;
            let Some(id) = file.file_name().to_str().and_then(read_id) else {
                continue;
            };
            if file.path().join(place::DATABASE).exists() {
                ids.push((mode, id));
            }
        }
    }
    ids.sort_by_key(|(_, id)| *id);
    Ok(ids)
}

/// Only the one spelling that folders have.
fn read_id(name: &str) -> Option<IncidentId> {
    let id = IncidentId(uuid::Uuid::try_parse(name).ok()?);
    (id.to_string() == name).then_some(id)
}

fn summary(
    data: &Path,
    mode: Mode,
    id: IncidentId,
    scratch: &Path,
) -> Result<Option<Summary>, StoreError> {
    let folder = place::folder(data, mode, id);
    let attached = !lock::alive_writers(&folder).is_empty();
    if let Some(summary) = fresh_summary(&folder) {
        return Ok(Some(Summary {
            attached,
            ..summary
        }));
    }
    let store = Store::read(data, mode, id, scratch)?;
    let fold = store.fold()?;
    let Some(incident) = fold.incident() else {
        return Ok(None);
    };
    // A reader may not be allowed to keep it; the list is right all the same. A living session keeps its own.
    if !attached {
        drop(store);
        let _ = save_summary(&folder, incident);
    }
    Ok(Some(Summary {
        attached,
        ..summary_of(incident)
    }))
}

/// The summary beside a record, if the record is as it was when the summary was made.
fn fresh_summary(folder: &Path) -> Option<Summary> {
    let kept: Kept = serde_json::from_slice(&fs::read(folder.join(SUMMARY)).ok()?).ok()?;
    (kept.look == Look::at(folder).ok()?).then_some(kept.summary)
}
