//! Evidence files: content-addressed, written once, never changed.
//!
//! The name of a file is the SHA-256 of its bytes; the name it came with is data of the entry, never a path. Masking of
//! secrets happens before bytes come here.

use std::fs::{self, File};
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::{StoreError, place};
use crate::record::entry::Hash;

/// An evidence file as the entry `evidence.added` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// Its name and address.
    pub sha256: Hash,
    /// Its bytes.
    pub size: u64,
}

/// Bytes read and hashed at a time.
const PIECE: usize = 64 * 1024;

/// Keeps what `source` gives in the evidence folder of a record's folder. When it returns, the bytes and their name are on
/// disk, so that an entry may speak of them. The same bytes twice are one file.
pub fn put(folder: &Path, mut source: impl Read) -> Result<Kept, StoreError> {
    let evidence = folder.join(place::EVIDENCE);
    // It goes away again when anything below fails.
    let mut file = place::make_temporary_file(&evidence)
        .map_err(StoreError::io("keep evidence in", &evidence))?;
    let (sha256, size) = copy_and_hash(&mut source, |piece| file.write_all(piece))
        .map_err(StoreError::io("keep evidence in", &evidence))?;
    file.as_file()
        .sync_all()
        .map_err(StoreError::io("keep evidence in", &evidence))?;
    let path = path(folder, sha256);
    file.persist(&path)
        .map_err(|error| StoreError::io("keep evidence", &path)(error.error))?;
    place::sync_folder(&evidence)?;
    Ok(Kept { sha256, size })
}

/// The bytes of an evidence file, if they are those of its name.
pub fn read(folder: &Path, sha256: Hash) -> Result<Vec<u8>, StoreError> {
    let path = path(folder, sha256);
    let bytes = fs::read(&path).map_err(StoreError::io("read evidence", &path))?;
    if Hash(Sha256::digest(&bytes).into()) == sha256 {
        Ok(bytes)
    } else {
        Err(StoreError::EvidenceChanged {
            path: path.display().to_string(),
        })
    }
}

/// The SHA-256 of the bytes that stand under a name; none when no such file can be read.
pub fn hash_of(folder: &Path, name: Hash) -> Option<Hash> {
    let mut file = File::open(path(folder, name)).ok()?;
    let (hash, _) = copy_and_hash(&mut file, |_| Ok(())).ok()?;
    Some(hash)
}

fn path(folder: &Path, sha256: Hash) -> PathBuf {
    folder.join(place::EVIDENCE).join(sha256.to_string())
}

fn copy_and_hash(
    source: &mut impl Read,
    mut sink: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<(Hash, u64)> {
    let mut hasher = Sha256::new();
    let mut size = 0;
    let mut buffer = vec![0; PIECE];
    loop {
        let read = match source.read(&mut buffer) {
            Ok(0) => return Ok((Hash(hasher.finalize().into()), size)),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let piece = buffer.get(..read).unwrap_or_default();
        hasher.update(piece);
        sink(piece)?;
        size += read as u64;
    }
}
