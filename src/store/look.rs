//! Did a record change? Told from sizes, times and the header of the log, without opening it.
//!
//! Two commits of the same size within one tick of the file system's clock can look alike: what must not be wrong is
//! never decided here alone.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::place;

/// What tells one state of a record from another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Look {
    database: Option<SizeAndTime>,
    wal: Option<SizeAndTime>,
    /// The log's header, with the salt that changes each time the log starts anew.
    wal_header: Vec<u8>,
}

impl Look {
    /// Looks at the record in a folder.
    pub(super) fn at(folder: &Path) -> io::Result<Self> {
        Ok(Self {
            database: size_and_time(&folder.join(place::DATABASE))?,
            wal: size_and_time(&folder.join(place::WAL))?,
            wal_header: header(&folder.join(place::WAL))?,
        })
    }
}

/// Bytes, and seconds and nanoseconds of the last change.
type SizeAndTime = (u64, i64, i64);

fn size_and_time(path: &Path) -> io::Result<Option<SizeAndTime>> {
    match fs::metadata(path) {
        Ok(data) => Ok(Some((data.len(), data.mtime(), data.mtime_nsec()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The 32 bytes at the start of a log (SQLite file format, 4.1).
fn header(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(32);
    match File::open(path) {
        Ok(file) => file.take(32).read_to_end(&mut bytes).map(|_| bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(bytes),
        Err(error) => Err(error),
    }
}
