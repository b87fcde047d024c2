//! Keeps results as evidence files beside the record, and reads them back.

use std::io::{self, ErrorKind, Write};
use std::path::Path;

use super::session::Session;
use crate::capture::{self, Capture, KeptFile};
use crate::model::answer::Answer;
use crate::record::entry::Hash;
use crate::store::{StoreError, evidence};
use crate::ui::picture;

/// Writes the files of a capture; when it returns, they are on disk. The one that can be read back stands first.
pub fn keep(session: &Session, capture: &Capture) -> Result<Vec<KeptFile>, String> {
    keep_in(&session.folder(), capture)
}

/// Reads a kept result back: what [`keep`] wrote first.
pub fn read_back(session: &Session, sha256: Hash) -> Result<Answer, String> {
    read_back_from(&session.folder(), sha256)
}

/// What writes the bytes of a file.
type Give<'a> = dyn Fn(&mut dyn Write) -> io::Result<()> + 'a;

/// [`keep`] in the folder of a record.
pub fn keep_in(folder: &Path, capture: &Capture) -> Result<Vec<KeptFile>, String> {
    let keep = |name: String, media_type: &str, give: &Give<'_>| {
        let kept = evidence::write(folder, give)
            .map_err(|error| format!("{name}: {error}{}", way_out(&error)))?;
        Ok(KeptFile {
            sha256: kept.sha256,
            size: kept.size,
            media_type: media_type.to_owned(),
            name,
            title: capture.title.clone(),
            origin: capture.origin.clone(),
        })
    };
    let files = capture::files(capture).into_iter();
    let mut kept = files
        .map(|file| keep(file.name.clone(), file.media_type, &|sink| file.write(sink)))
        .collect::<Result<Vec<_>, String>>()?;
    if let Some(svg) = picture::chart(capture) {
        let name = capture::file_name(capture.origin.action.as_str()) + ".svg";
        let give = |sink: &mut dyn Write| sink.write_all(svg.as_bytes());
        kept.push(keep(name, capture::SVG, &give)?);
    }
    Ok(kept)
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
