//! Keeps results as evidence files beside the record, and reads them back.

use std::io::ErrorKind;
use std::path::Path;

use super::session::Session;
use crate::capture::{self, Capture, KeptFile};
use crate::model::answer::Answer;
use crate::record::entry::Hash;
use crate::store::{StoreError, evidence};

/// Writes the files of a capture; when it returns, they are on disk. The one that can be read back stands first.
pub fn keep(session: &Session, capture: &Capture) -> Result<Vec<KeptFile>, String> {
    keep_in(&session.folder(), capture)
}

/// Reads a kept result back: what [`keep`] wrote first.
pub fn read_back(session: &Session, sha256: Hash) -> Result<Answer, String> {
    read_back_from(&session.folder(), sha256)
}

/// [`keep`] in the folder of a record.
pub fn keep_in(folder: &Path, capture: &Capture) -> Result<Vec<KeptFile>, String> {
    let keep = |file: capture::ResultFile<'_>| {
        let kept = evidence::write(folder, |sink| file.write(sink))
            .map_err(|error| format!("{}: {error}{}", file.name, way_out(&error)))?;
        Ok(KeptFile {
            sha256: kept.sha256,
            size: kept.size,
            media_type: file.media_type.to_owned(),
            name: file.name,
            title: capture.title.clone(),
            origin: capture.origin.clone(),
        })
    };
    capture::files(capture).into_iter().map(keep).collect()
}

/// [`read_back`] from the folder of a record.
pub fn read_back_from(folder: &Path, sha256: Hash) -> Result<Answer, String> {
    evidence::read_with(folder, sha256, |source| capture::read_from(source))
        .map_err(|error| error.to_string())?
}

/// What to do about it, where that is known.
fn way_out(error: &StoreError) -> &'static str {
    let StoreError::Io { source, .. } = error else {
        return "";
    };
    match source.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "; make room on that disk, then capture the result again"
        }
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem | ErrorKind::NotFound => {
            "; let this user write there, then capture the result again"
        }
        _ => "",
    }
}
