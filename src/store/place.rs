//! Folders and files of a record: where they are, who may read them, and on which disks they may lie.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::thread;

use rustix::fs::{Access, access, statfs};
use tempfile::{NamedTempFile, TempDir};

use super::StoreError;
use crate::model::Mode;
use crate::model::ids::IncidentId;

/// The database in an incident's folder.
pub(super) const DATABASE: &str = "record.db";
/// Its write-ahead log.
pub(super) const WAL: &str = "record.db-wal";
/// Evidence, by content.
pub(super) const EVIDENCE: &str = "evidence";
/// Locks of living writers.
pub(super) const WRITERS: &str = "writers";

/// Only the owner reads and writes.
const FILE_MODE: u32 = 0o600;
/// Only the owner enters.
const FOLDER_MODE: u32 = 0o700;

/// `<data>/<mode>/<incident>`
pub(super) fn folder(data: &Path, mode: Mode, incident: IncidentId) -> PathBuf {
    data.join(mode.folder()).join(incident.to_string())
}

/// Makes what is missing on the way to an incident's folder, and the folders in it. What was there keeps its mode. Returns
/// the folders that got new names, which are on disk only once those folders were synced.
pub(super) fn make_folders(data: &Path, folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    if let Some(parent) = data.parent() {
        fs::create_dir_all(parent).map_err(StoreError::io("make folder", parent))?;
    }
    let evidence = folder.join(EVIDENCE);
    let writers = folder.join(WRITERS);
    let mode = folder.parent().unwrap_or(data);
    let mut grown: Vec<PathBuf> = Vec::new();
    for path in [data, mode, folder, &evidence, &writers] {
        let is_new = make_folder(path)?;
        let parent = path.parent().filter(|_| is_new && path != data);
        grown.extend(parent.map(Path::to_owned));
    }
    grown.dedup();
    Ok(grown)
}

/// True when the folder was not there.
fn make_folder(path: &Path) -> Result<bool, StoreError> {
    match DirBuilder::new().mode(FOLDER_MODE).create(path) {
        // The process's umask may have taken bits away.
        Ok(()) => fs::set_permissions(path, Permissions::from_mode(FOLDER_MODE))
            .map(|()| true)
            .map_err(StoreError::io("protect folder", path)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(StoreError::io("make folder", path)(error)),
    }
}

/// Makes an empty file that only its owner may read; SQLite gives its log and its index the same mode.
pub(super) fn make_file(path: &Path) -> Result<File, StoreError> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(FILE_MODE)
        .open(path)
        .map_err(StoreError::io("make file", path))?;
    file.set_permissions(Permissions::from_mode(FILE_MODE))
        .map_err(StoreError::io("protect file", path))?;
    Ok(file)
}

/// Makes a file without a lasting name in a folder; it goes away unless it is given one.
pub(super) fn make_temporary_file(folder: &Path) -> io::Result<NamedTempFile> {
    let file = tempfile::Builder::new()
        .prefix(".new-")
        .tempfile_in(folder)?;
    file.as_file()
        .set_permissions(Permissions::from_mode(FILE_MODE))?;
    Ok(file)
}

/// Makes a folder that only its owner may enter, and that goes away with the value.
pub(super) fn make_temporary_folder(parent: &Path) -> io::Result<TempDir> {
    let folder = tempfile::Builder::new()
        .prefix("record-")
        .tempdir_in(parent)?;
    fs::set_permissions(folder.path(), Permissions::from_mode(FOLDER_MODE))?;
    Ok(folder)
}

/// Waits until the names in a folder are on disk.
pub(super) fn sync_folder(path: &Path) -> Result<(), StoreError> {
    File::open(path)
        .and_then(|folder| folder.sync_all())
        .map_err(StoreError::io("sync folder", path))
}

/// Waits until all of these files and folders are on disk: at once, not one after the other.
pub(super) fn sync_together<'a>(files: impl Iterator<Item = &'a File>) -> io::Result<()> {
    thread::scope(|scope| {
        let waits: Vec<_> = files
            .map(|file| {
                let wait = thread::Builder::new().spawn_scoped(scope, || file.sync_all());
                (file, wait)
            })
            .collect();
        waits.into_iter().try_for_each(|(file, wait)| {
            // Without a thread, it is waited for here.
            let synced = wait.ok().and_then(|wait| wait.join().ok());
            synced.unwrap_or_else(|| file.sync_all())
        })
    })
}

/// True when the record in a folder can be written, not only read.
pub(super) fn may_write(folder: &Path) -> bool {
    // SQLite makes files beside the database, so the folder counts as well.
    let both = Access::READ_OK | Access::WRITE_OK;
    access(folder, both).is_ok() && access(folder.join(DATABASE), both).is_ok()
}

/// Refuses a folder on a network file system.
pub(super) fn refuse_network(folder: &Path) -> Result<(), StoreError> {
    let answer = statfs(folder).map_err(|error| StoreError::io("look at", folder)(error.into()))?;
    // The field's width differs between architectures; the numbers fit 32 bits.
    match network_kind(answer.f_type as u32) {
        Some(kind) => Err(StoreError::NetworkFileSystem {
            path: folder.display().to_string(),
            kind,
        }),
        None => Ok(()),
    }
}

/// Name of a file system that is shared over a network, by its `statfs` type (linux/magic.h and each system's sources).
/// FUSE is not told apart here: encrypted local folders use it as well.
fn network_kind(kind: u32) -> Option<&'static str> {
    NETWORK_KINDS
        .iter()
        .find(|(number, _)| *number == kind)
        .map(|(_, name)| *name)
}

const NETWORK_KINDS: [(u32, &str); 13] = [
    (0x6969, "NFS"),
    (0x517b, "SMB"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB"),
    (0x564c, "NCP"),
    (0x5346_414f, "AFS"),
    (0x6b41_4653, "AFS"),
    (0x7375_7245, "Coda"),
    (0x0102_1997, "9P"),
    (0x00c3_6400, "Ceph"),
    (0x0bd0_0bd0, "Lustre"),
    (0x4750_4653, "GPFS"),
    (0x1983_0326, "BeeGFS"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn network_file_systems_are_known_by_their_type() {
        for (kind, name) in [
            (0x6969, Some("NFS")),
            (0xff53_4d42, Some("CIFS")),
            (0x0102_1997, Some("9P")),
            (0xef53, None),      // ext4
            (0x0102_1994, None), // tmpfs
            (0x9123_683e, None), // btrfs
            (0x5846_5342, None), // XFS
            (0x2fc1_2fc1, None), // ZFS
            (0x794c_7630, None), // overlayfs
        ] {
            assert_eq!(network_kind(kind), name, "{kind:#x}");
        }
    }
}
