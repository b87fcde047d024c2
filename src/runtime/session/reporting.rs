//! The report beside the record: written whole or not at all, in place of an older one.

use std::io::Write as _;

use tempfile::NamedTempFile;

use super::{Session, SessionError, pinned};
use crate::incident::view::view;
use crate::runtime::debriefs;
use crate::store::Store;

/// Its name in the incident's folder.
const REPORT: &str = "report.md";

impl Session {
    /// Writes the report beside the record and gives its path.
    pub fn write_report(&self) -> Result<String, String> {
        self.try_write_report()
            .map_err(|error| format!("write the report: {error}"))
    }

    fn try_write_report(&self) -> Result<String, SessionError> {
        let store = Store::open(self.workplace.data(), self.mode, self.incident)?;
        let pinned = pinned(&store)?;
        let playbook = &pinned.found.playbook;
        let entries = store.entries(0, u64::MAX)?;
        let mut alive = store.alive_writers();
        alive.insert(self.writer.clone());
        let view = view(playbook, &pinned.incident, &alive);
        let text = debriefs::markdown(&self.workplace, &store, &pinned, &view, &entries)?;
        let path = store.folder().join(REPORT);
        let failed = |error: std::io::Error| {
            SessionError::Refused(format!("{}: {error}: free the disk", path.display()))
        };
        // Only the owner reads it: it says as much as the record.
        let mut file = NamedTempFile::new_in(store.folder()).map_err(failed)?;
        file.write_all(text.as_bytes()).map_err(failed)?;
        file.as_file().sync_all().map_err(failed)?;
        file.persist(&path).map_err(|error| failed(error.error))?;
        Ok(path.display().to_string())
    }
}
