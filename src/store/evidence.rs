//! Evidence files: content-addressed, written once, never changed.
//!
//! The name of a file is the SHA-256 of its bytes; the name it came with is data of the entry, never a path. Masking of
//! secrets happens before bytes come here.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
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
    write(folder, |sink| io::copy(&mut source, sink).map(drop))
}

/// Keeps what `give` writes, under the same promise. When it fails, nothing stays behind.
pub fn write(
    folder: &Path,
    give: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<Kept, StoreError> {
    let evidence = folder.join(place::EVIDENCE);
    let cannot = || StoreError::io("keep evidence in", &evidence);
    // It goes away again when anything below fails.
    let file = place::make_temporary_file(&evidence).map_err(cannot())?;
    let mut sink = BufWriter::with_capacity(PIECE, Hashed::new(file.as_file()));
    give(&mut sink).map_err(cannot())?;
    let hashed = sink
        .into_inner()
        .map_err(|error| cannot()(error.into_error()))?;
    let (sha256, size) = hashed.sum();
    file.as_file().sync_all().map_err(cannot())?;
    let path = path(folder, sha256);
    file.persist(&path)
        .map_err(|error| StoreError::io("keep evidence", &path)(error.error))?;
    place::sync_folder(&evidence)?;
    Ok(Kept { sha256, size })
}

/// The bytes of an evidence file, if they are those of its name.
pub fn read(folder: &Path, sha256: Hash) -> Result<Vec<u8>, StoreError> {
    let mut bytes = Vec::new();
    read_with(folder, sha256, |source| source.read_to_end(&mut bytes))?
        .map_err(StoreError::io("read evidence", &path(folder, sha256)))?;
    Ok(bytes)
}

/// Hands the bytes of an evidence file to `take` as they are read, and gives what it made of them if they were those of
/// its name: a large file is not held in memory.
pub fn read_with<T>(
    folder: &Path,
    sha256: Hash,
    take: impl FnOnce(&mut dyn Read) -> T,
) -> Result<T, StoreError> {
    let path = path(folder, sha256);
    let cannot = || StoreError::io("read evidence", &path);
    let file = File::open(&path).map_err(cannot())?;
    let mut source = BufReader::with_capacity(PIECE, Hashed::new(file));
    let taken = take(&mut source);
    io::copy(&mut source, &mut io::sink()).map_err(cannot())?;
    if source.into_inner().sum().0 == sha256 {
        Ok(taken)
    } else {
        Err(StoreError::EvidenceChanged {
            path: path.display().to_string(),
        })
    }
}

/// Where the bytes of an evidence file stand.
pub fn path(folder: &Path, sha256: Hash) -> PathBuf {
    folder.join(place::EVIDENCE).join(sha256.to_string())
}

/// The SHA-256 of the bytes that stand under a name; none when no such file can be read.
pub fn hash_of(folder: &Path, name: Hash) -> Option<Hash> {
    let mut source = Hashed::new(File::open(path(folder, name)).ok()?);
    let mut buffer = vec![0; PIECE];
    loop {
        match source.read(&mut buffer) {
            Ok(0) => return Some(source.sum().0),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
}

/// A file whose bytes are hashed and counted on their way.
struct Hashed<F> {
    file: F,
    hasher: Sha256,
    size: u64,
}

impl<F> Hashed<F> {
    fn new(file: F) -> Self {
        Self {
            file,
            hasher: Sha256::new(),
            size: 0,
        }
    }

    fn add(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.size += bytes.len() as u64;
    }

    fn sum(self) -> (Hash, u64) {
        (Hash(self.hasher.finalize().into()), self.size)
    }
}

impl<F: Write> Write for Hashed<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.add(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl<F: Read> Read for Hashed<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.add(buffer.get(..read).unwrap_or_default());
        Ok(read)
    }
}
